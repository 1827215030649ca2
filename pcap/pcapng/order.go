package pcapng

import "encoding/binary"

// An Order is the byte order of a section: true is big-endian. Section 4.1: "Byte-Order Magic"
type Order bool

// The orders.
const (
	Little Order = false
	Big    Order = true
)

const byteOrderMagic = 0x1a2b3c4d

// ParseOrder returns the order that the magic number of a section header is in, false when it is in none.
func ParseOrder(magic []byte) (Order, bool) {
	switch {
	case len(magic) < 4:
	case le.Uint32(magic) == byteOrderMagic:
		return Little, true
	case binary.BigEndian.Uint32(magic) == byteOrderMagic:
		return Big, true
	}
	return Little, false
}

// Uint16 returns the number in the first two bytes of b.
func (o Order) Uint16(b []byte) uint16 {
	if o {
		return binary.BigEndian.Uint16(b)
	}
	return le.Uint16(b)
}

// Uint32 returns the number in the first four bytes of b.
func (o Order) Uint32(b []byte) uint32 {
	if o {
		return binary.BigEndian.Uint32(b)
	}
	return le.Uint32(b)
}

// Uint64 returns the number in the first eight bytes of b.
func (o Order) Uint64(b []byte) uint64 {
	if o {
		return binary.BigEndian.Uint64(b)
	}
	return le.Uint64(b)
}

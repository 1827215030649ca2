package ethernet

import (
	"encoding/binary"
	"errors"

	"httptap/stack/link"
)

// HeaderLen is the length of the header in bytes.
const HeaderLen = link.HeaderLen

// MinType is the least value of the length/type field that is a type. IEEE 802.3, 3.2.6
const MinType = 1536

// EtherTypes that the stack speaks.
const (
	TypeIPv4 = 0x0800
	TypeARP  = 0x0806
	TypeVLAN = 0x8100
	TypeIPv6 = 0x86dd
)

// TypeRARP is the EtherType of ARP's reverse, which has its form. RFC 903
const TypeRARP = 0x8035

// TypeLLC is the key in the table of EtherTypes for "what follows is IEEE 802.2, not a type": a value
// that can't be a type, the one of Linux's ETH_P_802_2.
const TypeLLC = 4

// ErrTruncated says that a frame is shorter than its header.
var ErrTruncated = errors.New("ethernet: frame shorter than its 14 byte header")

// A Frame is a checked view of an Ethernet frame. [Parse] is the only way to get one, and
// after it no method can panic.
type Frame struct{ b []byte }

// Parse checks b and returns the frame that it is. It fails with ErrTruncated.
func Parse(b []byte) (Frame, error) {
	if len(b) < HeaderLen {
		return Frame{}, ErrTruncated
	}
	return Frame{b}, nil
}

// Dst returns the destination address.
func (f Frame) Dst() link.Addr { return link.Addr(f.b[0:6]) }

// Src returns the source address.
func (f Frame) Src() link.Addr { return link.Addr(f.b[6:12]) }

// Type returns the length/type field: a type from MinType on, below it the payload's length.
func (f Frame) Type() uint16 { return binary.BigEndian.Uint16(f.b[12:14]) }

// Payload returns what follows the header. With a length instead of a type, the padding
// behind that length is not part of it.
func (f Frame) Payload() []byte {
	p := f.b[HeaderLen:]
	if n := int(f.Type()); n < MinType && n < len(p) {
		return p[:n]
	}
	return p
}

// Put writes a header into b[:HeaderLen].
func Put(b []byte, dst, src link.Addr, typ uint16) {
	_ = b[HeaderLen-1]
	copy(b[0:6], dst[:])
	copy(b[6:12], src[:])
	binary.BigEndian.PutUint16(b[12:14], typ)
}

// Append appends a header to b.
func Append(b []byte, dst, src link.Addr, typ uint16) []byte {
	b = append(b, dst[:]...)
	b = append(b, src[:]...)
	return binary.BigEndian.AppendUint16(b, typ)
}

package field

import "encoding/binary"

// A Span is one field found in a frame.
type Span struct {
	Spec  *Spec
	Err   *Fault // nil when nothing is wrong
	Bit   int32  // first bit of the frame; bit 0 is the highest of byte 0
	Len   int32  // in bits
	Want  uint32 // the right value, when Err.WithWant
	Depth uint8  // 0: a layer's root or bytes between layers
}

// End returns the bit behind the span.
func (s *Span) End() int { return int(s.Bit) + int(s.Len) }

// Bytes returns the bytes that hold the span, the partly covered ones whole.
func (s *Span) Bytes(frame []byte) []byte {
	return frame[s.Bit/8 : (s.End()+7)/8]
}

// IsLeaf tells whether spans[i] has no children. The leaves tile the frame.
func IsLeaf(spans []Span, i int) bool {
	return i+1 >= len(spans) || spans[i+1].Depth <= spans[i].Depth
}

// Extract returns up to 64 bits of frame from bit on, the first one highest. It returns 0
// for bits that the frame does not have.
func Extract(frame []byte, bit, n int) uint64 {
	if n <= 0 || n > 64 || bit < 0 || bit+n > 8*len(frame) {
		return 0
	}
	if n == 1 { // most fields are flags
		return uint64(frame[bit>>3]>>(^bit&7)) & 1
	}
	if bit&7 == 0 { // or whole bytes
		switch b := frame[bit>>3:]; n {
		case 8:
			return uint64(b[0])
		case 16:
			return uint64(binary.BigEndian.Uint16(b))
		case 32:
			return uint64(binary.BigEndian.Uint32(b))
		}
	}
	var v uint64
	first, last := bit/8, (bit+n-1)/8
	for i := first; i <= last; i++ {
		if i-first == 8 { // a ninth byte: shift in only what is asked for
			r := uint(8*(last+1) - (bit + n))
			return v<<(8-r)&mask(n) | uint64(frame[i])>>r
		}
		v = v<<8 | uint64(frame[i])
	}
	return v >> uint(8*(last+1)-(bit+n)) & mask(n)
}

func mask(n int) uint64 {
	if n >= 64 {
		return ^uint64(0)
	}
	return 1<<uint(n) - 1
}

// Width returns how many bits the value of a numeric span has: all, or the first Spec.Bits of a
// group that begins with its number.
func (s *Span) Width() int {
	if b := s.Spec.Bits; b > 0 && b < int(s.Len) {
		return b
	}
	return int(s.Len)
}

// Uint returns the value of a numeric span, times its Scale.
func (s *Span) Uint(frame []byte) uint64 {
	v := Extract(frame, int(s.Bit), s.Width())
	if s.Spec.Scale > 1 {
		v *= uint64(s.Spec.Scale)
	}
	return v
}

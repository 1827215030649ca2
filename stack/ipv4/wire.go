package ipv4

import (
	"encoding/binary"
	"errors"

	"httptap/stack/sum"
)

// HeaderLen is the length in bytes of a header without options.
const HeaderLen = 20

// Protocol numbers that the stack speaks. IANA, "Protocol Numbers"
const (
	ProtoICMP = 1
	ProtoTCP  = 6
	ProtoUDP  = 17
)

// Errors of Parse and ParseQuote.
var (
	ErrTruncated = errors.New("ipv4: shorter than its header")
	ErrVersion   = errors.New("ipv4: the version is not 4")
	ErrHeaderLen = errors.New("ipv4: a header length under 20 bytes")
	ErrLength    = errors.New("ipv4: the total length is under the header's or past the end of the frame")
	ErrChecksum  = errors.New("ipv4: wrong header checksum")
)

// A Packet is a checked view of an IPv4 packet. [Parse], [ParseQuote] and a [Reassembler] are
// the only ways to get one, and after them no method can panic, but for the zero Packet's.
type Packet struct {
	b    []byte
	hlen int
}

// Parse checks b and returns the packet at its start; bytes behind the total length (Ethernet
// padding) are not part of it. It fails with ErrTruncated, ErrVersion, ErrHeaderLen, ErrLength
// or ErrChecksum.
func Parse(b []byte) (Packet, error) {
	p, err := parseHeader(b)
	if err != nil {
		return Packet{}, err
	}
	n := p.TotalLen()
	if n < p.hlen || n > len(b) {
		return Packet{}, ErrLength
	}
	// RFC 1122, 3.2.1.2: "A host MUST verify the IP header checksum on every received datagram
	// and silently discard every datagram that has a bad checksum."
	if sum.Partial(0).Add(p.Header()).Checksum() != 0 {
		return Packet{}, ErrChecksum
	}
	p.b = b[:n]
	return p, nil
}

// ParseQuote is Parse for a packet that an ICMP error quotes: its payload may be cut, and its
// checksum and length may have been changed on the way.
func ParseQuote(b []byte) (Packet, error) {
	p, err := parseHeader(b)
	if err != nil {
		return Packet{}, err
	}
	if n := p.TotalLen(); n >= p.hlen && n < len(b) {
		p.b = b[:n]
	}
	return p, nil
}

func parseHeader(b []byte) (Packet, error) {
	if len(b) < HeaderLen {
		return Packet{}, ErrTruncated
	}
	if b[0]>>4 != 4 {
		return Packet{}, ErrVersion
	}
	hlen := int(b[0]&15) * 4
	if hlen < HeaderLen {
		return Packet{}, ErrHeaderLen
	}
	if hlen > len(b) {
		return Packet{}, ErrTruncated
	}
	return Packet{b, hlen}, nil
}

// Valid tells whether p is a packet at all: the zero Packet is not.
func (p Packet) Valid() bool { return p.b != nil }

// Bytes returns the packet, header and payload.
func (p Packet) Bytes() []byte { return p.b }

// Header returns the header with its options.
func (p Packet) Header() []byte { return p.b[:p.hlen] }

// Options returns the options, padding included.
func (p Packet) Options() []byte { return p.b[HeaderLen:p.hlen] }

// Payload returns what follows the header.
func (p Packet) Payload() []byte { return p.b[p.hlen:] }

// TOS returns the byte of DSCP and ECN. RFC 2474, RFC 3168
func (p Packet) TOS() uint8 { return p.b[1] }

// TotalLen returns the total length field in bytes.
func (p Packet) TotalLen() int { return int(binary.BigEndian.Uint16(p.b[2:4])) }

// ID returns the identification.
func (p Packet) ID() uint16 { return binary.BigEndian.Uint16(p.b[4:6]) }

// DontFragment returns the DF bit.
func (p Packet) DontFragment() bool { return p.b[6]&0x40 != 0 }

// MoreFragments returns the MF bit.
func (p Packet) MoreFragments() bool { return p.b[6]&0x20 != 0 }

// FragmentOffset returns the place of the payload in the datagram, in bytes.
func (p Packet) FragmentOffset() int { return int(binary.BigEndian.Uint16(p.b[6:8])&0x1fff) * 8 }

// IsFragment tells whether the packet is part of a larger one.
func (p Packet) IsFragment() bool { return p.MoreFragments() || p.FragmentOffset() != 0 }

// TTL returns the time to live.
func (p Packet) TTL() uint8 { return p.b[8] }

// Protocol returns the number of the payload's protocol.
func (p Packet) Protocol() uint8 { return p.b[9] }

// Src returns the source address.
func (p Packet) Src() [4]byte { return [4]byte(p.b[12:16]) }

// Dst returns the destination address.
func (p Packet) Dst() [4]byte { return [4]byte(p.b[16:20]) }

// Header is what Put writes.
type Header struct {
	Src, Dst       [4]byte
	Protocol       uint8
	TTL            uint8
	TOS            uint8
	ID             uint16
	DontFragment   bool
	MoreFragments  bool
	FragmentOffset int // bytes, a multiple of 8
}

// Put writes a header without options into b[:HeaderLen] for a payload of payloadLen bytes,
// 65515 at most.
func Put(b []byte, h Header, payloadLen int) {
	_ = b[HeaderLen-1]
	b[0], b[1] = 4<<4|HeaderLen/4, h.TOS
	binary.BigEndian.PutUint16(b[2:4], uint16(HeaderLen+payloadLen))
	binary.BigEndian.PutUint16(b[4:6], h.ID)
	flags := uint16(h.FragmentOffset / 8)
	if h.DontFragment {
		flags |= 0x4000
	}
	if h.MoreFragments {
		flags |= 0x2000
	}
	binary.BigEndian.PutUint16(b[6:8], flags)
	b[8], b[9], b[10], b[11] = h.TTL, h.Protocol, 0, 0
	copy(b[12:16], h.Src[:])
	copy(b[16:20], h.Dst[:])
	binary.BigEndian.PutUint16(b[10:12], sum.Partial(0).Add(b[:HeaderLen]).Checksum())
}

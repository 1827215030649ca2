package tcp

import (
	"encoding/binary"
	"errors"

	"httptap/stack/seq"
	"httptap/stack/sum"
)

// HeaderLen is the length in bytes of a header without options; MaxHeaderLen with all that fit.
const (
	HeaderLen    = 20
	MaxHeaderLen = 60
)

// Errors of Parse and Verify.
var (
	ErrTruncated  = errors.New("tcp: shorter than its header")
	ErrDataOffset = errors.New("tcp: a data offset under 5 words")
	ErrChecksum   = errors.New("tcp: wrong checksum")
)

// Flags are the control bits of a segment. RFC 9293, 3.1
type Flags uint16

// The control bits.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
	AE // RFC 7560; formerly NS
)

var flagNames = [...]string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"}

// String returns the names of the bits that are set: "SYN,ACK".
func (f Flags) String() string {
	s := ""
	for i, name := range flagNames {
		if f>>i&1 != 0 {
			if s != "" {
				s += ","
			}
			s += name
		}
	}
	return s
}

// A Segment is a checked view of a TCP segment. [Parse] is the only way to get one, and after
// it no method can panic.
type Segment struct {
	b  []byte
	ce bool
}

// Parse checks b, which is the whole segment. It fails with ErrTruncated or ErrDataOffset.
func Parse(b []byte) (Segment, error) {
	if len(b) < HeaderLen {
		return Segment{}, ErrTruncated
	}
	n := int(b[12]>>4) * 4
	if n < HeaderLen {
		return Segment{}, ErrDataOffset
	}
	if n > len(b) {
		return Segment{}, ErrTruncated
	}
	return Segment{b: b}, nil
}

// Marked returns s as it came in a packet with the CE codepoint: a router on the way was
// congested. RFC 3168, 5
func (s Segment) Marked() Segment {
	s.ce = true
	return s
}

// SrcPort returns the source port.
func (s Segment) SrcPort() uint16 { return binary.BigEndian.Uint16(s.b[0:2]) }

// DstPort returns the destination port.
func (s Segment) DstPort() uint16 { return binary.BigEndian.Uint16(s.b[2:4]) }

// Seq returns SEG.SEQ.
func (s Segment) Seq() seq.Value { return seq.Value(binary.BigEndian.Uint32(s.b[4:8])) }

// Ack returns SEG.ACK, which has a meaning with the ACK flag only.
func (s Segment) Ack() seq.Value { return seq.Value(binary.BigEndian.Uint32(s.b[8:12])) }

// DataOffset returns the length of the header with its options in bytes.
func (s Segment) DataOffset() int { return int(s.b[12]>>4) * 4 }

// Flags returns the control bits.
func (s Segment) Flags() Flags { return Flags(binary.BigEndian.Uint16(s.b[12:14]) & 0x1ff) }

// Window returns the window field as it is on the wire, not scaled.
func (s Segment) Window() uint16 { return binary.BigEndian.Uint16(s.b[14:16]) }

// Urgent returns the urgent pointer.
func (s Segment) Urgent() uint16 { return binary.BigEndian.Uint16(s.b[18:20]) }

// Options returns the options, padding included.
func (s Segment) Options() []byte { return s.b[HeaderLen:s.DataOffset()] }

// Payload returns the data.
func (s Segment) Payload() []byte { return s.b[s.DataOffset():] }

// Len returns SEG.LEN, the sequence numbers that the segment occupies: data, SYN and FIN.
func (s Segment) Len() int {
	n := len(s.Payload())
	f := s.Flags()
	if f&SYN != 0 {
		n++
	}
	if f&FIN != 0 {
		n++
	}
	return n
}

// Verify checks the checksum. pseudo is the sum of the pseudo-header. It fails with ErrChecksum.
func (s Segment) Verify(pseudo sum.Partial) error {
	if pseudo.Add(s.b).Checksum() != 0 {
		return ErrChecksum
	}
	return nil
}

// Header is what Put writes.
type Header struct {
	SrcPort, DstPort uint16
	Seq, Ack         seq.Value
	Flags            Flags
	Window           uint16 // as on the wire
	Urgent           uint16 // the urgent pointer; with the URG flag
}

// Put writes a header into b, which holds the whole segment: optionLen bytes of options, a
// multiple of four, and the payload already lie behind the first HeaderLen bytes. pseudo is the
// sum of the pseudo-header for len(b) bytes.
func Put(b []byte, h Header, optionLen int, pseudo sum.Partial) {
	binary.BigEndian.PutUint16(b[0:2], h.SrcPort)
	binary.BigEndian.PutUint16(b[2:4], h.DstPort)
	binary.BigEndian.PutUint32(b[4:8], uint32(h.Seq))
	binary.BigEndian.PutUint32(b[8:12], uint32(h.Ack))
	binary.BigEndian.PutUint16(b[12:14], uint16((HeaderLen+optionLen)/4)<<12|uint16(h.Flags))
	binary.BigEndian.PutUint16(b[14:16], h.Window)
	binary.BigEndian.PutUint16(b[16:18], 0)
	binary.BigEndian.PutUint16(b[18:20], h.Urgent)
	binary.BigEndian.PutUint16(b[16:18], pseudo.Add(b).Checksum())
}

// Reset writes the RST that answers a segment which belongs to no connection into
// b[:HeaderLen], and returns its length; 0 when to is a RST itself. pseudo is the sum of the
// reply's pseudo-header for HeaderLen bytes.
//
// RFC 9293, 3.10.7.1: "If the ACK bit is off, sequence number zero is used,
// <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>"; "If the ACK bit is on, <SEQ=SEG.ACK><CTL=RST>".
func Reset(b []byte, to Segment, pseudo sum.Partial) int {
	f := to.Flags()
	if f&RST != 0 {
		return 0
	}
	h := Header{SrcPort: to.DstPort(), DstPort: to.SrcPort(), Flags: RST}
	if f&ACK != 0 {
		h.Seq = to.Ack()
	} else {
		h.Flags |= ACK
		h.Ack = to.Seq().Add(to.Len())
	}
	Put(b[:HeaderLen], h, 0, pseudo)
	return HeaderLen
}

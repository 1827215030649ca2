package udp

import (
	"encoding/binary"
	"errors"

	"httptap/stack/sum"
)

// HeaderLen is the length of the header in bytes.
const HeaderLen = 8

// Errors of Parse and Verify.
var (
	ErrTruncated = errors.New("udp: shorter than its 8 byte header")
	ErrLength    = errors.New("udp: the length field is under 8 or past the end of the packet")
	ErrChecksum  = errors.New("udp: wrong checksum")
)

// A Datagram is a checked view of a UDP header and its payload. [Parse] is the only way
// to get one, and after it no method can panic.
type Datagram struct{ b []byte }

// Parse checks b and returns the datagram at its start; bytes after the datagram's own
// length (Ethernet padding) are not part of it. It fails with ErrTruncated or ErrLength.
func Parse(b []byte) (Datagram, error) {
	if len(b) < HeaderLen {
		return Datagram{}, ErrTruncated
	}
	// "the minimum value of the length is eight": RFC 768, Fields
	n := int(binary.BigEndian.Uint16(b[4:6]))
	if n < HeaderLen || n > len(b) {
		return Datagram{}, ErrLength
	}
	return Datagram{b[:n]}, nil
}

// SrcPort returns the source port.
func (d Datagram) SrcPort() uint16 { return binary.BigEndian.Uint16(d.b[0:2]) }

// DstPort returns the destination port.
func (d Datagram) DstPort() uint16 { return binary.BigEndian.Uint16(d.b[2:4]) }

// Length returns the length of header and payload in bytes.
func (d Datagram) Length() int { return len(d.b) }

// Checksum returns the checksum field; zero means that the sender computed none.
func (d Datagram) Checksum() uint16 { return binary.BigEndian.Uint16(d.b[6:8]) }

// Payload returns what follows the header.
func (d Datagram) Payload() []byte { return d.b[HeaderLen:] }

// Verify checks the checksum. pseudo is the sum of the pseudo-header with d.Length. It fails
// with ErrChecksum.
func (d Datagram) Verify(pseudo sum.Partial) error {
	// "An all zero transmitted checksum value means that the transmitter generated no
	// checksum": RFC 768, Fields
	if d.Checksum() != 0 && pseudo.Add(d.b).Checksum() != 0 {
		return ErrChecksum
	}
	return nil
}

// Put writes a header into b[:HeaderLen] before a payload of payloadLen bytes that already
// lies behind it. pseudo is the sum of the pseudo-header for HeaderLen+payloadLen bytes.
func Put(b []byte, src, dst uint16, payloadLen int, pseudo sum.Partial) {
	b = b[:HeaderLen+payloadLen]
	binary.BigEndian.PutUint16(b[0:2], src)
	binary.BigEndian.PutUint16(b[2:4], dst)
	binary.BigEndian.PutUint16(b[4:6], uint16(len(b)))
	b[6], b[7] = 0, 0
	c := pseudo.Add(b).Checksum()
	if c == 0 {
		// "If the computed checksum is zero, it is transmitted as all ones": RFC 768, Fields
		c = 0xffff
	}
	binary.BigEndian.PutUint16(b[6:8], c)
}

package icmpv4

import (
	"encoding/binary"
	"errors"

	"httptap/stack/sum"
)

// HeaderLen is the length in bytes of what every message begins with.
const HeaderLen = 8

// Errors of Parse.
var (
	ErrTruncated = errors.New("icmpv4: shorter than 8 bytes")
	ErrChecksum  = errors.New("icmpv4: wrong checksum")
)

// A Message is a checked view of an ICMP message. [Parse] is the only way to get one, and
// after it no method can panic.
type Message struct{ b []byte }

// Parse checks b, which is the whole message. It fails with ErrTruncated or ErrChecksum.
func Parse(b []byte) (Message, error) {
	if len(b) < HeaderLen {
		return Message{}, ErrTruncated
	}
	if sum.Partial(0).Add(b).Checksum() != 0 {
		return Message{}, ErrChecksum
	}
	return Message{b}, nil
}

// Type returns the message's type.
func (m Message) Type() uint8 { return m.b[0] }

// Code returns the code, whose meaning depends on the type.
func (m Message) Code() uint8 { return m.b[1] }

// Rest returns the four bytes before the body, whose meaning depends on the type.
func (m Message) Rest() uint32 { return binary.BigEndian.Uint32(m.b[4:8]) }

// ID returns the identifier of an echo message.
func (m Message) ID() uint16 { return binary.BigEndian.Uint16(m.b[4:6]) }

// Seq returns the sequence number of an echo message.
func (m Message) Seq() uint16 { return binary.BigEndian.Uint16(m.b[6:8]) }

// MTU returns the next hop's MTU in bytes of a "fragmentation needed" message; 0 when the
// router does not say. RFC 1191, 4
func (m Message) MTU() int { return int(binary.BigEndian.Uint16(m.b[6:8])) }

// Body returns what follows the first eight bytes: an echo's data, an error's quoted packet.
func (m Message) Body() []byte { return m.b[HeaderLen:] }

// AppendEcho appends an echo request or reply.
func AppendEcho(dst []byte, typ uint8, id, seq uint16, data []byte) []byte {
	return appendMessage(dst, typ, 0, uint32(id)<<16|uint32(seq), data)
}

// maxError is how long an error's IP packet may get. RFC 1812, 4.3.2.3: "the ICMP datagram
// SHOULD contain as much of the original datagram as possible without the length of the ICMP
// datagram exceeding 576 bytes."
const maxError = 576 - 20

// AppendError appends an error about the IP packet original. rest is the MTU, the gateway or
// the pointer where the type has one.
func AppendError(dst []byte, typ, code uint8, rest uint32, original []byte) []byte {
	return appendMessage(dst, typ, code, rest, original[:min(len(original), maxError-HeaderLen)])
}

func appendMessage(dst []byte, typ, code uint8, rest uint32, body []byte) []byte {
	start := len(dst)
	dst = append(dst, typ, code, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, rest)
	dst = append(dst, body...)
	binary.BigEndian.PutUint16(dst[start+2:], sum.Partial(0).Add(dst[start:]).Checksum())
	return dst
}

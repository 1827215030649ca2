package ntp

import (
	"encoding/binary"
	"errors"
	"iter"
	"net/netip"
)

// Port is the server's UDP port. RFC 5905, 7.2
const Port = 123

// HeaderLen is the length of the header in bytes. RFC 5905, 7.3
const HeaderLen = 48

// Version is the version that this package speaks.
const Version = 4

// Leap indicators. RFC 5905, figure 9
const (
	LeapNone     = 0
	LeapInsert   = 1 // the last minute of the day has 61 seconds
	LeapDelete   = 2 // the last minute of the day has 59 seconds
	LeapUnsynced = 3 // the clock is not synchronised
)

// Modes. RFC 5905, figure 10
const (
	ModeSymmetricActive  = 1
	ModeSymmetricPassive = 2
	ModeClient           = 3
	ModeServer           = 4
	ModeBroadcast        = 5
	ModeControl          = 6
	ModePrivate          = 7
)

// StratumUnsynced is the first stratum that is none. RFC 5905, figure 11
const StratumUnsynced = 16

// What can be wrong with a message.
var (
	ErrTruncated = errors.New("ntp: message is shorter than its 48 byte header")
	ErrVersion   = errors.New("ntp: version is not 1 to 4")
	ErrMode      = errors.New("ntp: message is of another mode")
	ErrExtension = errors.New("ntp: extension field or authenticator does not fit the message")
)

// A Message is a checked view of a message of modes 1 to 5. [Parse] is the only way to get
// one, and after it no method can panic.
type Message struct {
	b   []byte
	mac int // where the authenticator begins
}

// Parse checks b and returns the message that it is. It fails with ErrTruncated, ErrVersion,
// ErrMode for control and private messages, which have another header, or ErrExtension.
func Parse(b []byte) (Message, error) {
	if len(b) < 1 {
		return Message{}, ErrTruncated
	}
	if v := b[0] >> 3 & 7; v < 1 || v > 4 {
		return Message{}, ErrVersion
	}
	if b[0]&7 >= ModeControl {
		return Message{}, ErrMode
	}
	if len(b) < HeaderLen {
		return Message{}, ErrTruncated
	}
	m := Message{b, HeaderLen}
	for m.Version() >= 4 {
		n, ok := extensionLen(b[m.mac:])
		if !ok {
			return Message{}, ErrExtension
		}
		if n == 0 {
			break
		}
		m.mac += n
	}
	return m, nil
}

// minExtension is the least length of an extension field. RFC 5905, 7.5
const minExtension = 16

// isAuthenticator tells whether n bytes at the end of a message are an authenticator: a
// crypto-NAK, a key and an MD5 digest, a key and a SHA-1 digest. RFC 7822, 3: what is longer
// begins with an extension field.
func isAuthenticator(n int) bool { return n == 4 || n == 20 || n == 24 }

// extensionLen returns the length of the extension field that rest begins with, 0 when it
// begins with the authenticator or is empty; ok is false when it is neither. Before version 4
// there were no extension fields.
func extensionLen(rest []byte) (n int, ok bool) {
	if len(rest) == 0 || isAuthenticator(len(rest)) {
		return 0, true
	}
	if len(rest) < minExtension {
		return 0, false
	}
	n = int(binary.BigEndian.Uint16(rest[2:]))
	return n, n >= minExtension && n%4 == 0 && n <= len(rest)
}

func (m Message) u8(off int) uint8 {
	if m.b == nil {
		return 0
	}
	return m.b[off]
}

func (m Message) u32(off int) uint32 {
	if m.b == nil {
		return 0
	}
	return binary.BigEndian.Uint32(m.b[off:])
}

func (m Message) time(off int) Timestamp { return Timestamp(m.u32(off))<<32 | Timestamp(m.u32(off+4)) }

// Leap returns the leap indicator.
func (m Message) Leap() int { return int(m.u8(0) >> 6) }

// Version returns the version, 1 to 4.
func (m Message) Version() int { return int(m.u8(0) >> 3 & 7) }

// Mode returns the mode.
func (m Message) Mode() int { return int(m.u8(0) & 7) }

// Stratum returns the distance from a reference clock: 1 is at one, 0 a kiss-o'-death.
func (m Message) Stratum() int { return int(m.u8(1)) }

// Poll returns the interval between messages as a power of two of seconds.
func (m Message) Poll() int8 { return int8(m.u8(2)) }

// Precision returns the clock's precision as a power of two of seconds.
func (m Message) Precision() int8 { return int8(m.u8(3)) }

// RootDelay returns the round trip to the reference clock.
func (m Message) RootDelay() Short { return Short(m.u32(4)) }

// RootDispersion returns how far off the reference clock the server may be.
func (m Message) RootDispersion() Short { return Short(m.u32(8)) }

// RefID returns what the server is synchronised to.
func (m Message) RefID() RefID {
	var r RefID
	binary.BigEndian.PutUint32(r[:], m.u32(12))
	return r
}

// Reference returns when the server's clock was last set.
func (m Message) Reference() Timestamp { return m.time(16) }

// Origin returns the transmit timestamp of the message that this one answers: T1.
func (m Message) Origin() Timestamp { return m.time(24) }

// Receive returns when the message that this one answers arrived: T2.
func (m Message) Receive() Timestamp { return m.time(32) }

// Transmit returns when this message left: T3.
func (m Message) Transmit() Timestamp { return m.time(40) }

// Extensions returns the types and the values of the extension fields. RFC 7822, 3
func (m Message) Extensions() iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for off := HeaderLen; off < m.mac; {
			n, _ := extensionLen(m.b[off:])
			if !yield(binary.BigEndian.Uint16(m.b[off:]), m.b[off+4:off+n]) {
				return
			}
			off += n
		}
	}
}

// Authenticator returns the key identifier and the digest behind it; empty when there is none.
// Nothing here verifies it. RFC 5905, 7.3
func (m Message) Authenticator() []byte { return m.b[m.mac:] }

// A RefID tells what a server is synchronised to. RFC 5905, 7.3
type RefID [4]byte

// Code returns the identifier as the text that it is at stratum 0 and 1: a kiss code or a
// kind of clock, without the zeros that pad it. What is not printable ASCII is dropped.
func (r RefID) Code() string {
	n := 0
	for _, c := range r {
		if ' ' < c && c <= '~' {
			r[n] = c
			n++
		}
	}
	return string(r[:n])
}

// Text returns the identifier as it is meant at a stratum: a text at 0 and 1, else an IPv4
// address, which for a server on IPv6 is the start of a hash.
func (r RefID) Text(stratum int) string {
	if stratum <= 1 {
		return r.Code()
	}
	return netip.AddrFrom4(r).String()
}

// A Header holds the fields of a message to write.
type Header struct {
	Leap, Version, Mode, Stratum         int
	Poll, Precision                      int8
	RootDelay, RootDispersion            Short
	RefID                                RefID
	Reference, Origin, Receive, Transmit Timestamp
}

// Append appends the header's 48 bytes to dst.
func (h Header) Append(dst []byte) []byte {
	dst = append(dst, byte(h.Leap&3<<6|h.Version&7<<3|h.Mode&7), byte(h.Stratum), byte(h.Poll), byte(h.Precision))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.RootDelay))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.RootDispersion))
	dst = append(dst, h.RefID[:]...)
	for _, t := range [...]Timestamp{h.Reference, h.Origin, h.Receive, h.Transmit} {
		dst = binary.BigEndian.AppendUint64(dst, uint64(t))
	}
	return dst
}

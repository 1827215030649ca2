package dns

import (
	"encoding/binary"
	"errors"
	"iter"
)

// Port is the server's port, UDP and TCP. RFC 1035, 4.2
const Port = 53

// HeaderLen is the length of a message's header in bytes. RFC 1035, 4.1.1
const HeaderLen = 12

// MaxUDP is the longest message over UDP without EDNS. RFC 1035, 4.2.1: "Messages carried by
// UDP are restricted to 512 bytes".
const MaxUDP = 512

// Bits of the header's second word. RFC 1035, 4.1.1, and RFC 4035, 3 for AD and CD
const (
	FlagResponse           = 1 << 15
	FlagAuthoritative      = 1 << 10
	FlagTruncated          = 1 << 9
	FlagRecursionDesired   = 1 << 8
	FlagRecursionAvailable = 1 << 7
	FlagAuthenticData      = 1 << 5
	FlagCheckingDisabled   = 1 << 4
)

// What can be wrong with a message, besides its names.
var (
	ErrTruncated = errors.New("dns: message ends inside a field")
	ErrCount     = errors.New("dns: message has fewer entries than its header counts")
	ErrData      = errors.New("dns: record data does not fit its type")
)

// A Section is a part of the message behind the header.
type Section uint8

// The sections in their order. RFC 1035, 4.1
const (
	Questions Section = iota
	Answers
	Authorities
	Additionals
	numSections
)

// String returns the section's name.
func (s Section) String() string {
	if s < numSections {
		return [...]string{"question", "answer", "authority", "additional"}[s]
	}
	return "unknown section"
}

// A Message is a checked view of a message. [Parse] is the only way to get one, and after it
// no method can panic, neither of the message nor of what it hands out.
type Message struct {
	b       []byte
	records int // where the answers begin
	end     int
}

// budget is how many labels and pointers all names of a message may take together: more than
// any sane message needs, and linear in its size.
func budget(size int) int { return 4*size + 128 }

// Parse checks b and returns the message that it is: each question and record is there, each
// name ends, each record's data fits its type where this package knows the type. Bytes behind
// the last record are not part of the message. It fails with ErrTruncated, ErrCount,
// ErrLabel, ErrName, ErrPointer, ErrCost or ErrData.
func Parse(b []byte) (Message, error) {
	if len(b) < HeaderLen {
		return Message{}, ErrTruncated
	}
	m := Message{b: b}
	off, steps := HeaderLen, budget(len(b))
	for range m.Count(Questions) {
		if off == len(b) {
			return Message{}, ErrCount
		}
		end, err := checkName(b, off, &steps)
		if err != nil {
			return Message{}, err
		}
		if off = end + 4; off > len(b) {
			return Message{}, ErrTruncated
		}
	}
	m.records = off
	for s := Answers; s < numSections; s++ {
		for range m.Count(s) {
			if off == len(b) {
				return Message{}, ErrCount
			}
			end, err := checkName(b, off, &steps)
			if err != nil {
				return Message{}, err
			}
			if end+10 > len(b) {
				return Message{}, ErrTruncated
			}
			r := rrAt(b, off, end, s)
			if off = r.end; off > len(b) {
				return Message{}, ErrTruncated
			}
			if err := r.check(&steps); err != nil {
				return Message{}, err
			}
		}
	}
	m.end = off
	m.b = b[:off]
	return m, nil
}

// skip returns the offset behind the name at off, which was checked.
func skip(b []byte, off int) int {
	for {
		c := int(b[off])
		switch {
		case c == 0:
			return off + 1
		case c&0xc0 == 0xc0:
			return off + 2
		}
		off += 1 + c
	}
}

func (m Message) u16(off int) uint16 {
	if m.b == nil {
		return 0
	}
	return binary.BigEndian.Uint16(m.b[off:])
}

// ID returns the transaction's identification.
func (m Message) ID() uint16 { return m.u16(0) }

// Flags returns the header's second word: the flags, the opcode and the lower four bits of
// the response code.
func (m Message) Flags() uint16 { return m.u16(2) }

// Response tells whether the message is a response; else it is a query.
func (m Message) Response() bool { return m.Flags()&FlagResponse != 0 }

// Opcode returns the kind of query; 0 is a standard query.
func (m Message) Opcode() Opcode { return Opcode(m.Flags() >> 11 & 15) }

// Truncated tells whether the message was cut to fit its transport.
func (m Message) Truncated() bool { return m.Flags()&FlagTruncated != 0 }

// RCode returns the response code, with the upper eight bits that an OPT record adds.
// RFC 6891, 6.1.3
func (m Message) RCode() RCode {
	r := RCode(m.Flags() & 15)
	if o, ok := m.OPT(); ok {
		r |= RCode(o.TTL>>24) << 4
	}
	return r
}

// Count returns how many entries the header counts for a section.
func (m Message) Count(s Section) int {
	if s >= numSections {
		return 0
	}
	return int(m.u16(4 + 2*int(s)))
}

// Len returns the message's length, without bytes behind the last record.
func (m Message) Len() int { return m.end }

// A Question is one entry of the question section. RFC 1035, 4.1.2
type Question struct {
	Name  Name
	Type  uint16
	Class uint16
}

// Questions returns the question section.
func (m Message) Questions() iter.Seq[Question] {
	return func(yield func(Question) bool) {
		off := HeaderLen
		for range m.Count(Questions) {
			end := skip(m.b, off)
			if !yield(Question{Name{m.b, off}, m.u16(end), m.u16(end + 2)}) {
				return
			}
			off = end + 4
		}
	}
}

// Question returns the first question; ok is false when there is none.
func (m Message) Question() (q Question, ok bool) {
	for q := range m.Questions() {
		return q, true
	}
	return Question{}, false
}

// Records returns the records of the answer, the authority and the additional section, in
// wire order.
func (m Message) Records() iter.Seq[RR] {
	return func(yield func(RR) bool) {
		off := m.records
		for s := Answers; s < numSections; s++ {
			for range m.Count(s) {
				r := rrAt(m.b, off, skip(m.b, off), s)
				if !yield(r) {
					return
				}
				off = r.end
			}
		}
	}
}

// OPT returns the first OPT record; ok is false when the message has none. RFC 6891, 6.1
func (m Message) OPT() (r RR, ok bool) {
	for r := range m.Records() {
		if r.Type == TypeOPT && r.Section == Additionals {
			return r, true
		}
	}
	return RR{}, false
}

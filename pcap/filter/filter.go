package filter

import (
	"time"

	"httptap/pcap/fact"
	"httptap/stack/field"
)

// A Filter tells which frames are wanted. It does not change once it is compiled, so that many
// goroutines can use it at once.
type Filter struct {
	root     int32 // of tests; -1: every frame
	tests    []test
	operands []operand
	text     string
}

// Compile makes a filter from its text. An empty one lets every frame through. The error is an
// *Error, which says where the text is wrong and what would be right.
func Compile(text string) (*Filter, error) { return compile(text, false) }

// CompileFacts is Compile for packets that have Facts: filters may name what a session finds by
// comparing frames, such as tcp.stream and dns.time. Compile refuses these, because they would
// never match.
func CompileFacts(text string) (*Filter, error) { return compile(text, true) }

func compile(text string, facts bool) (*Filter, error) {
	n, err := parse(text)
	if err != nil {
		return nil, err
	}
	if n == nil {
		return &Filter{root: -1}, nil
	}
	c := checker{text: text, facts: facts}
	root, err := c.test(n)
	if err != nil {
		return nil, err
	}
	return &Filter{root: root, tests: c.tests, operands: c.operands, text: string(n.append(nil, 0))}, nil
}

// String returns the filter in its one spelling, which compiles to the same filter.
func (f *Filter) String() string { return f.text }

// A Packet is a decoded frame and what is known of it from elsewhere. It holds the memory of a
// match: use one Packet for many frames, and no Packet in two goroutines at once.
type Packet struct {
	Frame []byte       // the captured bytes
	Wire  int          // the length on the wire, when that is more
	Spans []field.Span // what the decoder found in Frame
	Facts []fact.Fact  // what a session found about it; for filters of CompileFacts

	Number    uint64        // frame.number, from 1; 0: not known
	Time      time.Time     // frame.time; zero: not known, and no time since
	Relative  time.Duration // frame.time_relative: since the first frame
	Interface string        // frame.interface_name; "": not known
	Comments  []string      // frame.comment

	vals []value
	buf  []byte

	// Of AddMessages: how much of Frame was captured, and the memory.
	captured int
	bytes    []byte
	spans    []field.Span
	ends     []region
}

// own returns the captured bytes of Frame.
func (p *Packet) own() []byte {
	if p.captured > 0 && p.captured < len(p.Frame) {
		return p.Frame[:p.captured]
	}
	return p.Frame
}

// Match tells whether the filter wants the packet.
func (f *Filter) Match(p *Packet) bool {
	if f.root < 0 {
		return true
	}
	p.vals, p.buf = p.vals[:0], p.buf[:0]
	return p.test(f, f.root)
}

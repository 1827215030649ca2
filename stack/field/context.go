package field

import "slices"

// A Layout is one protocol's table and the functions for what a table can't say. Only Spec
// and Head are needed.
type Layout struct {
	Spec  Spec   // Kind Layer; Name "udp", Label "User Datagram Protocol"
	Title string // the name on the annotated line: "UDP [RFC768]"
	Head  []Spec // the fixed part in wire order

	// Tail appends what follows Head and belongs to the header: options, records. It runs
	// only when the whole Head was there.
	Tail func(c *Context)

	// More returns the fields that Tail and Check can add, those of Head and Sub aside: for
	// whoever needs every name before a frame shows it, as filters and completion do. Nil: none.
	More func() []*Spec

	// Check verifies lengths and checksums, marks spans with c.Fault, and sets c.Limit to
	// the end of the message where the header knows it. It runs after Tail.
	Check func(c *Context)

	// Next names the payload's layout. The payload is what lies between c.Pos and c.Limit;
	// with Next nil or its Table None it is Data.
	Next func(c *Context) Next

	// Rear appends this layer's own bytes behind the payload, from c.Pos() to c.Limit: for who
	// sets c.Limit in Check to the payload's end and has more behind it. More has its fields.
	Rear func(c *Context)

	// Guess tells whether the bytes are likely a message of this protocol: for ports that
	// nobody has registered. Nil: never.
	Guess func(b []byte) bool

	// Trailer describes bytes behind the payload that belong to this layer. Nil: such bytes
	// are Undecoded.
	Trailer *Spec

	// Trail appends them, from c.Pos() to c.Limit, where they have parts, as Ethernet's padding
	// and check sequence; Trailer is for what it leaves. More has its fields.
	Trail func(c *Context)

	run *Run // Spec and Head, when Compile was called
}

// Pseudo is what a transport checksum needs of the network layer, and where it came from.
type Pseudo struct {
	Src, Dst [16]byte // an IPv4 address is in the first four bytes
	V6       bool
	Protocol uint8
	Valid    bool // there is a network layer and its payload is whole: no fragment, nothing missing
}

// Context is the state of decoding one frame. Reset makes it ready for the next; nothing
// in it may be kept beyond that.
type Context struct {
	Frame  []byte // the captured bytes
	Wire   int    // the frame's length on the wire, more than len(Frame) when cut by a snaplen
	Spans  []Span
	Start  int // byte where the current layer begins
	Limit  int // byte behind the last that can belong to the current layer
	Pseudo Pseudo
	Quoted bool // inside an ICMP error's quotation: lawfully cut short, sums can't be verified
	Cost   int  // the steps of loops that append no span: what bounds a frame's cost is tested with it

	bit   int
	depth uint8
	cut   bool
}

// Reset begins a new frame of which wire bytes were on the wire. The span list is emptied
// and its memory reused.
func (c *Context) Reset(frame []byte, wire int) {
	*c = Context{Frame: frame, Wire: max(wire, len(frame)), Spans: c.Spans[:0], Limit: len(frame)}
}

// Pos returns the byte at which the next span begins.
func (c *Context) Pos() int { return c.bit >> 3 }

// Rest returns the bytes from Pos to Limit.
func (c *Context) Rest() []byte { return c.Frame[min(c.bit>>3, c.Limit):c.Limit] }

// Bytes returns the current layer's bytes, header and payload, up to Limit.
func (c *Context) Bytes() []byte { return c.Frame[c.Start:c.Limit] }

// Missing tells how many bytes behind Limit were on the wire but not captured. It is only
// meaningful while Limit is the end of the captured frame.
func (c *Context) Missing() int {
	if c.Limit < len(c.Frame) {
		return 0
	}
	return c.Wire - len(c.Frame)
}

// Cut tells whether a field was cut short; Add then appends nothing more in this layer.
func (c *Context) Cut() bool { return c.cut }

// Resume lets Add append again after a cut, at depth 0: for what lies behind the layer.
func (c *Context) Resume() { c.cut, c.depth = false, 0 }

// CutFault returns why bytes are missing at Limit: Snapped when the capture has fewer bytes
// than the wire had or the packet is a quotation, else Truncated.
func (c *Context) CutFault() *Fault {
	if c.Missing() > 0 || c.Quoted {
		return Snapped
	}
	return Truncated
}

// Begin starts a layer at Pos: it appends the layer's root and its Head. It returns the
// root's index. The caller goes on with Tail, Check and End.
func (c *Context) Begin(l *Layout) int {
	c.Start, c.depth, c.cut = c.bit>>3, 0, false
	if l.run != nil {
		if i := c.AddRun(l.run, 0); i >= 0 {
			c.depth = 1
			return i
		}
	}
	i := c.Open(&l.Spec)
	for k := range l.Head {
		s := &l.Head[k]
		if s.Sub == nil && c.bit+s.Bits <= c.Limit<<3 {
			c.push(s, s.Bits)
			c.bit += s.Bits
			continue
		}
		if c.Add(s, s.Bits); c.cut {
			break
		}
	}
	return i
}

// Add appends a field of n bits at the current position, with its Sub fields below it, and
// returns its index. A field that reaches past Limit is cut to it, marked with CutFault, and
// ends the layer: every later Add appends nothing and returns -1.
func (c *Context) Add(s *Spec, n int) int {
	if c.cut {
		return -1
	}
	i := len(c.Spans)
	if i >= MaxSpans {
		return c.stop()
	}
	if room := c.Limit<<3 - c.bit; n > room {
		c.cut = true
		c.Spans = append(c.Spans, Span{Spec: s, Err: c.CutFault(), Bit: int32(c.bit), Len: int32(max(room, 0)), Depth: c.depth})
		c.bit += max(room, 0)
		return i
	}
	c.push(s, n)
	if s.Sub == nil {
		c.bit += n
		return i
	}
	c.parts(s.Sub)
	return i
}

// push appends a span of n bits at the current position. Writing its fields one by one, and none of
// the slice's but its length, is what makes a field cost little.
func (c *Context) push(s *Spec, n int) {
	i := len(c.Spans)
	if i == cap(c.Spans) {
		c.Spans = slices.Grow(c.Spans, 1)
	}
	c.Spans = c.Spans[:i+1]
	to := &c.Spans[i]
	to.Spec, to.Err, to.Want = s, nil, 0
	to.Bit, to.Len, to.Depth = int32(c.bit), int32(n), c.depth
}

// parts appends the fields that tile the span before. They are there when that is.
func (c *Context) parts(sub []Spec) {
	c.depth++
	for k := range sub {
		s := &sub[k]
		c.push(s, s.Bits)
		if s.Sub != nil {
			c.parts(s.Sub)
		} else {
			c.bit += s.Bits
		}
	}
	c.depth--
}

// MaxSpans is how many fields a frame is taken apart into. No sane frame has so many; one that was
// made to have them would cost too much.
const MaxSpans = 1 << 15

// stop marks the rest of the layer as not taken apart and ends the layer.
func (c *Context) stop() int {
	if c.cut = true; c.bit < c.Limit<<3 {
		c.Spans = append(c.Spans, Span{Spec: &Undecoded, Err: TooMany, Bit: int32(c.bit), Len: int32(c.Limit<<3 - c.bit), Depth: c.depth})
		c.bit = c.Limit << 3
	}
	return -1
}

// AddBytes is Add in bytes.
func (c *Context) AddBytes(s *Spec, n int) int { return c.Add(s, 8*n) }

// Open begins a group: what is added until Close lies below it. It returns the group's index.
func (c *Context) Open(s *Spec) int {
	c.push(s, 0)
	c.depth++
	return len(c.Spans) - 1
}

// Close ends the group that Open returned as i: its length is what was added below it.
func (c *Context) Close(i int) {
	c.Spans[i].Len = int32(c.bit) - c.Spans[i].Bit
	c.depth = c.Spans[i].Depth
}

// Fault marks span i with what is wrong; want is the right value where the fault has one.
// The first fault of a span stays. An i of -1, the answer of Add in a cut layer, is ignored.
func (c *Context) Fault(i int, f *Fault, want uint32) {
	if i >= 0 && c.Spans[i].Err == nil {
		c.Spans[i].Err, c.Spans[i].Want = f, want
	}
}

// Find returns the index of the current layer's span of the field s, or -1. It is for the
// rare path that marks a fault, not for reading values.
func (c *Context) Find(s *Spec) int {
	for i := len(c.Spans) - 1; i >= 0; i-- {
		if c.Spans[i].Spec == s && int(c.Spans[i].Bit) >= c.Start<<3 {
			c.Cost += len(c.Spans) - i
			return i
		}
	}
	c.Cost += len(c.Spans)
	return -1
}

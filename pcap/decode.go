package pcap

import (
	"httptap/stack/ethernet"
	"httptap/stack/field"
)

// maxLayers bounds encapsulation: what is nested deeper is shown as data.
const maxLayers = 16

// A Decoder explains frames. Its spans are reused: they are valid until the next Decode. It
// must not be used by two goroutines at once.
type Decoder struct {
	c     field.Context
	open  [maxLayers]region
	again bool // the layout that next returned is of a message beside the last
}

// A region is a layer, where it begins, where the bytes end that the layer around it gave, and
// whether it lies in a quotation.
type region struct {
	layout     *field.Layout
	start, end int
	quoted     bool
}

// Decode explains an Ethernet frame of which wire bytes were on the wire; frame may be the
// start of it only. The leaf spans tile frame.
func (d *Decoder) Decode(frame []byte, wire int) []field.Span {
	return d.decode(&ethernet.Layout, frame, wire)
}

// Frame returns the bytes that were decoded last.
func (d *Decoder) Frame() []byte { return d.c.Frame }

func (d *Decoder) decode(l *field.Layout, frame []byte, wire int) []field.Span {
	c := &d.c
	c.Reset(frame, wire)
	depth := 0
	for l != nil {
		if depth == maxLayers {
			c.Resume()
			c.Fault(c.AddBytes(&field.Data, len(c.Rest())), field.TooDeep, 0)
			break
		}
		outer := c.Limit
		root := c.Begin(l)
		if l.Tail != nil && !c.Cut() {
			l.Tail(c)
		}
		c.Close(root)
		if c.Cut() {
			break
		}
		if l.Check != nil {
			l.Check(c)
		}
		// A layer can only take from what the one around it gave.
		c.Limit = min(max(c.Limit, c.Pos()), outer)
		d.open[depth] = region{l, c.Start, outer, c.Quoted}
		depth++
		inner := d.next(l)
		if inner == l && d.again {
			depth-- // beside it, not inside
		}
		l = inner
	}
	d.finish(depth)
	return c.Spans
}

// next returns the layout of the payload, or nil when there is none or nobody knows it. A
// payload without layout is added as data.
func (d *Decoder) next(l *field.Layout) *field.Layout {
	c := &d.c
	n := len(c.Rest())
	if d.again = false; n == 0 && c.Missing() == 0 {
		return nil
	}
	if l.Next != nil {
		to := l.Next(c)
		// A message of no bytes would be followed by itself for ever.
		if to.Again && n > 0 && c.Pos() > c.Start && len(c.Spans) < field.MaxSpans {
			d.again = true
			return l
		}
		if n > 0 {
			if inner := find(to, c.Rest()); inner != nil {
				return inner
			}
		}
	}
	if n > 0 {
		c.Resume()
		c.AddBytes(&field.Data, n)
	}
	return nil
}

// finish adds what lies behind the messages, from the innermost layer outwards: what a layer was
// given and did not take belongs to the one around it, as Ethernet's padding does, or to itself
// where it has a length of its own, as a tag may.
func (d *Decoder) finish(depth int) {
	c := &d.c
	c.Resume()
	for depth--; depth >= 0; depth-- {
		if c.Limit = d.open[depth].end; c.Pos() >= c.Limit {
			continue
		}
		if l := d.open[depth].layout; l.Rear != nil {
			c.Start, c.Quoted = d.open[depth].start, d.open[depth].quoted
			l.Rear(c)
			if c.Resume(); c.Pos() >= c.Limit {
				continue
			}
		}
		around := &d.open[max(depth-1, 0)]
		spec := d.open[depth].layout.Trailer
		if spec == nil && around.layout.Trail != nil {
			c.Start, c.Quoted = around.start, around.quoted
			around.layout.Trail(c)
		}
		if c.Pos() >= c.Limit {
			continue
		}
		if spec == nil && depth > 0 {
			spec = around.layout.Trailer
		}
		if spec == nil {
			spec = &field.Undecoded
		}
		c.AddBytes(spec, c.Limit-c.Pos())
	}
	if c.Limit = len(c.Frame); c.Pos() < c.Limit {
		c.AddBytes(&field.Undecoded, c.Limit-c.Pos())
	}
}

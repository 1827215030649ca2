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
	c    field.Context
	open [maxLayers]region
}

// A region is a layer and where the bytes end that the layer around it gave.
type region struct {
	layout *field.Layout
	end    int
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
		d.open[depth] = region{l, outer}
		depth++
		l = d.next(l)
	}
	d.finish(depth)
	return c.Spans
}

// next returns the layout of the payload, or nil when there is none or nobody knows it. A
// payload without layout is added as data.
func (d *Decoder) next(l *field.Layout) *field.Layout {
	c := &d.c
	n := len(c.Rest())
	if n == 0 && c.Missing() == 0 {
		return nil
	}
	if l.Next != nil {
		if inner := lookup(l.Next(c)); inner != nil && n > 0 {
			return inner
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
		spec := d.open[depth].layout.Trailer
		if spec == nil && depth > 0 {
			spec = d.open[depth-1].layout.Trailer
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

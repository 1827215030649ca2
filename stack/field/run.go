package field

import "slices"

// A Run is fields that follow each other, made ready to be appended in one go: most of a frame's
// fields are the heads of headers and records, always the same.
type Run struct {
	spans []Span // Bit and Depth count from where the run is appended
	grow  []int  // which of them get longer with what AddRun is told
	bits  int
}

// NewRun returns a run of fields with their parts. Fields without a width are the last one, whose
// length AddRun is told.
func NewRun(specs ...*Spec) *Run {
	r := new(Run)
	for _, s := range specs {
		r.add(s, 0)
	}
	return r
}

// NewOptionRun returns a run of a group that begins with the fields head and ends with a value,
// which is in the group value: what an option is made of. With value nil it is in the first group.
func NewOptionRun(group *Spec, head []*Spec, value, field *Spec) *Run {
	r := &Run{spans: []Span{{Spec: group}}, grow: []int{0}}
	for _, s := range head {
		r.add(s, 1)
	}
	depth := uint8(1)
	if value != nil {
		r.grow = append(r.grow, len(r.spans))
		r.spans = append(r.spans, Span{Spec: value, Bit: int32(r.bits), Depth: depth})
		depth++
	}
	r.grow = append(r.grow, len(r.spans))
	r.spans = append(r.spans, Span{Spec: field, Bit: int32(r.bits), Depth: depth})
	r.spans[0].Len = int32(r.bits)
	return r
}

func (r *Run) add(s *Spec, depth uint8) {
	if s.Bits == 0 {
		r.grow = append(r.grow, len(r.spans))
	}
	r.spans = append(r.spans, Span{Spec: s, Bit: int32(r.bits), Len: int32(s.Bits), Depth: depth})
	for k := range s.Sub {
		r.add(&s.Sub[k], depth+1)
	}
	if s.Sub == nil {
		r.bits += s.Bits
	}
}

// AddRun appends a run whose last field has n bytes more than its width. It returns the index of the
// first span, or -1 and appends nothing when the bytes are not all there: then the fields have to be
// added one by one, so that the one that is cut is marked.
func (c *Context) AddRun(r *Run, n int) int {
	i := len(c.Spans)
	if c.cut || c.bit+r.bits+8*n > c.Limit<<3 || i >= MaxSpans {
		return -1
	}
	if cap(c.Spans)-i < len(r.spans) {
		c.Spans = slices.Grow(c.Spans, len(r.spans))
	}
	c.Spans = c.Spans[:i+len(r.spans)]
	bit, depth := int32(c.bit), c.depth
	added := c.Spans[i:]
	for k := range r.spans {
		s, to := &r.spans[k], &added[k]
		to.Spec, to.Err, to.Want = s.Spec, nil, 0
		to.Bit, to.Len, to.Depth = s.Bit+bit, s.Len, s.Depth+depth
	}
	c.bit += r.bits + 8*n
	if n > 0 {
		for _, k := range r.grow {
			added[k].Len += int32(8 * n)
		}
	}
	return i
}

// Inside makes what is added next lie below the group that a run began with, until Close.
func (c *Context) Inside() { c.depth++ }

// Compile makes a layout's head ready to be appended in one go. It is called once, before the layout
// is used by several goroutines; without it Begin appends field by field.
func (l *Layout) Compile() {
	l.Spec.Short = l.Title
	r := &Run{spans: []Span{{Spec: &l.Spec}}}
	for k := range l.Head {
		r.add(&l.Head[k], 1)
	}
	l.run = r
}

package field

// A Reader appends fields inside regions: parts of a message whose end a length of the message
// itself says, as options and records have them. Such an end may lie, or lie behind what was
// captured. No field reaches past its region; the one that would is shown as far as it goes and
// marked, and what follows the region is still decoded.
//
// All ends are bytes of the frame, as Context.Pos is. A Reader lives on the stack of one Tail.
type Reader struct {
	*Context

	// Lacking marks the field at which the captured bytes end though its region goes on.
	Lacking *Fault

	stopped bool
}

// Endless is an end that nothing reaches.
const Endless = 1 << 30

// NewReader returns a Reader for the current layer and the end of its message on the wire, which
// may lie behind Limit. Of a quotation nobody knows the end: it is Endless.
func NewReader(c *Context) (Reader, int) {
	if c.Quoted {
		return Reader{Context: c, Lacking: Snapped}, Endless
	}
	return Reader{Context: c, Lacking: c.CutFault()}, c.Limit + c.Missing()
}

// Stopped tells whether the captured bytes ended inside a field: there is nothing more to add.
func (r *Reader) Stopped() bool { return r.stopped }

// Have returns how many captured bytes there are until end.
func (r *Reader) Have(end int) int { return max(min(end, r.Limit)-r.Pos(), 0) }

// More tells whether there are captured bytes until end: the condition of a loop over a list.
func (r *Reader) More(end int) bool { return !r.stopped && r.Pos() < min(end, r.Limit) }

// Field appends the field s of n bits, which has to lie before end, and returns its index. It
// tells whether the whole field is there. One that its region cuts is marked with Truncated, one
// that the capture cuts with Lacking.
func (r *Reader) Field(s *Spec, n, end int) (i int, ok bool) {
	if r.stopped {
		return -1, false
	}
	room := 8*end - r.bit
	if n <= room && n <= 8*r.Limit-r.bit {
		return r.Add(s, n), true
	}
	f := Truncated
	if n <= room || end > r.Limit {
		f, r.stopped = r.Lacking, true
	}
	i = len(r.Spans)
	size := min(max(min(room, 8*r.Limit-r.bit), 0), n)
	r.Spans = append(r.Spans, Span{Spec: s, Err: f, Bit: int32(r.bit), Len: int32(size), Depth: r.depth})
	r.bit += size
	return i, false
}

// Bytes appends the field s of n bytes as Field does. One of no bytes is not shown.
func (r *Reader) Bytes(s *Spec, n, end int) bool {
	if n == 0 {
		return !r.stopped
	}
	_, ok := r.Field(s, 8*n, end)
	return ok
}

// Number appends a numeric field of s.Bits bits and returns its value.
func (r *Reader) Number(s *Spec, end int) (v uint64, ok bool) {
	i, ok := r.Field(s, s.Bits, end)
	if !ok {
		return 0, false
	}
	return Extract(r.Frame, int(r.Spans[i].Bit), s.Bits), true
}

// Length appends the field s, which says how many bytes the region behind it has, and returns
// where that region ends. A length that reaches past end is marked with Overrun, and the region
// then ends there.
func (r *Reader) Length(s *Spec, end int) (inner int, ok bool) {
	i, ok := r.Field(s, s.Bits, end)
	if !ok {
		return r.Pos(), false
	}
	return r.Region(i, Extract(r.Frame, int(r.Spans[i].Bit), s.Bits), end), true
}

// Region returns where a region of n bytes from Pos ends of which span i says the length. One that
// reaches past end is cut to it, and span i is marked.
func (r *Reader) Region(i int, n uint64, end int) int {
	if n > uint64(max(end-r.Pos(), 0)) {
		r.Fault(i, Overrun, 0)
		return max(end, r.Pos())
	}
	return r.Pos() + int(n)
}

// Rest appends what is left until end as the field s, unless that is nothing.
func (r *Reader) Rest(s *Spec, end int) bool {
	if r.stopped || end <= r.Pos() {
		return !r.stopped
	}
	if end > r.Limit && r.Pos() >= r.Limit {
		_, ok := r.Field(s, 8, end) // which marks it
		return ok
	}
	_, ok := r.Field(s, 8*(end-r.Pos()), end)
	return ok
}

// Finish appends what is left until end as Undecoded, marked with f: a region has to be used up.
func (r *Reader) Finish(end int, f *Fault) {
	if n := r.Have(end); n > 0 {
		i := r.AddBytes(&Undecoded, n)
		if f != nil {
			r.Fault(i, f, 0)
		}
	}
}

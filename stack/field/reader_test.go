package field

import "testing"

var (
	readLength = Spec{Name: "t.len", Label: "Length", Bits: 8, Kind: Uint}
	readBytes  = Spec{Name: "t.bytes", Label: "Bytes", Kind: Bytes}
	readWord   = Spec{Name: "t.word", Label: "Word", Bits: 16, Kind: Hex}
	readLayout = Layout{Spec: Spec{Name: "t", Label: "Test", Kind: Layer}, Title: "Test"}
)

// TestReader: a field ends in its region, and what cuts it is named.
func TestReader(t *testing.T) {
	for _, c := range []struct {
		name      string
		b         []byte
		wire      int
		quoted    bool
		len, word *Fault // of the length, and of the word in the region
		bits      int32  // of the word
		rest      int32  // bits that are undecoded behind it
	}{
		{"a word that fits", []byte{2, 1, 2}, 3, false, nil, nil, 16, 0},
		{"with bytes behind it", []byte{3, 1, 2, 9}, 4, false, nil, nil, 16, 8},
		{"with bytes behind the region", []byte{2, 1, 2, 9}, 4, false, nil, nil, 16, 0},
		{"a region too small", []byte{1, 1, 2}, 3, false, nil, Truncated, 8, 0},
		{"a region of nothing", []byte{0, 1, 2}, 3, false, nil, Truncated, 0, 0},
		{"a length that lies", []byte{9, 1, 2}, 3, false, Overrun, nil, 16, 0},
		{"a length that lies, and too little", []byte{9, 1}, 2, false, Overrun, Truncated, 8, 0},
		{"a snapped word", []byte{2, 1}, 3, false, nil, Snapped, 8, 0},
		{"a snapped word, none of it there", []byte{2}, 3, false, nil, Snapped, 0, 0},
		{"a length that lies even on the wire", []byte{9, 1}, 3, false, Overrun, Snapped, 8, 0},
		{"a quotation", []byte{9, 1}, 2, true, nil, Snapped, 8, 0},
	} {
		var ctx Context
		ctx.Reset(c.b, c.wire)
		ctx.Quoted = c.quoted
		ctx.Begin(&readLayout)
		r, end := NewReader(&ctx)
		inner, ok := r.Length(&readLength, end)
		if !ok {
			t.Fatalf("%s: no length", c.name)
		}
		i, ok := r.Field(&readWord, 16, inner)
		if ok != (c.word == nil) || ctx.Spans[i].Err != c.word || ctx.Spans[i].Len != c.bits || ctx.Spans[1].Err != c.len {
			t.Errorf("%s: %v, spans %+v", c.name, ok, ctx.Spans)
		}
		if r.Stopped() != (c.word == Snapped) || r.Stopped() && r.More(Endless) {
			t.Errorf("%s: stopped %v", c.name, r.Stopped())
		}
		r.Finish(inner, nil)
		rest := int32(0)
		if last := ctx.Spans[len(ctx.Spans)-1]; last.Spec == &Undecoded {
			rest = last.Len
		}
		if rest != c.rest {
			t.Errorf("%s: %d bits are undecoded, want %d", c.name, rest, c.rest)
		}
		if n := len(ctx.Spans); r.Stopped() {
			r.Bytes(&readBytes, 1, Endless)
			r.Rest(&readBytes, Endless)
			if _, ok := r.Number(&readWord, Endless); ok || len(ctx.Spans) != n {
				t.Errorf("%s: fields behind the end of what was captured", c.name)
			}
		}
	}
}

// TestReaderRest: what is left is one field, or none.
func TestReaderRest(t *testing.T) {
	for _, c := range []struct {
		b    []byte
		wire int
		n    int
		err  *Fault
	}{
		{[]byte{0}, 1, 0, nil},
		{[]byte{2, 1, 2}, 3, 16, nil},
		{[]byte{2, 1}, 3, 8, Snapped},
		{[]byte{2}, 3, 0, Snapped},
	} {
		var ctx Context
		ctx.Reset(c.b, c.wire)
		ctx.Begin(&readLayout)
		r, end := NewReader(&ctx)
		inner, _ := r.Length(&readLength, end)
		ok := r.Rest(&readBytes, inner)
		var got int
		var err *Fault
		if last := ctx.Spans[len(ctx.Spans)-1]; last.Spec == &readBytes {
			got, err = int(last.Len), last.Err
		}
		if got != c.n || err != c.err || ok != (c.err == nil) {
			t.Errorf("% x of %d: %d bits, %v, %v", c.b, c.wire, got, err, ok)
		}
	}
}

// Package fieldtest checks what every layout and every decoding must hold.
package fieldtest

import (
	"fmt"
	"testing"

	"httptap/stack/field"
)

// CheckLayout fails the test when a layout's tables are not well formed: a name or label
// missing, a width that does not fit its kind, parts that do not tile their field.
func CheckLayout(t *testing.T, l *field.Layout) {
	t.Helper()
	if l.Spec.Kind != field.Layer || l.Spec.Name == "" || l.Spec.Label == "" || l.Title == "" {
		t.Errorf("layout %q: needs Kind Layer, a Name, a Label and a Title", l.Spec.Name)
	}
	bits := 0
	for i := range l.Head {
		CheckSpec(t, &l.Head[i])
		if l.Head[i].Bits == 0 {
			t.Errorf("%s: a Head field needs a width", l.Head[i].Name)
		}
		bits += l.Head[i].Bits
	}
	if bits%8 != 0 {
		t.Errorf("layout %s: Head has %d bits, not whole bytes", l.Spec.Name, bits)
	}
	if l.Trailer != nil {
		CheckSpec(t, l.Trailer)
	}
}

// CheckSpec fails the test when a Spec is not well formed.
func CheckSpec(t *testing.T, s *field.Spec) {
	t.Helper()
	if s.Name == "" || s.Label == "" {
		t.Errorf("spec %q %q: needs a Name and a Label", s.Name, s.Label)
	}
	widths := map[field.Kind]int{field.MAC: 48, field.IPv4: 32, field.IPv6: 128, field.NTPTime: 64, field.NTPShort: 32, field.Flag: 1}
	if w, ok := widths[s.Kind]; ok && s.Bits != w && s.Bits != 0 {
		t.Errorf("%s: %d bits, its kind has %d", s.Name, s.Bits, w)
	}
	if s.Kind <= field.Flag && s.Kind >= field.Uint && s.Bits > 64 {
		t.Errorf("%s: a number of %d bits", s.Name, s.Bits)
	}
	if (s.Kind == field.Custom) != (s.Format != nil) {
		t.Errorf("%s: Format goes with Kind Custom, and with it only", s.Name)
	}
	sum := 0
	for i := range s.Sub {
		CheckSpec(t, &s.Sub[i])
		sum += s.Sub[i].Bits
	}
	if s.Sub != nil && sum != s.Bits {
		t.Errorf("%s: its parts have %d bits, it has %d", s.Name, sum, s.Bits)
	}
}

// Tiles returns an error when the leaf spans do not tile frame exactly and in order, or
// when a group does not cover its children.
func Tiles(frame []byte, spans []field.Span) error {
	bit := 0
	var open []field.Span
	for i, s := range spans {
		for len(open) > 0 && open[len(open)-1].Depth >= s.Depth {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			p := open[len(open)-1]
			if s.Bit < p.Bit || s.End() > p.End() {
				return fmt.Errorf("span %d %s [%d,%d) lies outside its group %s [%d,%d)", i, s.Spec.Name, s.Bit, s.End(), p.Spec.Name, p.Bit, p.End())
			}
		}
		if int(s.Depth) > len(open) {
			return fmt.Errorf("span %d %s has depth %d under %d groups", i, s.Spec.Name, s.Depth, len(open))
		}
		open = append(open, s)
		if s.Len < 0 {
			return fmt.Errorf("span %d %s has length %d", i, s.Spec.Name, s.Len)
		}
		if !field.IsLeaf(spans, i) {
			continue
		}
		if int(s.Bit) != bit {
			return fmt.Errorf("leaf %d %s begins at bit %d, the one before ended at %d", i, s.Spec.Name, s.Bit, bit)
		}
		bit = s.End()
	}
	if bit != 8*len(frame) {
		return fmt.Errorf("the leaves end at bit %d of %d", bit, 8*len(frame))
	}
	return nil
}

// Decode runs one layout over b alone, as the decoder would: Head, Tail, Check, and the
// payload as Data. It returns the context for inspection and fails the test when the spans
// do not tile b. before, when not nil, sets facts of the layers below.
func Decode(t testing.TB, l *field.Layout, b []byte, before func(*field.Context)) *field.Context {
	t.Helper()
	c := new(field.Context)
	c.Reset(b, len(b))
	if before != nil {
		before(c)
	}
	root := c.Begin(l)
	if l.Tail != nil && !c.Cut() {
		l.Tail(c)
	}
	c.Close(root)
	if l.Check != nil && !c.Cut() {
		l.Check(c)
	}
	quoted := c.Quoted
	if l.Next != nil && !c.Cut() {
		l.Next(c)
	}
	if n := len(c.Rest()); n > 0 {
		c.Resume()
		c.AddBytes(&field.Data, n)
	}
	c.Limit = len(b)
	if l.Rear != nil && len(c.Rest()) > 0 {
		c.Resume()
		c.Quoted = quoted
		l.Rear(c)
	}
	if n := len(c.Rest()); n > 0 {
		c.Resume()
		c.AddBytes(&field.Undecoded, n)
	}
	if err := Tiles(b, c.Spans); err != nil {
		t.Fatalf("%s: %v", l.Spec.Name, err)
	}
	return c
}

// Text returns the value of the first span of the field called name as people read it, and
// "absent" when there is none.
func Text(c *field.Context, name string) string {
	layer := 0
	for _, s := range c.Spans {
		if s.Spec.Kind == field.Layer {
			layer = int(s.Bit / 8)
		}
		if s.Spec.Name == name {
			return string(s.AppendText(nil, c.Frame, layer))
		}
	}
	return "absent"
}

// Err returns the fault of the first span of the field called name, or nil.
func Err(c *field.Context, name string) *field.Fault {
	for _, s := range c.Spans {
		if s.Spec.Name == name {
			return s.Err
		}
	}
	return nil
}

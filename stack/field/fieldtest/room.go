package fieldtest

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"httptap/stack/field"
)

// Hex returns the bytes that hexadecimal digits say. White space between them is left out.
func Hex(digits string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// A Case is a message, a field of it, and what the field has to say: its value as people read it,
// "absent" when it is not to be there, and the name of its fault, "" for none.
type Case struct {
	Name  string
	Bytes []byte
	Field string
	Want  string // not looked at when empty
	Fault string
}

// Run decodes each case with the layout alone; before sets facts of the layers below.
func Run(t *testing.T, l *field.Layout, before func(*field.Context), cases []Case) {
	t.Helper()
	for _, k := range cases {
		c := Decode(t, l, k.Bytes, before)
		if got := Text(c, k.Field); k.Want != "" && got != k.Want {
			t.Errorf("%s: %s is %s, want %s", k.Name, k.Field, got, k.Want)
		}
		fault := ""
		for _, s := range c.Spans {
			if s.Spec.Name == k.Field && s.Err != nil {
				fault = s.Err.Name
				break
			}
		}
		if fault != k.Fault {
			t.Errorf("%s: the fault of %s is %q, want %q", k.Name, k.Field, fault, k.Fault)
		}
	}
}

// CheckRoom holds a layout to what every one promises: its tables are well formed, each beginning
// of each sample is explained without a gap, with fields that its Head and More name and with few
// spans a byte, and decoding allocates nothing.
func CheckRoom(t *testing.T, l *field.Layout, before func(*field.Context), samples ...[]byte) {
	t.Helper()
	CheckLayout(t, l)
	known := knownSpecs(l)
	for s := range known {
		CheckSpec(t, s)
	}
	for _, b := range samples {
		for n := range len(b) + 1 {
			check(t, l, known, b[:n], before)
		}
	}
	var c field.Context
	for _, b := range samples {
		if n := testing.AllocsPerRun(20, func() {
			c.Reset(b, len(b))
			if before != nil {
				before(&c)
			}
			run(&c, l)
		}); n != 0 {
			t.Errorf("%s: %v allocations for % x", l.Spec.Name, n, b)
		}
	}
}

// FuzzLayout fuzzes a layout: whatever the bytes are, they are explained without a gap, with
// known fields and few spans a byte, and every value prints.
func FuzzLayout(f *testing.F, l *field.Layout, before func(*field.Context), samples ...[]byte) {
	for _, b := range samples {
		f.Add(b)
	}
	known := knownSpecs(l)
	f.Fuzz(func(t *testing.T, b []byte) { check(t, l, known, b, before) })
}

// knownSpecs returns what a layout can add to a frame.
func knownSpecs(l *field.Layout) map[*field.Spec]bool {
	known := map[*field.Spec]bool{}
	var add func(s *field.Spec)
	add = func(s *field.Spec) {
		known[s] = true
		for i := range s.Sub {
			add(&s.Sub[i])
		}
	}
	for _, s := range append(append(field.Pointers(l.Head), &l.Spec), &field.Data, &field.Undecoded) {
		add(s)
	}
	if l.More != nil {
		for _, s := range l.More() {
			add(s)
		}
	}
	if l.Trailer != nil {
		add(l.Trailer)
	}
	return known
}

// check decodes b. A byte can be in several bits' fields, each below a few groups: more than that
// many spans would be a walk that stands still.
func check(t *testing.T, l *field.Layout, known map[*field.Spec]bool, b []byte, before func(*field.Context)) {
	t.Helper()
	c := Decode(t, l, b, before)
	if n := len(c.Spans); n > 80+12*len(b) {
		t.Errorf("%s: %d spans for %d bytes", l.Spec.Name, n, len(b))
	}
	var text []byte
	for _, s := range c.Spans {
		if !known[s.Spec] {
			t.Errorf("%s: %s is neither in its Head nor in its More", l.Spec.Name, s.Spec.Name)
		}
		text = s.AppendText(text[:0], b, 0)
		for _, v := range text {
			if v < ' ' || v == 0x7f {
				t.Errorf("%s: a control character in %q", s.Spec.Name, text)
			}
		}
	}
}

// run is the decoder's work on one layer.
func run(c *field.Context, l *field.Layout) {
	root := c.Begin(l)
	if l.Tail != nil && !c.Cut() {
		l.Tail(c)
	}
	c.Close(root)
	if l.Check != nil && !c.Cut() {
		l.Check(c)
	}
	if l.Next != nil && !c.Cut() {
		l.Next(c)
	}
}

// AgreeTshark fails the test where tshark and decode differ about a field of whole Ethernet
// frames: it is there for one of them only, or at another place. Only names with one of the
// prefixes are compared, and not those in except, each of which needs its reason where it stands.
func AgreeTshark(t *testing.T, decode func(frame []byte) []field.Span, prefixes []string, except []string, frames ...[]byte) {
	t.Helper()
	names := TsharkNames(t)
	skip := func(name string) bool {
		return names[name] == "" || slices.Contains(except, name) ||
			!slices.ContainsFunc(prefixes, func(p string) bool { return name == p || strings.HasPrefix(name, p+".") })
	}
	compared := 0
	for i, found := range Tshark(t, LinkEthernet, frames...) {
		spans := decode(frames[i])
		for _, f := range found {
			if f.Len == 0 || skip(f.Name) {
				continue
			}
			compared++
			if !slices.ContainsFunc(spans, func(s field.Span) bool { return samePlace(f, s) }) {
				t.Errorf("frame %d: tshark finds %s at bit %d, %d long; the spans do not", i, f.Name, f.Bit, f.Len)
			}
		}
		for _, s := range spans {
			if s.Len == 0 || skip(s.Spec.Name) || s.Spec.Kind == field.Layer {
				continue
			}
			if !slices.ContainsFunc(found, func(f TsharkField) bool { return samePlace(f, s) }) {
				t.Errorf("frame %d: the spans have %s at bit %d, %d long; tshark does not find it", i, s.Spec.Name, s.Bit, s.Len)
			}
		}
	}
	if compared < 4*len(frames) {
		t.Errorf("only %d fields were compared", compared)
	}
}

// samePlace tells whether tshark and a span name the same bits. Of a layer the beginning counts.
func samePlace(f TsharkField, s field.Span) bool {
	bit, end := int(s.Bit), s.End()
	return s.Spec.Name == f.Name && (bit == f.Bit && end == f.Bit+f.Len ||
		s.Spec.Kind == field.Layer && bit == f.Bit ||
		f.Loose && bit&^7 == f.Bit && (end+7)&^7 == f.Bit+f.Len)
}

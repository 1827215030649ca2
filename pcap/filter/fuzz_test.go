package filter

import (
	"errors"
	"testing"

	"httptap/pcap"
)

// Any text compiles or is refused with a place inside it; what compiles prints as a filter that
// compiles to the same.
func FuzzCompile(f *testing.F) {
	for _, text := range append(oracleFilters, hot...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := Compile(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || filter != nil {
				t.Fatalf("%q: %v, %v", text, filter, err)
			}
			checkPlace(t, e)
			e.Caret()
			return
		}
		again, err := Compile(filter.String())
		if err != nil {
			t.Fatalf("%q prints as %q: %v", text, filter, err)
		}
		if again.String() != filter.String() || len(again.tests) != len(filter.tests) || len(again.operands) != len(filter.operands) {
			t.Fatalf("%q prints as %q, which prints as %q", text, filter, again)
		}
	})
}

// Any filter gives an answer for any frame, the same twice and the same as its printed form, and
// the opposite when it is negated.
func FuzzMatch(f *testing.F) {
	for i, c := range made(f) {
		f.Add(oracleFilters[7*i%len(oracleFilters)], c.data, 0)
		f.Add(hot[i%len(hot)], c.data, 100)
	}
	f.Fuzz(func(t *testing.T, text string, frame []byte, missing int) {
		filter, err := Compile(text)
		if err != nil || len(frame) > 1<<16 || filter.root < 0 {
			return
		}
		again, err := Compile(filter.String())
		if err != nil {
			t.Fatal(err)
		}
		not, err := Compile("not (" + filter.String() + ")")
		if err != nil {
			t.Fatal(err)
		}
		var d pcap.Decoder
		wire := len(frame) + max(missing, 0)%1500
		p := Packet{Frame: frame, Wire: wire, Spans: d.Decode(frame, wire), Number: 1, Comments: []string{text}}
		for _, s := range p.Spans {
			if catalogue()[s.Spec.Name] == nil {
				t.Fatalf("%s can't be asked for", s.Spec.Name)
			}
		}
		got := filter.Match(&p)
		if filter.Match(&p) != got || again.Match(&p) != got || not.Match(&p) == got {
			t.Fatalf("%q: %v, then %v, printed %v, negated %v", text, got, filter.Match(&p), again.Match(&p), not.Match(&p))
		}
	})
}

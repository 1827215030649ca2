package filter

import (
	"errors"
	"strings"
	"testing"
	"time"

	"httptap/pcap"
)

func TestAppendValues(t *testing.T) {
	frame := made(t)[0].data
	var d pcap.Decoder
	p := Packet{Frame: frame, Wire: len(frame) + 7, Spans: d.Decode(frame, len(frame)), Number: 5, Time: time.Unix(1770091506, 1),
		Relative: 1500 * time.Millisecond, Interface: "tap\x1b0", Comments: []string{"one", "two"}}
	for _, c := range []struct {
		name  string
		which Which
		want  string
	}{
		{"frame.number", AllValues, "5"},
		{"frame.time_epoch", AllValues, "1770091506.000000001"},
		{"frame.time_relative", AllValues, "1.500000000"},
		{"frame.time", AllValues, "2026-02-03T04:05:06.000000001Z"},
		{"frame.interface_name", AllValues, `tap\x1b0`},
		{"frame.comment", AllValues, "one|two"},
		{"frame.comment", FirstValue, "one"},
		{"frame.comment", LastValue, "two"},
		{"eth", AllValues, "Ethernet II"},
	} {
		f, err := NewField(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(p.AppendValues([]byte("x"), f, "|", c.which)); got != "x"+c.want {
			t.Errorf("%s is %q, want %q", c.name, got, c.want)
		}
	}
	for _, name := range []string{"", "tcp.prot", "tcp.port == 80", "not tcp", "tcp.port + 1", "len(http.host)"} {
		var e *Error
		if f, err := NewField(name); !errors.As(err, &e) {
			t.Errorf("%q is a field: %v %v", name, f, err)
		}
	}
}

// TestEveryFieldPrints: each value that a frame has, of each field, has a text without control characters, and
// that takes no memory.
func TestEveryFieldPrints(t *testing.T) {
	var fields []*Field
	for _, info := range Fields() {
		if info.Fact {
			continue // of a session, not of a frame
		}
		f, err := NewField(info.Name)
		if err != nil {
			t.Fatalf("%s: %v", info.Name, err)
		}
		fields = append(fields, f)
	}
	var d pcap.Decoder
	p := Packet{}
	var buf []byte
	printed := map[string]bool{}
	for _, c := range made(t) {
		p.Frame, p.Spans = c.data, d.Decode(c.data, len(c.data))
		for _, f := range fields {
			buf = p.AppendValues(buf[:0], f, ",", AllValues)
			if strings.ContainsAny(string(buf), "\n\t\x1b") {
				t.Errorf("%s is %q", f, buf)
			}
			if len(buf) > 0 {
				printed[f.String()] = true
			}
		}
	}
	if len(printed) < 100 {
		t.Errorf("only %d fields had a value", len(printed))
	}
	all := func() {
		for _, f := range fields {
			buf = p.AppendValues(buf[:0], f, ",", AllValues)
		}
	}
	all()
	if n := testing.AllocsPerRun(20, all); n != 0 {
		t.Errorf("%v allocations for all fields of a frame", n)
	}
}

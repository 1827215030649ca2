package filter

import (
	"math"
	"strings"
	"testing"

	"httptap/pcap"
	"httptap/pcap/fact"
)

var factCases = []struct {
	filter string
	want   bool
}{
	{"tcp.stream", true},
	{"tcp.stream == 0", false},
	{"tcp.stream in {2, 3}", true},
	{"tcp.analysis.retransmission", true},
	{"tcp.analysis.lost_segment", false},
	{"not tcp.analysis.lost_segment and tcp", true},
	{"dns.time > 0.1", true},
	{"dns.time > 0.2", false},
	{"dns.time", true},
	{"icmp.resptime >= 1.5", true},
	{"tcp.window_size_scalefactor == -2", true},
	{"tcp.segment == 4", true},
	{"tcp.segment == 5 and count(tcp.segment) == 3", true},
	{"all tcp.segment > 4", false},
	{"max(tcp.segment) == 9", true},
	{"tcp.stream + 1 == 3", true},
	{"tcp.reassembled.data contains \"GET\"", true},
	{"tcp.reassembled.data[0:3] == 47:45:54", true},
	{"tcp.len == 0", true}, // computed from the span, as without a session
	{"tcp.stream < tcp.srcport", true},
}

func TestFacts(t *testing.T) {
	frames := made(t)
	var d pcap.Decoder
	i := 0
	for !strings.HasSuffix(layersOf(d.Decode(frames[i].data, frames[i].wire)), "tcp") {
		i++
	}
	p := packet(&d, frames[i], i)
	p.Facts = []fact.Fact{
		{Spec: &fact.TCPStream, N: 2}, {Spec: &fact.Retransmission}, {Spec: &fact.DNS.Time, N: 150_000_000},
		{Spec: &fact.ICMP.Time, N: math.Float64bits(1.5)}, {Spec: &fact.TCPWindowScale, N: ^uint64(1)},
		{Spec: &fact.TCP.Piece, N: 4}, {Spec: &fact.TCP.Piece, N: 5}, {Spec: &fact.TCP.Piece, N: 9},
		{Spec: &fact.TCP.Data, B: []byte("GET / HTTP/1.1")},
	}
	for _, c := range factCases {
		f, err := CompileFacts(c.filter)
		if err != nil {
			t.Errorf("%s: %v", c.filter, err)
			continue
		}
		if got := f.Match(p); got != c.want {
			t.Errorf("%s: %v, want %v", c.filter, got, c.want)
		}
		again, err := CompileFacts(f.String())
		if err != nil || again.Match(p) != c.want {
			t.Errorf("%s: its spelling %s: %v", c.filter, f, err)
		}
		if n := testing.AllocsPerRun(20, func() { f.Match(p) }); n != 0 && !raceDetector {
			t.Errorf("%s: %v allocations", c.filter, n)
		}
	}
}

func TestFactErrors(t *testing.T) {
	for filter, want := range map[string]string{
		"tcp.stream#1 == 0":          "is found by comparing frames; #",
		"@tcp.stream == 00":          "is computed and has no bytes in the frame",
		"tcp.analysis.retransmision": "did you mean tcp.analysis.retransmission?",
		"tcp.analysis.flags == 1":    "",
		"dns.time == 1.2.3.4":        "",
	} {
		if _, err := CompileFacts(filter); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", filter, err, want)
		}
		if _, err := Compile(filter); err == nil {
			t.Errorf("%s: taken without facts", filter)
		}
	}
	for _, s := range fact.Specs() {
		if _, err := CompileFacts(s.Name); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		if catalogue()[s.Name].fact == nil {
			continue
		}
		if _, err := Compile(s.Name); err == nil {
			t.Errorf("%s: taken without facts", s.Name)
		}
	}
}

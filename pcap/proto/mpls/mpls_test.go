package mpls_test

import (
	"bytes"
	"strings"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/mpls"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

var (
	hex   = fieldtest.Hex
	label = hex("00012b40")
	v4    = hex("45000014 00000000 40fd0000 c0000201 c0000202")
	v6    = hex("6000000000003b40 00000000000000000000000000000000 00000000000000000000000000000000")
	word  = hex("00000000 020000000001 020000000002 0800")
)

func frame(parts ...[]byte) []byte {
	return append(hex("020000000001 020000000002 8847"), bytes.Join(parts, nil)...)
}

func TestFields(t *testing.T) {
	fieldtest.Run(t, &mpls.Layout, nil, []fieldtest.Case{
		{Name: "the label has 20 bits", Bytes: label, Field: "mpls.label", Want: "18"},
		{Name: "the class", Bytes: label, Field: "mpls.exp", Want: "5"},
		{Name: "the last", Bytes: label, Field: "mpls.bottom", Want: "1"},
		{Name: "a label with a meaning", Bytes: hex("00002140"), Field: "mpls.label", Want: "IPv6 Explicit-Null (2)"},
		{Name: "cut", Bytes: label[:3], Field: "mpls.ttl", Fault: "malformed.truncated"},
	})
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &mpls.Layout, nil, label, append(label, v4...)) }

// TestStack: what lies below the labels is found by its first bits; a stack without end is data.
func TestStack(t *testing.T) {
	long := hex(strings.Repeat("00012040", 30))
	var d pcap.Decoder
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"IPv4 below one label", "eth:mpls:ip:eth.padding", frame(label, v4, make([]byte, 8))},
		{"IPv6 below two labels", "eth:mpls:mpls:ipv6", frame(hex("00012040"), label, v6)},
		{"a control word", "eth:mpls:data", frame(label, word)},
		{"nothing", "eth:mpls", frame(label)},
		{"a stack without end", "eth" + strings.Repeat(":mpls", 15) + ":data", frame(long)},
	} {
		var names []string
		spans := d.Decode(c.b, len(c.b))
		for _, s := range spans {
			if s.Depth == 0 {
				names = append(names, s.Spec.Name)
			}
		}
		if got := strings.Join(names, ":"); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if err := fieldtest.Tiles(c.b, spans); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if len(c.b) > 100 && spans[len(spans)-1].Err != field.TooDeep {
			t.Errorf("%s: it is not said that this is too deep", c.name)
		}
	}
}

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"mpls"}, nil,
		frame(label, v4), frame(hex("00012040"), label, v6))
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &mpls.Layout, nil, label) }

package pcap

import (
	"strings"
	"testing"

	"github.com/google/gopacket/layers"

	"httptap/pcap/gopackets"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

func init() { gopackets.Each(UseFallback) }

// What has no room is explained by gopacket and says so; what nobody knows is data.
func TestFallback(t *testing.T) {
	sctp := hexBytes(t, "0007 0050 00000001 00000000 01000014 00000001 00001000 000a 0005 00000001")
	for _, c := range []struct {
		name, layer, text string
		frame             []byte
	}{
		{"SCTP", "sctp", "SrcPort=7", inIPv4(t, layers.IPProtocolSCTP, sctp)},
		{"half of it", "sctp", "", inIPv4(t, layers.IPProtocolSCTP, sctp[:5])},
		{"a protocol that nobody knows", "data", "", inIPv4(t, 253, sctp)},
	} {
		var p Printer
		line := string(p.AppendFrame(nil, "IN", c.frame))
		spans := p.d.Decode(c.frame, len(c.frame))
		if err := fieldtest.Tiles(c.frame, spans); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		found, text := "", ""
		for _, s := range spans {
			if s.Depth == 0 {
				found = s.Spec.Name
			}
			if s.Spec.Name == "gopacket" {
				text = string(s.AppendText(nil, c.frame, 34))
			}
		}
		if found != c.layer || !strings.Contains(text, c.text) {
			t.Errorf("%s: the last layer is %s, want %s; gopacket says %s, want %s", c.name, found, c.layer, text, c.text)
		}
		if marked := strings.Contains(line, "(by gopacket)"); marked != (c.layer != "data") {
			t.Errorf("%s: %s", c.name, line)
		}
	}
}

// A protocol that has a room is not gopacket's, and a fallback costs nothing to decode.
func TestFallbackComesLast(t *testing.T) {
	for l := range Layouts() {
		if IsFallback(l) && l.Spec.Name == "tcp" {
			t.Error("gopacket explains TCP")
		}
	}
	f := inIPv4(t, layers.IPProtocolSCTP, make([]byte, 40))
	var d Decoder
	if n := testing.AllocsPerRun(100, func() { d.Decode(f, len(f)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if l := find(field.Next{Table: field.IPProto, Key: 6}, nil); l == nil || IsFallback(l) {
		t.Error("TCP has no room")
	}
}

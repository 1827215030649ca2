package tcp

import (
	"fmt"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
	"httptap/stack/ipv4"
	"httptap/stack/sum"
)

// samples are options as they are on the wire, padded with NOPs: tshark takes what follows the
// end of the list for more ends.
var samples = [][]byte{
	{},
	{2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6},
	{1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 20, 0, 0, 0, 30},
	{28, 4, 0x80, 5},
	{34, 10, 1, 2, 3, 4, 5, 6, 7, 8},
	{19, 18, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{29, 6, 1, 2, 0xaa, 0xbb},
	{172, 11, 0, 0, 1, 0, 0, 2, 0, 0, 3},
	{174, 11, 0, 0, 1, 0, 0, 2, 0, 0, 3},
	{254, 5, 0x12, 0x34, 1},
	{99, 5, 0xaa, 0xbb, 0xcc},
	{6, 6, 1, 2, 3, 4},
	{7, 6, 1, 2, 3, 4},
	{11, 6, 1, 2, 3, 4},
	{12, 6, 1, 2, 3, 4},
	{13, 6, 1, 2, 3, 4},
}

func specs() []*field.Spec {
	return append(append(more(), &Layout.Spec), field.Pointers(head[:])...)
}

func TestNamesAreWiresharks(t *testing.T) {
	fieldtest.CheckNames(t, specs(), "tcp.options.padding", "tcp.options.rest", // Wireshark shows these bytes without a field
		"tcp.options.qs.reserved", "tcp.options.qs.nonce", "tcp.options.qs.unused", "tcp.options.mptcp.unused")
}

// derived are what tshark computes and shows beside the fields.
var derived = []string{
	"tcp.port",           // either port, again
	"tcp.seq", "tcp.ack", // relative to the first that was seen
	"tcp.window_size", "tcp.window_size_scalefactor", // after the handshake's scale
	"tcp.flags.str", "tcp.flags.ace", // several flags in one
	"tcp.options.wscale.multiplier",
	"tcp.options.sack.dsack_le", "tcp.options.sack.dsack_re", // the edges, again, where they are below the acknowledgment
	"tcp.payload", "tcp.segment_data", // not the header's
}

// tshark finds the same fields at the same places.
func TestAgainstTshark(t *testing.T) {
	src, dst := [4]byte{192, 0, 2, 1}, [4]byte{192, 0, 2, 2}
	var packets, segments [][]byte
	for _, o := range samples {
		for len(o)%4 != 0 {
			o = append(o[:len(o):len(o)], kindNop)
		}
		s := withOptions(o...)
		Put(s, Header{SrcPort: 50000, DstPort: 9999, Seq: 7, Ack: 9, Flags: ACK | PSH, Window: 1000}, len(s)-HeaderLen-4, sum.Pseudo4(src, dst, 6, len(s)))
		p := make([]byte, ipv4.HeaderLen, ipv4.HeaderLen+len(s))
		ipv4.Put(p, ipv4.Header{Src: src, Dst: dst, Protocol: 6, TTL: 64}, len(s))
		packets, segments = append(packets, append(p, s...)), append(segments, s)
	}
	compared := 0
	for i, found := range fieldtest.Tshark(t, fieldtest.LinkIPv4, packets...) {
		c := fieldtest.Decode(t, &Layout, segments[i], nil)
		ignore := derived
		if o := samples[i]; len(o) > 0 {
			switch o[0] { // tshark has a group for each of these, but shows them in their siblings'
			case 7:
				ignore = append(ignore, "tcp.options.echo")
			case 12, 13:
				ignore = append(ignore, "tcp.options.cc")
			}
		}
		compared += fieldtest.MatchTshark(t, fmt.Sprintf("options % x", samples[i]), "tcp.", found, c.Spans, ipv4.HeaderLen, ignore...)
	}
	if compared < 200 {
		t.Errorf("only %d fields were compared", compared)
	}
}

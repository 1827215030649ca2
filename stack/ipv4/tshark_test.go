package ipv4

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"httptap/stack/field/fieldtest"
)

func TestNamesAreWiresharks(t *testing.T) {
	fieldtest.CheckNames(t, specs(),
		"ip.options", "ip.options.unknown", "ip.opt.data", "ip.cipso.tag", "ip.cipso.tag_length", "ip.cipso.alignment") // Wireshark shows these without a name
}

// derived are what tshark computes and shows beside the fields.
var derived = []string{
	"ip.checksum.status", "ip.checksum_calculated", "ip.opt.qs_ttl_diff", // results of arithmetic
	"ip.addr", "ip.host", // either address, again
	"ip.src_host", "ip.dst_host", "ip.rec_rt_host", "ip.empty_rt_host", "ip.src_rt_host", "ip.cur_rt_host", // the names of addresses
	"ip.cur_rt", // the header's ip.dst, again, while a source route is under way
}

// tshark finds the same fields at the same places.
func TestAgainstTshark(t *testing.T) {
	names := []string{"a packet", "a fragment", "a later fragment"}
	packets := [][]byte{
		packet(Header{Protocol: 253, TTL: 64, TOS: 0xb9, ID: 1, DontFragment: true}, "payload"),
		packet(Header{Protocol: 253, TTL: 64, MoreFragments: true}, "12345678"),
		packet(Header{Protocol: 253, TTL: 64, FragmentOffset: 4096}, "12345678"),
	}
	for _, name := range slices.Sorted(maps.Keys(sampleOptions)) {
		names = append(names, name)
		packets = append(packets, withOptions(sampleOptions[name]...))
	}
	compared := 0
	for i, found := range fieldtest.Tshark(t, fieldtest.LinkIPv4, packets...) {
		c := fieldtest.Decode(t, &Layout, packets[i], nil)
		compared += fieldtest.MatchTshark(t, names[i], "ip.", found, c.Spans, 0, derived...)
	}
	if compared < 500 {
		t.Errorf("only %d fields were compared", compared)
	}
}

// gopacket reads what Put writes, and the other way round.
func TestAgainstGopacket(t *testing.T) {
	h := Header{Protocol: 17, TTL: 7, TOS: 0xb9, ID: 0x1234, MoreFragments: true, FragmentOffset: 1480}
	b := packet(h, "12345678")
	var l layers.IPv4
	if err := l.DecodeFromBytes(b, gopacket.NilDecodeFeedback); err != nil {
		t.Fatal(err)
	}
	if l.TTL != 7 || l.TOS != 0xb9 || l.Id != 0x1234 || l.Flags != layers.IPv4MoreFragments || l.FragOffset != 1480/8 ||
		l.Protocol != 17 || int(l.Length) != len(b) || !l.SrcIP.Equal(src[:]) || !l.DstIP.Equal(dst[:]) || string(l.Payload) != "12345678" {
		t.Errorf("gopacket reads %+v", l)
	}
	out := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(out, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, &l, gopacket.Payload("12345678")); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), b) {
		t.Errorf("gopacket writes % x, we % x", out.Bytes(), b)
	}
}

package ipv6_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"httptap/pcap"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

func frame(next byte, payload []byte) []byte {
	return append(hex("333300000001 020000000001 86dd"), packet(next, payload)...)
}

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var frames [][]byte
	for _, name := range slices.Sorted(maps.Keys(sampleOptions)) {
		next := byte(0)
		if o := sampleOptions[name]; o[0] == 0x04 || o[0] == 0xc9 || o[0] == 0x0f || o[0] == 0x8b || o[0] == 0x8c {
			next = 60
		}
		frames = append(frames, frame(next, extension(59, sampleOptions[name])))
	}
	for _, r := range [][]byte{source, home, rplRoute, segmentsMAC[:24], compact16, compact32, experiment} {
		frames = append(frames, frame(43, r))
	}
	frames = append(frames, frame(44, fragmentFirst), frame(44, fragmentLater), frame(51, authenticated),
		frame(0, append(extension(60, hex("05020000")), append(extension(43, hex("0104 00000000")), source...)...)))
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"ipv6", "ah"}, []string{
		"ipv6.addr", "ipv6.host", "ipv6.src_host", "ipv6.dst_host", "ipv6.src_slaac_mac", "ipv6.dst_slaac_mac", "ipv6.slaac_mac", // an address, again
		"ipv6.hopopts.len_oct", "ipv6.dstopts.len_oct", "ipv6.routing.len_oct", // a length, again
		"ipv6.opt.qs_ttl_diff", "ipv6.routing.rpl.full_address", "ipv6.routing.rpl.addr_count", "ipv6.routing.crh16.current_sid", "ipv6.routing.crh32.current_sid", // computed
		"ipv6.opt",             // that of Pad1 is two bytes long for tshark
		"ipv6.opt.pad1",        // the type, again
		"ipv6.opt.smf_dpd.hav", // with the bit before it
		"ipv6.opt.pmtu.rtn",    // with the bit behind it
	}, frames...)
}

// value returns the value of the first field of that name.
func value(d *pcap.Decoder, b []byte, name string) (text string, fault *field.Fault) {
	layer := 0
	for _, s := range d.Decode(b, len(b)) {
		if s.Spec.Kind == field.Layer {
			layer = int(s.Bit / 8)
		}
		if s.Spec.Name == name {
			return string(s.AppendText(nil, b, layer)), s.Err
		}
	}
	return "absent", nil
}

// TestChains: what only several headers together say.
func TestChains(t *testing.T) {
	udp := hex("1234 5678 000c 0000 61626364")
	sum := func(b []byte, c string) []byte {
		b = bytes.Clone(b)
		copy(b[6:8], hex(c))
		return b
	}
	var long []byte
	for range 20 {
		long = append(long, extension(60, nil)...)
	}
	jumbo := frame(0, append(extension(17, hex("c204 00000014")), udp...))
	jumbo[18], jumbo[19] = 0, 0
	over := bytes.Clone(jumbo)
	copy(over[56:], hex("c204 00020000"))
	var d pcap.Decoder
	for _, c := range []struct {
		name, field, want, fault string
		b                        []byte
	}{
		{"a checksum is of the upper layer's protocol, and right", "udp.checksum", "0xd4dd", "", frame(60, append(extension(17, nil), sum(udp, "d4dd")...))},
		{"a checksum that is wrong", "udp.checksum", "0xd4dc", "checksum.bad", frame(60, append(extension(17, nil), sum(udp, "d4dc")...))},
		{"a checksum is of the route's end", "udp.checksum", "0xa606", "", frame(43, append(append(hex("11 04 00 01 00000000"), hex(one+two)...), sum(udp, "a606")...))},
		{"a checksum is of the segment list's first", "udp.checksum", "0xa617", "", frame(43, append(append(hex("11 04 04 01 01 00 0000"), hex(one+two)...), sum(udp, "a617")...))},
		{"a fragment's checksum can't be verified", "udp.checksum", "0x0001", "", frame(44, append(hex("11 00 0001 12345678"), sum(udp, "0001")...))},
		{"a later fragment is data", "data", "123456780014000061626364", "", frame(44, append(hex("11 00 0008 12345678"), hex("123456780014000061626364")...))},
		{"hop-by-hop options come first", "ipv6.hopopts.nxt", "Destination Options for IPv6 (60)", "", frame(0, append(extension(60, nil), extension(59, nil)...))},
		{"hop-by-hop options that do not", "ipv6.hopopts.nxt", "No Next Header for IPv6 (59)", "ipv6.hopopts.not_first", frame(60, append(extension(0, nil), extension(59, nil)...))},
		{"headers without end are data in the end", "data", "3c000104000000003c000104000000003c000104000000003c000104000000003c000104000000003c00010400000000", "malformed.depth", frame(60, long)},
		{"a jumbogram of a few bytes", "ipv6.opt.jumbo", "20 bytes", "ipv6.opt.jumbo.truncated", jumbo},
		{"a jumbogram past the end", "ipv6.opt.jumbo", "131072 bytes", "malformed.length", over},
		{"a jumbo length beside a length", "ipv6.opt.jumbo", "69632 bytes", "ipv6.opt.jumbo.prohibited", frame(0, extension(59, hex("c204 00011000")))},
	} {
		got, err := value(&d, c.b, c.field)
		fault := ""
		if err != nil {
			fault = err.Name
		}
		if got != c.want && c.field != "data" || fault != c.fault {
			t.Errorf("%s: %s is %s, fault %q; want %s, %q", c.name, c.field, got, fault, c.want, c.fault)
		}
		if err := fieldtest.Tiles(c.b, d.Decode(c.b, len(c.b))); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

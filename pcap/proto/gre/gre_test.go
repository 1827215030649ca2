package gre_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/gre"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
	"httptap/stack/sum"
)

const (
	ip    = "45000014 00000000 40fd0000 c0000201 c0000202"
	ether = "020000000001 020000000002 0800" + ip
)

var samples = map[string]string{
	"plain": "0000 0800" + ip, "checksum": "8000 0800 3f68 0000" + ip, "key": "2000 0800 00000007" + ip, "sequence": "1000 0800 00000008" + ip,
	"all": "b000 0800 0000 0000 00000007 00000008" + ip, "frame": "0000 6558" + ether, "ipv6": "0000 86dd 6000000000003b40 00000000000000000000000000000000 00000000000000000000000000000000",
	"pptp": "3081 880b 0004 1234 00000001 00000002 ff030021", "pptp without data": "2001 880b 0000 1234",
	"routing": "4000 0800 1234 0000 0002 00 04 c0000201 0000 00 00" + ip, "redirected": "0000 883e 07 10 20 30" + ip, "unknown": "0000 1234 0102", "recursion": "0f00 0800" + ip, "reserved": "00f8 0800" + ip,
	"label": "0000 8847 00012140" + ip, "labels": "0000 8847 00012040 00013140" + ip,
}

var odd = map[string]string{
	"version 2": "0002 0800" + ip, "routing past the end": "4000 0800 1234 0000 0002 00 40 c0000201", "routing without end": "4000 0800 1234 0000 0002 00 04 c0000201",
	"pptp past the end": "2001 880b 0009 1234 ff030021", "pptp with more": "2001 880b 0002 1234 ff030021", "pptp with a checksum": "b081 880b 0000 0000 0004 1234 00000001 00000002 ff030021", "redirected without a header": "0000 883e" + ip,
}

func packets() (list [][]byte) {
	for _, m := range []map[string]string{samples, odd} {
		for _, h := range m {
			list = append(list, fieldtest.Hex(h))
		}
	}
	return list
}

func packet(name string) []byte {
	h, ok := samples[name]
	if !ok {
		h = odd[name]
	}
	return fieldtest.Hex(h)
}

func TestFields(t *testing.T) {
	summed := packet("checksum")
	summed[4], summed[5] = 0, 0
	binary.BigEndian.PutUint16(summed[4:], sum.Partial(0).Add(summed).Checksum())
	wrong := bytes.Clone(summed)
	wrong[5] ^= 1
	fieldtest.Run(t, &gre.Layout, nil, []fieldtest.Case{
		{Name: "the protocol has a name", Bytes: packet("frame"), Field: "gre.proto", Want: "Transparent Ethernet bridging (0x6558)"},
		{Name: "a key", Bytes: packet("all"), Field: "gre.key", Want: "0x00000007"},
		{Name: "a number", Bytes: packet("all"), Field: "gre.sequence_number", Want: "8"},
		{Name: "a call of PPTP", Bytes: packet("pptp"), Field: "gre.key.call_id", Want: "4660"},
		{Name: "an acknowledgment of PPTP", Bytes: packet("pptp"), Field: "gre.ack_number", Want: "2"},
		{Name: "the flags of PPTP", Bytes: packet("pptp"), Field: "gre.flags.ack", Want: "Set"},
		{Name: "the version behind them", Bytes: packet("pptp"), Field: "gre.flags.version", Want: "Enhanced GRE (1)"},
		{Name: "the protocol behind them", Bytes: packet("pptp"), Field: "gre.proto", Want: "PPP (0x880b)"},
		{Name: "a source route", Bytes: packet("routing"), Field: "gre.routing.information", Want: "c0000201"},
		{Name: "a redirected packet", Bytes: packet("redirected"), Field: "gre.wccp.service_id", Want: "16"},
		{Name: "a redirected packet without a header", Bytes: packet("redirected without a header"), Field: "gre.wccp.service_id", Want: "absent"},
		{Name: "a right checksum", Bytes: summed, Field: "gre.checksum"},
		{Name: "a wrong checksum", Bytes: wrong, Field: "gre.checksum", Fault: "checksum.bad"},
		{Name: "a version that nobody knows", Bytes: packet("version 2"), Field: "gre.flags_and_version", Fault: "gre.flags.version.bad"},
		{Name: "an entry past the end", Bytes: packet("routing past the end"), Field: "gre.routing.src_length", Want: "64 bytes", Fault: "malformed.length"},
		{Name: "a payload past the end", Bytes: packet("pptp past the end"), Field: "gre.key.payload_length", Fault: "malformed.length"},
		{Name: "what is behind the payload", Bytes: packet("pptp with more"), Field: "undecoded", Want: "0021"},
		{Name: "PPTP with a checksum", Bytes: packet("pptp with a checksum"), Field: "gre.key.payload_length", Want: "4 bytes"},
	})
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &gre.Layout, nil, packets()...) }

// TestFrames: tshark finds the same fields in the same places, here and in what is inside.
func TestFrames(t *testing.T) {
	var frames [][]byte
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		b := packet(name)
		h := fieldtest.Hex("45000000 00000000 402f0000 c0000201 c0000202")
		binary.BigEndian.PutUint16(h[2:], uint16(20+len(b)))
		frames = append(frames, bytes.Join([][]byte{fieldtest.Hex("020000000001 020000000002 0800"), h, b}, nil))
	}
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"gre", "mpls"}, []string{"gre.checksum.status"}, frames...)
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &gre.Layout, nil, packets()...) }

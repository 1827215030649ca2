package ppp_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/ppp"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

var hex = fieldtest.Hex

// samples are packets of the control protocols, each behind its protocol.
var samples = map[string]string{
	"configure": "c021 0101 001a 0104 05d4 0304 c023 0506 01020304 0702 0802 1104 05dc",
	"chap":      "c021 0101 000f 0305 c22305 0206 000a0000",
	"reject":    "c021 0801 0006 1234", "terminate": "c021 0501 0008 62796520", "echo": "c021 0901 000a 01020304 0102", "code reject": "c021 0701 0008 0f010004",
	"identify": "c021 0c01 000a 01020304 6869", "time": "c021 0d01 000e 01020304 0000003c 6869",
	"address": "8021 0101 000a 0306 c0000201", "dns": "8021 0101 001c 0206 002d 0f01 8106 08080808 8206 08080404 8306 08080404",
	"interface": "8057 0101 000e 010a 0200000000000001", "deflate": "80fd 0101 0008 1a04 7800",
	"login": "c023 0101 000d 04 75736572 03 616263", "welcome": "c023 0201 0006 01 41",
	"challenge": "c223 0101 0017 10 00112233445566778899aabbccddeeff 6e61", "success": "c223 0301 0006 6f6b",
	"with address": "ff03 c021 0901 0008 01020304",
}

// broken are packets that lie.
var broken = map[string]string{
	"past the end": "c021 0101 0040 0104 05d4", "under the header": "c021 0101 0003 0104 05d4", "option past the end": "c021 0101 0008 0140 05d4", "option of one byte": "c021 0101 0006 0101",
	"option too short": "c021 0101 0007 0103 05", "half an option": "c021 0101 0005 01", "peer past the end": "c023 0101 0008 40 757365", "value past the end": "c223 0101 0008 40 757365", "short protocol": "21 45",
}

func layoutOf(b []byte) *field.Layout {
	switch {
	case b[0] == 0xc0 && b[1] == 0x21:
		return &ppp.LCPLayout
	case b[0] == 0xc0:
		return &ppp.PAPLayout
	case b[0] == 0xc2:
		return &ppp.CHAPLayout
	case b[1] == 0x21:
		return &ppp.IPCPLayout
	case b[1] == 0x57:
		return &ppp.IPv6CPLayout
	}
	return &ppp.CCPLayout
}

func TestFields(t *testing.T) {
	for name, f := range map[string][3]string{
		"configure": {"lcp.opt.mru", "1492 bytes"}, "chap": {"lcp.opt.algorithm", "CHAP with MD5 (5)"}, "reject": {"lcp.rej_proto", "0x1234"}, "terminate": {"ppp.data", "62796520"}, "echo": {"lcp.data", "0102"},
		"identify": {"lcp.message", `"hi"`}, "time": {"lcp.secs_remaining", "1m0s (60)"}, "address": {"ipcp.opt.ip_address", "192.0.2.1"}, "dns": {"ipcp.opt.sec_dns_address", "8.8.4.4"},
		"interface": {"ipv6cp.interface_identifier", "0200000000000001"}, "login": {"pap.password", `"abc"`}, "welcome": {"pap.message", `"A"`}, "challenge": {"chap.name", `"na"`}, "success": {"chap.message", `"ok"`},
		"past the end": {"ppp.length", "64 bytes", "ppp.length.bad"}, "under the header": {"ppp.length", "3 bytes", "ppp.length.bad"}, "option past the end": {"lcp.opt.length", "64 bytes", "ppp.opt.length.invalid"},
		"option of one byte": {"lcp.opt.length", "1 bytes", "ppp.opt.length.invalid"}, "option too short": {"lcp.opt.length", "3 bytes", "ppp.opt.length.invalid"}, "half an option": {"lcp.opt.type", "Maximum Receive Unit (1)", "ppp.opt.length.invalid"},
		"peer past the end": {"pap.peer_id.length", "64 bytes", "malformed.length"}, "value past the end": {"chap.value_size", "64 bytes", "malformed.length"},
	} {
		h, ok := samples[name]
		if !ok {
			h = broken[name]
		}
		b := hex(h)
		fieldtest.Run(t, layoutOf(b), nil, []fieldtest.Case{{Name: name, Bytes: b[2:], Field: f[0], Want: f[1], Fault: f[2]}})
	}
	fieldtest.Run(t, &ppp.Layout, nil, []fieldtest.Case{
		{Name: "the protocol has a name", Bytes: hex(samples["echo"]), Field: "ppp.protocol", Want: "Link Control Protocol (0xc021)"},
		{Name: "a protocol of one byte", Bytes: hex(broken["short protocol"]), Field: "ppp.protocol", Want: "Internet Protocol version 4 (0x21)"},
		{Name: "an address", Bytes: hex(samples["with address"]), Field: "ppp.address", Want: "All stations (0xff)"},
	})
}

func packets() (list [][]byte) {
	for _, m := range []map[string]string{samples, broken} {
		for _, h := range m {
			list = append(list, hex(h))
		}
	}
	return list
}

func TestRoom(t *testing.T) {
	fieldtest.CheckRoom(t, &ppp.Layout, nil, packets()...)
	for _, b := range packets() {
		if b[0]&1 == 0 {
			fieldtest.CheckRoom(t, layoutOf(b), nil, b[2:])
		}
	}
}

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var frames [][]byte
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		if b := hex(samples[name]); name != "with address" && name != "deflate" {
			frames = append(frames, bytes.Join([][]byte{hex("020000000001 020000000002 8864 1100 0011"), {0, byte(len(b))}, b}, nil))
		}
	}
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"ppp", "lcp", "ipcp", "ipv6cp", "pap", "chap"}, nil, frames...)
}

func FuzzHeader(f *testing.F) { fieldtest.FuzzLayout(f, &ppp.Layout, nil, packets()...) }
func FuzzLCP(f *testing.F) {
	fieldtest.FuzzLayout(f, &ppp.LCPLayout, nil, hex(samples["configure"])[2:], hex(samples["chap"])[2:], hex(samples["time"])[2:])
}
func FuzzPAP(f *testing.F) { fieldtest.FuzzLayout(f, &ppp.PAPLayout, nil, hex(samples["login"])[2:]) }
func FuzzCHAP(f *testing.F) {
	fieldtest.FuzzLayout(f, &ppp.CHAPLayout, nil, hex(samples["challenge"])[2:])
}

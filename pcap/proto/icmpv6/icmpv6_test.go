package icmpv6_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/icmpv6"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
	"httptap/stack/sum"
)

var hex = fieldtest.Hex

// link is the source and the destination of every packet here.
var (
	src = [16]byte(hex("fe80000000000000 0000000000000001"))
	dst = [16]byte(hex("ff02000000000000 0000000000000001"))
)

func over(c *field.Context) {
	c.Pseudo = field.Pseudo{Src: src, Dst: dst, V6: true, Protocol: 58, Valid: true}
}

// summed returns a message with its checksum.
func summed(message []byte) []byte {
	b := bytes.Clone(message)
	if len(b) >= 4 {
		b[2], b[3] = 0, 0
		binary.BigEndian.PutUint16(b[2:], sum.Pseudo6(src, dst, 58, len(b)).Add(b).Checksum())
	}
	return b
}

func message(name string) []byte {
	h, ok := sampleMessages[name]
	if !ok {
		panic(name)
	}
	return summed(hex(h))
}

// withOptions returns a router solicitation with options.
func withOptions(options ...string) []byte {
	b := "8500 0000 00000000"
	for _, o := range options {
		if h, ok := sampleOptions[o]; ok {
			o = h
		}
		b += o
	}
	return summed(hex(b))
}

// broken has messages that lie, by what is wrong.
var broken = map[string]string{
	"an option of no length":        "8500 0000 00000000 0100 020000000001",
	"an option past the end":        "8500 0000 00000000 0103 020000000001",
	"an option too short":           "8500 0000 00000000 0301 40c000000000",
	"an option too long":            "8500 0000 00000000 0502 0000000005dc 0000000000000000",
	"one byte of an option":         "8500 0000 00000000 01",
	"a prefix of 129 bits":          "8600 0000 40000708 00000000 00000000 0304 81c0 00000e10 00000e10 00000000 20010db8000000000000000000000000",
	"preferred longer than valid":   "8600 0000 40000708 00000000 00000000 0304 40c0 00000e10 00000e11 00000000 20010db8000000000000000000000000",
	"a route longer than its bits":  "8600 0000 40000708 00000000 00000000 1802 4100 00000e10 20010db800000000",
	"a name past the end":           "8600 0000 40000708 00000000 00000000 1f02 0000 00000e10 3f61626300000000",
	"a name that fills its option":  "8600 0000 40000708 00000000 00000000 1f02 0000 00000e10 0761626364656667",
	"an assist that is too long":    "8600 0000 40000708 00000000 00000000 1d01 01 ff 01020304",
	"an anchor that is all padding": "8600 0000 40000708 00000000 00000000 0f01 02 ff 61626364",
	"a key that is all padding":     "8600 0000 40000708 00000000 00000000 1b01 ff 50 01020304",
	"cga that is all padding":       "8600 0000 40000708 00000000 00000000 0b01 ff 00 01020304",
	"cga that is too short":         "8600 0000 40000708 00000000 00000000 0b01 00 00 01020304",
	"sources that are not there":    "8200 0000 27100000 ff020000000000000000000000000001 0a7d 0007 20010db8000000000000000000000001",
	"records that are not there":    "8f00 0000 0000 0007 01000000 ff020000000000000000000000000001",
	"a record's sources are not":    "8f00 0000 0000 0001 01000007 ff020000000000000000000000000001",
	"a record's data is not":        "8f00 0000 0000 0001 01090000 ff020000000000000000000000000001",
	"an operation of odd length":    "8a00 0000 00000001 02 00 0003 00000000 01 22 07 40 00 80 0000 20010db8000000000000000000000001",
	"renumbering of no kind":        "8a07 0000 00000001 02 00 0003 00000000 0102",
	"locators that are not there":   "9c00 0000 09 01 0000 1122334455667788 0001 0e10",
	"seeds that are not there":      "9f00 0000 01 ff 01",
	"a quotation that is not there": "0100 0000 ff000000 60000000",
	"an RPL option past the end":    "9b00 0000 0000 04ff 0102",
	"an RPL option too short":       "9b00 0000 0000 0402 0102",
}

func samples() (list [][]byte) {
	for name := range sampleMessages {
		list = append(list, message(name))
	}
	for name := range sampleOptions {
		list = append(list, withOptions(name))
	}
	for _, h := range broken {
		list = append(list, summed(hex(h)))
	}
	return append(list, withOptions(slices.Sorted(maps.Keys(sampleOptions))...))
}

func TestFields(t *testing.T) {
	bad := message("echo")
	bad[2] ^= 1
	ok := message("echo")
	var cases []fieldtest.Case
	for name, f := range map[string][2]string{
		"unreachable":                 {"icmpv6.code", "Port unreachable (4)"},
		"too big":                     {"icmpv6.mtu", "1400 bytes"},
		"parameter problem":           {"icmpv6.pointer", "40"},
		"echo":                        {"icmpv6.echo.identifier", "0x1234"},
		"router advertisement":        {"icmpv6.nd.ra.flag.prf", "Low (3)"},
		"neighbor solicitation":       {"icmpv6.nd.ns.target_address", "2001:db8::1"},
		"neighbor advertisement":      {"icmpv6.nd.na.flag.o", "Set"},
		"redirect":                    {"icmpv6.rd.na.destination_address", "2001:db8::1"},
		"listener query":              {"icmpv6.mld.maximum_response_delay", "10000 ms"},
		"listener query 2":            {"icmpv6.mld.source_address", "2001:db8::1"},
		"listener report 2":           {"icmpv6.mldr.mar.record_type", "Include (1)"},
		"renumbering":                 {"icmpv6.rr.pco.up.keeplen", "16"},
		"renumbering result":          {"icmpv6.rr.rm.flag.b", "Set"},
		"node query of a name":        {"icmpv6.ni.query.subject_fqdn", "example.com"},
		"node name":                   {"icmpv6.ni.reply.node_name", "example.com"},
		"node IPv4 addresses":         {"icmpv6.ni.reply.ipv4_address", "192.0.2.1"},
		"home agents":                 {"icmpv6.mip6.home_agent_address", "2001:db8::1"},
		"locator update":              {"icmpv6.ilnp.nb_lifetime", "1h0m0s (3600)"},
		"duplicate request":           {"icmpv6.6lowpannd.da.lifetime", "60 min"},
		"mpl":                         {"icmpv6.mpl.seed_info.sequence", "ff"},
		"extended echo reply":         {"icmpv6.ext.echo.rsp.state", "Reachable (2)"},
		"experiment":                  {"icmpv6.data", "01020304"},
		"unreachable with extensions": {"icmpv6.length", "5"},
		"rpl information":             {"icmpv6.rpl.opt.config.ocp", "1"},
		"rpl advertisement":           {"icmpv6.rpl.opt.transit.parent", "2001:db8::1"},
		"rpl secured":                 {"icmpv6.data", "0000000000000001"},
		"fast handover initiate":      {"icmpv6.fmip6.hi.flag.s", "Set"},
	} {
		cases = append(cases, fieldtest.Case{Name: name, Bytes: message(name), Field: f[0], Want: f[1]})
	}
	for name, f := range map[string][2]string{
		"source": {"icmpv6.opt.src_linkaddr", "02:00:00:00:00:01"}, "source EUI-64": {"icmpv6.opt.src_linkaddr", "0200000000010203"}, "target": {"icmpv6.opt.target_linkaddr", "02:00:00:00:00:01"},
		"prefix": {"icmpv6.opt.prefix", "2001:db8::1"}, "mtu": {"icmpv6.opt.mtu", "1500 bytes"}, "timestamp": {"icmpv6.opt.timestamp", "2020-07-04T04:05:20.500000000Z"},
		"cga": {"icmpv6.opt.cga.subnet_prefix", "20010db800000000"}, "trust anchor name": {"icmpv6.opt.name_type.fqdn", `"ab.example"`}, "route of 64 bits": {"icmpv6.opt.prefix", "2001:db8::"},
		"servers": {"icmpv6.opt.rdnss", "2001:db8::1"}, "search list": {"icmpv6.opt.dnssl", "example.com"}, "context": {"icmpv6.opt.6co.context_prefix", "2001:db8::"}, "nat64": {"icmpv6.opt.pref64.prefix", "64:ff9b::"},
		"key request": {"icmpv6.opt.hkr.encryption_public_key", "112233445566778899aa"}, "mobile node": {"icmpv6.opt.mn.value", "6162636465"}, "unknown": {"icmpv6.data", "112233445566"},
		"acknowledgment with an address": {"icmpv6.opt.naack.supplied_ncoa", "2001:db8::1"}, "capability": {"icmpv6.opt.6cio.flag_g", "Set"}, "flags": {"icmpv6.opt.efo.prf", "Low (3)"},
	} {
		cases = append(cases, fieldtest.Case{Name: name, Bytes: withOptions(name), Field: f[0], Want: f[1]})
	}
	for name, f := range map[string][2]string{
		"an option of no length": {"icmpv6.opt.length", "icmpv6.opt.length.zero"}, "an option past the end": {"icmpv6.opt.length", "icmpv6.opt.length.invalid"},
		"an option too short": {"icmpv6.opt.length", "icmpv6.opt.length.invalid"}, "an option too long": {"icmpv6.opt.length", "icmpv6.opt.length.invalid"},
		"one byte of an option": {"icmpv6.opt.length", "malformed.truncated"}, "a prefix of 129 bits": {"icmpv6.opt.prefix.length", "icmpv6.opt.prefix.length.invalid"},
		"preferred longer than valid":  {"icmpv6.opt.prefix.preferred_lifetime", "icmpv6.opt.prefix.preferred_lifetime.invalid"},
		"a route longer than its bits": {"icmpv6.opt.prefix.length", "icmpv6.opt.prefix.length.invalid"}, "a name past the end": {"icmpv6.opt.dnssl", "icmpv6.opt.dnssl.malformed"},
		"a name that fills its option": {"icmpv6.opt.dnssl", "icmpv6.opt.dnssl.malformed"}, "an assist that is too long": {"icmpv6.opt.hai.length", "malformed.length"},
		"an anchor that is all padding": {"icmpv6.opt.cga.pad_length", "malformed.length"}, "a key that is all padding": {"icmpv6.opt.hkr.pad_length", "malformed.length"}, "cga that is all padding": {"icmpv6.opt.cga.pad_length", "malformed.length"},
		"sources that are not there": {"icmpv6.mld.nb_sources", "malformed.length"}, "records that are not there": {"icmpv6.mldr.nb_mcast_records", "icmpv6.mldr.nb_mcast_records.bad"},
		"a record's sources are not": {"icmpv6.mldr.mar.nb_sources", "malformed.length"}, "a record's data is not": {"icmpv6.mldr.mar.aux_data_len", "malformed.length"},
		"an operation of odd length": {"icmpv6.rr.pco.mp.oplength", "icmpv6.rr.pco.mp.oplength.invalid"}, "locators that are not there": {"icmpv6.ilnp.nb_locs", "malformed.length"},
		"seeds that are not there": {"icmpv6.mpl.seed_info.seed_id", "malformed.truncated"}, "a quotation that is not there": {"icmpv6.length", "malformed.length"},
		"an RPL option past the end": {"icmpv6.rpl.opt.length", "icmpv6.opt.length.invalid"}, "an RPL option too short": {"icmpv6.rpl.opt.length", "icmpv6.opt.length.invalid"},
	} {
		cases = append(cases, fieldtest.Case{Name: name, Bytes: summed(hex(broken[name])), Field: f[0], Fault: f[1]})
	}
	cases = append(cases,
		fieldtest.Case{Name: "a right checksum", Bytes: ok, Field: "icmpv6.checksum"},
		fieldtest.Case{Name: "a wrong checksum", Bytes: bad, Field: "icmpv6.checksum", Fault: "checksum.bad"},
		fieldtest.Case{Name: "decoding goes on behind a broken option", Bytes: summed(hex("8500 0000 00000000 0301 40c000000000 0501 0000000005dc")), Field: "icmpv6.opt.mtu", Want: "1500 bytes"},
	)
	fieldtest.Run(t, &icmpv6.Layout, over, cases)
	c := fieldtest.Decode(t, &icmpv6.Layout, bad, over)
	for _, s := range c.Spans {
		if s.Err != nil && s.Want != uint32(binary.BigEndian.Uint16(ok[2:])) {
			t.Errorf("the right checksum is said to be %#x, it is % x", s.Want, ok[2:4])
		}
	}
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &icmpv6.Layout, over, samples()...) }

func frame(message []byte) []byte {
	h := append(hex("333300000001 020000000001 86dd 60000000"), byte(len(message)>>8), byte(len(message)), 58, 255)
	return append(append(append(h, src[:]...), dst[:]...), message...)
}

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var frames [][]byte
	for _, name := range slices.Sorted(maps.Keys(sampleMessages)) {
		if !strings.HasPrefix(name, "rpl secured") {
			frames = append(frames, frame(message(name)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sampleOptions)) {
		if name != "shortcut" && name != "acknowledgment with an address" { // the room's doc says why
			frames = append(frames, frame(withOptions(name)))
		}
	}
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"icmpv6"}, []string{
		"icmpv6.checksum.status", "icmpv6.resp_in", "icmpv6.resp_to", "icmpv6.resptime",
		// The room's doc says why.
		"icmpv6.mpl.seed_info.sequence", "icmpv6.opt.linkaddr_eui64", "icmpv6.opt.src_linkaddr_eui64", "icmpv6.opt.cga.ext_type", "icmpv6.opt.cga.ext_length",
		"icmpv6.opt.cga.ext_data", "icmpv6.opt.cga.subject_public_key_info", "icmpv6.x509_Name", "icmpv6.x509_Certificate", "icmpv6.opt.padding",
		"icmpv6.mip6.home_agent_address", "icmpv6.unknown_data", "icmpv6.opt.route_info.flag.reserved", "icmpv6.opt.efo.rsv",
	}, frames...)
}

// TestQuotedPacket: what an error quotes is decoded as what it is, and its missing bytes are no fault.
func TestQuotedPacket(t *testing.T) {
	inner := hex("6000000000400640 20010db8000000000000000000000001 20010db8000000000000000000000002 c35001bb 00000001 00000000")
	var d pcap.Decoder
	for name, m := range map[string][]byte{
		"all of it":         append(hex("0104 0000 00000000"), inner...),
		"before extensions": append(append(hex("0104 0000 07000000"), inner...), hex("0000000020000000")...),
	} {
		f := frame(summed(m))
		seen := map[string]bool{}
		for _, s := range d.Decode(f, len(f)) {
			seen[s.Spec.Name] = true
			if s.Err != nil && s.Err != field.Snapped {
				t.Errorf("%s: %s: %s", name, s.Spec.Name, s.Err.Label)
			}
		}
		if !seen["tcp.dstport"] {
			t.Errorf("%s: no port is found", name)
		}
	}
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &icmpv6.Layout, over, samples()...) }

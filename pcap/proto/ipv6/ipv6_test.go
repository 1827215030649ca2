package ipv6_test

import (
	"bytes"
	"strings"
	"testing"

	"httptap/pcap/proto/ipv6"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

var hex = fieldtest.Hex

const (
	from = "fe80000000000000 0000000000000001"
	to   = "ff02000000000000 0000000000000001"
	one  = "20010db800000000 0000000000000011"
	two  = "20010db800000000 0000000000000022"
)

// packet returns a packet of these bytes behind the header.
func packet(next byte, payload []byte) []byte {
	h := bytes.Join([][]byte{hex("6b812345"), {byte(len(payload) >> 8), byte(len(payload)), next, 64}, hex(from + to)}, nil)
	return append(h, payload...)
}

// extension returns an extension header with these bytes, padded.
func extension(next byte, body []byte) []byte {
	n := (len(body) + 2 + 7) / 8
	b := append([]byte{next, byte(n - 1)}, body...)
	switch pad := 8*n - len(b); pad {
	case 0:
	case 1:
		b = append(b, 0)
	default:
		b = append(append(b, 1, byte(pad-2)), make([]byte, pad-2)...)
	}
	return b
}

// sampleOptions has every option, by what it is.
var sampleOptions = map[string][]byte{
	"tunnel limit": hex("0401 07"), "router alert": hex("0502 0002"), "quick start": hex("2606 0105 12345678"),
	"calipso": hex("0710 00000001 02 03 abcd 1122334455667788"), "calipso without compartments": hex("0708 00000001 00 03 abcd"),
	"identified packets": hex("0804 10 01 0203"), "identified by an address": hex("0807 23 a0a1a2a3 0506"), "hashed packets": hex("0804 80 010203"),
	"metrics": hex("0f0a 01 02 0003 0004 0005 0006"), "home address": hex("c910" + one), "rpl": hex("6304 e0 01 0203"), "nonce": hex("8b04 01020304"),
	"line": hex("8c05 04 6c696e65"), "mpl": hex("6d02 3011"), "mpl with a short seed": hex("6d04 7011 0102"),
	"experiment": hex("1e04 01020304"), "path mtu": hex("3004 0578 0001"), "unknown": hex("1202 0102"),
	"trace":          hex("311a 00 00 0001 1002 a00000 00 0000000000000000 40000102 5f000000"),
	"edge to edge":   hex("310a 00 03 0001 0a000000 0000"),
	"jumbo":          hex("c204 00011000"),
	"old identifier": hex("8a02 0102"),
}

// oddOptions are those of which tshark says something else, and broken ones.
var oddOptions = map[string][]byte{
	"dff": hex("ee03 f0 0102"), "pad": hex("00 00 0102 0001"), "mpl with a long seed": hex("6d0a b011 0102030405060708"), "mpl with a seed that is not there": hex("6d03 f011 01"),
	"rpl that is not to be forwarded": hex("2304 e0 01 0203"), "trace of everything": hex("3176 00 01 0001 c800 ffffff 00" + strings.Repeat("0102030405060708 61626364", 8) + "71727374 01 010203 a1a2a3a4"),
	"calipso that lies": hex("0708 00000001 04 03 abcd"), "alert that is too long": hex("0503 000000"), "line that lies": hex("8c05 0e 6c696e65"),
	"identifier that lies": hex("0804 1f 010203"), "past the end": hex("0577 0000"), "trace that lies": hex("3112 00 00 0001 3002 a00000 00 0000000000000000"),
	"trace without room": hex("3112 00 00 0001 107f a00000 00 0000000000000000"), "trace of a node that is not there": hex("310a 00 00 0001 0800 800000 00"),
}

func headers(options map[string][]byte) (list [][]byte) {
	for _, o := range options {
		list = append(list, extension(59, o))
	}
	return list
}

// Routing headers.
var (
	source      = hex("3b 04 00 01 00000000" + one + two)
	sourceEmpty = hex("3b 00 00 01 00000000")
	home        = hex("3b 02 02 01 00000000" + one)
	rplRoute    = hex("3b 03 03 02 9e600000 0102030405060708090a0b0c0d0e0102 000000000000")
	rplRouteBad = hex("3b 01 03 02 00600000 0102030405060708")
	segments    = hex("3b 07 04 01 01 00 abcd" + one + two + "0000 0402 0000 1204 01020304" + "0504 00000001 0000")
	segmentsMAC = hex("3b 04 04 00 00 00 0000" + one + "050c 8000 00000007 112233445566 0400")
	segmentsLie = hex("3b 02 04 03 05 00 0000" + one)
	compact16   = hex("3b 01 05 02 0001 0002 0003 0004 0005 0006")
	compact32   = hex("3b 01 06 01 00000001 00000002 00000003")
	compactLie  = hex("3b 00 06 09 00000001")
	experiment  = hex("3b 00 fd 00 01020304")
	routes      = [][]byte{source, sourceEmpty, home, rplRoute, rplRouteBad, segments, segmentsMAC, segmentsLie, compact16, compact32, compactLie, experiment}
)

var (
	fragmentFirst = hex("11 00 0001 12345678 0102030405060708")
	fragmentLater = hex("11 00 0008 12345678 0102")
	authenticated = hex("3b 04 0000 00000100 00000020 35482148b2435a23dcdd5536 aabb")
	authShort     = hex("3b 00 0000 00000100 00000020")
	authLong      = hex("3b 40 0000 00000100 00000020 35482148b2435a23dcdd5536")
)

func TestHeader(t *testing.T) {
	good := packet(59, nil)
	set := func(i int, v byte) []byte {
		b := packet(17, []byte("12345678"))
		b[i] = v
		return b
	}
	fieldtest.Run(t, &ipv6.Layout, nil, []fieldtest.Case{
		{Name: "the codepoint has a name", Bytes: good, Field: "ipv6.tclass.dscp", Want: "EF (46)"},
		{Name: "the mark of congestion", Bytes: good, Field: "ipv6.tclass.ecn", Want: "Not-ECT (0)"},
		{Name: "the flow label has 20 bits", Bytes: good, Field: "ipv6.flow", Want: "0x12345"},
		{Name: "no payload is in order where no header is next", Bytes: good, Field: "ipv6.plen", Want: "0 bytes"},
		{Name: "the next header has a name", Bytes: good, Field: "ipv6.nxt", Want: "No Next Header for IPv6 (59)"},
		{Name: "an address", Bytes: good, Field: "ipv6.dst", Want: "ff02::1"},
		{Name: "another version", Bytes: set(0, 0x45), Field: "ipv6.version", Want: "4", Fault: "ipv6.bogus_ipv6_version"},
		{Name: "a length past the end", Bytes: set(5, 9), Field: "ipv6.plen", Fault: "ipv6.plen_exceeds_framing"},
		{Name: "no length, as with TSO", Bytes: set(5, 0), Field: "ipv6.plen", Fault: "ipv6.plen_zero"},
		{Name: "what lies behind the payload is not the packet's", Bytes: set(5, 6), Field: "undecoded", Want: "3738"},
		{Name: "cut in an address", Bytes: good[:30], Field: "ipv6.dst", Fault: "malformed.truncated"},
	})
}

func TestOptions(t *testing.T) {
	hop := func(o string) []byte {
		b := sampleOptions[o]
		if b == nil {
			b = oddOptions[o]
		}
		return extension(59, b)
	}
	fieldtest.Run(t, &ipv6.HopByHopLayout, nil, []fieldtest.Case{
		{Name: "the type has a name", Bytes: hop("router alert"), Field: "ipv6.opt.type", Want: "Router Alert (0x05)"},
		{Name: "an alert", Bytes: hop("router alert"), Field: "ipv6.opt.router_alert", Want: "Active Network (2)"},
		{Name: "what a node is to do", Bytes: hop("jumbo"), Field: "ipv6.opt.type.action", Want: "Discard and send ICMP if not multicast (3)"},
		{Name: "a jumbogram's length", Bytes: hop("jumbo"), Field: "ipv6.opt.jumbo", Want: "69632 bytes"},
		{Name: "a nonce of 30 bits", Bytes: hop("quick start"), Field: "ipv6.opt.qs_nonce", Want: "0x048d159e"},
		{Name: "an option of the other header", Bytes: hop("home address"), Field: "ipv6.opt.type", Fault: "ipv6.opt.header_mismatch"},
		{Name: "is decoded all the same", Bytes: hop("home address"), Field: "ipv6.opt.mipv6.home_address", Want: "2001:db8::11"},
		{Name: "a seed of 64 bits", Bytes: hop("mpl with a long seed"), Field: "ipv6.opt.mpl.seed_id", Want: "0102030405060708"},
		{Name: "a seed that is not there", Bytes: hop("mpl with a seed that is not there"), Field: "ipv6.opt.mpl.flag", Fault: "malformed.length"},
		{Name: "compartments that are not there", Bytes: hop("calipso that lies"), Field: "ipv6.opt.calipso.cmpt.length", Fault: "malformed.length"},
		{Name: "an alert of three bytes", Bytes: hop("alert that is too long"), Field: "ipv6.opt.length", Fault: "ipv6.opt.invalid_len"},
		{Name: "a line of fourteen bytes in five", Bytes: hop("line that lies"), Field: "ipv6.opt.lio.length", Fault: "malformed.length"},
		{Name: "an identifier of sixteen bytes in four", Bytes: hop("identifier that lies"), Field: "ipv6.opt.smf_dpd.tid_len", Fault: "malformed.length"},
		{Name: "an option past the end of the header", Bytes: hop("past the end"), Field: "ipv6.opt.length", Want: "119 bytes", Fault: "ipv6.opt.invalid_len"},
		{Name: "padding that is not zero", Bytes: hop("pad"), Field: "ipv6.opt.padn", Fault: "ipv6.opt.padn.nonzero"},
		{Name: "what a node wrote", Bytes: hop("trace"), Field: "ipv6.opt.ioam.trace.node.id", Want: "0x000102"},
		{Name: "and when", Bytes: hop("trace"), Field: "ipv6.opt.ioam.trace.node.tss", Want: "0x5f000000"},
		{Name: "space for more nodes", Bytes: hop("trace"), Field: "ipv6.opt.ioam.trace.free_space", Want: "0000000000000000"},
		{Name: "a node's length that does not fit its type", Bytes: hop("trace that lies"), Field: "ipv6.opt.ioam.trace.nodelen", Fault: "ipv6.opt.ioam.trace.invalid_type"},
		{Name: "space that is not there", Bytes: hop("trace without room"), Field: "ipv6.opt.ioam.trace.remlen", Fault: "ipv6.opt.ioam.trace.invalid_remlen"},
		{Name: "bits without a meaning", Bytes: hop("trace of everything"), Field: "ipv6.opt.ioam.trace.node.undefined", Want: "0x01020304"},
		{Name: "a header past the end", Bytes: hex("3b 03 0100"), Field: "ipv6.hopopts.len", Want: "3", Fault: "malformed.length"},
		{Name: "an option without its length", Bytes: hex("3b 00 0000000000 05"), Field: "ipv6.opt.length", Want: "absent"},
	})
	fieldtest.Run(t, &ipv6.DestinationLayout, nil, []fieldtest.Case{
		{Name: "a tunnel's limit", Bytes: hop("tunnel limit"), Field: "ipv6.opt.tel", Want: "7"},
		{Name: "an alert has no place here", Bytes: hop("router alert"), Field: "ipv6.opt.type", Fault: "ipv6.opt.header_mismatch"},
		{Name: "a header past the end", Bytes: hex("3b 03 0100"), Field: "ipv6.dstopts.len", Fault: "malformed.length"},
	})
}

func TestOtherHeaders(t *testing.T) {
	whole := func(c *field.Context) { c.Pseudo = field.Pseudo{V6: true, Protocol: 44, Valid: true} }
	fieldtest.Run(t, &ipv6.FragmentLayout, whole, []fieldtest.Case{
		{Name: "the offset is in units of 8 bytes", Bytes: fragmentLater, Field: "ipv6.fraghdr.offset", Want: "1 units of 8 bytes"},
		{Name: "more follow", Bytes: fragmentFirst, Field: "ipv6.fraghdr.more", Want: "Set"},
		{Name: "more follow what is no multiple of 8", Bytes: fragmentFirst[:15], Field: "ipv6.fraghdr.more", Fault: "ipv6.fraghdr.length"},
		{Name: "a packet over 65535 bytes", Bytes: hex("11 00 fff8 12345678 0102030405060708"), Field: "ipv6.fraghdr.offset", Fault: "ipv6.fraghdr.too_long"},
	})
	fieldtest.Run(t, &ipv6.AuthenticationLayout, nil, []fieldtest.Case{
		{Name: "the check value", Bytes: authenticated, Field: "ah.icv", Want: "35482148b2435a23dcdd5536"},
		{Name: "what is behind it is not its", Bytes: authenticated, Field: "data", Want: "aabb"},
		{Name: "shorter than its fields", Bytes: authShort, Field: "ah.length", Fault: "malformed.short"},
		{Name: "past the end", Bytes: authLong, Field: "ah.length", Fault: "malformed.length"},
	})
	fieldtest.Run(t, &ipv6.RoutingLayout, nil, []fieldtest.Case{
		{Name: "a source route is deprecated", Bytes: source, Field: "ipv6.routing.type", Want: "Source Route (0)", Fault: "ipv6.routing.deprecated"},
		{Name: "its addresses", Bytes: source, Field: "ipv6.routing.src.addr", Want: "2001:db8::11"},
		{Name: "more left than there are", Bytes: sourceEmpty, Field: "ipv6.routing.segleft", Fault: "ipv6.routing.invalid_segleft"},
		{Name: "a home address", Bytes: home, Field: "ipv6.routing.mipv6.home_address", Want: "2001:db8::11"},
		{Name: "an address without what it has in common", Bytes: rplRoute, Field: "ipv6.routing.rpl.address", Want: "01020304050607"},
		{Name: "addresses that do not fit", Bytes: rplRouteBad, Field: "ipv6.routing.len", Fault: "ipv6.routing.invalid_length"},
		{Name: "segments", Bytes: segments, Field: "ipv6.routing.srh.addr", Want: "2001:db8::11"},
		{Name: "what is behind the segments", Bytes: segments, Field: "ipv6.routing.srh.tlv.value", Want: "0000"},
		{Name: "a check value", Bytes: segmentsMAC, Field: "ipv6.routing.srh.hmac", Want: "112233445566"},
		{Name: "and its key", Bytes: segmentsMAC, Field: "ipv6.routing.srh.hmac.key_id", Want: "7"},
		{Name: "more segments than there are", Bytes: segmentsLie, Field: "ipv6.routing.srh.last_entry", Fault: "malformed.length"},
		{Name: "compact segments", Bytes: compact16, Field: "ipv6.routing.crh16.sid", Want: "1"},
		{Name: "compact segments that are not there", Bytes: compactLie, Field: "ipv6.routing.segleft", Fault: "ipv6.routing.invalid_segleft"},
		{Name: "an experiment", Bytes: experiment, Field: "ipv6.routing.unknown_data", Want: "01020304"},
	})
}

func TestRoom(t *testing.T) {
	fieldtest.CheckRoom(t, &ipv6.Layout, nil, packet(59, nil), packet(17, []byte("12345678")))
	fieldtest.CheckRoom(t, &ipv6.HopByHopLayout, nil, append(headers(sampleOptions), headers(oddOptions)...)...)
	fieldtest.CheckRoom(t, &ipv6.DestinationLayout, nil, append(headers(sampleOptions), headers(oddOptions)...)...)
	fieldtest.CheckRoom(t, &ipv6.RoutingLayout, nil, routes...)
	fieldtest.CheckRoom(t, &ipv6.FragmentLayout, nil, fragmentFirst, fragmentLater)
	fieldtest.CheckRoom(t, &ipv6.AuthenticationLayout, nil, authenticated, authShort, authLong)
}

func FuzzHeader(f *testing.F) { fieldtest.FuzzLayout(f, &ipv6.Layout, nil, packet(59, nil)) }
func FuzzHopByHop(f *testing.F) {
	fieldtest.FuzzLayout(f, &ipv6.HopByHopLayout, nil, append(headers(sampleOptions), headers(oddOptions)...)...)
}
func FuzzRouting(f *testing.F) { fieldtest.FuzzLayout(f, &ipv6.RoutingLayout, nil, routes...) }
func FuzzAuthentication(f *testing.F) {
	fieldtest.FuzzLayout(f, &ipv6.AuthenticationLayout, nil, authenticated, authShort, authLong)
}

package snmp_test

import (
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/snmp"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

var (
	hex      = fieldtest.Hex
	get      = hex("302702010104067075626c6963a01a020204d2020100020100300e300c06082b060102010101000500")
	response = hex("3081c902010104067075626c6963a281bb020204d20201000201003081ae301506082b0601020101010004094c696e757820626f78300f06082b060102010103004303010203300f060a2b060102010202010a0141017f3012060a2b0601020104140101014004c0000201301306082b0601020101020006072b06010401bf08300b06072b0601020109098000300d06072b06010201090846020102300a06052b060109090201fb300a06052b0601090a420107300b06052b0601090b44026f70300906052b0601090c8200")
	getBulk  = hex("302402010104067075626c6963a51702010102010002010a300c300a06062b06010201010500")
	trap     = hex("303702010004067075626c6963a42a06072b06010401bf084004c000020102010602011143020102300f300d06082b06010201010100040178")
	plain    = hex("3046020103300e02014d020300ffe304010402010304193017040580001f8804020101020102040475736572040004003016040580001f88040400a00b0201050201000201003000")
	sealed   = hex("3064020103300e02014d020300ffe3040107020103042d302b040580001f8804020101020102040475736572040c0000000000000000000000000408000000000000000004200000000000000000000000000000000000000000000000000000000000000000")

	endless  = hex("3080020101")
	huge     = hex("3085 0000000001 020101")
	lying    = hex("3027 020101 04ff 7075626c6963")
	other    = hex("3009 020101 0504 7075 626c")
	noNumber = hex("3006 0200 0402 7075")
	badOID   = hex("3022 020101 0406 7075626c6963 a015 020101 020100 020100 300a 3008 0603 2b0681 0501 00")
	badIP    = hex("3024 020101 0406 7075626c6963 a217 020101 020100 020100 300c 300a 0602 2b06 4004 c00002 01")
	longIP   = hex("3022 020101 0406 7075626c6963 a215 020101 020100 020100 300a 3008 0602 2b06 4002 c000")
	unknown  = hex("300e 020101 0406 7075626c6963 af01 00")
	behind   = hex("3009 020101 0400 a000 0500")
	big      = hex("302a 020101 0406 7075626c6963 a21d 020101 020100 020100 3012 3010 0603 2b0601 4609 00ffffffffffffffff")
	all      = [][]byte{get, response, getBulk, trap, plain, sealed, endless, huge, lying, other, noNumber, badOID, badIP, longIP, unknown, behind, big, {}, {0x30}}
)

func TestFields(t *testing.T) {
	fieldtest.Run(t, &snmp.Layout, nil, []fieldtest.Case{
		{Name: "the version", Bytes: get, Field: "snmp.version", Want: "v2c (1)"},
		{Name: "the community", Bytes: get, Field: "snmp.community", Want: `"public"`},
		{Name: "what is asked", Bytes: get, Field: "snmp.data", Want: "get-request (0)"},
		{Name: "of what", Bytes: get, Field: "snmp.name", Want: "1.3.6.1.2.1.1.1.0"},
		{Name: "type and length", Bytes: get, Field: "snmp.ber", Want: "SEQUENCE, 39 bytes"},
		{Name: "how many", Bytes: response, Field: "snmp.variable_bindings", Want: "11"},
		{Name: "a text", Bytes: response, Field: "snmp.value.octets", Want: `"Linux box"`},
		{Name: "a counter", Bytes: response, Field: "snmp.value.counter", Want: "127"},
		{Name: "an address", Bytes: response, Field: "snmp.value.ipv4", Want: "192.0.2.1"},
		{Name: "a negative number", Bytes: response, Field: "snmp.value.int", Want: "-5"},
		{Name: "a name as value", Bytes: response, Field: "snmp.value.oid", Want: "1.3.6.1.4.1.8072"},
		{Name: "many at once", Bytes: getBulk, Field: "snmp.max_repetitions", Want: "10"},
		{Name: "a trap", Bytes: trap, Field: "snmp.generic_trap", Want: "enterpriseSpecific (6)"},
		{Name: "from where", Bytes: trap, Field: "snmp.agent_addr", Want: "192.0.2.1"},
		{Name: "version 3", Bytes: plain, Field: "snmp.msgUserName", Want: `"user"`},
		{Name: "what is in it", Bytes: plain, Field: "snmp.data", Want: "get-request (0)"},
		{Name: "encrypted", Bytes: sealed, Field: "snmp.msgData", Want: "encryptedPDU (1)"},
		{Name: "the highest counter", Bytes: big, Field: "snmp.value.counter", Want: "18446744073709551615"},
		{Name: "a length without end", Bytes: endless, Field: "snmp.ber", Fault: "snmp.ber.length.invalid"},
		{Name: "a length of five bytes", Bytes: huge, Field: "snmp.ber", Fault: "snmp.ber.length.invalid"},
		{Name: "bytes behind", Bytes: behind, Field: "snmp.undecoded", Fault: "snmp.ber.trailing"},
		{Name: "no object", Bytes: badOID, Field: "snmp.name", Fault: "snmp.ber.oid"},
		{Name: "cut", Bytes: get[:20], Field: "snmp.request_id", Want: "1234"},
	})
	for name, c := range map[string]struct {
		b     []byte
		fault string
	}{"a length that lies": {lying, "snmp.ber.length.overrun"}, "another type": {other, "snmp.ber.unexpected"}, "a number of no bytes": {noNumber, "snmp.ber.number"},
		"an address of two bytes": {longIP, "snmp.ber.address"}, "no message": {unknown, "snmp.ber.unexpected"}} {
		found := false
		for _, s := range fieldtest.Decode(t, &snmp.Layout, c.b, nil).Spans {
			found = found || s.Err != nil && s.Err.Name == c.fault
		}
		if !found {
			t.Errorf("%s: nothing says %s", name, c.fault)
		}
	}
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &snmp.Layout, nil, all...) }

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var d pcap.Decoder
	var frames [][]byte
	for _, b := range [][]byte{get, response, getBulk, trap, plain, sealed} {
		frames = append(frames, fieldtest.UDPFrame(40000, 161, b))
	}
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"snmp"},
		[]string{"snmp.ber", "snmp.varbind", "snmp.var-bind_str", "snmp.v3.flags.reserved", "snmp.engineid.conform", "snmp.engineid.enterprise", "snmp.engineid.format", "snmp.engineid.text"}, frames...)
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &snmp.Layout, nil, all...) }

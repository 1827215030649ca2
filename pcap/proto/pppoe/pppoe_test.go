package pppoe_test

import (
	"bytes"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/pppoe"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

var (
	hex     = fieldtest.Hex
	padi    = hex("1109 0000 0020 0101 0004 69737031 0102 0000 0103 0004 01020304 0104 0004 aabbccdd 0105 0002 0102")
	pado    = hex("1107 0000 0021 0110 0002 0de9 0120 0002 05dc 0201 0003 626164 0202 0001 61 0203 0001 62 0000 0000")
	radio   = hex("110c 0011 0022 0106 0004 00010002 0107 000a 001b 64 32 0005 0064 00c8 0108 0002 0007 0109 0002 0040")
	vendors = hex("1119 0000 0010 0105 0006 00000de9 0102 7777 0002 0102")
	padt    = hex("11a7 0011 0000")
	session = hex("1100 0011 0006 c021 0901 0004 0000")
	lying   = hex("1100 0011 0040 c021 0901 0004")
	tagLies = hex("1109 0000 0008 0101 0040 69737031")
	tagOdd  = hex("1109 0000 0007 0108 0003 000007")
	padded  = hex("1109 0000 0004 0000 0000 0000000000")
	version = hex("2100 0011 0006 c021 0901 0004")
	found   = [][]byte{padi, pado, radio, vendors, padt, tagLies, tagOdd, padded}
)

func TestFields(t *testing.T) {
	fieldtest.Run(t, &pppoe.DiscoveryLayout, nil, []fieldtest.Case{
		{Name: "the code has a name", Bytes: padi, Field: "pppoe.code", Want: "Active Discovery Initiation (PADI) (0x09)"},
		{Name: "a service", Bytes: padi, Field: "pppoed.tags.service_name", Want: `"isp1"`},
		{Name: "a cookie", Bytes: padi, Field: "pppoed.tags.ac_cookie", Want: "aabbccdd"},
		{Name: "an error", Bytes: pado, Field: "pppoed.tags.service_name_error", Want: `"bad"`},
		{Name: "a radio's rate", Bytes: radio, Field: "pppoed.tags.metrics.mdr_units", Want: "Tbps (0x3)"},
		{Name: "a radio's quality", Bytes: radio, Field: "pppoed.tags.metrics.rlq", Want: "100 %"},
		{Name: "a vendor", Bytes: vendors, Field: "pppoed.tags.vendor_id", Want: "3561"},
		{Name: "an unknown tag", Bytes: vendors, Field: "pppoed.tag.unknown_data", Want: "0102"},
		{Name: "behind the payload there is padding", Bytes: padded, Field: "undecoded", Want: "0000000000"},
		{Name: "a tag past the end", Bytes: tagLies, Field: "pppoed.tag_length", Want: "64 bytes", Fault: "pppoed.tag_length.invalid"},
		{Name: "a number of three bytes", Bytes: tagOdd, Field: "pppoed.tag_length", Want: "3 bytes", Fault: "pppoed.tag_length.invalid"},
	})
	fieldtest.Run(t, &pppoe.SessionLayout, nil, []fieldtest.Case{
		{Name: "the session", Bytes: session, Field: "pppoe.session_id", Want: "0x0011"},
		{Name: "what is behind the payload", Bytes: session, Field: "undecoded", Want: "0000"},
		{Name: "a length past the end", Bytes: lying, Field: "pppoe.payload_length", Want: "64 bytes", Fault: "pppoe.payload_length.bad"},
		{Name: "another version", Bytes: version, Field: "pppoe.version", Want: "2", Fault: "pppoe.version.bad"},
	})
}

func TestRoom(t *testing.T) {
	fieldtest.CheckRoom(t, &pppoe.DiscoveryLayout, nil, found...)
	fieldtest.CheckRoom(t, &pppoe.SessionLayout, nil, session, lying, version)
}

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var frames [][]byte
	for _, b := range [][]byte{padi, pado, radio, padt} {
		frames = append(frames, bytes.Join([][]byte{hex("ffffffffffff 020000000001 8863"), b}, nil))
	}
	frames = append(frames, bytes.Join([][]byte{hex("020000000001 020000000002 8864"), session}, nil))
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"pppoe", "pppoed", "pppoes"}, []string{
		"pppoed.tag", "pppoed.tag_length", "pppoed.tag.unknown_data", // the room's doc says why
		"pppoed.tags.credits", "pppoed.tags.metrics", // the value, again
	}, frames...)
}

func FuzzDiscovery(f *testing.F) { fieldtest.FuzzLayout(f, &pppoe.DiscoveryLayout, nil, found...) }
func FuzzSession(f *testing.F) {
	fieldtest.FuzzLayout(f, &pppoe.SessionLayout, nil, session, lying, version)
}

package geneve_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/geneve"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

const (
	ip    = "45000014 00000000 40fd0000 c0000201 c0000202"
	ether = "020000000001 020000000002 0800" + ip
)

var (
	hex     = fieldtest.Hex
	plain   = hex("0000 6558 000064 00" + ether)
	options = hex("06c0 0800 000064 09 0108 81 02 0102030405060708 0001 01 01 01020304 0102 02 00" + ip)
	google  = hex("0700 0800 000064 00 0132 01 01 00001e43 0132 02 01 01020304 0132 03 02 0000000000000007" + ip)
	bad     = hex("0200 0800 000064 00 0108 81 1f 01020304" + ip)
	version = hex("4000 0800 000064 00" + ip)
	over    = hex("3f00 0800 000064 00 0108 01 00")
	unsaid  = hex("0100 0800 000064 00 0108 81 00" + ip)
	all     = [][]byte{plain, options, google, bad, version, over, unsaid}
)

func TestFields(t *testing.T) {
	fieldtest.Run(t, &geneve.Layout, nil, []fieldtest.Case{
		{Name: "the network", Bytes: plain, Field: "geneve.vni", Want: "0x000064"},
		{Name: "the protocol has a name", Bytes: plain, Field: "geneve.proto_type", Want: "Transparent Ethernet bridging (0x6558)"},
		{Name: "the options' length is in bytes", Bytes: options, Field: "geneve.option.length", Want: "24 bytes"},
		{Name: "an option's data", Bytes: options, Field: "geneve.option.unknown.data", Want: "0102030405060708"},
		{Name: "a class has a name", Bytes: google, Field: "geneve.option.class", Want: "Google (0x0132)"},
		{Name: "Google's network", Bytes: google, Field: "geneve.option.gcp.vnid", Want: "484"},
		{Name: "Google's endpoint", Bytes: google, Field: "geneve.option.gcp.endpoint", Want: "01020304"},
		{Name: "Google's profile", Bytes: google, Field: "geneve.option.gcp.profile", Want: "7"},
		{Name: "another version", Bytes: version, Field: "geneve.version", Want: "1", Fault: "geneve.version.unknown"},
		{Name: "options past the end", Bytes: over, Field: "geneve.option.length", Want: "252 bytes", Fault: "malformed.length"},
		{Name: "a critical option that the header does not say", Bytes: unsaid, Field: "geneve.flags.critical", Fault: "geneve.flags.critical.missing"},
		{Name: "cut", Bytes: plain[:6], Field: "geneve.vni", Fault: "malformed.truncated"},
	})
	c := fieldtest.Decode(t, &geneve.Layout, bad, nil)
	n := 0
	for _, s := range c.Spans {
		if s.Err != nil && s.Err.Name == "geneve.option.length.invalid" {
			n++
		}
	}
	if n != 1 || fieldtest.Text(c, "geneve.option.unknown.data") != "01020304" {
		t.Error("an option past the end of the options is not marked, or its data not shown")
	}
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &geneve.Layout, nil, all...) }

// datagram returns a frame with a UDP datagram to a port.
func datagram(port uint16, payload []byte) []byte {
	u := fieldtest.Hex("c350 0000 0000 0000")
	binary.BigEndian.PutUint16(u[2:], port)
	binary.BigEndian.PutUint16(u[4:], uint16(8+len(payload)))
	h := fieldtest.Hex("45000000 00000000 40110000 c0000201 c0000202")
	binary.BigEndian.PutUint16(h[2:], uint16(28+len(payload)))
	return bytes.Join([][]byte{fieldtest.Hex("020000000001 020000000002 0800"), h, u, payload}, nil)
}

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"geneve"}, nil,
		datagram(6081, plain), datagram(6081, options), datagram(6081, version))
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &geneve.Layout, nil, all...) }

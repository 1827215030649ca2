package vlan_test

import (
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/vlan"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

// What follows the addresses and the type of the outer tag.
var (
	hex    = fieldtest.Hex
	arp    = "0806 0001080006040001 020000000001 0a000001 000000000000 0a000002"
	tagged = hex("7064" + arp)
	byLen  = hex("2064 0004 42420300 0000")
	tooFar = hex("2064 00ff 42420300")
	one    = hex("b01e" + arp)
	two    = hex("b01e 88a8 2064" + arp)
	three  = hex("b01e 88a8 2064 88a8 2065" + arp)
	pbb    = hex("3c000102 020000000003 020000000004" + arp)
)

func TestTags(t *testing.T) {
	fieldtest.Run(t, &vlan.Layout, nil, []fieldtest.Case{
		{Name: "the priority has a name", Bytes: tagged, Field: "vlan.priority", Want: "Critical Applications (3)"},
		{Name: "the frame may be dropped", Bytes: tagged, Field: "vlan.dei", Want: "Set"},
		{Name: "the identifier has 12 bits", Bytes: tagged, Field: "vlan.id", Want: "100"},
		{Name: "the type has a name", Bytes: tagged, Field: "vlan.etype", Want: "ARP (0x0806)"},
		{Name: "a value under 1536 is a length", Bytes: byLen, Field: "vlan.len", Want: "4 bytes"},
		{Name: "what lies behind that length is not data", Bytes: byLen, Field: "undecoded", Want: "0000"},
		{Name: "a length past the end", Bytes: tooFar, Field: "vlan.len", Want: "255 bytes", Fault: "vlan.len.past_end"},
		{Name: "the tag ends too early", Bytes: tagged[:3], Field: "vlan.etype", Fault: "malformed.truncated"},
	})
	fieldtest.Run(t, &vlan.ProviderLayout, nil, []fieldtest.Case{
		{Name: "one S-TAG", Bytes: one, Field: "ieee8021ad.id", Want: "30"},
		{Name: "of two, the first is the service's", Bytes: two, Field: "ieee8021ad.svid", Want: "30"},
		{Name: "of two, the second is the customer's", Bytes: two, Field: "ieee8021ad.cvid", Want: "100"},
		{Name: "of two, neither is a lone one", Bytes: two, Field: "ieee8021ad.id", Want: "absent"},
	})
	fieldtest.Run(t, &vlan.BackboneLayout, nil, []fieldtest.Case{
		{Name: "the service instance", Bytes: pbb, Field: "ieee8021ah.isid", Want: "258"},
		{Name: "the customer's address", Bytes: pbb, Field: "ieee8021ah.cdst", Want: "02:00:00:00:00:03"},
	})
}

func TestRoom(t *testing.T) {
	fieldtest.CheckRoom(t, &vlan.Layout, nil, tagged, byLen, tooFar)
	fieldtest.CheckRoom(t, &vlan.ProviderLayout, nil, one, two, three)
	fieldtest.CheckRoom(t, &vlan.BackboneLayout, nil, pbb)
}

// TestFrames: whole frames, with what the tags carry.
func TestFrames(t *testing.T) {
	const ether = "0180c2000000 020000000001"
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) },
		[]string{"vlan", "ieee8021ad", "ieee8021ah", "arp"},
		[]string{"ieee8021ah.etype"}, // the room's doc says why
		hex(ether+"8100 7064"+arp), hex(ether+"8100 2064 8100 2065 8100 2066"+arp), hex(ether+"8100 2064 0003 424203 0000"),
		hex(ether+"9100 b01e 8100 2064"+arp), hex(ether+"88a8 b01e"+arp+"000000000000"), hex(ether+"88a8 b01e 8100 7064"+arp),
		hex(ether+"88a8 b01e 88a8 2064"+arp), hex(ether+"88a8 b01e 88a8 2064 88a8 2065"+arp), hex(ether+"88e7 3c000102 020000000003 020000000004 8100 2064"+arp))
}

func FuzzTag(f *testing.F)      { fieldtest.FuzzLayout(f, &vlan.Layout, nil, tagged, byLen, tooFar) }
func FuzzProvider(f *testing.F) { fieldtest.FuzzLayout(f, &vlan.ProviderLayout, nil, one, two, three) }
func FuzzBackbone(f *testing.F) { fieldtest.FuzzLayout(f, &vlan.BackboneLayout, nil, pbb) }

package vxlan_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/vxlan"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

const (
	ip    = "45000014 00000000 40fd0000 c0000201 c0000202"
	ether = "020000000001 020000000002 0800" + ip
)

var (
	hex     = fieldtest.Hex
	plain   = hex("0800 0000 000064 00" + ether)
	policy  = hex("8848 1234 000064 05" + ether)
	without = hex("0000 0000 000064 00" + ether)
	gpe     = hex("0c000001 000064 00" + ip)
	gpe6    = hex("0c000002 000064 00 6000000000003b40 00000000000000000000000000000000 00000000000000000000000000000000")
	gpeEth  = hex("0d000003 000064 00" + ether)
	gpeOld  = hex("08000000 000064 00" + ether)
	gpeMPLS = hex("0c000005 000064 00 00012140" + ip)
	gpeNSH  = hex("0c000004 000064 00 0102")
	gpeVer  = hex("3c000001 000064 00" + ip)
	gpeNone = hex("04000001 000064 00" + ip)
)

func TestFields(t *testing.T) {
	fieldtest.Run(t, &vxlan.Layout, nil, []fieldtest.Case{
		{Name: "the network", Bytes: plain, Field: "vxlan.vni", Want: "100"},
		{Name: "a group policy", Bytes: policy, Field: "vxlan.gbp", Want: "4660"},
		{Name: "a policy was applied", Bytes: policy, Field: "vxlan.flag_a", Want: "Set"},
		{Name: "no network", Bytes: without, Field: "vxlan.vni", Fault: "vxlan.flag_i.missing"},
		{Name: "cut", Bytes: plain[:6], Field: "vxlan.vni", Fault: "malformed.truncated"},
	})
	fieldtest.Run(t, &vxlan.GenericLayout, nil, []fieldtest.Case{
		{Name: "the protocol has a name", Bytes: gpe, Field: "vxlan.next_proto", Want: "IPv4 (1)"},
		{Name: "another version", Bytes: gpeVer, Field: "vxlan.ver", Want: "3", Fault: "vxlan.ver.unknown"},
		{Name: "no network", Bytes: gpeNone, Field: "vxlan.vni", Fault: "vxlan.flag_i.missing"},
	})
}

func TestRoom(t *testing.T) {
	fieldtest.CheckRoom(t, &vxlan.Layout, nil, plain, policy, without)
	fieldtest.CheckRoom(t, &vxlan.GenericLayout, nil, gpe, gpe6, gpeEth, gpeOld, gpeMPLS, gpeNSH, gpeVer, gpeNone)
}

// datagram returns a frame with a UDP datagram to a port.
func datagram(port uint16, payload []byte) []byte {
	u := fieldtest.Hex("c350 0000 0000 0000")
	binary.BigEndian.PutUint16(u[2:], port)
	binary.BigEndian.PutUint16(u[4:], uint16(8+len(payload)))
	h := fieldtest.Hex("45000000 00000000 40110000 c0000201 c0000202")
	binary.BigEndian.PutUint16(h[2:], uint16(28+len(payload)))
	return bytes.Join([][]byte{fieldtest.Hex("020000000001 020000000002 0800"), h, u, payload}, nil)
}

// TestFrames: tshark finds the same fields in the same places, here and in what is inside.
func TestFrames(t *testing.T) {
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"vxlan"}, []string{"vxlan.flags_reserved"}, // the room's doc says why
		datagram(4789, plain), datagram(4789, policy), datagram(4790, gpe), datagram(4790, gpe6), datagram(4790, gpeEth), datagram(4790, gpeMPLS))
}

// TestInside: the frame inside is decoded as what it is, whatever is inside it.
func TestInside(t *testing.T) {
	var d pcap.Decoder
	f := datagram(4789, append(hex("0800 0000 000064 00"), datagram(4789, plain)...))
	depth := 0
	for _, s := range d.Decode(f, len(f)) {
		if s.Spec == &vxlan.Layout.Spec {
			depth++
		}
	}
	if depth != 2 {
		t.Errorf("%d layers of two", depth)
	}
}

func FuzzFields(f *testing.F)  { fieldtest.FuzzLayout(f, &vxlan.Layout, nil, plain, policy, without) }
func FuzzGeneric(f *testing.F) { fieldtest.FuzzLayout(f, &vxlan.GenericLayout, nil, gpe, gpeVer) }

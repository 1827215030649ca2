package arp

import (
	"bytes"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
	"httptap/stack/link"
)

func specs() []*field.Spec {
	return append(append(more(), &Layout.Spec), field.Pointers(head[:])...)
}

func TestNamesAreWiresharks(t *testing.T) { fieldtest.CheckNames(t, specs()) }

// tshark finds the same fields at the same places, in packets for Ethernet and for other hardware.
func TestAgainstTshark(t *testing.T) {
	ether := Append(nil, OpRequest, hwA, ipA, link.Addr{}, ipB)
	ieee := bytes.Clone(ether)
	ieee[1] = hardwareIEEE802
	infiniband := append([]byte{0, 32, 8, 0, 8, 4, 0, 1}, bytes.Repeat([]byte{1, 2, 3, 4}, 6)...)
	packets := [][]byte{
		ether,
		Append(nil, OpReply, hwA, ipA, hwB, ipB),
		ieee,
		infiniband,
		fieldtest.Hex("0003 00cc 07 04 0001 01020304050607 c0000201 00000000000000 c0000202"), // AX.25
		fieldtest.Hex("000f 0800 02 04 0009 1841 c0000201 1842 c0000202"),                     // frame relay
		fieldtest.Hex("0001 0800 08 04 0001 0200000000010203 c0000201 0000000000000000 c0000202"),
		fieldtest.Hex("0001 86dd 06 10 0001 020000000001 20010db8000000000000000000000001 000000000000 20010db8000000000000000000000002"),
		fieldtest.Hex("0001 0800 00 00 0001"),
		ether[:20],
	}
	var frames [][]byte
	for _, p := range packets {
		frames = append(frames, append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6}, p...))
	}
	compared := 0
	for i, found := range fieldtest.Tshark(t, fieldtest.LinkEthernet, frames...) {
		c := fieldtest.Decode(t, &Layout, packets[i], nil)
		compared += fieldtest.MatchTshark(t, "packet "+string(rune('0'+i)), "arp.", found, c.Spans, 14, "arp.isgratuitous", "arp.isprobe", "arp.isannouncement")
	}
	if compared < 40 {
		t.Errorf("only %d fields were compared", compared)
	}
}

// gopacket reads what Append writes, and the other way round.
func TestAgainstGopacket(t *testing.T) {
	b := Append(nil, OpReply, hwA, ipA, hwB, ipB)
	var l layers.ARP
	if err := l.DecodeFromBytes(b, gopacket.NilDecodeFeedback); err != nil {
		t.Fatal(err)
	}
	if l.Operation != OpReply || !bytes.Equal(l.SourceHwAddress, hwA[:]) || !bytes.Equal(l.SourceProtAddress, ipA[:]) ||
		!bytes.Equal(l.DstHwAddress, hwB[:]) || !bytes.Equal(l.DstProtAddress, ipB[:]) {
		t.Errorf("gopacket reads %+v", l)
	}
	out := gopacket.NewSerializeBuffer()
	if err := l.SerializeTo(out, gopacket.SerializeOptions{}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), b) {
		t.Errorf("gopacket writes % x, we % x", out.Bytes(), b)
	}
}

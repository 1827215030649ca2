package stp_test

import (
	"bytes"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/stp"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

const (
	ids     = "8064001c0e877800 00000004 8065001c0e878500 8004 0100 1400 0200 0f80"
	region  = "00 6578616d706c650000000000000000000000000000000000000000000000000000 01 ac36177f50283cd4b83821d8ab26de62"
	cist    = "00000010 9001001c0e877800 13"
	msti    = "7c 8001001c0e877800 00000010 80 90 13"
	agree   = "35 00 23 45 6789 0000000000000000 00112233445566778899aabbccddeeff00112233"
	shorter = region + cist + msti
)

var (
	hex      = fieldtest.Hex
	config   = hex("0000 00 00 81" + ids)
	change   = hex("0000 00 80")
	rapid    = hex("0000 02 02 7e" + ids + "00")
	noLength = hex("0000 02 02 7e" + ids)
	multiple = hex("0000 03 02 7e" + ids + "00 0060" + region + cist + msti + msti)
	lying    = hex("0000 03 02 7e" + ids + "00 0061" + shorter)
	tooLong  = hex("0000 03 02 7e" + ids + "00 0060" + shorter)
	shortest = hex("0000 04 02 7e" + ids + "00 0050" + shorter + "0055" + region + agree)
	more4    = hex("0000 04 02 7e" + ids + "00 0050" + shorter + "0058" + region + agree + "aabbcc")
	strange  = hex("0000 00 05 0102")
	old      = hex("0000 00 00 00" + "8064001c0e877800 00000004 8065001c0e878500 8004 1400 1400 0200 0f80")
	samples  = [][]byte{config, change, rapid, noLength, multiple, lying, tooLong, shortest, more4, strange, old}

	cisco      = hex("0000 00 00 01" + ids + "00 0000 0002 0064")
	ciscoRapid = hex("0000 02 02 3c" + ids + "00 0000 0002 0064 0005 0001 07")
	ciscoLong  = hex("0000 02 02 3c" + ids + "00 0000 0009 0064")
	ciscoBad   = hex("0000 02 02 3c" + ids + "00 0000 0001 64")
	ofCisco    = [][]byte{cisco, ciscoRapid, ciscoLong, ciscoBad}
)

func TestFields(t *testing.T) {
	fieldtest.Run(t, &stp.Layout, nil, []fieldtest.Case{
		{Name: "the type has a name", Bytes: rapid, Field: "stp.type", Want: "Rapid/Multiple Spanning Tree (0x02)"},
		{Name: "the priority is the first four bits'", Bytes: config, Field: "stp.root.prio", Want: "32768"},
		{Name: "the other twelve are an extension", Bytes: config, Field: "stp.bridge.ext", Want: "101"},
		{Name: "times are in 256ths of a second", Bytes: config, Field: "stp.forward", Want: "15.5 s"},
		{Name: "a role", Bytes: rapid, Field: "stp.flags.port_role", Want: "Designated (3)"},
		{Name: "a notification has no more", Bytes: change, Field: "stp.flags", Want: "absent"},
		{Name: "a region's name", Bytes: multiple, Field: "mstp.config_name", Want: `"example"`},
		{Name: "a tree's identifier", Bytes: multiple, Field: "mstp.msti.msti_id", Want: "1"},
		{Name: "what is agreed about", Bytes: shortest, Field: "mstp.agree_flags.dagreement_num", Want: "1"},
		{Name: "a length that no number of trees gives", Bytes: lying, Field: "mstp.version_3_length", Want: "97 bytes", Fault: "mstp.length.bad"},
		{Name: "decoding goes on behind it", Bytes: lying, Field: "mstp.msti.msti_id", Want: "1"},
		{Name: "a length past the end", Bytes: tooLong, Field: "mstp.version_3_length", Want: "96 bytes", Fault: "malformed.length"},
		{Name: "no type of a standard", Bytes: strange, Field: "stp.type", Want: "0x05", Fault: "stp.type.unknown"},
		{Name: "a message that is too old", Bytes: old, Field: "stp.msg_age", Want: "20 s", Fault: "stp.msg_age.bad"},
		{Name: "cut in the bridge's address", Bytes: config[:20], Field: "stp.bridge.hw", Fault: "malformed.truncated"},
	})
	fieldtest.Run(t, &stp.CiscoLayout, nil, []fieldtest.Case{
		{Name: "the VLAN", Bytes: cisco, Field: "stp.pvst.origvlan", Want: "100"},
		{Name: "the VLAN of a rapid unit", Bytes: ciscoRapid, Field: "stp.pvst.origvlan", Want: "100"},
		{Name: "another record", Bytes: ciscoRapid, Field: "stp.pvst.tlvval", Want: "07"},
		{Name: "a record past the end", Bytes: ciscoLong, Field: "stp.pvst.tlvlen", Fault: "stp.pvst.tlv.truncated"},
		{Name: "a VLAN of one byte", Bytes: ciscoBad, Field: "stp.pvst.tlvlen", Fault: "stp.pvst.tlvlen.invalid"},
	})
}

func TestRoom(t *testing.T) {
	fieldtest.CheckRoom(t, &stp.Layout, nil, samples...)
	fieldtest.CheckRoom(t, &stp.CiscoLayout, nil, ofCisco...)
}

func TestFrames(t *testing.T) {
	ether := hex("0180c2000000 020000000001 00")
	var frames [][]byte
	for _, b := range [][]byte{config, change, rapid, multiple, shortest, strange, old} {
		frames = append(frames, bytes.Join([][]byte{ether, {byte(len(b) + 3), 0x42, 0x42, 3}, b}, nil))
	}
	for _, b := range [][]byte{cisco, ciscoRapid} {
		frames = append(frames, bytes.Join([][]byte{ether, {byte(len(b) + 8)}, hex("aaaa03 00000c 010b"), b}, nil))
	}
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"stp", "mstp", "bpdu"},
		[]string{"mstp"}, // tshark has a protocol of this name that is another one
		frames...)
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &stp.Layout, nil, samples...) }
func FuzzCisco(f *testing.F)  { fieldtest.FuzzLayout(f, &stp.CiscoLayout, nil, ofCisco...) }

package stun_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/stun"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

// message returns a message with attributes.
func message(typ uint16, attributes string) []byte {
	b := fieldtest.Hex(attributes)
	h := fieldtest.Hex("0000 0000 2112a442 000102030405060708090a0b")
	binary.BigEndian.PutUint16(h, typ)
	binary.BigEndian.PutUint16(h[2:], uint16(len(b)))
	return append(h, b...)
}

var (
	request = message(0x0001, "0006 0007 757365723a707700 8022 0004 736f6674 0024 0004 6e0001ff 802a 0008 0102030405060708 0025 0000 0008 0014"+
		"000102030405060708090a0b0c0d0e0f10111213")
	signed    = message(0x0001, "8028 0004 00000000")
	response  = message(0x0101, "0020 0008 0001a147e112a643 0001 0008 00010050c0000201 0020 0014 0002a147 00000000000000000000000000000001 0009 0010 00000401 556e617574686f72697a6564 0015 0005 6e6f6e6365000000 0014 0005 7265616c6d000000 000a 0004 7fff8000")
	allocate  = message(0x0003, "0019 0004 11000000 000d 0004 00000258 0018 0001 80000000 000c 0004 40000000 0012 0008 0001a147e112a643 0013 0004 64617461 001a 0000 0022 0008 0102030405060708 0017 0004 01000000 8029 0008 0102030405060708")
	discovery = message(0x0001, "0003 0004 00000006 802b 0008 00010050c0000201 802c 0008 00010050c0000202 8023 0008 00010050c0000203")
	data      = fieldtest.Hex("4000 000a 30313233343536373839 0000")
	old       = fieldtest.Hex("0001 0000 000102030405060708090a0b0c0d0e0f")
	unknown   = message(0x0001, "7777 0001 78000000 f777 0000")
	lying     = message(0x0001, "0006 00ff 757365723a707700")
	wrong     = message(0x0001, "0024 0002 6e000000 0020 0006 0001a147e112 0000 0020 0008 0009a147e112a643")
	method    = message(0x3fff, "")
	past      = fieldtest.Hex("0001 0010 2112a442 000102030405060708090a0b 0025 0000")
	odd       = fieldtest.Hex("0001 0003 2112a442 000102030405060708090a0b 002500")
	noMessage = fieldtest.Hex("c0010203")
	longData  = fieldtest.Hex("4000 00ff 3031")
	all       = [][]byte{request, signed, response, allocate, discovery, data, old, unknown, lying, wrong, method, past, odd, noMessage, longData}
)

func TestFields(t *testing.T) {
	fieldtest.Run(t, &stun.Layout, nil, []fieldtest.Case{
		{Name: "the method and the class", Bytes: request, Field: "stun.type", Want: "Binding Request (0x0001)"},
		{Name: "a response", Bytes: response, Field: "stun.type", Want: "Binding Success Response (0x0101)"},
		{Name: "who", Bytes: request, Field: "stun.att.username", Want: `"user:pw"`},
		{Name: "the port behind the cookie", Bytes: response, Field: "stun.att.port", Want: "32853"},
		{Name: "the address behind the cookie", Bytes: response, Field: "stun.att.ipv4", Want: "192.0.2.1"},
		{Name: "one of IPv6, behind the transaction too", Bytes: response, Field: "stun.att.ipv6", Want: "2112:a442:1:203:405:607:809:a0a"},
		{Name: "an error", Bytes: response, Field: "stun.att.error.reason", Want: `"Unauthorized"`},
		{Name: "an attribute that somebody did not know", Bytes: response, Field: "stun.att.unknown", Want: "0x7fff"},
		{Name: "a lifetime", Bytes: allocate, Field: "stun.att.lifetime", Want: "600 s"},
		{Name: "a transport", Bytes: allocate, Field: "stun.att.transp", Want: "UDP (0x11)"},
		{Name: "what is to change", Bytes: discovery, Field: "stun.att.change-port", Want: "Set"},
		{Name: "data on a channel", Bytes: data, Field: "stun.channel", Want: "0x4000"},
		{Name: "a fingerprint that is wrong", Bytes: signed, Field: "stun.att.crc32", Fault: "stun.att.crc32.bad"},
		{Name: "without the cookie", Bytes: old, Field: "stun.id", Fault: "stun.cookie.missing"},
		{Name: "an attribute that nobody has", Bytes: unknown, Field: "stun.att.type", Fault: "stun.att.type.unknown"},
		{Name: "a length past the end", Bytes: lying, Field: "stun.att.length", Fault: "stun.att.length.overrun"},
		{Name: "a length that can't be", Bytes: wrong, Field: "stun.att.length", Fault: "stun.att.length.invalid"},
		{Name: "a method that nobody has", Bytes: method, Field: "stun.type", Fault: "stun.type.unknown"},
		{Name: "a message past the end", Bytes: past, Field: "stun.length", Fault: "malformed.length"},
		{Name: "no multiple of 4", Bytes: odd, Field: "stun.length", Fault: "stun.length.odd"},
		{Name: "nothing of STUN", Bytes: noMessage, Field: "stun.unknown", Fault: "stun.type.bits"},
		{Name: "data past the end", Bytes: longData, Field: "stun.length", Fault: "malformed.length"},
		{Name: "cut", Bytes: request[:10], Field: "stun.id", Fault: "malformed.truncated"},
	})
}

// TestFingerprint: the value that the fault names is the right one.
func TestFingerprint(t *testing.T) {
	c := fieldtest.Decode(t, &stun.Layout, signed, nil)
	for _, s := range c.Spans {
		if s.Err != nil {
			b := bytes.Clone(signed)
			binary.BigEndian.PutUint32(b[len(b)-4:], s.Want)
			if f := fieldtest.Err(fieldtest.Decode(t, &stun.Layout, b, nil), "stun.att.crc32"); f != nil {
				t.Error(f)
			}
			return
		}
	}
	t.Error("the fingerprint was not looked at")
}

func TestGuess(t *testing.T) {
	for _, b := range [][]byte{request, response, method} {
		if !stun.Layout.Guess(b) || stun.Layout.Guess(b[:len(b)-1]) || stun.Layout.Guess(append(bytes.Clone(b), 0)) {
			t.Errorf("% x", b)
		}
	}
	for _, b := range [][]byte{nil, data, old, odd, noMessage} {
		if stun.Layout.Guess(b) {
			t.Errorf("% x is taken", b)
		}
	}
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &stun.Layout, nil, all...) }

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var d pcap.Decoder
	var frames [][]byte
	for _, b := range [][]byte{request, signed, response, allocate, discovery, data} {
		frames = append(frames, fieldtest.UDPFrame(40000, 3478, b))
	}
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"stun"},
		[]string{"stun.type.class", "stun.type.method", "stun.type.method-assignment", "stun.type.zero", "stun.type.method.high", "stun.type.class.high", "stun.type.method.middle", "stun.type.class.low", "stun.type.method.low",
			"stun.att.type.number", "stun.network_version", "stun.channel.padding", "stun.att.even-port.reserved", "stun.att.error.reserved", "stun.att.crc32.status", "stun.value"}, frames...)
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &stun.Layout, nil, all...) }

package wireguard_test

import (
	"bytes"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/wireguard"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

func message(head string, n int) []byte {
	b := fieldtest.Hex(head)
	for i := len(b); i < n; i++ {
		b = append(b, byte(i))
	}
	return b
}

var (
	initiation = message("01000000 11223344", 148)
	response   = message("02000000 11223344 01020304", 92)
	cookie     = message("03000000 11223344", 64)
	data       = message("04000000 11223344 0700000000000000", 80)
	keepalive  = message("04000000 11223344 0800000000000000", 32)
	short      = message("04000000 11223344 0800000000000000", 20)
	unknown    = message("09000000", 40)
	reserved   = message("03000001 11223344", 64)
	all        = [][]byte{initiation, response, cookie, data, keepalive, short, unknown, reserved}
)

func TestFields(t *testing.T) {
	fieldtest.Run(t, &wireguard.Layout, nil, []fieldtest.Case{
		{Name: "who begins", Bytes: initiation, Field: "wg.sender", Want: "0x44332211"},
		{Name: "a key as the tools print it", Bytes: initiation, Field: "wg.ephemeral", Want: "CAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJic="},
		{Name: "who answers whom", Bytes: response, Field: "wg.receiver", Want: "0x04030201"},
		{Name: "a cookie", Bytes: cookie, Field: "wg.type", Want: "Cookie Reply (3)"},
		{Name: "the counter is little-endian", Bytes: data, Field: "wg.counter", Want: "7"},
		{Name: "a keepalive", Bytes: keepalive, Field: "wg.encrypted_packet", Fault: "wg.keepalive"},
		{Name: "shorter than its tag", Bytes: short, Field: "wg.encrypted_packet", Fault: "wg.encrypted_packet.short"},
		{Name: "no message", Bytes: unknown, Field: "wg.type", Want: "9", Fault: "wg.type.unknown"},
		{Name: "bytes that are zero", Bytes: reserved, Field: "wg.reserved", Fault: "wg.reserved.set"},
		{Name: "cut", Bytes: initiation[:100], Field: "wg.encrypted_timestamp", Fault: "malformed.truncated"},
	})
}

func TestGuess(t *testing.T) {
	for _, b := range [][]byte{initiation, response, cookie, data, keepalive} {
		if !wireguard.Layout.Guess(b) {
			t.Errorf("% x is not known", b[:4])
		}
		if wireguard.Layout.Guess(b[:len(b)-1]) || wireguard.Layout.Guess(append(bytes.Clone(b), 0)) {
			t.Errorf("% x of a wrong length is taken", b[:4])
		}
	}
	for _, b := range [][]byte{nil, {1}, short, unknown, reserved, bytes.Repeat([]byte{4}, 64)} {
		if wireguard.Layout.Guess(b) {
			t.Errorf("% x is taken", b)
		}
	}
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &wireguard.Layout, nil, all...) }

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var d pcap.Decoder
	var frames [][]byte
	for _, b := range [][]byte{initiation, response, cookie, data, keepalive} {
		frames = append(frames, fieldtest.UDPFrame(40000, 51820, b))
	}
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"wg"}, []string{"wg.ephemeral.known_privkey", "wg.stream"}, frames...)
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &wireguard.Layout, nil, all...) }

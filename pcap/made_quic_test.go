package pcap

import (
	"strings"
	"testing"

	"httptap/stack/field/fieldtest"
)

// Packets of QUIC that nobody here sends.

// quicPayload is protected, so that any bytes will do.
var quicPayload = strings.Repeat("9c37e1", 10)

// quicCases are malformed.
func quicCases(t testing.TB) []madeCase {
	port := uint16(41000)
	datagram := func(digits string) []byte { // each a connection of its own
		port++
		return inUDP(t, port, 443, fieldtest.Hex(digits))
	}
	return []madeCase{
		{"quic/past-the-end", "a packet past the end, a token past the end, an ID past the end, one of 21 bytes, a packet too short to be read, one that ends in its length", [][]byte{
			datagram("c0 00000001 04 01020304 00 00 4100" + quicPayload), datagram("c0 00000001 04 01020304 00 7fff" + quicPayload),
			datagram("c0 00000001 44 0102030405"), datagram("e0 00000001 15" + strings.Repeat("07", 21) + "00 1e" + quicPayload),
			datagram("e0 00000001 01 07 00 03 010203"), datagram("e0 00000001 01 07 00 41"),
		}, 0},
		{"quic/odd", "a version that nobody knows, the fixed bit not set, a Retry without a token, one of ten bytes, a version negotiation without versions, one that ends in a version", [][]byte{
			datagram("ff 1a2a3a4a 15" + strings.Repeat("07", 21) + "02 0809" + quicPayload), datagram("a0 00000001 01 07 00 1e" + quicPayload),
			datagram("f0 00000001 00 01 07 000102030405060708090a0b0c0d0e0f"), datagram("f0 00000001 00 01 07 00010203040506070809"),
			datagram("80 00000000 00 01 07"), datagram("80 00000000 00 01 07 00000001 6b33"),
		}, 0},
		{"quic/coalesced", "an Initial, a Handshake and a short header in a datagram; zeros behind an Initial; a short header alone; DTLS on the port of QUIC", [][]byte{
			datagram("c0 00000001 04 01020304 01 07 00 401e" + quicPayload + "e0 00000001 04 01020304 01 07 401e" + quicPayload + "55 01020304" + quicPayload),
			datagram("c0 00000001 04 01020304 01 07 00 401e" + quicPayload + "00000000"),
			datagram("55 01020304" + quicPayload),
			inUDP(t, 41000, 443, dtlsRecord(21, 0, 1, []byte{2, 40})),
		}, 0},
	}
}

// madeQUIC has a packet of each type in each version, and each size of a number.
func madeQUIC(t testing.TB) map[string][]byte {
	frames := map[string][]byte{}
	n := uint16(46000)
	for name, digits := range map[string]string{
		"zero-rtt": "d0 00000001 04 01020304 01 07 1e" + quicPayload, "handshake": "e0 00000001 04 01020304 01 07 401e" + quicPayload,
		"long-number": "e0 00000001 04 01020304 00 8000001e" + quicPayload, "longest-number": "e0 00000001 04 01020304 00 c00000000000001e" + quicPayload,
		"no-ids": "e0 00000001 00 00 1e" + quicPayload, "longest-ids": "e0 00000001 14" + strings.Repeat("07", 20) + "14" + strings.Repeat("08", 20) + "1e" + quicPayload,
		"zero-rtt2": "e0 6b3343cf 04 01020304 01 07 1e" + quicPayload, "handshake2": "f0 6b3343cf 04 01020304 01 07 1e" + quicPayload,
		"draft": "e0 ff00001d 04 01020304 01 07 1e" + quicPayload, "negotiation": "aa 00000000 04 01020304 01 07 00000001 6b3343cf 1a2a3a4a ff00001d",
		"coalesced": "d0 00000001 04 01020304 01 07 1e" + quicPayload + "e0 00000001 04 01020304 01 07 1e" + quicPayload,
		"retry":     "f0 00000001 04 01020304 01 07 0a0b0c 000102030405060708090a0b0c0d0e0f", "retry2": "c0 6b3343cf 04 01020304 01 07 0a0b0c 000102030405060708090a0b0c0d0e0f",
	} {
		frames[name] = inUDP(t, n, 4433, fieldtest.Hex(digits))
		n++
	}
	return frames
}

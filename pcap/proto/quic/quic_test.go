package quic

import (
	"strings"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

var (
	sealed      = strings.Repeat("9c37e1", 10) // 30 bytes
	hex         = fieldtest.Hex
	initial     = hex("c3 00000001 04 01020304 01 07 02 aabb 401e" + sealed)
	zeroRTT     = hex("d3 00000001 04 01020304 00 8000001e" + sealed)
	handshake   = hex("e3 00000001 04 01020304 00 c00000000000001e" + sealed)
	retrying    = hex("f5 00000001 00 01 07 0a0b0c 000102030405060708090a0b0c0d0e0f")
	tokenless   = hex("f5 00000001 00 01 07 000102030405060708090a0b0c0d0e0f")
	negotiating = hex("aa 00000000 04 01020304 01 07 00000001 6b3343cf")
	nothing     = hex("aa 00000000 04 01020304 01 07")
	second      = hex("d3 6b3343cf 04 01020304 01 07 00 1e" + sealed)
	draft       = hex("e3 ff00001d 04 01020304 01 07 1e" + sealed)
	unknown     = hex("ff 1a2a3a4a 15" + strings.Repeat("07", 21) + "02 0809" + sealed)
	shorter     = hex("75 01020304" + sealed)
	unfixed     = hex("a3 00000001 01 07 00 1e" + sealed)
	longID      = hex("e3 00000001 15" + strings.Repeat("07", 21) + "00 1e" + sealed)
	over        = hex("e3 00000001 01 07 00 4100" + sealed)
	overToken   = hex("c3 00000001 01 07 00 7fff" + sealed)
	overID      = hex("c3 00000001 44 010203")
	small       = hex("e3 00000001 01 07 00 03 010203")
	coalesced   = slicesOf(initial, handshake, shorter)
	padded      = slicesOf(initial, hex("00000000"))
	stranger    = slicesOf(initial, hex("75 05020304"+sealed))
	all         = [][]byte{initial, zeroRTT, handshake, retrying, tokenless, negotiating, nothing, second, draft, unknown, shorter, unfixed, longID, over, overToken, overID, small, coalesced, padded, stranger}
)

func slicesOf(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func TestFields(t *testing.T) {
	fieldtest.Run(t, &Layout, nil, []fieldtest.Case{
		{Name: "an Initial", Bytes: initial, Field: "quic.long.packet_type", Want: "Initial (0)"},
		{Name: "its form", Bytes: initial, Field: "quic.header_form", Want: "Long Header (1)"},
		{Name: "its version", Bytes: initial, Field: "quic.version", Want: "1 (0x00000001)"},
		{Name: "its destination", Bytes: initial, Field: "quic.dcid", Want: "01020304"},
		{Name: "its source", Bytes: initial, Field: "quic.scid", Want: "07"},
		{Name: "its token", Bytes: initial, Field: "quic.token", Want: "aabb"},
		{Name: "a length of two bytes", Bytes: initial, Field: "quic.length", Want: "30 bytes"},
		{Name: "what is protected", Bytes: initial, Field: "quic.long.protected", Want: "0x3"},
		{Name: "0-RTT", Bytes: zeroRTT, Field: "quic.long.packet_type", Want: "0-RTT (1)"},
		{Name: "a length of four bytes", Bytes: zeroRTT, Field: "quic.length", Want: "30 bytes"},
		{Name: "a Handshake", Bytes: handshake, Field: "quic.long.packet_type", Want: "Handshake (2)"},
		{Name: "a length of eight bytes", Bytes: handshake, Field: "quic.length", Want: "30 bytes"},
		{Name: "the size of that number", Bytes: handshake, Field: "quic.varint", Want: "8 bytes (3)"},
		{Name: "a Handshake has no token", Bytes: handshake, Field: "quic.token_length", Want: "absent"},
		{Name: "a Retry", Bytes: retrying, Field: "quic.retry_token", Want: "0a0b0c"},
		{Name: "its tag", Bytes: retrying, Field: "quic.retry_integrity_tag", Want: "000102030405060708090a0b0c0d0e0f"},
		{Name: "a Retry without a token", Bytes: tokenless, Field: "quic.retry_integrity_tag", Fault: "quic.retry_token.missing"},
		{Name: "a Retry without a tag", Bytes: retrying[:14], Field: "quic.retry_integrity_tag", Fault: "malformed.truncated"},
		{Name: "a version negotiation", Bytes: negotiating, Field: "quic.supported_version", Want: "1 (0x00000001)"},
		{Name: "its version is none", Bytes: negotiating, Field: "quic.version", Want: "Version Negotiation (0x00000000)"},
		{Name: "one of no versions", Bytes: nothing, Field: "quic.scid", Want: "07", Fault: "quic.supported_version.missing"},
		{Name: "one cut in a version", Bytes: negotiating[:len(negotiating)-6], Field: "quic.supported_version", Fault: "malformed.truncated"},
		{Name: "version 2 numbers its types in another way", Bytes: second, Field: "quic.long.packet_type_v2", Want: "Initial (1)"},
		{Name: "an Initial of version 2 has a token", Bytes: second, Field: "quic.token_length", Want: "0 bytes"},
		{Name: "a draft", Bytes: draft, Field: "quic.version", Want: "draft-29 (0xff00001d)"},
		{Name: "a version that nobody knows", Bytes: unknown, Field: "quic.version", Want: "0x1a2a3a4a", Fault: "quic.version.unknown"},
		{Name: "its ID may be long", Bytes: unknown, Field: "quic.dcil", Want: "21 bytes"},
		{Name: "one of version 1 may not", Bytes: longID, Field: "quic.dcil", Want: "21 bytes", Fault: "quic.connection_id.length"},
		{Name: "a short header", Bytes: shorter, Field: "quic.spin_bit", Want: "Set"},
		{Name: "whose ID only the peers know", Bytes: shorter, Field: "quic.dcid", Want: "absent"},
		{Name: "the fixed bit", Bytes: unfixed, Field: "quic.fixed_bit", Want: "Not set", Fault: "quic.fixed_bit.zero"},
		{Name: "a packet past the end", Bytes: over, Field: "quic.length", Want: "256 bytes", Fault: "malformed.length"},
		{Name: "a token past the end", Bytes: overToken, Field: "quic.token_length", Want: "16383 bytes", Fault: "malformed.length"},
		{Name: "an ID past the end", Bytes: overID, Field: "quic.dcil", Want: "68 bytes", Fault: "malformed.length"},
		{Name: "too short to be read", Bytes: small, Field: "quic.length", Want: "3 bytes", Fault: "quic.length.short"},
		{Name: "the end in a number", Bytes: handshake[:14], Field: "quic.length", Fault: "malformed.truncated"},
	})
}

// packets decodes a datagram as the decoder does: packet by packet.
func packets(b []byte) *field.Context {
	c := &field.Context{}
	c.Reset(b, len(b))
	for more := true; more && len(c.Rest()) > 0; {
		at := c.Pos()
		root := c.Begin(&Layout)
		tail(c)
		c.Close(root)
		more = next(c).Again && c.Pos() > at && !c.Cut()
	}
	return c
}

// TestCoalesced: RFC 9000, 12.2. Each packet of a datagram is a layer, and all have the same ID.
func TestCoalesced(t *testing.T) {
	for _, k := range []struct {
		name string
		b    []byte
		want string // the fields that say what follows the Initial
	}{
		{"a Handshake and a short header", coalesced, "quic quic.long.packet_type quic.dcid quic quic.short quic.dcid"},
		{"zeros", padded, "quic quic.coalesced_padding_data"},
		{"other bytes", stranger, "quic quic.coalesced_padding_data"},
	} {
		c := packets(k.b)
		if err := fieldtest.Tiles(k.b, c.Spans); err != nil {
			t.Errorf("%s: %v", k.name, err)
		}
		var got []string
		for _, s := range c.Spans {
			switch s.Spec.Name {
			case "quic", "quic.short", "quic.dcid", "quic.coalesced_padding_data", "quic.long.packet_type":
				got = append(got, s.Spec.Name)
			}
		}
		if g := strings.Join(got[3:], " "); g != k.want {
			t.Errorf("%s: %s, want %s", k.name, g, k.want)
		}
	}
}

// TestGuess: on another port than QUIC's only long headers of known versions are QUIC.
func TestGuess(t *testing.T) {
	for _, k := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"an Initial", initial, true}, {"0-RTT", zeroRTT, true}, {"a Handshake", handshake, true}, {"a Retry", retrying, true},
		{"a version negotiation", negotiating, true}, {"version 2", second, true}, {"a draft", draft, true}, {"packets", coalesced, true},
		{"an unknown version", unknown, false}, {"a short header", shorter, false}, {"without the fixed bit", unfixed, false}, {"a long ID", longID, false},
		{"a packet past the end", over, false}, {"a token past the end", overToken, false}, {"an ID past the end", overID, false}, {"a short packet", small, false},
		{"a Retry without a token", tokenless, false}, {"no versions", nothing, false}, {"nothing", nil, false}, {"ones", []byte(strings.Repeat("\xff", 40)), false},
	} {
		if got := Layout.Guess(k.b); got != k.want {
			t.Errorf("%s: %v, want %v", k.name, got, k.want)
		}
		for n := range k.b {
			Layout.Guess(k.b[:n])
		}
	}
}

// TestSnapped: a capture that kept only the beginning accuses nobody.
func TestSnapped(t *testing.T) {
	for _, b := range [][]byte{initial, zeroRTT, handshake, retrying, negotiating, second, shorter} {
		for n := range b {
			c := fieldtest.Decode(t, &Layout, b[:n], func(c *field.Context) { c.Wire = len(b) })
			for _, s := range c.Spans {
				if s.Err != nil && s.Err != field.Snapped && s.Err != &faultVersion {
					t.Errorf("%d bytes of % x: %s at %s", n, b, s.Err.Name, s.Spec.Name)
				}
			}
		}
	}
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &Layout, nil, all...) }

// TestNames: every field that we say Wireshark has, it has.
func TestNames(t *testing.T) {
	fieldtest.CheckNames(t, Layout.More(), "quic.long.protected", "quic.short.protected", "quic.retry.unused", "quic.long.version_specific", "quic.varint")
}

// FuzzQUIC: all packets of a datagram tile it, and each takes a byte at least.
func FuzzQUIC(f *testing.F) {
	for _, b := range all {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := packets(b)
		if err := fieldtest.Tiles(b, c.Spans); err != nil {
			t.Error(err)
		}
		if n := len(c.Spans) + c.Cost; n > 80+24*len(b) {
			t.Errorf("%d steps for %d bytes", n, len(b))
		}
		if IsLong(b) && (c.Spans[0].Spec != &Layout.Spec || b[0]&0x80 == 0) {
			t.Error("what looks like a long header is none")
		}
		for _, s := range c.Spans {
			s.AppendText(nil, b, 0)
		}
	})
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &Layout, nil, all...) }

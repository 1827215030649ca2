package tls

import (
	"bytes"
	"strings"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

// datagrams returns those of the recorded sessions and made ones.
func datagrams(t testing.TB) [][]byte {
	client, server := recorded(t, "dtls")
	drec := func(typ byte, epoch byte, content ...byte) []byte {
		return join([]byte{typ, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 7}, u16(content...))
	}
	piece := func(typ byte, size, offset int, b ...byte) []byte {
		return join([]byte{typ, 0, byte(size >> 8), byte(size), 0, 1, 0, byte(offset >> 8), byte(offset)}, u24(b...))
	}
	return append(both(client, server),
		drec(22, 0, piece(11, 100, 50, 1, 2, 3)...),
		drec(22, 0, piece(11, 3, 1, 1, 2, 3)...), // past the end
		drec(22, 0, piece(3, 5, 0, 0xfe, 0xff, 2, 8, 8)...),
		drec(22, 0, piece(2, 46, 0, join([]byte{0xfe, 0xfd}, zeros[:32], u8(), []byte{0xc0, 0x2b, 0}, u16(ext(14, 0, 2, 0, 1, 0)...))...)...),
		drec(21, 0, 2, 40),
		drec(21, 1, 2, 40),
		drec(23, 1, zeros[:20]...),
		drec(23, 1, zeros[:20]...)[:30],
		join([]byte{25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 7, 'i', 'd'}, u16(zeros[:20]...)),
		[]byte{25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 7, 'i', 'd', 9, 9, 9},
		append([]byte{21, 9, 9, 0, 0, 0, 0, 0, 0, 0, 7}, u16(2, 40)...),
		[]byte("no record"),
	)
}

func TestFields(t *testing.T) {
	hello := clientHello(every...)
	hrr := made()[2]
	lying := func(b []byte, at int, v ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[at:], v)
		return b
	}
	sni := bytes.Index(hello, []byte("www")) // five bytes before: the list's length, type and length
	fieldtest.Run(t, &Layout, nil, []fieldtest.Case{
		{Name: "the content type", Bytes: hello, Field: "tls.record.content_type", Want: "Handshake (22)"},
		{Name: "the server's name", Bytes: hello, Field: "tls.handshake.extensions_server_name", Want: `"www.httptap.test"`},
		{Name: "the first protocol", Bytes: hello, Field: "tls.handshake.extensions_alpn_str", Want: `"h2"`},
		{Name: "a suite", Bytes: hello, Field: "tls.handshake.ciphersuite", Want: "TLS_AES_128_GCM_SHA256 (0x1301)"},
		{Name: "a group", Bytes: hello, Field: "tls.handshake.extensions_supported_group", Want: "x25519 (0x001d)"},
		{Name: "a version", Bytes: hello, Field: "tls.handshake.extensions.supported_version", Want: "TLS 1.3 (0x0304)"},
		{Name: "a client that offers 1.3 has no time", Bytes: hello, Field: "tls.handshake.random_time", Want: "absent"},
		{Name: "one that does not may have", Bytes: clientHello(), Field: "tls.handshake.random_time", Want: "1970-01-01T00:00:00Z"},
		{Name: "a retry asks for a group", Bytes: hrr, Field: "tls.handshake.extensions_key_share_selected_group", Want: "secp256r1 (23)"},
		{Name: "behind a ServerHello of 1.3 the type lies", Bytes: made()[3], Field: "tls.record.opaque_type", Want: "Application Data (23)"},
		{Name: "an alert", Bytes: rec(21, 3, 2, 40), Field: "tls.alert_message.desc", Want: "Handshake Failure (40)"},
		{Name: "a level that is none", Bytes: rec(21, 3, 7, 40), Field: "tls.alert_message.level", Want: "7", Fault: "tls.alert_message.level.unknown"},
		{Name: "an encrypted alert", Bytes: rec(21, 3, zeros[:26]...), Field: "tls.alert_message.desc", Want: "absent"},
		{Name: "a change of ciphers", Bytes: rec(20, 3, 2), Field: "tls.change_cipher_spec", Fault: "tls.change_cipher_spec.value"},
		{Name: "behind it all is encrypted", Bytes: join(rec(20, 3, 1), rec(22, 3, msg(20, zeros[:12]...)...)), Field: "tls.handshake.type", Want: "absent"},
		{Name: "a counter is no HelloRequest", Bytes: rec(22, 3, zeros[:40]...), Field: "tls.handshake.type", Want: "absent"},
		{Name: "a HelloRequest", Bytes: rec(22, 3, msg(0)...), Field: "tls.handshake.type", Want: "Hello Request (0)"},
		{Name: "a list of names too long", Bytes: lying(hello, sni-5, 0, 200), Field: "tls.handshake.extensions_server_name_list_len", Want: "200 bytes", Fault: "malformed.length"},
		{Name: "a list of names too short", Bytes: lying(hello, sni-5, 0, 5), Field: "undecoded", Fault: "tls.malformed.trailing_data"},
		{Name: "what follows is decoded", Bytes: lying(hello, sni-5, 0, 200), Field: "tls.handshake.max_fragment_length", Want: "1024 (2)"},
		{Name: "a name too long", Bytes: lying(hello, sni-2, 1, 0), Field: "tls.handshake.extensions_server_name_len", Want: "256 bytes", Fault: "malformed.length"},
		{Name: "a record of nothing", Bytes: rec(22, 3), Field: "tls.record.length", Want: "0 bytes", Fault: "tls.record.length.invalid"},
		{Name: "application data of nothing", Bytes: rec(23, 3), Field: "tls.record.length", Want: "0 bytes"},
		{Name: "a record too long", Bytes: []byte{23, 3, 3, 0xff, 0xff, 1}, Field: "tls.record.length", Want: "65535 bytes", Fault: "tls.record.length.invalid"},
		{Name: "the middle of a stream", Bytes: []byte("nothing"), Field: "tls.continuation"},
		{Name: "bytes behind a record", Bytes: join(rec(21, 3, 2, 40), []byte{9}), Field: "tls.continuation", Fault: "tls.ignored_unknown_record"},
		{Name: "a record that goes on", Bytes: hello[:80], Field: "tls.record.length", Fault: "tls.segment"},
		{Name: "is shown as far as it goes", Bytes: hello[:sni+3], Field: "tls.handshake.extensions_server_name", Want: `"www"`, Fault: "tls.segment"},
		{Name: "a message over two records", Bytes: join(rec(22, 1, hello[5:sni+3]...), rec(22, 1, hello[sni+3:]...)), Field: "tls.handshake.length", Fault: "tls.handshake.fragmented"},
		{Name: "of which the first part is shown", Bytes: join(rec(22, 1, hello[5:sni+3]...), rec(22, 1, hello[sni+3:]...)), Field: "tls.handshake.extensions_server_name", Want: `"www"`, Fault: "tls.handshake.fragmented"},
		{Name: "a heartbeat", Bytes: rec(24, 3, join([]byte{1, 0, 3}, zeros[:19])...), Field: "tls.heartbeat_message.payload_length", Want: "3 bytes"},
		{Name: "a bleeding heart", Bytes: rec(24, 3, 1, 0x40, 0), Field: "tls.heartbeat_message.payload_length", Want: "16384 bytes", Fault: "tls.heartbeat_message.payload_length.invalid"},
		{Name: "keys of an unknown method", Bytes: rec(22, 3, msg(16, u16(zeros[:8]...)...)...), Field: "tls.handshake.exchange"},
		{Name: "keys of ECDHE", Bytes: rec(22, 3, msg(16, u8(4, 5, 6)...)...), Field: "tls.handshake.client_point", Want: "040506"},
		{Name: "an SCT's time", Bytes: made()[1], Field: "tls.sct.sct_timestamp", Want: "2015-09-24T15:36:51.456Z"},
	})
}

func TestDatagramFields(t *testing.T) {
	d := datagrams(t)
	d = d[len(d)-12:]
	fieldtest.Run(t, &DatagramLayout, nil, []fieldtest.Case{
		{Name: "a fragment", Bytes: d[0], Field: "dtls.handshake.fragment", Want: "010203"},
		{Name: "its place", Bytes: d[0], Field: "dtls.handshake.fragment_offset", Want: "50 bytes"},
		{Name: "one past the end", Bytes: d[1], Field: "dtls.handshake.fragment_length", Fault: "dtls.handshake.fragment_past_end_msg"},
		{Name: "a cookie", Bytes: d[2], Field: "dtls.handshake.cookie", Want: "0808"},
		{Name: "an SRTP profile", Bytes: d[3], Field: "dtls.use_srtp.protection_profile", Want: "SRTP_AES128_CM_HMAC_SHA1_80 (0x0001)"},
		{Name: "an alert", Bytes: d[4], Field: "dtls.alert_message.desc", Want: "Handshake Failure (40)"},
		{Name: "one of epoch 1 is encrypted", Bytes: d[5], Field: "dtls.alert_message.desc", Want: "absent"},
		{Name: "a sequence number", Bytes: d[6], Field: "dtls.record.sequence_number", Want: "7"},
		{Name: "a record longer than its datagram", Bytes: d[7], Field: "dtls.record.length", Want: "20 bytes", Fault: "malformed.length"},
		{Name: "a connection ID", Bytes: d[8], Field: "dtls.record.connection_id", Want: "6964"},
		{Name: "none that fits", Bytes: d[9], Field: "dtls.record.data"},
		{Name: "an unknown version", Bytes: d[10], Field: "dtls.record.version", Want: "0x0909", Fault: "tls.record.version.unknown"},
		{Name: "whose content is shown", Bytes: d[10], Field: "dtls.alert_message.desc", Want: "Handshake Failure (40)"},
		{Name: "no record", Bytes: d[11], Field: "dtls.continuation", Fault: "tls.ignored_unknown_record"},
	})
}

// TestGuess: on a port that nobody registered records are known by their form.
func TestGuess(t *testing.T) {
	hello := clientHello(every...)
	for _, k := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"a hello", hello, true},
		{"one that goes on in the next segment", hello[:60], true},
		{"a header alone", hello[:5], false},
		{"nothing", nil, false},
		{"two records", join(rec(21, 3, 1, 0), rec(23, 3, 1, 2, 3)), true},
		{"a record and the beginning of another", join(rec(21, 3, 1, 0), []byte{23, 3}), true},
		{"a record and other bytes", join(rec(21, 3, 1, 0), []byte("GET / HTTP/1.1")), false},
		{"an unknown version", join([]byte{22, 3, 9}, hello[3:]), false},
		{"a record too long", []byte{23, 3, 3, 0xff, 0xff, 1}, false},
		{"a handshake of nothing", rec(22, 3, hello[:0]...), false},
		{"text", []byte("HTTP/1.1 200 OK\r\n"), false},
	} {
		if got := Layout.Guess(k.b); got != k.want {
			t.Errorf("%s: %v, want %v", k.name, got, k.want)
		}
	}
	d := datagrams(t)
	for k, want := range []bool{true, true, true, true, true, true, true, false, false, false, false, false} {
		if b := d[len(d)-12+k]; DatagramLayout.Guess(b) != want {
			t.Errorf("datagram %d: %v, want %v: % x", k, !want, want, b)
		}
	}
}

// TestSnapped: a capture that kept only the beginning accuses nobody.
func TestSnapped(t *testing.T) {
	check := func(l *field.Layout, whole []byte) {
		for n := range whole {
			c := fieldtest.Decode(t, l, whole[:n], func(c *field.Context) { c.Wire = len(whole) })
			for _, f := range faults(c) {
				if !strings.HasSuffix(f, "!frame.snapped") {
					t.Errorf("%d of %d bytes: %s", n, len(whole), f)
				}
			}
		}
	}
	check(&Layout, clientHello(every...))
	client, server := recorded(t, "dtls12-client-cert")
	for _, b := range both(client, server) {
		check(&DatagramLayout, b)
	}
}

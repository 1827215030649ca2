package tls

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

// recorded returns the segments or datagrams of the sessions in testdata that begin with prefix,
// those of the client first.
func recorded(t testing.TB, prefix string) (client, server [][]byte) {
	t.Helper()
	files, err := filepath.Glob("testdata/" + prefix + "*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sessions in testdata: %v", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			switch who, digits, _ := strings.Cut(line, " "); who {
			case "C":
				client = append(client, fieldtest.Hex(digits))
			case "S":
				server = append(server, fieldtest.Hex(digits))
			}
		}
	}
	return client, server
}

func both(client, server [][]byte) [][]byte { return append(client, server...) }

// u8, u16 and u24 put a length before b.
func u8(b ...byte) []byte  { return append([]byte{byte(len(b))}, b...) }
func u16(b ...byte) []byte { return append([]byte{byte(len(b) >> 8), byte(len(b))}, b...) }
func u24(b ...byte) []byte {
	return append([]byte{byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}, b...)
}

func join(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func rec(typ byte, minor byte, content ...byte) []byte {
	return join([]byte{typ, 3, minor}, u16(content...))
}

func msg(typ byte, body ...byte) []byte { return append([]byte{typ}, u24(body...)...) }

func ext(typ uint16, data ...byte) []byte {
	return join([]byte{byte(typ >> 8), byte(typ)}, u16(data...))
}

var zeros [64]byte

// clientHello has two suites and the given extensions.
func clientHello(exts ...[]byte) []byte {
	return rec(22, 1, msg(1, join([]byte{3, 3}, zeros[:32], u8(), u16(0x13, 1, 0x13, 2), u8(0), u16(join(exts...)...))...)...)
}

// serverHello chooses suite in version 1.2.
func serverHello(suite uint16, exts ...[]byte) []byte {
	return msg(2, join([]byte{3, 3}, zeros[:32], u8(), []byte{byte(suite >> 8), byte(suite), 0}, u16(join(exts...)...))...)
}

// every has each extension that is decoded, as a ClientHello may have it.
var every = [][]byte{
	ext(0, u16(join([]byte{0}, u16([]byte("www.httptap.test")...))...)...),
	ext(1, 2),
	ext(5, 1, 0, 3, 1, 2, 3, 0, 2, 9, 9),
	ext(10, u16(0, 0x1d, 0x11, 0xec, 0x0a, 0x0a)...),
	ext(11, u8(0, 1, 2)...),
	ext(13, u16(4, 3, 8, 4)...),
	ext(15, 1),
	ext(16, u16(join(u8([]byte("h2")...), u8([]byte("http/1.1")...))...)...),
	ext(17, u16(join([]byte{2}, u16(0, 0, 0, 0))...)...),
	ext(18),
	ext(19, u8(0, 2)...),
	ext(20, u8(0)...),
	ext(21, zeros[:8]...),
	ext(22), ext(23),
	ext(27, u8(0, 2)...),
	ext(28, 0x40, 1),
	ext(34, u16(4, 3)...),
	ext(35, 1, 2, 3),
	ext(43, u8(3, 4, 3, 3)...),
	ext(44, u16(1, 2, 3)...),
	ext(45, u8(1)...),
	ext(47, u16(u16(0x30, 2, 5, 0)...)...),
	ext(49),
	ext(50, u16(4, 3)...),
	ext(51, u16(join([]byte{0, 0x1d}, u16(zeros[:32]...), []byte{0, 0x17}, u16(4, 5, 6))...)...),
	ext(54, u8(1, 2)...),
	ext(13172),
	ext(17513, u16(u8([]byte("h2")...)...)...),
	ext(0xff01, 0),
	ext(0xfe0d, 0, 1, 2),
	ext(0x2a2a),
	ext(41, join(u16(join(u16(7, 7, 7), []byte{0, 0, 1, 0})...), u16(u8(zeros[:32]...)...))...),
}

// made are records that the recorded sessions do not have.
func made() [][]byte {
	return [][]byte{
		clientHello(every...),
		rec(22, 3, serverHello(0xc02f, ext(0), ext(1, 3), ext(5), ext(16, u16(u8('h', '2')...)...), ext(13172, join(u8('a'), u8('b', 'c'))...),
			ext(18, u16(u16(join([]byte{0}, zeros[:32], []byte{0, 0, 1, 0x50, 0, 0, 0, 0}, u16(), []byte{4, 3}, u16(1, 2))...)...)...), ext(28, 1, 0), ext(15, 2))...),
		rec(22, 3, serverHello(0x1301, ext(43, 3, 4), ext(51, 0, 0x17), ext(44, u16(5)...), ext(41, 0, 0))...),
		join(rec(22, 3, serverHello(0x1302, ext(43, 3, 4), ext(51, join([]byte{0, 0x1d}, u16(1, 2, 3))...))...), rec(20, 3, 1), rec(23, 3, zeros[:20]...)),
		rec(22, 3, join(serverHello(0x1302, ext(43, 3, 4)), msg(8, u16(ext(16, u16(u8('h', '2')...)...)...)...),
			msg(11, join(u8(), u24(join(u24(zeros[:9]...), u16(ext(5, join([]byte{1}, u24(8, 8))...)...))...))...),
			msg(13, join(u8(), u16(ext(13, u16(4, 3)...)...))...), msg(15, join([]byte{4, 3}, u16(1, 2))...),
			msg(4, join([]byte{0, 0, 1, 0, 1, 2, 3, 4}, u8(0), u16(9), u16(ext(42, 0, 0, 0x40, 0)...))...), msg(24, 1), msg(5))...),
		rec(22, 3, msg(25, join([]byte{0, 1, 0, 0, 9}, u24(1, 2, 3))...)...),
		rec(22, 3, msg(22, join([]byte{1}, u24(1, 2, 3))...)...),
		rec(22, 3, msg(16, u8(4, 5, 6)...)...),
		rec(22, 3, msg(0)...),
		rec(22, 3, msg(20, zeros[:12]...)...),
		rec(24, 3, join([]byte{1, 0, 3}, zeros[:19])...),
		rec(21, 3, 2, 40),
		rec(21, 3, zeros[:26]...),
		{22, 3, 1, 0, 100, 1, 0, 0, 96, 3, 3},
	}
}

func samples(t testing.TB) [][]byte {
	client, server := recorded(t, "tls")
	return both(append(made(), client...), server)
}

func TestRoom(t *testing.T) {
	client, server := recorded(t, "tls12-ecdhe-client-cert")
	for _, b := range both(append(made(), client...), server) {
		if len(b) > 300 && b[5] != typeClientHello {
			b = b[:300] // every beginning is decoded, and that of a certificate is enough
		}
		fieldtest.CheckRoom(t, &Layout, nil, b)
	}
}

func TestDatagramRoom(t *testing.T) {
	for _, b := range datagrams(t) {
		fieldtest.CheckRoom(t, &DatagramLayout, nil, b[:min(len(b), 300)])
	}
}

func FuzzTLS(f *testing.F)  { fieldtest.FuzzLayout(f, &Layout, nil, samples(f)...) }
func FuzzDTLS(f *testing.F) { fieldtest.FuzzLayout(f, &DatagramLayout, nil, datagrams(f)...) }

// TestNames: every field that we say Wireshark has, it has. The others are ours: groups and bytes
// that it shows without a name.
func TestNames(t *testing.T) {
	own := []string{"continuation", "record.data", "handshake.dname.head", "handshake.exchange", "handshake.extension",
		"handshake.ocsp_response", "handshake.extensions_status_request_responder_ids", "handshake.extensions_status_request_exts",
		"handshake.extensions.psk.identity", "handshake.extensions.psk.binder_len", "handshake.extensions.psk.binder",
		"handshake.extensions_key_share", "extension.oid_filters.values"}
	var streams, datagrams []string
	for _, name := range own {
		streams, datagrams = append(streams, "tls."+name), append(datagrams, "dtls."+name)
	}
	fieldtest.CheckNames(t, Layout.More(), streams...)
	fieldtest.CheckNames(t, DatagramLayout.More(), append(datagrams, "dtls.handshake.fragment", "dtls.record.opaque_type")...)
}

// faults returns the names of all faults.
func faults(c *field.Context) (names []string) {
	for _, s := range c.Spans {
		if s.Err != nil {
			names = append(names, s.Spec.Name+"!"+s.Err.Name)
		}
	}
	return names
}

// TestSessionsAreSound: what two real peers said to each other has no faults.
func TestSessionsAreSound(t *testing.T) {
	client, server := recorded(t, "tls")
	for _, b := range both(client, server) {
		if f := faults(fieldtest.Decode(t, &Layout, b, nil)); f != nil {
			t.Errorf("%v in % x", f, b)
		}
	}
	client, server = recorded(t, "dtls")
	for _, b := range both(client, server) {
		if f := faults(fieldtest.Decode(t, &DatagramLayout, b, nil)); f != nil {
			t.Errorf("%v in % x", f, b)
		}
		if !IsDatagram(b) || IsDatagram(b[:len(b)-1]) {
			t.Errorf("DTLS is not recognized: % x", b)
		}
	}
}

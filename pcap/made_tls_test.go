package pcap

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"httptap/stack/field/fieldtest"
)

// Records of TLS and DTLS that nobody here sends.

// counted puts the length of b before it, in as many bytes as size says.
func counted(size int, b ...[]byte) []byte {
	all := slices.Concat(b...)
	n := []byte{byte(len(all) >> 24), byte(len(all) >> 16), byte(len(all) >> 8), byte(len(all))}
	return append(n[4-size:], all...)
}

// tlsRecord is a record of TLS 1.2, or of what its own version says where it has the room for one.
func tlsRecord(typ byte, content ...[]byte) []byte {
	return append([]byte{typ, 3, 3}, counted(2, content...)...)
}

// dtlsRecord is a record of DTLS 1.2.
func dtlsRecord(typ, epoch, number byte, content ...[]byte) []byte {
	return append([]byte{typ, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, number}, counted(2, content...)...)
}

func handshake(typ byte, body ...[]byte) []byte {
	return append([]byte{typ}, counted(3, body...)...)
}

// fragment is a message of DTLS, n bytes of it from an offset on.
func fragment(typ, number byte, offset, n int, body []byte) []byte {
	h := append([]byte{typ}, counted(3, body)[:3]...)
	h = append(h, 0, number, byte(offset>>16), byte(offset>>8), byte(offset), byte(n>>16), byte(n>>8), byte(n))
	return append(h, body[offset:min(offset+n, len(body))]...)
}

func extension(typ uint16, digits string) []byte {
	return append([]byte{byte(typ >> 8), byte(typ)}, counted(2, fieldtest.Hex(digits))...)
}

// tlsRandom begins with a time.
var tlsRandom = fieldtest.Hex("697f5d80 000102030405060708090a0b0c0d0e0f 101112131415161718191a1b")

// helloBody is a ClientHello's: of DTLS when it has a cookie.
func helloBody(cookie []byte, extensions ...[]byte) []byte {
	version := []byte{3, 3}
	if cookie != nil {
		version = []byte{0xfe, 0xfd}
	}
	return slices.Concat(version, tlsRandom, []byte{4, 1, 2, 3, 4}, cookie, fieldtest.Hex("0006 1301 c02f 0a0a 01 00"), counted(2, extensions...))
}

func clientHello(extensions ...[]byte) []byte {
	return tlsRecord(22, handshake(1, helloBody(nil, extensions...)))
}

func serverBody(suite string, extensions ...[]byte) []byte {
	return slices.Concat([]byte{3, 3}, tlsRandom, []byte{0}, fieldtest.Hex(suite), []byte{0}, counted(2, extensions...))
}

const tlsName = "0013 00 0010 7777772e687474707461702e74657374" // www.httptap.test

func tlsCases(t testing.TB) []madeCase {
	hello := clientHello(extension(0, tlsName), extension(16, "0003 02 6832"), extension(43, "04 0304 0303"))
	name := bytes.Index(hello, []byte("www"))
	port := uint16(40000)
	segment := func(b []byte) []byte { port++; return inTCP(t, port, 443, "PA", nil, b) } // each a connection of its own
	unknown := clientHello(extension(0, tlsName), extension(43, "04 0305 7f1c"))
	unknown[9], unknown[10] = 3, 9
	body := helloBody([]byte{2, 7, 8}, extension(10, "0002 001d"))
	return []madeCase{
		{"tls/lengths", "a record past the end, a list of names past its extension, a name past its list, a list that ends early, a record of no bytes", [][]byte{
			segment(changed(hello, 3, 0x0f)), segment(changed(hello, name-5, 0, 200)), segment(changed(hello, name-2, 1, 0)),
			segment(changed(hello, name-5, 0, 5)), segment(tlsRecord(22)), segment([]byte{23, 3, 3, 0xff, 0xff, 1, 2}),
		}, 0},
		{"tls/odd", "a version that nobody knows, an alert of no level, a message over two records, a heartbeat that bleeds, bytes behind a record, the middle of a stream", [][]byte{
			segment(unknown), segment(tlsRecord(21, []byte{7, 40})), segment(append(tlsRecord(22, hello[5:name+3]), tlsRecord(22, hello[name+3:])...)),
			segment(tlsRecord(24, []byte{1, 0x40, 0})), segment(append(tlsRecord(21, []byte{2, 40}), "over"...)), segment([]byte("from the middle of a record")),
		}, 0},
		{"dtls/fragments", "the parts of a message, one past its end, one cut, a record past the end, a version that nobody knows", [][]byte{
			inUDP(t, 40000, 5684, dtlsRecord(22, 0, 1, fragment(1, 0, 0, 40, body))),
			inUDP(t, 40000, 5684, dtlsRecord(22, 0, 2, fragment(1, 0, 40, len(body)-40, body))),
			inUDP(t, 40000, 5684, dtlsRecord(22, 0, 3, fragment(1, 0, 40, len(body), body))),
			inUDP(t, 40000, 5684, dtlsRecord(22, 0, 4, fragment(1, 0, 0, len(body), body)[:50])),
			inUDP(t, 40000, 5684, dtlsRecord(21, 0, 5, []byte{2, 40})[:14]),
			inUDP(t, 40000, 5684, changed(dtlsRecord(21, 0, 6, []byte{2, 40}), 1, 9, 9)),
		}, 0},
	}
}

// madeTLS has records with each extension and each message that our room explains.
func madeTLS(t testing.TB) map[string][]byte {
	frames := map[string][]byte{}
	put := func(name string, src, dst uint16, records ...[]byte) {
		frames[name] = inTCP(t, src, dst, "PA", nil, slices.Concat(records...))
	}
	n := uint16(42000)
	for name, e := range map[string]string{
		"name": "0000 " + tlsName, "max-fragment": "0001 02", "status": "0005 01 0000 0000", "groups": "000a 000a 001d 0017 11ec 0a0a 0100", "formats": "000b 03 00 01 02",
		"algorithms": "000d 0008 0403 0804 0401 0201", "heartbeat": "000f 01", "alpn": "0010 000c 02 6832 08 687474702f312e31", "status2": "0011 0007 02 0004 0000 0000", "sct": "0012",
		"client-type": "0013 02 00 02", "server-type": "0014 01 00", "padding": "0015 0000000000000000", "etm": "0016", "ems": "0017", "compress": "001b 04 0001 0002", "record-size": "001c 4001",
		"delegated": "0022 0004 0403 0804", "ticket": "0023 010203", "versions": "002b 06 0304 0303 0a0a", "cookie": "002c 0003 010203", "modes": "002d 01 01", "authorities": "002f 0006 0004 30020500",
		"post-handshake": "0031", "algorithms-cert": "0032 0002 0403", "shares": "0033 000c 001d 0004 01020304 0a0a 0000", "npn": "3374", "alps": "4469 0003 02 6832", "renegotiation": "ff01 00",
		"grease": "2a2a", "psk": "0029 000d 0007 01020304050607 00000100 0005 04 01020304", "unknown": "fff0 010203",
	} {
		b := fieldtest.Hex(e)
		put("hello-"+name, n, 443, clientHello(slices.Concat(b[:2], counted(2, b[2:]))))
		n++
	}
	for name, m := range map[string]string{
		"server12": "c02f : ff01 00 : 000b 02 00 01 : 0010 0003 02 6832 : 0023 : 0017", "server13": "1301 : 002b 0304 : 0033 001d 0004 01020304", "retry": "1301 : 002b 0304 : 0033 0017 : 002c 0002 0101",
		"server-psk": "1301 : 0029 0000 : 002b 0304",
	} {
		parts := strings.Split(m, ":")
		var exts [][]byte
		for _, e := range parts[1:] {
			b := fieldtest.Hex(e)
			exts = append(exts, slices.Concat(b[:2], counted(2, b[2:])))
		}
		body := serverBody(parts[0], exts...)
		if name == "retry" { // its random says what it is: RFC 8446, 4.1.3
			copy(body[2:], fieldtest.Hex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"))
		}
		put(name, 443, n, tlsRecord(22, handshake(2, body)))
		n++
	}
	for name, records := range map[string][][]byte{
		"alert": {tlsRecord(21, []byte{2, 40})}, "warning": {tlsRecord(21, []byte{1, 0})}, "data": {tlsRecord(23, []byte("secret")), tlsRecord(23, []byte("more"))},
		"change": {tlsRecord(20, []byte{1}), tlsRecord(22, make([]byte, 40))}, "done": {tlsRecord(22, handshake(14))}, "request": {tlsRecord(22, handshake(0))},
		"key-update":          {tlsRecord(22, handshake(24, []byte{1}))},
		"certificate-status":  {tlsRecord(22, handshake(22, []byte{1}, counted(3, []byte{1, 2, 3})))},
		"certificate-request": {tlsRecord(22, handshake(13, fieldtest.Hex("03 01 02 40 0004 0403 0804 0000")))},
		"ticket":              {tlsRecord(22, handshake(4, fieldtest.Hex("00000100 0004 01020304")))},
	} {
		put(name, 443, n, records...)
		n++
	}
	return frames
}

// madeDTLS has records in datagrams.
func madeDTLS(t testing.TB) map[string][]byte {
	frames := map[string][]byte{}
	body := helloBody([]byte{2, 7, 8}, extension(10, "0002 001d"), extension(14, "0004 0001 0002 00"), extension(54, "02 0102"))
	n := uint16(45000)
	for name, records := range map[string][][]byte{
		"hello": {dtlsRecord(22, 0, 0, fragment(1, 0, 0, len(body), body))}, "verify": {dtlsRecord(22, 0, 0, fragment(3, 0, 0, 5, []byte{0xfe, 0xff, 2, 7, 8}))},
		"done": {dtlsRecord(22, 0, 0, fragment(14, 3, 0, 0, nil))}, "alert": {dtlsRecord(21, 0, 1, []byte{2, 40})},
		"change": {dtlsRecord(20, 0, 1, []byte{1}), dtlsRecord(22, 1, 0, bytes.Repeat([]byte{0x9c}, 40))}, "data": {dtlsRecord(23, 1, 1, make([]byte, 20)), dtlsRecord(23, 1, 2, make([]byte, 24))},
	} {
		frames[name] = inUDP(t, n, 4433, slices.Concat(records...))
		n++
	}
	return frames
}

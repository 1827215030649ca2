package pcap

import "testing"

// madeNTP has a message for each mode.
func madeNTP(t testing.TB) map[string][]byte {
	header := func(first string) string {
		return first + "0206ec 00000450 000003ab c0000201 d94f51c33165b860 d944575530336fd0 d944575531b4e978 d94f51f42d26e2f4"
	}
	frames := map[string][]byte{}
	for name, m := range map[string]string{
		"client": header("23"), "server": header("24"), "server-v3": header("1c"), "broadcast": header("25"), "symmetric-active": header("21"), "symmetric-passive": header("22"), "unsynchronized": header("e4"),
		"kiss": "240006ec 00000000 00000000 52415445 0000000000000000 0000000000000000 0000000000000000 0000000000000000",
		"md5":  header("23") + "00000001 000102030405060708090a0b0c0d0e0f", "sha1": header("23") + "00000002 000102030405060708090a0b0c0d0e0f10111213", "crypto-nak": header("24") + "00000000",
		"nts":       header("23") + "0104 0024 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 0204 0010 000102030405060708090a0b 0404 001c 0004 000c 00010203 0405060708090a0b0c0d0e0f 00000000",
		"extension": header("23") + "0002 0010 000000000000000000000000" + "0102 0010 000000010000000200000003",
		"control":   "1602 0001 0000 0000 0000 0000", "control-answer": "1682 0001 0618 0000 0000 0008 6c6561703d302c20", "control-pad": "1682 0001 0618 0000 0000 0005 6c6561703d 000000",
		"control-error": "16c2 0001 0300 0000 0000 0000", "control-status": "1681 0001 0618 0000 0000 0008 0001 9614 0002 1414", "control-auth": "1603 0001 0000 0000 0000 0004 613d3120 00000001 000102030405060708090a0b0c0d0e0f",
		"private": "1700 032a 0000 0000", "private-answer": "9700 032a 0000 0000", "private-monlist": "9700 032a 0001 0048 00000000 00000001 00000000 00000005 c0000201 c0000202 00000000 007b 03 04 00000000 00000000 00000000000000000000000000000000 00000000000000000000000000000000",
	} {
		frames[name] = inUDP(t, 123, 123, hexBytes(t, m))
	}
	return frames
}

// madeHTTP has messages of HTTP/1.1.
func madeHTTP(t testing.TB) map[string][]byte {
	frames := map[string][]byte{}
	client, server := uint16(50001), uint16(80)
	for name, m := range map[string]string{
		"get":       "GET /a/b?x=1&y=2 HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: probe\r\nAccept: */*\r\nAccept-Language: en\r\nAccept-Encoding: gzip\r\nReferer: http://example.org/\r\nConnection: close\r\nCookie: a=1; b=2\r\nAuthorization: Basic YTpi\r\nX-Forwarded-For: 192.0.2.1\r\nX-Other: x\r\n\r\n",
		"get-plain": "GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n", "options-star": "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "connect": "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nProxy-Authorization: Basic YTpi\r\n\r\n",
		"post": "POST /a HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", "upgrade": "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: x\r\n\r\n",
		"head-only": "GET / HTTP/1.1\r\nHost: a\r\nAcc", "lower-case": "GET / HTTP/1.1\r\nhost: a\r\nuser-agent:b\r\n\r\n", "two": "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		frames[name] = inTCP(t, client, server, "PA", nil, []byte(m))
		client++
	}
	for name, m := range map[string]string{
		"ok":           "HTTP/1.1 200 OK\r\nServer: probe\r\nDate: Tue, 26 Feb 2013 22:02:36 GMT\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nLast-Modified: Tue, 26 Feb 2013 22:02:36 GMT\r\nCache-Control: no-cache\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nETag: \"1\"\r\n\r\nhello",
		"not-modified": "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n", "moved": "HTTP/1.1 301 Moved Permanently\r\nLocation: http://a/\r\nContent-Length: 0\r\n\r\n", "unauthorized": "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n", "no-phrase": "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
		"chunked": "HTTP/1.1 200 OK\r\nContent-Type: application/x-probe\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "switching": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
		"until-close": "HTTP/1.0 200 OK\r\nContent-Type: application/x-probe\r\n\r\nsome bytes",
	} {
		frames[name] = inTCP(t, server, client, "PA", nil, []byte(m))
		client++
	}
	return frames
}

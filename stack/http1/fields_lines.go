package http1

import (
	"bytes"

	"httptap/stack/field"
)

// known are the headers that have a name of their own, as Wireshark gives them. Such a field is
// the whole line, its value what stands behind the colon.
var known = []struct {
	name string
	spec field.Spec
}{
	{"Accept", header("accept", "Accept", field.Detail)},
	{"Accept-Encoding", header("accept_encoding", "Accept-Encoding", field.Detail)},
	{"Accept-Language", header("accept_language", "Accept-Language", field.Detail)},
	{"Authorization", header("authorization", "Authorization", field.Detail)},
	{"Cache-Control", header("cache_control", "Cache-Control", field.Detail)},
	{"Connection", header("connection", "Connection", field.Detail)},
	{"Content-Encoding", header("content_encoding", "Content-Encoding", field.Detail)},
	{"Content-Length", header("content_length_header", "Content-Length", field.Length)},
	{"Content-Type", header("content_type", "Content-Type", field.Detail)},
	{"Cookie", header("cookie", "Cookie", field.Detail)},
	{"Date", header("date", "Date", field.Detail)},
	{"Host", header("host", "Host", field.Name)},
	{"HTTP2-Settings", header("http2_settings", "HTTP2-Settings", field.Detail)},
	{"Last-Modified", header("last_modified", "Last-Modified", field.Detail)},
	{"Location", header("location", "Location", field.Name)},
	{"Proxy-Authenticate", header("proxy_authenticate", "Proxy-Authenticate", field.Detail)},
	{"Proxy-Authorization", header("proxy_authorization", "Proxy-Authorization", field.Detail)},
	{"Referer", header("referer", "Referer", field.Detail)},
	{"Sec-WebSocket-Accept", header("sec_websocket_accept", "Sec-WebSocket-Accept", field.Detail)},
	{"Sec-WebSocket-Extensions", header("sec_websocket_extensions", "Sec-WebSocket-Extensions", field.Detail)},
	{"Sec-WebSocket-Key", header("sec_websocket_key", "Sec-WebSocket-Key", field.Detail)},
	{"Sec-WebSocket-Protocol", header("sec_websocket_protocol", "Sec-WebSocket-Protocol", field.Detail)},
	{"Sec-WebSocket-Version", header("sec_websocket_version", "Sec-WebSocket-Version", field.Detail)},
	{"Server", header("server", "Server", field.Detail)},
	{"Set-Cookie", header("set_cookie", "Set-Cookie", field.Detail)},
	{"Transfer-Encoding", header("transfer_encoding", "Transfer-Encoding", field.Detail)},
	{"Upgrade", header("upgrade", "Upgrade", field.Detail)},
	{"User-Agent", header("user_agent", "User-Agent", field.Detail)},
	{"WWW-Authenticate", header("www_authenticate", "WWW-Authenticate", field.Detail)},
	{"X-Forwarded-For", header("x_forwarded_for", "X-Forwarded-For", field.Detail)},
}

// knownOf returns where in known the names of n bytes are, so that a segment of many lines does not
// cost a look at all of them for each.
func knownOf(n int) []uint8 { return knownLens[min(n, len(knownLens)-1)] }

var knownLens = func() (lens [32][]uint8) {
	for i := range known {
		n := len(known[i].name)
		lens[n] = append(lens[n], uint8(i))
	}
	return lens
}()

var cookiePair = field.Spec{Name: "http.cookie_pair", Label: "Cookie pair", Kind: field.Text, Ref: "RFC 6265, 4.2.1"}

func header(name, label string, class field.Class) field.Spec {
	return field.Spec{Name: "http." + name, Label: label, Kind: field.Custom, Class: class, Format: formatValue, Ref: "RFC 9110, 5"}
}

// formatValue prints what stands behind a line's colon.
func formatValue(dst, msg []byte, off, n int) []byte {
	line := msg[off : off+n]
	if colon := bytes.IndexByte(line, ':'); colon >= 0 {
		line = line[colon+1:]
	}
	return field.AppendQuoted(dst, bytes.Trim(line, " \t\r\n"))
}

func more() []*field.Spec {
	list := []*field.Spec{&requestLine, &responseLine, &method, &uri, &uriPath, &uriQuery, &uriParameter, &reqVersion, &respVersion, &code, &phrase,
		&reqHeader, &respHeader, &trailerField, &headerName, &headerValue, &separator, &fileData, &cookiePair, &chunkSize, &chunkData, &chunkEnd}
	for i := range known {
		list = append(list, &known[i].spec)
	}
	return list
}

// A message is what its fields say of its body.
type message struct {
	length   int // -1: not said
	chunked  bool
	bodiless bool
}

// fieldLines adds header lines and the empty one behind them, which it tells of.
func fieldLines(c *field.Context, spec *field.Spec, m *message) bool {
	for len(c.Rest()) > 0 {
		text, end := cutField(c.Rest())
		if len(text) == 0 && end > 0 {
			c.AddBytes(&separator, end)
			return true
		}
		fieldLine(c, spec, text, end, m)
	}
	return false
}

// cutField is cutLine with the lines that go on with it. RFC 9112, 5.2: a line fold is an empty
// line's end "followed by at least one space or horizontal tab".
func cutField(b []byte) (text []byte, n int) {
	text, n = cutLine(b)
	for len(text) > 0 && n < len(b) && (b[n] == ' ' || b[n] == '\t') {
		more, k := cutLine(b[n:])
		text, n = b[:n+len(more)], n+k
	}
	return text, n
}

// fieldLine adds a name, the separator, a value and the line's end.
func fieldLine(c *field.Context, spec *field.Spec, text []byte, n int, m *message) {
	g := c.Open(spec)
	defer c.Close(g)
	colon := bytes.IndexByte(text, ':')
	if colon < 0 {
		i := -1
		if len(text) > 0 {
			i = c.AddBytes(&headerValue, len(text))
		}
		if n > len(text) {
			c.Fault(i, noColon, 0) // a line whose end was not captured may still have one
			c.AddBytes(&separator, n-len(text))
		}
		return
	}
	name := text[:colon]
	value := bytes.TrimLeft(text[colon+1:], " \t")
	k := -1
	for _, i := range knownOf(len(name)) {
		if c.Cost++; equalFold(name, known[i].name) {
			k = c.Open(&known[i].spec)
			m.note(known[i].name, value)
			break
		}
	}
	if colon > 0 {
		c.AddBytes(&headerName, colon)
	}
	c.AddBytes(&separator, len(text)-colon-len(value))
	switch {
	case len(value) == 0:
	case equalFold(name, "Cookie"):
		list(c, &cookiePair, value, ';')
	default:
		c.AddBytes(&headerValue, len(value))
	}
	if n > len(text) {
		c.AddBytes(&separator, n-len(text))
	}
	if k >= 0 {
		c.Close(k)
	}
}

// note keeps what a field says of the body.
func (m *message) note(name string, value []byte) {
	switch name {
	case "Content-Length":
		if n, ok := parseLength(bytes.TrimRight(value, " \t")); ok {
			m.length = int(min(n, 1<<30))
		}
	case "Transfer-Encoding":
		// RFC 9112, 6.1: chunked is the last coding that was applied.
		last := value[bytes.LastIndexByte(value, ',')+1:]
		m.chunked = m.chunked || equalFold(bytes.Trim(last, " \t"), "chunked")
	}
}

package http1

import (
	"bytes"

	"httptap/stack/field"
)

// Layout is the field table. A segment that does not begin with a start line is the middle of a
// message: all of it is file data.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "http", Label: "Hypertext Transfer Protocol", Kind: field.Layer, Ref: "RFC 9112"},
	Title: "HTTP",
	Tail:  tail,
	More:  more,
	Next:  next,
	Guess: guess,
}

// DiscoveryLayout is the field table of the Simple Service Discovery Protocol, whose datagrams are messages
// of HTTP without bodies: UPnP Device Architecture 2.0, 1.1.
var DiscoveryLayout = field.Layout{
	Spec:  field.Spec{Name: "ssdp", Label: "Simple Service Discovery Protocol", Kind: field.Layer, Ref: "UPnP Device Architecture 2.0, 1"},
	Title: "SSDP",
	Tail:  tail,
	More:  more,
}

// DiscoveryPort is SSDP's, of UDP.
const DiscoveryPort = 1900

var (
	requestLine  = field.Spec{Name: "http.request.first", Label: "Request line", Kind: field.Group, Ref: "RFC 9112, 3"}
	responseLine = field.Spec{Name: "http.response.first", Label: "Status line", Kind: field.Group, Ref: "RFC 9112, 4"}
	method       = field.Spec{Name: "http.request.method", Label: "Request Method", Kind: field.Text, Class: field.Operation, Ref: "RFC 9110, 9"}
	uri          = field.Spec{Name: "http.request.uri", Label: "Request URI", Kind: field.Text, Class: field.Name, Ref: "RFC 9112, 3.2"}
	uriPath      = field.Spec{Name: "http.request.uri.path", Label: "Request URI Path", Kind: field.Text, Ref: "RFC 3986, 3.3"}
	uriQuery     = field.Spec{Name: "http.request.uri.query", Label: "Request URI Query", Kind: field.Text, Ref: "RFC 3986, 3.4"}
	uriParameter = field.Spec{Name: "http.request.uri.query.parameter", Label: "Request URI Query Parameter", Kind: field.Text, Ref: "RFC 3986, 3.4"}
	reqVersion   = field.Spec{Name: "http.request.version", Label: "Request Version", Kind: field.Text, Ref: "RFC 9112, 2.3"}
	respVersion  = field.Spec{Name: "http.response.version", Label: "Response Version", Kind: field.Text, Ref: "RFC 9112, 2.3"}
	code         = field.Spec{Name: "http.response.code", Label: "Status Code", Kind: field.Text, Class: field.Operation, Ref: "RFC 9110, 15"}
	phrase       = field.Spec{Name: "http.response.phrase", Label: "Response Phrase", Kind: field.Text, Class: field.Operation, Ref: "RFC 9112, 4"}
	reqHeader    = field.Spec{Name: "http.request.line", Label: "Request header", Kind: field.Text, Ref: "RFC 9112, 5"}
	respHeader   = field.Spec{Name: "http.response.line", Label: "Response header", Kind: field.Text, Ref: "RFC 9112, 5"}
	trailerField = field.Spec{Name: "http.chunked_trailer_part", Label: "Trailer field", Kind: field.Text, Ref: "RFC 9112, 7.1.2"}
	headerName   = field.Spec{Name: "http.header.name", Label: "Name", Kind: field.Text, Ref: "RFC 9110, 5.1"}
	headerValue  = field.Spec{Name: "http.header.value", Label: "Value", Kind: field.Text, Ref: "RFC 9110, 5.5"}
	separator    = field.Spec{Name: "http.separator", Label: "Separator", Kind: field.Padding, Ref: "RFC 9112, 2.1"}
	fileData     = field.Spec{Name: "http.file_data", Label: "File Data", Kind: field.Payload, Ref: "RFC 9112, 6"}

	noColon = &field.Fault{Name: "http.header.no_colon", Label: "a header line without a colon", Severity: field.Error}
)

func tail(c *field.Context) {
	b := c.Rest()
	isResponse := bytes.HasPrefix(b, []byte("HTTP/"))
	lines := &reqHeader
	switch {
	case isResponse:
		lines = &respHeader
		startLine(c, &responseLine, &respVersion, &code, &phrase)
	case isRequest(b):
		startLine(c, &requestLine, &method, &uri, &reqVersion)
	default:
		c.AddBytes(&fileData, len(b)) // the middle of a message
		return
	}
	m := message{length: -1}
	if isResponse {
		m.bodiless = hasNoBody(b)
	}
	complete := fieldLines(c, lines, &m)
	rest := len(c.Rest())
	switch {
	case !complete || rest == 0:
	case m.chunked:
		chunks(c)
	case m.bodiless:
	case m.length >= 0:
		if n := min(m.length, rest); n > 0 {
			c.AddBytes(&fileData, n)
		}
	case isResponse:
		c.AddBytes(&fileData, rest) // RFC 9112, 6.3: until the connection is closed
	}
}

// next says that what follows a message in a segment is the next one: RFC 9112, 9.3.2.
func next(c *field.Context) field.Next {
	if len(c.Rest()) == 0 || c.Pos() == c.Start {
		return field.Next{}
	}
	return field.Next{Again: true}
}

// hasNoBody tells whether the response that b begins with ends with its head whatever its fields
// say. RFC 9112, 6.3: "any response with a 1xx (Informational), 204 (No Content), or 304 (Not
// Modified) status code is always terminated by the first empty line".
func hasNoBody(b []byte) bool {
	_, status, _ := bytes.Cut(b[:min(len(b), 16)], []byte{' '})
	return bytes.HasPrefix(status, []byte{'1'}) || bytes.HasPrefix(status, []byte("204")) || bytes.HasPrefix(status, []byte("304"))
}

// isRequest tells whether b begins as a request: a known method, or a word in capitals, a target, and
// a version unless the line's end was not captured.
func isRequest(b []byte) bool {
	text, end := cutLine(b)
	name, rest, ok := bytes.Cut(text, []byte{' '})
	if !ok || len(name) == 0 || len(name) > 20 {
		return false
	}
	for _, c := range name {
		if (c < 'A' || c > 'Z') && c != '-' { // as in M-SEARCH
			return false
		}
	}
	return methods[string(name)] || end == len(text) || bytes.Contains(rest, []byte(" HTTP/1."))
}

// methods begin a request whatever is wrong with the rest of its line. IANA, "HTTP Method Registry"
var methods = map[string]bool{
	"GET": true, "HEAD": true, "POST": true, "PUT": true, "DELETE": true, "CONNECT": true, "OPTIONS": true, "TRACE": true, "PATCH": true,
	"PROPFIND": true, "PROPPATCH": true, "MKCOL": true, "COPY": true, "MOVE": true, "LOCK": true, "UNLOCK": true, "REPORT": true, "SEARCH": true,
	"SUBSCRIBE": true, "UNSUBSCRIBE": true, "NOTIFY": true, "BIND": true, "REBIND": true, "UNBIND": true, "ACL": true, "LINK": true, "UNLINK": true,
	"CHECKIN": true, "CHECKOUT": true, "MERGE": true, "LABEL": true, "MKACTIVITY": true, "MKCALENDAR": true, "MKWORKSPACE": true, "UPDATE": true,
}

// guess tells whether b begins with a line that names a version of HTTP at its start or its end.
func guess(b []byte) bool {
	text, end := cutLine(b[:min(len(b), 4096)])
	if end == len(text) || len(text) <= len("HTTP/1.1") {
		return false
	}
	return isVersion(text[:8]) || isVersion(text[len(text)-8:])
}

func isVersion(b []byte) bool { return bytes.HasPrefix(b, []byte("HTTP/1.")) }

// cutLine returns the first line of b and its length with its end; without an end it is all of b.
func cutLine(b []byte) (text []byte, n int) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, len(b)
	}
	return bytes.TrimSuffix(b[:i], []byte{'\r'}), i + 1
}

// startLine adds three parts with a blank between them.
func startLine(c *field.Context, group, first, second, third *field.Spec) {
	text, n := cutLine(c.Rest())
	g := c.Open(group)
	left := n
	for i, s := range []*field.Spec{first, second, third} {
		part := len(text)
		if k := bytes.IndexByte(text, ' '); i < 2 && k >= 0 {
			part = k
		}
		switch {
		case part == 0:
		case s == &uri:
			target(c, text[:part])
		default:
			c.AddBytes(s, part)
		}
		if gap := min(1, len(text)-part); gap > 0 {
			c.AddBytes(&separator, gap)
			left--
		}
		left -= part
		text = text[min(part+1, len(text)):]
	}
	if left > 0 {
		c.AddBytes(&separator, left)
	}
	c.Close(g)
}

// target adds a request's target. One with a query is taken apart.
func target(c *field.Context, text []byte) {
	mark := bytes.IndexByte(text, '?')
	if mark < 0 {
		c.AddBytes(&uri, len(text))
		return
	}
	g := c.Open(&uri)
	if mark > 0 {
		c.AddBytes(&uriPath, mark)
	}
	c.AddBytes(&separator, 1)
	if query := text[mark+1:]; len(query) > 0 {
		q := c.Open(&uriQuery)
		list(c, &uriParameter, query, '&')
		c.Close(q)
	}
	c.Close(g)
}

// list adds the parts of b between separators, with the blanks behind these.
func list(c *field.Context, s *field.Spec, b []byte, sep byte) {
	for len(b) > 0 {
		n := bytes.IndexByte(b, sep)
		if n < 0 {
			n = len(b)
		}
		if n > 0 {
			c.AddBytes(s, n)
		}
		gap := n
		for gap < len(b) && (b[gap] == sep || b[gap] == ' ') {
			gap++
		}
		if gap > n {
			c.AddBytes(&separator, gap-n)
		}
		b = b[gap:]
	}
}

package http1

import (
	"bytes"

	"httptap/stack/field"
)

// Layout is the field table. A segment that does not begin with a start line is the middle of a
// message: it is data.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "http", Label: "Hypertext Transfer Protocol", Kind: field.Layer, Ref: "RFC 9112"},
	Title: "HTTP",
	Tail:  tail,
	More:  more,
	Check: func(c *field.Context) {},
}

var (
	requestLine  = field.Spec{Name: "http.request.first", Label: "Request line", Kind: field.Group, Ref: "RFC 9112, 3"}
	responseLine = field.Spec{Name: "http.response.first", Label: "Status line", Kind: field.Group, Ref: "RFC 9112, 4"}
	method       = field.Spec{Name: "http.request.method", Label: "Request Method", Kind: field.Text, Class: field.Operation, Ref: "RFC 9110, 9"}
	uri          = field.Spec{Name: "http.request.uri", Label: "Request URI", Kind: field.Text, Class: field.Name, Ref: "RFC 9112, 3.2"}
	reqVersion   = field.Spec{Name: "http.request.version", Label: "Request Version", Kind: field.Text, Ref: "RFC 9112, 2.3"}
	respVersion  = field.Spec{Name: "http.response.version", Label: "Response Version", Kind: field.Text, Ref: "RFC 9112, 2.3"}
	code         = field.Spec{Name: "http.response.code", Label: "Status Code", Kind: field.Text, Class: field.Operation, Ref: "RFC 9110, 15"}
	phrase       = field.Spec{Name: "http.response.phrase", Label: "Response Phrase", Kind: field.Text, Class: field.Operation, Ref: "RFC 9112, 4"}
	line         = field.Spec{Name: "http.header", Label: "Header", Kind: field.Group, Ref: "RFC 9112, 5"}
	headerName   = field.Spec{Name: "http.header.name", Label: "Name", Kind: field.Text, Ref: "RFC 9110, 5.1"}
	headerValue  = field.Spec{Name: "http.header.value", Label: "Value", Kind: field.Text, Ref: "RFC 9110, 5.5"}
	separator    = field.Spec{Name: "http.separator", Label: "Separator", Kind: field.Padding, Ref: "RFC 9112, 2.1"}
	fileData     = field.Spec{Name: "http.file_data", Label: "File Data", Kind: field.Payload, Ref: "RFC 9112, 6"}
	continuation = field.Spec{Name: "http.continuation", Label: "Continuation", Kind: field.Payload, Ref: "RFC 9112, 6"}
	noColon      = &field.Fault{Name: "http.header.no_colon", Label: "a header line without a colon", Severity: field.Error}
)

// known are the headers that have a name of their own.
var known = []struct {
	name string
	spec field.Spec
}{
	{"Host", header("http.host", "Host", field.Name)},
	{"User-Agent", header("http.user_agent", "User-Agent", field.Detail)},
	{"Server", header("http.server", "Server", field.Detail)},
	{"Content-Type", header("http.content_type", "Content-Type", field.Detail)},
	{"Content-Length", header("http.content_length_header", "Content-Length", field.Length)},
	{"Transfer-Encoding", header("http.transfer_encoding", "Transfer-Encoding", field.Detail)},
	{"Location", header("http.location", "Location", field.Name)},
	{"Connection", header("http.connection", "Connection", field.Detail)},
	{"Accept", header("http.accept", "Accept", field.Detail)},
	{"Date", header("http.date", "Date", field.Detail)},
}

func header(name, label string, class field.Class) field.Spec {
	return field.Spec{Name: name, Label: label, Kind: field.Text, Class: class, Ref: "RFC 9110"}
}

func more() []*field.Spec {
	list := []*field.Spec{&requestLine, &responseLine, &method, &uri, &reqVersion, &respVersion, &code, &phrase,
		&line, &headerName, &headerValue, &separator, &fileData, &continuation}
	for i := range known {
		list = append(list, &known[i].spec)
	}
	return list
}

func tail(c *field.Context) {
	b := c.Rest()
	switch {
	case bytes.HasPrefix(b, []byte("HTTP/1.")):
		startLine(c, &responseLine, &respVersion, &code, &phrase)
	case isRequest(b):
		startLine(c, &requestLine, &method, &uri, &reqVersion)
	default:
		c.AddBytes(&continuation, len(b))
		return
	}
	for len(c.Rest()) > 0 {
		text, end := cutLine(c.Rest())
		if len(text) == 0 && end > 0 {
			c.AddBytes(&separator, end)
			break
		}
		headerLine(c, text, end)
	}
	if n := len(c.Rest()); n > 0 {
		c.AddBytes(&fileData, n)
	}
}

// isRequest tells whether b begins as a request: a method in capitals, a target, and a version
// unless the line's end was not captured.
func isRequest(b []byte) bool {
	text, end := cutLine(b)
	name, rest, ok := bytes.Cut(text, []byte{' '})
	if !ok || len(name) == 0 || len(name) > 20 {
		return false
	}
	for _, c := range name {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return end == len(text) || bytes.Contains(rest, []byte(" HTTP/1."))
}

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
		if part > 0 {
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

// headerLine adds a name, the separator, a value and the line's end.
func headerLine(c *field.Context, text []byte, n int) {
	g := c.Open(&line)
	colon := bytes.IndexByte(text, ':')
	if colon < 0 {
		i := -1
		if len(text) > 0 {
			i = c.AddBytes(&headerValue, len(text))
		}
		if n > len(text) {
			c.Fault(i, noColon, 0) // a line whose end was not captured may still have one
		}
	} else {
		name := text[:colon]
		spec := &headerValue
		for i := range known {
			if equalFold(name, known[i].name) {
				spec = &known[i].spec
			}
		}
		if colon > 0 {
			c.AddBytes(&headerName, colon)
		}
		value := bytes.TrimLeft(text[colon+1:], " \t")
		c.AddBytes(&separator, len(text)-colon-len(value))
		if len(value) > 0 {
			c.AddBytes(spec, len(value))
		}
	}
	if n > len(text) {
		c.AddBytes(&separator, n-len(text))
	}
	c.Close(g)
}

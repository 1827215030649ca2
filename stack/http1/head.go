package http1

import (
	"bytes"
	"errors"
	"iter"
	"strconv"
)

// Errors of ParseRequest and ParseResponse.
var (
	ErrIncomplete = errors.New("http1: the head is not complete yet")
	ErrTooLong    = errors.New("http1: the head is longer than allowed")
	ErrTooMany    = errors.New("http1: more header fields than allowed")
	ErrStartLine  = errors.New("http1: malformed start line")
	ErrVersion    = errors.New("http1: not HTTP/1.x")
	ErrStatus     = errors.New("http1: the status is not three digits from 100 to 999")
	ErrFieldLine  = errors.New("http1: a header line without a colon")
	ErrFieldName  = errors.New("http1: a header name with characters that names don't have")
	ErrFieldValue = errors.New("http1: a header value with control characters")
	ErrFold       = errors.New("http1: a folded header line, which RFC 9112, 5.2 abolishes")
)

// Limits bound a head.
type Limits struct {
	Bytes  int // 0: 64 KiB
	Fields int // 0: 256
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 64 << 10
	}
	if l.Fields == 0 {
		l.Fields = 256
	}
	return l
}

// A Head is a checked view of a message's start line and fields.
type Head struct {
	start  []byte // without its line end
	fields []byte // the lines, with their ends, without the empty one
	len    int

	Method, Target []byte // of a request
	Status         int    // of a response
	Reason         []byte
	Minor          int // the y of HTTP/1.y
}

// Len returns the head's length in bytes, with the empty line: the body begins there.
func (h *Head) Len() int { return h.len }

// ParseResponse reads a response's head from the start of b. It fails with ErrIncomplete when
// more bytes are needed.
func ParseResponse(b []byte, limits Limits) (Head, error) {
	h, err := parse(b, limits)
	if err != nil {
		return Head{}, err
	}
	// RFC 9112, 4: "status-line = HTTP-version SP status-code SP [ reason-phrase ]"
	version, rest, _ := bytes.Cut(h.start, []byte{' '})
	if err := h.version(version); err != nil {
		return Head{}, err
	}
	code, reason, _ := bytes.Cut(rest, []byte{' '})
	if len(code) != 3 || code[0] < '1' {
		return Head{}, ErrStatus
	}
	for _, c := range code {
		if c < '0' || c > '9' {
			return Head{}, ErrStatus
		}
		h.Status = 10*h.Status + int(c-'0')
	}
	h.Reason = reason
	return h, nil
}

// ParseRequest reads a request's head from the start of b. It fails with ErrIncomplete when
// more bytes are needed.
func ParseRequest(b []byte, limits Limits) (Head, error) {
	h, err := parse(b, limits)
	if err != nil {
		return Head{}, err
	}
	// RFC 9112, 3: "request-line = method SP request-target SP HTTP-version"
	method, rest, ok := bytes.Cut(h.start, []byte{' '})
	target, version, ok2 := bytes.Cut(rest, []byte{' '})
	if !ok || !ok2 || !isToken(method) || len(target) == 0 {
		return Head{}, ErrStartLine
	}
	if err := h.version(version); err != nil {
		return Head{}, err
	}
	h.Method, h.Target = method, target
	return h, nil
}

func (h *Head) version(v []byte) error {
	if len(v) != 8 || string(v[:7]) != "HTTP/1." || v[7] < '0' || v[7] > '9' {
		return ErrVersion
	}
	h.Minor = int(v[7] - '0')
	return nil
}

// parse finds the lines of a head and checks the fields.
func parse(b []byte, limits Limits) (h Head, err error) {
	limits = limits.withDefaults()
	at, count := 0, 0
	for {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			if len(b) > limits.Bytes {
				return h, ErrTooLong
			}
			return h, ErrIncomplete
		}
		end := at + i + 1
		if end > limits.Bytes {
			return h, ErrTooLong
		}
		// RFC 9112, 2.2: "a recipient MAY recognize a single LF as a line terminator and ignore
		// any preceding CR".
		line := bytes.TrimSuffix(b[at:end-1], []byte{'\r'})
		switch {
		case h.start == nil && len(line) == 0:
			// RFC 9112, 2.2: a server "SHOULD ignore at least one empty line (CRLF) received
			// prior to the request-line".
			if at > 2 {
				return h, ErrStartLine
			}
		case h.start == nil:
			if hasControl(line) {
				return h, ErrStartLine
			}
			h.start = line
			h.fields = b[end:end]
		case len(line) == 0:
			h.len = end
			return h, nil
		default:
			if count++; count > limits.Fields {
				return h, ErrTooMany
			}
			if err := checkField(line); err != nil {
				return h, err
			}
			h.fields = h.fields[:len(h.fields)+end-at]
		}
		at = end
	}
}

func checkField(line []byte) error {
	if line[0] == ' ' || line[0] == '\t' {
		return ErrFold
	}
	name, value, ok := bytes.Cut(line, []byte{':'})
	if !ok {
		return ErrFieldLine
	}
	// RFC 9112, 5.1: "No whitespace is allowed between the field name and colon."
	if !isToken(name) {
		return ErrFieldName
	}
	if hasControl(value) {
		return ErrFieldValue
	}
	return nil
}

// isToken tells whether b is a token. RFC 9110, 5.6.2
func isToken(b []byte) bool {
	for _, c := range b {
		if !isTokenByte(c) {
			return false
		}
	}
	return len(b) > 0
}

func isTokenByte(c byte) bool {
	switch {
	case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return true
	}
	return bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0
}

// hasControl tells whether b has a control character other than a tab. RFC 9110, 5.5
func hasControl(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

// Fields returns the names and values in their order, the values without blanks around them.
func (h *Head) Fields() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		rest := h.fields
		for len(rest) > 0 {
			i := bytes.IndexByte(rest, '\n')
			line := bytes.TrimSuffix(rest[:i], []byte{'\r'})
			rest = rest[i+1:]
			name, value, _ := bytes.Cut(line, []byte{':'})
			if !yield(name, bytes.Trim(value, " \t")) {
				return
			}
		}
	}
}

// Field returns the value of the first field called name, in any case, and whether there is one.
func (h *Head) Field(name string) ([]byte, bool) {
	for n, v := range h.Fields() {
		if equalFold(n, name) {
			return v, true
		}
	}
	return nil, false
}

func equalFold(a []byte, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		if lower(c) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// StartLine returns the first line without its end.
func (h *Head) StartLine() []byte { return h.start }

// AppendRequest appends a request's start line. It fails with ErrStartLine when method or
// target would break the line.
func AppendRequest(dst []byte, method, target string) ([]byte, error) {
	if !isToken([]byte(method)) || target == "" || hasControl([]byte(target)) || bytes.IndexByte([]byte(target), ' ') >= 0 {
		return dst, ErrStartLine
	}
	dst = append(append(append(dst, method...), ' '), target...)
	return append(dst, " HTTP/1.1\r\n"...), nil
}

// AppendResponse appends a response's start line. It fails with ErrStatus or ErrStartLine.
func AppendResponse(dst []byte, status int, reason string) ([]byte, error) {
	if status < 100 || status > 999 {
		return dst, ErrStatus
	}
	if hasControl([]byte(reason)) {
		return dst, ErrStartLine
	}
	dst = strconv.AppendInt(append(dst, "HTTP/1.1 "...), int64(status), 10)
	return append(append(append(dst, ' '), reason...), '\r', '\n'), nil
}

// AppendField appends a header line. It fails with ErrFieldName or ErrFieldValue when the name
// or the value would be anything else than one field.
func AppendField(dst []byte, name, value string) ([]byte, error) {
	if !isToken([]byte(name)) {
		return dst, ErrFieldName
	}
	if hasControl([]byte(value)) {
		return dst, ErrFieldValue
	}
	dst = append(append(append(dst, name...), ": "...), value...)
	return append(dst, '\r', '\n'), nil
}

// AppendEnd appends the empty line that ends a head.
func AppendEnd(dst []byte) []byte { return append(dst, '\r', '\n') }

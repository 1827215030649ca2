package http1

import (
	"bytes"
	"errors"
)

// Errors of NewBody and Body.
var (
	ErrContentLength = errors.New("http1: Content-Length is not one number")
	ErrTransfer      = errors.New("http1: a Transfer-Encoding other than chunked")
	ErrChunk         = errors.New("http1: malformed chunk")
	ErrTrailer       = errors.New("http1: the trailer is longer than allowed")
	ErrCutShort      = errors.New("http1: the connection closed before the body was complete")
)

// framing says how a body's end is found.
type framing uint8

const (
	none framing = iota
	length
	chunked
	untilClose
)

// maxChunkLine bounds a chunk's size line, maxTrailer the trailer section, in bytes.
const (
	maxChunkLine = 4 << 10
	maxTrailer   = 64 << 10
)

// A Body finds a message's body in the bytes behind its head.
type Body struct {
	framing framing
	left    uint64 // bytes to come, of the body or of the chunk
	step    step
	skipped int // bytes of the trailer or of a chunk's line
	digits  int
	done    bool
}

// step is where in a chunked body we are.
type step uint8

const (
	size step = iota
	extension
	data
	dataEnd
	trailer
)

// ResponseBody returns the body of the response h to a request with the given method.
// RFC 9112, 6.3 in its order. It fails with ErrContentLength or ErrTransfer.
func ResponseBody(h *Head, method string) (Body, error) {
	// "Any response to a HEAD request and any response with a 1xx (Informational), 204 (No
	// Content), or 304 (Not Modified) status code is always terminated by the first empty line
	// after the header fields".
	if method == "HEAD" || h.Status < 200 || h.Status == 204 || h.Status == 304 ||
		method == "CONNECT" && h.Status < 300 {
		return Body{done: true}, nil
	}
	return newBody(h, Body{framing: untilClose})
}

// RequestBody returns the body of the request h. It fails with ErrContentLength or ErrTransfer.
func RequestBody(h *Head) (Body, error) { return newBody(h, Body{done: true}) }

func newBody(h *Head, otherwise Body) (Body, error) {
	coding, found, value := false, false, uint64(0)
	for name, v := range h.Fields() {
		switch {
		case equalFold(name, "Transfer-Encoding"):
			if !equalFold(v, "chunked") || coding {
				return Body{}, ErrTransfer
			}
			coding = true
		case equalFold(name, "Content-Length"):
			// "If a message is received without Transfer-Encoding and with an invalid
			// Content-Length header field, then the message framing is invalid ... unless the
			// field value can be successfully parsed as a comma-separated list ..., all values
			// in the list are valid, and all values in the list are the same".
			for len(v) > 0 || !found {
				one, rest, _ := bytes.Cut(v, []byte{','})
				n, ok := parseLength(bytes.Trim(one, " \t"))
				if !ok || found && n != value {
					return Body{}, ErrContentLength
				}
				found, value, v = true, n, rest
			}
		}
	}
	switch {
	case coding:
		// "If a message is received with both a Transfer-Encoding and a Content-Length header
		// field, the Transfer-Encoding overrides the Content-Length."
		return Body{framing: chunked}, nil
	case found:
		return Body{framing: length, left: value, done: value == 0}, nil
	}
	return otherwise, nil
}

func parseLength(b []byte) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > 18 { // 18 digits fit 64 bits
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + uint64(c-'0')
	}
	return n, true
}

// Done tells whether the body is complete.
func (b *Body) Done() bool { return b.done }

// Length returns the body's length in bytes, and false when it is not known beforehand.
func (b *Body) Length() (uint64, bool) {
	return b.left, b.framing == length || b.framing == none
}

// Next looks for body bytes at the start of in. It returns those it found, which may be none,
// and how much of in it has used up; it is to be called again with the rest until it uses
// nothing. It fails with ErrChunk or ErrTrailer.
func (b *Body) Next(in []byte) (body []byte, used int, err error) {
	switch {
	case b.done || len(in) == 0:
		return nil, 0, nil
	case b.framing == untilClose:
		return in, len(in), nil
	case b.framing == length:
		n := int(min(uint64(len(in)), b.left))
		b.left -= uint64(n)
		b.done = b.left == 0
		return in[:n], n, nil
	}
	for used < len(in) && !b.done {
		if b.step == data {
			n := int(min(uint64(len(in)-used), b.left))
			body = in[used : used+n]
			if b.left -= uint64(n); b.left == 0 {
				b.step = dataEnd
			}
			return body, used + n, nil
		}
		if err := b.control(in[used]); err != nil {
			return nil, used, err
		}
		used++
	}
	return nil, used, nil
}

// control takes a byte of a chunked body that is not data. RFC 9112, 7.1
func (b *Body) control(c byte) error {
	switch b.step {
	case size:
		if v, ok := hex(c); ok {
			if b.digits++; b.digits > 15 { // 60 bits: no overflow, and no size that is meant
				return ErrChunk
			}
			b.left = b.left<<4 | uint64(v)
			return nil
		}
		if b.digits == 0 || c != ';' && c != '\r' && c != '\n' && c != ' ' && c != '\t' {
			return ErrChunk
		}
		b.step, b.skipped = extension, 0
		return b.control(c)
	case extension:
		if b.skipped++; b.skipped > maxChunkLine {
			return ErrChunk
		}
		if c != '\n' {
			return nil
		}
		b.digits, b.skipped = 0, 0
		if b.step = data; b.left == 0 {
			b.step, b.digits = trailer, 0
		}
	case dataEnd:
		// "chunk-data CRLF"; a lone LF is taken, too.
		switch {
		case c == '\r' && b.skipped == 0:
			b.skipped = 1
		case c == '\n':
			b.step, b.skipped = size, 0
		default:
			return ErrChunk
		}
	case trailer:
		// Field lines until an empty one; digits counts the characters of the line.
		if b.skipped++; b.skipped > maxTrailer {
			return ErrTrailer
		}
		switch c {
		case '\n':
			b.done = b.digits == 0
			b.digits = 0
		case '\r':
		default:
			b.digits++
		}
	}
	return nil
}

func hex(c byte) (byte, bool) {
	switch c = lower(c); {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

// Closed says what the end of the connection means for the body: nil when it is complete, else
// ErrCutShort. RFC 9112, 8
func (b *Body) Closed() error {
	if b.done || b.framing == untilClose {
		return nil
	}
	return ErrCutShort
}

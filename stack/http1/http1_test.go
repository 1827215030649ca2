package http1

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

func TestParseResponse(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     error
	}{
		{"a response", "HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", nil},
		{"lone line feeds", "HTTP/1.1 200 OK\nA: b\n\n", nil},
		{"no reason", "HTTP/1.0 404\r\n\r\n", nil},
		{"an empty line before", "\r\nHTTP/1.1 200 OK\r\n\r\n", nil},
		{"the end is missing", "HTTP/1.1 200 OK\r\nA: b\r\n", ErrIncomplete},
		{"nothing", "", ErrIncomplete},
		{"HTTP/2", "HTTP/2 200 OK\r\n\r\n", ErrVersion},
		{"another protocol", "ICY 200 OK\r\n\r\n", ErrVersion},
		{"two digits", "HTTP/1.1 20 OK\r\n\r\n", ErrStatus},
		{"a letter", "HTTP/1.1 2x0 OK\r\n\r\n", ErrStatus},
		{"under 100", "HTTP/1.1 099 OK\r\n\r\n", ErrStatus},
		{"a control character in the reason", "HTTP/1.1 200 O\x00K\r\n\r\n", ErrStartLine},
		{"no colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", ErrFieldLine},
		{"a blank before the colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", ErrFieldName},
		{"no name", "HTTP/1.1 200 OK\r\n: b\r\n\r\n", ErrFieldName},
		{"a folded line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", ErrFold},
		{"a control character in a value", "HTTP/1.1 200 OK\r\nA: b\x01\r\n\r\n", ErrFieldValue},
		{"a bare carriage return", "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", ErrFieldValue},
		{"too long", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("b", 5000) + "\r\n\r\n", ErrTooLong},
		{"too long and not complete", "HTTP/1.1 200 " + strings.Repeat("b", 5000), ErrTooLong},
		{"too many fields", "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 20) + "\r\n", ErrTooMany},
	} {
		h, err := ParseResponse([]byte(c.in), Limits{Bytes: 4096, Fields: 10})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil && !strings.HasSuffix(c.in[:h.Len()], "\n") {
			t.Errorf("%s: the head ends at %d", c.name, h.Len())
		}
	}
}

func TestHead(t *testing.T) {
	in := "HTTP/1.1 301 Moved  Permanently\r\nLocation:  /there \r\nX: 1\r\nx: 2\r\nEmpty:\r\n\r\nrest"
	h, err := ParseResponse([]byte(in), Limits{})
	if err != nil || h.Status != 301 || string(h.Reason) != "Moved  Permanently" || h.Minor != 1 || in[h.Len():] != "rest" {
		t.Fatalf("%+v, %v", h, err)
	}
	for name, want := range map[string]string{"location": "/there", "LOCATION": "/there", "X": "1", "empty": ""} {
		if v, ok := h.Field(name); !ok || string(v) != want {
			t.Errorf("%s is %q, %v", name, v, ok)
		}
	}
	if _, ok := h.Field("absent"); ok {
		t.Error("a field that is not there was found")
	}
	var all []string
	for n, v := range h.Fields() {
		all = append(all, string(n)+"="+string(v))
	}
	if got := strings.Join(all, " "); got != "Location=/there X=1 x=2 Empty=" {
		t.Errorf("fields: %s", got)
	}
}

func TestParseRequest(t *testing.T) {
	for _, c := range []struct {
		in   string
		want error
	}{
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", nil},
		{"GET /a b HTTP/1.1\r\n\r\n", ErrVersion},
		{"GET /\r\n\r\n", ErrStartLine},
		{"G@T / HTTP/1.1\r\n\r\n", ErrStartLine},
		{"GET  HTTP/1.1\r\n\r\n", ErrStartLine},
		{"GET / HTTP/3.0\r\n\r\n", ErrVersion},
	} {
		h, err := ParseRequest([]byte(c.in), Limits{})
		if !errors.Is(err, c.want) {
			t.Errorf("%q: %v, want %v", c.in, err, c.want)
		}
		if err == nil && (string(h.Method) != "GET" || string(h.Target) != "/") {
			t.Errorf("%q: %s %s", c.in, h.Method, h.Target)
		}
	}
}

func TestBuildersRefuseToBreakLines(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"a header value with a line end", second(AppendField(nil, "A", "b\r\nEvil: yes")), ErrFieldValue},
		{"a header value with a NUL", second(AppendField(nil, "A", "b\x00")), ErrFieldValue},
		{"a header name with a colon", second(AppendField(nil, "A: b", "c")), ErrFieldName},
		{"a target with a blank", second(AppendRequest(nil, "GET", "/a b")), ErrStartLine},
		{"a target with a line end", second(AppendRequest(nil, "GET", "/\r\n")), ErrStartLine},
		{"a method with a blank", second(AppendRequest(nil, "GET X", "/")), ErrStartLine},
		{"a status of two digits", second(AppendResponse(nil, 20, "OK")), ErrStatus},
		{"a reason with a line end", second(AppendResponse(nil, 200, "O\nK")), ErrStartLine},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.err, c.want)
		}
	}
}

func second(_ []byte, err error) error { return err }

// whole feeds a body in pieces of n bytes and returns what came out.
func whole(b Body, in string, n int) (string, Body, error) {
	var out []byte
	buf := []byte{}
	for len(in) > 0 || len(buf) > 0 {
		k := min(n, len(in))
		buf, in = append(buf, in[:k]...), in[k:]
		for {
			data, used, err := b.Next(buf)
			out = append(out, data...)
			buf = buf[used:]
			if err != nil {
				return string(out), b, err
			}
			if used == 0 {
				break
			}
		}
		if b.done || len(in) == 0 {
			break
		}
	}
	return string(out), b, nil
}

func TestBodies(t *testing.T) {
	for _, c := range []struct {
		name, method, head, in, want string
		err, closed                  error
	}{
		{name: "a length", head: "Content-Length: 5", in: "helloNEXT", want: "hello"},
		{name: "a length twice, the same", head: "Content-Length: 5\r\nContent-Length: 5", in: "hello", want: "hello"},
		{name: "a list of the same", head: "Content-Length: 5, 5", in: "hello", want: "hello"},
		{name: "cut short", head: "Content-Length: 5", in: "hel", want: "hel", closed: ErrCutShort},
		{name: "up to the close", in: "all of it", want: "all of it"},
		{name: "HEAD has none", method: "HEAD", head: "Content-Length: 5", in: "NEXT"},
		{name: "chunks", head: "Transfer-Encoding: chunked", in: "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: 1\r\n\r\nNEXT", want: "hello world"},
		{name: "chunks beat a length", head: "Content-Length: 3\r\nTransfer-Encoding: chunked", in: "2\nhi\n0\n\n", want: "hi"},
		{name: "chunks cut short", head: "Transfer-Encoding: chunked", in: "5\r\nhel", want: "hel", closed: ErrCutShort},
		{name: "chunks without the end", head: "Transfer-Encoding: chunked", in: "2\r\nhi\r\n", want: "hi", closed: ErrCutShort},
		{name: "not a size", head: "Transfer-Encoding: chunked", in: "zz\r\n", err: ErrChunk},
		{name: "no size", head: "Transfer-Encoding: chunked", in: "\r\nhi", err: ErrChunk},
		{name: "a size of 64 bits", head: "Transfer-Encoding: chunked", in: "ffffffffffffffff\r\n", err: ErrChunk},
		{name: "a chunk that is longer than it says", head: "Transfer-Encoding: chunked", in: "2\r\nhiX", want: "hi", err: ErrChunk},
	} {
		h, err := ParseResponse([]byte("HTTP/1.1 200 OK\r\n"+strings.TrimPrefix(c.head+"\r\n", "\r\n")+"\r\n"), Limits{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		b, err := ResponseBody(&h, c.method)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for n := 1; n < 30; n++ {
			got, end, err := whole(b, c.in, n)
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("%s in pieces of %d: %q, %v; want %q, %v", c.name, n, got, err, c.want, c.err)
			}
			if err == nil && !errors.Is(end.Closed(), c.closed) {
				t.Errorf("%s: the close means %v, want %v", c.name, end.Closed(), c.closed)
			}
		}
	}
}

func TestBodyHeadersRefused(t *testing.T) {
	for head, want := range map[string]error{
		"Content-Length: 5\r\nContent-Length: 6":                   ErrContentLength,
		"Content-Length: 5, 6":                                     ErrContentLength,
		"Content-Length: -5":                                       ErrContentLength,
		"Content-Length: 5x":                                       ErrContentLength,
		"Content-Length:":                                          ErrContentLength,
		"Content-Length: 99999999999999999999":                     ErrContentLength,
		"Transfer-Encoding: gzip":                                  ErrTransfer,
		"Transfer-Encoding: gzip, chunked":                         ErrTransfer,
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked": ErrTransfer,
	} {
		h, err := ParseResponse([]byte("HTTP/1.1 200 OK\r\n"+head+"\r\n\r\n"), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ResponseBody(&h, "GET"); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", head, err, want)
		}
	}
	for _, status := range []int{100, 204, 304} {
		h, _ := ParseResponse(fmt.Appendf(nil, "HTTP/1.1 %d X\r\nContent-Length: 9\r\n\r\n", status), Limits{})
		if b, err := ResponseBody(&h, "GET"); err != nil || !b.Done() {
			t.Errorf("a %d has a body: %v", status, err)
		}
	}
	h, _ := ParseRequest([]byte("GET / HTTP/1.1\r\n\r\n"), Limits{})
	if b, err := RequestBody(&h); err != nil || !b.Done() {
		t.Errorf("a request without a length has a body: %v", err)
	}
}

func TestFields(t *testing.T) {
	fieldtest.CheckLayout(t, &Layout)
	for _, s := range []*field.Spec{&requestLine, &responseLine, &method, &uri, &reqVersion, &respVersion, &code, &phrase} {
		fieldtest.CheckSpec(t, s)
	}
	for _, s := range more() {
		fieldtest.CheckSpec(t, s)
	}
	for _, c := range []struct {
		name, in, field, want string
		fault                 *field.Fault
	}{
		{"a request's method", "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "http.request.method", `"GET"`, nil},
		{"its target", "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "http.request.uri", `"/a"`, nil},
		{"a header with a name of its own", "GET /a HTTP/1.1\r\nhost: x\r\n\r\n", "http.host", `"x"`, nil},
		{"a status", "HTTP/1.1 404 Not Found\r\n\r\nbody", "http.response.code", `"404"`, nil},
		{"its phrase has blanks", "HTTP/1.1 404 Not Found\r\n\r\nbody", "http.response.phrase", `"Not Found"`, nil},
		{"the body", "HTTP/1.1 200 OK\r\n\r\nbody", "http.file_data", "626f6479", nil},
		{"the middle of a message", "just bytes", "http.file_data", "6a757374206279746573", nil},
		{"what goes on in the next line", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "http.host", `"a\r\n b"`, nil},
		{"the header line", "GET /a HTTP/1.1\r\nhost: x\r\n\r\n", "http.request.line", `"host: x\r\n"`, nil},
		{"a target's path", "GET /a?b=1&c=2 HTTP/1.1\r\n\r\n", "http.request.uri.path", `"/a"`, nil},
		{"a target's query", "GET /a?b=1&c=2 HTTP/1.1\r\n\r\n", "http.request.uri.query", `"b=1&c=2"`, nil},
		{"its first parameter", "GET /a?b=1&c=2 HTTP/1.1\r\n\r\n", "http.request.uri.query.parameter", `"b=1"`, nil},
		{"a cookie", "GET /a HTTP/1.1\r\nCookie: a=1; b=2\r\n\r\n", "http.cookie_pair", `"a=1"`, nil},
		{"a chunk's size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1f;x=y\r\nabc", "http.chunk_size", "31", nil},
		{"a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n", "http.chunk_data", "616263", nil},
		{"a chunk's end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n", "http.chunk_boundary", "0d0a", nil},
		{"a trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n", "http.chunked_trailer_part", `"A: b\r\n"`, nil},
		{"no chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc", "http.chunk_size", `"xyz\r\n"`, badChunk},
		{"a chunk that does not end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", "http.file_data", "6263", noEnd},
		{"a body of a known length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcd", "http.file_data", "6162", nil},
		{"what follows it", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcd", "data", "6364", nil},
		{"a response that has no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nHTTP", "data", "48545450", nil},
		{"a header without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "http.header.value", `"nonsense"`, noColon},
		{"a terminal's escape", "GET /\x1b[2J HTTP/1.1\r\n\r\n", "http.request.uri", `"/\x1b[2J"`, nil},
	} {
		ctx := fieldtest.Decode(t, &Layout, []byte(c.in), nil)
		if got := fieldtest.Text(ctx, c.field); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.field, got, c.want)
		}
		if got := fieldtest.Err(ctx, c.field); got != c.fault {
			t.Errorf("%s: fault %v, want %v", c.name, got, c.fault)
		}
	}
}

func FuzzHead(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		fieldtest.Decode(t, &Layout, in, nil)
		h, err := ParseResponse(in, Limits{})
		var out []byte
		if err == nil {
			out, err = AppendResponse(nil, h.Status, string(h.Reason))
		} else if h, err = ParseRequest(in, Limits{}); err == nil {
			out, err = AppendRequest(nil, string(h.Method), string(h.Target))
		} else {
			return
		}
		for n, v := range h.Fields() {
			if err == nil {
				out, err = AppendField(out, string(n), string(v))
			}
		}
		if err != nil {
			t.Fatalf("what was parsed can't be built: %v", err)
		}
		out = AppendEnd(out)
		parse := ParseResponse
		if h.Status == 0 {
			parse = ParseRequest
		}
		again, err := parse(out, Limits{Bytes: 1 << 20})
		if err != nil || again.Status != h.Status || !bytes.Equal(again.Method, h.Method) || !bytes.Equal(again.Target, h.Target) {
			t.Fatalf("round trip of %q: %v", in, err)
		}
	})
}

// Any body in any pieces comes out the same as in one.
func FuzzBody(f *testing.F) {
	f.Add("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n", 3)
	f.Add("Content-Length: 3", "abc", 1)
	f.Fuzz(func(t *testing.T, head, in string, n int) {
		h, err := ParseResponse([]byte("HTTP/1.1 200 OK\r\n"+head+"\r\n\r\n"), Limits{})
		if err != nil || n < 1 {
			return
		}
		b, err := ResponseBody(&h, "GET")
		if err != nil {
			return
		}
		one, endOne, errOne := whole(b, in, len(in)+1)
		many, endMany, errMany := whole(b, in, n)
		if one != many || errOne != errMany || errOne == nil && endOne.Closed() != endMany.Closed() {
			t.Fatalf("in one piece %q %v, in pieces of %d %q %v", one, errOne, n, many, errMany)
		}
	})
}

func TestParseAllocatesNothing(t *testing.T) {
	in := []byte("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 3\r\n\r\nabc")
	if n := testing.AllocsPerRun(100, func() {
		h, _ := ParseResponse(in, Limits{})
		b, _ := ResponseBody(&h, "GET")
		b.Next(in[h.Len():])
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

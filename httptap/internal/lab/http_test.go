package lab

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestHTTPBodies(t *testing.T) {
	want := make([]byte, 1<<20)
	Body().Read(want)
	inWorld(t, nil, func(w *world) {
		h := w.client("box")
		for _, n := range []int{0, 1, 1000, 1 << 20} {
			for _, c := range []struct {
				kind    string
				length  int64
				chunked bool
				closed  bool
			}{{"bytes", int64(n), false, false}, {"chunked", -1, true, false}, {"close", -1, false, true}} {
				resp, body := w.get(h, fmt.Sprintf("http://192.168.10.1/%s/%d", c.kind, n))
				if resp.StatusCode != 200 || !bytes.Equal(body, want[:n]) {
					w.Errorf("%s/%d: %s, %d bytes", c.kind, n, resp.Status, len(body))
				}
				chunked := len(resp.TransferEncoding) == 1 && resp.TransferEncoding[0] == "chunked"
				if resp.ContentLength != c.length || chunked != c.chunked || resp.Close != c.closed {
					w.Errorf("%s/%d: length %d, chunked %v, close %v", c.kind, n, resp.ContentLength, chunked, resp.Close)
				}
			}
		}
		r, _ := http.NewRequestWithContext(w.ctx, http.MethodHead, "http://192.168.10.1/bytes/5", nil)
		if resp, body := w.do(h, r); resp.ContentLength != 5 || len(body) != 0 {
			w.Errorf("HEAD: length %d, %d bytes", resp.ContentLength, len(body))
		}
		for path, want := range map[string]int{
			"/bytes/-1": 400, "/bytes/x": 400, "/bytes/99999999999999999999": 400, "/chunked/1099511627777": 400,
			"/status/404": 404, "/status/204": 204, "/status/500": 500, "/status/100": 400, "/status/600": 400, "/status/x": 400,
			"/nowhere": 404, "/bytes": 404,
		} {
			if resp, _ := w.get(h, "http://192.168.10.1"+path); resp.StatusCode != want {
				w.Errorf("%s: %s, want %d", path, resp.Status, want)
			}
		}
		r, _ = http.NewRequestWithContext(w.ctx, http.MethodPost, "http://www.httptap.test/echo?a=b", strings.NewReader("the body"))
		r.Header.Set("X-Test", "yes")
		_, body := w.do(h, r)
		for _, want := range []string{"POST /echo?a=b HTTP/1.1\r\n", "Host: www.httptap.test\r\n", "X-Test: yes\r\n", "\r\n\r\nthe body"} {
			if !strings.Contains(string(body), want) {
				w.Errorf("the echo has no %q:\n%s", want, body)
			}
		}
		r, _ = http.NewRequestWithContext(w.ctx, http.MethodPost, "http://www.httptap.test/echo", bytes.NewReader(make([]byte, maxEcho+1)))
		if resp, _ := w.do(h, r); resp.StatusCode != 413 {
			w.Errorf("a body that is too long: %s", resp.Status)
		}
		if resp, _ := w.get(h, "http://192.168.10.1/"); resp.StatusCode != 200 {
			w.Errorf("by address: %s", resp.Status)
		}
	})
}

// TestHTTPRudeClients: half a request, too many headers, a client that takes nothing.
func TestHTTPRudeClients(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		h := w.client("box")
		dial := func() net.Conn {
			c, err := h.DialContext(w.ctx, "tcp", "192.168.10.1:80")
			if err != nil {
				w.Fatal(err)
			}
			return c
		}
		half := dial()
		io.WriteString(half, "GET / HTTP/1.1\r\nHost: x\r\n")
		start := time.Now()
		io.Copy(io.Discard, half)
		if d := time.Since(start); d != 10*time.Second {
			w.Errorf("half a request is waited for %v", d)
		}
		half.Close()

		long := dial()
		io.WriteString(long, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 64<<10))
		if resp, err := http.ReadResponse(bufio.NewReader(long), nil); err != nil || resp.StatusCode != 431 {
			w.Errorf("64 KiB of headers: %v %v", resp, err)
		}
		long.Close()

		none := dial()
		io.WriteString(none, "nonsense\r\n\r\n")
		if resp, err := http.ReadResponse(bufio.NewReader(none), nil); err != nil || resp.StatusCode != 400 {
			w.Errorf("nonsense: %v %v", resp, err)
		}
		none.Close()

		greedy := dial() // asks for much and reads nothing
		io.WriteString(greedy, "GET /bytes/1000000000 HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(stalled + time.Minute)
		got, err := io.Copy(io.Discard, greedy)
		if got > 4<<20 {
			w.Errorf("a client that took nothing got %d bytes, %v: the server still sent", got, err)
		}
		greedy.Close()
		if resp, _ := w.get(h, "http://192.168.10.1/"); resp.StatusCode != 200 {
			w.Errorf("afterwards: %s", resp.Status)
		}
	})
}

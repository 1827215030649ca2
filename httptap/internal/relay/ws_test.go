package relay

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"

	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"httptap/httptap/api"
	"httptap/stack/link"
)

// openWS opens a WebSocket as "me".
func openWS(t testing.TB, url string) *websocket.Conn {
	t.Helper()
	c, resp, err := websocket.Dial(t.Context(), url+"/ws?client=me", nil)
	if err != nil {
		t.Fatal(err)
	}
	if ext := resp.Header.Get("Sec-WebSocket-Extensions"); ext != "" {
		t.Errorf("it agrees to %s", ext)
	}
	c.SetReadLimit(-1)
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// getsWS reads messages until they have the length of want.
func getsWS(t testing.TB, c *websocket.Conn, want string) {
	t.Helper()
	got := ""
	for len(got) < len(want) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		kind, b, err := c.Read(ctx)
		cancel()
		if err != nil || kind != websocket.MessageBinary {
			t.Fatalf("%v, %v behind %q", kind, err, got)
		}
		got += string(b)
	}
	if got != want {
		t.Errorf("it got %q, want %q", got, want)
	}
}

// The messages of a WebSocket are one stream, whatever their borders.
func TestWebSocket(t *testing.T) {
	url, wire, h := setup(t, 0)
	c := openWS(t, url)
	all := framed("one", "two", strings.Repeat("x", 1500), "")
	for _, cut := range []int{len(all), 1, 5, 1000} {
		for rest := all; rest != ""; {
			n := min(cut, len(rest))
			if err := c.Write(t.Context(), websocket.MessageBinary, []byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		for _, want := range []string{"one", "two", strings.Repeat("x", 1500), ""} {
			if got := wireGets(t, wire); got != want {
				t.Errorf("in pieces of %d: %q", cut, got)
			}
		}
	}
	if err := c.Write(t.Context(), websocket.MessageBinary, nil); err != nil {
		t.Fatal(err)
	}
	wire.Send(frame("three"), frame("four"))
	getsWS(t, c, framed("three", "four"))
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	s := streamStatsOf(t, url, func(s streamStats) bool { return s.Open == 0 })
	if s.Opened != 1 || s.Ended["closed"] != 1 || s.Last != "" {
		t.Errorf("%+v", s)
	}
	if p := ports(h, "client me"); p.FramesIn != 16 || p.FramesOut != 2 {
		t.Errorf("%+v", p)
	}
}

// Who is not answered 101 hears why in JSON, as with every call.
func TestWebSocketRefused(t *testing.T) {
	url, _, h := setup(t, 0)
	const host = "Host: 127.0.0.1\r\n"
	const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	for _, c := range []struct {
		name, request string
		status        int
		says          string
	}{
		{"no upgrade", "GET /ws HTTP/1.1\r\n" + host, 426, "is a WebSocket"},
		{"our own protocol", "GET /ws HTTP/1.1\r\n" + host + "Connection: Upgrade\r\nUpgrade: httptap\r\n", 426, "is a WebSocket"},
		{"no version", "GET /ws HTTP/1.1\r\n" + host + upgrade + key, 400, "version"},
		{"no key", "GET /ws HTTP/1.1\r\n" + host + upgrade + "Sec-WebSocket-Version: 13\r\n", 400, "Sec-WebSocket-Key"},
		{"a page of another site", "GET /ws HTTP/1.1\r\n" + host + upgrade + key + "Sec-WebSocket-Version: 13\r\nOrigin: http://evil.example\r\n", 403, "origin"},
		{"a sandboxed page", "GET /ws HTTP/1.1\r\n" + host + upgrade + key + "Sec-WebSocket-Version: 13\r\nOrigin: null\r\n", 403, "origin"},
		{"another port of this machine", "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:1\r\n" + upgrade + key + "Sec-WebSocket-Version: 13\r\nOrigin: http://127.0.0.1:2\r\n", 403, "origin"},
		{"a rebound name", "GET /ws HTTP/1.1\r\nHost: evil.example\r\n" + upgrade + key + "Sec-WebSocket-Version: 13\r\nOrigin: http://evil.example\r\n", 403, "Host"},
		{"a bad name", "GET /ws?client=%20 HTTP/1.1\r\n" + host + upgrade + key + "Sec-WebSocket-Version: 13\r\n", 400, "a client's name"},
	} {
		resp, err := http.ReadResponse(bufio.NewReader(raw(t, url, c.request+"\r\n")), nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var e api.Error
		err = json.NewDecoder(resp.Body).Decode(&e)
		if resp.StatusCode != c.status || err != nil || !strings.Contains(e.Error, c.says) {
			t.Errorf("%s: %d %q %v, want %d and %q", c.name, resp.StatusCode, e.Error, err, c.status, c.says)
		}
		if c.status == 426 && resp.Header.Get("Upgrade") != "websocket" {
			t.Errorf("%s: the answer does not say to what: %v", c.name, resp.Header)
		}
	}
	for _, p := range h.Stats().Ports {
		if p.FramesIn != 0 {
			t.Errorf("%+v", p)
		}
	}
}

// How a WebSocket ends is said on it and counted, and the frames before are on the switch.
func TestWebSocketEnds(t *testing.T) {
	binary := func(text string) func(*websocket.Conn, *Relay) {
		return func(c *websocket.Conn, _ *Relay) {
			c.Write(context.Background(), websocket.MessageBinary, []byte(text))
		}
	}
	for _, c := range []struct {
		name   string
		end    func(c *websocket.Conn, r *Relay)
		reason string
		status websocket.StatusCode
	}{
		{"the client closes", func(c *websocket.Conn, _ *Relay) { c.Close(websocket.StatusGoingAway, "") }, "closed", -1},
		{"a page that goes away without a status", func(c *websocket.Conn, _ *Relay) { c.Close(websocket.StatusNoStatusRcvd, "") }, "closed", -1},
		{"the client vanishes", func(c *websocket.Conn, _ *Relay) { c.CloseNow() }, "broken", -1},
		{"a short length", binary("\x00\x00\x00\x0d"), "short", websocket.StatusInvalidFramePayloadData},
		{"a long length", binary("\x00\x00\x05\xeb"), "long", websocket.StatusInvalidFramePayloadData},
		{"a text message", func(c *websocket.Conn, _ *Relay) {
			c.Write(context.Background(), websocket.MessageText, []byte(framed("never")))
		}, "text", websocket.StatusUnsupportedData},
		{"a frame that does not go on", binary("\x00\x00"), "stalled", websocket.StatusPolicyViolation},
		{"the relay ends", func(_ *websocket.Conn, r *Relay) { go r.Close() }, "shutdown", websocket.StatusGoingAway},
		{"in the middle of a frame", func(c *websocket.Conn, r *Relay) {
			binary("\x00\x00")(c, r)
			c.Close(websocket.StatusNormalClosure, "")
		}, "cut", -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, url, wire := start(t, 1500, 200*time.Millisecond)
			conn := openWS(t, url)
			conn.Write(t.Context(), websocket.MessageBinary, []byte(framed("whole")))
			if got := wireGets(t, wire); got != "whole" {
				t.Fatalf("the frame before: %q", got)
			}
			c.end(conn, r)
			if c.status != -1 {
				_, _, err := conn.Read(t.Context())
				if got := websocket.CloseStatus(err); got != c.status {
					t.Errorf("the client hears %v (%v), want %v", got, err, c.status)
				}
			}
			s := streamStatsOf(t, url, func(s streamStats) bool { return s.Open == 0 })
			if s.Opened != 1 || s.Ended[c.reason] != 1 {
				t.Errorf("%+v, want %q", s, c.reason)
			}
			if n := ports(r.cfg.Hub, "wire"); n.Queued != 0 {
				t.Errorf("%d frames too many", n.Queued)
			}
		})
	}
}

// A client that neither reads nor answers the close is let go all the same, and what it did not take
// waits for its next call.
func TestWebSocketThatIsNotRead(t *testing.T) {
	const total = 4000
	r, url, wire := start(t, 1500, 200*time.Millisecond)
	c := raw(t, url, "GET /ws?client=me HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	c.SetReadBuffer(4096)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != 101 {
		t.Fatal(resp, err)
	}
	if _, err := r.client("me"); err != nil { // so that it is not forgotten behind its stream
		t.Fatal(err)
	}
	for i := range total {
		wire.Send(frame(fmt.Sprintf("%1500d", i)))
	}
	s := streamStatsOf(t, url, func(s streamStats) bool { return s.Open == 0 })
	p := ports(r.cfg.Hub, "client me")
	if s.Ended["stalled"] != 1 || p.QueuedTotal != total || p.QueuedTotal != p.FramesOut+p.DroppedFull+p.DroppedGone+uint64(p.Queued) || p.Queued == 0 {
		t.Errorf("%+v\n%+v", s, p)
	}
	_, body := call(t, "GET", url+"/recv?client=me&max=256", "")
	var list [][]byte
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 256 {
		t.Fatalf("%d, %v", len(list), err)
	}
	first := strings.TrimSpace(string(list[0][link.HeaderLen:]))
	if want := fmt.Sprint(total - p.Queued); first != want {
		t.Errorf("the first frame is %s, want %s: frames are missing or there twice", first, want)
	}
}

// BenchmarkWebSocket is to be held against BenchmarkStream's rates.
func BenchmarkWebSocket(b *testing.B) {
	const batch = 40
	url, wire, _ := setup(b, 0)
	c := openWS(b, url)
	var texts []string
	for range batch {
		texts = append(texts, strings.Repeat("x", 1500))
	}
	message := []byte(framed(texts...))
	bufs, sizes := make([][]byte, batch), make([]int, batch)
	for i := range bufs {
		bufs[i] = make([]byte, 1514)
	}
	b.SetBytes(1514)
	b.ReportAllocs()
	start := time.Now()
	for done := 0; b.Loop(); {
		if done++; done%batch != 0 {
			continue
		}
		if err := c.Write(b.Context(), websocket.MessageBinary, message); err != nil {
			b.Fatal(err)
		}
		for n := 0; n < batch; {
			k, err := wire.Read(b.Context(), bufs, sizes)
			if err != nil {
				b.Fatal(err)
			}
			n += k
		}
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "frames/s")
}

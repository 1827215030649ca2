package relay

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"httptap/httptap/api"
	"httptap/httptap/internal/hub"
	"httptap/stack/ethernet"
	"httptap/stack/link"
	"httptap/tapclient"
)

// ask writes a request for a stream, and early behind it.
const ask = "GET /stream?client=me HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: httptap\r\n\r\n"

// raw opens a connection to a relay and writes text.
func raw(t testing.TB, url, text string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// open opens a stream and reads the answer.
func open(t testing.TB, url string) *net.TCPConn {
	t.Helper()
	c := raw(t, url, ask)
	if got := gets(t, c, len(switching)); got != switching {
		t.Fatalf("the answer is %q", got)
	}
	return c
}

// gets reads n bytes.
func gets(t testing.TB, r io.Reader, n int) string {
	t.Helper()
	b := make([]byte, n)
	if n, err := io.ReadFull(r, b); err != nil {
		t.Fatalf("%q and then %v", b[:n], err)
	}
	return string(b)
}

// framed returns frames as a stream has them.
func framed(texts ...string) string {
	var b []byte
	for _, s := range texts {
		f := frame(s)
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(f))), f...)
	}
	return string(b)
}

// TestStream holds the stream byte for byte.
func TestStream(t *testing.T) {
	url, wire, h := setup(t, 0)
	c := raw(t, url, ask+framed("early"))
	want := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: httptap\r\n\r\n"
	if got := gets(t, c, len(want)); got != want {
		t.Fatalf("the answer is %q", got)
	}
	if got := wireGets(t, wire); got != "early" {
		t.Errorf("behind the request: %q", got)
	}
	io.WriteString(c, framed("one", "two"))
	if a, b := wireGets(t, wire), wireGets(t, wire); a != "one" || b != "two" {
		t.Errorf("two in one write: %q %q", a, b)
	}
	for _, b := range []byte(framed("slow", "slower")) {
		c.Write([]byte{b})
	}
	if a, b := wireGets(t, wire), wireGets(t, wire); a != "slow" || b != "slower" {
		t.Errorf("byte for byte: %q %q", a, b)
	}
	long := strings.Repeat("x", 1500)
	io.WriteString(c, framed("", long))
	if a, b := wireGets(t, wire), wireGets(t, wire); a != "" || b != long {
		t.Errorf("the shortest and the longest frame: %d and %d bytes", len(a), len(b))
	}
	wire.Send(frame("three"), frame(long), frame(""))
	if want, got := framed("three", long, ""), gets(t, c, 3*4+3*14+5+1500); got != want {
		t.Errorf("the stream got %q", got)
	}
	// A frame that the switch refuses is counted, and ends nothing.
	group := string(ethernet.Append(nil, link.Broadcast, link.Broadcast, 0x88b5))
	io.WriteString(c, "\x00\x00\x00\x0e"+group+framed("on"))
	if got := wireGets(t, wire); got != "on" {
		t.Errorf("behind a refused frame: %q", got)
	}
	for _, p := range h.Stats().Ports {
		if p.Name == "client me" && (p.FramesIn != 8 || p.RefusedSource != 1 || p.FramesOut != 3) {
			t.Errorf("%+v", p)
		}
	}
}

// Many frames at once arrive in order, with borders anywhere.
func TestStreamInChunks(t *testing.T) {
	const total = 2000
	url, wire, _ := setup(t, 0)
	c := open(t, url)
	sent := make(chan error, 1)
	go func() {
		var b []byte
		for i := range total {
			b = append(b, framed(fmt.Sprint(i, strings.Repeat("-", i*7%1400)))...)
		}
		var err error
		for n := 1; len(b) > 0 && err == nil; n = n*5%70001 + 1 {
			n = min(n, len(b))
			_, err = c.Write(b[:n])
			b = b[n:]
		}
		sent <- err
	}()
	for i := range total {
		if got, want := wireGets(t, wire), fmt.Sprint(i, strings.Repeat("-", i*7%1400)); got != want {
			t.Fatalf("frame %d is %q", i, got)
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestStreamRefused(t *testing.T) {
	url, _, h := setup(t, 0)
	const upgrade = "Connection: Upgrade\r\nUpgrade: httptap\r\n"
	const host = "Host: 127.0.0.1\r\n"
	for _, c := range []struct {
		name, request string
		status        int
		says          string
	}{
		{"a browser's address bar", "GET /stream HTTP/1.1\r\n" + host, 426, "byte stream"},
		{"another protocol", "GET /stream HTTP/1.1\r\n" + host + "Connection: Upgrade\r\nUpgrade: websocket\r\n", 426, "byte stream"},
		{"no Connection", "GET /stream HTTP/1.1\r\n" + host + "Upgrade: httptap\r\n", 426, "byte stream"},
		{"HTTP/1.0", "GET /stream HTTP/1.0\r\n" + host + upgrade, 426, "byte stream"},
		{"a body", "GET /stream HTTP/1.1\r\n" + host + upgrade + "Content-Length: 1\r\n\r\nx", 400, "not in a body"},
		{"a body of unknown length", "GET /stream HTTP/1.1\r\n" + host + upgrade + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", 400, "not in a body"},
		{"a bad name", "GET /stream?client=a%20b HTTP/1.1\r\n" + host + upgrade, 400, "a client's name"},
		{"POST", "POST /stream HTTP/1.1\r\n" + host + upgrade + "Content-Length: 0\r\n", 405, "takes GET"},
		{"a rebound name", "GET /stream HTTP/1.1\r\nHost: evil.example\r\n" + upgrade, 403, "Host"},
		{"a page of another site", "GET /stream HTTP/1.1\r\n" + host + upgrade + "Origin: http://evil.example\r\n", 403, "origin"},
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
		if c.status == 426 && resp.Header.Get("Upgrade") != "httptap" {
			t.Errorf("%s: the answer does not say to what: %v", c.name, resp.Header)
		}
	}
	if n := len(h.Stats().Ports); n != 1 {
		t.Errorf("%d ports: who was refused has one", n)
	}
	for _, lists := range []string{
		"Connection: keep-alive, upgrade\r\nUpgrade: websocket, HTTPTAP\r\n",
		"Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: httptap\r\n",
	} {
		c := raw(t, url, "GET /stream HTTP/1.1\r\n"+host+lists+"\r\n")
		if got := gets(t, c, len(switching)); got != switching {
			t.Errorf("%q: %q", lists, got)
		}
	}
}

// A server that can't give a connection away, such as one of HTTP/2, says so.
func TestStreamWithoutAConnection(t *testing.T) {
	r, _, _ := start(t, 1500, 0)
	q := httptest.NewRequest("GET", "http://127.0.0.1/stream", nil)
	q.Header.Set("Connection", "Upgrade")
	q.Header.Set("Upgrade", "httptap")
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	if s := r.streams.stats(); w.Code != 501 || s.Open != 0 || s.Ended["broken"] != 1 {
		t.Errorf("%d %s, %+v", w.Code, w.Body, s)
	}
}

// streamStatsOf asks for the counters as any client would, until ok is satisfied.
func streamStatsOf(t testing.TB, url string, ok func(streamStats) bool) streamStats {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		_, body := call(t, "GET", url+"/stats", "")
		var s struct{ Streams streamStats }
		if err := json.Unmarshal([]byte(body), &s); err != nil {
			t.Fatal(err)
		}
		if ok(s.Streams) {
			return s.Streams
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", s.Streams)
		}
		runtime.Gosched()
	}
}

// Every way for a stream to end has a name, is counted under it, and comes behind the frames
// that were whole.
func TestStreamEnds(t *testing.T) {
	const patience = 50 * time.Millisecond
	for _, c := range []struct {
		name   string
		end    func(c *net.TCPConn, r *Relay)
		reason string
		last   string
	}{
		{"the client closes", func(c *net.TCPConn, r *Relay) { c.Close() }, "closed", ""},
		{"the client closes its half", func(c *net.TCPConn, r *Relay) { c.CloseWrite() }, "closed", ""},
		{"in the middle of a length", func(c *net.TCPConn, r *Relay) { c.Write(make([]byte, 3)); c.CloseWrite() }, "cut", "me: the client closed the connection within a frame"},
		{"in the middle of a frame", func(c *net.TCPConn, r *Relay) { io.WriteString(c, framed("x")[:10]); c.CloseWrite() }, "cut", "within a frame"},
		{"a length of 0", func(c *net.TCPConn, r *Relay) { c.Write(make([]byte, 4)) }, "short", "least: 0"},
		{"a length of 13", func(c *net.TCPConn, r *Relay) { io.WriteString(c, "\x00\x00\x00\x0d"+framed("never")) }, "short", "least: 13"},
		{"a length over the MTU", func(c *net.TCPConn, r *Relay) { io.WriteString(c, "\x00\x00\x05\xeb"+strings.Repeat("x", 1515)) }, "long", "1515, the limit is 1514"},
		{"a length over everything", func(c *net.TCPConn, r *Relay) { io.WriteString(c, "\xff\xff\xff\xff") }, "long", "4294967295"},
		{"another protocol", func(c *net.TCPConn, r *Relay) { io.WriteString(c, "GET / HTTP/1.1\r\n") }, "long", "1195725856"},
		{"a frame that does not go on", func(c *net.TCPConn, r *Relay) { io.WriteString(c, framed("x")[:10]) }, "stalled", "did not go on"},
		{"a reset", func(c *net.TCPConn, r *Relay) { c.SetLinger(0); c.Close() }, "broken", "the connection failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, url, wire := start(t, 1500, patience)
			conn := open(t, url)
			io.WriteString(conn, framed("whole"))
			if got := wireGets(t, wire); got != "whole" {
				t.Fatalf("the frame before: %q", got)
			}
			c.end(conn, r)
			s := streamStatsOf(t, url, func(s streamStats) bool { return s.Open == 0 })
			if s.Opened != 1 || s.Ended[c.reason] != 1 || !strings.Contains(s.Last, c.last) || c.last == "" && s.Last != "" {
				t.Errorf("%+v, want one %q and %q", s, c.reason, c.last)
			}
			if n, err := io.Copy(io.Discard, conn); n != 0 || err != nil && errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("the client hears %d bytes and %v", n, err)
			}
			if n := ports(r.cfg.Hub, "wire"); n.Queued != 0 {
				t.Errorf("%d frames too many", n.Queued)
			}
		})
	}
}

// ports returns the counters of one port.
func ports(h *hub.Hub, name string) hub.PortStats {
	for _, p := range h.Stats().Ports {
		if p.Name == name {
			return p
		}
	}
	return hub.PortStats{}
}

// The relay's end ends its streams, and Close returns when they have.
func TestStreamsEndWithTheRelay(t *testing.T) {
	r, url, wire := start(t, 1500, 0)
	var conns []*net.TCPConn
	for range 5 {
		conns = append(conns, open(t, url))
	}
	wire.Send(frame("x"))
	r.Close()
	if s := r.streams.stats(); s.Open != 0 || s.Ended["shutdown"] != 5 {
		t.Errorf("%+v", s)
	}
	for _, c := range conns {
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Errorf("the client hears %v", err)
		}
	}
	if status, body := call(t, "GET", url+"/stream", "", "Connection", "Upgrade", "Upgrade", "httptap"); status != 503 {
		t.Errorf("one more: %d %s", status, body)
	}
}

// A client that does not read loses its oldest frames, and nobody else does. When it does not
// read at all its stream ends, and what it did not take waits for its next call.
func TestStreamThatIsNotRead(t *testing.T) {
	const total, patience = 6000, 300 * time.Millisecond
	r, url, wire := start(t, 1500, patience)
	open(t, url).SetReadBuffer(4096)
	if _, err := r.client("me"); err != nil { // so that it is not forgotten behind its stream
		t.Fatal(err)
	}
	c, err := tapclient.Dial(t.Context(), url, tapclient.Options{Name: "other"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	bufs, sizes := make([][]byte, 64), make([]int, 64)
	for i := range bufs {
		bufs[i] = make([]byte, 1514)
	}
	got := 0
	for i := range total {
		wire.Send(frame(fmt.Sprintf("%1500d", i)))
		for i-got > 300 || i == total-1 && got < total {
			n, err := c.ReadFrames(bufs, sizes)
			if err != nil {
				t.Fatal(err)
			}
			for k := range n {
				if want := fmt.Sprint(got); strings.TrimSpace(string(bufs[k][14:sizes[k]])) != want {
					t.Fatalf("frame %s is %q", want, bufs[k][14:sizes[k]])
				}
				got++
			}
		}
	}
	s := streamStatsOf(t, url, func(s streamStats) bool { return s.Open == 1 })
	if s.Ended["stalled"] != 1 || !strings.HasPrefix(s.Last, "me: the client did not go on") {
		t.Errorf("%+v", s)
	}
	p := ports(r.cfg.Hub, "client me")
	if p.QueuedTotal != total || p.QueuedTotal != p.FramesOut+p.DroppedFull+p.DroppedGone+uint64(p.Queued) || p.DroppedFull == 0 || p.Queued == 0 {
		t.Errorf("%+v", p)
	}
	if p.FramesOut > 1000 {
		t.Errorf("%d frames wait in the kernel, where none is lost for a newer one", p.FramesOut)
	}
	// The newest frames are there, without a gap.
	next := total - p.Queued
	for next < total {
		_, body := call(t, "GET", url+"/recv?client=me&max=100", "")
		var list [][]byte
		if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) == 0 {
			t.Fatalf("%d frames are missing: %v", total-next, err)
		}
		for _, f := range list {
			if got := strings.TrimSpace(string(f[14:])); got != fmt.Sprint(next) {
				t.Fatalf("frame %d is %q", next, got)
			}
			next++
		}
	}
}

// A stream is a call: its client is not forgotten while it lasts, whether frames come or not.
func TestStreamIsNotIdle(t *testing.T) {
	const idle = 20 * time.Millisecond
	url, wire, h := setup(t, idle)
	c := open(t, url)
	<-time.After(5 * idle)
	wire.Send(frame("late"))
	if got, want := gets(t, c, len(framed("late"))), framed("late"); got != want {
		t.Errorf("%q", got)
	}
	c.Close()
	deadline := time.Now().Add(10 * time.Second)
	for len(h.Stats().Ports) > 1 {
		if time.Now().After(deadline) {
			t.Fatalf("behind its end: %+v", h.Stats().Ports)
		}
		runtime.Gosched()
	}
}

// Streams are bounded as everything is, and one client can't have all of them.
func TestStreamLimit(t *testing.T) {
	r, url, _ := start(t, 1500, 0)
	refused := func(client, says string) {
		t.Helper()
		resp, err := http.ReadResponse(bufio.NewReader(raw(t, url, strings.Replace(ask, "=me", "="+client, 1))), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(string(b), says) {
			t.Errorf("one more: %d %v %s", resp.StatusCode, resp.Header, b)
		}
	}
	var last *net.TCPConn
	for i := range MaxStreams {
		last = raw(t, url, strings.Replace(ask, "=me", fmt.Sprint("=c", i/MaxClientStreams), 1))
		if got := gets(t, last, len(switching)); got != switching {
			t.Fatalf("the answer is %q", got)
		}
		if i == MaxClientStreams-1 {
			refused("c0", "of one client")
		}
	}
	refused("more", "too many streams (256)")
	last.Close()
	streamStatsOf(t, url, func(s streamStats) bool { return s.Open == MaxStreams-1 })
	if got := gets(t, raw(t, url, strings.Replace(ask, "=me", "=more", 1)), len(switching)); got != switching {
		t.Errorf("when one has ended: %q", got)
	}
	r.Close()
	if len(r.streams.of) != 0 {
		t.Errorf("behind the end: %v", r.streams.of)
	}
}

// Streams of one name share its queue: each frame goes to one of them.
func TestStreamsOfOneName(t *testing.T) {
	const total = 100
	r, url, wire := start(t, 1500, 0)
	var got atomic.Int64
	var ends sync.WaitGroup
	for range 2 {
		c := open(t, url)
		ends.Go(func() {
			b := make([]byte, 4096)
			for {
				n, err := c.Read(b)
				got.Add(int64(n))
				if err != nil {
					return
				}
			}
		})
	}
	for range total {
		wire.Send(frame("x"))
	}
	want := int64(total * len(framed("x")))
	for end := time.Now().Add(10 * time.Second); got.Load() < want && time.Now().Before(end); {
		runtime.Gosched()
	}
	r.Close()
	ends.Wait()
	if n := got.Load(); n != want {
		t.Errorf("%d bytes of %d", n, want)
	}
}

// In steady state neither side of a stream takes memory for a frame.
func TestStreamAllocatesNothing(t *testing.T) {
	url, wire, _ := setup(t, 0)
	c := dial(t, url, tapclient.Stream)
	const n = 64
	frames, bufs, sizes := make([][]byte, n), make([][]byte, n), make([]int, n)
	for i := range n {
		frames[i], bufs[i] = append(frame(""), make([]byte, 1500)...), make([]byte, 1514)
	}
	far := wire.Device(deviceHW)
	pass := func(from, to link.Device) {
		if _, err := from.WriteFrames(frames); err != nil {
			t.Fatal(err)
		}
		for got := 0; got < n; {
			k, err := to.ReadFrames(bufs, sizes)
			if err != nil {
				t.Fatal(err)
			}
			got += k
		}
	}
	both := func() {
		pass(c, far)
		pass(far, c)
	}
	for range 50 {
		both() // the queues grow to their size
	}
	if allocs := testing.AllocsPerRun(200, both); allocs > 1 {
		t.Errorf("%v allocations for %d frames", allocs, 2*n)
	}
}

// FuzzCut: whatever comes, and in whatever pieces, the frames are the same, and they and what is
// left are what came.
func FuzzCut(f *testing.F) {
	f.Add([]byte(framed("one", "", "three")), 5)
	f.Add([]byte("\x00\x00\x00\x0d"), 1)
	f.Add([]byte("\xff\xff\xff\xff12345"), 2)
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		const longest = 100
		frames, used, err := lengths4.cut(nil, b, longest)
		var again []byte
		for _, f := range frames {
			if len(f) < link.HeaderLen || len(f) > longest {
				t.Fatalf("a frame of %d bytes", len(f))
			}
			again = append(binary.BigEndian.AppendUint32(again, uint32(len(f))), f...)
		}
		if !bytes.Equal(again, b[:used]) {
			t.Fatalf("% x became % x", b[:used], again)
		}
		if rest := b[used:]; err == nil && len(rest) >= 4 && len(rest) >= 4+int(binary.BigEndian.Uint32(rest)) {
			t.Fatalf("a whole frame is left: % x", rest)
		}
		if piece < 1 {
			return
		}
		var held, joined []byte
		for at := 0; at < len(b); at += piece {
			held = append(held, b[at:min(at+piece, len(b))]...)
			part, n, e := lengths4.cut(nil, held, longest)
			for _, f := range part {
				joined = append(binary.BigEndian.AppendUint32(joined, uint32(len(f))), f...)
			}
			held = held[n:]
			if e != nil {
				if err == nil || e.Error() != err.Error() {
					t.Fatalf("in pieces %v, at once %v", e, err)
				}
				break
			}
		}
		if !bytes.Equal(joined, again) {
			t.Fatalf("in pieces % x, at once % x", joined, again)
		}
	})
}

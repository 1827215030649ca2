package relay

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"httptap/httptap/internal/hub"
)

// startRaw serves raw streams and returns a way to connect, and what ends.
func startRaw(t testing.TB, r *Relay) (connect func() net.Conn) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- r.ServeRaw(l) }()
	t.Cleanup(func() {
		r.Close()
		l.Close()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return func() net.Conn {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(20 * time.Second))
		return c
	}
}

// until waits until ok is satisfied by the switch's counters.
func until(t testing.TB, h *hub.Hub, ok func(hub.Stats) bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(h.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%+v", h.Stats())
		}
	}
}

// Each raw connection is a client of its own, from its first byte to its end.
func TestRaw(t *testing.T) {
	r, url, wire := start(t, 1500, 0)
	connect := startRaw(t, r)
	one := connect()
	io.WriteString(one, framed("from one"))
	if got := wireGets(t, wire); got != "from one" {
		t.Errorf("the wire got %q", got)
	}
	two := connect()
	io.WriteString(two, framed("from two"))
	if got := gets(t, one, len(framed("from two"))); got != framed("from two") {
		t.Errorf("one got %q", got)
	}
	if got := wireGets(t, wire); got != "from two" {
		t.Errorf("the wire got %q", got)
	}
	wire.Send(frame("for all"))
	for _, c := range []net.Conn{one, two} {
		if got := gets(t, c, len(framed("for all"))); got != framed("for all") {
			t.Errorf("it got %q", got)
		}
	}
	if p := ports(r.cfg.Hub, "client qemu-2"); p.FramesIn != 1 || p.FramesOut != 1 {
		t.Errorf("%+v", p)
	}
	// One that ends leaves its name to the next, and none of its frames.
	one.Close()
	until(t, r.cfg.Hub, func(hub.Stats) bool { return ports(r.cfg.Hub, "client qemu-1").Name == "" })
	wire.Send(frame("between"))
	three := connect()
	io.WriteString(three, framed("from three"))
	gets(t, two, len(framed("between", "from three")))
	if p := ports(r.cfg.Hub, "client qemu-1"); p.FramesIn != 1 || p.QueuedTotal != 0 {
		t.Errorf("%+v", p)
	}
	if s := streamStatsOf(t, url, func(s streamStats) bool { return s.Open == 2 }); s.Opened != 3 || s.Ended["closed"] != 1 {
		t.Errorf("%+v", s)
	}
}

// What a browser sends first, and what else is no frame, ends a raw stream at once.
func TestRawIsNotHTTP(t *testing.T) {
	for text, reason := range map[string]string{
		"GET / HTTP/1.1\r\n":                           "long",
		"POST /send HTTP/1.1\r\n":                      "long",
		"OPTIONS / HTTP/1.1\r\n":                       "long",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":             "long",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03": "long", // TLS ClientHello
		"\x00\x00\x00\x0d":                             "short",
	} {
		r, url, _ := start(t, 1500, 0)
		c := startRaw(t, r)()
		io.WriteString(c, text+framed("never"))
		if n, err := io.Copy(io.Discard, c); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%q: %d bytes and %v", text, n, err)
		}
		if s := streamStatsOf(t, url, func(s streamStats) bool { return s.Open == 0 }); s.Ended[reason] != 1 {
			t.Errorf("%q: %+v", text, s)
		}
		if p := ports(r.cfg.Hub, "wire"); p.QueuedTotal != 0 {
			t.Errorf("%q: %+v", text, p)
		}
	}
}

// Raw clients are clients: when there are too many, one more is closed and counted.
func TestRawLimit(t *testing.T) {
	r, _, _ := start(t, 1500, 0)
	for i := range MaxClients - 1 {
		if _, err := r.client(fmt.Sprint("c", i)); err != nil {
			t.Fatal(err)
		}
	}
	connect := startRaw(t, r)
	first := connect()
	until(t, r.cfg.Hub, func(s hub.Stats) bool { return len(s.Ports) == MaxClients+1 })
	if n, err := connect().Read(make([]byte, 1)); n != 0 || err != io.EOF || r.crowded.Load() != 1 {
		t.Errorf("one more: %d, %v, %d are counted", n, err, r.crowded.Load())
	}
	first.Close()
	until(t, r.cfg.Hub, func(s hub.Stats) bool { return len(s.Ports) == MaxClients })
	connect()
	until(t, r.cfg.Hub, func(s hub.Stats) bool { return len(s.Ports) == MaxClients+1 })
}

// scarce is a listener of a process that is out of descriptors for a while.
type scarce struct {
	net.Listener
	fail int
}

func (s *scarce) Accept() (net.Conn, error) {
	if s.fail--; s.fail >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "unix", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return nil, net.ErrClosed
}

// What passes by is no end: httptap would end with it.
func TestRawOutOfDescriptors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Config{Hub: hub.New(hub.Config{MTU: 1500})})
		defer r.Close()
		l, start := &scarce{fail: 10}, time.Now()
		if err := r.ServeRaw(l); !errors.Is(err, net.ErrClosed) || l.fail != -1 {
			t.Errorf("%v with %d failures to come", err, l.fail)
		}
		if d := time.Since(start); d < time.Second || d > 10*time.Second {
			t.Errorf("it took %v", d)
		}
	})
}

// framed2 returns frames as HyperKit and gvisor-tap-vsock have them.
func framed2(texts ...string) string {
	var b []byte
	for _, s := range texts {
		f := frame(s)
		b = append(binary.LittleEndian.AppendUint16(b, uint16(len(f))), f...)
	}
	return string(b)
}

// /connect is gvisor-tap-vsock's: no answer, lengths of two bytes, on a Unix socket an empty Host.
func TestConnect(t *testing.T) {
	r, url, wire := start(t, 1500, 0)
	dial := func(request string) net.Conn {
		c, err := net.Dial("unix", strings.TrimPrefix(socket(t, r), "unix:"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(20 * time.Second))
		io.WriteString(c, request)
		return c
	}
	// As net/http writes it for a URL that is only a path.
	c := dial("POST /connect HTTP/1.1\r\nHost: \r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 0\r\n\r\n" + framed2("early"))
	if got := wireGets(t, wire); got != "early" {
		t.Errorf("the wire got %q", got)
	}
	long := strings.Repeat("x", 1500)
	io.WriteString(c, framed2(long, "short"))
	if a, b := wireGets(t, wire), wireGets(t, wire); a != long || b != "short" {
		t.Errorf("the wire got %q, %q", a, b)
	}
	wire.Send(frame(long), frame("back"))
	if want := framed2(long, "back"); gets(t, c, len(want)) != want {
		t.Error("it got something else")
	}
	if p := ports(r.cfg.Hub, "client gvforwarder-1"); p.FramesIn != 3 || p.FramesOut != 2 {
		t.Errorf("%+v", p)
	}
	c.Close()
	until(t, r.cfg.Hub, func(s hub.Stats) bool { return len(s.Ports) == 1 })

	named := dial("POST /connect?client=vm HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" + framed2("named"))
	if got := wireGets(t, wire); got != "named" || ports(r.cfg.Hub, "client vm").FramesIn != 1 {
		t.Errorf("the wire got %q", got)
	}
	io.WriteString(named, "\x0d\x00")
	if s := streamStatsOf(t, url, func(s streamStats) bool { return s.Open == 0 }); s.Ended["short"] != 1 {
		t.Errorf("%+v", s)
	}

	for _, c := range []struct {
		request string
		status  int
	}{
		{"POST /connect HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", 400},
		{"GET /connect HTTP/1.1\r\nHost: x\r\n\r\n", 405},
		{"POST /connect HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\n\r\n", 403},
	} {
		resp, err := http.ReadResponse(bufio.NewReader(dial(c.request)), nil)
		if err != nil || resp.StatusCode != c.status {
			t.Errorf("%q: %v, %v", c.request, resp, err)
		}
	}
}

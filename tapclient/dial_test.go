package tapclient

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDialErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String()
	l.Close()
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale")
	u, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: stale})
	if err != nil {
		t.Fatal(err)
	}
	u.SetUnlinkOnClose(false)
	u.Close()
	answer := ""
	status := 200
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		w.Write([]byte(answer))
	}))
	defer s.Close()
	for _, c := range []struct {
		name, url, answer string
		status            int
		want              error
		says              string
	}{
		{"nobody there", nobody, "", 200, ErrUnreachable, "start one with 'sudo httptap', or 'httptap -i user' without root"},
		{"another server", s.URL, "<html>", 200, ErrServer, "/info with something else"},
		{"an impossible MTU", s.URL, `{"MTU":3}`, 200, ErrServer, "its MTU is 3"},
		{"no hardware address", s.URL, `{"MTU":1500,"HardwareAddr":"x"}`, 200, ErrServer, "hardware address"},
		{"a refusal", s.URL, `{"error":"not you"}`, 403, ErrRefused, "not you"},
		{"no socket", "unix:" + filepath.Join(dir, "none"), "", 200, ErrUnreachable, "start one with 'httptap -listen unix:"},
		{"a socket that nobody listens on", "unix:" + stale, "", 200, ErrUnreachable, "start one with 'httptap -listen unix:"},
		{"no path", "unix:", "", 200, nil, "not the URL of an httptap"},
		{"not a URL", "127.0.0.1:7070", "", 200, nil, "not the URL of an httptap"},
		{"another scheme", "ftp://127.0.0.1", "", 200, nil, "not the URL of an httptap"},
	} {
		answer, status = c.answer, c.status
		d, err := Dial(t.Context(), c.url, Options{})
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v and %q", c.name, err, c.want, c.says)
		}
		if d != nil {
			d.Close()
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Dial(ctx, s.URL, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: %v", err)
	}
}

const goodInfo = `{"MTU":1500,"HardwareAddr":"02:00:00:00:00:01","Features":["batch"]}`

// A server that is restarted is found again; one that stays away is an error in time.
func TestReconnects(t *testing.T) {
	frame := bytes.Repeat([]byte{2}, 60)
	var down atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/info":
			w.Write([]byte(goodInfo))
		case down.Swap(false):
			w.WriteHeader(503)
			w.Write([]byte(`{"error":"not now"}`))
		default:
			w.Write([]byte(`["` + base64.StdEncoding.EncodeToString(frame) + `"]`))
		}
	}))
	defer s.Close()
	c, err := Dial(t.Context(), s.URL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	down.Store(true)
	bufs, sizes := [][]byte{make([]byte, 1514)}, make([]int, 1)
	if n, err := c.ReadFrames(bufs, sizes); n != 1 || err != nil || !bytes.Equal(bufs[0][:sizes[0]], frame) {
		t.Errorf("behind a moment of absence: %d, %v", n, err)
	}
	s.CloseClientConnections()
	s.Listener.Close()
	start := time.Now()
	for err == nil {
		_, err = c.ReadFrames(bufs, sizes)
	}
	if !errors.Is(err, ErrUnreachable) || time.Since(start) < retryFor {
		t.Errorf("gone for good: %v after %v", err, time.Since(start))
	}
}

func TestServerThatAnswersNonsense(t *testing.T) {
	answer := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/info" {
			w.Write([]byte(goodInfo))
			return
		}
		w.Write([]byte(answer))
	}))
	defer s.Close()
	for _, answer = range []string{"", "{}", `["?"]`, `["AAAA`, `"\u0041"`, "7"} {
		c, err := Dial(t.Context(), s.URL, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := c.ReadFrames([][]byte{make([]byte, 1514)}, make([]int, 1)); n != 0 || !errors.Is(err, ErrServer) {
			t.Errorf("%q: %d, %v", answer, n, err)
		}
		c.Close()
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`["AAAA","QQ=="]`), 3, 2)
	f.Add([]byte(`""`), 3, 2)
	f.Fuzz(func(t *testing.T, b []byte, size, count int) {
		if size < 0 || size > 2000 || count < 1 || count > 20 {
			return
		}
		bufs, sizes := make([][]byte, count), make([]int, count)
		for i := range bufs {
			bufs[i] = make([]byte, size)
		}
		n, tooLong, _ := decode(b, bufs, sizes)
		if n < 0 || n > count || tooLong < 0 {
			t.Fatalf("%d frames, %d too long", n, tooLong)
		}
		for _, s := range sizes[:n] {
			if s > size {
				t.Fatalf("a frame of %d bytes in %d", s, size)
			}
		}
	})
}

// What encode writes decode reads.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("one"), []byte("two"))
	f.Fuzz(func(t *testing.T, x, y []byte) {
		if len(x) == 0 || len(y) == 0 {
			return // no frame is empty
		}
		bufs, sizes := [][]byte{make([]byte, len(x)), make([]byte, len(y))}, make([]int, 2)
		n, tooLong, err := decode(encode(nil, [][]byte{x, y}, true, nil), bufs, sizes)
		if n != 2 || tooLong != 0 || err != nil || !bytes.Equal(bufs[0], x) || !bytes.Equal(bufs[1], y) {
			t.Fatalf("%d, %d, %v", n, tooLong, err)
		}
	})
}

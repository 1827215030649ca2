package tapclient

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack/link"
)

// serve starts a server whose /info is info and whose other calls are f's, and dials it.
func serve(t *testing.T, info string, o Options, f http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/info" {
			io.WriteString(w, info)
			return
		}
		f(w, r)
	}))
	t.Cleanup(s.Close)
	c, err := Dial(t.Context(), s.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func one() ([][]byte, []int) { return [][]byte{make([]byte, 65535)}, make([]int, 1) }

const oldInfo = `{"MTU":1500,"IPPrefix":"192.168.10.1/24","HardwareAddr":"02:00:00:00:00:01","DataReady":false}`

// A server of version 0 is asked often as long as frames come, and rarely when none do.
func TestVersion0IsAskedOftenWhenFramesCome(t *testing.T) {
	frame := bytes.Repeat([]byte{2}, 60)
	var calls atomic.Int64
	c := serve(t, oldInfo, Options{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" || r.Header.Get("Httptap-Client") != "" {
			t.Errorf("more than version 0: %s %v", r.URL, r.Header)
		}
		if calls.Add(1)%10 == 0 {
			json.NewEncoder(w).Encode(frame)
		} else {
			io.WriteString(w, "\"\"\n")
		}
	})
	bufs, sizes := one()
	for range 3 {
		if n, err := c.ReadFrames(bufs, sizes); n != 1 || err != nil || !bytes.Equal(bufs[0][:sizes[0]], frame) {
			t.Fatalf("%d, %v", n, err)
		}
		if c.read.idle != 0 {
			t.Errorf("behind a frame the next call waits as if none had come: %v", c.read.idle)
		}
	}
	for range 20 {
		c.pause()
	}
	if c.read.idle != pollMax {
		t.Errorf("with nothing there it waits %v, want %v", c.read.idle, pollMax)
	}
}

// A server that says it waits, and doesn't, is not asked without a break.
func TestServerThatDoesNotWait(t *testing.T) {
	var calls atomic.Int64
	c := serve(t, goodInfo, Options{}, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		io.WriteString(w, "[]\n")
	})
	done := make(chan error, 1)
	go func() {
		bufs, sizes := one()
		_, err := c.ReadFrames(bufs, sizes)
		done <- err
	}()
	<-time.After(200 * time.Millisecond)
	c.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if n := calls.Load(); n < 2 || n > 50 {
		t.Errorf("%d calls in 200 ms", n)
	}
}

// Any JSON will do: some encoders write / as \/.
func TestAnswersWithEscapes(t *testing.T) {
	frame := bytes.Repeat([]byte{0xff}, 60)
	text := base64.StdEncoding.EncodeToString(frame)
	for _, answer := range []string{
		strings.ReplaceAll(`["`+text+`"]`, "/", `\/`),
		strings.ReplaceAll(`"`+text+`"`, "/", `\u002f`),
		" [\n\"" + text + "\" ]\n",
	} {
		c := serve(t, goodInfo, Options{}, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, answer) })
		bufs, sizes := one()
		if n, err := c.ReadFrames(bufs, sizes); n != 1 || err != nil || !bytes.Equal(bufs[0][:sizes[0]], frame) {
			t.Errorf("%q: %d, %v", answer, n, err)
		}
	}
}

// A long answer is refused and said, not read without end.
func TestAnswerWithoutEnd(t *testing.T) {
	c := serve(t, goodInfo, Options{}, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `["`)
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("A", 1<<20)); err != nil {
				return
			}
		}
	})
	bufs, sizes := one()
	if n, err := c.ReadFrames(bufs, sizes); n != 0 || !errors.Is(err, ErrServer) || !strings.Contains(err.Error(), "over") {
		t.Errorf("%d, %v", n, err)
	}
}

// sent collects the frames of /send.
type sent struct {
	sync.Mutex
	calls  int
	frames [][]byte
	most   int // bytes of a body
}

func (s *sent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	var frames [][]byte
	if err := json.Unmarshal(b, &frames); err != nil {
		var f []byte
		if json.Unmarshal(b, &f) != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		frames = [][]byte{f}
	}
	s.Lock()
	defer s.Unlock()
	s.calls++
	s.most = max(s.most, len(b))
	s.frames = append(s.frames, frames...)
}

// Frames travel together as far as a call may be long, and in order.
func TestWriteInBatches(t *testing.T) {
	for _, c := range []struct {
		name        string
		info        string
		frames, len int
		calls       int
	}{
		{"one frame", goodInfo, 1, 60, 1},
		{"no frame", goodInfo, 0, 60, 0},
		{"as many as a call takes", goodInfo, maxBatch, 60, 1},
		{"one more", goodInfo, maxBatch + 1, 60, 2},
		{"frames of the longest MTU", strings.Replace(goodInfo, "1500", "65535", 1), 64, 65549, 6},
		{"version 0", oldInfo, 3, 60, 3},
	} {
		var s sent
		d := serve(t, c.info, Options{}, s.ServeHTTP)
		var frames [][]byte
		for i := range c.frames {
			frames = append(frames, append([]byte(fmt.Sprintf("%14d", i)), make([]byte, c.len-14)...))
		}
		if n, err := d.WriteFrames(frames); n != c.frames || err != nil {
			t.Errorf("%s: %d, %v", c.name, n, err)
		}
		if s.calls != c.calls || s.most > maxBody || len(s.frames) != len(frames) {
			t.Errorf("%s: %d frames in %d calls of up to %d bytes", c.name, len(s.frames), s.calls, s.most)
		}
		for i := range s.frames {
			if !bytes.Equal(s.frames[i], frames[i]) {
				t.Errorf("%s: frame %d is not the same", c.name, i)
			}
		}
	}
}

// What a refused call says is what WriteFrames says, and the frames of the calls before count.
func TestWriteRefused(t *testing.T) {
	calls := 0
	c := serve(t, goodInfo, Options{}, func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 2 {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"error":"the frame's source address is a group"}`)
		}
	})
	frames := make([][]byte, maxBatch+10)
	for i := range frames {
		frames[i] = make([]byte, 60)
	}
	n, err := c.WriteFrames(frames)
	if n != maxBatch || !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "is a group") {
		t.Errorf("%d, %v", n, err)
	}
}

// A URL may end with a slash or name a folder, and has nothing behind it.
func TestURLs(t *testing.T) {
	s := httptest.NewServer(http.StripPrefix("/tap", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/info" {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, goodInfo)
	})))
	defer s.Close()
	for path, ok := range map[string]bool{"/tap": true, "/tap/": true, "": false, "/other": false, "/tap?client=x": false, "/tap#x": false} {
		c, err := Dial(t.Context(), s.URL+path, Options{})
		if (err == nil) != ok {
			t.Errorf("%s: %v", path, err)
		}
		if c != nil {
			if c.Info().Name != s.URL+"/tap" {
				t.Errorf("%s: its name is %s", path, c.Info().Name)
			}
			c.Close()
		}
	}
}

// A server that was stopped in the middle of a call, and so neither answers nor ends the
// connection, is an error in time.
func TestServerThatFellSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		conns := make(chan net.Conn, 1)
		conns <- near
		c := newClient(&url.URL{Scheme: "http", Host: "127.0.0.1:7070"}, "", Options{})
		c.dialer = func(_ context.Context, _, _ string) (net.Conn, error) {
			select {
			case c := <-conns:
				return c, nil
			default:
				return nil, errors.New("connection refused")
			}
		}
		defer c.Close()
		c.transport, c.device = Batches, link.Info{MTU: 1500}
		go io.Copy(io.Discard, far)
		start := time.Now()
		bufs, sizes := one()
		_, err := c.ReadFrames(bufs, sizes)
		if d := time.Since(start); !errors.Is(err, ErrUnreachable) || d < pollWait || d > 2*pollWait {
			t.Errorf("%v after %v", err, d)
		}
	})
}

// In steady state a read and a write take memory for HTTP's own sake only, not for frames.
func TestFramesTakeNoMemory(t *testing.T) {
	const n = 64
	frames, bufs, sizes := make([][]byte, n), make([][]byte, n), make([]int, n)
	for i := range n {
		frames[i], bufs[i] = make([]byte, 1514), make([]byte, 1514)
	}
	var text []byte
	if allocs := testing.AllocsPerRun(100, func() {
		text = encode(text[:0], frames, true, nil)
		if got, _, err := decode(text, bufs, sizes); got != n || err != nil {
			t.Fatal(got, err)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations a batch", allocs)
	}
}

// FuzzDecodeJSON holds decode against encoding/json: whatever is an array of base64 strings, it
// reads the same.
func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{`["AAAA","QQ=="]`, `["A\/8="]`, `"\u0041AAA"`, `[]`, `["",null,"QQ=="]`, " [ \"AAAA\" ]\n", `["QQ==\n"]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var list []string
		if json.Unmarshal(b, &list) != nil || bytes.TrimSpace(b)[0] != '[' {
			return
		}
		var want [][]byte
		for _, s := range list {
			f, err := base64.StdEncoding.DecodeString(s)
			if err != nil {
				return
			}
			if len(f) > 0 {
				want = append(want, f)
			}
		}
		bufs, sizes := make([][]byte, len(want)+1), make([]int, len(want)+1)
		for i := range bufs {
			bufs[i] = make([]byte, len(b))
		}
		n, tooLong, err := decode(b, bufs, sizes)
		if n != len(want) || tooLong != 0 || err != nil {
			t.Fatalf("%q: %d frames, %d too long, %v; want %d", b, n, tooLong, err, len(want))
		}
		for i := range want {
			if !bytes.Equal(bufs[i][:sizes[i]], want[i]) {
				t.Fatalf("%q: frame %d is % x, want % x", b, i, bufs[i][:sizes[i]], want[i])
			}
		}
	})
}

// A call that comes too early for the server's limit of requests is made again, and only that one.
func TestSendsAgainWhatWasTooEarly(t *testing.T) {
	var calls atomic.Int64
	code := http.StatusTooManyRequests
	c := serve(t, goodInfo, Options{}, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) < 3 {
			w.WriteHeader(code)
		}
	})
	frames := [][]byte{bytes.Repeat([]byte{2}, 60)}
	if n, err := c.WriteFrames(frames); n != 1 || err != nil || calls.Load() != 3 {
		t.Errorf("%d, %v behind %d calls", n, err, calls.Load())
	}
	calls.Store(0)
	code = http.StatusInternalServerError
	if n, err := c.WriteFrames(frames); n != 0 || !errors.Is(err, ErrRefused) || calls.Load() != 1 {
		t.Errorf("%d, %v behind %d calls", n, err, calls.Load())
	}
}

package relay

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestAnswerIsBounded: with long frames an answer holds fewer of them, and none is lost.
func TestAnswerIsBounded(t *testing.T) {
	const total = 60
	_, url, wire := start(t, 65521, 0)
	call(t, "GET", url+"/info?client=me", "")
	for i := range total {
		wire.Send(frame(fmt.Sprint(i, strings.Repeat(" ", 65000))))
	}
	for next := 0; next < total; {
		status, body := call(t, "GET", url+"/recv?client=me&max=256", "")
		var list [][]byte
		if err := json.Unmarshal([]byte(body), &list); err != nil || status != 200 || len(list) == 0 {
			t.Fatalf("%d, %d frames, %v", status, len(list), err)
		}
		if len(body) > maxAnswer {
			t.Errorf("an answer of %d bytes", len(body))
		}
		for _, f := range list {
			if got := strings.TrimSpace(string(f[14:])); got != fmt.Sprint(next) {
				t.Fatalf("frame %d is %q", next, got)
			}
			next++
		}
	}
}

// TestWaitingTakesNoMemory: who only waits does not hold the memory of a full answer.
func TestWaitingTakesNoMemory(t *testing.T) {
	const waiting = 64
	r, url, wire := start(t, 65521, 0)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var all sync.WaitGroup
	for i := range waiting {
		all.Go(func() {
			resp, err := c.Get(fmt.Sprintf("%s/recv?client=c%d&wait=30s", url, i))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "["+quoted(frame("x"))+"]\n" {
				t.Errorf("%q, %v", b, err)
			}
		})
	}
	for inside := 0; inside < waiting; {
		runtime.Gosched()
		inside = 0
		r.mu.Lock()
		for _, c := range r.clients {
			inside += c.active
		}
		r.mu.Unlock()
	}
	runtime.ReadMemStats(&after)
	if n := (after.TotalAlloc - before.TotalAlloc) / waiting; n > 256<<10 {
		t.Errorf("each one takes %d bytes", n)
	}
	wire.Send(frame("x"))
	all.Wait()
}

// TestBodyTakesMemoryAsItComes: a length that a request only claims costs nothing.
func TestBodyTakesMemoryAsItComes(t *testing.T) {
	b := new(buffer)
	if err := b.readBody(strings.NewReader("short"), MaxBody); err != nil || string(b.text) != "short" || cap(b.text) > 128<<10 {
		t.Errorf("%q, %v, %d bytes taken", b.text, err, cap(b.text))
	}
	long := strings.Repeat("long", 100_000)
	if err := b.readBody(strings.NewReader(long), int64(len(long))); err != nil || string(b.text) != long {
		t.Errorf("%d bytes, %v", len(b.text), err)
	}
}

// TestClientThatDoesNotRead: who asks and does not read the answer is given up, and what was in
// it waits for the next call.
func TestClientThatDoesNotRead(t *testing.T) {
	const total = 40
	r, url, wire := start(t, 65521, 0)
	r.patience = 100 * time.Millisecond
	call(t, "GET", url+"/info?client=me", "")
	for i := range total {
		wire.Send(frame(fmt.Sprint(i, strings.Repeat(" ", 65000))))
	}
	s := httptest.NewUnstartedServer(r)
	s.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		c.(*net.TCPConn).SetWriteBuffer(4096) // else the kernel takes the whole answer
		return ctx
	}
	s.Start()
	defer s.Close()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprintf(c, "GET /recv?client=me&max=256 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	deadline := time.Now().Add(10 * time.Second)
	for _, active := range []int{1, 0} { // the call begins, the call ends
		for now := -1; now != active; runtime.Gosched() {
			r.mu.Lock()
			now = r.clients["me"].active
			r.mu.Unlock()
			if time.Now().After(deadline) {
				t.Fatalf("%d calls in progress, want %d", now, active)
			}
		}
	}
	for _, p := range r.cfg.Hub.Stats().Ports {
		if p.Name == "client me" && (p.QueuedTotal != total || p.Queued != total || p.FramesOut != 0 || p.DroppedGone != 0) {
			t.Errorf("%+v", p)
		}
	}
	if _, body := call(t, "GET", url+"/recv?client=me", ""); !strings.HasPrefix(body, quoted(frame("0 "))[:20]) {
		t.Errorf("the first frame is not first: %.60q", body)
	}
}

// stuck is the ResponseWriter of a client that does not read.
type stuck struct {
	http.ResponseWriter
	inside, free chan bool
}

func (s *stuck) Write(b []byte) (int, error) {
	close(s.inside)
	<-s.free
	return len(b), nil
}

// TestErrorForOneDoesNotHoldTheOthers: an answer that can't be written holds no lock.
func TestErrorForOneDoesNotHoldTheOthers(t *testing.T) {
	r, url, _ := start(t, 1500, 0)
	for i := range MaxClients {
		call(t, "GET", fmt.Sprintf("%s/info?client=c%d", url, i), "")
	}
	w := &stuck{httptest.NewRecorder(), make(chan bool), make(chan bool)}
	var all sync.WaitGroup
	all.Go(func() {
		q := httptest.NewRequest("GET", "http://127.0.0.1/info?client=onemore", nil)
		r.ServeHTTP(w, q)
	})
	<-w.inside
	answered := make(chan int, 1)
	go func() {
		status, _ := call(t, "GET", url+"/recv?client=c1", "")
		answered <- status
	}()
	select {
	case status := <-answered:
		if status != 200 {
			t.Errorf("status %d", status)
		}
	case <-time.After(5 * time.Second):
		t.Error("another client has to wait")
	}
	close(w.free)
	all.Wait()
}

// TestForgottenAndBackAtOnce: a client that calls in the moment in which it is forgotten is
// served.
func TestForgottenAndBackAtOnce(t *testing.T) {
	r, _, _ := start(t, 1500, time.Microsecond)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5000 {
				w := httptest.NewRecorder()
				r.ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1/recv?client=me", nil))
				if w.Code != 200 || w.Body.String() != "\"\"\n" {
					t.Errorf("%d %s", w.Code, w.Body)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestWithoutHost: HTTP/1.0 has no Host, and no browser speaks like that. RFC 1945
func TestWithoutHost(t *testing.T) {
	_, url, wire := start(t, 1500, 0)
	for _, c := range []struct {
		name, request string
		status        int
		body          string
	}{
		{"a program of few lines", "GET /recv HTTP/1.0\r\n\r\n", 200, "\"\"\n"},
		{"the same sends", "POST /send HTTP/1.0\r\nContent-Length: 26\r\n\r\n" + quoted(frame("ab")), 200, ""},
		{"a page", "GET /recv HTTP/1.0\r\nOrigin: null\r\n\r\n", 403, ""},
		{"a page of a site", "GET /recv HTTP/1.0\r\nOrigin: http://evil.example\r\n\r\n", 403, ""},
		{"an empty Host of HTTP/1.1", "GET /recv HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", 403, ""},
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, c.request)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		conn.Close()
		if resp.StatusCode != c.status || c.status == 200 && string(b) != c.body {
			t.Errorf("%s: %d %q, want %d %q", c.name, resp.StatusCode, b, c.status, c.body)
		}
	}
	if got := wireGets(t, wire); got != "ab" {
		t.Errorf("the wire got %q", got)
	}
}

// TestBuffersAreReused: a call's memory comes from an earlier one, dirty.
func TestBuffersAreReused(t *testing.T) {
	b := new(buffer)
	for _, list := range [][]string{{"first", "second"}, {"1"}, {}, {"third", "fourth", "fifth"}} {
		text := "["
		for i, s := range list {
			if i > 0 {
				text += ","
			}
			text += `"` + base64.StdEncoding.EncodeToString([]byte(s)) + `"`
		}
		b.text = append(b.text[:0], text+"]"...)
		if err := b.decode(); err != nil || len(b.frames) != len(list) {
			t.Fatalf("%q: %d frames, %v", text, len(b.frames), err)
		}
		for i, s := range list {
			if string(b.frames[i]) != s {
				t.Errorf("frame %d is %q, want %q", i, b.frames[i], s)
			}
		}
		for i := range b.raw[:cap(b.raw)] {
			b.raw[:cap(b.raw)][i] = 0xa5
		}
	}
}

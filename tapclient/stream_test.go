package tapclient

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack/link"
)

const streamInfo = `{"MTU":1500,"HardwareAddr":"02:00:00:00:00:01","Features":["batch","stream"]}`

// upgrading answers /info with *info and gives each stream to serve, which ends it.
func upgrading(info *atomic.Pointer[string], serve func(c net.Conn)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/info" {
			io.WriteString(w, *info.Load())
			return
		}
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		serve(c)
	})
}

// accept answers a request for a stream.
func accept(c net.Conn) {
	io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: httptap\r\n\r\n")
}

// streams starts a server on loopback that accepts each stream and hands it to serve.
func streams(t *testing.T, serve func(c net.Conn)) *Client {
	t.Helper()
	var info atomic.Pointer[string]
	i := streamInfo
	info.Store(&i)
	s := httptest.NewServer(upgrading(&info, func(c net.Conn) {
		accept(c)
		serve(c)
	}))
	t.Cleanup(s.Close)
	c, err := Dial(t.Context(), s.URL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// numbered returns a frame of n bytes that carries a number.
func numbered(i, n int) []byte {
	f := bytes.Repeat([]byte{byte(i)}, n)
	binary.BigEndian.PutUint32(f, uint32(i))
	return f
}

// framed returns frames as a stream has them.
func framed(frames ...[]byte) (b []byte) {
	for _, f := range frames {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(f))), f...)
	}
	return b
}

// reads reads one frame.
func reads(t *testing.T, c *Client) []byte {
	t.Helper()
	bufs, sizes := one()
	if n, err := c.ReadFrames(bufs, sizes); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	return bufs[0][:sizes[0]]
}

// What is used is the best that there is, and what was asked for or nothing.
func TestTransports(t *testing.T) {
	const nothing, all = `[]`, `["batch","stream"]`
	upgrades, refuses, plain := 101, 426, 200
	for _, c := range []struct {
		features string
		stream   int // what /stream answers
		ask      Transport
		want     Transport
		err      error
		says     string
	}{
		{nothing, refuses, "", Version0, nil, ""},
		{`["batch"]`, refuses, "", Batches, nil, ""},
		{all, upgrades, "", Stream, nil, ""},
		{`["stream"]`, upgrades, "", Stream, nil, ""},
		{all, upgrades, Stream, Stream, nil, ""},
		{all, upgrades, Batches, Batches, nil, ""},
		{all, upgrades, Version0, Version0, nil, ""},
		{all, refuses, "", Batches, nil, ""},           // a proxy on the way
		{all, plain, "", Batches, nil, ""},             // a worse one
		{`["stream"]`, refuses, "", Version0, nil, ""}, //
		{all, refuses, Stream, "", ErrRefused, "426"},
		{all, 503, "", "", ErrRefused, "503"}, // full, which would be so for calls
		{nothing, refuses, Stream, "", ErrServer, `with the transport "stream"`},
		{nothing, refuses, Batches, "", ErrServer, `has ["version 0"]`},
		{all, upgrades, "pigeons", "", ErrServer, `"pigeons"`},
	} {
		asked := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/info" {
				io.WriteString(w, strings.Replace(oldInfo, "}", `,"Features":`+c.features+"}", 1))
				return
			}
			asked++
			if r.Header.Get("Upgrade") != "httptap" || r.Header.Get("Connection") != "Upgrade" || r.Header.Get("Httptap-Client") != "me" || r.Method != "GET" {
				t.Errorf("%s %v", r.Method, r.Header)
			}
			if c.stream == upgrades {
				w.Header().Set("Upgrade", "httptap")
				w.Header().Set("Connection", "Upgrade")
			}
			w.WriteHeader(c.stream)
		}))
		d, err := Dial(t.Context(), s.URL, Options{Name: "me", Transport: c.ask})
		switch {
		case c.err != nil:
			if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%+v: %v", c, err)
			}
		case err != nil:
			t.Errorf("%+v: %v", c, err)
		case d.Transport() != c.want:
			t.Errorf("%+v: it is %s", c, d.Transport())
		}
		if d != nil {
			d.Close()
		}
		if asked > 1 || asked == 0 && c.want == Stream {
			t.Errorf("%+v: asked %d times", c, asked)
		}
		s.Close()
	}
}

// Frames may come right behind the answer and in any pieces; one that does not fit is lost.
func TestStreamReads(t *testing.T) {
	frames := [][]byte{numbered(1, 14), numbered(2, 1514), numbered(3, 1000), numbered(4, 60)}
	all := framed(frames...)
	for _, piece := range []int{1, 7, 1000, len(all)} {
		var info atomic.Pointer[string]
		i := streamInfo
		info.Store(&i)
		s := httptest.NewServer(upgrading(&info, func(c net.Conn) {
			answer := append([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: httptap\r\n\r\n"), all...)
			for at := 0; at < len(answer); at += piece {
				c.Write(answer[at:min(at+piece, len(answer))])
			}
			io.Copy(io.Discard, c)
		}))
		c, err := Dial(t.Context(), s.URL, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range frames[:2] {
			if got := reads(t, c); !bytes.Equal(got, f) {
				t.Errorf("pieces of %d: a frame of %d bytes, want %d", piece, len(got), len(f))
			}
		}
		bufs, sizes := [][]byte{make([]byte, 100)}, make([]int, 1)
		if n, err := c.ReadFrames(bufs, sizes); n != 1 || err != nil || !bytes.Equal(bufs[0][:sizes[0]], frames[3]) || c.Dropped() != 1 {
			t.Errorf("pieces of %d: %d, %v, %d dropped", piece, n, err, c.Dropped())
		}
		c.Close()
		s.Close()
	}
}

// What was written is with the server when Close returns.
func TestCloseLosesNothing(t *testing.T) {
	got := make(chan int)
	c := streams(t, func(c net.Conn) {
		for range 50 {
			c.Write(framed(numbered(1, 1000))) // which nobody reads
		}
		b, err := io.ReadAll(c)
		if err != nil {
			t.Error(err)
		}
		got <- len(b)
	})
	const n = 200
	frames := make([][]byte, n)
	for i := range frames {
		frames[i] = numbered(i, 1514)
	}
	if n, err := c.WriteFrames(frames); n != len(frames) || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	read := make(chan int, 1)
	go func() { read <- <-got }()
	c.Close()
	select {
	case b := <-read:
		if b != n*(4+1514) {
			t.Errorf("%d bytes", b)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the server waits for more")
	}
}

// A pipeListener is a network in memory, in a synctest bubble.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	dials atomic.Int64
	down  atomic.Bool
	open  chan net.Conn // the server's ends of streams, for tests that want them
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.done); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	l.dials.Add(1)
	if l.down.Load() {
		return nil, errors.New("connection refused")
	}
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inBubble runs test with a client of a server in memory, whose streams serve gets.
func inBubble(t *testing.T, serve func(l *pipeListener, c net.Conn), test func(t *testing.T, c *Client, l *pipeListener, info *atomic.Pointer[string])) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{}), open: make(chan net.Conn, 1)}
		var info atomic.Pointer[string]
		i := streamInfo
		info.Store(&i)
		s := &http.Server{Handler: upgrading(&info, func(c net.Conn) { serve(l, c) })}
		go s.Serve(l)
		defer s.Close()
		c := newClient(&url.URL{Scheme: "http", Host: "127.0.0.1:7070"}, "", Options{})
		c.dialer = l.dial
		defer c.Close()
		if err := c.dial(t.Context(), Options{}); err != nil {
			t.Fatal(err)
		}
		test(t, c, l, &info)
	})
}

// A stream that ends is made anew, and what was lost meanwhile is counted.
func TestStreamComesBack(t *testing.T) {
	var streams atomic.Int64
	inBubble(t, func(l *pipeListener, c net.Conn) {
		n := int(streams.Add(1))
		accept(c)
		c.Write(framed(numbered(n, 60)))
		c.Write(framed(numbered(n, 100))[:50]) // and then it is cut
		if n == 3 {
			io.Copy(io.Discard, c)
		}
	}, func(t *testing.T, c *Client, l *pipeListener, _ *atomic.Pointer[string]) {
		for i := range 3 {
			if got := reads(t, c); !bytes.Equal(got, numbered(i+1, 60)) {
				t.Errorf("stream %d: % x", i+1, got[:4])
			}
		}
		if c.Lost() != 2 {
			t.Errorf("%d frames were lost, want the 2 that were cut", c.Lost())
		}
	})
}

// While there is no connection frames are lost, as on a link without a carrier; behind some
// seconds that is an error, once. Who goes on finds the server when it is back.
func TestStreamGoneAndBack(t *testing.T) {
	inBubble(t, func(l *pipeListener, c net.Conn) {
		accept(c)
		l.open <- c
		io.Copy(io.Discard, c)
	}, func(t *testing.T, c *Client, l *pipeListener, _ *atomic.Pointer[string]) {
		l.down.Store(true)
		c.http.CloseIdleConnections()
		<-time.After(time.Minute)
		(<-l.open).Close()
		frames := [][]byte{numbered(1, 60), numbered(2, 60)}
		synctest.Wait()
		result := make(chan error)
		start := time.Now()
		go func() {
			bufs, sizes := one()
			_, err := c.ReadFrames(bufs, sizes)
			result <- err
		}()
		synctest.Wait()
		if n, err := c.WriteFrames(frames); n != 2 || err != nil || c.Lost() != 2 {
			t.Errorf("without a connection: %d, %v, %d lost", n, err, c.Lost())
		}
		err := <-result
		if d := time.Since(start); !errors.Is(err, ErrUnreachable) || d < retryFor || d > retryFor+2*retryMax {
			t.Errorf("%v after %v", err, d)
		}
		if n := l.dials.Load(); n > 20 {
			t.Errorf("it was tried %d times in %v", n, retryFor)
		}
		// Whoever writes is told the same, though the reader was first; and then what a new round says.
		if _, err := c.WriteFrames(frames); !errors.Is(err, ErrUnreachable) {
			t.Errorf("the reader has the error, and the writer %v", err)
		}
		start = time.Now()
		for err = nil; err == nil; <-time.After(time.Second) {
			_, err = c.WriteFrames(frames)
		}
		if d := time.Since(start); !errors.Is(err, ErrUnreachable) || d < retryFor || d > retryFor+3*retryMax {
			t.Errorf("a write: %v after %v", err, d)
		}
		lost := c.Lost()
		l.down.Store(false)
		go func() { (<-l.open).Write(framed(numbered(7, 60))) }()
		bufs, sizes := one()
		for {
			n, err := c.ReadFrames(bufs, sizes)
			if err == nil {
				if n != 1 || !bytes.Equal(bufs[0][:sizes[0]], numbered(7, 60)) {
					t.Errorf("%d frames", n)
				}
				break
			}
			if !errors.Is(err, ErrUnreachable) {
				t.Fatal(err)
			}
		}
		if n, err := c.WriteFrames(frames); n != 2 || err != nil || c.Lost() != lost {
			t.Errorf("back: %d, %v, %d lost", n, err, c.Lost()-lost)
		}
	})
}

// A server that takes every stream and ends it at once is not asked without a break, nor for
// ever.
func TestStreamThatNeverLasts(t *testing.T) {
	inBubble(t, func(_ *pipeListener, c net.Conn) { accept(c) }, func(t *testing.T, c *Client, l *pipeListener, _ *atomic.Pointer[string]) {
		start := time.Now()
		bufs, sizes := one()
		n, err := c.ReadFrames(bufs, sizes)
		if d := time.Since(start); n != 0 || !errors.Is(err, ErrUnreachable) || d < retryFor || d > retryFor+2*retryMax {
			t.Errorf("%d, %v after %v", n, err, d)
		}
		if n := l.dials.Load(); n > 40 {
			t.Errorf("%d connections in %v", n, retryFor)
		}
	})
}

// What is no frame is said, and the next read begins anew.
func TestStreamOfNonsense(t *testing.T) {
	for _, nonsense := range []string{"\x00\x00\x00\x00", "\x00\x00\x00\x0d1234567890123", "\x00\x00\x05\xeb", "\xff\xff\xff\xff", "<html>"} {
		var streams atomic.Int64
		inBubble(t, func(l *pipeListener, c net.Conn) {
			accept(c)
			if streams.Add(1) == 1 {
				c.Write(append(framed(numbered(1, 60)), nonsense...))
			} else {
				c.Write(framed(numbered(2, 60)))
			}
			io.Copy(io.Discard, c)
		}, func(t *testing.T, c *Client, l *pipeListener, _ *atomic.Pointer[string]) {
			if got := reads(t, c); !bytes.Equal(got, numbered(1, 60)) {
				t.Errorf("%q: the frame before is % x", nonsense, got[:4])
			}
			bufs, sizes := one()
			if n, err := c.ReadFrames(bufs, sizes); n != 0 || !errors.Is(err, ErrServer) || !strings.Contains(err.Error(), "bytes on its stream") {
				t.Errorf("%q: %d, %v", nonsense, n, err)
			}
			if got := reads(t, c); !bytes.Equal(got, numbered(2, 60)) {
				t.Errorf("%q: the next stream's frame is % x", nonsense, got[:4])
			}
		})
	}
}

// Behind a restart there may be another device: with another MTU or address it is not ours.
func TestStreamToAnotherDevice(t *testing.T) {
	inBubble(t, func(l *pipeListener, c net.Conn) {
		accept(c)
		c.Write(framed(numbered(1, 60)))
	}, func(t *testing.T, c *Client, l *pipeListener, info *atomic.Pointer[string]) {
		reads(t, c)
		for _, change := range [][2]string{{"1500", "1400"}, {"02:00:00:00:00:01", "02:00:00:00:00:02"}} {
			other := strings.Replace(streamInfo, change[0], change[1], 1)
			info.Store(&other)
			bufs, sizes := one()
			if n, err := c.ReadFrames(bufs, sizes); n != 0 || !errors.Is(err, ErrServer) || !strings.Contains(err.Error(), "says "+change[1]+" now") {
				t.Errorf("%s: %d, %v", change[1], n, err)
			}
		}
	})
}

// A server that was stopped takes no frames: a write is over in time, and says what it cost.
func TestStreamThatIsNotRead(t *testing.T) {
	inBubble(t, func(l *pipeListener, c net.Conn) {
		accept(c)
		io.ReadFull(c, make([]byte, len(framed(numbered(1, 60)))+10))
		<-l.done
	}, func(t *testing.T, c *Client, l *pipeListener, _ *atomic.Pointer[string]) {
		start := time.Now()
		n, err := c.WriteFrames([][]byte{numbered(1, 60), numbered(2, 60), numbered(3, 60)})
		if d := time.Since(start); n != 3 || err != nil || c.Lost() != 2 || d != callFor {
			t.Errorf("%d, %v, %d lost after %v", n, err, c.Lost(), d)
		}
	})
}

// Close ends everything at once, whatever is going on.
func TestCloseEndsAStream(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(l *pipeListener, c net.Conn)
		down  bool
	}{
		"a read that waits":        {func(_ *pipeListener, c net.Conn) { accept(c); io.Copy(io.Discard, c) }, false},
		"a wait for the server":    {func(_ *pipeListener, c net.Conn) { accept(c) }, true},
		"a request for the stream": {func(l *pipeListener, c net.Conn) { <-l.done }, false},
	} {
		t.Run(name, func(t *testing.T) {
			var streams atomic.Int64
			inBubble(t, func(l *pipeListener, conn net.Conn) {
				if streams.Add(1) == 1 && name == "a request for the stream" {
					accept(conn)
					return
				}
				c.serve(l, conn)
			}, func(t *testing.T, client *Client, l *pipeListener, _ *atomic.Pointer[string]) {
				l.down.Store(c.down)
				errs := make(chan error)
				go func() {
					bufs, sizes := one()
					_, err := client.ReadFrames(bufs, sizes)
					errs <- err
				}()
				<-time.After(time.Second)
				start := time.Now()
				client.Close()
				if err := <-errs; !errors.Is(err, net.ErrClosed) {
					t.Errorf("the read ends with %v", err)
				}
				if n, err := client.WriteFrames([][]byte{numbered(1, 60)}); n != 0 || !errors.Is(err, net.ErrClosed) {
					t.Errorf("a write: %d, %v", n, err)
				}
				if d := time.Since(start); d > 2*closeFor {
					t.Errorf("after %v", d)
				}
			})
		})
	}
}

// Dial ends with its context also when the server does not answer.
func TestDialOfAStreamEnds(t *testing.T) {
	var info atomic.Pointer[string]
	i := streamInfo
	info.Store(&i)
	ctx, cancel := context.WithCancel(t.Context())
	s := httptest.NewServer(upgrading(&info, func(c net.Conn) {
		cancel()
		io.Copy(io.Discard, c)
	}))
	defer s.Close()
	if c, err := Dial(ctx, s.URL, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", c, err)
	}
}

// Frames of any number and size are one write each as far as that makes sense, and in order.
func TestStreamWrites(t *testing.T) {
	got := make(chan []byte, 1)
	c := streams(t, func(c net.Conn) {
		b, _ := io.ReadAll(c)
		got <- b
	})
	var frames [][]byte
	for i := range 500 {
		frames = append(frames, numbered(i, 14+i*3))
	}
	want := framed(frames...)
	if n, err := c.WriteFrames(frames); n != len(frames) || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := c.WriteFrames([][]byte{frames[0], make([]byte, 13), frames[1]}); n != 1 || !errors.Is(err, link.ErrFrameSize) {
		t.Errorf("a frame that is too short: %d, %v", n, err)
	}
	want = append(want, framed(frames[0])...)
	c.Close()
	if b := <-got; !bytes.Equal(b, want) {
		t.Errorf("%d bytes, want %d", len(b), len(want))
	}
	for i := range frames {
		if n := c.stream.encode(frames[i:]); n < len(frames)-i && len(c.stream.out)+4+len(frames[i+n]) <= streamChunk {
			t.Errorf("from frame %d on only %d in a write", i, n)
		}
	}
}

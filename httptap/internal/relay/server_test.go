package relay

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"httptap/httptap/api"
	"httptap/httptap/internal/hub"
)

func TestLimiter(t *testing.T) {
	now := time.Unix(1, 0)
	l := newLimiter(10)
	one, two := caller{name: "one"}, caller{name: "two"}
	takes := func(c caller, n int) (taken int) {
		for range n {
			if l.take(now, c) {
				taken++
			}
		}
		return taken
	}
	if n := takes(one, 100); n != 10 {
		t.Errorf("%d at once, want a second's", n)
	}
	if n := takes(two, 5); n != 5 {
		t.Errorf("another caller has %d", n)
	}
	now = now.Add(300 * time.Millisecond)
	if n := takes(one, 100); n != 3 {
		t.Errorf("%d behind 300 ms", n)
	}
	now = now.Add(time.Hour)
	if n := takes(one, 100); n != 10 {
		t.Errorf("%d behind an hour: it does not save up", n)
	}
	// Evenly, all of them go through, for ever.
	for i := range 1000 {
		now = now.Add(100 * time.Millisecond)
		if !l.take(now, one) {
			t.Fatalf("the %dth of an even rate", i)
		}
	}
	if n := testing.AllocsPerRun(100, func() { l.take(now, one) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// However many callers there are, the memory is bounded, and who is one too many is not free.
func TestLimiterForgets(t *testing.T) {
	now := time.Unix(1, 0)
	l := newLimiter(10)
	for i := range maxCallers {
		l.take(now, caller{name: fmt.Sprint(i)})
	}
	taken := 0
	for i := range 100 {
		if l.take(now, caller{name: fmt.Sprint("more", i)}) {
			taken++
		}
	}
	if taken != 10 || len(l.next) > maxCallers+1 {
		t.Errorf("%d requests of those for whom there is no room, %d callers", taken, len(l.next))
	}
	now = now.Add(10 * time.Second)
	if !l.take(now, caller{name: "late"}) || len(l.next) != 1 {
		t.Errorf("those that are idle are kept: %d", len(l.next))
	}
}

func TestCallers(t *testing.T) {
	from := func(g *gate, addr, client string) caller {
		q, _ := http.NewRequest("GET", "/?client="+client, nil)
		q.RemoteAddr = addr
		return g.callerOf(q)
	}
	private, public := newGate(Access{}), newGate(Access{Public: true, Token: secret})
	for _, c := range []struct {
		name string
		a, b caller
		same bool
	}{
		{"two programs of this machine", from(private, "127.0.0.1:1", "a"), from(private, "127.0.0.1:1", "b"), false},
		{"one program", from(private, "127.0.0.1:1", "a"), from(private, "127.0.0.1:2", "a"), true},
		{"names that are none", from(private, "@", "%20"), from(private, "@", "%21"), true},
		{"names do not help another machine", from(public, "192.0.2.1:1", "a"), from(public, "192.0.2.1:2", "b"), true},
		{"two machines", from(public, "192.0.2.1:1", "a"), from(public, "192.0.2.2:1", "a"), false},
		{"IPv4 by IPv6", from(public, "192.0.2.1:1", "a"), from(public, "[::ffff:192.0.2.1]:1", "a"), true},
		{"addresses of one network", from(public, "[2001:db8::1]:1", ""), from(public, "[2001:db8::ffff:1%eth0]:1", ""), true},
		{"two networks", from(public, "[2001:db8::1]:1", ""), from(public, "[2001:db8:0:1::1]:1", ""), false},
	} {
		if (c.a == c.b) != c.same {
			t.Errorf("%s: %v, %v", c.name, c.a, c.b)
		}
	}
}

// Who asks too often is told so and when to come again; others are not held up.
func TestTooManyRequests(t *testing.T) {
	r, url, _ := start(t, 1500, 0)
	r.loopback.rate = newLimiter(20)
	limited := 0
	for range 60 {
		resp, err := http.Get(url + "/info?client=often")
		if err != nil {
			t.Fatal(err)
		}
		var e api.Error
		err = json.NewDecoder(resp.Body).Decode(&e)
		resp.Body.Close()
		if resp.StatusCode == 429 {
			limited++
			if resp.Header.Get("Retry-After") == "" || err != nil || !strings.Contains(e.Error, "several frames a call") {
				t.Errorf("%v %q %v", resp.Header, e.Error, err)
			}
		}
	}
	if limited == 0 {
		t.Error("nobody was limited")
	}
	if status, body := call(t, "GET", url+"/info?client=other", ""); status != 200 {
		t.Errorf("another one: %d %s", status, body)
	}
	_, body := call(t, "GET", url+"/stats?client=other", "")
	var s struct{ Limited, Failed int }
	if err := json.Unmarshal([]byte(body), &s); err != nil || s.Limited != limited || s.Failed != limited {
		t.Errorf("%d were limited, %v %s", limited, err, body)
	}
}

// pipes is a listener whose connections are pipes.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// slowly writes text to a server a byte at a time, and returns what it answers, and when it has
// closed the connection.
func slowly(t *testing.T, text string, pause time.Duration) (answer string, after time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		h := hub.New(hub.Config{MTU: 1500})
		r := New(Config{Hub: h, Info: api.Info{MTU: 1500, HardwareAddr: deviceHW.String()}})
		l := make(pipes, 1)
		s := r.Server(Access{})
		done := make(chan error)
		go func() { done <- s.Serve(l) }()
		near, far := net.Pipe()
		l <- far
		start := time.Now()
		read := make(chan string)
		go func() {
			b, _ := io.ReadAll(near)
			after = time.Since(start)
			read <- string(b)
		}()
		for i := range len(text) {
			if _, err := io.WriteString(near, text[i:i+1]); err != nil {
				break
			}
			time.Sleep(pause) // of the bubble's clock
		}
		answer = <-read
		near.Close()
		close(l)
		r.Close()
		s.Close()
		<-done
	})
	return answer, after
}

// A client that sends a byte now and then does not keep its connection, whatever it sends.
func TestSlowClients(t *testing.T) {
	body := quoted(frame("slow"))
	head := fmt.Sprintf("POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n", len(body))
	for _, c := range []struct {
		name   string
		text   string
		pause  time.Duration
		status int
		most   time.Duration
	}{
		{"a header without end", "GET /info HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + strings.Repeat("x", 100), time.Second, 0, headerFor + time.Second},
		{"a body without end", head + body[:len(body)-1], 2 * time.Millisecond, 408, bodyFor + 2*time.Second},
		{"another header without end", head[:len(head)-2], 300 * time.Millisecond, 0, headerFor + time.Second},
		{"no request", "", 0, 0, headerFor + time.Second},
		{"no second request", "GET /info HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 0, 200, idleFor + time.Second},
		{"a body in time", head + body, 2 * time.Millisecond, 200, idleFor + 2*time.Second},
	} {
		answer, after := slowly(t, c.text, c.pause)
		status := 0
		if resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil); err == nil {
			status = resp.StatusCode
		}
		if status != c.status && !(c.status == 0 && status == 400) || after > c.most { // 0: whatever net/http says, if anything
			t.Errorf("%s: it is closed after %v with %q, want %d", c.name, after, answer, c.status)
		}
		if c.status == 408 && !strings.Contains(answer, "too slowly") {
			t.Errorf("%s: %q", c.name, answer)
		}
	}
}

// A long body may take as long as its length takes at the least rate, and no longer.
func TestPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, rate := range []int{bodyRate / 2, bodyRate * 2} {
			near, far := net.Pipe()
			p := &paced{Reader: far, conn: http.NewResponseController(onConn{nil, far}), start: time.Now()}
			go func() {
				for range 60 {
					if _, err := near.Write(make([]byte, rate)); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
				near.Close()
			}()
			n, err := io.Copy(io.Discard, p)
			if slow := rate < bodyRate; slow != (err != nil) || slow && n > 30*bodyRate || !slow && n != int64(60*rate) {
				t.Errorf("%d bytes a second: %d and %v", rate, n, err)
			}
			far.Close()
			near.Close()
		}
	})
}

// onConn is the ResponseWriter of a connection, as far as paced needs one.
type onConn struct {
	http.ResponseWriter
	net.Conn
}

func (d onConn) Write(b []byte) (int, error) { return d.Conn.Write(b) }

// Of another machine's connections there are so many, of all of them so many; one that ends makes
// room for another.
func TestConnectionLimits(t *testing.T) {
	r, _, _ := start(t, 1500, 0)
	for _, c := range []struct {
		name string
		a    Access
		most int
	}{
		{"one address of another machine", Access{Public: true, Token: secret}, MaxPublicConns},
		{"this machine", Access{}, MaxConns},
	} {
		inner, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l := r.Limit(inner, c.a)
		accepted := make(chan net.Conn)
		go func() {
			defer close(accepted)
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				accepted <- conn
			}
		}()
		dial := func() net.Conn {
			conn, err := net.Dial("tcp", inner.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			return conn
		}
		var mine, theirs []net.Conn
		for range c.most {
			mine = append(mine, dial())
			theirs = append(theirs, <-accepted)
		}
		before := r.crowded.Load()
		more := dial()
		resp, err := http.ReadResponse(bufio.NewReader(more), nil)
		if err != nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s: one more: %v, %v", c.name, resp, err)
		} else if b, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(b), `{"error":"too many connections`) {
			t.Errorf("%s: %q, %v", c.name, b, err)
		}
		if n := r.crowded.Load() - before; n != 1 {
			t.Errorf("%s: %d are counted", c.name, n)
		}
		theirs[0].Close()
		theirs[0].Close() // makes room once
		mine = append(mine, more, dial())
		theirs = append(theirs, <-accepted)
		inner.Close()
		if _, more := <-accepted; more {
			t.Errorf("%s: one that ends twice makes room for two", c.name)
		}
		for _, conn := range append(mine, theirs...) {
			conn.Close()
		}
		if s := l.(*limited); s.count != 0 || len(s.open) != 0 {
			t.Errorf("%s: behind the end of all there are %d and %v", c.name, s.count, s.open)
		}
	}
	a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2:1")
	if network(a) != network(b) {
		t.Error("a machine has a whole network of addresses to come from")
	}
}

// A header over the limit ends its request.
func TestLongHeader(t *testing.T) {
	r, _, _ := start(t, 1500, 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	behind(t, r, l, Access{})
	resp, err := http.ReadResponse(bufio.NewReader(raw(t, l.Addr().String(), "GET /info HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "+strings.Repeat("x", 2*MaxHeader)+"\r\n\r\n")), nil)
	if err != nil || resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%v, %v", resp, err)
	}
}

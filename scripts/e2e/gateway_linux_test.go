package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"httptap/stack"
	"httptap/tapclient"
)

// The addresses of the network that the gateway leads to.
const (
	gatewayOwn  = "10.80.0.2" // the machine that httptap runs on
	gatewayFar  = "10.80.0.1" // a machine beside it, and the router to the others
	gatewayNone = "10.80.0.9" // nobody
)

// A site is a machine where httptap -i user runs, without any privilege, and another one beside it:
//
//	client on our stack ══ relay ── near: httptap, v0 ─── veth ─── v0, far
type site struct {
	near, far world
	url       string // of the relay, from here
	server    *server
}

// newSite builds a site that is gone when the test is. Pings says whether everybody may ping.
func newSite(t testing.TB, pings bool, args ...string) *site {
	t.Helper()
	needRoot(t, "ip", "nft", "sysctl", "setpriv")
	s := &site{near: namespace(t), far: namespace(t)}
	shell(t, s.near, `ip -batch - <<END
		link add v0 type veth peer name v0 netns `+s.far.netns+`
		addr add `+gatewayOwn+`/24 dev v0
		link set v0 up
		route add default via `+gatewayFar+`
END`, "sysctl -qw net.ipv4.neigh.v0.retrans_time_ms=100") // an unreachable host is one after 0.3 s
	if pings {
		shell(t, s.near, `sysctl -qw net.ipv4.ping_group_range="0 2147483647"`)
	}
	shell(t, s.far, `ip -batch - <<END
		addr add `+gatewayFar+`/24 dev v0
		link set v0 up
		route add unreachable 10.81.0.0/16
		route add prohibit 10.82.0.0/16
END`, "sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_msgs_per_sec=100000",
		`nft -f - <<END
		table ip lost {
			chain input { type filter hook input priority 0; meta l4proto { tcp, udp } th dport 99 drop; icmp type echo-request ip length 128 drop; }
			chain forward { type filter hook forward priority 0; ip daddr 10.83.0.0/16 drop; }
		}
END`)
	shell(t, s.far, "ip route add 10.83.0.0/16 via "+gatewayOwn)
	// A user who is nobody in particular: no root to be given up, no capability.
	listen := "127.0.0.1:7070"
	run := append([]string{"--reuid=23456", "--regid=23456", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", bin + "/httptap",
		"-i", "user", "-q", "-listen", listen}, args...)
	s.server = s.near.serve(t, "setpriv", run...)
	s.url = "http://" + s.near.door(t, listen)
	return s
}

// door carries connections to a port of this namespace's loopback to address in w, and returns that
// port: clients in this process have threads in no other namespace.
func (w world) door(t testing.TB, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			var d net.Conn
			w.inside(func() { d, err = net.Dial("tcp", address) })
			if err != nil {
				c.Close()
				continue
			}
			for _, p := range [][2]net.Conn{{c, d}, {d, c}} {
				go func() {
					io.Copy(p[0], p[1])
					p[0].Close()
					p[1].Close()
				}()
			}
		}
	}()
	return l.Addr().String()
}

// client returns a host on our stack behind the gateway.
func (s *site) client(t testing.TB) *stack.Host {
	t.Helper()
	dev, err := tapclient.Dial(t.Context(), s.url, tapclient.Options{Name: fmt.Sprintf("c%d", time.Now().UnixNano())})
	if err != nil {
		t.Fatal(err)
	}
	h, err := stack.New(stack.Config{Device: dev})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := h.DHCP(ctx, netip.Addr{}); err != nil {
		t.Fatal(err)
	}
	return h
}

// listen has f serve each connection to a port of the far machine.
func (s *site) listen(t testing.TB, port string, f func(*net.TCPConn)) {
	t.Helper()
	var l net.Listener
	var err error
	s.far.inside(func() { l, err = net.Listen("tcp4", gatewayFar+":"+port) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go f(c.(*net.TCPConn))
		}
	}()
}

func dial(t testing.TB, h *stack.Host, network, address string) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, err := h.DialContext(ctx, network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return c
}

// gatewayStats are some of what /stats says of the gateway.
type gatewayStats struct {
	Open, TCP, UDP, Echo, Refused, Unreachable, Denied, Reset, Failed int
}

func (s *site) stats(t testing.TB) gatewayStats {
	t.Helper()
	r, err := http.Get(s.url + "/stats")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var all struct{ Gateway *gatewayStats }
	if err := json.NewDecoder(r.Body).Decode(&all); err != nil || all.Gateway == nil {
		t.Fatalf("/stats has no gateway: %v", err)
	}
	return *all.Gateway
}

// settled waits until no flow is open.
func (s *site) settled(t testing.TB) gatewayStats {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) { // nothing tells of it
		if g := s.stats(t); g.Open == 0 {
			return g
		} else if time.Now().After(end) {
			t.Errorf("flows that do not end: %+v", g)
			return g
		}
	}
}

// pieces are bytes of which none looks like another.
func pieces(n int) []byte {
	b, x := make([]byte, n), uint32(7)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

// What the kernel's own program would hear at the gateway's place, a client behind it hears.
func TestGatewayAnswersHonestly(t *testing.T) {
	s := newSite(t, true)
	h := s.client(t)
	s.listen(t, "80", func(c *net.TCPConn) { c.Close() })
	for _, c := range []struct {
		name, address string
		want          error
		text          string
	}{
		{"somebody listens", gatewayFar + ":80", nil, ""},
		{"nobody listens", gatewayFar + ":81", syscall.ECONNREFUSED, ""},
		{"no such host", gatewayNone + ":80", syscall.EHOSTUNREACH, "Host unreachable"},
		{"a router says that the host can't be reached", "10.81.0.1:80", syscall.EHOSTUNREACH, "Host unreachable"},
		{"a router forbids it", "10.82.0.1:80", syscall.EHOSTUNREACH, "unreachable"},
		{"a filter loses it", gatewayFar + ":99", os.ErrDeadlineExceeded, ""},
		{"the metadata of a cloud", "169.254.169.254:80", syscall.EHOSTUNREACH, "prohibited|filtered"},
		{"the machine itself, where nobody listens", gatewayOwn + ":81", syscall.ECONNREFUSED, ""},
		{"the relay, which listens on loopback", gatewayOwn + ":7070", syscall.ECONNREFUSED, ""},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		conn, err := h.DialContext(ctx, "tcp", c.address)
		cancel()
		said := c.text == ""
		for _, text := range strings.Split(c.text, "|") {
			said = said || err != nil && strings.Contains(err.Error(), text)
		}
		if !errors.Is(err, c.want) || !said {
			t.Errorf("%s: %v, want %v %s", c.name, err, c.want, c.text)
		}
		if err == nil {
			conn.Close()
		}
	}
	if g := s.stats(t); g.TCP != 1 || g.Refused != 3 || g.Unreachable < 3 || g.Denied < 1 {
		t.Errorf("%+v", g)
	}
}

func TestGatewayHalfCloses(t *testing.T) {
	s := newSite(t, false)
	h := s.client(t)
	up, down := pieces(3_000_000), pieces(4_000_000)[1:]
	served := make(chan error, 2)
	s.listen(t, "80", func(c *net.TCPConn) { // the client closes first
		got, err := io.ReadAll(c)
		if err == nil && !bytes.Equal(got, up) {
			err = fmt.Errorf("%d bytes of %d, or others", len(got), len(up))
		}
		_, werr := c.Write(down)
		served <- errors.Join(err, werr, c.Close())
	})
	s.listen(t, "81", func(c *net.TCPConn) { // the target closes first
		_, werr := c.Write(down)
		err := c.CloseWrite()
		got, rerr := io.ReadAll(c)
		if rerr == nil && !bytes.Equal(got, up) {
			rerr = fmt.Errorf("%d bytes of %d, or others", len(got), len(up))
		}
		served <- errors.Join(werr, err, rerr, c.Close())
	})
	for _, port := range []string{"80", "81"} {
		c := dial(t, h, "tcp", gatewayFar+":"+port).(*stack.Conn)
		send := func() error {
			_, err := c.Write(up)
			return errors.Join(err, c.CloseWrite())
		}
		var err error
		if port == "80" {
			err = send()
		}
		got, rerr := io.ReadAll(c)
		if !bytes.Equal(got, down) {
			t.Errorf("port %s: %d bytes of %d came, or others", port, len(got), len(down))
		}
		if port == "81" {
			err = send()
		}
		if err := errors.Join(err, rerr, <-served); err != nil {
			t.Errorf("port %s: %v", port, err)
		}
	}
	if g := s.settled(t); g.TCP != 2 || g.Reset != 0 {
		t.Errorf("%+v", g)
	}
}

func TestGatewayResets(t *testing.T) {
	s := newSite(t, false)
	h := s.client(t)
	sent := pieces(100_000)
	heard, whole := make(chan error, 1), make(chan bool)
	s.listen(t, "80", func(c *net.TCPConn) { // the client resets
		got := make([]byte, len(sent))
		_, err := io.ReadFull(c, got)
		if err == nil && !bytes.Equal(got, sent) {
			err = errors.New("others than were sent")
		}
		close(whole)
		if err == nil {
			_, err = c.Read(got)
		}
		heard <- err
	})
	s.listen(t, "81", func(c *net.TCPConn) { // the target does: it closes with something unread
		c.Read(make([]byte, 1))
		c.Write(sent)
		emptied(t, c)
		c.Close()
	})
	c := dial(t, h, "tcp", gatewayFar+":80").(*stack.Conn)
	c.Write(sent)
	<-whole
	c.SetLinger(0)
	c.Close()
	if err := <-heard; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the target heard %v", err)
	}
	c = dial(t, h, "tcp", gatewayFar+":81").(*stack.Conn)
	c.Write([]byte("two"))
	got, err := io.ReadAll(c)
	if !errors.Is(err, syscall.ECONNRESET) || !bytes.Equal(got, sent) {
		t.Errorf("the client got %d bytes of %d and then %v", len(got), len(sent), err)
	}
	if g := s.settled(t); g.Reset != 2 {
		t.Errorf("%+v", g)
	}
}

// emptied waits until the other kernel has all that was written: a reset takes away what has not left.
func emptied(t testing.TB, c *net.TCPConn) {
	raw, err := c.SyscallConn()
	left := 1
	for end := time.Now().Add(10 * time.Second); err == nil && left > 0 && time.Now().Before(end); time.Sleep(time.Millisecond) { // nothing tells of it
		if e := raw.Control(func(fd uintptr) { left, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }); e != nil {
			err = e
		}
	}
	if err != nil || left > 0 {
		t.Errorf("%d bytes do not leave: %v", left, err)
	}
}

// A thousand connections of four clients at once, each with its own bytes.
func TestGatewayThousandConnections(t *testing.T) {
	s := newSite(t, false)
	var together sync.WaitGroup
	const clients, each = 4, 250
	together.Add(clients * each)
	s.listen(t, "7", func(c *net.TCPConn) {
		defer c.Close()
		io.Copy(c, c)
	})
	var all sync.WaitGroup
	for range clients {
		h := s.client(t)
		for i := range each {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				c, err := h.DialContext(ctx, "tcp", gatewayFar+":7")
				together.Done()
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				together.Wait() // all of them are open
				c.SetDeadline(time.Now().Add(time.Minute))
				want := bytes.Repeat(fmt.Appendf(nil, "number %d ", i), 1000)
				go func() { c.Write(want); c.(*stack.Conn).CloseWrite() }()
				if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes of %d came back, or others: %v", len(got), len(want), err)
				}
			})
		}
	}
	all.Wait()
	if g := s.settled(t); g.TCP != clients*each || g.Reset != 0 || g.Failed != 0 {
		t.Errorf("%+v", g)
	}
}

func TestGatewayDatagrams(t *testing.T) {
	s := newSite(t, false)
	h := s.client(t)
	var pc net.PacketConn
	var err error
	s.far.inside(func() { pc, err = net.ListenPacket("udp4", gatewayFar+":7") })
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	go func() {
		buf := make([]byte, 0xffff)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			pc.WriteTo(buf[:n], from)
		}
	}()
	c := dial(t, h, "udp", gatewayFar+":7")
	buf := make([]byte, 0xffff)
	for _, n := range []int{0, 1, 1472, 1473, 20_000, 65_507} {
		want := pieces(n)
		c.Write(want)
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		k, err := c.Read(buf)
		if err != nil || !bytes.Equal(buf[:k], want) {
			t.Errorf("%d bytes: %d came back, or others: %v", n, k, err)
		}
	}
	for _, w := range []struct {
		name, address string
		want          error
	}{
		{"a closed port", gatewayFar + ":9", syscall.ECONNREFUSED},
		{"no such host", gatewayNone + ":9", syscall.EHOSTUNREACH},
		{"a router can't reach it", "10.81.0.1:9", syscall.EHOSTUNREACH},
		{"a router forbids it", "10.82.0.1:9", syscall.EHOSTUNREACH},
		{"a filter loses it", gatewayFar + ":99", os.ErrDeadlineExceeded},
	} {
		c := dial(t, h, "udp", w.address)
		for range 2 {
			var err error
			for range 3 { // the kernel at the far end sends one ICMP error a second, and some more at first
				c.Write([]byte("is anybody there?"))
				c.SetReadDeadline(time.Now().Add(2 * time.Second))
				if _, err = c.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(w.want, os.ErrDeadlineExceeded) {
					break
				}
			}
			if !errors.Is(err, w.want) {
				t.Errorf("%s: %v, want %v", w.name, err, w.want)
			}
		}
	}
}

// A ping is answered when its target has answered.
func TestGatewayPings(t *testing.T) {
	s := newSite(t, true)
	h := s.client(t)
	for _, c := range []struct {
		name, address string
		want          error
	}{
		{"a host", gatewayFar, nil},
		{"again", gatewayFar, nil},
		{"this machine", gatewayOwn, nil},
		{"nobody", gatewayNone, syscall.EHOSTUNREACH},
		{"a router can't reach it", "10.81.0.1", syscall.EHOSTUNREACH},
		{"a router forbids it", "10.82.0.1", syscall.EHOSTUNREACH},
		{"lost on the way, behind a redirect", "10.83.0.1", os.ErrDeadlineExceeded},
		{"the metadata of a cloud", "169.254.169.254", syscall.EHOSTUNREACH},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		_, err := h.Ping(ctx, netip.MustParseAddr(c.address))
		cancel()
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// Where pings are not allowed to the user, httptap says so once, and nothing answers them.
func TestGatewayWithoutPings(t *testing.T) {
	s := newSite(t, false)
	shell(t, s.near, `sysctl -qw net.ipv4.ping_group_range="1 0"`)
	h := s.client(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := h.Ping(ctx, netip.MustParseAddr(gatewayFar)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if g := s.stats(t); g.Failed == 0 {
		t.Errorf("%+v", g)
	}
	s.server.stop(t)
	if text := s.server.out.String(); strings.Count(text, "not passed on") != 1 || !strings.Contains(text, "ping_group_range") {
		t.Errorf("it printed %q", text)
	}
}

// xcurl gets a page and a big file from nginx, through a gateway that is the lab's or stands alone.
func TestGatewayWeb(t *testing.T) {
	if _, err := exec.LookPath("nginx"); err != nil {
		t.Skip("needs nginx, which is not installed")
	}
	s := newSite(t, false)
	sum := s.far.web(t, 100<<20)
	s.near.fetch(t, sum, "-ihttp", "http://"+gatewayFar+"/big")
	if stdout := s.near.must(t, "xcurl", "-ihttp", "-nopcap", "http://www.httptap.test/"); !strings.Contains(stdout, "httptap") {
		t.Errorf("the lab's page: %q", stdout)
	}
}

// With -gateway=false nothing leads out of the lab.
func TestGatewayOff(t *testing.T) {
	s := newSite(t, true, "-gateway=false")
	h := s.client(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := h.DialContext(ctx, "tcp", gatewayFar+":81"); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

// A gateway without a lab is a bare router: its clients have addresses that they are given by hand.
func TestGatewayWithoutLab(t *testing.T) {
	s := newSite(t, false, "-lab=false")
	s.listen(t, "80", func(c *net.TCPConn) { c.Write([]byte("hello")); c.Close() })
	dev, err := tapclient.Dial(t.Context(), s.url, tapclient.Options{Name: "by-hand"})
	if err != nil {
		t.Fatal(err)
	}
	h, err := stack.New(stack.Config{Device: dev, Addr: netip.MustParsePrefix("192.168.10.77/24"), Router: netip.MustParseAddr("192.168.10.1")})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if got, err := io.ReadAll(dial(t, h, "tcp", gatewayFar+":80")); string(got) != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

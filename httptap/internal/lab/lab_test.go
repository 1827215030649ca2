package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"httptap/httptap/internal/hub"
	"httptap/stack"
	"httptap/stack/dhcpv4"
	"httptap/stack/dns"
	"httptap/stack/link"
	"httptap/stack/ntp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var labAddr = netip.MustParseAddr("192.168.10.1")

// A world is a lab and the switch that it is on.
type world struct {
	*testing.T
	hub *hub.Hub
	lab *Lab
	ctx context.Context

	hosts []*stack.Host
}

// inWorld runs f with a lab in a bubble whose time passes only when everybody waits.
func inWorld(t *testing.T, change func(*Config), f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, hub: hub.New(hub.Config{MTU: 1500})}
		p, err := w.hub.Attach(hub.PortConfig{Name: "lab", Kind: hub.Lab})
		if err != nil {
			t.Fatal(err)
		}
		cfg := Config{
			Device: p.Device(link.LocalAddr("lab")), Addr: netip.PrefixFrom(labAddr, 24), Router: labAddr, Version: "1.2",
			Log: slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Resolver: func(context.Context, []byte, bool) ([]byte, error) {
				return nil, errors.New("this test has no resolver")
			},
		}
		if change != nil {
			change(&cfg)
		}
		if w.lab, err = New(cfg); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		w.ctx = ctx
		defer func() {
			for _, h := range w.hosts {
				h.Close()
			}
			if err := w.lab.Close(); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second) // net/http lets each connection linger for half of it
		}()
		f(w)
	})
}

// client attaches a host and gives it a lease.
func (w *world) client(name string) *stack.Host {
	w.Helper()
	h := w.attach(name, name)
	if _, err := h.DHCP(w.ctx, netip.Addr{}); err != nil {
		w.Fatal(err)
	}
	return h
}

// attach attaches a host without an address.
func (w *world) attach(station, hostname string) *stack.Host {
	w.Helper()
	p, err := w.hub.Attach(hub.PortConfig{Name: fmt.Sprint(station, " ", len(w.hosts)), Kind: hub.Client})
	if err != nil {
		w.Fatal(err)
	}
	h, err := stack.New(stack.Config{Device: p.Device(link.LocalAddr(station)), Hostname: hostname})
	if err != nil {
		w.Fatal(err)
	}
	w.hosts = append(w.hosts, h)
	return h
}

func (w *world) get(h *stack.Host, url string) (*http.Response, []byte) {
	w.Helper()
	r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, url, nil)
	if err != nil {
		w.Fatal(err)
	}
	return w.do(h, r)
}

func (w *world) do(h *stack.Host, r *http.Request) (*http.Response, []byte) {
	w.Helper()
	t := &http.Transport{DialContext: h.DialContext}
	defer t.CloseIdleConnections()
	resp, err := (&http.Client{Transport: t}).Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Fatal(err)
	}
	return resp, b
}

// TestUserMode is the whole way of a client: address, name, time and page.
func TestUserMode(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		h := w.attach("box", "box")
		start := time.Now()
		lease, err := h.DHCP(w.ctx, netip.Addr{})
		if err != nil {
			w.Fatal(err)
		}
		if lease.Addr.String() != "192.168.10.2/24" || lease.Server != labAddr || len(lease.Routers) != 1 || lease.Routers[0] != labAddr ||
			len(lease.DNS) != 1 || lease.DNS[0] != labAddr || len(lease.NTP) != 1 || lease.NTP[0] != labAddr ||
			lease.Domain != Domain || lease.MTU != 1500 {
			w.Errorf("lease %+v", lease)
		}
		addrs, err := h.LookupHost(w.ctx, "www.httptap.test")
		if err != nil || len(addrs) != 1 || addrs[0] != labAddr {
			w.Errorf("www.httptap.test is %v, %v", addrs, err)
		}
		sample, err := h.Offset(w.ctx, labAddr)
		if err != nil || sample.Offset.Abs() > time.Microsecond || sample.Stratum != 10 {
			w.Errorf("time %+v, %v", sample, err)
		}
		if _, err := h.Ping(w.ctx, labAddr); err != nil {
			w.Error(err)
		}
		resp, body := w.get(h, "http://www.httptap.test/")
		for _, want := range []string{"This page came over Ethernet frames", "192.168.10.2", link.LocalAddr("box").String(),
			"box.httptap.test", "yours for another 1h0m0s", "the name www.httptap.test leads"} {
			if !bytes.Contains(body, []byte(want)) {
				w.Errorf("the page does not have %q:\n%s", want, body)
			}
		}
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/html; charset=utf-8" || resp.Header.Get("Server") != "httptap/1.2" {
			w.Errorf("%s %v", resp.Status, resp.Header)
		}
		// In the bubble time passes only when all wait for it: nobody did.
		if d := time.Since(start); d != 0 {
			w.Errorf("all of it took %v of waiting", d)
		}
		if l := w.lab.Leases(); len(l) != 1 || l[0].Hostname != "box" || l[0].Addr != lease.Addr.Addr() {
			w.Errorf("leases %+v", l)
		}
		if s := w.lab.Stats(); s.FramesIn == 0 || s.FramesOut == 0 {
			w.Errorf("stats %+v", s)
		}
	})
}

// TestTAPMode: the kernel has the first address and is the router, the lab has the last one.
func TestTAPMode(t *testing.T) {
	kernel, last := labAddr, netip.MustParseAddr("192.168.10.254")
	inWorld(t, func(c *Config) { c.Addr = netip.PrefixFrom(last, 24) }, func(w *world) {
		h := w.attach("box", "box")
		lease, err := h.DHCP(w.ctx, netip.Addr{})
		if err != nil {
			w.Fatal(err)
		}
		if lease.Addr.Addr().String() != "192.168.10.2" || lease.Server != last || lease.Routers[0] != kernel || lease.DNS[0] != last {
			w.Errorf("lease %+v", lease)
		}
		for name, want := range map[string]netip.Addr{"www.httptap.test": last, "gateway.httptap.test": kernel, "HTTPTAP.test": last} {
			if a, err := h.LookupHost(w.ctx, name); err != nil || len(a) != 1 || a[0] != want {
				w.Errorf("%s is %v, %v", name, a, err)
			}
		}
		for addr, want := range map[netip.Addr]string{last: "www.httptap.test", kernel: "gateway.httptap.test", lease.Addr.Addr(): "box.httptap.test"} {
			r, err := h.Lookup(w.ctx, dns.ReverseName(addr), dns.TypePTR)
			if err != nil || len(r) != 1 || strings.TrimSuffix(r[0].Target, ".") != want {
				w.Errorf("the name of %s is %v, %v", addr, r, err)
			}
		}
	})
}

func TestNamesFollowLeases(t *testing.T) {
	inWorld(t, func(c *Config) { c.Lease = 10 * time.Minute }, func(w *world) {
		a := w.client("one")
		b := w.client("two.example")
		w.client("www") // may not take the lab's own name
		check := func(when, name, want string) {
			w.Helper()
			addrs, err := a.LookupHost(w.ctx, name)
			var d *net.DNSError
			switch {
			case want == "" && (!errors.As(err, &d) || !d.IsNotFound):
				w.Errorf("%s: %s is %v, %v; want none", when, name, addrs, err)
			case want != "" && (err != nil || len(addrs) != 1 || addrs[0].String() != want):
				w.Errorf("%s: %s is %v, %v; want %s", when, name, addrs, err, want)
			}
		}
		check("leased", "one.httptap.test", "192.168.10.2")
		check("leased", "two.httptap.test", "192.168.10.3")
		check("leased", "www.httptap.test", labAddr.String())
		check("never there", "three.httptap.test", "")
		same := w.attach("other", "one") // a second one of that name has the name only after the first
		if _, err := same.DHCP(w.ctx, netip.Addr{}); err != nil {
			w.Fatal(err)
		}
		check("leased", "one.httptap.test", "192.168.10.2")
		if err := b.Release(w.ctx); err != nil {
			w.Fatal(err)
		}
		synctest.Wait()
		check("released", "two.httptap.test", "")
		same.Close() // without a word, so its lease lasts to its end
		if n := len(w.lab.Leases()); n != 3 {
			w.Errorf("%d leases", n)
		}
		time.Sleep(11 * time.Minute)
		if n := len(w.lab.Leases()); n != 2 {
			w.Errorf("%d leases: the dead client's should have ended, the others renew theirs", n)
		}
		check("renewed", "one.httptap.test", "192.168.10.2")
	})
}

func TestTwoClientsAndOneThatCameBack(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a, b := w.client("a"), w.client("b")
		if a.Addr() == b.Addr() {
			w.Fatalf("both have %v", a.Addr())
		}
		addr := a.Addr()
		a.Close() // killed
		if again := w.client("a"); again.Addr() != addr {
			w.Errorf("the client that came back has %v, before %v", again.Addr(), addr)
		}
	})
}

// TestMalformed sends rubbish to every UDP service; each of them still works afterwards.
func TestMalformed(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		h := w.client("box")
		name, _ := dns.ParseName("www.httptap.test")
		query := dns.AppendQuery(nil, 7, name, dns.TypeA, 0)
		response := bytes.Clone(query)
		response[2] |= 0x80
		for port, rows := range map[uint16][][]byte{
			dhcpv4.ServerPort: {nil, {1}, make([]byte, 240), bytes.Repeat([]byte{0xff}, 600), make([]byte, 3000)},
			dns.Port:          {nil, {1}, make([]byte, 11), response, bytes.Repeat([]byte{0xc0}, 100)},
			ntp.Port:          {nil, {1}, make([]byte, 47), make([]byte, 48), bytes.Repeat([]byte{0xff}, 48)},
		} {
			for _, b := range rows {
				if got := w.udp(h, port, b); len(got) > 0 && port != dns.Port {
					w.Errorf("port %d: % x is answered % x", port, b, got)
				}
			}
		}
		w.ask(h, "www.httptap.test", dns.TypeA)
		if _, err := h.Offset(w.ctx, labAddr); err != nil {
			w.Error(err)
		}
		w.client("another")
		// What can't be answered because nobody listens: the client's socket is closed already.
		c, err := h.DialContext(w.ctx, "udp", "192.168.10.1:123")
		if err != nil {
			w.Fatal(err)
		}
		req := make([]byte, 48)
		req[0] = 4<<3 | 3
		c.Write(req)
		c.Close()
		synctest.Wait()
		if _, err := h.Offset(w.ctx, labAddr); err != nil {
			w.Error(err)
		}
	})
}

func TestNewFails(t *testing.T) {
	a, _ := link.Pipe(link.PipeOptions{})
	defer a.Close()
	for name, cfg := range map[string]Config{
		"no device":     {Addr: netip.PrefixFrom(labAddr, 24)},
		"no address":    {Device: a},
		"IPv6":          {Device: a, Addr: netip.MustParsePrefix("fd00::1/64")},
		"0.0.0.0":       {Device: a, Addr: netip.MustParsePrefix("0.0.0.0/24")},
		"a short lease": {Device: a, Addr: netip.PrefixFrom(labAddr, 24), Lease: -1},
	} {
		if l, err := New(cfg); err == nil {
			l.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCloseTwice(t *testing.T) {
	a, b := link.Pipe(link.PipeOptions{})
	defer b.Close()
	l, err := New(Config{Device: a, Addr: netip.PrefixFrom(labAddr, 24)})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

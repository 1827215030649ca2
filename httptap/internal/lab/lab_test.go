package lab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
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

func (w *world) ask(h *stack.Host, name string, typ uint16) dns.Message {
	w.Helper()
	n, err := dns.ParseName(name)
	if err != nil {
		w.Fatal(err)
	}
	m, err := dns.Parse(w.udp(h, dns.Port, dns.AppendQuery(nil, 7, n, typ, dns.EDNSSize)))
	if err != nil {
		w.Fatal(err)
	}
	return m
}

// udp sends a datagram and returns the answer, nil when there is none for a while.
func (w *world) udp(h *stack.Host, port uint16, msg []byte) []byte {
	w.Helper()
	c, err := h.DialContext(w.ctx, "udp", netip.AddrPortFrom(labAddr, port).String())
	if err != nil {
		w.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(msg); err != nil {
		w.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	buf := make([]byte, 0xffff)
	n, err := c.Read(buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	if err != nil {
		w.Fatal(err)
	}
	return buf[:n]
}

func TestDNSAuthority(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		h := w.client("box")
		for _, c := range []struct {
			name  string
			typ   uint16
			rcode dns.RCode
			want  []string // of the answers; empty: the authority section has the SOA
		}{
			{"www.httptap.test", dns.TypeA, dns.NoError, []string{"192.168.10.1"}},
			{"www.httptap.test", dns.TypeAAAA, dns.NoError, nil},
			{"no.httptap.test", dns.TypeA, dns.NXDomain, nil},
			{"deep.no.httptap.test", dns.TypeA, dns.NXDomain, nil},
			{"httptap.test", dns.TypeNS, dns.NoError, []string{"dns.httptap.test"}},
			{"httptap.test", dns.TypeTXT, dns.NoError, []string{"httptap 1.2"}},
			{"about.httptap.test", dns.TypeTXT, dns.NoError, []string{"httptap 1.2"}},
			{"1.10.168.192.in-addr.arpa", dns.TypePTR, dns.NoError, []string{"www.httptap.test"}},
			{"2.10.168.192.in-addr.arpa", dns.TypePTR, dns.NoError, []string{"box.httptap.test"}},
			{"99.10.168.192.in-addr.arpa", dns.TypePTR, dns.NXDomain, nil},
			{"10.168.192.in-addr.arpa", dns.TypeSOA, dns.NoError, []string{"dns.httptap.test"}},
		} {
			m := w.ask(h, c.name, c.typ)
			if m.RCode() != c.rcode || m.Flags()&dns.FlagAuthoritative == 0 || m.ID() != 7 {
				w.Errorf("%s %s: %v, flags %#x", c.name, dns.TypeName(c.typ), m.RCode(), m.Flags())
			}
			i := 0
			for rr := range m.Records() {
				switch text := rr.Record().String(); {
				case rr.Section == dns.Answers && (i >= len(c.want) || !strings.Contains(text, c.want[i])):
					w.Errorf("%s %s: answer %s", c.name, dns.TypeName(c.typ), text)
				case rr.Section == dns.Answers:
					i++
				case rr.Section == dns.Authorities && rr.Type != dns.TypeSOA:
					w.Errorf("%s: authority %s", c.name, text)
				}
			}
			if i != len(c.want) || len(c.want) == 0 && m.Count(dns.Authorities) != 1 {
				w.Errorf("%s %s: %d answers, %d authorities", c.name, dns.TypeName(c.typ), i, m.Count(dns.Authorities))
			}
		}
	})
}

// answerWith makes a resolver's reply to query with n addresses.
func answerWith(query []byte, n int) []byte {
	m, err := dns.Parse(query)
	if err != nil {
		panic(err)
	}
	q, _ := m.Question()
	var b dns.Builder
	b.Start(nil, 0xffff, m.ID(), dns.FlagResponse|dns.FlagRecursionAvailable, false)
	b.Question(q.Name, q.Type, q.Class)
	for i := range n {
		b.Record(dns.Answers, q.Name, dns.TypeA, dns.ClassIN, 9, []byte{10, 9, byte(i >> 8), byte(i)})
	}
	return b.Finish()
}

func TestDNSForwards(t *testing.T) {
	var asked atomic.Int32
	resolver := func(ctx context.Context, query []byte, stream bool) ([]byte, error) {
		asked.Add(1)
		m, err := dns.Parse(query)
		if err != nil {
			return nil, err
		}
		switch q, _ := m.Question(); q.Name.String() {
		case "many.example.com.", "many.example.com":
			return answerWith(query, 300), nil
		case "silent.example.com.", "silent.example.com":
			<-ctx.Done()
			return nil, ctx.Err()
		case "forged.example.com.", "forged.example.com":
			r := answerWith(query, 1)
			r[0]++
			return r, nil
		case "other.example.com.", "other.example.com":
			n, _ := dns.ParseName("another.example.com")
			return answerWith(dns.AppendQuery(nil, m.ID(), n, dns.TypeA, 0), 1), nil
		case "garbage.example.com.", "garbage.example.com":
			return []byte("garbage"), nil
		}
		return answerWith(query, 2), nil
	}
	inWorld(t, func(c *Config) { c.Resolver = resolver }, func(w *world) {
		h := w.client("box")
		m := w.ask(h, "www.example.com", dns.TypeA)
		if m.RCode() != dns.NoError || m.Count(dns.Answers) != 2 || m.ID() != 7 || m.Flags()&dns.FlagAuthoritative != 0 {
			w.Errorf("a name of others: %v, %d answers, id %d", m.RCode(), m.Count(dns.Answers), m.ID())
		}
		if m := w.ask(h, "many.example.com", dns.TypeA); !m.Truncated() || m.Count(dns.Answers) != 0 || m.Count(dns.Questions) != 1 {
			w.Errorf("too long for UDP: truncated %v, %d answers", m.Truncated(), m.Count(dns.Answers))
		}
		if addrs, err := h.LookupHost(w.ctx, "many.example.com"); err != nil || len(addrs) != 300 {
			w.Errorf("over TCP: %d addresses, %v", len(addrs), err)
		}
		start := time.Now()
		for _, name := range []string{"silent", "forged", "other", "garbage"} {
			if m := w.ask(h, name+".example.com", dns.TypeA); m.RCode() != dns.ServFail || m.Count(dns.Questions) != 1 {
				w.Errorf("%s: %v", name, m.RCode())
			}
		}
		if d := time.Since(start); d != forwardTimeout {
			w.Errorf("the silent one took %v, want %v", d, forwardTimeout)
		}
		before := asked.Load()
		w.ask(h, "no.httptap.test", dns.TypeA)
		w.ask(h, "200.10.168.192.in-addr.arpa", dns.TypePTR)
		if asked.Load() != before {
			w.Error("the lab asks others for its own names")
		}
		if w.ask(h, "1.11.168.192.in-addr.arpa", dns.TypePTR); asked.Load() != before+1 {
			w.Error("the lab does not ask others for their addresses' names")
		}
	})
}

func TestTooManyForwards(t *testing.T) {
	var waiting atomic.Int32
	resolver := func(ctx context.Context, query []byte, stream bool) ([]byte, error) {
		waiting.Add(1)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	inWorld(t, func(c *Config) { c.Resolver = resolver }, func(w *world) {
		h := w.client("box")
		c, err := h.DialContext(w.ctx, "udp", "192.168.10.1:53")
		if err != nil {
			w.Fatal(err)
		}
		defer c.Close()
		n, _ := dns.ParseName("www.example.com")
		for i := range maxForwards + 3 {
			c.Write(dns.AppendQuery(nil, uint16(i), n, dns.TypeA, 0))
		}
		synctest.Wait()
		if n := waiting.Load(); n != maxForwards {
			w.Errorf("%d queries were forwarded at once, the bound is %d", n, maxForwards)
		}
		buf, refused := make([]byte, 512), map[uint16]bool{}
		for range 3 {
			n, err := c.Read(buf)
			m, perr := dns.Parse(buf[:n])
			if err != nil || perr != nil || m.RCode() != dns.ServFail || m.ID() < maxForwards {
				w.Errorf("one too many: %d %v %v %v", m.ID(), m.RCode(), err, perr)
			}
			refused[m.ID()] = true
		}
		if len(refused) != 3 {
			w.Errorf("refused: %v", refused)
		}
		// Close ends what is on its way: the test would not end otherwise.
	})
}

func TestDNSOverTCP(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		h := w.client("box")
		n, _ := dns.ParseName("www.httptap.test")
		q := dns.AppendQuery(nil, 7, n, dns.TypeA, 0)
		framed := append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), q...)
		dial := func() net.Conn {
			c, err := h.DialContext(w.ctx, "tcp", "192.168.10.1:53")
			if err != nil {
				w.Fatal(err)
			}
			return c
		}
		answer := func(c net.Conn) (dns.Message, error) {
			var b [2]byte
			if _, err := io.ReadFull(c, b[:]); err != nil {
				return dns.Message{}, err
			}
			buf := make([]byte, binary.BigEndian.Uint16(b[:]))
			if _, err := io.ReadFull(c, buf); err != nil {
				return dns.Message{}, err
			}
			return dns.Parse(buf)
		}
		c := dial()
		for i := range 3 { // several queries on one connection, in pieces
			if i == 1 {
				c.Write(framed[:1])
				c.Write(framed[1:20])
				c.Write(framed[20:])
			} else {
				c.Write(framed)
			}
			if m, err := answer(c); err != nil || m.Count(dns.Answers) != 1 {
				w.Fatalf("query %d: %v", i, err)
			}
		}
		other, _ := dns.ParseName("www.example.com")
		q2 := dns.AppendQuery(nil, 8, other, dns.TypeA, 0)
		c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(q2))), q2...))
		if m, err := answer(c); err != nil || m.RCode() != dns.ServFail {
			w.Errorf("not forwarded: %v %v", m.RCode(), err)
		}
		start := time.Now()
		if _, err := answer(c); !errors.Is(err, io.EOF) || time.Since(start) != streamIdle {
			w.Errorf("an idle connection ends with %v after %v", err, time.Since(start))
		}
		c.Close()
		for name, bad := range map[string][]byte{
			"half a length":             {0},
			"a length and no query":     {0, 12},
			"a query that is too short": {0, 3, 1, 2, 3},
			"a response":                append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), append([]byte{0, 7, 0x80}, q[3:]...)...),
		} {
			c := dial()
			c.Write(bad)
			if _, err := answer(c); !errors.Is(err, io.EOF) {
				w.Errorf("%s: %v", name, err)
			}
			c.Close()
		}
		// Clients that hold connections: others wait until they have idled out.
		var held []net.Conn
		for range maxStreams {
			held = append(held, dial())
		}
		late := dial()
		late.Write(framed)
		if m, err := answer(late); err != nil || m.Count(dns.Answers) != 1 {
			w.Errorf("after those that idle: %v", err)
		}
		for _, c := range append(held, late) {
			c.Close()
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

func TestHTTPBodies(t *testing.T) {
	want := make([]byte, 1<<20)
	Body().Read(want)
	inWorld(t, nil, func(w *world) {
		h := w.client("box")
		for _, n := range []int{0, 1, 1000, 1 << 20} {
			for _, c := range []struct {
				kind    string
				length  int64
				chunked bool
				closed  bool
			}{{"bytes", int64(n), false, false}, {"chunked", -1, true, false}, {"close", -1, false, true}} {
				resp, body := w.get(h, fmt.Sprintf("http://192.168.10.1/%s/%d", c.kind, n))
				if resp.StatusCode != 200 || !bytes.Equal(body, want[:n]) {
					w.Errorf("%s/%d: %s, %d bytes", c.kind, n, resp.Status, len(body))
				}
				chunked := len(resp.TransferEncoding) == 1 && resp.TransferEncoding[0] == "chunked"
				if resp.ContentLength != c.length || chunked != c.chunked || resp.Close != c.closed {
					w.Errorf("%s/%d: length %d, chunked %v, close %v", c.kind, n, resp.ContentLength, chunked, resp.Close)
				}
			}
		}
		r, _ := http.NewRequestWithContext(w.ctx, http.MethodHead, "http://192.168.10.1/bytes/5", nil)
		if resp, body := w.do(h, r); resp.ContentLength != 5 || len(body) != 0 {
			w.Errorf("HEAD: length %d, %d bytes", resp.ContentLength, len(body))
		}
		for path, want := range map[string]int{
			"/bytes/-1": 400, "/bytes/x": 400, "/bytes/99999999999999999999": 400, "/chunked/1099511627777": 400,
			"/status/404": 404, "/status/204": 204, "/status/500": 500, "/status/100": 400, "/status/600": 400, "/status/x": 400,
			"/nowhere": 404, "/bytes": 404,
		} {
			if resp, _ := w.get(h, "http://192.168.10.1"+path); resp.StatusCode != want {
				w.Errorf("%s: %s, want %d", path, resp.Status, want)
			}
		}
		r, _ = http.NewRequestWithContext(w.ctx, http.MethodPost, "http://www.httptap.test/echo?a=b", strings.NewReader("the body"))
		r.Header.Set("X-Test", "yes")
		_, body := w.do(h, r)
		for _, want := range []string{"POST /echo?a=b HTTP/1.1\r\n", "Host: www.httptap.test\r\n", "X-Test: yes\r\n", "\r\n\r\nthe body"} {
			if !strings.Contains(string(body), want) {
				w.Errorf("the echo has no %q:\n%s", want, body)
			}
		}
		r, _ = http.NewRequestWithContext(w.ctx, http.MethodPost, "http://www.httptap.test/echo", bytes.NewReader(make([]byte, maxEcho+1)))
		if resp, _ := w.do(h, r); resp.StatusCode != 413 {
			w.Errorf("a body that is too long: %s", resp.Status)
		}
		if resp, _ := w.get(h, "http://192.168.10.1/"); resp.StatusCode != 200 {
			w.Errorf("by address: %s", resp.Status)
		}
	})
}

// TestHTTPRudeClients: half a request, too many headers, a client that takes nothing.
func TestHTTPRudeClients(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		h := w.client("box")
		dial := func() net.Conn {
			c, err := h.DialContext(w.ctx, "tcp", "192.168.10.1:80")
			if err != nil {
				w.Fatal(err)
			}
			return c
		}
		half := dial()
		io.WriteString(half, "GET / HTTP/1.1\r\nHost: x\r\n")
		start := time.Now()
		io.Copy(io.Discard, half)
		if d := time.Since(start); d != 10*time.Second {
			w.Errorf("half a request is waited for %v", d)
		}
		half.Close()

		long := dial()
		io.WriteString(long, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 64<<10))
		if resp, err := http.ReadResponse(bufio.NewReader(long), nil); err != nil || resp.StatusCode != 431 {
			w.Errorf("64 KiB of headers: %v %v", resp, err)
		}
		long.Close()

		none := dial()
		io.WriteString(none, "nonsense\r\n\r\n")
		if resp, err := http.ReadResponse(bufio.NewReader(none), nil); err != nil || resp.StatusCode != 400 {
			w.Errorf("nonsense: %v %v", resp, err)
		}
		none.Close()

		greedy := dial() // asks for much and reads nothing
		io.WriteString(greedy, "GET /bytes/1000000000 HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(stalled + time.Minute)
		got, err := io.Copy(io.Discard, greedy)
		if got > 4<<20 {
			w.Errorf("a client that took nothing got %d bytes, %v: the server still sent", got, err)
		}
		greedy.Close()
		if resp, _ := w.get(h, "http://192.168.10.1/"); resp.StatusCode != 200 {
			w.Errorf("afterwards: %s", resp.Status)
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

package dhcpv4

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"httptap/stack/link"
)

var network = netip.MustParsePrefix("192.168.10.0/24")

func newServer(t *testing.T, change func(*ServerConfig)) *Server {
	t.Helper()
	router := []netip.Addr{netip.AddrFrom4(server)}
	cfg := ServerConfig{Addr: server, Prefix: network, Router: router, DNS: router, NTP: router,
		Domain: "httptap.test", MTU: 1500, Lease: time.Hour}
	if change != nil {
		change(&cfg)
	}
	s := new(Server)
	if err := s.Reset(cfg); err != nil {
		t.Fatal(err)
	}
	return s
}

// A link between clients and servers, in which time passes as it is told.
type lan struct {
	t       *testing.T
	now     time.Time
	clients []*Client
	servers []*Server
	lose    func() bool // nil: nothing is lost
	log     []string
}

// settle carries messages until nobody has one to send now.
func (l *lan) settle() {
	l.t.Helper()
	buf := make([]byte, BufferLen)
	for busy, rounds := true, 0; busy; rounds++ {
		if rounds > 1000 {
			l.t.Fatalf("the exchange does not end: %v", l.log[len(l.log)-20:])
		}
		busy = false
		for _, c := range l.clients {
			for n, _, to := c.Transmit(l.now, buf); n > 0; n, _, to = c.Transmit(l.now, buf) {
				busy = true
				l.note(buf[:n])
				for _, s := range l.servers {
					if (to == broadcast || to == s.cfg.Addr) && (l.lose == nil || !l.lose()) {
						_ = s.Receive(l.now, buf[:n]) // a refusal shows in what follows
					}
				}
			}
		}
		for _, s := range l.servers {
			for n, to := s.Transmit(l.now, buf); n > 0; n, to = s.Transmit(l.now, buf) {
				busy = true
				l.note(buf[:n])
				for _, c := range l.clients {
					if (to.HardwareAddr == link.Broadcast || to.HardwareAddr == c.cfg.HardwareAddr ||
						to.HardwareAddr.IsZero() && to.Addr == c.offer.addr) && (l.lose == nil || !l.lose()) {
						_ = c.Receive(l.now, buf[:n])
					}
				}
			}
		}
	}
}

func (l *lan) note(b []byte) {
	m, err := Parse(b)
	if err != nil {
		l.t.Fatalf("sent a message that can't be parsed: %v: % x", err, b)
	}
	l.log = append(l.log, m.Type().String())
}

// run lets the time pass until t.
func (l *lan) run(until time.Time) {
	l.t.Helper()
	for {
		l.settle()
		next := until
		for _, c := range l.clients {
			if d := c.Deadline(); !d.IsZero() && d.Before(next) {
				next = d
			}
		}
		if !next.After(l.now) && l.now.Equal(until) {
			return
		}
		l.now = next
	}
}

func (l *lan) add(mac link.Addr, cfg ClientConfig) *Client {
	c := new(Client)
	cfg.HardwareAddr = mac
	c.Start(l.now, cfg)
	l.clients = append(l.clients, c)
	return c
}

func (l *lan) has(c *Client, addr string) {
	l.t.Helper()
	lease, ok := c.Lease()
	if want := netip.MustParseAddr(addr); !ok || lease.Addr.Addr() != want {
		l.t.Fatalf("lease %v %v, want %v; refused: %v; %v", lease.Addr, ok, want, c.Refused(), l.log)
	}
}

func macOf(n int) link.Addr { return link.Addr{2, 0, 0, 0, byte(n >> 8), byte(n)} }

func TestWholeLife(t *testing.T) {
	s := newServer(t, nil)
	l := &lan{t: t, now: t0, servers: []*Server{s}}
	c := l.add(mac, ClientConfig{Hostname: "box"})
	l.settle()
	l.has(c, "192.168.10.2")
	if want := []string{"DHCPDISCOVER", "DHCPOFFER", "DHCPREQUEST", "DHCPACK"}; !slices.Equal(l.log, want) {
		t.Errorf("exchange %v, want %v", l.log, want)
	}
	lease, _ := c.Lease()
	if lease.Domain != "httptap.test" || lease.MTU != 1500 || len(lease.NTP) != 1 || len(lease.DNS) != 1 ||
		len(lease.Routers) != 1 || lease.Addr.Bits() != 24 || lease.Expires.Sub(lease.Obtained) != time.Hour {
		t.Errorf("lease %+v", lease)
	}
	b := s.Leases(l.now)
	if len(b) != 1 || b[0].Hostname != "box" || b[0].HardwareAddr != mac || !b[0].Expires.Equal(l.now.Add(time.Hour)) {
		t.Errorf("bindings %+v", b)
	}

	l.log = nil
	l.run(t0.Add(5 * time.Hour))
	l.has(c, "192.168.10.2")
	if n := len(l.log); n != 20 || slices.Contains(l.log, "DHCPDISCOVER") {
		t.Errorf("in five hours it renews every half hour: %v", l.log)
	}

	c.Release(l.now)
	l.settle()
	if b := s.Leases(l.now); len(b) != 0 {
		t.Errorf("released, but the server still has %+v", b)
	}
	other := l.add(macOf(7), ClientConfig{})
	l.settle()
	l.has(other, "192.168.10.3")
	c.Start(l.now, ClientConfig{HardwareAddr: mac, Seed: 9})
	l.settle()
	l.has(c, "192.168.10.2") // the same client gets the same address
}

func TestLostMessages(t *testing.T) {
	for seed := range 200 {
		s := newServer(t, nil)
		n := seed * 7919
		l := &lan{t: t, now: t0, servers: []*Server{s}, lose: func() bool {
			n = n*1103515245 + 12345
			return n>>16&3 == 0
		}}
		c := l.add(mac, ClientConfig{Seed: uint64(seed)})
		l.run(t0.Add(time.Hour)) // a quarter is lost, but an hour is a long time
		l.has(c, "192.168.10.2")
		l.lose = nil
		l.run(t0.Add(3 * time.Hour))
		l.has(c, "192.168.10.2")
	}
}

func TestTwoServers(t *testing.T) {
	one := newServer(t, nil)
	second := [4]byte{192, 168, 10, 200}
	two := newServer(t, func(cfg *ServerConfig) {
		cfg.Addr, cfg.First, cfg.Last = second, netip.MustParseAddr("192.168.10.100"), netip.MustParseAddr("192.168.10.199")
	})
	l := &lan{t: t, now: t0, servers: []*Server{one, two}}
	c := l.add(mac, ClientConfig{})
	l.settle()
	l.has(c, "192.168.10.2")
	if r := two.pool.of(append([]byte{'i', 1}, mac[:]...)); r == nil || r.active(l.now) {
		t.Errorf("the server that was not chosen keeps its offer: %+v", r)
	}
	// The server goes away: the other one does not give what is not its own, so the lease ends,
	// and then it serves.
	l.servers = []*Server{two}
	lease, _ := c.Lease()
	l.run(lease.Expires.Add(time.Minute))
	l.has(c, "192.168.10.100")
}

func TestServerForgot(t *testing.T) {
	l := &lan{t: t, now: t0, servers: []*Server{newServer(t, nil)}}
	c := l.add(mac, ClientConfig{})
	l.settle()
	l.log = nil
	l.servers = []*Server{newServer(t, nil)}
	l.run(t0.Add(31 * time.Minute))
	l.has(c, "192.168.10.2")
	if want := []string{"DHCPREQUEST", "DHCPACK"}; !slices.Equal(l.log, want) {
		t.Errorf("a server that lost its records renews what is its own: %v", l.log)
	}
	// But not when another client got the address meanwhile.
	l.servers = []*Server{newServer(t, nil)}
	l.clients = nil
	thief := l.add(macOf(8), ClientConfig{})
	l.settle()
	l.has(thief, "192.168.10.2")
	l.clients = append(l.clients, c)
	l.run(t0.Add(62 * time.Minute))
	l.has(c, "192.168.10.3")
	if !slices.Contains(l.log, "DHCPNAK") {
		t.Errorf("the first client was not told: %v", l.log)
	}
}

func TestDeclinedAddressIsNotGivenAgain(t *testing.T) {
	s := newServer(t, nil)
	l := &lan{t: t, now: t0, servers: []*Server{s}}
	c := l.add(mac, ClientConfig{})
	l.settle()
	c.Decline(l.now)
	l.settle()
	l.has(c, "192.168.10.3")
	l.add(macOf(9), ClientConfig{Requested: given})
	l.settle()
	l.has(l.clients[1], "192.168.10.4")
	l.now = l.now.Add(quarantine)
	l.add(macOf(10), ClientConfig{Requested: given})
	l.settle()
	l.has(l.clients[2], "192.168.10.2")
	if st := s.Stats(); st.Declines != 1 || st.ACKs != 4 || st.Offers != 4 || st.Discovers != 4 {
		t.Errorf("stats %+v", st)
	}
}

// TestRequests goes through RFC 2131, 4.3.2: a client with hardware address mac has a lease of
// 192.168.10.2, another one of .3.
func TestRequests(t *testing.T) {
	a := func(last byte) [4]byte { return [4]byte{192, 168, 10, last} }
	opt := func(code byte, a [4]byte) func([]byte) []byte { return with(code, a[:]...) }
	const silent = Type(0)
	for _, c := range []struct {
		name string
		h    Header
		typ  Type
		opts []func([]byte) []byte
		want Type
		err  error
		to   Destination
	}{
		{name: "SELECTING: our offer is taken", typ: Request,
			opts: []func([]byte) []byte{opt(OptServer, server), opt(OptRequested, a(2))}, want: ACK,
			to: Destination{a(2), mac, ClientPort}},
		{name: "SELECTING, broadcast flag: the answer is broadcast", h: Header{Broadcast: true}, typ: Request,
			opts: []func([]byte) []byte{opt(OptServer, server), opt(OptRequested, a(2))}, want: ACK,
			to: Destination{broadcast, link.Broadcast, ClientPort}},
		{name: "SELECTING through a relay", h: Header{GIAddr: a(77)}, typ: Request,
			opts: []func([]byte) []byte{opt(OptServer, server), opt(OptRequested, a(2))}, want: ACK,
			to: Destination{Addr: a(77), Port: ServerPort}},
		{name: "SELECTING: another free address of the pool", typ: Request,
			opts: []func([]byte) []byte{opt(OptServer, server), opt(OptRequested, a(50))}, want: ACK,
			to: Destination{a(50), mac, ClientPort}},
		{name: "SELECTING: another client's address", typ: Request,
			opts: []func([]byte) []byte{opt(OptServer, server), opt(OptRequested, a(3))}, want: NAK,
			to: Destination{broadcast, link.Broadcast, ClientPort}},
		{name: "SELECTING: the server's own address", typ: Request,
			opts: []func([]byte) []byte{opt(OptServer, server), opt(OptRequested, server)}, want: NAK,
			to: Destination{broadcast, link.Broadcast, ClientPort}},
		{name: "SELECTING: the broadcast address", typ: Request,
			opts: []func([]byte) []byte{opt(OptServer, server), opt(OptRequested, a(255))}, want: NAK,
			to: Destination{broadcast, link.Broadcast, ClientPort}},
		{name: "SELECTING: another server is chosen", typ: Request,
			opts: []func([]byte) []byte{opt(OptServer, a(9)), opt(OptRequested, a(2))}, err: ErrOtherServer},
		{name: "SELECTING without the address", typ: Request,
			opts: []func([]byte) []byte{opt(OptServer, server)}, err: ErrRequest},
		{name: "SELECTING with ciaddr", h: Header{CIAddr: a(2)}, typ: Request,
			opts: []func([]byte) []byte{opt(OptServer, server), opt(OptRequested, a(2))}, err: ErrRequest},
		{name: "INIT-REBOOT: its own address", typ: Request,
			opts: []func([]byte) []byte{opt(OptRequested, a(2))}, want: ACK, to: Destination{a(2), mac, ClientPort}},
		{name: "INIT-REBOOT: not its own address", typ: Request,
			opts: []func([]byte) []byte{opt(OptRequested, a(4))}, want: NAK, to: Destination{broadcast, link.Broadcast, ClientPort}},
		{name: "INIT-REBOOT from another network", typ: Request,
			opts: []func([]byte) []byte{opt(OptRequested, [4]byte{10, 0, 0, 5})}, want: NAK,
			to: Destination{broadcast, link.Broadcast, ClientPort}},
		{name: "INIT-REBOOT from another network through a relay", h: Header{GIAddr: a(77)}, typ: Request,
			opts: []func([]byte) []byte{opt(OptRequested, [4]byte{10, 0, 0, 5})}, want: NAK,
			to: Destination{Addr: a(77), Port: ServerPort}},
		{name: "INIT-REBOOT of an unknown client", h: Header{HardwareAddr: macOf(99)}, typ: Request,
			opts: []func([]byte) []byte{opt(OptRequested, a(2))}, err: ErrUnknown},
		{name: "RENEWING", h: Header{CIAddr: a(2)}, typ: Request, want: ACK, to: Destination{Addr: a(2), Port: ClientPort}},
		{name: "RENEWING another client's address", h: Header{CIAddr: a(3)}, typ: Request, want: NAK,
			to: Destination{broadcast, link.Broadcast, ClientPort}},
		{name: "RENEWING an address from another network", h: Header{CIAddr: [4]byte{10, 0, 0, 5}}, typ: Request, want: NAK,
			to: Destination{broadcast, link.Broadcast, ClientPort}},
		{name: "RENEWING an address of this network that is not in the pool", h: Header{CIAddr: server}, typ: Request, err: ErrUnknown},
		{name: "RENEWING and asking for another address", h: Header{CIAddr: a(2)}, typ: Request,
			opts: []func([]byte) []byte{opt(OptRequested, a(9))}, err: ErrRequest},
		{name: "a request for nothing", typ: Request, err: ErrRequest},
		{name: "INFORM", h: Header{CIAddr: a(40)}, typ: Inform, want: ACK, to: Destination{Addr: a(40), Port: ClientPort}},
		{name: "INFORM without an address", typ: Inform, err: ErrRequest},
		{name: "RELEASE", h: Header{CIAddr: a(2)}, typ: Release, opts: []func([]byte) []byte{opt(OptServer, server)}, want: silent},
		{name: "RELEASE of another client's address", h: Header{CIAddr: a(3)}, typ: Release,
			opts: []func([]byte) []byte{opt(OptServer, server)}, err: ErrUnknown},
		{name: "RELEASE to another server", h: Header{CIAddr: a(2)}, typ: Release,
			opts: []func([]byte) []byte{opt(OptServer, a(9))}, err: ErrOtherServer},
		{name: "DECLINE", typ: Decline, opts: []func([]byte) []byte{opt(OptServer, server), opt(OptRequested, a(2))}, want: silent},
		{name: "DECLINE of another client's address", typ: Decline,
			opts: []func([]byte) []byte{opt(OptServer, server), opt(OptRequested, a(3))}, err: ErrUnknown},
		{name: "DECLINE without a server", typ: Decline, opts: []func([]byte) []byte{opt(OptRequested, a(2))}, err: ErrOtherServer},
		{name: "a server's message", h: Header{Op: OpReply}, typ: Discover, err: ErrNotRequest},
		{name: "BOOTP", err: ErrType},
		{name: "an offer from a client", typ: Offer, err: ErrType},
		{name: "a multicast hardware address", h: Header{HardwareAddr: link.Addr{1, 0, 0x5e, 0, 0, 1}}, typ: Discover, err: ErrHardwareAddr},
		{name: "a relay in another network", h: Header{GIAddr: [4]byte{10, 0, 0, 1}}, typ: Discover, err: ErrOtherNetwork},
	} {
		s := newServer(t, nil)
		l := &lan{t: t, now: t0, servers: []*Server{s}}
		// These clients have no client identifier: the hardware address is their key.
		for i, hw := range []link.Addr{mac, macOf(3)} {
			if s.pool.choose(t0, append([]byte{'h'}, hw[:]...), [4]byte{}) == nil {
				t.Fatal("no address")
			}
			r := s.pool.byAddr[number(a(byte(2+i)))]
			r.state, r.until, r.hw = leased, t0.Add(time.Hour), hw
		}
		refused := s.Stats().Refused
		err := s.Receive(l.now, clientMessage(c.h, c.typ, c.opts...))
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
		if (s.Stats().Refused > refused) != (c.err != nil) {
			t.Errorf("%s: refusals are counted wrong", c.name)
		}
		buf := bytes.Repeat([]byte{0xa5}, BufferLen)
		n, to := s.Transmit(l.now, buf)
		var got Type
		if n > 0 {
			m, err := Parse(buf[:n])
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			got = m.Type()
			if m.GIAddr() != c.h.GIAddr || m.Broadcast() != (c.h.Broadcast || got == NAK && c.h.GIAddr != [4]byte{}) || m.Op() != OpReply {
				t.Errorf("%s: the header is wrong", c.name)
			}
			_, timed := m.Uint32(OptLeaseTime)
			if want := got == ACK && c.typ == Request; timed != want {
				t.Errorf("%s: a lease time is there: %v, want %v", c.name, timed, want)
			}
			if id, _ := m.Addr(OptServer); id != server {
				t.Errorf("%s: server identifier %v", c.name, id)
			}
		}
		if got != c.want || to != c.to {
			t.Errorf("%s: answer %v to %v, want %v to %v", c.name, got, to, c.want, c.to)
		}
		if n, _ := s.Transmit(l.now, buf); n != 0 {
			t.Errorf("%s: a second answer", c.name)
		}
	}
}

func TestAnswerHoldsWhatIsAskedInItsOrder(t *testing.T) {
	s := newServer(t, nil)
	relay := []byte{1, 4, 'p', 'o', 'r', 't'}
	id := []byte("\x00my own identifier")
	err := s.Receive(t0, appendDiscover(mac, with(OptClientID, id...), with(OptRelayAgent, relay...),
		with(OptParameters, OptNTP, OptRouter, OptDNS, OptRouter, 200, OptMask, OptBroadcast, OptLeaseTime), with(OptLeaseTime, 0, 0, 0, 100)))
	if err != nil {
		t.Fatal(err)
	}
	buf := bytes.Repeat([]byte{0xa5}, BufferLen)
	n, _ := s.Transmit(t0, buf)
	m, err := Parse(buf[:n])
	if err != nil {
		t.Fatal(err)
	}
	var codes []byte
	for code := range m.Options {
		codes = append(codes, code)
	}
	want := []byte{OptType, OptServer, OptLeaseTime, OptRenewal, OptRebinding, OptMask, OptNTP, OptRouter, OptDNS, OptBroadcast, OptClientID, OptRelayAgent}
	if !bytes.Equal(codes, want) {
		t.Errorf("options %v, want %v", codes, want)
	}
	if v, _ := m.Uint32(OptLeaseTime); v != 100 {
		t.Errorf("lease time %d, the client asked for 100", v)
	}
	if t1, _ := m.Uint32(OptRenewal); t1 != 50 {
		t.Errorf("T1 %d", t1)
	}
	if t2, _ := m.Uint32(OptRebinding); t2 != 87 {
		t.Errorf("T2 %d", t2)
	}
	if v, _ := m.Option(OptClientID, nil); !bytes.Equal(v, id) {
		t.Errorf("the client identifier comes back as %q", v)
	}
	if v, _ := m.Option(OptRelayAgent, nil); !bytes.Equal(v, relay) {
		t.Errorf("the relay's option comes back as %q", v)
	}
	if v, _ := m.Addr(OptBroadcast); v != [4]byte{192, 168, 10, 255} {
		t.Errorf("broadcast address %v", v)
	}
}

// Many parameters, a long identifier and a small client: what has no room is left out, and the
// answer stays within what the client takes.
func TestAnswerFits(t *testing.T) {
	for _, n := range []int{1, 40, 63, 64, 80, 200} {
		s := newServer(t, func(cfg *ServerConfig) {
			for i := range n {
				cfg.DNS = append(cfg.DNS, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}))
			}
		})
		for _, size := range []int{0, 576, 700, 1500} {
			opts := []func([]byte) []byte{with(OptParameters, OptRouter, OptDNS, OptDomain), with(OptClientID, make([]byte, 200)...)}
			if size > 0 {
				opts = append(opts, with(OptMaxMessage, byte(size>>8), byte(size)))
			}
			if err := s.Receive(t0, appendDiscover(mac, opts...)); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 1472)
			got, _ := s.Transmit(t0, buf)
			m, err := Parse(buf[:got])
			if limit := max(size, 576) - 28; err != nil || got > limit {
				t.Fatalf("%d servers, room for %d: %d bytes, %v", n, limit, got, err)
			}
			dns, ok := m.Option(OptDNS, nil)
			if ok && len(dns) != 4*(n+1) {
				t.Errorf("%d servers, room for %d: half a list, %d bytes", n, size, len(dns))
			}
			if _, router := m.Addr(OptRouter); !router {
				t.Error("the router is missing, for which there is room")
			}
			if size == 1500 && !ok {
				t.Errorf("%d servers are missing though there is room", n)
			}
		}
	}
}

func TestTooManyAnswersWait(t *testing.T) {
	s := newServer(t, nil)
	for i := range maxAnswers {
		if err := s.Receive(t0, appendDiscover(macOf(i))); err != nil {
			t.Fatal(err)
		}
	}
	if !s.Deadline().Equal(t0) {
		t.Errorf("deadline %v while answers wait", s.Deadline())
	}
	if err := s.Receive(t0, appendDiscover(macOf(100))); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v", err)
	}
	buf := make([]byte, BufferLen)
	for i := range maxAnswers {
		n, to := s.Transmit(t0, buf)
		if n == 0 || to.HardwareAddr != macOf(i) {
			t.Fatalf("answer %d goes to %v", i, to)
		}
	}
	if n, _ := s.Transmit(t0, buf); n != 0 || !s.Deadline().IsZero() {
		t.Error("there is more")
	}
	if err := s.Receive(t0, make([]byte, maxRequest+1)); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v", err)
	}
}

func TestServerAllocatesNothing(t *testing.T) {
	s := newServer(t, nil)
	renew := clientMessage(Header{CIAddr: given}, Request, with(OptHostname, 'b', 'o', 'x'), with(OptParameters, parameters[:]...))
	buf := make([]byte, BufferLen)
	n := 0
	step := func() {
		if err := s.Receive(t0, renew); err != nil {
			t.Fatal(err)
		}
		n, _ = s.Transmit(t0, buf)
	}
	for range maxAnswers {
		step() // each slot of the ring gets its memory once
	}
	if got := testing.AllocsPerRun(100, step); got != 0 || n == 0 {
		t.Errorf("%v allocations an exchange", got)
	}
}

func ExampleServer() {
	var s Server
	err := s.Reset(ServerConfig{Addr: [4]byte{192, 0, 2, 1}, Prefix: netip.MustParsePrefix("192.0.2.0/24")})
	if err != nil {
		panic(err)
	}
	var c Client
	now := time.Unix(0, 0)
	c.Start(now, ClientConfig{HardwareAddr: link.Addr{2, 0, 0, 0, 0, 1}})
	buf := make([]byte, BufferLen)
	for c.State() != Bound {
		n, _, _ := c.Transmit(now, buf)
		if err := s.Receive(now, buf[:n]); err != nil {
			panic(err)
		}
		n, _ = s.Transmit(now, buf)
		if err := c.Receive(now, buf[:n]); err != nil {
			panic(err)
		}
	}
	lease, _ := c.Lease()
	fmt.Println(lease.Addr, "from", lease.Server)
	// Output: 192.0.2.2/24 from 192.0.2.1
}

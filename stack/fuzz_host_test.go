package stack

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"httptap/stack/dhcpv4"
	"httptap/stack/dns"
	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/udp"
)

// A recorded frame came to the host at a time after the start.
type recorded struct {
	at    time.Duration
	frame []byte
}

// A box is the host that is fuzzed, with its applications: it gets an address by DHCP, and then
// looks a name up, pings, sends a datagram to a closed port, and carries bytes over TCP, all to
// the server; it serves TCP and an echo over UDP to others.
type box struct {
	h       *Host
	started bool
	lookup  dns.Client
	query   *UDPConn
	echo    *UDPConn
	closed  *UDPConn
	ping    ping
	accept  func() *Conn
	sides   []*side // the first one is the one it dials, others were accepted
	echoed  int
}

const (
	boxStream  = 5000 // bytes each way over each of its connections
	boxPing    = 0x12345678
	serverName = "www.lab.test"
)

// newBox returns the host of s that is fuzzed, as it is when it begins to ask for an address.
func newBox(t testing.TB, s *sim) *box {
	t.Helper()
	h := newSimHost(0, 1500, 4096, 7)
	s.hosts[0] = h
	b := &box{h: h, accept: s.listen(t, 0, 80)}
	var err error
	if b.echo, err = h.listenUDP(7); err != nil {
		t.Fatal(err)
	}
	h.e.dhcp.Start(s.now, dhcpv4.ClientConfig{HardwareAddr: h.e.hw, Hostname: "box", Seed: h.e.rand.Uint64(), MaxMessage: h.e.mtu})
	h.e.dhcpOn, h.e.dhcpGen = true, h.e.dhcp.Generation()
	return b
}

// start begins what the box does once it has an address.
func (b *box) start(s *sim) {
	b.started = true
	server := simAddr(1)
	b.query, _ = b.h.dialUDP(0, netip.AddrPortFrom(server, 53))
	b.lookup.Start(s.now, dns.ClientConfig{Servers: []netip.AddrPort{b.query.remote}, Seed: 1}, serverName, dns.TypeA)
	b.closed, _ = b.h.dialUDP(0, netip.AddrPortFrom(server, 9))
	b.closed.Write([]byte("anybody there?"))
	b.ping = simPing(b.h, server, boxPing)
	b.h.e.pings[boxPing] = &b.ping
	data := GridData()
	b.sides = append(b.sides, &side{c: s.dial(0, 50000, 80), send: data[:boxStream], want: data[boxStream : 2*boxStream]})
}

// simPing sends an echo request.
func simPing(h *Host, to netip.Addr, key uint32) ping {
	p := h.e.newPacket()
	p.src, p.dst, p.proto = h.e.net.addr, to.As4(), ipv4.ProtoICMP
	p.buf = icmpv4.AppendEcho(p.buf, icmpv4.TypeEcho, uint16(key>>16), uint16(key), []byte("are you there?"))
	h.e.enqueue(p, nil)
	return ping{to: to.As4()}
}

// act lets the box's applications do what they can at now.
func (b *box) act(s *sim) (busy bool) {
	if !b.started && b.h.e.net.configured() {
		b.start(s)
		busy = true
	}
	if !b.started {
		return busy
	}
	buf := make([]byte, 4096)
	for n, to, stream := b.lookup.Transmit(s.now, buf); n > 0 && !stream; n, to, stream = b.lookup.Transmit(s.now, buf) {
		if b.h.ready() == nil {
			b.query.WriteToAddrPort(buf[:n], to)
		}
		busy = true
	}
	for b.query.rxLen > 0 {
		n, from, _ := b.query.ReadFromAddrPort(buf)
		b.lookup.Receive(s.now, from, buf[:n], false)
		busy = true
	}
	for b.echo.rxLen > 0 {
		n, from, _ := b.echo.ReadFromAddrPort(buf)
		b.echoed++
		if b.h.ready() == nil && from.Port() != 0 {
			b.echo.WriteToAddrPort(buf[:n], from)
		}
		busy = true
	}
	if c := b.accept(); c != nil {
		data := GridData()
		b.sides = append(b.sides, &side{c: c, send: data[:boxStream], want: data[boxStream : 2*boxStream]})
		busy = true
	}
	for _, end := range b.sides {
		busy = end.act(s.now) || busy
	}
	return busy
}

// A server is the other host: DHCP, DNS, TCP, and once the box has an address it tries all that
// the box serves, and some things that it does not.
type server struct {
	h         *Host
	dhcp      dhcpv4.Server
	zone      *dns.Zone
	dhcpConn  *UDPConn
	dnsConn   *UDPConn
	echo      *UDPConn
	ping      ping
	accept    func() *Conn
	sides     []*side
	refused   *Conn
	started   bool
	echoBytes int
}

func newServer(t testing.TB, s *sim) *server {
	t.Helper()
	v := &server{h: s.hosts[1], accept: s.listen(t, 1, 80)}
	addr := simAddr(1)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(v.dhcp.Reset(dhcpv4.ServerConfig{Addr: addr.As4(), Prefix: simNet, Router: []netip.Addr{addr}, DNS: []netip.Addr{addr},
		Domain: "lab.test", Lease: time.Hour, First: netip.MustParseAddr("10.0.0.100"), Last: netip.MustParseAddr("10.0.0.110")}))
	var err error
	v.zone, err = dns.NewZone(dns.Record{Name: "lab.test", Type: dns.TypeSOA, TTL: 60, Target: "ns.lab.test", SOA: dns.SOA{Mailbox: "admin.lab.test"}})
	must(err)
	must(v.zone.Add(dns.Record{Name: "web.lab.test", Type: dns.TypeA, TTL: 60, Addr: addr}))
	must(v.zone.Add(dns.Record{Name: serverName, Type: dns.TypeCNAME, TTL: 60, Target: "web.lab.test"}))
	v.dhcpConn, err = v.h.listenUDP(dhcpServerPort)
	must(err)
	v.dnsConn, err = v.h.listenUDP(53)
	must(err)
	v.echo, err = v.h.listenUDP(0)
	must(err)
	return v
}

func (v *server) act(s *sim) (busy bool) {
	buf, out := make([]byte, 4096), make([]byte, 1472)
	for v.dhcpConn.rxLen > 0 {
		n, _, _ := v.dhcpConn.ReadFromAddrPort(buf)
		v.dhcp.Receive(s.now, buf[:n])
		busy = true
	}
	for n, to := v.dhcp.Transmit(s.now, out); n > 0; n, to = v.dhcp.Transmit(s.now, out) {
		addr := to.Addr
		if !to.HardwareAddr.IsZero() {
			addr = broadcast
		}
		v.dhcpConn.WriteToAddrPort(out[:n], netip.AddrPortFrom(netip.AddrFrom4(addr), to.Port))
		busy = true
	}
	for v.dnsConn.rxLen > 0 {
		n, from, _ := v.dnsConn.ReadFromAddrPort(buf)
		if reply, _, err := v.zone.Answer(nil, buf[:n], 512, false); err == nil {
			v.dnsConn.WriteToAddrPort(reply, from)
		}
		v.start(s, from.Addr())
		busy = true
	}
	for v.echo.rxLen > 0 {
		n, _, _ := v.echo.ReadFromAddrPort(buf)
		v.echoBytes += n
		busy = true
	}
	if c := v.accept(); c != nil {
		data := GridData()
		v.sides = append(v.sides, &side{c: c, send: data[boxStream : 2*boxStream], want: data[:boxStream]})
		busy = true
	}
	for _, end := range v.sides {
		busy = end.act(s.now) || busy
	}
	return busy
}

// start tries the box, which has asked for a name.
func (v *server) start(s *sim, to netip.Addr) {
	if v.started {
		return
	}
	v.started = true
	v.ping = simPing(v.h, to, 1)
	v.h.e.pings[1] = &v.ping
	v.echo.WriteToAddrPort([]byte("small"), netip.AddrPortFrom(to, 7))
	v.echo.WriteToAddrPort(GridData()[:3000], netip.AddrPortFrom(to, 7)) // in fragments
	v.echo.WriteToAddrPort([]byte("nobody listens"), netip.AddrPortFrom(to, 99))
	data := GridData()
	dial := func(port uint16) *Conn {
		c := v.h.newConn(tuple{remote: to.As4(), lport: 40000 + port, rport: port})
		c.tcb.Open(s.now, c.config(s.now, v.h.e.iss(s.now, c.key)))
		v.h.e.conns[c.key] = c
		v.h.e.settle(s.now, c)
		return c
	}
	v.sides = append(v.sides, &side{c: dial(80), send: data[boxStream : 2*boxStream], want: data[:boxStream]})
	v.refused = dial(81)
}

// newBoxSim returns a box and a server on a link of a millisecond.
func newBoxSim(t testing.TB) (*sim, *box, *server) {
	t.Helper()
	c := link.ImpairConfig{Delay: time.Millisecond}
	s := newSim(simOptions{impair: [2]link.ImpairConfig{c, c}, buffer: 4096, ask: true})
	b, v := newBox(t, s), newServer(t, s)
	s.apps = []func(time.Time) bool{
		func(time.Time) bool { return b.act(s) },
		func(time.Time) bool { return v.act(s) },
	}
	return s, b, v
}

// complete tells whether the box has done all that it does.
func (b *box) complete() bool {
	over := 0
	for _, end := range b.sides {
		if end.over && end.err == nil {
			over++
		}
	}
	records, err := b.lookup.Result()
	return over == 2 && err == nil && len(records) == 2 && b.ping.answered && b.echoed == 2 && b.closed.pending != nil
}

// exchange returns what came to the box while it and the server did all that they do: DHCP, ARP,
// DNS, ICMP, UDP, fragments and TCP in both directions.
var exchange = sync.OnceValue(func() (frames []recorded) {
	var tb testing.B // of this nothing fails, or everything
	s, b, v := newBoxSim(&tb)
	start := s.now
	s.seen = func(to int, frame []byte) {
		if to == 0 {
			frames = append(frames, recorded{s.now.Sub(start), slices.Clone(frame)})
		}
	}
	err := s.run(time.Minute, func() bool {
		return b.complete() && v.ping.answered && v.echoBytes == 3005 && v.refused.tcb.Err() != nil
	})
	if err != nil {
		panic(err)
	}
	// And the end of its connections.
	s.run(5*time.Minute, func() bool { return len(s.hosts[0].e.conns)+len(s.hosts[1].e.conns) == 0 })
	return frames
})

// replay lets frames come to a box at their times.
func replay(t testing.TB, frames []recorded) *box {
	t.Helper()
	s := newSim(simOptions{buffer: 4096, ask: true})
	b := newBox(t, s)
	start := s.now
	pump := func() {
		for range 10000 {
			busy := b.act(s)
			for n := b.h.e.transmit(s.now, s.buf); n > 0; n = b.h.e.transmit(s.now, s.buf) {
				busy = true
			}
			if !busy {
				if d := b.h.e.deadline(); !d.IsZero() && !d.After(s.now) {
					t.Fatalf("nothing to send at %v, but the deadline is %v", s.now, d)
				}
				return
			}
		}
		t.Fatal("the box never stops")
	}
	until := func(end time.Time) {
		pump()
		for d := b.h.e.deadline(); !d.IsZero() && !d.After(end); d = b.h.e.deadline() {
			s.now = d
			pump()
		}
		s.now = end
		pump()
	}
	for _, r := range frames {
		until(start.Add(r.at))
		receiveCounted(t, b.h, s.now, r.frame)
		pump()
	}
	until(s.now.Add(time.Minute))
	checkAlive(t, s, b)
	return b
}

// checkAlive pings the box, whatever it has been through. When it has no address it first gets
// one, from a server that knows nothing of it.
func checkAlive(t testing.TB, s *sim, b *box) {
	t.Helper()
	if !b.h.e.net.configured() {
		v := newServer(t, s)
		v.h.e.arp.Forget(simAddr(0).As4())
		s.apps = []func(time.Time) bool{
			func(time.Time) bool { return b.act(s) },
			func(time.Time) bool { return v.act(s) },
		}
		if err := s.run(10*time.Minute, b.h.e.net.configured); err != nil {
			t.Fatalf("the box finds no address, in state %v: %v", b.h.e.dhcp.State(), err)
		}
	}
	src := [4]byte{192, 0, 2, 77}
	if b.h.e.net.addr == src {
		src[3]--
	}
	echo := icmpv4.AppendEcho(nil, icmpv4.TypeEcho, 1, 2, []byte("still there?"))
	f := packetTo(b.h, hwPeer, src, ipv4.ProtoICMP, echo)
	receiveCounted(t, b.h, s.now, f)
	for n := b.h.e.transmit(s.now, s.buf); n > 0; n = b.h.e.transmit(s.now, s.buf) {
		p, err := ipv4.Parse(s.buf[ipStart:n])
		if err != nil || p.Protocol() != ipv4.ProtoICMP || p.Dst() != src {
			continue
		}
		if m, err := icmpv4.Parse(p.Payload()); err == nil && m.Type() == icmpv4.TypeEchoReply && string(m.Body()) == "still there?" {
			return
		}
	}
	t.Fatalf("a ping is not answered: %+v", b.h.e.stats)
}

// packetTo returns a frame to h.
func packetTo(h *Host, from link.Addr, src [4]byte, proto uint8, payload []byte) []byte {
	f := make([]byte, payloadStart, payloadStart+len(payload))
	copy(f, h.e.hw[:])
	copy(f[6:], from[:])
	binary.BigEndian.PutUint16(f[12:], 0x0800)
	ipv4.Put(f[ipStart:], ipv4.Header{Src: src, Dst: h.e.net.addr, Protocol: proto, TTL: 64}, len(payload))
	return append(f, payload...)
}

// An exchange that nobody touches is the same a second time.
func TestReplayIsFaithful(t *testing.T) {
	frames := exchange()
	b := replay(t, frames)
	if !b.complete() {
		t.Errorf("%+v", b.h.e.stats)
	}
	kinds := map[string]int{}
	for _, r := range frames {
		kinds[kind(r.frame)]++
	}
	for _, k := range []string{"ARP", "DHCP", "DNS", "UDP", "ICMP", "TCP", "fragment"} {
		if kinds[k] == 0 {
			t.Errorf("no %s in the exchange: %v", k, kinds)
		}
	}
}

func kind(f []byte) string {
	p, err := ipv4.Parse(f[ipStart:])
	if err != nil {
		return "ARP"
	}
	switch {
	case p.IsFragment():
		return "fragment"
	case p.Protocol() == ipv4.ProtoTCP:
		return "TCP"
	case p.Protocol() == ipv4.ProtoICMP:
		return "ICMP"
	}
	switch d, _ := udp.Parse(p.Payload()); d.SrcPort() {
	case dhcpServerPort:
		return "DHCP"
	case 53:
		return "DNS"
	}
	return "UDP"
}

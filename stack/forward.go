package stack

import (
	"net"
	"net/netip"
	"time"

	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/seq"
	"httptap/stack/tcp"
	"httptap/stack/udp"
)

// A Forwarder accepts, for a router, what neighbours of a Host send to hosts elsewhere. It exists
// with Config.Forward.
//
//	neighbour ── SYN to 192.0.2.1:80 ──▶ Host ── AcceptTCP ──▶ a TCPFlow, of which is decided:
//	          ◀── SYN,ACK from 192.0.2.1:80 ──── Accept: a Conn like any other
//	          ◀── RST from 192.0.2.1:80 ──────── Refuse
//	          ◀── ICMP unreachable ───────────── Unreachable
//	              nothing ────────────────────── Drop
//
//	          ── a datagram, the first ──▶ AcceptUDP ──▶ a UDPConn; Unreachable answers with ICMP
//	          ── a ping ──▶ ReadEcho; Reply, Unreachable
//
// The other end of such a flow is the address that the neighbour asked for. Until it is decided of
// a TCPFlow the neighbour hears nothing, and its repeated SYNs make no second one. What nobody
// accepts in time is dropped and counted. The calls may come from several goroutines.
//
// Only packets from the Host's own network to a single host of another are taken. Those that could
// go no further by their TTL are answered as a router does: RFC 1812, 5.3.1.
type Forwarder struct {
	host   *Host
	asked  map[tuple]*TCPFlow // of which nobody has decided
	tcp    []*TCPFlow         // of those, the ones that nobody has accepted
	udp    []*UDPConn
	pings  [maxEchoes]Echo // ring
	first  int
	waits  int
	waitIn [3]waiter // who waits for TCP, UDP, a ping
}

// The bounds of what waits: flows that nobody has accepted, TCP flows of which nobody has decided,
// and pings.
const (
	maxUnaccepted = 256
	maxUndecided  = 8192
	maxEchoes     = 64
)

const (
	waitTCP = iota
	waitUDP
	waitEcho
)

// Forwarder returns what accepts others' flows; nil without Config.Forward.
func (h *Host) Forwarder() *Forwarder { return h.e.forwarder }

func newForwarder(h *Host) *Forwarder {
	f := &Forwarder{host: h, asked: make(map[tuple]*TCPFlow)}
	for i := range f.waitIn {
		f.waitIn[i].cond.L = &h.mu
	}
	return f
}

// wakeAll wakes everybody who waits, because the host has ended.
func (f *Forwarder) wakeAll() {
	for i := range f.waitIn {
		f.waitIn[i].cond.Broadcast()
	}
}

// wait waits until something came of a kind. The mutex is held.
func (f *Forwarder) wait(kind int, proto string, none func() bool) error {
	for none() {
		if f.host.err != nil {
			return &net.OpError{Op: "accept", Net: proto, Err: f.host.err}
		}
		f.waitIn[kind].cond.Wait()
	}
	return nil
}

// A TCPFlow is a TCP connection that a neighbour wants with another host.
type TCPFlow struct {
	forwarder *Forwarder
	key       tuple
	syn       []byte    // the IP packet of the last SYN
	from      link.Addr // its station
	iss       seq.Value // where the sequence numbers of a connection in TIME-WAIT can go on
	reuse     bool
	over      bool // it is decided, or the neighbour has withdrawn
}

// AcceptTCP waits for the next TCP flow. It fails with net.ErrClosed inside, or why the host no
// longer works.
func (f *Forwarder) AcceptTCP() (*TCPFlow, error) {
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	if err := f.wait(waitTCP, "tcp", func() bool { return len(f.tcp) == 0 }); err != nil {
		return nil, err
	}
	flow := f.tcp[0]
	f.tcp = append(f.tcp[:0], f.tcp[1:]...)
	return flow, nil
}

// Local returns the address that the neighbour asked for.
func (f *TCPFlow) Local() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4(f.key.local), f.key.lport)
}

// Remote returns the neighbour's address.
func (f *TCPFlow) Remote() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4(f.key.remote), f.key.rport)
}

// decide ends the flow's wait with answer, which is called with the mutex held. It fails with
// net.ErrClosed when that was done before or the neighbour has withdrawn.
func (f *TCPFlow) decide(op string, answer func(now time.Time, a arrival, syn tcp.Segment)) error {
	h := f.forwarder.host
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.err
	if f.over {
		err = net.ErrClosed
	}
	if err != nil {
		return &net.OpError{Op: op, Net: "tcp", Source: tcpAddr(f.Local()), Addr: tcpAddr(f.Remote()), Err: err}
	}
	f.forwarder.end(f)
	p, _ := ipv4.Parse(f.syn) // both were checked when they came
	syn, _ := tcp.Parse(p.Payload())
	answer(time.Now(), arrival{Packet: p, from: f.from, unicast: true, local: f.key.local}, syn)
	h.kick()
	return nil
}

// Accept answers the neighbour: a SYN,ACK goes out. The Conn can be used at once, though the
// handshake is not over. Its buffers may grow to buffer bytes each, and never beyond what Config says;
// 0: to that.
func (f *TCPFlow) Accept(buffer int) (*Conn, error) {
	var c *Conn
	var refused error
	err := f.decide("accept", func(now time.Time, _ arrival, syn tcp.Segment) {
		h := f.forwarder.host
		c = h.newConn(f.key)
		if !f.reuse {
			f.iss = h.e.iss(now, f.key)
		}
		cfg := c.config(now, f.iss)
		if buffer > 0 {
			cfg.TxMax, cfg.RxMax = min(cfg.TxMax, buffer), min(cfg.RxMax, buffer)
		}
		if refused = c.tcb.Accept(now, cfg, syn); refused == nil {
			h.e.conns[f.key] = c
			h.e.settle(now, c)
		}
	})
	if err == nil && refused != nil {
		err = c.opError("accept", refused)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Refuse resets the connection: nobody listens there.
func (f *TCPFlow) Refuse() error {
	return f.decide("refuse", func(_ time.Time, a arrival, syn tcp.Segment) { f.forwarder.host.e.reset(a, syn) })
}

// Unreachable answers with an ICMP message of type Destination Unreachable; code is one of its
// codes, RFC 792 and RFC 1812, 5.2.7.1. Too many of them are not sent, RFC 1812, 4.3.2.8.
func (f *TCPFlow) Unreachable(code uint8) error {
	return f.decide("refuse", func(now time.Time, a arrival, _ tcp.Segment) { f.forwarder.host.e.unreachable(now, a, code) })
}

// Drop answers nothing. The neighbour's next SYN is a new flow.
func (f *TCPFlow) Drop() error {
	return f.decide("drop", func(time.Time, arrival, tcp.Segment) {})
}

// end takes a flow out: it is decided, or was withdrawn.
func (f *Forwarder) end(flow *TCPFlow) {
	flow.over = true
	delete(f.asked, flow.key)
}

// receiveTCP takes a segment to another host that belongs to no connection. It returns false when
// it does not belong to a flow of which nobody has decided either, and begins none.
func (f *Forwarder) receiveTCP(key tuple, a arrival, seg tcp.Segment) bool {
	flow := f.asked[key]
	switch seg.Flags() & (tcp.SYN | tcp.ACK | tcp.RST) {
	case tcp.SYN:
		if flow != nil {
			// The last one counts: what an answer has to echo is in it.
			flow.syn, flow.from = append(flow.syn[:0], a.Bytes()...), a.from
			f.host.e.stats.ForwardedAgain++
			return true
		}
		f.offer(&TCPFlow{key: key}, a)
		return true
	case tcp.RST, tcp.RST | tcp.ACK:
		if flow != nil {
			f.end(flow)
		}
	}
	return false
}

// offer begins a flow with the SYN in a.
func (f *Forwarder) offer(flow *TCPFlow, a arrival) {
	e := &f.host.e
	if len(f.tcp) >= maxUnaccepted || len(f.asked) >= maxUndecided {
		e.stats.DropForward++
		return
	}
	flow.forwarder, flow.syn, flow.from = f, append([]byte(nil), a.Bytes()...), a.from
	e.stats.ForwardedTCP++
	f.asked[flow.key] = flow
	f.tcp = append(f.tcp, flow)
	f.waitIn[waitTCP].cond.Signal()
}

// AcceptUDP waits for the next UDP flow: the datagrams between two ports of two hosts. Its first
// datagram can be read. It fails as AcceptTCP does.
func (f *Forwarder) AcceptUDP() (*UDPConn, error) {
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	if err := f.wait(waitUDP, "udp", func() bool { return len(f.udp) == 0 }); err != nil {
		return nil, err
	}
	c := f.udp[0]
	f.udp = append(f.udp[:0], f.udp[1:]...)
	return c, nil
}

// receiveUDP begins a flow with a datagram to another host.
func (f *Forwarder) receiveUDP(key tuple, a arrival, d udp.Datagram) {
	h := f.host
	if len(f.udp) >= maxUnaccepted {
		h.e.stats.DropForward++
		return
	}
	c := h.newUDP(key.lport)
	c.local = netip.AddrPortFrom(netip.AddrFrom4(key.local), key.lport)
	c.remote = netip.AddrPortFrom(netip.AddrFrom4(key.remote), key.rport)
	c.last = new(quote)
	c.last.set(a)
	c.deliver(key.remote, key.rport, d.Payload())
	h.e.flows[key] = c
	h.e.stats.ForwardedUDP++
	f.udp = append(f.udp, c)
	f.waitIn[waitUDP].cond.Signal()
}

// Unreachable answers the last datagram that came on a flow that AcceptUDP returned with an ICMP
// message, as TCPFlow.Unreachable does. Other sockets fail with ErrNetwork.
func (c *UDPConn) Unreachable(code uint8) error {
	h := c.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.last == nil || c.closed {
		err := error(ErrNetwork)
		if c.closed {
			err = net.ErrClosed
		}
		return c.opError("refuse", c.remote, err)
	}
	c.last.report(&h.e, time.Now(), code)
	h.kick()
	return nil
}

// A quote is the beginning of a packet, as an ICMP error has it. RFC 792: "the internet header plus
// the first 64 bits of the original datagram's data".
type quote struct {
	from link.Addr
	n    int
	b    [60 + 8]byte
}

func (q *quote) set(a arrival) {
	q.from = a.from
	q.n = copy(q.b[:], a.Bytes()[:min(len(a.Bytes()), len(a.Header())+8)])
}

// report sends an ICMP error about the packet.
func (q *quote) report(e *engine, now time.Time, code uint8) {
	p, err := ipv4.ParseQuote(q.b[:q.n])
	if err == nil {
		e.unreachable(now, arrival{Packet: p, from: q.from, unicast: true, local: p.Dst()}, code)
	}
}

package stack

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"

	"httptap/stack/ipv4"
	"httptap/stack/seq"
	"httptap/stack/tcp"
)

// backlog is how many connections a Listener holds that were not accepted yet. Up to halfOpen of
// them are in the handshake; SYNs beyond that are answered with cookies.
const (
	backlog  = 4096
	halfOpen = 256
)

// A Listener accepts TCP connections on one port of a Host.
type Listener struct {
	host    *Host
	addr    netip.AddrPort
	pending map[*Conn]struct{} // handshake under way
	done    []*Conn            // handshake complete, in that order
	baked   time.Time          // when a SYN was answered with a cookie last
	wait    waiter
	closed  bool
}

var _ net.Listener = (*Listener)(nil)

// Listen returns a *Listener on network "tcp" or "tcp4" and address "[HOST]:PORT", where HOST
// is empty, 0.0.0.0 or the host's own address and PORT 0 picks one.
func (h *Host) Listen(network, address string) (net.Listener, error) {
	fail := func(err error) (net.Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	if proto, err := protocol(network); err != nil || proto != "tcp" {
		return fail(ErrNetwork)
	}
	port, err := h.localAddress(address)
	if err != nil {
		return fail(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return fail(h.err)
	}
	taken := func(p uint16) bool { return h.e.listeners[p] != nil }
	if port == 0 {
		port = h.e.localPort(taken)
	}
	if port == 0 || taken(port) {
		return fail(syscall.EADDRINUSE)
	}
	l := &Listener{host: h, addr: netip.AddrPortFrom(h.anyAddr(), port), pending: make(map[*Conn]struct{})}
	l.wait.cond.L = &h.mu
	h.e.listeners[port] = l
	return l, nil
}

// localAddress reads "[HOST]:PORT" where HOST has to be this host or nothing.
func (h *Host) localAddress(address string) (uint16, error) {
	name, service, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return 0, &net.AddrError{Err: "not a port number", Addr: service}
	}
	if name == "" {
		return uint16(port), nil
	}
	a, err := netip.ParseAddr(name)
	if err != nil || !a.Unmap().Is4() {
		return 0, &net.AddrError{Err: ErrAddress.Error(), Addr: name}
	}
	if a = a.Unmap(); !a.IsUnspecified() && a != h.Addr().Addr() {
		return 0, syscall.EADDRNOTAVAIL
	}
	return uint16(port), nil
}

// anyAddr returns the host's address, or 0.0.0.0 while it has none.
func (h *Host) anyAddr() netip.Addr { return netip.AddrFrom4(h.e.net.addr) }

// request answers a SYN, which came in a, with a connection that begins at iss: the engine calls it
// with the mutex held.
func (l *Listener) request(now time.Time, key tuple, a arrival, syn tcp.Segment, iss seq.Value) {
	e := &l.host.e
	if len(l.done) >= backlog {
		// Silence is the answer: the peer will ask again, perhaps when there is room.
		e.stats.DropBacklog++
		return
	}
	if len(l.pending) >= halfOpen {
		l.bake(now, key, a, syn)
		return
	}
	c := l.host.newConn(key)
	if err := c.tcb.Accept(now, c.config(now, iss), syn); err != nil {
		e.stats.DropTCPState++
		return
	}
	l.adopt(now, c)
}

// adopt files a connection whose handshake is under way.
func (l *Listener) adopt(now time.Time, c *Conn) {
	e := &l.host.e
	c.listener = l
	l.pending[c] = struct{}{}
	e.conns[c.key] = c
	e.settle(now, c)
}

// bake answers a SYN with a cookie, and remembers nothing. The answer goes where the SYN came from:
// were it to wait for ARP, a flood in the name of neighbours that do not exist would fill the queue.
func (l *Listener) bake(now time.Time, key tuple, a arrival, syn tcp.Segment) {
	e := &l.host.e
	p := e.newPacket()
	cfg := tcp.Config{MSS: e.mtu - 40, RxMax: l.host.cfg.ReceiveBuffer}
	cfg.Local, cfg.Remote = l.host.ends(key)
	p.src, p.dst, p.proto, p.tos, p.via = a.Dst(), a.Src(), ipv4.ProtoTCP, e.tos, a.from
	n, err := e.cookies.Answer(now, cfg, syn, p.buf[:cap(p.buf)])
	if err != nil || n == 0 {
		e.stats.DropTCPState++
		e.giveBack(p)
		return
	}
	l.baked = now
	p.buf = p.buf[:n]
	e.enqueue(p, &e.stats.CookiesSent)
}

// cookieTime is how long after the last cookie an ACK may be the answer to one.
const cookieTime = 2 * time.Minute

// redeem opens a connection from the ACK of a cookie, and tells whether it is one.
func (l *Listener) redeem(now time.Time, key tuple, ack tcp.Segment) bool {
	e := &l.host.e
	if l.baked.IsZero() || now.Sub(l.baked) > cookieTime {
		return false
	}
	local, remote := l.host.ends(key)
	if !e.cookies.Valid(now, local, remote, ack) {
		return false // who floods us gets no memory for it
	}
	if len(l.done) >= backlog {
		e.stats.DropBacklog++
		return true
	}
	c := l.host.newConn(key)
	cfg := c.config(now, 0)
	if len(ack.Payload()) > 0 {
		cfg.Rx = make([]byte, min(1<<16, cfg.RxMax)) // room for what comes with it
	}
	if e.cookies.Accept(&c.tcb, now, cfg, ack) != nil {
		e.stats.DropTCPState++
	}
	e.stats.CookiesAccepted++
	l.adopt(now, c)
	return true
}

// progress moves a connection on when its handshake completed or failed.
func (l *Listener) progress(c *Conn) {
	switch {
	case c.tcb.State() == tcp.SynReceived:
	case c.queued:
	case c.tcb.Err() != nil:
		delete(l.pending, c)
		c.listener = nil
	default:
		delete(l.pending, c)
		l.done = append(l.done, c)
		c.queued = true
		l.wait.cond.Signal()
	}
}

// Accept waits for the next connection. The error is a *net.OpError with net.ErrClosed or
// os.ErrDeadlineExceeded inside.
func (l *Listener) Accept() (net.Conn, error) {
	h := l.host
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		err := l.wait.err()
		switch {
		case l.closed:
			err = net.ErrClosed
		case h.err != nil:
			err = h.err
		}
		if err != nil {
			return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: err}
		}
		if len(l.done) > 0 {
			c := l.done[0]
			l.done = slices.Delete(l.done, 0, 1) // which keeps no pointer behind the end
			c.listener, c.queued = nil, false
			return c, nil
		}
		l.wait.cond.Wait()
	}
}

// Close ends Accept calls with net.ErrClosed and resets connections nobody accepted.
func (l *Listener) Close() error {
	h := l.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if l.closed {
		return &net.OpError{Op: "close", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
	}
	l.shut(time.Now())
	h.kick()
	return nil
}

func (l *Listener) shut(now time.Time) {
	l.closed = true
	l.wait.stop()
	l.wait.cond.Broadcast()
	e := &l.host.e
	delete(e.listeners, l.addr.Port())
	for c := range l.pending {
		l.done = append(l.done, c)
	}
	for _, c := range l.done {
		c.listener, c.closed = nil, true
		c.tcb.Abort(now)
		e.settle(now, c)
	}
	l.pending, l.done = nil, nil
}

// Addr returns the *net.TCPAddr that the Listener was made with.
func (l *Listener) Addr() net.Addr { return tcpAddr(l.addr) }

// SetDeadline makes Accept fail from t on; the zero time means never.
func (l *Listener) SetDeadline(t time.Time) error {
	l.host.mu.Lock()
	defer l.host.mu.Unlock()
	if l.closed {
		return &net.OpError{Op: "set", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
	}
	l.wait.set(t)
	return nil
}

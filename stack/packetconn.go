package stack

import (
	"net"
	"net/netip"
	"syscall"
	"time"

	"httptap/stack/ipv4"
	"httptap/stack/sum"
	"httptap/stack/udp"
)

// A UDPConn is a UDP socket of a Host: a net.PacketConn, and a net.Conn when it was dialed.
type UDPConn struct {
	host   *Host
	local  netip.AddrPort
	remote netip.AddrPort // of a connected socket; else not valid
	last   *quote         // what came last on a flow of the Forwarder; nil: this is none

	rx          []datagram // ring of received datagrams; their buffers are reused
	rxFirst     int
	rxLen       int
	rxBytes     int
	txBytes     int // queued for sending
	pending     error
	wantsErrors bool // ICMP errors are reported though the socket is not connected
	tos         uint8

	rd, wr waiter
	closed bool
}

type datagram struct {
	from netip.AddrPort
	data []byte
}

// A socket's queues hold as many bytes as the kernel's do by default, net.core.rmem_default.
const (
	maxSocketBytes     = 212992
	maxSocketDatagrams = 256
)

var (
	_ net.PacketConn = (*UDPConn)(nil)
	_ net.Conn       = (*UDPConn)(nil)
)

// ListenPacket returns a *UDPConn on network "udp" or "udp4" and address "[HOST]:PORT", where
// HOST is empty, 0.0.0.0 or the host's own address and PORT 0 picks one. It receives
// broadcasts, too, and can send them.
func (h *Host) ListenPacket(network, address string) (net.PacketConn, error) {
	fail := func(err error) (net.PacketConn, error) {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	if proto, err := protocol(network); err != nil || proto != "udp" {
		return fail(ErrNetwork)
	}
	port, err := h.localAddress(address)
	if err != nil {
		return fail(err)
	}
	c, err := h.listenUDP(port)
	if err != nil {
		return fail(err)
	}
	return c, nil
}

func (h *Host) listenUDP(port uint16) (*UDPConn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return nil, h.err
	}
	taken := func(p uint16) bool { return h.e.sockets[p] != nil }
	if port == 0 {
		port = h.e.localPort(taken)
	}
	if port == 0 || taken(port) {
		return nil, syscall.EADDRINUSE
	}
	c := h.newUDP(port)
	h.e.sockets[port] = c
	return c, nil
}

func (h *Host) dialUDP(port uint16, remote netip.AddrPort) (*UDPConn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fail := func(err error) (*UDPConn, error) {
		return nil, &net.OpError{Op: "dial", Net: "udp", Addr: udpAddr(remote), Err: err}
	}
	if err := h.ready(); err != nil {
		return fail(err)
	}
	if !remote.Addr().Is4() || remote.Port() == 0 {
		return fail(ErrAddress)
	}
	key := tuple{remote: remote.Addr().As4(), rport: remote.Port()}
	if port == 0 {
		port = h.e.localPort(func(p uint16) bool {
			key.lport = p
			return h.e.flows[key] != nil || h.e.sockets[p] != nil
		})
	}
	key.lport = port
	if port == 0 || h.e.flows[key] != nil {
		return fail(syscall.EADDRINUSE)
	}
	c := h.newUDP(port)
	c.remote = remote
	h.e.flows[key] = c
	return c, nil
}

func (h *Host) newUDP(port uint16) *UDPConn {
	c := &UDPConn{host: h, local: netip.AddrPortFrom(h.anyAddr(), port), tos: h.e.tos}
	c.rd.cond.L, c.wr.cond.L = &h.mu, &h.mu
	return c
}

// deliver queues a datagram; it returns false when there is no room.
func (c *UDPConn) deliver(src [4]byte, port uint16, data []byte) bool {
	if c.rxLen == maxSocketDatagrams || c.rxBytes+len(data) > maxSocketBytes {
		return false
	}
	if c.rxLen == len(c.rx) { // grow: twice as long, in order from 0
		ring := make([]datagram, max(4, 2*len(c.rx)))
		for i := range c.rxLen {
			ring[i] = c.rx[(c.rxFirst+i)%len(c.rx)]
		}
		c.rx, c.rxFirst = ring, 0
	}
	d := &c.rx[(c.rxFirst+c.rxLen)%len(c.rx)]
	d.from = netip.AddrPortFrom(netip.AddrFrom4(src), port)
	d.data = append(d.data[:0], data...)
	c.rxLen++
	c.rxBytes += len(data)
	c.rd.cond.Signal()
	return true
}

func (c *UDPConn) wakeAll() {
	c.rd.cond.Broadcast()
	c.wr.cond.Broadcast()
}

// fail makes the next call return err once, as the kernel does with ICMP errors.
func (c *UDPConn) fail(err error) {
	c.pending = err
	c.wakeAll()
}

// sent makes room: n bytes have left the queue.
func (c *UDPConn) sent(n int) {
	c.txBytes -= n
	c.wr.cond.Broadcast()
}

// state returns why a call can't begin or go on.
func (c *UDPConn) state(w *waiter) error {
	switch {
	case c.closed:
		return net.ErrClosed
	case c.host.err != nil:
		return c.host.err
	case w.err() != nil:
		return w.err()
	case c.pending != nil:
		err := c.pending
		c.pending = nil
		return err
	}
	return nil
}

// ReadFromAddrPort waits for a datagram, copies what fits into b and drops the rest of it. What
// went wrong with something that was sent is returned once; what an ICMP error says, to a dialed
// socket only.
func (c *UDPConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	h := c.host
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		if c.rxLen > 0 && !c.closed && c.rd.err() == nil {
			d := &c.rx[c.rxFirst]
			n, from := copy(b, d.data), d.from
			c.rxFirst = (c.rxFirst + 1) % len(c.rx)
			c.rxLen--
			c.rxBytes -= len(d.data)
			return n, from, nil
		}
		if err := c.state(&c.rd); err != nil {
			return 0, netip.AddrPort{}, c.opError("read", c.remote, err)
		}
		c.rd.cond.Wait()
	}
}

// WriteToAddrPort queues a datagram for to and waits while the queue is full. A datagram that
// is longer than the MTU is sent in fragments, and so is one that a router found too long for its
// way before; the first of those is lost. One over 65507 bytes fails with EMSGSIZE.
func (c *UDPConn) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	h := c.host
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !to.Addr().Is4() || to.Port() == 0:
		return 0, c.opError("write", to, ErrAddress)
	case len(b) > 65535-ipv4.HeaderLen-udp.HeaderLen:
		return 0, c.opError("write", to, cause{ErrTooLong, syscall.EMSGSIZE})
	}
	size := udp.HeaderLen + len(b)
	for {
		if err := c.state(&c.wr); err != nil {
			return 0, c.opError("write", to, err)
		}
		if err := h.ready(); err != nil {
			return 0, c.opError("write", to, err)
		}
		if c.txBytes == 0 || c.txBytes+size <= maxSocketBytes {
			break
		}
		c.wr.cond.Wait()
	}
	p := h.e.newPacket()
	p.src, p.dst, p.proto, p.owner, p.tos = h.e.net.addr, to.Addr().As4(), ipv4.ProtoUDP, c, c.tos
	if c.last != nil {
		p.src = c.local.Addr().As4()
	}
	p.whole = h.e.net.oneHost(p.dst)
	p.buf = append(append(p.buf, make([]byte, udp.HeaderLen)...), b...)
	udp.Put(p.buf, c.local.Port(), to.Port(), len(b), sum.Pseudo4(p.src, p.dst, ipv4.ProtoUDP, size))
	c.txBytes += size
	h.e.enqueue(p, nil)
	h.kick()
	return len(b), nil
}

// Wait returns when Read would not wait: a datagram is there, or an error. Who waits for long needs
// no buffer meanwhile.
func (c *UDPConn) Wait() {
	h := c.host
	h.mu.Lock()
	defer h.mu.Unlock()
	for c.rxLen == 0 && !c.closed && h.err == nil && c.rd.err() == nil && c.pending == nil {
		c.rd.cond.Wait()
	}
}

// ReadFrom is ReadFromAddrPort with a *net.UDPAddr.
func (c *UDPConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, udpAddr(from), nil
}

// Read reads a datagram of a dialed socket.
func (c *UDPConn) Read(b []byte) (int, error) {
	n, _, err := c.ReadFromAddrPort(b)
	return n, err
}

// WriteTo is WriteToAddrPort with a *net.UDPAddr.
func (c *UDPConn) WriteTo(b []byte, to net.Addr) (int, error) {
	a, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, c.opError("write", netip.AddrPort{}, ErrAddress)
	}
	ap := a.AddrPort()
	return c.WriteToAddrPort(b, netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()))
}

// Write sends a datagram to the address that the socket was dialed with.
func (c *UDPConn) Write(b []byte) (int, error) {
	if !c.remote.IsValid() {
		return 0, c.opError("write", netip.AddrPort{}, syscall.EDESTADDRREQ)
	}
	return c.WriteToAddrPort(b, c.remote)
}

// Close ends calls in progress with net.ErrClosed. Datagrams that were queued are still sent.
func (c *UDPConn) Close() error {
	h := c.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.closed {
		return c.opError("close", c.remote, net.ErrClosed)
	}
	c.closed = true
	c.rd.stop()
	c.wr.stop()
	c.wakeAll()
	if c.remote.IsValid() {
		key := tuple{remote: c.remote.Addr().As4(), lport: c.local.Port(), rport: c.remote.Port()}
		if c.last != nil {
			key.local = c.local.Addr().As4()
		}
		delete(h.e.flows, key)
	} else {
		delete(h.e.sockets, c.local.Port())
	}
	return nil
}

// SetTOS sets the Differentiated Services field of what is sent from now on, as
// [Conn.SetTOS] does.
func (c *UDPConn) SetTOS(tos int) error {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	if c.closed {
		return c.opError("set", c.remote, net.ErrClosed)
	}
	if !isTOS(tos) {
		return c.opError("set", c.remote, cause{ErrTOS, syscall.EINVAL})
	}
	c.tos = uint8(tos)
	return nil
}

// LocalAddr returns the socket's own *net.UDPAddr.
func (c *UDPConn) LocalAddr() net.Addr { return udpAddr(c.local) }

// RemoteAddr returns the *net.UDPAddr that the socket was dialed with, or nil.
func (c *UDPConn) RemoteAddr() net.Addr {
	if !c.remote.IsValid() {
		return nil
	}
	return udpAddr(c.remote)
}

// SetDeadline sets both deadlines. See net.PacketConn.
func (c *UDPConn) SetDeadline(t time.Time) error { return c.setDeadlines(t, &c.rd, &c.wr) }

// SetReadDeadline makes reads fail from t on; the zero time means never.
func (c *UDPConn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, &c.rd) }

// SetWriteDeadline makes writes fail from t on; the zero time means never.
func (c *UDPConn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.wr) }

func (c *UDPConn) setDeadlines(t time.Time, ws ...*waiter) error {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	if c.closed {
		return c.opError("set", c.remote, net.ErrClosed)
	}
	for _, w := range ws {
		w.set(t)
	}
	return nil
}

func (c *UDPConn) opError(op string, remote netip.AddrPort, err error) error {
	e := &net.OpError{Op: op, Net: "udp", Source: c.LocalAddr(), Err: err}
	if remote.IsValid() {
		e.Addr = udpAddr(remote)
	}
	return e
}

package stack

import (
	"io"
	"net"
	"net/netip"
	"time"

	"httptap/stack/seq"
	"httptap/stack/tcp"
)

// A Conn is a TCP connection of a Host: a net.Conn that can also be closed for writing alone.
// Its methods may be called by several goroutines at once.
type Conn struct {
	host     *Host
	key      tuple
	local    netip.AddrPort
	remote   netip.AddrPort
	tcb      tcp.TCB
	listener *Listener // while the connection has not been accepted
	queued   bool      // in the listener's queue of those that can be

	in        *connQueue // the engine's queue that it is in, and the next one there
	next      *Conn
	heapIndex int // place in the engine's timers plus one
	deadline  time.Time

	waiting      bool // in the engine's timeWaits, between these two
	older, newer *Conn

	wasBroken bool          // broken is closed
	broken    chan struct{} // for Broken; nil: nobody asks

	rd, wr   waiter
	writing  bool // a Write is under way: others wait for their turn
	flushing bool // Flush waits on wr, or did
	closed   bool
	linger   time.Duration // of Close; under 0: it does not wait
	tos      uint8
}

var (
	_ net.Conn    = (*Conn)(nil)
	_ io.WriterTo = (*Conn)(nil)
)

func (h *Host) newConn(key tuple) *Conn {
	c := &Conn{host: h, key: key, linger: -1, tos: h.e.tos}
	c.local, c.remote = h.ends(key)
	c.rd.cond.L, c.wr.cond.L = &h.mu, &h.mu
	return c
}

// ends returns the two ends of a connection.
func (h *Host) ends(key tuple) (local, remote netip.AddrPort) {
	remote = netip.AddrPortFrom(netip.AddrFrom4(key.remote), key.rport)
	if key.remote[0] == 127 {
		return netip.AddrPortFrom(remote.Addr(), key.lport), remote
	}
	return netip.AddrPortFrom(netip.AddrFrom4(h.e.localAddr(key)), key.lport), remote
}

// config returns what the TCB is opened with at now.
func (c *Conn) config(now time.Time, iss seq.Value) tcp.Config {
	h := c.host
	cfg := tcp.Config{
		Local: c.local, Remote: c.remote, MSS: h.e.mtu - 40, ISS: iss,
		TxMax: h.cfg.SendBuffer, RxMax: h.cfg.ReceiveBuffer,
		TimeOffset: h.e.timeOffset(now, c.key), ECN: h.cfg.ECN, Pace: h.cfg.Pace,
	}
	if mtu, _ := h.e.paths.to(now, c.key.remote, h.e.mtu); mtu < h.e.mtu {
		cfg.PathMTU = mtu
	}
	if h.cfg.Congestion != nil {
		cfg.Congestion = h.cfg.Congestion()
	}
	return cfg
}

// room gives the connection the memory that it wants for receiving.
func (c *Conn) room(data bool) {
	if n := c.tcb.WantRx(data); n > 0 {
		c.tcb.SetRx(make([]byte, n))
	}
}

// wake lets callers that wait for c look again.
func (c *Conn) wake() {
	if c.tcb.Readable() {
		c.rd.cond.Broadcast()
	}
	if c.tcb.Writable() || c.tcb.Err() != nil || c.linger > 0 && c.tcb.Delivered() || c.flushing && c.tcb.Queued() == 0 {
		c.wr.cond.Broadcast()
	}
	c.breaks()
}

// Read reads what has arrived, and waits for it when nothing has. It returns io.EOF after the
// peer's last byte, *net.OpError with os.ErrDeadlineExceeded, net.ErrClosed, ECONNRESET or
// ETIMEDOUT inside otherwise.
func (c *Conn) Read(b []byte) (int, error) {
	h := c.host
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		if err := c.usable(&c.rd); err != nil {
			return 0, c.opError("read", err)
		}
		if len(b) == 0 {
			return 0, nil
		}
		n, err := c.tcb.Read(b)
		if n > 0 {
			h.e.settle(time.Now(), c) // the window may have opened
			h.kick()
			return n, nil
		}
		if err == io.EOF {
			return 0, err
		}
		if err != nil {
			return 0, c.opError("read", tcpError(err))
		}
		c.rd.cond.Wait()
	}
}

// Write queues b for sending and waits while the send buffer is full. It returns how much of b
// was queued, and an error when that is not all: as Read, and EPIPE after CloseWrite. As in package
// net, what several calls write at once is not mixed.
func (c *Conn) Write(b []byte) (int, error) {
	h := c.host
	h.mu.Lock()
	defer h.mu.Unlock()
	for c.writing {
		if err := c.usable(&c.wr); err != nil {
			return 0, c.opError("write", err)
		}
		c.wr.cond.Wait()
	}
	c.writing = true
	defer c.wrote()
	done := 0
	for {
		if err := c.usable(&c.wr); err != nil {
			return done, c.opError("write", err)
		}
		n, err := c.put(b[done:])
		if done += n; n > 0 {
			h.e.settle(time.Now(), c)
			h.kick()
		}
		if err != nil {
			return done, c.opError("write", tcpError(err))
		}
		if done == len(b) {
			return done, nil
		}
		c.wr.cond.Wait()
	}
}

// wrote lets the next Write begin. The mutex is held.
func (c *Conn) wrote() {
	c.writing = false
	c.wr.cond.Broadcast()
}

// put queues what fits of b in the send buffer, and makes it larger first when that is worth it.
func (c *Conn) put(b []byte) (int, error) {
	if want := c.tcb.WantTx(); want > 0 && len(b) > 0 {
		c.tcb.SetTx(make([]byte, want))
	}
	return c.tcb.Write(b)
}

// usable returns why a call can't begin or go on: the connection was closed here, or its
// deadline passed.
func (c *Conn) usable(w *waiter) error {
	if c.closed {
		return net.ErrClosed
	}
	return w.err()
}

// Close ends the connection: what was written is still sent, followed by a FIN; a peer that
// still sends gets a RST. Calls in progress return net.ErrClosed. It does not wait, unless
// SetLinger says so.
func (c *Conn) Close() error {
	h := c.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.closed {
		return c.opError("close", net.ErrClosed)
	}
	if c.linger == 0 {
		c.tcb.Abort(time.Now())
	}
	c.shut(time.Now())
	h.kick()
	if c.linger > 0 {
		return c.awaitEnd()
	}
	return nil
}

// shut is Close with the mutex held.
func (c *Conn) shut(now time.Time) {
	c.closed = true
	c.rd.stop()
	c.wr.stop()
	c.tcb.CloseWrite(now)
	c.tcb.Discard(now)
	c.rd.cond.Broadcast()
	c.wr.cond.Broadcast()
	c.host.e.settle(now, c)
}

// CloseWrite sends what was written and then a FIN; the connection can still be read.
func (c *Conn) CloseWrite() error {
	h := c.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.closed {
		return c.opError("close", net.ErrClosed)
	}
	now := time.Now()
	c.tcb.CloseWrite(now)
	c.wr.cond.Broadcast() // a Write that waits for room gets none any more
	h.e.settle(now, c)
	h.kick()
	return nil
}

// LocalAddr returns the connection's own *net.TCPAddr.
func (c *Conn) LocalAddr() net.Addr { return tcpAddr(c.local) }

// RemoteAddr returns the peer's *net.TCPAddr.
func (c *Conn) RemoteAddr() net.Addr { return tcpAddr(c.remote) }

// SetDeadline sets both deadlines. See net.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.setDeadlines(t, &c.rd, &c.wr) }

// SetReadDeadline makes Read fail from t on; the zero time means never.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, &c.rd) }

// SetWriteDeadline makes Write fail from t on; the zero time means never.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.wr) }

func (c *Conn) setDeadlines(t time.Time, ws ...*waiter) error {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	if c.closed {
		return c.opError("set", net.ErrClosed)
	}
	for _, w := range ws {
		w.set(t)
	}
	return nil
}

// Info returns the state of the connection: sequence variables, windows, timers.
func (c *Conn) Info() tcp.Info {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	return c.tcb.Info()
}

func (c *Conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

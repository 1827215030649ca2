package relay

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Connections of a listener that are open at once.
const (
	MaxConns       = 1024
	MaxPublicConns = 256 // from one address of another machine
)

// Limit bounds the connections that l has open at once: all, and where other machines call, those
// from one address. One more is answered with 503 and closed.
func (r *Relay) Limit(l net.Listener, a Access) net.Listener {
	return &limited{Listener: l, public: a.Public, full: r.full, open: make(map[netip.Addr]int)}
}

var errFull = errors.New("too many connections; those that are idle are closed in time")

// full answers a connection for which there is no room.
func (r *Relay) full(c net.Conn) {
	r.crowded.Add(1)
	body := fmt.Sprintf("{%q:%q}\n", "error", errFull)
	c.SetWriteDeadline(time.Now().Add(time.Second)) // a new connection has room for it
	fmt.Fprintf(c, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// A limited listener counts its connections.
type limited struct {
	net.Listener
	public bool
	full   func(net.Conn)

	mu    sync.Mutex
	count int
	open  map[netip.Addr]int // of public ones, by network
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		var from netip.Addr
		if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok && l.public {
			from = network(tcp.AddrPort().Addr())
		}
		if l.enter(from) {
			return &conn{Conn: c, leave: sync.OnceFunc(func() { l.leave(from) })}, nil
		}
		l.full(c)
		c.Close()
	}
}

func (l *limited) enter(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count >= MaxConns || l.public && l.open[from] >= MaxPublicConns {
		return false
	}
	l.count++
	l.open[from]++
	return true
}

func (l *limited) leave(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count--
	if l.open[from]--; l.open[from] == 0 {
		delete(l.open, from)
	}
}

// A conn makes room for another one when it is closed.
type conn struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *conn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// Streams want more of a connection than net.Conn has.
var (
	_ interface{ SetWriteBuffer(int) error } = (*conn)(nil)
	_ syscall.Conn                           = (*conn)(nil)
)

// SetWriteBuffer is that of the connection behind it, if it has one.
func (c *conn) SetWriteBuffer(n int) error {
	if b, ok := c.Conn.(interface{ SetWriteBuffer(int) error }); ok {
		return b.SetWriteBuffer(n)
	}
	return nil
}

// SyscallConn is that of the connection behind it, if it has one.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	if s, ok := c.Conn.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

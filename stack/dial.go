package stack

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"httptap/stack/tcp"
)

// DialContext connects to address, "HOST:PORT", on network "tcp", "tcp4", "udp" or "udp4". A
// HOST that is a name is looked up by DNS and its addresses are tried in order. The error is a
// *net.OpError.
func (h *Host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	proto, err := protocol(network)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	targets, err := h.resolve(ctx, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	for _, to := range targets {
		var c net.Conn
		if proto == "tcp" {
			c, err = h.dialTCP(ctx, 0, to)
		} else {
			c, err = h.dialUDP(0, to)
		}
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

func protocol(network string) (string, error) {
	switch network {
	case "tcp", "tcp4":
		return "tcp", nil
	case "udp", "udp4":
		return "udp", nil
	}
	return "", ErrNetwork
}

// resolve returns the addresses that "HOST:PORT" stands for.
func (h *Host) resolve(ctx context.Context, address string) ([]netip.AddrPort, error) {
	name, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil || port == 0 {
		return nil, &net.AddrError{Err: "not a port number", Addr: service}
	}
	if a, err := netip.ParseAddr(name); err == nil {
		if a = a.Unmap(); !a.Is4() {
			return nil, &net.AddrError{Err: ErrAddress.Error(), Addr: name}
		}
		return []netip.AddrPort{netip.AddrPortFrom(a, uint16(port))}, nil
	}
	addrs, err := h.LookupHost(ctx, name)
	if err != nil {
		return nil, err
	}
	out := make([]netip.AddrPort, len(addrs))
	for i, a := range addrs {
		out[i] = netip.AddrPortFrom(a, uint16(port))
	}
	return out, nil
}

// DialTCP connects from local's port, or a random one when it is 0, to remote. The error is a
// *net.OpError with ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT, EADDRINUSE or the context's inside.
func (h *Host) DialTCP(ctx context.Context, local, remote netip.AddrPort) (*Conn, error) {
	if a := local.Addr(); a.IsValid() && !a.IsUnspecified() && a != h.Addr().Addr() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Source: tcpAddr(local), Addr: tcpAddr(remote), Err: syscall.EADDRNOTAVAIL}
	}
	return h.dialTCP(ctx, local.Port(), remote)
}

func (h *Host) dialTCP(ctx context.Context, lport uint16, remote netip.AddrPort) (*Conn, error) {
	fail := func(err error) (*Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: tcpAddr(remote), Err: err}
	}
	if !remote.Addr().Is4() || remote.Port() == 0 || remote.Addr().IsMulticast() || remote.Addr().As4() == broadcast {
		return fail(ErrAddress)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.ready(); err != nil {
		return fail(err)
	}
	key := tuple{remote: remote.Addr().As4(), lport: lport, rport: remote.Port()}
	if d, ok := h.e.net.directed(); ok && key.remote == d {
		return fail(ErrAddress) // RFC 9293, 3.9.1.1: "MUST reject ... a broadcast or multicast address"
	}
	if key.remote == [4]byte{} {
		key.remote = h.e.net.addr // as the kernel: the unspecified address is this host
	}
	now := time.Now()
	taken := func(p uint16) bool {
		k := key
		k.lport = p
		if old := h.e.conns[k]; old != nil {
			_, ok := old.tcb.Expendable(now)
			return !ok
		}
		return h.e.listeners[p] != nil && lport == 0
	}
	if lport == 0 {
		key.lport = h.e.localPort(taken)
	}
	if key.lport == 0 || taken(key.lport) {
		return fail(syscall.EADDRINUSE)
	}
	iss := h.e.iss(now, key)
	if old := h.e.conns[key]; old != nil {
		iss, _ = old.tcb.Expendable(now)
		h.e.cutTimeWait(now, old)
	}
	c := h.newConn(key)
	c.tcb.Open(now, c.config(now, iss))
	h.e.conns[key] = c
	h.e.settle(now, c)
	h.kick()

	stop := context.AfterFunc(ctx, func() {
		h.mu.Lock()
		c.wr.cond.Broadcast()
		h.mu.Unlock()
	})
	defer stop()
	for {
		switch err := c.tcb.Err(); {
		case err != nil:
			c.closed = true
			return fail(tcpError(err))
		case c.tcb.State() != tcp.SynSent && c.tcb.State() != tcp.SynReceived:
			return c, nil
		case ctx.Err() != nil:
			c.closed = true
			now := time.Now()
			c.tcb.Abort(now)
			h.e.settle(now, c)
			h.kick()
			return fail(contextError(ctx))
		}
		c.wr.cond.Wait()
	}
}

// contextError returns why a context ended, a deadline as the kind of timeout that package net
// reports for it.
func contextError(ctx context.Context) error {
	if ctx.Err() == context.DeadlineExceeded {
		return timeoutError{}
	}
	return ctx.Err()
}

// timeoutError is an i/o timeout caused by a context's deadline.
type timeoutError struct{}

func (timeoutError) Error() string   { return "i/o timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
func (timeoutError) Is(err error) bool {
	return err == context.DeadlineExceeded
}
func (timeoutError) Unwrap() error { return os.ErrDeadlineExceeded }

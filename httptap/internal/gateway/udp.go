package gateway

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"

	"httptap/stack"
	"httptap/stack/dns"
)

// datagrams are buffers for the longest there are.
var datagrams = pool(0xffff)

func (g *Gateway) serveUDP() {
	for {
		in, err := g.cfg.Forwarder.AcceptUDP()
		if err != nil {
			return // the host is closed
		}
		client, target := addrPort(in.RemoteAddr()), addrPort(in.LocalAddr())
		if !g.admit("udp", client, target) {
			in.Unreachable(codes[answerProhibited])
			in.Close()
			continue
		}
		g.running.Go(func() {
			defer g.flows.end(client.Addr())
			defer in.Close()
			out, err := g.dialUDP(target)
			if err != nil {
				a := answerTo(err)
				g.counts.counter(a).Add(1)
				tell(in, a)
				g.log.Debug("no socket", "client", client, "target", target, "err", err)
				return
			}
			g.counts.udp.Add(1)
			g.exchange(in, out, target)
		})
	}
}

func addrPort(a net.Addr) netip.AddrPort { return a.(*net.UDPAddr).AddrPort() }

func (g *Gateway) dialUDP(target netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(g.ctx, g.cfg.DialTimeout)
	defer cancel()
	c, err := g.cfg.Dial(ctx, "udp4", target.String())
	if err == nil {
		reportErrors(c)
	}
	return c, err
}

// tell answers the client's last datagram, where the answer is one to be told.
func tell(in *stack.UDPConn, a answer) {
	if code, ok := codes[a]; ok {
		in.Unreachable(code)
	}
}

// exchange carries datagrams both ways until none have come for a while.
func (g *Gateway) exchange(in *stack.UDPConn, out net.Conn, target netip.AddrPort) {
	patience := g.cfg.UDPIdle
	if target.Port() == dns.Port {
		patience = g.cfg.DNSIdle
	}
	var moved atomic.Uint64
	quiet := make(chan struct{})
	defer idle(patience, moved.Load, func() { close(quiet) })()
	ends := make(chan struct{}, 2)
	go func() { g.datagramsUp(in, out, &moved); ends <- struct{}{} }()
	go func() { g.datagramsDown(in, out, &moved); ends <- struct{}{} }()
	left := 2
	select {
	case <-ends:
		left--
	case <-quiet:
		g.counts.idle.Add(1)
	case <-g.ctx.Done():
	}
	in.Close()
	out.Close()
	for range left {
		<-ends
	}
}

// datagramsUp sends what the client sends, until the client's port turns out to be closed.
func (g *Gateway) datagramsUp(in *stack.UDPConn, out net.Conn, moved *atomic.Uint64) {
	for {
		in.Wait()
		buf := datagrams.Get().(*[]byte)
		n, err := in.Read(*buf)
		if err == nil {
			err = g.datagramUp(in, out, (*buf)[:n])
			moved.Add(1)
		}
		datagrams.Put(buf)
		if err != nil {
			return
		}
	}
}

// datagramUp sends a datagram. It fails when the socket is closed.
func (g *Gateway) datagramUp(in *stack.UDPConn, out net.Conn, b []byte) error {
	_, err := out.Write(b)
	if err != nil && !errors.Is(err, net.ErrClosed) {
		// It may be the word on a datagram before this one, and then this one was not sent.
		tell(in, reported(out, err))
		_, err = out.Write(b)
	}
	switch {
	case err == nil:
		g.counts.bytesUp.Add(uint64(len(b)))
	case errors.Is(err, net.ErrClosed):
		return err
	default:
		g.counts.datagramsLost.Add(1)
	}
	return nil
}

// datagramsDown passes on what the target sends, and what is said of it.
func (g *Gateway) datagramsDown(in *stack.UDPConn, out net.Conn, moved *atomic.Uint64) {
	for wait := newWaiter(out); ; {
		if wait.wait() != nil {
			return
		}
		buf := datagrams.Get().(*[]byte)
		n, err := out.Read(*buf)
		if err == nil {
			if _, err := in.Write((*buf)[:n]); err == nil {
				g.counts.bytesDown.Add(uint64(n))
			} else {
				g.counts.datagramsLost.Add(1)
			}
			moved.Add(1)
		}
		datagrams.Put(buf)
		if err == nil {
			continue
		}
		said := reported(out, err)
		if said == answerUnknown {
			return // the socket is closed, or of no more use
		}
		tell(in, said)
	}
}

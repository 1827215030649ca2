package gateway

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"httptap/stack"
)

// A stream is a TCP connection to a target: a *net.TCPConn.
type stream interface {
	net.Conn
	CloseWrite() error
	SetLinger(seconds int) error
}

var errNoStream = errors.New("gateway: the dialer's connection can't be half closed and reset")

// dialSystem opens a socket of this machine.
func dialSystem(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

func (g *Gateway) serveTCP() {
	for {
		flow, err := g.cfg.Forwarder.AcceptTCP()
		if err != nil {
			return // the host is closed
		}
		client, target := flow.Remote(), flow.Local()
		if !g.admit("tcp", client, target) {
			g.prohibit(flow)
			continue
		}
		g.running.Go(func() {
			defer g.flows.end(client.Addr())
			g.connect(flow, client, target)
		})
	}
}

// prohibit tells a client that a flow may not be. That the client has gone is no matter.
func (g *Gateway) prohibit(flow *stack.TCPFlow) {
	flow.Unreachable(codes[answerProhibited])
}

// connect connects to the target, tells the client what came of it, and splices the two.
func (g *Gateway) connect(flow *stack.TCPFlow, client, target netip.AddrPort) {
	out, err := g.dialStream(target)
	if err != nil {
		a := answerTo(err)
		g.counts.counter(a).Add(1)
		g.log.Debug("no connection", "client", client, "target", target, "err", err)
		if code, ok := codes[a]; a == answerRefuse {
			flow.Refuse()
		} else if ok {
			flow.Unreachable(code)
		} else {
			flow.Drop()
		}
		return
	}
	in, err := flow.Accept(g.flows.buffer())
	if err != nil {
		g.counts.withdrawn.Add(1)
		reset(out)
		return
	}
	g.counts.tcp.Add(1)
	g.splice(in, out)
}

func (g *Gateway) dialStream(target netip.AddrPort) (stream, error) {
	ctx, cancel := context.WithTimeout(g.ctx, g.cfg.DialTimeout)
	defer cancel()
	c, err := g.cfg.Dial(ctx, "tcp4", target.String())
	if err != nil {
		return nil, err
	}
	s, ok := c.(stream)
	if !ok {
		c.Close()
		return nil, errNoStream
	}
	return s, nil
}

// reset closes a connection with a RST, as far as its peer still waits for anything.
func reset(c stream) {
	c.SetLinger(0)
	c.Close()
}

// The keep-alive towards clients: one that has vanished is to give its places back.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Minute, Interval: 15 * time.Second, Count: 8}

const (
	// flushTime is how long what came before a reset may take to reach the client.
	flushTime = 10 * time.Second
	// finishTime is how long what a client sent before it reset may take to be written.
	finishTime = time.Second
)

// splice carries bytes both ways until both sides have closed, or one has reset, or nothing moves.
func (g *Gateway) splice(in *stack.Conn, out stream) {
	in.SetKeepAliveConfig(keepAlive)
	var moved atomic.Uint64
	quiet := make(chan struct{})
	defer idle(g.cfg.TCPIdle, moved.Load, func() { close(quiet) })()
	up, down := make(chan error, 1), make(chan error, 1)
	go func() { up <- g.carryUp(in, out, &moved) }()
	go func() { down <- g.carryDown(in, out, &moved) }()
	broken := in.Broken()
	// A side that has ended without an error has only half closed.
	for left := 2; left > 0; {
		var err error
		upNow, downNow := up, down
		select {
		case err = <-upNow:
			up = nil
		case err = <-downNow:
			down = nil
		case <-broken:
			// What it sent before is written, if that goes quickly.
			out.SetWriteDeadline(time.Now().Add(finishTime))
			if up != nil {
				<-up
				up = nil
			}
			err = errBroken
		case <-quiet:
			g.counts.idle.Add(1)
			err = errQuiet
		case <-g.ctx.Done():
			err = g.ctx.Err()
		}
		if err == nil {
			left--
			continue
		}
		if err != errQuiet {
			g.counts.reset.Add(1)
		}
		if g.ctx.Err() == nil && err != errQuiet && err != errBroken {
			// The network delivers what was sent before a reset, so far as the client takes it.
			ctx, cancel := context.WithTimeout(g.ctx, flushTime)
			in.Flush(ctx)
			cancel()
		}
		reset(in)
		reset(out)
		for _, c := range []chan error{up, down} {
			if c != nil {
				<-c
			}
		}
		return
	}
	in.Close()
	out.Close()
}

// Why a splice ends when no call failed.
var (
	errBroken = errors.New("gateway: the client has reset, or vanished")
	errQuiet  = errors.New("gateway: nothing moved for too long")
)

// carryUp writes what the client sends to the target, and then closes that half.
func (g *Gateway) carryUp(in *stack.Conn, out stream, moved *atomic.Uint64) error {
	if _, err := in.WriteTo(counted{out, moved, &g.counts.bytesUp}); err != nil {
		return err
	}
	return out.CloseWrite()
}

// A counted writer counts what is written.
type counted struct {
	w     io.Writer
	moved *atomic.Uint64
	total *count
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.moved.Add(uint64(n))
	c.total.Add(uint64(n))
	return n, err
}

// busyBuffers are for what a target sends, as much as there is at once.
var busyBuffers = pool(256 << 10)

// carryDown writes what the target sends to the client, and then closes that half.
func (g *Gateway) carryDown(in *stack.Conn, out stream, moved *atomic.Uint64) error {
	to := counted{in, moved, &g.counts.bytesDown}
	for wait := newWaiter(out); ; {
		if err := wait.wait(); err != nil {
			return err
		}
		buf := busyBuffers.Get().(*[]byte)
		n, err := out.Read(*buf)
		_, failed := to.Write((*buf)[:n])
		busyBuffers.Put(buf)
		switch {
		case failed != nil:
			return failed
		case err == io.EOF:
			return in.CloseWrite()
		case err != nil:
			return err
		}
	}
}

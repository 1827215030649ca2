package gateway

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"httptap/stack"
)

// A Pinger is a socket for pings to one host.
type Pinger interface {
	Send(seq uint16, data []byte) error // sends an echo request
	Wait() error                        // returns when Receive has something, and fails once it is closed
	// Receive returns the next echo reply of the host, whose data is in buf.
	Receive(buf []byte) (seq uint16, data []byte, err error)
	// Said returns what an error of Send or Receive says of the host.
	Said(err error) answer
	Close() error
}

// ErrNoPing says why pings are not passed on, and how they can be.
var ErrNoPing = errors.New("pings are not passed on")

// CanPing returns why this machine has no socket for pings, nil when it has.
func CanPing() error {
	p, err := pingSystem(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	if err == nil {
		return p.Close()
	}
	if errors.Is(err, ErrNoPing) {
		return err
	}
	return nil // the socket was there
}

// An echoKey names a flow of pings. RFC 5508, 3.1: its mapping is by identifier.
type echoKey struct {
	client, target netip.Addr
	id             uint16
}

// echoes are the flows of pings that there are.
type echoes struct {
	mu    sync.Mutex
	flows map[echoKey]*echoFlow
}

type echoFlow struct {
	p     Pinger
	moved atomic.Uint64

	mu   sync.Mutex
	last stack.Echo // what the client asked last
}

func (g *Gateway) serveEcho() {
	for {
		var e stack.Echo
		if g.cfg.Forwarder.ReadEcho(&e) != nil {
			return // the host is closed
		}
		g.ping(&e)
	}
}

// ping passes one ping on.
func (g *Gateway) ping(e *stack.Echo) {
	key := echoKey{e.Remote, e.Local, e.ID}
	g.echoes.mu.Lock()
	f := g.echoes.flows[key]
	g.echoes.mu.Unlock()
	if f == nil {
		if f = g.beginEcho(key, e); f == nil {
			return
		}
	}
	f.mu.Lock()
	f.last = *e
	f.mu.Unlock()
	f.moved.Add(1)
	err := f.p.Send(e.Seq, e.Data)
	if err != nil && !errors.Is(err, net.ErrClosed) {
		// It may be the word on a ping before this one, and then this one was not sent.
		g.tellPing(e, f.p.Said(err))
		err = f.p.Send(e.Seq, e.Data)
	}
	if err != nil {
		g.counts.pingsLost.Add(1)
		return
	}
	g.counts.pings.Add(1)
}

// beginEcho begins a flow, nil when there can be none.
func (g *Gateway) beginEcho(key echoKey, e *stack.Echo) *echoFlow {
	if !g.admit("echo", netip.AddrPortFrom(key.client, 0), netip.AddrPortFrom(key.target, 0)) {
		g.tellPing(e, answerProhibited)
		return nil
	}
	p, err := g.cfg.Ping(key.target)
	if err != nil {
		g.flows.end(key.client)
		a := answerTo(err)
		if errors.Is(err, ErrNoPing) {
			a = answerUnknown
		}
		g.counts.counter(a).Add(1)
		g.tellPing(e, a)
		g.log.Debug("no ping", "client", key.client, "target", key.target, "err", err)
		return nil
	}
	g.counts.echo.Add(1)
	f := &echoFlow{p: p}
	g.echoes.mu.Lock()
	g.echoes.flows[key] = f
	g.echoes.mu.Unlock()
	g.running.Go(func() { g.answers(key, f) })
	return f
}

// answers passes answers back until no ping has come for a while.
func (g *Gateway) answers(key echoKey, f *echoFlow) {
	defer g.flows.end(key.client)
	over := make(chan struct{})
	go func() {
		defer close(over)
		g.carryAnswers(f)
	}()
	quiet := make(chan struct{})
	defer idle(g.cfg.EchoIdle, f.moved.Load, func() { close(quiet) })()
	left := true
	select {
	case <-over:
		left = false
	case <-quiet:
		g.counts.idle.Add(1)
	case <-g.ctx.Done():
	}
	g.echoes.mu.Lock()
	delete(g.echoes.flows, key)
	g.echoes.mu.Unlock()
	f.p.Close()
	if left {
		<-over
	}
}

// carryAnswers passes back what comes, until the socket is closed.
func (g *Gateway) carryAnswers(f *echoFlow) {
	for f.p.Wait() == nil {
		buf := datagrams.Get().(*[]byte)
		seq, data, err := f.p.Receive(*buf)
		f.mu.Lock()
		e := f.last
		f.mu.Unlock()
		if err == nil {
			e.Seq, e.Data = seq, data
			if g.cfg.Forwarder.Reply(&e) == nil {
				g.counts.answers.Add(1)
			}
		}
		datagrams.Put(buf)
		if err == nil {
			continue
		}
		said := f.p.Said(err)
		if said == answerUnknown {
			return
		}
		g.tellPing(&e, said)
	}
}

// tellPing answers a ping, where the answer is one to be told.
func (g *Gateway) tellPing(e *stack.Echo, a answer) {
	if code, ok := codes[a]; ok {
		g.cfg.Forwarder.Unreachable(e, code)
	}
}

package hub

import (
	"context"
	"errors"
	"net"
	"sync"

	"httptap/stack/link"
)

// A Port is a place at the hub: what is sent there goes to the others, what the others send to
// it waits in its queue until it is read.
type Port struct {
	hub *Hub
	cfg PortConfig

	emptying sync.Mutex // held by who empties the queue of a prompt port

	// Guarded by the hub's mutex.
	empty    func() // of a prompt port, see Prompt
	look     Look   // of a prompt port
	detached bool
	filling  bool      // a send holds mu and puts frames into the queue
	in       PortStats // what was sent
	impaired bool      // it is one of the hub's impaired: it has lines
	up, down *link.Line

	// The hub's mutex may be held when this one is locked, and never the other way round.
	mu      sync.Mutex
	wake    chan struct{} // holds a token when a reader has to look
	queue   ring
	closed  bool
	counter PortStats // of the queue
}

func newPort(h *Hub, cfg PortConfig) *Port {
	return &Port{hub: h, cfg: cfg, wake: make(chan struct{}, 1), queue: ring{max: cfg.QueueBytes}}
}

// Name returns the port's name.
func (p *Port) Name() string { return p.cfg.Name }

// Kind returns what is behind the port.
func (p *Port) Kind() Kind { return p.cfg.Kind }

// Send puts frames into the hub in order and returns how many it took; err says why not the
// next one: ErrShort, ErrLong, ErrSource, or net.ErrClosed.
func (p *Port) Send(frames ...[]byte) (int, error) { return p.hub.send(p, frames) }

// SendAll puts frames into the hub in order. Those that it refuses are counted and take none of
// the ones behind them along. It fails with net.ErrClosed only.
func (p *Port) SendAll(frames [][]byte) error {
	for len(frames) > 0 {
		n, err := p.hub.send(p, frames)
		if err == nil || errors.Is(err, net.ErrClosed) {
			return err
		}
		frames = frames[n+1:]
	}
	return nil
}

// push queues a copy of frame, in place of the oldest ones when the queue is full. The port's
// mutex is held.
func (p *Port) push(frame []byte) {
	p.counter.QueuedTotal++
	if p.queue.n >= p.cfg.Queue {
		p.dropOldest()
	}
	for !p.queue.push(frame) {
		p.dropOldest()
	}
}

func (p *Port) dropOldest() {
	p.queue.pop()
	p.counter.DroppedFull++
}

// signal wakes one of those who wait; whoever is woken and leaves frames behind wakes the next.
func (p *Port) signal() {
	select {
	case p.wake <- struct{}{}:
	default: // somebody is to look already
	}
}

// Poll takes up to len(bufs) frames out of the queue without waiting. bufs[i][:sizes[i]] is
// the i-th; one that does not fit its buffer is dropped and counted. It returns net.ErrClosed
// when the port is closed.
func (p *Port) Poll(bufs [][]byte, sizes []int) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, net.ErrClosed
	}
	for p.queue.n > 0 && n < len(bufs) {
		f := p.queue.oldest()
		if len(f) > len(bufs[n]) {
			p.queue.pop()
			p.counter.DroppedLong++
			continue
		}
		sizes[n] = copy(bufs[n], f)
		p.read(f)
		n++
	}
	if p.queue.n > 0 {
		p.signal()
	}
	return n, nil
}

// Drain takes frames out of the queue without waiting, the oldest first, and hands them to take
// until it returns false: that frame stays queued. take runs with the port's mutex held: it must
// be quick, must not call the port or the hub, and must not keep frame. Drain returns how many
// frames it took, and net.ErrClosed when the port is closed.
func (p *Port) Drain(take func(frame []byte) bool) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, net.ErrClosed
	}
	for p.queue.n > 0 {
		f := p.queue.oldest()
		if !take(f) {
			break
		}
		p.read(f)
		n++
	}
	if p.queue.n > 0 {
		p.signal()
	}
	return n, nil
}

// read takes f, the oldest frame, out of the queue because its reader has it.
func (p *Port) read(f []byte) {
	p.counter.FramesOut++
	p.counter.BytesOut += uint64(len(f))
	p.queue.pop()
}

// Read is Poll, but waits for the first frame until ctx ends, and returns its error then.
func (p *Port) Read(ctx context.Context, bufs [][]byte, sizes []int) (int, error) {
	for {
		n, err := p.Poll(bufs, sizes)
		if n > 0 || err != nil || len(bufs) == 0 {
			return n, err
		}
		if err := p.Wait(ctx); err != nil {
			return 0, err
		}
	}
}

// Wait returns when a frame is queued or the port is closed, with nil, or when ctx ends, with
// its error. Who waits for long needs no buffers for the frames meanwhile. Who is told that
// there are frames has to take some: nobody else is told.
func (p *Port) Wait(ctx context.Context) error { return p.WaitOr(ctx, nil) }

// WaitOr is Wait that also returns when also has something to say.
func (p *Port) WaitOr(ctx context.Context, also <-chan struct{}) error {
	for {
		p.mu.Lock()
		n, closed := p.queue.n, p.closed
		p.mu.Unlock()
		if closed {
			p.signal() // for the others who wait
		}
		if n > 0 || closed {
			return nil
		}
		select {
		case <-p.wake:
		case <-also:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Ready tells whether a frame is queued.
func (p *Port) Ready() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queue.n > 0
}

// Unread puts frames that were read back at the head of the queue, in their order, because
// their reader vanished. Those for which there is no room are dropped and counted.
func (p *Port) Unread(frames [][]byte) {
	p.hub.mu.Lock() // keeps the port from being detached, and counted up, meanwhile
	defer p.hub.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	counter, back := p.counters(), 0
	if !p.closed && len(frames) > 0 {
		back = p.queue.prepend(frames, p.cfg.Queue)
	}
	counter.FramesOut -= uint64(len(frames))
	counter.Returned += uint64(len(frames))
	counter.DroppedGone += uint64(len(frames) - back)
	for _, f := range frames {
		counter.BytesOut -= uint64(len(f))
		counter.ReturnedBytes += uint64(len(f))
	}
	if p.queue.n > 0 {
		p.signal()
	}
}

// writeFailed counts a frame that the device behind the port refused.
func (p *Port) writeFailed() {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counters().WriteErrors++
}

// counters returns where the port counts: behind its end those are the hub's. Both mutexes are
// held.
func (p *Port) counters() *PortStats {
	if p.detached {
		return &p.hub.gone
	}
	return &p.counter
}

// Stats returns the port's counters.
func (p *Port) Stats() PortStats {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	return p.stats()
}

// stats returns all counters. The hub's mutex is held.
func (p *Port) stats() PortStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.counter
	s.add(p.in)
	if p.up != nil {
		s.Up.Add(p.up.Stats())
	}
	if p.down != nil {
		s.Down.Add(p.down.Stats())
	}
	s.Name, s.Kind, s.Queued = p.cfg.Name, p.cfg.Kind, p.queue.n
	return s
}

// Close takes the port away from the hub. Reads return net.ErrClosed; what is still queued is
// dropped and counted.
func (p *Port) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	p.signal()
	p.mu.Unlock()
	p.hub.detach(p)
	return nil
}

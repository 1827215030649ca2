package link

import (
	"errors"
	"net"
	"sync"
)

// ErrFrameSize says that a frame is shorter than its header or longer than the MTU allows.
var ErrFrameSize = errors.New("link: frame under 14 bytes or over the MTU")

// PipeOptions describe the link that Pipe makes. The zero PipeOptions are a usable link.
type PipeOptions struct {
	MTU          int  // 0: 1500
	Queue        int  // frames that wait in each direction; 0: 256
	AddrA, AddrB Addr // zero: LocalAddr("a") and LocalAddr("b")
	Block        bool // a writer waits for room instead of losing the frame
}

// A PipeEnd is one end of a link in memory: a Device.
type PipeEnd struct {
	info Info
	rx   *ring // what the peer wrote
	tx   *ring // what this end wrote
}

// Pipe returns the two ends of a link in memory. A frame is copied once in and once out. When
// the link's queue is full a frame is lost and counted, as on a real link, unless Block is set.
func Pipe(o PipeOptions) (a, b *PipeEnd) {
	if o.MTU == 0 {
		o.MTU = 1500
	}
	if o.Queue <= 0 {
		o.Queue = 256
	}
	if o.AddrA.IsZero() {
		o.AddrA = LocalAddr("a")
	}
	if o.AddrB.IsZero() {
		o.AddrB = LocalAddr("b")
	}
	ab, ba := newRing(o), newRing(o)
	a = &PipeEnd{info: Info{HardwareAddr: o.AddrA, MTU: o.MTU, Name: "pipe a"}, rx: ba, tx: ab}
	b = &PipeEnd{info: Info{HardwareAddr: o.AddrB, MTU: o.MTU, Name: "pipe b"}, rx: ab, tx: ba}
	return a, b
}

// ring is one direction: a queue of frames whose buffers are reused.
type ring struct {
	mu      sync.Mutex
	filled  sync.Cond // a reader waits here
	drained sync.Cond // a writer waits here, with Block
	slots   [][]byte
	first   int
	n       int
	max     int // bytes of a frame
	block   bool
	rclosed bool
	wclosed bool
	dropped uint64
}

func newRing(o PipeOptions) *ring {
	r := &ring{slots: make([][]byte, o.Queue), max: o.MTU + HeaderLen, block: o.Block}
	r.filled.L, r.drained.L = &r.mu, &r.mu
	return r
}

// ReadFrames implements Device.
func (p *PipeEnd) ReadFrames(bufs [][]byte, sizes []int) (int, error) {
	r := p.rx
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(bufs) == 0 {
		return 0, nil
	}
	n := 0
	for n == 0 {
		for r.n == 0 {
			if r.rclosed {
				return 0, net.ErrClosed
			}
			r.filled.Wait()
		}
		if r.rclosed {
			return 0, net.ErrClosed
		}
		for r.n > 0 && n < len(bufs) {
			f := r.slots[r.first]
			if len(f) > len(bufs[n]) {
				r.dropped++ // Device: never cut
			} else {
				sizes[n] = copy(bufs[n], f)
				n++
			}
			r.first = (r.first + 1) % len(r.slots)
			r.n--
		}
		if r.block {
			r.drained.Signal()
		}
	}
	return n, nil
}

// WriteFrames implements Device.
func (p *PipeEnd) WriteFrames(frames [][]byte) (int, error) {
	r := p.tx
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.filled.Signal() // also for those before one that is refused
	for i, f := range frames {
		if len(f) < HeaderLen || len(f) > r.max {
			return i, ErrFrameSize
		}
		for r.block && r.n == len(r.slots) && !r.rclosed && !r.wclosed {
			r.filled.Signal()
			r.drained.Wait()
		}
		switch {
		case r.wclosed:
			return i, net.ErrClosed
		case r.rclosed || r.n == len(r.slots):
			r.dropped++
			continue
		}
		k := (r.first + r.n) % len(r.slots)
		r.slots[k] = append(r.slots[k][:0], f...)
		r.n++
	}
	return len(frames), nil
}

// Info implements Device.
func (p *PipeEnd) Info() Info { return p.info }

// Dropped returns how many frames that this end wrote were lost: the queue was full, the peer
// was closed, or its buffer was too short.
func (p *PipeEnd) Dropped() uint64 {
	p.tx.mu.Lock()
	defer p.tx.mu.Unlock()
	return p.tx.dropped
}

// Close implements Device. The peer's writes are lost from now on.
func (p *PipeEnd) Close() error {
	p.rx.shut(&p.rx.rclosed)
	p.tx.shut(&p.tx.wclosed)
	return nil
}

func (r *ring) shut(flag *bool) {
	r.mu.Lock()
	*flag = true
	r.filled.Broadcast()
	r.drained.Broadcast()
	r.mu.Unlock()
}

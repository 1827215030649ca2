package tcp

import "time"

// startBuffer is what a buffer has at first when its owner gives memory as it is needed.
const startBuffer = 64 << 10

// tuning lets the receive buffer grow with what the path can carry: the application has to take
// more than half of the window within a round trip, so that the window is what limits the peer.
type tuning struct {
	size int           // the window's memory that was promised to the peer, though it may not be there yet
	goal int           // what it should be
	max  int           // what the owner allows
	mark time.Duration // when this round trip began
	read int           // bytes that the application took in it
}

// tune looks at the end of each round trip whether the buffer should be larger.
func (t *TCB) tune(now time.Duration) {
	b := &t.tuning
	if b.size >= b.max {
		return
	}
	rtt := max(t.rtt.srtt, time.Millisecond)
	if now-b.mark < rtt {
		return
	}
	if 2*b.read > b.size && now-b.mark < 2*rtt {
		b.goal = min(2*b.size, b.max)
	}
	b.mark, b.read = now, 0
}

// WantRx returns how many bytes of memory the receive buffer needs, 0 when it has them. data
// says that a segment with data has come, for which there must be memory at all.
func (t *TCB) WantRx(data bool) int {
	if t.tuning.goal > len(t.rx.b) && (data || len(t.rx.b) > 0) && t.expects() && !t.discard {
		return t.tuning.goal
	}
	return 0
}

// expects tells whether data may still come.
func (t *TCB) expects() bool {
	return t.state.canReceive() || t.state == SynSent || t.state == SynReceived
}

// SetRx gives the receive buffer the memory b, not shorter than what it has, and returns the old.
func (t *TCB) SetRx(b []byte) (old []byte) {
	old = t.rx.move(b)
	t.tuning.size = max(t.tuning.size, len(b))
	t.tuning.goal = max(t.tuning.goal, len(b))
	t.gaps.max = maxRuns(len(b))
	return old
}

// WantTx returns how many bytes of memory the send buffer should have for more to be written, 0
// when it has them: twice the congestion window keeps the path full.
func (t *TCB) WantTx() int {
	switch n := len(t.tx.b); {
	case t.finIn || t.state == Closed:
	case n == 0:
		return min(startBuffer, t.txMax)
	case n < t.txMax && t.tx.free() == 0 && 2*t.cong.w.CWnd > n:
		return min(2*n, t.txMax)
	}
	return 0
}

// SetTx gives the send buffer the memory b, not shorter than what it has, and returns the old.
func (t *TCB) SetTx(b []byte) (old []byte) {
	t.txMax = max(t.txMax, len(b))
	return t.tx.move(b)
}

// Release takes the buffers back when nothing can come into them any more, or nothing is in them.
func (t *TCB) Release() (tx, rx []byte) {
	if !t.expects() && t.rx.n == 0 {
		rx = t.rx.b
		t.rx = ring{}
	}
	if (t.state == TimeWait || t.state == Closed || t.state == FinWait2) && t.tx.n == 0 {
		tx = t.tx.b
		t.tx = ring{}
	}
	return tx, rx
}

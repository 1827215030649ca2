package tcp

import "io"

// Peek returns received data in place, as much of it as lies together, at most max bytes; Read
// would give it, and Take does away with it. It is valid until Take, whatever happens to the
// connection meanwhile. The error is Read's.
func (t *TCB) Peek(max int) ([]byte, error) {
	if n := min(t.rx.n, max, len(t.rx.b)-t.rx.start); n > 0 {
		if u := t.Urgent(); u > 0 {
			n = min(n, u) // as Read
		}
		return t.rx.b[t.rx.start : t.rx.start+n], nil
	}
	return nil, t.noData()
}

// Take drops the first n bytes, or as many as there are.
func (t *TCB) Take(n int) {
	n = min(n, t.rx.n)
	t.rx.drop(n)
	t.taken(n)
}

// taken notes that the application has taken n bytes.
func (t *TCB) taken(n int) {
	t.urg.urging = t.Urgent() > 0
	t.tuning.read += n
	if t.state.canReceive() && t.windowGain() {
		t.ackNow = true // the window opens again: tell the peer
		t.ackWhy = ReasonWindowUpdate
	}
}

// noData returns what Read says when there is nothing to be read.
func (t *TCB) noData() error {
	switch {
	case t.eof:
		return io.EOF
	case t.err != nil:
		return t.err
	case t.state == Closed:
		return ErrClosed
	}
	return nil
}

// Queued returns how many written bytes the peer has not acknowledged.
func (t *TCB) Queued() int { return t.tx.n }

package tcp

import (
	"time"

	"httptap/stack/seq"
)

// A Window is how much a connection may have in flight. RFC 5681, 3.1
type Window struct {
	CWnd     int // congestion window in bytes
	SSThresh int // slow start threshold in bytes; below it the window grows exponentially
	MSS      int // largest payload of a segment, SMSS
}

// SlowStart tells whether the connection is in slow start. RFC 5681, 3.1: "The slow start
// algorithm is used when cwnd < ssthresh".
func (w *Window) SlowStart() bool { return w.CWnd < w.SSThresh }

// A Progress is what an acknowledgment tells a Controller. Times count from the connection's
// begin.
type Progress struct {
	Now      time.Duration
	Acked    int           // bytes that arrived, by acknowledgment or SACK, since the last one
	InFlight int           // bytes that were in flight before it
	RTT      time.Duration // of the newest segment acknowledged; 0: not known
	SRTT     time.Duration // smoothed: RFC 6298, 2; 0: not known
	MinRTT   time.Duration // the least so far; 0: not known
	Ack      seq.Value     // SEG.ACK
	Next     seq.Value     // SND.NXT: what is acknowledged beyond it was sent a round later
	Marked   bool          // a router marked a packet, none was lost: RFC 3168
	Paced    bool          // the connection paces what it sends
}

// A Controller decides how the congestion window grows and shrinks. The TCB does the rest:
// the initial window, one segment after a timeout, the restart after idle time, what a
// recovery may send. A Controller serves one connection at a time and has no clock.
type Controller interface {
	// Name is the algorithm's name, such as "cubic".
	Name() string
	// Reset begins a connection, whose window is w.
	Reset(w *Window)
	// Acked grows w for an acknowledgment outside of a fast recovery, when the window was in use.
	Acked(w *Window, p *Progress)
	// Congested sets w.SSThresh and w.CWnd because a segment was lost or marked.
	Congested(w *Window, p *Progress)
	// TimedOut sets w.SSThresh after a retransmission timeout.
	TimedOut(w *Window, p *Progress)
	// Idle tells that the window was not used, and Acked not called for that, for the given time.
	Idle(d time.Duration)
	// Undo takes back the last Congested or TimedOut: nothing had been lost. w has the window
	// from before again.
	Undo(w *Window)
}

// maxCWnd bounds the congestion window; sequence numbers allow no more than 1 GiB in flight.
const maxCWnd = 1 << 30

// initialWindow is IW. RFC 6928, 2: "min (10*MSS, max (2*MSS, 14600))".
func initialWindow(mss int) int { return min(10*mss, max(2*mss, 14600)) }

// grow adds n bytes to the window.
func (w *Window) grow(n int) { w.CWnd = min(w.CWnd+n, maxCWnd) }

// reduced sets the window to SSThresh, which is at least two segments where one was lost. A mark
// can make it one: RFC 3168, 6.1.2: "the value of the congestion window is bounded below by a value
// of one MSS".
func (w *Window) reduced(p *Progress) {
	least := 2 * w.MSS
	if p.Marked {
		least = w.MSS
	}
	w.CWnd = max(w.SSThresh, least)
	w.SSThresh = max(w.SSThresh, 2*w.MSS)
}

// congestion is what the TCB keeps beside its Controller.
type congestion struct {
	ctl    Controller
	w      Window
	cubic  Cubic         // the default
	before Window        // what Undo goes back to
	used   bool          // the window was full when Transmit had sent what it could
	silent int           // bytes that SACKs told of since the last cumulative acknowledgment
	unused bool          // the window was not used when acknowledgments came since grown
	grown  time.Duration // when Acked was called last
	resent int           // segments sent again in this recovery that the peer did not report as double
	undo   bool          // the window was cut, and the cut can still be undone
}

func (c *congestion) begin(ctl Controller, mss int) {
	if c.ctl = ctl; ctl == nil {
		c.ctl = &c.cubic
	}
	// RFC 5681, 3.1: "The initial value of ssthresh SHOULD be set arbitrarily high".
	c.w = Window{CWnd: initialWindow(mss), SSThresh: maxCWnd, MSS: mss}
	c.ctl.Reset(&c.w)
}

// established sets the window with which data transmission begins: the peer's MSS is known now.
func (t *TCB) established() {
	c := &t.cong
	t.synNow = false // a repeated SYN asked for our answer, which has arrived meanwhile
	c.w.MSS = t.smss()
	c.w.CWnd = initialWindow(c.w.MSS)
	// RFC 5681, 3.1: after a lost SYN the initial window is one segment; RFC 6928, 2 recommends
	// to spare connections that lost one SYN only, which is often no sign of congestion.
	if t.synTimeouts > 1 {
		c.w.CWnd = c.w.MSS
	}
}

// smss is the largest payload of a segment: what the options that every segment has leave.
// RFC 9293, 3.7.1, Eff.snd.MSS
func (t *TCB) smss() int {
	if t.stamps.on {
		return max(t.mss-timestampsLen, 1)
	}
	return t.mss
}

// congestionRoom returns how many bytes more may be in flight now.
func (t *TCB) congestionRoom() int { return t.cong.w.CWnd - t.pipe() }

// pipe is what is in flight. RFC 6675, 4; without SACK each duplicate ACK tells that a segment
// has left the network: RFC 5681, 3.2, steps 3 and 4, though not more of them than there are.
// Before a recovery two count at the most: RFC 3042, 2: "the sender can only send two segments
// beyond the congestion window (cwnd)". After a timeout none does.
func (t *TCB) pipe() int {
	most := 0
	switch t.rec.kind {
	case noRecovery:
		most = dupThreshold - 1
	case fastRecovery:
		most = t.rec.most
	}
	return max(0, t.log.pipe-min(t.dupAcks, most)*t.cong.w.MSS)
}

// progressed grows the window after an acknowledgment.
func (t *TCB) progressed(p *Progress, advanced, recovering bool) {
	c := &t.cong
	if recovering || t.rec.kind == fastRecovery {
		c.silent = 0
		return
	}
	// RFC 5681, 3.1: "for each ACK received that cumulatively acknowledges new data"; 3.2: "the
	// TCP sender MUST NOT change cwnd to reflect these two segments", which the first duplicates
	// let go. What SACKs told before counts with the ACK that covers it.
	if c.silent += p.Acked; !advanced || c.silent == 0 {
		return
	}
	p.Acked, c.silent = c.silent, 0
	// A window that is not used says nothing about the path: RFC 7661, 4.4 keeps it.
	// In slow start half of it is enough, since it doubles within a round trip.
	if used := c.used || c.w.SlowStart() && 2*p.InFlight >= c.w.CWnd; !used {
		c.unused = true
		return
	}
	if c.unused {
		c.unused = false
		c.ctl.Idle(p.Now - c.grown)
	}
	c.grown = p.Now
	c.ctl.Acked(&c.w, p)
}

// congested cuts the window once for what was in flight.
func (t *TCB) congested(p *Progress) {
	c := &t.cong
	c.before, c.undo, c.resent = c.w, true, 0
	c.ctl.Congested(&c.w, p)
	t.ecn.reduced(t.nxt)
}

// undoCut gives the window back what a cut took that turned out to be wrong. RFC 9438, 4.9. RFC
// 4015 would let it grow back by slow start; as with Linux it is there at once.
func (t *TCB) undoCut() {
	c := &t.cong
	if !c.undo {
		return
	}
	c.undo = false
	c.w.CWnd = max(c.w.CWnd, c.before.CWnd)
	c.w.SSThresh = max(c.w.SSThresh, c.before.SSThresh)
	c.ctl.Undo(&c.w)
	t.undone++
}

// restartIdle shrinks the window when the connection was idle.
//
// RFC 5681, 4.1: "a TCP SHOULD set cwnd to no more than RW before beginning transmission if the
// TCP has not sent data in an interval exceeding the retransmission timeout", where
// "RW = min(IW,cwnd)".
func (t *TCB) restartIdle(now time.Duration) {
	if t.log.n > 0 || t.lastSent == 0 || now-t.lastSent <= t.rtt.rto {
		return
	}
	c := &t.cong
	c.w.CWnd = min(initialWindow(c.w.MSS), c.w.CWnd)
	c.unused = true
}

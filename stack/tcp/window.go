package tcp

import (
	"time"

	"httptap/stack/seq"
)

// rcvWnd returns RCV.WND: what is left of the window that was offered.
func (t *TCB) rcvWnd() int { return max(0, t.edge.Diff(t.rnxt)) }

// room returns how far the window could reach: what the buffer takes beyond rcv.nxt, as far as
// the window field can say it.
func (t *TCB) room() int {
	return min(max(t.tuning.size-t.rx.n, 0)>>t.rcvShift, 0xffff) << t.rcvShift
}

// windowGain tells whether offering the room that there is now would be worth a segment.
//
// RFC 9293, 3.8.6.2.2: "keep RCV.NXT+RCV.WND fixed until the reduction satisfies: RCV.BUFF -
// RCV.USER - RCV.WND >= min( Fr * RCV.BUFF, Eff.snd.MSS ) where Fr is a fraction whose recommended
// value is 1/2".
func (t *TCB) windowGain() bool {
	return t.room()-t.rcvWnd() >= max(1, min(t.tuning.size/2, 2*t.rmss))
}

// offer moves the right edge of the window and returns the window field for a segment.
func (t *TCB) offer() uint16 {
	room := t.room()
	if room-t.rcvWnd() >= max(1, min(t.tuning.size/2, t.rmss)) {
		// The edge never goes back: RFC 9293, 3.8.6: "A TCP receiver SHOULD NOT shrink the
		// window". What the peer sees of it does, by less than one unit of the scale, as
		// RFC 7323, 2.4 foresees: "there are instances when a retracted window can be offered".
		t.edge = seq.Max(t.edge, t.rnxt.Add(room))
	}
	return uint16(min(t.rcvWnd()>>t.rcvShift, 0xffff))
}

// offerUnscaled is offer for a SYN. RFC 7323, 2.2: "The window field in a segment where the SYN
// bit is set (i.e., a <SYN> or <SYN,ACK>) MUST NOT be scaled."
func (t *TCB) offerUnscaled() uint16 { return uint16(min(t.tuning.size, 0xffff)) }

// ackDelay is how long an ACK may wait for data to ride on. RFC 9293, 3.8.6.3: "the delay
// MUST be less than 0.5 seconds".
const ackDelay = 40 * time.Millisecond

// delayAck notes data that came in order. RFC 9293, 3.8.6.3: "An ACK SHOULD be generated for at
// least every second full-sized segment". The first segments of a connection are acknowledged
// at once, because the peer's window grows with each ACK.
func (t *TCB) delayAck(now time.Duration) {
	t.unacked++
	if t.quick > 0 {
		t.quick--
		t.ackNow = true
	}
	if t.unacked >= 2 {
		t.ackNow = true
	} else if t.delackAt == 0 {
		t.delackAt = now + ackDelay
	}
}

// acked notes that a segment carries the ACK for everything that came.
func (t *TCB) acked() {
	t.ackNow, t.unacked, t.delackAt = false, 0, 0
	t.ackWhy, t.stamps.lastAck = ReasonNone, t.rnxt
}

package tcp

import (
	"time"

	"httptap/stack/seq"
)

// dupThreshold is how many duplicate ACKs mean a loss. RFC 5681, 3.2
const dupThreshold = 3

// duplicateAck counts ACKs that say "I still miss this". RFC 5681, 2: a duplicate has no data,
// no SYN or FIN, the same window, and there is something in flight.
func (t *TCB) duplicateAck(seg Segment) {
	if t.una == t.max || seg.Len() != 0 || t.scaled(seg) != t.wnd || t.probes > 0 {
		return // the answer to a probe is no sign of loss
	}
	t.dupAcks++
	// RFC 6582, 3.2: a new recovery begins only when the ACK covers more than "recover", so that
	// duplicates of resent data do not begin another.
	if t.dupAcks == dupThreshold && !t.recovering && t.recover.LessEq(t.una) {
		t.beginRecovery()
	}
}

// beginRecovery resends the oldest segment; the ACKs tell what else to send again, until
// everything that was in flight now is acknowledged.
func (t *TCB) beginRecovery() {
	t.recovering, t.recover = true, t.max
	t.resend, t.again = 1, t.una
	t.timing = false // Karn: what is sent twice is not timed
}

// recovered goes on with a recovery after an ACK for new data.
func (t *TCB) recovered(ack seq.Value) {
	switch {
	case !ack.Less(t.recover):
		t.recovering, t.recover, t.resend = false, ack, 0
	case t.again.Less(ack):
		// RFC 6582, 3.2: a partial ACK: "retransmit the first unacknowledged segment". The peer
		// had what is between, so perhaps it has what is behind.
		t.resend, t.again = 1, ack
	default:
		// It had nothing but what was sent again: all that followed was lost, too. As in slow
		// start, RFC 5681, 3.1, two go for each that arrived.
		t.resend += 2
	}
}

// acknowledged takes an ACK for bytes up to ack, which is new.
func (t *TCB) acknowledged(now time.Time, ack seq.Value) {
	if t.una == t.iss && t.timeouts > 0 {
		t.rtt.rto = lostSynRTO
	}
	n := min(max(ack.Diff(t.base), 0), t.tx.n) // SYN and FIN are not in the ring
	t.tx.drop(n)
	t.base = t.base.Add(n)
	t.una = ack
	t.nxt = seq.Max(t.nxt, t.una)
	t.dupAcks, t.probes, t.timeouts, t.soft = 0, 0, 0, nil
	t.progress = now
	if t.timing && t.timedEnd.LessEq(ack) {
		t.timing = false
		t.rtt.sample(now.Sub(t.timedAt))
	} else if t.rtt.measured {
		t.rtt.restart()
	}
	if t.recovering {
		t.recovered(ack)
	}
	// RFC 6298, 5.3: "When an ACK is received that acknowledges new data, restart the
	// retransmission timer"; 5.2: when all is acknowledged, turn it off.
	if t.rtoAt = (time.Time{}); t.una != t.max {
		t.rtoAt = now.Add(t.rtt.rto)
	}
}

// restart undoes the doubling of the timeout once new data is acknowledged. Karn's algorithm
// would keep it until a segment that was sent once only is acknowledged; in a long recovery
// there is none, and one lost segment after the other would be waited for ever longer.
func (r *rtt) restart() {
	r.rto = min(max(r.srtt+max(clockGranularity, 4*r.rttvar), minRTO), maxRTO)
}

// expire runs the timers that are due.
func (t *TCB) expire(now time.Time) {
	if due(t.endAt, now) {
		t.end(nil)
		return
	}
	if due(t.delackAt, now) {
		t.ackNow = true
	}
	if !due(t.rtoAt, now) {
		return
	}
	t.rtoAt = time.Time{}
	if t.una == t.max || t.wnd == 0 && t.state.canSend() {
		t.persist(now)
		return
	}
	limit, tries := maxSilence, maxTimeouts
	if t.state == SynSent || t.state == SynReceived {
		limit, tries = maxSynSilence, 0
	}
	if now.Sub(t.progress) >= limit && t.timeouts >= tries {
		t.timeOut()
		return
	}
	t.timeouts++
	t.rtt.backOff()
	t.timing = false
	t.dupAcks = 0
	if t.state == SynSent || t.state == SynReceived {
		t.resend = 1
		return
	}
	// What else was in flight may have arrived: only the oldest is sent again, and then what
	// the ACKs show to be missing.
	t.beginRecovery()
}

func due(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// persist sends a probe into a window that stays closed. RFC 9293, 3.8.6.1: "The transmitting
// host SHOULD send the first zero-window probe when a zero window has existed for the
// retransmission timeout period ... and SHOULD increase exponentially the interval between
// successive probes." As long as the peer answers, the connection stays open.
func (t *TCB) persist(now time.Time) {
	t.nxt = t.una // what a window that shrank left in flight was dropped
	if t.unsent() == 0 {
		return
	}
	if t.timeouts >= maxTimeouts && now.Sub(t.progress) >= maxSilence {
		t.timeOut()
		return
	}
	if t.discard && t.probes >= maxTimeouts {
		// "The behavior is subject to the implementation's resource management concerns": the
		// application has gone, and the peer could hold its connection for ever. RFC 6429, 4
		t.sendRST = true
		t.timeOut()
		return
	}
	t.probe = true
}

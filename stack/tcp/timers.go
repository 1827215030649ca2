package tcp

import "time"

func due(at, now time.Duration) bool { return at != 0 && at <= now }

// Deadline returns when Transmit has to be called though nothing was received; the zero time
// when there is nothing to wait for.
func (t *TCB) Deadline() time.Time {
	d := time.Duration(0)
	for _, at := range [...]time.Duration{t.rtoAt, t.reoAt, t.tlp.at, t.delackAt, t.endAt, t.keep.at, t.pacing.wake} {
		if at != 0 && (d == 0 || at < d) {
			d = at
		}
	}
	if d == 0 {
		return time.Time{}
	}
	return t.epoch.Add(d)
}

// timerDue tells whether expire has something to do.
func (t *TCB) timerDue(now time.Duration) bool {
	return due(t.rtoAt, now) || due(t.delackAt, now) || due(t.endAt, now) || due(t.reoAt, now) ||
		due(t.tlp.at, now) || due(t.keep.at, now)
}

// expire runs the timers that are due.
func (t *TCB) expire(now time.Duration) {
	if !t.timerDue(now) {
		return
	}
	if due(t.endAt, now) {
		t.end(nil)
		return
	}
	if due(t.delackAt, now) {
		t.ackNow, t.ackWhy = true, ReasonDelayedACK
	}
	if due(t.keep.at, now) {
		t.checkAlive(now)
	}
	if due(t.reoAt, now) {
		// RFC 8985, 6.3: the reordering timer: detect losses again.
		p := &t.progress
		*p = Progress{Now: now, InFlight: t.nxt.Diff(t.una), MinRTT: t.rack.minRTT, Ack: t.una, Next: t.nxt}
		if t.detect(now) && t.rec.kind == noRecovery {
			t.beginRecovery(p)
		}
	}
	if due(t.rtoAt, now) && !due(t.tlp.at, now) && t.state != Closed {
		t.retransmissionTimeout(now)
	}
	// Tail loss probes that are due are sent by Transmit.
}

// retransmissionTimeout is RFC 6298, 5.4 to 5.7, and the persist timer.
func (t *TCB) retransmissionTimeout(now time.Duration) {
	t.rtoAt, t.tlp.at = 0, 0
	if t.una == t.max || t.state.canSend() && (t.wnd == 0 || t.log.n == 0) {
		t.persist(now)
		return
	}
	syn := t.state == SynSent || t.state == SynReceived
	limit, tries := maxSilence, maxTimeouts
	if syn {
		limit, tries = maxSynSilence, 0
	}
	if l := t.ut.limit(); l > 0 {
		limit, tries = l, 0
	}
	if now-t.silence >= limit && t.timeouts >= tries {
		t.timeOut()
		return
	}
	t.timeouts++
	t.rtt.backOff()
	if syn {
		t.synTimeouts++
		t.synNow = true
		t.silenceInHandshake()
		return
	}
	t.suspectHole()
	t.timedOut(now)
}

// silenceInHandshake gives options up that a middlebox may not let through: after two SYNs
// without an answer ECN is no longer asked for. RFC 3168, 6.1.1.1
func (t *TCB) silenceInHandshake() {
	if t.synTimeouts >= 2 {
		t.ecn.ask, t.ecn.on = false, false
	}
}

// armRTO starts the retransmission timer at now.
func (t *TCB) armRTO(now time.Duration) { t.rtoAt = t.notBeyondLimit(now, now+t.rtt.rto) }

// persist sends a probe into a window that stays closed. RFC 9293, 3.8.6.1: "The transmitting
// host SHOULD send the first zero-window probe when a zero window has existed for the
// retransmission timeout period ... and SHOULD increase exponentially the interval between
// successive probes." As long as the peer answers, the connection stays open.
func (t *TCB) persist(now time.Duration) {
	// What a window that shrank left in flight was dropped, also where the peer has told of it by
	// SACK: what it takes back of the window it need not have kept. RFC 2018, 8: "After a retransmit
	// timeout the data sender SHOULD turn off all of the SACKed bits".
	t.nxt = t.una
	t.log.clear()
	t.peerHas.b = t.peerHas.b[:0]
	t.rec = recovery{point: t.una}
	if t.unsent() == 0 {
		return
	}
	limit, tries := maxSilence, maxTimeouts
	if l := t.ut.limit(); l > 0 {
		limit, tries = l, 1
	}
	if t.timeouts >= tries && now-t.silence >= limit {
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

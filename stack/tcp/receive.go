package tcp

import (
	"time"

	"httptap/stack/seq"
)

// Receive takes a segment whose checksum was verified. The error names why the segment was
// refused; whatever has to be done about it is done.
func (t *TCB) Receive(now time.Time, seg Segment) error {
	at := t.since(now)
	switch t.state {
	case Closed:
		return ErrClosed
	case SynSent:
		t.o.parse(seg.Options())
		return t.receiveSynSent(at, seg)
	}
	t.o.parse(seg.Options())
	return t.receive(at, seg)
}

// receiveSynSent is RFC 9293, 3.10.7.3.
func (t *TCB) receiveSynSent(now time.Duration, seg Segment) error {
	f, ack := seg.Flags(), seg.Ack()
	if f&ACK != 0 && (ack.LessEq(t.iss) || t.max.Less(ack)) {
		// "If SEG.ACK =< ISS or SEG.ACK > SND.NXT, send a reset ... and discard the segment":
		// the peer has a connection from before. The caller's connection waits on.
		return ErrBadAck
	}
	if f&RST != 0 {
		if f&ACK == 0 {
			return ErrNoAck
		}
		t.end(ErrRefused)
		return nil
	}
	if f&SYN == 0 {
		return ErrNotSyn
	}
	t.takeSyn(now, seg)
	if f&ACK == 0 {
		// "Otherwise, enter SYN-RECEIVED, form a SYN,ACK segment": both sides opened at once.
		t.state = SynReceived
		t.nxt = t.iss
		t.rtoAt = 0
		t.ecn.on = t.ecn.ask && f&(ECE|CWR) == ECE|CWR
		t.wnd, t.maxWnd, t.wl1, t.wl2 = int(seg.Window()), int(seg.Window()), seg.Seq(), t.iss
		return nil
	}
	// RFC 3168, 6.1.1: an "ECN-setup SYN-ACK packet" has ECE set and CWR not.
	t.ecn.on = t.ecn.ask && f&(ECE|CWR) == ECE
	t.acknowledge(now, seg, ack, &t.o)
	t.state = Established
	t.lastHeard = now
	t.setWindow(seg)
	t.ackNow = true
	return t.receiveData(now, seg, seg.Seq().Add(1))
}

// receive is RFC 9293, 3.10.7.4, in its order.
func (t *TCB) receive(now time.Duration, seg Segment) error {
	f := seg.Flags()
	if t.stamps.on && f&RST == 0 {
		if !t.o.stamped {
			// RFC 7323, 3.2: "If a non-<RST> segment is received without a TSopt, a TCP SHOULD
			// silently drop the segment." But a peer that has restarted has to learn of this
			// connection, whatever options its SYN has: RFC 5961, 4.2.
			if f&SYN != 0 {
				t.challenge(now)
			}
			return ErrNoTimestamp
		}
		if !t.stamps.acceptable(now, &t.o) {
			t.acknowledgeUnacceptable(now, seg) // "Send an acknowledgment in reply"
			return ErrOldTimestamp
		}
	}
	if t.state == SynReceived && f&(SYN|RST) == SYN && seg.Seq() == t.irs {
		return t.receiveSynAgain(now, seg)
	}

	// First, check sequence number.
	if !t.acceptable(seg) {
		if f&RST == 0 {
			t.acknowledgeUnacceptable(now, seg)
			if t.state == TimeWait && f&FIN != 0 {
				t.endAt = now + t.timeWait // "Restart the 2 MSL time-wait timeout"
			}
			if f&ACK != 0 {
				// A probe into our closed window still tells what the peer has got.
				t.receiveOldAck(now, seg)
			}
		}
		return ErrOutOfWindow
	}

	// Second, check the RST bit. RFC 5961, 3.2
	if f&RST != 0 {
		if seg.Seq() != t.rnxt {
			t.challenge(now) // "MUST send an acknowledgment (challenge ACK)"
			return ErrChallenge
		}
		switch {
		case t.state == Closing || t.state == LastAck || t.state == TimeWait:
			t.end(nil)
		case t.state == SynReceived && t.active:
			// "If this connection was initiated with an active OPEN (i.e., came from SYN-SENT
			// state), then the connection was refused; signal the user".
			t.end(ErrRefused)
		default:
			t.end(ErrReset)
		}
		return nil
	}

	// Fourth, check the SYN bit. RFC 5961, 4.2
	if f&SYN != 0 {
		t.challenge(now)
		return ErrChallenge
	}
	t.lastHeard, t.keep.sent = now, 0
	if t.stamps.on {
		t.stamps.take(now, &t.o, seg.Seq())
	}

	// Fifth, check the ACK field.
	if f&ACK == 0 {
		return ErrNoAck
	}
	if err := t.receiveAck(now, seg); err != nil {
		return err
	}
	if t.state == Closed {
		return nil
	}

	if t.o.userTimeout > 0 {
		t.ut.peer = t.o.userTimeout
	}
	t.congestionSeen(seg)

	// Sixth, check the URG bit; seventh, process the segment text; eighth, check the FIN bit.
	return t.receiveData(now, seg, seg.Seq())
}

// receiveSynAgain takes the SYN that made the connection, in SYN-RECEIVED. Alone it says that
// our SYN,ACK was lost. With an ACK it is the peer's answer to our own SYN, because both sides
// opened at once: RFC 9293, figure 7. The check of the sequence number would refuse it there.
func (t *TCB) receiveSynAgain(now time.Duration, seg Segment) error {
	if t.stamps.on {
		t.stamps.take(now, &t.o, seg.Seq())
	}
	if seg.Flags()&ACK == 0 {
		t.synNow = true
		return ErrOutOfWindow
	}
	if err := t.receiveAck(now, seg); err != nil {
		return err
	}
	t.ackNow = true
	return t.receiveData(now, seg, seg.Seq().Add(1))
}

// acceptable is the table of RFC 9293, 3.4: does any of the segment lie in the window?
func (t *TCB) acceptable(seg Segment) bool {
	s, n, w := seg.Seq(), seg.Len(), t.rcvWnd()
	switch {
	case n == 0:
		// The table wants SEG.SEQ < RCV.NXT+RCV.WND. But a peer that has filled the window
		// sends its ACKs with the number behind it; were they refused, two such peers would
		// answer each other's ACKs without end.
		return s.In(t.rnxt, w+1)
	case w == 0:
		// RFC 9293, 3.10.7.4: with a zero window, "special allowance should be made to accept
		// valid ACKs, URGs, and RSTs". Our FIN needs no buffer either.
		return s == t.rnxt && (seg.Flags()&RST != 0 || len(seg.Payload()) == 0)
	}
	return s.In(t.rnxt, w) || s.Add(n-1).In(t.rnxt, w) || s.Less(t.rnxt) && t.rnxt.Less(s.Add(n))
}

// invalidAckInterval bounds how often an unacceptable segment without data is answered, so that
// two ends that disagree can't keep each other busy. It is Linux's tcp_invalid_ratelimit.
const invalidAckInterval = 500 * time.Millisecond

// acknowledgeUnacceptable is "an acknowledgment should be sent in reply", RFC 9293, 3.10.7.4.
func (t *TCB) acknowledgeUnacceptable(now time.Duration, seg Segment) {
	if seg.Flags()&SYN != 0 {
		// RFC 5961, 4.2: "irrespective of the sequence number, TCP MUST send an ACK (also
		// referred to as challenge ACK)": and its bound holds for all of them.
		t.challenge(now)
		return
	}
	if seg.Len() > 0 || t.invalidAt == 0 || now-t.invalidAt >= invalidAckInterval {
		t.ackNow, t.invalidAt, t.ackWhy = true, now, ReasonUnacceptable
	}
	if s := seg.Seq(); t.sack && len(seg.Payload()) > 0 && s.Add(len(seg.Payload())).LessEq(t.rnxt) {
		t.double = block{s, s.Add(len(seg.Payload()))} // RFC 2883, 4
	}
}

// challenges bounds the challenge ACKs of a connection. RFC 5961, 7: "ACK throttling": a count
// for the whole host would tell an attacker about other connections, so each has its own.
type challenges struct {
	begun time.Duration
	n     int
}

// The bound. RFC 5961, 7: "in any 5 second window, no more than 10 challenge ACKs should be sent".
const (
	maxChallenges    = 10
	challengesWithin = 5 * time.Second
)

// challenge answers what may be an attack with an ACK that the true peer can answer.
func (t *TCB) challenge(now time.Duration) {
	c := &t.challenges
	if c.begun == 0 || now-c.begun >= challengesWithin {
		*c = challenges{begun: now}
	}
	if c.n++; c.n <= maxChallenges {
		t.ackNow, t.ackWhy = true, ReasonChallenge
	}
}

// receiveOldAck takes what an otherwise unacceptable segment acknowledges, when it can be of
// this connection: something resent, or a probe into the closed window.
func (t *TCB) receiveOldAck(now time.Duration, seg Segment) {
	if d := seg.Seq().Diff(t.rnxt); d < -t.tuning.size || d > t.rcvWnd() {
		return
	}
	ack := seg.Ack()
	if seg.Flags()&URG != 0 && seg.Seq() == t.rnxt && t.una.Add(-t.maxWnd).LessEq(ack) && ack.LessEq(t.max) {
		t.receiveUrgent(seg) // "special allowance should be made to accept valid ACKs, URGs, and RSTs"
	}
	if t.state.canSend() && t.una.Less(ack) && ack.LessEq(t.max) {
		t.receiveAck(now, seg)
	}
}

// receiveAck handles SEG.ACK and the window.
func (t *TCB) receiveAck(now time.Duration, seg Segment) error {
	ack := seg.Ack()
	if t.state == SynReceived {
		if ack.LessEq(t.una) || t.max.Less(ack) {
			// "form a reset segment <SEQ=SEG.ACK><CTL=RST>": somebody answers a SYN,ACK that
			// we did not send.
			return ErrBadAck
		}
		t.state = Established
		if t.finIn {
			t.state = FinWait1
		}
	}
	switch {
	case t.max.Less(ack):
		// "If the ACK acks something not yet sent (SEG.ACK > SND.NXT), then send an ACK".
		t.acknowledgeUnacceptable(now, seg)
		return ErrBadAck
	case ack.Less(t.una):
		// RFC 5961, 5.2: what is older than any window "MUST be discarded and an ACK sent back".
		if ack.Less(t.una.Add(-max(t.maxWnd, 1))) {
			t.acknowledgeUnacceptable(now, seg)
			return ErrBadAck
		}
		return nil // a duplicate; its data counts
	}
	t.acknowledge(now, seg, ack, &t.o)
	// "If (SND.WL1 < SEG.SEQ or (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK)), set SND.WND".
	if t.wl1.Less(seg.Seq()) || t.wl1 == seg.Seq() && t.wl2.LessEq(ack) {
		t.setWindow(seg)
	}
	t.afterAck(now)
	return nil
}

// afterAck changes the state when our FIN is acknowledged.
func (t *TCB) afterAck(now time.Duration) {
	if !t.finAcked() {
		return
	}
	switch t.state {
	case FinWait1:
		t.state = FinWait2
		if t.discard {
			t.endAt = now + finWait2
		}
	case Closing:
		t.enterTimeWait(now)
	case LastAck:
		t.end(nil)
	}
}

// finAcked tells whether the peer has our FIN.
func (t *TCB) finAcked() bool { return t.finIn && t.una == t.dataEnd().Add(1) }

func (t *TCB) enterTimeWait(now time.Duration) {
	t.state = TimeWait
	t.rtoAt, t.reoAt, t.tlp.at, t.keep = 0, 0, 0, keepAlive{}
	t.endAt = now + t.timeWait
}

// scaled returns the window that a segment offers. RFC 7323, 2.2: the one of a SYN "MUST NOT be
// scaled".
func (t *TCB) scaled(seg Segment) int {
	if seg.Flags()&SYN != 0 {
		return int(seg.Window())
	}
	return int(seg.Window()) << t.sndShift
}

func (t *TCB) setWindow(seg Segment) {
	t.wnd, t.wl1, t.wl2 = t.scaled(seg), seg.Seq(), seg.Ack()
	t.maxWnd = max(t.maxWnd, t.wnd)
	if t.wnd > 0 && t.probes > 0 {
		t.probes, t.timeouts = 0, 0
		t.rtoAt = 0 // what the persist timer waited for
	}
}

// receiveData takes the urgent pointer, the payload, which begins at s, and the FIN.
func (t *TCB) receiveData(now time.Duration, seg Segment, s seq.Value) error {
	p := seg.Payload()
	fin := seg.Flags()&FIN != 0
	if seg.Flags()&URG != 0 {
		t.receiveUrgent(seg)
	}
	if !t.state.canReceive() {
		// "This should not occur since a FIN has been received from the remote side. Ignore the
		// segment text."; a FIN again: "Remain in the ... state", but its ACK may be lost.
		if len(p) > 0 || fin {
			t.ackNow = true
			if t.state == TimeWait && fin {
				t.endAt = now + t.timeWait
			}
		}
		return nil
	}
	if len(p) == 0 && !fin {
		return nil
	}
	if t.discard && len(p) > 0 && t.rnxt.Less(s.Add(len(p))) {
		t.sendRST = true
		t.end(ErrAborted)
		return ErrAfterClose
	}
	if end := s.Add(len(p)); fin && !t.finSeen && end.LessEq(t.edge) {
		if end.Less(t.gaps.end(end)) {
			return ErrBadFIN
		}
		t.finSeen, t.fin = true, end
	}
	// Cut what was received before and what is beyond the window.
	if old := t.rnxt.Diff(s); old > 0 {
		if len(p) > 0 {
			t.double = block{s, s.Add(min(old, len(p)))}
		}
		p = p[min(old, len(p)):]
		s = t.rnxt
	}
	if over := s.Add(len(p)).Diff(t.edge); over > 0 {
		p = p[:max(0, len(p)-over)]
	}
	if t.finSeen {
		if over := s.Add(len(p)).Diff(t.fin); over > 0 {
			p = p[:max(0, len(p)-over)] // nothing lies behind the FIN
		}
	}
	if err := t.store(now, s, p); err != nil {
		return err
	}
	if t.finSeen && t.rnxt == t.fin && !t.eof {
		t.receiveFin(now)
	}
	return nil
}

// store puts p, which begins at s within the window, where it belongs.
func (t *TCB) store(now time.Duration, s seq.Value, p []byte) error {
	if len(p) == 0 {
		t.ackNow = true // all of it was there before
		return nil
	}
	off := s.Diff(t.rnxt)
	came := block{s, s.Add(len(p))}
	if t.rx.n+off+len(p) > len(t.rx.b) {
		return ErrNoRoom // the owner has not given the memory
	}
	t.rx.place(t.rx.n+off, p)
	if off > 0 {
		// RFC 5681, 3.2: "A TCP receiver SHOULD send an immediate duplicate ACK when an
		// out-of-order segment arrives."
		t.ackNow, t.ackWhy = true, ReasonOutOfOrder
		twice, doubled := t.gaps.overlap(came)
		run, ok := t.gaps.add(came)
		if !ok {
			return ErrNoRoom
		}
		if doubled {
			t.double = twice
		}
		t.grew(run)
		return nil
	}
	end := came.to
	if len(t.gaps.b) > 0 {
		// RFC 5681, 4.2: "send an immediate ACK when it receives a data segment that fills in
		// all or part of a gap".
		t.ackNow, t.ackWhy = true, ReasonOutOfOrder
		if twice, doubled := t.gaps.overlap(came); doubled {
			t.double = twice
		}
		end = t.gaps.take(end)
	}
	t.rx.n += end.Diff(t.rnxt)
	t.rnxt = end
	t.tune(now)
	t.delayAck(now)
	return nil
}

// grew notes that run grew, so that it is reported first and soon again. RFC 2018, 4
func (t *TCB) grew(run block) {
	k := 0
	for k < len(t.recent)-1 && !(run.from.LessEq(t.recent[k].from) && t.recent[k].to.LessEq(run.to) && t.recent[k] != block{}) {
		k++
	}
	copy(t.recent[1:k+1], t.recent[:k])
	t.recent[0] = run
}

// receiveFin advances over the peer's FIN. RFC 9293, 3.10.7.4, "Eighth"
func (t *TCB) receiveFin(now time.Duration) {
	t.rnxt = t.rnxt.Add(1)
	t.edge = seq.Max(t.edge, t.rnxt)
	t.eof, t.ackNow = true, true
	switch t.state {
	case Established:
		t.state = CloseWait
	case FinWait1:
		// "If our FIN has been ACKed ... enter TIME-WAIT ... otherwise, enter the CLOSING state."
		t.state = Closing
	case FinWait2:
		t.enterTimeWait(now)
	}
}

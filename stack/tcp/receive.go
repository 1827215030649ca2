package tcp

import (
	"time"

	"httptap/stack/seq"
)

// Receive takes a segment whose checksum was verified. The error names why the segment was
// refused; whatever has to be done about it is done.
func (t *TCB) Receive(now time.Time, seg Segment) error {
	switch t.state {
	case Closed:
		return ErrClosed
	case SynSent:
		return t.receiveSynSent(now, seg)
	}
	return t.receive(now, seg)
}

// receiveSynSent is RFC 9293, 3.10.7.3.
func (t *TCB) receiveSynSent(now time.Time, seg Segment) error {
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
	t.takeSyn(seg)
	if f&ACK == 0 {
		// "Otherwise, enter SYN-RECEIVED, form a SYN,ACK segment": both sides opened at once.
		t.state = SynReceived
		t.nxt = t.iss
		t.rtoAt = time.Time{}
		t.wnd, t.maxWnd, t.wl1, t.wl2 = int(seg.Window()), int(seg.Window()), seg.Seq(), t.iss
		return nil
	}
	t.acknowledged(now, ack)
	t.state = Established
	t.setWindow(seg)
	t.ackNow = true
	return t.receiveData(now, seg, seg.Seq().Add(1))
}

// receive is RFC 9293, 3.10.7.4, in its order.
func (t *TCB) receive(now time.Time, seg Segment) error {
	f := seg.Flags()
	if t.state == SynReceived && f&(SYN|RST) == SYN && seg.Seq() == t.irs {
		return t.receiveSynAgain(now, seg)
	}

	// First, check sequence number.
	if !t.acceptable(seg) {
		if f&RST == 0 {
			t.acknowledgeUnacceptable(now, seg)
			if t.state == TimeWait && f&FIN != 0 {
				t.endAt = now.Add(t.timeWait) // "Restart the 2 MSL time-wait timeout"
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
			t.ackNow = true // "the receiver MUST send an acknowledgment (challenge ACK)"
			return ErrChallenge
		}
		switch t.state {
		case Closing, LastAck, TimeWait:
			t.end(nil)
		default:
			t.end(ErrReset)
		}
		return nil
	}

	// Fourth, check the SYN bit. RFC 5961, 4.2
	if f&SYN != 0 {
		t.ackNow = true
		return ErrChallenge
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

	// Seventh, process the segment text; eighth, check the FIN bit.
	return t.receiveData(now, seg, seg.Seq())
}

// receiveSynAgain takes the SYN that made the connection, in SYN-RECEIVED. Alone it says that
// our SYN,ACK was lost. With an ACK it is the peer's answer to our own SYN, because both sides
// opened at once: RFC 9293, figure 7. The check of the sequence number would refuse it there.
func (t *TCB) receiveSynAgain(now time.Time, seg Segment) error {
	if seg.Flags()&ACK == 0 {
		t.resend = 1
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
func (t *TCB) acknowledgeUnacceptable(now time.Time, seg Segment) {
	if seg.Len() > 0 || t.invalidAt.IsZero() || now.Sub(t.invalidAt) >= invalidAckInterval {
		t.ackNow, t.invalidAt = true, now
	}
}

// receiveOldAck takes what an otherwise unacceptable segment acknowledges, when it can be of
// this connection: something resent, or a probe into the closed window.
func (t *TCB) receiveOldAck(now time.Time, seg Segment) {
	if d := seg.Seq().Diff(t.rnxt); d < -len(t.rx.b) || d > t.rcvWnd() {
		return
	}
	if ack := seg.Ack(); t.state.canSend() && t.una.Less(ack) && ack.LessEq(t.max) {
		t.receiveAck(now, seg)
	}
}

// receiveAck handles SEG.ACK and the window.
func (t *TCB) receiveAck(now time.Time, seg Segment) error {
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
		// RFC 5961, 5.2: older than any window: "an ACK MUST be sent back".
		if ack.Less(t.una.Add(-max(t.maxWnd, 1))) {
			t.acknowledgeUnacceptable(now, seg)
			return ErrBadAck
		}
		return nil // a duplicate; its data counts
	case ack == t.una:
		if t.probes > 0 {
			t.progress, t.timeouts = now, 0 // the window is closed, but somebody is there
		}
		t.duplicateAck(seg)
	default:
		t.acknowledged(now, ack)
	}
	// "If (SND.WL1 < SEG.SEQ or (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK)), set SND.WND".
	if t.wl1.Less(seg.Seq()) || t.wl1 == seg.Seq() && t.wl2.LessEq(ack) {
		t.setWindow(seg)
	}
	t.afterAck(now)
	return nil
}

// afterAck changes the state when our FIN is acknowledged.
func (t *TCB) afterAck(now time.Time) {
	if !t.finAcked() {
		return
	}
	switch t.state {
	case FinWait1:
		t.state = FinWait2
		if t.discard {
			t.endAt = now.Add(finWait2)
		}
	case Closing:
		t.enterTimeWait(now)
	case LastAck:
		t.end(nil)
	}
}

// finAcked tells whether the peer has our FIN.
func (t *TCB) finAcked() bool { return t.finIn && t.una == t.dataEnd().Add(1) }

func (t *TCB) enterTimeWait(now time.Time) {
	t.state = TimeWait
	t.rtoAt = time.Time{}
	t.endAt = now.Add(t.timeWait)
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
		t.probes = 0
		t.rtoAt = time.Time{} // what the persist timer waited for
		t.nxt = t.una
	}
}

// receiveData takes the payload, which begins at s, and the FIN.
func (t *TCB) receiveData(now time.Time, seg Segment, s seq.Value) error {
	p := seg.Payload()
	fin := seg.Flags()&FIN != 0
	if !t.state.canReceive() {
		// "This should not occur since a FIN has been received from the remote side. Ignore the
		// segment text."; a FIN again: "Remain in the ... state", but its ACK may be lost.
		if len(p) > 0 || fin {
			t.ackNow = true
			if t.state == TimeWait && fin {
				t.endAt = now.Add(t.timeWait)
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
func (t *TCB) store(now time.Time, s seq.Value, p []byte) error {
	if len(p) == 0 {
		t.ackNow = true // all of it was there before
		return nil
	}
	off := s.Diff(t.rnxt)
	t.rx.place(t.rx.n+off, p)
	if off > 0 {
		// RFC 5681, 4.2: "A TCP receiver SHOULD send an immediate duplicate ACK when an
		// out-of-order segment arrives."
		t.ackNow = true
		if !t.gaps.add(s, s.Add(len(p))) {
			return ErrNoRoom
		}
		return nil
	}
	end := s.Add(len(p))
	if t.gaps.n > 0 {
		// RFC 5681, 4.2: "send an immediate ACK when it receives a data segment that fills in
		// all or part of a gap".
		t.ackNow = true
		end = t.gaps.take(end)
	}
	t.rx.n += end.Diff(t.rnxt)
	t.rnxt = end
	t.delayAck(now)
	return nil
}

// receiveFin advances over the peer's FIN. RFC 9293, 3.10.7.4, "Eighth"
func (t *TCB) receiveFin(now time.Time) {
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

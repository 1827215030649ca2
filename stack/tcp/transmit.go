package tcp

import (
	"time"

	"httptap/stack/seq"
	"httptap/stack/sum"
)

// dataEnd returns the sequence number behind the last byte that was written: the FIN's.
func (t *TCB) dataEnd() seq.Value { return t.base.Add(t.tx.n) }

// unsent returns how many sequence numbers wait to be sent: data from snd.nxt on, and the FIN.
func (t *TCB) unsent() int {
	n := max(0, t.dataEnd().Diff(t.nxt))
	if t.finIn && t.nxt.LessEq(t.dataEnd()) {
		n++
	}
	return n
}

// Pending tells whether Transmit has something to send at now.
func (t *TCB) Pending(now time.Time) bool {
	switch {
	case t.sendRST, t.ackNow, t.resend > 0, t.probe:
		return true
	case t.state == SynSent, t.state == SynReceived:
		return t.nxt == t.iss || due(t.rtoAt, now)
	}
	return due(t.rtoAt, now) || due(t.delackAt, now) || due(t.endAt, now) || t.sendable() > 0 || t.timerMissing()
}

// timerMissing tells whether something waits for the peer without a timer: data that does not
// fit the window. Transmit starts the timer.
func (t *TCB) timerMissing() bool {
	return t.rtoAt.IsZero() && t.state.canSend() && (t.una != t.max || t.unsent() > 0)
}

// Deadline returns when Transmit has to be called though nothing was received; the zero time
// when there is nothing to wait for.
func (t *TCB) Deadline() time.Time {
	d := t.rtoAt
	for _, at := range [...]time.Time{t.delackAt, t.endAt} {
		if !at.IsZero() && (d.IsZero() || at.Before(d)) {
			d = at
		}
	}
	return d
}

// Transmit writes the next segment, checksum and all, into dst and returns its length; 0 when
// nothing is to be sent at now. A segment is as long as dst and the MSS allow; dst must hold
// 48 bytes, what a packet of IPv4's least MTU has behind its header. Timers that are due run here.
func (t *TCB) Transmit(now time.Time, dst []byte) int {
	if t.state != Closed {
		t.expire(now)
	}
	if t.sendRST {
		t.sendRST = false
		return t.segment(dst, RST|ACK, t.bareSeq(), 0, 0)
	}
	switch t.state {
	case Closed:
		return 0
	case SynSent, SynReceived:
		return t.transmitSyn(now, dst)
	}
	if t.resend > 0 {
		if n := t.transmitAgain(now, dst); n > 0 {
			return n
		}
	}
	if t.probe {
		t.probe = false
		if n := t.transmitProbe(now, dst); n > 0 {
			return n
		}
	}
	if n := t.sendable(); n > 0 {
		return t.transmitData(now, dst, t.nxt, n)
	}
	if t.timerMissing() {
		t.rtoAt = now.Add(t.rtt.rto) // the window is closed, or too small to be worth it: ask again later
	}
	if t.ackNow {
		return t.segment(dst, ACK, t.bareSeq(), 0, 0)
	}
	return 0
}

// bareSeq returns the number of a segment without data: SND.NXT, though what is before it may
// just be sent again, but not behind the window that the peer has left, where it would be
// refused.
func (t *TCB) bareSeq() seq.Value {
	if t.una == t.iss {
		return t.max // no window is in force before our SYN is acknowledged
	}
	return seq.Min(t.max, t.una.Add(t.wnd))
}

// transmitSyn sends the SYN, or SYN,ACK, when it was not sent or is due again.
func (t *TCB) transmitSyn(now time.Time, dst []byte) int {
	again := t.nxt != t.iss
	if again && t.resend == 0 {
		if t.ackNow {
			return t.segment(dst, ACK, t.bareSeq(), 0, 0) // a challenge ACK
		}
		return 0
	}
	t.resend = 0
	f := SYN
	if t.state == SynReceived {
		f |= ACK
	}
	n := putSynOptions(dst[HeaderLen:], t.rmss, t.rcvShift, t.scale, t.sack)
	t.nxt = t.iss.Add(1)
	t.sent(now, t.iss, t.nxt)
	t.acked()
	b := dst[:HeaderLen+n]
	h := Header{SrcPort: t.local.Port(), DstPort: t.remote.Port(), Seq: t.iss, Flags: f, Window: t.offerUnscaled()}
	if f&ACK != 0 {
		h.Ack = t.rnxt
	}
	Put(b, h, n, t.sum(len(b)))
	return len(b)
}

func (t *TCB) sum(n int) sum.Partial { return t.pseudo.Add16(uint16(n)) }

// sendable returns how many sequence numbers may be sent from snd.nxt on in one segment: 0 when
// there are none, when the window is full, or when it is better to wait.
func (t *TCB) sendable() int {
	if !t.state.canSend() {
		return 0
	}
	n := t.unsent()
	if n == 0 {
		return 0
	}
	usable := t.una.Add(t.wnd).Diff(t.nxt)
	if usable <= 0 {
		return 0
	}
	m := min(n, usable, t.mss)
	if m == t.mss && m == n-1 && t.finIn && m < usable {
		return n // a FIN rides on a full segment
	}
	// RFC 9293, 3.8.6.2.1 (sender's SWS avoidance): send a full segment, or all there is, or
	// at least half of the largest window that the peer has offered.
	if m == n || m == t.mss || m >= (t.maxWnd+1)/2 {
		return m
	}
	return 0
}

// transmitData sends up to n sequence numbers from s on, which may be the FIN's.
func (t *TCB) transmitData(now time.Time, dst []byte, s seq.Value, n int) int {
	end := t.dataEnd()
	size := min(end.Diff(s), n, t.mss)
	f := ACK
	opts := t.putAckOptions(dst)
	size = max(0, min(size, len(dst)-HeaderLen-opts, t.mss-opts))
	t.tx.peek(s.Diff(t.base), dst[HeaderLen+opts:HeaderLen+opts+size])
	last := s.Add(size)
	if last == end {
		f |= PSH // RFC 9293, 3.9.1.2: the last segment of what is queued
		if t.finIn && (n > size || s == end) {
			f |= FIN
			last = last.Add(1)
		}
	}
	if size == 0 && f&FIN == 0 {
		return 0
	}
	if size == 0 {
		f &^= PSH
	}
	t.nxt = seq.Max(t.nxt, last)
	t.sent(now, s, last)
	return t.segment(dst, f, s, opts, size)
}

// transmitAgain sends the next segment of a recovery.
func (t *TCB) transmitAgain(now time.Time, dst []byte) int {
	s := seq.Max(t.again, t.una)
	// RFC 1122, 4.2.2.16: where the window shrank, "SHOULD retransmit normally the old
	// unacknowledged data between SND.UNA and SND.UNA+SND.WND".
	if !s.Less(seq.Min(t.recover, t.una.Add(t.wnd))) || !t.state.canSend() {
		t.resend = 0
		return 0
	}
	t.resend--
	n := t.transmitData(now, dst, s, t.recover.Diff(s))
	if n > 0 {
		t.again = s.Add(Segment{dst[:n]}.Len())
	}
	return n
}

// transmitProbe sends one byte, or the FIN, beyond a closed window, or what fits a small one, and
// waits longer for the next.
func (t *TCB) transmitProbe(now time.Time, dst []byte) int {
	if !t.state.canSend() || t.unsent() == 0 {
		return 0
	}
	t.probes++
	t.timeouts++
	n := t.transmitData(now, dst, t.una, max(1, t.wnd)) // SWS avoidance ends with the timer
	// The peer may or may not take it: it is sent again with what follows.
	t.nxt, t.timing = t.una, false
	t.rtoAt = now.Add(t.rtt.persist(t.probes))
	return n
}

// sent notes that [from, to) goes out: timers and the round trip's measurement.
func (t *TCB) sent(now time.Time, from, to seq.Value) {
	if t.una == t.max {
		t.progress = now // nothing was in flight: the peer's silence begins now
	}
	if from.Less(t.max) {
		t.retransmits++
		t.timing = false // Karn
	} else if !t.timing && !t.recovering { // in a recovery an ACK waits for what was lost before
		t.timing, t.timedEnd, t.timedAt = true, to, now
	}
	t.max = seq.Max(t.max, to)
	// RFC 6298, 5.1: "Every time a packet containing data is sent (including a retransmission),
	// if the timer is not running, start it running".
	if t.rtoAt.IsZero() {
		t.rtoAt = now.Add(t.rtt.rto)
	}
}

// putAckOptions writes the options of a segment that is not a SYN and returns their length.
func (t *TCB) putAckOptions(dst []byte) int {
	if !t.sack || t.gaps.n == 0 {
		return 0
	}
	// Four bytes go before the blocks, and a tiny packet keeps room for some data.
	most := min((min(len(dst)-HeaderLen, t.mss)-4-4)/8, maxSACK)
	if most <= 0 {
		return 0
	}
	var blocks [maxSACK]block
	return putSACK(dst[HeaderLen:], t.gaps.blocks(blocks[:0], most))
}

// segment finishes a segment whose options and payload lie in place.
func (t *TCB) segment(dst []byte, f Flags, s seq.Value, opts, size int) int {
	if size == 0 && opts == 0 && f&RST == 0 {
		opts = t.putAckOptions(dst)
	}
	b := dst[:HeaderLen+opts+size]
	Put(b, Header{SrcPort: t.local.Port(), DstPort: t.remote.Port(), Seq: s, Ack: t.rnxt, Flags: f, Window: t.offer()},
		opts, t.sum(len(b)))
	t.acked()
	return len(b)
}

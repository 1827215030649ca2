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
	if t.sendRST || t.ackNow || t.synNow || t.probe || t.keep.probe {
		return true
	}
	if t.state == Closed {
		return false
	}
	at := t.since(now)
	switch t.state {
	case SynSent, SynReceived:
		return t.nxt == t.iss || t.timerDue(at)
	}
	return t.timerDue(at) || t.canResend(at) || t.sendable(at) > 0 || t.timerMissing()
}

// timerMissing tells whether something waits for the peer without a timer: data that does not
// fit the window. Transmit starts the timer.
func (t *TCB) timerMissing() bool {
	return t.rtoAt == 0 && t.pacing.wake == 0 && t.state.canSend() && (t.una != t.max || t.unsent() > 0)
}

// Transmit writes the next segment, checksum and all, into dst and returns its length; 0 when
// nothing is to be sent at now. A segment is as long as dst and the MSS allow; dst must hold
// 48 bytes, what a packet of IPv4's least MTU has behind its header. Timers that are due run here.
func (t *TCB) Transmit(now time.Time, dst []byte) int {
	return t.transmit(t.since(now), dst)
}

func (t *TCB) transmit(now time.Duration, dst []byte) int {
	t.ecn.ect = false
	if due(t.pacing.wake, now) {
		t.pacing.wake = 0
	}
	if t.state != Closed {
		t.expire(now)
	}
	if t.sendRST {
		t.sendRST = false
		t.why = ReasonReset
		return t.segment(now, dst, RST|ACK, t.bareSeq(), 0, 0)
	}
	switch t.state {
	case Closed:
		return 0
	case SynSent, SynReceived:
		return t.transmitSyn(now, dst)
	}
	if t.probe {
		t.probe = false
		if n := t.transmitProbe(now, dst); n > 0 {
			return n
		}
	}
	if t.canResend(now) {
		if n := t.transmitAgain(now, dst); n > 0 {
			return n
		}
	}
	if due(t.tlp.at, now) {
		if n := t.transmitTailProbe(now, dst); n > 0 {
			return n
		}
		t.expire(now) // the timeout that it stood before
	}
	if n := t.sendable(now); n > 0 {
		return t.transmitNew(now, dst, n)
	}
	if t.timerMissing() {
		t.armRTO(now) // the window is closed, or too small to be worth it: ask again later
	}
	if t.keep.probe {
		// RFC 9293, 3.8.4: "SEG.SEQ = SND.NXT-1", so that the peer has to answer.
		t.keep.probe = false
		t.why = ReasonKeepAlive
		return t.segment(now, dst, ACK, t.nxt.Add(-1), 0, 0)
	}
	return t.transmitACK(now, dst)
}

// transmitACK sends a segment that is nothing but an acknowledgment, when one is wanted.
func (t *TCB) transmitACK(now time.Duration, dst []byte) int {
	if !t.ackNow {
		return 0
	}
	t.why = max(t.ackWhy, ReasonACK)
	return t.segment(now, dst, ACK, t.bareSeq(), 0, 0)
}

// bareSeq returns the number of a segment without data: what is behind all that was ever sent,
// but not behind the window that the peer has left, where it would be refused.
func (t *TCB) bareSeq() seq.Value {
	if t.una == t.iss {
		return t.max // no window is in force before our SYN is acknowledged
	}
	return seq.Min(t.max, t.una.Add(t.wnd))
}

// transmitSyn sends the SYN, or SYN,ACK, when it was not sent or is due again.
func (t *TCB) transmitSyn(now time.Duration, dst []byte) int {
	first := t.nxt == t.iss
	if !first && !t.synNow {
		return t.transmitACK(now, dst) // a challenge ACK
	}
	t.synNow = false
	h := Header{SrcPort: t.local.Port(), DstPort: t.remote.Port(), Seq: t.iss, Flags: SYN, Window: t.offerUnscaled()}
	o := options{mss: t.rmss, shift: t.rcvShift, scaled: t.scale, sackOK: t.sack,
		stamped: t.stamps.on, tsval: t.stamps.now(now), userTimeout: t.ut.own}
	switch {
	case t.state == SynReceived:
		h.Flags |= ACK
		h.Ack = t.rnxt
		o.tsecr = t.stamps.recent
		if t.ecn.on {
			h.Flags |= ECE
		}
	case t.ecn.ask:
		h.Flags |= ECE | CWR
	}
	n := putSynOptions(dst[HeaderLen:], o)
	t.why = ReasonSYN
	if first {
		t.silence, t.synSent = now, now
	} else {
		t.retransmits++
		if t.rtoAt == 0 { // it was not the peer who asked for it
			t.why = ReasonTimeout
		}
	}
	t.nxt = t.iss.Add(1)
	t.max = seq.Max(t.max, t.nxt)
	if t.rtoAt == 0 {
		t.armRTO(now)
	}
	t.acked()
	b := dst[:HeaderLen+n]
	Put(b, h, n, t.sum(len(b)))
	return len(b)
}

func (t *TCB) sum(n int) sum.Partial { return t.pseudo.Add16(uint16(n)) }

// sendable returns how many sequence numbers may be sent from snd.nxt on in one segment: 0 when
// there are none, when a window is full, or when it is better to wait.
func (t *TCB) sendable(now time.Duration) int {
	if !t.state.canSend() {
		return 0
	}
	n := t.unsent()
	usable := t.una.Add(t.wnd).Diff(t.nxt)
	if n == 0 || usable <= 0 {
		return t.unhindered()
	}
	if t.log.n >= t.maxSegments() {
		return 0
	}
	smss := t.newSegment(now)
	m := min(n, usable, smss)
	if m == smss && m == n-1 && t.finIn && m < usable {
		m = n // a FIN rides on a full segment
	}
	// RFC 9293, 3.8.6.2.1 (sender's SWS avoidance): send a full segment, or all there is, or
	// at least half of the largest window that the peer has offered.
	if m != n && m < smss && m < (t.maxWnd+1)/2 {
		return t.unhindered()
	}
	// RFC 9293, 3.7.4 (Nagle): while there is unacknowledged data the TCP "buffers all user data
	// ... until the outstanding data has been acknowledged or until the TCP endpoint can send a
	// full-sized segment".
	if t.nagle && m < smss && t.nxt != t.una && !(t.finIn && m == n) {
		return t.unhindered()
	}
	if room := t.congestionRoom(); room < m && t.log.n > 0 {
		t.cong.used = true
		return 0
	}
	if t.pacing.holds(now) {
		t.pacing.wake = t.pacing.at
		return 0
	}
	return m
}

// unhindered notes that it is not the congestion window that keeps data back, unless it is full.
func (t *TCB) unhindered() int {
	t.cong.used = t.congestionRoom() < t.smss()
	return 0
}

// transmitNew sends up to n sequence numbers from snd.nxt on.
func (t *TCB) transmitNew(now time.Duration, dst []byte, n int) int {
	t.restartIdle(now)
	from := t.nxt
	size := t.transmitData(now, dst, from, n, true)
	if size == 0 {
		return 0
	}
	if t.log.n > 0 { // a probe into a closed window is none of them
		s := t.log.at(t.log.n - 1)
		if t.hole.full != 0 && s.len() > t.smss()+1 {
			t.hole.tested(s.from, s.to)
		}
	}
	t.paced(now, t.nxt.Diff(from))
	t.scheduleProbe(now)
	return size
}

// transmitData sends up to n sequence numbers from s on, which may be the FIN's. Fresh ones are
// noted in the log.
func (t *TCB) transmitData(now time.Duration, dst []byte, s seq.Value, n int, fresh bool) int {
	end := t.dataEnd()
	f := ACK
	opts := t.putOptions(now, dst, true)
	size := max(0, min(end.Diff(s), n, len(dst)-HeaderLen-opts, max(t.mss, t.hole.full)-opts))
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
	if t.una == t.max {
		t.silence = now // nothing was in flight: the peer's silence begins now
		t.rtoAt = 0     // what ran was the persist timer, which an open window ends
	}
	if fresh {
		t.why = ReasonData
		t.log.push(sent{from: s, to: last, at: now, mark: t.markOf(s)})
		t.nxt = last
		t.ecn.ect = t.ecn.on && size > 0
		if t.ecn.cwr && size > 0 {
			t.ecn.cwr = false
			f |= CWR
		}
	}
	if s.Less(t.max) {
		t.lastAgain = now
	}
	t.max = seq.Max(t.max, last)
	t.lastSent = now
	// RFC 6298, 5.1: "Every time a packet containing data is sent (including a retransmission),
	// if the timer is not running, start it running".
	if t.rtoAt == 0 {
		t.armRTO(now)
	}
	return t.segment(now, dst, f, s, opts, size)
}

// markOf returns the mark of what begins at s: what a probe has carried before is sent again.
func (t *TCB) markOf(s seq.Value) mark {
	if s.Less(t.max) {
		t.retransmits++
		return again
	}
	return 0
}

// canResend tells whether a lost segment may be sent again now.
func (t *TCB) canResend(now time.Duration) bool {
	if t.log.lost == 0 || !t.state.canSend() {
		return false
	}
	if t.rec.frto == frtoSecond && (t.nxt != t.rec.until || t.sendable(now) > 0) {
		return false // new data is the test
	}
	s := t.log.at(t.log.firstLost())
	// RFC 1122, 4.2.2.16: where the window shrank, "SHOULD retransmit normally the old
	// unacknowledged data between SND.UNA and SND.UNA+SND.WND".
	if !s.from.Less(t.una.Add(t.wnd)) {
		return false
	}
	return t.rec.free > 0 || t.congestionRoom() >= min(s.len(), t.smss()) || t.log.pipe == 0
}

// newPossible tells whether data that was never sent could be sent.
func (t *TCB) newPossible() bool {
	return t.unsent() > 0 && t.nxt.Less(t.una.Add(t.wnd)) && t.log.n < t.maxSegments()
}

// transmitAgain sends the first lost segment again. RFC 6675, 4, NextSeg, rule 1
func (t *TCB) transmitAgain(now time.Duration, dst []byte) int {
	i := t.log.firstLost()
	smss := t.smss()
	s := t.log.at(i)
	if t.hole.isTest(s) {
		t.hole.failed(now)
	}
	if s.len() != smss && !(s.len() == smss+1 && t.dataEnd().Less(s.to)) { // a FIN rides on a full one
		t.log.join(i, smss)
		s = t.log.at(i)
	}
	n := t.transmitData(now, dst, s.from, s.len(), false)
	if n == 0 {
		return 0
	}
	s = t.sentAgain(now, i, dst[:n])
	t.rec.free = max(0, t.rec.free-1)
	t.cong.resent++
	t.why = ReasonFastRetransmit
	if t.rec.kind == lossRecovery {
		t.why = ReasonTimeout
		if t.rec.frto == frtoFirst {
			t.rec.stamp, t.rec.until = t.stamps.now(now), s.to
		}
	}
	return n
}

// sentAgain notes that b carries what began at segment i of the log again, which it returns.
func (t *TCB) sentAgain(now time.Duration, i int, b []byte) *sent {
	if end := t.log.at(i).from.Add(Segment{b: b}.Len()); end != t.log.at(i).to {
		t.log.split(i, end) // options, or a short dst, left no room for all of it
	}
	s := t.log.at(i)
	s.at = now
	t.log.set(i, s.mark&^lost|again)
	t.retransmits++
	return s
}

// transmitTailProbe sends new data, or the last segment again. RFC 8985, 7.3
func (t *TCB) transmitTailProbe(now time.Duration, dst []byte) int {
	t.tlp.at = 0
	if t.log.n == 0 || t.rec.kind != noRecovery {
		return 0
	}
	// "the sender has obtained an RTT measurement since the last loss probe transmission or the start
	// of the connection"; otherwise it "MUST skip sending a loss probe and MUST proceed to re-arm the
	// RTO timer". Once: were the next segments to schedule probes that are skipped, too, each of them
	// would put the RTO off.
	if !t.rtt.fresh {
		t.tlp.skipped = true
		t.armRTO(now)
		return 0
	}
	t.rtt.fresh = false
	n := 0
	t.tlp.again = !t.newPossible()
	if t.tlp.again {
		i := t.log.n - 1
		s := t.log.at(i)
		if s.len() > t.smss()+1 {
			t.log.split(i, s.to.Add(-t.smss()))
			i++
			s = t.log.at(i)
		}
		if n = t.transmitData(now, dst, s.from, s.len(), false); n == 0 {
			return 0
		}
		t.tlp.to = t.sentAgain(now, i, dst[:n]).to
	} else {
		n = t.transmitData(now, dst, t.nxt, min(t.unsent(), t.smss(), t.una.Add(t.wnd).Diff(t.nxt)), true)
	}
	t.tlp.out, t.tlp.end = true, t.nxt
	t.tailProbes++
	t.armRTO(now) // "the sender MUST re-arm the RTO timer, not the PTO timer"
	t.why = ReasonTailProbe
	return n
}

// transmitProbe sends what fits a small window, because the timer ends silly window avoidance, or
// one byte, or the FIN, beyond a closed one, and waits longer for the next. The peer may or may
// not take that: it stays unsent in the books.
func (t *TCB) transmitProbe(now time.Duration, dst []byte) int {
	if !t.state.canSend() || t.unsent() == 0 {
		return 0
	}
	if room := t.una.Add(t.wnd).Diff(t.nxt); room > 0 {
		return t.transmitNew(now, dst, min(room, t.unsent(), t.smss()))
	}
	t.probes++
	t.timeouts++
	n := t.transmitData(now, dst, t.una, 1, false)
	t.rtoAt = t.notBeyondLimit(now, now+t.rtt.persist(t.probes))
	t.why = ReasonWindowProbe
	return n
}

// putOptions writes the options of a segment that is not a SYN and returns their length. One
// with data leaves room for some.
func (t *TCB) putOptions(now time.Duration, dst []byte, data bool) int {
	n := 0
	if t.stamps.on {
		n = putTimestamps(dst[HeaderLen:], t.stamps.now(now), t.stamps.recent)
	}
	room := min(len(dst)-HeaderLen, MaxHeaderLen-HeaderLen) - n
	if data {
		room = min(room, len(dst)-HeaderLen-n-4, t.mss-n-4)
	}
	if t.ut.tell && room >= userTimeoutLen {
		t.ut.tell = false
		k := putUserTimeout(dst[HeaderLen+n:], t.ut.own)
		n, room = n+k, room-k
	}
	if most := min((room-4)/8, maxSACK); t.sack && most > 0 {
		n += t.putBlocks(dst[HeaderLen+n:], most)
	}
	return n
}

// putBlocks writes a SACK option of up to most blocks: what came twice, the runs that grew last,
// and others from the front. RFC 2018, 4: the option should repeat the blocks that were first in
// the options before, so that each is told of several times; RFC 2883, 4
func (t *TCB) putBlocks(dst []byte, most int) int {
	if len(t.gaps.b) == 0 && t.double.from == t.double.to {
		return 0
	}
	var blocks [maxSACK]block
	k := blocks[:0]
	if t.double.from != t.double.to {
		k = append(k, t.double)
		t.double = block{}
	}
	told := len(k)
	add := func(r block) {
		for _, o := range k[told:] {
			if o == r {
				return
			}
		}
		k = append(k, r)
	}
	for _, o := range t.recent {
		if r, ok := t.gaps.around(o.from); ok && o.from != o.to && len(k) < most {
			add(r)
		}
	}
	for _, r := range t.gaps.b {
		if len(k) >= most {
			break
		}
		add(r)
	}
	return putSACK(dst, k)
}

// segment finishes a segment whose options and payload lie in place.
func (t *TCB) segment(now time.Duration, dst []byte, f Flags, s seq.Value, opts, size int) int {
	switch {
	case size == 0 && opts == 0 && f&RST == 0:
		opts = t.putOptions(now, dst, false)
	case f&RST != 0 && t.stamps.on:
		// RFC 7323, 3.2: "and SHOULD be sent in an <RST> segment".
		opts = putTimestamps(dst[HeaderLen:], t.stamps.now(now), t.stamps.recent)
	}
	if f&(RST|SYN) == 0 && t.ecn.echo {
		f |= ECE
	}
	b := dst[:HeaderLen+opts+size]
	h := Header{SrcPort: t.local.Port(), DstPort: t.remote.Port(), Seq: s, Ack: t.rnxt, Flags: f, Window: t.offer()}
	if t.urg.sending && f&(RST|SYN) == 0 {
		urg, up := t.urgentPointer(s)
		h.Flags, h.Urgent = f|urg, up
	}
	Put(b, h, opts, t.sum(len(b)))
	t.acked()
	return len(b)
}

package tcp

import "httptap/stack/seq"

// urgent is the urgent mechanism: a point in the stream up to which the receiving application is
// asked to hurry. RFC 9293, 3.8.5: "new applications SHOULD NOT employ the TCP urgent mechanism
// ... However, TCP implementations MUST still include support". The data stays in the stream.
type urgent struct {
	snd     seq.Value // SND.UP: behind the last urgent byte, "the octet following the urgent data"
	sending bool      // the peer has not acknowledged all of it
	rcv     seq.Value // RCV.UP
	urging  bool      // the application has not read up to it
}

// WriteUrgent is Write, and tells the peer that the data up to the last byte taken is urgent.
func (t *TCB) WriteUrgent(b []byte) (int, error) {
	n, err := t.Write(b)
	if n > 0 {
		t.urg.snd, t.urg.sending = t.dataEnd(), true
	}
	return n, err
}

// Urgent returns how many bytes have to be read up to the end of the peer's urgent data; more
// than Buffered when some of them are still to come. Read stops there once.
func (t *TCB) Urgent() int {
	if !t.urg.urging {
		return 0
	}
	n := t.urg.rcv.Diff(t.unread())
	if t.eof {
		n = min(n, t.rx.n) // a pointer beyond the end
	}
	return max(n, 0)
}

// unread returns the number of the first byte that was not read.
func (t *TCB) unread() seq.Value {
	s := t.rnxt.Add(-t.rx.n)
	if t.eof {
		s = s.Add(-1)
	}
	return s
}

// urgentPointer returns the URG flag and the pointer for a segment that begins at s. It goes with
// "all segments transmitted" whose number is before SND.UP; one that is too far away for the
// field says its most, and a later segment the rest.
func (t *TCB) urgentPointer(s seq.Value) (Flags, uint16) {
	u := &t.urg
	if u.snd.LessEq(t.una) {
		u.sending = false // before the numbers wrap
	}
	if !u.sending || !s.Less(u.snd) {
		return 0, 0
	}
	return URG, uint16(min(u.snd.Diff(s), 0xffff))
}

// receiveUrgent is RFC 9293, 3.10.7.4, "Sixth, check the URG bit": "RCV.UP <- max(RCV.UP,SEG.UP)".
// Behind the peer's FIN: "Ignore the URG".
func (t *TCB) receiveUrgent(seg Segment) {
	u := &t.urg
	up := seg.Seq().Add(int(seg.Urgent()))
	if !t.state.canReceive() || up.LessEq(t.unread()) || u.urging && up.LessEq(u.rcv) {
		return
	}
	u.rcv, u.urging = up, true
}

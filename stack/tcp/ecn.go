package tcp

import "httptap/stack/seq"

// ecn is explicit congestion notification: routers mark packets instead of dropping them, and
// the receiver tells the sender. RFC 3168, 6.1
type ecn struct {
	ask  bool // our SYN offers it
	on   bool
	echo bool      // ECE goes with every ACK until the peer says CWR
	cwr  bool      // the next new data says that the window was cut
	cut  seq.Value // one cut a window: until more than this is acknowledged
	cuts int
	ect  bool // the segment that was given last may be marked
}

// ECT tells whether the packet with the segment that Transmit gave last shall have the ECT(0)
// codepoint. RFC 3168, 6.1.5: never on a segment sent again; 6.1.4: nor on a pure ACK.
func (t *TCB) ECT() bool { return t.ecn.ect }

// congestionEcho cuts the window when the peer says that a router was congested, and returns
// whether it does. RFC 3168, 6.1.2: "TCP should not react to congestion indications more than once
// every window of data".
func (t *TCB) congestionEcho(seg Segment, p *Progress) bool {
	e := &t.ecn
	if !e.on || seg.Flags()&(ECE|SYN) != ECE {
		return false
	}
	if t.una.LessEq(e.cut) || t.rec.kind != noRecovery {
		return true // the peer had not got the CWR yet: it goes behind what was in flight
	}
	w := &t.cong.w
	if w.CWnd <= w.MSS {
		// 6.1.2: "the sending TCP MUST reset the retransmit timer on receiving the ECN-Echo packet
		// when the congestion window is one. The sending TCP will then be able to send a new packet
		// only when the retransmit timer expires."
		t.pacing.at = p.Now + t.rtt.rto
	}
	p.Marked = true
	t.congested(p)
	t.cong.undo = false // a mark is no mistake
	e.cuts++
	return true
}

// reduced notes that the window was cut, for whatever reason, when next was SND.NXT. RFC 3168,
// 6.1.2: "the TCP sender sets the CWR flag in the TCP header of the first new data packet sent after
// the window reduction".
func (e *ecn) reduced(next seq.Value) {
	if e.on {
		e.cut, e.cwr = next, true
	}
}

// congestionSeen notes the marks of a segment with data. RFC 3168, 6.1.3
func (t *TCB) congestionSeen(seg Segment) {
	e := &t.ecn
	if !e.on {
		return
	}
	// "... that TCP receiver continues to set the ECN-Echo flag in all the ACK packets it sends ...
	// until it receives a CWR packet".
	if seg.Flags()&CWR != 0 {
		e.echo = false
	}
	if seg.ce && len(seg.Payload()) > 0 {
		e.echo, t.ackNow = true, true
	}
}

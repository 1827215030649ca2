package tcp

import "httptap/stack/seq"

// ecn is explicit congestion notification: routers mark packets instead of dropping them, and
// the receiver tells the sender. RFC 3168, 6.1
type ecn struct {
	ask  bool // our SYN offers it
	on   bool
	echo bool      // ECE goes with every ACK until the peer says CWR
	cwr  bool      // the next new data says that the window was cut
	cut  seq.Value // one cut a window: until this is acknowledged
	cuts int
	ect  bool // the segment that was given last may be marked
}

// ECT tells whether the packet with the segment that Transmit gave last shall have the ECT(0)
// codepoint. RFC 3168, 6.1.5: never on a segment sent again; 6.1.4: nor on a pure ACK.
func (t *TCB) ECT() bool { return t.ecn.ect }

// congestionEcho cuts the window when the peer says that a router was congested. RFC 3168, 6.1.2:
// "TCP should not react to congestion indications more than once every window of data".
func (t *TCB) congestionEcho(seg Segment, p *Progress) {
	e := &t.ecn
	if !e.on || seg.Flags()&(ECE|SYN) != ECE || t.una.Less(e.cut) || t.rec.kind != noRecovery {
		return
	}
	t.congested(p)
	t.cong.undo = false // a mark is no mistake
	e.cut, e.cwr = t.nxt, true
	e.cuts++
}

// congestionSeen notes the marks of a segment with data. RFC 3168, 6.1.3
func (t *TCB) congestionSeen(seg Segment) {
	e := &t.ecn
	if !e.on {
		return
	}
	// "the receiver ... continues to send ECN-Echo ... until it receives a CWR packet".
	if seg.Flags()&CWR != 0 {
		e.echo = false
	}
	if seg.ce && len(seg.Payload()) > 0 {
		e.echo, t.ackNow = true, true
	}
}

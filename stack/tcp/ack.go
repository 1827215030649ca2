package tcp

import (
	"time"

	"httptap/stack/seq"
)

// acknowledge takes what a segment acknowledges, which lies between snd.una and snd.max, and
// what it says about loss and congestion.
func (t *TCB) acknowledge(now time.Duration, seg Segment, ack seq.Value, o *options) {
	var d delivery
	p := &t.progress
	*p = Progress{Now: now, InFlight: t.nxt.Diff(t.una), Ack: ack, Next: t.nxt}
	advanced := t.una.Less(ack)
	// RFC 5681, 2: a duplicate ACK; whether something is in flight does not matter to a probe.
	dup := !advanced && seg.Len() == 0 && t.scaled(seg) == t.wnd
	handshake := t.una == t.iss
	if advanced {
		t.advance(now, ack, o, &d)
		t.heard(now)
	}
	if t.sack && o.sacked > 0 {
		t.takeSACK(now, o, ack, &d)
		t.rack.doubles(&d, t.una, t.nxt)
	}
	if !advanced && !handshake && t.probes > 0 {
		t.silence, t.timeouts = now, 0 // the window is closed, but somebody is there
	}
	switch {
	case t.sack:
		t.dupAcks = 0 // the blocks say more
	case advanced && t.rec.kind == fastRecovery:
		// RFC 6582, 3.2: a partial ACK: "Deflate the congestion window by the amount of new data
		// acknowledged ... If the partial ACK acknowledges at least one SMSS of new data, then
		// add back SMSS".
		t.dupAcks -= max(0, d.segments-1)
		t.rec.most = t.log.n
	case advanced:
		t.dupAcks = 0
	case dup && t.una != t.max && t.probes == 0:
		t.dupAcks++
	}
	t.measure(now, o, &d, handshake)
	if handshake {
		t.established()
	}
	p.Acked, p.RTT, p.SRTT, p.MinRTT = d.bytes, d.newest, t.rtt.srtt, t.rack.minRTT
	p.Paced = t.pacing.on

	t.probeAnswered(ack, dup, o, &d, p)
	t.lookForLosses(now, advanced, &d, p)
	if d.double {
		t.takeBack()
	}
	t.judgeTimeout(advanced, dup, o, &d)
	recovering := t.rec.kind == fastRecovery // RFC 5681, 3.2, step 6: "MUST set cwnd to ssthresh"
	t.endRecovery()
	// RFC 3168, 6.1.2: "The sending TCP SHOULD NOT increase the congestion window in response to the
	// receipt of an ECN-Echo ACK packet."
	if !t.congestionEcho(seg, p) {
		t.progressed(p, advanced, recovering)
	}

	if advanced {
		// RFC 6298, 5.3: "When an ACK is received that acknowledges new data, restart the
		// retransmission timer"; 5.2: when all is acknowledged, turn it off.
		if t.rtoAt = 0; t.una != t.max {
			t.armRTO(now)
		}
	}
	// RFC 8985, 7.2: "upon receiving an ACK that cumulatively acknowledges new data unless it is
	// already in fast recovery, RTO recovery, or segments have been SACKed".
	if advanced || d.bytes > 0 {
		t.scheduleProbe(now)
	}
}

// heard notes that the peer has got something new.
func (t *TCB) heard(now time.Duration) {
	t.probes, t.timeouts, t.soft = 0, 0, nil
	t.silence = now
	t.hole.passed(t)
}

// measure takes the round trip that an acknowledgment shows. RFC 6298, 3, Karn's algorithm: "RTT
// samples MUST NOT be made using segments that were retransmitted"; with timestamps they can.
func (t *TCB) measure(now time.Duration, o *options, d *delivery, handshake bool) {
	var r time.Duration
	switch {
	case handshake && t.synTimeouts == 0:
		r = max(now-t.synSent, 1)
		t.rack.minRTT = r
	case handshake:
		// RFC 6298, 5.7
		t.rtt.rto = lostSynRTO
	case d.newest > 0 && !d.again:
		// The last one's: where an ACK was lost, the first one's is as long as our own timer.
		r = d.newest
	case d.bytes > 0 && t.stamps.on && o.stamped && o.tsecr != 0 && !d.double && !t.stamps.older(o, t.lastAgain):
		// An echo from before the last retransmission, or beside a D-SACK, is of something that
		// the peer had long before, and whose ACK was lost: how long our own timer ran.
		r = t.stamps.elapsed(now, o.tsecr)
	}
	switch {
	case r > 0:
		// RFC 7323, appendix G: "ExpectedSamples = ceiling(FlightSize / (SMSS * 2))"
		two := 2 * t.cong.w.MSS
		t.rtt.sample(r, max(1, (t.progress.InFlight+two-1)/two))
	case d.bytes > 0 && t.rtt.measured:
		t.rtt.restart()
	}
}

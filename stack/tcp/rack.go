package tcp

import (
	"time"

	"httptap/stack/seq"
)

// rack detects losses by time: what was sent before something that has arrived, by more than
// the network is known to reorder, is lost. RFC 8985
type rack struct {
	minRTT     time.Duration // 0: none yet
	rtt        time.Duration // of the segment that was sent last of those that arrived
	at         time.Duration // when that one was sent; 0: none
	to         seq.Value     // and its end
	fack       seq.Value     // the highest end that arrived
	fackSet    bool
	reordered  bool // reordering was seen
	mult       int  // reo_wnd_mult
	persist    int  // reo_wnd_persist
	inRound    bool
	round      seq.Value // dsack_round
	duplicates int       // D-SACKs, for people
}

// The constants of the reordering window. RFC 8985, 6.2, step 4; that SRTT bounds the window makes
// a larger multiplier pointless.
const (
	reoPersist = 16
	maxReoMult = 20
)

// delivered takes a segment that arrived. RFC 8985, 6.2, steps 2 and 3
func (r *rack) delivered(now time.Duration, s *sent, older bool, d *delivery) {
	switch {
	case !r.fackSet || r.fack.Less(s.to):
		r.fack, r.fackSet = s.to, true
	case s.to.Less(r.fack) && s.mark&again == 0:
		r.reordered = true
	}
	rtt := max(now-s.at, 1)
	if s.mark&again != 0 {
		// "To avoid spurious inferences, ignore a segment as invalid if any of its sequence range
		// has been retransmitted before" and the peer echoes an older time or it "was last
		// retransmitted less than RACK.min_rtt ago": it was not the retransmission that arrived.
		if older || rtt < r.minRTT {
			return
		}
	} else if r.minRTT == 0 || rtt < r.minRTT {
		r.minRTT = rtt
	}
	// Of what an ACK tells the segment that was sent last gives RACK.rtt: the RFC goes through
	// them "in ascending order of Segment.xmit_ts".
	if s.at >= d.last {
		d.last, r.rtt = s.at, rtt
	}
	if s.at > r.at || s.at == r.at && r.to.Less(s.to) {
		r.at, r.to = s.at, s.to
	}
}

// doubles adapts the reordering window to what the peer got twice. RFC 8985, 6.2, step 4
func (r *rack) doubles(d *delivery, una, nxt seq.Value) {
	if r.inRound && (r.round.LessEq(una) || nxt.Less(r.round)) { // more than 2 GiB ago it seems to be ahead
		r.inRound = false
	}
	if d.double {
		r.duplicates++
		if !r.inRound {
			r.inRound, r.round = true, nxt
			r.mult, r.persist = min(max(r.mult, 1)+1, maxReoMult), reoPersist
		}
	}
}

// recovered notes the end of a recovery: "Reset the window after 16 DSACK-free recoveries".
func (r *rack) recovered() {
	if r.persist--; r.persist <= 0 {
		r.persist, r.mult = 0, 1
	}
}

// reorderWindow is RACK.reo_wnd. RFC 8985, 6.2, step 4
func (t *TCB) reorderWindow() time.Duration {
	r := &t.rack
	if !r.reordered && (t.rec.kind != noRecovery || t.log.sacked >= dupThreshold) {
		return 0
	}
	return min(time.Duration(max(r.mult, 1))*r.minRTT/4, t.rtt.srtt)
}

// detect marks what is lost, and sets the timer for what will be unless it arrives. RFC 8985,
// 6.2, step 5
func (t *TCB) detect(now time.Duration) (found bool) {
	r := &t.rack
	t.reoAt = 0
	if r.at == 0 {
		return false
	}
	wnd := t.reorderWindow()
	for i := 0; i < t.log.n; {
		s := t.log.at(i)
		switch {
		case s.mark&sacked != 0:
			i = t.behindRun(i, s)
			continue
		case s.mark&lost != 0:
		case s.at > r.at || s.at == r.at && !s.to.Less(r.to):
			if s.mark&again == 0 {
				return found // everything behind it was sent later still
			}
		default:
			if late := s.at + r.rtt + wnd; late <= now {
				t.log.set(i, s.mark|lost)
				found = true
			} else {
				t.reoAt = max(t.reoAt, late)
			}
		}
		i++
	}
	return found
}

// behindRun returns the index behind the run of sacked segments that s is in.
func (t *TCB) behindRun(i int, s *sent) int {
	if k := t.peerHas.after(s.from); k < len(t.peerHas.b) && t.peerHas.b[k].from.LessEq(s.from) {
		return max(i+1, t.log.find(t.peerHas.b[k].to))
	}
	return i + 1
}

// The constants of tail loss probes. RFC 8985, 7.2
const (
	// "TLP.max_ack_delay": how long the peer may keep back the ACK of a single segment.
	maxAckDelay = 200 * time.Millisecond
	// minPTO is what a scheduler and a busy peer need at the least; it is not of the RFC.
	minPTO = 10 * time.Millisecond
)

// A tailProbe makes the peer acknowledge the last segments, whose loss no later one would show.
type tailProbe struct {
	at      time.Duration // when it is due
	out     bool          // it was sent and nothing is known of it
	skipped bool          // one was due before a round trip was measured
	end     seq.Value     // TLP.end_seq
	again   bool          // TLP.is_retrans
	to      seq.Value     // the end of what it sent again
}

// scheduleProbe sets the probe's timer after new data was sent or acknowledged. RFC 8985, 7.2
func (t *TCB) scheduleProbe(now time.Duration) {
	t.tlp.at = 0
	if !t.sack || t.tlp.out || t.rec.kind != noRecovery || t.log.n == 0 || t.log.sacked > 0 || !t.state.canSend() {
		return
	}
	if t.tlp.skipped = t.tlp.skipped && !t.rtt.fresh; t.tlp.skipped {
		return
	}
	pto := time.Second // "when there is no SRTT estimate available, the PTO SHOULD be 1 second"
	if t.rtt.srtt > 0 {
		pto = 2 * t.rtt.srtt
		if t.log.n == 1 {
			pto += maxAckDelay
		}
	}
	t.tlp.at = now + max(pto, minPTO)
	if t.rtoAt != 0 {
		// "if the time at which an RTO would fire ... is sooner than the computed time for the PTO,
		// then the sender schedules a TLP to be sent at that RTO time".
		t.tlp.at = min(t.tlp.at, t.rtoAt)
	}
}

// probeAnswered looks at an acknowledgment while a probe is out. RFC 8985, 7.4.2
func (t *TCB) probeAnswered(ack seq.Value, dup bool, o *options, d *delivery, p *Progress) {
	if !t.tlp.out || ack.Less(t.tlp.end) {
		return
	}
	switch {
	case !t.tlp.again, d.double && o.blocks[0].to == t.tlp.to: // "a DSACK option matching TLP.end_seq"
		t.tlp.out = false
	case t.tlp.end.Less(ack):
		// "Repaired the single loss": the congestion that it was a sign of counts.
		t.tlp.out = false
		if t.rec.kind == noRecovery {
			t.congested(p)
		}
	case dup && o.sacked == 0:
		t.tlp.out = false // both the original and the probe arrived
	}
}

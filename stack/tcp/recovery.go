package tcp

import (
	"time"

	"httptap/stack/seq"
)

// dupThreshold is how many duplicate ACKs mean a loss. RFC 5681, 3.2
const dupThreshold = 3

// recoveryKind says what is done about losses at the moment.
type recoveryKind uint8

const (
	noRecovery   recoveryKind = iota
	fastRecovery              // RFC 6675, or RFC 6582 without SACK
	lossRecovery              // after a retransmission timeout
)

// recovery sends again what was lost until everything that was in flight when the loss was
// noticed is acknowledged.
type recovery struct {
	kind  recoveryKind
	point seq.Value // HighData of RFC 6675, "recover" of RFC 6582: it ends with the ACK of this
	most  int       // duplicate ACKs that count: so many segments can have arrived
	free  int       // segments that may be sent again whatever the window says
	frto  frtoState
	stamp uint32    // the timestamp of what was sent again first
	until seq.Value // the end of that; in frtoSecond snd.nxt when the new data began
}

// frtoState is how far the detection of a spurious timeout is. RFC 5682, 2.1 and 3.1
type frtoState uint8

const (
	frtoOff    frtoState = iota
	frtoFirst            // the first segment was sent again: its ACK is awaited
	frtoSecond           // new data was sent instead of what seems lost: its ACK decides
)

// lookForLosses marks what an acknowledgment shows to be lost and begins a recovery.
func (t *TCB) lookForLosses(now time.Duration, advanced bool, d *delivery, p *Progress) {
	found := false
	switch {
	case t.sack:
		found = d.bytes > 0 && t.detect(now)
	case t.rec.kind == noRecovery:
		// RFC 6582, 3.2, step 2: the sender "checks the value of recover to see if the Cumulative
		// Acknowledgment field covers more than recover", so that duplicates of what was sent again do
		// not begin another recovery.
		found = t.dupAcks >= dupThreshold && t.log.n > 0 && t.rec.point.Less(t.una)
		if found {
			t.log.set(0, t.log.at(0).mark|lost)
		}
	case t.rec.kind == fastRecovery && advanced && t.una.Less(t.rec.point) && t.log.n > 0:
		// RFC 6582, 3.2: a partial ACK: "retransmit the first unacknowledged segment".
		t.log.set(0, t.log.at(0).mark|lost)
		t.rec.free = 1
	}
	if found && t.rec.kind == noRecovery {
		t.beginRecovery(p)
	}
}

// beginRecovery is RFC 6675, 5, step 4, and RFC 5681, 3.2, step 2.
func (t *TCB) beginRecovery(p *Progress) {
	if t.log.lost == 1 && t.hole.isTest(t.log.at(t.log.firstLost())) {
		t.rec = recovery{point: t.nxt, free: 1} // what the path is too small for goes again, that is all
		return
	}
	t.rec = recovery{kind: fastRecovery, point: t.nxt, most: t.log.n, free: 1}
	t.tlp = tailProbe{}
	t.congested(p)
	t.recoveries++
}

// endRecovery ends one whose end the acknowledgments have reached.
func (t *TCB) endRecovery() {
	if t.rec.kind == noRecovery || t.una.Less(t.rec.point) {
		return
	}
	if t.rec.kind == fastRecovery {
		// RFC 6582, 3.2: "Full acknowledgments: ... Set cwnd to either ... or (2) ssthresh".
		t.cong.w.CWnd = min(t.cong.w.CWnd, max(t.cong.w.SSThresh, t.cong.w.MSS))
	}
	t.rec = recovery{point: t.rec.point}
	t.dupAcks = 0
	t.rack.recovered()
}

// timedOut begins to send everything again that is in flight, one segment first. RFC 5681, 3.1
// and 5; RFC 6675, 5.1
func (t *TCB) timedOut(now time.Duration) {
	t.forgetSACK()
	p := &t.progress
	*p = Progress{Now: now, InFlight: t.nxt.Diff(t.una), MinRTT: t.rack.minRTT, Ack: t.una, Next: t.nxt}
	recovering := t.rec.kind != noRecovery && t.una.Less(t.rec.point)
	c := &t.cong
	if !recovering || t.rec.kind == fastRecovery {
		// RFC 5681, 3.1: "When a TCP sender detects segment loss using the retransmission timer
		// and the given segment has not yet been resent by way of the retransmission timer, the
		// value of ssthresh MUST be set to no more than the value given in equation (4)": what the
		// timer has sent before cuts nothing more.
		c.before, c.undo, c.resent = c.w, true, 0
		c.ctl.TimedOut(&c.w, p)
	}
	t.ecn.reduced(t.nxt)
	// "cwnd MUST be set to no more than the loss window, LW, which equals 1 full-sized segment".
	c.w.CWnd = c.w.MSS
	t.rec = recovery{kind: lossRecovery, point: t.nxt, free: 1}
	if !recovering && t.timeouts == 1 {
		t.rec.frto = frtoFirst
	}
	// RFC 8985, 6.3: "RACK marks the first outstanding segment as lost ...; for all the other
	// segments, RACK only marks the segment as lost if the time elapsed since the segment was
	// transmitted is at least the sum of the recent RTT and the reordering window."
	age := time.Duration(0)
	if t.sack {
		age = t.rack.rtt + t.reorderWindow()
	}
	for i := range t.log.n {
		if s := t.log.at(i); s.mark&sacked == 0 && (i == 0 || s.at+age <= now) {
			t.log.set(i, s.mark|lost)
		}
	}
	t.dupAcks, t.tlp, t.reoAt = 0, tailProbe{}, 0
	t.log.first = 0
}

// judgeTimeout decides by the acknowledgments that follow a timeout whether it was spurious:
// F-RTO, RFC 5682, 2.1 and 3.1, and by the echoed time, RFC 3522, 3.2.
func (t *TCB) judgeTimeout(advanced, dup bool, o *options, d *delivery) {
	r := &t.rec
	switch r.frto {
	case frtoFirst:
		switch {
		case advanced && t.stamps.on && o.stamped && int32(o.tsecr-r.stamp) < 0:
			t.spurious() // the ACK answers what was sent before the timeout
		case advanced && r.until.LessEq(t.una) && t.una.Less(r.point) && t.newPossible():
			// Step 2b: "transmit up to two new (previously unsent) segments and enter step 3".
			r.frto, r.until = frtoSecond, t.nxt
		case advanced, dup && !t.sack:
			// 2a; where there is no new data "the recommended action is to skip step 3". With SACK
			// a duplicate ACK decides nothing: "Stay in step 2 and wait for the next new
			// acknowledgment."
			r.frto = frtoOff
		}
	case frtoSecond:
		switch {
		case d.original && !d.beyond && (advanced || t.sack):
			// Step 3b: it "acknowledges data that was not retransmitted after the timeout".
			t.spurious()
		case advanced, dup, d.bytes > 0:
			// Step 3a: the loss was real: "set the congestion window to no more than 3 * MSS".
			r.frto = frtoOff
			t.cong.w.CWnd = 3 * t.cong.w.MSS
		}
	}
}

// spurious takes a timeout back: nothing was lost.
func (t *TCB) spurious() {
	for i := range t.log.n {
		t.log.set(i, t.log.at(i).mark&^lost)
	}
	t.undoCut()
	// RFC 5682, 2.2: "the TCP sender sets the value of the "recover" variable to SND.UNA in order to
	// allow fast retransmit".
	t.rec = recovery{point: t.una.Add(-1)}
	t.dupAcks = 0
}

// takeBack undoes a cut when all that was sent again in the recovery had arrived before.
// RFC 3708, 3, on the D-SACKs of RFC 2883.
func (t *TCB) takeBack() {
	c := &t.cong
	if !c.undo || c.resent == 0 {
		return
	}
	if c.resent--; c.resent > 0 || t.rec.kind == lossRecovery {
		return
	}
	if t.log.lost == 0 {
		t.rec = recovery{point: t.rec.point}
		t.undoCut()
	}
}

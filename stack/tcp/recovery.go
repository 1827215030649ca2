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
	free  int       // segments that may be sent again whatever the window says
	frto  frtoState
	stamp uint32 // the timestamp of what was sent again first
	until seq.Value
}

// frtoState is how far the detection of a spurious timeout is. RFC 5682, 3.1
type frtoState uint8

const (
	frtoOff    frtoState = iota
	frtoFirst            // the first segment was sent again: its ACK is awaited
	frtoSecond           // new data was sent instead of what seems lost: its ACK decides
)

// isDuplicate finds ACKs that say "I still miss this". RFC 5681, 2: a duplicate has no data, no
// SYN or FIN, the same window, and there is something in flight.
func (t *TCB) isDuplicate(seg Segment) bool {
	return t.una != t.max && seg.Len() == 0 && t.scaled(seg) == t.wnd && t.probes == 0
}

// lookForLosses marks what an acknowledgment shows to be lost and begins a recovery.
func (t *TCB) lookForLosses(now time.Duration, advanced bool, d *delivery, p *Progress) {
	found := false
	switch {
	case t.sack:
		found = d.bytes > 0 && t.detect(now)
	case t.rec.kind == noRecovery:
		// RFC 6582, 3.2: a new recovery begins only when the ACK covers more than "recover", so
		// that duplicates of what was sent again do not begin another.
		found = t.dupAcks >= dupThreshold && t.log.n > 0 && t.rec.point.LessEq(t.una)
		if found {
			t.log.set(0, t.log.at(0).mark|lost)
		}
	case t.rec.kind == fastRecovery && advanced && t.log.n > 0:
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
	t.rec = recovery{kind: fastRecovery, point: t.nxt, free: 1}
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
		// RFC 6582, 3.2: full acknowledgment: "Set cwnd to ... ssthresh".
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
	fresh := t.rec.kind == noRecovery || t.rec.point.LessEq(t.una)
	c := &t.cong
	if fresh {
		// RFC 5681, 3.1: "when a TCP sender detects segment loss using the retransmission timer
		// and the given segment has not yet been resent": what is resent again cuts nothing more.
		c.before, c.undo, c.resent = c.w, true, 0
		c.ctl.TimedOut(&c.w, p)
	}
	// "cwnd MUST be set to no more than the loss window, LW, which equals 1 full-sized segment".
	c.w.CWnd = c.w.MSS
	for i := range t.log.n {
		if s := t.log.at(i); s.mark&sacked == 0 {
			t.log.set(i, s.mark|lost)
		}
	}
	t.rec = recovery{kind: lossRecovery, point: t.nxt, free: 1}
	if fresh && t.timeouts == 1 {
		t.rec.frto = frtoFirst
	}
	t.dupAcks, t.tlp, t.reoAt = 0, tailProbe{}, 0
	t.log.first = 0
}

// judgeTimeout decides by the acknowledgments that follow a timeout whether it was spurious:
// F-RTO, RFC 5682, 3.1, and by the echoed time, RFC 3522, 3.2.
func (t *TCB) judgeTimeout(advanced bool, o *options, d *delivery) {
	if t.rec.frto == frtoOff {
		return
	}
	// Without SACK what was sent once may have waited at the peer for what was sent again.
	original := d.original && (t.sack || !d.again)
	if advanced && t.rec.frto == frtoFirst && t.stamps.on && o.stamped && int32(o.tsecr-t.rec.stamp) < 0 {
		original = true // "the ACK was triggered by the original transmit"
	}
	switch {
	case original:
		t.spurious()
	case t.rec.frto == frtoSecond:
		t.rec.frto = frtoOff // step 3a: the loss was real
	case advanced && t.una.Less(t.rec.point):
		// Step 2b: "transmit up to two new (previously unsent) segments and enter step 3".
		t.rec.frto, t.rec.until = frtoSecond, t.nxt
	default:
		t.rec.frto = frtoOff
	}
}

// spurious takes a timeout back: nothing was lost.
func (t *TCB) spurious() {
	for i := range t.log.n {
		t.log.set(i, t.log.at(i).mark&^lost)
	}
	t.undoCut()
	t.rec = recovery{point: t.rec.point}
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

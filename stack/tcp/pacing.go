package tcp

import "time"

// pacing spreads a window over the round trip. RFC 9002, 7.7 has the formula that TCPs use, too:
// the rate is a gain times the window a smoothed round trip.
type pacing struct {
	on bool
	at time.Duration // no new data before this; 0: at once
	// wake is at while something waits for it alone; 0: nothing does.
	wake time.Duration
}

// The gain is larger in slow start, so that the window can double. It is Linux's.
const (
	paceSlowStart = 2.0
	paceAvoidance = 1.2
)

// paced notes that n bytes went out.
func (t *TCB) paced(now time.Duration, n int) {
	p := &t.pacing
	if !p.on || t.rtt.srtt == 0 {
		return
	}
	gain := paceAvoidance
	if t.cong.w.CWnd < t.cong.w.SSThresh/2 {
		gain = paceSlowStart
	}
	gap := time.Duration(float64(n) * float64(t.rtt.srtt) / (gain * float64(t.cong.w.CWnd)))
	// A timer comes late: what was not sent meanwhile may follow, a millisecond's worth.
	p.at = max(p.at, now-time.Millisecond) + gap
}

// holds tells whether new data has to wait.
func (p *pacing) holds(now time.Duration) bool { return p.at > now }

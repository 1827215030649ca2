package tcp

import "time"

// NewReno is the congestion control of RFC 5681, whose recovery from several losses RFC 6582
// describes.
type NewReno struct {
	hystart hystart
	acked   int // bytes acknowledged since the window grew last in congestion avoidance
}

// Name implements Controller.
func (r *NewReno) Name() string { return "newreno" }

// Reset implements Controller.
func (r *NewReno) Reset(*Window) { *r = NewReno{} }

// Acked implements Controller.
func (r *NewReno) Acked(w *Window, p *Progress) {
	if w.SlowStart() {
		r.hystart.grow(w, p)
		return
	}
	// RFC 5681, 3.1: "The RECOMMENDED way to increase cwnd during congestion avoidance is to count
	// the number of bytes that have been acknowledged by ACKs for new data. ... When the number of
	// bytes acknowledged reaches cwnd, then cwnd can be incremented by up to SMSS bytes."
	r.acked += p.Acked
	if r.acked >= w.CWnd {
		r.acked -= w.CWnd
		w.grow(w.MSS)
	}
}

// Congested implements Controller.
func (r *NewReno) Congested(w *Window, p *Progress) {
	// RFC 5681, 3.1, equation 4: "ssthresh = max (FlightSize / 2, 2*SMSS)". A window that was not
	// full is measured by what was in flight.
	w.SSThresh = min(w.CWnd, p.InFlight) / 2
	w.reduced(p)
	r.acked = 0
}

// TimedOut implements Controller.
func (r *NewReno) TimedOut(w *Window, p *Progress) {
	w.SSThresh = max(min(w.CWnd, p.InFlight)/2, 2*w.MSS)
	r.acked = 0
}

// Idle implements Controller.
func (r *NewReno) Idle(time.Duration) {}

// Undo implements Controller.
func (r *NewReno) Undo(*Window) {}

package tcp

import (
	"math"
	"time"
)

// The constants of CUBIC. RFC 9438, 5.1 and 4.6: "C SHOULD be set to 0.4", beta_cubic "SHOULD be
// set to 0.7".
const (
	cubicC    = 0.4 // segments a second cubed
	cubicBeta = 0.7
	// cubicAlpha is alpha_cubic of RFC 9438, 4.3: AIMD with it and beta_cubic has the average
	// window that Reno has.
	cubicAlpha = 3 * (1 - cubicBeta) / (1 + cubicBeta)
)

// Cubic is the congestion control of RFC 9438: a window that grows with the cube of the time
// since the last loss. Windows are counted in segments here, as in the RFC.
type Cubic struct {
	hystart hystart
	wMax    float64       // window before the last reduction
	k       time.Duration // how long growing back to wMax takes
	epoch   time.Duration // when this congestion avoidance began; 0: it has not yet
	wEst    float64       // what Reno would have
	prior   float64       // cwnd when ssthresh was set last: cwnd_prior
	part    float64       // of a segment, that the window has grown
	undo    struct {
		wMax, wEst, prior float64
		k, epoch          time.Duration
	}
}

// Name implements Controller.
func (c *Cubic) Name() string { return "cubic" }

// Reset implements Controller.
func (c *Cubic) Reset(*Window) { *c = Cubic{} }

// Acked implements Controller.
func (c *Cubic) Acked(w *Window, p *Progress) {
	if w.SlowStart() {
		c.hystart.grow(w, p)
		c.epoch = 0 // a stage of congestion avoidance is over
		return
	}
	mss := float64(w.MSS)
	cwnd := float64(w.CWnd) / mss
	if c.epoch == 0 {
		c.begin(p.Now, cwnd)
	}
	acked := float64(p.Acked) / mss // segments_acked

	// RFC 9438, 4.3, figure 4; "Once W_est has grown to reach the cwnd at the time of most recently
	// setting ssthresh -- that is, W_est >= cwnd_prior -- the sender SHOULD set alpha_cubic to 1".
	alpha := cubicAlpha
	if c.wEst >= c.prior {
		alpha = 1
	}
	c.wEst += alpha * acked / cwnd

	// 4.2: the target is W_cubic(t + RTT), within cwnd and 1.5 * cwnd, "where RTT is the smoothed
	// round-trip time".
	t := p.Now - c.epoch
	target := min(max(c.wCubic(t+p.SRTT), cwnd), 1.5*cwnd)
	if c.wCubic(t) < c.wEst {
		// 4.3: "If so, CUBIC is in the Reno-friendly region and cwnd SHOULD be set to W_est at
		// each reception of a new ACK."
		c.set(w, max(c.wEst, cwnd))
		return
	}
	// 4.4 and 4.5: cwnd "MUST be incremented by" (target - cwnd) / cwnd "for each received new
	// ACK", here for each segment that it acknowledges, so that delayed ACKs do not count double.
	c.set(w, cwnd+(target-cwnd)*min(acked/cwnd, 1))
}

// begin starts a stage of congestion avoidance. RFC 9438, 4.2
func (c *Cubic) begin(now time.Duration, cwnd float64) {
	c.epoch, c.part = now, 0
	c.wEst = cwnd // "W_est is set equal to cwnd_epoch at the start of the congestion avoidance stage"
	if c.wMax <= cwnd {
		// After a timeout (4.8), or where slow start was left without a loss (4.10): "K is set to
		// 0, and W_max is set to the congestion window size at the beginning of the current
		// congestion avoidance stage".
		c.wMax, c.k = cwnd, 0
		return
	}
	// Figure 2: the cube root of (W_max - cwnd_epoch) / C.
	c.k = time.Duration(math.Cbrt((c.wMax-cwnd)/cubicC) * float64(time.Second))
}

// wCubic is W_cubic(t) of RFC 9438, figure 1.
func (c *Cubic) wCubic(t time.Duration) float64 {
	d := (t - c.k).Seconds()
	return cubicC*d*d*d + c.wMax
}

// set sets the window to so many segments. Bytes that make no whole one are kept for later.
func (c *Cubic) set(w *Window, segments float64) {
	b := segments*float64(w.MSS) + c.part
	whole := math.Floor(b)
	c.part = b - whole
	w.CWnd = int(min(max(whole, float64(w.MSS)), maxCWnd))
}

// reduce is what a loss and a timeout have in common.
func (c *Cubic) reduce(w *Window, p *Progress) {
	c.undo.wMax, c.undo.wEst, c.undo.prior = c.wMax, c.wEst, c.prior
	c.undo.k, c.undo.epoch = c.k, c.epoch
	mss := float64(w.MSS)
	cwnd := float64(w.CWnd) / mss
	// RFC 9438, 4.7, fast convergence: a window that did not get to W_max any more leaves room to
	// a new flow: W_max is cwnd * (1 + beta_cubic) / 2.
	if cwnd < c.wMax {
		c.wMax = cwnd * (1 + cubicBeta) / 2
	} else {
		c.wMax = cwnd
	}
	c.prior, c.epoch = cwnd, 0
	// 4.6, figure 5: ssthresh is flight_size * beta_cubic; of the window where it is less than
	// that, so that what was sent beyond it does not count: RFC 5681, 3.2, step 2.
	w.SSThresh = int(float64(min(p.InFlight, w.CWnd)) * cubicBeta)
}

// Congested implements Controller.
func (c *Cubic) Congested(w *Window, p *Progress) {
	c.reduce(w, p)
	w.reduced(p)
}

// TimedOut implements Controller.
func (c *Cubic) TimedOut(w *Window, p *Progress) {
	c.reduce(w, p)
	w.SSThresh = max(w.SSThresh, 2*w.MSS)
	c.wMax = 0 // 4.8: the window at the beginning of the next congestion avoidance is W_max
}

// Idle implements Controller. RFC 9438, 4.2: "The elapsed time t in Figure 1 MUST NOT include
// periods during which cwnd has not been updated due to application-limited behavior".
func (c *Cubic) Idle(d time.Duration) {
	if c.epoch != 0 {
		c.epoch += d
	}
}

// Undo implements Controller. RFC 9438, 4.9.2: where "the current cwnd is already higher than
// cwnd_prior, CUBIC SHOULD continue to use the current and the most recent values".
func (c *Cubic) Undo(w *Window) {
	if float64(w.CWnd)/float64(w.MSS) > c.prior {
		return
	}
	c.wMax, c.wEst, c.prior = c.undo.wMax, c.undo.wEst, c.undo.prior
	c.k, c.epoch = c.undo.k, c.undo.epoch
}

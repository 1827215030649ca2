package tcp

import (
	"math"
	"time"
)

// The constants of CUBIC. RFC 9438, 4.1.1, 4.6 and 4.7
const (
	cubicC    = 0.4 // segments a second cubed
	cubicBeta = 0.7
	// cubicAlpha makes the Reno-friendly window grow as fast as Reno's: RFC 9438, 4.3:
	// "alpha_cubic = 3 * (1 - beta_cubic) / (1 + beta_cubic)".
	cubicAlpha = 3 * (1 - cubicBeta) / (1 + cubicBeta)
)

// Cubic is the congestion control of RFC 9438: a window that grows with the cube of the time
// since the last loss. Windows are counted in segments here, as in the RFC.
type Cubic struct {
	hystart hystart
	wMax    float64       // window before the last reduction
	k       time.Duration // how long growing back to wMax takes
	epoch   time.Duration // when this congestion avoidance began; 0: it has not yet
	origin  float64       // cwnd then
	wEst    float64       // what Reno would have
	prior   float64       // cwnd when ssthresh was set last: cwnd_prior
	part    float64       // of a segment, that the window has grown
	undo    struct {
		wMax, wEst, origin, prior float64
		k, epoch                  time.Duration
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
		return
	}
	mss := float64(w.MSS)
	cwnd := float64(w.CWnd) / mss
	if c.epoch == 0 {
		c.begin(p.Now, cwnd)
	}
	acked := float64(p.Acked) / mss

	// RFC 9438, 4.3: "W_est = W_est + alpha_cubic * segments_acked / cwnd"; "Once W_est has grown
	// to reach the cwnd at the time of most recently setting ssthresh -- that is, W_est >=
	// cwnd_prior -- the sender SHOULD set alpha_cubic to 1".
	alpha := cubicAlpha
	if c.wEst >= c.prior {
		alpha = 1
	}
	c.wEst += alpha * acked / cwnd

	// 4.4: "target ... W_cubic(t + RTT)", within cwnd and 1.5 * cwnd.
	t := p.Now - c.epoch
	target := min(max(c.wCubic(t+p.MinRTT), cwnd), 1.5*cwnd)
	if c.wCubic(t) < c.wEst {
		c.set(w, max(c.wEst, cwnd)) // 4.3: "cwnd SHOULD be set to W_est"
		return
	}
	// 4.4 and 4.5: "cwnd MUST be incremented by (target - cwnd) / cwnd for each received new ACK".
	c.set(w, cwnd+(target-cwnd)/cwnd*acked)
}

// begin starts a stage of congestion avoidance. RFC 9438, 4.2
func (c *Cubic) begin(now time.Duration, cwnd float64) {
	c.epoch, c.origin, c.part = now, cwnd, 0
	c.wEst = cwnd
	if c.wMax <= cwnd {
		// 4.8: "cwnd_epoch ... if slow start was left without a loss, W_max is cwnd and K is 0".
		c.wMax, c.k = cwnd, 0
		return
	}
	// 4.2: "K = cbrt((W_max - cwnd_epoch) / C)"
	c.k = time.Duration(math.Cbrt((c.wMax-cwnd)/cubicC) * float64(time.Second))
}

// wCubic is figure 1: "W_cubic(t) = C * (t - K)^3 + W_max".
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
	c.undo.wMax, c.undo.wEst, c.undo.origin, c.undo.prior = c.wMax, c.wEst, c.origin, c.prior
	c.undo.k, c.undo.epoch = c.k, c.epoch
	mss := float64(w.MSS)
	cwnd := float64(w.CWnd) / mss
	// RFC 9438, 4.7, fast convergence: "if cwnd < W_max ... W_max = cwnd * (1 + beta_cubic) / 2".
	if cwnd < c.wMax {
		c.wMax = cwnd * (1 + cubicBeta) / 2
	} else {
		c.wMax = cwnd
	}
	c.prior, c.epoch = cwnd, 0
	// 4.6: "ssthresh = flight_size * beta_cubic"; the window where it is less than that, so that
	// what was sent beyond it in a burst does not count; "max (ssthresh, 2)".
	flight := min(p.InFlight, w.CWnd)
	w.SSThresh = max(int(float64(flight)*cubicBeta), 2*w.MSS)
}

// Congested implements Controller.
func (c *Cubic) Congested(w *Window, p *Progress) {
	c.reduce(w, p)
	w.CWnd = w.SSThresh
}

// TimedOut implements Controller.
func (c *Cubic) TimedOut(w *Window, p *Progress) {
	c.reduce(w, p)
	c.hystart = hystart{}
}

// Idle implements Controller. RFC 9438, 5.8: the time without data does not count, "t ... MUST
// NOT include" it.
func (c *Cubic) Idle(d time.Duration) {
	if c.epoch != 0 {
		c.epoch += d
	}
}

// Undo implements Controller. RFC 9438, 4.9
func (c *Cubic) Undo(*Window) {
	c.wMax, c.wEst, c.origin, c.prior = c.undo.wMax, c.undo.wEst, c.undo.origin, c.undo.prior
	c.k, c.epoch = c.undo.k, c.undo.epoch
}

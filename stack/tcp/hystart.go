package tcp

import (
	"time"

	"httptap/stack/seq"
)

// The constants of HyStart++. RFC 9406, 4.3
const (
	hystartMinRTTThresh = 4 * time.Millisecond
	hystartMaxRTTThresh = 16 * time.Millisecond
	hystartDivisor      = 8 // MIN_RTT_DIVISOR
	hystartSamples      = 8 // N_RTT_SAMPLE
	hystartGrowth       = 4 // CSS_GROWTH_DIVISOR
	hystartRounds       = 5 // CSS_ROUNDS
	// hystartBurst is L: "L = infinity if paced, L = 8 if non-paced". Receivers that read in batches,
	// Linux with GRO and our own Host among them, acknowledge up to 64 segments at once: with 8 the
	// window would grow by an eighth in a round trip instead of doubling.
	hystartBurst   = 64
	hystartUnknown = -1 // no RTT yet: infinity in the RFC
)

// hystart is slow start that ends when the round trip grows, before segments are lost: HyStart++
// of RFC 9406. 4.3: "An implementation SHOULD use HyStart++ only for the initial slow start (when
// the ssthresh is at its initial value ...) and fall back to using standard slow start for the
// remainder of the connection lifetime."
type hystart struct {
	begun     bool
	windowEnd seq.Value // the round ends with the ACK of this
	last, cur time.Duration
	samples   int
	css       bool          // Conservative Slow Start
	baseline  time.Duration // the round trip when it began
	rounds    int           // of it
}

// grow takes an acknowledgment in slow start.
func (h *hystart) grow(w *Window, p *Progress) {
	if w.SSThresh < maxCWnd {
		w.grow(min(p.Acked, w.MSS)) // RFC 5681, 3.1, equation 2: "cwnd += min (N, SMSS)"
		return
	}
	if !h.begun {
		*h = hystart{begun: true, windowEnd: p.Next, last: hystartUnknown, cur: hystartUnknown}
	}
	if p.RTT > 0 {
		if h.samples++; h.cur < 0 || p.RTT < h.cur {
			h.cur = p.RTT
		}
	}
	n := p.Acked
	if !p.Paced {
		n = min(n, hystartBurst*w.MSS)
	}
	if h.css {
		n /= hystartGrowth // "cwnd = cwnd + (min(N, L * SMSS) / CSS_GROWTH_DIVISOR)"
	}
	w.grow(n)
	h.judge(w)
	if h.windowEnd.Less(p.Ack) || p.Next.Less(h.windowEnd) { // more than 2 GiB ago it seems to be ahead
		h.round(w, p)
	}
}

// judge compares this round with the last one. RFC 9406, 4.2
func (h *hystart) judge(w *Window) {
	if h.samples < hystartSamples || h.cur < 0 {
		return
	}
	switch {
	case h.css:
		// "check to see if the current round's minRTT drops below baseline (cssBaselineMinRtt)
		// indicating that slow start exit was spurious".
		if h.cur < h.baseline {
			h.css = false
		}
	case h.last >= 0:
		thresh := max(hystartMinRTTThresh, min(h.last/hystartDivisor, hystartMaxRTTThresh))
		if h.cur >= h.last+thresh {
			h.css, h.baseline, h.rounds = true, h.cur, 0
		}
	}
}

// round begins the next round.
func (h *hystart) round(w *Window, p *Progress) {
	if h.css {
		// "If CSS_ROUNDS rounds are complete, enter congestion avoidance by setting the
		// ssthresh to the current cwnd." The round in which it began is the first of them.
		if h.rounds++; h.rounds >= hystartRounds {
			w.SSThresh = w.CWnd
		}
	}
	h.last, h.cur, h.samples, h.windowEnd = h.cur, hystartUnknown, 0, p.Next
}

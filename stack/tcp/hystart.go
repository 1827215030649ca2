package tcp

import (
	"time"

	"httptap/stack/seq"
)

// The constants of HyStart++. RFC 9406, 4.3
const (
	hystartMinRTTThresh = 4 * time.Millisecond
	hystartMaxRTTThresh = 16 * time.Millisecond
	hystartDivisor      = 8  // MIN_RTT_DIVISOR
	hystartSamples      = 8  // N_RTT_SAMPLE
	hystartGrowth       = 4  // CSS_GROWTH_DIVISOR
	hystartRounds       = 5  // CSS_ROUNDS
	hystartBurst        = 8  // L, "when paced" infinity; for those that are not, 8 segments
	hystartUnknown      = -1 // no RTT yet: infinity in the RFC
)

// hystart is slow start that ends when the round trip grows, before segments are lost: HyStart++
// of RFC 9406.
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
	if !h.begun {
		*h = hystart{begun: true, windowEnd: p.Next, last: hystartUnknown, cur: hystartUnknown}
	}
	if p.RTT > 0 {
		if h.samples++; h.cur < 0 || p.RTT < h.cur {
			h.cur = p.RTT
		}
	}
	n := min(p.Acked, hystartBurst*w.MSS)
	if h.css {
		n /= hystartGrowth // "cwnd = cwnd + (min (N, L * SMSS) / CSS_GROWTH_DIVISOR)"
	}
	w.grow(n)
	h.judge(w)
	if h.windowEnd.Less(p.Ack) {
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
		// "if (currentRoundMinRTT < cssBaselineMinRtt) cssBaselineMinRtt = infinity; resume slow
		// start including HyStart++": the growth was spurious.
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
		// ssthresh to the current cwnd."
		if h.rounds++; h.rounds >= hystartRounds {
			w.SSThresh = w.CWnd
		}
	}
	h.last, h.cur, h.samples, h.windowEnd = h.cur, hystartUnknown, 0, p.Next
}

package tcp

import (
	"testing"
	"time"

	"httptap/stack/seq"
)

// A slowStarter feeds a hystart with round trips of acknowledgments.
type slowStarter struct {
	h   hystart
	w   Window
	p   Progress
	ack seq.Value
}

func newSlowStarter() *slowStarter {
	return &slowStarter{w: Window{CWnd: 10000, SSThresh: maxCWnd, MSS: 1000}, ack: 0xfffff000}
}

// acks acknowledges n segments one by one; Next is where a window would end.
func (s *slowStarter) acks(n int, rtt time.Duration) {
	for range n {
		s.p.Acked, s.p.RTT, s.p.InFlight = 1000, rtt, s.w.CWnd
		s.ack = s.ack.Add(1000)
		s.p.Ack, s.p.Next = s.ack, s.ack.Add(s.w.CWnd)
		s.h.grow(&s.w, &s.p)
	}
}

// round ends the round that goes on, and returns by how much the window grew in it.
func (s *slowStarter) round(rtt time.Duration) int {
	was := s.w.CWnd
	s.acks(max(1, s.h.windowEnd.Diff(s.ack)/1000+1), rtt)
	return s.w.CWnd - was
}

// RFC 9406, 4.2 and 4.3
func TestHyStart(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		last, cur time.Duration
		css       bool
		sentence  string
	}{
		{100 * ms, 112 * ms, false, "an eighth of the round trip is the threshold"},
		{100 * ms, 113 * ms, true, "and enough"},
		{10 * ms, 13 * ms, false, "4 ms are the least"},
		{10 * ms, 14 * ms, true, "and enough"},
		{400 * ms, 415 * ms, false, "16 ms are the most"},
		{400 * ms, 416 * ms, true, "and enough"},
		{100 * ms, 50 * ms, false, "a shorter round trip is none"},
	} {
		s := newSlowStarter()
		s.acks(1, c.last)
		s.round(c.last)
		s.round(c.last)
		s.acks(hystartSamples, c.cur)
		if s.h.css != c.css {
			t.Errorf("%v after %v: %v: %s", c.cur, c.last, s.h.css, c.sentence)
		}
	}

	s := newSlowStarter()
	s.acks(1, 100*ms)
	if n := s.round(100 * ms); n < 10000 {
		t.Errorf("slow start grows by %d to %d in a round trip", n, s.w.CWnd)
	}
	s.acks(hystartSamples-1, 150*ms)
	if s.h.css {
		t.Error("less than N_RTT_SAMPLE samples are enough")
	}
	s.acks(1, 150*ms)
	if !s.h.css || s.h.baseline != 150*ms {
		t.Fatalf("css %v, baseline %v", s.h.css, s.h.baseline)
	}
	was := s.w.CWnd
	s.acks(4, 150*ms)
	if s.w.CWnd != was+4*250 {
		t.Errorf("in CSS four segments let it grow by %d", s.w.CWnd-was)
	}
	// "CSS lasts at most CSS_ROUNDS rounds. If the transition into CSS happens in the middle of a
	// round, that partial round counts towards the limit."
	for i := range hystartRounds {
		if s.w.SSThresh != maxCWnd {
			t.Fatalf("left after %d rounds", i)
		}
		s.round(150 * ms)
	}
	if s.w.SSThresh != s.w.CWnd {
		t.Errorf("ssthresh %d, cwnd %d", s.w.SSThresh, s.w.CWnd)
	}

	// "If the RTT reduces during CSS ... the connection resumes slow start."
	s = newSlowStarter()
	s.acks(1, 100*ms)
	s.round(100 * ms)
	s.acks(hystartSamples, 150*ms)
	s.round(150 * ms)
	s.acks(hystartSamples, 149*ms)
	if s.h.css {
		t.Error("CSS goes on though the round trip is below the baseline")
	}
	was = s.w.CWnd
	s.acks(4, 149*ms)
	if s.w.CWnd != was+4000 {
		t.Errorf("slow start grows by %d", s.w.CWnd-was)
	}

	// L
	s = newSlowStarter()
	s.p.Acked = 100_000
	s.h.grow(&s.w, &s.p)
	if s.w.CWnd != 74_000 {
		t.Errorf("not paced: %d", s.w.CWnd)
	}
	s = newSlowStarter()
	s.p.Acked, s.p.Paced = 100_000, true
	s.h.grow(&s.w, &s.p)
	if s.w.CWnd != 110_000 {
		t.Errorf("paced: %d", s.w.CWnd)
	}

	// "fall back to using standard slow start for the remainder of the connection lifetime"
	s = newSlowStarter()
	s.w.SSThresh = 1 << 20
	s.acks(1, 100*ms)
	s.round(100 * ms)
	s.acks(20, 200*ms)
	was = s.w.CWnd
	s.p.Acked = 20000
	s.h.grow(&s.w, &s.p)
	if s.h.css || s.w.CWnd != was+1000 {
		t.Errorf("a later slow start: css %v, grows by %d", s.h.css, s.w.CWnd-was)
	}
}

// A round is over when its end was acknowledged long ago: while the window is not used nobody asks,
// and meanwhile the numbers may go half around.
func TestHyStartRoundOfThePast(t *testing.T) {
	s := newSlowStarter()
	s.acks(1, time.Millisecond)
	s.ack = s.ack.Add(1<<31 + 50000)
	if s.acks(1, time.Millisecond); s.h.windowEnd != s.p.Next {
		t.Errorf("the round still ends at %d, and %d is acknowledged", s.h.windowEnd, s.ack)
	}
}

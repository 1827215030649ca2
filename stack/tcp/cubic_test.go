package tcp

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// A loop is a connection without a network: each segment of the window is acknowledged a round
// trip after it was sent, and the window always used.
type loop struct {
	ctl Controller
	w   Window
	rtt time.Duration
	now time.Duration
	sum float64 // of the window over time
}

func newLoop(ctl Controller, segments int, rtt time.Duration) *loop {
	l := &loop{ctl: ctl, w: Window{MSS: 1000}, rtt: rtt, now: time.Second}
	ctl.Reset(&l.w)
	l.w.CWnd = segments * l.w.MSS
	l.w.SSThresh = l.w.CWnd
	return l
}

func (l *loop) progress() *Progress {
	return &Progress{Now: l.now, Acked: l.w.MSS, InFlight: l.w.CWnd, RTT: l.rtt, SRTT: l.rtt, MinRTT: l.rtt / 2}
}

// ack acknowledges a segment.
func (l *loop) ack() {
	gap := time.Duration(float64(l.rtt) * float64(l.w.MSS) / float64(l.w.CWnd))
	l.now += gap
	l.sum += l.segments() * gap.Seconds()
	l.ctl.Acked(&l.w, l.progress())
}

func (l *loop) segments() float64 { return float64(l.w.CWnd) / float64(l.w.MSS) }

// until acknowledges for the time d from start on.
func (l *loop) until(start, d time.Duration) {
	for l.now < start+d {
		l.ack()
	}
}

func (l *loop) lose() { l.ctl.Congested(&l.w, l.progress()) }

func near(t *testing.T, what string, got, want, off float64) {
	t.Helper()
	if math.Abs(got-want) > off {
		t.Errorf("%s: %.2f, want %.2f", what, got, want)
	}
}

// RFC 9438, figures 1, 2 and 5
func TestCubicCurve(t *testing.T) {
	for _, rtt := range []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond} {
		l := newLoop(new(Cubic), 1000, rtt)
		l.ack()
		l.lose()
		near(t, "beta_cubic: cwnd", l.segments(), 700, 0.1)
		if l.w.SSThresh != l.w.CWnd {
			t.Errorf("ssthresh %d, cwnd %d", l.w.SSThresh, l.w.CWnd)
		}
		l.ack()
		start := l.now
		k := math.Cbrt((1000 - 700) / 0.4) // 9.09 s
		near(t, "K", l.ctl.(*Cubic).k.Seconds(), k, 0.01)
		for at := time.Second; at <= 15*time.Second; at += time.Second {
			l.until(start, at)
			s := at.Seconds()
			cubic := 0.4*math.Pow(s-k, 3) + 1000
			near(t, fmt.Sprintf("a round trip of %v: W_cubic(%v)", rtt, at), l.segments(), cubic, 3+cubic*0.005)
		}
	}
}

// RFC 9438, 4.3
func TestCubicRenoFriendly(t *testing.T) {
	l := newLoop(new(Cubic), 20, 10*time.Millisecond)
	l.ack()
	l.lose()
	near(t, "cwnd", l.segments(), 14, 0.1)
	l.ack()
	start := l.now
	alpha := 3 * (1 - 0.7) / (1 + 0.7)
	l.until(start, 100*time.Millisecond)
	near(t, "W_est after 10 round trips", l.segments(), 14+alpha*10, 0.3)
	reached := (20 - 14) / alpha // round trips: then W_est is cwnd_prior, and alpha_cubic 1
	l.until(start, 500*time.Millisecond)
	near(t, "W_est after 50 round trips", l.segments(), 20+(50-reached), 1)
}

// RFC 9438, 4.2: "less than the increase rate of slow start": 1.5 * cwnd is the most.
func TestCubicGrowsNoFasterThanHalfARoundTrip(t *testing.T) {
	l := newLoop(new(Cubic), 100, 100*time.Millisecond)
	l.ack()
	l.now += 1000 * time.Second
	was := l.segments()
	for range int(was) {
		l.ack()
	}
	if got := l.segments(); got > 1.5*was+1 || got < 1.4*was {
		t.Errorf("from %.0f to %.0f in a round trip", was, got)
	}
	l.now += 1000 * time.Second // one ACK of everything
	was = l.segments()
	p := l.progress()
	p.Acked = 10 * l.w.CWnd
	l.ctl.Acked(&l.w, p)
	if got := l.segments(); got > 1.5*was+1 {
		t.Errorf("from %.0f to %.0f with an ACK", was, got)
	}
}

// RFC 9438, 4.7
func TestCubicFastConvergence(t *testing.T) {
	l := newLoop(new(Cubic), 100, 100*time.Millisecond)
	c := l.ctl.(*Cubic)
	l.ack()
	l.lose()
	near(t, "W_max", c.wMax, 100, 0.1)
	l.ack()
	l.until(l.now, time.Second)
	at := l.segments()
	if at >= 100 {
		t.Fatal("the window is there again")
	}
	l.lose()
	near(t, "W_max below the last one", c.wMax, at*(1+0.7)/2, 0.01)
	near(t, "cwnd", l.segments(), at*0.7, 0.1)
	l.ack()
	near(t, "K", c.k.Seconds(), math.Cbrt((at*0.85-at*0.7)/0.4), 0.02)
	l.until(l.now, 20*time.Second)
	at = l.segments()
	l.lose()
	near(t, "W_max above the last one", c.wMax, at, 0.01)
}

// RFC 9438, 4.8 and 4.10
func TestCubicWithoutWMax(t *testing.T) {
	l := newLoop(new(Cubic), 200, 500*time.Millisecond)
	l.ack()
	l.ctl.TimedOut(&l.w, l.progress())
	near(t, "ssthresh after a timeout", float64(l.w.SSThresh)/1000, 140, 0.1)
	l.w.CWnd = l.w.MSS
	for l.w.SlowStart() {
		l.ack()
	}
	l.ack()
	start := l.now
	for at := time.Second; at <= 10*time.Second; at += time.Second {
		l.until(start, at)
		s := at.Seconds()
		want := max(0.4*s*s*s+140, 140+3*0.3/1.7*s/0.5) // W_est at the begin
		near(t, fmt.Sprintf("after a timeout, %v later", at), l.segments(), want, 3+0.01*want)
	}

	l = newLoop(new(Cubic), 200, 500*time.Millisecond) // slow start was left without a loss
	l.ack()
	start = l.now
	for at := time.Second; at <= 10*time.Second; at += time.Second {
		l.until(start, at)
		s := at.Seconds()
		want := max(0.4*s*s*s+200, 200+s/0.5) // W_est >= cwnd_prior: alpha_cubic is 1
		near(t, fmt.Sprintf("after slow start, %v later", at), l.segments(), want, 3+0.01*want)
	}
}

// RFC 9438, 4.2 and 5.8
func TestCubicLeavesIdleTimeOut(t *testing.T) {
	l := newLoop(new(Cubic), 1000, 100*time.Millisecond)
	l.ack()
	l.lose()
	l.ack()
	start := l.now
	l.until(start, 3*time.Second)
	l.now += time.Minute
	l.ctl.Idle(time.Minute)
	start += time.Minute
	l.until(start, 5*time.Second)
	want := 0.4*math.Pow(5-math.Cbrt(300/0.4), 3) + 1000
	near(t, "after 5 seconds and an idle minute", l.segments(), want, 5)

	f := new(fixedWindow)
	s := newScript(t, 100, 300)
	s.cfg.Congestion = f
	s.run(`
			establish win 65535 <mss 100>
			setssthresh 500
			write 2000
			burst 1 10 100
			none
			wait 100ms
			< ACK 1 ack 1001 win 65535
			burst 1001 5 100
			none
			wait 100ms
			setcwnd 5000                 | now it is the application that limits
			consume
			< ACK 1 ack 2001 win 65535
			none
			write 100
			> ACK 2001+100
			wait 100ms
			< ACK 1 ack 2101 win 65535
			setcwnd 500
			write 1000
			burst 2101 5 100
			none
			wait 100ms
			< ACK 1 ack 2201 win 65535`)
	if f.idle != 300*time.Millisecond {
		t.Errorf("the window was not used for %v since the last growth", f.idle)
	}
}

// RFC 9438, 4.6: "reduction on ECE, cwnd >= 1 SMSS"; 4.9.2
func TestCubicMarksAndUndo(t *testing.T) {
	l := newLoop(new(Cubic), 2, 100*time.Millisecond)
	p := l.progress()
	p.Marked = true
	l.ctl.Congested(&l.w, p)
	if l.w.CWnd != 1400 || l.w.SSThresh != 2000 {
		t.Errorf("after a mark: cwnd %d, ssthresh %d", l.w.CWnd, l.w.SSThresh)
	}
	p.InFlight = 1000
	l.ctl.Congested(&l.w, p)
	if l.w.CWnd != 1000 {
		t.Errorf("after another: cwnd %d", l.w.CWnd)
	}
	l = newLoop(new(Cubic), 2, 100*time.Millisecond)
	l.lose()
	if l.w.CWnd != 2000 {
		t.Errorf("after a loss: cwnd %d", l.w.CWnd)
	}

	l = newLoop(new(Cubic), 100, 100*time.Millisecond)
	c := l.ctl.(*Cubic)
	l.ack()
	l.lose()
	l.ack()
	l.until(l.now, 2*time.Second)
	before, w := *c, l.w
	l.lose()
	after := *c
	l.w = w
	l.ctl.Undo(&l.w)
	if c.wMax != before.wMax || c.k != before.k || c.epoch != before.epoch || c.wEst != before.wEst || c.prior != before.prior {
		t.Errorf("%+v, want %+v", *c, before)
	}
	*c = after
	l.w.CWnd += 1000
	l.ctl.Undo(&l.w)
	if c.wMax != after.wMax || c.epoch != after.epoch {
		t.Error("undone though the window was larger already")
	}
}

// averageWindow loses one of every 1/p segments.
func averageWindow(ctl Controller, begin int, rtt time.Duration, p float64, cycles int) float64 {
	l := newLoop(ctl, begin, rtt)
	var from time.Duration
	const settle = 3
	for cycle := range cycles + settle {
		if cycle == settle {
			l.sum, from = 0, l.now
		}
		for range int(1 / p) {
			l.ack()
		}
		l.lose()
	}
	return l.sum / (l.now - from).Seconds()
}

// RFC 9438, tables 1 and 2, and figure 3. The tables are of a model without fast convergence, which
// makes the window smaller.
func TestCubicAverageWindow(t *testing.T) {
	for _, c := range []struct {
		rtt  time.Duration
		p    float64
		want float64
	}{
		{100 * time.Millisecond, 1e-2, 12}, {100 * time.Millisecond, 1e-3, 38}, {100 * time.Millisecond, 1e-4, 187},
		{100 * time.Millisecond, 1e-5, 1054},
		{10 * time.Millisecond, 1e-2, 12}, {10 * time.Millisecond, 1e-3, 38}, {10 * time.Millisecond, 1e-4, 120},
		{10 * time.Millisecond, 1e-5, 379},
	} {
		got := averageWindow(new(Cubic), int(c.want), c.rtt, c.p, 4)
		if got < 0.85*c.want || got > 1.15*c.want {
			t.Errorf("CUBIC, a round trip of %v, a loss rate of %g: the average window is %.1f, want %.0f", c.rtt, c.p, got, c.want)
		}
		reno := math.Sqrt(1.5 / c.p)
		if got := averageWindow(new(NewReno), int(reno), c.rtt, c.p, 4); got < 0.9*reno || got > 1.1*reno {
			t.Errorf("NewReno, a loss rate of %g: the average window is %.1f, want %.1f", c.p, got, reno)
		}
	}
}

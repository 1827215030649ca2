package stack

import (
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"httptap/stack/link"
)

// predictedWindow returns the average congestion window in segments that a link which loses each
// frame with probability p and has this round trip lets a connection have: the larger of CUBIC's,
//
//	((C*(3+beta)) / (4*(1-beta)))^(1/4) * RTT^(3/4) / p^(3/4)       RFC 9438, 5.1
//
// and of Reno's, sqrt(3/2) / sqrt(p), below which the Reno-friendly region of RFC 9438, 4.3 does
// not let it fall.
func predictedWindow(p float64, rtt time.Duration) float64 {
	const c, beta = 0.4, 0.7 // RFC 9438, 5.1 and 4.6
	cubic := math.Pow(c*(3+beta)/(4*(1-beta)), 0.25) * math.Pow(rtt.Seconds(), 0.75) / math.Pow(p, 0.75)
	return max(cubic, math.Sqrt(1.5)/math.Sqrt(p))
}

// TestCubicReachesItsEquation holds long transfers over links with random losses against the
// window that RFC 9438 predicts for them, which has one loss after each 1/p segments. They have
// to reach four fifths of it, and no more than half as much again: who takes more takes it from
// others. Losses that come at random, sometimes late, leave a connection a little more.
func TestCubicReachesItsEquation(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		p    float64
		rtt  time.Duration
		size int // some dozens of losses at least
	}{
		{0.01, 50 * ms, 30 << 20},
		{0.01, 10 * ms, 30 << 20},
		{0.001, 50 * ms, 100 << 20},
		{0.001, 200 * ms, 100 << 20}, // here the cubic function is above Reno's line
	} {
		seeds := 3
		if testing.Short() || gridShort {
			seeds = 1
		}
		t.Run(fmt.Sprintf("%v%% %v", 100*c.p, c.rtt), func(t *testing.T) {
			t.Parallel()
			sum := 0.0
			for seed := range seeds {
				w := averageWindow(t, c.p, c.rtt, c.size, uint64(seed))
				t.Logf("loss %v, RTT %v, seed %d: %.1f segments, predicted %.1f", c.p, c.rtt, seed, w, predictedWindow(c.p, c.rtt))
				sum += w
			}
			if got, want := sum/float64(seeds), predictedWindow(c.p, c.rtt); got < 0.8*want || got > 1.5*want {
				t.Errorf("loss %v, RTT %v: an average window of %.1f segments; RFC 9438, 5.1 predicts %.1f", c.p, c.rtt, got, want)
			}
		})
	}
}

// averageWindow sends size bytes over a link and returns the segments that arrived a round trip,
// not counting the first tenth: that is slow start's.
func averageWindow(t *testing.T, p float64, rtt time.Duration, size int, seed uint64) float64 {
	t.Helper()
	data := link.ImpairConfig{Loss: p, Delay: rtt / 2, Rate: 1e9 / 8, QueueFrames: 1 << 20}
	acks := link.ImpairConfig{Delay: rtt / 2}
	s := newSim(simOptions{impair: [2]link.ImpairConfig{data, acks}, buffer: 8 << 20, seed: seed})
	accept := s.listen(t, 1, 80)
	out, in := s.dial(0, 50000, 80), (*Conn)(nil)
	block, got := make([]byte, 64<<10), 0
	var tenth time.Time
	s.apps = []func(time.Time) bool{
		func(now time.Time) bool {
			if !out.tcb.Writable() {
				return false
			}
			n, err := out.put(block)
			if err != nil {
				t.Fatal(err)
			}
			out.host.e.settle(now, out)
			return n > 0
		},
		func(now time.Time) bool {
			if in == nil {
				if in = accept(); in == nil {
					return false
				}
			}
			n, err := in.tcb.Read(block)
			if err != nil && err != io.EOF {
				t.Fatal(err)
			}
			if n == 0 {
				return false
			}
			in.host.e.settle(now, in)
			if got += n; tenth.IsZero() && got >= size/10 {
				tenth = now
				got -= size / 10
				size -= size / 10
			}
			return true
		},
	}
	if err := s.run(24*time.Hour, func() bool { return got >= size && !tenth.IsZero() }); err != nil {
		t.Fatalf("loss %v, RTT %v, seed %d: %d of %d bytes: %v: %+v", p, rtt, seed, got, size, err, out.tcb.Info())
	}
	rounds := s.now.Sub(tenth).Seconds() / rtt.Seconds()
	return float64(got) / float64(out.tcb.Info().SndMSS) / rounds
}

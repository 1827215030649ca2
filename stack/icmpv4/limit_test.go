package icmpv4

import (
	"testing"
	"time"
)

var start = time.Unix(1_000_000, 0)

// limiter allows 50 at once and 100 a second in all, 10 at once and 10 a second to each.
func limiter() *Limiter {
	l := new(Limiter)
	l.Reset(Rate{Interval: time.Second / 100, Burst: 50}, Rate{Interval: time.Second / 10, Burst: 10})
	return l
}

// allowed counts what is allowed of n messages, one a period.
func allowed(l *Limiter, from time.Time, period time.Duration, n int, to func(i int) [4]byte) (count int) {
	for i := range n {
		if l.Allow(from.Add(time.Duration(i)*period), to(i)) {
			count++
		}
	}
	return count
}

func one(int) [4]byte     { return [4]byte{10, 0, 0, 1} }
func other(int) [4]byte   { return [4]byte{10, 0, 0, 2} }
func many(i int) [4]byte  { return [4]byte{10, 1 + byte(i>>16), byte(i >> 8), byte(i)} }
func third(i int) [4]byte { return [4]byte{10, 0, 0, byte(i % 3)} }

func TestLimiter(t *testing.T) {
	l := limiter()
	if n := allowed(l, start, 0, 100, one); n != 10 {
		t.Errorf("%d at once to one destination, want 10", n)
	}
	if n := allowed(l, start, 0, 100, other); n != 10 {
		t.Errorf("another destination gets %d of its 10", n)
	}
	if n := allowed(l, start.Add(time.Millisecond), time.Millisecond, 1000, one); n < 9 || n > 10 {
		t.Errorf("%d to one in the second behind its burst, want 10", n)
	}
	if n := allowed(l, start.Add(time.Minute), 0, 100, one); n != 10 {
		t.Errorf("%d at once after a silence, want 10", n)
	}
}

func TestLimitForAll(t *testing.T) {
	l := limiter()
	if n := allowed(l, start, 0, 1000, many); n != 50 {
		t.Errorf("%d at once to a thousand destinations, want 50", n)
	}
	if n := allowed(l, start.Add(time.Millisecond), time.Millisecond, 1000, many); n < 98 || n > 100 {
		t.Errorf("%d in the second behind the burst, want 100", n)
	}
}

// A destination that is refused costs the others nothing: not even a flood to it does.
func TestRefusedCostsNothing(t *testing.T) {
	l := limiter()
	allowed(l, start, 0, 100000, one)
	if n := allowed(l, start, 0, 40, many); n != 40 {
		t.Errorf("others get %d of 40", n)
	}
}

// More destinations than are remembered: the limit for all still holds, and those that are talked
// to now are the ones that are remembered.
func TestLimiterForgets(t *testing.T) {
	l := limiter()
	now := start
	total := 0
	for round := range 50 {
		total += allowed(l, now, 0, 1000, func(i int) [4]byte { return many(1000*round + i) })
		now = now.Add(time.Second)
	}
	if total > 50*100+50 {
		t.Errorf("%d in 50 seconds", total)
	}
	if n := allowed(l, now, 0, 100, third); n != 30 {
		t.Errorf("%d to three destinations, want 30", n)
	}
}

func TestLimiterAllocatesNothing(t *testing.T) {
	l, i := limiter(), 0
	if n := testing.AllocsPerRun(1000, func() {
		l.Allow(start.Add(time.Duration(i)*time.Millisecond), many(i))
		i++
	}); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}

package icmpv4

import "time"

// A Limiter is a token bucket for the errors that a host sends: burst at once, then one every
// interval. RFC 1812, 4.3.2.8. The zero Limiter is full.
type Limiter struct {
	empty time.Time // when the bucket will have been empty for nothing: the arrival of GCRA
}

const (
	interval = time.Second / 100
	burst    = 50
)

// Allow tells whether one more error may be sent at now, and counts it when it may.
func (l *Limiter) Allow(now time.Time) bool {
	t := l.empty
	if t.Before(now) {
		t = now
	}
	if t.Sub(now) > (burst-1)*interval {
		return false
	}
	l.empty = t.Add(interval)
	return true
}

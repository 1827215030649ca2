package icmpv4

import "time"

// A Rate is how often something may happen: Burst times at once, then once every Interval.
type Rate struct {
	Interval time.Duration
	Burst    int
}

// A Limiter bounds what a host sends without being asked by its user: in all, so that it can't
// be made a flood, and to each destination, so that one that asks for much leaves some for the
// others.
//
// RFC 1812, 4.3.2.8: "A router SHOULD also be able to limit the rate at which it sends other sorts
// of ICMP error messages (Destination Unreachable, Redirect, Time Exceeded, Parameter Problem)."
//
// The zero Limiter needs a Reset. What it remembers of destinations is bounded: of so many that
// they don't all fit, the one that was quiet for longest is forgotten, and only the limit for all
// of them holds it.
type Limiter struct {
	total, each Rate
	all         bucket
	dests       [maxDests]dest
}

const maxDests = 64

type dest struct {
	addr [4]byte
	bucket
}

// A bucket is a token bucket as the time at which it will be full again.
type bucket struct{ full time.Time }

// Reset forgets everything and sets the rates.
func (l *Limiter) Reset(total, each Rate) { *l = Limiter{total: total, each: each} }

// Allow tells whether one more message may be sent to addr at now, and counts it when it may.
func (l *Limiter) Allow(now time.Time, addr [4]byte) bool {
	d := l.find(addr)
	own := d.bucket
	if d.addr != addr {
		own = bucket{}
	}
	// The destination's own limit comes first, so that what one is refused costs the others nothing.
	own, ok := own.take(now, l.each)
	if !ok {
		return false
	}
	all, ok := l.all.take(now, l.total)
	if !ok {
		return false
	}
	l.all, *d = all, dest{addr, own}
	return true
}

// find returns addr's place, or else the one of the destination that was quiet for longest.
func (l *Limiter) find(addr [4]byte) *dest {
	quiet := &l.dests[0]
	for i := range l.dests {
		d := &l.dests[i]
		if d.addr == addr {
			return d
		}
		if d.full.Before(quiet.full) {
			quiet = d
		}
	}
	return quiet
}

// take returns the bucket with one token less, and false when there is none.
func (b bucket) take(now time.Time, r Rate) (bucket, bool) {
	t := b.full
	if t.Before(now) {
		t = now
	}
	if t.Sub(now) > time.Duration(r.Burst-1)*r.Interval {
		return b, false
	}
	return bucket{t.Add(r.Interval)}, true
}

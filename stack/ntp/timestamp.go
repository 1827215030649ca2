package ntp

import "time"

// A Timestamp is a time as seconds and fractions of 2^-32 s since 1900-01-01, 32 bits each,
// so that it wraps around in 2036, 2172 and so on: each such span is an era. Zero is
// "unknown". RFC 5905, 6
type Timestamp uint64

// to1970 is what lies between the first second of era 0 and that of Unix time.
const to1970 = 2208988800

// FromTime returns the timestamp of t, whatever its era. A time that would be zero, which
// means "unknown", is the fraction after it.
func FromTime(t time.Time) Timestamp {
	sec, ns := t.Unix()+to1970, uint64(t.Nanosecond())
	ts := Timestamp(uint64(sec)<<32 | (ns<<32+5e8)/1e9)
	return max(ts, 1)
}

// Time returns the time that the timestamp means in the era that brings it nearest to pivot:
// at most 68 years before or after. RFC 5905, 6: a timestamp alone does not tell its era; any
// clock that is right to some decades does.
func (ts Timestamp) Time(pivot time.Time) time.Time {
	now := pivot.Unix() + to1970
	sec := now + int64(int32(uint32(ts>>32)-uint32(now)))
	return time.Unix(sec-to1970, int64((uint64(uint32(ts))*1e9+1<<31)>>32)).UTC()
}

// IsZero tells whether the time is unknown.
func (ts Timestamp) IsZero() bool { return ts == 0 }

// A Short is a span of time in seconds and fractions of 2^-16 s, 16 bits each. RFC 5905, 6
type Short uint32

// Duration returns the span of time.
func (s Short) Duration() time.Duration { return time.Duration(uint64(s) * 1e9 >> 16) }

// ShortOf returns d as a Short: at least 0, at most 65536 s less a fraction, rounded up so
// that no bound gets smaller.
func ShortOf(d time.Duration) Short {
	switch {
	case d <= 0:
		return 0
	case d >= 65536*time.Second:
		return 1<<32 - 1
	}
	v := (uint64(d)<<16 + 999999999) / 1e9
	return Short(min(v, 1<<32-1))
}

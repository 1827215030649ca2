package pcapng

import (
	"math/bits"
	"time"
)

// A Clock says what the timestamps of an interface mean. The zero Clock counts seconds; the one of an
// interface that says nothing is DefaultClock.
type Clock struct {
	Resolution uint8 // if_tsresol: 6 is 10^-6 s; with the highest bit, 0x8a is 2^-10 s
	Offset     int64 // if_tsoffset: seconds to add
}

// DefaultClock is that of microseconds. Section 4.2: "If this option is not present, a resolution of 10^-6
// is assumed".
var DefaultClock = Clock{Resolution: 6}

var powers = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

// Time returns the time that a timestamp stands for, to the nanosecond. Every timestamp stands for one.
func (c Clock) Time(stamp uint64) time.Time {
	sec, nsec := c.split(stamp)
	return time.Unix(int64(sec)+c.Offset, int64(nsec))
}

// split returns the seconds of a timestamp, and the nanoseconds that are left.
func (c Clock) split(stamp uint64) (sec, nsec uint64) {
	n := int(c.Resolution & 0x7f)
	if c.Resolution&0x80 != 0 {
		if n >= 64 {
			hi, _ := bits.Mul64(stamp, 1e9)
			return 0, hi >> min(n-64, 63)
		}
		frac := stamp & (1<<n - 1)
		hi, lo := bits.Mul64(frac, 1e9)
		return stamp >> n, lo>>n | hi<<(64-n)
	}
	if n >= len(powers) {
		if n -= 9; n >= len(powers) {
			return 0, 0
		}
		return 0, stamp / powers[n]
	}
	sec, frac := stamp/powers[n], stamp%powers[n]
	if n <= 9 {
		return sec, frac * powers[9-n]
	}
	return sec, frac / powers[n-9]
}

// Digits returns how many decimals of a second the clock has, 9 at most.
func (c Clock) Digits() int {
	n := int(c.Resolution & 0x7f)
	if c.Resolution&0x80 != 0 {
		n = (n*3 + 9) / 10 // a decimal is a little more than three bits
	}
	return min(n, 9)
}

package dump

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"httptap/pcap"
	"httptap/stack/field"
)

// maxIntervals bounds how many intervals are told apart: times in a capture can lie anywhere.
const maxIntervals = 1 << 18

// intervals count frames by when they were captured.
type intervals struct {
	every   time.Duration
	all     map[int64]*amount
	last    *amount // of the interval with the number at
	at      int64
	digits  int
	beyond  uint64
	without uint64 // frames that have no time
}

type amount struct{ frames, bytes uint64 }

func newIntervals(every time.Duration) *intervals {
	return &intervals{every: every, all: map[int64]*amount{}, digits: 6}
}

// Add implements Statistic.
func (v *intervals) Add(m *pcap.Meta, frame []byte, _ []field.Span) {
	if m.Time.IsZero() {
		v.without++
		return
	}
	v.digits = max(v.digits, m.Digits)
	n := int64(m.Relative / v.every)
	if m.Relative < 0 && m.Relative%v.every != 0 {
		n-- // a frame from before the first one
	}
	if v.last == nil || n != v.at {
		a := v.all[n]
		if a == nil {
			if len(v.all) == maxIntervals {
				v.beyond++
				return
			}
			a = &amount{}
			v.all[n] = a
		}
		v.last, v.at = a, n
	}
	v.last.frames++
	v.last.bytes += uint64(max(m.Wire, len(frame)))
}

// Append implements Statistic.
func (v *intervals) Append(dst []byte) []byte {
	dst = fmt.Appendf(dst, "Intervals of %s, without those that have no frame\n", v.every)
	t := table{align: "r"}
	t.row("from", "to", "frames", "bytes", "bit/s")
	for _, n := range slices.Sorted(maps.Keys(v.all)) {
		a, from := v.all[n], time.Duration(n)*v.every
		t.row(seconds(from, v.digits), seconds(from+v.every, v.digits), count(a.frames), count(a.bytes), fmt.Sprintf("%.0f", float64(8*a.bytes)/v.every.Seconds()))
	}
	dst = t.append(dst)
	if v.beyond > 0 {
		dst = fmt.Appendf(dst, "%d frames of further intervals: over %d are not told apart\n", v.beyond, maxIntervals)
	}
	if v.without > 0 {
		dst = fmt.Appendf(dst, "%d frames have no time\n", v.without)
	}
	return dst
}

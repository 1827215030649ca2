package stat

import (
	"maps"
	"slices"
	"time"

	"httptap/pcap"
	"httptap/stack/field"
)

// MaxIntervals bounds how many intervals are told apart: times in a capture can lie anywhere.
const MaxIntervals = 1 << 18

// Intervals count frames by when they were captured.
type Intervals struct {
	Every   time.Duration
	Digits  int    // decimals of a second that the capture's times have
	Beyond  uint64 // frames of intervals that are too many
	Without uint64 // frames that have no time

	all  map[int64]*amount
	last *amount // of the interval with the number at
	at   int64
}

type amount struct{ frames, bytes uint64 }

// An Interval is what came between two times.
type Interval struct {
	From          time.Duration // since the first frame
	Frames, Bytes uint64
}

// NewIntervals counts in intervals of a length.
func NewIntervals(every time.Duration) *Intervals {
	return &Intervals{Every: every, all: map[int64]*amount{}, Digits: 6}
}

// Add counts a frame.
func (v *Intervals) Add(m *pcap.Meta, frame []byte, _ []field.Span) {
	if m.Time.IsZero() {
		v.Without++
		return
	}
	v.Digits = max(v.Digits, m.Digits)
	n := int64(m.Relative / v.Every)
	if m.Relative < 0 && m.Relative%v.Every != 0 {
		n-- // a frame from before the first one
	}
	if v.last == nil || n != v.at {
		a := v.all[n]
		if a == nil {
			if len(v.all) == MaxIntervals {
				v.Beyond++
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

// List returns the intervals that have frames, in order.
func (v *Intervals) List() []Interval {
	list := make([]Interval, 0, len(v.all))
	for _, n := range slices.Sorted(maps.Keys(v.all)) {
		list = append(list, Interval{time.Duration(n) * v.Every, v.all[n].frames, v.all[n].bytes})
	}
	return list
}

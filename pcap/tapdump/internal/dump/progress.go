package dump

import (
	"fmt"
	"io"
	"time"

	"httptap/pcap/file"
)

// How long a run takes before it says how far it is, and how often it says so.
const (
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

// A progress says on a terminal how far a long run is.
type progress struct {
	w     io.Writer
	start time.Time
	last  time.Time
	shown bool
	calls int
}

func newProgress(w io.Writer, now time.Time) *progress { return &progress{w: w, start: now, last: now} }

// update says how far the run is, when it is time to: used bytes of size are read, up to a record.
func (p *progress) update(clock func() time.Time, used, size int64, rec *file.Record) {
	if p.calls++; rec == nil || p.calls%16 != 0 {
		return
	}
	now := clock()
	if now.Sub(p.start) < progressAfter || now.Sub(p.last) < progressEvery {
		return
	}
	p.last, p.shown = now, true
	fmt.Fprintf(p.w, "\r\x1b[Ktapdump: %s", describe(now.Sub(p.start), used, size, rec.Packet.Number))
}

// describe says how far a run is after a time.
func describe(elapsed time.Duration, used, size int64, frames uint64) string {
	seconds := elapsed.Seconds()
	s := fmt.Sprintf("%d frames, %s, %.0f frames/s", frames, megabytes(used), float64(frames)/seconds)
	if size > 0 && used > 0 && used <= size {
		left := time.Duration(float64(size-used) / float64(used) * float64(elapsed)).Round(time.Second)
		s = fmt.Sprintf("%d %% of %s, %d frames, %.0f frames/s, %s left", 100*used/size, megabytes(size), frames, float64(frames)/seconds, left)
	}
	return s
}

func megabytes(n int64) string {
	if n < 10e9 {
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// clear takes the line away, before something else is printed.
func (p *progress) clear() {
	if p.shown {
		io.WriteString(p.w, "\r\x1b[K")
		p.shown = false
	}
}

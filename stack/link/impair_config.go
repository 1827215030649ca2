package link

import (
	"errors"
	"fmt"
	"time"
)

// ImpairConfig says how one direction of a link is bad. Probabilities are from 0 to 1 and of a
// frame; what is zero is left alone. A frame meets them in this order: it is lost, is too long,
// is cut, has a bit turned, is held back, waits in the queue, takes its time on the wire, and
// is on its way for the delay.
type ImpairConfig struct {
	Loss      float64
	Duplicate float64 // the frame arrives twice, the second time right behind the first
	Reorder   float64 // the frame is held back until the next one has passed
	Corrupt   float64 // one bit is turned
	Truncate  float64 // the frame's end is cut off; its header is left

	Delay    time.Duration // how long a frame is on its way
	Jitter   time.Duration // the delay varies by so much, to both sides, but is never under zero
	Overtake bool          // frames with less delay overtake; else jitter keeps their order

	Rate        int64 // bytes a second that the wire carries, counted as the Device's frames are
	QueueBytes  int   // what may wait for the wire, in bytes and in frames; a frame that does
	QueueFrames int   // not fit is lost; zero both: DefaultQueue frames

	MTU  int // a frame with a longer payload is lost without a word: a black hole
	Seed uint64
}

// DefaultQueue is how many frames wait for a wire whose configuration has a rate and no bound:
// what Linux gives a device, its "qlen".
const DefaultQueue = 1000

// The bounds of an ImpairConfig's values: beyond them arithmetic on times would end.
const (
	maxDelay = time.Hour
	maxRate  = 1 << 40
	maxQueue = 1 << 30
)

// Why an impairment is refused. The error names the part of the configuration and its value.
var (
	ErrImpairName  = errors.New("no such impairment; there are " + impairNames)
	ErrImpairTwice = errors.New("this impairment is given twice")
	ErrImpairValue = errors.New("not a value of this impairment")
)

// Check returns nil for a configuration that makes sense, and what is wrong with it as
// ErrImpairValue.
func (c ImpairConfig) Check() error {
	bad := func(name string, v any, want string) error {
		return fmt.Errorf("%s=%v: %w: want %s", name, v, ErrImpairValue, want)
	}
	for _, p := range []struct {
		name string
		p    float64
	}{{"loss", c.Loss}, {"dup", c.Duplicate}, {"reorder", c.Reorder}, {"corrupt", c.Corrupt}, {"truncate", c.Truncate}} {
		if !(p.p >= 0 && p.p <= 1) { // so that it is wrong of a NaN, too
			return bad(p.name, p.p*100, wantPercent)
		}
	}
	switch {
	case c.Delay < 0 || c.Delay > maxDelay:
		return bad("delay", c.Delay, wantTime)
	case c.Jitter < 0 || c.Jitter > maxDelay:
		return bad("jitter", c.Jitter, wantTime)
	case c.Overtake && c.Jitter == 0:
		return bad("overtake", c.Overtake, "jitter with it, without which no frame overtakes")
	case c.Rate < 0 || c.Rate > maxRate:
		return bad("rate", c.Rate, wantRate)
	case c.QueueBytes < 0 || c.QueueBytes > maxQueue:
		return bad("queue", c.QueueBytes, wantBytes)
	case c.QueueFrames < 0 || c.QueueFrames > maxQueue:
		return bad("qlen", c.QueueFrames, wantCount)
	case c.Rate == 0 && (c.QueueBytes > 0 || c.QueueFrames > 0):
		return bad("queue", max(c.QueueBytes, c.QueueFrames), "a rate with it, without which no frame waits")
	case c.MTU < 0 || c.MTU > 0xffff:
		return bad("mtu", c.MTU, wantMTU)
	}
	return nil
}

// IsZero tells whether c does nothing to any frame.
func (c ImpairConfig) IsZero() bool { return c == ImpairConfig{Seed: c.Seed} }

// What a value has to be, for people.
const (
	wantPercent = "a percentage from 0% to 100%"
	wantTime    = "a time from 0 to an hour, such as 20ms"
	wantRate    = "a rate in bits such as 56kbit, 10mbit or 1gbit, of a byte a second at least"
	wantBytes   = "a size in bytes, or with k or m in units of 1024 or 1024*1024, such as 64k"
	wantCount   = "a number of frames"
	wantMTU     = "a number of bytes from 1 to 65535"
	wantSeed    = "a number from 0 to 18446744073709551615"
)

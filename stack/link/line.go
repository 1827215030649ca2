package link

import "time"

// A Line is one direction of a bad link, as a machine: no clock, no lock, no goroutine. Receive
// takes the frames that go in at one end, Transmit gives those that have come to the other by
// now, and Deadline says when the next one will.
//
//	Receive ── judge ──┬─ held ─┐
//	                   └────────┴─ queue ── wire (rate) ── delay, jitter ── Transmit
//	        lost, too long       queue full
type Line struct {
	cfg   ImpairConfig
	judge *Judge
	stats ImpairStats

	held    *flight
	queue   []departure // ring of the frames that wait for the wire, the oldest at first
	first   int
	waiting int
	bytes   int       // of those that wait
	free    time.Time // when the wire has carried what it was given
	last    time.Time // when the frame arrives that arrives last

	flying []*flight // a binary heap: who arrives first is at 0
	memory int       // bytes that the frames in flying and held take
	turn   uint64    // of the next frame: among those that arrive at once it decides
	again  *flight   // arrived once and does so again
	spare  []*flight
}

// A flight is a frame on its way.
type flight struct {
	buf     []byte
	turn    uint64
	since   time.Time // when it came
	arrival time.Time
	verdict Verdict
	fate    Fate
}

// A departure is when a frame that waits in the queue begins on the wire.
type departure struct {
	at    time.Time
	bytes int
}

// maxInFlight bounds the memory of the frames that are on their way, of which each has flightBytes
// beside its own: it is what 5 Gbit/s have under way in a delay of 100 ms.
const (
	maxInFlight = 64 << 20
	flightBytes = 128
)

// ImpairStats counts what became of frames: Frames = Passed + Dropped() + InFlight.
type ImpairStats struct {
	Frames   uint64 `json:"frames"`
	Passed   uint64 `json:"passed"`   // came out; copies of a frame do not count
	InFlight uint64 `json:"inFlight"` // wait, or are on their way

	Lost      uint64 `json:"lost"`      // dropped as the configuration asks
	TooLong   uint64 `json:"tooLong"`   // dropped: over the MTU of the configuration
	QueueFull uint64 `json:"queueFull"` // dropped: no room before the wire, or on it
	Abandoned uint64 `json:"abandoned"` // dropped: in flight when the line ended

	Duplicated uint64 `json:"duplicated"`        // second copies that came out
	Reordered  uint64 `json:"reordered"`         // went behind a frame that came after
	Corrupted  uint64 `json:"corrupted"`         // had a bit turned; some of these are dropped later
	Truncated  uint64 `json:"truncated"`         // were cut; some of these are dropped later
	Refused    uint64 `json:"refused,omitempty"` // came out, copies among them, but the device did not take them
}

// Dropped returns the sum of the drops.
func (s ImpairStats) Dropped() uint64 { return s.Lost + s.TooLong + s.QueueFull + s.Abandoned }

// Add adds o's counters to s's.
func (s *ImpairStats) Add(o ImpairStats) {
	s.Frames += o.Frames
	s.Passed += o.Passed
	s.InFlight += o.InFlight
	s.Lost += o.Lost
	s.TooLong += o.TooLong
	s.QueueFull += o.QueueFull
	s.Abandoned += o.Abandoned
	s.Duplicated += o.Duplicated
	s.Reordered += o.Reordered
	s.Corrupted += o.Corrupted
	s.Truncated += o.Truncated
	s.Refused += o.Refused
}

// NewLine returns a line of the given badness.
func NewLine(cfg ImpairConfig) *Line {
	l := new(Line)
	l.Set(cfg)
	return l
}

// Set changes the badness and begins its verdicts anew. What is in flight stays so, at the
// times that it has.
func (l *Line) Set(cfg ImpairConfig) {
	l.cfg, l.judge = cfg, NewJudge(cfg)
	if l.cfg.Rate > 0 && l.cfg.QueueBytes == 0 && l.cfg.QueueFrames == 0 {
		l.cfg.QueueFrames = DefaultQueue
	}
}

// Stats returns the counters.
func (l *Line) Stats() ImpairStats {
	s := l.stats
	s.InFlight = uint64(len(l.flying))
	if l.held != nil {
		s.InFlight++
	}
	return s
}

// Receive takes a frame at now and keeps a copy, or does not, which the Fate then says. Now never
// goes back.
func (l *Line) Receive(now time.Time, frame []byte) Fate {
	return l.Pass(now, frame, l.judge.Next(len(frame)))
}

// Pass is Receive with a verdict from elsewhere.
func (l *Line) Pass(now time.Time, frame []byte, v Verdict) Fate {
	l.stats.Frames++
	switch {
	case v.Drop:
		l.stats.Lost++
		return Fate{Lost: true}
	case l.cfg.MTU > 0 && len(frame) > l.cfg.MTU+HeaderLen:
		l.stats.TooLong++
		return Fate{TooLong: true}
	case l.memory+len(frame)+flightBytes > maxInFlight:
		l.stats.QueueFull++
		return Fate{QueueFull: true}
	}
	f := l.take(frame)
	f.verdict, f.since, f.fate = v, now, Fate{}
	if v.Cut > 0 && v.Cut < len(f.buf) {
		l.stats.Truncated++
		f.fate.Was = len(f.buf)
		f.buf = f.buf[:v.Cut]
	}
	if v.FlipBit >= 0 && v.FlipBit < 8*len(f.buf) {
		l.stats.Corrupted++
		f.fate.Flipped, f.fate.Bit = true, v.FlipBit
		f.buf[v.FlipBit/8] ^= 0x80 >> (v.FlipBit % 8)
	}
	l.memory += len(f.buf) + flightBytes
	if v.Hold && l.held == nil {
		l.held = f
		return Fate{}
	}
	fate := l.depart(now, f)
	if h := l.held; h != nil {
		l.held = nil
		l.stats.Reordered++
		h.fate.Held = true
		l.depart(now, h)
	}
	return fate
}

// depart gives f to the wire, or to the queue before it.
func (l *Line) depart(now time.Time, f *flight) Fate {
	at := now
	if l.cfg.Rate > 0 {
		l.leaveQueue(now)
		if now.Before(l.free) {
			if !l.joinQueue(len(f.buf)) {
				l.stats.QueueFull++
				l.release(f)
				return Fate{QueueFull: true}
			}
			at = l.free
		}
		l.free = at.Add(time.Duration(int64(len(f.buf)) * int64(time.Second) / l.cfg.Rate))
		at = l.free
	}
	f.arrival = at.Add(max(0, l.cfg.Delay+f.verdict.Jitter))
	if !l.cfg.Overtake && f.arrival.Before(l.last) {
		f.arrival = l.last
	}
	if f.arrival.After(l.last) {
		l.last = f.arrival
	}
	f.turn = l.turn
	l.turn++
	l.push(f)
	return Fate{}
}

// leaveQueue forgets the frames that the wire has begun with.
func (l *Line) leaveQueue(now time.Time) {
	for l.waiting > 0 && !now.Before(l.queue[l.first].at) {
		l.bytes -= l.queue[l.first].bytes
		l.first = (l.first + 1) % len(l.queue)
		l.waiting--
	}
}

// joinQueue notes that a frame of n bytes waits until the wire is free. It returns false when
// there is no room.
func (l *Line) joinQueue(n int) bool {
	if l.cfg.QueueFrames > 0 && l.waiting >= l.cfg.QueueFrames || l.cfg.QueueBytes > 0 && l.bytes+n > l.cfg.QueueBytes {
		return false
	}
	if l.waiting == len(l.queue) { // grow: twice as long, in order from 0
		longer := make([]departure, max(16, 2*len(l.queue)))
		for i := range l.waiting {
			longer[i] = l.queue[(l.first+i)%len(l.queue)]
		}
		l.queue, l.first = longer, 0
	}
	l.queue[(l.first+l.waiting)%len(l.queue)] = departure{l.free, n}
	l.waiting++
	l.bytes += n
	return true
}

// Deadline returns when Transmit has the next frame; the zero time when none is on its way. One
// that is held back until another passes has no time.
func (l *Line) Deadline() time.Time {
	switch {
	case l.again != nil:
		return l.again.arrival
	case len(l.flying) > 0:
		return l.flying[0].arrival
	}
	return time.Time{}
}

// Transmit writes the next frame that has arrived by now into dst and returns its length; 0
// when there is none. dst must hold the longest frame that was received.
func (l *Line) Transmit(now time.Time, dst []byte) int {
	n, _ := l.TransmitFate(now, dst)
	return n
}

// TransmitFate is Transmit, and says what was done to the frame.
func (l *Line) TransmitFate(now time.Time, dst []byte) (int, Fate) {
	if f := l.again; f != nil {
		l.again = nil
		l.stats.Duplicated++
		n := copy(dst, f.buf)
		l.release(f)
		f.fate.Second = true
		return n, f.fate
	}
	if len(l.flying) == 0 || now.Before(l.flying[0].arrival) {
		return 0, Fate{}
	}
	f := l.pop()
	l.stats.Passed++
	n := copy(dst, f.buf)
	f.fate.Delay = f.arrival.Sub(f.since)
	if f.verdict.Duplicate {
		l.again = f
	} else {
		l.release(f)
	}
	return n, f.fate
}

// End drops what is in flight.
func (l *Line) End() {
	l.stats.Abandoned += l.Stats().InFlight
	l.held, l.again, l.flying, l.spare = nil, nil, nil, nil
	l.queue, l.waiting, l.bytes, l.memory = nil, 0, 0, 0
}

// take returns a flight with a copy of frame.
func (l *Line) take(frame []byte) *flight {
	var f *flight
	if n := len(l.spare); n > 0 {
		f, l.spare = l.spare[n-1], l.spare[:n-1]
	} else {
		f = new(flight)
	}
	f.buf = append(f.buf[:0], frame...)
	return f
}

// release takes f out of the count and keeps its memory for another.
func (l *Line) release(f *flight) {
	l.memory -= len(f.buf) + flightBytes
	l.spare = append(l.spare, f)
}

func (f *flight) before(g *flight) bool {
	if f.arrival.Equal(g.arrival) {
		return f.turn < g.turn
	}
	return f.arrival.Before(g.arrival)
}

func (l *Line) push(f *flight) {
	h := append(l.flying, f)
	l.flying = h
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !f.before(h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = f
}

func (l *Line) pop() *flight {
	h := l.flying
	top, f := h[0], h[len(h)-1]
	h[len(h)-1] = nil
	h = h[:len(h)-1]
	l.flying = h
	if len(h) == 0 {
		return top
	}
	i := 0
	for {
		child := 2*i + 1
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if child >= len(h) || !h[child].before(f) {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = f
	return top
}

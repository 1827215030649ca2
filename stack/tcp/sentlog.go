package tcp

import (
	"time"

	"httptap/stack/seq"
)

// A sent is a segment in flight: the sequence numbers that went out together, and when.
type sent struct {
	from, to seq.Value
	at       time.Duration // when it was sent last
	mark     mark
}

// mark is what is known of a segment in flight.
type mark uint8

const (
	sacked mark = 1 << iota // the peer has it: RFC 2018, 8
	lost                    // it is taken for lost and was not sent again since
	again                   // it was sent more than once
)

func (s *sent) len() int { return s.to.Diff(s.from) }

// A sentLog has every segment between snd.una and snd.nxt, in their order, in a ring that grows
// with the number of them.
type sentLog struct {
	ring []sent // its length is a power of two
	head int
	n    int

	// pipe is the sum of what is in flight by RFC 6675, 4: bytes that are neither lost nor sacked.
	pipe   int
	sacked int // segments that are sacked
	lost   int // segments that are lost
	first  int // no segment before this one is lost
}

func (l *sentLog) at(i int) *sent { return &l.ring[(l.head+i)&(len(l.ring)-1)] }

// clear forgets everything but the memory.
func (l *sentLog) clear() { *l = sentLog{ring: l.ring} }

// push appends a segment that has just been sent.
func (l *sentLog) push(s sent) {
	l.room()
	l.n++
	*l.at(l.n - 1) = s
	l.count(s, 1)
}

// room makes place for one segment more.
func (l *sentLog) room() {
	if l.n < len(l.ring) {
		return
	}
	bigger := make([]sent, max(16, 2*len(l.ring)))
	for i := range l.n {
		bigger[i] = *l.at(i)
	}
	l.ring, l.head = bigger, 0
}

// count adds s to the sums, or takes it out with sign -1.
func (l *sentLog) count(s sent, sign int) {
	switch {
	case s.mark&sacked != 0:
		l.sacked += sign
	case s.mark&lost != 0:
		l.lost += sign
	default:
		l.pipe += sign * s.len()
	}
}

// set changes the marks of segment i.
func (l *sentLog) set(i int, m mark) {
	s := l.at(i)
	l.count(*s, -1)
	s.mark = m
	l.count(*s, 1)
	if m&lost != 0 {
		l.first = min(l.first, i)
	}
}

// pop removes the first segment.
func (l *sentLog) pop() {
	l.count(*l.at(0), -1)
	l.head = (l.head + 1) & (len(l.ring) - 1)
	l.n--
	l.first = max(0, l.first-1)
}

// trim takes what is before s off the first segment.
func (l *sentLog) trim(s seq.Value) {
	f := l.at(0)
	l.count(*f, -1)
	f.from = s
	l.count(*f, 1)
}

// find returns the index of the segment that holds s, or of the first one behind it.
func (l *sentLog) find(s seq.Value) int {
	lo, hi := 0, l.n
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); s.Less(l.at(mid).to) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// split cuts segment i at s, which lies within it; what is behind s becomes segment i+1.
func (l *sentLog) split(i int, s seq.Value) {
	l.room()
	old := *l.at(i)
	l.count(old, -1)
	l.n++
	for k := l.n - 1; k > i+1; k-- {
		*l.at(k) = *l.at(k - 1)
	}
	front, back := old, old
	front.to, back.from = s, s
	*l.at(i), *l.at(i + 1) = front, back
	l.count(front, 1)
	l.count(back, 1)
	if l.first > i {
		l.first++
	}
}

// firstLost returns the index of the first lost segment; there must be one.
func (l *sentLog) firstLost() int {
	for l.at(l.first).mark&lost == 0 {
		l.first++
	}
	return l.first
}

// join makes segment i, which is lost, up to size bytes long with the lost ones that follow it at
// once, or cuts it: a peer that missed small segments gets full ones, and none too long.
func (l *sentLog) join(i, size int) {
	end := l.at(i).from.Add(size)
	k := i // the last that belongs to it
	for k+1 < l.n && l.at(k).to.Less(end) && l.at(k+1).mark&lost != 0 {
		k++
	}
	if end.Less(l.at(k).to) {
		l.split(k, end)
	}
	if k == i {
		return
	}
	first := *l.at(i)
	for j := i; j <= k; j++ {
		l.count(*l.at(j), -1)
	}
	first.to = l.at(k).to
	*l.at(k) = first
	l.count(first, 1)
	for j := i - 1; j >= 0; j-- { // the lost are near the front: it is the shorter way
		*l.at(j + k - i) = *l.at(j)
	}
	l.head = (l.head + k - i) & (len(l.ring) - 1)
	l.n -= k - i
}

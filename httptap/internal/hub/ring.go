package hub

import "encoding/binary"

// A ring is a queue of frames in one piece of memory, each behind its length, so that it takes no more
// than its bound, whatever the lengths. A frame is never cut: one that has no room before the end goes
// to the beginning, and what is left of the end is skipped.
//
//	first              next           first <= next
//	 | frame | frame |  |  free
//	free | ... | frame | skipped      next < first: the oldest ones are behind
type ring struct {
	b     []byte
	first int // where the oldest frame's length is, or what is skipped before it
	next  int // where the next one's length goes
	n     int // frames
	max   int // bytes that b may grow to
}

const (
	lengthLen = 4
	skipped   = ^uint32(0) // in place of a length: go on at the beginning
	leastRing = 4 << 10
)

// push appends a copy of frame and returns false when there is no room, unless older ones go.
func (r *ring) push(frame []byte) bool {
	need := lengthLen + len(frame)
	if need > r.max {
		return false
	}
	for !r.fits(need) {
		if len(r.b) == r.max {
			return false
		}
		r.grow(need)
	}
	if r.next+need > len(r.b) {
		if len(r.b)-r.next >= lengthLen {
			binary.NativeEndian.PutUint32(r.b[r.next:], skipped)
		}
		r.next = 0
	}
	binary.NativeEndian.PutUint32(r.b[r.next:], uint32(len(frame)))
	copy(r.b[r.next+lengthLen:], frame)
	r.next += need
	r.n++
	return true
}

// fits tells whether need bytes are free in one piece.
func (r *ring) fits(need int) bool {
	switch {
	case r.n == 0:
		r.first, r.next = 0, 0
		return need <= len(r.b)
	case r.first < r.next:
		return need <= len(r.b)-r.next || need <= r.first
	}
	return need <= r.first-r.next
}

// grow makes room, with the frames in order from the beginning.
func (r *ring) grow(need int) {
	size := max(leastRing, 2*len(r.b))
	for size < len(r.b)+need {
		size *= 2
	}
	old := *r
	*r = ring{b: make([]byte, min(size, r.max)), max: r.max}
	for old.n > 0 {
		r.push(old.oldest())
		old.pop()
	}
}

// oldest returns the oldest frame, a view that holds until the next push. There must be one.
func (r *ring) oldest() []byte {
	r.skip()
	start := r.first + lengthLen
	return r.b[start : start+int(binary.NativeEndian.Uint32(r.b[r.first:]))]
}

// pop takes the oldest frame out. There must be one.
func (r *ring) pop() {
	r.first += lengthLen + len(r.oldest())
	r.n--
}

// skip goes to the beginning where nothing more is before the end.
func (r *ring) skip() {
	if len(r.b)-r.first < lengthLen || binary.NativeEndian.Uint32(r.b[r.first:]) == skipped {
		r.first = 0
	}
}

// prepend puts as many of the last frames as there is room for before the others, most frames in all,
// and returns how many.
func (r *ring) prepend(frames [][]byte, most int) int {
	old, keep := *r, 0
	*r = ring{max: old.max}
	total := 0
	for rest := old; rest.n > 0; rest.pop() {
		total += lengthLen + len(rest.oldest())
	}
	for keep < len(frames) && old.n+keep < most && total+lengthLen+len(frames[len(frames)-1-keep]) <= old.max {
		total += lengthLen + len(frames[len(frames)-1-keep])
		keep++
	}
	for _, f := range frames[len(frames)-keep:] {
		r.push(f)
	}
	for ; old.n > 0; old.pop() {
		r.push(old.oldest())
	}
	return keep
}

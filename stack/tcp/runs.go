package tcp

import "httptap/stack/seq"

// runs are sorted blocks of sequence numbers that do not touch: what came behind a gap, and
// what the peer says of that. Their memory grows with their number, up to max.
type runs struct {
	b   []block
	max int
}

// after returns the index of the first run that ends behind s.
func (r *runs) after(s seq.Value) int {
	lo, hi := 0, len(r.b)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); s.Less(r.b[mid].to) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// add joins k with the runs that it touches and returns the result. It returns false when there
// are too many runs; k is then not added.
func (r *runs) add(k block) (block, bool) {
	i := r.after(k.from.Add(-1)) // the first that ends at k.from or behind it
	j := i
	for ; j < len(r.b) && r.b[j].from.LessEq(k.to); j++ {
		k.from, k.to = seq.Min(k.from, r.b[j].from), seq.Max(k.to, r.b[j].to)
	}
	if i < j {
		r.b[i] = k
		r.b = append(r.b[:i+1], r.b[j:]...)
		return k, true
	}
	if len(r.b) >= r.max {
		return k, false
	}
	r.b = append(r.b, block{})
	copy(r.b[i+1:], r.b[i:])
	r.b[i] = k
	return k, true
}

// has tells whether all of k is in one run.
func (r *runs) has(k block) bool {
	i := r.after(k.from)
	return i < len(r.b) && r.b[i].from.LessEq(k.from) && k.to.LessEq(r.b[i].to)
}

// around returns the run that holds s.
func (r *runs) around(s seq.Value) (block, bool) {
	if i := r.after(s); i < len(r.b) && r.b[i].from.LessEq(s) {
		return r.b[i], true
	}
	return block{}, false
}

// overlap returns the first part of k that a run has.
func (r *runs) overlap(k block) (block, bool) {
	i := r.after(k.from)
	if i == len(r.b) || !r.b[i].from.Less(k.to) {
		return block{}, false
	}
	return block{seq.Max(k.from, r.b[i].from), seq.Min(k.to, r.b[i].to)}, true
}

// end returns the end of the last run, or s when there is none.
func (r *runs) end(s seq.Value) seq.Value {
	if len(r.b) == 0 {
		return s
	}
	return r.b[len(r.b)-1].to
}

// take removes the runs that nxt has reached and returns where it gets to with them.
func (r *runs) take(nxt seq.Value) seq.Value {
	k := 0
	for ; k < len(r.b) && r.b[k].from.LessEq(nxt); k++ {
		nxt = seq.Max(nxt, r.b[k].to)
	}
	r.b = append(r.b[:0], r.b[k:]...)
	return nxt
}

// trim removes what is before s.
func (r *runs) trim(s seq.Value) {
	k := r.after(s)
	r.b = append(r.b[:0], r.b[k:]...)
	if len(r.b) > 0 && r.b[0].from.Less(s) {
		r.b[0].from = s
	}
}

// maxRuns returns how many runs a buffer of n bytes may have: one for each gap of a segment on
// a path that loses every second one, and some for small buffers.
func maxRuns(n int) int { return 64 + n/2048 }

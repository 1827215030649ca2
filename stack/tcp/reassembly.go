package tcp

import "httptap/stack/seq"

// maxBlocks bounds the runs of data that wait for what is missing before them.
const maxBlocks = 64

// reassembly knows which bytes behind rcv.nxt have come. The bytes themselves lie in the
// receive ring, where they belong. The runs are sorted and do not touch.
type reassembly struct {
	runs [maxBlocks]block
	n    int
	last block // the run that grew last: RFC 2018, 4 has it reported first
}

// add notes that [from, to) came, joining runs that touch. It returns false when there are too
// many runs: the bytes then have to come again.
func (r *reassembly) add(from, to seq.Value) bool {
	i := 0
	for i < r.n && r.runs[i].to.Less(from) {
		i++
	}
	j := i // runs [i, j) touch the new one
	for ; j < r.n && r.runs[j].from.LessEq(to); j++ {
		from, to = seq.Min(from, r.runs[j].from), seq.Max(to, r.runs[j].to)
	}
	if i == j {
		if r.n == maxBlocks {
			return false
		}
		copy(r.runs[i+1:r.n+1], r.runs[i:r.n])
		r.n++
	} else {
		copy(r.runs[i+1:], r.runs[j:r.n])
		r.n -= j - i - 1
	}
	r.runs[i] = block{from, to}
	r.last = r.runs[i]
	return true
}

// end returns the end of the last run, or s when there is none.
func (r *reassembly) end(s seq.Value) seq.Value {
	if r.n == 0 {
		return s
	}
	return r.runs[r.n-1].to
}

// take removes the runs that nxt has reached and returns where it gets to with them.
func (r *reassembly) take(nxt seq.Value) seq.Value {
	k := 0
	for ; k < r.n && r.runs[k].from.LessEq(nxt); k++ {
		nxt = seq.Max(nxt, r.runs[k].to)
	}
	copy(r.runs[:], r.runs[k:r.n])
	r.n -= k
	return nxt
}

// blocks appends up to max runs for a SACK option, the one that grew last first.
func (r *reassembly) blocks(dst []block, max int) []block {
	for i := 0; i < r.n; i++ {
		if r.runs[i] == r.last {
			dst = append(dst, r.last)
		}
	}
	for i := 0; i < r.n && len(dst) < max; i++ {
		if r.runs[i] != r.last {
			dst = append(dst, r.runs[i])
		}
	}
	return dst
}

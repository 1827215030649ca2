package tcp

// ring is a byte queue in memory that its owner gave. Bytes behind its end can be placed before
// the ones in front of them have come.
type ring struct {
	b     []byte
	start int
	n     int
}

func (r *ring) free() int { return len(r.b) - r.n }

// at returns the index in b of the byte off places behind the start.
func (r *ring) at(off int) int {
	i := r.start + off
	if i >= len(r.b) {
		i -= len(r.b)
	}
	return i
}

// write appends what fits of p.
func (r *ring) write(p []byte) int {
	p = p[:min(len(p), r.free())]
	r.place(r.n, p)
	r.n += len(p)
	return len(p)
}

// place copies p to where the byte off places behind the start belongs; it must fit.
func (r *ring) place(off int, p []byte) {
	if len(p) == 0 {
		return
	}
	n := copy(r.b[r.at(off):], p)
	copy(r.b, p[n:])
}

// peek copies bytes from the one off places behind the start on.
func (r *ring) peek(off int, p []byte) int {
	p = p[:min(len(p), r.n-off)]
	if len(p) == 0 {
		return 0
	}
	n := copy(p, r.b[r.at(off):])
	copy(p[n:], r.b)
	return len(p)
}

// drop removes n bytes from the start.
func (r *ring) drop(n int) {
	r.start = r.at(n)
	r.n -= n
}

// move copies everything, what waits behind the end too, into b and returns the old memory.
func (r *ring) move(b []byte) (old []byte) {
	old = r.b
	if len(old) > 0 {
		n := copy(b, old[r.start:])
		copy(b[n:], old[:r.start])
	}
	r.b, r.start = b, 0
	return old
}

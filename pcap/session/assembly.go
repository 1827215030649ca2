package session

import (
	"bytes"
	"slices"
	"unsafe"
)

// An assembly holds bytes that come in any order, each by its offset. What came first stays.
type assembly struct {
	base   int64 // offset of buf[0]
	buf    []byte
	have   []extent // what is there, ascending; between two there is a hole
	pieces []piece  // who brought it, ascending; together they cover have
}

// An extent is the bytes from one offset up to another.
type extent struct{ from, to int64 }

// A piece is bytes that one frame brought first.
type piece struct {
	from, to int64
	frame    uint64
	at       int // the byte of the frame where they lie
}

// end returns the offset up to which there is no hole from base on.
func (a *assembly) end() int64 {
	if len(a.have) > 0 && a.have[0].from <= a.base {
		return a.have[0].to
	}
	return a.base
}

// hole returns the first bytes that are missing before others that are there.
func (a *assembly) hole() (extent, bool) {
	end := a.end()
	for _, e := range a.have {
		if e.from > end {
			return extent{end, e.from}, true
		}
	}
	return extent{}, false
}

// bytes returns the bytes of an extent, which have to be there.
func (a *assembly) bytes(from, to int64) []byte {
	i, k := from-a.base, to-a.base
	return a.buf[i:k:k]
}

// put takes the bytes at off, which is not before base. It tells how many of them are new, and
// whether others of them were there before, with the same or with different values.
func (a *assembly) put(off int64, data []byte, frame uint64, at int) (fresh int, overlap, conflict bool) {
	end := off + int64(len(data))
	if len(data) == 0 {
		return 0, false, false
	}
	if n := int(end - a.base); n > len(a.buf) {
		a.buf = slices.Grow(a.buf, n-len(a.buf))[:n]
	}
	first := len(a.have)
	for first > 0 && a.have[first-1].to >= off {
		first--
	}
	last := first
	for pos := off; pos < end; {
		to := end
		if last < len(a.have) {
			if e := a.have[last]; e.from <= pos {
				if to = min(end, e.to); to > pos {
					overlap = true
					conflict = conflict || !bytes.Equal(a.bytes(pos, to), data[pos-off:to-off])
				}
				pos = max(pos, to)
				if pos >= e.to {
					last++
				}
				continue
			}
			to = min(end, a.have[last].from)
		}
		copy(a.buf[pos-a.base:], data[pos-off:to-off])
		a.own(piece{pos, to, frame, at + int(pos-off)})
		fresh += int(to - pos)
		pos = to
	}
	union := extent{off, end}
	for last = first; last < len(a.have) && a.have[last].from <= end; last++ {
		union.from, union.to = min(union.from, a.have[last].from), max(union.to, a.have[last].to)
	}
	if last == first+1 {
		a.have[first] = union
	} else {
		a.have = slices.Replace(a.have, first, last, union)
	}
	return fresh, overlap, conflict
}

// own inserts a piece in its place, which mostly is the end.
func (a *assembly) own(p piece) {
	i := len(a.pieces)
	for i > 0 && a.pieces[i-1].from > p.from {
		i--
	}
	a.pieces = slices.Insert(a.pieces, i, p)
}

// forget drops the bytes before offset to. Where somebody still looks at them, fresh memory is taken
// for the rest.
func (a *assembly) forget(to int64, inUse bool) {
	if to <= a.base {
		return
	}
	n := int(min(to-a.base, int64(len(a.buf))))
	if inUse {
		a.buf = slices.Clone(a.buf[n:])
	} else {
		a.buf = a.buf[:copy(a.buf, a.buf[n:])]
	}
	a.base = to
	k := 0
	for k < len(a.have) && a.have[k].to <= to {
		k++
	}
	a.have = slices.Delete(a.have, 0, k)
	if len(a.have) > 0 {
		a.have[0].from = max(a.have[0].from, to)
	}
	for k = 0; k < len(a.pieces) && a.pieces[k].to <= to; k++ {
	}
	a.pieces = slices.Delete(a.pieces, 0, k)
	if len(a.pieces) > 0 && a.pieces[0].from < to {
		a.pieces[0].at += int(to - a.pieces[0].from)
		a.pieces[0].from = to
	}
}

// from appends whose bytes an extent has, as parts of a message that begins there.
func (a *assembly) from(dst []Part, e extent) []Part {
	for _, p := range a.pieces {
		if from, to := max(p.from, e.from), min(p.to, e.to); from < to {
			dst = append(dst, Part{From: int(from - e.from), Len: int(to - from), Frame: p.frame, At: p.at + int(from-p.from)})
		}
	}
	return dst
}

// memory returns the bytes that are held.
func (a *assembly) memory() int {
	return cap(a.buf) + cap(a.have)*int(unsafe.Sizeof(extent{})) + cap(a.pieces)*int(unsafe.Sizeof(piece{}))
}

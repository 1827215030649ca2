package file

import "io"

// windowLen is how much is read at once. A pipe gives what it has.
const windowLen = 256 << 10

// A window is the part of a source that is in memory. It grows only while bytes come to fill it.
type window struct {
	src  io.Reader
	buf  []byte
	r, w int   // buf[r:w] is read and not used
	off  int64 // of buf[r], in the source
	err  error // of src; it has no more
	idle func()
}

// peek returns the next n bytes, or all that are left, when they are fewer, with the error that ended them.
// They are valid until the next peek.
func (w *window) peek(n int) ([]byte, error) {
	for w.w-w.r < n && w.err == nil {
		w.fill(n)
	}
	if w.w-w.r < n {
		return w.buf[w.r:w.w], w.err
	}
	return w.buf[w.r : w.r+n], nil
}

// skip uses n bytes that peek has returned.
func (w *window) skip(n int) {
	w.r += n
	w.off += int64(n)
}

// fill reads once. need is how much is asked for.
func (w *window) fill(need int) {
	switch {
	case w.r > 0:
		// What is left is shorter than a record.
		w.w = copy(w.buf, w.buf[w.r:w.w])
		w.r = 0
	case w.w == len(w.buf):
		bigger := make([]byte, min(max(2*len(w.buf), windowLen), max(need, windowLen)))
		copy(bigger, w.buf)
		w.buf = bigger
	}
	if w.idle != nil {
		w.idle()
	}
	for range 100 {
		n, err := w.src.Read(w.buf[w.w:])
		w.w += n
		if w.err = err; n > 0 || err != nil {
			return
		}
	}
	w.err = io.ErrNoProgress
}

// Read implements io.Reader, for a decompressor.
func (w *window) Read(p []byte) (int, error) {
	b, err := w.peek(1)
	if len(b) == 0 {
		return 0, err
	}
	n := copy(p, w.buf[w.r:w.w])
	w.skip(n)
	return n, nil
}

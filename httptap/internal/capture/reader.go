package capture

import (
	"context"
	"math"
	"net"
	"time"
)

const (
	// chunk is about how many bytes are copied with the recorder's mutex held.
	chunk = 64 << 10
	// maxLostNames bounds the ports that losses are counted for; those of others are OtherPorts'.
	maxLostNames = 1024
)

// OtherPorts is whose losses are counted together, when there are too many names.
const OtherPorts = "other ports"

// Options say what a reader gets.
type Options struct {
	Past  bool      // what is in the ring already, too
	Since time.Time // but nothing before that; zero: all of it
	Port  string    // only what is seen at this port, and what goes to it; "": everything
}

// A Reader gets frames in the order in which they crossed the switch. It must not be used by two
// goroutines at once.
type Reader struct {
	rec   *Recorder
	since int64 // ns since 1970
	port  string
	wake  chan struct{}

	chunk []byte // whole records that were copied out of the ring
	rest  []byte // of these, what was not looked at yet
	gap   []Loss // what is missing before them

	// Guarded by the recorder's mutex.
	pos  uint64 // of the next record to copy
	want uint64 // bytes to be told of; 0: none
	lost map[string]*Loss
}

// A Loss is how many frames seen at a port a reader has lost.
type Loss struct {
	Port, Kind string
	Frames     uint64
}

func newReader(r *Recorder, o Options) *Reader {
	rd := &Reader{rec: r, since: math.MinInt64, port: o.Port, wake: make(chan struct{}, 1), chunk: make([]byte, 0, chunk), lost: make(map[string]*Loss)}
	if !o.Since.IsZero() {
		rd.since = o.Since.UnixNano()
	}
	return rd
}

func (rd *Reader) signal() {
	select {
	case rd.wake <- struct{}{}:
	default: // it is to look already
	}
}

// lose counts a record that was dropped before it was copied; names are those of kind, port and
// target. It tells whether the reader would have had it. The recorder's mutex is held.
func (rd *Reader) lose(h *[recordHeader]byte, names []byte) bool {
	kind, name, target := names[:h[17]], names[h[17]:][:h[18]], names[h[17]:][h[18]:]
	f := Frame{Nanos: int64(le.Uint64(h[8:])), Port: name, Out: h[16]&flagOut != 0, Targeted: h[16]&flagTarget != 0, Target: target}
	f.Fate.Lost = h[16]&(flagLost|flagTooLong|flagQueueFull) != 0
	if !rd.wants(&f) {
		return false
	}
	l := rd.lost[string(name)]
	if l == nil && len(rd.lost) >= maxLostNames {
		name, kind = []byte(OtherPorts), nil
		l = rd.lost[OtherPorts]
	}
	if l == nil {
		l = &Loss{Port: string(name), Kind: string(kind)}
		rd.lost[l.Port] = l
	}
	l.Frames++
	return true
}

// wants tells whether the reader asked for a frame.
func (rd *Reader) wants(f *Frame) bool {
	switch {
	case f.Nanos < rd.since:
		return false
	case rd.port == "" || string(f.Port) == rd.port:
		return true
	case f.Targeted:
		return string(f.Target) == rd.port
	}
	return !f.Out && !f.Fate.Dropped() // it went to all others
}

// Next reads the next frame into f, which is valid until the following call. It does not wait: false
// says that there is none now.
func (rd *Reader) Next(f *Frame) bool {
	for {
		for len(rd.rest) > 0 {
			n := le.Uint32(rd.rest)
			f.parse(rd.rest[:n])
			rd.rest = rd.rest[n:]
			if rd.wants(f) {
				return true
			}
		}
		if !rd.copy() {
			return false
		}
	}
}

// copy copies records out of the ring, up to a chunk, or one that is longer.
func (rd *Reader) copy() bool {
	r := rd.rec
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(rd.lost) > 0 {
		for _, l := range rd.lost {
			rd.gap = append(rd.gap, *l)
		}
		clear(rd.lost)
	}
	there := r.tail - rd.pos
	if there == 0 || r.ring == nil {
		return false
	}
	var h [4]byte
	r.get(h[:], rd.pos)
	if first := int(le.Uint32(h[:])); first > cap(rd.chunk) {
		rd.chunk = make([]byte, 0, first)
	}
	b := rd.chunk[:min(there, uint64(cap(rd.chunk)))]
	r.get(b, rd.pos)
	whole := 0
	for len(b)-whole >= len(h) {
		n := int(le.Uint32(b[whole:]))
		if n > len(b)-whole {
			break
		}
		whole += n
	}
	rd.rest = b[:whole]
	rd.pos += uint64(whole)
	return true
}

// Wait returns when there is a record to read, and then, unless the ring fills up, not before linger
// has passed: what comes meanwhile is read together. It returns ctx's error when that ends first, and
// net.ErrClosed when the recorder is closed. Next may still find nothing that the reader asked for.
func (rd *Reader) Wait(ctx context.Context, linger time.Duration) error {
	if len(rd.rest) > 0 {
		return nil
	}
	if err := rd.until(ctx, 1, nil); err != nil || linger <= 0 {
		return err
	}
	t := time.NewTimer(linger)
	defer t.Stop()
	return rd.until(ctx, uint64(rd.rec.size/4), t.C)
}

// until returns when n bytes are there to read, or done delivers.
func (rd *Reader) until(ctx context.Context, n uint64, done <-chan time.Time) error {
	r := rd.rec
	for {
		r.mu.Lock()
		closed, there := r.closed, r.tail-rd.pos
		rd.want = 0
		if !closed && there < n {
			rd.want = n
		}
		r.mu.Unlock()
		switch {
		case closed:
			return net.ErrClosed
		case there >= n:
			return nil
		}
		select {
		case <-rd.wake:
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Lost calls f for each port of which frames are missing before the one that Next has read last, and
// were not told of yet.
func (rd *Reader) Lost(f func(Loss)) {
	for _, l := range rd.gap {
		f(l)
	}
	rd.gap = rd.gap[:0]
}

// Close ends the reading.
func (rd *Reader) Close() error {
	rd.rec.leave(rd)
	return nil
}

package capture

import (
	"errors"
	"net"
	"sync"
	"time"

	"httptap/httptap/internal/hub"
)

// Sizes of a ring in bytes.
const (
	MinSize  = 1 << 20 // a smaller one is made so large: several of the longest frames
	LiveSize = 4 << 20 // of one that keeps no past
)

// MaxReaders is how many may read at once.
const MaxReaders = 32

// ErrReaders is Open's error when MaxReaders are there.
var ErrReaders = errors.New("too many captures at once")

// A Recorder keeps the newest frames of a switch. Its methods may be called by several goroutines.
type Recorder struct {
	observe func(func(hub.Event)) (stop func())
	size    int
	keep    bool

	// starting is held while readers come and go, and is locked before the hub's mutex; mu behind it.
	starting sync.Mutex
	stop     func() // nil: not observing

	mu         sync.Mutex
	ring       []byte
	head, tail uint64 // of the oldest record, and of the next one, in bytes that ever were recorded
	first, end int    // the same, as places in the ring
	readers    []*Reader
	closed     bool
	notes      notes
	count      Stats
}

// Stats are the counters of a Recorder: Recorded = Records + those that made room.
type Stats struct {
	Size     int       `json:"size"`    // of the ring, in bytes; 0: it is not kept
	Bytes    int       `json:"bytes"`   // in use
	Records  int       `json:"records"` // frames that are there
	Oldest   time.Time `json:"oldest,omitzero"`
	Recorded uint64    `json:"recorded"`
	TooLong  uint64    `json:"tooLong"` // not recorded: longer than the ring
	Readers  int       `json:"readers"`
	Lost     uint64    `json:"lost"` // to readers, because they were too slow
}

// New returns a recorder that keeps the last size bytes of what observe, a hub's Observe, tells. With
// size 0 it keeps nothing, and observes only while somebody reads: then a frame costs nothing else.
func New(observe func(func(hub.Event)) (stop func()), size int) *Recorder {
	r := &Recorder{observe: observe, size: max(size, MinSize), keep: size > 0}
	if !r.keep {
		r.size = LiveSize
		return r
	}
	r.start()
	return r
}

// start makes the ring and observes. starting is held, or nobody knows r yet.
func (r *Recorder) start() {
	if r.stop != nil {
		return
	}
	r.mu.Lock()
	r.ring = make([]byte, r.size)
	r.mu.Unlock()
	r.stop = r.observe(r.record)
}

// pause ends observing and gives the ring back. starting is held.
func (r *Recorder) pause() {
	if r.stop == nil {
		return
	}
	r.stop()
	r.stop = nil
	r.mu.Lock()
	r.ring, r.head, r.tail, r.first, r.end, r.count.Records = nil, 0, 0, 0, 0, 0
	r.mu.Unlock()
}

// Close ends the recording: readers get net.ErrClosed.
func (r *Recorder) Close() error {
	r.starting.Lock()
	defer r.starting.Unlock()
	r.mu.Lock()
	r.closed = true
	for _, rd := range r.readers {
		rd.signal()
	}
	r.mu.Unlock()
	r.pause()
	return nil
}

// record is the hub's observer.
func (r *Recorder) record(v hub.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := makeEntry(&v, r.notes.take(&v))
	n := e.len()
	if n > len(r.ring) {
		r.count.TooLong++
		return
	}
	for r.tail+uint64(n)-r.head > uint64(len(r.ring)) {
		r.drop()
	}
	h := e.header()
	put(r, h[:])
	put(r, e.kind)
	put(r, e.name)
	put(r, e.target)
	put(r, e.note)
	put(r, e.Frame)
	r.count.Recorded++
	r.count.Records++
	for _, rd := range r.readers {
		if rd.want > 0 && r.tail-rd.pos >= rd.want {
			rd.want = 0
			rd.signal()
		}
	}
}

// put appends b to the ring.
func put[T string | []byte](r *Recorder, b T) {
	if n := copy(r.ring[r.end:], b); n < len(b) {
		copy(r.ring, b[n:])
	}
	r.end = r.place(r.end + len(b))
	r.tail += uint64(len(b))
}

// place is where i, which is at most a ring too large, is in the ring.
func (r *Recorder) place(i int) int {
	if i >= len(r.ring) {
		i -= len(r.ring)
	}
	return i
}

// get copies what is in the ring at pos to b.
func (r *Recorder) get(b []byte, pos uint64) {
	at := r.place(r.first + int(pos-r.head))
	if n := copy(b, r.ring[at:]); n < len(b) {
		copy(b[n:], r.ring)
	}
}

// drop takes the oldest record away, from the readers that are still there, too.
func (r *Recorder) drop() {
	var h [recordHeader]byte
	r.get(h[:], r.head)
	n := uint64(le.Uint32(h[0:]))
	var names []byte
	var room [3 * maxName]byte
	for _, rd := range r.readers {
		if rd.pos != r.head {
			continue
		}
		if names == nil {
			names = room[:int(h[17])+int(h[18])+int(h[19])]
			r.get(names, r.head+recordHeader)
		}
		rd.pos += n
		if rd.lose(&h, names) {
			r.count.Lost++
		}
	}
	r.head += n
	r.first = r.place(r.first + int(n))
	r.count.Records--
}

// Stats returns the counters.
func (r *Recorder) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.count
	s.Bytes, s.Readers = int(r.tail-r.head), len(r.readers)
	if r.keep {
		s.Size = r.size
	}
	if s.Records > 0 {
		var h [recordHeader]byte
		r.get(h[:], r.head)
		s.Oldest = time.Unix(0, int64(le.Uint64(h[8:])))
	}
	return s
}

// Open returns a reader. It fails with ErrReaders, or net.ErrClosed.
func (r *Recorder) Open(o Options) (*Reader, error) {
	r.starting.Lock()
	defer r.starting.Unlock()
	r.mu.Lock()
	n, closed := len(r.readers), r.closed
	r.mu.Unlock()
	switch {
	case closed:
		return nil, net.ErrClosed
	case n == MaxReaders:
		return nil, ErrReaders
	}
	r.start()
	rd := newReader(r, o)
	r.mu.Lock()
	defer r.mu.Unlock()
	rd.pos = r.tail
	if o.Past {
		rd.pos = r.head
	}
	r.readers = append(r.readers, rd)
	return rd, nil
}

func (r *Recorder) leave(rd *Reader) {
	r.starting.Lock()
	defer r.starting.Unlock()
	r.mu.Lock()
	for i, other := range r.readers {
		if other == rd {
			r.readers = append(r.readers[:i], r.readers[i+1:]...)
			break
		}
	}
	n := len(r.readers)
	r.mu.Unlock()
	if n == 0 && !r.keep {
		r.pause()
	}
}

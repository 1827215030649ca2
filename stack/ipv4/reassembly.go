package ipv4

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"httptap/stack/sum"
)

// Errors of Reassembler.Receive. A datagram that caused one is forgotten.
var (
	ErrFragment = errors.New("ipv4: a fragment that is empty, not a multiple of 8 bytes, or ends past 65535")
	ErrOverlap  = errors.New("ipv4: overlapping fragments: the datagram is discarded")
	ErrMemory   = errors.New("ipv4: no memory left for fragments")
)

// reassemblyTimeout is how long a datagram may stay incomplete. RFC 1122, 3.3.2 asks for 60 to
// 120 seconds, from links of its time; 30 is what current hosts use.
const reassemblyTimeout = 30 * time.Second

const maxDatagram = 65535

// ReassemblerConfig bounds the memory of a Reassembler.
type ReassemblerConfig struct {
	MaxDatagrams int // incomplete ones at once; 0: 16
	MaxBytes     int // of payload in all of them; 0: 1 MiB
}

// ReassemblerStats counts what became of datagrams that came in fragments.
type ReassemblerStats struct {
	Completed, Overlaps, TimedOut, Evicted, Malformed uint64
}

// key names the datagram that a fragment is of. RFC 791, 3.2: "identification, source,
// destination, and protocol".
type key struct {
	src, dst [4]byte
	id       uint16
	proto    uint8
}

// A datagram is incomplete. Its payload lies in place in buf behind room for a header; parts
// says which bytes have come, sorted and without gaps between neighbours that touch.
type datagram struct {
	key      key
	header   [HeaderLen]byte // of the first fragment, or of any until it came
	buf      []byte
	parts    []part
	total    int // payload length; 0 until the last fragment came
	held     int // bytes that have come
	deadline time.Time
	spoilt   bool // overlapped: what else comes of it is dropped, too
}

type part struct{ from, to int }

// A Reassembler puts fragmented datagrams together. The zero value needs a Reset.
type Reassembler struct {
	cfg   ReassemblerConfig
	open  []*datagram // by age, the oldest first
	spare []*datagram
	held  int
	whole []byte // the buffer of the packet that Receive returned last
	Stats ReassemblerStats
}

// Reset forgets everything and sets the bounds.
func (r *Reassembler) Reset(cfg ReassemblerConfig) {
	if cfg.MaxDatagrams <= 0 {
		cfg.MaxDatagrams = 16
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 1 << 20
	}
	*r = Reassembler{cfg: cfg}
}

// Receive takes a fragment and returns the whole packet when it was the last one missing; the
// zero Packet while more have to come. The packet is valid until the next call. It fails with
// ErrFragment, ErrOverlap or ErrMemory.
func (r *Reassembler) Receive(now time.Time, p Packet) (Packet, error) {
	r.Expire(now)
	from, n := p.FragmentOffset(), len(p.Payload())
	to := from + n
	// RFC 791, 3.2: fragments "on 8 octet boundaries"; RFC 791, 3.1: 65535 bytes at most.
	if n == 0 || p.MoreFragments() && n%8 != 0 || to > maxDatagram-HeaderLen {
		r.Stats.Malformed++
		return Packet{}, ErrFragment
	}
	k := key{p.Src(), p.Dst(), p.ID(), p.Protocol()}
	i := r.find(k)
	if i < 0 {
		i = r.begin(now, k)
	}
	d := r.open[i]
	if d.spoilt {
		return Packet{}, ErrOverlap
	}
	if last := !p.MoreFragments(); last && d.total != 0 && d.total != to || d.total != 0 && to > d.total ||
		last && len(d.parts) > 0 && d.parts[len(d.parts)-1].to > to {
		// Two ends, or bytes behind the end: fragments of different datagrams, or a liar's.
		r.spoil(d)
		return Packet{}, ErrOverlap
	} else if last {
		d.total = to
	}
	duplicate, overlap := d.insert(from, to)
	switch {
	case duplicate:
		return Packet{}, nil
	case overlap:
		r.spoil(d)
		return Packet{}, ErrOverlap
	}
	if !r.makeRoom(d, n) {
		return Packet{}, ErrMemory
	}
	if need := HeaderLen + to; len(d.buf) < need {
		d.buf = slices.Grow(d.buf, need-len(d.buf))[:need]
	}
	copy(d.buf[HeaderLen+from:], p.Payload())
	if d.held == 0 || from == 0 {
		copy(d.header[:], p.Header())
	}
	d.held += n
	r.held += n
	if d.total == 0 || d.held < d.total {
		return Packet{}, nil
	}
	return r.complete(d), nil
}

// insert notes that bytes [from, to) came. A fragment that brings nothing new is a duplicate,
// one that brings a part of what is there already is an overlap.
func (d *datagram) insert(from, to int) (duplicate, overlap bool) {
	i := 0
	for i < len(d.parts) && d.parts[i].to <= from {
		i++
	}
	if i < len(d.parts) && d.parts[i].from < to {
		return d.parts[i] == part{from, to}, true
	}
	// Parts are kept as they came, so that a duplicate can be told from an overlap.
	d.parts = append(d.parts, part{})
	copy(d.parts[i+1:], d.parts[i:])
	d.parts[i] = part{from, to}
	return false, false
}

// complete takes d out and returns it as a packet with a header that says what it now is.
func (r *Reassembler) complete(d *datagram) Packet {
	r.Stats.Completed++
	r.whole, d.buf = d.buf[:HeaderLen+d.total], r.whole[:0]
	b := r.whole
	copy(b, d.header[:])
	b[0] = 4<<4 | HeaderLen/4 // options, if there were any, are gone
	binary.BigEndian.PutUint16(b[2:4], uint16(len(b)))
	b[6], b[7], b[10], b[11] = 0, 0, 0, 0
	binary.BigEndian.PutUint16(b[10:12], sum.Partial(0).Add(b[:HeaderLen]).Checksum())
	r.end(d)
	return Packet{b, HeaderLen}
}

func (r *Reassembler) find(k key) int {
	for i, d := range r.open {
		if d.key == k {
			return i
		}
	}
	return -1
}

// begin opens a datagram, in place of the oldest when there are too many.
func (r *Reassembler) begin(now time.Time, k key) int {
	if len(r.open) == r.cfg.MaxDatagrams {
		r.Stats.Evicted++
		r.end(r.open[0])
	}
	var d *datagram
	if n := len(r.spare); n > 0 {
		d, r.spare = r.spare[n-1], r.spare[:n-1]
	} else {
		d = new(datagram)
	}
	*d = datagram{key: k, buf: d.buf[:0], parts: d.parts[:0], deadline: now.Add(reassemblyTimeout)}
	r.open = append(r.open, d)
	return len(r.open) - 1
}

// makeRoom evicts the oldest other datagrams until n more bytes may be held.
func (r *Reassembler) makeRoom(d *datagram, n int) bool {
	for r.held+n > r.cfg.MaxBytes {
		victim := r.open[0]
		if victim == d {
			if len(r.open) == 1 {
				r.Stats.Evicted++
				r.end(d)
				return false
			}
			victim = r.open[1]
		}
		r.Stats.Evicted++
		r.end(victim)
	}
	return true
}

// spoil drops what was held of d and remembers it, so that the rest of it is dropped, too.
//
// RFC 5722, 4: "the entire datagram (and any constituent fragments, including those not yet
// received) MUST be silently discarded."
func (r *Reassembler) spoil(d *datagram) {
	r.Stats.Overlaps++
	r.held -= d.held
	d.held, d.spoilt, d.parts, d.buf = 0, true, d.parts[:0], d.buf[:0]
}

// end forgets d and keeps its memory for the next.
func (r *Reassembler) end(d *datagram) {
	for i, o := range r.open {
		if o == d {
			r.open = append(r.open[:i], r.open[i+1:]...)
			break
		}
	}
	r.held -= d.held
	d.held = 0
	r.spare = append(r.spare, d)
}

// Expire gives up the datagrams that are incomplete for too long and returns how many.
func (r *Reassembler) Expire(now time.Time) (n int) {
	for len(r.open) > 0 && !now.Before(r.open[0].deadline) {
		if !r.open[0].spoilt {
			r.Stats.TimedOut++
		}
		r.end(r.open[0])
		n++
	}
	return n
}

// Deadline returns when Expire has something to do; zero: nothing is incomplete.
func (r *Reassembler) Deadline() time.Time {
	if len(r.open) == 0 {
		return time.Time{}
	}
	return r.open[0].deadline
}

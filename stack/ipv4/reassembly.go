package ipv4

import (
	"errors"
	"slices"
	"time"
)

// Errors of Reassembler.Receive. All but ErrFragment spoil the datagram: what was held of it is
// dropped, and what still comes of it is, too.
var (
	ErrFragment = errors.New("ipv4: a fragment that is empty, not a multiple of 8 bytes, or ends past 65535")
	ErrOverlap  = errors.New("ipv4: fragments that overlap or contradict each other")
	ErrTiny     = errors.New("ipv4: a datagram in more than 256 fragments")
	ErrMarks    = errors.New("ipv4: a congestion mark beside a fragment that can have none")
	ErrMemory   = errors.New("ipv4: no memory left for fragments")
)

// reassemblyTimeout is how long a datagram may stay incomplete. RFC 1122, 3.3.2 asks for 60 to
// 120 seconds, from links of its time; 30 is what current hosts use, and the shorter it is, the
// less often does an identification come round while fragments of its last use are held (RFC 4963).
const reassemblyTimeout = 30 * time.Second

const (
	maxHeader   = 60
	maxDatagram = 65535

	// maxParts is enough for the longest datagram through links of 296 bytes, and for 576 bytes, what
	// every host has to take, in the smallest fragments that there can be.
	maxParts = 256

	maxSpare = 2 // datagrams whose memory is kept for the next ones
)

// ReassemblerConfig bounds the memory of a Reassembler.
type ReassemblerConfig struct {
	MaxDatagrams int // incomplete ones at once; 0: 32
	MaxBytes     int // of buffers for all of them; 0: 1 MiB
}

// ReassemblerStats counts fragments. Each that was received is in one of the other counters or
// still held.
type ReassemblerStats struct {
	Received  uint64
	Joined    uint64 // became part of a whole packet
	Completed uint64 // those packets

	Malformed uint64 // ErrFragment
	Duplicate uint64 // came before, with the same bytes
	Overlap   uint64 // of datagrams with fragments that overlap or contradict each other
	Tiny      uint64 // of datagrams in too many pieces
	Marks     uint64 // of datagrams that have ErrMarks
	TimedOut  uint64 // of datagrams that stayed incomplete
	Evicted   uint64 // of datagrams that had to make room
}

// A Reassembler puts fragmented datagrams together. The zero value needs a Reset.
type Reassembler struct {
	cfg   ReassemblerConfig
	open  []*datagram // by age, the oldest first
	spare []*datagram
	held  int    // bytes of the buffers of open
	whole []byte // the buffer of the packet that Receive returned last
	Stats ReassemblerStats
}

// Reset forgets everything and sets the bounds.
func (r *Reassembler) Reset(cfg ReassemblerConfig) {
	if cfg.MaxDatagrams <= 0 {
		cfg.MaxDatagrams = 32
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 1 << 20
	}
	*r = Reassembler{cfg: cfg}
}

// Receive takes a fragment and returns the whole packet when it was the last one missing; the
// zero Packet while more have to come. The packet is valid until the next call. It fails with
// one of the errors above. Expire comes first, else a datagram may be completed that is past its
// time.
func (r *Reassembler) Receive(now time.Time, p Packet) (Packet, error) {
	r.Stats.Received++
	f := part{from: p.FragmentOffset(), last: !p.MoreFragments()}
	f.to = f.from + len(p.Payload())
	// RFC 791, 3.2: fragments "on 8 octet boundaries"; RFC 791, 3.1: 65535 bytes at most.
	if f.to == f.from || !f.last && f.to%8 != 0 || f.to > maxDatagram-len(p.Header()) {
		r.Stats.Malformed++
		return Packet{}, ErrFragment
	}
	k := key{p.Src(), p.Dst(), p.ID(), p.Protocol()}
	d := r.find(k)
	if d == nil {
		d = r.begin(now, k)
	}
	i := 0
	if d.spoilt == nil {
		var known, ok bool
		switch i, known, ok = d.place(f); {
		case known && d.same(f, p.Payload()):
			r.Stats.Duplicate++
			return Packet{}, nil
		case !ok:
			r.spoil(d, ErrOverlap, &r.Stats.Overlap)
		case len(d.parts) == maxParts:
			r.spoil(d, ErrTiny, &r.Stats.Tiny)
		}
	}
	if d.spoilt != nil {
		*d.count++
		return Packet{}, d.spoilt
	}
	if !r.reserve(d, f) {
		r.Stats.Evicted++
		return Packet{}, ErrMemory
	}
	d.insert(i, f, p)
	switch {
	case !d.whole():
		return Packet{}, nil
	case d.hlen+d.total > maxDatagram:
		r.spoil(d, ErrFragment, &r.Stats.Malformed)
	case d.mixed():
		r.spoil(d, ErrMarks, &r.Stats.Marks)
	default:
		return r.complete(d), nil
	}
	return Packet{}, d.spoilt
}

// complete takes d out and returns it as a packet with a header that says what it now is.
func (r *Reassembler) complete(d *datagram) Packet {
	r.Stats.Completed++
	r.Stats.Joined += uint64(len(d.parts))
	p := d.packet(d.total)
	p.rewrite(d.marks&(1<<ce) != 0)
	buf := d.buf
	r.remove(d)
	d.buf, r.whole = r.whole[:0], buf
	r.recycle(d)
	return p
}

// spoil drops what was held of d and remembers why and where it counts, so that the rest of it
// is dropped, too.
//
// RFC 5722, 4: "the entire datagram (and any constituent fragments, including those not yet
// received) MUST be silently discarded."
func (r *Reassembler) spoil(d *datagram, why error, count *uint64) {
	*count += uint64(len(d.parts))
	r.held -= cap(d.buf)
	d.spoilt, d.count, d.parts, d.buf = why, count, d.parts[:0], nil
}

func (r *Reassembler) find(k key) *datagram {
	for _, d := range r.open {
		if d.key == k {
			return d
		}
	}
	return nil
}

// begin opens a datagram, in the place of another when there are too many.
func (r *Reassembler) begin(now time.Time, k key) *datagram {
	if len(r.open) == r.cfg.MaxDatagrams {
		r.evict(r.heaviest(k.src, 1, func(*datagram) int { return 1 }))
	}
	var d *datagram
	if n := len(r.spare); n > 0 {
		d, r.spare = r.spare[n-1], r.spare[:n-1]
	} else {
		d = new(datagram)
	}
	*d = datagram{key: k, buf: d.buf[:0], parts: d.parts[:0], deadline: now.Add(reassemblyTimeout)}
	r.open = append(r.open, d)
	r.held += cap(d.buf)
	return d
}

// reserve makes room for f in d's buffer, and evicts others for it. It fails when it had to
// evict d itself.
func (r *Reassembler) reserve(d *datagram, f part) bool {
	need := maxHeader + max(f.to, d.total)
	size := cap(d.buf)
	switch {
	case need <= size:
	case f.last || d.total > 0:
		size = need
	default: // the end is not known: grow by half, so that not all is copied each time
		size = min(max(need, size*3/2), maxHeader+maxDatagram)
	}
	more := size - cap(d.buf)
	for r.held+more > r.cfg.MaxBytes {
		victim := r.heaviest(d.key.src, more, func(d *datagram) int { return cap(d.buf) })
		r.evict(victim)
		if victim == d {
			return false
		}
	}
	if more > 0 {
		buf := make([]byte, size)
		copy(buf, d.buf)
		d.buf = buf[:len(d.buf)]
		r.held += more
	}
	d.buf = d.buf[:max(need, len(d.buf))]
	return true
}

// heaviest returns the oldest datagram of the source that uses most, so that one source can't
// push out what others send. The newcomer's use counts with the more that it is about to have.
func (r *Reassembler) heaviest(newcomer [4]byte, more int, use func(*datagram) int) *datagram {
	var victim *datagram
	most := -1
	for _, d := range r.open {
		sum := 0
		for _, o := range r.open {
			if o.key.src == d.key.src {
				sum += use(o)
			}
		}
		if d.key.src == newcomer {
			sum += more
		}
		if sum > most {
			victim, most = d, sum
		}
	}
	return victim
}

func (r *Reassembler) evict(d *datagram) {
	r.Stats.Evicted += uint64(len(d.parts))
	r.remove(d)
	r.recycle(d)
}

func (r *Reassembler) remove(d *datagram) {
	i := slices.Index(r.open, d)
	r.open = slices.Delete(r.open, i, i+1)
	r.held -= cap(d.buf)
}

// recycle keeps d's memory for the next datagram, when there is not enough kept already.
func (r *Reassembler) recycle(d *datagram) {
	if len(r.spare) < maxSpare {
		r.spare = append(r.spare, d)
	}
}

// Expire gives up one datagram that is incomplete for too long, and returns false when there is
// none. first is its fragment zero, for an ICMP error; the zero Packet when that never came. It
// is valid until the next call.
func (r *Reassembler) Expire(now time.Time) (first Packet, ok bool) {
	if len(r.open) == 0 || now.Before(r.open[0].deadline) {
		return Packet{}, false
	}
	d := r.open[0]
	r.Stats.TimedOut += uint64(len(d.parts))
	if len(d.parts) > 0 && d.parts[0].from == 0 {
		first = d.packet(d.parts[0].to)
	}
	r.remove(d)
	r.recycle(d)
	return first, true
}

// Deadline returns when Expire has something to do; zero: nothing is incomplete.
func (r *Reassembler) Deadline() time.Time {
	if len(r.open) == 0 {
		return time.Time{}
	}
	return r.open[0].deadline
}

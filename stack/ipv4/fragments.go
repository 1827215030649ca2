package ipv4

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"httptap/stack/sum"
)

// key names the datagram that a fragment is of. RFC 791, 2.3: "identification, source,
// destination, and protocol".
type key struct {
	src, dst [4]byte
	id       uint16
	proto    uint8
}

// A datagram is incomplete. Its payload lies in place in buf behind room for the longest header;
// parts says which bytes have come, sorted. They are kept as they came, so that a duplicate can
// be told from an overlap.
type datagram struct {
	key      key
	header   [maxHeader]byte // of fragment zero
	hlen     int             // 0: it has not come
	buf      []byte
	parts    []part
	held     int   // bytes that have come
	total    int   // payload length; 0 until the last fragment came
	marks    uint8 // ECN codepoints that have come, a bit each
	deadline time.Time
	spoilt   error   // why all that comes of it is dropped
	count    *uint64 // and where that is counted
}

// A part is a fragment's place in the payload: bytes [from, to).
type part struct {
	from, to int
	last     bool
}

// place returns where f belongs among the parts, whether there is one of exactly its bytes, and
// whether it agrees with those that are there.
func (d *datagram) place(f part) (i int, known, ok bool) {
	// From the end: fragments mostly come in order.
	for i = len(d.parts); i > 0 && d.parts[i-1].from >= f.from; {
		i--
	}
	if i < len(d.parts) && d.parts[i] == f {
		return i, true, false
	}
	overlaps := i > 0 && d.parts[i-1].to > f.from || i < len(d.parts) && d.parts[i].from < f.to
	behind := d.total > 0 && f.to > d.total
	// Two ends, or bytes behind the end: fragments of different datagrams, or a liar's.
	ends := f.last && (d.total > 0 || i < len(d.parts))
	return i, false, !overlaps && !behind && !ends
}

// same tells whether the bytes of f, which is one of the parts, came before as they are now.
func (d *datagram) same(f part, b []byte) bool {
	return bytes.Equal(d.buf[maxHeader+f.from:maxHeader+f.to], b)
}

// insert files p as part i, for which there is room.
func (d *datagram) insert(i int, f part, p Packet) {
	d.parts = slices.Insert(d.parts, i, f)
	copy(d.buf[maxHeader+f.from:], p.Payload())
	d.held += f.to - f.from
	d.marks |= 1 << (p.TOS() & 3)
	if f.from == 0 {
		d.hlen = copy(d.header[:], p.Header())
	}
	if f.last {
		d.total = f.to
	}
}

func (d *datagram) whole() bool { return d.total > 0 && d.held == d.total }

const (
	notECT = 0 // RFC 3168, 5
	ce     = 3
)

// mixed tells whether a mark of congestion may be neither kept nor lost.
//
// RFC 3168, 5.3: when a fragment has the CE codepoint, one of two things must be done: "Set the
// CE codepoint on the reassembled packet. However, this MUST NOT occur if any of the other
// fragments contributing to this reassembly carries the Not-ECT codepoint", or "The packet is
// dropped, instead of being reassembled".
func (d *datagram) mixed() bool {
	return d.marks&(1<<ce) != 0 && d.marks&(1<<notECT) != 0
}

// packet returns the header of fragment zero and n bytes of payload.
func (d *datagram) packet(n int) Packet {
	b := d.buf[maxHeader-d.hlen : maxHeader+n]
	copy(b, d.header[:d.hlen])
	return Packet{b, d.hlen}
}

// rewrite makes the header that of a whole packet, with the mark of congestion when marked.
func (p Packet) rewrite(marked bool) {
	if marked {
		p.b[1] |= ce
	}
	binary.BigEndian.PutUint16(p.b[2:4], uint16(len(p.b)))
	p.b[6], p.b[7], p.b[10], p.b[11] = 0, 0, 0, 0
	binary.BigEndian.PutUint16(p.b[10:12], sum.Partial(0).Add(p.Header()).Checksum())
}

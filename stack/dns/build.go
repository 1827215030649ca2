package dns

import "encoding/binary"

// MaxQuery is the longest query that AppendQuery makes.
const MaxQuery = HeaderLen + MaxName + 4 + optLen

// optLen is the length of an OPT record without options. RFC 6891, 6.1.2
const optLen = 11

// EDNSSize is the size over UDP to offer by default: it fits the smallest MTU of IPv6, so
// that no answer needs fragments. DNS Flag Day 2020; RFC 9715, 3.2 asks for at most 1400.
const EDNSSize = 1232

// AppendQuery appends a query for the records of a type, recursion desired. edns is the size
// that an OPT record offers; with 0 there is none.
func AppendQuery(dst []byte, id uint16, name Name, typ uint16, edns int) []byte {
	additional := 0
	if edns > 0 {
		additional = 1
	}
	dst = appendHeader(dst, id, FlagRecursionDesired)
	dst[len(dst)-7] = 1 // one question
	dst[len(dst)-1] = byte(additional)
	dst = name.AppendWire(dst)
	dst = binary.BigEndian.AppendUint16(dst, typ)
	dst = binary.BigEndian.AppendUint16(dst, ClassIN)
	if edns > 0 {
		dst = appendOPT(dst, edns, 0, false)
	}
	return dst
}

func appendHeader(dst []byte, id, flags uint16) []byte {
	dst = binary.BigEndian.AppendUint16(dst, id)
	dst = binary.BigEndian.AppendUint16(dst, flags)
	return append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
}

// appendOPT appends an OPT record without options. RFC 6891, 6.1.3: the class is the size,
// the TTL holds the upper bits of the response code, version 0 and the flag DO.
func appendOPT(dst []byte, size int, rcode RCode, do bool) []byte {
	var flags byte
	if do {
		flags = 0x80
	}
	dst = append(dst, 0, 0, TypeOPT)
	dst = binary.BigEndian.AppendUint16(dst, uint16(min(size, 0xffff)))
	return append(dst, byte(rcode>>4), 0, flags, 0, 0, 0)
}

// tableSize is how many suffixes a Builder remembers. Past that it only compresses less.
const tableSize = 64

// A Builder writes one message, compresses its names and keeps it within a size. Its zero
// value is ready for Start. It keeps what it writes in the caller's memory and allocates
// nothing while that has room.
type Builder struct {
	buf     []byte
	base    int // where the message begins in buf
	limit   int // the most that it may be long
	reserve int // what an OPT record will need
	full    bool
	seen    [tableSize]uint16 // where suffixes begin that a pointer can name
	numSeen int
}

// Start begins a message behind dst that will be no longer than limit bytes, which has to
// hold at least the header. opt keeps room for [Builder.OPT].
func (b *Builder) Start(dst []byte, limit int, id, flags uint16, opt bool) {
	b.buf, b.base, b.limit, b.full, b.numSeen, b.reserve = dst, len(dst), min(limit, 0xffff), false, 0, 0
	if opt {
		b.reserve = optLen
	}
	b.buf = appendHeader(b.buf, id, flags)
}

// Full tells whether something did not fit; the message has its truncation bit set then.
func (b *Builder) Full() bool { return b.full }

// Question appends a question. It has to come before the records.
func (b *Builder) Question(name Name, typ, class uint16) bool {
	mark, seen := len(b.buf), b.numSeen
	b.name(name, true)
	b.buf = binary.BigEndian.AppendUint16(b.buf, typ)
	b.buf = binary.BigEndian.AppendUint16(b.buf, class)
	return b.commit(Questions, mark, seen)
}

// Record appends a record whose data is in wire form with its names not compressed, as
// AppendData makes it; it has to fit its type. Sections are filled in their order. It tells
// whether the record fitted; once one does not, no later one does.
func (b *Builder) Record(s Section, name Name, typ, class uint16, ttl uint32, data []byte) bool {
	mark, seen := len(b.buf), b.numSeen
	b.name(name, true)
	b.buf = binary.BigEndian.AppendUint16(b.buf, typ)
	b.buf = binary.BigEndian.AppendUint16(b.buf, class)
	b.buf = binary.BigEndian.AppendUint32(b.buf, ttl)
	at := len(b.buf)
	b.buf = append(b.buf, 0, 0)
	if sh, ok := shapeOf(typ); ok && len(data) > sh.before && !opaque(typ, class) {
		b.buf = append(b.buf, data[:sh.before]...)
		off := sh.before
		for range sh.names {
			b.name(Name{data, off}, sh.compress)
			off = skip(data, off)
		}
		b.buf = append(b.buf, data[off:]...)
	} else {
		b.buf = append(b.buf, data...)
	}
	binary.BigEndian.PutUint16(b.buf[at:], uint16(len(b.buf)-at-2))
	return b.commit(s, mark, seen)
}

// rcode sets the lower four bits of the response code.
func (b *Builder) rcode(r RCode) { b.buf[b.base+3] |= byte(r & 15) }

// OPT appends the OPT record that Start kept room for: the size this side takes over UDP, the
// upper bits of the response code and whether DNSSEC records are welcome. RFC 6891, 6.1
func (b *Builder) OPT(size int, rcode RCode, do bool) {
	b.buf = appendOPT(b.buf, size, rcode, do)
	b.count(Additionals)
}

// commit counts what was written since mark, or takes it back when it is too much.
func (b *Builder) commit(s Section, mark, seen int) bool {
	if b.full || len(b.buf)-b.base+b.reserve > b.limit {
		// RFC 2181, 9: "The TC bit should be set in responses only when an RRSet is required
		// as a part of the response, but could not be included in its entirety".
		if !b.full && s != Additionals {
			b.buf[b.base+2] |= FlagTruncated >> 8
		}
		b.buf, b.numSeen, b.full = b.buf[:mark], seen, true
		return false
	}
	b.count(s)
	return true
}

func (b *Builder) count(s Section) {
	at := b.buf[b.base+4+2*int(s):]
	binary.BigEndian.PutUint16(at, binary.BigEndian.Uint16(at)+1)
}

// Finish returns dst of Start with the message behind it.
func (b *Builder) Finish() []byte { return b.buf }

// name appends a name: as a pointer from where a suffix of it was written before.
func (b *Builder) name(n Name, compress bool) {
	known := b.seen[:b.numSeen] // not the suffixes of n itself, which has no end yet
	for l, off := n.label(n.off); len(l) > 0; l, off = n.label(off) {
		if compress {
			if at, ok := b.find(known, n); ok {
				b.buf = append(b.buf, 0xc0|byte(at>>8), byte(at))
				return
			}
		}
		// RFC 1035, 4.1.4: the offset of a pointer has 14 bits.
		if at := len(b.buf) - b.base; at < 1<<14 && b.numSeen < tableSize {
			b.seen[b.numSeen] = uint16(at)
			b.numSeen++
		}
		b.buf = append(b.buf, byte(len(l)))
		b.buf = append(b.buf, l...)
		n.off = off
	}
	b.buf = append(b.buf, 0)
}

// find returns where n was written before, letter by letter: a pointer must not change the
// case of a name, which RFC 4343, 4 wants kept.
func (b *Builder) find(known []uint16, n Name) (at uint16, ok bool) {
	msg := b.buf[b.base:]
	for _, at := range known {
		if same(n, Name{msg, int(at)}) {
			return at, true
		}
	}
	return 0, false
}

// same is Equal with regard to case.
func same(n, m Name) bool {
	a, i := n.label(n.off)
	b, j := m.label(m.off)
	for string(a) == string(b) {
		if len(a) == 0 {
			return true
		}
		a, i = n.label(i)
		b, j = m.label(j)
	}
	return false
}

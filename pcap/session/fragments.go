package session

import (
	"encoding/binary"
	"slices"
	"unsafe"

	"httptap/pcap"
	"httptap/pcap/fact"
	"httptap/stack/field"
	"httptap/stack/sum"
)

// A fragmentKey is what the fragments of a datagram have in common. RFC 791, 3.2; RFC 8200, 4.5
type fragmentKey struct {
	src, dst [16]byte
	id       uint32
	proto    uint8 // of IPv4
	v6       bool
}

// A fragment is a piece of a datagram, as its header tells.
type fragment struct {
	key    fragmentKey
	of     *fact.Reassembly
	prefix []byte // the headers before it that the datagram has, too
	nextAt int    // the byte of the prefix that names what follows, of IPv6
	next   uint8
	at     int // where its bytes begin in the scope
	end    int // and where they end on the wire
	from   int // where they belong in the datagram
	more   bool
}

// A datagram is one of which not all has come.
type datagram struct {
	key     fragmentKey
	of      *fact.Reassembly
	begun   int64
	prefix  []byte // of the fragment that begins it; nil: that has not come
	nextAt  int
	next    uint8
	total   int // its length without the prefix; -1: not known
	charged int
	assembly
}

// datagrams are those of which not all has come.
type datagrams struct {
	open  map[fragmentKey]*datagram
	byAge []*datagram
}

const (
	maxDatagram  = 65535
	maxFragments = 8192 // of one datagram: the most that there can be

	// RFC 1122, 3.3.2: "this timeout value SHOULD lie between 60 seconds and 120 seconds".
	datagramTimeout = 120e9
)

// fragment takes a piece of a datagram and goes on with the whole when it was the last one missing.
func (s *Session) fragment(sc *scope, layer int, f *fragment) {
	for len(s.datagrams.byAge) > 0 && s.now-s.datagrams.byAge[0].begun > datagramTimeout {
		s.stats.ExpiredDatagrams++
		s.forget(s.datagrams.byAge[0])
	}
	n := f.end - f.at
	to := f.from + n
	// A piece has to be there, and only the last one may be of any length.
	if n <= 0 || f.more && n%8 != 0 || to > maxDatagram || f.end > len(sc.data) {
		s.stats.Malformed++
		return
	}
	d := s.datagrams.open[f.key]
	if d == nil {
		if len(s.datagrams.byAge) >= s.cfg.Datagrams {
			s.stats.EvictedDatagrams++
			s.forget(s.datagrams.byAge[0])
		}
		d = &datagram{key: f.key, of: f.of, begun: s.now, total: -1}
		s.datagrams.open[f.key] = d
		s.datagrams.byAge = append(s.datagrams.byAge, d)
	}
	if !f.more {
		if d.total >= 0 && d.total != to {
			s.fact(sc, layer, &d.of.Tails, 0)
		} else {
			d.total = to
		}
	}
	if d.total >= 0 && to > d.total {
		s.fact(sc, layer, &d.of.TooLong, 0)
		to = d.total
	}
	if f.from == 0 && d.prefix == nil {
		d.prefix, d.nextAt, d.next = slices.Clone(f.prefix), f.nextAt, f.next
	}
	overlap, conflict := false, false
	if to > f.from {
		b := sc.data[f.at : f.at+to-f.from]
		for _, part := range sc.origin(s.number, f.at, len(b)) {
			_, o, c := d.put(int64(f.from+part.From), b[part.From:part.From+part.Len], part.Frame, part.At)
			overlap, conflict = overlap || o, conflict || c
		}
	}
	if overlap {
		s.fact(sc, layer, &d.of.Overlap, 0)
	}
	if conflict {
		s.stats.Conflicts++
		s.fact(sc, layer, &d.of.Conflict, 0)
	}
	held := int(unsafe.Sizeof(datagram{})) + cap(d.prefix) + d.memory()
	s.stats.Held += held - d.charged
	d.charged = held
	switch {
	case len(d.pieces) > maxFragments:
		s.stats.EvictedDatagrams++
		s.forget(d)
	case d.total >= 0 && d.prefix != nil && d.end() >= int64(d.total):
		s.forget(d)
		s.whole(sc, layer, d)
	}
}

// forget drops a datagram.
func (s *Session) forget(d *datagram) {
	delete(s.datagrams.open, d.key)
	i := slices.Index(s.datagrams.byAge, d)
	s.datagrams.byAge = slices.Delete(s.datagrams.byAge, i, i+1)
	s.stats.Held -= d.charged
}

// whole shows a datagram that is complete and looks at what is in it.
func (s *Session) whole(sc *scope, layer int, d *datagram) {
	s.stats.Datagrams++
	b := append(slices.Clone(d.prefix), d.bytes(0, int64(d.total))...)
	var next field.Next
	if d.key.v6 {
		b[d.nextAt] = d.next
		binary.BigEndian.PutUint16(b[4:6], uint16(len(b)-40)) // zero, as a jumbogram has, when it is too long
		if len(b)-40 > maxDatagram {
			b[4], b[5] = 0, 0
		}
		next = field.Next{Table: field.EtherType, Key: 0x86dd}
	} else {
		// RFC 791, 3.2: the whole has no fragment offset and no more fragments.
		binary.BigEndian.PutUint16(b[2:4], uint16(min(len(b), maxDatagram)))
		b[6], b[7], b[10], b[11] = b[6]&0xc0, 0, 0, 0
		binary.BigEndian.PutUint16(b[10:12], sum.Partial(0).Add(b[:len(d.prefix)]).Checksum())
		next = field.Next{Table: field.EtherType, Key: 0x0800}
	}
	start := len(s.parts)
	s.parts = d.from(s.parts, extent{0, int64(d.total)})
	for i := range s.parts[start:] {
		s.parts[start+i].From += len(d.prefix)
	}
	parts := s.parts[start:len(s.parts):len(s.parts)]
	i := s.show(Message{Of: d.of, Layout: pcap.Lookup(next), Data: b, Parts: parts})
	s.tellParts(sc, layer, d.of, parts, b[len(d.prefix):])
	if i < 0 || sc.depth == maxNesting {
		return
	}
	m := &s.result.Messages[i]
	s.scan(&scope{data: m.Data, wire: len(m.Data), spans: m.Spans, message: i, parts: parts, depth: sc.depth + 1})
}

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
	came    []arrival // its fragments, as they came
	found   findingsOf
	assembly
}

// An arrival is a fragment that came.
type arrival struct {
	from  int
	frame uint64
	bad   bool // it contradicts those before it
}

// findingsOf is what is wrong with a datagram's fragments.
type findingsOf struct{ overlap, conflict, tails, tooLong bool }

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
	now := findingsOf{tails: !f.more && d.total >= 0 && d.total != to, tooLong: d.total >= 0 && to > d.total}
	switch {
	case now.tooLong:
		to = d.total
	case !f.more && !now.tails:
		d.total = to
	}
	if f.from == 0 && d.prefix == nil {
		d.prefix, d.nextAt, d.next = slices.Clone(f.prefix), f.nextAt, f.next
	}
	if to > f.from {
		b := sc.data[f.at : f.at+to-f.from]
		for _, part := range sc.origin(s.number, f.at, len(b)) {
			_, o, c := d.put(int64(f.from+part.From), b[part.From:part.From+part.Len], part.Frame, part.At)
			now.overlap, now.conflict = now.overlap || o, now.conflict || c
		}
	}
	d.came = append(d.came, arrival{f.from, s.number, now.conflict || now.tails || now.tooLong})
	d.found.add(now)
	whole := d.total >= 0 && d.prefix != nil && d.end() >= int64(d.total)
	if now.conflict {
		s.stats.Conflicts++
	}
	if whole {
		s.tellFindings(sc, layer, d.of, d.found)
	} else if now.overlap = false; now != (findingsOf{}) {
		s.tellFindings(sc, layer, d.of, now) // the whole may never come
	}
	held := int(unsafe.Sizeof(datagram{})) + cap(d.prefix) + cap(d.came)*int(unsafe.Sizeof(arrival{})) + d.memory()
	s.stats.Held += held - d.charged
	d.charged = held
	switch {
	case whole:
		s.forget(d)
		s.whole(sc, layer, d)
	case len(d.came) > maxFragments:
		s.stats.EvictedDatagrams++
		s.forget(d)
	}
}

func (f *findingsOf) add(g findingsOf) {
	f.overlap, f.conflict = f.overlap || g.overlap, f.conflict || g.conflict
	f.tails, f.tooLong = f.tails || g.tails, f.tooLong || g.tooLong
}

func (s *Session) tellFindings(sc *scope, layer int, of *fact.Reassembly, f findingsOf) {
	for _, x := range [...]struct {
		is   bool
		spec *fact.Spec
	}{{f.overlap || f.conflict, &of.Overlap}, {f.conflict, &of.Conflict}, {f.tails, &of.Tails}, {f.tooLong, &of.TooLong}} {
		if x.is {
			s.fact(sc, layer, x.spec, 0)
		}
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
	slices.SortStableFunc(d.came, func(a, b arrival) int { return a.from - b.from })
	s.tellParts(sc, layer, d.of, d.came, b[len(d.prefix):])
	if i < 0 || sc.depth == maxNesting {
		return
	}
	m := &s.result.Messages[i]
	s.scan(&scope{data: m.Data, wire: len(m.Data), spans: m.Spans, message: i, parts: parts, depth: sc.depth + 1})
}

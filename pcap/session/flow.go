package session

import (
	"httptap/pcap/fact"
	"httptap/stack/seq"
	"httptap/stack/tcp"
)

// A flow is one direction of a conversation: its numbers and its bytes.
type flow struct {
	numbering
	assembly
	framing

	started bool
	first   seq.Value // of the byte at offset 0
	acked   int64     // up to here the receiver has all
	fin     int64     // where the bytes end
	closed  bool      // fin is known
	over    bool      // nothing comes any more: that was told
	far     int64     // behind a segment that was too far ahead; 0: there was none
	touched uint64    // the round in which memory was moved, so that it is not moved twice
	shown   uint64    // the round in which a result began to point at the bytes
	told    int64     // up to here the bytes were handed on
}

// offset returns the place of a sequence number in the flow, near what is expected next.
func (f *flow) offset(v seq.Value) int64 {
	next := f.end()
	return next + int64(v.Diff(f.first+seq.Value(uint32(next))))
}

// data puts the bytes of a segment in their place and hands on what is in order. at is where its
// bytes begin in the scope.
func (s *Session) data(sc *scope, layer int, st *stream, dir int, g *segment, a findings, at int) {
	f, rev := &st.flows[dir], &st.flows[1-dir]
	if g.flags&tcp.ACK != 0 && rev.started {
		if ack := rev.offset(g.ack); ack > rev.acked && ack-rev.end() < 1<<30 {
			rev.acked = ack
			s.skipAcknowledged(sc, layer, st, 1-dir)
		}
	}
	first := g.seq
	if g.flags&tcp.SYN != 0 {
		first++
	}
	if !f.started && (g.len > 0 || g.flags&(tcp.SYN|tcp.FIN) != 0) {
		f.started, f.first = true, first
		f.synced = g.flags&tcp.SYN != 0
	}
	if !f.started {
		return
	}
	off := f.offset(first)
	end := off + int64(g.len)
	captured := sc.data[min(at, len(sc.data)):min(at+int(g.len), len(sc.data))]
	if len(captured) > 0 && a&keepAlive == 0 && g.flags&tcp.RST == 0 {
		s.put(sc, layer, st, dir, off, captured, at)
	}
	if len(captured) < int(g.len) {
		f.acked = max(f.acked, end) // the rest was not captured: nothing is to be waited for
		s.skipAcknowledged(sc, layer, st, dir)
	}
	if g.flags&tcp.FIN != 0 && !f.closed {
		f.fin, f.closed = end, true
	}
	if f.closed && f.end() >= f.fin {
		s.over(sc, layer, st, dir)
	}
	if g.flags&tcp.RST != 0 {
		s.over(sc, layer, st, dir)
		s.over(sc, layer, st, 1-dir)
	}
}

// put stores bytes at their offset, piece by piece where they come from several frames.
func (s *Session) put(sc *scope, layer int, st *stream, dir int, off int64, b []byte, at int) {
	f := &st.flows[dir]
	if f.touched != s.tcp.round {
		f.touched = s.tcp.round
		if keep := f.keep() - historyBytes; keep-f.base >= historyBytes {
			f.forget(keep, f.shown == s.tcp.round)
		}
	}
	old := max(f.base-off, 0)
	if old >= int64(len(b)) {
		s.stats.Unchecked++
		return
	}
	b, off, at = b[old:], off+old, at+int(old)
	f.putRound = s.tcp.round
	f.aligned, f.putOff, f.putEnd, f.putAt = off == f.end() && f.atStart(), off, off+int64(len(b)), at
	var overlap, conflict bool
	fresh := 0
	for _, part := range sc.origin(s.number, at, len(b)) {
		piece := b[part.From : part.From+part.Len]
		if !s.room(sc, layer, st, dir, off+int64(part.From), len(piece)) {
			s.stats.TooFar++
			break
		}
		n, o, c := f.assembly.put(off+int64(part.From), piece, part.Frame, part.At)
		fresh, overlap, conflict = fresh+n, overlap || o, conflict || c
	}
	if overlap && fresh > 0 {
		s.fact(sc, layer, &fact.TCP.Overlap, 0)
	}
	if conflict {
		s.stats.Conflicts++
		s.fact(sc, layer, &fact.TCP.Conflict, 0)
	}
	s.deliver(sc, layer, st, dir)
	s.skipAcknowledged(sc, layer, st, dir)
}

// origin returns whose bytes the scope's bytes at byte at are. It is valid until the next call.
func (sc *scope) origin(frame uint64, at, n int) []Part {
	if sc.parts == nil {
		sc.one[0] = Part{From: 0, Len: n, Frame: frame, At: at}
		return sc.one[:]
	}
	list := sc.several[:0]
	for _, p := range sc.parts {
		if from, to := max(p.From, at), min(p.From+p.Len, at+n); from < to {
			list = append(list, Part{From: from - at, Len: to - from, Frame: p.Frame, At: p.At + from - p.From})
		}
	}
	sc.several = list
	return list
}

// room makes room for n bytes at off. It returns false when they are too far ahead to be believed.
func (s *Session) room(sc *scope, layer int, st *stream, dir int, off int64, n int) bool {
	f := &st.flows[dir]
	limit := int64(s.cfg.StreamBytes)
	end := off + int64(n)
	if off-f.end() > limit {
		// One such segment is a stray; a second one behind it says that the capture lacks a lot.
		if f.far != off {
			f.far = end
			return false
		}
		for hole, ok := f.hole(); ok && hole.to < off; hole, ok = f.hole() {
			s.skip(sc, layer, st, dir, hole.to)
		}
		s.skip(sc, layer, st, dir, off)
	}
	for len(f.have) > maxHoles {
		hole, _ := f.hole()
		s.skip(sc, layer, st, dir, hole.to)
	}
	if end-f.base <= limit && len(f.pieces) < maxPieces {
		return true
	}
	f.forget(f.keep(), f.shown == s.tcp.round)
	for end-f.base > limit || len(f.pieces) >= maxPieces {
		if f.keep() < f.end() {
			s.cut(sc, layer, st, dir)
			f.forget(f.keep(), f.shown == s.tcp.round)
			continue
		}
		if hole, ok := f.hole(); ok {
			s.skip(sc, layer, st, dir, hole.to)
		} else {
			s.skip(sc, layer, st, dir, off)
			break
		}
	}
	return true
}

// deliver hands on the bytes that have become the next ones.
func (s *Session) deliver(sc *scope, layer int, st *stream, dir int) {
	f := &st.flows[dir]
	if end := f.end(); end > f.told {
		s.follow(st, dir, f.bytes(max(f.told, f.base), end), 0)
		f.told = end
		s.frames(sc, layer, st, dir)
	}
}

// skipAcknowledged gives up waiting for what the receiver has: the capture lacks it.
func (s *Session) skipAcknowledged(sc *scope, layer int, st *stream, dir int) {
	f := &st.flows[dir]
	for {
		hole, ok := f.hole()
		if !ok || f.acked < hole.to {
			return
		}
		s.skip(sc, layer, st, dir, hole.to)
	}
}

// skip marks the bytes up to offset to as a gap and goes on behind it.
func (s *Session) skip(sc *scope, layer int, st *stream, dir int, to int64) {
	f := &st.flows[dir]
	gap := to - f.end()
	if gap <= 0 {
		return
	}
	s.stats.Gaps++
	s.stats.GapBytes += uint64(gap)
	s.follow(st, dir, nil, gap)
	s.cutAt(sc, layer, st, dir, to)
	f.forget(to, f.shown == s.tcp.round)
	f.told = to
	f.aligned = false
	s.deliver(sc, layer, st, dir)
}

// over says that nothing comes any more.
func (s *Session) over(sc *scope, layer int, st *stream, dir int) {
	f := &st.flows[dir]
	if f.over || !f.started {
		return
	}
	f.over = true
	s.framesEnd(sc, layer, st, dir)
}

// finish hands on what a conversation still holds.
func (s *Session) finish(st *stream) {
	if st.tcpState == nil {
		return
	}
	sc := &scope{message: -1}
	for dir := range st.flows {
		f := &st.flows[dir]
		for hole, ok := f.hole(); ok; hole, ok = f.hole() {
			s.skip(sc, -1, st, dir, hole.to)
		}
		s.over(sc, -1, st, dir)
	}
}

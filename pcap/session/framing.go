package session

import (
	"encoding/binary"

	"httptap/pcap/fact"
	"httptap/stack/field"
	"httptap/stack/http1"
)

// A protocol is one whose messages can be told apart in a flow.
type protocol uint8

const (
	unknown protocol = iota
	dnsMessages
	httpMessages
	tlsRecords
)

// protocolOf returns the protocol that a layout explains.
func protocolOf(l *field.Layout) protocol {
	if l == nil {
		return unknown
	}
	switch l.Spec.Name {
	case "dns":
		return dnsMessages
	case "http":
		return httpMessages
	case "tls":
		return tlsRecords
	}
	return unknown
}

// framing is where in a flow the current message lies.
type framing struct {
	synced  bool  // msg is known to be where a message begins, not just a guess
	msg     int64 // where it begins
	pos     int64 // up to here it was looked at
	total   int64 // its length in bytes; 0: not known yet
	partial bool  // it was shown in part; the rest of it is only counted
	head    head  // of HTTP
	inBody  bool  // its head is complete, and only the body tells its end
	body    http1.Body

	aligned        bool  // the segment that is being put begins where a message does
	putOff, putEnd int64 // where that segment lies
	putAt          int   // and where in its scope
	putRound       uint64
}

// keep returns the first offset whose bytes are still needed.
func (f *framing) keep() int64 {
	if f.partial {
		return f.pos
	}
	return f.msg
}

// atStart tells whether nothing of a message is there yet.
func (f *framing) atStart() bool { return f.pos == f.msg && f.total == 0 && !f.inBody && !f.partial }

// next begins the next message at an offset.
func (f *framing) next(off int64, synced bool) {
	f.synced, f.msg, f.pos, f.total, f.partial, f.inBody = synced, off, off, 0, false, false
}

// A verdict is what the bytes of a message tell about its end.
type verdict uint8

const (
	incomplete verdict = iota
	alien              // this is no message
	framed             // total or inBody is set
)

// frames finds the messages that end in what has come.
func (s *Session) frames(sc *scope, layer int, st *stream, dir int) {
	f := &st.flows[dir]
	for end := f.end(); f.pos < end || f.total > 0; {
		switch {
		case f.total > 0:
			if end < f.msg+f.total {
				f.pos = end
				return
			}
			s.message(sc, layer, st, dir, f.msg+f.total)
		case f.inBody:
			if !s.bodyEnds(sc, layer, st, dir, end) {
				return
			}
		case st.protocol == unknown:
			f.framing.next(end, false)
			return
		default:
			switch f.frame(st, f.bytes(f.msg, end)) {
			case incomplete:
				f.pos = end
				return
			case alien:
				f.framing.next(end, false)
				return
			}
		}
	}
}

// frame looks at the beginning of a message.
func (f *flow) frame(st *stream, b []byte) verdict {
	n := 0
	switch st.protocol {
	case dnsMessages:
		// RFC 1035, 4.2.2: "The message is prefixed with a two byte length field".
		if len(b) < 2 {
			return incomplete
		}
		n = 2 + int(binary.BigEndian.Uint16(b))
		if n < 14 {
			return alien
		}
		if !f.synced {
			if len(b) < 8 {
				return incomplete
			}
			// Opcodes that there are, and not many questions: else this is the middle of something.
			if b[4]>>3&15 > 6 || b[6] != 0 || b[7] > 4 {
				return alien
			}
		}
	case tlsRecords:
		// RFC 8446, 5.1: type, legacy_record_version, length; RFC 5246, 6.2.3: up to 2^14 + 2048.
		if b[0] < 20 || b[0] > 24 || len(b) > 1 && b[1] != 3 {
			return alien
		}
		if len(b) < 5 {
			return incomplete
		}
		if n = 5 + int(binary.BigEndian.Uint16(b[3:])); n > 5+1<<14+2048 {
			return alien
		}
	case httpMessages:
		return f.frameHTTP(st, b)
	}
	f.total = int64(n)
	return framed
}

// message takes the current message, which ends at an offset, and shows it where the decoder could
// not see all of it.
func (s *Session) message(sc *scope, layer int, st *stream, dir int, end int64) {
	f := &st.flows[dir]
	if !f.partial {
		data := f.bytes(f.msg, end)
		if f.putRound == s.tcp.round && f.aligned && f.msg >= f.putOff && end <= f.putEnd {
			s.match(st, dir, sc.message, sc.rootAt(f.putAt+int(f.msg-f.putOff)), data)
		} else {
			i := s.reassembled(sc, layer, st, dir, data, len(data))
			s.match(st, dir, i, 0, data)
		}
	}
	f.framing.next(end, true)
}

// reassembled shows the current message, of which data is there. It returns its index.
func (s *Session) reassembled(sc *scope, layer int, st *stream, dir int, data []byte, wire int) int32 {
	f := &st.flows[dir]
	f.shown = s.tcp.round
	start := len(s.parts)
	s.parts = f.from(s.parts, extent{f.msg, f.msg + int64(len(data))})
	if f.over && layer >= 0 && f.putRound != s.tcp.round {
		s.parts = append(s.parts, Part{From: len(data), Frame: s.number}) // its end is all that this frame has of it
	}
	parts := s.parts[start:len(s.parts):len(s.parts)]
	i := s.show(Message{Of: &fact.TCP, Layout: st.layout, Data: data, Wire: wire, Parts: parts, Stream: st.number})
	if len(parts) > 1 {
		s.came = s.came[:0]
		for _, p := range parts {
			s.came = append(s.came, arrival{frame: p.Frame})
		}
		s.tellParts(sc, layer, &fact.TCP, s.came, data)
	}
	return i
}

// tellParts notes the facts of what was put together.
func (s *Session) tellParts(sc *scope, layer int, of *fact.Reassembly, came []arrival, data []byte) {
	note := func(spec *fact.Spec, n uint64, b []byte) {
		s.add(fact.Fact{Spec: spec, N: n, B: b, Message: sc.message, Layer: int32(layer)})
	}
	note(&of.Pieces, 0, data)
	for i, p := range came {
		if p.bad {
			note(&of.Error, p.frame, nil)
		} else {
			note(&of.Piece, p.frame, nil)
		}
		if p.frame != s.number && (i == 0 || came[i-1].frame != p.frame) {
			s.earlier(p.frame, &of.In, s.number)
		}
	}
	note(&of.Count, uint64(len(came)), nil)
	note(&of.Length, uint64(len(data)), nil)
	note(&of.Data, 0, data)
}

// rootAt returns the index of the layer that begins at a byte, or -1.
func (sc *scope) rootAt(at int) int {
	for i := len(sc.spans) - 1; i >= 0; i-- {
		if sp := &sc.spans[i]; sp.Depth == 0 && sp.Spec.Kind == field.Layer && int(sp.Bit/8) == at {
			return i
		}
	}
	return -1
}

// cut shows the current message as far as it came, because no more of it can be held.
func (s *Session) cut(sc *scope, layer int, st *stream, dir int) {
	f := &st.flows[dir]
	s.showPartial(sc, layer, st, dir, f.end()-f.msg+1)
	if f.total == 0 && !f.inBody {
		f.framing.next(f.end(), false)
		return
	}
	f.partial, f.pos = true, f.end()
}

// showPartial shows the current message when it came in several segments; one is shown already.
// Its length is total, or at least the given one.
func (s *Session) showPartial(sc *scope, layer int, st *stream, dir int, least int64) {
	f := &st.flows[dir]
	data := f.bytes(f.msg, f.end())
	several := false
	for _, p := range f.pieces {
		several = several || p.to > f.msg && p.from > f.msg && p.from < f.end() && p.frame != f.pieces[0].frame
	}
	if several {
		s.stats.Cut++
		i := s.reassembled(sc, layer, st, dir, data, int(max(least, f.total)))
		if st.protocol == httpMessages && (f.total > 0 || f.inBody) {
			s.match(st, dir, i, 0, data)
		}
	} else if st.protocol == httpMessages && (f.total > 0 || f.inBody) {
		s.match(st, dir, sc.message, -1, data)
	}
}

// cutAt says that the bytes up to offset to are missing from here on.
func (s *Session) cutAt(sc *scope, layer int, st *stream, dir int, to int64) {
	f := &st.flows[dir]
	started := !f.atStart()
	if started && !f.partial && f.end() > f.msg {
		s.showPartial(sc, layer, st, dir, to-f.msg+1)
	}
	switch {
	case f.total > 0 && to < f.msg+f.total, f.inBody && f.head.untilClose:
		f.partial, f.pos = true, to
	default:
		f.framing.next(to, f.total > 0 && to == f.msg+f.total)
	}
}

// framesEnd says that the flow ends here. RFC 9112, 6.3: some messages end with it.
func (s *Session) framesEnd(sc *scope, layer int, st *stream, dir int) {
	f := &st.flows[dir]
	end := f.end()
	switch {
	case f.inBody && f.head.untilClose && !f.partial:
		s.message(sc, layer, st, dir, end)
	case !f.atStart() && !f.partial && end > f.msg:
		s.showPartial(sc, layer, st, dir, end-f.msg+1)
	}
	f.framing.next(end, false)
}

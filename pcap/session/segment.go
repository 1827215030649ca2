package session

import (
	"encoding/binary"

	"httptap/pcap/fact"
	"httptap/stack/seq"
	"httptap/stack/tcp"
)

// segment notes what a TCP header tells, compared with those before it.
func (s *Session) segment(sc *scope, p *packet, layer, at int) {
	b := sc.data[at:]
	if len(b) < 16 {
		if p.quoted && len(b) >= 8 { // RFC 792: "the first 64 bits of the original datagram's data"
			s.reading(sc, layer, &fact.TCPSeq, uint64(binary.BigEndian.Uint32(b[4:8])), at+4, 4)
		}
		return
	}
	src, dst := binary.BigEndian.Uint16(b[0:2]), binary.BigEndian.Uint16(b[2:4])
	g := segment{
		seq:    seq.Value(binary.BigEndian.Uint32(b[4:8])),
		ack:    seq.Value(binary.BigEndian.Uint32(b[8:12])),
		flags:  tcp.Flags(binary.BigEndian.Uint16(b[12:14]) & 0x1ff),
		window: uint32(binary.BigEndian.Uint16(b[14:16])),
	}
	hlen := int(b[12]>>4) * 4
	k, dir := p.key(src, dst)
	st, fresh := s.stream(&s.tcp, k)
	var a analysis
	if !p.quoted {
		st, fresh = s.reuse(&a, st, fresh, dir, &g)
	}
	if fresh {
		st.client = dir
		if g.flags&(tcp.SYN|tcp.ACK) == tcp.SYN|tcp.ACK {
			st.client = 1 - dir
		}
	}
	fwd, rev := &st.flows[dir], &st.flows[1-dir]
	s.fact(sc, layer, &fact.TCPStream, st.number)
	s.fact(sc, layer, &fact.TCPCompleteness, st.completeness)
	delta := s.now - st.last
	st.last = s.now
	if p.quoted {
		s.reading(sc, layer, &fact.TCPSeq, uint64(g.seq), at+4, 4)
		s.reading(sc, layer, &fact.TCPAck, uint64(g.ack), at+8, 4)
		s.times(sc, layer, st, delta)
		return
	}
	fwd.sacked = 0
	whole := p.end-at >= hlen
	relSeq, relAck := g.seq, g.ack
	if whole {
		g.len = uint32(p.end - at - hlen)
		s.fact(sc, layer, &fact.TCPLen, uint64(g.len))
		s.analyse(&a, st, &fwd.numbering, &rev.numbering, &g)
		relSeq -= fwd.zero
		if g.flags&tcp.ACK != 0 {
			relAck -= rev.zero
		}
	}
	s.reading(sc, layer, &fact.TCPSeq, uint64(relSeq), at+4, 4)
	if hlen < tcp.HeaderLen {
		return
	}
	s.complete(st, fresh, &g)
	if whole {
		next := relSeq.Add(int(g.len))
		if g.virtual() {
			next++
		}
		s.fact(sc, layer, &fact.TCPNext, uint64(next))
	}
	s.reading(sc, layer, &fact.TCPAck, uint64(relAck), at+8, 4)
	s.window(sc, layer, &fwd.numbering, &g, whole, at)
	s.handshake(st, &fwd.numbering, &g)
	s.times(sc, layer, st, delta)
	if options := b[min(tcp.HeaderLen, len(b)):min(hlen, len(b))]; len(options) > 0 {
		fwd.readOptions(options, g.flags)
	}
	s.tell(sc, layer, st, &a)
	if g.flags&tcp.SYN != 0 {
		settleScale(&fwd.numbering, &rev.numbering, g.flags&tcp.ACK != 0)
	}
	if whole {
		if st.layout == nil {
			st.adopt(sc, at+hlen)
		}
		s.data(sc, layer, st, dir, &g, a.findings, at+hlen)
	}
	s.charge(st)
}

// reuse finds out whether a SYN begins another conversation with the addresses and ports of an
// earlier one. Only its number tells it from one that was sent again.
func (s *Session) reuse(a *analysis, st *stream, fresh bool, dir int, g *segment) (*stream, bool) {
	fwd := &st.flows[dir].numbering
	if g.flags&tcp.SYN == 0 || !fwd.based {
		return st, fresh
	}
	switch ack := g.flags&tcp.ACK != 0; {
	case ack && g.seq != fwd.zero:
		fwd.zero = g.seq
		a.found(reusedPorts)
	case !ack && g.seq != fwd.zero:
		st = s.begun(&s.tcp, st.key)
		st.completeness = fact.SynSent
		st.client = dir
		a.found(reusedPorts)
	}
	return st, fresh
}

// complete notes which parts of a conversation were seen. fresh tells that this is its first frame.
func (s *Session) complete(st *stream, fresh bool, g *segment) {
	synAck := g.flags & (tcp.SYN | tcp.ACK)
	if fresh {
		if synAck == tcp.SYN {
			st.completeness |= fact.SynSent
			if g.len > 0 {
				st.completeness |= fact.Data
			}
		}
		return
	}
	switch {
	case synAck == tcp.SYN|tcp.ACK:
		st.completeness |= fact.SynAck
	case synAck == tcp.ACK && g.len > 0:
		st.completeness |= fact.Data
	case synAck == tcp.ACK:
		st.completeness |= fact.Acked
	}
	if g.flags&(tcp.FIN|tcp.ACK) == tcp.FIN|tcp.ACK {
		st.completeness |= fact.Fin
	}
	if g.flags&tcp.RST != 0 {
		st.completeness |= fact.Rst
	}
}

// window notes the window as the receiver means it. RFC 7323, 2.2: "The window field in a segment
// where the SYN bit is set ... MUST NOT be scaled."
func (s *Session) window(sc *scope, layer int, fwd *numbering, g *segment, whole bool, at int) {
	w, syn := g.window, g.flags&tcp.SYN != 0
	if whole && !syn && fwd.scale > 0 {
		w <<= uint(fwd.scale)
	}
	s.reading(sc, layer, &fact.TCPWindow, uint64(w), at+14, 2)
	if !syn {
		factor := int64(fwd.scale)
		if fwd.scale >= 0 {
			factor = 1 << uint(fwd.scale)
		}
		s.reading(sc, layer, &fact.TCPWindowScale, uint64(factor), at+14, 2)
	}
}

// handshake notes when the SYN and the end of the handshake were seen.
func (s *Session) handshake(st *stream, fwd *numbering, g *segment) {
	switch g.flags & (tcp.SYN | tcp.ACK) {
	case tcp.SYN:
		st.syn, st.synSeen = s.now, true
		fwd.firstAck = true
	case tcp.SYN | tcp.ACK:
		fwd.firstAck = true
	case tcp.ACK:
		if st.synSeen && st.rtt == 0 {
			st.rtt = s.now - st.syn
		}
		fwd.firstAck = false
	}
}

// maxSACK is how many SACK blocks are counted, as Wireshark does.
const maxSACK = 3

// readOptions looks for the window scale and the SACK blocks.
func (n *numbering) readOptions(b []byte, flags tcp.Flags) {
	for len(b) > 0 {
		kind := b[0]
		if kind == 0 {
			return
		}
		if kind == 1 {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return
		}
		body := b[2:b[1]]
		b = b[b[1]:]
		switch {
		case kind == 3 && len(body) == 1 && flags&tcp.SYN != 0:
			n.scale = int8(min(body[0], 14)) // RFC 7323, 2.3: "If a Window Scale option is received with a shift.cnt value larger than 14, the TCP SHOULD log the error but MUST use 14"
		case kind == 5 && len(body)%8 == 0:
			n.sacked = 0
			for i := 0; i < maxSACK && len(body) >= 8; i++ {
				n.sacked += binary.BigEndian.Uint32(body[4:8]) - binary.BigEndian.Uint32(body[0:4])
				body = body[8:]
			}
		}
	}
}

// settleScale decides whether windows are scaled. RFC 7323, 2.2: both sides have to send the option
// in their SYN.
func settleScale(fwd, rev *numbering, ack bool) {
	switch {
	case fwd.scale == scaleUnknown:
		fwd.scale, rev.scale = scaleNone, scaleNone
	case ack && rev.scale == scaleNone:
		fwd.scale = scaleNone
	}
}

func (s *Session) times(sc *scope, layer int, st *stream, delta int64) {
	s.fact(sc, layer, &fact.TCPRelative, uint64(s.now-st.first))
	s.fact(sc, layer, &fact.TCPDelta, uint64(delta))
}

// findingFacts are the facts of each finding. Each kind of retransmission is one.
var findingFacts = []struct {
	is   findings
	spec *fact.Spec
}{
	{reusedPorts, &fact.ReusedPorts},
	{retransmission | fastRetransmission | spurious, &fact.Retransmission},
	{fastRetransmission, &fact.FastRetransmission},
	{spurious, &fact.SpuriousRetrans},
	{outOfOrder, &fact.OutOfOrder},
	{lostSegment, &fact.LostSegment},
	{ackLostSegment, &fact.AckLostSegment},
	{windowUpdate, &fact.WindowUpdate},
	{windowFull, &fact.WindowFull},
	{keepAlive, &fact.KeepAlive},
	{keepAliveAck, &fact.KeepAliveAck},
	{duplicateAck, &fact.DuplicateAck},
	{zeroWindowProbe, &fact.ZeroWindowProbe},
	{zeroWindow, &fact.ZeroWindow},
	{zeroWindowProbeAck, &fact.ZeroWindowProbeAck},
}

// tell notes what the analysis found.
func (s *Session) tell(sc *scope, layer int, st *stream, a *analysis) {
	if !a.any {
		return
	}
	s.fact(sc, layer, &fact.Analysis, 0)
	if a.acksFrame != 0 {
		s.fact(sc, layer, &fact.AcksFrame, a.acksFrame)
		if a.rtt != 0 {
			s.fact(sc, layer, &fact.AckRTT, uint64(a.rtt))
		}
	}
	if st.rtt != 0 {
		s.fact(sc, layer, &fact.InitialRTT, uint64(st.rtt))
	}
	if a.inFlight != 0 {
		s.fact(sc, layer, &fact.BytesInFlight, uint64(a.inFlight))
		s.fact(sc, layer, &fact.PushBytes, uint64(a.sincePush))
	}
	if a.findings == 0 {
		return
	}
	s.fact(sc, layer, &fact.AnalysisFlags, 0)
	for _, f := range findingFacts {
		if a.findings&f.is != 0 {
			s.fact(sc, layer, f.spec, 0)
		}
	}
	if a.findings&retransmission != 0 && a.rto != 0 {
		s.fact(sc, layer, &fact.RTO, uint64(a.rto))
		s.fact(sc, layer, &fact.RTOFrame, a.rtoFrame)
	}
	if a.findings&duplicateAck != 0 {
		s.fact(sc, layer, &fact.DuplicateAckNo, uint64(a.duplicate))
		s.fact(sc, layer, &fact.DuplicateAckOf, a.duplicates)
	}
}

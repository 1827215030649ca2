package session

import (
	"httptap/stack/seq"
	"httptap/stack/tcp"
)

// findings are what a segment is found to be.
type findings uint32

const (
	retransmission findings = 1 << iota
	fastRetransmission
	spurious
	outOfOrder
	reusedPorts
	lostSegment
	ackLostSegment
	windowUpdate
	windowFull
	keepAlive
	keepAliveAck
	duplicateAck
	zeroWindowProbe
	zeroWindow
	zeroWindowProbeAck
)

// A segment is what the analysis needs of one.
type segment struct {
	seq, ack seq.Value
	len      uint32 // of the data on the wire
	flags    tcp.Flags
	window   uint32 // as in the header
}

// virtual tells whether the segment has a SYN or FIN, which occupies a sequence number.
func (g *segment) virtual() bool { return g.flags&(tcp.SYN|tcp.FIN) != 0 }

// What is known of a window scale before a SYN had its say.
const (
	scaleUnknown = -1
	scaleNone    = -2 // a SYN without the option: RFC 7323, 2.2 forbids scaling then
)

// maxUnacked bounds the segments of a flow that are remembered until they are acknowledged.
const maxUnacked = 10000

// unacked is a segment that was not acknowledged yet.
type unacked struct {
	frame     uint64
	at        int64
	seq, next seq.Value
}

// A numbering is what is known of the sequence numbers of one flow. As in Wireshark, whose findings
// these are to be, the number zero stands for one that is not known.
type numbering struct {
	zero      seq.Value // what relative numbers count from
	based     bool
	next      seq.Value // behind the highest seen
	nextFrame uint64
	nextAt    int64
	inOrder   seq.Value // behind the highest seen without one missing: what can be acknowledged

	ack        seq.Value // the last acknowledgement
	ackAt      int64
	ackFrame   uint64 // the first that had its number
	duplicates int32  // -1: none, and it was said that its segments were not captured
	window     uint32
	scale      int8
	firstAck   bool // only the SYN was seen, whose window is not scaled
	findings   findings
	sacked     uint32 // bytes in the last segment's SACK blocks

	countable   bool // no segment is missing: bytes in flight can be counted
	pushed      bool // the last segment had PSH
	sincePushed uint32
	unacked     []unacked // the oldest first
}

// An analysis is what a segment is found to be, and the numbers that belong to that.
type analysis struct {
	findings
	any        bool // there is something to say at all
	acksFrame  uint64
	rtt        int64
	inFlight   uint32
	sincePush  uint32
	rto        int64
	rtoFrame   uint64
	duplicate  uint32
	duplicates uint64 // the frame that this one repeats
}

func (a *analysis) found(f findings) {
	a.findings |= f
	a.any = true
}

// fastWindow is how soon after the last duplicate acknowledgement a fast retransmission comes;
// orderWindow how late a segment may be to be out of order when the round-trip time isn't known.
const (
	fastWindow  = 20e6
	orderWindow = 3e6
)

// analyse holds a segment of flow fwd against what was seen of both flows, and remembers it. The
// rules are those of Wireshark's user's guide, 7.5 "TCP Analysis".
func (s *Session) analyse(a *analysis, st *stream, fwd, rev *numbering, g *segment) {
	const control = tcp.SYN | tcp.FIN | tcp.RST
	if !fwd.based {
		fwd.zero = g.seq - 1 // so that the first byte has number 1, whether the SYN was seen or not
		if g.flags&tcp.SYN != 0 {
			fwd.zero = g.seq
		}
		fwd.based = true
	}
	if g.flags&tcp.ACK != 0 {
		if !rev.based {
			rev.zero, rev.based = g.ack-1, true
		}
		rev.countable = true
	}
	repeats := g.seq == fwd.next && g.ack == fwd.ack && g.flags&control == 0 && g.len == 0
	probe := g.len == 1 && g.seq == fwd.next && rev.window == 0
	if probe {
		a.found(zeroWindowProbe)
	} else {
		s.analyseWindow(a, fwd, rev, g, repeats)
	}
	if g.ack != fwd.ack {
		fwd.ackFrame, fwd.duplicates = s.number, 0
	}
	if rev.inOrder != 0 && rev.inOrder.Less(g.ack) && g.flags&tcp.ACK != 0 {
		a.any = true
		switch {
		case rev.inOrder.Less(rev.next):
			rev.inOrder = rev.next // so that it is said once
			a.found(ackLostSegment)
		default:
			// Nothing was seen since: once until the other side says something new.
			if rev.duplicates == 0 {
				a.found(ackLostSegment)
			}
			rev.duplicates = -1
		}
	}
	if (g.len > 0 || g.virtual()) && a.findings&keepAlive == 0 {
		s.analyseOrder(a, st, fwd, rev, g)
	}
	next := g.seq.Add(int(g.len))
	if (g.len > 0 || g.virtual()) && len(fwd.unacked) < maxUnacked {
		if g.virtual() {
			next++
		}
		fwd.unacked = append(fwd.unacked, unacked{s.number, s.now, g.seq, next})
	}
	if (fwd.next.Less(next) || fwd.next == 0) && !probe {
		fwd.next, fwd.nextFrame, fwd.nextAt = next, s.number, s.now
	}
	if (g.seq == fwd.inOrder || fwd.inOrder == 0) && !probe {
		fwd.inOrder = fwd.next
	}
	fwd.window, fwd.ack, fwd.ackAt, fwd.findings = g.window, g.ack, s.now, a.findings
	s.acknowledge(a, rev, g)
	countInFlight(a, fwd, rev, g)
}

// analyseWindow finds what a segment says of the receiver, or repeats.
func (s *Session) analyseWindow(a *analysis, fwd, rev *numbering, g *segment, repeats bool) {
	const control = tcp.SYN | tcp.FIN | tcp.RST
	if g.window == 0 && g.flags&control == 0 {
		a.found(zeroWindow)
	}
	if fwd.next != 0 && fwd.next.Less(g.seq) && g.flags&tcp.RST == 0 {
		a.found(lostSegment)
		fwd.countable = false
	}
	if g.len <= 1 && g.seq == fwd.next-1 && g.flags&control == 0 {
		a.found(keepAlive)
	}
	if repeats && g.window != 0 && g.window != fwd.window {
		a.found(windowUpdate)
	}
	if g.len > 0 && rev.scale != scaleUnknown && g.flags&control == 0 {
		shift := uint(max(rev.scale, 0))
		if rev.firstAck {
			shift = 0
		}
		if g.seq.Add(int(g.len)) == rev.ack+seq.Value(rev.window<<shift) {
			a.found(windowFull)
		}
	}
	if !repeats || g.window != fwd.window {
		return
	}
	switch {
	case g.window != 0 && rev.findings&keepAlive != 0:
		a.found(keepAliveAck)
	case g.window == 0 && rev.findings&zeroWindowProbe != 0:
		a.found(zeroWindowProbeAck)
	case g.window != 0:
		a.found(duplicateAck)
		fwd.duplicates = max(fwd.duplicates, 0) + 1
		a.duplicate, a.duplicates = uint32(fwd.duplicates), fwd.ackFrame
	}
}

// analyseOrder finds why a segment does not begin behind those before it.
func (s *Session) analyseOrder(a *analysis, st *stream, fwd, rev *numbering, g *segment) {
	// With the byte of a window probe before it, a segment has new data.
	old := fwd.next != 0 && g.seq.Less(fwd.next) && !(g.len > 1 && fwd.next-1 == g.seq)
	end := g.seq.Add(int(g.len))
	if g.len > 0 && rev.ack != 0 && end.LessEq(rev.ack) {
		a.found(spurious)
		return
	}
	if !old {
		return
	}
	// Wireshark's counter has no sign, so that its mark of -1 passes for many; so it has to be here.
	if uint32(rev.duplicates) >= 2 && rev.ack == g.seq && uint64(s.now-rev.ackAt) < fastWindow {
		a.found(fastRetransmission)
		return
	}
	window := uint64(orderWindow)
	if st.rtt != 0 {
		window = uint64(st.rtt)
	}
	if g.virtual() {
		end++
	}
	if uint64(s.now-fwd.nextAt) < window && fwd.next != end {
		a.found(outOfOrder)
		return
	}
	a.found(retransmission)
	a.rto, a.rtoFrame = s.now-fwd.nextAt, fwd.nextFrame
	if len(fwd.unacked) > 0 {
		oldest := &fwd.unacked[0]
		a.rto, a.rtoFrame = s.now-oldest.at, oldest.frame
	}
}

// acknowledge forgets what a segment acknowledges of the other flow.
func (s *Session) acknowledge(a *analysis, rev *numbering, g *segment) {
	k := 0
	for i := range rev.unacked {
		u := rev.unacked[i]
		switch {
		case g.ack == u.next:
			if a.any = true; a.acksFrame == 0 {
				a.acksFrame, a.rtt = u.frame, s.now-u.at
			}
			continue
		case u.seq.Less(g.ack) && g.ack.Less(u.next):
			u.seq = g.ack // a part of it
		case !g.ack.Less(u.next):
			continue
		}
		rev.unacked[k] = u
		k++
	}
	rev.unacked = rev.unacked[:k]
}

// countInFlight counts the bytes of a flow that were sent and not acknowledged, and those since the
// last PSH.
func countInFlight(a *analysis, fwd, rev *numbering, g *segment) {
	if g.len == 0 || len(fwd.unacked) == 0 || !fwd.countable {
		return
	}
	a.any = true
	first, last := ^seq.Value(0), seq.Value(0)
	for i := range fwd.unacked {
		u := &fwd.unacked[i]
		first, last = min(first, u.seq-fwd.zero), max(last, u.next-fwd.zero)
	}
	if n := uint32(last-first) - rev.sacked; 0 < n && n < 2e9 {
		a.inFlight = n
		if g.virtual() {
			a.inFlight--
		}
	}
	push := g.flags&tcp.PSH != 0
	if fwd.pushed {
		fwd.sincePushed = 0
	}
	fwd.sincePushed += g.len
	fwd.pushed = push
	a.sincePush = fwd.sincePushed
}

package tcp

import (
	"time"

	"httptap/stack/seq"
)

// A delivery is what one acknowledgment says has arrived.
type delivery struct {
	bytes    int           // by acknowledgment or SACK, not known before
	segments int           // acknowledged cumulatively
	newest   time.Duration // the round trip of the last segment sent once only; 0: none
	original bool          // something arrived that was sent once only
	again    bool          // something arrived that was sent again
	beyond   bool          // something arrived that was sent after a timeout
	double   bool          // a D-SACK: the peer got something twice
	last     time.Duration // when the newest of them was sent that RACK can use
}

// delivered notes that the segment s arrived, which was not known before.
func (t *TCB) delivered(now time.Duration, s *sent, o *options, d *delivery) {
	d.bytes += s.len()
	if s.mark&again == 0 {
		d.newest = max(now-s.at, 1)
		// What was sent after a recovery began says nothing about what was lost before it.
		if t.rec.kind != lossRecovery || s.to.LessEq(t.rec.point) {
			d.original = true
		} else {
			d.beyond = true
		}
	} else {
		d.again = true
	}
	t.rack.delivered(now, s, t.stamps.older(o, s.at), d)
}

// advance takes an acknowledgment of bytes up to ack, which is new.
func (t *TCB) advance(now time.Duration, ack seq.Value, o *options, d *delivery) {
	for t.log.n > 0 {
		s := t.log.at(0)
		if !s.to.LessEq(ack) {
			if s.from.Less(ack) {
				if s.mark&sacked == 0 {
					d.bytes += ack.Diff(s.from)
				}
				t.log.trim(ack)
			}
			break
		}
		if s.mark&sacked == 0 {
			t.delivered(now, s, o, d)
		}
		t.log.pop()
		d.segments++
	}
	t.peerHas.trim(ack)
	n := min(max(ack.Diff(t.base), 0), t.tx.n) // SYN and FIN are not in the ring
	t.tx.drop(n)
	t.base = t.base.Add(n)
	t.una = ack
	t.nxt = seq.Max(t.nxt, ack)
	// What lies behind comes along: 2 GiB later it would seem to be ahead.
	t.rec.point, t.ecn.cut = seq.Max(t.rec.point, ack.Add(-1)), seq.Max(t.ecn.cut, ack.Add(-1))
}

// takeSACK marks what the SACK blocks of a segment say has arrived. RFC 2018, 5. They are taken "in
// ascending order of Segment.end_seq", RFC 8985, 6.2, step 3: where an ACK was lost the next one may
// tell of two new blocks, and that is no reordering.
func (t *TCB) takeSACK(now time.Duration, o *options, ack seq.Value, d *delivery) {
	blocks := o.blocks[:o.sacked]
	if k := blocks[0]; k.from.Less(k.to) && t.isDouble(o, ack) {
		d.double = true
		blocks = blocks[1:]
	}
	for i := 1; i < len(blocks); i++ {
		for j := i; j > 0 && blocks[j].from.Less(blocks[j-1].from); j-- {
			blocks[j], blocks[j-1] = blocks[j-1], blocks[j]
		}
	}
	for _, k := range blocks {
		if !k.from.Less(k.to) {
			continue
		}
		// A block of what was never sent, or long acknowledged, is a lie or a late duplicate.
		if k.from.Less(t.una) || t.nxt.Less(k.to) {
			continue
		}
		t.mark(now, k, o, d)
	}
}

// isDouble tells whether the first block is a D-SACK. RFC 2883, 4 and 5: it is when it lies below
// the acknowledgment or inside of the second block.
func (t *TCB) isDouble(o *options, ack seq.Value) bool {
	k := o.blocks[0]
	if k.from.Less(ack) {
		return k.to.LessEq(ack) && k.to.Diff(t.una) > -t.txMax
	}
	if o.sacked > 1 {
		in := o.blocks[1]
		return in.from.LessEq(k.from) && k.to.LessEq(in.to)
	}
	return false
}

// mark marks the segments of the block k of which the peer had not told before.
func (t *TCB) mark(now time.Duration, k block, o *options, d *delivery) {
	if t.peerHas.has(k) {
		return
	}
	for pos := k.from; pos.Less(k.to); {
		i := t.peerHas.after(pos)
		end := k.to
		if i < len(t.peerHas.b) {
			if known := t.peerHas.b[i]; known.from.LessEq(pos) {
				pos = known.to
				continue
			} else {
				end = seq.Min(end, known.from)
			}
		}
		t.markPart(now, block{pos, end}, o, d)
		pos = end
	}
	// Where there are too many runs the marks still stand; only looking them up takes longer.
	t.peerHas.add(k)
}

func (t *TCB) markPart(now time.Duration, k block, o *options, d *delivery) {
	for i := t.log.find(k.from); i < t.log.n; i++ {
		s := t.log.at(i)
		if !s.from.Less(k.to) {
			return
		}
		if s.mark&sacked != 0 {
			continue
		}
		if s.from.Less(k.from) || k.to.Less(s.to) {
			if t.log.n >= t.maxSegments() {
				continue // a peer that SACKs every second byte does not make us remember them all
			}
			if s.from.Less(k.from) {
				t.log.split(i, k.from)
				continue
			}
			t.log.split(i, k.to)
			s = t.log.at(i)
		}
		t.delivered(now, s, o, d)
		t.log.set(i, s.mark&^lost|sacked)
	}
}

// maxSegments bounds the log: more segments than would fill the send buffer twice are small
// ones, and wait for an acknowledgment.
func (t *TCB) maxSegments() int { return 64 + 2*t.txMax/max(t.mss, 1) }

// forgetSACK takes back what SACK said, when the peer is seen not to have it any more.
// RFC 2018, 5: "After a retransmit timeout the data sender SHOULD turn off all of the SACKed
// bits, since the timeout might indicate that the data receiver has reneged." RFC 6675, 5.1: "as
// long as robust tests for reneging are present, an implementation can retain and use SACK
// information across a timeout event". This is the test: what the peer has at the left edge of
// the window it would have acknowledged.
func (t *TCB) forgetSACK() {
	if t.log.n == 0 || t.log.at(0).mark&sacked == 0 {
		return // what is missing is still missing: no sign of it
	}
	for i := range t.log.n {
		t.log.set(i, t.log.at(i).mark&^sacked)
	}
	t.peerHas.b = t.peerHas.b[:0]
}

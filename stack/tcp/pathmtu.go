package tcp

import (
	"time"

	"httptap/stack/seq"
)

// headers is what IPv4 and TCP need of an MTU without options.
const headers = 40

// PathMTU tells that the path takes packets of mtu bytes at most; 0 when the router did not
// say. What is in flight and longer is sent again in smaller pieces, and the congestion window
// stays as it is. RFC 1191, 6.4: "a retransmission caused by a Datagram Too Big message should not
// change the congestion window". Ten minutes later a long segment tries whether the path has
// become better.
func (t *TCB) PathMTU(now time.Time, mtu int) {
	if mtu == 0 {
		mtu = 576 // RFC 1191, 5: what a router that does not say may have meant
	}
	mss, full, retry := max(mtu-headers, minMSS), max(t.mss, t.hole.full), t.since(now)+holeRetry
	switch {
	case mss < t.mss:
		t.setMSS(mss)
		t.hole = blackHole{full: full, through: true, next: retry}
	case mss < full && t.hole.testing():
		t.hole.failed(t.since(now)) // it was about the test
	default:
		return
	}
	for i := range t.log.n {
		if s := t.log.at(i); s.mark&(sacked|lost) == 0 && s.len() > t.smss() {
			t.log.set(i, s.mark|lost)
			t.rec.free++
		}
	}
}

// takeMSS takes the largest payload that the peer receives, and what was known of the path before
// the connection was.
func (t *TCB) takeMSS(now time.Duration, mss int) {
	t.mss = min(mss, t.rmss)
	if known := t.known; known != 0 && known < t.mss {
		t.hole = blackHole{full: t.mss, through: true, next: now + holeRetry}
		t.mss = known
	}
}

func (t *TCB) setMSS(mss int) {
	t.mss = mss
	t.cong.w.MSS = t.smss()
	t.cong.w.CWnd = max(t.cong.w.CWnd, t.cong.w.MSS)
}

// blackHole looks for routers that drop packets which are too long and do not say so: RFC 4821,
// in small. It also finds out when a path that a router called small isn't any more. Two timeouts in a row of a long segment are taken for one, and smaller segments are
// tried. When data gets through again one long segment is the proof to the contrary.
type blackHole struct {
	full    int           // the MSS before; 0: nothing is suspected
	through bool          // data got through since
	probe   block         // the long segment that is the test; empty: none is out
	next    time.Duration // no test before this
}

// holeMSS are the sizes that are tried: IPv6's least MTU, which tunnels take, and IPv4's 576.
var holeMSS = [...]int{1280 - headers, 576 - headers}

// holeRetry is how long a path that was found small is left alone. RFC 1191, 3: looking for a larger
// MTU "MUST NOT be done less than 5 minutes after a Datagram Too Big message has been received",
// and twice that is recommended.
const holeRetry = 10 * time.Minute

// suspectHole makes segments smaller after every second timeout in a row.
func (t *TCB) suspectHole() {
	if t.timeouts < 2 || t.timeouts%2 != 0 || t.log.n == 0 {
		return
	}
	for _, mss := range holeMSS {
		if mss < t.mss && t.log.at(0).len() > mss-timestampsLen {
			if t.hole.full == 0 {
				t.hole.full = t.mss
			}
			t.hole.through, t.hole.probe = false, block{}
			t.setMSS(mss)
			return
		}
	}
}

// testing tells whether a long segment is out.
func (h *blackHole) testing() bool { return h.probe.from != h.probe.to }

// passed notes that data was acknowledged.
func (h *blackHole) passed(t *TCB) {
	if h.full == 0 {
		return
	}
	h.through = true
	if h.testing() && h.probe.to.LessEq(t.una) {
		full := h.full
		*h = blackHole{}
		t.setMSS(full) // the long one arrived: it was an outage
	}
}

// newSegment returns the largest payload for new data at now: the MSS, or the longer test.
func (t *TCB) newSegment(now time.Duration) int {
	if h := &t.hole; h.full != 0 && h.through && !h.testing() && now >= h.next {
		long := h.full - (t.mss - t.smss())
		if t.unsent() >= long && t.congestionRoom() >= long && t.una.Add(t.wnd).Diff(t.nxt) >= long {
			return long
		}
	}
	return t.smss()
}

// isTest tells whether the segment is the long one. RFC 4821, 7.6.2: the loss of it alone is no
// sign of congestion.
func (h *blackHole) isTest(s *sent) bool {
	return h.testing() && s.from == h.probe.from && s.to == h.probe.to
}

// failed notes that the long segment was lost: the path is small.
func (h *blackHole) failed(now time.Duration) {
	h.probe, h.through, h.next = block{}, true, now+holeRetry
}

// tested notes that [from, to) went out as the test.
func (h *blackHole) tested(from, to seq.Value) { h.probe = block{from, to} }

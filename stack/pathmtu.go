package stack

import (
	"bytes"
	"time"

	"httptap/stack/ipv4"
)

const (
	// leastPath is the least MTU that a router is believed: Linux's, too. Who says less gets packets
	// of this size that may be cut in pieces; else one forged message could make a flood of them.
	leastPath = 552
	// pathLife is how long a router's word holds. RFC 1191, 6.3: "once the timeout interval has
	// passed, the PMTU estimate is set to be the MTU of the associated first hop", after about ten
	// minutes.
	pathLife = 10 * time.Minute
	// maxPaths bounds what is remembered; the oldest goes first.
	maxPaths = 1024
)

// plateaus are the MTUs that are likely below the length of a packet that was too long, for
// routers that do not say. RFC 1191, 7.1
var plateaus = [...]int{32000, 17914, 8166, 4352, 2002, 1492, 1006, leastPath}

// paths is what routers said of how long packets to a destination may be: RFC 1191.
type paths map[[4]byte]path

type path struct {
	mtu   int
	cut   bool // it is shorter than leastPath: routers have to cut
	until time.Time
}

// to returns the MTU of the path to dst, link at most, and whether packets must be sent so that
// routers may cut them.
func (ps paths) to(now time.Time, dst [4]byte, link int) (mtu int, cut bool) {
	if len(ps) == 0 {
		return link, false
	}
	p, ok := ps[dst]
	if !ok || !now.Before(p.until) {
		return link, false
	}
	return min(p.mtu, link), p.cut
}

// learn takes a router's word that the packet quoted in full or in part was too long for a link
// whose MTU it gives, 0 when it does not. It tells whether it can be true.
func (ps paths) learn(now time.Time, quoted ipv4.Packet, mtu, link int) bool {
	// Only what we forbade to cut can be refused, and only for being longer.
	length := quoted.TotalLen()
	if !quoted.DontFragment() || length <= mtu {
		return false
	}
	for i := 0; mtu == 0; i++ {
		if plateaus[i] < length || i == len(plateaus)-1 {
			mtu = plateaus[i]
		}
	}
	dst := quoted.Dst()
	// RFC 1191, 3: "A host MUST not increase its estimate of the Path MTU in response to the contents
	// of a Datagram Too Big message."
	if known, _ := ps.to(now, dst, link); known <= mtu {
		return length > known // one that was under way when the first message came
	}
	if _, ok := ps[dst]; !ok && len(ps) >= maxPaths {
		ps.forgetOldest()
	}
	ps[dst] = path{mtu: max(mtu, leastPath), cut: mtu < leastPath, until: now.Add(pathLife)}
	return true
}

func (ps paths) forgetOldest() {
	var oldest [4]byte
	var at time.Time
	for dst, p := range ps {
		if at.IsZero() || p.until.Before(at) || p.until.Equal(at) && bytes.Compare(dst[:], oldest[:]) < 0 {
			oldest, at = dst, p.until
		}
	}
	delete(ps, oldest)
}

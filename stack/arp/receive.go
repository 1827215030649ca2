package arp

import (
	"time"

	"httptap/stack/link"
)

// Receive takes an ARP packet off the link: it learns from it, queues the answer that it asks
// for, and sees whether somebody claims our address. An error names why a packet was refused;
// nothing was learned from it then.
func (c *Cache) Receive(now time.Time, packet []byte) error {
	p, err := Parse(packet)
	if err != nil {
		return err
	}
	sha, spa := p.SenderHW(), p.SenderIP()
	switch {
	case p.Op() != OpRequest && p.Op() != OpReply:
		return ErrOperation
	case sha.IsZero() || sha.IsMulticast():
		return ErrSender
	case spa[0]>>4 == 14 || spa[0] == 127 || spa == [4]byte{255, 255, 255, 255}:
		return ErrSenderIP
	}
	if err := c.checkConflict(now, p); err != nil {
		return err
	}
	if sha == c.hw {
		return nil // our own packet, come back
	}
	c.learn(now, sha, spa, p)
	// RFC 826: "?Is the opcode ares_op$REQUEST? (NOW look at the opcode!!)"
	if p.Op() == OpRequest && c.ip != [4]byte{} && p.TargetIP() == c.ip {
		c.answer(reply{sha, spa})
	}
	return nil
}

// learn is RFC 826's "Merge_flag": a known sender is updated, an unknown one is added only
// when we are the target.
func (c *Cache) learn(now time.Time, sha link.Addr, spa [4]byte, p Packet) {
	if spa == [4]byte{} {
		return // a probe teaches nothing: RFC 5227, 1.1
	}
	e := c.entries[spa]
	if e == nil {
		if c.ip == [4]byte{} || p.TargetIP() != c.ip {
			return
		}
		e = c.add(spa)
	} else if e.static {
		return
	}
	if e.state != Reachable || e.waiting {
		c.unask(e)
		e.state = Reachable
		c.gen++
	}
	e.hw, e.expires, e.requests = sha, now.Add(lifetime), 0
}

func (c *Cache) answer(r reply) {
	if c.queued == len(c.replies) {
		c.Dropped++
		return
	}
	c.replies[(c.first+c.queued)%len(c.replies)] = r
	c.queued++
}

package arp

import (
	"time"

	"httptap/stack/link"
)

// Numbers of RFC 5227, 1.1.
const (
	probeNum         = 3
	probeMin         = time.Second
	probeMax         = 2 * time.Second
	announceWait     = 2 * time.Second
	announceNum      = 2
	announceInterval = 2 * time.Second
	defendInterval   = 10 * time.Second
)

// ProbeState is how far the check of an address came.
type ProbeState uint8

// The states of a probe.
const (
	ProbeIdle      ProbeState = iota // no check was asked for
	ProbeTentative                   // nobody objected yet
	ProbeDone                        // the address is ours
	ProbeConflict                    // somebody else has it
)

// probe is the state of RFC 5227 for the interface's address.
type probe struct {
	state    ProbeState
	ip       [4]byte   // the address in question while it is tentative
	probes   int       // still to send
	announce int       // still to send
	next     time.Time // when the next of them is due; zero: none is
	defended time.Time // when the address was defended last
	defend   bool      // an announcement in defence is to be sent
	with     link.Addr // who has the address
}

// Probe begins to check whether ip is free: a probe leaves at once, two more follow a second
// or two apart. Until Accept or the end of the check the interface has no address.
func (c *Cache) Probe(now time.Time, ip [4]byte) {
	c.SetAddr([4]byte{})
	c.probe = probe{state: ProbeTentative, ip: ip, probes: probeNum, next: now}
}

// ProbeState returns how far the check came.
func (c *Cache) ProbeState() ProbeState { return c.probe.state }

// Accept ends the check early: the address is ours from now on and is announced. An objection
// is still noticed.
func (c *Cache) Accept(now time.Time) {
	if c.probe.state == ProbeTentative {
		c.take(now)
	}
}

// Conflict returns who else uses our address, or the one being checked. It stays so until
// SetAddr or Probe. An address being checked is given up; one that is ours stays in use and is
// defended on, once in DEFEND_INTERVAL, until the caller takes it away: RFC 5227, 2.4 (c) lets
// a host keep an address that others rely on.
func (c *Cache) Conflict() (with link.Addr, ok bool) {
	return c.probe.with, c.probe.state == ProbeConflict
}

func (c *Cache) take(now time.Time) {
	c.ip = c.probe.ip
	c.probe.state, c.probe.probes = ProbeDone, 0
	c.probe.announce, c.probe.next = announceNum, now
}

// transmitProbe sends the probe or announcement that is due.
func (c *Cache) transmitProbe(now time.Time, dst []byte) int {
	p := &c.probe
	if p.defend {
		// RFC 5227, 2.4 (b): "broadcasting one single ARP Announcement".
		p.defend = false
		return c.put(dst, OpRequest, c.ip, link.Addr{}, c.ip)
	}
	if p.next.IsZero() || now.Before(p.next) {
		return 0
	}
	if p.state == ProbeTentative && p.probes == 0 {
		c.take(now) // nobody objected for ANNOUNCE_WAIT
	}
	switch {
	case p.probes > 0:
		if p.probes--; p.probes > 0 {
			p.next = now.Add(probeMin + time.Duration(c.rand.Int64N(int64(probeMax-probeMin))))
		} else {
			p.next = now.Add(announceWait)
		}
		// RFC 5227, 2.1.1: "The 'sender IP address' field MUST be set to all zeroes".
		return c.put(dst, OpRequest, [4]byte{}, link.Addr{}, p.ip)
	case p.announce > 0:
		if p.announce--; p.announce > 0 {
			p.next = now.Add(announceInterval)
		} else {
			p.next = time.Time{}
		}
		// RFC 5227, 2.3: an announcement is a probe "except that now the sender and target IP
		// addresses are both set to the host's newly selected IPv4 address".
		return c.put(dst, OpRequest, c.ip, link.Addr{}, c.ip)
	}
	p.next = time.Time{}
	return 0
}

// checkConflict looks whether p is from a station that has, or wants, our address.
func (c *Cache) checkConflict(now time.Time, p Packet) error {
	sha, spa := p.SenderHW(), p.SenderIP()
	if sha == c.hw {
		return nil
	}
	if c.probe.state == ProbeTentative {
		// RFC 5227, 2.1.1: a conflict is any packet whose sender has the address, and a probe
		// for it from somebody else.
		rival := p.Op() == OpRequest && spa == [4]byte{} && p.TargetIP() == c.probe.ip
		if spa == c.probe.ip || rival {
			c.conflict(sha)
			return ErrOurs
		}
		return nil
	}
	if c.ip == [4]byte{} || spa != c.ip {
		return nil
	}
	if !c.probe.defended.IsZero() && now.Sub(c.probe.defended) < defendInterval {
		// RFC 5227, 2.4 (b): a second conflict within DEFEND_INTERVAL: the host "MUST
		// immediately cease using this address".
		c.conflict(sha)
	} else {
		c.probe.defended, c.probe.defend = now, true
	}
	return ErrOurs
}

func (c *Cache) conflict(with link.Addr) {
	c.probe.state, c.probe.with, c.probe.next, c.probe.defend = ProbeConflict, with, time.Time{}, false
}

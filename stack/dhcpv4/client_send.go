package dhcpv4

import (
	"time"
)

var broadcast = [4]byte{255, 255, 255, 255}

// Transmit does what is due at now and writes the next message into dst, which should have
// BufferLen bytes. It returns the message's length and the IPv4 addresses that it goes from
// and to; n is 0 when there is nothing to send.
func (c *Client) Transmit(now time.Time, dst []byte) (n int, from, to [4]byte) {
	if c.bye.typ != 0 {
		return c.sayBye(dst)
	}
	c.expire(now)
	if c.due.IsZero() || now.Before(c.due) {
		return 0, from, to
	}
	if c.state == Requesting && c.tries == requestTries {
		c.restart(now)
	}
	to = broadcast
	var b []byte
	switch c.state {
	case Init, Selecting:
		if c.state == Init {
			c.enter(Selecting, now)
			c.xid = uint32(c.rng.Uint64())
		}
		c.secs = seconds(now.Sub(c.began))
		c.retryDoubling(now)
		b = c.discover(dst)
	case Requesting:
		if c.tries == 0 {
			c.sent = now
		}
		c.retryDoubling(now)
		b = c.request(dst, c.secs, [4]byte{})
	default: // Renewing, Rebinding: Bound and Stopped have nothing due
		if c.tries == 0 {
			c.sent = now
			c.xid = uint32(c.rng.Uint64())
		}
		end := c.lease.Expires
		if c.state == Renewing {
			end, to = c.lease.Rebind, c.offer.server
		}
		from = c.offer.addr
		// RFC 2131, 4.4.5: "the client SHOULD wait one-half of the remaining time until T2 (in
		// RENEWING state) and one-half of the remaining lease time (in REBINDING state)"
		c.due = now.Add(max(end.Sub(now)/2, renewDelay))
		b = c.request(dst, seconds(now.Sub(c.began)), from)
	}
	c.tries++
	return fit(b, dst), from, to
}

// expire moves on the states that end by themselves.
func (c *Client) expire(now time.Time) {
	if !c.bound() || c.lease.Expires.IsZero() {
		return
	}
	switch passed := func(t time.Time) bool { return !now.Before(t) }; {
	case passed(c.lease.Expires):
		// RFC 2131, 4.4.5: "the client moves to INIT state, MUST immediately stop any other
		// network processing". The lost address is what it asks for first.
		c.cfg.Requested = c.offer.addr
		c.restart(now)
	case passed(c.lease.Rebind) && c.state != Rebinding:
		if c.state == Bound {
			c.began = now
		}
		c.enter(Rebinding, now)
	case passed(c.lease.Renew) && c.state == Bound:
		c.began = now
		c.enter(Renewing, now)
	}
}

// retryDoubling says when the message that is being sent has to be sent again.
func (c *Client) retryDoubling(now time.Time) {
	delay := min(firstDelay<<min(c.tries, 8), lastDelay)
	// "randomized by the value of a uniform random number chosen from the range -1 to +1"
	jitter := time.Duration(c.rng.Uint64()>>1)%(2*time.Second+1) - time.Second
	c.due = now.Add(delay + jitter)
}

// seconds is the value of the secs field.
func seconds(d time.Duration) uint16 { return uint16(min(max(d/time.Second, 0), 0xffff)) }

// fit returns the length of the message b that was appended to dst[:0], 0 when it did not fit.
func fit(b, dst []byte) int {
	if len(b) > len(dst) {
		return 0
	}
	return len(b)
}

// begin appends what every message begins with.
//
// RFC 2131, 4.1: "A client that can receive unicast IP datagrams before its protocol software
// has been configured SHOULD clear the BROADCAST bit to 0."
func (c *Client) begin(dst []byte, typ Type, xid uint32, secs uint16, ciaddr [4]byte) []byte {
	b := AppendHeader(dst[:0], Header{Op: OpRequest, XID: xid, Secs: secs, CIAddr: ciaddr, HardwareAddr: c.cfg.HardwareAddr})
	b = AppendOption(b, OptType, byte(typ))
	// RFC 2132, 9.14: "The client identifier MAY consist of type-value pairs similar to the
	// 'htype'/'chaddr' fields". RFC 4361 has a better one for machines that keep state over
	// reboots; this client keeps none.
	hw := c.cfg.HardwareAddr
	return AppendOption(b, OptClientID, 1, hw[0], hw[1], hw[2], hw[3], hw[4], hw[5])
}

// wishes appends what a DHCPDISCOVER and every DHCPREQUEST ask for. RFC 2131, 4.3.2: "If the
// client included a list of requested parameters in a DHCPDISCOVER message, it MUST include
// that list in all subsequent messages."
func (c *Client) wishes(b []byte) []byte {
	if c.cfg.MaxMessage >= 576 {
		b = AppendUint16(b, OptMaxMessage, uint16(min(c.cfg.MaxMessage, 0xffff)))
	}
	if n := len(c.cfg.Hostname); n > 0 && n <= 255 {
		b = append(append(b, OptHostname, byte(n)), c.cfg.Hostname...)
	}
	return AppendOption(b, OptParameters, parameters[:]...)
}

func (c *Client) discover(dst []byte) []byte {
	b := c.begin(dst, Discover, c.xid, c.secs, [4]byte{})
	if r := c.cfg.Requested; r != [4]byte{} {
		b = AppendOption(b, OptRequested, r[:]...)
	}
	return AppendEnd(c.wishes(b), 0)
}

// request appends a DHCPREQUEST: with ciaddr to extend a lease, without to take an offer.
// RFC 2131, 4.3.6, table 4 says which options go into which. The secs of one that takes an
// offer are the DHCPDISCOVER's, so that relays treat both alike (RFC 2131, 3.1(3)).
func (c *Client) request(dst []byte, secs uint16, ciaddr [4]byte) []byte {
	b := c.begin(dst, Request, c.xid, secs, ciaddr)
	if ciaddr == [4]byte{} {
		b = AppendOption(b, OptRequested, c.offer.addr[:]...)
		b = AppendOption(b, OptServer, c.offer.server[:]...)
	}
	return AppendEnd(c.wishes(b), 0)
}

// sayBye writes the DHCPDECLINE or DHCPRELEASE that waits.
//
// RFC 2131, 4.4.4: "The client unicasts DHCPRELEASE messages to the server. Because the client
// is declining the use of the IP address supplied by the server, the client broadcasts
// DHCPDECLINE messages."
func (c *Client) sayBye(dst []byte) (n int, from, to [4]byte) {
	bye := c.bye
	c.bye = farewell{}
	xid := uint32(c.rng.Uint64())
	var b []byte
	if bye.typ == Release {
		from, to = bye.addr, bye.server
		b = c.begin(dst, Release, xid, 0, bye.addr)
	} else {
		to = broadcast
		b = c.begin(dst, Decline, xid, 0, [4]byte{})
		b = AppendOption(b, OptRequested, bye.addr[:]...)
		b = append(append(b, OptText, byte(len(inUse))), inUse...)
	}
	b = AppendOption(b, OptServer, bye.server[:]...)
	return fit(AppendEnd(b, 0), dst), from, to
}

// inUse is the message of a DHCPDECLINE, which RFC 2131, 4.4.1, table 5 says it SHOULD have.
const inUse = "another station uses this address"

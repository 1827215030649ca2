package stack

import (
	"time"

	"httptap/stack/arp"
	"httptap/stack/ethernet"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/sum"
	"httptap/stack/tcp"
	"httptap/stack/udp"
)

// Offsets into an outgoing frame. Each layer writes its part in place.
const (
	ipStart      = ethernet.HeaderLen
	payloadStart = ipStart + ipv4.HeaderLen
	udpPayload   = payloadStart + udp.HeaderLen
	ecnECT0      = 2 // RFC 3168, 5: the ECN field, the low two bits of what was the type of service
	ecnCE        = 3
	ecnBits      = 3
	defaultTTL   = 64 // RFC 1122, 3.2.1.7 leaves it to IANA: "IP Parameters", 64
)

// next writes the next frame that is due and returns its length, 0 when there is none. ARP
// goes first because everything else waits for it, connections share what is left in turn.
func (e *engine) next(now time.Time, frame []byte) int {
	if n := e.nextARP(now, frame); n > 0 {
		return n
	}
	if e.dhcpOn {
		if n := e.nextDHCP(now, frame); n > 0 {
			return n
		}
	}
	for p := e.outgoing.pop(); p != nil; p = e.outgoing.pop() {
		if n := e.sendPacket(now, p, frame); n > 0 {
			return n
		}
	}
	for c := e.ready.pop(); c != nil; c = e.ready.pop() {
		if n := e.sendSegment(now, c, frame); n > 0 {
			return n
		}
	}
	return e.nextARP(now, frame) // what was tried above may have asked for an address
}

func (e *engine) nextARP(now time.Time, frame []byte) int {
	n, to := e.arp.Transmit(now, frame[ipStart:])
	e.afterARP(now)
	if n == 0 {
		return 0
	}
	ethernet.Put(frame, to, e.hw, ethernet.TypeARP)
	return ipStart + n
}

// nextDHCP writes the DHCP client's next broadcast. What it sends to one server takes the
// way of every other packet, because the server's hardware address may have to be asked for.
func (e *engine) nextDHCP(now time.Time, frame []byte) int {
	n, from, to := e.dhcp.Transmit(now, frame[udpPayload:ipStart+e.mtu])
	e.afterDHCP(now)
	if n == 0 {
		return 0
	}
	udp.Put(frame[payloadStart:], dhcpClientPort, dhcpServerPort, n,
		sum.Pseudo4(from, to, ipv4.ProtoUDP, udp.HeaderLen+n))
	n += udp.HeaderLen
	if to != broadcast {
		p := e.newPacket()
		p.src, p.dst, p.proto, p.tos = from, to, ipv4.ProtoUDP, e.tos
		p.buf = append(p.buf, frame[payloadStart:payloadStart+n]...)
		p.last = e.release.wanted
		e.outgoing.push(p)
		return 0
	}
	e.putIP(frame, link.Broadcast, ipv4.Header{Src: from, Dst: to, Protocol: ipv4.ProtoUDP, TTL: e.ttl, TOS: e.tos}, n)
	return payloadStart + n
}

// putIP writes the Ethernet and IP headers before a payload of n bytes that lies in place.
func (e *engine) putIP(frame []byte, hw link.Addr, h ipv4.Header, n int) {
	// RFC 6864, 4.1: the ID is only meaningful for datagrams that can be fragmented; a
	// running number from a random start serves both kinds.
	if h.FragmentOffset == 0 && !h.MoreFragments {
		e.ipID++
		h.ID = e.ipID
	}
	ethernet.Put(frame, hw, e.hw, ethernet.TypeIPv4)
	ipv4.Put(frame[ipStart:], h, n)
}

// nextHop returns the hardware address that a packet to dst goes to.
func (e *engine) nextHop(now time.Time, dst [4]byte) (link.Addr, arp.State, error) {
	if directed, ok := e.net.directed(); dst == broadcast || ok && dst == directed {
		return link.Broadcast, arp.Reachable, nil
	}
	if isMulticast(dst) {
		// RFC 1112, 6.4: the low 23 bits go into 01-00-5E-00-00-00.
		return link.Addr{0x01, 0x00, 0x5e, dst[1] & 0x7f, dst[2], dst[3]}, arp.Reachable, nil
	}
	if dst == e.net.addr || dst[0] == 127 {
		return e.hw, arp.Reachable, nil
	}
	hop, ok := e.route(dst)
	if !ok {
		return link.Addr{}, arp.Failed, errNetUnreachable
	}
	hw, state := e.arp.Lookup(now, hop)
	if state == arp.Failed {
		return hw, state, errHostUnreachable
	}
	return hw, state, nil
}

// route returns the neighbour that takes packets to dst: dst itself on the own network, else
// the longest matching route, else the router.
func (e *engine) route(dst [4]byte) ([4]byte, bool) {
	if !e.net.configured() {
		return dst, false
	}
	if e.net.onLink(dst) {
		return dst, true
	}
	hop, bits := e.net.router, -1
	for _, r := range e.net.routes {
		if r.Dst.Bits() > bits && contains(r.Dst, dst) {
			hop, bits = r.Via.As4(), r.Dst.Bits()
			if hop == [4]byte{} {
				// RFC 3442: a router of 0.0.0.0 means that the network is on the link.
				hop = dst
			}
		}
	}
	return hop, hop != [4]byte{}
}

// sendPacket writes p, or the next fragment of it, into frame. It returns 0 when p had to be
// parked until ARP answers, or was given up.
func (e *engine) sendPacket(now time.Time, p *packet, frame []byte) int {
	hw := p.via
	if hw.IsZero() {
		var state arp.State
		var err error
		hw, state, err = e.nextHop(now, p.dst)
		switch {
		case err != nil:
			e.stats.DropUnresolved++
			if p.owner != nil {
				p.owner.fail(err)
			}
			e.failPing(p, err)
			e.giveBack(p)
			return 0
		case state == arp.Pending:
			e.parked.push(p)
			return 0
		}
	}
	h := ipv4.Header{Src: p.src, Dst: p.dst, Protocol: p.proto, TTL: e.ttl, TOS: p.tos, FragmentOffset: p.off}
	part := p.buf[p.off:]
	mtu, cut := e.paths.to(now, p.dst, e.mtu)
	if room := mtu - ipv4.HeaderLen; len(part) > room {
		// RFC 791, 3.2: fragments are cut "on 8 octet boundaries".
		part, h.MoreFragments = part[:room&^7], true
	}
	h.DontFragment = p.whole && !cut && p.off == 0 && !h.MoreFragments
	if p.off == 0 && h.MoreFragments {
		e.ipID++
		p.id = e.ipID
	}
	h.ID = p.id
	n := copy(frame[payloadStart:], part)
	e.putIP(frame, hw, h, n)
	if p.off += n; h.MoreFragments {
		e.outgoing.pushFront(p)
		return payloadStart + n
	}
	if p.last {
		e.release.frame = e.stats.FramesOut + 1
	}
	e.giveBack(p)
	return payloadStart + n
}

// sendSegment writes c's next segment into frame. It returns 0 when c has none, or had to be
// stalled until ARP answers.
func (e *engine) sendSegment(now time.Time, c *Conn, frame []byte) int {
	hw, state, err := e.nextHop(now, c.key.remote)
	switch {
	case err != nil && c.tcb.State() == tcp.SynSent:
		c.tcb.Fail(err)
		e.settle(now, c)
		return 0
	case err != nil:
		// RFC 1122, 4.2.3.9: an unreachable destination is no reason to abort a connection
		// that was established. Its segments are lost, so that its own timers decide, and the
		// failure is remembered as the cause should it time out.
		c.tcb.SoftError(err)
		if c.tcb.Transmit(now, frame[payloadStart:ipStart+e.mtu]) > 0 {
			e.stats.DropUnresolved++
		}
		e.settle(now, c)
		return 0
	case state == arp.Pending:
		e.stalled.push(c)
		return 0
	}
	n := c.tcb.Transmit(now, frame[payloadStart:ipStart+e.mtu])
	e.settle(now, c)
	if n == 0 {
		return 0
	}
	h := ipv4.Header{Src: c.local.Addr().As4(), Dst: c.key.remote, Protocol: ipv4.ProtoTCP, TTL: e.ttl, TOS: c.tos}
	// RFC 1191, 3: a host that does path MTU discovery "sends all datagrams on that path with the DF
	// bit set".
	_, cut := e.paths.to(now, c.key.remote, e.mtu)
	h.DontFragment = !cut
	if c.tcb.ECT() {
		h.TOS |= ecnECT0
	}
	e.putIP(frame, hw, h, n)
	if e.onSegment != nil {
		e.onSegment(frame[:payloadStart+n], c.tcb.Info())
	}
	return payloadStart + n
}

// enqueue queues a packet that the host itself sends and counts it in sent, which may be nil, or as
// dropped when too many wait already.
func (e *engine) enqueue(p *packet, sent *uint64) {
	if p.owner == nil {
		if e.own >= maxOutgoing {
			e.stats.DropQueue++
			e.giveBack(p)
			return
		}
		p.own = true
		e.own++
	}
	if sent != nil {
		*sent++
	}
	e.outgoing.push(p)
}

// afterARP lets everything that waited for ARP try again when an answer came or failed to.
func (e *engine) afterARP(now time.Time) {
	if g := e.arp.Generation(); g != e.arpGen {
		e.arpGen = g
		e.outgoing.prepend(&e.parked) // they were first: later ones must not overtake them
		for c := e.stalled.pop(); c != nil; c = e.stalled.pop() {
			e.ready.push(c)
		}
		e.event()
	}
	e.checkClaim(now)
}

// settle files a connection after something was done to its TCB: whether it has a segment to
// send, when it next wants to be asked, whom to wake, whether it is over.
func (e *engine) settle(now time.Time, c *Conn) {
	if c.tcb.Pending(now) {
		e.ready.push(c)
	}
	e.timers.set(c, c.tcb.Deadline())
	c.wake()
	if c.listener != nil {
		c.listener.progress(c)
	}
	switch c.tcb.State() {
	case tcp.TimeWait:
		c.tcb.Release() // nothing more is sent, and what waits to be read stays
		e.addTimeWait(now, c)
	case tcp.Closed:
		c.tcb.Release()
	}
	if c.tcb.Done() {
		e.forget(c)
	}
}

// forget takes a closed connection out of the tables.
func (e *engine) forget(c *Conn) {
	if e.conns[c.key] == c {
		delete(e.conns, c.key)
	}
	if e.recent == c {
		e.recent = nil
	}
	if c.heapIndex > 0 {
		e.timers.remove(c)
	}
	e.endTimeWait(c)
}

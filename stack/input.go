package stack

import (
	"time"

	"httptap/stack/ethernet"
	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/sum"
	"httptap/stack/tcp"
	"httptap/stack/udp"
)

const (
	dhcpServerPort = 67
	dhcpClientPort = 68
)

// An arrival is a checked IPv4 packet and how it came.
type arrival struct {
	ipv4.Packet
	from    link.Addr // the frame's source
	unicast bool      // it was sent to one host, not to everybody
	local   [4]byte   // that host, when it is another one and we are the router; else zero
}

// forwarded tells whether the packet is for the Forwarder.
func (a arrival) forwarded() bool { return a.local != [4]byte{} }

// receiveIP takes the packet in f up to its protocol.
func (e *engine) receiveIP(now time.Time, f ethernet.Frame) {
	p, err := ipv4.Parse(f.Payload())
	if err != nil {
		e.stats.DropIP++
		return
	}
	own := e.isOwn(p.Dst()) && (p.Dst()[0] != 127 || f.Src() == e.hw)
	a := arrival{Packet: p, from: f.Src(), unicast: own && !f.Dst().IsMulticast()}
	if !own && f.Dst() == e.hw && e.forwards(p) {
		a.local, a.unicast = p.Dst(), true
	}
	if !e.accepts(a) {
		e.stats.DropAddress++
		return
	}
	if a.forwarded() && p.TTL() <= 1 {
		// RFC 1812, 5.3.1: "If the TTL is reduced to zero (or less), the packet MUST be discarded, and
		// if the destination is not a multicast address the router MUST send an ICMP Time Exceeded
		// message, Code 0 (TTL Exceeded in Transit) message to the source."
		e.stats.DropTTL++
		e.sendError(now, a, icmpv4.TypeTimeExceeded, icmpv4.CodeTransit, &e.stats.TimesExceeded)
		return
	}
	if p.IsFragment() {
		e.expireFragments(now)
		whole, err := e.reasm.Receive(now, p)
		if err != nil || !whole.Valid() {
			return // counted by the Reassembler
		}
		a.Packet = whole
	}
	switch a.Protocol() {
	case ipv4.ProtoTCP:
		e.receiveTCP(now, a)
	case ipv4.ProtoUDP:
		e.receiveUDP(now, a)
	case ipv4.ProtoICMP:
		e.receiveICMP(now, a)
	default:
		e.stats.DropProtocol++
		e.unreachable(now, a, icmpv4.CodeProtocol)
	}
}

// isOwn tells whether a is one of the host's addresses.
func (e *engine) isOwn(a [4]byte) bool {
	return e.net.configured() && (a == e.net.addr || a[0] == 127)
}

// forwards tells whether a packet is one for the Forwarder: from our network to a single host of
// another.
func (e *engine) forwards(p ipv4.Packet) bool {
	if e.forwarder == nil || !e.net.configured() {
		return false
	}
	dst := p.Dst()
	// RFC 1812, 5.3.7: a router must not forward to 0/8 and 127/8; 4.2.2.11 has the rest.
	return e.net.onLink(p.Src()) && !e.net.onLink(dst) && dst[0] != 0 && dst[0] != 127 && dst[0] < 224
}

// accepts tells whether a packet is for this host and comes from a possible source.
func (e *engine) accepts(a arrival) bool {
	src, dst := a.Src(), a.Dst()
	directed, ok := e.net.directed()
	toAll := dst == broadcast || ok && dst == directed
	switch {
	case src == broadcast, ok && src == directed, isMulticast(src):
		return false // RFC 1122, 3.2.1.3: such an address "MUST NOT be used as a source address"
	case src[0] == 127, dst[0] == 127:
		// RFC 1122, 3.2.1.3(g): loopback addresses "MUST NOT appear outside a host".
		return a.from == e.hw
	case src == e.net.addr && e.net.configured():
		return a.from == e.hw // our own address from somebody else's station
	case src == [4]byte{}:
		return toAll // a host that asks for its address, RFC 1122, 3.2.1.3(a)
	case toAll || a.unicast:
		return true
	}
	// RFC 2131, 4.1: a server may send to the address that it offers, before we have it.
	return e.dhcpOn && !e.net.configured() && a.Protocol() == ipv4.ProtoUDP
}

func (e *engine) receiveUDP(now time.Time, a arrival) {
	d, err := udp.Parse(a.Payload())
	if err == nil {
		err = d.Verify(sum.Pseudo4(a.Src(), a.Dst(), ipv4.ProtoUDP, d.Length()))
	}
	if err != nil {
		e.stats.DropUDP++
		return
	}
	if e.dhcpOn && !a.forwarded() && d.DstPort() == dhcpClientPort && d.SrcPort() == dhcpServerPort {
		if e.dhcp.Receive(now, d.Payload()) != nil {
			e.stats.DropDHCP++
		}
		e.afterDHCP(now)
		return
	}
	key := tuple{a.Src(), d.DstPort(), d.SrcPort(), a.local}
	s := e.flows[key]
	switch {
	case s != nil:
	case a.forwarded():
		e.forwarder.receiveUDP(key, a, d)
		return
	default:
		s = e.sockets[d.DstPort()]
	}
	if s == nil || !e.net.configured() {
		e.stats.DropUDPPort++
		e.unreachable(now, a, icmpv4.CodePort)
		return
	}
	if s.last != nil {
		s.last.set(a)
	}
	if !s.deliver(a.Src(), d.SrcPort(), d.Payload()) {
		e.stats.DropUDPFull++
	}
}

func (e *engine) receiveTCP(now time.Time, a arrival) {
	seg, err := tcp.Parse(a.Payload())
	if err == nil {
		err = seg.Verify(sum.Pseudo4(a.Src(), a.Dst(), ipv4.ProtoTCP, len(a.Payload())))
	}
	if err != nil || !a.unicast {
		e.stats.DropTCP++ // RFC 9293, 3.9.2.3: segments to a broadcast address are discarded
		return
	}
	if a.TOS()&3 == ecnCE {
		seg = seg.Marked()
	}
	key := tuple{a.Src(), seg.DstPort(), seg.SrcPort(), a.local}
	var l *Listener
	if !a.forwarded() {
		l = e.listeners[key.lport]
	}
	if c := e.connection(key); c != nil {
		iss, reuse := c.tcb.Reusable(seg)
		if !reuse || l == nil && !a.forwarded() {
			e.receiveSegment(now, c, a, seg)
			return
		}
		e.cutTimeWait(now, c)
		if a.forwarded() {
			e.forwarder.offer(&TCPFlow{key: key, iss: iss, reuse: true}, a)
		} else {
			l.request(now, key, a, seg, iss)
		}
		return
	}
	if a.forwarded() && e.forwarder.receiveTCP(key, a, seg) {
		return
	}
	if l != nil {
		switch seg.Flags() & (tcp.SYN | tcp.ACK | tcp.RST) {
		case tcp.SYN:
			l.request(now, key, a, seg, e.iss(now, key))
			return
		case tcp.ACK:
			if l.redeem(now, key, seg) {
				return
			}
		}
	}
	e.stats.DropTCPRefused++
	e.reset(a, seg)
}

// receiveSegment hands a segment to its connection.
func (e *engine) receiveSegment(now time.Time, c *Conn, a arrival, seg tcp.Segment) {
	opening := c.tcb.State() == tcp.SynSent || c.tcb.State() == tcp.SynReceived
	c.room(len(seg.Payload()) > 0)
	err := c.tcb.Receive(now, seg)
	if err != nil {
		e.stats.DropTCPState++
	}
	e.settle(now, c)
	if err == tcp.ErrBadAck && opening {
		e.reset(a, seg) // RFC 9293, 3.10.7.3: the peer has a connection from before
	}
}

// reset answers a segment that belongs to no connection.
func (e *engine) reset(a arrival, seg tcp.Segment) {
	p := e.newPacket()
	p.src, p.dst, p.proto, p.via = a.Dst(), a.Src(), ipv4.ProtoTCP, a.from
	n := tcp.Reset(p.buf[:tcp.HeaderLen], seg, sum.Pseudo4(p.src, p.dst, ipv4.ProtoTCP, tcp.HeaderLen))
	if p.buf = p.buf[:n]; n == 0 {
		e.giveBack(p)
		return
	}
	e.enqueue(p, &e.stats.ResetsSent)
}

package stack

import (
	"encoding/binary"
	"errors"
	"syscall"
	"time"

	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/seq"
	"httptap/stack/tcp"
)

func (e *engine) receiveICMP(now time.Time, a arrival) {
	m, err := icmpv4.Parse(a.Payload())
	if err != nil {
		e.stats.DropICMP++
		return
	}
	switch m.Type() {
	case icmpv4.TypeEcho:
		if !a.unicast {
			// RFC 1122, 3.2.2.6: an Echo Request to a broadcast address "MAY be silently discarded".
			e.stats.DropICMP++
			return
		}
		if a.forwarded() {
			e.forwarder.receiveEcho(a, m)
			return
		}
		e.answerEcho(now, a, m)
	case icmpv4.TypeEchoReply:
		pg := e.pings[pingKey(m.ID(), m.Seq())]
		if pg == nil || pg.to != a.Src() || a.forwarded() {
			e.stats.DropICMP++ // an answer to nothing, or too late
			return
		}
		pg.answered, pg.at = true, now
		e.event()
	case icmpv4.TypeUnreachable, icmpv4.TypeTimeExceeded, icmpv4.TypeParameterProblem:
		e.receiveError(now, a, m)
	default:
		e.stats.DropICMP++
	}
}

// receiveError hands an ICMP error to the connection, socket or ping that it is about.
func (e *engine) receiveError(now time.Time, a arrival, m icmpv4.Message) {
	q, err := ipv4.ParseQuote(m.Body())
	key := tuple{local: a.local}
	if err != nil || q.Src() != e.localAddr(key) || q.FragmentOffset() != 0 || len(q.Payload()) < 8 {
		e.stats.DropICMP++ // not about a packet that we can have sent
		return
	}
	b := q.Payload()
	key.remote, key.lport, key.rport = q.Dst(), binary.BigEndian.Uint16(b[0:]), binary.BigEndian.Uint16(b[2:])
	failure := icmpError(m)
	tooLong := m.Type() == icmpv4.TypeUnreachable && m.Code() == icmpv4.CodeFragmentationNeeded
	switch q.Protocol() {
	case ipv4.ProtoTCP:
		c := e.conns[key]
		if c == nil || !c.tcb.InFlight(seq.Value(binary.BigEndian.Uint32(b[4:]))) {
			// RFC 5927, 4.1: the sequence number must be of data sent and not yet acknowledged.
			e.stats.DropICMP++
			return
		}
		switch {
		case tooLong:
			if !e.paths.learn(now, q, m.MTU(), e.mtu) {
				e.stats.DropICMP++
				return
			}
			mtu, _ := e.paths.to(now, q.Dst(), e.mtu)
			c.tcb.PathMTU(now, mtu)
		case c.tcb.State() == tcp.SynSent:
			c.tcb.Fail(failure)
		default:
			// RFC 5927, 5.2: "hard errors" are treated as soft ones in synchronized states.
			c.tcb.SoftError(failure)
		}
		e.settle(now, c)
	case ipv4.ProtoUDP:
		// As with the kernel, only a connected socket is told, or one that asks for it: one that
		// serves many would have its service ended by each of them.
		s := e.flows[key]
		var u *UDPConn
		if !a.forwarded() {
			u = e.sockets[key.lport]
		}
		known := tooLong && (s != nil || u != nil) && e.paths.learn(now, q, m.MTU(), e.mtu)
		if s == nil && u != nil && u.wantsErrors {
			s = u
		}
		switch {
		case s != nil:
			s.fail(failure)
		case !known: // else the next datagram is sent in pieces that fit
			e.stats.DropICMP++
		}
	case ipv4.ProtoICMP:
		pg := e.pings[binary.BigEndian.Uint32(b[4:])]
		if pg == nil || pg.to != q.Dst() || a.forwarded() || b[0] != icmpv4.TypeEcho {
			e.stats.DropICMP++
			return
		}
		if tooLong {
			e.paths.learn(now, q, m.MTU(), e.mtu)
		}
		pg.err = failure
		e.event()
	default:
		e.stats.DropICMP++
	}
}

// unreachableErrors are the kernel's numbers for the codes of TypeUnreachable.
var unreachableErrors = [...]syscall.Errno{
	icmpv4.CodeNet: syscall.ENETUNREACH, icmpv4.CodeHost: syscall.EHOSTUNREACH,
	icmpv4.CodeProtocol: syscall.ENOPROTOOPT, icmpv4.CodePort: syscall.ECONNREFUSED,
	icmpv4.CodeFragmentationNeeded: syscall.EMSGSIZE,
	5:                              syscall.EOPNOTSUPP, 6: syscall.ENETUNREACH, 7: syscall.EHOSTDOWN, 8: syscall.EHOSTUNREACH,
	9: syscall.ENETUNREACH, 10: syscall.EHOSTUNREACH, 11: syscall.ENETUNREACH,
}

// icmpError names what an ICMP error says, with the number that the kernel reports for it.
func icmpError(m icmpv4.Message) error {
	errno := syscall.EHOSTUNREACH
	switch {
	case m.Type() == icmpv4.TypeUnreachable && int(m.Code()) < len(unreachableErrors):
		errno = unreachableErrors[m.Code()]
	case m.Type() == icmpv4.TypeParameterProblem:
		errno = syscall.EPROTO
	}
	return cause{errors.New("ICMP: " + icmpv4.Describe(m.Type(), m.Code())), errno}
}

// The limits for what the host sends without being asked by its user. An attacker who asks for
// errors or echoes in somebody else's name gets no more than this; a person with ping -f does.
var (
	errorsInAll = icmpv4.Rate{Interval: time.Second / 100, Burst: 50}
	errorsToOne = icmpv4.Rate{Interval: time.Second / 10, Burst: 10}
	echoesInAll = icmpv4.Rate{Interval: time.Second / 2000, Burst: 400}
	echoesToOne = icmpv4.Rate{Interval: time.Second / 1000, Burst: 200}
)

func (e *engine) answerEcho(now time.Time, a arrival, m icmpv4.Message) {
	if !e.echoes.Allow(now, a.Src()) {
		e.stats.EchoesLimited++
		return
	}
	p := e.newPacket()
	p.src, p.dst, p.proto, p.via = a.Dst(), a.Src(), ipv4.ProtoICMP, a.from
	// RFC 1349, 5.1: "An ICMP reply message is sent with the same value in the TOS field as was used
	// in the corresponding ICMP request message." What is ECN's of it today stays out.
	p.tos = a.TOS() &^ ecnBits
	p.buf = icmpv4.AppendEcho(p.buf, icmpv4.TypeEchoReply, m.ID(), m.Seq(), m.Body())
	e.enqueue(p, &e.stats.EchoReplies)
}

// sendError sends an ICMP error about a, where one may be sent, and counts it in sent.
func (e *engine) sendError(now time.Time, a arrival, typ, code uint8, sent *uint64) {
	if !e.mayReport(a) {
		return
	}
	if !e.errors.Allow(now, a.Src()) {
		e.stats.ErrorsLimited++
		return
	}
	p := e.newPacket()
	p.src, p.dst, p.proto, p.via = e.reporter(a, typ, code), a.Src(), ipv4.ProtoICMP, a.from
	p.buf = icmpv4.AppendError(p.buf, typ, code, 0, a.Bytes())
	e.enqueue(p, sent)
}

// unreachable says that what a is for can't be reached.
func (e *engine) unreachable(now time.Time, a arrival, code uint8) {
	e.sendError(now, a, icmpv4.TypeUnreachable, code, &e.stats.Unreachables)
}

// reporter returns whose word an error about a is. Of another host's ports and protocols, and of
// fragments that it waited for, only that host itself can speak; the rest is a router's to say.
func (e *engine) reporter(a arrival, typ, code uint8) [4]byte {
	switch {
	case !a.forwarded(),
		typ == icmpv4.TypeUnreachable && (code == icmpv4.CodePort || code == icmpv4.CodeProtocol),
		typ == icmpv4.TypeTimeExceeded && code == icmpv4.CodeReassembly:
		return a.Dst()
	}
	return e.net.addr
}

// mayReport tells whether a may be answered with an ICMP error.
//
// RFC 1122, 3.2.2: "An ICMP error message MUST NOT be sent as the result of receiving: an ICMP
// error message, or a datagram destined to an IP broadcast or IP multicast address, or a datagram
// sent as a link-layer broadcast, or a non-initial fragment, or a datagram whose source address
// does not define a single host -- e.g., a zero address, a loopback address, a broadcast address, a
// multicast address, or a Class E address."
func (e *engine) mayReport(a arrival) bool {
	src := a.Src()
	switch {
	case a.Protocol() == ipv4.ProtoICMP && (len(a.Payload()) == 0 || !icmpv4.IsQuery(a.Payload()[0])):
		return false // RFC 1122, 3.2.2: a message of unknown type "MUST be silently discarded", too
	case !a.unicast:
		return false
	case a.FragmentOffset() != 0:
		return false
	}
	// What can't be a source at all was not accepted. A loopback address is ours, and within the host
	// it defines a single one: us.
	return src[0] != 0 && src[0] < 240
}

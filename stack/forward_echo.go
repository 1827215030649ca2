package stack

import (
	"net"
	"net/netip"
	"time"

	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
)

// An Echo is a ping of a neighbour to another host.
type Echo struct {
	Local   netip.Addr // whom it is for
	Remote  netip.Addr // whom it is from
	ID, Seq uint16
	Data    []byte

	last quote
	tos  uint8
}

// ReadEcho waits for the next ping and puts it into e, whose Data is used again when it is long
// enough. It fails as AcceptTCP does.
func (f *Forwarder) ReadEcho(e *Echo) error {
	f.host.mu.Lock()
	defer f.host.mu.Unlock()
	if err := f.wait(waitEcho, "icmp", func() bool { return f.waits == 0 }); err != nil {
		return err
	}
	p := &f.pings[f.first]
	data := append(e.Data[:0], p.Data...)
	*e = *p
	e.Data = data
	f.first = (f.first + 1) % maxEchoes
	f.waits--
	return nil
}

// receiveEcho queues a ping.
func (f *Forwarder) receiveEcho(a arrival, m icmpv4.Message) {
	s := &f.host.e.stats
	if f.waits == maxEchoes {
		s.DropForward++
		return
	}
	p := &f.pings[(f.first+f.waits)%maxEchoes]
	p.Local, p.Remote = netip.AddrFrom4(a.Dst()), netip.AddrFrom4(a.Src())
	p.ID, p.Seq, p.Data, p.tos = m.ID(), m.Seq(), append(p.Data[:0], m.Body()...), a.TOS()&^ecnBits
	p.last.set(a)
	f.waits++
	s.ForwardedEcho++
	f.waitIn[waitEcho].cond.Signal()
}

// Reply answers a ping in the name of the host that it is for, with e's ID, Seq and Data.
func (f *Forwarder) Reply(e *Echo) error {
	return f.answer(e, func(n *engine, _ time.Time) {
		p := n.newPacket()
		p.src, p.dst, p.proto, p.via, p.tos = e.Local.As4(), e.Remote.As4(), ipv4.ProtoICMP, e.last.from, e.tos
		p.buf = icmpv4.AppendEcho(p.buf, icmpv4.TypeEchoReply, e.ID, e.Seq, e.Data)
		n.enqueue(p, &n.stats.EchoReplies)
	})
}

// Unreachable answers a ping with an ICMP error, as TCPFlow.Unreachable does.
func (f *Forwarder) Unreachable(e *Echo, code uint8) error {
	return f.answer(e, func(n *engine, now time.Time) { e.last.report(n, now, code) })
}

func (f *Forwarder) answer(e *Echo, send func(n *engine, now time.Time)) error {
	h := f.host
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.err
	if e.last.n == 0 {
		err = ErrAddress // ReadEcho did not fill it
	}
	if err != nil {
		return &net.OpError{Op: "reply", Net: "icmp", Err: err}
	}
	send(&h.e, time.Now())
	h.kick()
	return nil
}

package stack

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"httptap/stack/ethernet"
	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/sum"
	"httptap/stack/udp"
)

// ipFrame builds a frame with any header.
func ipFrame(to link.Addr, h ipv4.Header, payload []byte) []byte {
	f := ethernet.Append(nil, to, hwPeer, ethernet.TypeIPv4)
	f = append(f, make([]byte, ipv4.HeaderLen)...)
	ipv4.Put(f[ipStart:], h, len(payload))
	return append(f, payload...)
}

// udpFrame builds a frame with a datagram to port 9.
func udpFrame(to link.Addr, src, dst [4]byte) []byte {
	b := append(make([]byte, udp.HeaderLen), "x"...)
	udp.Put(b, 7, 9, 1, sum.Pseudo4(src, dst, ipv4.ProtoUDP, len(b)))
	return ipFrame(to, ipv4.Header{Src: src, Dst: dst, Protocol: ipv4.ProtoUDP, TTL: 64}, b)
}

// sentICMP returns the ICMP messages among what the engine sends, with their packets.
func sentICMP(t testing.TB, e *engine, now time.Time) (messages []icmpv4.Message, packets []ipv4.Packet) {
	t.Helper()
	for _, b := range drain(t, e, now) {
		p, err := ipv4.Parse(b[ipStart:])
		if err != nil || p.Protocol() != ipv4.ProtoICMP {
			continue
		}
		m, err := icmpv4.Parse(p.Payload())
		if err != nil {
			t.Fatal(err)
		}
		messages, packets = append(messages, m), append(packets, p)
	}
	return messages, packets
}

// RFC 1122, 3.2.2 has a list of what is never answered with an ICMP error. Each of its lines, beside
// what differs from it by that alone and is answered.
func TestErrorsAreNotSent(t *testing.T) {
	to := func(dst [4]byte) []byte { return udpFrame(hwUs, ipPeer, dst) }
	from := func(src [4]byte) []byte { return udpFrame(hwUs, src, ipUs) }
	about := func(typ uint8) []byte { // an ICMP message in fragments that never become whole
		b := icmpv4.AppendError(nil, typ, 0, 0, make([]byte, 28))
		if typ == icmpv4.TypeEcho {
			b = icmpv4.AppendEcho(nil, typ, 1, 2, make([]byte, 24))
		}
		return ipFrame(hwUs, ipv4.Header{Src: ipPeer, Dst: ipUs, Protocol: ipv4.ProtoICMP, TTL: 64, MoreFragments: true}, b[:32])
	}
	fragment := func(off int) []byte {
		return ipFrame(hwUs, ipv4.Header{Src: ipPeer, Dst: ipUs, Protocol: ipv4.ProtoUDP, TTL: 64, MoreFragments: true, FragmentOffset: off}, make([]byte, 32))
	}
	for _, c := range []struct {
		name  string
		frame []byte
		typ   uint8 // of the answer; 0: none
	}{
		{"a datagram to a closed port is answered", to(ipUs), icmpv4.TypeUnreachable},
		{"an ICMP error is not", about(icmpv4.TypeUnreachable), 0},
		{"a redirect is one", about(icmpv4.TypeRedirect), 0},
		{"a source quench is one", about(icmpv4.TypeSourceQuench), 0},
		{"time exceeded is one", about(icmpv4.TypeTimeExceeded), 0},
		{"a parameter problem is one", about(icmpv4.TypeParameterProblem), 0},
		{"a message of unknown type may be one", about(99), 0},
		{"an echo request is none", about(icmpv4.TypeEcho), icmpv4.TypeTimeExceeded},
		{"to 255.255.255.255", udpFrame(link.Broadcast, ipPeer, broadcast), 0},
		{"to 255.255.255.255 in a unicast frame", to(broadcast), 0},
		{"to the network's broadcast address", udpFrame(link.Broadcast, ipPeer, [4]byte{10, 0, 0, 255}), 0},
		{"to a multicast address", udpFrame(link.Addr{1, 0, 0x5e, 0, 0, 1}, ipPeer, [4]byte{224, 0, 0, 1}), 0},
		{"to our address in a broadcast frame", udpFrame(link.Broadcast, ipPeer, ipUs), 0},
		{"to our address in a multicast frame", udpFrame(link.Addr{1, 0, 0x5e, 0, 0, 1}, ipPeer, ipUs), 0},
		{"fragment zero of what never becomes whole is answered", fragment(0), icmpv4.TypeTimeExceeded},
		{"a later fragment is not", fragment(8), 0},
		{"from a zero address", from([4]byte{}), 0},
		{"from network zero", from([4]byte{0, 1, 2, 3}), 0},
		{"from a loopback address", from([4]byte{127, 0, 0, 1}), 0},
		{"from 255.255.255.255", from(broadcast), 0},
		{"from the network's broadcast address", from([4]byte{10, 0, 0, 255}), 0},
		{"from a multicast address", from([4]byte{224, 0, 0, 9}), 0},
		{"from a class E address", from([4]byte{240, 1, 2, 3}), 0},
		{"from another network's host", from([4]byte{192, 0, 2, 1}), icmpv4.TypeUnreachable},
		{"a protocol that is not spoken", ipFrame(hwUs, ipv4.Header{Src: ipPeer, Dst: ipUs, Protocol: 99, TTL: 64}, []byte("x")), icmpv4.TypeUnreachable},
	} {
		h := machine()
		h.e.arp.Set(ipPeer, hwPeer)
		h.e.receive(start, c.frame)
		messages, packets := sentICMP(t, &h.e, start)
		more, morePackets := sentICMP(t, &h.e, start.Add(time.Minute))
		messages, packets = append(messages, more...), append(packets, morePackets...)
		if c.typ == 0 {
			if len(messages) != 0 {
				t.Errorf("%s: %s", c.name, icmpv4.Describe(messages[0].Type(), messages[0].Code()))
			}
			continue
		}
		if len(messages) != 1 || messages[0].Type() != c.typ {
			t.Errorf("%s: %d messages", c.name, len(messages))
			continue
		}
		if packets[0].Src() != ipUs || packets[0].TOS() != 0 {
			t.Errorf("%s: from %v, TOS %#x", c.name, packets[0].Src(), packets[0].TOS())
		}
		// RFC 1122, 3.2.2: "Every ICMP error message includes the Internet header and at least the first
		// 8 data octets of the datagram that triggered the error", unchanged.
		if want := c.frame[ipStart:]; !bytes.Equal(messages[0].Body(), want[:min(len(want), 548)]) {
			t.Errorf("%s: quotes % x, want % x", c.name, messages[0].Body(), want)
		}
	}
}

// RFC 792: a datagram that stays incomplete is reported with code 1, after the time that it is
// given, to whom it came from, and once.
func TestIncompleteDatagramIsReported(t *testing.T) {
	h := machine()
	h.e.arp.Set(ipPeer, hwPeer)
	part := func(off int) []byte {
		return ipFrame(hwUs, ipv4.Header{Src: ipPeer, Dst: ipUs, ID: 7, Protocol: ipv4.ProtoUDP, TTL: 64, MoreFragments: true, FragmentOffset: off}, make([]byte, 800))
	}
	h.e.receive(start, part(800))
	h.e.receive(start, part(0))
	d := h.e.deadline()
	if out := drain(t, &h.e, d.Add(-time.Nanosecond)); len(out) != 0 {
		t.Errorf("%d frames before the time is up", len(out))
	}
	messages, packets := sentICMP(t, &h.e, d)
	if len(messages) != 1 || messages[0].Type() != icmpv4.TypeTimeExceeded || messages[0].Code() != 1 || packets[0].Dst() != ipPeer {
		t.Fatalf("%d messages", len(messages))
	}
	if out := drain(t, &h.e, d.Add(time.Hour)); len(out) != 0 {
		t.Errorf("%d frames later", len(out))
	}
	s := h.Stats()
	if s.DropIncomplete != 2 || s.TimesExceeded != 1 || s.Fragments != 2 {
		t.Errorf("%+v", s)
	}
}

// Errors and answers to pings are limited: those to one destination leave some for the others, and
// what is not sent is counted.
func TestRatesAreLimited(t *testing.T) {
	flood := func(h *Host, n int, src [4]byte, build func(src [4]byte) []byte) (answers int) {
		for range n {
			h.e.receive(start, build(src))
			answers += len(drain(t, &h.e, start))
		}
		return answers
	}
	closed := func(src [4]byte) []byte { return udpFrame(hwUs, src, ipUs) }
	echo := func(src [4]byte) []byte {
		return ipFrame(hwUs, ipv4.Header{Src: src, Dst: ipUs, Protocol: ipv4.ProtoICMP, TTL: 64}, icmpv4.AppendEcho(nil, icmpv4.TypeEcho, 1, 2, nil))
	}
	h := machine()
	if n := flood(h, 1000, ipPeer, closed); n != errorsToOne.Burst {
		t.Errorf("%d errors at once to one host, want %d", n, errorsToOne.Burst)
	}
	if n := flood(h, 5, [4]byte{10, 0, 0, 3}, closed); n != 5 {
		t.Errorf("%d of 5 errors to another one", n)
	}
	total := 0
	for i := range 200 {
		total += flood(h, 1, [4]byte{10, 0, 0, byte(10 + i)}, closed)
	}
	if total > errorsInAll.Burst {
		t.Errorf("%d errors at once in all", total)
	}
	s := h.Stats()
	if s.ErrorsLimited+s.Unreachables != 1205 || s.DropUDPPort != 1205 {
		t.Errorf("1205 datagrams: %+v", s)
	}
	if n := flood(h, 1000, ipPeer, echo); n != echoesToOne.Burst {
		t.Errorf("%d pings answered at once to one host, want %d", n, echoesToOne.Burst)
	}
	if n := flood(h, 5, [4]byte{10, 0, 0, 3}, echo); n != 5 {
		t.Errorf("%d of 5 pings of another one", n)
	}
	if s := h.Stats(); s.EchoReplies+s.EchoesLimited != 1005 {
		t.Errorf("1005 pings: %+v", s)
	}
}

// dialed returns a socket that is connected to the peer's port 9 and what it sends.
func dialed(t *testing.T, h *Host) (*UDPConn, []byte) {
	t.Helper()
	h.e.arp.Set(ipPeer, hwPeer)
	c, err := h.dialUDP(0, netip.AddrPortFrom(netip.AddrFrom4(ipPeer), 9))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("anybody?")); err != nil {
		t.Fatal(err)
	}
	out := drain(t, &h.e, start)
	if len(out) != 1 {
		t.Fatalf("%d frames", len(out))
	}
	return c, out[0][ipStart:]
}

// A connected socket is told what the network says of what it sent, under the kernel's names, once.
func TestErrorsReachTheSocket(t *testing.T) {
	for _, c := range []struct {
		typ, code uint8
		want      syscall.Errno
	}{
		{icmpv4.TypeUnreachable, icmpv4.CodeNet, syscall.ENETUNREACH},
		{icmpv4.TypeUnreachable, icmpv4.CodeHost, syscall.EHOSTUNREACH},
		{icmpv4.TypeUnreachable, icmpv4.CodeProtocol, syscall.ENOPROTOOPT},
		{icmpv4.TypeUnreachable, icmpv4.CodePort, syscall.ECONNREFUSED},
		{icmpv4.TypeUnreachable, 5, syscall.EOPNOTSUPP},
		{icmpv4.TypeUnreachable, 6, syscall.ENETUNREACH},
		{icmpv4.TypeUnreachable, 7, syscall.EHOSTDOWN},
		{icmpv4.TypeUnreachable, 9, syscall.ENETUNREACH},
		{icmpv4.TypeUnreachable, 10, syscall.EHOSTUNREACH},
		{icmpv4.TypeUnreachable, 11, syscall.ENETUNREACH},
		{icmpv4.TypeUnreachable, 13, syscall.EHOSTUNREACH},
		{icmpv4.TypeTimeExceeded, 0, syscall.EHOSTUNREACH},
		{icmpv4.TypeParameterProblem, 0, syscall.EPROTO},
	} {
		h := machine()
		s, packet := dialed(t, h)
		h.e.receive(start, frame(1, icmpv4.AppendError(nil, c.typ, c.code, 0, packet)))
		_, err := s.Read(make([]byte, 9))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", icmpv4.Describe(c.typ, c.code), err, c.want)
		}
		if s.pending != nil {
			t.Errorf("%s: told twice", icmpv4.Describe(c.typ, c.code))
		}
	}
}

// What is not about something that was sent, or is about an unconnected socket, reaches nobody.
func TestErrorsThatReachNobody(t *testing.T) {
	change := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[at] ^= 1; return b }
	}
	for _, c := range []struct {
		name   string
		change func([]byte) []byte
	}{
		{"another source", change(15)},
		{"another destination", change(19)},
		{"another protocol", change(9)},
		{"another source port", change(21)},
		{"another destination port", change(23)},
		{"no port", func(b []byte) []byte { return b[:22] }},
		{"half a header", func(b []byte) []byte { return b[:12] }},
		{"a later fragment", func(b []byte) []byte { b[7] = 9; return b }},
		{"nothing", func(b []byte) []byte { return nil }},
	} {
		h := machine()
		s, packet := dialed(t, h)
		h.e.receive(start, frame(1, icmpv4.AppendError(nil, icmpv4.TypeUnreachable, icmpv4.CodePort, 0, c.change(bytes.Clone(packet)))))
		if s.pending != nil {
			t.Errorf("%s: the socket is told %v", c.name, s.pending)
		}
		if h.Stats().DropICMP != 1 {
			t.Errorf("%s: %+v", c.name, h.Stats())
		}
	}
	h := machine()
	h.e.arp.Set(ipPeer, hwPeer)
	s, err := h.listenUDP(5000)
	if err != nil {
		t.Fatal(err)
	}
	s.WriteToAddrPort([]byte("x"), netip.AddrPortFrom(netip.AddrFrom4(ipPeer), 9))
	out := drain(t, &h.e, start)
	h.e.receive(start, frame(1, icmpv4.AppendError(nil, icmpv4.TypeUnreachable, icmpv4.CodePort, 0, out[0][ipStart:])))
	if s.pending != nil || h.Stats().DropICMP != 1 {
		t.Errorf("an unconnected socket is told %v", s.pending)
	}
}

// RFC 768: a datagram without a checksum is taken as it is, and none is sent without.
func TestChecksumsOfUDP(t *testing.T) {
	h := machine()
	h.e.arp.Set(ipPeer, hwPeer)
	s, err := h.listenUDP(9)
	if err != nil {
		t.Fatal(err)
	}
	none := udpTo(7, 9, "hello")
	none[6], none[7] = 0, 0
	wrong := udpTo(7, 9, "hello")
	wrong[6] ^= 1
	h.e.receive(start, frame(ipv4.ProtoUDP, none))
	h.e.receive(start, frame(ipv4.ProtoUDP, wrong))
	if s.rxLen != 1 || h.Stats().DropUDP != 1 {
		t.Errorf("%d datagrams were delivered: %+v", s.rxLen, h.Stats())
	}
	// Two bytes of payload go through all sums, so that one of them comes to zero.
	zero := 0
	for i := range 1 << 16 {
		if _, err := s.WriteToAddrPort([]byte{byte(i >> 8), byte(i)}, netip.AddrPortFrom(netip.AddrFrom4(ipPeer), 9)); err != nil {
			t.Fatal(err)
		}
		for _, f := range drain(t, &h.e, start) {
			switch c := uint16(f[payloadStart+6])<<8 | uint16(f[payloadStart+7]); c {
			case 0:
				t.Fatalf("payload %#x has no checksum", i)
			case 0xffff:
				zero++
			}
		}
	}
	if zero == 0 {
		t.Error("no sum came to zero: the test shows nothing")
	}
}

// A ping is told what the network says of it.
func TestErrorsReachThePing(t *testing.T) {
	h := machine()
	h.e.arp.Set(ipPeer, hwPeer)
	pg := &ping{to: ipPeer}
	h.e.pings[5] = pg
	p := ipFrame(hwPeer, ipv4.Header{Src: ipUs, Dst: ipPeer, Protocol: ipv4.ProtoICMP, TTL: 1}, icmpv4.AppendEcho(nil, icmpv4.TypeEcho, 0, 5, nil))[ipStart:]
	h.e.receive(start, frame(1, icmpv4.AppendError(nil, icmpv4.TypeTimeExceeded, 0, 0, p)))
	if !errors.Is(pg.err, syscall.EHOSTUNREACH) || errors.Is(pg.err, context.Canceled) {
		t.Errorf("%v", pg.err)
	}
}

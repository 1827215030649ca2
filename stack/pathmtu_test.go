package stack

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/tcp"
)

// tooLong is what a router says of packet, whose next link takes mtu bytes.
func tooLong(packet []byte, mtu int) []byte {
	return frame(ipv4.ProtoICMP, icmpv4.AppendError(nil, icmpv4.TypeUnreachable, icmpv4.CodeFragmentationNeeded, uint32(mtu), packet))
}

// sentPackets returns the packets that the host sends at now.
func sentPackets(t testing.TB, h *Host, now time.Time) (out []ipv4.Packet) {
	t.Helper()
	for _, f := range drain(t, &h.e, now) {
		p, err := ipv4.Parse(f[ipStart:])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func lengths(ps []ipv4.Packet) (ls []int) {
	for _, p := range ps {
		ls = append(ls, p.TotalLen())
	}
	return ls
}

// sendDatagram sends size bytes to the peer's port 9 and returns the packets.
func sendDatagram(t *testing.T, h *Host, s *UDPConn, now time.Time, size int) []ipv4.Packet {
	t.Helper()
	if _, err := s.WriteToAddrPort(make([]byte, size), netip.AddrPortFrom(netip.AddrFrom4(ipPeer), 9)); err != nil {
		t.Fatal(err)
	}
	return sentPackets(t, h, now)
}

// A datagram that fits goes whole and must not be cut; the router's word makes the next ones
// fragments that fit, for ten minutes.
func TestPathMTUOfDatagrams(t *testing.T) {
	for _, c := range []struct {
		name  string
		mtu   int
		want  []int // lengths of what a datagram of 1472 bytes becomes
		whole bool  // one that fits the path must not be cut on the way
	}{
		{"a tunnel", 1400, []int{1396, 124}, true},
		{"IPv4's 576", 576, []int{572, 572, 396}, true},
		{"the least that is believed", 552, []int{548, 548, 444}, true},
		{"less: it is cut by us, and again by the router", 296, []int{548, 548, 444}, false},
		{"a router that does not say: the next likely one, RFC 1191, 7.1", 0, []int{1492, 28}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := machine()
			h.e.arp.Set(ipPeer, hwPeer)
			s, err := h.listenUDP(5000)
			if err != nil {
				t.Fatal(err)
			}
			ps := sendDatagram(t, h, s, start, 1472)
			if len(ps) != 1 || !ps[0].DontFragment() || ps[0].TotalLen() != 1500 {
				t.Fatalf("%v went out, and the first may be cut: %v", lengths(ps), !ps[0].DontFragment())
			}
			h.e.receive(start, tooLong(ps[0].Bytes(), c.mtu))
			if s.pending != nil {
				t.Errorf("an unconnected socket is told %v", s.pending)
			}
			ps = sendDatagram(t, h, s, start.Add(pathLife-1), 1472)
			if l := lengths(ps); !slices.Equal(l, c.want) {
				t.Errorf("it is cut to %v, want %v", l, c.want)
			}
			for _, p := range ps {
				if p.DontFragment() {
					t.Error("a fragment that must not be cut")
				}
			}
			if ps = sendDatagram(t, h, s, start, 500); len(ps) != 1 || ps[0].DontFragment() != c.whole {
				t.Errorf("500 bytes: %v, cut forbidden %v", lengths(ps), ps[0].DontFragment())
			}
			if ps = sendDatagram(t, h, s, start.Add(pathLife), 1472); len(ps) != 1 || !ps[0].DontFragment() {
				t.Errorf("ten minutes later it is cut to %v", lengths(ps))
			}
			if h.Stats().DropICMP != 0 {
				t.Errorf("%+v", h.Stats())
			}
		})
	}
}

// What a router can't have said is counted as a drop and changes nothing.
func TestPathMTUThatIsNoneIsIgnored(t *testing.T) {
	for _, c := range []struct {
		name   string
		mtu    int
		change func(b []byte)
	}{
		{"the packet fits", 1500, func([]byte) {}},
		{"the packet might have been cut", 1400, func(b []byte) { b[6] &^= 0x40 }},
		{"about a port that nobody has", 1400, func(b []byte) { b[21]++ }},
		{"about somebody else's packet", 1400, func(b []byte) { b[15]++ }},
	} {
		h := machine()
		h.e.arp.Set(ipPeer, hwPeer)
		s, err := h.listenUDP(5000)
		if err != nil {
			t.Fatal(err)
		}
		b := slices.Clone(sendDatagram(t, h, s, start, 1472)[0].Bytes())
		c.change(b)
		h.e.receive(start, tooLong(b, c.mtu))
		if ps := sendDatagram(t, h, s, start, 1472); len(ps) != 1 {
			t.Errorf("%s: datagrams are cut to %v", c.name, lengths(ps))
		}
		if h.Stats().DropICMP != 1 {
			t.Errorf("%s: %+v", c.name, h.Stats())
		}
	}
}

// A second word makes it less, never more: RFC 1191, 3.
func TestPathMTUOnlyFalls(t *testing.T) {
	h := machine()
	h.e.arp.Set(ipPeer, hwPeer)
	s, _ := h.listenUDP(5000)
	first := sendDatagram(t, h, s, start, 1472)[0].Bytes()
	for _, c := range []struct{ says, want int }{{1400, 1396}, {1450, 1396}, {1000, 996}, {1400, 996}, {552, 548}} {
		h.e.receive(start, tooLong(first, c.says))
		if ps := sendDatagram(t, h, s, start, 1472); ps[0].TotalLen() != c.want {
			t.Errorf("after %d: fragments of %d, want %d", c.says, ps[0].TotalLen(), c.want)
		}
	}
}

// A connected socket is told, as the kernel tells it; so is who pings.
func TestPathMTUIsTold(t *testing.T) {
	h := machine()
	s, packet := dialed(t, h)
	h.e.receive(start, tooLong(packet, 30))
	if _, err := s.Read(make([]byte, 9)); !errors.Is(err, syscall.EMSGSIZE) {
		t.Errorf("the socket is told %v", err)
	}
	pg := &ping{to: ipPeer}
	h.e.pings[7] = pg
	echo := func() []ipv4.Packet {
		p := h.e.newPacket()
		p.src, p.dst, p.proto, p.whole = ipUs, ipPeer, ipv4.ProtoICMP, true
		p.buf = icmpv4.AppendEcho(p.buf, icmpv4.TypeEcho, 0, 7, make([]byte, 1000))
		h.e.outgoing.push(p)
		return sentPackets(t, h, start)
	}
	// What the router of the socket's datagram said holds for a ping the same way.
	if l := lengths(echo()); !slices.Equal(l, []int{548, 500}) {
		t.Errorf("the ping goes out as %v", l)
	}
	delete(h.e.paths, ipPeer)
	h.e.receive(start, tooLong(echo()[0].Bytes(), 900))
	if !errors.Is(pg.err, syscall.EMSGSIZE) {
		t.Errorf("who pings is told %v", pg.err)
	}
	if mtu, _ := h.e.paths.to(start, ipPeer, 1500); mtu != 900 {
		t.Errorf("the path is taken for %d", mtu)
	}
}

// What a datagram's router said holds for connections to the same place, and the other way round.
func TestPathMTUIsShared(t *testing.T) {
	h := machine()
	s, _ := h.listenUDP(5000)
	h.e.arp.Set(ipPeer, hwPeer)
	h.e.receive(start, tooLong(sendDatagram(t, h, s, start, 1472)[0].Bytes(), 1000))
	c, _ := opened(t, h)
	if mss := c.tcb.Info().SndMSS; mss != 536 { // the peer's SYN had no MSS option
		t.Errorf("MSS %d", mss)
	}
	c.put(make([]byte, 3000))
	h.e.settle(start, c)
	for _, p := range sentPackets(t, h, start) {
		if p.TotalLen() > 1000 || !p.DontFragment() {
			t.Errorf("a segment of %d bytes, cut forbidden: %v", p.TotalLen(), p.DontFragment())
		}
	}
	h = machine()
	c, _ = opened(t, h)
	c.put(make([]byte, 536))
	h.e.settle(start, c)
	segment := sentPackets(t, h, start)[0]
	h.e.receive(start, tooLong(segment.Bytes(), 300))
	ps := sentPackets(t, h, start)
	if len(ps) == 0 || ps[0].TotalLen() > 552 || ps[0].DontFragment() {
		t.Errorf("behind a link of 300 bytes segments are %v, cut forbidden: %v", lengths(ps), len(ps) > 0 && ps[0].DontFragment())
	}
	s, _ = h.listenUDP(5000)
	if l := lengths(sendDatagram(t, h, s, start, 1000)); !slices.Equal(l, []int{548, 500}) {
		t.Errorf("a datagram the same way goes out as %v", l)
	}
}

// What is remembered of paths is bounded, and the oldest goes first.
func TestPathsAreBounded(t *testing.T) {
	h := machine()
	packet := make([]byte, ipv4.HeaderLen+8)
	for i := range 2 * maxPaths {
		dst := [4]byte{10, 9, byte(i >> 8), byte(i)}
		ipv4.Put(packet, ipv4.Header{Src: ipUs, Dst: dst, Protocol: ipv4.ProtoUDP, TTL: 1, DontFragment: true}, 1480)
		q, err := ipv4.ParseQuote(packet)
		if err != nil {
			t.Fatal(err)
		}
		if !h.e.paths.learn(start.Add(time.Duration(i)*time.Millisecond), q, 1000, 1500) {
			t.Fatal("not taken")
		}
	}
	if len(h.e.paths) != maxPaths {
		t.Errorf("%d are remembered", len(h.e.paths))
	}
	for i := range 2 * maxPaths {
		want := 1500
		if i >= maxPaths {
			want = 1000
		}
		if mtu, _ := h.e.paths.to(start, [4]byte{10, 9, byte(i >> 8), byte(i)}, 1500); mtu != want {
			t.Fatalf("path %d is %d, want %d", i, mtu, want)
		}
	}
}

// RFC 1122, 4.1.4 and RFC 9293, 3.9.1.8: the application says what the DS field and the TTL are, and
// ECN's bits are not its.
func TestFieldsOfTheApplication(t *testing.T) {
	h := machine()
	h.e.ttl, h.e.tos = 7, 0x20
	c, packet := opened(t, h)
	if p, _ := ipv4.Parse(packet); p.TTL() != 7 || p.TOS() != 0x20 {
		t.Errorf("a segment with TTL %d and TOS %#x", p.TTL(), p.TOS())
	}
	if err := c.SetTOS(0xb8); err != nil {
		t.Fatal(err)
	}
	c.put([]byte("x"))
	h.e.settle(start, c)
	if p := sentPackets(t, h, start)[0]; p.TOS() != 0xb8 {
		t.Errorf("a segment with TOS %#x", p.TOS())
	}
	s, _ := h.listenUDP(5000)
	if p := sendDatagram(t, h, s, start, 9)[0]; p.TTL() != 7 || p.TOS() != 0x20 {
		t.Errorf("a datagram with TTL %d and TOS %#x", p.TTL(), p.TOS())
	}
	if err := s.SetTOS(4); err != nil {
		t.Fatal(err)
	}
	if p := sendDatagram(t, h, s, start, 9)[0]; p.TOS() != 4 {
		t.Errorf("a datagram with TOS %#x", p.TOS())
	}
	for _, bad := range []int{-4, 1, 2, 3, 0xb9, 256} {
		for _, err := range []error{c.SetTOS(bad), s.SetTOS(bad)} {
			if !errors.Is(err, ErrTOS) || !errors.Is(err, syscall.EINVAL) {
				t.Errorf("TOS %d: %v", bad, err)
			}
		}
	}
	h = machine()
	ping := ipFrame(hwUs, ipv4.Header{Src: ipPeer, Dst: ipUs, Protocol: ipv4.ProtoICMP, TTL: 3, TOS: 0xb9}, icmpv4.AppendEcho(nil, icmpv4.TypeEcho, 1, 2, nil))
	h.e.receive(start, ping)
	if p := sentPackets(t, h, start)[0]; p.TOS() != 0xb8 || p.TTL() != 64 {
		t.Errorf("a ping with TOS 0xb9 is answered with TOS %#x and TTL %d", p.TOS(), p.TTL())
	}
}

// Marks of congestion stand beside the application's code point.
func TestFieldsWithECN(t *testing.T) {
	h := machine()
	h.cfg.ECN = true
	h.e.arp.Set(ipPeer, hwPeer)
	key := tuple{remote: ipPeer, lport: 50000, rport: 80}
	c := h.newConn(key)
	c.tos = 0xb8
	c.tcb.Open(start, c.config(start, h.e.iss(start, c.key)))
	h.e.conns[key] = c
	h.e.settle(start, c)
	syn, _ := sentSegments(t, &h.e, start)
	h.e.receive(start, peerSegment(ipPeer, ipUs, hwUs, tcp.Header{SrcPort: 80, DstPort: 50000, Seq: 9, Ack: syn[0].Seq().Add(1), Flags: tcp.SYN | tcp.ACK | tcp.ECE, Window: 9999}, nil))
	c.put(make([]byte, 100))
	h.e.settle(start, c)
	if ps := sentPackets(t, h, start); ps[len(ps)-1].TOS() != 0xb8|ecnECT0 {
		t.Errorf("data with TOS %#x", ps[len(ps)-1].TOS())
	}
}

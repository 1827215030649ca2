package stack

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"httptap/stack/ethernet"
	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/seq"
	"httptap/stack/sum"
	"httptap/stack/tcp"
)

// What RFC 9293 asks of the host below and around a connection. The table of all requirements is
// in package tcp.

// peerSegment builds a frame with a segment of the peer's.
func peerSegment(src, dst [4]byte, hw link.Addr, h tcp.Header, ipOptions []byte) []byte {
	seg := make([]byte, tcp.HeaderLen)
	tcp.Put(seg, h, 0, sum.Pseudo4(src, dst, ipv4.ProtoTCP, len(seg)))
	f := ethernet.Append(nil, hw, hwPeer, ethernet.TypeIPv4)
	ip := make([]byte, ipv4.HeaderLen+len(ipOptions), ipv4.HeaderLen+len(ipOptions)+len(seg))
	ipv4.Put(ip, ipv4.Header{Src: src, Dst: dst, Protocol: ipv4.ProtoTCP, TTL: 64}, len(ipOptions)+len(seg))
	if n := len(ipOptions); n > 0 {
		ip[0] += byte(n / 4)
		copy(ip[ipv4.HeaderLen:], ipOptions)
		ip[10], ip[11] = 0, 0
		c := sum.Partial(0).Add(ip).Checksum()
		ip[10], ip[11] = byte(c>>8), byte(c)
	}
	return append(append(f, ip...), seg...)
}

// sentSegments returns the segments among what the engine sends, with their packets.
func sentSegments(t testing.TB, e *engine, now time.Time) (segs []tcp.Segment, packets []ipv4.Packet) {
	t.Helper()
	for _, b := range drain(t, e, now) {
		p, err := ipv4.Parse(b[ipStart:])
		if err != nil || p.Protocol() != ipv4.ProtoTCP {
			continue
		}
		s, err := tcp.Parse(p.Payload())
		if err != nil {
			t.Fatal(err)
		}
		segs, packets = append(segs, s), append(packets, p)
	}
	return segs, packets
}

// listening returns a machine that knows the peer and listens on port 80.
func listening(t testing.TB) *Host {
	h := machine()
	h.e.arp.Set(ipPeer, hwPeer)
	if _, err := h.Listen("tcp", ":80"); err != nil {
		t.Fatal(err)
	}
	return h
}

// opened returns a connection of h's to the peer's port, in ESTABLISHED with data in flight, and
// the packet of the data.
func opened(t testing.TB, h *Host) (*Conn, []byte) {
	t.Helper()
	h.e.arp.Set(ipPeer, hwPeer)
	key := tuple{remote: ipPeer, lport: 50000, rport: 80}
	c := h.newConn(key)
	c.tcb.Open(start, c.config(start, h.e.iss(start, c.key)))
	h.e.conns[key] = c
	h.e.settle(start, c)
	syn, _ := sentSegments(t, &h.e, start)
	h.e.receive(start, peerSegment(ipPeer, ipUs, hwUs, tcp.Header{SrcPort: 80, DstPort: 50000, Seq: 9, Ack: syn[0].Seq().Add(1), Flags: tcp.SYN | tcp.ACK, Window: 9999}, nil))
	c.put(make([]byte, 100))
	h.e.settle(start, c)
	_, packets := sentSegments(t, &h.e, start)
	if c.tcb.State() != tcp.Established || len(packets) != 1 {
		t.Fatalf("%v, %d packets", c.tcb.State(), len(packets))
	}
	return c, packets[0].Bytes()
}

// RFC 9293, 3.4.1: the clock-driven part, and "F() MUST NOT be computable from the outside".
func TestInitialSequenceNumbers(t *testing.T) {
	h := machine()
	k := tuple{remote: ipPeer, lport: 50000, rport: 80}
	if d := h.e.iss(start.Add(time.Second), k).Diff(h.e.iss(start, k)); d != 250_000 {
		t.Errorf("a second is %d numbers, one each 4 microseconds are 250000", d)
	}
	seen := map[seq.Value]bool{}
	for i := range uint16(1000) {
		seen[h.e.iss(start, tuple{remote: ipPeer, lport: 50000 + i, rport: 80})] = true
	}
	if len(seen) < 999 {
		t.Errorf("1000 connections begin at %d numbers: they can be guessed from each other", len(seen))
	}
	other := machine()
	other.e.init(link.Info{HardwareAddr: hwUs, MTU: 1500}, hwUs, [32]byte{2})
	other.e.setStatic(netip.PrefixFrom(netip.AddrFrom4(ipUs), 24), netip.Addr{}, nil)
	if h.e.iss(start, k) == other.e.iss(start, k) {
		t.Error("another secret gives the same number")
	}
}

// RFC 9293, 3.9.2.3: addresses of incoming segments. "An incoming SYN with an invalid source address
// MUST be ignored"; "MUST silently discard an incoming SYN segment that is addressed to a broadcast
// or multicast address".
func TestSegmentsWithInvalidAddresses(t *testing.T) {
	group := link.Addr{0x01, 0x00, 0x5e, 0, 0, 1}
	for _, c := range []struct {
		name     string
		src, dst [4]byte
		hw       link.Addr
		answered int
	}{
		{"from the peer to us: answered", ipPeer, ipUs, hwUs, 1},
		{"to the limited broadcast address", ipPeer, broadcast, link.Broadcast, 0},
		{"to the network's broadcast address", ipPeer, [4]byte{10, 0, 0, 255}, link.Broadcast, 0},
		{"to the network's broadcast address in a frame to us", ipPeer, [4]byte{10, 0, 0, 255}, hwUs, 0},
		{"to a group", ipPeer, [4]byte{224, 0, 0, 1}, group, 0},
		{"to a group in a frame to us", ipPeer, [4]byte{224, 0, 0, 1}, hwUs, 0},
		{"to us in a frame to everybody", ipPeer, ipUs, link.Broadcast, 0},
		{"from the limited broadcast address", broadcast, ipUs, hwUs, 0},
		{"from the network's broadcast address", [4]byte{10, 0, 0, 255}, ipUs, hwUs, 0},
		{"from a group", [4]byte{224, 0, 0, 1}, ipUs, hwUs, 0},
		{"from loopback", [4]byte{127, 0, 0, 1}, ipUs, hwUs, 0},
		{"from nobody", [4]byte{}, ipUs, hwUs, 0},
		{"from our own address", ipUs, ipUs, hwUs, 0},
	} {
		for _, port := range []uint16{80, 81} { // one listens, the other would be reset
			h := listening(t)
			h.e.receive(start, peerSegment(c.src, c.dst, c.hw, tcp.Header{SrcPort: 9, DstPort: port, Flags: tcp.SYN, Window: 99}, nil))
			if out, _ := sentSegments(t, &h.e, start); len(out) != c.answered {
				t.Errorf("a SYN %s, port %d: %d segments answer, want %d", c.name, port, len(out), c.answered)
			}
			if s := h.e.stats; c.answered == 0 && s.DropAddress+s.DropTCP != 1 {
				t.Errorf("a SYN %s, port %d: it is not counted: %+v", c.name, port, s)
			}
		}
	}
}

// RFC 9293, 3.10.7.1 and 3.10.7.2: what a port without connection answers.
func TestSegmentsToNoConnection(t *testing.T) {
	for _, c := range []struct {
		name  string
		port  uint16
		flags tcp.Flags
		want  tcp.Flags // 0: nothing
	}{
		{"CLOSED: a SYN is reset", 81, tcp.SYN, tcp.RST | tcp.ACK},
		{"CLOSED: an ACK is reset", 81, tcp.ACK, tcp.RST},
		{"CLOSED: a FIN is reset", 81, tcp.FIN, tcp.RST | tcp.ACK},
		{"CLOSED: a segment without flags is reset", 81, 0, tcp.RST | tcp.ACK},
		{"CLOSED: a RST is discarded", 81, tcp.RST, 0},
		{"CLOSED: a RST,ACK is discarded", 81, tcp.RST | tcp.ACK, 0},
		{"LISTEN: a RST is ignored", 80, tcp.RST, 0},
		{"LISTEN: a RST with SYN is ignored", 80, tcp.RST | tcp.SYN, 0},
		{"LISTEN: any acknowledgment is bad", 80, tcp.ACK, tcp.RST},
		{"LISTEN: a SYN,ACK is bad", 80, tcp.SYN | tcp.ACK, tcp.RST},
		{"LISTEN: a SYN is answered", 80, tcp.SYN, tcp.SYN | tcp.ACK},
	} {
		h := listening(t)
		h.e.receive(start, peerSegment(ipPeer, ipUs, hwUs, tcp.Header{SrcPort: 9, DstPort: c.port, Seq: 500, Ack: 700, Flags: c.flags, Window: 99}, nil))
		out, _ := sentSegments(t, &h.e, start)
		switch {
		case c.want == 0 && len(out) == 0:
		case c.want != 0 && len(out) == 1 && out[0].Flags() == c.want:
			if c.want == tcp.RST && out[0].Seq() != 700 {
				t.Errorf("%s: <SEQ=SEG.ACK><CTL=RST> has the number %d", c.name, out[0].Seq())
			}
			if n := uint32(500 + map[bool]int{true: 1}[c.flags&(tcp.SYN|tcp.FIN) != 0]); c.want == tcp.RST|tcp.ACK && (out[0].Seq() != 0 || uint32(out[0].Ack()) != n) {
				t.Errorf("%s: <SEQ=0><ACK=SEG.SEQ+SEG.LEN> has %d and %d", c.name, out[0].Seq(), out[0].Ack())
			}
		default:
			t.Errorf("%s: %d segments are sent, want %v", c.name, len(out), c.want)
		}
	}
}

// RFC 9293, 3.5.2: if "the incoming segment acknowledges something not yet sent" before the
// handshake is over, "a reset is sent", and the connection "remains in the same state".
func TestHalfOpenPeerIsReset(t *testing.T) {
	h := machine()
	h.e.arp.Set(ipPeer, hwPeer)
	key := tuple{remote: ipPeer, lport: 50000, rport: 80}
	c := h.newConn(key)
	c.tcb.Open(start, c.config(start, h.e.iss(start, c.key)))
	h.e.conns[key] = c
	h.e.settle(start, c)
	sentSegments(t, &h.e, start)
	h.e.receive(start, peerSegment(ipPeer, ipUs, hwUs, tcp.Header{SrcPort: 80, DstPort: 50000, Seq: 300, Ack: 100, Flags: tcp.ACK, Window: 9}, nil))
	out, _ := sentSegments(t, &h.e, start)
	if len(out) != 1 || out[0].Flags() != tcp.RST || out[0].Seq() != 100 || c.tcb.State() != tcp.SynSent {
		t.Errorf("%d segments, in %v: figure 9 has <SEQ=100><CTL=RST> and SYN-SENT", len(out), c.tcb.State())
	}
}

// RFC 9293, 3.9.2: "a TCP implementation MUST ignore options that it does not understand", of IP.
func TestSegmentsWithIPOptions(t *testing.T) {
	for name, o := range map[string][]byte{
		"no operation": {1, 1, 1, 0}, "an unknown one": {0x9e, 4, 1, 2}, "router alert": {148, 4, 0, 0},
		"record route": {7, 7, 4, 0, 0, 0, 0, 0}, "a timestamp": {68, 8, 5, 0, 0, 0, 0, 0},
	} {
		h := listening(t)
		h.e.receive(start, peerSegment(ipPeer, ipUs, hwUs, tcp.Header{SrcPort: 9, DstPort: 80, Flags: tcp.SYN, Window: 99}, o))
		if out, _ := sentSegments(t, &h.e, start); len(out) != 1 || out[0].Flags() != tcp.SYN|tcp.ACK {
			t.Errorf("a SYN in a packet with %s: %d segments answer: %+v", name, len(out), h.e.stats)
		}
	}
}

// RFC 9293, 3.9.2.2: "MUST act on an ICMP error message passed up from the IP layer, directing it to
// the connection that created the error".
func TestICMPErrorsOfAnOpenConnection(t *testing.T) {
	for _, c := range []struct {
		name      string
		typ, code uint8
		rest      uint32
		soft      string // what Info says; "": nothing
	}{
		{"net unreachable", 3, 0, 0, "network"},
		{"host unreachable", 3, 1, 0, "host"},
		{"source route failed", 3, 5, 0, "route"},
		{"time to live exceeded in transit", 11, 0, 0, "time"},
		{"fragment reassembly time exceeded", 11, 1, 0, "reassembly"},
		{"parameter problem", 12, 0, 0, "parameter"},
		{"protocol unreachable", 3, 2, 0, "protocol"},
		{"port unreachable", 3, 3, 0, "port"},
		{"source quench", icmpv4.TypeSourceQuench, 0, 0, ""},
		{"a redirect", 5, 1, 0, ""},
	} {
		h := machine()
		conn, data := opened(t, h)
		h.e.receive(start, frame(1, icmpv4.AppendError(nil, c.typ, c.code, c.rest, data)))
		i := conn.tcb.Info()
		if i.State != tcp.Established || conn.tcb.Err() != nil {
			t.Errorf("%s: %v, %v: it is no reason to abort", c.name, i.State, conn.tcb.Err())
		}
		switch {
		case c.soft == "" && i.Soft != nil:
			t.Errorf("%s: it is not discarded: %v", c.name, i.Soft)
		case c.soft != "" && (i.Soft == nil || !strings.Contains(strings.ToLower(i.Soft.Error()), c.soft)):
			t.Errorf("%s: the application learns %v", c.name, i.Soft)
		}
		if out, _ := sentSegments(t, &h.e, start); len(out) != 0 {
			t.Errorf("%s: %d segments are sent", c.name, len(out))
		}
	}
}

// RFC 9293, 3.9.2.2, hard errors: "TCP implementations SHOULD abort the connection": while it opens.
func TestHardICMPErrorsEndAnOpening(t *testing.T) {
	for code, want := range map[uint8]syscall.Errno{icmpv4.CodeProtocol: syscall.ENOPROTOOPT, icmpv4.CodePort: syscall.ECONNREFUSED} {
		h := machine()
		h.e.arp.Set(ipPeer, hwPeer)
		key := tuple{remote: ipPeer, lport: 50000, rport: 80}
		c := h.newConn(key)
		c.tcb.Open(start, c.config(start, h.e.iss(start, c.key)))
		h.e.conns[key] = c
		h.e.settle(start, c)
		_, syn := sentSegments(t, &h.e, start)
		h.e.receive(start, frame(1, icmpv4.AppendError(nil, icmpv4.TypeUnreachable, code, 0, syn[0].Bytes())))
		if !errors.Is(c.tcb.Err(), want) || c.tcb.State() != tcp.Closed {
			t.Errorf("code %d: %v, %v", code, c.tcb.State(), c.tcb.Err())
		}
	}
}

// RFC 9293, 3.9.1.1: "it MUST NOT affect any previously created connection record", and LISTEN "while
// a connection block with the same local port is in SYN-SENT or SYN-RECEIVED state".
func TestPassiveOpenBesideOthers(t *testing.T) {
	h := machine()
	h.e.arp.Set(ipPeer, hwPeer)
	key := tuple{remote: ipPeer, lport: 80, rport: 9}
	c := h.newConn(key)
	c.tcb.Open(start, c.config(start, h.e.iss(start, c.key)))
	h.e.conns[key] = c
	h.e.settle(start, c)
	sentSegments(t, &h.e, start)
	l, err := h.Listen("tcp", ":80")
	if err != nil || c.tcb.State() != tcp.SynSent {
		t.Fatalf("LISTEN beside SYN-SENT: %v, %v", err, c.tcb.State())
	}
	if _, err := h.Listen("tcp", ":80"); !errors.Is(err, syscall.EADDRINUSE) || h.e.listeners[80] != l {
		t.Errorf("LISTEN twice: %v", err)
	}
	syn := peerSegment(ipPeer, ipUs, hwUs, tcp.Header{SrcPort: 10, DstPort: 80, Flags: tcp.SYN, Window: 99}, nil)
	h.e.receive(start, syn)
	sentSegments(t, &h.e, start)
	half := h.e.conns[tuple{remote: ipPeer, lport: 80, rport: 10}]
	if half == nil || half.tcb.State() != tcp.SynReceived {
		t.Fatal("no connection in SYN-RECEIVED")
	}
	l.Close()
	if _, err := h.Listen("tcp", ":80"); err != nil {
		t.Errorf("LISTEN after another has closed: %v", err)
	}
	if c.tcb.State() != tcp.SynSent {
		t.Errorf("the connection that was opening is in %v", c.tcb.State())
	}
}

// RFC 9293, 3.9.1.1: "A TCP implementation MUST reject as an error a local OPEN call for an invalid
// remote IP address (e.g., a broadcast or multicast address)".
func TestDialOfInvalidAddresses(t *testing.T) {
	h := machine()
	for _, a := range []string{"255.255.255.255:80", "10.0.0.255:80", "224.0.0.1:80", "239.255.255.250:80", "10.0.0.2:0"} {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // an open that is begun ends at once, with another error
		if _, err := h.DialTCP(ctx, netip.AddrPort{}, netip.MustParseAddrPort(a)); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v", a, err)
		}
		if out := drain(t, &h.e, start); len(out) != 0 {
			t.Errorf("%s: %d frames are sent", a, len(out))
		}
	}
	if _, err := h.DialTCP(context.Background(), netip.MustParseAddrPort("10.0.0.7:0"), netip.MustParseAddrPort("10.0.0.2:80")); !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("from an address that is not ours: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.DialTCP(ctx, netip.MustParseAddrPort("10.0.0.1:4000"), netip.MustParseAddrPort("10.0.0.2:80")); !errors.Is(err, context.Canceled) {
		t.Errorf("from our own address: %v", err)
	}
}

// RFC 9293, 3.9.1.1: the local address may be given, is the IP layer's otherwise, and "TCP
// implementations MUST use the same local address that was used in those previous segments".
func TestLocalAddressOfSegments(t *testing.T) {
	h := machine()
	c, _ := opened(t, h)
	if c.LocalAddr().String() != "10.0.0.1:50000" {
		t.Errorf("the local address is %v", c.LocalAddr())
	}
	c.tcb.CloseWrite(start)
	h.e.settle(start, c)
	for now := start; c.tcb.State() != tcp.Closed; now = h.e.deadline() { // the data and its FIN, again and again
		_, packets := sentSegments(t, &h.e, now)
		for _, p := range packets {
			if p.Src() != ipUs || p.Dst() != ipPeer || !p.DontFragment() {
				t.Fatalf("from %v to %v, may be cut: %v", p.Src(), p.Dst(), !p.DontFragment())
			}
		}
		if now.Sub(start) > time.Hour {
			t.Fatal("it never ends")
		}
	}
	passive := listening(t)
	passive.e.receive(start, peerSegment(ipPeer, ipUs, hwUs, tcp.Header{SrcPort: 9, DstPort: 80, Flags: tcp.SYN, Window: 99}, nil))
	if _, packets := sentSegments(t, &passive.e, start); len(packets) != 1 || packets[0].Src() != ipUs {
		t.Error("a passive open binds the address that the SYN came to")
	}
}

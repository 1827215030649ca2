package stack

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/gopacket/pcapgo"

	"httptap/stack/arp"
	"httptap/stack/dhcpv4"
	"httptap/stack/ethernet"
	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/sum"
	"httptap/stack/tcp"
	"httptap/stack/udp"
)

var (
	hwUs, hwPeer = link.LocalAddr("us"), link.LocalAddr("peer")
	ipUs, ipPeer = [4]byte{10, 0, 0, 1}, [4]byte{10, 0, 0, 2}
	start        = time.Unix(1_000_000, 0)
)

// machine returns a host without its goroutines: the engine, driven by hand.
func machine() *Host {
	h := &Host{cfg: Config{SendBuffer: 4096, ReceiveBuffer: 4096, HardwareAddr: hwUs}}
	h.tx.L, h.news.L = &h.mu, &h.mu
	h.e.init(link.Info{HardwareAddr: hwUs, MTU: 1500}, hwUs, [32]byte{1})
	h.e.event = func() {}
	h.e.setStatic(netip.PrefixFrom(netip.AddrFrom4(ipUs), 24), netip.Addr{}, nil)
	return h
}

// frame builds what the peer sends.
func frame(proto uint8, payload []byte) []byte {
	f := ethernet.Append(nil, hwUs, hwPeer, ethernet.TypeIPv4)
	f = append(f, make([]byte, ipv4.HeaderLen)...)
	ipv4.Put(f[ipStart:], ipv4.Header{Src: ipPeer, Dst: ipUs, Protocol: proto, TTL: 64}, len(payload))
	return append(f, payload...)
}

func udpTo(src, dst uint16, payload string) []byte {
	b := append(make([]byte, udp.HeaderLen), payload...)
	udp.Put(b, src, dst, len(payload), sum.Pseudo4(ipPeer, ipUs, ipv4.ProtoUDP, len(b)))
	return b
}

func segment(h tcp.Header, payload string) []byte {
	b := append(make([]byte, tcp.HeaderLen), payload...)
	tcp.Put(b, h, 0, sum.Pseudo4(ipPeer, ipUs, ipv4.ProtoTCP, len(b)))
	return b
}

// drain returns the frames that the engine sends at now.
func drain(t testing.TB, e *engine, now time.Time) (out [][]byte) {
	t.Helper()
	for range 1000 {
		b := make([]byte, 1514)
		n := e.transmit(now, b)
		if n == 0 {
			if d := e.deadline(); !d.IsZero() && !d.After(now) {
				t.Fatalf("nothing to send at %v, but the deadline is %v", now, d)
			}
			return out
		}
		out = append(out, b[:n])
	}
	t.Fatal("the engine never stops sending")
	return nil
}

// TestEveryDropIsCounted: each kind of bad input raises the counter that names it, and nothing
// is sent but where an RFC asks for it.
func TestEveryDropIsCounted(t *testing.T) {
	turn := func(b []byte, i int) []byte { b[i] ^= 0xff; return b }
	fragment := func(payload string, offset int, more bool) []byte {
		f := ethernet.Append(nil, hwUs, hwPeer, ethernet.TypeIPv4)
		f = append(f, make([]byte, ipv4.HeaderLen)...)
		ipv4.Put(f[ipStart:], ipv4.Header{Src: ipPeer, Dst: ipUs, Protocol: 17, TTL: 64, FragmentOffset: offset, MoreFragments: more}, len(payload))
		return append(f, payload...)
	}
	from := func(src [4]byte) []byte {
		b := frame(17, udpTo(1, 2, "x"))
		ipv4.Put(b[ipStart:], ipv4.Header{Src: src, Dst: ipUs, Protocol: 17, TTL: 64}, len(b)-payloadStart)
		return b
	}
	for _, c := range []struct {
		name  string
		frame []byte
		count func(Stats) uint64
		sends int
	}{
		{"half a header", make([]byte, 13), func(s Stats) uint64 { return s.DropShort }, 0},
		{"another station's", ethernet.Append(nil, hwPeer, hwPeer, ethernet.TypeIPv4), func(s Stats) uint64 { return s.DropNotForUs }, 0},
		{"a type that is not spoken", ethernet.Append(nil, hwUs, hwPeer, 0x88cc), func(s Stats) uint64 { return s.DropType }, 0},
		{"ARP of nine bytes", append(ethernet.Append(nil, hwUs, hwPeer, ethernet.TypeARP), make([]byte, 9)...), func(s Stats) uint64 { return s.DropARP }, 0},
		{"ARP from a liar", arp.Append(ethernet.Append(nil, hwUs, hwPeer, ethernet.TypeARP), 2, link.Broadcast, ipPeer, hwUs, ipUs), func(s Stats) uint64 { return s.DropARP }, 0},
		{"a wrong header checksum", turn(frame(17, udpTo(1, 2, "x")), ipStart+10), func(s Stats) uint64 { return s.DropIP }, 0},
		{"no IP header", ethernet.Append(nil, hwUs, hwPeer, ethernet.TypeIPv4), func(s Stats) uint64 { return s.DropIP }, 0},
		{"from a group", from([4]byte{224, 0, 0, 1}), func(s Stats) uint64 { return s.DropAddress }, 0},
		{"from everybody", from([4]byte{255, 255, 255, 255}), func(s Stats) uint64 { return s.DropAddress }, 0},
		{"from the network's broadcast", from([4]byte{10, 0, 0, 255}), func(s Stats) uint64 { return s.DropAddress }, 0},
		{"from loopback", from([4]byte{127, 0, 0, 1}), func(s Stats) uint64 { return s.DropAddress }, 0},
		{"from our own address", from(ipUs), func(s Stats) uint64 { return s.DropAddress }, 0},
		{"an odd fragment", fragment("1234567", 0, true), func(s Stats) uint64 { return s.DropFragment }, 0},
		{"a protocol that is not spoken", frame(99, []byte("x")), func(s Stats) uint64 { return s.DropProtocol }, 1},
		{"a lying length", frame(17, turn(udpTo(1, 2, "x"), 5)), func(s Stats) uint64 { return s.DropUDP }, 0},
		{"a datagram's wrong checksum", frame(17, turn(udpTo(1, 2, "x"), 8)), func(s Stats) uint64 { return s.DropUDP }, 0},
		{"a closed UDP port", frame(17, udpTo(1, 2, "x")), func(s Stats) uint64 { return s.DropUDPPort }, 1},
		{"a data offset of 4 words", frame(6, turn(segment(tcp.Header{Flags: tcp.SYN}, ""), 12)), func(s Stats) uint64 { return s.DropTCP }, 0},
		{"a segment's wrong checksum", frame(6, turn(segment(tcp.Header{Flags: tcp.SYN}, ""), 4)), func(s Stats) uint64 { return s.DropTCP }, 0},
		{"a closed TCP port", frame(6, segment(tcp.Header{SrcPort: 9, DstPort: 9, Flags: tcp.SYN}, "")), func(s Stats) uint64 { return s.DropTCPRefused }, 1},
		{"a reset to nobody is not answered", frame(6, segment(tcp.Header{SrcPort: 9, DstPort: 9, Flags: tcp.RST}, "")), func(s Stats) uint64 { return s.DropTCPRefused }, 0},
		{"ICMP with a wrong checksum", frame(1, turn(icmpv4.AppendEcho(nil, 8, 1, 2, nil), 2)), func(s Stats) uint64 { return s.DropICMP }, 0},
		{"an error about nothing of ours", frame(1, icmpv4.AppendError(nil, 3, 1, 0, frame(6, make([]byte, 20))[14:])), func(s Stats) uint64 { return s.DropICMP }, 0},
		{"a redirect", frame(1, icmpv4.AppendError(nil, 5, 1, 0, nil)), func(s Stats) uint64 { return s.DropICMP }, 0},
	} {
		h := machine()
		h.e.receive(start, c.frame)
		if n := c.count(h.Stats()); n != 1 {
			t.Errorf("%s: its counter is %d: %+v", c.name, n, h.Stats())
		}
		if out := drain(t, &h.e, start); len(out) != c.sends {
			t.Errorf("%s: %d frames were sent, want %d", c.name, len(out), c.sends)
		}
	}
}

// An ICMP error reaches the connection that it is about, and only while the quoted segment is
// in flight.
func TestICMPErrorReachesTheConnection(t *testing.T) {
	h := machine()
	h.e.arp.Set(ipPeer, hwPeer)
	key := tuple{remote: ipPeer, lport: 50000, rport: 80}
	c := h.newConn(key)
	c.tcb.Open(start, c.config(start, h.e.iss(start, c.key)))
	h.e.conns[key] = c
	h.e.settle(start, c)
	syn := drain(t, &h.e, start)
	if len(syn) != 1 {
		t.Fatalf("%d frames", len(syn))
	}
	old := append([]byte(nil), syn[0][ipStart:]...)
	old[ipv4.HeaderLen+4] ^= 0x40 // a sequence number that is not in flight
	h.e.receive(start, frame(1, icmpv4.AppendError(nil, icmpv4.TypeUnreachable, icmpv4.CodeHost, 0, old)))
	if c.tcb.Err() != nil {
		t.Fatalf("RFC 5927: an error about a segment that is not in flight: %v", c.tcb.Err())
	}
	h.e.receive(start, frame(1, icmpv4.AppendError(nil, icmpv4.TypeUnreachable, icmpv4.CodeHost, 0, syn[0][ipStart:])))
	if c.tcb.Err() == nil {
		t.Error("the connection does not know that its peer is unreachable")
	}
}

// The answer to a ping of any size that IP allows comes back whole, in fragments if need be.
func TestPingOfAnySize(t *testing.T) {
	for _, n := range []int{0, 1, 1472, 1473, 20000, 65507} {
		h := machine()
		echo := icmpv4.AppendEcho(nil, icmpv4.TypeEcho, 7, 9, make([]byte, n))
		for off := 0; off < len(echo); off += 1480 {
			part := echo[off:min(off+1480, len(echo))]
			f := frame(1, part)
			ipv4.Put(f[ipStart:], ipv4.Header{Src: ipPeer, Dst: ipUs, Protocol: 1, TTL: 64, ID: 5, FragmentOffset: off, MoreFragments: off+1480 < len(echo)}, len(part))
			h.e.receive(start, f)
		}
		var r ipv4.Reassembler
		r.Reset(ipv4.ReassemblerConfig{})
		var whole ipv4.Packet
		for _, f := range drain(t, &h.e, start) {
			p, err := ipv4.Parse(f[ipStart:])
			if err != nil {
				t.Fatal(err)
			}
			if !p.IsFragment() {
				whole = p
			} else if whole, err = r.Receive(start, p); err != nil {
				t.Fatal(err)
			}
		}
		if !whole.Valid() {
			t.Errorf("%d bytes: no answer", n)
			continue
		}
		if m, err := icmpv4.Parse(whole.Payload()); err != nil || m.Type() != icmpv4.TypeEchoReply || len(m.Body()) != n {
			t.Errorf("%d bytes: the answer has %d, %v", n, len(m.Body()), err)
		}
	}
}

// The host is fed frames from public captures, readdressed to it, and never panics or loops.
func TestPublicCapturesDoNoHarm(t *testing.T) {
	files, _ := filepath.Glob("../../shared/captures/pcapplusplus/*.pcap")
	if len(files) == 0 {
		t.Skip("needs the public captures in ../shared/captures/pcapplusplus")
	}
	h := machine()
	now := start
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := pcapgo.NewReader(f)
		for err == nil {
			var b []byte
			if b, _, err = r.ReadPacketData(); err == nil && len(b) >= 14 {
				copy(b, hwUs[:])
				h.e.receive(now, b)
				drain(t, &h.e, now)
				now = now.Add(time.Second)
			}
		}
		f.Close()
	}
	if h.e.stats.FramesIn < 1000 {
		t.Errorf("only %d frames", h.e.stats.FramesIn)
	}
}

// FuzzEngine: three frames of any bytes, behind the right addresses, to a host with a listener,
// a connection, a socket and a DHCP client: it never panics, stops sending, keeps its deadline.
func FuzzEngine(f *testing.F) {
	f.Add(frame(6, segment(tcp.Header{SrcPort: 9, DstPort: 80, Seq: 5, Flags: tcp.SYN, Window: 1000}, "")), frame(17, udpTo(67, 68, "x")), frame(1, icmpv4.AppendEcho(nil, 8, 1, 2, nil)), uint32(100))
	f.Add(arp.Append(ethernet.Append(nil, hwUs, hwPeer, ethernet.TypeARP), 1, hwPeer, ipPeer, hwUs, ipUs), frame(17, udpTo(1, 53, "x")), frame(6, segment(tcp.Header{SrcPort: 80, DstPort: 50000, Flags: tcp.SYN | tcp.ACK, Window: 9}, "")), uint32(70000))
	f.Fuzz(func(t *testing.T, a, b, c []byte, ms uint32) {
		h := machine()
		e := &h.e
		if _, err := h.Listen("tcp", ":80"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.ListenPacket("udp", ":53"); err != nil {
			t.Fatal(err)
		}
		e.dhcp.Start(start, dhcpv4.ClientConfig{HardwareAddr: hwUs})
		e.dhcpOn = true
		key := tuple{remote: ipPeer, lport: 50000, rport: 80}
		conn := h.newConn(key)
		conn.tcb.Open(start, conn.config(start, h.e.iss(start, conn.key)))
		e.conns[key] = conn
		e.settle(start, conn)
		now := start
		for _, in := range [][]byte{a, b, c} {
			if len(in) >= 14 {
				copy(in, hwUs[:])
			}
			e.receive(now, in)
			drain(t, e, now)
			now = now.Add(time.Duration(ms) * time.Millisecond)
			drain(t, e, now)
		}
		for range 20 {
			d := e.deadline()
			if d.IsZero() {
				break
			}
			if d.After(now) {
				now = d
			}
			drain(t, e, now)
		}
	})
}

// What is given up because too much waits already does not count as sent.
func TestDroppedAnswersAreNotCountedAsSent(t *testing.T) {
	h := machine()
	h.e.arp.Set(ipPeer, hwPeer)
	const many = maxOutgoing + 50
	for i := range uint16(many) {
		h.e.receive(start, frame(6, segment(tcp.Header{SrcPort: 1024 + i, DstPort: 80, Seq: 9, Flags: tcp.SYN, Window: 9999}, "")))
	}
	out := len(drain(t, &h.e, start))
	if s := h.e.stats; s.ResetsSent != uint64(out) || s.DropQueue != uint64(many-out) || s.DropTCPRefused != many {
		t.Errorf("%d went out, %d are counted and %d dropped of %d", out, s.ResetsSent, s.DropQueue, s.DropTCPRefused)
	}
}

// Datagrams that a socket has waiting for ARP take no room from the host's own answers.
func TestAnswersBesideASocketThatWaits(t *testing.T) {
	h := machine()
	h.e.arp.Set(ipPeer, hwPeer)
	s, err := h.ListenPacket("udp", ":9")
	if err != nil {
		t.Fatal(err)
	}
	nobody := netip.MustParseAddrPort("10.0.0.99:9")
	for range 2 * maxOutgoing {
		if _, err := s.(*UDPConn).WriteToAddrPort([]byte("x"), nobody); err != nil {
			t.Fatal(err)
		}
	}
	drain(t, &h.e, start)
	h.e.receive(start, frame(1, icmpv4.AppendEcho(nil, icmpv4.TypeEcho, 1, 1, nil)))
	if n := len(drain(t, &h.e, start)); n != 1 || h.e.stats.DropQueue != 0 {
		t.Errorf("%d answers to a ping, %d dropped", n, h.e.stats.DropQueue)
	}
}

// A flood of SYNs in the name of neighbours that do not exist leaves room for the answer to one
// that does: cookies go where the SYN came from, and wait for no ARP.
func TestCookiesWaitForNoARP(t *testing.T) {
	h := listening(t)
	for i := range 2*maxOutgoing + halfOpen {
		src := [4]byte{10, 0, 0, byte(100 + i%100)}
		b := make([]byte, tcp.HeaderLen)
		tcp.Put(b, tcp.Header{SrcPort: uint16(1024 + i), DstPort: 80, Seq: 9, Flags: tcp.SYN, Window: 9999}, 0, sum.Pseudo4(src, ipUs, ipv4.ProtoTCP, len(b)))
		f := frame(ipv4.ProtoTCP, b)
		ipv4.Put(f[ipStart:], ipv4.Header{Src: src, Dst: ipUs, Protocol: ipv4.ProtoTCP, TTL: 64}, len(b))
		h.e.receive(start, f)
		sentSegments(t, &h.e, start)
	}
	h.e.receive(start, frame(6, segment(tcp.Header{SrcPort: 1024, DstPort: 80, Seq: 9, Flags: tcp.SYN, Window: 9999}, "")))
	if segs, _ := sentSegments(t, &h.e, start); len(segs) != 1 || segs[0].Flags() != tcp.SYN|tcp.ACK {
		t.Errorf("%d segments answer, %d were dropped", len(segs), h.e.stats.DropQueue)
	}
}

// The connection of the last segment is known without a look at the table, but only as long as it is
// in it.
func TestRecentConnection(t *testing.T) {
	h := listening(t)
	e := &h.e
	syn := func(port uint16) tuple {
		e.receive(start, frame(6, segment(tcp.Header{SrcPort: port, DstPort: 80, Seq: 9, Flags: tcp.SYN, Window: 9999}, "")))
		return tuple{remote: ipPeer, lport: 80, rport: port}
	}
	a, b := syn(1000), syn(2000)
	for _, k := range []tuple{a, a, b, a, b, b} {
		if c := e.connection(k); c == nil || c != e.conns[k] || c != e.recent {
			t.Fatalf("%v: %v", k, c)
		}
	}
	other := b
	other.local = [4]byte{192, 0, 2, 1}
	if c := e.connection(other); c != nil {
		t.Error("another local address is another connection")
	}
	e.conns[b].tcb.Fail(tcp.ErrReset)
	e.settle(start, e.conns[b])
	if c := e.connection(b); c != nil || e.connection(a) == nil {
		t.Error("one that has ended is still found")
	}
}

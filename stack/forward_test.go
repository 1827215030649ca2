package stack

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack/ethernet"
	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/seq"
	"httptap/stack/sum"
	"httptap/stack/tcp"
	"httptap/stack/udp"
)

var ipFar, ipFarther = [4]byte{192, 0, 2, 1}, [4]byte{192, 0, 2, 2}

// router returns a machine that forwards, to be driven in a bubble, where the clock is known.
func router() (*Host, *Forwarder) {
	h := machine()
	h.cfg.Forward = true
	h.e.forwarder = newForwarder(h)
	h.e.arp.Set(ipPeer, hwPeer)
	return h, h.Forwarder()
}

// via builds what the peer sends through us.
func via(src, dst [4]byte, ttl, proto uint8, payload []byte) []byte {
	f := ethernet.Append(nil, hwUs, hwPeer, ethernet.TypeIPv4)
	f = append(f, make([]byte, ipv4.HeaderLen)...)
	ipv4.Put(f[ipStart:], ipv4.Header{Src: src, Dst: dst, Protocol: proto, TTL: ttl}, len(payload))
	return append(f, payload...)
}

func tcpTo(dst [4]byte, h tcp.Header, payload string) []byte {
	b := append(make([]byte, tcp.HeaderLen), payload...)
	tcp.Put(b, h, 0, sum.Pseudo4(ipPeer, dst, ipv4.ProtoTCP, len(b)))
	return via(ipPeer, dst, 64, ipv4.ProtoTCP, b)
}

func datagramTo(dst [4]byte, sport, dport uint16, payload string) []byte {
	b := append(make([]byte, udp.HeaderLen), payload...)
	udp.Put(b, sport, dport, len(payload), sum.Pseudo4(ipPeer, dst, ipv4.ProtoUDP, len(b)))
	return via(ipPeer, dst, 64, ipv4.ProtoUDP, b)
}

func pingTo(dst [4]byte, ttl uint8) []byte {
	return via(ipPeer, dst, ttl, ipv4.ProtoICMP, icmpv4.AppendEcho(nil, icmpv4.TypeEcho, 7, 9, []byte("ping")))
}

// packets returns what the engine sends now: all of it IPv4.
func packets(t testing.TB, e *engine) (out []ipv4.Packet) {
	t.Helper()
	for _, f := range drain(t, e, time.Now()) {
		p, err := ipv4.Parse(f[ipStart:])
		if err != nil || link.Addr(f[:6]) != hwPeer {
			t.Fatalf("% x: %v", f, err)
		}
		out = append(out, p)
	}
	return out
}

// only returns the one packet that the engine sends now, and whose it says it is.
func only(t testing.TB, e *engine, from [4]byte) ipv4.Packet {
	t.Helper()
	out := packets(t, e)
	if len(out) != 1 || out[0].Src() != from || out[0].Dst() != ipPeer {
		t.Fatalf("%d packets, want one from %v: %v", len(out), from, out)
	}
	return out[0]
}

func segmentOf(t testing.TB, p ipv4.Packet) tcp.Segment {
	t.Helper()
	seg, err := tcp.Parse(p.Payload())
	if err != nil || seg.Verify(sum.Pseudo4(p.Src(), p.Dst(), ipv4.ProtoTCP, len(p.Payload()))) != nil {
		t.Fatalf("no segment: %v", err)
	}
	return seg
}

// refusal checks that p is an ICMP error of a type and code about a packet to dst.
func refusal(t testing.TB, p ipv4.Packet, typ, code uint8, dst [4]byte) {
	t.Helper()
	m, err := icmpv4.Parse(p.Payload())
	if err != nil || p.Protocol() != ipv4.ProtoICMP || m.Type() != typ || m.Code() != code {
		t.Fatalf("no ICMP error %d, %d: %v", typ, code, p)
	}
	q, err := ipv4.ParseQuote(m.Body())
	if err != nil || q.Src() != ipPeer || q.Dst() != dst || len(q.Payload()) < 8 {
		t.Fatalf("it quotes % x: %v", m.Body(), err)
	}
}

var synTo80 = tcp.Header{SrcPort: 5000, DstPort: 80, Seq: 100, Flags: tcp.SYN, Window: 9999}

// A flow to another host: no word before it is decided, one flow for all its SYNs, and then a
// connection whose other end is whom the peer asked for.
func TestForwardTCP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := router()
		e := &h.e
		for range 3 {
			e.receive(time.Now(), tcpTo(ipFar, synTo80, ""))
			if out := packets(t, e); len(out) != 0 {
				t.Fatal("an answer before anybody decided")
			}
			time.Sleep(time.Second)
		}
		if s := h.Stats(); s.ForwardedTCP != 1 || s.ForwardedAgain != 2 {
			t.Errorf("%+v", s)
		}
		flow, err := f.AcceptTCP()
		if err != nil || flow.Local().String() != "192.0.2.1:80" || flow.Remote().String() != "10.0.0.2:5000" || len(f.tcp) != 0 {
			t.Fatal(flow, err)
		}
		c, err := flow.Accept(0)
		if err != nil || c.LocalAddr().String() != "192.0.2.1:80" || c.RemoteAddr().String() != "10.0.0.2:5000" {
			t.Fatal(c, err)
		}
		answer := segmentOf(t, only(t, e, ipFar))
		if answer.Flags() != tcp.SYN|tcp.ACK || answer.Ack() != 101 || answer.SrcPort() != 80 {
			t.Fatalf("%v", answer)
		}
		ack := tcp.Header{SrcPort: 5000, DstPort: 80, Seq: 101, Ack: answer.Seq().Add(1), Flags: tcp.ACK, Window: 9999}
		e.receive(time.Now(), tcpTo(ipFar, ack, "hello"))
		buf := make([]byte, 100)
		if n, err := c.Read(buf); string(buf[:n]) != "hello" || err != nil {
			t.Fatalf("%q, %v", buf[:n], err)
		}
		c.Write([]byte("good day"))
		if p := only(t, e, ipFar); string(segmentOf(t, p).Payload()) != "good day" || !p.DontFragment() || p.TTL() != 64 {
			t.Errorf("%v", p)
		}
		for what, err := range map[string]error{"accept": second(flow.Accept(0)), "refuse": flow.Refuse(), "unreachable": flow.Unreachable(1), "drop": flow.Drop()} {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s, decided already: %v", what, err)
			}
		}
		// The same ports of another host are another connection.
		e.receive(time.Now(), tcpTo(ipFarther, synTo80, ""))
		if flow, err := f.AcceptTCP(); err != nil || flow.Local().String() != "192.0.2.2:80" || flow.Drop() != nil {
			t.Error(flow, err)
		}
		// What belongs to no connection is answered in the name of whom it is for.
		packets(t, e)
		ack.SrcPort = 6000
		e.receive(time.Now(), tcpTo(ipFarther, ack, ""))
		if seg := segmentOf(t, only(t, e, ipFarther)); seg.Flags() != tcp.RST || seg.Seq() != ack.Ack {
			t.Errorf("%v", seg)
		}
		if h.Connections() != 1 {
			t.Errorf("%d connections", h.Connections())
		}
		// Whoever accepts says how much memory it may take.
		e.receive(time.Now(), tcpTo(ipFarther, tcp.Header{SrcPort: 7000, DstPort: 80, Seq: 100, Flags: tcp.SYN, Window: 9999}, ""))
		flow, err = f.AcceptTCP()
		if err != nil {
			t.Fatal(err)
		}
		small, err := flow.Accept(1000)
		if err != nil || segmentOf(t, only(t, e, ipFarther)).Window() != 1000 {
			t.Fatal(err)
		}
		if n, _ := small.put(make([]byte, 5000)); n != 1000 {
			t.Errorf("%d bytes wait to be sent", n)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// The four answers to a SYN that are no connection.
func TestForwardTCPRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		decide func(*TCPFlow) error
		see    func(t *testing.T, e *engine)
	}{
		{"nobody listens there", (*TCPFlow).Refuse, func(t *testing.T, e *engine) {
			if seg := segmentOf(t, only(t, e, ipFar)); seg.Flags() != tcp.RST|tcp.ACK || seg.Ack() != 101 {
				t.Errorf("%v", seg)
			}
		}},
		{"a host unreachable, which a router says", func(f *TCPFlow) error { return f.Unreachable(icmpv4.CodeHost) }, func(t *testing.T, e *engine) {
			refusal(t, only(t, e, ipUs), icmpv4.TypeUnreachable, icmpv4.CodeHost, ipFar)
		}},
		{"a port unreachable, which the host itself says", func(f *TCPFlow) error { return f.Unreachable(icmpv4.CodePort) }, func(t *testing.T, e *engine) {
			refusal(t, only(t, e, ipFar), icmpv4.TypeUnreachable, icmpv4.CodePort, ipFar)
		}},
		{"silence", (*TCPFlow).Drop, func(t *testing.T, e *engine) {
			if out := packets(t, e); len(out) != 0 {
				t.Errorf("%v", out)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, f := router()
				h.e.receive(time.Now(), tcpTo(ipFar, synTo80, ""))
				flow, err := f.AcceptTCP()
				if err != nil || c.decide(flow) != nil {
					t.Fatal(err)
				}
				c.see(t, &h.e)
				h.e.receive(time.Now(), tcpTo(ipFar, synTo80, ""))
				if s := h.Stats(); s.ForwardedTCP != 2 || len(f.tcp) != 1 || len(f.asked) != 1 {
					t.Errorf("the next SYN is no new flow: %+v", s)
				}
			})
		})
	}
}

// A neighbour that gives up takes its request back.
func TestForwardTCPWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := router()
		h.e.receive(time.Now(), tcpTo(ipFar, synTo80, ""))
		h.e.receive(time.Now(), tcpTo(ipFar, tcp.Header{SrcPort: 5000, DstPort: 80, Seq: 101, Flags: tcp.RST}, ""))
		flow, err := f.AcceptTCP()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := flow.Accept(0); !errors.Is(err, net.ErrClosed) || len(f.asked) != 0 || h.Connections() != 0 {
			t.Error(err, f.asked, h.Connections())
		}
		if out := packets(t, &h.e); len(out) != 0 {
			t.Error(out)
		}
	})
}

// A connection in TIME-WAIT makes room for a flow between the same ports, whose sequence numbers
// lie behind the old ones.
func TestForwardTCPAfterTimeWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := router()
		e := &h.e
		open := func(syn tcp.Header) (*Conn, tcp.Header) {
			e.receive(time.Now(), tcpTo(ipFar, syn, ""))
			flow, err := f.AcceptTCP()
			if err != nil {
				t.Fatal(err)
			}
			c, err := flow.Accept(0)
			if err != nil {
				t.Fatal(err)
			}
			ack := tcp.Header{SrcPort: 5000, DstPort: 80, Seq: syn.Seq.Add(1), Flags: tcp.ACK, Window: 9999}
			ack.Ack = segmentOf(t, only(t, e, ipFar)).Seq().Add(1)
			e.receive(time.Now(), tcpTo(ipFar, ack, ""))
			return c, ack
		}
		c, ack := open(synTo80)
		c.Close()
		fin := segmentOf(t, only(t, e, ipFar))
		ack.Flags, ack.Ack = tcp.FIN|tcp.ACK, fin.Seq().Add(1)
		e.receive(time.Now(), tcpTo(ipFar, ack, ""))
		packets(t, e)
		if c.tcb.State() != tcp.TimeWait {
			t.Fatal(c.tcb.State())
		}
		syn := synTo80
		syn.Seq = 5000
		again, ack := open(syn)
		if again == c || h.Connections() != 1 || !fin.Seq().Less(ack.Ack) {
			t.Errorf("%d connections, %v behind %v", h.Connections(), ack.Ack, fin.Seq())
		}
	})
}

// A flow of datagrams: the first one included, answers in the name of whom it is for, an ICMP error
// about the last one, and a new flow once it is closed.
func TestForwardUDP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := router()
		e := &h.e
		for _, s := range []string{"one", "two"} {
			e.receive(time.Now(), datagramTo(ipFar, 5000, 53, s))
		}
		c, err := f.AcceptUDP()
		if err != nil || len(f.udp) != 0 || c.LocalAddr().String() != "192.0.2.1:53" || c.RemoteAddr().String() != "10.0.0.2:5000" {
			t.Fatal(c, err)
		}
		buf := make([]byte, 100)
		for _, want := range []string{"one", "two"} {
			c.Wait()
			if n, err := c.Read(buf); string(buf[:n]) != want || err != nil {
				t.Fatalf("%q, %v", buf[:n], err)
			}
		}
		c.Write([]byte("answer"))
		if d, err := udp.Parse(only(t, e, ipFar).Payload()); err != nil || string(d.Payload()) != "answer" || d.SrcPort() != 53 {
			t.Error(d, err)
		}
		if err := c.Unreachable(icmpv4.CodePort); err != nil {
			t.Error(err)
		}
		refusal(t, only(t, e, ipFar), icmpv4.TypeUnreachable, icmpv4.CodePort, ipFar)
		c.Unreachable(icmpv4.CodeProhibited)
		refusal(t, only(t, e, ipUs), icmpv4.TypeUnreachable, icmpv4.CodeProhibited, ipFar)

		// The neighbour's own error about an answer is the flow's.
		c.Write([]byte("nobody reads this"))
		sent := only(t, e, ipFar)
		e.receive(time.Now(), via(ipPeer, ipFar, 64, ipv4.ProtoICMP, icmpv4.AppendError(nil, icmpv4.TypeUnreachable, icmpv4.CodePort, 0, sent.Bytes())))
		c.Wait()
		if _, err := c.Read(buf); err == nil || h.Stats().DropICMP != 0 {
			t.Error(err, h.Stats().DropICMP)
		}
		waited := make(chan bool)
		go func() { c.Wait(); close(waited) }()
		synctest.Wait()
		select {
		case <-waited:
			t.Error("a wait for nothing is over")
		default:
		}
		c.Close()
		<-waited
		if err := c.Unreachable(3); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		e.receive(time.Now(), datagramTo(ipFar, 5000, 53, "three"))
		if next, err := f.AcceptUDP(); err != nil || next == c {
			t.Error(next, err)
		}
		own, _ := h.listenUDP(9)
		if err := own.Unreachable(3); !errors.Is(err, ErrNetwork) {
			t.Error("a socket of our own:", err)
		}
		if s := h.Stats(); s.ForwardedUDP != 2 {
			t.Errorf("%+v", s)
		}
	})
}

func TestForwardEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := router()
		h.e.receive(time.Now(), pingTo(ipFar, 64))
		var ping Echo
		if err := f.Reply(&ping); !errors.Is(err, ErrAddress) {
			t.Error("an answer to nothing:", err)
		}
		if err := f.ReadEcho(&ping); err != nil || ping.Local.As4() != ipFar || ping.Remote.As4() != ipPeer || ping.ID != 7 || ping.Seq != 9 || string(ping.Data) != "ping" {
			t.Fatal(ping, err)
		}
		if out := packets(t, &h.e); len(out) != 0 {
			t.Fatal("an answer before the target gave one")
		}
		if err := f.Reply(&ping); err != nil {
			t.Error(err)
		}
		if m, err := icmpv4.Parse(only(t, &h.e, ipFar).Payload()); err != nil || m.Type() != icmpv4.TypeEchoReply || m.ID() != 7 || m.Seq() != 9 || string(m.Body()) != "ping" {
			t.Error(m, err)
		}
		f.Unreachable(&ping, icmpv4.CodeHost)
		refusal(t, only(t, &h.e, ipUs), icmpv4.TypeUnreachable, icmpv4.CodeHost, ipFar)
	})
}

// Where the TTL ends a router says so, in its own name: traceroute shows it as the first hop.
func TestForwardTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := router()
		h.e.receive(time.Now(), pingTo(ipFar, 1))
		refusal(t, only(t, &h.e, ipUs), icmpv4.TypeTimeExceeded, icmpv4.CodeTransit, ipFar)
		h.e.receive(time.Now(), pingTo(ipFar, 2))
		if s := h.Stats(); f.waits != 1 || s.DropTTL != 1 || s.TimesExceeded != 1 || s.ForwardedEcho != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// What is no flow between a host of our network and a single host of another is not taken, and
// without a Forwarder nothing is.
func TestForwardNothingElse(t *testing.T) {
	ping := icmpv4.AppendEcho(nil, icmpv4.TypeEcho, 7, 9, nil)
	to := func(src, dst [4]byte) []byte { return via(src, dst, 64, ipv4.ProtoICMP, ping) }
	broadcasted := to(ipPeer, ipFar)
	copy(broadcasted, link.Broadcast[:])
	for _, c := range []struct {
		name  string
		frame []byte
	}{
		{"from a stranger", to(ipFarther, ipFar)},
		{"from nobody", to([4]byte{}, ipFar)},
		{"in our own name", to(ipUs, ipFar)},
		{"to another host of the network", to(ipPeer, [4]byte{10, 0, 0, 77})},
		{"to this network", to(ipPeer, [4]byte{0, 0, 0, 1})},
		{"to loopback", to(ipPeer, [4]byte{127, 0, 0, 1})},
		{"to a group", to(ipPeer, [4]byte{224, 0, 0, 1})},
		{"to class E", to(ipPeer, [4]byte{240, 0, 0, 1})},
		{"to everybody", to(ipPeer, [4]byte{255, 255, 255, 255})},
		{"in a frame to everybody", broadcasted},
	} {
		h, f := router()
		h.e.receive(start, c.frame)
		if f.waits != 0 || h.Stats().DropAddress+h.Stats().DropICMP != 1 {
			t.Errorf("%s: %+v", c.name, h.Stats())
		}
		if out := drain(t, &h.e, start); len(out) != 0 {
			t.Errorf("%s: it was answered: % x", c.name, out)
		}
	}
	h := machine()
	h.e.receive(start, to(ipPeer, ipFar))
	if h.Forwarder() != nil || h.Stats().DropAddress != 1 {
		t.Errorf("no router: %+v", h.Stats())
	}
}

// What nobody accepts is bounded and counted.
func TestForwardBounds(t *testing.T) {
	h, f := router()
	const more = 10
	for i := range maxUnaccepted + more {
		h.e.receive(start, tcpTo(ipFar, tcp.Header{SrcPort: uint16(1000 + i), DstPort: 80, Seq: seq.Value(i), Flags: tcp.SYN, Window: 9}, ""))
		h.e.receive(start, datagramTo(ipFar, uint16(1000+i), 53, "x"))
	}
	for range maxEchoes + more {
		h.e.receive(start, pingTo(ipFar, 64))
	}
	if s := h.Stats(); len(f.tcp) != maxUnaccepted || len(f.udp) != maxUnaccepted || f.waits != maxEchoes || s.DropForward != 3*more {
		t.Errorf("%d, %d, %d: %+v", len(f.tcp), len(f.udp), f.waits, s)
	}
}

// A segment of a forwarded connection, and a datagram of a flow, cost no memory.
func TestForwardAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := router()
		e := &h.e
		e.receive(time.Now(), tcpTo(ipFar, synTo80, ""))
		flow, _ := f.AcceptTCP()
		c, _ := flow.Accept(0)
		ack := tcp.Header{SrcPort: 5000, DstPort: 80, Seq: 101, Ack: segmentOf(t, only(t, e, ipFar)).Seq().Add(1), Flags: tcp.ACK, Window: 9999}
		e.receive(time.Now(), tcpTo(ipFar, ack, ""))
		e.receive(time.Now(), datagramTo(ipFar, 5000, 53, "x"))
		u, _ := f.AcceptUDP()
		datagram, buf, out := datagramTo(ipFar, 5000, 53, "x"), make([]byte, 100), make([]byte, 1514)
		data := tcpTo(ipFar, ack, "0123456789")
		seen := tcp.Header{}
		if n := testing.AllocsPerRun(100, func() {
			seen = ack
			tcp.Put(data[payloadStart:], seen, 0, sum.Pseudo4(ipPeer, ipFar, ipv4.ProtoTCP, len(data)-payloadStart))
			e.receive(time.Now(), data)
			c.Read(buf)
			ack.Seq = ack.Seq.Add(10)
			e.receive(time.Now(), datagram)
			u.Read(buf)
			for e.transmit(time.Now(), out) > 0 {
			}
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
		if c.tcb.Info().ReadBuffered != 0 || c.tcb.State() != tcp.Established || h.Stats().DropTCPState != 0 {
			t.Errorf("%+v", h.Stats())
		}
	})
}

// neighbours are a host and the router behind which everything else is, on one link.
func neighbours(t testing.TB) (a, r *Host) {
	t.Helper()
	da, dr := link.Pipe(link.PipeOptions{Block: true})
	for _, c := range []struct {
		h   **Host
		cfg Config
	}{
		{&a, Config{Device: da, Addr: netip.MustParsePrefix("10.0.0.2/24"), Router: netip.MustParseAddr("10.0.0.1"), Seed: 1}},
		{&r, Config{Device: dr, Addr: netip.MustParsePrefix("10.0.0.1/24"), Forward: true, Seed: 2}},
	} {
		h, err := New(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		*c.h = h
		t.Cleanup(func() { h.Close() })
	}
	return a, r
}

// Two hosts: the one connects through the other to hosts that are not there, which echoes in their
// name, straight from the receive buffer.
func TestForwardBetweenHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, r := neighbours(t)
		const flows, size = 20, 300_000
		go func() {
			for {
				flow, err := r.Forwarder().AcceptTCP()
				if err != nil {
					return
				}
				go func() {
					time.Sleep(time.Second) // as long as a dial may take
					c, err := flow.Accept(0)
					if err != nil {
						t.Error(err)
						return
					}
					n, err := c.WriteTo(c)
					if n != size || err != nil {
						t.Error("the echo ends after", n, err)
					}
					c.CloseWrite()
				}()
			}
		}()
		results := make(chan error, flows)
		for i := range flows {
			go func() {
				c, err := a.DialContext(t.Context(), "tcp", fmt.Sprintf("192.0.2.%d:80", i+1))
				if err == nil {
					err = echoed(c, size, byte(i))
				}
				results <- err
			}()
		}
		for range flows {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if s := r.Stats(); s.ForwardedTCP != flows {
			t.Errorf("%+v", s)
		}
	})
}

// FuzzForwarder: frames of any bytes behind the right hardware address, to a router of whose flows
// something is decided: it never panics nor stops sending, and a frame is one drop at most.
func FuzzForwarder(f *testing.F) {
	f.Add(tcpTo(ipFar, synTo80, ""), datagramTo(ipFar, 5000, 53, "x"), pingTo(ipFar, 64), uint8(0))
	f.Add(pingTo(ipFar, 1), tcpTo(ipFar, synTo80, ""), tcpTo(ipFar, tcp.Header{SrcPort: 5000, DstPort: 80, Seq: 101, Flags: tcp.RST}, ""), uint8(1))
	f.Add(datagramTo(ipFar, 5000, 53, "x"), via(ipPeer, ipFar, 64, ipv4.ProtoICMP, icmpv4.AppendError(nil, 3, 3, 0, datagramTo(ipFar, 5000, 53, "x")[ipStart:])), pingTo(ipFar, 64), uint8(2))
	odd := via(ipPeer, ipFar, 1, ipv4.ProtoUDP, make([]byte, 5)) // a fragment of an odd length whose TTL ends
	odd[ipStart+6] = 0x20
	f.Add(odd, pingTo(ipFar, 64), pingTo(ipFar, 64), uint8(0))
	f.Fuzz(func(t *testing.T, a, b, c []byte, decision uint8) {
		h, f := router()
		for _, in := range [][]byte{a, b, c} {
			if len(in) >= 14 {
				copy(in, hwUs[:])
				fixSums(in)
			}
			receiveCounted(t, h, time.Now(), in)
			drain(t, &h.e, time.Now())
			for len(f.tcp) > 0 {
				flow, _ := f.AcceptTCP()
				switch decision % 4 {
				case 0:
					flow.Accept(0)
				case 1:
					flow.Refuse()
				case 2:
					flow.Unreachable(decision >> 2)
				}
			}
			for len(f.udp) > 0 {
				u, _ := f.AcceptUDP()
				u.Unreachable(decision)
			}
			for f.waits > 0 {
				var e Echo
				f.ReadEcho(&e)
				f.Reply(&e)
				f.Unreachable(&e, decision)
			}
			drain(t, &h.e, time.Now())
		}
	})
}

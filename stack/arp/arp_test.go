package arp

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
	"httptap/stack/link"
)

var (
	hwA, hwB, hwC = link.LocalAddr("a"), link.LocalAddr("b"), link.LocalAddr("c")
	ipA, ipB, ipC = [4]byte{10, 0, 0, 1}, [4]byte{10, 0, 0, 2}, [4]byte{10, 0, 0, 3}
	start         = time.Unix(1_000_000, 0)
)

func newCache(hw link.Addr, ip [4]byte) *Cache {
	c := new(Cache)
	c.Reset(Config{HardwareAddr: hw, MaxEntries: 4, Seed: 1})
	c.SetAddr(ip)
	return c
}

// sent returns the next packet that c sends at now, or nil.
func sent(t *testing.T, c *Cache, now time.Time) (Packet, link.Addr, bool) {
	t.Helper()
	b := bytes.Repeat([]byte{0xa5}, PacketLen+4)
	n, to := c.Transmit(now, b)
	if n == 0 {
		return Packet{}, to, false
	}
	p, err := Parse(b[:n])
	if err != nil || n != PacketLen {
		t.Fatalf("a packet of %d bytes was sent: %v", n, err)
	}
	if !bytes.Equal(b[n:], []byte{0xa5, 0xa5, 0xa5, 0xa5}) {
		t.Fatal("bytes behind the packet were written")
	}
	return p, to, true
}

func quiet(t *testing.T, c *Cache, now time.Time, why string) {
	t.Helper()
	if p, _, ok := sent(t, c, now); ok {
		t.Errorf("%s: op %d from %v for %v was sent", why, p.Op(), p.SenderIP(), p.TargetIP())
	}
}

func TestParse(t *testing.T) {
	good := Append(nil, OpRequest, hwA, ipA, link.Addr{}, ipB)
	change := func(i int, v byte) []byte {
		b := bytes.Clone(good)
		b[i] = v
		return b
	}
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"a request", good, nil},
		{"padding behind it", append(bytes.Clone(good), make([]byte, 18)...), nil},
		{"a byte is missing", good[:27], ErrTruncated},
		{"nothing", nil, ErrTruncated},
		{"another hardware", change(1, 6), ErrHardware},
		{"another hardware length", change(4, 8), ErrHardware},
		{"another protocol", change(3, 1), ErrProtocol},
		{"another protocol length", change(5, 16), ErrProtocol},
	} {
		if _, err := Parse(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	p, _ := Parse(good)
	if p.Op() != OpRequest || p.SenderHW() != hwA || p.SenderIP() != ipA || !p.TargetHW().IsZero() || p.TargetIP() != ipB {
		t.Error("the parts are not what was put in")
	}
}

func TestExchange(t *testing.T) {
	a, b := newCache(hwA, ipA), newCache(hwB, ipB)
	if _, s := a.Lookup(start, ipB); s != Pending {
		t.Fatalf("an unknown address is %v", s)
	}
	gen := a.Generation()
	req, to, ok := sent(t, a, start)
	if !ok || to != link.Broadcast || req.Op() != OpRequest || req.TargetIP() != ipB {
		t.Fatal("the request does not go to everybody")
	}
	if err := b.Receive(start, req.b); err != nil {
		t.Fatal(err)
	}
	if hw, s := b.Lookup(start, ipA); s != Reachable || hw != hwA {
		t.Errorf("RFC 826: the target learns who asks: %v %v", hw, s)
	}
	reply, to, ok := sent(t, b, start)
	if !ok || to != hwA || reply.Op() != OpReply || reply.SenderIP() != ipB {
		t.Fatal("the reply does not go to who asked")
	}
	if err := a.Receive(start, reply.b); err != nil {
		t.Fatal(err)
	}
	if hw, s := a.Lookup(start, ipB); s != Reachable || hw != hwB {
		t.Errorf("after the reply: %v %v", hw, s)
	}
	if a.Generation() == gen {
		t.Error("nobody is told that the address is known now")
	}
	quiet(t, a, start.Add(10*time.Second), "an answered request is not sent again")
}

func TestNobodyAnswers(t *testing.T) {
	c := newCache(hwA, ipA)
	c.Lookup(start, ipB)
	for i, at := range []time.Duration{0, time.Second, 2 * time.Second} {
		if i > 0 {
			quiet(t, c, start.Add(at-time.Millisecond), "RFC 1122, 2.3.2.1: one a second at most")
		}
		if _, _, ok := sent(t, c, start.Add(at)); !ok {
			t.Fatalf("request %d is missing", i+1)
		}
	}
	if d := c.Deadline(); !d.Equal(start.Add(3 * time.Second)) {
		t.Errorf("the deadline is %v after the start", d.Sub(start))
	}
	gen := c.Generation()
	quiet(t, c, start.Add(3*time.Second), "three requests are enough")
	if _, s := c.Lookup(start.Add(3*time.Second), ipB); s != Failed || c.Generation() == gen {
		t.Errorf("after three requests: %v", s)
	}
	if _, s := c.Lookup(start.Add(3900*time.Millisecond), ipB); s != Failed {
		t.Errorf("within a second: %v", s)
	}
	if _, s := c.Lookup(start.Add(4*time.Second), ipB); s != Pending {
		t.Errorf("later it is asked again: %v", s)
	}
}

func TestEntriesAreConfirmed(t *testing.T) {
	c := newCache(hwA, ipA)
	c.Receive(start, Append(nil, OpRequest, hwB, ipB, link.Addr{}, ipA))
	sent(t, c, start) // the answer
	at := start.Add(59 * time.Second)
	c.Lookup(at, ipB)
	quiet(t, c, at, "a fresh entry needs no confirmation")
	at = start.Add(60 * time.Second)
	if hw, s := c.Lookup(at, ipB); s != Reachable || hw != hwB {
		t.Errorf("an old entry is still used: %v", s)
	}
	if p, to, ok := sent(t, c, at); !ok || to != hwB || p.Op() != OpRequest {
		t.Error("RFC 1122, 2.3.2.1 (2): it is polled by unicast")
	}
	c.Receive(at, Append(nil, OpReply, hwB, ipB, hwA, ipA))
	quiet(t, c, at.Add(time.Minute-time.Second), "a confirmed entry is fresh again")
}

func TestStaticEntries(t *testing.T) {
	c := newCache(hwA, ipA)
	c.Set(ipB, hwC)
	c.Receive(start, Append(nil, OpReply, hwB, ipB, hwA, ipA))
	c.Forget(ipB)
	if hw, s := c.Lookup(start.Add(time.Hour), ipB); s != Reachable || hw != hwC {
		t.Errorf("a static entry became %v %v", hw, s)
	}
	quiet(t, c, start.Add(time.Hour), "a static entry is not asked for")
}

func TestTableIsBounded(t *testing.T) {
	c := newCache(hwA, ipA)
	c.Set([4]byte{10, 0, 0, 200}, hwC)
	for i := range 100 {
		c.Lookup(start, [4]byte{10, 0, 1, byte(i)})
	}
	if c.Len() != 4 {
		t.Errorf("%d entries, 4 are allowed", c.Len())
	}
	if _, s := c.Lookup(start, [4]byte{10, 0, 0, 200}); s != Reachable {
		t.Error("the static entry was pushed out")
	}
	n := 0
	for _, _, ok := sent(t, c, start); ok; _, _, ok = sent(t, c, start) {
		n++
	}
	if n != 3 {
		t.Errorf("%d requests for three entries", n)
	}
}

func TestLiars(t *testing.T) {
	for _, c := range []struct {
		name   string
		packet []byte
		want   error
	}{
		{"a broadcast sender", Append(nil, OpReply, link.Broadcast, ipB, hwA, ipA), ErrSender},
		{"a group sender", Append(nil, OpReply, link.Addr{1, 0, 0x5e}, ipB, hwA, ipA), ErrSender},
		{"no sender", Append(nil, OpReply, link.Addr{}, ipB, hwA, ipA), ErrSender},
		{"a group's IP address", Append(nil, OpReply, hwB, [4]byte{224, 0, 0, 1}, hwA, ipA), ErrSenderIP},
		{"everybody's IP address", Append(nil, OpReply, hwB, [4]byte{255, 255, 255, 255}, hwA, ipA), ErrSenderIP},
		{"loopback", Append(nil, OpReply, hwB, [4]byte{127, 0, 0, 1}, hwA, ipA), ErrSenderIP},
		{"our own address", Append(nil, OpReply, hwB, ipA, hwA, ipA), ErrOurs},
		{"an unknown operation", Append(nil, 9, hwB, ipB, hwA, ipA), ErrOperation},
		{"half a packet", make([]byte, 14), ErrTruncated},
	} {
		a := newCache(hwA, ipA)
		if err := a.Receive(start, c.packet); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if a.Len() != 0 {
			t.Errorf("%s: something was learned", c.name)
		}
	}
}

func TestStrangersAreNotLearned(t *testing.T) {
	c := newCache(hwA, ipA)
	c.Receive(start, Append(nil, OpRequest, hwB, ipB, link.Addr{}, ipC))
	if c.Len() != 0 {
		t.Error("a request between others was learned")
	}
	quiet(t, c, start, "a request for somebody else is not answered")
	c.Receive(start, Append(nil, OpRequest, hwB, ipB, link.Addr{}, ipB))
	if c.Len() != 0 {
		t.Error("an announcement of a stranger was learned")
	}
	c.Receive(start, Append(nil, OpRequest, hwB, ipB, link.Addr{}, ipA))
	c.Receive(start, Append(nil, OpRequest, hwC, ipB, link.Addr{}, ipB))
	if hw, _ := c.Lookup(start, ipB); hw != hwC {
		t.Errorf("an announcement updates who is known: %v", hw)
	}
}

func TestTooManyAnswersAreCounted(t *testing.T) {
	c := newCache(hwA, ipA)
	for range 20 {
		c.Receive(start, Append(nil, OpRequest, hwB, ipB, link.Addr{}, ipA))
	}
	if c.Dropped != 4 {
		t.Errorf("%d answers were dropped, 4 found no room", c.Dropped)
	}
}

func TestProbe(t *testing.T) {
	c := newCache(hwA, [4]byte{})
	c.Probe(start, ipA)
	p, to, ok := sent(t, c, start)
	if !ok || to != link.Broadcast || p.SenderIP() != [4]byte{} || p.TargetIP() != ipA {
		t.Fatal("the first probe leaves at once, with no sender address")
	}
	c.Receive(start, Append(nil, OpRequest, hwB, ipB, link.Addr{}, ipA))
	quiet(t, c, start, "a tentative address is not answered for")
	c.Lookup(start, ipC)
	if p, _, ok := sent(t, c, start); !ok || p.SenderIP() != [4]byte{} || p.TargetIP() != ipC {
		t.Error("while the address is tentative, requests carry none")
	}
	var now time.Time
	for probes := 1; ; {
		if now = c.Deadline(); now.IsZero() {
			t.Fatal("the check never ends")
		}
		p, _, ok := sent(t, c, now)
		if !ok {
			continue
		}
		if p.TargetIP() == ipA && p.SenderIP() == [4]byte{} {
			if probes++; probes > 3 {
				t.Fatal("more than PROBE_NUM probes")
			}
		}
		if p.SenderIP() == ipA && p.TargetIP() == ipA {
			if probes != 3 {
				t.Errorf("announced after %d probes", probes)
			}
			break
		}
	}
	if d := now.Sub(start); d < 4*time.Second || d > 7*time.Second {
		t.Errorf("the whole check took %v; RFC 5227, 1.1 makes it 4 to 6 seconds", d)
	}
	if c.ProbeState() != ProbeDone {
		t.Errorf("state %d", c.ProbeState())
	}
	if p, _, ok := sent(t, c, now.Add(announceInterval)); !ok || p.SenderIP() != ipA {
		t.Error("the second announcement is missing")
	}
}

func TestProbeConflict(t *testing.T) {
	for name, packet := range map[string][]byte{
		"the holder answers":             Append(nil, OpReply, hwB, ipA, hwA, [4]byte{}),
		"the holder sends anything":      Append(nil, OpRequest, hwB, ipA, link.Addr{}, ipC),
		"another station probes it, too": Append(nil, OpRequest, hwB, [4]byte{}, link.Addr{}, ipA),
	} {
		c := newCache(hwA, [4]byte{})
		c.Probe(start, ipA)
		sent(t, c, start)
		c.Receive(start, Append(nil, OpRequest, hwA, [4]byte{}, link.Addr{}, ipA)) // our own, come back
		if _, bad := c.Conflict(); bad {
			t.Errorf("%s: our own probe is a conflict", name)
		}
		if err := c.Receive(start, packet); !errors.Is(err, ErrOurs) {
			t.Errorf("%s: %v", name, err)
		}
		if with, bad := c.Conflict(); !bad || with != hwB {
			t.Errorf("%s: no conflict", name)
		}
		quiet(t, c, start.Add(time.Hour), name+": the probing goes on")
	}
}

func TestAcceptAndDefend(t *testing.T) {
	c := newCache(hwA, [4]byte{})
	c.Probe(start, ipA)
	sent(t, c, start)
	c.Accept(start)
	if p, _, ok := sent(t, c, start); !ok || p.SenderIP() != ipA || p.TargetIP() != ipA {
		t.Fatal("an address that was accepted is announced")
	}
	claimed := Append(nil, OpReply, hwB, ipA, hwC, ipC)
	if err := c.Receive(start, claimed); !errors.Is(err, ErrOurs) {
		t.Errorf("a claim to our address: %v", err)
	}
	if p, to, ok := sent(t, c, start); !ok || to != link.Broadcast || p.SenderIP() != ipA {
		t.Error("RFC 5227, 2.4 (b): the address is defended once")
	}
	if _, bad := c.Conflict(); bad {
		t.Error("one claim is no reason to give up")
	}
	c.Receive(start.Add(9*time.Second), claimed)
	if with, bad := c.Conflict(); !bad || with != hwB {
		t.Error("a second claim within DEFEND_INTERVAL is")
	}
	c.SetAddr([4]byte{})
	if _, bad := c.Conflict(); bad {
		t.Error("a conflict about an address that is gone")
	}
}

func TestFields(t *testing.T) {
	fieldtest.CheckLayout(t, &Layout)
	for _, s := range []*field.Spec{&srcHW, &srcIP, &dstHW, &dstIP, &srcHWN, &srcIPN, &dstHWN, &dstIPN} {
		fieldtest.CheckSpec(t, s)
	}
	b := Append(nil, OpReply, hwA, ipA, hwB, ipB)
	c := fieldtest.Decode(t, &Layout, b, nil)
	for name, want := range map[string]string{"arp.opcode": "reply (2)", "arp.src.hw_mac": hwA.String(), "arp.dst.proto_ipv4": "10.0.0.2"} {
		if got := fieldtest.Text(c, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	b[4] = 8
	if c := fieldtest.Decode(t, &Layout, b, nil); fieldtest.Err(c, "arp.hw.size") != badSize {
		t.Error("a length that does not fit Ethernet is no fault")
	}
	for n := range PacketLen {
		c := fieldtest.Decode(t, &Layout, b[:n], nil)
		if last := c.Spans[len(c.Spans)-1]; last.Err != field.Truncated {
			t.Errorf("%d bytes: the last field's fault is %v", n, last.Err)
		}
	}
}

func FuzzCache(f *testing.F) {
	f.Add(Append(nil, OpRequest, hwB, ipB, link.Addr{}, ipA), uint16(100))
	f.Fuzz(func(t *testing.T, b []byte, ms uint16) {
		fieldtest.Decode(t, &Layout, b, nil)
		c := newCache(hwA, ipA)
		c.Lookup(start, ipC)
		now := start.Add(time.Duration(ms) * time.Millisecond)
		err := c.Receive(now, b)
		p, perr := Parse(b)
		if perr != nil && err == nil {
			t.Fatal("a malformed packet was taken")
		}
		if perr == nil {
			again := Append(nil, p.Op(), p.SenderHW(), p.SenderIP(), p.TargetHW(), p.TargetIP())
			if !bytes.Equal(again, b[:PacketLen]) {
				t.Fatalf("round trip % x, want % x", again, b)
			}
		}
		var out [PacketLen]byte
		for range 50 {
			if n, _ := c.Transmit(now, out[:]); n == 0 {
				if d := c.Deadline(); !d.IsZero() && !d.After(now) {
					t.Fatalf("nothing to send at %v, but the deadline is %v", now, d)
				}
				return
			}
		}
		t.Fatal("it never stops sending")
	})
}

// exchange is a whole resolution between two caches that forget each other before.
func exchange(a, b *Cache, buf []byte) {
	a.Forget(ipB)
	b.Forget(ipA)
	a.Lookup(start, ipB)
	n, _ := a.Transmit(start, buf)
	b.Receive(start, buf[:n])
	n, _ = b.Transmit(start, buf)
	a.Receive(start, buf[:n])
	if _, s := a.Lookup(start, ipB); s != Reachable {
		panic("not resolved")
	}
}

func TestExchangeAllocatesNothing(t *testing.T) {
	a, b, buf := newCache(hwA, ipA), newCache(hwB, ipB), make([]byte, PacketLen)
	if n := testing.AllocsPerRun(100, func() { exchange(a, b, buf) }); n != 0 {
		t.Errorf("%v allocations an exchange", n)
	}
}

func BenchmarkExchange(b *testing.B) {
	x, y, buf := newCache(hwA, ipA), newCache(hwB, ipB), make([]byte, PacketLen)
	b.ReportAllocs()
	for b.Loop() {
		exchange(x, y, buf)
	}
}

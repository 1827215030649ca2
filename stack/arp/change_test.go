package arp

import (
	"testing"
	"time"

	"httptap/stack/link"
)

// An answer that waits to be sent says what was true when it was queued, so that it must not
// leave once the address is another one.
func TestQueuedAnswersEndWithTheAddress(t *testing.T) {
	for name, change := range map[string]func(*Cache){
		"the address was taken away": func(c *Cache) { c.SetAddr([4]byte{}) },
		"it is another one":          func(c *Cache) { c.SetAddr(ipC) },
	} {
		c := newCache(hwA, ipA)
		c.Receive(start, Append(nil, OpRequest, hwB, ipB, link.Addr{}, ipA))
		change(c)
		quiet(t, c, start, name)
	}
	c := newCache(hwA, ipA)
	c.Receive(start, Append(nil, OpRequest, hwB, ipB, link.Addr{}, ipA))
	c.Probe(start, ipC)
	if p, _, ok := sent(t, c, start); !ok || p.Op() != OpRequest || p.TargetIP() != ipC {
		t.Errorf("the probe comes behind an answer of op %d from %v", p.Op(), p.SenderIP())
	}
	c = newCache(hwA, ipA)
	c.Receive(start, Append(nil, OpRequest, hwB, ipB, link.Addr{}, ipA))
	c.SetAddr(ipA)
	if p, to, ok := sent(t, c, start); !ok || to != hwB || p.SenderIP() != ipA {
		t.Error("setting the same address again loses an answer")
	}
}

// RFC 5227, 2.4 (c): who keeps the address defends it again after DEFEND_INTERVAL.
func TestAddressIsDefendedOnAndOn(t *testing.T) {
	c := newCache(hwA, ipA)
	claimed := Append(nil, OpRequest, hwB, ipA, link.Addr{}, ipC)
	defended := 0
	for s := range 60 { // a claim a second for a minute
		now := start.Add(time.Duration(s) * time.Second)
		c.Receive(now, claimed)
		if p, to, ok := sent(t, c, now); ok {
			defended++
			if to != link.Broadcast || p.SenderIP() != ipA || p.TargetIP() != ipA || p.Op() != OpRequest {
				t.Fatalf("second %d: not an announcement", s)
			}
		}
		quiet(t, c, now, "one announcement is enough")
	}
	if defended != 6 {
		t.Errorf("defended %d times in a minute, DEFEND_INTERVAL is 10 s", defended)
	}
	if with, bad := c.Conflict(); !bad || with != hwB {
		t.Error("the caller is not told")
	}
	c.Receive(start.Add(2*time.Minute), Append(nil, OpRequest, hwC, ipC, link.Addr{}, ipA))
	if p, to, ok := sent(t, c, start.Add(2*time.Minute)); !ok || to != hwC || p.Op() != OpReply {
		t.Error("an address that is kept is answered for")
	}
}

// A probe of somebody else for our address is answered: that is what it asks.
func TestProbeForOurAddressIsAnswered(t *testing.T) {
	c := newCache(hwA, ipA)
	if err := c.Receive(start, Append(nil, OpRequest, hwB, [4]byte{}, link.Addr{}, ipA)); err != nil {
		t.Error(err)
	}
	p, to, ok := sent(t, c, start)
	if !ok || to != hwB || p.Op() != OpReply || p.SenderIP() != ipA || p.TargetHW() != hwB {
		t.Error("the probe was not answered")
	}
	if c.Len() != 0 {
		t.Error("a probe taught something")
	}
}

// Our own packets come back from a hub or a mirror. They are no conflict and teach nothing.
func TestOwnPacketsComeBack(t *testing.T) {
	c := newCache(hwA, ipA)
	c.Lookup(start, ipB)
	request, _, _ := sent(t, c, start)
	if err := c.Receive(start, request.b); err != nil {
		t.Error(err)
	}
	if _, bad := c.Conflict(); bad || c.Len() != 1 {
		t.Errorf("%d entries, conflict %v", c.Len(), bad)
	}
	quiet(t, c, start, "our own request")
}

// A neighbour that came back with another card is believed at once: RFC 826 updates who is known.
func TestNeighbourChangesItsCard(t *testing.T) {
	c := newCache(hwA, ipA)
	c.Receive(start, Append(nil, OpRequest, hwB, ipB, link.Addr{}, ipA))
	sent(t, c, start)
	at := start.Add(time.Minute)
	c.Lookup(at, ipB) // polls hwB
	sent(t, c, at)
	c.Receive(at, Append(nil, OpReply, hwC, ipB, link.Broadcast, ipB))
	if hw, s := c.Lookup(at, ipB); s != Reachable || hw != hwC {
		t.Errorf("%v is %v", hw, s)
	}
	quiet(t, c, at.Add(time.Second), "the poll is answered")
}

// A poll that stays without answer goes to everybody in the end, and then the entry has failed.
func TestPollInVain(t *testing.T) {
	c := newCache(hwA, ipA)
	c.Receive(start, Append(nil, OpRequest, hwB, ipB, link.Addr{}, ipA))
	sent(t, c, start)
	at := start.Add(2 * time.Minute)
	c.Lookup(at, ipB)
	for i, want := range []link.Addr{hwB, hwB, link.Broadcast} {
		if _, s := c.Lookup(at, ipB); s != Reachable {
			t.Errorf("poll %d: %v", i+1, s)
		}
		if _, to, ok := sent(t, c, at); !ok || to != want {
			t.Errorf("poll %d goes to %v, want %v", i+1, to, want)
		}
		quiet(t, c, at, "one a second")
		at = at.Add(time.Second)
	}
	gen := c.Generation()
	quiet(t, c, at, "three are enough")
	if hw, s := c.Lookup(at, ipB); s != Failed || !hw.IsZero() || c.Generation() == gen {
		t.Errorf("%v is %v", hw, s)
	}
	if !c.Deadline().IsZero() {
		t.Error("nothing is left to do, but there is a deadline")
	}
}

// Many neighbours are asked in one go: each gets its request, none a second one.
func TestManyAreAsked(t *testing.T) {
	c := new(Cache)
	c.Reset(Config{HardwareAddr: hwA, Seed: 1})
	c.SetAddr(ipA)
	for i := range 200 {
		c.Lookup(start.Add(time.Duration(i)*time.Millisecond), [4]byte{10, 0, 1, byte(i)})
	}
	for round, at := range []time.Duration{200 * time.Millisecond, 1200 * time.Millisecond, 2200 * time.Millisecond} {
		asked := map[[4]byte]int{}
		for p, _, ok := sent(t, c, start.Add(at)); ok; p, _, ok = sent(t, c, start.Add(at)) {
			asked[p.TargetIP()]++
		}
		if len(asked) != 200 {
			t.Errorf("round %d: %d neighbours of 200 were asked", round, len(asked))
		}
		for ip, n := range asked {
			if n != 1 {
				t.Errorf("round %d: %v was asked %d times", round, ip, n)
			}
		}
	}
	quiet(t, c, start.Add(3200*time.Millisecond), "the end")
	if !c.Deadline().IsZero() {
		t.Error("nobody is asked any more, but there is a deadline")
	}
	for i := range 200 {
		if _, s := c.Lookup(start.Add(3200*time.Millisecond), [4]byte{10, 0, 1, byte(i)}); s != Failed {
			t.Fatalf("neighbour %d is %v", i, s)
		}
	}
}

// Static entries alone may fill the table; what is learned then has one place.
func TestStaticEntriesFillTheTable(t *testing.T) {
	c := newCache(hwA, ipA)
	for i := range 6 {
		c.Set([4]byte{10, 0, 0, byte(100 + i)}, hwC)
	}
	for i := range 20 {
		c.Lookup(start, [4]byte{10, 0, 1, byte(i)})
		if c.Len() > 7 {
			t.Fatalf("%d entries", c.Len())
		}
	}
	for i := range 6 {
		if _, s := c.Lookup(start, [4]byte{10, 0, 0, byte(100 + i)}); s != Reachable {
			t.Errorf("static entry %d is %v", i, s)
		}
	}
}

// What waits for an entry that had to make place is told, so that it asks again.
func TestEvictionWakesWhoWaits(t *testing.T) {
	c := newCache(hwA, ipA)
	c.Lookup(start, ipB)
	gen := c.Generation()
	for i := range 4 {
		c.Lookup(start, [4]byte{10, 0, 1, byte(i)})
	}
	if c.Generation() == gen {
		t.Error("an entry that somebody waits for is gone, and nobody is told")
	}
}

// A machine looks at its whole table on an address scan, and still allocates nothing.
func TestScanAllocatesNothing(t *testing.T) {
	c := new(Cache)
	c.Reset(Config{HardwareAddr: hwA, MaxEntries: 64, Seed: 1})
	c.SetAddr(ipA)
	buf := make([]byte, PacketLen)
	i := 0
	scan := func() {
		for range 1000 {
			i++
			c.Lookup(start, [4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
			c.Transmit(start, buf)
		}
	}
	scan()
	if n := testing.AllocsPerRun(20, scan); n != 0 {
		t.Errorf("%v allocations a thousand neighbours", n)
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	c := newCache(hwA, ipA)
	c.Set(ipB, hwB)
	if n := testing.AllocsPerRun(1000, func() { c.Lookup(start, ipB) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestShortBufferPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a packet was written behind the end of the caller's buffer")
		}
	}()
	c := newCache(hwA, ipA)
	c.Lookup(start, ipB)
	c.Transmit(start, make([]byte, 20, 60))
}

func BenchmarkLookup(b *testing.B) {
	c := newCache(hwA, ipA)
	c.Set(ipB, hwB)
	b.ReportAllocs()
	for b.Loop() {
		c.Lookup(start, ipB)
	}
}

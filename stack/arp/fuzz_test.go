package arp

import (
	"testing"
	"time"

	"httptap/stack/link"
)

// FuzzMachine runs any sequence of calls against one cache and holds it to what it promises: the
// table is bounded and its lists whole, a destination is asked once a second at most, an address
// that is tentative is in no packet's sender field, and after Transmit returned 0 the deadline
// lies ahead.
func FuzzMachine(f *testing.F) {
	f.Add([]byte{0, 1, 10, 0, 0, 1, 10, 0, 7, 1, 0, 0})
	f.Add([]byte{6, 1, 0, 0x84, 0, 0, 6, 0, 0}) // asked for, then the address changes
	f.Add([]byte{3, 0, 1, 0, 1, 100, 5, 0, 0, 2, 0, 1, 6, 0, 200, 1, 0, 250})
	f.Fuzz(func(t *testing.T, script []byte) {
		m := machine{t: t, now: start, asked: map[[4]byte]time.Time{}}
		m.c.Reset(Config{HardwareAddr: hwA, MaxEntries: 8, Seed: 1})
		for ; len(script) >= 3; script = script[3:] {
			m.step(script[0]&0x7f%9, script[1], time.Duration(script[2])*20*time.Millisecond)
			if script[0]&0x80 == 0 {
				m.transmit()
			}
			m.check()
		}
	})
}

type machine struct {
	t     *testing.T
	c     Cache
	now   time.Time
	asked map[[4]byte]time.Time
}

// step makes one call. n chooses one of five neighbours, fewer than the table has room for, so
// that no entry is evicted and every request counts.
func (m *machine) step(op, n byte, wait time.Duration) {
	ip, hw := [4]byte{10, 0, 0, 2 + n%5}, link.Addr{2, 0, 0, 0, 0, n % 7}
	switch op {
	case 0:
		m.c.Lookup(m.now, ip)
	case 1:
		m.now = m.now.Add(wait)
	case 2:
		m.c.Receive(m.now, Append(nil, OpReply, hw, ip, hwA, ipA))
	case 3:
		m.c.Probe(m.now, ip)
	case 4:
		m.c.Receive(m.now, Append(nil, OpRequest, hw, ip, link.Addr{}, ipA))
	case 5:
		m.c.Accept(m.now)
	case 6:
		m.c.SetAddr([...][4]byte{{}, ipA, ipB}[n%3])
	case 7:
		m.c.Receive(m.now, Append(nil, OpRequest, hw, [4]byte{}, link.Addr{}, ip))
	case 8:
		if d := m.c.Deadline(); d.After(m.now) {
			m.now = d
		}
	}
}

// transmit sends all that is due.
func (m *machine) transmit() {
	var b [PacketLen]byte
	for range 64 {
		n, to := m.c.Transmit(m.now, b[:])
		if n == 0 {
			if d := m.c.Deadline(); !d.IsZero() && !d.After(m.now) {
				m.t.Fatalf("nothing to send, but the deadline is %v ago", m.now.Sub(d))
			}
			return
		}
		m.sent(b[:n], to)
	}
	m.t.Fatal("it never stops sending")
}

func (m *machine) sent(b []byte, to link.Addr) {
	p, err := Parse(b)
	if err != nil || p.SenderHW() != hwA {
		m.t.Fatalf("% x: %v", b, err)
	}
	if m.c.ProbeState() == ProbeTentative && p.SenderIP() != [4]byte{} {
		m.t.Fatalf("%v is sent from while the address is checked", p.SenderIP())
	}
	if p.Op() == OpReply && p.SenderIP() == [4]byte{} {
		m.t.Fatal("an answer without an address")
	}
	if p.Op() == OpReply || p.TargetIP() == m.c.ip || p.TargetIP() == m.c.probe.ip {
		return
	}
	if last, ok := m.asked[p.TargetIP()]; ok && m.now.Sub(last) < time.Second {
		m.t.Fatalf("%v was asked for %v ago", p.TargetIP(), m.now.Sub(last))
	}
	m.asked[p.TargetIP()] = m.now
	if to.IsMulticast() && to != link.Broadcast || to.IsZero() {
		m.t.Fatalf("a request to %v", to)
	}
}

// check walks the lists of the cache.
func (m *machine) check() {
	seen, waiting := 0, 0
	var newer *entry
	for e := m.c.newest; e != nil; newer, e = e, e.older {
		if seen++; e.newer != newer || m.c.entries[e.ip] != e {
			m.t.Fatal("the list of entries is broken")
		}
		if e.state == Reachable && e.hw.IsZero() || e.state == Pending && !e.waiting {
			m.t.Fatalf("%v is %v at %v, waiting %v", e.ip, e.state, e.hw, e.waiting)
		}
		if e.waiting {
			waiting++
		}
	}
	if m.c.oldest != newer || seen != m.c.Len() || seen > 8 {
		m.t.Fatalf("%d entries listed, %d in the table", seen, m.c.Len())
	}
	for e := m.c.asked; e != nil; e = e.asked {
		if waiting--; !e.waiting {
			m.t.Fatal("an entry is asked for without waiting")
		}
	}
	if waiting != 0 {
		m.t.Fatalf("%d entries wait and are not asked for", waiting)
	}
}

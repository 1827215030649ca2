package dhcpv4

import (
	"bytes"
	"testing"
	"time"
)

// Any bytes: Parse refuses or every accessor works, and what the options say survives being
// written again.
func FuzzMessage(f *testing.F) {
	f.Add(everything())
	f.Add(message())
	overload := message(OptOverload, 1, 3, OptEnd)
	copy(overload[offFile:], []byte{OptDomain, 1, 'a', OptEnd})
	f.Add(overload)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		again := AppendHeader(bytes.Repeat([]byte{0xa5}, 3), Header{Op: m.Op(), Hops: m.Hops(), XID: m.XID(), Secs: m.Secs(), Broadcast: m.Broadcast(),
			CIAddr: m.CIAddr(), YIAddr: m.YIAddr(), SIAddr: m.SIAddr(), GIAddr: m.GIAddr(), HardwareAddr: m.HardwareAddr()})
		for code, v := range m.Options {
			if code == OptOverload {
				continue // all of them are in one place now
			}
			again = AppendOption(again, code, v...)
		}
		m2, err := Parse(AppendEnd(again, 3)[3:])
		if err != nil {
			t.Fatal(err)
		}
		if m2.Op() != m.Op() || m2.Hops() != m.Hops() || m2.XID() != m.XID() || m2.Secs() != m.Secs() || m2.Broadcast() != m.Broadcast() ||
			m2.CIAddr() != m.CIAddr() || m2.YIAddr() != m.YIAddr() || m2.SIAddr() != m.SIAddr() || m2.GIAddr() != m.GIAddr() ||
			m2.HardwareAddr() != m.HardwareAddr() || m2.Type() != m.Type() || m2.HType() != 1 || m2.HLen() != 6 {
			t.Fatal("the header changed")
		}
		for code := range 256 {
			if code == OptOverload {
				continue
			}
			v1, ok1 := m.Option(byte(code), nil)
			v2, ok2 := m2.Option(byte(code), nil)
			if ok1 != ok2 || !bytes.Equal(v1, v2) {
				t.Fatalf("option %d: % x %v, before % x %v", code, v2, ok2, v1, ok1)
			}
		}
	})
}

// FuzzClient hands a client in every state any message, with its own transaction number and
// address put in where patch says so. The client never panics, never keeps a lease that nobody
// may have, and always has a deadline unless it is done.
func FuzzClient(f *testing.F) {
	d := Message{b: message()}
	f.Add(answer(d, Offer), answer(d, ACK), uint8(0), true)
	f.Add(answer(d, Offer), answer(d, NAK), uint8(1), true)
	f.Add(everything(), everything(), uint8(2), true)
	f.Fuzz(func(t *testing.T, first, second []byte, steps uint8, patch bool) {
		var c Client
		now := t0
		c.Start(now, ClientConfig{HardwareAddr: mac, Hostname: "box"})
		buf := bytes.Repeat([]byte{0xa5}, BufferLen)
		give := func(b []byte) {
			if b = bytes.Clone(b); patch && len(b) >= HeaderLen {
				h := AppendHeader(nil, Header{Op: OpReply, XID: c.xid, HardwareAddr: mac})
				copy(b[:offCIAddr], h)
				copy(b[offCHAddr:offCHAddr+6], mac[:])
			}
			_ = c.Receive(now, b)
		}
		for i := range int(steps%8) + 3 {
			for range 4 {
				n, _, _ := c.Transmit(now, buf)
				if n == 0 {
					break
				}
				if m, err := Parse(buf[:n]); err != nil || m.Op() != OpRequest || n < MinLen {
					t.Fatalf("sent %d bytes: %v", n, err)
				}
			}
			if d := c.Deadline(); !d.IsZero() && !d.After(now) {
				t.Fatalf("state %v: nothing more is sent and the deadline is %v ago", c.State(), now.Sub(d))
			}
			if i%2 == 0 {
				give(first)
			} else {
				give(second)
			}
			l, ok := c.Lease()
			switch {
			case ok && (!usable(l.Addr.Addr().As4()) || l.Addr.Bits() < 1 || !l.Server.IsValid()):
				t.Fatalf("lease %+v", l)
			case ok && !l.Expires.IsZero() && (!l.Renew.Before(l.Rebind) || !l.Rebind.Before(l.Expires)):
				t.Fatalf("times out of order: %+v", l)
			case !ok && c.Deadline().IsZero():
				t.Fatalf("state %v waits for nothing", c.State())
			}
			if d := c.Deadline(); d.After(now) {
				now = d
			}
		}
	})
}

// FuzzServer hands a server any two messages. It never panics, its answers are well-formed and
// fit, and it never gives two clients one address.
func FuzzServer(f *testing.F) {
	f.Add(appendDiscover(mac), clientMessage(Header{}, Request, with(OptServer, server[:]...), with(OptRequested, given[:]...)), uint8(1))
	f.Add(everything(), clientMessage(Header{CIAddr: given}, Release, with(OptServer, server[:]...)), uint8(2))
	f.Add(appendDiscover(mac), clientMessage(Header{}, Decline, with(OptServer, server[:]...), with(OptRequested, given[:]...)), uint8(3))
	f.Fuzz(func(t *testing.T, first, second []byte, steps uint8) {
		var s Server
		err := s.Reset(ServerConfig{Addr: server, Prefix: network, Domain: "httptap.test", MTU: 1500, Lease: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		now := t0
		buf := bytes.Repeat([]byte{0xa5}, BufferLen)
		for i := range int(steps%16) + 2 {
			if i%2 == 0 {
				_ = s.Receive(now, first)
			} else {
				_ = s.Receive(now, second)
			}
			for range maxAnswers + 1 {
				waiting := s.waiting
				n, _ := s.Transmit(now, buf)
				if n == 0 && waiting == 0 {
					break
				}
				if n == 0 {
					continue // echoes for which there is no room
				}
				m, err := Parse(buf[:n])
				if err != nil || m.Op() != OpReply {
					t.Fatalf("answer % x: %v", buf[:n], err)
				}
				if a := m.YIAddr(); a != [4]byte{} && !s.pool.contains(a) {
					t.Fatalf("gives %v", a)
				}
			}
			if len(s.pool.byKey) > len(s.pool.byAddr) {
				t.Fatal("more clients than addresses")
			}
			for key, r := range s.pool.byKey {
				if r.key != key || s.pool.byAddr[number(r.addr)] != r {
					t.Fatalf("the records of %q do not agree", key)
				}
			}
			now = now.Add(time.Duration(steps) * time.Second)
		}
	})
}

package tcp

import (
	"testing"
	"time"
)

// A shuttle carries what one TCB sends to another, some of it not, without allocating.
type shuttle struct {
	a, b TCB
	now  time.Time
	bufs [64][1500]byte
	n    [64]int
	data [64 * 1460]byte
}

func newShuttle(t *testing.T, ctl Controller) *shuttle {
	s := &shuttle{now: origin}
	ca := endConfig(addrA, addrB, 1<<18, 0xffffff00)
	ca.Congestion = ctl
	handshake(&s.a, &s.b, ca, endConfig(addrB, addrA, 1<<18, 7), s.bufs[0][:])
	if s.a.State() != Established || s.b.State() != Established || !s.a.sack || !s.a.stamps.on {
		t.Fatal(s.a.State(), s.b.State())
	}
	return s
}

// carry takes what from sends and gives it to to half a round trip later; lose says what is lost.
// What to answers stays for the next call.
func (s *shuttle) carry(from, to *TCB, lose func(i int) bool) (sent int) {
	for ; sent < len(s.bufs); sent++ {
		if s.n[sent] = from.Transmit(s.now, s.bufs[sent][:]); s.n[sent] == 0 {
			break
		}
	}
	s.now = s.now.Add(10 * time.Millisecond)
	for i := range sent {
		if lose != nil && lose(i) {
			continue
		}
		seg, err := Parse(s.bufs[i][:s.n[i]])
		if err != nil {
			panic(err)
		}
		to.Receive(s.now, seg)
		if lose != nil && to.ackNow { // each of them is answered, as on a wire
			n := to.Transmit(s.now, s.bufs[63][:])
			if ack, err := Parse(s.bufs[63][:n]); n > 0 && err == nil {
				from.Receive(s.now, ack)
			}
		}
	}
	return sent
}

// settle carries both ways until everything is acknowledged.
func (s *shuttle) settle() {
	for range 50 {
		s.carry(&s.a, &s.b, nil)
		s.b.Read(s.data[:])
		s.carry(&s.b, &s.a, nil)
		if s.a.una == s.a.max && s.a.unsent() == 0 {
			return
		}
		if d := s.a.Deadline(); !d.IsZero() && d.After(s.now) && s.a.rtoAt != 0 && !s.a.Pending(s.now) {
			s.now = d
		}
	}
}

func TestDataAndRecoveryAllocateNothing(t *testing.T) {
	for _, ctl := range []Controller{nil, new(NewReno)} {
		s := newShuttle(t, ctl)
		bulk := func() {
			s.a.Write(s.data[:32*1460])
			s.settle()
		}
		if n := testing.AllocsPerRun(100, bulk); n != 0 {
			t.Errorf("%v allocations for a window of data and its ACKs", n)
		}
		if s.a.retransmits > 0 {
			t.Fatalf("%d segments were sent again", s.a.retransmits)
		}
		recover := func() {
			s.a.Write(s.data[:32*1460])
			s.carry(&s.a, &s.b, func(i int) bool { return i%3 == 0 })
			s.settle()
		}
		recoveries := s.a.recoveries
		if n := testing.AllocsPerRun(100, recover); n != 0 {
			t.Errorf("%v allocations for a recovery by SACK", n)
		}
		if s.a.recoveries-recoveries < 90 || s.a.retransmits < 200 {
			t.Errorf("%d recoveries, %d segments sent again: nothing was proved", s.a.recoveries-recoveries, s.a.retransmits)
		}
	}
}

// TestACKAllocatesNothing: one acknowledgment, with SACK blocks and without, and a timeout.
func TestACKAllocatesNothing(t *testing.T) {
	s := newShuttle(t, nil)
	if n := testing.AllocsPerRun(100, func() {
		s.a.Write(s.data[:1460])
		s.carry(&s.a, &s.b, nil)
		s.b.Read(s.data[:])
		s.carry(&s.b, &s.a, nil)
	}); n != 0 {
		t.Errorf("%v allocations for a segment and its ACK", n)
	}
	timeouts := 0
	if n := testing.AllocsPerRun(100, func() {
		s.a.Write(s.data[:4*1460])
		s.carry(&s.a, &s.b, func(int) bool { return true })
		for s.a.rec.kind != lossRecovery { // the tail loss probe is lost, too
			s.now = s.a.Deadline()
			if s.a.rtoAt != 0 && s.a.tlp.at == 0 {
				timeouts++
			}
			s.a.Transmit(s.now, s.bufs[0][:])
		}
		s.settle()
	}); n != 0 {
		t.Errorf("%v allocations for a timeout", n)
	}
	if timeouts < 100 {
		t.Errorf("%d timeouts", timeouts)
	}
}

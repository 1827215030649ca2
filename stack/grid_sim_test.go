package stack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"testing"
	"time"

	"httptap/stack/link"
	"httptap/stack/tcp"
)

// A sim is two hosts on a link in simulated time, driven by one goroutine: engines, lines and
// applications are machines, so that what happens depends on the seeds alone, to the nanosecond.
// It is what a Host and a device are in life: receive, let the application run, transmit, wait
// for the earliest deadline.
type sim struct {
	now   time.Time
	hosts [2]*Host
	lines [2]*link.Line                  // lines[i] carries what hosts[i] sends
	judge func(from, n int) link.Verdict // nil: the lines judge for themselves
	seen  func(to int, frame []byte)     // is shown what arrives, before it is received
	apps  []func(now time.Time) bool     // each does what can be done at now and tells whether it did anything
	sent  [2]int                         // frames
	buf   []byte
}

var simNet = netip.MustParsePrefix("10.0.0.0/24")

// newSim returns two hosts, 10.0.0.1 and 10.0.0.2, that know each other's hardware address unless
// they have to ask for it.
func newSim(o simOptions) *sim {
	s := &sim{now: time.Unix(1e9, 0), buf: make([]byte, o.mtu()+link.HeaderLen)}
	for i := range s.hosts {
		s.hosts[i] = newSimHost(i, o.mtu(), o.buffer, o.seed)
		cfg := o.impair[i]
		cfg.Seed += o.seed*2 + uint64(i)
		s.lines[i] = link.NewLine(cfg)
	}
	for i, h := range s.hosts {
		peer := s.hosts[1-i]
		h.e.setStatic(netip.PrefixFrom(simAddr(i), simNet.Bits()), netip.Addr{}, nil)
		if !o.ask {
			h.e.arp.Set(simAddr(1-i).As4(), peer.e.hw)
		}
	}
	return s
}

type simOptions struct {
	impair [2]link.ImpairConfig // of what each host sends
	buffer int                  // of a connection, in bytes
	seed   uint64
	ask    bool // hosts ask by ARP for each other
	MTU    int  // 0: 1500
}

func (o simOptions) mtu() int {
	if o.MTU == 0 {
		return 1500
	}
	return o.MTU
}

func simAddr(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}) }

// newSimHost returns a host without goroutines and without an address.
func newSimHost(i, mtu, buffer int, seed uint64) *Host {
	hw := link.LocalAddr(fmt.Sprint("sim ", i))
	h := &Host{cfg: Config{SendBuffer: buffer, ReceiveBuffer: buffer, HardwareAddr: hw}}
	h.tx.L, h.news.L = &h.mu, &h.mu
	h.e.init(link.Info{HardwareAddr: hw, MTU: mtu}, hw, [32]byte{byte(seed), byte(seed >> 8), byte(i + 1)})
	h.e.event = func() {}
	return h
}

// Why a run ended without being done.
var (
	errSimLate  = errors.New("the simulated time is up")
	errSimStall = errors.New("nothing is left that could happen")
	errSimSpin  = errors.New("a deadline stays in the past")
)

// run lets time pass until done, and at most until the given time has passed.
func (s *sim) run(limit time.Duration, done func() bool) error {
	end, spin := s.now.Add(limit), 0
	for {
		s.settle()
		if done() {
			return nil
		}
		next := time.Time{}
		for i := range s.hosts {
			next = earliest(next, s.hosts[i].e.deadline())
			next = earliest(next, s.lines[i].Deadline())
		}
		switch {
		case next.IsZero():
			return errSimStall
		case next.After(end):
			return errSimLate
		case next.After(s.now):
			s.now, spin = next, 0
		default:
			// A frame on a line without delay comes at the same instant; a host that is asked
			// again and again and has nothing to send would be asked for ever.
			if spin++; spin > 1000 {
				return errSimSpin
			}
		}
	}
}

// settle does all that can be done at this instant. A host transmits after each frame that it
// receives, as one that frames come to one by one.
func (s *sim) settle() {
	for busy := true; busy; {
		busy = s.act()
		for i, h := range s.hosts {
			s.transmit(i)
			for n := s.lines[1-i].Transmit(s.now, s.buf); n > 0; n = s.lines[1-i].Transmit(s.now, s.buf) {
				busy = true
				if s.seen != nil {
					s.seen(i, s.buf[:n])
				}
				h.e.receive(s.now, s.buf[:n])
				s.act()
				s.transmit(i)
			}
		}
	}
}

// act lets the applications run.
func (s *sim) act() (busy bool) {
	for _, app := range s.apps {
		busy = app(s.now) || busy
	}
	return busy
}

// transmit puts what host i has to send on its line.
func (s *sim) transmit(i int) {
	for n := s.hosts[i].e.transmit(s.now, s.buf); n > 0; n = s.hosts[i].e.transmit(s.now, s.buf) {
		s.sent[i]++
		if s.judge != nil {
			s.lines[i].Pass(s.now, s.buf[:n], s.judge(i, n))
		} else {
			s.lines[i].Receive(s.now, s.buf[:n])
		}
	}
}

// dial begins a connection from host i to a port of the other one.
func (s *sim) dial(i int, lport, rport uint16) *Conn {
	h := s.hosts[i]
	c := h.newConn(tuple{remote: simAddr(1 - i).As4(), lport: lport, rport: rport})
	c.tcb.Open(s.now, c.config(s.now, h.e.iss(s.now, c.key)))
	h.e.conns[c.key] = c
	h.e.settle(s.now, c)
	return c
}

// listen returns a function that returns the connections that host i accepts on a port, one a
// call; nil: none is there now.
func (s *sim) listen(t testing.TB, i int, port uint16) func() *Conn {
	t.Helper()
	l, err := s.hosts[i].Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		t.Fatal(err)
	}
	return func() *Conn {
		if len(l.(*Listener).done) == 0 {
			return nil
		}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c.(*Conn)
	}
}

// A side is an application at one end of a connection: it writes what it has to send and closes
// for writing, and reads to the end. What it reads has to be what it wants.
type side struct {
	c         *Conn
	send      []byte
	want      []byte
	sent, eof bool
	over      bool // closed, or failed
	err       error
	buf       []byte
}

var errSimWrong = errors.New("the bytes that came are not those that were sent")

func (a *side) act(now time.Time) (busy bool) {
	if a.c == nil || a.over {
		return false
	}
	t, e := &a.c.tcb, &a.c.host.e
	if t.State() == tcp.SynSent || t.State() == tcp.SynReceived {
		return false
	}
	fail := func(err error) bool {
		a.err, a.over = err, true
		a.c.shut(now)
		return true
	}
	for !a.sent {
		n, err := a.c.put(a.send)
		if err != nil {
			return fail(err)
		}
		if n == 0 && len(a.send) > 0 {
			break
		}
		if a.send = a.send[n:]; len(a.send) == 0 {
			t.CloseWrite(now)
			a.sent = true
		}
		busy = true
	}
	for !a.eof {
		if a.buf == nil {
			a.buf = make([]byte, 64<<10)
		}
		n, err := t.Read(a.buf)
		if err == io.EOF {
			a.eof, busy = true, true
			if len(a.want) > 0 {
				return fail(errSimWrong)
			}
			break
		}
		if err != nil {
			return fail(err)
		}
		if n == 0 {
			break
		}
		if n > len(a.want) || !bytes.Equal(a.buf[:n], a.want[:n]) {
			return fail(errSimWrong)
		}
		a.want, busy = a.want[n:], true
	}
	if a.sent && a.eof {
		a.over, busy = true, true
		a.c.shut(now)
		return busy
	}
	if busy {
		e.settle(now, a.c)
	}
	return busy
}

// transfer sends there from host 0 to host 1 and back the other way, over a connection of its
// own from lport. It returns how long it took from the dial until both sides have it all, and
// has both hosts forget the connection.
func (s *sim) transfer(accept func() *Conn, lport uint16, there, back []byte, limit time.Duration) (time.Duration, error) {
	a, b := &side{send: there, want: back}, &side{send: back, want: there}
	s.apps = []func(time.Time) bool{a.act, func(now time.Time) bool {
		if b.c == nil {
			b.c = accept()
		}
		return b.act(now)
	}}
	begin := s.now
	a.c = s.dial(0, lport, 80)
	err := s.run(limit, func() bool {
		for _, end := range []*side{a, b} {
			// While it is opened, or behind Close, the application does not hear of it.
			if end.c != nil && end.err == nil && end.c.tcb.Err() != nil {
				end.err, end.over = end.c.tcb.Err(), true
			}
		}
		return a.over && b.over || a.err != nil || b.err != nil
	})
	took := s.now.Sub(begin)
	for i, end := range []*side{a, b} {
		if err == nil && end.err != nil {
			err = fmt.Errorf("side %d: %w", i, end.err)
		}
	}
	if err != nil {
		for _, end := range []*side{a, b} {
			if end.c != nil {
				err = fmt.Errorf("%w; %d bytes to send, %d to come: %+v", err, len(end.send), len(end.want), end.c.tcb.Info())
			}
		}
		return took, err
	}
	s.apps = nil
	return took, s.run(limit, func() bool { return len(s.hosts[0].e.conns)+len(s.hosts[1].e.conns) == 0 })
}

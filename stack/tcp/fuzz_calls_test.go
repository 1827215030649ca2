package tcp

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"httptap/stack/seq"
	"httptap/stack/sum"
)

// A caller is an application, and the owner of a TCB: it makes all the calls that there are, in an
// order that comes from a seed.
type caller struct {
	c           *TCB
	rnd         *rand.Rand
	peer        *caller
	stream      func(int) byte // what it writes
	wrote, read int
	left        int // bytes that it still wants to write
	eof         bool
	discarded   bool
	aborted     bool
	impatient   bool // a keep-alive or user timeout was set, which may end the connection
	lent        bool // memory is given as it is asked for
	grown       int  // calls that gave a larger buffer
	buf         [700]byte
}

// write writes up to n bytes.
func (a *caller) write(n int, urgent bool) {
	b := a.buf[:min(n, len(a.buf), a.left)]
	for i := range b {
		b[i] = a.stream(a.wrote + i)
	}
	if want := a.c.WantTx(); want > 0 && len(b) > 0 {
		a.c.SetTx(make([]byte, want))
	}
	f := a.c.Write
	if urgent {
		f = a.c.WriteUrgent
	}
	n, _ = f(b)
	a.wrote += n
	a.left -= n
}

// take reads up to n bytes and tells whether there were any.
func (a *caller) take(t testing.TB, n int) bool {
	n, err := a.c.Read(a.buf[:min(n, len(a.buf))])
	for i, v := range a.buf[:n] {
		if v != a.peer.stream(a.read+i) {
			t.Fatalf("byte %d of the stream is wrong", a.read+i)
		}
	}
	if a.read += n; a.read > a.peer.wrote {
		t.Fatalf("%d bytes were read of %d that were written", a.read, a.peer.wrote)
	}
	if n > 0 && a.eof {
		t.Fatal("bytes behind the end")
	}
	if err == io.EOF {
		if a.eof = true; a.read != a.peer.wrote {
			t.Fatalf("the end after %d bytes of %d", a.read, a.peer.wrote)
		}
	}
	return n > 0
}

// call does one thing that an application may do.
func (a *caller) call(t testing.TB, now time.Time) {
	c, r := a.c, a.rnd
	switch r.IntN(24) {
	case 0, 1, 2, 3, 4, 5:
		a.write(1+r.IntN(700), false)
	case 6, 7, 8, 9, 10, 11:
		if !a.discarded {
			a.take(t, 1+r.IntN(700))
		}
	case 12:
		a.write(1+r.IntN(30), true)
	case 13:
		c.SetNagle(r.IntN(2) == 0)
	case 14:
		a.impatient = true
		c.SetKeepAlive(now, time.Duration(r.IntN(4))*time.Duration(r.IntN(3000))*time.Millisecond, time.Duration(r.IntN(2000))*time.Millisecond, r.IntN(5))
	case 15:
		a.impatient = true
		c.SetUserTimeout(now, time.Duration(r.IntN(3))*time.Duration(r.IntN(20000))*time.Millisecond)
	case 16:
		c.PathMTU(now, r.IntN(1500))
	case 17:
		if a.grown++; a.grown < 4 {
			c.SetRx(make([]byte, len(c.rx.b)+r.IntN(300)))
		}
	case 18:
		if a.grown++; a.grown < 4 {
			c.SetTx(make([]byte, len(c.tx.b)+r.IntN(300)))
		}
	case 19:
		if r.IntN(4) == 0 {
			a.aborted = a.aborted || c.state == SynSent
			a.left = 0
			c.CloseWrite(now)
		}
	case 20:
		if r.IntN(20) == 0 {
			a.close(now)
		}
	case 21:
		if r.IntN(40) == 0 {
			a.aborted = true
			c.Abort(now)
		}
	case 22:
		c.SoftError(errHost)
	case 23:
		c.Release()
	}
}

// close is what Conn.Close does.
func (a *caller) close(now time.Time) {
	a.discarded, a.left = true, 0
	a.c.CloseWrite(now)
	a.c.Discard(now)
}

// finish does what is left to do: it writes all, closes, and reads to the end. It tells whether it
// did anything.
func (a *caller) finish(t testing.TB, now time.Time) (busy bool) {
	if s := a.c.state; s == SynSent || s == SynReceived {
		return false
	}
	for a.left > 0 && a.c.Writable() {
		a.write(a.left, false)
		busy = true
	}
	if a.left == 0 && !a.c.finIn && a.c.state != Closed {
		a.c.CloseWrite(now)
		busy = true
	}
	for !a.discarded && a.take(t, 700) {
		busy = true
	}
	if a.c.finIn && a.eof && !a.discarded {
		a.close(now)
		busy = true
	}
	return busy
}

// calls is a wire between two callers.
type calls struct {
	wire
	ends    [2]caller
	corrupt float64
	strip   byte         // an option that a middlebox removes from SYNs
	outage  [2]time.Time // nothing gets through meanwhile
	steps   int
	out     [1500]byte
}

// callEnd returns the configuration of an end.
func (w *calls) callEnd(i int, iss seq.Value) Config {
	r := w.rnd
	local, remote := addrA, addrB
	if i == 1 {
		local, remote = addrB, addrA
	}
	size := func() int { return []int{1, 2, 50, 300, 1000, 5000, 20000, 70000, 200000}[r.IntN(9)] }
	cfg := Config{Local: local, Remote: remote, MSS: []int{28, 100, 536, 1460}[r.IntN(4)], ISS: iss,
		TimeOffset: r.Uint32(), TimeWait: time.Duration(r.IntN(3)) * time.Second, ECN: r.IntN(2) == 0, Pace: r.IntN(4) == 0}
	if r.IntN(3) == 0 {
		cfg.Congestion = new(NewReno)
	}
	if w.ends[i].lent = r.IntN(2) == 0; w.ends[i].lent {
		cfg.TxMax, cfg.RxMax = size(), size()
	} else {
		cfg.Tx, cfg.Rx = make([]byte, size()), make([]byte, size())
	}
	return cfg
}

// runCalls lets two applications make calls over a bad link, which then becomes good, and
// have them end what they began. Then all has arrived, or there is an error that has a name and a
// reason; nothing is left to be sent, and no timer runs any more.
func runCalls(t testing.TB, seed uint64) {
	w := &calls{wire: wire{t: t, rnd: rand.New(rand.NewPCG(seed, 77)), now: origin}}
	r := w.rnd
	w.ends = [2]caller{
		{c: &w.a, rnd: r, peer: &w.ends[1], stream: ours, left: r.IntN(1 << r.IntN(13))},
		{c: &w.b, rnd: r, peer: &w.ends[0], stream: theirs, left: r.IntN(1 << r.IntN(13))},
	}
	isn := func() seq.Value { return seq.Value([]uint32{0xffffff00, 0x7fffff00, 5, r.Uint32()}[r.IntN(4)]) }
	w.a.Open(w.now, w.callEnd(0, isn()))
	if r.IntN(5) == 0 {
		w.b.Open(w.now, w.callEnd(1, isn()))
	}
	if r.IntN(4) > 0 {
		w.loss, w.dup, w.reorder, w.corrupt = r.Float64()/3, r.Float64()/4, r.Float64(), r.Float64()/10
	}
	w.mangleOptions(r.IntN(6))
	n := r.IntN(120)
	pause := time.Duration(1+r.IntN(300)) * time.Millisecond
	if r.IntN(3) == 0 {
		at := w.now.Add(time.Duration(r.IntN(n+1)) * pause)
		w.outage = [2]time.Time{at, at.Add(time.Duration(r.IntN(40)) * time.Second)}
	}
	for range n {
		for range 1 + r.IntN(3) {
			a := &w.ends[r.IntN(2)]
			if a.c.irs != 0 || a.c == &w.a { // b exists once it has a SYN
				a.call(t, w.now)
				checkInvariants(t, a.c)
			}
		}
		w.runUntil(w.now.Add(time.Duration(r.Int64N(int64(pause)))), nil)
	}
	w.loss, w.dup, w.reorder, w.corrupt = 0, 0, 0, 0
	w.runUntil(w.now.Add(24*time.Hour), func() bool {
		return w.ends[0].finish(t, w.now) || w.ends[1].finish(t, w.now)
	})
	w.judge(seed)
}

// mangleOptions makes one of the middleboxes that remove options from SYNs.
func (w *calls) mangleOptions(kind int) {
	switch kind {
	case 0:
		w.strip = kindTimestamps
	case 1:
		w.strip = kindSACKPermitted
	case 2:
		w.strip = kindWindowScale
	}
}

// runUntil lets time pass until the end, or until nothing can happen.
func (w *calls) runUntil(end time.Time, app func() bool) {
	for {
		for busy := true; busy; {
			w.send(0)
			w.send(1)
			busy = app != nil && app()
		}
		next, first := time.Time{}, -1
		for i := range w.ends {
			if d := w.ends[i].c.Deadline(); !d.IsZero() && (next.IsZero() || d.Before(next)) {
				next = d
			}
		}
		for i, f := range w.flight {
			if next.IsZero() || f.at.Before(next) || first < 0 && !next.Before(f.at) {
				next, first = f.at, i
			}
		}
		if next.IsZero() || next.After(end) {
			if app == nil {
				w.now = end
			}
			return
		}
		if w.steps++; w.steps > 300_000 {
			w.t.Fatalf("it never ends: a %+v b %+v", w.a.Info(), w.b.Info())
		}
		if next.After(w.now) {
			w.now = next
		}
		if first >= 0 {
			f := w.flight[first]
			w.flight = append(w.flight[:first], w.flight[first+1:]...)
			w.arrive(f)
		}
	}
}

// send puts on the wire what end i has to send.
func (w *calls) send(i int) {
	c, peer := w.ends[i].c, w.ends[1-i].c
	from, to := addrA, addrB
	if i == 1 {
		from, to = addrB, addrA
	}
	for range 20000 {
		pending := c.Pending(w.now)
		b := w.out[:[...]int{48, 300, 1500, 1500}[w.rnd.IntN(4)]]
		n := c.Transmit(w.now, b)
		checkInvariants(w.t, c)
		if n == 0 {
			checkQuiet(w.t, c, w.now)
			return
		}
		if !pending {
			w.t.Fatalf("Transmit had a segment, but Pending was false: %+v", c.Info())
		}
		s := parsed(w.t, b[:n], from, to)
		for k, v := range s.Payload() {
			if v != w.ends[i].stream(s.Seq().Diff(c.iss)-1+k) {
				w.t.Fatalf("byte %d is sent wrong", s.Seq().Diff(c.iss)-1+k)
			}
		}
		w.put(flying{to: peer, from: from, dest: to, b: append([]byte(nil), b[:n]...)})
	}
	w.t.Fatalf("a TCB never stops sending: %+v", c.Info())
}

// put puts a segment on the wire, which does to it what it does.
func (w *calls) put(f flying) {
	if !w.now.Before(w.outage[0]) && w.now.Before(w.outage[1]) {
		return
	}
	if w.strip != 0 && Flags(f.b[13])&SYN != 0 {
		s, _ := Parse(f.b)
		for o := s.Options(); len(o) > 0; {
			n := 1
			if o[0] != kindNop {
				n = int(o[1])
			}
			if o[0] == w.strip {
				for k := range n {
					o[k] = kindNop
				}
			}
			o = o[n:]
		}
		binary.BigEndian.PutUint16(f.b[16:], 0)
		binary.BigEndian.PutUint16(f.b[16:], pseudo(f.from, f.dest, len(f.b)).Add(f.b).Checksum())
	}
	for range 3 {
		if w.rnd.Float64() >= w.loss {
			f.at = w.now.Add(10 * time.Millisecond)
			if w.rnd.Float64() < w.reorder {
				f.at = f.at.Add(time.Duration(w.rnd.IntN(60)) * time.Millisecond)
			}
			g := f
			if w.rnd.Float64() < w.corrupt {
				g.b = append([]byte(nil), f.b...)
				g.b[w.rnd.IntN(len(g.b))] ^= 1 << w.rnd.IntN(8)
			}
			w.flight = append(w.flight, g)
		}
		if w.rnd.Float64() >= w.dup {
			return
		}
	}
}

// arrive is what a host does with a segment.
func (w *calls) arrive(f flying) {
	s, err := Parse(f.b)
	if err != nil || s.Verify(pseudo(f.from, f.dest, len(f.b))) != nil {
		return
	}
	i := 0
	if f.to == &w.b {
		i = 1
	}
	a := &w.ends[i]
	if i == 1 && w.b.local.Port() == 0 {
		if s.Flags()&(SYN|ACK|RST) == SYN {
			w.b.Accept(w.now, w.callEnd(1, seq.Value(w.rnd.Uint32())), s)
		}
		return
	}
	was := a.c.state
	if was == Closed {
		w.reset(f, s)
		return
	}
	if want := a.c.WantRx(len(s.Payload()) > 0); want > 0 {
		a.c.SetRx(make([]byte, want))
	}
	err = a.c.Receive(w.now, s)
	checkInvariants(w.t, a.c)
	if err == ErrBadAck && (was == SynSent || was == SynReceived) {
		w.reset(f, s)
	}
}

func pseudo(from, to netip.AddrPort, n int) sum.Partial {
	return sum.Pseudo4(from.Addr().As4(), to.Addr().As4(), 6, n)
}

// reset answers a segment that belongs to no connection.
func (w *calls) reset(f flying, s Segment) {
	b := make([]byte, HeaderLen)
	if Reset(b, s, pseudo(f.dest, f.from, HeaderLen)) > 0 {
		to := &w.a
		if f.to == &w.a {
			to = &w.b
		}
		w.put(flying{to: to, from: f.dest, dest: f.from, b: b})
	}
}

// judge looks at what has become of it.
func (w *calls) judge(seed uint64) {
	t := w.t
	fail := func(what string) {
		t.Fatalf("seed %d: %s\na %v %+v\nb %v %+v", seed, what, w.a.Err(), w.a.Info(), w.b.Err(), w.b.Info())
	}
	rude := false
	for i := range w.ends {
		e := &w.ends[i]
		rude = rude || e.aborted || e.discarded && !e.eof || e.impatient
	}
	outage := w.outage[1].Sub(w.outage[0])
	for i := range w.ends {
		a, c := &w.ends[i], w.ends[i].c
		if c.local.Port() == 0 {
			if w.a.Err() == nil && !w.a.finIn { // closed in SYN-SENT it just ends
				fail("b was never opened")
			}
			continue
		}
		// Whose peer has given up without a word learns of it when it sends something.
		if halfOpen := a.peer.c.Err() != nil && c.una == c.max && c.unsent() == 0; (c.state != Closed || c.sendRST) && !halfOpen {
			fail("it is not closed")
		}
		if d := c.Deadline(); !d.IsZero() {
			fail("a timer still runs")
		}
		named := c.Err() == nil
		for _, e := range []error{ErrTimeout, ErrReset, ErrRefused, ErrAborted} {
			named = named || errors.Is(c.Err(), e)
		}
		if !named {
			fail("an error without a name")
		}
		if c.Err() != nil && !rude && outage < 20*time.Second {
			fail("it failed without a reason")
		}
		if c.Err() == nil && a.peer.c.Err() == nil && !rude && w.a.una != w.a.iss && (a.read != a.peer.wrote || a.left != 0) {
			fail("not all has arrived")
		}
	}
}

// FuzzCalls: see runCalls. Its seeds from 0 on run always.
func FuzzCalls(f *testing.F) {
	for seed := range uint64(1000) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { runCalls(t, seed) })
}

package stack

import (
	"errors"
	"io"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"httptap/stack/link"
	"httptap/stack/seq"
	"httptap/stack/tcp"
)

// A conns is two hosts whose applications open connections to each other and make calls on them in
// an order that comes from a seed. Ports are few, so that they meet again and again.
type conns struct {
	*sim
	t      testing.TB
	rnd    *rand.Rand
	accept [2]func() *Conn
	ends   []*end
	data   [4096]byte
}

// An end is one application's end of a connection. What it writes is told by the initial sequence
// number, so that no byte of another connection can be taken for one of this.
type end struct {
	c           *Conn
	wrote, read int
	eof, over   bool
}

func streamByte(iss seq.Value, i int) byte { return byte(uint32(iss)*31) + byte(i*7+i>>8) }

// dialAny begins a connection on one of few ports, unless the last one there is still alive.
func (w *conns) dialAny(i int) {
	h := w.hosts[i]
	key := tuple{remote: simAddr(1 - i).As4(), lport: uint16(50000 + w.rnd.IntN(4)), rport: 80}
	iss := h.e.iss(w.now, key)
	if old := h.e.conns[key]; old != nil {
		again, ok := old.tcb.Expendable(w.now)
		if !ok {
			return
		}
		iss = again
		h.e.cutTimeWait(w.now, old)
	}
	c := h.newConn(key)
	c.tcb.Open(w.now, c.config(w.now, iss))
	h.e.conns[key] = c
	h.e.settle(w.now, c)
	w.ends = append(w.ends, &end{c: c})
}

// take reads up to n bytes, and returns whether something was there.
func (w *conns) take(a *end, n int) bool {
	if a.over {
		return false
	}
	n, err := a.c.tcb.Read(w.data[:n])
	irs := a.c.tcb.Info().IRS
	for i, v := range w.data[:n] {
		if v != streamByte(irs, a.read+i) {
			w.t.Fatalf("byte %d of the stream is wrong: %+v", a.read+i, a.c.tcb.Info())
		}
	}
	if a.read += n; n > 0 && a.eof {
		w.t.Fatal("bytes behind the end")
	}
	switch {
	case err == io.EOF:
		a.eof = true
	case err != nil:
		if errno := syscall.Errno(0); !errors.As(tcpError(err), &errno) {
			w.t.Fatalf("an error that the kernel has no name for: %v", err)
		}
		a.over = true
		a.c.shut(w.now)
	}
	return n > 0
}

// put writes up to n bytes.
func (w *conns) put(a *end, n int) {
	iss := a.c.tcb.Info().ISS
	for i := range n {
		w.data[i] = streamByte(iss, a.wrote+i)
	}
	n, _ = a.c.put(w.data[:n])
	a.wrote += n
}

// call does something on one end.
func (w *conns) call(a *end) {
	r, t := w.rnd, &a.c.tcb
	if a.over {
		return
	}
	if s := t.State(); s == tcp.SynSent || s == tcp.SynReceived {
		if r.IntN(100) == 0 { // Dial's context ends
			a.over = true
			t.Abort(w.now)
			a.c.host.e.settle(w.now, a.c)
		}
		return
	}
	switch r.IntN(16) {
	case 0, 1, 2, 3:
		w.put(a, 1+r.IntN(len(w.data)))
	case 4, 5, 6, 7, 8:
		w.take(a, 1+r.IntN(len(w.data)))
	case 9:
		t.SetNagle(r.IntN(2) == 0)
	case 10:
		t.SetKeepAlive(w.now, time.Duration(r.IntN(3))*time.Second, time.Second, 3)
	case 11:
		t.SetUserTimeout(w.now, time.Duration(r.IntN(3))*20*time.Second)
	case 12:
		t.CloseWrite(w.now)
	case 13:
		if r.IntN(4) == 0 {
			a.over = true
			a.c.shut(w.now)
		}
	case 14:
		if r.IntN(8) == 0 {
			t.Abort(w.now)
		}
	case 15:
		a.c.host.e.arp.Forget(a.c.key.remote)
	}
	a.c.host.e.settle(w.now, a.c)
}

// finish does what is left to do on an end.
func (w *conns) finish(a *end) (busy bool) {
	t := &a.c.tcb
	if s := t.State(); a.over || s == tcp.SynSent || s == tcp.SynReceived {
		return false
	}
	for w.take(a, len(w.data)) {
		busy = true
	}
	if !a.over {
		t.CloseWrite(w.now)
		if a.eof {
			a.over, busy = true, true
			a.c.shut(w.now)
		}
		a.c.host.e.settle(w.now, a.c)
	}
	return busy
}

// runConns: whatever the applications do and the link does to frames, no byte is another, both hosts
// come to rest, and nothing is left behind in them.
func runConns(t testing.TB, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 5))
	bad := link.ImpairConfig{Delay: 5 * time.Millisecond, Overtake: true}
	if r.IntN(4) > 0 {
		bad.Jitter = time.Duration(r.IntN(30)) * time.Millisecond
		bad.Loss, bad.Duplicate, bad.Corrupt, bad.Truncate = r.Float64()/4, r.Float64()/4, r.Float64()/20, r.Float64()/20
	}
	s := newSim(simOptions{impair: [2]link.ImpairConfig{bad, bad}, buffer: []int{500, 3000, 1 << 16}[r.IntN(3)], seed: seed, ask: r.IntN(2) == 0})
	w := &conns{sim: s, t: t, rnd: r}
	for i := range w.hosts {
		w.accept[i] = s.listen(t, i, 80)
	}
	pass := func(d time.Duration, done func() bool) {
		if err := w.run(d, done); err != nil && !errors.Is(err, errSimLate) && !errors.Is(err, errSimStall) {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	s.apps = []func(time.Time) bool{func(time.Time) (busy bool) {
		for i := range w.accept {
			if c := w.accept[i](); c != nil {
				w.ends = append(w.ends, &end{c: c})
				busy = true
			}
		}
		return busy
	}}
	for range r.IntN(300) {
		if r.IntN(8) == 0 {
			w.dialAny(r.IntN(2))
		}
		if len(w.ends) > 0 {
			w.call(w.ends[r.IntN(len(w.ends))])
		}
		before := w.now
		d := time.Duration(r.IntN(1+r.IntN(300))) * time.Millisecond
		pass(d, func() bool { return false })
		w.now = before.Add(d)
		if r.IntN(40) == 0 {
			w.now = w.now.Add(time.Minute)
		}
	}
	for _, l := range w.lines {
		l.Set(link.ImpairConfig{Delay: 5 * time.Millisecond})
	}
	s.apps = append(s.apps, func(time.Time) (busy bool) {
		for _, a := range w.ends {
			busy = w.finish(a) || busy
		}
		return busy
	})
	empty := func() bool { return len(w.hosts[0].e.conns)+len(w.hosts[1].e.conns) == 0 }
	pass(time.Hour, empty)
	for _, a := range w.ends { // whose peer has given up without a word
		if !a.over {
			a.over = true
			a.c.shut(w.now)
		}
	}
	pass(time.Hour, empty)
	pass(time.Minute, func() bool { return false }) // ARP may still ask
	for i, h := range w.hosts {
		e := &h.e
		for _, c := range e.conns {
			t.Errorf("seed %d: host %d still has %+v", seed, i, c.tcb.Info())
		}
		drain(t, e, w.now)
		if len(e.timers) != 0 || e.timeWaits != (timeWaits{}) || e.ready.head != nil || e.stalled.head != nil || e.own != 0 || e.outgoing.head != nil || e.parked.head != nil {
			t.Errorf("seed %d: host %d has %d timers, %d in TIME-WAIT, %d packets", seed, i, len(e.timers), e.timeWaits.n, e.own)
		}
		if l := e.listeners[80]; len(l.pending)+len(l.done) != 0 {
			t.Errorf("seed %d: host %d has %d handshakes, and %d connections nobody took", seed, i, len(l.pending), len(l.done))
		}
	}
}

// FuzzConns: see runConns. Its seeds from 0 on run always.
func FuzzConns(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { runConns(t, seed) })
}

package tcp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"httptap/stack/seq"
	"httptap/stack/sum"
)

var (
	addrA  = netip.MustParseAddrPort("10.0.0.1:50000")
	addrB  = netip.MustParseAddrPort("10.0.0.2:80")
	origin = time.Unix(1_000_000, 0)
)

func endConfig(local, remote netip.AddrPort, buffer int, iss uint32) Config {
	return Config{Local: local, Remote: remote, Tx: make([]byte, buffer), Rx: make([]byte, buffer), MSS: 1460, ISS: seq.Value(iss)}
}

// parsed returns the segment that a TCB wrote, whose checksum must be right.
func parsed(t testing.TB, b []byte, from, to netip.AddrPort) Segment {
	t.Helper()
	s, err := Parse(b)
	if err == nil {
		err = s.Verify(sum.Pseudo4(from.Addr().As4(), to.Addr().As4(), 6, len(b)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkInvariants fails when the variables of a TCB contradict each other.
func checkInvariants(t testing.TB, c *TCB) {
	t.Helper()
	if c.state == Closed {
		return
	}
	if !c.una.LessEq(c.nxt) || !c.nxt.LessEq(c.max) {
		t.Fatalf("una %d, nxt %d, max %d in %v", c.una, c.nxt, c.max, c.state)
	}
	if c.edge.Diff(c.rnxt) < 0 && c.state != SynSent {
		t.Fatalf("the window's edge %d is before rcv.nxt %d in %v", c.edge, c.rnxt, c.state)
	}
	if c.rec.point.Less(c.una.Add(-1)) || c.ecn.cut.Less(c.una.Add(-1)) {
		t.Fatalf("a mark of the past is left behind: recovery point %d, cut %d, una %d", c.rec.point, c.ecn.cut, c.una)
	}
	promised := max(len(c.rx.b), c.tuning.size) - c.rx.n // memory may come later
	if c.rx.n > len(c.rx.b) || c.tx.n > len(c.tx.b) || c.rcvWnd() > promised+1 {
		t.Fatalf("rx %d of %d with a window of %d, tx %d of %d", c.rx.n, len(c.rx.b), c.rcvWnd(), c.tx.n, len(c.tx.b))
	}
}

// checkQuiet fails when a TCB that has just returned 0 from Transmit wants to be called again at
// once: its caller would never come to rest.
func checkQuiet(t testing.TB, c *TCB, now time.Time) {
	t.Helper()
	if c.Pending(now) {
		t.Fatalf("Transmit returned 0, but Pending is true: %+v", c.Info())
	}
	if d := c.Deadline(); !d.IsZero() && !d.After(now) {
		t.Fatalf("Transmit returned 0, but the deadline is past: %+v", c.Info())
	}
}

// A wire joins two TCBs in simulated time; what it does to segments comes from a seed.
type wire struct {
	t       testing.TB
	rnd     *rand.Rand
	loss    float64
	dup     float64
	reorder float64
	queue   int                // segments in flight that the wire holds in one direction; 0: any number
	closed  time.Time          // when b had read the end
	sent    func(at time.Time) // sees each segment of a; may be nil
	burst   int                // segments that a sent at burstAt
	burstAt time.Time
	a, b    TCB
	now     time.Time
	flight  []flying
}

type flying struct {
	at   time.Time
	to   *TCB
	from netip.AddrPort
	dest netip.AddrPort
	b    []byte
}

func newWire(t testing.TB, seed uint64, buffer int) *wire {
	w := &wire{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), now: origin}
	w.a.Open(w.now, endConfig(addrA, addrB, buffer, 0xffffff00)) // soon over the wrap
	return w
}

// pump takes what c has to send.
func (w *wire) pump(c, peer *TCB, from, to netip.AddrPort) {
	for range 10000 {
		b := make([]byte, 1500)
		n := c.Transmit(w.now, b)
		checkInvariants(w.t, c)
		if n == 0 {
			checkQuiet(w.t, c, w.now)
			return
		}
		if c == &w.a && w.sent != nil {
			w.sent(w.now)
		}
		for range 2 {
			if w.rnd.Float64() >= w.loss && (w.queue == 0 || w.flying(peer) < w.queue) {
				delay := 10 * time.Millisecond
				if w.rnd.Float64() < w.reorder {
					delay += time.Duration(w.rnd.IntN(30)) * time.Millisecond
				}
				w.flight = append(w.flight, flying{w.now.Add(delay), peer, from, to, b[:n]})
			}
			if w.rnd.Float64() >= w.dup {
				break
			}
		}
	}
	w.t.Fatal("a TCB never stops sending")
}

// flying counts what is on its way to c.
func (w *wire) flying(c *TCB) (n int) {
	for _, f := range w.flight {
		if f.to == c {
			n++
		}
	}
	return n
}

// step moves to the next event and handles it; false when there is none.
func (w *wire) step() bool {
	w.pump(&w.a, &w.b, addrA, addrB)
	w.pump(&w.b, &w.a, addrB, addrA)
	var next time.Time
	for _, d := range []time.Time{w.a.Deadline(), w.b.Deadline()} {
		if !d.IsZero() && (next.IsZero() || d.Before(next)) {
			next = d
		}
	}
	first := -1
	for i, f := range w.flight {
		if next.IsZero() || !f.at.After(next) {
			next, first = f.at, i
		}
	}
	if next.IsZero() {
		return false
	}
	if next.After(w.now) {
		w.now = next
	}
	if first >= 0 {
		f := w.flight[first]
		w.flight = append(w.flight[:first], w.flight[first+1:]...)
		w.deliver(f)
	}
	return true
}

func (w *wire) deliver(f flying) {
	s := parsed(w.t, f.b, f.from, f.dest)
	if f.to == &w.b && w.b.State() == Closed && w.b.Err() == nil && w.b.irs == 0 {
		if s.Flags()&(SYN|ACK|RST) == SYN {
			if err := w.b.Accept(w.now, endConfig(addrB, addrA, len(w.a.tx.b), 7), s); err != nil {
				w.t.Fatal(err)
			}
		}
		return
	}
	f.to.Receive(w.now, s)
	checkInvariants(w.t, f.to)
}

// transferBoth sends data both ways until both ends are closed.
func (w *wire) transferBoth(toB, toA []byte) (gotB, gotA []byte) {
	buf := make([]byte, 4096)
	move := func(c *TCB, out []byte, in *[]byte) []byte {
		if n, _ := c.Write(out); n > 0 {
			out = out[n:]
		}
		if len(out) == 0 && c.state != SynSent && c.state != SynReceived && c.state != Closed {
			c.CloseWrite(w.now)
		}
		for {
			n, err := c.Read(buf)
			*in = append(*in, buf[:n]...)
			if n == 0 || err != nil {
				return out
			}
		}
	}
	for range 2_000_000 {
		toB = move(&w.a, toB, &gotA)
		toA = move(&w.b, toA, &gotB)
		if w.b.eof && w.closed.IsZero() {
			w.closed = w.now
		}
		if !w.step() {
			return gotB, gotA
		}
	}
	w.t.Fatalf("the transfer never ends: a %+v b %+v", w.a.Info(), w.b.Info())
	return nil, nil
}

func numbered(n int, seed uint64) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 9))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestPairTransfersWhole(t *testing.T) {
	for _, loss := range []float64{0, 0.01, 0.05, 0.2} {
		for _, buffer := range []int{1, 100, 4096, 65536, 1 << 20} {
			t.Run(fmt.Sprintf("loss %v buffer %d", loss, buffer), func(t *testing.T) {
				w := newWire(t, uint64(buffer), buffer)
				w.loss, w.dup, w.reorder = loss, loss/2, loss
				n := min(200_000, 2000*buffer)
				if buffer == 1 {
					n = 200
				}
				toB, toA := numbered(n, 1), numbered(n/2, 2)
				gotB, gotA := w.transferBoth(toB, toA)
				if !bytes.Equal(gotB, toB) || !bytes.Equal(gotA, toA) {
					t.Errorf("%d of %d and %d of %d bytes, or not the same; a: %v b: %v", len(gotB), len(toB), len(gotA), len(toA), w.a.Err(), w.b.Err())
				}
				if n := w.a.retransmits + w.b.retransmits; loss == 0 && n > 0 {
					t.Errorf("nothing was lost, but %d segments were sent again", n)
				}
				if d := w.now.Sub(origin); d > 30*time.Minute {
					t.Errorf("it took %v", d)
				}
				if w.a.State() != Closed || w.b.State() != Closed || w.a.Err() != nil || w.b.Err() != nil {
					t.Errorf("the ends are %v (%v) and %v (%v)", w.a.State(), w.a.Err(), w.b.State(), w.b.Err())
				}
			})
		}
	}
}

// TestPairOpensAtOnce: both ends open actively, over a wire that loses, doubles and reorders.
func TestPairOpensAtOnce(t *testing.T) {
	for seed := range uint64(200) {
		w := newWire(t, seed, 4096)
		w.b.Open(w.now, endConfig(addrB, addrA, 4096, 77))
		if seed > 0 {
			w.loss, w.dup, w.reorder = 0.1, 0.1, 0.3
		}
		toB, toA := numbered(20_000, 1), numbered(10_000, 2)
		gotB, gotA := w.transferBoth(toB, toA)
		if !bytes.Equal(gotB, toB) || !bytes.Equal(gotA, toA) || w.a.Err() != nil || w.b.Err() != nil {
			t.Fatalf("seed %d: %d of %d and %d of %d bytes; %v, %v", seed, len(gotB), len(toB), len(gotA), len(toA), w.a.Err(), w.b.Err())
		}
	}
}

// TestPairOverTailDrop: a burst of a whole window into a queue that holds a quarter of it loses
// most of the window at once. The recovery takes some round trips, not one for each segment.
func TestPairOverTailDrop(t *testing.T) {
	w := newWire(t, 1, 1<<18)
	w.queue = 45
	toB := numbered(1<<20, 1)
	gotB, _ := w.transferBoth(toB, nil)
	if !bytes.Equal(gotB, toB) || w.a.Err() != nil {
		t.Fatalf("%d of %d bytes, %v", len(gotB), len(toB), w.a.Err())
	}
	if d := w.closed.Sub(origin); d > 5*time.Second {
		t.Errorf("1 MiB took %v at a round trip of 20 ms", d)
	}
}

func FuzzPair(f *testing.F) {
	f.Add(uint64(1), uint8(20), uint8(10), uint8(20), uint16(500), uint16(3000))
	f.Fuzz(func(t *testing.T, seed uint64, loss, dup, reorder uint8, buffer, size uint16) {
		w := newWire(t, seed, 1+int(buffer)%20000)
		w.loss, w.dup, w.reorder = float64(loss%64)/256, float64(dup%64)/256, float64(reorder)/256
		toB, toA := numbered(int(size)%(50*(1+int(buffer)%20000)), 1), numbered(int(size)/7%1000, 2)
		gotB, gotA := w.transferBoth(toB, toA)
		if w.a.Err() != nil || w.b.Err() != nil {
			if w.a.Err() == nil || w.b.Err() == nil || loss%64 > 20 {
				return // given up with a named error: a quarter of the segments is lost
			}
			t.Fatalf("given up: %v, %v", w.a.Err(), w.b.Err())
		}
		if !bytes.Equal(gotB, toB) || !bytes.Equal(gotA, toA) {
			t.Fatalf("%d of %d and %d of %d bytes, or not the same", len(gotB), len(toB), len(gotA), len(toA))
		}
	})
}

// handshake opens a connection between two TCBs.
func handshake(a, b *TCB, ca, cb Config, buf []byte) {
	a.Open(origin, ca)
	n := a.Transmit(origin, buf)
	s, _ := Parse(buf[:n])
	b.Accept(origin, cb, s)
	n = b.Transmit(origin, buf)
	s, _ = Parse(buf[:n])
	a.Receive(origin, s)
	n = a.Transmit(origin, buf)
	s, _ = Parse(buf[:n])
	b.Receive(origin, s)
}

func TestHandshakeAndDataAllocateNothing(t *testing.T) {
	var a, b TCB
	ca, cb, buf := endConfig(addrA, addrB, 65536, 1), endConfig(addrB, addrA, 65536, 2), make([]byte, 1500)
	if n := testing.AllocsPerRun(100, func() { handshake(&a, &b, ca, cb, buf) }); n != 0 {
		t.Errorf("%v allocations a handshake", n)
	}
	if a.State() != Established || b.State() != Established {
		t.Fatalf("%v and %v", a.State(), b.State())
	}
	data, out := make([]byte, 1460), make([]byte, 1460)
	if n := testing.AllocsPerRun(1000, func() {
		a.Write(data)
		relay(&a, &b, buf)
		b.Read(out)
		relay(&b, &a, buf)
	}); n != 0 {
		t.Errorf("%v allocations a segment with its acknowledgement", n)
	}
}

// relay carries all that from has to send to to.
func relay(from, to *TCB, buf []byte) {
	for n := from.Transmit(origin, buf); n > 0; n = from.Transmit(origin, buf) {
		s, _ := Parse(buf[:n])
		to.Receive(origin, s)
	}
}

func BenchmarkHandshake(b *testing.B) {
	var x, y TCB
	cx, cy, buf := endConfig(addrA, addrB, 65536, 1), endConfig(addrB, addrA, 65536, 2), make([]byte, 1500)
	b.ReportAllocs()
	for b.Loop() {
		handshake(&x, &y, cx, cy, buf)
	}
	if y.State() != Established {
		b.Fatal(y.State())
	}
}

func BenchmarkBulk(b *testing.B) {
	var x, y TCB
	buf, data, out := make([]byte, 1500), make([]byte, 64<<10), make([]byte, 64<<10)
	handshake(&x, &y, endConfig(addrA, addrB, 1<<18, 1), endConfig(addrB, addrA, 1<<18, 2), buf)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for left := data; len(left) > 0; {
			n, _ := x.Write(left)
			left = left[n:]
			relay(&x, &y, buf)
			y.Read(out)
			relay(&y, &x, buf)
		}
	}
}

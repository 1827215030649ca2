package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"httptap/httptap/internal/hub"
	"httptap/stack/ethernet"
	"httptap/stack/link"
)

// A site is a switch with ports and a recorder.
type site struct {
	hub   *hub.Hub
	rec   *Recorder
	ports map[string]*hub.Port
	now   time.Time
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

func newSite(t testing.TB, size int, names ...string) *site {
	t.Helper()
	s := &site{ports: make(map[string]*hub.Port), now: start}
	s.hub = hub.New(hub.Config{MTU: 65521, Queue: 4, Now: func() time.Time { return s.now }})
	for _, name := range names {
		p, err := s.hub.Attach(hub.PortConfig{Name: name, Kind: hub.Client})
		if err != nil {
			t.Fatal(err)
		}
		s.ports[name] = p
	}
	s.rec = New(s.hub.Observe, size)
	t.Cleanup(func() { s.rec.Close() })
	return s
}

func (s *site) open(t testing.TB, o Options) *Reader {
	t.Helper()
	rd, err := s.rec.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rd.Close() })
	return rd
}

func mac(name string) link.Addr { return link.LocalAddr(name) }

func to(dst, src link.Addr, text string) []byte {
	return append(ethernet.Append(nil, dst, src, 0x88b5), text...)
}

// all sends text from a port to everybody.
func (s *site) all(from, text string) {
	s.ports[from].Send(to(link.Broadcast, mac(from), text))
}

// read returns what a reader gets now, as "port text".
func read(rd *Reader) (got []string) {
	var f Frame
	for rd.Next(&f) {
		got = append(got, fmt.Sprintf("%s %s", f.Port, f.Bytes[14:]))
	}
	return got
}

func expect(t *testing.T, why string, rd *Reader, want ...string) {
	t.Helper()
	if got := read(rd); !slices.Equal(got, want) {
		t.Errorf("%s: read %q, want %q", why, got, want)
	}
}

func TestReadersStartWhereTheyWant(t *testing.T) {
	s := newSite(t, MinSize, "a", "b")
	early := s.open(t, Options{})
	s.all("a", "1")
	s.now = s.now.Add(time.Second)
	s.all("b", "2")
	s.now = s.now.Add(time.Second)
	s.all("a", "3")
	expect(t, "everything since it came", early, "a 1", "b 2", "a 3")
	expect(t, "from now on", s.open(t, Options{}))
	expect(t, "all", s.open(t, Options{Past: true}), "a 1", "b 2", "a 3")
	expect(t, "since a time, to the ns", s.open(t, Options{Past: true, Since: start.Add(time.Second)}), "b 2", "a 3")
	expect(t, "just behind it", s.open(t, Options{Past: true, Since: start.Add(time.Second + 1)}), "a 3")
	late := s.open(t, Options{Past: true, Since: start.Add(2 * time.Second)})
	s.all("b", "4")
	expect(t, "the past, then what comes", late, "a 3", "b 4")
	expect(t, "only what is new", early, "b 4")
	expect(t, "nothing", early)
}

func TestFrameIsAllThatIsKnown(t *testing.T) {
	s := newSite(t, MinSize, "a", "b")
	fate, err := link.ParseImpair("loss=100%")
	if err != nil {
		t.Fatal(err)
	}
	rd := s.open(t, Options{})
	s.ports["b"].Send(to(mac("x"), mac("b"), "hello"))
	s.rec.Note(s.now, "a", to(mac("b"), mac("a"), "data"), "cwnd 14600")
	s.ports["a"].Send(to(mac("b"), mac("a"), "data"))
	s.ports["b"].Impair(link.ImpairConfig{}, fate)
	s.ports["a"].Send(to(mac("b"), mac("a"), "data"))
	var f Frame
	for i, want := range []Frame{
		{Port: []byte("b"), Bytes: to(mac("x"), mac("b"), "hello")},
		{Port: []byte("a"), Targeted: true, Target: []byte("b"), Note: []byte("cwnd 14600"), Bytes: to(mac("b"), mac("a"), "data")},
		{Port: []byte("a"), Targeted: true, Target: []byte("b"), Bytes: to(mac("b"), mac("a"), "data")},
		{Port: []byte("b"), Out: true, Targeted: true, Target: []byte("b"), Fate: link.Fate{Lost: true}, Bytes: to(mac("b"), mac("a"), "data")},
	} {
		if !rd.Next(&f) {
			t.Fatalf("frame %d is missing", i)
		}
		want.Nanos, want.Kind = start.UnixNano(), []byte("client")
		if fmt.Sprintf("%+v", f) != fmt.Sprintf("%+v", want) {
			t.Errorf("frame %d: %+v, want %+v", i, f, want)
		}
	}
	if rd.Next(&f) {
		t.Errorf("and %+v", f)
	}
}

// Every Fate comes back as it was.
func TestFateGoesThroughTheRing(t *testing.T) {
	s := newSite(t, MinSize, "a")
	rd := s.open(t, Options{})
	rng := rand.New(rand.NewPCG(1, 2))
	var want []link.Fate
	for range 2000 {
		is := func() bool { return rng.IntN(2) == 0 }
		fate := link.Fate{Lost: is(), TooLong: is(), QueueFull: is(), Flipped: is(), Held: is(), Second: is(),
			Was: rng.IntN(1 << 17), Bit: rng.IntN(1 << 20), Delay: time.Duration(rng.Int64())}
		want = append(want, fate)
		s.rec.record(hub.Event{At: start, Port: s.ports["a"], Fate: fate, Frame: to(mac("a"), mac("b"), "")})
	}
	var f Frame
	for i := range want {
		if !rd.Next(&f) || f.Fate != want[i] {
			t.Fatalf("%d: %+v, want %+v", i, f.Fate, want[i])
		}
	}
}

func TestOnePort(t *testing.T) {
	s := newSite(t, MinSize, "a", "b", "c")
	rd := s.open(t, Options{Port: "b"})
	s.all("b", "from b to all")
	s.all("a", "from a to all")
	s.all("c", "from c to all")
	s.ports["a"].Send(to(mac("c"), mac("a"), "a to c"))
	s.ports["a"].Send(to(mac("b"), mac("a"), "a to b"))
	s.ports["b"].Send(to(mac("c"), mac("b"), "b to c"))
	lose, _ := link.ParseImpair("loss=100%")
	s.ports["c"].Impair(lose, lose)
	s.all("c", "lost on its way up")
	s.all("a", "lost on its way to c only")
	expect(t, "b's conversation", rd, "b from b to all", "a from a to all", "c from c to all", "a a to b", "b b to c", "a lost on its way to c only")
}

// A property of the ring: whatever lengths come, a reader gets the newest in order, and what it does
// not get is counted, to the frame and for each port.
func TestOverloadIsCounted(t *testing.T) {
	for seed := range uint64(4) {
		s := newSite(t, MinSize, "a", "b", "c")
		rng := rand.New(rand.NewPCG(seed, 0))
		names := []string{"a", "b", "c"}
		rd, only := s.open(t, Options{}), s.open(t, Options{Port: "b"})
		sent := map[string]uint64{}
		got, lost := map[string]uint64{}, map[string]uint64{}
		onlyGot, onlyLost := uint64(0), uint64(0)
		last := uint64(0)
		pull := func(rd *Reader, most int, f func(*Frame)) {
			var fr Frame
			for range most {
				if !rd.Next(&fr) {
					return
				}
				f(&fr)
			}
		}
		n := uint64(0)
		for range 60 {
			for range rng.IntN(200) {
				n++
				name := names[rng.IntN(3)]
				body := make([]byte, 8+rng.IntN(1<<rng.IntN(17)))
				binary.BigEndian.PutUint64(body, n)
				b := to(mac("nobody"), mac(name), string(body))
				if _, err := s.ports[name].Send(b[:min(len(b), 65535)]); err != nil {
					t.Fatal(err)
				}
				sent[name]++
			}
			pull(rd, rng.IntN(100), func(f *Frame) {
				k := binary.BigEndian.Uint64(f.Bytes[14:])
				if k <= last {
					t.Fatalf("frame %d after %d", k, last)
				}
				last = k
				got[string(f.Port)]++
			})
			pull(only, rng.IntN(100), func(f *Frame) { onlyGot++ })
			rd.Lost(func(l Loss) { lost[l.Port] += l.Frames })
		}
		pull(rd, 1<<30, func(f *Frame) { got[string(f.Port)]++; last = binary.BigEndian.Uint64(f.Bytes[14:]) })
		pull(only, 1<<30, func(f *Frame) { onlyGot++ })
		rd.Lost(func(l Loss) { lost[l.Port] += l.Frames })
		var total uint64
		only.Lost(func(l Loss) { onlyLost += l.Frames; total += l.Frames })
		if last != n {
			t.Errorf("the newest frame read is %d, want %d", last, n)
		}
		for _, name := range names {
			total += lost[name]
			if got[name]+lost[name] != sent[name] || lost[name] == 0 {
				t.Errorf("seed %d, port %s: %d read + %d lost, want %d", seed, name, got[name], lost[name], sent[name])
			}
		}
		if all := sent["a"] + sent["b"] + sent["c"]; onlyGot+onlyLost != all {
			t.Errorf("seed %d: the reader of b got %d and lost %d of %d: none had an address that is known", seed, onlyGot, onlyLost, all)
		}
		st := s.rec.Stats()
		if st.Lost != total || st.Recorded != n || st.Bytes > st.Size || st.Size != MinSize || st.TooLong != 0 {
			t.Errorf("%+v, %d lost", st, total)
		}
	}
}

// What a reader did not ask for it has not lost.
func TestNothingIsLostThatWasNotWanted(t *testing.T) {
	s := newSite(t, MinSize, "a", "b")
	s.ports["b"].Send(to(mac("nobody"), mac("b"), ""))
	for range 3 {
		s.all("a", "old")
	}
	rd := s.open(t, Options{Past: true, Since: start.Add(time.Second)})
	s.now = start.Add(2 * time.Second)
	big := string(make([]byte, 60000))
	for range 3 * MinSize / 60000 {
		s.ports["a"].Send(to(mac("b"), mac("a"), big))
	}
	got := uint64(len(read(rd)))
	var lost uint64
	rd.Lost(func(l Loss) { lost += l.Frames })
	if got+lost != 3*MinSize/60000 || lost == 0 {
		t.Errorf("%d read, %d lost, want %d", got, lost, 3*MinSize/60000)
	}
}

func TestManyNamesAreBounded(t *testing.T) {
	s := newSite(t, MinSize)
	rd := s.open(t, Options{})
	frame := to(mac("b"), mac("a"), string(make([]byte, 3000)))
	const ports = 5000
	for i := range ports {
		p, err := s.hub.Attach(hub.PortConfig{Name: fmt.Sprint("client ", i)})
		if err != nil {
			t.Fatal(err)
		}
		p.Send(frame)
		p.Close()
	}
	names, lost := 0, uint64(0)
	got := uint64(len(read(rd)))
	rd.Lost(func(l Loss) { names++; lost += l.Frames })
	if names != maxLostNames+1 || lost+got != ports {
		t.Errorf("%d names, %d lost, %d read", names, lost, got)
	}
}

// Without a ring nothing is observed, and nothing is in memory, unless somebody reads.
func TestNoRingCostsNothing(t *testing.T) {
	s := newSite(t, 0, "a")
	observers := 0
	s.rec.observe = func(f func(hub.Event)) func() {
		observers++
		stop := s.hub.Observe(f)
		return func() { observers--; stop() }
	}
	s.all("a", "unseen")
	if st := s.rec.Stats(); st.Recorded != 0 || s.rec.ring != nil || observers != 0 {
		t.Errorf("%+v, ring of %d bytes, %d observers", st, len(s.rec.ring), observers)
	}
	one, two := s.open(t, Options{Past: true}), s.open(t, Options{})
	s.all("a", "seen")
	one.Close()
	expect(t, "live", two, "a seen")
	if observers != 1 {
		t.Errorf("%d observers with a reader", observers)
	}
	two.Close()
	s.all("a", "unseen")
	if st := s.rec.Stats(); observers != 0 || s.rec.ring != nil || st.Recorded != 1 || st.Records != 0 || st.Size != 0 {
		t.Errorf("behind the last reader: %d observers, %d bytes, %+v", observers, len(s.rec.ring), st)
	}
	three := s.open(t, Options{Past: true})
	s.all("a", "again")
	expect(t, "the next one", three, "a again")
}

func TestReadersAreBounded(t *testing.T) {
	s := newSite(t, MinSize, "a")
	var last *Reader
	for range MaxReaders {
		last = s.open(t, Options{})
	}
	if _, err := s.rec.Open(Options{}); !errors.Is(err, ErrReaders) {
		t.Errorf("one more: %v", err)
	}
	last.Close()
	s.open(t, Options{})
	s.rec.Close()
	if _, err := s.rec.Open(Options{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed one: %v", err)
	}
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, MinSize, "a")
		rd := s.open(t, Options{})
		begin := time.Now()
		later := func(d time.Duration, n int) {
			time.AfterFunc(d, func() {
				for range n {
					s.all("a", string(make([]byte, 1000)))
				}
			})
		}
		later(time.Second, 1)
		later(time.Second+3*time.Millisecond, 1)
		if err := rd.Wait(t.Context(), 5*time.Millisecond); err != nil || time.Since(begin) != time.Second+5*time.Millisecond {
			t.Errorf("it waited %v: %v", time.Since(begin), err)
		}
		if got := read(rd); len(got) != 2 {
			t.Errorf("%d frames were read together, want 2", len(got))
		}
		begin = time.Now()
		later(time.Second, 300)
		if err := rd.Wait(t.Context(), time.Hour); err != nil || time.Since(begin) != time.Second {
			t.Errorf("a ring that fills up is read after %v: %v", time.Since(begin), err)
		}
		synctest.Wait() // until all 300 are there
		read(rd)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := rd.Wait(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without frames: %v", err)
		}
		time.AfterFunc(time.Second, func() { s.rec.Close() })
		if err := rd.Wait(t.Context(), 0); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the recorder's end: %v", err)
		}
		if read(rd) != nil {
			t.Error("frames behind the end")
		}
	})
}

// Readers come, read and go while frames cross the switch: the race detector watches.
func TestManyReadersAtOnce(t *testing.T) {
	for _, size := range []int{0, MinSize} {
		s := newSite(t, size, "a", "b")
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for range 5 {
					rd, err := s.rec.Open(Options{Past: i%2 == 0})
					if err != nil {
						t.Error(err)
						return
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					rd.Wait(ctx, 0)
					cancel()
					var f Frame
					for k := 0; k < 100 && rd.Next(&f); k++ {
						if string(f.Bytes[14:]) != "x" {
							t.Errorf("a frame of %q", f.Bytes)
						}
					}
					rd.Close()
				}
			})
		}
		done := make(chan struct{})
		go func() { all.Wait(); close(done) }()
		for open := true; open; {
			s.all("a", "x")
			select {
			case <-done:
				open = false
			default:
			}
		}
	}
}

func TestNotes(t *testing.T) {
	s := newSite(t, MinSize, "a", "b")
	rd := s.open(t, Options{})
	frame := func(text string) []byte { return to(link.Broadcast, mac("a"), text) }
	s.rec.Note(s.now, "a", frame("same"), "first")
	s.rec.Note(s.now, "a", frame("same"), "second")
	s.rec.Note(s.now, "a", frame("refused"), "never")
	s.ports["b"].Send(frame("same"))
	s.all("a", "same")
	s.all("a", "other")
	s.all("a", "same")
	s.all("a", "same")
	s.now = s.now.Add(noteTime + 1)
	s.all("a", "refused")
	var f Frame
	var got []string
	for rd.Next(&f) {
		got = append(got, string(f.Note))
	}
	if want := []string{"", "first", "", "second", "", ""}; !slices.Equal(got, want) {
		t.Errorf("notes %q, want %q", got, want)
	}
	for i := range 3 * maxNotes {
		s.rec.Note(s.now, "a", frame(fmt.Sprint(i)), "x")
	}
	if n := len(s.rec.notes.pending); n != maxNotes {
		t.Errorf("%d notes wait, the limit is %d", n, maxNotes)
	}
	s.rec.Note(s.now, "a", frame("long"), string(bytes.Repeat([]byte("x"), 1<<17)))
	s.all("a", "long")
	if !rd.Next(&f) || len(f.Note) != maxNote {
		t.Errorf("a long note has %d bytes", len(f.Note))
	}
	// A recorder without a ring keeps no notes either.
	off := newSite(t, 0, "a")
	off.rec.Note(off.now, "a", frame("x"), "x")
	if off.rec.notes.pending != nil {
		t.Error("a note is kept though nobody captures")
	}
}

func TestNoAllocations(t *testing.T) {
	s := newSite(t, MinSize, "client a", "b")
	rd := s.open(t, Options{})
	slow := s.open(t, Options{})
	lost := func(Loss) {}
	event := hub.Event{At: start, Port: s.ports["client a"], To: s.ports["b"], Frame: make([]byte, 1514), Fate: link.Fate{Delay: time.Second, Held: true}}
	for range 2000 {
		s.rec.record(event) // the slow one has lost frames of this port
	}
	if n := testing.AllocsPerRun(1000, func() { s.rec.record(event) }); n != 0 {
		t.Errorf("recording takes %v allocations a frame, with a reader that is too slow", n)
	}
	slow.Lost(lost)
	st := NewStream(StreamOptions{Start: start, SnapLen: 100})
	buf := make([]byte, 0, 64<<10)
	var f Frame
	read(rd)
	event.Fate.Delay = 0
	if n := testing.AllocsPerRun(1000, func() {
		s.rec.record(event)
		for rd.Next(&f) {
			buf, _ = st.Frame(buf[:0], &f)
		}
	}); n != 0 {
		t.Errorf("recording, reading and writing take %v allocations a frame", n)
	}
}

// Whatever frames come, the memory is the ring's.
func TestMemoryIsBounded(t *testing.T) {
	s := newSite(t, 4<<20, "a")
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	short := hub.Event{At: start, Port: s.ports["a"], Frame: make([]byte, 14)}
	for range 300000 {
		s.rec.record(short)
	}
	if after := heap(); after > before+64<<10 {
		t.Errorf("%d bytes more behind 300000 short frames", after-before)
	}
	runtime.KeepAlive(s)
}

func BenchmarkRecord(b *testing.B) {
	for _, size := range []int{60, 1514} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := newSite(b, 16<<20, "client a", "lab")
			e := hub.Event{At: start, Port: s.ports["client a"], To: s.ports["lab"], Frame: make([]byte, size)}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				s.rec.record(e)
			}
		})
	}
}

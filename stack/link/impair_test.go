package link_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack/link"
)

// numbered returns a frame of n bytes that carries a number.
func numbered(i, n int) []byte {
	f := make([]byte, n)
	binary.BigEndian.PutUint32(f[14:], uint32(i))
	return f
}

func number(f []byte) int { return int(binary.BigEndian.Uint32(f[14:])) }

// arrivals reads frames from d in the background and notes what came when, until d is closed.
type arrivals struct {
	mu     sync.Mutex
	frames [][]byte
	at     []time.Duration
}

func read(d link.Device) *arrivals {
	a, begin := new(arrivals), time.Now()
	go func() {
		bufs, sizes := [][]byte{make([]byte, 2000)}, make([]int, 1)
		for {
			if _, err := d.ReadFrames(bufs, sizes); err != nil {
				return
			}
			a.mu.Lock()
			a.frames = append(a.frames, bytes.Clone(bufs[0][:sizes[0]]))
			a.at = append(a.at, time.Since(begin))
			a.mu.Unlock()
		}
	}()
	return a
}

func (a *arrivals) numbers() (out []int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.frames {
		out = append(out, number(f))
	}
	return out
}

// The same seed does the same to the same frames, however long they are on their way and
// however they come.
func TestImpairIsDeterministic(t *testing.T) {
	run := func(cfg link.ImpairConfig, pause time.Duration, batch int) (out [][]byte, s link.ImpairStats) {
		synctest.Test(t, func(t *testing.T) {
			x, b := link.Pipe(link.PipeOptions{Block: true})
			a := link.Impair(x, cfg)
			got := read(b)
			var frames [][]byte
			for i := range 1000 {
				if frames = append(frames, numbered(i, 60)); len(frames) == batch {
					a.WriteFrames(frames)
					frames = nil
					time.Sleep(pause)
				}
			}
			time.Sleep(time.Minute)
			s = a.Stats()
			a.Close()
			b.Close()
			synctest.Wait()
			out = got.frames
		})
		return out, s
	}
	cfg := link.ImpairConfig{Loss: 0.1, Duplicate: 0.1, Reorder: 0.1, Corrupt: 0.1, Truncate: 0.1, Seed: 7}
	one, s1 := run(cfg, 0, 1)
	if s1.Frames != 1000 || s1.Frames != s1.Passed+s1.Dropped()+s1.InFlight || uint64(len(one)) != s1.Passed+s1.Duplicated {
		t.Errorf("%d came out: %+v", len(one), s1)
	}
	for what, n := range map[string]uint64{"lost": s1.Lost, "duplicated": s1.Duplicated, "reordered": s1.Reordered, "corrupted": s1.Corrupted, "truncated": s1.Truncated} {
		if n < 60 || n > 150 {
			t.Errorf("%d of 1000 were %s, about 100 were to be", n, what)
		}
	}
	late, fast, slow := cfg, cfg, cfg
	late.Delay, late.Jitter = 30*time.Millisecond, 20*time.Millisecond
	fast.Rate = 1e9
	slow.Rate, slow.QueueFrames, slow.Delay = 10_000, 5000, time.Second
	for _, c := range []link.ImpairConfig{cfg, late, fast, slow} {
		for _, pause := range []time.Duration{0, 7 * time.Millisecond} {
			for _, batch := range []int{1, 10} {
				if two, s2 := run(c, pause, batch); s1 != s2 || !slices.EqualFunc(one, two, bytes.Equal) {
					t.Errorf("%v, %d frames each %v: the same seed does not do the same: %+v, want %+v", c, batch, pause, s2, s1)
				}
			}
		}
	}
	cfg.Seed++
	if other, _ := run(cfg, 0, 1); slices.EqualFunc(one, other, bytes.Equal) {
		t.Error("another seed does the same")
	}
}

// Each probability has its own outcomes: a frame that one configuration loses, one that loses
// and spoils loses, too.
func TestVerdictsDoNotDependOnEachOther(t *testing.T) {
	all := link.NewJudge(link.ImpairConfig{Loss: 0.2, Duplicate: 0.2, Reorder: 0.2, Corrupt: 0.2, Truncate: 0.2, Jitter: time.Second})
	for name, c := range map[string]struct {
		cfg link.ImpairConfig
		is  func(link.Verdict) any
	}{
		"loss":     {link.ImpairConfig{Loss: 0.2}, func(v link.Verdict) any { return v.Drop }},
		"dup":      {link.ImpairConfig{Duplicate: 0.2}, func(v link.Verdict) any { return v.Duplicate }},
		"reorder":  {link.ImpairConfig{Reorder: 0.2}, func(v link.Verdict) any { return v.Hold }},
		"corrupt":  {link.ImpairConfig{Corrupt: 0.2}, func(v link.Verdict) any { return v.FlipBit >= 0 }},
		"truncate": {link.ImpairConfig{Truncate: 0.2}, func(v link.Verdict) any { return v.Cut }},
		"jitter":   {link.ImpairConfig{Jitter: time.Second}, func(v link.Verdict) any { return v.Jitter }},
	} {
		alone, different := link.NewJudge(c.cfg), 0
		*all = *link.NewJudge(link.ImpairConfig{Loss: 0.2, Duplicate: 0.2, Reorder: 0.2, Corrupt: 0.2, Truncate: 0.2, Jitter: time.Second})
		for range 1000 {
			one, both := c.is(alone.Next(100)), c.is(all.Next(100))
			if one != both {
				t.Fatalf("%s: %v alone, %v with the others", name, one, both)
			}
			if one != c.is(link.Verdict{FlipBit: -1}) {
				different++
			}
		}
		if different < 150 {
			t.Errorf("%s: only %d verdicts of 1000", name, different)
		}
	}
}

// In a bubble's time a frame comes to the nanosecond when it has to.
func TestImpairDelays(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name string
		cfg  link.ImpairConfig
		want []time.Duration // of three frames of 1000 bytes that go at 0 and one at 50 ms
	}{
		{"nothing", link.ImpairConfig{}, []time.Duration{0, 0, 0, 50 * ms}},
		{"delay", link.ImpairConfig{Delay: 20 * ms}, []time.Duration{20 * ms, 20 * ms, 20 * ms, 70 * ms}},
		{"a megabyte a second", link.ImpairConfig{Rate: 1e6}, []time.Duration{1 * ms, 2 * ms, 3 * ms, 51 * ms}},
		{"both", link.ImpairConfig{Rate: 1e6, Delay: 10 * ms}, []time.Duration{11 * ms, 12 * ms, 13 * ms, 61 * ms}},
		{"a slow wire", link.ImpairConfig{Rate: 50e3}, []time.Duration{20 * ms, 40 * ms, 60 * ms, 80 * ms}},
		{"a queue of one frame", link.ImpairConfig{Rate: 50e3, QueueFrames: 1}, []time.Duration{20 * ms, 40 * ms, 70 * ms}},
		{"a queue of 2000 bytes", link.ImpairConfig{Rate: 20e3, QueueBytes: 2000}, []time.Duration{50 * ms, 100 * ms, 150 * ms, 200 * ms}},
		{"a queue of 999 bytes", link.ImpairConfig{Rate: 20e3, QueueBytes: 999}, []time.Duration{50 * ms, 100 * ms}},
	} {
		synctest.Test(t, func(t *testing.T) {
			x, b := link.Pipe(link.PipeOptions{})
			a := link.Impair(x, c.cfg)
			got := read(b)
			a.WriteFrames([][]byte{numbered(0, 1000), numbered(1, 1000), numbered(2, 1000)})
			time.Sleep(50 * ms)
			a.WriteFrames([][]byte{numbered(3, 1000)})
			time.Sleep(time.Second)
			synctest.Wait()
			if !slices.Equal(got.at, c.want) {
				t.Errorf("%s: frames came at %v, want %v", c.name, got.at, c.want)
			}
			if s := a.Stats(); s.Frames != 4 || s.Passed != uint64(len(c.want)) || s.QueueFull != uint64(4-len(c.want)) || s.InFlight != 0 {
				t.Errorf("%s: %+v", c.name, s)
			}
			a.Close()
			b.Close()
		})
	}
}

// Jitter keeps to its bounds and to the order, unless frames may overtake.
func TestImpairJitter(t *testing.T) {
	const ms = time.Millisecond
	for _, overtake := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			x, b := link.Pipe(link.PipeOptions{})
			a := link.Impair(x, link.ImpairConfig{Delay: 20 * ms, Jitter: 10 * ms, Overtake: overtake, Seed: 3})
			got := read(b)
			for i := range 100 {
				a.WriteFrames([][]byte{numbered(i, 60)})
				time.Sleep(ms)
			}
			time.Sleep(time.Second)
			ns := got.numbers()
			if len(ns) != 100 || slices.IsSorted(ns) == overtake {
				t.Errorf("overtake %v: %v", overtake, ns)
			}
			early, late := 0, 0
			for k, i := range ns {
				d := got.at[k] - time.Duration(i)*ms
				if d < 10*ms || d > 30*ms {
					t.Errorf("overtake %v: frame %d took %v", overtake, i, d)
				}
				if d < 17*ms {
					early++
				}
				if d > 23*ms {
					late++
				}
			}
			if overtake && early < 15 || late < 15 {
				t.Errorf("overtake %v: %d early and %d late ones of 100", overtake, early, late)
			}
			a.Close()
			b.Close()
		})
	}
}

// A frame that is too long for the path is lost without a word, all else passes.
func TestImpairBlackHole(t *testing.T) {
	x, b := link.Pipe(link.PipeOptions{})
	a := link.Impair(x, link.ImpairConfig{MTU: 1000})
	a.WriteFrames([][]byte{numbered(1, 1014), numbered(2, 1015), numbered(3, 60)})
	bufs, sizes := [][]byte{make([]byte, 2000), make([]byte, 2000), make([]byte, 2000)}, make([]int, 3)
	n, _ := b.ReadFrames(bufs, sizes)
	if n != 2 || number(bufs[0]) != 1 || number(bufs[1]) != 3 {
		t.Errorf("%d frames, %v", n, sizes)
	}
	if s := a.Stats(); s != (link.ImpairStats{Frames: 3, Passed: 2, TooLong: 1}) {
		t.Errorf("%+v", s)
	}
	if a.Info().MTU != 1500 {
		t.Error("a black hole does not say that it is one")
	}
}

// A frame that is cut keeps its header and its beginning.
func TestImpairTruncates(t *testing.T) {
	x, b := link.Pipe(link.PipeOptions{Queue: 1000})
	a := link.Impair(x, link.ImpairConfig{Truncate: 1})
	whole := bytes.Repeat([]byte("0123456789"), 10)
	lengths := map[int]bool{}
	for range 500 {
		a.WriteFrames([][]byte{whole})
		buf, sizes := make([]byte, 2000), make([]int, 1)
		b.ReadFrames([][]byte{buf}, sizes)
		if n := sizes[0]; n < 14 || n >= 100 || !bytes.Equal(buf[:n], whole[:n]) {
			t.Fatalf("%d bytes: %q", n, buf[:n])
		}
		lengths[sizes[0]] = true
	}
	if len(lengths) < 60 {
		t.Errorf("only %d different lengths", len(lengths))
	}
	a.WriteFrames([][]byte{make([]byte, 14)}) // nothing of it can be cut
	if s := a.Stats(); s.Truncated != 500 || s.Passed != 501 {
		t.Errorf("%+v", s)
	}
}

// A frame of a wrong size is refused whatever the verdicts are, and changes none of them.
func TestImpairRefusesWrongSizes(t *testing.T) {
	for _, cfg := range []link.ImpairConfig{{Loss: 1}, {Reorder: 1}, {Corrupt: 1}, {Delay: time.Hour}, {}} {
		x, _ := link.Pipe(link.PipeOptions{})
		a := link.Impair(x, cfg)
		good := make([]byte, 60)
		for _, n := range []int{0, 13, 1515} {
			if done, err := a.WriteFrames([][]byte{good, make([]byte, n), good}); done != 1 || !errors.Is(err, link.ErrFrameSize) {
				t.Errorf("%+v: %d bytes: %d written, %v", cfg, n, done, err)
			}
		}
		if s := a.Stats(); s.Frames != 3 {
			t.Errorf("%+v: %+v", cfg, s)
		}
		a.Close()
	}
}

// Behind Close nothing is judged, and what was in flight is lost, and is never heard of.
func TestImpairClosed(t *testing.T) {
	for _, c := range []struct {
		cfg  link.ImpairConfig
		want link.ImpairStats
	}{
		{link.ImpairConfig{}, link.ImpairStats{Frames: 1, Passed: 1}},
		{link.ImpairConfig{Loss: 1}, link.ImpairStats{Frames: 1, Lost: 1}},
		{link.ImpairConfig{Reorder: 1}, link.ImpairStats{Frames: 1, Abandoned: 1}},
		{link.ImpairConfig{Delay: time.Minute}, link.ImpairStats{Frames: 1, Abandoned: 1}},
		{link.ImpairConfig{Rate: 1}, link.ImpairStats{Frames: 1, Abandoned: 1}},
	} {
		synctest.Test(t, func(t *testing.T) {
			x, b := link.Pipe(link.PipeOptions{})
			a := link.Impair(x, c.cfg)
			f := [][]byte{make([]byte, 60)}
			a.WriteFrames(f)
			a.Close()
			if n, err := a.WriteFrames(f); n != 0 || !errors.Is(err, net.ErrClosed) {
				t.Errorf("%v: %d, %v", c.cfg, n, err)
			}
			got := read(b)
			time.Sleep(time.Hour)
			synctest.Wait()
			if uint64(len(got.frames)) != c.want.Passed {
				t.Errorf("%v: %d frames came", c.cfg, len(got.frames))
			}
			a.Close()
			if s := a.Stats(); s != c.want {
				t.Errorf("%v: %+v", c.cfg, s)
			}
			b.Close()
		})
	}
}

// A device that blocks holds up its own frames only: counters can be read and the device closed.
func TestImpairOverABlockingDevice(t *testing.T) {
	for _, cfg := range []link.ImpairConfig{{}, {MTU: 1500}, {Delay: time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			x, b := link.Pipe(link.PipeOptions{Queue: 2, Block: true})
			a := link.Impair(x, cfg)
			frames := make([][]byte, 100)
			for i := range frames {
				frames[i] = numbered(i, 60)
			}
			wrote := make(chan error, 1)
			go func() {
				_, err := a.WriteFrames(frames)
				wrote <- err
			}()
			time.Sleep(time.Second) // nobody reads: the clock goes on nevertheless
			if s := a.Stats(); s.Frames != s.Passed+s.Dropped()+s.InFlight {
				t.Errorf("%v: %+v", cfg, s)
			}
			got := read(b)
			time.Sleep(time.Second)
			if err := <-wrote; err != nil {
				t.Error(err)
			}
			if ns := got.numbers(); len(ns) != 100 || !slices.IsSorted(ns) {
				t.Errorf("%v: %v came", cfg, ns)
			}
			b.Close()

			y, c := link.Pipe(link.PipeOptions{Queue: 2, Block: true})
			d := link.Impair(y, cfg)
			go d.WriteFrames(frames)
			time.Sleep(time.Second)
			d.Close()
			if s := d.Stats(); s.InFlight != 0 || s.Frames != s.Passed+s.Dropped() {
				t.Errorf("%v: closed: %+v", cfg, s)
			}
			a.Close()
			c.Close()
		})
	}
}

// Another configuration is for the frames that come after it; they do not overtake.
func TestImpairSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, b := link.Pipe(link.PipeOptions{})
		a := link.Impair(x, link.ImpairConfig{})
		got := read(b)
		set := func(c link.ImpairConfig) {
			if err := a.Set(c); err != nil {
				t.Error(err)
			}
		}
		a.WriteFrames([][]byte{numbered(0, 60)})
		set(link.ImpairConfig{Delay: time.Second})
		a.WriteFrames([][]byte{numbered(1, 60)})
		set(link.ImpairConfig{})
		a.WriteFrames([][]byte{numbered(2, 60)})
		set(link.ImpairConfig{Loss: 1})
		a.WriteFrames([][]byte{numbered(3, 60)})
		time.Sleep(time.Minute)
		set(link.ImpairConfig{})
		a.WriteFrames([][]byte{numbered(4, 60)})
		synctest.Wait()
		if !slices.Equal(got.numbers(), []int{0, 1, 2, 4}) || !slices.Equal(got.at, []time.Duration{0, time.Second, time.Second, time.Minute}) {
			t.Errorf("%v came at %v", got.numbers(), got.at)
		}
		if s := a.Stats(); s != (link.ImpairStats{Frames: 5, Passed: 4, Lost: 1}) {
			t.Errorf("%+v", s)
		}
		if err := a.Set(link.ImpairConfig{Loss: 2}); !errors.Is(err, link.ErrImpairValue) {
			t.Errorf("a loss of 200%%: %v", err)
		}
		a.Close()
		b.Close()
	})
}

// picky refuses every second frame, as a device whose own queue is full.
type picky struct {
	link.Device
	n int
}

var errPicky = errors.New("no room")

func (p *picky) WriteFrames(frames [][]byte) (int, error) {
	for i := range frames {
		if p.n++; p.n%2 == 0 {
			return i, errPicky
		}
		p.Device.WriteFrames(frames[i : i+1])
	}
	return len(frames), nil
}

// What the device refuses when its time has come is counted, and what is behind it is tried.
func TestImpairCountsWhatTheDeviceRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, b := link.Pipe(link.PipeOptions{})
		a := link.Impair(&picky{Device: x}, link.ImpairConfig{Delay: time.Second})
		got := read(b)
		a.WriteFrames([][]byte{numbered(0, 60), numbered(1, 60), numbered(2, 60), numbered(3, 60), numbered(4, 60)})
		time.Sleep(time.Minute)
		if !slices.Equal(got.numbers(), []int{0, 2, 4}) {
			t.Errorf("%v came", got.numbers())
		}
		if s := a.Stats(); s != (link.ImpairStats{Frames: 5, Passed: 5, Refused: 2}) {
			t.Errorf("%+v", s)
		}
		a.Close()
		b.Close()
	})
}

func TestImpairAllocatesNothing(t *testing.T) {
	for _, cfg := range []link.ImpairConfig{
		{}, {MTU: 1500}, {Reorder: 0.5, Corrupt: 0.5, Truncate: 0.5, Duplicate: 0.5},
		{Delay: time.Microsecond}, {Rate: 1e9, Jitter: 10 * time.Microsecond, Overtake: true, Duplicate: 0.1},
	} {
		x, b := link.Pipe(link.PipeOptions{Queue: 100})
		a := link.Impair(x, cfg)
		out, bufs, sizes := [][]byte{make([]byte, 1514)}, [][]byte{make([]byte, 1514)}, make([]int, 1)
		step := func() {
			a.WriteFrames(out)
			for a.Stats().InFlight > 1 { // one may be held back
				b.ReadFrames(bufs, sizes)
			}
		}
		for range 100 {
			step()
		}
		if n := testing.AllocsPerRun(200, step); n != 0 {
			t.Errorf("%v: %v allocations a frame", cfg, n)
		}
		a.Close()
	}
}

// As long as nothing is delayed there is no goroutine beside the caller's.
func TestImpairNeedsNoGoroutine(t *testing.T) {
	x, b := link.Pipe(link.PipeOptions{Queue: 5000})
	a := link.Impair(x, link.ImpairConfig{Loss: 0.1, Duplicate: 0.1, Reorder: 0.1, Corrupt: 0.1, Truncate: 0.1, MTU: 1000})
	before := runtime.NumGoroutine()
	for i := range 1000 {
		a.WriteFrames([][]byte{numbered(i, 60)})
		if n := runtime.NumGoroutine(); n > before {
			t.Fatalf("%d goroutines, there were %d", n, before)
		}
	}
	// All but one that may be held back are there already.
	s := a.Stats()
	bufs, sizes := make([][]byte, 2000), make([]int, 2000)
	for i := range bufs {
		bufs[i] = make([]byte, 60)
	}
	if n, err := b.ReadFrames(bufs, sizes); uint64(n) != s.Passed+s.Duplicated || s.InFlight > 1 || err != nil {
		t.Errorf("%d frames came, %v: %+v", n, err, s)
	}
	a.Close()
}

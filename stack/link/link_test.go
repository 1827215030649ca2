package link_test

import (
	"bytes"
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"

	"httptap/stack/link"
	"httptap/stack/link/linktest"
)

func TestDevices(t *testing.T) {
	for name, wrap := range map[string]func(link.Device) link.Device{
		"pipe":   func(d link.Device) link.Device { return d },
		"tee":    func(d link.Device) link.Device { return link.Tee(d, func(link.Direction, []byte) {}) },
		"impair": func(d link.Device) link.Device { return link.Impair(d, link.ImpairConfig{}) },
	} {
		t.Run(name, func(t *testing.T) {
			linktest.Run(t, func(t *testing.T) (a, b link.Device) {
				x, y := link.Pipe(link.PipeOptions{})
				return wrap(x), wrap(y)
			})
		})
	}
}

func TestFullPipeLosesAndCounts(t *testing.T) {
	a, b := link.Pipe(link.PipeOptions{Queue: 3})
	for range 5 {
		if n, err := a.WriteFrames([][]byte{make([]byte, 60)}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if a.Dropped() != 2 {
		t.Errorf("%d frames were dropped, want 2", a.Dropped())
	}
	b.Close()
	a.WriteFrames([][]byte{make([]byte, 60)})
	if a.Dropped() != 3 {
		t.Errorf("a frame for nobody is not counted")
	}
}

func TestBlockingPipeLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := link.Pipe(link.PipeOptions{Queue: 2, Block: true})
		done := make(chan error, 1)
		go func() {
			_, err := a.WriteFrames(slices.Repeat([][]byte{make([]byte, 60)}, 20))
			done <- err
		}()
		bufs, sizes, n := [][]byte{make([]byte, 1514)}, make([]int, 1), 0
		for n < 20 {
			synctest.Wait()
			k, err := b.ReadFrames(bufs, sizes)
			if err != nil {
				t.Fatal(err)
			}
			n += k
		}
		if err := <-done; err != nil || a.Dropped() != 0 {
			t.Errorf("%v, %d dropped", err, a.Dropped())
		}
	})
}

func TestTeeShowsBothDirections(t *testing.T) {
	x, b := link.Pipe(link.PipeOptions{})
	var seen []string
	a := link.Tee(x, func(d link.Direction, f []byte) { seen = append(seen, d.String()+string(f[14:])) })
	a.WriteFrames([][]byte{append(make([]byte, 14), "one"...)})
	b.WriteFrames([][]byte{append(make([]byte, 14), "two"...)})
	a.ReadFrames([][]byte{make([]byte, 100)}, make([]int, 1))
	if !slices.Equal(seen, []string{"OUTone", "INtwo"}) {
		t.Errorf("seen: %q", seen)
	}
}

func TestImpairIsDeterministic(t *testing.T) {
	run := func(seed uint64) ([]byte, link.ImpairStats) {
		x, b := link.Pipe(link.PipeOptions{Queue: 5000})
		a := link.Impair(x, link.ImpairConfig{Loss: 0.1, Duplicate: 0.1, Reorder: 0.1, Corrupt: 0.1, Seed: seed})
		for i := range 1000 {
			a.WriteFrames([][]byte{append(make([]byte, 14), byte(i>>8), byte(i))})
		}
		var all []byte
		bufs, sizes := [][]byte{make([]byte, 100)}, make([]int, 1)
		s := a.Stats()
		held := s.Reordered // the last one may still be held; read what is surely there
		for range s.Passed + s.Duplicated - min(held, 1) {
			b.ReadFrames(bufs, sizes)
			all = append(all, bufs[0][:sizes[0]]...)
		}
		return all, s
	}
	one, s1 := run(7)
	two, s2 := run(7)
	other, _ := run(8)
	if !bytes.Equal(one, two) || s1 != s2 {
		t.Error("the same seed does not do the same")
	}
	if bytes.Equal(one, other) {
		t.Error("another seed does the same")
	}
	if s1.Frames != 1000 || s1.Frames != s1.Passed+s1.Dropped {
		t.Errorf("%+v", s1)
	}
	for what, n := range map[string]uint64{"dropped": s1.Dropped, "duplicated": s1.Duplicated, "reordered": s1.Reordered, "corrupted": s1.Corrupted} {
		if n < 60 || n > 150 {
			t.Errorf("%d of 1000 were %s, about 100 were to be", n, what)
		}
	}
}

// A frame of a wrong size is refused whatever the verdicts are, and changes none of them.
func TestImpairRefusesWrongSizes(t *testing.T) {
	for _, cfg := range []link.ImpairConfig{{Loss: 1}, {Reorder: 1}, {Corrupt: 1}, {}} {
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
	}
}

// Behind Close nothing is judged, and what was held back is lost.
func TestImpairClosed(t *testing.T) {
	for _, cfg := range []link.ImpairConfig{{Loss: 1}, {Reorder: 1}} {
		x, _ := link.Pipe(link.PipeOptions{})
		a := link.Impair(x, cfg)
		f := [][]byte{make([]byte, 60)}
		a.WriteFrames(f)
		a.Close()
		if n, err := a.WriteFrames(f); n != 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("%+v: %d, %v", cfg, n, err)
		}
		a.Close()
		if s := a.Stats(); s != (link.ImpairStats{Frames: 1, Dropped: 1}) {
			t.Errorf("%+v: %+v", cfg, s)
		}
	}
}

func TestParseAddr(t *testing.T) {
	for _, c := range []struct {
		in   string
		want link.Addr
		ok   bool
	}{
		{"02:00:5e:10:00:01", link.Addr{2, 0, 0x5e, 0x10, 0, 1}, true},
		{"02-00-5E-10-00-FF", link.Addr{2, 0, 0x5e, 0x10, 0, 0xff}, true},
		{"02:00-5e:10:00:01", link.Addr{}, false},
		{"02:00:5e:10:00", link.Addr{}, false},
		{"02:00:5e:10:00:0g", link.Addr{}, false},
		{"02x00x5ex10x00x01", link.Addr{}, false},
		{"", link.Addr{}, false},
	} {
		a, err := link.ParseAddr(c.in)
		if a != c.want || (err == nil) != c.ok || err != nil && !errors.Is(err, link.ErrAddr) {
			t.Errorf("%q: %v, %v", c.in, a, err)
		}
	}
	a := link.LocalAddr("x")
	if b, err := link.ParseAddr(a.String()); err != nil || b != a || a[0] != 2 || a == link.LocalAddr("y") {
		t.Errorf("%v %v %v", a, b, err)
	}
}

func TestPipeAllocatesNothing(t *testing.T) {
	a, b := link.Pipe(link.PipeOptions{Queue: 1})
	out, bufs, sizes := [][]byte{make([]byte, 1514)}, [][]byte{make([]byte, 1514)}, make([]int, 1)
	if n := testing.AllocsPerRun(100, func() {
		a.WriteFrames(out)
		b.ReadFrames(bufs, sizes)
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

package link_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack/link"
	"httptap/stack/link/linktest"
)

func TestDevices(t *testing.T) {
	for name, wrap := range map[string]func(link.Device) link.Device{
		"pipe":   func(d link.Device) link.Device { return d },
		"tee":    func(d link.Device) link.Device { return link.Tee(d, func(link.Direction, []byte) {}) },
		"impair": func(d link.Device) link.Device { return link.Impair(d, link.ImpairConfig{}) },
		"impair, no time": func(d link.Device) link.Device {
			return link.Impair(d, link.ImpairConfig{MTU: 1500})
		},
		"impair, delay": func(d link.Device) link.Device {
			return link.Impair(d, link.ImpairConfig{Delay: time.Millisecond, Jitter: time.Millisecond})
		},
		"impair, rate": func(d link.Device) link.Device {
			return link.Impair(d, link.ImpairConfig{Rate: 100e6})
		},
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

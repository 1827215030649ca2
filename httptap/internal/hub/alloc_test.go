package hub

import (
	"fmt"
	"testing"
)

func TestForwardAllocatesNothing(t *testing.T) {
	h, _ := newHub(t, 4)
	a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
	f := to(mac("b"), mac("a"), "x")
	for range 64 {
		a.Send(f) // the ring grows to its size
	}
	frames, bufs, sizes := [][]byte{f}, [][]byte{make([]byte, 100)}, make([]int, 1)
	if n := testing.AllocsPerRun(200, func() {
		a.Send(frames...)
		b.Poll(bufs, sizes)
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// BenchmarkForward moves frames of 1514 bytes from port to port; one operation is one frame.
func BenchmarkForward(b *testing.B) {
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprintf("batch=%d", n), func(b *testing.B) {
			h := New(Config{MTU: 1500})
			x, y := attach(b, h, PortConfig{Name: "x"}), attach(b, h, PortConfig{Name: "y"})
			y.Send(to(mac("x"), mac("y"), ""))
			frames, bufs, sizes := make([][]byte, n), make([][]byte, n), make([]int, n)
			for i := range frames {
				frames[i], bufs[i] = to(mac("y"), mac("x"), string(make([]byte, 1500))), make([]byte, 1514)
			}
			b.SetBytes(1514)
			b.ReportAllocs()
			for done := 0; b.Loop(); {
				if done++; done%n == 0 {
					x.Send(frames...)
					y.Poll(bufs, sizes)
				}
			}
		})
	}
}

package hub

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"

	"httptap/stack/link"
)

// Several readers of one port share what comes: as long as there is something, none sleeps.
func TestReadersOfOnePortShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{MTU: 1500})
		a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
		const readers = 5
		read := make(chan int, readers)
		for range readers {
			go func() {
				n, err := b.Read(context.Background(), [][]byte{make([]byte, 100)}, make([]int, 1))
				if err != nil {
					t.Error(err)
				}
				read <- n
			}()
		}
		synctest.Wait()
		var frames [][]byte
		for range readers {
			frames = append(frames, to(link.Broadcast, mac("a"), "x"))
		}
		a.Send(frames...)
		synctest.Wait()
		if len(read) != readers {
			t.Errorf("%d of %d readers have a frame", len(read), readers)
		}
	})
}

// All of those who wait at a port hear of its end.
func TestCloseWakesEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{MTU: 1500})
		p := attach(t, h, PortConfig{Name: "p"})
		const readers = 5
		ended := make(chan error, readers)
		for range readers {
			go func() {
				_, err := p.Read(context.Background(), [][]byte{nil}, make([]int, 1))
				ended <- err
			}()
		}
		synctest.Wait()
		p.Close()
		synctest.Wait()
		for range readers {
			if err := <-ended; !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
	})
}

// A wait that was given up takes nothing from the one behind it.
func TestWaitGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{MTU: 1500})
		a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
		ctx, cancel := context.WithCancel(t.Context())
		given, told := make(chan error, 1), make(chan error, 1)
		go func() { given <- b.Wait(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-given; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		go func() { told <- b.Wait(context.Background()) }()
		synctest.Wait()
		a.Send(to(link.Broadcast, mac("a"), "x"))
		if err := <-told; err != nil {
			t.Error(err)
		}
		expect(t, "the frame", b, "x")
	})
}

// The readers of a port are told once of all frames of a send.
func TestOneWakeASend(t *testing.T) {
	h, _ := newHub(t, 0)
	a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
	f := to(link.Broadcast, mac("a"), "x")
	h.Observe(func(Event) {
		if len(b.wake) != 0 {
			t.Error("told in the middle of a send")
		}
	})
	for range 3 {
		a.Send(f, f, f)
		if n, told := len(got(t, b)), len(b.wake); n != 3 || told != 1 {
			t.Errorf("%d frames, told %d times", n, told)
		}
		<-b.wake
	}
}

func TestDrain(t *testing.T) {
	h, _ := newHub(t, 4)
	a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
	var texts string
	room := 0
	take := func(f []byte) bool {
		if room == 0 {
			return false
		}
		room--
		texts += string(f[14:])
		return true
	}
	if n, err := b.Drain(take); n != 0 || err != nil {
		t.Errorf("of nothing: %d, %v", n, err)
	}
	for _, s := range []string{"0", "1", "2", "3", "4"} {
		a.Send(to(link.Broadcast, mac("a"), s))
	}
	for _, c := range []struct {
		room, n int
		texts   string
	}{{2, 2, "12"}, {0, 0, "12"}, {9, 2, "1234"}} {
		room = c.room
		if n, err := b.Drain(take); n != c.n || err != nil || texts != c.texts {
			t.Errorf("with room for %d: %d, %v, %q", c.room, n, err, texts)
		}
		if b.Ready() && len(b.wake) != 1 {
			t.Error("frames wait and nobody is told")
		}
	}
	if s := h.Stats().Ports[1]; s.FramesOut != 4 || s.BytesOut != 4*15 || s.DroppedFull != 1 {
		t.Errorf("%+v", s)
	}
	accounted(t, h)
	b.Close()
	if n, err := b.Drain(take); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %d, %v", n, err)
	}
}

// What the memory of the last flow says is what the table says.
func TestFlowIsForgottenWhenAStationMoves(t *testing.T) {
	h, _ := newHub(t, 0)
	a, b, c := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"}), attach(t, h, PortConfig{Name: "c"})
	b.Send(to(mac("a"), mac("x"), ""))
	got(t, a)
	got(t, c)
	a.Send(
		to(mac("x"), mac("a"), "1"), // at b
		to(mac("a"), mac("x"), "2"), // x is at a now, a too: nobody gets it
		to(mac("x"), mac("a"), "3"), // nor this
		to(mac("y"), mac("a"), "4"),
	)
	expect(t, "where x was", b, "1", "4")
	expect(t, "y may be anywhere", c, "4")
	if s := h.Stats().Ports[0]; s.Nobody != 2 {
		t.Errorf("%+v", s)
	}
}

// A reader that waits for each frame takes no memory either.
func TestWaitAllocatesNothing(t *testing.T) {
	h, _ := newHub(t, 4)
	a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan bool)
	done := make(chan bool)
	go func() {
		defer close(done)
		bufs, sizes := [][]byte{make([]byte, 100)}, make([]int, 1)
		for {
			if _, err := b.Read(ctx, bufs, sizes); err != nil {
				return
			}
			answered <- true
		}
	}()
	frames := [][]byte{to(mac("b"), mac("a"), "x")}
	if n := testing.AllocsPerRun(200, func() {
		a.Send(frames...)
		<-answered
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
	cancel()
	<-done
}

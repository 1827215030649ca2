// Package linktest holds the suite that every link.Device passes.
package linktest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"httptap/stack/link"
)

// Run tests two devices that are joined: what one writes the other reads. make returns a fresh
// pair for each test; the suite closes both.
func Run(t *testing.T, make func(t *testing.T) (a, b link.Device)) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, a, b link.Device)
	}{
		{"frames arrive whole and in order", inOrder},
		{"both ways at once", bothWays},
		{"the shortest and the longest frame", sizes},
		{"frames of a wrong size are refused", refused},
		{"a frame that does not fit its buffer is lost, never cut", neverCut},
		{"nothing behind a frame is written", dirty},
		{"a written frame is not kept", notKept},
		{"nothing to write and nowhere to read", nothing},
		{"Close ends a read", closeEndsRead},
		{"Close in the middle of everything", closeAmid},
		{"a closed device refuses", closed},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := make(t)
			defer a.Close()
			defer b.Close()
			c.test(t, a, b)
		})
	}
}

// frame returns a frame of n bytes from d that carries a number.
func frame(d link.Device, number, n int) []byte {
	f := make([]byte, n)
	copy(f, link.Broadcast[:])
	hw := d.Info().HardwareAddr
	copy(f[6:], hw[:])
	f[12], f[13] = 0x88, 0xb5 // for experiments, IEEE 802
	for i := link.HeaderLen; i < n; i++ {
		f[i] = byte(number + i)
	}
	if n >= link.HeaderLen+4 {
		binary.BigEndian.PutUint32(f[link.HeaderLen:], uint32(number))
	}
	return f
}

// reader reads frames one after the other, in batches.
type reader struct {
	d     link.Device
	bufs  [][]byte
	sizes []int
	next  int
	n     int
}

func newReader(d link.Device, batch int) *reader {
	r := &reader{d: d, sizes: make([]int, batch)}
	for range batch {
		r.bufs = append(r.bufs, bytes.Repeat([]byte{0xa5}, d.Info().FrameLen()+8))
	}
	return r
}

func (r *reader) read(t *testing.T) []byte {
	t.Helper()
	if r.next == r.n {
		n, err := r.d.ReadFrames(r.bufs, r.sizes)
		if err != nil || n < 1 || n > len(r.bufs) {
			t.Fatalf("read %d frames: %v", n, err)
		}
		r.next, r.n = 0, n
	}
	f := r.bufs[r.next][:r.sizes[r.next]]
	r.next++
	return f
}

func write(t *testing.T, d link.Device, frames ...[]byte) {
	t.Helper()
	if n, err := d.WriteFrames(frames); n != len(frames) || err != nil {
		t.Fatalf("%d of %d frames written: %v", n, len(frames), err)
	}
}

func inOrder(t *testing.T, a, b link.Device) {
	const total = 200
	for i := 0; i < total; {
		var batch [][]byte
		for k := 0; k <= i%7 && i < total; k++ {
			batch = append(batch, frame(a, i, 60+i))
			i++
		}
		write(t, a, batch...)
	}
	r := newReader(b, 5)
	for i := range total {
		if got, want := r.read(t), frame(a, i, 60+i); !bytes.Equal(got, want) {
			t.Fatalf("frame %d has %d bytes, want %d, or is not the same", i, len(got), len(want))
		}
	}
}

func bothWays(t *testing.T, a, b link.Device) {
	const total = 100
	var all sync.WaitGroup
	for _, dir := range [][2]link.Device{{a, b}, {b, a}} {
		from, to := dir[0], dir[1]
		all.Go(func() {
			for i := range total {
				if n, err := from.WriteFrames([][]byte{frame(from, i, 100)}); n != 1 || err != nil {
					t.Errorf("write: %v", err)
					return
				}
			}
		})
		all.Go(func() {
			r := newReader(to, 8)
			for i := range total {
				if got := r.read(t); !bytes.Equal(got, frame(from, i, 100)) {
					t.Errorf("frame %d is not the same", i)
					return
				}
			}
		})
	}
	all.Wait()
}

func sizes(t *testing.T, a, b link.Device) {
	r := newReader(b, 4)
	for _, n := range []int{link.HeaderLen, link.HeaderLen + 1, a.Info().FrameLen() - 1, a.Info().FrameLen()} {
		write(t, a, frame(a, n, n))
		if got := r.read(t); !bytes.Equal(got, frame(a, n, n)) {
			t.Errorf("a frame of %d bytes came as %d", n, len(got))
		}
	}
}

func refused(t *testing.T, a, b link.Device) {
	for _, n := range []int{0, 1, link.HeaderLen - 1, a.Info().FrameLen() + 1} {
		long := make([]byte, n)
		copy(long, frame(a, 0, max(n, link.HeaderLen))[:n])
		done, err := a.WriteFrames([][]byte{frame(a, n, 60), long, frame(a, 0, 60)})
		if done != 1 || !errors.Is(err, link.ErrFrameSize) {
			t.Errorf("%d bytes: %d frames written, %v", n, done, err)
		}
		if got := newReader(b, 1).read(t); !bytes.Equal(got, frame(a, n, 60)) {
			t.Error("the frame before the refused one did not arrive")
		}
	}
}

func neverCut(t *testing.T, a, b link.Device) {
	write(t, a, frame(a, 1, 200), frame(a, 2, 60))
	bufs, got := [][]byte{make([]byte, 100)}, make([]int, 1)
	n, err := b.ReadFrames(bufs, got)
	if n != 1 || err != nil || !bytes.Equal(bufs[0][:got[0]], frame(a, 2, 60)) {
		t.Errorf("%d frames, %d bytes, %v", n, got[0], err)
	}
}

func dirty(t *testing.T, a, b link.Device) {
	write(t, a, frame(a, 1, 60))
	buf := bytes.Repeat([]byte{0xa5}, b.Info().FrameLen()+8)
	size := make([]int, 1)
	if _, err := b.ReadFrames([][]byte{buf}, size); err != nil {
		t.Fatal(err)
	}
	for i, v := range buf[b.Info().FrameLen():] {
		if v != 0xa5 {
			t.Errorf("byte %d behind the longest frame was written", i)
		}
	}
}

func notKept(t *testing.T, a, b link.Device) {
	f := frame(a, 1, 60)
	write(t, a, f)
	clear(f)
	if got := newReader(b, 1).read(t); !bytes.Equal(got, frame(a, 1, 60)) {
		t.Error("the frame changed behind WriteFrames")
	}
}

func nothing(t *testing.T, a, b link.Device) {
	if n, err := a.WriteFrames(nil); n != 0 || err != nil {
		t.Errorf("writing nothing: %d, %v", n, err)
	}
	if n, err := a.ReadFrames(nil, nil); n != 0 || err != nil {
		t.Errorf("reading into nothing: %d, %v", n, err)
	}
}

func closeEndsRead(t *testing.T, a, b link.Device) {
	errs := make(chan error, 1)
	go func() {
		_, err := a.ReadFrames([][]byte{make([]byte, 2000)}, make([]int, 1))
		errs <- err
	}()
	a.Close()
	select {
	case err := <-errs:
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("the read ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the read goes on")
	}
}

// closeAmid closes a device that one goroutine reads and another writes.
func closeAmid(t *testing.T, a, b link.Device) {
	var all sync.WaitGroup
	half := make(chan bool)
	all.Go(func() {
		f := [][]byte{frame(a, 1, 60)}
		for i := 0; ; i++ {
			if i == 20 {
				close(half)
			}
			if _, err := a.WriteFrames(f); err != nil {
				if !errors.Is(err, net.ErrClosed) {
					t.Errorf("the write ended with %v", err)
				}
				return
			}
		}
	})
	all.Go(func() {
		bufs, sizes := [][]byte{make([]byte, a.Info().FrameLen())}, make([]int, 1)
		for {
			if _, err := a.ReadFrames(bufs, sizes); err != nil {
				if !errors.Is(err, net.ErrClosed) {
					t.Errorf("the read ended with %v", err)
				}
				return
			}
		}
	})
	<-half
	b.WriteFrames([][]byte{frame(b, 1, 60), frame(b, 2, 60)})
	if err := a.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	all.Wait()
}

func closed(t *testing.T, a, b link.Device) {
	if err := a.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	if n, err := a.ReadFrames([][]byte{make([]byte, 2000)}, make([]int, 1)); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("a read: %d, %v", n, err)
	}
	if n, err := a.WriteFrames([][]byte{frame(a, 1, 60)}); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write: %d, %v", n, err)
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// pattern is what is transferred, over and over: random, so that no piece looks like another.
var pattern = func() []byte {
	b := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}()

var (
	errSpoiled = errors.New("what arrived is not what was sent")
	errNothing = errors.New("nothing arrived in all the time of the measurement")
)

// A stream carries pattern from one end of a connection to the other until it is stopped.
type stream struct {
	received atomic.Uint64
	stop     atomic.Bool
	ends     sync.WaitGroup
	mu       sync.Mutex
	err      error
}

// chunk is what one Write carries and one Read takes at most.
const chunk = 64 << 10

func startStream(from, to net.Conn) *stream {
	s := new(stream)
	s.ends.Go(func() {
		for off := 0; !s.stop.Load(); off = (off + chunk) % len(pattern) {
			if _, err := from.Write(pattern[off : off+chunk]); err != nil {
				s.fail(fmt.Errorf("write: %w", err))
				break
			}
		}
		if err := from.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			s.fail(fmt.Errorf("close: %w", err))
		}
	})
	s.ends.Go(func() {
		buf := make([]byte, chunk)
		for reads := 0; ; reads++ {
			n, err := to.Read(buf)
			if err == io.EOF {
				return
			}
			if err != nil {
				s.fail(fmt.Errorf("read: %w", err))
				return
			}
			// Every length counts, one chunk in 64 is compared: to compare all of them would
			// cost as much as the stack itself.
			if reads%64 == 0 && !matches(buf[:n], int(s.received.Load()%uint64(len(pattern)))) {
				s.fail(errSpoiled)
				to.Close() // the sender fails, too
				return
			}
			s.received.Add(uint64(n))
		}
	})
	return s
}

// matches tells whether b is what pattern, repeated, has from off on.
func matches(b []byte, off int) bool {
	for len(b) > 0 {
		n := min(len(b), len(pattern)-off)
		if !bytes.Equal(b[:n], pattern[off:off+n]) {
			return false
		}
		b, off = b[n:], 0
	}
	return true
}

func (s *stream) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	s.stop.Store(true)
}

// A window is what passed in a stretch of time.
type window struct {
	took     time.Duration
	cpu      time.Duration // of the whole process
	bytes    uint64
	segments uint64
	allocs   uint64
}

// measure looks at the stream and the pair now and after d.
func (s *stream) measure(ctx context.Context, p pair, d time.Duration) (window, error) {
	segments, allocs, cpu, begin, received := p.segments(), mallocs(), cpuTime(), time.Now(), s.received.Load()
	if err := pass(ctx, d); err != nil {
		return window{}, err
	}
	w := window{bytes: s.received.Load() - received, took: time.Since(begin), cpu: cpuTime() - cpu}
	w.allocs, w.segments = mallocs()-allocs, p.segments()-segments
	return w, nil
}

// pass lets a stretch of time go by: the time during which something runs is what is measured.
func pass(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// end stops the sender, waits until all of it has arrived and returns what went wrong.
func (s *stream) end() error {
	s.stop.Store(true)
	s.ends.Wait()
	return s.err
}

func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err) // only a wrong argument fails
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// bulk is one connection in full flow, in this process.
var bulk = benchmark{
	name: "bulk", peer: true,
	about: "one TCP connection between two hosts in this process, MTU 1500",
	measure: func(ctx context.Context, who side, o options) (sample, error) {
		p, err := newPair(who, 0)
		if err != nil {
			return sample{}, err
		}
		defer p.close()
		a, b, err := connect(p, 80)
		if err != nil {
			return sample{}, err
		}
		s := startStream(a, b)
		if err := pass(ctx, o.period()/4); err != nil { // until windows and buffers have grown
			return sample{}, err
		}
		w, err := s.measure(ctx, p, o.period())
		if end := s.end(); err == nil {
			err = end
		}
		if err == nil && w.bytes == 0 {
			err = errNothing
		}
		if err != nil {
			return sample{}, err
		}
		return sample{Values: map[string]float64{
			"rate":   float64(w.bytes) / w.took.Seconds(),
			"allocs": float64(w.allocs) / float64(w.segments),
			"cpu":    float64(w.cpu.Nanoseconds()) / float64(w.segments),
		}}, nil
	},
	bars: func(options) []bar {
		return []bar{
			{metric: "rate", label: "throughput beside gVisor's", unit: "GB/s", scale: 1e-9, higher: true, times: 6},
			{metric: "rate", label: "throughput", unit: "GB/s", scale: 1e-9, higher: true, limit: 1.5e9, bound: true},
			// What the runtime itself allocates in the background is far below this.
			{metric: "allocs", label: "allocations a segment", limit: 0.001, bound: true, asked: "0", counts: true},
			{metric: "cpu", label: "CPU time a segment, both ends", unit: "ns"},
		}
	},
}

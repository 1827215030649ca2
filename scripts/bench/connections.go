package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// connections asks what a segment costs while others are open that are idle, and what those
// cost.
var connections = benchmark{
	name: "connections", peer: true,
	about:   "one connection busy while others are open and idle",
	measure: measureConnections,
	bars: func(o options) (bars []bar) {
		levels := o.levels()
		for _, n := range levels {
			bars = append(bars, bar{metric: key("bulk", n), label: fmt.Sprintf("a segment in bulk, %d open", n), unit: "ns"})
		}
		for _, n := range levels[1:] {
			bars = append(bars, bar{metric: key("bulk growth", n), label: fmt.Sprintf("  of that with 1 open, %d", n), unit: "", limit: 1.2, bound: true})
		}
		for _, n := range levels {
			bars = append(bars, bar{metric: key("turn", n), label: fmt.Sprintf("a byte there and back, %d open", n), unit: "us", scale: 1e-3})
		}
		for _, n := range levels[1:] {
			bars = append(bars, bar{metric: key("turn growth", n), label: fmt.Sprintf("  of that with 1 open, %d", n), unit: "", limit: 1.2, bound: true})
		}
		return append(bars,
			bar{metric: "heap", label: "heap of an idle end", unit: "KiB", scale: 1.0 / 1024},
			bar{metric: "rss", label: "resident memory of an idle end", unit: "KiB", scale: 1.0 / 1024})
	},
}

func key(what string, n int) string { return fmt.Sprint(what, " ", n) }

// levels are the numbers of open connections. The first is 1: the busy one alone.
func (o options) levels() []int {
	if o.quick {
		return []int{1, 1000}
	}
	return []int{1, 1000, 100000}
}

func measureConnections(ctx context.Context, who side, o options) (sample, error) {
	s := sample{Values: map[string]float64{}}
	levels := o.levels()
	most := levels[len(levels)-1]
	buffer, err := fitting(who, most, &s)
	if err != nil {
		return s, err
	}
	p, err := newPair(who, buffer)
	if err != nil {
		return s, err
	}
	defer p.close()
	idle := crowd{pair: p}
	heap, rss := memory()
	for i, n := range levels {
		if err := idle.grow(n - 1); err != nil {
			return s, err
		}
		if i == len(levels)-1 {
			h, r := memory()
			ends := float64(len(idle.held))
			s.Values["heap"], s.Values["rss"] = float64(h-heap)/ends, float64(r-rss)/ends
		}
		bulk, turn, err := busy(ctx, p, uint16(2000+i), o)
		if err != nil {
			return s, fmt.Errorf("%d open: %w", n, err)
		}
		s.Values[key("bulk", n)], s.Values[key("turn", n)] = bulk, turn
		s.Values[key("bulk growth", n)] = bulk / s.Values[key("bulk", 1)]
		s.Values[key("turn growth", n)] = turn / s.Values[key("turn", 1)]
	}
	runtime.KeepAlive(idle.held)
	return s, nil
}

// fitting returns the size of buffers with which so many connections fit into memory: 0, the
// stack's own, or less, and then a note says so.
func fitting(who side, connections int, s *sample) (int, error) {
	room, err := availableMemory()
	if err != nil {
		return 0, err
	}
	own := 0.0
	for _, buffer := range []int{0, 64 << 10, 16 << 10, 4 << 10} {
		p, err := newPair(who, buffer)
		if err != nil {
			return 0, err
		}
		const probes = 64
		idle := crowd{pair: p}
		before, _ := memory()
		err = idle.grow(probes)
		after, _ := memory()
		runtime.KeepAlive(idle.held)
		p.close()
		if err != nil {
			return 0, err
		}
		need := float64(after-before) / probes * float64(connections)
		if buffer == 0 {
			own = need
		}
		if need > float64(room)/2 {
			continue
		}
		if buffer != 0 {
			s.Notes = append(s.Notes, fmt.Sprintf("%s: %d connections need %.0f GB with the stack's own buffers, and %.0f GB are there: measured with buffers of %d KiB",
				who, connections, own/1e9, float64(room)/1e9, buffer>>10))
		}
		return buffer, nil
	}
	return 0, fmt.Errorf("%d connections do not fit into %d MB", connections, room>>20)
}

// A crowd is open connections that do nothing.
type crowd struct {
	pair pair
	held []net.Conn // both ends of each
	on   net.Listener
}

// perPort is how many connections go to one port of the listening host: fewer than the dialing
// host has local ports.
const perPort = 10000

// grow opens connections until there are n.
func (c *crowd) grow(n int) error {
	for i := len(c.held) / 2; i < n; i++ {
		port := uint16(1000 + i/perPort)
		if i%perPort == 0 {
			l, err := c.pair.listen(port)
			if err != nil {
				return err
			}
			c.on = l
		}
		a, b, err := meet(c.pair, c.on, port)
		if err != nil {
			return fmt.Errorf("connection %d: %w", i+1, err)
		}
		c.held = append(c.held, a, b)
	}
	return nil
}

// busy returns the nanoseconds that a segment takes in a bulk transfer on a new connection, and
// those of a byte there and back; both in many slices of time, of which it takes one that few
// are faster than.
func busy(ctx context.Context, p pair, port uint16, o options) (bulk, turn float64, err error) {
	a, b, err := connect(p, port)
	if err != nil {
		return 0, 0, err
	}
	turn, err = pingPong(a, b, o.period()/2)
	if err != nil {
		return 0, 0, err
	}
	s := startStream(a, b)
	if err := pass(ctx, o.period()/4); err != nil {
		return 0, 0, err
	}
	const parts = 20
	var each []float64
	for range parts {
		w, e := s.measure(ctx, p, o.period()/2/parts)
		if err = e; err != nil {
			break
		}
		if w.segments > 0 { // a busy machine may leave a slice without any
			each = append(each, float64(w.took.Nanoseconds())/float64(w.segments))
		}
	}
	if end := s.end(); err == nil {
		err = end
	}
	a.Close()
	b.Close()
	if err == nil && len(each) == 0 {
		err = errNothing
	}
	if err != nil {
		return 0, 0, err
	}
	return lowerQuartile(each), turn, nil
}

// lowerQuartile returns what a quarter of the values is below: what costs are compared by,
// because what disturbs one of them only ever makes it larger.
func lowerQuartile(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/4]
}

// pingPong sends a byte from a to b and back, again and again, for about d.
func pingPong(a, b net.Conn, d time.Duration) (float64, error) {
	echoed := make(chan error, 1)
	stop := byte(0)
	go func() {
		var buf [1]byte
		for {
			if _, err := io.ReadFull(b, buf[:]); err != nil || buf[0] == stop {
				echoed <- err
				return
			}
			if _, err := b.Write(buf[:]); err != nil {
				echoed <- err
				return
			}
		}
	}()
	out, in := [1]byte{1}, [1]byte{}
	turn := func() error {
		if _, err := a.Write(out[:]); err != nil {
			return err
		}
		if _, err := io.ReadFull(a, in[:]); err != nil {
			return err
		}
		if in != out {
			return errSpoiled
		}
		return nil
	}
	const turns = 100
	var each []float64
	for begin := time.Now(); time.Since(begin) < d; {
		slice := time.Now()
		for range turns {
			if err := turn(); err != nil {
				return 0, err
			}
		}
		each = append(each, float64(time.Since(slice).Nanoseconds())/turns)
	}
	if _, err := a.Write([]byte{stop}); err != nil {
		return 0, err
	}
	return lowerQuartile(each), <-echoed
}

// memory returns the bytes of the heap that are in use and those of the process that are
// resident, when all garbage has been given back.
func memory() (heap, resident int64) {
	debug.FreeOSMemory() // collects, too
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return int64(m.HeapAlloc), 0
	}
	if f := strings.Fields(string(b)); len(f) > 1 {
		pages, _ := strconv.ParseInt(f[1], 10, 64)
		resident = pages * int64(os.Getpagesize())
	}
	return int64(m.HeapAlloc), resident
}

// availableMemory returns how many bytes this machine has for new programs.
func availableMemory() (int64, error) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("/proc/meminfo does not say how much memory is available")
}

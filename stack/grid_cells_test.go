package stack

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"httptap/stack/link"
)

// A GridRow is one link of the grid: one without an end to its rate that loses and spoils frames,
// or one whose only losses are those of a full queue before a slow wire.
type GridRow struct {
	Loss                float64
	Reorder, Dup, Spoil bool // 2 %, 1 %, and 0.1 % or, on links that lose 1 % or more, 1 %
	Queue               int  // before a wire of GridRate, in KiB; 0: there is no wire
	RTT                 time.Duration
}

// GridRate is what a wire carries in bytes a second: 10 Mbit/s.
const GridRate = 1_250_000

// GridBuffers are the sizes of a connection's buffers in bytes.
var GridBuffers = []int{4 << 10, 64 << 10, 512 << 10, 8 << 20}

// gridShort makes the grid short though the flag does not.
var gridShort bool

// GridRows returns the grid; a few rows of it when it has to be short.
func GridRows(short bool) (rows []GridRow) {
	for _, loss := range []float64{0, 0.001, 0.01, 0.05, 0.2} {
		for bits := range 8 {
			for _, rtt := range []time.Duration{1, 10, 50, 200} {
				r := GridRow{Loss: loss, Reorder: bits&1 != 0, Dup: bits&2 != 0, Spoil: bits&4 != 0, RTT: rtt * time.Millisecond}
				if !short && !gridShort || (bits == 0 || bits == 7) && rtt == 50 {
					rows = append(rows, r)
				}
			}
		}
	}
	for _, queue := range []int{16, 64, 256} {
		for _, rtt := range []time.Duration{10, 50, 200} {
			if !short && !gridShort || queue == 64 && rtt == 50 {
				rows = append(rows, GridRow{Queue: queue, RTT: rtt * time.Millisecond})
			}
		}
	}
	return rows
}

// Impair returns what is done to each direction, without the round trip's time.
func (r GridRow) Impair() link.ImpairConfig {
	c := link.ImpairConfig{Loss: r.Loss}
	if r.Queue > 0 {
		c.Rate, c.QueueBytes = GridRate, r.Queue<<10
	}
	if r.Reorder {
		c.Reorder = 0.02
	}
	if r.Dup {
		c.Duplicate = 0.01
	}
	if r.Spoil {
		c.Corrupt = 0.001
		if r.Loss >= 0.01 {
			c.Corrupt = 0.01
		}
	}
	return c
}

// String names the row: its first columns.
func (r GridRow) String() string {
	var what []string
	for _, w := range []struct {
		is   bool
		name string
	}{{r.Reorder, "reorder"}, {r.Dup, "dup"}, {r.Spoil, "corrupt"}} {
		if w.is {
			what = append(what, w.name)
		}
	}
	if r.Queue > 0 {
		what = append(what, fmt.Sprintf("10mbit queue=%dk", r.Queue))
	}
	if what == nil {
		what = []string{"-"}
	}
	return fmt.Sprintf("%5s  %-19s  %6s", fmt.Sprint(100*r.Loss, "%"), strings.Join(what, "+"), r.RTT)
}

// Size returns how many bytes are carried with such a buffer, and with how many seeds: enough to
// fill the window some times, and to lose something, but little enough to take little time.
func (r GridRow) Size(buffer int) (bytes, seeds int) {
	most := 2 << 20
	switch {
	case r.Loss >= 0.2:
		most = 256 << 10
	case r.Loss >= 0.05:
		most = 1 << 20
	}
	bytes = min(4*buffer, most)
	return bytes, min(8, max(1, (512<<10)/bytes))
}

// GridLimit is the simulated time that a transfer may take at most: some times what the slowest
// one takes, which loses and spoils a quarter of its frames.
const GridLimit = 5 * time.Minute

// GridData are the bytes that are carried: no shift of them equals them.
var GridData = sync.OnceValue(func() []byte {
	b := make([]byte, 4<<20)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
})

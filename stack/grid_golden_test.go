package stack

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"httptap/stack/link"
)

var update = flag.Bool("update", false, "write what the grid measures to testdata/grid.golden")

const gridHeader = `# What a connection carries over links of every badness, in simulated time: see grid_golden_test.go.
# Goodput in kB/s: one way, and each way when both are used at once; from the dial to the last FIN
# seen. x: frames that both hosts sent for all of that, for 100 that the bytes fill.
# go test ./stack -run TestGrid -update writes this file.
#
`

// TestGrid carries bytes over every link of the grid. All of them arrive, in time, and how fast
// they do is what testdata/grid.golden says: the simulation depends on seeds alone, so that what
// differs is a change of the stack's.
func TestGrid(t *testing.T) {
	rows := GridRows(testing.Short())
	got := make([]string, len(rows))
	t.Run("rows", func(t *testing.T) {
		for i, r := range rows {
			t.Run(strings.Join(strings.Fields(r.String()), " "), func(t *testing.T) {
				t.Parallel()
				got[i] = gridRow(t, r)
			})
		}
	})
	if t.Failed() {
		return
	}
	const path = "testdata/grid.golden"
	if *update {
		if len(rows) < len(GridRows(false)) {
			t.Fatal("-short measures a part only")
		}
		table := gridHeader + fmt.Sprintf("%5s  %-19s  %6s", "loss", "", "RTT")
		for _, b := range GridBuffers {
			table += fmt.Sprintf("  %15s", fmt.Sprint(b>>10, " KiB"))
		}
		table += fmt.Sprintf("  %4s\n%s\n", "x", strings.Join(got, "\n"))
		if err := os.WriteFile(path, []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(golden)) {
		if line = strings.TrimSuffix(line, "\n"); len(line) > gridKey {
			want[line[:gridKey]] = line
		}
	}
	changed := 0
	for i, r := range rows {
		if w := want[r.String()]; got[i] != w {
			if changed++; changed <= 10 {
				t.Errorf("goodput is not what it was:\nnow %s\nwas %s", got[i], w)
			}
		}
	}
	if changed > 0 {
		t.Errorf("%d rows of %d changed: with -update git shows how", changed, len(rows))
	}
	if n := len(GridRows(false)); len(want) < n {
		t.Errorf("%s has %d rows, the grid has %d", path, len(want), n)
	}
}

// gridKey is the length of what names a row.
var gridKey = len(GridRow{}.String())

// gridRow measures one row and returns its line of the table.
func gridRow(t *testing.T, r GridRow) string {
	line := r.String()
	frames, ideal := 0, 0
	for _, buffer := range GridBuffers {
		size, seeds := r.Size(buffer)
		var one, both time.Duration
		for seed := range seeds {
			m := MeasureGrid(t, r, buffer, size, uint64(seed+1))
			one += m.One
			both += m.Both
			frames += m.Frames
			ideal += 3 * ((size + 1459) / 1460)
		}
		rate := func(d time.Duration) string {
			kB := float64(size*seeds) / 1e3 / d.Seconds()
			return strconv.FormatFloat(kB, 'f', max(0, 2-int(math.Log10(max(kB, 1)))), 64)
		}
		line += fmt.Sprintf("  %15s", rate(one)+"/"+rate(both))
	}
	return line + fmt.Sprintf("  %4d", 100*frames/ideal)
}

// A GridMeasure is how long it took to carry bytes one way and both ways at once, how many
// frames the hosts sent for both.
type GridMeasure struct {
	One, Both time.Duration
	Frames    int
}

// MeasureGrid carries size bytes over the row's link in a simulation.
func MeasureGrid(t *testing.T, r GridRow, buffer, size int, seed uint64) (m GridMeasure) {
	t.Helper()
	c := r.Impair()
	c.Delay = r.RTT / 2
	s := newSim(simOptions{impair: [2]link.ImpairConfig{c, c}, buffer: buffer, seed: seed})
	accept := s.listen(t, 1, 80)
	data := GridData()
	var err error
	if m.One, err = s.transfer(accept, 50000, data[:size], nil, GridLimit); err != nil {
		t.Fatalf("buffer %d, seed %d, one way: after %v: %v", buffer, seed, m.One, err)
	}
	if m.Both, err = s.transfer(accept, 50001, data[:size], data[len(data)-size:], GridLimit); err != nil {
		t.Fatalf("buffer %d, seed %d, both ways: after %v: %v", buffer, seed, m.Both, err)
	}
	m.Frames = s.sent[0] + s.sent[1]
	return m
}

// The simulation is exact: the same seeds send the same frames at the same times.
func TestSimIsExact(t *testing.T) {
	run := func(seed uint64) (trace []byte) {
		c := link.ImpairConfig{Loss: 0.02, Duplicate: 0.01, Reorder: 0.02, Corrupt: 0.01, Delay: 10 * time.Millisecond,
			Jitter: 5 * time.Millisecond, Overtake: true, Rate: 1e6, QueueBytes: 1 << 16}
		s := newSim(simOptions{impair: [2]link.ImpairConfig{c, c}, buffer: 64 << 10, seed: seed})
		s.seen = func(to int, frame []byte) {
			trace = append(fmt.Appendf(trace, "%d %d ", to, s.now.UnixNano()), frame...)
		}
		if _, err := s.transfer(s.listen(t, 1, 80), 50000, GridData()[:200_000], GridData()[200_000:300_000], GridLimit); err != nil {
			t.Fatal(err)
		}
		return trace
	}
	one := run(1)
	for range 3 {
		if !bytes.Equal(run(1), one) {
			t.Fatal("the same seeds do not do the same")
		}
	}
	if bytes.Equal(run(2), one) {
		t.Error("another seed does the same")
	}
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// A side is one of the two stacks that are compared.
type side string

const (
	ours   side = "ours"
	gvisor side = "gVisor"
)

// A sample is what one run of one side measured, by metric. What could not be measured is not
// in it, and a note says why.
type sample struct {
	Values map[string]float64
	Notes  []string
}

// A benchmark measures a sample of either side, and has bars to hold our side against.
type benchmark struct {
	name    string
	about   string
	peer    bool // gVisor, or who the bars name, has something to compare with
	measure func(ctx context.Context, s side, o options) (sample, error)
	// here runs the measurement in this process, because it starts processes of its own; else
	// each sample is taken in a new process, so that no heap or goroutine of one disturbs another.
	here bool
	bars func(o options) []bar
}

// A bar is one line of the report: a metric of ours, the peer's, and what is asked for.
type bar struct {
	metric string
	label  string
	unit   string
	scale  float64 // what the metric is multiplied with to be shown in unit; 0: 1
	higher bool    // higher is better
	times  float64 // at least so many times as good as the peer; 0: not asked for
	limit  float64 // no worse than this, in the metric's own unit
	bound  bool    // limit is asked for
	asked  string  // limit in words; "": the number
	counts bool    // small numbers of things, whose ratio says nothing

	against side // who the peer is, when it is not gVisor
}

// A spread is the median of a metric over the rounds, and how far they were apart.
type spread struct {
	n           int
	median      float64
	least, most float64
}

func summarize(samples []sample, metric string) spread {
	var v []float64
	for _, s := range samples {
		if x, ok := s.Values[metric]; ok {
			v = append(v, x)
		}
	}
	if len(v) == 0 {
		return spread{}
	}
	slices.Sort(v)
	return spread{len(v), (v[(len(v)-1)/2] + v[len(v)/2]) / 2, v[0], v[len(v)-1]}
}

// noise is half the distance between the extremes, as a part of the median.
func (s spread) noise() float64 {
	if s.median == 0 {
		return 0
	}
	return (s.most - s.least) / 2 / s.median
}

// ratio tells how many times as good ours is as the peer's: over 1 is better.
func (b bar) ratio(mine, peer spread) float64 {
	if b.higher {
		return mine.median / peer.median
	}
	return peer.median / mine.median
}

// shown formats a value of the bar's metric with its unit.
func (b bar) shown(v float64) string {
	if b.scale != 0 {
		v *= b.scale
	}
	digits := 0
	switch a := math.Abs(v); {
	case a < 10:
		digits = 2
	case a < 100:
		digits = 1
	}
	return strings.TrimSpace(fmt.Sprintf("%.*f %s", digits, v, b.unit))
}

func (b bar) column(who side, s spread, known bool) string {
	switch {
	case s.n > 0:
		return fmt.Sprintf("%s %s ±%.0f%%", who, b.shown(s.median), 100*s.noise())
	case known:
		return fmt.Sprintf("%s not possible", who)
	}
	return ""
}

// line returns the bar's line of the report and whether it was missed. Without samples of the
// peer, bars against it are not judged.
func (b bar) line(mine, peers []sample) (text string, missed bool) {
	m, p := summarize(mine, b.metric), summarize(peers, b.metric)
	var ratio string
	var asked []string
	if !b.counts && m.n > 0 && p.n > 0 && m.median != 0 && p.median != 0 {
		ratio = fmt.Sprintf("ratio %.2f", b.ratio(m, p))
	}
	judged := false
	if b.times > 0 {
		asked = append(asked, fmt.Sprintf("bar %gx", b.times))
		if len(peers) > 0 {
			judged = true
			missed = m.n == 0 || p.n > 0 && b.ratio(m, p) < b.times
		}
	}
	if b.bound {
		judged = true
		word := "at most"
		over := m.median > b.limit
		if b.higher {
			word, over = "at least", m.median < b.limit
		}
		if b.asked == "" {
			b.asked = word + " " + b.shown(b.limit)
		}
		asked = append(asked, "bar "+b.asked)
		missed = missed || m.n == 0 || over
	}
	verdict := "-"
	switch {
	case missed:
		verdict = "MISSED"
	case judged:
		verdict = "ok"
	}
	return strings.TrimRight(fmt.Sprintf("  %-34s %-26s %-28s %-12s %-24s %s", b.label,
		b.column(ours, m, true), b.column(cmp.Or(b.against, gvisor), p, len(peers) > 0 && !(b.bound && b.times == 0 && p.n == 0)), ratio, strings.Join(asked, ", "), verdict), " "), missed
}

// perOp runs f over and over for about d and returns the nanoseconds of one run, in the fastest
// of many batches, because what disturbs a batch only ever slows it; and the allocations of
// one run, in all of them.
func perOp(d time.Duration, f func()) (ns, allocs float64) {
	const batches = 20
	batch := func(n int) time.Duration {
		begin := time.Now()
		for range n {
			f()
		}
		return time.Since(begin)
	}
	n := 1 // the first batches also warm up: what is built once is not part of it
	for batch(n) < d/batches {
		n *= 2
	}
	before, fastest := mallocs(), time.Duration(math.MaxInt64)
	for range batches {
		fastest = min(fastest, batch(n))
	}
	return float64(fastest.Nanoseconds()) / float64(n), float64(mallocs()-before) / float64(batches*n)
}

package main

import (
	"strings"
	"testing"
)

func taken(metric string, values ...float64) (out []sample) {
	for _, v := range values {
		out = append(out, sample{Values: map[string]float64{metric: v}})
	}
	return out
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name         string
		bar          bar
		ours, gvisor []sample
		want         string // the end of the line
		missed       bool
	}{
		{"twice as fast where three times is asked for", bar{higher: true, times: 3}, taken("", 4), taken("", 2), "ratio 2.00   bar 3x                   MISSED", true},
		{"half the time is twice as good", bar{times: 2}, taken("", 2), taken("", 4), "ratio 2.00   bar 2x                   ok", false},
		{"a limit from above", bar{limit: 5, bound: true}, taken("", 6), nil, "bar at most 5.00         MISSED", true},
		{"a limit from below", bar{limit: 5, bound: true, higher: true}, taken("", 6), nil, "bar at least 5.00        ok", false},
		{"a limit in the unit that is shown", bar{limit: 5e9, bound: true, higher: true, scale: 1e-9, unit: "GB/s"}, taken("", 6e9), nil, "bar at least 5.00 GB/s   ok", false},
		{"nothing is asked for", bar{}, taken("", 6), taken("", 5), "ratio 0.83                            -", false},
		{"what could not be measured is missed", bar{metric: "other", limit: 5, bound: true}, taken("", 6), nil, "bar at most 5.00         MISSED", true},
		{"the median decides, not the mean", bar{limit: 5, bound: true}, taken("", 1, 2, 100), nil, "ok", false},
		{"both are asked for and one is missed", bar{times: 2, limit: 5, bound: true}, taken("", 3), taken("", 4), "MISSED", true},
	} {
		text, missed := c.bar.line(c.ours, c.gvisor)
		if missed != c.missed || !strings.HasSuffix(text, c.want) {
			t.Errorf("%s: missed %v\n%s\nwant %q", c.name, missed, text, c.want)
		}
	}
}

func TestSpread(t *testing.T) {
	if s := summarize(taken("x", 8, 12, 10, 10), "x"); s.median != 10 || s.noise() != 0.2 {
		t.Errorf("%+v, noise %v", s, s.noise())
	}
}

// A piece that is out of place, cut or changed is seen, also over the pattern's end.
func TestSpoiledPayloadIsSeen(t *testing.T) {
	end := len(pattern) - 10
	piece := append(append([]byte{}, pattern[end:]...), pattern[:10]...)
	if !matches(piece, end) {
		t.Error("what was sent is not recognized")
	}
	if matches(piece, end+1) || matches(piece[1:], end) {
		t.Error("a piece out of place is taken")
	}
	piece[19] ^= 1
	if matches(piece, end) {
		t.Error("a changed byte is taken")
	}
}

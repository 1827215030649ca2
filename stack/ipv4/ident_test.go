package ipv4

import (
	"testing"
	"time"
)

// No number comes twice within two minutes to one destination, however many are asked for; when
// there are none left there will be, and a slow sender never notices.
func TestIdentificationsAreUnique(t *testing.T) {
	for _, c := range []struct {
		name   string
		period time.Duration
		n      int
		none   bool // some are refused
	}{
		{"at once", 0, 70000, true},
		{"2000 a second", time.Second / 2000, 800_000, true},
		{"500 a second", time.Second / 500, 200_000, false},
	} {
		var ids Identifications
		last := map[uint16]time.Time{}
		refused, given := 0, 0
		for i := range c.n {
			now := start.Add(time.Duration(i) * c.period)
			id, ok := ids.Next(now, src, dst, 17)
			if !ok {
				refused++
				continue
			}
			given++
			if then, again := last[id]; again && now.Sub(then) < 2*time.Minute {
				t.Fatalf("%s: %#x again after %v", c.name, id, now.Sub(then))
			}
			last[id] = now
		}
		if (refused > 0) != c.none {
			t.Errorf("%s: %d were refused", c.name, refused)
		}
		span := time.Duration(c.n) * c.period
		if least := 65536 * (1 + int(span/(2*time.Minute+8*time.Second))); c.none && given < least {
			t.Errorf("%s: %d were given in %v, want %d at least", c.name, given, span, least)
		}
	}
}

// Two destinations that use the same secret do not count in step from the same place, two hosts do
// not either, and one protocol's numbers say nothing of another's.
func TestIdentificationsDoNotTell(t *testing.T) {
	type tuple struct {
		secret byte
		dst    byte
		proto  uint8
	}
	seen := map[uint16]tuple{}
	for secret := range byte(3) {
		ids := Identifications{Secret: [32]byte{secret}}
		for d := range byte(20) {
			for _, proto := range []uint8{1, 17} {
				id, ok := ids.Next(start, src, [4]byte{192, 0, 2, d}, proto)
				who := tuple{secret, d, proto}
				if other, taken := seen[id]; !ok || taken {
					t.Errorf("%+v and %+v both begin at %#x", who, other, id)
				}
				seen[id] = who
			}
		}
	}
	// Distances between the starts of neighbours do not repeat, either.
	steps := map[uint16]int{}
	ids := Identifications{Secret: [32]byte{9}}
	before := uint16(0)
	for d := range byte(100) {
		id, _ := ids.Next(start, src, [4]byte{192, 0, 2, d}, 17)
		steps[id-before]++
		before = id
	}
	for step, n := range steps {
		if n > 2 {
			t.Errorf("%d of 100 steps are %#x", n, step)
		}
	}
}

func TestIdentificationsAllocateNothing(t *testing.T) {
	var ids Identifications
	ids.Next(start, src, dst, 17)
	if n := testing.AllocsPerRun(100, func() { ids.Next(start, src, dst, 17) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

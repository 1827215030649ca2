package e2e

import (
	"context"
	"fmt"
	"testing"
)

// TestKernelOrder: frames are doubled, or overtake each other, and none is lost.
func TestKernelOrder(t *testing.T) {
	t.Parallel()
	needRoot(t, "tc")
	const some = 100 // of 1000
	links := []string{"doubled", "reordered", "doubled and reordered", "all of it and 2% lost"}
	names, at := eachSide(links...)
	together(t, names, func(t *testing.T, i int) {
		side, what := at(i)
		l := newWire(t, wireOptions{})
		var in, out []string
		if what == links[3] {
			in = append(in, "ether type ip numgen random mod 1000 < 20 drop")
			out = in
		}
		var chains string
		if what != links[1] {
			double := fmt.Sprintf("ether type ip numgen random mod 1000 < %d counter dup to ", some)
			in, out = append(in, double+`"m1"`), append(out, double+`"m0"`)
		}
		if what != links[0] {
			l.slowLane(t)
			for _, port := range []string{"m0", "m1"} {
				chains += fmt.Sprintf(`
chain late-%s {
 type filter hook egress device "%[1]s" priority 0;
 ether type ip numgen random mod 1000 < %d counter meta priority set 1:2
}`, port, some)
			}
		}
		l.rules(t, ingress("m0", in...), ingress("m1", out...), chains)
		data := randomBytes(1<<20, 1)
		l.within(t, func(ctx context.Context) error {
			for range 2 {
				p, err := l.connect(ctx, side)
				if err != nil {
					return err
				}
				if err := l.bothWays(p, data, data[:len(data)/2]); err != nil {
					return err
				}
			}
			if l.counted() < 20 {
				return fmt.Errorf("the link was too good: %d frames were %s", l.counted(), what)
			}
			return nil
		})
	})
}

// slowLane gives both sides of the bridge a class of traffic, 1:2, that is let through slowly: who
// is in it is overtaken by many.
func (l *wire) slowLane(t testing.TB) {
	t.Helper()
	var lines []string
	for _, port := range []string{"m0", "m1"} {
		lines = append(lines,
			"tc qdisc add dev "+port+" root handle 1: htb default 1",
			"tc class add dev "+port+" parent 1: classid 1:1 htb rate 2gbit burst 64k",
			"tc class add dev "+port+" parent 1: classid 1:2 htb rate 50mbit burst 1600 cburst 1600")
	}
	shell(t, l.near, lines...)
}

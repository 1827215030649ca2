// Package stacktest joins hosts for tests: two of them on one link, which may lose, double,
// reorder and spoil frames.
package stacktest

import (
	"net/netip"
	"testing"

	"httptap/stack"
	"httptap/stack/link"
)

// The addresses of the two hosts, and their network.
var (
	AddrA = netip.MustParseAddr("10.0.0.1")
	AddrB = netip.MustParseAddr("10.0.0.2")
	Net   = netip.MustParsePrefix("10.0.0.0/24")
)

// Options describe the link between the hosts. The zero Options are a perfect one.
type Options struct {
	MTU    int               // 0: 1500
	Queue  int               // frames that the link holds in each direction; 0: the pipe's own
	Impair link.ImpairConfig // done to the frames that each host sends
	Buffer int               // bytes of a connection's buffers; 0: stack.DefaultBuffer
	Seed   uint64            // of the hosts; 0: 1
}

// Pair starts host a with AddrA and host b with AddrB and closes them when the test ends.
func Pair(t testing.TB, o Options) (a, b *stack.Host) {
	t.Helper()
	if o.Seed == 0 {
		o.Seed = 1
	}
	da, db := link.Pipe(link.PipeOptions{MTU: o.MTU, Queue: o.Queue})
	return Host(t, impair(da, o, 1), AddrA, o), Host(t, impair(db, o, 2), AddrB, o)
}

func impair(d link.Device, o Options, direction uint64) link.Device {
	if o.Impair == (link.ImpairConfig{}) {
		return d
	}
	c := o.Impair
	c.Seed += direction
	return link.Impair(d, c)
}

// Host starts one host with address addr on d and closes it when the test ends.
func Host(t testing.TB, d link.Device, addr netip.Addr, o Options) *stack.Host {
	t.Helper()
	h, err := stack.New(stack.Config{
		Device: d, Addr: netip.PrefixFrom(addr, Net.Bits()), Seed: o.Seed + uint64(addr.As4()[3]),
		SendBuffer: o.Buffer, ReceiveBuffer: o.Buffer,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

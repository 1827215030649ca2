// Package stacktest joins hosts for tests: two of them on one link, which may be long, slow and
// as bad as link.Impair can make it.
package stacktest

import (
	"net/netip"
	"testing"
	"time"

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
	RTT    time.Duration     // half of it is added to the delay of each direction
	Impair link.ImpairConfig // done to the frames that each host sends
	A, B   link.ImpairConfig // done to what that host sends, instead of Impair; zero: Impair
	Buffer int               // bytes of a connection's buffers; 0: stack.DefaultBuffer
	Seed   uint64            // of the hosts; 0: 1
}

// Pair starts host a with AddrA and host b with AddrB and closes them when the test ends.
func Pair(t testing.TB, o Options) (a, b *stack.Host) {
	t.Helper()
	if o.Seed == 0 {
		o.Seed = 1
	}
	ca, cb := o.impairment(o.A, 1), o.impairment(o.B, 2)
	// A delay gathers frames: what then arrives at once would overrun the queue of the pipe, and
	// how much of it is up to the scheduler. All losses are to be those that were asked for.
	late := ca.Delay+ca.Jitter > 0 || cb.Delay+cb.Jitter > 0 || ca.Rate > 0 || cb.Rate > 0
	da, db := link.Pipe(link.PipeOptions{MTU: o.MTU, Queue: o.Queue, Block: late})
	return Host(t, impair(t, da, ca), AddrA, o), Host(t, impair(t, db, cb), AddrB, o)
}

// impairment returns what is done to the frames of one direction.
func (o Options) impairment(own link.ImpairConfig, direction uint64) link.ImpairConfig {
	c := o.Impair
	if own != (link.ImpairConfig{}) {
		c = own
	}
	c.Delay += o.RTT / 2
	c.Seed += direction
	return c
}

func impair(t testing.TB, d link.Device, c link.ImpairConfig) link.Device {
	t.Helper()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if c.IsZero() {
		return d
	}
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

package stacktest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack/link"
	"httptap/stack/stacktest"
)

// A ping takes the round trip that was asked for, and what each direction adds of its own.
func TestRTT(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name string
		o    stacktest.Options
		want time.Duration
	}{
		{"none", stacktest.Options{}, 0},
		{"half in each direction", stacktest.Options{RTT: 50 * ms}, 50 * ms},
		{"both directions alike", stacktest.Options{RTT: 50 * ms, Impair: link.ImpairConfig{Delay: 10 * ms}}, 70 * ms},
		{"one direction of its own", stacktest.Options{RTT: 50 * ms, A: link.ImpairConfig{Delay: 10 * ms}}, 60 * ms},
		{"each of its own", stacktest.Options{A: link.ImpairConfig{Delay: 1 * ms}, B: link.ImpairConfig{Delay: 4 * ms}, Impair: link.ImpairConfig{Delay: time.Hour}}, 5 * ms},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, b := stacktest.Pair(t, c.o)
			a.SetNeighbor(stacktest.AddrB, b.HardwareAddr())
			b.SetNeighbor(stacktest.AddrA, a.HardwareAddr())
			if rtt, err := a.Ping(context.Background(), stacktest.AddrB); rtt != c.want || err != nil {
				t.Errorf("%s: %v, %v; want %v", c.name, rtt, err, c.want)
			}
		})
	}
}

// A direction that loses all is one direction only.
func TestOneDirection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{B: link.ImpairConfig{Loss: 1}})
		a.SetNeighbor(stacktest.AddrB, b.HardwareAddr())
		b.SetNeighbor(stacktest.AddrA, a.HardwareAddr())
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := a.Ping(ctx, stacktest.AddrB); err == nil {
			t.Error("an answer came through")
		}
		if n := b.Stats().EchoReplies; n != 1 {
			t.Errorf("%d requests came through", n)
		}
	})
}

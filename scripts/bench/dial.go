package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"
)

// dials is how many connections one run opens: few enough for the local ports, which a closed
// connection keeps for a while.
const dials = 1000

// dial is what a program waits for a connection, from the call of Dial to both ends being
// there. ARP was asked before.
var dial = benchmark{
	name: "dial", peer: true,
	about: "dial and accept between two hosts in this process",
	measure: func(_ context.Context, who side, _ options) (sample, error) {
		p, err := newPair(who, 0)
		if err != nil {
			return sample{}, err
		}
		defer p.close()
		l, err := p.listen(80)
		if err != nil {
			return sample{}, err
		}
		accepted := make(chan net.Conn)
		go func() {
			defer close(accepted)
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				accepted <- c
			}
		}()
		defer l.Close()
		var took []time.Duration
		for i := range dials + 1 {
			begin := time.Now()
			a, err := p.dial(80)
			if err != nil {
				return sample{}, err
			}
			b, ok := <-accepted
			if !ok {
				return sample{}, fmt.Errorf("connection %d was not accepted", i)
			}
			if i > 0 { // the first one asks ARP
				took = append(took, time.Since(begin))
			}
			a.Close()
			b.Close()
		}
		slices.Sort(took)
		at := func(percent int) float64 { return float64(took[(len(took)-1)*percent/100].Nanoseconds()) }
		return sample{Values: map[string]float64{"median": at(50), "p99": at(99)}}, nil
	},
	bars: func(options) []bar {
		return []bar{
			{metric: "median", label: "dial and accept, median", unit: "us", scale: 1e-3},
			{metric: "p99", label: "dial and accept, 99th percentile", unit: "us", scale: 1e-3},
		}
	},
}

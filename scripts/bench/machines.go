package main

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	gstack "gvisor.dev/gvisor/pkg/tcpip/stack"

	"httptap/stack/arp"
	"httptap/stack/link"
	"httptap/stack/seq"
	"httptap/stack/sum"
	"httptap/stack/tcp"
)

// machine is a benchmark of one operation: what it costs, and whether it did what it should.
func machine(name, about string, peer bool, bars []bar, op func(who side) (f func(), sane func() error, err error)) benchmark {
	return benchmark{
		name: name, about: about, peer: peer,
		bars: func(options) []bar { return bars },
		measure: func(_ context.Context, who side, o options) (sample, error) {
			f, sane, err := op(who)
			if err != nil {
				return sample{}, err
			}
			ns, allocs := perOp(o.period()/4, f)
			return sample{Values: map[string]float64{"ns": ns, "allocs": allocs}}, sane()
		},
	}
}

var noAllocs = bar{metric: "allocs", label: "allocations", limit: 0.001, bound: true, asked: "0", counts: true}

var origin = time.Unix(1_000_000, 0)

// handshake is a TCP handshake between two control blocks, without a host around them. gVisor
// has no such piece: what its whole stacks need for it is the benchmark dial.
var handshake = machine("handshake", "SYN, SYN-ACK and ACK between two tcp.TCB, driven by hand, both ends", false,
	[]bar{
		{metric: "ns", label: "handshake", unit: "ns", limit: 1100, bound: true},
		noAllocs,
	},
	func(side) (func(), func() error, error) {
		var a, b tcp.TCB
		config := func(local, remote string, iss uint32) tcp.Config {
			return tcp.Config{Local: netip.MustParseAddrPort(local), Remote: netip.MustParseAddrPort(remote),
				Tx: make([]byte, 65536), Rx: make([]byte, 65536), MSS: 1460, ISS: seq.Value(iss)}
		}
		ca, cb := config("10.0.0.1:50000", "10.0.0.2:80", 1), config("10.0.0.2:80", "10.0.0.1:50000", 2)
		buf := make([]byte, mtu)
		next := func(t *tcp.TCB) tcp.Segment {
			s, _ := tcp.Parse(buf[:t.Transmit(origin, buf)])
			return s
		}
		f := func() {
			a.Open(origin, ca)
			b.Accept(origin, cb, next(&a))
			a.Receive(origin, next(&b))
			b.Receive(origin, next(&a))
		}
		return f, func() error {
			if a.State() != tcp.Established || b.State() != tcp.Established {
				return errors.New("the handshake did not complete")
			}
			return nil
		}, nil
	})

// exchange is an ARP request and its reply. gVisor's neighbour cache can only be reached
// through two whole stacks, so its figure has a link and a goroutine's wakeup in it.
var exchange = machine("arp", "an ARP exchange: ours between two arp.Cache by hand, gVisor's between two stacks", true,
	[]bar{
		{metric: "ns", label: "exchange", unit: "ns", limit: 190, bound: true},
		noAllocs,
	},
	func(who side) (func(), func() error, error) {
		if who == gvisor {
			return peerExchange()
		}
		cache := func(name string, ip netip.Addr) *arp.Cache {
			c := new(arp.Cache)
			c.Reset(arp.Config{HardwareAddr: link.LocalAddr(name), MaxEntries: 4, Seed: 1})
			c.SetAddr(ip.As4())
			return c
		}
		a, b, ipA, ipB := cache("a", addrA), cache("b", addrB), addrA.As4(), addrB.As4()
		buf := make([]byte, arp.PacketLen)
		f := func() {
			a.Forget(ipB)
			b.Forget(ipA)
			a.Lookup(origin, ipB)
			n, _ := a.Transmit(origin, buf)
			b.Receive(origin, buf[:n])
			n, _ = b.Transmit(origin, buf)
			a.Receive(origin, buf[:n])
		}
		return f, func() error {
			if _, s := a.Lookup(origin, ipB); s != arp.Reachable {
				return errors.New("the address was not resolved")
			}
			return nil
		}, nil
	})

func peerExchange() (func(), func() error, error) {
	p, err := newPeers(0, true)
	if err != nil {
		return nil, nil, err
	}
	answers := make(chan bool, 1)
	done := func(r gstack.LinkResolutionResult) { answers <- r.Err == nil }
	failed := false
	f := func() {
		p.a.ClearNeighbors(nic, ipv4.ProtocolNumber)
		p.b.ClearNeighbors(nic, ipv4.ProtocolNumber)
		err := p.a.GetLinkAddress(nic, peerB, tcpip.Address{}, ipv4.ProtocolNumber, done)
		if _, wait := err.(*tcpip.ErrWouldBlock); err != nil && !wait {
			failed = true
			return
		}
		failed = !<-answers || failed
	}
	return f, func() error {
		defer p.close()
		if failed {
			return errors.New("gVisor: the address was not resolved")
		}
		return nil
	}, nil
}

// checksums is the Internet checksum of a full segment.
var checksums = machine("sum", "the Internet checksum of 1460 bytes", true,
	[]bar{
		{metric: "ns", label: "1460 bytes", unit: "ns", limit: 60, bound: true},
	},
	func(who side) (func(), func() error, error) {
		b := pattern[:1460]
		var got uint16
		f := func() { got = sum.Partial(0).Add(b).Checksum() }
		if who == gvisor {
			f = func() { got = ^checksum.Checksum(b, 0) }
		}
		return f, func() error {
			var want uint32
			for i := 0; i < len(b); i += 2 {
				want += uint32(b[i])<<8 | uint32(b[i+1])
				want = want>>16 + want&0xffff
			}
			if got != ^uint16(want) {
				return errors.New("the checksum is wrong")
			}
			return nil
		}, nil
	})

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// What TCPInfo.Options says is in force. linux/tcp.h
const (
	kernelTimestamps = 1
	kernelSACK       = 2
	kernelScale      = 4
	kernelECN        = 8
)

// bothWays sends bytes in both directions at once on a connection and closes it.
func (l *wire) bothWays(p pair, out, in []byte) error {
	defer p.own.Close()
	defer p.kernel.Close()
	errs := make(chan error, 3)
	go func() { errs <- sendAll(p.own, out) }()
	go func() { errs <- sendAll(p.kernel, in) }()
	go func() { errs <- readAll("what we sent", p.kernel, out) }()
	err := readAll("what the kernel sent", p.own, in)
	return errors.Join(err, <-errs, <-errs, <-errs)
}

// agree says where the two sides of a connection differ about the options in force.
func agree(p pair) error {
	i, k := p.own.Info(), kernelInfo(p.kernel)
	ours := 0
	for bit, on := range map[int]bool{kernelTimestamps: i.Timestamps, kernelSACK: i.SACK, kernelECN: i.ECN} {
		if on {
			ours |= bit
		}
	}
	theirs := int(k.Options)
	if theirs&kernelScale == 0 && i.SndScale+i.RcvScale > 0 {
		return fmt.Errorf("we scale windows and the kernel does not: %+v", i)
	}
	if theirs &= kernelTimestamps | kernelSACK | kernelECN; ours != theirs {
		return fmt.Errorf("in force are %04b for us and %04b for the kernel (timestamps 1, SACK 2, ECN 8): %+v", ours, theirs, i)
	}
	return nil
}

// TestKernelOptions switches off and on what the kernel negotiates, and sends both ways over a
// link that loses frames.
func TestKernelOptions(t *testing.T) {
	t.Parallel()
	kernels := []struct {
		name   string
		sysctl []string
		route  string
		ecn    bool   // we ask
		in     string // what is in force then
	}{
		{name: "as it is", in: "timestamps sack scale"},
		{name: "without SACK", sysctl: []string{"tcp_sack=0"}, in: "timestamps scale"},
		{name: "without timestamps", sysctl: []string{"tcp_timestamps=0"}, in: "sack scale"},
		{name: "without window scaling", sysctl: []string{"tcp_window_scaling=0"}, in: "timestamps sack"},
		{name: "without any", sysctl: []string{"tcp_sack=0", "tcp_timestamps=0", "tcp_window_scaling=0"}},
		{name: "without D-SACK and RACK", sysctl: []string{"tcp_dsack=0", "tcp_recovery=0", "tcp_early_retrans=0"}, in: "timestamps sack scale"},
		{name: "that asks for ECN", sysctl: []string{"tcp_ecn=1"}, in: "timestamps sack scale"},
		{name: "that is asked for ECN", ecn: true, in: "timestamps sack scale"},
		{name: "with ECN on both sides", sysctl: []string{"tcp_ecn=1"}, ecn: true, in: "timestamps sack scale ecn"},
		{name: "that refuses ECN", sysctl: []string{"tcp_ecn=0"}, ecn: true, in: "timestamps sack scale"},
		{name: "with Reno", route: "congctl reno", in: "timestamps sack scale"},
		{name: "with BBR", route: "congctl bbr", in: "timestamps sack scale"},
		{name: "with an MSS of 88", route: "advmss 88", in: "timestamps sack scale"},
		{name: "with an MTU of 576", route: "mtu lock 576", in: "timestamps sack scale"},
		{name: "with little memory", sysctl: []string{"tcp_rmem=4096 8192 16384", "tcp_wmem=4096 8192 16384"}, in: "timestamps sack scale"},
		{name: "that probes for the MTU", sysctl: []string{"tcp_mtu_probing=2"}, in: "timestamps sack scale"},
	}
	var names []string
	for _, k := range kernels {
		for _, side := range sides {
			names = append(names, side+", a kernel "+k.name)
		}
	}
	together(t, names, func(t *testing.T, i int) {
		k, side := kernels[i/len(sides)], sides[i%len(sides)]
		if k.route == "congctl bbr" && !knowsBBR() {
			t.Skip("needs a kernel that knows BBR: modprobe tcp_bbr")
		}
		o := wireOptions{route: k.route, ecn: k.ecn}
		for _, s := range k.sysctl {
			o.sysctl = append(o.sysctl, "net.ipv4."+s)
		}
		l := newWire(t, o)
		l.lose(t, 10, 10)
		out, in := randomBytes(300_000, 1), randomBytes(300_000, 2)
		l.within(t, func(ctx context.Context) error {
			p, err := l.connect(ctx, side)
			if err != nil {
				return err
			}
			if err := agree(p); err != nil {
				return err
			}
			if err := negotiated(p, k.in); err != nil {
				return err
			}
			return l.bothWays(p, out, in)
		})
	})
}

// negotiated holds what is in force against what the two sides were told to want. ECN depends on
// who opens the connection, so that only its presence is asked for.
func negotiated(p pair, want string) error {
	i, k := p.own.Info(), kernelInfo(p.kernel)
	for _, o := range []struct {
		name string
		on   bool
	}{
		{"timestamps", i.Timestamps}, {"sack", i.SACK}, {"scale", k.Options&kernelScale != 0},
	} {
		if wanted := slices.Contains(strings.Fields(want), o.name); wanted != o.on {
			return fmt.Errorf("%s is %v, want %v: %+v", o.name, o.on, wanted, i)
		}
	}
	if slices.Contains(strings.Fields(want), "ecn") && !i.ECN {
		return fmt.Errorf("both sides want ECN, and it is not in force: %+v", i)
	}
	return nil
}

func knowsBBR() bool {
	b, err := os.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control")
	return err == nil && slices.Contains(strings.Fields(string(b)), "bbr")
}

// TestKernelMarks: a router marks some packets with congestion experienced and loses none. Both
// sides slow down and send nothing twice.
func TestKernelMarks(t *testing.T) {
	t.Parallel()
	names, at := eachSide("we send", "the kernel sends")
	together(t, names, func(t *testing.T, i int) {
		side, sender := at(i)
		l := newWire(t, wireOptions{ecn: true, sysctl: []string{"net.ipv4.tcp_ecn=1"}})
		l.rules(t, ingress("m0", "ip ecn != not-ect numgen inc mod 97 == 5 ip ecn set ce counter"),
			ingress("m1", "ip ecn != not-ect numgen inc mod 97 == 5 ip ecn set ce counter"))
		data := randomBytes(2<<20, 3)
		l.within(t, func(ctx context.Context) error {
			p, err := l.connect(ctx, side)
			if err != nil {
				return err
			}
			out, in := data, []byte("end")
			if sender == "the kernel sends" {
				out, in = in, out
			}
			if !p.own.Info().ECN {
				return fmt.Errorf("ECN is not in force: %+v", p.own.Info())
			}
			if err := l.bothWays(p, out, in); err != nil {
				return err
			}
			marks, info := l.counted(), p.own.Info()
			if marks == 0 {
				return errors.New("no packet was capable of being marked")
			}
			// A tail loss probe may be early on a busy machine; a recovery would be a loss that was not.
			if sender == "we send" && (info.MarksEchoed == 0 || info.Recoveries > 0) {
				return fmt.Errorf("%d marks, heard of %d times, %d recoveries", marks, info.MarksEchoed, info.Recoveries)
			}
			return nil
		})
	})
}

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"
	"testing"
	"time"
)

// narrowRouter makes the router refuse what is longer than 1000 bytes, from the first packet on.
var narrowRouter = []string{
	"ip route replace 10.77.0.0/24 dev m0 src 10.77.0.1 mtu lock 1000",
	"ip route replace 10.78.0.0/24 dev m1 src 10.78.0.1 mtu lock 1000",
}

// TestKernelPathMTU sends both ways through a router to a network whose packets are shorter than
// both sides believe. The router says so, or says nothing, or cuts them in pieces.
func TestKernelPathMTU(t *testing.T) {
	t.Parallel()
	const narrow = 1000
	limit := narrowRouter
	silent := append(slices.Clone(limit), "nft 'table ip silent { chain out { type filter hook output priority 0; icmp type destination-unreachable counter drop; }; }'")
	paths := []struct {
		name   string
		router []string
		sysctl []string
		mss    int // what we may send at the end; 0: anything
	}{
		{"that says so", limit, nil, narrow - 40},
		{"that says nothing", silent, []string{"net.ipv4.tcp_mtu_probing=1"}, narrow - 40},
		{"that cuts the kernel's packets", limit, []string{"net.ipv4.ip_no_pmtu_disc=1"}, narrow - 40},
	}
	names, at := eachSide(paths[0].name, paths[1].name, paths[2].name)
	together(t, names, func(t *testing.T, i int) {
		side, _ := at(i)
		path := paths[i%len(paths)]
		l := newWire(t, wireOptions{routed: true, sysctl: path.sysctl})
		shell(t, l.near, path.router...)
		data := randomBytes(500_000, 4)
		l.within(t, func(ctx context.Context) error {
			p, err := l.connect(ctx, side)
			if err != nil {
				return err
			}
			if err := l.bothWays(p, data, data[:len(data)/2]); err != nil {
				return err
			}
			if i := p.own.Info(); path.mss > 0 && i.SndMSS > path.mss {
				return fmt.Errorf("we still send %d bytes, the path takes %d: %+v", i.SndMSS, path.mss, i)
			}
			if path.name == paths[1].name && l.counted() == 0 {
				return errors.New("the router had nothing to be silent about")
			}
			if path.name == paths[2].name && l.Stats().Reassembled == 0 {
				return errors.New("no packet came in pieces")
			}
			return nil
		})
	})
}

// TestKernelPathMTUOfDatagrams: the first long datagram through a narrow path is lost, its sender is
// told, and what follows is sent in pieces that fit.
func TestKernelPathMTUOfDatagrams(t *testing.T) {
	t.Parallel()
	needRoot(t, kernelTools...)
	l := newWire(t, wireOptions{routed: true, sysctl: []string{"net.ipv4.ip_no_pmtu_disc=1"}})
	shell(t, l.near, narrowRouter...)
	c, err := l.DialContext(context.Background(), "udp", l.peer+":9")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(make([]byte, 1400)); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Read(make([]byte, 9)); !errors.Is(err, syscall.EMSGSIZE) {
		t.Fatalf("a datagram that the path does not take: %v", err)
	}
	for _, size := range []int{972, 973, 1400, 20_000} {
		if err := l.echoed(randomBytes(size, byte(size))); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// TestKernelPathBecomesNarrow: in the middle of a transfer the path's packets become shorter, and
// nobody says so.
func TestKernelPathBecomesNarrow(t *testing.T) {
	t.Parallel()
	names, at := eachSide("we send", "the kernel sends")
	together(t, names, func(t *testing.T, i int) {
		side, sender := at(i)
		l := newWire(t, wireOptions{buffer: 64 << 10, sysctl: []string{"net.ipv4.tcp_mtu_probing=1"}})
		data := randomBytes(2<<20, 5)
		l.within(t, func(ctx context.Context) error {
			p, err := l.connect(ctx, side)
			if err != nil {
				return err
			}
			from, to, exit := halfCloser(p.own), halfCloser(p.kernel), "m1"
			if sender == "the kernel sends" {
				from, to, exit = to, from, "m0"
			}
			defer from.Close()
			defer to.Close()
			sent := make(chan error, 1)
			go func() { sent <- sendAll(from, data) }()
			head := make([]byte, len(data)/2)
			if _, err := io.ReadFull(to, head); err != nil {
				return err
			}
			// A bridge drops what its other port can't send. At the sender's own port the kernel would
			// notice.
			if out, err := l.near.command(ctx, "ip", "link", "set", exit, "mtu", "1200").CombinedOutput(); err != nil {
				return fmt.Errorf("ip: %w: %s", err, out)
			}
			rest, err := io.ReadAll(to)
			return errors.Join(err, same("the transfer", append(head, rest...), data), <-sent)
		})
	})
}

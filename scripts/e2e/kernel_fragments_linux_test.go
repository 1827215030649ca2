package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// TestKernelFragments: datagrams and pings that are longer than the MTU are cut and put together by
// both sides: RFC 791, 3.2.
func TestKernelFragments(t *testing.T) {
	t.Parallel()
	needRoot(t, append(kernelTools, "ping")...)
	l := newWire(t, wireOptions{})
	for _, size := range []int{1473, 5000, 65507} {
		t.Run(fmt.Sprintf("a datagram of %d bytes", size), func(t *testing.T) {
			data := randomBytes(size, byte(size))
			if err := l.echoed(data); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("a datagram that no packet holds", func(t *testing.T) {
		c, err := l.DialContext(context.Background(), "udp", l.peer+":7")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write(make([]byte, 65508)); !errors.Is(err, syscall.EMSGSIZE) {
			t.Errorf("%v", err)
		}
	})
	t.Run("the kernel pings", func(t *testing.T) {
		l.far.must(t, "ping", "-c", "3", "-i", "0.01", "-s", "4000", "-W", "5", ownAddr)
	})
	if s := l.Stats(); s.Reassembled == 0 || s.Fragments <= s.Reassembled {
		t.Errorf("%d fragments made %d packets", s.Fragments, s.Reassembled)
	}
}

// echoed sends data to the kernel's socket, which sends it back, and then the other way round.
func (l *wire) echoed(data []byte) error {
	ours, err := l.ListenPacket("udp", ":0")
	if err != nil {
		return err
	}
	defer ours.Close()
	var theirs net.PacketConn
	l.far.inside(func() { theirs, err = net.ListenPacket("udp4", l.peer+":0") })
	if err != nil {
		return err
	}
	defer theirs.Close()
	at := netip.MustParseAddr(ownAddr)
	ourAddr := net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, ours.LocalAddr().(*net.UDPAddr).AddrPort().Port()))
	return errors.Join(
		there(ours, theirs, theirs.LocalAddr(), data, "from us"),
		there(theirs, ours, ourAddr, data, "from the kernel"))
}

// there sends data from one socket to the other.
func there(from, to net.PacketConn, addr net.Addr, data []byte, what string) error {
	if _, err := from.WriteTo(data, addr); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	to.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := make([]byte, len(data)+1)
	n, _, err := to.ReadFrom(got)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if !bytes.Equal(got[:n], data) {
		return fmt.Errorf("%s: %d of %d bytes, or not the same", what, n, len(data))
	}
	return nil
}

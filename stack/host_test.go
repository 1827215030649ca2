package stack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack"
	"httptap/stack/link"
	"httptap/stack/stacktest"
)

// in runs f in a bubble: its clock only moves when everybody waits, so a test of seconds takes
// none and is the same each time. Hosts are closed before the bubble ends.
func in(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	_ = cancel // the deadline ends it; in a bubble that is free
	return ctx
}

func TestPing(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{})
		if _, err := a.Ping(within(time.Second), stacktest.AddrB); err != nil {
			t.Fatal(err)
		}
		if n := b.Stats().EchoReplies; n != 1 {
			t.Errorf("b answered %d pings", n)
		}
		if _, err := a.Ping(within(time.Second), stacktest.AddrA); err != nil {
			t.Errorf("a host can't ping itself: %v", err)
		}
	})
}

func TestPingNobody(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _ := stacktest.Pair(t, stacktest.Options{})
		start := time.Now()
		_, err := a.Ping(within(time.Minute), netip.MustParseAddr("10.0.0.99"))
		if !errors.Is(err, syscall.EHOSTUNREACH) {
			t.Errorf("an address that nobody has: %v", err)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("it took %v to find out", d)
		}
		if _, err := a.Ping(within(time.Second), netip.MustParseAddr("192.0.2.1")); !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("another network without a router: %v", err)
		}
	})
}

func TestResolve(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{})
		hw, err := a.Resolve(within(time.Second), stacktest.AddrB)
		if err != nil || hw != b.HardwareAddr() {
			t.Errorf("%v, %v; want %v", hw, err, b.HardwareAddr())
		}
		if _, err := a.Resolve(within(10*time.Second), netip.MustParseAddr("10.0.0.77")); !errors.Is(err, syscall.EHOSTUNREACH) {
			t.Errorf("nobody: %v", err)
		}
		if _, err := a.Resolve(within(time.Millisecond), netip.MustParseAddr("10.0.0.78")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("no time to answer: %v", err)
		}
	})
}

// echo serves one connection after the other, sending back what it gets.
func echo(t *testing.T, h *stack.Host, addr string) net.Listener {
	t.Helper()
	l, err := h.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(c, c)
				c.Close()
			}()
		}
	}()
	return l
}

func TestTCPEcho(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{})
		echo(t, b, ":7")
		c, err := a.DialContext(within(time.Second), "tcp", "10.0.0.2:7")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if err := c.(*stack.Conn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if err != nil || string(got) != "hello" {
			t.Errorf("got %q, %v", got, err)
		}
		if _, err := c.Write([]byte("more")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("a write behind CloseWrite: %v", err)
		}
		c.Close()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a read behind Close: %v", err)
		}
	})
}

func TestDialErrors(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _ := stacktest.Pair(t, stacktest.Options{})
		for _, c := range []struct {
			name, address string
			want          error
		}{
			{"a port where nobody listens refuses", "10.0.0.2:9", syscall.ECONNREFUSED},
			{"a neighbour that is not there is unreachable", "10.0.0.9:80", syscall.EHOSTUNREACH},
			{"another network without a router is unreachable", "192.0.2.1:80", syscall.ENETUNREACH},
			{"a name needs a server", "www.example:80", stack.ErrNoServer},
		} {
			_, err := a.DialContext(within(time.Minute), "tcp", c.address)
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
			var op *net.OpError
			if !errors.As(err, &op) {
				t.Errorf("%s: %T is not a *net.OpError", c.name, err)
			}
		}
		if _, err := a.DialContext(within(time.Second), "sctp", "10.0.0.2:9"); !errors.Is(err, stack.ErrNetwork) {
			t.Errorf("an unknown network: %v", err)
		}
		if _, err := a.DialContext(within(time.Second), "tcp", "[2001:db8::1]:80"); err == nil {
			t.Error("an IPv6 address was dialed")
		}
	})
}

// A dial whose SYN is never answered ends with its context.
func TestDialSilence(t *testing.T) {
	in(t, func(t *testing.T) {
		d, silent := link.Pipe(link.PipeOptions{})
		defer silent.Close()
		a := stacktest.Host(t, d, stacktest.AddrA, stacktest.Options{Seed: 1})
		a.SetNeighbor(stacktest.AddrB, link.LocalAddr("nobody"))
		_, err := a.DialContext(within(3*time.Second), "tcp", "10.0.0.2:80")
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestSelfDial(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _ := stacktest.Pair(t, stacktest.Options{})
		echo(t, a, ":7")
		for _, address := range []string{"10.0.0.1:7", "127.0.0.1:7"} {
			c, err := a.DialContext(within(time.Second), "tcp", address)
			if err != nil {
				t.Fatalf("%s: %v", address, err)
			}
			c.Write([]byte("x"))
			b := make([]byte, 1)
			if _, err := io.ReadFull(c, b); err != nil {
				t.Errorf("%s: %v", address, err)
			}
			c.Close()
		}
	})
}

func TestUDP(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{})
		pc, err := b.ListenPacket("udp", ":53")
		if err != nil {
			t.Fatal(err)
		}
		c, err := a.DialContext(within(time.Second), "udp", "10.0.0.2:53")
		if err != nil {
			t.Fatal(err)
		}
		// Longer than the MTU: sent in fragments, put together on the other side.
		long := make([]byte, 4000)
		for i := range long {
			long[i] = byte(i * 7)
		}
		if _, err := c.Write(long); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 65535)
		n, from, err := pc.ReadFrom(buf)
		if err != nil || string(buf[:n]) != string(long) {
			t.Fatalf("%d bytes, %v", n, err)
		}
		if _, err := pc.WriteTo([]byte("pong"), from); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(buf); err != nil || string(buf[:n]) != "pong" {
			t.Errorf("%q, %v", buf[:n], err)
		}
		if b.Stats().Reassembled != 1 {
			t.Errorf("b put %d packets together", b.Stats().Reassembled)
		}
	})
}

func TestUDPErrors(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _ := stacktest.Pair(t, stacktest.Options{})
		c, err := a.DialContext(within(time.Second), "udp", "10.0.0.2:9")
		if err != nil {
			t.Fatal(err)
		}
		c.Write([]byte("anybody?"))
		if _, err := c.Read(make([]byte, 9)); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("a closed port: %v", err)
		}
		c.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := c.Read(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the error is reported once, then: %v", err)
		}
		if _, err := c.Write(make([]byte, 65508)); !errors.Is(err, syscall.EMSGSIZE) {
			t.Errorf("65508 bytes: %v", err)
		}
		pc, _ := a.ListenPacket("udp", ":0")
		pc.WriteTo([]byte("x"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("10.0.0.66:1")))
		if _, _, err := pc.ReadFrom(make([]byte, 1)); !errors.Is(err, syscall.EHOSTUNREACH) {
			t.Errorf("nobody there: %v", err)
		}
	})
}

func TestBroadcast(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{})
		pc, err := b.ListenPacket("udp", ":9999")
		if err != nil {
			t.Fatal(err)
		}
		from, err := a.ListenPacket("udp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []string{"255.255.255.255:9999", "10.0.0.255:9999"} {
			from.WriteTo([]byte(to), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to)))
			buf := make([]byte, 64)
			pc.SetReadDeadline(time.Now().Add(time.Second))
			if n, _, err := pc.ReadFrom(buf); err != nil || string(buf[:n]) != to {
				t.Errorf("to %s: %q, %v", to, buf[:n], err)
			}
		}
	})
}

func TestListenErrors(t *testing.T) {
	in(t, func(t *testing.T) {
		a, _ := stacktest.Pair(t, stacktest.Options{})
		l, err := a.Listen("tcp", "10.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Listen("tcp", ":80"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("a second listener: %v", err)
		}
		if _, err := a.Listen("tcp", "10.0.0.7:80"); !errors.Is(err, syscall.EADDRNOTAVAIL) {
			t.Errorf("another host's address: %v", err)
		}
		if _, err := a.Listen("udp", ":80"); !errors.Is(err, stack.ErrNetwork) {
			t.Errorf("Listen on udp: %v", err)
		}
		for _, bad := range []string{"80", ":http", ":70000", "name:80"} {
			if _, err := a.Listen("tcp", bad); err == nil {
				t.Errorf("%q was accepted", bad)
			}
		}
		go func() {
			time.Sleep(time.Second)
			l.Close()
		}()
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept on a listener that is closed: %v", err)
		}
		if _, err := a.Listen("tcp", ":80"); err != nil {
			t.Errorf("the port is free again: %v", err)
		}
	})
}

// Connections beyond the backlog are not answered, and are when there is room again.
func TestBacklog(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{Buffer: 1 << 10})
		l, err := b.Listen("tcp", ":80")
		if err != nil {
			t.Fatal(err)
		}
		const backlog, more = 4096, 12
		const n = backlog + more
		results := make(chan error, n)
		dial := func() {
			_, err := a.DialContext(within(time.Minute), "tcp", "10.0.0.2:80")
			results <- err
		}
		for range backlog {
			dial()
		}
		for range more {
			go dial()
		}
		synctest.Wait()
		if d := b.Stats().DropBacklog; d != more {
			t.Errorf("%d requests were dropped, want %d", d, more)
		}
		for range n {
			if _, err := l.Accept(); err != nil {
				t.Fatal(err)
			}
		}
		for range n {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestCloseUnblocksEverything(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{})
		echo(t, b, ":7")
		c, err := a.DialContext(within(time.Second), "tcp", "10.0.0.2:7")
		if err != nil {
			t.Fatal(err)
		}
		l, _ := a.Listen("tcp", ":80")
		pc, _ := a.ListenPacket("udp", ":80")
		errs := make(chan error, 4)
		go func() { _, err := c.Read(make([]byte, 1)); errs <- err }()
		go func() { _, err := l.Accept(); errs <- err }()
		go func() { _, _, err := pc.ReadFrom(make([]byte, 1)); errs <- err }()
		go func() {
			_, err := a.Ping(context.Background(), netip.MustParseAddr("10.0.0.50"))
			errs <- err
		}()
		synctest.Wait()
		a.Close()
		for range 4 {
			if err := <-errs; !errors.Is(err, net.ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
		if err := a.Close(); err != nil {
			t.Errorf("a second Close: %v", err)
		}
		if _, err := a.DialContext(within(time.Second), "tcp", "10.0.0.2:7"); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a dial on a closed host: %v", err)
		}
	})
}

func TestDeviceFailureReachesTheCaller(t *testing.T) {
	in(t, func(t *testing.T) {
		d, peer := link.Pipe(link.PipeOptions{})
		defer peer.Close()
		broken := errors.New("the cable was cut")
		dev := &failing{Device: d, fail: make(chan struct{}), err: broken}
		a := stacktest.Host(t, dev, stacktest.AddrA, stacktest.Options{Seed: 1})
		l, _ := a.Listen("tcp", ":80")
		close(dev.fail)
		d.Close()
		if _, err := l.Accept(); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}

// failing is a device whose reads end with an error of its own.
type failing struct {
	link.Device
	fail chan struct{}
	err  error
}

func (f *failing) ReadFrames(bufs [][]byte, sizes []int) (int, error) {
	n, err := f.Device.ReadFrames(bufs, sizes)
	if err != nil {
		<-f.fail
		return n, f.err
	}
	return n, nil
}

func TestNewRefuses(t *testing.T) {
	if _, err := stack.New(stack.Config{}); !errors.Is(err, stack.ErrNoDevice) {
		t.Errorf("no device: %v", err)
	}
	d, _ := link.Pipe(link.PipeOptions{})
	if _, err := stack.New(stack.Config{Device: d, Addr: netip.MustParsePrefix("2001:db8::1/64")}); !errors.Is(err, stack.ErrAddress) {
		t.Errorf("an IPv6 address: %v", err)
	}
}

// Datagrams that waited for ARP leave before those that were written later.
func TestDatagramsKeepTheirOrder(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{})
		pc, err := b.ListenPacket("udp", ":9")
		if err != nil {
			t.Fatal(err)
		}
		c, err := a.DialContext(within(time.Second), "udp", "10.0.0.2:9")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 200 {
			if _, err := c.Write([]byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
		buf := make([]byte, 1)
		for i := range 200 {
			pc.SetReadDeadline(time.Now().Add(time.Second))
			if _, _, err := pc.ReadFrom(buf); err != nil || buf[0] != byte(i) {
				t.Fatalf("datagram %d is %d, %v", i, buf[0], err)
			}
		}
	})
}

// Handshakes beyond those that a listener remembers are answered with SYN cookies, and the
// connections that come of them carry data like any other.
func TestCookies(t *testing.T) {
	in(t, func(t *testing.T) {
		// All of them ask before the first has an answer.
		a, b := stacktest.Pair(t, stacktest.Options{Queue: 4096, RTT: 10 * time.Millisecond})
		l, err := b.Listen("tcp", ":80")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					io.Copy(c, c)
					c.Close()
				}()
			}
		}()
		const n = 600
		results := make(chan error, n)
		want := pattern(3000, 5)
		for range n {
			go func() {
				c, err := a.DialContext(within(time.Minute), "tcp", "10.0.0.2:80")
				if err == nil {
					c.Write(want)
					c.(*stack.Conn).CloseWrite()
					var got []byte
					if got, err = io.ReadAll(c); err == nil && !bytes.Equal(got, want) {
						err = fmt.Errorf("%d of %d bytes came back, or not the same", len(got), len(want))
					}
					c.Close()
				}
				results <- err
			}()
		}
		for range n {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if s := b.Stats(); s.CookiesSent == 0 || s.CookiesAccepted == 0 {
			t.Errorf("%d cookies were sent and %d came back", s.CookiesSent, s.CookiesAccepted)
		}
		l.Close()
	})
}

package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"httptap/httptap/api"
	"httptap/stack"
	"httptap/stack/link"
)

// A net is a client behind the gateway, and a host of the network that the gateway's sockets reach,
// all of it in one bubble:
//
//	client ── link ── router, Forwarder ── Gateway ── Dial: outside ── link ── far
//	10.0.0.2          10.0.0.1                        192.0.2.254              192.0.2.1
type testNet struct {
	*Gateway
	client, router, outside, far *stack.Host
}

const farAddr = "192.0.2.1"

func newNet(t *testing.T, cfg Config) *testNet {
	t.Helper()
	n := &testNet{}
	a, b := link.Pipe(link.PipeOptions{Block: true})
	c, d := link.Pipe(link.PipeOptions{Block: true})
	for _, h := range []struct {
		host **stack.Host
		cfg  stack.Config
	}{
		{&n.client, stack.Config{Device: a, Addr: netip.MustParsePrefix("10.0.0.2/24"), Router: netip.MustParseAddr("10.0.0.1")}},
		{&n.router, stack.Config{Device: b, Addr: netip.MustParsePrefix("10.0.0.1/24"), Forward: true}},
		{&n.outside, stack.Config{Device: c, Addr: netip.MustParsePrefix("192.0.2.254/24")}},
		{&n.far, stack.Config{Device: d, Addr: netip.MustParsePrefix(farAddr + "/24")}},
	} {
		h.cfg.Seed = 1
		var err error
		if *h.host, err = stack.New(h.cfg); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Forwarder = n.router.Forwarder()
	if cfg.Dial == nil {
		cfg.Dial = n.outside.DialContext
	}
	if cfg.Ping == nil {
		cfg.Ping = n.pinger
	}
	var err error
	if n.Gateway, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.client.Close()
		n.router.Close()
		n.Gateway.Close()
		n.outside.Close()
		n.far.Close()
		if open := n.Stats().Open; open != 0 {
			t.Errorf("%d flows are open behind the end", open)
		}
	})
	return n
}

// serve has each connection to the far host's port served by f.
func (n *testNet) serve(t *testing.T, port string, f func(c *stack.Conn)) {
	t.Helper()
	l, err := n.far.Listen("tcp", ":"+port)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go f(c.(*stack.Conn))
		}
	}()
}

func (n *testNet) dial(t *testing.T, network, address string) net.Conn {
	t.Helper()
	c, err := n.client.DialContext(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// data are bytes of which no piece looks like another.
func data(n int) []byte {
	b, x := make([]byte, n), uint32(1)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

// send writes b and closes that half.
func send(t *testing.T, c net.Conn, b []byte) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Error("write:", err)
	}
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Error("close:", err)
	}
}

// expect reads to the end and wants b.
func expect(t *testing.T, who string, c net.Conn, b []byte) {
	t.Helper()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, b) {
		t.Errorf("%s got %d bytes of %d, or others: %v", who, len(got), len(b), err)
	}
}

// Bytes go both ways, and either side closes its half first while the other goes on.
func TestHalfCloses(t *testing.T) {
	up, down := data(1_000_000), data(1_500_000)[1:]
	for _, c := range []struct {
		name        string
		clientFirst bool
	}{{"the client first", true}, {"the target first", false}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNet(t, Config{})
				served := make(chan bool)
				n.serve(t, "80", func(far *stack.Conn) {
					defer close(served)
					defer far.Close()
					if c.clientFirst {
						expect(t, "the target", far, up)
						time.Sleep(time.Hour)
						send(t, far, down)
					} else {
						send(t, far, down)
						expect(t, "the target", far, up)
					}
				})
				client := n.dial(t, "tcp", farAddr+":80")
				defer client.Close()
				if c.clientFirst {
					send(t, client, up)
					expect(t, "the client", client, down)
				} else {
					expect(t, "the client", client, down)
					time.Sleep(time.Hour)
					send(t, client, up)
				}
				<-served
				synctest.Wait()
				if s := n.Stats(); s.TCP != 1 || s.Reset != 0 || s.BytesUp != uint64(len(up)) || s.BytesDown != uint64(len(down)) || s.Open != 0 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// The client hears what it would hear without a gateway.
func TestHonestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, address string
		want          error
		within        time.Duration
		counter       func(api.GatewayStats) uint64
	}{
		{"nobody listens", farAddr + ":81", syscall.ECONNREFUSED, time.Second, func(s api.GatewayStats) uint64 { return s.Refused }},
		{"no such host", "192.0.2.99:80", syscall.EHOSTUNREACH, 10 * time.Second, func(s api.GatewayStats) uint64 { return s.Unreachable }},
		{"no such network", "203.0.113.1:80", syscall.ENETUNREACH, time.Second, func(s api.GatewayStats) uint64 { return s.Unreachable }},
		{"the metadata of a cloud", "169.254.169.254:80", syscall.EHOSTUNREACH, time.Second, func(s api.GatewayStats) uint64 { return s.Denied }},
		{"httptap itself", farAddr + ":7070", syscall.EHOSTUNREACH, time.Second, func(s api.GatewayStats) uint64 { return s.Denied }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNet(t, Config{Closed: []netip.AddrPort{netip.MustParseAddrPort(farAddr + ":7070")}})
				n.serve(t, "7070", func(far *stack.Conn) { t.Error("it was reached") })
				begun := time.Now()
				_, err := n.client.DialContext(t.Context(), "tcp", c.address)
				if !errors.Is(err, c.want) || time.Since(begun) > c.within {
					t.Errorf("after %v: %v, want %v", time.Since(begun), err, c.want)
				}
				// A SYN that is sent again just then may have begun another flow.
				if s := n.Stats(); c.counter(s) == 0 || s.TCP != 0 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// A target that does not answer is met with silence, and while the gateway waits for it the
// client's SYNs make no second connection.
func TestSilenceIsSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var begun []time.Time
		start := time.Now()
		n := newNet(t, Config{DialTimeout: 20 * time.Second, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			mu.Lock()
			begun = append(begun, time.Now())
			mu.Unlock()
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		_, err := n.client.DialContext(ctx, "tcp", farAddr+":80")
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) < 25*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		mu.Lock()
		defer mu.Unlock()
		if s := n.Stats(); len(begun) != 1 || s.Silent != 1 || s.Open != 0 {
			t.Errorf("dialed at %v: %+v", begun, s)
		}
	})
}

// A reset is a reset for the other side, and what came before it arrives.
func TestResets(t *testing.T) {
	sent := data(200_000)
	t.Run("by the target", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := newNet(t, Config{})
			n.serve(t, "80", func(far *stack.Conn) {
				far.Write(sent)
				far.Flush(t.Context())
				far.SetLinger(0)
				far.Close()
			})
			client := n.dial(t, "tcp", farAddr+":80")
			time.Sleep(time.Second)
			got := make([]byte, len(sent))
			if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got, sent) {
				t.Error("what came before the reset:", err)
			}
			if _, err := client.Read(got); !errors.Is(err, syscall.ECONNRESET) {
				t.Error(err)
			}
			synctest.Wait()
			if s := n.Stats(); s.Reset != 1 || s.Open != 0 {
				t.Errorf("%+v", s)
			}
		})
	})
	t.Run("by the client", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := newNet(t, Config{})
			ended := make(chan error, 1)
			n.serve(t, "80", func(far *stack.Conn) {
				got := make([]byte, len(sent))
				if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, sent) {
					t.Error("what came before the reset:", err)
				}
				_, err := far.Read(got)
				ended <- err
			})
			client := n.dial(t, "tcp", farAddr+":80").(*stack.Conn)
			client.Write(sent)
			client.Flush(t.Context())
			synctest.Wait()
			client.SetLinger(0)
			client.Close()
			if err := <-ended; !errors.Is(err, syscall.ECONNRESET) {
				t.Error(err)
			}
		})
	})
	t.Run("by the client, while the target does not read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := newNet(t, Config{})
			ended := make(chan error, 1)
			n.serve(t, "80", func(far *stack.Conn) {
				<-far.Broken()
				ended <- nil
			})
			client := n.dial(t, "tcp", farAddr+":80").(*stack.Conn)
			client.SetWriteDeadline(time.Now().Add(time.Minute))
			if n, err := client.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("a target that does not read stops nobody: %d bytes, %v", n, err)
			}
			client.SetLinger(0)
			client.Close()
			begun := time.Now()
			<-ended
			if d := time.Since(begun); d > 5*time.Second {
				t.Errorf("the target learns of the reset after %v", d)
			}
		})
	})
	t.Run("of a client that vanishes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := newNet(t, Config{})
			ended := make(chan error, 1)
			n.serve(t, "80", func(far *stack.Conn) {
				_, err := far.Read(make([]byte, 1))
				ended <- err
			})
			n.dial(t, "tcp", farAddr+":80")
			synctest.Wait()
			n.client.Close()
			begun := time.Now()
			if err := <-ended; !errors.Is(err, syscall.ECONNRESET) || time.Since(begun) > 15*time.Minute {
				t.Errorf("after %v: %v", time.Since(begun), err)
			}
		})
	})
}

// A slow target slows the client: no more is taken than buffers hold.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Config{})
		const rate, seconds = 100_000, 100
		over := make(chan bool)
		n.serve(t, "80", func(far *stack.Conn) {
			defer close(over)
			for {
				if _, err := io.ReadFull(far, make([]byte, rate)); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		})
		client := n.dial(t, "tcp", farAddr+":80")
		client.SetWriteDeadline(time.Now().Add(seconds * time.Second))
		sent, err := client.Write(make([]byte, 1<<30))
		// Three buffers of a connection lie between the two ends, and the fourth is the client's.
		if !errors.Is(err, os.ErrDeadlineExceeded) || sent < rate*(seconds-1) || sent > rate*(seconds+1)+4*stack.DefaultBuffer {
			t.Errorf("%d bytes, %v", sent, err)
		}
		client.Close()
		<-over
	})
}

// What is beyond a limit is refused, counted, and possible again when a flow has ended.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Config{MaxFlows: 3, MaxPerClient: 2})
		n.serve(t, "80", func(far *stack.Conn) { io.Copy(io.Discard, far); far.Close() })
		a, b := n.dial(t, "tcp", farAddr+":80"), n.dial(t, "tcp", farAddr+":80")
		if _, err := n.client.DialContext(t.Context(), "tcp", farAddr+":80"); !errors.Is(err, syscall.EHOSTUNREACH) {
			t.Error(err)
		}
		u := n.dial(t, "udp", farAddr+":53")
		u.Write([]byte("x"))
		if _, err := u.Read(make([]byte, 1)); !errors.Is(err, syscall.EHOSTUNREACH) {
			t.Error(err)
		}
		if s := n.Stats(); s.LimitClient != 2 || s.Open != 2 {
			t.Errorf("%+v", s)
		}
		a.Close()
		b.Close()
		synctest.Wait()
		n.dial(t, "tcp", farAddr+":80").Close()
		if s := n.Stats(); s.TCP != 3 {
			t.Errorf("%+v", s)
		}
	})
	var c counters
	var f flows
	f.init(3, 2)
	one, two, three := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.3")
	for _, s := range []struct {
		client netip.Addr
		want   *count
	}{{one, nil}, {one, nil}, {one, &c.limitClient}, {two, nil}, {three, &c.limit}, {one, &c.limit}} {
		if got := f.begin(s.client, &c); got != s.want {
			t.Errorf("%s: %p, want %p", s.client, got, s.want)
		}
	}
	for _, client := range []netip.Addr{one, two, one} {
		f.end(client)
	}
	if f.open() != 0 || len(f.each) != 0 {
		t.Errorf("%d, %v", f.open(), f.each)
	}
}

// A connection on which nothing moves ends, not before its time and not much later.
func TestIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Config{})
		n.serve(t, "80", func(far *stack.Conn) { far.WriteTo(far) })
		client := n.dial(t, "tcp", farAddr+":80")
		buf := make([]byte, 1)
		for range 5 {
			time.Sleep(2 * time.Hour)
			client.Write([]byte("x"))
			if _, err := client.Read(buf); err != nil {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		_, err := client.Read(buf)
		if d := time.Since(begun); !errors.Is(err, syscall.ECONNRESET) || d < defaultTCPIdle || d > 2*defaultTCPIdle {
			t.Errorf("after %v: %v", d, err)
		}
		synctest.Wait()
		if s := n.Stats(); s.Idle != 1 || s.Reset != 0 || s.Open != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Many at once.
func TestManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Config{})
		n.serve(t, "80", func(far *stack.Conn) { far.WriteTo(far); far.CloseWrite(); far.Close() })
		const many = 500
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() {
				c, err := n.client.DialContext(t.Context(), "tcp", farAddr+":80")
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				text := fmt.Appendf(nil, "this is number %d", i)
				send(t, c, text)
				expect(t, "the client", c, text)
			})
		}
		all.Wait()
		synctest.Wait()
		if s := n.Stats(); s.TCP != many || s.Open != 0 || s.Reset != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Close ends what is under way, a dial too.
func TestCloseEndsFlows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Config{})
		n.serve(t, "80", func(far *stack.Conn) { far.WriteTo(far) })
		client := n.dial(t, "tcp", farAddr+":80")
		go n.client.DialContext(t.Context(), "tcp", "192.0.2.99:80") // whom ARP asks for
		time.Sleep(100 * time.Millisecond)
		n.Gateway.cancel()
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
		synctest.Wait()
		if open := n.Stats().Open; open != 0 {
			t.Errorf("%d are open", open)
		}
	})
}

// The worst that all connections together can take is bounded.
func TestBuffersAreBounded(t *testing.T) {
	var f flows
	f.init(defaultMaxFlows, defaultMaxFlows)
	total := 0
	for range defaultMaxFlows {
		f.begin(netip.MustParseAddr("10.0.0.1"), new(counters))
		total += 2 * min(f.buffer(), stack.DefaultBuffer)
	}
	if total > 2<<30 || f.buffer() != leastBuffer {
		t.Errorf("%d MiB, and the last has %d bytes", total>>20, f.buffer())
	}
}

func TestNewNeedsAForwarder(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("no error")
	}
}

package stack_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack"
	"httptap/stack/ethernet"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/stacktest"
	"httptap/stack/tcp"
)

// cuttable returns a connection between two hosts, both ends, and what cuts the link.
func cuttable(t *testing.T) (c1, c2 *stack.Conn, cut func()) {
	t.Helper()
	d, far := link.Pipe(link.PipeOptions{})
	a := stacktest.Host(t, d, stacktest.AddrA, stacktest.Options{Seed: 1})
	b := stacktest.Host(t, far, stacktest.AddrB, stacktest.Options{Seed: 1})
	x, y := connect(t, a, b, "80")
	return x.(*stack.Conn), y.(*stack.Conn), func() { far.Close() }
}

// timedOut fails unless err is ETIMEDOUT and came after d, to a second.
func timedOut(t *testing.T, what string, err error, took, d time.Duration) {
	t.Helper()
	if !errors.Is(err, syscall.ETIMEDOUT) || took < d || took > d+time.Second {
		t.Errorf("%s: %v after %v, want ETIMEDOUT after %v", what, err, took, d)
	}
}

// arpTakes is how long a probe may wait for the next hop's hardware address before it is lost.
const arpTakes = 3 * time.Second

func TestKeepAliveOfAConn(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(c *stack.Conn) error
		idle time.Duration // at the most since the peer was heard last
		dies time.Duration // of its silence
	}{
		"a configuration": {func(c *stack.Conn) error {
			return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 2 * time.Second, Count: 3})
		}, 10 * time.Second, 16 * time.Second},
		"package net's defaults": {func(c *stack.Conn) error { return c.SetKeepAlive(true) }, 15 * time.Second, (15 + 9*15) * time.Second},
		"a period":               {func(c *stack.Conn) error { return c.SetKeepAlivePeriod(time.Second) }, time.Second, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				c1, _, cut := cuttable(t)
				if err := c.set(c1); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour) // a peer that answers keeps it open
				cut()
				start := time.Now()
				_, err := c1.Read(make([]byte, 1))
				if took := time.Since(start); !errors.Is(err, syscall.ETIMEDOUT) || took > c.dies+10*arpTakes || took < c.dies-c.idle {
					t.Errorf("%v after %v", err, took)
				}
			})
		})
	}
	in(t, func(t *testing.T) {
		c1, _, cut := cuttable(t)
		c1.SetKeepAlivePeriod(time.Second)
		c1.SetKeepAlive(false)
		cut()
		c1.SetReadDeadline(time.Now().Add(24 * time.Hour))
		if _, err := c1.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("off again, and it ended with %v", err)
		}
	})
}

func TestUserTimeoutOfAConn(t *testing.T) {
	in(t, func(t *testing.T) {
		c1, _, cut := cuttable(t)
		if err := c1.SetUserTimeout(5 * time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second) // silence is no failure while nothing waits for an answer
		cut()
		start := time.Now()
		c1.Write([]byte("hello?"))
		_, err := c1.Read(make([]byte, 1))
		timedOut(t, "data without an answer", err, time.Since(start), 5*time.Second)
	})
}

func TestLinger(t *testing.T) {
	in(t, func(t *testing.T) {
		c1, c2, _ := cuttable(t)
		c1.SetLinger(0)
		c1.Close()
		if _, err := c2.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("0 seconds: the peer reads %v", err)
		}
	})
	in(t, func(t *testing.T) {
		c1, c2, _ := cuttable(t)
		c1.SetLinger(10)
		c1.Write([]byte("last words"))
		if err := c1.Close(); err != nil {
			t.Errorf("10 seconds and a peer that answers: %v", err)
		}
		if got, err := io.ReadAll(c2); string(got) != "last words" || err != nil {
			t.Errorf("the peer reads %q, %v", got, err)
		}
		if s := c1.Info().State; s != tcp.FinWait2 && s != tcp.TimeWait {
			t.Errorf("Close came back in %v, before everything was acknowledged", s)
		}
	})
	in(t, func(t *testing.T) {
		c1, _, cut := cuttable(t)
		c1.SetLinger(10)
		cut()
		c1.Write([]byte("last words"))
		start := time.Now()
		if err := c1.Close(); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("10 seconds and no answer: %v after %v", err, time.Since(start))
		}
	})
	in(t, func(t *testing.T) {
		c1, c2, _ := cuttable(t)
		c1.SetLinger(10)
		c2.SetLinger(0)
		c2.Close()
		if _, err := c1.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Fatal(err)
		}
		if err := c1.Close(); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the peer had reset it, and Close says %v", err)
		}
	})
	in(t, func(t *testing.T) {
		c1, c2, _ := cuttable(t)
		c1.SetLinger(10)
		c1.Write([]byte("last words"))
		c2.Write([]byte("nobody reads this"))
		synctest.Wait()
		// RFC 1122, 4.2.2.13: it resets the connection. It was not closed before, as net.ErrClosed says.
		if err := c1.Close(); !errors.Is(err, syscall.ECONNABORTED) || errors.Is(err, net.ErrClosed) {
			t.Errorf("something was not read, and Close says %v", err)
		}
	})
}

func TestOptionsOfAClosedConn(t *testing.T) {
	in(t, func(t *testing.T) {
		c, _, _ := cuttable(t)
		c.Close()
		for name, err := range map[string]error{
			"SetNoDelay": c.SetNoDelay(true), "SetKeepAlive": c.SetKeepAlive(true),
			"SetKeepAlivePeriod": c.SetKeepAlivePeriod(1), "SetUserTimeout": c.SetUserTimeout(1), "SetLinger": c.SetLinger(1),
		} {
			var op *net.OpError
			if !errors.Is(err, net.ErrClosed) || !errors.As(err, &op) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A sentSegment is what OnSegment was told of.
type sentSegment struct {
	flags   tcp.Flags
	payload int
	ecn     uint8
	info    tcp.Info
}

// watched starts two hosts on a link with a round trip of 100 ms, and returns a connection of the
// first and what it has sent so far.
func watched(t *testing.T, cfg stack.Config) (c1, c2 *stack.Conn, sent func() []sentSegment) {
	t.Helper()
	da, db := link.Pipe(link.PipeOptions{})
	slow := link.Impair(da, link.ImpairConfig{Delay: 100 * time.Millisecond})
	var mu sync.Mutex
	var all []sentSegment
	cfg.Device, cfg.Addr, cfg.Seed = slow, netip.PrefixFrom(stacktest.AddrA, stacktest.Net.Bits()), 1
	cfg.OnSegment = func(frame []byte, info tcp.Info) {
		f, err := ethernet.Parse(frame)
		if err != nil {
			t.Fatal(err)
		}
		p, err := ipv4.Parse(f.Payload())
		if err != nil {
			t.Fatal(err)
		}
		seg, err := tcp.Parse(p.Payload())
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		all = append(all, sentSegment{seg.Flags(), len(seg.Payload()), p.TOS() & 3, info})
		mu.Unlock()
	}
	a, err := stack.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	b := stacktest.Host(t, db, stacktest.AddrB, stacktest.Options{Seed: 1})
	x, y := connect(t, a, b, "80")
	return x.(*stack.Conn), y.(*stack.Conn), func() []sentSegment {
		mu.Lock()
		defer mu.Unlock()
		return append([]sentSegment(nil), all...)
	}
}

// data returns the payload lengths of those that have one.
func data(sent []sentSegment) (n []int) {
	for _, s := range sent {
		if s.payload > 0 {
			n = append(n, s.payload)
		}
	}
	return n
}

func TestNoDelay(t *testing.T) {
	for _, c := range []struct {
		noDelay bool
		want    int
	}{{true, 3}, {false, 2}} {
		in(t, func(t *testing.T) {
			c1, _, sent := watched(t, stack.Config{})
			if !c.noDelay { // it is the default
				c1.SetNoDelay(false)
			}
			for range 3 {
				c1.Write([]byte("x"))
				time.Sleep(time.Millisecond)
			}
			time.Sleep(time.Second)
			if got := data(sent()); len(got) != c.want {
				t.Errorf("no delay %v: three small writes went as %v", c.noDelay, got)
			}
		})
	}
}

// OnSegment sees each segment in order, with the reason, and what Config asks for is in force.
func TestOnSegment(t *testing.T) {
	in(t, func(t *testing.T) {
		c1, c2, sent := watched(t, stack.Config{ECN: true, Congestion: func() tcp.Controller { return new(tcp.NewReno) }})
		c1.Write(make([]byte, 10))
		io.ReadFull(c2, make([]byte, 10))
		c2.Write(make([]byte, 10))
		io.ReadFull(c1, make([]byte, 10))
		c1.Close()
		c2.Close()
		time.Sleep(time.Second)
		all := sent()
		want := []tcp.Reason{tcp.ReasonSYN, tcp.ReasonACK, tcp.ReasonData}
		for i, r := range want {
			if i >= len(all) || all[i].info.Why != r {
				t.Fatalf("segment %d: want %v in %+v", i, r, all)
			}
		}
		for i, s := range all {
			if s.info.Congestion != "newreno" {
				t.Errorf("segment %d: congestion control %q", i, s.info.Congestion)
			}
			if ect := s.payload > 0; ect != (s.ecn == 2) || i > 0 && !s.info.ECN {
				t.Errorf("segment %d with %d bytes: ECN field %d, in force %v", i, s.payload, s.ecn, s.info.ECN)
			}
		}
	})
}

// Pacing spreads a window over the round trip: without it all of the window goes at once.
func TestPace(t *testing.T) {
	for _, pace := range []bool{false, true} {
		in(t, func(t *testing.T) {
			c1, c2, sent := watched(t, stack.Config{Pace: pace})
			go io.Copy(io.Discard, c2)
			c1.Write(make([]byte, 100))
			time.Sleep(time.Second) // there is a measured round trip
			before := len(sent())
			c1.Write(make([]byte, 10*1448))
			time.Sleep(time.Millisecond)
			if n := len(data(sent()[before:])); pace != (n < 10) || n == 0 {
				t.Errorf("pacing %v: %d of 10 segments went at once", pace, n)
			}
			time.Sleep(time.Second)
			if n := len(data(sent()[before:])); n != 10 {
				t.Errorf("pacing %v: %d segments in all", pace, n)
			}
		})
	}
}

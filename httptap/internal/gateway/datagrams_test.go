package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack"
)

// echoUDP answers each datagram to a port of the far host with itself.
func (n *testNet) echoUDP(t *testing.T, port string) {
	t.Helper()
	pc, err := n.far.ListenPacket("udp", ":"+port)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 0xffff)
		for {
			k, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			pc.WriteTo(buf[:k], from)
		}
	}()
}

// Datagrams of every length come back.
func TestDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Config{})
		n.echoUDP(t, "7")
		client := n.dial(t, "udp", farAddr+":7")
		defer client.Close()
		buf := make([]byte, 0xffff)
		total := 0
		for _, size := range []int{0, 1, 1472, 1473, 20_000, 65_507} {
			want := data(size)
			if _, err := client.Write(want); err != nil {
				t.Fatal(err)
			}
			client.SetReadDeadline(time.Now().Add(time.Second))
			k, err := client.Read(buf)
			if err != nil || !bytes.Equal(buf[:k], want) {
				t.Errorf("%d bytes: %d came back, or others: %v", size, k, err)
			}
			total += size
		}
		if s := n.Stats(); s.UDP != 1 || s.BytesUp != uint64(total) || s.BytesDown != uint64(total) || s.DatagramsLost != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// A closed port and an unreachable host are told by ICMP, as often as they are tried.
func TestDatagramsToNobody(t *testing.T) {
	for _, c := range []struct {
		name, address string
		want          error
	}{
		{"a closed port", farAddr + ":9", syscall.ECONNREFUSED},
		{"no such host", "192.0.2.99:9", syscall.EHOSTUNREACH},
		{"a link's own address", "169.254.1.1:9", syscall.EHOSTUNREACH},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNet(t, Config{})
				client := n.dial(t, "udp", c.address)
				defer client.Close()
				for range 3 {
					client.Write([]byte("is anybody there?"))
					client.SetReadDeadline(time.Now().Add(10 * time.Second))
					if _, err := client.Read(make([]byte, 1)); !errors.Is(err, c.want) {
						t.Error(err)
					}
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

// A flow ends when nothing has moved for its time, and when the client's port is closed.
func TestIdleDatagrams(t *testing.T) {
	for port, patience := range map[string]time.Duration{"7": defaultUDPIdle, "53": defaultDNSIdle} {
		synctest.Test(t, func(t *testing.T) {
			n := newNet(t, Config{})
			n.echoUDP(t, port)
			client := n.dial(t, "udp", farAddr+":"+port)
			defer client.Close()
			for range 5 {
				client.Write([]byte("x"))
				client.Read(make([]byte, 1))
				time.Sleep(patience - time.Second)
			}
			if s := n.Stats(); s.UDP != 1 || s.Open != 1 {
				t.Errorf("port %s: %+v", port, s)
			}
			time.Sleep(patience + time.Second)
			if s := n.Stats(); s.Open != 0 || s.Idle != 1 {
				t.Errorf("port %s, then: %+v", port, s)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Config{})
		pc, err := n.far.ListenPacket("udp", ":7")
		if err != nil {
			t.Fatal(err)
		}
		client := n.dial(t, "udp", farAddr+":7")
		client.Write([]byte("x"))
		_, from, err := pc.ReadFrom(make([]byte, 1))
		if err != nil {
			t.Fatal(err)
		}
		client.Close()
		pc.WriteTo([]byte("too late"), from)
		synctest.Wait()
		if s := n.Stats(); s.Open != 0 || s.Idle != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// testPinger pings by the far side's own host.
type testPinger struct {
	n       *testNet
	to      netip.Addr
	ctx     context.Context
	close   func()
	answers chan testAnswer
	next    *testAnswer
}

type testAnswer struct {
	seq  uint16
	data []byte
	err  error
}

func (n *testNet) pinger(to netip.Addr) (Pinger, error) {
	ctx, cancel := context.WithCancel(context.Background())
	return &testPinger{n: n, to: to, ctx: ctx, close: cancel, answers: make(chan testAnswer, 100)}, nil
}

func (p *testPinger) Send(seq uint16, data []byte) error {
	data = bytes.Clone(data)
	go func() {
		ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
		defer cancel()
		_, err := p.n.outside.Ping(ctx, p.to)
		if !errors.Is(err, os.ErrDeadlineExceeded) && p.ctx.Err() == nil {
			p.answers <- testAnswer{seq, data, err}
		}
	}()
	return nil
}

func (p *testPinger) Wait() error {
	select {
	case a := <-p.answers:
		p.next = &a
		return nil
	case <-p.ctx.Done():
		return net.ErrClosed
	}
}

func (p *testPinger) Receive(buf []byte) (uint16, []byte, error) {
	return p.next.seq, buf[:copy(buf, p.next.data)], p.next.err
}

func (p *testPinger) Said(err error) answer { return answerTo(err) }
func (p *testPinger) Close() error          { p.close(); return nil }

// A ping is answered when the target has answered, an unreachable target is told, and a flow ends.
func TestPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Config{})
		for range 3 {
			if _, err := n.client.Ping(t.Context(), netip.MustParseAddr(farAddr)); err != nil {
				t.Error(err)
			}
		}
		if _, err := n.client.Ping(t.Context(), netip.MustParseAddr("192.0.2.99")); !errors.Is(err, syscall.EHOSTUNREACH) {
			t.Error(err)
		}
		if _, err := n.client.Ping(t.Context(), netip.MustParseAddr("169.254.1.1")); !errors.Is(err, syscall.EHOSTUNREACH) {
			t.Error(err)
		}
		s := n.Stats()
		if s.Pings != 4 || s.Answers != 3 || s.Denied != 1 || s.Open != int(s.Echo) {
			t.Errorf("%+v", s)
		}
		time.Sleep(3 * defaultEchoIdle)
		if s := n.Stats(); s.Open != 0 || s.Idle != s.Echo {
			t.Errorf("%+v", s)
		}
	})
}

// Where this machine has no socket for pings nothing answers them.
func TestNoPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Config{Ping: func(netip.Addr) (Pinger, error) { return nil, fmt.Errorf("%w: a test", ErrNoPing) }})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := n.client.Ping(ctx, netip.MustParseAddr(farAddr)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		if s := n.Stats(); s.Failed != 1 || s.Open != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// No flow may go where only this machine is meant.
func TestPolicy(t *testing.T) {
	g := &Gateway{cfg: Config{Closed: []netip.AddrPort{netip.MustParseAddrPort("10.9.9.9:7070")}}}
	for target, want := range map[string]bool{
		"127.0.0.1:80": false, "127.255.255.255:1": false, "0.0.0.0:80": false, "0.1.2.3:80": false,
		"169.254.169.254:80": false, "169.254.0.1:53": false, "224.0.0.1:9": false, "239.255.255.255:9": false,
		"240.0.0.1:9": false, "255.255.255.255:67": false, "10.9.9.9:7070": false, "[::1]:80": false,
		"10.9.9.9:7071": true, "192.168.1.1:80": true, "8.8.8.8:53": true, "223.255.255.255:80": true, "126.0.0.1:1": true,
	} {
		if g.mayGo(netip.MustParseAddrPort(target)) != want {
			t.Errorf("%s: %v", target, !want)
		}
	}
}

// A listener on all addresses is closed at each of this machine's, and at no other machine's.
func TestPolicyOfAllAddresses(t *testing.T) {
	for _, all := range []string{"0.0.0.0:7070", "[::]:7070"} {
		g := &Gateway{cfg: Config{Closed: []netip.AddrPort{netip.MustParseAddrPort(all)}}}
		if !g.mayGo(netip.MustParseAddrPort("203.0.113.9:7070")) {
			t.Errorf("%s closes other machines", all)
		}
		own, err := net.InterfaceAddrs()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range own {
			p, err := netip.ParsePrefix(a.String())
			if err != nil || !p.Addr().Is4() || p.Addr().IsLoopback() {
				continue
			}
			if g.mayGo(netip.AddrPortFrom(p.Addr(), 7070)) {
				t.Errorf("%s can be reached at %s", all, p.Addr())
			}
			if !g.mayGo(netip.AddrPortFrom(p.Addr(), 7071)) {
				t.Errorf("%s closes another port of %s", all, p.Addr())
			}
		}
	}
}

var _ stream = (*stack.Conn)(nil)

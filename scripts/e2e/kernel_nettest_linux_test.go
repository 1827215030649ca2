package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"httptap/stack"
	"httptap/tapclient"
)

// TestNettestOnKernel holds our connections against package net's promises with the kernel as the
// peer, on a NIC.
func TestNettestOnKernel(t *testing.T) {
	t.Parallel()
	losses := []string{"no loss", "2% lost"}
	names, at := eachSide(losses...)
	together(t, names, func(t *testing.T, i int) {
		side, loss := at(i)
		l := newWire(t, wireOptions{})
		if loss == losses[1] {
			l.lose(t, 20, 20)
		}
		l.nettest(t, side)
	})
}

// nettest runs the suite on connections that side opens.
func (l *wire) nettest(t *testing.T, side string) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		ctx, cancel := context.WithTimeout(t.Context(), hang)
		defer cancel()
		p, err := l.connect(ctx, side)
		if err != nil {
			return nil, nil, nil, err
		}
		return p.own, p.kernel, func() {
			p.own.Close()
			p.kernel.Close()
		}, nil
	})
	l.quiet(t)
	if t.Failed() {
		t.Log(l.report())
	}
}

// TestNettestOnHTTPTap holds our connections against package net's promises when every frame
// passes a running httptap: from our host to another one, and to the kernel behind tap0.
func TestNettestOnHTTPTap(t *testing.T) {
	t.Parallel()
	together(t, []string{"two hosts", sides[0], sides[1]}, func(t *testing.T, i int) {
		if i == 0 {
			listen := "127.0.0.1:" + freePort(t)
			world{}.httptap(t, "-i", "user", "-listen", listen, "-q")
			nettestTwoHosts(t, "http://"+listen)
			return
		}
		needRoot(t, "ip", "ss", "nft")
		w := namespace(t)
		w.httptap(t, "-q", "-lab=false")
		l := &wire{near: w, far: w, self: "192.168.10.77", peer: "192.168.10.1", hang: hang, doors: map[string]net.Listener{}}
		l.Host = hostOn(t, doorway(t, w, "127.0.0.1:7070"), l.self)
		l.nettest(t, sides[i-1])
	})
}

// hostOn starts a host with address addr on the device that the httptap at url relays.
func hostOn(t *testing.T, url, addr string) *stack.Host {
	t.Helper()
	dev, err := tapclient.Dial(t.Context(), url, tapclient.Options{Name: addr})
	if err != nil {
		t.Fatal(err)
	}
	h, err := stack.New(stack.Config{Device: dev, Addr: netip.PrefixFrom(netip.MustParseAddr(addr), 24)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func nettestTwoHosts(t *testing.T, url string) {
	a, b := hostOn(t, url, "192.168.10.77"), hostOn(t, url, "192.168.10.78")
	ln, err := b.Listen("tcp", ":7")
	if err != nil {
		t.Fatal(err)
	}
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		ctx, cancel := context.WithTimeout(t.Context(), hang)
		defer cancel()
		if c1, err = a.DialContext(ctx, "tcp", "192.168.10.78:7"); err != nil {
			return nil, nil, nil, err
		}
		// The handshake is over for the one that dials when the other has been told of it, or soon.
		ln.(*stack.Listener).SetDeadline(time.Now().Add(hang))
		if c2, err = ln.Accept(); err != nil {
			return nil, nil, nil, fmt.Errorf("one side is connected, the other is not: %w", err)
		}
		return c1, c2, func() {
			c1.Close()
			c2.Close()
		}, nil
	})
}

// doorway returns the URL of address in w's namespace as this process can reach it: the HTTP
// client dials on threads of its own choice.
func doorway(t *testing.T, w world, address string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			var inner net.Conn
			w.inside(func() { inner, err = net.Dial("tcp", address) })
			if err != nil {
				c.Close() // the client says that nobody answers
				continue
			}
			pipe := func(to, from net.Conn) {
				io.Copy(to, from)
				to.Close()
			}
			go pipe(inner, c)
			go pipe(c, inner)
		}
	}()
	return "http://" + ln.Addr().String()
}

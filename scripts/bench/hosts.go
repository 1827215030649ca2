package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strconv"

	"httptap/stack"
	"httptap/stack/link"
)

// A pair is two hosts on a link in memory; one of them dials the other.
type pair interface {
	listen(port uint16) (net.Listener, error)
	dial(port uint16) (net.Conn, error)
	segments() uint64 // sent by both hosts up to now
	close()
}

const (
	mtu   = 1500
	queue = 1024 // frames that our link holds in each direction
)

// newPair starts two hosts of a side. A buffer of 0 is the stack's own size.
func newPair(s side, buffer int) (pair, error) {
	if s == gvisor {
		return newPeers(buffer, false)
	}
	return newHosts(buffer)
}

var addrA, addrB = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")

// hosts are two of our own, each with the two goroutines that it has on any device.
type hosts struct{ a, b *stack.Host }

func newHosts(buffer int) (*hosts, error) {
	da, db := link.Pipe(link.PipeOptions{MTU: mtu, Queue: queue, Block: true})
	if err := errors.Join(use(da, db), use(db, da)); err != nil {
		return nil, err
	}
	host := func(d link.Device, addr netip.Addr) (*stack.Host, error) {
		return stack.New(stack.Config{Device: d, Addr: netip.PrefixFrom(addr, 24), SendBuffer: buffer, ReceiveBuffer: buffer})
	}
	a, err := host(da, addrA)
	if err != nil {
		return nil, err
	}
	b, err := host(db, addrB)
	if err != nil {
		a.Close()
		return nil, err
	}
	return &hosts{a, b}, nil
}

// use sends as many frames as a pipe holds through it, because it makes its buffers when they are
// needed first, which takes long in the direction that only acknowledgments take.
func use(from, to link.Device) error {
	frame := make([]byte, from.Info().FrameLen())
	got, sizes := [][]byte{make([]byte, len(frame))}, make([]int, 1)
	for range queue {
		if _, err := from.WriteFrames([][]byte{frame}); err != nil {
			return err
		}
		if _, err := to.ReadFrames(got, sizes); err != nil {
			return err
		}
	}
	return nil
}

func (h *hosts) listen(port uint16) (net.Listener, error) {
	return h.b.Listen("tcp", ":"+strconv.Itoa(int(port)))
}

func (h *hosts) dial(port uint16) (net.Conn, error) {
	return h.a.DialTCP(context.Background(), netip.AddrPort{}, netip.AddrPortFrom(addrB, port))
}

func (h *hosts) segments() uint64 { return h.a.Stats().FramesOut + h.b.Stats().FramesOut }

func (h *hosts) close() {
	h.a.Close()
	h.b.Close()
}

// connect opens one connection of p on a port of its own and returns both ends.
func connect(p pair, port uint16) (a, b net.Conn, err error) {
	l, err := p.listen(port)
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	return meet(p, l, port)
}

// meet dials the listener l of p and returns both ends.
func meet(p pair, l net.Listener, port uint16) (a, b net.Conn, err error) {
	if a, err = p.dial(port); err != nil {
		return nil, nil, err
	}
	if b, err = l.Accept(); err != nil {
		a.Close()
		return nil, nil, err
	}
	return a, b, nil
}

// mallocs returns how many heap objects were ever allocated.
func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
)

// An exchange is a short connection: the client sends a request of so many bytes and half closes,
// the server answers with as many others and closes.
func request(n, size int) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(n)), randomBytes(size, byte(n))...)
}

func answer(n, size int) []byte { return request(n+1<<20, size) }

// serveExchanges answers until the listener is closed, and then tells what went wrong.
func serveExchanges(ln net.Listener, size int) error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for {
		c, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			all.Wait()
			return errors.Join(errs...)
		}
		all.Go(func() {
			if err == nil {
				defer c.Close()
				err = serveExchange(c, size)
			}
			if err != nil {
				mu.Lock()
				errs = append(errs, fmt.Errorf("server: %w", err))
				mu.Unlock()
			}
		})
	}
}

func serveExchange(c net.Conn, size int) error {
	got, err := io.ReadAll(c)
	if err != nil {
		return err
	}
	if len(got) < 4 {
		return fmt.Errorf("a request of %d bytes", len(got))
	}
	n := int(binary.BigEndian.Uint32(got))
	if err := same("the request", got, request(n, size)); err != nil {
		return err
	}
	_, err = c.Write(answer(n, size))
	return err
}

// exchange is the client's side.
func exchange(c net.Conn, n, size int) error {
	defer c.Close()
	if _, err := c.Write(request(n, size)); err != nil {
		return err
	}
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		return err
	}
	got, err := io.ReadAll(c)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, answer(n, size)) {
		return same("the answer", got, answer(n, size))
	}
	return nil
}

// TestKernelManyConnections makes short connections: 200 one after the other, 200 in four chains and
// 50 at once over a link that loses 5% each way. A lost SYN costs a second, so that one chain of
// 200 would take most of a minute there.
func TestKernelManyConnections(t *testing.T) {
	t.Parallel()
	const size = 3000
	type scenario struct {
		side                  string
		chains, each, perMill int
	}
	var all []scenario
	var names []string
	for _, side := range sides {
		for _, s := range []scenario{{chains: 1, each: 200}, {chains: 4, each: 50, perMill: 50}, {chains: 50, each: 1, perMill: 50}} {
			s.side = side
			all = append(all, s)
			names = append(names, fmt.Sprintf("%s, %d times %d, %d%% lost", side, s.chains, s.each, s.perMill/10))
		}
	}
	together(t, names, func(t *testing.T, i int) {
		s := all[i]
		l := newWire(t, wireOptions{buffer: 32 << 10})
		l.lose(t, s.perMill, s.perMill)
		l.within(t, func(ctx context.Context) error {
			listen, dial := l.kernelListen, func() (net.Conn, error) { return l.dial(ctx, "7") }
			if s.side == "our server" {
				listen, dial = l.listen, func() (net.Conn, error) { return l.kernelDial(ctx, "7") }
			}
			ln, err := listen("7")
			if err != nil {
				return err
			}
			served := make(chan error, 1)
			go func() { served <- serveExchanges(ln, size) }()
			errs := make([]error, s.chains)
			var clients sync.WaitGroup
			for chain := range s.chains {
				clients.Go(func() {
					for k := range s.each {
						n := chain*s.each + k
						c, err := dial()
						if err == nil {
							err = exchange(c, n, size)
						}
						if err != nil {
							errs[chain] = fmt.Errorf("connection %d: %w", n, err)
							return
						}
					}
				})
			}
			clients.Wait()
			ln.Close()
			return errors.Join(append(errs, <-served)...)
		})
	})
}

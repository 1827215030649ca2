package stack_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"

	"httptap/stack"
	"httptap/stack/link"
	"httptap/stack/stacktest"
)

// connect returns both ends of a connection from a to b.
func connect(t testing.TB, a, b *stack.Host, port string) (net.Conn, net.Conn) {
	t.Helper()
	l, err := b.Listen("tcp", ":"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	type result struct {
		c   net.Conn
		err error
	}
	accepted := make(chan result, 1)
	go func() {
		c, err := l.Accept()
		accepted <- result{c, err}
	}()
	c, err := a.DialContext(context.Background(), "tcp", stacktest.AddrB.String()+":"+port)
	if err != nil {
		t.Fatal(err)
	}
	r := <-accepted
	if r.err != nil {
		t.Fatal(r.err)
	}
	return c, r.c
}

func TestNetConn(t *testing.T) {
	for name, o := range map[string]stacktest.Options{
		"perfect link":   {},
		"small buffers":  {Buffer: 2048},
		"lossy link":     {Impair: link.ImpairConfig{Loss: 0.02, Duplicate: 0.02, Reorder: 0.02, Seed: 7}},
		"smallest frame": {MTU: 576},
	} {
		t.Run(name, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				a, b := stacktest.Pair(t, o)
				c1, c2 = connect(t, a, b, "80")
				return c1, c2, func() {
					c1.Close()
					c2.Close()
					a.Close()
					b.Close()
				}, nil
			})
		})
	}
}

// pattern writes n bytes that no shift of themselves equals.
func pattern(n int, seed uint64) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestTransferIsWhole sends bytes both ways at once over links of every badness: all of them
// arrive, in order, and both sides see the end.
func TestTransferIsWhole(t *testing.T) {
	for _, loss := range []float64{0, 0.01, 0.05, 0.2} {
		for _, buffer := range []int{1 << 12, 1 << 16, 1 << 18} {
			o := stacktest.Options{Buffer: buffer, Seed: 3, Impair: link.ImpairConfig{
				Loss: loss, Duplicate: loss / 2, Reorder: loss, Corrupt: loss / 4, Seed: uint64(buffer),
			}}
			t.Run(fmt.Sprintf("loss %v buffer %d", loss, buffer), func(t *testing.T) {
				in(t, func(t *testing.T) { transfer(t, o, 300_000) })
			})
		}
	}
}

func transfer(t *testing.T, o stacktest.Options, size int) {
	a, b := stacktest.Pair(t, o)
	// ARP gives up after three requests, which a link as bad as these may all lose.
	a.SetNeighbor(stacktest.AddrB, b.HardwareAddr())
	b.SetNeighbor(stacktest.AddrA, a.HardwareAddr())
	c1, c2 := connect(t, a, b, "80")
	type side struct {
		c    net.Conn
		data []byte
	}
	sides := []side{{c1, pattern(size, 1)}, {c2, pattern(size, 2)}}
	done := make(chan error, 4)
	for i, s := range sides {
		go func() {
			_, err := s.c.Write(s.data)
			if err == nil {
				err = s.c.(*stack.Conn).CloseWrite()
			}
			done <- err
		}()
		want := sides[1-i].data
		go func() {
			got, err := io.ReadAll(s.c)
			if err == nil && sha256.Sum256(got) != sha256.Sum256(want) {
				err = fmt.Errorf("%d bytes of %d, or not the same", len(got), len(want))
			}
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	c1.Close()
	c2.Close()
	time.Sleep(5 * time.Minute) // longer than TIME-WAIT: nothing is left behind
	synctest.Wait()
	if n := a.Connections() + b.Connections(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
}

// A reader that does not read closes the window; the writer waits, for hours if need be, and
// goes on when the window opens.
func TestZeroWindowForHours(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{Buffer: 4096})
		c1, c2 := connect(t, a, b, "80")
		data := pattern(20_000, 9)
		wrote := make(chan error, 1)
		go func() {
			_, err := c1.Write(data)
			c1.Close()
			wrote <- err
		}()
		time.Sleep(3 * time.Hour)
		got, err := io.ReadAll(c2)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if err := <-wrote; err != nil {
			t.Error(err)
		}
	})
}

// A Write that waits for room fails when CloseWrite is called meanwhile: nothing that it has left
// can be sent any more.
func TestCloseWriteEndsAWriteThatWaits(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{Buffer: 4096})
		c1, c2 := connect(t, a, b, "80")
		type result struct {
			n   int
			err error
		}
		wrote := make(chan result, 1)
		go func() {
			n, err := c1.Write(pattern(20_000, 9))
			wrote <- result{n, err}
		}()
		time.Sleep(time.Second)
		if err := c1.(*stack.Conn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		select {
		case r := <-wrote:
			if got, err := io.ReadAll(c2); !errors.Is(r.err, syscall.EPIPE) || err != nil || len(got) != r.n {
				t.Errorf("%d bytes were written, %v; %d arrived, %v", r.n, r.err, len(got), err)
			}
		default:
			t.Error("it still waits")
		}
	})
}

// What one Write writes stays together, however many are under way, as in package net.
func TestWritesAreNotMixed(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{Buffer: 4096})
		c1, c2 := connect(t, a, b, "80")
		const writers, size = 5, 30_000
		done := make(chan error, writers)
		for i := range writers {
			go func() {
				_, err := c1.Write(bytes.Repeat([]byte{byte(i)}, size))
				done <- err
			}()
		}
		got := make([]byte, writers*size)
		if _, err := io.ReadFull(c2, got); err != nil {
			t.Fatal(err)
		}
		for range writers {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		for i := range writers {
			if part := got[i*size : (i+1)*size]; !bytes.Equal(part, bytes.Repeat(part[:1], size)) {
				t.Fatalf("part %d has bytes of several writers", i)
			}
		}
		// One that waits for its turn has its deadline, too, and ends when the connection is closed.
		for _, end := range []func(){func() { c1.SetWriteDeadline(time.Now().Add(time.Second)) }, func() { c1.Close() }} {
			c1.SetWriteDeadline(time.Time{})
			go c1.Write(make([]byte, 100_000))
			synctest.Wait()
			go func() {
				_, err := c1.Write([]byte("x"))
				done <- err
			}()
			synctest.Wait()
			end()
			if err := <-done; err == nil {
				t.Error("it got through")
			}
		}
	})
}

// A peer that vanishes is noticed by who has something to say to it.
func TestVanishedPeer(t *testing.T) {
	in(t, func(t *testing.T) {
		d, far := link.Pipe(link.PipeOptions{})
		cut := link.Impair(far, link.ImpairConfig{})
		a := stacktest.Host(t, d, stacktest.AddrA, stacktest.Options{Seed: 1})
		b := stacktest.Host(t, cut, stacktest.AddrB, stacktest.Options{Seed: 1})
		c1, c2 := connect(t, a, b, "80")
		_ = c2
		far.Close()
		start := time.Now()
		c1.Write([]byte("hello?"))
		_, err := c1.Read(make([]byte, 1))
		var timeout net.Error
		if err == nil || !asTimeout(err, &timeout) {
			t.Errorf("got %v", err)
		}
		if d := time.Since(start); d < 100*time.Second || d > 15*time.Minute {
			t.Errorf("given up after %v", d)
		}
	})
}

func asTimeout(err error, to *net.Error) bool {
	e, ok := err.(net.Error)
	*to = e
	return ok && e.Timeout()
}

// Data that nobody will read resets the connection, as with the kernel.
func TestCloseWithUnreadDataResets(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{})
		c1, c2 := connect(t, a, b, "80")
		c1.Write([]byte("unread"))
		synctest.Wait()
		c2.Close()
		if _, err := c1.Read(make([]byte, 1)); err == nil || err == io.EOF {
			t.Errorf("the peer sees %v", err)
		}
	})
}

func BenchmarkBulk(b *testing.B) {
	d1, d2 := link.Pipe(link.PipeOptions{Queue: 1024, Block: true})
	h1 := stacktest.Host(b, d1, stacktest.AddrA, stacktest.Options{Seed: 1})
	h2 := stacktest.Host(b, d2, stacktest.AddrB, stacktest.Options{Seed: 1})
	c1, c2 := connect(b, h1, h2, "80")
	go io.Copy(io.Discard, c2)
	buf := make([]byte, 64<<10)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c1.Write(buf); err != nil {
			b.Fatal(err)
		}
	}
}

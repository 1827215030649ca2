package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// echoed sends size bytes, closes, and expects the same bytes back.
func echoed(c net.Conn, size int, seed byte) error {
	defer c.Close()
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i>>8) ^ byte(i) ^ seed
	}
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(data)
		sent <- errors.Join(err, c.(interface{ CloseWrite() error }).CloseWrite())
	}()
	got, err := io.ReadAll(c)
	if err := errors.Join(err, <-sent); err != nil {
		return err
	}
	if !bytes.Equal(got, data) {
		return fmt.Errorf("%d bytes came back of %d, or others", len(got), size)
	}
	return nil
}

// forwarded returns both ends of a connection through a router that answers at once.
func forwarded(t *testing.T) (client, inside *Conn) {
	t.Helper()
	a, r := neighbours(t)
	accepted := make(chan *Conn, 1)
	go func() {
		flow, err := r.Forwarder().AcceptTCP()
		if err != nil {
			t.Error(err)
			return
		}
		c, err := flow.Accept(0)
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	c, err := a.DialContext(t.Context(), "tcp", "192.0.2.1:80")
	if err != nil {
		t.Fatal(err)
	}
	return c.(*Conn), <-accepted
}

// slow takes a byte a second, and fails after some.
type slow struct{ left int }

var errFull = errors.New("full")

func (w *slow) Write(b []byte) (int, error) {
	for i := range b {
		if w.left == 0 {
			return i, errFull
		}
		w.left--
		time.Sleep(time.Second)
	}
	return len(b), nil
}

// A slow writer closes the peer's window, and when it fails WriteTo says so and what was not
// written can still be read.
func TestWriteToIsAsFastAsItsWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, inside := forwarded(t)
		go func() {
			for i := 0; ; i++ {
				if _, err := client.Write([]byte{byte(i)}); err != nil {
					return
				}
			}
		}()
		n, err := inside.WriteTo(&slow{left: 100})
		if n != 100 || err != errFull {
			t.Errorf("%d, %v", n, err)
		}
		if i := inside.Info(); i.ReadBuffered > DefaultBuffer {
			t.Errorf("%d bytes wait", i.ReadBuffered)
		}
		b := make([]byte, 1)
		if _, err := inside.Read(b); err != nil || b[0] != 100 {
			t.Errorf("the next byte is %d, %v", b[0], err)
		}
		client.SetLinger(0)
		client.Close()
		if _, err := inside.WriteTo(io.Discard); !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	})
}

// WriteTo has a read's deadline.
func TestWriteToDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, inside := forwarded(t)
		inside.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := inside.WriteTo(io.Discard); err == nil || !err.(net.Error).Timeout() {
			t.Error(err)
		}
		inside.Close()
		if _, err := inside.WriteTo(io.Discard); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// Broken tells of a reset that nobody reads, and not of an end that both sides wanted.
func TestBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, inside := forwarded(t)
		broken := inside.Broken()
		client.Write([]byte("nobody reads this"))
		synctest.Wait()
		select {
		case <-broken:
			t.Fatal("it is not broken")
		default:
		}
		client.SetLinger(0)
		client.Close()
		<-broken
		<-inside.Broken()

		client, inside = forwarded(t)
		client.CloseWrite()
		inside.CloseWrite()
		io.Copy(io.Discard, client)
		io.Copy(io.Discard, inside)
		time.Sleep(5 * time.Minute)
		select {
		case <-inside.Broken():
			t.Error("both sides closed it")
		default:
		}
		client, inside = forwarded(t)
		client.host.Close()
		inside.Write([]byte("is anybody there?"))
		<-inside.Broken() // after a timeout, or because the host's end reset it
	})
}

// Flush waits for the peer's acknowledgment of everything, before and behind the FIN, and no longer
// than it is told to.
func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, inside := forwarded(t)
		inside.Write(make([]byte, 100_000)) // more than the client takes while it does not read
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := inside.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		inside.CloseWrite()
		go io.Copy(io.Discard, client)
		if err := inside.Flush(t.Context()); err != nil || inside.Info().InFlight > 1 {
			t.Error(err, inside.Info().InFlight)
		}
		inside.Close()
		if err := inside.Flush(t.Context()); err != nil {
			t.Error("nothing waits:", err)
		}
		client, inside = forwarded(t)
		inside.Write([]byte("x"))
		if err := inside.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		client.host.Close()
		inside.Write([]byte("y"))
		if err := inside.Flush(t.Context()); err == nil {
			t.Error("nobody can have acknowledged it")
		}
	})
}

// The end of the host ends who waits for flows.
func TestForwarderEndsWithItsHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, r := neighbours(t)
		f := r.Forwarder()
		errs := make(chan error, 3)
		go func() { errs <- second(f.AcceptTCP()) }()
		go func() { errs <- second(f.AcceptUDP()) }()
		go func() { errs <- f.ReadEcho(new(Echo)) }()
		synctest.Wait()
		r.Close()
		for range 3 {
			if err := <-errs; !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
	})
}

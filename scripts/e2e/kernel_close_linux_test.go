package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"httptap/stack/tcp"
)

// halfCloser is what both kinds of connection are.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// sendAll sends data and then the FIN.
func sendAll(c halfCloser, data []byte) error {
	if _, err := c.Write(data); err != nil {
		return err
	}
	return c.CloseWrite()
}

// readAll reads to the FIN.
func readAll(what string, c net.Conn, want []byte) error {
	got, err := io.ReadAll(c)
	return errors.Join(err, same(what, got, want))
}

// eachSide names every combination of who opens a connection and who acts first.
func eachSide(first ...string) (names []string, at func(i int) (side, first string)) {
	for _, s := range sides {
		for _, f := range first {
			names = append(names, s+", "+f)
		}
	}
	return names, func(i int) (string, string) { return sides[i/len(first)], first[i%len(first)] }
}

// resetIn finds a RST of the kernel among the last frames.
var resetIn = regexp.MustCompile(`IN +\d+ > \d+ RST`)

// TestKernelHalfClose: one side sends all it has and its FIN; the other reads to the end and
// only then sends, on a link that loses frames.
func TestKernelHalfClose(t *testing.T) {
	t.Parallel()
	orders := []string{"we close first", "the kernel closes first", "we close first and 2% are lost", "the kernel closes first and 2% are lost"}
	names, at := eachSide(orders...)
	together(t, names, func(t *testing.T, i int) {
		side, order := at(i)
		weFirst := order == orders[0] || order == orders[2]
		l := newWire(t, wireOptions{})
		if order == orders[2] || order == orders[3] {
			l.lose(t, 20, 20)
		}
		ab, ba := randomBytes(500_000, 1), randomBytes(700_000, 2)
		l.within(t, func(ctx context.Context) error {
			p, err := l.connect(ctx, side)
			if err != nil {
				return err
			}
			a, b := halfCloser(p.own), halfCloser(p.kernel)
			if !weFirst {
				a, b = b, a
			}
			defer a.Close()
			defer b.Close()
			answered := make(chan error, 1)
			go func() {
				err := readAll("what came before the FIN", b, ab)
				if err == nil {
					err = sendAll(b, ba)
				}
				answered <- err
			}()
			if err := sendAll(a, ab); err != nil {
				return err
			}
			return errors.Join(readAll("what came behind the other FIN", a, ba), <-answered)
		})
		// Where our ACK of its FIN came late or was lost, the kernel sent it again, and answered our
		// second ACK with a RST, for it had closed on the first: that ends TIME-WAIT, RFC 9293,
		// 3.10.7.4.
		s := l.own[0].Info().State
		ended := s == tcp.Closed && resetIn.MatchString(l.tail.String())
		if weFirst && s != tcp.TimeWait && !ended || !weFirst && s != tcp.Closed {
			t.Errorf("%s, and our side ended in %v\n%s", order, s, l.report())
		}
	})
}

// TestKernelCloseTogether: both sides send at once and close at once, without half closing
// first: CLOSING, or as it happens.
func TestKernelCloseTogether(t *testing.T) {
	t.Parallel()
	together(t, sides, func(t *testing.T, i int) {
		l := newWire(t, wireOptions{})
		l.within(t, func(ctx context.Context) error {
			for range 20 {
				p, err := l.connect(ctx, sides[i])
				if err != nil {
					return err
				}
				closed := make(chan error, 1)
				go func() { closed <- p.kernel.Close() }()
				if err := errors.Join(p.own.Close(), <-closed); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// TestKernelResets: the kernel resets a connection, which we have to report as such, whatever
// we were doing.
func TestKernelResets(t *testing.T) {
	t.Parallel()
	names, at := eachSide("while we read", "while we write", "behind our FIN")
	together(t, names, func(t *testing.T, i int) {
		side, doing := at(i)
		l := newWire(t, wireOptions{})
		l.within(t, func(ctx context.Context) error {
			p, err := l.connect(ctx, side)
			if err != nil {
				return err
			}
			defer p.own.Close()
			result := make(chan error, 1)
			switch doing {
			case "while we read":
				go func() {
					_, err := p.own.Read(make([]byte, 1))
					result <- err
				}()
			case "while we write":
				go func() {
					_, err := io.Copy(p.own, zeros{}) // until the window and the buffers are full
					result <- err
				}()
				if err := waitFor(ctx, "our window to close", func() bool {
					i := p.own.Info()
					return i.SndSpace == 0 && i.SndWnd == 0
				}); err != nil {
					return err
				}
			case "behind our FIN":
				if err := p.own.CloseWrite(); err != nil {
					return err
				}
				if err := waitFor(ctx, "our FIN to be acknowledged", func() bool { return p.own.Info().State == tcp.FinWait2 }); err != nil {
					return err
				}
				go func() {
					_, err := p.own.Read(make([]byte, 1))
					result <- err
				}()
			}
			p.kernel.SetLinger(0)
			if err := p.kernel.Close(); err != nil {
				return err
			}
			err = <-result
			var op *net.OpError
			if !errors.As(err, &op) || !errors.Is(err, syscall.ECONNRESET) || !errors.Is(err, tcp.ErrReset) {
				return fmt.Errorf("the reset shows as %v", err)
			}
			if _, err := p.own.Write([]byte("late")); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
				return fmt.Errorf("a write behind the reset: %v", err)
			}
			return nil
		})
	})
}

// zeros is a reader without end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// waitFor waits until ok; neither our side nor the kernel's says when its state changes.
func waitFor(ctx context.Context, what string, ok func() bool) error {
	for !ok() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
	return nil
}

// TestKernelIsReset: we close with data unread, and the kernel learns that it is lost.
func TestKernelIsReset(t *testing.T) {
	t.Parallel()
	together(t, sides, func(t *testing.T, i int) {
		l := newWire(t, wireOptions{})
		l.within(t, func(ctx context.Context) error {
			p, err := l.connect(ctx, sides[i])
			if err != nil {
				return err
			}
			defer p.kernel.Close()
			if _, err := p.kernel.Write([]byte("nobody reads this")); err != nil {
				return err
			}
			if err := waitFor(ctx, "the data", func() bool { return p.own.Info().ReadBuffered > 0 }); err != nil {
				return err
			}
			p.own.Close()
			if _, err := p.kernel.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				return fmt.Errorf("RFC 2525, 2.17: a close with data unread is a reset; the kernel sees %v", err)
			}
			return nil
		})
	})
}

// TestKernelRefuses: nobody listens, on either side.
func TestKernelRefuses(t *testing.T) {
	t.Parallel()
	l := newWire(t, wireOptions{})
	l.within(t, func(ctx context.Context) error {
		if _, err := l.dial(ctx, "9"); !errors.Is(err, syscall.ECONNREFUSED) {
			return fmt.Errorf("the kernel's closed port: %v", err)
		}
		if _, err := l.kernelDial(ctx, "9"); !errors.Is(err, syscall.ECONNREFUSED) {
			return fmt.Errorf("our closed port: %v", err)
		}
		return nil
	})
}

// TestKernelServerIsKilled: nginx dies in the middle of a page, and the page's reader learns it.
func TestKernelServerIsKilled(t *testing.T) {
	t.Parallel()
	l := newWire(t, wireOptions{})
	dir, server := l.nginx(t)
	if err := os.WriteFile(filepath.Join(dir, "big"), make([]byte, 64<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	l.within(t, func(ctx context.Context) error {
		tr := &http.Transport{DialContext: l.dialer}
		defer tr.CloseIdleConnections()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+kernelAddr+"/big", nil)
		if err != nil {
			return err
		}
		res, err := tr.RoundTrip(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if _, err := io.CopyN(io.Discard, res.Body, 1<<20); err != nil {
			return err
		}
		server.Kill()
		n, err := io.Copy(io.Discard, res.Body)
		if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
			return fmt.Errorf("the server was killed, and the page ends after %d bytes more with %v", n, err)
		}
		return nil
	})
}

// TestKernelDiesWithoutAWord: the link goes down. Both sides learn it when what they sent is not
// answered in the time they were told, and not before.
func TestKernelDiesWithoutAWord(t *testing.T) {
	t.Parallel()
	const patience = 2 * time.Second
	together(t, sides, func(t *testing.T, i int) {
		l := newWire(t, wireOptions{})
		l.within(t, func(ctx context.Context) error {
			p, err := l.connect(ctx, sides[i])
			if err != nil {
				return err
			}
			defer p.own.Close()
			defer p.kernel.Close()
			if err := userTimeout(p.kernel, patience); err != nil {
				return err
			}
			if err := p.own.SetUserTimeout(patience); err != nil {
				return err
			}
			if err := l.tryRules(cut); err != nil {
				return err
			}
			start := time.Now()
			p.own.Write([]byte("hello?"))
			p.kernel.Write([]byte("hello?"))
			if _, err = p.kernel.Read(make([]byte, 1)); !errors.Is(err, syscall.ETIMEDOUT) {
				return fmt.Errorf("the kernel's side: %v", err)
			}
			_, err = p.own.Read(make([]byte, 1))
			var timeout net.Error
			if !errors.Is(err, tcp.ErrTimeout) || !errors.As(err, &timeout) || !timeout.Timeout() {
				return fmt.Errorf("our side: %v, want %v", err, tcp.ErrTimeout)
			}
			if took := time.Since(start); took < patience-100*time.Millisecond {
				return fmt.Errorf("given up after %v, the user timeout is %v", took, patience)
			}
			return l.tryRules() // whoever still asks is told that the connection is gone
		})
	})
}

// TestKernelVanishesWhileWeConnect: no SYN arrives, and the context's end is the dial's.
func TestKernelVanishesWhileWeConnect(t *testing.T) {
	t.Parallel()
	l := newWire(t, wireOptions{})
	l.within(t, func(ctx context.Context) error {
		if err := l.tryRules(ingress("m0", "ether type ip drop")); err != nil {
			return err
		}
		short, cancel := context.WithTimeout(ctx, 1500*time.Millisecond)
		defer cancel()
		if _, err := l.dial(short, "7"); !errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("without an answer to SYN: %v", err)
		}
		return nil
	})
}

// TestKernelIsNotThere: nobody answers to ARP.
func TestKernelIsNotThere(t *testing.T) {
	t.Parallel()
	l := newWire(t, wireOptions{})
	l.within(t, func(ctx context.Context) error {
		if err := l.tryRules(cut); err != nil {
			return err
		}
		if _, err := l.dial(ctx, "7"); !errors.Is(err, syscall.EHOSTUNREACH) {
			return fmt.Errorf("without an answer to ARP: %v", err)
		}
		return nil
	})
}

// TestKernelComesBack: the link is dead for some timeouts and then lives again: the transfer goes
// on where it was.
func TestKernelComesBack(t *testing.T) {
	t.Parallel()
	names, at := eachSide("we send", "the kernel sends")
	together(t, names, func(t *testing.T, i int) {
		side, sender := at(i)
		l := newWire(t, wireOptions{buffer: 64 << 10})
		data := randomBytes(4<<20, 5)
		l.within(t, func(ctx context.Context) error {
			p, err := l.connect(ctx, side)
			if err != nil {
				return err
			}
			from, to := halfCloser(p.own), halfCloser(p.kernel)
			if sender != "we send" {
				from, to = to, from
			}
			defer from.Close()
			defer to.Close()
			sent := make(chan error, 1)
			go func() { sent <- sendAll(from, data) }()
			var got []byte
			var n atomic.Int64
			received := make(chan error, 1)
			go func() {
				var err error
				got, err = io.ReadAll(io.TeeReader(to, counter{&n}))
				received <- err
			}()
			if err := waitFor(ctx, "the first quarter", func() bool { return n.Load() > 1<<20 }); err != nil {
				return err
			}
			if err := l.tryRules(cut); err != nil {
				return err
			}
			if err := threeTimeouts(ctx, p, sender); err != nil {
				return err
			}
			if err := l.tryRules(); err != nil {
				return err
			}
			return errors.Join(<-received, same("the transfer", got, data), <-sent)
		})
	})
}

// counter counts what is written to it.
type counter struct{ n *atomic.Int64 }

func (c counter) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return len(b), nil
}

// threeTimeouts waits until the sender's timer has run out three times in a row.
func threeTimeouts(ctx context.Context, p pair, sender string) error {
	if sender == "we send" {
		return waitFor(ctx, "our timer to back off", func() bool { return p.own.Info().Timeouts >= 3 })
	}
	return waitFor(ctx, "the kernel's timer to back off", func() bool { return kernelInfo(p.kernel).Backoff >= 3 })
}

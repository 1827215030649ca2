package stack_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack"
	"httptap/stack/stacktest"
)

// TestGridOfHosts carries bytes over every link of the grid between real Hosts: goroutines, locks,
// timers and blocking calls, in a bubble's time. All bytes arrive, in time, and nothing is left.
//
// How fast they do is TestGrid's matter. Here it can't be a golden's: frames that arrive at one
// instant are received in batches, and how many answers the other goroutine sends between two of
// them is up to the scheduler; so frames are a few more or less each time, and then the verdicts
// fall on others. Over 20 runs, links whose losses are not random took the same time to the
// nanosecond in each; the others mostly did with one direction in use, took up to twice as long
// with both at 5 % loss, and five times as long at 20 %.
//
// So a link that is only long has to take what the simulation takes, within three round trips of
// slow start, where an acknowledgment of a batch counts for eight segments (RFC 9406, L).
func TestGridOfHosts(t *testing.T) {
	for _, r := range stack.GridRows(testing.Short()) {
		t.Run(strings.Join(strings.Fields(r.String()), " "), func(t *testing.T) {
			t.Parallel()
			for _, buffer := range stack.GridBuffers {
				synctest.Test(t, func(t *testing.T) { gridOfHosts(t, r, buffer) })
			}
		})
	}
}

func gridOfHosts(t *testing.T, r stack.GridRow, buffer int) {
	a, b := stacktest.Pair(t, stacktest.Options{RTT: r.RTT, Impair: r.Impair(), Buffer: buffer})
	a.SetNeighbor(stacktest.AddrB, b.HardwareAddr())
	b.SetNeighbor(stacktest.AddrA, a.HardwareAddr())
	size, _ := r.Size(buffer)
	data := stack.GridData()
	one, err := carry(t, a, b, data[:size], nil)
	if err != nil {
		t.Errorf("buffer %d, one way: %v", buffer, err)
	}
	both, err := carry(t, a, b, data[:size], data[len(data)-size:])
	if err != nil {
		t.Errorf("buffer %d, both ways: %v", buffer, err)
	}
	if r.Impair().IsZero() {
		m := stack.MeasureGrid(t, r, buffer, size, 1)
		compare := func(what string, hosts, sim time.Duration) {
			if (hosts - sim).Abs() > 3*r.RTT {
				t.Errorf("buffer %d, %s: hosts took %v, the simulation %v", buffer, what, hosts, sim)
			}
		}
		compare("one way", one, m.One)
		compare("both ways", both, m.Both)
	}
	time.Sleep(20 * time.Minute) // longer than TIME-WAIT, and than a last FIN is sent again
	if n := a.Connections() + b.Connections(); n != 0 {
		t.Errorf("buffer %d: %d connections are left", buffer, n)
	}
	if n := a.Stats().WriteErrors + b.Stats().WriteErrors; n != 0 {
		t.Errorf("buffer %d: the device refused %d frames", buffer, n)
	}
}

// carry sends bytes there and back, at once, over a connection of its own. It returns how long
// that took, at most GridLimit.
func carry(t *testing.T, a, b *stack.Host, there, back []byte) (time.Duration, error) {
	begin := time.Now()
	c1, c2 := connect(t, a, b, "80")
	defer c1.Close()
	defer c2.Close()
	done := make(chan error, 4)
	for _, s := range []struct {
		c          net.Conn
		send, want []byte
	}{{c1, there, back}, {c2, back, there}} {
		if err := s.c.SetDeadline(begin.Add(stack.GridLimit)); err != nil {
			return 0, err
		}
		go func() {
			_, err := s.c.Write(s.send)
			if err == nil {
				err = s.c.(*stack.Conn).CloseWrite()
			}
			done <- err
		}()
		go func() {
			got, err := io.ReadAll(s.c)
			if err == nil && !bytes.Equal(got, s.want) {
				err = fmt.Errorf("%d bytes of %d, or not the same", len(got), len(s.want))
			}
			done <- err
		}()
	}
	var failed error
	for range 4 {
		if err := <-done; err != nil && failed == nil {
			failed = err
		}
	}
	return time.Since(begin), failed
}

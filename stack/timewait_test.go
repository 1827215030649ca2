package stack_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack"
	"httptap/stack/stacktest"
	"httptap/stack/tcp"
)

// A pair of ends that met on given ports, of which one closes first.
func closedBy(t *testing.T, a *stack.Host, l net.Listener, clientFirst bool) *stack.Conn {
	t.Helper()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	c, err := a.DialTCP(within(10*time.Second), netip.AddrPortFrom(netip.Addr{}, 50000), netip.AddrPortFrom(stacktest.AddrB, 80))
	if err != nil {
		t.Fatal(err)
	}
	s := <-accepted
	c.Write([]byte("to you"))
	if _, err := io.ReadFull(s, make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	first, second := net.Conn(c), s
	if !clientFirst {
		first, second = s, net.Conn(c)
	}
	first.Close()
	if _, err := second.Read(make([]byte, 1)); err != io.EOF {
		t.Fatal(err)
	}
	second.Close()
	synctest.Wait()
	if st := first.(*stack.Conn).Info().State; st != tcp.TimeWait {
		t.Fatalf("who closed first is in %v", st)
	}
	return first.(*stack.Conn)
}

// RFC 9293, 3.6.1 and RFC 6191: the same two ports meet again while one side is in TIME-WAIT.
func TestTimeWaitIsReused(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{})
		l, err := b.Listen("tcp", ":80")
		if err != nil {
			t.Fatal(err)
		}
		closedBy(t, a, l, false) // the server waits, and takes a SYN that is newer
		time.Sleep(10 * time.Millisecond)
		closedBy(t, a, l, true) // the client waits
		if _, err := a.DialTCP(within(time.Second), netip.AddrPortFrom(netip.Addr{}, 50000), netip.AddrPortFrom(stacktest.AddrB, 80)); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("at once: %v", err)
		}
		time.Sleep(2 * time.Second)
		closedBy(t, a, l, true)
		if n := a.Connections(); n != 1 {
			t.Errorf("%d connections of the client, the old ones are replaced", n)
		}
	})
}

// A server in TIME-WAIT knows a new SYN from the same port by its timestamp: each connection begins
// where the last one between the same ends stopped. Else half of them would be taken for old ones,
// and come through a second later only, with the SYN that follows a RST.
func TestTimestampsGoOnBehindTimeWait(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{})
		l, err := b.Listen("tcp", ":80")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			start := time.Now()
			closedBy(t, a, l, false)
			if d := time.Since(start); d > 100*time.Millisecond {
				t.Errorf("connection %d took %v", i, d)
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestKernelCookies: the kernel answers every SYN with a cookie and remembers nothing of it; what
// was negotiated lies in the sequence number and the timestamp.
func TestKernelCookies(t *testing.T) {
	t.Parallel()
	names := []string{"with timestamps", "without timestamps"}
	together(t, names, func(t *testing.T, i int) {
		l := newWire(t, wireOptions{sysctl: []string{"net.ipv4.tcp_syncookies=2", fmt.Sprintf("net.ipv4.tcp_timestamps=%d", 1-i)}})
		// Nothing is lost into the kernel: when our ACK and the first segment of data are, the second
		// segment shows no valid cookie, and the kernel resets the connection.
		l.lose(t, 0, 50)
		out, in := randomBytes(200_000, 1), randomBytes(200_000, 2)
		l.within(t, func(ctx context.Context) error {
			errs := make(chan error)
			const n = 8
			ln, err := l.kernelListen("7")
			if err != nil {
				return err
			}
			defer ln.Close()
			go func() {
				for {
					c, err := ln.Accept()
					if err != nil {
						return
					}
					go func() {
						defer c.Close()
						errs <- errors.Join(readAll("what we sent", c, out), sendAll(c.(halfCloser), in))
					}()
				}
			}()
			for range n {
				go func() {
					c, err := l.dial(ctx, "7")
					if err == nil {
						defer c.Close()
						err = errors.Join(sendAll(c, out), readAll("what the kernel sent", c, in))
					}
					errs <- err
				}()
			}
			for range 2 * n {
				select {
				case e := <-errs:
					err = errors.Join(err, e)
				case <-ctx.Done():
					return errors.Join(err, errors.New("some are not over"))
				}
			}
			sent := l.netstat("SyncookiesSent")
			if sent < n {
				err = errors.Join(err, fmt.Errorf("the kernel sent %d cookies for %d connections", sent, n))
			}
			return err
		})
	})
}

// netstat returns one of the kernel's counters of TCP.
func (l *wire) netstat(name string) (value int) {
	l.far.inside(func() {
		b, _ := os.ReadFile("/proc/thread-self/net/netstat")
		lines := strings.Split(string(b), "\n")
		for i := 0; i+1 < len(lines); i += 2 {
			names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
			if at := slices.Index(names, name); at > 0 && at < len(values) {
				fmt.Sscan(values[at], &value)
			}
		}
	})
	return value
}

// TestKernelGetsCookies: more SYNs than our listener keeps wait for the answer to an answer that
// is lost. Who connects now gets a cookie, and a connection that is as good as any other.
func TestKernelGetsCookies(t *testing.T) {
	t.Parallel()
	names := []string{"with timestamps", "without timestamps"}
	together(t, names, func(t *testing.T, i int) {
		l := newWire(t, wireOptions{sysctl: []string{fmt.Sprintf("net.ipv4.tcp_timestamps=%d", 1-i)}})
		shell(t, l.far, "ip addr add "+crowdAddr+"/24 dev v0")
		l.rules(t, ingress("m0", "ip daddr "+crowdAddr+" drop"))
		out, in := randomBytes(200_000, 1), randomBytes(200_000, 2)
		l.within(t, func(ctx context.Context) error {
			first, err := l.connect(ctx, "our server") // makes the listener, too
			if err != nil {
				return err
			}
			if err := l.bothWays(first, out, in); err != nil {
				return err
			}
			stop, err := l.crowd(300)
			defer stop()
			if err != nil {
				return err
			}
			if err := waitFor(ctx, "the first cookie", func() bool { return l.Stats().CookiesSent > 0 }); err != nil {
				return err
			}
			p, err := l.connect(ctx, "our server")
			if err != nil {
				return err
			}
			if l.Stats().CookiesAccepted != 1 {
				return fmt.Errorf("a connection without a cookie: %+v", l.Stats())
			}
			if i, k := p.own.Info(), kernelInfo(p.kernel); i.SndMSS != first.own.Info().SndMSS || i.Timestamps != (k.Options&kernelTimestamps != 0) {
				return fmt.Errorf("what the cookie remembers: %+v, the kernel's options are %04b", i, k.Options)
			}
			if err := l.bothWays(p, out, in); err != nil {
				return err
			}
			// The others are told that nobody wants them any more.
			stop()
			return l.tryRules()
		})
	})
}

// crowdAddr is where the kernel connects from and never hears an answer.
const crowdAddr = "10.77.0.3"

// crowd lets the kernel open n connections to our port 7 from there; stop forgets them.
func (l *wire) crowd(n int) (stop func(), err error) {
	var fds []int
	stop = func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
		fds = nil
	}
	l.far.inside(func() {
		for range n {
			var fd int
			if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
				return
			}
			fds = append(fds, fd)
			if err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{10, 77, 0, 3}}); err != nil {
				return
			}
			if err = unix.Connect(fd, &unix.SockaddrInet4{Port: 7, Addr: [4]byte{10, 77, 0, 2}}); err != unix.EINPROGRESS {
				return
			}
			err = nil
		}
	})
	return stop, err
}

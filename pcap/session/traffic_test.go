package session

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack"
	"httptap/stack/link"
	"httptap/stack/stacktest"
)

// A recorder keeps the frames that pass.
type recorder struct {
	name   string
	mu     sync.Mutex
	frames []caught
}

func (r *recorder) show(_ link.Direction, frame []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames = append(r.frames, caught{r.name, time.Now(), bytes.Clone(frame), len(frame)})
}

func (r *recorder) all() []caught {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.frames)
}

// record lets two hosts of our own stack talk over a bad link, and returns what was seen beside the
// first and beside the second.
func record(t *testing.T, name string, bad link.ImpairConfig, buffer int, talk func(t *testing.T, a, b *stack.Host)) (atA, atB []caught) {
	ra, rb := &recorder{name: name + ", at a"}, &recorder{name: name + ", at b"}
	synctest.Test(t, func(t *testing.T) {
		da, db := link.Pipe(link.PipeOptions{Block: true})
		ca, cb := bad, bad
		cb.Seed++
		a := stacktest.Host(t, link.Tee(link.Impair(da, ca), ra.show), stacktest.AddrA, stacktest.Options{Seed: 1, Buffer: buffer})
		b := stacktest.Host(t, link.Tee(link.Impair(db, cb), rb.show), stacktest.AddrB, stacktest.Options{Seed: 1, Buffer: buffer})
		talk(t, a, b)
		time.Sleep(time.Minute) // of the bubble's: what is on its way arrives
	})
	return ra.all(), rb.all()
}

const ms = time.Millisecond

// bulk sends a megabyte to port 9999 and takes it, slowly where wait is not zero.
func bulk(size int, wait time.Duration) func(t *testing.T, a, b *stack.Host) {
	return func(t *testing.T, a, b *stack.Host) {
		l, err := b.Listen("tcp", ":40007")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			c, err := l.Accept()
			if err != nil {
				done <- err
				return
			}
			time.Sleep(wait)
			n, err := io.Copy(io.Discard, c)
			if n != int64(size) && err == nil {
				err = fmt.Errorf("%d bytes came", n)
			}
			c.Close()
			done <- err
		}()
		c := dial(t, a, 40007)
		if _, err := c.Write(make([]byte, size)); err != nil {
			t.Error(err)
		}
		c.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func dial(t *testing.T, a *stack.Host, port uint16) net.Conn {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	c, err := a.DialContext(ctx, "tcp", netip.AddrPortFrom(stacktest.AddrB, port).String())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serve answers what comes on a port piece by piece: parts of pieces are written apart.
func serve(port uint16, questions, answers []string) func(t *testing.T, a, b *stack.Host) {
	return func(t *testing.T, a, b *stack.Host) {
		l, err := b.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			c, err := l.Accept()
			if err != nil {
				done <- err
				return
			}
			for i, q := range questions {
				if _, err := io.ReadFull(c, make([]byte, len(q))); err != nil {
					done <- err
					return
				}
				for _, piece := range pieces(answers[i]) {
					if _, err := io.WriteString(c, piece); err != nil {
						done <- err
						return
					}
					time.Sleep(60 * ms)
				}
			}
			done <- c.Close()
		}()
		c := dial(t, a, port)
		for i, q := range questions {
			for _, piece := range pieces(q) {
				if _, err := io.WriteString(c, piece); err != nil {
					t.Error(err)
				}
				time.Sleep(60 * ms)
			}
			if _, err := io.ReadFull(c, make([]byte, len(answers[i]))); err != nil {
				t.Error(err)
			}
		}
		io.Copy(io.Discard, c)
		c.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// pieces cuts a text at places that depend on its length only.
func pieces(s string) (list []string) {
	for n := 0; len(s) > 0; n++ {
		k := min(len(s), 1+(n*37+len(s)*13)%97)
		list, s = append(list, s[:k]), s[k:]
	}
	return list
}

var httpQuestions = []string{
	"GET /one HTTP/1.1\r\nHost: www.example.com\r\nAccept: */*\r\n\r\n",
	"HEAD /two HTTP/1.1\r\nHost: www.example.com\r\n\r\n",
	"POST /three HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 11\r\n\r\nhello world",
	"GET /four HTTP/1.1\r\nHost: www.example.com\r\n\r\n",
	"GET /five HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n",
}

var httpAnswers = []string{
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 300\r\n\r\n" + string(bytes.Repeat([]byte("0123456789"), 30)),
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 300\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n1e\r\n012345678901234567890123456789\r\n0\r\n\r\n",
	"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n",
	"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end of it all",
}

// dnsOverTCP is a message behind its length: RFC 1035, 4.2.2.
func dnsOverTCP(id uint16, response bool, n int) string {
	b := []byte{byte(id >> 8), byte(id), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'c', 'o', 'm', 0, 0, 16, 0, 1}
	if response {
		b[2], b[3], b[7] = 0x81, 0x80, 1
		b = append(b, 0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, byte((n+1)>>8), byte(n+1), byte(n))
		b = append(b, bytes.Repeat([]byte{'t'}, n)...)
	}
	return string(append([]byte{byte(len(b) >> 8), byte(len(b))}, b...))
}

var dnsQuestions = []string{dnsOverTCP(7, false, 0), dnsOverTCP(8, false, 0)}
var dnsAnswers = []string{dnsOverTCP(7, true, 200), dnsOverTCP(8, true, 100)}

// TestTrafficAgainstWireshark asks about what our own stack makes over bad links, as it is seen
// beside either host.
func TestTrafficAgainstWireshark(t *testing.T) {
	var atA, atB []caught
	add := func(a, b []caught) { atA, atB = append(atA, a...), append(atB, b...) }
	add(record(t, "loss", link.ImpairConfig{Loss: 0.03, Delay: 10 * ms, Seed: 3}, 0, bulk(300<<10, 0)))
	add(record(t, "reordering", link.ImpairConfig{Reorder: 0.05, Duplicate: 0.02, Delay: 10 * ms, Rate: 4 << 20, Seed: 5}, 0, bulk(300<<10, 0)))
	add(record(t, "jitter", link.ImpairConfig{Delay: 20 * ms, Jitter: 15 * ms, Overtake: true, Loss: 0.01, Rate: 2 << 20, Seed: 6}, 0, bulk(200<<10, 0)))
	add(record(t, "a slow reader", link.ImpairConfig{Delay: 5 * ms, Seed: 7}, 16<<10, bulk(100<<10, 20*time.Second)))
	add(record(t, "HTTP", link.ImpairConfig{Delay: 7 * ms, Seed: 8}, 0, serve(80, httpQuestions, httpAnswers)))
	add(record(t, "HTTP with losses", link.ImpairConfig{Delay: 7 * ms, Loss: 0.08, Reorder: 0.05, Seed: 9}, 0, serve(80, httpQuestions, httpAnswers)))
	add(record(t, "DNS", link.ImpairConfig{Delay: 7 * ms, Seed: 10}, 0, serve(53, dnsQuestions, dnsAnswers)))
	add(record(t, "ping", link.ImpairConfig{Delay: 7 * ms, Loss: 0.2, Duplicate: 0.2, Seed: 11}, 0, func(t *testing.T, a, b *stack.Host) {
		for range 20 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			a.Ping(ctx, stacktest.AddrB)
			cancel()
		}
	}))
	t.Run("at a", func(t *testing.T) { compare(t, atA, 10000) })
	t.Run("at b", func(t *testing.T) { compare(t, atB, 10000) })
}

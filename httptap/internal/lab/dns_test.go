package lab

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack"
	"httptap/stack/dns"
)

func (w *world) ask(h *stack.Host, name string, typ uint16) dns.Message {
	w.Helper()
	n, err := dns.ParseName(name)
	if err != nil {
		w.Fatal(err)
	}
	m, err := dns.Parse(w.udp(h, dns.Port, dns.AppendQuery(nil, 7, n, typ, dns.EDNSSize)))
	if err != nil {
		w.Fatal(err)
	}
	return m
}

// udp sends a datagram and returns the answer, nil when there is none for a while.
func (w *world) udp(h *stack.Host, port uint16, msg []byte) []byte {
	w.Helper()
	c, err := h.DialContext(w.ctx, "udp", netip.AddrPortFrom(labAddr, port).String())
	if err != nil {
		w.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(msg); err != nil {
		w.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	buf := make([]byte, 0xffff)
	n, err := c.Read(buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	if err != nil {
		w.Fatal(err)
	}
	return buf[:n]
}

func TestDNSAuthority(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		h := w.client("box")
		for _, c := range []struct {
			name  string
			typ   uint16
			rcode dns.RCode
			want  []string // of the answers; empty: the authority section has the SOA
		}{
			{"www.httptap.test", dns.TypeA, dns.NoError, []string{"192.168.10.1"}},
			{"www.httptap.test", dns.TypeAAAA, dns.NoError, nil},
			{"no.httptap.test", dns.TypeA, dns.NXDomain, nil},
			{"deep.no.httptap.test", dns.TypeA, dns.NXDomain, nil},
			{"httptap.test", dns.TypeNS, dns.NoError, []string{"dns.httptap.test"}},
			{"httptap.test", dns.TypeTXT, dns.NoError, []string{"httptap 1.2"}},
			{"about.httptap.test", dns.TypeTXT, dns.NoError, []string{"httptap 1.2"}},
			{"1.10.168.192.in-addr.arpa", dns.TypePTR, dns.NoError, []string{"www.httptap.test"}},
			{"2.10.168.192.in-addr.arpa", dns.TypePTR, dns.NoError, []string{"box.httptap.test"}},
			{"99.10.168.192.in-addr.arpa", dns.TypePTR, dns.NXDomain, nil},
			{"10.168.192.in-addr.arpa", dns.TypeSOA, dns.NoError, []string{"dns.httptap.test"}},
		} {
			m := w.ask(h, c.name, c.typ)
			if m.RCode() != c.rcode || m.Flags()&dns.FlagAuthoritative == 0 || m.ID() != 7 {
				w.Errorf("%s %s: %v, flags %#x", c.name, dns.TypeName(c.typ), m.RCode(), m.Flags())
			}
			i := 0
			for rr := range m.Records() {
				switch text := rr.Record().String(); {
				case rr.Section == dns.Answers && (i >= len(c.want) || !strings.Contains(text, c.want[i])):
					w.Errorf("%s %s: answer %s", c.name, dns.TypeName(c.typ), text)
				case rr.Section == dns.Answers:
					i++
				case rr.Section == dns.Authorities && rr.Type != dns.TypeSOA:
					w.Errorf("%s: authority %s", c.name, text)
				}
			}
			if i != len(c.want) || len(c.want) == 0 && m.Count(dns.Authorities) != 1 {
				w.Errorf("%s %s: %d answers, %d authorities", c.name, dns.TypeName(c.typ), i, m.Count(dns.Authorities))
			}
		}
	})
}

// answerWith makes a resolver's reply to query with n addresses.
func answerWith(query []byte, n int) []byte {
	m, err := dns.Parse(query)
	if err != nil {
		panic(err)
	}
	q, _ := m.Question()
	var b dns.Builder
	b.Start(nil, 0xffff, m.ID(), dns.FlagResponse|dns.FlagRecursionAvailable, false)
	b.Question(q.Name, q.Type, q.Class)
	for i := range n {
		b.Record(dns.Answers, q.Name, dns.TypeA, dns.ClassIN, 9, []byte{10, 9, byte(i >> 8), byte(i)})
	}
	return b.Finish()
}

func TestDNSForwards(t *testing.T) {
	var asked atomic.Int32
	resolver := func(ctx context.Context, query []byte, stream bool) ([]byte, error) {
		asked.Add(1)
		m, err := dns.Parse(query)
		if err != nil {
			return nil, err
		}
		switch q, _ := m.Question(); q.Name.String() {
		case "many.example.com.", "many.example.com":
			return answerWith(query, 300), nil
		case "silent.example.com.", "silent.example.com":
			<-ctx.Done()
			return nil, ctx.Err()
		case "forged.example.com.", "forged.example.com":
			r := answerWith(query, 1)
			r[0]++
			return r, nil
		case "other.example.com.", "other.example.com":
			n, _ := dns.ParseName("another.example.com")
			return answerWith(dns.AppendQuery(nil, m.ID(), n, dns.TypeA, 0), 1), nil
		case "garbage.example.com.", "garbage.example.com":
			return []byte("garbage"), nil
		}
		return answerWith(query, 2), nil
	}
	inWorld(t, func(c *Config) { c.Resolver = resolver }, func(w *world) {
		h := w.client("box")
		m := w.ask(h, "www.example.com", dns.TypeA)
		if m.RCode() != dns.NoError || m.Count(dns.Answers) != 2 || m.ID() != 7 || m.Flags()&dns.FlagAuthoritative != 0 {
			w.Errorf("a name of others: %v, %d answers, id %d", m.RCode(), m.Count(dns.Answers), m.ID())
		}
		if m := w.ask(h, "many.example.com", dns.TypeA); !m.Truncated() || m.Count(dns.Answers) != 0 || m.Count(dns.Questions) != 1 {
			w.Errorf("too long for UDP: truncated %v, %d answers", m.Truncated(), m.Count(dns.Answers))
		}
		if addrs, err := h.LookupHost(w.ctx, "many.example.com"); err != nil || len(addrs) != 300 {
			w.Errorf("over TCP: %d addresses, %v", len(addrs), err)
		}
		start := time.Now()
		for _, name := range []string{"silent", "forged", "other", "garbage"} {
			if m := w.ask(h, name+".example.com", dns.TypeA); m.RCode() != dns.ServFail || m.Count(dns.Questions) != 1 {
				w.Errorf("%s: %v", name, m.RCode())
			}
		}
		if d := time.Since(start); d != forwardTimeout {
			w.Errorf("the silent one took %v, want %v", d, forwardTimeout)
		}
		before := asked.Load()
		w.ask(h, "no.httptap.test", dns.TypeA)
		w.ask(h, "200.10.168.192.in-addr.arpa", dns.TypePTR)
		if asked.Load() != before {
			w.Error("the lab asks others for its own names")
		}
		if w.ask(h, "1.11.168.192.in-addr.arpa", dns.TypePTR); asked.Load() != before+1 {
			w.Error("the lab does not ask others for their addresses' names")
		}
	})
}

func TestTooManyForwards(t *testing.T) {
	var waiting atomic.Int32
	resolver := func(ctx context.Context, query []byte, stream bool) ([]byte, error) {
		waiting.Add(1)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	inWorld(t, func(c *Config) { c.Resolver = resolver }, func(w *world) {
		h := w.client("box")
		c, err := h.DialContext(w.ctx, "udp", "192.168.10.1:53")
		if err != nil {
			w.Fatal(err)
		}
		defer c.Close()
		n, _ := dns.ParseName("www.example.com")
		for i := range maxForwards + 3 {
			c.Write(dns.AppendQuery(nil, uint16(i), n, dns.TypeA, 0))
		}
		synctest.Wait()
		if n := waiting.Load(); n != maxForwards {
			w.Errorf("%d queries were forwarded at once, the bound is %d", n, maxForwards)
		}
		buf, refused := make([]byte, 512), map[uint16]bool{}
		for range 3 {
			n, err := c.Read(buf)
			m, perr := dns.Parse(buf[:n])
			if err != nil || perr != nil || m.RCode() != dns.ServFail || m.ID() < maxForwards {
				w.Errorf("one too many: %d %v %v %v", m.ID(), m.RCode(), err, perr)
			}
			refused[m.ID()] = true
		}
		if len(refused) != 3 {
			w.Errorf("refused: %v", refused)
		}
		// Close ends what is on its way: the test would not end otherwise.
	})
}

func TestDNSOverTCP(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		h := w.client("box")
		n, _ := dns.ParseName("www.httptap.test")
		q := dns.AppendQuery(nil, 7, n, dns.TypeA, 0)
		framed := append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), q...)
		dial := func() net.Conn {
			c, err := h.DialContext(w.ctx, "tcp", "192.168.10.1:53")
			if err != nil {
				w.Fatal(err)
			}
			return c
		}
		answer := func(c net.Conn) (dns.Message, error) {
			var b [2]byte
			if _, err := io.ReadFull(c, b[:]); err != nil {
				return dns.Message{}, err
			}
			buf := make([]byte, binary.BigEndian.Uint16(b[:]))
			if _, err := io.ReadFull(c, buf); err != nil {
				return dns.Message{}, err
			}
			return dns.Parse(buf)
		}
		c := dial()
		for i := range 3 { // several queries on one connection, in pieces
			if i == 1 {
				c.Write(framed[:1])
				c.Write(framed[1:20])
				c.Write(framed[20:])
			} else {
				c.Write(framed)
			}
			if m, err := answer(c); err != nil || m.Count(dns.Answers) != 1 {
				w.Fatalf("query %d: %v", i, err)
			}
		}
		other, _ := dns.ParseName("www.example.com")
		q2 := dns.AppendQuery(nil, 8, other, dns.TypeA, 0)
		c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(q2))), q2...))
		if m, err := answer(c); err != nil || m.RCode() != dns.ServFail {
			w.Errorf("not forwarded: %v %v", m.RCode(), err)
		}
		start := time.Now()
		if _, err := answer(c); !errors.Is(err, io.EOF) || time.Since(start) != streamIdle {
			w.Errorf("an idle connection ends with %v after %v", err, time.Since(start))
		}
		c.Close()
		for name, bad := range map[string][]byte{
			"half a length":             {0},
			"a length and no query":     {0, 12},
			"a query that is too short": {0, 3, 1, 2, 3},
			"a response":                append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), append([]byte{0, 7, 0x80}, q[3:]...)...),
		} {
			c := dial()
			c.Write(bad)
			if _, err := answer(c); !errors.Is(err, io.EOF) {
				w.Errorf("%s: %v", name, err)
			}
			c.Close()
		}
		// Clients that hold connections: others wait until they have idled out.
		var held []net.Conn
		for range maxStreams {
			held = append(held, dial())
		}
		late := dial()
		late.Write(framed)
		if m, err := answer(late); err != nil || m.Count(dns.Answers) != 1 {
			w.Errorf("after those that idle: %v", err)
		}
		for _, c := range append(held, late) {
			c.Close()
		}
	})
}

package ntp

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"testing"
	"time"
)

var (
	server = netip.MustParseAddr("192.0.2.123")
	epoch  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// query starts a client and returns it with the query that it sent at now.
func query(t *testing.T, cfg ClientConfig, now time.Time) (*Client, Message) {
	t.Helper()
	cfg.Server = server
	c := new(Client)
	c.Start(now, cfg)
	b := bytes.Repeat([]byte{0xa5}, 100)
	n := c.Transmit(now, b)
	m, err := Parse(b[:n])
	if err != nil || n != HeaderLen {
		t.Fatalf("query of %d bytes: %v", n, err)
	}
	return c, m
}

// reply answers q as a good server whose clock is ahead by offset.
func reply(q Message, received, sent time.Time) Header {
	return Header{Version: 4, Mode: ModeServer, Stratum: 2, Precision: -20, RefID: RefID{192, 0, 2, 1},
		RootDelay: ShortOf(10 * time.Millisecond), RootDispersion: ShortOf(5 * time.Millisecond),
		Reference: FromTime(received.Add(-time.Minute)), Origin: q.Transmit(), Receive: FromTime(received), Transmit: FromTime(sent)}
}

func near(a, b, within time.Duration) bool { return (a - b).Abs() <= within }

func TestQueryTellsNothing(t *testing.T) {
	_, m := query(t, ClientConfig{Seed: 1}, epoch)
	if m.Version() != 4 || m.Mode() != ModeClient {
		t.Errorf("version %d, mode %d", m.Version(), m.Mode())
	}
	want := Header{Version: 4, Mode: ModeClient, Transmit: m.Transmit()}.Append(nil)
	if !bytes.Equal(m.b, want) {
		t.Errorf("the query holds more than its name: % x", m.b)
	}
	_, other := query(t, ClientConfig{Seed: 2}, epoch)
	if other.Transmit() == m.Transmit() {
		t.Error("two seeds name their queries alike")
	}
}

func TestSample(t *testing.T) {
	for _, c := range []struct {
		name                      string
		ahead, out, work, back    time.Duration
		wantOffset, wantRoundTrip time.Duration
	}{
		{"equal clocks and paths", 0, 10 * time.Millisecond, time.Millisecond, 10 * time.Millisecond, 0, 20 * time.Millisecond},
		{"the server is ahead", 3 * time.Second, time.Millisecond, 0, time.Millisecond, 3 * time.Second, 2 * time.Millisecond},
		{"the server is years behind", -20 * 365 * 24 * time.Hour, time.Millisecond, 0, time.Millisecond, -20 * 365 * 24 * time.Hour, 2 * time.Millisecond},
		{"the path is slower one way: half of that is the error", 0, 30 * time.Millisecond, 0, 10 * time.Millisecond, 10 * time.Millisecond, 40 * time.Millisecond},
	} {
		q, m := query(t, ClientConfig{}, epoch)
		t2 := epoch.Add(c.out + c.ahead)
		t3 := t2.Add(c.work)
		t4 := epoch.Add(c.out + c.work + c.back)
		if err := q.Receive(t4, reply(m, t2, t3).Append(nil)); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		s, err := q.Result()
		if err != nil || !q.Done() || !q.Deadline().IsZero() {
			t.Errorf("%s: %v, done %v, deadline %v", c.name, err, q.Done(), q.Deadline())
		}
		if !near(s.Offset, c.wantOffset, time.Microsecond) || !near(s.Delay, c.wantRoundTrip, time.Microsecond) {
			t.Errorf("%s: offset %v, delay %v; want %v, %v", c.name, s.Offset, s.Delay, c.wantOffset, c.wantRoundTrip)
		}
		if !near(s.Time.Sub(t4), s.Offset, 0) {
			t.Errorf("%s: the server's time is %v at %v", c.name, s.Time, t4)
		}
		if s.Server != server || s.Stratum != 2 || s.RefID != "192.0.2.1" || s.Leap != 0 {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
}

func TestAnswersRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Header)
		want   error
		ends   bool
	}{
		{"another query's answer is waited out", func(h *Header) { h.Origin++ }, ErrBogus, false},
		{"a zero origin is not ours", func(h *Header) { h.Origin = 0 }, ErrBogus, false},
		{"our own query reflected is not an answer", func(h *Header) { h.Mode, h.Origin, h.Transmit = ModeClient, 0, h.Origin }, ErrBogus, false},
		{"a broadcast is not an answer", func(h *Header) { h.Mode = ModeBroadcast }, ErrBogus, false},
		{"a control message can't be read", func(h *Header) { h.Mode = ModeControl }, ErrMode, false},
		{"a forged kiss-o'-death ends nothing", func(h *Header) { h.Stratum, h.RefID, h.Origin = 0, RefID{'D', 'E', 'N', 'Y'}, 1 }, ErrBogus, false},
		{"RATE says to slow down", func(h *Header) { h.Stratum, h.RefID = 0, RefID{'R', 'A', 'T', 'E'} }, ErrKiss, true},
		{"DENY says to stop, synchronised or not", func(h *Header) { h.Leap, h.Stratum, h.RefID = 3, 0, RefID{'D', 'E', 'N', 'Y'} }, ErrKiss, true},
		{"RSTR says to stop", func(h *Header) { h.Stratum, h.RefID = 0, RefID{'R', 'S', 'T', 'R'} }, ErrKiss, true},
		{"leap 3, stratum 0, INIT: it has not synchronised yet", func(h *Header) { h.Leap, h.Stratum, h.RefID = 3, 0, RefID{'I', 'N', 'I', 'T'} }, ErrUnsynchronized, true},
		{"leap 3 is not synchronised", func(h *Header) { h.Leap = 3 }, ErrUnsynchronized, true},
		{"stratum 16 is not synchronised", func(h *Header) { h.Stratum = 16 }, ErrUnsynchronized, true},
		{"a zero transmit timestamp", func(h *Header) { h.Transmit = 0 }, ErrInsane, true},
		{"a zero receive timestamp", func(h *Header) { h.Receive = 0 }, ErrInsane, true},
		{"sent before it was received", func(h *Header) { h.Transmit = h.Receive - 1 }, ErrInsane, true},
		{"a root distance of 16 s", func(h *Header) { h.RootDelay, h.RootDispersion = ShortOf(16*time.Second), ShortOf(8*time.Second) }, ErrInsane, true},
	} {
		q, m := query(t, ClientConfig{}, epoch)
		h := reply(m, epoch, epoch)
		c.change(&h)
		err := q.Receive(epoch, h.Append(nil))
		if !errors.Is(err, c.want) || q.Done() != c.ends {
			t.Errorf("%s: %v, done %v", c.name, err, q.Done())
		}
		if _, err := q.Result(); c.ends && !errors.Is(err, c.want) {
			t.Errorf("%s: the result is %v", c.name, err)
		}
		if ignored := q.Ignored() == 1; ignored == c.ends {
			t.Errorf("%s: %d ignored", c.name, q.Ignored())
		}
		if !c.ends {
			if err := q.Receive(epoch, reply(m, epoch, epoch).Append(nil)); err != nil {
				t.Errorf("%s: the right answer behind it: %v", c.name, err)
			}
		}
	}
}

func TestTriesAndDeadline(t *testing.T) {
	now, b := epoch, make([]byte, HeaderLen)
	var c Client
	c.Start(now, ClientConfig{Server: server, Tries: 2, Timeout: time.Second})
	var nonces []Timestamp
	for range 2 {
		if !c.Deadline().Equal(now) {
			t.Fatalf("deadline %v, want %v: a query is due", c.Deadline(), now)
		}
		n := c.Transmit(now, b)
		m, err := Parse(b[:n])
		if err != nil {
			t.Fatal(err)
		}
		nonces = append(nonces, m.Transmit())
		if n := c.Transmit(now, b); n != 0 {
			t.Fatal("a second query at once")
		}
		now = now.Add(time.Second)
	}
	late := c // an answer to the first try still counts while the second waits
	var first Message
	first, _ = Parse(Header{Version: 4, Mode: ModeClient, Transmit: nonces[0]}.Append(nil))
	if err := late.Receive(now, reply(first, epoch.Add(time.Second), epoch.Add(time.Second)).Append(nil)); err != nil {
		t.Errorf("a late answer: %v", err)
	}
	if s, _ := late.Result(); !near(s.Delay, 2*time.Second, time.Microsecond) || !near(s.Offset, 0, time.Microsecond) {
		t.Errorf("a late answer is measured from its own query: delay %v, offset %v", s.Delay, s.Offset)
	}
	if n := c.Transmit(now, b); n != 0 || !c.Done() || !c.Deadline().IsZero() {
		t.Errorf("after the last try: %d bytes, done %v", n, c.Done())
	}
	if _, err := c.Result(); !errors.Is(err, ErrTimeout) {
		t.Errorf("after the last try: %v", err)
	}
	if n := c.Transmit(now.Add(time.Hour), b); n != 0 {
		t.Error("a query after the end")
	}
	if err := c.Receive(now, make([]byte, 48)); !errors.Is(err, ErrBogus) {
		t.Errorf("an answer after the end: %v", err)
	}
	c.Start(now, ClientConfig{Server: server})
	if n := c.Transmit(now, b[:47]); n != 0 || !c.Done() {
		t.Error("a short buffer ends the query")
	}
	if _, err := c.Result(); err != io.ErrShortBuffer {
		t.Errorf("a short buffer: %v", err)
	}
}

func TestClientAllocatesNothing(t *testing.T) {
	var c Client
	b, a := make([]byte, HeaderLen), make([]byte, 0, HeaderLen)
	cfg := ClientConfig{Server: server}
	allocs := testing.AllocsPerRun(100, func() {
		c.Start(epoch, cfg)
		n := c.Transmit(epoch, b)
		m, _ := Parse(b[:n])
		h := reply(m, epoch, epoch)
		h.Origin++
		if err := c.Receive(epoch, h.Append(a)); err != ErrBogus {
			t.Fatal(err)
		}
		h.Origin--
		h.Stratum, h.RefID = 1, RefID{} // a name for it would be a string to allocate
		if err := c.Receive(epoch, h.Append(a)); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a query", allocs)
	}
}

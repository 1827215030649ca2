package ntp

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

var clock = ServerConfig{Stratum: 1, Precision: -24, RefID: RefID{'G', 'P', 'S'}, RootDispersion: time.Millisecond, Reference: epoch.Add(-time.Hour)}

func TestClientMeetsServer(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*ServerConfig)
		want   error
	}{
		{"a good clock", func(*ServerConfig) {}, nil},
		{"a leap second is coming", func(s *ServerConfig) { s.Leap = LeapInsert }, nil},
		{"a clock that is not set yet", func(s *ServerConfig) { s.Leap, s.Stratum, s.RefID = LeapUnsynced, 0, RefID{'I', 'N', 'I', 'T'} }, ErrUnsynchronized},
		{"stratum 16", func(s *ServerConfig) { s.Stratum = 16 }, ErrUnsynchronized},
		{"a server that is asked too often", func(s *ServerConfig) { s.Stratum, s.RefID = 0, RefID{'R', 'A', 'T', 'E'} }, ErrKiss},
	} {
		q, m := query(t, ClientConfig{}, epoch)
		cfg := clock
		c.change(&cfg)
		at := epoch.Add(time.Minute)
		b, err := AppendReply(bytes.Repeat([]byte{0xa5}, 5)[:2], m.b, cfg, at, at.Add(time.Millisecond))
		if err != nil || b[0] != 0xa5 {
			t.Fatal(err)
		}
		if err := q.Receive(epoch.Add(3*time.Millisecond), b[2:]); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		s, err := q.Result()
		if !errors.Is(err, c.want) {
			t.Errorf("%s: result %v", c.name, err)
		}
		if c.want != nil {
			continue
		}
		if !near(s.Offset, time.Minute-time.Millisecond, time.Microsecond) || !near(s.Delay, 2*time.Millisecond, time.Microsecond) {
			t.Errorf("%s: offset %v, delay %v", c.name, s.Offset, s.Delay)
		}
		if s.Stratum != 1 || s.RefID != "GPS" || s.Leap != cfg.Leap || !near(s.RootDispersion, time.Millisecond, 20*time.Microsecond) {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
}

func TestAppendReplyCopies(t *testing.T) {
	q := Header{Version: 3, Mode: ModeClient, Poll: 6, Transmit: 0x0123456789abcdef, Stratum: 9}
	b, err := AppendReply(nil, q.Append(nil), ServerConfig{Stratum: 2, Leap: LeapDelete}, epoch, epoch)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if m.Version() != 3 || m.Poll() != 6 || m.Origin() != q.Transmit || m.Mode() != ModeServer || m.Stratum() != 2 || m.Leap() != LeapDelete {
		t.Errorf("% x", b)
	}
	if !m.Reference().IsZero() {
		t.Errorf("a reference time of %v that nobody gave", m.Reference())
	}
}

func TestAppendReplyRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		q    []byte
		want error
	}{
		{"nothing", nil, ErrTruncated},
		{"a cut request", Header{Version: 4, Mode: ModeClient}.Append(nil)[:47], ErrTruncated},
		{"version 0", Header{Version: 0, Mode: ModeClient}.Append(nil), ErrVersion},
		{"version 5", Header{Version: 5, Mode: ModeClient}.Append(nil), ErrVersion},
		{"a reply: two servers must not answer each other", Header{Version: 4, Mode: ModeServer}.Append(nil), ErrMode},
		{"a peer", Header{Version: 4, Mode: ModeSymmetricActive}.Append(nil), ErrMode},
		{"a control message", Header{Version: 4, Mode: ModeControl}.Append(nil), ErrMode},
		{"a private message: the amplifier of CVE-2013-5211", Header{Version: 2, Mode: ModePrivate}.Append(nil), ErrMode},
		{"a crooked extension field", append(Header{Version: 4, Mode: ModeClient}.Append(nil), 1, 2, 3), ErrExtension},
	} {
		b, err := AppendReply([]byte{1}, c.q, clock, epoch, epoch)
		if !errors.Is(err, c.want) || len(b) != 1 {
			t.Errorf("%s: %v, %d bytes", c.name, err, len(b))
		}
	}
}

func TestAppendReplyAllocatesNothing(t *testing.T) {
	q := Header{Version: 4, Mode: ModeClient, Transmit: 1}.Append(nil)
	buf := make([]byte, 0, HeaderLen)
	if n := testing.AllocsPerRun(100, func() { buf, _ = AppendReply(buf[:0], q, clock, epoch, epoch) }); n != 0 {
		t.Errorf("%v allocations a reply", n)
	}
}

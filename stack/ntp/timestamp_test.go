package ntp

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func date(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestTimestampOfDates(t *testing.T) {
	for _, c := range []struct {
		name, date string
		want       Timestamp
	}{
		// The dates of RFC 5905, figure 4.
		{"First day NTP Era 0", "1900-01-01T00:00:00.000000001Z", 0x00000000_00000004},
		{"First day UNIX", "1970-01-01T00:00:00Z", 2208988800 << 32},
		{"First day UTC", "1972-01-01T00:00:00Z", 2272060800 << 32},
		{"Last day 20th Century", "1999-12-31T00:00:00Z", 3155587200 << 32},
		{"Last second of era 0", "2036-02-07T06:28:15.5Z", 0xffffffff_80000000},
		{"First second of era 1", "2036-02-07T06:28:16.5Z", 0x00000000_80000000},
		{"the zero of era 1 is not unknown", "2036-02-07T06:28:16Z", 1},
		{"Last day, year 1 BCE: era -1 wraps", "1899-12-31T23:59:59Z", 0xffffffff_00000000},
	} {
		if got := FromTime(date(c.date)); got != c.want {
			t.Errorf("%s: %#016x, want %#016x", c.name, got, c.want)
		}
	}
}

func TestTimestampEra(t *testing.T) {
	for _, c := range []struct {
		name        string
		ts          Timestamp
		pivot, want string
	}{
		{"this era", 0xe93c7f00_80000000, "2026-01-01T00:00:00Z", "2024-01-01T00:00:00.5Z"},
		{"seen from 2035, a small one is in era 1", 0x00000010_00000000, "2035-12-31T00:00:00Z", "2036-02-07T06:28:32Z"},
		{"seen from 2037, a big one is in era 0", 0xfffffff0_00000000, "2037-01-01T00:00:00Z", "2036-02-07T06:28:00Z"},
		{"seen from a clock that stands at 1970", 0xe93c7f00_00000000, "1970-01-01T00:00:00Z", "2024-01-01T00:00:00Z"},
		{"seen from 2100", 0x77359400_00000000, "2100-01-01T00:00:00Z", "2099-06-24T10:01:36Z"},
		{"a fraction that rounds up to the next second", 0xe93c7f00_ffffffff, "2026-01-01T00:00:00Z", "2024-01-01T00:00:01Z"},
	} {
		if got := c.ts.Time(date(c.pivot)); !got.Equal(date(c.want)) {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// A client and a server whose clocks lie in two eras still agree on the offset.
func TestOffsetAcrossEras(t *testing.T) {
	before, after := date("2036-02-07T06:28:10Z"), date("2036-02-07T06:28:20Z")
	for _, c := range []struct {
		name         string
		ours, theirs time.Time
		want         time.Duration
	}{
		{"the server is in era 1", before, after, 10 * time.Second},
		{"the client is in era 1", after, before, -10 * time.Second},
	} {
		q, m := query(t, ClientConfig{}, c.ours)
		if err := q.Receive(c.ours, reply(m, c.theirs, c.theirs).Append(nil)); err != nil {
			t.Fatal(err)
		}
		if s, _ := q.Result(); s.Offset != c.want {
			t.Errorf("%s: %v, want %v", c.name, s.Offset, c.want)
		}
	}
}

func TestTimestampRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sec := rapid.Int64Range(-to1970, 4*(1<<32)).Draw(t, "sec")
		at := time.Unix(sec, rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
		pivot := at.Add(time.Duration(rapid.Int64Range(-60*365*86400, 60*365*86400).Draw(t, "away")) * time.Second)
		if got := FromTime(at).Time(pivot); !got.Equal(at) {
			t.Fatalf("%v comes back as %v", at, got)
		}
	})
}

// Whatever the clocks and the path, the error of the offset is at most half of the delay, and
// the two ends see opposite offsets. RFC 5905, 8
func TestOffsetProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string, most time.Duration) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(most)).Draw(t, name))
		}
		ahead := span("ahead", 40*365*24*time.Hour) - 20*365*24*time.Hour
		out, work, back := span("out", 4*time.Second), span("work", time.Second), span("back", 4*time.Second)
		measure := func(ahead, out, back time.Duration) Sample {
			var c Client
			c.Start(epoch, ClientConfig{Server: server})
			b := make([]byte, HeaderLen)
			m, _ := Parse(b[:c.Transmit(epoch, b)])
			t2 := epoch.Add(out + ahead)
			if err := c.Receive(epoch.Add(out+work+back), reply(m, t2, t2.Add(work)).Append(nil)); err != nil {
				t.Fatal(err)
			}
			s, _ := c.Result()
			return s
		}
		s := measure(ahead, out, back)
		if !near(s.Offset, ahead, s.Delay/2+2) {
			t.Fatalf("offset %v for %v, delay %v", s.Offset, ahead, s.Delay)
		}
		if !near(s.Delay, out+back, 3) {
			t.Fatalf("delay %v for %v", s.Delay, out+back)
		}
		if r := measure(-ahead, back, out); !near(r.Offset, -s.Offset, 3) {
			t.Fatalf("from the other side the offset is %v, not %v", r.Offset, -s.Offset)
		}
	})
}

func TestShort(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want Short
		back time.Duration
	}{
		{0, 0, 0},
		{-time.Second, 0, 0},
		{1, 1, 15258},
		{time.Second, 1 << 16, time.Second},
		{1500 * time.Millisecond, 3 << 15, 1500 * time.Millisecond},
		{65536 * time.Second, 1<<32 - 1, 65535999984741},
		{1 << 62, 1<<32 - 1, 65535999984741},
		{65536*time.Second - 1, 1<<32 - 1, 65535999984741},
	} {
		if got := ShortOf(c.d); got != c.want || got.Duration() != c.back {
			t.Errorf("%v: %#x, back %v", c.d, got, got.Duration())
		}
	}
}

package link_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"httptap/stack/link"
)

func TestParseImpair(t *testing.T) {
	for _, c := range []struct {
		in   string
		want link.ImpairConfig
		out  string // what String makes of it; "": in
	}{
		{"", link.ImpairConfig{}, ""},
		{"loss=5%,dup=1%,reorder=2%,corrupt=0.1%,truncate=0.1%,delay=20ms,jitter=5ms,overtake,rate=10mbit,queue=64k,qlen=100,mtu=1400,seed=7",
			link.ImpairConfig{Loss: 0.05, Duplicate: 0.01, Reorder: 0.02, Corrupt: 0.001, Truncate: 0.001, Delay: 20 * time.Millisecond,
				Jitter: 5 * time.Millisecond, Overtake: true, Rate: 1_250_000, QueueBytes: 65536, QueueFrames: 100, MTU: 1400, Seed: 7}, ""},
		{" seed=1, loss=100% ", link.ImpairConfig{Loss: 1, Seed: 1}, "loss=100%,seed=1"},
		{"loss=0%", link.ImpairConfig{}, ""},
		{"loss=012.50%", link.ImpairConfig{Loss: 0.125}, "loss=12.5%"},
		{"loss=.001%", link.ImpairConfig{Loss: 0.00001}, "loss=0.001%"},
		{"delay=1500us", link.ImpairConfig{Delay: 1500 * time.Microsecond}, "delay=1.5ms"},
		{"rate=1.5mbit", link.ImpairConfig{Rate: 187_500}, "rate=1500kbit"},
		{"rate=0.008kbit", link.ImpairConfig{Rate: 1}, "rate=8bit"},
		{"rate=1gbit,queue=1m", link.ImpairConfig{Rate: 125e6, QueueBytes: 1 << 20}, ""},
		{"rate=1gbit,queue=1000", link.ImpairConfig{Rate: 125e6, QueueBytes: 1000}, ""},
		{"seed=18446744073709551615", link.ImpairConfig{Seed: math.MaxUint64}, ""},
	} {
		got, err := link.ParseImpair(c.in)
		if err != nil || got != c.want {
			t.Errorf("%q: %+v, %v", c.in, got, err)
		}
		if c.out == "" && c.want != (link.ImpairConfig{}) {
			c.out = c.in
		}
		if s := got.String(); s != c.out {
			t.Errorf("%q became %q, want %q", c.in, s, c.out)
		}
	}
}

func TestParseImpairRefuses(t *testing.T) {
	for _, c := range []struct {
		in   string
		want error
		says string // what the message names
	}{
		{"lose=5%", link.ErrImpairName, `"lose=5%"`},
		{"lose=5%", link.ErrImpairName, "loss, dup, reorder"},
		{"loss=5%,", link.ErrImpairName, `""`},
		{",", link.ErrImpairName, `""`},
		{"Loss=5%", link.ErrImpairName, `"Loss=5%"`},
		{"loss=5%,delay=1s,loss=6%", link.ErrImpairTwice, `"loss=6%"`},
		{"loss", link.ErrImpairValue, "percentage"},
		{"loss=", link.ErrImpairValue, "percentage"},
		{"loss=0.05", link.ErrImpairValue, "percentage"}, // 5 % or 0.05 %? nobody knows
		{"loss=%", link.ErrImpairValue, "percentage"},
		{"loss=-1%", link.ErrImpairValue, "percentage"},
		{"loss=1e1%", link.ErrImpairValue, "percentage"},
		{"loss=NaN%", link.ErrImpairValue, "percentage"},
		{"loss=0x1%", link.ErrImpairValue, "percentage"},
		{"loss=1.%", link.ErrImpairValue, "percentage"},
		{"loss=100.1%", link.ErrImpairValue, "loss=100.1"},
		{"delay=20", link.ErrImpairValue, "20ms"},
		{"delay=-20ms", link.ErrImpairValue, "delay=-20ms"},
		{"delay=2h", link.ErrImpairValue, "an hour"},
		{"jitter=61m", link.ErrImpairValue, "an hour"},
		{"overtake=yes,jitter=1ms", link.ErrImpairValue, "the name alone"},
		{"overtake", link.ErrImpairValue, "jitter"},
		{"rate=10", link.ErrImpairValue, "10mbit"},
		{"rate=7bit", link.ErrImpairValue, "a byte a second"},
		{"rate=-1mbit", link.ErrImpairValue, "10mbit"},
		{"rate=9000gbit", link.ErrImpairValue, "10mbit"},
		{"rate=1e400bit", link.ErrImpairValue, "10mbit"},
		{"queue=64k", link.ErrImpairValue, "rate"},
		{"qlen=5", link.ErrImpairValue, "rate"},
		{"rate=1mbit,queue=64g", link.ErrImpairValue, "64k"},
		{"rate=1mbit,queue=1025m", link.ErrImpairValue, "64k"},
		{"rate=1mbit,queue=99999999999", link.ErrImpairValue, "64k"},
		{"rate=1mbit,qlen=5k", link.ErrImpairValue, "number of frames"},
		{"mtu=0", link.ErrImpairValue, "65535"},
		{"mtu=65536", link.ErrImpairValue, "65535"},
		{"mtu=1k", link.ErrImpairValue, "65535"},
		{"seed=-1", link.ErrImpairValue, "18446744073709551615"},
	} {
		got, err := link.ParseImpair(c.in)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || got != (link.ImpairConfig{}) {
			t.Errorf("%q: %+v, %v; want %v that says %q", c.in, got, err, c.want, c.says)
		}
	}
	for _, c := range []link.ImpairConfig{
		{Corrupt: math.NaN()}, {Truncate: math.Inf(1)}, {Reorder: -0.1}, {Rate: -1}, {Rate: 1, QueueBytes: -1}, {Rate: 1, QueueFrames: -1}, {MTU: -1},
	} {
		if err := c.Check(); !errors.Is(err, link.ErrImpairValue) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// What String writes ParseImpair reads, whatever the configuration.
func TestImpairTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(0, 1)
		d := rapid.Int64Range(0, int64(time.Hour))
		c := link.ImpairConfig{
			Loss: p.Draw(t, "loss"), Duplicate: p.Draw(t, "dup"), Reorder: p.Draw(t, "reorder"), Corrupt: p.Draw(t, "corrupt"), Truncate: p.Draw(t, "truncate"),
			Delay: time.Duration(d.Draw(t, "delay")), Jitter: time.Duration(d.Draw(t, "jitter")),
			Rate: rapid.Int64Range(0, 1<<40).Draw(t, "rate"), MTU: rapid.IntRange(0, 65535).Draw(t, "mtu"), Seed: rapid.Uint64().Draw(t, "seed"),
		}
		c.Overtake = c.Jitter > 0 && rapid.Bool().Draw(t, "overtake")
		if c.Rate > 0 {
			c.QueueBytes, c.QueueFrames = rapid.IntRange(0, 1<<30).Draw(t, "queue"), rapid.IntRange(0, 1<<30).Draw(t, "qlen")
		}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		if again, err := link.ParseImpair(c.String()); err != nil || again != c {
			t.Fatalf("%s: %+v, want %+v: %v", c, again, c, err)
		}
	})
}

// FuzzParseImpair: a text is refused with a reason that has a name, or it is a configuration
// that makes sense and that its own text gives back.
func FuzzParseImpair(f *testing.F) {
	f.Add("loss=5%,delay=20ms,jitter=5ms,dup=1%,reorder=2%,corrupt=0.1%,rate=10mbit,queue=64k,truncate=0.1%,mtu=1400,seed=7")
	f.Add("overtake,jitter=1ns,qlen=1,rate=8bit")
	f.Add("loss=0.00000000000000000000000000000000001%")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := link.ParseImpair(s)
		if err != nil {
			if !errors.Is(err, link.ErrImpairName) && !errors.Is(err, link.ErrImpairTwice) && !errors.Is(err, link.ErrImpairValue) {
				t.Fatalf("%q: %v has no name", s, err)
			}
			return
		}
		if err := c.Check(); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if again, err := link.ParseImpair(c.String()); err != nil || again != c {
			t.Fatalf("%q: %s: %+v, want %+v: %v", s, c, again, c, err)
		}
	})
}

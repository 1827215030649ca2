package link_test

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"httptap/stack/link"
)

// any configuration with values that matter to frames of 14 to 200 bytes.
func drawConfig(t *rapid.T) link.ImpairConfig {
	p := rapid.SampledFrom([]float64{0, 0, 0.1, 0.5, 1})
	d := rapid.SampledFrom([]time.Duration{0, 0, 1, 5 * time.Millisecond, time.Second})
	c := link.ImpairConfig{
		Loss: p.Draw(t, "loss") / 2, Duplicate: p.Draw(t, "dup"), Reorder: p.Draw(t, "reorder"),
		Corrupt: p.Draw(t, "corrupt"), Truncate: p.Draw(t, "truncate"),
		Delay: d.Draw(t, "delay"), Jitter: d.Draw(t, "jitter"),
		Rate: rapid.SampledFrom([]int64{0, 0, 1, 100_000, 1e9}).Draw(t, "rate"),
		MTU:  rapid.SampledFrom([]int{0, 0, 50}).Draw(t, "mtu"), Seed: rapid.Uint64().Draw(t, "seed"),
	}
	c.Overtake = c.Jitter > 0 && rapid.Bool().Draw(t, "overtake")
	if c.Rate > 0 {
		c.QueueBytes = rapid.SampledFrom([]int{0, 1, 300, 5000}).Draw(t, "queue")
		c.QueueFrames = rapid.SampledFrom([]int{0, 1, 3, 100}).Draw(t, "qlen")
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	return c
}

// Whatever the configuration and whenever frames come: each is counted once, as passed, dropped
// or in flight; it comes out when Deadline says, not sooner; and only as a whole, unless it was
// spoilt.
func TestLineCountsEveryFrame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := link.NewLine(drawConfig(t))
		now := time.Unix(1e9, 0)
		var in, out, spoilt uint64
		buf := make([]byte, 300)
		check := func() link.ImpairStats {
			s := l.Stats()
			if s.Frames != in || s.Frames != s.Passed+s.Dropped()+s.InFlight || s.Passed+s.Duplicated != out {
				t.Fatalf("%d in, %d out: %+v", in, out, s)
			}
			return s
		}
		take := func() {
			for {
				d := l.Deadline()
				n := l.Transmit(now, buf)
				if early := d.IsZero() || now.Before(d); early != (n == 0) {
					t.Fatalf("a frame of %d bytes at %v, the deadline was %v", n, now, d)
				}
				if n == 0 {
					return
				}
				out++
				if whole := bytes.Repeat(buf[:1], n); n != int(buf[0]) || !bytes.Equal(buf[:n], whole) {
					spoilt++
				}
				check()
			}
		}
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Millisecond)).Draw(t, "wait")))
			case 1:
				if d := l.Deadline(); !d.IsZero() && d.After(now) {
					now = d
				}
				take()
			case 2:
				if rapid.IntRange(0, 20).Draw(t, "rarely") == 0 {
					l.Set(drawConfig(t))
				}
			default:
				n := rapid.IntRange(link.HeaderLen, 200).Draw(t, "length")
				l.Receive(now, bytes.Repeat([]byte{byte(n)}, n))
				in++
			}
			check()
		}
		for d := l.Deadline(); !d.IsZero(); d = l.Deadline() {
			if d.After(now) {
				now = d
			}
			take()
		}
		s := check()
		if s.InFlight > 1 {
			t.Fatalf("%d frames never come", s.InFlight)
		}
		if most := 2 * (s.Corrupted + s.Truncated); spoilt > most {
			t.Fatalf("%d frames came spoilt, %d at most were to be: %+v", spoilt, most, s)
		}
		l.End()
		if e := check(); e.InFlight != 0 || e.Abandoned != s.InFlight || !l.Deadline().IsZero() || l.Transmit(now.Add(time.Hour), buf) != 0 {
			t.Fatalf("after the end: %+v", e)
		}
	})
}

// The memory of what is on its way is bounded, whatever is sent into a long delay.
func TestLineIsBounded(t *testing.T) {
	for _, size := range []int{60_000, 14} {
		l := link.NewLine(link.ImpairConfig{Delay: time.Hour})
		now, f := time.Unix(1e9, 0), make([]byte, size)
		room := uint64(64 << 20 / (size + 128)) // 128 bytes go with each
		for range room + 1000 {
			l.Receive(now, f)
		}
		s := l.Stats()
		if s.InFlight != room || s.QueueFull != 1000 {
			t.Errorf("%d bytes: %+v", size, s)
		}
		for n := range s.InFlight {
			if l.Transmit(now.Add(time.Hour), f) != len(f) {
				t.Fatalf("frame %d does not come", n)
			}
		}
		l.Receive(now.Add(time.Hour), f)
		if s := l.Stats(); s.InFlight != 1 {
			t.Errorf("there is room again: %+v", s)
		}
	}
}

// A verdict may come from a script.
func TestLinePass(t *testing.T) {
	l := link.NewLine(link.ImpairConfig{})
	now, buf := time.Unix(1e9, 0), make([]byte, 300)
	var got string
	pass := func(s string, v link.Verdict) {
		l.Pass(now, append(make([]byte, 14), s...), v)
		for n := l.Transmit(now, buf); n > 0; n = l.Transmit(now, buf) {
			got += string(buf[14:n]) + " "
		}
	}
	pass("one", link.Verdict{FlipBit: -1})
	pass("held", link.Verdict{Hold: true, Duplicate: true, FlipBit: -1})
	pass("lost", link.Verdict{Drop: true, FlipBit: -1})
	pass("two", link.Verdict{Hold: true, FlipBit: -1}) // one at a time is held
	pass("Cut", link.Verdict{Cut: 15, FlipBit: 14*8 + 2})
	if want := "one two held held c "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLineAllocatesNothing(t *testing.T) {
	l := link.NewLine(link.ImpairConfig{Loss: 0.1, Duplicate: 0.1, Reorder: 0.1, Corrupt: 0.1, Truncate: 0.1,
		Delay: 10 * time.Millisecond, Jitter: 5 * time.Millisecond, Overtake: true, Rate: 100e6, QueueBytes: 1 << 16})
	now, f := time.Unix(1e9, 0), make([]byte, 1514)
	step := func() {
		now = now.Add(10 * time.Microsecond)
		l.Receive(now, f)
		for l.Transmit(now, f[:cap(f)]) > 0 {
		}
	}
	for range 10_000 {
		step()
	}
	if n := testing.AllocsPerRun(10_000, step); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkLine(b *testing.B) {
	l := link.NewLine(link.ImpairConfig{Delay: 50 * time.Millisecond})
	now, f := time.Unix(1e9, 0), make([]byte, 1514)
	b.SetBytes(int64(len(f)))
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(12 * time.Microsecond)
		l.Receive(now, f)
		for l.Transmit(now, f) > 0 {
		}
	}
}

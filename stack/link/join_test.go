package link_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack/link"
)

// Both ways are bad, with verdicts of their own, and closing the near end closes the device.
func TestImpairBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, world := link.Pipe(link.PipeOptions{})
		d := link.ImpairBoth(device, link.ImpairConfig{Loss: 0.5, Delay: 10 * time.Millisecond, Seed: 3})
		if d.Info().HardwareAddr != device.Info().HardwareAddr || d.Info().MTU != device.Info().MTU {
			t.Errorf("it is another device: %+v", d.Info())
		}
		out, in := read(world), read(d)
		for i := range 100 {
			for _, end := range []link.Device{d, world} {
				if _, err := end.WriteFrames([][]byte{numbered(i, 60)}); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		a, b := out.numbers(), in.numbers()
		if len(a) < 30 || len(a) > 70 || len(b) < 30 || len(b) > 70 || slices.Equal(a, b) {
			t.Errorf("%d and %d of 100 arrived", len(a), len(b))
		}
		for _, at := range slices.Concat(out.at, in.at) {
			if at < 10*time.Millisecond {
				t.Errorf("one arrived after %v", at)
			}
		}
		d.Close()
		synctest.Wait()
		if _, err := device.WriteFrames([][]byte{numbered(0, 60)}); err == nil {
			t.Error("the device is still open")
		}
		world.Close()
	})
}

// A frame that one device refuses does not keep the others from going on.
func TestJoinOfUnequalDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, near := link.Pipe(link.PipeOptions{MTU: 1500})
		far, b := link.Pipe(link.PipeOptions{MTU: 1000})
		ended := false
		go func() {
			link.Join(near, far)
			ended = true
		}()
		got := read(b)
		for i, size := range []int{60, 1514, 1014, 1015, 61} {
			a.WriteFrames([][]byte{numbered(i, size)})
		}
		synctest.Wait()
		if n := got.numbers(); !slices.Equal(n, []int{0, 2, 4}) {
			t.Errorf("%v arrived", n)
		}
		far.Close()
		synctest.Wait()
		if !ended {
			t.Error("it goes on though one end is closed")
		}
		b.Close()
	})
}

// What was done is said in words.
func TestFateInWords(t *testing.T) {
	for _, c := range []struct {
		fate link.Fate
		want string
	}{
		{link.Fate{}, ""},
		{link.Fate{Lost: true}, "lost"},
		{link.Fate{TooLong: true}, "lost: longer than the impaired MTU"},
		{link.Fate{QueueFull: true}, "lost: the queue before the impaired link was full"},
		{link.Fate{Flipped: true, Bit: 163, Delay: 20 * time.Millisecond}, "bit 3 of byte 20 turned; delayed by 20ms"},
		{link.Fate{Second: true, Was: 100, Held: true}, "second copy; cut, it was 100 bytes long; held back until another frame had passed"},
	} {
		if got := c.fate.String(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.fate, got, c.want)
		}
	}
}

// The fate that a line tells is what it did.
func TestFateIsTrue(t *testing.T) {
	cfg := link.ImpairConfig{Loss: 0.1, Duplicate: 0.1, Reorder: 0.1, Corrupt: 0.1, Truncate: 0.1, Rate: 1 << 20, QueueFrames: 4, MTU: 120, Seed: 5}
	l, now := link.NewLine(cfg), time.Unix(1, 0)
	var told link.ImpairStats
	count := func(f link.Fate) {
		add := func(yes bool, n *uint64) {
			if yes {
				*n++
			}
		}
		add(f.Lost, &told.Lost)
		add(f.TooLong, &told.TooLong)
		add(f.QueueFull, &told.QueueFull)
		add(f.Second, &told.Duplicated)
		if !f.Second {
			add(f.Held, &told.Reordered)
			add(f.Flipped, &told.Corrupted)
			add(f.Was > 0, &told.Truncated)
		}
	}
	buf := make([]byte, 2000)
	for i := range 20_000 {
		count(l.Receive(now, numbered(i, 60+i%80)))
		if i%5 == 0 {
			now = now.Add(time.Millisecond)
		}
		for n, f := l.TransmitFate(now, buf); n > 0; n, f = l.TransmitFate(now, buf) {
			count(f)
		}
	}
	now = now.Add(time.Hour)
	for n, f := l.TransmitFate(now, buf); n > 0; n, f = l.TransmitFate(now, buf) {
		count(f)
	}
	s := l.Stats()
	if told.Lost != s.Lost || told.TooLong != s.TooLong || told.Duplicated != s.Duplicated || told.QueueFull == 0 || told.QueueFull > s.QueueFull {
		t.Errorf("told %+v, did %+v", told, s)
	}
	if told.Corrupted == 0 || told.Corrupted > s.Corrupted || told.Truncated == 0 || told.Truncated > s.Truncated || told.Reordered == 0 || told.Reordered > s.Reordered {
		t.Errorf("told %+v, did %+v", told, s)
	}
}

package hub

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack/link"
)

// seen records events as text.
func seen(h *Hub) *[]string {
	all := new([]string)
	h.Observe(func(v Event) {
		way := "in"
		if v.Out {
			way = "out"
		}
		*all = append(*all, fmt.Sprintf("%s %s %q %s", v.Port.Name(), way, v.Frame[14:], v.Fate))
	})
	return all
}

func expectEvents(t *testing.T, why string, all *[]string, want ...string) {
	t.Helper()
	if !slices.Equal(*all, want) {
		t.Errorf("%s: the events are\n%q, want\n%q", why, *all, want)
	}
	*all = nil
}

func impairment(t testing.TB, text string) link.ImpairConfig {
	t.Helper()
	cfg, err := link.ParseImpair(text)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// What is lost on the way up reaches nobody, what is lost on the way down not the one port; who
// watches sees both.
func TestImpairedLoss(t *testing.T) {
	h, _ := newHub(t, 0)
	a, b, c := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"}), attach(t, h, PortConfig{Name: "c"})
	events := seen(h)
	lose := impairment(t, "loss=100%")
	if err := a.Impair(lose, link.ImpairConfig{}); err != nil {
		t.Fatal(err)
	}
	a.Send(to(link.Broadcast, mac("a"), "one"))
	expect(t, "lost on the way up", b)
	expect(t, "lost on the way up", c)
	expectEvents(t, "lost on the way up", events, `a in "one" lost`)
	a.Impair(link.ImpairConfig{}, link.ImpairConfig{})
	b.Impair(link.ImpairConfig{}, lose)
	a.Send(to(link.Broadcast, mac("a"), "two"))
	expect(t, "lost on the way down", b)
	expect(t, "lost on b's way only", c, "two")
	expectEvents(t, "lost on the way down", events, `a in "two" `, `b out "two" lost`)
	b.Send(to(link.Broadcast, mac("b"), "three"))
	expect(t, "the other way is good", a, "three")
	s := h.Stats()
	if up, down := s.Ports[0].Up, s.Ports[1].Down; up.Lost != 1 || up.Frames != 1 || down.Lost != 1 || down.Frames != 1 {
		t.Errorf("%+v", s)
	}
	if a.up != nil {
		t.Error("a line that does nothing is still gone through")
	}
}

// What is altered goes on as it is then, and is seen so.
func TestImpairedAlteration(t *testing.T) {
	h, _ := newHub(t, 0)
	a, b := attach(t, h, PortConfig{Name: "a", Up: impairment(t, "dup=100%")}), attach(t, h, PortConfig{Name: "b"})
	events := seen(h)
	a.Send(to(link.Broadcast, mac("a"), "x"))
	expect(t, "doubled on the way up", b, "x", "x")
	expectEvents(t, "doubled on the way up", events, `a in "x" `, `a in "x" second copy`)
	a.Impair(link.ImpairConfig{}, link.ImpairConfig{})
	b.Impair(link.ImpairConfig{}, impairment(t, "reorder=50%,seed=1"))
	for i := range 6 {
		a.Send(to(link.Broadcast, mac("a"), fmt.Sprint(i)))
	}
	order := got(t, b)
	if slices.IsSorted(order) || len(order) < 5 {
		t.Errorf("held back: %q", order)
	}
	held := 0
	for _, e := range *events {
		if e[:5] == "b out" {
			held++
		}
	}
	if s := h.Stats().Ports[1].Down; held == 0 || uint64(held) != s.Reordered {
		t.Errorf("%d held back, %d seen: %q", s.Reordered, held, *events)
	}
	h, _ = newHub(t, 0)
	a = attach(t, h, PortConfig{Name: "a"})
	b = attach(t, h, PortConfig{Name: "b", Down: impairment(t, "truncate=100%,seed=4")})
	events = seen(h)
	a.Send(to(link.Broadcast, mac("a"), "0123456789"))
	expectEvents(t, "cut", events, `a in "0123456789" `, fmt.Sprintf(`b out %q cut, it was 24 bytes long`, got(t, b)[0]))
}

// A frame whose source became a group is nobody's.
func TestImpairedSource(t *testing.T) {
	h, _ := newHub(t, 0)
	a, b := attach(t, h, PortConfig{Name: "a", Up: impairment(t, "corrupt=100%")}), attach(t, h, PortConfig{Name: "b"})
	for range 2000 {
		a.Send(to(mac("b"), mac("a"), ""))
	}
	s := h.Stats().Ports[0]
	if n := uint64(len(got(t, b))); s.Spoilt == 0 || n+s.Spoilt != 2000 || s.Up.Corrupted != 2000 {
		t.Errorf("%d arrived: %+v", n, s)
	}
}

// Delays are kept, each port's and each way's for itself; nobody waits for another.
func TestImpairedDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{MTU: 1500})
		a, b, c := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"}), attach(t, h, PortConfig{Name: "c"})
		a.Impair(impairment(t, "delay=20ms"), impairment(t, "delay=50ms"))
		c.Impair(link.ImpairConfig{}, impairment(t, "delay=5ms"))
		start := time.Now()
		a.Send(to(link.Broadcast, mac("a"), "up"))
		b.Send(to(link.Broadcast, mac("b"), "across"))
		at := map[string]time.Duration{}
		for range 30 {
			for _, p := range []*Port{a, b, c} {
				for _, text := range got(t, p) {
					at[p.Name()+" "+text] = time.Since(start)
				}
			}
			time.Sleep(5 * time.Millisecond)
			synctest.Wait()
		}
		for what, want := range map[string]time.Duration{"b up": 20, "c up": 25, "c across": 5, "a across": 50} {
			if at[what] != want*time.Millisecond {
				t.Errorf("%s after %v, want %v", what, at[what], want*time.Millisecond)
			}
		}
		if len(at) != 4 {
			t.Errorf("%v", at)
		}
	})
}

// The same seed gives the same verdicts, and other ones up and down.
func TestImpairedSeed(t *testing.T) {
	run := func(seed string) (up, down string) {
		h, _ := newHub(t, 0)
		cfg := impairment(t, "loss=30%,corrupt=10%,dup=10%,seed="+seed)
		a := attach(t, h, PortConfig{Name: "a", Up: cfg, Down: cfg})
		b := attach(t, h, PortConfig{Name: "b"})
		h.Observe(func(v Event) {
			switch {
			case v.Out:
				down += v.Fate.String() + "|"
			case v.Port == a:
				up += v.Fate.String() + "|"
			}
		})
		for range 100 {
			a.Send(to(link.Broadcast, mac("a"), "x"))
			b.Send(to(link.Broadcast, mac("b"), "x"))
		}
		return up, down
	}
	up, down := run("7")
	again, downAgain := run("7")
	other, _ := run("8")
	if up != again || down != downAgain {
		t.Error("the same seed gives other verdicts")
	}
	if up == other || up == down {
		t.Error("verdicts do not depend on seed and direction")
	}
}

// A port that goes takes along what was on its way, and says so.
func TestImpairedPortGoes(t *testing.T) {
	h, _ := newHub(t, 0)
	slow := impairment(t, "delay=1h")
	a, b := attach(t, h, PortConfig{Name: "a", Up: slow, Down: slow}), attach(t, h, PortConfig{Name: "b"})
	a.Send(to(link.Broadcast, mac("a"), "x"))
	b.Send(to(link.Broadcast, mac("b"), "x"))
	if s := h.Stats().Ports[0]; s.Up.InFlight != 1 || s.Down.InFlight != 1 {
		t.Errorf("%+v", s)
	}
	a.Close()
	if s := h.Stats().Gone; s.Up.Abandoned != 1 || s.Down.Abandoned != 1 || s.Up.InFlight != 0 {
		t.Errorf("%+v", s)
	}
	if len(h.impaired) != 0 {
		t.Error("the hub still looks after it")
	}
}

// An impairment that makes no sense is refused.
func TestImpairedNonsense(t *testing.T) {
	h, _ := newHub(t, 0)
	bad := link.ImpairConfig{Loss: 2}
	if _, err := h.Attach(PortConfig{Name: "a", Down: bad}); err == nil {
		t.Error("a loss of 200 % at attachment")
	}
	if err := attach(t, h, PortConfig{Name: "a"}).Impair(bad, link.ImpairConfig{}); err == nil {
		t.Error("a loss of 200 %")
	}
}

// Who does not watch any more is told nothing.
func TestObserversCome(t *testing.T) {
	h, _ := newHub(t, 0)
	a := attach(t, h, PortConfig{Name: "a"})
	one, two := 0, 0
	stop := h.Observe(func(Event) { one++ })
	h.Observe(func(Event) { two++ })
	a.Send(to(link.Broadcast, mac("a"), "x"))
	stop()
	stop()
	a.Send(to(link.Broadcast, mac("a"), "x"))
	if one != 1 || two != 2 {
		t.Errorf("told %d and %d times", one, two)
	}
}

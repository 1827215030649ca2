package hub

import (
	"fmt"
	"testing"

	"httptap/stack/link"
)

// Who watches is told where each frame goes: to the port of its station, to all, or nowhere.
func TestEventsSayWhereFramesGo(t *testing.T) {
	h, _ := newHub(t, 0)
	a, b := attach(t, h, PortConfig{Name: "a"}), attach(t, h, PortConfig{Name: "b"})
	var all []string
	h.Observe(func(v Event) {
		where := "all"
		if v.To != nil {
			where = v.To.Name()
		}
		all = append(all, fmt.Sprintf("%s to %s %q", v.Port.Name(), where, v.Frame[14:]))
	})
	a.Send(to(mac("b"), mac("a"), "unknown"))
	b.Send(to(mac("a"), mac("b"), "known"))
	a.Send(to(mac("b"), mac("a"), "known"), to(link.Broadcast, mac("a"), "group"))
	expectEvents(t, "switched", &all, `a to all "unknown"`, `b to a "known"`, `a to b "known"`, `a to all "group"`)
	b.Impair(link.ImpairConfig{}, impairment(t, "loss=100%"))
	a.Send(to(mac("b"), mac("a"), "lost"))
	expectEvents(t, "lost on the way down", &all, `a to b "lost"`, `b to b "lost"`)
}

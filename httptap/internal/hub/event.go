package hub

import (
	"slices"
	"time"

	"httptap/stack/link"
)

// An Event is a frame at a port: one that came in from what is behind the port, or, with Out, one that
// an impairment dropped or altered on its way out to it. A frame that nothing is done to is one event,
// however many ports it goes to.
type Event struct {
	At    time.Time
	Port  *Port
	Out   bool
	To    *Port     // that the frame's station is at, or with Out the same as Port; nil: all, or it goes nowhere
	Frame []byte    // as it goes on; of one that is dropped, as it came
	Fate  link.Fate // what the port's impairment did to it
}

// observer is a pointer so that it can be found again.
type observer struct{ f func(Event) }

// Observe has f called for each event, before anybody receives the frame, until stop is called. f
// runs with the hub's mutex held: it must be quick, must not call the hub, and must not keep the frame.
// When stop returns f is not called any more.
func (h *Hub) Observe(f func(Event)) (stop func()) {
	o := &observer{f}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.observers = append(h.observers, o)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		for i, other := range h.observers {
			if other == o {
				h.observers = slices.Delete(h.observers, i, i+1)
				return
			}
		}
	}
}

func (h *Hub) tell(e Event) {
	for _, o := range h.observers {
		o.f(e)
	}
}

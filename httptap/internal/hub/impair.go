package hub

import (
	"slices"
	"time"

	"httptap/stack/link"
)

// downSeed makes the verdicts of the way down others than those of the way up.
const downSeed = 0x646f776e

// Impair sets what is done to frames from what is behind the port, up, and to those for it, down.
// Frames on their way stay so. It fails as link.ImpairConfig.Check does.
func (p *Port) Impair(up, down link.ImpairConfig) error {
	for _, cfg := range []link.ImpairConfig{up, down} {
		if err := cfg.Check(); err != nil {
			return err
		}
	}
	h := p.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	p.cfg.Up, p.cfg.Down = up, down
	p.setLines()
	return nil
}

// Impairment returns what Impair was told.
func (p *Port) Impairment() (up, down link.ImpairConfig) {
	p.hub.mu.Lock()
	defer p.hub.mu.Unlock()
	return p.cfg.Up, p.cfg.Down
}

// setLines makes the port's lines those of its configuration. A line on which frames are stays
// though there is nothing to do any more. The hub's mutex is held.
func (p *Port) setLines() {
	set := func(line **link.Line, cfg link.ImpairConfig) {
		switch {
		case *line != nil:
			(*line).Set(cfg)
		case !cfg.IsZero():
			*line = link.NewLine(cfg)
		}
	}
	down := p.cfg.Down
	down.Seed ^= downSeed
	set(&p.up, p.cfg.Up)
	set(&p.down, down)
	if (p.up != nil || p.down != nil) && !p.impaired {
		p.impaired = true
		p.hub.impaired = append(p.hub.impaired, p)
	}
}

// endLines drops what is on its way from and to a port that goes.
func (p *Port) endLines() {
	for _, line := range []*link.Line{p.up, p.down} {
		if line != nil {
			line.End()
		}
	}
	for i, q := range p.hub.impaired {
		if q == p {
			p.hub.impaired = slices.Delete(p.hub.impaired, i, i+1)
			break
		}
	}
}

// live returns a line, or nil when it has done its work: its frames then go past it, and its counters
// are added to count.
func live(line **link.Line, cfg link.ImpairConfig, count *link.ImpairStats) *link.Line {
	if l := *line; l != nil && cfg.IsZero() && l.Stats().InFlight == 0 && l.Deadline().IsZero() {
		count.Add(l.Stats())
		*line = nil
	}
	return *line
}

// receiveUp gives a frame from behind p to the line that it comes by.
func (h *Hub) receiveUp(now time.Time, p *Port, b []byte) {
	if fate := p.up.Receive(now, b); fate.Dropped() {
		h.tell(Event{At: now, Port: p, Frame: b, Fate: fate})
	}
	h.arriveUp(now, p)
}

// arriveUp switches what has come to the end of p's line up.
func (h *Hub) arriveUp(now time.Time, p *Port) {
	if h.upBuf == nil {
		h.upBuf = make([]byte, h.cfg.MTU+link.HeaderLen)
	}
	for n, fate := p.up.TransmitFate(now, h.upBuf); n > 0; n, fate = p.up.TransmitFate(now, h.upBuf) {
		h.spread(now, p, h.upBuf[:n], fate)
	}
}

// receiveDown gives a frame for p to the line that it goes by.
func (h *Hub) receiveDown(now time.Time, p *Port, b []byte) {
	if fate := p.down.Receive(now, b); fate.Dropped() {
		h.tell(Event{At: now, Port: p, Out: true, To: p, Frame: b, Fate: fate})
	}
	h.arriveDown(now, p)
}

// arriveDown queues what has come to the end of p's line down.
func (h *Hub) arriveDown(now time.Time, p *Port) {
	if h.downBuf == nil {
		h.downBuf = make([]byte, h.cfg.MTU+link.HeaderLen)
	}
	for n, fate := p.down.TransmitFate(now, h.downBuf); n > 0; n, fate = p.down.TransmitFate(now, h.downBuf) {
		if fate.Altered() {
			h.tell(Event{At: now, Port: p, Out: true, To: p, Frame: h.downBuf[:n], Fate: fate})
		}
		h.queue(p, h.downBuf[:n])
	}
}

// arm has alarm called when the next frame on any line arrives.
func (h *Hub) arm() {
	var next time.Time
	for _, p := range h.impaired {
		for _, line := range []*link.Line{p.up, p.down} {
			if line == nil {
				continue
			}
			if d := line.Deadline(); !d.IsZero() && (next.IsZero() || d.Before(next)) {
				next = d
			}
		}
	}
	if next.IsZero() || !h.wake.IsZero() && !next.Before(h.wake) {
		return
	}
	h.wake = next
	if wait := next.Sub(h.cfg.Now()); h.timer == nil {
		h.timer = time.AfterFunc(wait, h.alarm)
	} else {
		h.timer.Reset(wait)
	}
}

// alarm moves what has come to the end of a line.
func (h *Hub) alarm() {
	var over handover
	h.arrive(&over)
	over.do()
}

func (h *Hub) arrive(over *handover) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wake = time.Time{}
	now := h.cfg.Now()
	for _, p := range h.impaired {
		if p.up != nil {
			h.last = flow{} // it is of one port's frames
			h.arriveUp(now, p)
		}
		if p.down != nil {
			h.arriveDown(now, p)
		}
	}
	h.filled(over)
}

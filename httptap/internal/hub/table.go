package hub

import (
	"time"

	"httptap/stack/link"
)

const (
	// ageing is how long a station is remembered. IEEE 802.1Q, 8.8.3 recommends 300 seconds.
	ageing = 300 * time.Second
	// maxStations bounds the table, so that a flood of addresses can't fill the memory.
	maxStations = 4096
)

type station struct {
	port *Port
	seen time.Time
}

// table remembers at which port a station was seen last.
type table struct {
	stations  map[link.Addr]station
	fullUntil time.Time // while the table is full: until when no station can be old
}

func newTable() table { return table{stations: make(map[link.Addr]station)} }

func (t *table) learn(now time.Time, a link.Addr, p *Port) {
	if _, known := t.stations[a]; !known && len(t.stations) >= maxStations && !t.sweep(now) {
		return // frames to it are flooded: slower, not wrong
	}
	t.stations[a] = station{p, now}
}

// lookup returns the port of a station, nil when it is unknown or was not seen for long.
func (t *table) lookup(now time.Time, a link.Addr) *Port {
	s, ok := t.stations[a]
	if !ok || now.Sub(s.seen) > ageing {
		return nil
	}
	return s.port
}

// sweep removes old stations and tells whether there is room now. It looks at all of them, so
// it does not look again before one can have become old: else a flood of addresses would cost
// everybody the whole table for each frame.
func (t *table) sweep(now time.Time) bool {
	if !now.After(t.fullUntil) {
		return false
	}
	oldest := now
	for a, s := range t.stations {
		if now.Sub(s.seen) > ageing {
			delete(t.stations, a)
		} else if s.seen.Before(oldest) {
			oldest = s.seen
		}
	}
	t.fullUntil = time.Time{}
	if len(t.stations) < maxStations {
		return true
	}
	t.fullUntil = oldest.Add(ageing)
	return false
}

// forget removes the stations behind p.
func (t *table) forget(p *Port) {
	t.fullUntil = time.Time{}
	for a, s := range t.stations {
		if s.port == p {
			delete(t.stations, a)
		}
	}
}

func (t *table) len() int { return len(t.stations) }

package hub

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sort"
	"sync"
	"time"

	"httptap/stack/ethernet"
	"httptap/stack/link"
)

// Errors of Attach and Send.
var (
	ErrShort   = errors.New("hub: a frame needs at least the 14 bytes of its header")
	ErrLong    = errors.New("hub: the frame is longer than the MTU and its header")
	ErrSource  = errors.New("hub: the frame's source address is a group")
	ErrTooMany = errors.New("hub: all ports are taken")
	ErrName    = errors.New("hub: a port of this name exists")
)

// Kind says what is behind a port.
type Kind string

// The kinds of ports.
const (
	Device Kind = "device"
	Lab    Kind = "lab"
	Client Kind = "client"
)

// Config bounds a Hub.
type Config struct {
	MTU      int              // largest payload of a frame in bytes
	MaxPorts int              // 0: 260, for 256 clients
	Queue    int              // frames that a port holds; 0: 2048
	Now      func() time.Time // 0: time.Now
	Log      *slog.Logger     // when a device begins to refuse frames, and when it takes them again; nil: nowhere
}

const (
	// What the frames of a full queue take. A client's is so small that 256 of them may be full; a
	// device's has room for what many clients send at once. Where frames are very long there is
	// room for some of them all the same.
	clientBytes = 768 << 10
	deviceBytes = 4 << 20
	leastFrames = 64
	// share is how many frames a port may send before another one's turn comes.
	share = 64
)

// PortConfig describes a port to attach.
type PortConfig struct {
	Name        string
	Kind        Kind
	Queue       int  // frames; 0: the hub's
	QueueBytes  int  // and bytes, each frame's with 4 for its length; 0: by kind
	Promiscuous bool // gets every frame that it did not send
	Mirror      bool // the same: the device, so that who watches it sees everything
	Prompt      bool // Serve's device takes frames without waiting for long: senders may hand them over

	Up, Down link.ImpairConfig // what is done to frames from what is behind the port, and to those for it
}

// A Hub is a learning switch. Its methods may be called by several goroutines.
type Hub struct {
	cfg Config

	mu        sync.Mutex
	ports     []*Port // in the order of their attachment
	table     table
	observers []*observer
	gone      PortStats // counters of ports that were detached
	filling   []*Port   // whose mutex a send holds, because it has put frames into their queues
	last      flow

	devices []*Port // prompt ones, for which senders wait

	impaired       []*Port // that have lines
	upBuf, downBuf []byte  // frames that come off a line
	timer          *time.Timer
	wake           time.Time // when timer fires; zero: it does not
}

// A flow is where the frame before went. The frames of one send mostly are one flow's: the
// table is asked for the first of them.
type flow struct {
	src, dst       link.Addr
	to             *Port // dst's; nil: unknown
	learned, found bool  // src and dst are those of a frame
}

// New returns a hub without ports.
func New(cfg Config) *Hub {
	if cfg.MaxPorts <= 0 {
		cfg.MaxPorts = 260
	}
	if cfg.Queue <= 0 {
		cfg.Queue = 2048
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{cfg: cfg, table: newTable()}
}

// MTU returns the largest payload of a frame in bytes.
func (h *Hub) MTU() int { return h.cfg.MTU }

// Attach adds a port. It fails with ErrTooMany, ErrName, or as link.ImpairConfig.Check does.
func (h *Hub) Attach(cfg PortConfig) (*Port, error) {
	if cfg.Queue <= 0 {
		cfg.Queue = h.cfg.Queue
	}
	longest := lengthLen + link.HeaderLen + h.cfg.MTU
	if cfg.QueueBytes <= 0 {
		if cfg.QueueBytes = clientBytes; cfg.Kind == Device {
			cfg.QueueBytes = deviceBytes
		}
		cfg.QueueBytes = max(cfg.QueueBytes, leastFrames*longest)
	}
	cfg.QueueBytes = max(cfg.QueueBytes, longest)
	for _, impair := range []link.ImpairConfig{cfg.Up, cfg.Down} {
		if err := impair.Check(); err != nil {
			return nil, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ports) >= h.cfg.MaxPorts {
		return nil, fmt.Errorf("%w: %d", ErrTooMany, len(h.ports))
	}
	for _, p := range h.ports {
		if p.cfg.Name == cfg.Name {
			return nil, fmt.Errorf("%w: %q", ErrName, cfg.Name)
		}
	}
	p := newPort(h, cfg)
	p.setLines()
	h.ports = append(h.ports, p)
	return p, nil
}

// detach takes p out: what is still queued is dropped and counted.
func (h *Hub) detach(p *Port) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, q := range h.ports {
		if q == p {
			h.ports = slices.Delete(h.ports, i, i+1)
			h.table.forget(p)
			p.detached = true
			h.devices = slices.DeleteFunc(h.devices, func(d *Port) bool { return d == p })
			p.endLines()
			s := p.stats()
			s.DroppedGone += uint64(s.Queued)
			s.Queued = 0
			h.gone.add(s)
			p.mu.Lock()
			p.queue = ring{}
			p.mu.Unlock()
			return
		}
	}
}

// send hands the frames of port from to those they are for. It returns how many were taken and
// why the next one was not.
func (h *Hub) send(from *Port, frames [][]byte) (done int, err error) {
	for err == nil && done < len(frames) {
		var n int
		n, err = h.sendShare(from, frames[done:min(done+share, len(frames))])
		done += n
	}
	return done, err
}

func (h *Hub) sendShare(from *Port, frames [][]byte) (int, error) {
	for {
		var over handover
		n, full, err := h.forwardAll(from, frames, &over)
		if full.Port == nil {
			over.do()
			return n, err
		}
		full.help()
	}
}

// forwardAll switches frames, or none of them when a device is full.
func (h *Hub) forwardAll(from *Port, frames [][]byte, over *handover) (n int, full prompter, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if from.detached {
		return 0, full, net.ErrClosed
	}
	for _, p := range h.devices {
		if p != from && p.full() {
			return 0, p.prompter(), nil
		}
	}
	now := h.cfg.Now()
	h.last = flow{}
	defer h.filled(over)
	for i, f := range frames {
		if err := h.forward(now, from, f); err != nil {
			return i, full, err
		}
	}
	return len(frames), full, nil
}

// filled ends a send: the readers of all queues that it has filled are told, each one once, but for
// those that are left to over.
func (h *Hub) filled(over *handover) {
	if len(h.impaired) > 0 {
		h.arm()
	}
	for _, p := range h.filling {
		p.filling = false
		if !over.add(p) {
			p.signal()
		}
		p.mu.Unlock()
	}
	clear(h.filling) // so that a port that goes is let go
	h.filling = h.filling[:0]
}

func (h *Hub) forward(now time.Time, from *Port, b []byte) error {
	f, err := ethernet.Parse(b)
	switch {
	case err != nil:
		from.in.RefusedShort++
		return fmt.Errorf("%w, not %d", ErrShort, len(b))
	case len(b) > h.cfg.MTU+link.HeaderLen:
		from.in.RefusedLong++
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrLong, len(b), h.cfg.MTU+link.HeaderLen)
	case f.Src().IsMulticast():
		from.in.RefusedSource++
		return ErrSource
	}
	from.in.FramesIn++
	from.in.BytesIn += uint64(len(b))
	if live(&from.up, from.cfg.Up, &from.in.Up) != nil {
		h.receiveUp(now, from, b)
	} else {
		h.spread(now, from, b, link.Fate{})
	}
	return nil
}

// spread hands a frame of port from to those it is for.
func (h *Hub) spread(now time.Time, from *Port, b []byte, fate link.Fate) {
	f, err := ethernet.Parse(b)
	if err != nil || f.Src().IsMulticast() {
		h.tell(Event{At: now, Port: from, Frame: b, Fate: fate})
		from.in.Spoilt++ // a bit of its source was turned
		return
	}
	src, dst, last := f.Src(), f.Dst(), &h.last
	if !from.cfg.Promiscuous && !(last.learned && src == last.src) {
		// A promiscuous client uses the device's own address: learning it there would take
		// the kernel's frames away from it.
		h.table.learn(now, src, from)
		last.src, last.learned = src, true
		last.found = false // it may be this station that was looked for
	}
	var to *Port
	if !dst.IsMulticast() {
		if !last.found || dst != last.dst {
			last.dst, last.to, last.found = dst, h.table.lookup(now, dst), true
		}
		to = last.to
	}
	h.tell(Event{At: now, Port: from, To: to, Frame: b, Fate: fate})
	copies := 0
	for _, p := range h.ports {
		if p != from && (to == nil || to == p || p.cfg.Promiscuous || p.cfg.Mirror) {
			if live(&p.down, p.cfg.Down, &p.in.Down) != nil {
				h.receiveDown(now, p, b)
			} else {
				h.queue(p, b)
			}
			copies++
		}
	}
	if copies == 0 {
		from.in.Nobody++
	}
}

// queue puts a copy of a frame into p's queue.
func (h *Hub) queue(p *Port, b []byte) {
	if !p.filling {
		p.mu.Lock() // until the send is over
		p.filling = true
		h.filling = append(h.filling, p)
	}
	p.push(b)
}

// Stats returns the counters of every port, by name, and those of ports that are gone.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Stats{Gone: h.gone, Stations: h.table.len()}
	for _, p := range h.ports {
		s.Ports = append(s.Ports, p.stats())
	}
	sort.Slice(s.Ports, func(i, j int) bool { return s.Ports[i].Name < s.Ports[j].Name })
	return s
}

// Stats are the counters of a hub.
type Stats struct {
	Ports    []PortStats `json:"ports"`
	Gone     PortStats   `json:"gone"`     // of ports that were detached, added up
	Stations int         `json:"stations"` // hardware addresses in the table
}

// PortStats are the counters of a port: "in" is what it sent into the hub, "out" what came out
// of the hub for it.
type PortStats struct {
	Name string `json:"name,omitempty"`
	Kind Kind   `json:"kind,omitempty"`

	FramesIn      uint64 `json:"framesIn"`
	BytesIn       uint64 `json:"bytesIn"`
	RefusedShort  uint64 `json:"refusedShort"`
	RefusedLong   uint64 `json:"refusedLong"`
	RefusedSource uint64 `json:"refusedSource"`
	Nobody        uint64 `json:"nobody"` // no other port was there, or the station is at this one
	Spoilt        uint64 `json:"spoilt"` // the impairment made the source a group

	// What the impairments did: frames from what is behind the port, and for it.
	Up   link.ImpairStats `json:"up,omitzero"`
	Down link.ImpairStats `json:"down,omitzero"`

	QueuedTotal uint64 `json:"queuedTotal"` // copies put into the queue: the sum of the five below
	FramesOut   uint64 `json:"framesOut"`
	DroppedFull uint64 `json:"droppedFull"` // the oldest, when the queue was full
	DroppedLong uint64 `json:"droppedLong"` // longer than the reader's buffer
	DroppedGone uint64 `json:"droppedGone"` // still queued when the port was detached, or its reader vanished
	Queued      int    `json:"queued"`

	BytesOut    uint64 `json:"bytesOut"`
	WriteErrors uint64 `json:"writeErrors"` // frames read for a device that refused them

	// Frames that were read and given back by Unread: FramesOut and BytesOut do not have them any more.
	Returned      uint64 `json:"returned"`
	ReturnedBytes uint64 `json:"returnedBytes"`
}

func (s *PortStats) add(o PortStats) {
	s.FramesIn += o.FramesIn
	s.BytesIn += o.BytesIn
	s.RefusedShort += o.RefusedShort
	s.RefusedLong += o.RefusedLong
	s.RefusedSource += o.RefusedSource
	s.Nobody += o.Nobody
	s.Spoilt += o.Spoilt
	s.Up.Add(o.Up)
	s.Down.Add(o.Down)
	s.QueuedTotal += o.QueuedTotal
	s.FramesOut += o.FramesOut
	s.DroppedFull += o.DroppedFull
	s.DroppedLong += o.DroppedLong
	s.DroppedGone += o.DroppedGone
	s.BytesOut += o.BytesOut
	s.WriteErrors += o.WriteErrors
	s.Returned += o.Returned
	s.ReturnedBytes += o.ReturnedBytes
}

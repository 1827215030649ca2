package arp

import (
	"math/rand/v2"
	"time"

	"httptap/stack/link"
)

// Times of an entry's life.
const (
	// RFC 1122, 2.3.2.1: "The recommended maximum rate is 1 per second per destination."
	retryInterval = time.Second
	maxRequests   = 3
	// RFC 1122, 2.3.2.1: "the timeout should be on the order of a minute".
	lifetime = time.Minute
	// holdDown is how long a neighbour that did not answer is not asked again.
	holdDown = time.Second
)

// State is what the cache knows of a neighbour.
type State uint8

// The states that Lookup returns.
const (
	Pending   State = iota + 1 // asked, no answer yet
	Reachable                  // the hardware address is known
	Failed                     // asked in vain
)

// String returns the state's name.
func (s State) String() string {
	switch s {
	case Pending:
		return "pending"
	case Reachable:
		return "reachable"
	case Failed:
		return "failed"
	}
	return "none"
}

// Config says whose cache it is.
type Config struct {
	HardwareAddr link.Addr
	MaxEntries   int // 0: 256
	Seed         uint64
}

// An entry is one neighbour. It is on the list of recently used ones, and while it waits for
// an answer on the list of those asked.
type entry struct {
	ip       [4]byte
	hw       link.Addr
	state    State
	static   bool
	requests int       // sent since the last confirmation
	next     time.Time // when the next request is due, or the hold-down ends; zero: never
	expires  time.Time // when a reachable entry has to be confirmed
	newer    *entry    // used more recently
	older    *entry
	asked    *entry // next on the list of those asked
	waiting  bool   // on that list
}

// A Cache is the ARP machine of one interface: it answers for the interface's address, learns
// and asks for those of neighbours. See the package comment for its states.
type Cache struct {
	hw      link.Addr
	ip      [4]byte
	max     int
	rand    *rand.Rand
	entries map[[4]byte]*entry
	newest  *entry
	oldest  *entry
	asked   *entry // waits for an answer, in no order
	nextAsk time.Time
	free    *entry
	gen     uint32
	replies [16]reply // ring of answers to send
	first   int
	queued  int
	probe   probe
	// Dropped counts answers that were not sent because too many were queued.
	Dropped uint64
}

// A reply is an answer that waits to be sent.
type reply struct {
	hw link.Addr
	ip [4]byte
}

// Reset makes c an empty cache without an address.
func (c *Cache) Reset(cfg Config) {
	if cfg.MaxEntries <= 0 {
		cfg.MaxEntries = 256
	}
	*c = Cache{hw: cfg.HardwareAddr, max: cfg.MaxEntries, entries: make(map[[4]byte]*entry, cfg.MaxEntries),
		rand: rand.New(rand.NewPCG(cfg.Seed, 0x617270))}
}

// SetAddr sets the address that is answered for and defended; zero is none. Entries stay, a
// probe in progress ends and a conflict is forgotten.
func (c *Cache) SetAddr(ip [4]byte) {
	if ip != c.ip {
		c.first, c.queued = 0, 0 // those answers were about another address
	}
	c.ip = ip
	c.probe = probe{}
}

// Generation returns a number that changes whenever an entry became Reachable or Failed, so
// that packets that wait for one can be tried again.
func (c *Cache) Generation() uint32 { return c.gen }

// Lookup returns the hardware address of ip when it is known. An unknown ip is asked for by
// the next Transmit.
func (c *Cache) Lookup(now time.Time, ip [4]byte) (link.Addr, State) {
	e := c.entries[ip]
	if e == nil {
		e = c.add(ip)
		e.state = Pending
		c.ask(now, e)
		return link.Addr{}, Pending
	}
	c.use(e)
	switch {
	case e.static:
	case e.state == Reachable:
		if !now.Before(e.expires) && !e.waiting {
			c.ask(now, e) // by unicast, while it is still used
		}
	case e.state == Failed && !now.Before(e.next):
		e.state = Pending
		c.ask(now, e)
	}
	return e.hw, e.state
}

// Set adds a static entry: it never expires and no packet overwrites it.
func (c *Cache) Set(ip [4]byte, hw link.Addr) {
	e := c.entries[ip]
	if e == nil {
		e = c.add(ip)
	}
	c.unask(e)
	e.hw, e.static, e.state = hw, true, Reachable
	c.gen++
}

// Forget removes what is known of ip, unless it is static.
func (c *Cache) Forget(ip [4]byte) {
	if e := c.entries[ip]; e != nil && !e.static {
		c.remove(e)
	}
}

// Len returns the number of entries.
func (c *Cache) Len() int { return len(c.entries) }

// Transmit writes the next packet that is due into dst, whose length must be PacketLen at
// least, and returns its length and the hardware address that it goes to. 0 means that nothing
// is due.
func (c *Cache) Transmit(now time.Time, dst []byte) (int, link.Addr) {
	if c.queued > 0 {
		r := c.replies[c.first]
		c.first = (c.first + 1) % len(c.replies)
		c.queued--
		return c.put(dst, OpReply, c.ip, r.hw, r.ip), r.hw
	}
	if n := c.transmitProbe(now, dst); n > 0 {
		return n, link.Broadcast
	}
	return c.transmitRequest(now, dst)
}

func (c *Cache) put(dst []byte, op uint16, spa [4]byte, tha link.Addr, tpa [4]byte) int {
	_ = dst[PacketLen-1]
	return len(Append(dst[:0], op, c.hw, spa, tha, tpa))
}

// transmitRequest sends the next request that is due, and gives up those asked in vain.
func (c *Cache) transmitRequest(now time.Time, dst []byte) (int, link.Addr) {
	if c.asked == nil || now.Before(c.nextAsk) {
		return 0, link.Addr{}
	}
	c.nextAsk = time.Time{}
	var due *entry
	for e, at := c.asked, &c.asked; e != nil; e = *at {
		switch {
		case due != nil || now.Before(e.next):
			c.nextAsk = sooner(c.nextAsk, e.next)
		case e.requests >= maxRequests:
			e.state, e.hw, e.next = Failed, link.Addr{}, now.Add(holdDown)
			e.waiting = false
			*at = e.asked
			e.asked = nil
			c.gen++
			continue
		default:
			due = e
			e.requests++
			e.next = now.Add(retryInterval)
			c.nextAsk = sooner(c.nextAsk, e.next)
		}
		at = &e.asked
	}
	if due == nil {
		return 0, link.Addr{}
	}
	to := link.Broadcast
	if due.state == Reachable && due.requests < maxRequests {
		// RFC 1122, 2.3.2.1 (2): "Unicast Poll -- Actively poll the remote host by
		// periodically sending a point-to-point ARP Request to it"; the last one is for all.
		to = due.hw
	}
	spa := c.ip
	if c.probe.state == ProbeTentative {
		spa = [4]byte{} // RFC 5227, 2.1: so that no cache learns an address that may be another's
	}
	return c.put(dst, OpRequest, spa, link.Addr{}, due.ip), to
}

// Deadline returns when Transmit wants to be called next; zero: not before something happens.
func (c *Cache) Deadline() time.Time {
	d := c.probe.next
	if c.asked != nil {
		d = sooner(d, c.nextAsk)
	}
	return d
}

// sooner returns the earlier of two times of which the zero time is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// add makes an entry, in place of the one unused for longest when the table is full.
func (c *Cache) add(ip [4]byte) *entry {
	if len(c.entries) >= c.max {
		victim := c.oldest
		for victim != nil && victim.static {
			victim = victim.newer
		}
		if victim != nil {
			c.remove(victim)
		}
	}
	e := c.free
	if e == nil {
		e = new(entry)
	} else {
		c.free = e.older
	}
	*e = entry{ip: ip, older: c.newest}
	if c.newest != nil {
		c.newest.newer = e
	} else {
		c.oldest = e
	}
	c.newest = e
	c.entries[ip] = e
	return e
}

func (c *Cache) remove(e *entry) {
	c.unask(e)
	c.unlink(e)
	delete(c.entries, e.ip)
	*e = entry{older: c.free}
	c.free = e
	c.gen++ // whoever waits for it has to ask again
}

// use makes e the most recently used entry.
func (c *Cache) use(e *entry) {
	if c.newest == e {
		return
	}
	c.unlink(e)
	e.older, e.newer = c.newest, nil
	c.newest.newer = e // there is one: e was not alone
	c.newest = e
}

func (c *Cache) unlink(e *entry) {
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		c.newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		c.oldest = e.newer
	}
}

// ask puts e on the list of those asked; its first request is due now.
func (c *Cache) ask(now time.Time, e *entry) {
	e.requests, e.next = 0, now
	c.nextAsk = now
	if !e.waiting {
		e.waiting, e.asked = true, c.asked
		c.asked = e
	}
}

// unask takes e off that list.
func (c *Cache) unask(e *entry) {
	if !e.waiting {
		return
	}
	for p := &c.asked; *p != nil; p = &(*p).asked {
		if *p == e {
			*p = e.asked
			break
		}
	}
	e.asked, e.waiting = nil, false
}

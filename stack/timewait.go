package stack

import "time"

// maxTimeWait bounds the connections in TIME-WAIT: each peer that lets us close first leaves one
// for a minute, and how many do is up to them. Beyond the bound the oldest ends early.
const maxTimeWait = 16384

// timeWaits are the connections in TIME-WAIT in the order in which they got there, linked through
// the Conns: one that ends before those that are older leaves nothing behind.
type timeWaits struct {
	oldest, newest *Conn
	n              int
}

// addTimeWait notes that c is in TIME-WAIT, and ends the oldest when there are too many.
func (e *engine) addTimeWait(now time.Time, c *Conn) {
	w := &e.timeWaits
	if c.waiting {
		return
	}
	c.waiting = true
	if c.older = w.newest; c.older == nil {
		w.oldest = c
	} else {
		c.older.newer = c
	}
	w.newest = c
	if w.n++; w.n > maxTimeWait {
		e.stats.TimeWaitsCut++
		e.cutTimeWait(now, w.oldest)
	}
}

// cutTimeWait ends c's TIME-WAIT early. It does not say a word any more, and what waits to be read
// stays.
func (e *engine) cutTimeWait(now time.Time, c *Conn) {
	c.tcb.Fail(nil)
	e.settle(now, c)
}

// endTimeWait notes that c has ended.
func (e *engine) endTimeWait(c *Conn) {
	w := &e.timeWaits
	if !c.waiting {
		return
	}
	if c.older == nil {
		w.oldest = c.newer
	} else {
		c.older.newer = c.newer
	}
	if c.newer == nil {
		w.newest = c.older
	} else {
		c.newer.older = c.older
	}
	c.older, c.newer, c.waiting = nil, nil, false
	w.n--
}

package stack

import "time"

// maxTimeWait bounds the connections in TIME-WAIT: each peer that lets us close first leaves one
// for a minute, and how many do is up to them. Beyond the bound the oldest ends early.
const maxTimeWait = 16384

// timeWaits are the connections in TIME-WAIT in the order in which they got there.
type timeWaits struct {
	queue []*Conn // may hold some that have ended
	n     int     // that have not
}

// addTimeWait notes that c is in TIME-WAIT, and ends the oldest when there are too many.
func (e *engine) addTimeWait(now time.Time, c *Conn) {
	w := &e.timeWaits
	if c.waiting {
		return
	}
	c.waiting = true
	w.queue = append(w.queue, c)
	if w.n++; w.n > maxTimeWait {
		oldest := w.queue[0] // alive: those that have ended are taken off the front
		oldest.tcb.Fail(nil)
		e.stats.TimeWaitsCut++
		e.settle(now, oldest)
	}
}

// endTimeWait notes that c has ended.
func (e *engine) endTimeWait(c *Conn) {
	w := &e.timeWaits
	if !c.waiting {
		return
	}
	c.waiting = false
	w.n--
	for len(w.queue) > 0 && !w.queue[0].waiting {
		w.queue[0] = nil
		w.queue = w.queue[1:]
	}
}

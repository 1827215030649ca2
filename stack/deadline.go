package stack

import (
	"os"
	"sync"
	"time"
)

// A waiter is one direction of a connection that a caller can block on: a condition of the
// host's mutex, with a deadline.
type waiter struct {
	cond    sync.Cond
	timer   *time.Timer
	setting int // counts set calls: a timer of an earlier one has nothing to say
	expired bool
}

// set makes waits fail from t on; the zero time means never. The host's mutex is held.
func (w *waiter) set(t time.Time) {
	w.setting++
	w.expired = false
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
	if !t.IsZero() {
		if d := time.Until(t); d <= 0 {
			w.expired = true
		} else {
			mine := w.setting
			w.timer = time.AfterFunc(d, func() {
				w.cond.L.Lock()
				if w.setting == mine {
					w.expired = true
					w.cond.Broadcast()
				}
				w.cond.L.Unlock()
			})
		}
	}
	w.cond.Broadcast()
}

// stop ends the timer; the waiter can still be waited on.
func (w *waiter) stop() {
	w.setting++
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
}

// err returns os.ErrDeadlineExceeded once the deadline has passed.
func (w *waiter) err() error {
	if w.expired {
		return os.ErrDeadlineExceeded
	}
	return nil
}

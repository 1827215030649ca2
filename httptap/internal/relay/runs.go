package relay

import (
	"context"
	"errors"
	"maps"
	"sync"
)

// An ending is why a run can end, and its name in /stats.
type ending struct {
	err  error
	name string
}

// runs are the answers of one kind that go on for as long as the client likes: streams, or captures. They
// are counted, and end with the relay.
type runs struct {
	ctx    context.Context // ends with the relay
	cancel context.CancelCauseFunc
	all    sync.WaitGroup

	endings []ending

	mu     sync.Mutex
	closed bool
	count  runStats
}

// runStats count runs: Opened = Open + the sum of Ended.
type runStats struct {
	Open   int               `json:"open"`
	Opened uint64            `json:"opened"`
	Ended  map[string]uint64 `json:"ended"` // by reason
}

func newRuns(endings []ending) *runs {
	r := &runs{endings: endings, count: runStats{Ended: make(map[string]uint64)}}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	for _, e := range endings {
		r.count.Ended[e.name] = 0
	}
	return r
}

// enter counts one more run, unless the relay has ended or may, called with the number of those that are
// open, says why it may not be.
func (r *runs) enter(may func(open int) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errShutdown
	}
	if err := may(r.count.Open); err != nil {
		return err
	}
	r.count.Open++
	r.count.Opened++
	r.all.Add(1)
	return nil
}

// leave counts the end of a run, whose reason is one of the endings. Then notes what else is to be said
// of it, before anybody can see that it has ended.
func (r *runs) leave(why error, then func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count.Open--
	for _, e := range r.endings {
		if errors.Is(why, e.err) {
			r.count.Ended[e.name]++
			break
		}
	}
	then()
	r.all.Done()
}

// stats returns the counters. Also reads what else goes with them.
func (r *runs) stats(also func()) runStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := r.count
	count.Ended = maps.Clone(r.count.Ended)
	also()
	return count
}

// close ends all runs and waits until they have.
func (r *runs) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel(errShutdown)
	r.all.Wait()
}

package logs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// The limit: of each message so many a period, and of so many messages; what is beyond shares one place.
// The worst that anybody can make httptap write is maxKeys+1 times burst+1 lines a period.
const (
	period  = time.Minute
	burst   = 10
	maxKeys = 64
)

// others is the place of messages that have none of their own.
const others = "other messages"

// A limiter counts messages. What is over the limit is left out, and at the end of the period one line
// says how many there were.
type limiter struct {
	out slog.Handler

	mu   sync.Mutex
	keys map[string]*count
}

// A count is of one message in the current period.
type count struct {
	message string
	level   slog.Level
	end     time.Time
	n       int
	left    int // of them, left out
	timer   *time.Timer
}

func newLimiter(out slog.Handler) *limiter {
	return &limiter{out: out, keys: make(map[string]*count)}
}

// allow counts a message and tells whether it may be written.
func (l *limiter) allow(level slog.Level, message string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	c := l.find(now, message)
	if !now.Before(c.end) {
		c.end, c.n = now.Add(period), 0
	}
	if c.n < burst {
		c.n++
		return true
	}
	c.left++
	c.level = max(c.level, level)
	if c.timer == nil {
		c.timer = time.AfterFunc(c.end.Sub(now), func() { l.tell(c) })
	}
	return false
}

// find returns the count of a message.
func (l *limiter) find(now time.Time, message string) *count {
	if c := l.keys[message]; c != nil {
		return c
	}
	if len(l.keys) >= maxKeys {
		for name, c := range l.keys {
			if !now.Before(c.end) && c.timer == nil {
				delete(l.keys, name)
			}
		}
	}
	if len(l.keys) >= maxKeys && message != others {
		return l.find(now, others)
	}
	c := &count{message: message}
	l.keys[message] = c
	return c
}

// tell says how many messages were left out. The mutex is held meanwhile, so that the end finds
// everything said.
func (l *limiter) tell(c *count) {
	l.mu.Lock()
	defer l.mu.Unlock()
	left, level := c.left, c.level
	c.left, c.level, c.timer = 0, 0, nil
	if left == 0 {
		return
	}
	r := slog.NewRecord(time.Now(), level, c.message, 0)
	r.AddAttrs(slog.Int("suppressed", left), slog.String("why", fmt.Sprintf("over %d in %v", burst, period)))
	l.out.Handle(context.Background(), r) // nobody is there to be told that it can't be written
}

// end says what no period's end will say any more.
func (l *limiter) end() {
	l.mu.Lock()
	var all []*count
	for _, c := range l.keys {
		if c.timer != nil {
			c.timer.Stop()
			all = append(all, c)
		}
	}
	l.mu.Unlock()
	for _, c := range all {
		l.tell(c)
	}
}

// A handler asks its limiter before it passes a record on. Handlers with attributes share one.
type handler struct {
	slog.Handler
	limit *limiter
}

// Handle implements slog.Handler. Who asked for level debug wants to see everything.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo && !h.limit.allow(r.Level, r.Message) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.Handler.WithAttrs(attrs), h.limit}
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.Handler.WithGroup(name), h.limit}
}

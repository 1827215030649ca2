package relay

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Requests that one caller may make a second, on average and at once. A program that sends and
// asks for one frame a call, as fast as it can, stays below them on loopback.
const (
	MaxRate       = 100_000 // a client of this machine, by its name
	MaxPublicRate = 10_000  // an address of another machine, whatever names it uses
)

// maxCallers is how many callers are told apart; the others share one allowance.
const maxCallers = 4096

// A caller is who has an allowance of requests of his own.
type caller struct {
	addr netip.Addr
	name string
}

// A limiter bounds the rate of requests of each caller. It is the generic cell rate algorithm of
// ITU-T I.371, which keeps one time for each: when the next request would come if all came evenly.
type limiter struct {
	every time.Duration // between requests, when they come evenly
	burst time.Duration // how far ahead of that they may be

	mu   sync.Mutex
	next map[caller]time.Time
}

// newLimiter allows rate requests a second, and so many at once.
func newLimiter(rate int) *limiter {
	return &limiter{every: time.Second / time.Duration(rate), burst: time.Second, next: make(map[caller]time.Time)}
}

// take tells whether a caller may make a request now.
func (l *limiter) take(now time.Time, c caller) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	next, known := l.next[c]
	if !known && len(l.next) >= maxCallers {
		for other, at := range l.next {
			if at.Before(now) {
				delete(l.next, other) // as if it had never called
			}
		}
		if len(l.next) >= maxCallers {
			c = caller{}
			next = l.next[c]
		}
	}
	if next.Before(now) {
		next = now
	}
	if next = next.Add(l.every); next.Sub(now) > l.burst {
		return false
	}
	l.next[c] = next
	return true
}

// callerOf returns whose allowance a request takes from.
func (g *gate) callerOf(q *http.Request) caller {
	if !g.Public {
		name, _ := clientName(q) // a name that is none is refused soon enough
		return caller{name: name}
	}
	from, _ := netip.ParseAddrPort(q.RemoteAddr)
	return caller{addr: network(from.Addr())}
}

// network returns an address, but for IPv6 the network that one machine may have all of.
func network(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a.Is6() {
		p, _ := a.WithZone("").Prefix(64)
		return p.Addr()
	}
	return a
}

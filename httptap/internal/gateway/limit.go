package gateway

import (
	"net/netip"
	"sync"
)

// flows counts the flows that there are, in all and by client address.
type flows struct {
	max, maxEach int

	mu   sync.Mutex
	n    int
	each map[netip.Addr]int
}

func (f *flows) init(max, maxEach int) {
	f.max, f.maxEach, f.each = max, maxEach, make(map[netip.Addr]int)
}

// begin takes a place for a flow of client's. Without one it returns the counter of why.
func (f *flows) begin(client netip.Addr, c *counters) (refused *count) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.n >= f.max:
		return &c.limit
	case f.each[client] >= f.maxEach:
		return &c.limitClient
	}
	f.n++
	f.each[client]++
	return nil
}

// end gives a place back.
func (f *flows) end(client netip.Addr) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n--
	if f.each[client]--; f.each[client] == 0 {
		delete(f.each, client)
	}
}

// The memory of connections' buffers. A few of them get all that the stack gives, so that they are fast
// over a long link, too; the more there are the less a new one gets. All 4096 together then take 2 GiB
// at the very worst, and not 32.
const (
	buffersOfFew = 128 << 20
	leastBuffer  = 64 << 10
)

// buffer returns how many bytes each buffer of a new connection may have.
func (f *flows) buffer() int { return max(leastBuffer, buffersOfFew/max(1, f.open())) }

func (f *flows) open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

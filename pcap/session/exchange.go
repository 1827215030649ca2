package session

import "bytes"

// A kind is a protocol of requests and responses.
type kind uint8

const (
	kindDNS kind = iota
	kindDHCP
	kindNTP
	kindICMP
	kindICMPv6
	kindARP
)

// An exchangeKey is what a response has in common with its request.
type exchangeKey struct {
	kind kind
	endpoints
	id uint64
}

// endpoints are who asks and who is asked; zero where the answer may come from elsewhere.
type endpoints struct {
	src, dst         [16]byte
	srcPort, dstPort uint16
}

// back returns the endpoints of the other direction.
func (e endpoints) back() endpoints {
	return endpoints{e.dst, e.src, e.dstPort, e.srcPort}
}

// ordered returns the same endpoints for both directions.
func (e endpoints) ordered() endpoints {
	if c := bytes.Compare(e.src[:], e.dst[:]); c > 0 || c == 0 && e.srcPort > e.dstPort {
		return e.back()
	}
	return e
}

// A request waits for its response, and then for copies of both.
type request struct {
	key      exchangeKey
	frame    uint64
	at       int64
	response uint64 // its frame; 0: there is none yet
	answered int64
	used     bool
}

// requests are the last ones, at most limit.
type requests struct {
	limit int
	ring  []request
	next  int
	slots map[exchangeKey]int // where in the ring
}

// find returns the last request of a key, or nil. It is valid until the next ask.
func (r *requests) find(k exchangeKey) *request {
	if i, ok := r.slots[k]; ok {
		return &r.ring[i]
	}
	return nil
}

// ask notes a request in the place of an earlier one of the same key, else of the oldest.
func (s *Session) ask(k exchangeKey) {
	r := &s.requests
	now := request{key: k, frame: s.number, at: s.now, used: true}
	if i, ok := r.slots[k]; ok {
		r.ring[i] = now
		return
	}
	if len(r.ring) < r.limit {
		r.slots[k] = len(r.ring)
		r.ring = append(r.ring, now)
		return
	}
	if old := &r.ring[r.next]; old.used {
		delete(r.slots, old.key)
		if old.response == 0 {
			s.stats.EvictedRequests++
		}
	}
	r.ring[r.next] = now
	r.slots[k] = r.next
	r.next = (r.next + 1) % r.limit
}

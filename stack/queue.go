package stack

import (
	"time"

	"httptap/stack/link"
)

// A packet is an IP payload that waits for its turn, or for its next hop's hardware address.
// Packets are reused through the engine's free list.
type packet struct {
	next     *packet
	owner    *UDPConn // is charged with it; nil for the host's own
	src, dst [4]byte
	proto    uint8
	tos      uint8
	whole    bool      // routers may not cut it while it fits the path: RFC 1191
	own      bool      // it counts as one of the host's own
	last     bool      // Release waits for it
	via      link.Addr // where the packet came from that this one answers; zero: ask ARP
	id       uint16    // of its fragments
	off      int       // bytes of buf that went out in fragments
	buf      []byte    // the payload
}

// queue is a FIFO of packets.
type queue struct{ head, tail *packet }

func (q *queue) push(p *packet) {
	p.next = nil
	if q.tail == nil {
		q.head = p
	} else {
		q.tail.next = p
	}
	q.tail = p
}

func (q *queue) pushFront(p *packet) {
	if p.next = q.head; q.tail == nil {
		q.tail = p
	}
	q.head = p
}

// prepend moves all of o before what is in q.
func (q *queue) prepend(o *queue) {
	if o.head == nil {
		return
	}
	if o.tail.next = q.head; q.head == nil {
		q.tail = o.tail
	}
	q.head = o.head
	*o = queue{}
}

func (q *queue) pop() *packet {
	p := q.head
	if p == nil {
		return nil
	}
	if q.head = p.next; q.head == nil {
		q.tail = nil
	}
	p.next = nil
	return p
}

// maxOutgoing bounds the packets that the host queues for itself: answers to pings, resets,
// unreachables. Sockets are bounded by what they were charged.
const maxOutgoing = 256

// newPacket returns an empty packet with room for an MTU's payload.
func (e *engine) newPacket() *packet {
	p := e.free
	if p == nil {
		return &packet{buf: make([]byte, 0, e.mtu)}
	}
	e.free, p.next = p.next, nil
	e.freeLen--
	*p = packet{buf: p.buf[:0]}
	return p
}

// giveBack returns a packet to the free list, and its room in the owner's queue with it.
func (e *engine) giveBack(p *packet) {
	if p.owner != nil {
		p.owner.sent(len(p.buf))
		p.owner = nil
	}
	if p.own {
		e.own--
	}
	if e.freeLen < maxOutgoing {
		p.next, e.free = e.free, p
		e.freeLen++
	}
}

// connQueue is a FIFO of connections through a link in the Conn itself. A Conn is in one
// such queue at most; Conn.in says in which.
type connQueue struct{ head, tail *Conn }

// push appends c unless it is in a queue already.
func (q *connQueue) push(c *Conn) {
	if c.in != nil {
		return
	}
	c.in, c.next = q, nil
	if q.tail == nil {
		q.head = c
	} else {
		q.tail.next = c
	}
	q.tail = c
}

func (q *connQueue) pop() *Conn {
	c := q.head
	if c == nil {
		return nil
	}
	if q.head = c.next; q.head == nil {
		q.tail = nil
	}
	c.in, c.next = nil, nil
	return c
}

// timerHeap is a binary heap of the connections that wait for a time, the earliest first.
// It is written out because container/heap would call through an interface for each segment.
type timerHeap []*Conn

// set puts c where deadline belongs, when that is before what it waits for already. One that
// wants to be asked later is asked too early once, and then put where it belongs: timers move
// back with each acknowledgment, and hardly ever fire.
func (h *timerHeap) set(c *Conn, deadline time.Time) {
	switch {
	case deadline.IsZero():
	case c.heapIndex == 0:
		c.deadline = deadline
		*h = append(*h, c)
		c.heapIndex = len(*h)
		h.up(len(*h) - 1)
	case deadline.Before(c.deadline):
		c.deadline = deadline
		h.up(c.heapIndex - 1)
	}
}

// later moves the first, c, back to its true deadline.
func (h timerHeap) later(c *Conn, deadline time.Time) {
	c.deadline = deadline
	h.down(0)
}

// remove takes c, which must be in the heap, out of it. Conn.heapIndex is its place plus one.
func (h *timerHeap) remove(c *Conn) {
	i, last := c.heapIndex-1, len(*h)-1
	h.swap(i, last)
	(*h)[last] = nil
	*h = (*h)[:last]
	c.heapIndex = 0
	if i < last {
		h.down(i)
		h.up(i)
	}
}

func (h timerHeap) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].heapIndex, h[j].heapIndex = i+1, j+1
}

func (h timerHeap) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].deadline.Before(h[parent].deadline) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h timerHeap) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].deadline.Before(h[least].deadline) {
				least = child
			}
		}
		if least == i {
			return
		}
		h.swap(i, least)
		i = least
	}
}

package curl

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"

	"httptap/stack/tcp"
)

// maxComments bounds how many segments wait to be written.
const maxComments = 1024

// Comments remember why each TCP segment was sent, and in what state its connection was, until the
// segment is written: a capture shows it then. The host says it first, the device asks for it.
type Comments struct {
	mu      sync.Mutex
	pending []segment // the oldest first
}

type segment struct {
	frame []byte
	says  string
}

// OnSegment is stack.Config's.
func (c *Comments) OnSegment(frame []byte, i tcp.Info) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) == maxComments {
		c.pending = append(c.pending[:0], c.pending[1:]...) // it was never written
	}
	c.pending = append(c.pending, segment{bytes.Clone(frame), describe(i)})
}

// Of returns what is to be said of a frame that is about to be written.
func (c *Comments) Of(frame []byte) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range c.pending {
		if bytes.Equal(s.frame, frame) {
			c.pending = append(c.pending[:i], c.pending[i+1:]...)
			return s.says
		}
	}
	return "" // no TCP
}

// describe says why a segment was sent, and the state that the sender decided by.
func describe(i tcp.Info) string {
	var b strings.Builder
	fmt.Fprintf(&b, "why: %v; %v, cwnd %d", i.Why, i.State, i.CWnd)
	if i.SSThresh > 0 && i.SSThresh < 1<<30 {
		fmt.Fprintf(&b, ", ssthresh %d", i.SSThresh)
	}
	fmt.Fprintf(&b, ", in flight %d, unsent %d, peer's window %d, own window %d", i.InFlight, i.Unsent, i.SndWnd, i.RcvWnd)
	if i.SRTT > 0 {
		fmt.Fprintf(&b, ", srtt %v", i.SRTT.Round(time.Microsecond))
	}
	fmt.Fprintf(&b, ", rto %v", i.RTO.Round(time.Microsecond))
	if i.Retransmits > 0 {
		fmt.Fprintf(&b, ", %d sent again", i.Retransmits)
	}
	if i.Recovery != "" {
		fmt.Fprintf(&b, ", in %s recovery", i.Recovery)
	}
	return b.String()
}

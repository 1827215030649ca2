package capture

import (
	"hash/maphash"
	"time"

	"httptap/httptap/internal/hub"
)

const (
	maxNotes = 1024            // that wait for their frames
	noteTime = 5 * time.Second // after which a frame does not come any more: it was refused, or altered
)

// notes are what senders say of frames that have not come to the switch yet. A note finds its frame
// by content: so it also finds one that an impaired link has held up, and frames that have none cost
// nothing.
type notes struct {
	seed    maphash.Seed
	pending []note // the oldest first
}

type note struct {
	port string
	n    int // length of the frame
	sum  uint64
	text string
	end  time.Time
}

// Note says something of a frame that is about to be sent at a port: it becomes the frame's Note. A
// text over 65535 bytes is cut. When too many wait the oldest is forgotten.
func (r *Recorder) Note(now time.Time, port string, frame []byte, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ring == nil || text == "" {
		return
	}
	n := &r.notes
	if n.seed == (maphash.Seed{}) {
		n.seed = maphash.MakeSeed()
	}
	if len(n.pending) == maxNotes {
		n.pending = append(n.pending[:0], n.pending[1:]...)
	}
	n.pending = append(n.pending, note{short(port), len(frame), maphash.Bytes(n.seed, frame), text, now.Add(noteTime)})
}

// take returns the oldest note of a frame that has come, and forgets it.
func (n *notes) take(v *hub.Event) string {
	if len(n.pending) == 0 {
		return ""
	}
	old := 0
	for old < len(n.pending) && n.pending[old].end.Before(v.At) {
		old++
	}
	n.pending = append(n.pending[:0], n.pending[old:]...)
	if v.Out {
		return ""
	}
	var sum uint64
	hashed := false
	name := short(v.Port.Name())
	for i := range n.pending {
		p := &n.pending[i]
		if p.n != len(v.Frame) || p.port != name {
			continue
		}
		if !hashed {
			sum, hashed = maphash.Bytes(n.seed, v.Frame), true
		}
		if p.sum == sum {
			text := p.text
			n.pending = append(n.pending[:i], n.pending[i+1:]...)
			return text
		}
	}
	return ""
}

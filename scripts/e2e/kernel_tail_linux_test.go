package e2e

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"httptap/pcap"
	"httptap/stack/link"
)

// A tail is the end of what crossed a wire, as a test that fails shows it.
type tail struct {
	mu     sync.Mutex
	frames [48]struct {
		at  time.Time
		dir link.Direction
		b   []byte
	}
	n int
}

// frame is what link.Tee calls.
func (t *tail) frame(dir link.Direction, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := &t.frames[t.n%len(t.frames)]
	f.at, f.dir, f.b = time.Now(), dir, append(f.b[:0], b...)
	t.n++
}

// String returns a line for each frame, the oldest first.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var s strings.Builder
	var p pcap.Printer
	for i := max(0, t.n-len(t.frames)); i < t.n; i++ {
		f := &t.frames[i%len(t.frames)]
		fmt.Fprintf(&s, "%s %s\n", f.at.Format("15:04:05.000000"), p.AppendFrame(nil, f.dir.String(), f.b))
	}
	return s.String()
}

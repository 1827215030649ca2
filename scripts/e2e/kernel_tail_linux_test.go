package e2e

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"httptap/pcap"
	"httptap/stack/ethernet"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/tcp"
)

// A tail is the end of what crossed a wire, as a test that fails shows it.
type tail struct {
	mu     sync.Mutex
	frames [64]struct {
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
	for i := max(0, t.n-len(t.frames)); i < t.n; i++ {
		f := &t.frames[i%len(t.frames)]
		fmt.Fprintf(&s, "%s %s\n", f.at.Format("15:04:05.000000"), describeFrame(f.dir, f.b))
	}
	return s.String()
}

// describeFrame shows what matters of a TCP segment, and the annotated line of anything else.
func describeFrame(dir link.Direction, b []byte) string {
	if f, err := ethernet.Parse(b); err == nil && f.Type() == ethernet.TypeIPv4 {
		if p, err := ipv4.Parse(f.Payload()); err == nil && p.Protocol() == ipv4.ProtoTCP && !p.IsFragment() {
			if s, err := tcp.Parse(p.Payload()); err == nil {
				return fmt.Sprintf("%-3s %d > %d %v seq=%d ack=%d win=%d len=%d options=%x", dir, s.SrcPort(), s.DstPort(),
					s.Flags(), s.Seq(), s.Ack(), s.Window(), len(s.Payload()), s.Options())
			}
		}
	}
	var p pcap.Printer
	return string(p.AppendFrame(nil, dir.String(), b))
}

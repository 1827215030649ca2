package curl

import (
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"httptap/pcap"
	"httptap/stack/link"
)

// show prints what is not the body: frames, steps, header lines. Frames come from the host's
// goroutines, so every line is written under one mutex and whole.
type show struct {
	mu   sync.Mutex
	w    io.Writer
	p    pcap.Printer
	us   pcap.Us
	buf  []byte
	step bool // print steps
	mark time.Time
}

func newShow(w io.Writer, steps bool) *show {
	s := &show{w: w, step: steps, mark: time.Now()}
	s.p.Us = &s.us
	return s
}

// frame prints an annotated line.
func (s *show) frame(dir link.Direction, frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = append(s.p.AppendFrame(s.buf[:0], dir.String(), frame), '\n')
	s.w.Write(s.buf)
}

// isUs makes addresses print as "us".
func (s *show) isUs(hw link.Addr, ip netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !hw.IsZero() {
		s.us.HW = []link.Addr{hw}
	}
	if ip.Is4() {
		s.us.IP = [][4]byte{ip.As4()}
	}
}

// done prints a step that is over, with the time since the one before.
func (s *show) done(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.step {
		fmt.Fprintf(s.w, "[%s] %s\n", pretty(now.Sub(s.mark)), fmt.Sprintf(format, args...))
	}
	s.mark = now
}

// lines prints lines with a mark before each: curl's -v.
func (s *show) lines(mark string, lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range lines {
		fmt.Fprintf(s.w, "%s %s\n", mark, l)
	}
}

// pretty rounds a duration to what is worth reading.
func pretty(d time.Duration) string {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= 10*unit {
			return d.Round(unit).String()
		}
		if d >= unit {
			return d.Round(unit / 10).String()
		}
	}
	return d.String()
}

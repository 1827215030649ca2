package main

import (
	"bufio"
	"fmt"
	"io"
	"sync"

	"httptap/httptap/internal/hub"
	"httptap/pcap"
	"httptap/stack/link"
)

// show prints a line for each frame that crosses the switch. The switch must never wait for a
// terminal: frames are queued, and what finds no room is counted and said.
type show struct {
	p   pcap.Printer
	out *bufio.Writer

	mu     sync.Mutex
	wait   sync.Cond
	slots  []shown // ring
	first  int
	n      int
	missed int
	closed bool
	done   chan struct{}
}

type shown struct {
	dir   string
	fate  link.Fate
	frame []byte
}

// showQueue is how many frames wait to be printed.
const showQueue = 4096

func newShow(w io.Writer, us *pcap.Us) *show {
	s := &show{out: bufio.NewWriter(w), slots: make([]shown, showQueue), done: make(chan struct{})}
	s.p.Us = us
	s.wait.L = &s.mu
	go s.loop()
	return s
}

// frame queues a frame; it is the hub's observer.
func (s *show) frame(v hub.Event) {
	dir := "IN"
	if (v.Port.Kind() == hub.Client) != v.Out {
		dir = "OUT" // as the client sees it
	}
	s.mu.Lock()
	if s.n == len(s.slots) {
		s.missed++
	} else {
		e := &s.slots[(s.first+s.n)%len(s.slots)]
		e.dir, e.fate, e.frame = dir, v.Fate, append(e.frame[:0], v.Frame...)
		s.n++
	}
	s.mu.Unlock()
	s.wait.Signal()
}

func (s *show) loop() {
	defer close(s.done)
	var line, frame []byte
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for s.n == 0 {
			if s.closed {
				return
			}
			s.wait.Wait()
		}
		e := &s.slots[s.first]
		dir, fate := e.dir, e.fate
		frame = append(frame[:0], e.frame...)
		s.first = (s.first + 1) % len(s.slots)
		s.n--
		more, missed := s.n > 0, s.missed
		s.missed = 0
		s.mu.Unlock()
		line = s.p.AppendFrame(line[:0], dir, frame)
		if fate != (link.Fate{}) {
			line = append(fate.AppendText(append(line, " ("...)), ')')
		}
		line = append(line, '\n')
		s.out.Write(line)
		if missed > 0 {
			fmt.Fprintf(s.out, "httptap: %d frames were not printed: the output is slower than the frames (-q prints none)\n", missed)
		}
		if !more {
			s.out.Flush()
		}
		s.mu.Lock()
	}
}

// close prints what is queued and ends.
func (s *show) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.wait.Signal()
	<-s.done
	s.out.Flush()
}

package stack

import (
	"runtime"
	"testing"
	"time"
	"weak"

	"httptap/stack/tcp"
)

// inTimeWait returns a connection from the peer's port that is in TIME-WAIT.
func inTimeWait(t *testing.T, h *Host, l *Listener, port uint16) *Conn {
	t.Helper()
	answer := fromPort(t, h, port, tcp.Header{Seq: 9, Flags: tcp.SYN})
	ours := answer[0].Seq().Add(1)
	fromPort(t, h, port, tcp.Header{Seq: 10, Ack: ours, Flags: tcp.ACK})
	c := l.done[0]
	l.done[0], c.listener = nil, nil
	l.done = l.done[:0]
	c.shut(start)
	sentSegments(t, &h.e, start)
	fromPort(t, h, port, tcp.Header{Seq: 10, Ack: ours.Add(1), Flags: tcp.FIN | tcp.ACK})
	if c.tcb.State() != tcp.TimeWait {
		t.Fatalf("closed first, and in %v", c.tcb.State())
	}
	return c
}

// fromPort has a segment from the peer's port arrive, and returns what is answered.
func fromPort(t *testing.T, h *Host, port uint16, hdr tcp.Header) []tcp.Segment {
	t.Helper()
	hdr.SrcPort, hdr.DstPort, hdr.Window = port, 80, 9999
	h.e.receive(start, frame(6, segment(hdr, "")))
	answers, _ := sentSegments(t, &h.e, start)
	return answers
}

// Each TIME-WAIT lasts its minute, but there are not more of them than the host can hold: peers
// that let us close first do not decide about its memory.
func TestTimeWaitIsBounded(t *testing.T) {
	const more = 10
	h := listening(t)
	l := h.e.listeners[80]
	for i := range uint16(maxTimeWait + more) {
		inTimeWait(t, h, l, 1024+i)
	}
	if n, cut := len(h.e.conns), h.e.stats.TimeWaitsCut; n != maxTimeWait || cut != more {
		t.Errorf("%d connections in TIME-WAIT and %d cut, want %d and %d", n, cut, maxTimeWait, more)
	}
	if h.e.conns[tuple{remote: ipPeer, lport: 80, rport: 1024}] != nil || h.e.conns[tuple{remote: ipPeer, lport: 80, rport: 1024 + more}] == nil {
		t.Error("not the oldest were cut")
	}
	drain(t, &h.e, start.Add(time.Hour))
	if n, q := len(h.e.conns), h.e.timeWaits; n != 0 || q != (timeWaits{}) {
		t.Errorf("%d are left an hour later, %d counted", n, q.n)
	}
}

// One whose TIME-WAIT the peer's RST ended is not kept until those before it have ended, too:
// there is no bound on how many there are.
func TestTimeWaitThatEndedIsNotKept(t *testing.T) {
	h := listening(t)
	l := h.e.listeners[80]
	first := inTimeWait(t, h, l, 1023)
	const many = 100
	var ended [many]weak.Pointer[Conn]
	for i := range uint16(many) {
		c := inTimeWait(t, h, l, 1024+i)
		fromPort(t, h, 1024+i, tcp.Header{Seq: 11, Flags: tcp.RST})
		if c.tcb.State() != tcp.Closed {
			t.Fatalf("reset, and in %v", c.tcb.State())
		}
		ended[i] = weak.Make(c)
	}
	runtime.GC()
	kept := 0
	for _, w := range ended {
		if w.Value() != nil {
			kept++
		}
	}
	if kept > 2 { // what a stack still holds
		t.Errorf("%d of %d connections are kept", kept, many)
	}
	if first.tcb.State() != tcp.TimeWait || h.e.timeWaits.n != 1 {
		t.Errorf("the first is in %v, and %d are counted", first.tcb.State(), h.e.timeWaits.n)
	}
}

// A connection that a SYN has opened anew says nothing more of the old one, and reading what the
// old one had does not bring it back.
func TestTimeWaitEndsWhereItIsReused(t *testing.T) {
	h := listening(t)
	l := h.e.listeners[80]
	old := inTimeWait(t, h, l, 1024)
	in := func(hdr tcp.Header) {
		hdr.SrcPort, hdr.DstPort, hdr.Window = 1024, 80, 9999
		h.e.receive(start, frame(6, segment(hdr, "")))
	}
	in(tcp.Header{Seq: 10, Ack: old.tcb.Info().SndNxt, Flags: tcp.FIN | tcp.ACK}) // it owes an ACK
	in(tcp.Header{Seq: 1 << 20, Flags: tcp.SYN})
	if segs, _ := sentSegments(t, &h.e, start); len(segs) != 1 || segs[0].Flags() != tcp.SYN|tcp.ACK {
		t.Errorf("%d segments are sent", len(segs))
	}
	h.e.settle(start, old)
	if old.tcb.State() != tcp.Closed || old.tcb.Err() != nil || h.e.timeWaits != (timeWaits{}) || len(h.e.conns) != 1 {
		t.Errorf("the old one is in %v, %d in TIME-WAIT, %d connections", old.tcb.State(), h.e.timeWaits.n, len(h.e.conns))
	}
}

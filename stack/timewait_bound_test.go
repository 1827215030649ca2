package stack

import (
	"testing"
	"time"

	"httptap/stack/tcp"
)

// Each TIME-WAIT lasts its minute, but there are not more of them than the host can hold: peers
// that let us close first do not decide about its memory.
func TestTimeWaitIsBounded(t *testing.T) {
	const more = 10
	h := listening(t)
	l := h.e.listeners[80]
	for i := range uint16(maxTimeWait + more) {
		port := 1024 + i
		in := func(hdr tcp.Header) {
			hdr.SrcPort, hdr.DstPort, hdr.Window = port, 80, 9999
			h.e.receive(start, frame(6, segment(hdr, "")))
		}
		in(tcp.Header{Seq: 9, Flags: tcp.SYN})
		answer, _ := sentSegments(t, &h.e, start)
		ours := answer[0].Seq().Add(1)
		in(tcp.Header{Seq: 10, Ack: ours, Flags: tcp.ACK})
		c := l.done[0]
		l.done, c.listener = l.done[:0], nil
		c.shut(start)
		sentSegments(t, &h.e, start)
		in(tcp.Header{Seq: 10, Ack: ours.Add(1), Flags: tcp.FIN | tcp.ACK})
		sentSegments(t, &h.e, start)
		if i == 0 && c.tcb.State() != tcp.TimeWait {
			t.Fatalf("closed first, and in %v", c.tcb.State())
		}
	}
	if n, cut := len(h.e.conns), h.e.stats.TimeWaitsCut; n != maxTimeWait || cut != more {
		t.Errorf("%d connections in TIME-WAIT and %d cut, want %d and %d", n, cut, maxTimeWait, more)
	}
	if h.e.conns[tuple{remote: ipPeer, lport: 80, rport: 1024}] != nil || h.e.conns[tuple{remote: ipPeer, lport: 80, rport: 1024 + more}] == nil {
		t.Error("not the oldest were cut")
	}
	drain(t, &h.e, start.Add(time.Hour))
	if n, q := len(h.e.conns), h.e.timeWaits; n != 0 || q.n != 0 || len(q.queue) != 0 {
		t.Errorf("%d are left an hour later, %d counted, %d in the queue", n, q.n, len(q.queue))
	}
}

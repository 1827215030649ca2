package stack

import (
	"runtime"
	"testing"
	"unsafe"
	"weak"

	"httptap/stack/tcp"
)

// idleBytes is what doc.go promises a connection costs beside its buffers.
const idleBytes = 2048

// An idle connection has no buffers, and the rest of it is the documented constant.
func TestMemoryOfAConnection(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > idleBytes {
		t.Errorf("a Conn has %d bytes, doc.go says %d", n, idleBytes)
	}
	h := listening(t)
	h.e.receive(start, frame(6, segment(tcp.Header{SrcPort: 50000, DstPort: 80, Seq: 9, Flags: tcp.SYN, Window: 9999}, "")))
	answer, _ := sentSegments(t, &h.e, start)
	ack := tcp.Header{SrcPort: 50000, DstPort: 80, Seq: 10, Ack: answer[0].Seq().Add(1), Flags: tcp.ACK, Window: 9999}
	h.e.receive(start, frame(6, segment(ack, "")))
	c := h.e.conns[tuple{remote: ipPeer, lport: 80, rport: 50000}]
	if c == nil || c.tcb.State() != tcp.Established {
		t.Fatal("no connection")
	}
	if i := c.tcb.Info(); i.SndBuf != 0 || i.RcvBuf != 0 {
		t.Errorf("without data it has buffers of %d and %d bytes", i.SndBuf, i.RcvBuf)
	}
	h.e.receive(start, frame(6, segment(ack, "hello")))
	if i := c.tcb.Info(); i.RcvBuf != h.cfg.ReceiveBuffer || i.ReadBuffered != 5 {
		t.Errorf("with data it has %d bytes for %d", i.RcvBuf, i.ReadBuffered)
	}
}

// While cookies are out, an ACK that is none of their answers costs no memory: a flood of them may
// come beside the flood of SYNs.
func TestForgedCookieCostsNothing(t *testing.T) {
	h := listening(t)
	for i := range uint16(halfOpen + 1) {
		h.e.receive(start, frame(6, segment(tcp.Header{SrcPort: 1024 + i, DstPort: 80, Seq: 9, Flags: tcp.SYN, Window: 9999}, "")))
	}
	drain(t, &h.e, start)
	if h.e.stats.CookiesSent != 1 {
		t.Fatalf("%d cookies were sent", h.e.stats.CookiesSent)
	}
	forged := frame(6, segment(tcp.Header{SrcPort: 50000, DstPort: 80, Seq: 10, Ack: 4711, Flags: tcp.ACK, Window: 9999}, "with data"))
	buf := make([]byte, 1514)
	if n := testing.AllocsPerRun(100, func() {
		h.e.receive(start, forged)
		h.e.transmit(start, buf)
	}); n != 0 {
		t.Errorf("%v allocations a segment", n)
	}
	if h.e.stats.CookiesAccepted != 0 {
		t.Error("it was accepted")
	}
}

// Connections within the host are opened by cookies as well.
func TestCookiesOverLoopback(t *testing.T) {
	h := listening(t)
	for i := range uint16(halfOpen + 10) {
		c := h.newConn(tuple{remote: [4]byte{127, 0, 0, 1}, lport: 20000 + i, rport: 80})
		c.tcb.Open(start, c.config(start, 1))
		h.e.conns[c.key] = c
		h.e.settle(start, c)
	}
	drain(t, &h.e, start)
	for _, c := range h.e.conns {
		if c.tcb.State() != tcp.Established {
			t.Errorf("port %d is in %v", c.key.lport, c.tcb.State())
		}
	}
	if n := h.e.stats.CookiesAccepted; n == 0 || n != h.e.stats.CookiesSent {
		t.Errorf("%d cookies were sent and %d accepted", h.e.stats.CookiesSent, n)
	}
}

// A listener keeps no connection that was accepted.
func TestListenerKeepsNothing(t *testing.T) {
	h := listening(t)
	l := h.e.listeners[80]
	var taken []weak.Pointer[Conn]
	for i := range uint16(8) {
		answer := fromPort(t, h, 1024+i, tcp.Header{Seq: 9, Flags: tcp.SYN})
		fromPort(t, h, 1024+i, tcp.Header{Seq: 10, Ack: answer[0].Seq().Add(1), Flags: tcp.ACK})
	}
	for range 8 {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c.(*Conn).tcb.Fail(nil)
		h.e.settle(start, c.(*Conn))
		taken = append(taken, weak.Make(c.(*Conn)))
	}
	runtime.GC()
	kept := 0
	for _, w := range taken {
		if w.Value() != nil {
			kept++
		}
	}
	if kept > 0 {
		t.Errorf("%d connections are kept", kept)
	}
	runtime.KeepAlive(h)
}

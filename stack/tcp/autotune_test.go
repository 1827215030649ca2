package tcp

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"
)

// late opens a connection whose memory is given as it is asked for.
func late(t *testing.T, rxMax, txMax int, opts string) *script {
	t.Helper()
	s := newScript(t, 0xfffffff0, 0x7ffffff0)
	s.cfg.Rx, s.cfg.Tx, s.cfg.RxMax, s.cfg.TxMax = nil, nil, rxMax, txMax
	s.run("establish win 65535 <mss 1460, " + opts + ">")
	return s
}

// grow gives the receive buffer what it wants, in dirty memory, and takes the old away.
func (s *script) grow(data bool) int {
	s.t.Helper()
	n := s.c.WantRx(data)
	if n == 0 {
		return 0
	}
	old := s.c.SetRx(bytes.Repeat([]byte{0xa5}, n))
	for i := range old { // its owner has it again
		old[i] = 0x5a
	}
	checkInvariants(s.t, &s.c)
	return n
}

func TestMemoryIsAskedForWhenDataComes(t *testing.T) {
	s := late(t, 1<<20, 1<<20, "wscale 7")
	if n := s.c.WantRx(false); n != 0 {
		t.Errorf("an idle connection wants %d bytes to receive into", n)
	}
	if i := s.c.Info(); i.RcvBuf != 0 || i.SndBuf != 0 || i.RcvWnd != startBuffer-1 { // what a SYN can offer
		t.Errorf("it has %d and %d bytes and offers %d", i.RcvBuf, i.SndBuf, i.RcvWnd)
	}
	if n := s.c.WantRx(true); n != startBuffer {
		t.Errorf("data has come, and it wants %d bytes", n)
	}
	s.grow(true)
	s.run("< ACK 1+100 ack 1 win 65535\n> ACK 1 ack 101\nread 100")
	if n := s.c.WantRx(true); n != 0 {
		t.Errorf("it has memory and wants %d more", n)
	}
}

func TestDataBeforeItsMemoryIsLost(t *testing.T) {
	s := late(t, 1<<20, 1<<20, "sackok")
	s.run("< ACK 1+100 ack 1 win 65535 = ErrNoRoom\nread 1 = 0")
	s.run("< ACK 101+100 ack 1 win 65535 = ErrNoRoom\nread 1 = 0")
	if s.c.rnxt != s.irs.Add(1) || len(s.c.gaps.b) != 0 {
		t.Errorf("it counts as received: %+v", s.c.Info())
	}
	s.run("consume")
	s.grow(true)
	s.run("< ACK 1+100 ack 1 win 65535\n> ACK 1 ack 101 <>\nread 100") // the peer sends it again
}

func TestSmallBoundsAreEnough(t *testing.T) {
	s := late(t, 1000, 500, "wscale 7")
	if n := s.c.WantRx(true); n != 1000 {
		t.Errorf("it wants %d bytes of 1000", n)
	}
	if n := s.c.WantTx(); n != 500 {
		t.Errorf("it wants %d bytes of 500 to send from", n)
	}
	s.grow(true)
	s.c.SetTx(make([]byte, 500))
	s.run("write 600 = 500\n> ACK 1+500\n< ACK 1 ack 501 win 65535\n< ACK 1+1000 ack 501 win 65535\n> ACK 501 ack 1001 win 0\nread 1000\n> ACK 501 ack 1001 win 1000")
}

// TestReceiveBufferGrows: the application takes a window a round trip, so that the window is what
// limits the peer: it doubles a round trip. What waits out of order comes along.
func TestReceiveBufferGrows(t *testing.T) {
	s := late(t, 1<<20, 1<<20, "sackok, wscale 7")
	s.c.rtt.srtt = 100 * time.Millisecond
	s.grow(true)
	at, sizes := 1, []int{len(s.c.rx.b)}
	for range 8 { // round trips
		for end := at + s.c.rcvWnd(); at+2800 <= end; at += 2800 {
			s.run(fmt.Sprintf("< ACK %d+1400 ack 1 win 65535\nconsume", at+1400)) // the second before the first
			s.grow(true)
			s.run(fmt.Sprintf("< ACK %d+1400 ack 1 win 65535\nconsume\nread 2800\nconsume", at))
			if n := s.grow(true); n > 0 {
				sizes = append(sizes, n)
			}
		}
		s.now = s.now.Add(101 * time.Millisecond)
	}
	if got := fmt.Sprint(sizes); got != "[65536 131072 262144 524288 1048576]" {
		t.Errorf("the buffer grows like %s", got)
	}
	if n := s.c.WantRx(true); n != 0 {
		t.Errorf("over its bound it wants %d", n)
	}
}

// TestReceiveBufferStays: an application that is slow, or a peer that does not fill the window,
// gets no more.
func TestReceiveBufferStays(t *testing.T) {
	for _, c := range []struct {
		name        string
		every, read int
	}{{"a slow application", 1, 300}, {"a slow peer", 40, 1400}} {
		t.Run(c.name, func(t *testing.T) {
			s := late(t, 1<<20, 1<<20, "wscale 7")
			s.c.rtt.srtt = 100 * time.Millisecond
			s.grow(true)
			at := 1
			for i := range 2000 {
				if i%c.every == 0 && s.c.rcvWnd() >= 1400 {
					s.run(fmt.Sprintf("< ACK %d+1400 ack 1 win 65535\nconsume", at))
					at += 1400
				}
				b := make([]byte, c.read)
				s.c.Read(b)
				s.run("consume")
				if n := s.c.WantRx(true); n != 0 {
					t.Fatalf("after %d bytes it wants %d", at, n)
				}
				s.now = s.now.Add(10 * time.Millisecond)
			}
		})
	}
}

// TestWindowDoesNotShrinkWhenMemoryComes: whatever waits and wherever the ring stands, new memory
// changes no byte, moves the right edge only forward, and keeps the runs behind gaps.
func TestWindowDoesNotShrinkWhenMemoryComes(t *testing.T) {
	for turn := range 60 { // how far the ring has turned
		s := newScript(t, 1, 0xffffffe0)
		s.cfg.Rx, s.cfg.RxMax = make([]byte, 60), 400
		s.run("establish win 65535 <mss 1460, sackok>")
		at := 1
		for range turn {
			s.run(fmt.Sprintf("< ACK %d+1 ack 1 win 65535\nconsume\nread 1\nconsume", at))
			at++
		}
		s.run(fmt.Sprintf("< ACK %d+10 ack 1 win 65535\nconsume\nread 3\nconsume", at))                              // 7 wait in order
		s.run(fmt.Sprintf("< ACK %d+5 ack 1 win 65535\nconsume\n< ACK %d+2 ack 1 win 65535\nconsume", at+15, at+24)) // and 5 and 2 behind gaps
		edge, wnd := s.c.edge, s.c.rcvWnd()
		if old := s.c.SetRx(bytes.Repeat([]byte{0xa5}, 100)); len(old) != 60 {
			t.Fatalf("%d bytes are given back", len(old))
		}
		if s.c.edge.Less(edge) || s.c.rcvWnd() < wnd {
			t.Fatalf("the window shrank from %d to %d", wnd, s.c.rcvWnd())
		}
		s.run(fmt.Sprintf("< ACK %d+5 ack 1 win 65535\nconsume\n< ACK %d+4 ack 1 win 65535\nconsume\nread 99 = 23\nread 1 = 0", at+10, at+20))
		if t.Failed() {
			t.Fatalf("with the ring turned by %d", turn)
		}
	}
}

func TestMemoryBetweenGapAndFin(t *testing.T) {
	s := newScript(t, 1, 1)
	s.cfg.Rx, s.cfg.RxMax = make([]byte, 40), 400
	s.run("establish win 65535 <mss 1460>\n< FIN,ACK 11+10 ack 1 win 65535\nconsume")
	s.c.SetRx(make([]byte, 50))
	s.run("< ACK 1+10 ack 1 win 65535\n> ACK 1 ack 22\nstate CLOSE-WAIT\nread 20\nread 1 = EOF")
}

// TestSendBufferGrows: memory to send from is wanted when the buffer is what limits, which is when
// it is full and shorter than two congestion windows.
func TestSendBufferGrows(t *testing.T) {
	s := late(t, 1<<20, 200_000, "sackok, wscale 7")
	s.run("write 10 = 0") // no memory
	if n := s.c.WantTx(); n != startBuffer {
		t.Fatalf("it wants %d bytes at first", n)
	}
	if old := s.c.SetTx(make([]byte, startBuffer)); old != nil {
		t.Errorf("%d bytes of nothing are given back", len(old))
	}
	if n := s.c.WantTx(); n != 0 {
		t.Errorf("empty, it wants %d", n)
	}
	s.run("write 70000 = 65536")
	if n := s.c.WantTx(); n != 0 {
		t.Errorf("with a window of %d it wants %d", s.c.Info().CWnd, n)
	}
	s.run("setcwnd 40000")
	n := s.c.WantTx()
	if n != 2*startBuffer {
		t.Fatalf("it wants %d", n)
	}
	s.run("> ACK 1+1460\n> ACK 1461+1460")
	old := s.c.SetTx(bytes.Repeat([]byte{0xa5}, n))
	for i := range old {
		old[i] = 0x5a
	}
	s.run("> ACK 2921+1460\n< ACK 1 ack 1461 win 65535\nwrite 70000 = 66996\nconsume") // no byte is lost: out compares them
	s.c.cong.w.CWnd = 1 << 20
	if n := s.c.WantTx(); n != 200_000 {
		t.Errorf("it wants %d of 200000", n)
	}
	s.c.SetTx(make([]byte, 200_000))
	s.run("write 99999 = 68928\nsetcwnd 9999999")
	if n := s.c.WantTx(); n != 0 {
		t.Errorf("over its bound it wants %d", n)
	}
}

func TestRelease(t *testing.T) {
	for _, c := range []struct {
		way    string
		tx, rx bool
	}{
		{"in SYN-SENT", false, false}, {"in SYN-RECEIVED", false, false}, {"in ESTABLISHED", false, false},
		{"in FIN-WAIT-1", false, false}, {"in FIN-WAIT-2", true, false}, {"in CLOSE-WAIT", false, true},
		{"in CLOSING", false, true}, {"in LAST-ACK", false, true}, {"in TIME-WAIT", true, true},
		{"in ESTABLISHED\nabort\nconsume", true, true},
		{"in ESTABLISHED\n< FIN,ACK 1+5 ack 1 win 65535\nconsume", false, false}, // five bytes to read
		{"in ESTABLISHED\n< ACK 1+5 ack 1 win 65535\nconsume\nabort\nconsume", true, false},
		{"in CLOSE-WAIT\nwrite 5\nclose\nconsume", false, true}, // and to send
	} {
		s := newScript(t, 100, 300)
		s.run(c.way)
		tx, rx := s.c.Release()
		if (tx != nil) != c.tx || (rx != nil) != c.rx {
			t.Errorf("%q: %d and %d bytes are given back", c.way, len(tx), len(rx))
		}
		if tx, rx := s.c.Release(); tx != nil || rx != nil {
			t.Errorf("%q: memory is given back twice", c.way)
		}
		if t.Failed() {
			t.Fatal()
		}
	}
}

// TestReleasedStillAnswers: without buffers a connection still ends as it should.
func TestReleasedStillAnswers(t *testing.T) {
	for _, c := range []struct{ sentence, way, rest string }{
		{"TIME-WAIT acknowledges the FIN again", "in TIME-WAIT",
			"< FIN,ACK 1 ack 2 win 65535 = ErrOutOfWindow\n> ACK 2 ack 2\nread 1 = EOF\nwait 60s\nnone\nstate CLOSED"},
		{"CLOSE-WAIT writes on", "in CLOSE-WAIT", "read 1 = EOF\nwrite 5\n> ACK 1+5 ack 2\n< ACK 2 ack 6 win 65535\nclose\n> FIN,ACK 6\n< ACK 2 ack 7 win 9\nstate CLOSED"},
		{"FIN-WAIT-2 reads on", "in FIN-WAIT-2", "< ACK 1+5 ack 2 win 65535\n> ACK 2 ack 6\nread 5\n< FIN,ACK 6 ack 2 win 65535\n> ACK 2 ack 7\nstate TIME-WAIT"},
		{"LAST-ACK sends its FIN again", "in LAST-ACK", "wait 200ms\n> FIN,ACK 1 ack 2\n< ACK 2 ack 2 win 9\nstate CLOSED"},
		{"data behind the FIN is refused", "in CLOSE-WAIT", "< ACK 2+5 ack 1 win 65535\n> ACK 1 ack 2\nread 1 = EOF"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			s := newScript(t, 0xffffffff, 0xfffffffe)
			s.run(c.way)
			s.c.Release()
			s.run(c.rest)
			s.none("at the end")
		})
	}
}

func TestReadsAfterReleaseAndError(t *testing.T) {
	s := newScript(t, 1, 1)
	s.run("in ESTABLISHED\nabort\nconsume")
	s.c.Release()
	if n, err := s.c.Read(make([]byte, 9)); n != 0 || !errors.Is(err, ErrAborted) {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := s.c.Write(make([]byte, 9)); n != 0 || !errors.Is(err, ErrAborted) {
		t.Errorf("%d, %v", n, err)
	}
}

// What can't be used is not asked for: a segment to a connection whose end is near would cost its
// owner a buffer each time.
func TestNoMemoryIsAskedForAtTheEnd(t *testing.T) {
	for _, lines := range []string{"in CLOSE-WAIT", "in CLOSING", "in LAST-ACK", "in TIME-WAIT", "in ESTABLISHED\nabort\nconsume", "in FIN-WAIT-2\ndiscard"} {
		s := newScript(t, 1, 1)
		s.cfg.Rx, s.cfg.Tx, s.cfg.RxMax, s.cfg.TxMax = nil, nil, 1<<20, 1<<20
		s.run(lines)
		if n := s.c.WantRx(true); n != 0 {
			t.Errorf("%q: it wants %d bytes for what comes", lines, n)
		}
		if n := s.c.WantTx(); n != 0 && lines != "in CLOSE-WAIT" {
			t.Errorf("%q: it wants %d bytes for what is written", lines, n)
		}
	}
}

func TestTuningAllocatesNothing(t *testing.T) {
	var a, b TCB
	buf, data, out := make([]byte, 1500), make([]byte, 1460), make([]byte, 1460)
	ca, cb := endConfig(addrA, addrB, 65536, 1), endConfig(addrB, addrA, 65536, 2)
	handshake(&a, &b, ca, cb, buf)
	spare := make([]byte, 65536)
	if n := testing.AllocsPerRun(1000, func() {
		a.Write(data)
		relay(&a, &b, buf)
		b.Read(out)
		relay(&b, &a, buf)
		if b.WantRx(true) != 0 || a.WantTx() != 0 {
			t.Fatal("it wants memory")
		}
		spare = b.SetRx(spare)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

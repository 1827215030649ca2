package relay

import (
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"httptap/httptap/internal/hub"
	"httptap/stack/link"
)

// A client that stops reading gets all frames in order when it goes on, as many as its queue holds,
// wherever its connection was full.
func TestStreamThatPauses(t *testing.T) {
	url, wire, h := setup(t, 0)
	c := open(t, url)
	c.SetReadBuffer(32 << 10)
	const frames, length = 500, 1400
	text := strings.Repeat("x", length-4)
	for i := range frames {
		wire.Send(frame(string(binary.BigEndian.AppendUint32(nil, uint32(i))) + text))
	}
	for i := range frames {
		got := gets(t, c, 4+link.HeaderLen+length)
		if n := binary.BigEndian.Uint32([]byte(got[4+link.HeaderLen:])); n != uint32(i) {
			t.Fatalf("frame %d is %d", i, n)
		}
	}
	for _, p := range h.Stats().Ports {
		if p.Name == "client me" && (p.FramesOut != frames || p.DroppedFull != 0 || p.Queued != 0) {
			t.Errorf("%+v", p)
		}
	}
}

// Of a client that vanishes, the frames that it can't have got whole wait for its next call.
func TestStreamThatVanishes(t *testing.T) {
	url, wire, h := setup(t, 0)
	c := open(t, url)
	c.SetReadBuffer(32 << 10)
	const frames = 500
	for i := range frames {
		wire.Send(frame(string(binary.BigEndian.AppendUint32(nil, uint32(i))) + strings.Repeat("x", 1400)))
	}
	c.SetLinger(0)
	c.Close()
	streamStatsOf(t, url, func(s streamStats) bool { return s.Open == 0 })
	var me hub.PortStats
	for _, p := range h.Stats().Ports {
		if p.Name == "client me" {
			me = p
		}
	}
	if me.Queued == 0 || me.QueuedTotal != frames || me.FramesOut+me.DroppedGone+uint64(me.Queued) != frames {
		t.Fatalf("%+v", me)
	}
	next := open(t, url)
	first := -1
	for i := range me.Queued {
		got := gets(t, next, 4+link.HeaderLen+1404)
		n := int(binary.BigEndian.Uint32([]byte(got[4+link.HeaderLen:])))
		if first < 0 {
			first = n
		}
		if n != first+i {
			t.Fatalf("frame %d is %d, behind %d", i, n, first)
		}
	}
	if first+me.Queued != frames {
		t.Errorf("frames %d to %d", first, first+me.Queued)
	}
}

// What is written at once is what the connection takes, and no call waits.
func TestImmediate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nobody writes without waiting there")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	now := immediate(plain{&conn{Conn: near, leave: func() {}}})
	if now == nil {
		t.Fatal("a TCP connection has to be waited for")
	}
	block, sent := make([]byte, 64<<10), 0
	for n := len(block); n == len(block); sent += n {
		n = now(block)
	}
	if n := now(block); n != 0 {
		sent += n // the far end has taken some meanwhile
	}
	if n := testing.AllocsPerRun(100, func() { sent += now(block[:1]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	near.Close()
	if n := now(block); n != 0 {
		t.Errorf("%d bytes were written to a closed connection", n)
	}
	far.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := io.Copy(io.Discard, far); err != nil || n != int64(sent) {
		t.Errorf("%d bytes arrived, %v; %d were written", n, err, sent)
	}
	if one, other := net.Pipe(); immediate(plain{one}) != nil || immediate(plain{&conn{Conn: other}}) != nil {
		t.Error("a pipe is a socket")
	}
}

package session

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"httptap/pcap"
	"httptap/stack/field"
	"httptap/stack/seq"
	"httptap/stack/tcp"
)

// A steady feeds segments of one conversation for ever.
type steady struct {
	s      *Session
	d      pcap.Decoder
	frames [][]byte
	n      int
	f      Frame
}

// next feeds the next frame, with its sequence numbers moved on from those of the round before.
func (x *steady) next(step uint32) {
	b := x.frames[x.n%len(x.frames)]
	if x.n >= len(x.frames) {
		binary.BigEndian.PutUint32(b[38:], binary.BigEndian.Uint32(b[38:])+step)
		binary.BigEndian.PutUint32(b[42:], binary.BigEndian.Uint32(b[42:])+step)
	}
	x.n++
	x.f = Frame{Number: uint64(x.n), Time: start.Add(time.Duration(x.n) * time.Millisecond), Data: b, Spans: x.d.Decode(b, len(b))}
	x.s.Add(&x.f)
}

// steadyStates are frames that come again and again, each round with its bytes behind those before.
func steadyStates(t testing.TB) map[string]struct {
	frames [][]byte
	step   uint32
} {
	seg := func(back bool, port uint16, from, ack int, data []byte) []byte {
		h := tcp.Header{SrcPort: 50000, DstPort: port, Seq: seq.Value(1 + from), Ack: seq.Value(1 + ack), Flags: tcp.ACK, Window: 60000}
		if back {
			h.SrcPort, h.DstPort = port, 50000
			return segment4(bob, alice, h, nil, data)
		}
		return segment4(alice, bob, h, nil, data)
	}
	block := bytes.Repeat([]byte("x"), 1000)
	q, a := make([]byte, 1000), make([]byte, 1000) // each is one message
	copy(q, dnsQuestions[0])
	copy(a, dnsAnswers[0])
	binary.BigEndian.PutUint16(q, 998)
	binary.BigEndian.PutUint16(a, 998)
	return map[string]struct {
		frames [][]byte
		step   uint32
	}{
		"bulk":                    {[][]byte{seg(false, 40007, 0, 0, block), seg(false, 40007, 1000, 0, block), seg(true, 40007, 0, 2000, nil), seg(true, 40007, 0, 2000, block), seg(true, 40007, 1000, 2000, block)}, 2000},
		"out of order":            {[][]byte{seg(false, 40007, 1000, 0, block), seg(false, 40007, 0, 0, block), seg(true, 40007, 1000, 2000, block), seg(true, 40007, 0, 2000, block)}, 2000},
		"retransmission":          {[][]byte{seg(false, 40007, 0, 0, block), seg(false, 40007, 0, 0, block), seg(true, 40007, 0, 1000, block)}, 1000},
		"DNS split over segments": {[][]byte{seg(false, 53, 0, 0, q[:10]), seg(false, 53, 10, 0, q[10:]), seg(true, 53, 0, 1000, a[:400]), seg(true, 53, 400, 1000, a[400:])}, 1000},
	}
}

func TestAllocatesNothing(t *testing.T) {
	for name, c := range steadyStates(t) {
		x := steady{s: New(Config{}), frames: c.frames}
		for range 1000 {
			x.next(c.step)
		}
		if n := testing.AllocsPerRun(2000, func() { x.next(c.step) }); n != 0 {
			t.Errorf("%s: %v allocations a frame", name, n)
		}
		if st := x.s.Stats(); st.TCPStreams != 1 || st.Gaps > 0 || st.Conflicts > 0 {
			t.Errorf("%s: %+v", name, st)
		} else if name == "DNS split over segments" && st.Messages < st.Frames/2 {
			t.Errorf("%s: only %d messages", name, st.Messages)
		}
	}
}

// Frames of known conversations over UDP, and their exchanges.
func TestDatagramsAllocateNothing(t *testing.T) {
	var d pcap.Decoder
	s := New(Config{Requests: 100})
	q, a := udp4(false, 53, dnsMessage(1, false)), udp4(true, 53, dnsMessage(1, true))
	spans := [2][]field.Span{append([]field.Span(nil), d.Decode(q, len(q))...), append([]field.Span(nil), d.Decode(a, len(a))...)}
	n := 0
	next := func() {
		n++
		id := uint16(n / 2)
		f := Frame{Number: uint64(n), Time: start.Add(time.Duration(n) * time.Millisecond), Data: q, Spans: spans[0]}
		if n%2 == 1 {
			f.Data, f.Spans = a, spans[1]
		}
		binary.BigEndian.PutUint16(f.Data[42:], id)
		s.Add(&f)
	}
	for range 2000 {
		next()
	}
	if got := testing.AllocsPerRun(2000, next); got != 0 {
		t.Errorf("%v allocations a frame", got)
	}
}

func BenchmarkAdd(b *testing.B) {
	for name, c := range steadyStates(b) {
		b.Run(name, func(b *testing.B) {
			x := steady{s: New(Config{}), frames: c.frames}
			b.ReportAllocs()
			for b.Loop() {
				x.next(c.step)
			}
		})
	}
}

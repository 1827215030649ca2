package session

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"httptap/pcap/fact"
	"httptap/stack/ipv4"
	"httptap/stack/seq"
	"httptap/stack/sum"
	"httptap/stack/tcp"
)

// A listener keeps what Follow hands over, gaps as [n].
type listener struct {
	client, server strings.Builder
}

func (l *listener) follow(c Chunk) {
	b := &l.server
	if c.FromClient {
		b = &l.client
	}
	if c.Gap > 0 {
		fmt.Fprintf(b, "[%d]", c.Gap)
	}
	b.Write(c.Data)
}

// flowCases are the segments of a client and the bytes that follow from them.
var flowCases = []struct {
	name  string
	lines []string
	want  string
	facts map[int][]*fact.Spec // by line
}{
	{"in order", []string{`1 > A 1 1 9 "abc"`, `1 > A 4 1 9 "def"`}, "abcdef", nil},
	{"turned round", []string{`1 > A 4 1 9 "def"`, `1 > A 1 1 9 "abc"`}, "abcdef", nil},
	{"twice", []string{`1 > A 1 1 9 "abc"`, `1 > A 1 1 9 "abc"`, `1 > A 4 1 9 "d"`}, "abcd", map[int][]*fact.Spec{1: nil}},
	{"with more than before", []string{`1 > A 1 1 9 "abc"`, `1 > A 2 1 9 "bcde"`}, "abcde", map[int][]*fact.Spec{1: {&fact.TCP.Overlap}}},
	{"over two holes", []string{`1 > A 3 1 9 "c"`, `1 > A 5 1 9 "e"`, `1 > A 1 1 9 "abcdef"`}, "abcdef", map[int][]*fact.Spec{2: {&fact.TCP.Overlap}}},
	{"the first copy wins", []string{`1 > A 1 1 9 "abc"`, `1 > A 1 1 9 "aXc"`}, "abc", map[int][]*fact.Spec{1: {&fact.TCP.Conflict}}},
	{"the first copy wins before its turn", []string{`1 > A 3 1 9 "cd"`, `1 > A 1 1 9 "abXY"`}, "abcd", map[int][]*fact.Spec{1: {&fact.TCP.Conflict, &fact.TCP.Overlap}}},
	{"a keep-alive's byte is garbage", []string{`1 > A 1 1 9 "abc"`, `1 > A 3 1 9 "X"`, `1 > A 4 1 9 "d"`}, "abcd", map[int][]*fact.Spec{1: nil}},
	{"acknowledged and not captured", []string{`1 > A 1 1 9 "abc"`, `1 > A 6 1 9 "fgh"`, `1 < A 1 9 9`, `1 > A 9 1 9 "i"`}, "abc[2]fghi", nil},
	{"acknowledged before it was seen missing", []string{`1 > A 1 1 9 "abc"`, `1 < A 1 6 9`, `1 > A 6 1 9 "fgh"`}, "abc[2]fgh", nil},
	{"acknowledged and captured late", []string{`1 > A 1 1 9 "abc"`, `1 < A 1 6 9`, `1 > A 4 1 9 "de"`, `1 > A 6 1 9 "fgh"`}, "abcdefgh", nil},
	{"never acknowledged", []string{`1 > A 1 1 9 "abc"`, `1 > A 6 1 9 "fgh"`}, "abc[2]fgh", nil}, // at the end
	{"the end", []string{`1 > FA 1 1 9 "abc"`}, "abc", nil},
	{"a RST has no data", []string{`1 > A 1 1 9 "abc"`, `1 > R 4 1 9 "no such port"`}, "abc", nil},
	{"a stray far ahead", []string{`1 > A 1 1 9 "abc"`, `1 > A 9000000 1 9 "stray"`, `1 > A 4 1 9 "d"`}, "abcd", nil},
	{"a capture that lacks a lot", []string{`1 > A 1 1 9 "abc"`, `1 > A 9000001 1 9 "lost"`, `1 > A 9000005 1 9 "def"`}, "abc[9000001]def", nil},
}

func TestFlow(t *testing.T) {
	for i, c := range flowCases {
		for _, base := range []uint32{1000, 1<<32 - 3, 1<<31 - 2} {
			var l listener
			h := newHarness(t, Config{Follow: l.follow})
			conv := converse(t, c.name, i)
			conv.cFirst = seq.Value(base)
			h.hello(conv)
			for k, line := range c.lines {
				r := h.say(conv, line)
				want, ok := c.facts[k]
				if !ok {
					continue
				}
				var got []*fact.Spec
				for _, f := range r.Facts {
					if f.Spec == &fact.TCP.Conflict || f.Spec == &fact.TCP.Overlap {
						got = append(got, f.Spec)
					}
				}
				slices.SortFunc(got, func(a, b *fact.Spec) int { return strings.Compare(b.Name, a.Name) })
				if !slices.Equal(got, want) {
					t.Errorf("%s, %s: %d facts, want %d", c.name, line, len(got), len(want))
				}
			}
			h.close()
			if got := l.client.String(); got != c.want {
				t.Errorf("%s from %d: %q, want %q", c.name, base, got, c.want)
			}
		}
	}
}

// TestMiddle: a conversation whose beginning was not captured begins with its first data.
func TestMiddle(t *testing.T) {
	var l listener
	h := newHarness(t, Config{Follow: l.follow})
	c := converse(t, "middle", 1)
	h.say(c, `1 > A 700 900 9 "abc"`, `1 < A 900 703 9 "xyz"`, `1 > A 703 903 9 "def"`, `1 < A 903 706 9`)
	if l.client.String() != "abcdef" || l.server.String() != "xyz" {
		t.Errorf("%q and %q", l.client.String(), l.server.String())
	}
}

// TestSnapped: what a snaplen cut off is a gap, and nothing waits for it.
func TestSnapped(t *testing.T) {
	var l listener
	h := newHarness(t, Config{Follow: l.follow})
	c := converse(t, "snapped", 1)
	h.hello(c)
	for _, line := range []string{`1 > A 1 1 9 "abcdef"`, `1 > A 7 1 9 "ghijkl"`} {
		c.line(line)
		b := c.frames[len(c.frames)-1].data
		h.add(b[:len(b)-4], len(b))
	}
	h.say(c, `1 > A 13 1 9 "m"`)
	if got := l.client.String(); got != "ab[4]gh[4]m" {
		t.Errorf("%q", got)
	}
}

// TestUDPIsFollowed: each datagram is a chunk.
func TestUDPIsFollowed(t *testing.T) {
	var l listener
	h := newHarness(t, Config{Follow: l.follow})
	h.add(datagram4(alice, bob, 4000, 4001, []byte("ask")), 45)
	h.s.cfg.Follow = func(Chunk) { t.Error("an empty datagram is a chunk") }
	h.add(datagram4(alice, bob, 4000, 4001, nil), 42)
	h.s.cfg.Follow = l.follow
	h.add(datagram4(bob, alice, 4001, 4000, []byte("answer")), 48)
	if l.client.String() != "ask" || l.server.String() != "answer" {
		t.Errorf("%q and %q", l.client.String(), l.server.String())
	}
}

// segmentsOf cuts a stream into segments that overlap, come twice and in any order.
func segmentsOf(r *rand.Rand, n int) (list []extent) {
	for from := 0; from < n; {
		to := min(n, from+1+r.IntN(n/4+2))
		list = append(list, extent{int64(from), int64(to)})
		from = to
	}
	for range r.IntN(8) {
		from := r.IntN(n)
		list = append(list, extent{int64(from), int64(from + 1 + r.IntN(n-from))})
	}
	r.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
	return list
}

// permuted feeds segments of data in some order and returns what follows from them.
func permuted(t testing.TB, data []byte, list []extent, first seq.Value) string {
	var l listener
	h := newHarness(t, Config{Follow: l.follow})
	c := converse(t, "permuted", 1)
	c.cFirst = first
	h.hello(c)
	for _, e := range list {
		frame := segment4(alice, bob, tcp.Header{SrcPort: c.cPort, DstPort: c.sPort, Seq: first.Add(1 + int(e.from)), Ack: c.sFirst + 1, Flags: tcp.ACK, Window: 9}, nil, data[e.from:e.to])
		h.add(frame, len(frame))
	}
	if st := h.s.Stats(); st.Conflicts > 0 || st.Gaps > 0 {
		t.Errorf("%d conflicts and %d gaps in what is consistent", st.Conflicts, st.Gaps)
	}
	return l.client.String()
}

func TestEveryOrderGivesTheStream(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 300 {
		data := make([]byte, 1+r.IntN(400))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		list := segmentsOf(r, len(data))
		if got := permuted(t, data, list, seq.Value(r.Uint32())); got != string(data) {
			t.Fatalf("%v of %d bytes gave %q, want %q", list, len(data), got, data)
		}
	}
}

// FuzzReassembly: any order and overlap of consistent segments gives the stream.
func FuzzReassembly(f *testing.F) {
	f.Add(uint64(1), uint32(1000), []byte("hello world"))
	f.Add(uint64(2), uint32(1<<32-4), bytes.Repeat([]byte("0123456789"), 50))
	f.Fuzz(func(t *testing.T, seed uint64, first uint32, data []byte) {
		if len(data) == 0 || len(data) > 20000 {
			return
		}
		list := segmentsOf(rand.New(rand.NewPCG(seed, 1)), len(data))
		if got := permuted(t, data, list, seq.Value(first)); got != string(data) {
			t.Fatalf("%v of %d bytes gave %d others", list, len(data), len(got))
		}
	})
}

// TestHeldBytesAreBounded: a flow that waits for what never comes is given up in part.
func TestHeldBytesAreBounded(t *testing.T) {
	var l listener
	h := newHarness(t, Config{StreamBytes: 64 << 10, Follow: l.follow})
	c := converse(t, "hole", 1)
	h.hello(c)
	block := bytes.Repeat([]byte("x"), 1000)
	for i := range 500 {
		frame := segment4(alice, bob, tcp.Header{SrcPort: c.cPort, DstPort: c.sPort, Seq: c.cFirst.Add(101 + 1000*i), Ack: c.sFirst + 1, Flags: tcp.ACK, Window: 9}, nil, block)
		h.add(frame, len(frame))
	}
	if got, want := l.client.Len(), 499*1000; got < want || !strings.HasPrefix(l.client.String(), "[100]xxx") {
		t.Errorf("%d bytes followed, want over %d: %.20q", got, want, l.client.String())
	}
	if st := h.s.Stats(); st.Gaps != 1 || st.GapBytes != 100 {
		t.Errorf("%d gaps of %d bytes", st.Gaps, st.GapBytes)
	}
}

// TestManyHoles: every second byte is missing.
func TestManyHoles(t *testing.T) {
	var l listener
	h := newHarness(t, Config{Follow: l.follow})
	c := converse(t, "holes", 1)
	h.hello(c)
	for i := range 5000 {
		frame := segment4(alice, bob, tcp.Header{SrcPort: c.cPort, DstPort: c.sPort, Seq: c.cFirst.Add(2 + 2*i), Ack: c.sFirst + 1, Flags: tcp.ACK, Window: 9}, nil, []byte("x"))
		h.add(frame, len(frame))
		if n := len(h.s.tcp.newest.flows[0].have); n > maxHoles+2 {
			t.Fatalf("%d pieces are held apart", n)
		}
	}
	h.close()
	if got := strings.Count(l.client.String(), "[1]x"); got != 5000 {
		t.Errorf("%d of 5000 gaps are marked", got)
	}
}

// TestStreamsAreBounded: the conversation that was not used for longest goes.
func TestStreamsAreBounded(t *testing.T) {
	h := newHarness(t, Config{Streams: 10})
	var convs []*conversation
	for i := range 10 {
		c := converse(t, "many", i)
		convs = append(convs, c)
		h.hello(c)
	}
	h.say(convs[0], "1 > A 1 1 9") // is used again
	r := h.say(converse(t, "one more", 10), "0 > S 0 0 9")
	if got := has(r, &fact.Evicted); !slices.Equal(got, []uint64{1}) || h.s.Stats().EvictedStreams != 1 {
		t.Errorf("evicted %v", got)
	}
	if r := h.say(convs[0], "1 > A 1 1 9"); has(r, &fact.TCPStream)[0] != 0 {
		t.Errorf("the one that was used has number %d now", has(r, &fact.TCPStream)[0])
	}
	if r := h.say(convs[1], "1 > A 1 1 9"); has(r, &fact.TCPStream)[0] != 11 {
		t.Errorf("the one that was not has number %d now", has(r, &fact.TCPStream)[0])
	}
}

// TestMemoryIsBounded: many flows that all wait for a byte.
func TestMemoryIsBounded(t *testing.T) {
	h := newHarness(t, Config{Bytes: 4 << 20})
	block := make([]byte, 60000)
	for i := range 400 {
		c := converse(t, "waits", i)
		h.hello(c)
		for k := range 3 {
			b := make([]byte, tcp.HeaderLen, tcp.HeaderLen+len(block))
			b = append(b, block...)
			tcp.Put(b, tcp.Header{SrcPort: c.cPort, DstPort: c.sPort, Seq: c.cFirst.Add(2 + k*len(block)), Ack: c.sFirst + 1, Flags: tcp.ACK, Window: 9}, 0, sum.Pseudo4(alice, bob, ipv4.ProtoTCP, len(b)))
			frame := packet4(alice, bob, ipv4.ProtoTCP, b)
			h.add(frame, len(frame))
		}
	}
	if h.s.Stats().EvictedStreams < 300 {
		t.Errorf("%+v", h.s.Stats())
	}
}

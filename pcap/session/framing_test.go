package session

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"httptap/pcap"
	"httptap/pcap/fact"
	"httptap/stack/field"
	"httptap/stack/tcp"
)

// A talk feeds what both sides say to a port, in segments of a size.
type talk struct {
	h        *harness
	c        *conversation
	sent     [2]int
	messages []string // what was shown, as "frame: bytes"
	facts    []string
}

func newTalk(t testing.TB, port uint16, cfg Config) *talk {
	k := &talk{h: newHarness(t, cfg), c: converse(t, "talk", 1), sent: [2]int{1, 1}}
	k.c.sPort = port
	k.h.hello(k.c)
	return k
}

// segment sends a piece, from the client unless back.
func (k *talk) segment(back bool, data []byte, flags tcp.Flags) {
	dir, src, dst := 0, alice, bob
	hd := tcp.Header{SrcPort: k.c.cPort, DstPort: k.c.sPort, Flags: flags | tcp.ACK, Window: 60000}
	hd.Seq, hd.Ack = k.c.cFirst.Add(k.sent[0]), k.c.sFirst.Add(k.sent[1])
	if back {
		dir, src, dst = 1, bob, alice
		hd.SrcPort, hd.DstPort, hd.Seq, hd.Ack = hd.DstPort, hd.SrcPort, hd.Ack, hd.Seq
	}
	k.sent[dir] += len(data)
	frame := segment4(src, dst, hd, nil, data)
	k.note(k.h.add(frame, len(frame)))
}

func (k *talk) note(r *Result) {
	n := len(k.h.frames)
	for _, m := range r.Messages {
		text := fmt.Sprintf("%d: %s", n, m.Data)
		if m.Wire > len(m.Data) {
			text += "..."
		}
		k.messages = append(k.messages, text)
	}
	for i := range r.Facts {
		if f := &r.Facts[i]; strings.HasPrefix(f.Spec.Name, "http.") {
			k.facts = append(k.facts, fmt.Sprintf("%d %s=%s", n, f.Spec.Name[5:], f.AppendValue(nil)))
		}
	}
}

// say sends text in segments of n bytes.
func (k *talk) say(back bool, n int, text string) {
	for len(text) > 0 {
		c := min(n, len(text))
		k.segment(back, []byte(text[:c]), 0)
		text = text[c:]
	}
}

// TestMessagesOfEverySegmentation: whatever the segments, the same messages come out, each from the
// bytes of its frames, and none where the decoder sees it whole.
func TestMessagesOfEverySegmentation(t *testing.T) {
	for _, c := range []struct {
		port               uint16
		questions, answers []string
	}{{80, httpQuestions, httpAnswers}, {53, dnsQuestions, dnsAnswers}} {
		for n := 1; n < 700; n = n*3/2 + 1 {
			k := newTalk(t, c.port, Config{})
			var want []string
			for i, q := range c.questions {
				k.say(false, n, q)
				if len(q) > n {
					want = append(want, fmt.Sprintf("%d: %s", len(k.h.frames), q))
				}
				a := c.answers[i]
				k.say(true, n, a)
				if strings.Contains(a, "until the end") {
					k.segment(true, nil, tcp.FIN)
					want = append(want, fmt.Sprintf("%d: %s", len(k.h.frames), a))
				} else if len(a) > n {
					want = append(want, fmt.Sprintf("%d: %s", len(k.h.frames), a))
				}
			}
			if !slices.Equal(k.messages, want) {
				t.Errorf("port %d, segments of %d: %q\nwant %q", c.port, n, k.messages, want)
			}
			if k.h.s.Stats().Cut != 0 {
				t.Errorf("port %d, segments of %d: %d are cut", c.port, n, k.h.s.Stats().Cut)
			}
		}
	}
}

// TestHTTPExchanges: five requests have their five responses.
func TestHTTPExchanges(t *testing.T) {
	k := newTalk(t, 80, Config{})
	for i, q := range httpQuestions {
		k.say(false, 2000, q)
		k.say(true, 2000, httpAnswers[i])
	}
	k.segment(true, nil, tcp.FIN)
	want := strings.Split(`4 request_number=1
5 response_number=1
5 request_in=4
5 time=0.001000000
6 request_number=2
6 prev_request_in=4
7 response_number=2
7 prev_response_in=5
7 request_in=6
7 time=0.001000000
7 prev_request_in=4
8 request_number=3
8 prev_request_in=6
9 response_number=3
9 prev_response_in=7
9 request_in=8
9 time=0.001000000
9 prev_request_in=6
10 request_number=4
10 prev_request_in=8
11 response_number=4
11 prev_response_in=9
11 request_in=10
11 time=0.001000000
11 prev_request_in=8
12 request_number=5
12 prev_request_in=10
14 response_number=5
14 prev_response_in=11
14 request_in=12
14 time=0.002000000
14 prev_request_in=10`, "\n")
	if !slices.Equal(k.facts, want) {
		t.Errorf("%s\nwant %s", strings.Join(k.facts, "\n"), strings.Join(want, "\n"))
	}
}

// TestPipelining: three requests in two segments, three responses in two others.
func TestPipelining(t *testing.T) {
	k := newTalk(t, 80, Config{})
	all := httpQuestions[0] + httpQuestions[1] + httpQuestions[3]
	k.say(false, len(httpQuestions[0])+20, all)
	all = httpAnswers[0] + httpAnswers[1] + httpAnswers[3]
	k.say(true, len(httpAnswers[0])+20, all)
	var got []string
	for _, f := range k.facts {
		if strings.Contains(f, " request_in=") {
			got = append(got, f)
		}
	}
	if want := []string{"6 request_in=4", "7 request_in=5", "7 request_in=5"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	want := []string{"5: " + httpQuestions[1], "5: " + httpQuestions[3], "7: " + httpAnswers[1], "7: " + httpAnswers[3]}
	if !slices.Equal(k.messages, want) {
		t.Errorf("%q, want %q", k.messages, want)
	}
}

// TestGapInABody: behind it the next message is found, because the length says where it begins.
func TestGapInABody(t *testing.T) {
	k := newTalk(t, 80, Config{})
	k.say(false, 2000, httpQuestions[0])
	a := httpAnswers[0]
	k.say(true, 100, a[:200])
	k.sent[1] += 50 // was not captured
	k.say(true, 100, a[250:])
	k.segment(false, nil, 0) // acknowledges it all
	k.say(false, 2000, httpQuestions[3])
	k.say(true, 20, httpAnswers[3])
	want := []string{fmt.Sprintf("9: %s...", a[:200]), fmt.Sprintf("12: %s", httpAnswers[3])}
	if !slices.Equal(k.messages, want) {
		t.Errorf("%q\nwant %q", k.messages, want)
	}
	if st := k.h.s.Stats(); st.Cut != 1 || st.Gaps != 1 || st.GapBytes != 50 {
		t.Errorf("%+v", st)
	}
}

// TestResynchronization: behind a gap in a head messages are looked for where segments begin.
func TestResynchronization(t *testing.T) {
	k := newTalk(t, 80, Config{})
	k.say(false, 2000, httpQuestions[0])
	k.sent[0] += 70
	k.say(false, 2000, "the rest of something\r\n")
	k.segment(true, nil, 0)
	k.say(false, 20, httpQuestions[3])
	if want := []string{fmt.Sprintf("%d: %s", len(k.h.frames), httpQuestions[3])}; !slices.Equal(k.messages, want) {
		t.Errorf("%q\nwant %q", k.messages, want)
	}
}

// TestLongMessage: one that is longer than what is held is shown in part, and matched.
func TestLongMessage(t *testing.T) {
	for _, head := range []string{"Content-Length: 200000", "Transfer-Encoding: chunked", "Connection: close"} {
		k := newTalk(t, 80, Config{StreamBytes: 32 << 10})
		k.say(false, 2000, httpQuestions[0])
		text := "HTTP/1.1 200 OK\r\n" + head + "\r\n\r\n"
		start := len(text)
		body := bytes.Repeat([]byte("0123456789"), 20000)
		if strings.HasPrefix(head, "Transfer") {
			for range 200 {
				text += "3e8\r\n" + string(body[:1000]) + "\r\n"
			}
			text += "0\r\n\r\n"
		} else {
			text += string(body)
		}
		k.say(true, 1400, text)
		if len(k.messages) != 1 || !strings.HasSuffix(k.messages[0], "...") || len(k.messages[0]) < 30<<10 {
			t.Errorf("%s: %d messages", head, len(k.messages))
		}
		if n := cap(k.h.s.tcp.newest.flows[1].buf) + cap(k.h.s.tcp.newest.flows[0].buf); n > 200<<10 {
			t.Errorf("%s: %d bytes of buffers for %d", head, n, len(text)-start)
		}
		if head == "Connection: close" {
			k.segment(true, nil, tcp.FIN)
		} else {
			k.say(false, 2000, httpQuestions[3])
			k.say(true, 2000, httpAnswers[3])
		}
		var got []string
		for _, f := range k.facts {
			if strings.Contains(f, " request_in=") {
				got = append(got, f[strings.IndexByte(f, ' '):])
			}
		}
		if want := 2 - strings.Count(head, "close"); len(got) != want || got[0] != " request_in=4" {
			t.Errorf("%s: %q", head, got)
		}
	}
}

// TestTunnel: what follows a switch of protocols is not HTTP.
func TestTunnel(t *testing.T) {
	k := newTalk(t, 80, Config{})
	k.say(false, 2000, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n")
	k.say(true, 2000, "HTTP/1.1 200 OK\r\n\r\n")
	k.say(false, 10, httpQuestions[0])
	k.say(true, 10, httpAnswers[0])
	if len(k.messages) != 0 {
		t.Errorf("%q", k.messages)
	}
}

// TestReassembledFacts: the last frame has the facts of the message, the others where it is.
func TestReassembledFacts(t *testing.T) {
	h := newHarness(t, Config{})
	c := converse(t, "facts", 1)
	c.sPort = 53
	h.hello(c)
	q := dnsQuestions[0]
	h.say(c, fmt.Sprintf(`1 > A 1 1 9 %q`, q[:10]), fmt.Sprintf(`1 > A 21 1 9 %q`, q[20:]))
	r := h.say(c, fmt.Sprintf(`1 > A 11 1 9 %q`, q[10:20]))
	if got := has(r, &fact.TCP.Piece); !slices.Equal(got, []uint64{4, 6, 5}) {
		t.Errorf("pieces of frames %v", got)
	}
	if n, l := has(r, &fact.TCP.Count), has(r, &fact.TCP.Length); !slices.Equal(n, []uint64{3}) || !slices.Equal(l, []uint64{uint64(len(q))}) {
		t.Errorf("%d pieces, %d bytes", n, l)
	}
	var in []uint64
	for _, e := range r.Earlier {
		if e.Spec == &fact.TCP.In && e.N == 6 {
			in = append(in, e.Frame)
		}
	}
	if !slices.Equal(in, []uint64{4, 5}) {
		t.Errorf("frames %v are said to be reassembled", in)
	}
	if m := r.Messages[0]; m.Layout.Spec.Name != "dns" || m.Stream != 0 || m.Of != &fact.TCP {
		t.Errorf("%+v", m)
	}
}

// TestManyMessages: of one frame at most 64 are decoded, and the others counted.
func TestManyMessages(t *testing.T) {
	k := newTalk(t, 53, Config{})
	q := dnsOverTCP(1, false, 0)
	all := strings.Repeat(q, 100)
	k.segment(false, []byte(all[:3]), 0)
	k.segment(false, []byte(all[3:]), 0)
	if len(k.messages) != maxMessages || k.h.s.Stats().Unshown != 100-maxMessages {
		t.Errorf("%d messages, %d unshown", len(k.messages), k.h.s.Stats().Unshown)
	}
}

// TestLongMessagesBackToBack: what is forgotten ends within a segment.
func TestLongMessagesBackToBack(t *testing.T) {
	k := newTalk(t, 53, Config{StreamBytes: 32 << 10})
	text := ""
	for i := range 10 {
		text += string([]byte{0x4e, 0x20, 0, byte(i), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}) + strings.Repeat(string(rune('a'+i)), 20000-12)
	}
	k.say(false, 1400, text)
	if st := k.h.s.Stats(); len(k.messages) != 10 || st.Cut+st.Gaps+st.TooFar > 0 {
		t.Errorf("%d messages, %+v", len(k.messages), st)
	}
}

// TestAdopted: where the decoder finds a protocol whatever the port, its messages are framed.
func TestAdopted(t *testing.T) {
	h := newHarness(t, Config{})
	c := converse(t, "adopted", 1)
	h.hello(c)
	st := h.s.tcp.newest
	data := []byte(httpQuestions[0])
	layout := pcap.Lookup(field.Next{Table: field.TCPPort, Key: 80})
	st.adopt(&scope{data: data, spans: h.d.DecodeAs(layout, data, len(data))}, 0)
	if st.layout != layout || st.protocol != httpMessages {
		t.Errorf("protocol %d", st.protocol)
	}
}

// TestTLSRecords: the lengths of records are those of their headers. RFC 8446, 5.1
func TestTLSRecords(t *testing.T) {
	for _, c := range []struct {
		b    []byte
		want verdict
		n    int64
	}{
		{[]byte{22}, incomplete, 0},
		{[]byte{22, 3, 1, 0}, incomplete, 0},
		{[]byte{22, 3, 1, 2, 0}, framed, 517},
		{[]byte{23, 3, 3, 0x48, 0, 9}, framed, 5 + 1<<14 + 2048},
		{[]byte{23, 3, 3, 0x48, 1}, alien, 0},
		{[]byte{25, 3, 3, 0, 1}, alien, 0},
		{[]byte{22, 2}, alien, 0},
	} {
		var f flow
		st := &stream{tcpState: &tcpState{protocol: tlsRecords}}
		if got := f.frame(st, c.b); got != c.want || f.total != c.n {
			t.Errorf("% x: %d, %d bytes; want %d, %d", c.b, got, f.total, c.want, c.n)
		}
	}
}

// TestTLSOverSegments: a record that goes over segments is shown whole, on TLS's port and on one where
// only the bytes say that it is TLS.
func TestTLSOverSegments(t *testing.T) {
	hello := "\x16\x03\x01\x00\x6c\x01\x00\x00\x68\x03\x03" + strings.Repeat("r", 32) + "\x00\x00\x02\x13\x01\x01\x00\x00\x3d\x00\x15\x00\x39" + strings.Repeat("\x00", 57)
	data := "\x17\x03\x03\x00\x96" + strings.Repeat("d", 150)
	for _, port := range []uint16{443, 4440} {
		k := newTalk(t, port, Config{})
		k.say(false, 60, hello) // frames 4 and 5
		k.say(true, 400, data+data)
		k.say(false, 100, data+data) // the first ends in frame 8, the second in 10
		want := []string{"5: " + hello, "8: " + data, "10: " + data}
		if !slices.Equal(k.messages, want) {
			t.Errorf("port %d: %q, want %q", port, k.messages, want)
		}
		if st := k.h.s.tcp.newest; st.layout.Spec.Name != "tls" || st.protocol != tlsRecords {
			t.Errorf("port %d: the conversation is one of %v", port, st.layout)
		}
	}
}

// TestDNSWithoutItsBeginning: a length alone does not make a message where none is known to begin.
func TestDNSWithoutItsBeginning(t *testing.T) {
	for _, c := range []struct {
		b    string
		want verdict
	}{
		{dnsQuestions[0], framed}, {dnsAnswers[0], framed}, {dnsQuestions[0][:7], incomplete},
		{"text that is none at all", alien}, {"\x00\x05hello", alien},
	} {
		var f flow
		st := &stream{tcpState: &tcpState{protocol: dnsMessages}}
		if got := f.frame(st, []byte(c.b)); got != c.want {
			t.Errorf("%.20q: %d, want %d", c.b, got, c.want)
		}
	}
}

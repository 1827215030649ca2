package session

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"httptap/pcap/fact"
	"httptap/stack/ethernet"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/tcp"
)

// fragmented cuts a packet of IPv4 into fragments of n bytes, a multiple of eight.
func fragmented(proto uint8, id uint16, payload []byte, n int) (list [][]byte) {
	for from := 0; from < len(payload); from += n {
		to := min(from+n, len(payload))
		word := uint16(from / 8)
		if to < len(payload) {
			word |= 0x2000
		}
		list = append(list, fragment4(alice, bob, proto, id, word, payload[from:to]))
	}
	return list
}

// udpPayload is a datagram of UDP with a question of DNS, long enough for some fragments.
func udpPayload() []byte {
	return datagram4(alice, bob, 4000, 53, []byte(dnsOverTCP(9, true, 200)[2:]))[34:]
}

func TestFragments(t *testing.T) {
	payload := udpPayload()
	r := rand.New(rand.NewPCG(3, 3))
	for n := 8; n < len(payload); n += 8 {
		list := fragmented(ipv4.ProtoUDP, 7, payload, n)
		list = append(list, list[0]) // a copy
		r.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
		h := newHarness(t, Config{})
		var done []*Message
		var at int
		for i, f := range list {
			if res := h.add(f, len(f)); len(res.Messages) > 0 {
				m := res.Messages[0]
				m.Data = bytes.Clone(m.Data)
				done, at = append(done, &m), i
				if got := has(res, &fact.UDPStream); len(got) != 1 {
					t.Errorf("fragments of %d: UDP streams %v", n, got)
				}
				if got := has(res, &fact.IPv4.Length); !slices.Equal(got, []uint64{uint64(len(payload))}) {
					t.Errorf("fragments of %d: length %v", n, got)
				}
				var in []uint64
				for _, e := range res.Earlier {
					if e.Spec == &fact.IPv4.In && e.N == uint64(i+1) {
						in = append(in, e.Frame)
					}
				}
				if len(in) != i { // each that came before is of this datagram
					t.Errorf("fragments of %d: %v are said to be reassembled in %d", n, in, i+1)
				}
			}
		}
		if len(done) != 1 || !bytes.Equal(done[0].Data[20:], payload) {
			t.Fatalf("fragments of %d: %d datagrams, the last in %d", n, len(done), at)
		}
		if p, err := ipv4.Parse(done[0].Data); err != nil || p.IsFragment() {
			t.Errorf("fragments of %d: %v", n, err)
		}
	}
}

func TestFragmentFaults(t *testing.T) {
	payload := udpPayload()
	good := fragmented(ipv4.ProtoUDP, 7, payload, 64)
	other := bytes.Clone(good[1])
	other[40] ^= 1
	last := bytes.Clone(payload[192:])
	for _, c := range []struct {
		name      string
		frames    [][]byte
		fact      *fact.Spec
		at        int
		whole     int
		malformed uint64
	}{
		{"a copy", [][]byte{good[0], good[1], good[1], good[2], good[3]}, &fact.IPv4.Overlap, 4, 1, 0},
		{"a copy that differs", [][]byte{good[0], good[1], other, good[2], good[3]}, &fact.IPv4.Conflict, 2, 1, 0},
		{"two ends", [][]byte{good[3], fragment4(alice, bob, ipv4.ProtoUDP, 7, 192/8, last[:8]), good[0], good[1], good[2]}, &fact.IPv4.Tails, 1, 1, 0},
		{"behind the end", [][]byte{good[3], fragment4(alice, bob, ipv4.ProtoUDP, 7, 0x2000|800/8, payload[:8]), good[0], good[1], good[2]}, &fact.IPv4.TooLong, 1, 1, 0},
		{"no multiple of eight", [][]byte{fragment4(alice, bob, ipv4.ProtoUDP, 7, 0x2000, payload[:12])}, nil, 0, 0, 1},
		{"empty", [][]byte{fragment4(alice, bob, ipv4.ProtoUDP, 7, 0x2000, nil)}, nil, 0, 0, 1},
		{"past 65535", [][]byte{fragment4(alice, bob, ipv4.ProtoUDP, 7, 0x1fff, payload[:64])}, nil, 0, 0, 1},
		{"another identification", [][]byte{good[0], good[1], fragmented(ipv4.ProtoUDP, 8, payload, 64)[2], good[3]}, nil, 0, 0, 0},
	} {
		h := newHarness(t, Config{})
		whole := 0
		for i, f := range c.frames {
			r := h.add(f, len(f))
			whole += len(r.Messages)
			// The frame in which it is found says so, and the one that completes the datagram.
			want := i == c.at || i == len(c.frames)-1
			if c.fact != nil && len(has(r, c.fact)) > 0 != want {
				t.Errorf("%s: frame %d: %s is %v, want %v", c.name, i+1, c.fact.Name, !want, want)
			}
		}
		if st := h.s.Stats(); whole != c.whole || st.Malformed != c.malformed {
			t.Errorf("%s: %d datagrams, %+v", c.name, whole, st)
		}
	}
}

// TestTCPInFragments: a segment of a datagram in fragments is put in its place, and its bytes come
// from the frames of the fragments.
func TestTCPInFragments(t *testing.T) {
	var l listener
	h := newHarness(t, Config{Follow: l.follow})
	c := converse(t, "fragments", 1)
	c.sPort = 53
	h.hello(c)
	q := dnsQuestions[0]
	first := segmentBytes(c, 1, q[:30])
	for _, f := range fragmented(ipv4.ProtoTCP, 5, first, 32) {
		h.add(f, len(f))
	}
	second := segmentBytes(c, 31, q[30:])
	r := h.add(packet4(alice, bob, ipv4.ProtoTCP, second), 34+len(second))
	if len(r.Messages) != 1 || string(r.Messages[0].Data) != q || l.client.String() != q {
		t.Fatalf("%d messages; %q followed, want %q", len(r.Messages), l.client.String(), q)
	}
	if got := has(r, &fact.TCP.Piece); !slices.Equal(got, []uint64{4, 5, 6}) {
		t.Errorf("pieces of frames %v", got)
	}
}

// segmentBytes is a segment of the client, without the headers before it.
func segmentBytes(c *conversation, from int, data string) []byte {
	h := tcp.Header{SrcPort: c.cPort, DstPort: c.sPort, Seq: c.cFirst.Add(from), Ack: c.sFirst + 1, Flags: tcp.ACK, Window: 9}
	return segment4(alice, bob, h, nil, []byte(data))[34:]
}

func TestFragmentsAreBounded(t *testing.T) {
	h := newHarness(t, Config{Datagrams: 10})
	payload := udpPayload()
	for id := range uint16(30) {
		f := fragmented(ipv4.ProtoUDP, id, payload, 64)[0]
		h.add(f, len(f))
	}
	if got := h.s.Stats().EvictedDatagrams; got != 20 {
		t.Errorf("%d datagrams evicted, want 20", got)
	}
	h.ms = 200e3
	f := fragmented(ipv4.ProtoUDP, 99, payload, 64)[0]
	h.add(f, len(f))
	if got := h.s.Stats().ExpiredDatagrams; got != 10 {
		t.Errorf("%d datagrams expired, want 10", got)
	}
}

// fragment6 is a frame with a fragment of IPv6 behind hop-by-hop options.
func fragment6(id uint32, from int, more bool, next uint8, b []byte) []byte {
	f := ethernet.Append(nil, link.Addr{2, 0, 0, 0, 0, 2}, link.Addr{2, 0, 0, 0, 0, 1}, 0x86dd)
	h := make([]byte, 40+8+8)
	h[0], h[6], h[7] = 0x60, 0, 64
	binary.BigEndian.PutUint16(h[4:], uint16(16+len(b)))
	h[8], h[23], h[24], h[39] = 0xfd, 1, 0xfd, 2
	h[40], h[42] = 44, 1 // hop-by-hop: PadN
	h[43] = 4
	h[48] = next
	word := uint16(from)
	if more {
		word |= 1
	}
	binary.BigEndian.PutUint16(h[50:], word)
	binary.BigEndian.PutUint32(h[52:], id)
	return append(append(f, h...), b...)
}

// TestFragments6 goes past the decoder, which need not know IPv6 for it.
func TestFragments6(t *testing.T) {
	payload := udpPayload()
	s := New(Config{})
	sc := func(b []byte) *scope { return &scope{data: b, wire: len(b), message: -1} }
	var whole []byte
	for i, from := range []int{64, 0, 128} {
		to := min(from+64, len(payload))
		more := from < 128
		if !more {
			to = len(payload)
		}
		b := fragment6(7, from, more, 17, payload[from:to])
		s.begin(uint64(i + 1))
		p := packet{end: len(b)}
		if s.ipv6(sc(b), &p, -1, 14) {
			t.Fatalf("fragment %d is taken for a packet", i)
		}
		if len(s.result.Messages) > 0 {
			whole = bytes.Clone(s.result.Messages[0].Data)
		}
	}
	if len(whole) != 48+len(payload) || !bytes.Equal(whole[48:], payload) {
		t.Fatalf("% x", whole)
	}
	if whole[6] != 0 || whole[40] != 17 || int(binary.BigEndian.Uint16(whole[4:])) != 8+len(payload) {
		t.Errorf("the headers are % x", whole[:48])
	}
	atomic := fragment6(8, 0, false, 17, payload)
	p := packet{end: len(atomic)}
	if !s.ipv6(sc(atomic), &p, -1, 14) {
		t.Error("an atomic fragment is taken for a piece")
	}
}

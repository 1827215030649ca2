package ipv4

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"time"
)

var start = time.Unix(1_000_000, 0)

// fragment returns bytes [from, to) of data as a fragment.
func fragment(data []byte, id uint16, from, to int) Packet {
	return must(Parse(packet(Header{Protocol: 17, TTL: 9, ID: id, MoreFragments: to < len(data), FragmentOffset: from}, string(data[from:to]))))
}

func newReassembler(cfg ReassemblerConfig) *Reassembler {
	r := new(Reassembler)
	r.Reset(cfg)
	return r
}

func must(p Packet, err error) Packet {
	if err != nil {
		panic(err)
	}
	return p
}

func bytesOf(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 31)
	}
	return b
}

func TestReassembleInAnyOrder(t *testing.T) {
	data := bytesOf(1000)
	rnd := rand.New(rand.NewPCG(1, 2))
	r := newReassembler(ReassemblerConfig{})
	for round := range 50 {
		var parts []Packet
		for from := 0; from < len(data); {
			to := min(from+8*(1+rnd.IntN(20)), len(data))
			parts = append(parts, fragment(data, uint16(round), from, to))
			from = to
		}
		rnd.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		for i, p := range parts {
			whole, err := r.Receive(start, p)
			if err != nil {
				t.Fatal(err)
			}
			if last := i == len(parts)-1; whole.Valid() != last {
				t.Fatalf("round %d: whole after %d of %d", round, i+1, len(parts))
			} else if !last {
				continue
			}
			again, err := Parse(whole.Bytes())
			if err != nil || again.IsFragment() || !bytes.Equal(again.Payload(), data) || again.Src() != src || again.TTL() != 9 {
				t.Fatalf("round %d: the packet is not whole: %v", round, err)
			}
		}
	}
	if r.Stats.Completed != 50 || len(r.open) != 0 || r.held != 0 {
		t.Errorf("%+v, %d open, %d bytes held", r.Stats, len(r.open), r.held)
	}
}

func TestFragmentsRefused(t *testing.T) {
	data := bytesOf(64)
	odd, _ := Parse(packet(Header{MoreFragments: true}, "1234567"))
	empty, _ := Parse(packet(Header{MoreFragments: true}, ""))
	long, _ := Parse(packet(Header{FragmentOffset: 65528}, "12345678"))
	for _, c := range []struct {
		name  string
		parts []Packet
		want  error
	}{
		{"not a multiple of eight bytes", []Packet{odd}, ErrFragment},
		{"empty", []Packet{empty}, ErrFragment},
		{"past 65535", []Packet{long}, ErrFragment},
		{"an overlap", []Packet{fragment(data, 1, 0, 32), fragment(data, 1, 24, 64)}, ErrOverlap},
		{"inside another", []Packet{fragment(data, 1, 0, 48), fragment(data, 1, 8, 16)}, ErrOverlap},
		{"around another", []Packet{fragment(data, 1, 8, 16), fragment(data, 1, 0, 48)}, ErrOverlap},
		{"what comes behind an overlap", []Packet{fragment(data, 1, 0, 32), fragment(data, 1, 24, 48), fragment(data, 1, 48, 64)}, ErrOverlap},
		{"two different ends", []Packet{fragment(data[:40], 1, 32, 40), fragment(data, 1, 56, 64)}, ErrOverlap},
		{"behind the end", []Packet{fragment(data[:32], 1, 24, 32), fragment(data, 1, 40, 48)}, ErrOverlap},
		{"the same place with other bytes", []Packet{fragment(data, 1, 0, 8), fragment(bytes.Repeat([]byte{9}, 64), 1, 0, 8)}, ErrOverlap},
		{"the same bytes, once as the end", []Packet{fragment(data, 1, 8, 16), fragment(data[:16], 1, 8, 16)}, ErrOverlap},
		{"the same bytes, once not as the end", []Packet{fragment(data[:16], 1, 8, 16), fragment(data, 1, 8, 16)}, ErrOverlap},
		{"a header written over (RFC 1858)", []Packet{fragment(data, 1, 0, 16), fragment(data, 1, 8, 24)}, ErrOverlap},
		{"an end before what came", []Packet{fragment(data, 1, 40, 48), fragment(data[:32], 1, 24, 32)}, ErrOverlap},
	} {
		r := newReassembler(ReassemblerConfig{})
		var err error
		for i, p := range c.parts {
			var whole Packet
			if whole, err = r.Receive(start, p); whole.Valid() {
				t.Errorf("%s: a packet came out", c.name)
			}
			if err != nil && i < len(c.parts)-1 && c.name != "what comes behind an overlap" {
				t.Errorf("%s: fragment %d: %v", c.name, i, err)
			}
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if r.held != 0 && c.want == ErrOverlap {
			t.Errorf("%s: %d bytes are still held", c.name, r.held)
		}
		if n := uint64(len(c.parts)); r.Stats.Received != n || c.want == ErrOverlap && r.Stats.Overlap != n || c.want == ErrFragment && r.Stats.Malformed != n {
			t.Errorf("%s: %d fragments were counted as %+v", c.name, n, r.Stats)
		}
	}
}

func TestDuplicateFragmentIsIgnored(t *testing.T) {
	data := bytesOf(32)
	r := newReassembler(ReassemblerConfig{})
	for range 3 {
		if whole, err := r.Receive(start, fragment(data, 1, 0, 16)); err != nil || whole.Valid() {
			t.Fatal(err)
		}
	}
	if whole, err := r.Receive(start, fragment(data, 1, 16, 32)); err != nil || !bytes.Equal(whole.Payload(), data) {
		t.Errorf("%v", err)
	}
	if r.Stats.Duplicate != 2 || r.Stats.Joined != 2 {
		t.Errorf("%+v", r.Stats)
	}
}

// A datagram as long as IP allows comes in whole; one byte more, the "ping of death", does not.
func TestLongestDatagram(t *testing.T) {
	data := bytesOf(maxDatagram - HeaderLen)
	r := newReassembler(ReassemblerConfig{})
	var whole Packet
	for from := 0; from < len(data); from += 1480 {
		var err error
		if whole, err = r.Receive(start, fragment(data, 1, from, min(from+1480, len(data)))); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(whole.Payload(), data) || whole.TotalLen() != maxDatagram {
		t.Errorf("%d bytes came out", whole.TotalLen())
	}
	b := packet(Header{FragmentOffset: 65512}, "1234")
	if _, err := r.Receive(start, must(Parse(b))); !errors.Is(err, ErrFragment) {
		t.Errorf("an end at 65516, 65536 with the header: %v", err)
	}
	// Fragments alone can be within bounds that their sum breaks: the header's options count, too.
	first := withOptions(1, 1, 1, 0)
	first = append(first, data[:8]...)
	first[3], first[6] = byte(len(first)), 0x20
	if _, err := r.Receive(start, must(Parse(fix(first)))); err != nil {
		t.Fatal(err)
	}
	const proto, id = 17, 0
	for from := 8; from < len(data); from += 1480 {
		to := min(from+1480, len(data))
		_, err := r.Receive(start, must(Parse(packet(Header{Protocol: proto, ID: id, FragmentOffset: from, MoreFragments: to < len(data)}, string(data[from:to])))))
		if last := to == len(data); last && !errors.Is(err, ErrFragment) || !last && err != nil {
			t.Errorf("from %d: %v", from, err)
		}
	}
}

// The options of fragment zero are those of the datagram.
func TestOptionsSurvive(t *testing.T) {
	first := append(withOptions(7, 7, 4, 0, 0, 0, 0), "12345678"...)
	first[3], first[6] = byte(len(first)), 0x20
	r := newReassembler(ReassemblerConfig{})
	r.Receive(start, must(Parse(packet(Header{Protocol: 17, FragmentOffset: 8}, "9"))))
	whole, err := r.Receive(start, must(Parse(fix(first))))
	if err != nil || string(whole.Payload()) != "123456789" || !bytes.Equal(whole.Options(), []byte{7, 7, 4, 0, 0, 0, 0, 0}) {
		t.Fatalf("%v, options % x, payload %q", err, whole.Options(), whole.Payload())
	}
	if _, err := Parse(whole.Bytes()); err != nil {
		t.Error(err)
	}
}

// 576 bytes come in whole in the smallest fragments that there can be; more than 256 fragments do
// not, however small, and what was held of them is given up.
func TestTinyFragments(t *testing.T) {
	r := newReassembler(ReassemblerConfig{})
	data := bytesOf(576 - HeaderLen)
	var whole Packet
	for from := 0; from < len(data); from += 8 {
		whole, _ = r.Receive(start, fragment(data, 1, from, min(from+8, len(data))))
	}
	if !bytes.Equal(whole.Payload(), data) {
		t.Errorf("%d bytes came out", len(whole.Payload()))
	}
	long := bytesOf(8 * 300)
	r = newReassembler(ReassemblerConfig{})
	for i := range 300 {
		whole, err := r.Receive(start, fragment(long, 2, 8*i, 8*i+8))
		if whole.Valid() || i < maxParts && err != nil || i >= maxParts && !errors.Is(err, ErrTiny) {
			t.Fatalf("fragment %d: %v", i, err)
		}
	}
	if r.Stats.Tiny != 300 || r.held != 0 {
		t.Errorf("%+v, %d bytes held", r.Stats, r.held)
	}
}

// RFC 3168, 5.3: a mark of congestion on any fragment is kept, or the datagram is dropped.
func TestCongestionMarks(t *testing.T) {
	for _, c := range []struct {
		name string
		tos  [3]uint8
		want int // the TOS; -1: dropped
	}{
		{"all the same", [3]uint8{2, 2, 2}, 2},
		{"none can be marked", [3]uint8{0, 0, 0}, 0},
		{"the DSCP is fragment zero's", [3]uint8{0xb8, 0, 0}, 0xb8},
		{"the first is marked", [3]uint8{3, 2, 2}, 3},
		{"a later one is marked", [3]uint8{0xba, 0xba, 0xbb}, 0xbb},
		{"ECT(1) and a mark", [3]uint8{1, 3, 1}, 3},
		{"all are marked", [3]uint8{3, 3, 3}, 3},
		{"a mark among those that can have none", [3]uint8{0, 3, 0}, -1},
		{"one that can have none among marks", [3]uint8{3, 3, 0}, -1},
		{"no mark, and both kinds", [3]uint8{2, 0, 2}, 2},
	} {
		for order := range 3 {
			r := newReassembler(ReassemblerConfig{})
			var whole Packet
			var err error
			for i := range 3 {
				n := (i + order) % 3
				p := must(Parse(packet(Header{TOS: c.tos[n], MoreFragments: n < 2, FragmentOffset: 8 * n}, "12345678")))
				whole, err = r.Receive(start, p)
			}
			switch {
			case c.want < 0 && (!errors.Is(err, ErrMarks) || whole.Valid() || r.Stats.Marks != 3 || r.held != 0):
				t.Errorf("%s: %v, %+v", c.name, err, r.Stats)
			case c.want >= 0 && (!whole.Valid() || int(whole.TOS()) != c.want):
				t.Errorf("%s: %v, TOS %#x", c.name, err, whole.TOS())
			}
		}
	}
}

func TestDatagramsAreKeptApart(t *testing.T) {
	a, b := bytesOf(16), bytes.Repeat([]byte{7}, 16)
	r := newReassembler(ReassemblerConfig{})
	r.Receive(start, fragment(a, 1, 0, 8))
	r.Receive(start, fragment(b, 2, 0, 8))
	whole, err := r.Receive(start, fragment(b, 2, 8, 16))
	if err != nil || !bytes.Equal(whole.Payload(), b) {
		t.Errorf("id 2: %v % x", err, whole.Payload())
	}
	whole, err = r.Receive(start, fragment(a, 1, 8, 16))
	if err != nil || !bytes.Equal(whole.Payload(), a) {
		t.Errorf("id 1: %v % x", err, whole.Payload())
	}
}

func TestTimeout(t *testing.T) {
	data := bytesOf(16)
	r := newReassembler(ReassemblerConfig{})
	if !r.Deadline().IsZero() {
		t.Error("nothing is waited for, but there is a deadline")
	}
	r.Receive(start, fragment(data, 1, 0, 8))
	if d := r.Deadline(); !d.Equal(start.Add(30 * time.Second)) {
		t.Errorf("deadline %v", d)
	}
	if _, ok := r.Expire(start.Add(30*time.Second - 1)); ok {
		t.Error("given up too early")
	}
	late := start.Add(30 * time.Second)
	if _, ok := r.Expire(late); !ok {
		t.Error("not given up in time")
	}
	if _, ok := r.Expire(late); ok {
		t.Error("given up twice")
	}
	if whole, err := r.Receive(late, fragment(data, 1, 8, 16)); whole.Valid() || err != nil {
		t.Errorf("a fragment completed one from the past: %v", err)
	}
	if r.Stats.TimedOut != 1 {
		t.Errorf("%+v", r.Stats)
	}
}

// What Expire returns is fragment zero as it came, as far as it came, or nothing: RFC 792 has no
// error sent "if fragment zero is not available".
func TestWhatTimesOut(t *testing.T) {
	data := bytesOf(64)
	late := start.Add(reassemblyTimeout)
	for _, c := range []struct {
		name  string
		parts []Packet
		want  []byte
	}{
		{"fragment zero is there", []Packet{fragment(data, 1, 0, 16)}, fragment(data, 1, 0, 16).Bytes()},
		{"it came last", []Packet{fragment(data, 1, 32, 64), fragment(data, 1, 0, 8)}, fragment(data, 1, 0, 8).Bytes()},
		{"it never came", []Packet{fragment(data, 1, 8, 64)}, nil},
		{"the datagram was spoilt", []Packet{fragment(data, 1, 0, 16), fragment(data, 1, 8, 32)}, nil},
	} {
		r := newReassembler(ReassemblerConfig{})
		for _, p := range c.parts {
			r.Receive(start, p)
		}
		first, ok := r.Expire(late)
		if !ok || first.Valid() != (c.want != nil) || !bytes.Equal(first.Bytes(), c.want) {
			t.Errorf("%s: %v, % x", c.name, ok, first.Bytes())
		}
		if _, again := r.Expire(late); again || !r.Deadline().IsZero() || r.held != 0 {
			t.Errorf("%s: something is left", c.name)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	r := newReassembler(ReassemblerConfig{MaxDatagrams: 4, MaxBytes: 400})
	data := bytesOf(4096)
	for id := range uint16(100) {
		r.Receive(start, fragment(data, id, 0, 32))
		if len(r.open) > 4 || r.held > 400 {
			t.Fatalf("%d datagrams, %d bytes", len(r.open), r.held)
		}
	}
	if r.Stats.Evicted == 0 {
		t.Error("nothing was evicted")
	}
	if _, err := r.Receive(start, fragment(data, 7, 0, 400)); !errors.Is(err, ErrMemory) {
		t.Errorf("more than all memory: %v", err)
	}
	if _, err := r.Receive(start, fragment(data, 8, 4000, 4008)); !errors.Is(err, ErrMemory) {
		t.Errorf("eight bytes, far behind: they need the memory of all that is before them: %v", err)
	}
	if r.held > 400 || len(r.spare) > maxSpare {
		t.Errorf("%d bytes, %d spare", r.held, len(r.spare))
	}
}

// from returns a fragment from another source.
func from(p Packet, source byte) Packet {
	b := bytes.Clone(p.Bytes())
	b[15] = source
	return must(Parse(fix(b)))
}

// A source that sends first fragments without an end pushes out its own, not another's: neither
// by their number nor by their size.
func TestOneSourceCantEvictAnothers(t *testing.T) {
	data := bytesOf(4000)
	for _, cfg := range []ReassemblerConfig{{MaxDatagrams: 8}, {MaxDatagrams: 64, MaxBytes: 20000}} {
		r := newReassembler(cfg)
		r.Receive(start, from(fragment(data, 1, 0, 2000), 1))
		r.Receive(start, from(fragment(data, 1, 0, 2000), 2))
		for id := range uint16(1000) {
			r.Receive(start, from(fragment(data, id, 0, 2000), 66))
		}
		for source := byte(1); source <= 2; source++ {
			if whole, err := r.Receive(start, from(fragment(data, 1, 2000, 4000), source)); err != nil || !bytes.Equal(whole.Payload(), data) {
				t.Errorf("%+v: source %d was pushed out: %v", cfg, source, err)
			}
		}
		if r.Stats.Evicted < 900 {
			t.Errorf("%+v: %+v", cfg, r.Stats)
		}
	}
}

// Where all use the same, the oldest goes: new sources get their turn.
func TestNewSourcesGetIn(t *testing.T) {
	data := bytesOf(16)
	r := newReassembler(ReassemblerConfig{MaxDatagrams: 8})
	for source := range byte(100) {
		r.Receive(start, from(fragment(data, 1, 0, 8), source))
	}
	if whole, err := r.Receive(start, from(fragment(data, 1, 8, 16), 99)); err != nil || !whole.Valid() {
		t.Errorf("the newest: %v", err)
	}
	if whole, _ := r.Receive(start, from(fragment(data, 1, 8, 16), 0)); whole.Valid() {
		t.Error("the oldest is still there")
	}
}

func TestReassemblyAllocatesNothing(t *testing.T) {
	data := bytesOf(3000)
	parts := []Packet{fragment(data, 1, 0, 1480), fragment(data, 1, 2960, 3000), fragment(data, 1, 1480, 2960)}
	r := newReassembler(ReassemblerConfig{})
	if n := testing.AllocsPerRun(100, func() {
		for _, p := range parts {
			r.Receive(start, p)
		}
	}); n != 0 {
		t.Errorf("%v allocations a datagram", n)
	}
}

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
	p, err := Parse(packet(Header{Protocol: 17, TTL: 9, ID: id, MoreFragments: to < len(data), FragmentOffset: from}, string(data[from:to])))
	if err != nil {
		panic(err)
	}
	return p
}

func newReassembler(cfg ReassemblerConfig) *Reassembler {
	r := new(Reassembler)
	r.Reset(cfg)
	return r
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
	if whole, err := r.Receive(start.Add(31*time.Second), fragment(data, 1, 8, 16)); whole.Valid() || err != nil {
		t.Errorf("a fragment completed one from the past: %v", err)
	}
	if r.Stats.TimedOut != 1 {
		t.Errorf("%+v", r.Stats)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	r := newReassembler(ReassemblerConfig{MaxDatagrams: 4, MaxBytes: 64})
	data := bytesOf(4096)
	for id := range uint16(100) {
		r.Receive(start, fragment(data, id, 0, 32))
		if len(r.open) > 4 || r.held > 64 {
			t.Fatalf("%d datagrams, %d bytes", len(r.open), r.held)
		}
	}
	if r.Stats.Evicted == 0 {
		t.Error("nothing was evicted")
	}
	if _, err := r.Receive(start, fragment(data, 7, 0, 128)); !errors.Is(err, ErrMemory) {
		t.Errorf("more than all memory: %v", err)
	}
	if r.held > 64 {
		t.Errorf("%d bytes", r.held)
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

// Any sequence of fragments: no panic, bounded memory, and whatever comes out was put in.
func FuzzReassembler(f *testing.F) {
	f.Add([]byte{0, 0, 2, 1, 0, 2, 2, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		r := newReassembler(ReassemblerConfig{MaxDatagrams: 3, MaxBytes: 256})
		now := start
		for len(script) >= 4 {
			id, off, n, flags := script[0]&3, int(script[1]&31)*8, int(script[2]&63), script[3]
			script = script[4:]
			body := make([]byte, n)
			for i := range body {
				body[i] = id ^ byte(off+i)
			}
			p, err := Parse(packet(Header{ID: uint16(id), MoreFragments: flags&1 != 0, FragmentOffset: off}, string(body)))
			if err != nil {
				t.Fatal(err)
			}
			now = now.Add(time.Duration(flags>>4) * time.Second)
			whole, err := r.Receive(now, p)
			if whole.Valid() {
				if err != nil {
					t.Fatal("a packet and an error")
				}
				for i, v := range whole.Payload() {
					if v != id^byte(i) {
						t.Fatalf("byte %d is not what was sent", i)
					}
				}
			}
			if r.held < 0 || r.held > 256 || len(r.open) > 3 {
				t.Fatalf("%d bytes in %d datagrams", r.held, len(r.open))
			}
		}
	})
}

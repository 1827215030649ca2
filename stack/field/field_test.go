package field

import (
	"testing"
)

func TestExtract(t *testing.T) {
	frame := []byte{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x0f}
	for _, c := range []struct {
		bit, n int
		want   uint64
	}{
		{0, 4, 1}, {4, 4, 2}, {4, 12, 0x234}, {0, 64, 0x123456789abcdef0}, {4, 64, 0x23456789abcdef00},
		{8, 64, 0x3456789abcdef00f}, {7, 1, 0}, {6, 1, 1}, {3, 2, 2}, {1, 63, 0x123456789abcdef0},
		{9, 64, 0}, {-1, 3, 0}, {0, 65, 0}, {0, 0, 0}, {72, 1, 0}, {68, 4, 0xf},
	} {
		if got := Extract(frame, c.bit, c.n); got != c.want {
			t.Errorf("Extract(%d, %d) = %#x, want %#x", c.bit, c.n, got, c.want)
		}
	}
}

func FuzzExtract(f *testing.F) {
	f.Add([]byte{1, 2, 3}, 5, 9)
	f.Fuzz(func(t *testing.T, b []byte, bit, n int) {
		got := Extract(b, bit, n)
		if n <= 0 || n > 64 || bit < 0 || bit > 8*len(b) || bit+n > 8*len(b) {
			if got != 0 {
				t.Fatalf("Extract(%d,%d) outside the frame is %d", bit, n, got)
			}
			return
		}
		var want uint64
		for i := bit; i < bit+n; i++ {
			want = want<<1 | uint64(b[i/8]>>(7-i%8)&1)
		}
		if got != want {
			t.Fatalf("Extract(% x, %d, %d) = %#x, want %#x", b, bit, n, got, want)
		}
	})
}

func TestValues(t *testing.T) {
	custom := func(dst, msg []byte, off, n int) []byte { return append(dst, msg[off:off+n]...) }
	for _, c := range []struct {
		spec  Spec
		bytes []byte
		want  string
	}{
		{Spec{Kind: Uint, Bits: 4, Scale: 4, Unit: "bytes"}, []byte{0x50}, "20 bytes"},
		{Spec{Kind: Uint, Bits: 8, Values: Values{6: "TCP"}}, []byte{6}, "TCP (6)"},
		{Spec{Kind: Int, Bits: 8}, []byte{0xfa}, "-6"},
		{Spec{Kind: Uint, Bits: 8, Values: Values{6: "TCP"}}, []byte{6, 1, 2}, "TCP (6)"}, // a group that begins with its number
		{Spec{Kind: Int, Bits: 8}, []byte{0xfa, 1, 2}, "-6"},
		{Spec{Kind: Hex, Bits: 12}, []byte{0x12, 0x34, 0x56}, "0x123"},
		{Spec{Kind: Hex, Bits: 12}, []byte{0x01, 0x20}, "0x012"},
		{Spec{Kind: Flag, Bits: 1}, []byte{0x80}, "Set"},
		{Spec{Kind: Flag, Bits: 1}, []byte{0x7f}, "Not set"},
		{Spec{Kind: MAC, Bits: 48}, []byte{2, 0, 0x5e, 0x10, 0, 1}, "02:00:5e:10:00:01"},
		{Spec{Kind: IPv4, Bits: 32}, []byte{192, 0, 2, 1}, "192.0.2.1"},
		{Spec{Kind: IPv6, Bits: 128}, []byte{0x20, 1, 0xd, 0xb8, 15: 1}, "2001:db8::1"},
		{Spec{Kind: Bytes}, []byte{0xca, 0xfe}, "cafe"},
		{Spec{Kind: Text}, []byte("a\"b\n\x1b[2J\xff\u202e"), `"a\"b\n\x1b[2J\xff\u202e"`},
		{Spec{Kind: Seconds, Bits: 32}, []byte{0, 0, 0x0e, 0x10}, "1h0m0s (3600)"},
		{Spec{Kind: NTPTime, Bits: 64}, []byte{0xe9, 0x3c, 0x7f, 0x00, 0x80, 0, 0, 0}, "2024-01-01T00:00:00.500000000Z"},
		{Spec{Kind: NTPTime, Bits: 64}, []byte{0, 0, 0, 1, 0, 0, 0, 0}, "2036-02-07T06:28:17.000000000Z"},
		{Spec{Kind: NTPTime, Bits: 64}, make([]byte, 8), "NULL"},
		{Spec{Kind: NTPShort, Bits: 32}, []byte{0, 1, 0x80, 0}, "1.500000s"},
		{Spec{Kind: Custom, Format: custom}, []byte("hi"), "hi"},
		{Spec{Kind: IPv4, Bits: 32}, []byte{192, 0}, "c000"}, // cut short
	} {
		n := c.spec.Bits
		if n == 0 || n > 8*len(c.bytes) || len(c.bytes) > 2 && n < 16 {
			n = 8 * len(c.bytes)
		}
		s := Span{Spec: &c.spec, Len: int32(n)}
		if got := string(s.AppendText(nil, c.bytes, 0)); got != c.want {
			t.Errorf("kind %d of % x: %s, want %s", c.spec.Kind, c.bytes, got, c.want)
		}
	}
}

// A layout with a group, sub-byte fields and options, as rooms have them.
var toy = Layout{
	Spec: Spec{Name: "toy", Label: "Toy", Kind: Layer},
	Head: []Spec{
		{Name: "toy.flags", Label: "Flags", Bits: 8, Kind: Hex, Sub: []Spec{
			{Name: "toy.flags.a", Label: "A", Bits: 1, Kind: Flag},
			{Name: "toy.flags.rest", Label: "Rest", Bits: 7, Kind: Reserved},
		}},
		{Name: "toy.len", Label: "Length", Bits: 16, Kind: Uint},
	},
}

func TestCutFieldEndsTheLayer(t *testing.T) {
	var c Context
	for n := 0; n <= 3; n++ {
		c.Reset([]byte{0x80, 0, 3}[:n], n)
		root := c.Begin(&toy)
		c.Close(root)
		if want := n < 3; c.Cut() != want {
			t.Errorf("%d bytes: cut is %v", n, c.Cut())
		}
		last := c.Spans[len(c.Spans)-1]
		if n < 3 && last.Err != Truncated {
			t.Errorf("%d bytes: the last field's fault is %v", n, last.Err)
		}
		if last.End() != 8*n {
			t.Errorf("%d bytes: the spans end at bit %d", n, last.End())
		}
		if n < 3 && c.Add(&Data, 8) != -1 {
			t.Errorf("%d bytes: a field was added to a cut layer", n)
		}
	}
	c.Reset([]byte{0x80}, 64)
	c.Begin(&toy)
	if got := c.Spans[len(c.Spans)-1].Err; got != Snapped {
		t.Errorf("a snapped frame has fault %v", got)
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	var c Context
	frame := []byte{0x80, 0, 3}
	if n := testing.AllocsPerRun(100, func() {
		c.Reset(frame, len(frame))
		c.Close(c.Begin(&toy))
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// A frame made to have endless fields is taken apart up to a number of them; the rest is one span
// that says so.
func TestTooManyFields(t *testing.T) {
	var c Context
	frame := make([]byte, 64<<10)
	c.Reset(frame, len(frame))
	c.Begin(&Layout{Spec: Spec{Name: "toy", Kind: Layer}})
	bits := Spec{Name: "toy.bits", Bits: 8, Kind: Hex, Sub: []Spec{{Name: "toy.a", Bits: 4, Kind: Hex}, {Name: "toy.b", Bits: 4, Kind: Hex}}}
	for c.Pos() < c.Limit {
		c.Add(&bits, 8)
	}
	last := c.Spans[len(c.Spans)-1]
	if last.Spec != &Undecoded || last.Err != TooMany || last.End() != 8*len(frame) {
		t.Errorf("the last span is %s [%d,%d), fault %v", last.Spec.Name, last.Bit, last.End(), last.Err)
	}
	if n := len(c.Spans); n < MaxSpans || n > MaxSpans+8 {
		t.Errorf("%d spans", n)
	}
	if c.Add(&bits, 8) != -1 || !c.Cut() {
		t.Error("more was added")
	}
}

func TestQuotingAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 100)
	if n := testing.AllocsPerRun(100, func() { dst = AppendQuoted(dst[:0], []byte("a\r\n\x00\u202e\xff")) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if string(dst) != `"a\r\n\x00\u202e\xff"` {
		t.Errorf("quoted as %s", dst)
	}
}

package tcp

import (
	"bytes"
	"encoding/binary"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
	"httptap/stack/sum"
)

// withOptions returns a segment with these options, padded, and a right checksum without
// addresses.
func withOptions(opts ...byte) []byte {
	for len(opts)%4 != 0 {
		opts = append(opts, 0)
	}
	b := append(append(make([]byte, HeaderLen), opts...), "data"...)
	Put(b, Header{SrcPort: 50000, DstPort: 80, Seq: 7, Ack: 9, Flags: SYN | ACK, Window: 1000}, len(opts), 0)
	return b
}

func TestSpecs(t *testing.T) {
	fieldtest.CheckLayout(t, &Layout)
	specs := []*field.Spec{&optGroup, &optKind, &optLen, &optUnknown, &optPadding}
	for kind, f := range forms {
		if f == nil {
			continue
		}
		specs = append(append(specs, &f.group), f.fields...)
		bits := 0
		for _, s := range f.fields {
			bits += s.Bits
		}
		if bits%8 != 0 || f.repeat && bits == 0 || f.rest != nil && f.rest.Bits != 0 {
			t.Errorf("kind %d: its fields have %d bits", kind, bits)
		}
	}
	for _, s := range specs {
		fieldtest.CheckSpec(t, s)
	}
	if head[atHdrLen].Name != "tcp.hdr_len" || head[atChecksum].Name != "tcp.checksum" {
		t.Error("the checks mark other fields than they mean")
	}
}

func TestFields(t *testing.T) {
	short := withOptions()
	short[12] = 0x40
	reserved := withOptions()
	reserved[12] |= 0xf
	for _, c := range []struct {
		name, field, want string
		b                 []byte
		fault             *field.Fault
	}{
		{"the source port", "tcp.srcport", "50000", withOptions(), nil},
		{"the sequence number", "tcp.seq_raw", "7", withOptions(), nil},
		{"the acknowledgment number", "tcp.ack_raw", "9", withOptions(), nil},
		{"the window", "tcp.window_size_value", "1000", withOptions(), nil},
		{"the header's length is in bytes", "tcp.hdr_len", "24 bytes", withOptions(1, 1, 1, 0), nil},
		{"flags", "tcp.flags", "0x012", withOptions(), nil},
		{"a flag", "tcp.flags.syn", "Set", withOptions(), nil},
		{"a flag that is not", "tcp.flags.fin", "Not set", withOptions(), nil},
		{"reserved bits", "tcp.flags.res", "0x7", reserved, nil},
		{"the flag that was Nonce", "tcp.flags.ae", "Set", reserved, nil},
		{"a kind has its name", "tcp.option_kind", "Maximum Segment Size (2)", withOptions(2, 4, 5, 180), nil},
		{"the MSS", "tcp.options.mss_val", "1460 bytes", withOptions(2, 4, 5, 180), nil},
		{"the window scale", "tcp.options.wscale.shift", "7", withOptions(3, 3, 7, 0), nil},
		{"a SACK block", "tcp.options.sack_re", "9", withOptions(1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 9), nil},
		{"a timestamp", "tcp.options.timestamp.tsval", "5", withOptions(1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6), nil},
		{"its echo", "tcp.options.timestamp.tsecr", "6", withOptions(1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6), nil},
		{"a user timeout's unit", "tcp.options.user_to_granularity", "minutes (1)", withOptions(28, 4, 0x80, 5), nil},
		{"a user timeout", "tcp.options.user_to_val", "5", withOptions(28, 4, 0x80, 5), nil},
		{"a Fast Open cookie", "tcp.options.tfo.cookie", "0102030405060708", withOptions(34, 10, 1, 2, 3, 4, 5, 6, 7, 8), nil},
		{"a Fast Open request has none", "tcp.options.tfo.cookie", "absent", withOptions(34, 2), nil},
		{"an MD5 digest", "tcp.options.md5.digest", "000102030405060708090a0b0c0d0e0f", withOptions(19, 18, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), nil},
		{"a MAC", "tcp.options.ao.mac", "aabb", withOptions(29, 6, 1, 2, 0xaa, 0xbb), nil},
		{"counters of Accurate ECN, as many as there are", "tcp.options.acc_ecn.eceb", "2", withOptions(172, 8, 0, 0, 1, 0, 0, 2), nil},
		{"an experiment", "tcp.options.experimental.exid", "0xf989", withOptions(254, 5, 0xf9, 0x89, 1), nil},
		{"an unknown kind is shown as bytes", "tcp.options.unknown.payload", "aabbcc", withOptions(99, 5, 0xaa, 0xbb, 0xcc), nil},
		{"what follows the end of the list is padding", "tcp.options.padding", "020405", withOptions(0, 2, 4, 5), nil},
		{"a length of zero", "tcp.option_len", "0 bytes", withOptions(2, 0, 0, 0), optLenBad},
		{"a length of one", "tcp.option_len", "1 bytes", withOptions(2, 1, 0, 0), optLenBad},
		{"a length past the header", "tcp.option_len", "40 bytes", withOptions(2, 40, 0, 0), optLenBad},
		{"an MSS of three bytes", "tcp.option_len", "5 bytes", withOptions(2, 5, 1, 2, 3), optLenKind},
		{"a SACK option without blocks", "tcp.option_len", "2 bytes", withOptions(5, 2), optLenKind},
		{"a SACK option with half a block", "tcp.option_len", "6 bytes", withOptions(5, 6, 1, 2, 3, 4), optLenKind},
		{"a header of four words", "tcp.hdr_len", "16 bytes", short, field.TooShort},
		{"a header past the end", "tcp.hdr_len", "24 bytes", withOptions(1, 1, 1, 1)[:22], field.Overrun},
	} {
		ctx := fieldtest.Decode(t, &Layout, c.b, nil)
		if got := fieldtest.Text(ctx, c.field); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.field, got, c.want)
		}
		if got := fieldtest.Err(ctx, c.field); got != c.fault {
			t.Errorf("%s: fault %v, want %v", c.name, got, c.fault)
		}
	}
}

// An option whose length would lie behind the header is marked itself.
func TestOptionWithoutLength(t *testing.T) {
	ctx := fieldtest.Decode(t, &Layout, withOptions(1, 1, 1, 2), nil)
	var last field.Span
	for _, s := range ctx.Spans {
		if s.Spec == &optKind {
			last = s
		}
	}
	if last.Err != optLenBad || last.Uint(ctx.Frame) != 2 {
		t.Errorf("the last option's kind %d has fault %v", last.Uint(ctx.Frame), last.Err)
	}
}

// Cut anywhere, a segment's spans still tile what is there, and the last one says why it ends.
func TestTruncatedFields(t *testing.T) {
	whole := withOptions(2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6, 34, 6, 1, 2, 3, 4, 0, 0)
	header := len(whole) - len("data")
	for n := range header {
		for _, c := range []struct {
			what  string
			setup func(*field.Context)
			fault *field.Fault
		}{
			{"a short message", nil, field.Truncated},
			{"a snapped frame", func(c *field.Context) { c.Wire = len(whole) }, field.Snapped},
			{"a quotation", func(c *field.Context) { c.Quoted = true }, field.Snapped},
		} {
			ctx := fieldtest.Decode(t, &Layout, whole[:n], c.setup)
			if last := ctx.Spans[len(ctx.Spans)-1]; last.Err != c.fault {
				t.Errorf("%s of %d bytes: the last span, %s, has fault %v", c.what, n, last.Spec.Name, last.Err)
			}
		}
	}
}

func TestChecksumField(t *testing.T) {
	src, dst := [4]byte{192, 0, 2, 1}, [4]byte{192, 0, 2, 2}
	good := withOptions(2, 4, 5, 180)
	Put(good, Header{SrcPort: 1, DstPort: 2, Flags: SYN}, 4, sum.Pseudo4(src, dst, 6, len(good)))
	good6 := bytes.Clone(good)
	Put(good6, Header{SrcPort: 1, DstPort: 2, Flags: SYN}, 4, sum.Pseudo6([16]byte{15: 1}, [16]byte{15: 2}, 6, len(good)))
	pseudo4 := func(c *field.Context) {
		c.Pseudo = field.Pseudo{Protocol: 6, Valid: true}
		copy(c.Pseudo.Src[:], src[:])
		copy(c.Pseudo.Dst[:], dst[:])
	}
	pseudo6 := func(c *field.Context) {
		c.Pseudo = field.Pseudo{Src: [16]byte{15: 1}, Dst: [16]byte{15: 2}, Protocol: 6, Valid: true, V6: true}
	}
	for _, c := range []struct {
		name  string
		b     []byte
		setup func(*field.Context)
		bad   bool
	}{
		{"over IPv4", good, pseudo4, false},
		{"over IPv6", good6, pseudo6, false},
		{"a byte that changed", flip(good, 27), pseudo4, true},
		{"a checksum that changed", flip(good, 17), pseudo4, true},
		{"a byte that changed over IPv6", flip(good6, 3), pseudo6, true},
		{"without addresses nothing is known", flip(good, 3), nil, false},
		{"in a quotation nothing is known", flip(good, 3), func(c *field.Context) { pseudo4(c); c.Quoted = true }, false},
		{"in a snapped frame nothing is known", flip(good, 3), func(c *field.Context) { pseudo4(c); c.Wire++ }, false},
	} {
		ctx := fieldtest.Decode(t, &Layout, c.b, c.setup)
		got := fieldtest.Err(ctx, "tcp.checksum")
		if (got == field.BadSum) != c.bad || !c.bad && got != nil {
			t.Errorf("%s: fault %v", c.name, got)
		}
	}
	bad := flip(good, 17)
	ctx := fieldtest.Decode(t, &Layout, bad, pseudo4)
	if want := uint32(binary.BigEndian.Uint16(good[16:])); ctx.Spans[ctx.Find(&head[atChecksum])].Want != want {
		t.Errorf("the right checksum is said to be %#x, want %#x", ctx.Spans[ctx.Find(&head[atChecksum])].Want, want)
	}
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func TestNext(t *testing.T) {
	for _, c := range []struct {
		src, dst uint16
		want     field.Next
	}{
		{50000, 80, field.Next{Table: field.TCPPort, Key: 80, Alt: 50000}},
		{80, 50000, field.Next{Table: field.TCPPort, Key: 80, Alt: 50000}},
	} {
		b := make([]byte, HeaderLen)
		Put(b, Header{SrcPort: c.src, DstPort: c.dst}, 0, 0)
		var ctx field.Context
		ctx.Reset(b, len(b))
		if got := next(&ctx); got != c.want {
			t.Errorf("%d to %d: %+v", c.src, c.dst, got)
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	b := withOptions(2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6)
	var c field.Context
	if n := testing.AllocsPerRun(100, func() {
		c.Reset(b, len(b))
		root := c.Begin(&Layout)
		tail(&c)
		c.Close(root)
		check(&c)
	}); n != 0 {
		t.Errorf("%v allocations a segment", n)
	}
}

// FuzzFields: whatever the bytes are, the spans tile them.
func FuzzFields(f *testing.F) {
	f.Add(withOptions(2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 0, 9), uint8(0))
	f.Add(withOptions(5, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 1), uint8(1))
	f.Add(withOptions(172, 5, 1, 2, 3, 29, 5, 1, 2, 3, 253, 4, 1, 2, 28, 4, 1, 2)[:30], uint8(2))
	f.Fuzz(func(t *testing.T, b []byte, how uint8) {
		fieldtest.Decode(t, &Layout, b, func(c *field.Context) {
			c.Quoted = how&1 != 0
			c.Wire += int(how >> 2)
			c.Pseudo.Valid = how&2 != 0
		})
	})
}

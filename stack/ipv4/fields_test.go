package ipv4

import (
	"bytes"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

func withOptions(opts ...byte) []byte {
	for len(opts)%4 != 0 {
		opts = append(opts, 0)
	}
	b := packet(Header{Protocol: 17, TTL: 64}, "")
	b = append(b, opts...)
	b[0] = 4<<4 | byte(len(b)/4)
	b[3] = byte(len(b))
	return fix(b)
}

func TestFields(t *testing.T) {
	fieldtest.CheckLayout(t, &Layout)
	for _, s := range []*field.Spec{&optGroup, &optOne, &optType, &optLen, &optPtr, &optRoute, &optAlert, &optOver, &optFlag, &optStamp, &optAddr, &optData, &optPadding} {
		fieldtest.CheckSpec(t, s)
	}
	good := packet(Header{Protocol: 17, TTL: 64, ID: 0x1234, DontFragment: true, TOS: 0xb8}, "payload")
	set := func(i int, v byte) []byte {
		b := bytes.Clone(good)
		b[i] = v
		return fix(b)
	}
	bad := bytes.Clone(good)
	bad[10] ^= 1
	for _, c := range []struct {
		name, field, want string
		b                 []byte
		fault             *field.Fault
	}{
		{"the header's length is in bytes", "ip.hdr_len", "20 bytes", good, nil},
		{"the codepoint has a name", "ip.dsfield.dscp", "EF (46)", good, nil},
		{"the fragment offset is in bytes", "ip.frag_offset", "8 bytes", set(7, 1), nil},
		{"the protocol has a name", "ip.proto", "UDP (17)", good, nil},
		{"a wrong checksum", "ip.checksum", "", bad, field.BadSum},
		{"a header under 20 bytes", "ip.hdr_len", "16 bytes", set(0, 0x44), field.TooShort},
		{"a length under the header's", "ip.len", "19 bytes", set(3, 19), field.TooShort},
		{"a length past the end", "ip.len", "200 bytes", set(3, 200), field.Overrun},
		{"no length, as with TSO", "ip.len", "0 bytes", set(3, 0), zeroLength},
		{"another version", "ip.version", "5", set(0, 0x55), badVersion},
		{"record route", "ip.rec_rt", "192.0.2.9", withOptions(7, 7, 8, 192, 0, 2, 9), nil},
		{"router alert", "ip.opt.ra", "Router shall examine packet (0)", withOptions(0x94, 4, 0, 0), nil},
		{"a time stamp with its address", "ip.opt.time_stamp", "1000 ms", withOptions(0x44, 12, 13, 1, 192, 0, 2, 1, 0, 0, 3, 0xe8), nil},
		{"an option's length of 1", "ip.opt.len", "1 bytes", withOptions(7, 1, 4, 0), optLenBad},
		{"an option past the header", "ip.opt.len", "40 bytes", withOptions(7, 40, 4, 0), optLenBad},
	} {
		ctx := fieldtest.Decode(t, &Layout, c.b, nil)
		if got := fieldtest.Text(ctx, c.field); c.want != "" && got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.field, got, c.want)
		}
		if got := fieldtest.Err(ctx, c.field); got != c.fault {
			t.Errorf("%s: fault %v, want %v", c.name, got, c.fault)
		}
	}
}

// An option whose length would lie behind the header is marked itself.
func TestOptionWithoutLength(t *testing.T) {
	ctx := fieldtest.Decode(t, &Layout, withOptions(1, 1, 1, 7), nil)
	last := ctx.Spans[len(ctx.Spans)-1]
	for _, s := range ctx.Spans {
		if s.Spec == &optType {
			last = s
		}
	}
	if last.Err != optLenBad || last.Uint(ctx.Frame) != 7 {
		t.Errorf("the last option's type %d has fault %v", last.Uint(ctx.Frame), last.Err)
	}
}

func TestQuotedHeaderIsNotVerified(t *testing.T) {
	b := packet(Header{Protocol: 17, TTL: 64}, "12345678")
	b[3] = 99
	ctx := fieldtest.Decode(t, &Layout, b, func(c *field.Context) { c.Quoted = true })
	for _, s := range ctx.Spans {
		if s.Err != nil {
			t.Errorf("%s: %s", s.Spec.Name, s.Err.Label)
		}
	}
}

func TestLaterFragmentsAreData(t *testing.T) {
	var c field.Context
	for offset, want := range map[int]field.Next{0: {Table: field.IPProto, Key: 17}, 8: {}} {
		b := packet(Header{Protocol: 17, FragmentOffset: offset, MoreFragments: true}, "12345678")
		c.Reset(b, len(b))
		c.Close(c.Begin(&Layout))
		check(&c)
		if got := next(&c); got != want {
			t.Errorf("offset %d: %+v, want %+v", offset, got, want)
		}
		if c.Pseudo.Valid {
			t.Errorf("offset %d: a fragment's checksum can't be verified", offset)
		}
	}
}

func FuzzFields(f *testing.F) {
	f.Add(packet(Header{Protocol: 17, TTL: 64}, "payload"))
	f.Add(withOptions(0x44, 12, 13, 1, 192, 0, 2, 1, 0, 0, 3, 0xe8, 7, 7, 8, 1, 2, 3, 4, 0x94, 4, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) { fieldtest.Decode(t, &Layout, b, nil) })
}

func TestDecodeAllocatesNothing(t *testing.T) {
	b := withOptions(0x44, 12, 13, 1, 192, 0, 2, 1, 0, 0, 3, 0xe8, 7, 7, 8, 1, 2, 3, 4)
	var c field.Context
	if n := testing.AllocsPerRun(100, func() {
		c.Reset(b, len(b))
		root := c.Begin(&Layout)
		tail(&c)
		c.Close(root)
		check(&c)
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

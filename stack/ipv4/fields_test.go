package ipv4

import (
	"bytes"
	"errors"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

func TestFields(t *testing.T) {
	fieldtest.CheckLayout(t, &Layout)
	for _, s := range specs() {
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
		{"the header's length counts units of 8 bytes", "ip.hdr_len", "20 bytes", good, nil},
		{"the codepoint has a name", "ip.dsfield.dscp", "EF (46)", good, nil},
		{"the fragment offset is in bytes", "ip.frag_offset", "1 units of 8 bytes", set(7, 1), nil},
		{"the protocol has a name", "ip.proto", "UDP (17)", good, nil},
		{"a wrong checksum", "ip.checksum", "", bad, field.BadSum},
		{"a header under 20 bytes", "ip.hdr_len", "16 bytes", set(0, 0x44), field.TooShort},
		{"a length under the header's", "ip.len", "19 bytes", set(3, 19), field.TooShort},
		{"a length past the end", "ip.len", "200 bytes", set(3, 200), field.Overrun},
		{"no length, as with TSO", "ip.len", "0 bytes", set(3, 0), zeroLength},
		{"another version", "ip.version", "5", set(0, 0x55), badVersion},
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
	for _, o := range sampleOptions {
		f.Add(withOptions(o...))
	}
	f.Fuzz(func(t *testing.T, b []byte) { agree(t, b) })
}

// agree decodes b and fails when Parse and the field table differ about whether it is sound.
func agree(t *testing.T, b []byte) {
	t.Helper()
	ctx := fieldtest.Decode(t, &Layout, b, nil)
	at := map[error]string{ErrVersion: "ip.version", ErrHeaderLen: "ip.hdr_len", ErrLength: "ip.len", ErrChecksum: "ip.checksum"}
	_, err := Parse(b)
	switch {
	case err == nil:
		for _, name := range at {
			if f := fieldtest.Err(ctx, name); f != nil {
				t.Errorf("a sound packet has %s at %s", f.Name, name)
			}
		}
	case errors.Is(err, ErrTruncated):
		for _, s := range ctx.Spans {
			if s.Err == field.Truncated {
				return
			}
		}
		t.Errorf("%v, but no field is marked", err)
	case errors.Is(err, ErrLength) && fieldtest.Text(ctx, "ip.len") == "0 bytes":
	case fieldtest.Err(ctx, at[err]) == nil:
		t.Errorf("%v, but %s is not marked", err, at[err])
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	b := withOptions(append(bytes.Clone(sampleOptions["security"]), sampleOptions["time stamps and addresses"]...)...)
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

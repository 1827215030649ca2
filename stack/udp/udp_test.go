package udp

import (
	"bytes"
	"errors"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
	"httptap/stack/sum"
)

var src, dst = [4]byte{192, 0, 2, 1}, [4]byte{192, 0, 2, 2}

func datagram(payload string) []byte {
	b := append(bytes.Repeat([]byte{0xa5}, HeaderLen), payload...) // dirty memory
	Put(b, 68, 67, len(payload), sum.Pseudo4(src, dst, 17, len(b)))
	return b
}

func TestParse(t *testing.T) {
	good := datagram("hello")
	short, long := bytes.Clone(good), bytes.Clone(good)
	short[5], long[5] = 7, byte(len(good)+1)
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"a whole datagram", good, nil},
		{"padding behind it is not part of it", append(bytes.Clone(good), 0, 0, 0), nil},
		{"seven bytes are no header", good[:7], ErrTruncated},
		{"nothing is no header", nil, ErrTruncated},
		{"a length under eight", short, ErrLength},
		{"a length past the end", long, ErrLength},
		{"an empty datagram", datagram(""), nil},
	} {
		d, err := Parse(c.b)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil && len(c.b) > HeaderLen && string(d.Payload()) != "hello" {
			t.Errorf("%s: payload %q", c.name, d.Payload())
		}
	}
	d, _ := Parse(good)
	if d.SrcPort() != 68 || d.DstPort() != 67 || d.Length() != 13 {
		t.Errorf("ports %d %d, length %d", d.SrcPort(), d.DstPort(), d.Length())
	}
}

func TestVerify(t *testing.T) {
	good := datagram("hello")
	pseudo := sum.Pseudo4(src, dst, 17, len(good))
	wrong, none := bytes.Clone(good), bytes.Clone(good)
	wrong[9] ^= 1
	none[6], none[7], none[9] = 0, 0, 'X'
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"as sent", good, nil},
		{"a bit was turned", wrong, ErrChecksum},
		{"zero means no checksum", none, nil},
	} {
		d, err := Parse(c.b)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Verify(pseudo); err != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// RFC 768: a computed zero is sent as all ones. The payload is chosen so that it comes out.
func TestComputedZeroIsSentAsOnes(t *testing.T) {
	b := make([]byte, HeaderLen+2)
	Put(b, 68, 67, 2, sum.Pseudo4(src, dst, 17, len(b)))
	copy(b[HeaderLen:], b[6:8]) // adding the complement of the sum makes the sum all ones
	Put(b, 68, 67, 2, sum.Pseudo4(src, dst, 17, len(b)))
	if b[6] != 0xff || b[7] != 0xff {
		t.Errorf("checksum % x, want ff ff", b[6:8])
	}
	d, _ := Parse(b)
	if err := d.Verify(sum.Pseudo4(src, dst, 17, len(b))); err != nil {
		t.Error(err)
	}
}

func TestFields(t *testing.T) {
	fieldtest.CheckLayout(t, &Layout)
	facts := func(c *field.Context) {
		c.Pseudo = field.Pseudo{Protocol: 17, Valid: true}
		copy(c.Pseudo.Src[:], src[:])
		copy(c.Pseudo.Dst[:], dst[:])
	}
	good := datagram("hello")
	for _, c := range []struct {
		name, field string
		change      func([]byte) []byte
		fault       *field.Fault
	}{
		{"nothing is wrong", "udp.checksum", func(b []byte) []byte { return b }, nil},
		{"a turned bit", "udp.checksum", func(b []byte) []byte { b[12] ^= 4; return b }, field.BadSum},
		{"no checksum", "udp.checksum", func(b []byte) []byte { b[6], b[7] = 0, 0; return b }, zeroChecksum},
		{"a length under eight", "udp.length", func(b []byte) []byte { b[5] = 3; return b }, field.TooShort},
		{"a length past the end", "udp.length", func(b []byte) []byte { b[5] = 99; return b }, field.Overrun},
		{"the header is cut", "udp.length", func(b []byte) []byte { return b[:5] }, field.Truncated},
	} {
		ctx := fieldtest.Decode(t, &Layout, c.change(bytes.Clone(good)), facts)
		if got := fieldtest.Err(ctx, c.field); got != c.fault {
			t.Errorf("%s: %v, want %v", c.name, got, c.fault)
		}
	}
	bad := bytes.Clone(good)
	bad[6] ^= 0xff
	ctx := fieldtest.Decode(t, &Layout, bad, facts)
	want := uint32(good[6])<<8 | uint32(good[7])
	if i := ctx.Find(&head[3]); ctx.Spans[i].Want != want {
		t.Errorf("the right checksum is said to be %#x, it is %#x", ctx.Spans[i].Want, want)
	}
	ctx = fieldtest.Decode(t, &Layout, append(bytes.Clone(good), 0, 0), facts)
	if ctx.Spans[len(ctx.Spans)-1].Spec != &field.Undecoded {
		t.Error("bytes behind the datagram belong to it")
	}
}

func TestNext(t *testing.T) {
	var c field.Context
	b := datagram("")
	c.Reset(b, len(b))
	c.Close(c.Begin(&Layout))
	if got, want := next(&c), (field.Next{Table: field.UDPPort, Key: 67, Alt: 68}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Any bytes: refused, or all accessors work and a datagram built from them is the same.
func FuzzDatagram(f *testing.F) {
	f.Add(datagram("hello"))
	f.Add([]byte{0, 1, 0, 2, 0, 8, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		fieldtest.Decode(t, &Layout, b, nil)
		d, err := Parse(b)
		if err != nil {
			return
		}
		pseudo := sum.Pseudo4(src, dst, 17, d.Length())
		again := append(make([]byte, HeaderLen), d.Payload()...)
		Put(again, d.SrcPort(), d.DstPort(), len(d.Payload()), pseudo)
		if !bytes.Equal(again[:6], b[:6]) || !bytes.Equal(again[HeaderLen:], d.Payload()) {
			t.Fatalf("round trip: % x, want % x", again, b)
		}
		e, err := Parse(again)
		if err != nil || e.Verify(pseudo) != nil {
			t.Fatalf("what Put wrote does not verify: %v", err)
		}
	})
}

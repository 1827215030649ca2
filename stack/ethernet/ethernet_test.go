package ethernet

import (
	"bytes"
	"errors"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
	"httptap/stack/link"
)

var (
	dst = link.Addr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	src = link.Addr{2, 0, 0x5e, 0x10, 0, 1}
)

func TestParse(t *testing.T) {
	for n := 0; n < HeaderLen; n++ {
		if _, err := Parse(make([]byte, n)); !errors.Is(err, ErrTruncated) {
			t.Errorf("%d bytes: %v, want ErrTruncated", n, err)
		}
	}
	b := append(Append(nil, dst, src, TypeARP), "hello"...)
	f, err := Parse(b)
	if err != nil || f.Dst() != dst || f.Src() != src || f.Type() != TypeARP || string(f.Payload()) != "hello" {
		t.Errorf("got %v %v %#x %q, %v", f.Dst(), f.Src(), f.Type(), f.Payload(), err)
	}
}

func TestLengthEndsThePayload(t *testing.T) {
	b := append(Append(nil, dst, src, 3), "abcPADDING"...)
	f, err := Parse(b)
	if err != nil || string(f.Payload()) != "abc" {
		t.Errorf("payload %q, %v", f.Payload(), err)
	}
	f, _ = Parse(append(Append(nil, dst, src, 1000), "abc"...))
	if string(f.Payload()) != "abc" {
		t.Errorf("with a lying length: payload %q", f.Payload())
	}
}

func TestPutOverwritesDirtyMemory(t *testing.T) {
	b := bytes.Repeat([]byte{0xa5}, HeaderLen+1)
	Put(b, dst, src, TypeIPv4)
	if want := append(Append(nil, dst, src, TypeIPv4), 0xa5); !bytes.Equal(b, want) {
		t.Errorf("% x, want % x", b, want)
	}
}

func TestFields(t *testing.T) {
	fieldtest.CheckLayout(t, &Layout)
	for _, c := range []struct {
		name, field, want string
		typ               uint16
		payload           int
		fault             *field.Fault
	}{
		{name: "the type has its name", field: "eth.type", want: "IPv4 (0x0800)", typ: TypeIPv4, payload: 46},
		{name: "the destination", field: "eth.dst", want: "ff:ff:ff:ff:ff:ff", typ: TypeIPv4},
		{name: "a value under 1536 is a length", field: "eth.len", want: "38 bytes", typ: 38, payload: 46},
		{name: "a length past the end is named", field: "eth.len", want: "47 bytes", typ: 47, payload: 46, fault: pastEnd},
	} {
		ctx := fieldtest.Decode(t, &Layout, append(Append(nil, dst, src, c.typ), make([]byte, c.payload)...), nil)
		if got := fieldtest.Text(ctx, c.field); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.field, got, c.want)
		}
		if got := fieldtest.Err(ctx, c.field); got != c.fault {
			t.Errorf("%s: fault %v, want %v", c.name, got, c.fault)
		}
	}
}

func TestNext(t *testing.T) {
	for _, c := range []struct {
		typ  uint16
		want field.Next
	}{
		{TypeIPv4, field.Next{Table: field.EtherType, Key: TypeIPv4}},
		{3, field.Next{Table: field.EtherType, Key: TypeLLC}},
	} {
		var ctx field.Context
		b := append(Append(nil, dst, src, c.typ), 0x42, 0x42, 3)
		ctx.Reset(b, len(b))
		ctx.Close(ctx.Begin(&Layout))
		check(&ctx)
		if got := next(&ctx); got != c.want {
			t.Errorf("type %#x: next %+v, want %+v", c.typ, got, c.want)
		}
	}
}

// Any bytes: Parse refuses or every accessor works and the header survives a round trip;
// the spans tile the frame either way.
func FuzzFrame(f *testing.F) {
	f.Add(append(Append(nil, dst, src, TypeIPv4), 1, 2, 3))
	f.Add(append(Append(nil, dst, src, 2), 1, 2, 3))
	f.Fuzz(func(t *testing.T, b []byte) {
		fieldtest.Decode(t, &Layout, b, nil)
		fr, err := Parse(b)
		if err != nil {
			return
		}
		again := append(Append(nil, fr.Dst(), fr.Src(), fr.Type()), b[HeaderLen:]...)
		if !bytes.Equal(again, b) {
			t.Fatalf("round trip: % x, want % x", again, b)
		}
		if p := fr.Payload(); !bytes.HasPrefix(b[HeaderLen:], p) {
			t.Fatalf("payload % x is not in % x", p, b)
		}
	})
}

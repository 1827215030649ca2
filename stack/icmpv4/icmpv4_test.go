package icmpv4

import (
	"bytes"
	"errors"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

func TestParse(t *testing.T) {
	good := AppendEcho(nil, TypeEcho, 0x1234, 7, []byte("ping"))
	flip := bytes.Clone(good)
	flip[9] ^= 8
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"an echo", good, nil},
		{"without data", AppendEcho(nil, TypeEchoReply, 1, 2, nil), nil},
		{"seven bytes", good[:7], ErrTruncated},
		{"nothing", nil, ErrTruncated},
		{"a turned bit", flip, ErrChecksum},
	} {
		if _, err := Parse(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	m, _ := Parse(good)
	if m.Type() != TypeEcho || m.Code() != 0 || m.ID() != 0x1234 || m.Seq() != 7 || m.Rest() != 0x12340007 || string(m.Body()) != "ping" {
		t.Error("the parts are not what was put in")
	}
}

func TestErrorQuotesAsMuchAsFits(t *testing.T) {
	original := bytes.Repeat([]byte{7}, 1500)
	b := AppendError(nil, TypeUnreachable, CodeFragmentationNeeded, 1400, original)
	m, err := Parse(b)
	if err != nil || m.MTU() != 1400 || len(b)+20 != 576 {
		t.Errorf("MTU %d, %d bytes with the IP header, %v", m.MTU(), len(b)+20, err)
	}
	if m, _ := Parse(AppendError(nil, TypeUnreachable, CodePort, 0, original[:28])); len(m.Body()) != 28 {
		t.Errorf("a short packet is quoted with %d bytes", len(m.Body()))
	}
}

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		typ, code uint8
		want      string
	}{
		{3, 3, "Destination unreachable: Port unreachable"},
		{3, 99, "Destination unreachable: code 99"},
		{8, 0, "Echo (ping) request"},
		{200, 1, "type 200 code 1"},
	} {
		if got := Describe(c.typ, c.code); got != c.want {
			t.Errorf("%d %d: %q, want %q", c.typ, c.code, got, c.want)
		}
	}
}

func TestFields(t *testing.T) {
	fieldtest.CheckLayout(t, &Layout)
	for _, s := range []*field.Spec{&ident, &seqSpec, &unused, &unused16, &mtu, &gateway, &pointer, &unused8, &origin, &received, &sent, &mask} {
		fieldtest.CheckSpec(t, s)
	}
	bad := AppendEcho(nil, TypeEcho, 1, 2, []byte("data"))
	bad[2] ^= 1
	for _, c := range []struct {
		name, field, want string
		b                 []byte
		fault             *field.Fault
	}{
		{"a type has a name", "icmp.type", "Echo (ping) request (8)", AppendEcho(nil, TypeEcho, 1, 2, nil), nil},
		{"an echo's number", "icmp.seq", "2", AppendEcho(nil, TypeEcho, 1, 2, nil), nil},
		{"a code has the name that its type gives it", "icmp.code", "Port unreachable (3)", AppendError(nil, 3, 3, 0, nil), nil},
		{"another type, another name", "icmp.code", "Redirect for TOS and host (3)", AppendError(nil, 5, 3, 0, nil), nil},
		{"the next hop's MTU", "icmp.mtu", "1400 bytes", AppendError(nil, 3, 4, 1400, nil), nil},
		{"the gateway", "icmp.redir_gw", "192.0.2.1", AppendError(nil, 5, 1, 0xc0000201, nil), nil},
		{"the pointer", "icmp.pointer", "20", AppendError(nil, 12, 0, 20<<24, nil), nil},
		{"a wrong checksum", "icmp.checksum", "", bad, field.BadSum},
		{"three bytes", "icmp.checksum", "", bad[:3], field.Truncated},
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

func FuzzMessage(f *testing.F) {
	f.Add(AppendEcho(nil, TypeEcho, 1, 2, []byte("data")))
	f.Add(AppendError(nil, 3, 4, 1400, make([]byte, 28)))
	f.Fuzz(func(t *testing.T, b []byte) {
		fieldtest.Decode(t, &Layout, b, nil)
		m, err := Parse(b)
		if err != nil {
			return
		}
		again := appendMessage(nil, m.Type(), m.Code(), m.Rest(), m.Body())
		// One's complement has two zeros: a checksum of ffff and 0000 can both be right.
		again[2], again[3] = b[2], b[3]
		if !bytes.Equal(again, b) {
			t.Fatalf("round trip % x, want % x", again, b)
		}
	})
}

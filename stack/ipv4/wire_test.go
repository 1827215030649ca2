package ipv4

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"httptap/stack/sum"
)

var src, dst = [4]byte{192, 0, 2, 1}, [4]byte{192, 0, 2, 2}

func packet(h Header, payload string) []byte {
	h.Src, h.Dst = src, dst
	b := append(bytes.Repeat([]byte{0xa5}, HeaderLen), payload...) // dirty memory
	Put(b, h, len(payload))
	return b
}

// fix makes the header checksum right again.
func fix(b []byte) []byte {
	hlen := int(b[0]&15) * 4
	if hlen > len(b) || hlen < HeaderLen {
		return b
	}
	b[10], b[11] = 0, 0
	binary.BigEndian.PutUint16(b[10:], sum.Partial(0).Add(b[:hlen]).Checksum())
	return b
}

func TestParse(t *testing.T) {
	good := packet(Header{Protocol: 17, TTL: 64, ID: 7, DontFragment: true, TOS: 0xb8}, "payload!")
	set := func(i int, v byte) []byte {
		b := bytes.Clone(good)
		b[i] = v
		return fix(b)
	}
	flip := bytes.Clone(good)
	flip[15] ^= 1
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"a packet", good, nil},
		{"padding behind it is not part of it", append(bytes.Clone(good), 1, 2, 3), nil},
		{"nothing", nil, ErrTruncated},
		{"19 bytes", good[:19], ErrTruncated},
		{"version 6", set(0, 0x65), ErrVersion},
		{"a header of 16 bytes", set(0, 0x44), ErrHeaderLen},
		{"a header longer than the packet", set(0, 0x4f), ErrTruncated},
		{"a total length under the header's", set(3, 19), ErrLength},
		{"a total length past the end", set(3, 29), ErrLength},
		{"a turned bit", flip, ErrChecksum},
	} {
		p, err := Parse(c.b)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil && string(p.Payload()) != "payload!" {
			t.Errorf("%s: payload %q", c.name, p.Payload())
		}
	}
	p, _ := Parse(good)
	if p.Src() != src || p.Dst() != dst || p.Protocol() != 17 || p.TTL() != 64 || p.ID() != 7 || p.TOS() != 0xb8 ||
		!p.DontFragment() || p.MoreFragments() || p.FragmentOffset() != 0 || p.IsFragment() || p.TotalLen() != 28 || len(p.Options()) != 0 {
		t.Error("the parts are not what was put in")
	}
}

func TestOptionsAreSkipped(t *testing.T) {
	good := packet(Header{Protocol: 1, TTL: 1}, "")
	b := append(bytes.Clone(good), 1, 1, 1, 0)
	b[0], b[3] = 0x46, 24+2
	b = fix(append(b, "hi"...))
	p, err := Parse(b)
	if err != nil || string(p.Payload()) != "hi" || !bytes.Equal(p.Options(), []byte{1, 1, 1, 0}) {
		t.Errorf("payload %q options % x, %v", p.Payload(), p.Options(), err)
	}
}

func TestParseQuote(t *testing.T) {
	b := packet(Header{Protocol: 6, TTL: 64}, "12345678 and more")
	b[10] ^= 0xff // changed on the way
	p, err := ParseQuote(b[:28])
	if err != nil || string(p.Payload()) != "12345678" {
		t.Errorf("%q, %v", p.Payload(), err)
	}
	if _, err := ParseQuote(b[:19]); !errors.Is(err, ErrTruncated) {
		t.Errorf("half a header: %v", err)
	}
}

func FuzzPacket(f *testing.F) {
	f.Add(packet(Header{Protocol: 17, TTL: 1}, "hello"))
	f.Add(packet(Header{Protocol: 6, MoreFragments: true, FragmentOffset: 8}, "12345678"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range both(b) {
			_, _, _, _ = p.Options(), p.Payload(), p.IsFragment(), p.Header()
			h := Header{p.Src(), p.Dst(), p.Protocol(), p.TTL(), p.TOS(), p.ID(), p.DontFragment(), p.MoreFragments(), p.FragmentOffset()}
			again := append(make([]byte, HeaderLen), p.Payload()...)
			Put(again, h, len(p.Payload()))
			q, err := Parse(again)
			if err != nil {
				t.Fatalf("what Put wrote does not parse: %v", err)
			}
			if q.Src() != p.Src() || q.FragmentOffset() != p.FragmentOffset() || q.MoreFragments() != p.MoreFragments() || !bytes.Equal(q.Payload(), p.Payload()) {
				t.Fatalf("round trip: % x, want % x", again, b)
			}
		}
	})
}

// both returns the views that b has: as a packet and as a quotation.
func both(b []byte) (ps []Packet) {
	if p, err := Parse(b); err == nil {
		ps = append(ps, p)
	}
	if p, err := ParseQuote(b); err == nil && len(p.Payload()) <= maxDatagram-HeaderLen {
		ps = append(ps, p)
	}
	return ps
}

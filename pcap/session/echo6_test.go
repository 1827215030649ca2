package session

import (
	"encoding/binary"
	"testing"

	"httptap/pcap/fact"
)

// TestEcho6 goes past the decoder, which need not know IPv6 for it.
func TestEcho6(t *testing.T) {
	s := New(Config{})
	p := packet{src: [16]byte{1}, dst: [16]byte{2}, v6: true, valid: true}
	sc := &scope{message: -1}
	b := make([]byte, 8)
	b[0] = 128
	binary.BigEndian.PutUint32(b[4:], 0x70001)
	s.begin(1)
	s.icmpv6(sc, &p, -1, b)
	b[0] = 129
	p.src, p.dst = p.dst, p.src
	s.begin(2)
	s.now += 3e6
	s.icmpv6(sc, &p, -1, b)
	if got := has(&s.result, &fact.ICMPv6.ResponseTo); len(got) != 1 || got[0] != 1 {
		t.Errorf("the reply is to %v", got)
	}
	s.begin(3)
	p.quoted = true
	s.icmpv6(sc, &p, -1, b)
	if len(s.result.Facts) != 0 {
		t.Error("a quotation is a reply")
	}
}

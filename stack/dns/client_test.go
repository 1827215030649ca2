package dns

import (
	"net/netip"
	"testing"
	"time"
)

var (
	epoch   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	first   = netip.MustParseAddrPort("192.0.2.53:53")
	second  = netip.MustParseAddrPort("198.51.100.53:53")
	address = netip.MustParseAddr("192.0.2.80")
)

func TestLookup(t *testing.T) {
	var c Client
	if err := c.Start(epoch, ClientConfig{Servers: []netip.AddrPort{first}}, "www.httptap.test", TypeA); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 512)
	n, to, stream := c.Transmit(epoch, buf)
	if to != first || stream {
		t.Errorf("to %v, stream %v", to, stream)
	}
	m, err := Parse(buf[:n])
	if err != nil {
		t.Fatal(err)
	}
	q, _ := m.Question()
	var b Builder
	b.Start(nil, 512, m.ID(), FlagResponse, false)
	b.Question(q.Name, q.Type, q.Class)
	b.Record(Answers, q.Name, TypeA, ClassIN, 60, address.AsSlice())
	if err := c.Receive(epoch, first, b.Finish(), false); err != nil {
		t.Fatal(err)
	}
	r, err := c.Result()
	if err != nil || len(r) != 1 || r[0].String() != "www.httptap.test 60 IN A 192.0.2.80" {
		t.Errorf("%v, %v", r, err)
	}
	if n, _, _ := c.Transmit(epoch, buf); n != 0 || !c.Done() {
		t.Errorf("%d more bytes, done %v", n, c.Done())
	}
}

package dhcpv4

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"httptap/stack/link"
)

func TestPoolRunsOut(t *testing.T) {
	s := newServer(t, func(cfg *ServerConfig) {
		cfg.First, cfg.Last = netip.MustParseAddr("192.168.10.10"), netip.MustParseAddr("192.168.10.12")
	})
	l := &lan{t: t, now: t0, servers: []*Server{s}}
	for i := range 3 {
		l.add(macOf(i), ClientConfig{})
	}
	l.settle()
	late := l.add(macOf(3), ClientConfig{})
	l.settle()
	if _, ok := late.Lease(); ok || s.Stats().Exhausted != 1 {
		t.Fatalf("the pool has three addresses; %+v", s.Stats())
	}
	d := appendDiscover(macOf(4))
	if err := s.Receive(l.now, d); !errors.Is(err, ErrExhausted) {
		t.Errorf("the cause is %v", err)
	}
	l.clients[1].Release(l.now)
	l.run(l.now.Add(time.Minute))
	l.has(late, "192.168.10.11")
}

func appendDiscover(mac link.Addr, more ...func([]byte) []byte) []byte {
	return clientMessage(Header{Op: OpRequest, XID: 7, HardwareAddr: mac}, Discover, more...)
}

func clientMessage(h Header, typ Type, more ...func([]byte) []byte) []byte {
	if h.Op == 0 {
		h.Op = OpRequest
	}
	if h.HardwareAddr.IsZero() {
		h.HardwareAddr = mac
	}
	b := AppendHeader(nil, h)
	if typ != 0 {
		b = AppendOption(b, OptType, byte(typ))
	}
	for _, f := range more {
		b = f(b)
	}
	return AppendEnd(b, 0)
}

// Offers that nobody takes come back, so that a flood of hardware addresses ends by itself.
func TestFloodOfDiscovers(t *testing.T) {
	s := newServer(t, nil)
	buf := make([]byte, BufferLen)
	for i := range 1000 {
		err := s.Receive(t0, appendDiscover(macOf(i)))
		if i < 253 != (err == nil) || i >= 253 && !errors.Is(err, ErrExhausted) {
			t.Fatalf("client %d: %v", i, err)
		}
		s.Transmit(t0, buf)
	}
	if len(s.pool.byAddr) != 253 || len(s.pool.byKey) != 253 {
		t.Errorf("%d addresses, %d clients are remembered", len(s.pool.byAddr), len(s.pool.byKey))
	}
	l := &lan{t: t, now: t0.Add(offerTime), servers: []*Server{s}}
	c := l.add(mac, ClientConfig{})
	l.settle()
	l.has(c, "192.168.10.2")
	if len(s.pool.byAddr) != 253 || len(s.pool.byKey) != 253 {
		t.Errorf("%d addresses, %d clients are remembered", len(s.pool.byAddr), len(s.pool.byKey))
	}
}

func TestPoolOfAHugeNetworkIsBounded(t *testing.T) {
	s := newServer(t, func(cfg *ServerConfig) {
		cfg.Addr, cfg.Prefix = [4]byte{10, 0, 0, 1}, netip.MustParsePrefix("10.0.0.0/8")
	})
	buf := make([]byte, BufferLen)
	for i := range maxPool + 10 {
		if err := s.Receive(t0, appendDiscover(link.Addr{2, 1, 0, 0, byte(i >> 8), byte(i)})); err != nil && i < maxPool-2 {
			t.Fatalf("client %d: %v", i, err)
		}
		s.Transmit(t0, buf)
	}
	if n := len(s.pool.byAddr); n > maxPool {
		t.Errorf("%d records", n)
	}
}

func TestConfig(t *testing.T) {
	ok := ServerConfig{Addr: server, Prefix: network}
	for _, c := range []struct {
		name   string
		change func(*ServerConfig)
	}{
		{"no network", func(c *ServerConfig) { c.Prefix = netip.Prefix{} }},
		{"IPv6", func(c *ServerConfig) { c.Prefix = netip.MustParsePrefix("fd00::/64") }},
		{"the server is outside of its network", func(c *ServerConfig) { c.Addr = [4]byte{10, 0, 0, 1} }},
		{"a negative lease", func(c *ServerConfig) { c.Lease = -1 }},
		{"a negative MTU", func(c *ServerConfig) { c.MTU = -1 }},
		{"an MTU that does not fit", func(c *ServerConfig) { c.MTU = 65536 }},
		{"a domain that does not fit", func(c *ServerConfig) { c.Domain = string(make([]byte, 256)) }},
		{"a pool that begins outside", func(c *ServerConfig) {
			c.First, c.Last = netip.MustParseAddr("192.168.9.1"), netip.MustParseAddr("192.168.10.9")
		}},
		{"a pool without an end", func(c *ServerConfig) { c.First = netip.MustParseAddr("192.168.10.9") }},
		{"a pool that ends before it begins", func(c *ServerConfig) {
			c.First, c.Last = netip.MustParseAddr("192.168.10.9"), netip.MustParseAddr("192.168.10.8")
		}},
	} {
		cfg := ok
		c.change(&cfg)
		if err := new(Server).Reset(cfg); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	var s Server
	if err := s.Reset(ok); err != nil || s.cfg.Lease != DefaultLease {
		t.Errorf("%v, lease %v", err, s.cfg.Lease)
	}
}

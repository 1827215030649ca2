package dhcpv4

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// bare is an answer made of the given options only.
func bare(to Message, typ Type, yiaddr [4]byte, opts ...func([]byte) []byte) []byte {
	b := AppendOption(AppendHeader(nil, Header{Op: OpReply, XID: to.XID(), HardwareAddr: to.HardwareAddr(), YIAddr: yiaddr}), OptType, byte(typ))
	for _, f := range opts {
		b = f(b)
	}
	return AppendEnd(b, 0)
}

// TestClientRefuses: liars, other clients' messages and servers that are not well.
func TestClientRefuses(t *testing.T) {
	id := with(OptServer, server[:]...)
	mask := with(OptMask, 255, 255, 255, 0)
	hour := with(OptLeaseTime, 0, 0, 14, 16)
	for _, c := range []struct {
		name string
		make func(d Message) []byte
		want error
	}{
		{"not DHCP", func(Message) []byte { return []byte("hello") }, ErrTruncated},
		{"a request", func(d Message) []byte { b := answer(d, Offer); b[0] = OpRequest; return b }, ErrNotReply},
		{"another operation", func(d Message) []byte { b := answer(d, Offer); b[0] = 3; return b }, ErrNotReply},
		{"another transaction", func(d Message) []byte { b := answer(d, Offer); b[offXID]++; return b }, ErrXID},
		{"another client", func(d Message) []byte { b := answer(d, Offer); b[offCHAddr+5]++; return b }, ErrHardwareAddr},
		{"no Ethernet address", func(d Message) []byte { b := answer(d, Offer); b[offHType] = 6; return b }, ErrHardwareAddr},
		{"a short hardware address", func(d Message) []byte { b := answer(d, Offer); b[offHLen] = 5; return b }, ErrHardwareAddr},
		{"another client identifier", func(d Message) []byte { return answer(d, Offer, with(OptClientID, 1, 2, 0, 0, 0, 0, 9)) }, ErrClientID},
		{"a client identifier of another kind", func(d Message) []byte { return answer(d, Offer, with(OptClientID, 0)) }, ErrClientID},
		{"BOOTP", func(d Message) []byte {
			return AppendEnd(AppendHeader(nil, Header{Op: OpReply, XID: d.XID(), HardwareAddr: mac, YIAddr: given}), 0)
		}, ErrType},
		{"a client's message type", func(d Message) []byte { return answer(d, Inform) }, ErrType},
		{"an acknowledgement of nothing", func(d Message) []byte { return answer(d, ACK) }, ErrUnexpected},
		{"a refusal of nothing", func(d Message) []byte { return answer(d, NAK) }, ErrUnexpected},
		{"no server identifier", func(d Message) []byte { return bare(d, Offer, given, mask, hour) }, ErrServerID},
		{"a server identifier of zeros", func(d Message) []byte { return bare(d, Offer, given, with(OptServer, 0, 0, 0, 0), mask, hour) }, ErrServerID},
		{"a broadcast server identifier", func(d Message) []byte { return bare(d, Offer, given, with(OptServer, 255, 255, 255, 255), mask, hour) }, ErrServerID},
		{"no address", func(d Message) []byte { return bare(d, Offer, [4]byte{}, id, mask, hour) }, ErrAddress},
		{"a loopback address", func(d Message) []byte { return bare(d, Offer, [4]byte{127, 0, 0, 1}, id, mask, hour) }, ErrAddress},
		{"a multicast address", func(d Message) []byte { return bare(d, Offer, [4]byte{224, 0, 0, 1}, id, mask, hour) }, ErrAddress},
		{"the broadcast address of all", func(d Message) []byte { return bare(d, Offer, broadcast, id, mask, hour) }, ErrAddress},
		{"the network's broadcast address", func(d Message) []byte { return bare(d, Offer, [4]byte{192, 168, 10, 255}, id, mask, hour) }, ErrAddress},
		{"the network's own address", func(d Message) []byte { return bare(d, Offer, [4]byte{192, 168, 10, 0}, id, mask, hour) }, ErrAddress},
		{"the server's own address", func(d Message) []byte { return bare(d, Offer, server, id, mask, hour) }, ErrAddress},
		{"a mask with a hole", func(d Message) []byte { return bare(d, Offer, given, id, with(OptMask, 255, 0, 255, 0), hour) }, ErrMask},
		{"a mask of zeros", func(d Message) []byte { return bare(d, Offer, given, id, with(OptMask, 0, 0, 0, 0), hour) }, ErrMask},
		{"a mask of three bytes", func(d Message) []byte { return bare(d, Offer, given, id, with(OptMask, 255, 255, 255), hour) }, ErrMask},
		{"no lease time", func(d Message) []byte { return bare(d, Offer, given, id, mask) }, ErrLeaseTime},
		{"a lease time of zero", func(d Message) []byte { return bare(d, Offer, given, id, mask, with(OptLeaseTime, 0, 0, 0, 0)) }, ErrLeaseTime},
	} {
		s := newScript(t, ClientConfig{})
		d := s.sends(Discover, "begins")
		gen := s.c.Generation()
		s.gets(c.want, c.make(d), c.name)
		s.state(Selecting, c.name)
		s.quiet(c.name)
		if s.c.Generation() != gen {
			t.Errorf("%s: the lease changed", c.name)
		}
		foreign := c.want == ErrTruncated || c.want == ErrNotReply || c.want == ErrXID || c.want == ErrHardwareAddr
		if got := s.c.Refused(); foreign && got != nil || !foreign && !errors.Is(got, c.want) {
			t.Errorf("%s: remembers %v", c.name, got)
		}
		s.gets(nil, answer(d, Offer), c.name+"; then a good offer")
	}
}

func TestClientRefusesWhileRequesting(t *testing.T) {
	s := newScript(t, ClientConfig{})
	d := s.sends(Discover, "begins")
	s.gets(nil, answer(d, Offer), "an offer")
	s.gets(ErrUnexpected, answer(d, ACK), "acknowledged before it was asked for")
	r := s.sends(Request, "taken")
	s.gets(ErrUnexpected, answer(r, Offer), "another offer, too late")
	hour, mask := with(OptLeaseTime, 0, 0, 14, 16), with(OptMask, 255, 255, 255, 0)
	other := with(OptServer, 192, 168, 10, 99)
	s.gets(ErrOtherServer, bare(r, ACK, given, other, mask, hour), "another server acknowledges")
	s.gets(ErrOtherServer, bare(r, NAK, [4]byte{}, other), "another server refuses")
	s.gets(ErrServerID, bare(r, NAK, [4]byte{}), "nobody refuses")
	s.gets(ErrOtherAddress, bare(r, ACK, [4]byte{192, 168, 10, 77}, with(OptServer, server[:]...), mask, hour), "another address")
	s.gets(nil, answer(r, ACK), "the right one")
	s.gets(ErrUnexpected, answer(r, ACK), "once more")
	s.gets(ErrUnexpected, answer(r, NAK), "a refusal, too late")
	s.state(Bound, "all the same")

	var idle Client
	idle.cfg.HardwareAddr = mac
	if err := idle.Receive(t0, answer(r, ACK)); !errors.Is(err, ErrUnexpected) {
		t.Errorf("a client that was never started: %v", err)
	}
}

// TestLease: what is made of the options, the strange ones too.
func TestLease(t *testing.T) {
	opts := func(f ...func([]byte) []byte) []func([]byte) []byte { return f }
	lease := func(l Lease, want string) bool { return l.Addr == netip.MustParsePrefix(want) }
	after := func(l Lease) [3]time.Duration {
		return [3]time.Duration{l.Renew.Sub(t0), l.Rebind.Sub(t0), l.Expires.Sub(t0)}
	}
	hour := [3]time.Duration{30 * time.Minute, 52*time.Minute + 30*time.Second, time.Hour}
	via := netip.MustParseAddr("192.168.10.7")
	for _, c := range []struct {
		name string
		addr [4]byte
		opts []func([]byte) []byte
		ok   func(Lease) bool
	}{
		{"no mask: the class's, A", [4]byte{10, 1, 2, 3}, nil, func(l Lease) bool { return lease(l, "10.1.2.3/8") }},
		{"no mask: the class's, B", [4]byte{172, 16, 2, 3}, nil, func(l Lease) bool { return lease(l, "172.16.2.3/16") }},
		{"no mask: the class's, C", given, nil, func(l Lease) bool { return lease(l, "192.168.10.2/24") }},
		{"a network of one address", given, opts(with(OptMask, 255, 255, 255, 255)), func(l Lease) bool { return lease(l, "192.168.10.2/32") }},
		{"a network of two: the first", given, opts(with(OptMask, 255, 255, 255, 254)), func(l Lease) bool { return lease(l, "192.168.10.2/31") }},
		{"T1 and T2 of the server", given, opts(with(OptRenewal, 0, 0, 0, 60), with(OptRebinding, 0, 0, 0, 120)),
			func(l Lease) bool { return after(l) == [3]time.Duration{time.Minute, 2 * time.Minute, time.Hour} }},
		{"T1 alone", given, opts(with(OptRenewal, 0, 0, 0, 60)),
			func(l Lease) bool { return after(l) == [3]time.Duration{time.Minute, hour[1], time.Hour} }},
		{"T2 alone", given, opts(with(OptRebinding, 0, 0, 14, 15)),
			func(l Lease) bool { return after(l) == [3]time.Duration{hour[0], time.Hour - time.Second, time.Hour} }},
		{"T1 behind T2: neither is taken", given, opts(with(OptRenewal, 0, 0, 1, 0), with(OptRebinding, 0, 0, 0, 120)),
			func(l Lease) bool { return after(l) == hour }},
		{"T2 behind the end", given, opts(with(OptRebinding, 0, 1, 0, 0)), func(l Lease) bool { return after(l) == hour }},
		{"T1 of zero", given, opts(with(OptRenewal, 0, 0, 0, 0), with(OptRebinding, 0, 0, 0, 120)),
			func(l Lease) bool { return after(l) == hour }},
		{"unusable routers are left out", given, opts(with(OptRouter, 0, 0, 0, 0, 192, 168, 10, 7, 255, 255, 255, 255)),
			func(l Lease) bool { return slices.Equal(l.Routers, []netip.Addr{via}) }},
		{"half an address at the end", given, opts(with(OptDNS, 192, 168, 10, 7, 192, 168)),
			func(l Lease) bool { return slices.Equal(l.DNS, []netip.Addr{via}) }},
		{"a list that is split within an address", given, opts(with(OptDNS, 192, 168), with(OptDNS, 10, 7)),
			func(l Lease) bool { return slices.Equal(l.DNS, []netip.Addr{via}) }},
		{"an MTU under 68", given, opts(with(OptMTU, 0, 67)), func(l Lease) bool { return l.MTU == 0 }},
		{"the least MTU", given, opts(with(OptMTU, 0, 68)), func(l Lease) bool { return l.MTU == 68 }},
		{"a name that would move a terminal's cursor", given, opts(with(OptHostname, 'a', 27, '[', 'H'), with(OptDomain, 'a', ';', 'b')),
			func(l Lease) bool { return l.Hostname == "" && l.Domain == "" }},
		{"a name of zeros", given, opts(with(OptHostname, 0, 0)), func(l Lease) bool { return l.Hostname == "" }},
		{"a name that is too long", given, opts(with(OptDomain, slices.Repeat([]byte{'a'}, 254)...)), func(l Lease) bool { return l.Domain == "" }},
		{"routes take the router's place", given,
			opts(with(OptRouter, 192, 168, 10, 1), with(OptRoutes, 0, 192, 168, 10, 7, 8, 10, 192, 168, 10, 8, 24, 192, 168, 11, 0, 0, 0, 0)),
			func(l Lease) bool {
				return slices.Equal(l.Routers, []netip.Addr{via}) && slices.Equal(l.Routes, []Route{
					{netip.MustParsePrefix("0.0.0.0/0"), via},
					{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParseAddr("192.168.10.8")},
					{netip.MustParsePrefix("192.168.11.0/24"), netip.IPv4Unspecified()}})
			}},
		{"bits behind a route's mask are zeroed", given, opts(with(OptRoutes, 12, 172, 31, 192, 168, 10, 7)),
			func(l Lease) bool {
				return len(l.Routes) == 1 && l.Routes[0].Dst == netip.MustParsePrefix("172.16.0.0/12")
			}},
		{"a route of 33 bits: the router option counts", given,
			opts(with(OptRouter, 192, 168, 10, 7), with(OptRoutes, 33, 1, 2, 3, 4, 5, 192, 168, 10, 1)),
			func(l Lease) bool { return l.Routes == nil && slices.Equal(l.Routers, []netip.Addr{via}) }},
		{"a route cut short", given, opts(with(OptRouter, 192, 168, 10, 7), with(OptRoutes, 0, 192, 168, 10)),
			func(l Lease) bool { return l.Routes == nil && len(l.Routers) == 1 }},
		{"a route by a multicast address", given, opts(with(OptRouter, 192, 168, 10, 7), with(OptRoutes, 0, 224, 0, 0, 1)),
			func(l Lease) bool { return l.Routes == nil && len(l.Routers) == 1 }},
	} {
		s := newScript(t, ClientConfig{})
		all := append([]func([]byte) []byte{with(OptServer, 192, 168, 10, 1), with(OptLeaseTime, 0, 0, 14, 16)}, c.opts...)
		s.gets(nil, bare(s.sends(Discover, "begins"), Offer, c.addr, all...), c.name)
		s.gets(nil, bare(s.sends(Request, "taken"), ACK, c.addr, all...), c.name)
		if l, ok := s.c.Lease(); !ok || !c.ok(l) {
			t.Errorf("%s: %+v", c.name, l)
		}
	}
}

func TestClientAllocatesNothing(t *testing.T) {
	var c Client
	buf := make([]byte, BufferLen)
	now := t0
	c.Start(now, ClientConfig{HardwareAddr: mac, Hostname: "box", MaxMessage: 1500})
	other := answer(Message{b: message()}, Offer)
	n := testing.AllocsPerRun(100, func() {
		now = c.Deadline()
		if n, _, _ := c.Transmit(now, buf); n == 0 {
			t.Fatal("nothing is sent")
		}
		if err := c.Receive(now, other); !errors.Is(err, ErrXID) {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}

func TestNames(t *testing.T) {
	if s := Rebinding.String(); s != "REBINDING" {
		t.Error(s)
	}
	if s := State(99).String(); s != "unknown state" {
		t.Error(s)
	}
	if s := Discover.String(); s != "DHCPDISCOVER" {
		t.Error(s)
	}
	if s := Type(99).String(); s != "type 99" {
		t.Error(s)
	}
}

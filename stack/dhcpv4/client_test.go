package dhcpv4

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"httptap/stack/link"
)

var (
	mac    = link.Addr{2, 0, 0x5e, 0x10, 0, 1}
	t0     = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	server = [4]byte{192, 168, 10, 1}
	given  = [4]byte{192, 168, 10, 2}
)

// A script drives one client and keeps its clock.
type script struct {
	*testing.T
	c   Client
	now time.Time
	buf [BufferLen]byte
}

func newScript(t *testing.T, cfg ClientConfig) *script {
	s := &script{T: t, now: t0}
	if cfg.HardwareAddr.IsZero() {
		cfg.HardwareAddr = mac
	}
	s.c.Start(s.now, cfg)
	return s
}

// sends expects one message of the given type now, and nothing after it.
func (s *script) sends(typ Type, why string) Message {
	s.Helper()
	m, _, _ := s.sendsTo(typ, why)
	s.quiet("after " + typ.String())
	return m
}

func (s *script) sendsTo(typ Type, why string) (m Message, from, to [4]byte) {
	s.Helper()
	for i := range s.buf {
		s.buf[i] = 0xa5
	}
	if d := s.c.Deadline(); d.IsZero() || d.After(s.now) {
		s.Fatalf("%s: the deadline is %v from now, want %v at once", why, d.Sub(s.now), typ)
	}
	n, from, to := s.c.Transmit(s.now, s.buf[:])
	m, err := Parse(append([]byte(nil), s.buf[:n]...))
	if err != nil || m.Type() != typ {
		s.Fatalf("%s: sent %d bytes, %v, %v; want %v", why, n, m.b, err, typ)
	}
	if n < MinLen || m.Op() != OpRequest || m.HardwareAddr() != s.c.cfg.HardwareAddr || m.HType() != 1 || m.HLen() != 6 {
		s.Fatalf("%s: the header is not a client's: % x", why, m.b[:44])
	}
	if id, _ := m.Option(OptClientID, nil); len(id) != 7 || id[0] != 1 || link.Addr(id[1:]) != s.c.cfg.HardwareAddr {
		s.Fatalf("%s: client identifier % x", why, id)
	}
	return m, from, to
}

// quiet expects nothing to send now.
func (s *script) quiet(why string) {
	s.Helper()
	if n, _, _ := s.c.Transmit(s.now, s.buf[:]); n != 0 {
		m, _ := Parse(s.buf[:n])
		s.Fatalf("%s: sent %v", why, m.Type())
	}
	if d := s.c.Deadline(); !d.IsZero() && !d.After(s.now) {
		s.Fatalf("%s: nothing is sent but the deadline %v is not after now", why, d)
	}
}

// sleep moves on to the deadline, which it expects within [lo, hi] from now.
func (s *script) sleep(lo, hi time.Duration, why string) {
	s.Helper()
	d := s.c.Deadline().Sub(s.now)
	if d < lo || d > hi {
		s.Fatalf("%s: the deadline is in %v, want %v to %v", why, d, lo, hi)
	}
	s.now = s.c.Deadline()
}

func (s *script) state(want State, why string) {
	s.Helper()
	if got := s.c.State(); got != want {
		s.Fatalf("%s: state %v, want %v", why, got, want)
	}
}

func (s *script) gets(want error, msg []byte, why string) {
	s.Helper()
	if err := s.c.Receive(s.now, msg); !errors.Is(err, want) {
		s.Fatalf("%s: %v, want %v", why, err, want)
	}
}

// options of an ordinary answer, to be changed by the cases.
func answer(to Message, typ Type, more ...func([]byte) []byte) []byte {
	h := Header{Op: OpReply, XID: to.XID(), HardwareAddr: to.HardwareAddr(), YIAddr: given}
	if typ == NAK {
		h.YIAddr = [4]byte{}
	}
	b := AppendOption(AppendHeader(nil, h), OptType, byte(typ))
	b = AppendOption(b, OptServer, server[:]...)
	if typ != NAK {
		b = AppendOption(b, OptMask, 255, 255, 255, 0)
		b = AppendUint32(b, OptLeaseTime, 3600)
	}
	for _, f := range more {
		b = f(b)
	}
	return AppendEnd(b, 0)
}

func with(code byte, v ...byte) func([]byte) []byte {
	return func(b []byte) []byte { return AppendOption(b, code, v...) }
}

// binds takes the client to BOUND.
func (s *script) binds() Message {
	s.Helper()
	s.gets(nil, answer(s.sends(Discover, "begins"), Offer), "an offer")
	r := s.sends(Request, "an offer is taken at once")
	s.gets(nil, answer(r, ACK), "an acknowledgement")
	s.state(Bound, "acknowledged")
	s.quiet("bound")
	return r
}

func TestLifeOfALease(t *testing.T) {
	s := newScript(t, ClientConfig{Hostname: "box", MaxMessage: 1500, Requested: given, Seed: 1})
	d, from, to := s.sendsTo(Discover, "the search begins at once")
	s.state(Selecting, "after DHCPDISCOVER")
	if from != [4]byte{} || to != broadcast {
		t.Errorf("DHCPDISCOVER goes from %v to %v", from, to)
	}
	if d.Broadcast() || d.Secs() != 0 {
		t.Error("the client takes unicast, so it clears the broadcast bit; it has just begun, so secs is 0")
	}
	if v, _ := d.Option(OptHostname, nil); string(v) != "box" {
		t.Errorf("hostname %q", v)
	}
	if v, _ := d.Uint16(OptMaxMessage); v != 1500 {
		t.Errorf("maximum message size %d", v)
	}
	if v, _ := d.Addr(OptRequested); v != given {
		t.Errorf("requested address %v", v)
	}
	want := []byte{1, 121, 3, 6, 12, 15, 26, 42, 51, 54, 58, 59}
	if v, _ := d.Option(OptParameters, nil); string(v) != string(want) {
		t.Errorf("parameter request list %v, want %v", v, want)
	}
	s.now = s.now.Add(3 * time.Millisecond)
	s.gets(nil, answer(d, Offer), "an offer")
	s.state(Requesting, "after the offer")

	r, from, to := s.sendsTo(Request, "the first offer is taken at once")
	sent := s.now
	if from != [4]byte{} || to != broadcast || r.XID() != d.XID() || r.Secs() != d.Secs() || r.CIAddr() != [4]byte{} {
		t.Errorf("DHCPREQUEST from %v to %v, xid %x of %x, secs %d of %d", from, to, r.XID(), d.XID(), r.Secs(), d.Secs())
	}
	if v, _ := r.Addr(OptRequested); v != given {
		t.Errorf("requested address %v", v)
	}
	if v, _ := r.Addr(OptServer); v != server {
		t.Errorf("server identifier %v", v)
	}
	if v, _ := r.Option(OptParameters, nil); string(v) != string(want) {
		t.Errorf("parameter request list %v, want %v", v, want)
	}
	if _, ok := s.c.Lease(); ok {
		t.Error("an offer is no lease")
	}
	gen := s.c.Generation()
	s.now = s.now.Add(time.Second)
	s.gets(nil, answer(r, ACK, with(OptRouter, 192, 168, 10, 1), with(OptDNS, 192, 168, 10, 1, 8, 8, 8, 8),
		with(OptNTP, 192, 168, 10, 1), with(OptDomain, []byte("httptap.test")...), with(OptHostname, []byte("box\x00")...),
		with(OptMTU, 5, 0xdc)), "an acknowledgement")
	l, ok := s.c.Lease()
	if !ok || s.c.Generation() == gen {
		t.Fatal("no lease, or nothing says that there is one")
	}
	router := netip.MustParseAddr("192.168.10.1")
	if l.Addr != netip.MustParsePrefix("192.168.10.2/24") || l.Server != router || l.MTU != 1500 ||
		l.Domain != "httptap.test" || l.Hostname != "box" || len(l.Routers) != 1 || l.Routers[0] != router ||
		len(l.DNS) != 2 || l.DNS[1] != netip.MustParseAddr("8.8.8.8") || len(l.NTP) != 1 || l.NTP[0] != router {
		t.Errorf("lease %+v", l)
	}
	if !l.Obtained.Equal(sent) || !l.Renew.Equal(sent.Add(30*time.Minute)) ||
		!l.Rebind.Equal(sent.Add(52*time.Minute+30*time.Second)) || !l.Expires.Equal(sent.Add(time.Hour)) {
		t.Errorf("times count from when the request was sent: %+v", l)
	}
	s.quiet("bound")

	s.sleep(29*time.Minute, 30*time.Minute, "T1")
	r, from, to = s.sendsTo(Request, "T1: the server is asked for more")
	s.state(Renewing, "past T1")
	if from != given || to != server || r.CIAddr() != given || r.XID() == d.XID() {
		t.Errorf("renewing: from %v to %v, ciaddr %v", from, to, r.CIAddr())
	}
	for _, code := range []byte{OptRequested, OptServer} {
		if _, ok := r.Option(code, nil); ok {
			t.Errorf("renewing: option %d MUST NOT be there", code)
		}
	}
	s.quiet("renewing")
	s.sleep(11*time.Minute+14*time.Second, 11*time.Minute+16*time.Second, "half of the time to T2")
	s.sends(Request, "renewing, again")
	gen = s.c.Generation()
	sent = s.now
	s.gets(nil, answer(r, ACK), "an acknowledgement of the renewal")
	s.state(Bound, "renewed")
	if l, _ := s.c.Lease(); s.c.Generation() == gen || !l.Expires.Equal(sent.Add(-11*time.Minute-15*time.Second).Add(time.Hour)) {
		t.Errorf("the renewed lease counts from the first request: %+v", l)
	}

	s.sleep(0, 30*time.Minute, "T1 again")
	s.sends(Request, "renewing")
	for s.c.State() == Renewing {
		s.sleep(0, 12*time.Minute, "renewing, unanswered: half of what is left, 60 s at least, T2 at the latest")
		if s.c.Deadline().Equal(s.c.lease.Rebind) {
			break
		}
		s.sends(Request, "renewing, unanswered")
	}
	r, from, to = s.sendsTo(Request, "T2: every server is asked")
	s.state(Rebinding, "past T2")
	if from != given || to != broadcast || r.CIAddr() != given || r.Secs() == 0 {
		t.Errorf("rebinding: from %v to %v, ciaddr %v, secs %d", from, to, r.CIAddr(), r.Secs())
	}
	other := [4]byte{192, 168, 10, 9}
	b := answer(r, ACK)
	copy(b[len(AppendOption(AppendHeader(nil, Header{}), OptType, 5))+2:], other[:])
	s.gets(nil, b, "another server may rebind")
	if l, _ := s.c.Lease(); l.Server != netip.AddrFrom4(other) {
		t.Errorf("the lease is the other server's now, not %v's", l.Server)
	}

	s.c.Release(s.now)
	s.state(Stopped, "released")
	if _, ok := s.c.Lease(); ok {
		t.Error("a released lease is still there")
	}
	r, from, to = s.sendsTo(Release, "the release is sent at once")
	if v, _ := r.Addr(OptServer); from != given || to != other || r.CIAddr() != given || v != other {
		t.Errorf("release: from %v to %v, ciaddr %v, server %v", from, to, r.CIAddr(), v)
	}
	for _, code := range []byte{OptRequested, OptParameters, OptMaxMessage} {
		if _, ok := r.Option(code, nil); ok {
			t.Errorf("release: option %d MUST NOT be there", code)
		}
	}
	s.quiet("released")
	if !s.c.Deadline().IsZero() {
		t.Error("a stopped client waits for something")
	}
}

func TestNobodyAnswers(t *testing.T) {
	s := newScript(t, ClientConfig{})
	first := s.sends(Discover, "begins")
	for _, want := range []time.Duration{4, 8, 16, 32, 64, 64} {
		s.sleep((want-1)*time.Second, (want+1)*time.Second, "the delay doubles up to 64 s")
		m := s.sends(Discover, "nobody answered")
		if m.XID() != first.XID() {
			t.Error("a late offer would not be known: the xid changed")
		}
		if secs := uint16(s.now.Sub(t0) / time.Second); m.Secs() != secs {
			t.Errorf("secs is %d after %d", m.Secs(), secs)
		}
	}
}

func TestNobodyAcknowledges(t *testing.T) {
	s := newScript(t, ClientConfig{})
	first := s.sends(Discover, "begins")
	s.gets(nil, answer(first, Offer), "an offer")
	s.sends(Request, "the offer is taken")
	for _, want := range []time.Duration{4, 8, 16} {
		s.sleep((want-1)*time.Second, (want+1)*time.Second, "the delay doubles")
		s.sends(Request, "nobody answered")
	}
	s.sleep(31*time.Second, 33*time.Second, "60 s in all")
	if m := s.sends(Discover, "back to INIT"); m.XID() == first.XID() {
		t.Error("the new search has the old number")
	}
}

func TestExpiry(t *testing.T) {
	s := newScript(t, ClientConfig{})
	s.binds()
	gen := s.c.Generation()
	l, _ := s.c.Lease()
	for !s.now.Equal(l.Expires) {
		s.now = s.c.Deadline()
		if s.now.Before(l.Expires) {
			s.sends(Request, "nobody answers")
		}
	}
	s.state(Rebinding, "to the end")
	d := s.sends(Discover, "the lease has ended")
	if _, ok := s.c.Lease(); ok || s.c.Generation() == gen {
		t.Error("an expired lease is still there, or nothing says that it has gone")
	}
	if v, _ := d.Addr(OptRequested); v != given {
		t.Errorf("asks for %v, want the address that it had", v)
	}
	// A clock that jumps, as that of a suspended machine.
	s = newScript(t, ClientConfig{})
	s.binds()
	s.now = s.now.Add(48 * time.Hour)
	s.sends(Discover, "the lease ended long ago")
}

func TestInfiniteLease(t *testing.T) {
	s := newScript(t, ClientConfig{})
	s.gets(nil, answer(s.sends(Discover, "begins"), Offer), "an offer")
	b := answer(s.sends(Request, "taken"), ACK)
	m, _ := Parse(b)
	v, _ := m.first(OptLeaseTime)
	copy(v, "\xff\xff\xff\xff")
	s.gets(nil, b, "an infinite lease")
	if !s.c.Deadline().IsZero() {
		t.Errorf("an infinite lease has a deadline: %v", s.c.Deadline())
	}
	s.now = s.now.Add(1e6 * time.Hour)
	s.quiet("nothing ends")
	s.state(Bound, "for ever")
}

func TestNAK(t *testing.T) {
	s := newScript(t, ClientConfig{Requested: given})
	s.gets(nil, answer(s.sends(Discover, "begins"), Offer), "an offer")
	r := s.sends(Request, "taken")
	s.gets(ErrNAK, answer(r, NAK, with(OptText, []byte("not here")...)), "refused")
	if err := s.c.Refused(); err == nil || err.Error() != `dhcpv4: the server refused the address: "not here"` {
		t.Errorf("the reason is %v", err)
	}
	d := s.sends(Discover, "the first time it begins again at once")
	if _, ok := d.Option(OptRequested, nil); ok {
		t.Error("asks for the refused address again")
	}
	s.gets(nil, answer(d, Offer), "an offer")
	s.gets(ErrNAK, answer(s.sends(Request, "taken"), NAK), "refused again")
	s.quiet("the second time it waits")
	s.sleep(10*time.Second, 10*time.Second, "ten seconds")
	s.sends(Discover, "it begins again")

	// While renewing, the lease goes with it.
	s = newScript(t, ClientConfig{})
	s.binds()
	s.sleep(0, time.Hour, "T1")
	r = s.sends(Request, "renewing")
	gen := s.c.Generation()
	s.gets(ErrNAK, answer(r, NAK), "refused")
	if _, ok := s.c.Lease(); ok || gen == s.c.Generation() {
		t.Error("a refused lease is still there, or nothing says that it has gone")
	}
	s.sends(Discover, "begins again")
}

func TestDecline(t *testing.T) {
	s := newScript(t, ClientConfig{Requested: given})
	s.binds()
	gen := s.c.Generation()
	s.c.Decline(s.now)
	if _, ok := s.c.Lease(); ok || gen == s.c.Generation() {
		t.Error("a declined lease is still there, or nothing says that it has gone")
	}
	m, from, to := s.sendsTo(Decline, "the address is in use")
	if from != [4]byte{} || to != broadcast || m.CIAddr() != [4]byte{} || m.Secs() != 0 {
		t.Errorf("decline: from %v to %v, ciaddr %v", from, to, m.CIAddr())
	}
	if v, _ := m.Addr(OptRequested); v != given {
		t.Errorf("declines %v", v)
	}
	if v, _ := m.Addr(OptServer); v != server {
		t.Errorf("declines to %v", v)
	}
	if v, _ := m.Option(OptText, nil); len(v) == 0 {
		t.Error("a decline should say why")
	}
	d := s.sends(Discover, "the first time it begins again at once")
	if _, ok := d.Option(OptRequested, nil); ok {
		t.Error("asks for the declined address again")
	}
	s.gets(nil, answer(d, Offer), "an offer")
	s.gets(nil, answer(s.sends(Request, "taken"), ACK), "acknowledged")
	s.c.Decline(s.now)
	s.sends(Decline, "in use, too")
	s.sleep(10*time.Second, 10*time.Second, "the second time it waits")
	s.sends(Discover, "it begins again")
	s.c.Decline(s.now)
	s.state(Selecting, "without a lease there is nothing to decline")
}

func TestStartWhileBound(t *testing.T) {
	s := newScript(t, ClientConfig{})
	s.binds()
	gen := s.c.Generation()
	s.c.Start(s.now, ClientConfig{HardwareAddr: mac, Seed: 2})
	if s.c.Generation() == gen {
		t.Error("nothing says that the lease has gone")
	}
	s.sends(Discover, "begins anew")
	s.c.Release(s.now)
	s.quiet("without a lease there is nothing to release")
	s.state(Stopped, "but the search ends")
}

func TestZeroClient(t *testing.T) {
	var c Client
	n, _, _ := c.Transmit(t0, make([]byte, BufferLen))
	if _, ok := c.Lease(); n != 0 || ok || !c.Deadline().IsZero() || c.State() != Init {
		t.Error("the zero client does something")
	}
	c.Decline(t0)
	c.Release(t0)
	if n, _, _ := c.Transmit(t0, make([]byte, BufferLen)); n != 0 {
		t.Error("the zero client sends something")
	}
}

func TestShortBufferSendsNothing(t *testing.T) {
	s := newScript(t, ClientConfig{})
	if n, _, _ := s.c.Transmit(s.now, make([]byte, 299)); n != 0 {
		t.Errorf("%d bytes in a buffer of 299", n)
	}
	s.quiet("the next try is later")
}

func TestLongestMessageFits(t *testing.T) {
	name := make([]byte, 255)
	for i := range name {
		name[i] = 'a'
	}
	s := newScript(t, ClientConfig{Hostname: string(name), Requested: given, MaxMessage: 70000})
	d := s.sends(Discover, "the longest")
	if v, _ := d.Uint16(OptMaxMessage); v != 0xffff {
		t.Errorf("maximum message size %d", v)
	}
	s.gets(nil, answer(d, Offer), "an offer")
	s.sends(Request, "the longest")
}

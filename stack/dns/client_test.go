package dns

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestLookup(t *testing.T) {
	s := start(t, one, "WWW.httptap.test.", TypeA)
	s.sends("a query at once", first, "WWW.httptap.test", false)
	m, _ := Parse(s.query)
	if o, ok := m.OPT(); !ok || o.UDPSize() != EDNSSize || m.Flags() != FlagRecursionDesired {
		t.Errorf("EDNS %v, flags %#x", ok, m.Flags())
	}
	if want := epoch.Add(2 * time.Second); !s.c.Deadline().Equal(want) {
		t.Errorf("deadline %v, want %v", s.c.Deadline(), want)
	}
	if r, err := s.c.Result(); r != nil || err != nil {
		t.Errorf("a result before the end: %v, %v", r, err)
	}
	s.gets("two addresses, the server changes the name's case", s.reply(0, a("www.HTTPTAP.test"), Record{Name: "www.httptap.test", Type: TypeA, Addr: netip.MustParseAddr("192.0.2.81")}))
	s.ends("both", nil, "www.HTTPTAP.test 300 IN A 192.0.2.80", "www.httptap.test 300 IN A 192.0.2.81")
	if err := s.c.Receive(s.now, first, s.reply(0), false); !errors.Is(err, ErrNotOurs) {
		t.Errorf("an answer after the end: %v", err)
	}
}

func TestLookupOfEachType(t *testing.T) {
	for _, r := range []Record{
		{Name: "x.test", Type: TypeAAAA, Addr: netip.MustParseAddr("2001:db8::1")},
		{Name: "x.test", Type: TypeMX, Preference: 10, Target: "mail.x.test"},
		{Name: "x.test", Type: TypeTXT, Text: []string{"a", ""}},
		{Name: "x.test", Type: TypeSRV, Preference: 1, Weight: 2, Port: 3, Target: "."},
		{Name: "x.test", Type: TypeNS, Target: "ns.x.test"},
		soa("x.test"),
		{Name: "x.test", Type: 65280, Data: []byte{1, 2}},
	} {
		s := start(t, one, "x.test", r.Type)
		s.sends("a query", first, "x.test", false)
		s.gets("an answer among others", s.reply(0, a("other.test"), r, Record{Name: "x.test", Type: 65281}))
		r.TTL = 300
		s.ends("only what was asked for", nil, r.String())
	}
	s := start(t, one, ReverseName(address), TypePTR)
	s.sends("the reverse name", first, "80.2.0.192.in-addr.arpa", false)
	s.gets("a name", s.reply(0, Record{Name: "80.2.0.192.in-addr.arpa", Type: TypePTR, Target: "www.httptap.test"}))
	s.ends("a name", nil, "80.2.0.192.in-addr.arpa 300 IN PTR www.httptap.test")
	s = start(t, one, "x.test", TypeANY)
	s.sends("all types", first, "x.test", false)
	s.gets("some", s.reply(0, a("x.test"), cname("y.test", "z.test"), Record{Name: "x.test", Type: 65280}))
	s.ends("all of the name", nil, "x.test 300 IN A 192.0.2.80", `x.test 300 IN TYPE65280 \# 0 `)
}

func TestAliases(t *testing.T) {
	s := start(t, one, "www.test", TypeA)
	s.sends("a query", first, "www.test", false)
	s.gets("a chain in any order", s.reply(0, a("c.test"), cname("b.test", "c.test"), cname("WWW.test", "b.test")))
	s.ends("in the order of the chain", nil, "WWW.test 300 IN CNAME b.test", "b.test 300 IN CNAME c.test", "c.test 300 IN A 192.0.2.80")

	s = start(t, one, "www.test", TypeCNAME)
	s.sends("an alias asked for", first, "www.test", false)
	s.gets("is not followed", s.reply(0, cname("www.test", "b.test"), cname("b.test", "c.test")))
	s.ends("one record", nil, "www.test 300 IN CNAME b.test")

	s = start(t, two, "www.test", TypeA)
	s.sends("a query", first, "www.test", false)
	id := s.query[:2]
	s.gets("half a chain", s.reply(0, cname("www.test", "b.test")))
	s.sends("the rest is asked for", first, "b.test", false)
	if bytes.Equal(s.query[:2], id) {
		t.Error("with the same identification")
	}
	s.gets("a third name", s.reply(0, cname("b.test", "c.test")))
	s.sends("and asked for", first, "c.test", false)
	s.gets("an address", s.reply(0, a("c.test")))
	s.ends("the whole chain", nil, "www.test 300 IN CNAME b.test", "b.test 300 IN CNAME c.test", "c.test 300 IN A 192.0.2.80")

	for _, c := range []struct {
		name    string
		records []Record
		flags   uint16
		want    error
	}{
		{"an alias to itself", []Record{cname("www.test", "WWW.test")}, 0, ErrLoop},
		{"a circle", []Record{cname("www.test", "b.test"), cname("b.test", "c.test"), cname("c.test", "www.test")}, 0, ErrLoop},
		{"an alias to a name that does not exist", []Record{cname("www.test", "b.test"), soa("test")}, uint16(NXDomain), ErrNoName},
		{"an alias to a name without this type", []Record{cname("www.test", "b.test"), soa("test")}, 0, ErrNoData},
	} {
		s := start(t, one, "www.test", TypeA)
		s.sends(c.name, first, "www.test", false)
		s.gets(c.name, s.reply(c.flags, c.records...))
		s.ends(c.name, c.want)
	}

	var chain []Record
	for i := range maxAliases + 1 {
		chain = append(chain, cname(fmt.Sprintf("%d.test", i), fmt.Sprintf("%d.test", i+1)))
	}
	s = start(t, one, "0.test", TypeA)
	s.sends("a query", first, "0.test", false)
	s.gets("nine aliases", s.reply(0, append(chain, a("9.test"))...))
	s.ends("are too many", ErrLoop)
	s = start(t, one, "1.test", TypeA)
	s.sends("a query", first, "1.test", false)
	s.gets("eight aliases", s.reply(0, append(chain, a("9.test"))...))
	if r, err := s.c.Result(); err != nil || len(r) != 9 {
		t.Errorf("eight aliases: %d records, %v", len(r), err)
	}
	s = start(t, one, "0.test", TypeA)
	for i := range maxAliases {
		s.sends("one alias a time", first, fmt.Sprintf("%d.test", i), false)
		s.gets("one more", s.reply(0, chain[i]))
	}
	s.sends("the last one", first, "8.test", false)
	s.gets("one too many", s.reply(0, chain[8]))
	s.ends("are bounded, too", ErrLoop)
}

func TestNothing(t *testing.T) {
	for _, c := range []struct {
		name    string
		flags   uint16
		records []Record
		want    error
	}{
		{"no such name", uint16(NXDomain), nil, ErrNoName},
		{"no such name, with SOA", uint16(NXDomain), []Record{soa("test")}, ErrNoName},
		{"no data, with SOA", 0, []Record{soa("test")}, ErrNoData},
		{"no data, without", 0, nil, ErrNoData},
		{"another name's data", 0, []Record{a("other.test")}, ErrNoData},
		{"another type's data", 0, []Record{{Name: "www.test", Type: TypeTXT, Text: []string{"x"}}}, ErrNoData},
		{"no data, with SOA and NS", 0, []Record{soa("test"), {Name: "test", Type: TypeNS, Target: "ns.test"}}, ErrNoData},
	} {
		s := start(t, two, "www.test", TypeA)
		s.sends(c.name, first, "www.test", false)
		s.gets(c.name, s.reply(c.flags, c.records...))
		s.ends(c.name, c.want)
		if _, err := s.c.Result(); !strings.Contains(err.Error(), first.String()) {
			t.Errorf("%s: %v does not name the server", c.name, err)
		}
	}
}

func TestNextServer(t *testing.T) {
	for _, c := range []struct {
		name    string
		flags   uint16
		records []Record
		want    error
	}{
		{"SERVFAIL", uint16(ServFail), nil, ErrServFail},
		{"REFUSED", uint16(Refused), nil, ErrRefused},
		{"YXDOMAIN", 6, nil, ErrServFail},
		{"a referral", 0, []Record{{Name: "test", Type: TypeNS, Target: "ns.test"}}, ErrServFail},
	} {
		s := start(t, two, "www.test", TypeA)
		s.sends("the first server", first, "www.test", false)
		s.gets(c.name, s.reply(c.flags, c.records...))
		s.sends("the second one at once", second, "www.test", false)
		s.gets("an address", s.reply(0, a("www.test")))
		s.ends("from the second", nil, "www.test 300 IN A 192.0.2.80")

		s = start(t, two, "www.test", TypeA)
		s.sends("the first server", first, "www.test", false)
		s.gets(c.name, s.reply(c.flags, c.records...))
		s.sends("the second one", second, "www.test", false)
		s.gets("SERVFAIL", s.reply(uint16(ServFail)))
		s.ends("the first one's reason", c.want)
		if _, err := s.c.Result(); !strings.Contains(err.Error(), first.String()) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestTimeouts(t *testing.T) {
	s := start(t, two, "www.test", TypeA)
	var ids []string
	for _, to := range []netip.AddrPort{first, second, first, second} {
		s.sends("the servers in turn", to, "www.test", false)
		ids = append(ids, string(s.query[:2]))
		s.now = s.now.Add(time.Second - 1)
		s.silent("not before it is time")
		s.now = s.now.Add(1)
	}
	if ids[0] != ids[1] || ids[0] != ids[3] {
		t.Error("a query asked again has another identification: a late answer would be lost")
	}
	s.ends("two tries each", ErrTimeout)
	if _, err := s.c.Result(); !strings.Contains(err.Error(), first.String()) || !strings.Contains(err.Error(), second.String()) {
		t.Errorf("%v does not name both servers", err)
	}

	s = start(t, two, "www.test", TypeA)
	s.sends("the first server", first, "www.test", false)
	late := s.reply(0, a("www.test"))
	s.now = s.now.Add(time.Second)
	s.sends("is silent, the second is asked", second, "www.test", false)
	s.server = first
	s.gets("the first one answers late", late)
	s.ends("that is welcome", nil, "www.test 300 IN A 192.0.2.80")

	s = start(t, two, "www.test", TypeA)
	s.sends("the first server", first, "www.test", false)
	bad := s.reply(uint16(ServFail))
	s.now = s.now.Add(time.Second)
	s.sends("is silent, the second is asked", second, "www.test", false)
	s.server = first
	s.gets("the first one fails late", bad)
	s.silent("and the second one is waited for")
	s.now = s.now.Add(time.Second)
	s.sends("the first one is not asked again", second, "www.test", false)
	s.now = s.now.Add(time.Second)
	s.ends("what was said counts more than silence", ErrServFail)
}

func TestServerFailed(t *testing.T) {
	cause := errors.New("port unreachable")
	s := start(t, two, "www.test", TypeA)
	s.c.ServerFailed(s.now, first, cause)
	s.sends("who was not asked can't fail", first, "www.test", false)
	s.c.ServerFailed(s.now, first, cause)
	s.sends("the second one at once", second, "www.test", false)
	s.c.ServerFailed(s.now, netip.MustParseAddrPort("203.0.113.1:53"), cause)
	s.silent("a stranger changes nothing")
	s.c.ServerFailed(s.now, second, cause)
	s.ends("nobody is left", ErrUnreachable)
	if _, err := s.c.Result(); !errors.Is(err, cause) {
		t.Errorf("%v does not wrap the cause", err)
	}
	s.c.ServerFailed(s.now, second, cause)
	s.ends("after the end nothing changes", ErrUnreachable)
}

func TestStream(t *testing.T) {
	s := start(t, two, "www.test", TypeA)
	s.sends("a query", first, "www.test", false)
	query := s.query
	s.gets("an answer that was cut", s.reply(FlagTruncated, a("www.test")))
	s.sends("is asked for over TCP", first, "www.test", true)
	if !bytes.Equal(s.query, query) {
		t.Error("with another query")
	}
	s.ignores("the cut answer once more", first, s.reply(FlagTruncated), ErrNotOurs)
	if err := s.c.Receive(s.now, second, s.reply(0, a("www.test")), true); !errors.Is(err, ErrNotOurs) {
		t.Errorf("a stream from elsewhere: %v", err)
	}
	if err := s.c.Receive(s.now, first, s.reply(0, a("www.test")), true); err != nil {
		t.Error(err)
	}
	s.ends("the whole answer", nil, "www.test 300 IN A 192.0.2.80")

	cause := errors.New("connection refused")
	s = start(t, two, "www.test", TypeA)
	s.c.StreamFailed(s.now, cause)
	s.sends("no stream, no failure", first, "www.test", false)
	s.gets("an answer that was cut", s.reply(FlagTruncated))
	s.sends("TCP", first, "www.test", true)
	s.c.StreamFailed(s.now, cause)
	s.sends("does not work, the next server is asked", second, "www.test", false)
	s.gets("its answer is cut, too", s.reply(FlagTruncated))
	s.sends("TCP", second, "www.test", true)
	if err := s.c.Receive(s.now, second, s.reply(FlagTruncated), true); err != nil {
		t.Error(err)
	}
	s.ends("the first reason", ErrUnreachable)
	if _, err := s.c.Result(); !errors.Is(err, cause) {
		t.Errorf("%v does not wrap the cause", err)
	}

	s = start(t, two, "www.test", TypeA)
	s.sends("a query", first, "www.test", false)
	if err := s.c.Receive(s.now, first, s.reply(0, a("www.test")), true); !errors.Is(err, ErrNotOurs) {
		t.Errorf("a stream that nobody asked for: %v", err)
	}
	s.gets("an answer that was cut", s.reply(FlagTruncated))
	s.sends("TCP", first, "www.test", true)
	s.now = s.now.Add(time.Second)
	s.sends("is silent, the next server is asked", second, "www.test", false)
	s.gets("an address", s.reply(0, a("www.test")))
	s.ends("from it", nil, "www.test 300 IN A 192.0.2.80")

	s = start(t, one, "www.test", TypeA)
	s.sends("a query", first, "www.test", false)
	s.gets("an answer that was cut", s.reply(FlagTruncated))
	s.gets("the same once more before TCP is tried is not fatal", s.reply(0, a("www.test")))
	s.ends("whole", nil, "www.test 300 IN A 192.0.2.80")
}

func TestWithoutEDNS(t *testing.T) {
	for _, rcode := range []RCode{FormErr, NotImp} {
		s := start(t, one, "www.test", TypeA)
		s.sends("a query with EDNS", first, "www.test", false)
		msg := s.reply(uint16(rcode))
		if rcode == FormErr {
			msg = msg[:HeaderLen] // such a server repeats no question
			msg[5] = 0
		}
		s.gets("which the server does not know", msg)
		s.sends("is sent without at once", first, "www.test", false)
		if m, _ := Parse(s.query); m.Count(Additionals) != 0 {
			t.Error("it still has EDNS")
		}
		s.gets("and fails once more", s.reply(uint16(rcode)))
		s.ends("that is all", ErrServFail)
	}
	s := start(t, ClientConfig{Servers: []netip.AddrPort{first}, EDNSSize: -1}, "www.test", TypeA)
	s.sends("without EDNS from the start", first, "www.test", false)
	s.gets("FORMERR", s.reply(uint16(FormErr)))
	s.ends("there is nothing to leave out", ErrServFail)

	s = start(t, one, "www.test", TypeA)
	s.sends("a query with EDNS", first, "www.test", false)
	var b Builder
	m, _ := Parse(s.query)
	q, _ := m.Question()
	b.Start(nil, 512, m.ID(), FlagResponse, true)
	b.Question(q.Name, q.Type, q.Class)
	b.OPT(512, BadVers, false)
	s.gets("BADVERS, a code of twelve bits", b.Finish())
	s.sends("is sent without", first, "www.test", false)
	s.gets("an address", s.reply(0, a("www.test")))
	s.ends("then", nil, "www.test 300 IN A 192.0.2.80")
}

func TestNotOurs(t *testing.T) {
	s := start(t, two, "www.test", TypeA)
	s.sends("a query", first, "www.test", false)
	good := s.reply(0, a("www.test"))
	change := func(f func(b []byte)) []byte {
		b := bytes.Clone(good)
		f(b)
		return b
	}
	s.ignores("from another port", netip.AddrPortFrom(first.Addr(), 54), good, ErrNotOurs)
	s.ignores("from a server that was not asked", second, good, ErrNotOurs)
	s.ignores("another identification", first, change(func(b []byte) { b[0]++ }), ErrNotOurs)
	s.ignores("a query", first, change(func(b []byte) { b[2] &= 0x7f }), ErrNotOurs)
	s.ignores("another opcode", first, change(func(b []byte) { b[2] |= 0x20 }), ErrNotOurs)
	s.ignores("another name", first, change(func(b []byte) { b[13]++ }), ErrNotOurs)
	s.ignores("another type", first, change(func(b []byte) { b[23]++ }), ErrNotOurs)
	s.ignores("another class", first, change(func(b []byte) { b[25]++ }), ErrNotOurs)
	s.ignores("no question", first, append(change(func(b []byte) { b[5], b[7] = 0, 0 })[:12:12], 0), ErrNotOurs)
	s.ignores("two questions", first, change(func(b []byte) { b[5], b[7] = 2, 0 }), ErrNotOurs)
	s.ignores("cut short", first, good[:len(good)-1], ErrTruncated)
	s.ignores("nothing", first, nil, ErrTruncated)
	s.ignores("a loop", first, append(good[:12:12], "\xc0\x0c\x00\x01\x00\x01"...), ErrPointer)
	s.server = netip.AddrPortFrom(netip.AddrFrom16(first.Addr().As16()), 53)
	s.gets("the right one, its address mapped into IPv6", good)
	s.ends("is taken", nil, "www.test 300 IN A 192.0.2.80")
}

func TestStartFails(t *testing.T) {
	var c Client
	for _, bad := range []struct {
		name string
		cfg  ClientConfig
		text string
		want error
	}{
		{"no server", ClientConfig{}, "www.test", ErrNoServer},
		{"no name", one, "", ErrName},
		{"an empty label", one, "www..test", ErrLabel},
	} {
		err := c.Start(epoch, bad.cfg, bad.text, TypeA)
		if !errors.Is(err, bad.want) || !c.Done() {
			t.Errorf("%s: %v, done %v", bad.name, err, c.Done())
		}
		if _, got := c.Result(); got != err {
			t.Errorf("%s: result %v", bad.name, got)
		}
		if n, _, _ := c.Transmit(epoch, make([]byte, 600)); n != 0 {
			t.Errorf("%s: %d bytes", bad.name, n)
		}
	}
	if err := c.Start(epoch, one, "www.test", TypeA); err != nil {
		t.Fatal(err)
	}
	if n, _, _ := c.Transmit(epoch, make([]byte, 1+MaxQuery)); n != 0 || !c.Done() {
		t.Error("a short buffer ends the lookup")
	}
	if _, err := c.Result(); err != io.ErrShortBuffer {
		t.Errorf("a short buffer: %v", err)
	}
}

func TestSeeds(t *testing.T) {
	ids := map[string]bool{}
	for seed := range uint64(64) {
		s := start(t, ClientConfig{Servers: []netip.AddrPort{first}, Seed: seed}, "www.test", TypeA)
		s.sends("a query", first, "www.test", false)
		ids[string(s.query[:2])] = true
	}
	if len(ids) < 60 {
		t.Errorf("64 seeds make %d identifications", len(ids))
	}
}

func TestTransmitAllocatesNothing(t *testing.T) {
	s := start(t, ClientConfig{Servers: []netip.AddrPort{first}, Tries: 1000}, "www.test", TypeA)
	s.sends("a query", first, "www.test", false)
	forged := s.reply(0, a("www.test"))
	forged[0]++
	if n := testing.AllocsPerRun(100, func() {
		s.now = s.now.Add(time.Minute)
		if n, _, _ := s.c.Transmit(s.now, s.buf[:]); n == 0 {
			t.Fatal("nothing sent")
		}
		if err := s.c.Receive(s.now, first, forged, false); err != ErrNotOurs {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a try and a forgery", n)
	}
}

// The client asks our own authority, over UDP and then TCP.
func TestClientMeetsZone(t *testing.T) {
	z := labZone(t)
	for _, c := range []struct {
		name    string
		typ     uint16
		want    error
		records int
		stream  bool
	}{
		{"www.httptap.test", TypeA, nil, 1, false},
		{"alias.httptap.test", TypeAAAA, nil, 2, false},
		{"many.httptap.test", TypeA, nil, 100, true},
		{"none.httptap.test", TypeA, ErrNoName, 0, false},
		{"www.httptap.test", TypeTXT, ErrNoData, 0, false},
		{"loop1.httptap.test", TypeA, ErrLoop, 0, false},
		{"www.example.com", TypeA, ErrRefused, 0, false},
	} {
		s := start(t, one, c.name, c.typ)
		streamed := false
		for !s.c.Done() {
			n, to, stream := s.c.Transmit(s.now, s.buf[:])
			q := s.buf[:n]
			if stream {
				q, streamed = q[2:], true
			}
			limit := EDNSSize
			if stream {
				limit = 65535
			}
			reply, _, err := z.Answer(nil, q, limit, stream)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.c.Receive(s.now, to, reply, stream); err != nil {
				t.Fatal(err)
			}
		}
		if r, err := s.c.Result(); !errors.Is(err, c.want) || len(r) != c.records || streamed != c.stream {
			t.Errorf("%s %s: %d records, stream %v, %v", c.name, TypeName(c.typ), len(r), streamed, err)
		}
	}
}

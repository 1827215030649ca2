package dns

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// labZone is a zone with one of everything.
func labZone(t testing.TB) *Zone {
	t.Helper()
	z, err := NewZone(Record{Name: "httptap.test", Type: TypeSOA, TTL: 3600, Target: "dns.httptap.test",
		SOA: SOA{Mailbox: "root.httptap.test", Serial: 7, Refresh: 3600, Retry: 600, Expire: 86400, Minimum: 60}})
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 200)
	for _, r := range []Record{
		{Name: "httptap.test", Type: TypeNS, TTL: 300, Target: "dns.httptap.test"},
		{Name: "dns.httptap.test", Type: TypeA, TTL: 300, Addr: netip.MustParseAddr("192.168.10.254")},
		{Name: "WWW.httptap.test", Type: TypeA, TTL: 300, Addr: netip.MustParseAddr("192.168.10.254")},
		{Name: "www.httptap.test", Type: TypeAAAA, TTL: 300, Addr: netip.MustParseAddr("2001:db8::1")},
		{Name: "alias.httptap.test", Type: TypeCNAME, TTL: 300, Target: "www.httptap.test"},
		{Name: "out.httptap.test", Type: TypeCNAME, TTL: 300, Target: "www.example.com"},
		{Name: "dangling.httptap.test", Type: TypeCNAME, TTL: 300, Target: "none.httptap.test"},
		{Name: "loop1.httptap.test", Type: TypeCNAME, TTL: 300, Target: "loop2.httptap.test"},
		{Name: "loop2.httptap.test", Type: TypeCNAME, TTL: 300, Target: "loop1.httptap.test"},
		{Name: "_http._tcp.httptap.test", Type: TypeSRV, TTL: 300, Preference: 1, Weight: 2, Port: 80, Target: "www.httptap.test"},
		{Name: "httptap.test", Type: TypeMX, TTL: 300, Preference: 10, Target: "www.httptap.test"},
		{Name: "about.httptap.test", Type: TypeTXT, TTL: 300, Text: []string{"hello", "world"}},
		{Name: "big.httptap.test", Type: TypeTXT, TTL: 300, Text: []string{long, long, long}},
		{Name: "big.httptap.test", Type: TypeTXT, TTL: 300, Text: []string{long, long, long + "2"}},
		{Name: "many.httptap.test", Type: TypeA, TTL: 300, Addr: netip.MustParseAddr("192.168.10.0")},
	} {
		if err := z.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		r := Record{Name: "many.httptap.test", Type: TypeA, TTL: 300, Addr: netip.AddrFrom4([4]byte{192, 168, 10, byte(i)})}
		if err := z.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return z
}

func mustName(t testing.TB, text string) Name {
	t.Helper()
	n, err := ParseName(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// dump shows a message in one line, as the tests below want it.
func dump(t testing.TB, b []byte) string {
	t.Helper()
	m, err := Parse(b)
	if err != nil {
		t.Fatalf("the reply can't be read: %v: % x", err, b)
	}
	var s strings.Builder
	s.WriteString(m.RCode().String())
	for _, f := range []struct {
		bit  uint16
		name string
	}{{FlagAuthoritative, "aa"}, {FlagTruncated, "tc"}, {FlagRecursionDesired, "rd"}, {FlagRecursionAvailable, "ra"}, {FlagCheckingDisabled, "cd"}} {
		if m.Flags()&f.bit != 0 {
			s.WriteString(" " + f.name)
		}
	}
	for q := range m.Questions() {
		fmt.Fprintf(&s, "; ? %s %s", q.Name, TypeName(q.Type))
	}
	for r := range m.Records() {
		if r.Type == TypeOPT {
			fmt.Fprintf(&s, "; opt %d do=%v", r.UDPSize(), r.TTL&(1<<15) != 0)
			continue
		}
		fmt.Fprintf(&s, "; %s %s", r.Section.String()[:2], r.Record())
	}
	return s.String()
}

func TestAnswer(t *testing.T) {
	z := labZone(t)
	const soa = "au httptap.test 60 IN SOA dns.httptap.test root.httptap.test 7 3600 600 86400 60"
	for _, c := range []struct {
		sentence, name string
		typ            uint16
		edns           int
		want           string
		foreign        bool
	}{
		{"an address", "www.httptap.test", TypeA, 0, "NOERROR aa rd; ? www.httptap.test A; an www.httptap.test 300 IN A 192.168.10.254", false},
		{"the case of the question is kept", "wWw.HTTPtap.test", TypeA, 0, "NOERROR aa rd; ? wWw.HTTPtap.test A; an wWw.HTTPtap.test 300 IN A 192.168.10.254", false},
		{"EDNS is answered with EDNS", "www.httptap.test", TypeAAAA, 4096, "NOERROR aa rd; ? www.httptap.test AAAA; an www.httptap.test 300 IN AAAA 2001:db8::1; opt 1232 do=false", false},
		{"an alias brings its target", "alias.httptap.test", TypeA, 0, "NOERROR aa rd; ? alias.httptap.test A; an alias.httptap.test 300 IN CNAME www.httptap.test; an www.httptap.test 300 IN A 192.168.10.254", false},
		{"an alias asked for stays alone", "alias.httptap.test", TypeCNAME, 0, "NOERROR aa rd; ? alias.httptap.test CNAME; an alias.httptap.test 300 IN CNAME www.httptap.test", false},
		{"an alias that leaves the zone ends there", "out.httptap.test", TypeA, 0, "NOERROR aa rd; ? out.httptap.test A; an out.httptap.test 300 IN CNAME www.example.com", false},
		{"an alias to nothing is NXDOMAIN", "dangling.httptap.test", TypeA, 0, "NXDOMAIN aa rd; ? dangling.httptap.test A; an dangling.httptap.test 300 IN CNAME none.httptap.test; " + soa, false},
		{"a name that is not there", "nope.httptap.test", TypeA, 0, "NXDOMAIN aa rd; ? nope.httptap.test A; " + soa, false},
		{"a name without this type", "www.httptap.test", TypeTXT, 0, "NOERROR aa rd; ? www.httptap.test TXT; " + soa, false},
		{"a name that only has names below it exists", "_tcp.httptap.test", TypeA, 0, "NOERROR aa rd; ? _tcp.httptap.test A; " + soa, false},
		{"the zone's own SOA", "httptap.test", TypeSOA, 0, "NOERROR aa rd; ? httptap.test SOA; an httptap.test 3600 IN SOA dns.httptap.test root.httptap.test 7 3600 600 86400 60", false},
		{"a service brings its address", "_http._tcp.httptap.test", TypeSRV, 0, "NOERROR aa rd; ? _http._tcp.httptap.test SRV; an _http._tcp.httptap.test 300 IN SRV 1 2 80 www.httptap.test; ad www.httptap.test 300 IN A 192.168.10.254; ad www.httptap.test 300 IN AAAA 2001:db8::1", false},
		{"so does a mail host", "httptap.test", TypeMX, 0, "NOERROR aa rd; ? httptap.test MX; an httptap.test 300 IN MX 10 www.httptap.test; ad www.httptap.test 300 IN A 192.168.10.254; ad www.httptap.test 300 IN AAAA 2001:db8::1", false},
		{"two strings", "about.httptap.test", TypeTXT, 0, `NOERROR aa rd; ? about.httptap.test TXT; an about.httptap.test 300 IN TXT "hello" "world"`, false},
		{"ANY gets one set", "www.httptap.test", TypeANY, 0, "NOERROR aa rd; ? www.httptap.test ANY; an www.httptap.test 300 IN A 192.168.10.254", false},
		{"a transfer is refused", "httptap.test", 252, 0, "REFUSED rd; ? httptap.test AXFR", false},
		{"another zone's name is refused, and said to be", "www.example.com", TypeA, 1232, "REFUSED rd; ? www.example.com A; opt 1232 do=false", true},
		{"a name that only ends alike is another zone's", "xhttptap.test", TypeA, 0, "REFUSED rd; ? xhttptap.test A", true},
		{"the zone's parent is another zone's", "test", TypeA, 0, "REFUSED rd; ? test A", true},
	} {
		q := AppendQuery(nil, 0xbeef, mustName(t, c.name), c.typ, c.edns)
		reply, ok, err := z.Answer(nil, q, EDNSSize, false)
		if err != nil || ok == c.foreign {
			t.Errorf("%s: ok %v, %v", c.sentence, ok, err)
		}
		if got := dump(t, reply); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.sentence, got, c.want)
		}
		if binary.BigEndian.Uint16(reply) != 0xbeef {
			t.Errorf("%s: another identification", c.sentence)
		}
	}
}

func TestAnswerSays(t *testing.T) {
	z := labZone(t)
	q := func(change func(q []byte) []byte) []byte {
		return change(AppendQuery(nil, 1, mustName(t, "www.httptap.test"), TypeA, 4096))
	}
	opt := []byte{0, 0, TypeOPT, 0x10, 0, 0, 0, 0, 0, 0, 0}
	for _, c := range []struct {
		sentence string
		query    []byte
		want     string
		err      error
	}{
		{"a half header is nothing to reply to", make([]byte, 11), "", ErrTruncated},
		{"a response is never answered", q(func(q []byte) []byte { q[2] |= 0x80; return q }), "", ErrNotQuery},
		{"a cut query is FORMERR", q(func(q []byte) []byte { return q[:20] }), "FORMERR rd", nil},
		{"a header alone has no question: FORMERR", make([]byte, 12), "FORMERR", nil},
		{"an update is NOTIMP", q(func(q []byte) []byte { q[2] |= 5 << 3; return q }), "NOTIMP rd", nil},
		{"two questions are FORMERR", append(make([]byte, 4), 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1), "FORMERR", nil},
		{"two OPT records are FORMERR", q(func(q []byte) []byte { q[11] = 2; return append(q, opt...) }), "FORMERR rd; ? www.httptap.test A; opt 1232 do=false", nil},
		{"an OPT record with a name is FORMERR", q(func(q []byte) []byte { return append(append(q[:len(q)-11], 1, 'x'), opt...) }), "FORMERR rd; ? www.httptap.test A; opt 1232 do=false", nil},
		{"EDNS version 1 is BADVERS", q(func(q []byte) []byte { q[len(q)-5] = 1; return q }), "BADVERS rd; ? www.httptap.test A; opt 1232 do=false", nil},
		{"DO and CD come back", q(func(q []byte) []byte { q[len(q)-4] = 0x80; q[3] |= 0x10; return q }), "NOERROR aa rd cd; ? www.httptap.test A; an www.httptap.test 300 IN A 192.168.10.254; opt 1232 do=true", nil},
		{"no recursion desired, none confirmed", q(func(q []byte) []byte { q[2], q[11] = 0, 0; return q[:len(q)-11] }), "NOERROR aa; ? www.httptap.test A; an www.httptap.test 300 IN A 192.168.10.254", nil},
		{"the class of Chaosnet is refused", q(func(q []byte) []byte { q[12+18+3] = ClassCH; return q }), "REFUSED rd; ? www.httptap.test A; opt 1232 do=false", nil},
	} {
		reply, _, err := z.Answer(nil, c.query, EDNSSize, false)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.sentence, err)
			continue
		}
		if err != nil {
			if len(reply) != 0 {
				t.Errorf("%s: % x", c.sentence, reply)
			}
			continue
		}
		if got := dump(t, reply); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.sentence, got, c.want)
		}
	}
	z.RecursionAvailable = true
	reply, _, _ := z.Answer(nil, AppendQuery(nil, 1, mustName(t, "alias.httptap.test"), TypeNS, 0), EDNSSize, false)
	if got := dump(t, reply); !strings.HasPrefix(got, "NOERROR aa rd ra;") {
		t.Errorf("RecursionAvailable: %s", got)
	}
}

func TestAnswerFits(t *testing.T) {
	z := labZone(t)
	for _, c := range []struct {
		sentence, name string
		typ            uint16
		edns, limit    int
		stream         bool
		cut            bool
		max            int
	}{
		{"100 addresses without EDNS are cut to 512", "many.httptap.test", TypeA, 0, 4096, false, true, 512},
		{"with EDNS to what the client takes", "many.httptap.test", TypeA, 1000, 4096, false, true, 1000},
		{"an offer under 512 is 512", "many.httptap.test", TypeA, 100, 4096, false, true, 512},
		{"an offer of 65535 is held to the server's own limit", "many.httptap.test", TypeA, 65535, 1232, false, true, 1232},
		{"with room they are all there", "many.httptap.test", TypeA, 4096, 4096, false, false, 4096},
		{"over TCP they are all there", "many.httptap.test", TypeA, 0, 65535, true, false, 65535},
		{"a long text is cut to nothing", "big.httptap.test", TypeTXT, 0, 1232, false, true, 512},
	} {
		reply, ok, err := z.Answer(nil, AppendQuery(nil, 1, mustName(t, c.name), c.typ, c.edns), c.limit, c.stream)
		if !ok || err != nil {
			t.Fatalf("%s: %v %v", c.sentence, ok, err)
		}
		m, err := Parse(reply)
		if err != nil || m.Truncated() != c.cut || len(reply) > c.max {
			t.Errorf("%s: %d bytes, truncated %v, %v", c.sentence, len(reply), m.Truncated(), err)
		}
		if !c.cut && m.Count(Answers) != 100 {
			t.Errorf("%s: %d answers", c.sentence, m.Count(Answers))
		}
	}
	// What is additional may be missing without a word: RFC 2181, 9.
	for i := range 10 {
		_ = z.Remove("_s.httptap.test", TypeANY)
		for k := range 10 + i {
			host := fmt.Sprintf("h%d.httptap.test", k)
			_ = z.Add(Record{Name: "_s.httptap.test", Type: TypeSRV, Target: host})
			_ = z.Add(Record{Name: host, Type: TypeA, Addr: address})
		}
		reply, _, _ := z.Answer(nil, AppendQuery(nil, 1, mustName(t, "_s.httptap.test"), TypeSRV, 0), 512, false)
		m, err := Parse(reply)
		if err != nil || m.Count(Answers) == 10+i && m.Truncated() || m.Count(Answers) < 10+i && !m.Truncated() {
			t.Errorf("%d services: %d answers, %d additional, truncated %v, %v", 10+i, m.Count(Answers), m.Count(Additionals), m.Truncated(), err)
		}
	}
}

func TestAppendError(t *testing.T) {
	q := AppendQuery(nil, 77, mustName(t, "www.example.com"), TypeA, 4096)
	b, err := AppendError(bytes.Repeat([]byte{0xa5}, 3), q, ServFail)
	if err != nil || b[2] != 0xa5 {
		t.Fatal(err)
	}
	if got, want := dump(t, b[3:]), "SERVFAIL rd ra; ? www.example.com A; opt 1232 do=false"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := AppendError(nil, b[3:], ServFail); !errors.Is(err, ErrNotQuery) {
		t.Errorf("an error is answered with an error: %v", err)
	}
}

func TestZoneChanges(t *testing.T) {
	z := labZone(t)
	size := len(z.names)
	ask := func(name string) string {
		reply, _, _ := z.Answer(nil, AppendQuery(nil, 1, mustName(t, name), TypeA, 0), 512, false)
		m, _ := Parse(reply)
		return fmt.Sprint(m.RCode(), m.Count(Answers))
	}
	a := Record{Name: "a.b.c.httptap.test", Type: TypeA, Addr: address}
	for range 2 {
		if err := z.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask("a.b.c.httptap.test"); got != "NOERROR 1" {
		t.Errorf("added twice: %s", got)
	}
	if got := ask("b.c.httptap.test"); got != "NOERROR 0" {
		t.Errorf("between: %s", got)
	}
	if err := z.Remove("A.b.c.httptap.TEST", TypeAAAA); err != nil || ask("a.b.c.httptap.test") != "NOERROR 1" {
		t.Errorf("another type is removed: %v", err)
	}
	if err := z.Remove("A.b.c.httptap.TEST", TypeA); err != nil || ask("a.b.c.httptap.test") != "NXDOMAIN 0" || ask("b.c.httptap.test") != "NXDOMAIN 0" {
		t.Errorf("removed: %v, %s, %s", err, ask("a.b.c.httptap.test"), ask("b.c.httptap.test"))
	}
	if len(z.names) != size {
		t.Errorf("%d names are left behind", len(z.names)-size)
	}
	if err := z.Remove("httptap.test", TypeANY); err != nil {
		t.Error(err)
	}
	if got := ask("httptap.test"); got != "NOERROR 0" {
		t.Errorf("the zone itself stays: %s", got)
	}
	for _, c := range []struct {
		sentence string
		r        Record
		want     error
	}{
		{"a name outside", Record{Name: "example.com", Type: TypeA, Addr: address}, ErrZone},
		{"an alias beside an address", Record{Name: "www.httptap.test", Type: TypeCNAME, Target: "x"}, ErrAlias},
		{"an address beside an alias", Record{Name: "alias.httptap.test", Type: TypeA, Addr: address}, ErrAlias},
		{"a second alias", Record{Name: "alias.httptap.test", Type: TypeCNAME, Target: "x"}, ErrAlias},
		{"the same alias once more", Record{Name: "alias.httptap.test", Type: TypeCNAME, Target: "www.httptap.test"}, nil},
		{"an address that is none", Record{Name: "www.httptap.test", Type: TypeA}, ErrRecord},
		{"an IPv6 address as A", Record{Name: "www.httptap.test", Type: TypeA, Addr: netip.MustParseAddr("::1")}, ErrRecord},
		{"an IPv4 address as AAAA", Record{Name: "www.httptap.test", Type: TypeAAAA, Addr: address}, ErrRecord},
		{"no text", Record{Name: "www.httptap.test", Type: TypeTXT}, ErrRecord},
		{"a text over 255", Record{Name: "www.httptap.test", Type: TypeTXT, Text: []string{strings.Repeat("x", 256)}}, ErrRecord},
		{"another SOA", Record{Name: "httptap.test", Type: TypeSOA, Target: "x", SOA: SOA{Mailbox: "y"}}, ErrRecord},
		{"a question's type", Record{Name: "www.httptap.test", Type: TypeANY}, ErrRecord},
		{"a bad name", Record{Name: "www..httptap.test", Type: TypeA, Addr: address}, ErrLabel},
		{"a bad target", Record{Name: "m.httptap.test", Type: TypeMX, Target: "a..b"}, ErrLabel},
		{"too much data", Record{Name: "m.httptap.test", Type: 1234, Data: make([]byte, 65000)}, ErrRecord},
		{"another class", Record{Name: "m.httptap.test", Type: TypeA, Class: ClassCH, Addr: address}, ErrRecord},
	} {
		if err := z.Add(c.r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.sentence, err, c.want)
		}
	}
	if err := z.Remove("a..b", TypeA); !errors.Is(err, ErrLabel) {
		t.Errorf("a bad name is removed: %v", err)
	}
	if _, err := NewZone(Record{Name: "a..b", Type: TypeSOA}); !errors.Is(err, ErrLabel) {
		t.Errorf("a zone with a bad name: %v", err)
	}
	if _, err := NewZone(a); !errors.Is(err, ErrRecord) {
		t.Errorf("a zone without SOA: %v", err)
	}
	if _, err := NewZone(Record{Name: "x", Type: TypeSOA, Target: "y", SOA: SOA{Mailbox: "a..b"}}); !errors.Is(err, ErrLabel) {
		t.Errorf("a zone with a bad SOA: %v", err)
	}
}

func TestReverseName(t *testing.T) {
	for _, c := range []struct{ addr, want string }{
		{"192.168.10.254", "254.10.168.192.in-addr.arpa"},
		{"::ffff:10.0.0.1", "1.0.0.10.in-addr.arpa"},
		{"4321:0:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa"}, // RFC 3596, 2.5
	} {
		if got := ReverseName(netip.MustParseAddr(c.addr)); got != c.want {
			t.Errorf("%s: %s", c.addr, got)
		}
	}
}

func TestAnswerAllocatesNothing(t *testing.T) {
	z := labZone(t)
	q := AppendQuery(nil, 1, mustName(t, "alias.httptap.test"), TypeA, 1232)
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { buf, _, _ = z.Answer(buf[:0], q, 1232, false) }); n != 0 {
		t.Errorf("%v allocations an answer", n)
	}
}

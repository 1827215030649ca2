package dns

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// head returns a header of a response with these counts.
func header(qd, an, ns, ar uint16) []byte {
	b := appendHeader(nil, 0x1234, FlagResponse)
	for i, n := range [...]uint16{qd, an, ns, ar} {
		binary.BigEndian.PutUint16(b[4+2*i:], n)
	}
	return b
}

// rr returns a record of the root in wire form.
func rr(typ, class uint16, ttl uint32, data string) string {
	b := []byte{0}
	b = binary.BigEndian.AppendUint16(b, typ)
	b = binary.BigEndian.AppendUint16(b, class)
	b = binary.BigEndian.AppendUint32(b, ttl)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return string(b) + data
}

func answer(records ...string) []byte {
	return append(header(0, uint16(len(records)), 0, 0), strings.Join(records, "")...)
}

func TestParse(t *testing.T) {
	const question = "\x01a\x00\x00\x01\x00\x01"
	soa := "\x00\x00" + strings.Repeat("\x00", 20)
	for _, c := range []struct {
		name string
		b    []byte
		want error
	}{
		{"nothing", nil, ErrTruncated},
		{"half a header", header(0, 0, 0, 0)[:11], ErrTruncated},
		{"a header", header(0, 0, 0, 0), nil},
		{"a question", append(header(1, 0, 0, 0), question...), nil},
		{"bytes behind the last record", append(header(1, 0, 0, 0), question+"junk"...), nil},
		{"a question that is missing", header(1, 0, 0, 0), ErrCount},
		{"a second one that is missing", append(header(2, 0, 0, 0), question...), ErrCount},
		{"65535 questions", append(header(65535, 0, 0, 0), question...), ErrCount},
		{"a question that is cut", append(header(1, 0, 0, 0), question[:6]...), ErrTruncated},
		{"a question with a loop", append(header(1, 0, 0, 0), "\xc0\x0c\x00\x01\x00\x01"...), ErrPointer},
		{"a record", answer(rr(TypeA, ClassIN, 1, "abcd")), nil},
		{"a record that is missing", header(0, 1, 0, 0), ErrCount},
		{"one that is missing in the last section", append(header(0, 0, 0, 2), rr(TypeA, ClassIN, 1, "abcd")...), ErrCount},
		{"a record that is cut", answer(rr(TypeA, ClassIN, 1, "abcd")[:9]), ErrTruncated},
		{"its data is cut", answer(rr(TypeA, ClassIN, 1, "abcd")[:14]), ErrTruncated},
		{"an A of three bytes", answer(rr(TypeA, ClassIN, 1, "abc")), ErrData},
		{"an A of class CH is another matter", answer(rr(TypeA, ClassCH, 1, "abc")), nil},
		{"an A of an update that removes all", answer(rr(TypeA, ClassANY, 0, "")), nil},
		{"an A of multicast DNS", answer(rr(TypeA, 0x8001, 0, "abc")), ErrData},
		{"an AAAA of four bytes", answer(rr(TypeAAAA, ClassIN, 1, "abcd")), ErrData},
		{"an AAAA of class 0 is another matter, too", answer(rr(TypeAAAA, 0, 1, "ab")), nil},
		{"an alias", answer(rr(TypeCNAME, ClassIN, 1, "\x01a\x00")), nil},
		{"an alias to nothing", answer(rr(TypeCNAME, ClassIN, 1, "")), ErrData},
		{"an alias that is cut by its length", answer(rr(TypeCNAME, ClassIN, 1, "\x01a")), ErrTruncated},
		{"an alias with more behind it", answer(rr(TypeCNAME, ClassIN, 1, "\x01a\x00x")), ErrData},
		{"an alias to itself", answer(rr(TypeCNAME, ClassIN, 1, "\xc0\x17")), ErrPointer},
		{"a mail host", answer(rr(TypeMX, ClassIN, 1, "\x00\x0a\x00")), nil},
		{"a mail host of one byte", answer(rr(TypeMX, ClassIN, 1, "\x00")), ErrData},
		{"a SOA", answer(rr(TypeSOA, ClassIN, 1, soa)), nil},
		{"a short SOA", answer(rr(TypeSOA, ClassIN, 1, soa[:21])), ErrData},
		{"a SOA of one name", answer(rr(TypeSOA, ClassIN, 1, "\x00")), ErrData},
		{"a service", answer(rr(TypeSRV, ClassIN, 1, "abcdef\x00")), nil},
		{"a service of six bytes", answer(rr(TypeSRV, ClassIN, 1, "abcdef")), ErrData},
		{"texts", answer(rr(TypeTXT, ClassIN, 1, "\x01a\x00\x02bc")), nil},
		{"a text past the end", answer(rr(TypeTXT, ClassIN, 1, "\x03bc")), ErrData},
		{"options", answer(rr(TypeOPT, 4096, 0, "\x00\x03\x00\x01x\x00\x0c\x00\x00")), nil},
		{"an option past the end", answer(rr(TypeOPT, 4096, 0, "\x00\x03\x00\x02x")), ErrData},
		{"half an option", answer(rr(TypeOPT, 4096, 0, "\x00\x03\x00")), ErrData},
		{"a type that nobody knows", answer(rr(65280, ClassIN, 1, "\xff\xff")), nil},
	} {
		if _, err := Parse(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// A 64 KiB message whose every record points at the same long chain of pointers is refused
// before it costs more than its size allows.
func TestParseCost(t *testing.T) {
	b := header(1, 2900, 0, 0)
	b = append(b, 0, 0, 1, 0, 1) // the root, which all lead to
	b = append(b, rr(65280, ClassIN, 0, func() string {
		at, chain := HeaderLen+5+11, []byte{}
		target := HeaderLen
		for range 8000 {
			chain = append(chain, 0xc0|byte(target>>8), byte(target))
			target, at = at, at+2
		}
		return string(chain)
	}())...)
	last := len(b) - 2
	for len(b) < 50000 {
		b = append(b, 0xc0|byte(last>>8), byte(last))
		b = append(b, rr(65280, ClassIN, 0, "")[1:]...)
	}
	if _, err := Parse(b); err != ErrCost {
		t.Errorf("%v, want ErrCost", err)
	}
}

func TestAccessors(t *testing.T) {
	b := header(1, 0, 0, 0)
	b = append(b, "\x03www\x07example\x03com\x00\x00\x01\x00\x01"...)
	b[7], b[9], b[11] = 7, 1, 1
	owner := "\xc0\x0c"
	for _, r := range []string{
		rr(TypeCNAME, ClassIN, 1, "\x01b\xc0\x10"),
		rr(TypeMX, ClassIN, 2, "\x00\x0a\x04mail\xc0\x10"),
		rr(TypeSRV, ClassIN, 3, "\x00\x01\x00\x02\x00\x50\xc0\x0c"),
		rr(TypeTXT, ClassIN, 4, "\x01a\x02bc"),
		rr(TypeA, ClassIN, 5, "\xc0\x00\x02\x01"),
		rr(TypeAAAA, ClassIN, 6, "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"),
		rr(65280, ClassIN, 7, "xyz"),
		rr(TypeSOA, ClassIN, 8, "\xc0\x0c\x04root\xc0\x10\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x05"),
		rr(TypeOPT, 4096, 0x01000000, "\x00\x0a\x00\x02hi"),
	} {
		if r[2] == TypeOPT {
			b = append(b, r...)
			continue
		}
		b = append(append(b, owner...), r[1:]...)
	}
	m, err := Parse(append(b, "trailing"...))
	if err != nil {
		t.Fatal(err)
	}
	if m.ID() != 0x1234 || !m.Response() || m.Opcode() != 0 || m.Truncated() || m.RCode() != BadVers || m.Len() != len(b) || m.Count(Answers) != 7 || m.Count(numSections) != 0 {
		t.Errorf("header: %#x %v %v %v %v %d", m.ID(), m.Response(), m.Opcode(), m.Truncated(), m.RCode(), m.Len())
	}
	if q, ok := m.Question(); !ok || q.Name.String() != "www.example.com" || q.Type != TypeA || q.Class != ClassIN {
		t.Errorf("question %v", q)
	}
	want := []string{
		"answer www.example.com 1 IN CNAME b.example.com",
		"answer www.example.com 2 IN MX 10 mail.example.com",
		"answer www.example.com 3 IN SRV 1 2 80 www.example.com",
		`answer www.example.com 4 IN TXT "a" "bc"`,
		"answer www.example.com 5 IN A 192.0.2.1",
		"answer www.example.com 6 IN AAAA 2001:db8::1",
		`answer www.example.com 7 IN TYPE65280 \# 3 78797a`,
		"authority www.example.com 8 IN SOA www.example.com root.example.com 1 2 3 4 5",
		`additional . 16777216 CLASS4096 OPT \# 6 000a00026869`,
	}
	i := 0
	for r := range m.Records() {
		if got := r.Section.String() + " " + r.Record().String(); got != want[i] {
			t.Errorf("record %d: %s, want %s", i, got, want[i])
		}
		if r.Type != TypeOPT {
			// Expanded data says the same as the record written out.
			data, err := r.Record().AppendData(nil)
			if err != nil || !bytes.Equal(r.AppendData(nil), data) {
				t.Errorf("record %d: data % x, want % x, %v", i, r.AppendData(nil), data, err)
			}
		}
		i++
	}
	if i != len(want) {
		t.Errorf("%d records", i)
	}
	o, ok := m.OPT()
	if !ok || o.UDPSize() != 4096 || o.Version() != 0 {
		t.Errorf("OPT %v %d %d", ok, o.UDPSize(), o.Version())
	}
	for code, data := range o.Options() {
		if code != 10 || string(data) != "hi" {
			t.Errorf("option %d %q", code, data)
		}
	}
}

// What a record is not, it does not say.
func TestAccessorsOfOtherTypes(t *testing.T) {
	m, err := Parse(answer(rr(65280, ClassIN, 1<<16, "abcdefghijklmnopqrstuvwxyz"), rr(TypeMX, ClassANY, 1, ""), rr(TypeA, ClassCH, 1, "abcd")))
	if err != nil {
		t.Fatal(err)
	}
	for r := range m.Records() {
		_, addr := r.Addr()
		_, target := r.Target()
		_, mx := r.MX()
		_, _, _, srv := r.SRV()
		_, soa := r.SOA()
		if addr || target || mx || srv || soa || r.UDPSize() != MaxUDP || r.Version() != 0 {
			t.Errorf("%s says what it is not", r.Record())
		}
		for range r.Strings() {
			t.Errorf("%s has strings", r.Record())
		}
		for range r.Options() {
			t.Errorf("%s has options", r.Record())
		}
		if !bytes.Equal(r.AppendData(nil), r.Data()) {
			t.Errorf("%s: data % x", r.Record(), r.AppendData(nil))
		}
	}
	for r := range mustParse(t, answer(rr(TypeTXT, ClassIN, 0, "\x01a\x01b"), rr(TypeOPT, 0, 0, "\x00\x03\x00\x00\x00\x04\x00\x00"))).Records() {
		for range r.Strings() {
			break // an iterator may be left
		}
		for range r.Options() {
			break
		}
	}
	if RCode(3000).String() != "RCODE3000" || TypeName(65280) != "TYPE65280" || Section(9).String() != "unknown section" {
		t.Error("what has no name has a number")
	}
	var zero Message
	for range zero.Records() {
		t.Error("the zero Message has a record")
	}
	if _, ok := zero.Question(); ok || zero.Len() != 0 || zero.RCode() != NoError {
		t.Error("the zero Message is not empty")
	}
}

func mustParse(t *testing.T, b []byte) Message {
	t.Helper()
	m, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAppendQuery(t *testing.T) {
	dirty := bytes.Repeat([]byte{0xa5}, MaxQuery)
	for _, edns := range []int{0, 1232, 100000} {
		b := AppendQuery(dirty[:0], 0xabcd, mustName(t, "www.example.com"), TypeAAAA, edns)
		var p dnsmessage.Message
		if err := p.Unpack(b); err != nil {
			t.Fatal(err)
		}
		q := p.Questions[0]
		if p.ID != 0xabcd || p.Response || !p.RecursionDesired || len(p.Questions) != 1 || q.Name.String() != "www.example.com." || q.Type != dnsmessage.TypeAAAA || q.Class != dnsmessage.ClassINET {
			t.Errorf("%+v", p)
		}
		if edns == 0 && len(p.Additionals) != 0 {
			t.Errorf("an OPT record that nobody asked for")
		}
		if edns != 0 && (len(p.Additionals) != 1 || int(p.Additionals[0].Header.Class) != min(edns, 65535) || p.Additionals[0].Header.Type != dnsmessage.TypeOPT) {
			t.Errorf("EDNS %d: %+v", edns, p.Additionals)
		}
	}
	long := strings.Repeat(strings.Repeat("x", 63)+".", 3) + strings.Repeat("x", 61)
	if n := len(AppendQuery(nil, 1, mustName(t, long), TypeA, 1232)); n != MaxQuery {
		t.Errorf("the longest query has %d bytes, MaxQuery is %d", n, MaxQuery)
	}
}

func TestBuilder(t *testing.T) {
	var b Builder
	name, other := mustName(t, "www.example.com"), mustName(t, "WWW.example.com")
	b.Start([]byte("before"), 512, 7, FlagResponse, false)
	b.Question(name, TypeA, ClassIN)
	b.Record(Answers, name, TypeCNAME, ClassIN, 1, mustName(t, "a.www.example.com").AppendWire(nil))
	b.Record(Answers, mustName(t, "a.www.example.com"), TypeMX, ClassIN, 1, append([]byte{0, 5}, mustName(t, "com").AppendWire(nil)...))
	b.Record(Answers, other, TypeSRV, ClassIN, 1, append(make([]byte, 6), name.AppendWire(nil)...))
	got := b.Finish()
	if !bytes.HasPrefix(got, []byte("before")) {
		t.Errorf("%q", got[:6])
	}
	want := "\x00\x07\x80\x00\x00\x01\x00\x03\x00\x00\x00\x00" +
		"\x03www\x07example\x03com\x00\x00\x01\x00\x01" + // at 12
		"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x01\x00\x04\x01a\xc0\x0c" + // the alias at 45
		"\xc0\x2d\x00\x0f\x00\x01\x00\x00\x00\x01\x00\x04\x00\x05\xc0\x18" +
		"\x03WWW\xc0\x10\x00\x21\x00\x01\x00\x00\x00\x01\x00\x17\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00" // another case, and SRV is not compressed
	if string(got[6:]) != want {
		t.Errorf("got  %q\nwant %q", got[6:], want)
	}
}

// A name is no suffix of itself while it is written.
func TestBuilderRepeatedLabels(t *testing.T) {
	var b Builder
	n := mustName(t, "a.a.a.a")
	b.Start(nil, 512, 0, 0, false)
	b.Question(n, TypeA, ClassIN)
	b.Question(n, TypeA, ClassIN)
	m, err := Parse(b.Finish())
	if err != nil {
		t.Fatal(err)
	}
	for q := range m.Questions() {
		if !q.Name.Equal(n) {
			t.Errorf("%s", q.Name)
		}
	}
}

// Past what a pointer can reach and past what the table holds, names are still right.
func TestBuilderBeyondPointers(t *testing.T) {
	var b Builder
	b.Start(nil, 65535, 0, 0, false)
	filler := make([]byte, 1000)
	var names []Name
	for i := range 60 {
		names = append(names, mustName(t, "n"+string(rune('a'+i%26))+string(rune('a'+i/26))+".below.example.com"))
		if !b.Record(Answers, names[i], 65280, ClassIN, 0, filler) {
			t.Fatal("it does not fit")
		}
	}
	m, err := Parse(b.Finish())
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for r := range m.Records() {
		if !r.Name.Equal(names[i]) {
			t.Errorf("record %d is of %s, not of %s", i, r.Name, names[i])
		}
		i++
	}
	if i != 60 {
		t.Errorf("%d records", i)
	}
}

func TestBuilderLimit(t *testing.T) {
	var b Builder
	name := mustName(t, "example.com")
	for limit := 512; limit < 560; limit++ {
		b.Start(nil, limit, 0, 0, true)
		b.Question(name, TypeTXT, ClassIN)
		n := 0
		for b.Record(Answers, name, TypeA, ClassIN, 0, address.AsSlice()) {
			n++
		}
		if b.Record(Answers, name, TypeA, ClassIN, 0, nil) {
			t.Error("a record behind one that did not fit")
		}
		b.OPT(1232, NoError, false)
		m, err := Parse(b.Finish())
		if err != nil || !b.Full() || !m.Truncated() || m.Count(Answers) != n || m.Len() > limit || m.Len() <= limit-16 {
			t.Errorf("limit %d: %d records in %d bytes, truncated %v, %v", limit, n, m.Len(), m.Truncated(), err)
		}
	}
	b.Start(nil, 512, 0, 0, false)
	for b.Record(Additionals, name, TypeA, ClassIN, 0, address.AsSlice()) {
	}
	if m, err := Parse(b.Finish()); err != nil || m.Truncated() || !b.Full() {
		t.Errorf("additional records that are missing set the bit: %v", err)
	}
}

// golang.org/x/net/dns/dnsmessage writes, we read; we write, it reads.
func TestAgainstDNSMessage(t *testing.T) {
	name := dnsmessage.MustNewName("www.example.com.")
	h := func(typ dnsmessage.Type) dnsmessage.ResourceHeader {
		return dnsmessage.ResourceHeader{Name: name, Type: typ, Class: dnsmessage.ClassINET, TTL: 300}
	}
	theirs := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 99, Response: true, Authoritative: true, RecursionDesired: true, RCode: dnsmessage.RCodeNameError},
		Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeALL, Class: dnsmessage.ClassINET}},
		Answers: []dnsmessage.Resource{
			{Header: h(dnsmessage.TypeA), Body: &dnsmessage.AResource{A: [4]byte{192, 0, 2, 1}}},
			{Header: h(dnsmessage.TypeAAAA), Body: &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr("2001:db8::1").As16()}},
			{Header: h(dnsmessage.TypeCNAME), Body: &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName("a.example.com.")}},
			{Header: h(dnsmessage.TypeNS), Body: &dnsmessage.NSResource{NS: dnsmessage.MustNewName("ns.example.com.")}},
			{Header: h(dnsmessage.TypePTR), Body: &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName("p.example.com.")}},
			{Header: h(dnsmessage.TypeMX), Body: &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName("mx.example.com.")}},
			{Header: h(dnsmessage.TypeTXT), Body: &dnsmessage.TXTResource{TXT: []string{"a", "bc"}}},
			{Header: h(dnsmessage.TypeSRV), Body: &dnsmessage.SRVResource{Priority: 1, Weight: 2, Port: 3, Target: dnsmessage.MustNewName("s.example.com.")}},
		},
		Authorities: []dnsmessage.Resource{{Header: h(dnsmessage.TypeSOA), Body: &dnsmessage.SOAResource{
			NS: dnsmessage.MustNewName("ns.example.com."), MBox: dnsmessage.MustNewName("root.example.com."), Serial: 1, Refresh: 2, Retry: 3, Expire: 4, MinTTL: 5}}},
	}
	b, err := theirs.Pack()
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"www.example.com 300 IN A 192.0.2.1", "www.example.com 300 IN AAAA 2001:db8::1", "www.example.com 300 IN CNAME a.example.com",
		"www.example.com 300 IN NS ns.example.com", "www.example.com 300 IN PTR p.example.com", "www.example.com 300 IN MX 10 mx.example.com",
		`www.example.com 300 IN TXT "a" "bc"`, "www.example.com 300 IN SRV 1 2 3 s.example.com", "www.example.com 300 IN SOA ns.example.com root.example.com 1 2 3 4 5",
	}
	i := 0
	var records []Record
	for r := range m.Records() {
		if got := r.Record().String(); got != want[i] {
			t.Errorf("%s, want %s", got, want[i])
		}
		records = append(records, r.Record())
		i++
	}
	if i != len(want) {
		t.Fatalf("%d records of %d", i, len(want))
	}

	var ours Builder
	ours.Start(nil, 4096, 99, m.Flags(), false)
	q, _ := m.Question()
	ours.Question(q.Name, q.Type, q.Class)
	for i, r := range records {
		data, err := r.AppendData(nil)
		if err != nil {
			t.Fatal(err)
		}
		s := Answers
		if i == len(records)-1 {
			s = Authorities
		}
		ours.Record(s, q.Name, r.Type, r.Class, r.TTL, data)
	}
	var back dnsmessage.Message
	if err := back.Unpack(ours.Finish()); err != nil {
		t.Fatal(err)
	}
	if got, want := back.GoString(), func() string { var m dnsmessage.Message; _ = m.Unpack(b); return m.GoString() }(); got != want {
		t.Errorf("they read\n%s\nand wrote\n%s", got, want)
	}
}

func TestRecordsAllocateNothing(t *testing.T) {
	z := labZone(t)
	b, _, _ := z.Answer(nil, AppendQuery(nil, 1, mustName(t, "_http._tcp.httptap.test"), TypeSRV, 1232), 1232, false)
	n := 0
	if a := testing.AllocsPerRun(100, func() {
		m, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		for q := range m.Questions() {
			n += int(q.Type)
		}
		for r := range m.Records() {
			if t, ok := r.Target(); ok && t.Equal(r.Name) {
				n++
			}
			for range r.Strings() {
				n++
			}
			for range r.Options() {
				n++
			}
		}
	}); a != 0 {
		t.Errorf("%v allocations a message", a)
	}
}

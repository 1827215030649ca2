package dns

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

func TestLayout(t *testing.T) {
	fieldtest.CheckLayout(t, &Layout)
	fieldtest.CheckLayout(t, &StreamLayout)
	fieldtest.CheckLayout(t, &MulticastLayout)
	fieldtest.CheckLayout(t, &LocalLayout)
	for _, s := range more(&names) {
		fieldtest.CheckSpec(t, s)
		if s.Ref == "" {
			t.Errorf("%s has no Ref", s.Name)
		}
	}
	for _, s := range [][]field.Spec{names[:], streamNames[:], sections[:], {specQuery, specRecord, specOption},
		{specQryType, specQryClass, specType, specClass, specTTL, specLen, specUDPSize, specExtCode, specVersion, specZ}} {
		for i := range s {
			fieldtest.CheckSpec(t, &s[i])
		}
	}
	for typ := range uint16(300) {
		checkParts(t, formOf(typ, ClassIN).parts)
		checkParts(t, formOfOption(typ).parts)
	}
}

func checkParts(t *testing.T, p []part) {
	t.Helper()
	for i := range p {
		if p[i].spec == nil {
			continue
		}
		fieldtest.CheckSpec(t, p[i].spec)
		if p[i].spec.Bits == 0 && i != len(p)-1 {
			t.Errorf("%s takes all that is left, but is not the last", p[i].spec.Name)
		}
		if p[i].text != nil {
			fieldtest.CheckSpec(t, p[i].text)
		}
	}
}

func opt(data string) []byte {
	return append(header(0, 0, 0, 1), rr(TypeOPT, 4096, 1<<15, data)...)
}

func TestFields(t *testing.T) {
	question := append(header(1, 0, 0, 0), "\x03www\x04test\x00\x00\x1c\x00\x01"...)
	soa := "\x02ns\x00\x04root\x00\x00\x00\x00\x07\x00\x00\x0e\x10\x00\x00\x02\x58\x00\x01\x51\x80\x00\x00\x00\x3c"
	for _, c := range []struct {
		name        string
		b           []byte
		field, want string
		fault       *field.Fault
	}{
		{"the identification", question, "dns.id", "0x1234", nil},
		{"a response", question, "dns.flags.response", "response (1)", nil},
		{"an opcode", appendHeader(nil, 1, 5<<11), "dns.flags.opcode", "Dynamic update (5)", nil},
		{"a code", appendHeader(nil, 1, 3), "dns.flags.rcode", "NXDOMAIN (3)", nil},
		{"AD", appendHeader(nil, 1, FlagAuthenticData), "dns.flags.authenticated", "Set", nil},
		{"CD", appendHeader(nil, 1, FlagCheckingDisabled), "dns.flags.checkdisable", "Set", nil},
		{"TC", appendHeader(nil, 1, FlagTruncated), "dns.flags.truncated", "Set", nil},
		{"a count", question, "dns.count.queries", "1", nil},
		{"a question's name", question, "dns.qry.name", "www.test", nil},
		{"its type", question, "dns.qry.type", "AAAA (28)", nil},
		{"its class", question, "dns.qry.class", "IN (0x0001)", nil},
		{"the root", answer(rr(TypeA, ClassIN, 1, "abcd")), "dns.resp.name", "<Root>", nil},
		{"a time to live", answer(rr(TypeA, ClassIN, 3600, "abcd")), "dns.resp.ttl", "1h0m0s (3600)", nil},
		{"an address", answer(rr(TypeA, ClassIN, 1, "\xc0\x00\x02\x01")), "dns.a", "192.0.2.1", nil},
		{"an address of multicast DNS", answer(rr(TypeA, 0x8001, 1, "\xc0\x00\x02\x01")), "dns.a", "192.0.2.1", nil},
		{"an A of Chaosnet is bytes", answer(rr(TypeA, ClassCH, 1, "\xc0\x00\x02\x01")), "dns.data", "c0000201", nil},
		{"an SRV of class 0 is bytes", answer(rr(TypeSRV, 0, 1, "ab")), "dns.data", "6162", nil},
		{"an IPv6 address", answer(rr(TypeAAAA, ClassIN, 1, "\x20\x01\x0d\xb8"+strings.Repeat("\x00", 11)+"\x01")), "dns.aaaa", "2001:db8::1", nil},
		{"an alias", answer(rr(TypeCNAME, ClassIN, 1, "\x01a\x01b\x00")), "dns.cname", "a.b", nil},
		{"a name server", answer(rr(TypeNS, ClassIN, 1, "\x01a\x01b\x00")), "dns.ns", "a.b", nil},
		{"a pointer's name", answer(rr(TypePTR, ClassIN, 1, "\x01a\x01b\x00")), "dns.ptr.domain_name", "a.b", nil},
		{"a subtree's alias", answer(rr(TypeDNAME, ClassIN, 1, "\x01a\x01b\x00")), "dns.dname", "a.b", nil},
		{"a SOA's server", answer(rr(TypeSOA, ClassIN, 1, soa)), "dns.soa.mname", "ns", nil},
		{"a SOA's mailbox", answer(rr(TypeSOA, ClassIN, 1, soa)), "dns.soa.rname", "root", nil},
		{"a SOA's serial", answer(rr(TypeSOA, ClassIN, 1, soa)), "dns.soa.serial_number", "7", nil},
		{"a SOA's minimum", answer(rr(TypeSOA, ClassIN, 1, soa)), "dns.soa.minimum_ttl", "1m0s (60)", nil},
		{"a mail host's preference", answer(rr(TypeMX, ClassIN, 1, "\x00\x0a\x01a\x00")), "dns.mx.preference", "10", nil},
		{"a mail host", answer(rr(TypeMX, ClassIN, 1, "\x00\x0a\x01a\x00")), "dns.mx.mail_exchange", "a", nil},
		{"a service's port", answer(rr(TypeSRV, ClassIN, 1, "\x00\x01\x00\x02\x00\x50\x01a\x00")), "dns.srv.port", "80", nil},
		{"a service's host", answer(rr(TypeSRV, ClassIN, 1, "\x00\x01\x00\x02\x00\x50\x01a\x00")), "dns.srv.target", "a", nil},
		{"a text", answer(rr(TypeTXT, ClassIN, 1, "\x00\x03a\x1bb")), "dns.txt", `"a\x1bb"`, nil},
		{"a processor", answer(rr(TypeHINFO, ClassIN, 1, "\x07RFC8482\x00")), "dns.hinfo.cpu", `"RFC8482"`, nil},
		{"an issuer's tag", answer(rr(TypeCAA, ClassIN, 1, "\x80\x05issueca.test")), "dns.caa.tag", `"issue"`, nil},
		{"an issuer", answer(rr(TypeCAA, ClassIN, 1, "\x80\x05issueca.test")), "dns.caa.value", `"ca.test"`, nil},
		{"the next name", answer(rr(TypeNSEC, ClassIN, 1, "\x01a\x00\x00\x01\x40")), "dns.nsec.next_domain_name", "a", nil},
		{"its types", answer(rr(TypeNSEC, ClassIN, 1, "\x01a\x00\x00\x01\x40")), "dns.nsec.types", "A", nil},
		{"data of a type that nobody knows", answer(rr(65280, ClassIN, 1, "xy")), "dns.data", "7879", nil},
		{"an update that removes", answer(rr(TypeA, ClassANY, 0, "")), "dns.resp.len", "0 bytes", nil},

		{"EDNS: the size", opt(""), "dns.rr.udp_payload_size", "4096 bytes", nil},
		{"EDNS: DO", opt(""), "dns.resp.z.do", "Set", nil},
		{"EDNS: no TTL", opt(""), "dns.resp.ttl", "absent", nil},
		{"an option's code", opt("\x00\x03\x00\x01x"), "dns.opt.code", "NSID (3)", nil},
		{"an option's data", opt("\x00\x03\x00\x01x"), "dns.opt.data", "78", nil},
		{"an option without data", opt("\x00\x03\x00\x00"), "dns.opt.data", "absent", nil},
		{"a cookie", opt("\x00\x0a\x00\x0812345678"), "dns.opt.cookie.client", "3132333435363738", nil},
		{"a client has no server's cookie", opt("\x00\x0a\x00\x0812345678"), "dns.opt.cookie.server", "absent", nil},
		{"a server has", opt("\x00\x0a\x00\x1012345678abcdefgh"), "dns.opt.cookie.server", "6162636465666768", nil},
		{"a subnet's family", opt("\x00\x08\x00\x07\x00\x01\x18\x00\xc0\x00\x02"), "dns.opt.client.family", "IPv4 (1)", nil},
		{"a subnet", opt("\x00\x08\x00\x07\x00\x01\x18\x00\xc0\x00\x02"), "dns.opt.client.addr4", "192.0.2.0", nil},
		{"a keepalive", opt("\x00\x0b\x00\x02\x00\x64"), "dns.opt.edns_tcp_keepalive.timeout", "100 units of 100 ms", nil},
		{"padding", opt("\x00\x0c\x00\x02\x00\x00"), "dns.opt.padding", "0000", nil},
		{"a trust point", opt("\x00\x0d\x00\x03\x01a\x00"), "dns.opt.chain.fqdn", "a", nil},
		{"an extended error", opt("\x00\x0f\x00\x06\x00\x12nope"), "dns.opt.ext_error.info_code", "Prohibited (18)", nil},
		{"its text", opt("\x00\x0f\x00\x06\x00\x12nope"), "dns.opt.ext_error.extra_text", `"nope"`, nil},

		{"a header that is cut", question[:11], "dns.count.add_rr", "00", field.Truncated},
		{"a question that is missing", header(1, 0, 0, 0), "dns.count.queries", "1", &faultCount},
		{"a record that is missing", append(header(0, 2, 0, 0), rr(TypeA, ClassIN, 1, "abcd")...), "dns.count.answers", "2", &faultCount},
		{"bytes behind the last record", append(bytes.Clone(question), 1, 2), "undecoded", "0102", &faultTrail},
		{"a name that is cut", question[:14], "dns.qry.name", "w.<truncated>", field.Truncated},
		{"half a pointer", append(header(1, 0, 0, 0), "\x01a\xc0"...), "dns.qry.name", "a.<truncated>", field.Truncated},
		{"a type that is cut", question[:23], "dns.qry.type", "00", field.Truncated},
		{"a pointer to itself", append(header(1, 0, 0, 0), "\xc0\x0c\x00\x01\x00\x01"...), "dns.qry.name", "<bad pointer>", &faultPointer},
		{"a pointer to a name that is too long", append(header(2, 0, 0, 0), strings.Repeat("\x09123456789", 26)+"\x00\x00\x01\x00\x01\x01a\xc0\x0c\x00\x01\x00\x01"...), "dns.qry.name", strings.Repeat("123456789.", 26) + "<too long>", &faultName},
		{"what follows it is read", append(header(1, 0, 0, 0), "\xc0\x0c\x00\x01\x00\x01"...), "dns.qry.type", "A (1)", &faultPointer},
		{"a pointer forward", append(header(1, 0, 0, 0), "\x01a\xc0\x20\x00\x01\x00\x01"...), "dns.qry.name", "a.<bad pointer>", &faultPointer},
		{"a pointer into the header", append(header(1, 0, 0, 0), "\x01a\xc0\x00\x00\x01\x00\x01"...), "dns.qry.name", "a.<bad pointer>", &faultPointer},
		{"a label of type 01", append(header(1, 0, 0, 0), "\x01a\x41xyz"...), "dns.qry.name", "a.<bad label>", &faultLabel},
		{"what follows that can't be read", append(header(1, 0, 0, 0), "\x01a\x41xyz"...), "undecoded", "78797a", &faultLabel},
		{"a name of 300 octets", append(header(1, 0, 0, 0), strings.Repeat("\x09123456789", 30)+"\x00\x00\x01\x00\x01"...), "dns.qry.type", "A (1)", &faultName},
		{"an A of three bytes", answer(rr(TypeA, ClassIN, 1, "abc")), "dns.resp.len", "3 bytes", field.TooShort},
		{"they stay to be seen", answer(rr(TypeA, ClassIN, 1, "abc")), "undecoded", "616263", field.TooShort},
		{"an A of five bytes", answer(rr(TypeA, ClassIN, 1, "abcde")), "undecoded", "65", &faultExtra},
		{"data past the end", answer(rr(TypeA, ClassIN, 1, "abcd")[:13]), "dns.resp.len", "4 bytes", field.Overrun},
		{"as far as it goes", answer(rr(TypeA, ClassIN, 1, "abcd")[:13]), "dns.a", "6162", field.Overrun},
		{"an alias that its length cuts", answer(rr(TypeCNAME, ClassIN, 1, "\x05ab")), "dns.cname", "ab.<truncated>", &faultNameEnd},
		{"an alias of no length", answer(rr(TypeCNAME, ClassIN, 1, "")), "dns.cname", "<truncated>", &faultNameEnd},
		{"an alias with a bad label", answer(rr(TypeCNAME, ClassIN, 1, "\x80ab")), "dns.cname", "<bad label>", &faultLabel},
		{"a record behind it", answer(rr(TypeCNAME, ClassIN, 1, "\x80ab"), rr(TypeA, ClassIN, 1, "abcd")), "dns.a", "97.98.99.100", &faultLabel},
		{"a SOA that ends too soon", answer(rr(TypeSOA, ClassIN, 1, soa[:20])), "dns.resp.len", "20 bytes", field.TooShort},
		{"a text past its end", answer(rr(TypeTXT, ClassIN, 1, "\x05ab")), "dns.txt.length", "5 bytes", field.Overrun},
		{"the text that is there", answer(rr(TypeTXT, ClassIN, 1, "\x05ab")), "dns.txt", `"ab"`, field.Overrun},
		{"no text at all", answer(rr(TypeTXT, ClassIN, 1, "")), "dns.resp.len", "0 bytes", field.TooShort},
		{"an option past its end", opt("\x00\x03\x00\x09x"), "dns.opt.len", "9 bytes", field.Overrun},
		{"an option that is cut", opt("\x00\x03\x00\x09x")[:HeaderLen+11+3], "dns.opt.len", "00 bytes", field.Overrun},
		{"half an option", opt("\x00\x03\x00"), "dns.resp.len", "3 bytes", field.TooShort},
		{"an option with bytes too many", opt("\x00\x0b\x00\x03\x00\x64x"), "undecoded", "78", &faultExtra},
		{"a cookie that is too short", opt("\x00\x0a\x00\x02hi"), "dns.opt.len", "2 bytes", field.TooShort},
	} {
		ctx := fieldtest.Decode(t, &Layout, c.b, nil)
		if got := fieldtest.Text(ctx, c.field); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.field, got, c.want)
		}
		if c.fault == nil {
			if s := faulty(ctx); s != nil {
				t.Errorf("%s: %s has fault %s", c.name, s.Spec.Name, s.Err.Name)
			}
			continue
		}
		if s := faulty(ctx); s == nil || s.Err != c.fault {
			t.Errorf("%s: the first fault is %v, want %s", c.name, s, c.fault.Name)
		}

		// The same behind TCP's length.
		if len(c.b) < HeaderLen {
			continue
		}
		stream := append(binary.BigEndian.AppendUint16(nil, uint16(len(c.b))), c.b...)
		ctx = fieldtest.Decode(t, &StreamLayout, stream, nil)
		if got := fieldtest.Text(ctx, c.field); got != c.want {
			t.Errorf("over TCP, %s: %s is %s, want %s", c.name, c.field, got, c.want)
		}
		if s := faulty(ctx); s == nil || s.Err != c.fault {
			t.Errorf("over TCP, %s: the first fault is %v, want %s", c.name, s, c.fault.Name)
		}
	}
}

// faulty returns the first span with a fault, or nil.
func faulty(c *field.Context) *field.Span {
	for i := range c.Spans {
		if c.Spans[i].Err != nil {
			return &c.Spans[i]
		}
	}
	return nil
}

func TestCountWant(t *testing.T) {
	ctx := fieldtest.Decode(t, &Layout, append(header(0, 9, 0, 0), rr(TypeA, ClassIN, 1, "abcd")...), nil)
	if s := faulty(ctx); s == nil || s.Want != 1 {
		t.Errorf("the count should be %v", s)
	}
}

// A capture that kept only the start of the message accuses nobody; neither does a message
// that goes on in another TCP segment.
func TestPartial(t *testing.T) {
	z := labZone(t)
	whole, _, _ := z.Answer(nil, AppendQuery(nil, 1, mustName(t, "httptap.test"), TypeMX, 1232), 1232, false)
	for n := range len(whole) {
		ctx := fieldtest.Decode(t, &Layout, whole[:n], func(c *field.Context) { c.Wire = len(whole) })
		only(t, ctx, n, field.Snapped)
	}
	stream := append(binary.BigEndian.AppendUint16(nil, uint16(len(whole))), whole...)
	for n := range len(stream) {
		ctx := fieldtest.Decode(t, &StreamLayout, stream[:n], func(c *field.Context) { c.Wire = len(stream) })
		only(t, ctx, n, field.Snapped)
		if n < 2+HeaderLen {
			continue
		}
		ctx = fieldtest.Decode(t, &StreamLayout, stream[:n], nil)
		only(t, ctx, n, &faultSegment)
	}
}

func only(t *testing.T, c *field.Context, n int, want *field.Fault) {
	t.Helper()
	found := 0
	for _, s := range c.Spans {
		if s.Err != nil {
			found++
			if s.Err != want {
				t.Errorf("%d bytes: %s has fault %s", n, s.Spec.Name, s.Err.Name)
			}
		}
	}
	if found == 0 {
		t.Errorf("%d bytes: no fault", n)
	}
}

func TestStreamLayout(t *testing.T) {
	q := AppendQuery(nil, 1, mustName(t, "www.test"), TypeA, 0)
	one := append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), q...)
	two := append(bytes.Clone(one), one...)
	ctx := new(field.Context)
	ctx.Reset(two, len(two))
	root := ctx.Begin(&StreamLayout)
	streamTail(ctx)
	ctx.Close(root)
	if ctx.Pos() != len(one) || ctx.Limit != len(two) || streamNext(ctx) != (field.Next{Again: true}) {
		t.Errorf("behind the first message: at %d, limit %d, next %+v", ctx.Pos(), ctx.Limit, streamNext(ctx))
	}
	// The second message's names are found from its own beginning.
	root = ctx.Begin(&StreamLayout)
	streamTail(ctx)
	ctx.Close(root)
	if streamNext(ctx) != (field.Next{}) || ctx.Pos() != len(two) {
		t.Errorf("behind the second one: at %d, next %+v", ctx.Pos(), streamNext(ctx))
	}
	if err := fieldtest.Tiles(two, ctx.Spans); err != nil {
		t.Error(err)
	}
	for _, s := range ctx.Spans {
		if s.Spec == &streamNames[nameQuery] && string(s.AppendText(nil, two, int(s.Bit/8)-14)) != "www.test" {
			t.Errorf("name %s", s.AppendText(nil, two, int(s.Bit/8)-14))
		}
	}
	short := fieldtest.Decode(t, &StreamLayout, append([]byte{0, 5}, q...), nil)
	if fieldtest.Err(short, "dns.length") != field.TooShort {
		t.Error("a length under the header's passes")
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	z := labZone(t)
	b, _, _ := z.Answer(nil, AppendQuery(nil, 1, mustName(t, "httptap.test"), TypeMX, 1232), 1232, false)
	var c field.Context
	if n := testing.AllocsPerRun(100, func() {
		c.Reset(b, len(b))
		root := c.Begin(&Layout)
		tail(&c)
		c.Close(root)
	}); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}

// worst returns messages of nearly 64 KiB made to be slow.
func worst() map[string][]byte {
	all := map[string][]byte{}
	b := header(65535, 0, 0, 0)
	for len(b) < 65500 {
		b = append(b, 0, 0, 1, 0, 1)
	}
	all["questions of the root"] = b

	b = header(65535, 0, 0, 0)
	b = append(append(b, strings.Repeat("\x01a", 127)...), 0, 0, 1, 0, 1)
	for len(b) < 65500 {
		b = append(b, 0xc0, 12, 0, 1, 0, 1)
	}
	all["pointers to a name of 127 labels"] = b

	b = header(65535, 0, 0, 0)
	b = append(b, 0, 0, 1, 0, 1)
	target := 12
	for len(b) < 1<<14-6 {
		at := len(b)
		b = append(b, 0xc0|byte(target>>8), byte(target), 0, 1, 0, 1)
		target = at
	}
	for len(b) < 65500 {
		b = append(b, 0xc0|byte(target>>8), byte(target), 0, 1, 0, 1)
	}
	all["pointers to a chain of pointers"] = b

	b = header(0, 1, 0, 0)
	b = append(b, rr(TypeTXT, ClassIN, 0, strings.Repeat("\x00", 65000))...)
	all["texts of no length"] = b

	b = header(0, 0, 0, 1)
	b = append(b, rr(TypeOPT, 4096, 0, strings.Repeat("\x00\x03\x00\x00", 16000))...)
	all["options of no length"] = b
	return all
}

// No message takes more than a millisecond or so to decode; the bound here is loose, for a
// busy machine, and quadratic work would still miss it.
func TestDecodeTakesLinearTime(t *testing.T) {
	for name, b := range worst() {
		c := new(field.Context)
		best := time.Hour
		for range 5 {
			start := time.Now()
			c.Reset(b, len(b))
			root := c.Begin(&Layout)
			tail(c)
			c.Close(root)
			best = min(best, time.Since(start))
		}
		if err := fieldtest.Tiles(b, c.Spans); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%s: %v, %d spans", name, best, len(c.Spans))
		if best > 100*time.Millisecond {
			t.Errorf("%s: %v", name, best)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	z := labZone(b)
	msg, _, _ := z.Answer(nil, AppendQuery(nil, 1, mustName(b, "alias.httptap.test"), TypeA, 0), 1232, false)
	var c field.Context
	b.ReportAllocs()
	for b.Loop() {
		c.Reset(msg, len(msg))
		root := c.Begin(&Layout)
		tail(&c)
		c.Close(root)
	}
}

func BenchmarkDecodeWorst(b *testing.B) {
	for name, msg := range worst() {
		b.Run(name, func(b *testing.B) {
			var c field.Context
			for b.Loop() {
				c.Reset(msg, len(msg))
				root := c.Begin(&Layout)
				tail(&c)
				c.Close(root)
			}
		})
	}
}

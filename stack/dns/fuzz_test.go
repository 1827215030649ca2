package dns

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"
	"time"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

// seeds are messages of every kind that this package knows, and broken ones.
func seeds(f *testing.F) [][]byte {
	z := labZone(f)
	var all [][]byte
	for _, q := range []struct {
		name string
		typ  uint16
	}{{"alias.httptap.test", TypeA}, {"httptap.test", TypeMX}, {"_http._tcp.httptap.test", TypeSRV}, {"about.httptap.test", TypeTXT}, {"none.httptap.test", TypeAAAA}, {"httptap.test", TypeNS}} {
		query := AppendQuery(nil, 1, mustName(f, q.name), q.typ, 1232)
		reply, _, _ := z.Answer(nil, query, 1232, false)
		all = append(all, query, reply)
	}
	return append(all,
		opt("\x00\x0a\x00\x0812345678\x00\x0c\x00\x00\x00\x0f\x00\x06\x00\x12nope"),
		answer(rr(TypeCAA, ClassIN, 1, "\x80\x05issueca.test"), rr(TypeNSEC, ClassIN, 1, "\x01a\x00\x00\x01\x40"), rr(TypeHINFO, ClassIN, 1, "\x07RFC8482\x00")),
		append(header(1, 0, 0, 0), "\xc0\x0c\x00\x01\x00\x01"...),
		append(header(2, 0, 0, 0), "\x01a\xc0\x0c\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01"...),
		header(65535, 65535, 65535, 65535),
	)
}

// rebuild writes a message's questions and records anew.
func rebuild(m Message) ([]byte, bool) {
	var b Builder
	b.Start(nil, 65535, m.ID(), m.Flags(), false)
	for q := range m.Questions() {
		b.Question(q.Name, q.Type, q.Class)
	}
	for r := range m.Records() {
		b.Record(r.Section, r.Name, r.Type, r.Class, r.TTL, r.AppendData(nil))
	}
	return b.Finish(), !b.Full()
}

func equal(t *testing.T, m, n Message) {
	t.Helper()
	if m.ID() != n.ID() || m.Flags() != n.Flags() || m.RCode() != n.RCode() {
		t.Fatalf("header % x, want % x", n.b[:4], m.b[:4])
	}
	var a, b []Question
	for q := range m.Questions() {
		a = append(a, q)
	}
	for q := range n.Questions() {
		b = append(b, q)
	}
	var ra, rb []RR
	for r := range m.Records() {
		ra = append(ra, r)
	}
	for r := range n.Records() {
		rb = append(rb, r)
	}
	if len(a) != len(b) || len(ra) != len(rb) {
		t.Fatalf("%d questions, %d records; want %d, %d", len(b), len(rb), len(a), len(ra))
	}
	for i := range a {
		if !same(a[i].Name, b[i].Name) || a[i].Type != b[i].Type || a[i].Class != b[i].Class {
			t.Fatalf("question %d: %v, want %v", i, b[i].Name, a[i].Name)
		}
	}
	for i := range ra {
		if !same(ra[i].Name, rb[i].Name) || ra[i].Section != rb[i].Section || ra[i].Record().String() != rb[i].Record().String() {
			t.Fatalf("record %d: %v, want %v", i, rb[i].Record(), ra[i].Record())
		}
	}
}

// Any bytes: Parse refuses or every accessor works, and what is built anew from it reads the
// same. Text of a name reads back as the name. A Record written out makes the same data.
func FuzzMessage(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		for q := range m.Questions() {
			if n, err := ParseName(q.Name.String()); err != nil || !same(n, q.Name) {
				t.Fatalf("%s: %v", q.Name, err)
			}
		}
		for r := range m.Records() {
			for range r.Strings() {
			}
			for range r.Options() {
			}
			r.MX()
			r.SRV()
			r.SOA()
			r.UDPSize()
			if data, err := r.Record().AppendData(nil); err == nil && !bytes.Equal(data, r.AppendData(nil)) {
				t.Fatalf("%s: % x, want % x", r.Record(), data, r.AppendData(nil))
			}
		}
		again, whole := rebuild(m)
		if !whole {
			return // without compression it is over 64 KiB
		}
		n, err := Parse(again)
		if err != nil {
			t.Fatalf("built anew: %v: % x", err, again)
		}
		equal(t, m, n)
	})
}

// Any bytes: the spans tile them, whole or cut, over UDP or TCP; every value prints. What
// Parse takes has no error but trailing bytes.
func FuzzLayout(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b, uint16(0))
		f.Add(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...), uint16(7))
	}
	f.Fuzz(func(t *testing.T, b []byte, missing uint16) {
		for _, l := range []*field.Layout{&Layout, &StreamLayout} {
			for _, wire := range []int{len(b), len(b) + int(missing)} {
				c := fieldtest.Decode(t, l, b, func(c *field.Context) { c.Wire = wire })
				var text []byte
				for _, s := range c.Spans {
					text = s.AppendText(text[:0], b, 0)
				}
				if l != &Layout || wire != len(b) {
					continue
				}
				if _, err := Parse(b); err == nil {
					for _, s := range c.Spans {
						if s.Err != nil && s.Err.Severity == field.Error && !typedDeeper(b) {
							t.Fatalf("Parse takes what has %s at %s", s.Err.Name, s.Spec.Name)
						}
					}
				} else if faulty(c) == nil {
					t.Fatalf("%v, and no span says so", err)
				}
			}
		}
	})
}

// typedDeeper tells whether a message has a type, or an operation, whose data only the field table
// takes apart.
func typedDeeper(b []byte) bool {
	m, _ := Parse(b)
	if Opcode(b[2]>>3&15) == opcodeStateful {
		return true
	}
	for r := range m.Records() {
		_, named := shapeOf(r.Type)
		if !named && r.Type != TypeA && r.Type != TypeAAAA && formOf(r.Type, r.Class) != &formData || r.Type == TypeOPT {
			return true
		}
	}
	return false
}

// Any bytes as a query: a reply can be read, is no longer than allowed, is a response with the
// query's identification, and only what is too short or no query gets none.
func FuzzAnswer(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b, uint16(512), false)
		f.Add(b, uint16(1232), true)
	}
	z := labZone(f)
	f.Fuzz(func(t *testing.T, q []byte, limit uint16, stream bool) {
		limit = max(limit, MaxUDP)
		for _, answer := range []func() ([]byte, error){
			func() ([]byte, error) { b, _, err := z.Answer(nil, q, int(limit), stream); return b, err },
			func() ([]byte, error) { return AppendError(nil, q, ServFail) },
		} {
			b, err := answer()
			if err != nil {
				if len(q) >= HeaderLen && q[2]&0x80 == 0 || len(b) != 0 {
					t.Fatalf("% x: %v", q, err)
				}
				continue
			}
			m, err := Parse(b)
			if err != nil || len(b) > int(limit) || m.Len() != len(b) || !m.Response() || !bytes.Equal(b[:2], q[:2]) {
				t.Fatalf("% x: %d bytes, limit %d, %v", b, len(b), limit, err)
			}
			if c := fieldtest.Decode(t, &Layout, b, nil); faulty(c) != nil {
				t.Fatalf("% x has %s", b, faulty(c).Err.Name)
			}
		}
	})
}

// Any bytes as answers: the client ends within its tries, whatever it is told, and takes
// nothing that does not carry its identification.
func FuzzClient(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b, uint8(0))
		f.Add(b, uint8(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, how uint8) {
		var c Client
		cfg := ClientConfig{Servers: []netip.AddrPort{first, second}, Tries: 2, Timeout: time.Second}
		if err := c.Start(epoch, cfg, "alias.httptap.test", TypeA); err != nil {
			t.Fatal(err)
		}
		now := epoch
		var buf [2 + MaxQuery]byte
		for step := 0; !c.Done(); step++ {
			if step > 100 {
				t.Fatal("the lookup does not end")
			}
			n, to, stream := c.Transmit(now, buf[:])
			if n == 0 {
				if c.Done() {
					break
				}
				if d := c.Deadline(); !d.After(now) {
					t.Fatalf("nothing to send, and due at %v", d)
				}
				now = c.Deadline()
				continue
			}
			q := buf[:n]
			if stream {
				q = q[2:]
			}
			b := bytes.Clone(b)
			if how&1 != 0 && len(b) >= 2 {
				copy(b, q[:2])
			}
			err := c.Receive(now, to, b, stream)
			if err == nil && !bytes.Equal(b[:2], q[:2]) {
				t.Fatalf("% x is no answer to % x", b, q)
			}
			if stream && err != nil {
				c.StreamFailed(now, err)
			}
			if how&2 != 0 {
				c.ServerFailed(now, to, errors.New("unreachable"))
			}
		}
		if r, err := c.Result(); err == nil && len(r) == 0 {
			t.Fatal("no records and no error")
		}
	})
}

package dns

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
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

// A script drives one client; each step has a sentence.
type script struct {
	t      *testing.T
	c      Client
	now    time.Time
	buf    [600]byte
	query  []byte // the last one sent, without TCP's length
	server netip.AddrPort
}

func start(t *testing.T, cfg ClientConfig, name string, typ uint16) *script {
	t.Helper()
	s := &script{t: t, now: epoch}
	if err := s.c.Start(s.now, cfg, name, typ); err != nil {
		t.Fatal(err)
	}
	return s
}

// sends expects a query for name to a server: over TCP with stream.
func (s *script) sends(sentence string, to netip.AddrPort, name string, stream bool) {
	s.t.Helper()
	if !s.c.Deadline().Equal(s.now) && !s.c.Deadline().Before(s.now) {
		s.t.Fatalf("%s: due at %v, it is %v", sentence, s.c.Deadline(), s.now)
	}
	for i := range s.buf {
		s.buf[i] = 0xa5
	}
	n, addr, tcp := s.c.Transmit(s.now, s.buf[:])
	if n == 0 || addr != to || tcp != stream {
		s.t.Fatalf("%s: %d bytes to %v, stream %v", sentence, n, addr, tcp)
	}
	b := s.buf[:n]
	if tcp {
		if int(binary.BigEndian.Uint16(b)) != n-2 {
			s.t.Fatalf("%s: length %d of %d bytes", sentence, binary.BigEndian.Uint16(b), n)
		}
		b = b[2:]
	}
	m, err := Parse(b)
	if err != nil || m.Response() || m.Len() != len(b) {
		s.t.Fatalf("%s: %v", sentence, err)
	}
	if q, _ := m.Question(); q.Name.String() != name {
		s.t.Fatalf("%s: it asks for %s", sentence, q.Name)
	}
	s.query, s.server = bytes.Clone(b), addr
	s.silent(sentence + ", once")
}

// silent expects that nothing is to be sent.
func (s *script) silent(sentence string) {
	s.t.Helper()
	if n, to, _ := s.c.Transmit(s.now, make([]byte, 600)); n != 0 {
		s.t.Fatalf("%s: %d bytes to %v", sentence, n, to)
	}
}

// reply makes a response to the last query.
func (s *script) reply(flags uint16, records ...Record) []byte {
	s.t.Helper()
	m, err := Parse(s.query)
	if err != nil {
		s.t.Fatal(err)
	}
	q, _ := m.Question()
	var b Builder
	b.Start(nil, 65535, m.ID(), FlagResponse|flags, false)
	b.Question(q.Name, q.Type, q.Class)
	for _, r := range records {
		data, err := r.AppendData(nil)
		if err != nil {
			s.t.Fatal(err)
		}
		section := Answers
		if r.Type == TypeSOA && q.Type != TypeSOA || r.Type == TypeNS && q.Type != TypeNS {
			section = Authorities
		}
		if !b.Record(section, mustName(s.t, r.Name), r.Type, ClassIN, 300, data) {
			s.t.Fatal("the reply does not fit")
		}
	}
	return b.Finish()
}

func (s *script) gets(sentence string, msg []byte) {
	s.t.Helper()
	if err := s.c.Receive(s.now, s.server, msg, false); err != nil {
		s.t.Fatalf("%s: %v", sentence, err)
	}
}

func (s *script) ignores(sentence string, from netip.AddrPort, msg []byte, want error) {
	s.t.Helper()
	before, due := s.c.Ignored(), s.c.Deadline()
	if err := s.c.Receive(s.now, from, msg, false); !errors.Is(err, want) {
		s.t.Fatalf("%s: %v, want %v", sentence, err, want)
	}
	if s.c.Ignored() != before+1 || s.c.Done() || !s.c.Deadline().Equal(due) {
		s.t.Fatalf("%s: ignored %d, done %v", sentence, s.c.Ignored()-before, s.c.Done())
	}
	s.silent(sentence)
}

// ends expects the result, and that nothing more is sent.
func (s *script) ends(sentence string, want error, records ...string) {
	s.t.Helper()
	s.silent(sentence)
	if !s.c.Done() || !s.c.Deadline().IsZero() {
		s.t.Fatalf("%s: done %v, deadline %v", sentence, s.c.Done(), s.c.Deadline())
	}
	got, err := s.c.Result()
	if !errors.Is(err, want) {
		s.t.Fatalf("%s: %v, want %v", sentence, err, want)
	}
	var texts []string
	for _, r := range got {
		texts = append(texts, r.String())
	}
	if fmt.Sprint(texts) != fmt.Sprint(records) {
		s.t.Fatalf("%s: %q, want %q", sentence, texts, records)
	}
}

func a(name string) Record { return Record{Name: name, Type: TypeA, Addr: address} }

func cname(name, to string) Record { return Record{Name: name, Type: TypeCNAME, Target: to} }

func soa(name string) Record {
	return Record{Name: name, Type: TypeSOA, Target: "ns." + name, SOA: SOA{Mailbox: "root." + name}}
}

var one = ClientConfig{Servers: []netip.AddrPort{first}}
var two = ClientConfig{Servers: []netip.AddrPort{first, second}, Timeout: time.Second, Tries: 2}

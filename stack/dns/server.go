package dns

import (
	"encoding/binary"
	"errors"
)

// ErrNotQuery says that a message is a response: it is never answered, lest two servers
// answer each other for ever.
var ErrNotQuery = errors.New("dns: message is not a query")

const (
	typeIXFR = 251
	typeAXFR = 252
)

// Answer appends the reply to a query to dst; it is at most limit bytes long, which has to be
// at least MaxUDP. Over UDP it is no longer than the client can take, with its truncation bit
// set when something is missing; with stream it came over TCP. Neither message has TCP's
// length before it.
//
// ok is false when the question is not this zone's: the reply says REFUSED then, and the
// caller may rather ask another zone or forward the query. An error means that there is
// nothing to reply to: ErrTruncated or ErrNotQuery.
func (z *Zone) Answer(dst, query []byte, limit int, stream bool) (reply []byte, ok bool, err error) {
	var r request
	if err := r.read(query, limit, stream); err != nil {
		return dst, false, err
	}
	if z.RecursionAvailable {
		r.flags |= FlagRecursionAvailable
	}
	switch {
	case r.rcode != NoError:
		return r.fail(dst), true, nil
	case r.q.Class != ClassIN && r.q.Class != ClassANY, !z.Contains(r.q.Name):
		r.rcode = Refused
		return r.fail(dst), false, nil
	case r.q.Type == typeAXFR, r.q.Type == typeIXFR:
		r.rcode = Refused
		return r.fail(dst), true, nil
	}
	r.flags |= FlagAuthoritative
	name, n := r.q.Name, z.node(r.q.Name)
	b := r.start(dst)
	for hops := 0; n != nil; hops++ {
		alias := n.set(TypeCNAME)
		if alias == nil || r.q.Type == TypeCNAME || r.q.Type == TypeANY || hops > maxAliases {
			break
		}
		b.set(Answers, name, alias)
		target := Name{msg: alias.data[0]}
		if !z.Contains(target) {
			// RFC 1034, 4.3.2, 3a: where the alias leads is for others to say.
			return r.finish(), true, nil
		}
		name, n = target, z.node(target)
	}
	s := n.want(r.q.Type)
	switch {
	case s != nil:
		b.set(Answers, name, s)
		z.additional(b, s)
	default:
		if n == nil {
			// RFC 2308, 2.1: with aliases the code is about the last name.
			b.rcode(NXDomain)
		}
		// RFC 2308, 3: the TTL is the lesser of the SOA's own and its MINIMUM.
		soa := z.soa.data[0]
		ttl := min(z.soa.ttl, binary.BigEndian.Uint32(soa[len(soa)-4:]))
		b.Record(Authorities, z.origin, TypeSOA, ClassIN, ttl, soa)
	}
	return r.finish(), true, nil
}

// want returns the set that answers a question, nil when there is none.
func (n *node) want(typ uint16) *rrset {
	switch {
	case n == nil || len(n.sets) == 0:
		return nil
	case typ == TypeANY:
		// RFC 8482, 4.1: one of the sets will do.
		return &n.sets[0]
	}
	return n.set(typ)
}

func (n *node) set(typ uint16) *rrset {
	for i := range n.sets {
		if n.sets[i].typ == typ {
			return &n.sets[i]
		}
	}
	return nil
}

// set appends all records of a set.
func (b *Builder) set(s Section, name Name, set *rrset) {
	for _, d := range set.data {
		b.Record(s, name, set.typ, ClassIN, set.ttl, d)
	}
}

// additional appends the addresses of what an answer leads to: RFC 1035, 3.3.9 and 3.3.11;
// RFC 2782 for SRV.
func (z *Zone) additional(b *Builder, s *rrset) {
	if s.typ != TypeMX && s.typ != TypeSRV && s.typ != TypeNS {
		return
	}
	shape, _ := shapeOf(s.typ)
	for _, d := range s.data {
		target := Name{d, shape.before}
		n := z.node(target)
		for _, typ := range [...]uint16{TypeA, TypeAAAA} {
			if set := n.want(typ); set != nil {
				b.set(Additionals, target, set)
			}
		}
	}
}

// AppendError appends the reply to a query that has an error code instead of an answer, as
// one who forwards queries sends when nobody answers: SERVFAIL. It fails as Answer does.
func AppendError(dst, query []byte, rcode RCode) ([]byte, error) {
	var r request
	if err := r.read(query, MaxUDP, false); err != nil {
		return dst, err
	}
	if r.rcode == NoError {
		r.rcode = rcode
	}
	r.flags |= FlagRecursionAvailable
	return r.fail(dst), nil
}

// request is what a query asks and how it wants to be answered.
type request struct {
	q     Question
	asked bool // q is there
	id    uint16
	flags uint16 // of the reply
	rcode RCode  // not NoError: the query can't be answered
	limit int    // of the reply
	edns  bool
	do    bool // RFC 3225, 3: the reply's DO bit is the query's
	b     Builder
}

// read takes a query apart; the reply may be at most limit bytes long. Its error means that
// no reply is due.
func (r *request) read(query []byte, limit int, stream bool) error {
	if len(query) < HeaderLen {
		return ErrTruncated
	}
	flags := binary.BigEndian.Uint16(query[2:])
	if flags&FlagResponse != 0 {
		return ErrNotQuery
	}
	r.id = binary.BigEndian.Uint16(query)
	// RFC 1035, 4.1.1: RD and the opcode are copied; RFC 4035, 3.2.2: so is CD.
	r.flags = FlagResponse | flags&(15<<11|FlagRecursionDesired|FlagCheckingDisabled)
	r.limit = min(limit, MaxUDP)
	if stream {
		r.limit = limit
	}
	if Opcode(flags>>11&15) != OpcodeQuery {
		r.rcode = NotImp
		return nil
	}
	m, err := Parse(query)
	if err != nil {
		r.rcode = FormErr
		return nil
	}
	for rr := range m.Records() {
		if rr.Type != TypeOPT || rr.Section != Additionals {
			continue
		}
		if r.edns || !rr.Name.IsRoot() {
			// RFC 6891, 6.1.1: "If a query message with more than one OPT RR is received, a
			// FORMERR (RCODE=1) MUST be returned". 6.1.2: its owner is the root.
			r.rcode = FormErr
		}
		r.edns, r.do = true, rr.TTL&(1<<15) != 0
		if !stream {
			r.limit = min(limit, rr.UDPSize())
		}
		if rr.Version() != 0 && r.rcode == NoError {
			r.rcode = BadVers // RFC 6891, 6.1.3
		}
	}
	// RFC 9619, 4: a standard query with more than one question is answered FORMERR.
	if r.q, r.asked = m.Question(); m.Count(Questions) != 1 {
		r.asked, r.rcode = false, FormErr
	}
	return nil
}

// start begins the reply and repeats the question.
func (r *request) start(dst []byte) *Builder {
	r.b.Start(dst, max(r.limit, MaxUDP), r.id, r.flags|uint16(r.rcode&15), r.edns)
	if r.asked {
		r.b.Question(r.q.Name, r.q.Type, r.q.Class)
	}
	return &r.b
}

// finish ends the reply. RFC 6891, 6.1.1: it has an OPT record when the query had one.
func (r *request) finish() []byte {
	if r.edns {
		r.b.OPT(EDNSSize, r.rcode, r.do)
	}
	return r.b.Finish()
}

// fail makes the whole reply: the code and nothing else.
func (r *request) fail(dst []byte) []byte {
	r.start(dst)
	return r.finish()
}

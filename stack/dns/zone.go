package dns

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
)

// What can be wrong with a record for a zone.
var (
	ErrZone  = errors.New("dns: name is not in the zone")
	ErrAlias = errors.New("dns: an alias can't have other records beside it")
)

// A Zone is what an authority knows of one name and all below it. RFC 1034, 4.2
//
// It has no lock: whoever changes it while others ask has to bring one.
type Zone struct {
	// RecursionAvailable is what replies say of this server: that it finds out what it does
	// not know. RFC 1035, 4.1.1: RA
	RecursionAvailable bool

	origin Name
	soa    rrset
	names  map[string]*node // by name in wire form and lower case
}

// node is what is known of one name.
type node struct {
	sets  []rrset
	below int // names one label below it: with some of them and no set it still exists
}

// rrset is the records of one type. RFC 2181, 5: they share their TTL.
type rrset struct {
	typ  uint16
	ttl  uint32
	data [][]byte
}

// NewZone returns a zone with nothing but its SOA record, whose Name is the zone's. It fails
// with ErrRecord or with what is wrong with a name.
func NewZone(soa Record) (*Zone, error) {
	if soa.Type != TypeSOA {
		return nil, fmt.Errorf("%s: %w: a zone begins with its SOA", soa.Name, ErrRecord)
	}
	origin, err := ParseName(soa.Name)
	if err != nil {
		return nil, err
	}
	data, err := soa.AppendData(nil)
	if err != nil {
		return nil, err
	}
	z := &Zone{origin: origin, soa: rrset{TypeSOA, soa.TTL, [][]byte{data}}, names: map[string]*node{}}
	z.names[string(appendKey(nil, origin))] = &node{sets: []rrset{z.soa}}
	return z, nil
}

// Contains tells whether name is the zone's or below it.
func (z *Zone) Contains(name Name) bool { return name.Within(z.origin) }

// appendKey appends the form of a name under which the zone keeps it.
func appendKey(dst []byte, n Name) []byte {
	start := len(dst)
	dst = n.AppendWire(dst)
	for i := start; i < len(dst); i++ {
		dst[i] = lower(dst[i]) // a length is at most 63 and no letter
	}
	return dst
}

func (z *Zone) node(n Name) *node {
	var buf [MaxName]byte
	return z.names[string(appendKey(buf[:0], n))]
}

// Add adds a record. One that is there already only gets its set the new TTL. It fails with
// ErrZone, ErrAlias, ErrRecord or with what is wrong with a name.
func (z *Zone) Add(r Record) error {
	name, err := ParseName(r.Name)
	if err != nil {
		return err
	}
	fail := func(err error) error { return fmt.Errorf("%s %s: %w", r.Name, TypeName(r.Type), err) }
	switch {
	case !z.Contains(name):
		return fail(ErrZone)
	case r.Class != 0 && r.Class != ClassIN, r.Type == TypeSOA, r.Type == TypeOPT, r.Type >= 128 && r.Type <= 255, r.Type == 0:
		return fail(ErrRecord) // RFC 6895, 3.1: 128 to 255 are no types of data
	}
	data, err := r.AppendData(nil)
	if err != nil {
		return err
	}
	if len(data) > maxData {
		return fail(ErrRecord)
	}
	n := z.node(name)
	if n != nil {
		for i := range n.sets {
			// RFC 2181, 10.1: an alias has neither other data nor a second target.
			if same := n.sets[i].typ == r.Type; (r.Type == TypeCNAME || n.sets[i].typ == TypeCNAME) && !(same && string(n.sets[i].data[0]) == string(data)) {
				return fail(ErrAlias)
			}
		}
	} else {
		n = z.create(name)
	}
	n.add(r.Type, r.TTL, data)
	return nil
}

// maxData leaves room for the rest of a message around a record's data.
const maxData = 0xffff - HeaderLen - 2*(MaxName+10) - optLen

func (n *node) add(typ uint16, ttl uint32, data []byte) {
	for i := range n.sets {
		s := &n.sets[i]
		if s.typ != typ {
			continue
		}
		s.ttl = ttl
		for _, d := range s.data {
			if string(d) == string(data) {
				return
			}
		}
		s.data = append(s.data, data)
		return
	}
	n.sets = append(n.sets, rrset{typ, ttl, [][]byte{data}})
}

// create adds a name and those between it and the zone's.
func (z *Zone) create(name Name) *node {
	n := &node{}
	z.names[string(appendKey(nil, name))] = n
	parent := name.Parent()
	p := z.node(parent)
	if p == nil {
		p = z.create(parent)
	}
	p.below++
	return n
}

// Remove removes the records of a type from a name, with TypeANY all but the zone's SOA. What
// is not there is no error.
func (z *Zone) Remove(name string, typ uint16) error {
	n, err := ParseName(name)
	if err != nil {
		return err
	}
	at := z.node(n)
	if at == nil {
		return nil
	}
	kept := at.sets[:0]
	for _, s := range at.sets {
		if s.typ == TypeSOA || s.typ != typ && typ != TypeANY {
			kept = append(kept, s)
		}
	}
	clear(at.sets[len(kept):])
	at.sets = kept
	for len(at.sets) == 0 && at.below == 0 {
		delete(z.names, string(appendKey(nil, n)))
		n = n.Parent()
		at = z.node(n)
		at.below--
	}
	return nil
}

// ReverseName returns the name whose PTR records name an address: RFC 1035, 3.5 for IPv4,
// RFC 3596, 2.5 for IPv6.
func ReverseName(a netip.Addr) string {
	a = a.Unmap()
	b := a.AsSlice()
	var name []byte
	if a.Is4() {
		for i := len(b) - 1; i >= 0; i-- {
			name = append(strconv.AppendUint(name, uint64(b[i]), 10), '.')
		}
		return string(name) + "in-addr.arpa"
	}
	const hex = "0123456789abcdef"
	for i := len(b) - 1; i >= 0; i-- {
		name = append(name, hex[b[i]&15], '.', hex[b[i]>>4], '.')
	}
	return string(name) + "ip6.arpa"
}

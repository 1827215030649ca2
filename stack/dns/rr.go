package dns

import (
	"encoding/binary"
	"iter"
	"net/netip"
)

// An RR is a checked view of a resource record. RFC 1035, 4.1.3
type RR struct {
	Name    Name
	Type    uint16
	Class   uint16
	TTL     uint32 // in seconds
	Section Section
	b       []byte // the message
	off     int    // where the data begins
	end     int    // and ends
}

// rrAt returns the record whose name is at off and ends at end; ten more bytes are there.
func rrAt(b []byte, off, end int, s Section) RR {
	return RR{
		Name: Name{b, off}, Type: binary.BigEndian.Uint16(b[end:]), Class: binary.BigEndian.Uint16(b[end+2:]),
		TTL: binary.BigEndian.Uint32(b[end+4:]), Section: s,
		b: b, off: end + 10, end: end + 10 + int(binary.BigEndian.Uint16(b[end+8:])),
	}
}

// shape is how the data of a type is built, as far as names are in it.
type shape struct {
	before, names, after int // fixed bytes, then names, then fixed bytes
	compress             bool
}

// shapeOf returns the shape of a type that has names. RFC 3597, 4: only the types of RFC 1035
// may be compressed when sent; SRV may arrive so.
func shapeOf(typ uint16) (s shape, ok bool) {
	switch typ {
	case TypeNS, TypeCNAME, TypePTR:
		return shape{names: 1, compress: true}, true
	case TypeMX:
		return shape{before: 2, names: 1, compress: true}, true
	case TypeSOA:
		return shape{names: 2, after: 20, compress: true}, true
	case TypeSRV:
		return shape{before: 6, names: 1}, true
	}
	return shape{}, false
}

// opaque tells whether a type means nothing in a class. RFC 3597, 4: A, AAAA and SRV are of
// class IN only; multicast DNS sets the first bit of that, RFC 6762, 10.2.
func opaque(typ, class uint16) bool {
	return class&0x7fff != ClassIN && (typ == TypeA || typ == TypeAAAA || typ == TypeSRV)
}

// known tells whether the record is of a type and its data has that type's form. RFC 2136,
// 2.4 and 2.5: in an update a record of class ANY or NONE may have no data.
func (r RR) known(typ uint16) bool {
	return r.Type == typ && !opaque(typ, r.Class) && (r.off < r.end || r.Class != ClassANY && r.Class != ClassNONE)
}

// check holds the data against the type.
func (r RR) check(steps *int) error {
	if !r.known(r.Type) {
		return nil
	}
	n := r.end - r.off
	if s, ok := shapeOf(r.Type); ok {
		off := r.off + s.before
		for range s.names {
			if off >= r.end {
				return ErrData
			}
			var err error
			if off, err = checkName(r.b[:r.end], off, steps); err != nil {
				return err
			}
		}
		if off+s.after != r.end {
			return ErrData
		}
		return nil
	}
	switch r.Type {
	case TypeA:
		if n != 4 {
			return ErrData
		}
	case TypeAAAA:
		if n != 16 {
			return ErrData
		}
	case TypeTXT:
		return checkChunks(r.Data(), 1, 0)
	case TypeOPT:
		return checkChunks(r.Data(), 4, 2)
	}
	return nil
}

// checkChunks checks that b is a list of chunks, each behind a header of size bytes whose
// byte, or two bytes, at lenAt are the chunk's length.
func checkChunks(b []byte, size, lenAt int) error {
	for len(b) > 0 {
		if len(b) < size {
			return ErrData
		}
		n := chunkLen(b, size, lenAt)
		if n > len(b) {
			return ErrData
		}
		b = b[n:]
	}
	return nil
}

func chunkLen(b []byte, size, lenAt int) int {
	if size-lenAt == 1 {
		return size + int(b[lenAt])
	}
	return size + int(binary.BigEndian.Uint16(b[lenAt:]))
}

// Data returns the record's data as it is in the message; names in it may be compressed.
func (r RR) Data() []byte { return r.b[r.off:r.end] }

// AppendData appends the record's data with its names expanded, so that it can stand in
// another message.
func (r RR) AppendData(dst []byte) []byte {
	s, ok := shapeOf(r.Type)
	if !ok || !r.known(r.Type) {
		return append(dst, r.Data()...)
	}
	off := r.off + s.before
	dst = append(dst, r.b[r.off:off]...)
	for range s.names {
		dst = Name{r.b, off}.AppendWire(dst)
		off = skip(r.b, off)
	}
	return append(dst, r.b[off:r.end]...)
}

// Addr returns the address of an A or AAAA record.
func (r RR) Addr() (a netip.Addr, ok bool) {
	switch {
	case r.known(TypeA):
		return netip.AddrFrom4([4]byte(r.Data())), true
	case r.known(TypeAAAA):
		return netip.AddrFrom16([16]byte(r.Data())), true
	}
	return a, false
}

// Target returns the name that an NS, CNAME, PTR, MX or SRV record leads to, and the first
// name of a SOA record: the primary server.
func (r RR) Target() (n Name, ok bool) {
	s, ok := shapeOf(r.Type)
	if !ok || !r.known(r.Type) {
		return Name{}, false
	}
	return Name{r.b, r.off + s.before}, true
}

// MX returns the preference of an MX record; the host is its Target. RFC 1035, 3.3.9
func (r RR) MX() (preference uint16, ok bool) {
	if !r.known(TypeMX) {
		return 0, false
	}
	return binary.BigEndian.Uint16(r.b[r.off:]), true
}

// SRV returns the numbers of an SRV record; the host is its Target. RFC 2782
func (r RR) SRV() (priority, weight, port uint16, ok bool) {
	if !r.known(TypeSRV) {
		return 0, 0, 0, false
	}
	d := r.Data()
	return binary.BigEndian.Uint16(d), binary.BigEndian.Uint16(d[2:]), binary.BigEndian.Uint16(d[4:]), true
}

// A SOAView holds what a SOA record says besides the primary server, which is its Target.
// The times are in seconds. RFC 1035, 3.3.13
type SOAView struct {
	Mailbox                                 Name
	Serial, Refresh, Retry, Expire, Minimum uint32
}

// SOA returns the fields of a SOA record.
func (r RR) SOA() (s SOAView, ok bool) {
	if !r.known(TypeSOA) {
		return s, false
	}
	d := r.b[r.end-20 : r.end]
	return SOAView{
		Mailbox: Name{r.b, skip(r.b, r.off)},
		Serial:  binary.BigEndian.Uint32(d), Refresh: binary.BigEndian.Uint32(d[4:]), Retry: binary.BigEndian.Uint32(d[8:]),
		Expire: binary.BigEndian.Uint32(d[12:]), Minimum: binary.BigEndian.Uint32(d[16:]),
	}, true
}

// Strings returns the character strings of a TXT record, none for another type. RFC 1035, 3.3.14
func (r RR) Strings() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if !r.known(TypeTXT) {
			return
		}
		for b := r.Data(); len(b) > 0; {
			n := chunkLen(b, 1, 0)
			if !yield(b[1:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// Options returns the codes and the data of an OPT record's options, none for another type.
// RFC 6891, 6.1.2
func (r RR) Options() iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		if !r.known(TypeOPT) {
			return
		}
		for b := r.Data(); len(b) > 0; {
			n := chunkLen(b, 4, 2)
			if !yield(binary.BigEndian.Uint16(b), b[4:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// UDPSize returns how long a message the sender of this OPT record takes over UDP. RFC 6891,
// 6.2.3: "Values lower than 512 MUST be treated as equal to 512". For another type it is 512.
func (r RR) UDPSize() int {
	if r.Type != TypeOPT {
		return MaxUDP
	}
	return max(int(r.Class), MaxUDP)
}

// Version returns the version of EDNS that an OPT record speaks. RFC 6891, 6.1.3
func (r RR) Version() uint8 {
	if r.Type != TypeOPT {
		return 0
	}
	return uint8(r.TTL >> 16)
}

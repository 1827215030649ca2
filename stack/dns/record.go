package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
)

// ErrRecord says that a Record's fields do not make the data of its type.
var ErrRecord = errors.New("dns: record lacks what its type needs")

// A Record is a resource record for people and programs: it stands alone, with its names
// written out. Which fields are set depends on Type.
type Record struct {
	Name  string // the owner
	Type  uint16
	Class uint16 // 0 is IN when it is written
	TTL   uint32 // in seconds

	Addr       netip.Addr // A, AAAA
	Target     string     // NS, CNAME, PTR, MX, SRV, and the primary server of a SOA
	Preference uint16     // MX, and the priority of an SRV
	Weight     uint16     // SRV
	Port       uint16     // SRV
	Text       []string   // TXT
	SOA        SOA        // SOA
	Data       []byte     // the bytes of every other type
}

// A SOA holds what a SOA record says besides the primary server. The times are in seconds.
// RFC 1035, 3.3.13; Minimum is how long "no such name" may be believed: RFC 2308, 4.
type SOA struct {
	Mailbox                                 string
	Serial, Refresh, Retry, Expire, Minimum uint32
}

// Record returns the record written out.
func (r RR) Record() Record {
	out := Record{Name: r.Name.String(), Type: r.Type, Class: r.Class, TTL: r.TTL}
	if a, ok := r.Addr(); ok {
		out.Addr = a
		return out
	}
	if t, ok := r.Target(); ok {
		out.Target = t.String()
		if p, ok := r.MX(); ok {
			out.Preference = p
		}
		if p, w, port, ok := r.SRV(); ok {
			out.Preference, out.Weight, out.Port = p, w, port
		}
		if s, ok := r.SOA(); ok {
			out.SOA = SOA{s.Mailbox.String(), s.Serial, s.Refresh, s.Retry, s.Expire, s.Minimum}
		}
		return out
	}
	if r.Type == TypeTXT {
		for s := range r.Strings() {
			out.Text = append(out.Text, string(s))
		}
		return out
	}
	out.Data = append([]byte(nil), r.Data()...)
	return out
}

// AppendData appends the record's data in wire form, names not compressed. It fails with
// ErrRecord or with what is wrong with a name; dst comes back as it was then.
func (r Record) AppendData(dst []byte) ([]byte, error) {
	start := len(dst)
	fail := func() ([]byte, error) {
		return dst[:start], fmt.Errorf("%s %s: %w", r.Name, TypeName(r.Type), ErrRecord)
	}
	switch r.Type {
	case TypeA:
		if !r.Addr.Is4() {
			return fail()
		}
		return append(dst, r.Addr.AsSlice()...), nil
	case TypeAAAA:
		if !r.Addr.Is6() {
			return fail()
		}
		return append(dst, r.Addr.AsSlice()...), nil
	case TypeTXT:
		// RFC 1035, 3.3.14: "One or more <character-string>s".
		if len(r.Text) == 0 {
			return fail()
		}
		for _, s := range r.Text {
			if len(s) > 255 {
				return fail()
			}
			dst = append(append(dst, byte(len(s))), s...)
		}
		return dst, nil
	case TypeMX:
		dst = binary.BigEndian.AppendUint16(dst, r.Preference)
	case TypeSRV:
		dst = binary.BigEndian.AppendUint16(dst, r.Preference)
		dst = binary.BigEndian.AppendUint16(dst, r.Weight)
		dst = binary.BigEndian.AppendUint16(dst, r.Port)
	case TypeNS, TypeCNAME, TypePTR, TypeSOA:
	default:
		return append(dst, r.Data...), nil
	}
	dst, err := AppendName(dst, r.Target)
	if err == nil && r.Type == TypeSOA {
		if dst, err = AppendName(dst, r.SOA.Mailbox); err == nil {
			for _, v := range [...]uint32{r.SOA.Serial, r.SOA.Refresh, r.SOA.Retry, r.SOA.Expire, r.SOA.Minimum} {
				dst = binary.BigEndian.AppendUint32(dst, v)
			}
		}
	}
	if err != nil {
		return dst[:start], fmt.Errorf("%s %s: %w", r.Name, TypeName(r.Type), err)
	}
	return dst, nil
}

// String returns the record as a zone file has it: "www.example.com 300 IN A 192.0.2.1".
func (r Record) String() string {
	s := r.Name + " " + strconv.FormatUint(uint64(r.TTL), 10) + " "
	switch r.Class {
	case ClassIN, 0:
		s += "IN "
	default:
		s += "CLASS" + strconv.Itoa(int(r.Class)) + " "
	}
	s += TypeName(r.Type)
	switch r.Type {
	case TypeA, TypeAAAA:
		return s + " " + r.Addr.String()
	case TypeNS, TypeCNAME, TypePTR:
		return s + " " + r.Target
	case TypeMX:
		return s + fmt.Sprintf(" %d %s", r.Preference, r.Target)
	case TypeSRV:
		return s + fmt.Sprintf(" %d %d %d %s", r.Preference, r.Weight, r.Port, r.Target)
	case TypeSOA:
		return s + fmt.Sprintf(" %s %s %d %d %d %d %d", r.Target, r.SOA.Mailbox, r.SOA.Serial, r.SOA.Refresh, r.SOA.Retry, r.SOA.Expire, r.SOA.Minimum)
	case TypeTXT:
		for _, t := range r.Text {
			s += " " + strconv.Quote(t)
		}
		return s
	}
	// RFC 3597, 5: "\# length hex" for data of any type.
	return s + fmt.Sprintf(" \\# %d %x", len(r.Data), r.Data)
}

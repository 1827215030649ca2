package dns

import "strconv"

// The types that this package reads and writes. IANA, "Resource Record (RR) TYPEs"
const (
	TypeA     = 1
	TypeNS    = 2
	TypeCNAME = 5
	TypeSOA   = 6
	TypePTR   = 12
	TypeHINFO = 13
	TypeMX    = 15
	TypeTXT   = 16
	TypeAAAA  = 28
	TypeSRV   = 33
	TypeDNAME = 39
	TypeOPT   = 41
	TypeNSEC  = 47
	TypeSPF   = 99
	TypeANY   = 255
	TypeCAA   = 257
)

// Classes. RFC 1035, 3.2.4; NONE is RFC 2136, 1.3
const (
	ClassIN   = 1
	ClassCH   = 3
	ClassNONE = 254
	ClassANY  = 255
)

// An Opcode is the kind of query. RFC 1035, 4.1.1
type Opcode uint8

// OpcodeQuery is a standard query, the only kind that this package asks and answers.
const OpcodeQuery Opcode = 0

// An RCode is a response code, with the upper bits of EDNS twelve bits wide.
type RCode uint16

// Response codes. RFC 1035, 4.1.1; RFC 6891, 9
const (
	NoError  RCode = 0
	FormErr  RCode = 1  // the server can't read the query
	ServFail RCode = 2  // the server has a problem of its own
	NXDomain RCode = 3  // the name does not exist
	NotImp   RCode = 4  // the server does not do this kind of query
	Refused  RCode = 5  // the server does not want to
	BadVers  RCode = 16 // the server does not speak this version of EDNS
)

// String returns the code as IANA writes it.
func (r RCode) String() string {
	if s := RCodes[uint64(r)]; s != "" {
		return s
	}
	return "RCODE" + strconv.Itoa(int(r))
}

// TypeName returns the type's name as IANA writes it. RFC 3597, 5: a type without a name is
// "TYPE" and its number.
func TypeName(t uint16) string {
	if s := Types[uint64(t)]; s != "" {
		return s
	}
	return "TYPE" + strconv.Itoa(int(t))
}

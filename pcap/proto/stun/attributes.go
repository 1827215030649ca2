package stun

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"httptap/stack/field"
)

// A kind is how an attribute's value is taken apart.
type kind uint8

const (
	opaque      kind = iota // bytes
	text                    // characters
	number                  // 32 bits
	address                 // reserved, family, port, address
	xored                   // the same, with the cookie and the transaction in it
	flag                    // nothing: that it is there
	errorCode               // reserved, class, number, reason
	list                    // types of attributes
	transportOf             // a protocol, reserved
	familyOf                // a family, reserved
	channelOf               // a channel, reserved
	evenPort                // a bit
	change                  // two flags
	print                   // a CRC
)

// An attributeType is what is known of one.
type attributeType struct {
	name string
	kind kind
	spec field.Spec // of the value, where it has one of its own
}

// of are the attributes. RFC 8489, 18.3; RFC 8656, 17; RFC 8445, 16.1; RFC 5780, 7; RFC 6062, 6.2; RFC 7635; RFC 7982
var of = map[uint16]*attributeType{
	0x0001: {name: "MAPPED-ADDRESS", kind: address},
	0x0002: {name: "RESPONSE-ADDRESS", kind: address},
	0x0003: {name: "CHANGE-REQUEST", kind: change},
	0x0004: {name: "SOURCE-ADDRESS", kind: address},
	0x0005: {name: "CHANGED-ADDRESS", kind: address},
	0x0006: {name: "USERNAME", kind: text, spec: field.Spec{Name: "stun.att.username", Label: "Username", Class: field.Name, Ref: "RFC 8489, 14.3"}},
	0x0007: {name: "PASSWORD", kind: text, spec: field.Spec{Name: "stun.att.password", Label: "Password", Ref: "RFC 3489, 11.2.7"}},
	0x0008: {name: "MESSAGE-INTEGRITY", kind: opaque, spec: field.Spec{Name: "stun.att.hmac", Label: "HMAC-SHA1", Ref: "RFC 8489, 14.5"}},
	0x0009: {name: "ERROR-CODE", kind: errorCode},
	0x000a: {name: "UNKNOWN-ATTRIBUTES", kind: list},
	0x000b: {name: "REFLECTED-FROM", kind: address},
	0x000c: {name: "CHANNEL-NUMBER", kind: channelOf},
	0x000d: {name: "LIFETIME", kind: number, spec: field.Spec{Name: "stun.att.lifetime", Label: "Lifetime", Unit: "s", Ref: "RFC 8656, 18.2"}},
	0x0010: {name: "BANDWIDTH", kind: number, spec: field.Spec{Name: "stun.att.bandwidth", Label: "Bandwidth", Ref: "RFC 5766, 14"}},
	0x0012: {name: "XOR-PEER-ADDRESS", kind: xored},
	0x0013: {name: "DATA", kind: opaque},
	0x0014: {name: "REALM", kind: text, spec: field.Spec{Name: "stun.att.realm", Label: "Realm", Class: field.Name, Ref: "RFC 8489, 14.9"}},
	0x0015: {name: "NONCE", kind: text, spec: field.Spec{Name: "stun.att.nonce", Label: "Nonce", Ref: "RFC 8489, 14.10"}},
	0x0016: {name: "XOR-RELAYED-ADDRESS", kind: xored},
	0x0017: {name: "REQUESTED-ADDRESS-FAMILY", kind: familyOf},
	0x0018: {name: "EVEN-PORT", kind: evenPort},
	0x0019: {name: "REQUESTED-TRANSPORT", kind: transportOf},
	0x001a: {name: "DONT-FRAGMENT", kind: flag},
	0x001c: {name: "MESSAGE-INTEGRITY-SHA256", kind: opaque},
	0x001e: {name: "USERHASH", kind: opaque},
	0x0020: {name: "XOR-MAPPED-ADDRESS", kind: xored},
	0x0022: {name: "RESERVATION-TOKEN", kind: opaque, spec: field.Spec{Name: "stun.att.token", Label: "Token", Ref: "RFC 8656, 18.10"}},
	0x0024: {name: "PRIORITY", kind: number, spec: field.Spec{Name: "stun.att.priority", Label: "Priority", Ref: "RFC 8445, 16.1"}},
	0x0025: {name: "USE-CANDIDATE", kind: flag},
	0x002a: {name: "CONNECTION-ID", kind: opaque},
	0x8022: {name: "SOFTWARE", kind: text, spec: field.Spec{Name: "stun.att.software", Label: "Software", Class: field.Name, Ref: "RFC 8489, 14.14"}},
	0x8023: {name: "ALTERNATE-SERVER", kind: address},
	0x8028: {name: "FINGERPRINT", kind: print},
	0x8029: {name: "ICE-CONTROLLED", kind: opaque, spec: field.Spec{Name: "stun.att.tie-breaker", Label: "Tie breaker", Ref: "RFC 8445, 16.1"}},
	0x802a: {name: "ICE-CONTROLLING", kind: opaque, spec: field.Spec{Name: "stun.att.tie-breaker", Label: "Tie breaker", Ref: "RFC 8445, 16.1"}},
	0x802b: {name: "RESPONSE-ORIGIN", kind: address},
	0x802c: {name: "OTHER-ADDRESS", kind: address},
}

// names are those of the types.
var names = func() field.Values {
	v := field.Values{}
	for t, a := range of {
		v[uint64(t)] = a.name
	}
	return v
}()

func init() {
	for _, a := range of {
		switch a.kind {
		case text:
			a.spec.Kind = field.Text
		case number:
			a.spec.Kind, a.spec.Bits = field.Uint, 32
		case opaque:
			a.spec.Kind = field.Bytes
		}
	}
}

var families = field.Values{1: "IPv4", 2: "IPv6"}

var (
	attributes = field.Spec{Name: "stun.attributes", Label: "Attributes", Kind: field.Group, Ref: "RFC 8489, 14"}
	attr       = field.Spec{Name: "stun.attribute", Label: "Attribute", Bits: 16, Kind: field.Hex, Values: names, Ref: "RFC 8489, 14"}
	attrType   = field.Spec{Name: "stun.att.type", Label: "Attribute Type", Bits: 16, Kind: field.Hex, Values: names, Ref: "RFC 8489, 14", Sub: []field.Spec{
		{Name: "stun.att.type.comprehension", Label: "Attribute Type Comprehension", Bits: 1, Kind: field.Uint, Values: field.Values{0: "Required", 1: "Optional"}, Ref: "RFC 8489, 14"},
		{Name: "stun.att.type.assignment", Label: "Attribute Type Assignment", Bits: 1, Kind: field.Uint, Values: field.Values{0: "IETF Review", 1: "Designated Expert"}, Ref: "RFC 8489, 18.3"},
		{Name: "stun.att.type.number", Label: "Number", Bits: 14, Kind: field.Hex, Ref: "RFC 8489, 14"},
	}}
	attrLen   = field.Spec{Name: "stun.att.length", Label: "Attribute Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8489, 14"}
	attrPad   = field.Spec{Name: "stun.att.padding", Label: "Padding", Kind: field.Custom, Ref: "RFC 8489, 14", Format: func(dst, _ []byte, _, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }}
	value     = field.Spec{Name: "stun.value", Label: "Value", Kind: field.Bytes, Ref: "RFC 8489, 14"}
	reserved8 = field.Spec{Name: "stun.att.reserved", Label: "Reserved", Kind: field.Bytes, Ref: "RFC 8489, 14.1"}
	family    = field.Spec{Name: "stun.att.family", Label: "Protocol Family", Bits: 8, Kind: field.Hex, Values: families, Ref: "RFC 8489, 14.1"}
	port      = field.Spec{Name: "stun.att.port", Label: "Port", Bits: 16, Kind: field.Uint, Class: field.Port, Ref: "RFC 8489, 14.1"}
	ipv4      = field.Spec{Name: "stun.att.ipv4", Label: "IP", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 8489, 14.1"}
	ipv6      = field.Spec{Name: "stun.att.ipv6", Label: "IP", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 8489, 14.1"}
	xorPort   = field.Spec{Name: "stun.att.port-xord", Label: "Port (XOR-d)", Kind: field.Bytes, Ref: "RFC 8489, 14.2"}
	xorIPv4   = field.Spec{Name: "stun.att.ipv4-xord", Label: "IP (XOR-d)", Kind: field.Bytes, Ref: "RFC 8489, 14.2"}
	xorIPv6   = field.Spec{Name: "stun.att.ipv6-xord", Label: "IP (XOR-d)", Kind: field.Bytes, Ref: "RFC 8489, 14.2"}
	realPort  = field.Spec{Name: "stun.att.port", Label: "Port", Kind: field.Custom, Class: field.Port, Ref: "RFC 8489, 14.2", Format: unxorPort}
	realIPv4  = field.Spec{Name: "stun.att.ipv4", Label: "IP", Kind: field.Custom, Class: field.Address, Ref: "RFC 8489, 14.2", Format: unxorAddr}
	realIPv6  = field.Spec{Name: "stun.att.ipv6", Label: "IP", Kind: field.Custom, Class: field.Address, Ref: "RFC 8489, 14.2", Format: unxorAddr}
	errZero   = field.Spec{Name: "stun.att.error.reserved", Label: "Reserved", Bits: 5, Kind: field.Reserved, Ref: "RFC 8489, 14.8"}
	errClass  = field.Spec{Name: "stun.att.error.class", Label: "Error Class", Bits: 3, Kind: field.Uint, Class: field.Operation, Ref: "RFC 8489, 14.8"}
	errNumber = field.Spec{Name: "stun.att.error", Label: "Error Code", Bits: 8, Kind: field.Uint, Class: field.Operation, Ref: "RFC 8489, 14.8"}
	errReason = field.Spec{Name: "stun.att.error.reason", Label: "Error Reason Phrase", Kind: field.Text, Class: field.Name, Ref: "RFC 8489, 14.8"}
	unknown   = field.Spec{Name: "stun.att.unknown", Label: "Unknown Attribute", Bits: 16, Kind: field.Hex, Values: names, Ref: "RFC 8489, 14.13"}
	transport = field.Spec{Name: "stun.att.transp", Label: "Transport", Bits: 8, Kind: field.Hex, Values: field.Values{6: "TCP", 17: "UDP"}, Ref: "RFC 8656, 18.8"}
	channelNo = field.Spec{Name: "stun.att.channelnum", Label: "Channel-Number", Bits: 16, Kind: field.Hex, Ref: "RFC 8656, 18.1"}
	nextPort  = field.Spec{Name: "stun.att.even-port.reserve-next", Label: "Reserve next", Bits: 1, Kind: field.Uint, Values: field.Values{0: "No reservation", 1: "Reserve next port number"}, Ref: "RFC 8656, 18.7"}
	evenRest  = field.Spec{Name: "stun.att.even-port.reserved", Label: "Reserved", Bits: 7, Kind: field.Reserved, Ref: "RFC 8656, 18.7"}
	changes   = field.Spec{Name: "stun.att.change", Label: "Change request", Bits: 32, Kind: field.Hex, Class: field.Flags, Ref: "RFC 5780, 7.2", Sub: []field.Spec{
		{Name: "stun.att.change.reserved", Label: "Reserved", Bits: 29, Kind: field.Reserved, Ref: "RFC 5780, 7.2"},
		{Name: "stun.att.change-ip", Label: "Change IP", Bits: 1, Kind: field.Flag, Ref: "RFC 5780, 7.2"},
		{Name: "stun.att.change-port", Label: "Change Port", Bits: 1, Kind: field.Flag, Ref: "RFC 5780, 7.2"},
		{Name: "stun.att.change.last", Label: "Reserved", Bits: 1, Kind: field.Reserved, Ref: "RFC 5780, 7.2"},
	}}
	crc = field.Spec{Name: "stun.att.crc32", Label: "CRC-32", Bits: 32, Kind: field.Hex, Class: field.Sum, Ref: "RFC 8489, 14.7"}

	wrongLen = &field.Fault{Name: "stun.att.length.invalid", Label: "this length is not one that the attribute can have", Severity: field.Error}
	pastEnd  = &field.Fault{Name: "stun.att.length.overrun", Label: "this length reaches past the end of the attributes", Severity: field.Error}
	notKnown = &field.Fault{Name: "stun.att.type.unknown", Label: "an attribute that has to be understood, and that no standard has", Severity: field.Warn}
	noFamily = &field.Fault{Name: "stun.att.family.unknown", Label: "neither IPv4 nor IPv6", Severity: field.Error}
)

// attributeSpecs returns all fields of attributes.
func attributeSpecs() []*field.Spec {
	all := []*field.Spec{&attributes, &attr, &attrType, &attrLen, &attrPad, &value, &reserved8, &family, &port, &ipv4, &ipv6, &xorPort, &xorIPv4, &xorIPv6, &realPort, &realIPv4, &realIPv6,
		&errZero, &errClass, &errNumber, &errReason, &unknown, &transport, &channelNo, &nextPort, &evenRest, &changes, &crc}
	for t := range 1 << 16 {
		if a := of[uint16(t)]; a != nil && a.spec.Name != "" {
			all = append(all, &a.spec)
		}
	}
	return all
}

// unxorPort: RFC 8489, 14.2: "XOR'ing it with the most significant 16 bits of the magic cookie".
func unxorPort(dst, msg []byte, off, n int) []byte {
	if n < 2 {
		return field.AppendHex(dst, msg[off:off+n])
	}
	return strconv.AppendUint(dst, uint64(binary.BigEndian.Uint16(msg[off:])^cookie>>16), 10)
}

// unxorAddr: the same, "XOR'ing it with the concatenation of the magic cookie and the 96-bit transaction ID".
func unxorAddr(dst, msg []byte, off, n int) []byte {
	var a [16]byte
	copy(a[:], msg[off:off+n])
	for i := range min(n, 16) {
		a[i] ^= msg[4+i]
	}
	switch n {
	case 4:
		return netip.AddrFrom4([4]byte(a[:4])).AppendTo(dst)
	case 16:
		return netip.AddrFrom16(a).AppendTo(dst)
	}
	return field.AppendHex(dst, msg[off:off+n])
}

// attribute adds the attribute at Pos, which has to end at byte end, with its padding.
func attribute(c *field.Context, end int) {
	start := c.Pos()
	if end-start < 4 {
		c.Fault(c.AddBytes(&value, end-start), pastEnd, 0)
		return
	}
	one := c.Open(&attr)
	defer func() { c.Close(one) }()
	t := c.Add(&attrType, 16)
	l := c.Add(&attrLen, 16)
	if c.Cut() {
		return
	}
	h := c.Frame[start:]
	n := int(binary.BigEndian.Uint16(h[2:]))
	if n > end-c.Pos() {
		c.Fault(l, pastEnd, 0)
		n = end - c.Pos()
	}
	a := of[binary.BigEndian.Uint16(h)]
	stop := c.Pos() + n
	switch {
	case a == nil:
		if h[0]&0x80 == 0 {
			c.Fault(t, notKnown, 0)
		}
	case !a.add(c, n, start):
		c.Fault(l, wrongLen, 0)
	}
	if rest := stop - c.Pos(); rest > 0 && !c.Cut() {
		c.AddBytes(&value, rest)
	}
	// RFC 8489, 14: attributes are aligned on 32-bit boundaries, and padded so.
	if pad := min(-n&3, end-c.Pos()); pad > 0 && !c.Cut() {
		c.AddBytes(&attrPad, pad)
	}
}

// add adds what a value of n bytes has, and tells whether n is a length that it can have. start is where
// the attribute begins.
func (a *attributeType) add(c *field.Context, n, start int) bool {
	switch a.kind {
	case flag:
		return n == 0
	case text, opaque:
		if n > 0 && a.spec.Name != "" {
			c.AddBytes(&a.spec, n)
		}
		return true
	case number:
		if n != 4 {
			return false
		}
		c.Add(&a.spec, 32)
	case print:
		if n != 4 {
			return false
		}
		i := c.Add(&crc, 32)
		if want := fingerprint(c.Frame[c.Start:start]); !c.Cut() && binary.BigEndian.Uint32(c.Frame[start+4:]) != want {
			c.Fault(i, badPrint, want)
		}
	case address, xored:
		return a.addAddress(c, n)
	case errorCode:
		if n < 4 {
			return false
		}
		c.AddBytes(&reserved8, 2)
		c.Add(&errZero, 5)
		c.Add(&errClass, 3)
		c.Add(&errNumber, 8)
		if n > 4 && !c.Cut() {
			c.AddBytes(&errReason, n-4)
		}
	case list:
		for ; n >= 2 && !c.Cut(); n -= 2 {
			c.Add(&unknown, 16)
		}
		return n == 0
	case transportOf, familyOf, channelOf, change:
		if n != 4 {
			return false
		}
		switch a.kind {
		case transportOf:
			c.Add(&transport, 8)
			c.AddBytes(&reserved8, 3)
		case familyOf:
			c.Add(&family, 8)
			c.AddBytes(&reserved8, 3)
		case channelOf:
			c.Add(&channelNo, 16)
			c.AddBytes(&reserved8, 2)
		default:
			c.Add(&changes, 32)
		}
	case evenPort:
		if n != 1 {
			return false
		}
		c.Add(&nextPort, 1)
		c.Add(&evenRest, 7)
	}
	return true
}

func (a *attributeType) addAddress(c *field.Context, n int) bool {
	if n < 4 {
		return false
	}
	c.AddBytes(&reserved8, 1)
	f := c.Add(&family, 8)
	if c.Cut() {
		return true
	}
	bits, known := map[byte]int{1: 32, 2: 128}[c.Frame[c.Pos()-1]]
	if !known {
		c.Fault(f, noFamily, 0)
		return true
	}
	if n != 4+bits/8 {
		return false
	}
	plain, hidden, shown := &ipv4, &xorIPv4, &realIPv4
	if bits == 128 {
		plain, hidden, shown = &ipv6, &xorIPv6, &realIPv6
	}
	if a.kind == address {
		c.Add(&port, 16)
		c.Add(plain, bits)
		return true
	}
	over(c, &xorPort, &realPort, 16)
	over(c, hidden, shown, bits)
	return true
}

// over adds bits that mean something else than they say, and below them what they mean.
func over(c *field.Context, says, means *field.Spec, bits int) {
	if c.Cut() {
		return
	}
	i := c.Open(says)
	c.Add(means, bits)
	c.Close(i)
}

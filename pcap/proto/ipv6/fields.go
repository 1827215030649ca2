package ipv6

import (
	"encoding/binary"

	"httptap/stack/field"
)

// HeaderLen is the length of the header in bytes.
const HeaderLen = 40

// The extension headers and what else this package tells apart. IANA, "Protocol Numbers"
const (
	ProtoHopByHop    = 0
	ProtoIPv6        = 41
	ProtoRouting     = 43
	ProtoFragment    = 44
	ProtoAH          = 51
	ProtoNone        = 59
	ProtoDestination = 60
)

// NextHeaders names the protocol numbers. IANA, "Protocol Numbers"
var NextHeaders = field.Values{
	ProtoHopByHop: "IPv6 Hop-by-Hop Option", 1: "ICMP", 2: "IGMP", 4: "IPIP", 6: "TCP", 17: "UDP", 33: "DCCP", ProtoIPv6: "IPv6",
	ProtoRouting: "Routing Header for IPv6", ProtoFragment: "Fragment Header for IPv6", 46: "RSVP", 47: "GRE", 50: "ESP",
	ProtoAH: "Authentication Header", 58: "ICMPv6", ProtoNone: "No Next Header for IPv6", ProtoDestination: "Destination Options for IPv6",
	88: "EIGRP", 89: "OSPF IGP", 97: "EtherIP", 103: "PIM", 108: "IPComp", 112: "VRRP", 115: "L2TP", 132: "SCTP", 135: "Mobility Header",
	136: "UDPLite", 137: "MPLS-in-IP", 139: "HIP", 140: "Shim6", 143: "Ethernet",
}

// dscp names the differentiated services codepoints. RFC 2474, 2597, 3246, 5865, 8622
var dscp = field.Values{
	0: "CS0", 1: "LE", 8: "CS1", 10: "AF11", 12: "AF12", 14: "AF13", 16: "CS2", 18: "AF21", 20: "AF22", 22: "AF23", 24: "CS3", 26: "AF31",
	28: "AF32", 30: "AF33", 32: "CS4", 34: "AF41", 36: "AF42", 38: "AF43", 40: "CS5", 44: "VOICE-ADMIT", 46: "EF", 48: "CS6", 56: "CS7",
}

// Layout is the field table of the header.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "ipv6", Label: "Internet Protocol Version 6", Kind: field.Layer, Ref: "RFC 8200, 3"},
	Title: "IPv6",
	Head:  head[:],
	Check: check,
	Next:  next,
}

var head = [...]field.Spec{
	{Name: "ipv6.version", Label: "Version", Bits: 4, Kind: field.Uint, Ref: "RFC 8200, 3"},
	{Name: "ipv6.tclass", Label: "Traffic Class", Bits: 8, Kind: field.Hex, Ref: "RFC 8200, 7", Sub: []field.Spec{
		{Name: "ipv6.tclass.dscp", Label: "Differentiated Services Codepoint", Bits: 6, Kind: field.Uint, Values: dscp, Ref: "RFC 2474, 3"},
		{Name: "ipv6.tclass.ecn", Label: "Explicit Congestion Notification", Bits: 2, Kind: field.Uint, Values: field.Values{0: "Not-ECT", 1: "ECT(1)", 2: "ECT(0)", 3: "CE"}, Ref: "RFC 3168, 5"},
	}},
	{Name: "ipv6.flow", Label: "Flow Label", Bits: 20, Kind: field.Hex, Ref: "RFC 6437"},
	{Name: "ipv6.plen", Label: "Payload Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8200, 3"},
	{Name: "ipv6.nxt", Label: "Next Header", Bits: 8, Kind: field.Uint, Values: NextHeaders, Ref: "IANA, Protocol Numbers"},
	{Name: "ipv6.hlim", Label: "Hop Limit", Bits: 8, Kind: field.Uint, Ref: "RFC 8200, 3"},
	{Name: "ipv6.src", Label: "Source Address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 8200, 3"},
	{Name: "ipv6.dst", Label: "Destination Address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 8200, 3"},
}

// Places in head that the checks mark.
const (
	atVersion = 0
	atLen     = 3
)

var (
	badVersion = &field.Fault{Name: "ipv6.bogus_ipv6_version", Label: "the version is not 6", Severity: field.Error}
	zeroLength = &field.Fault{Name: "ipv6.plen_zero", Label: "a payload length of 0: left to the sender's hardware (TSO)", Severity: field.Note}
	pastEnd    = &field.Fault{Name: "ipv6.plen_exceeds_framing", Label: "this length reaches past the end of the data", Severity: field.Error}
)

// check holds the length against the frame and leaves the facts that a transport checksum needs.
func check(c *field.Context) {
	h := c.Frame[c.Start : c.Start+HeaderLen]
	n, whole := int(binary.BigEndian.Uint16(h[4:6])), true
	if h[0]>>4 != 6 {
		c.Fault(c.Find(&head[atVersion]), badVersion, 0)
	}
	switch end := c.Start + HeaderLen + n; {
	case n == 0 && h[6] == ProtoHopByHop:
		// RFC 2675, 2: a jumbogram's length is in an option, which sets the limit.
	case n == 0 && h[6] != ProtoNone:
		c.Fault(c.Find(&head[atLen]), zeroLength, 0)
	case end <= c.Limit:
		c.Limit = end
	default:
		whole = false
		if c.Missing() == 0 && !c.Quoted {
			c.Fault(c.Find(&head[atLen]), pastEnd, 0)
		}
	}
	c.Pseudo = field.Pseudo{V6: true, Protocol: h[6], Valid: whole}
	copy(c.Pseudo.Src[:], h[8:24])
	copy(c.Pseudo.Dst[:], h[24:40])
}

func next(c *field.Context) field.Next {
	h := c.Frame[c.Start:]
	if h[0]>>4 != 6 {
		return field.Next{}
	}
	return field.Next{Table: field.IPProto, Key: uint32(h[6])}
}

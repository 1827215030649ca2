package ipv4

import (
	"encoding/binary"

	"httptap/stack/field"
	"httptap/stack/sum"
)

// Protocols names the protocol numbers. IANA, "Protocol Numbers"
var Protocols = field.Values{
	0: "HOPOPT", 1: "ICMP", 2: "IGMP", 4: "IPIP", 6: "TCP", 8: "EGP", 9: "IGP", 17: "UDP", 27: "RDP",
	33: "DCCP", 41: "IPv6", 43: "IPv6-Route", 44: "IPv6-Frag", 46: "RSVP", 47: "GRE", 50: "ESP",
	51: "AH", 58: "ICMPv6", 59: "IPv6-NoNxt", 60: "IPv6-Opts", 88: "EIGRP", 89: "OSPF", 94: "IPIP",
	97: "EtherIP", 103: "PIM", 108: "IPComp", 112: "VRRP", 115: "L2TP", 132: "SCTP", 136: "UDPLite", 137: "MPLS-in-IP",
}

// DSCP names the differentiated services codepoints. RFC 2474, 2597, 3246, 5865, 8622
var DSCP = field.Values{
	0: "CS0", 1: "LE", 8: "CS1", 10: "AF11", 12: "AF12", 14: "AF13", 16: "CS2", 18: "AF21", 20: "AF22",
	22: "AF23", 24: "CS3", 26: "AF31", 28: "AF32", 30: "AF33", 32: "CS4", 34: "AF41", 36: "AF42",
	38: "AF43", 40: "CS5", 44: "VOICE-ADMIT", 46: "EF", 48: "CS6", 56: "CS7",
}

// ECN names the congestion notification bits. RFC 3168, 5
var ECN = field.Values{0: "Not-ECT", 1: "ECT(1)", 2: "ECT(0)", 3: "CE"}

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "ip", Label: "Internet Protocol Version 4", Kind: field.Layer, Ref: "RFC 791, 3.1"},
	Title: "IPv4",
	Head:  head[:],
	Tail:  tail,
	More:  more,
	Check: check,
	Next:  next,
}

var head = [...]field.Spec{
	{Name: "ip.version", Label: "Version", Bits: 4, Kind: field.Uint, Ref: "RFC 791, 3.1"},
	{Name: "ip.hdr_len", Label: "Header Length", Bits: 4, Kind: field.Uint, Class: field.Length, Scale: 4, Unit: "bytes", Ref: "RFC 791, 3.1"},
	{Name: "ip.dsfield", Label: "Differentiated Services Field", Bits: 8, Kind: field.Hex, Ref: "RFC 2474", Sub: []field.Spec{
		{Name: "ip.dsfield.dscp", Label: "Differentiated Services Codepoint", Bits: 6, Kind: field.Uint, Values: DSCP, Ref: "RFC 2474, 3"},
		{Name: "ip.dsfield.ecn", Label: "Explicit Congestion Notification", Bits: 2, Kind: field.Uint, Values: ECN, Ref: "RFC 3168, 5"},
	}},
	{Name: "ip.len", Label: "Total Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 791, 3.1"},
	{Name: "ip.id", Label: "Identification", Bits: 16, Kind: field.Hex, Class: field.Sequence, Ref: "RFC 6864"},
	{Name: "ip.flags", Label: "Flags", Bits: 3, Kind: field.Hex, Class: field.Flags, Ref: "RFC 791, 3.1", Sub: []field.Spec{
		{Name: "ip.flags.rb", Label: "Reserved bit", Short: "RB", Bits: 1, Kind: field.Flag, Ref: "RFC 791, 3.1"},
		{Name: "ip.flags.df", Label: "Don't fragment", Short: "DF", Bits: 1, Kind: field.Flag, Ref: "RFC 791, 3.1"},
		{Name: "ip.flags.mf", Label: "More fragments", Short: "MF", Bits: 1, Kind: field.Flag, Ref: "RFC 791, 3.1"},
	}},
	{Name: "ip.frag_offset", Label: "Fragment Offset", Bits: 13, Kind: field.Uint, Unit: "units of 8 bytes", Ref: "RFC 791, 3.1"},
	{Name: "ip.ttl", Label: "Time to Live", Bits: 8, Kind: field.Uint, Ref: "RFC 791, 3.1"},
	{Name: "ip.proto", Label: "Protocol", Bits: 8, Kind: field.Uint, Values: Protocols, Ref: "IANA, Protocol Numbers"},
	{Name: "ip.checksum", Label: "Header Checksum", Bits: 16, Kind: field.Hex, Class: field.Sum, Ref: "RFC 791, 3.1"},
	{Name: "ip.src", Label: "Source Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 791, 3.1"},
	{Name: "ip.dst", Label: "Destination Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 791, 3.1"},
}

// Places in head that the checks mark.
const (
	atVersion = 0
	atHdrLen  = 1
	atLen     = 3
	atSum     = 9
)

var (
	badVersion = &field.Fault{Name: "ip.bogus_ip_version", Label: "the version is not 4", Severity: field.Error}
	zeroLength = &field.Fault{Name: "ip.len.zero", Label: "a total length of 0: left to the sender's hardware (TSO)", Severity: field.Note}
)

// tail adds the options that the header length leaves room for.
func tail(c *field.Context) {
	hlen := int(c.Frame[c.Start]&15) * 4
	if c.Frame[c.Start]>>4 != 4 {
		c.Fault(c.Find(&head[atVersion]), badVersion, 0)
	}
	if hlen < HeaderLen {
		c.Fault(c.Find(&head[atHdrLen]), field.TooShort, 0)
		return
	}
	if hlen > HeaderLen {
		options(c, c.Start+hlen)
	}
}

// check holds the lengths against the frame and the checksum against the header, and leaves
// the facts that a transport checksum needs.
func check(c *field.Context) {
	h := c.Frame[c.Start:c.Pos()]
	n := int(binary.BigEndian.Uint16(h[2:4]))
	whole := true
	switch end := c.Start + n; {
	case n == 0:
		c.Fault(c.Find(&head[atLen]), zeroLength, 0)
	case n < len(h):
		c.Fault(c.Find(&head[atLen]), field.TooShort, 0)
	case end <= c.Limit:
		c.Limit = end
	default:
		// The cause is named once: the layers above must not blame their own fields.
		whole = false
		if c.Missing() == 0 && !c.Quoted {
			c.Fault(c.Find(&head[atLen]), field.Overrun, 0)
		}
	}
	// A header length that can't be leaves open which bytes the checksum is of.
	if hlen := int(h[0]&15) * 4; !c.Quoted && hlen == len(h) && sum.Partial(0).Add(h).Checksum() != 0 {
		c.Fault(c.Find(&head[atSum]), field.BadSum, uint32(sum.Partial(0).Add(h[:10]).Add(h[12:]).Checksum()))
	}
	frag := binary.BigEndian.Uint16(h[6:8])
	c.Pseudo = field.Pseudo{Protocol: h[9], Valid: whole && frag&0x3fff == 0}
	copy(c.Pseudo.Src[:], h[12:16])
	copy(c.Pseudo.Dst[:], h[16:20])
	// The transport's checksum is of the address where the packet will end, which a source route
	// has at its end until the packet gets there.
	if len(h) > HeaderLen {
		if i := c.Find(&finalDst); i >= 0 {
			copy(c.Pseudo.Dst[:], c.Frame[c.Spans[i].Bit/8:c.Spans[i].End()/8])
		}
	}
}

// next names the protocol, but for a later fragment, which does not begin with a header, and for
// a header that lies about where the payload begins.
func next(c *field.Context) field.Next {
	h := c.Frame[c.Start:]
	hlen, n := int(h[0]&15)*4, int(binary.BigEndian.Uint16(h[2:4]))
	if h[0]>>4 != 4 || hlen < HeaderLen || n != 0 && n < hlen || binary.BigEndian.Uint16(h[6:8])&0x1fff != 0 {
		return field.Next{}
	}
	return field.Next{Table: field.IPProto, Key: uint32(h[9])}
}

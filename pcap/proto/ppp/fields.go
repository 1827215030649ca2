package ppp

import "httptap/stack/field"

// EtherType is PPP's as GRE has it: the key in the table of EtherTypes. RFC 2637, 4.1
const EtherType = 0x880b

// The protocols. IANA, "PPP DLL Protocol Numbers"
const (
	ProtoIPv4   = 0x0021
	ProtoIPv6   = 0x0057
	ProtoMPLS   = 0x0281
	ProtoIPCP   = 0x8021
	ProtoIPv6CP = 0x8057
	ProtoCCP    = 0x80fd
	ProtoLCP    = 0xc021
	ProtoPAP    = 0xc023
	ProtoCHAP   = 0xc223
)

var protocols = field.Values{
	1: "Padding Protocol", ProtoIPv4: "Internet Protocol version 4", 0x2b: "Novell IPX", 0x2d: "Van Jacobson Compressed TCP/IP", 0x2f: "Van Jacobson Uncompressed TCP/IP", 0x31: "Bridging PDU", 0x3d: "Multi-Link",
	0x53: "Encryption", ProtoIPv6: "Internet Protocol version 6", 0xfd: "Compressed datagram", ProtoMPLS: "MPLS Unicast", 0x283: "MPLS Multicast", ProtoIPCP: "Internet Protocol Control Protocol",
	0x8053: "Encryption Control Protocol", ProtoIPv6CP: "IPv6 Control Protocol", ProtoCCP: "Compression Control Protocol", 0x8281: "MPLS Control Protocol", ProtoLCP: "Link Control Protocol",
	ProtoPAP: "Password Authentication Protocol", 0xc025: "Link Quality Report", 0xc029: "Callback Control Protocol (CBCP)", ProtoCHAP: "Challenge Handshake Authentication Protocol", 0xc227: "Extensible Authentication Protocol",
}

// Layout is the field table. Nothing of it is always there.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "ppp", Label: "Point-to-Point Protocol", Kind: field.Layer, Ref: "RFC 1661, 2"},
	Title: "PPP",
	Tail:  tail,
	More:  func() []*field.Spec { return []*field.Spec{&address, &control, &protocol, &shortProtocol} },
	Next:  next,
}

var (
	address       = field.Spec{Name: "ppp.address", Label: "Address", Bits: 8, Kind: field.Hex, Values: field.Values{0xff: "All stations"}, Ref: "RFC 1662, 3.1"}
	control       = field.Spec{Name: "ppp.control", Label: "Control", Bits: 8, Kind: field.Hex, Values: field.Values{3: "Unnumbered Information"}, Ref: "RFC 1662, 3.1"}
	protocol      = field.Spec{Name: "ppp.protocol", Label: "Protocol", Bits: 16, Kind: field.Hex, Class: field.Operation, Values: protocols, Ref: "RFC 1661, 2"}
	shortProtocol = field.Spec{Name: "ppp.protocol", Label: "Protocol", Bits: 8, Kind: field.Hex, Class: field.Operation, Values: protocols, Ref: "RFC 1661, 6.5"}
)

// tail adds the header: RFC 1661, 6.6, address and control may be left out; 2, "all Protocols MUST be
// odd; the least significant bit of the least significant octet MUST equal 1", by which a protocol of one
// byte is known.
func tail(c *field.Context) {
	if r := c.Rest(); len(r) > 1 && r[0] == 0xff && r[1] == 3 {
		c.Add(&address, 8)
		c.Add(&control, 8)
	}
	if r := c.Rest(); len(r) > 0 && r[0]&1 != 0 {
		c.Add(&shortProtocol, 8)
		return
	}
	c.Add(&protocol, 16)
}

func next(c *field.Context) field.Next {
	last := c.Spans[len(c.Spans)-1]
	return field.Next{Table: field.PPP, Key: uint32(last.Uint(c.Frame))}
}

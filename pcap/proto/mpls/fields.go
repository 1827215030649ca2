package mpls

import "httptap/stack/field"

// The EtherTypes. RFC 5332
const (
	TypeUnicast   = 0x8847
	TypeMulticast = 0x8848
)

const (
	typeIPv4 = 0x0800
	typeIPv6 = 0x86dd
)

// Layout is the field table of one label.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "mpls", Label: "MultiProtocol Label Switching Header", Kind: field.Layer, Ref: "RFC 3032, 2.1"},
	Title: "MPLS",
	Head:  head[:],
	Next:  next,

	// The label has no length of its own: what its packet leaves is the frame's.
	Trailer: &field.Spec{Name: "eth.padding", Label: "Padding", Kind: field.Padding, Ref: "IEEE 802.3, 3.2.8"},
}

var head = [...]field.Spec{
	{Name: "mpls.label", Label: "MPLS Label", Bits: 20, Kind: field.Uint, Class: field.Operation, Values: field.Values{0: "IPv4 Explicit-Null", 1: "Router Alert", 2: "IPv6 Explicit-Null", 3: "Implicit-Null", 7: "Entropy Label Indicator (ELI)", 13: "Generic Associated Channel Label (GAL)", 14: "OAM Alert", 15: "Extension Label"}, Ref: "IANA, Special-Purpose MPLS Label Values"},
	{Name: "mpls.exp", Label: "MPLS Experimental Bits", Bits: 3, Kind: field.Uint, Ref: "RFC 5462"},
	{Name: "mpls.bottom", Label: "MPLS Bottom Of Label Stack", Bits: 1, Kind: field.Uint, Ref: "RFC 3032, 2.1"},
	{Name: "mpls.ttl", Label: "MPLS TTL", Bits: 8, Kind: field.Uint, Ref: "RFC 3032, 2.1"},
}

func next(c *field.Context) field.Next {
	n := field.Next{Table: field.EtherType, Key: TypeUnicast}
	r := c.Rest()
	if c.Frame[c.Start+2]&1 == 0 || len(r) == 0 {
		return n
	}
	switch r[0] >> 4 {
	case 4:
		n.Key = typeIPv4
	case 6:
		n.Key = typeIPv6
	default:
		return field.Next{}
	}
	return n
}

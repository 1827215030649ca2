package vxlan

import "httptap/stack/field"

// The ports of UDP. IANA, "Service Name and Transport Protocol Port Number Registry"
const (
	Port        = 4789
	PortGeneric = 4790
)

// Keys in the table of EtherTypes.
const (
	typeFrame = 0x6558
	typeIPv4  = 0x0800
	typeIPv6  = 0x86dd
	typeMPLS  = 0x8847
)

const (
	ref        = "RFC 7348, 5"
	refPolicy  = "draft-smith-vxlan-group-policy-05"
	refGeneric = "draft-ietf-nvo3-vxlan-gpe-12, 3"
)

// Layout is the field table of frames.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "vxlan", Label: "Virtual eXtensible Local Area Network", Kind: field.Layer, Ref: ref},
	Title: "VXLAN [RFC7348]",
	Head:  head[:],
	Check: check,
	Next:  func(*field.Context) field.Next { return field.Next{Table: field.EtherType, Key: typeFrame} },
}

var head = [...]field.Spec{
	{Name: "vxlan.flags", Label: "Flags", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: ref, Sub: []field.Spec{
		{Name: "vxlan.flag_g", Label: "GBP Extension", Bits: 1, Kind: field.Flag, Ref: refPolicy},
		reserved(3),
		{Name: "vxlan.flag_i", Label: "VXLAN Network ID (VNI)", Bits: 1, Kind: field.Flag, Ref: ref},
		reserved(4),
		{Name: "vxlan.flag_d", Label: "Don't Learn", Bits: 1, Kind: field.Flag, Ref: refPolicy},
		reserved(2),
		{Name: "vxlan.flag_a", Label: "Policy Applied", Bits: 1, Kind: field.Flag, Ref: refPolicy},
		reserved(3),
	}},
	{Name: "vxlan.gbp", Label: "Group Policy ID", Bits: 16, Kind: field.Uint, Ref: refPolicy},
	network,
	last,
}

func reserved(bits int) field.Spec {
	return field.Spec{Name: "vxlan.flags_reserved", Label: "Reserved(R)", Bits: bits, Kind: field.Reserved, Ref: ref}
}

var (
	network = field.Spec{Name: "vxlan.vni", Label: "VXLAN Network Identifier (VNI)", Bits: 24, Kind: field.Uint, Class: field.Operation, Ref: ref}
	last    = field.Spec{Name: "vxlan.reserved8", Label: "Reserved", Bits: 8, Kind: field.Uint, Ref: ref}
)

// GenericLayout is the field table of other protocols' packets.
var GenericLayout = field.Layout{
	Spec:  field.Spec{Name: "vxlan", Label: "Virtual eXtensible Local Area Network, generic", Kind: field.Layer, Ref: refGeneric},
	Title: "VXLAN-GPE",
	Head:  generic[:],
	Check: checkGeneric,
	Next:  nextGeneric,
}

var generic = [...]field.Spec{
	{Name: "vxlan.flags", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: refGeneric, Sub: []field.Spec{
		reserved(2),
		{Name: "vxlan.ver", Label: "Version", Bits: 2, Kind: field.Uint, Ref: refGeneric},
		{Name: "vxlan.i_bit", Label: "Instance", Bits: 1, Kind: field.Uint, Ref: refGeneric},
		{Name: "vxlan.p_bit", Label: "Next Protocol Bit", Bits: 1, Kind: field.Uint, Ref: refGeneric},
		reserved(1),
		{Name: "vxlan.o_bit", Label: "OAM bit", Bits: 1, Kind: field.Uint, Ref: refGeneric},
	}},
	{Name: "vxlan.reserved_16", Label: "Reserved", Bits: 16, Kind: field.Uint, Ref: refGeneric},
	{Name: "vxlan.next_proto", Label: "Next Protocol", Bits: 8, Kind: field.Uint, Values: field.Values{1: "IPv4", 2: "IPv6", 3: "Ethernet", 4: "NSH", 5: "MPLS", 6: "GBP", 7: "vBNG"}, Ref: refGeneric},
	network,
	last,
}

var (
	noNetwork  = &field.Fault{Name: "vxlan.flag_i.missing", Label: "the I flag says that this is no network identifier; it has to be set", Severity: field.Warn}
	badVersion = &field.Fault{Name: "vxlan.ver.unknown", Label: "not version 0: what follows is not known", Severity: field.Error}
)

const instance = 8 // the I flag in the first byte

// check: RFC 7348, 5: "the I flag MUST be set to 1 for a valid VXLAN Network ID (VNI)".
func check(c *field.Context) {
	if c.Frame[c.Start]&instance == 0 {
		c.Fault(c.Find(&head[2]), noNetwork, 0)
	}
}

func checkGeneric(c *field.Context) {
	switch b := c.Frame[c.Start]; {
	case b>>4&3 != 0:
		c.Fault(c.Find(&generic[0].Sub[1]), badVersion, 0)
	case b&instance == 0:
		c.Fault(c.Find(&generic[3]), noNetwork, 0)
	}
}

func nextGeneric(c *field.Context) field.Next {
	h := c.Frame[c.Start:]
	n := field.Next{Table: field.EtherType, Key: typeFrame}
	switch {
	case h[0]>>4&3 != 0:
		return field.Next{}
	case h[0]&4 == 0: // without P it is RFC 7348's
		return n
	}
	switch h[3] {
	case 1:
		n.Key = typeIPv4
	case 2:
		n.Key = typeIPv6
	case 3:
	case 5:
		n.Key = typeMPLS
	default:
		return field.Next{}
	}
	return n
}

package lldp

import "httptap/stack/field"

// A content is what a subtype has: fields, and what walk adds behind them, up to stop.
type content struct {
	parts []*field.Spec
	walk  func(c *field.Context, stop int)
}

// An owner is an organization that has defined TLVs.
type owner struct {
	subtype  *field.Spec
	contents map[byte]content
}

// owners has the known organizations by their code.
var owners = map[uint32]owner{
	0x0080c2: {&bridgeType, bridgeContents},
	0x00120f: {&etherType, etherContents},
	0x0012bb: {&mediaType, mediaContents},
	0x00005e: {&ianaType, map[byte]content{1: {walk: only(&mudURL)}}},
	0x001b3f: {&edgeType, map[byte]content{0: {parts: field.Pointers(edgeFields[:])}}},
}

var (
	code         = field.Spec{Name: "lldp.orgtlv.oui", Label: "Organization Unique Code", Bits: 24, Kind: field.Hex, Values: field.Values{0x0080c2: "IEEE 802.1", 0x00120f: "IEEE 802.3", 0x0012bb: "TR-41 Committee (LLDP-MED)", 0x00005e: "IANA", 0x001b3f: "IEEE 802.1Qbg", 0x000ecf: "PROFINET", 0x00040d: "Avaya", 0x00000c: "Cisco"}, Ref: "IEEE 802.1AB, 8.6.1"}
	otherType    = field.Spec{Name: "lldp.unknown_subtype", Label: "Unknown Subtype", Bits: 8, Kind: field.Uint, Ref: "IEEE 802.1AB, 8.6.1"}
	otherContent = field.Spec{Name: "lldp.unknown_subtype.content", Label: "Unknown Subtype Content", Kind: field.Bytes, Ref: "IEEE 802.1AB, 8.6.1"}
	ianaType     = field.Spec{Name: "lldp.iana.subtype", Label: "IANA Subtype", Bits: 8, Kind: field.Hex, Values: field.Values{1: "MUD"}, Ref: "IANA, IEEE 802 Numbers"}
	mudURL       = field.Spec{Name: "lldp.iana.mudurl", Label: "Manufacturer Usage Description URL", Kind: field.Text, Class: field.Name, Ref: "RFC 8520, 12"}

	edgeType   = field.Spec{Name: "lldp.ieee.802_1qbg.subtype", Label: "IEEE 802.1Qbg Subtype", Bits: 8, Kind: field.Hex, Values: field.Values{0: "EVB", 1: "CDCP"}}
	edgeFields = [...]field.Spec{
		{Name: "lldp.ieee.802_1qbg.evb_support_caps", Label: "Supported capabilities", Bits: 16, Kind: field.Hex, Class: field.Flags, Sub: edgeBits("lldp.ieee.802_1qbg.evb_support_caps.")},
		{Name: "lldp.ieee.802_1qbg.evb_configure_caps", Label: "Configured capabilities", Bits: 16, Kind: field.Hex, Class: field.Flags, Sub: edgeBits("lldp.ieee.802_1qbg.evb_configure_caps.")},
		{Name: "lldp.ieee.802_1qbg.evb_supported_vsi", Label: "Supported No of VSIs", Bits: 16, Kind: field.Uint},
		{Name: "lldp.ieee.802_1qbg.evb_configured_vsi", Label: "Configured No of VSIs", Bits: 16, Kind: field.Uint},
		{Name: "lldp.ieee.802_1qbg.evb_retrans_timer", Label: "Retransmission timer exponent", Bits: 8, Kind: field.Uint},
	}
)

func edgeBits(prefix string) []field.Spec {
	return []field.Spec{
		{Name: prefix + "std", Label: "Standard bridging (STD)", Bits: 1, Kind: field.Flag}, {Name: prefix + "rr", Label: "Reflective relay (RR)", Bits: 1, Kind: field.Flag},
		{Name: prefix + "reserved", Label: "Reserved", Bits: 11, Kind: field.Reserved}, {Name: prefix + "rte", Label: "Retransmission timer exponent (RTE)", Bits: 1, Kind: field.Flag},
		{Name: prefix + "ecp", Label: "Edge control protocol (ECP)", Bits: 1, Kind: field.Flag}, {Name: prefix + "vdp", Label: "VSI discovery protocol (VDP)", Bits: 1, Kind: field.Flag},
	}
}

func moreOrganizations() []*field.Spec {
	list := append([]*field.Spec{&code, &otherType, &otherContent, &mudURL}, moreBridge()...)
	list = append(append(list, moreEther()...), moreMedia()...)
	for _, o := range owners {
		list = append(list, o.subtype)
		for _, c := range o.contents {
			list = append(list, c.parts...)
		}
	}
	return list
}

// organization adds a TLV of an organization. l is the span of its length.
func organization(c *field.Context, l, stop int) {
	c.Add(&code, 24)
	if c.Cut() {
		return
	}
	h := c.Frame[c.Pos()-3:]
	o, ok := owners[uint32(h[0])<<16|uint32(h[1])<<8|uint32(h[2])]
	if !ok {
		c.Add(&otherType, 8)
		rest(c, &otherContent, stop)
		return
	}
	c.Add(o.subtype, 8)
	if c.Cut() {
		return
	}
	t, ok := o.contents[c.Frame[c.Pos()-1]]
	if !ok {
		rest(c, &otherContent, stop)
		return
	}
	size := 0
	for _, s := range t.parts {
		size += s.Bits
	}
	if stop-c.Pos() < size/8 {
		c.Fault(l, tooShort, 0)
		return
	}
	for _, s := range t.parts {
		c.Add(s, s.Bits)
	}
	if t.walk != nil && !c.Cut() {
		t.walk(c, stop)
	}
}

// only makes a walk of one field.
func only(s *field.Spec) func(c *field.Context, stop int) {
	return func(c *field.Context, stop int) { rest(c, s, stop) }
}

// counted makes a walk of as many bytes as the one before says.
func counted(s *field.Spec) func(c *field.Context, stop int) {
	return func(c *field.Context, stop int) { count(c, s, stop) }
}

func count(c *field.Context, s *field.Spec, stop int) {
	n := int(c.Frame[c.Pos()-1])
	if n > stop-c.Pos() {
		c.Fault(len(c.Spans)-1, field.Overrun, 0)
		n = stop - c.Pos()
	}
	if n > 0 {
		c.AddBytes(s, n)
	}
}

// repeated makes a walk of fields as often as there is room for them.
func repeated(t []field.Spec) func(c *field.Context, stop int) {
	bits := 0
	for i := range t {
		bits += t[i].Bits
	}
	return func(c *field.Context, stop int) {
		for stop-c.Pos() >= bits/8 && !c.Cut() {
			for i := range t {
				c.Add(&t[i], t[i].Bits)
			}
		}
	}
}

package vlan

import (
	"encoding/binary"

	"httptap/stack/field"
)

// EtherTypes of the tags. IEEE 802.1Q, table 9-1
const (
	TypeCustomer = 0x8100
	TypeProvider = 0x88a8
	TypeBackbone = 0x88e7
	TypeOld      = 0x9100
)

// typeLLC stands for "what follows is 802.2, not a type", as Linux's ETH_P_802_2 does.
const typeLLC = 4

// minType is the least value that is a type and not a length. IEEE 802.3, 3.2.6
const minType = 1536

// Types names the EtherTypes that are common behind a tag. IANA, "IEEE 802 Numbers"
var Types = field.Values{
	0x0800: "IPv4", 0x0806: "ARP", 0x86dd: "IPv6", TypeCustomer: "802.1Q Virtual LAN", TypeProvider: "802.1ad Provider Bridge (Q-in-Q)",
	TypeBackbone: "802.1ah Provider Backbone Bridge", 0x8847: "MPLS label switched packet", 0x8848: "MPLS multicast",
	0x8863: "PPPoE Discovery", 0x8864: "PPPoE Session", 0x888e: "802.1X Authentication", 0x88cc: "802.1 Link Layer Discovery Protocol (LLDP)",
	0x88e5: "802.1AE (MACsec)", 0x88f7: "PTPv2 over Ethernet (IEEE1588)", 0x8902: "IEEE 802.1Q Connectivity Fault Management",
}

// priorities names the priority code points. IEEE 802.1Q, table I-2
var priorities = field.Values{
	0: "Best Effort (default)", 1: "Background", 2: "Excellent Effort", 3: "Critical Applications",
	4: "Video, < 100ms latency and jitter", 5: "Voice, < 10ms latency and jitter", 6: "Internetwork Control", 7: "Network Control",
}

// Layout is the field table of a customer's tag.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "vlan", Label: "802.1Q Virtual LAN", Kind: field.Layer, Ref: "IEEE 802.1Q, 9.6"},
	Title: "VLAN",
	Head:  head[:],
	Check: func(c *field.Context) { length(c, &tagLen) },
	More:  func() []*field.Spec { return []*field.Spec{&tagLen} },
	Next:  next,

	Trailer: &field.Spec{Name: "vlan.trailer", Label: "Trailer", Kind: field.Padding, Ref: "IEEE 802.3, 3.2.8"},
}

var head = [...]field.Spec{
	{Name: "vlan.priority", Label: "Priority", Bits: 3, Kind: field.Uint, Values: priorities, Ref: "IEEE 802.1Q, 9.6"},
	{Name: "vlan.dei", Label: "DEI", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1Q, 9.6"},
	{Name: "vlan.id", Label: "ID", Bits: 12, Kind: field.Uint, Class: field.Operation, Ref: "IEEE 802.1Q, 9.6"},
	{Name: "vlan.etype", Label: "Type", Bits: 16, Kind: field.Hex, Values: Types, Ref: "IEEE 802.1Q, 9.3"},
}

var tagLen = field.Spec{Name: "vlan.len", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "IEEE 802.3, 3.2.6"}

var pastEnd = &field.Fault{Name: "vlan.len.past_end", Label: "this length reaches past the end of the data", Severity: field.Warn}

// ProviderLayout is the field table of a provider's tag, or of two of them.
var ProviderLayout = field.Layout{
	Spec:  field.Spec{Name: "ieee8021ad", Label: "IEEE 802.1ad", Kind: field.Layer, Ref: "IEEE 802.1Q, 9.6"},
	Title: "QinQ",
	Head:  provider[:],
	Tail:  second,
	Check: func(c *field.Context) { length(c, nil) },
	More:  func() []*field.Spec { return append(field.Pointers(inner[:]), &serviceID) },
	Next:  next,

	Trailer: &trailer,
}

var provider = [...]field.Spec{
	{Name: "ieee8021ad.priority", Label: "Priority", Bits: 3, Kind: field.Uint, Values: priorities, Ref: "IEEE 802.1Q, 9.6"},
	{Name: "ieee8021ad.dei", Label: "DEI", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1Q, 9.6"},
	{Name: "ieee8021ad.id", Label: "ID", Bits: 12, Kind: field.Uint, Class: field.Operation, Ref: "IEEE 802.1Q, 9.6"},
	typeSpec,
}

var inner = [...]field.Spec{
	provider[0], provider[1],
	{Name: "ieee8021ad.cvid", Label: "C-VLAN ID", Bits: 12, Kind: field.Uint, Class: field.Operation, Ref: "IEEE 802.1Q, 9.6"},
	typeSpec,
}

var (
	typeSpec  = field.Spec{Name: "ieee8021ah.etype", Label: "Type", Bits: 16, Kind: field.Hex, Values: Types, Ref: "IEEE 802.1Q, 9.3"}
	serviceID = field.Spec{Name: "ieee8021ad.svid", Label: "S-VLAN ID", Bits: 12, Kind: field.Uint, Class: field.Operation, Ref: "IEEE 802.1Q, 9.6"}
	trailer   = field.Spec{Name: "ieee8021ah.trailer", Label: "Trailer", Kind: field.Padding, Ref: "IEEE 802.3, 3.2.8"}
)

// BackboneLayout is the field table of a backbone service instance tag.
var BackboneLayout = field.Layout{
	Spec:    field.Spec{Name: "ieee8021ah", Label: "IEEE 802.1ah", Kind: field.Layer, Ref: "IEEE 802.1Q, 9.7"},
	Title:   "PBB",
	Head:    backbone[:],
	Check:   func(c *field.Context) { length(c, nil) },
	Next:    next,
	Trailer: &trailer,
}

var backbone = [...]field.Spec{
	{Name: "ieee8021ah.priority", Label: "Priority", Bits: 3, Kind: field.Uint, Values: priorities, Ref: "IEEE 802.1Q, 9.7"},
	{Name: "ieee8021ah.drop", Label: "DROP", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1Q, 9.7"},
	{Name: "ieee8021ah.nca", Label: "NCA", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1Q, 9.7"},
	{Name: "ieee8021ah.res1", Label: "RES1", Bits: 1, Kind: field.Reserved, Ref: "IEEE 802.1Q, 9.7"},
	{Name: "ieee8021ah.res2", Label: "RES2", Bits: 2, Kind: field.Reserved, Ref: "IEEE 802.1Q, 9.7"},
	{Name: "ieee8021ah.isid", Label: "I-SID", Bits: 24, Kind: field.Uint, Class: field.Operation, Ref: "IEEE 802.1Q, 9.7"},
	{Name: "ieee8021ah.cdst", Label: "C-Destination", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "IEEE 802.1Q, 9.7"},
	{Name: "ieee8021ah.csrc", Label: "C-Source", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "IEEE 802.1Q, 9.7"},
	typeSpec,
}

// typeOf returns the type or length at the header's end.
func typeOf(c *field.Context) int { return int(binary.BigEndian.Uint16(c.Frame[c.Pos()-2:])) }

// second adds the other tag of two.
func second(c *field.Context) {
	if typeOf(c) != TypeProvider || len(c.Rest()) < 4 {
		return
	}
	c.Spans[c.Find(&provider[2])].Spec = &serviceID
	for i := range inner {
		c.Add(&inner[i], inner[i].Bits)
	}
}

// length holds a length against the frame, and calls it as.
func length(c *field.Context, as *field.Spec) {
	n, i := typeOf(c), len(c.Spans)-1
	if n >= minType {
		return
	}
	if as != nil {
		c.Spans[i].Spec = as
	}
	switch end := c.Pos() + n; {
	case end <= c.Limit:
		c.Limit = end
	case c.Missing() == 0 && !c.Quoted:
		c.Fault(i, pastEnd, 0)
	}
}

func next(c *field.Context) field.Next {
	n := typeOf(c)
	if n < minType {
		n = typeLLC
	}
	return field.Next{Table: field.EtherType, Key: uint32(n)}
}

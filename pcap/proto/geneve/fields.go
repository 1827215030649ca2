package geneve

import (
	"encoding/binary"

	"httptap/stack/field"
)

// Port is UDP's. IANA, "Service Name and Transport Protocol Port Number Registry"
const Port = 6081

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "geneve", Label: "Generic Network Virtualization Encapsulation", Kind: field.Layer, Ref: "RFC 8926, 3.4"},
	Title: "Geneve [RFC8926]",
	Head:  head[:],
	Tail:  tail,
	More:  more,
	Check: check,
	Next:  next,
}

var protocols = field.Values{0x0800: "IPv4", 0x0806: "ARP", 0x6558: "Transparent Ethernet bridging", 0x86dd: "IPv6", 0x8847: "MPLS label switched packet", 0x894f: "NSH"}

var head = [...]field.Spec{
	{Name: "geneve.version", Label: "Version", Bits: 2, Kind: field.Uint, Ref: "RFC 8926, 3.4"},
	{Name: "geneve.option.length", Label: "Length", Bits: 6, Kind: field.Uint, Class: field.Length, Scale: 4, Unit: "bytes", Ref: "RFC 8926, 3.4"},
	{Name: "geneve.flags", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 8926, 3.4", Sub: []field.Spec{
		{Name: "geneve.flags.oam", Label: "Operations, Administration and Management Frame", Bits: 1, Kind: field.Flag, Ref: "RFC 8926, 3.4"},
		{Name: "geneve.flags.critical", Label: "Critical Options Present", Bits: 1, Kind: field.Flag, Ref: "RFC 8926, 3.4"},
		{Name: "geneve.flags.reserved", Label: "Reserved", Bits: 6, Kind: field.Reserved, Ref: "RFC 8926, 3.4"},
	}},
	{Name: "geneve.proto_type", Label: "Protocol Type", Bits: 16, Kind: field.Hex, Values: protocols, Ref: "RFC 8926, 3.4"},
	{Name: "geneve.vni", Label: "Virtual Network Identifier (VNI)", Bits: 24, Kind: field.Hex, Class: field.Operation, Ref: "RFC 8926, 3.4"},
	{Name: "geneve.reserved", Label: "Reserved", Bits: 8, Kind: field.Reserved, Ref: "RFC 8926, 3.4"},
}

var (
	options   = field.Spec{Name: "geneve.options", Label: "Geneve Options", Kind: field.Bytes, Ref: "RFC 8926, 3.5"}
	option    = field.Spec{Name: "geneve.option", Label: "Option", Kind: field.Bytes, Ref: "RFC 8926, 3.5"}
	optClass  = field.Spec{Name: "geneve.option.class", Label: "Class", Bits: 16, Kind: field.Hex, Values: field.Values{0x0100: "Linux", 0x0101: "Open vSwitch (OVS)", 0x0102: "Open Virtual Networking (OVN)", 0x0103: "In-band Network Telemetry (INT)", 0x0104: "VMware, Inc.", 0x0105: "Amazon.com, Inc.", 0x0106: "Cisco Systems, Inc.", 0x0107: "Oracle Corporation", 0x0108: "Amazon.com, Inc.", classGoogle: "Google", 0xffff: "Experimental"}, Ref: "IANA, Geneve Option Class"}
	optType   = field.Spec{Name: "geneve.option.type", Label: "Type", Bits: 8, Kind: field.Hex, Ref: "RFC 8926, 3.5", Sub: []field.Spec{{Name: "geneve.option.type.critical", Label: "Critical Option", Bits: 1, Kind: field.Flag, Ref: "RFC 8926, 3.5"}, {Name: "geneve.option.type.number", Label: "Number", Bits: 7, Kind: field.Uint, Ref: "RFC 8926, 3.5"}}}
	optFlags  = field.Spec{Name: "geneve.option.flags", Label: "Flags", Bits: 3, Kind: field.Hex, Ref: "RFC 8926, 3.5", Sub: []field.Spec{{Name: "geneve.option.flags.reserved", Label: "Reserved", Bits: 3, Kind: field.Reserved, Ref: "RFC 8926, 3.5"}}}
	optLen    = field.Spec{Name: "geneve.option.length", Label: "Length", Bits: 5, Kind: field.Uint, Class: field.Length, Scale: 4, Unit: "bytes", Ref: "RFC 8926, 3.5"}
	optData   = field.Spec{Name: "geneve.option.unknown.data", Label: "Unknown Option Data", Kind: field.Bytes, Ref: "RFC 8926, 3.5"}
	gcpFields = [...]field.Spec{
		{Name: "geneve.option.gcp.vnid", Label: "GCP Virtual Network ID", Bits: 28, Kind: field.Uint},
		{Name: "geneve.option.gcp.reserved", Label: "GCP Reserved bits", Bits: 3, Kind: field.Reserved},
		{Name: "geneve.option.gcp.direction", Label: "GCP Traffic Direction", Bits: 1, Kind: field.Uint, Values: field.Values{0: "Egress", 1: "Ingress"}},
	}
	gcpEndpoint = field.Spec{Name: "geneve.option.gcp.endpoint", Label: "GCP Endpoint ID", Kind: field.Bytes}
	gcpProfile  = field.Spec{Name: "geneve.option.gcp.profile", Label: "GCP Profile ID", Bits: 64, Kind: field.Uint}
)

const classGoogle = 0x0132

var (
	badVersion = &field.Fault{Name: "geneve.version.unknown", Label: "not version 0: what follows is not known", Severity: field.Error}
	optLenBad  = &field.Fault{Name: "geneve.option.length.invalid", Label: "this length reaches past the end of the options", Severity: field.Error}
)

func more() []*field.Spec {
	return append([]*field.Spec{&options, &option, &optClass, &optType, &optFlags, &optLen, &optData, &gcpEndpoint, &gcpProfile}, field.Pointers(gcpFields[:])...)
}

// tail adds the options that the header leaves room for.
func tail(c *field.Context) {
	b := c.Frame[c.Start]
	n := 4 * int(b&0x3f)
	switch {
	case b>>6 != 0:
		c.Fault(c.Find(&head[0]), badVersion, 0)
		return
	case n == 0:
		return
	}
	end := c.Pos() + n
	if end > c.Limit && c.Missing() == 0 && !c.Quoted {
		c.Fault(c.Find(&head[1]), field.Overrun, 0)
		end = c.Limit
	}
	group := c.Open(&options)
	for c.Pos() < end && !c.Cut() {
		one := c.Open(&option)
		oneOption(c, end)
		c.Close(one)
	}
	c.Close(group)
}

func oneOption(c *field.Context, end int) {
	if end-c.Pos() < 4 {
		c.AddBytes(&optData, end-c.Pos())
		return
	}
	c.Add(&optClass, 16)
	c.Add(&optType, 8)
	c.Add(&optFlags, 3)
	l := c.Add(&optLen, 5)
	if c.Cut() {
		return
	}
	h := c.Frame[c.Pos()-4:]
	n := 4 * int(h[3]&0x1f)
	if n > end-c.Pos() {
		c.Fault(l, optLenBad, 0)
		n = end - c.Pos()
		if n > 0 {
			c.AddBytes(&optData, n)
		}
		return
	}
	google := binary.BigEndian.Uint16(h) == classGoogle
	switch typ := h[2]; {
	case google && typ == 1 && n == 4:
		for i := range gcpFields {
			c.Add(&gcpFields[i], gcpFields[i].Bits)
		}
	case google && typ == 2 && n > 0:
		c.AddBytes(&gcpEndpoint, n)
	case google && typ == 3 && n == 8:
		c.Add(&gcpProfile, 64)
	case n > 0:
		c.AddBytes(&optData, n)
	}
}

var uncritical = &field.Fault{Name: "geneve.flags.critical.missing", Label: "there is a critical option, which this flag has to say", Severity: field.Warn}

// check: RFC 8926, 3.4: "Critical options present. One or more options has the critical bit set".
func check(c *field.Context) {
	if c.Frame[c.Start+1]&0x40 != 0 {
		return
	}
	for i := c.Find(&head[5]); i >= 0 && i < len(c.Spans); i++ {
		if s := &c.Spans[i]; s.Spec == &optType.Sub[0] && s.Uint(c.Frame) != 0 {
			c.Fault(c.Find(&head[2].Sub[1]), uncritical, 0)
			return
		}
	}
}

func next(c *field.Context) field.Next {
	h := c.Frame[c.Start:]
	if h[0]>>6 != 0 {
		return field.Next{}
	}
	return field.Next{Table: field.EtherType, Key: uint32(binary.BigEndian.Uint16(h[2:]))}
}

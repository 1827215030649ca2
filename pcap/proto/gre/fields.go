package gre

import (
	"encoding/binary"

	"httptap/stack/field"
	"httptap/stack/sum"
)

// Proto is the number among the IP protocols.
const Proto = 47

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "gre", Label: "Generic Routing Encapsulation", Kind: field.Layer, Ref: "RFC 2784, 2"},
	Title: "GRE",
	Head:  head[:],
	Tail:  tail,
	More:  more,
	Check: check,
	Next:  next,
}

// Types names the protocols inside. IANA, "IEEE 802 Numbers"
var Types = field.Values{
	0x0800: "IP", 0x0806: "ARP", 0x2000: "CDP", 0x2001: "NHRP", TypeFrame: "Transparent Ethernet bridging", 0x8100: "802.1Q Virtual LAN", 0x86dd: "IPv6",
	0x880b: "PPP", 0x8847: "MPLS label switched packet", 0x8848: "MPLS multicast", typeWCCP: "WCCP", 0x88be: "ERSPAN", 0x22eb: "ERSPAN III", 0x894f: "NSH",
}

// The protocol types that this package tells apart.
const (
	TypeFrame = 0x6558 // a frame of Ethernet
	typeIPv4  = 0x0800
	typePPP   = 0x880b
	typeWCCP  = 0x883e
)

var head = [...]field.Spec{
	flags(
		field.Spec{Name: "gre.flags.reserved", Label: "Flags (Reserved)", Bits: 5, Kind: field.Uint, Ref: "RFC 1701"},
	),
	{Name: "gre.proto", Label: "Protocol Type", Bits: 16, Kind: field.Hex, Class: field.Operation, Values: Types, Ref: "RFC 2784, 2.4"},
}

// flagsPPTP replaces the flags of a header of PPTP.
var flagsPPTP = flags(
	field.Spec{Name: "gre.flags.ack", Label: "Acknowledgment", Bits: 1, Kind: field.Flag, Ref: "RFC 2637, 4.1"},
	field.Spec{Name: "gre.flags.reserved", Label: "Flags (Reserved)", Bits: 4, Kind: field.Uint, Ref: "RFC 2637, 4.1"},
)

func flags(middle ...field.Spec) field.Spec {
	sub := append([]field.Spec{
		{Name: "gre.flags.checksum", Label: "Checksum Bit", Bits: 1, Kind: field.Flag, Ref: "RFC 2784, 2.1"},
		{Name: "gre.flags.routing", Label: "Routing Bit", Bits: 1, Kind: field.Flag, Ref: "RFC 1701"},
		{Name: "gre.flags.key", Label: "Key Bit", Bits: 1, Kind: field.Flag, Ref: "RFC 2890, 2"},
		{Name: "gre.flags.sequence_number", Label: "Sequence Number Bit", Bits: 1, Kind: field.Flag, Ref: "RFC 2890, 2"},
		{Name: "gre.flags.strict_source_route", Label: "Strict Source Route Bit", Bits: 1, Kind: field.Flag, Ref: "RFC 1701"},
		{Name: "gre.flags.recursion_control", Label: "Recursion control", Bits: 3, Kind: field.Uint, Ref: "RFC 1701"},
	}, middle...)
	sub = append(sub, field.Spec{Name: "gre.flags.version", Label: "Version", Bits: 3, Kind: field.Uint, Values: field.Values{0: "GRE", 1: "Enhanced GRE"}, Ref: "RFC 2784, 2.3.1"})
	return field.Spec{Name: "gre.flags_and_version", Label: "Flags and Version", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "RFC 2784, 2", Sub: sub}
}

var (
	checksum = field.Spec{Name: "gre.checksum", Label: "Checksum", Bits: 16, Kind: field.Hex, Class: field.Sum, Ref: "RFC 2784, 2.5"}
	offset   = field.Spec{Name: "gre.offset", Label: "Offset", Bits: 16, Kind: field.Uint, Ref: "RFC 1701"}
	key      = field.Spec{Name: "gre.key", Label: "Key", Bits: 32, Kind: field.Hex, Ref: "RFC 2890, 2.1"}
	length   = field.Spec{Name: "gre.key.payload_length", Label: "Payload Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 2637, 4.1"}
	call     = field.Spec{Name: "gre.key.call_id", Label: "Call ID", Bits: 16, Kind: field.Uint, Ref: "RFC 2637, 4.1"}
	sequence = field.Spec{Name: "gre.sequence_number", Label: "Sequence Number", Bits: 32, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 2890, 2.2"}
	ack      = field.Spec{Name: "gre.ack_number", Label: "Acknowledgment Number", Bits: 32, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 2637, 4.1"}

	routing  = field.Spec{Name: "gre.routing", Label: "Routing", Kind: field.Group, Ref: "RFC 1701"}
	family   = field.Spec{Name: "gre.routing.address_family", Label: "Address Family", Bits: 16, Kind: field.Uint, Ref: "RFC 1701"}
	entryAt  = field.Spec{Name: "gre.routing.sre_offset", Label: "SRE Offset", Bits: 8, Kind: field.Uint, Ref: "RFC 1701"}
	entryLen = field.Spec{Name: "gre.routing.src_length", Label: "SRE Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1701"}
	entry    = field.Spec{Name: "gre.routing.information", Label: "Routing Information", Kind: field.Bytes, Ref: "RFC 1701"}

	redirect       = field.Spec{Name: "gre.wccp.redirect_header", Label: "Redirect Header", Kind: field.Group}
	redirectFields = [...]field.Spec{
		{Name: "gre.wccp.reserved", Label: "Reserved", Bits: 5, Kind: field.Reserved},
		{Name: "gre.wccp.redirect_header_valid", Label: "WCCP Redirect header is valid", Bits: 1, Kind: field.Flag},
		{Name: "gre.wccp.alternative_bucket_used", Label: "Alternative bucket used", Bits: 1, Kind: field.Flag},
		{Name: "gre.wccp.dynamic_service", Label: "Dynamic Service", Bits: 1, Kind: field.Flag},
		{Name: "gre.wccp.service_id", Label: "Service ID", Bits: 8, Kind: field.Uint},
		{Name: "gre.wccp.alternative_bucket", Label: "Alternative Bucket", Bits: 8, Kind: field.Uint},
		{Name: "gre.wccp.primary_bucket", Label: "Primary Bucket", Bits: 8, Kind: field.Uint},
	}
)

var badVersion = &field.Fault{Name: "gre.flags.version.bad", Label: "neither 0 nor 1: what follows is not known", Severity: field.Error}

func more() []*field.Spec {
	list := []*field.Spec{&flagsPPTP, &checksum, &offset, &key, &length, &call, &sequence, &ack, &routing, &family, &entryAt, &entryLen, &entry, &redirect}
	return append(list, field.Pointers(redirectFields[:])...)
}

// The bits of the flags.
const (
	hasChecksum = 0x8000
	hasRouting  = 0x4000
	hasKey      = 0x2000
	hasSequence = 0x1000
	hasAck      = 0x0080
)

// isEnhanced tells whether the header is one of PPTP. RFC 2637, 4.1: version 1, "Protocol Type: Set
// to hex 880B".
func isEnhanced(h []byte) bool { return h[1]&7 == 1 && binary.BigEndian.Uint16(h[2:]) == typePPP }

// tail adds the parts that the flags say are there, in the order of RFC 1701.
func tail(c *field.Context) {
	h := c.Frame[c.Start:]
	bits, typ := binary.BigEndian.Uint16(h), binary.BigEndian.Uint16(h[2:])
	version, enhanced := bits&7, isEnhanced(h)
	i := c.Find(&head[0])
	switch {
	case enhanced:
		// The parts of the flags are spans already: they become those of version 1.
		c.Spans[i].Spec = &flagsPPTP
		at := int(c.Spans[i].Bit)
		n := i + 1
		for k := range flagsPPTP.Sub {
			s := field.Span{Spec: &flagsPPTP.Sub[k], Bit: int32(at), Len: int32(flagsPPTP.Sub[k].Bits), Depth: c.Spans[i].Depth + 1}
			if n+k < len(c.Spans)-1 {
				c.Spans[n+k] = s
			} else { // there is one part more, before the protocol type
				c.Spans = append(c.Spans, c.Spans[len(c.Spans)-1])
				c.Spans[n+k] = s
			}
			at += flagsPPTP.Sub[k].Bits
		}
	case version > 1:
		c.Fault(i, badVersion, 0)
		return
	}
	if bits&(hasChecksum|hasRouting) != 0 {
		c.Add(&checksum, 16)
		c.Add(&offset, 16)
	}
	switch {
	case bits&hasKey == 0:
	case enhanced:
		c.Add(&length, 16)
		c.Add(&call, 16)
	default:
		c.Add(&key, 32)
	}
	if bits&hasSequence != 0 {
		c.Add(&sequence, 32)
	}
	if enhanced && bits&hasAck != 0 {
		c.Add(&ack, 32)
	}
	if bits&hasRouting != 0 {
		entries(c)
	}
	// The redirect header has no sign of its own but that it is no IPv4 header.
	if r := c.Rest(); typ == typeWCCP && !c.Cut() && len(r) > 0 && r[0]>>4 != 4 {
		group := c.Open(&redirect)
		for i := range redirectFields {
			c.Add(&redirectFields[i], redirectFields[i].Bits)
		}
		c.Close(group)
	}
}

// entries adds the source route entries. RFC 1701: "The list is terminated with a SRE containing a
// NULL (0) Address Family" and length.
func entries(c *field.Context) {
	for !c.Cut() {
		group := c.Open(&routing)
		c.Add(&family, 16)
		c.Add(&entryAt, 8)
		l := c.Add(&entryLen, 8)
		last := true
		if !c.Cut() {
			h := c.Frame[c.Pos()-4:]
			n := int(h[3])
			last = h[0] == 0 && h[1] == 0 && n == 0
			if n > len(c.Rest()) && c.Missing() == 0 && !c.Quoted {
				c.Fault(l, field.Overrun, 0)
				n, last = len(c.Rest()), true
			}
			if n > 0 {
				c.AddBytes(&entry, n)
			}
		}
		c.Close(group)
		if last {
			return
		}
	}
}

// check holds the length of version 1 against the packet and verifies the checksum, which is "of
// all the 16 bit words in the GRE header and the payload packet": RFC 2784, 2.5.
func check(c *field.Context) {
	b := c.Bytes()
	bits := binary.BigEndian.Uint16(b)
	if isEnhanced(b) && bits&hasKey != 0 {
		i := c.Find(&length)
		n := int(binary.BigEndian.Uint16(b[4:])) // no checksum stands before it in version 1
		if bits&(hasChecksum|hasRouting) != 0 {
			n = int(binary.BigEndian.Uint16(b[8:]))
		}
		switch {
		case n <= len(c.Rest()):
			c.Limit = c.Pos() + n
		case c.Missing() == 0 && !c.Quoted:
			c.Fault(i, field.Overrun, 0)
		}
	}
	if bits&hasChecksum == 0 || bits&7 > 1 || c.Quoted || c.Missing() > 0 || !c.Pseudo.Valid && c.Pseudo.Protocol != 0 {
		return
	}
	if want := sum.Partial(0).Add(b[:4]).Add(b[6:]).Checksum(); want != binary.BigEndian.Uint16(b[4:]) {
		c.Fault(c.Find(&checksum), field.BadSum, uint32(want))
	}
}

func next(c *field.Context) field.Next {
	h := c.Frame[c.Start:]
	typ := uint32(binary.BigEndian.Uint16(h[2:]))
	switch {
	case h[1]&7 > 1:
		return field.Next{}
	case typ == typeWCCP:
		typ = typeIPv4
	}
	return field.Next{Table: field.EtherType, Key: typ}
}

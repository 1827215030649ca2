package ipv6

import "httptap/stack/field"

// RoutingLayout is the field table of the routing header.
var RoutingLayout = field.Layout{
	Spec:  field.Spec{Name: "ipv6.routing", Label: "Routing Header for IPv6", Kind: field.Layer, Ref: "RFC 8200, 4.4"},
	Title: "IPv6 routing",
	Head:  routingHead[:],
	Tail:  routing,
	More:  moreRouting,
	Check: func(c *field.Context) { upper(c, 0) },
	Next:  func(c *field.Context) field.Next { return follow(c, 0) },
}

var routingHead = [...]field.Spec{
	{Name: "ipv6.routing.nxt", Label: "Next Header", Bits: 8, Kind: field.Uint, Values: NextHeaders, Ref: "RFC 8200, 4.4"},
	{Name: "ipv6.routing.len", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 8200, 4.4"},
	{Name: "ipv6.routing.type", Label: "Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: routingTypes, Ref: "IANA, IPv6 Parameters"},
	{Name: "ipv6.routing.segleft", Label: "Segments Left", Bits: 8, Kind: field.Uint, Ref: "RFC 8200, 4.4"},
}

var routingTypes = field.Values{0: "Source Route", 1: "Nimrod", 2: "Type 2 Routing", 3: "RPL Source Route", 4: "Segment Routing", 5: "Compact Routing Header 16", 6: "Compact Routing Header 32", 253: "Experiment 1", 254: "Experiment 2"}

var (
	routeData = field.Spec{Name: "ipv6.routing.unknown_data", Label: "Type-Specific Data", Kind: field.Bytes, Ref: "RFC 8200, 4.4"}

	srcReserved = field.Spec{Name: "ipv6.routing.src.reserved", Label: "Reserved", Bits: 32, Kind: field.Bytes, Ref: "RFC 5095"}
	srcAddr     = field.Spec{Name: "ipv6.routing.src.addr", Label: "Address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 5095"}

	mipReserved = field.Spec{Name: "ipv6.routing.mipv6.reserved", Label: "Reserved", Bits: 32, Kind: field.Bytes, Ref: "RFC 6275, 6.4.1"}
	mipAddr     = field.Spec{Name: "ipv6.routing.mipv6.home_address", Label: "Home Address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 6275, 6.4.1"}

	rplHead = [...]field.Spec{
		{Name: "ipv6.routing.rpl.cmprI", Label: "Compressed Internal Octets (CmprI)", Bits: 4, Kind: field.Uint, Ref: "RFC 6554, 3"},
		{Name: "ipv6.routing.rpl.cmprE", Label: "Compressed Final Octets (CmprE)", Bits: 4, Kind: field.Uint, Ref: "RFC 6554, 3"},
		{Name: "ipv6.routing.rpl.pad", Label: "Padding Bytes", Bits: 4, Kind: field.Uint, Ref: "RFC 6554, 3"},
		{Name: "ipv6.routing.rpl.reserved", Label: "Reserved", Bits: 20, Kind: field.Reserved, Ref: "RFC 6554, 3"},
	}
	rplAddr = field.Spec{Name: "ipv6.routing.rpl.address", Label: "Address", Kind: field.Bytes, Class: field.Address, Ref: "RFC 6554, 3"}
	rplPad  = field.Spec{Name: "ipv6.routing.rpl.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 6554, 3"}

	srhHead = [...]field.Spec{
		{Name: "ipv6.routing.srh.last_entry", Label: "Last Entry", Bits: 8, Kind: field.Uint, Ref: "RFC 8754, 2"},
		{Name: "ipv6.routing.srh.flags", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 8754, 2"},
		{Name: "ipv6.routing.srh.tag", Label: "Tag", Bits: 16, Kind: field.Bytes, Ref: "RFC 8754, 2"},
	}
	srhAddr  = field.Spec{Name: "ipv6.routing.srh.addr", Label: "Address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 8754, 2"}
	tlv      = field.Spec{Name: "ipv6.routing.srh.tlv", Label: "TLV", Kind: field.Group, Ref: "RFC 8754, 2.1"}
	tlvType  = field.Spec{Name: "ipv6.routing.srh.tlv.type", Label: "Type", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Pad1", 4: "PadN", 5: "HMAC"}, Ref: "IANA, Segment Routing Header TLVs"}
	tlvLen   = field.Spec{Name: "ipv6.routing.srh.tlv.length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8754, 2.1"}
	tlvValue = field.Spec{Name: "ipv6.routing.srh.tlv.value", Label: "Value", Kind: field.Bytes, Ref: "RFC 8754, 2.1"}
	hmacHead = [...]field.Spec{
		{Name: "ipv6.routing.srh.hmac.d", Label: "D", Bits: 1, Kind: field.Flag, Ref: "RFC 8754, 2.1.2"},
		{Name: "ipv6.routing.srh.hmac.reserved", Label: "Reserved", Bits: 15, Kind: field.Reserved, Ref: "RFC 8754, 2.1.2"},
		{Name: "ipv6.routing.srh.hmac.key_id", Label: "HMAC Key ID", Bits: 32, Kind: field.Uint, Ref: "RFC 8754, 2.1.2"},
	}
	hmac = field.Spec{Name: "ipv6.routing.srh.hmac", Label: "HMAC", Kind: field.Bytes, Ref: "RFC 8754, 2.1.2"}

	sid16 = field.Spec{Name: "ipv6.routing.crh16.sid", Label: "Segment ID", Bits: 16, Kind: field.Uint, Ref: "RFC 9631, 4"}
	sid32 = field.Spec{Name: "ipv6.routing.crh32.sid", Label: "Segment ID", Bits: 32, Kind: field.Uint, Ref: "RFC 9631, 4"}
)

// The faults of routing headers.
var (
	deprecated = &field.Fault{Name: "ipv6.routing.deprecated", Label: "this type is deprecated: RFC 5095", Severity: field.Note}
	tooManySeg = &field.Fault{Name: "ipv6.routing.invalid_segleft", Label: "more segments are left than the header lists", Severity: field.Error}
	routeLen   = &field.Fault{Name: "ipv6.routing.invalid_length", Label: "this length is not one that the type can have", Severity: field.Error}
)

func moreRouting() []*field.Spec {
	list := []*field.Spec{&routeData, &srcReserved, &srcAddr, &mipReserved, &mipAddr, &rplAddr, &rplPad, &srhAddr, &tlv, &tlvType, &tlvLen, &tlvValue, &hmac, &sid16, &sid32}
	for _, t := range [][]field.Spec{rplHead[:], srhHead[:], hmacHead[:]} {
		list = append(list, field.Pointers(t)...)
	}
	return list
}

// Places in routingHead that the checks mark.
const (
	atRouteLen = 1
	atType     = 2
	atLeft     = 3
)

// routing adds what the type has. The packet's last destination is what a checksum is of, RFC
// 8200, 8.1, "if the IPv6 packet contains a Routing header".
func routing(c *field.Context) {
	end := span(c, &routingHead[atRouteLen])
	typ, left := c.Frame[c.Start+2], int(c.Frame[c.Start+3])
	switch n := int(c.Frame[c.Start+1]); typ {
	case 0:
		c.Fault(c.Find(&routingHead[atType]), deprecated, 0)
		if n%2 != 0 {
			c.Fault(c.Find(&routingHead[atRouteLen]), routeLen, 0)
		}
		c.Add(&srcReserved, 32)
		addresses(c, &srcAddr, end, n/2, left, n/2-1)
	case 2:
		if n != 2 {
			c.Fault(c.Find(&routingHead[atRouteLen]), routeLen, 0)
		}
		c.Add(&mipReserved, 32)
		addresses(c, &mipAddr, end, min(n/2, 1), left, 0)
	case 3:
		compressed(c, end, left)
	case 4:
		segments(c, end, left)
	case 5, 6:
		s := &sid16
		if typ == 6 {
			s = &sid32
		}
		if left > 8*(4+8*n)/s.Bits {
			c.Fault(c.Find(&routingHead[atLeft]), tooManySeg, 0)
		}
		for end-c.Pos() >= s.Bits/8 && !c.Cut() {
			c.Add(s, s.Bits)
		}
	}
	rest(c, &routeData, end)
}

// addresses adds n addresses, of which the last-th is the packet's last destination while some
// are left to go to.
func addresses(c *field.Context, s *field.Spec, end, n, left, last int) {
	if left > n {
		c.Fault(c.Find(&routingHead[atLeft]), tooManySeg, 0)
	}
	for i := range n {
		if end-c.Pos() < 16 || c.Cut() {
			return
		}
		c.Add(s, 128)
		if i == last && left > 0 && !c.Cut() {
			copy(c.Pseudo.Dst[:], c.Frame[c.Pos()-16:c.Pos()])
		}
	}
}

// compressed adds the addresses of a RPL source route, which leave out the bytes that they have in
// common with the destination: CmprI of each but the last, CmprE of that. RFC 6554, 3
func compressed(c *field.Context, end, left int) {
	for i := range rplHead {
		c.Add(&rplHead[i], rplHead[i].Bits)
	}
	if c.Cut() {
		return
	}
	h := c.Frame[c.Pos()-4:]
	inner, outer, pad := 16-int(h[0]>>4), 16-int(h[0]&15), int(h[1]>>4)
	n := end - c.Pos() - pad - outer
	if n < 0 || n%inner != 0 {
		c.Fault(c.Find(&routingHead[atRouteLen]), routeLen, 0)
		return
	}
	if left > n/inner+1 {
		c.Fault(c.Find(&routingHead[atLeft]), tooManySeg, 0)
	}
	for range n / inner {
		c.AddBytes(&rplAddr, inner)
	}
	if c.AddBytes(&rplAddr, outer); left > 0 && !c.Cut() {
		copy(c.Pseudo.Dst[16-outer:], c.Frame[c.Pos()-outer:c.Pos()])
	}
	if pad > 0 {
		c.AddBytes(&rplPad, pad)
	}
}

// segments adds a segment list, whose first entry is the path's last, and the TLVs behind it.
func segments(c *field.Context, end, left int) {
	for i := range srhHead {
		c.Add(&srhHead[i], srhHead[i].Bits)
	}
	if c.Cut() {
		return
	}
	n := int(c.Frame[c.Pos()-4]) + 1
	if 16*n > 8*int(c.Frame[c.Start+1]) {
		c.Fault(c.Find(&srhHead[0]), field.Overrun, 0)
	}
	addresses(c, &srhAddr, end, n, left, 0)
	for c.Pos() < end && !c.Cut() {
		if c.Pos() >= c.Limit {
			return // cut, which the caller marks
		}
		group := c.Open(&tlv)
		oneTLV(c, end)
		c.Close(group)
	}
}

func oneTLV(c *field.Context, end int) {
	i := c.Add(&tlvType, 8)
	typ := c.Frame[c.Pos()-1]
	switch {
	case typ == 0: // RFC 8754, 2.1.1.1: Pad1 has neither length nor value
		return
	case c.Pos() >= end:
		c.Fault(i, optLenBad, 0)
		return
	}
	l := c.Add(&tlvLen, 8)
	if c.Cut() {
		return
	}
	n := int(c.Frame[c.Pos()-1])
	if n > end-c.Pos() {
		c.Fault(l, optLenBad, 0)
		n = end - c.Pos()
	}
	stop := c.Pos() + n
	s := &tlvValue
	if typ == 5 && n >= 6 {
		for i := range hmacHead {
			c.Add(&hmacHead[i], hmacHead[i].Bits)
		}
		s = &hmac
	}
	rest(c, s, stop)
}

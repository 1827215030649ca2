package icmpv6

import (
	"encoding/binary"

	"httptap/stack/field"
	"httptap/stack/sum"
)

// Proto is the number among the IP protocols.
const Proto = 58

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "icmpv6", Label: "Internet Control Message Protocol v6", Kind: field.Layer, Ref: "RFC 4443"},
	Title: "ICMPv6 [RFC4443]",
	Head:  head[:],
	Tail:  tail,
	More:  more,
	Check: check,
	Next:  next,
}

var head = [...]field.Spec{
	{Name: "icmpv6.type", Label: "Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: Types, Ref: "IANA, ICMPv6 Parameters"},
	{Name: "icmpv6.code", Label: "Code", Bits: 8, Kind: field.Uint, Ref: "IANA, ICMPv6 Parameters"},
	{Name: "icmpv6.checksum", Label: "Checksum", Bits: 16, Kind: field.Hex, Class: field.Sum, Ref: "RFC 4443, 2.3"},
}

// The types that this package tells apart. IANA, "ICMPv6 Parameters"
const (
	typeUnreachable = 1
	typeTooBig      = 2
	typeExceeded    = 3
	typeParameter   = 4
	typeEcho        = 128
	typeEchoReply   = 129
	typeQuery       = 130
	typeRenumbering = 138
	typeNodeQuery   = 139
	typeNodeReply   = 140
	typeFast        = 154
	typeRPL         = 155
	typeDAR         = 157
	typeDAC         = 158
	typeExtRequest  = 160
	typeExtReply    = 161
)

// codeSpecs replace icmpv6.code where the type gives the codes names.
var codeSpecs = func() map[byte]*field.Spec {
	m := map[byte]*field.Spec{}
	for typ, names := range codeNames {
		s := head[1]
		s.Values, s.Class = names, field.Operation
		m[typ] = &s
	}
	return m
}()

func more() []*field.Spec {
	list := []*field.Spec{&data}
	for _, s := range codeSpecs {
		list = append(list, s)
	}
	for _, m := range messages {
		list = append(list, m.parts...)
	}
	list = append(append(list, moreOptions()...), moreListeners()...)
	return append(append(list, moreNodes()...), moreRPL()...)
}

// tail adds what the type puts behind the checksum.
func tail(c *field.Context) {
	typ := c.Frame[c.Start]
	if s := codeSpecs[typ]; s != nil {
		c.Spans[c.Find(&head[1])].Spec = s
	}
	m := messages[typ]
	if m == nil {
		rest(c, &data, c.Limit)
		return
	}
	table(c, m.parts)
	if m.walk != nil && !c.Cut() {
		m.walk(c)
	}
	if m.options && !c.Cut() {
		options(c)
	}
}

func table(c *field.Context, parts []*field.Spec) {
	for _, s := range parts {
		if c.Add(s, s.Bits); c.Cut() {
			return
		}
	}
}

// rest adds what lies between here and stop as one field.
func rest(c *field.Context, s *field.Spec, stop int) {
	if n := stop - c.Pos(); n > 0 {
		c.AddBytes(s, n)
	}
}

// check verifies the checksum where the whole message is there.
func check(c *field.Context) {
	if c.Quoted || c.Missing() > 0 || !c.Pseudo.Valid || !c.Pseudo.V6 {
		return
	}
	b := c.Bytes()
	// RFC 4443, 2.3: the pseudo-header of RFC 8200, 8.1, with a next header value of 58.
	p := sum.Pseudo6(c.Pseudo.Src, c.Pseudo.Dst, Proto, len(b))
	if want := p.Add(b[:2]).Add(b[4:]).Checksum(); want != binary.BigEndian.Uint16(b[2:4]) {
		c.Fault(c.Find(&head[2]), field.BadSum, uint32(want))
	}
}

// next lets the packet that an error quotes be decoded as what it is.
func next(c *field.Context) field.Next {
	h := c.Frame[c.Start:]
	switch h[0] {
	case typeUnreachable, typeExceeded:
		// RFC 4884, 4.3 and 4.4: the length of the quoted packet, "in 64-bit words", where
		// extensions follow it.
		if n := 8 * int(h[4]); n > 0 && n <= len(c.Rest()) {
			c.Limit = c.Pos() + n
		}
	case typeTooBig, typeParameter:
	default:
		return field.Next{}
	}
	c.Quoted = true
	return field.Next{Table: field.Quote, Key: 6}
}

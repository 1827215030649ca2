package icmpv4

import (
	"encoding/binary"

	"httptap/stack/field"
	"httptap/stack/sum"
)

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "icmp", Label: "Internet Control Message Protocol", Kind: field.Layer, Ref: "RFC 792"},
	Title: "ICMP [RFC792]",
	Head:  head[:],
	Tail:  tail,
	More:  more,
	Check: check,
	Next:  next,
}

var head = [...]field.Spec{
	{Name: "icmp.type", Label: "Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: Types, Ref: "IANA, ICMP Parameters"},
	{Name: "icmp.code", Label: "Code", Bits: 8, Kind: field.Uint, Ref: "IANA, ICMP Parameters"},
	{Name: "icmp.checksum", Label: "Checksum", Bits: 16, Kind: field.Hex, Class: field.Sum, Ref: "RFC 792"},
}

// codeSpecs replace icmp.code where the type gives the codes names.
var codeSpecs = map[uint8]*field.Spec{
	TypeUnreachable:      named(unreachableCodes),
	TypeRedirect:         named(redirectCodes),
	TypeTimeExceeded:     named(exceededCodes),
	TypeParameterProblem: named(parameterCodes),
}

func named(v field.Values) *field.Spec {
	s := head[1]
	s.Values, s.Class = v, field.Operation
	return &s
}

var (
	ident    = field.Spec{Name: "icmp.ident", Label: "Identifier", Bits: 16, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 792"}
	seqSpec  = field.Spec{Name: "icmp.seq", Label: "Sequence Number", Bits: 16, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 792"}
	unused   = field.Spec{Name: "icmp.unused", Label: "Unused", Bits: 32, Kind: field.Reserved, Ref: "RFC 792"}
	unused16 = field.Spec{Name: "icmp.unused", Label: "Unused", Bits: 16, Kind: field.Reserved, Ref: "RFC 1191, 4"}
	mtu      = field.Spec{Name: "icmp.mtu", Label: "MTU of next hop", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1191, 4"}
	gateway  = field.Spec{Name: "icmp.redir_gw", Label: "Gateway Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 792"}
	pointer  = field.Spec{Name: "icmp.pointer", Label: "Pointer", Bits: 8, Kind: field.Uint, Ref: "RFC 792"}
	unused8  = field.Spec{Name: "icmp.unused", Label: "Unused", Bits: 24, Kind: field.Reserved, Ref: "RFC 792"}
	origin   = field.Spec{Name: "icmp.originate_timestamp", Label: "Originate Timestamp", Bits: 32, Kind: field.Uint, Class: field.Timestamp, Unit: "ms", Ref: "RFC 792"}
	received = field.Spec{Name: "icmp.receive_timestamp", Label: "Receive Timestamp", Bits: 32, Kind: field.Uint, Class: field.Timestamp, Unit: "ms", Ref: "RFC 792"}
	sent     = field.Spec{Name: "icmp.transmit_timestamp", Label: "Transmit Timestamp", Bits: 32, Kind: field.Uint, Class: field.Timestamp, Unit: "ms", Ref: "RFC 792"}
	mask     = field.Spec{Name: "icmp.address_mask", Label: "Address Mask", Bits: 32, Kind: field.IPv4, Ref: "RFC 950"}
)

func more() []*field.Spec {
	list := []*field.Spec{&ident, &seqSpec, &unused, &unused16, &mtu, &gateway, &pointer, &unused8, &origin, &received, &sent, &mask}
	for _, s := range codeSpecs {
		list = append(list, s)
	}
	return list
}

// tail adds what the type puts into the four bytes before the body.
func tail(c *field.Context) {
	typ := c.Frame[c.Start]
	if s := codeSpecs[typ]; s != nil {
		c.Spans[c.Find(&head[1])].Spec = s
	}
	switch typ {
	case TypeEcho, TypeEchoReply:
		c.Add(&ident, 16)
		c.Add(&seqSpec, 16)
	case TypeUnreachable:
		if c.Frame[c.Start+1] == CodeFragmentationNeeded {
			c.Add(&unused16, 16)
			c.Add(&mtu, 16)
		} else {
			c.Add(&unused, 32)
		}
	case TypeSourceQuench, TypeTimeExceeded:
		c.Add(&unused, 32)
	case TypeRedirect:
		c.Add(&gateway, 32)
	case TypeParameterProblem:
		c.Add(&pointer, 8)
		c.Add(&unused8, 24)
	case TypeTimestamp, TypeTimestampReply:
		c.Add(&ident, 16)
		c.Add(&seqSpec, 16)
		c.Add(&origin, 32)
		c.Add(&received, 32)
		c.Add(&sent, 32)
	case 17, 18:
		c.Add(&ident, 16)
		c.Add(&seqSpec, 16)
		c.Add(&mask, 32)
	}
}

// check verifies the checksum where the whole message is there.
func check(c *field.Context) {
	if c.Quoted || c.Missing() > 0 || !c.Pseudo.Valid && c.Pseudo.Protocol != 0 {
		return // a quotation, a capture's start, or the first of several fragments
	}
	b := c.Bytes()
	got := binary.BigEndian.Uint16(b[2:4])
	if want := sum.Partial(0).Add(b[:2]).Add(b[4:]).Checksum(); want != got {
		c.Fault(c.Find(&head[2]), field.BadSum, uint32(want))
	}
}

// next lets the packet that an error quotes be decoded as what it is.
func next(c *field.Context) field.Next {
	switch c.Frame[c.Start] {
	case TypeUnreachable, TypeSourceQuench, TypeRedirect, TypeTimeExceeded, TypeParameterProblem:
		c.Quoted = true
		return field.Next{Table: field.Quote, Key: 4}
	}
	return field.Next{}
}

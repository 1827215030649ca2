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
	Rear:  rear,

	Trailer: &quotePadding,
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
	unused8  = field.Spec{Name: "icmp.unused", Label: "Unused", Bits: 8, Kind: field.Reserved, Ref: "RFC 792"}
	unused16 = field.Spec{Name: "icmp.unused", Label: "Unused", Bits: 16, Kind: field.Reserved, Ref: "RFC 792"}
	unused24 = field.Spec{Name: "icmp.unused", Label: "Unused", Bits: 24, Kind: field.Reserved, Ref: "RFC 792"}
	quenched = field.Spec{Name: "icmp.quench.unused", Label: "Unused", Bits: 32, Kind: field.Reserved, Ref: "RFC 792"}
	reserved = field.Spec{Name: "icmp.solicitation.reserved", Label: "Reserved", Bits: 32, Kind: field.Reserved, Ref: "RFC 1256, 3"}
	length   = field.Spec{Name: "icmp.length", Label: "Length of the original datagram", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "units of 4 bytes", Ref: "RFC 4884, 4"}
	mtu      = field.Spec{Name: "icmp.mtu", Label: "MTU of next hop", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1191, 4"}
	gateway  = field.Spec{Name: "icmp.redir_gw", Label: "Gateway Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 792"}
	pointer  = field.Spec{Name: "icmp.pointer", Label: "Pointer", Bits: 8, Kind: field.Uint, Ref: "RFC 792"}
	origin   = field.Spec{Name: "icmp.originate_timestamp", Label: "Originate Timestamp", Bits: 32, Kind: field.Uint, Class: field.Timestamp, Unit: "ms", Ref: "RFC 792"}
	received = field.Spec{Name: "icmp.receive_timestamp", Label: "Receive Timestamp", Bits: 32, Kind: field.Uint, Class: field.Timestamp, Unit: "ms", Ref: "RFC 792"}
	sent     = field.Spec{Name: "icmp.transmit_timestamp", Label: "Transmit Timestamp", Bits: 32, Kind: field.Uint, Class: field.Timestamp, Unit: "ms", Ref: "RFC 792"}
	mask     = field.Spec{Name: "icmp.address_mask", Label: "Address Mask", Bits: 32, Kind: field.IPv4, Ref: "RFC 950"}
)

// Traceroute and Photuris, which nobody uses any more.
var (
	trID       = field.Spec{Name: "icmp.traceroute.id", Label: "ID Number", Bits: 16, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 1393, 2.3"}
	trUnused   = field.Spec{Name: "icmp.traceroute.unused", Label: "Unused", Bits: 16, Kind: field.Reserved, Ref: "RFC 1393, 2.3"}
	trOut      = field.Spec{Name: "icmp.traceroute.ohc", Label: "Outbound Hop Count", Bits: 16, Kind: field.Uint, Ref: "RFC 1393, 2.3"}
	trReturn   = field.Spec{Name: "icmp.traceroute.rhc", Label: "Return Hop Count", Bits: 16, Kind: field.Uint, Ref: "RFC 1393, 2.3"}
	trSpeed    = field.Spec{Name: "icmp.traceroute.speed", Label: "Output Link Speed", Bits: 32, Kind: field.Uint, Unit: "bytes/s", Ref: "RFC 1393, 2.3"}
	trMTU      = field.Spec{Name: "icmp.traceroute.mtu", Label: "Output Link MTU", Bits: 32, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1393, 2.3"}
	phReserved = field.Spec{Name: "icmp.photuris.reserved", Label: "Reserved", Bits: 16, Kind: field.Reserved, Ref: "RFC 2521, 2"}
	phPointer  = field.Spec{Name: "icmp.photuris.pointer", Label: "Pointer", Bits: 16, Kind: field.Uint, Ref: "RFC 2521, 2"}
)

// bodies are what the types put behind the checksum, where that is always the same.
var bodies = map[uint8][]*field.Spec{
	TypeEchoReply:      {&ident, &seqSpec},
	TypeEcho:           {&ident, &seqSpec},
	TypeSourceQuench:   {&quenched},
	TypeRedirect:       {&gateway},
	10:                 {&reserved},
	TypeTimestamp:      {&ident, &seqSpec, &origin, &received, &sent},
	TypeTimestampReply: {&ident, &seqSpec, &origin, &received, &sent},
	15:                 {&ident, &seqSpec},
	16:                 {&ident, &seqSpec},
	17:                 {&ident, &seqSpec, &mask},
	18:                 {&ident, &seqSpec, &mask},
	30:                 {&trID, &trUnused, &trOut, &trReturn, &trSpeed, &trMTU},
	40:                 {&phReserved, &phPointer},
	42:                 {&ident, &echoSeq, &echoReserved, &echoLocal},
	43:                 {&ident, &echoSeq, &echoState, &echoReserved2, &echoActive, &echoIPv4, &echoIPv6},
}

func more() []*field.Spec {
	list := []*field.Spec{&unused, &unused8, &unused16, &unused24, &length, &mtu, &pointer, &quotePadding}
	for _, s := range codeSpecs {
		list = append(list, s)
	}
	for _, b := range bodies {
		list = append(list, b...)
	}
	return append(append(list, moreRouter()...), moreExtensions()...)
}

// tail adds what the type puts behind the checksum.
func tail(c *field.Context) {
	typ := c.Frame[c.Start]
	if s := codeSpecs[typ]; s != nil {
		c.Spans[c.Find(&head[1])].Spec = s
	}
	for _, s := range bodies[typ] {
		c.Add(s, s.Bits)
	}
	switch typ {
	case TypeUnreachable:
		if c.Frame[c.Start+1] == CodeFragmentationNeeded {
			unusedAndLength(c)
			c.Add(&mtu, 16)
		} else if !unusedAndLength(c) {
			c.Add(&unused16, 16)
		}
	case TypeTimeExceeded:
		if !unusedAndLength(c) {
			c.Add(&unused16, 16)
		}
	case TypeParameterProblem:
		c.Add(&pointer, 8)
		if originalLen(c) > 0 {
			c.Add(&length, 8)
			c.Add(&unused16, 16)
		} else {
			c.Add(&unused24, 24)
		}
	case 9:
		routerAdvertisement(c)
	}
}

// check verifies the checksum where the whole message is there, and finds the end of a quotation.
func check(c *field.Context) {
	verify(c)
	if n := quoteLen(c); n >= 0 {
		c.Limit = c.Pos() + n
	}
}

func verify(c *field.Context) {
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

package ipv6

import (
	"encoding/binary"

	"httptap/stack/field"
)

// HopByHopLayout is the field table of the hop-by-hop options header.
var HopByHopLayout = field.Layout{
	Spec:  field.Spec{Name: "ipv6.hopopts", Label: "IPv6 Hop-by-Hop Option", Kind: field.Layer, Ref: "RFC 8200, 4.3"},
	Title: "IPv6 hop-by-hop",
	Head:  hopHead[:],
	Tail:  func(c *field.Context) { options(c, inHopByHop) },
	More:  moreOptions,
	Check: func(c *field.Context) { first(c); upper(c, 0) },
	Next:  func(c *field.Context) field.Next { return follow(c, 0) },
}

// DestinationLayout is the field table of the destination options header.
var DestinationLayout = field.Layout{
	Spec:  field.Spec{Name: "ipv6.dstopts", Label: "Destination Options for IPv6", Kind: field.Layer, Ref: "RFC 8200, 4.6"},
	Title: "IPv6 destination options",
	Head:  dstHead[:],
	Tail:  func(c *field.Context) { options(c, inDestination) },
	More:  moreOptions,
	Check: func(c *field.Context) { upper(c, 0) },
	Next:  func(c *field.Context) field.Next { return follow(c, 0) },
}

// FragmentLayout is the field table of the fragment header.
var FragmentLayout = field.Layout{
	Spec:  field.Spec{Name: "ipv6.fraghdr", Label: "Fragment Header for IPv6", Kind: field.Layer, Ref: "RFC 8200, 4.5"},
	Title: "IPv6 fragment",
	Head:  fragHead[:],
	Check: fragment,
	Next: func(c *field.Context) field.Next {
		if binary.BigEndian.Uint16(c.Frame[c.Start+2:])&^7 != 0 {
			return field.Next{} // a later fragment does not begin with a header
		}
		return follow(c, 0)
	},
}

// AuthenticationLayout is the field table of the authentication header, which IPv4 has, too.
var AuthenticationLayout = field.Layout{
	Spec:  field.Spec{Name: "ah", Label: "Authentication Header", Kind: field.Layer, Ref: "RFC 4302, 2"},
	Title: "AH",
	Head:  authHead[:],
	Tail:  checkValue,
	More:  func() []*field.Spec { return []*field.Spec{&authICV} },
	Check: func(c *field.Context) { upper(c, 0) },
	Next:  func(c *field.Context) field.Next { return follow(c, 0) },
}

var hopHead = [...]field.Spec{
	{Name: "ipv6.hopopts.nxt", Label: "Next Header", Bits: 8, Kind: field.Uint, Values: NextHeaders, Ref: "RFC 8200, 4.3"},
	{Name: "ipv6.hopopts.len", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 8200, 4.3"},
}

var dstHead = [...]field.Spec{
	{Name: "ipv6.dstopts.nxt", Label: "Next Header", Bits: 8, Kind: field.Uint, Values: NextHeaders, Ref: "RFC 8200, 4.6"},
	{Name: "ipv6.dstopts.len", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 8200, 4.6"},
}

var fragHead = [...]field.Spec{
	{Name: "ipv6.fraghdr.nxt", Label: "Next header", Bits: 8, Kind: field.Uint, Values: NextHeaders, Ref: "RFC 8200, 4.5"},
	{Name: "ipv6.fraghdr.reserved_octet", Label: "Reserved octet", Bits: 8, Kind: field.Reserved, Ref: "RFC 8200, 4.5"},
	{Name: "ipv6.fraghdr.offset", Label: "Offset", Bits: 13, Kind: field.Uint, Unit: "units of 8 bytes", Ref: "RFC 8200, 4.5"},
	{Name: "ipv6.fraghdr.reserved_bits", Label: "Reserved bits", Bits: 2, Kind: field.Reserved, Ref: "RFC 8200, 4.5"},
	{Name: "ipv6.fraghdr.more", Label: "More Fragments", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 8200, 4.5"},
	{Name: "ipv6.fraghdr.ident", Label: "Identification", Bits: 32, Kind: field.Hex, Class: field.Sequence, Ref: "RFC 8200, 4.5"},
}

var authHead = [...]field.Spec{
	{Name: "ah.next_header", Label: "Next header", Bits: 8, Kind: field.Uint, Values: NextHeaders, Ref: "RFC 4302, 2.1"},
	{Name: "ah.length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 4302, 2.2"},
	{Name: "ah.reserved", Label: "Reserved", Bits: 16, Kind: field.Bytes, Ref: "RFC 4302, 2.3"},
	{Name: "ah.spi", Label: "AH SPI", Bits: 32, Kind: field.Hex, Ref: "RFC 4302, 2.4"},
	{Name: "ah.sequence", Label: "AH Sequence", Bits: 32, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 4302, 2.5"},
}

var authICV = field.Spec{Name: "ah.icv", Label: "AH ICV", Kind: field.Bytes, Ref: "RFC 4302, 2.6"}

var (
	notFirst = &field.Fault{Name: "ipv6.hopopts.not_first", Label: "hop-by-hop options stand behind the IPv6 header only", Severity: field.Warn}
	fragOdd  = &field.Fault{Name: "ipv6.fraghdr.length", Label: "a fragment that others follow is a multiple of 8 bytes long", Severity: field.Error}
	fragOver = &field.Fault{Name: "ipv6.fraghdr.too_long", Label: "the packet would be longer than 65535 bytes", Severity: field.Error}
)

// span returns where a header of 8 + 8n bytes ends, n being its second byte, and marks n where
// that is past the end. Bytes that were not captured count: what is added up to there is cut.
func span(c *field.Context, length *field.Spec) int {
	end := c.Start + 8 + 8*int(c.Frame[c.Start+1])
	if end > c.Limit && c.Missing() == 0 && !c.Quoted {
		c.Fault(c.Find(length), field.Overrun, 0)
		end = c.Limit
	}
	return end
}

// upper tells the layers above what protocol they are: RFC 8200, 8.1, the pseudo-header has the
// upper layer's, not the extension header's. at is where the header has it.
func upper(c *field.Context, at int) {
	if c.Pseudo.Valid || c.Pseudo.Protocol != 0 {
		c.Pseudo.Protocol = c.Frame[c.Start+at]
	}
}

func follow(c *field.Context, at int) field.Next {
	return field.Next{Table: field.IPProto, Key: uint32(c.Frame[c.Start+at])}
}

// first marks a header that is not right behind the IPv6 header. RFC 8200, 4.1: "the Hop-by-Hop
// Options header is restricted to appear immediately after an IPv6 header only".
func first(c *field.Context) {
	for k := len(c.Spans) - 1; k >= 0; k-- {
		if s := c.Spans[k]; s.Depth == 0 && int(s.Bit) < c.Start<<3 {
			if s.Spec.Name != "ipv6" {
				c.Fault(c.Find(&hopHead[0]), notFirst, 0)
			}
			return
		}
	}
}

func fragment(c *field.Context) {
	upper(c, 0)
	bits := int(binary.BigEndian.Uint16(c.Frame[c.Start+2:]))
	offset, more := bits&^7, bits&1 != 0
	n := len(c.Rest())
	whole := c.Missing() == 0 && !c.Quoted && c.Pseudo.Valid
	switch {
	case more && n%8 != 0 && whole:
		c.Fault(c.Find(&fragHead[4]), fragOdd, 0)
	case offset+n > 65535 && whole:
		c.Fault(c.Find(&fragHead[2]), fragOver, 0)
	}
	if offset != 0 || more {
		c.Pseudo.Valid = false // RFC 6946: one that is whole is no fragment
	}
}

// checkValue adds the integrity check value. RFC 4302, 2.2: the length is "in 32-bit words (4-byte
// units), minus 2".
func checkValue(c *field.Context) {
	end := c.Start + 8 + 4*int(c.Frame[c.Start+1])
	switch {
	case end < c.Pos():
		c.Fault(c.Find(&authHead[1]), field.TooShort, 0)
		return
	case end > c.Limit && c.Missing() == 0 && !c.Quoted:
		c.Fault(c.Find(&authHead[1]), field.Overrun, 0)
		end = c.Limit
	}
	if n := end - c.Pos(); n > 0 {
		c.AddBytes(&authICV, n)
	}
}

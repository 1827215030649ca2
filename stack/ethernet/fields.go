package ethernet

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"

	"httptap/stack/field"
)

// Types names the EtherTypes. IANA, "IEEE 802 Numbers"
var Types = field.Values{
	TypeIPv4: "IPv4", TypeARP: "ARP", TypeIPv6: "IPv6", TypeVLAN: "802.1Q Virtual LAN",
	0x0842: "Wake-on-LAN", 0x22f0: "AVTP", 0x8035: "RARP", 0x88a8: "802.1ad Provider Bridge (Q-in-Q)",
	0x8808: "MAC Control", 0x8809: "Slow Protocols", 0x8847: "MPLS label switched packet",
	0x8848: "MPLS multicast", 0x8863: "PPPoE Discovery", 0x8864: "PPPoE Session", 0x888e: "802.1X Authentication",
	0x88cc: "802.1 Link Layer Discovery Protocol (LLDP)", 0x88e5: "802.1AE (MACsec)", 0x88f7: "PTPv2 over Ethernet (IEEE1588)",
	0x9000: "Loopback", 0x9100: "QinQ (0x9100)",
}

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "eth", Label: "Ethernet II", Kind: field.Layer, Ref: "IEEE 802.3, 3.1.1"},
	Title: "Ethernet",
	Head:  head[:],
	Check: check,
	More:  func() []*field.Spec { return []*field.Spec{&specLen, &padding, &trailer, &fcs} },
	Next:  next,
	Trail: trail,
}

var head = [...]field.Spec{
	{Name: "eth.dst", Label: "Destination", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "IEEE 802.3, 3.2.4"},
	{Name: "eth.src", Label: "Source", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "IEEE 802.3, 3.2.5"},
	{Name: "eth.type", Label: "Type", Bits: 16, Kind: field.Hex, Values: Types, Ref: "IEEE 802.3, 3.2.6"},
}

// What lies behind the payload.
var (
	padding = field.Spec{Name: "eth.padding", Label: "Padding", Kind: field.Padding, Ref: "IEEE 802.3, 3.2.8"}
	trailer = field.Spec{Name: "eth.trailer", Label: "Trailer", Kind: field.Padding, Ref: "IEEE 802.3, 3.2.8"}
	fcs     = field.Spec{Name: "eth.fcs", Label: "Frame check sequence", Bits: 32, Kind: field.Hex, Class: field.Sum, Ref: "IEEE 802.3, 3.2.9"}
)

// trail explains what lies behind the payload, as Wireshark does: zeros up to the least length of
// a frame are padding; in a frame that is long enough to have one, the last four bytes are the
// frame check sequence; all else is a trailer.
func trail(c *field.Context) {
	n, least := c.Limit-c.Pos(), c.Start+minFrame
	if pad := least - c.Pos(); pad > 0 && pad <= n && isZero(c.Rest()[:pad]) {
		c.AddBytes(&padding, pad)
		n -= pad
	}
	sum := c.Limit-c.Start >= minFrame+fcsLen && n >= fcsLen && c.Limit == len(c.Frame) && c.Missing() == 0
	if sum {
		n -= fcsLen
	}
	if n > 0 {
		c.AddBytes(&trailer, n)
	}
	if sum {
		i := c.AddBytes(&fcs, fcsLen)
		if want := bits.ReverseBytes32(crc32.ChecksumIEEE(c.Frame[c.Start : c.Spans[i].Bit/8])); want != binary.BigEndian.Uint32(c.Frame[c.Spans[i].Bit/8:]) {
			c.Fault(i, badFCS, 0)
		}
	}
}

// minFrame is the least length of a frame without its check sequence. IEEE 802.3, 4.4.2
const (
	minFrame = 60
	fcsLen   = 4
)

// badFCS is a warning only: captures seldom have the sequence, and it may be a trailer's end.
var badFCS = &field.Fault{Name: "eth.fcs.bad", Label: "this is no frame check sequence, or a wrong one", Severity: field.Warn}

func isZero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}

// specLen replaces the type where the value is a length.
var specLen = field.Spec{Name: "eth.len", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "IEEE 802.3, 3.2.6"}

// pastEnd is a warning: where what follows begins is known, only its end is not there.
var pastEnd = &field.Fault{Name: "eth.len.past_end", Label: "this length reaches past the end of the data", Severity: field.Warn}

func typeOf(c *field.Context) int { return int(binary.BigEndian.Uint16(c.Frame[c.Start+12:])) }

// check turns the type into a length where it is one, and holds the length against the frame.
func check(c *field.Context) {
	n := typeOf(c)
	if n >= MinType {
		return
	}
	i := c.Find(&head[2])
	c.Spans[i].Spec = &specLen
	switch end := c.Pos() + n; {
	case end <= c.Limit:
		c.Limit = end
	case c.Missing() == 0:
		c.Fault(i, pastEnd, 0)
	}
}

func next(c *field.Context) field.Next {
	n := typeOf(c)
	if n < MinType {
		// Novell's "raw 802.3" has no 802.2 header: it is known by a header checksum of 0xffff, which
		// would be the addresses of two groups.
		if rest := c.Rest(); len(rest) > 1 && rest[0] == 0xff && rest[1] == 0xff {
			return field.Next{}
		}
		n = TypeLLC
	}
	return field.Next{Table: field.EtherType, Key: uint32(n)}
}

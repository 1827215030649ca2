package udplite

import (
	"encoding/binary"

	"httptap/stack/field"
	"httptap/stack/sum"
)

// Proto is the number among the IP protocols.
const Proto = 136

const headerLen = 8

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "udplite", Label: "Lightweight User Datagram Protocol", Kind: field.Layer, Ref: "RFC 3828, 3"},
	Title: "UDP-Lite [RFC3828]",
	Head:  head[:],
	Check: check,
	Next:  next,
}

var head = [...]field.Spec{
	{Name: "udp.srcport", Label: "Source Port", Bits: 16, Kind: field.Uint, Class: field.Port, Ref: "RFC 3828, 3.1"},
	{Name: "udp.dstport", Label: "Destination Port", Bits: 16, Kind: field.Uint, Class: field.Port, Ref: "RFC 3828, 3.1"},
	{Name: "udp.checksum_coverage", Label: "Checksum Coverage", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 3828, 3.1"},
	{Name: "udp.checksum", Label: "Checksum", Bits: 16, Kind: field.Hex, Class: field.Sum, Ref: "RFC 3828, 3.1"},
}

var (
	badCoverage = &field.Fault{Name: "udplite.checksum_coverage.bad", Label: "neither 0 nor from 8 bytes to the datagram's length: it is to be discarded", Severity: field.Error}
	noChecksum  = &field.Fault{Name: "udp.checksum.zero", Label: "no checksum, which is illegal", Severity: field.Error}
)

// check holds the coverage against the datagram and the checksum against what it covers.
func check(c *field.Context) {
	b := c.Bytes()
	coverage := int(binary.BigEndian.Uint16(b[4:]))
	whole := c.Missing() == 0 && !c.Quoted && c.Pseudo.Valid
	switch {
	case coverage == 0:
		coverage = len(b)
	case coverage < headerLen || coverage > len(b) && whole:
		// RFC 3828, 3.1: "The value of the Checksum Coverage field MUST be either 0 or at least 8."
		c.Fault(c.Find(&head[2]), badCoverage, 0)
		return
	}
	got := binary.BigEndian.Uint16(b[6:])
	if got == 0 && !c.Quoted {
		c.Fault(c.Find(&head[3]), noChecksum, 0)
		return
	}
	if !whole {
		return
	}
	p := sum.Pseudo4([4]byte(c.Pseudo.Src[:4]), [4]byte(c.Pseudo.Dst[:4]), c.Pseudo.Protocol, len(b))
	if c.Pseudo.V6 {
		p = sum.Pseudo6(c.Pseudo.Src, c.Pseudo.Dst, c.Pseudo.Protocol, len(b))
	}
	want := p.Add(b[:6]).Add(b[8:coverage]).Checksum()
	if want == 0 {
		want = 0xffff
	}
	if want != got {
		c.Fault(c.Find(&head[3]), field.BadSum, uint32(want))
	}
}

// next offers both ports, the lower first: a service's port is usually the lower one.
func next(c *field.Context) field.Next {
	h := c.Frame[c.Start:]
	src, dst := uint32(binary.BigEndian.Uint16(h)), uint32(binary.BigEndian.Uint16(h[2:]))
	return field.Next{Table: field.UDPPort, Key: min(src, dst), Alt: max(src, dst)}
}

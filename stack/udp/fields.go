package udp

import (
	"encoding/binary"

	"httptap/stack/field"
	"httptap/stack/sum"
)

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "udp", Label: "User Datagram Protocol", Kind: field.Layer, Ref: "RFC 768"},
	Title: "UDP [RFC768]",
	Head:  head[:],
	Check: check,
	Next:  next,
}

var head = [...]field.Spec{
	{Name: "udp.srcport", Label: "Source Port", Bits: 16, Kind: field.Uint, Class: field.Port, Ref: "RFC 768, Fields"},
	{Name: "udp.dstport", Label: "Destination Port", Bits: 16, Kind: field.Uint, Class: field.Port, Ref: "RFC 768, Fields"},
	{Name: "udp.length", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 768, Fields"},
	{Name: "udp.checksum", Label: "Checksum", Bits: 16, Kind: field.Hex, Class: field.Sum, Ref: "RFC 768, Fields"},
}

// The faults that only UDP can have.
var zeroChecksum = &field.Fault{Name: "udp.checksum.zero", Label: "no checksum: allowed over IPv4, an error over IPv6", Severity: field.Note}

// check holds the length against the packet and the checksum against the bytes.
func check(c *field.Context) {
	h := c.Frame[c.Start : c.Start+HeaderLen]
	n := int(binary.BigEndian.Uint16(h[4:6]))
	whole := true
	switch end := c.Start + n; {
	case n < HeaderLen:
		c.Fault(c.Find(&head[2]), field.TooShort, 0)
		return
	case end <= c.Limit:
		c.Limit = end
	default:
		whole = false
		if c.Missing() == 0 && !c.Quoted {
			c.Fault(c.Find(&head[2]), field.Overrun, 0)
		}
	}
	got := binary.BigEndian.Uint16(h[6:8])
	switch {
	case got == 0:
		c.Fault(c.Find(&head[3]), zeroChecksum, 0)
	case whole && c.Pseudo.Valid && !c.Quoted:
		var p sum.Partial
		if c.Pseudo.V6 {
			p = sum.Pseudo6(c.Pseudo.Src, c.Pseudo.Dst, c.Pseudo.Protocol, n)
		} else {
			p = sum.Pseudo4([4]byte(c.Pseudo.Src[:4]), [4]byte(c.Pseudo.Dst[:4]), c.Pseudo.Protocol, n)
		}
		if p.Add(c.Frame[c.Start:c.Limit]).Checksum() == 0 {
			return
		}
		// Summed without the field itself, so that the right value comes out.
		want := p.Add(h[:6]).Add(c.Frame[c.Start+HeaderLen : c.Limit]).Checksum()
		if want == 0 {
			want = 0xffff
		}
		if want != got {
			c.Fault(c.Find(&head[3]), field.BadSum, uint32(want))
		}
	}
}

// next offers both ports, the lower first: a service's port is usually the lower one.
func next(c *field.Context) field.Next {
	h := c.Frame[c.Start:]
	src, dst := uint32(binary.BigEndian.Uint16(h[0:2])), uint32(binary.BigEndian.Uint16(h[2:4]))
	return field.Next{Table: field.UDPPort, Key: min(src, dst), Alt: max(src, dst)}
}

package dns

import (
	"encoding/binary"

	"httptap/stack/field"
)

// Stateful operations have parts with a type and a length behind the header. RFC 8490, 5.4.4
var (
	dsoGroup   = &field.Spec{Name: "dns.dso", Label: "DNS Stateful Operation", Kind: field.Group, Ref: "RFC 8490, 5.4"}
	dsoTLV     = &field.Spec{Name: "dns.dso.tlv", Label: "DSO TLV", Kind: field.Group, Ref: "RFC 8490, 5.4.4"}
	dsoType    = valued(num("dso.tlv.type", "Type", 16, "RFC 8490, 5.4.4"), field.Values{1: "Keepalive", 2: "Retry Delay", 3: "Encryption Padding", 0x40: "SUBSCRIBE", 0x41: "PUSH", 0x42: "UNSUBSCRIBE", 0x43: "RECONFIRM"})
	dsoLen     = size("dso.tlv.length", "Length", 16, "RFC 8490, 5.4.4")
	dsoData    = data("dso.tlv.data", "Data", "RFC 8490, 5.4.4")
	dsoIdle    = &field.Spec{Name: "dns.dso.tlv.keepalive.inactivity", Label: "Inactivity Timeout", Bits: 32, Kind: field.Uint, Unit: "ms", Ref: "RFC 8490, 7.1"}
	dsoAlive   = &field.Spec{Name: "dns.dso.tlv.keepalive.interval", Label: "Keepalive Interval", Bits: 32, Kind: field.Uint, Unit: "ms", Ref: "RFC 8490, 7.1"}
	dsoRetry   = &field.Spec{Name: "dns.dso.tlv.retrydelay.retrydelay", Label: "Retry Delay", Bits: 32, Kind: field.Uint, Unit: "ms", Ref: "RFC 8490, 7.2"}
	dsoPadding = &field.Spec{Name: "dns.dso.tlv.encpad.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 8490, 7.3"}

	dsoSpecs = []*field.Spec{dsoGroup, dsoTLV, dsoType, dsoLen, dsoData, dsoIdle, dsoAlive, dsoRetry, dsoPadding}
)

// stateful appends the parts of a stateful operation.
func (d *decoder) stateful() {
	c := d.c
	if c.Pos() >= c.Limit {
		return
	}
	group := c.Open(dsoGroup)
	for c.Pos() < c.Limit && !c.Cut() {
		at := c.Pos()
		tlv := c.Open(dsoTLV)
		c.Add(dsoType, 16)
		length := c.Add(dsoLen, 16)
		if !c.Cut() {
			typ, n := binary.BigEndian.Uint16(c.Frame[at:]), int(binary.BigEndian.Uint16(c.Frame[at+2:]))
			if n > c.Limit-c.Pos() && d.lacking == nil {
				c.Fault(length, field.Overrun, 0)
			}
			switch {
			case n == 0:
			case typ == 1 && n == 8:
				c.Add(dsoIdle, 32)
				c.Add(dsoAlive, 32)
			case typ == 2 && n == 4:
				c.Add(dsoRetry, 32)
			case typ == 3:
				c.AddBytes(dsoPadding, n)
			default:
				c.AddBytes(dsoData, n)
			}
		}
		c.Close(tlv)
	}
	c.Close(group)
}

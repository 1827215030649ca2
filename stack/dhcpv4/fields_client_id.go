package dhcpv4

import "httptap/stack/field"

// The parts of a client identifier. RFC 2132, 9.14; RFC 4361, 6.1
var (
	specIDHardware = field.Spec{Name: "dhcp.hw.type", Label: "Hardware type", Bits: 8, Kind: field.Hex, Values: HardwareTypes, Ref: "RFC 2132, 9.14"}
	specIDType     = field.Spec{Name: "dhcp.client_id.type", Label: "Type", Bits: 8, Kind: field.Uint, Ref: "RFC 2132, 9.14"}
	specIDUUID     = field.Spec{Name: "dhcp.client_id.uuid", Label: "Client Identifier (UUID)", Kind: field.Custom, Format: appendUUID, Ref: "RFC 4578, 2.3"}
	specIDText     = field.Spec{Name: "dhcp.client_id.undef", Label: "Client Identifier", Kind: field.Text, Ref: "RFC 2132, 9.14"}
	specIDIAID     = field.Spec{Name: "dhcp.client_id.iaid", Label: "IAID", Bits: 32, Kind: field.Hex, Ref: "RFC 4361, 6.1"}
	specIDDUID     = field.Spec{Name: "dhcp.client_id.duid_type", Label: "DUID Type", Bits: 16, Kind: field.Uint, Values: field.Values{
		1: "link-layer address plus time", 2: "assigned by vendor based on Enterprise number", 3: "link-layer address", 4: "UUID"}, Ref: "RFC 8415, 11.1"}
	specIDLLTType = field.Spec{Name: "dhcp.client_id.duid_llt_hw_type", Label: "Hardware type", Bits: 16, Kind: field.Uint, Values: HardwareTypes, Ref: "RFC 8415, 11.2"}
	specIDLLType  = field.Spec{Name: "dhcp.client_id.duid_ll_hw_type", Label: "Hardware type", Bits: 16, Kind: field.Uint, Values: HardwareTypes, Ref: "RFC 8415, 11.4"}
	specIDTime    = field.Spec{Name: "dhcp.client_id.time", Label: "Time", Bits: 32, Kind: field.Uint, Unit: "s since 2000", Ref: "RFC 8415, 11.2"}
	specIDLink    = field.Spec{Name: "dhcp.client_id.link_layer_address", Label: "Link layer address", Kind: field.Bytes, Class: field.Address, Ref: "RFC 8415, 11.2"}
	specIDNumber  = field.Spec{Name: "dhcp.client_id.enterprise_num", Label: "Enterprise-number", Bits: 32, Kind: field.Uint, Ref: "RFC 8415, 11.3"}
	specIDMark    = field.Spec{Name: "dhcp.client_id.form", Label: "Type", Bits: 8, Kind: field.Uint, Ref: "RFC 4361, 6.1"}
	specIDOther   = field.Spec{Name: "dhcp.client_id.other", Label: "Client Identifier", Kind: field.Bytes, Ref: "RFC 2132, 9.14"}
	specIDRest    = field.Spec{Name: "dhcp.client_id", Label: "Identifier", Kind: field.Bytes, Ref: "RFC 8415, 11"}
)

func addClientID(c *field.Context, o *option, n int) *field.Fault {
	if n < 2 {
		raw(c, n)
		return wrong(n)
	}
	switch typ := c.Frame[c.Pos()]; {
	case n == 7 && typ > 0 && typ < 48:
		c.Add(&specIDHardware, 8)
		c.Add(&specMAC, 48)
	case n == 17 && typ == 0:
		c.Add(&specIDMark, 8)
		c.AddBytes(&specIDUUID, 16)
	case typ == 255 && n > 7:
		c.Add(&specIDMark, 8)
		c.Add(&specIDIAID, 32)
		duid(c, n-5)
	case typ == 0:
		c.Add(&specIDType, 8)
		c.AddBytes(&specIDText, n-1)
	default:
		c.Add(&specIDMark, 8)
		c.AddBytes(&specIDOther, n-1)
	}
	return nil
}

// duid adds the n bytes of a DHCP Unique Identifier. RFC 8415, 11
func duid(c *field.Context, n int) {
	stop, typ := c.Pos()+n, c.Frame[c.Pos()+1]
	c.Add(&specIDDUID, 16)
	switch left := n - 2; {
	case typ == 1 && left > 6:
		c.Add(&specIDLLTType, 16)
		c.Add(&specIDTime, 32)
		c.AddBytes(&specIDLink, left-6)
	case typ == 2 && left >= 4:
		c.Add(&specIDNumber, 32)
	case typ == 3 && left > 2:
		c.Add(&specIDLLType, 16)
		c.AddBytes(&specIDLink, left-2)
	case typ == 4 && left == 16:
		c.AddBytes(&specIDUUID, 16)
	}
	if left := stop - c.Pos(); left > 0 {
		c.AddBytes(&specIDRest, left)
	}
}

// appendUUID prints a UUID whose first three parts are little-endian, as the firmware that sends
// them has them in memory.
func appendUUID(dst, msg []byte, off, n int) []byte {
	b := msg[off : off+n]
	if n != 16 {
		return field.AppendHex(dst, b)
	}
	dst = append(field.AppendHex(dst, []byte{b[3], b[2], b[1], b[0]}), '-')
	dst = append(field.AppendHex(dst, []byte{b[5], b[4]}), '-')
	dst = append(field.AppendHex(dst, []byte{b[7], b[6]}), '-')
	dst = append(field.AppendHex(dst, b[8:10]), '-')
	return field.AppendHex(dst, b[10:])
}

func moreClientID() []*field.Spec {
	return []*field.Spec{&specIDHardware, &specIDType, &specIDMark, &specIDUUID, &specIDText, &specIDIAID, &specIDDUID, &specIDLLTType, &specIDLLType, &specIDTime,
		&specIDLink, &specIDNumber, &specIDRest, &specIDOther}
}

package dhcpv4

import (
	"net/netip"
	"strconv"

	"httptap/stack/field"
)

// An option says how the value of one option code is made.
type option struct {
	name  string // IANA, "BOOTP Vendor Extensions and DHCP Options"
	group field.Spec
	spec  field.Spec
	other field.Spec // the second part of pairs

	// add adds the n bytes of the value, all of which are there, and returns what is wrong
	// with their number, or nil.
	add func(c *field.Context, o *option, n int) *field.Fault
}

// The specs that all options share.
var (
	specCode    = field.Spec{Name: "dhcp.option.type", Label: "Option", Bits: 8, Kind: field.Uint, Values: optionNames, Ref: "RFC 2132, 2"}
	specLength  = field.Spec{Name: "dhcp.option.length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 2132, 2"}
	specValue   = field.Spec{Name: "dhcp.option.value", Label: "Value", Kind: field.Bytes, Ref: "RFC 2132, 2"}
	specPadding = field.Spec{Name: "dhcp.option.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 2132, 3.1"}
	specEnd     = field.Spec{Name: "dhcp.option.end", Label: "Option End", Bits: 8, Kind: field.Uint, Ref: "RFC 2132, 3.2"}
)

func raw(c *field.Context, n int) {
	if n > 0 {
		c.AddBytes(&specValue, n)
	}
}

// addBytes is the form of a value that is not explained further.
func addBytes(c *field.Context, o *option, n int) *field.Fault {
	if n > 0 {
		c.AddBytes(&o.spec, n)
	}
	return nil
}

// addText is the form of a value of one byte or more.
func addText(c *field.Context, o *option, n int) *field.Fault {
	if n == 0 {
		return &faultEmpty
	}
	c.AddBytes(&o.spec, n)
	return nil
}

// addOne is the form of a value of a fixed width.
func addOne(c *field.Context, o *option, n int) *field.Fault {
	if n != o.spec.Bits/8 {
		raw(c, n)
		return wrong(n)
	}
	c.Add(&o.spec, o.spec.Bits)
	return nil
}

// addList is the form of one or more values of a fixed width.
func addList(c *field.Context, o *option, n int) *field.Fault {
	size := o.spec.Bits / 8
	for rest := n; rest >= size; rest -= size {
		c.Add(&o.spec, o.spec.Bits)
	}
	raw(c, n%size)
	if n == 0 || n%size != 0 {
		return wrong(n)
	}
	return nil
}

// addPairs is the form of one or more pairs of values of a fixed width.
func addPairs(c *field.Context, o *option, n int) *field.Fault {
	size := (o.spec.Bits + o.other.Bits) / 8
	for rest := n; rest >= size; rest -= size {
		c.Add(&o.spec, o.spec.Bits)
		c.Add(&o.other, o.other.Bits)
	}
	raw(c, n%size)
	if n == 0 || n%size != 0 {
		return wrong(n)
	}
	return nil
}

// addNothing is the form of an option whose presence says it all.
func addNothing(c *field.Context, o *option, n int) *field.Fault {
	raw(c, n)
	if n != 0 {
		return &faultLength
	}
	return nil
}

func wrong(n int) *field.Fault {
	if n == 0 {
		return &faultEmpty
	}
	return &faultLength
}

// addOverload is addOne with the values that make no sense marked. RFC 2132, 9.3
func addOverload(c *field.Context, o *option, n int) *field.Fault {
	f := addOne(c, o, n)
	if v := c.Frame[c.Pos()-1]; n == 1 && (v == 0 || v > 3) {
		c.Fault(len(c.Spans)-1, &faultOverload, 0)
	}
	return f
}

// The parts of a client identifier. RFC 2132, 9.14; RFC 4361, 6.1
var (
	specIDHardware = field.Spec{Name: "dhcp.hw.type", Label: "Hardware type", Bits: 8, Kind: field.Hex, Values: HardwareTypes, Ref: "RFC 2132, 9.14"}
	specIDType     = field.Spec{Name: "dhcp.client_id.type", Label: "Type", Bits: 8, Kind: field.Uint, Ref: "RFC 2132, 9.14"}
	specIDUUID     = field.Spec{Name: "dhcp.client_id.uuid", Label: "Client Identifier (UUID)", Kind: field.Custom, Format: appendUUID, Ref: "RFC 4578, 2.3"}
	specIDText     = field.Spec{Name: "dhcp.client_id.undef", Label: "Client Identifier", Kind: field.Text, Ref: "RFC 2132, 9.14"}
	specIDIAID     = field.Spec{Name: "dhcp.client_id.iaid", Label: "IAID", Bits: 32, Kind: field.Hex, Ref: "RFC 4361, 6.1"}
	specIDDUID     = field.Spec{Name: "dhcp.client_id.duid_type", Label: "DUID Type", Bits: 16, Kind: field.Uint, Values: field.Values{
		1: "link-layer address plus time", 2: "assigned by vendor based on Enterprise number", 3: "link-layer address", 4: "UUID"}, Ref: "RFC 8415, 11.1"}
	specIDRest = field.Spec{Name: "dhcp.client_id", Label: "Identifier", Kind: field.Bytes, Ref: "RFC 8415, 11"}
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
		c.Add(&specIDType, 8)
		c.AddBytes(&specIDUUID, 16)
	case typ == 255 && n > 7:
		c.Add(&specIDType, 8)
		c.Add(&specIDIAID, 32)
		c.Add(&specIDDUID, 16)
		c.AddBytes(&specIDRest, n-7)
	default:
		c.Add(&specIDType, 8)
		c.AddBytes(&specIDText, n-1)
	}
	return nil
}

func appendUUID(dst, msg []byte, off, n int) []byte {
	for i, v := range msg[off : off+n] {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = field.AppendHex(dst, []byte{v})
	}
	return dst
}

// The client's full name. RFC 4702, 2
var (
	specFQDNFlags = field.Spec{Name: "dhcp.fqdn.flags", Label: "Flags", Bits: 8, Kind: field.Hex, Ref: "RFC 4702, 2.1", Sub: []field.Spec{
		{Name: "dhcp.fqdn.mbz", Label: "Reserved flags", Bits: 4, Kind: field.Reserved, Ref: "RFC 4702, 2.1"},
		{Name: "dhcp.fqdn.n", Label: "Server DDNS", Bits: 1, Kind: field.Uint, Values: field.Values{0: "Some server updates", 1: "No server updates"}, Ref: "RFC 4702, 2.1"},
		{Name: "dhcp.fqdn.e", Label: "Encoding", Bits: 1, Kind: field.Uint, Values: field.Values{0: "ASCII encoding", 1: "Binary encoding"}, Ref: "RFC 4702, 2.1"},
		{Name: "dhcp.fqdn.o", Label: "Server overrides", Bits: 1, Kind: field.Uint, Values: field.Values{0: "No override", 1: "Override"}, Ref: "RFC 4702, 2.1"},
		{Name: "dhcp.fqdn.s", Label: "Server", Bits: 1, Kind: field.Uint, Values: field.Values{0: "Client", 1: "Server"}, Ref: "RFC 4702, 2.1"},
	}}
	specFQDNCode1 = field.Spec{Name: "dhcp.fqdn.rcode1", Label: "A-RR result", Bits: 8, Kind: field.Uint, Ref: "RFC 4702, 2.2"}
	specFQDNCode2 = field.Spec{Name: "dhcp.fqdn.rcode2", Label: "PTR-RR result", Bits: 8, Kind: field.Uint, Ref: "RFC 4702, 2.2"}
	specFQDNName  = field.Spec{Name: "dhcp.fqdn.name", Label: "Client name", Kind: field.Text, Class: field.Name, Ref: "RFC 4702, 2.3.2"}
	specFQDNWire  = field.Spec{Name: "dhcp.fqdn.name", Label: "Client name", Kind: field.Custom, Class: field.Name, Format: appendLabels, Ref: "RFC 4702, 2.3.1"}
)

func addFQDN(c *field.Context, o *option, n int) *field.Fault {
	if n < 3 {
		raw(c, n)
		return wrong(n)
	}
	wire := c.Frame[c.Pos()]&4 != 0
	c.Add(&specFQDNFlags, 8)
	c.Add(&specFQDNCode1, 8)
	c.Add(&specFQDNCode2, 8)
	switch {
	case n == 3:
	case wire:
		c.AddBytes(&specFQDNWire, n-3)
	default:
		c.AddBytes(&specFQDNName, n-3)
	}
	return nil
}

// appendLabels prints a name in DNS labels, RFC 1035, 3.1; bytes that are not one as they are.
func appendLabels(dst, msg []byte, off, n int) []byte {
	b, start := msg[off:off+n], len(dst)
	for i := 0; i < len(b); {
		l := int(b[i])
		if l > 63 || i+1+l > len(b) || l == 0 && i+1 < len(b) {
			return field.AppendQuoted(dst[:start], b)
		}
		if l > 0 {
			q := len(dst)
			dst = field.AppendQuoted(dst, b[i+1:i+1+l])
			copy(dst[q:], dst[q+1:]) // without its quotes
			dst = append(dst[:len(dst)-2], '.')
		}
		i += 1 + l
	}
	return dst
}

// addRoutes adds a span for each classless static route. RFC 3442
func addRoutes(c *field.Context, o *option, n int) *field.Fault {
	if n == 0 {
		return &faultEmpty
	}
	for stop := c.Pos() + n; c.Pos() < stop; {
		bits := int(c.Frame[c.Pos()])
		size := 1 + (bits+7)/8 + 4
		if left := stop - c.Pos(); bits > 32 || size > left {
			raw(c, left)
			if bits > 32 {
				c.Fault(len(c.Spans)-1, &faultRoute, 0)
			}
			return &faultLength
		}
		c.AddBytes(&o.spec, size)
	}
	return nil
}

func appendRoute(dst, msg []byte, off, n int) []byte {
	b := msg[off : off+n]
	var net [4]byte
	copy(net[:], b[1:n-4])
	dst = netip.AddrFrom4(net).AppendTo(dst)
	dst = strconv.AppendUint(append(dst, '/'), uint64(b[0]), 10)
	return netip.AddrFrom4([4]byte(b[n-4:])).AppendTo(append(dst, " via "...))
}

// The parts of a relay's option. RFC 3046, 2.0
var (
	groupRelay    = field.Spec{Name: "dhcp.option.agent_information_option", Label: "Option 82 Suboption", Kind: field.Group, Ref: "RFC 3046, 2.0"}
	specRelayCode = field.Spec{Name: "dhcp.option.agent_information_option.suboption", Label: "Option 82 Suboption", Bits: 8, Kind: field.Uint, Values: field.Values{
		1: "Agent Circuit ID", 2: "Agent Remote ID", 4: "DOCSIS Device Class", 5: "Link selection", 6: "Subscriber ID", 7: "RADIUS Attributes",
		8: "Authentication", 9: "Vendor-Specific Information", 10: "Flags", 11: "Server ID Override", 12: "Relay Agent Identifier",
		19: "Relay Agent Source Port", 151: "VRF name/VPN ID", 152: "Virtual Subnet Selection Control"}, Ref: "RFC 3046, 2.0"}
	specRelayLen   = field.Spec{Name: "dhcp.option.suboption_length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 3046, 2.0"}
	specRelayValue = field.Spec{Name: "dhcp.option.agent_information_option.value", Label: "Value", Kind: field.Bytes, Ref: "RFC 3046, 2.0"}
	relayValues    = map[byte]*field.Spec{
		1:  {Name: "dhcp.option.agent_information_option.agent_circuit_id", Label: "Agent Circuit ID", Kind: field.Bytes, Ref: "RFC 3046, 3.1"},
		2:  {Name: "dhcp.option.agent_information_option.agent_remote_id", Label: "Agent Remote ID", Kind: field.Bytes, Ref: "RFC 3046, 3.2"},
		5:  {Name: "dhcp.option.agent_information_option.link_selection", Label: "Link selection", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 3527, 3"},
		6:  {Name: "dhcp.option.agent_information_option.subscriber_id", Label: "Subscriber ID", Kind: field.Text, Ref: "RFC 3993, 3"},
		10: {Name: "dhcp.option.agent_information_option.flags", Label: "Flags", Bits: 8, Kind: field.Hex, Ref: "RFC 5010, 3"},
		11: {Name: "dhcp.option.agent_information_option.server_id_override", Label: "Server ID Override", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 5107, 4"},
		12: {Name: "dhcp.option.agent_information_option.relay_agent_id", Label: "Relay Agent Identifier", Kind: field.Bytes, Ref: "RFC 6925, 5"},
	}
)

func addRelay(c *field.Context, o *option, n int) *field.Fault {
	if n < 2 {
		raw(c, n)
		return wrong(n)
	}
	for stop := c.Pos() + n; c.Pos() < stop; {
		if stop-c.Pos() < 2 {
			raw(c, 1)
			return &faultLength
		}
		code, size := c.Frame[c.Pos()], int(c.Frame[c.Pos()+1])
		group := c.Open(&groupRelay)
		c.Add(&specRelayCode, 8)
		length := c.Add(&specRelayLen, 8)
		s := relayValues[code]
		if s == nil || s.Bits > 0 && s.Bits != 8*size {
			s = &specRelayValue
		}
		if left := stop - c.Pos(); size > left {
			c.Fault(length, &faultOption, 0)
			s, size = &specRelayValue, left
		}
		if size > 0 {
			c.AddBytes(s, size)
		}
		c.Close(group)
	}
	return nil
}

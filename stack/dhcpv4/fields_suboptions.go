package dhcpv4

import (
	"encoding/binary"

	"httptap/stack/field"
)

// Options that only the field table knows.
const (
	optVendor      = 43
	optVendorClass = 60
)

// A family are the suboptions of one option: a code, a length and a value each.
type family struct {
	group  field.Spec // begins with the code
	code   field.Spec
	value  field.Spec // of a code that values does not have
	values map[byte]*field.Spec
	length field.Spec
	end    int // the code that stands alone and ends the list, -1 without one
}

var specSubLen = field.Spec{Name: "dhcp.option.suboption_length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 3046, 2.0"}

func suboptions(group, value, label, ref string, names field.Values, values map[byte]*field.Spec, end int) family {
	return family{
		group:  field.Spec{Name: group, Label: label, Bits: 8, Kind: field.Uint, Values: names, Ref: ref},
		code:   field.Spec{Name: "dhcp.option.suboption.code", Label: "Code", Bits: 8, Kind: field.Uint, Values: names, Ref: ref},
		value:  field.Spec{Name: value, Label: "Value", Kind: field.Bytes, Ref: ref},
		length: specSubLen, values: values, end: end,
	}
}

// add adds the suboptions in the n bytes from Pos on.
func (f *family) add(c *field.Context, n int) *field.Fault {
	if n < 2 {
		raw(c, n)
		return wrong(n)
	}
	for stop := c.Pos() + n; c.Pos() < stop; {
		code := c.Frame[c.Pos()]
		if int(code) == f.end || stop-c.Pos() < 2 {
			known := int(code) == f.end
			group := c.Open(&f.group)
			c.Add(&f.code, 8)
			c.Close(group)
			raw(c, stop-c.Pos())
			if !known {
				return &faultLength
			}
			return nil
		}
		size := int(c.Frame[c.Pos()+1])
		group := c.Open(&f.group)
		c.Add(&f.code, 8)
		length := c.Add(&f.length, 8)
		s := f.values[code]
		if left := stop - c.Pos(); size > left {
			c.Fault(length, &faultOption, 0)
			s, size = nil, left
		}
		f.addValue(c, code, s, size)
		c.Close(group)
	}
	return nil
}

// addValue adds the value of one suboption. One that has a field of its own is that inside of the
// bytes.
func (f *family) addValue(c *field.Context, code byte, s *field.Spec, size int) {
	switch {
	case size == 0:
	case f == &relay && code == 9:
		value := c.Open(&f.value)
		relayVendors(c, size)
		c.Close(value)
	case f == &relay && code == 151:
		value := c.Open(&f.value)
		if c.Frame[c.Pos()] == 255 && size == 1 {
			c.Add(&relayGlobal, 8)
		} else if c.Frame[c.Pos()] == 0 && size > 1 {
			c.Add(&relayVPNType, 8)
			c.AddBytes(&relayVPNName, size-1)
		} else {
			c.AddBytes(&specRest, size)
		}
		c.Close(value)
	case s == nil || s.Bits > 0 && s.Bits != 8*size:
		c.AddBytes(&f.value, size)
	default:
		value := c.Open(&f.value)
		c.AddBytes(s, size)
		c.Close(value)
	}
}

func (f *family) specs() []*field.Spec {
	list := []*field.Spec{&f.group, &f.code, &f.length, &f.value}
	for _, s := range f.values {
		list = append(list, s)
	}
	return list
}

func sub(name, label string, bits int, kind field.Kind, ref string) *field.Spec {
	s := &field.Spec{Name: "dhcp.option." + name, Label: label, Bits: bits, Kind: kind, Ref: ref}
	if kind == field.IPv4 {
		s.Class = field.Address
	}
	return s
}

const relayPrefix = "agent_information_option."

// relay are the suboptions of a relay agent. RFC 3046, 2.0 and IANA, "DHCP Relay Agent Sub-Option Codes"
var relay = suboptions("dhcp.option.agent_information_option.suboption", "dhcp.option.agent_information_option.value", "Option 82 Suboption", "RFC 3046, 2.0", field.Values{
	1: "Agent Circuit ID", 2: "Agent Remote ID", 4: "DOCSIS Device Class", 5: "Link selection", 6: "Subscriber ID", 7: "RADIUS Attributes",
	8: "Authentication", 9: "Vendor-Specific Information", 10: "Flags", 11: "Server ID Override", 12: "Relay Agent Identifier",
	13: "Access Technology Type", 14: "Access Network Name", 15: "Access Point Name", 16: "Access Point BSSID", 17: "Operator Identifier", 18: "Operator Realm",
	19: "Relay Agent Source Port", 20: "Link Address", 150: "Link selection (Cisco proprietary)", 151: "VRF name/VPN ID", 152: "Server ID Override (Cisco proprietary)",
}, map[byte]*field.Spec{
	1: sub(relayPrefix+"agent_circuit_id", "Agent Circuit ID", 0, field.Bytes, "RFC 3046, 3.1"), 2: sub(relayPrefix+"agent_remote_id", "Agent Remote ID", 0, field.Bytes, "RFC 3046, 3.2"),
	4: sub(relayPrefix+"docsis_device_class", "DOCSIS Device Class", 32, field.Hex, "RFC 3256, 2"), 5: sub(relayPrefix+"link_selection", "Link selection", 32, field.IPv4, "RFC 3527, 3"),
	6: sub(relayPrefix+"subscriber_id", "Subscriber ID", 0, field.Text, "RFC 3993, 3"), 7: sub(relayPrefix+"radius_attributes", "RADIUS Attributes", 0, field.Bytes, "RFC 4014, 4"),
	8: sub(relayPrefix+"authentication", "Authentication", 0, field.Bytes, "RFC 4030, 4"), 10: sub(relayPrefix+"flags", "Flags", 8, field.Hex, "RFC 5010, 3"),
	11: sub(relayPrefix+"server_id_override", "Server ID Override", 32, field.IPv4, "RFC 5107, 4"), 12: sub(relayPrefix+"relay_agent_id", "Relay Agent Identifier", 0, field.Bytes, "RFC 6925, 5"),
	14: sub(relayPrefix+"ani_network_name", "Access Network Name", 0, field.Text, "RFC 7839, 4.2"), 15: sub(relayPrefix+"ani_ap_name", "Access Point Name", 0, field.Text, "RFC 7839, 4.3"),
	16: sub(relayPrefix+"ani_ap_bssid", "Access Point BSSID", 48, field.MAC, "RFC 7839, 4.4"), 17: sub(relayPrefix+"ani_operator_id", "Access Network Operator ID", 0, field.Bytes, "RFC 7839, 4.5"),
	18: sub(relayPrefix+"ani_operator_realm", "Access Network Operator Realm", 0, field.Text, "RFC 7839, 4.6"), 20: sub(relayPrefix+"link_address", "Link Address", 32, field.IPv4, "RFC 5460"),
	150: sub(relayPrefix+"link_selection_cisco", "Link selection (Cisco proprietary)", 32, field.IPv4, "RFC 3527, 3"),
	152: sub(relayPrefix+"server_id_override_cisco", "Server ID Override (Cisco proprietary)", 32, field.IPv4, "RFC 5107, 4"),
}, -1)

var (
	relayEnterprise = field.Spec{Name: "dhcp.option.agent_information_option.vi.enterprise", Label: "Enterprise", Bits: 32, Kind: field.Uint, Values: enterprises, Ref: "RFC 4243, 3"}
	relayDataLen    = field.Spec{Name: "dhcp.option.agent_information_option.vi.data_length", Label: "Data Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 4243, 3"}
	relayGlobal     = field.Spec{Name: "dhcp.option.agent_information_option.vrf_name.global", Label: "Global, default VPN", Bits: 8, Kind: field.Uint, Ref: "RFC 6607, 3.5"}
	relayVPNType    = field.Spec{Name: "dhcp.option.agent_information_option.vrf_name.type", Label: "VSS Type", Bits: 8, Kind: field.Uint, Ref: "RFC 6607, 3.5"}
	relayVPNName    = field.Spec{Name: "dhcp.option.agent_information_option.vrf_name", Label: "VRF name", Kind: field.Text, Ref: "RFC 6607, 3.5"}
)

// relayVendors adds what vendors put into a relay's suboption 9. RFC 4243, 3
func relayVendors(c *field.Context, size int) {
	for stop := c.Pos() + size; c.Pos() < stop; {
		if stop-c.Pos() < 5 {
			raw(c, stop-c.Pos())
			return
		}
		c.Add(&relayEnterprise, 32)
		length := c.Add(&relayDataLen, 8)
		n := int(c.Frame[c.Pos()-1])
		if left := stop - c.Pos(); n > left {
			c.Fault(length, &faultOption, 0)
			n = left
		}
		if n > 0 {
			c.AddBytes(&relay.value, n)
		}
	}
}

func addRelay(c *field.Context, o *option, n int) *field.Fault { return relay.add(c, n) }

// netware are the suboptions of option 63. RFC 2242, 3
var netware = suboptions("dhcp.option.novell_options.suboption", "dhcp.option.novell_options.value", "Option 63 Suboption", "RFC 2242, 3", field.Values{
	1: "NWIP does not exist on subnet", 2: "NWIP exists in options area", 3: "NWIP exists in sname/file", 4: "NWIP exists, but too big", 5: "Broadcast for nearest Netware server",
	6: "Preferred DSS server", 7: "Nearest NWIP server", 8: "Autoretries", 9: "Autoretry delay, secs", 10: "Support NetWare v1.1", 11: "Primary DSS",
}, map[byte]*field.Spec{
	5: sub("novell_options.broadcast", "Broadcast for nearest Netware server", 8, field.Uint, "RFC 2242, 3"), 6: sub("novell_options.preferred_dss_server", "Preferred DSS server", 32, field.IPv4, "RFC 2242, 3"),
	7: sub("novell_options.nearest_nwip_server", "Nearest NWIP server", 32, field.IPv4, "RFC 2242, 3"), 8: sub("novell_options.autoretries", "Autoretries", 8, field.Uint, "RFC 2242, 3"),
	9: sub("novell_options.autoretry_delay", "Autoretry delay", 8, field.Uint, "RFC 2242, 3"), 10: sub("novell_options.support_netware_v1_1", "Support NetWare v1.1", 8, field.Uint, "RFC 2242, 3"),
	11: sub("novell_options.primary_dss", "Primary DSS", 32, field.IPv4, "RFC 2242, 3"),
}, -1)

func addNetware(c *field.Context, o *option, n int) *field.Fault { return netware.add(c, n) }

var pxeControl = field.Spec{Name: "dhcp.option.vendor.pxeclient.discovery_control", Label: "discovery control", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "PXE 2.1, table 2-1", Sub: []field.Spec{
	{Name: "dhcp.option.vendor.pxeclient.discovery_control.reserved", Label: "Reserved", Bits: 4, Kind: field.Reserved, Ref: "PXE 2.1, table 2-1"},
	{Name: "dhcp.option.vendor.pxeclient.discovery_control.bstrap", Label: "Bootstrap override", Bits: 1, Kind: field.Flag, Ref: "PXE 2.1, table 2-1"},
	{Name: "dhcp.option.vendor.pxeclient.discovery_control.serverlist", Label: "Serverlist only", Bits: 1, Kind: field.Flag, Ref: "PXE 2.1, table 2-1"},
	{Name: "dhcp.option.vendor.pxeclient.discovery_control.multicast", Label: "Disable Multicast", Bits: 1, Kind: field.Flag, Ref: "PXE 2.1, table 2-1"},
	{Name: "dhcp.option.vendor.pxeclient.discovery_control.broadcast", Label: "Disable Broadcast", Bits: 1, Kind: field.Flag, Ref: "PXE 2.1, table 2-1"},
}}

// pxe are the suboptions of option 43 when PXE speaks. Preboot Execution Environment 2.1, table 2-1
var pxe = suboptions("dhcp.option.vendor.pxeclient.suboption", "dhcp.option.vendor.value", "Option 43 Suboption", "PXE 2.1, table 2-1", field.Values{
	0: "Padding", 1: "PXE mtftp IP", 2: "PXE mtftp client port", 3: "PXE mtftp server port", 4: "PXE mtftp timeout", 5: "PXE mtftp delay", 6: "PXE discovery control",
	7: "PXE multicast address", 8: "PXE boot servers", 9: "PXE boot menu", 10: "PXE menu prompt", 11: "PXE multicast address alloc", 12: "PXE credential types", 71: "PXE boot item", 255: "PXE Client End",
}, map[byte]*field.Spec{
	1: sub("vendor.pxeclient.mtftp_ip", "mtftp IP", 32, field.IPv4, "PXE 2.1, table 2-1"), 2: sub("vendor.pxeclient.mtftp_client_port", "mtftp client port", 16, field.Uint, "PXE 2.1, table 2-1"),
	3: sub("vendor.pxeclient.mtftp_server_port", "mtftp server port", 16, field.Uint, "PXE 2.1, table 2-1"), 4: sub("vendor.pxeclient.mtftp_timeout", "mtftp timeout", 8, field.Uint, "PXE 2.1, table 2-1"),
	5: sub("vendor.pxeclient.mtftp_delay", "mtftp delay", 8, field.Uint, "PXE 2.1, table 2-1"), 6: &pxeControl, 7: sub("vendor.pxeclient.multicast_address", "multicast address", 32, field.IPv4, "PXE 2.1, table 2-1"),
	8: sub("vendor.pxeclient.boot_servers", "boot servers", 0, field.Bytes, "PXE 2.1, table 2-1"), 9: sub("vendor.pxeclient.boot_menu", "boot menu", 0, field.Bytes, "PXE 2.1, table 2-1"),
	10: sub("vendor.pxeclient.menu_prompt", "menu prompt", 0, field.Bytes, "PXE 2.1, table 2-1"), 11: sub("vendor.pxeclient.multicast_address_alloc", "multicast address alloc", 0, field.Bytes, "PXE 2.1, table 2-1"),
	12: sub("vendor.pxeclient.credential_types", "credential types", 0, field.Bytes, "PXE 2.1, table 2-1"), 71: sub("vendor.pxeclient.boot_item", "boot item", 0, field.Bytes, "PXE 2.1, table 2-1"),
}, 255)

func addPXE(c *field.Context, o *option, n int) *field.Fault { return pxe.add(c, n) }

// cableLabs are the suboptions of option 122. RFC 3495, 5
var cableLabs = suboptions("dhcp.vendor.pc.ietf_ccc.suboption", "dhcp.option.ccc.value", "Suboption", "RFC 3495, 5", field.Values{
	1: "TSP's Primary DHCP Server Address", 2: "TSP's Secondary DHCP Server Address", 3: "TSP's Provisioning Server Address", 4: "TSP's AS-REQ/AS-REP Backoff and Retry",
	5: "TSP's AP-REQ/AP-REP Backoff and Retry", 6: "TSP's Kerberos Realm Name", 7: "TSP's Ticket Granting Server Utilization", 8: "TSP's Provisioning Timer Value",
}, nil, -1)

func init() { cableLabs.length.Name = "dhcp.option.ccc.length" } // Wireshark shows none

func addCableLabs(c *field.Context, o *option, n int) *field.Fault { return cableLabs.add(c, n) }

// enterprises names a few of IANA's "Private Enterprise Numbers".
var enterprises = field.Values{9: "ciscoSystems", 311: "Microsoft", 343: "Intel", 2636: "Juniper Networks", 3561: "The Broadband Forum", 4491: "Cable Television Laboratories", 14988: "MikroTik"}

var (
	vendorClassNumber = field.Spec{Name: "dhcp.option.vi_class.enterprise", Label: "Enterprise", Bits: 32, Kind: field.Uint, Values: enterprises, Ref: "RFC 3925, 3"}
	vendorClassLen    = field.Spec{Name: "dhcp.option.vi_class.length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 3925, 3"}
	vendorClassData   = field.Spec{Name: "dhcp.option.vi_class.data", Label: "Data", Kind: field.Text, Ref: "RFC 3925, 3"}
	vendorInfoNumber  = field.Spec{Name: "dhcp.option.vi.enterprise", Label: "Enterprise", Bits: 32, Kind: field.Uint, Values: enterprises, Ref: "RFC 3925, 4"}
	vendorInfoLen     = field.Spec{Name: "dhcp.option.vi.length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 3925, 4"}
	vendorGroup       = field.Spec{Name: "dhcp.option.vi.suboption", Label: "Suboption", Kind: field.Group, Ref: "RFC 3925, 4"}
	vendorSub         = field.Spec{Name: "dhcp.vendor.suboption", Label: "Option 125 Suboption", Bits: 8, Kind: field.Uint, Ref: "RFC 3925, 4"}
	vendorData        = field.Spec{Name: "dhcp.vendor.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 3925, 4"}
)

// gateway are the suboptions of the Broadband Forum. TR-069, annex F
var gateway = suboptions("dhcp.option.vi.tr111.suboption", "dhcp.option.vi.value", "Option 125 Suboption", "TR-069, annex F", field.Values{
	1: "DeviceManufacturerOUI", 2: "DeviceSerialNumber", 3: "DeviceProductClass", 4: "GatewayManufacturerOUI", 5: "GatewaySerialNumber", 6: "GatewayProductClass",
}, map[byte]*field.Spec{
	1: sub("vi.tr111.device_manufacturer_oui", "DeviceManufacturerOUI", 0, field.Text, "TR-069, annex F"), 2: sub("vi.tr111.device_serial_number", "DeviceSerialNumber", 0, field.Text, "TR-069, annex F"),
	3: sub("vi.tr111.device_product_class", "DeviceProductClass", 0, field.Text, "TR-069, annex F"), 4: sub("vi.tr111.gateway_manufacturer_oui", "GatewayManufacturerOUI", 0, field.Text, "TR-069, annex F"),
	5: sub("vi.tr111.gateway_serial_number", "GatewaySerialNumber", 0, field.Text, "TR-069, annex F"), 6: sub("vi.tr111.gateway_product_class", "GatewayProductClass", 0, field.Text, "TR-069, annex F"),
}, -1)

const broadbandForum = 3561

func addVendorClass(c *field.Context, o *option, n int) *field.Fault {
	return vendors(c, n, &vendorClassNumber, &vendorClassLen, func(_ uint32, n int) { c.AddBytes(&vendorClassData, n) })
}

func addVendorInfo(c *field.Context, o *option, n int) *field.Fault {
	return vendors(c, n, &vendorInfoNumber, &vendorInfoLen, func(number uint32, n int) {
		if number == broadbandForum {
			gateway.add(c, n)
			return
		}
		for stop := c.Pos() + n; c.Pos() < stop; {
			if stop-c.Pos() < 2 {
				raw(c, stop-c.Pos())
				return
			}
			group := c.Open(&vendorGroup)
			c.Add(&vendorSub, 8)
			length := c.Add(&specSubLen, 8)
			size := int(c.Frame[c.Pos()-1])
			if left := stop - c.Pos(); size > left {
				c.Fault(length, &faultOption, 0)
				size = left
			}
			if size > 0 {
				c.AddBytes(&vendorData, size)
			}
			c.Close(group)
		}
	})
}

// vendors adds what several vendors put into options 124 and 125: a number, a length and data each.
func vendors(c *field.Context, n int, number, length *field.Spec, data func(number uint32, n int)) *field.Fault {
	stop := c.Pos() + n
	if n == 0 {
		return &faultEmpty
	}
	for c.Pos() < stop {
		if stop-c.Pos() < 5 {
			raw(c, stop-c.Pos())
			return &faultLength
		}
		c.Add(number, 32)
		l := c.Add(length, 8)
		vendor, size := binary.BigEndian.Uint32(c.Frame[c.Pos()-5:]), int(c.Frame[c.Pos()-1])
		if left := stop - c.Pos(); size > left {
			c.Fault(l, &faultOption, 0)
			size = left
		}
		if size > 0 {
			data(vendor, size)
		}
	}
	return nil
}

func moreSuboptions() []*field.Spec {
	list := []*field.Spec{&specSubLen, &relayEnterprise, &relayDataLen, &relayGlobal, &relayVPNType, &relayVPNName, &vendorClassNumber, &vendorClassLen,
		&vendorClassData, &vendorInfoNumber, &vendorInfoLen, &vendorGroup, &vendorSub, &vendorData}
	for _, f := range []*family{&relay, &netware, &pxe, &cableLabs, &gateway} {
		list = append(list, f.specs()...)
	}
	return list
}

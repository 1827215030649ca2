package dhcpv4

import (
	"fmt"

	"httptap/stack/field"
)

// Types names the message types as Wireshark does. RFC 2132, 9.6; RFC 3203; RFC 4388; RFC 6926;
// RFC 7724
var Types = field.Values{
	uint64(Discover): "Discover", uint64(Offer): "Offer", uint64(Request): "Request", uint64(Decline): "Decline",
	uint64(ACK): "ACK", uint64(NAK): "NAK", uint64(Release): "Release", uint64(Inform): "Inform",
	9: "Force Renew", 10: "Lease query", 11: "Lease Unassigned", 12: "Lease Unknown", 13: "Lease Active",
	14: "Bulk Lease Query", 15: "Lease Query Done", 16: "Active LeaseQuery", 17: "Lease Query Status", 18: "TLS",
}

var (
	onOff     = field.Values{0: "Disabled", 1: "Enabled"}
	nodeTypes = field.Values{1: "B-node", 2: "P-node", 4: "M-node", 8: "H-node"}
	overloads = field.Values{1: "Boot file name holds options", 2: "Server host name holds options", 3: "Boot file and server host names hold options"}
	infinite  = field.Values{Infinite: "infinity"}

	nameServices = field.Values{0: "Local naming information (e.g., an /etc/hosts file on a UNIX machine)", 6: "Domain Name Server Option",
		41: "Network Information Servers Option", 44: "NetBIOS over TCP/IP Name Server Option", 65: "Network Information Service+ Servers Option"}
	leaseStates = field.Values{1: "AVAILABLE", 2: "ACTIVE", 3: "EXPIRED", 4: "RELEASED", 5: "ABANDONED", 6: "RESET", 7: "REMOTE", 8: "TRANSITIONING"}

	// architectures: RFC 4578, 2.1 and IANA, "Processor Architecture Types"
	architectures = field.Values{
		0: "IA x86 PC", 1: "NEC/PC98", 2: "IA64 PC", 3: "DEC Alpha", 4: "ArcX86", 5: "Intel Lean Client", 6: "EFI IA32",
		7: "EFI x64", 8: "EFI Xscale", 9: "EFI BC", 10: "ARM 32-bit UEFI", 11: "ARM 64-bit UEFI", 15: "x86 UEFI HTTP",
		16: "x64 UEFI HTTP", 18: "ARM 32-bit UEFI HTTP", 19: "ARM 64-bit UEFI HTTP", 27: "RISC-V 64-bit UEFI",
	}
)

// The functions below make an option's entry, each for one form of value, from the end of its
// field name, its name and where it is defined.
func addrs(path, name, ref string) option { return entry(addList, path, name, ref, field.IPv4, 32) }
func addr(path, name, ref string) option  { return entry(addOne, path, name, ref, field.IPv4, 32) }
func text(path, name, ref string) option  { return entry(addText, path, name, ref, field.Text, 0) }
func data(path, name, ref string) option  { return entry(addText, path, name, ref, field.Bytes, 0) }
func num8(path, name, ref string) option  { return entry(addOne, path, name, ref, field.Uint, 8) }
func num16(path, name, ref string) option { return entry(addOne, path, name, ref, field.Uint, 16) }
func nums16(path, name, ref string) option {
	return entry(addList, path, name, ref, field.Uint, 16)
}
func secs(path, name, ref string) option {
	return entry(addOne, path, name, ref, field.Seconds, 32).values(infinite)
}
func flag(path, name, ref string) option { return num8(path, name, ref).values(onOff) }

func pairs(first, second, name, ref string) option {
	o := entry(addPairs, first, name, ref, field.IPv4, 32)
	o.other = o.spec
	o.other.Name = "dhcp.option." + second
	o.simple = false
	return o
}

func entry(add func(*field.Context, *option, int) *field.Fault, name, label, ref string, kind field.Kind, bits int) option {
	o := option{name: label, simple: true, add: add, spec: field.Spec{Name: "dhcp.option." + name, Label: label, Bits: bits, Kind: kind, Ref: ref}}
	if kind == field.IPv4 {
		o.spec.Class = field.Address
	}
	return o
}

func (o option) values(v field.Values) option { o.spec.Values = v; return o }
func (o option) class(c field.Class) option   { o.spec.Class = c; return o }
func (o option) unit(u string) option         { o.spec.Unit = u; return o }
func (o option) label(l string) option        { o.spec.Label = l; return o }
func (o option) second(l string) option       { o.other.Label = l; return o }

// named is an option whose value is shown as bytes.
func named(name, ref string) option { return option{name: name, spec: field.Spec{Ref: ref}} }

// made is an option whose value a function takes apart.
func made(name, ref string, add func(*field.Context, *option, int) *field.Fault) option {
	return option{name: name, spec: specRest, add: add}
}

// of is an option of fields one after the other.
func of(name, ref string, specs ...*field.Spec) option {
	return option{name: name, spec: specRest, add: addParts, parts: specs}
}

func (o option) form(add func(*field.Context, *option, int) *field.Fault) option {
	o.add, o.simple = add, false
	return o
}

func (o option) format(f func(dst, msg []byte, off, n int) []byte) option {
	o.spec.Kind, o.spec.Format = field.Custom, f
	return o
}

// options holds an entry for each code; optionNames names those that have a name.
var options, optionNames = makeOptions()

func makeOptions() (*[256]option, field.Values) {
	names := field.Values{OptPad: "Padding", OptEnd: "End"}
	table := known
	table[OptParameters] = entry(addList, "request_list_item", "Parameter Request List", "RFC 2132, 9.8", field.Uint, 8).
		label("Parameter Request List Item").values(names)
	for code := range table {
		o := &table[code]
		if o.name != "" {
			names[uint64(code)] = o.name
		} else {
			o.name = "Unknown"
		}
		if o.add == nil {
			ref := o.spec.Ref
			if o.spec = specValue; ref != "" {
				o.spec.Ref = ref
			}
		}
		o.group = field.Spec{Name: "dhcp.option.type", Label: fmt.Sprintf("Option: (%d) %s", code, o.name), Bits: 8, Kind: field.Uint, Values: names, Ref: o.spec.Ref}
	}
	table[OptEnd].name = "End"
	table[OptEnd].group.Label = "Option: (255) End"
	return &table, names
}

// A simpleOption is all that there is of an option of one value of size bytes, or of any when size
// is 0.
type simpleOption struct {
	run  *field.Run
	size int
}

var optionRuns = func() (runs [256]simpleOption) {
	for code := range options {
		if o := &options[code]; o.simple {
			runs[code].size = o.spec.Bits / 8
			runs[code].run = field.NewOptionRun(&o.group, []*field.Spec{&specCode, &specLength}, &specValue, &o.spec)
		}
	}
	return runs
}()

var known = [256]option{
	1:  addr("subnet_mask", "Subnet Mask", "RFC 2132, 3.3"),
	2:  entry(addOne, "time_offset", "Time Offset", "RFC 2132, 3.4", field.Int, 32).unit("s"),
	3:  addrs("router", "Router", "RFC 2132, 3.5"),
	4:  addrs("time_server", "Time Server", "RFC 2132, 3.6"),
	5:  addrs("name_server", "Name Server", "RFC 2132, 3.7"),
	6:  addrs("domain_name_server", "Domain Name Server", "RFC 2132, 3.8"),
	7:  addrs("log_server", "Log Server", "RFC 2132, 3.9"),
	8:  addrs("quotes_server", "Quotes Server", "RFC 2132, 3.10"),
	9:  addrs("lpr_server", "LPR Server", "RFC 2132, 3.11"),
	10: addrs("impress_server", "Impress Server", "RFC 2132, 3.12"),
	11: addrs("resource_location_server", "Resource Location Server", "RFC 2132, 3.13"),
	12: text("hostname", "Host Name", "RFC 2132, 3.14").class(field.Name),
	13: num16("boot_file_size", "Boot File Size", "RFC 2132, 3.15"),
	14: text("merit_dump_file", "Merit Dump File", "RFC 2132, 3.16"),
	15: text("domain_name", "Domain Name", "RFC 2132, 3.17").class(field.Name),
	16: addr("swap_server", "Swap Server", "RFC 2132, 3.18"),
	17: text("root_path", "Root Path", "RFC 2132, 3.19"),
	18: text("extension_path", "Extensions Path", "RFC 2132, 3.20"),
	19: flag("ip_forwarding", "IP Forwarding", "RFC 2132, 4.1"),
	20: flag("non_local_source_routing", "Non-Local Source Routing", "RFC 2132, 4.2"),
	21: pairs("policy_filter.ip", "policy_filter.subnet_mask", "Policy Filter", "RFC 2132, 4.3").label("IP Address").second("Subnet Mask"),
	22: num16("max_datagram_reassembly_size", "Maximum Datagram Reassembly Size", "RFC 2132, 4.4").unit("bytes"),
	23: num8("default_ip_ttl", "Default IP Time-to-Live", "RFC 2132, 4.5"),
	24: secs("path_mtu_aging_timeout", "Path MTU Aging Timeout", "RFC 2132, 4.6"),
	25: nums16("path_mtu_plateau_table_item", "Path MTU Plateau Table", "RFC 2132, 4.7").label("Path MTU Plateau Table Item").unit("bytes"),
	26: num16("interface_mtu", "Interface MTU", "RFC 2132, 5.1").unit("bytes"),
	27: flag("all_subnets_are_local", "All Subnets are Local", "RFC 2132, 5.2"),
	28: addr("broadcast_address", "Broadcast Address", "RFC 2132, 5.3"),
	29: flag("perform_mask_discovery", "Perform Mask Discovery", "RFC 2132, 5.4"),
	30: flag("mask_supplier", "Mask Supplier", "RFC 2132, 5.5"),
	31: flag("perform_router_discover", "Perform Router Discover", "RFC 2132, 5.6"),
	32: addr("router_solicitation_address", "Router Solicitation Address", "RFC 2132, 5.7"),
	33: pairs("static_route.ip", "static_route.router", "Static Route", "RFC 2132, 5.8").label("Destination IP Address").second("Destination Router"),
	34: flag("trailer_encapsulation", "Trailer Encapsulation", "RFC 2132, 6.1"),
	35: secs("arp_cache_timeout", "ARP Cache Timeout", "RFC 2132, 6.2"),
	36: flag("ethernet_encapsulation", "Ethernet Encapsulation", "RFC 2132, 6.3"),
	37: num8("tcp_default_ttl", "TCP Default TTL", "RFC 2132, 7.1"),
	38: secs("tcp_keepalive_interval", "TCP Keepalive Interval", "RFC 2132, 7.2"),
	39: flag("tcp_keepalive_garbage", "TCP Keepalive Garbage", "RFC 2132, 7.3"),
	40: text("nis_domain", "Network Information Service Domain", "RFC 2132, 8.1").class(field.Name),
	41: addrs("nis_server", "Network Information Service Server", "RFC 2132, 8.2"),
	42: addrs("ntp_server", "Network Time Protocol Server", "RFC 2132, 8.3"),
	43: data("vendor.value", "Vendor-Specific Information", "RFC 2132, 8.4").label("Value"),
	44: addrs("netbios_over_tcpip_name_server", "NetBIOS over TCP/IP Name Server", "RFC 2132, 8.5"),
	45: addrs("netbios_over_tcpip_dd_name_server", "NetBIOS over TCP/IP Datagram Distribution Name Server", "RFC 2132, 8.6"),
	46: num8("netbios_over_tcpip_node_type", "NetBIOS over TCP/IP Node Type", "RFC 2132, 8.7").values(nodeTypes),
	47: text("netbios_over_tcpip_scope", "NetBIOS over TCP/IP Scope", "RFC 2132, 8.8"),
	48: addrs("xwindows_system_font_server", "X Window System Font Server", "RFC 2132, 8.9"),
	49: addrs("xwindows_system_display_manager", "X Window System Display Manager", "RFC 2132, 8.10"),
	50: addr("requested_ip_address", "Requested IP Address", "RFC 2132, 9.1"),
	51: secs("ip_address_lease_time", "IP Address Lease Time", "RFC 2132, 9.2"),
	52: num8("option_overload", "Option Overload", "RFC 2132, 9.3").values(overloads).form(addOverload),
	53: num8("dhcp", "DHCP Message Type", "RFC 2132, 9.6").label("DHCP").values(Types).class(field.Operation),
	54: addr("dhcp_server_id", "DHCP Server Identifier", "RFC 2132, 9.7"),
	// 55, the parameter request list, names all others: see makeOptions.
	56:  text("message", "Message", "RFC 2132, 9.9"),
	57:  num16("dhcp_max_message_size", "Maximum DHCP Message Size", "RFC 2132, 9.10").unit("bytes"),
	58:  secs("renewal_time_value", "Renewal Time Value", "RFC 2132, 9.11"),
	59:  secs("rebinding_time_value", "Rebinding Time Value", "RFC 2132, 9.12"),
	60:  text("vendor_class_id", "Vendor class identifier", "RFC 2132, 9.13"),
	61:  made("Client identifier", "RFC 2132, 9.14", addClientID),
	62:  named("Novell/Netware IP domain", "RFC 2242, 1"),
	63:  made("Novell/Netware IP information", "RFC 2242, 2", addNetware),
	64:  text("nis_plus_domain", "Network Information Service+ Domain", "RFC 2132, 8.11").class(field.Name),
	65:  addrs("nis_plus_server", "Network Information Service+ Server", "RFC 2132, 8.12"),
	66:  text("tftp_server_name", "TFTP Server Name", "RFC 2132, 9.4").class(field.Name),
	67:  text("bootfile_name", "Bootfile name", "RFC 2132, 9.5").class(field.Name),
	68:  entry(addHomeAgents, "mobile_ip_home_agent", "Mobile IP Home Agent", "RFC 2132, 8.13", field.IPv4, 32),
	69:  addrs("smtp_server", "SMTP Server", "RFC 2132, 8.14"),
	70:  addrs("pop3_server", "POP3 Server", "RFC 2132, 8.15"),
	71:  addrs("nntp_server", "NNTP Server", "RFC 2132, 8.16"),
	72:  addrs("default_www_server", "Default WWW Server", "RFC 2132, 8.17"),
	73:  addrs("default_finger_server", "Default Finger Server", "RFC 2132, 8.18"),
	74:  addrs("default_irc_server", "Default IRC Server", "RFC 2132, 8.19"),
	75:  addrs("streettalk_server", "StreetTalk Server", "RFC 2132, 8.20"),
	76:  addrs("streettalk_da_server", "StreetTalk Directory Assistance Server", "RFC 2132, 8.21"),
	77:  made("User Class Information", "RFC 3004, 4", addUserClass),
	78:  made("Directory Agent Information", "RFC 2610, 3", addSLP),
	79:  of("Service Location Agent Scope", "RFC 2610, 4", &slpScopeMandatory, &slpScope),
	80:  made("Rapid commit", "RFC 4039, 4", addNothing),
	81:  made("Client Fully Qualified Domain Name", "RFC 4702, 2", addFQDN),
	82:  made("Agent Information Option", "RFC 3046, 2.0", addRelay),
	83:  of("iSNS", "RFC 4174, 2", &isnsFunctions, &isnsAccess, &isnsAdmin, &isnsSecurity, &isnsPrimary).form(addISNS),
	85:  addrs("novell_dss.ip", "Novell Directory Services Servers", "RFC 2241, 2").label("IP Address"),
	86:  text("novell_ds_tree_name", "Novell Directory Services Tree Name", "RFC 2241, 3"),
	87:  text("novell_ds_context", "Novell Directory Services Context", "RFC 2241, 4"),
	88:  named("BCMCS Controller Domain Name list", "RFC 4280, 4.1"),
	89:  named("BCMCS Controller IPv4 address", "RFC 4280, 4.2"),
	90:  made("Authentication", "RFC 3118, 2", addAuthentication),
	91:  secs("client_last_transaction_time", "Client last transaction time", "RFC 4388, 6.1"),
	92:  addrs("associated_ip_option", "Associated IP option", "RFC 4388, 6.1"),
	93:  nums16("client_system_architecture", "Client System Architecture", "RFC 4578, 2.1").values(architectures),
	94:  of("Client Network Device Interface", "RFC 4578, 2.2", &ndiType, &ndiMajor, &ndiMinor),
	95:  named("LDAP", "RFC 3679, 3.1"),
	97:  made("UUID/GUID-based Client Identifier", "RFC 4578, 2.3", addMachineID),
	98:  named("Open Group's User Authentication", "RFC 2485, 2"),
	99:  made("Civic Addresses Configuration", "RFC 4776, 3.1", addCivic),
	100: text("tz_pcode", "PCode", "RFC 4833, 2").label("TZ PCode"),
	101: text("tz_tcode", "TCode", "RFC 4833, 2").label("TZ TCode"),
	108: named("IPv6-Only Preferred", "RFC 8925, 3.1"),
	109: named("DHCP4o6-S46 Source Address", "RFC 8539, 5.2"),
	112: addrs("netinfo_parent_server_address", "NetInfo Parent Server Address", "RFC 3679, 3.2"),
	113: text("netinfo_parent_server_tag", "NetInfo Parent Server Tag", "RFC 3679, 3.2"),
	114: text("captive_portal", "DHCP Captive-Portal", "RFC 8910, 2.1").label("Captive Portal"),
	116: num8("dhcp_auto_configuration", "DHCP Auto-Configuration", "RFC 2563, 2").
		values(field.Values{0: "DoNotAutoConfigure", 1: "AutoConfigure"}),
	117: nums16("dhcp_name_service_search_option", "Name Service Search", "RFC 2937, 2").label("Name Service").values(nameServices),
	118: addr("subnet_selection_option", "Subnet Selection Option", "RFC 3011, 2"),
	119: made("Domain Search", "RFC 3397, 2", addSearch),
	120: made("SIP Servers", "RFC 3361, 3", addSIP),
	121: data("classless_static_route", "Classless Static Route", "RFC 3442").form(addRoutes).format(appendRoute),
	122: made("CableLabs Client Configuration", "RFC 3495, 4", addCableLabs),
	123: of("Coordinate-based Location Configuration", "RFC 6225, 2.2", &geoLatRes, &geoLat, &geoLonRes, &geoLon, &geoAltType, &geoAltRes, &geoAlt, &geoDatum),
	124: made("V-I Vendor Class", "RFC 3925, 3", addVendorClass),
	125: made("V-I Vendor-specific Information", "RFC 3925, 4", addVendorInfo),
	136: addrs("pana_agent", "PANA Authentication Agent", "RFC 5192, 4").label("PAA IPv4 Address"),
	137: data("lost_server_domain_name", "LoST Server Domain Name", "RFC 5223, 4").format(appendLabels).class(field.Name),
	138: addrs("capwap_access_controller", "CAPWAP Access Controllers", "RFC 5417, 3"),
	139: named("IPv4 Address-MoS", "RFC 5678, 2"),
	140: named("IPv4 FQDN-MoS", "RFC 5678, 3"),
	141: named("SIP UA Configuration Service Domains", "RFC 6011, 5"),
	142: addrs("andsf_server", "Access Network Discovery and Selection Function", "RFC 6153, 3").label("ANDSF Server"),
	143: named("SZTP Redirect", "RFC 8572, 8.1"),
	144: named("GeoLoc", "RFC 6225, 2.2"),
	145: entry(addList, "forcerenew_nonce.algorithm", "Forcerenew Nonce Algorithm", "RFC 6704, 3.1.1", field.Uint, 8).label("Algorithm").values(field.Values{1: "HMAC-MD5"}),
	146: of("RDNSS Selection", "RFC 6731, 4.3", &rdnssReserved, &rdnssPreference, &rdnssPrimary, &rdnssSecondary, &rdnssDomain),
	147: named("DOTS Reference Identifier", "RFC 8973, 5.2"),
	148: named("DOTS Address", "RFC 8973, 5.3"),
	150: addrs("tftp_server_address", "TFTP Server Address", "RFC 5859, 2"),
	151: of("Bulk Lease Status code", "RFC 6926, 6.2.2", &bulkStatus, &bulkMessage),
	152: entry(addOne, "bulk_lease.base_time", "Bulk Lease Base time", "RFC 6926, 6.2.3", field.Uint, 32).label("Base Time").unit("s since 1970"),
	153: entry(addOne, "bulk_lease.start_time_of_state", "Bulk Lease Start time of state", "RFC 6926, 6.2.4", field.Seconds, 32).label("Start Time Of State"),
	154: entry(addOne, "bulk_lease.query_start_time", "Bulk Lease Query start", "RFC 6926, 6.2.5", field.Uint, 32).label("Query Start Time").unit("s since 1970"),
	155: entry(addOne, "bulk_lease.query_end_time", "Bulk Lease Query end", "RFC 6926, 6.2.6", field.Uint, 32).label("Query End Time").unit("s since 1970"),
	156: num8("bulk_lease.dhcp_state", "Bulk Lease DHCP state", "RFC 6926, 6.2.7").label("Dhcp State").values(leaseStates),
	157: num8("bulk_lease.data_source", "Bulk Lease Data source", "RFC 6926, 6.2.8").label("Data Source").values(field.Values{0: "Local", 1: "Remote"}),
	158: made("PCP Server", "RFC 7291, 4", addPCP),
	159: of("Portparams", "RFC 7618, 9", &psidOffset, &psidLen, &psid),
	161: text("mudurl", "Manufacturer Usage Description", "RFC 8520, 10").label("MUDURL"),
	162: named("Discovery of Network-designated Resolvers", "RFC 9463, 5.1"),
	208: named("PXELINUX Magic", "RFC 5071, 3"),
	209: text("pxe_config_file", "PXELINUX configuration file", "RFC 5071, 4"),
	210: text("pxe_path_prefix", "PXELINUX path prefix", "RFC 5071, 5"),
	211: named("PXELINUX Reboot Time", "RFC 5071, 6"),
	212: made("6RD", "RFC 5969, 7.1.1", add6RD),
	213: named("V4 Access Domain", "RFC 5986, 3.2"),
	220: named("Subnet Allocation", "RFC 6656, 3"),
	221: named("Virtual Subnet Selection", "RFC 6607, 3.1"),
	249: data("classless_static_route", "Private/Classless Static Route (Microsoft)", "RFC 3442").form(addRoutes).format(appendRoute),
	252: text("private_proxy_autodiscovery", "Private/Proxy autodiscovery", "draft-ietf-wrec-wpad-01, 4.4.1"),
}

// addHomeAgents is addList for an option that may be empty.
func addHomeAgents(c *field.Context, o *option, n int) *field.Fault {
	if n == 0 {
		return nil
	}
	return addList(c, o, n)
}

// addMachineID is a type byte and a UUID. RFC 4578, 2.3
func addMachineID(c *field.Context, o *option, n int) *field.Fault {
	if n != 17 || c.Frame[c.Pos()] != 0 {
		raw(c, n)
		return wrong(n)
	}
	c.Add(&specIDMark, 8)
	c.AddBytes(&specIDUUID, 16)
	return nil
}

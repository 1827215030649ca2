package dhcpv6

import "httptap/stack/field"

// A shape is what an option has: fields of a fixed width, and behind them what its tail says.
type shape struct {
	fixed []*field.Spec
	tail  tail
	spec  *field.Spec // of the tail, or of each of its pieces
}

// A tail is how an option goes on.
type tail uint8

const (
	nothing   tail = iota // it ends
	inner                 // options
	addresses             // IPv6 addresses
	names                 // domain names
	oneName               // a domain name
	codes                 // codes of options
	bytesOf               // bytes
	textOf                // characters
	duid                  // an identifier of a client or a server
	relay                 // a message
	classes               // data, each after its length in 16 bits
	vendor                // options of a vendor
	ntp                   // options of NTP's
	fqdn                  // flags and a name
)

func u(bits int, name, label, ref string) *field.Spec {
	return &field.Spec{Name: "dhcpv6." + name, Label: label, Bits: bits, Kind: field.Uint, Ref: ref}
}

func named(bits int, name, label, ref string, v field.Values) *field.Spec {
	s := u(bits, name, label, ref)
	s.Values, s.Class = v, field.Operation
	return s
}

func seconds(name, label, ref string) *field.Spec {
	return &field.Spec{Name: "dhcpv6." + name, Label: label, Bits: 32, Kind: field.Seconds, Ref: ref}
}

func address(name, label, ref string) *field.Spec {
	return &field.Spec{Name: "dhcpv6." + name, Label: label, Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: ref}
}

func domain(name, label, ref string) *field.Spec {
	return &field.Spec{Name: "dhcpv6." + name, Label: label, Kind: field.Custom, Class: field.Name, Format: formatDomain, Ref: ref}
}

func text(name, label, ref string) *field.Spec {
	return &field.Spec{Name: "dhcpv6." + name, Label: label, Kind: field.Text, Class: field.Name, Ref: ref}
}

func octets(name, label, ref string, bits int) *field.Spec {
	return &field.Spec{Name: "dhcpv6." + name, Label: label, Bits: bits, Kind: field.Bytes, Ref: ref}
}

var statuses = field.Values{0: "Success", 1: "UnspecFail", 2: "NoAddrAvail", 3: "NoBinding", 4: "NotOnLink", 5: "UseMulticast", 6: "NoPrefixAvail", 7: "UnknownQueryType", 8: "MalformedQuery",
	9: "NotConfigured", 10: "NotAllowed", 11: "QueryTerminated", 12: "DataMissing", 13: "CatchUpComplete", 14: "NotSupported", 15: "TLSConnectionRefused"}

var (
	iaid       = octets("iaid", "IAID", "RFC 8415, 21.4", 32)
	t1         = seconds("iaid.t1", "T1", "RFC 8415, 21.4")
	t2         = seconds("iaid.t2", "T2", "RFC 8415, 21.4")
	enterprise = func(name, ref string) *field.Spec { return u(32, name, "Enterprise ID", ref) }

	elapsed = field.Spec{Name: "dhcpv6.elapsed_time", Label: "Elapsed time", Bits: 16, Kind: field.Uint, Scale: 10, Unit: "ms", Ref: "RFC 8415, 21.9"}

	clientFlags = field.Spec{Name: "dhcpv6.client_fqdn_flags", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 4704, 4.1", Sub: []field.Spec{
		{Name: "dhcpv6.clientfqdn.reserved", Label: "Reserved", Bits: 5, Kind: field.Reserved, Ref: "RFC 4704, 4.1"},
		{Name: "dhcpv6.clientfqdn.client.n", Label: "N bit", Bits: 1, Kind: field.Flag, Ref: "RFC 4704, 4.1"},
		{Name: "dhcpv6.clientfqdn.client.o", Label: "O bit", Bits: 1, Kind: field.Flag, Ref: "RFC 4704, 4.1"},
		{Name: "dhcpv6.clientfqdn.client.s", Label: "S bit", Bits: 1, Kind: field.Flag, Ref: "RFC 4704, 4.1"},
	}}
	serverFlags = field.Spec{Name: "dhcpv6.client_fqdn_flags", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 4704, 4.1", Sub: []field.Spec{
		{Name: "dhcpv6.clientfqdn.reserved", Label: "Reserved", Bits: 5, Kind: field.Reserved, Ref: "RFC 4704, 4.1"},
		{Name: "dhcpv6.clientfqdn.server.n", Label: "N bit", Bits: 1, Kind: field.Flag, Ref: "RFC 4704, 4.1"},
		{Name: "dhcpv6.clientfqdn.server.o", Label: "O bit", Bits: 1, Kind: field.Flag, Ref: "RFC 4704, 4.1"},
		{Name: "dhcpv6.clientfqdn.server.s", Label: "S bit", Bits: 1, Kind: field.Flag, Ref: "RFC 4704, 4.1"},
	}}
)

// Codes that have something of their own.
const (
	codeVendorClass = 16
	codeUserClass   = 15
)

// shapes are what is known of options, by their code.
var shapes = map[int]*shape{
	1:  {tail: duid},
	2:  {tail: duid},
	3:  {fixed: []*field.Spec{iaid, t1, t2}, tail: inner},
	4:  {fixed: []*field.Spec{octets("iata", "IATA", "RFC 8415, 21.5", 32)}, tail: inner},
	5:  {fixed: []*field.Spec{address("iaaddr.ip", "IPv6 address", "RFC 8415, 21.6"), seconds("iaaddr.pref_lifetime", "Preferred lifetime", "RFC 8415, 21.6"), seconds("iaaddr.valid_lifetime", "Valid lifetime", "RFC 8415, 21.6")}, tail: inner},
	6:  {tail: codes},
	7:  {fixed: []*field.Spec{u(8, "option_preference", "Pref-value", "RFC 8415, 21.8")}},
	8:  {fixed: []*field.Spec{&elapsed}},
	9:  {tail: relay},
	11: {fixed: []*field.Spec{u(8, "auth.protocol", "Protocol", "RFC 8415, 21.11"), u(8, "auth.algorithm", "Algorithm", "RFC 8415, 21.11"), u(8, "auth.rdm", "RDM", "RFC 8415, 21.11"), octets("auth.replay_detection", "Replay Detection", "RFC 8415, 21.11", 64)}, tail: bytesOf, spec: octets("auth.info", "Authentication Information", "RFC 8415, 21.11", 0)},
	12: {fixed: []*field.Spec{address("unicast", "IPv6 address", "RFC 8415, 21.12")}},
	13: {fixed: []*field.Spec{named(16, "status_code", "Status Code", "RFC 8415, 21.13", statuses)}, tail: textOf, spec: text("status_msg", "Status Message", "RFC 8415, 21.13")},
	14: {},
	15: {tail: classes},
	16: {fixed: []*field.Spec{enterprise("vendorclass.enterprise", "RFC 8415, 21.16")}, tail: classes},
	17: {fixed: []*field.Spec{enterprise("vendoropts.enterprise", "RFC 8415, 21.17")}, tail: vendor},
	18: {tail: bytesOf, spec: octets("interface_id", "Interface-ID", "RFC 8415, 21.18", 0)},
	19: {fixed: []*field.Spec{named(8, "reconf_msg", "Reconfigure message type", "RFC 8415, 21.19", messages)}},
	20: {},
	21: {tail: names, spec: domain("sip_server_domain_search_fqdn", "SIP Server Domain Search FQDN", "RFC 3319, 3.1")},
	22: {tail: addresses, spec: address("sip_server_a", "SIP server address", "RFC 3319, 3.2")},
	23: {tail: addresses, spec: address("dns_server", "DNS server address", "RFC 3646, 3")},
	24: {tail: names, spec: domain("search_list_entry", "List entry", "RFC 3646, 4")},
	25: {fixed: []*field.Spec{iaid, t1, t2}, tail: inner},
	26: {fixed: []*field.Spec{seconds("iaprefix.pref_lifetime", "Preferred lifetime", "RFC 8415, 21.22"), seconds("iaprefix.valid_lifetime", "Valid lifetime", "RFC 8415, 21.22"), u(8, "iaprefix.pref_len", "Prefix length", "RFC 8415, 21.22"), address("iaprefix.pref_addr", "Prefix address", "RFC 8415, 21.22")}, tail: inner},
	27: {tail: addresses, spec: address("nis_server", "NIS server address", "RFC 3898, 3")},
	28: {tail: addresses, spec: address("nisp_server", "NISP server address", "RFC 3898, 4")},
	29: {tail: names, spec: domain("nis_fqdn", "NIS FQDN", "RFC 3898, 5")},
	30: {tail: names, spec: domain("nisp_fqdn", "NISP FQDN", "RFC 3898, 6")},
	31: {tail: addresses, spec: address("sntp_server", "SNTP server address", "RFC 4075, 4")},
	32: {fixed: []*field.Spec{seconds("lifetime", "Lifetime", "RFC 8415, 21.23")}},
	33: {tail: names, spec: domain("bcmcs_server_fqdn", "BCMCS server FQDN", "RFC 4280, 4.1")},
	34: {tail: addresses, spec: address("bcmcs_server_a", "BCMCS server address", "RFC 4280, 4.2")},
	37: {fixed: []*field.Spec{enterprise("remoteid.enterprise", "RFC 4649, 3")}, tail: bytesOf, spec: octets("remoteid_enterprise_id", "Remote-ID", "RFC 4649, 3", 0)},
	38: {tail: textOf, spec: text("subscriber_id", "Subscriber-ID", "RFC 4580, 2")},
	39: {tail: fqdn, spec: domain("client_domain", "Client Domain Name", "RFC 4704, 4.2")},
	40: {tail: addresses, spec: address("pana_agent", "PANA agents address", "RFC 5192, 4")},
	41: {tail: textOf, spec: text("timezone", "Time-zone", "RFC 4833, 3")},
	42: {tail: textOf, spec: text("tzdb", "TZ-database", "RFC 4833, 3")},
	43: {tail: codes},
	44: {fixed: []*field.Spec{named(8, "lq_query", "Query-type", "RFC 5007, 4.1.2.1", field.Values{1: "by-address", 2: "by-clientID", 3: "by-relayID", 4: "by-linkAddress", 5: "by-remoteID"}), address("lq_query_link_address", "Link address", "RFC 5007, 4.1.2.1")}, tail: inner},
	45: {tail: inner},
	46: {fixed: []*field.Spec{seconds("clt_time", "Clt_time", "RFC 5007, 4.1.2.3")}},
	47: {fixed: []*field.Spec{address("lq_relay_data_peer_addr", "Peer address", "RFC 5007, 4.1.2.4")}, tail: relay},
	48: {tail: addresses, spec: address("lq_client_link", "LQ client links address", "RFC 5007, 4.1.2.5")},
	52: {tail: addresses, spec: address("capwap_ac_v6", "CAPWAP Access Controllers address", "RFC 5417, 3")},
	53: {tail: duid},
	56: {tail: ntp},
	59: {tail: textOf, spec: text("boot_file_url", "Boot File URL", "RFC 5970, 3.1")},
	60: {tail: classes},
	61: {tail: codes},
	64: {tail: oneName, spec: domain("aftr_name", "DS-Lite AFTR Name", "RFC 6334, 3")},
	66: {tail: inner},
	67: {fixed: []*field.Spec{u(8, "pd_exclude.pref_len", "Prefix length", "RFC 6603, 4.2")}, tail: bytesOf, spec: octets("pd_exclude.subnet_id", "IPv6 subnet ID", "RFC 6603, 4.2", 0)},
	79: {fixed: []*field.Spec{u(16, "client_link_layer.type", "Link-layer type", "RFC 6939, 4")}, tail: bytesOf, spec: octets("client_link_layer.addr", "Link-layer address", "RFC 6939, 4", 0)},
	80: {fixed: []*field.Spec{address("link_address", "Link address", "RFC 6977, 6.1")}},
	82: {fixed: []*field.Spec{seconds("sol_max_rt", "SOL_MAX_RT", "RFC 8415, 21.24")}},
	83: {fixed: []*field.Spec{seconds("inf_max_rt", "INF_MAX_RT", "RFC 8415, 21.25")}},
	90: {fixed: []*field.Spec{address("s46_br.address", "BR address", "RFC 7598, 4.2")}},
	94: {tail: inner},
	95: {tail: inner},
	96: {tail: inner},

	103: {tail: textOf, spec: text("captive_portal", "Captive Portal", "RFC 8910, 2.2")},
	114: {fixed: []*field.Spec{u(8, "failover.binding_status", "Failover Binding Status", "RFC 8156, 5.5.1")}},
	120: {fixed: []*field.Spec{u(32, "failover.expiration_time", "Expiration Time", "RFC 8156, 5.5.7")}},
	121: {fixed: []*field.Spec{u(32, "failover.max_unacked_bndupd", "Max number of unacked BNDUPD messages", "RFC 8156, 5.5.8")}},
	122: {fixed: []*field.Spec{u(32, "failover.mclt", "Maximum Client Lead Time (MCLT)", "RFC 8156, 5.5.9")}},
	123: {fixed: []*field.Spec{u(32, "failover.partner_lifetime", "Partner Lifetime", "RFC 8156, 5.5.10")}},
	124: {fixed: []*field.Spec{u(32, "failover.partner_lifetime_sent", "Partner Lifetime Sent", "RFC 8156, 5.5.11")}},
	125: {fixed: []*field.Spec{u(32, "failover.partner_down_time", "Partner Down Time", "RFC 8156, 5.5.12")}},
	126: {fixed: []*field.Spec{u(32, "failover.partner_raw_clt_time", "Partner Raw Client Time", "RFC 8156, 5.5.13")}},
	127: {fixed: []*field.Spec{u(16, "failover.protocol.major_version", "Protocol Major Version", "RFC 8156, 5.5.14"), u(16, "failover.protocol.minor_version", "Protocol Minor Version", "RFC 8156, 5.5.14")}},
	128: {fixed: []*field.Spec{u(32, "failover.keepalive_time", "Keepalive Time", "RFC 8156, 5.5.15")}},
	130: {tail: textOf, spec: text("failover.relationship_name", "Relationship Name", "RFC 8156, 5.5.17")},
	132: {fixed: []*field.Spec{u(8, "failover.server_state", "Server State", "RFC 8156, 5.5.19")}},
	133: {fixed: []*field.Spec{u(32, "failover.start_time_of_state", "Start Time of State", "RFC 8156, 5.5.20")}},
	134: {fixed: []*field.Spec{u(32, "failover.state_expiration_time", "State Expiration Time", "RFC 8156, 5.5.21")}},
	135: {fixed: []*field.Spec{u(16, "relay_port", "Downstream Source Port", "RFC 8357, 4.2")}},
}

// optionNames: IANA, "Dynamic Host Configuration Protocol for IPv6 (DHCPv6)", Option Codes
var optionNames = field.Values{
	1:   "Client Identifier",
	2:   "Server Identifier",
	3:   "Identity Association for Non-temporary Address",
	4:   "Identity Association for Temporary Address",
	5:   "IA Address",
	6:   "Option Request",
	7:   "Preference",
	8:   "Elapsed time",
	9:   "Relay Message",
	11:  "Authentication",
	12:  "Server unicast",
	13:  "Status code",
	14:  "Rapid Commit",
	15:  "User Class",
	16:  "Vendor Class",
	17:  "Vendor-specific Information",
	18:  "Interface-Id",
	19:  "Reconfigure Message",
	20:  "Reconfigure Accept",
	21:  "SIP Server Domain Name List",
	22:  "SIP Servers IPv6 Address List",
	23:  "DNS recursive name server",
	24:  "Domain Search List",
	25:  "Identity Association for Prefix Delegation",
	26:  "IA Prefix",
	27:  "Network Information Server",
	28:  "Network Information Server V2",
	29:  "Network Information Server Domain Name",
	30:  "Network Information Server V2 Domain Name",
	31:  "Simple Network Time Protocol Server",
	32:  "Lifetime",
	33:  "BCMCS Server Domain",
	34:  "BCMCS Servers IPv6 Address List",
	36:  "Geoconf Civic Address",
	37:  "Remote Identifier",
	38:  "Subscriber Identifier",
	39:  "Client Fully Qualified Domain Name",
	40:  "PANA Agents IPv6 Address List",
	41:  "Time Zone",
	42:  "Time Zone Database",
	43:  "Echo Request Option",
	44:  "Leasequery Query",
	45:  "Leasequery Client Data",
	46:  "Client Last Transaction Time",
	47:  "Leasequery Relay Data",
	48:  "Leasequery Client Link Address List",
	49:  "Home Network Identifier FQDN",
	50:  "Visited Home Network Information",
	51:  "LoST Server",
	52:  "CAPWAP Access Controllers",
	53:  "Relay-ID",
	54:  "MoS IPv6 Address",
	55:  "MoS Domain Name List",
	56:  "NTP Server",
	57:  "Access Network Domain Name",
	58:  "SIP User Agent Configuration Service Domains",
	59:  "Boot File URL",
	60:  "Boot File Parameters",
	61:  "Client System Architecture Type",
	62:  "Client Network Interface Identifier",
	63:  "Geolocation",
	64:  "Dual-Stack Lite AFTR Name",
	65:  "ERP Local Domain Name",
	66:  "Relay-Supplied Options",
	67:  "Prefix Exclude",
	68:  "Virtual Subnet Selection",
	69:  "Identified Home Network Information",
	70:  "Unrestricted Home Network Information",
	71:  "Home Network Prefix",
	72:  "Home Agent Address",
	73:  "Home Agent FQDN",
	74:  "RDNSS Selection",
	75:  "Kerberos Principal Name",
	76:  "Kerberos Realm Name",
	77:  "Kerberos Default Realm Name",
	78:  "Kerberos KDC",
	79:  "Client Link-Layer Address",
	80:  "Link Address",
	81:  "RADIUS",
	82:  "SOL_MAX_RT",
	83:  "INF_MAX_RT",
	84:  "Address Selection",
	85:  "Address Selection table",
	86:  "PCP Server",
	87:  "DHCPv4 Message",
	88:  "DHCP 4o6 Servers Address",
	89:  "S46 Rule",
	90:  "S46 BR",
	91:  "S46 DMR",
	92:  "S46 IPv4/IPv6 Address Binding",
	93:  "S46 Port Parameters",
	94:  "S46 MAP-E Container",
	95:  "S46 MAP-T Container",
	96:  "S46 Lightweight 4over6 Container",
	97:  "4rd Options",
	98:  "4rd Mapping Rule",
	99:  "4rd Non-Mapping Rule",
	100: "LQ Server Base Time",
	101: "LQ Server Query Start Time",
	102: "LQ Server Query End Time",
	103: "Captive Portal",
	104: "MPL Parameter Configuration",
	105: "Access Technology Type",
	106: "Access Network Name",
	107: "Access Point Name",
	108: "Access Point BSSID",
	109: "Access Network Operator ID",
	110: "Access Network Operator Realm",
	111: "S46 Priority",
	112: "Manufacturer Usage Description",
	113: "IPv4/IPv6 Multicast Prefixes",
	114: "Failover Binding Status",
	115: "Failover Connect Flags",
	116: "Failover DNS Removal Info",
	117: "Failover DNS Hostname",
	118: "Failover DNS Zone Name",
	119: "Failover DNS Flags",
	120: "Failover Expiration Time",
	121: "Failover Maximum Number Unacked BNDUPD Messages",
	122: "Failover Maximum Client Lead Time (MCLT)",
	123: "Failover Partner Lifetime",
	124: "Failover Partner Lifetime Sent",
	125: "Failover Partner Down Time",
	126: "Failover Partner Raw Client Time",
	127: "Failover Protocol Version",
	128: "Failover Keepalive Time",
	129: "Failover Reconfigure Data",
	130: "Failover Relationship Name",
	131: "Failover Server Flags",
	132: "Failover Server State",
	133: "Failover Start Time of State",
	134: "Failover State Expiration Time",
	135: "Relay Source Port",
	136: "SZTP Redirect",
	137: "Softwire Source Binding Prefix Hint",
	143: "ANDSF IPv6 Address",
	165: "Mobile IPv6 Home Agent",
	166: "Mobile IPv6 Home Address",
	167: "Network Access Identifier",
}

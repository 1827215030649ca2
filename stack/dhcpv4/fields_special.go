package dhcpv4

import (
	"bytes"

	"httptap/stack/field"
)

func spec(name, label string, bits int, kind field.Kind, ref string) field.Spec {
	s := field.Spec{Name: "dhcp." + name, Label: label, Bits: bits, Kind: kind, Ref: ref}
	if kind == field.IPv4 || kind == field.IPv6 {
		s.Class = field.Address
	}
	return s
}

func bit(name, label, ref string) field.Spec { return spec(name, label, 1, field.Flag, ref) }

func bitSet(name, label, ref string, bits int, parts ...field.Spec) field.Spec {
	s := spec(name, label, bits, field.Hex, ref)
	s.Class, s.Sub = field.Flags, parts
	return s
}

// The parts of options that have a form of their own.
var (
	userClass     = spec("option.user_class", "Instance of User Class", 0, field.Group, "RFC 3004, 4")
	userClassLen  = spec("option.user_class.length", "User Class Length", 8, field.Uint, "RFC 3004, 4")
	userClassData = spec("option.user_class.data", "User Class Data", 0, field.Bytes, "RFC 3004, 4")

	slpMandatory      = spec("option.slp_directory_agent.value", "Mandatory", 8, field.Uint, "RFC 2610, 3")
	slpAgent          = spec("option.slp_directory_agent.slpda_address", "IP Address", 32, field.IPv4, "RFC 2610, 3")
	slpScopeMandatory = spec("option.slp_service_scope.value", "Mandatory", 8, field.Uint, "RFC 2610, 4")
	slpScope          = spec("option.slp_service_scope.string", "SLP Service Scope", 0, field.Text, "RFC 2610, 4")

	isnsFunctions = bitSet("option.isns.functions", "iSNS Functions", "RFC 4174, 2.1", 16,
		spec("option.isns.functions.reserved", "Reserved flags", 13, field.Reserved, "RFC 4174, 2.1"), bit("option.isns.functions.sec_policy_distribution", "Security Policy Distribution", "RFC 4174, 2.1"),
		bit("option.isns.functions.dd_base_authorization", "Discovery Domain based Authorization", "RFC 4174, 2.1"), bit("option.isns.functions.enabled", "Function Fields Enabled", "RFC 4174, 2.1"))
	isnsAccess = bitSet("option.isns.discovery_domain_access", "Discovery Domain Access flags", "RFC 4174, 2.2", 16,
		spec("option.isns.discovery_domain_access.reserved", "Reserved Flags", 10, field.Reserved, "RFC 4174, 2.2"), bit("option.isns.discovery_domain_access.initiator_target_port", "iFCP Initiator Port", "RFC 4174, 2.2"),
		bit("option.isns.discovery_domain_access.ifcp_target_port", "iFCP Target Port", "RFC 4174, 2.2"), bit("option.isns.discovery_domain_access.iscsi_initiator", "iSCSI Initiator", "RFC 4174, 2.2"),
		bit("option.isns.discovery_domain_access.iscsi_target", "iSCSI Target", "RFC 4174, 2.2"), bit("option.isns.discovery_domain_access_control.node", "Control Node", "RFC 4174, 2.2"),
		bit("option.isns.discovery_domain_access.enabled", "Discovery Domain Enabled", "RFC 4174, 2.2"))
	isnsAdmin = bitSet("option.isns.administrative_flags", "Administrative Flags", "RFC 4174, 2.3", 16,
		spec("option.isns.administrative_flags.reserved", "Reserved Flags", 12, field.Reserved, "RFC 4174, 2.3"), bit("option.isns.administrative_flags.default_discovery_domain", "Default Discovery Domain", "RFC 4174, 2.3"),
		bit("option.isns.administrative_flags.management_scns", "Management SCNs", "RFC 4174, 2.3"), bit("option.isns.administrative_flags.heartbeat", "Heartbeat", "RFC 4174, 2.3"),
		bit("option.isns.administrative_flags.enabled", "Administrative Flags Enabled", "RFC 4174, 2.3"))
	isnsSecurity = bitSet("option.isns.server_security_bitmap", "iSNS Server Security Bitmap", "RFC 4174, 2.4", 32,
		spec("option.isns.server_security_bitmap.reserved", "Reserved Flags", 25, field.Reserved, "RFC 4174, 2.4"), bit("option.isns.server_security_bitmap.tunnel_mode", "Tunnel Mode", "RFC 4174, 2.4"),
		bit("option.isns.server_security_bitmap.transport_mode", "Transport Mode", "RFC 4174, 2.4"), bit("option.isns.server_security_bitmap.pfs", "PFS", "RFC 4174, 2.4"),
		bit("option.isns.server_security_bitmap.aggressive_mode", "Aggressive Mode", "RFC 4174, 2.4"), bit("option.isns.server_security_bitmap.main_mode", "Main Mode", "RFC 4174, 2.4"),
		bit("option.isns.server_security_bitmap.ike_ipsec_enabled", "IKE/IPSec", "RFC 4174, 2.4"), bit("option.isns.server_security_bitmap.enabled", "Server Security Bitmap Enabled", "RFC 4174, 2.4"))
	isnsPrimary   = spec("option.isns.primary_server_addr", "Primary Server Address", 32, field.IPv4, "RFC 4174, 2")
	isnsHeartbeat = spec("option.isns.heartbeat_originator_addr", "Heartbeat Originator Address", 32, field.IPv4, "RFC 4174, 2")
	isnsSecondary = spec("option.isns.secondary_server_addr", "Secondary Server Address", 32, field.IPv4, "RFC 4174, 2")

	authProtocol  = spec("option.dhcp_authentication.protocol", "Protocol", 8, field.Uint, "RFC 3118, 2")
	authDelay     = spec("option.dhcp_authentication.alg_delay", "Delay Algorithm", 8, field.Uint, "RFC 3118, 5")
	authAlgorithm = spec("option.dhcp_authentication.algorithm", "Algorithm", 8, field.Uint, "RFC 3118, 2")
	authRDM       = spec("option.dhcp_authentication.rdm", "Replay Detection Method", 8, field.Uint, "RFC 3118, 2")
	authReplay    = spec("option.dhcp_authentication.rdm_replay_detection", "RDM Replay Detection Value", 64, field.Hex, "RFC 3118, 2")
	authSecret    = spec("option.dhcp_authentication.secret_id", "Secret ID", 32, field.Hex, "RFC 3118, 5.2")
	authMAC       = spec("option.dhcp_authentication.hmac_md5_hash", "HMAC MD5 Hash", 128, field.Bytes, "RFC 3118, 5.2")
	authInfo      = spec("option.dhcp_authentication.information", "Authentication Information", 0, field.Text, "RFC 3118, 4")

	ndiType  = spec("client_network_id_type", "Client Network ID Type", 8, field.Uint, "RFC 4578, 2.2")
	ndiMajor = spec("client_network_id_major", "Major Version", 8, field.Uint, "RFC 4578, 2.2")
	ndiMinor = spec("client_network_id_minor", "Minor Version", 8, field.Uint, "RFC 4578, 2.2")

	civicWhat    = spec("option.civic_location.what", "What", 8, field.Uint, "RFC 4776, 3.1")
	civicCountry = spec("option.civic_location.country", "Country", 16, field.Text, "RFC 4776, 3.1")
	civicType    = spec("option.civic_location.ca_type", "CA Type", 8, field.Uint, "RFC 4776, 3.4")
	civicLen     = spec("option.civic_location.ca_length", "CA Length", 8, field.Uint, "RFC 4776, 3.4")
	civicValue   = spec("option.civic_location.ca_value", "CA Value", 0, field.Text, "RFC 4776, 3.4")

	searchName  = spec("option.dhcp_dns_domain_search_list_fqdn", "FQDN", 0, field.Custom, "RFC 3397, 2")
	sipEncoding = spec("option.sip_server.encoding", "SIP Server Encoding", 8, field.Uint, "RFC 3361, 3")
	sipAddr     = spec("option.sip_server.address", "SIP Server Address", 32, field.IPv4, "RFC 3361, 3.2")
	sipName     = spec("option.sip_server.name", "SIP Server Name", 0, field.Custom, "RFC 3361, 3.1")

	geoLatRes  = spec("option.geoconf.latitude_resolution", "Latitude resolution", 6, field.Uint, "RFC 6225, 2.2")
	geoLat     = spec("option.geoconf.latitude", "Latitude", 34, field.Int, "RFC 6225, 2.2")
	geoLonRes  = spec("option.geoconf.longitude_resolution", "Longitude resolution", 6, field.Uint, "RFC 6225, 2.2")
	geoLon     = spec("option.geoconf.longitude", "Longitude", 34, field.Int, "RFC 6225, 2.2")
	geoAltType = spec("option.geoconf.altitude_type", "Altitude type", 4, field.Uint, "RFC 6225, 2.2")
	geoAltRes  = spec("option.geoconf.altitude_resolution", "Altitude resolution", 6, field.Uint, "RFC 6225, 2.2")
	geoAlt     = spec("option.geoconf.altitude", "Altitude", 30, field.Int, "RFC 6225, 2.2")
	geoDatum   = spec("option.geoconf.datum", "Version and datum", 8, field.Hex, "RFC 6225, 2.2")

	rdnssReserved   = spec("option.rdnss.reserved", "Reserved", 6, field.Reserved, "RFC 6731, 4.3")
	rdnssPreference = spec("option.rdnss.preference", "Preference", 2, field.Uint, "RFC 6731, 4.3")
	rdnssPrimary    = spec("option.rdnss.primary_dns", "Primary DNS", 32, field.IPv4, "RFC 6731, 4.3")
	rdnssSecondary  = spec("option.rdnss.secondary_dns", "Secondary DNS", 32, field.IPv4, "RFC 6731, 4.3")
	rdnssDomain     = spec("option.rdnss.domain", "Domains and networks", 0, field.Custom, "RFC 6731, 4.3")

	bulkStatus  = spec("option.bulk_lease.status_code", "Status Code", 8, field.Uint, "RFC 6926, 6.2.2")
	bulkMessage = spec("option.bulk_lease.status_code_message", "Status Code Message", 0, field.Text, "RFC 6926, 6.2.2")

	pcpLen    = spec("option.pcp.list_length", "List-Length", 8, field.Uint, "RFC 7291, 4")
	pcpServer = spec("option.pcp.server", "PCP Server", 32, field.IPv4, "RFC 7291, 4")

	psidOffset = spec("option.portparams.offset", "Offset", 8, field.Uint, "RFC 7618, 9")
	psidLen    = spec("option.portparams.psid_length", "PSID-Length", 8, field.Uint, "RFC 7618, 9")
	psid       = spec("option.portparams.psid", "PSID", 16, field.Bytes, "RFC 7618, 9")

	sixMaskLen   = spec("option.6RD.ipv4_mask_len", "6RD IPv4 Mask Length", 8, field.Uint, "RFC 5969, 7.1.1")
	sixPrefixLen = spec("option.6RD.prefix_len", "6RD Prefix Length", 8, field.Uint, "RFC 5969, 7.1.1")
	sixPrefix    = spec("option.6RD.prefix", "6RD Prefix", 128, field.IPv6, "RFC 5969, 7.1.1")
	sixRelay     = spec("option.6RD.border_relay_ip", "Border Relay IP", 32, field.IPv4, "RFC 5969, 7.1.1")
)

func init() {
	searchName.Class, searchName.Format = field.Name, appendSearchName
	sipName.Class, sipName.Format = field.Name, appendLabels
	rdnssDomain.Class, rdnssDomain.Format = field.Name, appendLabels
}

func moreForms() []*field.Spec {
	return []*field.Spec{&userClass, &userClassLen, &userClassData, &slpMandatory, &slpAgent, &isnsHeartbeat, &isnsSecondary,
		&authProtocol, &authDelay, &authAlgorithm, &authRDM, &authReplay, &authSecret, &authMAC, &authInfo,
		&civicWhat, &civicCountry, &civicType, &civicLen, &civicValue, &searchName, &sipEncoding, &sipAddr, &sipName,
		&pcpLen, &pcpServer, &sixMaskLen, &sixPrefixLen, &sixPrefix, &sixRelay}
}

func addUserClass(c *field.Context, o *option, n int) *field.Fault {
	if n == 0 {
		return &faultEmpty
	}
	for stop := c.Pos() + n; c.Pos() < stop; {
		size := int(c.Frame[c.Pos()])
		if size == 0 || c.Pos()+1+size > stop {
			raw(c, stop-c.Pos()) // many send plain text here
			return &faultLength
		}
		group := c.Open(&userClass)
		c.Add(&userClassLen, 8)
		c.AddBytes(&userClassData, size)
		c.Close(group)
	}
	return nil
}

func addSLP(c *field.Context, o *option, n int) *field.Fault {
	if n < 5 || n%4 != 1 {
		raw(c, n)
		return wrong(n)
	}
	c.Add(&slpMandatory, 8)
	for ; n > 1; n -= 4 {
		c.Add(&slpAgent, 32)
	}
	return nil
}

// addISNS is a fixed part and addresses: with the heartbeat bit the second is where that comes
// from. RFC 4174, 2
func addISNS(c *field.Context, o *option, n int) *field.Fault {
	if n < 14 || n%4 != 2 {
		raw(c, n)
		return wrong(n)
	}
	at := c.Pos()
	for _, s := range o.parts {
		c.Add(s, s.Bits)
	}
	if c.Frame[at+5]&2 != 0 && c.Pos()+4 <= at+n {
		c.Add(&isnsHeartbeat, 32)
	}
	for c.Pos() < at+n {
		c.Add(&isnsSecondary, 32)
	}
	return nil
}

func addAuthentication(c *field.Context, o *option, n int) *field.Fault {
	if n < 11 {
		raw(c, n)
		return wrong(n)
	}
	stop, protocol, algorithm := c.Pos()+n, c.Frame[c.Pos()], c.Frame[c.Pos()+1]
	c.Add(&authProtocol, 8)
	if protocol == 1 {
		c.Add(&authDelay, 8)
	} else {
		c.Add(&authAlgorithm, 8)
	}
	c.Add(&authRDM, 8)
	c.Add(&authReplay, 64)
	if protocol == 1 && algorithm == 1 && n == 31 {
		c.Add(&authSecret, 32)
		c.Add(&authMAC, 128)
	}
	if left := stop - c.Pos(); left > 0 {
		c.AddBytes(&authInfo, left)
	}
	return nil
}

func addCivic(c *field.Context, o *option, n int) *field.Fault {
	if n < 3 {
		raw(c, n)
		return wrong(n)
	}
	stop := c.Pos() + n
	c.Add(&civicWhat, 8)
	c.Add(&civicCountry, 16)
	for c.Pos() < stop {
		if stop-c.Pos() < 2 {
			raw(c, stop-c.Pos())
			return &faultLength
		}
		c.Add(&civicType, 8)
		length := c.Add(&civicLen, 8)
		size := int(c.Frame[c.Pos()-1])
		if left := stop - c.Pos(); size > left {
			c.Fault(length, &faultOption, 0)
			size = left
		}
		if size > 0 {
			c.AddBytes(&civicValue, size)
		}
	}
	return nil
}

// addSearch adds a span for each name, which may be compressed. RFC 3397, 2
func addSearch(c *field.Context, o *option, n int) *field.Fault {
	if n == 0 {
		return &faultEmpty
	}
	for stop := c.Pos() + n; c.Pos() < stop; {
		size := nameLen(c.Frame[c.Pos():stop])
		if size == 0 {
			raw(c, stop-c.Pos())
			return &faultLength
		}
		c.AddBytes(&searchName, size)
	}
	return nil
}

// nameLen returns the length of the name at the start of b, 0 when it does not end there.
func nameLen(b []byte) int {
	for i := 0; i < len(b); {
		switch l := int(b[i]); {
		case l == 0:
			return i + 1
		case l >= 0xc0 && i+1 < len(b):
			return i + 2
		case l > 63:
			return 0
		default:
			i += 1 + l
		}
	}
	return 0
}

// appendSearchName prints a name whose pointers count from the start of its option's value.
func appendSearchName(dst, msg []byte, off, n int) []byte {
	start := valueAround(msg, off)
	if start < 0 {
		return field.AppendQuoted(dst, msg[off:off+n])
	}
	return appendName(dst, msg[start:], off-start)
}

// valueAround returns where the value begins of the option that has the byte off, or -1.
func valueAround(msg []byte, off int) int {
	for _, area := range [][2]int{{HeaderLen, len(msg)}, {offFile, offCookie}, {offSName, offFile}} {
		if off < area[0] || off >= area[1] || area[1] > len(msg) {
			continue
		}
		for at := area[0]; at < area[1]; {
			_, value, size := nextOption(msg[at:area[1]])
			if size < 0 {
				return -1
			}
			if at+size > off {
				return at + size - len(value)
			}
			at += size
		}
	}
	return -1
}

// appendName prints the name at off of a list of names.
func appendName(dst, list []byte, off int) []byte {
	start := len(dst)
	for jumps := 0; off >= 0 && off < len(list) && jumps < 16 && len(dst)-start < 255; {
		l := int(list[off])
		switch {
		case l == 0:
			return bytes.TrimSuffix(dst, []byte{'.'})
		case l >= 0xc0 && off+1 < len(list):
			off = l&0x3f<<8 | int(list[off+1])
			jumps++
		case l > 63 || off+1+l > len(list):
			return append(dst, "<bad name>"...)
		default:
			dst = appendLabel(dst, list[off+1:off+1+l])
			dst = append(dst, '.')
			off += 1 + l
		}
	}
	return append(dst, "<bad name>"...)
}

// appendLabel appends a label with what could be mistaken escaped.
func appendLabel(dst, label []byte) []byte {
	q := len(dst)
	dst = field.AppendQuoted(dst, label)
	copy(dst[q:], dst[q+1:]) // without its quotes
	return dst[:len(dst)-2]
}

func addSIP(c *field.Context, o *option, n int) *field.Fault {
	if n < 2 {
		raw(c, n)
		return wrong(n)
	}
	encoding := c.Frame[c.Pos()]
	c.Add(&sipEncoding, 8)
	switch n--; {
	case encoding == 1 && n%4 == 0:
		for ; n > 0; n -= 4 {
			c.Add(&sipAddr, 32)
		}
	case encoding == 0:
		for stop := c.Pos() + n; c.Pos() < stop; {
			size := nameLen(c.Frame[c.Pos():stop])
			if size == 0 {
				raw(c, stop-c.Pos())
				return &faultLength
			}
			c.AddBytes(&sipName, size)
		}
	default:
		raw(c, n)
		return &faultLength
	}
	return nil
}

func addPCP(c *field.Context, o *option, n int) *field.Fault {
	if n == 0 {
		return &faultEmpty
	}
	for stop := c.Pos() + n; c.Pos() < stop; {
		size := int(c.Frame[c.Pos()])
		length := c.Add(&pcpLen, 8)
		if left := stop - c.Pos(); size > left || size%4 != 0 {
			c.Fault(length, &faultOption, 0)
			raw(c, left)
			return nil
		}
		for ; size > 0; size -= 4 {
			c.Add(&pcpServer, 32)
		}
	}
	return nil
}

func add6RD(c *field.Context, o *option, n int) *field.Fault {
	if n < 22 || n%4 != 2 {
		raw(c, n)
		return wrong(n)
	}
	c.Add(&sixMaskLen, 8)
	c.Add(&sixPrefixLen, 8)
	c.Add(&sixPrefix, 128)
	for n -= 18; n > 0; n -= 4 {
		c.Add(&sixRelay, 32)
	}
	return nil
}

// specWhole is the last piece of a value that several options make up; it prints all of it.
var specWhole = field.Spec{Name: "dhcp.option.concatenated", Label: "The value, put together", Kind: field.Custom, Format: appendWhole, Ref: "RFC 3396, 7"}

// addPiece adds a piece of a value that several options of one code make up. RFC 3396, 7: the
// receiver "MUST ... concatenate the contents of that option".
func (v *view) addPiece(c *field.Context, code byte, n int) {
	group := len(c.Spans) - 3 // the option, its code, its length
	c.Fault(group, &faultPiece, 0)
	if n == 0 {
		return
	}
	value := c.Open(&specValue)
	c.AddBytes(&specWhole, n)
	c.Close(value)
}

// appendWhole prints the value that the options of the code before off make up together, from the
// options field on, then file, then sname: RFC 3396, 5.
func appendWhole(dst, msg []byte, off, n int) []byte {
	if off < 2 || len(msg) < HeaderLen {
		return field.AppendHex(dst, msg[off:off+n])
	}
	code, v := msg[off-2], look(msg)
	var whole []byte
	gather := func(area []byte) {
		for len(area) > 0 {
			c, value, size := nextOption(area)
			if size < 0 || c == OptEnd {
				return
			}
			if c == code {
				whole = append(whole, value...)
			}
			area = area[size:]
		}
	}
	gather(msg[HeaderLen:])
	if v.overload&overloadFile != 0 {
		gather(msg[offFile:offCookie])
	}
	if v.overload&overloadSName != 0 {
		gather(msg[offSName:offFile])
	}
	switch {
	case code == 119:
		for at := 0; at < len(whole); {
			size := nameLen(whole[at:])
			if size == 0 {
				break
			}
			if at > 0 {
				dst = append(dst, ", "...)
			}
			dst = appendName(dst, whole, at)
			at += size
		}
		return dst
	case code == OptRoutes || code == 249:
		for at := 0; at < len(whole); {
			size := 1 + (int(whole[at])+7)/8 + 4
			if whole[at] > 32 || at+size > len(whole) {
				break
			}
			if at > 0 {
				dst = append(dst, ", "...)
			}
			dst = appendRoute(dst, whole, at, size)
			at += size
		}
		return dst
	}
	return field.AppendHex(dst, whole)
}

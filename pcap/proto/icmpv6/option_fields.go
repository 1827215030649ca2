package icmpv6

import (
	"net/netip"
	"time"

	"httptap/stack/field"
)

// The fields of neighbor discovery's options.
var (
	optReserved8  = byteString("opt.reserved", "Reserved", 8, "RFC 4861, 4.6")
	optReserved16 = byteString("opt.reserved", "Reserved", 16, "RFC 4861, 4.6")
	optReserved24 = byteString("opt.reserved", "Reserved", 24, "RFC 4861, 4.6")
	optReserved32 = byteString("opt.reserved", "Reserved", 32, "RFC 4861, 4.6")
	optReserved48 = byteString("opt.reserved", "Reserved", 48, "RFC 4861, 4.6")
	optPadding    = field.Spec{Name: "icmpv6.opt.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 4861, 4.6"}

	linkGroup   = byteString("opt.linkaddr", "Link-layer address", 0, "RFC 4861, 4.6.1")
	sourceLink  = field.Spec{Name: "icmpv6.opt.src_linkaddr", Label: "Source Link-layer address", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "RFC 4861, 4.6.1"}
	sourceLinkN = field.Spec{Name: "icmpv6.opt.src_linkaddr", Label: "Source Link-layer address", Kind: field.Bytes, Class: field.Address, Ref: "RFC 4861, 4.6.1"}
	targetLink  = field.Spec{Name: "icmpv6.opt.target_linkaddr", Label: "Target Link-layer address", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "RFC 4861, 4.6.1"}
	targetLinkN = field.Spec{Name: "icmpv6.opt.target_linkaddr", Label: "Target Link-layer address", Kind: field.Bytes, Class: field.Address, Ref: "RFC 4861, 4.6.1"}

	prefixLen   = field.Spec{Name: "icmpv6.opt.prefix.length", Label: "Prefix Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bits", Ref: "RFC 4861, 4.6.2"}
	prefixFlags = field.Spec{Name: "icmpv6.opt.prefix.flag", Label: "Flag", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 4861, 4.6.2", Sub: []field.Spec{
		flag("opt.prefix.flag.l", "On-link flag(L)", "RFC 4861, 4.6.2"), flag("opt.prefix.flag.a", "Autonomous address-configuration flag(A)", "RFC 4861, 4.6.2"),
		flag("opt.prefix.flag.r", "Router address flag(R)", "RFC 6275, 7.2"), uinteger("opt.prefix.flag.reserved", "Reserved", 5, "RFC 4861, 4.6.2"),
	}}
	validTime  = lifetime("opt.prefix.valid_lifetime", "Valid Lifetime", "RFC 4861, 4.6.2")
	preferTime = lifetime("opt.prefix.preferred_lifetime", "Preferred Lifetime", "RFC 4861, 4.6.2")
	prefix128  = address("opt.prefix", "Prefix", "RFC 4861, 4.6.2")
	prefixN    = field.Spec{Name: "icmpv6.opt.prefix", Label: "Prefix", Kind: field.Custom, Class: field.Address, Format: shortPrefix, Ref: "RFC 4191, 2.3"}
	redirected = byteString("opt.redirected_packet", "Redirected Packet", 0, "RFC 4861, 4.6.3")
	optMTU     = field.Spec{Name: "icmpv6.opt.mtu", Label: "MTU", Bits: 32, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 4861, 4.6.4"}
	shortcut   = uinteger("opt.nbma.shortcut_limit", "Shortcut Limit", 8, "RFC 2491, 5.3")

	advertInterval = milliseconds("opt.advertisement_interval", "Advertisement Interval", 32, "RFC 6275, 7.3")
	agentPref      = uinteger("opt.home_agent_preference", "Home Agent Preference", 16, "RFC 6275, 7.4")
	agentTime      = seconds("opt.home_agent_lifetime", "Home Agent Lifetime", 16, "RFC 6275, 7.4")
	listedAddress  = address("opt.ipv6_address", "IPv6 Address", "RFC 3122, 3.1")

	padLen      = field.Spec{Name: "icmpv6.opt.cga.pad_length", Label: "Pad Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 3971, 5.1"}
	cgaGroup    = byteString("opt.cga", "CGA", 0, "RFC 3972, 3")
	cgaModifier = byteString("opt.cga.modifier", "Modifier", 128, "RFC 3972, 3")
	cgaPrefix   = byteString("opt.cga.subnet_prefix", "Subnet Prefix", 64, "RFC 3972, 3")
	cgaCount    = byteString("opt.cga.count", "Count", 8, "RFC 3972, 3")
	cgaKey      = byteString("opt.cga.subject_public_key_info", "Subject Public Key Info", 0, "RFC 3972, 3")
	keyHash     = byteString("opt.rsa.key_hash", "Key Hash", 128, "RFC 3971, 5.2")
	signature   = byteString("opt.digital_signature_padding", "Digital Signature + Padding", 0, "RFC 3971, 5.2")
	timestamp   = field.Spec{Name: "icmpv6.opt.timestamp", Label: "Timestamp", Bits: 64, Kind: field.Custom, Class: field.Timestamp, Format: sendTime, Ref: "RFC 3971, 5.3.1"}
	nonce       = byteString("opt.nonce", "Nonce", 0, "RFC 3971, 5.3.2")
	nameType    = field.Spec{Name: "icmpv6.opt.name_type", Label: "Name Type", Bits: 8, Kind: field.Uint, Values: field.Values{1: "DER Encoded X.501 Name", 2: "FQDN", 3: "SHA-1 Subject Key Identifier (SKI)", 4: "SHA-224 Subject Key Identifier (SKI)", 5: "SHA-256 Subject Key Identifier (SKI)", 6: "SHA-384 Subject Key Identifier (SKI)", 7: "SHA-512 Subject Key Identifier (SKI)"}, Ref: "RFC 3971, 6.4.3"}
	nameX501    = byteString("opt.name_x501", "DER Encoded X.501 Name", 0, "RFC 3971, 6.4.3")
	nameFQDN    = field.Spec{Name: "icmpv6.opt.name_type.fqdn", Label: "FQDN", Kind: field.Text, Class: field.Name, Ref: "RFC 3971, 6.4.3"}
	certType    = field.Spec{Name: "icmpv6.opt.name_type", Label: "Cert Type", Bits: 8, Kind: field.Uint, Values: field.Values{1: "X.509v3 Certificate"}, Ref: "RFC 3971, 6.4.4"}
	certificate = byteString("x509_Certificate", "Certificate", 0, "RFC 3971, 6.4.4")

	ipaCode    = field.Spec{Name: "icmpv6.opt.ipa.option_code", Label: "Option-Code", Bits: 8, Kind: field.Uint, Values: field.Values{1: "Old Care-of Address", 2: "New Care-of Address", 3: "NAR's IP address", 4: "NAR's Prefix (sent in PrRtAdv)"}, Ref: "RFC 5568, 6.4.1"}
	ipaLen     = uinteger("opt.ipa.prefix_len", "Prefix Length", 8, "RFC 5568, 6.4.1")
	ipaAddress = address("opt.ipa.ipv6_address", "IPv6 Address", "RFC 5568, 6.4.1")
	nrpiCode   = uinteger("opt.nrpi.option_code", "Option-Code", 8, "RFC 4068, 6.4.2")
	nrpiLen    = uinteger("opt.nrpi.prefix_len", "Prefix Length", 8, "RFC 4068, 6.4.2")
	nrpiPrefix = address("opt.nrpi.prefix", "Prefix", "RFC 4068, 6.4.2")
	llaCode    = field.Spec{Name: "icmpv6.opt.lla.option_code", Label: "Option-Code", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Wildcard", 1: "Link-layer Address of the New Access Point", 2: "Link-layer Address of the MN", 3: "Link-layer Address of the NAR", 4: "Link-layer Address of the source", 5: "The AP belongs to the current interface of the router", 6: "No prefix information available", 7: "No fast handovers support available"}, Ref: "RFC 5568, 6.4.3"}
	llaBytes   = byteString("opt.lla.bytes", "Link-layer Address", 0, "RFC 5568, 6.4.3")
	ackCode    = uinteger("opt.naack.option_code", "Option-Code", 8, "RFC 5568, 6.4.6")
	ackStatus  = field.Spec{Name: "icmpv6.opt.naack.status", Label: "Status", Bits: 8, Kind: field.Uint, Values: field.Values{1: "New CoA is invalid, perform address configuration", 2: "New CoA is invalid, use the supplied CoA", 3: "NCoA is invalid, use NAR's IP address as NCoA in FBU", 4: "PCoA supplied, do not send FBU", 128: "LLA is unrecognized"}, Ref: "RFC 5568, 6.4.6"}
	ackAddress = address("opt.naack.supplied_ncoa", "Supplied NCoA", "RFC 5568, 6.4.6")

	mapDistance   = uinteger("opt.map.distance", "Distance", 4, "RFC 5380, 9")
	mapPreference = uinteger("opt.map.preference", "Preference", 4, "RFC 5380, 9")
	mapFlags      = field.Spec{Name: "icmpv6.opt.map.flag", Label: "Flag", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 5380, 9", Sub: []field.Spec{
		flag("opt.map.flag.r", "R", "RFC 5380, 9"), uinteger("opt.map.flag.reserved", "Reserved", 7, "RFC 5380, 9"),
	}}
	mapTime    = lifetime("opt.map.valid_lifetime", "Valid Lifetime", "RFC 5380, 9")
	mapAddress = address("opt.map.global_address", "Global Address", "RFC 5380, 9")

	routeFlags = field.Spec{Name: "icmpv6.opt.route_info.flag", Label: "Flag", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 4191, 2.3", Sub: []field.Spec{
		uinteger("opt.route_info.flag.reserved", "Reserved", 3, "RFC 4191, 2.3"),
		{Name: "icmpv6.opt.route_info.flag.route_preference", Label: "Route Preference", Bits: 2, Kind: field.Uint, Values: preferences, Ref: "RFC 4191, 2.3"},
		uinteger("opt.route_info.flag.reserved", "Reserved", 3, "RFC 4191, 2.3"),
	}}
	routeTime  = lifetime("opt.route_lifetime", "Route Lifetime", "RFC 4191, 2.3")
	serverTime = lifetime("opt.rdnss.lifetime", "Lifetime", "RFC 8106, 5.1")
	server     = address("opt.rdnss", "Recursive DNS Servers", "RFC 8106, 5.1")
	moreFlags  = field.Spec{Name: "icmpv6.opt.efo", Label: "Flags Expansion Option", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "RFC 5175, 4", Sub: []field.Spec{
		flag("opt.efo.m", "Managed address configuration", "RFC 5175, 4"), flag("opt.efo.o", "Other configuration", "RFC 5175, 4"), flag("opt.efo.h", "Home Agent", "RFC 5175, 4"),
		{Name: "icmpv6.opt.efo.prf", Label: "Prf (Default Router Preference)", Bits: 2, Kind: field.Uint, Values: preferences, Ref: "RFC 4191, 2.2"},
		flag("opt.efo.p", "ND Proxy", "RFC 5175, 4"), uinteger("opt.efo.rsv", "Reserved", 10, "RFC 5175, 4"),
	}}

	keyPadLen    = field.Spec{Name: "icmpv6.opt.hkr.pad_length", Label: "Pad Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5269, 3.1"}
	keyAT        = uinteger("opt.hkr.at", "Algorithm Type", 4, "RFC 5269, 3.1")
	keyReserved  = uinteger("opt.hkr.reserved", "Reserved", 4, "RFC 5269, 3.1")
	publicKey    = byteString("opt.hkr.encryption_public_key", "Handover Key Encryption Public Key", 0, "RFC 5269, 3.1")
	keyPadding   = byteString("opt.hkr.padding", "Padding", 0, "RFC 5269, 3.1")
	keyTime      = seconds("opt.hkr.lifetime", "Lifetime", 16, "RFC 5269, 3.2")
	encryptedKey = byteString("opt.hkr.encrypted_handover_key", "Encrypted Handover Key", 0, "RFC 5269, 3.2")
	haiCode      = field.Spec{Name: "icmpv6.opt.hai.option_code", Label: "Option-Code", Bits: 8, Kind: field.Uint, Values: field.Values{1: "Access Network Identifier (AN ID)", 2: "Sector ID"}, Ref: "RFC 5271, 5.1"}
	haiLen       = field.Spec{Name: "icmpv6.opt.hai.length", Label: "HAI-Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5271, 5.1"}
	haiValue     = byteString("opt.hai.value", "HAI-Value", 0, "RFC 5271, 5.1")
	mnCode       = field.Spec{Name: "icmpv6.opt.mn.option_code", Label: "Option-Code", Bits: 8, Kind: field.Uint, Values: field.Values{1: "NAI", 2: "IMSI"}, Ref: "RFC 5271, 5.2"}
	mnLen        = field.Spec{Name: "icmpv6.opt.mn.length", Label: "MN ID-Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5271, 5.2"}
	mnValue      = byteString("opt.mn.value", "MN ID-Value", 0, "RFC 5271, 5.2")

	searchTime = lifetime("opt.dnssl.lifetime", "Lifetime", "RFC 8106, 5.2")
	searchName = field.Spec{Name: "icmpv6.opt.dnssl", Label: "Domain Names", Kind: field.Custom, Class: field.Name, Format: domainName, Ref: "RFC 8106, 5.2"}
	proxyHash  = byteString("opt.ps.key_hash", "Key Hash", 128, "RFC 6496, 5.1")

	aroStatus    = field.Spec{Name: "icmpv6.opt.aro.status", Label: "Status", Bits: 8, Kind: field.Uint, Values: registrationStates, Ref: "RFC 6775, 4.1"}
	aroTime      = field.Spec{Name: "icmpv6.opt.aro.registration_lifetime", Label: "Registration Lifetime", Bits: 16, Kind: field.Uint, Unit: "min", Ref: "RFC 6775, 4.1"}
	aroID        = byteString("opt.aro.eui64", "EUI-64", 64, "RFC 6775, 4.1")
	contextLen   = field.Spec{Name: "icmpv6.opt.6co.context_length", Label: "Context Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bits", Ref: "RFC 6775, 4.2"}
	contextFlags = field.Spec{Name: "icmpv6.opt.6co.flag", Label: "Flag", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 6775, 4.2", Sub: []field.Spec{
		uinteger("opt.6co.flag.reserved", "Reserved", 3, "RFC 6775, 4.2"), flag("opt.6co.flag.c", "Compression flag", "RFC 6775, 4.2"), uinteger("opt.6co.flag.cid", "Context Identifier", 4, "RFC 6775, 4.2"),
	}}
	contextTime  = field.Spec{Name: "icmpv6.opt.6co.valid_lifetime", Label: "Valid Lifetime", Bits: 16, Kind: field.Uint, Unit: "min", Ref: "RFC 6775, 4.2"}
	context128   = address("opt.6co.context_prefix", "Context Prefix", "RFC 6775, 4.2")
	contextN     = field.Spec{Name: "icmpv6.opt.6co.context_prefix", Label: "Context Prefix", Kind: field.Custom, Class: field.Address, Format: shortPrefix, Ref: "RFC 6775, 4.2"}
	borderLow    = uinteger("opt.abro.version_low", "Version Low", 16, "RFC 6775, 4.3")
	borderHigh   = uinteger("opt.abro.version_high", "Version High", 16, "RFC 6775, 4.3")
	borderTime   = field.Spec{Name: "icmpv6.opt.abro.valid_lifetime", Label: "Valid Lifetime", Bits: 16, Kind: field.Uint, Unit: "min", Ref: "RFC 6775, 4.3"}
	borderRouter = address("opt.abro.6lbr_address", "6LBR Address", "RFC 6775, 4.3")
	capability1  = hexadecimal("opt.6cio.unassigned1", "Unassigned", 15, "RFC 7400, 3.3")
	capabilityG  = flag("opt.6cio.flag_g", "G", "RFC 7400, 3.3")
	capability2  = hexadecimal("opt.6cio.unassigned2", "Unassigned", 32, "RFC 7400, 3.3")

	portal      = field.Spec{Name: "icmpv6.opt.captive_portal", Label: "Captive Portal", Kind: field.Text, Class: field.Name, Ref: "RFC 8910, 2.3"}
	nat64Time   = uinteger("opt.pref64.scaled_lifetime", "Scaled Lifetime", 13, "RFC 8781, 4")
	nat64Code   = field.Spec{Name: "icmpv6.opt.pref64.plc", Label: "PLC (Prefix Length Code)", Bits: 3, Kind: field.Hex, Values: field.Values{0: "96 bits prefix length", 1: "64 bits prefix length", 2: "56 bits prefix length", 3: "48 bits prefix length", 4: "40 bits prefix length", 5: "32 bits prefix length"}, Ref: "RFC 8781, 4"}
	nat64Prefix = field.Spec{Name: "icmpv6.opt.pref64.prefix", Label: "Prefix", Bits: 96, Kind: field.Custom, Class: field.Address, Format: shortPrefix, Ref: "RFC 8781, 4"}
)

func lifetime(name, label, ref string) field.Spec {
	s := seconds(name, label, 32, ref)
	s.Values = field.Values{0xffffffff: "Infinity"}
	return s
}

func moreOptions() []*field.Spec {
	list := []*field.Spec{&optionOther, &optType, &optLen, &optPadding, &linkGroup, &sourceLink, &sourceLinkN, &targetLink, &targetLinkN, &prefixN, &redirected,
		&listedAddress, &cgaGroup, &cgaModifier, &cgaPrefix, &cgaCount, &cgaKey, &signature, &nonce, &nameX501, &nameFQDN, &certificate, &llaBytes, &ackAddress, &server,
		&publicKey, &keyPadding, &encryptedKey, &haiValue, &mnValue, &searchName, &context128, &contextN, &portal, &nat64Prefix}
	for _, o := range optionTable {
		list = append(append(list, &o.group), o.parts...)
	}
	return list
}

// shortPrefix prints an address of which the last bytes are left out.
func shortPrefix(dst, msg []byte, off, n int) []byte {
	var full [16]byte
	copy(full[:], msg[off:off+min(n, 16)])
	return netip.AddrFrom16(full).AppendTo(dst)
}

// sendTime prints a time. RFC 3971, 5.3.1: "the integer number of seconds elapsed since January
// 1, 1970, 00:00 UTC, by using a fixed point format. In this format, the integer number of seconds
// is contained in the first 48 bits of the field, and the remaining 16 bits indicate the number of
// 1/64K fractions of a second."
func sendTime(dst, msg []byte, off, n int) []byte {
	v := field.Extract(msg, 8*off, 8*n)
	t := time.Unix(int64(v>>16), int64(v&0xffff*1e9>>16)).UTC()
	return t.AppendFormat(dst, "2006-01-02T15:04:05.000000000Z")
}

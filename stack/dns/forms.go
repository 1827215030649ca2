package dns

import "httptap/stack/field"

func num(name, label string, bits int, ref string) *field.Spec {
	return &field.Spec{Name: "dns." + name, Label: label, Bits: bits, Kind: field.Uint, Ref: ref}
}

func hexNum(name, label string, bits int, ref string) *field.Spec {
	return &field.Spec{Name: "dns." + name, Label: label, Bits: bits, Kind: field.Hex, Ref: ref}
}

func size(name, label string, bits int, ref string) *field.Spec {
	return &field.Spec{Name: "dns." + name, Label: label, Bits: bits, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: ref}
}

func text(name, label, ref string) *field.Spec {
	return &field.Spec{Name: "dns." + name, Label: label, Kind: field.Text, Ref: ref}
}

func data(name, label, ref string) *field.Spec {
	return &field.Spec{Name: "dns." + name, Label: label, Kind: field.Bytes, Ref: ref}
}

func seconds(name, label, ref string) *field.Spec {
	return &field.Spec{Name: "dns." + name, Label: label, Bits: 32, Kind: field.Seconds, Ref: ref}
}

func moment(name, label string, bits int, ref string) *field.Spec {
	return &field.Spec{Name: "dns." + name, Label: label, Bits: bits, Kind: field.Custom, Class: field.Timestamp, Format: formatTime, Ref: ref}
}

func ipv4(name, label, ref string) *field.Spec {
	return &field.Spec{Name: "dns." + name, Label: label, Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: ref}
}

func ipv6(name, label, ref string) *field.Spec {
	return &field.Spec{Name: "dns." + name, Label: label, Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: ref}
}

func flags(name, label string, bits int, ref string, parts ...field.Spec) *field.Spec {
	return &field.Spec{Name: "dns." + name, Label: label, Bits: bits, Kind: field.Hex, Class: field.Flags, Ref: ref, Sub: parts}
}

func bit(name, label, ref string) field.Spec {
	return field.Spec{Name: "dns." + name, Label: label, Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: ref}
}

func unassigned(name string, bits int, ref string) field.Spec {
	return field.Spec{Name: "dns." + name, Label: "Unassigned", Bits: bits, Kind: field.Reserved, Ref: ref}
}

func valued(s *field.Spec, v field.Values) *field.Spec { s.Values = v; return s }

// Algorithms names the algorithms of DNSSEC. IANA, "DNS Security Algorithm Numbers"
var Algorithms = field.Values{1: "RSA/MD5", 2: "Diffie-Hellman", 3: "DSA/SHA1", 5: "RSA/SHA1", 6: "DSA-NSEC3-SHA1", 7: "RSASHA1-NSEC3-SHA1", 8: "RSA/SHA-256",
	10: "RSA/SHA-512", 12: "GOST R 34.10-2001", 13: "ECDSA Curve P-256 with SHA-256", 14: "ECDSA Curve P-384 with SHA-384", 15: "Ed25519", 16: "Ed448",
	17: "SM2 with SM3", 23: "GOST R 34.10-2012", 252: "Reserved for Indirect Keys", 253: "private algorithm", 254: "private algorithm OID"}

// DigestTypes names the digests of DS records. IANA, "DS RR Type Digest Algorithms"
var DigestTypes = field.Values{1: "SHA-1", 2: "SHA-256", 3: "GOST R 34.11-94", 4: "SHA-384", 5: "GOST R 34.11-2012", 6: "SM3"}

var nsec3Hashes = field.Values{1: "SHA-1"}

var (
	specData   = data("data", "Data", "RFC 1035, 4.1.3")
	specBitmap = &field.Spec{Name: "dns.nsec.types", Label: "Type bit maps", Kind: field.Custom, Format: formatBitmap, Ref: "RFC 4034, 4.1.2"}
	specNXTMap = &field.Spec{Name: "dns.nxt.types", Label: "Type bit map", Kind: field.Custom, Format: formatNXT, Ref: "RFC 2535, 5.2"}
	specHash   = &field.Spec{Name: "dns.nsec3.hash_value", Label: "Next hashed owner", Kind: field.Custom, Format: formatBase32, Ref: "RFC 5155, 3.1.7"}

	formData = form{parts: fixed(specData)}
	formSig  = form{parts: append(append(fixed(
		valued(num("rrsig.type_covered", "Type Covered", 16, "RFC 4034, 3.1.1"), Types), valued(num("rrsig.algorithm", "Algorithm", 8, "RFC 4034, 3.1.2"), Algorithms),
		num("rrsig.labels", "Labels", 8, "RFC 4034, 3.1.3"), seconds("rrsig.original_ttl", "Original TTL", "RFC 4034, 3.1.4"), moment("rrsig.signature_expiration", "Signature Expiration", 32, "RFC 4034, 3.1.5"),
		moment("rrsig.signature_inception", "Signature Inception", 32, "RFC 4034, 3.1.5"), num("rrsig.key_tag", "Key Tag", 16, "RFC 4034, 3.1.6")),
		named(nameSigner)...), fixed(data("rrsig.signature", "Signature", "RFC 4034, 3.1.8"))...)}
	formDNSKEY = form{parts: fixed(
		flags("dnskey.flags", "Flags", 16, "RFC 4034, 2.1.1", unassigned("dnskey.flags.unassigned", 7, "RFC 4034, 2.1.1"), bit("dnskey.flags.zone_key", "Zone Key", "RFC 4034, 2.1.1"),
			bit("dnskey.flags.key_revoked", "Key Revoked", "RFC 5011, 3"), unassigned("dnskey.flags.unassigned", 6, "RFC 4034, 2.1.1"), bit("dnskey.flags.secure_entry_point", "Key Signing Key", "RFC 4034, 2.1.1")),
		num("dnskey.protocol", "Protocol", 8, "RFC 4034, 2.1.2"), valued(num("dnskey.algorithm", "Algorithm", 8, "RFC 4034, 2.1.3"), Algorithms), data("dnskey.public_key", "Public Key", "RFC 4034, 2.1.4"))}
	formDS = form{parts: fixed(hexNum("ds.key_id", "Key id", 16, "RFC 4034, 5.1.1"), valued(num("ds.algorithm", "Algorithm", 8, "RFC 4034, 5.1.2"), Algorithms),
		valued(num("ds.digest_type", "Digest Type", 8, "RFC 4034, 5.1.3"), DigestTypes), data("ds.digest", "Digest", "RFC 4034, 5.1.4"))}
	formTLSA = form{parts: fixed(valued(num("tlsa.certificate_usage", "Certificate Usage", 8, "RFC 6698, 2.1.1"), field.Values{0: "CA constraint (PKIX-TA)", 1: "Service certificate constraint (PKIX-EE)", 2: "Trust anchor assertion (DANE-TA)", 3: "Domain-issued certificate (DANE-EE)"}),
		valued(num("tlsa.selector", "Selector", 8, "RFC 6698, 2.1.2"), field.Values{0: "Full certificate (Cert)", 1: "SubjectPublicKeyInfo (SPKI)"}), valued(num("tlsa.matching_type", "Matching Type", 8, "RFC 6698, 2.1.3"), field.Values{0: "No Hash Used (Full)", 1: "SHA-256", 2: "SHA-512"}),
		data("tlsa.certificate_association_data", "Certificate Association Data", "RFC 6698, 2.1.4"))}
	nsec3Head = []part{{spec: valued(num("nsec3.algo", "Hash algorithm", 8, "RFC 5155, 3.1.1"), nsec3Hashes)},
		{spec: flags("nsec3.flags", "NSEC3 flags", 8, "RFC 5155, 3.1.2", unassigned("nsec3.flags.unassigned", 7, "RFC 5155, 3.1.2"), bit("nsec3.flags.opt_out", "NSEC3 Opt-out flag", "RFC 5155, 3.1.2"))},
		{spec: num("nsec3.iterations", "NSEC3 iterations", 16, "RFC 5155, 3.1.3")}, counted(size("nsec3.salt_length", "Salt length", 8, "RFC 5155, 3.1.4"), data("nsec3.salt_value", "Salt value", "RFC 5155, 3.1.5"))}
)

func prefer(preference string, label, ref string, more ...part) []part {
	return append(fixed(num(preference, label, 16, ref)), more...)
}

// forms are the types whose data is known. IANA, "Resource Record (RR) TYPEs"
var forms = map[uint16]*form{
	TypeA:     {parts: fixed(ipv4("a", "Address", "RFC 1035, 3.4.1"))},
	TypeNS:    {parts: named(nameNS)},
	3:         {parts: named(nameMD)},
	4:         {parts: named(nameMF)},
	TypeCNAME: {parts: named(nameCNAME)},
	TypeSOA: {parts: append(named(nameMName, nameRName), fixed(
		&field.Spec{Name: "dns.soa.serial_number", Label: "Serial Number", Bits: 32, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 1035, 3.3.13"},
		seconds("soa.refresh_interval", "Refresh Interval", "RFC 1035, 3.3.13"), seconds("soa.retry_interval", "Retry Interval", "RFC 1035, 3.3.13"),
		seconds("soa.expire_limit", "Expire limit", "RFC 1035, 3.3.13"), seconds("soa.minimum_ttl", "Minimum TTL", "RFC 2308, 4"))...)},
	7:         {parts: named(nameMB)},
	8:         {parts: named(nameMG)},
	9:         {parts: named(nameMR)},
	10:        {parts: fixed(data("null", "Null (data)", "RFC 1035, 3.3.10"))},
	11:        {parts: fixed(ipv4("wks.address", "Address", "RFC 1035, 3.4.2"), num("wks.protocol", "Protocol", 8, "RFC 1035, 3.4.2"), data("wks.bits", "Bits", "RFC 1035, 3.4.2"))},
	TypePTR:   {parts: named(namePTR)},
	TypeHINFO: {parts: []part{counted(size("hinfo.cpu_length", "CPU Length", 8, "RFC 1035, 3.3"), text("hinfo.cpu", "CPU", "RFC 1035, 3.3.2")), counted(size("hinfo.os_length", "OS Length", 8, "RFC 1035, 3.3"), text("hinfo.os", "OS", "RFC 1035, 3.3.2"))}},
	14:        {parts: named(nameMinfoR, nameMinfoE)},
	TypeMX:    {parts: prefer("mx.preference", "Preference", "RFC 1035, 3.3.9", named(nameMX)...)},
	TypeTXT:   {parts: []part{counted(size("txt.length", "TXT Length", 8, "RFC 1035, 3.3"), text("txt", "TXT", "RFC 1035, 3.3.14"))}, repeat: true},
	17:        {parts: named(nameMailbox, nameTXTRR)},
	18:        {parts: prefer("afsdb.subtype", "Subtype", "RFC 1183, 1", named(nameAFSDB)...)},
	19:        {parts: []part{counted(size("x25.length", "Length", 8, "RFC 1183, 3.1"), text("x25.psdn_address", "PSDN-Address", "RFC 1183, 3.1"))}},
	20:        {parts: []part{counted(size("idsn.length", "Length", 8, "RFC 1183, 3.2"), text("idsn.address", "ISDN Address", "RFC 1183, 3.2"))}, walk: walkISDN, adds: []*field.Spec{isdnSub.spec, isdnSub.text}},
	21:        {parts: prefer("rt.subtype", "Preference", "RFC 1183, 3.3", named(nameRT)...)},
	22:        {parts: fixed(data("nsap.rdata", "NSAP Data", "RFC 1706, 5"))},
	23:        {parts: named(nameOwner)},
	24:        &formSig,
	25: {parts: fixed(flags("key.flags", "Flags", 16, "RFC 2535, 3.1.2",
		bit("key.flags.authentication", "Key allowed for authentication", "RFC 2535, 3.1.2"), bit("key.flags.confidentiality", "Key allowed for confidentiality", "RFC 2535, 3.1.2"), bit("key.flags.required", "Key required", "RFC 2065, 3.3"),
		unassigned("key.flags.unassigned", 2, "RFC 2535, 3.1.2"), bit("key.flags.associated_user", "Key is associated with a user", "RFC 2065, 3.3"), bit("key.flags.associated_named_entity", "Key is associated with the named entity", "RFC 2065, 3.3"),
		unassigned("key.flags.unassigned", 1, "RFC 2535, 3.1.2"), bit("key.flags.ipsec", "Key use with IPSEC", "RFC 2065, 3.3"), bit("key.flags.mime", "Key use with MIME security multiparts", "RFC 2065, 3.3"),
		unassigned("key.flags.unassigned", 2, "RFC 2535, 3.1.2"), field.Spec{Name: "dns.key.flags.signatory", Label: "Signatory", Bits: 4, Kind: field.Uint, Ref: "RFC 2535, 3.1.2"}),
		num("key.protocol", "Protocol", 8, "RFC 2535, 3.1.3"), valued(num("key.algorithm", "Algorithm", 8, "RFC 2535, 3.2"), Algorithms), data("key.public_key", "Public Key", "RFC 2535, 3.1"))},
	26:       {parts: prefer("px.preference", "Preference", "RFC 2163, 4", named(nameMap822, nameMap400)...)},
	27:       {parts: []part{counted(size("gpos.longitude_length", "Longitude length", 8, "RFC 1712, 3"), text("gpos.longitude", "Longitude", "RFC 1712, 3")), counted(size("gpos.latitude_length", "Latitude length", 8, "RFC 1712, 3"), text("gpos.latitude", "Latitude", "RFC 1712, 3")), counted(size("gpos.altitude_length", "Altitude length", 8, "RFC 1712, 3"), text("gpos.altitude", "Altitude", "RFC 1712, 3"))}},
	TypeAAAA: {parts: fixed(ipv6("aaaa", "AAAA Address", "RFC 3596, 2.2"))},
	29: {parts: fixed(num("loc.version", "Version", 8, "RFC 1876, 2"), num("loc.size", "Size", 8, "RFC 1876, 2"), num("loc.horizontal_precision", "Horizontal Precision", 8, "RFC 1876, 2"), num("loc.vertical_precision", "Vertical Precision", 8, "RFC 1876, 2"),
		num("loc.latitude", "Latitude", 32, "RFC 1876, 2"), num("loc.longitude", "Longitude", 32, "RFC 1876, 2"), num("loc.altitude", "Altitude", 32, "RFC 1876, 2"))},
	30:      {parts: append(named(nameNXT), fixed(specNXTMap)...)},
	TypeSRV: {parts: append(fixed(num("srv.priority", "Priority", 16, "RFC 2782"), num("srv.weight", "Weight", 16, "RFC 2782"), &field.Spec{Name: "dns.srv.port", Label: "Port", Bits: 16, Kind: field.Uint, Class: field.Port, Ref: "RFC 2782"}), named(nameSRV)...)},
	35: {parts: append(fixed(num("naptr.order", "Order", 16, "RFC 3403, 4.1"), num("naptr.preference", "Preference", 16, "RFC 3403, 4.1")),
		counted(size("naptr.flags_length", "Flags Length", 8, "RFC 3403, 4.1"), text("naptr.flags", "Flags", "RFC 3403, 4.1")), counted(size("naptr.service_length", "Service Length", 8, "RFC 3403, 4.1"), text("naptr.service", "Service", "RFC 3403, 4.1")),
		counted(size("naptr.regex_length", "Regex Length", 8, "RFC 3403, 4.1"), text("naptr.regex", "Regex", "RFC 3403, 4.1")), part{name: nameNAPTR})},
	36:        {parts: prefer("kx.preference", "Preference", "RFC 2230, 3", named(nameKX)...)},
	37:        {parts: fixed(valued(num("cert.type", "Type", 16, "RFC 4398, 2"), field.Values{1: "PKIX", 2: "SPKI", 3: "PGP", 4: "IPKIX", 5: "ISPKI", 6: "IPGP", 7: "ACPKIX", 8: "IACPKIX", 253: "URI", 254: "OID"}), hexNum("cert.key_tag", "Key Tag", 16, "RFC 4398, 2"), valued(num("cert.algorithm", "Algorithm", 8, "RFC 4398, 2"), Algorithms), data("cert.certificate", "Certificate (or CRL)", "RFC 4398, 2"))},
	38:        {parts: fixed(a6Len), walk: walkA6, adds: []*field.Spec{a6Suffix}},
	TypeDNAME: {parts: named(nameDNAME)},
	42:        {walk: walkAddresses, adds: []*field.Spec{aplFamily, aplPrefix, aplNegation, aplLen, aplIPv4, aplIPv6, aplData}},
	43:        &formDS,
	44:        {parts: fixed(valued(num("sshfp.algorithm", "Algorithm", 8, "RFC 4255, 3.1.1"), field.Values{1: "RSA", 2: "DSA", 3: "ECDSA", 4: "Ed25519", 6: "Ed448"}), valued(num("sshfp.fingerprint.type", "Fingerprint type", 8, "RFC 4255, 3.1.2"), field.Values{1: "SHA1", 2: "SHA256"}), data("sshfp.fingerprint", "Fingerprint", "RFC 4255, 3.1.3"))},
	45:        {parts: fixed(num("ipseckey.gateway_precedence", "Gateway Precedence", 8, "RFC 4025, 2.2"), valued(num("ipseckey.gateway_type", "Gateway Type", 8, "RFC 4025, 2.3"), field.Values{0: "No gateway", 1: "IPv4", 2: "IPv6", 3: "name"}), num("ipseckey.gateway_algorithm", "Gateway Algorithm", 8, "RFC 4025, 2.4")), walk: walkIPSECKEY, adds: []*field.Spec{gateway4, gateway6, ipsecPublic}},
	46:        &formSig,
	TypeNSEC:  {parts: append(named(nameNSEC), fixed(specBitmap)...)},
	48:        &formDNSKEY,
	49:        {parts: fixed(data("dhcid.rdata", "DHCID Data", "RFC 4701, 3"))},
	50:        {parts: append(nsec3Head[:4:4], counted(size("nsec3.hash_length", "Hash length", 8, "RFC 5155, 3.1.6"), specHash), part{spec: specBitmap})},
	51:        {parts: nsec3Head},
	52:        &formTLSA,
	53:        &formTLSA,
	55:        {parts: fixed(hipHITLen, hipAlgorithm, hipKeyLen), walk: walkHIP, adds: []*field.Spec{hipHIT, hipKey}},
	58:        {parts: named(nameLink, nameLink)},
	59:        &formDS,
	60:        &formDNSKEY,
	61:        {parts: fixed(data("openpgpkey", "OpenPGP Key", "RFC 7929, 2.3"))},
	62:        {parts: fixed(num("csync.soa", "SOA", 32, "RFC 7477, 2.1.1.1"), flags("csync.flags", "Flags", 16, "RFC 7477, 2.1.1.2", unassigned("csync.flags.unassigned", 14, "RFC 7477, 2.1.1.2"), bit("csync.flags.soaminimum", "soaminimum", "RFC 7477, 2.1.1.2"), bit("csync.flags.immediate", "immediate", "RFC 7477, 2.1.1.2")), &field.Spec{Name: "dns.csync.type_bitmap", Label: "Type Bitmap", Kind: field.Custom, Format: formatBitmap, Ref: "RFC 7477, 2.1.1.3"})},
	63:        {parts: fixed(num("zonemd.serial", "Serial", 32, "RFC 8976, 2.2.1"), num("zonemd.scheme", "Scheme", 8, "RFC 8976, 2.2.2"), num("zonemd.hash_algo", "Hash Algorithm", 8, "RFC 8976, 2.2.3"), data("zonemd.digest", "Digest", "RFC 8976, 2.2.4"))},
	64:        &formSVCB,
	65:        &formSVCB,
	TypeSPF:   {parts: []part{counted(size("spf.length", "SPF Length", 8, "RFC 1035, 3.3"), text("spf", "SPF", "RFC 7208, 3.1"))}, repeat: true},
	104:       {parts: prefer("ilnp.nid.preference", "Preference", "RFC 6742, 2.1", fixed(&field.Spec{Name: "dns.ilnp.nid", Label: "NodeID", Bits: 64, Kind: field.Bytes, Ref: "RFC 6742, 2.1"})...)},
	105:       {parts: prefer("ilnp.l32.preference", "Preference", "RFC 6742, 2.2", fixed(ipv4("ilnp.l32", "Locator32", "RFC 6742, 2.2"))...)},
	106:       {parts: prefer("ilnp.l64.preference", "Preference", "RFC 6742, 2.3", fixed(&field.Spec{Name: "dns.ilnp.l64", Label: "Locator64", Bits: 64, Kind: field.Bytes, Ref: "RFC 6742, 2.3"})...)},
	107:       {parts: prefer("ilnp.lp.preference", "Preference", "RFC 6742, 2.4", named(nameLP)...)},
	108:       {parts: fixed(&field.Spec{Name: "dns.eui48", Label: "EUI48 Address", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "RFC 7043, 3.1"})},
	109:       {parts: fixed(&field.Spec{Name: "dns.eui64", Label: "EUI64 Address", Bits: 64, Kind: field.Bytes, Class: field.Address, Ref: "RFC 7043, 4.1"})},
	249: {parts: append(append(named(nameTKEY), fixed(moment("tkey.signature_inception", "Signature Inception", 32, "RFC 2930, 2.3"), moment("tkey.signature_expiration", "Signature Expiration", 32, "RFC 2930, 2.3"),
		valued(num("tkey.mode", "Mode", 16, "RFC 2930, 2.5"), field.Values{1: "Server assigned", 2: "Diffie Hellman", 3: "GSSAPI", 4: "Resolver assigned", 5: "Key deletion"}), valued(num("tkey.error", "Error", 16, "RFC 2930, 2.6"), RCodes))...),
		counted(size("tkey.key_size", "Key Size", 16, "RFC 2930, 2.7"), data("tkey.key_data", "Key Data", "RFC 2930, 2.7")), counted(size("tkey.other_size", "Other Size", 16, "RFC 2930, 2.8"), data("tkey.other_data", "Other Data", "RFC 2930, 2.8")))},
	250: {parts: append(append(named(nameTSIG), fixed(moment("tsig.time_signed", "Time Signed", 48, "RFC 8945, 4.2"), num("tsig.fudge", "Fudge", 16, "RFC 8945, 4.2"))...),
		counted(size("tsig.mac_size", "MAC Size", 16, "RFC 8945, 4.2"), data("tsig.mac", "MAC", "RFC 8945, 4.2")), part{spec: num("tsig.original_id", "Original Id", 16, "RFC 8945, 4.2")}, part{spec: valued(num("tsig.error", "Error", 16, "RFC 8945, 4.2"), RCodes)},
		counted(size("tsig.other_len", "Other Len", 16, "RFC 8945, 4.2"), data("tsig.other_data", "Other Data", "RFC 8945, 4.2")))},
	256: {parts: fixed(num("uri.priority", "Priority", 16, "RFC 7553, 4.2"), num("uri.weight", "Weight", 16, "RFC 7553, 4.3"), text("uri.target", "Target", "RFC 7553, 4.4"))},
	TypeCAA: {parts: []part{{spec: flags("caa.flags", "CAA Flags", 8, "RFC 8659, 4.1", bit("caa.flags.issuer_critical", "Issuer Critical", "RFC 8659, 4.1"), unassigned("caa.flags.unassigned", 7, "RFC 8659, 4.1"))},
		counted(size("caa.tag_length", "Tag length", 8, "RFC 8659, 4.1"), text("caa.tag", "Tag", "RFC 8659, 4.1")), {spec: text("caa.value", "Value", "RFC 8659, 4.1")}}},
	32769: &formDS,
	65281: {parts: fixed(flags("wins.flags", "Mapping flag", 32, "MS-DNSP, 2.2.2.2.4.7", unassigned("wins.unassigned", 31, "MS-DNSP, 2.2.2.2.4.7"), bit("wins.local_flag", "Local Flag", "MS-DNSP, 2.2.2.2.4.7")), seconds("wins.lookup_timeout", "Lookup timeout", "MS-DNSP, 2.2.2.2.4.7"), seconds("wins.cache_timeout", "Cache timeout", "MS-DNSP, 2.2.2.2.4.7"), num("wins.nb_wins_servers", "Number of WINS servers", 32, "MS-DNSP, 2.2.2.2.4.7")), walk: walkWINS, adds: []*field.Spec{winsServer}},
	65282: {parts: append(fixed(flags("winsr.flags", "Mapping flag", 32, "MS-DNSP, 2.2.2.2.4.9", unassigned("winsr.unassigned", 31, "MS-DNSP, 2.2.2.2.4.9"), bit("winsr.local_flag", "Local Flag", "MS-DNSP, 2.2.2.2.4.9")), seconds("winsr.lookup_timeout", "Lookup timeout", "MS-DNSP, 2.2.2.2.4.9"), seconds("winsr.cache_timeout", "Cache timeout", "MS-DNSP, 2.2.2.2.4.9")), named(nameWins)...)},
}

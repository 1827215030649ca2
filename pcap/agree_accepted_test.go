package pcap

import (
	"bytes"
	"slices"
	"strings"

	"httptap/stack/field"
)

// accepted are the differences from Wireshark that are meant, each with its reason. A name may
// end in a star; when, where there is one, says which of the differences.
var accepted = []struct {
	names  string
	when   func(difference) bool
	reason string
}{
	{"*", func(d difference) bool { return d.what == "only ours" && d.malformed },
		"what follows an error is shown as far as it can be, Wireshark stops or goes on as it likes"},
	{"*", func(d difference) bool {
		return d.what == "only ours" && (d.ours.Err == field.Truncated || d.ours.Err == field.Snapped)
	}, "a field that is cut short is shown and marked, Wireshark leaves it out"},

	{"*", func(d difference) bool {
		return d.what == "only theirs" && d.theirs.size == 0 || d.what == "only ours" && d.ours.Len == 0 && d.ours.Spec.Kind != field.Layer
	}, "a value of no bytes has no place"},
	{"ip.version", func(d difference) bool { return d.what == "only theirs" && d.theirs.show == "6" },
		"the version of an IPv6 header is ipv6.version; Wireshark repeats it under IPv4's name"},
	{"dns", func(d difference) bool {
		return d.what == "only theirs" && !bytes.Contains(d.frame.data[:min(len(d.frame.data), 60)], []byte{0, 53})
	}, "Wireshark guesses DNS on any port from the bytes"},

	{"ip.opt.* ip.options.*", func(d difference) bool { return d.what == "only ours" && !d.frame.has("ip.opt.type") },
		"the type of an option whose length lies is shown; Wireshark shows none of its fields"},
	{"llc.control.u_modifier_cmd llc.control.u_modifier_resp", func(d difference) bool { return d.what == "place" },
		"the poll bit stands between the modifier's: ours is the byte's first six bits, Wireshark's a mask with a hole"},
	{"llc.control.p llc.control.f", func(d difference) bool { return d.what == "only ours" }, "the poll and final bits are shown when they are not set, too"},
	{"llc.control.*", func(d difference) bool { return d.what == "place" },
		"of a control field of two bytes Wireshark's masks name the bits of a number whose low byte comes first"},
	{"ieee8021ah.etype", func(d difference) bool { return d.what != "value" },
		"Wireshark leaves out the type between two S-TAGs, and places that behind an I-TAG in its identifier"},
	{"eth.trailer eth.padding", func(d difference) bool { return d.frame.has("lldp.tlv.type") },
		"Wireshark takes the last three bytes of LLDP for a trailer"},
	{"eth.padding", func(d difference) bool { return d.what == "only ours" && d.frame.has("pppoe.code") },
		"what lies behind PPPoE's payload is padding; Wireshark leaves it out"},
	{"pppoed.tag pppoed.tag_length", func(d difference) bool { return d.what == "only ours" }, "each tag has a type and a length; Wireshark shows those of unknown ones"},
	{"ppp", func(d difference) bool { return d.what == "only theirs" && d.frame.has("pppoe.version") }, "what follows another version's header is not known; Wireshark goes on"},
	{"lcp.opt.type", func(d difference) bool { return d.what == "only ours" }, "the type of an option whose length can't be is shown"},
	{"vxlan.flags_reserved", func(d difference) bool { return d.what != "value" }, "the reserved bits lie apart: Wireshark has one mask for them"},
	{"geneve.option.length", func(d difference) bool { return d.what == "value" },
		"RFC 8926, 3.5: an option's length is that of its data; Wireshark adds the four bytes before it"},
	{"geneve.option.*", func(d difference) bool { return d.what == "only ours" }, "the head of an option past the end is shown; Wireshark stops before it"},
	{"ip", func(d difference) bool {
		return d.what == "only theirs" && (d.frame.has("geneve.version") || d.frame.has("gre.flags.version") || d.frame.has("vxlan.ver"))
	}, "what follows a header of a version that nobody knows is not known; Wireshark goes on as with version 0"},
	{"mpls ipv6.dstopts", func(d difference) bool { return d.what == "only theirs" && layersBefore(d) >= maxLayers },
		"the layers inside each other are bounded"},
	{"ipv6.opt ipv6.opt.type.action ipv6.opt.type.change ipv6.opt.type.rest", func(d difference) bool { return d.ours == nil || d.ours.Len <= 8 },
		"Pad1 is one byte; Wireshark says two, and does not take its type apart"},
	{"ipv6.opt.ioam.* ipv6.opt.unknown", func(d difference) bool { return d.what == "only ours" || d.what == "only theirs" },
		"IOAM has two types, of which Wireshark 4.0 knows one; node data of another length than its type asks for is shown as bytes"},
	{"ipv6.opt.router_alert ipv6.opt_unknown_data icmpv6.opt.*", func(d difference) bool { return d.what != "value" && lying(d) },
		"the value of an option whose length can't be is shown as bytes; Wireshark shows what begins as it should"},
	{"icmpv6.opt", func(d difference) bool { return d.what == "place" && d.theirs.size == 0 }, "an option of no length has a type and a length"},
	{"icmpv6.opt.route_info.flag.reserved icmpv6.opt.efo.rsv", func(d difference) bool { return d.what != "value" }, "reserved bits on both sides of others, and one that Wireshark leaves out"},
	{"icmpv6.opt.pref64.prefix", func(d difference) bool { return d.what == "place" }, "RFC 8781, 4: always 96 bits; Wireshark shows those that the length code counts"},
	{"icmpv6.mpl.seed_info.sequence", nil, "the buffered messages are one field of bits; Wireshark has one for each bit that is set"},
	{"igmp.max_resp", func(d difference) bool { return d.what == "value" }, "the code; Wireshark computes the time of its exponent and mantissa"},
	{"igmp.*", func(d difference) bool { return d.frame.has("igmp.data") }, "Wireshark does not know multicast router discovery"},
	{"lldp.subtype.content_remaining lldp.unknown_subtype.content", func(d difference) bool { return d.what == "only ours" }, "Wireshark leaves the bytes out that it does not know"},
	{"eth.padding vlan.trailer", func(d difference) bool { return d.frame.has("vlan.id") },
		"zeros behind a tagged packet up to 60 bytes: Wireshark calls some of them padding"},
	{"dns.resp.type", func(d difference) bool { return d.what == "only ours" && d.frame.has("ipv6.fraghdr.nxt") },
		"the message goes on in the next fragment; Wireshark stops before the record that is cut"},

	{"dns.flags.authoritative dns.flags.recavail dns.flags.authenticated dns.flags.rcode", func(d difference) bool { return d.what == "only ours" },
		"a query has these bits, too; Wireshark leaves them out"},
	{"dns.resp.name", func(d difference) bool { return d.what == "only ours" && d.frame.has("dns.srv.service") },
		"the owner of a service is a name like others; Wireshark shows its first labels as three fields"},
	{"dns.*", func(d difference) bool { return d.what == "value" && strings.Contains(d.text, `\`) },
		"RFC 1035, 5.1 writes odd octets of a name in decimal, Wireshark in octal"},
	{"dns.*", func(d difference) bool { return d.what == "value" && d.ours.Err != nil },
		"RFC 1035, 4.1.4: a pointer leads to a prior occurrence; Wireshark follows it anywhere"},
	{"dns.a dns.aaaa", func(d difference) bool { return d.what == "only theirs" },
		"RFC 3597, 4: the format of an address record is that of its class; Wireshark takes any for IN"},
	{"tcp.flags.res", func(d difference) bool { return d.what == "value" }, "three bits, which Wireshark takes for one flag"},
	{"dns.resp.type", func(d difference) bool { return d.what != "value" && d.theirs != nil && d.theirs.size == 1 },
		"the types of a bitmap are one field, dns.nsec.types, that names them all"},
	{"dns.nsec3.flags.opt_out", func(d difference) bool { return d.what == "only ours" }, "Wireshark does not take the flags of NSEC3PARAM apart"},
	{"dns.openpgpkey dns.opt.chain.fqdn", func(d difference) bool { return d.what == "value" }, "Wireshark shows a key, and a name in labels, as text"},
	{"dns.tlsa.* dns.data", func(d difference) bool {
		return d.what == "only ours" && d.frame.has("dns.data") || d.what == "only theirs"
	}, "Wireshark 4.0 does not know SMIMEA, URI and TALINK"},
	{"data", func(d difference) bool { return d.what == "only theirs" && d.frame.has("http") },
		"what HTTP carries is http.file_data; Wireshark shows the same bytes again as data"},
	{"http", func(d difference) bool {
		return d.what == "only theirs" && !d.frame.has("http.request.method") && !d.frame.has("http.response.code")
	},
		"on a port that is not HTTP's a message is known by its first line; Wireshark remembers it for the connection"},
	{"http.file_data", func(d difference) bool { return d.frame.has("http.unknown_header") || startless(d) },
		"Wireshark takes the lines of a body's middle for headers when they have colons, and gives keep-alives no data"},
	{"http.file_data", func(d difference) bool { return d.what == "only ours" && d.frame.has("http.content_encoding") },
		"Wireshark shows what it decompressed, which are not the frame's bytes"},
	{"http.request.line http.response.line", startless,
		"Wireshark takes the lines of a body's middle for headers when they have colons"},
	{"http.request.line http.response.line", func(d difference) bool {
		return d.what == "only ours" && !strings.HasSuffix(d.text, `\n"`)
	}, "a header whose end is in another segment; Wireshark leaves it out"},
	{"http.chunk_data", func(d difference) bool {
		return d.what == "only ours" && d.theirs == nil && d.frame.has("http.chunk_size")
	},
		"Wireshark leaves out a chunk that goes on in another segment"},

	{"data", func(d difference) bool { return d.what == "only theirs" && weHave(d, "tls.continuation") },
		"bytes that do not begin as a record are the middle of one; Wireshark shows data"},
	{"tls.record.content_type tls.record.opaque_type", func(d difference) bool { return d.what == "only ours" || d.what == "only theirs" },
		"Wireshark remembers from other frames that the connection is of TLS 1.3, where the type of a record is opaque"},
	{"tls.handshake.random_time tls.handshake.random_bytes", func(d difference) bool { return d.what == "only theirs" },
		"RFC 8446, 4.1.2: the random of a client that offers TLS 1.3 has no time; Wireshark shows one until the server chose"},
	{"tls.handshake.epms tls.handshake.epms_len", func(d difference) bool { return d.what == "only theirs" },
		"Wireshark knows from another frame that the suite is one of RSA"},
	{"tls.handshake.client_point tls.handshake.client_point_len tls.handshake.sig tls.handshake.sig_len tls.handshake.sig_hash_*", func(d difference) bool { return d.what == "only ours" },
		"the keys of a suite that another frame named are known by their form; Wireshark needs to have seen it"},

	{"dtls.alert_message", func(d difference) bool { return d.what == "place" }, "an encrypted alert is the whole record; Wireshark marks the first two bytes"},
	{"dtls.handshake.* tls.handshake*", func(d difference) bool {
		return d.what == "only theirs" && d.frame.has("dtls.fragments") || d.frame.has("tls.handshake.fragments")
	}, "Wireshark puts the parts of a message together; we show each in its record"},
	{"dtls.handshake.type dtls.handshake.length", func(d difference) bool {
		return d.what == "only ours" && !d.frame.has("dtls.handshake.fragment_length")
	},
		"Wireshark leaves out a message whose fragment reaches past its end"},

	{"data", func(d difference) bool { return d.what == "only theirs" && weHave(d, "quic.header_form") },
		"to Wireshark QUIC's port says nothing: it knows a connection by the first packet that it saw of it"},
	{"quic.remaining_payload", func(d difference) bool { return d.what == "only ours" && d.frame.has("quic.payload") },
		"Wireshark decrypts Initial packets, whose keys are public; we show what is protected as it is"},
	{"quic.fixed_bit", func(d difference) bool { return d.what == "only ours" && weHave(d, "quic.retry.unused") }, "Wireshark leaves the bit of a Retry out"},
	{"quic.short quic.header_form quic.fixed_bit quic.spin_bit quic.dcid quic.remaining_payload", func(d difference) bool { return d.what != "value" && weHave(d, "quic.short") },
		"a short header behind a long one has its ID; Wireshark takes the length of IDs from other frames, and without those shows no ID, or padding"},
	{"quic.coalesced_padding_data", func(d difference) bool { return d.what == "only ours" }, "to Wireshark a remark without bytes"},
	{"quic.*", func(d difference) bool { return d.what == "only ours" && !d.frame.has("quic.version") },
		"Wireshark shows nothing of an Initial whose token reaches past the end"},

	{"data icmp.data_time", func(d difference) bool { return d.frame.has("icmp.data_time") },
		"Wireshark takes the first bytes of an echo for a time when that is near the frame's, which a decoder of bytes does not know"},
	{"tcp.seq_raw", func(d difference) bool { return d.what == "only ours" && !d.frame.has("tcp.seq_raw") },
		"in the eight bytes that an ICMP error quotes Wireshark calls it tcp.seq"},
	{"tcp.options.mptcp.checksum", func(d difference) bool { return d.what == "only ours" },
		"Wireshark shows the checksum of a data sequence signal only when it saw it negotiated"},
	{"tcp.options.mptcp.reserved.flag", func(d difference) bool { return d.what == "place" },
		"Wireshark's mask of the reserved bits has one that version 1 uses"},
	{"tcp.option_kind tcp.options.eol", func(d difference) bool { return d.what == "only ours" && d.frame.has("tcp.options.snack") },
		"Wireshark reads no options behind a SNACK"},
	{"tcp.options.unknown tcp.options.unknown.payload", func(d difference) bool {
		return d.frame.has("tcp.options.rvbd.probe") || d.frame.has("tcp.options.rvbd.trpy")
	},
		"Riverbed's options are not published"},

	{"ip.len", func(d difference) bool { return d.what == "value" && strings.HasPrefix(d.text, "0 ") },
		"a length of 0 on the wire, left to the sender's hardware; Wireshark shows the one that it computed"},
	{"ip.dst", func(d difference) bool { return d.what == "only ours" && d.frame.has("ip.cur_rt") },
		"the header's destination is ip.dst with a source route, too; Wireshark calls it the current route"},
	{"ip.cipso.categories", func(d difference) bool { return d.what == "value" },
		"the categories are shown as the bytes that they are; Wireshark lists them"},
	{"ntp.priv.mode7.item", func(d difference) bool { return d.what == "value" }, "Wireshark's value is the item's title"},
	{"ntp.keyid ntp.mac ntp.padding", func(d difference) bool { return d.what == "only ours" && d.frame.has("ntp.ctrl.count") },
		"the authenticator of a control message has the fields of others; Wireshark gives it names of its own"},
	{"ntp.refid", func(d difference) bool { return d.what == "value" },
		"shown as what the stratum makes of it: a name or an address; Wireshark shows bytes"},

	{"dhcp.option.type", func(d difference) bool { return d.what == "value" && d.theirs.show == "0" && d.theirs.size == 1 },
		"the end option's code is 255; Wireshark says 0"},
	{"dhcp.option.vi.tr111.suboption dhcp.option.suboption_length", func(d difference) bool { return d.frame.has("dhcp.option.vi.tr111.suboption") },
		"Wireshark places these one byte behind the suboption's code"},
	{"dhcp.option.bulk_lease.base_time dhcp.option.bulk_lease.query_start_time dhcp.option.bulk_lease.query_end_time", func(d difference) bool { return d.what == "value" },
		"RFC 6926 counts from 1970, Wireshark takes the number for one of NTP's"},
	{"dhcp.option.user_class", func(d difference) bool { return d.what == "value" }, "Wireshark's value is a running number"},
	{"dhcp.option.lost_server_domain_name", func(d difference) bool { return d.what == "value" }, "a name in labels; Wireshark shows it as text"},
	{"dhcp.option.pcp.server", func(d difference) bool { return d.what == "only ours" }, "Wireshark 4.0 finds none of the addresses"},
	{"dhcp.option.padding", func(d difference) bool { return d.what == "only ours" && d.frame.has("dhcp.option.option_overload") },
		"Wireshark leaves out what follows the end of options in sname and file"},

	{"syslog.facility syslog.level", func(d difference) bool { return d.what == "place" || d.what == "value" },
		"both are one number in digits, whose bytes have neither's bits; shown by name"},
	{"http.request.line", func(d difference) bool { return d.what == "only ours" && d.frame.has("http.notification") },
		"the headers of a NOTIFY are those of a request; Wireshark has no name for them"},
	{"stun.attribute stun.att.type*", func(d difference) bool { return d.what == "only ours" },
		"the type of an attribute that nobody knows is shown; Wireshark leaves it out"},
	{"stun.att.length", func(d difference) bool { return d.what == "value" && d.ours.Err != nil },
		"the length that is there; Wireshark rounds one that reaches past the end up"},
	{"dhcpv6", func(d difference) bool { return d.what == "only theirs" && d.theirs.pos > 62 },
		"a relayed message is a group in its option; Wireshark shows a layer in the layer"},
	{"dhcpv6.msgtype", func(d difference) bool { return d.what == "only ours" && weHave(d, "dhcpv6.relayed") },
		"each message has its type; Wireshark's output has one value a frame where they lie in each other"},
	{"wg.encrypted_*", func(d difference) bool { return d.what == "value" }, "Wireshark shows no value of what is encrypted"},
	{"data", func(d difference) bool { return d.what == "only theirs" && weHave(d, "wg.type") },
		"what is wrong in a message of WireGuard is shown in it; Wireshark shows data"},
	{"syslog.timestamp", func(d difference) bool { return d.what == "value" }, "shown as it is written"},
	{"snmp data", func(d difference) bool {
		return !d.frame.has("snmp.version") && !d.frame.has("snmp.msgVersion") && bytes.Contains(d.frame.data[34:38], []byte{0, 161})
	},
		"what is wrong in a message of SNMP is shown in it; Wireshark leaves it to others"},
	{"snmp.data snmp.msgData", func(d difference) bool { return d.what == "value" },
		"shown with its name first; Wireshark's value is the number"},
}

// layersBefore counts the layers that Wireshark has in the frame up to the one that differs.
func layersBefore(d difference) (n int) {
	for _, f := range d.frame.theirs {
		if f.layer && f.pos <= d.theirs.pos {
			n++
		}
	}
	return n
}

// weHave tells whether we find a field in the frame.
func weHave(d difference, name string) bool {
	var own Decoder
	return slices.ContainsFunc(own.Decode(d.frame.data, d.frame.wire), func(s field.Span) bool { return s.Spec.Name == name })
}

// lying: the frame has an option of a length that can't be.
func lying(d difference) bool {
	var own Decoder
	for _, s := range own.Decode(d.frame.data, d.frame.wire) {
		if s.Err != nil && (s.Err.Name == "ipv6.opt.invalid_len" || s.Err.Name == "icmpv6.opt.length.invalid") {
			return true
		}
	}
	return false
}

// startless: the frame has no start line of HTTP.
func startless(d difference) bool {
	return !d.frame.has("http.request.method") && !d.frame.has("http.response.code")
}

// derivedFields are values that Wireshark computes, repeats, or takes from other frames. They have
// no bytes of their own. A name may end in a star.
var derivedFields = map[string]string{
	"*.checksum_calculated": "computed", "*.checksum.status": "computed", "*.stream": "a number of Wireshark's own",
	"eth.addr": "repeats", "eth.dst.ig": "bits of the address", "eth.dst.lg": "bits of the address", "eth.src.ig": "bits of the address", "eth.src.lg": "bits of the address",
	"eth.addr.oui": "part of the address", "eth.ig": "bits of the address", "eth.lg": "bits of the address", "eth.fcs.status": "computed",
	"ip.addr": "repeats", "ip.host": "repeats", "ip.cur_rt": "repeats the destination",
	"tcp.seq": "relative", "tcp.ack": "relative", "tcp.nxtseq": "computed", "tcp.len": "computed", "tcp.completeness*": "other frames", "tcp.analysis*": "other frames",
	"tcp.time_delta": "other frames", "tcp.time_relative": "other frames", "tcp.window_size": "other frames", "tcp.window_size_scalefactor": "other frames",
	"tcp.flags.str": "repeats", "tcp.flags.ace": "other frames", "tcp.payload": "the payload's layer has it", "tcp.pdu.size": "the payload's layer has it", "tcp.segment_data": "the payload's layer has it",
	"tcp.options.wscale.multiplier": "computed", "tcp.options.sack.count": "computed", "tcp.options.sack.dsack_le": "repeats the first block", "tcp.options.sack.dsack_re": "repeats the first block",
	"tcp.options.tfo.request": "repeats the option", "tcp.options.rvbd*": "not published",
	"mptcp.analysis*": "other frames", "mptcp.master": "other frames", "mptcp.expected*": "computed", "mptcp.dss.dsn": "repeats", "mptcp.rm_addr.count": "computed",
	"udp.payload": "the payload's layer has it", "udp.time_delta": "other frames", "udp.time_relative": "other frames",
	"icmp.ident_le": "the identifier in the other byte order", "icmp.seq_le": "the number in the other byte order", "icmp.length.original_datagram": "computed",
	"icmp.data_time*": "see the accepted differences", "icmp.resp_*": "other frames", "icmp.no_resp": "other frames", "icmp.resptime": "other frames",
	"dhcp.option.rfc3825*": "computed of the fields dhcp.option.geoconf", "dhcp.option.dhcp_dns_domain_search_list_r*": "remarks",
	"dhcp.option.sip_server.r*": "remarks", "arp.is*": "computed", "arp.duplicate*": "other frames", "arp.seconds*": "other frames",
	"ipv6.slaac_mac": "part of the address", "ipv6.src_slaac_mac": "part of the address", "ipv6.dst_slaac_mac": "part of the address", "ipv6.6to4*": "part of the address", "ipv6.src_6to4*": "part of the address",
	"ipv6.opt.qs_ttl_diff": "computed", "ipv6.opt.pad1": "repeats the type", "ipv6.routing.rpl.full_address": "computed", "ipv6.routing.rpl.addr_count": "computed", "ipv6.routing.crh16.current_sid": "repeats", "ipv6.routing.crh32.current_sid": "repeats",
	"icmpv6.unknown_data": "what Wireshark leaves over", "igmp.version": "computed", "lldp.dcbx.feature.pg.reserved": "seven of eight reserved bits", "icmpv6.resp_*": "other frames", "icmpv6.resptime": "other frames", "icmpv6.no_resp": "other frames", "icmpv6.opt.linkaddr_eui64": "repeats", "icmpv6.opt.src_linkaddr_eui64": "repeats", "icmpv6.opt.target_linkaddr_eui64": "repeats", "lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv*": "repeats, reversed",
	"ipv6.dst_6to4*": "part of the address", "*.len_oct": "computed", "ipv6.addr": "repeats", "ipv6.host": "repeats",
	"stun.type.class": "bits on both sides of others", "stun.type.method": "bits on both sides of others", "stun.type.method-assignment": "bits on both sides of others",
	"dhcpv6.domain_field_len_exceeded": "a remark", "snmp.response_*": "other frames", "snmp.time": "other frames", "stun.req*": "other frames", "stun.response*": "other frames", "stun.time": "other frames", "tftp.request_frame": "other frames",
	"stun.att.crc32.status": "computed", "stun.network_version": "computed", "wg.ephemeral.known_privkey": "a setting of Wireshark's", "wg.stream": "other frames", "tftp.block.full": "computed", "snmp.var-bind_str": "repeats",
	"snmp.engineid.*": "parts of the engine's ID",
	"x509*":           "inside of a certificate", "pkcs1*": "inside of a certificate", "ber.*": "inside of a certificate", "ns_cert_exts*": "inside of a certificate", "pkix1*": "inside of a certificate",
	"dns.caa.iss*": "repeats", "dns.caa.iodef": "repeats", "dns.caa.unknown": "repeats", "dns.dnskey.flags.reserved": "bits on both sides of others",
	"dns.dnskey.key_id": "computed", "dns.key.key_id": "computed", "dns.naptr.replacement_length": "computed", "dns.srv.service": "part of the name", "dns.srv.proto": "part of the name", "dns.srv.name": "part of the name",
	"dns.count.labels": "computed", "dns.qry.name.len": "computed", "dns.response_*": "other frames", "dns.time": "other frames", "dns.retransmi*": "other frames", "dns.unsolicited": "other frames",
	"http.content_length": "the number in http.content_length_header", "http.response.code.desc": "the name of http.response.code", "http.request.full_uri": "computed",
	"http.request": "that it is one", "http.response": "that it is one", "http.request_number": "other frames", "http.response_number": "other frames", "http.response_in": "other frames",
	"http.request_in": "other frames", "http.time": "other frames", "http.prev_*": "other frames", "http.next_*": "other frames", "http.response_for.uri": "other frames",
	"*.ja3": "computed", "*.ja3_full": "computed", "*.ja3s": "computed", "*.ja3s_full": "computed", "tls.app_data_proto": "other frames", "dtls.fragment.count": "other frames", "dtls.fragments": "other frames", "tls.handshake.fragment.count": "other records", "tls.handshake.fragments": "other records", "dtls.reassembled.length": "other frames",
	"quic.connection.number": "a number of Wireshark's own", "quic.packet_length": "computed", "quic.long.reserved": "decrypted", "quic.packet_number*": "decrypted", "quic.payload": "decrypted",
	"http.authbasic": "decoded", "ntp.key_*": "the authenticator of a control message", "http.unknown_header": "a line of a body that has a colon", "http.notification": "that it is one",
}

func derived(name string) bool {
	for pattern := range derivedFields {
		if nameMatches(pattern, name) || strings.HasPrefix(pattern, "*") && strings.HasSuffix(name, pattern[1:]) {
			return true
		}
	}
	return false
}

package filter

// oracleFilters are asked of Wireshark 4.0 and later, too.
var oracleFilters = []string{
	// presence
	"eth", "arp", "ip", "icmp", "udp", "tcp", "dns", "dhcp", "ntp", "http", "data", "frame",
	"ip.src", "tcp.flags.syn", "dns.qry.name", "dns.a", "dns.cname", "dhcp.option.hostname", "http.host", "tcp.options", "tcp.options.mss_val",
	"eth.padding", "icmp.ident", "http.request", "http.response", "tcp.payload", "udp.payload", "ip.options.routeralert",
	"not tcp", "!udp", "tcp or udp", "tcp && http", "ip and not (tcp or udp)", "not arp and not ip", "not not tcp", "tcp and udp or arp", "tcp or udp and dns",
	// numbers
	"ip.ttl == 64", "ip.ttl != 64", "ip.ttl < 64", "ip.ttl <= 64", "ip.ttl > 64", "ip.ttl >= 64", "ip.ttl eq 64", "ip.ttl ne 64", "ip.ttl lt 64", "ip.ttl le 64",
	"ip.ttl gt 64", "ip.ttl ge 64", "not ip.ttl == 64", "ip.ttl == 0x40", "ip.ttl == 0100", "ip.ttl == 0b1000000", "ip.ttl == '@'", "ip.ttl == '\\x40'", "ip.ttl == '\\100'",
	"ip.hdr_len == 20", "ip.hdr_len > 20", "tcp.hdr_len > 20", "ip.frag_offset > 0", "ip.id == 0x3ea", "ip.len > 1000", "ip.proto == 17", "tcp.window_size_value < 1000",
	"tcp.seq_raw > 2147483648", "udp.length == 8", "arp.opcode == 1", "icmp.type == 8 or icmp.type == 0", "icmp.type == 3 and icmp.code == 1", "icmp.seq > 0",
	"dns.id == 0x1234", "dns.count.answers > 1", "dns.flags.rcode != 0", "dns.resp.ttl < 100", "dns.qry.type == 28", "dns.qry.class == 1",
	"dhcp.option.dhcp == 1", "dhcp.option.ip_address_lease_time == 3600", "dhcp.option.request_list_item == 6", "ntp.flags.mode == 3", "ntp.stratum == 2",
	"http.response.code == 404", "http.response.code >= 400", "http.content_length > 100", "tcp.len == 0", "tcp.len > 0", "data.len > 10",
	// many values
	"tcp.port == 80", "tcp.port != 80", "tcp.port === 80", "tcp.port !== 80", "any tcp.port == 80", "all tcp.port == 80", "any tcp.port != 80", "all tcp.port != 80",
	"tcp.port all_eq 80", "tcp.port any_ne 80", "tcp.port any_eq 80", "tcp.port all_ne 80", "all tcp.port > 1023", "any tcp.port > 1023", "tcp.port > 50000", "not tcp.port > 1024",
	"udp.port == 53", "udp.port != 53", "udp.srcport == udp.dstport", "tcp.srcport > tcp.dstport", "ip.src == ip.dst", "ip.src != ip.dst", "eth.src == eth.dst",
	"all dns.resp.type == 1", "dns.resp.type === 1", "dns.resp.type !== 1", "dns.a == dns.a", "all dns.resp.ttl > 60", "dns.resp.name == dns.qry.name",
	// addresses
	"ip.addr == 10.0.0.1", "ip.addr != 10.0.0.1", "ip.src == 10.0.0.0/8", "ip.addr == 10.0.0.0/8", "ip.addr != 10.0.0.0/8", "all ip.addr == 10.0.0.0/8", "ip.addr == 0.0.0.0/0",
	"ip.dst == 255.255.255.255", "ip.src > 128.0.0.0", "ip.src <= 10.255.255.255", "ip.src > 10.0.0.0/8", "ip.src & 255.0.0.0 == 10.0.0.0", "ip.src[0] == 0a", "ip.src[0:2] == c0:00",
	"ip.addr in {10.0.0.1, 10.0.0.254}", "ip.src in {10.0.0.0/8}", "ip.src in {10.0.0.1 .. 10.255.0.0}", "dns.a == 192.0.2.80", "arp.dst.proto_ipv4 == 10.0.0.254",
	"eth.dst == ff:ff:ff:ff:ff:ff", "eth.dst == ff-ff-ff-ff-ff-ff", "eth.dst == ffff.ffff.ffff", "eth.addr == 02:00:5e:10:00:01", "eth.src == 02.00.5e.10.00.01",
	"eth.src[0:3] == 02:00:5e", "eth.addr[0:3] == 02:00:5e", "eth.src[1-2] == 00:5e", "eth.src[:2] == 02:00", "eth.src[4:] == 00:01", "eth.src[5] == 01", "eth.src[-1] == 01", "eth.src[-2:2] == 00:01",
	"eth.src[-2:] == 00:01", "eth.src[0,2-3,5:] == 02:5e:10:01", "eth.dst[0] & 1", "eth.dst[0] & 1 == 1", "eth.addr[0] & 0x0f == 2", "eth.src > 80:00:00:00:00:00", "eth.src contains 5e:10", "eth.src[-3--2] == 10:00",
	"dhcp.hw.mac_addr == 02:00:5e:10:00:01", "dhcp.ip.your == 10.0.0.7", "dhcp.option.domain_name_server == 10.0.1.53", "dhcp.cookie == 99.130.83.99",
	// bytes and text
	"frame[0:2] == ff:ff", "frame[12:2] == 08:00", "frame[12:2] == 0800", "frame[12:2] == 08-00", "frame[12:2] == 08.00", "frame[12] == 0x08", "frame[-1] == 00", "frame[13] == '\\x06'", "frame[60:] contains 00", "frame[1400]",
	"frame contains \"GET\"", "frame contains 47:45:54", "tcp contains \"GET\"", "tcp contains \"get\"", "tcp matches \"get \"", "tcp matches \"^..\\\\x00P\"", "udp contains \"example\"", "udp contains 07:65:78", "ip contains c0:00:02", "eth contains \"HTTP\"",
	"http contains \"Host\"", "frame matches \"(?-i)get\"", "frame matches \"HTTP/1.[01]\"", "frame ~ \"[\\\\x80-\\\\xff]{4}\"", "dns contains 03:77:77:77", "icmp contains \"abc\"", "icmp[0] == 08", "arp[6:2] == 00:01", "dns[0:2] == 12:34", "tcp[13] & 02", "tcp[0:2] == 00:50",
	"tcp.payload contains \"HTTP\"", "udp.payload[0:2] == 12:34", "tcp.payload[0:3] == \"GET\"", "tcp.payload[0:3] == 47.45.54", "tcp.options contains 02:04", "data.data[0:2] == 00:01", "data.data contains \"data\"",
	"dns.qry.name == \"www.example.com\"", "dns.qry.name contains \"example\"", "dns.qry.name matches \"^WWW\"", "dns.qry.name ~ \"[.]com$\"", "dns.qry.name[0:3] == \"www\"", "dns.qry.name[-3:] == \"com\"", "dns.qry.name > \"m\"", "dns.qry.name in {\"www.example.com\", \"a\"..\"f\"}",
	"dns.cname == \"web.example.net\"", "http.host == \"www.example.com\"", "http.host contains \"google\"", "http.request.method == \"GET\"", "http.request.method == \"\\x47ET\"", "http.request.method == r\"GET\"", "http.request.method in {\"HEAD\", \"GET\"}", "http.request.uri matches \"html\"",
	"http.user_agent contains \"Mozilla\"", "http.server == \"nginx\"", "http.content_type contains \"text\"", "http.request.version == \"HTTP/1.1\"", "dhcp.option.hostname == \"Probe-7\"", "dhcp.server == \"boot.example\"", "dhcp.server",
	"upper(http.host) contains \"EXAMPLE\"", "lower(dhcp.option.hostname) == \"probe-7\"", "len(dns.qry.name) > 20", "len(http.request.uri) > 30", "len(ip) > 20", "len(eth.src) == 6", "count(dns.a) > 1", "count(ip.addr) == 2", "count(dns.resp.name) > 2", "count(dns.qry.name) == 1",
	"string(ip.src) matches \"^10[.]\"", "string(frame.number) matches \"[13579]$\"", "string(tcp.port) contains \"8\"", "string(eth.src) contains \"5e\"",
	// flags and names
	"tcp.flags.syn == 1", "tcp.flags.syn == True", "tcp.flags.syn == TRUE", "tcp.flags.syn == False", "tcp.flags.syn == 0", "tcp.flags.ack == 2", "tcp.flags.syn == \"Set\"", "ip.flags.df == \"set\"", "tcp.flags.fin != 1",
	"tcp.flags & 0x02", "tcp.flags & 0x12 == 0x12", "tcp.flags & 0x14", "not tcp.flags & 0x02", "tcp.flags == 0x002", "dns.flags & 0x8000", "dns.flags & 0x8000 == 0", "dns.flags.response == 1", "dns.flags.response == True",
	"ip.proto == \"TCP\"", "ip.proto == \"udp\"", "eth.type == \"IPv4\"", "ip.proto == UDP", "arp.opcode == \"request\"", "dhcp.option.dhcp == \"Discover\"", "dns.flags.rcode == 3", "dns.flags.opcode == \"Standard query\"", "ntp.flags.mode == \"client\"",
	// sets and arithmetic
	"tcp.port in {80, 443, 8080}", "tcp.port in {443, 4430..50000}", "tcp.port not in {80}", "not tcp.port in {80}", "all tcp.port in {1..1000}", "any tcp.port in {1..1000}", "udp.port in {53, 67..68}", "ip.ttl in {1..10}", "tcp.flags in {2, 0x12}",
	"udp.length - 8 > 100", "udp.srcport + udp.dstport == 135", "frame.number % 3 == 0", "frame.number * 2 == 8", "frame.number / 4 == 1", "ip.ttl * {1 + 1} == 128", "udp.length > ip.len - 40", "ip.ttl / 0 == 1", "frame.number - 1 == 2",
	"abs(ip.ttl - 64) < 10", "min(tcp.srcport, tcp.dstport) == 80", "max(udp.srcport, udp.dstport) == 68", "max(ip.ttl) > 100", "udp.srcport & 1 == udp.dstport & 1", "frame.number bitwise_and 1",
	// layers and the frame
	"ip.src#1 == 192.0.2.80", "ip.src#2 == 10.0.0.1", "ip.addr#[1-2] == 10.0.0.1", "ip.ttl#2", "udp.port#1 == 53", "ip.src#[2:1] == 10.0.0.0/8", "ip.ttl#[1,2] == 64",
	"frame.len > 100", "frame.len == 60", "frame.cap_len < 60", "frame.cap_len < frame.len", "frame.number < 10", "frame.number in {1, 3..5}", "frame.time_relative < 1.5", "frame.time_relative >= 2", "frame.time_epoch > 1769860802", "frame.time_epoch == 1769860800.25",
	"frame.time > \"2026-01-31 12:00:01Z\"", "frame.time < \"2026-01-31T12:00:01.5Z\"", "frame.time == \"2026-01-31 12:00:00.250000000Z\"", "ntp.xmt > \"2010-01-01 00:00:00Z\"",
	"(tcp.port == 80 or udp.port == 53) and not ip.src == 10.0.0.0/8", "ip.src == 10.0.0.1 and tcp.port in {80, 443} and tcp.flags.syn == 1",
}

// acceptedDifferences are filters of the list above whose results differ, and why.
var acceptedDifferences = map[string]string{
	"eth.padding":                            "Wireshark leaves out what lies behind the payload of PPPoE",
	"tcp.len == 0":                           "Wireshark gives quoted segments and first fragments no length",
	"tcp.len > 0":                            "Wireshark gives quoted segments and first fragments no length",
	"count(ip.addr) == 2":                    "the last stop of a source route is an ip.dst beside the header's; Wireshark renames that one",
	"udp.length > ip.len - 40":               "Wireshark 4.0 lets unsigned numbers wrap around below 0",
	"udp[8:2] == 12:34":                      slicesOfProtocols,
	"udp[8,9] == 12:34":                      slicesOfProtocols,
	"udp[-1] == 01":                          slicesOfProtocols,
	"ntp.precision == -20":                   signedPrecision,
	"ntp.precision < 0":                      signedPrecision,
	"ntp.precision > 0":                      signedPrecision,
	"ntp.precision in {-25..-18}":            signedPrecision,
	"ntp.rootdelay * 2 == 1":                 "seconds to us, Wireshark compares the 32 bits as one number",
	"ntp.refid == \"10.0.0.1\"":              "text to us, with its bytes as @ntp.refid; bytes to Wireshark",
	"ntp.xmt < \"2030-01-01\"":               "zero is no time, RFC 5905, 6; to Wireshark it is 1970",
	"frame.protocols == \"eth:ip:udp:data\"": "Wireshark has an ethertype between eth and ip",
	"_ws.expert":                             "both find faults, not the same ones",
	"_ws.expert.severity == \"Note\"":        "both find faults, not the same ones",
	"_ws.expert.severity == \"Error\"":       "both find faults, not the same ones",
	"_ws.expert.message contains \"start of this frame\"": "the messages are ours",
	"any tcp.port not in {80}":                            quantifiedNotIn,
	"all tcp.port not in {80}":                            quantifiedNotIn,
	"all tcp.port not in {443, 1..79}":                    quantifiedNotIn,
	"ip.ttl#[-2--1] == 255":                               "Wireshark 4.0 can't count several layers from the end",
	"all dns.a in {192.0.2.0/24, 198.51.100.7}":           "Wireshark 4.0 asks of each member whether all values are that one",
}

const (
	slicesOfProtocols = "Wireshark 4.0 ends the slices of a protocol with its header, though not its contains and matches"
	quantifiedNotIn   = "Wireshark 4.0 takes no notice of any and all before not in"
	signedPrecision   = "RFC 5905, 7.3 has a signed number, Wireshark 4.0 takes it as an unsigned one"
)

// stricter are filters that Wireshark takes and we refuse, and why.
var stricter = map[string]string{
	"tcp.port in {90..80}":             neverMatches,
	"ip.src in {10.0.0.0/8..11.0.0.0}": "a network between others has no clear meaning",
	"tcp.port in {udp.port}":           "sets have literals; == compares with fields",
	"ip.ttl > -1":                      neverMatches,
	"ntp.precision < -200":             neverMatches,
	"ip#0":                             neverMatches,
	"ip#[0]":                           neverMatches,
	"frame#1":                          "a frame is in no layer",
	"tcp matches \"(?<=x)y\"":          "RE2 has no look-around",
	"dns.qry.name contains 67:6f":      "it means the text \"67:6f\" to Wireshark, and bytes to most who write it",
	"len(ip.ttl) > 1":                  "a number has a width",
	"tcp.seq == 1":                     manyFrames,
	"tcp.analysis.retransmission":      manyFrames,
	"tcp.stream eq 0":                  manyFrames,
	"ip.ttl > ${ip.ttl}":               manyFrames,
	"bootp.type == 1":                  "Wireshark knows the old name",
	"tcp.checksum.status == 0":         "a wrong checksum is one fault of many here",
	"_ws.malformed == 1":               neverMatches,
}

const (
	neverMatches = "it would never match, or always"
	manyFrames   = "it needs other frames"
)

// Package icmpv6 is the Internet Control Message Protocol for IPv6, RFC 4443, and what is built on
// it: Neighbor Discovery, Multicast Listener Discovery and others.
//
//	 0      1      2          4                     8
//	+------+------+----------+---------------------+---------...
//	| type | code | checksum | depends on the type | body
//	+------+------+----------+---------------------+---------...
//	                          errors: unused, MTU, pointer; body: the packet quoted
//	                          echo: identifier, sequence number; body: data
//	                          neighbor discovery: flags, addresses; body: options
//
//	 0      1        2
//	+------+--------+---------...   an option; the length is in units of 8 bytes
//	| type | length | value
//	+------+--------+---------...
//
// Read fields.go (head, checksum, what follows), messages.go (a row a type), options.go and
// option_fields.go (neighbor discovery's options), multicast.go (listeners), nodes.go (renumbering,
// node information), rpl.go, names.go.
//
// # Implemented
//
//   - RFC 4443: errors with the quoted packet, and where it ends when extensions follow (RFC 4884);
//     echo; RFC 8335 (extended echo)
//   - RFC 4861 (neighbors, routers, redirects), RFC 3122 (inverse discovery), RFC 6775 and 8505
//     (duplicate addresses), with the options of IANA's registry: RFC 4861, 3122, 3971, 4191, 4429,
//     5175, 5269, 5271, 5568, 6275, 6775, 7400, 8106, 8781, 8910
//   - RFC 2710 and 3810 (MLD 1 and 2), RFC 4286 (multicast routers), RFC 7731 (MPL)
//   - RFC 2894 (renumbering), RFC 4620 (node information), RFC 6743 (locator update)
//   - RFC 6275 (home agents, mobile prefixes), RFC 5568 (fast handovers), RFC 3971 (certification paths)
//   - RFC 6550: RPL's messages, and of its options configuration, target and transit
//
// # Not implemented
//
//   - the objects behind a quoted packet: RFC 4884, 8; they are shown as undecoded
//   - the packet in a redirect's option: its bytes
//   - RPL's secured messages, peer-to-peer routes and metrics: shown as bytes
//   - the inside of certificates and of CGA parameters' extensions
//
// # Other than in Wireshark
//
//   - an address option's address is one field inside the other (icmpv6.opt.linkaddr and
//     icmpv6.opt.src_linkaddr); of an address of 8 bytes Wireshark also shows an EUI-64
//   - the reserved bytes of NBMA, an RA's flags and an acknowledged address lie where the RFCs have
//     them, which are a byte or four further on than Wireshark says
//   - MPL's buffered messages are one field of bits, Wireshark has a field for each that is set
//   - reserved bits are where the RFCs have them: Wireshark leaves out one of icmpv6.opt.efo.rsv, and
//     icmpv6.opt.route_info.flag.reserved is two fields here, for the bits lie apart
//   - a list of home agents is shown whole, Wireshark shows the first
package icmpv6

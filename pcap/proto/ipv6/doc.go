// Package ipv6 is the Internet Protocol, version 6, RFC 8200, with its extension headers.
//
//	 0    4         12                                31
//	+----+---------+----------------------------------+
//	| 6  | class   |           flow label             |
//	+----+---------+----+-------------+---------------+
//	|  payload length   | next header |   hop limit   |
//	+-------------------+-------------+---------------+
//	|                source address                   |
//	|              destination address                |
//	+-------------------------------------------------+
//
//	 0             8             16
//	+-------------+-------------+---------
//	| next header | length      | ...            an extension header: 8 + 8·length bytes
//	+-------------+-------------+---------
//
// Each extension header is a layer of its own, found by its number among the IP protocols, so that
// they may come in any order and number that the decoder's bound on layers allows.
//
// Read fields.go (the header), extension.go (hop-by-hop and destination options, fragments,
// authentication), options.go and ioam.go (every option), routing.go.
//
// # Implemented
//
//   - RFC 8200, 3 (header), 4.2 (options), 4.3, 4.5, 4.6; jumbograms: RFC 2675
//   - the options of IANA's registry, "Destination Options and Hop-by-Hop Options", but for those
//     that it marks as deprecated, whose data is shown as bytes
//   - routing headers: RFC 5095 (type 0), RFC 6275 (2), RFC 6554 (RPL), RFC 8754 (segments, with
//     their TLVs), RFC 9631 (compact)
//   - RFC 4302, 2: the authentication header, over IPv4, too; its check value can't be verified
//
// # Not implemented
//
//   - fragments are not put together: the first one's upper layer is decoded as far as it goes
//   - the mobility, HIP and Shim6 headers: RFC 6275, 7401, 5533
//   - what Wireshark reads out of addresses: hardware addresses, embedded IPv4 addresses
//
// # Other than in Wireshark
//
//   - ipv6.opt of Pad1 is one byte long; Wireshark says two
//   - a length is shown once, in units of 8 bytes (ipv6.hopopts.len); Wireshark shows it in bytes, too
//   - ipv6.opt.pmtu.rtn and ipv6.opt.smf_dpd.hav leave out the bit of another field that lies in
//     their bytes
//   - an MPL seed that its option has no room for is marked, and not read past the option
//   - the nodes of an IOAM trace whose type asks for another length than it says are shown as bytes
package ipv6

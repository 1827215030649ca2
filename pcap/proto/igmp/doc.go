// Package igmp is the Internet Group Management Protocol: by which hosts tell routers which
// multicast groups they listen to, and how routers ask.
//
//	 0      1          2          4                8
//	+------+----------+----------+----------------+----
//	| type | max resp | checksum | group          | ...   versions 1 and 2, and queries
//	+------+----------+----------+----------------+----
//	                              version 3: sources behind a query, records in a report
//
// Read fields.go (the messages), then trace.go (multicast traceroute).
//
// # Implemented
//
//   - RFC 988 (version 0), RFC 1112 (1), RFC 2236 (2), RFC 3376 (3), told apart as RFC 3376, 7.1 says
//   - RFC 4286: the discovery of multicast routers
//   - multicast traceroute, draft-ietf-idmr-traceroute-ipm
//
// # Not implemented
//
//   - DVMRP and PIM version 1, which have types of their own: shown as data
//
// # Other than in Wireshark
//
//   - igmp.max_resp of a code from 128 on is the code; Wireshark shows the time of its exponent and
//     mantissa, which are fields here, too
//   - the bits before igmp.s have a field of their own
//   - multicast router discovery is decoded; for Wireshark its body is data, and so is the checksum
//     of a type that it does not know
package igmp

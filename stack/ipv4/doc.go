// Package ipv4 is the Internet Protocol, version 4: RFC 791, with what RFC 1122 asks of hosts.
//
//	 0    4    8         14 16                     31
//	+----+----+----------+--+----------------------+
//	| 4  |IHL |   DSCP   |EC|     total length     |
//	+----+----+----------+--+-+--------------------+
//	|    identification     |f|  fragment offset   |   f: reserved, DF, MF
//	+---------+-------------+-+--------------------+
//	|   TTL   |  protocol   |    header checksum   |
//	+---------+-------------+----------------------+
//	|                source address                |
//	+----------------------------------------------+
//	|              destination address             |
//	+----------------------------------------------+
//	|        options, padded to 4 bytes ...        |
//
// Read wire.go (the checked view and the encoder), fragments.go (the pieces of one datagram),
// reassembly.go (all of them, within bounds), then fields.go, options.go and options_security.go
// (the field table).
//
// After [Parse] no method of a [Packet] can panic. A Packet is a view: it lives as long as the
// caller's buffer. A [Reassembler] copies what it keeps, within the memory that its
// configuration allows; a whole packet that it returns lives until its next call.
//
// # Implemented
//
//   - RFC 791, 3.1 (header), 3.2 (reassembly); options are skipped
//   - RFC 815 (reassembly by holes, here by sorted fragments, which comes to the same)
//   - RFC 5722's rule for IPv4: a datagram with overlapping fragments is discarded whole, and with
//     it RFC 1858 and 3128 (headers that later fragments write over)
//   - RFC 1122, 3.3.2: reassembly of up to 65535 bytes, given up after a time; RFC 792: fragment
//     zero of what was given up, for the error
//   - RFC 3168, 5.3: marks of congestion on fragments
//
// # Not implemented
//
//   - acting on options: source routes, timestamps, security (RFC 7126 has hosts ignore them)
package ipv4

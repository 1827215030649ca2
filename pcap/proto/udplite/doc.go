// Package udplite is the Lightweight User Datagram Protocol, RFC 3828: UDP with a checksum of the
// datagram's first bytes only, so that damage behind them does not lose it.
//
//	 0             16             32                   48         64
//	+-------------+--------------+--------------------+----------+----
//	| source port | dest. port   | checksum coverage  | checksum | data
//	+-------------+--------------+--------------------+----------+----
//
// Read fields.go. As in Wireshark the fields have UDP's names, and the payload is found by UDP's
// ports.
//
// # Implemented
//
//   - RFC 3828, 3.1: the coverage, of which 0 is the whole datagram and 1 to 7 are illegal
//   - RFC 3828, 3.1: the checksum, which is never absent
package udplite

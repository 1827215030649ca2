// Package pppoe is the Point-to-Point Protocol over Ethernet, RFC 2516: the discovery of an access
// concentrator, and the sessions with it.
//
//	 0    4    8       16              32               48
//	+----+----+-------+---------------+----------------+----
//	|ver |type| code  | session       | payload length | tags, or a packet of PPP
//	+----+----+-------+---------------+----------------+----
//
//	 0               16               32
//	+---------------+----------------+----
//	| tag           | length         | value
//	+---------------+----------------+----
//
// Read fields.go.
//
// # Implemented
//
//   - RFC 2516, 4 and 5; RFC 4638 (PPP-Max-Payload); RFC 4937's registry of tags
//   - RFC 5578: credits, metrics, sequence numbers and scale factors, in discovery
//
// # Not implemented
//
//   - the inside of vendors' tags but their organization
//
// # Other than in Wireshark
//
//   - each tag has its type and length; Wireshark shows these of unknown tags
package pppoe

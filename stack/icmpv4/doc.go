// Package icmpv4 is the Internet Control Message Protocol of RFC 792.
//
//	 0      1      2          4                     8
//	+------+------+----------+---------------------+---------...
//	| type | code | checksum | depends on the type | body
//	+------+------+----------+---------------------+---------...
//	                          echo: identifier, sequence number; body: data
//	                          errors: unused, MTU, gateway, pointer; body: the packet quoted
//
// Read wire.go (the checked view and the encoders), names.go (what types and codes mean),
// limit.go (how many may be sent), fields.go (the field table), fields_router.go and
// fields_extensions.go (RFC 4884 and what stands on it).
//
// After [Parse] no method of a [Message] can panic. Nothing here locks or allocates.
//
// # Implemented
//
//   - RFC 792: echo, destination unreachable, time exceeded, parameter problem
//   - RFC 1122, 3.2.2 (what an error quotes), RFC 1812, 4.3.2.3 (as much as fits 576 bytes)
//   - RFC 1191, 4: the next hop's MTU in "fragmentation needed"
//   - RFC 1812, 4.3.2.8: limits of rates, in all and for each destination
//
// # Not implemented
//
//   - acting on redirects and source quench (RFC 6633 deprecates the latter)
//   - all other types, which are only shown: timestamps, address masks, router advertisements with
//     Mobile IP (RFC 5944), extended echoes (RFC 8335), extensions with MPLS labels (RFC 4950) and
//     interfaces (RFC 5837)
package icmpv4

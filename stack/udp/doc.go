// Package udp is the User Datagram Protocol of RFC 768.
//
//	 0        2        4        6        8
//	+--------+--------+--------+--------+---------...
//	| source | dest.  | length |checksum| data
//	+--------+--------+--------+--------+---------...
//
// Read wire.go (the checked view and the encoder), then fields.go (the field table). Sockets
// are the business of package stack.
//
// After [Parse] no method of a [Datagram] can panic. A Datagram is a view: it lives as long as
// the caller's buffer. Nothing here locks or allocates.
//
// # Implemented
//
//   - RFC 768, whole
//   - RFC 1122, 4.1.3.4: checksums; a received zero checksum means that there is none
//
// # Not implemented
//
//   - RFC 3828 (UDP-Lite)
package udp

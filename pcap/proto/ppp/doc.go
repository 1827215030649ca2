// Package ppp is the Point-to-Point Protocol, RFC 1661, and the protocols that set its links up:
// LCP, IPCP, IPV6CP, CCP, PAP and CHAP.
//
//	 0         8         16              32
//	+---------+---------+---------------+----
//	| address | control | protocol      | ...     the first two, and half of the third, may be left out
//	+---------+---------+---------------+----
//
//	 0      8            16             32
//	+------+------------+--------------+----
//	| code | identifier | length       | options, or what the code asks for
//	+------+------------+--------------+----
//
// Read fields.go (the header), control.go (what the control protocols have in common), options.go
// (their options), auth.go (PAP and CHAP).
//
// # Implemented
//
//   - RFC 1661, 2 (header), 5 (packets) and 6 (options); RFC 1662, 7 (the map of characters)
//   - RFC 1332, 3 and RFC 1877 (IPCP), RFC 5072, 4 (IPV6CP), RFC 1962 (CCP's packets), RFC 1990, 5.1
//     (multilink)
//   - RFC 1334, 2 (PAP), RFC 1994, 4 (CHAP)
//
// # Not implemented
//
//   - the inside of CCP's options and of options that are rare: shown as bytes
package ppp

// Package stun describes messages of STUN, with the attributes of ICE and TURN, and TURN's channel data.
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	┌─┬─┬─────────┬─┬─────┬─┬───────┬───────────────────────────────┐
//	│0 0│M11 to M7│C│M6-M4│C│M3 - M0│ Message Length                │   M: method, C: class
//	├─┴─┴─────────┴─┴─────┴─┴───────┴───────────────────────────────┤
//	│ Magic Cookie: 0x2112A442                                      │
//	├───────────────────────────────────────────────────────────────┤
//	│ Transaction ID (96 bits)                                      │
//	├───────────────────────────────┬───────────────────────────────┤
//	│ Attribute type                │ Attribute length              │   then its value, up to a multiple
//	└───────────────────────────────┴───────────────────────────────┘   of 4 bytes
//
// Read fields.go, then attributes.go.
//
// # Implemented
//
// RFC 8489, 5 and 14 (all attributes, the fingerprint is verified), RFC 8656 (TURN: attributes, 12.4 channel data), RFC 8445, 16.1
// (ICE), RFC 5780 (behaviour discovery). A message without the cookie is one of RFC 3489.
//
// # Not implemented
//
// MESSAGE-INTEGRITY is not verified: it needs the password. STUN over TCP.
package stun

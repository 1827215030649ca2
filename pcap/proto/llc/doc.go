// Package llc is Logical Link Control, IEEE 802.2 (ISO/IEC 8802-2), with the Subnetwork Access
// Protocol of IEEE 802: what follows the addresses when the frame has a length, not a type.
//
//	 0      7 8 15 16          24             48          64
//	+------+-+----+-----------+--------------+-----------+----
//	| DSAP |g|SSAP| control   | organization | protocol  | ...   the last two behind DSAP aa, SSAP aa
//	+------+-+----+-----------+--------------+-----------+----
//
//	control   MMM P MM 11              unnumbered: one byte; a command or a response
//	          RRRR SS 01 NNNNNNN P     supervisory: two bytes; N(R)
//	          NNNNNNN 0  NNNNNNN P     information: two bytes; N(S), N(R)
//
// Read fields.go, then values.go (the names of service access points and organizations).
//
// # Implemented
//
//   - ISO/IEC 8802-2, 3.2 and 3.3 (addresses), 5.2 to 5.4 (the three formats)
//   - ISO/IEC 8802-2, 5.4.1.1.2: the information of XID
//   - IEEE 802, 9.2: SNAP, with the EtherTypes of organization 00-00-00 and the protocols of others
//
// # Other than in Wireshark
//
//   - llc.control.p and .f are shown when they are not set, too
//   - llc.control.u_modifier_cmd and _resp are the six bits around P/F that hold the five of the
//     modifier; the value is Wireshark's, without P/F
//   - of a control field of two bytes Wireshark names the bits of the number that it reads, low byte
//     first; the fields here lie where they are on the wire. The value of llc.control is Wireshark's.
//   - a SNAP header behind an I or S format is not followed: IEEE 802, 9.2.2 has it in UI frames
package llc

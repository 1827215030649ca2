// Package lldp is the Link Layer Discovery Protocol of IEEE 802.1AB: what a station says of itself
// to its neighbour.
//
//	 0      7        16
//	+------+---------+---------...
//	| type | length  | value         a TLV; chassis, port and time to live come first
//	+------+---------+---------...
//	                    type 127: organization (3 bytes), subtype, and what it has defined
//
// Read fields.go (the walk and the basic TLVs), organizations.go (which table is whose),
// bridges.go (IEEE 802.1), ether.go (IEEE 802.3), media.go (LLDP-MED).
//
// # Implemented
//
//   - IEEE 802.1AB, 8.4 and 8.5: the basic TLVs, and that the first three are chassis, port and
//     time to live, in this order
//   - IEEE 802.1Q, annex D: VLANs, protocols, aggregation, congestion, priorities (DCBX), and the
//     pre-standard edge virtual bridging of organization 00-1b-3f
//   - IEEE 802.3, 79.3: MAC and PHY, power, aggregation, frame size, EEE, preemption
//   - ANSI/TIA-1057 (LLDP-MED); RFC 8520, 12 (MUD)
//
// # Not implemented
//
//   - EVB, CDCP and the port extension of 802.1: shown as bytes; PROFINET, DCBX before the standard
//     and the TLVs of manufacturers
//
// # Other than in Wireshark
//
//   - the TLVs that Wireshark does not take apart have their values shown
//   - the flags that an autonegotiating port advertises are shown once; Wireshark shows them a second
//     time from the other end, for stations that have them reversed
//   - reserved bits have fields of their own
//   - a coordinate's latitude and longitude are the 34 bits that they are, not 40
package lldp

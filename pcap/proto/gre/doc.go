// Package gre is Generic Routing Encapsulation: a packet of any protocol inside an IP packet.
//
//	 0 1 2 3 4 5    8        13   16              32
//	+-+-+-+-+-+----+---------+----+---------------+----
//	|C|R|K|S|s| rc | flags   |ver | protocol type | ...
//	+-+-+-+-+-+----+---------+----+---------------+----
//	C: checksum and offset follow, R: offset and routing entries, K: a key, S: a sequence number;
//	in version 1 the key is a length and a call, and A an acknowledgment number
//
// Read fields.go.
//
// # Implemented
//
//   - RFC 1701 (with routing entries), RFC 2784, RFC 2890 (key and sequence number)
//   - RFC 2637, 4.1: version 1, as PPTP has it
//   - the redirect header of WCCP version 2 (draft-wilson-wrec-wccp-v2)
//
// The checksum is verified where the whole packet is there. What is inside is found among the
// EtherTypes, with 0x6558 for a frame.
//
// # Not implemented
//
//   - 3GPP2's attributes
//
// # Other than in Wireshark
//
//   - a tag of 802.1Q is followed, for Wireshark it is data
package gre

// Package vlan is the tags of IEEE 802.1Q between the addresses of a frame and its type: the
// customer's tag (C-TAG, 0x8100), the provider's of 802.1ad (S-TAG, 0x88a8, "QinQ"), and the
// backbone service instance of 802.1ah (I-TAG, 0x88e7, "MAC-in-MAC").
//
//	 0    3 4            16               32
//	+----+-+-------------+----------------+----
//	| PCP|D| VLAN ID     | type or length | ...     C-TAG, S-TAG; D: drop eligible
//	+----+-+-------------+----------------+----
//
//	 0    3 4 5 6   8                    32             80             128   144
//	+----+-+-+-+---+--------------------+--------------+--------------+-----+----
//	| PCP|D|N|r| r | service instance   | C-destination| C-source     | type| ...   I-TAG
//	+----+-+-+-+---+--------------------+--------------+--------------+-----+----
//
// Read fields.go. Tags may follow each other: each is a layer of its own, but that two S-TAGs in
// a row are one layer, as Wireshark has them, because only together they are a service's and a
// customer's identifier.
//
// # Implemented
//
//   - IEEE 802.1Q, 9.3 to 9.6: the tags and a length where the type would be
//   - 0x9100, which equipment older than 802.1ad puts before a second tag
//   - IEEE 802.1Q, 9.7: the I-TAG
//
// # Other than in Wireshark
//
//   - the type between two S-TAGs is shown; Wireshark leaves it out
//   - an S-TAG before an I-TAG is a layer beside it; Wireshark shows one inside the other
//   - ieee8021ah.etype lies behind the addresses; Wireshark says two bytes of the identifier
//   - a length behind an S-TAG is followed, Wireshark takes it for an unknown type
package vlan

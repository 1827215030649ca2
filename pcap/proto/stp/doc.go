// Package stp is the bridge protocol data units of IEEE 802.1D and 802.1Q: the Spanning Tree
// Protocol, its rapid and its multiple form (RSTP, MSTP), shortest path trees, and Cisco's
// per-VLAN form (PVST+) over SNAP.
//
//	 0          2         3      4       5         13        17          25      27
//	+----------+---------+------+-------+---------+---------+-----------+-------+-----
//	| protocol | version | type | flags | root id | cost    | bridge id | port  | ...
//	+----------+---------+------+-------+---------+---------+-----------+-------+-----
//	 27            29        31           33              35                 36
//	+-------------+---------+------------+---------------+------------------+-----
//	| message age | max age | hello time | forward delay | version 1 length | ...  rapid: from here
//	+-------------+---------+------------+---------------+------------------+-----
//	MSTP: version 3 length, configuration, internal cost, bridge id, hops, 16 bytes a tree instance
//	SPT: version 4 length, configuration, agreement
//	PVST+: records of type, length, value
//
// Read fields.go (the walk), then trees.go (what MSTP and SPT add).
//
// # Implemented
//
//   - IEEE 802.1D, 9.3.1 to 9.3.3: configuration, topology change notification, rapid
//   - IEEE 802.1Q, 14.4: multiple spanning trees; 14.4 and 28.12: shortest path trees
//   - PVST+ behind organization 00-00-0c, protocol 0x010b, with the originating VLAN
//
// # Other than in Wireshark
//
//   - bits and bytes that Wireshark leaves out have fields of their own, called reserved
//   - a version 3 length of 0 ends the unit; Wireshark then tries a draft's form
package stp

// Package vxlan is Virtual eXtensible Local Area Network: frames in UDP datagrams.
//
//	 0             16             32                    56        64
//	+-------------+--------------+---------------------+----------+----
//	| flags, I: 4 | group policy | network identifier  | reserved | ...   a frame
//	+-------------+--------------+---------------------+----------+----
//
// Read fields.go.
//
// # Implemented
//
//   - RFC 7348, 5, on port 4789
//   - draft-smith-vxlan-group-policy: the flags G, D and A, and the group policy
//   - draft-ietf-nvo3-vxlan-gpe, on port 4790: versions and other protocols than Ethernet
//
// # Other than in Wireshark
//
//   - the reserved flags lie apart and are several fields; Wireshark has them in one
package vxlan

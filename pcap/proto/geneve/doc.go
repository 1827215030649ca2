// Package geneve is Generic Network Virtualization Encapsulation: packets of any protocol in UDP
// datagrams, with options.
//
//	 0   2         8 9 10       16              32                  56        64
//	+---+---------+-+-+--------+---------------+-------------------+---------+----
//	|ver| opt len |O|C|reserved| protocol type | network identifier| reserved| options
//	+---+---------+-+-+--------+---------------+-------------------+---------+----
//
//	 0              16     24  27       32
//	+--------------+------+---+--------+----
//	| class        | type | R | length | data     an option; lengths are in units of 4 bytes
//	+--------------+------+---+--------+----
//
// Read fields.go.
//
// # Implemented
//
//   - RFC 8926, 3.4 and 3.5, on port 6081
//   - the options of Google's cloud: network, endpoint, profile
//
// # Other than in Wireshark
//
//   - geneve.option.length of an option is that of its data, as RFC 8926, 3.5 has it; Wireshark adds
//     the four bytes before it
package geneve

// Package mpls is the label stack of Multiprotocol Label Switching, RFC 3032.
//
//	 0                    20   23 24       32
//	+--------------------+----+--+---------+----
//	| label              | TC |S | TTL     | ...   S: the last of the stack
//	+--------------------+----+--+---------+----
//
// Each label is a layer of its own, as in Wireshark; the decoder's bound on layers bounds the stack.
// Nothing says what follows the last: it is IP where it begins as IP does, else data.
//
// # Not implemented
//
//   - pseudowires (RFC 4448): the control word and the frame behind it are data
package mpls

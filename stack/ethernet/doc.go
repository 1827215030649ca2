// Package ethernet is the frame of IEEE 802.3: Ethernet II, and 802.3 with a length where
// the type would be, as far as telling the two apart.
//
//	 0                   6                  12      14
//	+-------------------+-------------------+-------+---------...
//	|    destination    |      source       | type  | payload
//	+-------------------+-------------------+-------+---------...
//
// Read wire.go (the checked view and the encoder), then fields.go (the field table).
//
// After [Parse] no method of a [Frame] can panic. A Frame is a view: it lives as long as
// the caller's buffer. Nothing here locks or allocates.
//
// # Implemented
//
//   - IEEE 802.3, 3.1.1: destination, source, length/type
//   - IEEE 802.3, 3.2.6: a length/type under 1536 is a length; bytes behind it are padding
//
// # Not implemented
//
//   - the FCS: no TAP and no packet socket delivers it
//   - tags (802.1Q): their own room in pcap/proto
package ethernet

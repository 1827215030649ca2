// Package pcapng encodes and takes apart capture files as draft-ietf-opsawg-pcapng describes them: what
// Wireshark, tcpdump and everything behind them read, as a file or as a stream without an end.
//
//	┌────────────────┬──────────────────────┬────────────────────┬─────┬──────────────────────┐
//	│ Section Header │ Interface Desc. (0)  │ Enhanced Packet    │ ... │ Interface Statistics │
//	│ who wrote it   │ Interface Desc. (1)… │ interface, ns, ... │     │ received, dropped    │
//	└────────────────┴──────────────────────┴────────────────────┴─────┴──────────────────────┘
//
// Read block.go (what all blocks share: type, length, options), section.go (section and interface),
// packet.go (packet and statistics), then the way back: order.go (byte orders), clock.go (what a
// timestamp means), parse.go.
//
// Each Append function appends one whole block to a buffer that the caller owns, and allocates nothing
// when there is room. Blocks are little-endian, times are nanoseconds since 1970. Text longer than an
// option can hold is cut at a character's border, and bytes that are no UTF-8 become U+FFFD: a block is
// well-formed whatever it is made of.
//
// The Parse functions take the body of a block, what lies between its two lengths, in either byte order.
// They check every length, do no I/O, and a packet's allocates nothing. Package file reads files with them.
//
// # Implemented
//
// Sections 3.5 (options), 4.1 (Section Header Block), 4.2 (Interface Description Block), 4.3 (Enhanced
// Packet Block) and 4.6 (Interface Statistics Block) of draft-ietf-opsawg-pcapng-03, both ways; 4.4 (Simple
// Packet) and appendix A (the obsolete Packet Block) are parsed.
//
// # Not implemented
//
// What is in the blocks 4.5 (Name Resolution), 4.7 (Decryption Secrets) and 4.8 (Custom): they are only
// carried.
package pcapng

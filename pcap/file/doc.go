// Package file reads and writes capture files: pcap and pcapng, as they are or compressed, from disks,
// pipes, and while they grow.
//
//	bytes ──▶ source.go ──▶ window.go ──▶ classic.go, blocks.go ──▶ Record ──▶ write.go ──▶ bytes
//	          gzip, zstd    what is not    pcap        pcapng       (reused)   pcap, pcapng
//	          follow.go     yet used
//
// Read record.go (what a file is made of), reader.go, window.go, classic.go, blocks.go, source.go, write.go,
// errors.go.
//
// A [Reader] returns the pieces of a file one after the other: packets, and everything that stands between
// them. The pieces tile the file: their Raw bytes, one behind the other, are the file. A [Writer] takes them
// and leaves nothing out that its format has a place for, so that names, comments, decryption secrets and
// blocks that nobody here knows survive a copy.
//
// Files come from anywhere. A length in one takes memory only as far as bytes follow it, and no more than
// [MaxPacket] or [MaxBlock]; the interfaces of a section are bounded, too. So a file of any size is read in
// constant memory, and a record costs no allocation. Where a file is wrong, all that came before it was
// given, and an [Error] says at which byte, what is wrong, and the way out.
//
// gopacket's pcapgo has readers, too. They are not used, because they drop the blocks that a copy has to
// keep, trust lengths, and do not know where in the file they are.
package file

// Package quic decodes the headers of QUIC, which are what the network sees of it: RFC 8999 (what all
// versions have), RFC 9000, 17 (version 1), RFC 9369 (version 2).
//
//	 0 1 2   4       8                 40         48              56
//	+-+-+---+-------+-----------------+----------+---------------+----------+-------------+----
//	|1|1|typ| prot. | version         | DCID len | destination ID| SCID len | source ID   | ...
//	+-+-+---+-------+-----------------+----------+---------------+----------+-------------+----
//
//	... Initial              token length │ token │ length │ protected packet number and payload
//	    0-RTT, Handshake     length │ protected packet number and payload
//	    Retry                token │ integrity tag of 16 bytes
//	    version negotiation  versions of 4 bytes each
//
//	+-+-+-+----------+---------------+----
//	|0|1|s| protected| destination ID| protected packet number and payload     a short header
//	+-+-+-+----------+---------------+----
//
// A datagram may hold several packets, each of which is a layer beside the last (RFC 9000, 12.2). Only the
// peers know how long the ID in a short header is, but one that follows a long header has its ID.
//
// Numbers of 1, 2, 4 or 8 bytes begin with two bits that say how many, which are a field of their own: quic.varint.
//
// QUIC is known by its port, 443, and on others by a long header of a known version whose lengths fit.
//
// Read fields.go, then decode.go. Nothing allocates; the walk goes forward only.
//
// # Implemented
//
//   - RFC 8999, 5 and 6: the header of any version, version negotiation
//   - RFC 9000, 12.2, 16 and 17; the same of drafts 27 to 34
//   - RFC 9369, 3.1 and 3.2
//
// # Not implemented
//
//   - RFC 9001, 5: the protection is not taken off, not even an Initial's, whose keys everybody can compute:
//     the packet number, its length, and the frames are bytes of the protected payload
//   - the Google QUIC of before: versions Q0xx
//
// # Other than in Wireshark
//
//   - Wireshark decrypts Initial packets, and remembers from other frames how long the IDs are
package quic

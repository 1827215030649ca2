// Package tftp describes the Trivial File Transfer Protocol.
//
//	RFC 1350, 5                                         RFC 2347: options behind a request, or in an OACK
//	 2 bytes  string  1 byte  string  1 byte             2 bytes  string 1 byte string 1 byte
//	┌────────┬───────┬──────┬───────┬──────┐            ┌────────┬──────┬─────┬──────┬─────┐
//	│ 1 or 2 │ file  │  0   │ mode  │  0   │            │   6    │ name │  0  │ value│  0  │ ...
//	└────────┴───────┴──────┴───────┴──────┘            └────────┴──────┴─────┴──────┴─────┘
//
// Only the request goes to port 69: the rest of a transfer is between ports that the two choose, so that a
// frame of it does not tell what it is. Read fields.go.
//
// # Implemented
//
// RFC 1350, 5 (all packets), RFC 2347 (options, acknowledgement), the names of options of RFC 2348, 2349 and 7440.
//
// # Not implemented
//
// Transfers, which are between other ports: see Wireshark's conversations.
package tftp

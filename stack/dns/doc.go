// Package dns is the Domain Name System: looking a name up as a stub resolver, and answering
// for a small zone. RFC 1034, RFC 1035, RFC 2181, RFC 2308, RFC 2782, RFC 3596, RFC 6891.
//
//	 0  1  2  3  4  5  6  7  8  9  0  1  2  3  4  5      a name: labels, each behind its length
//	+-----------------------------------------------+
//	|                      ID                       |      3 w w w 7 e x a m p l e 3 c o m 0
//	+--+-----------+--+--+--+--+--+--+--+-----------+
//	|QR|  Opcode   |AA|TC|RD|RA|Z |AD|CD|   RCODE   |      or a pointer (11 and 14 bits) back to
//	+--+-----------+--+--+--+--+--+--+--+-----------+      where its rest was written before
//	|  counts: questions, answers, authority, more  |
//	+-----------------------------------------------+      a question: name, type, class
//	|  questions, then three sections of records    |      a record:   name, type, class, TTL,
//	+-----------------------------------------------+                  length of data, data
//
// A lookup, as client.go drives it:
//
//	Start ─→ query ─→ waiting ──answer──────────────→ Done
//	           ↑         │ TC: the same over TCP ───→ Done
//	           │         │ alias without its target: a new query
//	           └─────────┴ timeout, SERVFAIL, REFUSED: the next server; FORMERR: without EDNS
//
// Read name.go (names, pointers, text), types.go, wire.go (the checked view), rr.go (a record
// in a message), record.go (a record by itself), build.go (writing), client.go, zone.go and
// server.go; then the field table: fields.go (heads), names.go (the fields that are names), decode.go
// (messages), rdata.go and forms.go (how each type's data is built), walks.go (types that a list of
// parts can't describe), options.go (EDNS), stateful.go, formats.go.
//
// After [Parse] no method of a [Message], an [RR] or a [Name] can panic. They are views: they
// live as long as the caller's buffer. A [Record] stands alone. Nothing here locks; a [Zone]
// that changes while it answers needs its owner's lock. A try, a message that is ignored, an
// answer of a zone and a decoding allocate nothing.
//
// Compression can't loop: a pointer has to lead before the labels that led to it. It can't be
// made slow either: all names of a message share a number of steps that is linear in its size.
//
// # Implemented
//
//   - RFC 1035, 2.3.4, 3.1, 4.1, 4.2, 5.1: messages, names, compression, UDP and TCP, text
//   - RFC 1034, 5.2.2, 5.3.1 and RFC 5452, 9: a stub resolver that believes only what matches
//   - RFC 1034, 4.3.2: an authority's answers without delegation and wildcards; RFC 2308, 2
//     and 3: no such name, no data; RFC 8482, 4.1: ANY; RFC 9619: one question
//   - RFC 2181, 9 and RFC 7766, 5: TC and asking again over TCP
//   - RFC 6891 and RFC 3225: EDNS with its sizes, versions and the DO bit
//   - A, AAAA (RFC 3596), CNAME, MX, NS, PTR, SOA, SRV (RFC 2782), TXT; other types as bytes
//     (RFC 3597)
//   - shown: all types in use, SVCB and HTTPS with their parameters (RFC 9460), DNSSEC's (RFC 4034,
//     RFC 5155), TSIG, TKEY, options of EDNS, updates (RFC 2136), stateful operations (RFC 8490), the
//     messages of multicast DNS (RFC 6762) and LLMNR (RFC 4795)
//
// # Not implemented
//
//   - RFC 1034, 5.3.3: iteration: the servers asked have to do that
//   - RFC 4033 to 4035: DNSSEC is neither verified nor signed
//   - RFC 5936, RFC 1995: transfers are refused; RFC 2136: updates are NOTIMP
//   - RFC 7873: cookies; RFC 6762: multicast DNS is not spoken; RFC 5890: names in other scripts have to
//     come in their ASCII form
package dns

// Package http1 is HTTP/1.1 without a heap: RFC 9112 (messages) and RFC 9110 (semantics), as
// far as a client, a server and a decoder need it. It does no I/O.
//
//	GET /path HTTP/1.1 CRLF            start line      ParseRequest, ParseResponse
//	Host: www.httptap.test CRLF        field lines     Head.Field, Head.Fields
//	CRLF
//	...                                body            Body.Next: none, a length, chunks, or
//	                                                   until the connection closes
//
// Read head.go (the checked view of a head, and writing one), body.go (where the body
// ends), fields.go (the field table), fields_lines.go (header lines), fields_chunks.go.
//
// After a successful parse no method of a [Head] can panic. A Head is a view: it lives as long
// as the caller's buffer. Nothing here locks or allocates.
//
// # Implemented
//
//   - RFC 9112, 2 to 5 (start line and field lines), 6.3 (length of a body, in its order), 7.1
//     (chunks; extensions and trailers are skipped within a limit), 8 (incomplete messages)
//   - RFC 9110, 5.1 and 5.5: names and values are checked, line folding is refused
//
// # Not implemented
//
//   - transfer codings other than chunked; content codings
package http1

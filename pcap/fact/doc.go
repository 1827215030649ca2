// Package fact names what no frame holds in its own bits: what is found by comparing frames, as
// that a segment is a retransmission, which frame answers which, and how long that took. The
// names, types and values are Wireshark's, where it has the field.
//
//	frames in order ──▶ session.Session ──▶ []Fact ──▶ filter, trees, JSON, columns
//
// A field of a frame is a field.Span over a field.Spec; a Fact is the same for a value that is
// carried, not read: its [Spec] says how it is called and of what type it is. Package session
// makes facts, package filter compares them, and neither has to know the other.
//
// Read fact.go (a fact and how it prints), then specs.go (those of streams and messages) and
// specs_tcp.go (the analysis of TCP).
package fact

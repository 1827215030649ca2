// Package field is how a header describes itself. A protocol's room declares one [Layout]:
// a table of [Spec] in wire order plus a few small functions for what a table can't say.
// From it text, JSON and the browser viewer all print, so nothing else knows the protocol.
//
//	Layout ── Head []Spec     the fixed part: names, widths, kinds
//	       ── Tail(c)         options and records: appends spans with c.Add, c.Open, c.Close
//	       ── More()          all that Tail can append, for filters and completion
//	       ── Check(c)        lengths and checksums: marks spans with c.Fault
//	       ── Next(c)         which table and key name the payload's layout
//
// Decoding yields one flat list of [Span] in wire order, each with its depth. A span whose
// successor is deeper is a group, every other one is a leaf, and the leaves tile the frame:
// each bit of the captured bytes belongs to exactly one leaf. What is not understood is a
// visible leaf ([Undecoded], [Data]); what is wrong carries a [Fault].
//
// Widths, not offsets: a gap or an overlap can't be written down. Names are Wireshark's
// display-filter names, because users know them.
//
// Read spec.go, span.go, context.go, value.go (how each kind prints), table.go. The
// package fieldtest checks a room's layout and the tiling of any frame.
//
// A Context and its spans are reused from frame to frame: whoever wants to keep a span
// copies it. Nothing here allocates in steady state.
package field

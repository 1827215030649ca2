// Package field is how a header describes itself. A protocol's room declares one [Layout]:
// a table of [Spec] in wire order plus a few small functions for what a table can't say.
// From it text, JSON and the browser viewer all print, so nothing else knows the protocol.
//
//	Layout ── Head []Spec     the fixed part: names, widths, kinds
//	       ── Tail(c)         options and records: appends spans with c.Add, c.Open, c.Close
//	       ── More()          all that Tail can append, for filters and completion
//	       ── Check(c)        lengths and checksums: marks spans with c.Fault
//	       ── Next(c)         which table and key name the payload's layout
//	       ── Guess(b)        whether bytes look like it, for ports that nobody registered
//	       ── Rear(c)         its own bytes behind the payload
//	       ── Trail(c)        bytes behind the payload that nobody took
//
// Decoding yields one flat list of [Span] in wire order, each with its depth. A span whose
// successor is deeper is a group, every other one is a leaf, and the leaves tile the frame:
// each bit of the captured bytes belongs to exactly one leaf. What is not understood is a
// visible leaf ([Undecoded], [Data]); what is wrong carries a [Fault].
//
// A group may begin with a number that is its value: an option with its code. What is always the same,
// as a header's fields, is a [Run] that is appended in one go. A frame is taken apart into [MaxSpans]
// fields at most, so that none can cost much.
//
// Widths, not offsets: a gap or an overlap can't be written down. Names are Wireshark's
// display-filter names, because users know them.
//
// Read spec.go, span.go, context.go, value.go (how each kind prints), table.go, run.go. The
// package fieldtest checks a room's layout and the tiling of any frame.
//
// A Context and its spans are reused from frame to frame: whoever wants to keep a span
// copies it. Nothing here allocates in steady state.
package field

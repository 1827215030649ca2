// Package pcap explains Ethernet frames bit by bit. It knows no protocol itself: it joins the
// field tables of the rooms under stack and pcap/proto, and prints what they say.
//
//	frame ──▶ Decoder.Decode ──▶ []field.Span ──▶ AppendLine   one annotated line
//	            registry.go       (flat, reused)   AppendTree   a tree, like tshark -V
//	                                               AppendJSON   for programs and the browser
//
// Read decode.go (how the layouts are run one after the other), registry.go (a line a
// protocol), fallback.go (what gopacket explains), catalogue.go (all fields that there are), line.go (the annotated line), printer.go
// (decoder and line in one). Package filter chooses among frames.
//
// The leaf spans tile the frame exactly, whatever its bytes are. What is not understood is a
// visible span, what is wrong carries a fault with the cause, and decoding goes on where it
// can. Nothing panics. Decode and the annotated line allocate nothing in steady state.
package pcap

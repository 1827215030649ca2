// Package pcap explains Ethernet frames bit by bit. It knows no protocol itself: it joins the
// field tables of the rooms under stack and pcap/proto, and prints what they say.
//
//	frame ──▶ Decoder.Decode ──▶ []field.Span ──▶ AppendLine      one annotated line
//	            registry.go       (flat, reused)   Summary.Append  columns, like tshark
//	                                               AppendTree      a tree, like tshark -V
//	                                               AppendHex       a dump, each field a line
//	                                               AppendJSON      for programs and the browser
//
// Read decode.go (how the layouts are run one after the other), registry.go (a line a
// protocol), fallback.go (what gopackets explains), catalogue.go (all fields that there are), line.go
// (the annotated line), printer.go (decoder and line in one); then the other styles: meta.go (what is
// known of a frame besides its bytes), roles.go and summary.go, tree.go, hex.go, json.go, colour.go.
// Package filter chooses among frames, package file reads them, the command tapdump joins all that.
//
// Nothing that a frame holds reaches a terminal as it is: what does not print is escaped in every style.
//
// The leaf spans tile the frame exactly, whatever its bytes are. What is not understood is a
// visible span, what is wrong carries a fault with the cause, and decoding goes on where it
// can. Nothing panics. Decode and all styles allocate nothing in steady state.
package pcap

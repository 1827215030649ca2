// Package session compares frames with those before them. It is fed what the decoder found, in
// order, and answers what no single frame can tell: which stream a segment belongs to and whether
// it is a retransmission, which frame answers which, and the messages that came in pieces.
//
//	frame, spans ──▶ Session.Add ──▶ Result.Facts     what is now known of this frame
//	                    │                  .Earlier   and of frames before it: who answered them
//	                    │                  .Messages  reassembled, decoded, with their pieces
//	                    └────────▶ Config.Follow      each stream's bytes in order, gaps marked
//
//	streams.go    conversations, by addresses and ports; the one not used for longest makes room
//	  analysis.go   a flow's sequence numbers: what Wireshark calls tcp.analysis
//	  flow.go       a flow's bytes, put in order by an assembly (assembly.go)
//	  framing.go    where in these bytes messages end: DNS, HTTP (http.go), TLS
//	fragments.go  datagrams of IPv4 and IPv6
//	exchange.go   requests that wait for their responses; match.go knows whose they are
//
// Read session.go first, then in the order above. Names and values of facts are in package fact.
//
// # One pass
//
// A request is shown before its response comes, so a fact about it may become known too late to be
// printed with it: it is in Result.Earlier of the frame that made it known. Who prints frames as
// they come has dns.response_to and not dns.response_in; who reads a file twice has both.
//
// # Which copy wins
//
// The first one. When bytes of a stream or datagram come again and are not the same, those that
// came first stay, and the frame that contradicts them has a fact of severity error
// (tcp.segment.overlap.conflict, ip.fragment.overlap.conflict). What the receiver took may be the
// other: hosts differ, and intruders use that. A copy can be compared as long as the first one is
// held: the last HistoryBytes of a flow behind its messages. A keep-alive is not compared, as its
// byte is allowed to be anything (RFC 9293, 3.8.4: "one garbage octet").
//
// # Gaps
//
// A flow's bytes wait for those missing before them until the receiver has acknowledged these, so
// that only the capture can lack them, or until the limit of held bytes is reached. Then the gap is
// marked, a message in it is shown as far as it came, and the next one is looked for behind it: at
// the place where its length says that it begins, else at the beginnings of segments.
//
// # Limits
//
// Everything that is held is bounded by Config: what exceeds a limit makes the oldest go, counts in
// Stats, and the frame that caused it has the fact session.evicted where a conversation went. A
// conversation that goes on afterwards has a new number. A message longer than StreamBytes is shown
// up to there. Of one frame at most 64 messages are decoded.
//
// A Session has no clock, starts no goroutine and never panics, whatever it is fed. The same frames
// give the same results. It must not be used by two goroutines at once. Adding a frame of a known
// conversation allocates nothing in steady state.
//
// # What differs from Wireshark 4.0
//
//   - Segments are put in order, whatever their order in the capture; Wireshark's preference
//     tcp.reassemble_out_of_order is off by default. Its facts about reassembled messages are then
//     fewer, or in other frames.
//   - A quotation in an ICMP error tells its stream and the times in it, and does not change what is
//     known of that stream.
//   - A fragment that comes after its datagram was complete begins a new one.
//   - Multipath TCP is not looked at.
package session

// Package filter is Wireshark's display-filter language over the decoder's fields.
//
//	f, err := filter.Compile(`ip.src == 10.0.0.1 and tcp.port in {80, 443}`)
//	...
//	p := filter.Packet{Frame: frame, Spans: decoder.Decode(frame, len(frame))}
//	if f.Match(&p) {
//
// The way of a filter:
//
//	text ──▶ lex.go ──▶ parse.go ──▶ node ──▶ check.go ──▶ operands, tests ──▶ eval.go
//	         tokens     precedence   print.go  types,        (flat slices)      over []field.Span
//	                                 String()  literal.go
//
// Read syntax.go (the tree), parse.go, types.go and catalogue.go (the fields, what filters call
// them and of what type each is), derive.go (the fields that no span holds: frame.len, tcp.len),
// check.go, eval.go.
//
// A Filter never changes once it is compiled: any number of goroutines may use it. A Packet
// holds the memory that a match needs, belongs to one goroutine, and is reused from frame to
// frame: then a match allocates nothing.
//
// # The language
//
// It is that of wireshark-filter(4), version 4.0, which TestAgainstWireshark asks for its results.
// More is allowed where that takes nothing away: xor and @field, which later versions have,
// parentheses around arithmetic, comparisons and their chains that begin with a literal.
//
//	tcp                                  a protocol is there
//	dns.qry.name                         a field is there, whatever its value
//	ip.ttl < 5, tcp.flags.syn == 1       comparison: == != < > <= >=, eq ne lt gt le ge
//	ip.addr == 10.0.0.0/8                either address; a network
//	ip.addr != 10.0.0.1                  none of the two is it ("all_ne", since version 3.6)
//	any ip.addr != 10.0.0.1              one of the two is not; also !==
//	all tcp.port > 1024                  both; all ... == is also ===
//	tcp.port in {80, 443, 8000..8100}    a set; "not in" is its negation, true without a port, too
//	all tcp.port not in {80, 443}        there are ports, and all of them are outside
//	http.host contains "example"         text or bytes within text or bytes
//	tcp matches "GET|POST"               a regular expression, whatever the case; also ~
//	eth.src[0:3] == 00:00:5e             slices [start:length] [first-last] [one] [:n] [n:]
//	udp[8,-2:] == 00:ff:ff               several, the negative ones from the end
//	tcp.flags & 0x12                     a bit is set; a network mask, a mask of bytes
//	udp.length > ip.len - 40             + - * / %, grouped with { }
//	ip.src#2 == 10.0.0.1                 the second layer's, from outside; #[1-2], #[-1] the last's
//	@tcp.srcport == 00:50                a field's bytes as they are on the wire
//	len upper lower count string max min abs     functions
//	not, and, xor, or; ! && ^^ ||        from what binds most to what binds least
//
// A comparison holds only when its fields are there, so that "ip.ttl != 1" is of IPv4 packets
// only, and "not ip.ttl == 1" is of all others, too. A field that was cut short has no value.
//
// Literals: 10 0xa 012 0b1010 'a' '\n' -1; True and False; 10.0.0.1, fe80::/10;
// 02:00:5e:10:00:01 with : - or . between; bytes as 47:45:54, 0xff, "GET"; "text" with C's
// escapes, r"raw text"; the name of a value in quotes ("Echo (ping) request") whatever its case;
// times as "2026-01-31 12:34:56.789", local unless an offset or Z follows.
//
// # What differs from Wireshark 4.0
//
//   - Compile knows fields of one frame only: nothing that Wireshark computes from other frames,
//     such as tcp.stream, tcp.analysis or dns.time. It says which field to take instead.
//     CompileFacts knows these, too, for packets that have the Facts of a session.Session.
//   - A slice of a protocol reaches into its payload (udp[8:2]), as contains and matches do in
//     both. Wireshark 4.0 stops at the protocol's own header.
//   - Names of values are ours; they mostly are Wireshark's.
//   - Regular expressions are RE2's: no look-around, no back references, but linear time.
//   - Faults are ours: _ws.expert.message, _ws.expert.severity and, as no message is for programs,
//     _ws.expert.name ("checksum.bad"). _ws.malformed is a fault behind which nothing can be trusted.
//   - Names of hosts are not resolved.
//   - An empty range, a negative bound of an unsigned field: an error, not a filter that never
//     matches.
//   - An operand has at most 1024 values in a comparison of fields with fields or in arithmetic.
//     Later ones are not looked at. Comparisons with literals look at all.
//   - Arithmetic is in 64 signed bits. What does not fit is no value, nor is a division by zero.
package filter

package tcp

import "testing"

// RFC 5682, 2.1 and 3.1; RFC 3522
func TestSpuriousTimeout(t *testing.T) {
	const timedOut = `
			config cc=newreno` + tenOf + `
			wait 200ms
			> ACK 1+100
			none
			cwnd 100
			ssthresh 500`
	const rest = `
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535
			recovery none`
	const sackTimedOut = tenSACK + `
			elapse
			> ACK 1001+100
			why tail loss probe
			elapse
			> ACK 1+100
			recovery timeout
			none
			wait 10ms`
	const stamped = `
			config cc=newreno
			establish win 65535 <mss 112, ts 1 0>
			wait 50ms
			write 5000
			burst 1 10 100
			wait 200ms
			> ACK 1+100
			recovery timeout
			none`
	runScripts(t, []scriptCase{
		{"two ACKs of what went before: the timeout was spurious: 2.1, steps 2b and 3b", timedOut + `
			< ACK 1 ack 101 win 65535
			burst 1001 2 100             | "transmit up to two new (previously unsent) segments"
			none
			recovery timeout
			< ACK 1 ack 201 win 65535
			recovery none
			undone 1
			ssthresh none
			retransmits 1
			burst 1201 1 100
			none` + rest},
		{"a duplicate after the new data: the loss was real: 3a", timedOut + `
			< ACK 1 ack 101 win 65535
			burst 1001 2 100
			< ACK 1 ack 101 win 65535
			cwnd 300                     | "no more than 3 * MSS"
			> ACK 101+100
			none
			undone 0
			ssthresh 500
			< ACK 1 ack 201 win 65535
			> ACK 201+100
			> ACK 301+100
			none` + rest},
		{"a duplicate first: slow start as ever: 2a", timedOut + `
			< ACK 1 ack 1 win 65535
			none
			< ACK 1 ack 101 win 65535
			> ACK 101+100
			> ACK 201+100
			none
			undone 0` + rest},
		{"an ACK of all that went before says nothing: 2a", timedOut + `
			< ACK 1 ack 1001 win 65535
			recovery none
			undone 0
			ssthresh 500
			cwnd 200` + rest},
		{"an ACK of a part of what was sent again: 2a", timedOut + `
			< ACK 1 ack 51 win 65535
			> ACK 101+100                | not new data
			none
			< ACK 1 ack 201 win 65535
			undone 0` + rest},
		{"without new data to send step 3 is left out: 2b", `
			config cc=newreno
			establish win 65535 <mss 100>
			write 1000
			burst 1 10 100
			wait 200ms
			> ACK 1+100
			< ACK 1 ack 101 win 65535
			> ACK 101+100
			> ACK 201+100
			none
			< ACK 1 ack 401 win 65535
			undone 0
			consume
			< ACK 1 ack 1001 win 65535`},
		{"or where the peer's window is full", `
			config cc=newreno
			establish win 900 <mss 100>
			write 2000
			burst 1 9 100
			wait 200ms
			> ACK 1+100
			< ACK 1 ack 101 win 800
			> ACK 101+100
			> ACK 201+100
			none
			consume
			< ACK 1 ack 901 win 65535
			setcwnd 9000
			consume
			< ACK 1 ack 2001 win 65535`},
		{"not after a second timeout of the same segment", timedOut + `
			wait 400ms
			> ACK 1+100
			< ACK 1 ack 101 win 65535
			> ACK 101+100
			> ACK 201+100
			< ACK 1 ack 401 win 65535
			undone 0` + rest},
		{"nor after one in a fast recovery: it \"SHOULD NOT be entered when earlier fast recovery is underway\"", `
			config cc=newreno` + tenOf + `
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			burst 1001 2 100
			< ACK 1 ack 1 win 65535
			> ACK 1+100
			wait 200ms
			> ACK 1+100
			< ACK 1 ack 101 win 65535
			> ACK 101+100
			> ACK 201+100
			undone 0` + rest},
		{"fast retransmit works again behind it: recover is SND.UNA", timedOut + `
			< ACK 1 ack 101 win 65535
			burst 1001 2 100
			< ACK 1 ack 201 win 65535
			undone 1
			consume
			duplicates 3
			recovery fast
			retransmits 2` + rest},
		{"with SACK: duplicates are waited through: 3.1, step 2", sackTimedOut + `
			< ACK 1 ack 1 win 65535 <sack 301:401>
			recovery timeout
			undone 0
			setcwnd 100
			< ACK 1 ack 101 win 65535 <sack 301:401>
			burst 1101 2 100
			none
			< ACK 1 ack 101 win 65535 <sack 301:501>
			undone 1                     | 3b: it was sent before the timeout, and once only
			recovery none` + rest},
		{"with SACK: what is SACKed was sent behind the timeout: 3a", sackTimedOut + `
			< ACK 1 ack 101 win 65535
			burst 1101 2 100
			wait 90ms
			< ACK 1 ack 101 win 65535 <sack 1101:1201>
			undone 0
			cwnd 300
			> ACK 101+100
			> ACK 201+100
			none` + rest},
		{"with SACK: both, and nothing is certain: 3a comes first", sackTimedOut + `
			< ACK 1 ack 101 win 65535
			burst 1101 2 100
			wait 90ms
			< ACK 1 ack 101 win 65535 <sack 901:1001 1101:1201>
			undone 0
			recovery timeout` + rest},
		{"the ACK echoes the time of the first sending: RFC 3522, 3.2", stamped + `
			< ACK 1 ack 101 win 65535 <ts 1 50>
			undone 1
			recovery none
			ssthresh none
			retransmits 1
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535 <ts 1 50>`},
		{"or that of the second", stamped + `
			< ACK 1 ack 101 win 65535 <ts 1 250>
			undone 0
			recovery timeout
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535 <ts 1 250>`},
	})
}

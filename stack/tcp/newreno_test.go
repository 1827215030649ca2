package tcp

import "testing"

// RFC 6582, 3.2: without SACK. The window counts as cwnd with its inflation: what is in flight less
// a segment for each duplicate ACK stays below ssthresh.
func TestNewReno(t *testing.T) {
	const lost = `
			config cc=newreno` + tenOf + `
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			burst 1001 2 100
			< ACK 1 ack 1 win 65535
			> ACK 1+100
			none
			recovery fast`
	const rest = `
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535
			recovery none`
	runScripts(t, []scriptCase{
		{"what is in the network is never more than what is in flight, however many a partial ACK covers", `
			config cc=newreno
			establish win 65535 <mss 100>
			write 1000
			burst 1 10 100
			duplicates 3
			recovery fast
			< ACK 1 ack 501 win 65535
			consume
			< ACK 1 ack 901 win 65535
			consume
			pipe 100
			info InFlight 100
			< ACK 1 ack 1001 win 65535`},
		{"each further duplicate inflates the window by a segment: RFC 5681, 3.2, step 4", lost + `
			duplicates 4
			pipe 500                     | 12 in flight, 7 duplicates
			< ACK 1 ack 1 win 65535
			> ACK 1201+100               | 5 + 8 - 12
			none
			< ACK 1 ack 1 win 65535
			> ACK 1301+100
			none
			cwnd 500
			< ACK 1 ack 1401 win 65535` + rest},
		{"a partial ACK resends the next hole, deflates by what it covers, adds one segment back", lost + `
			duplicates 4
			< ACK 1 ack 1 win 65535
			> ACK 1201+100
			< ACK 1 ack 1 win 65535
			> ACK 1301+100
			< ACK 1 ack 1 win 65535
			> ACK 1401+100
			none                         | cwnd 15, 15 in flight
			< ACK 1 ack 301 win 65535
			> ACK 301+100                | "retransmit the first unacknowledged segment"
			> ACK 1501+100               | cwnd 15 - 3 + 1, 12 in flight
			none
			recovery fast
			< ACK 1 ack 1501 win 65535
			recovery none
			cwnd 500                     | "Set cwnd to ... ssthresh"
			burst 1601 4 100
			none` + rest},
		{"where ACKs were lost the deflation goes below ssthresh", lost + `
			< ACK 1 ack 801 win 65535
			> ACK 801+100
			none                         | cwnd 8 - 8 + 1, 4 in flight
			< ACK 1 ack 801 win 65535
			none                         | 2
			< ACK 1 ack 801 win 65535
			none                         | 3
			< ACK 1 ack 801 win 65535
			none                         | 4
			< ACK 1 ack 801 win 65535
			> ACK 1201+100
			none
			< ACK 1 ack 1201 win 65535
			cwnd 500
			burst 1301 4 100` + rest},
		{"a partial ACK that covers less than a segment adds nothing back, and resends the rest", lost + `
			< ACK 1 ack 51 win 65535
			> ACK 51+50
			none` + rest},
		{"one partial ACK after the other: a hole a round trip", lost + `
			< ACK 1 ack 101 win 65535
			> ACK 101+100
			none
			< ACK 1 ack 201 win 65535
			> ACK 201+100
			none
			< ACK 1 ack 301 win 65535
			> ACK 301+100
			none
			ssthresh 500
			recoveries 1` + rest},
		{"the first partial ACK resets the retransmission timer", lost + `
			wait 150ms
			< ACK 1 ack 101 win 65535
			> ACK 101+100
			deadline 200ms` + rest},
		{"an ACK of all up to recover is a full one, though what went after it is in flight", lost + `
			duplicates 4
			< ACK 1 ack 1 win 65535
			> ACK 1201+100
			< ACK 1 ack 1201 win 65535
			recovery none
			cwnd 500
			burst 1301 4 100
			none` + rest},
		{"duplicates of recover itself do not begin another: \"ack_number - 1 > recover\"", lost + `
			< ACK 1 ack 1201 win 65535
			recovery none
			burst 1201 5 100
			< ACK 1 ack 1201 win 65535
			> ACK 1701+100
			< ACK 1 ack 1201 win 65535
			> ACK 1801+100
			< ACK 1 ack 1201 win 65535
			none
			duplicates 5
			recovery none
			recoveries 1
			ssthresh 500
			< ACK 1 ack 1301 win 65535   | this covers more
			< ACK 1 ack 1301 win 65535
			< ACK 1 ack 1301 win 65535
			< ACK 1 ack 1301 win 65535
			> ACK 1301+100
			recoveries 2` + rest},
		{"nor do duplicates after a timeout: step 4", `
			config cc=newreno` + tenOf + `
			wait 200ms
			> ACK 1+100
			ssthresh 500
			duplicates 6
			recovery timeout
			retransmits 1
			ssthresh 500
			< ACK 1 ack 101 win 65535
			consume
			duplicates 3
			recoveries 0
			ssthresh 500` + rest},
		{"a timeout ends it: step 4", lost + `
			wait 200ms
			> ACK 1+100
			recovery timeout
			none
			duplicates 3
			recovery timeout
			recoveries 1` + rest},
		{"two duplicates and an ACK of more begin to count anew", `
			config cc=newreno` + tenOf + `
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			burst 1001 2 100
			< ACK 1 ack 101 win 65535
			< ACK 1 ack 101 win 65535
			< ACK 1 ack 101 win 65535
			consume
			recovery none
			retransmits 0
			< ACK 1 ack 101 win 65535
			> ACK 101+100
			recovery fast` + rest},
		{"a whole window lost but its first: one recovery, one cut", lost + `
			< ACK 1 ack 101 win 65535
			> ACK 101+100
			< ACK 1 ack 201 win 65535
			> ACK 201+100
			< ACK 1 ack 301 win 65535
			> ACK 301+100
			< ACK 1 ack 401 win 65535
			> ACK 401+100
			< ACK 1 ack 501 win 65535
			> ACK 501+100
			< ACK 1 ack 601 win 65535
			> ACK 601+100
			< ACK 1 ack 701 win 65535
			> ACK 701+100
			recoveries 1
			ssthresh 500` + rest},
	})
}

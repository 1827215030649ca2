package tcp

import "testing"

// RFC 9293, 3.8.6.3 and RFC 5681, 4.2. What is in receive_test.go is not said again.
func TestDelayedAckCases(t *testing.T) {
	const on = "establish win 65535 <mss 1460>\nslow\n"
	runScripts(t, []scriptCase{
		{"a stream of full-sized segments: an ACK for every second", on + `
			< ACK 1+1460 ack 1 win 65535
			none
			< ACK 1461+1460 ack 1 win 65535
			> ACK 1 ack 2921
			< ACK 2921+1460 ack 1 win 65535
			none
			< ACK 4381+1460 ack 1 win 65535
			> ACK 1 ack 5841
			read 5840
			> ACK 1 ack 5841 win 32768   | the window's update`},
		{"small ones, too: nobody waits for what fits no window", on + `
			< ACK 1+1 ack 1 win 65535
			none
			< ACK 2+1 ack 1 win 65535
			> ACK 1 ack 3`},
		{"the delay is under half a second: MUST", on + `
			< ACK 1+1460 ack 1 win 65535
			deadline 40ms
			wait 40ms
			> ACK 1 ack 1461`},
		{"the second segment does not begin the delay anew", on + `
			< ACK 1+10 ack 1 win 65535
			wait 30ms
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 21
			deadline none`},
		{"above a gap at once", on + `
			< ACK 1461+1460 ack 1 win 65535
			> ACK 1 ack 1
			< ACK 2921+1460 ack 1 win 65535
			> ACK 1 ack 1`},
		{"what fills a part of a gap at once", on + `
			< ACK 2001+1000 ack 1 win 65535
			> ACK 1 ack 1
			< ACK 1+1000 ack 1 win 65535
			> ACK 1 ack 1001
			< ACK 1001+1000 ack 1 win 65535
			> ACK 1 ack 3001`},
		{"an out-of-order segment takes a delayed ACK along", on + `
			< ACK 1+10 ack 1 win 65535
			none
			< ACK 21+10 ack 1 win 65535
			> ACK 1 ack 11
			deadline none`},
		{"a window update takes it along", `
			config rx=3000
			establish win 65535
			slow
			< ACK 1+1460 ack 1 win 65535
			none
			< ACK 1461+1460 ack 1 win 65535
			> ACK 1 ack 2921 win 80
			read 2920
			> ACK 1 ack 2921 win 3000
			deadline none`},
		{"a retransmission of ours carries the ACK", on + `
			write 10
			> ACK 1+10
			wait 180ms
			< ACK 1+10 ack 1 win 65535
			none
			wait 20ms
			> ACK 1+10 ack 11
			wait 20ms
			none                           | nothing is owed any more
			< ACK 11 ack 11 win 65535`},
		{"a keep-alive carries it", on + `
			keepalive 20ms 1s 3
			wait 10ms
			< ACK 1+10 ack 1 win 65535
			wait 20ms
			> ACK 0 ack 11
			wait 20ms
			none
			< ACK 11 ack 1 win 65535`},
		{"data that only repeats is acknowledged at once, in its own right", on + `
			< ACK 1+100 ack 1 win 65535
			< ACK 1+50 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 101
			deadline none`},
		{"the first sixteen segments are acknowledged at once, the next is not", `
			establish win 65535 <mss 1460>
			flow 16
			< ACK 17+1 ack 1 win 65535
			none
			deadline 40ms`},
	})
}

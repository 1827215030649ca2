package tcp

import "testing"

// RFC 9293, 3.8.6 and 3.8.6.1. What is in window_test.go is not said again.
func TestPersistCases(t *testing.T) {
	runScripts(t, []scriptCase{
		{"probes go ever more rarely, but once a minute at least", `
			establish win 0 <mss 100>
			write 100
			none
			answered 8                     | 200 ms to 25.6 s
			deadline 51.2s
			answered 1
			deadline 1m
			answered 1
			deadline 1m
			state ESTABLISHED`},
		{"a peer that answers may stay closed for hours: MUST-37", `
			establish win 0 <mss 100>
			write 100
			none
			answered 500                   | more than 8 hours
			state ESTABLISHED
			< ACK 1 ack 1 win 1000
			> ACK 1+100
			deadline 200ms
			< ACK 1 ack 101 win 1000`},
		{"then the next closing is probed soon again", `
			establish win 0 <mss 100>
			write 100
			none
			answered 20
			< ACK 1 ack 1 win 100
			> ACK 1+100
			< ACK 1 ack 101 win 0
			write 1
			none
			deadline 200ms
			wait 200ms
			> ACK 101+1
			< ACK 1 ack 102 win 0`},
		{"silence that begins after hours of answers ends it 100 seconds later at the earliest", `
			establish win 0 <mss 100>
			write 100
			none
			answered 100
			silent 100s
			err ErrTimeout`},
		{"the update of the window was lost: the answer to the next probe brings it", `
			establish win 100 <mss 100>
			write 300
			> ACK 1+100
			< ACK 1 ack 101 win 0
			none
			wait 200ms
			> ACK 101+1
			< ACK 1 ack 101 win 200        | the byte was not taken, the window is open
			> ACK 101+100
			> ACK 201+100
			< ACK 1 ack 301 win 1000`},
		{"probe and answer are lost: the next probe does it", `
			establish win 0 <mss 100>
			write 100
			none
			wait 200ms
			> ACK 1+1
			wait 400ms
			> ACK 1+1
			wait 800ms
			> ACK 1+1
			< ACK 1 ack 2 win 100
			> ACK 2+99
			< ACK 1 ack 101 win 100`},
		{"a window update that is not an answer counts as well", `
			establish win 0 <mss 100>
			write 100
			none
			wait 100ms
			< ACK 1 ack 1 win 100
			> ACK 1+100
			deadline 200ms
			< ACK 1 ack 101 win 100`},
		{"data of the peer that opens the window counts as well", `
			establish win 0 <mss 100>
			write 100
			none
			< ACK 1+10 ack 1 win 100
			> ACK 1+100 ack 11
			< ACK 11 ack 101 win 100`},
		{"nothing to send: a closed window needs no probe", `
			establish win 100 <mss 100>
			write 100
			> ACK 1+100
			< ACK 1 ack 101 win 0
			deadline none`},
		{"the probe carries what we owe: the acknowledgment", `
			establish win 0 <mss 100>
			slow
			write 10
			none
			wait 190ms
			< ACK 1+5 ack 1 win 0
			wait 10ms
			> ACK 1+1 ack 6
			wait 100ms
			none
			< ACK 6 ack 1 win 0`},
		{"what is in flight when the window closes is not a probe's to give up: it is acknowledged late", `
			establish win 300 <mss 100>
			write 300
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			< ACK 1 ack 101 win 200
			< ACK 1 ack 201 win 100
			< ACK 1 ack 301 win 0
			deadline none`},
		{"SHLD-15 and SHLD-16: a window that shrank gets no new data, but what it still covers again", `
			establish win 500 <mss 100>
			write 600
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			> ACK 301+100
			> ACK 401+100
			< ACK 1 ack 101 win 200
			none
			wait 200ms
			> ACK 101+100
			< ACK 1 ack 201 win 100
			> ACK 201+100
			none                           | 301 to 500 are beyond the edge
			< ACK 1 ack 301 win 500
			> ACK 301+100
			> ACK 401+100
			< ACK 1 ack 501 win 500
			> ACK 501+100
			< ACK 1 ack 601 win 500`},
		{"a window that shrinks and grows again before a timer: nothing goes twice", `
			establish win 300 <mss 100>
			write 400
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			< ACK 1 ack 101 win 50
			none
			< ACK 1 ack 101 win 300
			> ACK 301+100
			< ACK 1 ack 401 win 300`},
		{"MUST-35: shrunk to nothing it is probed in the standard way", `
			establish win 500 <mss 100>
			write 200
			> ACK 1+100
			> ACK 101+100
			< ACK 1 ack 1 win 0
			none
			wait 200ms
			> ACK 1+1
			< ACK 1 ack 1 win 0
			deadline 400ms
			wait 400ms
			> ACK 1+1
			< ACK 1 ack 201 win 0          | it had all of it
			deadline none`},
		{"an acknowledgment beyond the probe of what was in flight before is taken", `
			establish win 500 <mss 100>
			write 300
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			< ACK 1 ack 101 win 0
			wait 200ms
			> ACK 101+1
			< ACK 1 ack 301 win 500
			deadline none`},
		{"SACK of what a closed window let through is not forgotten to be needed", `
			establish win 500 <mss 100, sackok>
			write 300
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			< ACK 1 ack 1 win 0 <sack 101:301>
			none
			wait 200ms
			> ACK 1+1
			< ACK 1 ack 2 win 500
			> ACK 2+100
			> ACK 102+100
			none                           | a loss was seen, and the congestion window cut
			< ACK 1 ack 202 win 500
			> ACK 202+99
			< ACK 1 ack 301 win 500`},
		{"the FIN waits behind data and a closed window", `
			establish win 5 <mss 100>
			write 10
			close
			> ACK 1+5
			< ACK 1 ack 6 win 0
			wait 200ms
			> ACK 6+1
			< ACK 1 ack 7 win 100
			> FIN,ACK,PSH 7+4
			< ACK 1 ack 12 win 100
			state FIN-WAIT-2`},
		{"the peer's FIN opens nothing, its window does", `
			establish win 0 <mss 100>
			write 10
			none
			< FIN,ACK 1 ack 1 win 0
			> ACK 1 ack 2
			state CLOSE-WAIT
			wait 200ms
			> ACK 1+1 ack 2
			< ACK 2 ack 2 win 100
			> ACK 2+9 ack 2
			< ACK 2 ack 11 win 100`},
		{"a closed window of ours answers each probe with its number and zero", `
			config rx=10
			establish win 1000
			< ACK 1+10 ack 1 win 1000
			> ACK 1 ack 11 win 0
			< ACK 11+1 ack 1 win 1000 = ErrOutOfWindow
			> ACK 1 ack 11 win 0
			wait 1m
			< ACK 11+1 ack 1 win 1000 = ErrOutOfWindow
			> ACK 1 ack 11 win 0
			read 10
			> ACK 1 ack 11 win 10
			< ACK 11+1 ack 1 win 1000
			> ACK 1 ack 12 win 9`},
		{"abort ends the probing", `
			establish win 0 <mss 100>
			write 10
			none
			abort
			> RST,ACK 1 ack 1
			deadline none`},
	})
}

package tcp

import "testing"

// stamped opens a connection with timestamps over a path of 100 ms: our clock begins at 1000, the
// peer's SYN,ACK says 500.
const stamped = `
	config offset=1000
	open
	> SYN 0 <mss 1460, sackok, ts 1000 0, wscale 0>
	wait 100ms
	< SYN,ACK 0 ack 1 win 65535 <mss 1460, ts 500 1000>
	> ACK 1 ack 1 <ts 1100 500>
`

// RFC 7323, 3.2
func TestTimestampsNegotiation(t *testing.T) {
	runScripts(t, []scriptCase{
		{"a peer that answers with the option gets it in every segment", stamped + `
			info Timestamps true
			write 10
			> ACK,PSH 1+10 ack 1 <ts 1100 500>
			wait 10ms
			< ACK 1 ack 11 win 65535 <ts 510 1100>
			< ACK 1+10 ack 11 win 65535 <ts 511 1100>
			> ACK 11 ack 11 <ts 1110 511>
			close
			> FIN,ACK 11 ack 11 <ts 1110 511>
			< ACK 11 ack 12 win 65535 <ts 512 1110>
			< FIN,ACK 11 ack 12 win 65535 <ts 513 1110>
			> ACK 12 ack 12 <ts 1110 513>`},
		{"a listener answers with it when the SYN has it, and echoes its time", `
			config offset=7
			accept SYN 0 win 65535 <mss 1460, ts 4000000000 0>
			> SYN,ACK 0 ack 1 <mss 1460, ts 7 4000000000>
			< ACK 1 ack 1 win 65535 <ts 4000000001 7>
			info Timestamps true`},
		{"a listener does not when the SYN has none: MUST NOT", `
			accept SYN 0 win 65535 <mss 1460, sackok, wscale 0>
			> SYN,ACK 0 ack 1 <mss 1460, sackok, wscale 0>
			< ACK 1 ack 1 win 65535
			info Timestamps false
			write 10
			> ACK 1+10 <>`},
		{"a peer that answers without it gets none, and our data has the room", `
			establish win 65535 <mss 1460>
			write 1460
			> ACK 1+1460 ack 1 <>`},
		{"not negotiated, the option is ignored and the segment taken: MUST", `
			establish win 65535 <mss 1460>
			< ACK 1+10 ack 1 win 65535 <ts 1 1>
			> ACK 1 ack 11 <>
			< ACK 11+10 ack 1 win 65535 <ts 0 0>
			> ACK 1 ack 21 <>
			read 20`},
		{"both ends open at once: both SYNs have it", `
			config offset=9
			open
			> SYN 0
			< SYN 0 win 65535 <mss 1460, ts 77 0>
			> SYN,ACK 0 ack 1 <mss 1460, ts 9 77>
			< SYN,ACK 0 ack 1 win 65535 <mss 1460, ts 78 9>
			> ACK 1 ack 1 <ts 9 78>
			info Timestamps true`},
		{"the option takes 12 bytes of each segment's payload: RFC 9293, 3.7.1", stamped + `
			write 1460
			> ACK 1+1448 <ts 1100 500>
			> ACK 1449+12 <ts 1100 500>`},
		{"a retransmission has its own time, not that of the first", stamped + `
			write 10
			> ACK 1+10 <ts 1100 500>
			wait 300ms
			> ACK 1+10 <ts 1400 500>
			< ACK 1 ack 11 win 65535 <ts 800 1400>`},
		{"a window probe and a keep-alive have it", stamped + `
			< ACK 1 ack 1 win 0 <ts 501 1100>
			write 10
			none
			wait 300ms
			> ACK 1+1 ack 1 <ts 1400 501>
			< ACK 1 ack 2 win 65535 <ts 801 1400>
			> ACK 2+9 ack 1 <ts 1400 801>
			< ACK 1 ack 11 win 65535 <ts 802 1400>
			keepalive 10s 1s 3
			wait 10s
			> ACK 10 ack 1 <ts 11400 802>
			< ACK 1 ack 11 win 65535 <ts 10802 11400>`},
		{"three SACK blocks have room beside it", `
			config offset=5
			establish win 65535 <mss 1460, sackok, ts 500 5>
			< ACK 11+10 ack 1 win 65535 <ts 501 5>
			> ACK 1 ack 1 <ts 5 500, sack 11:21>
			< ACK 31+10 ack 1 win 65535 <ts 501 5>
			> ACK 1 ack 1
			< ACK 51+10 ack 1 win 65535 <ts 501 5>
			> ACK 1 ack 1
			< ACK 71+10 ack 1 win 65535 <ts 501 5>
			> ACK 1 ack 1 <ts 5 500, sack 71:81, sack 51:61, sack 31:41>`},
		{"a segment without it is dropped silently, and does not end the connection: SHOULD, MUST NOT", stamped + `
			< ACK 1+10 ack 1 win 65535 = ErrNoTimestamp
			none
			< FIN,ACK 1 ack 1 win 65535 = ErrNoTimestamp
			none
			state ESTABLISHED
			< ACK 1+10 ack 1 win 65535 <ts 501 1100>
			> ACK 1 ack 11
			read 10`},
		{"but a SYN without it is challenged: a peer that restarted MUST learn of the connection: RFC 5961, 4.2", stamped + `
			< SYN 1 win 65535 = ErrNoTimestamp
			> ACK 1 ack 1 <ts 1100 500>
			< SYN 90000 win 65535 = ErrNoTimestamp
			> ACK 1 ack 1
			state ESTABLISHED
			< RST 1
			err ErrReset`},
		{"a RST without it counts: a host without memory of the connection can't know", stamped + `
			< RST 1
			state CLOSED
			err ErrReset`},
		{"a RST counts whatever its time: RFC 7323, 5.3, R1", stamped + `
			< RST 1 <ts 1 0>
			state CLOSED
			err ErrReset`},
		{"our own RST has it, SHOULD", stamped + `
			abort
			> RST,ACK 1 ack 1 <ts 1100 500>`},
	})
}

// RFC 7323, 4.3
func TestTimestampsEcho(t *testing.T) {
	runScripts(t, []scriptCase{
		{"delayed ACKs echo the first of what they acknowledge", stamped + `
			slow
			< ACK 1+10 ack 1 win 65535 <ts 601 1100>
			none
			< ACK 11+10 ack 1 win 65535 <ts 602 1100>
			> ACK 1 ack 21 <ts 1100 601>
			< ACK 21+10 ack 1 win 65535 <ts 603 1100>
			wait 40ms
			> ACK 1 ack 31 <ts 1140 603>`},
		{"the figure: out of order, the last segment that advanced the window is echoed", stamped + `
			< ACK 1+10 ack 1 win 65535 <ts 601 1100>    | A
			> ACK 1 ack 11 <ts 1100 601>
			< ACK 21+10 ack 1 win 65535 <ts 603 1100>   | C
			> ACK 1 ack 11 <ts 1100 601>
			< ACK 11+10 ack 1 win 65535 <ts 602 1100>   | B
			> ACK 1 ack 31 <ts 1100 602>
			< ACK 41+10 ack 1 win 65535 <ts 605 1100>   | E
			> ACK 1 ack 31 <ts 1100 602>
			< ACK 31+10 ack 1 win 65535 <ts 604 1100>   | D
			> ACK 1 ack 51 <ts 1100 604>`},
		{"a segment from before does not set the time back", stamped + `
			< ACK 1+10 ack 1 win 65535 <ts 610 1100>
			> ACK 1 ack 11 <ts 1100 610>
			< ACK 1+10 ack 1 win 65535 <ts 605 1100> = ErrOldTimestamp
			> ACK 1 ack 11 <ts 1100 610>`},
		{"one sent again with a later time is not echoed when it is outside the window: R2 before R3", stamped + `
			< ACK 1+10 ack 1 win 65535 <ts 610 1100>
			> ACK 1 ack 11 <ts 1100 610>
			< ACK 1+10 ack 1 win 65535 <ts 700 1100> = ErrOutOfWindow
			> ACK 1 ack 11 <ts 1100 610>`},
		{"one that overlaps the left edge is echoed: SEG.SEQ <= Last.ACK.sent", stamped + `
			< ACK 1+10 ack 1 win 65535 <ts 610 1100>
			> ACK 1 ack 11 <ts 1100 610>
			< ACK 6+10 ack 1 win 65535 <ts 700 1100>
			> ACK 1 ack 16 <ts 1100 700>`},
		{"data before the handshake's last ACK has gone: the SYN,ACK is the first that the ACK is for", `
			config offset=1000
			open
			> SYN 0
			< SYN,ACK 0 ack 1 win 65535 <mss 1460, ts 500 1000>
			< ACK 1+10 ack 1 win 65535 <ts 600 1000>
			> ACK 1 ack 11 <ts 1000 500>`},
		{"an ACK without data sets the time as data does", stamped + `
			< ACK 1 ack 1 win 65535 <ts 650 1100>
			write 5
			> ACK 1+5 ack 1 <ts 1100 650>`},
	})
}

// RFC 7323, 5
func TestPAWS(t *testing.T) {
	runScripts(t, []scriptCase{
		{"data from before is acknowledged and not taken", stamped + `
			< ACK 1+10 ack 1 win 65535 <ts 499 1100> = ErrOldTimestamp
			> ACK 1 ack 1 <ts 1100 500>
			read 1 = 0`},
		{"nor is what it acknowledges, or its window", stamped + `
			write 10
			> ACK 1+10
			< ACK 1+1 ack 11 win 1 <ts 499 1100> = ErrOldTimestamp
			> ACK 11 ack 1
			info InFlight 10
			info SndWnd 65535
			< ACK 1 ack 11 win 65535 <ts 501 1100>
			deadline none`},
		{"a FIN from before does not close", stamped + `
			< FIN,ACK 1 ack 1 win 65535 <ts 499 1100> = ErrOldTimestamp
			> ACK 1 ack 1
			state ESTABLISHED`},
		{"a SYN from before is acknowledged", stamped + `
			< SYN 1 win 65535 <ts 499 1100> = ErrOldTimestamp
			> ACK 1 ack 1
			state ESTABLISHED`},
		{"the same time is not before", stamped + `
			< ACK 1+10 ack 1 win 65535 <ts 500 1100>
			> ACK 1 ack 11
			read 10`},
		{"the peer's clock wraps: 5 is later than 4294967290", `
			config offset=1000
			establish win 65535 <mss 1460, ts 4294967290 1000>
			< ACK 1+10 ack 1 win 65535 <ts 5 1000>
			> ACK 1 ack 11 <ts 1000 5>
			< ACK 11+10 ack 1 win 65535 <ts 4294967291 1000> = ErrOldTimestamp
			> ACK 1 ack 11 <ts 1000 5>
			read 20 = 10`},
		{"half a circle of the clock is the bound: 2147483647 later is later", `
			config offset=1000
			establish win 65535 <mss 1460, ts 10 1000>
			< ACK 1+10 ack 1 win 65535 <ts 2147483657 1000>
			> ACK 1 ack 11 <ts 1000 2147483657>
			< ACK 11+10 ack 1 win 65535 <ts 10 1000> = ErrOldTimestamp
			> ACK 1 ack 11`},
		{"a connection that was idle for 23 days still knows", stamped + `
			wait 552h
			< ACK 1+10 ack 1 win 65535 <ts 499 1100> = ErrOldTimestamp
			> ACK 1 ack 1 <ts 1987201100 500>`},
		{"after more than 24 the time that is kept is no time any more: 5.5", stamped + `
			wait 577h
			< ACK 1+10 ack 1 win 65535 <ts 499 1100>
			> ACK 1 ack 11 <ts 2077201100 499>
			< ACK 11+10 ack 1 win 65535 <ts 498 1100> = ErrOldTimestamp   | and counts anew
			> ACK 1 ack 11
			read 20 = 10`},
		{"in SYN-RECEIVED, too", `
			config offset=7
			accept SYN 0 win 65535 <mss 1460, ts 100 0>
			> SYN,ACK 0 ack 1 <mss 1460, ts 7 100>
			< ACK 1 ack 1 win 65535 <ts 99 7> = ErrOldTimestamp
			> ACK 1 ack 1
			state SYN-RECEIVED
			< ACK 1 ack 1 win 65535 <ts 100 7>
			state ESTABLISHED`},
		{"in TIME-WAIT an old segment of the connection does not restart the wait", stamped + `
			close
			> FIN,ACK 1 ack 1
			< FIN,ACK 1 ack 2 win 65535 <ts 600 1100>
			> ACK 2 ack 2 <ts 1100 600>
			state TIME-WAIT
			wait 30s
			< FIN,ACK 1 ack 1 win 65535 <ts 550 1100> = ErrOldTimestamp
			> ACK 2 ack 2
			deadline 30s`},
	})
}

// RFC 7323, 4.1 and 4.2
func TestRTTM(t *testing.T) {
	runScripts(t, []scriptCase{
		{"the handshake is the first sample", stamped + `
			info SRTT 100ms
			info RTTVar 50ms
			rto 300ms`},
		{"what was sent again is measured by the time that is echoed: of the second here", stamped + `
			write 10
			> ACK 1+10 <ts 1100 500>
			wait 300ms
			> ACK 1+10 <ts 1400 500>
			wait 180ms
			< ACK 1 ack 11 win 65535 <ts 900 1400>
			info SRTT 110ms              | 100 + (180 - 100)/8
			info RTTVar 57.5ms           | 50 + (80 - 50)/4
			rto 340ms`},
		{"an echo from before it was sent again is none: it may have come at once, and its ACK be lost", stamped + `
			write 10
			> ACK 1+10 <ts 1100 500>
			wait 300ms
			> ACK 1+10 <ts 1400 500>
			wait 20ms
			< ACK 1 ack 11 win 65535 <ts 900 1100>
			info SRTT 100ms
			info RTTVar 50ms`},
		{"an ACK that acknowledges nothing new is no sample: MAY only if it advances the left edge", stamped + `
			write 10
			> ACK 1+10 <ts 1100 500>
			wait 200ms
			< ACK 1 ack 1 win 65535 <ts 700 1000>
			info SRTT 100ms
			< ACK 1 ack 11 win 65535 <ts 700 1100>
			info SRTT 112.5ms`},
		{"a time that our clock has not reached is no sample", stamped + `
			write 10
			> ACK 1+10
			wait 300ms
			> ACK 1+10
			< ACK 1 ack 11 win 65535 <ts 900 1500>
			info SRTT 100ms`},
		{"nor is one from before the connection", stamped + `
			write 10
			> ACK 1+10
			wait 300ms
			> ACK 1+10
			< ACK 1 ack 11 win 65535 <ts 900 999>
			info SRTT 100ms`},
		{"our clock may wrap between a segment and its ACK", `
			config offset=4294967146
			open
			> SYN 0 <mss 1460, sackok, ts 4294967146 0, wscale 0>
			wait 100ms
			< SYN,ACK 0 ack 1 win 65535 <mss 1460, ts 500 4294967146>
			> ACK 1 ack 1 <ts 4294967246 500>
			write 10
			> ACK 1+10 <ts 4294967246 500>
			wait 300ms
			> ACK 1+10 <ts 250 500>
			wait 180ms
			< ACK 1 ack 11 win 65535 <ts 900 250>
			info SRTT 110ms`},
		{"several samples a round trip count for less each: 4.2", stamped + `
			write 5792
			> ACK 1+1448
			> ACK 1449+1448
			> ACK 2897+1448
			> ACK 4345+1448
			wait 180ms
			< ACK 1 ack 1449 win 65535 <ts 680 1100>
			info SRTT 105ms              | two ACKs are expected for four segments: 80/(8*2)
			info RTTVar 53.75ms          | 50 + (80 - 50)/(4*2)
			< ACK 1 ack 5793 win 65535 <ts 680 1100>`},
		{"appendix G rounds up: two ACKs are expected for two segments and a half", stamped + `
			write 3620
			> ACK 1+1448
			> ACK 1449+1448
			> ACK 2897+724
			wait 180ms
			< ACK 1 ack 3621 win 65535 <ts 680 1100>
			info SRTT 105ms`},
		{"one is for two", stamped + `
			write 2896
			> ACK 1+1448
			> ACK 1449+1448
			wait 180ms
			< ACK 1 ack 2897 win 65535 <ts 680 1100>
			info SRTT 110ms`},
	})
}

package tcp

import "testing"

// RFC 9293, 3.8.6.2.1
func TestSenderSillyWindow(t *testing.T) {
	runScripts(t, []scriptCase{
		{"rule 1: a maximum-sized segment can be sent", `
			establish win 1000 <mss 100>
			write 1500
			setcwnd 5000
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			> ACK 301+100
			> ACK 401+100
			> ACK 501+100
			> ACK 601+100
			> ACK 701+100
			> ACK 801+100
			> ACK 901+100
			< ACK 1 ack 1001 win 499
			> ACK 1001+100
			> ACK 1101+100
			> ACK 1201+100
			> ACK 1301+100
			none                           | 99 of the window is less than a segment and than 500
			< ACK 1 ack 1401 win 1000
			> ACK 1401+100
			< ACK 1 ack 1501 win 1000`},
		{"rule 2: all that is queued fits", `
			establish win 1000 <mss 536>
			write 20
			> ACK,PSH 1+20
			< ACK 1 ack 21 win 20
			write 20
			> ACK,PSH 21+20
			< ACK 1 ack 41 win 1000`},
		{"rule 3: half of the largest window", `
			establish win 600 <mss 536>
			write 1500
			> ACK 1+536
			none                           | 64
			< ACK 1 ack 537 win 299
			none
			< ACK 1 ack 537 win 300
			> ACK 537+300
			< ACK 1 ack 837 win 536
			> ACK 837+536
			< ACK 1 ack 1373 win 600
			> ACK 1373+128
			< ACK 1 ack 1501 win 600`},
		{"rule 4: the override timeout, from 0.1 to 1 s", `
			establish win 1000 <mss 536>
			write 1001
			> ACK 1+536
			none
			< ACK 1 ack 537 win 100
			none
			deadline 200ms
			wait 199ms
			none
			wait 1ms
			> ACK 537+100
			none
			< ACK 1 ack 637 win 1000
			> ACK 637+365
			< ACK 1 ack 1002 win 1000`},
		{"the largest window that ever was counts, not the last", `
			establish win 1000 <mss 536>
			< ACK 1 ack 1 win 200
			write 300
			none
			< ACK 1 ack 1 win 499
			> ACK 1+300
			< ACK 1 ack 301 win 1000`},
		{"a peer that opens its window byte by byte gets no tinygrams", `
			establish win 536 <mss 536>
			write 1000
			> ACK 1+536
			< ACK 1 ack 537 win 0
			< ACK 1 ack 537 win 1
			none
			< ACK 1 ack 537 win 2
			none
			< ACK 1 ack 537 win 100
			none
			< ACK 1 ack 537 win 267
			none
			< ACK 1 ack 537 win 268
			> ACK 537+268
			< ACK 1 ack 805 win 536
			> ACK 805+196
			< ACK 1 ack 1001 win 536`},
	})
}

// RFC 9293, 3.8.6.2.2
func TestReceiverSillyWindow(t *testing.T) {
	runScripts(t, []scriptCase{
		{"the right edge stays until there is room for a segment", `
			config rx=10000 mss=1000
			establish win 1000
			slow
			< ACK 1+1000 ack 1 win 1000
			< ACK 1001+1000 ack 1 win 1000
			> ACK 1 ack 2001 win 8000
			read 999
			< ACK 2001+1 ack 1 win 1000
			< ACK 2002+1 ack 1 win 1000
			> ACK 1 ack 2003 win 7998      | 999 more are less than a segment
			read 1
			< ACK 2003+1 ack 1 win 1000
			< ACK 2004+1 ack 1 win 1000
			> ACK 1 ack 2005 win 8996      | a thousand are one`},
		{"a small buffer: until half of it is free", `
			config rx=800 mss=1000
			establish win 1000
			< ACK 1+800 ack 1 win 1000
			> ACK 1 ack 801 win 0
			read 399
			none
			< ACK 801+1 ack 1 win 1000 = ErrOutOfWindow
			> ACK 1 ack 801 win 0
			read 1
			> ACK 1 ack 801 win 400
			read 400
			> ACK 1 ack 801 win 800`},
		{"an application that reads byte by byte causes no flood of updates", `
			config rx=4000 mss=1000
			establish win 1000
			< ACK 1+1000 ack 1 win 1000
			> ACK 1 ack 1001
			< ACK 1001+1000 ack 1 win 1000
			> ACK 1 ack 2001
			< ACK 2001+1000 ack 1 win 1000
			> ACK 1 ack 3001
			< ACK 3001+1000 ack 1 win 1000
			> ACK 1 ack 4001 win 0
			readeach 1999
			none
			read 1
			> ACK 1 ack 4001 win 2000
			readeach 1999
			none
			read 1
			> ACK 1 ack 4001 win 4000`},
		{"the window is offered in units of its scale: less than one unit is none", `
			config rx=1048576 mss=1000
			establish win 1000 <mss 1000, wscale 0>
			< ACK 1+1024 ack 1 win 1000
			> ACK 1 ack 1025 win 32736     | (1048576 - 1024) / 32
			read 1024
			< ACK 1025+32 ack 1 win 1000
			> ACK 1 ack 1057 win 32767`},
		{"two ends that are silly together still move: the sender's timer overrides", `
			config rx=2
			establish win 2 <mss 1000>
			write 4
			> ACK 1+2
			< ACK 1+2 ack 3 win 0
			> ACK 3 ack 3 win 0
			read 1
			> ACK 3 ack 3 win 1
			wait 200ms
			> ACK 3+1 ack 3
			< ACK 3 ack 4 win 2
			> ACK 4+1 ack 3
			< ACK 3 ack 5 win 2`},
	})
}

package tcp

import "testing"

func TestSendWindow(t *testing.T) {
	runScripts(t, []scriptCase{
		{"no more is sent than the window takes", `
			establish win 250 <mss 100>
			write 400
			> ACK 1+100
			> ACK 101+100
			none                          | 50 bytes are a silly window
			< ACK 1 ack 101 win 250
			> ACK 201+100
			< ACK 1 ack 301 win 250
			> ACK 301+100
			< ACK 1 ack 401 win 250`},
		{"a silly window is left alone until the timer ends it: RFC 9293, 3.8.6.2.1", `
			establish win 110 <mss 100>
			write 200
			> ACK 1+100
			< ACK 1 ack 101 win 20
			none
			deadline 200ms
			wait 200ms
			> ACK 101+20
			< ACK 1 ack 121 win 100
			> ACK 121+80
			< ACK 1 ack 201 win 100`},
		{"half the largest window that there was is not silly", `
			establish win 90 <mss 100>
			write 200
			> ACK 1+90
			< ACK 1 ack 91 win 44
			none
			< ACK 1 ack 91 win 45
			> ACK 91+45
			< ACK 1 ack 136 win 90
			> ACK 136+65
			< ACK 1 ack 201 win 90`},
		{"all that there is is not silly", `
			establish win 1000 <mss 100>
			write 1
			> ACK,PSH 1+1
			write 1
			> ACK,PSH 2+1
			< ACK 1 ack 3 win 1000`},
		{"an old segment does not change the window: RFC 9293, 3.10.7.4, fifth", `
			establish win 1000 <mss 1000>
			< ACK 1+10 ack 1 win 2000
			> ACK 1 ack 11
			< ACK 0 ack 1 win 3000 = ErrOutOfWindow
			> ACK 1 ack 11
			write 2500
			> ACK 1+1000
			> ACK 1001+1000
			none
			< ACK 11 ack 2001 win 2000
			> ACK 2001+500
			< ACK 11 ack 2501 win 2000`},
		{"of segments with one number the one with the later ACK has the window", `
			establish win 1000 <mss 500>
			write 2000
			> ACK 1+500
			> ACK 501+500
			< ACK 1 ack 1001 win 500
			> ACK 1001+500
			< ACK 1 ack 501 win 9000       | overtaken by the one above
			none
			< ACK 1 ack 1501 win 500
			> ACK 1501+500
			< ACK 1 ack 2001 win 500`},
		{"a window that shrinks below what is in flight: it is sent again when due", `
			establish win 1000 <mss 100>
			write 300
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			< ACK 1 ack 101 win 50
			none
			wait 200ms
			> ACK 101+100
			< ACK 1 ack 151 win 250       | the rest of the segment did not fit
			> ACK 201+100
			wait 200ms
			> ACK 151+100
			< ACK 1 ack 301 win 1000`},
		{"a window that shrinks to nothing is probed: RFC 1122, 4.2.2.16", `
			establish win 1000 <mss 100>
			write 300
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			< ACK 1 ack 101 win 0
			wait 200ms
			> ACK 101+1
			< ACK 1 ack 101 win 0
			wait 400ms
			> ACK 101+1
			< ACK 1 ack 101 win 1000
			> ACK 101+100
			> ACK 201+100
			< ACK 1 ack 301 win 1000`},
	})
}

// RFC 9293, 3.8.6.1
func TestPersist(t *testing.T) {
	runScripts(t, []scriptCase{
		{"a closed window is probed after one timeout, and then ever more rarely", `
			establish win 0 <mss 100>
			write 100
			none
			deadline 200ms
			wait 200ms
			> ACK 1+1
			< ACK 1 ack 1 win 0
			deadline 400ms
			wait 400ms
			> ACK 1+1
			< ACK 1 ack 1 win 0
			deadline 800ms
			wait 800ms
			> ACK 1+1
			< ACK 1 ack 1 win 0
			deadline 1600ms
			< ACK 1 ack 1 win 1000
			> ACK 1+100
			deadline 200ms               | the probes' waiting is over with them
			< ACK 1 ack 101 win 1000`},
		{"a probe whose byte is taken counts", `
			establish win 0 <mss 100>
			write 3
			none
			wait 200ms
			> ACK 1+1
			< ACK 1 ack 2 win 0
			none
			wait 200ms
			> ACK 2+1
			< ACK 1 ack 3 win 0
			none
			wait 200ms
			> ACK 3+1
			< ACK 1 ack 4 win 0
			deadline none`},
		{"the window's update was lost: a probe's answer brings it", `
			establish win 100 <mss 100>
			write 200
			> ACK 1+100
			< ACK 1 ack 101 win 0
			wait 200ms
			> ACK 101+1
			< ACK 1 ack 102 win 100
			> ACK 102+99
			< ACK 1 ack 201 win 100`},
		{"a FIN behind a closed window is a probe itself", `
			establish win 0
			close
			none
			wait 200ms
			> FIN,ACK 1
			< ACK 1 ack 1 win 0
			wait 400ms
			> FIN,ACK 1
			< ACK 1 ack 2 win 0
			state FIN-WAIT-2
			deadline none`},
		{"a closed window with nothing to send needs no timer", `
			establish win 0
			deadline none
			write 1
			none
			deadline 200ms`},
		{"the answers to probes are no duplicate ACKs", `
			establish win 0 <mss 100>
			write 100
			none
			wait 200ms
			> ACK 1+1
			< ACK 1 ack 1 win 0
			< ACK 1 ack 1 win 0
			< ACK 1 ack 1 win 0
			< ACK 1 ack 1 win 0
			none`},
		{"a probe in a probe's place: the peer probes our closed window while we probe its", `
			config rx=10
			establish win 0 <mss 100>
			write 10
			< ACK 1+10 ack 1 win 0
			> ACK 1 ack 11 win 0
			< ACK 11+1 ack 1 win 0 = ErrOutOfWindow
			> ACK 1 ack 11 win 0
			wait 200ms
			> ACK 1+1 ack 11 win 0
			< ACK 11+1 ack 2 win 10 = ErrOutOfWindow   | its data is refused, not its ACK
			> ACK 2+9 ack 11
			< ACK 11 ack 11 win 10`},
		{"data behind a closed window does not count as silence while the peer answers", `
			establish win 0 <mss 100>
			write 10
			none
			answered 40
			state ESTABLISHED`},
		{"a silent peer ends it, but not before many probes", `
			establish win 0 <mss 100>
			write 10
			none
			silent 100s
			state CLOSED
			err ErrTimeout`},
		{"when the application has closed a peer may not hold the rest of its data for ever: RFC 6429", `
			establish win 0 <mss 100>
			write 10
			close
			discard
			none
			answered 14
			state FIN-WAIT-1
			wait 60s
			> ACK 1+1
			< ACK 1 ack 1 win 0
			wait 60s
			> RST,ACK 1 ack 1
			state CLOSED
			err ErrTimeout`},
	})
}

func TestReceiveWindow(t *testing.T) {
	runScripts(t, []scriptCase{
		{"the window closes as data waits and opens as it is read", `
			config rx=3000
			establish win 1000
			< ACK 1+1460 ack 1 win 1000
			> ACK 1 ack 1461 win 1540
			< ACK 1461+1460 ack 1 win 1000
			> ACK 1 ack 2921 win 80
			read 1000
			none                           | 1000 more are neither a segment nor half the buffer
			read 500
			> ACK 1 ack 2921 win 1580
			read 1420
			none                           | 1420 more: as before
			< ACK 2921+1000 ack 1 win 1000
			> ACK 1 ack 3921 win 580
			read 1000
			> ACK 1 ack 3921 win 3000`},
		{"a silly window is not offered: RFC 9293, 3.8.6.2.2", `
			config rx=1000
			establish win 1000
			< ACK 1+1000 ack 1 win 1000
			> ACK 1 ack 1001 win 0
			read 499
			none
			< ACK 1001+1 ack 1 win 1000 = ErrOutOfWindow
			> ACK 1 ack 1001 win 0
			read 1
			> ACK 1 ack 1001 win 500
			read 500
			> ACK 1 ack 1001 win 1000`},
		{"a buffer of one byte works", `
			config rx=1 tx=1
			establish win 1
			< ACK 1+1 ack 1 win 1
			> ACK 1 ack 2 win 0
			read 1
			> ACK 1 ack 2 win 1
			write 2 = 1
			> ACK 1+1 ack 2
			write 1 = 0
			< ACK 2 ack 2 win 1
			write 1
			> ACK 2+1 ack 2
			< ACK 2 ack 3 win 1`},
		{"data beyond an offered window of a large buffer is not taken", `
			config rx=200000
			establish win 1000
			< ACK 65500+1 ack 1 win 1000
			> ACK 1 ack 1 win 65535
			< ACK 65537+1 ack 1 win 1000 = ErrOutOfWindow
			> ACK 1 ack 1`},
		{"the window that is offered is rounded down to the scale's unit, and still taken whole", `
			config rx=100000 mss=1460
			establish win 1000 <mss 1460, wscale 0>
			< ACK 1+1 ack 1 win 1000
			> ACK 1 ack 2 win 49999
			< ACK 2+1 ack 1 win 1000
			> ACK 1 ack 3 win 49999
			read 2`},
		{"reading behind the peer's FIN needs no window", `
			config rx=1000
			establish win 1000
			< FIN,ACK 1+1000 ack 1 win 1000
			> ACK 1 ack 1002
			read 1000
			none`},
	})
}

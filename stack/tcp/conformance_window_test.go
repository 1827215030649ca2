package tcp

import "testing"

// TestShrinkingWindow: RFC 9293, 3.8.6: "a sending TCP peer MUST be robust against window
// shrinking", by which the usable window may become negative.
func TestShrinkingWindow(t *testing.T) {
	const three = `
			establish win 1000 <mss 100>
			write 500
			setcwnd 300
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			none`
	runScripts(t, []scriptCase{
		{"a usable window that becomes negative: no new data is sent", three + `
			setcwnd 10000
			< ACK 1 ack 101 win 100      | 101 to 300 are in flight
			none`},
		{"what lies in the window that is left is sent again normally", three + `
			< ACK 1 ack 101 win 100
			wait 200ms
			> ACK 101+100
			setcwnd 1000
			none                         | 201 lies beyond it
			< ACK 1 ack 201 win 100      | after a timeout what follows goes at once: RFC 5681, 3.1
			> ACK 201+100
			< ACK 1 ack 301 win 200
			> ACK 301+100
			> PSH,ACK 401+100
			< ACK 1 ack 501 win 200`},
		{"a window that shrinks and grows again is used again", three + `
			setcwnd 10000
			< ACK 1 ack 1 win 10
			none
			< ACK 1 ack 1 win 1000
			> ACK 301+100
			> PSH,ACK 401+100
			< ACK 1 ack 501 win 1000`},
		{"data beyond the right edge is not acknowledged: the connection is not ended", three + `
			< ACK 1 ack 1 win 0
			answered 40
			state ESTABLISHED
			< ACK 1 ack 1 win 500
			consume                      | as the congestion window lets it
			< ACK 1 ack 301 win 500
			consume
			< ACK 1 ack 501 win 500
			deadline none`},
		{"a window that shrinks to zero is probed in the standard way", three + `
			< ACK 1 ack 1 win 0
			none
			wait 200ms
			> ACK 1+1
			< ACK 1 ack 1 win 0
			wait 400ms
			> ACK 1+1
			< ACK 1 ack 301 win 0        | it had come before the window shrank
			wait 200ms
			> ACK 301+1
			< ACK 1 ack 301 win 0`},
		{"a FIN beyond the right edge is sent again when the window opens", `
			establish win 100 <mss 100>
			write 50
			close
			> FIN,PSH,ACK 1+50
			< ACK 1 ack 1 win 0
			wait 200ms
			> ACK 1+1
			< ACK 1 ack 2 win 100
			> FIN,PSH,ACK 2+49
			< ACK 1 ack 52 win 100
			state FIN-WAIT-2`},
		{"an ACK for more than the shrunk window is taken: it was sent", three + `
			< ACK 1 ack 1 win 10
			< ACK 1 ack 301 win 1000
			> ACK 301+100
			> PSH,ACK 401+100
			< ACK 1 ack 501 win 1000`},
	})
}

// TestClosedReceiveWindow: RFC 9293, 3.8.6.1: "A TCP implementation MAY keep its offered receive
// window closed indefinitely"; "When the receiving TCP peer has a zero window and a segment
// arrives, it must still send an acknowledgment showing its next expected sequence number and
// current window (zero)".
func TestClosedReceiveWindow(t *testing.T) {
	probes := ""
	for range 40 {
		probes += "wait 60s\n< ACK 11+1 ack 1 win 65535 = ErrOutOfWindow\n> ACK 1 ack 11 win 0\n"
	}
	const filled = "config rx=10\nin ESTABLISHED\n< ACK 1+10 ack 1 win 65535\n> ACK 1 ack 11 win 0\n"
	runScripts(t, []scriptCase{
		{"our window stays closed for as long as nobody reads: each probe is answered", filled + probes + "state ESTABLISHED\nread 10\n> ACK 1 ack 11 win 10"},
		{"a probe that is resent at once is answered at once", filled + `
			< ACK 11+1 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 11 win 0
			< ACK 11+1 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 11 win 0`},
		{"more data than fits is refused, and asked for again", filled + `
			< ACK 11+10 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 11 win 0
			read 10
			> ACK 1 ack 11 win 10
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 21 win 0
			read 10
			> ACK 1 ack 21 win 10`},
		{"we send with our own window closed", filled + `
			write 5
			> PSH,ACK 1+5 ack 11 win 0
			< ACK 11 ack 6 win 65535`},
	})
}

// TestZeroWindowProbes: RFC 9293, 3.8.6.1.
func TestZeroWindowProbes(t *testing.T) {
	runScripts(t, []scriptCase{
		{"the first probe after one retransmission timeout, measured: 300 ms", `
			in SYN-SENT
			wait 100ms
			< SYN,ACK 0 ack 1 win 0 <mss 100>
			> ACK 1 ack 1
			write 9
			none
			deadline 300ms
			wait 300ms
			> ACK 1+1
			deadline 600ms               | twice that
			< ACK 1 ack 1 win 0
			wait 600ms
			> ACK 1+1
			deadline 1200ms`},
		{"the interval of the probes ends at a minute", `
			establish win 0 <mss 100>
			write 9
			none
			answered 15
			deadline 1m
			wait 60s
			> ACK 1+1
			< ACK 1 ack 1 win 0
			deadline 1m`},
		{"hours with a closed window do not end the connection while its probes are answered", `
			establish win 0 <mss 100>
			write 9
			none
			answered 300
			state ESTABLISHED
			< ACK 1 ack 1 win 100
			> PSH,ACK 1+9
			< ACK 1 ack 10 win 100`},
		{"CLOSE-WAIT probes, too", `
			establish win 0 <mss 100>
			< FIN,ACK 1 ack 1 win 0
			> ACK 1 ack 2
			write 9
			none
			wait 200ms
			> ACK 1+1 ack 2
			< ACK 2 ack 1 win 100
			> PSH,ACK 1+9
			< ACK 2 ack 10 win 100`},
		{"a window update without a probe ends the probing", `
			establish win 0 <mss 100>
			write 9
			none
			wait 100ms
			< ACK 1 ack 1 win 100
			> PSH,ACK 1+9
			< ACK 1 ack 10 win 100
			deadline none`},
	})
}

// TestAcknowledging: RFC 9293, 3.8.6.3, and 3.10.7.4: "the processing of received segments MUST be
// implemented to aggregate ACK segments whenever possible".
func TestAcknowledging(t *testing.T) {
	runScripts(t, []scriptCase{
		{"all that is queued is processed before one ACK is sent", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			< ACK 11+10 ack 1 win 65535
			< ACK 21+10 ack 1 win 65535
			< ACK 31+10 ack 1 win 65535
			> ACK 1 ack 41
			none`},
		{"data and the FIN behind it have one ACK", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			< FIN,ACK 11+10 ack 1 win 65535
			> ACK 1 ack 22
			none`},
		{"a gap and what fills it have one ACK when both are there", `
			in ESTABLISHED
			< ACK 11+10 ack 1 win 65535
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 21
			none`},
		{"the ACK and the window update of a read are one segment", `
			config rx=1000
			in ESTABLISHED
			< ACK 1+1000 ack 1 win 65535
			read 1000
			> ACK 1 ack 1001 win 1000
			none`},
		{"one segment's ACK is delayed, less than half a second", `
			in ESTABLISHED
			slow
			< ACK 1+10 ack 1 win 65535
			none
			deadline 40ms
			wait 40ms
			> ACK 1 ack 11`},
		{"2 * RMSS bytes are acknowledged at once, however they come", `
			in ESTABLISHED
			slow
			< ACK 1+1460 ack 1 win 65535
			none
			< ACK 1461+1460 ack 1 win 65535
			> ACK 1 ack 2921
			< ACK 2921+1460 ack 1 win 65535
			none
			< ACK 4381+1460 ack 1 win 65535
			> ACK 1 ack 5841
			deadline none`},
		{"the delay counts from the first segment that was not acknowledged", `
			in ESTABLISHED
			slow
			< ACK 1+10 ack 1 win 65535
			wait 39ms
			deadline 1ms
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 21
			deadline none`},
		{"data that is written takes the delayed ACK with it", `
			in ESTABLISHED
			slow
			< ACK 1+10 ack 1 win 65535
			write 5
			> PSH,ACK 1+5 ack 11
			none
			< ACK 11 ack 6 win 65535
			deadline none`},
		{"a segment in the window, not at its left edge, is acknowledged at once with RCV.NXT", `
			in ESTABLISHED
			slow
			< ACK 100+10 ack 1 win 65535
			> ACK 1 ack 1
			< ACK 200+10 ack 1 win 65535
			> ACK 1 ack 1`},
		{"segments beyond the next number are held: once the gap is filled all are there", `
			in ESTABLISHED
			< ACK 21+10 ack 1 win 65535
			> ACK 1 ack 1
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 1
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 31
			read 30`},
		{"only the new part of a segment that straddles the old is processed", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			< ACK 1+20 ack 1 win 65535
			> ACK 1 ack 21
			read 99 = 20`},
		{"an ACK that was overtaken does not undo the window: SND.WL1, SND.WL2", `
			establish win 1000 <mss 100>
			< ACK 1+10 ack 1 win 50
			> ACK 1 ack 11
			< ACK 1 ack 1 win 1000 = ErrOutOfWindow
			> ACK 1 ack 11
			write 100
			none
			< ACK 11 ack 1 win 100
			> PSH,ACK 1+100
			< ACK 11 ack 101 win 100`},
	})
}

// TestNagle: RFC 9293, 3.7.4.
func TestNagle(t *testing.T) {
	const on = "config nagle=1\nestablish win 65535 <mss 100>\n"
	runScripts(t, []scriptCase{
		{"with data unacknowledged small writes are collected until it is", on + `
			write 10
			> PSH,ACK 1+10
			write 10
			none
			write 10
			none
			< ACK 1 ack 11 win 65535
			> PSH,ACK 11+20
			< ACK 1 ack 31 win 65535`},
		{"with nothing unacknowledged a small write goes at once", on + `
			write 10
			> PSH,ACK 1+10
			< ACK 1 ack 11 win 65535
			write 10
			> PSH,ACK 11+10
			< ACK 1 ack 21 win 65535`},
		{"a full segment goes at once", on + `
			write 10
			> PSH,ACK 1+10
			write 60
			none
			write 60
			> ACK 11+100
			none
			< ACK 1 ack 111 win 65535
			> PSH,ACK 111+20
			< ACK 1 ack 131 win 65535`},
		{"closing does not wait for an acknowledgment", on + `
			write 10
			> PSH,ACK 1+10
			write 10
			close
			> FIN,PSH,ACK 11+10
			< ACK 1 ack 22 win 65535
			state FIN-WAIT-2`},
		{"without it each small write goes at once", "config nagle=0\nestablish win 65535 <mss 100>\n" + `
			write 10
			> PSH,ACK 1+10
			write 10
			> PSH,ACK 11+10
			write 10
			> PSH,ACK 21+10
			< ACK 1 ack 31 win 65535`},
		{"without it small segments are still bounded by the congestion window", "config nagle=0\nestablish win 65535 <mss 100>\n" + `
			setcwnd 15
			write 10
			> PSH,ACK 1+10
			write 10
			none
			< ACK 1 ack 11 win 65535
			> PSH,ACK 11+10
			< ACK 1 ack 21 win 65535`},
	})
}

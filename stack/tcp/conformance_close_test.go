package tcp

import "testing"

// TestResetWithData: RFC 9293, 3.5.3: "TCP implementations SHOULD allow a received RST segment to
// include data", and 3.10.7.4: RSTs are valid with a closed window, too.
func TestResetWithData(t *testing.T) {
	runScripts(t, []scriptCase{
		{"a RST may include data: it is not given to the reader", `
			in ESTABLISHED
			< RST 1+30
			state CLOSED
			read 30 = ErrReset`},
		{"a RST,ACK may include data", "in ESTABLISHED\n< RST,ACK 1+30 ack 1\nstate CLOSED\nerr ErrReset"},
		{"a RST with data behind the next number is challenged", `
			in ESTABLISHED
			< RST 5+30 = ErrChallenge
			> ACK 1 ack 1
			state ESTABLISHED`},
		{"a RST with data that ends at the next number does not count", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			< RST 1+20 = ErrChallenge
			> ACK 1 ack 11
			state ESTABLISHED`},
		{"a RST is heeded with a closed window", `
			config rx=10
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11 win 0
			< RST 11
			state CLOSED
			err ErrReset`},
		{"a RST with data is heeded with a closed window", `
			config rx=10
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11 win 0
			< RST 11+9
			state CLOSED
			err ErrReset`},
		{"a RST elsewhere is not heeded with a closed window", `
			config rx=10
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11 win 0
			< RST 12 = ErrOutOfWindow
			< RST 10 = ErrOutOfWindow
			< RST 12+9 = ErrOutOfWindow
			state ESTABLISHED`},
		{"an ACK is heeded with a closed window", `
			config rx=10
			in ESTABLISHED
			write 5
			> PSH,ACK 1+5
			< ACK 1+10 ack 1 win 65535
			> ACK 6 ack 11 win 0
			< ACK 11 ack 6 win 65535
			deadline none`},
		{"what came before a RST can be read before the error", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			< RST 11
			read 99 = 10
			read 99 = ErrReset`},
	})
}

// TestApplicationLearnsHowItEnded: RFC 9293, 3.6: "the local application MUST be informed whether
// it closed normally or was aborted".
func TestApplicationLearnsHowItEnded(t *testing.T) {
	runScripts(t, []scriptCase{
		{"the peer closed: end of file, no error", "in CLOSE-WAIT\nread 1 = EOF\nerr nil"},
		{"the peer reset: an error", "in ESTABLISHED\n< RST 1\nread 1 = ErrReset\nwrite 1 = ErrReset\nerr ErrReset"},
		{"the peer reset behind its FIN: end of file for the reader, an error for the writer", `
			in CLOSE-WAIT
			< RST 2
			read 1 = EOF
			write 1 = ErrReset
			err ErrReset`},
		{"the peer reset before the FIN that was under way: an error", `
			in ESTABLISHED
			< FIN,ACK 11 ack 1 win 65535
			> ACK 1 ack 1
			< RST 1
			read 1 = ErrReset`},
		{"both closed: no error", "in LAST-ACK\n< ACK 2 ack 2 win 65535\nstate CLOSED\nread 1 = EOF\nerr nil"},
		{"a RST in LAST-ACK: both had closed, but our last data may be lost: CLOSED", "in LAST-ACK\n< RST 2\nstate CLOSED"},
		{"the host failed: its error", "in ESTABLISHED\nfail\nread 1 = errHost\nwrite 1 = errHost"},
		{"nobody answers: a timeout", "in LAST-ACK\nsilent 100s\nerr ErrTimeout"},
	})
}

// TestClosingSequences: RFC 9293, 3.6 and 3.10.7.4, "Eighth, check the FIN bit".
func TestClosingSequences(t *testing.T) {
	runScripts(t, []scriptCase{
		{"figure 12, peer A: FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT, 2 MSL, CLOSED", `
			in ESTABLISHED
			close
			state FIN-WAIT-1
			> FIN,ACK 1 ack 1
			< ACK 1 ack 2 win 65535
			state FIN-WAIT-2
			< FIN,ACK 1 ack 2 win 65535
			state TIME-WAIT
			> ACK 2 ack 2
			wait 60s
			none
			state CLOSED`},
		{"figure 12, peer B: CLOSE-WAIT, LAST-ACK, CLOSED", `
			in ESTABLISHED
			< FIN,ACK 1 ack 1 win 65535
			state CLOSE-WAIT
			> ACK 1 ack 2
			close
			state LAST-ACK
			> FIN,ACK 1 ack 2
			< ACK 2 ack 2 win 65535
			state CLOSED`},
		{"figure 13: CLOSING, TIME-WAIT, 2 MSL, CLOSED", `
			in ESTABLISHED
			close
			> FIN,ACK 1 ack 1
			< FIN,ACK 1 ack 1 win 65535
			state CLOSING
			> ACK 2 ack 2
			< ACK 2 ack 2 win 65535
			state TIME-WAIT
			wait 60s
			none
			state CLOSED`},
		{"CLOSING: an ACK that is not of our FIN is ignored", `
			in CLOSING
			< ACK 2 ack 1 win 65535
			state CLOSING`},
		{"LAST-ACK: an ACK that is not of our FIN is ignored", `
			in LAST-ACK
			< ACK 2 ack 1 win 65535
			state LAST-ACK`},
		{"TIME-WAIT: nothing but a FIN restarts the 2 MSL", `
			in TIME-WAIT
			wait 50s
			< ACK 2 ack 2 win 65535
			deadline 10s
			< ACK 2+5 ack 2 win 65535
			> ACK 2 ack 2
			deadline 10s
			wait 10s
			none
			state CLOSED`},
		{"TIME-WAIT: a SYN from before the window is acknowledged, and does not open again", `
			in TIME-WAIT
			< SYN -9000 win 65535 = ErrOutOfWindow
			> ACK 2 ack 2
			state TIME-WAIT`},
		{"TIME-WAIT: a late answer to our keep-alive or probe is not answered", `
			in TIME-WAIT
			< ACK 2 ack 2 win 65535
			none
			deadline 1m`},
		{"FIN-WAIT-2: the peer's data is taken as long as it comes", `
			in FIN-WAIT-2
			wait 3600s
			< ACK 1+10 ack 2 win 65535
			> ACK 2 ack 11
			read 10
			state FIN-WAIT-2`},
		{"the other timers are off in TIME-WAIT", `
			in FIN-WAIT-2
			keepalive 10s 1s 3
			< FIN,ACK 1 ack 2 win 65535
			> ACK 2 ack 2
			deadline 1m
			wait 60s
			none
			state CLOSED`},
		{"CLOSE-WAIT, CLOSING, LAST-ACK, TIME-WAIT: segment text should not occur and is ignored", `
			in CLOSE-WAIT
			< ACK 2+10 ack 1 win 65535
			> ACK 1 ack 2
			read 1 = EOF`},
		{"a FIN with PSH and data: the data first", `
			in ESTABLISHED
			< FIN,PSH,ACK 1+10 ack 1 win 65535
			> ACK 1 ack 12
			read 99 = 10
			read 99 = EOF`},
		{"data, FIN and the ACK of our FIN in one segment: TIME-WAIT", `
			in FIN-WAIT-1
			< FIN,ACK 1+10 ack 2 win 65535
			state TIME-WAIT
			> ACK 2 ack 12
			read 99 = 10
			read 99 = EOF`},
		{"data, FIN and no ACK of our FIN: CLOSING", `
			in FIN-WAIT-1
			< FIN,ACK 1+10 ack 1 win 65535
			state CLOSING
			> ACK 2 ack 12
			read 99 = 10`},
	})
}

// TestUserTimeout: RFC 9293, 3.10.8: "For any state if the user timeout expires, flush all queues,
// signal the user ... delete the TCB, enter the CLOSED state".
func TestUserTimeout(t *testing.T) {
	runScripts(t, []scriptCase{
		{"SYN-SENT ends after the application's R2", "in SYN-SENT\nusertimeout 30s\nsilent 30s\nerr ErrTimeout"},
		{"SYN-RECEIVED ends after the application's R2", "in SYN-RECEIVED\nusertimeout 30s\nsilent 30s\nerr ErrTimeout"},
		{"ESTABLISHED ends after the application's R2", "in ESTABLISHED\nusertimeout 30s\nwrite 9\nconsume\nsilent 30s\nerr ErrTimeout"},
		{"FIN-WAIT-1 ends after the application's R2", "in FIN-WAIT-1\nusertimeout 30s\nconsume\nsilent 30s\nerr ErrTimeout"},
		{"CLOSE-WAIT ends after the application's R2", "in CLOSE-WAIT\nusertimeout 30s\nwrite 9\nconsume\nsilent 30s\nerr ErrTimeout"},
		{"CLOSING ends after the application's R2", "in CLOSING\nusertimeout 30s\nconsume\nsilent 30s\nerr ErrTimeout"},
		{"LAST-ACK ends after the application's R2", "in LAST-ACK\nusertimeout 30s\nconsume\nsilent 30s\nerr ErrTimeout"},
		{"an idle connection does not end after R2", "in ESTABLISHED\nusertimeout 30s\nconsume\nwait 86400s\nnone\nstate ESTABLISHED"},
		{"R2 may be longer than the usual", "in ESTABLISHED\nusertimeout 3600s\nwrite 9\nconsume\nsilent 3600s\nerr ErrTimeout"},
		{"R2 can be set back to the usual", "in ESTABLISHED\nusertimeout 30s\nusertimeout 0s\nwrite 9\nconsume\nsilent 100s\nerr ErrTimeout"},
	})
}

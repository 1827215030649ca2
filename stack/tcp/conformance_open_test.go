package tcp

import "testing"

// TestOpening: RFC 9293, 3.5, figures 6 to 11, and 3.10.7.3 and 3.10.7.4 in the states before
// ESTABLISHED.
func TestOpening(t *testing.T) {
	runScripts(t, []scriptCase{
		{"figure 6: the basic three-way handshake, and data behind it", `
			open
			> SYN 0
			< SYN,ACK 0 ack 1 win 1000
			> ACK 1 ack 1
			write 10
			> PSH,ACK 1+10 ack 1
			< ACK 1 ack 11 win 1000
			state ESTABLISHED`},
		{"figure 8: an old SYN's answer does not acknowledge ours; the true one opens", `
			open
			> SYN 0
			< SYN,ACK 0 ack -10 win 1000 = ErrBadAck
			state SYN-SENT
			< SYN,ACK 0 ack 1 win 1000
			> ACK 1 ack 1
			state ESTABLISHED`},
		{"figure 9: the peer has forgotten the connection and opens it again: it is told, and resets us", `
			in ESTABLISHED
			< SYN 5000 win 1000 = ErrChallenge
			> ACK 1 ack 1
			< RST 1
			state CLOSED
			err ErrReset`},
		{"figure 10: the peer has forgotten the connection and we send: its RST ends ours", `
			in ESTABLISHED
			write 10
			> PSH,ACK 1+10 ack 1
			< RST 1
			state CLOSED
			err ErrReset
			write 1 = ErrReset`},
		{"figure 11: an old SYN reaches a passive open whose peer only listens: its RST ends it", `
			accept SYN 0 win 1000
			> SYN,ACK 0 ack 1
			< RST 1
			state CLOSED
			err ErrReset`},
		{"a passive open that is reset was not refused", `
			in SYN-RECEIVED
			< RST,ACK 1 ack 1
			state CLOSED
			err ErrReset`},
		{"an active open that is reset in SYN-RECEIVED was refused", `
			open
			> SYN 0
			< SYN 0 win 1000
			> SYN,ACK 0 ack 1
			< RST 1
			state CLOSED
			err ErrRefused`},
		{"an active open that is reset when it is open was reset", `
			open
			> SYN 0
			< SYN 0 win 1000
			> SYN,ACK 0 ack 1
			< ACK 1 ack 1 win 1000
			< RST 1
			state CLOSED
			err ErrReset`},
		{"both open at once: what was written goes when both are open", `
			open
			write 10
			> SYN 0
			< SYN 0 win 1000
			> SYN,ACK 0 ack 1
			none
			< ACK 1 ack 1 win 1000
			> PSH,ACK 1+10 ack 1
			< ACK 1 ack 11 win 1000`},
		{"both open at once: the window of the peer's SYN is not the last word", `
			open
			write 100
			> SYN 0
			< SYN 0 win 10
			> SYN,ACK 0 ack 1
			< ACK 1 ack 1 win 1000
			> PSH,ACK 1+100 ack 1
			< ACK 1 ack 101 win 1000`},
		{"both open at once: a SYN that comes twice is answered twice", `
			open
			> SYN 0
			< SYN 0 win 1000
			> SYN,ACK 0 ack 1
			< SYN 0 win 1000 = ErrOutOfWindow
			> SYN,ACK 0 ack 1
			< ACK 1 ack 1 win 1000
			state ESTABLISHED`},
		{"both open at once: the peer's SYN is not enough to be open", `
			open
			> SYN 0
			< SYN 0 win 1000
			> SYN,ACK 0 ack 1
			< SYN,ACK 0 ack 0 win 1000 = ErrBadAck
			state SYN-RECEIVED`},
		{"data in a SYN of a simultaneous open is left for the peer to send again", `
			open
			> SYN 0
			< SYN 0+5 win 1000
			> SYN,ACK 0 ack 1
			< ACK 1+5 ack 1 win 1000
			> ACK 1 ack 6
			read 5`},
		{"SYN-SENT: a RST with data whose ACK is right refuses", `
			in SYN-SENT
			< RST,ACK 0+20 ack 1
			state CLOSED
			err ErrRefused`},
		{"SYN-SENT: a FIN is not processed, its number cannot be validated", `
			in SYN-SENT
			< FIN,ACK 0 ack 1 = ErrNotSyn
			state SYN-SENT`},
		{"SYN-SENT: SYN, RST and the right ACK: the RST comes first", `
			in SYN-SENT
			< SYN,RST,ACK 0 ack 1
			state CLOSED
			err ErrRefused`},
		{"SYN-SENT: SYN and RST without ACK are dropped", `
			in SYN-SENT
			< SYN,RST 0 = ErrNoAck
			state SYN-SENT`},
		{"SYN-SENT: data comes before the SYN,ACK: dropped, and taken when it comes again", `
			in SYN-SENT
			< ACK 1+5 ack 1 win 1000 = ErrNotSyn
			< SYN,ACK 0 ack 1 win 1000
			> ACK 1 ack 1
			< ACK 1+5 ack 1 win 1000
			> ACK 1 ack 6
			read 5`},
		{"SYN-SENT: the ACK of our SYN rides on our data: no ACK alone is sent", `
			in SYN-SENT
			write 10
			< SYN,ACK 0 ack 1 win 1000
			> PSH,ACK 1+10 ack 1
			none
			< ACK 1 ack 11 win 1000`},
		{"SYN-RECEIVED: SND.WND, SND.WL1 and SND.WL2 come from the ACK", `
			accept SYN 0 win 5
			> SYN,ACK 0 ack 1
			write 100
			< ACK 1 ack 1 win 200
			> PSH,ACK 1+100 ack 1
			< ACK 1 ack 101 win 200`},
		{"SYN-RECEIVED: a RST with data ends it", `
			in SYN-RECEIVED
			< RST 1+20
			state CLOSED
			err ErrReset`},
		{"SYN-RECEIVED: an old SYN with another number is acknowledged, not taken", `
			in SYN-RECEIVED
			< SYN -500 win 9 = ErrOutOfWindow
			> ACK 1 ack 1
			state SYN-RECEIVED
			< ACK 1 ack 1 win 65535
			state ESTABLISHED`},
		{"SYN-RECEIVED: the ACK of our SYN,ACK with a FIN: CLOSE-WAIT", `
			in SYN-RECEIVED
			< FIN,ACK 1 ack 1 win 65535
			state CLOSE-WAIT
			> ACK 1 ack 2
			read 1 = EOF`},
		{"SYN-RECEIVED: a FIN without ACK is dropped", `
			in SYN-RECEIVED
			< FIN 1 = ErrNoAck
			state SYN-RECEIVED`},
		{"the SYN,ACK acknowledges again though the handshake was over: the peer's SYN again", `
			in SYN-RECEIVED
			< ACK 1 ack 1 win 65535
			state ESTABLISHED
			< SYN 0 win 65535 = ErrOutOfWindow
			> ACK 1 ack 1
			state ESTABLISHED`},
	})
}

// TestUserCalls: RFC 9293, 3.10.2 to 3.10.4: what SEND, RECEIVE and CLOSE do in each state.
func TestUserCalls(t *testing.T) {
	runScripts(t, []scriptCase{
		{"SEND in CLOSED: connection does not exist", "write 1 = ErrClosed"},
		{"SEND in SYN-SENT is queued for after the handshake", "in SYN-SENT\nwrite 9\nnone\n< SYN,ACK 0 ack 1 win 99\n> PSH,ACK 1+9 ack 1\n< ACK 1 ack 10 win 99"},
		{"SEND in SYN-RECEIVED is queued for after the handshake", "in SYN-RECEIVED\nwrite 9\nnone\n< ACK 1 ack 1 win 99\n> PSH,ACK 1+9 ack 1\n< ACK 1 ack 10 win 99"},
		{"SEND without room for all of it takes what fits", "config tx=5\nin SYN-SENT\nwrite 9 = 5\nwrite 1 = 0"},
		{"SEND in ESTABLISHED goes with a piggybacked acknowledgment", "in ESTABLISHED\n< ACK 1+5 ack 1 win 65535\nwrite 9\n> PSH,ACK 1+9 ack 6\n< ACK 6 ack 10 win 65535"},
		{"SEND in CLOSE-WAIT goes with a piggybacked acknowledgment", "in CLOSE-WAIT\nwrite 9\n> PSH,ACK 1+9 ack 2\n< ACK 2 ack 10 win 65535"},
		{"SEND in FIN-WAIT-1: connection closing", "in FIN-WAIT-1\nwrite 1 = ErrClosing"},
		{"SEND in FIN-WAIT-2: connection closing", "in FIN-WAIT-2\nwrite 1 = ErrClosing"},
		{"SEND in CLOSING: connection closing", "in CLOSING\nwrite 1 = ErrClosing"},
		{"SEND in LAST-ACK: connection closing", "in LAST-ACK\nwrite 1 = ErrClosing"},
		{"SEND in TIME-WAIT: connection closing", "in TIME-WAIT\nwrite 1 = ErrClosing"},

		{"RECEIVE in CLOSED: connection does not exist", "read 1 = ErrClosed"},
		{"RECEIVE in SYN-SENT waits", "in SYN-SENT\nread 1 = 0"},
		{"RECEIVE in SYN-RECEIVED waits", "in SYN-RECEIVED\nread 1 = 0"},
		{"RECEIVE in ESTABLISHED waits for data", "in ESTABLISHED\nread 1 = 0\n< ACK 1+5 ack 1 win 65535\n> ACK 1 ack 6\nread 9 = 5\nread 1 = 0"},
		{"RECEIVE in FIN-WAIT-1 waits for data", "in FIN-WAIT-1\nread 1 = 0\n< ACK 1+5 ack 1 win 65535\n> ACK 2 ack 6\nread 9 = 5\nread 1 = 0"},
		{"RECEIVE in FIN-WAIT-2 waits for data", "in FIN-WAIT-2\nread 1 = 0\n< ACK 1+5 ack 2 win 65535\n> ACK 2 ack 6\nread 9 = 5\nread 1 = 0"},
		{"RECEIVE in CLOSE-WAIT: what is on hand, then connection closing", "in ESTABLISHED\n< FIN,ACK 1+5 ack 1 win 65535\n> ACK 1 ack 7\nstate CLOSE-WAIT\nread 9 = 5\nread 9 = EOF\nread 9 = EOF"},
		{"RECEIVE in CLOSING: connection closing", "in CLOSING\nread 1 = EOF"},
		{"RECEIVE in LAST-ACK: connection closing", "in LAST-ACK\nread 1 = EOF"},
		{"RECEIVE in TIME-WAIT: connection closing", "in TIME-WAIT\nread 1 = EOF"},

		{"CLOSE in CLOSED does nothing", "close\nnone\nstate CLOSED"},
		{"CLOSE in SYN-SENT deletes the TCB, queued SENDs and all", "in SYN-SENT\nwrite 9\nclose\nnone\nstate CLOSED\ndeadline none"},
		{"CLOSE in SYN-RECEIVED without SENDs: the FIN follows the handshake", "in SYN-RECEIVED\nclose\nnone\n< ACK 1 ack 1 win 65535\nstate FIN-WAIT-1\n> FIN,ACK 1 ack 1"},
		{"CLOSE in ESTABLISHED waits for the SENDs before it, in FIN-WAIT-1", "establish win 5 <mss 100>\nwrite 9\nclose\nstate FIN-WAIT-1\n> ACK 1+5\nnone\n< ACK 1 ack 6 win 5\n> FIN,PSH,ACK 6+4\n< ACK 1 ack 11 win 5\nstate FIN-WAIT-2"},
		{"CLOSE in FIN-WAIT-1: no second FIN", "in FIN-WAIT-1\nclose\nnone\nstate FIN-WAIT-1"},
		{"CLOSE in FIN-WAIT-2: no second FIN", "in FIN-WAIT-2\nclose\nnone\nstate FIN-WAIT-2"},
		{"CLOSE in CLOSE-WAIT waits for the SENDs before it, in LAST-ACK", "in CLOSE-WAIT\nwrite 9\nclose\nstate LAST-ACK\n> FIN,PSH,ACK 1+9 ack 2\n< ACK 2 ack 11 win 65535\nstate CLOSED"},
		{"CLOSE in CLOSING: no second FIN", "in CLOSING\nclose\nnone\nstate CLOSING"},
		{"CLOSE in LAST-ACK: no second FIN", "in LAST-ACK\nclose\nnone\nstate LAST-ACK"},
		{"CLOSE in TIME-WAIT: no second FIN", "in TIME-WAIT\nclose\nnone\nstate TIME-WAIT"},

		{"ABORT in CLOSED does nothing", "abort\nnone\nerr nil"},
		{"ABORT in SYN-SENT: connection reset, for what was queued", "in SYN-SENT\nwrite 9\nabort\nnone\nstate CLOSED\nwrite 1 = ErrAborted\nread 1 = ErrAborted\ndeadline none"},
		{"ABORT in SYN-RECEIVED sends a RST", "in SYN-RECEIVED\nwrite 9\nabort\n> RST,ACK 1 ack 1\nstate CLOSED\ndeadline none"},
		{"ABORT flushes all that waits to be sent or sent again", "in ESTABLISHED\nwrite 9\n> PSH,ACK 1+9\nwrite 9\nabort\n> RST,ACK 10 ack 1\nnone\ndeadline none"},
	})
}

package tcp

import "testing"

func TestClose(t *testing.T) {
	runScripts(t, []scriptCase{
		{"RFC 9293, figure 5: we close first", `
			in ESTABLISHED
			close
			state FIN-WAIT-1
			> FIN,ACK 1 ack 1
			< ACK 1 ack 2 win 65535
			state FIN-WAIT-2
			deadline none                | half closed for as long as it takes
			< FIN,ACK 1 ack 2 win 65535
			state TIME-WAIT
			> ACK 2 ack 2
			read 1 = EOF
			deadline 1m
			wait 59s
			state TIME-WAIT
			wait 1s
			none
			state CLOSED
			err nil`},
		{"the peer closes first", `
			in ESTABLISHED
			< FIN,ACK 1 ack 1 win 65535
			state CLOSE-WAIT
			> ACK 1 ack 2
			read 1 = EOF
			close
			state LAST-ACK
			> FIN,ACK 1 ack 2
			< ACK 2 ack 2 win 65535
			state CLOSED
			err nil`},
		{"RFC 9293, figure 13: both close at once", `
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
		{"the peer's FIN acknowledges ours: straight to TIME-WAIT", `
			in FIN-WAIT-1
			< FIN,ACK 1 ack 2 win 65535
			state TIME-WAIT
			> ACK 2 ack 2`},
		{"data that was queued goes before the FIN, which rides on its last segment", `
			establish win 65535 <mss 100>
			write 150
			close
			> ACK 1+100
			> FIN,PSH,ACK 101+50
			< ACK 1 ack 152 win 65535
			state FIN-WAIT-2`},
		{"a FIN rides on a full last segment, too", `
			establish win 65535 <mss 100>
			write 200
			close
			> ACK 1+100
			> FIN,PSH,ACK 101+100
			< ACK 1 ack 202 win 65535
			state FIN-WAIT-2`},
		{"a FIN does not fit a window that its data fills: it waits", `
			establish win 100 <mss 100>
			write 100
			close
			> ACK 1+100
			none
			< ACK 1 ack 101 win 100
			> FIN,ACK 101
			< ACK 1 ack 102 win 100
			state FIN-WAIT-2`},
		{"a lost FIN goes out again", `
			in FIN-WAIT-1
			wait 200ms
			> FIN,ACK 1 ack 1
			wait 400ms
			> FIN,ACK 1 ack 1
			< ACK 1 ack 2 win 65535
			state FIN-WAIT-2
			deadline none`},
		{"a lost FIN with its data goes out again", `
			in ESTABLISHED
			write 10
			close
			> FIN,ACK 1+10
			wait 200ms
			> FIN,ACK 1+10
			< ACK 1 ack 11 win 65535        | the data came, the FIN was not wanted
			state FIN-WAIT-1
			wait 200ms
			> FIN,ACK 11
			< ACK 1 ack 12 win 65535
			state FIN-WAIT-2`},
		{"half closed: we receive after our FIN", `
			in FIN-WAIT-2
			< ACK 1+1000 ack 2 win 65535
			> ACK 2 ack 1001
			read 2000 = 1000
			< FIN,ACK 1001+10 ack 2 win 65535
			state TIME-WAIT
			> ACK 2 ack 1012
			read 2000 = 10
			read 2000 = EOF`},
		{"half closed: we receive before our FIN is acknowledged", `
			in FIN-WAIT-1
			< ACK 1+1000 ack 1 win 65535
			> ACK 2 ack 1001
			< FIN,ACK 1001 ack 2 win 65535
			> ACK 2 ack 1002
			state TIME-WAIT
			read 1000
			read 1 = EOF`},
		{"half closed: we send after the peer's FIN", `
			in CLOSE-WAIT
			write 1000
			> ACK 1+1000 ack 2
			< ACK 2 ack 1001 win 65535
			write 10
			close
			> FIN,ACK 1001+10 ack 2
			< ACK 2 ack 1012 win 65535
			state CLOSED
			err nil`},
		{"closing twice is closing once", `
			in FIN-WAIT-1
			close
			none
			state FIN-WAIT-1`},
		{"nothing can be written behind the FIN", `
			in ESTABLISHED
			close
			write 1 = ErrClosing
			> FIN,ACK 1`},
		{"a FIN before its data waits for it", `
			in ESTABLISHED
			< FIN,ACK 11+10 ack 1 win 65535
			state ESTABLISHED
			> ACK 1 ack 1
			read 5 = 0
			< ACK 1+10 ack 1 win 65535
			state CLOSE-WAIT
			> ACK 1 ack 22
			read 20
			read 1 = EOF`},
		{"a FIN alone before the data before it waits, too", `
			in ESTABLISHED
			< FIN,ACK 11 ack 1 win 65535
			> ACK 1 ack 1
			< ACK 1+10 ack 1 win 65535
			state CLOSE-WAIT
			> ACK 1 ack 12`},
		{"data behind a FIN is a lie: RFC 9293, 3.10.7.4, seventh", `
			in ESTABLISHED
			< FIN,ACK 1+10 ack 1 win 65535
			> ACK 1 ack 12
			< ACK 12+10 ack 1 win 65535
			> ACK 1 ack 12
			read 100 = 10
			read 100 = EOF`},
		{"data behind a FIN that still waits for its data is not taken", `
			in ESTABLISHED
			< FIN,ACK 11 ack 1 win 65535
			> ACK 1 ack 1
			< ACK 1+100 ack 1 win 65535
			state CLOSE-WAIT
			> ACK 1 ack 12
			read 100 = 10
			read 100 = EOF`},
		{"a FIN before data that has come is a lie", `
			in ESTABLISHED
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 1
			< FIN,ACK 5 ack 1 win 65535 = ErrBadFIN
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 21
			read 20
			state ESTABLISHED`},
		{"a second FIN elsewhere changes nothing", `
			in ESTABLISHED
			< FIN,ACK 11 ack 1 win 65535
			> ACK 1 ack 1
			< FIN,ACK 21 ack 1 win 65535
			> ACK 1 ack 1
			< ACK 1+20 ack 1 win 65535
			> ACK 1 ack 12
			state CLOSE-WAIT`},
		{"a FIN is taken with a closed window: it needs no buffer", `
			config rx=10
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11 win 0
			< FIN,ACK 11 ack 1 win 65535
			state CLOSE-WAIT
			> ACK 1 ack 12
			read 10
			read 1 = EOF`},
		{"a FIN behind data that fills the window is taken with it", `
			config rx=10
			in ESTABLISHED
			< FIN,ACK 1+10 ack 1 win 65535
			state CLOSE-WAIT
			> ACK 1 ack 12
			read 10
			read 1 = EOF`},
		{"a FIN again is acknowledged again, in CLOSE-WAIT", `
			in CLOSE-WAIT
			< FIN,ACK 1 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 2
			state CLOSE-WAIT`},
		{"a FIN again is acknowledged again, in CLOSING", `
			in CLOSING
			< FIN,ACK 1 ack 1 win 65535 = ErrOutOfWindow
			> ACK 2 ack 2
			state CLOSING`},
		{"a FIN again that acknowledges ours, in CLOSING", `
			in CLOSING
			< FIN,ACK 1 ack 2 win 65535 = ErrOutOfWindow
			> ACK 2 ack 2
			state TIME-WAIT`},
		{"a FIN again is acknowledged again, in LAST-ACK", `
			in LAST-ACK
			< FIN,ACK 1 ack 1 win 65535 = ErrOutOfWindow
			> ACK 2 ack 2
			state LAST-ACK`},
		{"a FIN again restarts TIME-WAIT: RFC 9293, 3.10.7.4, eighth", `
			in TIME-WAIT
			wait 50s
			< FIN,ACK 1 ack 2 win 65535 = ErrOutOfWindow
			> ACK 2 ack 2
			deadline 1m`},
		{"TIME-WAIT lasts as long as configured", `
			config timewait=1s
			in TIME-WAIT
			deadline 1s
			wait 1s
			none
			state CLOSED`},
		{"LAST-ACK ends when the peer stays silent", `
			in LAST-ACK
			wait 200ms
			> FIN,ACK 1 ack 2
			wait 400ms
			> FIN,ACK 1 ack 2
			state LAST-ACK`},
	})
}

func TestAbort(t *testing.T) {
	runScripts(t, []scriptCase{
		{"RFC 9293, 3.10.5: ESTABLISHED", "in ESTABLISHED\nabort\n> RST,ACK 1 ack 1\nstate CLOSED\nerr ErrAborted"},
		{"RFC 9293, 3.10.5: FIN-WAIT-1", "in FIN-WAIT-1\nabort\n> RST,ACK 2 ack 1\nstate CLOSED"},
		{"RFC 9293, 3.10.5: FIN-WAIT-2", "in FIN-WAIT-2\nabort\n> RST,ACK 2 ack 1\nstate CLOSED"},
		{"RFC 9293, 3.10.5: CLOSE-WAIT", "in CLOSE-WAIT\nabort\n> RST,ACK 1 ack 2\nstate CLOSED"},
		{"RFC 9293, 3.10.5: CLOSING needs none", "in CLOSING\nabort\nnone\nstate CLOSED"},
		{"RFC 9293, 3.10.5: LAST-ACK needs none", "in LAST-ACK\nabort\nnone\nstate CLOSED"},
		{"RFC 9293, 3.10.5: TIME-WAIT needs none", "in TIME-WAIT\nabort\nnone\nstate CLOSED"},
		{"LAST-ACK before the FIN was sent is CLOSE-WAIT to the peer: it waits for more", `
			establish win 0
			< FIN,ACK 1 ack 1 win 0
			> ACK 1 ack 2
			write 100
			close
			state LAST-ACK
			abort
			> RST,ACK 1 ack 2
			state CLOSED`},
		{"aborting twice sends one RST", "in ESTABLISHED\nabort\nabort\n> RST,ACK 1 ack 1"},
		{"aborting what is closed does nothing", "in SYN-SENT\nclose\nabort\nnone\nerr nil"},
		{"what was received can still be read, then the error comes", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			abort
			> RST,ACK 1 ack 11
			read 4
			read 10 = 6
			read 10 = ErrAborted
			write 1 = ErrAborted`},
		{"the RST has the number behind all that was sent, where the peer expects it", `
			establish win 65535 <mss 100>
			write 300
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			mtu 100                         | sending begins anew at 1
			abort
			> RST,ACK 301 ack 1`},
		{"the RST lies inside the peer's closed window, where it takes one", `
			establish win 100 <mss 100>
			write 200
			> ACK 1+100
			< ACK 1 ack 101 win 0
			wait 200ms
			> ACK 101+1                     | a probe that is not taken
			< ACK 1 ack 101 win 0
			abort
			> RST,ACK 101 ack 1`},
		{"failing after aborting takes the RST back: it could not be sent", `
			in ESTABLISHED
			abort
			fail
			none
			err ErrAborted`},
	})
}

// RFC 1122, 4.2.2.13 and RFC 2525, 2.17
func TestDiscard(t *testing.T) {
	runScripts(t, []scriptCase{
		{"an application that closed: data is answered with a RST", `
			in ESTABLISHED
			close
			discard
			> FIN,ACK 1 ack 1
			< ACK 1+10 ack 2 win 65535 = ErrAfterClose
			> RST,ACK 2 ack 1
			state CLOSED
			err ErrAborted`},
		{"data from before is no new data", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			read 10
			close
			discard
			> FIN,ACK 1 ack 11
			< ACK 1+10 ack 1 win 65535 = ErrOutOfWindow
			> ACK 2 ack 11
			state FIN-WAIT-1`},
		{"data that was not read when it closed: a RST at once", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			close
			discard
			> RST,ACK 1 ack 11
			state CLOSED`},
		{"data that was not read, and the peer's FIN behind it: a RST as well", `
			in ESTABLISHED
			< FIN,ACK 1+10 ack 1 win 65535
			> ACK 1 ack 12
			close
			discard
			> RST,ACK 1 ack 12
			state CLOSED
			err ErrAborted`},
		{"data that was not read after both sent their FIN: a RST as well", `
			in CLOSE-WAIT
			none
			close
			> FIN,ACK 1 ack 2
			discard                        | nothing unread: all is well
			none
			state LAST-ACK`},
		{"data not read in LAST-ACK: the peer learns that it was lost", `
			in ESTABLISHED
			< FIN,ACK 1+10 ack 1 win 65535
			> ACK 1 ack 12
			close
			> FIN,ACK 1 ack 12
			discard
			> RST,ACK 2 ack 12
			state CLOSED`},
		{"in TIME-WAIT nobody is left to tell", `
			in FIN-WAIT-2
			< FIN,ACK 1+10 ack 2 win 65535
			> ACK 2 ack 12
			discard
			none
			state TIME-WAIT`},
		{"a FIN is no data", `
			in FIN-WAIT-2
			discard
			< FIN,ACK 1 ack 2 win 65535
			> ACK 2 ack 2
			state TIME-WAIT`},
		{"FIN-WAIT-2 ends after a minute when nobody reads any more", `
			in FIN-WAIT-2
			discard
			deadline 1m
			wait 1m
			none
			state CLOSED
			err nil`},
		{"FIN-WAIT-2 that is entered later ends, too", `
			in FIN-WAIT-1
			discard
			< ACK 1 ack 2 win 65535
			state FIN-WAIT-2
			deadline 1m`},
		{"data of a closed connection is sent as long as the peer takes it", `
			establish win 100 <mss 100>
			write 300
			close
			discard
			> ACK 1+100
			< ACK 1 ack 101 win 100
			> ACK 101+100
			< ACK 1 ack 201 win 101
			> FIN,ACK 201+100
			< ACK 1 ack 302 win 100
			state FIN-WAIT-2`},
	})
}

package tcp

import "testing"

// RFC 9293, 3.8.4
func TestKeepAliveTimes(t *testing.T) {
	runScripts(t, []scriptCase{
		{"off by default: MUST-25", `
			in ESTABLISHED
			deadline none
			wait 48h
			none
			state ESTABLISHED`},
		{"an idle connection is probed with SND.NXT-1 and no data: SHLD-12", `
			in ESTABLISHED
			keepalive 10s 1s 3
			deadline 10s
			wait 9999ms
			none
			wait 1ms
			> ACK 0+0 ack 1
			why keep-alive probe
			< ACK 1 ack 1 win 65535
			wait 9999ms
			none
			wait 1ms
			> ACK 0+0 ack 1
			< ACK 1 ack 1 win 65535`},
		{"behind data the number is that of its last byte", `
			in ESTABLISHED
			write 100
			> ACK 1+100
			< ACK 1 ack 101 win 65535
			keepalive 10s 1s 3
			wait 10s
			> ACK 100+0 ack 1
			< ACK 1 ack 101 win 65535`},
		{"one probe without an answer is no dead connection: MUST-29", `
			in ESTABLISHED
			keepalive 10s 1s 3
			wait 10s
			> ACK 0 ack 1
			wait 1s
			> ACK 0 ack 1
			wait 999ms
			< ACK 1 ack 1 win 65535
			wait 9999ms
			none
			wait 1ms
			> ACK 0 ack 1                  | and the count begins anew
			wait 1s
			> ACK 0 ack 1
			wait 1s
			> ACK 0 ack 1
			wait 999ms
			state ESTABLISHED
			< ACK 1 ack 1 win 65535`},
		{"all of them without an answer are: a RST for a peer that may be half open", `
			in ESTABLISHED
			keepalive 10s 1s 3
			wait 10s
			> ACK 0 ack 1
			wait 1s
			> ACK 0 ack 1
			wait 1s
			> ACK 0 ack 1
			wait 1s
			> RST,ACK 1 ack 1
			state CLOSED
			err ErrTimeout`},
		{"a soft error is the cause then", `
			in ESTABLISHED
			soft
			keepalive 10s 1s 1
			wait 10s
			> ACK 0 ack 1
			wait 1s
			> RST,ACK 1 ack 1
			err ErrTimeout
			err errHost`},
		{"data of the peer keeps it quiet: MUST-26", `
			in ESTABLISHED
			keepalive 10s 1s 3
			wait 9s
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			wait 1s
			none
			deadline 9s
			wait 9s
			> ACK 0 ack 11
			< ACK 11 ack 1 win 65535`},
		{"an ACK does, too", `
			in ESTABLISHED
			keepalive 10s 1s 3
			wait 9s
			< ACK 1 ack 1 win 65535
			wait 1s
			none
			deadline 9s`},
		{"never while data is in flight: MUST-26; the retransmission timer looks after it", `
			in ESTABLISHED
			keepalive 1s 1s 1
			write 10
			> ACK 1+10
			wait 200ms
			> ACK 1+10
			wait 400ms
			> ACK 1+10
			wait 800ms
			> ACK 1+10
			wait 1600ms
			> ACK 1+10
			state ESTABLISHED
			< ACK 1 ack 11 win 65535
			deadline 1s`},
		{"nor while a closed window is probed", `
			establish win 0
			keepalive 1s 1s 1
			write 10
			none
			wait 200ms
			> ACK 1+1
			< ACK 1 ack 1 win 0
			wait 400ms
			> ACK 1+1
			wait 800ms                     | a second has passed
			> ACK 1+1
			wait 1600ms
			> ACK 1+1
			state ESTABLISHED`},
		{"a peer that has forgotten resets", `
			in ESTABLISHED
			keepalive 10s 1s 3
			wait 10s
			> ACK 0 ack 1
			< RST 1
			state CLOSED
			err ErrReset`},
		{"it can be turned off: MUST-24", `
			in ESTABLISHED
			keepalive 10s 1s 3
			wait 10s
			> ACK 0 ack 1
			keepalive 0s 1s 3
			deadline none`},
		{"it can be changed", `
			in ESTABLISHED
			keepalive 10s 1s 3
			wait 5s
			keepalive 20s 1s 3
			deadline 20s`},
		{"one that has ended is not: nothing would ever look at its timer", `
			in TIME-WAIT
			wait 60s
			none
			state CLOSED
			keepalive 10s 1s 1
			deadline none`},
		{"nor is anybody asked all the time", `
			in ESTABLISHED
			keepalive 1ns 1ns 9
			deadline 1ms
			keepalive 0s 1s 1`},
		{"a half closed connection is probed, on one side", `
			in FIN-WAIT-2
			keepalive 10s 1s 1
			wait 10s
			> ACK 1 ack 1
			wait 1s
			> RST,ACK 2 ack 1
			err ErrTimeout`},
		{"and on the other", `
			in CLOSE-WAIT
			keepalive 10s 1s 1
			wait 10s
			> ACK 0 ack 2
			< ACK 2 ack 1 win 65535
			wait 9999ms
			none
			wait 1ms
			> ACK 0 ack 2
			< ACK 2 ack 1 win 65535`},
		{"TIME-WAIT is not: it ends by itself", `
			in TIME-WAIT
			keepalive 10s 1s 1
			wait 10s
			none
			state TIME-WAIT`},
		{"asked for during the handshake it begins behind it", `
			in SYN-SENT
			keepalive 500ms 1s 1
			wait 600ms
			none
			< SYN,ACK 0 ack 1 win 65535
			> ACK 1 ack 1
			wait 500ms
			> ACK 0 ack 1
			< ACK 1 ack 1 win 65535`},
		{"the peer's probe without data is answered: its number is before the window", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			wait 2h
			< ACK 10 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 11`},
		{"and its probe with a garbage octet: MAY-6", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			wait 2h
			< ACK 10+1 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 11
			read 99 = 10`},
	})
}

package tcp

import "testing"

func TestHandshake(t *testing.T) {
	runScripts(t, []scriptCase{
		{"an active open sends a SYN with its options and then acknowledges the answer", `
			open
			state SYN-SENT
			deadline none               | not before the SYN is out
			> SYN 0 win 32768 <mss 1460, sackok, ts 0 0, wscale 0>
			deadline 1s                 | RFC 6298, 2.1
			< SYN,ACK 0 ack 1 win 1000 <mss 1000>
			state ESTABLISHED
			> ACK 1 ack 1 win 32768
			deadline none
			err nil`},
		{"a passive open answers with what the peer offered, too", `
			accept SYN 0 win 1000 <mss 1000, wscale 3, sackok>
			state SYN-RECEIVED
			> SYN,ACK 0 ack 1 win 32768 <mss 1460, sackok, wscale 0>
			deadline 1s
			< ACK 1 ack 1 win 1000
			state ESTABLISHED
			deadline none`},
		{"options that the peer did not offer are not sent to it: RFC 7323, 2.2; RFC 2018, 2", `
			accept SYN 0 win 1000 <mss 1000>
			> SYN,ACK 0 ack 1 win 32768 <mss 1460>`},
		{"a listener's SYN may have any other flag but not these", `
			accept SYN,ECE,CWR,PSH,URG 0 win 1000
			> SYN,ACK,ECE 0 ack 1        | RFC 3168, 6.1.1: the peer asked for ECN`},
		{"a SYN that comes again with the ACK behind it is not answered any more", `
			in SYN-RECEIVED
			< SYN 0 win 65535 <mss 1460> = ErrOutOfWindow
			< ACK 1 ack 1 win 65535
			state ESTABLISHED
			none`},
		{"a SYN,ACK opens nothing", "accept SYN,ACK 0 ack 1 = ErrNotSyn\nstate CLOSED"},
		{"a SYN,FIN opens nothing", "accept SYN,FIN 0 = ErrNotSyn\nstate CLOSED"},
		{"a SYN,RST opens nothing", "accept SYN,RST 0 = ErrNotSyn\nstate CLOSED"},
		{"an ACK opens nothing", "accept ACK 0 ack 1 = ErrNotSyn\nstate CLOSED"},
		{"no flag opens nothing", "accept NONE 0 = ErrNotSyn\nstate CLOSED"},
		{"RFC 9293, figure 7: both ends open at once", `
			open
			> SYN 0
			< SYN 0 win 1000 <mss 1000, wscale 0, sackok>
			state SYN-RECEIVED
			> SYN,ACK 0 ack 1 win 32768 <mss 1460, sackok, wscale 0>
			none
			< SYN,ACK 0 ack 1 win 1000 <mss 1000>   | the peer's answer to our SYN
			state ESTABLISHED
			> ACK 1 ack 1`},
		{"both ends open at once and the peer's SYN,ACK is lost: its ACK does as well", `
			open
			> SYN 0
			< SYN 0 win 1000
			> SYN,ACK 0 ack 1
			< ACK 1 ack 1 win 1000
			state ESTABLISHED`},
		{"both ends open at once and our SYN,ACK is lost: it comes again", `
			open
			> SYN 0
			< SYN 0 win 1000
			> SYN,ACK 0 ack 1
			wait 1s
			> SYN,ACK 0 ack 1
			< SYN,ACK 0 ack 1 win 1000
			state ESTABLISHED
			> ACK 1 ack 1`},
		{"both ends open at once before our SYN was sent: it goes with the answer", `
			open
			< SYN 0 win 1000
			state SYN-RECEIVED
			> SYN,ACK 0 ack 1
			< ACK 1 ack 1 win 1000
			state ESTABLISHED`},
		{"RFC 9293, figure 8: an old duplicate SYN reaches a listener, and the peer resets it", `
			accept SYN -210 win 1000
			> SYN,ACK 0 ack -209
			< RST -209
			state CLOSED
			err ErrReset`},
		{"the peer's SYN again has its answer again: the first was lost", `
			in SYN-RECEIVED
			< SYN 0 win 65535 <mss 1460> = ErrOutOfWindow
			> SYN,ACK 0 ack 1
			state SYN-RECEIVED`},
		{"the peer's SYN,ACK again is acknowledged again: our ACK was lost", `
			in ESTABLISHED
			< SYN,ACK 0 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 1
			state ESTABLISHED`},
		{"data with the last ACK of the handshake is taken", `
			in SYN-RECEIVED
			< ACK 1+10 ack 1 win 1000
			state ESTABLISHED
			> ACK 1 ack 11
			read 20 = 10`},
		{"data and FIN with the last ACK of the handshake are taken", `
			in SYN-RECEIVED
			< FIN,ACK 1+10 ack 1 win 1000
			state CLOSE-WAIT
			> ACK 1 ack 12
			read 20 = 10
			read 20 = EOF`},
		{"data before the ACK of our SYN,ACK has come is not lost with it", `
			in SYN-RECEIVED
			< ACK 11+10 ack 1 win 1000    | the segment before is late
			state ESTABLISHED
			> ACK 1 ack 1
			< ACK 1+10 ack 1 win 1000
			> ACK 1 ack 21
			read 20`},
		{"data in a SYN,ACK is taken", `
			open
			> SYN 0
			< SYN,ACK 0+5 ack 1 win 1000
			> ACK 1 ack 6
			read 9 = 5`},
		{"a FIN in a SYN,ACK is taken", `
			open
			> SYN 0
			< SYN,FIN,ACK 0+5 ack 1 win 1000
			state CLOSE-WAIT
			> ACK 1 ack 7
			read 9 = 5
			read 9 = EOF`},
		{"data in a SYN is left for the peer to send again", `
			accept SYN 0+5 win 1000
			> SYN,ACK 0 ack 1
			< ACK 1+5 ack 1 win 1000
			> ACK 1 ack 6
			read 5`},
		{"what was written before the handshake goes behind it", `
			open
			write 10
			> SYN 0
			< SYN,ACK 0 ack 1 win 1000
			> ACK 1+10 ack 1
			< ACK 1 ack 11 win 1000`},
		{"closing before the handshake is over sends the FIN behind it", `
			in SYN-RECEIVED
			write 10
			close
			state SYN-RECEIVED
			none
			< ACK 1 ack 1 win 1000
			state FIN-WAIT-1
			> FIN,ACK 1+10 ack 1
			< ACK 1 ack 12 win 1000
			state FIN-WAIT-2`},
		{"closing in SYN-SENT forgets the connection: RFC 9293, 3.10.4", `
			in SYN-SENT
			close
			state CLOSED
			err nil
			read 1 = ErrClosed
			write 1 = ErrClosing`},
		{"a TCB can be opened again", `
			in LAST-ACK
			< ACK 2 ack 2
			state CLOSED
			open
			> SYN 0
			< SYN,ACK 0 ack 1 win 1000
			> ACK 1 ack 1
			read 1 = 0`},
	})
}

func TestHandshakeOptions(t *testing.T) {
	runScripts(t, []scriptCase{
		{"the window of a SYN is never scaled; those behind it are: RFC 7323, 2.2", `
			config rx=1048576
			open
			> SYN 0 win 65535 <mss 1460, sackok, ts 0 0, wscale 5>
			< SYN,ACK 0 ack 1 win 100 <mss 1460, wscale 2>
			> ACK 1 ack 1 win 32768
			write 5000
			> ACK 1+100 ack 1            | 100 and not 400: the SYN,ACK's window
			< ACK 1 ack 101 win 500
			> ACK 101+1460               | 2000: 500 << 2
			< ACK 1 ack 1561 win 860
			> ACK 1561+1460
			> ACK 3021+1460
			> ACK 4481+520
			< ACK 1 ack 5001 win 0`},
		{"a passive open that is offered no scale offers 64 KiB of its large buffer at most", `
			config rx=1048576
			accept SYN 0 win 1000 <mss 1000>
			> SYN,ACK 0 ack 1 win 65535 <mss 1460>
			< ACK 1+1 ack 1 win 1000
			> ACK 1 ack 2 win 65534
			< ACK 2+1460 ack 1 win 1000
			> ACK 1 ack 1462 win 65535`},
		{"a scale over 14 counts as 14: RFC 7323, 2.3", `
			config tx=200000
			establish win 1 <mss 1460, wscale 15>
			< ACK 1 ack 1 win 1
			setcwnd 100000
			write 20000
			> ACK 1+1460
			> ACK 1461+1460
			> ACK 2921+1460
			> ACK 4381+1460
			> ACK 5841+1460
			> ACK 7301+1460
			> ACK 8761+1460
			> ACK 10221+1460
			> ACK 11681+1460
			> ACK 13141+1460
			> ACK 14601+1460              | the rest of 16384 is under a segment and under half the window`},
		{"without an MSS option it is 536: RFC 9293, 3.7.1", `
			establish win 65535
			write 600
			> ACK 1+536
			> ACK 537+64`},
		{"an MSS of zero is none", `
			establish win 65535 <mss 0>
			write 600
			> ACK 1+536
			> ACK 537+64`},
		{"a tiny MSS is not followed under 64 bytes", `
			establish win 65535 <mss 1>
			write 100
			> ACK 1+64
			> ACK 65+36`},
		{"a large MSS is bounded by what our link takes", `
			establish win 65535 <mss 9000>
			write 1500
			> ACK 1+1460
			> ACK 1461+40`},
		{"our MSS is what we can receive", `
			config mss=512
			open
			> SYN 0 <mss 512, sackok, ts 0 0, wscale 0>
			< SYN,ACK 0 ack 1 win 1000 <mss 1460>
			> ACK 1 ack 1
			write 600
			> ACK 1+512
			> ACK 513+88`},
		{"unknown options are skipped", `
			establish win 65535 <hex fe04abcd, mss 100>
			write 101
			> ACK 1+100
			> ACK 101+1`},
		{"options behind the end of the list do not count", `
			establish win 65535 <end, mss 100>
			write 600
			> ACK 1+536
			> ACK 537+64`},
		{"an option of length zero ends the list, what was before it counts: RFC 9293, 3.2", `
			establish win 65535 <mss 100, hex fe00, wscale 7>
			write 101
			> ACK 1+100
			> ACK 101+1`},
		{"an option past the end of the header ends the list", `
			establish win 65535 <mss 100, nop, nop, nop, hex 02>
			write 101
			> ACK 1+100
			> ACK 101+1`},
		{"an MSS option of another length does not count", `
			establish win 65535 <hex 0203ff, nop>
			write 600
			> ACK 1+536
			> ACK 537+64`},
	})
}

func TestSynSentByScript(t *testing.T) {
	runScripts(t, []scriptCase{
		{"an ACK of nothing we sent is the host's to reset, and we wait on: RFC 9293, 3.10.7.3", `
			in SYN-SENT
			< ACK 0 ack 0 = ErrBadAck
			< ACK 0 ack 2 = ErrBadAck
			< SYN,ACK 0 ack 0 = ErrBadAck
			< SYN,ACK 0 ack 2 = ErrBadAck
			< RST,ACK 0 ack 2 = ErrBadAck
			< RST,ACK 0 ack 0 = ErrBadAck
			state SYN-SENT`},
		{"an answer before our SYN was sent is to somebody else's", `
			open
			< SYN,ACK 0 ack 1 = ErrBadAck
			< RST,ACK 0 ack 1 = ErrBadAck
			state SYN-SENT
			> SYN 0`},
		{"a RST that acknowledges our SYN refuses", `
			in SYN-SENT
			< RST,ACK 0 ack 1
			state CLOSED
			err ErrRefused
			read 1 = ErrRefused
			write 1 = ErrRefused`},
		{"a RST without ACK is nobody's", `
			in SYN-SENT
			< RST 0 = ErrNoAck
			state SYN-SENT`},
		{"neither SYN nor RST: dropped", `
			in SYN-SENT
			< ACK 0 ack 1 = ErrNotSyn
			< FIN 0 = ErrNotSyn
			< NONE 0+5 = ErrNotSyn
			state SYN-SENT`},
		{"the SYN goes out again after 1, 3, 7, 15, 31, 63, 123 s, and it ends after 3 minutes: RFC 9293, 3.8.3", `
			in SYN-SENT
			wait 1s
			> SYN 0
			wait 2s
			> SYN 0
			wait 4s
			> SYN 0
			wait 8s
			> SYN 0
			wait 16s
			> SYN 0
			wait 32s
			> SYN 0
			wait 60s
			> SYN 0
			wait 59s
			state SYN-SENT
			wait 1s
			none
			state CLOSED
			err ErrTimeout`},
		{"a soft error does not end it, but is the cause when it ends: RFC 1122, 4.2.3.9", `
			in SYN-SENT
			soft
			state SYN-SENT
			wait 180s
			none
			err ErrTimeout
			err errHost`},
		{"a hard error ends it without a word", `
			in SYN-SENT
			fail
			state CLOSED
			err errHost`},
		{"aborting sends nothing: RFC 9293, 3.10.5", `
			in SYN-SENT
			abort
			state CLOSED
			err ErrAborted`},
		{"a retransmitted SYN is not timed, and data begins with a timeout of 3 s: RFC 6298, 5.7", `
			in SYN-SENT
			wait 1s
			> SYN 0
			< SYN,ACK 0 ack 1 win 1000
			> ACK 1 ack 1
			write 1
			> ACK 1+1
			deadline 3s`},
		{"the SYN's round trip sets the timeout: SRTT 100 ms, RTTVAR 50 ms", `
			in SYN-SENT
			wait 100ms
			< SYN,ACK 0 ack 1 win 1000
			> ACK 1 ack 1
			write 1
			> ACK 1+1
			deadline 300ms`},
	})
}

func TestSynReceivedByScript(t *testing.T) {
	runScripts(t, []scriptCase{
		{"an ACK of nothing we sent is the host's to reset: RFC 9293, 3.10.7.4, fifth", `
			in SYN-RECEIVED
			< ACK 1 ack 0 = ErrBadAck
			< ACK 1 ack 2 = ErrBadAck
			state SYN-RECEIVED`},
		{"a RST at the next number ends it", `
			in SYN-RECEIVED
			< RST 1
			state CLOSED
			err ErrReset`},
		{"a RST elsewhere in the window is challenged: RFC 5961, 3.2", `
			in SYN-RECEIVED
			< RST 2 = ErrChallenge
			> ACK 1 ack 1
			state SYN-RECEIVED`},
		{"a RST outside the window is dropped", `
			in SYN-RECEIVED
			< RST 0 = ErrOutOfWindow
			< RST 40000 = ErrOutOfWindow
			state SYN-RECEIVED`},
		{"a SYN in the window is challenged: RFC 5961, 4.2", `
			in SYN-RECEIVED
			< SYN 9 = ErrChallenge
			> ACK 1 ack 1
			state SYN-RECEIVED`},
		{"what lies outside the window is acknowledged and dropped", `
			in SYN-RECEIVED
			< ACK 40000+1 ack 1 = ErrOutOfWindow
			> ACK 1 ack 1
			state SYN-RECEIVED`},
		{"a segment without ACK is dropped", `
			in SYN-RECEIVED
			< NONE 1+1 = ErrNoAck
			state SYN-RECEIVED`},
		{"the SYN,ACK goes out again until 3 minutes have passed", `
			in SYN-RECEIVED
			wait 1s
			> SYN,ACK 0 ack 1
			wait 2s
			> SYN,ACK 0 ack 1
			wait 177s
			none
			state CLOSED
			err ErrTimeout`},
		{"aborting resets the peer", `
			in SYN-RECEIVED
			abort
			> RST,ACK 1 ack 1
			state CLOSED`},
		{"the final ACK's window is scaled", `
			config tx=5000
			accept SYN 0 win 100 <mss 1460, wscale 4>
			> SYN,ACK 0
			write 1000
			< ACK 1 ack 1 win 100
			> ACK 1+1000`},
	})
}

package tcp

import "testing"

// RFC 1191, in the cases that loss_test.go does not have.
func TestPathMTUCases(t *testing.T) {
	runScripts(t, []scriptCase{
		{"6.4: the congestion window stays as it is, and no timer is waited for", `
			in ESTABLISHED
			write 5840
			> ACK 1+1460
			> ACK 1461+1460
			> ACK 2921+1460
			> ACK 4381+1460
			cwnd 14600
			mtu 1040
			info SndMSS 1000
			cwnd 14600
			ssthresh none
			> ACK 1+1000
			> ACK 1001+1000
			> ACK 2001+1000
			> ACK 3001+1000
			> ACK 4001+1000
			> ACK 5001+840
			recovery none
			rto 200ms
			< ACK 1 ack 5841 win 65535`},
		{"what comes later is small from the begin", `
			in ESTABLISHED
			mtu 1040
			write 1500
			> ACK 1+1000
			> ACK 1001+500
			< ACK 1 ack 1501 win 65535`},
		{"a second message makes it smaller still", `
			in ESTABLISHED
			write 1460
			> ACK 1+1460
			mtu 1240
			> ACK 1+1200
			> ACK 1201+260
			mtu 1040
			> ACK 1+1000
			> ACK 1001+200
			< ACK 1 ack 1461 win 65535`},
		{"a message again for what is small already changes nothing", `
			in ESTABLISHED
			write 1460
			> ACK 1+1460
			mtu 1240
			> ACK 1+1200
			> ACK 1201+260
			mtu 1240
			none
			mtu 1300
			none
			info SndMSS 1200
			< ACK 1 ack 1461 win 65535`},
		{"the options of each segment count: RFC 9293, 3.7.1", stamped + `
			write 1448
			> ACK 1+1448
			mtu 1040
			info SndMSS 988
			> ACK 1+988
			> ACK 989+460
			< ACK 1 ack 1449 win 65535 <ts 501 1100>`},
		{"what the peer has by its SACK does not go again", `
			establish win 65535 <mss 1460, sackok>
			write 4380
			> ACK 1+1460
			> ACK 1461+1460
			> ACK 2921+1460
			< ACK 1 ack 1 win 65535 <sack 1461:2921>
			mtu 1040
			> ACK 1+1000
			> ACK 1001+460
			> ACK 2921+1000
			> ACK 3921+460
			none
			< ACK 1 ack 4381 win 65535`},
		{"before the handshake is over it bounds what follows", `
			open
			> SYN 0
			< SYN,ACK 0 ack 1 win 65535 <mss 1460>
			mtu 576
			> ACK 1 ack 1
			write 600
			> ACK 1+536
			> ACK 537+64
			< ACK 1 ack 601 win 65535`},
		{"ten minutes later a long segment tries; it arrives: the path is better", knownSmall + `
			wait 9m59s
			write 1500
			> ACK 1501+1000
			> ACK 2501+500
			< ACK 1 ack 3001 win 65535
			wait 1s
			write 1500
			> ACK 3001+1460
			> ACK 4461+40
			< ACK 1 ack 4501 win 65535
			info SndMSS 1460`},
		{"the router has the same to say: ten minutes more, and no sign of congestion", knownSmall + `
			wait 10m
			write 1500
			> ACK 1501+1460
			> ACK 2961+40
			setcwnd 20000
			mtu 1040
			> ACK 1501+1000
			> ACK 2501+460
			none
			cwnd 20000
			info SndMSS 1000
			< ACK 1 ack 3001 win 65535
			wait 9m59s
			write 1500
			> ACK 3001+1000
			> ACK 4001+500
			< ACK 1 ack 4501 win 65535
			wait 1s
			write 1500
			> ACK 4501+1460
			> ACK 5961+40
			< ACK 1 ack 6001 win 65535`},
		{"3: no larger estimate \"in response to the contents of a Datagram Too Big message\"", knownSmall + `
			wait 10m
			write 1500
			> ACK 1501+1460
			> ACK 2961+40
			mtu 1240
			> ACK 1501+1000
			> ACK 2501+460
			info SndMSS 1000
			< ACK 1 ack 3001 win 65535`},
		{"what was known of the path before counts from the first segment on; our SYN says what we take", `
			config path=1040
			open
			> SYN 0 <mss 1460, sackok, ts 0 0, wscale 0>
			< SYN,ACK 0 ack 1 win 65535 <mss 1460>
			> ACK 1 ack 1
			cwnd 10000
			write 1500
			> ACK 1+1000
			> ACK 1001+500
			< ACK 1 ack 1501 win 65535
			wait 10m
			write 1460
			> ACK 1501+1460
			< ACK 1 ack 2961 win 65535
			info SndMSS 1460`},
		{"what was known of the path before: for who accepts, too", `
			config path=1040
			accept SYN 0 win 65535 <mss 1460>
			> SYN,ACK 0 ack 1 <mss 1460>
			< ACK 1 ack 1 win 65535
			write 1500
			> ACK 1+1000
			> ACK 1001+500
			< ACK 1 ack 1501 win 65535`},
		{"a peer that takes less than the path", `
			config path=1040
			establish win 65535 <mss 900>
			write 1500
			> ACK 1+900
			> ACK 901+600
			< ACK 1 ack 1501 win 65535
			wait 10m
			write 1500
			> ACK 1501+900
			> ACK 2401+600
			< ACK 1 ack 3001 win 65535`},
		{"a path that takes less than the default: RFC 1191, 3 knows 68", `
			config path=68
			establish win 65535
			info SndMSS 64
			write 100
			> ACK 1+64
			> ACK 65+36
			< ACK 1 ack 101 win 65535`},
		{"the closed connection does not mind", `
			in SYN-SENT
			close
			mtu 576
			state CLOSED`},
	})
}

// knownSmall is a connection that a router told of an MTU of 1040.
const knownSmall = `
	in ESTABLISHED
	write 1500
	> ACK 1+1460
	> ACK 1461+40
	mtu 1040
	> ACK 1+1000
	> ACK 1001+460
	none
	< ACK 1 ack 1501 win 65535
`

// inHole sends full segments into a path that takes 1280 bytes and does not say so.
const inHole = `
	config tx=100000
	establish win 65535 <mss 1460>
	write 6000
	> ACK 1+1460
	> ACK 1461+1460
	> ACK 2921+1460
	> ACK 4381+1460
	> ACK 5841+160
	wait 200ms
	> ACK 1+1460                 | the first timeout may be anything
	none
	wait 400ms
	> ACK 1+1240                 | the second tries what IPv6's least MTU would take
	none
	info SndMSS 1240
`

// RFC 4821, in small
func TestBlackHole(t *testing.T) {
	// through acknowledges the small segments that follow inHole, and leaves 1460 bytes to send.
	const through = inHole + `
	< ACK 1 ack 1241 win 65535
	> ACK 1241+1240
	> ACK 2481+1240
	< ACK 1 ack 3721 win 65535
	consume
	< ACK 1 ack 6001 win 65535
	info InFlight 0
	write 1500
	`
	runScripts(t, []scriptCase{
		{"two timeouts of a full segment: smaller ones get through", inHole + `
			< ACK 1 ack 1241 win 65535
			> ACK 1241+1240
			> ACK 2481+1240
			< ACK 1 ack 2481 win 65535
			consume
			< ACK 1 ack 6001 win 65535
			info InFlight 0
			info Timeouts 0`},
		{"not at 1240 either: the fourth timeout tries IPv4's 576", inHole + `
			wait 800ms
			> ACK 1+1240
			wait 1600ms
			> ACK 1+536
			info SndMSS 536
			< ACK 1 ack 537 win 65535
			> ACK 537+536
			> ACK 1073+536
			< ACK 1 ack 6001 win 65535`},
		{"smaller it does not get", inHole + `
			wait 800ms
			> ACK 1+1240
			wait 1600ms
			> ACK 1+536
			wait 3200ms
			> ACK 1+536
			wait 6400ms
			> ACK 1+536
			info SndMSS 536
			< ACK 1 ack 6001 win 65535`},
		{"a small segment that times out is no sign of a hole", `
			in ESTABLISHED
			write 500
			> ACK 1+500
			wait 200ms
			> ACK 1+500
			wait 400ms
			> ACK 1+500
			wait 800ms
			> ACK 1+500
			info SndMSS 1460
			< ACK 1 ack 501 win 65535`},
		{"one timeout is none either, however often there is one", `
			in ESTABLISHED
			write 1460
			> ACK 1+1460
			wait 200ms
			> ACK 1+1460
			< ACK 1 ack 1461 win 65535
			write 1460
			> ACK 1461+1460
			wait 200ms
			> ACK 1461+1460
			info SndMSS 1460
			< ACK 1 ack 2921 win 65535`},
		{"when data gets through a long segment is the test; it arrives: it was an outage", through + `
			> ACK 6001+1460
			info SndMSS 1240              | not before it is acknowledged
			> ACK 7461+40
			< ACK 1 ack 7501 win 65535
			info SndMSS 1460
			write 2920
			> ACK 7501+1460
			> ACK 8961+1460
			< ACK 1 ack 10421 win 65535`},
		{"less than a long segment is sent as it is, and the test waits", through[:len(through)-len("write 1500\n\t")] + `
			write 1400
			> ACK 6001+1240
			> ACK 7241+160
			< ACK 1 ack 7401 win 65535
			write 1460
			> ACK 7401+1460
			< ACK 1 ack 8861 win 65535
			info SndMSS 1460`},
		{"one test at a time", through + `
			write 3000
			> ACK 6001+1460
			> ACK 7461+1240
			> ACK 8701+1240
			> ACK 9941+560
			< ACK 1 ack 10501 win 65535
			info SndMSS 1460`},
		{"the test is lost: a hole. Smaller segments, and ten minutes without another test", through + `
			> ACK 6001+1460
			> ACK 7461+40
			wait 200ms
			> ACK 6001+1240
			< ACK 1 ack 7241 win 65535
			> ACK 7241+260
			< ACK 1 ack 7501 win 65535
			info SndMSS 1240
			wait 9m59s
			write 1500
			> ACK 7501+1240
			> ACK 8741+260
			< ACK 1 ack 9001 win 65535
			wait 1s
			write 1500
			> ACK 9001+1460
			> ACK 10461+40
			< ACK 1 ack 10501 win 65535
			info SndMSS 1460`},
		{"a router's word ends the guessing", inHole + `
			mtu 1040
			info SndMSS 1000
			consume
			< ACK 1 ack 6001 win 65535
			write 1500
			> ACK 6001+1000
			> ACK 7001+500
			< ACK 1 ack 7501 win 65535
			write 1500
			> ACK 7501+1000
			> ACK 8501+500
			< ACK 1 ack 9001 win 65535`},
		{"SYNs are small: their timeouts are no sign", `
			in SYN-SENT
			wait 1s
			> SYN 0
			wait 2s
			> SYN 0
			wait 4s
			> SYN 0
			< SYN,ACK 0 ack 1 win 65535 <mss 1460>
			> ACK 1 ack 1
			info SndMSS 1460`},
		{"the loss of the test is no sign of congestion: RFC 4821, 7.6.2", `
			config tx=100000
			establish win 65535 <mss 1460, sackok>
			write 1460
			> ACK 1+1460
			consume
			silentfor 900ms
			info SndMSS 1240
			< ACK 1 ack 1461 win 65535
			setcwnd 20000
			write 8000
			> ACK 1461+1460
			> ACK 2921+1240
			> ACK 4161+1240
			> ACK 5401+1240
			> ACK 6641+1240
			> ACK 7881+1240
			> ACK 9121+340
			wait 20ms
			< ACK 1 ack 1461 win 65535 <sack 2921:9461>
			> ACK 1461+1240
			> ACK 2701+220
			cwnd 20000
			info Recoveries 0
			< ACK 1 ack 9461 win 65535`},
		{"nor is it where duplicate ACKs show it", `
			config tx=100000
			establish win 65535 <mss 1460>
			write 1460
			> ACK 1+1460
			silentfor 700ms
			info SndMSS 1240
			< ACK 1 ack 1461 win 65535
			write 10                     | RFC 6582, 3.2: duplicates count behind "recover"
			> ACK 1461+10
			< ACK 1 ack 1471 win 65535
			setcwnd 20000
			write 8000
			> ACK 1471+1460
			> ACK 2931+1240
			> ACK 4171+1240
			> ACK 5411+1240
			> ACK 6651+1240
			> ACK 7891+1240
			> ACK 9131+340
			< ACK 1 ack 1471 win 65535
			< ACK 1 ack 1471 win 65535
			none
			< ACK 1 ack 1471 win 65535
			> ACK 1471+1240
			> ACK 2711+220
			< ACK 1 ack 1471 win 65535
			< ACK 1 ack 1471 win 65535
			< ACK 1 ack 1471 win 65535
			none
			cwnd 20000
			< ACK 1 ack 9471 win 65535`},
		{"but where another segment is lost with it there is congestion", `
			config tx=100000
			establish win 65535 <mss 1460, sackok>
			write 1460
			> ACK 1+1460
			silentfor 900ms
			< ACK 1 ack 1461 win 65535
			setcwnd 20000
			write 8000
			> ACK 1461+1460
			> ACK 2921+1240
			> ACK 4161+1240
			> ACK 5401+1240
			> ACK 6641+1240
			> ACK 7881+1240
			> ACK 9121+340
			wait 20ms
			< ACK 1 ack 1461 win 65535 <sack 4161:9461>
			> ACK 1461+1240
			consume
			recovery fast
			info Recoveries 1
			cwnd 5600                      | 0.7 of what was in flight: RFC 9438, 4.6
			< ACK 1 ack 9461 win 65535`},
	})
}

// The test of a black hole's end waits for a window that it fits; what fits a smaller one goes
// meanwhile.
func TestBlackHoleAndSmallWindow(t *testing.T) {
	runScripts(t, []scriptCase{
		{"a window between the small and the long segment", `
			establish win 65535 <mss 1460>
			write 1460
			> ACK 1+1460
			elapse
			> ACK 1+1460
			elapse
			> ACK 1+1240
			< ACK 1 ack 1241 win 65535
			> ACK 1241+220
			< ACK 1 ack 1461 win 1300
			write 4000
			> ACK 1461+1240
			< ACK 1 ack 2701 win 1460
			> ACK 2701+1460              | the test
			< ACK 1 ack 4161 win 65535
			> ACK 4161+1300
			< ACK 1 ack 5461 win 65535`},
	})
}

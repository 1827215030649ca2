package tcp

import (
	"errors"
	"testing"
	"time"
)

// TestConnectionFailures: RFC 9293, 3.8.3 and 3.9.2.2.
func TestConnectionFailures(t *testing.T) {
	runScripts(t, []scriptCase{
		{"a SYN is sent again as data is: the timeout doubles", `
			open
			> SYN 0
			deadline 1s
			wait 1s
			> SYN 0
			deadline 2s
			wait 2s
			> SYN 0
			deadline 4s`},
		{"a SYN is sent again for 3 minutes at least", "open\n> SYN 0\nsilent 180s\nerr ErrTimeout"},
		{"a SYN,ACK is sent again for 3 minutes at least", "in SYN-RECEIVED\nsilent 180s\nerr ErrTimeout"},
		{"the application may give up on a SYN sooner", "in SYN-SENT\nwait 500ms\nclose\nnone\nstate CLOSED"},
		{"the application sets R2 for a SYN", "usertimeout 5s\nopen\nusertimeout 5s\n> SYN 0\nsilent 5s\nerr ErrTimeout"},
		{"data is sent again for 100 s at least", "in ESTABLISHED\nwrite 9\n> PSH,ACK 1+9\nsilent 100s\nerr ErrTimeout"},
		{"data in CLOSE-WAIT is sent again for 100 s at least", "in CLOSE-WAIT\nwrite 9\n> PSH,ACK 1+9\nsilent 100s\nerr ErrTimeout"},
		{"a FIN is sent again for 100 s at least", "in FIN-WAIT-1\nsilent 100s\nerr ErrTimeout"},
		{"the peer answers a moment before R2: the count begins anew", `
			in ESTABLISHED
			write 9
			> PSH,ACK 1+9
			usertimeout 10s
			consume
			wait 200ms
			> ACK 1+9
			< ACK 1 ack 10 win 65535
			write 9
			> PSH,ACK 10+9
			silent 10s
			err ErrTimeout`},
		{"a soft error does not end SYN-RECEIVED", "in SYN-RECEIVED\nsoft\nstate SYN-RECEIVED\n< ACK 1 ack 1 win 9\nstate ESTABLISHED\nerr nil"},
		{"a soft error does not end ESTABLISHED", "in ESTABLISHED\nwrite 9\n> PSH,ACK 1+9\nsoft\nstate ESTABLISHED\n< ACK 1 ack 10 win 9\nerr nil"},
		{"a soft error does not end FIN-WAIT-1", "in FIN-WAIT-1\nsoft\n< ACK 1 ack 2 win 9\nstate FIN-WAIT-2\nerr nil"},
		{"a soft error does not end LAST-ACK", "in LAST-ACK\nsoft\n< ACK 2 ack 2 win 9\nstate CLOSED\nerr nil"},
		{"a hard error during the handshake ends it", "in SYN-SENT\nfail\nstate CLOSED\nerr errHost\nwrite 1 = errHost"},
	})
}

// TestReports: RFC 9293, 3.9.1.8: "There MUST be a mechanism for reporting soft TCP error conditions
// to the application": an ICMP error, excessive retransmissions, the advance of the urgent pointer.
func TestReports(t *testing.T) {
	s := newScript(t, 100, 300)
	s.run("in ESTABLISHED\nwrite 9\n> PSH,ACK 1+9")
	if i := s.c.Info(); i.Soft != nil || i.Timeouts != 0 || i.Urgent != 0 {
		t.Errorf("nothing has happened: %v, %d timeouts, %d bytes urgent", i.Soft, i.Timeouts, i.Urgent)
	}
	s.run("soft")
	if i := s.c.Info(); !errors.Is(i.Soft, errHost) {
		t.Errorf("the host reported an error, Info says %v", i.Soft)
	}
	s.run("wait 200ms\n> ACK 1+9\nwait 400ms\n> ACK 1+9\nwait 800ms\n> ACK 1+9")
	if i := s.c.Info(); i.Timeouts != 3 {
		t.Errorf("sent again 3 times, Info says %d", i.Timeouts)
	}
	s.run("< ACK,URG 1 ack 1 win 65535 urg 5")
	if i := s.c.Info(); i.Urgent != 5 {
		t.Errorf("5 bytes are urgent, Info says %d", i.Urgent)
	}
	s.run("< ACK 1 ack 10 win 65535")
	if i := s.c.Info(); i.Soft != nil || i.Timeouts != 0 {
		t.Errorf("the peer has answered: %v, %d timeouts", i.Soft, i.Timeouts)
	}
}

// TestKeepAlive: RFC 9293, 3.8.4.
func TestKeepAlive(t *testing.T) {
	runScripts(t, []scriptCase{
		{"keep-alives are off until the application asks", "in ESTABLISHED\ndeadline none\nwait 86400s\nnone\nstate ESTABLISHED"},
		{"a probe has no data and the number before SND.NXT", `
			in ESTABLISHED
			keepalive 7200s 75s 9
			wait 7200s
			> ACK 0+0 ack 1
			none`},
		{"the interval is the application's", `
			in ESTABLISHED
			keepalive 10s 1s 3
			deadline 10s
			wait 10s
			> ACK 0 ack 1
			deadline 1s`},
		{"a peer that answers keeps the connection", `
			in ESTABLISHED
			keepalive 10s 1s 3
			wait 10s
			> ACK 0 ack 1
			< ACK 1 ack 1 win 65535
			wait 10s
			> ACK 0 ack 1
			< ACK 1 ack 1 win 65535
			state ESTABLISHED`},
		{"one probe without an answer says nothing: the next one is answered", `
			in ESTABLISHED
			keepalive 10s 1s 3
			wait 10s
			> ACK 0 ack 1
			wait 1s
			> ACK 0 ack 1
			wait 1s
			> ACK 0 ack 1
			< ACK 1 ack 1 win 65535
			state ESTABLISHED
			wait 10s
			> ACK 0 ack 1`},
		{"all probes without an answer end it", `
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
		{"data that comes puts the probe off", `
			in ESTABLISHED
			keepalive 10s 1s 3
			wait 9s
			< ACK 1+5 ack 1 win 65535
			> ACK 1 ack 6
			wait 1s
			none
			deadline 9s
			wait 9s
			> ACK 0 ack 6`},
		{"an ACK that comes puts the probe off", `
			in ESTABLISHED
			keepalive 10s 1s 3
			wait 9s
			< ACK 1 ack 1 win 65535
			wait 1s
			none
			deadline 9s`},
		{"no probe while data is unacknowledged: its own timer looks after it", `
			in ESTABLISHED
			keepalive 300ms 1s 3
			write 9
			> PSH,ACK 1+9
			wait 200ms
			> ACK 1+9
			wait 100ms
			none
			state ESTABLISHED
			< ACK 1 ack 10 win 65535`},
		{"no probe while a closed window is probed", `
			establish win 0 <mss 100>
			keepalive 300ms 1s 3
			write 9
			none
			wait 200ms
			> ACK 1+1
			< ACK 1 ack 1 win 0
			wait 100ms
			none
			state ESTABLISHED`},
		{"the application turns them off again", `
			in ESTABLISHED
			keepalive 10s 1s 3
			keepalive 0s 0s 0
			deadline none`},
		{"FIN-WAIT-2 and CLOSE-WAIT are probed as well: the peer may be gone", `
			in FIN-WAIT-2
			keepalive 10s 1s 1
			wait 10s
			> ACK 1 ack 1
			wait 1s
			> RST,ACK 2 ack 1
			state CLOSED`},
		{"our own answer to a peer's keep-alive", `
			in ESTABLISHED
			< ACK 0 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 1`},
		{"our own answer to a peer's keep-alive with a garbage octet", `
			in ESTABLISHED
			< ACK 0+1 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 1
			read 1 = 0`},
	})
}

// TestCongestionControlIsThere: RFC 9293, 3.8.2: "A TCP endpoint MUST implement the basic congestion
// control algorithms slow start, congestion avoidance, and exponential backoff of RTO".
func TestCongestionControlIsThere(t *testing.T) {
	const full = `
			establish win 65535 <mss 1000>
			write 32000
			cwnd 10000
			> ACK 1+1000
			> ACK 1001+1000
			> ACK 2001+1000
			> ACK 3001+1000
			> ACK 4001+1000
			> ACK 5001+1000
			> ACK 6001+1000
			> ACK 7001+1000
			> ACK 8001+1000
			> ACK 9001+1000
			none`
	runScripts(t, []scriptCase{
		{"slow start: one more segment for each that is acknowledged", full + `
			< ACK 1 ack 2001 win 65535
			cwnd 12000
			> ACK 10001+1000
			> ACK 11001+1000
			> ACK 12001+1000
			> ACK 13001+1000
			none`},
		{"a timeout leaves one segment, and half the flight as threshold", "config cc=newreno" + full + `
			wait 200ms
			> ACK 1+1000
			none
			cwnd 1000
			ssthresh 5000`},
		{"congestion avoidance: one more segment a window", "config cc=newreno" + full + `
			wait 200ms
			> ACK 1+1000
			< ACK 1 ack 10001 win 65535
			setcwnd 6000                 | above the threshold of 5000
			consume
			< ACK 1 ack 12001 win 65535
			cwnd 6000
			consume
			< ACK 1 ack 15001 win 65535
			cwnd 6000
			consume
			< ACK 1 ack 16001 win 65535
			cwnd 7000
			consume`},
		{"exponential backoff: the timeout doubles for the same segment", `
			in ESTABLISHED
			write 9
			> PSH,ACK 1+9
			rto 200ms
			wait 200ms
			> ACK 1+9
			rto 400ms
			wait 400ms
			> ACK 1+9
			rto 800ms
			wait 800ms
			> ACK 1+9
			rto 1600ms`},
		{"the timeout does not grow beyond a minute", "in ESTABLISHED\nwrite 9\n> PSH,ACK 1+9\nwait 200ms\n> ACK 1+9\nwait 400ms\n> ACK 1+9\nwait 800ms\n> ACK 1+9\nwait 1600ms\n> ACK 1+9\nwait 3200ms\n> ACK 1+9\nwait 6400ms\n> ACK 1+9\nwait 12800ms\n> ACK 1+9\nwait 25600ms\n> ACK 1+9\nwait 51200ms\n> ACK 1+9\nrto 1m"},
		{"another algorithm can be chosen", "config cc=cubic" + full + `
			wait 200ms
			> ACK 1+1000
			cwnd 1000
			ssthresh 7000                | RFC 9438, 4.6: beta is 0.7`},
		{"ECN: both ask, a mark is echoed until CWR, and an echo cuts the window", `
			config ecn=1
			open
			> SYN,ECE,CWR 0
			< SYN,ACK,ECE 0 ack 1 win 65535 <mss 100>
			> ACK 1 ack 1
			<ce ACK 1+10 ack 1 win 65535
			> ACK,ECE 1 ack 11
			< ACK,CWR 11+10 ack 1 win 65535
			> ACK 1 ack 21
			write 200
			> ACK 1+100
			ect 1
			> PSH,ACK 101+100
			< ACK,ECE 21 ack 201 win 65535
			write 10
			> PSH,ACK,CWR 201+10
			< ACK 21 ack 211 win 65535`},
		{"ECN: a peer that does not agree is not sent ECT", `
			config ecn=1
			open
			> SYN,ECE,CWR 0
			< SYN,ACK 0 ack 1 win 65535 <mss 100>
			> ACK 1 ack 1
			write 9
			> PSH,ACK 1+9
			ect 0
			< ACK 1 ack 10 win 65535`},
	})
}

// TestRoundTripOfWhatWasSentTwice: RFC 9293, 3.8.1: the RTO "MUST be computed according to the
// algorithm in [10], including Karn's algorithm for taking RTT samples"; [10] is RFC 6298.
func TestRoundTripOfWhatWasSentTwice(t *testing.T) {
	s := newScript(t, 100, 300)
	s.run("in ESTABLISHED\nwrite 9\n> PSH,ACK 1+9\nwait 200ms\n> ACK 1+9\nwait 5s")
	before := s.c.Info()
	s.c.Receive(s.now, s.parse(s.segment("ACK 1 ack 10 win 65535", "", "")))
	if i := s.c.Info(); i.SRTT != before.SRTT || i.RTTVar != before.RTTVar {
		t.Errorf("an ACK of what was sent twice is measured: SRTT %v, before %v", i.SRTT, before.SRTT)
	}
	s = newScript(t, 100, 300)
	s.run("in ESTABLISHED\nwrite 9\n> PSH,ACK 1+9\nwait 100ms\n< ACK 1 ack 10 win 65535")
	// The handshake took no time: SRTT 0 + 1/8 * 100 ms, RTTVAR 3/4 * 0 + 1/4 * 100 ms.
	if i := s.c.Info(); i.SRTT.Round(time.Millisecond/10) != 12500*time.Microsecond || i.RTTVar.Round(time.Millisecond/10) != 25*time.Millisecond {
		t.Errorf("SRTT %v RTTVAR %v, want 12.5ms and 25ms", i.SRTT, i.RTTVar)
	}
}

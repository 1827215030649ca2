package tcp

import (
	"fmt"
	"testing"
	"time"
)

// TestReasons: each kind of segment says why it was sent.
func TestReasons(t *testing.T) {
	runScripts(t, []scriptCase{
		{"nothing yet", "open\nwhy nothing sent\n> SYN 0"},
		{"a SYN, and one again", `
			open
			> SYN 0
			why SYN
			wait 1s
			> SYN 0
			why retransmission after a timeout`},
		{"a SYN,ACK", "accept SYN 0 win 1000\n> SYN,ACK 0\nwhy SYN"},
		{"the last ACK of a handshake", "in ESTABLISHED\nwhy acknowledgment"},
		{"new data, and a FIN", `
			in ESTABLISHED
			write 10
			> ACK 1+10
			why new data
			close
			> FIN,ACK 11
			why new data
			< ACK 1 ack 12 win 65535`},
		{"an ACK at once, and a delayed one", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			why acknowledgment
			slow
			< ACK 11+10 ack 1 win 65535
			wait 40ms
			> ACK 1 ack 21
			why delayed acknowledgment
			< ACK 21+10 ack 1 win 65535
			< ACK 31+10 ack 1 win 65535
			> ACK 1 ack 41
			why acknowledgment`},
		{"data out of order, and what fills the gap", `
			in ESTABLISHED
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 1
			why acknowledgment of out-of-order data
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 21
			why acknowledgment of out-of-order data
			< ACK 21+10 ack 1 win 65535
			> ACK 1 ack 31
			why acknowledgment`},
		{"the answer to what is unacceptable", `
			in ESTABLISHED
			< ACK 40000+10 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 1
			why answer to an unacceptable segment`},
		{"a challenge", `
			in ESTABLISHED
			< RST 100 = ErrChallenge
			> ACK 1 ack 1
			why challenge ACK
			< SYN 100 = ErrChallenge
			> ACK 1 ack 1
			why challenge ACK`},
		{"a challenge before the handshake is over", `
			in SYN-RECEIVED
			< SYN 100 = ErrChallenge
			> ACK 1 ack 1
			why challenge ACK`},
		{"a SYN,ACK again, because the SYN came again or because nothing came", `
			in SYN-RECEIVED
			why SYN
			wait 500ms
			< SYN 0 win 65535 <mss 1460> = ErrOutOfWindow
			> SYN,ACK 0 ack 1
			why SYN
			wait 500ms
			> SYN,ACK 0 ack 1
			why retransmission after a timeout`},
		{"a window update", `
			config rx=1000
			in ESTABLISHED
			< ACK 1+1000 ack 1 win 65535
			> ACK 1 ack 1001 win 0
			read 1000
			> ACK 1 ack 1001 win 1000
			why window update`},
		{"a fast retransmission", `
			establish win 65535 <mss 100>
			write 400
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			> ACK 301+100
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			> ACK 1+100
			why fast retransmission
			info Recovery fast
			info Recoveries 1
			< ACK 1 ack 401 win 65535
			info Recovery`},
		{"a timeout", `
			in ESTABLISHED
			write 10
			> ACK 1+10
			wait 200ms
			> ACK 1+10
			why retransmission after a timeout
			info Recovery timeout
			info Timeouts 1
			info Retransmits 1
			< ACK 1 ack 11 win 65535
			info Timeouts 0`},
		{"a tail loss probe", `
			in SYN-SENT
			wait 100ms
			< SYN,ACK 0 ack 1 win 65535 <mss 1460, sackok>
			> ACK 1 ack 1
			write 10
			> ACK 1+10
			wait 300ms
			> ACK 1+10
			info TailProbes 1
			why tail loss probe
			< ACK 1 ack 11 win 65535`},
		{"a probe into a closed window", `
			establish win 0
			write 10
			none
			wait 200ms
			> ACK 1+1
			why zero window probe
			< ACK 1 ack 2 win 0`},
		{"a keep-alive", `
			in ESTABLISHED
			keepalive 10s 1s 3
			wait 10s
			> ACK 0 ack 1
			why keep-alive probe
			< ACK 1 ack 1 win 65535`},
		{"a reset", "in ESTABLISHED\nabort\n> RST,ACK 1\nwhy reset"},
		{"a call that sends nothing does not forget", `
			in ESTABLISHED
			write 10
			> ACK 1+10
			none
			why new data
			< ACK 1 ack 11 win 65535`},
		{"a challenge that rides on data is data, and the next ACK is none", `
			in ESTABLISHED
			< RST 100 = ErrChallenge
			write 10
			> ACK 1+10
			why new data
			< ACK 1+10 ack 11 win 65535
			> ACK 11 ack 11
			why acknowledgment`},
	})
}

func TestReasonNames(t *testing.T) {
	seen := map[string]bool{}
	for r := ReasonNone; r <= ReasonReset; r++ {
		if s := r.String(); s == "" || s == "unknown" || seen[s] {
			t.Errorf("reason %d is %q", r, s)
		} else {
			seen[s] = true
		}
	}
	if s := (ReasonReset + 1).String(); s != "unknown" {
		t.Errorf("a reason that there is not is %q", s)
	}
}

// TestInfo looks at each field where its value is known.
func TestInfo(t *testing.T) {
	runScripts(t, []scriptCase{
		{"a connection at its begin", `
			in SYN-SENT
			info State SYN-SENT
			info Local 10.0.0.1:50000
			info Remote 10.0.0.2:80
			info InFlight 1
			info RTO 1s
			info SRTT 0s
			info Congestion cubic
			info SndBuf 32768
			info RcvBuf 32768
			info SndSpace 32768
			info Why SYN`},
		{"options in force, and scales", `
			config rx=1048576
			establish win 100 <mss 1000, sackok, ts 5 0, wscale 3>
			info SACK true
			info Timestamps true
			info ECN false
			info SndScale 3
			info RcvScale 5
			info SndMSS 988
			info SndWnd 100
			info RcvWnd 1048576
			< ACK 1 ack 1 win 100 <ts 5 0>
			info SndWnd 800`},
		{"options that the peer did not want", `
			config rx=1048576
			establish win 100
			info SACK false
			info Timestamps false
			info SndScale 0
			info RcvScale 0
			info SndMSS 536`},
		{"ECN", `
			config ecn=1
			open
			> SYN,ECE,CWR 0
			< SYN,ACK,ECE 0 ack 1 win 65535 <mss 100>
			> ACK 1 ack 1
			info ECN true
			write 300
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			< ACK,ECE 1 ack 101 win 65535
			info MarksEchoed 1
			< ACK,ECE 1 ack 301 win 65535`},
		{"what was written and sent", `
			establish win 250 <mss 100>
			write 1000
			info Unsent 1000
			> ACK 1+100
			> ACK 101+100
			info InFlight 200
			info Pipe 200
			info Unsent 800
			info SndSpace 31768
			< ACK 1 ack 101 win 250
			info InFlight 100
			info SndSpace 31868
			> ACK 201+100
			info Unsent 700`},
		{"what SACK says has arrived is in flight, but not in the network", `
			establish win 65535 <mss 100, sackok>
			write 300
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			< ACK 1 ack 1 win 65535 <sack 101:201>
			info InFlight 300
			info Pipe 200
			< ACK 1 ack 301 win 65535`},
		{"a FIN takes a number, but is no data", `
			in ESTABLISHED
			write 5
			close
			> FIN,ACK 1+5
			info InFlight 6
			info Unsent 0
			< ACK 1 ack 7 win 65535
			info InFlight 0`},
		{"what was received", `
			config rx=1000
			establish win 65535 <mss 100, sackok>
			< ACK 1+300 ack 1 win 65535
			> ACK 1 ack 301
			info ReadBuffered 300
			info RcvWnd 700
			< ACK 401+100 ack 1 win 65535
			> ACK 1 ack 301
			< ACK 601+100 ack 1 win 65535
			> ACK 1 ack 301
			info Gaps 2
			info ReadBuffered 300
			read 100
			info ReadBuffered 200
			< ACK 301+100 ack 1 win 65535
			> ACK 1 ack 501
			info Gaps 1
			info ReadBuffered 400`},
		{"round trips", `
			in SYN-SENT
			wait 100ms
			< SYN,ACK 0 ack 1 win 65535
			> ACK 1 ack 1
			info SRTT 100ms
			info RTTVar 50ms
			info MinRTT 100ms
			info RTO 300ms
			write 10
			> ACK 1+10
			wait 20ms
			< ACK 1 ack 11 win 65535
			info SRTT 90ms
			info RTTVar 57.5ms
			info MinRTT 20ms
			info RTO 320ms`},
		{"D-SACKs that were heard", `
			establish win 65535 <mss 100, sackok>
			write 100
			> ACK 1+100
			< ACK 1 ack 101 win 65535 <sack 1:101>
			info DoublesHeard 1`},
	})
}

// TestInfoStates asks in every state, and where no connection ever was.
func TestInfoStates(t *testing.T) {
	for state := range ways {
		s := newScript(t, 7, 9)
		s.run("in " + state)
		if i := s.c.Info(); i.State.String() != state || i.ISS != 7 || state != "SYN-SENT" && i.IRS != 9 {
			t.Errorf("%s: %+v", state, i)
		}
	}
	var c TCB
	if i := c.Info(); i.State != Closed || i.Congestion != "" || i.Why != ReasonNone {
		t.Errorf("a zero TCB: %+v", i)
	}
	if s := State(99).String(); s != "unknown" {
		t.Errorf("a state that there is not is %q", s)
	}
}

func TestInfoAllocatesNothing(t *testing.T) {
	s := newScript(t, 7, 9)
	s.run("in ESTABLISHED")
	var i Info
	if n := testing.AllocsPerRun(100, func() { i = s.c.Info() }); n != 0 || i.RTO < 200*time.Millisecond {
		t.Error(fmt.Sprint(n, " allocations, ", i))
	}
}

package tcp

import (
	"fmt"
	"strings"
	"testing"
)

// synchronized are the states of RFC 9293, 3.10.7.4 that share most of their rules, as the ways
// of script_test.go reach them: what we send next, what the peer sends next.
var synchronized = []struct {
	state    string
	snd, rcv int
}{
	{"ESTABLISHED", 1, 1}, {"FIN-WAIT-1", 2, 1}, {"FIN-WAIT-2", 2, 1}, {"CLOSE-WAIT", 1, 2},
	{"CLOSING", 2, 2}, {"LAST-ACK", 2, 2}, {"TIME-WAIT", 2, 2},
}

// TestSynchronizedStates plays what is the same in every synchronized state.
func TestSynchronizedStates(t *testing.T) {
	var cases []scriptCase
	for _, st := range synchronized {
		acked := st.snd // all that we sent
		if st.state == "FIN-WAIT-1" || st.state == "CLOSING" || st.state == "LAST-ACK" {
			acked-- // but our FIN
		}
		cause := "ErrReset"
		if strings.Contains("CLOSING LAST-ACK TIME-WAIT", st.state) {
			cause = "nil" // RFC 9293, 3.10.7.4, second: "enter the CLOSED state, delete the TCB, and return"
		}
		reply := fmt.Sprintf("> ACK %d ack %d", st.snd, st.rcv)
		add := func(sentence, lines string) {
			lines = strings.NewReplacer("RCV", fmt.Sprint(st.rcv), "REPLY", reply,
				"ACKED", fmt.Sprint(acked), "CAUSE", cause, "STATE", st.state).Replace(lines)
			cases = append(cases, scriptCase{st.state + ": " + sentence, "in " + st.state + "\n" + lines})
		}
		add("a RST at the next number ends it", "< RST RCV\nstate CLOSED\nerr CAUSE\nwrite 1 = "+map[bool]string{true: "ErrReset", false: "ErrClosing"}[cause == "ErrReset"])
		add("a RST,ACK at the next number ends it", "< RST,ACK RCV ack 1\nstate CLOSED\nerr CAUSE")
		add("a RST elsewhere in the window is challenged: RFC 5961, 3.2", "< RST 100 = ErrChallenge\nREPLY\nstate STATE")
		add("a RST behind the window is dropped", "< RST 32770 = ErrOutOfWindow\nnone\nstate STATE")
		add("a RST before the window is dropped", "< RST 0 = ErrOutOfWindow\nnone\nstate STATE")
		add("a SYN in the window is challenged: RFC 5961, 4.2", "< SYN 100 = ErrChallenge\nREPLY\nstate STATE")
		add("a SYN from before is acknowledged: the peer has forgotten, and will reset", "< SYN 0 win 9 = ErrOutOfWindow\nREPLY\nstate STATE")
		add("a SYN,ACK from before is acknowledged: our ACK was lost", "< SYN,ACK 0 ack 1 win 9 = ErrOutOfWindow\nREPLY\nstate STATE")
		add("a segment without ACK is dropped", "< NONE RCV+5 = ErrNoAck\nnone\nstate STATE")
		add("a FIN without ACK is dropped", "< FIN RCV = ErrNoAck\nnone\nstate STATE")
		add("an ACK of what was not sent is answered with an ACK", "< ACK RCV ack 100 = ErrBadAck\nREPLY\nstate STATE")
		add("its data is not taken", "< ACK RCV+5 ack 100 = ErrBadAck\nREPLY\nread 1 = "+map[bool]string{true: "0", false: "EOF"}[st.rcv == 1])
		add("an ACK older than any window is answered with an ACK: RFC 5961, 5.2", "< ACK RCV ack -70000 = ErrBadAck\nREPLY\nstate STATE")
		add("an ACK that is merely old is ignored", "< ACK RCV ack 0 win 100\nnone\nstate STATE")
		add("data behind the window is acknowledged and dropped", "< ACK 32770+5 ack 1 win 9 = ErrOutOfWindow\nREPLY\nstate STATE")
		add("data from before is acknowledged and dropped", "< ACK -99+100 ack 1 win 9 = ErrOutOfWindow\nREPLY\nstate STATE")
		add("ACKs from outside the window are answered twice a second only, so that nobody is kept busy",
			"< ACK 32780 ack 1 win 9 = ErrOutOfWindow\nREPLY\n< ACK 32780 ack 1 win 9 = ErrOutOfWindow\nnone")
		add("the urgent pointer is no more than a number: its data is read with the rest", "< ACK,URG RCV ack ACKED win 65535 urg 5\nnone\nstate STATE")
		if st.rcv == 2 {
			add("data behind the FIN is acknowledged and not taken", "< ACK RCV+5 ack ACKED win 65535\nREPLY\nread 1 = EOF\nstate STATE")
		}
	}
	runScripts(t, cases)
}

func TestAcceptability(t *testing.T) {
	// The table of RFC 9293, 3.4, for a window that begins at 101.
	var cases []scriptCase
	for _, c := range []struct {
		sentence, segment string
		window            int
		ok                bool
	}{
		{"no data at the beginning of the window", "ACK 101", 10, true},
		{"no data inside the window", "ACK 105", 10, true},
		{"no data at the window's end, where a peer that has filled it stands", "ACK 111", 10, true},
		{"no data behind it", "ACK 112", 10, false},
		{"no data before it", "ACK 100", 10, false},
		{"no data at the beginning of a closed window", "ACK 101", 0, true},
		{"no data behind a closed window", "ACK 102", 0, false},
		{"no data before a closed window", "ACK 100", 0, false},
		{"data that begins in the window", "ACK 110+5", 10, true},
		{"data that ends in the window", "ACK 96+6", 10, true},
		{"data that covers the window", "ACK 91+50", 10, true},
		{"data that ends before it", "ACK 91+10", 10, false},
		{"data that begins behind it", "ACK 111+5", 10, false},
		{"data at a closed window", "ACK 101+1", 0, false},
		{"a FIN alone at the window's end is data to come", "FIN,ACK 111", 10, false},
		{"a FIN at a closed window", "FIN,ACK 101", 0, true},
		{"a FIN that ends data before the window is at its beginning", "FIN,ACK 91+10", 10, true},
	} {
		lines := fmt.Sprintf("config rx=%d\nestablish win 1000\n< ACK 1+100 ack 1 win 1000\n> ACK 1 ack 101\n", 100+c.window)
		if !c.ok {
			lines += "< " + c.segment + " ack 1 win 1000 = ErrOutOfWindow\n> ACK 1 ack 101"
		} else {
			lines += "< " + c.segment + " ack 1 win 1000\nconsume"
		}
		cases = append(cases, scriptCase{c.sentence, lines})
	}
	runScripts(t, cases)
}

func TestReassembly(t *testing.T) {
	runScripts(t, []scriptCase{
		{"data in order is read in order", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 21
			read 5
			read 100 = 15
			read 1 = 0`},
		{"data out of order waits, and is acknowledged at once: RFC 5681, 4.2", `
			in ESTABLISHED
			slow
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 1
			read 1 = 0
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 21               | a filled gap at once, too
			read 20`},
		{"what overlaps is taken once", `
			in ESTABLISHED
			< ACK 6+10 ack 1 win 65535
			> ACK 1 ack 1
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 16
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 21
			read 20`},
		{"what was read is not taken again", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			read 10
			< ACK 6+10 ack 1 win 65535
			> ACK 1 ack 16
			read 9 = 5`},
		{"what lies behind the window is cut off", `
			config rx=15
			in ESTABLISHED
			< ACK 1+20 ack 1 win 65535
			> ACK 1 ack 16 win 0
			read 99 = 15
			> ACK 1 ack 16 win 15`},
		{"gaps are reported when the peer takes SACK, the newest first: RFC 2018, 4", `
			establish win 65535 <mss 1460, sackok>
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 1 <sack 11:21>
			< ACK 31+10 ack 1 win 65535
			> ACK 1 ack 1 <sack 31:41, sack 11:21>
			< ACK 51+10 ack 1 win 65535
			> ACK 1 ack 1 <sack 51:61, sack 31:41, sack 11:21>
			< ACK 71+10 ack 1 win 65535
			> ACK 1 ack 1 <sack 71:81, sack 51:61, sack 31:41, sack 11:21>
			< ACK 91+10 ack 1 win 65535
			> ACK 1 ack 1 <sack 91:101, sack 71:81, sack 51:61, sack 31:41>
			< ACK 61+10 ack 1 win 65535
			> ACK 1 ack 1 <sack 51:81, sack 91:101, sack 31:41, sack 11:21>
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 21 <sack 51:81, sack 91:101, sack 31:41>
			< ACK 21+10 ack 1 win 65535
			> ACK 1 ack 41 <sack 51:81, sack 91:101>
			< ACK 41+60 ack 1 win 65535
			> ACK 1 ack 101 <sack 51:81> | the first part of it that had come before: RFC 2883, 4
			read 100`},
		{"gaps are not reported to a peer that does not take SACK", `
			establish win 65535 <mss 1460>
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 1 <>`},
		{"data that we send carries the gaps, too, and is shorter for it", `
			establish win 65535 <mss 100, sackok>
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 1 <sack 11:21>
			write 200
			> ACK 1+88 ack 1 <sack 11:21>
			> ACK 89+88 ack 1 <sack 11:21>
			> ACK 177+24 ack 1 <sack 11:21>`},
		{"a SACK option leaves room for data in the smallest segments", `
			establish win 65535 <mss 1, sackok>
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 1
			< ACK 31+10 ack 1 win 65535
			> ACK 1 ack 1
			< ACK 51+10 ack 1 win 65535
			> ACK 1 ack 1
			< ACK 71+10 ack 1 win 65535
			> ACK 1 ack 1
			write 28
			> ACK 1+28 ack 1 <sack 71:81, sack 51:61, sack 31:41, sack 11:21>`},
		{"more gaps than there is memory for: what makes one more comes again, nothing breaks", `
			in ESTABLISHED
			gaps 80
			< ACK 1001+10 ack 1 win 65535 = ErrNoRoom
			> ACK 1 ack 1
			< ACK 1+1000 ack 1 win 65535
			> ACK 1 ack 1001
			< ACK 1001+10 ack 1 win 65535
			> ACK 1 ack 1011
			read 1010`},
	})
}

func TestDelayedAckByScript(t *testing.T) {
	runScripts(t, []scriptCase{
		{"the first segments are acknowledged at once: the peer's window grows with each", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 21`},
		{"later every second is: RFC 9293, 3.8.6.3", `
			in ESTABLISHED
			slow
			< ACK 1+1460 ack 1 win 65535
			none
			deadline 40ms
			< ACK 1461+1460 ack 1 win 65535
			> ACK 1 ack 2921
			deadline none`},
		{"none waits for more than 40 ms", `
			in ESTABLISHED
			slow
			< ACK 1+10 ack 1 win 65535
			wait 39ms
			none
			wait 1ms
			> ACK 1 ack 11
			deadline none`},
		{"an ACK rides on data", `
			in ESTABLISHED
			slow
			< ACK 1+10 ack 1 win 65535
			write 5
			> ACK 1+5 ack 11
			deadline 200ms
			< ACK 11 ack 6 win 65535
			deadline none`},
		{"an ACK rides on a FIN", `
			in ESTABLISHED
			slow
			< ACK 1+10 ack 1 win 65535
			close
			> FIN,ACK 1 ack 11`},
		{"a FIN is acknowledged at once, with the data before it", `
			in ESTABLISHED
			slow
			< ACK 1+10 ack 1 win 65535
			none
			< FIN,ACK 11 ack 1 win 65535
			> ACK 1 ack 12`},
		{"old data is acknowledged at once: its ACK was lost", `
			in ESTABLISHED
			slow
			< ACK 1+10 ack 1 win 65535
			wait 40ms
			> ACK 1 ack 11
			< ACK 1+10 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 11`},
		{"an ACK is not acknowledged", `
			in ESTABLISHED
			< ACK 1 ack 1 win 65535
			none
			< ACK 1 ack 1 win 1000
			none`},
	})
}

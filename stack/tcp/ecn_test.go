package tcp

import "testing"

// RFC 3168, 6.1.1
func TestECNNegotiation(t *testing.T) {
	data := `
			write 100
			> ACK 1+100
			ect `
	active := func(what, flags, ect string) scriptCase {
		return scriptCase{what, `
			config ecn=1
			open
			> ECE,CWR,SYN 0              | "ECN-setup SYN packet"
			ect 0                        | "A host MUST NOT set ECT on SYN or SYN-ACK packets."
			< ` + flags + ` 0 ack 1 win 65535 <mss 100>
			> ACK 1 ack 1
			ect 0` + data + ect + `
			< ACK 1 ack 101 win 65535`}
	}
	passive := func(what, flags, answer, ect string) scriptCase {
		return scriptCase{what, `
			accept ` + flags + ` 0 win 65535 <mss 100>
			> ` + answer + ` 0 ack 1
			ect 0
			< ACK 1 ack 1 win 65535` + data + ect + `
			< ACK 1 ack 101 win 65535`}
	}
	runScripts(t, []scriptCase{
		active("a SYN,ACK with ECE agrees", "ECE,SYN,ACK", "1"),
		active("one without does not", "SYN,ACK", "0"),
		active("nor one that reflects the flags of the SYN: 6.1.1.2", "ECE,CWR,SYN,ACK", "0"),
		active("nor one with CWR alone", "CWR,SYN,ACK", "0"),
		passive("an ECN-setup SYN is agreed to", "ECE,CWR,SYN", "ECE,SYN,ACK", "1"),
		passive("a plain one is not", "SYN", "SYN,ACK", "0"),
		passive("nor one with half of the flags", "ECE,SYN", "SYN,ACK", "0"),
		passive("nor with the other half", "CWR,SYN", "SYN,ACK", "0"),
		{"without the wish the SYN is plain, and an ECE is not believed", `
			open
			> SYN 0
			< ECE,SYN,ACK 0 ack 1 win 65535 <mss 100>
			> ACK 1 ack 1` + data + `0
			< ECE,ACK 1 ack 101 win 65535
			cwnd 1000
			ssthresh none`},
		{"two SYNs without an answer may have met a firewall: 6.1.1.1", `
			config ecn=1
			open
			> ECE,CWR,SYN 0
			wait 1s
			> ECE,CWR,SYN 0
			wait 2s
			> SYN 0
			< ECE,SYN,ACK 0 ack 1 win 65535 <mss 100>
			> ACK 1 ack 1` + data + `0
			< ACK 1 ack 101 win 65535`},
	})
}

// tenECN are ten segments in flight that routers may mark, and more that wait.
const tenECN = `
			config cc=newreno ecn=1
			open
			> ECE,CWR,SYN 0
			< ECE,SYN,ACK 0 ack 1 win 65535 <mss 100>
			> ACK 1 ack 1
			write 5000
			burst 1 10 100
			none`

// RFC 3168, 6.1.2, 6.1.4 and 6.1.5
func TestECNSender(t *testing.T) {
	const rest = `
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535
			recovery none`
	runScripts(t, []scriptCase{
		{"new data may be marked; what is sent again, bare ACKs and probes may not", `
			config ecn=1
			open
			> ECE,CWR,SYN 0
			< ECE,SYN,ACK 0 ack 1 win 65535 <mss 100>
			> ACK 1 ack 1
			ect 0
			write 100
			> ACK 1+100
			ect 1
			wait 200ms
			> ACK 1+100
			ect 0                        | 6.1.5
			< ACK 1+5 ack 101 win 0
			> ACK 101 ack 6
			ect 0                        | 6.1.4
			write 10
			none
			elapse
			> ACK 101+1
			ect 0                        | 6.1.6
			< ACK 6 ack 101 win 100
			consume
			< ACK 6 ack 111 win 100
			close
			> FIN,ACK 111
			ect 0
			< ACK 6 ack 112 win 100`},
		{"an ECE cuts as a loss does, the first new data says so, and nothing is sent again", tenECN + `
			< ECE,ACK 1 ack 101 win 65535
			ssthresh 500
			cwnd 500                     | "SHOULD NOT increase the congestion window in response"
			recovery none
			none
			< ECE,ACK 1 ack 501 win 65535
			none
			< ECE,ACK 1 ack 601 win 65535
			cwnd 500                     | "not ... more than once every window of data"
			> CWR,ACK 1001+100
			ect 1
			none
			< ECE,ACK 1 ack 701 win 65535
			> ACK 1101+100
			< ECE,ACK 1 ack 1001 win 65535
			burst 1201 3 100
			cwnd 500                     | the peer has not got the CWR yet
			marks 1
			retransmits 0
			< ACK 1 ack 1101 win 65535
			cwnd 500                     | 100 of 500 acknowledged
			> ACK 1501+100
			< ECE,ACK 1 ack 1201 win 65535
			cwnd 250                     | another mark
			marks 2` + rest},
		{"CWR follows a fast retransmission, too: \"for any reason\"", tenECN + `
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			burst 1001 2 100
			< ACK 1 ack 1 win 65535
			> ACK 1+100                  | it "SHOULD NOT be set on retransmitted packets"
			none
			< ECE,ACK 1 ack 1201 win 65535
			cwnd 500                     | the loss and the mark are of the same window
			marks 0
			> CWR,ACK 1201+100
			> ACK 1301+100` + rest},
		{"and a timeout", tenECN + `
			wait 200ms
			> ACK 1+100
			< ACK 1 ack 1001 win 65535
			> CWR,ACK 1001+100
			> ACK 1101+100
			none` + rest},
		{"an ECE in a recovery cuts no more", tenECN + `
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			burst 1001 2 100
			< ACK 1 ack 1 win 65535
			> ACK 1+100
			< ECE,ACK 1 ack 301 win 65535
			> ACK 301+100
			ssthresh 500
			marks 0` + rest},
		{"one segment is the least, and then the timer is waited for: 6.1.2", `
			config cc=newreno ecn=1
			open
			> ECE,CWR,SYN 0
			< ECE,SYN,ACK 0 ack 1 win 65535 <mss 100>
			> ACK 1 ack 1
			setcwnd 200
			write 5000
			burst 1 2 100
			< ECE,ACK 1 ack 201 win 65535
			cwnd 100
			ssthresh 200
			> CWR,ACK 201+100
			none
			< ECE,ACK 1 ack 301 win 65535
			cwnd 100
			none
			deadline 200ms
			elapse
			> CWR,ACK 301+100
			none
			< ACK 1 ack 401 win 65535
			> ACK 401+100
			consume` + rest},
	})
}

// RFC 3168, 6.1.3
func TestECNReceiver(t *testing.T) {
	const marked = `
			accept ECE,CWR,SYN 0 win 65535 <mss 1460>
			> ECE,SYN,ACK 0 ack 1
			< ACK 1 ack 1 win 65535
			slow`
	runScripts(t, []scriptCase{
		{"a mark is echoed by every ACK until CWR comes", marked + `
			<ce ACK 1+10 ack 1 win 65535
			> ECE,ACK 1 ack 11
			< ACK 11+10 ack 1 win 65535
			< ACK 21+10 ack 1 win 65535
			> ECE,ACK 1 ack 31
			write 5
			> ECE,ACK 1+5 ack 31         | data carries it, too
			< CWR,ACK 31+10 ack 6 win 65535
			< ACK 41+10 ack 6 win 65535
			> ACK 6 ack 51
			< ACK 51+10 ack 6 win 65535
			< ACK 61+10 ack 6 win 65535
			> ACK 6 ack 71`},
		{"CWR in a marked packet: the mark is later than the cut", marked + `
			<ce ACK 1+10 ack 1 win 65535
			> ECE,ACK 1 ack 11
			<ce CWR,ACK 11+10 ack 1 win 65535
			> ECE,ACK 1 ack 21
			< CWR,ACK 21+10 ack 1 win 65535
			< ACK 31+10 ack 1 win 65535
			> ACK 1 ack 41`},
		{"a mark out of order counts", marked + `
			<ce ACK 11+10 ack 1 win 65535
			> ECE,ACK 1 ack 1
			< ACK 1+10 ack 1 win 65535
			> ECE,ACK 1 ack 21`},
		{"one on a bare ACK does not: 6.1.4", marked + `
			<ce ACK 1 ack 1 win 65535
			write 5
			> ACK 1+5 ack 1
			< ACK 1 ack 6 win 65535`},
		{"one outside of the window does not: 6.1.5", marked + `
			< ACK 1+10 ack 1 win 65535
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 21
			<ce ACK 1+10 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 21`},
		{"without agreement no mark is echoed", `
			in ESTABLISHED
			<ce ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11`},
	})
}

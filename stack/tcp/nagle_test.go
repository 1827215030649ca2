package tcp

import "testing"

// RFC 9293, 3.7.4
func TestNagleTimes(t *testing.T) {
	const on = "config nagle=1\nestablish win 65535 <mss 100>\n"
	runScripts(t, []scriptCase{
		{"nothing in flight: a small segment goes at once", on + `
			write 1
			> ACK,PSH 1+1
			< ACK 1 ack 2 win 65535`},
		{"while something is, small writes are collected until it is acknowledged", on + `
			write 1
			> ACK 1+1
			write 1
			none
			write 1
			none
			write 1
			none
			< ACK 1 ack 2 win 65535
			> ACK,PSH 2+3
			< ACK 1 ack 5 win 65535`},
		{"until a full-sized segment can be sent", on + `
			write 1
			> ACK 1+1
			write 99
			none
			write 1
			> ACK 2+100
			none
			< ACK 1 ack 102 win 65535`},
		{"what is over a full segment waits", on + `
			write 250
			> ACK 1+100
			> ACK 101+100
			none
			< ACK 1 ack 101 win 65535
			none                           | 100 are in flight yet
			< ACK 1 ack 201 win 65535
			> ACK,PSH 201+50
			< ACK 1 ack 251 win 65535`},
		{"an acknowledgment of part of it is not enough", on + `
			write 50
			> ACK 1+50
			write 10
			< ACK 1 ack 26 win 65535
			none
			< ACK 1 ack 51 win 65535
			> ACK 51+10
			< ACK 1 ack 61 win 65535`},
		{"the end of the data does not wait: a FIN says that no more comes", on + `
			write 1
			> ACK 1+1
			write 1
			none
			close
			> FIN,ACK,PSH 2+1
			< ACK 1 ack 4 win 65535`},
		{"a FIN alone does not wait either", on + `
			write 1
			> ACK 1+1
			close
			> FIN,ACK 2
			< ACK 1 ack 3 win 65535`},
		{"an ACK that has to go does not take the small data along", on + `
			write 1
			> ACK 1+1
			write 1
			< ACK 1+10 ack 1 win 65535
			> ACK 2 ack 11
			none
			< ACK 11 ack 2 win 65535
			> ACK 2+1 ack 11
			< ACK 11 ack 3 win 65535`},
		{"what is lost goes again, whatever its size", on + `
			write 1
			> ACK 1+1
			write 1
			wait 200ms
			> ACK 1+1
			none
			< ACK 1 ack 2 win 65535
			> ACK 2+1
			< ACK 1 ack 3 win 65535`},
		{"with timestamps a full segment is what they leave", `
			config nagle=1 offset=5
			establish win 65535 <mss 100, ts 9 5>
			write 1
			> ACK 1+1
			write 87
			none
			write 1
			> ACK 2+88
			< ACK 1 ack 90 win 65535 <ts 9 5>`},
		{"off, each write goes at once: an application MUST be able to disable it", `
			establish win 65535 <mss 100>
			write 1
			> ACK 1+1
			write 1
			> ACK 2+1
			write 1
			> ACK 3+1
			< ACK 1 ack 4 win 65535`},
		{"off, the rest of a large write goes at once", `
			establish win 65535 <mss 100>
			write 250
			> ACK 1+100
			> ACK 101+100
			> ACK 201+50
			< ACK 1 ack 251 win 65535`},
	})
}

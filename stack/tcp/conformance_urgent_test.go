package tcp

import "testing"

// RFC 9293, 3.8.5 and 3.10.7.4, "Sixth, check the URG bit".
func TestUrgentReceived(t *testing.T) {
	runScripts(t, []scriptCase{
		{"the pointer is an offset from the segment's number to the byte behind the urgent data", `
			in ESTABLISHED
			urgent 0
			< ACK,URG 1+10 ack 1 win 65535 urg 4
			> ACK 1 ack 11
			urgent 4
			read 10 = 4                  | not together with what is not urgent: 3.9.1.3
			urgent 0
			read 10 = 6`},
		{"the pointer comes before its data: the application is told at once", `
			in ESTABLISHED
			< ACK,URG 1 ack 1 win 65535 urg 1000
			urgent 1000
			read 1 = 0
			< ACK 1+600 ack 1 win 65535
			> ACK 1 ack 601
			urgent 1000
			read 600
			urgent 400
			< ACK 601+600 ack 1 win 65535
			> ACK 1 ack 1201
			read 1000 = 400
			urgent 0
			read 1000 = 200`},
		{"urgent data may be longer than the window and all buffers", `
			config rx=100
			in ESTABLISHED
			< ACK,URG 1 ack 1 win 65535 urg 65535
			urgent 65535
			< ACK,URG 1+100 ack 1 win 65535 urg 65535
			> ACK 1 ack 101 win 0
			read 100
			> ACK 1 ack 101 win 100
			urgent 65435
			< ACK,URG 101+100 ack 1 win 65535 urg 65535
			> ACK 1 ack 201 win 0
			urgent 65535
			read 100
			> ACK 1 ack 201 win 100`},
		{"urgent data of one byte", `
			in ESTABLISHED
			< ACK,URG 1+1 ack 1 win 65535 urg 1
			> ACK 1 ack 2
			urgent 1
			read 9 = 1
			urgent 0`},
		{"a pointer that advances moves the end of the urgent data", `
			in ESTABLISHED
			< ACK,URG 1+10 ack 1 win 65535 urg 5
			> ACK 1 ack 11
			urgent 5
			< ACK,URG 11+10 ack 1 win 65535 urg 5
			> ACK 1 ack 21
			urgent 15
			read 99 = 15
			read 99 = 5`},
		{"a pointer never recedes: RCV.UP <- max(RCV.UP,SEG.UP)", `
			in ESTABLISHED
			< ACK,URG 1 ack 1 win 65535 urg 50
			< ACK,URG 1 ack 1 win 65535 urg 20
			urgent 50
			< ACK 1+20 ack 1 win 65535
			> ACK 1 ack 21
			urgent 50`},
		{"a pointer to what was read already is none", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			read 10
			< ACK,URG 6+5 ack 1 win 65535 urg 5 = ErrOutOfWindow
			> ACK 1 ack 11
			urgent 0`},
		{"a pointer of zero points at no data", `
			in ESTABLISHED
			< ACK,URG 1+10 ack 1 win 65535 urg 0
			> ACK 1 ack 11
			urgent 0
			read 10`},
		{"a pointer without the URG bit is no pointer", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535 urg 7
			> ACK 1 ack 11
			urgent 0
			read 10`},
		{"a pointer behind the end of the stream ends with it", `
			in ESTABLISHED
			< FIN,ACK,URG 1+10 ack 1 win 65535 urg 500
			> ACK 1 ack 12
			urgent 10
			read 99 = 10
			urgent 0
			read 9 = EOF`},
		{"a pointer in a segment that is ahead of the data counts from that segment", `
			in ESTABLISHED
			< ACK,URG 11+10 ack 1 win 65535 urg 5
			> ACK 1 ack 1
			urgent 15
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 21
			read 99 = 15
			read 99 = 5`},
		{"the urgent pointer is heeded with a closed window", `
			config rx=10
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11 win 0
			< ACK,URG 11 ack 1 win 65535 urg 3
			urgent 13
			read 10
			> ACK 1 ack 11 win 10
			urgent 3`},
		{"the urgent pointer of a probe into a closed window is heeded, its data is not", `
			config rx=10
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11 win 0
			< ACK,URG 11+1 ack 1 win 65535 urg 3 = ErrOutOfWindow
			> ACK 1 ack 11 win 0
			urgent 13`},
		{"an urgent pointer from outside the window is not heeded", `
			in ESTABLISHED
			< ACK,URG 40000+1 ack 1 win 65535 urg 3 = ErrOutOfWindow
			> ACK 1 ack 1
			urgent 0`},
		{"an urgent pointer with an ACK of what was never sent is not heeded", `
			in ESTABLISHED
			< ACK,URG 1+1 ack 9 win 65535 urg 3 = ErrBadAck
			> ACK 1 ack 1
			urgent 0`},
		{"an urgent pointer in the SYN,ACK counts: processing continues at the sixth step", `
			open
			> SYN 0
			< SYN,ACK,URG 0+5 ack 1 win 1000 urg 4
			> ACK 1 ack 6
			urgent 3
			read 9 = 3
			read 9 = 2`},
		{"FIN-WAIT-1 and FIN-WAIT-2 take an urgent pointer", `
			in FIN-WAIT-1
			< ACK,URG 1 ack 1 win 65535 urg 7
			urgent 7
			< ACK,URG 1 ack 2 win 65535 urg 9
			state FIN-WAIT-2
			urgent 9`},
		{"an urgent pointer in data that comes again is not heeded: the segment is unacceptable", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			< ACK,URG 1+10 ack 1 win 65535 urg 500 = ErrOutOfWindow
			> ACK 1 ack 11
			urgent 0`},
		{"with a closed window an urgent pointer with an ACK of what was never sent is not heeded", `
			config rx=10
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11 win 0
			< ACK,URG 11+1 ack 9 win 65535 urg 3 = ErrOutOfWindow
			> ACK 1 ack 11 win 0
			urgent 0`},
		{"behind the FIN the URG is ignored though data waits to be read", `
			in ESTABLISHED
			< FIN,ACK 1+10 ack 1 win 65535
			> ACK 1 ack 12
			< ACK,URG 12 ack 1 win 65535 urg 7
			urgent 0
			read 99 = 10`},
		{"CLOSE-WAIT ignores the URG: it should not occur", "in CLOSE-WAIT\n< ACK,URG 2 ack 1 win 65535 urg 7\nurgent 0"},
		{"CLOSING ignores the URG: it should not occur", "in CLOSING\n< ACK,URG 2 ack 1 win 65535 urg 7\nurgent 0"},
		{"LAST-ACK ignores the URG: it should not occur", "in LAST-ACK\n< ACK,URG 2 ack 1 win 65535 urg 7\nurgent 0"},
		{"TIME-WAIT ignores the URG: it should not occur", "in TIME-WAIT\n< ACK,URG 2 ack 2 win 65535 urg 7\nurgent 0"},
	})
}

func TestUrgentSent(t *testing.T) {
	runScripts(t, []scriptCase{
		{"urgent data goes with URG and a pointer behind its last byte", `
			in ESTABLISHED
			writeurgent 5
			> PSH,ACK,URG 1+5 urg 5
			< ACK 1 ack 6 win 65535
			write 5
			> PSH,ACK 6+5`},
		{"segments before the urgent data point at its end, those behind it at nothing", `
			establish win 65535 <mss 100>
			write 150
			writeurgent 20
			write 150
			> ACK,URG 1+100 urg 170
			> ACK,URG 101+100 urg 70
			> ACK 201+100
			> PSH,ACK 301+20
			< ACK 1 ack 321 win 65535`},
		{"urgent data of any length: the pointer says as much as it can, and later the rest", `
			config tx=70000
			establish win 65535 <mss 1460>
			writeurgent 66000
			> ACK,URG 1+1460 urg 65535
			> ACK,URG 1461+1460 urg 64540
			< ACK 1 ack 2921 win 65535
			consume
			abort
			consume`},
		{"what is sent again says again what is urgent", `
			in ESTABLISHED
			writeurgent 5
			> PSH,ACK,URG 1+5 urg 5
			wait 200ms
			> PSH,ACK,URG 1+5 urg 5
			< ACK 1 ack 6 win 65535`},
		{"an ACK between says it, too, while the urgent data has not been sent", `
			establish win 0 <mss 100>
			writeurgent 5
			none
			< ACK 1+10 ack 1 win 0
			> ACK,URG 1 ack 11 urg 5
			wait 200ms
			> ACK,URG 1+1 urg 5
			< ACK 11 ack 1 win 100
			> PSH,ACK,URG 1+5 urg 5
			< ACK 11 ack 6 win 100`},
		{"more urgent data moves the pointer", `
			establish win 0 <mss 100>
			writeurgent 5
			write 5
			writeurgent 5
			none
			< ACK 1 ack 1 win 100
			> PSH,ACK,URG 1+15 urg 15
			< ACK 1 ack 16 win 100`},
		{"urgent data before the handshake: the SYN says nothing of it", `
			open
			writeurgent 5
			> SYN 0
			< SYN,ACK 0 ack 1 win 100
			> PSH,ACK,URG 1+5 urg 5
			< ACK 1 ack 6 win 100`},
		{"a RST says nothing of urgent data", `
			establish win 0
			writeurgent 5
			none
			abort
			> RST,ACK 1 ack 1`},
		{"nothing urgent can be written behind the FIN", `
			in FIN-WAIT-1
			writeurgent 1 = ErrClosing`},
	})
}

// TestUrgentPairs: urgent data of one TCB is what another one reads as urgent.
func TestUrgentPairs(t *testing.T) {
	var a, b TCB
	buf := make([]byte, 1500)
	handshake(&a, &b, endConfig(addrA, addrB, 65536, 0xfffffff0), endConfig(addrB, addrA, 65536, 2), buf)
	a.Write(make([]byte, 10))
	a.WriteUrgent(make([]byte, 4000))
	a.Write(make([]byte, 10))
	relay(&a, &b, buf)
	if n := b.Urgent(); n != 4010 {
		t.Errorf("%d bytes are urgent, the first 4010 are", n)
	}
	if n, err := b.Read(make([]byte, 9999)); n != 4010 || err != nil || b.Urgent() != 0 {
		t.Errorf("read %d, %v, then %d are urgent", n, err, b.Urgent())
	}
	if n, err := b.Read(make([]byte, 9999)); n != 10 || err != nil {
		t.Errorf("read %d, %v behind the urgent data", n, err)
	}
	relay(&b, &a, buf)
	if a.Write(buf[:1]); a.Transmit(origin, buf) == 0 || a.urg.sending {
		t.Error("SND.UP is kept though it was acknowledged: it would count again when the numbers have wrapped")
	}
	b.Receive(origin, parsed(t, buf[:HeaderLen+timestampsLen+1], addrA, addrB))
	b.Read(buf)
	if n := testing.AllocsPerRun(100, func() {
		a.WriteUrgent(buf[:100])
		relay(&a, &b, buf)
		b.Read(buf)
		relay(&b, &a, buf)
	}); n != 0 {
		t.Errorf("%v allocations an urgent segment", n)
	}
}

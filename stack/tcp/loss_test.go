package tcp

import (
	"testing"
	"time"
)

// RFC 6298
func TestRetransmissionTimer(t *testing.T) {
	runScripts(t, []scriptCase{
		{"what is not acknowledged is sent again, ever more rarely: 5.4 to 5.6", `
			in ESTABLISHED
			write 10
			> ACK,PSH 1+10
			deadline 200ms
			wait 199ms
			none
			wait 1ms
			> ACK,PSH 1+10
			deadline 400ms
			wait 400ms
			> ACK 1+10
			deadline 800ms
			wait 800ms
			> ACK 1+10
			< ACK 1 ack 11 win 65535
			deadline none
			write 1
			> ACK 11+1
			deadline 200ms               | 5.7: an ACK of new data ends the backing off
			< ACK 1 ack 12 win 65535`},
		{"each ACK of new data restarts the timer: 5.3", `
			establish win 65535 <mss 100>
			write 200
			> ACK 1+100
			> ACK 101+100
			wait 150ms
			< ACK 1 ack 101 win 65535
			deadline 200ms               | from now: SRTT 19 ms + 4 * RTTVAR 37 ms are under the least
			wait 200ms
			> ACK 101+100
			< ACK 1 ack 201 win 65535`},
		{"a segment sent behind others does not restart it: 5.1", `
			in ESTABLISHED
			write 10
			> ACK 1+10
			wait 150ms
			write 10
			> ACK 11+10
			deadline 50ms
			wait 50ms
			> ACK 1+20                   | what fits a segment is sent as one
			< ACK 1 ack 21 win 65535`},
		{"what was sent twice is not timed: Karn", `
			in ESTABLISHED
			write 10
			> ACK 1+10
			wait 200ms
			> ACK 1+10
			wait 300ms
			< ACK 1 ack 11 win 65535     | of the first or of the second?
			write 10
			> ACK 11+10
			deadline 200ms
			< ACK 1 ack 21 win 65535`},
		{"the timer resends one segment; what else is missing the ACKs tell", `
			establish win 65535 <mss 100>
			write 400
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			> ACK 301+100
			wait 200ms
			> ACK 1+100
			none
			< ACK 1 ack 301 win 65535    | the second and third had come
			> ACK 301+100
			< ACK 1 ack 401 win 65535`},
		{"the end after 100 s of silence and 15 timeouts: RFC 9293, 3.8.3", `
			in ESTABLISHED
			write 10
			> ACK 1+10
			silent 100s
			err ErrTimeout
			read 1 = ErrTimeout
			write 1 = ErrTimeout`},
		{"a lost FIN ends in silence, too", `
			in LAST-ACK
			silent 100s
			err ErrTimeout`},
		{"a soft error becomes the cause: RFC 1122, 4.2.3.9", `
			in ESTABLISHED
			write 10
			> ACK 1+10
			soft
			silent 100s
			err ErrTimeout
			err errHost`},
		{"an answer makes a soft error past", `
			in ESTABLISHED
			write 10
			> ACK 1+10
			soft
			< ACK 1 ack 11 win 65535
			write 10
			> ACK 11+10
			silent 100s
			err ErrTimeout
			notcause`},
		{"data that keeps being lost ends it, though the peer's own comes", `
			in ESTABLISHED
			write 10
			> ACK 1+10
			chatter 100s
			err ErrTimeout`},
		{"what came in is read before the error", `
			in LAST-ACK
			silent 100s
			read 1 = EOF`},
	})
}

func TestRTT(t *testing.T) {
	var r rtt
	r.reset()
	for _, c := range []struct {
		sentence          string
		sample            time.Duration
		srtt, rttvar, rto time.Duration
	}{
		{"2.2: the first: SRTT is R, RTTVAR R/2, RTO SRTT + 4 RTTVAR", 800 * time.Millisecond, 800 * time.Millisecond, 400 * time.Millisecond, 2400 * time.Millisecond},
		{"2.3: later: a quarter of the difference, an eighth of the value", 400 * time.Millisecond, 750 * time.Millisecond, 400 * time.Millisecond, 2350 * time.Millisecond},
		{"2.3: the variation is of the old SRTT", 750 * time.Millisecond, 750 * time.Millisecond, 300 * time.Millisecond, 1950 * time.Millisecond},
		{"2.5: 60 s is the most", 1000 * time.Second, 125656250 * time.Microsecond, 250037500 * time.Microsecond, time.Minute},
	} {
		r.sample(c.sample, 1)
		if r.srtt != c.srtt || r.rttvar != c.rttvar || r.rto != c.rto {
			t.Errorf("%s: SRTT %v RTTVAR %v RTO %v, want %v %v %v", c.sentence, r.srtt, r.rttvar, r.rto, c.srtt, c.rttvar, c.rto)
		}
	}
	r.reset()
	for range 100 {
		r.sample(0, 1)
	}
	if r.rto != minRTO {
		t.Errorf("the least timeout is %v", r.rto)
	}
	for range 100 {
		r.backOff()
	}
	if r.rto != maxRTO || r.persist(1000) != maxRTO {
		t.Errorf("the longest timeout is %v, the longest wait for a probe %v", r.rto, r.persist(1000))
	}
}

// RFC 5681, 3.2 and RFC 6582
func TestFastRetransmit(t *testing.T) {
	const five = `
			establish win 65535 <mss 100>
			write 500
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			> ACK 301+100
			> ACK 401+100`
	runScripts(t, []scriptCase{
		{"the third duplicate ACK resends the oldest segment", five + `
			< ACK 1 ack 101 win 65535
			< ACK 1 ack 101 win 65535
			none
			< ACK 1 ack 101 win 65535
			none
			< ACK 1 ack 101 win 65535
			> ACK 101+100
			< ACK 1 ack 101 win 65535
			none                          | once
			< ACK 1 ack 501 win 65535
			deadline none`},
		{"a partial ACK shows the next hole: RFC 6582, 3.2", five + `
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			> ACK 1+100
			< ACK 1 ack 201 win 65535
			> ACK 201+100
			< ACK 1 ack 401 win 65535
			> ACK 401+100
			< ACK 1 ack 501 win 65535
			deadline none`},
		{"duplicates of what the recovery sent do not begin another", five + `
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			> ACK 1+100
			< ACK 1 ack 201 win 65535
			> ACK 201+100
			< ACK 1 ack 201 win 65535
			< ACK 1 ack 201 win 65535
			< ACK 1 ack 201 win 65535
			none
			< ACK 1 ack 501 win 65535`},
		{"an ACK with data is no duplicate", five + `
			< ACK 1+10 ack 1 win 65535
			> ACK 501 ack 11
			< ACK 11+10 ack 1 win 65535
			> ACK 501 ack 21
			< ACK 21+10 ack 1 win 65535
			> ACK 501 ack 31
			< ACK 1 ack 501 win 65535 = ErrOutOfWindow
			> ACK 501 ack 31
			deadline none`},
		{"an ACK with another window is no duplicate", five + `
			< ACK 1 ack 1 win 65534
			< ACK 1 ack 1 win 65533
			< ACK 1 ack 1 win 65532
			none
			< ACK 1 ack 501 win 65535`},
		{"an ACK with nothing in flight is no duplicate", `
			in ESTABLISHED
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			none`},
		{"when all that followed was lost two go for each that arrives, as in slow start", `
			establish win 65535 <mss 100>
			write 800
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			> ACK 301+100
			> ACK 401+100
			> ACK 501+100
			> ACK 601+100
			> ACK 701+100
			wait 200ms
			> ACK 1+100
			none
			< ACK 1 ack 101 win 65535
			> ACK 101+100
			> ACK 201+100
			none
			< ACK 1 ack 201 win 65535
			> ACK 301+100
			> ACK 401+100
			none
			< ACK 1 ack 301 win 65535
			> ACK 501+100
			> ACK 601+100
			< ACK 1 ack 401 win 65535
			> ACK 701+100
			none                          | the rest of its share ends with what is missing
			< ACK 1 ack 801 win 65535
			deadline none`},
		{"after a timeout everything is sent again, at the pace of slow start: RFC 5681, 3.1", `
			establish win 65535 <mss 100>
			write 800
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			> ACK 301+100
			> ACK 401+100
			> ACK 501+100
			> ACK 601+100
			> ACK 701+100
			wait 200ms
			> ACK 1+100
			< ACK 1 ack 101 win 65535
			> ACK 101+100
			> ACK 201+100
			< ACK 1 ack 501 win 65535
			cwnd 300                      | 3.1, equation 2: min (N, SMSS) for each ACK
			> ACK 501+100
			> ACK 601+100
			> ACK 701+100
			< ACK 1 ack 801 win 65535
			deadline none`},
		{"what was sent again and lost again waits for the timer", five + `
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			> ACK 1+100
			deadline 200ms
			wait 200ms
			> ACK 1+100
			< ACK 1 ack 501 win 65535
			deadline none`},
		{"new data goes out during the recovery, and is timed only behind it", five + `
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			> ACK 1+100
			write 100
			> ACK 501+100
			wait 100ms
			< ACK 1 ack 601 win 65535
			write 100
			> ACK 601+100
			deadline 200ms
			< ACK 1 ack 701 win 65535`},
		{"a FIN that was in flight comes again with its data", `
			establish win 65535 <mss 100>
			write 400
			close
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			> FIN,ACK 301+100
			< ACK 1 ack 301 win 65535
			wait 200ms
			> FIN,ACK 301+100
			< ACK 1 ack 402 win 65535
			state FIN-WAIT-2`},
	})
}

// RFC 1191
func TestPathMTUByScript(t *testing.T) {
	runScripts(t, []scriptCase{
		{"what is in flight goes again in smaller segments", `
			in ESTABLISHED
			write 2000
			> ACK 1+1460
			> ACK 1461+540
			mtu 1040
			> ACK 1+1000
			> ACK 1001+460               | what was short enough is still on its way
			< ACK 1 ack 2001 win 65535`},
		{"a router that does not say means 576", `
			in ESTABLISHED
			write 600
			> ACK 1+600
			mtu 0
			> ACK 1+536
			> ACK 537+64
			< ACK 1 ack 601 win 65535`},
		{"a larger MTU changes nothing", `
			in ESTABLISHED
			write 100
			> ACK 1+100
			mtu 9000
			none
			< ACK 1 ack 101 win 65535`},
		{"a lie does not make segments smaller than 64 bytes", `
			in ESTABLISHED
			write 100
			> ACK 1+100
			mtu 1
			> ACK 1+64
			> ACK 65+36
			< ACK 1 ack 101 win 65535`},
		{"an ACK for what went before overtakes the sending again", `
			establish win 65535 <mss 1000>
			write 2000
			> ACK 1+1000
			> ACK 1001+1000
			mtu 540
			> ACK 1+500
			< ACK 1 ack 1001 win 65535
			> ACK 1001+500
			> ACK 1501+500
			< ACK 1 ack 2001 win 65535`},
		{"the FIN that went goes again, too", `
			in ESTABLISHED
			write 1000
			close
			> FIN,ACK 1+1000
			mtu 640
			> ACK 1+600
			> FIN,ACK 601+400
			< ACK 1 ack 1002 win 65535
			state FIN-WAIT-2`},
		{"ACKs in between have the number behind all that was sent", `
			establish win 65535 <mss 1000>
			write 2000
			> ACK 1+1000
			> ACK 1001+1000
			mtu 540
			> ACK 1+500
			> ACK 501+500
			> ACK 1001+500
			> ACK 1501+500
			< ACK 1+5 ack 1 win 65535
			> ACK 2001 ack 6`},
	})
}

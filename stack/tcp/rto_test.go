package tcp

import (
	"testing"
	"time"
)

// TestRTTFormulas is RFC 6298, 2, computed by hand.
func TestRTTFormulas(t *testing.T) {
	ms := func(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }
	for _, c := range []struct {
		sentence          string
		samples           []time.Duration
		n                 int
		srtt, rttvar, rto time.Duration
	}{
		{"2.1: before a measurement it is a second", nil, 1, 0, 0, time.Second},
		{"2.2: the first: SRTT <- R, RTTVAR <- R/2, RTO <- SRTT + 4*RTTVAR", []time.Duration{ms(400)}, 1, ms(400), ms(200), ms(1200)},
		{"2.3: RTTVAR by the SRTT from before: 3/4*200 + 1/4*|400-800|; 7/8*400 + 1/8*800", []time.Duration{ms(400), ms(800)}, 1, ms(450), ms(250), ms(1450)},
		{"2.3: a shorter one: 3/4*200 + 1/4*|400-80|; 7/8*400 + 1/8*80", []time.Duration{ms(400), ms(80)}, 1, ms(360), ms(230), ms(1280)},
		{"2.4: a least timeout", []time.Duration{ms(10)}, 1, ms(10), ms(5), 200 * time.Millisecond},
		{"2.5: a largest, which is at least 60 seconds", []time.Duration{30 * time.Second}, 1, 30 * time.Second, 15 * time.Second, 60 * time.Second},
		{"RFC 7323, appendix G: of two samples in a round trip each counts half", []time.Duration{ms(400), ms(800)}, 2, ms(425), ms(225), ms(1325)},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			var r rtt
			r.reset()
			for _, d := range c.samples {
				r.sample(d, c.n)
			}
			if r.srtt != c.srtt || r.rttvar != c.rttvar || r.rto != c.rto {
				t.Errorf("SRTT %v RTTVAR %v RTO %v, want %v %v %v", r.srtt, r.rttvar, r.rto, c.srtt, c.rttvar, c.rto)
			}
		})
	}
}

// TestRTTGranularity is 2.3: "RTO <- SRTT + max (G, K*RTTVAR)": a path whose time never varies
// keeps a clock's tick of distance.
func TestRTTGranularity(t *testing.T) {
	var r rtt
	r.reset()
	for range 200 {
		r.sample(time.Second, 1)
	}
	if r.rttvar >= clockGranularity/4 || r.rto != time.Second+clockGranularity {
		t.Errorf("RTTVAR %v, RTO %v", r.rttvar, r.rto)
	}
}

func TestRTTAllocatesNothing(t *testing.T) {
	var r rtt
	r.reset()
	if n := testing.AllocsPerRun(100, func() { r.sample(time.Millisecond, 1); r.backOff(); r.restart() }); n != 0 {
		t.Errorf("%v allocations a sample", n)
	}
}

// slowPath opens a connection without timestamps over a path of 400 ms: the timeout is 1.2 s.
const slowPath = `
	in SYN-SENT
	wait 400ms
	< SYN,ACK 0 ack 1 win 65535 <mss 1000>
	> ACK 1 ack 1
	rto 1200ms
`

func TestRTOByScript(t *testing.T) {
	runScripts(t, []scriptCase{
		{"5.1 to 5.6: started with the first segment, doubled at each timeout", slowPath + `
			write 10
			> ACK 1+10
			deadline 1200ms
			wait 1200ms
			> ACK 1+10
			deadline 2400ms
			wait 2400ms
			> ACK 1+10
			deadline 4800ms
			wait 4800ms
			> ACK 1+10
			deadline 9600ms
			< ACK 1 ack 11 win 65535`},
		{"2.5: doubling ends at a minute", slowPath + `
			write 10
			> ACK 1+10
			wait 1200ms
			> ACK 1+10
			wait 2400ms
			> ACK 1+10
			wait 4800ms
			> ACK 1+10
			wait 9600ms
			> ACK 1+10
			wait 19200ms
			> ACK 1+10
			wait 38400ms
			> ACK 1+10
			deadline 1m
			< ACK 1 ack 11 win 65535`},
		{"5.2: when all is acknowledged it is off", slowPath + `
			write 10
			> ACK 1+10
			wait 100ms
			< ACK 1 ack 11 win 65535
			deadline none`},
		{"5.3: an ACK of new data starts it anew, with the new timeout", slowPath + `
			write 2000
			> ACK 1+1000
			> ACK 1001+1000
			wait 400ms
			< ACK 1 ack 1001 win 65535
			rto 1s                         | 400 + 4 * 3/4 * 200
			deadline 1s
			< ACK 1 ack 2001 win 65535`},
		{"5.3: an ACK of nothing new does not", slowPath + `
			write 10
			> ACK 1+10
			wait 1s
			< ACK 1 ack 1 win 65535
			deadline 200ms
			< ACK 1 ack 11 win 65535`},
		{"5.4: the earliest segment that is not acknowledged, and that one alone", slowPath + `
			write 3000
			> ACK 1+1000
			> ACK 1001+1000
			> ACK 2001+1000
			wait 1200ms
			> ACK 1+1000
			none
			< ACK 1 ack 3001 win 65535`},
		{"3: Karn: what was sent twice is no sample without timestamps, even acknowledged at once", slowPath + `
			write 10
			> ACK 1+10
			wait 1200ms
			> ACK 1+10
			wait 10ms
			< ACK 1 ack 11 win 65535
			info SRTT 400ms
			info RTTVar 200ms`},
		{"3: what was sent once behind it is one again", slowPath + `
			write 10
			> ACK 1+10
			wait 1200ms
			> ACK 1+10
			wait 400ms
			< ACK 1 ack 11 win 65535
			write 10
			> ACK 11+10
			wait 800ms
			< ACK 1 ack 21 win 65535
			info SRTT 450ms
			info RTTVar 250ms
			rto 1450ms`},
		{"3: a sample is taken from an ACK that covers what was sent once only", slowPath + `
			write 2000
			> ACK 1+1000
			> ACK 1001+1000
			wait 1200ms
			> ACK 1+1000
			wait 400ms
			< ACK 1 ack 2001 win 65535    | the first was sent twice: no word on the second's time
			info SRTT 400ms`},
		{"5.7: after a SYN's timeout data begins with 3 seconds", `
			in SYN-SENT
			wait 1s
			> SYN 0
			wait 100ms
			< SYN,ACK 0 ack 1 win 65535 <mss 1000>
			> ACK 1 ack 1
			info SRTT 0s
			rto 3s
			write 10
			> ACK 1+10
			deadline 3s
			wait 100ms
			< ACK 1 ack 11 win 65535
			info SRTT 100ms               | the first measurement
			rto 300ms`},
		{"5.7: after a SYN,ACK's timeout, too", `
			in SYN-RECEIVED
			wait 1s
			> SYN,ACK 0 ack 1
			< ACK 1 ack 1 win 65535
			rto 3s
			write 10
			> ACK 1+10
			deadline 3s
			< ACK 1 ack 11 win 65535`},
		{"5.7: and with timestamps", `
			config offset=50
			open
			> SYN 0
			wait 1s
			> SYN 0 <mss 1460, sackok, ts 1050 0, wscale 0>
			wait 100ms
			< SYN,ACK 0 ack 1 win 65535 <mss 1000, ts 9 1050>
			> ACK 1 ack 1
			rto 3s`},
		{"a window that opens does not shorten the timeout that the network needs", slowPath + `
			< ACK 1 ack 1 win 0
			write 10
			none
			wait 1200ms
			> ACK 1+1
			< ACK 1 ack 1 win 65535
			> ACK 1+10
			deadline 1200ms
			< ACK 1 ack 11 win 65535`},
	})
}

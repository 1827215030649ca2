package tcp

import (
	"testing"
	"time"

	"httptap/stack/seq"
)

// threeRACK are three segments in flight on a path of 100 ms, nothing behind them.
const threeRACK = `
			config cc=newreno rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 300
			burst 1 3 100
			wait 100ms`

// RFC 8985, 6.2
func TestRACK(t *testing.T) {
	runScripts(t, []scriptCase{
		{"few SACKs, and no reordering seen: a quarter of the round trip is waited: step 4", threeRACK + `
			< ACK 1 ack 1 win 65535 <sack 201:301>
			deadline 25ms
			wait 24ms
			none
			wait 1ms
			> ACK 1+100
			recovery fast
			> ACK 101+100
			none
			< ACK 1 ack 301 win 65535
			recovery none
			reordering false`},
		{"what arrives meanwhile is not lost, and shows reordering: step 3", threeRACK + `
			< ACK 1 ack 1 win 65535 <sack 201:301>
			wait 24ms
			< ACK 1 ack 301 win 65535
			deadline none
			recoveries 0
			reordering true`},
		{"three SACKed segments need no waiting while no reordering was seen", `
			config cc=newreno rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 400
			burst 1 4 100
			wait 100ms
			< ACK 1 ack 1 win 65535 <sack 101:401>
			> ACK 1+100
			recovery fast
			< ACK 1 ack 401 win 65535`},
		{"once it was seen, they do: \"RACK does not trigger fast recovery based on DupThresh\"", threeRACK + `
			< ACK 1 ack 1 win 65535 <sack 201:301>
			wait 10ms
			< ACK 1 ack 301 win 65535
			write 500
			burst 301 5 100
			wait 100ms
			< ACK 1 ack 301 win 65535 <sack 401:801>
			recovery none
			deadline 25ms
			wait 25ms
			> ACK 301+100
			< ACK 1 ack 801 win 65535`},
		{"the timer waits for the last of those that are late: step 5", `
			config cc=newreno rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 100
			> ACK 1+100
			wait 10ms
			write 200
			burst 101 2 100
			wait 100ms
			< ACK 1 ack 1 win 65535 <sack 201:301>
			deadline 25ms                | the first is lost in 15 ms, the second in 25
			wait 25ms
			> ACK 1+100
			> ACK 101+100
			< ACK 1 ack 301 win 65535`},
		{"losses at the end of a flight: 9.1, example 1", `
			config cc=newreno rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 100
			> ACK 1+100
			wait 30ms
			write 100
			> ACK 101+100
			wait 30ms
			write 100
			> ACK 201+100
			wait 70ms
			< ACK 1 ack 1 win 65535 <sack 101:201>
			> ACK 1+100                  | lost by more than the reordering window
			none
			wait 100ms
			< ACK 1 ack 201 win 65535
			> ACK 201+100                | what was sent behind it has arrived
			none
			recoveries 1
			< ACK 1 ack 301 win 65535`},
		{"a lost retransmission: 9.1, example 2", threeRACK + `
			< ACK 1 ack 1 win 65535 <sack 201:301>
			wait 25ms
			> ACK 1+100
			> ACK 101+100
			none
			wait 100ms
			< ACK 1 ack 1 win 65535 <sack 101:301>
			> ACK 1+100
			none
			retransmits 3
			recoveries 1
			< ACK 1 ack 301 win 65535`},
		{"an ACK that comes too soon after a retransmission is not for it: step 2", threeRACK + `
			< ACK 1 ack 1 win 65535 <sack 201:301>
			wait 25ms
			> ACK 1+100
			> ACK 101+100
			wait 10ms
			< ACK 1 ack 1 win 65535 <sack 101:301>
			none                         | the first may come as well
			< ACK 1 ack 301 win 65535
			retransmits 2`},
		{"nor one that echoes a time before it: step 2", `
			config cc=newreno rtt=100ms
			establish win 65535 <mss 112, sackok, ts 1 0>
			write 300
			burst 1 3 100
			wait 100ms
			< ACK 1 ack 1 win 65535 <ts 1 100, sack 201:301>
			wait 25ms
			> ACK 1+100
			> ACK 101+100
			wait 110ms
			< ACK 1 ack 1 win 65535 <ts 1 100, sack 101:301>
			none
			< ACK 1 ack 301 win 65535 <ts 1 100>`},
		{"a timeout marks what is old enough only: 6.3", `
			config cc=newreno rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 100
			> ACK 1+100
			wait 100ms
			< ACK 1 ack 101 win 65535
			rto 250ms
			write 100
			> ACK 101+100
			elapse
			> ACK 101+100
			why tail loss probe
			wait 200ms
			write 100
			> ACK 201+100
			elapse
			> ACK 101+100
			recovery timeout
			pipe 200                     | the second was sent 50 ms ago
			none
			< ACK 1 ack 301 win 65535`},
		{"two D-SACKs in a round trip widen the window once: step 4", threeRACK + `
			< ACK 1 ack 301 win 65535
			write 600
			burst 301 6 100
			< ACK 1 ack 301 win 65535 <sack 1:101>
			< ACK 1 ack 301 win 65535 <sack 101:201>
			doubles 2
			wait 100ms
			< ACK 1 ack 301 win 65535 <sack 801:901>
			deadline 50ms                | 2 * min_RTT / 4
			< ACK 1 ack 901 win 65535`},
		{"in the next round trip again", threeRACK + `
			< ACK 1 ack 301 win 65535 <sack 1:101>
			write 100
			> ACK 301+100
			wait 100ms
			< ACK 1 ack 401 win 65535 <sack 101:201>
			write 200
			burst 401 2 100
			wait 100ms
			< ACK 1 ack 401 win 65535 <sack 501:601>
			deadline 75ms
			< ACK 1 ack 601 win 65535`},
	})
}

// RFC 8985, 6.2, step 4
func TestRACKWindowPersists(t *testing.T) {
	var c TCB
	r := &c.rack
	r.minRTT, r.reordered, c.rtt.srtt = 100*time.Millisecond, true, 110*time.Millisecond
	doubled := delivery{double: true}
	for i, want := range []time.Duration{25, 50, 75, 100, 110, 110} { // SRTT is the most
		if got := c.reorderWindow(); got != want*time.Millisecond {
			t.Errorf("after %d round trips with D-SACK: %v, want %v ms", i, got, int(want))
		}
		r.doubles(&doubled, seq.Value(i), seq.Value(i+1))
	}
	for i := range 16 {
		if got := c.reorderWindow(); got != c.rtt.srtt {
			t.Errorf("after %d recoveries without: %v", i, got)
		}
		r.recovered()
	}
	if got := c.reorderWindow(); got != r.minRTT/4 {
		t.Errorf("after 16 recoveries without: %v", got)
	}
	r.reordered, c.rec.kind = false, fastRecovery
	if got := c.reorderWindow(); got != 0 {
		t.Errorf("in a recovery, without reordering: %v", got)
	}
}

// A round that D-SACKs began is over when its end is acknowledged, also where no SACK comes until
// the numbers have gone half around since.
func TestRACKRoundOfThePast(t *testing.T) {
	var r rack
	doubled := delivery{double: true}
	r.doubles(&doubled, 1000, 2000)
	for i, una := range []seq.Value{1<<31 + 3000, 1000} {
		if r.doubles(&doubled, una, una+500); r.mult != i+3 {
			t.Errorf("at %d the multiplier is %d, want %d", una, r.mult, i+3)
		}
	}
}

// RFC 8985, 7
func TestTailLossProbe(t *testing.T) {
	const probed = threeRACK + `
			wait 100ms
			> ACK 201+100                | "retransmit the highest-sequence segment sent so far"
			why tail loss probe
			none`
	runScripts(t, []scriptCase{
		{"after two round trips the last segment goes again, and the RTO begins anew: 7.2, 7.3", `
			config rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 300
			burst 1 3 100
			deadline 200ms
			elapse
			> ACK 201+100
			why tail loss probe
			deadline 300ms
			cwnd 1000
			elapse
			> ACK 1+100
			recovery timeout
			< ACK 1 ack 301 win 65535`},
		{"a single segment may be acknowledged late: not before the RTO, but instead of it: 7.2", `
			config rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 100
			> ACK 1+100
			deadline 300ms
			elapse
			> ACK 1+100
			why tail loss probe
			recovery none
			deadline 300ms
			< ACK 1 ack 101 win 65535`},
		{"new data is the better probe, one segment beyond the window: 7.3", `
			config rtt=100ms
			establish win 65535 <mss 100, sackok>
			setcwnd 300
			write 500
			burst 1 3 100
			none
			elapse
			> ACK 301+100
			why tail loss probe
			pipe 400
			none
			wait 100ms
			< ACK 1 ack 401 win 65535
			> ACK 401+100
			< ACK 1 ack 501 win 65535
			recoveries 0`},
		{"but not beyond the peer's window", `
			config rtt=100ms
			establish win 300 <mss 100, sackok>
			write 500
			burst 1 3 100
			elapse
			> ACK 201+100
			< ACK 1 ack 301 win 300
			burst 301 2 100
			< ACK 1 ack 501 win 300`},
		{"an ACK of new data restarts it, a duplicate does not: 7.2", threeRACK + `
			< ACK 1 ack 101 win 65535
			deadline 200ms
			wait 50ms
			< ACK 1 ack 101 win 65535
			deadline 150ms
			elapse
			> ACK 201+100
			< ACK 1 ack 301 win 65535`},
		{"none while something is SACKed: 7.2", threeRACK + `
			< ACK 1 ack 1 win 65535 <sack 101:201>
			wait 25ms
			> ACK 1+100
			none
			probes 0
			< ACK 1 ack 301 win 65535`},
		{"none for a peer without SACK", `
			config rtt=100ms
			establish win 65535 <mss 100>
			write 300
			burst 1 3 100
			deadline 300ms
			< ACK 1 ack 301 win 65535`},
		{"none without a round trip measured since the last one: 7.3, condition 2", `
			config rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 100
			> ACK 1+100
			elapse
			> ACK 1+100
			why tail loss probe
			wait 100ms
			< ACK 1 ack 101 win 65535 <sack 1:101>
			write 100
			> ACK 101+100
			elapse
			none
			probes 1
			deadline 300ms               | "MUST proceed to re-arm the RTO timer"
			elapse
			> ACK 101+100
			recovery timeout
			< ACK 1 ack 201 win 65535`},
		{"nor does each new segment put the RTO off then: it would as long as the application writes", `
			config rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 100
			> ACK 1+100
			elapse
			> ACK 1+100
			wait 100ms
			< ACK 1 ack 101 win 65535 <sack 1:101>
			write 100
			> ACK 101+100
			elapse
			none
			deadline 300ms
			wait 200ms
			write 10
			> ACK 201+10
			deadline 100ms
			wait 50ms
			write 10
			> ACK 211+10
			deadline 50ms
			elapse
			> ACK 101+100
			recovery timeout
			< ACK 1 ack 221 win 65535`},
		{"our own SACK leaves no room for all of the segment: what goes again is not timed, and counts", `
			config rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 100
			> ACK 1+100
			< ACK 11+10 ack 1 win 65535
			> ACK 101 ack 1 <sack 11:21>
			elapse
			> ACK 1+88 ack 1 <sack 11:21>
			why tail loss probe
			probes 1
			retransmits 1
			none
			wait 100ms
			< ACK 11 ack 89 win 65535
			srtt 100ms
			> ACK 89+12                  | what was sent before it is lost
			< ACK 11 ack 101 win 65535`},
		{"nor is it a loss when a D-SACK says that both arrived", `
			config rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 100
			> ACK 1+100
			< ACK 11+10 ack 1 win 65535
			> ACK 101 ack 1
			elapse
			> ACK 1+88 ack 1 <sack 11:21>
			< ACK 21 ack 101 win 65535
			< ACK 21 ack 101 win 65535 <sack 1:89>
			write 10
			> ACK 101+10
			< ACK 21 ack 111 win 65535
			ssthresh none`},
		{"its SACK shows what else was lost: 7.4.1", `
			config cc=newreno rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 500
			burst 1 5 100
			wait 100ms
			< ACK 1 ack 201 win 65535
			elapse
			> ACK 401+100
			wait 100ms
			< ACK 1 ack 201 win 65535 <sack 401:501>
			> ACK 201+100
			> ACK 301+100
			recovery fast
			none
			< ACK 1 ack 501 win 65535`},
		{"the loss that it repaired counts, once something later is acknowledged: 7.4.2", probed + `
			wait 100ms
			< ACK 1 ack 301 win 65535
			cwnd 1000
			write 100
			> ACK 301+100
			wait 100ms
			< ACK 1 ack 401 win 65535
			ssthresh 200
			cwnd 200`},
		{"not when a D-SACK says that both arrived: case 1", probed + `
			< ACK 1 ack 301 win 65535
			< ACK 1 ack 301 win 65535 <sack 201:301>
			write 100
			> ACK 301+100
			< ACK 1 ack 401 win 65535
			ssthresh none`},
		{"nor when a duplicate without SACK does: case 2", probed + `
			< ACK 1 ack 301 win 65535
			< ACK 1 ack 301 win 65535
			write 100
			> ACK 301+100
			< ACK 1 ack 401 win 65535
			ssthresh none`},
		{"a D-SACK of something else does not: \"matching TLP.end_seq\"", probed + `
			< ACK 1 ack 301 win 65535 <sack 1:101>
			write 100
			> ACK 301+100
			< ACK 1 ack 401 win 65535
			ssthresh 200`},
		{"a window update is no duplicate", probed + `
			< ACK 1 ack 301 win 65535
			< ACK 1 ack 301 win 60000
			write 100
			> ACK 301+100
			< ACK 1 ack 401 win 60000
			ssthresh 200`},
	})
}

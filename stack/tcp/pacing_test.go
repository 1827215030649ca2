package tcp

import (
	"bytes"
	"testing"
	"time"
)

// A window is spread over a round trip: RFC 9002, 7.7.
func TestPacing(t *testing.T) {
	runScripts(t, []scriptCase{
		{"in slow start the window goes in half of a round trip", `
			config pace=1 rtt=100ms
			establish win 65535 <mss 100>
			write 5000
			> ACK 1+100
			none
			deadline 4ms                 | 100 ms / 10 segments / 2, and 1 ms that was saved
			elapse
			> ACK 101+100
			none
			deadline 5ms
			elapse
			> ACK 201+100
			none
			wait 1ms
			none
			paceless
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"near ssthresh at 1.2 times the rate", `
			config pace=1 rtt=120ms
			establish win 65535 <mss 100>
			setssthresh 1000
			write 5000
			> ACK 1+100
			none
			deadline 9ms                 | 120 ms / 10 / 1.2 - 1 ms
			elapse
			> ACK 101+100
			none
			deadline 10ms
			paceless
			consume
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"a timer that comes late costs a millisecond's worth at most", `
			config pace=1 rtt=100ms
			establish win 65535 <mss 100>
			setcwnd 10000
			write 20000
			> ACK 1+100
			> ACK 101+100
			> ACK 201+100
			none
			deadline 500us               | 0.5 ms a segment
			wait 20ms
			> ACK 301+100
			> ACK 401+100
			> ACK 501+100
			none
			deadline 500us
			paceless
			setcwnd 30000
			consume
			< ACK 1 ack 20001 win 65535`},
		{"what is sent again and ACKs are not held back", `
			config pace=1 rtt=100ms
			establish win 65535 <mss 100>
			write 100
			> ACK 1+100
			write 100
			none
			< ACK 1+10 ack 1 win 65535
			> ACK 101 ack 11
			elapse
			> ACK 101+100
			elapse
			> ACK 1+100
			why retransmission after a timeout
			< ACK 11 ack 201 win 65535`},
		{"a full window is not woken for", `
			config pace=1 rtt=100ms
			establish win 65535 <mss 100>
			setcwnd 200
			write 500
			> ACK 1+100
			none
			elapse
			> ACK 101+100
			none
			deadline 276ms               | the retransmission timer
			paceless
			setcwnd 9000
			consume
			< ACK 1 ack 501 win 65535`},
		{"nothing to send is not woken for", `
			config pace=1 rtt=100ms
			establish win 65535 <mss 100>
			write 100
			> ACK 1+100
			none
			deadline 300ms
			< ACK 1 ack 101 win 65535
			deadline none`},
		{"before a round trip is known nothing is held back", `
			config pace=1
			open
			> SYN 0
			wait 1s
			> SYN 0
			< SYN,ACK 0 ack 1 win 65535 <mss 100>
			> ACK 1 ack 1
			write 500
			burst 1 5 100
			< ACK 1 ack 501 win 65535`},
	})
}

// TestPacingKeepsTheRate: a paced transfer over a wire without loss is whole, its queue stays
// short, and it takes no longer than one that is not paced, but for the pacing of one window.
func TestPacingKeepsTheRate(t *testing.T) {
	took := map[bool]time.Duration{}
	longest := map[bool]int{}
	for _, pace := range []bool{false, true} {
		w := newWire(t, 1, 1<<18)
		cfg := endConfig(addrA, addrB, 1<<18, 0xffffff00)
		cfg.Pace = pace
		w.a.Open(w.now, cfg)
		w.sent = func(at time.Time) {
			if at.Equal(w.burstAt) {
				w.burst++
			} else {
				w.burst, w.burstAt = 1, at
			}
			longest[pace] = max(longest[pace], w.burst)
		}
		toB := numbered(1<<20, 1)
		gotB, _ := w.transferBoth(toB, nil)
		if !bytes.Equal(gotB, toB) || w.a.Err() != nil {
			t.Fatalf("%d of %d bytes, %v", len(gotB), len(toB), w.a.Err())
		}
		took[pace] = w.closed.Sub(origin)
	}
	if took[true] > took[false]+60*time.Millisecond {
		t.Errorf("paced it takes %v, otherwise %v", took[true], took[false])
	}
	if longest[true] > 25 || longest[false] < 40 {
		t.Errorf("bursts of %d segments paced, of %d otherwise", longest[true], longest[false])
	}
}

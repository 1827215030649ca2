package tcp

import (
	"bytes"
	"testing"
	"time"
)

// tenOf are ten segments in flight, and many more that wait.
const tenOf = `
			establish win 65535 <mss 100>
			write 5000
			burst 1 10 100
			none`

// RFC 6928, 2: "the upper bound for the initial window will be min (10*MSS, max (2*MSS, 14600))".
func TestInitialWindow(t *testing.T) {
	for _, c := range []struct{ mss, want int }{
		{100, 1000}, {536, 5360}, {1460, 14600}, {1461, 14600}, {2190, 14600}, {7300, 14600}, {7301, 14602}, {8960, 17920},
	} {
		if got := initialWindow(c.mss); got != c.want {
			t.Errorf("an MSS of %d: the window is %d, want %d", c.mss, got, c.want)
		}
	}
	runScripts(t, []scriptCase{
		{"ten segments go at once, and no more: RFC 6928, 2", `
			establish win 65535 <mss 1460>
			write 20000
			burst 1 10 1460
			none
			cwnd 14600
			ssthresh none                | RFC 5681, 3.1: "arbitrarily high"
			< ACK 1 ack 14601 win 65535
			> ACK 14601+1460
			> ACK 16061+1460
			> ACK 17521+1460
			> ACK 18981+1020
			< ACK 1 ack 20001 win 65535`},
		{"the SYN,ACK and its ACK do not make it larger: RFC 6928, 2", `
			accept SYN 0 win 65535 <mss 100>
			> SYN,ACK 0 ack 1
			< ACK 1 ack 1 win 65535
			cwnd 1000`},
		{"the room that timestamps take is not a segment's", `
			establish win 65535 <mss 112, ts 1 0>
			cwnd 1000`},
		{"one lost SYN does not make it smaller: RFC 6928, 2", `
			open
			> SYN 0
			wait 1s
			> SYN 0
			< SYN,ACK 0 ack 1 win 65535 <mss 100>
			> ACK 1 ack 1
			cwnd 1000`},
		{"after more than one lost SYN it is one segment: RFC 5681, 3.1", `
			open
			> SYN 0
			wait 1s
			> SYN 0
			wait 2s
			> SYN 0
			< SYN,ACK 0 ack 1 win 65535 <mss 100>
			> ACK 1 ack 1
			cwnd 100
			write 300
			> ACK 1+100
			none
			< ACK 1 ack 101 win 65535
			> ACK 101+100
			> ACK 201+100
			< ACK 1 ack 301 win 65535`},
	})
}

// RFC 5681, 3.1
func TestSlowStartAndCongestionAvoidance(t *testing.T) {
	runScripts(t, []scriptCase{
		{"slow start: two segments go for each that is acknowledged", tenOf + `
			< ACK 1 ack 101 win 65535
			cwnd 1100
			burst 1001 2 100
			none
			< ACK 1 ack 201 win 65535
			cwnd 1200
			burst 1201 2 100
			none
			< ACK 1 ack 1401 win 65535
			consume
			< ACK 1 ack 3401 win 65535
			consume
			< ACK 1 ack 5001 win 65535`},
		{"a delayed ACK counts for what it acknowledges: RFC 9406, 4.2", tenOf + `
			< ACK 1 ack 201 win 65535
			cwnd 1200
			burst 1001 4 100
			none
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"an ACK of a batch counts for all of it: L of RFC 9406, 4.3, is 64 here", tenOf + `
			< ACK 1 ack 1001 win 65535
			cwnd 2000
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"dividing an ACK gains nothing: min (N, SMSS)", tenOf + `
			< ACK 1 ack 11 win 65535
			cwnd 1010
			< ACK 1 ack 51 win 65535
			cwnd 1050
			< ACK 1 ack 101 win 65535
			cwnd 1100
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"congestion avoidance: one segment more for a window of ACKs", `
			config cc=newreno` + tenOf + `
			setssthresh 500
			< ACK 1 ack 101 win 65535
			< ACK 1 ack 901 win 65535
			burst 1001 9 100
			cwnd 1000
			< ACK 1 ack 1001 win 65535
			cwnd 1100
			burst 1901 2 100
			none
			< ACK 1 ack 2101 win 65535
			cwnd 1200
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"never more than a segment a round trip, whatever one ACK covers", `
			config cc=newreno
			establish win 65535 <mss 100>
			setssthresh 200
			setcwnd 300
			write 3000
			burst 1 3 100
			none
			< ACK 1 ack 301 win 65535
			cwnd 400
			burst 301 4 100
			none
			< ACK 1 ack 701 win 65535
			cwnd 500
			setcwnd 9000
			consume
			< ACK 1 ack 3001 win 65535`},
		{"slow start ends where ssthresh is reached", `
			config cc=newreno` + tenOf + `
			setssthresh 1100
			< ACK 1 ack 101 win 65535
			cwnd 1100
			burst 1001 2 100
			< ACK 1 ack 201 win 65535
			cwnd 1100
			> ACK 1201+100
			none
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
	})
}

// RFC 5681, 3.1 and 3.2; 4.1
func TestCongestionResponse(t *testing.T) {
	runScripts(t, []scriptCase{
		{"a fast retransmission halves what was in flight: 3.2, step 2", `
			config cc=newreno` + tenOf + `
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			burst 1001 2 100
			< ACK 1 ack 1 win 65535
			ssthresh 500                 | what limited transmit sent is not counted
			cwnd 500
			> ACK 1+100
			none
			< ACK 1 ack 1201 win 65535
			cwnd 500
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"not the window, when less was in flight: \"simply use cwnd, rather than FlightSize\" is a mistake", `
			config cc=newreno
			establish win 65535 <mss 100>
			write 600
			burst 1 6 100
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			> ACK 1+100
			ssthresh 300
			cwnd 300
			< ACK 1 ack 601 win 65535`},
		{"two segments are the least: equation 4", `
			config cc=newreno
			establish win 65535 <mss 100>
			setcwnd 400
			write 400
			burst 1 4 100
			< ACK 1 ack 101 win 65535
			wait 200ms
			> ACK 101+100
			ssthresh 200
			cwnd 100
			< ACK 1 ack 401 win 65535`},
		{"CUBIC takes 0.7 of it: RFC 9438, 4.6", tenOf + `
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			burst 1001 2 100
			< ACK 1 ack 1 win 65535
			> ACK 1+100
			ssthresh 700
			cwnd 700
			< ACK 1 ack 1201 win 65535
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"after a timeout slow start goes up to half of what was in flight", `
			config cc=newreno` + tenOf + `
			wait 200ms
			> ACK 1+100
			none
			ssthresh 500
			cwnd 100                     | LW: "1 full-sized segment"
			recovery timeout
			< ACK 1 ack 1001 win 65535   | the others had come
			cwnd 200
			recovery none
			burst 1001 2 100
			none
			< ACK 1 ack 1101 win 65535
			< ACK 1 ack 1201 win 65535
			cwnd 400
			burst 1201 4 100
			< ACK 1 ack 1301 win 65535
			cwnd 500
			burst 1601 2 100
			none
			< ACK 1 ack 1401 win 65535
			cwnd 500                     | congestion avoidance takes over
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"a second timeout of the same segment cuts no more", `
			config cc=newreno` + tenOf + `
			wait 200ms
			> ACK 1+100
			ssthresh 500
			wait 400ms
			> ACK 1+100
			ssthresh 500                 | "the value of ssthresh is held constant"
			cwnd 100
			< ACK 1 ack 1001 win 65535
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"a timeout of what fast retransmit sent cuts again", `
			config cc=newreno` + tenOf + `
			< ACK 1 ack 1 win 65535
			< ACK 1 ack 1 win 65535
			burst 1001 2 100
			< ACK 1 ack 1 win 65535
			> ACK 1+100
			ssthresh 500
			wait 200ms
			> ACK 1+100
			ssthresh 250                 | it "has not yet been resent by way of the retransmission timer"
			cwnd 100
			recovery timeout
			< ACK 1 ack 1201 win 65535
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"an idle connection begins again with the initial window: 4.1", `
			establish win 65535 <mss 100>
			setcwnd 3000
			write 100
			> ACK 1+100
			< ACK 1 ack 101 win 65535
			wait 201ms
			< ACK 1+10 ack 101 win 65535 | what the peer sends does not count
			> ACK 101 ack 11
			write 4000
			burst 101 10 100
			none
			cwnd 1000
			setcwnd 9000
			consume
			< ACK 11 ack 4101 win 65535`},
		{"not before a retransmission timeout has passed: 4.1", `
			establish win 65535 <mss 100>
			setcwnd 3000
			write 100
			> ACK 1+100
			< ACK 1 ack 101 win 65535
			wait 200ms
			write 4000
			burst 101 30 100
			none
			cwnd 3000
			setcwnd 9000
			consume
			< ACK 1 ack 4101 win 65535`},
		{"a smaller window stays as it is: RW = min(IW,cwnd)", `
			establish win 65535 <mss 100>
			setcwnd 300
			write 100
			> ACK 1+100
			< ACK 1 ack 101 win 65535
			setcwnd 300
			wait 1s
			write 1000
			burst 101 3 100
			none
			setcwnd 9000
			consume
			< ACK 1 ack 1101 win 65535`},
		{"a window that is not used does not grow", `
			establish win 65535 <mss 100>
			write 400
			burst 1 4 100
			< ACK 1 ack 401 win 65535
			cwnd 1000                    | slow start: less than half
			write 500
			burst 401 5 100
			< ACK 1 ack 901 win 65535
			cwnd 1500
			setssthresh 500
			write 1400
			burst 901 14 100
			< ACK 1 ack 2301 win 65535
			cwnd 1500                    | congestion avoidance: not all`},
		{"nor one that is larger than the peer's: RFC 9438, 5.8", `
			config cc=newreno
			establish win 500 <mss 100>
			setssthresh 500
			write 1500
			burst 1 5 100
			< ACK 1 ack 501 win 500
			burst 501 5 100
			< ACK 1 ack 1001 win 500
			burst 1001 5 100
			< ACK 1 ack 1501 win 500
			cwnd 1000`},
	})
}

// RFC 3042
func TestLimitedTransmit(t *testing.T) {
	runScripts(t, []scriptCase{
		{"the first two duplicates let one new segment go each: 2", tenOf + `
			< ACK 1 ack 1 win 65535
			> ACK 1001+100
			none
			< ACK 1 ack 1 win 65535
			> ACK 1101+100
			none
			cwnd 1000                    | "The congestion window (cwnd) MUST NOT be changed"
			< ACK 1 ack 101 win 65535    | it was reordering
			cwnd 1100
			none
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"as far as the peer's window allows", `
			establish win 1000 <mss 100>
			write 1200
			burst 1 10 100
			< ACK 1 ack 1 win 1000
			none
			< ACK 1 ack 1 win 1000
			none
			< ACK 1 ack 1001 win 1000
			burst 1001 2 100
			< ACK 1 ack 1201 win 1000`},
		{"with SACK only for new SACK information: 2", `
			establish win 65535 <mss 100, sackok>
			write 5000
			burst 1 10 100
			< ACK 1 ack 1 win 65535
			none
			< ACK 1 ack 1 win 65535 <sack 101:201>
			> ACK 1001+100
			none
			< ACK 1 ack 1 win 65535 <sack 101:201>
			none
			cwnd 1000
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
		{"a flood of duplicates lets no more go than there were segments: RFC 5681, 3.2", `
			config cc=newreno
			establish win 65535 <mss 100>
			setcwnd 400
			write 5000
			burst 1 4 100
			< ACK 1 ack 1 win 65535
			> ACK 401+100
			< ACK 1 ack 1 win 65535
			> ACK 501+100
			< ACK 1 ack 1 win 65535
			> ACK 1+100
			cwnd 200
			duplicates 1000                   | 200 and the 6 that can have left the network, each one once
			pipe 200
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
	})
}

// fixedWindow is a Controller of somebody else's: always five segments, whatever happens.
type fixedWindow struct {
	resets, acked, congested, timedOut, undone int
	idle                                       time.Duration
}

func (f *fixedWindow) Name() string         { return "fixed" }
func (f *fixedWindow) Reset(w *Window)      { *f = fixedWindow{resets: f.resets + 1} }
func (f *fixedWindow) Undo(*Window)         { f.undone++ }
func (f *fixedWindow) Idle(d time.Duration) { f.idle += d }
func (f *fixedWindow) Acked(w *Window, p *Progress) {
	f.acked += p.Acked
	w.CWnd = 5 * w.MSS
}
func (f *fixedWindow) Congested(w *Window, p *Progress) {
	f.congested++
	w.CWnd = 5 * w.MSS
}
func (f *fixedWindow) TimedOut(w *Window, p *Progress) { f.timedOut++ }

func TestControllerOfTheUser(t *testing.T) {
	runScripts(t, []scriptCase{
		{"its window is kept, in spite of losses", `
			config cc=fixed` + tenOf + `
			< ACK 1 ack 1001 win 65535
			cwnd 500
			burst 1001 5 100
			none
			< ACK 1 ack 1101 win 65535
			> ACK 1501+100
			none
			< ACK 1 ack 1101 win 65535
			> ACK 1601+100
			< ACK 1 ack 1101 win 65535
			> ACK 1701+100
			< ACK 1 ack 1101 win 65535
			> ACK 1101+100
			cwnd 500
			recovery fast
			< ACK 1 ack 1801 win 65535
			cwnd 500
			burst 1801 5 100
			none
			wait 200ms
			> ACK 1801+100               | one segment after a timeout: the rest is not its business
			none
			< ACK 1 ack 1901 win 65535
			cwnd 500
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535`},
	})
	w := newWire(t, 1, 1<<18)
	f := new(fixedWindow)
	cfg := endConfig(addrA, addrB, 1<<18, 0xffffff00)
	cfg.Congestion = f
	w.a.Open(w.now, cfg)
	w.loss = 0.02
	toB := numbered(500_000, 1)
	gotB, _ := w.transferBoth(toB, nil)
	if !bytes.Equal(gotB, toB) || w.a.Err() != nil {
		t.Fatalf("%d of %d bytes, %v", len(gotB), len(toB), w.a.Err())
	}
	if i := w.a.Info(); i.Congestion != "fixed" || f.resets != 1 || f.acked == 0 || f.congested != i.Recoveries || f.congested == 0 {
		t.Errorf("%q, %+v, %d recoveries", i.Congestion, f, i.Recoveries)
	}
}

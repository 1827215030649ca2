package tcp

import (
	"fmt"
	"strings"
	"testing"

	"httptap/stack/seq"
)

// RFC 2018, 4 and 7; the segments of its examples have 500 bytes, here 50.
func TestSACKReceiver(t *testing.T) {
	runScripts(t, []scriptCase{
		{"all but the first of eight arrive: RFC 2018, 7, case 2", `
			establish win 65535 <mss 1460, sackok>
			< ACK 51+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 51:101>
			< ACK 101+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 51:151>
			< ACK 151+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 51:201>
			< ACK 201+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 51:251>`},
		{"the second, fourth, sixth and eighth are lost: RFC 2018, 7, case 3", `
			establish win 65535 <mss 1460, sackok>
			slow
			< ACK 1+50 ack 1 win 65535
			< ACK 101+50 ack 1 win 65535
			> ACK 1 ack 51 <sack 101:151>
			< ACK 201+50 ack 1 win 65535
			> ACK 1 ack 51 <sack 201:251, sack 101:151>
			< ACK 301+50 ack 1 win 65535
			> ACK 1 ack 51 <sack 301:351, sack 201:251, sack 101:151>
			< ACK 151+50 ack 1 win 65535
			> ACK 1 ack 51 <sack 101:251, sack 301:351>
			< ACK 51+50 ack 1 win 65535
			> ACK 1 ack 251 <sack 301:351>`},
		{"with timestamps there is room for three, the newest: each is told of three times", `
			establish win 65535 <mss 1460, sackok, ts 5 0>
			< ACK 11+1 ack 1 win 65535 <ts 5 0>
			> ACK 1 ack 1
			< ACK 21+1 ack 1 win 65535 <ts 5 0>
			> ACK 1 ack 1
			< ACK 31+1 ack 1 win 65535 <ts 5 0>
			> ACK 1 ack 1 <ts 0 5, sack 31:32, sack 21:22, sack 11:12>
			< ACK 41+1 ack 1 win 65535 <ts 5 0>
			> ACK 1 ack 1 <ts 0 5, sack 41:42, sack 31:32, sack 21:22>
			< ACK 51+1 ack 1 win 65535 <ts 5 0>
			> ACK 1 ack 1 <ts 0 5, sack 51:52, sack 41:42, sack 31:32>
			< ACK 12+1 ack 1 win 65535 <ts 5 0>
			> ACK 1 ack 1 <ts 0 5, sack 11:13, sack 51:52, sack 41:42>`},
		{"data tells of the gaps, too", `
			establish win 65535 <mss 1460, sackok>
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 1 <sack 11:21>
			write 5
			> ACK 1+5 ack 1 <sack 11:21>
			< ACK 1+10 ack 6 win 65535
			> ACK 6 ack 21 <>`},
	})
}

// RFC 2883, 4
func TestDSACKReceiver(t *testing.T) {
	runScripts(t, []scriptCase{
		{"a segment that comes twice is reported, once: 4.1", `
			establish win 65535 <mss 1460, sackok>
			< ACK 1+50 ack 1 win 65535
			> ACK 1 ack 51 <>
			< ACK 51+50 ack 1 win 65535
			> ACK 1 ack 101 <>
			< ACK 1+50 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 101 <sack 1:51>
			< ACK 101+50 ack 1 win 65535
			> ACK 1 ack 151 <>           | "each duplicate ... is reported in at most one D-SACK block"`},
		{"before the gaps that there are: 4.1", `
			establish win 65535 <mss 1460, sackok>
			< ACK 1+50 ack 1 win 65535
			> ACK 1 ack 51 <>
			< ACK 101+50 ack 1 win 65535
			> ACK 1 ack 51 <sack 101:151>
			< ACK 1+50 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 51 <sack 1:51, sack 101:151>`},
		{"a duplicate of what is out of order, and the block that it lies in: 4.1", `
			establish win 65535 <mss 1460, sackok>
			< ACK 51+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 51:101>
			< ACK 101+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 51:151>
			< ACK 251+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 251:301, sack 51:151>
			< ACK 101+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 101:151, sack 51:151, sack 251:301>`},
		{"a part that fills a gap and repeats what is behind it: 4.2", `
			establish win 65535 <mss 1460, sackok>
			< ACK 101+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 101:151>
			< ACK 1+150 ack 1 win 65535
			> ACK 1 ack 151 <sack 101:151>`},
		{"a part that was acknowledged, and new data behind it", `
			establish win 65535 <mss 1460, sackok>
			< ACK 1+50 ack 1 win 65535
			> ACK 1 ack 51 <>
			< ACK 1+150 ack 1 win 65535
			> ACK 1 ack 151 <sack 1:51>`},
		{"of two parts the first: 4.2.1", `
			establish win 65535 <mss 1460, sackok>
			< ACK 51+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 51:101>
			< ACK 151+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 151:201, sack 51:101>
			< ACK 1+250 ack 1 win 65535
			> ACK 1 ack 251 <sack 51:101>`},
		{"of two parts the first, above the acknowledgment: 4.2.2", `
			establish win 65535 <mss 1460, sackok>
			< ACK 51+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 51:101>
			< ACK 151+50 ack 1 win 65535
			> ACK 1 ack 1 <sack 151:201, sack 51:101>
			< ACK 41+260 ack 1 win 65535
			> ACK 1 ack 1 <sack 51:101, sack 41:301>`},
		{"a peer that does not take SACK gets none", `
			establish win 65535 <mss 1460>
			< ACK 1+50 ack 1 win 65535
			> ACK 1 ack 51 <>
			< ACK 1+50 ack 1 win 65535 = ErrOutOfWindow
			> ACK 1 ack 51 <>`},
	})
}

// tenSACK are ten segments in flight on a path of 100 ms, and more that wait.
const tenSACK = `
			config cc=newreno rtt=100ms
			establish win 65535 <mss 100, sackok>
			write 5000
			burst 1 10 100
			none
			pipe 1000
			wait 100ms`

// RFC 6675: pipe and what is sent next.
func TestSACKRecovery(t *testing.T) {
	const rest = `
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535
			recovery none`
	runScripts(t, []scriptCase{
		{"pipe is what is neither SACKed nor lost, and what was sent again: 4", tenSACK + `
			< ACK 1 ack 1 win 65535 <sack 101:201>
			pipe 900
			> ACK 1001+100
			none
			< ACK 1 ack 1 win 65535 <sack 101:301>
			> ACK 1101+100
			none
			pipe 1000
			recovery none
			< ACK 1 ack 1 win 65535 <sack 101:401>
			recovery fast
			pipe 800                     | 12 - 3 SACKed - 1 lost
			ssthresh 500                 | 5, step 4.2, without what limited transmit sent
			cwnd 500
			> ACK 1+100                  | step 4.3, whatever pipe is
			pipe 900
			none
			< ACK 1 ack 1 win 65535 <sack 101:501>
			none
			< ACK 1 ack 1 win 65535 <sack 101:801>
			pipe 500
			none
			< ACK 1 ack 1 win 65535 <sack 101:901>
			pipe 400                     | "If cwnd - pipe >= 1 SMSS, the sender SHOULD transmit"
			> ACK 1201+100
			none
			< ACK 1 ack 1201 win 65535   | step A
			recovery none
			cwnd 500
			burst 1301 4 100
			none` + rest},
		{"first what is lost, the lowest first, then new data: NextSeg, rules 1 and 2", tenSACK + `
			setcwnd 600
			< ACK 1 ack 1 win 65535 <sack 101:201, sack 301:401, sack 501:1001>
			pipe 0
			> ACK 1+100
			> ACK 201+100
			> ACK 401+100
			none                         | cwnd is 300
			cwnd 300
			wait 100ms
			< ACK 1 ack 201 win 65535 <sack 301:401, sack 501:1001>
			> ACK 1001+100
			none` + rest},
		{"one SACK of many is enough, the number of ACKs is not what counts: 5, step 2", tenSACK + `
			< ACK 1 ack 1 win 65535 <sack 701:1001>
			recovery fast
			> ACK 1+100
			burst 101 4 100
			none                         | 2 more are lost, but cwnd is 500
			pipe 500` + rest},
		{"a recovery cuts once, whatever else is found lost in it", tenSACK + `
			< ACK 1 ack 1 win 65535 <sack 101:401>
			> ACK 1+100
			consume
			wait 50ms
			< ACK 1 ack 1 win 65535 <sack 101:401, sack 501:1001>
			consume
			cwnd 500
			ssthresh 500
			recoveries 1` + rest},
		{"what was SACKed is not sent again, and stays so when the recovery is over: step A", tenSACK + `
			< ACK 1 ack 1 win 65535 <sack 101:401>
			> ACK 1+100
			none
			wait 100ms
			< ACK 1 ack 1001 win 65535
			recovery none
			cwnd 500
			burst 1001 5 100
			wait 100ms
			< ACK 1 ack 1001 win 65535 <sack 1301:1501>
			> ACK 1501+100
			> ACK 1601+100
			none
			wait 25ms                    | the reordering timer
			> ACK 1001+100
			none
			recovery fast
			retransmits 2
			recoveries 2` + rest},
		{"a part of a segment that is missing is sent alone", tenSACK + `
			< ACK 1 ack 1 win 65535 <sack 51:401>
			> ACK 1+50` + rest},
		{"SACK on ACKs with data counts, too: 2", tenSACK + `
			< ACK 1+5 ack 1 win 65535 <sack 101:401>
			recovery fast
			> ACK 1+100 ack 6
			none
			setcwnd 9000
			consume
			< ACK 6 ack 5001 win 65535`},
	})
}

// RFC 2018, 8; RFC 2883; and peers that lie.
func TestSACKSender(t *testing.T) {
	const rest = `
			setcwnd 9000
			consume
			< ACK 1 ack 5001 win 65535
			recovery none`
	lie := func(what, blocks string) scriptCase {
		return scriptCase{what, tenSACK + `
			< ACK 1 ack 101 win 65535 <sack ` + blocks + `>
			consume
			pipe 1100
			cwnd 1100
			recovery none
			retransmits 0
			< ACK 1 ack 101 win 65535 <sack ` + blocks + `>
			< ACK 1 ack 101 win 65535 <sack ` + blocks + `>
			< ACK 1 ack 101 win 65535 <sack ` + blocks + `>
			none
			pipe 1100` + rest}
	}
	runScripts(t, []scriptCase{
		lie("a block of what was never sent is ignored", "2001:2101"),
		lie("a block that reaches beyond what was sent is ignored", "301:3001"),
		lie("a block whose end is before its begin is ignored", "401:301"),
		lie("an empty block is ignored", "401:401"),
		lie("a block of half of all numbers is ignored", "201:2147483000"),
		lie("a block below the acknowledgment is no news", "1:101"),
		lie("a block that begins below the acknowledgment is ignored", "1:301"),
		lie("a block far below everything is ignored", "-100000:-99900"),
		{"a peer that has reneged gets the left edge after a timeout, SACKed or not: RFC 2018, 8", tenSACK + `
			< ACK 1 ack 1 win 65535 <sack 101:1001>
			> ACK 1+100
			consume
			wait 100ms
			< ACK 1 ack 101 win 65535    | 101 to 201 are gone
			consume
			elapse
			> ACK 101+100
			recovery timeout
			wait 100ms
			< ACK 1 ack 201 win 65535
			> ACK 201+100                | the others are taken for gone, too
			> ACK 301+100
			none` + rest},
		{"after a timeout what is SACKed stays so where the left edge is missing: RFC 6675, 5.1", tenSACK + `
			< ACK 1 ack 1 win 65535 <sack 101:1001>
			> ACK 1+100
			consume
			elapse
			> ACK 1+100
			recovery timeout
			none
			setcwnd 200
			> ACK 1001+100               | not 101 to 1001
			none` + rest},
		{"a D-SACK below the acknowledgment is not SACK: RFC 2883, 5", tenSACK + `
			< ACK 1 ack 201 win 65535 <sack 1:101>
			doubles 1
			pipe 800
			consume
			retransmits 0` + rest},
		{"a D-SACK within the second block is none either", tenSACK + `
			< ACK 1 ack 1 win 65535 <sack 201:301, sack 101:401>
			doubles 1
			> ACK 1+100
			pipe 700` + rest},
		{"a first block beside the second is a plain one", tenSACK + `
			< ACK 1 ack 1 win 65535 <sack 201:301, sack 401:501>
			doubles 0
			pipe 800` + rest},
		{"a cut that a D-SACK shows to be wrong is undone: RFC 9438, 4.9.2", tenSACK + `
			< ACK 1 ack 1 win 65535 <sack 101:401>
			> ACK 1+100
			cwnd 500
			wait 10ms
			< ACK 1 ack 401 win 65535    | it was late
			recovery fast
			wait 90ms
			< ACK 1 ack 401 win 65535 <sack 1:101>
			undone 1
			recovery none
			cwnd 1000
			ssthresh none` + rest},
		{"not while one of those that were sent again may have been lost", tenSACK + `
			< ACK 1 ack 1 win 65535 <sack 201:1001>
			> ACK 1+100
			> ACK 101+100
			consume
			wait 100ms
			< ACK 1 ack 1001 win 65535 <sack 1:101>
			undone 0
			cwnd 500` + rest},
	})
}

// TestSACKManyBlocks: a peer misses every second one of two hundred segments. Each of those is sent
// again once, and nothing else, however the blocks come in.
func TestSACKManyBlocks(t *testing.T) {
	const n = 200
	s := newScript(t, 0xffffff00, 300)
	s.run("config tx=32768 rtt=100ms\nestablish win 65535 <mss 100, sackok>\nsetcwnd 30000\nwrite 20000")
	s.run(fmt.Sprintf("burst 1 %d 100\nnone\nwait 100ms", n))
	again := map[int]int{}
	drain := func() {
		for {
			seg, ok := s.transmit("drain")
			if !ok {
				return
			}
			for at := seg.Seq().Diff(s.iss) - 1; at < seg.Seq().Diff(s.iss)-1+len(seg.Payload()); at += 100 {
				again[at/100]++
			}
		}
	}
	for i := 1; i < n; i += 2 {
		var blocks []string
		for k := i; k > 0 && len(blocks) < 4; k -= 2 {
			blocks = append(blocks, fmt.Sprintf("%d:%d", k*100+1, k*100+101))
		}
		if i%14 == 1 {
			continue // this ACK is lost; the next ones tell the same
		}
		s.run("< ACK 1 ack 1 win 65535 <sack " + strings.Join(blocks, " ") + ">")
		drain()
	}
	s.run("< ACK 1 ack 1 win 65535 <sack 19901:20001>")
	drain()
	for i := range n {
		if want := 1 - i%2; again[i] != want {
			t.Errorf("segment %d was sent again %d times, want %d", i, again[i], want)
		}
	}
	if got := s.c.Info().Recoveries; got != 1 {
		t.Errorf("%d recoveries", got)
	}
	s.run("< ACK 1 ack 20001 win 65535\nnone\nrecovery none")
}

// TestSACKOfSingleBytes: a peer that SACKs every second byte does not make the log grow without
// bound.
func TestSACKOfSingleBytes(t *testing.T) {
	s := newScript(t, 0xffffff00, 300)
	s.run("config tx=32768 rtt=100ms\nestablish win 65535 <mss 100, sackok>\nsetcwnd 30000\nwrite 30000\nconsume\nwait 100ms")
	for i := 1; i < 30000; i += 8 {
		s.run(fmt.Sprintf("< ACK 1 ack 1 win 65535 <sack %d:%d %d:%d %d:%d %d:%d>", i+1, i+2, i+3, i+4, i+5, i+6, i+7, i+8))
	}
	if s.c.log.n > s.c.maxSegments() || len(s.c.peerHas.b) > s.c.peerHas.max {
		t.Errorf("%d segments, %d runs", s.c.log.n, len(s.c.peerHas.b))
	}
	s.run("consume")
	if s.c.una != seq.Value(0xffffff00).Add(1) {
		t.Errorf("acknowledged up to %d", s.c.una)
	}
}

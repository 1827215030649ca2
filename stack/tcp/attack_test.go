package tcp

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"httptap/stack/seq"
)

// RFC 5961, 3: blind resets
func TestBlindReset(t *testing.T) {
	runScripts(t, []scriptCase{
		{"3.2, 1: outside the window: silently dropped", `
			in ESTABLISHED
			flood 20 0 RST 32770 ErrOutOfWindow
			flood 20 0 RST 40000 ErrOutOfWindow
			state ESTABLISHED`},
		{"3.2, 2: exactly the next number: the connection ends", `
			in ESTABLISHED
			< ACK 1+100 ack 1 win 65535
			> ACK 1 ack 101
			< RST 101
			state CLOSED
			err ErrReset`},
		{"3.2, 3: elsewhere in the window: a challenge ACK with our numbers, and nothing else", `
			in ESTABLISHED
			write 100
			> ACK 1+100
			< RST 2 = ErrChallenge
			> ACK 101+0 ack 1 win 32768
			< RST 32768 = ErrChallenge
			> ACK 101+0 ack 1
			state ESTABLISHED
			< ACK 1 ack 101 win 65535`},
		{"the last number of the window is inside, as far as a peer may stand there", `
			config rx=100
			in ESTABLISHED
			< RST 100 = ErrChallenge
			> ACK 1 ack 1
			< RST 102 = ErrOutOfWindow
			none`},
		{"the true peer answers a challenge with the number that it was asked for", `
			in ESTABLISHED
			< RST 50 = ErrChallenge
			> ACK 1 ack 1
			< RST 1
			state CLOSED
			err ErrReset`},
		{"data that waits behind a gap does not make its end the next number", `
			in ESTABLISHED
			< ACK 101+100 ack 1 win 65535
			> ACK 1 ack 1
			< RST 201 = ErrChallenge
			> ACK 1 ack 1
			state ESTABLISHED`},
		{"a closed window takes the exact RST only", `
			config rx=10
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11 win 0
			< RST 12 = ErrOutOfWindow
			none
			< RST 11
			state CLOSED
			err ErrReset`},
		{"a walk over the window in steps gets ten answers in five seconds, and never through", `
			in ESTABLISHED
			flood 4000 10 RST 2 ErrChallenge
			state ESTABLISHED`},
	})
}

// RFC 5961, 4: blind SYNs
func TestBlindSYN(t *testing.T) {
	runScripts(t, []scriptCase{
		{"4.2: in the window: a challenge ACK, the connection stays", `
			in ESTABLISHED
			< SYN 1 win 1 <mss 100> = ErrChallenge
			> ACK 1 ack 1
			state ESTABLISHED`},
		{"4.2: irrespective of the sequence number", `
			in ESTABLISHED
			< SYN 90000 win 1 = ErrOutOfWindow
			> ACK 1 ack 1
			< SYN -90000 win 1 = ErrOutOfWindow
			> ACK 1 ack 1
			< SYN,ACK 50 ack 1 win 1 = ErrChallenge
			> ACK 1 ack 1
			state ESTABLISHED`},
		{"its options and its window change nothing", `
			in ESTABLISHED
			< SYN 50 win 1 <mss 100, wscale 9, sackok, uto 1> = ErrChallenge
			> ACK 1 ack 1
			write 1460
			> ACK 1+1460 ack 1 <>
			info SndWnd 65535
			info SndScale 0
			info SACK false
			< ACK 1 ack 1461 win 65535`},
		{"a restarted peer resets what the challenge shows it", `
			in ESTABLISHED
			< SYN 5000 win 65535 = ErrChallenge
			> ACK 1 ack 1
			< RST 1
			state CLOSED
			err ErrReset`},
		{"7: a flood of them inside the window is answered ten times in five seconds", `
			in ESTABLISHED
			flood 1000 10 SYN 2 ErrChallenge
			state ESTABLISHED`},
		{"7: and outside of it as well", `
			in ESTABLISHED
			flood 1000 10 SYN 40000 ErrOutOfWindow
			state ESTABLISHED`},
		{"7: RSTs and SYNs share the ten", `
			in ESTABLISHED
			flood 6 6 RST 2 ErrChallenge
			flood 6 4 SYN 2 ErrChallenge
			flood 6 0 SYN 40000 ErrOutOfWindow
			wait 4999ms
			flood 6 0 RST 2 ErrChallenge
			wait 1ms
			flood 20 10 RST 2 ErrChallenge`},
		{"in SYN-RECEIVED: the listener's connection stays", `
			in SYN-RECEIVED
			< SYN 50 win 1 = ErrChallenge
			> ACK 1 ack 1
			< ACK 1 ack 1 win 65535
			state ESTABLISHED`},
	})
}

// RFC 5961, 5: blind data
func TestBlindData(t *testing.T) {
	runScripts(t, []scriptCase{
		{"5.2: an ACK of what was not sent: discarded, and answered", `
			in ESTABLISHED
			write 10
			> ACK 1+10
			< ACK 1+5 ack 12 win 65535 = ErrBadAck
			> ACK 11 ack 1
			read 5 = 0
			< ACK 1 ack 11 win 65535`},
		{"5.2: an ACK older than the largest window: discarded, and answered", `
			establish win 1000 <mss 100>
			< ACK 1+5 ack -1000 win 1000 = ErrBadAck
			> ACK 1 ack 1
			read 5 = 0`},
		{"5.2: an ACK that is old but not older is merely late: the data counts", `
			establish win 1000 <mss 100>
			< ACK 1+5 ack -999 win 1000
			> ACK 1 ack 6
			read 5`},
		{"5.2: the largest window is that of the whole connection", `
			establish win 1000 <mss 100>
			< ACK 1 ack 1 win 9000
			< ACK 1 ack 1 win 100
			< ACK 1+5 ack -8999 win 100
			> ACK 1 ack 6
			read 5`},
		{"with the window in use the bound moves along", `
			establish win 100 <mss 100>
			write 100
			> ACK 1+100
			< ACK 1 ack 101 win 100
			< ACK 1+5 ack 0 win 100 = ErrBadAck
			> ACK 101 ack 1
			< ACK 1+5 ack 1 win 100
			> ACK 101 ack 6
			read 5`},
		{"a FIN with a bad ACK closes nothing", `
			in ESTABLISHED
			< FIN,ACK 1 ack 5000 win 65535 = ErrBadAck
			> ACK 1 ack 1
			state ESTABLISHED`},
		{"what is refused does not open or close our window", `
			in ESTABLISHED
			< ACK 1 ack 5000 win 0 = ErrBadAck
			> ACK 1 ack 1
			info SndWnd 65535`},
		{"an ACK of more than was sent grows no window: RFC 5681 trusts what was sent only", `
			in ESTABLISHED
			write 1000
			> ACK 1+1000
			cwnd 14600
			< ACK 1 ack 1002 win 65535 = ErrBadAck
			> ACK 1001 ack 1
			cwnd 14600
			info InFlight 1000
			< ACK 1 ack 1001 win 65535`},
		{"pure ACKs of what was not sent are not answered each", `
			in ESTABLISHED
			< ACK 1 ack 5000 win 65535 = ErrBadAck
			> ACK 1 ack 1
			< ACK 1 ack 5000 win 65535 = ErrBadAck
			none
			wait 500ms
			< ACK 1 ack 5000 win 65535 = ErrBadAck
			> ACK 1 ack 1`},
		{"a segment with neither ACK nor RST is nobody's", `
			in ESTABLISHED
			< NONE 1+5 win 65535 = ErrNoAck
			< PSH,URG 1+5 win 65535 urg 5 = ErrNoAck
			none
			read 5 = 0`},
	})
}

// RFC 5927: ICMP
func TestBlindICMP(t *testing.T) {
	runScripts(t, []scriptCase{
		{"4.1: what an ICMP message quotes has to be in flight", `
			in ESTABLISHED
			inflight 1 false
			write 100
			> ACK 1+100
			inflight 0 false
			inflight 1 true
			inflight 100 true
			inflight 101 false
			inflight 60000 false
			< ACK 1 ack 51 win 65535
			inflight 50 false
			inflight 51 true
			< ACK 1 ack 101 win 65535
			inflight 100 false`},
		{"a SYN is in flight until it is answered", `
			open
			inflight 0 false
			> SYN 0
			inflight 0 true
			< SYN,ACK 0 ack 1 win 65535
			> ACK 1 ack 1
			inflight 0 false`},
		{"a probe into a closed window is in flight, too", `
			establish win 0
			write 10
			none
			inflight 1 false
			wait 200ms
			> ACK 1+1
			inflight 1 true
			inflight 2 false`},
		{"5.2: an error of an established connection is soft: it goes on", `
			in ESTABLISHED
			write 10
			> ACK 1+10
			soft
			state ESTABLISHED
			err nil
			wait 200ms
			> ACK 1+10
			< ACK 1 ack 11 win 65535
			write 10 = 10
			> ACK 11+10
			< ACK 1 ack 21 win 65535`},
		{"7.2: a small MTU makes no segment under 64 bytes, whatever is said", `
			in ESTABLISHED
			write 200
			> ACK 1+200
			mtu 68
			info SndMSS 64
			mtu 0
			info SndMSS 64
			> ACK 1+64
			< ACK 1 ack 201 win 65535`},
		{"7.2: an MTU that is no smaller changes nothing", `
			in ESTABLISHED
			write 100
			> ACK 1+100
			mtu 1500
			none
			info SndMSS 1460
			< ACK 1 ack 101 win 65535`},
	})
}

// TestBlindGuesses fires segments with random numbers at a connection: none of a hundred thousand
// ends it or puts a byte into its stream, and the answers are bounded.
func TestBlindGuesses(t *testing.T) {
	s := newScript(t, 1000, 5000)
	s.run("in ESTABLISHED\nwrite 100\n> ACK 1+100")
	rnd, answers := rand.New(rand.NewPCG(1, 2)), 0
	for i := range 100_000 {
		var line string
		n, ack := rnd.Uint32(), seq.Value(rnd.Uint32())
		if near := i%4 == 0; near { // an attacker that knows the window, but not where in it we are
			n = uint32(s.irs) + 2 + n%32000
			ack = s.iss.Add(200 + int(uint32(ack)%1_000_000_000)) // nor what we sent
		}
		f := []Flags{RST, RST | ACK, SYN, SYN | ACK, ACK, FIN | ACK}[i%6]
		line = fmt.Sprintf("%v %d+%d", f, int(n), i%3*5)
		b := make([]byte, HeaderLen+i%3*5)
		Put(b, Header{SrcPort: addrB.Port(), DstPort: addrA.Port(), Seq: seq.Value(n), Ack: ack, Flags: f, Window: 1}, 0, 0)
		if err := s.c.Receive(s.now, s.parse(b)); err == nil && s.c.rnxt != s.irs.Add(1) {
			t.Fatalf("%s was taken", line)
		}
		for {
			seg, ok := s.transmit(line)
			if !ok {
				break
			}
			answers++
			if seg.Flags() != ACK || seg.Seq() != s.iss.Add(101) || seg.Ack() != s.irs.Add(1) {
				t.Fatalf("%s is answered with %s", line, s.show(seg))
			}
		}
		if s.c.State() != Established || s.c.Buffered() != 0 || s.c.una != s.iss.Add(1) {
			t.Fatalf("after %s: %+v", line, s.c.Info())
		}
	}
	if answers == 0 {
		t.Error("none was answered")
	}
	s.run("< ACK 1+5 ack 101 win 65535\n> ACK 101 ack 6\nread 5") // the true peer is not disturbed
}

// TestChallengesAreEachConnectionsOwn: a count for the whole host would tell an attacker about
// other connections, as CVE-2016-5696 did.
func TestChallengesAreEachConnectionsOwn(t *testing.T) {
	a, b := newScript(t, 1, 1), newScript(t, 2, 2)
	a.run("in ESTABLISHED\nflood 50 10 RST 2 ErrChallenge")
	b.run("in ESTABLISHED\nflood 50 10 RST 2 ErrChallenge")
}

func TestAttackAllocatesNothing(t *testing.T) {
	s := newScript(t, 1000, 5000)
	s.run("in ESTABLISHED")
	rst := s.parse(s.segment("RST 50", "", ""))
	syn := s.parse(s.segment("SYN 90000", "", ""))
	bad := s.parse(s.segment("ACK 1+5 ack 5000", "", ""))
	var out [1500]byte
	if n := testing.AllocsPerRun(1000, func() {
		s.now = s.now.Add(time.Second)
		for _, seg := range []Segment{rst, syn, bad} {
			if s.c.Receive(s.now, seg) == nil {
				t.Fatal("it was taken")
			}
			s.c.Transmit(s.now, out[:])
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if err := s.c.Receive(s.now, rst); !errors.Is(err, ErrChallenge) {
		t.Error(err)
	}
}

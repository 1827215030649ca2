package tcp

import (
	"fmt"
	"strings"
	"testing"

	"httptap/stack/sum"
)

// RFC 9293, 3.1 and 3.2: options.
func TestOptionsOfSegments(t *testing.T) {
	runScripts(t, []scriptCase{
		{"an option may come in any segment: an unknown one with data", `
			in ESTABLISHED
			< ACK 1+5 ack 1 win 65535 <hex fd06abcd0102>
			> ACK 1 ack 6
			read 5`},
		{"an option may come in any segment: an unknown one with a FIN", `
			in ESTABLISHED
			< FIN,ACK 1 ack 1 win 65535 <hex fd06abcd0102>
			state CLOSE-WAIT
			> ACK 1 ack 2`},
		{"an option may come in any segment: an unknown one with a RST", `
			in ESTABLISHED
			< RST 1 <hex fd06abcd0102>
			state CLOSED
			err ErrReset`},
		{"an option may come in any segment: as many as fit, with a SYN", `
			accept SYN 0 win 65535 <hex fd24000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021, mss 100>
			> SYN,ACK 0 ack 1
			< ACK 1 ack 1 win 65535
			write 101
			> ACK 1+100
			> ACK 101+1
			< ACK 1 ack 102 win 65535`},
		{"an MSS option behind the handshake changes nothing", `
			establish win 65535 <mss 500>
			< ACK 1+5 ack 1 win 65535 <mss 100>
			> ACK 1 ack 6
			write 500
			> ACK 1+500
			< ACK 6 ack 501 win 65535`},
		{"an option that is not implemented is ignored without error, before one that is", `
			establish win 65535 <hex 1304abcd, hex fe03ff, mss 100>
			write 101
			> ACK 1+100
			> ACK 101+1
			< ACK 1 ack 102 win 65535`},
		{"options begin on any octet: none is aligned", `
			establish win 65535 <nop, mss 100, wscale 2, nop, sackok>
			write 101
			> ACK 1+100
			> ACK 101+1
			< ACK 11+10 ack 102 win 65535
			> ACK 102 ack 1 <sack 11:21>`},
		{"an MSS option with more than its two bytes is none", `
			establish win 65535 <hex 020600640000, nop, nop>
			write 537
			> ACK 1+536
			> ACK 537+1
			< ACK 1 ack 538 win 65535`},
		{"NOPs before, between and behind options are skipped", `
			establish win 65535 <nop, nop, nop, mss 100, nop, nop, nop, sackok, nop>
			write 101
			> ACK 1+100
			> ACK 101+1
			< ACK 1 ack 102 win 65535`},
		{"a list of NOPs alone is an empty list", `
			establish win 65535 <nop, nop, nop, nop>
			write 600
			> ACK 1+536
			> ACK 537+64
			< ACK 1 ack 601 win 65535`},
		{"a list that fills the header needs no end", `
			establish win 65535 <mss 100>
			write 101
			> ACK 1+100
			> ACK 101+1
			< ACK 1 ack 102 win 65535`},
		{"padding behind the end of the list is not looked at, zeros or not", `
			establish win 65535 <mss 100, end, hex 0204ffff>
			write 101
			> ACK 1+100
			> ACK 101+1
			< ACK 1 ack 102 win 65535`},
		{"an illegal length in data does not cost the data: length 0", `
			in ESTABLISHED
			< ACK 1+5 ack 1 win 65535 <hex fd000000>
			> ACK 1 ack 6
			read 5`},
		{"an illegal length in data does not cost the data: length 1", `
			in ESTABLISHED
			< ACK 1+5 ack 1 win 65535 <hex fd010000>
			> ACK 1 ack 6
			read 5`},
		{"an illegal length in data does not cost the data: past the header", `
			in ESTABLISHED
			< ACK 1+5 ack 1 win 65535 <hex fdff0000>
			> ACK 1 ack 6
			read 5`},
		{"an illegal length in data does not cost the data: no length at all", `
			in ESTABLISHED
			< ACK 1+5 ack 1 win 65535 <nop, nop, nop, hex fd>
			> ACK 1 ack 6
			read 5`},
	})
}

// RFC 9293, 3.7.1
func TestMSS(t *testing.T) {
	runScripts(t, []scriptCase{
		{"every SYN has an MSS option: the active open's", "config mss=1400\nopen\n> SYN 0 <mss 1400, sackok, ts 0 0, wscale 0>"},
		{"every SYN has an MSS option: the passive open's, though the peer sent none", "config mss=1400\naccept SYN 0 win 9\n> SYN,ACK 0 ack 1 <mss 1400>"},
		{"every SYN has an MSS option: one of 536, too", "config mss=536\naccept SYN 0 win 9\n> SYN,ACK 0 ack 1 <mss 536>"},
		{"every SYN has an MSS option: when it goes again", "config mss=1400\naccept SYN 0 win 9\n> SYN,ACK 0 ack 1 <mss 1400>\nwait 1s\n> SYN,ACK 0 ack 1 <mss 1400>"},
		{"the MSS of a SYN counts for a passive open", `
			accept SYN 0 win 65535 <mss 200>
			> SYN,ACK 0 ack 1
			< ACK 1 ack 1 win 65535
			write 201
			> ACK 1+200
			> ACK 201+1
			< ACK 1 ack 202 win 65535`},
		{"no MSS in the SYN of a passive open: 536", `
			accept SYN 0 win 65535
			> SYN,ACK 0 ack 1
			< ACK 1 ack 1 win 65535
			write 537
			> ACK 1+536
			> ACK 537+1
			< ACK 1 ack 538 win 65535`},
		{"the effective send MSS is the smaller of the peer's and what our IP layer sends", `
			config mss=300
			establish win 65535 <mss 1460>
			write 301
			> ACK 1+300
			> ACK 301+1
			< ACK 1 ack 302 win 65535`},
		{"the default of 536 is bounded by what our IP layer sends, too", `
			config mss=300
			establish win 65535
			write 301
			> ACK 1+300
			> ACK 301+1
			< ACK 1 ack 302 win 65535`},
		{"Eff.snd.MSS = SendMSS + 20 - TCPhdrsize: timestamps leave 12 bytes less", `
			establish win 65535 <mss 500, ts 7 0>
			write 489
			> ACK 1+488
			> ACK 489+1
			< ACK 1 ack 490 win 65535 <ts 7 0>`},
		{"for each segment the data is adjusted to its own options: SACK blocks", `
			establish win 65535 <mss 500, sackok>
			< ACK 11+10 ack 1 win 65535
			> ACK 1 ack 1 <sack 11:21>
			write 500
			> ACK 1+488 <sack 11:21>
			< ACK 1+10 ack 489 win 65535
			> PSH,ACK 489+12 ack 21 <>
			< ACK 21 ack 501 win 65535`},
		{"what the peer can take does not bound what we can: our MSS is told as it is", `
			accept SYN 0 win 65535 <mss 100>
			> SYN,ACK 0 ack 1 <mss 1460>
			< ACK 1+1460 ack 1 win 65535
			> ACK 1 ack 1461
			read 1460`},
		{"both open at once: each one's MSS counts", `
			config mss=1000
			open
			> SYN 0
			< SYN 0 win 65535 <mss 200>
			> SYN,ACK 0 ack 1 <mss 1000>
			< ACK 1 ack 1 win 65535
			write 201
			> ACK 1+200
			> ACK 201+1
			< ACK 1 ack 202 win 65535`},
	})
}

// strictOptions walks an option list as a strict receiver would: MUST-68, every option but EOL and
// NOP has a length; MUST-69, "The content of the header beyond the End of Option List Option MUST
// be header padding of zeros".
func strictOptions(b []byte) (kinds []byte, err error) {
	for i := 0; i < len(b); {
		switch {
		case b[i] == kindEnd:
			for _, v := range b[i:] {
				if v != 0 {
					return kinds, fmt.Errorf("padding of % x", b[i:])
				}
			}
			return kinds, nil
		case b[i] == kindNop:
			i++
		case i+1 >= len(b) || b[i+1] < 2 || i+int(b[i+1]) > len(b):
			return kinds, fmt.Errorf("no length in % x", b[i:])
		default:
			kinds = append(kinds, b[i])
			i += int(b[i+1])
		}
	}
	return kinds, nil
}

// TestOptionsSentAreWellFormed looks at every segment of conversations that use every option.
func TestOptionsSentAreWellFormed(t *testing.T) {
	seen := map[byte]int{}
	for _, offer := range []string{"", "<mss 1460>", "<mss 1460, sackok>", "<mss 1460, ts 1 0>", "<mss 1460, wscale 3>", "<mss 64, sackok, ts 1 0, wscale 3, uto 90>"} {
		stamp := ""
		if strings.Contains(offer, "ts") {
			stamp = " <ts 1 0>"
		}
		s := newScript(t, 100, 300)
		s.run("usertimeout 30s")
		s.c.Open(s.now, s.cfg)
		s.c.SetUserTimeout(s.now, 90e9)
		check := func() {
			for seg, ok := s.transmit(offer); ok; seg, ok = s.transmit(offer) {
				kinds, err := strictOptions(seg.Options())
				if err != nil {
					t.Errorf("%s: %v: %v", offer, s.show(seg), err)
				}
				if len(seg.Options())%4 != 0 || seg.DataOffset() != HeaderLen+len(seg.Options()) {
					t.Errorf("%s: %v: %d bytes of options", offer, s.show(seg), len(seg.Options()))
				}
				for _, k := range kinds {
					seen[k]++
					if onlySYN := k == kindMSS || k == kindWindowScale || k == kindSACKPermitted; onlySYN && seg.Flags()&SYN == 0 {
						t.Errorf("%s: option %d in %v", offer, k, s.show(seg))
					}
				}
				if mss := strings.Contains(string(kinds), "\x02"); mss != (seg.Flags()&SYN != 0) {
					t.Errorf("%s: an MSS option: %v, in %v", offer, mss, s.show(seg))
				}
			}
		}
		check()
		s.run("< SYN,ACK 0 ack 1 win 65535 " + offer)
		check()
		s.run("write 3000")
		check()
		for i := range 9 { // gaps, so that there are SACK blocks, in data too
			s.run(fmt.Sprintf("< ACK %d+1 ack 1 win 65535%s", 10+2*i, stamp))
			check()
		}
		s.run("write 100\nclose")
		check()
		s.now = s.c.Deadline() // sent again
		check()
		s.run("keepalive 10s 1s 3\nabort")
		check()
	}
	for _, k := range []byte{kindMSS, kindWindowScale, kindSACKPermitted, kindSACK, kindTimestamps, kindUserTimeout} {
		if seen[k] == 0 {
			t.Errorf("option %d was not sent", k)
		}
	}
}

// TestChecksumOfAnyLength: RFC 9293, 3.1: "The TCP checksum is never optional. The sender MUST
// generate it ... and the receiver MUST check it", with "padding the last octet with zeros".
func TestChecksumOfAnyLength(t *testing.T) {
	s := newScript(t, 100, 300)
	s.run("establish win 65535 <mss 1460>")
	pseudo := func(n int) sum.Partial { return sum.Pseudo4(addrA.Addr().As4(), addrB.Addr().As4(), 6, n) }
	at := 1
	for n := 1; n < 40; n++ {
		s.run(fmt.Sprintf("write %d\n> PSH,ACK %d+%d\n< ACK 1 ack %d win 65535", n, at, n, at+n)) // transmit verifies it
		at += n
		b := append([]byte(nil), s.buf[:HeaderLen+n]...)
		for i := range b {
			b[i] ^= 0x10
			seg, err := Parse(b)
			if err == nil && seg.Verify(pseudo(len(b))) != ErrChecksum {
				t.Errorf("%d bytes of data: byte %d changed and it was not seen", n, i)
			}
			b[i] ^= 0x10
		}
		if seg := s.parse(b); seg.Verify(pseudo(len(b)+1)) != ErrChecksum {
			t.Errorf("%d bytes of data: the pseudo-header's length does not count", n)
		}
		if seg := s.parse(b); seg.Verify(sum.Pseudo4(addrA.Addr().As4(), [4]byte{10, 0, 0, 3}, 6, len(b))) != ErrChecksum {
			t.Errorf("%d bytes of data: a misrouted segment passes", n)
		}
	}
}

// TestWindowIsUnsigned: RFC 9293, 3.1: "The window size MUST be treated as an unsigned number, or
// else large window sizes will appear like negative windows".
func TestWindowIsUnsigned(t *testing.T) {
	runScripts(t, []scriptCase{
		{"a window of 65535 bytes is filled, not one more", `
			config tx=70000
			establish win 65535 <mss 1285>   | 51 of them
			setcwnd 100000
			write 70000
			consume
			< ACK 1 ack 65537 win 65535 = ErrBadAck
			> ACK 65536 ack 1
			< ACK 1 ack 65536 win 65535
			consume
			< ACK 1 ack 70001 win 65535`},
		{"a window of 32768 bytes is not negative", `
			config tx=70000
			establish win 32768 <mss 1460>
			setcwnd 100000
			write 32768
			consume
			< ACK 1 ack 32769 win 32768`},
		{"our own window of 65535 bytes is taken whole", `
			config rx=65535
			establish win 1000 <mss 1460>
			< ACK 65535+1 ack 1 win 1000
			> ACK 1 ack 1 win 65535
			< ACK 65536+1 ack 1 win 1000 = ErrOutOfWindow
			> ACK 1 ack 1 win 65535`},
	})
	s := newScript(t, 100, 300)
	s.run("establish win 1000 <mss 1460, wscale 14>\n< ACK 1 ack 1 win 65535")
	if w := s.c.Info().SndWnd; w != 65535<<14 {
		t.Errorf("REC-1: the largest scaled window, %d, is taken as %d", 65535<<14, w)
	}
	s.run("write 100\n> ACK 1+100")
}

// TestPush: RFC 9293, 3.9.1.2: a TCP without PUSH flags on SEND "MUST set the PSH bit in the last
// buffered segment (i.e., when there is no more queued data to be sent)", and the bit "is
// independent of segment boundaries".
func TestPush(t *testing.T) {
	for _, c := range []struct{ sentence, lines, pushed string }{
		{"the last of what is queued is pushed, nothing before it", "write 250", "..P"},
		{"several writes make the largest possible segments, with one PSH", "write 60\nwrite 60\nwrite 60\nwrite 60", "..P"},
		{"a full last segment is pushed, too", "write 200", ".P"},
		{"closing pushes", "write 150\nclose", ".P"},
		{"a FIN alone has nothing to push", "close", "."},
		{"an ACK has nothing to push", "< ACK 1+10 ack 1 win 65535", "."},
	} {
		s := newScript(t, 100, 300)
		s.run("establish win 65535 <mss 100>\n" + c.lines)
		got := ""
		for seg, ok := s.transmit(c.sentence); ok; seg, ok = s.transmit(c.sentence) {
			got += map[bool]string{true: "P", false: "."}[seg.Flags()&PSH != 0]
			if size := len(seg.Payload()); len(got) < len(c.pushed) && size != 100 {
				t.Errorf("%s: a segment of %d bytes though more is queued", c.sentence, size)
			}
		}
		if got != c.pushed {
			t.Errorf("%s: %s, want %s", c.sentence, got, c.pushed)
		}
	}
	runScripts(t, []scriptCase{
		{"small writes are not kept back for want of a PUSH", `
			in ESTABLISHED
			write 1
			> PSH,ACK 1+1
			write 1
			> PSH,ACK 2+1
			< ACK 1 ack 3 win 65535`},
		{"data without PSH is given to the reader all the same", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			read 10`},
		{"data with PSH is read across the bit: it is no record marker", `
			in ESTABLISHED
			< PSH,ACK 1+10 ack 1 win 65535
			> ACK 1 ack 11
			< PSH,ACK 11+10 ack 1 win 65535
			> ACK 1 ack 21
			read 20`},
	})
}

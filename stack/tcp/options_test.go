package tcp

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"httptap/stack/seq"
)

// TestMalformedOptions: RFC 9293, 3.1: an illegal length ends the list, what was before it counts.
// An option of a kind that is known with a length that its RFC does not give is skipped.
func TestMalformedOptions(t *testing.T) {
	some := options{mss: 1460}
	for _, c := range []struct {
		sentence, hex string
		want          options
	}{
		{"nothing", "", options{}},
		{"padding only", "00000000", options{}},
		{"NOPs only", "01010101", options{}},
		{"behind the end of the list", "00 020405b4", options{}},
		{"behind an unknown option", "fd041234 020405b4", some},
		{"behind an unknown option without data", "fe02 020405b4", some},
		{"behind the longest option that there can be", "fd22" + strings.Repeat("02", 32) + "020405b4", some},
		{"a length of zero", "020405b4 0300 0101", some},
		{"a length of one", "020405b4 0301 0101", some},
		{"an unknown option of length zero", "020405b4 fd00 0303 07", some},
		{"an unknown option of length one", "020405b4 fd01 0303 07", some},
		{"one byte past the end", "020405b4 08 0a 0000000100000002"[:len("020405b4 08 0a 0000000100000002")-2], some},
		{"a length of 255", "020405b4 fdff0000", some},
		{"a kind in the last byte", "020405b4 010103", some},
		{"the last option fills the list", "0101 020405b4", some},

		{"MSS of length 2", "0202 0101", options{}},
		{"MSS of length 3", "0203ff 01", options{}},
		{"MSS of length 5", "020505b4ff 010101", options{}},
		{"MSS of zero is none", "02040000", options{}},
		{"the largest MSS", "0204ffff", options{mss: 65535}},
		{"MSS twice: the last counts", "02040200 020405b4", some},

		{"window scale of length 2", "0302 0101", options{}},
		{"window scale of length 4", "03040707", options{}},
		{"window scale of zero is there", "030300 01", options{scaled: true}},
		{"window scale of 14", "03030e 01", options{scaled: true, shift: 14}},
		{"RFC 7323, 2.3: window scale of 15", "03030f 01", options{scaled: true, shift: 14}},
		{"RFC 7323, 2.3: window scale of 255", "0303ff 01", options{scaled: true, shift: 14}},

		{"SACK-permitted of length 3", "040300 01", options{}},
		{"SACK-permitted", "0402", options{sackOK: true}},

		{"SACK without blocks", "0502", options{}},
		{"SACK of half a block", "0506 00000001", options{}},
		{"SACK of one and a half", "050e 0000000100000002 00000003", options{}},
		{"SACK of a block and a byte", "050b 0000000100000002 00", options{}},
		{"a SACK block", "050a 0000000100000002", options{sacked: 1, blocks: [maxSACK]block{{1, 2}}}},
		{"SACK of four blocks", "0522 0000000100000002 0000000300000004 0000000500000006 0000000700000008",
			options{sacked: 4, blocks: [maxSACK]block{{1, 2}, {3, 4}, {5, 6}, {7, 8}}}},
		{"two SACK options", "050a 0000000100000002 050a 0000000300000004", options{sacked: 2, blocks: [maxSACK]block{{1, 2}, {3, 4}}}},

		{"timestamps of length 9", "0809 00000001000000", options{}},
		{"timestamps of length 11", "080b 0000000100000002ff", options{}},
		{"timestamps", "080a 0000000100000002", options{stamped: true, tsval: 1, tsecr: 2}},
		{"timestamps in the usual place", "0101080a 0000000100000002", options{stamped: true, tsval: 1, tsecr: 2}},
		{"timestamps with the NOPs behind", "080a 0000000100000002 0101", options{stamped: true, tsval: 1, tsecr: 2}},
		{"what begins as the usual and goes on", "0101080a 0000000100000002 0402 0101", options{stamped: true, tsval: 1, tsecr: 2, sackOK: true}},
		{"what is as long as the usual and is not", "0101080b 0000000100000002", options{}},

		{"user timeout of length 3", "1c0301 01", options{}},
		{"user timeout of zero is none: RFC 5482, 3.4", "1c040000", options{}},
		{"user timeout of zero minutes is none", "1c048000", options{}},
		{"user timeout", "1c04001e", options{userTimeout: 30 * time.Second}},
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		o := options{mss: 9, tsval: 9, sacked: 3} // dirty
		if o.parse(b); o != c.want {
			t.Errorf("%s: %+v, want %+v", c.sentence, o, c.want)
		}
	}
}

// TestMalformedOptionsOnTheWire: whatever its options are, a segment is a segment.
func TestMalformedOptionsOnTheWire(t *testing.T) {
	runScripts(t, []scriptCase{
		{"data behind broken options is taken", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535 <hex fd000000>
			> ACK 1 ack 11
			< ACK 11+10 ack 1 win 65535 <hex 05ff0000>
			> ACK 1 ack 21
			read 20`},
		{"a broken SACK option is no duplicate's report, the acknowledgment counts", `
			establish win 65535 <mss 100, sackok>
			write 200
			> ACK 1+100
			> ACK 101+100
			< ACK 1 ack 101 win 65535 <hex 0506000000010101>
			< ACK 1 ack 201 win 65535
			deadline none`},
		{"options that count in a SYN only are ignored elsewhere", `
			establish win 65535 <mss 1460, wscale 0>
			< ACK 1 ack 1 win 1000 <mss 100, wscale 7, sackok>
			info SndWnd 1000
			info SndScale 0
			info SACK false
			write 500
			> ACK 1+500
			< ACK 1 ack 501 win 1000`},
		{"forty bytes of options", `
			in ESTABLISHED
			< ACK 1+10 ack 1 win 65535 <nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop, nop>
			> ACK 1 ack 11
			read 10`},
	})
}

// TestOptionsFit: a SYN with all that there is stays within the 40 bytes, in words, and what it
// says is read back.
func TestOptionsFit(t *testing.T) {
	for bits := range 1 << 4 {
		o := options{mss: 1460, shift: 9, scaled: bits&1 != 0, sackOK: bits&2 != 0, stamped: bits&4 != 0, tsval: 0xfffffffe, tsecr: 7}
		if bits&8 != 0 {
			o.userTimeout = 10 * time.Hour
		}
		b := bytes.Repeat([]byte{0xa5}, 64)
		n := putSynOptions(b, o)
		if n%4 != 0 || n > MaxHeaderLen-HeaderLen || b[n] != 0xa5 {
			t.Errorf("%+v: %d bytes", o, n)
		}
		if !o.scaled {
			o.shift = 0
		}
		if !o.stamped {
			o.tsval, o.tsecr = 0, 0
		}
		if got := optionsOf(b[:n]); got != o {
			t.Errorf("% x is read as %+v, want %+v", b[:n], got, o)
		}
	}
	for k := range maxSACK + 1 {
		var o options
		for i := range k {
			o.blocks[i] = block{seq.Value(0xfffffff0 + 10*i), seq.Value(0xfffffff5 + 10*i)}
			o.sacked++
		}
		b := bytes.Repeat([]byte{0xa5}, 64)
		n := putSACK(b, o.blocks[:k])
		if got := optionsOf(b[:n]); n%4 != 0 || n > 40 || b[n] != 0xa5 || got != o {
			t.Errorf("%d blocks: %d bytes, %+v", k, n, got)
		}
	}
}

// TestSegmentsFit: with every option in use at once no header is longer than 60 bytes, and no
// segment longer than the MSS allows or the memory it is written into.
func TestSegmentsFit(t *testing.T) {
	for _, mss := range []int{64, 100, 536, 1460} {
		for _, room := range []int{48, 64, 100, 576, 1500} {
			s := newScript(t, 0xfffffff0, 1000)
			s.cfg.Rx, s.cfg.Tx = make([]byte, 20000), make([]byte, 20000)
			s.run(fmt.Sprintf("establish win 65535 <mss %d, sackok, ts 5 0, wscale 2>", mss))
			for i := range 9 {
				s.run(fmt.Sprintf("< ACK %d+5 ack 1 win 65535 <ts 6 0>\nconsume", 11+20*i))
			}
			s.c.SetUserTimeout(s.now, time.Minute)
			s.run("< ACK 11+5 ack 1 win 65535 <ts 6 0>\nwrite 3000") // a D-SACK as well
			sent := 0
			for range 1000 {
				b := bytes.Repeat([]byte{0xa5}, 1600)
				n := s.c.Transmit(s.now, b[:room])
				if n == 0 {
					break
				}
				seg := parsed(t, b[:n], addrA, addrB)
				// Options and payload together: RFC 9293, 3.7.1: the MSS counts neither header.
				if n > room || n-HeaderLen > max(mss, minMSS) || seg.DataOffset() > MaxHeaderLen || !optionsOf(seg.Options()).stamped {
					t.Fatalf("MSS %d, room for %d: %d bytes, %d of them header", mss, room, n, seg.DataOffset())
				}
				if len(seg.Payload()) == 0 {
					continue
				}
				sent += len(seg.Payload())
			}
			if sent == 0 {
				t.Errorf("MSS %d, room for %d: nothing was sent", mss, room)
			}
		}
	}
}

func TestOptionsAllocateNothing(t *testing.T) {
	var o options
	b := make([]byte, 64)
	full := buildOptions(t, "<mss 1460, sackok, ts 7 8, wscale 7, uto 90>", 0)
	blocks := []block{{1, 2}, {3, 4}, {5, 6}, {7, 8}}
	if n := testing.AllocsPerRun(1000, func() {
		o.parse(full)
		putSynOptions(b, o)
		putSACK(b, blocks)
		putTimestamps(b, 1, 2)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzOptions: whatever the bytes are, reading them ends, what is behind the end of the list or an
// illegal length does not count, and what was read is read again when it is written as a SYN.
func FuzzOptions(f *testing.F) {
	for _, s := range []string{"<mss 1460, sackok, ts 7 0, wscale 7, uto 90>", "<sack 1:9 20:30>", "<hex fd000000>", "<nop, nop, ts 1 2>", "<end>", "<hex 02>"} {
		f.Add(buildOptions(f, s, 0))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), 40)]
		was := bytes.Clone(b)
		o := options{mss: 9, sacked: 3}
		o.parse(b)
		if !bytes.Equal(b, was) {
			t.Fatal("reading changed the bytes")
		}
		if o.sacked > maxSACK || o.shift > maxShift || o.mss > 0xffff || !o.scaled && o.shift != 0 || !o.stamped && o.tsval != 0 {
			t.Fatalf("% x: %+v", b, o)
		}
		if again := optionsOf(append(bytes.Clone(b), 0, 2, 4, 9, 9)); len(b) < 36 && len(b) != timestampsLen && again != o {
			// An end of the list, and an MSS behind it. A last option that was cut off takes them
			// for its own; then the list was broken.
			if whole(b) {
				t.Fatalf("% x: %+v, and with an end of the list behind it %+v", b, o, again)
			}
		}
		syn := o
		syn.sacked, syn.blocks = 0, [maxSACK]block{}
		var out [64]byte
		n := putSynOptions(out[:], syn)
		if n > 40 || n%4 != 0 || optionsOf(out[:n]) != syn {
			t.Fatalf("%+v is written as % x", syn, out[:n])
		}
		n = putSACK(out[:], o.blocks[:o.sacked])
		if got := optionsOf(out[:n]); got.sacked != o.sacked || got.blocks != o.blocks {
			t.Fatalf("%+v is written as % x", o.blocks, out[:n])
		}
	})
}

// whole tells whether the list ends with its last option, or with an end before it.
func whole(b []byte) bool {
	for len(b) > 0 {
		switch {
		case b[0] == kindEnd:
			return true
		case b[0] == kindNop:
			b = b[1:]
		case len(b) < 2 || b[1] < 2 || int(b[1]) > len(b):
			return false
		default:
			b = b[b[1]:]
		}
	}
	return true
}

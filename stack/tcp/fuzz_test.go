package tcp

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"httptap/stack/seq"
)

// FuzzSegments drives a TCB, from every state, with arbitrary segments and what an application
// can do. Numbers of sequence are near what the TCB expects, so that the segments hit the edges.
// Whatever comes: no panic, no contradiction among the variables, the window's edge does not go
// back, Transmit comes to rest, and both streams keep their bytes.
func FuzzSegments(f *testing.F) {
	step := func(op byte, flags Flags, dseq, dack int8, win, n, wait byte) []byte {
		return []byte{op, byte(flags), byte(dseq), byte(dack), win, n, wait}
	}
	for state := range byte(len(fuzzWays)) {
		f.Add(state, []byte(nil), []byte(nil))
		f.Add(state, buildOptions(f, "<mss 9, wscale 3, sackok>", 0), bytes.Join([][]byte{
			step(0, ACK, 0, 0, 9, 20, 0), step(1, 0, 0, 0, 0, 200, 0), step(0, ACK, 30, 0, 9, 9, 1), step(0, ACK|FIN, 60, 1, 0, 5, 3),
			step(2, 0, 0, 0, 0, 255, 9), step(3, 0, 0, 0, 0, 0, 9), step(0, ACK, 0, 60, 9, 120, 60), step(4, 0, 0, 0, 0, 0, 1), step(5, 0, 0, 0, 0, 0, 0),
		}, nil))
	}
	f.Fuzz(func(t *testing.T, way byte, opts, script []byte) {
		s := newScript(t, 0xffffff00, 0x7fffff80)
		s.cfg.Rx, s.cfg.Tx = make([]byte, 300), make([]byte, 300)
		s.run(fuzzWays[int(way)%len(fuzzWays)])
		c := &s.c
		edge := c.edge
		for ; len(script) >= 7; script = script[7:] {
			op, n := script[0]%8, int(script[5])
			switch op {
			case 1:
				b := make([]byte, n)
				for i := range b {
					b[i] = ours(s.wrote + i)
				}
				n, _ = c.Write(b)
				s.wrote += n
			case 2:
				b := make([]byte, n)
				n, _ = c.Read(b)
				for _, v := range b[:n] {
					if v != theirs(s.read) {
						t.Fatalf("byte %d of the peer's stream is wrong", s.read)
					}
					s.read++
				}
			case 3:
				c.CloseWrite(s.now)
			case 4:
				c.Discard(s.now)
			case 5:
				c.PathMTU(s.now, 8*n)
			case 6:
				if n == 0 {
					c.Abort(s.now)
				}
			default:
				o := opts[:min(len(opts), 40)&^3]
				b := make([]byte, HeaderLen+len(o)+n)
				copy(b[HeaderLen:], o)
				Put(b, Header{SrcPort: 80, DstPort: 50000, Seq: c.rnxt.Add(3 * int(int8(script[2]))), Ack: c.una.Add(3 * int(int8(script[3]))),
					Flags: Flags(script[1]), Window: uint16(script[4]) * uint16(script[4])}, len(o), 0)
				was, first := c.state, c.rnxt.Add(3*int(int8(script[2]))).Diff(c.irs)-1
				if was == SynSent {
					first = -1 // this may be the SYN that everything counts from
				}
				if Flags(script[1])&SYN != 0 {
					first++
				}
				for i := range n {
					b[HeaderLen+len(o)+i] = theirs(first + i)
				}
				c.Receive(s.now, s.parse(b))
				if was == SynSent && c.state != SynSent {
					edge = c.edge
				}
			}
			checkInvariants(t, c)
			s.now = s.now.Add(time.Duration(script[6]) * 50 * time.Millisecond)
			drain(t, c, s.iss, s.now)
			if c.state != Closed && c.state != SynSent && c.edge.Less(edge) {
				t.Fatalf("the window's edge went back from %d to %d", edge, c.edge)
			}
			edge = c.edge
		}
		// Left alone it comes to an end or to rest.
		for range 200 {
			d := c.Deadline()
			if d.IsZero() {
				return
			}
			s.now = d
			drain(t, c, s.iss, s.now)
		}
		if c.state != Closed {
			t.Fatalf("it never rests: %+v", c.Info())
		}
	})
}

// fuzzWays are scripts to each state, some with data on the way.
var fuzzWays = []string{
	"in SYN-SENT", "open\n> SYN 0\n< SYN 0 win 900 <sackok, wscale 2>", "in SYN-RECEIVED", "in ESTABLISHED", "in FIN-WAIT-1", "in FIN-WAIT-2",
	"in CLOSE-WAIT", "in CLOSING", "in LAST-ACK", "in TIME-WAIT", "open", "accept SYN 0 win 0 <sackok, wscale 14>",
	"establish win 900 <mss 64, sackok>\nwrite 300\nconsume\n< ACK 100+50 ack 20 win 100\n< ACK 200+10 ack 20 win 100",
	"establish win 0 <mss 64>\nwrite 300\nclose\nnone\nwait 200ms\n> ACK 1+1",
	"in ESTABLISHED\nwrite 200\nclose\ndiscard\nconsume",
}

// drain takes all that c has to send.
func drain(t testing.TB, c *TCB, iss seq.Value, now time.Time) {
	t.Helper()
	var b [1500]byte
	for range 1000 {
		pending := c.Pending(now)
		n := c.Transmit(now, b[:])
		checkInvariants(t, c)
		if n == 0 {
			checkQuiet(t, c, now)
			return
		}
		if !pending {
			t.Fatalf("Transmit had a segment, but Pending was false: %+v", c.Info())
		}
		seg := parsed(t, b[:n], addrA, addrB)
		for i, v := range seg.Payload() {
			if v != ours(seg.Seq().Diff(iss)-1+i) {
				t.Fatalf("byte %d of our stream is wrong", seg.Seq().Diff(iss)-1+i)
			}
		}
	}
	t.Fatalf("it never stops sending: %+v", c.Info())
}

// FuzzParse: any bytes are refused, or every accessor works, a round trip gives them back, and
// the RST that answers them is one that RFC 9293, 3.10.7.1 wants.
func FuzzParse(f *testing.F) {
	f.Add([]byte{11: 0, 12: 0x80, 13: 2, 19: 0, 20: 2, 21: 4, 22: 5, 23: 180, 24: 1, 25: 3, 26: 3, 27: 7, 28: 4, 29: 2, 30: 0, 31: 9})
	f.Add([]byte{12: 0x50, 13: 0x14, 19: 0, 20: 'x'})
	f.Add([]byte{12: 0xf0, 59: 0})
	f.Add([]byte{12: 0x40, 30: 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			if len(b) >= HeaderLen && int(b[12]>>4) >= 5 && int(b[12]>>4)*4 <= len(b) {
				t.Fatalf("refused: %v", err)
			}
			return
		}
		if s.DataOffset()+len(s.Payload()) != len(b) || HeaderLen+len(s.Options()) != s.DataOffset() {
			t.Fatalf("%d of options and %d of data in %d", len(s.Options()), len(s.Payload()), len(b))
		}
		var o options
		o.parse(s.Options())
		if o.shift > maxShift || o.mss < 0 || o.mss > 0xffff {
			t.Fatalf("options %+v", o)
		}
		again := bytes.Clone(b)
		Put(again, Header{SrcPort: s.SrcPort(), DstPort: s.DstPort(), Seq: s.Seq(), Ack: s.Ack(), Flags: s.Flags(), Window: s.Window()}, len(s.Options()), 77)
		a, err := Parse(again)
		if err != nil || a.Verify(77) != nil {
			t.Fatalf("what was written: %v, %v", err, a.Verify(77))
		}
		binary.BigEndian.PutUint16(again[16:], binary.BigEndian.Uint16(b[16:]))
		copy(again[18:20], b[18:20])
		again[12] |= b[12] & 0xe
		if !bytes.Equal(again, b) {
			t.Fatalf("round trip: % x, want % x", again, b)
		}
		rst := bytes.Repeat([]byte{0xa5}, HeaderLen)
		if n := Reset(rst, s, 99); n == 0 {
			if s.Flags()&RST == 0 {
				t.Fatal("no answer")
			}
			return
		}
		r, err := Parse(rst)
		if err != nil || r.Verify(99) != nil || r.Flags()&RST == 0 || r.SrcPort() != s.DstPort() || r.DstPort() != s.SrcPort() {
			t.Fatalf("the answer: % x", rst)
		}
		if s.Flags()&ACK != 0 && r.Seq() != s.Ack() || s.Flags()&ACK == 0 && r.Ack() != s.Seq()+seq.Value(s.Len()) {
			t.Fatalf("the answer: % x", rst)
		}
	})
}

// FuzzReassembly compares the runs with a map of bytes.
func FuzzReassembly(f *testing.F) {
	f.Add([]byte{10, 5, 20, 5, 15, 5, 0, 30})
	f.Add([]byte{2, 1, 4, 1, 6, 1, 8, 1, 3, 4})
	f.Fuzz(func(t *testing.T, script []byte) {
		r := runs{max: 64}
		const start = seq.Value(0xffffff80)
		var have [600]bool
		nxt := 0
		for ; len(script) >= 2; script = script[2:] {
			from, n := nxt+int(script[0]), int(script[1])
			if n == 0 || from+n > len(have) {
				continue
			}
			if from > nxt {
				if _, ok := r.add(block{start.Add(from), start.Add(from + n)}); ok {
					for i := range n {
						have[from+i] = true
					}
				} else if len(r.b) != r.max {
					t.Fatalf("refused with %d runs", len(r.b))
				}
			} else {
				nxt += n
				for nxt < len(have) && have[nxt] {
					nxt++
				}
				if got := r.take(start.Add(from + n)); got != start.Add(nxt) {
					t.Fatalf("the data reaches to %d, want %d", got.Diff(start), nxt)
				}
			}
			var want []block
			for i := nxt; i < len(have); i++ {
				if have[i] {
					k := block{from: start.Add(i)}
					for i < len(have) && have[i] {
						i++
					}
					k.to = start.Add(i)
					want = append(want, k)
				}
			}
			if !slices.Equal(want, r.b) {
				t.Fatalf("the runs are %v, want %v", r.b, want)
			}
		}
	})
}

// FuzzRing compares the ring with a slice.
func FuzzRing(f *testing.F) {
	f.Add(uint8(7), []byte{5, 3, 0, 9, 2, 4})
	f.Fuzz(func(t *testing.T, size uint8, script []byte) {
		r := ring{b: make([]byte, 1+int(size))}
		var want []byte
		next := byte(0)
		fill := func(n int) []byte {
			b := make([]byte, n)
			for i := range b {
				next++
				b[i] = next
			}
			return b
		}
		for i, v := range script {
			switch i % 3 {
			case 0:
				b := fill(int(v))
				n := r.write(b)
				if n != min(len(b), len(r.b)-len(want)) {
					t.Fatalf("wrote %d of %d into %d of %d", n, len(b), len(want), len(r.b))
				}
				want = append(want, b[:n]...)
			case 1: // bytes behind the end, which then arrive
				off := min(int(v), r.free())
				b := fill(r.free() - off)
				r.place(r.n+off, b)
				front := fill(off)
				r.place(r.n, front)
				r.n += off + len(b)
				want = append(append(want, front...), b...)
			case 2:
				n := min(int(v), r.n)
				r.drop(n)
				want = want[n:]
			}
			got := make([]byte, len(r.b)+1)
			n := r.peek(0, got)
			if !bytes.Equal(got[:n], want) || r.free() != len(r.b)-len(want) {
				t.Fatalf("% x, want % x", got[:n], want)
			}
			if len(want) > 2 {
				if n := r.peek(1, got[:2]); !bytes.Equal(got[:n], want[1:3]) {
					t.Fatalf("from the second on: % x, want % x", got[:n], want[1:3])
				}
			}
		}
	})
}

package session

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"httptap/pcap"
)

const handshake = `
0   > S  0 0 1000          |
10  < SA 0 1 2000          |
20  > A  1 1 1000          |`

// analysisCases are conversations: behind each segment stands what it is found to be.
var analysisCases = []struct{ name, script string }{
	{"in order", handshake + `
21  > PA 1+100 1 1000      |
31  < A  1 101 2000        |
32  < PA 1+50 101 2000     |
42  > FA 101 51 1000       |
52  < FA 51 102 2000       |
62  > A  102 52 1000       |`},
	{"a lost segment, fast retransmission", handshake + `
21  > A  1+100 1 1000      |
22  > A  201+100 1 1000    | lost_segment
32  < A  1 101 2000        |
33  < A  1 101 2000        | duplicate_ack
34  < A  1 101 2000        | duplicate_ack
35  > A  101+100 1 1000    | retransmission fast_retransmission
45  < A  1 301 2000        |`},
	{"retransmission after a timeout", handshake + `
21  > A  1+100 1 1000      |
321 > A  1+100 1 1000      | retransmission
331 < A  1 101 2000        |`},
	{"out of order within the round trip", handshake + `
21  > A  101+100 1 1000    | lost_segment
22  > A  1+100 1 1000      | out_of_order
32  < A  1 201 2000        |`},
	{"what was acknowledged comes again", handshake + `
21  > A  1+100 1 1000      |
31  < A  1 101 2000        |
41  > A  1+100 1 1000      | retransmission spurious_retransmission
51  < A  1 101 2000        | duplicate_ack`},
	{"what the capture lacks is acknowledged", handshake + `
31  < A  1 101 2000        | ack_lost_segment
41  > A  101+100 1 1000    | lost_segment`},
	{"the window closes, is probed, and opens", handshake + `
21  > A  1+2000 1 1000     | window_full
31  < A  1 2001 0          | zero_window
231 > A  2001+1 1 1000     | zero_window_probe
241 < A  1 2001 0          | zero_window zero_window_probe_ack
441 < A  1 2001 2000       | window_update
451 > A  2001+100 1 1000   |`},
	{"keep-alive", handshake + `
21  > PA 1+10 1 1000       |
31  < A  1 11 2000         |
9031 > A 10+0 1 1000       | keep_alive
9041 < A 1 11 2000         | keep_alive_ack
18031 > A 10+1 1 1000      | keep_alive
18041 < A 1 11 2000        | keep_alive_ack`},
	{"scaled windows", `
0   > S  0 0 1000 ws=2     |
10  < SA 0 1 500 ws=3      |
20  > A  1 1 1000          |
30  < A  1 1 600           | window_update
31  > A  1+2000 1 1000     |
32  > A  2001+2800 1 1000  | window_full
42  < A  1 4801 501        |`},
	{"ports used again", handshake + `
30  > R  1 1 0             |
90  > S  70000 0 1000      | reused_ports
100 < SA 90000 70001 1000  |
110 > A  70001 90001 1000  |`},
	{"SYN sent again", `
0    > S 0 0 1000          |
1000 > S 0 0 1000          | retransmission
1010 < SA 0 1 2000         |
1020 > A 1 1 1000          |`},
	{"without its beginning", `
0   > A  501+100 901 1000  |
10  < A  901 601 1000      |
20  > A  601+100 901 1000  |`},
	{"FIN sent again", handshake + `
30  > FA 1 1 1000          |
330 > FA 1 1 1000          | retransmission
340 < A  1 2 2000          |`},
	{"selective acknowledgement", handshake + `
21  > A  1+100 1 1000      |
22  > A  201+100 1 1000    | lost_segment
32  < A  1 101 2000 sack=201..301 |
33  > A  301+100 1 1000    |
43  < A  1 101 2000 sack=201..401 | duplicate_ack
99  > A  101+100 1 1000    | retransmission`},
}

// analysed returns the frames of all cases and what each is to be found.
func analysed(t testing.TB) (frames []caught, want []string) {
	for i, c := range analysisCases {
		conv := converse(t, c.name, i)
		for _, line := range strings.Split(strings.TrimSpace(c.script), "\n") {
			text, found, ok := strings.Cut(line, "|")
			if !ok {
				t.Fatalf("%s: %q says not what it is", c.name, line)
			}
			conv.line(text)
			want = append(want, strings.Join(strings.Fields(found), " "))
		}
		frames = append(frames, conv.frames...)
	}
	return frames, want
}

func TestAnalysis(t *testing.T) {
	frames, want := analysed(t)
	s := New(Config{})
	var d pcap.Decoder
	for i, f := range frames {
		r := s.Add(&Frame{Number: uint64(i + 1), Time: f.at, Data: f.data, Spans: d.Decode(f.data, len(f.data))})
		var found []string
		for _, x := range r.Facts {
			for _, k := range findingFacts {
				if k.spec == x.Spec {
					found = append(found, strings.TrimPrefix(x.Spec.Name, "tcp.analysis."))
				}
			}
		}
		slices.Sort(found)
		w := strings.Fields(want[i])
		slices.Sort(w)
		if !slices.Equal(found, w) {
			t.Errorf("%s: %v, want %v", f.file, found, w)
		}
	}
}

func TestAnalysisAgainstWireshark(t *testing.T) {
	frames, _ := analysed(t)
	compare(t, frames, 1000)
}

// TestRandomSegmentsAgainstWireshark asks about what no implementation would send.
func TestRandomSegmentsAgainstWireshark(t *testing.T) {
	var frames []caught
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(n ...int) int { return n[r.IntN(len(n))] }
	for n := range 120 {
		c := converse(t, "random", 1000+n)
		if n%3 == 0 {
			c.cFirst, c.sFirst = 1<<32-500, 1<<31-300 // across the wraparound
		}
		now := 0.0
		next, acked := [2]int{}, [2]int{}
		if n%4 != 0 {
			ws := []string{"", "ws=0", "ws=3", "ws=14", "ws=15"}
			c.line(fmt.Sprintf("0 > S 0 0 1000 %s", ws[r.IntN(5)]))
			c.line(fmt.Sprintf("5 < SA 0 1 1000 %s", ws[r.IntN(5)]))
			c.line("10 > A 1 1 1000")
			now, next = 10, [2]int{1, 1}
		}
		for range 40 {
			now += []float64{0, 0.5, 1, 5, 15, 25, 400}[r.IntN(7)]
			dir := r.IntN(2)
			size := pick(0, 0, 0, 1, 1, 2, 100, 100, 500, 1000)
			at := next[dir] + pick(0, 0, 0, 0, 0, -1, 1, -100, 100, -500, 1000)
			ack := acked[dir] + pick(0, 0, 0, 1, 100)
			if r.IntN(3) > 0 {
				ack = next[1-dir] + pick(0, 0, 0, 0, -1, 1, -100, 100)
			}
			flags := []string{"A", "A", "A", "A", "A", "PA", "PA", "FA", "S", "SA", "R", "RA", "."}[r.IntN(13)]
			if r.IntN(3) > 0 {
				flags = "A"
			}
			window := pick(1000, 1000, 1000, 0, 0, 500, 1100)
			sack := ""
			if r.IntN(6) == 0 {
				sack = fmt.Sprintf("sack=%d..%d", next[1-dir]-50, next[1-dir]+50)
			}
			c.line(fmt.Sprintf("%.1f %s %s %d+%d %d %d %s", now, []string{">", "<"}[dir], flags, at, size, ack, window, sack))
			next[dir] = max(next[dir], at+size)
			acked[dir] = ack
		}
		frames = append(frames, c.frames...)
	}
	compare(t, frames, 50000)
}

package tcp

import (
	"slices"
	"testing"
	"time"

	"httptap/stack/seq"
)

// slowLog is what sentLog should be: a mark and a time for each byte, and where segments begin.
type slowLog struct {
	begin, end int // numbers, counted from start
	marks      []mark
	first      []bool
	at         []time.Duration
}

const logStart = seq.Value(0xffffff00)

func (l *slowLog) push(n int, m mark, at time.Duration) {
	for i := range n {
		l.marks, l.first, l.at = append(l.marks, m), append(l.first, i == 0), append(l.at, at)
	}
	l.end += n
}

// segments returns what the log should be.
func (l *slowLog) segments() (out []sent) {
	for i := l.begin; i < l.end; i++ {
		if l.first[i] || i == l.begin {
			out = append(out, sent{from: logStart.Add(i), at: l.at[i], mark: l.marks[i]})
		}
		out[len(out)-1].to = logStart.Add(i + 1)
	}
	return out
}

// FuzzSentLog compares the log and its sums with one that has a record a byte.
func FuzzSentLog(f *testing.F) {
	f.Add([]byte{0, 9, 0, 5, 0, 7, 2, 1, 3, 0, 1, 0, 4, 3})
	f.Add([]byte{0, 9, 0, 9, 0, 9, 0, 9, 2, 0, 2, 1, 2, 2, 5, 20, 6, 5, 3, 12, 1, 1})
	f.Add([]byte{0, 3, 0, 3, 0, 3, 7, 1, 7, 2, 2, 0, 5, 7, 4, 4, 6, 9})
	f.Fuzz(func(t *testing.T, script []byte) {
		var l sentLog
		var want slowLog
		for step := 0; len(script) >= 2 && want.end < 1500; script, step = script[2:], step+1 {
			op, v := script[0]%8, int(script[1])
			segments := want.segments()
			i := 0
			if len(segments) > 0 {
				i = v % len(segments)
			} else {
				op = 0
			}
			offset := func(s seq.Value) int { return s.Diff(logStart) }
			mark1 := func(i int, m mark) {
				for k := offset(segments[i].from); k < offset(segments[i].to); k++ {
					want.marks[k] = m
				}
				l.set(i, m)
			}
			switch op {
			case 0, 1: // new data
				n := 1 + v%20
				at := time.Duration(step)
				m := []mark{0, again}[v/20%2]
				l.push(sent{from: logStart.Add(want.end), to: logStart.Add(want.end + n), at: at, mark: m})
				want.push(n, m, at)
			case 2:
				mark1(i, segments[i].mark&^sacked|lost)
			case 3:
				mark1(i, segments[i].mark&^lost|sacked)
			case 4: // sent again
				if l.lost > 0 {
					if k := l.firstLost(); segments[k].mark&lost == 0 || slices.ContainsFunc(segments[:k], func(s sent) bool { return s.mark&(lost|sacked) == lost }) {
						t.Fatalf("segment %d is not the first lost of %v", k, segments)
					}
					mark1(l.firstLost(), again)
				}
			case 5: // acknowledged up to a number
				upto := min(want.begin+v%50, want.end)
				for l.n > 0 && l.at(0).to.LessEq(logStart.Add(upto)) {
					l.pop()
				}
				if l.n > 0 && l.at(0).from.Less(logStart.Add(upto)) {
					l.trim(logStart.Add(upto))
				}
				want.begin = upto
			case 6: // cut in two
				if n := segments[i].len(); n > 1 {
					at := segments[i].from.Add(1 + v%(n-1))
					l.split(i, at)
					want.first[offset(at)] = true
				}
			case 7: // joined with the lost that follow
				if segments[i].mark&lost == 0 || segments[i].mark&sacked != 0 {
					break
				}
				size := 1 + v%30
				from := offset(segments[i].from)
				end := from + segments[i].len()
				for k := i + 1; k < len(segments) && end < from+size && segments[k].mark&lost != 0; k++ {
					end = offset(segments[k].to)
				}
				if end > from+size {
					end = from + size
					want.first[end] = true
				}
				for k := from; k < end; k++ {
					want.first[k] = k == from
					want.marks[k], want.at[k] = segments[i].mark, segments[i].at
				}
				l.join(i, size)
			}
			compareLogs(t, &l, want.segments())
		}
	})
}

func compareLogs(t *testing.T, l *sentLog, want []sent) {
	t.Helper()
	var got []sent
	pipe, sackedN, lostN := 0, 0, 0
	for i := range l.n {
		got = append(got, *l.at(i))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the log is %v, want %v", got, want)
	}
	for i, s := range want {
		switch {
		case s.mark&sacked != 0:
			sackedN++
		case s.mark&lost != 0:
			lostN++
			if i < l.first {
				t.Fatalf("segment %d is lost, but the first should be %d", i, l.first)
			}
		default:
			pipe += s.len()
		}
	}
	if l.pipe != pipe || l.sacked != sackedN || l.lost != lostN {
		t.Fatalf("pipe %d, %d sacked, %d lost; want %d, %d, %d", l.pipe, l.sacked, l.lost, pipe, sackedN, lostN)
	}
	for k := -2; len(want) > 0 && k < 40; k++ {
		s := want[0].from.Add(k)
		i := slices.IndexFunc(want, func(x sent) bool { return s.Less(x.to) })
		if i < 0 {
			i = len(want)
		}
		if got := l.find(s); got != i {
			t.Fatalf("%d is in segment %d, want %d", s, got, i)
		}
	}
}

// FuzzRuns compares the runs and their questions with a set of numbers.
func FuzzRuns(f *testing.F) {
	f.Add([]byte{0, 10, 5, 0, 20, 5, 0, 15, 5, 1, 12, 9, 2, 13, 0})
	f.Add([]byte{0, 10, 1, 0, 12, 1, 0, 14, 1, 0, 9, 9, 3, 11, 0, 1, 0, 200})
	f.Fuzz(func(t *testing.T, script []byte) {
		r := runs{max: 8}
		var have [600]bool
		num := func(i int) seq.Value { return logStart.Add(i) }
		for ; len(script) >= 3; script = script[3:] {
			from, n := int(script[1]), 1+int(script[2])%100
			k := block{num(from), num(from + n)}
			switch script[0] % 4 {
			case 0:
				run, ok := r.add(k)
				if !ok {
					if len(r.b) != r.max {
						t.Fatalf("refused with %d runs", len(r.b))
					}
					break
				}
				for i := range n {
					have[from+i] = true
				}
				if !run.from.LessEq(k.from) || !k.to.LessEq(run.to) || !slices.Contains(r.b, run) {
					t.Fatalf("%v was added to %v, of %v", k, run, r.b)
				}
			case 1:
				all, first, last := true, -1, -1
				for i := range n {
					switch {
					case !have[from+i]:
						all = false
						if first >= 0 && last < 0 {
							last = from + i
						}
					case first < 0:
						first = from + i
					}
				}
				if first >= 0 && last < 0 {
					last = from + n
				}
				if r.has(k) != all {
					t.Fatalf("has %v is %v, of %v", k, r.has(k), r.b)
				}
				part, ok := r.overlap(k)
				if ok != (first >= 0) || ok && part != (block{num(first), num(last)}) {
					t.Fatalf("the overlap of %v is %v, want %d to %d, of %v", k, part, first, last, r.b)
				}
			case 2:
				run, ok := r.around(num(from))
				if ok != have[from] || ok && (!run.from.LessEq(num(from)) || !num(from).Less(run.to)) {
					t.Fatalf("around %d is %v, of %v", from, run, r.b)
				}
			case 3:
				r.trim(num(from))
				clear(have[:from])
			}
			var want []block
			for i := 0; i < len(have); i++ {
				if have[i] {
					b := block{from: num(i)}
					for i < len(have) && have[i] {
						i++
					}
					b.to = num(i)
					want = append(want, b)
				}
			}
			if !slices.Equal(want, r.b) {
				t.Fatalf("the runs are %v, want %v", r.b, want)
			}
			end := num(0)
			if len(want) > 0 {
				end = want[len(want)-1].to
			}
			if r.end(num(0)) != end {
				t.Fatalf("they end at %d, want %d", r.end(num(0)), end)
			}
		}
	})
}

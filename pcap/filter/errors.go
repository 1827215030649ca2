package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// An Error says what is wrong with a filter, and where.
type Error struct {
	Filter string // the whole text
	Line   int    // from 1
	Column int    // in characters, from 1; one behind the last when something is missing at the end
	Width  int    // how many characters are meant, at least 1
	Reason string // what is wrong, and the way out
}

// Error returns "filter: 1:12: reason".
func (e *Error) Error() string {
	return fmt.Sprintf("filter: %d:%d: %s", e.Line, e.Column, e.Reason)
}

// Caret returns the line that is meant and below it marks under the place, for terminals.
//
//	ip.src == 10.0.0.1 and tcp.prot == 80
//	                       ^~~~~~~~
func (e *Error) Caret() string {
	lines := strings.Split(e.Filter, "\n")
	line := lines[min(e.Line-1, len(lines)-1)]
	var b strings.Builder
	b.WriteString(line)
	b.WriteByte('\n')
	n := 1
	for _, r := range line {
		if n == e.Column {
			break
		}
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
		n++
	}
	b.WriteByte('^')
	b.WriteString(strings.Repeat("~", e.Width-1))
	return b.String()
}

// errorAt makes an Error for bytes [pos, end) of text.
func errorAt(text string, pos, end int, format string, args ...any) *Error {
	pos = min(pos, len(text))
	end = min(max(end, pos), len(text))
	before := text[:pos]
	start := strings.LastIndexByte(before, '\n') + 1
	meant, _, _ := strings.Cut(text[pos:end], "\n")
	return &Error{
		Filter: text,
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[start:]) + 1,
		Width:  max(utf8.RuneCountInString(meant), 1),
		Reason: fmt.Sprintf(format, args...),
	}
}

// nearest returns the candidate that is most like name, or "" when none is much like it.
func nearest(name string, candidates func(yield func(string) bool)) string {
	best, least := "", max(2, len(name)/4)+1
	lower := strings.ToLower(name)
	row := make([]int, 0, 64)
	for c := range candidates {
		if len(c)-len(name) >= least || len(name)-len(c) >= least {
			continue
		}
		if d := distance(lower, strings.ToLower(c), row); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is the number of insertions, deletions, replacements and swaps of neighbours that
// make b from a. row is memory.
func distance(a, b string, row []int) int {
	width := len(b) + 1
	for len(row) < 3*width {
		row = append(row, 0)
	}
	before, last, now := row[:width], row[width:2*width], row[2*width:3*width]
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		now[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			now[j+1] = min(last[j+1]+1, now[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				now[j+1] = min(now[j+1], before[j-1]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}

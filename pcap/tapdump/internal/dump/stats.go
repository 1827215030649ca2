package dump

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"httptap/pcap"
	"httptap/stack/field"
)

// A Statistic counts frames and prints what it has counted.
type Statistic interface {
	// Add counts a frame.
	Add(m *pcap.Meta, frame []byte, spans []field.Span)
	// Append appends the table.
	Append(dst []byte) []byte
}

// StatNames are what ParseStatistic takes.
const StatNames = "conv[,eth|ip|tcp|udp], proto, io[,SECONDS], expert"

// ParseStatistic returns the statistic of tapdump's -z.
func ParseStatistic(text string) (Statistic, error) {
	name, arg, _ := strings.Cut(text, ",")
	switch name {
	case "conv":
		kinds := map[string]convKind{"": allConv, "eth": convEth, "ip": convIP, "tcp": convTCP, "udp": convUDP}
		if k, ok := kinds[arg]; ok {
			return newConversations(k), nil
		}
		return nil, Usagef("-z %s: conversations are of eth, ip, tcp or udp", text)
	case "proto":
		if arg == "" {
			return newHierarchy(), nil
		}
	case "io":
		seconds := 1.0
		if arg != "" {
			var err error
			if seconds, err = strconv.ParseFloat(arg, 64); err != nil || !(seconds >= 1e-6 && seconds <= 1e9) {
				return nil, Usagef("-z %s: an interval is a number of seconds from 0.000001 on, as in io,0.5", text)
			}
		}
		return newIntervals(time.Duration(seconds * float64(time.Second))), nil
	case "expert":
		if arg == "" {
			return newExpert(), nil
		}
	}
	return nil, Usagef("-z %s: the statistics are %s", text, StatNames)
}

// A table is text in columns, each as wide as it needs to be.
type table struct {
	align string // a letter a column: l is pushed to the left, r to the right; the last one's is that of all behind it
	rows  [][]string
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// append appends the rows.
func (t *table) append(dst []byte) []byte {
	var widths []int
	for _, r := range t.rows {
		for i, c := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, r := range t.rows {
		start := len(dst)
		for i, c := range r {
			if i > 0 {
				dst = append(dst, "  "...)
			}
			blanks := widths[i] - utf8.RuneCountInString(c)
			right := t.align[min(i, len(t.align)-1)] == 'r'
			if right {
				dst = appendBlanks(dst, blanks)
			}
			dst = append(dst, c...)
			if !right {
				dst = appendBlanks(dst, blanks)
			}
		}
		for len(dst) > start && dst[len(dst)-1] == ' ' {
			dst = dst[:len(dst)-1]
		}
		dst = append(dst, '\n')
	}
	return dst
}

func appendBlanks(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, ' ')
	}
	return dst
}

func count(n uint64) string { return strconv.FormatUint(n, 10) }

// seconds returns a duration in seconds, with the decimals that the capture has.
func seconds(d time.Duration, digits int) string {
	return string(pcap.AppendSeconds(nil, d, max(digits, 6)))
}

package dump

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"httptap/pcap"
	"httptap/pcap/stat"
	"httptap/stack/field"
)

// A Statistic counts frames and prints what it has counted. It is a json.Marshaler, too.
type Statistic interface {
	// Add counts a frame.
	Add(m *pcap.Meta, frame []byte, spans []field.Span)
	// Append appends the table.
	Append(dst []byte) []byte
	// MarshalJSON returns it as JSON.
	MarshalJSON() ([]byte, error)
}

// StatNames are what ParseStatistic takes.
const StatNames = "conv[,LAYER], endpoints[,LAYER], proto, io[,SECONDS], expert, exchanges, follow,tcp|udp,STREAM[,ascii|hex|raw]"

// ParseStatistic returns the statistic of tapdump's -z, and whether frames have to be compared for it.
func ParseStatistic(text string) (s Statistic, compares bool, err error) {
	name, arg, _ := strings.Cut(text, ",")
	switch name {
	case "conv", "endpoints":
		if arg != "" && !hasEnds(arg) {
			return nil, false, Usagef("-z %s: %q is no layer with two ends, as eth, ip, ipv6, tcp and udp are", text, arg)
		}
		return &conversations{stat.NewConversations(arg), name == "endpoints"}, false, nil
	case "proto":
		if arg == "" {
			return &hierarchy{}, false, nil
		}
	case "io":
		if arg == "phs" { // as tshark calls it
			return &hierarchy{}, false, nil
		}
		seconds := 1.0
		if arg = strings.TrimPrefix(arg, "stat,"); arg != "" {
			if seconds, err = strconv.ParseFloat(arg, 64); err != nil || !(seconds >= 1e-6 && seconds <= 1e9) {
				return nil, false, Usagef("-z %s: an interval is a number of seconds from 0.000001 on, as in io,0.5", text)
			}
		}
		return &intervals{stat.NewIntervals(time.Duration(seconds * float64(time.Second)))}, false, nil
	case "expert":
		if arg == "" {
			return &expert{stat.NewFindings()}, true, nil
		}
	case "exchanges":
		if arg == "" {
			return &exchanges{}, true, nil
		}
	case "follow":
		s, err := parseFollow(arg)
		if err != nil {
			return nil, false, err
		}
		return s, true, nil
	}
	return nil, false, Usagef("-z %s: the statistics are %s", text, StatNames)
}

// hasEnds tells whether a layer has fields that say from where to where a frame goes.
func hasEnds(layer string) bool {
	for s, l := range pcap.Specs() {
		if l != nil && l.Spec.Name == layer && pcap.RoleOf(s) != pcap.NoRole {
			return true
		}
	}
	return false
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

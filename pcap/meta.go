package pcap

import (
	"strconv"
	"time"
	"unicode/utf8"

	"httptap/pcap/fact"
)

// Meta is what is known of a frame besides its bytes. The zero value of a field says that it is not known.
type Meta struct {
	Number    uint64        // in its capture, from 1
	Time      time.Time     // when it was captured
	Digits    int           // decimals of a second that its times have: 6 or 9; 0 is 6
	Relative  time.Duration // since the first frame
	Wire      int           // its length in bytes on the wire, when that is more than what was captured
	Interface string        // where it was captured
	Direction string        // seen from there: "IN", "OUT"
	Comments  [][]byte

	Facts    []fact.Fact    // what comparing it with other frames told
	Messages []fact.Message // that it completes
}

func (m *Meta) wire(frame []byte) int { return max(m.Wire, len(frame)) }

func (m *Meta) digits() int {
	if m.Digits == 0 {
		return 6
	}
	return m.Digits
}

// AppendSeconds appends a duration in seconds with so many decimals, cut, not rounded: "-0.000001".
func AppendSeconds(dst []byte, d time.Duration, digits int) []byte {
	u := uint64(d)
	if d < 0 {
		dst = append(dst, '-')
		u = -u
	}
	return appendFraction(strconv.AppendUint(dst, u/1e9, 10), u%1e9, digits)
}

// appendFraction appends nanoseconds behind a point, with so many decimals.
func appendFraction(dst []byte, nsec uint64, digits int) []byte {
	if digits <= 0 {
		return dst
	}
	dst = append(dst, '.')
	for scale := uint64(1e8); digits > 0; digits-- {
		if scale == 0 {
			dst = append(dst, '0')
			continue
		}
		dst = append(dst, byte('0'+nsec/scale%10))
		scale /= 10
	}
	return dst
}

// AppendClean appends text that comes from a capture so that it can't move a terminal's cursor: what does
// not print becomes \x1b, or \u{202e}.
func AppendClean[T []byte | string](dst []byte, text T) []byte {
	for i := 0; i < len(text); {
		if c := text[i]; ' ' <= c && c < 0x7f {
			dst = append(dst, c)
			i++
			continue
		}
		var b [utf8.UTFMax]byte
		r, n := utf8.DecodeRune(b[:copy(b[:], text[i:])])
		switch {
		case r == utf8.RuneError && n <= 1 || r < ' ' || r == 0x7f:
			dst = append(dst, '\\', 'x', hexDigits[text[i]>>4], hexDigits[text[i]&15])
			n = 1
		case strconv.IsPrint(r):
			dst = append(dst, b[:n]...)
		default:
			dst = append(strconv.AppendUint(append(dst, `\u{`...), uint64(r), 16), '}')
		}
		i += n
	}
	return dst
}

const hexDigits = "0123456789abcdef"

package dump

import (
	"strconv"
	"time"

	"httptap/pcap"
)

// A Clock is how the time of a frame is printed, by tshark's letters.
type Clock string

// The clocks.
const (
	Relative  Clock = "r"  // seconds since the first frame of the capture
	Absolute  Clock = "a"  // local time of day
	Date      Clock = "ad" // with the date
	UTC       Clock = "u"  // time of day in UTC
	UTCDate   Clock = "ud" // with the date
	Delta     Clock = "d"  // seconds since the frame before
	Displayed Clock = "dd" // seconds since the frame that was printed before
	Epoch     Clock = "e"  // seconds since 1970
)

// Clocks are all there are.
var Clocks = []Clock{Relative, Absolute, Date, UTC, UTCDate, Delta, Displayed, Epoch}

// A clock prints times.
type clock struct {
	kind      Clock
	zone      *time.Location
	before    time.Time // of the frame before, printed or not
	displayed time.Time // of the one that was printed before
}

func newClock(k Clock) *clock {
	c := &clock{kind: k, zone: time.UTC}
	if k == Absolute || k == Date {
		c.zone = time.Local
	}
	return c
}

// append appends the time of a frame, "-" where it has none.
func (c *clock) append(dst []byte, m *pcap.Meta) []byte {
	digits := m.Digits
	if m.Time.IsZero() {
		return append(dst, "         -"...)
	}
	switch c.kind {
	case Absolute, UTC:
		return appendTime(dst, m.Time.In(c.zone), digits)
	case Date, UTCDate:
		t := m.Time.In(c.zone)
		return appendTime(append(appendDate(dst, t), ' '), t, digits)
	case Epoch:
		return appendEpoch(dst, m.Time, digits)
	case Delta:
		return appendElapsed(dst, m.Time, c.before, digits)
	case Displayed:
		return appendElapsed(dst, m.Time, c.displayed, digits)
	}
	return appendSeconds(dst, m.Relative, digits)
}

// appendEpoch appends seconds since 1970.
func appendEpoch(dst []byte, t time.Time, digits int) []byte {
	sec, nsec := t.Unix(), t.Nanosecond()
	if sec < 0 && nsec > 0 { // time counts the nanoseconds from the second before
		if sec, nsec = sec+1, 1_000_000_000-nsec; sec == 0 {
			dst = append(dst, '-')
		}
	}
	return appendFraction(strconv.AppendInt(dst, sec, 10), nsec, digits)
}

// appendElapsed appends how long after another time one is; 0 when there is no other.
func appendElapsed(dst []byte, t, since time.Time, digits int) []byte {
	if since.IsZero() {
		return appendSeconds(dst, 0, digits)
	}
	return appendSeconds(dst, t.Sub(since), digits)
}

// appendSeconds appends a duration, pushed to the right so that points stand below each other.
func appendSeconds(dst []byte, d time.Duration, digits int) []byte {
	start, width := len(dst), digits+4
	dst = pcap.AppendSeconds(dst, d, digits)
	if missing := width - (len(dst) - start); missing > 0 {
		dst = append(dst, "    "[:missing]...)
		copy(dst[start+missing:], dst[start:len(dst)-missing])
		copy(dst[start:], "    "[:missing])
	}
	return dst
}

// appendTime appends the time of day. time.Time's own is three times as slow.
func appendTime(dst []byte, t time.Time, digits int) []byte {
	hour, minute, second := t.Clock()
	dst = append(appendTwo(dst, hour), ':')
	dst = append(appendTwo(dst, minute), ':')
	return appendFraction(appendTwo(dst, second), t.Nanosecond(), digits)
}

func appendDate(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		dst = strconv.AppendInt(dst, int64(year), 10)
	} else {
		dst = appendTwo(appendTwo(dst, year/100), year%100)
	}
	dst = appendTwo(append(dst, '-'), int(month))
	return appendTwo(append(dst, '-'), day)
}

func appendTwo(dst []byte, v int) []byte { return append(dst, byte('0'+v/10), byte('0'+v%10)) }

func appendFraction(dst []byte, nsec, digits int) []byte {
	dst = append(dst, '.')
	for scale := 100_000_000; digits > 0 && scale > 0; digits-- {
		dst = append(dst, byte('0'+nsec/scale%10))
		scale /= 10
	}
	return dst
}

package pcap

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"httptap/stack/field"
)

// sameValue tells whether a span's value is the one that Wireshark shows. Labels are each
// program's own, so numbers are compared as numbers and times as times.
func sameValue(frame []byte, s field.Span, layer int, show string) bool {
	if s.Spec.Kind == field.Layer || show == "" && s.Spec.Kind != field.Bytes {
		return true
	}
	b, own := s.Bytes(frame), string(s.AppendValue(nil, frame, layer))
	if isHex(show, b) || own == show || string(s.AppendText(nil, frame, layer)) == show || s.Spec.Unit != "" && own+s.Spec.Unit == show {
		return true
	}
	switch s.Spec.Kind {
	case field.Uint, field.Int, field.Hex, field.Flag, field.Reserved, field.Seconds:
		return sameNumber(s.Uint(frame), s.Width(), show)
	case field.NTPShort:
		return sameNumber(field.Extract(frame, int(s.Bit), int(s.Len)), int(s.Len), show)
	case field.NTPTime:
		at, ok := theirTime(show)
		return ok && own == at.Format("2006-01-02T15:04:05.000000000Z") || show == own
	case field.Text:
		return sameText(string(b), show)
	case field.Custom:
		own = unquoted(own)
		if at, ok := theirTime(show); ok {
			return strings.Contains(own, at.Format("2006-01-02T15:04:05"))
		}
		if v, err := strconv.ParseFloat(show, 64); err == nil {
			number, _, _ := strings.Cut(own, " ")
			mine, err := strconv.ParseFloat(strings.TrimRight(number, "sm%"), 64)
			return err == nil && (mine == v || mine-v < 1e-6*(1+v) && v-mine < 1e-6*(1+v)) || sameNumber(field.Extract(frame, int(s.Bit), int(s.Len)), int(s.Len), show)
		}
		return sameText(own, show)
	}
	return sameText(string(b), show)
}

// sameNumber: a number may stand in any base, signed or not, as a truth value, as a character, as
// seconds with a fraction or as a time since 1970.
func sameNumber(v uint64, width int, show string) bool {
	word, _, _ := strings.Cut(show, " ")
	switch strings.ToLower(word) {
	case "true":
		return v == 1
	case "false":
		return v == 0
	}
	if n, err := strconv.ParseUint(word, 0, 64); err == nil {
		return n == v
	}
	if n, err := strconv.ParseUint(word, 10, 64); err == nil {
		return n == v
	}
	if n, err := strconv.ParseInt(word, 0, 64); err == nil && width < 64 {
		return v == uint64(n)&(1<<uint(width)-1)
	}
	if whole, fraction, ok := strings.Cut(word, "."); ok && strings.Trim(fraction, "0") == "" {
		return sameNumber(v, width, whole)
	}
	if at, ok := theirTime(show); ok {
		return uint64(at.Unix()) == v || uint64(uint32(at.Unix())) == v
	}
	return len(show) == 3 && show[0] == '\'' && uint64(show[1]) == v
}

// theirTime reads a time as Wireshark's tree shows it.
func theirTime(show string) (time.Time, bool) {
	at, err := time.Parse("Jan 2, 2006 15:04:05.000000000 MST", strings.Join(strings.Fields(show), " "))
	if err != nil {
		at, err = time.Parse("Jan 2, 2006 15:04:05 MST", strings.Join(strings.Fields(show), " "))
	}
	return at, err == nil
}

// isHex tells whether show is b in hexadecimal digits, with or without separators.
func isHex(show string, b []byte) bool {
	if len(b) == 0 {
		return show == ""
	}
	digits := strings.ToLower(strings.NewReplacer(":", "", ".", "", "-", "").Replace(strings.TrimPrefix(show, "0x")))
	return digits == hex.EncodeToString(b)
}

// sameText compares text as Wireshark shows it: control characters escaped, what is no UTF-8
// replaced, and what stands behind a zero byte left out.
func sameText(own, show string) bool {
	own, _, _ = strings.Cut(own, "\x00")
	return own == show || plain(escaped(own)) == plain(show) || plain(own) == plain(show) || plain(own) == plain(asShown.Replace(show))
}

// escaped writes control characters as Wireshark does: \x1, \x1f.
func escaped(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' && c != '\r' && c != '\n' && c != '\t' || c == 0x7f {
			fmt.Fprintf(&b, "\\x%x", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// asShown undoes the escapes that Wireshark makes of characters that can't be shown.
var asShown = strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\t`, "\t", `\"`, `"`, `\\`, `\`, "\ufffd", "?")

// plain takes away what lists of values lose: the kind of white space, and what can't be shown.
func plain(s string) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\ufffd", "?")), " ")
	for strings.Contains(s, "??") {
		s = strings.ReplaceAll(s, "??", "?")
	}
	return s
}

func unquoted(s string) string {
	if u, err := strconv.Unquote(s); err == nil {
		return u
	}
	return s
}

// TestSameValue: what this test of tests takes for equal, and what not.
func TestSameValue(t *testing.T) {
	uintSpec := func(bits int) *field.Spec { return &field.Spec{Kind: field.Uint, Bits: bits} }
	for _, c := range []struct {
		spec  *field.Spec
		bytes string
		show  string
		same  bool
	}{
		{uintSpec(16), "01f4", "500", true},
		{uintSpec(16), "01f4", "0x01f4", true},
		{uintSpec(16), "01f4", "501", false},
		{&field.Spec{Kind: field.Int, Bits: 8}, "eb", "235", true},
		{&field.Spec{Kind: field.Int, Bits: 8}, "eb", "-21", true},
		{&field.Spec{Kind: field.Int, Bits: 8}, "eb", "21", false},
		{&field.Spec{Kind: field.Seconds, Bits: 32}, "00000e10", "3600", true},
		{&field.Spec{Kind: field.Seconds, Bits: 32}, "00000e10", "3600.000000000", true},
		{&field.Spec{Kind: field.Seconds, Bits: 32}, "00000e10", "3600.500000000", false},
		{&field.Spec{Kind: field.Hex, Bits: 32}, "55a4d440", "Jul 14, 2015 09:20:00 UTC", true},
		{&field.Spec{Kind: field.Hex, Bits: 32}, "55a4d4a1", "Jul 14, 2015 09:20:00 UTC", false},
		{&field.Spec{Kind: field.NTPTime, Bits: 64}, "d94f51c380000000", "Jul 14, 2015 09:15:47.500000000 UTC", true},
		{&field.Spec{Kind: field.NTPTime, Bits: 64}, "d94f51c380000000", "Jul 14, 2015 09:15:47.400000000 UTC", false},
		{&field.Spec{Kind: field.IPv4, Bits: 32}, "0a000001", "10.0.0.1", true},
		{&field.Spec{Kind: field.IPv4, Bits: 32}, "0a000001", "10.0.0.2", false},
		{&field.Spec{Kind: field.Text}, "61620d0a", `ab\r\n`, true},
		{&field.Spec{Kind: field.Text}, "6162", "abc", false},
		{&field.Spec{Kind: field.Bytes}, "616200", "61:62:00", true},
		{&field.Spec{Kind: field.Bytes}, "616200", "61:62", false},
		{&field.Spec{Kind: field.Group}, "6162", "", true},
	} {
		b := hexBytes(t, c.bytes)
		s := field.Span{Spec: c.spec, Len: int32(8 * len(b))}
		if got := sameValue(b, s, 0, c.show); got != c.same {
			t.Errorf("kind %d of %s against %q: %v", c.spec.Kind, c.bytes, c.show, got)
		}
	}
}

func hexBytes(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

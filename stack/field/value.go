package field

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendValue appends the span's value as its Kind prints it, without the name that
// Spec.Values may have for it. layer is the byte where the span's layer begins.
func (s *Span) AppendValue(dst, frame []byte, layer int) []byte {
	n, b := int(s.Len), s.Bytes(frame)
	if s.Len < int32(s.Spec.Bits) { // cut short: the kind's width is not there
		return AppendHex(dst, b)
	}
	switch s.Spec.Kind {
	case Layer, Group:
		return dst
	case Uint:
		return strconv.AppendUint(dst, s.Uint(frame), 10)
	case Int:
		n = s.Width()
		v := Extract(frame, int(s.Bit), n)
		return strconv.AppendInt(dst, int64(v<<uint(64-n))>>uint(64-n), 10)
	case Hex, Reserved:
		if n = s.Width(); n > 64 {
			return AppendHex(dst, b)
		}
		return appendHexUint(dst, Extract(frame, int(s.Bit), n), (n+3)/4)
	case Flag:
		if Extract(frame, int(s.Bit), n) != 0 {
			return append(dst, "Set"...)
		}
		return append(dst, "Not set"...)
	case MAC:
		n := len(dst)
		for range b {
			dst = append(dst, "00:"...)
		}
		for _, v := range b {
			dst[n], dst[n+1] = hexDigits[v>>4], hexDigits[v&15]
			n += 3
		}
		return dst[:len(dst)-1]
	case IPv4:
		if len(b) == 4 {
			for _, v := range b {
				dst = append(strconv.AppendUint(dst, uint64(v), 10), '.')
			}
			return dst[:len(dst)-1]
		}
	case IPv6:
		if len(b) == 16 {
			return netip.AddrFrom16([16]byte(b)).AppendTo(dst)
		}
	case Text:
		return AppendQuoted(dst, b)
	case Seconds:
		v := s.Uint(frame)
		if v < 1<<33 {
			dst = append(dst, (time.Duration(v) * time.Second).String()...)
			dst = append(dst, " ("...)
			return append(strconv.AppendUint(dst, v, 10), ')')
		}
		return strconv.AppendUint(dst, v, 10)
	case NTPTime:
		if len(b) == 8 {
			return appendNTPTime(dst, binary.BigEndian.Uint64(b))
		}
	case NTPShort:
		if len(b) == 4 {
			v := binary.BigEndian.Uint32(b)
			return append(strconv.AppendFloat(dst, float64(v)/65536, 'f', 6, 64), 's')
		}
	case Custom:
		return s.Spec.Format(dst, frame[layer:], int(s.Bit/8)-layer, len(b))
	}
	return AppendHex(dst, b)
}

// AppendText appends the span's value for people: the name from Spec.Values with the value
// in parentheses where there is one, the unit behind it.
func (s *Span) AppendText(dst, frame []byte, layer int) []byte {
	if s.Spec.Values != nil {
		if name := s.ValueName(frame); name != "" {
			dst = append(append(dst, name...), " ("...)
			return append(s.AppendValue(dst, frame, layer), ')')
		}
	}
	dst = s.AppendValue(dst, frame, layer)
	if s.Spec.Unit != "" {
		dst = append(append(dst, ' '), s.Spec.Unit...)
	}
	return dst
}

// ValueName returns the name that the Spec has for the span's value, or "".
func (s *Span) ValueName(frame []byte) string {
	if s.Spec.Values == nil || s.Width() > 64 || s.Len < int32(s.Spec.Bits) {
		return ""
	}
	return s.Spec.Values[s.Uint(frame)]
}

// AppendHex appends b in hexadecimal, without separators.
func AppendHex(dst, b []byte) []byte {
	for _, v := range b {
		dst = append(dst, hexDigits[v>>4], hexDigits[v&15])
	}
	return dst
}

func appendHexUint(dst []byte, v uint64, digits int) []byte {
	dst = append(dst, '0', 'x')
	for i := digits - 1; i >= 0; i-- {
		dst = append(dst, hexDigits[v>>(4*uint(i))&15])
	}
	return dst
}

// AppendQuoted appends b in double quotes. Control characters, quotes, backslashes, invalid
// UTF-8 and everything that could move a terminal's cursor are escaped, so that the content
// of a packet can't forge a line of output.
func AppendQuoted(dst, b []byte) []byte {
	dst = append(dst, '"')
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, '\\', 'x', hexDigits[b[0]>>4], hexDigits[b[0]&15])
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case strconv.IsPrint(r):
			dst = append(dst, b[:n]...)
		default:
			n := len(dst)
			dst = strconv.AppendQuoteRune(dst, r) // '\n', '\u202e'
			copy(dst[n:], dst[n+1:])              // without its quotes
			dst = dst[:len(dst)-2]
		}
		b = b[n:]
	}
	return append(dst, '"')
}

// appendNTPTime appends a time of NTP era 0 or, from 2036 on, era 1: RFC 5905, 6.
func appendNTPTime(dst []byte, v uint64) []byte {
	if v == 0 {
		return append(dst, "NULL"...) // RFC 5905, 6: zero means unknown or unsynchronized
	}
	const to1970 = 2208988800
	sec := int64(v>>32) - to1970
	if v>>63 == 0 { // "bit 0 is not set": in era 1, RFC 4330, 3
		sec += 1 << 32
	}
	ns := (v & 0xffffffff) * 1e9 >> 32
	return time.Unix(sec, int64(ns)).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000000Z")
}

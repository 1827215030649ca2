package pcap

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"httptap/stack/field"
)

// AppendJSON appends a frame as one JSON object, on one line. Its shape is stable: keys may be added, none
// is changed or taken away.
//
//	{"number":1,                               in the capture, from 1
//	 "time":"2026-02-03T04:05:06.123456Z",     UTC
//	 "relative":0.000000,                      seconds since the first frame
//	 "wire":60,                                bytes on the wire
//	 "captured":54,                            bytes in "bytes"
//	 "interface":"tap0","direction":"IN","comments":["lost"],
//	 "bytes":"02000000...",                    the frame, in hexadecimal
//	 "layers":[FIELD...],
//	 "facts":[FACT...],                        what comparing frames told
//	 "messages":[MESSAGE...]}                  that the frame completes
//
// number, time, relative, interface, direction and comments are there when they are known. The layers are
// the outermost fields. The fields without parts tile the frame: each of its bits is in one of them.
//
//	{"name":"ip.ttl",           Wireshark's name
//	 "label":"Time to Live",    for people; the only key whose text may change
//	 "bit":176,"bits":8,        where it is in the frame; bit 0 is the highest of the first byte
//	 "value":64,                see below
//	 "meaning":"SYN",           the name of this value, when it has one
//	 "unit":"bytes",            of the value, when it has one
//	 "fault":{"name":"checksum.bad","label":"the checksum is wrong","severity":"error","want":4660},
//	 "fields":[FIELD...]}       its parts
//
// A value is a number; a number over 2^53-1 is a string of its digits, as JavaScript has no such numbers. A
// flag is true or false, text a string, with U+FFFD for what is not UTF-8. Addresses and times are strings
// as people write them, bytes are in hexadecimal. Seconds are a number. A layer, a group and a field that
// was cut short have no value. A fault's severity is "note", "warning" or "error"; want, the right value, is
// there when it is known.
//
// Facts and messages are there when frames were compared and there are any. A fact that is about a message has
// its place in messages; a number of a frame is one, as in the capture, times are in seconds:
//
//	{"name":"tcp.analysis.ack_rtt","label":"The RTT to ACK the segment was","value":0.000123000,"severity":"note","message":0}
//	{"of":"tcp","wire":1460,"parts":[{"frame":4,"at":54,"length":1000}, ...],"bytes":"...","layers":[FIELD...]}
func AppendJSON(dst []byte, m *Meta, frame []byte, spans []field.Span) []byte {
	dst = append(dst, '{')
	if m.Number > 0 {
		dst = append(strconv.AppendUint(append(dst, `"number":`...), m.Number, 10), ',')
	}
	if !m.Time.IsZero() {
		dst = append(m.appendUTC(append(dst, `"time":"`...)), '"')
		dst = append(AppendSeconds(append(dst, `,"relative":`...), m.Relative, m.digits()), ',')
	}
	dst = strconv.AppendInt(append(dst, `"wire":`...), int64(m.wire(frame)), 10)
	dst = strconv.AppendInt(append(dst, `,"captured":`...), int64(len(frame)), 10)
	if m.Interface != "" {
		dst = appendString(append(dst, `,"interface":`...), m.Interface)
	}
	if m.Direction != "" {
		dst = appendString(append(dst, `,"direction":`...), m.Direction)
	}
	if len(m.Comments) > 0 {
		dst = append(dst, `,"comments":[`...)
		for i, c := range m.Comments {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, c)
		}
		dst = append(dst, ']')
	}
	dst = field.AppendHex(append(dst, `,"bytes":"`...), frame)
	dst = appendLayers(append(dst, `","layers":`...), frame, spans)
	return append(appendFactsJSON(dst, m), '}')
}

// appendLayers appends the fields, those of a layer in it.
func appendLayers(dst, frame []byte, spans []field.Span) []byte {
	dst = append(dst, '[')
	layer := 0
	for i := range spans {
		s := &spans[i]
		if s.Depth == 0 {
			layer = int(s.Bit / 8)
		}
		if i > 0 && spans[i-1].Depth >= s.Depth {
			dst = append(dst, ',')
		}
		dst = appendField(dst, frame, s, layer)
		next := uint8(0)
		if i+1 < len(spans) {
			next = spans[i+1].Depth
		}
		if next > s.Depth {
			dst = append(dst, `,"fields":[`...)
			continue
		}
		dst = append(dst, '}')
		for d := s.Depth; d > next; d-- {
			dst = append(dst, "]}"...)
		}
	}
	return append(dst, ']')
}

// appendField appends a field up to its parts.
func appendField(dst, frame []byte, s *field.Span, layer int) []byte {
	dst = append(append(append(dst, `{"name":"`...), s.Spec.Name...), '"')
	dst = appendString(append(dst, `,"label":`...), s.Spec.Label)
	dst = strconv.AppendInt(append(dst, `,"bit":`...), int64(s.Bit), 10)
	dst = strconv.AppendInt(append(dst, `,"bits":`...), int64(s.Len), 10)
	if s.Spec.Kind > field.Group && s.Len >= int32(s.Spec.Bits) {
		dst = appendJSONValue(append(dst, `,"value":`...), frame, s, layer)
		if name := s.ValueName(frame); name != "" {
			dst = appendString(append(dst, `,"meaning":`...), name)
		}
		if s.Spec.Unit != "" {
			dst = appendString(append(dst, `,"unit":`...), s.Spec.Unit)
		}
	}
	if s.Err != nil {
		dst = append(append(append(dst, `,"fault":{"name":"`...), s.Err.Name...), '"')
		dst = appendString(append(dst, `,"label":`...), s.Err.Label)
		dst = append(append(append(dst, `,"severity":"`...), s.Err.Severity.String()...), '"')
		if s.Err.WithWant {
			dst = strconv.AppendUint(append(dst, `,"want":`...), uint64(s.Want), 10)
		}
		dst = append(dst, '}')
	}
	return dst
}

// maxExact is the largest number that every JSON parser takes as it is.
const maxExact = 1<<53 - 1

func appendJSONValue(dst, frame []byte, s *field.Span, layer int) []byte {
	switch s.Spec.Kind {
	case field.Uint, field.Hex, field.Reserved, field.Seconds:
		if s.Len <= 64 {
			v := s.Uint(frame)
			if v <= maxExact {
				return strconv.AppendUint(dst, v, 10)
			}
			return append(strconv.AppendUint(append(dst, '"'), v, 10), '"')
		}
	case field.Int:
		v := field.Extract(frame, int(s.Bit), int(s.Len))
		if shift := 64 - uint(s.Len); int64(v<<shift)>>shift >= -maxExact && int64(v<<shift)>>shift <= maxExact {
			return strconv.AppendInt(dst, int64(v<<shift)>>shift, 10)
		}
	case field.Flag:
		return strconv.AppendBool(dst, field.Extract(frame, int(s.Bit), int(s.Len)) != 0)
	case field.Text:
		return appendString(dst, s.Bytes(frame))
	case field.NTPShort:
		if s.Len == 32 {
			return strconv.AppendFloat(dst, float64(field.Extract(frame, int(s.Bit), 32))/65536, 'f', 6, 64)
		}
	}
	// What prints itself is written behind the end first, then as a string in its own place.
	at := len(dst)
	dst = s.AppendValue(dst, frame, layer)
	end := len(dst)
	text := dst[at:end]
	if s.Spec.Kind == field.Custom {
		text = unquote(text)
	}
	dst = appendString(dst, text)
	n := copy(dst[at:], dst[end:])
	return dst[:at+n]
}

// unquote undoes field.AppendQuoted, in place. Other text, of several strings too, stays as it is.
func unquote(b []byte) []byte {
	if len(b) < 2 || b[0] != '"' || quoteEnd(b) != len(b)-1 {
		return b
	}
	b = b[1 : len(b)-1]
	to := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c != '\\' || i+1 >= len(b) {
			b[to] = c
			to++
			continue
		}
		i++
		if digits := escapeDigits(b[i]); digits > 0 && i+digits < len(b) {
			v := rune(0)
			for _, d := range b[i+1 : i+1+digits] {
				v = v<<4 | rune(unhex(d))
			}
			i += digits
			if digits == 2 { // a byte
				b[to] = byte(v)
				to++
				continue
			}
			to += utf8.EncodeRune(b[to:], v)
			continue
		}
		b[to] = unescaped(b[i])
		to++
	}
	return b[:to]
}

// quoteEnd returns where the string ends that b begins with.
func quoteEnd(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// escapeDigits returns how many hexadecimal digits follow a backslash with this letter.
func escapeDigits(c byte) int {
	switch c {
	case 'x':
		return 2
	case 'u':
		return 4
	case 'U':
		return 8
	}
	return 0
}

// unescaped returns what a backslash with this letter stands for.
func unescaped(c byte) byte {
	for k, short := range []byte("abfnrtv") {
		if c == short {
			return "\a\b\f\n\r\t\v"[k]
		}
	}
	return c
}

func unhex(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

// appendString appends a JSON string.
func appendString[T string | []byte](dst []byte, text T) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c >= ' ' && c != 0x7f:
				dst = append(dst, c)
			default:
				dst = appendEscape(dst, rune(c))
			}
			i++
			continue
		}
		var b [utf8.UTFMax]byte
		r, n := utf8.DecodeRune(b[:copy(b[:], text[i:])])
		i += n
		switch {
		case strconv.IsPrint(r) || r == utf8.RuneError:
			dst = utf8.AppendRune(dst, r)
		case r <= 0xffff:
			dst = appendEscape(dst, r)
		default:
			high, low := utf16.EncodeRune(r)
			dst = appendEscape(appendEscape(dst, high), low)
		}
	}
	return append(dst, '"')
}

// appendEscape escapes a character that could move a terminal's cursor.
func appendEscape(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

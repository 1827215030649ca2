package filter

import (
	"math"
	"strconv"
	"time"

	"httptap/pcap"
	"httptap/stack/field"
)

// A Field is one whose values are printed: a column of a table. It does not change, so that many goroutines
// can use it at once.
type Field struct {
	name    string
	operand operand
}

// NewField returns the field of a name such as tcp.srcport, frame.number or ip.addr, whatever a filter can
// name: also ip.src#2, the second layer's, and @ip.src, the bytes on the wire. The error is an *Error.
func NewField(name string) (*Field, error) {
	f, err := CompileFacts(name)
	if err != nil {
		return nil, err
	}
	if f.root < 0 || len(f.tests) != 1 || f.tests[0].kind != testExists || f.operands[f.tests[0].a].kind != opField {
		return nil, errorAt(name, 0, len(name), "a field has to stand here, as tcp.srcport")
	}
	return &Field{name, f.operands[f.tests[0].a]}, nil
}

// IsFact tells whether the values are what a session finds.
func (f *Field) IsFact() bool { return f.operand.ref.derive == deriveFact }

// String returns the name.
func (f *Field) String() string { return f.name }

// Which of a field's values are meant, when it has several.
type Which uint8

// The choices.
const (
	AllValues Which = iota
	FirstValue
	LastValue
)

// AppendValues appends the values that the packet has of the field, with sep between them, as programs want
// them: numbers without names and units, a flag as 0 or 1, bytes in hexadecimal, seconds with nine digits,
// times as RFC 3339 has them, text without quotes. What does not print is escaped, so that a value has no line's
// end or tab in it.
func (p *Packet) AppendValues(dst []byte, f *Field, sep string, w Which) []byte {
	o := &f.operand
	start, n := len(dst), 0
	p.vals, p.buf = p.vals[:0], p.buf[:0]
	for c := (cursor{}); ; p.buf = p.buf[:0] {
		at := len(dst)
		if n > 0 && w == AllValues {
			dst = append(dst, sep...)
		}
		var ok bool
		if o.ref.derive == deriveNone || o.ref.derive == deriveLayer {
			dst, ok = p.appendSpan(dst, o, &c)
		} else {
			var v value
			if v, ok = p.next(o, &c); ok {
				dst = appendValue(dst, &v)
			}
		}
		switch {
		case !ok:
			return dst[:at]
		case w == FirstValue:
			return dst
		case w == LastValue:
			dst = append(dst[:start], dst[at:]...)
		}
		n++
	}
}

// appendSpan appends the next value that a span has of the field.
func (p *Packet) appendSpan(dst []byte, o *operand, c *cursor) ([]byte, bool) {
	for {
		i := p.find(o, c)
		if i < 0 {
			return dst, false
		}
		s := &p.Spans[i]
		switch {
		case absent(s):
			continue
		case o.raw:
			return field.AppendHex(dst, s.Bytes(p.Frame)), true
		}
		switch s.Spec.Kind {
		case field.Layer:
			return append(dst, s.Spec.Label...), true
		case field.Group:
			return field.AppendHex(dst, s.Bytes(p.Frame)), true
		case field.Flag:
			return strconv.AppendUint(dst, s.Uint(p.Frame), 10), true
		case field.Seconds:
			if s.Len <= 64 {
				return strconv.AppendUint(dst, s.Uint(p.Frame), 10), true
			}
		case field.Text:
			return pcap.AppendClean(dst, s.Bytes(p.Frame)), true
		case field.Custom:
			v := p.formatted(s, c, i)
			return pcap.AppendClean(dst, v.b), true
		}
		return s.AppendValue(dst, p.Frame, 0), true
	}
}

// appendValue appends a value that no span has.
func appendValue(dst []byte, v *value) []byte {
	switch v.typ {
	case Bool, Uint:
		return strconv.AppendUint(dst, v.n, 10)
	case Int:
		return strconv.AppendInt(dst, int64(v.n), 10)
	case Float:
		return strconv.AppendFloat(dst, math.Float64frombits(v.n), 'g', -1, 64)
	case Duration:
		return pcap.AppendSeconds(dst, time.Duration(v.n), 9)
	case Time:
		return time.Unix(0, int64(v.n)).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000000Z")
	case String:
		return pcap.AppendClean(dst, v.b)
	case Bytes:
		return field.AppendHex(dst, v.b)
	case Protocol:
		return append(dst, "Frame"...)
	}
	return append(dst, '1')
}

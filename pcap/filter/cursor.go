package filter

import (
	"bytes"
	"math"

	"httptap/stack/field"
)

// A cursor is a place among the values of a field.
type cursor struct {
	i     int // the next span to look at, or the next value of the frame
	nth   int // how many layers of the field's protocol have begun
	total int // how many there are; 0: not counted yet
	seen  int // up to where layer is right
	layer int // byte where the layer begins that the span before seen is in
}

// next returns the next value of a field operand.
func (p *Packet) next(o *operand, c *cursor) (value, bool) {
	d := o.ref.derive
	switch {
	case d.once():
		if c.i++; c.i > 1 {
			return value{}, false
		}
		return p.frameValue(d)
	case d == deriveComment:
		if c.i == len(p.Comments) {
			return value{}, false
		}
		c.i++
		return p.text(p.Comments[c.i-1]), true
	case d == deriveFact:
		for c.i < len(p.Facts) {
			c.i++
			if f := &p.Facts[c.i-1]; f.Spec == o.ref.fact {
				return value{typ: o.typ, n: f.N, b: f.B}, true
			}
		}
		return value{}, false
	}
	for {
		i := p.find(o, c)
		if i < 0 {
			return value{}, false
		}
		if v, ok := p.valueAt(o, c, i); ok {
			return v, true
		}
	}
}

// exists tells whether a field is there, even where it has no value that could be compared, as a
// timestamp of zero.
func (p *Packet) exists(o *operand) bool {
	c := cursor{}
	if o.ref.derive != deriveNone && !o.raw {
		_, ok := p.next(o, &c)
		return ok
	}
	for i := p.find(o, &c); i >= 0; i = p.find(o, &c) {
		if !absent(&p.Spans[i]) {
			return true
		}
	}
	return false
}

// find returns the index of the next span of the operand's field, or -1.
func (p *Packet) find(o *operand, c *cursor) int {
	spans := p.Spans
	if o.layers != nil {
		return p.findInLayer(o, c)
	}
	switch x, y, z := o.few[0], o.few[1], o.few[2]; {
	case x != nil && x == y && x == z:
		for i := c.i; i < len(spans); i++ {
			if spans[i].Spec == x {
				c.i = i + 1
				return i
			}
		}
	case x != nil:
		for i := c.i; i < len(spans); i++ {
			if s := spans[i].Spec; s == x || s == y || s == z {
				c.i = i + 1
				return i
			}
		}
	default:
		for i := c.i; i < len(spans); i++ {
			if o.ref.has(spans[i].Spec) {
				c.i = i + 1
				return i
			}
		}
	}
	c.i = len(spans)
	return -1
}

// has tells whether a Spec is of the field.
func (r *fieldRef) has(s *field.Spec) bool {
	if r.specs == nil {
		return true // of any: faults
	}
	for _, name := range r.names {
		if s.Name == name {
			return true
		}
	}
	return false
}

// findInLayer is find for an operand that is of some layers only.
func (p *Packet) findInLayer(o *operand, c *cursor) int {
	for i := 0; c.i == 0 && i < len(p.Spans); i++ {
		if p.begins(i, o.ref.layer) {
			c.total++
		}
	}
	for c.i < len(p.Spans) {
		i := c.i
		c.i++
		if p.begins(i, o.ref.layer) {
			c.nth++
		}
		if !o.ref.has(p.Spans[i].Spec) {
			continue
		}
		for _, s := range o.layers {
			if from, to := s.bounds(c.total); s.layer(c.nth, from, to) {
				return i
			}
		}
	}
	return -1
}

// layer tells whether the nth layer of all is meant. Layers are counted from 1 and -1.
func (s span) layer(nth, from, to int) bool {
	if s.start < 0 {
		return from < nth && nth <= to
	}
	switch s.kind {
	case spanRest:
		return nth >= s.start
	case spanTo:
		return s.start <= nth && nth <= s.end
	}
	return from <= nth && nth < to
}

// begins tells whether span i is the root of a layer called name.
func (p *Packet) begins(i int, name string) bool {
	s := &p.Spans[i]
	return s.Depth == 0 && s.Spec.Kind == field.Layer && s.Spec.Name == name
}

// count returns how many values a field has.
func (p *Packet) count(o *operand) int {
	n, buf := 0, len(p.buf)
	for c := (cursor{}); ; n++ {
		if _, ok := p.next(o, &c); !ok {
			return n
		}
		p.buf = p.buf[:buf]
	}
}

// valueAt returns the value that span i has of the operand's field.
func (p *Packet) valueAt(o *operand, c *cursor, i int) (value, bool) {
	s := &p.Spans[i]
	if o.ref.derive != deriveNone && !o.raw {
		return p.derivedValue(o.ref.derive, i)
	}
	if absent(s) {
		return value{}, false
	}
	switch o.typ {
	case Bool, Uint:
		return value{typ: Uint, n: s.Uint(p.Frame), spec: s.Spec}, s.Width() <= 64
	case Int:
		width := s.Width()
		if s.Spec.Kind != field.Int {
			return value{typ: Uint, n: s.Uint(p.Frame), spec: s.Spec}, width <= 64
		}
		shift := 64 - uint(width)
		return value{typ: Int, n: uint64(int64(field.Extract(p.Frame, int(s.Bit), width)<<shift) >> shift), spec: s.Spec}, 0 < width && width <= 64
	case IPv4:
		return value{typ: IPv4, n: field.Extract(p.Frame, int(s.Bit), 32), b: s.Bytes(p.Frame)}, s.Len == 32
	case Float:
		// RFC 5905, 6: sixteen bits of seconds, sixteen of their fraction.
		seconds := float64(field.Extract(p.Frame, int(s.Bit), 32)) / 65536
		return value{typ: Float, n: math.Float64bits(seconds)}, s.Len == 32
	case Time:
		t, ok := ntpTime(field.Extract(p.Frame, int(s.Bit), 64))
		return value{typ: Time, n: uint64(t)}, ok && s.Len == 64
	case String:
		if s.Spec.Kind == field.Custom {
			return p.formatted(s, c, i), true
		}
	}
	return value{typ: o.typ, b: s.Bytes(p.Frame)}, true
}

// formatted returns the text of a field that prints itself, without the quotes that it may have.
func (p *Packet) formatted(s *field.Span, c *cursor, i int) value {
	for ; c.seen <= i; c.seen++ {
		if o := &p.Spans[c.seen]; o.Depth == 0 && o.Spec.Kind == field.Layer {
			c.layer = int(o.Bit / 8)
		}
	}
	start, b := len(p.buf), s.Bytes(p.Frame)
	p.buf = s.Spec.Format(p.buf, p.Frame[c.layer:], int(s.Bit/8)-c.layer, len(b))
	text := p.buf[start:]
	if n := len(text); n >= 2 && text[0] == '"' && text[n-1] == '"' {
		// field.AppendQuoted wrote it: what it escaped is in the frame as it was.
		text = unescape(text[1 : n-1])
	}
	return value{typ: String, b: text}
}

// unescape undoes the escapes that field.AppendQuoted makes of bytes, in place.
func unescape(b []byte) []byte {
	to := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '\\' && i+1 < len(b) {
			i++
			switch c = b[i]; {
			case c == 'x' && i+2 < len(b):
				c = unhex(b[i+1])<<4 | unhex(b[i+2])
				i += 2
			default:
				if k := bytes.IndexByte([]byte("abfnrtv"), c); k >= 0 {
					c = "\a\b\f\n\r\t\v"[k]
				}
			}
		}
		b[to] = c
		to++
	}
	return b[:to]
}

func unhex(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

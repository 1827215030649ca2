package snmp

import "httptap/stack/field"

// Tags of BER. X.690, 8.1.2
const (
	tagInteger     = 0x02
	tagOctetString = 0x04
	tagNull        = 0x05
	tagOID         = 0x06
	tagSequence    = 0x30
	tagPDU         = 0xa0 // and the number of the message
)

// A decoder reads values up to end, which is that of the sequence that it is in.
type decoder struct {
	c   *field.Context
	end int
}

// room is how many bytes are left.
func (d *decoder) room() int { return d.end - d.c.Pos() }

// peek returns the tag of the next value; 0 when there is none.
func (d *decoder) peek() byte {
	if d.room() <= 0 || d.c.Cut() || d.c.Pos() >= d.c.Limit {
		return 0
	}
	return d.c.Frame[d.c.Pos()]
}

// next adds the type and the length of the next value, which has to be a tag. It returns the length and
// the index of the span. What is something else is added and marked, and ok is false.
func (d *decoder) next(tag byte) (n, span int, ok bool) {
	c := d.c
	if c.Cut() {
		return 0, -1, false
	}
	head, n, lengths := measure(c.Frame[c.Pos():min(d.end, c.Limit)])
	if head == 0 { // not even these are there
		if d.end < c.Limit { // the sequence around it ends too early
			d.rest(unexpected)
			return 0, -1, false
		}
		c.AddBytes(&header, max(len(c.Rest())+1, 2)) // which cuts the layer
		return 0, -1, false
	}
	is := c.Frame[c.Pos()]
	span = c.AddBytes(&header, head)
	switch {
	case !lengths:
		c.Fault(span, badLength, 0)
		d.rest(nil)
		return 0, span, false
	case n > d.room():
		if d.end == c.Limit && (c.Missing() > 0 || c.Quoted) {
			break // it was longer on the wire
		}
		c.Fault(span, overrun, 0)
		n = d.room()
	}
	if is != tag {
		c.Fault(span, unexpected, 0)
		d.rest(nil)
		return 0, span, false
	}
	return n, span, true
}

// measure returns how long type and length of the value at the start of b are, 0 when they are not all there, and the length
// of the value. ok tells whether that is one which can be.
func measure(b []byte) (head, n int, ok bool) {
	if len(b) < 2 {
		return 0, 0, false
	}
	if b[1] < 0x80 {
		return 2, int(b[1]), true
	}
	// X.690, 8.1.3.5: the long form has the number of its bytes first; 0 is the form without an end.
	k := int(b[1] & 0x7f)
	if k == 0 || k > 4 {
		return 2, 0, false
	}
	if len(b) < 2+k {
		return 0, 0, false
	}
	for _, v := range b[2 : 2+k] {
		n = n<<8 | int(v)
	}
	return 2 + k, n, n < 1<<24
}

// rest adds what is left as it is.
func (d *decoder) rest(f *field.Fault) {
	if n := min(d.room(), len(d.c.Rest())); n > 0 && !d.c.Cut() {
		i := d.c.AddBytes(&undecoded, n)
		if f != nil {
			d.c.Fault(i, f, 0)
		}
	}
}

// in returns a decoder of the n bytes that follow, and moves on behind them when done is called.
func (d *decoder) in(n int) *decoder { return &decoder{d.c, min(d.c.Pos()+n, d.end)} }

// done adds what a sequence has behind what was looked for.
func (d *decoder) done() {
	if d.room() > 0 {
		d.rest(trailing)
	}
}

// integer adds a number, and tells whether it could.
func (d *decoder) integer(s *field.Spec) bool {
	n, span, ok := d.next(tagInteger)
	return ok && d.number(s, n, span)
}

// number adds a number of n bytes.
func (d *decoder) number(s *field.Spec, n, span int) bool {
	if n == 0 || n > 8 {
		d.c.Fault(span, badNumber, 0)
		if n > 0 {
			d.c.AddBytes(&undecoded, n)
		}
		return !d.c.Cut()
	}
	d.c.AddBytes(s, n)
	return !d.c.Cut()
}

// string adds an octet string.
func (d *decoder) string(s *field.Spec) bool {
	n, _, ok := d.next(tagOctetString)
	if ok && n > 0 {
		d.c.AddBytes(s, n)
	}
	return ok && !d.c.Cut()
}

// oid adds an object identifier.
func (d *decoder) oid(s *field.Spec) bool {
	n, span, ok := d.next(tagOID)
	if ok {
		d.identifier(s, n, span)
	}
	return ok && !d.c.Cut()
}

// identifier adds an object identifier of n bytes.
func (d *decoder) identifier(s *field.Spec, n, span int) {
	if n == 0 {
		d.c.Fault(span, badOID, 0)
		return
	}
	at := d.c.Pos()
	i := d.c.AddBytes(s, n)
	// X.690, 8.19.2: "The last octet of each subidentifier ... has bit 8 set to zero".
	if !d.c.Cut() && d.c.Frame[at+n-1]&0x80 != 0 {
		d.c.Fault(i, badOID, 0)
	}
}

package snmp

import "httptap/stack/field"

// message adds the whole.
func (d *decoder) message() {
	n, _, ok := d.next(tagSequence)
	if !ok {
		return
	}
	m := d.in(n)
	// The version says what it is, and so how it is called.
	spec := &version
	if b := d.c.Rest(); len(b) >= 3 && b[0] == tagInteger && b[1] == 1 && b[2] == 3 {
		spec = &version3
	}
	if m.integer(spec) {
		if spec == &version3 {
			m.version3()
		} else if m.string(&community) {
			m.pdu()
		}
	}
	m.done()
}

// pdu adds a request, a response or a trap.
func (d *decoder) pdu() {
	tag := d.peek()
	if tag < tagPDU || int(tag-tagPDU) >= len(pdus) {
		if d.room() > 0 {
			d.next(tagPDU) // which marks it
		}
		return
	}
	group := d.c.Open(&data)
	defer d.c.Close(group)
	n, _, ok := d.next(tag)
	if !ok {
		return
	}
	p := d.in(n)
	if n == 0 {
		return
	}
	element := d.c.Open(&pdus[tag-tagPDU].element)
	p.parts(tag - tagPDU)
	p.done()
	d.c.Close(element)
}

// The numbers of messages that have other parts than the rest.
const (
	trapV1 = 4
	bulk   = 5
)

func (d *decoder) parts(number byte) {
	switch number {
	case trapV1:
		if !d.oid(&enterprise) || !d.value(0x40, &agent) || !d.integer(&generic) || !d.integer(&specific) || !d.value(0x43, &stamp) {
			return
		}
	case bulk:
		if !d.integer(&requestID) || !d.integer(&repeaters) || !d.integer(&maxRepeat) {
			return
		}
	default:
		if !d.integer(&requestID) || !d.integer(&status) || !d.integer(&index) {
			return
		}
	}
	n, _, ok := d.next(tagSequence)
	if !ok {
		return
	}
	list := d.in(n)
	if n == 0 {
		return
	}
	group := d.c.Open(&bindings)
	for list.room() > 0 && !d.c.Cut() {
		if !list.binding() {
			break
		}
	}
	list.done()
	d.c.Close(group)
}

// binding adds a name and its value.
func (d *decoder) binding() bool {
	group := d.c.Open(&binding)
	defer d.c.Close(group)
	n, _, ok := d.next(tagSequence)
	if !ok {
		return false
	}
	b := d.in(n)
	if b.oid(&name) {
		b.anyValue()
	}
	b.done()
	return !d.c.Cut()
}

// anyValue adds a value of the type that it has.
func (d *decoder) anyValue() {
	tag := d.peek()
	spec := values[tag]
	if spec == nil {
		if d.room() > 0 {
			d.next(tagNull) // which marks it
		}
		return
	}
	d.value(tag, spec)
}

// value adds a value of a type, and tells whether it could.
func (d *decoder) value(tag byte, spec *field.Spec) bool {
	n, span, ok := d.next(tag)
	switch {
	case !ok:
		return false
	case spec.Kind == field.Int || spec.Kind == field.Uint:
		// A number without a sign may have a zero before its highest bit.
		if spec.Kind == field.Uint && n == 9 && d.c.Frame[d.c.Pos()] == 0 {
			d.c.AddBytes(&undecoded, 1)
			n--
		}
		return d.number(spec, n, span)
	case tag == tagOID:
		d.identifier(spec, n, span)
	case spec.Kind == field.IPv4 && n != 4:
		d.c.Fault(span, badAddress, 0)
		if n > 0 {
			d.c.AddBytes(&undecoded, n)
		}
	case n > 0:
		d.c.AddBytes(spec, n)
	default:
		d.c.AddBytes(spec, 0)
	}
	return !d.c.Cut()
}

// version3 adds what a message of version 3 has behind its version.
func (d *decoder) version3() {
	if !d.global() || !d.parameters() {
		return
	}
	group := d.c.Open(&msgData)
	defer d.c.Close(group)
	if d.peek() == tagOctetString {
		d.string(&sealed)
		return
	}
	element := d.c.Open(&plain)
	defer d.c.Close(element)
	n, _, ok := d.next(tagSequence)
	if !ok {
		return
	}
	p := d.in(n)
	if p.string(&ctxID) && p.string(&ctxName) {
		p.pdu()
	}
	p.done()
}

// global adds the header's data.
func (d *decoder) global() bool {
	group := d.c.Open(&global)
	defer d.c.Close(group)
	n, _, ok := d.next(tagSequence)
	if !ok {
		return false
	}
	g := d.in(n)
	if ok = g.integer(&msgID) && g.integer(&maxSize); ok {
		if n, _, ok = g.next(tagOctetString); ok {
			if n == 1 {
				d.c.Add(&flags, 8)
			} else if n > 0 {
				d.c.AddBytes(&undecoded, n)
			}
			ok = !d.c.Cut() && g.integer(&model)
		}
	}
	g.done()
	return ok
}

// parameters adds what the user-based security model has, in an octet string.
func (d *decoder) parameters() bool {
	n, _, ok := d.next(tagOctetString)
	if !ok {
		return false
	}
	p := d.in(n)
	if p.peek() != tagSequence {
		if n > 0 {
			d.c.AddBytes(&security, n) // of another model
		}
		return !d.c.Cut()
	}
	if n, _, ok = p.next(tagSequence); ok {
		u := p.in(n)
		ok = u.string(&engine) && u.integer(&boots) && u.integer(&time) && u.string(&user) && u.string(&authPar) && u.string(&privPar)
		u.done()
	}
	p.done()
	return ok
}

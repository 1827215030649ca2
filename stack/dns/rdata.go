package dns

import "httptap/stack/field"

// A part is one field of a record's data.
type part struct {
	spec *field.Spec // fixed width, or what fills the data with Bits 0
	name int         // else a name, when spec is nil
	text *field.Spec // spec is the length of this
}

func fixed(specs ...*field.Spec) []part {
	var p []part
	for _, s := range specs {
		p = append(p, part{spec: s})
	}
	return p
}

func named(names ...int) []part {
	var p []part
	for _, n := range names {
		p = append(p, part{name: n})
	}
	return p
}

func counted(length, text *field.Spec) part { return part{spec: length, text: text} }

// A form is how the data of one type is built.
type form struct {
	parts  []part
	repeat bool // a list of parts

	walk walker
	adds []*field.Spec // the fields that walk appends

	// run is all that follows the name of a record whose parts have fixed widths, size bytes.
	run  *field.Run
	size int
}

// ready makes the run of a form that can have one.
func (f *form) ready() {
	specs := []*field.Spec{&specType, &specClass, &specTTL, &specLen}
	for _, p := range f.parts {
		if p.spec == nil || p.text != nil || p.spec.Bits == 0 {
			return
		}
		f.size += p.spec.Bits / 8
		specs = append(specs, p.spec)
	}
	if f.repeat || f.walk != noWalk || len(f.parts) == 0 {
		return
	}
	f.run = field.NewRun(specs...)
}

// A walker appends what follows the parts up to end. length is the span of the data's length. It
// tells whether all was sound. It is a number, because what a function value is handed escapes to
// the heap.
type walker uint8

const (
	noWalk walker = iota
	walkISDN
	walkA6
	walkAddresses
	walkIPSECKEY
	walkHIP
	walkWINS
	walkService
	walkSubnet
)

func (d *decoder) walk(w walker, length, end int) bool {
	switch w {
	case walkISDN:
		return isdnSubaddress(d, length, end)
	case walkA6:
		return a6(d, length, end)
	case walkAddresses:
		return addressList(d, length, end)
	case walkIPSECKEY:
		return ipsecKey(d, length, end)
	case walkHIP:
		return hip(d, length, end)
	case walkWINS:
		return winsServers(d, length, end)
	case walkService:
		return serviceParams(d, length, end)
	case walkSubnet:
		return clientSubnet(d, length, end)
	}
	return true
}

// formOf returns how the data of a type is built. What is not known is Data.
func formOf(typ, class uint16) *form {
	switch {
	case opaque(typ, class):
	case int(typ) < len(commonForms) && commonForms[typ] != nil:
		return commonForms[typ]
	case typ >= uint16(len(commonForms)):
		if f := forms[typ]; f != nil {
			return f
		}
	}
	return &formData
}

// commonForms are the forms of the types that most messages have.
var commonForms = func() (common [256]*form) {
	for typ, f := range forms {
		if f.run == nil && f.size == 0 {
			f.ready()
		}
		if int(typ) < len(common) {
			common[typ] = f
		}
	}
	return common
}()

// data appends a record's data, which ends at byte end. length is the span of its length.
func (d *decoder) data(typ, class uint16, length, end int) {
	c := d.c
	ok := true
	if typ == TypeOPT {
		for ok && c.Pos() < end {
			ok = d.option(length, end)
		}
	} else {
		f := formOf(typ, class)
		for ok {
			if ok = d.parts(f.parts, length, end); !ok || !f.repeat || c.Pos() >= end {
				break
			}
		}
		if ok && f.walk != noWalk {
			ok = d.walk(f.walk, length, end)
		}
	}
	if n := end - c.Pos(); n > 0 && !c.Cut() {
		i := c.AddBytes(&field.Undecoded, n)
		if ok {
			c.Fault(i, &faultExtra, 0)
		}
	}
}

// parts appends parts one after the other and tells whether all were there.
func (d *decoder) parts(p []part, length, end int) bool {
	for i := range p {
		if !d.part(&p[i], length, end) {
			return false
		}
	}
	return true
}

// part appends one part of a record's data and tells whether the next one can be read.
func (d *decoder) part(p *part, length, end int) bool {
	if p.spec == nil {
		return d.name(&d.names[p.name], end)
	}
	i, ok := d.fits(p.spec, p.spec.Bits/8, length, end)
	if !ok || p.text == nil {
		return ok
	}
	n := int(d.c.Frame[d.c.Pos()-1])
	if p.spec.Bits == 16 {
		n |= int(d.c.Frame[d.c.Pos()-2]) << 8
	}
	if n == 0 {
		return true
	}
	_, ok = d.fits(p.text, n, i, end)
	return ok
}

// fits appends a field of n bytes, with n 0 all that is left of the data. When the data ends
// before, what is left of it is appended and ok is false: the span length is what lies.
func (d *decoder) fits(s *field.Spec, n, length, end int) (i int, ok bool) {
	c := d.c
	left := end - c.Pos()
	switch {
	case n == 0:
		if left <= 0 {
			return -1, true
		}
		i = c.AddBytes(s, left)
		return i, !c.Cut()
	case n <= left || end > c.Limit:
		i = c.AddBytes(s, n)
		return i, !c.Cut()
	}
	if s.Bits > 0 {
		c.Fault(length, field.TooShort, 0) // a field is not whole
	} else {
		c.Fault(length, field.Overrun, 0) // a length reaches too far
	}
	if left > 0 && s.Bits == 0 {
		c.AddBytes(s, left)
	}
	return -1, false
}

package filter

import (
	"net/netip"
	"strconv"
)

// A function is what a call does.
type function struct {
	name   string
	result Type // None: that of its arguments
	least  int  // arguments
	most   int
}

var functions = map[string]function{
	"upper":  {"upper", String, 1, 1},
	"lower":  {"lower", String, 1, 1},
	"len":    {"len", Uint, 1, 1},
	"count":  {"count", Uint, 1, 1},
	"string": {"string", String, 1, 1},
	"max":    {"max", None, 1, 100},
	"min":    {"min", None, 1, 100},
	"abs":    {"abs", None, 1, 1},
}

// call compiles a call.
func (c *checker) call(n *node, want Type) (int32, error) {
	f := functions[n.text]
	if len(n.args) < f.least || len(n.args) > f.most {
		return 0, c.fail(n, "%s has %d arguments; it takes %s", n.text, len(n.args), map[bool]string{true: "one", false: "one or more"}[f.most == 1])
	}
	typ, _, err := c.inferFirst(n)
	if err != nil {
		return 0, err
	}
	first := n.args[0]
	what := c.text[first.pos:first.end]
	if typ == None {
		if first.kind == nodeName && looksLikeField(first.text) {
			_, hint := c.resolve(first.text)
			return 0, c.noField(first, hint)
		}
		return 0, c.fail(n, "%s needs a field", n.text)
	}
	switch n.text {
	case "upper", "lower":
		if typ != String {
			return 0, c.fail(first, "%s is for text, and %s is %s", n.text, what, typ.article())
		}
	case "len":
		if !typ.sliceable() {
			return 0, c.fail(first, "len is for text and bytes, and %s is %s", what, typ.article())
		}
	case "count":
		if first.kind != nodeName && first.kind != nodeLayer {
			return 0, c.fail(first, "count is for fields")
		}
	case "string":
		switch typ {
		case Uint, Int, IPv4, IPv6, Ether:
		default:
			return 0, c.fail(first, "string makes text of numbers and addresses, and %s is %s", what, typ.article())
		}
	case "abs":
		if f := typ.family(); f != famNumber && f != famDuration {
			return 0, c.fail(first, "abs is for numbers, and %s is %s", what, typ.article())
		}
	default:
		if typ.family() == famNone {
			return 0, c.fail(first, "%s is for values, and %s has none", n.text, what)
		}
	}
	o := operand{kind: opCall, typ: f.result, call: n.text, family: typ.family()}
	if o.typ == None {
		o.typ = typ
	}
	for _, a := range n.args {
		t, _, err := c.infer(a)
		if err != nil {
			return 0, err
		}
		if t != None && t.family() != typ.family() {
			return 0, c.fail(a, "%s is of values of one type; this is %s, the first %s", n.text, t.article(), typ.article())
		}
		arg, err := c.operand(a, typ, nil)
		if err != nil {
			return 0, err
		}
		o.args = append(o.args, arg)
	}
	return c.addOperand(o)
}

// gatherCall appends the values of a call.
func (p *Packet) gatherCall(f *Filter, o *operand) {
	if o.call == "count" {
		n := p.count(&f.operands[o.args[0]])
		if n > 0 { // as for all operands: where there is no field there is no value
			p.vals = append(p.vals, number(n))
		}
		return
	}
	start := len(p.vals)
	for _, a := range o.args {
		p.gather(f, a)
	}
	if o.call == "max" || o.call == "min" {
		if len(p.vals) == start {
			return
		}
		best := start
		for i := start + 1; i < len(p.vals); i++ {
			if r := order(o.family, &p.vals[i], &p.vals[best]); r > 0 && o.call == "max" || r < 0 && o.call == "min" {
				best = i
			}
		}
		p.vals[start] = p.vals[best]
		p.vals = p.vals[:start+1]
		return
	}
	for i := start; i < len(p.vals); i++ {
		p.vals[i] = p.apply(o.call, p.vals[i])
	}
}

// apply returns the value of a function of one value.
func (p *Packet) apply(call string, v value) value {
	start := len(p.buf)
	switch call {
	case "len":
		if v.typ == Protocol {
			return value{typ: Uint, n: v.n}
		}
		return number(len(v.b))
	case "abs":
		switch {
		case v.typ == Float:
			v.n &^= 1 << 63
		case v.typ != Uint && int64(v.n) < 0:
			v.n = -v.n
			if v.typ == Int {
				v.typ = Uint // the least has no counterpart with a sign
			}
		}
		return v
	case "string":
		p.buf = appendText(p.buf, &v)
	case "upper":
		for _, c := range v.b {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			p.buf = append(p.buf, c)
		}
	case "lower":
		for _, c := range v.b {
			p.buf = append(p.buf, lowerCase(c))
		}
	}
	return value{typ: String, b: p.buf[start:]}
}

// appendText appends a number in decimal, or an address.
func appendText(dst []byte, v *value) []byte {
	switch v.typ {
	case Int:
		return strconv.AppendInt(dst, int64(v.n), 10)
	case IPv4:
		n := v.n
		return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}).AppendTo(dst)
	case IPv6:
		if len(v.b) == 16 {
			return netip.AddrFrom16([16]byte(v.b)).AppendTo(dst)
		}
	case Ether:
		for i, c := range v.b {
			if i > 0 {
				dst = append(dst, ':')
			}
			dst = append(dst, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
		return dst
	}
	return strconv.AppendUint(dst, v.n, 10)
}

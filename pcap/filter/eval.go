package filter

import (
	"bytes"
	"cmp"
	"math"
	"regexp"
	"strings"

	"httptap/stack/field"
)

// maxValues bounds the values of one operand where all of them have to be had at once: hostile
// frames have thousands, and pairs of them would take seconds.
const maxValues = 1024

// A testKind is what a test does.
type testKind uint8

const (
	testAnd testKind = iota
	testOr
	testXor
	testNot
	testExists   // operand a has a value
	testNonZero  // one that is not zero
	testCompare  // a op b
	testName     // a's value is called b
	testContains // b is in a
	testMatches  // re matches a
	testIn       // a is in set
)

// A test says yes or no. Its a and b are tests for the logical kinds, operands for the others.
type test struct {
	kind    testKind
	op      compareOp
	every   bool // for all values, not for any
	outside bool // of the set, not in it
	family  family
	a, b    int32
	re      *regexp.Regexp
	plain   []byte // what re would look for, in lower case, when it is but text
	set     []member
	name    string // of several values
}

// A member is a value or a range of a set.
type member struct {
	from, to value
	single   bool
	name     string // of several values; "": from and to are values
}

// A compareOp holds for the results of a comparison: less, equal and greater have a bit each.
type compareOp uint8

var compareOps = map[string]compareOp{"==": 2, "!=": 5, "<": 1, "<=": 3, ">": 4, ">=": 6}

// holds tells whether the operator is true of values that are ordered so.
func (op compareOp) holds(order int) bool {
	switch {
	case order < 0:
		return op&1 != 0
	case order == 0:
		return op&2 != 0
	}
	return op&4 != 0
}

// An opKind is what an operand is.
type opKind uint8

const (
	opConst opKind = iota
	opField
	opSlice  // of args[0]
	opCall   // of args
	opArith  // args[0] op args[1]
	opNegate // of args[0]
)

// An operand has values: none, one or many.
type operand struct {
	kind   opKind
	typ    Type
	op     byte
	raw    bool // the bytes on the wire
	family family
	ref    *fieldRef
	few    few
	layers []span
	slice  []span
	call   string
	args   []int32
	value  value
}

// test runs test i.
func (p *Packet) test(f *Filter, i int32) bool {
	t := &f.tests[i]
	switch t.kind {
	case testAnd:
		return p.test(f, t.a) && p.test(f, t.b)
	case testOr:
		return p.test(f, t.a) || p.test(f, t.b)
	case testXor:
		return p.test(f, t.a) != p.test(f, t.b)
	case testNot:
		return !p.test(f, t.a)
	}
	o := &f.operands[t.a]
	if t.kind == testExists && o.kind == opField {
		return p.exists(o)
	}
	if (t.kind == testCompare || t.kind == testContains) && f.operands[t.b].kind != opConst {
		return p.pairs(f, t)
	}
	if o.kind == opField {
		return p.stream(f, t, o)
	}
	vals, buf := len(p.vals), len(p.buf)
	p.gather(f, t.a)
	found := false
	for k := vals; k < len(p.vals); k++ {
		if ok := p.one(f, t, &p.vals[k]); ok != t.every {
			p.vals, p.buf = p.vals[:vals], p.buf[:buf]
			return ok
		}
		found = true
	}
	p.vals, p.buf = p.vals[:vals], p.buf[:buf]
	return found && t.every
}

// stream holds each value of a field against the test, as long as that can change the result.
func (p *Packet) stream(f *Filter, t *test, o *operand) bool {
	c := cursor{}
	found := false
	if o.few[0] != nil && o.layers == nil && !o.raw && o.ref.derive == deriveNone && (o.typ == Uint || o.typ == Bool || o.typ == IPv4) {
		// Most filters ask for ports, addresses and flags: the shortest way to their values.
		for i := p.find(o, &c); i >= 0; i = p.find(o, &c) {
			s := &p.Spans[i]
			if absent(s) || s.Width() > 64 {
				continue
			}
			v := value{typ: o.typ, n: s.Uint(p.Frame), spec: s.Spec}
			if ok := p.one(f, t, &v); ok != t.every {
				return ok
			}
			found = true
		}
		return found && t.every
	}
	for buf := len(p.buf); ; p.buf = p.buf[:buf] {
		v, ok := p.next(o, &c)
		if !ok {
			return found && t.every
		}
		if ok := p.one(f, t, &v); ok != t.every {
			p.buf = p.buf[:buf]
			return ok
		}
		found = true
	}
}

// one holds a value against what the test has besides it.
func (p *Packet) one(f *Filter, t *test, v *value) bool {
	switch t.kind {
	case testExists:
		return true
	case testNonZero:
		return nonZero(v)
	case testCompare:
		return t.op.holds(order(t.family, v, &f.operands[t.b].value))
	case testName:
		return called(v, t.name) == (t.op == compareOps["=="])
	case testContains:
		return bytes.Contains(v.b, f.operands[t.b].value.b)
	case testMatches:
		if t.plain != nil {
			return containsFold(v.b, t.plain)
		}
		return t.re.Match(p.latin1(v.b))
	case testIn:
		return t.has(v) != t.outside
	}
	return false
}

// has tells whether a value is in the set.
func (t *test) has(v *value) bool {
	for i := range t.set {
		m := &t.set[i]
		found := false
		switch {
		case m.name != "":
			found = called(v, m.name)
		case m.single:
			found = order(t.family, v, &m.from) == 0
		default:
			found = order(t.family, v, &m.from) >= 0 && order(t.family, v, &m.to) <= 0
		}
		if found {
			return true
		}
	}
	return false
}

// pairs compares all values of a with all of b.
func (p *Packet) pairs(f *Filter, t *test) bool {
	vals, buf := len(p.vals), len(p.buf)
	p.gather(f, t.a)
	mid := len(p.vals)
	p.gather(f, t.b)
	found, result := false, t.every
	for i := vals; i < mid && result == t.every; i++ {
		for k := mid; k < len(p.vals); k++ {
			a, b := &p.vals[i], &p.vals[k]
			found = true
			ok := false
			if t.kind == testContains {
				ok = bytes.Contains(a.b, b.b)
			} else {
				ok = t.op.holds(order(t.family, a, b))
			}
			if ok != t.every {
				result = ok
				break
			}
		}
	}
	p.vals, p.buf = p.vals[:vals], p.buf[:buf]
	return found && result
}

// order compares two values of a family.
func order(fam family, a, b *value) int {
	switch fam {
	case famNumber:
		switch {
		case a.typ == Float || b.typ == Float:
			return cmp.Compare(a.float(), b.float())
		case a.typ == Int && int64(a.n) < 0:
			if b.typ == Int && int64(b.n) < 0 {
				return cmp.Compare(int64(a.n), int64(b.n))
			}
			return -1
		case b.typ == Int && int64(b.n) < 0:
			return 1
		}
		return cmp.Compare(a.n, b.n)
	case famDuration, famTime:
		return cmp.Compare(int64(a.n), int64(b.n))
	case famIPv4:
		if prefix := max(a.prefix, b.prefix); prefix > 0 {
			shift := 33 - prefix
			return cmp.Compare(a.n>>shift, b.n>>shift)
		}
		return cmp.Compare(a.n, b.n)
	case famIPv6:
		if prefix := max(a.prefix, b.prefix); prefix > 0 && len(a.b) == 16 && len(b.b) == 16 {
			return masked(a.b, b.b, int(prefix)-1)
		}
	}
	return bytes.Compare(a.b, b.b)
}

// containsFold tells whether text, which is in lower case, is in b, whatever the case there.
func containsFold(b, text []byte) bool {
next:
	for ; len(b) >= len(text); b = b[1:] {
		for i, c := range text {
			if lowerCase(b[i]) != c {
				continue next
			}
		}
		return true
	}
	return false
}

func lowerCase(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func (v *value) float() float64 {
	switch v.typ {
	case Float:
		return math.Float64frombits(v.n)
	case Int:
		return float64(int64(v.n))
	}
	return float64(v.n)
}

// called tells whether the value has the name.
func called(v *value, name string) bool {
	return v.spec != nil && strings.EqualFold(v.spec.Values[v.n], name)
}

func nonZero(v *value) bool {
	switch v.typ {
	case Bytes, Ether, String, Protocol, IPv6:
		for _, c := range v.b {
			if c != 0 {
				return true
			}
		}
		return false
	case Float:
		return v.float() != 0
	}
	return v.n != 0
}

// gather appends the values of operand i to p.vals, as many as maxValues.
func (p *Packet) gather(f *Filter, i int32) {
	o := &f.operands[i]
	start := len(p.vals)
	switch o.kind {
	case opConst:
		p.vals = append(p.vals, o.value)
	case opField:
		c := cursor{}
		for len(p.vals)-start < maxValues {
			v, ok := p.next(o, &c)
			if !ok {
				break
			}
			p.vals = append(p.vals, v)
		}
	case opCall:
		p.gatherCall(f, o)
	case opSlice, opNegate:
		p.gather(f, o.args[0])
		to := start
		for k := start; k < len(p.vals); k++ {
			v, ok := p.vals[k], false
			if o.kind == opSlice {
				v, ok = p.sliced(o.slice, &v)
			} else {
				v, ok = combine('-', &value{typ: Int}, &v)
			}
			if ok {
				p.vals[to] = v
				to++
			}
		}
		p.vals = p.vals[:to]
	case opArith:
		p.gather(f, o.args[0])
		mid := len(p.vals)
		p.gather(f, o.args[1])
		end := len(p.vals)
		tries := 0
		for a := start; a < mid && tries < maxValues; a++ {
			for b := mid; b < end && tries < maxValues; b++ {
				tries++
				if v, ok := p.compute(o.op, &p.vals[a], &p.vals[b]); ok {
					p.vals = append(p.vals, v)
				}
			}
		}
		n := copy(p.vals[start:], p.vals[end:])
		p.vals = p.vals[:start+n]
	}
}

// compute returns a op b, and false where that is no value.
func (p *Packet) compute(op byte, a, b *value) (value, bool) {
	if op != '&' {
		return combine(op, a, b)
	}
	switch {
	case a.b != nil && b.b != nil && a.typ != IPv4:
		if len(a.b) != len(b.b) {
			return value{}, false
		}
		start := len(p.buf)
		for i := range a.b {
			p.buf = append(p.buf, a.b[i]&b.b[i])
		}
		return value{typ: Bytes, b: p.buf[start:]}, true
	case a.typ == IPv4:
		return value{typ: IPv4, n: a.n & b.n}, true
	}
	return value{typ: Uint, n: a.n & b.n}, true
}

// combine returns the result of arithmetic, and false where it does not fit.
func combine(op byte, a, b *value) (value, bool) {
	if a.typ == Float || b.typ == Float {
		x, y := a.float(), b.float()
		switch op {
		case '+':
			x += y
		case '-':
			x -= y
		case '*':
			x *= y
		case '/':
			x /= y
		}
		return value{typ: Float, n: math.Float64bits(x)}, !math.IsNaN(x) && !math.IsInf(x, 0)
	}
	typ := Int
	if a.typ == Duration || b.typ == Duration {
		typ = Duration
	}
	x, okA := a.signed()
	y, okB := b.signed()
	if !okA || !okB {
		return value{}, false
	}
	var r int64
	ok := true
	switch op {
	case '+':
		r = x + y
		ok = (r > x) == (y > 0)
	case '-':
		r = x - y
		ok = (r < x) == (y > 0)
	case '*':
		r = x * y
		ok = x == 0 || r/x == y && !(x == -1 && y == math.MinInt64)
	case '/', '%':
		if y == 0 || x == math.MinInt64 && y == -1 {
			return value{}, false
		}
		if r = x / y; op == '%' {
			r = x % y
		}
	}
	return value{typ: typ, n: uint64(r)}, ok
}

// signed returns a number as one with a sign, and false where it has too many bits.
func (v *value) signed() (int64, bool) {
	return int64(v.n), v.typ == Int || v.typ == Duration || v.n <= math.MaxInt64
}

// sliced returns the parts of a value, and false when it does not have all of them.
func (p *Packet) sliced(parts []span, v *value) (value, bool) {
	start := len(p.buf)
	for _, s := range parts {
		from, to := s.bounds(len(v.b))
		if from < 0 || to > len(v.b) || from >= to {
			p.buf = p.buf[:start]
			return value{}, false
		}
		if len(parts) == 1 {
			return value{typ: Bytes, b: v.b[from:to]}, true
		}
		p.buf = append(p.buf, v.b[from:to]...)
	}
	return value{typ: Bytes, b: p.buf[start:]}, true
}

// bounds returns the part of n bytes that a span means: from, and behind its last.
func (s span) bounds(n int) (from, to int) {
	if from = s.start; from < 0 {
		from += n
	}
	switch s.kind {
	case spanLen:
		return from, from + s.n
	case spanTo:
		if to = s.end; to < 0 {
			to += n
		}
		return from, to + 1
	case spanRest:
		return from, n
	}
	return from, from + 1
}

// latin1 returns b with each byte as one character, for regular expressions that are of bytes.
func (p *Packet) latin1(b []byte) []byte {
	for _, c := range b {
		if c >= 0x80 {
			start := len(p.buf)
			p.buf = appendLatin1(p.buf, b)
			return p.buf[start:]
		}
	}
	return b
}

func appendLatin1(dst, b []byte) []byte {
	for _, c := range b {
		if c < 0x80 {
			dst = append(dst, c)
		} else {
			dst = append(dst, 0xc0|c>>6, 0x80|c&0x3f)
		}
	}
	return dst
}

// absent tells whether a span has no value: it was cut short.
func absent(s *field.Span) bool {
	if s.Spec.Bits > 0 {
		return s.Len < int32(s.Spec.Bits)
	}
	return s.Err != nil && (s.Err == field.Truncated || s.Err == field.Snapped) && s.Spec.Kind > field.Group
}

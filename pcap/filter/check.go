package filter

import (
	"slices"
	"strings"

	"httptap/stack/field"
)

// A checker turns a syntax tree into operands and tests, and says what does not fit.
type checker struct {
	text     string
	facts    bool // what is found by comparing frames may be named
	operands []operand
	tests    []test
}

func (c *checker) fail(n *node, format string, args ...any) error {
	return errorAt(c.text, n.pos, n.end, format, args...)
}

func (c *checker) addTest(t test) (int32, error) {
	c.tests = append(c.tests, t)
	return int32(len(c.tests) - 1), nil
}

func (c *checker) addOperand(o operand) (int32, error) {
	c.operands = append(c.operands, o)
	return int32(len(c.operands) - 1), nil
}

// test compiles a node that says yes or no.
func (c *checker) test(n *node) (int32, error) {
	switch n.kind {
	case nodeAnd, nodeOr, nodeXor:
		kind := map[nodeKind]testKind{nodeAnd: testAnd, nodeOr: testOr, nodeXor: testXor}[n.kind]
		a, err := c.test(n.args[0])
		if err != nil {
			return 0, err
		}
		b, err := c.test(n.args[1])
		if err != nil {
			return 0, err
		}
		return c.addTest(test{kind: kind, a: a, b: b})
	case nodeNot:
		a, err := c.test(n.args[0])
		if err != nil {
			return 0, err
		}
		return c.addTest(test{kind: testNot, a: a})
	case nodeCompare:
		switch n.text {
		case "contains":
			return c.contains(n)
		case "matches":
			return c.matches(n)
		}
		return c.compare(n)
	case nodeIn:
		return c.in(n)
	case nodeCall:
		return 0, c.fail(n, "the value of %s() has to be compared: %s > 0", n.text, c.text[n.pos:n.end])
	case nodeString, nodeChar:
		return 0, c.fail(n, `a literal is neither true nor false; to find it write: frame contains %s`, n.text)
	case nodeName:
		if ref, hint := c.resolve(n.text); ref == nil {
			return 0, c.noField(n, hint)
		}
	}
	typ, _, err := c.infer(n)
	if err != nil {
		return 0, err
	}
	if typ == None {
		return 0, c.fail(n, "there is no field in this; a filter asks for fields")
	}
	a, err := c.operand(n, typ, nil)
	if err != nil {
		return 0, err
	}
	kind := testExists
	if n.kind == nodeArith || n.kind == nodeNegated {
		kind = testNonZero
	}
	return c.addTest(test{kind: kind, a: a})
}

func (c *checker) noField(n *node, hint string) error {
	if hint != "" {
		return c.fail(n, "%q is no field; %s", n.text, hint)
	}
	return c.fail(n, "%q is no field", n.text)
}

// infer returns the type of a node's values, None for literals, and the field that they are of.
func (c *checker) infer(n *node) (Type, *fieldRef, error) {
	if n.isTest() {
		return None, nil, c.fail(n, "this is true or false, and no value to compare or compute with")
	}
	switch n.kind {
	case nodeName:
		if ref := c.lookup(n.text); ref != nil {
			return ref.typ, ref, nil
		}
	case nodeLayer:
		return c.infer(n.args[0])
	case nodeNegated:
		typ, _, err := c.infer(n.args[0])
		if typ == Bool || typ == Uint {
			typ = Int
		}
		return typ, nil, err
	case nodeRaw, nodeSlice:
		return Bytes, nil, nil
	case nodeRange:
		return None, nil, c.fail(n, "a range can only stand in a set")
	case nodeCall:
		if typ := functions[n.text].result; typ != None {
			return typ, nil, nil
		}
		return c.inferFirst(n)
	case nodeArith:
		typ, _, err := c.inferFirst(n)
		if n.text != "&" && (typ == Bool || typ == Uint) {
			typ = Int
		}
		return typ, nil, err
	}
	return None, nil, nil
}

// inferFirst returns the type of the first argument that has one.
func (c *checker) inferFirst(n *node) (Type, *fieldRef, error) {
	for _, a := range n.args {
		if typ, ref, err := c.infer(a); typ != None || err != nil {
			return typ, ref, err
		}
	}
	return None, nil, nil
}

// operand compiles a node that has values. A literal becomes one of type want, of the field ref.
func (c *checker) operand(n *node, want Type, ref *fieldRef) (int32, error) {
	switch n.kind {
	case nodeName:
		if f := c.lookup(n.text); f != nil {
			return c.addOperand(fieldOperand(f))
		}
		fallthrough
	case nodeString, nodeChar:
		v, err := c.literal(n, want, ref)
		if err != nil {
			return 0, err
		}
		return c.addOperand(operand{kind: opConst, typ: v.typ, value: v})
	case nodeNegated:
		return c.negated(n, want, ref)
	case nodeRaw:
		return c.field(n.args[0], func(o *operand) error {
			switch o.ref.derive {
			case deriveNone, deriveLayer, deriveTrue, deriveDecimal:
			default:
				return c.fail(n, "%s is computed and has no bytes in the frame", o.ref.name)
			}
			o.raw, o.typ = true, Bytes
			return nil
		})
	case nodeLayer:
		return c.field(n, nil)
	case nodeSlice:
		return c.slice(n)
	case nodeCall:
		return c.call(n, want)
	case nodeArith:
		return c.arith(n, want)
	case nodeRange:
		return 0, c.fail(n, "a range can only stand in a set")
	}
	return 0, c.fail(n, "this is true or false, and no value to compare or compute with")
}

func fieldOperand(f *fieldRef) operand {
	o := operand{kind: opField, typ: f.typ, ref: f}
	if len(f.specs) <= len(o.few) {
		n := copy(o.few[:], f.specs)
		for ; n > 0 && n < len(o.few); n++ {
			o.few[n] = o.few[0]
		}
	}
	return o
}

// field compiles a field with or without its layer; change alters the operand.
func (c *checker) field(n *node, change func(*operand) error) (int32, error) {
	var layers []span
	at := n
	if n.kind == nodeLayer {
		layers, at = n.ranges, n.args[0]
	}
	if at.kind != nodeName {
		return 0, c.fail(at, "a field has to stand here")
	}
	ref, hint := c.resolve(at.text)
	if ref == nil {
		return 0, c.noField(at, hint)
	}
	if layers != nil && ref.layer == "" {
		return 0, c.fail(n, "%s belongs to no layer; # chooses among the layers of one protocol", ref.name)
	}
	if layers != nil && ref.fact != nil {
		return 0, c.fail(n, "%s is found by comparing frames; # is for what stands in the frame", ref.name)
	}
	for _, s := range layers {
		if s.start == 0 || s.kind == spanTo && s.end == 0 {
			return 0, c.fail(n, "layers are counted from 1, or from -1 at the end")
		}
	}
	o := fieldOperand(ref)
	o.layers = layers
	if change != nil {
		if err := change(&o); err != nil {
			return 0, err
		}
	}
	return c.addOperand(o)
}

func (c *checker) negated(n *node, want Type, ref *fieldRef) (int32, error) {
	inner, _, err := c.infer(n.args[0])
	switch {
	case err != nil:
		return 0, err
	case inner == None && n.args[0].kind != nodeArith && n.args[0].kind != nodeNegated:
		v, err := c.literal(n, want, ref)
		if err != nil {
			return 0, err
		}
		return c.addOperand(operand{kind: opConst, typ: v.typ, value: v})
	case inner == None:
		inner = want
	}
	if f := inner.family(); f != famNumber && f != famDuration {
		return 0, c.fail(n, "a minus can't stand before %s", inner.article())
	}
	a, err := c.operand(n.args[0], inner, nil)
	if err != nil {
		return 0, err
	}
	return c.addOperand(operand{kind: opNegate, typ: inner, args: []int32{a}})
}

func (c *checker) slice(n *node) (int32, error) {
	typ, ref, err := c.infer(n.args[0])
	switch {
	case err != nil:
		return 0, err
	case typ == None && n.args[0].kind == nodeName:
		_, hint := c.resolve(n.args[0].text)
		return 0, c.noField(n.args[0], hint)
	case typ == None:
		return 0, c.fail(n.args[0], "a literal can't be sliced")
	case !typ.sliceable() && ref != nil:
		return 0, c.fail(n, "%s is %s and has no bytes to slice; take its bytes on the wire: @%s[...]", ref.name, typ.article(), ref.name)
	case !typ.sliceable() || n.args[0].kind == nodeArith:
		return 0, c.fail(n, "%s can't be sliced", typ.article())
	}
	a, err := c.operand(n.args[0], typ, nil)
	if err != nil {
		return 0, err
	}
	return c.addOperand(operand{kind: opSlice, typ: Bytes, args: []int32{a}, slice: n.ranges})
}

func (c *checker) arith(n *node, want Type) (int32, error) {
	typ, _, err := c.inferFirst(n)
	if err != nil {
		return 0, err
	}
	if typ == None {
		typ = want
	}
	bad := false
	switch fam := typ.family(); n.text {
	case "&":
		bad = fam != famNumber && fam != famIPv4 && fam != famBytes || typ == Float
	case "%":
		bad = fam != famNumber || typ == Float
	case "+", "-":
		bad = fam != famNumber && fam != famDuration
	default:
		bad = fam != famNumber
	}
	if bad {
		return 0, c.fail(n, "%q can't be used on %s%s", n.text, typ.article(), map[bool]string{true: "; it is for whole numbers, IPv4 addresses and bytes"}[n.text == "&"])
	}
	result := typ
	if typ.family() == famBytes {
		result = Bytes
	} else if typ == Bool || typ == Uint {
		result = Int
	}
	args := make([]int32, 2)
	for i, a := range n.args {
		t, _, err := c.infer(a)
		if err != nil {
			return 0, err
		}
		if t != None && t.family() != typ.family() {
			return 0, c.fail(a, "%q is between values of one type; this is %s, the other %s", n.text, t.article(), typ.article())
		}
		if t == Float {
			result = Float
		}
		wantArg := typ
		if typ.family() == famBytes {
			wantArg = Bytes
		}
		if args[i], err = c.operand(a, wantArg, nil); err != nil {
			return 0, err
		}
	}
	return c.addOperand(operand{kind: opArith, typ: result, op: n.text[0], args: args})
}

// compare compiles == != < > <= >=.
func (c *checker) compare(n *node) (int32, error) {
	left, right := n.args[0], n.args[1]
	lt, lref, err := c.infer(left)
	if err != nil {
		return 0, err
	}
	rt, rref, err := c.infer(right)
	if err != nil {
		return 0, err
	}
	op, every := n.quantified()
	switch {
	case lt == None && rt == None:
		return 0, c.constants(n)
	case lt == Label || rt == Label:
		return 0, c.fail(n, "a label has no value to compare; write its name alone to ask whether it is there")
	case lt == None:
		// The literal goes to the right.
		left, right, lt, lref, rt, rref = right, left, rt, rref, lt, lref
		op = map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}[op] + map[bool]string{true: op}[op == "==" || op == "!="]
	}
	if rt != None && lt.family() != rt.family() {
		return 0, c.mismatch(n, lt, rt)
	}
	a, err := c.operand(left, lt, rref)
	if err != nil {
		return 0, err
	}
	want := lt
	if left.kind == nodeArith && lref == nil && lt.family() == famBytes {
		want = Bytes
	}
	b, err := c.operand(right, want, lref)
	if err != nil {
		return 0, err
	}
	t := test{kind: testCompare, a: a, b: b, op: compareOps[op], every: every, family: lt.family()}
	if v := &c.operands[b]; v.kind == opConst && v.typ == String && t.family == famNumber {
		if op != "==" && op != "!=" {
			return 0, c.fail(right, "the name %s stands for several values of %s and can't be ordered", quote(string(v.value.b)), lref.name)
		}
		t.kind, t.name = testName, string(v.value.b)
	}
	return c.addTest(t)
}

// constants says what is wrong with a comparison that has no field.
func (c *checker) constants(n *node) error {
	for _, a := range n.args {
		if a.kind == nodeName && looksLikeField(a.text) {
			_, hint := c.resolve(a.text)
			return c.noField(a, hint)
		}
	}
	return c.fail(n, "there is no field on either side")
}

func looksLikeField(s string) bool {
	return !strings.ContainsAny(s, ":/") && (s[0] < '0' || s[0] > '9')
}

// mismatch says that two types can't be compared, and what can be done.
func (c *checker) mismatch(n *node, lt, rt Type) error {
	way := "compare with a field or a literal of the same type"
	switch {
	case lt == String || rt == String:
		way = "make text of the other: string(...)"
	case lt.sliceable() && rt.sliceable():
		way = "compare their bytes: " + c.text[n.args[0].pos:n.args[0].end] + "[0:] " + n.operator() + " " + c.text[n.args[1].pos:n.args[1].end] + "[0:]"
	}
	return c.fail(n, "%s can't be compared with %s; %s", lt.article(), rt.article(), way)
}

// in compiles a set of literals and ranges.
func (c *checker) in(n *node) (int32, error) {
	typ, ref, err := c.infer(n.args[0])
	switch {
	case err != nil:
		return 0, err
	case typ == None && n.args[0].kind == nodeName && looksLikeField(n.args[0].text):
		_, hint := c.resolve(n.args[0].text)
		return 0, c.noField(n.args[0], hint)
	case typ == None:
		return 0, c.fail(n.args[0], "a field has to stand before a set")
	case typ == Label:
		return 0, c.fail(n.args[0], "a label has no value to look for")
	}
	a, err := c.operand(n.args[0], typ, nil)
	if err != nil {
		return 0, err
	}
	_, every := n.quantified()
	t := test{kind: testIn, a: a, every: every, outside: n.text == "not in", family: typ.family()}
	for _, e := range n.args[1:] {
		ends := []*node{e}
		if e.kind == nodeRange {
			ends = e.args
		}
		var m member
		for i, end := range ends {
			if t, _, err := c.infer(end); err != nil || t != None || end.kind == nodeArith {
				return 0, c.fail(end, "a set has literals; compare with a field by ==")
			}
			v, err := c.literal(end, typ, ref)
			if err != nil {
				return 0, err
			}
			if i == 0 {
				m.from = v
			}
			m.to = v
		}
		m.single = len(ends) == 1
		if t.family == famNumber && m.from.typ == String {
			m.name = string(m.from.b)
		}
		switch {
		case !m.single && (m.from.prefix > 0 || m.to.prefix > 0):
			return 0, c.fail(e, "a network is a range itself")
		case !m.single && t.family == famNumber && (m.from.typ == String || m.to.typ == String):
			return 0, c.fail(e, "a name that stands for several values can't be the end of a range")
		case !m.single && order(t.family, &m.from, &m.to) > 0:
			return 0, c.fail(e, "this range is empty: its first end is the greater one")
		}
		t.set = append(t.set, m)
	}
	return c.addTest(t)
}

// few holds the Specs of a field that has but some, so that looking for its spans compares
// pointers.
type few [3]*field.Spec

// functionNames lists the functions for people.
func functionNames() string {
	var names []string
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

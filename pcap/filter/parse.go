package filter

import (
	"strconv"
	"strings"
)

// Bounds on what comes from outside.
const (
	maxText  = 64 << 10 // bytes of a filter
	maxDepth = 200      // nested parentheses and operators
	maxParts = 10000    // words, operators and parentheses
)

// A parser turns tokens into a tree by precedence climbing.
type parser struct {
	lexer
	tok   token
	depth int
	last  int // where the token before tok ended
	parts int
}

func parse(text string) (*node, error) {
	p := &parser{lexer: lexer{text: text}}
	if len(text) > maxText {
		return nil, p.fail(maxText, len(text), "a filter has at most %d bytes", maxText)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokEnd {
		return nil, nil
	}
	n, err := p.expr(precOr)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokEnd {
		return nil, p.unexpected("a filter may be continued with and, or, xor")
	}
	return n, nil
}

func (p *parser) advance() (err error) {
	if p.parts++; p.parts > maxParts {
		return p.fail(p.tok.pos, p.tok.end, "a filter has at most %d words and operators", maxParts)
	}
	p.last = p.tok.end
	p.tok, err = p.next()
	return err
}

func (p *parser) is(kind tokenKind, text string) bool {
	return p.tok.kind == kind && p.tok.text == text
}

func (p *parser) expect(text, why string) error {
	if !p.is(tokPunct, text) {
		return p.unexpected(why)
	}
	return p.advance()
}

// unexpected says that the token can't be here; want is what could.
func (p *parser) unexpected(want string) error {
	switch {
	case p.tok.kind == tokEnd:
		return p.fail(p.tok.pos, p.tok.end, "the filter ends here; %s", want)
	case p.tok.kind == tokWord && operators[strings.ToLower(p.tok.text)] != "":
		return p.fail(p.tok.pos, p.tok.end, "%q is no operator; operators are in lower case: %s", p.tok.text, strings.ToLower(p.tok.text))
	}
	return p.fail(p.tok.pos, p.tok.end, "%s can't be here; %s", p.text[p.tok.pos:p.tok.end], want)
}

// expr reads an expression whose operators bind at least as much as prec.
func (p *parser) expr(prec int) (*node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(p.tok.pos, p.tok.end, "this is nested more than %d times; take it apart", maxDepth)
	}
	defer func() { p.depth-- }()
	left, err := p.prefix()
	if err != nil {
		return nil, err
	}
	return p.infix(left, prec)
}

func (p *parser) prefix() (*node, error) {
	start := p.tok
	if start.kind == tokOperator {
		switch start.text {
		case "not":
			return p.unary(nodeNot, precNot)
		case "any", "all":
			return p.quantified()
		case "-":
			return p.unary(nodeNegated, precUnary)
		case "+":
			if err := p.advance(); err != nil {
				return nil, err
			}
			return p.expr(precUnary)
		}
		return nil, p.unexpected("a field or a value has to stand before an operator")
	}
	return p.operand()
}

func (p *parser) unary(kind nodeKind, prec int) (*node, error) {
	start := p.tok.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	arg, err := p.expr(prec)
	if err != nil {
		return nil, err
	}
	return &node{kind: kind, pos: start, end: p.last, args: []*node{arg}}, nil
}

// quantified reads "any" or "all" and the comparison that it is for.
func (p *parser) quantified() (*node, error) {
	start := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.expr(precCompare)
	if err != nil {
		return nil, err
	}
	q := any1
	if start.text == "all" {
		q = all
	}
	if !quantify(n, q) {
		return nil, p.fail(start.pos, start.end, "%q has to stand before a comparison: %s tcp.port > 1024", start.text, start.text)
	}
	return n, nil
}

// quantify sets the quantifier of a comparison, or of each in a chain. It takes precedence over
// the one in an operator such as ===.
func quantify(n *node, q quantifier) bool {
	switch n.kind {
	case nodeCompare, nodeIn:
		n.quant = q
		switch n.text {
		case "===":
			n.text = "=="
		case "!==":
			n.text = "!="
		}
		return true
	case nodeAnd: // a chain
		return quantify(n.args[0], q) && quantify(n.args[1], q)
	case nodeNot:
		if in := n.args[0]; in.kind == nodeIn && in.quant == either && in.pos == n.pos {
			// "not in": any or all of the values are to be outside, not "not any of them inside".
			n.kind, n.text, n.quant, n.args = nodeIn, "not in", q, in.args
			return true
		}
	}
	return false
}

// operand reads a field, a literal, a call or something in parentheses, and what follows it.
func (p *parser) operand() (n *node, err error) {
	start := p.tok
	switch {
	case p.is(tokPunct, "("), p.is(tokPunct, "{"):
		if err = p.advance(); err != nil {
			return nil, err
		}
		least, closing := precOr, ")"
		if start.text == "{" {
			least, closing = precBits, "}"
		}
		if n, err = p.expr(least); err != nil {
			return nil, err
		}
		if err = p.expect(closing, "the "+start.text+" before needs a "+closing); err != nil {
			return nil, err
		}
		if n.isTest() {
			// Nothing can follow it but a logical operator.
			return &node{kind: n.kind, pos: start.pos, end: p.last, text: n.text, quant: n.quant, args: n.args, ranges: n.ranges}, nil
		}
	case p.is(tokPunct, "@"):
		if err = p.advance(); err != nil {
			return nil, err
		}
		if p.tok.kind != tokWord {
			return nil, p.unexpected("@ stands before a field")
		}
		if n, err = p.operandWord(); err != nil {
			return nil, err
		}
		n = &node{kind: nodeRaw, pos: start.pos, end: p.last, args: []*node{n}}
	case start.kind == tokWord:
		if n, err = p.operandWord(); err != nil {
			return nil, err
		}
	case start.kind == tokString, start.kind == tokChar:
		n = &node{kind: nodeString, pos: start.pos, end: start.end, text: start.text, value: start.value}
		if start.kind == tokChar {
			n.kind = nodeChar
		}
		if err = p.advance(); err != nil {
			return nil, err
		}
	default:
		return nil, p.unexpected("a field or a value is missing")
	}
	for p.is(tokPunct, "[") {
		if n, err = p.ranges(&node{kind: nodeSlice, pos: n.pos, args: []*node{n}}); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// operandWord reads a word, the call that it may begin, or the layer that may follow it.
func (p *parser) operandWord() (*node, error) {
	n := &node{kind: nodeName, pos: p.tok.pos, end: p.tok.end, text: p.tok.text}
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch {
	case p.is(tokPunct, "("):
		return p.call(n)
	case p.is(tokPunct, "#"):
		return p.layer(n)
	}
	return n, nil
}

func (p *parser) call(name *node) (*node, error) {
	n := &node{kind: nodeCall, pos: name.pos, text: name.text}
	if _, ok := functions[n.text]; !ok {
		return nil, p.fail(name.pos, name.end, "there is no function %s; there are %s", n.text, functionNames())
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for !p.is(tokPunct, ")") {
		if len(n.args) > 0 {
			if err := p.expect(",", "a comma or a ) has to follow an argument"); err != nil {
				return nil, err
			}
		}
		arg, err := p.expr(precBits)
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, arg)
	}
	n.end = p.tok.end
	return n, p.advance()
}

// layer reads what follows the sign #: a number, or ranges in brackets.
func (p *parser) layer(field *node) (*node, error) {
	n := &node{kind: nodeLayer, pos: field.pos, args: []*node{field}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.is(tokPunct, "[") {
		return p.ranges(n)
	}
	v, err := strconv.ParseUint(p.tok.text, 10, 16)
	if p.tok.kind != tokWord || err != nil || v == 0 {
		return nil, p.unexpected("# is followed by a layer's number, 1 for the outermost, or by ranges: #[1-2]")
	}
	n.ranges = []span{{start: int(v), kind: spanOne}}
	n.end = p.tok.end
	return n, p.advance()
}

// ranges reads what is between [ and ]. The text is not made of tokens: 1-2 would be a word.
func (p *parser) ranges(n *node) (*node, error) {
	open := p.tok
	size := strings.IndexByte(p.text[open.end:], ']')
	if size < 0 {
		return nil, p.fail(open.pos, len(p.text), "the [ that is here has no ]")
	}
	at := open.end
	for part := range strings.SplitSeq(p.text[at:at+size], ",") {
		s, ok := parseSpan(strings.TrimSpace(part))
		if !ok {
			return nil, p.fail(at, at+max(len(part), 1), "%q is no slice; there are [start:length], [first-last], [one], [:length] and [start:]", strings.TrimSpace(part))
		}
		if s.kind == spanTo && (s.start < 0) != (s.end < 0) {
			return nil, p.fail(at, at+len(part), "one end of %q counts from the start, the other from the end", strings.TrimSpace(part))
		}
		if s.kind == spanTo && s.end < s.start {
			return nil, p.fail(at, at+len(part), "%q ends before it begins", strings.TrimSpace(part))
		}
		n.ranges = append(n.ranges, s)
		at += len(part) + 1
	}
	p.pos = open.end + size + 1
	n.end = p.pos
	p.tok.end = p.pos
	return n, p.advance()
}

// parseSpan reads one part of a slice.
func parseSpan(s string) (span, bool) {
	if rest, ok := strings.CutPrefix(s, ":"); ok {
		n, ok := cutNumber(&rest)
		return span{n: n, kind: spanLen}, ok && rest == "" && n > 0
	}
	start, ok := cutNumber(&s)
	if !ok {
		return span{}, false
	}
	if s == "" {
		return span{start: start, kind: spanOne}, true
	}
	sep := s[0]
	s = strings.TrimLeft(s[1:], " ")
	if s == "" {
		return span{start: start, kind: spanRest}, sep == ':'
	}
	n, ok := cutNumber(&s)
	switch {
	case !ok || s != "":
		return span{}, false
	case sep == ':':
		return span{start: start, n: n, kind: spanLen}, n > 0
	}
	return span{start: start, end: n, kind: spanTo}, sep == '-'
}

// cutNumber cuts a number, decimal, octal or hexadecimal, off the beginning of s.
func cutNumber(s *string) (int, bool) {
	i := 0
	if strings.HasPrefix(*s, "-") {
		i = 1
	}
	for i < len(*s) && (isHex((*s)[i]) || (*s)[i] == 'x') {
		i++
	}
	v, err := strconv.ParseInt((*s)[:i], 0, 32)
	*s = strings.TrimLeft((*s)[i:], " ")
	return int(v), err == nil
}

// infix reads the operators that follow left and bind at least as much as prec.
func (p *parser) infix(left *node, prec int) (*node, error) {
	for p.tok.kind == tokOperator {
		var err error
		op := p.tok
		switch {
		case arithmetic[op.text] > 0:
			if arithmetic[op.text] < prec {
				return left, nil
			}
			left, err = p.binary(left, nodeArith, arithmetic[op.text]+1)
		case op.text == "and" && prec <= precAnd:
			left, err = p.binary(left, nodeAnd, precAnd+1)
		case op.text == "xor" && prec <= precXor:
			left, err = p.binary(left, nodeXor, precXor+1)
		case op.text == "or" && prec <= precOr:
			left, err = p.binary(left, nodeOr, precOr+1)
		case op.text == "in" && prec <= precCompare:
			left, err = p.in(left)
		case op.text == "not" && prec <= precCompare:
			left, err = p.notIn(left)
		case prec <= precCompare && isComparison(op.text):
			left, err = p.compare(left)
		default:
			return left, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return left, nil
}

func isComparison(op string) bool {
	switch op {
	case "==", "!=", "===", "!==", "<", ">", "<=", ">=", "contains", "matches":
		return true
	}
	return false
}

func (p *parser) binary(left *node, kind nodeKind, prec int) (*node, error) {
	op := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	right, err := p.expr(prec)
	if err != nil {
		return nil, err
	}
	return &node{kind: kind, pos: left.pos, end: p.last, text: op.text, args: []*node{left, right}}, nil
}

// compare reads a comparison and the chain that it may begin: a < b < c is a < b and b < c.
func (p *parser) compare(left *node) (*node, error) {
	chain, err := p.binary(left, nodeCompare, precCompare+1)
	last := chain
	for err == nil && p.tok.kind == tokOperator && isComparison(p.tok.text) {
		if last, err = p.binary(last.args[1], nodeCompare, precCompare+1); err == nil {
			chain = &node{kind: nodeAnd, pos: left.pos, end: p.last, text: "and", args: []*node{chain, last}}
		}
	}
	return chain, err
}

func (p *parser) notIn(left *node) (*node, error) {
	not := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.is(tokOperator, "in") {
		return nil, p.fail(not.pos, not.end, `"not" behind a field is for "not in {...}"; put it before what it negates`)
	}
	in, err := p.in(left)
	if err != nil {
		return nil, err
	}
	return &node{kind: nodeNot, pos: left.pos, end: p.last, args: []*node{in}}, nil
}

// in reads a set.
func (p *parser) in(left *node) (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.expect("{", "a set is written in braces: tcp.port in {80, 443, 8000..8100}"); err != nil {
		return nil, err
	}
	n := &node{kind: nodeIn, pos: left.pos, text: "in", args: []*node{left}}
	for {
		e, err := p.expr(precBits)
		if err != nil {
			return nil, err
		}
		if p.is(tokPunct, "..") {
			if err := p.advance(); err != nil {
				return nil, err
			}
			to, err := p.expr(precBits)
			if err != nil {
				return nil, err
			}
			e = &node{kind: nodeRange, pos: e.pos, end: p.last, args: []*node{e, to}}
		}
		n.args = append(n.args, e)
		if p.is(tokPunct, "}") {
			n.end = p.tok.end
			return n, p.advance()
		}
		if err := p.expect(",", "a set's values have commas between them, and a } behind them"); err != nil {
			return nil, err
		}
	}
}

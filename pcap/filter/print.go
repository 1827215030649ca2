package filter

import (
	"strconv"
	"unicode/utf8"
)

// append appends the node as a filter of its one spelling, in parentheses when it binds less
// than prec.
func (n *node) append(b []byte, prec int) []byte {
	open, closing := byte('('), byte(')')
	if !n.isTest() {
		open, closing = '{', '}'
	}
	if paren := n.precedence() < prec; paren {
		return append(n.append(append(b, open), 0), closing)
	}
	switch n.kind {
	case nodeName, nodeChar:
		return append(b, n.text...)
	case nodeString:
		return appendString(b, n.value)
	case nodeNegated:
		return n.args[0].append(append(b, '-'), precUnary)
	case nodeRaw:
		return n.args[0].append(append(b, '@'), precPostfix)
	case nodeLayer, nodeSlice:
		b = n.args[0].append(b, precPostfix)
		if n.kind == nodeLayer {
			b = append(b, '#')
			if s := n.ranges[0]; len(n.ranges) == 1 && s.kind == spanOne && s.start > 0 {
				return strconv.AppendInt(b, int64(s.start), 10)
			}
		}
		return appendRanges(b, n.ranges)
	case nodeCall:
		b = append(append(b, n.text...), '(')
		return append(appendList(b, n.args), ')')
	case nodeRange:
		b = n.args[0].append(b, precBits)
		return n.args[1].append(append(b, " .. "...), precBits)
	case nodeIn:
		b = n.args[0].append(n.appendQuantifier(b), precCompare+1)
		b = append(append(append(b, ' '), n.text...), " {"...)
		return append(appendList(b, n.args[1:]), '}')
	case nodeNot:
		return n.args[0].append(append(b, "not "...), precNot)
	case nodeCompare:
		b = n.args[0].append(n.appendQuantifier(b), precCompare+1)
		b = append(append(append(b, ' '), n.operator()...), ' ')
		return n.args[1].append(b, precCompare+1)
	}
	prec = n.precedence()
	b = n.args[0].append(b, prec)
	b = append(append(append(b, ' '), n.text...), ' ')
	return n.args[1].append(b, prec+1)
}

// quantified returns the operator and whether all values have to hold for it.
func (n *node) quantified() (op string, every bool) {
	switch {
	case n.text == "===":
		return "==", true
	case n.text == "!==":
		return "!=", false
	case n.text == "!=":
		return "!=", n.quant != any1
	}
	return n.text, n.quant == all
}

// operator returns the spelling that says both.
func (n *node) operator() string {
	switch op, every := n.quantified(); {
	case op == "==" && every:
		return "==="
	case op == "!=" && !every:
		return "!=="
	default:
		return op
	}
}

func (n *node) appendQuantifier(b []byte) []byte {
	switch op, every := n.quantified(); {
	case every && op != "==" && op != "!=":
		return append(b, "all "...)
	case op == "not in":
		return append(b, "any "...)
	}
	return b
}

func appendList(b []byte, list []*node) []byte {
	for i, n := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = n.append(b, precBits)
	}
	return b
}

func appendRanges(b []byte, ranges []span) []byte {
	b = append(b, '[')
	for i, s := range ranges {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(s.start), 10)
		switch s.kind {
		case spanLen:
			b = strconv.AppendInt(append(b, ':'), int64(s.n), 10)
		case spanTo:
			b = strconv.AppendInt(append(b, '-'), int64(s.end), 10)
		case spanRest:
			b = append(b, ':')
		}
	}
	return append(b, ']')
}

// appendString appends a string in quotes, with the escapes that the lexer knows.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == utf8.RuneError && n == 1, r < ' ', r == 0x7f:
			b = append(b, '\\', 'x', "0123456789abcdef"[s[0]>>4], "0123456789abcdef"[s[0]&15])
		case strconv.IsPrint(r):
			b = append(b, s[:n]...)
		default:
			b = append(b, '\\', 'U')
			for shift := 28; shift >= 0; shift -= 4 {
				b = append(b, "0123456789abcdef"[r>>shift&15])
			}
		}
		s = s[n:]
	}
	return append(b, '"')
}

package filter

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// contains compiles a search for text or bytes.
func (c *checker) contains(n *node) (int32, error) {
	lt, ref, err := c.infer(n.args[0])
	if err != nil {
		return 0, err
	}
	rt, _, err := c.infer(n.args[1])
	if err != nil {
		return 0, err
	}
	switch {
	case lt == None:
		return 0, c.constants(n)
	case lt.family() != famBytes && lt != IPv6:
		return 0, c.atomic(n, lt)
	case rt != None && rt.family() != famBytes && rt != IPv6:
		return 0, c.fail(n.args[1], "%s can't be searched for; take text, bytes or a slice", rt.article())
	}
	a, err := c.operand(n.args[0], lt, nil)
	if err != nil {
		return 0, err
	}
	want := Bytes
	if lt == String {
		want = String
	}
	b, err := c.operand(n.args[1], want, ref)
	if err != nil {
		return 0, err
	}
	_, every := n.quantified()
	return c.addTest(test{kind: testContains, a: a, b: b, every: every})
}

func (c *checker) atomic(n *node, typ Type) error {
	what := c.text[n.args[0].pos:n.args[0].end]
	return c.fail(n, "%q looks into text and bytes, and %s is %s; make text of it: string(%s) %s", n.text, what, typ.article(), what, n.text)
}

// matches compiles a regular expression.
func (c *checker) matches(n *node) (int32, error) {
	lt, _, err := c.infer(n.args[0])
	right := n.args[1]
	switch {
	case err != nil:
		return 0, err
	case lt == None:
		return 0, c.constants(n)
	case lt.family() != famBytes || lt == Ether:
		return 0, c.atomic(n, lt)
	case right.kind != nodeString:
		return 0, c.fail(right, `a regular expression is text in double quotes: matches "..."`)
	}
	if err := affordable(right.value); err != nil {
		return 0, c.fail(right, "%s", err)
	}
	// Wireshark's expressions are of bytes. Each byte is made a character, in the expression and
	// in what it is held against: see latin1.
	plain, re := plainText(right.value), (*regexp.Regexp)(nil)
	if plain == nil {
		if re, err = regexp.Compile("(?i)" + string(appendLatin1(nil, []byte(right.value)))); err != nil {
			return 0, c.fail(right, "this is no regular expression of RE2's: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
	}
	a, err := c.operand(n.args[0], lt, nil)
	if err != nil {
		return 0, err
	}
	_, every := n.quantified()
	return c.addTest(test{kind: testMatches, a: a, every: every, re: re, plain: plain})
}

// plainText returns what an expression looks for in lower case, when it is but ASCII text without
// a pattern in it; else nil. Looking for text is far cheaper than running a program.
func plainText(text string) []byte {
	re, err := syntax.Parse("(?i)"+text, syntax.Perl)
	if err != nil || re.Op != syntax.OpLiteral || re.Flags&syntax.FoldCase == 0 {
		return nil
	}
	b := make([]byte, 0, len(re.Rune))
	for _, r := range re.Rune {
		if r >= 0x80 {
			return nil
		}
		b = append(b, lowerCase(byte(r)))
	}
	return b
}

// affordable refuses an expression whose repetitions make a program too large for one that comes
// from outside.
func affordable(text string) error {
	re, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil // regexp.Compile says it better
	}
	if n := expanded(re); n > maxExpression {
		return fmt.Errorf("this expression has %d parts once its repetitions are written out; the most is %d", n, maxExpression)
	}
	return nil
}

const maxExpression = 10000

// expanded returns about how many parts an expression has, its repetitions written out.
func expanded(re *syntax.Regexp) int {
	n := len(re.Rune) + 1
	for _, s := range re.Sub {
		n += expanded(s)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, 1<<30)
}

package filter

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A tokenKind is what a token is.
type tokenKind uint8

const (
	tokEnd      tokenKind = iota
	tokWord               // a name, a number, an address
	tokString             // value is what it means
	tokChar               // value has one byte
	tokOperator           // text is its one spelling, see operators
	tokPunct              // ( ) { } [ ] , .. # @
)

type token struct {
	kind     tokenKind
	pos, end int
	text     string
	value    string
}

// A lexer cuts a filter into tokens.
type lexer struct {
	text string
	pos  int
}

// symbols are the operators and punctuation that are no words, the longest first.
var symbols = []string{"===", "!==", "==", "!=", ">=", "<=", "&&", "||", "^^", "..",
	">", "<", "!", "~", "&", "+", "-", "*", "/", "%", "(", ")", "{", "}", "[", "]", ",", "#", "@"}

func (l *lexer) fail(pos, end int, format string, args ...any) error {
	return errorAt(l.text, pos, end, format, args...)
}

// next returns the next token.
func (l *lexer) next() (token, error) {
	for l.pos < len(l.text) && strings.IndexByte(" \t\r\n", l.text[l.pos]) >= 0 {
		l.pos++
	}
	start := l.pos
	if start == len(l.text) {
		return token{kind: tokEnd, pos: start, end: start}, nil
	}
	rest := l.text[start:]
	switch c := rest[0]; {
	case c == '"':
		return l.quoted(1, false)
	case (c == 'r' || c == 'R') && len(rest) > 1 && rest[1] == '"':
		return l.quoted(2, true)
	case c == '\'':
		return l.char()
	case isWord(c):
		return l.word(), nil
	}
	for _, s := range symbols {
		if !strings.HasPrefix(rest, s) {
			continue
		}
		l.pos += len(s)
		t := token{kind: tokPunct, pos: start, end: l.pos, text: s}
		if op, ok := operators[s]; ok {
			t.kind, t.text = tokOperator, op
		}
		return t, nil
	}
	r, n := utf8.DecodeRuneInString(rest)
	switch rest[0] {
	case '=':
		return token{}, l.fail(start, start+1, `"=" is no operator; write == to compare`)
	case '|':
		return token{}, l.fail(start, start+1, `"|" is no operator; write || or "or"`)
	case '^':
		return token{}, l.fail(start, start+1, `"^" is no operator; write ^^ or "xor"`)
	case '$':
		return token{}, l.fail(start, start+1, `"${...}" refers to a frame that is selected in a window; there is none here`)
	}
	return token{}, l.fail(start, start+n, "%q has no meaning here; text is written in double quotes", r)
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == ':'
}

func isHex(c byte) bool {
	return 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' || '0' <= c && c <= '9'
}

// word reads a name, a number, an address, a network or bytes. As Wireshark's do, words may hold
// single dots and hyphens, so that a minus needs a blank before it. A slash is part of a word
// only behind an address.
func (l *lexer) word() token {
	start, address := l.pos, true
	i := start
	for ; i < len(l.text); i++ {
		c := l.text[i]
		switch {
		case isWord(c):
		case c == '-':
			if i+1 == len(l.text) || !isWord(l.text[i+1]) {
				goto done
			}
		case c == '.':
			if i+1 == len(l.text) || !isWord(l.text[i+1]) {
				goto done
			}
		case c == '/' && address && strings.ContainsAny(l.text[start:i], ".:") && i+1 < len(l.text) && '0' <= l.text[i+1] && l.text[i+1] <= '9':
			for i++; i < len(l.text) && '0' <= l.text[i] && l.text[i] <= '9'; i++ {
			}
			goto done
		default:
			goto done
		}
		address = address && (isHex(c) || c == '.' || c == ':')
	}
done:
	l.pos = i
	t := token{kind: tokWord, pos: start, end: i, text: l.text[start:i]}
	if op, ok := operators[t.text]; ok {
		t.kind, t.text = tokOperator, op
	}
	return t
}

// quoted reads a string whose opening quote is the last of n bytes.
func (l *lexer) quoted(n int, raw bool) (token, error) {
	start := l.pos
	var b strings.Builder
	for i := start + n; i < len(l.text); {
		switch c := l.text[i]; {
		case c == '"':
			l.pos = i + 1
			return token{kind: tokString, pos: start, end: l.pos, text: l.text[start:l.pos], value: b.String()}, nil
		case c == '\\' && raw && i+1 < len(l.text):
			b.WriteString(l.text[i : i+2])
			i += 2
		case c == '\\' && !raw:
			size, err := l.escape(&b, i)
			if err != nil {
				return token{}, err
			}
			i += size
		default:
			b.WriteByte(c)
			i++
		}
	}
	return token{}, l.fail(start, len(l.text), "the text that begins here has no closing quote")
}

// char reads a character constant, which stands for one byte.
func (l *lexer) char() (token, error) {
	start := l.pos
	var b strings.Builder
	for i := start + 1; i < len(l.text); {
		switch c := l.text[i]; {
		case c == '\'':
			l.pos = i + 1
			if b.Len() != 1 {
				return token{}, l.fail(start, l.pos, "a character constant is one byte, this has %d; write text in double quotes", b.Len())
			}
			return token{kind: tokChar, pos: start, end: l.pos, text: l.text[start:l.pos], value: b.String()}, nil
		case c == '\\':
			size, err := l.escape(&b, i)
			if err != nil {
				return token{}, err
			}
			i += size
		default:
			b.WriteByte(c)
			i++
		}
	}
	return token{}, l.fail(start, len(l.text), "the character that begins here has no closing quote")
}

// escape appends what the escape at byte i means and returns its length.
func (l *lexer) escape(b *strings.Builder, i int) (int, error) {
	if i+1 == len(l.text) {
		return 0, l.fail(i, i+1, "nothing follows the backslash")
	}
	c := l.text[i+1]
	if k := strings.IndexByte(`abfnrtv\"'`, c); k >= 0 {
		b.WriteByte("\a\b\f\n\r\t\v\\\"'"[k])
		return 2, nil
	}
	digits, most, base := i+2, 0, 16
	switch {
	case '0' <= c && c <= '7':
		digits, most, base = i+1, 3, 8
	case c == 'x':
		most = 2
	case c == 'u':
		most = 4
	case c == 'U':
		most = 8
	default:
		_, n := utf8.DecodeRuneInString(l.text[i+1:])
		return 0, l.fail(i, i+1+n, `%s is no escape; write \\ for a backslash, or r"..." for text without escapes`, l.text[i:i+1+n])
	}
	end := digits
	for end < len(l.text) && end < digits+most && isHex(l.text[end]) && (base == 16 || l.text[end] <= '7') {
		end++
	}
	v, err := strconv.ParseUint(l.text[digits:end], base, 32)
	switch {
	case err != nil || most > 3 && end != digits+most:
		return 0, l.fail(i, end, `%s needs %d hexadecimal digits`, l.text[i:i+2], most)
	case most > 3 && !utf8.ValidRune(rune(v)):
		return 0, l.fail(i, end, "%s is no character", l.text[i:end])
	case most > 3:
		b.WriteRune(rune(v))
	case v > 255:
		return 0, l.fail(i, end, "%s is over 255, the greatest byte", l.text[i:end])
	default:
		b.WriteByte(byte(v))
	}
	return end - i, nil
}

package dns

import (
	"errors"
	"fmt"
)

// Limits of a name on the wire. RFC 1035, 2.3.4
const (
	MaxLabel = 63  // octets of a label, without its length
	MaxName  = 255 // octets of a name, with all lengths and the root
)

// What can be wrong with a name.
var (
	ErrLabel   = errors.New("dns: label is empty, over 63 octets or of an unknown type")
	ErrName    = errors.New("dns: name is empty or over 255 octets")
	ErrEscape  = errors.New("dns: backslash is not followed by a character or by three digits up to 255")
	ErrPointer = errors.New("dns: compression pointer does not point back to a name")
	ErrCost    = errors.New("dns: compression pointers cost more steps than a message of this size may")
)

// A Name is a checked view of a domain name inside a message. It comes from [Parse] or from
// [ParseName]; its zero value is the root. It lives as long as the message's buffer.
type Name struct {
	msg []byte
	off int
}

// ParseName reads a name as people write it, "www.example.com" or "www.example.com.", with
// the escapes of RFC 1035, 5.1. It fails with ErrName, ErrLabel or ErrEscape.
//
// "any binary string whatever can be used as the label of any resource record": RFC 2181, 11.
// So underscores, spaces and UTF-8 pass as they are.
func ParseName(text string) (Name, error) {
	b, err := AppendName(nil, text)
	return Name{msg: b}, err
}

// AppendName appends the wire form of a name that people wrote; see [ParseName]. When it
// fails dst comes back as it was.
func AppendName(dst []byte, text string) ([]byte, error) {
	if text == "." {
		return append(dst, 0), nil
	}
	start, label := len(dst), len(dst) // label: where the current label's length goes
	fail := func(err error) ([]byte, error) { return dst[:start], fmt.Errorf("%q: %w", text, err) }
	if text == "" {
		return fail(ErrName)
	}
	dst = append(dst, 0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case '.':
			if len(dst) == label+1 {
				return fail(ErrLabel)
			}
			dst[label] = byte(len(dst) - label - 1)
			label = len(dst)
			dst = append(dst, 0)
			continue
		case '\\':
			v, n := unescape(text[i+1:])
			if n == 0 {
				return fail(ErrEscape)
			}
			c, i = v, i+n
		}
		dst = append(dst, c)
		switch {
		case len(dst)-label-1 > MaxLabel:
			return fail(ErrLabel)
		case len(dst)-start >= MaxName:
			return fail(ErrName)
		}
	}
	if n := len(dst) - label - 1; n > 0 {
		dst[label] = byte(n)
		dst = append(dst, 0)
	}
	return dst, nil
}

// unescape reads what follows a backslash and how many bytes that takes: 0 when it is no
// escape. RFC 1035, 5.1: "\X where X is any character other than a digit", "\DDD where each
// D is a digit is the octet corresponding to the decimal number described by DDD".
func unescape(s string) (c byte, n int) {
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	switch {
	case s == "":
		return 0, 0
	case !digit(s[0]):
		return s[0], 1
	case len(s) < 3 || !digit(s[1]) || !digit(s[2]):
		return 0, 0
	}
	v := int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0')
	if v > 255 {
		return 0, 0
	}
	return byte(v), 3
}

// checkName walks the name at off and returns the offset behind it. Each label and each
// pointer takes one step of the budget, which all names of a message share.
func checkName(b []byte, off int, budget *int) (end int, err error) {
	segment, total := off, 1
	for {
		if *budget--; *budget < 0 {
			return 0, ErrCost
		}
		if off >= len(b) {
			return 0, ErrTruncated
		}
		c := int(b[off])
		switch c & 0xc0 {
		case 0:
			if c == 0 {
				if end == 0 {
					end = off + 1
				}
				return end, nil
			}
			if total += 1 + c; total > MaxName {
				return 0, ErrName
			}
			off += 1 + c
		case 0xc0:
			if off+1 >= len(b) {
				return 0, ErrTruncated
			}
			if end == 0 {
				end = off + 2
			}
			// RFC 1035, 4.1.4: a pointer leads to "a prior occurance of the same name". Prior to
			// the labels that led here: so no two pointers can form a loop.
			p := c&0x3f<<8 | int(b[off+1])
			if p >= segment || p < HeaderLen {
				return 0, ErrPointer
			}
			segment, off = p, p
		default:
			return 0, ErrLabel
		}
	}
}

// label returns the label at off with pointers followed, and the offset behind it. At the
// root the label is empty.
func (n Name) label(off int) (label []byte, next int) {
	for off < len(n.msg) {
		c := int(n.msg[off])
		if c&0xc0 != 0xc0 {
			return n.msg[off+1 : off+1+c], off + 1 + c
		}
		off = c&0x3f<<8 | int(n.msg[off+1])
	}
	return nil, off
}

// IsRoot tells whether n is the root, which has no label.
func (n Name) IsRoot() bool {
	l, _ := n.label(n.off)
	return len(l) == 0
}

// Parent returns n without its first label; the root's parent is the root.
func (n Name) Parent() Name {
	l, next := n.label(n.off)
	if len(l) == 0 {
		return n
	}
	return Name{n.msg, next}
}

// Equal tells whether two names are the same. RFC 4343, 3: ASCII letters match without
// regard to case, every other octet only itself.
func (n Name) Equal(m Name) bool {
	a, i := n.label(n.off)
	b, j := m.label(m.off)
	for {
		if len(a) != len(b) {
			return false
		}
		if len(a) == 0 {
			return true
		}
		for k := range a {
			if lower(a[k]) != lower(b[k]) {
				return false
			}
		}
		a, i = n.label(i)
		b, j = m.label(j)
	}
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// Within tells whether n is zone or below it.
func (n Name) Within(zone Name) bool {
	for {
		switch {
		case n.Equal(zone):
			return true
		case n.IsRoot():
			return false
		}
		n = n.Parent()
	}
}

// AppendWire appends the name without compression.
func (n Name) AppendWire(dst []byte) []byte {
	for l, off := n.label(n.off); len(l) > 0; l, off = n.label(off) {
		dst = append(dst, byte(len(l)))
		dst = append(dst, l...)
	}
	return append(dst, 0)
}

// AppendText appends the name as people write it, without the dot at the end: the root alone
// is ".". A dot or a backslash in a label is escaped as "\.", an octet that is not printable
// ASCII as "\DDD": RFC 1035, 5.1. [ParseName] reads it back.
func (n Name) AppendText(dst []byte) []byte {
	l, off := n.label(n.off)
	if len(l) == 0 {
		return append(dst, '.')
	}
	for {
		dst = appendLabel(dst, l)
		if l, off = n.label(off); len(l) == 0 {
			return dst
		}
		dst = append(dst, '.')
	}
}

func appendLabel(dst, label []byte) []byte {
	for _, c := range label {
		switch {
		case c == '.' || c == '\\':
			dst = append(dst, '\\', c)
		case c <= ' ' || c > '~':
			dst = append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// String returns the name as [Name.AppendText] writes it.
func (n Name) String() string { return string(n.AppendText(make([]byte, 0, 64))) }

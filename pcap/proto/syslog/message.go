package syslog

import (
	"bytes"

	"httptap/stack/field"
)

// maxPriority: RFC 5424, 6.2.1: "Facility values MUST be in the range of 0 to 23 inclusive."
const maxPriority = 23<<3 | 7

func tail(c *field.Context) {
	rest := c.Rest()
	if n := priorityLen(rest); n > 0 {
		i := c.Open(&facility)
		c.AddBytes(&level, n)
		c.Close(i)
		switch p := rest[1 : n-1]; {
		case priority(p) > maxPriority:
			c.Fault(i, tooHigh, 0)
		case len(p) > 1 && p[0] == '0':
			c.Fault(i, zeros, 0)
		}
		rest = rest[n:]
	} else if len(rest) > 0 {
		c.Fault(c.AddBytes(&message, len(rest)), noPriority, 0)
		return
	}
	if len(rest) == 0 {
		return
	}
	group := c.Open(&message)
	if bytes.HasPrefix(rest, []byte("1 ")) {
		words(c, &version, &timestamp, &hostname, &appname, &procid)
	} else if n := oldTimeLen(rest); n > 0 {
		c.AddBytes(&oldTime, n)
		if gap(c) && words(c, &hostname) {
			if n := bytes.IndexByte(c.Rest(), ' '); n > 0 {
				c.AddBytes(&procid, n)
			}
		}
	}
	if n := len(c.Rest()); n > 0 && c.Pos() > int(c.Spans[group].Bit)/8 {
		c.AddBytes(&msgid, n)
	}
	if c.Close(group); c.Spans[group].Len == 0 { // a text of no known form is one leaf
		c.Spans = c.Spans[:group]
		c.AddBytes(&message, len(rest))
	}
}

// priorityLen returns how long "<34>" is, 0 when it is none.
func priorityLen(b []byte) int {
	if len(b) < 3 || b[0] != '<' {
		return 0
	}
	for i := 1; i < len(b) && i <= 4; i++ {
		switch c := b[i]; {
		case c == '>' && i > 1:
			return i + 1
		case c < '0' || c > '9':
			return 0
		}
	}
	return 0
}

// words adds fields with a space behind each, as far as there are any, and tells whether all were there and
// more is behind them.
func words(c *field.Context, specs ...*field.Spec) bool {
	for _, s := range specs {
		n := bytes.IndexByte(c.Rest(), ' ')
		if n <= 0 {
			return false
		}
		if c.AddBytes(s, n); !gap(c) {
			return false
		}
	}
	return true
}

// gap adds the space, and tells whether there was one and something is behind it.
func gap(c *field.Context) bool {
	if rest := c.Rest(); len(rest) == 0 || rest[0] != ' ' {
		return false
	}
	c.AddBytes(&space, 1)
	return len(c.Rest()) > 0
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"

// oldTimeLen returns how long a time such as "Oct 11 22:14:15" is: RFC 3164, 4.1.2, "Mmm dd hh:mm:ss"; 0 when
// there is none.
func oldTimeLen(b []byte) int {
	const form = "Mmm dd hh:mm:ss"
	if len(b) < len(form) || bytes.IndexByte(b[:3], ' ') >= 0 || !bytes.Contains([]byte(months), b[:3]) {
		return 0
	}
	for i, f := range []byte(form[3:]) {
		switch c := b[3+i]; f {
		case ' ', ':':
			if c != f {
				return 0
			}
		default:
			if (c < '0' || c > '9') && !(c == ' ' && i == 1) {
				return 0
			}
		}
	}
	return len(form)
}

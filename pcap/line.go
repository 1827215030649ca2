package pcap

import (
	"strconv"
	"strings"

	"httptap/stack/field"
	"httptap/stack/link"
)

// DefaultClasses are the fields that the annotated line shows unless told otherwise.
var DefaultClasses = ClassSet(field.Address, field.Port, field.Operation, field.Flags, field.Name, field.Timestamp)

// Classes is a set of field classes.
type Classes uint32

// ClassSet returns the set of the given classes.
func ClassSet(classes ...field.Class) (s Classes) {
	for _, c := range classes {
		s |= 1 << c
	}
	return s
}

// Has tells whether c is in the set.
func (s Classes) Has(c field.Class) bool { return s>>c&1 != 0 }

// Us are the addresses that print as "us".
type Us struct {
	HW  []link.Addr
	IP  [][4]byte
	IP6 [][16]byte
}

// isUs tells whether the span's value is one of our addresses.
func (u *Us) isUs(s *field.Span, frame []byte) bool {
	if u == nil || s.Bit&7 != 0 {
		return false
	}
	switch b := s.Bytes(frame); {
	case s.Spec.Kind == field.MAC && len(b) == 6:
		for _, a := range u.HW {
			if a == link.Addr(b) {
				return true
			}
		}
	case s.Spec.Kind == field.IPv4 && len(b) == 4:
		for _, a := range u.IP {
			if a == [4]byte(b) {
				return true
			}
		}
	case s.Spec.Kind == field.IPv6 && len(b) == 16:
		for _, a := range u.IP6 {
			if a == [16]byte(b) {
				return true
			}
		}
	}
	return false
}

// LineOptions choose what the annotated line shows.
type LineOptions struct {
	Classes Classes  // 0: DefaultClasses
	Us      *Us      // nil: nobody is us
	Colours *Palette // nil: none
}

// AppendLine appends the spans of frame as one line, without its end: each layer with its
// length and its fields of the chosen classes, layers apart by " | ".
//
//	[Ethernet len=14; destination=ff:ff:ff:ff:ff:ff; source=us | ARP len=28; opcode=request (1)]
//
// A field of one word is written as it is, one of several in parentheses. A field that is
// wrong is shown whatever its class, with the cause behind an exclamation mark.
func AppendLine(dst []byte, frame []byte, spans []field.Span, o LineOptions) []byte {
	if o.Classes == 0 {
		o.Classes = DefaultClasses
	}
	dst = append(dst, '[')
	layer := 0
	for i := 0; i < len(spans); i++ {
		s := &spans[i]
		if s.Depth == 0 {
			if i > 0 {
				dst = append(dst, " | "...)
			}
			layer = int(s.Bit / 8)
			dst = appendLayer(dst, s, o.Colours)
			dst = appendFault(dst, s, o.Colours)
			continue
		}
		if s.Err == nil && (s.Spec.Kind == field.Group || !o.Classes.Has(s.Spec.Class)) {
			continue
		}
		dst = append(dst, "; "...)
		dst = appendLabel(dst, s.Spec.Label)
		if s.Spec.Kind != field.Group && !saysValue(frame, spans, i) {
			dst = o.Colours.class(append(dst, '='), s.Spec.Class)
			switch {
			case o.Us.isUs(s, frame):
				dst = append(dst, "us"...)
			case s.Spec.Class == field.Flags && !field.IsLeaf(spans, i):
				dst = appendFlags(dst, frame, spans, i, layer)
			default:
				dst = s.AppendText(dst, frame, layer)
			}
			dst = o.Colours.end(dst)
		}
		if s.Err != nil {
			dst = appendFault(dst, s, o.Colours)
		}
		if s.Spec.Class == field.Flags {
			// The flags' names say what the bits below would repeat.
			for i+1 < len(spans) && spans[i+1].Depth > s.Depth && spans[i+1].Err == nil {
				i++
			}
		}
	}
	return append(dst, ']')
}

// appendLayer appends a layer's title and length. Bytes between the layers have no title.
func appendLayer(dst []byte, s *field.Span, c *Palette) []byte {
	dst = c.layer(dst)
	if s.Spec.Kind == field.Layer {
		dst = append(dst, short(s.Spec)...)
	} else {
		dst = append(dst, s.Spec.Name...)
	}
	dst = append(c.end(dst), " len="...)
	return strconv.AppendInt(dst, int64(s.Len/8), 10)
}

// appendLabel appends a label as the line writes it: one word in lower case, but for
// abbreviations; several words in parentheses.
func appendLabel(dst []byte, label string) []byte {
	if strings.IndexByte(label, ' ') >= 0 {
		return append(append(append(dst, '('), label...), ')')
	}
	n := len(dst)
	dst = append(dst, label...)
	for i, c := range dst[n:] {
		if i > 0 && 'A' <= c && c <= 'Z' {
			return dst
		}
	}
	if n < len(dst) && 'A' <= dst[n] && dst[n] <= 'Z' {
		dst[n] += 'a' - 'A'
	}
	return dst
}

// appendFlags appends the names of the flags that are set. A flag word without named flags is shown in hex.
func appendFlags(dst []byte, frame []byte, spans []field.Span, i, layer int) []byte {
	n := len(dst)
	dst, named := appendFlagNames(dst, frame, spans, i)
	switch {
	case !named:
		return spans[i].AppendText(dst, frame, layer)
	case len(dst) == n:
		return append(dst, "none"...)
	}
	return dst
}

// appendFlagNames appends the names of the one-bit fields below spans[i] that are set, the lowest
// bit first, as people say them: "SYN,ACK". It tells whether there are such fields.
func appendFlagNames(dst []byte, frame []byte, spans []field.Span, i int) (_ []byte, named bool) {
	n := len(dst)
	last := i
	for last+1 < len(spans) && spans[last+1].Depth > spans[i].Depth {
		last++
	}
	for k := last; k > i; k-- {
		s := &spans[k]
		if s.Spec.Kind != field.Flag {
			continue
		}
		if named = true; s.Uint(frame) != 0 {
			if len(dst) > n {
				dst = append(dst, ',')
			}
			dst = append(dst, short(s.Spec)...)
		}
	}
	return dst, named
}

// short returns what the annotated line calls a layer, or a flag that is set.
func short(s *field.Spec) string {
	if s.Short != "" {
		return s.Short
	}
	return s.Label
}

// appendFault appends what is wrong with a span.
func appendFault(dst []byte, s *field.Span, c *Palette) []byte {
	if s.Err == nil {
		return dst
	}
	return c.end(appendCause(append(c.fault(append(dst, ' ')), '!'), s))
}

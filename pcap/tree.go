package pcap

import (
	"strconv"
	"strings"
	"time"

	"httptap/pcap/fact"
	"httptap/stack/field"
)

// TreeOptions choose how a tree or a dump looks.
type TreeOptions struct {
	Us      *Us      // nil: nobody is us
	Colours *Palette // nil: none
}

// shownBytes is how many bytes of a payload a tree shows. A dump shows them all.
const shownBytes = 32

// maxDepth is how deep fields can lie: what is deeper is shown as deep as that.
const maxDepth = 16

// AppendTree appends a line for the frame, unless m is nil, and one for each field, below the one that it is
// part of; a field of some bits shows which of its bytes they are, and what is wrong stands below in brackets.
//
//	Frame 1: 54 bytes on wire, 54 bytes captured
//	    Arrival Time: 2026-02-03T04:05:06.123456Z
//	Ethernet II, Src: us, Dst: 02:00:00:00:00:02
//	    Destination: 02:00:00:00:00:02
//	    ...
//	Internet Protocol Version 4, Src: us, Dst: 192.0.2.2
//	    0100 .... = Version: 4
//	    Header Checksum: 0xb6cc
//	        [Error: the checksum is wrong: should be 0xb6cd]
func AppendTree(dst []byte, m *Meta, frame []byte, spans []field.Span, o TreeOptions) []byte {
	if m == nil {
		return appendSpans(dst, nil, -1, frame, spans, o)
	}
	dst = appendFrameTree(dst, m, frame, o.Colours)
	dst = appendSpans(dst, m.Facts, -1, frame, spans, o)
	return appendMessages(dst, m, o)
}

// appendSpans appends the tree of a frame's spans, or of those of its message with this number, and what was
// found of each layer behind its fields.
func appendSpans(dst []byte, facts []fact.Fact, message int, frame []byte, spans []field.Span, o TreeOptions) []byte {
	var parents [maxDepth + 1]int
	layer, root := 0, -1
	for i := range spans {
		s := &spans[i]
		depth := min(int(s.Depth), maxDepth)
		parents[depth] = i
		if depth == 0 {
			if len(facts) > 0 && root >= 0 {
				dst = appendFactLines(dst, facts, message, root, 1, o.Colours)
			}
			layer, root = int(s.Bit/8), i
			dst = appendRoot(dst, frame, spans, i, o)
		} else {
			dst = indent(dst, depth)
			dst = appendBits(dst, frame, spans, i, parents[depth-1])
			dst = appendNamed(dst, frame, spans, i, layer, o)
		}
		dst = append(dst, '\n')
		if s.Err != nil {
			dst = indent(dst, depth+1)
			dst = appendFaultBox(dst, s, o.Colours)
		}
	}
	if len(facts) > 0 && root >= 0 {
		dst = appendFactLines(dst, facts, message, root, 1, o.Colours)
	}
	return dst
}

func indent(dst []byte, depth int) []byte {
	for range depth {
		dst = append(dst, "    "...)
	}
	return dst
}

// appendFrameTree appends what is known of the frame itself.
func appendFrameTree(dst []byte, m *Meta, frame []byte, c *Palette) []byte {
	dst = append(c.layer(dst), "Frame"...)
	if m.Number > 0 {
		dst = strconv.AppendUint(append(dst, ' '), m.Number, 10)
	}
	dst = append(c.end(dst), ": "...)
	dst = strconv.AppendInt(dst, int64(m.wire(frame)), 10)
	dst = append(dst, " bytes on wire, "...)
	dst = strconv.AppendInt(dst, int64(len(frame)), 10)
	dst = append(dst, " bytes captured\n"...)
	if m.Interface != "" {
		dst = append(AppendClean(append(dst, "    Interface: "...), m.Interface), '\n')
	}
	if m.Direction != "" {
		dst = append(append(append(dst, "    Direction: "...), m.Direction...), '\n')
	}
	if !m.Time.IsZero() {
		dst = m.appendUTC(append(dst, "    Arrival Time: "...))
		dst = AppendSeconds(append(dst, "\n    Time since the first frame: "...), m.Relative, m.digits())
		dst = append(dst, " seconds\n"...)
	}
	for _, text := range m.Comments {
		dst = append(AppendClean(append(dst, "    Comment: "...), text), '\n')
	}
	return appendFactLines(dst, m.Facts, -1, -1, 1, c)
}

// appendUTC appends the time as RFC 3339 has it, with the decimals that it has.
func (m *Meta) appendUTC(dst []byte) []byte {
	t := m.Time.UTC()
	dst = t.AppendFormat(dst, time.RFC3339) // the layout that package time is quick with
	return append(appendFraction(dst[:len(dst)-len("Z")], uint64(t.Nanosecond()), m.digits()), 'Z')
}

// appendRoot appends the line of a layer, or of bytes between the layers.
func appendRoot(dst, frame []byte, spans []field.Span, i int, o TreeOptions) []byte {
	s := &spans[i]
	dst = append(o.Colours.layer(dst), s.Spec.Label...)
	dst = o.Colours.end(dst)
	if s.Spec.Kind != field.Layer {
		dst = appendLength(append(dst, ": "...), int(s.Len/8), o.Colours)
		if s.Len > 0 {
			dst = appendColoured(append(dst, ": "...), frame, spans, i, int(s.Bit/8), o)
		}
		return dst
	}
	src, dest := 0, 0
	for k := i + 1; k < len(spans) && spans[k].Depth > 0 && (src == 0 || dest == 0); k++ {
		switch r := RoleOf(spans[k].Spec); {
		case src == 0 && (r == SrcAddr || r == SrcPort):
			src = k
		case dest == 0 && (r == DstAddr || r == DstPort):
			dest = k
		}
	}
	if src > 0 {
		dst = appendColoured(append(dst, ", Src: "...), frame, spans, src, int(s.Bit/8), o)
	}
	if dest > 0 {
		dst = appendColoured(append(dst, ", Dst: "...), frame, spans, dest, int(s.Bit/8), o)
	}
	return dst
}

// appendNamed appends what a field is: its label and its value, or a group's length.
func appendNamed(dst, frame []byte, spans []field.Span, i, layer int, o TreeOptions) []byte {
	s := &spans[i]
	dst = append(dst, s.Spec.Label...)
	if s.Spec.Kind != field.Group && !saysValue(frame, spans, i) {
		return appendColoured(append(dst, ": "...), frame, spans, i, layer, o)
	}
	if s.Len%8 == 0 {
		dst = appendLength(append(dst, ", "...), int(s.Len/8), o.Colours)
	}
	return dst
}

// saysValue tells whether the label of a group that begins with a number says which: "Option: (53) DHCP
// Message Type".
func saysValue(frame []byte, spans []field.Span, i int) bool {
	s := &spans[i]
	if s.Spec.Bits == 0 || field.IsLeaf(spans, i) {
		return false
	}
	name := s.ValueName(frame)
	return name != "" && strings.HasSuffix(s.Spec.Label, name)
}

func appendLength(dst []byte, n int, c *Palette) []byte {
	dst = strconv.AppendInt(c.quiet(dst), int64(n), 10)
	if n == 1 {
		return c.end(append(dst, " byte"...))
	}
	return c.end(append(dst, " bytes"...))
}

// appendColoured appends a value in its class's colour.
func appendColoured(dst, frame []byte, spans []field.Span, i, layer int, o TreeOptions) []byte {
	s := &spans[i]
	dst = o.Colours.class(dst, s.Spec.Class)
	switch s.Spec.Kind {
	case field.Payload, field.Padding, field.Bytes:
		if s.Len > 8*shownBytes && s.Bit%8 == 0 {
			dst = field.AppendHex(dst, s.Bytes(frame)[:shownBytes])
			return o.Colours.end(append(dst, "…"...))
		}
	}
	if o.Us.isUs(s, frame) {
		return o.Colours.end(append(dst, "us"...))
	}
	dst = s.AppendText(dst, frame, layer)
	if s.Spec.Class == field.Flags && !field.IsLeaf(spans, i) {
		n := len(dst)
		if dst, _ = appendFlagNames(append(dst, " ("...), frame, spans, i); len(dst) == n+2 {
			dst = dst[:n]
		} else {
			dst = append(dst, ')')
		}
	}
	return o.Colours.end(dst)
}

// appendBits appends which bits of its bytes a field has, and their values: "0100 .... = ". The bytes are
// those of the field that it is part of, when these are four at most.
func appendBits(dst, frame []byte, spans []field.Span, i, parent int) []byte {
	s := &spans[i]
	if s.Bit%8 == 0 && s.Len%8 == 0 {
		return dst
	}
	first, last := int(s.Bit)/8, (s.End()+7)/8
	if p := spans[parent]; p.Depth > 0 && p.Len <= 32 {
		first, last = min(first, int(p.Bit)/8), max(last, (p.End()+7)/8)
	}
	if last-first > 4 || last > len(frame) {
		return dst
	}
	const none = ".... .... .... .... .... .... .... .... "
	at := len(dst)
	dst = append(dst, none[:10*(last-first)]...)
	for bit := int(s.Bit); bit < s.End(); bit++ {
		k := bit - 8*first
		dst[at+k+k/4] = '0' + frame[bit/8]>>(7-bit%8)&1
	}
	return append(dst, "= "...)
}

// appendFaultBox appends what is wrong with a field, on a line.
func appendFaultBox(dst []byte, s *field.Span, c *Palette) []byte {
	dst = append(c.fault(dst), '[')
	dst = append(dst, severityNames[s.Err.Severity]...)
	dst = append(dst, ": "...)
	dst = appendCause(dst, s)
	return append(c.end(append(dst, ']')), '\n')
}

var severityNames = [...]string{"Fault", "Note", "Warning", "Error"}

// appendCause appends what is wrong, and what would be right.
func appendCause(dst []byte, s *field.Span) []byte {
	dst = append(dst, s.Err.Label...)
	if s.Err.WithWant {
		dst = append(dst, ": should be 0x"...)
		for shift := 12; shift >= 0; shift -= 4 {
			dst = append(dst, hexDigits[s.Want>>shift&15])
		}
	}
	return dst
}

package pcap

import (
	"strconv"
	"strings"

	"httptap/pcap/fact"
	"httptap/stack/field"
)

// appendFactLines appends what was found of a layer, or of the frame with layer -1: a line each, in brackets, as
// it lies in no bytes.
func appendFactLines(dst []byte, facts []fact.Fact, message, layer, depth int, c *Palette) []byte {
	for i := range facts {
		if f := &facts[i]; int(f.Layer) == layer && int(f.Message) == message {
			dst = append(appendFact(append(indent(dst, depth), '['), f, c), "]\n"...)
		}
	}
	return dst
}

// appendFact appends a label and a value.
func appendFact(dst []byte, f *fact.Fact, c *Palette) []byte {
	if f.Spec.Severity > field.Note {
		dst = c.fault(dst)
	}
	dst = append(dst, f.Spec.Label...)
	if f.Spec.Severity > field.Note {
		dst = c.end(dst)
	}
	if f.Spec.Type == fact.Present {
		return dst
	}
	dst = append(dst, ": "...)
	if f.Spec.Type == fact.Bytes && len(f.B) > shownBytes {
		return append(field.AppendHex(dst, f.B[:shownBytes]), "…"...)
	}
	return f.AppendText(dst)
}

// appendMessages appends the trees of what a frame completes.
//
//	Reassembled TCP Segments: 2 parts, 1460 bytes: frame 4 (1000 bytes), frame 6 (460 bytes)
func appendMessages(dst []byte, m *Meta, o TreeOptions) []byte {
	for i := range m.Messages {
		g := &m.Messages[i]
		dst = append(o.Colours.layer(dst), g.Of.Pieces.Label...)
		dst = append(o.Colours.end(dst), ": "...)
		dst = appendLength(dst, len(g.Data), o.Colours)
		if g.Wire > len(g.Data) {
			dst = strconv.AppendInt(append(dst, " of "...), int64(g.Wire), 10)
		}
		for k, p := range g.Parts {
			if k == shownParts {
				dst = append(strconv.AppendInt(append(dst, ", and "...), int64(len(g.Parts)-k), 10), " more"...)
				break
			}
			sep := ", frame "
			if k == 0 {
				sep = ": frame "
			}
			dst = strconv.AppendUint(append(dst, sep...), p.Frame, 10)
			dst = append(appendLength(append(dst, " ("...), p.Len, o.Colours), ')')
		}
		dst = append(dst, '\n')
		dst = appendSpans(dst, m.Facts, i, g.Data, g.Spans, o)
	}
	return dst
}

// shownParts is how many parts of a message a tree names.
const shownParts = 16

// AppendRemarks appends what is worth a remark of what was found of a frame, in brackets: "[TCP retransmission]".
// Each has a blank behind it.
func AppendRemarks(dst []byte, m *Meta, c *Palette) []byte {
	for i := range m.Facts {
		f := &m.Facts[i]
		if f.Spec.Severity == 0 {
			continue
		}
		dst = append(c.fault(dst), '[')
		if f.Spec.Layer != "" {
			for k := range len(f.Spec.Layer) {
				dst = append(dst, upper(f.Spec.Layer[k]))
			}
			dst = append(dst, ' ')
		}
		name := f.Spec.Name[strings.LastIndexByte(f.Spec.Name, '.')+1:]
		for k := range len(name) {
			if name[k] == '_' {
				dst = append(dst, ' ')
			} else {
				dst = append(dst, name[k])
			}
		}
		dst = append(c.end(append(dst, ']')), ' ')
	}
	return dst
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

// appendFactsJSON appends the keys "facts" and "messages", where there are any.
func appendFactsJSON(dst []byte, m *Meta) []byte {
	if len(m.Facts) > 0 {
		dst = append(dst, `,"facts":[`...)
		for i := range m.Facts {
			f := &m.Facts[i]
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(append(dst, `{"name":"`...), f.Spec.Name...), '"')
			dst = appendString(append(dst, `,"label":`...), f.Spec.Label)
			switch f.Spec.Type {
			case fact.Present:
			case fact.Text:
				dst = appendString(append(dst, `,"value":`...), f.B)
			case fact.Bytes:
				dst = append(field.AppendHex(append(dst, `,"value":"`...), f.B), '"')
			default:
				dst = f.AppendValue(append(dst, `,"value":`...))
			}
			if f.Spec.Severity > 0 {
				dst = append(append(append(dst, `,"severity":"`...), f.Spec.Severity.String()...), '"')
			}
			if f.Message >= 0 {
				dst = strconv.AppendInt(append(dst, `,"message":`...), int64(f.Message), 10)
			}
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	if len(m.Messages) > 0 {
		dst = append(dst, `,"messages":[`...)
		for i := range m.Messages {
			g := &m.Messages[i]
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(append(dst, `{"of":"`...), g.Of.Pieces.Layer...), '"')
			dst = strconv.AppendInt(append(dst, `,"wire":`...), int64(g.Wire), 10)
			dst = append(dst, `,"parts":[`...)
			for k, p := range g.Parts {
				if k > 0 {
					dst = append(dst, ',')
				}
				dst = strconv.AppendUint(append(dst, `{"frame":`...), p.Frame, 10)
				dst = strconv.AppendInt(append(dst, `,"at":`...), int64(p.At), 10)
				dst = append(strconv.AppendInt(append(dst, `,"length":`...), int64(p.Len), 10), '}')
			}
			dst = field.AppendHex(append(dst, `],"bytes":"`...), g.Data)
			dst = appendLayers(append(dst, `","layers":`...), g.Data, g.Spans)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	return dst
}

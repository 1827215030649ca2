package dump

import (
	"strconv"

	"httptap/pcap"
	"httptap/pcap/fact"
)

// A Style is what is printed of a frame.
type Style uint8

// The styles.
const (
	Line    Style = iota // the annotated line
	Summary              // columns
	Tree                 // a line a field
	JSON                 // an object on a line, in an array
	Fields               // the values of some fields
	None                 // nothing but a dump
)

// Print says how frames are printed.
type Print struct {
	Style   Style
	Hex     bool // an annotated dump behind it
	Classes pcap.Classes
	Us      *pcap.Us
	Clock   Clock
	Colours *pcap.Palette // nil: none
	Fields  FieldOptions
}

// A printer appends frames to the output.
type printer struct {
	Print
	clock   *clock
	summary pcap.Summary
	tree    pcap.TreeOptions
	line    pcap.LineOptions
	columns *columns
	n       uint64
}

func newPrinter(p Print) *printer {
	r := &printer{Print: p, clock: newClock(p.Clock)}
	r.summary = pcap.Summary{Us: p.Us, Colours: p.Colours, Time: r.clock.append}
	r.tree = pcap.TreeOptions{Us: p.Us, Colours: p.Colours}
	r.line = pcap.LineOptions{Classes: p.Classes, Us: p.Us, Colours: p.Colours}
	if p.Style == Fields {
		r.columns = newColumns(p.Fields)
	}
	return r
}

// begin appends what stands before the first frame.
func (p *printer) begin(dst []byte) []byte {
	switch p.Style {
	case JSON:
		return append(dst, '[')
	case Fields:
		return p.columns.header(dst)
	}
	return dst
}

// end appends what stands behind the last frame.
func (p *printer) end(dst []byte) []byte {
	if p.Style == JSON {
		return append(dst, "\n]\n"...)
	}
	return dst
}

// frame appends a frame.
func (p *printer) frame(dst []byte, d *dump) []byte {
	m, data := &d.meta, d.rec.Packet.Data
	p.n++
	if (p.Style == Tree || p.Hex) && p.n > 1 {
		dst = append(dst, '\n')
	}
	switch p.Style {
	case Line:
		dst = p.appendLine(dst, d)
	case Summary:
		dst = append(p.comments(p.summary.Append(dst, m, data, d.spans), m), '\n')
	case Tree:
		dst = pcap.AppendTree(dst, m, data, d.spans, p.tree)
	case JSON:
		if p.n > 1 {
			dst = append(dst, ',')
		}
		dst = pcap.AppendJSON(append(dst, '\n'), m, data, d.spans)
	case Fields:
		dst = p.columns.append(dst, d)
	}
	if p.Hex {
		dst = pcap.AppendHex(dst, data, d.spans, p.tree)
	}
	p.clock.displayed = m.Time
	return dst
}

// appendLine appends the annotated line: number, time, which way the frame went, its length, its layers, and what
// the capture says of it.
func (p *printer) appendLine(dst []byte, d *dump) []byte {
	m := &d.meta
	dst = appendRight(dst, m.Number, 5)
	dst = p.clock.append(append(dst, ' '), m)
	dst = append(dst, ' ')
	if m.Direction != "" {
		for n := len(m.Direction); n < 3; n++ {
			dst = append(dst, ' ')
		}
		dst = append(append(dst, m.Direction...), ' ')
	}
	dst = append(appendRight(dst, uint64(m.Wire), 4), ' ')
	dst = pcap.AppendLine(dst, d.rec.Packet.Data, d.spans, p.line)
	if len(m.Facts) > 0 {
		dst = p.found(append(dst, ' '), m)
	}
	return append(p.comments(dst, m), '\n')
}

// found appends what comparing frames told: remarks, how long a response took, and the messages that the frame
// completes.
func (p *printer) found(dst []byte, m *pcap.Meta) []byte {
	dst = pcap.AppendRemarks(dst, m, p.Colours)
	for i := range m.Facts {
		if f := &m.Facts[i]; f.Spec.Type == fact.Duration && fact.IsResponseTime(f.Spec) {
			dst = append(append(append(dst, '['), f.Spec.Name...), '=')
			dst = append(f.AppendValue(dst), "s] "...)
		}
	}
	for i := range m.Messages {
		g := &m.Messages[i]
		dst = strconv.AppendInt(append(append(dst, g.Of.Pieces.Label...), " of "...), int64(len(g.Parts)), 10)
		dst = append(pcap.AppendLine(append(dst, " frames "...), g.Data, g.Spans, p.line), ' ')
	}
	return dst[:len(dst)-1]
}

// comments appends what the capture says of a frame.
func (p *printer) comments(dst []byte, m *pcap.Meta) []byte {
	for i, c := range m.Comments {
		if i == 0 {
			dst = append(dst, " ("...)
		} else {
			dst = append(dst, "; "...)
		}
		dst = pcap.AppendClean(dst, c)
	}
	if len(m.Comments) > 0 {
		dst = append(dst, ')')
	}
	return dst
}

// appendRight appends a number, pushed to the right in a width.
func appendRight(dst []byte, v uint64, width int) []byte {
	for n := digits(v); n < width; n++ {
		dst = append(dst, ' ')
	}
	return strconv.AppendUint(dst, v, 10)
}

func digits(v uint64) int {
	n := 1
	for ; v >= 10; v /= 10 {
		n++
	}
	return n
}

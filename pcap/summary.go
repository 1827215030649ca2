package pcap

import (
	"strconv"
	"unicode/utf8"

	"httptap/stack/field"
)

// A Column is one of a summary.
type Column uint8

// The columns.
const (
	ColNumber Column = iota
	ColTime
	ColSource
	ColDestination
	ColProtocol
	ColLength
	ColInfo
	NumColumns
)

var columnNames = [NumColumns]string{"No.", "Time", "Source", "Destination", "Protocol", "Length", "Info"}

// String returns the column's name, as Wireshark has it.
func (c Column) String() string {
	if c < NumColumns {
		return columnNames[c]
	}
	return "unknown column"
}

// columnWidths are what a column takes at least, in characters; negative: it is pushed to the right.
var columnWidths = [NumColumns]int{-5, -11, -15, 15, 8, -5, 0}

// A Summary appends what is most to be known of a frame in a line of columns. It must not be used by two
// goroutines at once.
type Summary struct {
	Us      *Us      // nil: nobody is us
	Colours *Palette // nil: none
	// Time appends the time of a frame, in the form that is wanted. nil: seconds since the first frame.
	Time func(dst []byte, m *Meta) []byte
}

// Append appends the columns of a frame, each padded to a width, without the line's end.
//
//	1   0.000000       192.0.2.1 → 192.0.2.2       TCP         54 50000 → 80 [SYN]
func (s *Summary) Append(dst []byte, m *Meta, frame []byte, spans []field.Span) []byte {
	d := digest(spans)
	for c := range NumColumns {
		switch {
		case c == ColDestination:
			dst = append(dst, " → "...)
		case c > 0:
			dst = append(dst, ' ')
		}
		start := len(dst)
		dst = s.column(dst, c, m, frame, spans, &d)
		width := columnWidths[c]
		if missing := max(width, -width) - runes(dst[start:]); missing > 0 {
			for range missing {
				dst = append(dst, ' ')
			}
			if width < 0 {
				copy(dst[start+missing:], dst[start:len(dst)-missing])
				for i := range missing {
					dst[start+i] = ' '
				}
			}
		}
		if s.Colours != nil {
			dst = s.paint(dst, start, c)
		}
	}
	return dst
}

// runes counts characters. utf8.RuneCount allocates.
func runes(b []byte) (n int) {
	for _, c := range b {
		if utf8.RuneStart(c) {
			n++
		}
	}
	return n
}

// AppendColumn appends one column, as it is.
func (s *Summary) AppendColumn(dst []byte, c Column, m *Meta, frame []byte, spans []field.Span) []byte {
	d := digest(spans)
	return s.column(dst, c, m, frame, spans, &d)
}

// paint puts a colour around what was appended from start on.
func (s *Summary) paint(dst []byte, start int, c Column) []byte {
	begin := ""
	switch c {
	case ColNumber, ColTime, ColLength:
		begin = s.Colours.Quiet
	case ColSource, ColDestination:
		begin = s.Colours.Classes[field.Address]
	case ColProtocol:
		begin = s.Colours.Layer
	}
	if begin == "" {
		return dst
	}
	n := len(dst)
	dst = append(dst, begin...)
	copy(dst[start+len(begin):], dst[start:n])
	copy(dst[start:], begin)
	return append(dst, colourEnd...)
}

// A gist is which spans a summary is made of; -1 where there is none.
type gist struct {
	src, dst         int // addresses of the innermost layer that has any
	srcPort, dstPort int // of the last layer
	last             int // the root of the last layer that is the frame's own
	end              int // behind its fields
	lastBit, behind  int // where its header ends, and how many bytes it carries
}

// digest finds the spans that a summary is made of.
func digest(spans []field.Span) gist {
	d := gist{-1, -1, -1, -1, -1, 0, 0, 0}
	quoting := false
	for i := range spans {
		s := &spans[i]
		if s.Depth == 0 {
			if s.Spec.Kind == field.Layer {
				if quoting {
					break
				}
				d.last, d.lastBit, d.behind = i, s.End(), 0
				d.srcPort, d.dstPort = -1, -1
				quoting = carriesQuote[s.Spec.Name]
			} else if s.Spec == &field.Data {
				d.behind = int(s.Len / 8)
			}
			d.end = i + 1
			continue
		}
		d.end = i + 1
		if s.Spec.Class != field.Address && s.Spec.Class != field.Port || s.Len < int32(s.Spec.Bits) {
			continue
		}
		switch RoleOf(s.Spec) {
		case SrcAddr:
			d.src = i
		case DstAddr:
			d.dst = i
		case SrcPort:
			d.srcPort = i
		case DstPort:
			d.dstPort = i
		}
	}
	return d
}

func (s *Summary) column(dst []byte, c Column, m *Meta, frame []byte, spans []field.Span, d *gist) []byte {
	if n := len(m.Messages); n > 0 && (c == ColProtocol || c == ColInfo) {
		// What a frame completes says more than its own last piece.
		if g := &m.Messages[n-1]; len(g.Spans) > 0 && g.Spans[0].Spec.Kind == field.Layer {
			of := digest(g.Spans)
			frame, spans, d = g.Data, g.Spans, &of
		}
	}
	switch c {
	case ColNumber:
		if m.Number > 0 {
			dst = strconv.AppendUint(dst, m.Number, 10)
		}
	case ColTime:
		switch {
		case s.Time != nil:
			dst = s.Time(dst, m)
		case !m.Time.IsZero():
			dst = AppendSeconds(dst, m.Relative, m.digits())
		}
	case ColSource:
		dst = s.value(dst, frame, spans, d.src)
	case ColDestination:
		dst = s.value(dst, frame, spans, d.dst)
	case ColProtocol:
		if d.last >= 0 {
			return append(dst, shortNames[spans[d.last].Spec]...)
		}
		dst = append(dst, "data"...)
	case ColLength:
		dst = strconv.AppendInt(dst, int64(m.wire(frame)), 10)
	case ColInfo:
		dst = s.info(AppendRemarks(dst, m, s.Colours), frame, spans, d)
	}
	return dst
}

func (s *Summary) value(dst, frame []byte, spans []field.Span, i int) []byte {
	if i < 0 {
		return dst
	}
	if s.Us.isUs(&spans[i], frame) {
		return append(dst, "us"...)
	}
	return spans[i].AppendValue(dst, frame, 0)
}

// saying appends what an operation or a name says: its value alone, where that is a word.
func (s *Summary) saying(dst, frame []byte, spans []field.Span, i, layer int) []byte {
	p := &spans[i]
	if name := p.ValueName(frame); name != "" {
		return append(append(dst, ' '), name...)
	}
	before := len(dst)
	dst = append(dst, ' ')
	switch p.Spec.Kind {
	case field.Text, field.Custom:
	default:
		dst = append(appendLabel(dst, p.Spec.Label), '=')
	}
	at := len(dst)
	dst = s.text(dst, frame, spans, i, layer)
	if n := len(dst); n-at >= 2 && dst[at] == '"' && quoteEnd(dst[at:]) == n-1-at {
		dst = append(dst[:at], dst[at+1:n-1]...)
	}
	if len(dst) == at {
		return dst[:before] // a name that is empty
	}
	return dst
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// text appends a value for people.
func (s *Summary) text(dst, frame []byte, spans []field.Span, i, layer int) []byte {
	if s.Us.isUs(&spans[i], frame) {
		return append(dst, "us"...)
	}
	return spans[i].AppendText(dst, frame, layer)
}

// maxInfo is where the info of a frame ends: a message may have thousands of names.
const maxInfo = 160

// info appends what the last layer is about: its ports, its operations and flags, its names, how much it
// carries; and what is wrong anywhere.
func (s *Summary) info(dst, frame []byte, spans []field.Span, d *gist) []byte {
	start := len(dst)
	if d.srcPort >= 0 && d.dstPort >= 0 {
		dst = spans[d.srcPort].AppendValue(dst, frame, 0)
		dst = append(dst, " → "...)
		dst = spans[d.dstPort].AppendValue(dst, frame, 0)
	}
	layer := 0
	if d.last >= 0 {
		layer = int(spans[d.last].Bit / 8)
	}
	for i := max(d.last, 0); i < d.end && len(dst)-start < maxInfo; i++ {
		p := &spans[i]
		if p.Depth == 0 || p.Spec.Kind == field.Group || p.Len < int32(p.Spec.Bits) {
			continue
		}
		switch p.Spec.Class {
		case field.Flags:
			if field.IsLeaf(spans, i) {
				continue // a single flag says little without its name
			}
			n := len(dst)
			if dst, _ = appendFlagNames(append(dst, " ["...), frame, spans, i); len(dst) == n+2 {
				dst = dst[:n]
			} else {
				dst = append(dst, ']')
			}
			for i+1 < d.end && spans[i+1].Depth > p.Depth {
				i++
			}
		case field.Operation, field.Name:
			dst = s.saying(dst, frame, spans, i, layer)
		case field.Address:
			if RoleOf(p.Spec) == NoRole && (p.Spec.Kind == field.IPv4 || p.Spec.Kind == field.IPv6) && !zero(p.Bytes(frame)) {
				dst = s.text(append(dst, ' '), frame, spans, i, layer)
			}
		}
	}
	if len(dst)-start > maxInfo {
		dst = dst[:start+maxInfo]
		for !utf8.Valid(dst[start:]) {
			dst = dst[:len(dst)-1]
		}
		dst = append(dst, "…"...)
	}
	if d.behind > 0 {
		dst = append(dst, " Len="...)
		dst = strconv.AppendInt(dst, int64(d.behind), 10)
	}
	for i := range spans[:d.end] {
		if p := &spans[i]; p.Err != nil && p.Err.Severity >= field.Warn && len(dst)-start < 2*maxInfo {
			dst = s.Colours.fault(append(dst, ' '))
			dst = append(append(append(append(dst, '['), p.Spec.Label...), ": "...), p.Err.Label...)
			dst = s.Colours.end(append(dst, ']'))
		}
	}
	if len(dst) > start && dst[start] == ' ' {
		dst = append(dst[:start], dst[start+1:]...)
	}
	return dst
}

package dump

import (
	"strings"

	"httptap/pcap"
	"httptap/pcap/filter"
)

// FieldOptions say which fields are printed, and how, in tshark's terms.
type FieldOptions struct {
	Fields     []string
	Header     bool            // the names first
	Separator  string          // between fields
	Aggregator string          // between the values of one
	Occurrence filter.Which    // of several values
	Quote      byte            // around each field; 0: none
	compiled   []*filter.Field // nil: a column of the summary
	columns    []pcap.Column
}

// columnPrefix begins the names of what the summary shows, as in tshark.
const columnPrefix = "_ws.col."

// Compile looks the fields up. The error is of who asks.
func (o *FieldOptions) Compile() error {
	for _, name := range o.Fields {
		if col, ok := strings.CutPrefix(name, columnPrefix); ok {
			c, ok := columnOf(col)
			if !ok {
				return Usagef("-e %s: the columns are %s", name, columnList())
			}
			o.compiled, o.columns = append(o.compiled, nil), append(o.columns, c)
			continue
		}
		f, err := filter.NewField(name)
		if err != nil {
			reason := err.Error()
			if e, ok := err.(*filter.Error); ok {
				reason = e.Reason
			}
			return Usagef("-e %s: %s; tapdump -G lists all fields", name, reason)
		}
		o.compiled, o.columns = append(o.compiled, f), append(o.columns, 0)
	}
	return nil
}

// Facts tells whether one of the fields is found by comparing frames.
func (o *FieldOptions) Facts() bool {
	for _, f := range o.compiled {
		if f != nil && f.IsFact() {
			return true
		}
	}
	return false
}

func columnOf(name string) (pcap.Column, bool) {
	for c := range pcap.NumColumns {
		if strings.EqualFold(strings.TrimSuffix(c.String(), "."), strings.TrimSuffix(name, ".")) {
			return c, true
		}
	}
	return 0, false
}

func columnList() string {
	var names []string
	for c := range pcap.NumColumns {
		names = append(names, columnPrefix+strings.TrimSuffix(c.String(), "."))
	}
	return strings.Join(names, " ")
}

// Set sets an option of tshark's -E.
func (o *FieldOptions) Set(option string) error {
	name, value, _ := strings.Cut(option, "=")
	switch name {
	case "header":
		if value != "y" && value != "n" {
			return Usagef("-E %s: header is y or n", option)
		}
		o.Header = value == "y"
	case "separator":
		if o.Separator = special(value); o.Separator == "" {
			return Usagef("-E %s: a separator is a character, or /t for a tab, /s for a space", option)
		}
	case "aggregator":
		if o.Aggregator = special(value); o.Aggregator == "" {
			return Usagef("-E %s: an aggregator is a character, or /t for a tab, /s for a space", option)
		}
	case "occurrence":
		which, ok := map[string]filter.Which{"a": filter.AllValues, "f": filter.FirstValue, "l": filter.LastValue}[value]
		if !ok {
			return Usagef("-E %s: an occurrence is f, the first value, l, the last, or a, all", option)
		}
		o.Occurrence = which
	case "quote":
		q, ok := map[string]byte{"d": '"', "s": '\'', "n": 0}[value]
		if !ok {
			return Usagef("-E %s: a quote is d, double, s, single, or n, none", option)
		}
		o.Quote = q
	default:
		return Usagef("-E %s: what is %q? It takes header, separator, aggregator, occurrence and quote", option, name)
	}
	return nil
}

// special returns the text that an option means: "/t" is a tab.
func special(s string) string {
	switch s {
	case "/t":
		return "\t"
	case "/s":
		return " "
	}
	return s
}

// columns print the fields.
type columns struct {
	FieldOptions
	summary pcap.Summary
}

func newColumns(o FieldOptions) *columns { return &columns{FieldOptions: o} }

// header appends the names, if they are wanted.
func (c *columns) header(dst []byte) []byte {
	if !c.Header {
		return dst
	}
	for i, name := range c.Fields {
		if i > 0 {
			dst = append(dst, c.Separator...)
		}
		dst = append(dst, name...)
	}
	return append(dst, '\n')
}

// append appends the values of a frame, and the line's end.
func (c *columns) append(dst []byte, d *dump) []byte {
	p := d.facts()
	for i, f := range c.compiled {
		if i > 0 {
			dst = append(dst, c.Separator...)
		}
		start := len(dst)
		if f == nil {
			dst = c.summary.AppendColumn(dst, c.columns[i], &d.meta, p.Frame, p.Spans)
		} else {
			dst = p.AppendValues(dst, f, c.Aggregator, c.Occurrence)
		}
		if c.Quote != 0 && len(dst) > start {
			dst = quoted(dst, start, c.Quote)
		}
	}
	return append(dst, '\n')
}

// quoted puts quotes around what was appended from start on; a quote within is doubled, as CSV has it.
func quoted(dst []byte, start int, q byte) []byte {
	n := len(dst)
	extra := 2
	for _, c := range dst[start:] {
		if c == q {
			extra++
		}
	}
	for range extra {
		dst = append(dst, q)
	}
	to := len(dst) - 1 // the last quote is there
	for from := n - 1; from >= start; from-- {
		to--
		if dst[to] = dst[from]; dst[from] == q {
			to--
			dst[to] = q
		}
	}
	dst[start] = q
	return dst
}

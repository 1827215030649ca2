package stat

import (
	"cmp"
	"slices"

	"httptap/pcap"
	"httptap/stack/field"
)

// A Finding is something that is wrong with fields, or worth a remark of frames.
type Finding struct {
	Severity field.Severity
	Name     string // the fault's, or the fact's
	Field    string // the name of the field that is wrong; of a fact, its own
	Label    string // what it is, for people
	Layer    string // the protocol
	Frames   uint64
	First    uint64 // the number of the first frame
	last     uint64 // of the last one: a frame with several counts once
}

// Filter returns a display filter that wants its frames.
func (f *Finding) Filter() string {
	if f.Name == f.Field {
		return f.Field
	}
	return f.Name + " or " + f.Field
}

// A findingKey is a fault of a field, or a fact.
type findingKey struct {
	what any // *field.Fault, or *fact.Spec
	spec *field.Spec
}

// Findings count what is wrong. There are only as many as there are fields, faults and facts.
type Findings struct {
	all    map[findingKey]*Finding
	Frames uint64 // all
	Wrong  uint64 // those with a finding
}

// NewFindings counts nothing yet.
func NewFindings() *Findings { return &Findings{all: map[findingKey]*Finding{}} }

// Add counts a frame, and the messages that it completes.
func (e *Findings) Add(m *pcap.Meta, _ []byte, spans []field.Span) {
	e.Frames++
	found := e.faults(m, spans)
	for i := range m.Messages {
		found = e.faults(m, m.Messages[i].Spans) || found
	}
	for i := range m.Facts {
		if s := m.Facts[i].Spec; s.Severity > 0 {
			found = true
			e.count(findingKey{what: s}, m, Finding{Severity: s.Severity, Name: s.Name, Field: s.Name, Label: s.Label, Layer: s.Layer})
		}
	}
	if found {
		e.Wrong++
	}
}

func (e *Findings) faults(m *pcap.Meta, spans []field.Span) (found bool) {
	layer := ""
	for i := range spans {
		s := &spans[i]
		if s.Depth == 0 {
			layer = s.Spec.Name
		}
		if s.Err != nil {
			found = true
			e.count(findingKey{s.Err, s.Spec}, m, Finding{Severity: s.Err.Severity, Name: s.Err.Name, Field: s.Spec.Name, Label: s.Spec.Label + ": " + s.Err.Label, Layer: layer})
		}
	}
	return found
}

func (e *Findings) count(k findingKey, m *pcap.Meta, as Finding) {
	f := e.all[k]
	if f == nil {
		as.First = m.Number
		f = &as
		e.all[k] = f
	}
	if f.last != m.Number || f.Frames == 0 {
		f.Frames++
		f.last = m.Number
	}
}

// List returns the findings, the worst first.
func (e *Findings) List() []*Finding {
	list := make([]*Finding, 0, len(e.all))
	for _, f := range e.all {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Frames, a.Frames), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Name, b.Name))
	})
	return list
}

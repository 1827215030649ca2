package dump

import (
	"cmp"
	"maps"
	"slices"

	"httptap/pcap"
	"httptap/stack/field"
)

// A findingKey is a fault of a field.
type findingKey struct {
	fault *field.Fault
	spec  *field.Spec
}

type finding struct {
	frames uint64
	first  uint64 // the number of the first frame
	last   uint64 // of the last one: a frame with several counts once
}

// An expert counts what is wrong. There are only as many findings as there are fields and faults.
type expert struct {
	all    map[findingKey]*finding
	frames uint64
	wrong  uint64 // frames with a finding
}

func newExpert() *expert { return &expert{all: map[findingKey]*finding{}} }

// Add implements Statistic.
func (e *expert) Add(m *pcap.Meta, _ []byte, spans []field.Span) {
	e.frames++
	found := false
	for i := range spans {
		s := &spans[i]
		if s.Err == nil {
			continue
		}
		found = true
		k := findingKey{s.Err, s.Spec}
		f := e.all[k]
		if f == nil {
			f = &finding{first: m.Number}
			e.all[k] = f
		}
		if f.last != m.Number {
			f.frames++
			f.last = m.Number
		}
	}
	if found {
		e.wrong++
	}
}

// Append implements Statistic: the worst first.
func (e *expert) Append(dst []byte) []byte {
	dst = append(dst, "What is wrong: "+count(e.wrong)+" of "+count(e.frames)+" frames\n"...)
	if len(e.all) == 0 {
		return dst
	}
	keys := slices.SortedFunc(maps.Keys(e.all), func(a, b findingKey) int {
		return cmp.Or(cmp.Compare(b.fault.Severity, a.fault.Severity), cmp.Compare(e.all[b].frames, e.all[a].frames),
			cmp.Compare(a.spec.Name, b.spec.Name), cmp.Compare(a.fault.Name, b.fault.Name))
	})
	t := table{align: "lrrl"}
	t.row("severity", "frames", "first", "field", "what")
	for _, k := range keys {
		f := e.all[k]
		t.row(k.fault.Severity.String(), count(f.frames), count(f.first), k.spec.Name, k.fault.Label)
	}
	return t.append(dst)
}

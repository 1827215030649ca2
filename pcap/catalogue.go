package pcap

import (
	"iter"

	"httptap/stack/field"
)

// Layouts yields every layout that a frame can be decoded with, each once, the outermost first, and
// those that gopacket explains last.
func Layouts() iter.Seq[*field.Layout] {
	return func(yield func(*field.Layout) bool) {
		seen := map[*field.Layout]bool{rootLayout: true}
		if !yield(rootLayout) {
			return
		}
		for _, r := range registry {
			if !seen[r.layout] {
				seen[r.layout] = true
				if !yield(r.layout) {
					return
				}
			}
		}
		for _, f := range fallbacks {
			n := field.Next{Table: f.table, Key: f.key}
			if layouts.get(n) == nil && !yield(f.layout) {
				return
			}
		}
	}
}

// Specs yields every field that a frame can show, and the layer that it belongs to: the layers
// themselves, their heads, what their tails and trails add, and the parts of all these. Bytes
// that no layer explains have no layer.
func Specs() iter.Seq2[*field.Spec, *field.Layout] {
	return func(yield func(*field.Spec, *field.Layout) bool) {
		seen := map[*field.Spec]bool{}
		var add func(s *field.Spec, l *field.Layout) bool
		add = func(s *field.Spec, l *field.Layout) bool {
			if seen[s] {
				return true
			}
			seen[s] = true
			if !yield(s, l) {
				return false
			}
			for i := range s.Sub {
				if !add(&s.Sub[i], l) {
					return false
				}
			}
			return true
		}
		for l := range Layouts() {
			list := append([]*field.Spec{&l.Spec}, field.Pointers(l.Head)...)
			if l.More != nil {
				list = append(list, l.More()...)
			}
			if l.Trailer != nil {
				list = append(list, l.Trailer)
			}
			for _, s := range list {
				if !add(s, l) {
					return
				}
			}
		}
		_ = add(&field.Data, nil) && add(&field.Undecoded, nil)
	}
}

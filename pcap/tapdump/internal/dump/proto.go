package dump

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"httptap/pcap"
	"httptap/stack/field"
)

// maxNodes bounds how many ways of nesting layers are told apart.
const maxNodes = 4096

// A node is a layer within those above it.
type node struct {
	spec          *field.Spec
	frames, bytes uint64
	below         []*node
}

// A hierarchy counts which layers are in which.
type hierarchy struct {
	root   node
	nodes  int
	beyond uint64 // frames whose nesting is one too many
}

func newHierarchy() *hierarchy { return &hierarchy{} }

// Add implements Statistic. The parts of a layer are not told apart, and neither is what lies behind the innermost
// one, as padding does.
func (h *hierarchy) Add(m *pcap.Meta, frame []byte, spans []field.Span) {
	wire := uint64(max(m.Wire, len(frame)))
	n := &h.root
	for i := 0; ; i++ {
		n.frames++
		n.bytes += wire
		for i < len(spans) && (spans[i].Depth > 0 || spans[i].Spec.Kind != field.Layer && spans[i].Spec != &field.Data) {
			i++
		}
		if i == len(spans) {
			return
		}
		if n = h.child(n, spans[i].Spec); n == nil {
			h.beyond++
			return
		}
	}
}

func (h *hierarchy) child(n *node, spec *field.Spec) *node {
	for _, b := range n.below {
		if b.spec == spec {
			return b
		}
	}
	if h.nodes == maxNodes {
		return nil
	}
	h.nodes++
	b := &node{spec: spec}
	n.below = append(n.below, b)
	return b
}

// Append implements Statistic.
func (h *hierarchy) Append(dst []byte) []byte {
	dst = append(dst, "Protocol hierarchy\n"...)
	t := table{align: "lr"}
	t.row("protocol", "frames", "% of frames", "bytes", "% of bytes")
	h.rows(&t, &h.root, "frame", 0)
	dst = t.append(dst)
	if h.beyond > 0 {
		dst = fmt.Appendf(dst, "%d frames nest their layers in further ways: over %d are not told apart\n", h.beyond, maxNodes)
	}
	return dst
}

func (h *hierarchy) rows(t *table, n *node, name string, depth int) {
	percent := func(part, all uint64) string {
		if all == 0 {
			return "0.0"
		}
		return fmt.Sprintf("%.1f", 100*float64(part)/float64(all))
	}
	t.row(strings.Repeat("  ", depth)+name, count(n.frames), percent(n.frames, h.root.frames), count(n.bytes), percent(n.bytes, h.root.bytes))
	slices.SortStableFunc(n.below, func(a, b *node) int { return cmp.Compare(b.frames, a.frames) })
	for _, b := range n.below {
		h.rows(t, b, b.spec.Name, depth+1)
	}
}

package stat

import (
	"cmp"
	"iter"
	"slices"

	"httptap/pcap"
	"httptap/stack/field"
)

// MaxNodes bounds how many ways of nesting layers are told apart.
const MaxNodes = 4096

// A Node is a layer within those above it.
type Node struct {
	Layer         *field.Spec // nil: the frame
	Frames, Bytes uint64
	below         []*Node
}

// A Hierarchy counts which layers are in which.
type Hierarchy struct {
	root   Node
	nodes  int
	Beyond uint64 // frames whose nesting is one too many
}

// Add counts a frame. The parts of a layer are not told apart, and neither is what lies behind the innermost
// one, as padding does. What a frame completes lies in it.
func (h *Hierarchy) Add(m *pcap.Meta, frame []byte, spans []field.Span) {
	wire := uint64(max(m.Wire, len(frame)))
	n := &h.root
	n.add(wire)
	n = h.descend(n, wire, spans)
	for i := range m.Messages {
		if n == nil {
			return
		}
		n = h.descend(n, wire, m.Messages[i].Spans)
	}
}

func (n *Node) add(wire uint64) {
	n.Frames++
	n.Bytes += wire
}

// descend counts the layers of spans below n, and returns the innermost.
func (h *Hierarchy) descend(n *Node, wire uint64, spans []field.Span) *Node {
	for i := range spans {
		if s := &spans[i]; s.Depth > 0 || s.Spec.Kind != field.Layer && s.Spec != &field.Data {
			continue
		}
		if n = h.child(n, spans[i].Spec); n == nil {
			h.Beyond++
			return nil
		}
		n.add(wire)
	}
	return n
}

func (h *Hierarchy) child(n *Node, layer *field.Spec) *Node {
	for _, b := range n.below {
		if b.Layer == layer {
			return b
		}
	}
	if h.nodes == MaxNodes {
		return nil
	}
	h.nodes++
	b := &Node{Layer: layer}
	n.below = append(n.below, b)
	return b
}

// All returns the nodes with their depth, each before those in it, those with the most frames first.
func (h *Hierarchy) All() iter.Seq2[int, *Node] {
	return func(yield func(int, *Node) bool) { h.root.walk(0, yield) }
}

func (n *Node) walk(depth int, yield func(int, *Node) bool) bool {
	if !yield(depth, n) {
		return false
	}
	slices.SortStableFunc(n.below, func(a, b *Node) int { return cmp.Compare(b.Frames, a.Frames) })
	for _, b := range n.below {
		if !b.walk(depth+1, yield) {
			return false
		}
	}
	return true
}

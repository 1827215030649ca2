package stat

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"httptap/pcap"
	"httptap/stack/field"
	"httptap/stack/link"
)

// MaxConversations bounds what is told apart.
const MaxConversations = 1 << 18

// An Endpoint is an address, with a port where there is one.
type Endpoint struct {
	addr    [16]byte
	n       uint8 // bytes of addr
	hasPort bool
	port    uint16
}

func (e Endpoint) compare(o Endpoint) int {
	if c := bytes.Compare(e.addr[:e.n], o.addr[:o.n]); c != 0 {
		return c
	}
	return cmp.Compare(e.port, o.port)
}

// Addr returns the address as text.
func (e Endpoint) Addr() string {
	if e.n == 6 {
		return link.Addr(e.addr[:6]).String()
	}
	a, _ := netip.AddrFromSlice(e.addr[:e.n])
	return a.String()
}

// String returns the address, and the port when there is one.
func (e Endpoint) String() string {
	if !e.hasPort {
		return e.Addr()
	}
	a, _ := netip.AddrFromSlice(e.addr[:e.n])
	return netip.AddrPortFrom(a, e.port).String()
}

// A key is a conversation: two ends, whichever speaks.
type key struct {
	layer *field.Spec
	under *field.Spec // the layer that has the addresses, when this one has ports only
	a, b  Endpoint
}

// A Conversation is what two ends said to each other in a layer.
type Conversation struct {
	Layer         *field.Spec // the root of the layer
	under         *field.Spec
	A, B          Endpoint
	Frames, Bytes [2]uint64 // from A, from B
	First, Last   time.Duration
	Digits        int // decimals of a second that these have
}

// Total returns the frames and bytes of both ways.
func (c *Conversation) Total() (frames, bytes uint64) {
	return c.Frames[0] + c.Frames[1], c.Bytes[0] + c.Bytes[1]
}

// Filter returns a display filter that wants the conversation's frames.
func (c *Conversation) Filter() string {
	return both(c.Layer, c.under, c.A) + " and " + both(c.Layer, c.under, c.B)
}

// both says that an end is one of a frame's two.
func both(layer, under *field.Spec, e Endpoint) string {
	if under == nil {
		return layer.Name + ".addr == " + e.Addr()
	}
	return under.Name + ".addr == " + e.Addr() + " and " + layer.Name + ".port == " + strconv.Itoa(int(e.port))
}

// Conversations count who speaks with whom.
type Conversations struct {
	Only   string // the name of a layer; "": all
	all    map[key]*Conversation
	beyond map[*field.Spec]uint64
}

// NewConversations counts those of the layer with a name such as "tcp", or of all layers with "".
func NewConversations(layer string) *Conversations {
	return &Conversations{Only: layer, all: map[key]*Conversation{}, beyond: map[*field.Spec]uint64{}}
}

// Add counts a frame. Each layer with two ends is a conversation of its kind; what an error quotes is none.
func (c *Conversations) Add(m *pcap.Meta, frame []byte, spans []field.Span) {
	var src, dst Endpoint // of the innermost layer that has addresses
	var under *field.Spec
	for i := 0; i < len(spans); {
		root, roles := &spans[i], [pcap.DstPort + 1]int{}
		for i++; i < len(spans) && spans[i].Depth > 0; i++ {
			if s := &spans[i]; (s.Spec.Class == field.Address || s.Spec.Class == field.Port) && s.Len >= int32(s.Spec.Bits) {
				roles[pcap.RoleOf(s.Spec)] = i
			}
		}
		if from, to := roles[pcap.SrcAddr], roles[pcap.DstAddr]; from > 0 && to > 0 {
			src, dst, under = endpointOf(frame, &spans[from]), endpointOf(frame, &spans[to]), root.Spec
			c.add(key{root.Spec, nil, src, dst}, m, frame)
		}
		if from, to := roles[pcap.SrcPort], roles[pcap.DstPort]; from > 0 && to > 0 && under != nil {
			a, b := src, dst
			a.hasPort, b.hasPort = true, true
			a.port, b.port = uint16(spans[from].Uint(frame)), uint16(spans[to].Uint(frame))
			c.add(key{root.Spec, under, a, b}, m, frame)
		}
		if pcap.Quotes(root.Spec) {
			return
		}
	}
}

func endpointOf(frame []byte, s *field.Span) (e Endpoint) {
	e.n = uint8(copy(e.addr[:], s.Bytes(frame)))
	return e
}

// add counts a frame of a conversation.
func (c *Conversations) add(k key, m *pcap.Meta, frame []byte) {
	if c.Only != "" && c.Only != k.layer.Name {
		return
	}
	way := 0
	if k.a.compare(k.b) > 0 {
		way, k.a, k.b = 1, k.b, k.a
	}
	v := c.all[k]
	if v == nil {
		if len(c.all) == MaxConversations {
			c.beyond[k.layer]++
			return
		}
		v = &Conversation{Layer: k.layer, under: k.under, A: k.a, B: k.b, First: m.Relative, Digits: m.Digits}
		c.all[k] = v
	}
	v.Frames[way]++
	v.Bytes[way] += uint64(max(m.Wire, len(frame)))
	v.Last = m.Relative
}

// Layers returns the roots of the layers that have conversations, the outermost first as far as a name can tell.
func (c *Conversations) Layers() (layers []*field.Spec) {
	seen := map[*field.Spec]bool{}
	for k := range c.all {
		if !seen[k.layer] {
			seen[k.layer] = true
			layers = append(layers, k.layer)
		}
	}
	rank := func(s *field.Spec) int {
		for k := range c.all {
			if k.layer == s && k.under != nil {
				return 2
			}
			if k.layer == s && k.a.n != 6 {
				return 1
			}
		}
		return 0
	}
	slices.SortFunc(layers, func(a, b *field.Spec) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Name, b.Name)) })
	return layers
}

// List returns the conversations of a layer, those with the most bytes first, and how many frames belong to
// others that were too many.
func (c *Conversations) List(layer *field.Spec) (list []*Conversation, beyond uint64) {
	for k, v := range c.all {
		if k.layer == layer {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(v, w *Conversation) int {
		return cmp.Or(cmp.Compare(w.Bytes[0]+w.Bytes[1], v.Bytes[0]+v.Bytes[1]), cmp.Compare(v.First, w.First), v.A.compare(w.A), v.B.compare(w.B))
	})
	return list, c.beyond[layer]
}

// A Total is what one end sent and received.
type Total struct {
	Endpoint
	layer, under   *field.Spec
	Sent, Received [2]uint64 // frames, bytes
}

// Filter returns a display filter that wants the end's frames.
func (t *Total) Filter() string { return both(t.layer, t.under, t.Endpoint) }

// Endpoints returns the ends of a layer's conversations, those with the most bytes first.
func (c *Conversations) Endpoints(layer *field.Spec) []*Total {
	all := map[Endpoint]*Total{}
	of := func(k key, e Endpoint) *Total {
		t := all[e]
		if t == nil {
			t = &Total{Endpoint: e, layer: k.layer, under: k.under}
			all[e] = t
		}
		return t
	}
	for k, v := range c.all {
		if k.layer != layer {
			continue
		}
		for way, e := range []Endpoint{k.a, k.b} {
			t := of(k, e)
			t.Sent[0], t.Sent[1] = t.Sent[0]+v.Frames[way], t.Sent[1]+v.Bytes[way]
			t.Received[0], t.Received[1] = t.Received[0]+v.Frames[1-way], t.Received[1]+v.Bytes[1-way]
		}
	}
	list := make([]*Total, 0, len(all))
	for _, t := range all {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b *Total) int {
		return cmp.Or(cmp.Compare(b.Sent[1]+b.Received[1], a.Sent[1]+a.Received[1]), a.compare(b.Endpoint))
	})
	return list
}

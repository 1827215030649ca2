package dump

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"httptap/pcap"
	"httptap/stack/field"
	"httptap/stack/link"
)

// maxConversations bounds what is told apart.
const maxConversations = 1 << 18

// A convKind is what conversations are of.
type convKind uint8

const (
	convEth convKind = iota
	convIP
	convTCP
	convUDP
	allConv
)

var convNames = [...]string{"Ethernet", "IP", "TCP", "UDP"}

// An endpoint is an address, with a port where there is one.
type endpoint struct {
	addr [16]byte
	n    uint8 // bytes of addr
	port uint16
}

func (e endpoint) compare(o endpoint) int {
	if c := bytes.Compare(e.addr[:e.n], o.addr[:o.n]); c != 0 {
		return c
	}
	return cmp.Compare(e.port, o.port)
}

func (e endpoint) text(kind convKind) string {
	if e.n == 6 {
		return link.Addr(e.addr[:6]).String()
	}
	a, _ := netip.AddrFromSlice(e.addr[:e.n])
	if kind == convIP {
		return a.String()
	}
	return netip.AddrPortFrom(a, e.port).String()
}

// A convKey is a conversation: two ends, whichever speaks.
type convKey struct {
	kind convKind
	a, b endpoint
}

type conversation struct {
	frames, bytes [2]uint64 // from a, from b
	first, last   time.Duration
	digits        int
}

// conversations count who speaks with whom.
type conversations struct {
	kind   convKind
	all    map[convKey]*conversation
	beyond [allConv]uint64 // frames of conversations that are too many
}

func newConversations(kind convKind) *conversations {
	return &conversations{kind: kind, all: map[convKey]*conversation{}}
}

// Add implements Statistic. Each layer with two ends is a conversation of its kind; what an error quotes is none.
func (c *conversations) Add(m *pcap.Meta, frame []byte, spans []field.Span) {
	var src, dst endpoint // of the innermost layer that has addresses
	for i := 0; i < len(spans); {
		root, roles := &spans[i], [pcap.DstPort + 1]int{}
		for i++; i < len(spans) && spans[i].Depth > 0; i++ {
			if s := &spans[i]; (s.Spec.Class == field.Address || s.Spec.Class == field.Port) && s.Len >= int32(s.Spec.Bits) {
				roles[pcap.RoleOf(s.Spec)] = i
			}
		}
		if from, to := roles[pcap.SrcAddr], roles[pcap.DstAddr]; from > 0 && to > 0 {
			src, dst = endpointOf(frame, spans[from]), endpointOf(frame, spans[to])
			kind := convIP
			if src.n == 6 {
				kind = convEth
			}
			c.add(kind, src, dst, m, frame)
		}
		if from, to := roles[pcap.SrcPort], roles[pcap.DstPort]; from > 0 && to > 0 {
			kind := convUDP
			if root.Spec.Name == "tcp" {
				kind = convTCP
			}
			a, b := src, dst
			a.port, b.port = uint16(spans[from].Uint(frame)), uint16(spans[to].Uint(frame))
			c.add(kind, a, b, m, frame)
		}
		if pcap.Quotes(root.Spec) {
			return
		}
	}
}

func endpointOf(frame []byte, s field.Span) (e endpoint) {
	e.n = uint8(copy(e.addr[:], s.Bytes(frame)))
	return e
}

// add counts a frame of a conversation.
func (c *conversations) add(kind convKind, src, dst endpoint, m *pcap.Meta, frame []byte) {
	if c.kind != allConv && c.kind != kind {
		return
	}
	way := 0
	if src.compare(dst) > 0 {
		way, src, dst = 1, dst, src
	}
	key := convKey{kind, src, dst}
	v := c.all[key]
	if v == nil {
		if len(c.all) == maxConversations {
			c.beyond[kind]++
			return
		}
		v = &conversation{first: m.Relative, digits: m.Digits}
		c.all[key] = v
	}
	v.frames[way]++
	v.bytes[way] += uint64(max(m.Wire, len(frame)))
	v.last = m.Relative
}

// Append implements Statistic: a table a kind, the conversations with the most bytes first.
func (c *conversations) Append(dst []byte) []byte {
	for kind := range allConv {
		if c.kind != allConv && c.kind != kind {
			continue
		}
		var keys []convKey
		for k := range c.all {
			if k.kind == kind {
				keys = append(keys, k)
			}
		}
		slices.SortFunc(keys, func(x, y convKey) int {
			v, w := c.all[x], c.all[y]
			return cmp.Or(cmp.Compare(w.bytes[0]+w.bytes[1], v.bytes[0]+v.bytes[1]), cmp.Compare(v.first, w.first), x.a.compare(y.a), x.b.compare(y.b))
		})
		if len(dst) > 0 && dst[len(dst)-1] == '\n' && kind > 0 && c.kind == allConv {
			dst = append(dst, '\n')
		}
		dst = fmt.Appendf(dst, "%s conversations: %d\n", convNames[kind], len(keys))
		if len(keys) == 0 {
			continue
		}
		t := table{align: "llr"}
		t.row("A", "B", "frames A→B", "bytes A→B", "frames B→A", "bytes B→A", "frames", "bytes", "start", "duration")
		for _, k := range keys {
			v := c.all[k]
			t.row(k.a.text(kind), k.b.text(kind), count(v.frames[0]), count(v.bytes[0]), count(v.frames[1]), count(v.bytes[1]),
				count(v.frames[0]+v.frames[1]), count(v.bytes[0]+v.bytes[1]), seconds(v.first, v.digits), seconds(v.last-v.first, v.digits))
		}
		dst = t.append(dst)
		if c.beyond[kind] > 0 {
			dst = fmt.Appendf(dst, "%d frames of further conversations: over %d are not told apart\n", c.beyond[kind], maxConversations)
		}
	}
	return dst
}

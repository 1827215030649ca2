package pcap

import "httptap/stack/field"

// A fallback is a protocol without a room that somebody else explains. Such a layer is one span of
// bytes, and who explains it is only asked when it prints: to decode costs nothing, and what a hostile
// frame makes a stranger's code do is bounded by who looks at it.
type fallback struct {
	table  field.Table
	key    uint32
	layout *field.Layout
}

var (
	fallbacks     []fallback
	fallbackTable tables
)

// UseFallback has explain print the bytes of a protocol that has no room here, marked as gopacket's: see
// package gopackets. Without, they are data. It is for a program's start, before the first frame. A row of
// the registry comes before it.
func UseFallback(table field.Table, key uint32, name, label string, explain func(dst, b []byte) []byte) {
	content := &field.Spec{Name: "gopacket", Label: "As gopacket reads it", Kind: field.Custom, Ref: fallbackRef,
		Format: func(dst, msg []byte, off, n int) []byte { return explain(dst, msg[off:off+n]) }}
	l := &field.Layout{
		Spec:  field.Spec{Name: name, Label: label + " (by gopacket)", Kind: field.Layer, Ref: fallbackRef},
		Title: label + " (by gopacket)",
		Tail:  func(c *field.Context) { c.AddBytes(content, len(c.Rest())) },
		More:  func() []*field.Spec { return []*field.Spec{content} },
	}
	fallbacks = append(fallbacks, fallback{table, key, l})
	fallbackTable[table].set(key, l)
	l.Compile()
}

// fallbackRef marks the specs of layers that gopacket explains.
const fallbackRef = "github.com/google/gopacket"

// IsFallback tells whether a layer has no room of its own: gopacket explains it.
func IsFallback(l *field.Layout) bool { return l.Spec.Ref == fallbackRef }

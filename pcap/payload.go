package pcap

import "httptap/stack/field"

// Lookup returns the layout that explains a payload, or nil when nobody knows one.
func Lookup(n field.Next) *field.Layout { return lookup(n) }

// DecodeAs explains bytes that begin with the layer l, as Decode does a frame: for what was put
// together from several frames. wire bytes were on the wire, of which b may be the start only.
func (d *Decoder) DecodeAs(l *field.Layout, b []byte, wire int) []field.Span {
	return d.decode(l, b, wire)
}

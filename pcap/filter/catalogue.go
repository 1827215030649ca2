package filter

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"httptap/pcap"
	"httptap/pcap/fact"
	"httptap/stack/field"
)

// A fieldRef is a field as filters name it: the Specs that have the name, or of which it is an
// alias.
type fieldRef struct {
	name   string
	label  string
	typ    Type
	bits   int           // the width of a number, 0 for others
	layer  string        // the protocol that it belongs to, "" for those of the frame
	specs  []*field.Spec // which spans have it
	names  []string      // the specs' names, for when they are many
	derive derivation    // how it is computed, when not from its span's own bits
	fact   *fact.Spec    // what a session finds, when it is of no span at all
}

// FieldInfo is a field for completion and documentation.
type FieldInfo struct {
	Name   string       // "tcp.srcport"
	Label  string       // "Source Port"
	Type   Type         //
	Layer  string       // the protocol that has it: "tcp"; "" for those of the frame
	Values field.Values // names of single values, nil when they have none; not to be changed
	Ref    string       // where it is defined: "RFC 9293, 3.1"
	Fact   bool         // found by comparing frames: for CompileFacts only
}

// Fields returns every field that a filter can name, sorted by name.
func Fields() []FieldInfo {
	fields := catalogue()
	list := make([]FieldInfo, 0, len(fields))
	for _, f := range fields {
		info := FieldInfo{Name: f.name, Label: f.label, Type: f.typ, Layer: f.layer, Fact: f.fact != nil}
		for _, s := range f.specs {
			if info.Values == nil {
				info.Values = s.Values
			}
			if info.Ref == "" {
				info.Ref = s.Ref
			}
		}
		list = append(list, info)
	}
	slices.SortFunc(list, func(a, b FieldInfo) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// aliases are names that stand for several fields, or for one under another name.
var aliases = []struct {
	name, label string
	of          []string
}{
	{"eth.addr", "Source or Destination Address", []string{"eth.dst", "eth.src"}},
	{"ip.addr", "Source or Destination Address", []string{"ip.src", "ip.dst"}},
	{"ipv6.addr", "Source or Destination Address", []string{"ipv6.src", "ipv6.dst"}},
	{"tcp.port", "Source or Destination Port", []string{"tcp.srcport", "tcp.dstport"}},
	{"udp.port", "Source or Destination Port", []string{"udp.srcport", "udp.dstport"}},
	{"data.data", "Data", []string{"data"}},
}

// catalogue returns all fields by name. It is made once, when the first filter is compiled.
var catalogue = sync.OnceValue(func() map[string]*fieldRef {
	m := map[string]*fieldRef{}
	for s, l := range pcap.Specs() {
		f := m[s.Name]
		if f == nil {
			f = &fieldRef{name: s.Name, label: s.Label, typ: typeOf(s), names: []string{s.Name}}
			if l != nil {
				f.layer = l.Spec.Name
			}
			if s.Kind == field.Layer {
				f.derive = deriveLayer
			}
			m[s.Name] = f
		}
		f.specs = append(f.specs, s)
		f.typ = common(f.typ, typeOf(s))
		f.bits = max(f.bits, s.Bits)
	}
	for _, a := range aliases {
		f := &fieldRef{name: a.name, label: a.label}
		for _, name := range a.of {
			if of := m[name]; of != nil {
				f.typ, f.bits, f.layer = of.typ, of.bits, of.layer
				f.specs, f.names = append(f.specs, of.specs...), append(f.names, name)
			}
		}
		if f.specs != nil && m[a.name] == nil {
			m[a.name] = f
		}
	}
	for i := range derived {
		d := &derived[i]
		f := &fieldRef{name: d.name, label: d.label, typ: d.typ, bits: d.bits, derive: d.how}
		for _, name := range strings.Fields(d.of) {
			if of := m[name]; of != nil {
				if f.layer == "" {
					f.layer = of.layer
				}
				f.specs, f.names = append(f.specs, of.specs...), append(f.names, of.names...)
			}
		}
		if f.specs == nil && d.of != "" {
			continue // its protocol is not in the registry
		}
		m[d.name] = f
	}
	for _, s := range fact.Specs() {
		if m[s.Name] == nil { // tcp.len has a span of its own to be computed from
			m[s.Name] = &fieldRef{name: s.Name, label: s.Label, typ: factTypes[s.Type], bits: 32, layer: s.Layer, derive: deriveFact, fact: s}
		}
	}
	return m
})

// factTypes says of what type facts are.
var factTypes = [...]Type{fact.Present: Label, fact.Uint: Uint, fact.Int: Int, fact.Frame: Uint, fact.Duration: Duration,
	fact.Float: Float, fact.Text: String, fact.Bytes: Bytes}

func fieldNames(facts bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range Fields() {
			if (facts || !f.Fact) && !yield(f.Name) {
				return
			}
		}
	}
}

type hint struct{ prefix, hint string }

// hints are what to write instead of fields that Wireshark has and a single frame has not, by the
// beginning of their names.
var hints = []hint{
	{"tcp.seq", "Wireshark's is relative to a connection's first; the one in the segment is tcp.seq_raw"},
	{"tcp.ack", "Wireshark's is relative to a connection's first; the one in the segment is tcp.ack_raw"},
	{"tcp.window_size", "the one in the segment is tcp.window_size_value"},
	{"tcp.stream", "a filter sees one frame; name the addresses and ports"},
	{"tcp.analysis", "a filter sees one frame, and this is found by comparing frames"},
	{"udp.stream", "a filter sees one frame; name the addresses and ports"},
	{"frame.time_delta", "a filter sees one frame; there is frame.time_relative"},
	{"dns.time", "a filter sees one frame, and this is the time between two"},
	{"http.time", "a filter sees one frame, and this is the time between two"},
	{"icmp.resptime", "a filter sees one frame, and this is the time between two"},
}

// renamed are fields that had other names.
var renamed = []hint{
	{"bootp", "it is called dhcp"},
	{"ssl", "it is called tls"},
}

// lookup returns the field called name, or nil.
func (c *checker) lookup(name string) *fieldRef {
	if f := catalogue()[name]; f != nil && (f.fact == nil || c.facts) {
		return f
	}
	return nil
}

// resolve returns the field called name, or nil and what to say of it.
func (c *checker) resolve(name string) (*fieldRef, string) {
	if f := c.lookup(name); f != nil {
		return f, ""
	}
	known := renamed
	if !c.facts {
		known = slices.Concat(hints, renamed)
	}
	for _, h := range known {
		if name == h.prefix || strings.HasPrefix(name, h.prefix+".") {
			return nil, h.hint
		}
	}
	if catalogue()[name] != nil {
		return nil, "a filter sees one frame, and this is found by comparing frames"
	}
	if strings.HasSuffix(name, ".checksum.status") || strings.HasSuffix(name, ".checksum_bad") {
		return nil, `a wrong checksum is found by: _ws.expert.name == "checksum.bad"`
	}
	if left, right, ok := strings.Cut(name, "-"); ok && c.lookup(left) != nil {
		return nil, "a minus needs a blank before it: " + left + " - " + right
	}
	if near := nearest(name, fieldNames(c.facts)); near != "" {
		return nil, "did you mean " + near + "?"
	}
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		if prefix := name[:dot]; c.lookup(prefix) != nil {
			return nil, prefix + " has no such field"
		}
	}
	return nil, ""
}

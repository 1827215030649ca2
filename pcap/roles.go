package pcap

import "httptap/stack/field"

// A Role says which end of a conversation a field names.
type Role uint8

// The roles.
const (
	NoRole Role = iota
	SrcAddr
	DstAddr
	SrcPort
	DstPort
)

// RoleOf returns what a field is in its layer.
func RoleOf(s *field.Spec) Role {
	if !canHaveRole(s) {
		return NoRole
	}
	return roles[s]
}

// canHaveRole spares most fields a look into a map.
func canHaveRole(s *field.Spec) bool { return s.Class == field.Address || s.Class == field.Port }

// Quotes tells whether a packet that follows a layer is a quotation, and not the frame's own.
func Quotes(layer *field.Spec) bool { return carriesQuote[layer.Name] }

// LayerName returns the short name of a layer, as the summary's column Protocol has it.
func LayerName(s *field.Spec) string {
	if n, ok := shortNames[s]; ok {
		return n
	}
	return s.Label
}

// endpoints are the fields that say from where to where a frame goes, a line a layer. An inner layer's hide
// those of the layers around it.
var endpoints = []struct{ src, dst string }{
	{"eth.src", "eth.dst"},
	{"ip.src", "ip.dst"},
	{"ipv6.src", "ipv6.dst"},
	{"tcp.srcport", "tcp.dstport"},
	{"udp.srcport", "udp.dstport"},
}

// carriesQuote are the layers behind which a packet is quoted, which is not the frame's own.
var carriesQuote = map[string]bool{"icmp": true, "icmpv6": true}

var roles = func() map[*field.Spec]Role {
	m := map[*field.Spec]Role{}
	for s := range Specs() {
		for _, e := range endpoints {
			isSrc := s.Name == e.src
			switch {
			case !canHaveRole(s) || !isSrc && s.Name != e.dst:
			case s.Class == field.Port && isSrc:
				m[s] = SrcPort
			case s.Class == field.Port:
				m[s] = DstPort
			case isSrc:
				m[s] = SrcAddr
			default:
				m[s] = DstAddr
			}
		}
	}
	return m
}()

// shortNames are how the layers are called in a column: their titles without the documents.
var shortNames = func() map[*field.Spec]string {
	m := map[*field.Spec]string{}
	for l := range Layouts() {
		m[&l.Spec] = shortTitle(l)
	}
	return m
}()

func shortTitle(l *field.Layout) string {
	for i := range len(l.Title) {
		if l.Title[i] == '[' && i > 0 {
			return l.Title[:i-1]
		}
	}
	if l.Title == "" {
		return l.Spec.Label
	}
	return l.Title
}

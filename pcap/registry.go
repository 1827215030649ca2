package pcap

import (
	"httptap/stack/arp"
	"httptap/stack/dhcpv4"
	"httptap/stack/dns"
	"httptap/stack/ethernet"
	"httptap/stack/field"
	"httptap/stack/http1"
	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
	"httptap/stack/ntp"
	"httptap/stack/tcp"
	"httptap/stack/udp"
)

// registry says which layout explains a payload. Adding a protocol is one line here.
var registry = []struct {
	table  field.Table
	key    uint32
	layout *field.Layout
}{
	{field.EtherType, ethernet.TypeARP, &arp.Layout},
	{field.EtherType, ethernet.TypeIPv4, &ipv4.Layout},
	{field.Quote, 4, &ipv4.Layout},
	{field.IPProto, ipv4.ProtoICMP, &icmpv4.Layout},
	{field.IPProto, ipv4.ProtoTCP, &tcp.Layout},
	{field.IPProto, ipv4.ProtoUDP, &udp.Layout},
	{field.UDPPort, 53, &dns.Layout},
	{field.UDPPort, 67, &dhcpv4.Layout},
	{field.UDPPort, 68, &dhcpv4.Layout},
	{field.UDPPort, 123, &ntp.Layout},
	{field.UDPPort, 5353, &dns.MulticastLayout},
	{field.UDPPort, 5355, &dns.LocalLayout},
	{field.TCPPort, 53, &dns.StreamLayout},
	{field.TCPPort, 80, &http1.Layout},
	{field.TCPPort, 8080, &http1.Layout},
}

// guesses are the layouts that are asked, in this order, where a port has none.
var guesses = []struct {
	table  field.Table
	layout *field.Layout
}{
	{field.TCPPort, &http1.Layout},
}

// layouts is the registry as the decoder asks it.
var layouts = func() map[uint64]*field.Layout {
	m := make(map[uint64]*field.Layout, len(registry))
	for _, r := range registry {
		m[key(r.table, r.key)] = r.layout
	}
	return m
}()

func key(t field.Table, k uint32) uint64 { return uint64(t)<<32 | uint64(k) }

// find returns the layout of a payload that table and key name, or that it looks like, else the one
// for gopacket.
func find(n field.Next, payload []byte) *field.Layout {
	if l := lookup(layouts, n); l != nil {
		return l
	}
	for i := range guesses {
		if g := &guesses[i]; g.table == n.Table && g.layout.Guess(payload) {
			return g.layout
		}
	}
	return lookup(fallbackTable, n)
}

func lookup(in map[uint64]*field.Layout, n field.Next) *field.Layout {
	if n.Table == field.None {
		return nil
	}
	if l := in[key(n.Table, n.Key)]; l != nil {
		return l
	}
	if n.Alt == 0 {
		return nil
	}
	return in[key(n.Table, n.Alt)]
}

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

// A numbers maps the keys of one table to layouts, by the high byte and then the low one: a map
// would cost more than all the fields of a header.
type numbers [256]*[256]*field.Layout

func (n *numbers) set(k uint32, l *field.Layout) {
	hi := &n[k>>8&255]
	if *hi == nil {
		*hi = new([256]*field.Layout)
	}
	if (*hi)[k&255] == nil {
		(*hi)[k&255] = l
	}
}

func (n *numbers) get(k uint32) *field.Layout {
	if hi := n[k>>8&255]; hi != nil && k < 1<<16 {
		return hi[k&255]
	}
	return nil
}

// tables are what the decoder asks.
type tables [field.NumTables]numbers

func (t *tables) get(n field.Next) *field.Layout {
	if n.Table == field.None {
		return nil
	}
	of := &t[n.Table%field.NumTables]
	if l := of.get(n.Key); l != nil || n.Alt == 0 {
		return l
	}
	return of.get(n.Alt)
}

// layouts is the registry as the decoder asks it.
var layouts = func() *tables {
	t := new(tables)
	rootLayout.Compile()
	for _, r := range registry {
		if r.layout != rootLayout {
			r.layout.Compile()
		}
		t[r.table].set(r.key, r.layout)
	}
	return t
}()

// find returns the layout of a payload that table and key name, or that it looks like, else the one
// for gopacket.
func find(n field.Next, payload []byte) *field.Layout {
	if l := layouts.get(n); l != nil {
		return l
	}
	for i := range guesses {
		if g := &guesses[i]; g.table == n.Table && g.layout.Guess(payload) {
			return g.layout
		}
	}
	return fallbackTable.get(n)
}

package pcap

import (
	"httptap/pcap/proto/dhcpv6"
	"httptap/pcap/proto/geneve"
	"httptap/pcap/proto/gre"
	"httptap/pcap/proto/icmpv6"
	"httptap/pcap/proto/igmp"
	"httptap/pcap/proto/ipv6"
	"httptap/pcap/proto/llc"
	"httptap/pcap/proto/lldp"
	"httptap/pcap/proto/mpls"
	"httptap/pcap/proto/ppp"
	"httptap/pcap/proto/pppoe"
	"httptap/pcap/proto/quic"
	"httptap/pcap/proto/snmp"
	"httptap/pcap/proto/stp"
	"httptap/pcap/proto/stun"
	"httptap/pcap/proto/syslog"
	"httptap/pcap/proto/tftp"
	"httptap/pcap/proto/tls"
	"httptap/pcap/proto/udplite"
	"httptap/pcap/proto/vlan"
	"httptap/pcap/proto/vxlan"
	"httptap/pcap/proto/wireguard"
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
	{field.EtherType, ethernet.TypeRARP, &arp.Layout},
	{field.EtherType, ethernet.TypeIPv4, &ipv4.Layout},
	{field.EtherType, ethernet.TypeLLC, &llc.Layout},
	{field.EtherType, lldp.EtherType, &lldp.Layout},
	{field.LLC, 0x06, &ipv4.Layout},
	{field.LLC, llc.KeyXID, &llc.XIDLayout},
	{field.LLC, stp.SAP, &stp.Layout},
	{field.SNAP, stp.KeyPVST, &stp.CiscoLayout},
	{field.SNAP, 0x80c2000e, &stp.Layout},
	{field.SNAP, 0x80c20007, &ethernet.Layout},
	{field.EtherType, vlan.TypeCustomer, &vlan.Layout},
	{field.EtherType, vlan.TypeOld, &vlan.Layout},
	{field.EtherType, vlan.TypeProvider, &vlan.ProviderLayout},
	{field.EtherType, vlan.TypeBackbone, &vlan.BackboneLayout},
	{field.EtherType, ethernet.TypeIPv6, &ipv6.Layout},
	{field.EtherType, gre.TypeFrame, &ethernet.Layout},
	{field.EtherType, mpls.TypeUnicast, &mpls.Layout},
	{field.EtherType, mpls.TypeMulticast, &mpls.Layout},
	{field.EtherType, pppoe.TypeDiscovery, &pppoe.DiscoveryLayout},
	{field.EtherType, pppoe.TypeSession, &pppoe.SessionLayout},
	{field.EtherType, ppp.EtherType, &ppp.Layout},
	{field.PPP, ppp.ProtoIPv4, &ipv4.Layout},
	{field.PPP, ppp.ProtoIPv6, &ipv6.Layout},
	{field.PPP, ppp.ProtoMPLS, &mpls.Layout},
	{field.PPP, ppp.ProtoLCP, &ppp.LCPLayout},
	{field.PPP, ppp.ProtoIPCP, &ppp.IPCPLayout},
	{field.PPP, ppp.ProtoIPv6CP, &ppp.IPv6CPLayout},
	{field.PPP, ppp.ProtoCCP, &ppp.CCPLayout},
	{field.PPP, ppp.ProtoPAP, &ppp.PAPLayout},
	{field.PPP, ppp.ProtoCHAP, &ppp.CHAPLayout},
	{field.Quote, 4, &ipv4.Layout},
	{field.Quote, 6, &ipv6.Layout},
	{field.IPProto, 4, &ipv4.Layout},
	{field.IPProto, ipv6.ProtoIPv6, &ipv6.Layout},
	{field.IPProto, ipv6.ProtoHopByHop, &ipv6.HopByHopLayout},
	{field.IPProto, ipv6.ProtoRouting, &ipv6.RoutingLayout},
	{field.IPProto, ipv6.ProtoFragment, &ipv6.FragmentLayout},
	{field.IPProto, ipv6.ProtoAH, &ipv6.AuthenticationLayout},
	{field.IPProto, ipv6.ProtoDestination, &ipv6.DestinationLayout},
	{field.IPProto, ipv4.ProtoICMP, &icmpv4.Layout},
	{field.IPProto, gre.Proto, &gre.Layout},
	{field.UDPPort, vxlan.Port, &vxlan.Layout},
	{field.UDPPort, vxlan.PortGeneric, &vxlan.GenericLayout},
	{field.UDPPort, geneve.Port, &geneve.Layout},
	{field.IPProto, igmp.Proto, &igmp.Layout},
	{field.IPProto, icmpv6.Proto, &icmpv6.Layout},
	{field.IPProto, ipv4.ProtoTCP, &tcp.Layout},
	{field.IPProto, ipv4.ProtoUDP, &udp.Layout},
	{field.IPProto, udplite.Proto, &udplite.Layout}, // behind UDP, whose the fields' names are
	{field.UDPPort, 53, &dns.Layout},
	{field.UDPPort, 67, &dhcpv4.Layout},
	{field.UDPPort, 68, &dhcpv4.Layout},
	{field.UDPPort, tftp.Port, &tftp.Layout},
	{field.UDPPort, 123, &ntp.Layout},
	{field.UDPPort, snmp.Port, &snmp.Layout},
	{field.UDPPort, dhcpv6.ClientPort, &dhcpv6.Layout},
	{field.UDPPort, dhcpv6.ServerPort, &dhcpv6.Layout},
	{field.UDPPort, snmp.TrapPort, &snmp.Layout},
	{field.UDPPort, syslog.Port, &syslog.Layout},
	{field.UDPPort, http1.DiscoveryPort, &http1.DiscoveryLayout},
	{field.UDPPort, stun.Port, &stun.Layout},
	{field.UDPPort, wireguard.Port, &wireguard.Layout},
	{field.UDPPort, 5353, &dns.MulticastLayout},
	{field.UDPPort, 5355, &dns.LocalLayout},
	{field.TCPPort, 53, &dns.StreamLayout},
	{field.TCPPort, 80, &http1.Layout},
	{field.TCPPort, 8080, &http1.Layout},
	{field.TCPPort, 324, &tls.Layout},
	{field.TCPPort, 443, &tls.Layout},
	{field.TCPPort, 465, &tls.Layout},
	{field.TCPPort, 636, &tls.Layout},
	{field.TCPPort, 802, &tls.Layout},
	{field.TCPPort, 853, &tls.Layout},
	{field.TCPPort, 993, &tls.Layout},
	{field.TCPPort, 995, &tls.Layout},
	{field.TCPPort, 5061, &tls.Layout},
	{field.TCPPort, 5671, &tls.Layout},
	{field.TCPPort, 5684, &tls.Layout},
	{field.TCPPort, 8443, &tls.Layout},
	{field.TCPPort, 8883, &tls.Layout},
	{field.UDPPort, quic.Port, &quic.Layout},
	{field.UDPPort, 2221, &tls.DatagramLayout},
	{field.UDPPort, 5684, &tls.DatagramLayout},
	{field.UDPPort, 5868, &tls.DatagramLayout},
}

// guesses are the layouts that are asked, in this order, where a port has none. On the port before, if
// it is not 0, such a layout comes before the port's own.
var guesses = []struct {
	table  field.Table
	layout *field.Layout
	before uint32
}{
	{field.TCPPort, &http1.Layout, 0},
	{field.TCPPort, &tls.Layout, 0},
	{field.UDPPort, &tls.DatagramLayout, quic.Port}, // RFC 9443, 3: no packet of QUIC begins as a record
	{field.UDPPort, &quic.Layout, 0},
	{field.UDPPort, &stun.Layout, 0},
	{field.UDPPort, &wireguard.Layout, 0},
}

// A numbers maps the keys of one table to layouts, those of 16 bits by the high byte and then the low
// one: a map would cost more than all the fields of a header.
type numbers struct {
	low  [256]*[256]*field.Layout
	high map[uint32]*field.Layout
}

func (n *numbers) set(k uint32, l *field.Layout) {
	if n.get(k) != nil {
		return // the first row of a key is the one
	}
	if k >= 1<<16 {
		if n.high == nil {
			n.high = map[uint32]*field.Layout{}
		}
		n.high[k] = l
		return
	}
	if n.low[k>>8] == nil {
		n.low[k>>8] = new([256]*field.Layout)
	}
	n.low[k>>8][k&255] = l
}

func (n *numbers) get(k uint32) *field.Layout {
	if k >= 1<<16 {
		return n.high[k]
	}
	if low := n.low[k>>8]; low != nil {
		return low[k&255]
	}
	return nil
}

// tables are what the decoder asks: all of field's, which are few.
type tables [32]numbers

func (t *tables) get(n field.Next) *field.Layout {
	if n.Table == field.None {
		return nil
	}
	of := &t[n.Table&31]
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

// lookup returns the layout that the registry has for a table and a key, or nil.
func lookup(n field.Next) *field.Layout { return layouts.get(n) }

// find returns the layout of a payload that table and key name, or that it looks like, else the one
// that a fallback explains.
func find(n field.Next, payload []byte) *field.Layout {
	l := lookup(n)
	for i := range guesses {
		g := &guesses[i]
		if g.table == n.Table && (l == nil || g.before != 0 && (n.Key == g.before || n.Alt == g.before)) && g.layout.Guess(payload) {
			return g.layout
		}
	}
	if l != nil {
		return l
	}
	return fallbackTable.get(n)
}

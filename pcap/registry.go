package pcap

import (
	"httptap/pcap/proto/ipv6"
	"httptap/pcap/proto/llc"
	"httptap/pcap/proto/stp"
	"httptap/pcap/proto/vlan"
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
	{field.EtherType, ethernet.TypeLLC, &llc.Layout},
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
	{field.IPProto, ipv4.ProtoTCP, &tcp.Layout},
	{field.IPProto, ipv4.ProtoUDP, &udp.Layout},
	{field.UDPPort, 53, &dns.Layout},
	{field.UDPPort, 67, &dhcpv4.Layout},
	{field.UDPPort, 68, &dhcpv4.Layout},
	{field.UDPPort, 123, &ntp.Layout},
	{field.UDPPort, 5353, &dns.Layout},
	{field.TCPPort, 53, &dns.StreamLayout},
	{field.TCPPort, 80, &http1.Layout},
	{field.TCPPort, 8080, &http1.Layout},
}

// layouts is the registry as the decoder asks it.
var layouts = func() map[uint64]*field.Layout {
	m := make(map[uint64]*field.Layout, len(registry))
	for _, r := range registry {
		m[uint64(r.table)<<32|uint64(r.key)] = r.layout
	}
	return m
}()

func lookup(n field.Next) *field.Layout {
	if n.Table == field.None {
		return nil
	}
	table := uint64(n.Table) << 32
	if l := layouts[table|uint64(n.Key)]; l != nil {
		return l
	}
	if n.Alt == 0 {
		return nil
	}
	return layouts[table|uint64(n.Alt)]
}

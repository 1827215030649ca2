// Package gopackets explains what package pcap has no room for, by gopacket's layers. It is a package of its
// own because to start a program with these costs more than all the rest of a decoder: a command that shows
// frames to people gives them to pcap with
//
//	gopackets.Each(pcap.UseFallback)
package gopackets

import (
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"httptap/stack/field"
)

var all = []struct {
	table       field.Table
	key         uint32
	name, label string
	typ         gopacket.LayerType
}{
	{field.EtherType, 0x888e, "eapol", "802.1X Authentication", layers.LayerTypeEAPOL},
	{field.EtherType, 0x8863, "pppoed", "PPP-over-Ethernet Discovery", layers.LayerTypePPPoE},
	{field.EtherType, 0x8864, "pppoes", "PPP-over-Ethernet Session", layers.LayerTypePPPoE},
	{field.EtherType, 0x8847, "mpls", "MultiProtocol Label Switching Header", layers.LayerTypeMPLS},
	{field.EtherType, 0x88cc, "lldp", "Link Layer Discovery Protocol", layers.LayerTypeLinkLayerDiscovery},
	{field.EtherType, 0x9000, "loop", "Configuration Test Protocol (loopback)", layers.LayerTypeEthernetCTP},
	{field.EtherType, 0x86dd, "ipv6", "Internet Protocol Version 6", layers.LayerTypeIPv6},
	{field.EtherType, 0x8100, "vlan", "802.1Q Virtual LAN", layers.LayerTypeDot1Q},
	{field.EtherType, 0x88a8, "ieee8021ad", "IEEE 802.1ad", layers.LayerTypeDot1Q},
	{field.IPProto, 2, "igmp", "Internet Group Management Protocol", layers.LayerTypeIGMP},
	{field.IPProto, 4, "ip", "Internet Protocol Version 4", layers.LayerTypeIPv4},
	{field.IPProto, 41, "ipv6", "Internet Protocol Version 6", layers.LayerTypeIPv6},
	{field.IPProto, 47, "gre", "Generic Routing Encapsulation", layers.LayerTypeGRE},
	{field.IPProto, 50, "esp", "Encapsulating Security Payload", layers.LayerTypeIPSecESP},
	{field.IPProto, 51, "ah", "Authentication Header", layers.LayerTypeIPSecAH},
	{field.IPProto, 58, "icmpv6", "Internet Control Message Protocol v6", layers.LayerTypeICMPv6},
	{field.IPProto, 89, "ospf", "Open Shortest Path First", layers.LayerTypeOSPF},
	{field.IPProto, 97, "etherip", "Ethernet over IP", layers.LayerTypeEtherIP},
	{field.IPProto, 112, "vrrp", "Virtual Router Redundancy Protocol", layers.LayerTypeVRRP},
	{field.IPProto, 132, "sctp", "Stream Control Transmission Protocol", layers.LayerTypeSCTP},
	{field.IPProto, 136, "udplite", "Lightweight User Datagram Protocol", layers.LayerTypeUDPLite},
	{field.UDPPort, 546, "dhcpv6", "DHCPv6", layers.LayerTypeDHCPv6},
	{field.UDPPort, 547, "dhcpv6", "DHCPv6", layers.LayerTypeDHCPv6},
	{field.UDPPort, 623, "rmcp", "Remote Management Control Protocol", layers.LayerTypeRMCP},
	{field.UDPPort, 1812, "radius", "RADIUS Protocol", layers.LayerTypeRADIUS},
	{field.UDPPort, 1813, "radius", "RADIUS Protocol", layers.LayerTypeRADIUS},
	{field.UDPPort, 2152, "gtp", "GPRS Tunneling Protocol", layers.LayerTypeGTPv1U},
	{field.UDPPort, 3784, "bfd", "Bidirectional Forwarding Detection Control Message", layers.LayerTypeBFD},
	{field.UDPPort, 4789, "vxlan", "Virtual eXtensible Local Area Network", layers.LayerTypeVXLAN},
	{field.UDPPort, 5060, "sip", "Session Initiation Protocol", layers.LayerTypeSIP},
	{field.UDPPort, 6081, "geneve", "Generic Network Virtualization Encapsulation", layers.LayerTypeGeneve},
	{field.UDPPort, 6343, "sflow", "InMon sFlow", layers.LayerTypeSFlow},
	{field.TCPPort, 443, "tls", "Transport Layer Security", layers.LayerTypeTLS},
	{field.TCPPort, 502, "mbtcp", "Modbus/TCP", layers.LayerTypeModbusTCP},
}

// Each calls use for every protocol that gopacket knows and somebody may have no room for: the table and the
// key that lead to it, Wireshark's name, a label, and what explains its bytes.
func Each(use func(table field.Table, key uint32, name, label string, explain func(dst, b []byte) []byte)) {
	for _, f := range all {
		use(f.table, f.key, f.name, f.label, func(dst, b []byte) []byte { return explain(dst, b, f.typ) })
	}
}

// maxText bounds what gopacket says of a layer, in bytes.
const maxText = 1024

// explain appends what gopacket finds in b, quoted: its words hold a packet's bytes.
func explain(dst, b []byte, typ gopacket.LayerType) []byte {
	p := gopacket.NewPacket(b, typ, gopacket.DecodeOptions{NoCopy: true})
	var text []byte
	for i, l := range p.Layers() {
		if i > 0 {
			text = append(text, " | "...)
		}
		if text = append(text, gopacket.LayerString(l)...); len(text) > maxText {
			text = append(text[:maxText], "..."...)
			break
		}
	}
	return field.AppendQuoted(dst, text)
}

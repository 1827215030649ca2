package arp

import (
	"encoding/binary"

	"httptap/stack/field"
)

// Operations names the opcodes. IANA, "ARP Parameters"
var Operations = field.Values{
	1: "request", 2: "reply", 3: "reverse request", 4: "reverse reply", 5: "drarp request",
	6: "drarp reply", 7: "drarp error", 8: "inarp request", 9: "inarp reply", 10: "arp nak",
	11: "mars request", 12: "mars multi", 13: "mars mserv", 14: "mars join", 15: "mars leave",
	16: "mars nak", 17: "mars unserv", 18: "mars sjoin", 19: "mars sleave",
	20: "mars grouplist request", 21: "mars grouplist reply", 22: "mars redirect map",
	23: "mapos unarp", 24: "experimental 1", 25: "experimental 2",
}

var hardwareTypes = field.Values{1: "Ethernet", hardwareAX25: "AX.25", 6: "IEEE 802", 7: "ARCNET", 15: "Frame Relay", 16: "ATM", 18: "Fibre Channel", 24: "IEEE 1394", 32: "InfiniBand"}

// protocolIPv4AX25 is IPv4 among AX.25's protocols, whose numbers ARP over it has.
const protocolIPv4AX25 = 0xcc

var protocolTypes = field.Values{protocolIPv4: "IPv4", protocolIPv4AX25: "IPv4 over AX.25"}

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "arp", Label: "Address Resolution Protocol", Kind: field.Layer, Ref: "RFC 826"},
	Title: "ARP",
	Head:  head[:],
	Tail:  tail,
	More:  more,
	Check: func(c *field.Context) { c.Limit = c.Pos() },
}

var head = [...]field.Spec{
	{Name: "arp.hw.type", Label: "Hardware type", Bits: 16, Kind: field.Uint, Values: hardwareTypes, Ref: "RFC 826"},
	{Name: "arp.proto.type", Label: "Protocol type", Bits: 16, Kind: field.Hex, Values: protocolTypes, Ref: "RFC 826"},
	{Name: "arp.hw.size", Label: "Hardware size", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 826"},
	{Name: "arp.proto.size", Label: "Protocol size", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 826"},
	{Name: "arp.opcode", Label: "Opcode", Bits: 16, Kind: field.Uint, Class: field.Operation, Values: Operations, Ref: "RFC 826"},
}

// The addresses as they are for Ethernet and IPv4, and for anything else.
var (
	srcHW   = field.Spec{Name: "arp.src.hw_mac", Label: "Sender MAC address", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "RFC 826"}
	srcIP   = field.Spec{Name: "arp.src.proto_ipv4", Label: "Sender IP address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 826"}
	dstHW   = field.Spec{Name: "arp.dst.hw_mac", Label: "Target MAC address", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "RFC 826"}
	dstIP   = field.Spec{Name: "arp.dst.proto_ipv4", Label: "Target IP address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 826"}
	srcHWN  = field.Spec{Name: "arp.src.hw", Label: "Sender hardware address", Kind: field.Bytes, Class: field.Address, Ref: "RFC 826"}
	srcIPN  = field.Spec{Name: "arp.src.proto", Label: "Sender protocol address", Kind: field.Bytes, Class: field.Address, Ref: "RFC 826"}
	dstHWN  = field.Spec{Name: "arp.dst.hw", Label: "Target hardware address", Kind: field.Bytes, Class: field.Address, Ref: "RFC 826"}
	dstIPN  = field.Spec{Name: "arp.dst.proto", Label: "Target protocol address", Kind: field.Bytes, Class: field.Address, Ref: "RFC 826"}
	srcAX25 = field.Spec{Name: "arp.src.hw_ax25", Label: "Sender AX.25 address", Bits: 56, Kind: field.Bytes, Class: field.Address, Ref: "RFC 826"}
	dstAX25 = field.Spec{Name: "arp.dst.hw_ax25", Label: "Target AX.25 address", Bits: 56, Kind: field.Bytes, Class: field.Address, Ref: "RFC 826"}
	badSize = &field.Fault{Name: "arp.size.bad", Label: "this address length does not fit the address type", Severity: field.Error}
)

func more() []*field.Spec {
	return []*field.Spec{&srcHW, &srcIP, &dstHW, &dstIP, &srcHWN, &srcIPN, &dstHWN, &dstIPN, &srcAX25, &dstAX25}
}

// tail adds the four addresses, whose lengths the head gives.
func tail(c *field.Context) {
	h := c.Frame[c.Start:]
	hlen, plen := int(h[4]), int(h[5])
	mac, ip := &srcHW, &srcIP
	mac2, ip2 := &dstHW, &dstIP
	htype := binary.BigEndian.Uint16(h[0:2])
	mac48 := htype == hardwareEthernet || htype == hardwareIEEE802
	switch {
	case htype == hardwareAX25 && hlen == 7:
		mac, mac2 = &srcAX25, &dstAX25
	case !mac48 || hlen != 6:
		if mac48 {
			c.Fault(c.Find(&head[2]), badSize, 0)
		}
		mac, mac2 = &srcHWN, &dstHWN
	}
	ptype := binary.BigEndian.Uint16(h[2:4])
	isIP := ptype == protocolIPv4 || htype == hardwareAX25 && ptype == protocolIPv4AX25
	if !isIP || plen != 4 {
		if isIP {
			c.Fault(c.Find(&head[3]), badSize, 0)
		}
		ip, ip2 = &srcIPN, &dstIPN
	}
	c.AddBytes(mac, hlen)
	c.AddBytes(ip, plen)
	c.AddBytes(mac2, hlen)
	c.AddBytes(ip2, plen)
}

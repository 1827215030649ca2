package llc

import "httptap/stack/field"

// saps names the service access points. IEEE, "Standard Group MAC Addresses"; ISO/IEC TR 11802-1
var saps = field.Values{
	0x00: "NULL LSAP", 0x02: "LLC Sub-Layer Management", 0x03: "LLC Sub-Layer Management Group", 0x04: "SNA Path Control",
	0x06: "TCP/IP", 0x08: "SNA", 0x0c: "SNA", 0x0e: "PROWAY Network Management", 0x18: "TI", 0x42: "Spanning Tree BPDU",
	0x4e: "EIA RS-511", 0x5e: "ISI IP", 0x7e: "X.25 over IEEE 802.2", 0x7f: "ISO 8208", 0x80: "XNS", 0x82: "BACnet", 0x86: "Nestar",
	0x8e: "PROWAY Active Station List Maintenance", 0x98: "ARP", 0xaa: "SNAP", 0xab: "SNAP", 0xba: "Banyan Vines", 0xe0: "NetWare",
	0xf0: "NetBIOS", 0xf4: "IBM Net Management", 0xf8: "Remote Program Load", 0xfa: "Ungermann-Bass", 0xfc: "Remote Program Load",
	0xfe: "ISO Network Layer", 0xff: "Global LSAP",
}

var frameTypes = field.Values{1: "Supervisory frame", 3: "Unnumbered frame"}

// supervisoryTypes names the S format's functions. ISO/IEC 8802-2, 5.4.2.2
var supervisoryTypes = field.Values{0: "Receiver ready", 1: "Receiver not ready", 2: "Reject"}

// modifiers names the U format's functions, with P/F clear and set. ISO/IEC 8802-2, 5.4
var modifiers = func() field.Values {
	v := field.Values{}
	for control, name := range map[uint64]string{
		0x03: "Unnumbered Information", 0xe3: "Test", 0xaf: "Exchange identification", 0x6f: "Set Asynchronous Balanced Mode Extended",
		0x43: "Disconnect", 0x63: "Unnumbered Acknowledge", 0x0f: "Disconnect mode", 0x87: "Frame reject", 0x67: "AC0, Acknowledged connectionless information, SEQ 0",
		0xe7: "AC1, Acknowledged connectionless information, SEQ 1", 0x2f: "Set asynchronous balanced mode",
	} {
		v[control>>2] = name
		v[control>>2|4] = name
	}
	return v
}()

// xidClasses names the classes of service. ISO/IEC 8802-2, 5.4.1.1.2
var xidClasses = field.Values{
	1: "Type 1 LLC (Class I LLC)", 2: "Type 2 LLC", 3: "Type 1 and Type 2 LLCs (Class II LLC)", 4: "Type 3 LLC",
	5: "Type 1 and Type 3 LLCs (Class III LLC)", 6: "Type 2 and Type 3 LLCs", 7: "Type 1 and Type 2 and Type 3 LLCs (Class IV LLC)",
}

// organizations names those that have protocols in SNAP. IEEE, "OUI"
var organizations = field.Values{
	0: "Encapsulated Ethernet", 0x00000c: "Cisco Systems, Inc", 0x000081: "Nortel", 0x0001e8: "Force10 Networks", 0x00005e: "IANA",
	0x0017f2: "Apple, Inc.", 0x004096: "Cisco Systems, Inc (Aironet)", 0x0080c2: "IEEE 802.1 Committee", 0x00e02b: "Extreme Networks", 0x080007: "Apple, Inc.",
}

// etherTypes names some EtherTypes. IANA, "IEEE 802 Numbers"
var etherTypes = field.Values{0x0800: "IPv4", 0x0806: "ARP", 0x86dd: "IPv6", 0x8100: "802.1Q Virtual LAN", 0x8137: "Netware IPX/SPX", 0x888e: "802.1X Authentication", 0x88cc: "802.1 Link Layer Discovery Protocol (LLDP)"}

var ciscoProtocols = field.Values{0x0102: "DRiP", 0x0104: "PAgP", 0x0105: "MLS", 0x010b: "PVSTP+", 0x010c: "VLAN Bridge", 0x0111: "UDLD", 0x2000: "CDP", 0x2001: "CGMP", 0x2003: "VTP", 0x2004: "DTP", 0x200a: "STP Uplink Fast"}

// bridgedProtocols names the frames of other networks that go over this one. RFC 2684, 5.2
var bridgedProtocols = field.Values{1: "Bridged 802.3 with FCS", 2: "Bridged 802.4 with FCS", 3: "Bridged 802.5 with FCS", 4: "Bridged FDDI with FCS", 7: "Bridged 802.3 without FCS", 8: "Bridged 802.4 without FCS", 9: "Bridged 802.5 without FCS", 10: "Bridged FDDI without FCS", 11: "Bridged 802.6", 13: "Fragments", 14: "BPDU"}

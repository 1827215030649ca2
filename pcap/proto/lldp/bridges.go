package lldp

import (
	"strconv"

	"httptap/stack/field"
)

var bridgeType = field.Spec{Name: "lldp.ieee.802_1.subtype", Label: "IEEE 802.1 Subtype", Bits: 8, Kind: field.Hex, Class: field.Operation, Values: field.Values{
	1: "Port VLAN ID", 2: "Port and Protocol VLAN ID", 3: "VLAN Name", 4: "Protocol Identity", 5: "VID Usage Digest", 6: "Management VID", 7: "Link Aggregation",
	8: "Congestion Notification", 9: "ETS Configuration", 10: "ETS Recommendation", 11: "Priority Flow Control Configuration", 12: "Application Protocol", 13: "EVB", 14: "CDCP",
	15: "Port extension", 16: "Application VLAN", 17: "LRP ECP Discovery", 18: "LRP TCP Discovery", 19: "Congestion Isolation", 20: "Topology Recognition",
}, Ref: "IEEE 802.1Q, table D-1"}

// bridgeContents has IEEE 802.1's TLVs by their subtype.
var bridgeContents = map[byte]content{
	1:  {parts: []*field.Spec{&portVLAN}},
	2:  {parts: []*field.Spec{&protoFlags, &protoVLAN}},
	3:  {parts: []*field.Spec{&vlanID, &vlanLen}, walk: counted(&vlanName)},
	4:  {parts: []*field.Spec{&protoLen}, walk: counted(&proto)},
	5:  {parts: []*field.Spec{&usage}},
	6:  {parts: []*field.Spec{&managementVLAN}},
	7:  {parts: []*field.Spec{&bundle, &bundlePort}},
	8:  {parts: append(priorityBits("lldp.ieee.802_1qau.cnpv.prio", " CNPV Capability"), priorityBits("lldp.ieee.802_1qau.ready.prio", " Ready Indicator")...)},
	9:  {parts: append(field.Pointers(etsHead[:]), etsTables...)},
	10: {parts: append([]*field.Spec{&etsReserved}, etsTables...)},
	11: {parts: append(field.Pointers(pfcHead[:]), priorityBits("lldp.dcbx.feature.pfc.prio", "")...)},
	12: {parts: []*field.Spec{&appReserved}, walk: repeated(appFields[:])},
}

func number1(name, label string, bits int, ref string) field.Spec {
	return field.Spec{Name: "lldp." + name, Label: label, Bits: bits, Kind: field.Uint, Ref: ref}
}

var (
	portVLAN   = number1("ieee.802_1.port_vlan.id", "Port VLAN Identifier", 16, "IEEE 802.1Q, D.2.1")
	protoFlags = field.Spec{Name: "lldp.ieee.802_1.port_and_vlan_id_flag", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "IEEE 802.1Q, D.2.2", Sub: []field.Spec{
		{Name: "lldp.ieee.802_1.port_and_vlan_id_flag.reserved", Label: "Reserved", Bits: 5, Kind: field.Reserved, Ref: "IEEE 802.1Q, D.2.2"},
		{Name: "lldp.ieee.802_1.port_and_vlan_id_flag.enabled", Label: "Port and Protocol VLAN enabled", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1Q, D.2.2"},
		{Name: "lldp.ieee.802_1.port_and_vlan_id_flag.supported", Label: "Port and Protocol VLAN supported", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1Q, D.2.2"},
		{Name: "lldp.ieee.802_1.port_and_vlan_id_flag.reserved", Label: "Reserved", Bits: 1, Kind: field.Reserved, Ref: "IEEE 802.1Q, D.2.2"},
	}}
	protoVLAN      = number1("ieee.802_1.port_proto_vlan.id", "Port and Protocol VLAN Identifier", 16, "IEEE 802.1Q, D.2.2")
	vlanID         = number1("ieee.802_1.vlan.id", "VLAN Identifier", 16, "IEEE 802.1Q, D.2.3")
	vlanLen        = number1("ieee.802_1.vlan.name_len", "VLAN Name Length", 8, "IEEE 802.1Q, D.2.3")
	vlanName       = field.Spec{Name: "lldp.ieee.802_1.vlan.name", Label: "VLAN Name", Kind: field.Text, Class: field.Name, Ref: "IEEE 802.1Q, D.2.3"}
	protoLen       = number1("ieee.802_1.proto.id_length", "Protocol Identity Length", 8, "IEEE 802.1Q, D.2.4")
	proto          = field.Spec{Name: "lldp.ieee.802_1.proto.id", Label: "Protocol Identity", Kind: field.Bytes, Ref: "IEEE 802.1Q, D.2.4"}
	usage          = field.Spec{Name: "lldp.ieee.802_1.vid_usage_digest", Label: "VID Usage Digest", Bits: 32, Kind: field.Hex, Ref: "IEEE 802.1Q, D.2.5"}
	managementVLAN = number1("ieee.802_1.management_vid", "Management VID", 16, "IEEE 802.1Q, D.2.6")
	bundle         = field.Spec{Name: "lldp.ieee.802_1.aggregation_status", Label: "Aggregation Status", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "IEEE 802.1AX, F.2", Sub: []field.Spec{
		{Name: "lldp.ieee.802_1.aggregation_status.reserved", Label: "Reserved", Bits: 4, Kind: field.Reserved, Ref: "IEEE 802.1AX, F.2"},
		{Name: "lldp.ieee.802_1.aggregation_status.porttype", Label: "Port type", Bits: 2, Kind: field.Uint, Values: field.Values{0: "Not specified", 1: "From aggregation port", 2: "From aggregator", 3: "From single-port aggregator"}, Ref: "IEEE 802.1AX, F.2"},
		{Name: "lldp.ieee.802_1.aggregation_status.enabled", Label: "Aggregation Status", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1AX, F.2"},
		{Name: "lldp.ieee.802_1.aggregation_status.cap", Label: "Aggregation Capability", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1AX, F.2"},
	}}
	bundlePort = number1("ieee.802_1.aggregated_port_id", "Aggregated Port Id", 32, "IEEE 802.1AX, F.2")

	etsHead = [...]field.Spec{
		{Name: "lldp.dcbx.ieee.willing", Label: "Willing", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1Q, D.2.8"},
		{Name: "lldp.dcbx.ieee.ets.cbs", Label: "Credit-Based Shaper", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1Q, D.2.8"},
		{Name: "lldp.dcbx.ieee.ets.reserved", Label: "Reserved", Bits: 3, Kind: field.Reserved, Ref: "IEEE 802.1Q, D.2.8"},
		{Name: "lldp.dcbx.ieee.ets.maxtcs", Label: "Maximum Number of Traffic Classes", Bits: 3, Kind: field.Uint, Ref: "IEEE 802.1Q, D.2.8"},
	}
	etsReserved = field.Spec{Name: "lldp.dcbx.ieee.ets.reserved", Label: "Reserved", Bits: 8, Kind: field.Reserved, Ref: "IEEE 802.1Q, D.2.9"}
	etsTables   = func() (list []*field.Spec) {
		for i := range 8 {
			list = append(list, numbered("lldp.dcbx.feature.pg.pgid_prio", i, "PGID for Priority ", 4, "", nil))
		}
		for i := range 8 {
			list = append(list, numbered("lldp.dcbx.feature.pg.per", i, "Bandwidth for Traffic Class ", 8, "%", nil))
		}
		for i := range 8 {
			list = append(list, numbered("lldp.dcbx.ieee.ets.tsa", i, "TSA for Traffic Class ", 8, "", field.Values{0: "Strict Priority", 1: "Credit-Based Shaper", 2: "Enhanced Transmission Selection", 255: "Vendor Specific Algorithm"}))
		}
		return list
	}()
	pfcHead = [...]field.Spec{
		{Name: "lldp.dcbx.ieee.willing", Label: "Willing", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1Q, D.2.10"},
		{Name: "lldp.dcbx.ieee.pfc.mbc", Label: "MACsec Bypass Capability", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1Q, D.2.10"},
		{Name: "lldp.dcbx.ieee.pfc.reserved", Label: "Reserved", Bits: 2, Kind: field.Reserved, Ref: "IEEE 802.1Q, D.2.10"},
		{Name: "lldp.dcbx.ieee.pfc.numtcs", Label: "Max PFC Enabled Traffic Classes", Bits: 4, Kind: field.Uint, Ref: "IEEE 802.1Q, D.2.10"},
	}
	appReserved = field.Spec{Name: "lldp.dcbx.ieee.app.reserved", Label: "Reserved", Bits: 8, Kind: field.Hex, Ref: "IEEE 802.1Q, D.2.11"}
	appFields   = [...]field.Spec{
		{Name: "lldp.dcbx.ieee.app.prio", Label: "Application Priority", Bits: 3, Kind: field.Uint, Ref: "IEEE 802.1Q, D.2.11"},
		{Name: "lldp.dcbx.ieee.app.prio.reserved", Label: "Reserved", Bits: 2, Kind: field.Reserved, Ref: "IEEE 802.1Q, D.2.11"},
		{Name: "lldp.dcbx.iee.app.sf", Label: "Application Selector", Bits: 3, Kind: field.Uint, Values: field.Values{0: "Reserved", 1: "Default or Ethertype", 2: "Port over TCP/SCTP", 3: "Port over UDP/DCCP", 4: "Port over TCP/SCTP/UDP/DCCP", 5: "DSCP"}, Ref: "IEEE 802.1Q, D.2.11"},
		{Name: "lldp.dcbx.feature.app.proto", Label: "Application Protocol Id", Bits: 16, Kind: field.Hex, Ref: "IEEE 802.1Q, D.2.11"},
	}
)

func moreBridge() []*field.Spec {
	return append([]*field.Spec{&vlanName, &proto}, field.Pointers(appFields[:])...)
}

func numbered(name string, i int, label string, bits int, unit string, values field.Values) *field.Spec {
	n := strconv.Itoa(i)
	return &field.Spec{Name: name + n, Label: label + n, Bits: bits, Kind: field.Uint, Unit: unit, Values: values, Ref: "IEEE 802.1Q, D.2.8"}
}

// priorityBits are one bit a priority, the highest first.
func priorityBits(name, label string) (list []*field.Spec) {
	for i := 7; i >= 0; i-- {
		n := strconv.Itoa(i)
		list = append(list, &field.Spec{Name: name + n, Label: "Priority " + n + label, Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1Q, D.2.7"})
	}
	return list
}

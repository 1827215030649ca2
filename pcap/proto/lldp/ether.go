package lldp

import "httptap/stack/field"

var etherType = field.Spec{Name: "lldp.ieee.802_3.subtype", Label: "IEEE 802.3 Subtype", Bits: 8, Kind: field.Hex, Class: field.Operation, Values: field.Values{
	1: "MAC/PHY Configuration/Status", 2: "Power Via MDI", 3: "Link Aggregation", 4: "Maximum Frame Size", 5: "EEE (Energy-Efficient Ethernet)", 7: "IEEE 802.3br Additional Ethernet capabilities",
}, Ref: "IEEE 802.3, table 79-1"}

// etherContents has IEEE 802.3's TLVs by their subtype.
var etherContents = map[byte]content{
	1: {parts: []*field.Spec{&negotiation, &advertised, &mau}},
	2: {parts: field.Pointers(powerFields[:]), walk: morePower},
	3: {parts: []*field.Spec{&aggregation, &aggregated}},
	4: {parts: []*field.Spec{&frameSize}},
	5: {parts: field.Pointers(eeeFields[:])},
	7: {parts: []*field.Spec{&preemption}},
}

const (
	ref79PHY   = "IEEE 802.3, 79.3.1"
	ref79Power = "IEEE 802.3, 79.3.2"
)

var (
	negotiation = field.Spec{Name: "lldp.ieee.802_3.mac_phy_auto_neg_status", Label: "Auto-Negotiation Support/Status", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: ref79PHY, Sub: []field.Spec{
		{Name: "lldp.ieee.802_3.mac_phy_auto_neg_status.reserved", Label: "Reserved", Bits: 6, Kind: field.Reserved, Ref: ref79PHY},
		{Name: "lldp.ieee.802_3.mac_phy_auto_neg_status.enabled", Label: "Auto-Negotiation enabled", Bits: 1, Kind: field.Flag, Ref: ref79PHY},
		{Name: "lldp.ieee.802_3.mac_phy_auto_neg_status.supported", Label: "Auto-Negotiation supported", Bits: 1, Kind: field.Flag, Ref: ref79PHY},
	}}
	advertised = field.Spec{Name: "lldp.ieee.802_3.pmd_auto_neg_advertised_caps", Label: "PMD Auto-Negotiation Advertised Capability", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: ref79PHY, Sub: advertisedBits()}
	mau        = field.Spec{Name: "lldp.ieee.802_3.pmd_mau_type", Label: "Operational MAU Type", Bits: 16, Kind: field.Hex, Values: mauTypes, Ref: "IANA, MAU MIB"}

	powerFields = [...]field.Spec{
		{Name: "lldp.ieee.802_3.mdi_power_support", Label: "MDI Power Support", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: ref79Power, Sub: []field.Spec{
			{Name: "lldp.ieee.802_3.mdi_power_support.reserved", Label: "Reserved", Bits: 4, Kind: field.Reserved, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.mdi_power_support.pse_pairs", Label: "PSE Pairs Control Ability", Bits: 1, Kind: field.Flag, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.mdi_power_support.enabled", Label: "PSE MDI Power enabled", Bits: 1, Kind: field.Flag, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.mdi_power_support.supported", Label: "PSE MDI Power supported", Bits: 1, Kind: field.Flag, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.mdi_power_support.port_class", Label: "Port Class", Bits: 1, Kind: field.Uint, Values: field.Values{0: "PD", 1: "PSE"}, Ref: ref79Power},
		}},
		{Name: "lldp.ieee.802_3.mdi_pse_pair", Label: "PSE Power Pair", Bits: 8, Kind: field.Uint, Values: field.Values{1: "Signal", 2: "Spare"}, Ref: ref79Power},
		{Name: "lldp.ieee.802_3.mdi_power_class", Label: "Power Class", Bits: 8, Kind: field.Uint, Values: field.Values{1: "0", 2: "1", 3: "2", 4: "3", 5: "4"}, Ref: ref79Power},
	}
	powerMore = [...]field.Spec{
		{Name: "lldp.ieee.802_3.mdi_power_type", Label: "Power Type", Bits: 2, Kind: field.Uint, Values: field.Values{0: "Type 2 PSE Device", 1: "Type 2 PD Device", 2: "Type 1 PSE Device", 3: "Type 1 PD Device"}, Ref: ref79Power},
		{Name: "lldp.ieee.802_3.mdi_power_source", Label: "Power Source", Bits: 2, Kind: field.Uint, Ref: ref79Power},
		{Name: "lldp.ieee.802_3.mdi_power_priority", Label: "Power Priority", Bits: 4, Kind: field.Uint, Values: powerPriorities, Ref: ref79Power},
		{Name: "lldp.ieee.802_3.mdi_pde_requested", Label: "PD Requested Power Value", Bits: 16, Kind: field.Uint, Unit: "x 0.1 W", Ref: ref79Power},
		{Name: "lldp.ieee.802_3.mdi_pse_allocated", Label: "PSE Allocated Power Value", Bits: 16, Kind: field.Uint, Unit: "x 0.1 W", Ref: ref79Power},
	}
	powerFour = [...]field.Spec{
		{Name: "lldp.ieee.802_3.bt_ds_pd_requested_power_value_mode_a", Label: "DS PD Requested Power Value Mode A", Bits: 16, Kind: field.Uint, Unit: "x 0.1 W", Ref: ref79Power},
		{Name: "lldp.ieee.802_3.bt_ds_pd_requested_power_value_mode_b", Label: "DS PD Requested Power Value Mode B", Bits: 16, Kind: field.Uint, Unit: "x 0.1 W", Ref: ref79Power},
		{Name: "lldp.ieee.802_3.bt_ds_pse_allocated_power_value_alt_a", Label: "DS PSE Allocated Power Value Alt A", Bits: 16, Kind: field.Uint, Unit: "x 0.1 W", Ref: ref79Power},
		{Name: "lldp.ieee.802_3.bt_ds_pse_allocated_power_value_alt_b", Label: "DS PSE Allocated Power Value Alt B", Bits: 16, Kind: field.Uint, Unit: "x 0.1 W", Ref: ref79Power},
		{Name: "lldp.ieee.802_3.bt_power_status", Label: "Power Status", Bits: 16, Kind: field.Hex, Ref: ref79Power, Sub: []field.Spec{
			{Name: "lldp.ieee.802_3.bt_pse_powering_status", Label: "PSE Powering Status", Bits: 2, Kind: field.Uint, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.bt_pd_powered_status", Label: "PD Powered Status", Bits: 2, Kind: field.Uint, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.bt_pse_power_pairs_ext", Label: "PSE Power Pairs ext", Bits: 2, Kind: field.Uint, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.bt_ds_pwr_class_ext_a", Label: "DS Pwr Class Ext A", Bits: 3, Kind: field.Uint, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.bt_ds_pwr_class_ext_b", Label: "DS Pwr Class Ext B", Bits: 3, Kind: field.Uint, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.bt_pwr_class_ext_", Label: "Pwr Class Ext", Bits: 4, Kind: field.Uint, Ref: ref79Power},
		}},
		{Name: "lldp.ieee.802_3.bt_system_setup", Label: "System Setup", Bits: 8, Kind: field.Hex, Ref: ref79Power, Sub: []field.Spec{
			{Name: "lldp.ieee.802_3.bt_system_setup.reserved", Label: "Reserved", Bits: 4, Kind: field.Reserved, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.bt_power_type_ext", Label: "Power Type Ext", Bits: 3, Kind: field.Uint, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.bt_pd_load", Label: "PD Load", Bits: 1, Kind: field.Flag, Ref: ref79Power},
		}},
		{Name: "lldp.ieee.802_3.bt_pse_maximum_available_power_value", Label: "PSE Maximum Available Power Value", Bits: 16, Kind: field.Uint, Unit: "x 0.1 W", Ref: ref79Power},
		{Name: "lldp.ieee.802_3.bt_autoclass", Label: "Autoclass", Bits: 8, Kind: field.Hex, Ref: ref79Power, Sub: []field.Spec{
			{Name: "lldp.ieee.802_3.bt_autoclass_reserved", Label: "Autoclass Reserved", Bits: 5, Kind: field.Reserved, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.bt_pse_autoclass_support", Label: "PSE Autoclass support", Bits: 1, Kind: field.Uint, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.bt_autoclass_completed", Label: "Autoclass Completed", Bits: 1, Kind: field.Uint, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.bt_autoclass_request", Label: "Autoclass Request", Bits: 1, Kind: field.Uint, Ref: ref79Power},
		}},
		{Name: "lldp.ieee.802_3.bt_power_down", Label: "Power down", Bits: 24, Kind: field.Hex, Ref: ref79Power, Sub: []field.Spec{
			{Name: "lldp.ieee.802_3.bt_power_down_request", Label: "Power down request", Bits: 6, Kind: field.Uint, Ref: ref79Power},
			{Name: "lldp.ieee.802_3.bt_power_down_time", Label: "Power down time", Bits: 18, Kind: field.Uint, Unit: "s", Ref: ref79Power},
		}},
	}

	aggregation = field.Spec{Name: "lldp.ieee.802_3.aggregation_status", Label: "Aggregation Status", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "IEEE 802.3, 79.3.3", Sub: []field.Spec{
		{Name: "lldp.ieee.802_3.aggregation_status.reserved", Label: "Reserved", Bits: 6, Kind: field.Reserved, Ref: "IEEE 802.3, 79.3.3"},
		{Name: "lldp.ieee.802_3.aggregation_status.enabled", Label: "Aggregation Status", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.3, 79.3.3"},
		{Name: "lldp.ieee.802_3.aggregation_status.cap", Label: "Aggregation Capability", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.3, 79.3.3"},
	}}
	aggregated = number1("ieee.802_3.aggregated_port_id", "Aggregated Port Id", 32, "IEEE 802.3, 79.3.3")
	frameSize  = field.Spec{Name: "lldp.ieee.802_3.max_frame_size", Label: "Maximum Frame Size", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "IEEE 802.3, 79.3.4"}
	eeeFields  = [...]field.Spec{
		number1("ieee.802_3.eee.transmit", "Transmit", 16, "IEEE 802.3, 79.3.5"), number1("ieee.802_3.eee.receive", "Receive", 16, "IEEE 802.3, 79.3.5"),
		number1("ieee.802_3.eee.fallback_receive", "Fallback Receive", 16, "IEEE 802.3, 79.3.5"), number1("ieee.802_3.eee.echo_transmit", "Echo Transmit", 16, "IEEE 802.3, 79.3.5"),
		number1("ieee.802_3.eee.echo_receive", "Echo Receive", 16, "IEEE 802.3, 79.3.5"),
	}
	preemption = field.Spec{Name: "lldp.ieee.802_3br.eac", Label: "Additional Ethernet Capabilities", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "IEEE 802.3, 79.3.7", Sub: []field.Spec{
		{Name: "lldp.ieee.802_3br.aec.reserved", Label: "Reserved", Bits: 11, Kind: field.Reserved, Ref: "IEEE 802.3, 79.3.7"},
		{Name: "lldp.ieee.802_3br.aec.addfragsize", Label: "Additional Fragment Size", Bits: 2, Kind: field.Uint, Ref: "IEEE 802.3, 79.3.7"},
		{Name: "lldp.ieee.802_3br.aec.active", Label: "Preemption capabilities active", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.3, 79.3.7"},
		{Name: "lldp.ieee.802_3br.aec.enable", Label: "Preemption capabilities enable", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.3, 79.3.7"},
		{Name: "lldp.ieee.802_3br.aec.support", Label: "Preemption capabilities support", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.3, 79.3.7"},
	}}
)

var powerPriorities = field.Values{0: "Unknown", 1: "Critical", 2: "High", 3: "Low"}

var mauTypes = field.Values{
	0: "other or unknown", 0x05: "10BaseT - UTP MAU", 0x0a: "10BaseTHD - UTP MAU, half duplex mode", 0x0b: "10BaseTFD - UTP MAU, full duplex mode",
	0x0f: "100BaseTXHD - 2 pair category 5 UTP, half duplex mode", 0x10: "100BaseTXFD - 2 pair category 5 UTP, full duplex mode", 0x12: "100BaseFXFD - X fiber over PMT, full duplex mode",
	0x16: "1000BaseXFD - PCS/PMA, unknown PMD, full duplex mode", 0x18: "1000BaseLXFD - Fiber over long-wavelength laser, full duplex mode", 0x1a: "1000BaseSXFD - Fiber over short-wavelength laser, full duplex mode",
	0x1d: "1000BaseTHD - Four-pair Category 5 UTP, half duplex mode", 0x1e: "1000BaseTFD - Four-pair Category 5 UTP, full duplex mode", 0x1f: "10GigBaseX - X PCS/PMA, unknown PMD.",
	0x21: "10GigBaseR - R PCS/PMA, unknown PMD.", 0x22: "10GigBaseER - R fiber over 1550 nm optics", 0x23: "10GigBaseLR - R fiber over 1310 nm optics", 0x24: "10GigBaseSR - R fiber over 850 nm optics",
	0x36: "10GBASE-T - Four-pair Category 6A or better, full duplex mode only",
}

// advertisedBits are the abilities of ifMauAutoNegCapAdvertisedBits, from the highest bit on.
func advertisedBits() (list []field.Spec) {
	for _, f := range [][2]string{
		{"other", "Other or unknown"}, {"10base_t", "10BASE-T (half duplex mode)"}, {"10base_tfd", "10BASE-T (full duplex mode)"}, {"100base_t4", "100BASE-T4"},
		{"100base_tx", "100BASE-TX (half duplex mode)"}, {"100base_txfd", "100BASE-TX (full duplex mode)"}, {"100base_t2", "100BASE-T2 (half duplex mode)"}, {"100base_t2fd", "100BASE-T2 (full duplex mode)"},
		{"fdx_pause", "PAUSE (for full-duplex links)"}, {"fdx_apause", "Asymmetric PAUSE (for full-duplex links)"}, {"fdx_spause", "Symmetric PAUSE (for full-duplex links)"},
		{"fdx_bpause", "Asymmetric and Symmetric PAUSE (for full-duplex links)"}, {"1000base_x", "1000BASE-X (-LX, -SX, -CX half duplex mode)"}, {"1000base_xfd", "1000BASE-X (-LX, -SX, -CX full duplex mode)"},
		{"1000base_t", "1000BASE-T (half duplex mode)"}, {"1000base_tfd", "1000BASE-T (full duplex mode)"},
	} {
		list = append(list, field.Spec{Name: "lldp.ieee.802_3.pmd_auto_neg_advertised_caps." + f[0], Label: f[1], Bits: 1, Kind: field.Flag, Ref: ref79PHY})
	}
	return list
}

func moreEther() []*field.Spec {
	return append(field.Pointers(powerMore[:]), field.Pointers(powerFour[:])...)
}

// morePower adds what 802.3at has behind the power's class, five bytes, and what 802.3bt has behind
// that, seventeen.
func morePower(c *field.Context, stop int) {
	if stop-c.Pos() < 5 {
		return
	}
	for i := range powerMore {
		c.Add(&powerMore[i], powerMore[i].Bits)
	}
	if stop-c.Pos() < 17 {
		return
	}
	for i := range powerFour {
		c.Add(&powerFour[i], powerFour[i].Bits)
	}
}

package lldp_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/lldp"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

var hex = fieldtest.Hex

const (
	chassis = "0207 04 020000000001"
	port    = "0405 05 65746830"
	ttl     = "0602 0078"
	end     = "0000"
)

// unit returns a whole unit with a TLV: the mandatory ones first, of which it may be one.
func unit(tlv string) []byte {
	switch b := hex(tlv); b[0] >> 1 {
	case 1:
		return hex(tlv + port + ttl + end)
	case 2:
		return hex(chassis + tlv + ttl + end)
	}
	return hex(chassis + port + ttl + tlv + end)
}

// broken are TLVs that lie.
var broken = map[string]string{
	"past the end": "0a40 6162", "address too long": "100c 15 01 c0000201 02 00000003 00", "object too long": "100c 05 01 c0000201 02 00000003 40",
	"name too long": "fe0a 0080c2 03 0064 40 746573", "VLAN too short": "fe05 0080c2 01 00", "VLAN too long": "fe07 0080c2 01 0064 00", "no organization": "fe02 0080",
	"civic too long": "fe0e 0012bb 03 02 40 01 5553 01 02 4341 06", "civic value too long": "fe0e 0012bb 03 02 09 01 5553 01 40 4341 06", "time of one byte": "0601 78",
	"management too short": "1003 010203", "capabilities too short": "0e02 0014",
}

func units() (list [][]byte) {
	for _, m := range []map[string]string{samples, broken} {
		for _, h := range m {
			list = append(list, unit(h))
		}
	}
	return append(list, hex(port+chassis+ttl+end), hex(chassis), hex(chassis+port+ttl+end+"00000000"))
}

func TestFields(t *testing.T) {
	var cases []fieldtest.Case
	for name, f := range map[string][2]string{
		"chassis IPv4": {"lldp.chassis.id.ip4", "192.0.2.1"}, "chassis IPv6": {"lldp.chassis.id.ip6", "2001:db8::1"}, "chassis component": {"lldp.chassis.id", "616263"}, "port MAC": {"lldp.port.id.mac", "02:00:00:00:00:01"},
		"port local": {"lldp.port.id", `"abc"`}, "system name": {"lldp.tlv.system.name", `"host"`}, "capabilities": {"lldp.tlv.enable_system_cap.router", "Set"}, "management IPv4": {"lldp.mgn.addr.ip4", "192.0.2.1"},
		"management IPv6": {"lldp.mgn.obj.id", "1.3.6.1.4.1.261.1"}, "management MAC": {"lldp.mgn.addr.hex", "020000000001"}, "reserved type": {"lldp.tlv.value", "0102"}, "port VLAN": {"lldp.ieee.802_1.port_vlan.id", "100"},
		"VLAN name": {"lldp.ieee.802_1.vlan.name", `"test"`}, "usage digest": {"lldp.ieee.802_1.vid_usage_digest", "0x01020304"}, "bridge aggregation": {"lldp.ieee.802_1.aggregation_status.porttype", "From aggregation port (1)"},
		"congestion": {"lldp.ieee.802_1qau.ready.prio3", "Set"}, "ets configuration": {"lldp.dcbx.ieee.ets.tsa4", "Vendor Specific Algorithm (255)"}, "flow control": {"lldp.dcbx.ieee.pfc.numtcs", "8"},
		"applications": {"lldp.dcbx.feature.app.proto", "0x8906"}, "phy": {"lldp.ieee.802_3.pmd_mau_type", "1000BaseTFD - Four-pair Category 5 UTP, full duplex mode (0x001e)"}, "power 2": {"lldp.ieee.802_3.mdi_pde_requested", "130 x 0.1 W"},
		"power 4": {"lldp.ieee.802_3.bt_power_down_request", "63"}, "frame size": {"lldp.ieee.802_3.max_frame_size", "1518 bytes"}, "preemption": {"lldp.ieee.802_3br.aec.addfragsize", "3"}, "policy": {"lldp.media.vlan_id", "100"},
		"coordinates": {"lldp.media.loc.datum", "WGS84 (1)"}, "civic": {"lldp.media.civic.value", `"CA"`}, "elin": {"lldp.media.ecs", `"9111"`}, "serial": {"lldp.media.sn", `"1.0"`}, "mud": {"lldp.iana.mudurl", `"https://a"`},
		"other organization": {"lldp.unknown_subtype.content", "0102"}, "edge before the standard": {"lldp.ieee.802_1qbg.evb_retrans_timer", "5"},
	} {
		cases = append(cases, fieldtest.Case{Name: name, Bytes: unit(samples[name]), Field: f[0], Want: f[1]})
	}
	for name, f := range map[string][2]string{
		"address too long": {"lldp.mgn.address.len", "malformed.length"}, "object too long": {"lldp.mgn.obj.len", "malformed.length"}, "name too long": {"lldp.ieee.802_1.vlan.name_len", "malformed.length"},
		"civic too long": {"lldp.media.civic.length", "malformed.length"},
	} {
		cases = append(cases, fieldtest.Case{Name: name, Bytes: unit(broken[name]), Field: f[0], Fault: f[1]})
	}
	cases = append(cases,
		fieldtest.Case{Name: "the first TLV is not the chassis", Bytes: hex(port + chassis + ttl + end), Field: "lldp.tlv.type", Fault: "lldp.bad_type"},
		fieldtest.Case{Name: "behind the end there is padding", Bytes: hex(chassis + port + ttl + end + "0000"), Field: "undecoded", Want: "0000"},
		fieldtest.Case{Name: "cut in a name", Bytes: hex(chassis)[:8], Field: "lldp.tlv.len", Fault: "malformed.length"},
	)
	fieldtest.Run(t, &lldp.Layout, nil, cases)
	// Faults of the fourth TLV's length.
	for name, want := range map[string]string{"past the end": "malformed.length", "VLAN too short": "lldp.incorrect_length", "VLAN too long": "lldp.excess_length", "no organization": "lldp.incorrect_length",
		"time of one byte": "lldp.incorrect_length", "management too short": "lldp.incorrect_length", "capabilities too short": "lldp.incorrect_length"} {
		found := ""
		for _, s := range fieldtest.Decode(t, &lldp.Layout, unit(broken[name]), nil).Spans {
			if s.Spec.Name == "lldp.tlv.len" && s.Err != nil {
				found = s.Err.Name
			}
		}
		if found != want {
			t.Errorf("%s: the fault of the length is %q, want %q", name, found, want)
		}
	}
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &lldp.Layout, nil, units()...) }

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var frames [][]byte
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		frames = append(frames, bytes.Join([][]byte{hex("0180c200000e 020000000001 88cc"), unit(samples[name])}, nil))
	}
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"lldp"}, []string{
		"lldp.orgtlv.oui_resolved",
		// The room's doc says why.
		"lldp.unknown_subtype.content", "lldp.subtype.content_remaining", "lldp.media.loc.latitude", "lldp.media.loc.longitude", "lldp.dcbx.feature.pg.reserved",
		"lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.1000base_tfd", "lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.1000base_t", "lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.1000base_xfd",
		"lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.1000base_x", "lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.fdx_bpause", "lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.fdx_spause",
		"lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.fdx_apause", "lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.fdx_pause", "lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.100base_t2fd",
		"lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.100base_t2", "lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.100base_txfd", "lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.100base_tx",
		"lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.100base_t4", "lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.10base_tfd", "lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.10base_t",
		"lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.other",
	}, frames...)
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &lldp.Layout, nil, units()...) }

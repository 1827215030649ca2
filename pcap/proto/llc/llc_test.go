package llc_test

import (
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/llc"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

var hex = fieldtest.Hex

var (
	ui       = hex("f0f003 aa")
	frmr     = hex("f0f187 aabbcc")
	sabme    = hex("f0f07f")
	ua       = hex("f0f173")
	info     = hex("f0f00a05 aa")
	ready    = hex("f0f10105")
	reject   = hex("f0f00904")
	test     = hex("0000f3 0102030405")
	xid      = hex("f0f0bf 810104")
	xidOther = hex("f0f0bf 820104")
	snapARP  = hex("aaaa03 000000 0806 0001080006040001 020000000001 0a000001 000000000000 0a000002")
	snapCDP  = hex("aaaa03 00000c 2000 02b4")
	snap8021 = hex("aaaa03 0080c2 0001 02b4")
	snapOdd  = hex("aaaa03 112233 0007 0001")
	snapI    = hex("aaaa0004 000000 0800")
	samples  = [][]byte{ui, frmr, sabme, ua, info, ready, reject, test, xid, xidOther, snapARP, snapCDP, snap8021, snapOdd, snapI}
)

func TestFields(t *testing.T) {
	fieldtest.Run(t, &llc.Layout, nil, []fieldtest.Case{
		{Name: "the destination has a name", Bytes: ui, Field: "llc.dsap", Want: "NetBIOS (0xf0)"},
		{Name: "a response", Bytes: ua, Field: "llc.ssap.cr", Want: "Response (1)"},
		{Name: "a command without P", Bytes: ui, Field: "llc.control.u_modifier_cmd", Want: "Unnumbered Information (0x00)"},
		{Name: "a command with P has the same name", Bytes: sabme, Field: "llc.control.u_modifier_cmd", Want: "Set Asynchronous Balanced Mode Extended (0x1b)"},
		{Name: "a response has its own field", Bytes: ua, Field: "llc.control.u_modifier_resp", Want: "Unnumbered Acknowledge (0x18)"},
		{Name: "a command polls", Bytes: sabme, Field: "llc.control.p", Want: "Set"},
		{Name: "a response is final", Bytes: ua, Field: "llc.control.f", Want: "Set"},
		{Name: "what is sent", Bytes: info, Field: "llc.control.n_s", Want: "5"},
		{Name: "what is awaited", Bytes: info, Field: "llc.control.n_r", Want: "2"},
		{Name: "two bytes, low one first", Bytes: info, Field: "llc.control", Want: "0x050a"},
		{Name: "a supervisory frame's function", Bytes: reject, Field: "llc.control.s_ftype", Want: "Reject (0x2)"},
		{Name: "an organization has a name", Bytes: snapCDP, Field: "llc.oui", Want: "Cisco Systems, Inc (0x00000c)"},
		{Name: "and its protocol", Bytes: snapCDP, Field: "llc.cisco_pid", Want: "CDP (0x2000)"},
		{Name: "organization 0 has EtherTypes", Bytes: snapARP, Field: "llc.type", Want: "ARP (0x0806)"},
		{Name: "another's protocol has no name", Bytes: snapOdd, Field: "llc.pid", Want: "0x0007"},
		{Name: "SNAP is for UI frames", Bytes: snapI, Field: "llc.oui", Want: "absent"},
		{Name: "cut in the addresses", Bytes: ui[:1], Field: "llc.ssap", Fault: "malformed.truncated"},
		{Name: "cut in the control field", Bytes: info[:3], Field: "llc.control", Fault: "malformed.truncated"},
		{Name: "cut in the organization", Bytes: snapARP[:5], Field: "llc.oui", Fault: "malformed.truncated"},
		{Name: "cut in the type", Bytes: snapARP[:7], Field: "llc.type", Fault: "malformed.truncated"},
	})
	fieldtest.Run(t, &llc.XIDLayout, nil, []fieldtest.Case{
		{Name: "the class", Bytes: xid[3:], Field: "basicxid.llc.xid.types", Want: "Type 1 LLC (Class I LLC) (0x01)"},
		{Name: "the window", Bytes: xid[3:], Field: "basicxid.llc.xid.wsize", Want: "2"},
	})
}

func TestRoom(t *testing.T) {
	fieldtest.CheckRoom(t, &llc.Layout, nil, samples...)
	fieldtest.CheckRoom(t, &llc.XIDLayout, nil, xid[3:])
}

// TestFrames: whole frames, whose length says that there is no type.
func TestFrames(t *testing.T) {
	var frames [][]byte
	for _, b := range samples {
		if &b[0] == &snapI[0] || &b[0] == &xidOther[0] {
			continue // the room's doc says why; and XID of another format is data
		}
		frames = append(frames, append(append(hex("ffffffffffff 020000000001 00"), byte(len(b))), b...))
	}
	var d pcap.Decoder
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"llc", "basicxid", "arp"}, []string{
		// The room's doc says why.
		"llc.control.u_modifier_cmd", "llc.control.u_modifier_resp", "llc.control.p", "llc.control.f",
		"llc.control.n_r", "llc.control.n_s", "llc.control.ftype", "llc.control.s_ftype",
		"llc.oui_resolved",
	}, frames...)
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &llc.Layout, nil, samples...) }

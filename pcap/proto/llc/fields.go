package llc

import "httptap/stack/field"

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "llc", Label: "Logical-Link Control", Kind: field.Layer, Ref: "ISO/IEC 8802-2"},
	Title: "LLC",
	Head:  head[:],
	Tail:  tail,
	More:  more,
	Next:  next,
}

// XIDLayout is the field table of what XID frames exchange.
var XIDLayout = field.Layout{
	Spec:  field.Spec{Name: "basicxid", Label: "Logical-Link Control Basic Format XID", Kind: field.Layer, Ref: xidRef},
	Title: "XID",
	Head: []field.Spec{
		{Name: "basicxid.llc.xid.format", Label: "XID Format", Bits: 8, Kind: field.Hex, Values: field.Values{basicFormat: "LLC basic format"}, Ref: xidRef},
		{Name: "basicxid.llc.xid.types", Label: "LLC Types/Classes", Bits: 8, Kind: field.Hex, Class: field.Operation, Values: xidClasses, Ref: xidRef},
		{Name: "basicxid.llc.xid.wsize", Label: "Receive Window Size", Bits: 7, Kind: field.Uint, Ref: xidRef},
		{Name: "basicxid.llc.xid.reserved", Label: "Reserved", Bits: 1, Kind: field.Reserved, Ref: xidRef},
	},
}

const xidRef = "ISO/IEC 8802-2, 5.4.1.1.2"

var head = [...]field.Spec{
	{Name: "llc.dsap", Label: "DSAP", Bits: 8, Kind: field.Hex, Class: field.Port, Values: saps, Ref: "ISO/IEC 8802-2, 3.3.1", Sub: []field.Spec{
		{Name: "llc.dsap.sap", Label: "SAP", Bits: 7, Kind: field.Uint, Ref: "ISO/IEC 8802-2, 3.3.1"},
		{Name: "llc.dsap.ig", Label: "IG Bit", Bits: 1, Kind: field.Uint, Values: field.Values{0: "Individual", 1: "Group"}, Ref: "ISO/IEC 8802-2, 3.3.1"},
	}},
	{Name: "llc.ssap", Label: "SSAP", Bits: 8, Kind: field.Hex, Class: field.Port, Values: saps, Ref: "ISO/IEC 8802-2, 3.3.1", Sub: []field.Spec{
		{Name: "llc.ssap.sap", Label: "SAP", Bits: 7, Kind: field.Uint, Ref: "ISO/IEC 8802-2, 3.3.1"},
		{Name: "llc.ssap.cr", Label: "CR Bit", Bits: 1, Kind: field.Uint, Values: field.Values{0: "Command", 1: "Response"}, Ref: "ISO/IEC 8802-2, 3.3.2"},
	}},
}

// formats has the control field as each format and direction has it: by command (0) or response
// (1), and U, S or I.
var formats = [2][3]field.Spec{
	{unnumbered("cmd", "Command", "llc.control.p", "Poll"), supervisory("llc.control.p", "Poll"), information("llc.control.p", "Poll")},
	{unnumbered("resp", "Response", "llc.control.f", "Final"), supervisory("llc.control.f", "Final"), information("llc.control.f", "Final")},
}

func unnumbered(name, label, pf, pfLabel string) field.Spec {
	const ref = "ISO/IEC 8802-2, 5.2.3"
	return field.Spec{Name: "llc.control", Label: "Control", Bits: 8, Kind: field.Hex, Ref: ref, Sub: []field.Spec{
		{Name: "llc.control.u_modifier_" + name, Label: label, Bits: 6, Kind: field.Custom, Class: field.Operation, Format: modifier, Values: modifiers, Ref: "ISO/IEC 8802-2, 5.4.1", Sub: []field.Spec{
			{Name: "llc.control.u_modifier.high", Label: "Modifier, high bits", Bits: 3, Kind: field.Hex, Ref: ref},
			{Name: pf, Label: pfLabel, Bits: 1, Kind: field.Flag, Ref: ref},
			{Name: "llc.control.u_modifier.low", Label: "Modifier, low bits", Bits: 2, Kind: field.Hex, Ref: ref},
		}},
		{Name: "llc.control.ftype", Label: "Frame type", Bits: 2, Kind: field.Hex, Values: frameTypes, Ref: ref},
	}}
}

func supervisory(pf, pfLabel string) field.Spec {
	const ref = "ISO/IEC 8802-2, 5.2.2"
	return field.Spec{Name: "llc.control", Label: "Control", Bits: 16, Kind: field.Custom, Format: lowFirst, Ref: ref, Sub: []field.Spec{
		{Name: "llc.control.reserved", Label: "Reserved", Bits: 4, Kind: field.Reserved, Ref: ref},
		{Name: "llc.control.s_ftype", Label: "Supervisory frame type", Bits: 2, Kind: field.Hex, Class: field.Operation, Values: supervisoryTypes, Ref: ref},
		{Name: "llc.control.ftype", Label: "Frame type", Bits: 2, Kind: field.Hex, Values: frameTypes, Ref: ref},
		{Name: "llc.control.n_r", Label: "N(R)", Bits: 7, Kind: field.Uint, Class: field.Sequence, Ref: ref},
		{Name: pf, Label: pfLabel, Bits: 1, Kind: field.Flag, Ref: ref},
	}}
}

func information(pf, pfLabel string) field.Spec {
	const ref = "ISO/IEC 8802-2, 5.2.1"
	return field.Spec{Name: "llc.control", Label: "Control", Bits: 16, Kind: field.Custom, Format: lowFirst, Ref: ref, Sub: []field.Spec{
		{Name: "llc.control.n_s", Label: "N(S)", Bits: 7, Kind: field.Uint, Class: field.Sequence, Ref: ref},
		{Name: "llc.control.ftype", Label: "Frame type", Bits: 1, Kind: field.Hex, Values: field.Values{0: "Information frame"}, Ref: ref},
		{Name: "llc.control.n_r", Label: "N(R)", Bits: 7, Kind: field.Uint, Class: field.Sequence, Ref: ref},
		{Name: pf, Label: pfLabel, Bits: 1, Kind: field.Flag, Ref: ref},
	}}
}

var (
	organization = field.Spec{Name: "llc.oui", Label: "Organization Code", Bits: 24, Kind: field.Hex, Values: organizations, Ref: "IEEE 802, 9.2.1"}
	etherType    = field.Spec{Name: "llc.type", Label: "Type", Bits: 16, Kind: field.Hex, Class: field.Operation, Values: etherTypes, Ref: "IEEE 802, 9.2.2"}
	protocol     = field.Spec{Name: "llc.pid", Label: "Protocol ID", Bits: 16, Kind: field.Hex, Class: field.Operation, Ref: "IEEE 802, 9.2.1"}
)

// own has the name of the protocol identifier where Wireshark names it for the organization.
var own = map[uint32]*field.Spec{
	0x00000c: ofOrganization("cisco_pid", ciscoProtocols), 0x000081: ofOrganization("nortel_pid", nil), 0x0001e8: ofOrganization("force10_pid", nil),
	0x00005e: ofOrganization("iana_pid", nil), 0x0017f2: ofOrganization("apple_awdl_pid", nil), 0x004096: ofOrganization("wlccp_pid", nil),
	0x0080c2: {Name: "llc.pid", Label: "Protocol ID", Bits: 16, Kind: field.Hex, Class: field.Operation, Values: bridgedProtocols, Ref: "IEEE 802, 9.2.1"},
	0x00e02b: ofOrganization("extreme_pid", nil), 0x080007: ofOrganization("apple_atalk_pid", nil),
}

func ofOrganization(name string, values field.Values) *field.Spec {
	return &field.Spec{Name: "llc." + name, Label: "PID", Bits: 16, Kind: field.Hex, Class: field.Operation, Values: values, Ref: "IEEE 802, 9.2.1"}
}

func more() []*field.Spec {
	list := []*field.Spec{&organization, &etherType, &protocol}
	for i := range formats {
		list = append(list, field.Pointers(formats[i][:])...)
	}
	for _, s := range own {
		list = append(list, s)
	}
	return list
}

// The control field of an unnumbered information frame, and what is left of one of XID without P/F.
const (
	unnumberedInformation = 0x03
	exchange              = 0xaf
)

// KeyXID is the key of XIDLayout in the table of service access points: none of these.
const KeyXID = 0x100 | exchange

// basicFormat marks the information of XID as this standard has it.
const basicFormat = 0x81

// snap is the service access point whose protocols have identifiers of their own.
const snap = 0xaa

// tail adds the control field, whose low bits tell its length, and what goes with it.
func tail(c *field.Context) {
	h := c.Frame[c.Start:c.Limit]
	response := h[1] & 1
	format := 0
	if len(h) > 2 {
		switch {
		case h[2]&1 == 0:
			format = 2
		case h[2]&3 == 1:
			format = 1
		}
	}
	s := &formats[response][format]
	if c.Add(s, s.Bits); c.Cut() {
		return
	}
	switch {
	case isSNAP(h):
		c.Add(&organization, 24)
		if c.Cut() {
			return
		}
		oui := uint32(h[3])<<16 | uint32(h[4])<<8 | uint32(h[5])
		switch s := own[oui]; {
		case s != nil:
			c.Add(s, 16)
		case oui == 0:
			c.Add(&etherType, 16)
		default:
			c.Add(&protocol, 16)
		}
	}
}

// isSNAP: the group and response bits do not count among the addresses.
func isSNAP(h []byte) bool {
	return len(h) > 2 && h[0]&^1 == snap && h[1]&^1 == snap && h[2] == unnumberedInformation
}

// next names what an information frame, numbered or not, carries.
func next(c *field.Context) field.Next {
	h := c.Frame[c.Start:c.Limit]
	switch {
	case isSNAP(h):
		if len(h) < 8 {
			return field.Next{}
		}
		pid := uint32(h[6])<<8 | uint32(h[7])
		switch {
		case h[3] == 0 && h[4] == 0 && h[5] == 0:
			return field.Next{Table: field.EtherType, Key: pid}
		case h[3] == 0:
			return field.Next{Table: field.SNAP, Key: uint32(h[4])<<24 | uint32(h[5])<<16 | pid}
		}
		return field.Next{}
	case len(h) > 3 && h[2]&^0x10 == exchange && h[3] == basicFormat:
		return field.Next{Table: field.LLC, Key: KeyXID}
	case len(h) > 2 && (h[2] == unnumberedInformation || h[2]&1 == 0):
		return field.Next{Table: field.LLC, Key: uint32(h[0])}
	}
	return field.Next{}
}

// modifier prints the five bits of an unnumbered frame's modifier, which lie around P/F, as the
// number that Wireshark has for them.
func modifier(dst, msg []byte, off, n int) []byte {
	return field.AppendHex(append(dst, "0x"...), []byte{msg[off] >> 2 &^ 4})
}

// lowFirst prints a control field of two bytes as a number whose low byte comes first.
func lowFirst(dst, msg []byte, off, n int) []byte {
	dst = append(dst, "0x"...)
	for i := n - 1; i >= 0; i-- {
		dst = field.AppendHex(dst, msg[off+i:off+i+1])
	}
	return dst
}

package stp

import (
	"strconv"

	"httptap/stack/field"
)

// SAP is the service access point of bridges. ISO/IEC TR 11802-1
const SAP = 0x42

// KeyPVST is Cisco's protocol for each VLAN's tree in the table of SNAP protocols.
const KeyPVST = 0x000c010b

// Layout is the field table of the standards' units.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "stp", Label: "Spanning Tree Protocol", Kind: field.Layer, Ref: "IEEE 802.1D, 9.3"},
	Title: "STP",
	Head:  head[:],
	Tail:  func(c *field.Context) { tail(c) },
	More:  more,
	Check: func(c *field.Context) { c.Limit = c.Pos() },
}

// CiscoLayout is the field table of Cisco's units, which end with records.
var CiscoLayout = field.Layout{
	Spec:  field.Spec{Name: "stp", Label: "Per-VLAN Spanning Tree Protocol", Kind: field.Layer, Ref: "IEEE 802.1D, 9.3"},
	Title: "PVST+",
	Head:  head[:],
	Tail:  records,
	More:  more,
	Check: func(c *field.Context) { c.Limit = c.Pos() },
}

var head = [...]field.Spec{
	{Name: "stp.protocol", Label: "Protocol Identifier", Bits: 16, Kind: field.Hex, Values: field.Values{0: "Spanning Tree Protocol"}, Ref: "IEEE 802.1D, 9.3.1"},
	{Name: "stp.version", Label: "Protocol Version Identifier", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Spanning Tree", 2: "Rapid Spanning Tree", 3: "Multiple Spanning Tree", 4: "Shortest Path Tree"}, Ref: "IEEE 802.1D, 9.3.1"},
	{Name: "stp.type", Label: "BPDU Type", Bits: 8, Kind: field.Hex, Class: field.Operation, Values: field.Values{typeConfiguration: "Configuration", typeRapid: "Rapid/Multiple Spanning Tree", typeChange: "Topology Change Notification"}, Ref: "IEEE 802.1D, 9.3.1"},
}

// The types of units. IEEE 802.1D, 9.3
const (
	typeConfiguration = 0x00
	typeRapid         = 0x02
	typeChange        = 0x80
)

// The versions whose units have more behind them. IEEE 802.1Q, 14.4
const (
	versionMultiple = 3
	versionShortest = 4
)

var (
	flags = field.Spec{Name: "stp.flags", Label: "BPDU flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "IEEE 802.1D, 9.3.1", Sub: []field.Spec{
		{Name: "stp.flags.tcack", Label: "Topology Change Acknowledgment", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1D, 9.3.1"},
		{Name: "stp.flags.reserved", Label: "Reserved", Bits: 6, Kind: field.Reserved, Ref: "IEEE 802.1D, 9.3.1"},
		{Name: "stp.flags.tc", Label: "Topology Change", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1D, 9.3.1"},
	}}
	rapidFlags = field.Spec{Name: "stp.flags", Label: "BPDU flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "IEEE 802.1D, 9.3.3", Sub: rapidBits[:]}
	rapidBits  = [...]field.Spec{
		{Name: "stp.flags.tcack", Label: "Topology Change Acknowledgment", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1D, 9.3.3"},
		{Name: "stp.flags.agreement", Label: "Agreement", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1D, 9.3.3"},
		{Name: "stp.flags.forwarding", Label: "Forwarding", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1D, 9.3.3"},
		{Name: "stp.flags.learning", Label: "Learning", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1D, 9.3.3"},
		{Name: "stp.flags.port_role", Label: "Port Role", Bits: 2, Kind: field.Uint, Values: field.Values{0: "Unknown", 1: "Alternate or Backup", 2: "Root", 3: "Designated"}, Ref: "IEEE 802.1D, 9.3.3"},
		{Name: "stp.flags.proposal", Label: "Proposal", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1D, 9.3.3"},
		{Name: "stp.flags.tc", Label: "Topology Change", Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1D, 9.3.3"},
	}

	// common is what configuration and rapid units have in common, behind the flags.
	common = [...]field.Spec{
		{Name: "stp.root.prio", Label: "Root Bridge Priority", Bits: 4, Kind: field.Uint, Scale: 4096, Ref: "IEEE 802.1D, 9.2.5"},
		{Name: "stp.root.ext", Label: "Root Bridge System ID Extension", Bits: 12, Kind: field.Uint, Ref: "IEEE 802.1D, 9.2.5"},
		{Name: "stp.root.hw", Label: "Root Bridge System ID", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "IEEE 802.1D, 9.2.5"},
		{Name: "stp.root.cost", Label: "Root Path Cost", Bits: 32, Kind: field.Uint, Ref: "IEEE 802.1D, 9.2.6"},
		{Name: "stp.bridge.prio", Label: "Bridge Priority", Bits: 4, Kind: field.Uint, Scale: 4096, Ref: "IEEE 802.1D, 9.2.5"},
		{Name: "stp.bridge.ext", Label: "Bridge System ID Extension", Bits: 12, Kind: field.Uint, Ref: "IEEE 802.1D, 9.2.5"},
		{Name: "stp.bridge.hw", Label: "Bridge System ID", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "IEEE 802.1D, 9.2.5"},
		{Name: "stp.port", Label: "Port identifier", Bits: 16, Kind: field.Hex, Ref: "IEEE 802.1D, 9.2.7"},
		timer("stp.msg_age", "Message Age"),
		timer("stp.max_age", "Max Age"),
		timer("stp.hello", "Hello Time"),
		timer("stp.forward", "Forward Delay"),
	}
	version1 = field.Spec{Name: "stp.version_1_length", Label: "Version 1 Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "IEEE 802.1D, 9.3.3"}
	unknown  = field.Spec{Name: "stp.unknown", Label: "Unknown BPDU type data", Kind: field.Bytes, Ref: "IEEE 802.1D, 9.3.4"}

	recordPad   = field.Spec{Name: "stp.pvst.reserved", Label: "Reserved", Bits: 8, Kind: field.Reserved}
	record      = field.Spec{Name: "stp.pvst", Label: "Record", Kind: field.Group}
	recordType  = field.Spec{Name: "stp.pvst.tlvtype", Label: "Type", Bits: 16, Kind: field.Hex, Values: field.Values{0: "Originating VLAN (PVID)"}}
	recordLen   = field.Spec{Name: "stp.pvst.tlvlen", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes"}
	recordVLAN  = field.Spec{Name: "stp.pvst.origvlan", Label: "Originating VLAN", Bits: 16, Kind: field.Uint}
	recordValue = field.Spec{Name: "stp.pvst.tlvval", Label: "Value", Kind: field.Bytes}
)

// The faults of units.
var (
	unknownType = &field.Fault{Name: "stp.type.unknown", Label: "no type that a standard has", Severity: field.Warn}
	ageTooHigh  = &field.Fault{Name: "stp.msg_age.bad", Label: "the message is as old as it may get: it is to be discarded", Severity: field.Warn}
	recordBad   = &field.Fault{Name: "stp.pvst.tlvlen.invalid", Label: "this length is not one that the record can have", Severity: field.Error}
	recordCut   = &field.Fault{Name: "stp.pvst.tlv.truncated", Label: "this length reaches past the end of the unit", Severity: field.Error}
)

func timer(name, label string) field.Spec {
	return field.Spec{Name: name, Label: label, Bits: 16, Kind: field.Custom, Format: seconds, Unit: "s", Ref: "IEEE 802.1D, 9.2.8"}
}

// seconds prints a time. IEEE 802.1D, 9.2.8: "a number of units of 1/256 second".
func seconds(dst, msg []byte, off, _ int) []byte {
	return strconv.AppendFloat(dst, float64(uint16(msg[off])<<8|uint16(msg[off+1]))/256, 'g', -1, 64)
}

func more() []*field.Spec {
	list := []*field.Spec{&flags, &rapidFlags, &version1, &unknown, &recordPad, &record, &recordType, &recordLen, &recordVLAN, &recordValue}
	return append(append(list, field.Pointers(common[:])...), moreTrees()...)
}

// Places in common.
const (
	atAge    = 8
	atMaxAge = 9
)

// tail adds what the type and the version ask for. It tells whether the unit was one that Cisco's
// records can stand behind.
func tail(c *field.Context) bool {
	h := c.Frame[c.Start:c.Limit]
	version, typ := h[2], h[3]
	switch typ {
	case typeConfiguration:
		c.Add(&flags, 8)
	case typeRapid:
		c.Add(&rapidFlags, 8)
	case typeChange:
		return false
	default:
		c.Fault(c.Find(&head[2]), unknownType, 0)
		if n := len(c.Rest()); n > 0 {
			c.AddBytes(&unknown, n)
		}
		return false
	}
	for i := range common {
		c.Add(&common[i], common[i].Bits)
	}
	if c.Cut() {
		return false
	}
	// IEEE 802.1D, 9.3.4: a unit whose message age is not less than its max age is not valid.
	at := c.Pos() - 8
	if age, oldest := int(c.Frame[at])<<8|int(c.Frame[at+1]), int(c.Frame[at+2])<<8|int(c.Frame[at+3]); age >= oldest {
		c.Fault(c.Find(&common[atAge]), ageTooHigh, 0)
	}
	// IEEE 802.1D, 9.3.3 asks for the length, but there are bridges that leave it out.
	if typ == typeRapid && len(c.Rest()) > 0 {
		c.Add(&version1, 8)
		if version >= versionMultiple && len(c.Rest()) > 0 {
			trees(c, version)
		}
	}
	return true
}

// records adds what Cisco's bridges put behind a unit.
func records(c *field.Context) {
	if !tail(c) {
		return
	}
	if c.Frame[c.Start+3] == typeConfiguration && len(c.Rest()) > 4 {
		c.Add(&recordPad, 8)
	}
	for len(c.Rest()) >= 4 && !c.Cut() {
		r := c.Rest()
		typ, n := int(r[0])<<8|int(r[1]), int(r[2])<<8|int(r[3])
		group := c.Open(&record)
		c.Add(&recordType, 16)
		l := c.Add(&recordLen, 16)
		switch {
		case n > len(r)-4:
			c.Fault(l, recordCut, 0)
			n = len(r) - 4
			fallthrough
		case typ != 0:
			if n > 0 {
				c.AddBytes(&recordValue, n)
			}
		case n != 2:
			c.Fault(l, recordBad, 0)
			if n > 0 {
				c.AddBytes(&recordValue, n)
			}
		default:
			c.Add(&recordVLAN, 16)
		}
		c.Close(group)
	}
}

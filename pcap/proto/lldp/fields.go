package lldp

import (
	"encoding/binary"
	"strconv"

	"httptap/stack/field"
)

// EtherType is the protocol's. IEEE 802.1AB, 7.4
const EtherType = 0x88cc

// Layout is the field table. It has no fixed part: everything is a TLV.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "lldp", Label: "Link Layer Discovery Protocol", Kind: field.Layer, Ref: "IEEE 802.1AB, 8"},
	Title: "LLDP",
	Tail:  tail,
	More:  more,
	Check: func(c *field.Context) { c.Limit = c.Pos() }, // what lies behind the end is padding
}

// The types. IEEE 802.1AB, table 8-1
const (
	typeEnd          = 0
	typeChassis      = 1
	typePort         = 2
	typeTTL          = 3
	typeManagement   = 8
	typeOrganization = 127
)

var typeNames = field.Values{
	typeEnd: "End of LLDPDU", typeChassis: "Chassis Id", typePort: "Port Id", typeTTL: "Time to Live", 4: "Port Description", 5: "System Name",
	6: "System Description", 7: "System Capabilities", typeManagement: "Management Address", typeOrganization: "Organization Specific",
}

var (
	tlv    = field.Spec{Name: "lldp.tlv", Label: "TLV", Kind: field.Group, Ref: "IEEE 802.1AB, 8.4"}
	typ    = field.Spec{Name: "lldp.tlv.type", Label: "TLV Type", Bits: 7, Kind: field.Uint, Values: typeNames, Ref: "IEEE 802.1AB, 8.4.1"}
	length = field.Spec{Name: "lldp.tlv.len", Label: "TLV Length", Bits: 9, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "IEEE 802.1AB, 8.4.2"}
	value  = field.Spec{Name: "lldp.tlv.value", Label: "Value", Kind: field.Bytes, Ref: "IEEE 802.1AB, 8.4.3"}
	excess = field.Spec{Name: "lldp.subtype.content_remaining", Label: "Subtype Unknown Trailing Bytes", Kind: field.Bytes, Ref: "IEEE 802.1AB, 8.4.3"}

	chassisType = field.Spec{Name: "lldp.chassis.subtype", Label: "Chassis Id Subtype", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Reserved", 1: "Chassis component", 2: "Interface alias", 3: "Port component", 4: "MAC address", 5: "Network address", 6: "Interface name", 7: "Locally assigned"}, Ref: "IEEE 802.1AB, 8.5.2.2"}
	chassisID   = field.Spec{Name: "lldp.chassis.id", Label: "Chassis Id", Kind: field.Bytes, Class: field.Name, Ref: "IEEE 802.1AB, 8.5.2.3"}
	chassisMAC  = field.Spec{Name: "lldp.chassis.id.mac", Label: "Chassis Id", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "IEEE 802.1AB, 8.5.2.3"}
	chassisIP4  = field.Spec{Name: "lldp.chassis.id.ip4", Label: "Chassis Id", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "IEEE 802.1AB, 8.5.2.3"}
	chassisIP6  = field.Spec{Name: "lldp.chassis.id.ip6", Label: "Chassis Id", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "IEEE 802.1AB, 8.5.2.3"}
	portType    = field.Spec{Name: "lldp.port.subtype", Label: "Port Id Subtype", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Reserved", 1: "Interface alias", 2: "Port component", 3: "MAC address", 4: "Network address", 5: "Interface name", 6: "Agent circuit Id", 7: "Locally assigned"}, Ref: "IEEE 802.1AB, 8.5.3.2"}
	portID      = field.Spec{Name: "lldp.port.id", Label: "Port Id", Kind: field.Text, Class: field.Name, Ref: "IEEE 802.1AB, 8.5.3.3"}
	portMAC     = field.Spec{Name: "lldp.port.id.mac", Label: "Port Id", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "IEEE 802.1AB, 8.5.3.3"}
	portIP4     = field.Spec{Name: "lldp.port.id.ip4", Label: "Port Id", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "IEEE 802.1AB, 8.5.3.3"}
	portIP6     = field.Spec{Name: "lldp.port.id.ip6", Label: "Port Id", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "IEEE 802.1AB, 8.5.3.3"}
	family      = field.Spec{Name: "lldp.network_address.subtype", Label: "Network Address family", Bits: 8, Kind: field.Uint, Values: families, Ref: "IANA, Address Family Numbers"}

	ttl        = field.Spec{Name: "lldp.time_to_live", Label: "Seconds", Bits: 16, Kind: field.Seconds, Ref: "IEEE 802.1AB, 8.5.4"}
	portDesc   = field.Spec{Name: "lldp.port.desc", Label: "Port Description", Kind: field.Text, Ref: "IEEE 802.1AB, 8.5.5"}
	systemName = field.Spec{Name: "lldp.tlv.system.name", Label: "System Name", Kind: field.Text, Class: field.Name, Ref: "IEEE 802.1AB, 8.5.6"}
	systemDesc = field.Spec{Name: "lldp.tlv.system.desc", Label: "System Description", Kind: field.Text, Ref: "IEEE 802.1AB, 8.5.7"}

	abilities = [...]field.Spec{
		{Name: "lldp.tlv.system_cap", Label: "Capabilities", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "IEEE 802.1AB, 8.5.8", Sub: abilityBits("lldp.tlv.system_cap.")},
		{Name: "lldp.tlv.enable_system_cap", Label: "Enabled Capabilities", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "IEEE 802.1AB, 8.5.8", Sub: abilityBits("lldp.tlv.enable_system_cap.")},
	}

	addressLen   = field.Spec{Name: "lldp.mgn.address.len", Label: "Address String Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "IEEE 802.1AB, 8.5.9"}
	addressType  = field.Spec{Name: "lldp.mgn.address.subtype", Label: "Address Subtype", Bits: 8, Kind: field.Uint, Values: families, Ref: "IANA, Address Family Numbers"}
	addressIP4   = field.Spec{Name: "lldp.mgn.addr.ip4", Label: "Management Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "IEEE 802.1AB, 8.5.9"}
	addressIP6   = field.Spec{Name: "lldp.mgn.addr.ip6", Label: "Management Address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "IEEE 802.1AB, 8.5.9"}
	addressOther = field.Spec{Name: "lldp.mgn.addr.hex", Label: "Management Address", Kind: field.Bytes, Class: field.Address, Ref: "IEEE 802.1AB, 8.5.9"}
	numbering    = field.Spec{Name: "lldp.mgn.interface.subtype", Label: "Interface Subtype", Bits: 8, Kind: field.Uint, Values: field.Values{1: "Unknown", 2: "ifIndex", 3: "System port number"}, Ref: "IEEE 802.1AB, 8.5.9"}
	number       = field.Spec{Name: "lldp.mgn.interface.number", Label: "Interface Number", Bits: 32, Kind: field.Uint, Ref: "IEEE 802.1AB, 8.5.9"}
	objectLen    = field.Spec{Name: "lldp.mgn.obj.len", Label: "OID String Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "IEEE 802.1AB, 8.5.9"}
	object       = field.Spec{Name: "lldp.mgn.obj.id", Label: "Object Identifier", Kind: field.Custom, Format: objectIdentifier, Ref: "IEEE 802.1AB, 8.5.9"}
)

var families = field.Values{1: "IPv4", 2: "IPv6", 3: "NSAP", 6: "802 (includes all 802 media plus Ethernet)", 16: "DNS"}

// The faults of TLVs.
var (
	badType  = &field.Fault{Name: "lldp.bad_type", Label: "the first three are to be chassis, port and time to live", Severity: field.Error}
	tooShort = &field.Fault{Name: "lldp.incorrect_length", Label: "this length is under the least that the type can have", Severity: field.Error}
	tooLong  = &field.Fault{Name: "lldp.excess_length", Label: "this length is more than the type can have", Severity: field.Warn}
)

// abilityBits are a station's abilities, from the highest bit on.
func abilityBits(prefix string) []field.Spec {
	list := []field.Spec{{Name: prefix + "reserved", Label: "Reserved", Bits: 8, Kind: field.Reserved, Ref: "IEEE 802.1AB, 8.5.8.1"}}
	for _, f := range [][2]string{{"station_only", "Station only"}, {"docsis_cable_device", "DOCSIS cable device"}, {"telephone", "Telephone"}, {"router", "Router"},
		{"wlan_access_pt", "WLAN access point"}, {"bridge", "Bridge"}, {"repeater", "Repeater"}, {"other", "Other"}} {
		list = append(list, field.Spec{Name: prefix + f[0], Label: f[1], Bits: 1, Kind: field.Flag, Ref: "IEEE 802.1AB, 8.5.8.1"})
	}
	return list
}

func more() []*field.Spec {
	return append([]*field.Spec{&tlv, &typ, &length, &value, &excess, &chassisType, &chassisID, &chassisMAC, &chassisIP4, &chassisIP6, &portType, &portID, &portMAC, &portIP4, &portIP6, &family,
		&ttl, &portDesc, &systemName, &systemDesc, &abilities[0], &abilities[1], &addressLen, &addressType, &addressIP4, &addressIP6, &addressOther, &numbering, &number, &objectLen, &object}, moreOrganizations()...)
}

// tail adds the TLVs up to the one that ends them.
func tail(c *field.Context) {
	for n := 1; len(c.Rest()) > 0 && !c.Cut(); n++ {
		if one(c, n) == typeEnd {
			return
		}
	}
}

// one adds the n-th TLV and returns its type, or typeEnd where the next one can't be found.
func one(c *field.Context, n int) int {
	group := c.Open(&tlv)
	defer c.Close(group)
	i := c.Add(&typ, 7)
	l := c.Add(&length, 9)
	if c.Cut() {
		return typeEnd
	}
	head := int(binary.BigEndian.Uint16(c.Frame[c.Pos()-2:]))
	kind, size := head>>9, head&0x1ff
	// IEEE 802.1AB, 8.2: three TLVs are mandatory, first, and in this order.
	if n <= 3 && kind != n {
		c.Fault(i, badType, 0)
	}
	if size > len(c.Rest()) && c.Missing() == 0 && !c.Quoted {
		c.Fault(l, field.Overrun, 0)
		rest(c, &value, c.Limit)
		return typeEnd
	}
	stop := c.Pos() + size
	basic(c, kind, l, stop)
	switch {
	case c.Cut() || c.Pos() >= stop:
	case c.Spans[l].Err != nil || !known(kind):
		rest(c, &value, stop)
	default:
		c.Fault(l, tooLong, 0)
		rest(c, &excess, stop)
	}
	return kind
}

// least is the shortest that a value of each type can be, in bytes. IEEE 802.1AB, 8.5 and 8.6
var least = map[int]int{typeChassis: 2, typePort: 2, typeTTL: 2, 7: 4, typeManagement: 9, typeOrganization: 4}

func known(kind int) bool { return typeNames[uint64(kind)] != "" }

// basic adds the value of a TLV up to stop. l is the span of its length.
func basic(c *field.Context, kind, l, stop int) {
	if size := stop - c.Pos(); size < least[kind] {
		c.Fault(l, tooShort, 0)
		return
	}
	switch kind {
	case typeChassis:
		c.Add(&chassisType, 8)
		identifier(c, stop, 4, 5, &chassisID, &chassisMAC, &chassisIP4, &chassisIP6)
	case typePort:
		c.Add(&portType, 8)
		identifier(c, stop, 3, 4, &portID, &portMAC, &portIP4, &portIP6)
	case typeTTL:
		c.Add(&ttl, 16)
	case 4:
		rest(c, &portDesc, stop)
	case 5:
		rest(c, &systemName, stop)
	case 6:
		rest(c, &systemDesc, stop)
	case 7:
		c.Add(&abilities[0], 16)
		c.Add(&abilities[1], 16)
	case typeManagement:
		management(c, l, stop)
	case typeOrganization:
		organization(c, l, stop)
	}
}

// rest adds what lies between here and stop as one field.
func rest(c *field.Context, s *field.Spec, stop int) {
	if n := stop - c.Pos(); n > 0 && !c.Cut() {
		c.AddBytes(s, n)
	}
}

// identifier adds what a subtype says it is: a MAC, where it is mac, an address of a network, where
// it is network, and else what other says.
func identifier(c *field.Context, stop int, mac, network byte, other, asMAC, as4, as6 *field.Spec) {
	if c.Cut() {
		return
	}
	switch sub := c.Frame[c.Pos()-1]; {
	case sub == mac && stop-c.Pos() == 6:
		c.Add(asMAC, 48)
	case sub == network:
		c.Add(&family, 8)
		if c.Cut() {
			return
		}
		switch f := c.Frame[c.Pos()-1]; {
		case f == 1 && stop-c.Pos() == 4:
			c.Add(as4, 32)
		case f == 2 && stop-c.Pos() == 16:
			c.Add(as6, 128)
		default:
			rest(c, other, stop)
		}
	default:
		rest(c, other, stop)
	}
}

// management adds the address at which the station is managed.
func management(c *field.Context, l, stop int) {
	i := c.Add(&addressLen, 8)
	if c.Cut() {
		return
	}
	n := int(c.Frame[c.Pos()-1]) - 1
	if n < 1 || c.Pos()+1+n+6 > stop {
		c.Fault(i, field.Overrun, 0)
		c.Fault(l, tooShort, 0)
		return
	}
	c.Add(&addressType, 8)
	if c.Cut() {
		return
	}
	switch f := c.Frame[c.Pos()-1]; {
	case f == 1 && n == 4:
		c.Add(&addressIP4, 32)
	case f == 2 && n == 16:
		c.Add(&addressIP6, 128)
	default:
		c.AddBytes(&addressOther, n)
	}
	c.Add(&numbering, 8)
	c.Add(&number, 32)
	i = c.Add(&objectLen, 8)
	if c.Cut() {
		return
	}
	if n = int(c.Frame[c.Pos()-1]); n > stop-c.Pos() {
		c.Fault(i, field.Overrun, 0)
		n = stop - c.Pos()
	}
	if n > 0 {
		c.AddBytes(&object, n)
	}
}

// objectIdentifier prints the value of an ASN.1 OBJECT IDENTIFIER. ITU-T X.690, 8.19
func objectIdentifier(dst, msg []byte, off, n int) []byte {
	var v uint64
	first := true
	for _, b := range msg[off : off+n] {
		v = v<<7 | uint64(b&0x7f)
		if b&0x80 != 0 {
			continue
		}
		if first {
			top := min(v/40, 2)
			dst = append(strconv.AppendUint(dst, top, 10), '.')
			dst = strconv.AppendUint(dst, v-40*top, 10)
			first = false
		} else {
			dst = strconv.AppendUint(append(dst, '.'), v, 10)
		}
		v = 0
	}
	return dst
}

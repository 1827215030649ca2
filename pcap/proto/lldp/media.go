package lldp

import "httptap/stack/field"

const refMED = "ANSI/TIA-1057"

var mediaType = field.Spec{Name: "lldp.media.subtype", Label: "Media Subtype", Bits: 8, Kind: field.Hex, Class: field.Operation, Values: field.Values{
	1: "Media Capabilities", 2: "Network Policy", 3: "Location Identification", 4: "Extended Power-via-MDI", 5: "Inventory - Hardware Revision", 6: "Inventory - Firmware Revision",
	7: "Inventory - Software Revision", 8: "Inventory - Serial Number", 9: "Inventory - Manufacturer Name", 10: "Inventory - Model Name", 11: "Inventory - Asset ID",
}, Ref: "ANSI/TIA-1057, table 6"}

// mediaContents has LLDP-MED's TLVs by their subtype.
var mediaContents = map[byte]content{
	1: {parts: []*field.Spec{&mediaCaps, &mediaClass}},
	2: {parts: field.Pointers(policyFields[:])},
	3: {parts: []*field.Spec{&locationForm}, walk: location},
	4: {parts: field.Pointers(mediaPower[:])},
	5: {walk: only(&inventory[0])}, 6: {walk: only(&inventory[1])}, 7: {walk: only(&inventory[2])}, 8: {walk: only(&inventory[3])},
	9: {walk: only(&inventory[4])}, 10: {walk: only(&inventory[5])}, 11: {walk: only(&inventory[6])},
}

var (
	mediaCaps = field.Spec{Name: "lldp.media.subtype.caps", Label: "Capabilities", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: refMED, Sub: []field.Spec{
		{Name: "lldp.media.subtype.caps.reserved", Label: "Reserved", Bits: 10, Kind: field.Reserved, Ref: refMED},
		{Name: "lldp.media.subtype.caps.inventory", Label: "Inventory", Bits: 1, Kind: field.Flag, Ref: refMED},
		{Name: "lldp.media.subtype.caps.mid_pd", Label: "Extended Power via MDI-PD", Bits: 1, Kind: field.Flag, Ref: refMED},
		{Name: "lldp.media.subtype.caps.mdi_pse", Label: "Extended Power via MDI-PSE", Bits: 1, Kind: field.Flag, Ref: refMED},
		{Name: "lldp.media.subtype.caps.location_id", Label: "Location Identification", Bits: 1, Kind: field.Flag, Ref: refMED},
		{Name: "lldp.media.subtype.caps.network_policy", Label: "Network Policy", Bits: 1, Kind: field.Flag, Ref: refMED},
		{Name: "lldp.media.subtype.caps.llpd", Label: "LLDP-MED Capabilities", Bits: 1, Kind: field.Flag, Ref: refMED},
	}}
	mediaClass = field.Spec{Name: "lldp.media.subtype.class", Label: "Class Type", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Type Not Defined", 1: "Endpoint Class I", 2: "Endpoint Class II", 3: "Endpoint Class III", 4: "Network Connectivity"}, Ref: refMED}

	policyFields = [...]field.Spec{
		{Name: "lldp.media.app_type", Label: "Application Type", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Reserved", 1: "Voice", 2: "Voice Signaling", 3: "Guest Voice", 4: "Guest Voice Signaling", 5: "Softphone Voice", 6: "Video Conferencing", 7: "Streaming Video", 8: "Video Signaling"}, Ref: refMED},
		{Name: "lldp.media.policy_flag", Label: "Policy", Bits: 1, Kind: field.Flag, Ref: refMED},
		{Name: "lldp.media.tag_flag", Label: "Tagged", Bits: 1, Kind: field.Flag, Ref: refMED},
		{Name: "lldp.media.policy_reserved", Label: "Reserved", Bits: 1, Kind: field.Reserved, Ref: refMED},
		{Name: "lldp.media.vlan_id", Label: "VLAN Id", Bits: 12, Kind: field.Uint, Ref: refMED},
		{Name: "lldp.media.l2_prio", Label: "L2 Priority", Bits: 3, Kind: field.Uint, Ref: refMED},
		{Name: "lldp.media.dscp", Label: "DSCP Priority", Bits: 6, Kind: field.Uint, Ref: refMED},
	}

	locationForm = field.Spec{Name: "lldp.media.loc.data_format", Label: "Location Data Format", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Invalid", 1: "Coordinate-based LCI", 2: "Civic Address LCI", 3: "ECS ELIN"}, Ref: refMED}
	coordinates  = [...]field.Spec{
		{Name: "lldp.media.loc.lat_resolution", Label: "Latitude Resolution", Bits: 6, Kind: field.Uint, Ref: "RFC 6225, 2.2"},
		{Name: "lldp.media.loc.latitude", Label: "Latitude", Bits: 34, Kind: field.Hex, Ref: "RFC 6225, 2.2"},
		{Name: "lldp.media.loc.long_resolution", Label: "Longitude Resolution", Bits: 6, Kind: field.Uint, Ref: "RFC 6225, 2.2"},
		{Name: "lldp.media.loc.longitude", Label: "Longitude", Bits: 34, Kind: field.Hex, Ref: "RFC 6225, 2.2"},
		{Name: "lldp.media.loc.alt_type", Label: "Altitude Type", Bits: 4, Kind: field.Uint, Values: field.Values{1: "Meters", 2: "Floors"}, Ref: "RFC 6225, 2.4"},
		{Name: "lldp.media.loc.alt_resolution", Label: "Altitude Resolution", Bits: 6, Kind: field.Uint, Ref: "RFC 6225, 2.4"},
		{Name: "lldp.media.loc.altitude", Label: "Altitude", Bits: 30, Kind: field.Uint, Ref: "RFC 6225, 2.4"},
		{Name: "lldp.media.loc.datum", Label: "Datum", Bits: 8, Kind: field.Uint, Values: field.Values{1: "WGS84", 2: "NAD83/NAVD88", 3: "NAD83/MLLW"}, Ref: "RFC 6225, 2.5"},
	}
	civicHead = [...]field.Spec{
		{Name: "lldp.media.civic.length", Label: "LCI Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 4776, 3"},
		{Name: "lldp.media.civic.what", Label: "What", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Location of the DHCP server", 1: "Location of the network element believed to be closest to the client", 2: "Location of the client"}, Ref: "RFC 4776, 3"},
		{Name: "lldp.media.civic.country", Label: "Country", Bits: 16, Kind: field.Text, Ref: "RFC 4776, 3"},
	}
	civicType  = field.Spec{Name: "lldp.media.civic.type", Label: "CA Type", Bits: 8, Kind: field.Uint, Values: civicTypes, Ref: "RFC 4776, 3.4"}
	civicLen   = field.Spec{Name: "lldp.media.civic.length", Label: "CA Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 4776, 3"}
	civicValue = field.Spec{Name: "lldp.media.civic.value", Label: "CA Value", Kind: field.Text, Ref: "RFC 4776, 3"}
	elin       = field.Spec{Name: "lldp.media.ecs", Label: "ELIN", Kind: field.Text, Ref: refMED}

	mediaPower = [...]field.Spec{
		{Name: "lldp.media.power.type", Label: "Power Type", Bits: 2, Kind: field.Uint, Values: field.Values{0: "PSE Device", 1: "PD Device", 2: "PSE Device", 3: "PD Device"}, Ref: refMED},
		{Name: "lldp.media.power.source", Label: "Power Source", Bits: 2, Kind: field.Uint, Ref: refMED},
		{Name: "lldp.media.power.prio", Label: "Power Priority", Bits: 4, Kind: field.Uint, Values: powerPriorities, Ref: refMED},
		{Name: "lldp.media.power.value", Label: "Power Value", Bits: 16, Kind: field.Uint, Unit: "x 0.1 W", Ref: refMED},
	}
	inventory = [...]field.Spec{
		{Name: "lldp.media.hardware", Label: "Hardware Revision", Kind: field.Text, Ref: refMED}, {Name: "lldp.media.firmware", Label: "Firmware Revision", Kind: field.Text, Ref: refMED},
		{Name: "lldp.media.software", Label: "Software Revision", Kind: field.Text, Ref: refMED}, {Name: "lldp.media.sn", Label: "Serial Number", Kind: field.Text, Ref: refMED},
		{Name: "lldp.media.manufacturer", Label: "Manufacturer Name", Kind: field.Text, Ref: refMED}, {Name: "lldp.media.model", Label: "Model Name", Kind: field.Text, Ref: refMED},
		{Name: "lldp.media.asset", Label: "Asset ID", Kind: field.Text, Ref: refMED},
	}
)

var civicTypes = field.Values{
	0: "Language", 1: "National subdivisions (province, state, etc)", 2: "County, parish, district", 3: "City, township", 4: "City division, borough, ward", 5: "Neighborhood, block", 6: "Street",
	16: "Leading street direction", 17: "Trailing street suffix", 18: "Street suffix", 19: "House number", 20: "House number suffix", 21: "Landmark or vanity address",
	22: "Additional location information", 23: "Name", 24: "Postal/ZIP code", 25: "Building", 26: "Unit", 27: "Floor", 28: "Room number", 29: "Place type", 128: "Script",
}

func moreMedia() []*field.Spec {
	list := []*field.Spec{&civicType, &civicLen, &civicValue, &elin}
	list = append(append(list, field.Pointers(coordinates[:])...), field.Pointers(civicHead[:])...)
	return append(list, field.Pointers(inventory[:])...)
}

// location adds where the station is, in one of three forms.
func location(c *field.Context, stop int) {
	switch form := c.Frame[c.Pos()-1]; {
	case form == 1 && stop-c.Pos() >= 16:
		for i := range coordinates {
			c.Add(&coordinates[i], coordinates[i].Bits)
		}
	case form == 2 && stop-c.Pos() >= 4:
		civic(c, stop)
	case form == 3:
		rest(c, &elin, stop)
	}
}

func civic(c *field.Context, stop int) {
	l := len(c.Spans)
	for i := range civicHead {
		c.Add(&civicHead[i], civicHead[i].Bits)
	}
	if c.Cut() {
		return
	}
	// RFC 4776, 3: the length is that of what follows it.
	end := c.Pos() + int(c.Frame[c.Pos()-4]) - 3
	if end > stop {
		c.Fault(l, field.Overrun, 0)
		end = stop
	}
	for end-c.Pos() >= 2 && !c.Cut() {
		c.Add(&civicType, 8)
		c.Add(&civicLen, 8)
		if !c.Cut() {
			count(c, &civicValue, end)
		}
	}
}

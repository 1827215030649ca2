package icmpv6

import "httptap/stack/field"

// A message is what one type has behind the checksum: fields, then what walk adds, then options.
type message struct {
	parts   []*field.Spec
	walk    func(c *field.Context)
	options bool
}

// messages has the known messages by their type.
var messages = map[byte]*message{
	typeUnreachable: {walk: quotedLength},
	typeTooBig:      {parts: []*field.Spec{&mtu}},
	typeExceeded:    {walk: quotedLength},
	typeParameter:   {parts: []*field.Spec{&pointer}},
	typeEcho:        {parts: []*field.Spec{&echoID, &echoSeq}},
	typeEchoReply:   {parts: []*field.Spec{&echoID, &echoSeq}},

	typeQuery: {walk: query},
	131:       {parts: []*field.Spec{&maxDelay, &reserved16, &group}},
	132:       {parts: []*field.Spec{&maxDelay, &reserved16, &group}},
	143:       {walk: report},

	133: {parts: []*field.Spec{&reserved32}, options: true},
	134: {parts: field.Pointers(routerFields[:]), options: true},
	135: {parts: []*field.Spec{&reserved32, &solicited}, options: true},
	136: {parts: []*field.Spec{&advertFlags, &advertised}, options: true},
	137: {parts: []*field.Spec{&reserved32, &redirectTo, &redirectFor}, options: true},
	141: {parts: []*field.Spec{&reserved32}, options: true},
	142: {parts: []*field.Spec{&reserved32}, options: true},

	typeRenumbering: {parts: field.Pointers(renumberFields[:]), walk: renumber},
	typeNodeQuery:   {parts: field.Pointers(nodeFields[:]), walk: nodeQuery},
	typeNodeReply:   {parts: field.Pointers(nodeFields[:]), walk: nodeReply},

	144: {parts: []*field.Spec{&mobileID, &reserved16}},
	145: {parts: []*field.Spec{&mobileID, &reserved16}, walk: homeAgents},
	146: {parts: []*field.Spec{&mobileID, &reserved16}, options: true},
	147: {parts: []*field.Spec{&mobileID, &mobileFlags}, options: true},
	148: {parts: []*field.Spec{&pathID, &pathComponent}, options: true},
	149: {parts: []*field.Spec{&pathID, &pathComponents, &pathComponent, &reserved16}, options: true},

	150:      {walk: fastHandover, options: true},
	typeFast: {walk: fastHandover, options: true},
	151:      {parts: []*field.Spec{&queryInterval, &robustness}},
	152:      {},
	153:      {},
	typeRPL:  {walk: rpl},
	156:      {parts: []*field.Spec{&locators, &locatorOp, &reserved16}, walk: locatorList},
	typeDAR:  {parts: field.Pointers(duplicateFields[:])},
	typeDAC:  {parts: field.Pointers(duplicateFields[:])},
	159:      {walk: mplControl},

	typeExtRequest: {parts: []*field.Spec{&echoID, &extSeq, &extRequestRsv, &extLocal}},
	typeExtReply:   {parts: []*field.Spec{&echoID, &extSeq, &extState, &extReplyRsv, &extActive, &extIPv4, &extIPv6}},
}

func uinteger(name, label string, bits int, ref string) field.Spec {
	return field.Spec{Name: "icmpv6." + name, Label: label, Bits: bits, Kind: field.Uint, Ref: ref}
}

func hexadecimal(name, label string, bits int, ref string) field.Spec {
	return field.Spec{Name: "icmpv6." + name, Label: label, Bits: bits, Kind: field.Hex, Ref: ref}
}

func flag(name, label, ref string) field.Spec {
	return field.Spec{Name: "icmpv6." + name, Label: label, Bits: 1, Kind: field.Flag, Ref: ref}
}

func address(name, label, ref string) field.Spec {
	return field.Spec{Name: "icmpv6." + name, Label: label, Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: ref}
}

func byteString(name, label string, bits int, ref string) field.Spec {
	return field.Spec{Name: "icmpv6." + name, Label: label, Bits: bits, Kind: field.Bytes, Ref: ref}
}

func seconds(name, label string, bits int, ref string) field.Spec {
	return field.Spec{Name: "icmpv6." + name, Label: label, Bits: bits, Kind: field.Seconds, Ref: ref}
}

func milliseconds(name, label string, bits int, ref string) field.Spec {
	return field.Spec{Name: "icmpv6." + name, Label: label, Bits: bits, Kind: field.Uint, Unit: "ms", Ref: ref}
}

var (
	reserved8  = byteString("reserved", "Reserved", 8, "RFC 4443, 2.1")
	reserved16 = byteString("reserved", "Reserved", 16, "RFC 4443, 2.1")
	reserved24 = byteString("reserved", "Reserved", 24, "RFC 4884, 4.3")
	reserved32 = byteString("reserved", "Reserved", 32, "RFC 4443, 2.1")
	data       = byteString("data", "Data", 0, "RFC 4443, 2.1")
	length     = field.Spec{Name: "icmpv6.length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 4884, 4.3"}
	mtu        = field.Spec{Name: "icmpv6.mtu", Label: "MTU", Bits: 32, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 4443, 3.2"}
	pointer    = uinteger("pointer", "Pointer", 32, "RFC 4443, 3.4")
	echoID     = field.Spec{Name: "icmpv6.echo.identifier", Label: "Identifier", Bits: 16, Kind: field.Hex, Class: field.Sequence, Ref: "RFC 4443, 4.1"}
	echoSeq    = field.Spec{Name: "icmpv6.echo.sequence_number", Label: "Sequence", Bits: 16, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 4443, 4.1"}

	routerFields = [...]field.Spec{
		uinteger("nd.ra.cur_hop_limit", "Cur hop limit", 8, "RFC 4861, 4.2"),
		{Name: "icmpv6.nd.ra.flag", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 4861, 4.2", Sub: []field.Spec{
			flag("nd.ra.flag.m", "Managed address configuration", "RFC 4861, 4.2"),
			flag("nd.ra.flag.o", "Other configuration", "RFC 4861, 4.2"),
			flag("nd.ra.flag.h", "Home Agent", "RFC 6275, 7.1"),
			{Name: "icmpv6.nd.ra.flag.prf", Label: "Prf (Default Router Preference)", Bits: 2, Kind: field.Uint, Values: preferences, Ref: "RFC 4191, 2.2"},
			flag("nd.ra.flag.p", "ND Proxy", "RFC 4389, 4.1.3.3"),
			uinteger("nd.ra.flag.rsv", "Reserved", 2, "RFC 5175, 3"),
		}},
		seconds("nd.ra.router_lifetime", "Router lifetime (s)", 16, "RFC 4861, 4.2"),
		milliseconds("nd.ra.reachable_time", "Reachable time (ms)", 32, "RFC 4861, 4.2"),
		milliseconds("nd.ra.retrans_timer", "Retrans timer (ms)", 32, "RFC 4861, 4.2"),
	}
	solicited   = address("nd.ns.target_address", "Target Address", "RFC 4861, 4.3")
	advertFlags = field.Spec{Name: "icmpv6.nd.na.flag", Label: "Flags", Bits: 32, Kind: field.Hex, Class: field.Flags, Ref: "RFC 4861, 4.4", Sub: []field.Spec{
		flag("nd.na.flag.r", "Router", "RFC 4861, 4.4"), flag("nd.na.flag.s", "Solicited", "RFC 4861, 4.4"), flag("nd.na.flag.o", "Override", "RFC 4861, 4.4"),
		uinteger("nd.na.flag.rsv", "Reserved", 29, "RFC 4861, 4.4"),
	}}
	advertised  = address("nd.na.target_address", "Target Address", "RFC 4861, 4.4")
	redirectTo  = address("nd.rd.target_address", "Target Address", "RFC 4861, 4.5")
	redirectFor = address("rd.na.destination_address", "Destination Address", "RFC 4861, 4.5")

	mobileID    = uinteger("mip6.identifier", "Identifier", 16, "RFC 6275, 6.5")
	mobileFlags = field.Spec{Name: "icmpv6.mip6.flag", Label: "Flags", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "RFC 6275, 6.8", Sub: []field.Spec{
		flag("mip6.flag.m", "Managed Address Configuration", "RFC 6275, 6.8"), flag("mip6.flag.o", "Other Stateful Configuration", "RFC 6275, 6.8"),
		uinteger("mip6.flag.rsv", "Reserved", 14, "RFC 6275, 6.8"),
	}}
	homeAgent      = address("mip6.home_agent_address", "Home Agent Addresses", "RFC 6275, 6.6")
	pathID         = uinteger("send.identifier", "Identifier", 16, "RFC 3971, 6.4.1")
	pathComponent  = uinteger("send.component", "Component", 16, "RFC 3971, 6.4.1")
	pathComponents = uinteger("send.all_components", "All Components", 16, "RFC 3971, 6.4.2")

	fastType  = field.Spec{Name: "icmpv6.fmip6.subtype", Label: "Subtype", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: field.Values{2: "Router Solicitation for Proxy Advertisement", 3: "Proxy Router Advertisement", 4: "Handover Initiate", 5: "Handover Acknowledge"}, Ref: "RFC 5568, 6.1"}
	fastFlags = field.Spec{Name: "icmpv6.fmip6.hi.flag", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 5568, 6.2.1.1", Sub: []field.Spec{
		flag("fmip6.hi.flag.s", "Assigned address configuration", "RFC 5568, 6.2.1.1"), flag("fmip6.hi.flag.a", "Buffer", "RFC 5568, 6.2.1.1"),
		uinteger("fmip6.hi.flag.reserved", "Reserved", 6, "RFC 5568, 6.2.1.1"),
	}}
	fastID = uinteger("fmip6.identifier", "Identifier", 16, "RFC 5568, 6.1")

	locators     = uinteger("ilnp.nb_locs", "Num of Locs", 8, "RFC 6743, 3")
	locatorOp    = byteString("reserved", "Operation", 8, "RFC 6743, 3")
	locator      = hexadecimal("ilnp.nb_locator", "Locator", 64, "RFC 6743, 3")
	locatorPref  = uinteger("ilnp.nb_preference", "Preference", 16, "RFC 6743, 3")
	locatorValid = seconds("ilnp.nb_lifetime", "Lifetime", 16, "RFC 6743, 3")

	duplicateFields = [...]field.Spec{
		{Name: "icmpv6.6lowpannd.da.status", Label: "Status", Bits: 8, Kind: field.Uint, Values: registrationStates, Ref: "RFC 6775, 4.4"},
		uinteger("6lowpannd.da.rsv", "Reserved", 8, "RFC 6775, 4.4"),
		{Name: "icmpv6.6lowpannd.da.lifetime", Label: "Registration Lifetime", Bits: 16, Kind: field.Uint, Unit: "min", Ref: "RFC 6775, 4.4"},
		byteString("6lowpannd.da.eui64", "EUI-64", 64, "RFC 6775, 4.4"),
		address("6lowpannd.da.reg_addr", "Registered Address", "RFC 6775, 4.4"),
	}

	extSeq        = uinteger("ext.echo.seq", "Sequence Number", 8, "RFC 8335, 2")
	extRequestRsv = hexadecimal("ext.echo.req.res", "Reserved", 7, "RFC 8335, 2")
	extLocal      = flag("ext.echo.req.local", "Local bit", "RFC 8335, 2")
	extState      = field.Spec{Name: "icmpv6.ext.echo.rsp.state", Label: "State", Bits: 3, Kind: field.Uint, Values: field.Values{0: "Reserved", 1: "Incomplete", 2: "Reachable", 3: "Stale", 4: "Delay", 5: "Probe", 6: "Failed"}, Ref: "RFC 8335, 3"}
	extReplyRsv   = hexadecimal("ext.echo.rsp.res", "Reserved", 2, "RFC 8335, 3")
	extActive     = flag("ext.echo.rsp.active", "Active bit", "RFC 8335, 3")
	extIPv4       = flag("ext.echo.rsp.ipv4", "IPv4 bit", "RFC 8335, 3")
	extIPv6       = flag("ext.echo.rsp.ipv6", "IPv6 bit", "RFC 8335, 3")
)

var registrationStates = field.Values{0: "Success", 1: "Duplicate Exists", 2: "Neighbor Cache Full"}

// quotedLength adds four unused bytes, or the length of the quoted packet in the first of them.
func quotedLength(c *field.Context) {
	if r := c.Rest(); len(r) < 4 || r[0] == 0 {
		c.Add(&reserved32, 32)
		return
	}
	l := c.Add(&length, 8)
	c.Add(&reserved24, 24)
	if n := 8 * int(c.Frame[c.Pos()-4]); n > len(c.Rest()) && c.Missing() == 0 && !c.Quoted {
		c.Fault(l, field.Overrun, 0)
	}
}

func homeAgents(c *field.Context) {
	// RFC 6275, 6.6: 64 reserved bits lie behind the identifier and its 16.
	for len(c.Rest()) >= 16 {
		c.Add(&homeAgent, 128)
	}
}

func fastHandover(c *field.Context) {
	sub := c.Rest()
	c.Add(&fastType, 8)
	if len(sub) > 0 && sub[0] == 4 {
		c.Add(&fastFlags, 8)
	} else {
		c.Add(&reserved8, 8)
	}
	c.Add(&fastID, 16)
}

func locatorList(c *field.Context) {
	n := int(c.Frame[c.Pos()-4])
	if 12*n > len(c.Rest()) && c.Missing() == 0 && !c.Quoted {
		c.Fault(c.Find(&locators), field.Overrun, 0)
	}
	for ; n > 0 && len(c.Rest()) > 0 && !c.Cut(); n-- {
		c.Add(&locator, 64)
		c.Add(&locatorPref, 16)
		c.Add(&locatorValid, 16)
	}
}

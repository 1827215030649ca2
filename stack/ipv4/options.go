package ipv4

import "httptap/stack/field"

// An option is what the field table knows of one option type.
type option struct {
	group field.Spec
	parts []*field.Spec                       // the data, where its length is always the same
	walk  func(c *field.Context, l, stop int) // the data, where it is not; l is the length's span
}

func named(name, label, ref string) field.Spec {
	return field.Spec{Name: "ip.options." + name, Label: "IP Option - " + label, Kind: field.Group, Ref: ref}
}

// optionTable has the known options by their type. IANA, "IP Option Numbers"
var optionTable = map[byte]*option{
	0x00: {group: named("eol", "End of Options List (EOL)", "RFC 791, 3.1")},
	0x01: {group: named("nop", "No-Operation (NOP)", "RFC 791, 3.1")},
	0x07: {group: named("record_route", "Record Route", "RFC 791, 3.1"), walk: recordRoute},
	0x0b: {group: named("mtu_probe", "MTU Probe", "RFC 1063, 3"), parts: []*field.Spec{&optMTU}},
	0x0c: {group: named("mtu_reply", "MTU Reply", "RFC 1063, 3"), parts: []*field.Spec{&optMTU}},
	0x19: {group: named("qs", "Quick-Start", "RFC 4782, 3.1"), parts: []*field.Spec{&qsFunc, &qsRate, &qsTTL, &qsNonce, &qsReserved}},
	0x44: {group: named("timestamp", "Time Stamp", "RFC 791, 3.1"), walk: timestamps},
	0x52: {group: named("traceroute", "Traceroute", "RFC 1393, 2.2"), parts: []*field.Spec{&trID, &trOut, &trReturn, &trOrigin}},
	0x82: {group: named("security", "Security", "RFC 1108, 2"), walk: security},
	0x83: {group: named("route", "Loose Source Route", "RFC 791, 3.1"), walk: sourceRoute},
	0x85: {group: named("ext_security", "Extended Security", "RFC 1108, 3"), walk: extendedSecurity},
	0x86: {group: named("cipso", "Commercial Security", "FIPS 188"), walk: commercialSecurity},
	0x88: {group: named("sid", "Stream ID", "RFC 791, 3.1"), parts: []*field.Spec{&optSID}},
	0x89: {group: named("source_route", "Strict Source Route", "RFC 791, 3.1"), walk: sourceRoute},
	0x94: {group: named("routeralert", "Router Alert", "RFC 2113, 2.1"), parts: []*field.Spec{&optAlert}},
}

// optionOther is an option that the table does not know.
var optionOther = option{group: field.Spec{Name: "ip.options.unknown", Label: "IP Option - Unknown", Kind: field.Group, Ref: "RFC 791, 3.1"}}

var (
	optGroup = field.Spec{Name: "ip.options", Label: "Options", Kind: field.Group, Ref: "RFC 791, 3.1"}
	// RFC 791, 3.1: a copied flag, a class and a number make up the type.
	optType = field.Spec{Name: "ip.opt.type", Label: "Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: optionNames(), Ref: "IANA, IP Option Numbers", Sub: []field.Spec{
		{Name: "ip.opt.type.copy", Label: "Copy on fragmentation", Bits: 1, Kind: field.Flag, Ref: "RFC 791, 3.1"},
		{Name: "ip.opt.type.class", Label: "Class", Bits: 2, Kind: field.Uint, Values: field.Values{0: "Control", 1: "Reserved for future use", 2: "Debugging and measurement", 3: "Reserved for future use"}, Ref: "RFC 791, 3.1"},
		{Name: "ip.opt.type.number", Label: "Number", Bits: 5, Kind: field.Uint, Ref: "RFC 791, 3.1"},
	}}
	optLen     = field.Spec{Name: "ip.opt.len", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 791, 3.1"}
	optData    = field.Spec{Name: "ip.opt.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 791, 3.1"}
	optPadding = field.Spec{Name: "ip.opt.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 791, 3.1"}
)

// The options' own parts.
var (
	optPtr   = field.Spec{Name: "ip.opt.ptr", Label: "Pointer", Bits: 8, Kind: field.Uint, Ref: "RFC 791, 3.1"}
	recorded = field.Spec{Name: "ip.rec_rt", Label: "Recorded Route", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 791, 3.1"}
	empty    = field.Spec{Name: "ip.empty_rt", Label: "Empty Route", Bits: 32, Kind: field.IPv4, Ref: "RFC 791, 3.1"}
	// The last address of a source route that is not at its end is where the packet is going.
	finalDst = field.Spec{Name: "ip.dst", Label: "Destination Address (after the source route)", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 791, 3.1"}
	toVisit  = field.Spec{Name: "ip.src_rt", Label: "Source Route", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 791, 3.1"}
	optAlert = field.Spec{Name: "ip.opt.ra", Label: "Router Alert", Bits: 16, Kind: field.Uint, Values: field.Values{0: "Router shall examine packet"}, Ref: "RFC 2113, 2.1"}
	optSID   = field.Spec{Name: "ip.opt.sid", Label: "Stream Identifier", Bits: 16, Kind: field.Uint, Ref: "RFC 791, 3.1"}
	optMTU   = field.Spec{Name: "ip.opt.mtu", Label: "MTU", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1063, 3"}

	optOver  = field.Spec{Name: "ip.opt.overflow", Label: "Overflow", Bits: 4, Kind: field.Uint, Ref: "RFC 791, 3.1"}
	optFlag  = field.Spec{Name: "ip.opt.flag", Label: "Flag", Bits: 4, Kind: field.Uint, Values: field.Values{0: "Time stamps only", 1: "Time stamp and address", 3: "Time stamps for prespecified addresses"}, Ref: "RFC 791, 3.1"}
	optStamp = field.Spec{Name: "ip.opt.time_stamp", Label: "Time stamp", Bits: 32, Kind: field.Uint, Class: field.Timestamp, Unit: "ms", Ref: "RFC 791, 3.1"}
	optAddr  = field.Spec{Name: "ip.opt.time_stamp_addr", Label: "Address", Bits: 32, Kind: field.IPv4, Ref: "RFC 791, 3.1"}

	trID     = field.Spec{Name: "ip.opt.id_number", Label: "ID Number", Bits: 16, Kind: field.Uint, Ref: "RFC 1393, 2.2"}
	trOut    = field.Spec{Name: "ip.opt.ohc", Label: "Outbound Hop Count", Bits: 16, Kind: field.Uint, Ref: "RFC 1393, 2.2"}
	trReturn = field.Spec{Name: "ip.opt.rhc", Label: "Return Hop Count", Bits: 16, Kind: field.Uint, Ref: "RFC 1393, 2.2"}
	trOrigin = field.Spec{Name: "ip.opt.originator", Label: "Originator IP Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 1393, 2.2"}

	qsFunc     = field.Spec{Name: "ip.opt.qs_func", Label: "Function", Bits: 4, Kind: field.Uint, Values: field.Values{0: "Rate request", 8: "Rate report"}, Ref: "RFC 4782, 3.1"}
	qsRate     = field.Spec{Name: "ip.opt.qs_rate", Label: "Rate", Bits: 4, Kind: field.Uint, Ref: "RFC 4782, 3.1"}
	qsTTL      = field.Spec{Name: "ip.opt.qs_ttl", Label: "QS TTL", Bits: 8, Kind: field.Uint, Ref: "RFC 4782, 3.1"}
	qsNonce    = field.Spec{Name: "ip.opt.qs_nonce", Label: "QS Nonce", Bits: 30, Kind: field.Hex, Ref: "RFC 4782, 3.1"}
	qsReserved = field.Spec{Name: "ip.opt.qs_reserved", Label: "Reserved", Bits: 2, Kind: field.Reserved, Ref: "RFC 4782, 3.1"}
)

// The faults of options.
var (
	optLenBad    = &field.Fault{Name: "ip.opt.len.invalid", Label: "this length is not one that the option can have, or reaches past the end of the header", Severity: field.Error}
	ptrBefore    = &field.Fault{Name: "ip.opt.ptr.before_address", Label: "the pointer points before the first entry", Severity: field.Warn}
	ptrMiddle    = &field.Fault{Name: "ip.opt.ptr.middle_address", Label: "the pointer points into the middle of an entry", Severity: field.Warn}
	timestampOdd = &field.Fault{Name: "ip.opt.flag.unknown", Label: "not 0, 1 or 3: the entries' form is unknown", Severity: field.Warn}
)

func optionNames() field.Values {
	v := field.Values{}
	for typ, o := range optionTable {
		v[uint64(typ)] = o.group.Label[len("IP Option - "):]
	}
	return v
}

func more() []*field.Spec {
	list := []*field.Spec{&optGroup, &optType, &optLen, &optData, &optPadding, &optPtr, &recorded, &empty, &toVisit, &finalDst,
		&optOver, &optFlag, &optStamp, &optAddr, &sec791, &sec791C, &sec791H, &sec791T, &secLevel, &secAuth, &secMore, &secCode, &secInfo,
		&cipsoDOI, &cipsoTag, &cipsoType, &cipsoLen, &cipsoAlign, &cipsoLevel, &cipsoSets, &cipsoData, &optionOther.group}
	for _, o := range optionTable {
		list = append(append(list, &o.group), o.parts...)
	}
	return list
}

// options walks the options up to end.
func options(c *field.Context, end int) {
	group := c.Open(&optGroup)
	for c.Pos() < end && !c.Cut() {
		if c.Pos() >= c.Limit {
			c.AddBytes(&optData, end-c.Pos()) // cut, and marked so
			break
		}
		typ := c.Frame[c.Pos()]
		o := optionTable[typ]
		if o == nil {
			o = &optionOther
		}
		one := c.Open(&o.group)
		i := c.Add(&optType, 8)
		switch {
		case typ > 1:
			optionBody(c, o, i, end)
			c.Close(one)
		case typ == 1:
			c.Close(one)
		default:
			c.Close(one)
			if n := end - c.Pos(); n > 0 {
				c.AddBytes(&optPadding, n)
			}
		}
	}
	c.Close(group)
}

// optionBody adds an option's length and data. i is the span of its type.
func optionBody(c *field.Context, o *option, i, end int) {
	if c.Pos() >= end {
		c.Fault(i, optLenBad, 0) // no room for the length
		return
	}
	l := c.Add(&optLen, 8)
	if c.Cut() {
		return
	}
	n := int(c.Frame[c.Pos()-1]) - 2
	if n < 0 || n > end-c.Pos() {
		c.Fault(l, optLenBad, 0)
		n = end - c.Pos() // nothing behind it can be trusted
		o = &optionOther
	}
	stop := c.Pos() + n
	switch {
	case o.walk != nil:
		o.walk(c, l, stop)
	case o.parts != nil && n == bytesOfParts(o.parts):
		for _, s := range o.parts {
			c.Add(s, s.Bits)
		}
	case o.parts != nil:
		c.Fault(l, optLenBad, 0)
	}
	if n := stop - c.Pos(); n > 0 {
		c.AddBytes(&optData, n)
	}
}

func bytesOfParts(parts []*field.Spec) (n int) {
	for _, s := range parts {
		n += s.Bits
	}
	return n / 8
}

// pointer adds the pointer of a list of entries, each of size bytes from the first-th byte of
// the option on, and returns the byte of the frame that it points to.
func pointer(c *field.Context, l, stop, first, size int) int {
	start := c.Pos() - 2
	if c.Pos() >= stop {
		c.Fault(l, optLenBad, 0)
		return start
	}
	i := c.Add(&optPtr, 8)
	if c.Cut() {
		return start
	}
	p := int(c.Frame[c.Pos()-1]) // RFC 791, 3.1: "relative to this option", from 1 on
	switch {
	case p < first:
		c.Fault(i, ptrBefore, 0)
	case (p-first)%size != 0:
		c.Fault(i, ptrMiddle, 0)
	}
	return start + p - 1
}

// route adds the addresses of a route: those before the pointer are recorded, the others are
// what other says, and the last of those is what last says.
func route(c *field.Context, l, stop int, other, last *field.Spec) {
	at := pointer(c, l, stop, 4, 4)
	for stop-c.Pos() >= 4 && !c.Cut() {
		switch {
		case c.Pos() < at:
			c.Add(&recorded, 32)
		case stop-c.Pos() < 8:
			c.Add(last, 32)
		default:
			c.Add(other, 32)
		}
	}
	if c.Pos() < stop && !c.Cut() {
		c.Fault(l, optLenBad, 0) // not a whole number of addresses
	}
}

func recordRoute(c *field.Context, l, stop int) { route(c, l, stop, &empty, &empty) }
func sourceRoute(c *field.Context, l, stop int) { route(c, l, stop, &toVisit, &finalDst) }

func timestamps(c *field.Context, l, stop int) {
	if stop-c.Pos() < 2 {
		c.Fault(l, optLenBad, 0)
		return
	}
	flag, size := byte(0), 4
	if c.Pos()+1 < c.Limit {
		flag = c.Frame[c.Pos()+1] & 15
	}
	if flag != 0 {
		size = 8
	}
	pointer(c, l, stop, 5, size)
	c.Add(&optOver, 4)
	if i := c.Add(&optFlag, 4); flag != 0 && flag != 1 && flag != 3 {
		c.Fault(i, timestampOdd, 0)
		return
	}
	for stop-c.Pos() >= size && !c.Cut() {
		if flag != 0 {
			c.Add(&optAddr, 32)
		}
		c.Add(&optStamp, 32)
	}
	if c.Pos() < stop && !c.Cut() {
		c.Fault(l, optLenBad, 0) // not a whole number of entries
	}
}

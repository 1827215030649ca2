package pppoe

import (
	"encoding/binary"

	"httptap/stack/field"
)

// The EtherTypes. RFC 2516, 4
const (
	TypeDiscovery = 0x8863
	TypeSession   = 0x8864
)

// DiscoveryLayout is the field table of discovery.
var DiscoveryLayout = field.Layout{
	Spec:  field.Spec{Name: "pppoed", Label: "PPP-over-Ethernet Discovery", Kind: field.Layer, Ref: "RFC 2516, 5"},
	Title: "PPPoE discovery",
	Head:  head[:],
	Tail:  tags,
	More:  more,
	Check: func(c *field.Context) { c.Limit = c.Pos() },
}

// SessionLayout is the field table of sessions.
var SessionLayout = field.Layout{
	Spec:  field.Spec{Name: "pppoes", Label: "PPP-over-Ethernet Session", Kind: field.Layer, Ref: "RFC 2516, 6"},
	Title: "PPPoE",
	Head:  head[:],
	Check: session,
	Next:  next,
}

var head = [...]field.Spec{
	{Name: "pppoe.version", Label: "Version", Bits: 4, Kind: field.Uint, Ref: "RFC 2516, 4"},
	{Name: "pppoe.type", Label: "Type", Bits: 4, Kind: field.Uint, Ref: "RFC 2516, 4"},
	{Name: "pppoe.code", Label: "Code", Bits: 8, Kind: field.Hex, Class: field.Operation, Values: codes, Ref: "RFC 2516, 5"},
	{Name: "pppoe.session_id", Label: "Session ID", Bits: 16, Kind: field.Hex, Ref: "RFC 2516, 4"},
	{Name: "pppoe.payload_length", Label: "Payload Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 2516, 4"},
}

var codes = field.Values{
	0x00: "Session Data", 0x07: "Active Discovery Offer (PADO)", 0x09: "Active Discovery Initiation (PADI)", 0x0a: "Active Discovery Session-Grant (PADG)",
	0x0b: "Active Discovery Session-Credit Resp.(PADC)", 0x0c: "Active Discovery Quality (PADQ)", 0x19: "Active Discovery Request (PADR)", 0x65: "Active Discovery Session-confirmation (PADS)",
	0xa7: "Active Discovery Terminate (PADT)", 0xd3: "Active Discovery Message (PADM)", 0xd4: "Active Discovery Network (PADN)",
}

var tagNames = field.Values{
	0: "End-Of-List", 0x0101: "Service-Name", 0x0102: "AC-Name", 0x0103: "Host-Uniq", 0x0104: "AC-Cookie", 0x0105: "Vendor-Specific", 0x0106: "Credits", 0x0107: "Metrics", 0x0108: "Sequence Number",
	0x0109: "Credit Scale Factor", 0x0110: "Relay-Session-Id", 0x0111: "HURL", 0x0112: "MOTM", 0x0120: "PPP-Max-Payload", 0x0121: "IP Route Add", 0x0201: "Service-Name-Error", 0x0202: "AC-System-Error", 0x0203: "Generic-Error",
}

var (
	list    = field.Spec{Name: "pppoed.tags", Label: "PPPoE Tags", Kind: field.Group, Ref: "RFC 2516, 4"}
	one     = field.Spec{Name: "pppoed.tags.tag", Label: "Tag", Kind: field.Group, Ref: "RFC 2516, 4"}
	tag     = field.Spec{Name: "pppoed.tag", Label: "Tag", Bits: 16, Kind: field.Hex, Values: tagNames, Ref: "RFC 2516, Appendix A"}
	tagLen  = field.Spec{Name: "pppoed.tag_length", Label: "Tag Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 2516, 4"}
	unknown = field.Spec{Name: "pppoed.tag.unknown_data", Label: "Unknown Data", Kind: field.Bytes, Ref: "RFC 2516, 4"}

	vendor     = field.Spec{Name: "pppoed.tags.vendor_id", Label: "Vendor id", Bits: 32, Kind: field.Uint, Ref: "RFC 2516, Appendix A"}
	vendorData = field.Spec{Name: "pppoed.tags.vendor_unspecified", Label: "Vendor unspecified", Kind: field.Bytes, Ref: "RFC 2516, Appendix A"}
	credits    = [...]field.Spec{
		{Name: "pppoed.tags.credits.fcn", Label: "FCN", Bits: 16, Kind: field.Uint, Ref: "RFC 5578, 3.2"},
		{Name: "pppoed.tags.credits.bcn", Label: "BCN", Bits: 16, Kind: field.Uint, Ref: "RFC 5578, 3.2"},
	}
	metrics = [...]field.Spec{
		{Name: "pppoed.tags.metrics.reserved", Label: "Reserved", Bits: 11, Kind: field.Reserved, Ref: "RFC 5578, 3.3"},
		{Name: "pppoed.tags.metrics.mdr_units", Label: "MDR Units", Bits: 2, Kind: field.Hex, Values: rateUnits, Ref: "RFC 5578, 3.3"},
		{Name: "pppoed.tags.metrics.cdr_units", Label: "CDR Units", Bits: 2, Kind: field.Hex, Values: rateUnits, Ref: "RFC 5578, 3.3"},
		{Name: "pppoed.tags.metrics.r", Label: "Receive Only", Bits: 1, Kind: field.Flag, Ref: "RFC 5578, 3.3"},
		{Name: "pppoed.tags.metrics.rlq", Label: "Relative Link Quality", Bits: 8, Kind: field.Uint, Unit: "%", Ref: "RFC 5578, 3.3"},
		{Name: "pppoed.tags.metrics.resource", Label: "Resource", Bits: 8, Kind: field.Uint, Unit: "%", Ref: "RFC 5578, 3.3"},
		{Name: "pppoed.tags.metrics.latency", Label: "Latency", Bits: 16, Kind: field.Uint, Unit: "ms", Ref: "RFC 5578, 3.3"},
		{Name: "pppoed.tags.metrics.curr_drate", Label: "Curr. datarate", Bits: 16, Kind: field.Uint, Ref: "RFC 5578, 3.3"},
		{Name: "pppoed.tags.metrics.max_drate", Label: "Max. datarate", Bits: 16, Kind: field.Uint, Ref: "RFC 5578, 3.3"},
	}
	number = field.Spec{Name: "pppoed.tags.seq_num", Label: "Sequence Number", Bits: 16, Kind: field.Hex, Class: field.Sequence, Ref: "RFC 5578, 3.4"}
	scale  = field.Spec{Name: "pppoed.tags.credit_scale", Label: "Credit Scale Factor", Bits: 16, Kind: field.Uint, Ref: "RFC 5578, 3.5"}
)

var rateUnits = field.Values{0: "kbps", 1: "Mbps", 2: "Gbps", 3: "Tbps"}

// values has what the tags hold that are one field of any length.
var values = map[uint16]*field.Spec{
	0x0101: value("service_name", "Service-Name", field.Text), 0x0102: value("ac_name", "AC-Name", field.Text), 0x0103: value("host_uniq", "Host-Uniq", field.Bytes),
	0x0104: value("ac_cookie", "AC-Cookie", field.Bytes), 0x0110: value("relay_session_id", "Relay-Session-Id", field.Bytes), 0x0111: value("hurl", "HURL", field.Bytes),
	0x0112: value("motm", "MOTM", field.Bytes), 0x0120: value("max_payload", "PPP-Max-Payload", field.Bytes), 0x0121: value("ip_route_add", "IP Route Add", field.Bytes),
	0x0201: value("service_name_error", "Service-Name-Error", field.Text), 0x0202: value("ac_system_error", "AC-System-Error", field.Text), 0x0203: value("generic_error", "Generic-Error", field.Text),
}

// tables has those that are of several fields, or of one with a width.
var tables = map[uint16][]*field.Spec{
	0x0106: field.Pointers(credits[:]), 0x0107: field.Pointers(metrics[:]), 0x0108: {&number}, 0x0109: {&scale},
}

func value(name, label string, kind field.Kind) *field.Spec {
	s := &field.Spec{Name: "pppoed.tags." + name, Label: label, Kind: kind, Ref: "RFC 2516, Appendix A"}
	if kind == field.Text {
		s.Class = field.Name
	}
	return s
}

var (
	badVersion = &field.Fault{Name: "pppoe.version.bad", Label: "version and type are both to be 1", Severity: field.Error}
	badLength  = &field.Fault{Name: "pppoe.payload_length.bad", Label: "this length reaches past the end of the data", Severity: field.Warn}
	badTag     = &field.Fault{Name: "pppoed.tag_length.invalid", Label: "this length is not one that the tag can have, or reaches past the end", Severity: field.Error}
)

func more() []*field.Spec {
	l := []*field.Spec{&list, &one, &tag, &tagLen, &unknown, &vendor, &vendorData}
	for _, s := range values {
		l = append(l, s)
	}
	for _, t := range tables {
		l = append(l, t...)
	}
	return l
}

// end returns where the payload ends, and marks what is wrong with the header.
func end(c *field.Context) int {
	h := c.Frame[c.Start:]
	if h[0] != 0x11 {
		// RFC 2516, 4: "The VER field is four bits and MUST be set to 0x1"; the TYPE field, too.
		c.Fault(c.Find(&head[0]), badVersion, 0)
	}
	at := c.Start + 6 + int(binary.BigEndian.Uint16(h[4:]))
	if at > c.Limit {
		if c.Missing() == 0 && !c.Quoted {
			c.Fault(c.Find(&head[4]), badLength, 0)
		}
		return c.Limit
	}
	return at
}

func session(c *field.Context) { c.Limit = end(c) }

func next(c *field.Context) field.Next {
	if h := c.Frame[c.Start:]; h[0] != 0x11 || h[1] != 0 {
		return field.Next{}
	}
	return field.Next{Table: field.EtherType, Key: typePPP}
}

// typePPP is the key of PPP in the table of EtherTypes: the one that GRE has for it.
const typePPP = 0x880b

// tags adds the tags, up to the one that ends them.
func tags(c *field.Context) {
	at := end(c)
	missing := c.Missing()
	if at == c.Pos() && missing == 0 {
		return
	}
	all := c.Open(&list)
	for c.Pos() < at && !c.Cut() {
		group := c.Open(&one)
		last := oneTag(c, at)
		c.Close(group)
		if last {
			break
		}
	}
	if n := at - c.Pos(); n > 0 && !c.Cut() {
		c.AddBytes(&unknown, n)
	}
	c.Close(all)
}

func oneTag(c *field.Context, at int) (last bool) {
	c.Add(&tag, 16)
	l := c.Add(&tagLen, 16)
	if c.Cut() {
		return true
	}
	h := c.Frame[c.Pos()-4:]
	typ, n := binary.BigEndian.Uint16(h), int(binary.BigEndian.Uint16(h[2:]))
	if n > at-c.Pos() {
		if c.Missing() == 0 || at < len(c.Frame) {
			c.Fault(l, badTag, 0)
		}
		return true
	}
	stop := c.Pos() + n
	switch {
	case values[typ] != nil && n > 0:
		c.AddBytes(values[typ], n)
	case tables[typ] != nil:
		bits := 0
		for _, s := range tables[typ] {
			bits += s.Bits
		}
		if n != bits/8 {
			c.Fault(l, badTag, 0)
			break
		}
		for _, s := range tables[typ] {
			c.Add(s, s.Bits)
		}
	case typ == 0x0105 && n >= 4:
		c.Add(&vendor, 32)
		if n > 4 {
			c.AddBytes(&vendorData, n-4)
		}
	}
	if n := stop - c.Pos(); n > 0 {
		c.AddBytes(&unknown, n)
	}
	return typ == 0 // RFC 2516, Appendix A: End-Of-List
}

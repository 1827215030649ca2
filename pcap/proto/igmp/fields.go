package igmp

import (
	"encoding/binary"

	"httptap/stack/field"
	"httptap/stack/sum"
)

// Proto is the number among the IP protocols.
const Proto = 2

// The types. IANA, "IGMP Type Numbers"
const (
	typeQuery        = 0x11
	typeReport1      = 0x12
	typeReport2      = 0x16
	typeLeave        = 0x17
	typeTraceReply   = 0x1e
	typeTrace        = 0x1f
	typeReport3      = 0x22
	typeAdvert       = 0x30
	typeSolicitation = 0x31
	typeTermination  = 0x32
)

var types = field.Values{
	1: "Create Group Request", 2: "Create Group Reply", 3: "Join Group Request", 4: "Join Group Reply", 5: "Leave Group Request", 6: "Leave Group Reply",
	7: "Confirm Group Request", 8: "Confirm Group Reply", typeQuery: "Membership Query", typeReport1: "Membership Report", 0x13: "DVMRP Protocol", 0x14: "PIM Routing Message",
	typeReport2: "Membership Report", typeLeave: "Leave Group", typeTraceReply: "Traceroute Response", typeTrace: "Traceroute Query or Request", typeReport3: "Membership Report",
	typeAdvert: "Multicast Router Advertisement", typeSolicitation: "Multicast Router Solicitation", typeTermination: "Multicast Router Termination",
}

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "igmp", Label: "Internet Group Management Protocol", Kind: field.Layer, Ref: "RFC 3376, 4"},
	Title: "IGMP",
	Head:  head[:],
	Tail:  tail,
	More:  more,
	Check: check,
}

var head = [...]field.Spec{
	{Name: "igmp.type", Label: "Type", Bits: 8, Kind: field.Hex, Class: field.Operation, Values: types, Ref: "IANA, IGMP Type Numbers"},
}

// What lies between type and checksum.
var (
	reserved8 = field.Spec{Name: "igmp.reserved", Label: "Reserved", Bits: 8, Kind: field.Bytes, Ref: "RFC 3376, 4.2.1"}
	maxResp   = field.Spec{Name: "igmp.max_resp", Label: "Max Resp Time", Bits: 8, Kind: field.Uint, Unit: "tenths of a second", Ref: "RFC 2236, 2.2"}
	maxCode   = field.Spec{Name: "igmp.max_resp", Label: "Max Resp Code", Bits: 8, Kind: field.Uint, Ref: "RFC 3376, 4.1.1", Sub: []field.Spec{
		{Name: "igmp.max_resp.float", Label: "Floating point", Bits: 1, Kind: field.Flag, Ref: "RFC 3376, 4.1.1"},
		{Name: "igmp.max_resp.exp", Label: "Exponent", Bits: 3, Kind: field.Hex, Ref: "RFC 3376, 4.1.1"},
		{Name: "igmp.max_resp.mant", Label: "Mantissa", Bits: 4, Kind: field.Hex, Ref: "RFC 3376, 4.1.1"},
	}}
	groupType = field.Spec{Name: "igmp.group_type", Label: "Type Of Group", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Public Group", 1: "Private Group"}, Ref: "RFC 988, Appendix I"}
	// RFC 988, Appendix I: codes over 4 say how many seconds the answer will still take.
	reply    = field.Spec{Name: "igmp.reply", Label: "Reply", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Request Granted", 1: "Request Denied, No Resources", 2: "Request Denied, Invalid Code", 3: "Request Denied, Invalid Group", 4: "Request Denied, Invalid Key"}, Ref: "RFC 988, Appendix I"}
	maxHops  = field.Spec{Name: "igmp.mtrace.max_hops", Label: "# hops", Bits: 8, Kind: field.Uint, Ref: refTrace}
	interval = field.Spec{Name: "igmp.advertisement_interval", Label: "Advertisement Interval", Bits: 8, Kind: field.Seconds, Ref: "RFC 4286, 3.2"}
)

var (
	checksum = field.Spec{Name: "igmp.checksum", Label: "Checksum", Bits: 16, Kind: field.Hex, Class: field.Sum, Ref: "RFC 3376, 4.1.2"}
	group    = field.Spec{Name: "igmp.maddr", Label: "Multicast Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 3376, 4.1.3"}
	ident    = field.Spec{Name: "igmp.identifier", Label: "Identifier", Bits: 32, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 988, Appendix I"}
	key      = field.Spec{Name: "igmp.access_key", Label: "Access Key", Bits: 64, Kind: field.Bytes, Ref: "RFC 988, Appendix I"}
	data     = field.Spec{Name: "igmp.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 3376, 4.2.11"}

	queryHead = [...]field.Spec{
		{Name: "igmp.resv", Label: "Resv", Bits: 4, Kind: field.Reserved, Ref: "RFC 3376, 4.1.4"},
		{Name: "igmp.s", Label: "S", Bits: 1, Kind: field.Flag, Ref: "RFC 3376, 4.1.5"},
		{Name: "igmp.qrv", Label: "QRV", Bits: 3, Kind: field.Uint, Ref: "RFC 3376, 4.1.6"},
		{Name: "igmp.qqic", Label: "QQIC", Bits: 8, Kind: field.Uint, Ref: "RFC 3376, 4.1.7"},
	}
	sources = field.Spec{Name: "igmp.num_src", Label: "Num Src", Bits: 16, Kind: field.Uint, Class: field.Length, Ref: "RFC 3376, 4.1.8"}
	source  = field.Spec{Name: "igmp.saddr", Label: "Source Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 3376, 4.1.9"}

	reserved16 = field.Spec{Name: "igmp.reserved", Label: "Reserved", Bits: 16, Kind: field.Bytes, Ref: "RFC 3376, 4.2.1"}
	records    = field.Spec{Name: "igmp.num_grp_recs", Label: "Num Group Records", Bits: 16, Kind: field.Uint, Class: field.Length, Ref: "RFC 3376, 4.2.3"}
	record     = field.Spec{Name: "igmp.group_record", Label: "Group Record", Kind: field.Group, Ref: "RFC 3376, 4.2.4"}
	recordType = field.Spec{Name: "igmp.record_type", Label: "Record Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: field.Values{1: "Mode Is Include", 2: "Mode Is Exclude", 3: "Change To Include Mode", 4: "Change To Exclude Mode", 5: "Allow New Sources", 6: "Block Old Sources"}, Ref: "RFC 3376, 4.2.12"}
	auxLen     = field.Spec{Name: "igmp.aux_data_len", Label: "Aux Data Len", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 3376, 4.2.6"}
	aux        = field.Spec{Name: "igmp.aux_data", Label: "Aux Data", Kind: field.Bytes, Ref: "RFC 3376, 4.2.10"}

	queryInterval = field.Spec{Name: "igmp.query_interval", Label: "Query Interval", Bits: 16, Kind: field.Seconds, Ref: "RFC 4286, 3.2"}
	robustness    = field.Spec{Name: "igmp.robustness", Label: "Robustness Variable", Bits: 16, Kind: field.Uint, Ref: "RFC 4286, 3.2"}

	notMulticast = &field.Fault{Name: "igmp.maddr.not_multicast", Label: "not the address of a group", Severity: field.Warn}
)

func more() []*field.Spec {
	list := []*field.Spec{&reserved8, &maxResp, &maxCode, &groupType, &reply, &maxHops, &interval, &checksum, &group, &ident, &key, &data, &sources, &source,
		&reserved16, &records, &record, &recordType, &auxLen, &aux, &queryInterval, &robustness}
	return append(append(list, field.Pointers(queryHead[:])...), moreTrace()...)
}

// second returns what the byte behind the type is.
func second(b []byte) *field.Spec {
	switch typ := b[0]; {
	case typ >= 1 && typ <= 8:
		if typ%2 == 0 {
			return &reply
		}
		return &groupType
	case typ == typeReport1 || typ == typeReport3 || typ == typeSolicitation || typ == typeTermination:
		return &reserved8
	case typ == typeTrace || typ == typeTraceReply:
		return &maxHops
	case typ == typeAdvert:
		return &interval
	case typ == typeQuery && len(b) > 1:
		switch {
		case b[1] == 0: // RFC 3376, 7.1: version 1, where the message is 8 bytes long
			if len(b) < 12 {
				return &reserved8
			}
		case b[1] >= 128 && len(b) >= 12:
			return &maxCode
		}
	}
	return &maxResp
}

func tail(c *field.Context) {
	b := c.Bytes()
	typ := b[0]
	if types[uint64(typ)] == "" || typ == 0x13 || typ == 0x14 {
		if len(b) > 1 {
			c.AddBytes(&data, len(b)-1)
		}
		return
	}
	c.Add(second(b), 8)
	c.Add(&checksum, 16)
	switch {
	case typ <= 8:
		c.Add(&ident, 32)
		c.Add(&group, 32)
		c.Add(&key, 64)
	case typ == typeReport3:
		report(c)
	case typ == typeTrace || typ == typeTraceReply:
		trace(c)
	case typ == typeAdvert:
		c.Add(&queryInterval, 16)
		c.Add(&robustness, 16)
	case typ == typeSolicitation || typ == typeTermination:
	default:
		i := c.Add(&group, 32)
		if c.Cut() {
			return
		}
		if a := c.Frame[c.Pos()-4:]; a[0]>>4 != 0xe && (typ != typeQuery || binary.BigEndian.Uint32(a) != 0) {
			c.Fault(i, notMulticast, 0)
		}
		// RFC 3376, 7.1: a query of version 3 is "greater than or equal to 12 octets" long.
		if typ == typeQuery && len(b) >= 12 {
			query(c)
		}
	}
	// RFC 3376, 4.2.11: what is behind a message counts for its checksum and is to be ignored.
	if n := len(c.Rest()); n > 0 && !c.Cut() {
		c.AddBytes(&data, n)
	}
}

func query(c *field.Context) {
	for i := range queryHead {
		c.Add(&queryHead[i], queryHead[i].Bits)
	}
	if i := c.Add(&sources, 16); !c.Cut() {
		addresses(c, i, int(binary.BigEndian.Uint16(c.Frame[c.Pos()-2:])))
	}
}

// addresses adds n sources, and marks their number, the span count, where there are fewer.
func addresses(c *field.Context, count, n int) {
	if room := len(c.Rest()) / 4; n > room && c.Missing() == 0 && !c.Quoted {
		c.Fault(count, field.Overrun, 0)
		n = room
	}
	for ; n > 0 && !c.Cut(); n-- {
		c.Add(&source, 32)
	}
}

func report(c *field.Context) {
	c.Add(&reserved16, 16)
	count := c.Add(&records, 16)
	if c.Cut() {
		return
	}
	for n := int(binary.BigEndian.Uint16(c.Frame[c.Pos()-2:])); n > 0 && !c.Cut(); n-- {
		if len(c.Rest()) == 0 && c.Missing() == 0 && !c.Quoted {
			c.Fault(count, field.Overrun, 0)
			return
		}
		one := c.Open(&record)
		c.Add(&recordType, 8)
		l := c.Add(&auxLen, 8)
		i := c.Add(&sources, 16)
		if c.Add(&group, 32); !c.Cut() {
			h := c.Frame[c.Pos()-8:]
			addresses(c, i, int(binary.BigEndian.Uint16(h[2:])))
			// RFC 3376, 4.2.6: the auxiliary data's length is "in units of 32-bit words".
			words := 4 * int(h[1])
			if words > len(c.Rest()) && c.Missing() == 0 && !c.Quoted {
				c.Fault(l, field.Overrun, 0)
				words = len(c.Rest())
			}
			if words > 0 {
				c.AddBytes(&aux, words)
			}
		}
		c.Close(one)
	}
}

// check verifies the checksum where the whole message is there.
func check(c *field.Context) {
	b := c.Bytes()
	if c.Quoted || c.Missing() > 0 || !c.Pseudo.Valid && c.Pseudo.Protocol != 0 || len(b) < 4 {
		return
	}
	if i := c.Find(&checksum); i >= 0 {
		if want := sum.Partial(0).Add(b[:2]).Add(b[4:]).Checksum(); want != binary.BigEndian.Uint16(b[2:4]) {
			c.Fault(i, field.BadSum, uint32(want))
		}
	}
}

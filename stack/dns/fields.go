package dns

import "httptap/stack/field"

// Layout is the field table of a message over UDP.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "dns", Label: "Domain Name System", Kind: field.Layer, Ref: "RFC 1035, 4.1"},
	Title: "DNS",
	Head:  head[:],
	Tail:  tail,
	More:  func() []*field.Spec { return more(&names) },
}

// StreamLayout is the field table of a message over TCP: behind its length. What follows in
// the same segment is the next message.
var StreamLayout = field.Layout{
	Spec:  field.Spec{Name: "dns", Label: "Domain Name System", Kind: field.Layer, Ref: "RFC 7766, 8"},
	Title: "DNS",
	Head:  streamHead[:],
	Tail:  streamTail,
	More:  func() []*field.Spec { return more(&streamNames) },
	Next:  streamNext,
}

// MulticastLayout is the field table of multicast DNS: the first bit of a class is a flag.
var MulticastLayout = field.Layout{
	Spec:  field.Spec{Name: "mdns", Label: "Multicast Domain Name System", Kind: field.Layer, Ref: "RFC 6762, 18"},
	Title: "mDNS",
	Head:  head[:],
	Tail:  multicastTail,
	More:  func() []*field.Spec { return more(&names) },
}

// LocalLayout is the field table of Link-Local Multicast Name Resolution, whose flags mean something
// else.
var LocalLayout = field.Layout{
	Spec:  field.Spec{Name: "llmnr", Label: "Link-local Multicast Name Resolution", Kind: field.Layer, Ref: "RFC 4795, 2.1"},
	Title: "LLMNR",
	Head:  localHead[:],
	Tail:  localTail,
	More:  func() []*field.Spec { return more(&names) },
}

var localHead = [6]field.Spec{
	head[0],
	{Name: "dns.flags", Label: "Flags", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "RFC 4795, 2.1.1", Sub: []field.Spec{
		{Name: "dns.flags.response", Label: "Response", Bits: 1, Kind: field.Uint, Class: field.Operation, Values: field.Values{0: "query", 1: "response"}, Ref: "RFC 4795, 2.1.1"},
		{Name: "dns.flags.opcode", Label: "Opcode", Bits: 4, Kind: field.Uint, Class: field.Operation, Values: Opcodes, Ref: "RFC 4795, 2.1.1"},
		{Name: "dns.flags.conflict", Label: "Conflict", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 4795, 2.1.1"},
		{Name: "dns.flags.truncated", Label: "Truncated", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 4795, 2.1.1"},
		{Name: "dns.flags.tentative", Label: "Tentative", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 4795, 2.1.1"},
		{Name: "dns.flags.reserved", Label: "Reserved", Bits: 4, Kind: field.Reserved, Ref: "RFC 4795, 2.1.1"},
		{Name: "dns.flags.rcode", Label: "Reply code", Bits: 4, Kind: field.Uint, Class: field.Operation, Values: RCodes, Ref: "RFC 4795, 2.1.1"},
	}},
	head[2], head[3], head[4], head[5],
}

// The counts have other names in an update. RFC 2136, 2.2
var (
	countZones         = field.Spec{Name: "dns.count.zones", Label: "Zones", Bits: 16, Kind: field.Uint, Class: field.Length, Ref: "RFC 2136, 2.2"}
	countPrerequisites = field.Spec{Name: "dns.count.prerequisites", Label: "Prerequisites", Bits: 16, Kind: field.Uint, Class: field.Length, Ref: "RFC 2136, 2.2"}
	countUpdates       = field.Spec{Name: "dns.count.updates", Label: "Updates", Bits: 16, Kind: field.Uint, Class: field.Length, Ref: "RFC 2136, 2.2"}
)

var head = [6]field.Spec{
	{Name: "dns.id", Label: "Transaction ID", Bits: 16, Kind: field.Hex, Class: field.Sequence, Ref: "RFC 1035, 4.1.1"},
	{Name: "dns.flags", Label: "Flags", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "RFC 1035, 4.1.1", Sub: []field.Spec{
		{Name: "dns.flags.response", Label: "Response", Bits: 1, Kind: field.Uint, Class: field.Operation, Values: field.Values{0: "query", 1: "response"}, Ref: "RFC 1035, 4.1.1"},
		{Name: "dns.flags.opcode", Label: "Opcode", Bits: 4, Kind: field.Uint, Class: field.Operation, Values: Opcodes, Ref: "RFC 1035, 4.1.1"},
		{Name: "dns.flags.authoritative", Label: "Authoritative", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 1035, 4.1.1"},
		{Name: "dns.flags.truncated", Label: "Truncated", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 2181, 9"},
		{Name: "dns.flags.recdesired", Label: "Recursion desired", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 1035, 4.1.1"},
		{Name: "dns.flags.recavail", Label: "Recursion available", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 1035, 4.1.1"},
		{Name: "dns.flags.z", Label: "Z", Bits: 1, Kind: field.Reserved, Ref: "RFC 1035, 4.1.1"},
		{Name: "dns.flags.authenticated", Label: "Answer authenticated", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 4035, 3.2.3"},
		{Name: "dns.flags.checkdisable", Label: "Non-authenticated data", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 4035, 3.2.2"},
		{Name: "dns.flags.rcode", Label: "Reply code", Bits: 4, Kind: field.Uint, Class: field.Operation, Values: RCodes, Ref: "RFC 1035, 4.1.1"},
	}},
	{Name: "dns.count.queries", Label: "Questions", Bits: 16, Kind: field.Uint, Class: field.Length, Ref: "RFC 1035, 4.1.1"},
	{Name: "dns.count.answers", Label: "Answer RRs", Bits: 16, Kind: field.Uint, Class: field.Length, Ref: "RFC 1035, 4.1.1"},
	{Name: "dns.count.auth_rr", Label: "Authority RRs", Bits: 16, Kind: field.Uint, Class: field.Length, Ref: "RFC 1035, 4.1.1"},
	{Name: "dns.count.add_rr", Label: "Additional RRs", Bits: 16, Kind: field.Uint, Class: field.Length, Ref: "RFC 1035, 4.1.1"},
}

// countHead is where the counts begin in head.
const countHead = 2

var streamHead = [7]field.Spec{
	{Name: "dns.length", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 7766, 8"},
	head[0], head[1], head[2], head[3], head[4], head[5],
}

// What can be wrong, besides what any layer can have.
var (
	faultLabel   = field.Fault{Name: "dns.name.label", Label: "a label is of an unknown type", Severity: field.Error}
	faultName    = field.Fault{Name: "dns.name.long", Label: "the name is over 255 octets", Severity: field.Error}
	faultPointer = field.Fault{Name: "dns.name.pointer", Label: "a compression pointer does not point back to a name", Severity: field.Error}
	faultCost    = field.Fault{Name: "dns.name.cost", Label: "compression pointers are too many to follow them all", Severity: field.Warn}
	faultNameEnd = field.Fault{Name: "dns.name.overrun", Label: "the name does not end within its record", Severity: field.Error}
	faultCount   = field.Fault{Name: "dns.count.lies", Label: "the message has fewer entries", Severity: field.Error, WithWant: true}
	faultExtra   = field.Fault{Name: "dns.data.extra", Label: "the record has more data than its type", Severity: field.Warn}
	faultTrail   = field.Fault{Name: "dns.trailing", Label: "bytes behind the last record", Severity: field.Warn}
	faultSegment = field.Fault{Name: "dns.segment", Label: "the message goes on in another segment", Severity: field.Note}
)

// The groups. Wireshark shows them without a name.
var (
	sections = [numSections]field.Spec{
		{Name: "dns.queries", Label: "Queries", Kind: field.Group, Ref: "RFC 1035, 4.1"},
		{Name: "dns.answers", Label: "Answers", Kind: field.Group, Ref: "RFC 1035, 4.1"},
		{Name: "dns.authorities", Label: "Authoritative nameservers", Kind: field.Group, Ref: "RFC 1035, 4.1"},
		{Name: "dns.additionals", Label: "Additional records", Kind: field.Group, Ref: "RFC 1035, 4.1"},
	}
	specQuery  = field.Spec{Name: "dns.query", Label: "Query", Kind: field.Group, Ref: "RFC 1035, 4.1.2"}
	specRecord = field.Spec{Name: "dns.record", Label: "Record", Kind: field.Group, Ref: "RFC 1035, 4.1.3"}
)

var (
	specQryType  = field.Spec{Name: "dns.qry.type", Label: "Type", Bits: 16, Kind: field.Uint, Class: field.Operation, Values: Types, Ref: "RFC 1035, 4.1.2"}
	specQryClass = field.Spec{Name: "dns.qry.class", Label: "Class", Bits: 16, Kind: field.Hex, Values: Classes, Ref: "RFC 1035, 4.1.2"}
	specType     = field.Spec{Name: "dns.resp.type", Label: "Type", Bits: 16, Kind: field.Uint, Values: Types, Ref: "RFC 1035, 4.1.3"}
	specClass    = field.Spec{Name: "dns.resp.class", Label: "Class", Bits: 16, Kind: field.Hex, Values: Classes, Ref: "RFC 1035, 4.1.3"}
	specTTL      = field.Spec{Name: "dns.resp.ttl", Label: "Time to live", Bits: 32, Kind: field.Seconds, Ref: "RFC 2181, 8"}
	specLen      = field.Spec{Name: "dns.resp.len", Label: "Data length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1035, 4.1.3"}
)

// Multicast DNS has a flag in the first bit of a class. RFC 6762, 5.4 and 10.2
var (
	specQU         = field.Spec{Name: "dns.qry.qu", Label: `"QU" question`, Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 6762, 5.4"}
	specQryClass15 = field.Spec{Name: "dns.qry.class", Label: "Class", Bits: 15, Kind: field.Hex, Values: Classes, Ref: "RFC 6762, 5.4"}
	specFlush      = field.Spec{Name: "dns.resp.cache_flush", Label: "Cache flush", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 6762, 10.2"}
	specClass15    = field.Spec{Name: "dns.resp.class", Label: "Class", Bits: 15, Kind: field.Hex, Values: Classes, Ref: "RFC 6762, 10.2"}
	specUDPSize15  = field.Spec{Name: "dns.rr.udp_payload_size", Label: "UDP payload size", Bits: 15, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6891, 6.1.2"}
)

// The OPT record has a class and a TTL of its own.
var (
	specUDPSize = field.Spec{Name: "dns.rr.udp_payload_size", Label: "UDP payload size", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6891, 6.1.2"}
	specExtCode = field.Spec{Name: "dns.resp.ext_rcode", Label: "Higher bits in extended RCODE", Bits: 8, Kind: field.Hex, Ref: "RFC 6891, 6.1.3"}
	specVersion = field.Spec{Name: "dns.resp.edns0_version", Label: "EDNS0 version", Bits: 8, Kind: field.Uint, Ref: "RFC 6891, 6.1.3"}
	specZ       = field.Spec{Name: "dns.resp.z", Label: "Z", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "RFC 6891, 6.1.4", Sub: []field.Spec{
		{Name: "dns.resp.z.do", Label: "DO bit", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 3225, 3"},
		{Name: "dns.resp.z.reserved", Label: "Reserved", Bits: 15, Kind: field.Reserved, Ref: "RFC 6891, 6.1.4"},
	}}
)

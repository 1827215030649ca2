package icmpv6

import "httptap/stack/field"

// renumberFields begin a message of router renumbering. RFC 2894, 3.1
var renumberFields = [...]field.Spec{
	{Name: "icmpv6.rr.sequence_number", Label: "Sequence Number", Bits: 32, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 2894, 3.1"},
	uinteger("rr.segment_number", "Segment Number", 8, "RFC 2894, 3.1"),
	{Name: "icmpv6.rr.flag", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 2894, 3.1", Sub: []field.Spec{
		flag("rr.flag.t", "Test command", "RFC 2894, 3.1"), flag("rr.flag.r", "Result requested", "RFC 2894, 3.1"), flag("rr.flag.a", "All interfaces", "RFC 2894, 3.1"),
		flag("rr.flag.s", "Site-specific", "RFC 2894, 3.1"), flag("rr.flag.p", "Processed previously", "RFC 2894, 3.1"), uinteger("rr.flag.rsv", "Reserved", 3, "RFC 2894, 3.1"),
	}},
	milliseconds("rr.maxdelay", "Max Delay", 16, "RFC 2894, 3.1"),
	reserved32,
}

var (
	match       = field.Spec{Name: "icmpv6.rr.pco.mp", Label: "Match-Prefix Part", Kind: field.Group, Ref: "RFC 2894, 3.2.1.1"}
	matchFields = [...]field.Spec{
		{Name: "icmpv6.rr.pco.mp.opcode", Label: "OpCode", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: field.Values{1: "Add", 2: "Change", 3: "Set Global"}, Ref: "RFC 2894, 3.2.1.1"},
		{Name: "icmpv6.rr.pco.mp.oplength", Label: "OpLength", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 2894, 3.2.1.1"},
		hexadecimal("rr.pco.mp.ordinal", "Ordinal", 8, "RFC 2894, 3.2.1.1"),
		uinteger("rr.pco.mp.matchlen", "MatchLen", 8, "RFC 2894, 3.2.1.1"),
		uinteger("rr.pco.mp.minlen", "MinLen", 8, "RFC 2894, 3.2.1.1"),
		uinteger("rr.pco.mp.maxlen", "MaxLen", 8, "RFC 2894, 3.2.1.1"),
		reserved16,
		address("rr.pco.mp.matchprefix", "MatchPrefix", "RFC 2894, 3.2.1.1"),
	}
	use       = field.Spec{Name: "icmpv6.rr.pco.up", Label: "Use-Prefix Part", Kind: field.Group, Ref: "RFC 2894, 3.2.1.2"}
	useFields = [...]field.Spec{
		uinteger("rr.pco.up.uselen", "UseLen", 8, "RFC 2894, 3.2.1.2"),
		uinteger("rr.pco.up.keeplen", "KeepLen", 8, "RFC 2894, 3.2.1.2"),
		{Name: "icmpv6.rr.pco.up.flagmask", Label: "Flag Mask", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 2894, 3.2.1.2", Sub: useMask[:]},
		{Name: "icmpv6.rr.pco.up.raflags", Label: "RA Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 2894, 3.2.1.2", Sub: useMask[:]},
		seconds("rr.pco.up.validlifetime", "Valid Lifetime", 32, "RFC 2894, 3.2.1.2"),
		seconds("rr.pco.up.preferredlifetime", "Preferred Lifetime", 32, "RFC 2894, 3.2.1.2"),
		{Name: "icmpv6.rr.pco.up.flag", Label: "Flags", Bits: 32, Kind: field.Hex, Class: field.Flags, Ref: "RFC 2894, 3.2.1.2", Sub: []field.Spec{
			flag("rr.pco.up.flag.v", "Decrement valid lifetime", "RFC 2894, 3.2.1.2"), flag("rr.pco.up.flag.p", "Decrement preferred lifetime", "RFC 2894, 3.2.1.2"),
			uinteger("rr.pco.up.flag.reserved", "Reserved", 30, "RFC 2894, 3.2.1.2"),
		}},
		address("rr.pco.up.useprefix", "UsePrefix", "RFC 2894, 3.2.1.2"),
	}
	useMask = [...]field.Spec{
		flag("rr.pco.up.flagmask.l", "Onlink", "RFC 2894, 3.2.1.2"), flag("rr.pco.up.flagmask.a", "Autonomous", "RFC 2894, 3.2.1.2"),
		uinteger("rr.pco.up.flagmask.reserved", "Reserved", 6, "RFC 2894, 3.2.1.2"),
	}
	result       = field.Spec{Name: "icmpv6.rr.rm", Label: "Result Message", Kind: field.Group, Ref: "RFC 2894, 3.2.2"}
	resultFields = [...]field.Spec{
		{Name: "icmpv6.rr.rm.flag", Label: "Flags", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "RFC 2894, 3.2.2", Sub: []field.Spec{
			uinteger("rr.rm.flag.reserved", "Reserved", 14, "RFC 2894, 3.2.2"), flag("rr.rm.flag.b", "Out of bounds", "RFC 2894, 3.2.2"), flag("rr.rm.flag.f", "Forbidden", "RFC 2894, 3.2.2"),
		}},
		hexadecimal("rr.rm.ordinal", "Ordinal", 8, "RFC 2894, 3.2.2"),
		uinteger("rr.rm.matchedlen", "MatchedLen", 8, "RFC 2894, 3.2.2"),
		uinteger("rr.rm.interfaceindex", "InterfaceIndex", 32, "RFC 2894, 3.2.2"),
		address("rr.rm.matchedprefix", "MatchedPrefix", "RFC 2894, 3.2.2"),
	}
)

// nodeFields begin a query for information of a node, and the reply. RFC 4620, 4
var nodeFields = [...]field.Spec{
	{Name: "icmpv6.ni.qtype", Label: "Qtype", Bits: 16, Kind: field.Uint, Class: field.Operation, Values: field.Values{0: "NOOP", 1: "Supported query types (Obsolete)", 2: "Node Name", 3: "Node addresses", 4: "IPv4 node addresses"}, Ref: "RFC 4620, 5"},
	{Name: "icmpv6.ni.flag", Label: "Flags", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "RFC 4620, 5", Sub: []field.Spec{
		hexadecimal("ni.flag.rsv", "Reserved", 10, "RFC 4620, 5"), flag("ni.flag.g", "Global-scope addresses", "RFC 4620, 6.3"), flag("ni.flag.s", "Site-local addresses", "RFC 4620, 6.3"),
		flag("ni.flag.l", "Link-local addresses", "RFC 4620, 6.3"), flag("ni.flag.c", "Compression", "RFC 4620, 6.3"), flag("ni.flag.a", "Unicast Addresses", "RFC 4620, 6.3"), flag("ni.flag.t", "Truncated", "RFC 4620, 6.3"),
	}},
	hexadecimal("ni.nonce", "Nonce", 64, "RFC 4620, 4"),
}

var (
	subjectIPv6 = address("ni.query.subject_ipv6", "IPv6 subject address", "RFC 4620, 4")
	subjectName = field.Spec{Name: "icmpv6.ni.query.subject_fqdn", Label: "FQDN subject", Kind: field.Custom, Class: field.Name, Format: domainName, Ref: "RFC 4620, 4"}
	subjectIPv4 = field.Spec{Name: "icmpv6.ni.query.subject_ipv4", Label: "IPv4 subject address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 4620, 4"}
	replyTTL    = seconds("ni.reply.node_ttl", "TTL", 32, "RFC 4620, 6.2")
	replyName   = field.Spec{Name: "icmpv6.ni.reply.node_name", Label: "Node Name", Kind: field.Custom, Class: field.Name, Format: domainName, Ref: "RFC 4620, 6.2"}
	replyIPv6   = address("ni.reply.node_address", "IPv6 Node address", "RFC 4620, 6.3")
	replyIPv4   = field.Spec{Name: "icmpv6.ni.reply.ipv4_address", Label: "IPv4 Node address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 4620, 6.4"}
)

var renumberLenBad = &field.Fault{Name: "icmpv6.rr.pco.mp.oplength.invalid", Label: "not 3 and 4 for each use-prefix part", Severity: field.Error}

func moreNodes() []*field.Spec {
	list := []*field.Spec{&match, &use, &result, &subjectIPv6, &subjectName, &subjectIPv4, &replyTTL, &replyName, &replyIPv6, &replyIPv4}
	for _, t := range [][]field.Spec{matchFields[:], useFields[:], resultFields[:]} {
		list = append(list, field.Pointers(t)...)
	}
	return list
}

// group adds a group of fixed fields.
func fields(c *field.Context, s *field.Spec, t []field.Spec) {
	i := c.Open(s)
	for k := range t {
		c.Add(&t[k], t[k].Bits)
	}
	c.Close(i)
}

// renumber adds a command's operation or a result's messages.
func renumber(c *field.Context) {
	switch c.Frame[c.Start+1] {
	case 0:
		for len(c.Rest()) > 0 && !c.Cut() {
			fields(c, &match, matchFields[:])
			if c.Cut() {
				return
			}
			// RFC 2894, 3.2.1.1: "The total length of the PCO, in units of 8 octets"; a valid one is 4N + 3.
			n := int(c.Frame[c.Pos()-23])
			if n%4 != 3 {
				c.Fault(c.Find(&matchFields[1]), renumberLenBad, 0)
			}
			for n -= 3; n >= 4 && len(c.Rest()) > 0 && !c.Cut(); n -= 4 {
				fields(c, &use, useFields[:])
			}
		}
	case 1:
		for len(c.Rest()) > 0 && !c.Cut() {
			fields(c, &result, resultFields[:])
		}
	default:
		rest(c, &data, c.Limit)
	}
}

func nodeQuery(c *field.Context) {
	switch code := c.Frame[c.Start+1]; {
	case len(c.Rest()) == 0:
	case code == 0:
		for len(c.Rest()) > 0 && !c.Cut() {
			c.Add(&subjectIPv6, 128)
		}
	case code == 1:
		rest(c, &subjectName, c.Limit)
	case code == 2:
		for len(c.Rest()) > 0 && !c.Cut() {
			c.Add(&subjectIPv4, 32)
		}
	default:
		rest(c, &data, c.Limit)
	}
}

func nodeReply(c *field.Context) {
	typ := int(c.Frame[c.Start+4])<<8 | int(c.Frame[c.Start+5])
	switch {
	case len(c.Rest()) == 0:
	case typ == 2:
		c.Add(&replyTTL, 32)
		rest(c, &replyName, c.Limit)
	case typ == 3:
		for len(c.Rest()) > 0 && !c.Cut() {
			c.Add(&replyTTL, 32)
			c.Add(&replyIPv6, 128)
		}
	case typ == 4:
		for len(c.Rest()) > 0 && !c.Cut() {
			c.Add(&replyTTL, 32)
			c.Add(&replyIPv4, 32)
		}
	default:
		rest(c, &data, c.Limit)
	}
}

// domainName prints the first name of those in msg[off:off+n], which are in DNS's form, without
// pointers. RFC 4620, 6.2: a name may end with two zero bytes, which say that it is not complete.
func domainName(dst, msg []byte, off, n int) []byte {
	b := msg[off : off+n]
	first := true
	for len(b) > 0 && b[0] != 0 {
		k := min(int(b[0]), len(b)-1)
		if !first {
			dst = append(dst, '.')
		}
		first = false
		for _, v := range b[1 : 1+k] {
			if v <= ' ' || v >= 0x7f || v == '.' || v == '\\' {
				dst = append(dst, '\\', '0'+v/100, '0'+v/10%10, '0'+v%10) // RFC 1035, 5.1
				continue
			}
			dst = append(dst, v)
		}
		b = b[1+k:]
	}
	return dst
}

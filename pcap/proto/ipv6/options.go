package ipv6

import (
	"encoding/binary"

	"httptap/stack/field"
)

// The headers that an option may stand in.
const (
	inHopByHop    = 1
	inDestination = 2
)

// An option is what the field table knows of one option type.
type option struct {
	group field.Spec
	in    uint8                            // the headers it may stand in
	parts []*field.Spec                    // the data, where its length is always the same
	walk  func(c *field.Context, stop int) // the data, where it is not
	after func(c *field.Context, l int)    // what parts say of more than themselves; l is the length's span
}

func named(label, ref string) field.Spec {
	return field.Spec{Name: "ipv6.opt", Label: label, Kind: field.Group, Ref: ref}
}

// optionTable has the known options by their type. IANA, "Destination Options and Hop-by-Hop Options"
var optionTable = map[byte]*option{
	0x00: {group: named("Pad1", "RFC 8200, 4.2"), in: inHopByHop | inDestination},
	0x01: {group: named("PadN", "RFC 8200, 4.2"), in: inHopByHop | inDestination, walk: padN},
	0x04: {group: named("Tunnel Encapsulation Limit", "RFC 2473, 4.1.1"), in: inDestination, parts: []*field.Spec{&tunnelLimit}},
	0x05: {group: named("Router Alert", "RFC 2711, 2.1"), in: inHopByHop, parts: []*field.Spec{&routerAlert}},
	0x07: {group: named("CALIPSO", "RFC 5570, 5.1"), in: inHopByHop, walk: calipso},
	0x08: {group: named("SMF_DPD", "RFC 6621, 6.1"), in: inHopByHop, walk: duplicates},
	0x0f: {group: named("Performance and Diagnostic Metrics", "RFC 8250, 3.2"), in: inDestination, parts: field.Pointers(metrics[:])},
	0x1e: experimental(), 0x3e: experimental(), 0x5e: experimental(), 0x7e: experimental(),
	0x9e: experimental(), 0xbe: experimental(), 0xde: experimental(), 0xfe: experimental(),
	0x26: {group: named("Quick-Start", "RFC 4782, 3.1"), in: inHopByHop, parts: field.Pointers(quickStart[:])},
	0x30: {group: named("Path MTU Option", "RFC 9268, 5"), in: inHopByHop, parts: field.Pointers(pathMTU[:])},
	0x31: {group: named("IOAM Option", "RFC 9486, 3"), in: inHopByHop | inDestination, walk: ioam},
	0x11: {group: named("IOAM Option", "RFC 9486, 3"), in: inHopByHop | inDestination, walk: ioam},
	0x23: {group: named("RPL Option", "RFC 9008, 11.1"), in: inHopByHop, walk: rpl},
	0x63: {group: named("RPL Option", "RFC 6553, 3"), in: inHopByHop, walk: rpl},
	0x6d: {group: named("MPL Option", "RFC 7731, 6.1"), in: inHopByHop, walk: mpl},
	0x8b: {group: named("ILNP Nonce", "RFC 6744, 2"), in: inDestination, walk: func(c *field.Context, stop int) { rest(c, &ilnpNonce, stop) }},
	0x8c: {group: named("Line-Identification Option", "RFC 6788, 5"), in: inDestination, walk: lineID},
	0xc2: {group: named("Jumbo Payload", "RFC 2675, 2"), in: inHopByHop, parts: []*field.Spec{&jumboLen}, after: jumbo},
	0xc9: {group: named("Home Address", "RFC 6275, 6.3"), in: inDestination, parts: []*field.Spec{&homeAddress}},
	0xee: {group: named("IP_DFF", "RFC 6971, 13.1"), in: inHopByHop, parts: []*field.Spec{&dffFlags, &dffSequence}},
}

func experimental() *option {
	return &option{group: named("Experimental", "RFC 4727, 3.4"), in: inHopByHop | inDestination, walk: func(c *field.Context, stop int) { rest(c, &experiment, stop) }}
}

// optionOther is an option that the table does not know.
var optionOther = option{group: named("Unknown IPv6 Option", "RFC 8200, 4.2"), in: inHopByHop | inDestination, walk: func(c *field.Context, stop int) { rest(c, &optUnknown, stop) }}

var (
	optType = field.Spec{Name: "ipv6.opt.type", Label: "Type", Bits: 8, Kind: field.Hex, Class: field.Operation, Values: optionNames(), Ref: "IANA, IPv6 Parameters", Sub: []field.Spec{
		{Name: "ipv6.opt.type.action", Label: "Action", Bits: 2, Kind: field.Uint, Values: field.Values{0: "Skip and continue", 1: "Discard", 2: "Discard and send ICMP Parameter Problem", 3: "Discard and send ICMP if not multicast"}, Ref: "RFC 8200, 4.2"},
		{Name: "ipv6.opt.type.change", Label: "May Change", Bits: 1, Kind: field.Flag, Ref: "RFC 8200, 4.2"},
		{Name: "ipv6.opt.type.rest", Label: "Low-Order Bits", Bits: 5, Kind: field.Hex, Ref: "RFC 8200, 4.2"},
	}}
	optLen     = field.Spec{Name: "ipv6.opt.length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8200, 4.2"}
	optUnknown = field.Spec{Name: "ipv6.opt.unknown", Label: "Unknown Option Payload", Kind: field.Bytes, Ref: "RFC 8200, 4.2"}
	optRest    = field.Spec{Name: "ipv6.opt_unknown_data", Label: "Unknown Data", Kind: field.Bytes, Ref: "RFC 8200, 4.2"}
	optPadN    = field.Spec{Name: "ipv6.opt.padn", Label: "PadN", Kind: field.Padding, Ref: "RFC 8200, 4.2"}
	experiment = field.Spec{Name: "ipv6.opt.experimental", Label: "Experimental Option", Kind: field.Bytes, Ref: "RFC 4727, 3.4"}
)

// The options' own parts.
var (
	tunnelLimit = field.Spec{Name: "ipv6.opt.tel", Label: "Tunnel Encapsulation Limit", Bits: 8, Kind: field.Uint, Ref: "RFC 2473, 4.1.1"}
	routerAlert = field.Spec{Name: "ipv6.opt.router_alert", Label: "Router Alert", Bits: 16, Kind: field.Uint, Values: field.Values{0: "MLD", 1: "RSVP", 2: "Active Network"}, Ref: "RFC 2711, 2.1"}
	jumboLen    = field.Spec{Name: "ipv6.opt.jumbo", Label: "Payload Length", Bits: 32, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 2675, 2"}
	homeAddress = field.Spec{Name: "ipv6.opt.mipv6.home_address", Label: "MIPv6 Home Address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 6275, 6.3"}
	ilnpNonce   = field.Spec{Name: "ipv6.opt.ilnp_nonce", Label: "ILNP Nonce", Kind: field.Bytes, Ref: "RFC 6744, 2"}
	lineLen     = field.Spec{Name: "ipv6.opt.lio.length", Label: "LineIDLen", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6788, 5"}
	lineText    = field.Spec{Name: "ipv6.opt.lio.line_id", Label: "Line ID", Kind: field.Text, Ref: "RFC 6788, 5"}

	calipsoHead = [...]field.Spec{
		{Name: "ipv6.opt.calipso.doi", Label: "CALIPSO Domain of Interpretation", Bits: 32, Kind: field.Uint, Ref: "RFC 5570, 5.1.2"},
		{Name: "ipv6.opt.calipso.cmpt.length", Label: "Compartment Length", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 5570, 5.1.3"},
		{Name: "ipv6.opt.calipso.sens_level", Label: "Sensitivity Level", Bits: 8, Kind: field.Uint, Ref: "RFC 5570, 5.1.4"},
		{Name: "ipv6.opt.calipso.checksum", Label: "Checksum", Bits: 16, Kind: field.Hex, Class: field.Sum, Ref: "RFC 5570, 5.1.5"},
	}
	calipsoMap = field.Spec{Name: "ipv6.opt.calipso.cmpt_bitmap", Label: "Compartment Bitmap", Kind: field.Bytes, Ref: "RFC 5570, 5.1.6"}

	smfHash   = field.Spec{Name: "ipv6.opt.smf_dpd.hash_bit", Label: "H-bit", Bits: 1, Kind: field.Flag, Ref: "RFC 6621, 6.1.1"}
	smfType   = field.Spec{Name: "ipv6.opt.smf_dpd.tid_type", Label: "TaggerID Type", Bits: 3, Kind: field.Uint, Values: field.Values{0: "NULL", 1: "DEFAULT", 2: "IPv4", 3: "IPv6"}, Ref: "RFC 6621, 6.1.1"}
	smfLen    = field.Spec{Name: "ipv6.opt.smf_dpd.tid_len", Label: "TaggerID Length", Bits: 4, Kind: field.Uint, Class: field.Length, Ref: "RFC 6621, 6.1.1"}
	smfTagger = field.Spec{Name: "ipv6.opt.smf_dpd.tagger_id", Label: "TaggerID", Kind: field.Bytes, Ref: "RFC 6621, 6.1.1"}
	smfIdent  = field.Spec{Name: "ipv6.opt.smf_dpd.ident", Label: "Identifier", Kind: field.Bytes, Ref: "RFC 6621, 6.1.1"}
	smfHAV    = field.Spec{Name: "ipv6.opt.smf_dpd.hav", Label: "Hash Assist Value", Kind: field.Bytes, Ref: "RFC 6621, 6.1.2"}

	metrics = [...]field.Spec{
		{Name: "ipv6.opt.pdm.scale_dtlr", Label: "Scale DTLR", Bits: 8, Kind: field.Uint, Ref: "RFC 8250, 3.2"},
		{Name: "ipv6.opt.pdm.scale_dtls", Label: "Scale DTLS", Bits: 8, Kind: field.Uint, Ref: "RFC 8250, 3.2"},
		{Name: "ipv6.opt.pdm.psn_this_pkt", Label: "PSN This Packet", Bits: 16, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 8250, 3.2"},
		{Name: "ipv6.opt.pdm.psn_last_recv", Label: "PSN Last Received", Bits: 16, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 8250, 3.2"},
		{Name: "ipv6.opt.pdm.delta_last_recv", Label: "Delta Time Last Received", Bits: 16, Kind: field.Uint, Ref: "RFC 8250, 3.2"},
		{Name: "ipv6.opt.pdm.delta_last_sent", Label: "Delta Time Last Sent", Bits: 16, Kind: field.Uint, Ref: "RFC 8250, 3.2"},
	}
	quickStart = [...]field.Spec{
		{Name: "ipv6.opt.qs_func", Label: "Function", Bits: 4, Kind: field.Uint, Values: field.Values{0: "Rate request", 8: "Rate report"}, Ref: "RFC 4782, 3.1"},
		{Name: "ipv6.opt.qs_rate", Label: "Rate", Bits: 4, Kind: field.Uint, Ref: "RFC 4782, 3.1"},
		{Name: "ipv6.opt.qs_ttl", Label: "QS TTL", Bits: 8, Kind: field.Uint, Ref: "RFC 4782, 3.1"},
		{Name: "ipv6.opt.qs_nonce", Label: "QS Nonce", Bits: 30, Kind: field.Hex, Ref: "RFC 4782, 3.1"},
		{Name: "ipv6.opt.qs_reserved", Label: "Reserved", Bits: 2, Kind: field.Reserved, Ref: "RFC 4782, 3.1"},
	}
	pathMTU = [...]field.Spec{
		{Name: "ipv6.opt.pmtu.min", Label: "Minimum Reported PMTU", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 9268, 5"},
		{Name: "ipv6.opt.pmtu.rtn", Label: "Return Minimum PMTU", Bits: 15, Kind: field.Uint, Class: field.Length, Scale: 2, Unit: "bytes", Ref: "RFC 9268, 5"},
		{Name: "ipv6.opt.pmtu.r_flag", Label: "Return Flag", Bits: 1, Kind: field.Flag, Ref: "RFC 9268, 5"},
	}
	rplFlags = field.Spec{Name: "ipv6.opt.rpl.flag", Label: "Flag", Bits: 8, Kind: field.Hex, Ref: "RFC 6553, 3", Sub: []field.Spec{
		{Name: "ipv6.opt.rpl.flag.o", Label: "Down", Bits: 1, Kind: field.Flag, Ref: "RFC 6553, 3"},
		{Name: "ipv6.opt.rpl.flag.r", Label: "Rank Error", Bits: 1, Kind: field.Flag, Ref: "RFC 6553, 3"},
		{Name: "ipv6.opt.rpl.flag.f", Label: "Forwarding Error", Bits: 1, Kind: field.Flag, Ref: "RFC 6553, 3"},
		{Name: "ipv6.opt.rpl.flag.rsv", Label: "Reserved", Bits: 5, Kind: field.Reserved, Ref: "RFC 6553, 3"},
	}}
	rplInstance = field.Spec{Name: "ipv6.opt.rpl.instance_id", Label: "RPLInstanceID", Bits: 8, Kind: field.Hex, Ref: "RFC 6553, 3"}
	rplRank     = field.Spec{Name: "ipv6.opt.rpl.sender_rank", Label: "Sender Rank", Bits: 16, Kind: field.Hex, Ref: "RFC 6553, 3"}
	mplFlags    = field.Spec{Name: "ipv6.opt.mpl.flag", Label: "Flag", Bits: 8, Kind: field.Hex, Ref: "RFC 7731, 6.1", Sub: []field.Spec{
		{Name: "ipv6.opt.mpl.flag.s", Label: "Seed ID Length", Bits: 2, Kind: field.Uint, Values: field.Values{0: "0", 1: "16-bit unsigned integer", 2: "64-bit unsigned integer", 3: "128-bit unsigned integer"}, Ref: "RFC 7731, 6.1"},
		{Name: "ipv6.opt.mpl.flag.m", Label: "Largest Sequence", Bits: 1, Kind: field.Flag, Ref: "RFC 7731, 6.1"},
		{Name: "ipv6.opt.mpl.flag.v", Label: "Version", Bits: 1, Kind: field.Flag, Ref: "RFC 7731, 6.1"},
		{Name: "ipv6.opt.mpl.flag.rsv", Label: "Reserved", Bits: 4, Kind: field.Reserved, Ref: "RFC 7731, 6.1"},
	}}
	mplSequence = field.Spec{Name: "ipv6.opt.mpl.sequence", Label: "Sequence", Bits: 8, Kind: field.Hex, Class: field.Sequence, Ref: "RFC 7731, 6.1"}
	mplSeed     = field.Spec{Name: "ipv6.opt.mpl.seed_id", Label: "Seed ID", Kind: field.Bytes, Ref: "RFC 7731, 6.1"}
	dffFlags    = field.Spec{Name: "ipv6.opt.dff.flags", Label: "Flags", Bits: 8, Kind: field.Hex, Ref: "RFC 6971, 13.1", Sub: []field.Spec{
		{Name: "ipv6.opt.dff.flag.ver", Label: "Version (VER)", Bits: 2, Kind: field.Uint, Ref: "RFC 6971, 13.1"},
		{Name: "ipv6.opt.dff.flag.dup", Label: "Duplicate (DUP)", Bits: 1, Kind: field.Flag, Ref: "RFC 6971, 13.1"},
		{Name: "ipv6.opt.dff.flag.ret", Label: "Return (RET)", Bits: 1, Kind: field.Flag, Ref: "RFC 6971, 13.1"},
		{Name: "ipv6.opt.dff.flag.rsv", Label: "Reserved", Bits: 4, Kind: field.Reserved, Ref: "RFC 6971, 13.1"},
	}}
	dffSequence = field.Spec{Name: "ipv6.opt.dff.sequence_number", Label: "Sequence Number", Bits: 16, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 6971, 13.1"}
)

// The faults of options.
var (
	optLenBad   = &field.Fault{Name: "ipv6.opt.invalid_len", Label: "this length is not one that the option can have, or reaches past the end of the header", Severity: field.Error}
	wrongHeader = &field.Fault{Name: "ipv6.opt.header_mismatch", Label: "this option does not belong in this header", Severity: field.Warn}
	padNonzero  = &field.Fault{Name: "ipv6.opt.padn.nonzero", Label: "padding is to be zero", Severity: field.Note}
	jumboNot    = &field.Fault{Name: "ipv6.opt.jumbo.prohibited", Label: "the IPv6 header has a payload length: this one is not to be there", Severity: field.Warn}
	jumboSmall  = &field.Fault{Name: "ipv6.opt.jumbo.truncated", Label: "under 65536 bytes, which need no jumbogram", Severity: field.Warn}
)

func optionNames() field.Values {
	v := field.Values{}
	for typ, o := range optionTable {
		v[uint64(typ)] = o.group.Label
	}
	return v
}

func moreOptions() []*field.Spec {
	list := []*field.Spec{&optType, &optLen, &optUnknown, &optRest, &optPadN, &experiment, &ilnpNonce, &lineLen, &lineText, &calipsoMap,
		&smfHash, &smfType, &smfLen, &smfTagger, &smfIdent, &smfHAV, &rplFlags, &rplInstance, &rplRank, &mplFlags, &mplSequence, &mplSeed, &optionOther.group}
	list = append(append(list, field.Pointers(calipsoHead[:])...), moreIOAM()...)
	for _, o := range optionTable {
		list = append(append(list, &o.group), o.parts...)
	}
	return list
}

// options adds the options of a header that says how long it is.
func options(c *field.Context, in uint8) {
	length := &hopHead[1]
	if in == inDestination {
		length = &dstHead[1]
	}
	end := span(c, length)
	for c.Pos() < end && !c.Cut() {
		if c.Pos() >= c.Limit {
			c.AddBytes(&optRest, end-c.Pos()) // cut, and marked so
			return
		}
		typ := c.Frame[c.Pos()]
		o := optionTable[typ]
		if o == nil {
			o = &optionOther
		}
		group := c.Open(&o.group)
		i := c.Add(&optType, 8)
		if o.in&in == 0 {
			c.Fault(i, wrongHeader, 0)
		}
		if typ != 0 {
			optionBody(c, o, i, end)
		}
		c.Close(group)
	}
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
	n := int(c.Frame[c.Pos()-1])
	if n > end-c.Pos() {
		c.Fault(l, optLenBad, 0)
		n = end - c.Pos() // nothing behind it can be trusted
		o = &optionOther
	}
	stop := c.Pos() + n
	switch {
	case o.walk != nil:
		before := c.Pos()
		if o.walk(c, stop); c.Pos() == before && n > 0 && !c.Cut() {
			c.Fault(l, optLenBad, 0)
		}
	case n == bytesOf(o.parts):
		for _, s := range o.parts {
			c.Add(s, s.Bits)
		}
		if o.after != nil && !c.Cut() {
			o.after(c, l)
		}
	default:
		c.Fault(l, optLenBad, 0)
	}
	rest(c, &optRest, stop)
}

func bytesOf(parts []*field.Spec) (n int) {
	for _, s := range parts {
		n += s.Bits
	}
	return n / 8
}

// rest adds what lies between here and stop as one field.
func rest(c *field.Context, s *field.Spec, stop int) {
	if n := stop - c.Pos(); n > 0 {
		c.AddBytes(s, n)
	}
}

func padN(c *field.Context, stop int) {
	start := c.Pos()
	rest(c, &optPadN, stop)
	for _, v := range c.Frame[start:c.Pos()] {
		if v != 0 {
			c.Fault(len(c.Spans)-1, padNonzero, 0)
			return
		}
	}
}

// jumbo sets the end of the packet, which the IPv6 header left open, where it is right behind it.
func jumbo(c *field.Context, l int) {
	n := int(binary.BigEndian.Uint32(c.Frame[c.Pos()-4:]))
	at := len(c.Spans) - 1
	if c.Start < HeaderLen || c.Frame[c.Start-HeaderLen]>>4 != 6 {
		return
	}
	switch end := c.Start + n; {
	case c.Frame[c.Start-36] != 0 || c.Frame[c.Start-35] != 0:
		c.Fault(at, jumboNot, 0)
	case n < 1<<16:
		c.Fault(at, jumboSmall, 0)
	case end < c.Limit:
		c.Limit = end
	case end > c.Limit:
		c.Pseudo.Valid = false
		if c.Missing() == 0 && !c.Quoted {
			c.Fault(at, field.Overrun, 0)
		}
	}
}

func calipso(c *field.Context, stop int) {
	if stop-c.Pos() < 8 {
		return
	}
	for i := range calipsoHead {
		c.Add(&calipsoHead[i], calipsoHead[i].Bits)
	}
	if c.Cut() {
		return
	}
	// RFC 5570, 5.1.3: the compartments' length is "in 32-bit words".
	if n := 4 * int(c.Frame[c.Pos()-4]); n > stop-c.Pos() {
		c.Fault(c.Find(&calipsoHead[1]), field.Overrun, 0)
	} else if n > 0 {
		c.AddBytes(&calipsoMap, n)
	}
}

func duplicates(c *field.Context, stop int) {
	if c.Pos() >= stop || c.Pos() >= c.Limit {
		return
	}
	b := c.Frame[c.Pos()]
	c.Add(&smfHash, 1)
	if b&0x80 != 0 { // RFC 6621, 6.1.2: a value that makes the packet's hash unique
		c.Add(&smfHAV, 8*(stop-c.Pos())-1)
		return
	}
	c.Add(&smfType, 3)
	l := c.Add(&smfLen, 4)
	// RFC 6621, 6.1.1: the length is one less than the identifier's, whose type is not NULL.
	if b>>4&7 != 0 {
		n := int(b&15) + 1
		if n > stop-c.Pos() {
			c.Fault(l, field.Overrun, 0)
			return
		}
		c.AddBytes(&smfTagger, n)
	}
	rest(c, &smfIdent, stop)
}

func rpl(c *field.Context, stop int) {
	if stop-c.Pos() < 4 {
		return
	}
	c.Add(&rplFlags, 8)
	c.Add(&rplInstance, 8)
	c.Add(&rplRank, 16)
}

func mpl(c *field.Context, stop int) {
	if stop-c.Pos() < 2 {
		return
	}
	i := c.Add(&mplFlags, 8)
	c.Add(&mplSequence, 8)
	if c.Cut() {
		return
	}
	n := [...]int{0, 2, 8, 16}[c.Frame[c.Pos()-2]>>6]
	if n > stop-c.Pos() {
		c.Fault(i, field.Overrun, 0)
	} else if n > 0 {
		c.AddBytes(&mplSeed, n)
	}
}

func lineID(c *field.Context, stop int) {
	if c.Pos() >= stop {
		return
	}
	l := c.Add(&lineLen, 8)
	if c.Cut() {
		return
	}
	n := int(c.Frame[c.Pos()-1])
	if n > stop-c.Pos() {
		c.Fault(l, field.Overrun, 0)
		n = stop - c.Pos()
	}
	if n > 0 {
		c.AddBytes(&lineText, n)
	}
}

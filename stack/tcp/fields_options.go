package tcp

import "httptap/stack/field"

var optionKinds = field.Values{
	0: "End of Option List (EOL)", 1: "No-Operation (NOP)", 2: "Maximum Segment Size", 3: "Window Scale",
	4: "SACK Permitted", 5: "SACK", 6: "Echo", 7: "Echo Reply", 8: "Timestamps", 9: "Partial Order Permitted",
	10: "Partial Order Profile", 11: "CC", 12: "CC.NEW", 13: "CC.ECHO", 14: "TCP Alternate Checksum Request",
	15: "TCP Alternate Checksum Data", 18: "Trailer Checksum", 19: "MD5 Signature", 20: "SCPS Capabilities",
	21: "Selective Negative Ack", 22: "Record Boundaries", 23: "Corruption Experienced", 27: "Quick-Start Response",
	28: "User Timeout", 29: "TCP Authentication Option", 30: "Multipath TCP", 34: "TCP Fast Open",
	69: "Encryption Negotiation", 172: "Accurate ECN Order 0", 174: "Accurate ECN Order 1",
	253: "RFC3692-style Experiment 1", 254: "RFC3692-style Experiment 2",
}

// What all options have.
var (
	optGroup   = field.Spec{Name: "tcp.options", Label: "Options", Kind: field.Group, Ref: "RFC 9293, 3.1"}
	optKind    = field.Spec{Name: "tcp.option_kind", Label: "Kind", Bits: 8, Kind: field.Uint, Values: optionKinds, Ref: "IANA, TCP Option Kind Numbers"}
	optLen     = field.Spec{Name: "tcp.option_len", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 9293, 3.1"}
	optUnknown = field.Spec{Name: "tcp.options.unknown.payload", Label: "Payload", Kind: field.Bytes, Ref: "RFC 9293, 3.1"}
	optRest    = field.Spec{Name: "tcp.options.rest", Label: "Bytes that do not fit the kind", Kind: field.Bytes, Ref: "RFC 9293, 3.1"}
	optPadding = field.Spec{Name: "tcp.options.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 9293, 3.1"}

	optLenBad  = &field.Fault{Name: "tcp.option.len.invalid", Label: "the option's length is under 2 or past the end of the header", Severity: field.Error}
	optLenKind = &field.Fault{Name: "tcp.option.len.invalid", Label: "an option of this kind has another length", Severity: field.Warn}
)

// The data of single kinds.
var (
	optMSS         = field.Spec{Name: "tcp.options.mss_val", Label: "MSS Value", Bits: 16, Kind: field.Uint, Unit: "bytes", Ref: "RFC 9293, 3.7.1"}
	optShift       = field.Spec{Name: "tcp.options.wscale.shift", Label: "Shift count", Bits: 8, Kind: field.Uint, Ref: "RFC 7323, 2.2"}
	optLeft        = field.Spec{Name: "tcp.options.sack_le", Label: "Left Edge", Bits: 32, Kind: field.Uint, Ref: "RFC 2018, 3"}
	optRight       = field.Spec{Name: "tcp.options.sack_re", Label: "Right Edge", Bits: 32, Kind: field.Uint, Ref: "RFC 2018, 3"}
	optEcho        = field.Spec{Name: "tcp.options.echo_value", Label: "Echo value", Bits: 32, Kind: field.Uint, Ref: "RFC 1072, 3"}
	optTSval       = field.Spec{Name: "tcp.options.timestamp.tsval", Label: "Timestamp value", Bits: 32, Kind: field.Uint, Ref: "RFC 7323, 3.2"}
	optTSecr       = field.Spec{Name: "tcp.options.timestamp.tsecr", Label: "Timestamp echo reply", Bits: 32, Kind: field.Uint, Ref: "RFC 7323, 3.2"}
	optCC          = field.Spec{Name: "tcp.options.cc_value", Label: "Connection count", Bits: 32, Kind: field.Uint, Ref: "RFC 1644, 3.1"}
	optDigest      = field.Spec{Name: "tcp.options.md5.digest", Label: "MD5 digest", Bits: 128, Kind: field.Bytes, Ref: "RFC 2385, 2.0"}
	optGranularity = field.Spec{Name: "tcp.options.user_to_granularity", Label: "Granularity", Bits: 1, Kind: field.Uint, Values: field.Values{0: "seconds", 1: "minutes"}, Ref: "RFC 5482, 3"}
	optUserTimeout = field.Spec{Name: "tcp.options.user_to_val", Label: "User Timeout", Bits: 15, Kind: field.Uint, Ref: "RFC 5482, 3"}
	optKeyID       = field.Spec{Name: "tcp.options.ao.keyid", Label: "KeyID", Bits: 8, Kind: field.Uint, Ref: "RFC 5925, 2.2"}
	optNextKeyID   = field.Spec{Name: "tcp.options.ao.rnextkeyid", Label: "RNextKeyID", Bits: 8, Kind: field.Uint, Ref: "RFC 5925, 2.2"}
	optMAC         = field.Spec{Name: "tcp.options.ao.mac", Label: "MAC", Kind: field.Bytes, Ref: "RFC 5925, 2.2"}
	optCookie      = field.Spec{Name: "tcp.options.tfo.cookie", Label: "Fast Open Cookie", Kind: field.Bytes, Ref: "RFC 7413, 4.1.1"}
	optECT0        = field.Spec{Name: "tcp.options.acc_ecn.ee0b", Label: "ECT(0) byte counter", Bits: 24, Kind: field.Uint, Ref: "RFC 9768, 3.2.3"}
	optECT1        = field.Spec{Name: "tcp.options.acc_ecn.ee1b", Label: "ECT(1) byte counter", Bits: 24, Kind: field.Uint, Ref: "RFC 9768, 3.2.3"}
	optCE          = field.Spec{Name: "tcp.options.acc_ecn.eceb", Label: "CE byte counter", Bits: 24, Kind: field.Uint, Ref: "RFC 9768, 3.2.3"}
	optExID        = field.Spec{Name: "tcp.options.experimental.exid", Label: "Experiment Identifier", Bits: 16, Kind: field.Hex, Ref: "RFC 6994, 3"}
	optExperiment  = field.Spec{Name: "tcp.options.experimental.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 6994, 3"}
)

// A form is how the options of one kind look.
type form struct {
	group  field.Spec
	fields []*field.Spec // whole bytes together
	some   bool          // the last of fields may be missing
	repeat bool          // fields come once or more
	rest   *field.Spec   // what follows them; nil: nothing

	// walk, where there is one, adds the n bytes of data, of which those up to stop are there, and
	// tells whether they have the form.
	walk func(c *field.Context, n, stop int) bool
}

// forms are the kinds whose data is known. An option of another kind, and one whose length does
// not fit its kind, is shown as bytes.
var forms = [256]*form{
	kindEnd:           {group: optSpec("eol", "End of Option List (EOL)", "RFC 9293, 3.2")},
	kindNop:           {group: optSpec("nop", "No-Operation (NOP)", "RFC 9293, 3.2")},
	kindMSS:           {group: optSpec("mss", "Maximum segment size", "RFC 9293, 3.2"), fields: []*field.Spec{&optMSS}},
	kindWindowScale:   {group: optSpec("wscale", "Window scale", "RFC 7323, 2.2"), fields: []*field.Spec{&optShift}},
	kindSACKPermitted: {group: optSpec("sack_perm", "SACK permitted", "RFC 2018, 2")},
	kindSACK:          {group: optSpec("sack", "SACK", "RFC 2018, 3"), fields: []*field.Spec{&optLeft, &optRight}, repeat: true},
	6:                 {group: optSpec("echo", "Echo", "RFC 1072, 3"), fields: []*field.Spec{&optEcho}},
	7:                 {group: optSpec("echo", "Echo reply", "RFC 1072, 3"), fields: []*field.Spec{&optEcho}},
	kindTimestamps:    {group: optSpec("timestamp", "Timestamps", "RFC 7323, 3.2"), fields: []*field.Spec{&optTSval, &optTSecr}},
	11:                {group: optSpec("cc", "CC", "RFC 1644, 3.1"), fields: []*field.Spec{&optCC}},
	12:                {group: optSpec("cc", "CC.NEW", "RFC 1644, 3.1"), fields: []*field.Spec{&optCC}},
	13:                {group: optSpec("cc", "CC.ECHO", "RFC 1644, 3.1"), fields: []*field.Spec{&optCC}},
	19:                {group: optSpec("md5", "TCP MD5 signature", "RFC 2385, 2.0"), fields: []*field.Spec{&optDigest}},
	20:                {group: optSpec("scps", "SCPS capabilities", "CCSDS 714.0-B-2, 3.2.3"), fields: []*field.Spec{&optSCPS, &optBinding}, rest: &optUnknown},
	21:                {group: optSpec("snack", "Selective Negative Acknowledgment", "CCSDS 714.0-B-2, 3.5"), fields: []*field.Spec{&optHole, &optHoleSize}, rest: &optUnknown},
	22:                {group: optSpec("scpsrec", "SCPS record boundary", "CCSDS 714.0-B-2, 3.4")},
	23:                {group: optSpec("scpscor", "SCPS corruption experienced", "CCSDS 714.0-B-2, 3.6")},
	27:                {group: optSpec("qs", "Quick-Start", "RFC 4782, 4.1"), fields: []*field.Spec{&qsReserved, &qsRate, &qsTTL, &qsNonce, &qsUnused}},
	28:                {group: optSpec("user_to", "User Timeout", "RFC 5482, 3"), fields: []*field.Spec{&optGranularity, &optUserTimeout}},
	29:                {group: optSpec("ao", "TCP AO", "RFC 5925, 2.2"), fields: []*field.Spec{&optKeyID, &optNextKeyID}, rest: &optMAC},
	30:                {group: field.Spec{Name: "mptcp", Label: "TCP Option - Multipath TCP", Kind: field.Group, Ref: "RFC 8684, 3"}, walk: multipath},
	34:                {group: optSpec("tfo", "TCP Fast Open", "RFC 7413, 4.1.1"), rest: &optCookie},
	172:               {group: optSpec("acc_ecn", "Accurate ECN", "RFC 9768, 3.2.3"), fields: []*field.Spec{&optECT0, &optCE, &optECT1}, some: true},
	174:               {group: optSpec("acc_ecn", "Accurate ECN", "RFC 9768, 3.2.3"), fields: []*field.Spec{&optECT1, &optCE, &optECT0}, some: true},
	253:               {group: optSpec("experimental", "Experimental", "RFC 6994, 3"), walk: experiment},
	254:               {group: optSpec("experimental", "Experimental", "RFC 6994, 3"), walk: experiment},
}

// misfit is for the data of an option whose length its kind does not have.
var misfit = form{rest: &optRest}

var unknownForm = form{group: optSpec("unknown", "Unknown", "RFC 9293, 3.1"), rest: &optUnknown}

func more() []*field.Spec {
	list := []*field.Spec{&optGroup, &optKind, &optLen, &optPadding, &unknownForm.group, unknownForm.rest}
	for _, f := range forms {
		if f == nil {
			continue
		}
		list = append(append(list, &f.group), f.fields...)
		if f.rest != nil {
			list = append(list, f.rest)
		}
	}
	return append(append(list, &optExID, &optExperiment, &optRest, &tarrRate, &tarrReserved), moreMultipath()...)
}

// optSpec is one option's group under Wireshark's name.
func optSpec(name, label, ref string) field.Spec {
	return field.Spec{Name: "tcp.options." + name, Label: "TCP Option - " + label, Kind: field.Group, Ref: ref}
}

// fits tells whether n bytes of data are what the form has.
func (f *form) fits(n int) bool {
	bits := 0
	for _, s := range f.fields {
		bits += s.Bits
	}
	switch {
	case f.walk != nil:
		return true
	case f.rest != nil:
		return 8*n >= bits
	case f.repeat:
		return n > 0 && 8*n%bits == 0
	case f.some:
		return 8*n <= bits && 8*n%f.fields[0].Bits == 0
	}
	return 8*n == bits
}

// tail adds the options that the data offset leaves room for.
func tail(c *field.Context) {
	n := int(c.Frame[c.Start+12]>>4) * 4
	if n < HeaderLen {
		c.Fault(c.Find(&head[atHdrLen]), field.TooShort, 0)
		return
	}
	end := c.Start + n
	if end > c.Limit && c.Missing() == 0 && !c.Quoted {
		c.Fault(c.Find(&head[atHdrLen]), field.Overrun, 0)
	}
	if n == HeaderLen {
		return
	}
	group := c.Open(&optGroup)
	for c.Pos() < end && !c.Cut() {
		if c.Pos() >= c.Limit {
			c.AddBytes(&optUnknown, end-c.Pos()) // cut, and marked so
			break
		}
		if option(c, end); len(c.Spans) > 0 && c.Spans[len(c.Spans)-1].Spec == &optKind && c.Frame[c.Pos()-1] == kindEnd {
			padding(c, end)
		}
	}
	c.Close(group)
}

// padding adds what follows the end of the list. RFC 9293, 3.1: "The content of the header beyond
// the End of Option List Option MUST be header padding of zeros", each of which reads as another
// end.
func padding(c *field.Context, end int) {
	end = min(end, c.Limit)
	for c.Pos() < end && c.Frame[c.Pos()] == kindEnd {
		one := c.Open(&forms[kindEnd].group)
		c.Add(&optKind, 8)
		c.Close(one)
	}
	if n := end - c.Pos(); n > 0 {
		c.AddBytes(&optPadding, n)
	}
}

// option adds the next of the options that end at end.
func option(c *field.Context, end int) {
	kind := c.Frame[c.Pos()]
	f := forms[kind]
	if f == nil {
		f = &unknownForm
	}
	one := c.Open(&f.group)
	defer c.Close(one)
	k := c.Add(&optKind, 8)
	switch {
	case kind == kindEnd || kind == kindNop:
		return
	case c.Pos() >= end:
		c.Fault(k, optLenBad, 0)
		return
	case c.Pos() >= c.Limit:
		return
	}
	n := int(c.Frame[c.Pos()]) - 2
	l := c.Add(&optLen, 8)
	switch {
	case n < 0 || n > end-c.Pos():
		c.Fault(l, optLenBad, 0)
		f, n = &unknownForm, end-c.Pos() // nothing behind it can be trusted
	case !f.fits(n):
		c.Fault(l, optLenKind, 0)
		f = &misfit
	}
	stop := c.Pos() + n
	if f.walk == nil {
		f.add(c, stop)
		return
	}
	if !f.walk(c, n, min(stop, c.Limit)) {
		c.Fault(l, optLenKind, 0)
	}
	if n := stop - c.Pos(); n > 0 {
		c.AddBytes(&optRest, n)
	}
}

// add adds the data up to stop.
func (f *form) add(c *field.Context, stop int) {
	for i := 0; i < len(f.fields) && c.Pos() < stop && !c.Cut(); {
		c.Add(f.fields[i], f.fields[i].Bits)
		if i++; i == len(f.fields) && f.repeat {
			i = 0
		}
	}
	if n := stop - c.Pos(); n > 0 {
		c.AddBytes(f.rest, n)
	}
}

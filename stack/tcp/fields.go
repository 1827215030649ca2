package tcp

import (
	"encoding/binary"

	"httptap/stack/field"
	"httptap/stack/sum"
)

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "tcp", Label: "Transmission Control Protocol", Kind: field.Layer, Ref: "RFC 9293, 3.1"},
	Title: "TCP [RFC9293]",
	Head:  head[:],
	Tail:  tail,
	Check: check,
	Next:  next,
}

var head = [...]field.Spec{
	{Name: "tcp.srcport", Label: "Source Port", Bits: 16, Kind: field.Uint, Class: field.Port, Ref: "RFC 9293, 3.1"},
	{Name: "tcp.dstport", Label: "Destination Port", Bits: 16, Kind: field.Uint, Class: field.Port, Ref: "RFC 9293, 3.1"},
	{Name: "tcp.seq_raw", Label: "Sequence Number (raw)", Bits: 32, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 9293, 3.1"},
	{Name: "tcp.ack_raw", Label: "Acknowledgment number (raw)", Bits: 32, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 9293, 3.1"},
	{Name: "tcp.hdr_len", Label: "Header Length", Bits: 4, Kind: field.Uint, Class: field.Length, Scale: 4, Unit: "bytes", Ref: "RFC 9293, 3.1"},
	{Name: "tcp.flags", Label: "Flags", Bits: 12, Kind: field.Hex, Class: field.Flags, Ref: "RFC 9293, 3.1", Sub: []field.Spec{
		{Name: "tcp.flags.res", Label: "Reserved", Bits: 3, Kind: field.Reserved, Ref: "RFC 9293, 3.1"},
		{Name: "tcp.flags.ae", Label: "Accurate ECN", Bits: 1, Kind: field.Flag, Ref: "RFC 7560"},
		{Name: "tcp.flags.cwr", Label: "Congestion Window Reduced", Bits: 1, Kind: field.Flag, Ref: "RFC 3168, 6.1"},
		{Name: "tcp.flags.ece", Label: "ECN-Echo", Bits: 1, Kind: field.Flag, Ref: "RFC 3168, 6.1"},
		{Name: "tcp.flags.urg", Label: "Urgent", Bits: 1, Kind: field.Flag, Ref: "RFC 9293, 3.1"},
		{Name: "tcp.flags.ack", Label: "Acknowledgment", Bits: 1, Kind: field.Flag, Ref: "RFC 9293, 3.1"},
		{Name: "tcp.flags.push", Label: "Push", Bits: 1, Kind: field.Flag, Ref: "RFC 9293, 3.1"},
		{Name: "tcp.flags.reset", Label: "Reset", Bits: 1, Kind: field.Flag, Ref: "RFC 9293, 3.1"},
		{Name: "tcp.flags.syn", Label: "Syn", Bits: 1, Kind: field.Flag, Ref: "RFC 9293, 3.1"},
		{Name: "tcp.flags.fin", Label: "Fin", Bits: 1, Kind: field.Flag, Ref: "RFC 9293, 3.1"},
	}},
	{Name: "tcp.window_size_value", Label: "Window", Bits: 16, Kind: field.Uint, Ref: "RFC 9293, 3.1"},
	{Name: "tcp.checksum", Label: "Checksum", Bits: 16, Kind: field.Hex, Class: field.Sum, Ref: "RFC 9293, 3.1"},
	{Name: "tcp.urgent_pointer", Label: "Urgent Pointer", Bits: 16, Kind: field.Uint, Ref: "RFC 9293, 3.1"},
}

// Places in head that the checks mark.
const (
	atHdrLen   = 4
	atChecksum = 7
)

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

// The parts of the options.
var (
	optGroup  = field.Spec{Name: "tcp.options", Label: "Options", Kind: field.Group, Ref: "RFC 9293, 3.1"}
	optOne    = field.Spec{Name: "tcp.option", Label: "Option", Kind: field.Group, Ref: "RFC 9293, 3.1"}
	optKind   = field.Spec{Name: "tcp.option_kind", Label: "Kind", Bits: 8, Kind: field.Uint, Values: optionKinds, Ref: "IANA, TCP Option Kind Numbers"}
	optLen    = field.Spec{Name: "tcp.option_len", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 9293, 3.1"}
	optMSS    = field.Spec{Name: "tcp.options.mss_val", Label: "MSS Value", Bits: 16, Kind: field.Uint, Unit: "bytes", Ref: "RFC 9293, 3.7.1"}
	optScale  = field.Spec{Name: "tcp.options.wscale.shift", Label: "Shift count", Bits: 8, Kind: field.Uint, Ref: "RFC 7323, 2.2"}
	optLeft   = field.Spec{Name: "tcp.options.sack_le", Label: "Left Edge", Bits: 32, Kind: field.Uint, Ref: "RFC 2018, 3"}
	optRight  = field.Spec{Name: "tcp.options.sack_re", Label: "Right Edge", Bits: 32, Kind: field.Uint, Ref: "RFC 2018, 3"}
	optTSval  = field.Spec{Name: "tcp.options.timestamp.tsval", Label: "Timestamp value", Bits: 32, Kind: field.Uint, Ref: "RFC 7323, 3.2"}
	optTSecr  = field.Spec{Name: "tcp.options.timestamp.tsecr", Label: "Timestamp echo reply", Bits: 32, Kind: field.Uint, Ref: "RFC 7323, 3.2"}
	optUTO    = field.Spec{Name: "tcp.options.user_to_val", Label: "User Timeout", Bits: 16, Kind: field.Hex, Ref: "RFC 5482, 3"}
	optCookie = field.Spec{Name: "tcp.options.tfo.cookie", Label: "Fast Open Cookie", Kind: field.Bytes, Ref: "RFC 7413, 4.1.1"}
	optData   = field.Spec{Name: "tcp.options.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 9293, 3.1"}
	optPad    = field.Spec{Name: "tcp.options.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 9293, 3.1"}

	optLenBad = &field.Fault{Name: "tcp.option.len.invalid", Label: "the option's length is under 2 or past the end of the header", Severity: field.Error}
)

// tail adds the options that the data offset leaves room for.
func tail(c *field.Context) {
	n := int(c.Frame[c.Start+12]>>4) * 4
	if n < HeaderLen {
		c.Fault(c.Find(&head[atHdrLen]), field.TooShort, 0)
		return
	}
	if end := c.Start + n; end > c.Limit && c.Missing() == 0 && !c.Quoted {
		c.Fault(c.Find(&head[atHdrLen]), field.Overrun, 0)
	}
	if n == HeaderLen {
		return
	}
	end := c.Start + n
	group := c.Open(&optGroup)
	for c.Pos() < end && !c.Cut() {
		option(c, end)
	}
	c.Close(group)
}

// option adds one option of those that end at end.
func option(c *field.Context, end int) {
	if c.Pos() >= c.Limit {
		c.AddBytes(&optData, end-c.Pos()) // cut, and marked so
		return
	}
	kind := c.Frame[c.Pos()]
	one := c.Open(&optOne)
	defer c.Close(one)
	k := c.Add(&optKind, 8)
	switch {
	case kind == kindEnd:
		if n := end - c.Pos(); n > 0 {
			c.AddBytes(&optPad, n)
		}
		return
	case kind == kindNop:
		return
	case c.Pos() >= end:
		c.Fault(k, optLenBad, 0)
		return
	case c.Pos() >= c.Limit:
		return
	}
	n := int(c.Frame[c.Pos()]) - 2
	l := c.Add(&optLen, 8)
	if n < 0 || n > end-c.Pos() {
		c.Fault(l, optLenBad, 0)
		if n = end - c.Pos(); n > 0 {
			c.AddBytes(&optData, n) // nothing behind it can be trusted
		}
		return
	}
	stop := c.Pos() + n
	switch {
	case kind == kindMSS && n == 2:
		c.Add(&optMSS, 16)
	case kind == kindWindowScale && n == 1:
		c.Add(&optScale, 8)
	case kind == kindSACK && n%8 == 0:
		for c.Pos() < stop && !c.Cut() {
			c.Add(&optLeft, 32)
			c.Add(&optRight, 32)
		}
	case kind == kindTimestamps && n == 8:
		c.Add(&optTSval, 32)
		c.Add(&optTSecr, 32)
	case kind == 28 && n == 2:
		c.Add(&optUTO, 16)
	case kind == 34 && n > 0:
		c.AddBytes(&optCookie, n)
	}
	if n := stop - c.Pos(); n > 0 {
		c.AddBytes(&optData, n)
	}
}

// check verifies the checksum where the whole segment and the addresses are there.
func check(c *field.Context) {
	if !c.Pseudo.Valid || c.Quoted || c.Missing() > 0 {
		return
	}
	b := c.Bytes()
	var p sum.Partial
	if c.Pseudo.V6 {
		p = sum.Pseudo6(c.Pseudo.Src, c.Pseudo.Dst, c.Pseudo.Protocol, len(b))
	} else {
		p = sum.Pseudo4([4]byte(c.Pseudo.Src[:4]), [4]byte(c.Pseudo.Dst[:4]), c.Pseudo.Protocol, len(b))
	}
	got := binary.BigEndian.Uint16(b[16:18])
	if want := p.Add(b[:16]).Add(b[18:]).Checksum(); want != got {
		c.Fault(c.Find(&head[atChecksum]), field.BadSum, uint32(want))
	}
}

// next offers both ports, the lower first: a service's port is usually the lower one.
func next(c *field.Context) field.Next {
	h := c.Frame[c.Start:]
	src, dst := uint32(binary.BigEndian.Uint16(h[0:2])), uint32(binary.BigEndian.Uint16(h[2:4]))
	return field.Next{Table: field.TCPPort, Key: min(src, dst), Alt: max(src, dst)}
}

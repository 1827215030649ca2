package ppp

import (
	"encoding/binary"

	"httptap/stack/field"
)

// The codes of packets. RFC 1661, 5
const (
	codeTerminate  = 5
	codeCodeReject = 7
	codeProtReject = 8
	codeEcho       = 9
	codeTimeLeft   = 13
)

var codeNames = field.Values{
	0: "Vendor Specific", 1: "Configuration Request", 2: "Configuration Ack", 3: "Configuration Nak", 4: "Configuration Reject", codeTerminate: "Termination Request", 6: "Termination Ack",
	codeCodeReject: "Code Reject", codeProtReject: "Protocol Reject", codeEcho: "Echo Request", 10: "Echo Reply", 11: "Discard Request", 12: "Identification", codeTimeLeft: "Time Remaining", 14: "Reset Request", 15: "Reset Ack",
}

var controlHead = [...]field.Spec{
	{Name: "ppp.code", Label: "Code", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: codeNames, Ref: "RFC 1661, 5"},
	{Name: "ppp.identifier", Label: "Identifier", Bits: 8, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 1661, 5"},
	{Name: "ppp.length", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1661, 5"},
}

var (
	data     = field.Spec{Name: "ppp.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 1661, 5"}
	magic    = field.Spec{Name: "lcp.magic_number", Label: "Magic Number", Bits: 32, Kind: field.Hex, Ref: "RFC 1661, 5.8"}
	echoed   = field.Spec{Name: "lcp.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 1661, 5.8"}
	message  = field.Spec{Name: "lcp.message", Label: "Message", Kind: field.Text, Ref: "RFC 1570, 2.1"}
	timeLeft = field.Spec{Name: "lcp.secs_remaining", Label: "Seconds Remaining", Bits: 32, Kind: field.Seconds, Ref: "RFC 1570, 2.2"}
	rejected = field.Spec{Name: "lcp.rej_proto", Label: "Rejected Protocol", Bits: 16, Kind: field.Hex, Values: protocols, Ref: "RFC 1661, 5.7"}
)

// badLength marks a length that the packet does not have.
var badLength = &field.Fault{Name: "ppp.length.bad", Label: "this length is under that of the header, or reaches past the end", Severity: field.Error}

// controlLayout returns the field table of one of the control protocols.
func controlLayout(name, label, title, ref string, options *table) field.Layout {
	return field.Layout{
		Spec:  field.Spec{Name: name, Label: label, Kind: field.Layer, Ref: ref},
		Title: title,
		Head:  controlHead[:],
		Tail:  func(c *field.Context) { packet(c, options) },
		More: func() []*field.Spec {
			return append([]*field.Spec{&data, &magic, &echoed, &message, &timeLeft, &rejected}, options.more()...)
		},
		Check: func(c *field.Context) { c.Limit = c.Pos() },
	}
}

// stopOf returns where a packet with a length at byte 2 ends, and marks the length at span i where it can't be.
func stopOf(c *field.Context, i int) int {
	n := int(binary.BigEndian.Uint16(c.Frame[c.Start+2:]))
	stop := c.Start + n
	if n < c.Pos()-c.Start || stop > c.Limit {
		if n < c.Pos()-c.Start || c.Missing() == 0 && !c.Quoted {
			c.Fault(i, badLength, 0)
		}
		return c.Limit
	}
	return stop
}

// rest adds what lies between here and stop as one field.
func rest(c *field.Context, s *field.Spec, stop int) {
	if n := stop - c.Pos(); n > 0 && !c.Cut() {
		c.AddBytes(s, n)
	}
}

// packet adds what a control protocol's code asks for.
func packet(c *field.Context, options *table) {
	stop := stopOf(c, len(c.Spans)-1)
	lcp := options == &linkOptions
	switch code := c.Frame[c.Start]; {
	case code >= 1 && code <= 4:
		options.add(c, stop)
		return
	case lcp && code == codeProtReject && stop-c.Pos() >= 2:
		c.Add(&rejected, 16)
	case lcp && code >= codeEcho && code <= codeTimeLeft && stop-c.Pos() >= 4:
		c.Add(&magic, 32)
		switch {
		case code == codeTimeLeft && stop-c.Pos() >= 4:
			c.Add(&timeLeft, 32)
			rest(c, &message, stop)
		case code >= 12:
			rest(c, &message, stop)
		default:
			rest(c, &echoed, stop)
		}
		return
	}
	rest(c, &data, stop)
}

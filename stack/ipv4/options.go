package ipv4

import "httptap/stack/field"

var optionNumbers = field.Values{
	0: "End of Options List (EOL)", 1: "No-Operation (NOP)", 7: "Record Route", 2 | 0x80: "Security",
	3 | 0x80: "Loose Source Route", 4 | 0x40: "Time Stamp", 5 | 0x80: "Extended Security",
	6 | 0x80: "Commercial Security", 8 | 0x80: "Stream ID", 9 | 0x80: "Strict Source Route",
	11: "MTU Probe", 12: "MTU Reply", 18 | 0x40: "Traceroute", 20 | 0x80: "Router Alert", 25: "Quick-Start",
	30: "Experiment",
}

var optionClasses = field.Values{0: "Control", 1: "Reserved for future use", 2: "Debugging and measurement", 3: "Reserved for future use"}

// The parts of an option. RFC 791, 3.1: a copied flag, a class and a number make up the type.
var (
	optGroup = field.Spec{Name: "ip.options", Label: "Options", Kind: field.Group, Ref: "RFC 791, 3.1"}
	optOne   = field.Spec{Name: "ip.option", Label: "Option", Kind: field.Group, Ref: "RFC 791, 3.1"}
	optType  = field.Spec{Name: "ip.opt.type", Label: "Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: optionNumbers, Ref: "IANA, IP Option Numbers", Sub: []field.Spec{
		{Name: "ip.opt.type.copy", Label: "Copy on fragmentation", Bits: 1, Kind: field.Flag, Ref: "RFC 791, 3.1"},
		{Name: "ip.opt.type.class", Label: "Class", Bits: 2, Kind: field.Uint, Values: optionClasses, Ref: "RFC 791, 3.1"},
		{Name: "ip.opt.type.number", Label: "Number", Bits: 5, Kind: field.Uint, Ref: "RFC 791, 3.1"},
	}}
	optLen     = field.Spec{Name: "ip.opt.len", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 791, 3.1"}
	optPtr     = field.Spec{Name: "ip.opt.ptr", Label: "Pointer", Bits: 8, Kind: field.Uint, Ref: "RFC 791, 3.1"}
	optRoute   = field.Spec{Name: "ip.rec_rt", Label: "Recorded Route", Bits: 32, Kind: field.IPv4, Ref: "RFC 791, 3.1"}
	optAlert   = field.Spec{Name: "ip.opt.ra", Label: "Router Alert", Bits: 16, Kind: field.Uint, Values: field.Values{0: "Router shall examine packet"}, Ref: "RFC 2113, 2.1"}
	optOver    = field.Spec{Name: "ip.opt.overflow", Label: "Overflow", Bits: 4, Kind: field.Uint, Ref: "RFC 791, 3.1"}
	optFlag    = field.Spec{Name: "ip.opt.flag", Label: "Flag", Bits: 4, Kind: field.Uint, Values: field.Values{0: "Time stamps only", 1: "Time stamp and address", 3: "Time stamps for prespecified addresses"}, Ref: "RFC 791, 3.1"}
	optStamp   = field.Spec{Name: "ip.opt.time_stamp", Label: "Time stamp", Bits: 32, Kind: field.Uint, Class: field.Timestamp, Unit: "ms", Ref: "RFC 791, 3.1"}
	optAddr    = field.Spec{Name: "ip.opt.time_stamp_addr", Label: "Address", Bits: 32, Kind: field.IPv4, Ref: "RFC 791, 3.1"}
	optData    = field.Spec{Name: "ip.opt.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 791, 3.1"}
	optPadding = field.Spec{Name: "ip.opt.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 791, 3.1"}

	optLenBad = &field.Fault{Name: "ip.opt.len.invalid", Label: "the option's length is under 2 or past the end of the header", Severity: field.Error}
)

// options walks the options up to end.
func options(c *field.Context, end int) {
	group := c.Open(&optGroup)
	for c.Pos() < end && !c.Cut() {
		if c.Pos() >= c.Limit {
			c.AddBytes(&optData, end-c.Pos()) // cut, and marked so
			break
		}
		typ := c.Frame[c.Pos()]
		one := c.Open(&optOne)
		i := c.Add(&optType, 8)
		switch {
		case typ == 0:
			c.Close(one)
			if n := end - c.Pos(); n > 0 {
				c.AddBytes(&optPadding, n)
			}
			continue
		case typ == 1:
			c.Close(one)
			continue
		case c.Pos() >= end || c.Pos() >= c.Limit:
			c.Fault(i, optLenBad, 0)
			c.Close(one)
			continue
		}
		n := int(c.Frame[c.Pos()]) - 2
		l := c.Add(&optLen, 8)
		if n < 0 || n > end-c.Pos() {
			c.Fault(l, optLenBad, 0)
			n = end - c.Pos() // nothing behind it can be trusted
			if n > 0 {
				c.AddBytes(&optData, n)
			}
			c.Close(one)
			continue
		}
		optionData(c, typ, n)
		c.Close(one)
	}
	c.Close(group)
}

// optionData adds the n bytes behind an option's length.
func optionData(c *field.Context, typ byte, n int) {
	stop := c.Pos() + n
	switch typ {
	case 7, 0x83, 0x89:
		if n > 0 {
			c.Add(&optPtr, 8)
		}
		for stop-c.Pos() >= 4 && !c.Cut() {
			c.Add(&optRoute, 32)
		}
	case 0x44:
		if n < 2 {
			break
		}
		c.Add(&optPtr, 8)
		flag := byte(0)
		if c.Pos() < c.Limit {
			flag = c.Frame[c.Pos()] & 15
		}
		c.Add(&optOver, 4)
		c.Add(&optFlag, 4)
		for stop-c.Pos() >= 4 && !c.Cut() {
			if flag != 0 && stop-c.Pos() >= 8 {
				c.Add(&optAddr, 32)
			}
			c.Add(&optStamp, 32)
		}
	case 0x94:
		if n == 2 {
			c.Add(&optAlert, 16)
		}
	}
	if n := stop - c.Pos(); n > 0 {
		c.AddBytes(&optData, n)
	}
}

package dhcpv4

import (
	"bytes"
	"encoding/binary"

	"httptap/stack/field"
)

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "dhcp", Label: "Dynamic Host Configuration Protocol", Kind: field.Layer, Ref: "RFC 2131, 2"},
	Title: "DHCPv4",
	Head:  head[:],
	Tail:  tail,
	More:  more,
}

// HardwareTypes names the types of hardware addresses. IANA, "ARP Parameters"
var HardwareTypes = field.Values{
	0: "NET/ROM pseudo", 1: "Ethernet", 2: "Experimental Ethernet", 3: "AX.25", 4: "ProNET", 5: "Chaos", 6: "IEEE 802",
	7: "ARCNET", 8: "Hyperchannel", 9: "Lanstar", 15: "Frame Relay DLCI", 16: "ATM", 17: "HDLC", 18: "Fibre Channel",
	19: "ATM (RFC 2225)", 20: "Serial Line", 24: "IEEE 1394.1995", 27: "EUI-64", 31: "IPsec tunnel", 32: "InfiniBand",
}

var operations = field.Values{OpRequest: "Boot Request", OpReply: "Boot Reply"}

var head = [...]field.Spec{
	{Name: "dhcp.type", Label: "Message type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: operations, Ref: "RFC 2131, 2"},
	{Name: "dhcp.hw.type", Label: "Hardware type", Bits: 8, Kind: field.Hex, Values: HardwareTypes, Ref: "RFC 2131, 2"},
	{Name: "dhcp.hw.len", Label: "Hardware address length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 2131, 2"},
	{Name: "dhcp.hops", Label: "Hops", Bits: 8, Kind: field.Uint, Ref: "RFC 2131, 2"},
	{Name: "dhcp.id", Label: "Transaction ID", Bits: 32, Kind: field.Hex, Class: field.Sequence, Ref: "RFC 2131, 2"},
	{Name: "dhcp.secs", Label: "Seconds elapsed", Bits: 16, Kind: field.Uint, Unit: "s", Ref: "RFC 2131, 2"},
	{Name: "dhcp.flags", Label: "Bootp flags", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "RFC 2131, 2", Sub: []field.Spec{
		{Name: "dhcp.flags.bc", Label: "Broadcast flag", Bits: 1, Kind: field.Uint, Values: field.Values{0: "Unicast", 1: "Broadcast"}, Ref: "RFC 2131, 2"},
		{Name: "dhcp.flags.reserved", Label: "Reserved flags", Bits: 15, Kind: field.Reserved, Ref: "RFC 2131, 2"},
	}},
	{Name: "dhcp.ip.client", Label: "Client IP address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 2131, 2"},
	{Name: "dhcp.ip.your", Label: "Your (client) IP address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 2131, 2"},
	{Name: "dhcp.ip.server", Label: "Next server IP address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 2131, 2"},
	{Name: "dhcp.ip.relay", Label: "Relay agent IP address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 2131, 2"},
}

// hwLen is where the hardware address's length stands in head.
const hwLen = 2

// What follows the addresses.
var (
	specMAC       = field.Spec{Name: "dhcp.hw.mac_addr", Label: "Client MAC address", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: "RFC 2131, 2"}
	specHWAddr    = field.Spec{Name: "dhcp.hw.addr", Label: "Client hardware address", Kind: field.Bytes, Class: field.Address, Ref: "RFC 2131, 2"}
	specHWPadding = field.Spec{Name: "dhcp.hw.addr_padding", Label: "Client hardware address padding", Kind: field.Padding, Ref: "RFC 2131, 2"}
	specSName     = field.Spec{Name: "dhcp.server", Label: "Server host name", Bits: 8 * (offFile - offSName), Kind: field.Custom, Class: field.Name, Format: appendZeroEnded, Ref: "RFC 2131, 2"}
	specFile      = field.Spec{Name: "dhcp.file", Label: "Boot file name", Bits: 8 * (offCookie - offFile), Kind: field.Custom, Class: field.Name, Format: appendZeroEnded, Ref: "RFC 2131, 2"}
	specCookie    = field.Spec{Name: "dhcp.cookie", Label: "Magic cookie", Bits: 32, Kind: field.IPv4, Values: field.Values{Cookie: "DHCP"}, Ref: "RFC 2131, 3"}
	specVendor    = field.Spec{Name: "dhcp.vendor_specific_options", Label: "Bootp vendor specific options", Kind: field.Bytes, Ref: "RFC 951, 3"}
	groupSName    = field.Spec{Name: "dhcp.server.options", Label: "Server host name overloaded by options", Kind: field.Group, Ref: "RFC 2132, 9.3"}
	groupFile     = field.Spec{Name: "dhcp.file.options", Label: "Boot file name overloaded by options", Kind: field.Group, Ref: "RFC 2132, 9.3"}
)

// What can be wrong, besides what any layer can have.
var (
	faultHWLen    = field.Fault{Name: "dhcp.hw.len.invalid", Label: "a hardware address has room for 16 bytes", Severity: field.Error}
	faultNoEnd    = field.Fault{Name: "dhcp.end.missing", Label: "no end option follows this", Severity: field.Warn}
	faultOption   = field.Fault{Name: "dhcp.option.overrun", Label: "the option runs past the end of the options", Severity: field.Error}
	faultEmpty    = field.Fault{Name: "dhcp.option.empty", Label: "this option can't be empty", Severity: field.Error}
	faultLength   = field.Fault{Name: "dhcp.option.length.invalid", Label: "the length is not one that this option has", Severity: field.Error}
	faultOverload = field.Fault{Name: "dhcp.option.overload.invalid", Label: "only 1, 2 and 3 are defined", Severity: field.Error}
	faultRoute    = field.Fault{Name: "dhcp.option.route.invalid", Label: "a destination has at most 32 bits", Severity: field.Error}
	faultPiece    = field.Fault{Name: "dhcp.option.piece", Label: "a piece of a value that several options of this code make up", Severity: field.Note}
	faultNoCookie = field.Fault{Name: "dhcp.cookie.invalid", Label: "not 99.130.83.99, so no DHCP options follow", Severity: field.Warn}
)

func more() []*field.Spec {
	list := []*field.Spec{&specMAC, &specHWAddr, &specHWPadding, &specSName, &specFile, &specCookie, &specVendor, &groupSName, &groupFile,
		&specPad, &specPads, &specCode, &specLength, &specValue, &specRest, &specWhole, &specPadding, &specEnd, &specFQDNFlags, &specFQDNCode1, &specFQDNCode2,
		&specFQDNName, &specFQDNWire}
	for code := range options {
		o := &options[code]
		list = append(list, &o.group, &o.spec)
		if o.other.Name != "" {
			list = append(list, &o.other)
		}
		list = append(list, o.parts...)
	}
	list = append(append(list, moreClientID()...), moreSuboptions()...)
	return append(list, moreForms()...)
}

// vendorLen is how long what a vendor may use is in BOOTP. RFC 951, 3
const vendorLen = 64

// tail adds the hardware address, the two names and the options.
func tail(c *field.Context) {
	n := int(c.Frame[c.Start+offHLen])
	switch {
	case n > 16:
		c.Fault(c.Find(&head[hwLen]), &faultHWLen, 0)
		c.AddBytes(&specHWAddr, 16)
	case n == 6 && c.Frame[c.Start+offHType] == 1:
		c.Add(&specMAC, 48)
		c.AddBytes(&specHWPadding, 10)
	case n == 0:
		c.AddBytes(&specHWPadding, 16)
	default:
		c.AddBytes(&specHWAddr, 16) // how much of it is padding nobody but its network knows
	}
	v := look(c.Frame[c.Start:c.Limit])
	c.Cost += v.options
	v.addName(c, &specSName, &groupSName, v.overload&overloadSName != 0)
	v.addName(c, &specFile, &groupFile, v.overload&overloadFile != 0)
	if b := c.Rest(); len(b) >= 4 && binary.BigEndian.Uint32(b) != Cookie {
		// RFC 951, 3: the field has 64 bytes.
		c.Fault(c.AddBytes(&specVendor, min(len(b), vendorLen)), &faultNoCookie, 0)
		if rest := len(c.Rest()); rest > 0 {
			c.AddBytes(&field.Undecoded, rest)
		}
		return
	}
	cookie := c.Add(&specCookie, 32)
	if c.Cut() {
		return
	}
	v.addOptions(c, c.Limit, cookie)
}

// A view is what has to be known of a message before its first option is read: whether the names
// hold options, how often those come whose value may be in several, and whether PXE speaks.
type view struct {
	overload byte
	pxe      bool
	options  int // how many were looked at
	joined   [len(joinedCodes)]uint8
}

// joinedCodes are the options whose value may be spread over several, none of which can be read
// alone. RFC 3396, 5
var joinedCodes = [...]byte{119, 120, OptRoutes, 249}

// look reads the options of a message.
func look(b []byte) (v view) {
	if len(b) < HeaderLen || binary.BigEndian.Uint32(b[offCookie:]) != Cookie {
		return v
	}
	v.area(b[HeaderLen:])
	if v.overload&overloadFile != 0 {
		v.area(b[offFile:offCookie])
	}
	if v.overload&overloadSName != 0 {
		v.area(b[offSName:offFile])
	}
	return v
}

func (v *view) area(area []byte) {
	n := 0
	for i := 0; i < len(area); n++ {
		code := area[i]
		if i++; code == OptPad {
			continue
		}
		if code == OptEnd || i == len(area) {
			break
		}
		start, end := i+1, i+1+int(area[i])
		if i = end; end > len(area) {
			break
		}
		switch code {
		case OptOverload:
			if end-start == 1 && v.overload == 0 {
				v.overload = area[start]
			}
		case optVendorClass:
			v.pxe = v.pxe || bytes.HasPrefix(area[start:end], []byte("PXEClient"))
		case 119, 120, OptRoutes, 249:
			v.joined[bytes.IndexByte(joinedCodes[:], code)]++
		}
	}
	v.options += n
}

// repeated tells whether the option code is one of joinedCodes and comes more than once.
func (v *view) repeated(code byte) bool {
	k := bytes.IndexByte(joinedCodes[:], code)
	return k >= 0 && v.joined[k] > 1
}

// addName adds one of the two names, or the options that stand in its place.
func (v *view) addName(c *field.Context, s, group *field.Spec, overloaded bool) {
	if !overloaded || c.Pos()+s.Bits/8 > c.Limit {
		c.Add(s, s.Bits)
		return
	}
	i := c.Open(group)
	v.addOptions(c, c.Pos()+s.Bits/8, i)
	c.Close(i)
}

// addOptions adds the options up to the byte end. before is the span that a missing end option
// is blamed on when there is no option at all.
func (v *view) addOptions(c *field.Context, end, before int) {
	last := before
	for c.Pos() < end && !c.Cut() {
		switch code := c.Frame[c.Pos()]; code {
		case OptPad:
			n := 1
			for c.Pos()+n < end && c.Frame[c.Pos()+n] == OptPad {
				n++
			}
			group := c.Open(&specPadding)
			c.Add(&specPad, 8)
			if n > 1 {
				c.AddBytes(&specPads, n-1)
			}
			c.Close(group)
		case OptEnd:
			group := c.Open(&options[OptEnd].group)
			c.Add(&specEnd, 8)
			c.Close(group)
			if n := end - c.Pos(); n > 0 {
				c.AddBytes(&specPadding, n)
			}
			return
		default:
			last = v.addOption(c, code, end)
		}
	}
	if !mayGoOn(c, end) {
		c.Fault(last, &faultNoEnd, 0)
	}
}

// mayGoOn tells whether the options go on behind end in bytes that were not captured.
func mayGoOn(c *field.Context, end int) bool {
	return end == c.Limit && c.CutFault() == field.Snapped
}

// addOption adds one option that begins at the current position and has to end before end. It
// returns the index of the span that stands for it.
func (v *view) addOption(c *field.Context, code byte, end int) int {
	if at, r := c.Pos(), &optionRuns[code]; r.run != nil && at+2 <= end {
		// Most options are one value of a width, or of any.
		n := int(c.Frame[at+1])
		if n > 0 && (r.size == 0 || r.size == n) && at+2+n <= end && (code != optVendor || !v.pxe) {
			if i := c.AddRun(r.run, n); i >= 0 {
				return i
			}
		}
	}
	o := &options[code]
	group := c.Open(&o.group)
	c.Add(&specCode, 8)
	if c.Pos() >= end {
		if !mayGoOn(c, end) {
			c.Fault(group, &faultOption, 0)
		}
		c.Close(group)
		return group
	}
	n := int(c.Frame[c.Pos()])
	length := c.Add(&specLength, 8)
	stop := c.Pos() + n
	switch {
	case stop > end:
		if !mayGoOn(c, end) {
			c.Fault(length, &faultOption, 0)
			n = end - c.Pos()
		}
		if n > 0 {
			c.AddBytes(&specValue, n) // cut, and marked so, when it may go on
		}
	case o.add == nil:
		if n > 0 {
			c.AddBytes(&specValue, n)
		}
	case v.repeated(code):
		v.addPiece(c, code, n)
	default:
		value := -1
		if n > 0 {
			value = c.Open(&specValue)
		}
		add := o.add
		if code == optVendor && v.pxe {
			add = addPXE
		}
		if fault := add(c, o, n); fault != nil {
			c.Fault(length, fault, 0)
		}
		if value >= 0 {
			c.Close(value)
		}
	}
	c.Close(group)
	return group
}

// appendZeroEnded prints the text before the first zero byte, all of it when something else
// than zeros follows.
func appendZeroEnded(dst, msg []byte, off, n int) []byte {
	b := msg[off : off+n]
	if text, rest, _ := bytes.Cut(b, []byte{0}); len(bytes.Trim(rest, "\x00")) == 0 {
		b = text
	}
	return field.AppendQuoted(dst, b)
}

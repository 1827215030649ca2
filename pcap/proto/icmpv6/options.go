package icmpv6

import (
	"encoding/binary"

	"httptap/stack/field"
)

// An option is what the field table knows of one of neighbor discovery's options: fields, and
// what walk adds behind them, up to the byte stop.
type option struct {
	group field.Spec
	parts []*field.Spec
	least int  // bytes behind type and length that have to be there, when not those of parts
	exact bool // walk adds nothing
	walk  func(c *field.Context, stop int)
}

// optionTable has the known options by their type. IANA, "ICMPv6 Parameters"
var optionTable = map[byte]*option{
	1:  {walk: linkAddress(&sourceLink, &sourceLinkN), least: 1},
	2:  {walk: linkAddress(&targetLink, &targetLinkN), least: 1},
	3:  {parts: []*field.Spec{&prefixLen, &prefixFlags, &validTime, &preferTime, &optReserved32, &prefix128}, walk: prefixTimes, exact: true},
	4:  {parts: []*field.Spec{&optReserved48}, walk: only(&redirected)},
	5:  {parts: []*field.Spec{&optReserved16, &optMTU}},
	6:  {parts: []*field.Spec{&shortcut, &optReserved8, &optReserved32}},
	7:  {parts: []*field.Spec{&optReserved16, &advertInterval}},
	8:  {parts: []*field.Spec{&optReserved16, &agentPref, &agentTime}},
	9:  {parts: []*field.Spec{&optReserved48}, walk: several(&listedAddress)},
	10: {parts: []*field.Spec{&optReserved48}, walk: several(&listedAddress)},
	11: {parts: []*field.Spec{&padLen, &optReserved8}, walk: cga},
	12: {parts: []*field.Spec{&optReserved16, &keyHash}, walk: only(&signature)},
	13: {parts: []*field.Spec{&optReserved48, &timestamp}},
	14: {walk: only(&nonce), least: 6},
	15: {parts: []*field.Spec{&nameType, &padLen}, walk: trustAnchor},
	16: {parts: []*field.Spec{&certType, &optReserved8}, walk: only(&certificate)},
	17: {parts: []*field.Spec{&ipaCode, &ipaLen, &optReserved32, &ipaAddress}},
	18: {parts: []*field.Spec{&nrpiCode, &nrpiLen, &optReserved32, &nrpiPrefix}},
	19: {parts: []*field.Spec{&llaCode}, walk: only(&llaBytes)},
	20: {parts: []*field.Spec{&ackCode, &ackStatus, &optReserved32}, walk: several(&ackAddress)},
	23: {parts: []*field.Spec{&mapDistance, &mapPreference, &mapFlags, &mapTime, &mapAddress}},
	24: {parts: []*field.Spec{&prefixLen, &routeFlags, &routeTime}, walk: prefix},
	25: {parts: []*field.Spec{&optReserved16, &serverTime}, walk: several(&server)},
	26: {parts: []*field.Spec{&moreFlags, &optReserved32}},
	27: {parts: []*field.Spec{&keyPadLen, &keyAT, &keyReserved}, walk: handoverKey(&publicKey)},
	28: {parts: []*field.Spec{&keyPadLen, &keyAT, &keyReserved, &keyTime}, walk: handoverKey(&encryptedKey)},
	29: {parts: []*field.Spec{&haiCode, &haiLen}, walk: counted(&haiValue)},
	30: {parts: []*field.Spec{&mnCode, &mnLen}, walk: counted(&mnValue)},
	31: {parts: []*field.Spec{&optReserved16, &searchTime}, walk: searchList},
	32: {parts: []*field.Spec{&optReserved16, &proxyHash}, walk: only(&signature)},
	33: {parts: []*field.Spec{&aroStatus, &optReserved24, &aroTime, &aroID}},
	34: {parts: []*field.Spec{&contextLen, &contextFlags, &optReserved16, &contextTime}, walk: contextPrefix},
	35: {parts: []*field.Spec{&borderLow, &borderHigh, &borderTime, &borderRouter}},
	36: {parts: []*field.Spec{&capability1, &capabilityG, &capability2}},
	37: {walk: only(&portal), least: 1},
	38: {parts: []*field.Spec{&nat64Time, &nat64Code}, walk: nat64},
}

func init() {
	for typ, o := range optionTable {
		o.group = field.Spec{Name: "icmpv6.opt", Label: "ICMPv6 Option (" + optionNames[uint64(typ)] + ")", Kind: field.Group, Ref: "RFC 4861, 4.6"}
	}
}

// optionOther is an option that the table does not know.
var optionOther = field.Spec{Name: "icmpv6.opt", Label: "ICMPv6 Option", Kind: field.Group, Ref: "RFC 4861, 4.6"}

var (
	optType = field.Spec{Name: "icmpv6.opt.type", Label: "Type", Bits: 8, Kind: field.Uint, Values: optionNames, Ref: "RFC 4861, 4.6"}
	optLen  = field.Spec{Name: "icmpv6.opt.length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 4861, 4.6"}
)

// The faults of options.
var (
	optLenZero = &field.Fault{Name: "icmpv6.opt.length.zero", Label: "an option of no length: the whole packet is to be discarded", Severity: field.Error}
	optLenBad  = &field.Fault{Name: "icmpv6.opt.length.invalid", Label: "this length is not one that the option can have, or reaches past the end", Severity: field.Error}
	prefixBad  = &field.Fault{Name: "icmpv6.opt.prefix.length.invalid", Label: "a prefix of over 128 bits, or of more than the option has", Severity: field.Error}
	preferOver = &field.Fault{Name: "icmpv6.opt.prefix.preferred_lifetime.invalid", Label: "preferred for longer than it is valid: the option is to be ignored", Severity: field.Warn}
	nameBad    = &field.Fault{Name: "icmpv6.opt.dnssl.malformed", Label: "a label reaches past the end of the option", Severity: field.Error}
)

// options adds the options up to the end of the message.
func options(c *field.Context) {
	for len(c.Rest()) > 0 && !c.Cut() {
		r := c.Rest()
		group := &optionOther
		o := optionTable[r[0]]
		if o != nil {
			group = &o.group
		}
		i := c.Open(group)
		c.Add(&optType, 8)
		l := c.Add(&optLen, 8)
		ok := !c.Cut() && body(c, o, l, 8*int(r[1]), len(r))
		c.Close(i)
		if !ok {
			return
		}
	}
}

// body adds an option of n bytes, of which room are there. It tells whether the next one can be
// found.
func body(c *field.Context, o *option, l, n, room int) bool {
	switch {
	case n == 0:
		// RFC 4861, 4.6: "Nodes MUST silently discard an ND packet that contains an option with length zero."
		c.Fault(l, optLenZero, 0)
		return false
	case n > room && c.Missing() == 0 && !c.Quoted:
		c.Fault(l, optLenBad, 0)
		n = room
		o = nil // nothing behind it can be trusted
	}
	stop := c.Pos() + n - 2
	if o != nil {
		if least := max(o.least, bytesOf(o.parts)); n-2 < least {
			c.Fault(l, optLenBad, 0)
		} else {
			table(c, o.parts)
			if o.walk != nil && !c.Cut() {
				o.walk(c, stop)
			}
			if len(o.parts) > 0 && (o.walk == nil || o.exact) && c.Pos() < stop && !c.Cut() {
				c.Fault(l, optLenBad, 0)
			}
		}
	}
	rest(c, &data, stop)
	return true
}

func bytesOf(parts []*field.Spec) (n int) {
	for _, s := range parts {
		n += s.Bits
	}
	return n / 8
}

// only makes a walk of one field.
func only(s *field.Spec) func(c *field.Context, stop int) {
	return func(c *field.Context, stop int) { rest(c, s, stop) }
}

// several makes a walk of as many fields as there is room for.
func several(s *field.Spec) func(c *field.Context, stop int) {
	return func(c *field.Context, stop int) {
		for stop-c.Pos() >= s.Bits/8 && !c.Cut() {
			c.Add(s, s.Bits)
		}
	}
}

// counted makes a walk of as many bytes as the one before says, and padding.
func counted(s *field.Spec) func(c *field.Context, stop int) {
	return func(c *field.Context, stop int) {
		n := int(c.Frame[c.Pos()-1])
		if n > stop-c.Pos() {
			c.Fault(len(c.Spans)-1, field.Overrun, 0)
			n = stop - c.Pos()
		}
		if n > 0 {
			c.AddBytes(s, n)
		}
		rest(c, &optPadding, stop)
	}
}

// linkAddress makes a walk of an address: of a MAC, where it has six bytes. RFC 4861, 4.6.1
func linkAddress(mac, other *field.Spec) func(c *field.Context, stop int) {
	return func(c *field.Context, stop int) {
		i := c.Open(&linkGroup)
		switch n := stop - c.Pos(); {
		case n == 6:
			c.Add(mac, 48)
			c.Close(i)
		case n == 14: // RFC 4944, 8: an EUI-64 of IEEE 802.15.4
			c.AddBytes(other, 8)
			c.Close(i)
			rest(c, &optPadding, stop)
		default:
			rest(c, other, stop)
			c.Close(i)
		}
	}
}

// prefixTimes looks at a prefix and its lifetimes. RFC 4862, 5.5.3, c: "If the preferred lifetime is
// greater than the valid lifetime, silently ignore the Prefix Information option."
func prefixTimes(c *field.Context, _ int) {
	b := c.Frame[c.Pos()-30:]
	if b[0] > 128 {
		c.Fault(c.Find(&prefixLen), prefixBad, 0)
	}
	if binary.BigEndian.Uint32(b[6:]) > binary.BigEndian.Uint32(b[2:]) {
		c.Fault(c.Find(&preferTime), preferOver, 0)
	}
}

// prefix adds the bytes of a prefix that the length of it says. RFC 4191, 2.3
func prefix(c *field.Context, stop int) {
	bits := int(c.Frame[c.Pos()-6])
	n := stop - c.Pos()
	if bits > 128 || bits > 8*n {
		c.Fault(c.Find(&prefixLen), prefixBad, 0)
	}
	switch n {
	case 0:
	case 16:
		c.Add(&prefix128, 128)
	default:
		c.AddBytes(&prefixN, min(n, 16))
	}
}

func contextPrefix(c *field.Context, stop int) {
	if n := stop - c.Pos(); n == 16 {
		c.Add(&context128, 128)
	} else {
		rest(c, &contextN, stop)
	}
}

// searchList adds names in DNS's form. RFC 8106, 5.2: "this field MUST be padded with zeros".
func searchList(c *field.Context, stop int) {
	for c.Pos() < stop && c.Pos() < c.Limit && !c.Cut() {
		b := c.Frame[c.Pos():min(stop, c.Limit)]
		if b[0] == 0 {
			break
		}
		n := 0
		for n < len(b) && b[n] != 0 {
			n += 1 + int(b[n])
		}
		i := c.AddBytes(&searchName, min(n+1, stop-c.Pos()))
		if n >= len(b) {
			c.Fault(i, nameBad, 0)
		}
	}
	rest(c, &optPadding, stop)
}

// trustAnchor adds a name of one of two kinds. RFC 3971, 6.4.3
func trustAnchor(c *field.Context, stop int) {
	s := &data
	switch c.Frame[c.Pos()-2] {
	case 1:
		s = &nameX501
	case 2:
		s = &nameFQDN
	}
	pad := int(c.Frame[c.Pos()-1])
	if pad > stop-c.Pos() {
		c.Fault(len(c.Spans)-1, field.Overrun, 0)
		pad = 0
	}
	rest(c, s, stop-pad)
	rest(c, &optPadding, stop)
}

// cga adds the parameters of a cryptographic address. RFC 3972, 3
func cga(c *field.Context, stop int) {
	pad := int(c.Frame[c.Pos()-2])
	if pad > stop-c.Pos() {
		c.Fault(len(c.Spans)-2, field.Overrun, 0)
		return
	}
	end := stop - pad
	i := c.Open(&cgaGroup)
	if end-c.Pos() >= 25 {
		c.Add(&cgaModifier, 128)
		c.Add(&cgaPrefix, 64)
		c.Add(&cgaCount, 8)
		rest(c, &cgaKey, end)
	} else {
		rest(c, &data, end)
	}
	c.Close(i)
	rest(c, &optPadding, stop)
}

// handoverKey makes a walk of a key and the padding whose length stands before it. RFC 5269, 3
func handoverKey(s *field.Spec) func(c *field.Context, stop int) {
	return func(c *field.Context, stop int) {
		i := c.Find(&keyPadLen)
		pad := int(c.Frame[c.Spans[i].Bit/8])
		if pad > stop-c.Pos() {
			c.Fault(i, field.Overrun, 0)
			pad = 0
		}
		rest(c, s, stop-pad)
		rest(c, &keyPadding, stop)
	}
}

// nat64 adds the part of a prefix that its code says, which is always 12 bytes. RFC 8781, 4
func nat64(c *field.Context, stop int) {
	if stop-c.Pos() == 12 {
		c.Add(&nat64Prefix, 96)
	}
}

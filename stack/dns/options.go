package dns

import (
	"encoding/binary"

	"httptap/stack/field"
)

var (
	specOption   = field.Spec{Name: "dns.opt", Label: "Option", Kind: field.Group, Ref: "RFC 6891, 6.1.2"}
	specOptCode  = field.Spec{Name: "dns.opt.code", Label: "Option Code", Bits: 16, Kind: field.Uint, Class: field.Operation, Values: OptionCodes, Ref: "RFC 6891, 6.1.2"}
	specOptLen   = field.Spec{Name: "dns.opt.len", Label: "Option Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6891, 6.1.2"}
	specOptData  = field.Spec{Name: "dns.opt.data", Label: "Option Data", Kind: field.Bytes, Ref: "RFC 6891, 6.1.2"}
	specFamily   = field.Spec{Name: "dns.opt.client.family", Label: "Family", Bits: 16, Kind: field.Uint, Values: field.Values{1: "IPv4", 2: "IPv6"}, Ref: "RFC 7871, 6"}
	specNetmask  = field.Spec{Name: "dns.opt.client.netmask", Label: "Source Netmask", Bits: 8, Kind: field.Uint, Ref: "RFC 7871, 6"}
	specScope    = field.Spec{Name: "dns.opt.client.scope", Label: "Scope Netmask", Bits: 8, Kind: field.Uint, Ref: "RFC 7871, 6"}
	specSubnet   = field.Spec{Name: "dns.opt.client.addr", Label: "Client Subnet", Kind: field.Bytes, Class: field.Address, Ref: "RFC 7871, 6"}
	specSubnet4  = field.Spec{Name: "dns.opt.client.addr4", Label: "Client Subnet", Kind: field.Custom, Class: field.Address, Format: formatPartIPv4, Ref: "RFC 7871, 6"}
	specSubnet6  = field.Spec{Name: "dns.opt.client.addr6", Label: "Client Subnet", Kind: field.Custom, Class: field.Address, Format: formatPartIPv6, Ref: "RFC 7871, 6"}
	specDAU      = field.Spec{Name: "dns.opt.dau", Label: "DAU", Bits: 8, Kind: field.Uint, Values: Algorithms, Ref: "RFC 6975, 3"}
	specDHU      = field.Spec{Name: "dns.opt.dhu", Label: "DHU", Bits: 8, Kind: field.Uint, Values: DigestTypes, Ref: "RFC 6975, 3"}
	specN3U      = field.Spec{Name: "dns.opt.n3u", Label: "N3U", Bits: 8, Kind: field.Uint, Values: field.Values{1: "SHA-1"}, Ref: "RFC 6975, 3"}
	specCookie   = field.Spec{Name: "dns.opt.cookie.client", Label: "Client Cookie", Bits: 64, Kind: field.Bytes, Ref: "RFC 7873, 4"}
	specServed   = field.Spec{Name: "dns.opt.cookie.server", Label: "Server Cookie", Kind: field.Bytes, Ref: "RFC 7873, 4"}
	specKeep     = field.Spec{Name: "dns.opt.edns_tcp_keepalive.timeout", Label: "Timeout", Bits: 16, Kind: field.Uint, Unit: "units of 100 ms", Ref: "RFC 7828, 3.1"}
	specPadding  = field.Spec{Name: "dns.opt.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 7830, 3"}
	specInfoCode = field.Spec{Name: "dns.opt.ext_error.info_code", Label: "Info Code", Bits: 16, Kind: field.Uint, Class: field.Operation, Values: InfoCodes, Ref: "RFC 8914, 2"}
	specInfoText = field.Spec{Name: "dns.opt.ext_error.extra_text", Label: "Extra Text", Kind: field.Text, Ref: "RFC 8914, 2"}
)

// optionForms are the options of an OPT record whose data is known.
var optionForms = [...]*form{
	5:  {parts: fixed(&specDAU), repeat: true},
	6:  {parts: fixed(&specDHU), repeat: true},
	7:  {parts: fixed(&specN3U), repeat: true},
	8:  {parts: fixed(&specFamily, &specNetmask, &specScope), walk: walkSubnet, adds: []*field.Spec{&specSubnet, &specSubnet4, &specSubnet6}},
	10: {parts: fixed(&specCookie, &specServed)},
	11: {parts: fixed(&specKeep)},
	12: {parts: fixed(&specPadding)},
	13: {parts: named(nameChain)},
	15: {parts: fixed(&specInfoCode, &specInfoText)},
}

var formOption = form{parts: fixed(&specOptData)}

func formOfOption(code uint16) *form {
	if int(code) < len(optionForms) && optionForms[code] != nil {
		return optionForms[code]
	}
	return &formOption
}

// clientSubnet appends an address of which only the prefix's bytes are there. RFC 7871, 6
func clientSubnet(d *decoder, length, end int) bool {
	c, s := d.c, &specSubnet
	n := end - c.Pos()
	switch family := c.Frame[c.Pos()-3]; {
	case n == 0:
		return true
	case family == 1 && n <= 4:
		s = &specSubnet4
	case family == 2 && n <= 16:
		s = &specSubnet6
	}
	_, ok := d.fits(s, n, length, end)
	return ok
}

// option appends one option of an OPT record whose data ends at byte end.
// size is the span of that data's length.
func (d *decoder) option(size, end int) bool {
	c := d.c
	if end-c.Pos() < 4 && end <= c.Limit {
		c.Fault(size, field.TooShort, 0)
		return false
	}
	group, at := c.Open(&specOption), c.Pos()
	defer c.Close(group)
	c.Add(&specOptCode, 16)
	length := c.Add(&specOptLen, 16)
	if c.Cut() {
		return false
	}
	code, n := binary.BigEndian.Uint16(c.Frame[at:]), int(binary.BigEndian.Uint16(c.Frame[at+2:]))
	if n == 0 {
		return true
	}
	stop := c.Pos() + n
	if stop > end {
		c.Fault(length, field.Overrun, 0)
		stop = end
	}
	f := formOfOption(code)
	value := -1
	if f != &formOption {
		value = c.Open(&specOptData)
	}
	ok := true
	for ok {
		if ok = d.parts(f.parts, length, stop); !ok || !f.repeat || c.Pos() >= stop {
			break
		}
	}
	if ok && f.walk != noWalk {
		d.walk(f.walk, length, stop)
	}
	if n := stop - c.Pos(); n > 0 && !c.Cut() {
		c.Fault(c.AddBytes(&field.Undecoded, n), &faultExtra, 0)
	}
	if value >= 0 {
		c.Close(value)
	}
	return !c.Cut()
}

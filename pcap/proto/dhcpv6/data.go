package dhcpv6

import (
	"encoding/binary"

	"httptap/stack/field"
)

var (
	requested = field.Spec{Name: "dhcpv6.requested_option_code", Label: "Requested Option code", Bits: 16, Kind: field.Uint, Values: optionNames, Ref: "RFC 8415, 21.7"}
	archType  = field.Spec{Name: "dhcpv6.architecture", Label: "Architecture type", Bits: 16, Kind: field.Uint, Ref: "RFC 5970, 3.3"}

	id       = field.Spec{Name: "dhcpv6.duid.bytes", Label: "DUID", Kind: field.Bytes, Ref: "RFC 8415, 11"}
	idType   = field.Spec{Name: "dhcpv6.duid.type", Label: "DUID Type", Bits: 16, Kind: field.Uint, Ref: "RFC 8415, 11.1", Values: field.Values{1: "link-layer address plus time", 2: "assigned by vendor based on Enterprise number", 3: "link-layer address", 4: "Universally Unique IDentifier (UUID)"}}
	lltType  = field.Spec{Name: "dhcpv6.duidllt.hwtype", Label: "Hardware type", Bits: 16, Kind: field.Uint, Values: hardware, Ref: "RFC 8415, 11.2"}
	lltTime  = field.Spec{Name: "dhcpv6.duidllt.time", Label: "DUID Time", Bits: 32, Kind: field.Custom, Class: field.Timestamp, Format: formatTime, Ref: "RFC 8415, 11.2"}
	lltAddr  = field.Spec{Name: "dhcpv6.duidllt.link_layer_addr", Label: "Link-layer address", Kind: field.Custom, Class: field.Address, Format: formatAddr, Ref: "RFC 8415, 11.2"}
	enNumber = field.Spec{Name: "dhcpv6.duiden.enterprise", Label: "Enterprise ID", Bits: 32, Kind: field.Uint, Ref: "RFC 8415, 11.3"}
	enID     = field.Spec{Name: "dhcpv6.duiden.identifier", Label: "Identifier", Kind: field.Bytes, Ref: "RFC 8415, 11.3"}
	llType   = field.Spec{Name: "dhcpv6.duidll.hwtype", Label: "Hardware type", Bits: 16, Kind: field.Uint, Values: hardware, Ref: "RFC 8415, 11.4"}
	llAddr   = field.Spec{Name: "dhcpv6.duidll.link_layer_addr", Label: "Link-layer address", Kind: field.Custom, Class: field.Address, Format: formatAddr, Ref: "RFC 8415, 11.4"}
	uuid     = field.Spec{Name: "dhcpv6.duiduuid.bytes", Label: "UUID", Kind: field.Bytes, Ref: "RFC 8415, 11.5"}
	hardware = field.Values{1: "Ethernet", 6: "IEEE 802", 27: "EUI-64", 32: "InfiniBand"}

	class      = field.Spec{Name: "dhcpv6.class", Label: "Class", Kind: field.Group, Ref: "RFC 8415, 21.15"}
	userLen    = field.Spec{Name: "dhcpv6.userclass.length", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8415, 21.15"}
	userData   = field.Spec{Name: "dhcpv6.userclass.opaque_data", Label: "Suboption", Kind: field.Bytes, Ref: "RFC 8415, 21.15"}
	vendorLen  = field.Spec{Name: "dhcpv6.vendorclass.length", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8415, 21.16"}
	vendorData = field.Spec{Name: "dhcpv6.vendorclass.data", Label: "vendor-class-data", Kind: field.Text, Class: field.Name, Ref: "RFC 8415, 21.16"}
	paramLen   = field.Spec{Name: "dhcpv6.boot_file_parameter.length", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5970, 3.2"}
	paramData  = field.Spec{Name: "dhcpv6.boot_file_parameter", Label: "Parameter", Kind: field.Text, Class: field.Name, Ref: "RFC 5970, 3.2"}

	vendorOpt     = field.Spec{Name: "dhcpv6.vendoropts.enterprise.option", Label: "Option of the vendor", Kind: field.Group, Ref: "RFC 8415, 21.17"}
	vendorOptCode = field.Spec{Name: "dhcpv6.vendoropts.enterprise.option_code", Label: "Option code", Bits: 16, Kind: field.Uint, Ref: "RFC 8415, 21.17"}
	vendorOptLen  = field.Spec{Name: "dhcpv6.vendoropts.enterprise.option_length", Label: "Option length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8415, 21.17"}
	vendorOptData = field.Spec{Name: "dhcpv6.vendoropts.enterprise.option_data", Label: "Option data", Kind: field.Bytes, Ref: "RFC 8415, 21.17"}

	ntpOpt   = field.Spec{Name: "dhcpv6.ntpserver.option", Label: "NTP server", Kind: field.Group, Ref: "RFC 5908, 4"}
	ntpType  = field.Spec{Name: "dhcpv6.ntpserver.option.type", Label: "Suboption", Bits: 16, Kind: field.Uint, Values: field.Values{1: "NTP Server Address", 2: "NTP Multicast Address", 3: "NTP Server FQDN"}, Ref: "RFC 5908, 4"}
	ntpLen   = field.Spec{Name: "dhcpv6.ntpserver.option.length", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5908, 4"}
	ntpAddr  = field.Spec{Name: "dhcpv6.ntpserver.addr", Label: "NTP Server Address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 5908, 4.1"}
	ntpGroup = field.Spec{Name: "dhcpv6.ntpserver.mc_addr", Label: "NTP Multicast Address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 5908, 4.2"}
	ntpName  = field.Spec{Name: "dhcpv6.ntpserver.fqdn", Label: "NTP Server FQDN", Kind: field.Custom, Class: field.Name, Format: formatDomain, Ref: "RFC 5908, 4.3"}
)

func more() []*field.Spec {
	all := []*field.Spec{&msgType, &xid, &hopCount, &linkAddr, &peerAddr, &relayed, &option, &optType, &optLen, &optData, &undecoded, &requested, &archType,
		&id, &idType, &lltType, &lltTime, &lltAddr, &enNumber, &enID, &llType, &llAddr, &uuid, &class, &userLen, &userData, &vendorLen, &vendorData, &paramLen, &paramData,
		&vendorOpt, &vendorOptCode, &vendorOptLen, &vendorOptData, &ntpOpt, &ntpType, &ntpLen, &ntpAddr, &ntpGroup, &ntpName, &clientFlags, &serverFlags}
	seen := map[*field.Spec]bool{}
	for code := range 256 {
		s := shapes[code]
		if s == nil {
			continue
		}
		for _, f := range append(s.fixed[:len(s.fixed):len(s.fixed)], s.spec) {
			if f != nil && !seen[f] {
				seen[f] = true
				all = append(all, f)
			}
		}
	}
	return all
}

// add adds what an option has up to byte stop, and tells whether its length can be.
func (s *shape) add(c *field.Context, stop, depth, message int) bool {
	for _, f := range s.fixed {
		if 8*(stop-c.Pos()) < f.Bits {
			return false
		}
		c.Add(f, f.Bits)
	}
	rest := stop - c.Pos()
	switch s.tail {
	case nothing:
		return rest == 0
	case inner:
		options(c, stop, depth+1, message)
	case addresses:
		for stop-c.Pos() >= 16 && !c.Cut() {
			c.Add(s.spec, 128)
		}
		return rest%16 == 0
	case names, oneName:
		for c.Pos() < stop && !c.Cut() {
			name(c, s.spec, stop)
			if s.tail == oneName {
				break
			}
		}
	case codes:
		spec := &requested
		if s == shapes[codeArchitecture] {
			spec = &archType
		}
		for stop-c.Pos() >= 2 && !c.Cut() {
			c.Add(spec, 16)
		}
		return rest%2 == 0
	case bytesOf, textOf:
		if rest > 0 {
			c.AddBytes(s.spec, rest)
		}
	case duid:
		return identifier(c, stop)
	case relay:
		return relayedMessage(c, stop, depth)
	case classes:
		return s.classes(c, stop)
	case vendor:
		return vendorOptions(c, stop)
	case ntp:
		return ntpServers(c, stop)
	case fqdn:
		if rest < 1 {
			return false
		}
		flags := &clientFlags
		if t := c.Frame[message]; t == 2 || t == 7 { // ADVERTISE and REPLY are a server's
			flags = &serverFlags
		}
		c.Add(flags, 8)
		if c.Pos() < stop && !c.Cut() {
			name(c, s.spec, stop)
		}
	}
	return true
}

const codeArchitecture = 61

// name adds a domain name that ends at byte stop at most. RFC 8415, 10: "MUST be encoded as described in Section 3.1 of
// [RFC1035]", without compression; a name may end without its root, RFC 4704, 4.2.
func name(c *field.Context, s *field.Spec, stop int) {
	at := c.Pos()
	for at < stop && at < c.Limit {
		n := int(c.Frame[at])
		at++
		if n == 0 {
			c.AddBytes(s, at-c.Pos())
			return
		}
		if n > 63 || at+n > stop {
			c.Fault(c.AddBytes(s, stop-c.Pos()), badName, 0)
			return
		}
		at += n
	}
	c.AddBytes(s, stop-c.Pos())
}

// identifier adds a DUID. RFC 8415, 11.1: "not more than 130 octets", two of them the type.
func identifier(c *field.Context, stop int) bool {
	n := stop - c.Pos()
	if n < 2 {
		return false
	}
	group := c.Open(&id)
	defer c.Close(group)
	typ := binary.BigEndian.Uint16(c.Frame[c.Pos():])
	c.Add(&idType, 16)
	rest := func(s *field.Spec) {
		if n := stop - c.Pos(); n > 0 && !c.Cut() {
			c.AddBytes(s, n)
		}
	}
	switch {
	case typ == 1 && n >= 8:
		c.Add(&lltType, 16)
		c.Add(&lltTime, 32)
		rest(&lltAddr)
	case typ == 2 && n >= 6:
		c.Add(&enNumber, 32)
		rest(&enID)
	case typ == 3 && n >= 4:
		c.Add(&llType, 16)
		rest(&llAddr)
	case typ == 4:
		rest(&uuid)
	default:
		rest(&optData)
	}
	return n <= 130
}

// relayedMessage adds a message that a relay agent passes on.
func relayedMessage(c *field.Context, stop, depth int) bool {
	if c.Pos() >= stop {
		return false
	}
	group := c.Open(&relayed)
	message(c, stop, depth+1)
	c.Close(group)
	return true
}

// classes adds data, each after its length.
func (s *shape) classes(c *field.Context, stop int) bool {
	length, data := &userLen, &userData
	switch s {
	case shapes[codeVendorClass]:
		length, data = &vendorLen, &vendorData
	case shapes[codeParameters]:
		length, data = &paramLen, &paramData
	}
	for stop-c.Pos() >= 2 && !c.Cut() {
		n := int(binary.BigEndian.Uint16(c.Frame[c.Pos():]))
		group := c.Open(&class)
		l := c.Add(length, 16)
		if n > stop-c.Pos() {
			c.Fault(l, overrun, 0)
			n = stop - c.Pos()
		}
		if n > 0 {
			c.AddBytes(data, n)
		}
		c.Close(group)
	}
	return c.Pos() == stop || c.Cut()
}

const codeParameters = 60

// vendorOptions adds options whose codes are a vendor's.
func vendorOptions(c *field.Context, stop int) bool {
	for stop-c.Pos() >= 4 && !c.Cut() {
		n := int(binary.BigEndian.Uint16(c.Frame[c.Pos()+2:]))
		group := c.Open(&vendorOpt)
		c.Add(&vendorOptCode, 16)
		l := c.Add(&vendorOptLen, 16)
		if n > stop-c.Pos() {
			c.Fault(l, overrun, 0)
			n = stop - c.Pos()
		}
		if n > 0 {
			c.AddBytes(&vendorOptData, n)
		}
		c.Close(group)
	}
	return c.Pos() == stop || c.Cut()
}

// ntpServers adds the options of RFC 5908.
func ntpServers(c *field.Context, stop int) bool {
	for stop-c.Pos() >= 4 && !c.Cut() {
		b := c.Frame[c.Pos():]
		typ, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		group := c.Open(&ntpOpt)
		c.Add(&ntpType, 16)
		l := c.Add(&ntpLen, 16)
		if n > stop-c.Pos() {
			c.Fault(l, overrun, 0)
			n = stop - c.Pos()
		}
		end := c.Pos() + n
		switch {
		case typ == 1 && n == 16:
			c.Add(&ntpAddr, 128)
		case typ == 2 && n == 16:
			c.Add(&ntpGroup, 128)
		case typ == 3 && n > 0:
			name(c, &ntpName, end)
		case typ <= 2:
			c.Fault(l, badLength, 0)
		}
		if n := end - c.Pos(); n > 0 && !c.Cut() {
			c.AddBytes(&optData, n)
		}
		c.Close(group)
	}
	return c.Pos() == stop || c.Cut()
}

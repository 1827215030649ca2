package icmpv4

import (
	"encoding/binary"

	"httptap/stack/field"
	"httptap/stack/sum"
)

// The extension structure of RFC 4884 and its objects.
var (
	quotePadding = field.Spec{Name: "icmp.quote.padding", Label: "Padding of the quoted packet", Kind: field.Padding, Ref: "RFC 4884, 5"}

	extGroup    = field.Spec{Name: "icmp.ext", Label: "ICMP Extensions", Kind: field.Group, Ref: "RFC 4884, 7"}
	extVersion  = field.Spec{Name: "icmp.ext.version", Label: "Version", Bits: 4, Kind: field.Uint, Ref: "RFC 4884, 7"}
	extReserved = field.Spec{Name: "icmp.ext.res", Label: "Reserved", Bits: 12, Kind: field.Reserved, Ref: "RFC 4884, 7"}
	extSum      = field.Spec{Name: "icmp.ext.checksum", Label: "Checksum", Bits: 16, Kind: field.Hex, Class: field.Sum, Ref: "RFC 4884, 7"}
	extObject   = field.Spec{Name: "icmp.ext.object", Label: "Object", Kind: field.Group, Ref: "RFC 4884, 8"}
	extLength   = field.Spec{Name: "icmp.ext.length", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 4884, 8"}
	extClass    = field.Spec{Name: "icmp.ext.class", Label: "Class", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: field.Values{1: "MPLS Label Stack", 2: "Interface Information", 3: "Interface Identification"}, Ref: "RFC 4884, 8"}
	extType     = field.Spec{Name: "icmp.ext.ctype", Label: "C-Type", Bits: 8, Kind: field.Uint, Ref: "RFC 4884, 8"}
	extData     = field.Spec{Name: "icmp.ext.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 4884, 8"}

	mplsEntry = field.Spec{Name: "icmp.mpls", Label: "MPLS label stack entry", Kind: field.Group, Ref: "RFC 4950, 4"}
	mplsLabel = field.Spec{Name: "icmp.mpls.label", Label: "Label", Bits: 20, Kind: field.Uint, Ref: "RFC 3032, 2.1"}
	mplsExp   = field.Spec{Name: "icmp.mpls.exp", Label: "Experimental", Bits: 3, Kind: field.Uint, Ref: "RFC 3032, 2.1"}
	mplsStack = field.Spec{Name: "icmp.mpls.s", Label: "Stack bit", Bits: 1, Kind: field.Flag, Ref: "RFC 3032, 2.1"}
	mplsTTL   = field.Spec{Name: "icmp.mpls.ttl", Label: "Time to live", Bits: 8, Kind: field.Uint, Ref: "RFC 3032, 2.1"}

	// RFC 5837, 4.1: the C-Type of interface information says what the object has.
	infoType = field.Spec{Name: "icmp.ext.ctype", Label: "C-Type", Bits: 8, Kind: field.Uint, Ref: "RFC 5837, 4.1", Sub: []field.Spec{
		{Name: "icmp.int_info.role", Label: "Interface Role", Bits: 2, Kind: field.Uint, Values: field.Values{0: "interface that the packet came in by", 1: "sub-IP component of that interface", 2: "interface that the packet would have left by", 3: "next hop"}, Ref: "RFC 5837, 4.1"},
		{Name: "icmp.int_info.reserved", Label: "Reserved", Bits: 2, Kind: field.Reserved, Ref: "RFC 5837, 4.1"},
		{Name: "icmp.int_info.ifindex", Label: "ifIndex", Bits: 1, Kind: field.Flag, Ref: "RFC 5837, 4.1"},
		{Name: "icmp.int_info.ipaddr", Label: "IP Address", Bits: 1, Kind: field.Flag, Ref: "RFC 5837, 4.1"},
		{Name: "icmp.int_info.name_present", Label: "Interface Name", Bits: 1, Kind: field.Flag, Ref: "RFC 5837, 4.1"},
		{Name: "icmp.int_info.mtu_present", Label: "MTU", Bits: 1, Kind: field.Flag, Ref: "RFC 5837, 4.1"},
	}}
	infoIndex    = field.Spec{Name: "icmp.int_info.index", Label: "Interface Index", Bits: 32, Kind: field.Uint, Ref: "RFC 5837, 4.1"}
	infoFamily   = field.Spec{Name: "icmp.int_info.afi", Label: "Address Family Identifier", Bits: 16, Kind: field.Uint, Values: families, Ref: "RFC 5837, 4.2"}
	infoReserved = field.Spec{Name: "icmp.reserved", Label: "Reserved", Bits: 16, Kind: field.Reserved, Ref: "RFC 5837, 4.2"}
	infoIPv4     = field.Spec{Name: "icmp.int_info.ipv4", Label: "Source", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 5837, 4.2"}
	infoIPv6     = field.Spec{Name: "icmp.int_info.ipv6", Label: "Source", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 5837, 4.2"}
	infoNameLen  = field.Spec{Name: "icmp.int_info.name_length", Label: "Name Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5837, 4.3"}
	infoName     = field.Spec{Name: "icmp.int_info.name", Label: "Name", Kind: field.Text, Class: field.Name, Ref: "RFC 5837, 4.3"}
	infoMTU      = field.Spec{Name: "icmp.int_info.mtu", Label: "Maximum Transmission Unit", Bits: 32, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5837, 4.1"}

	identType     = field.Spec{Name: "icmp.ext.ctype", Label: "C-Type", Bits: 8, Kind: field.Uint, Values: field.Values{1: "by name", 2: "by index", 3: "by address"}, Ref: "RFC 8335, 2.1"}
	identName     = field.Spec{Name: "icmp.int_ident.name", Label: "Name", Kind: field.Text, Class: field.Name, Ref: "RFC 8335, 2.1"}
	identIndex    = field.Spec{Name: "icmp.int_ident.index", Label: "Interface Index", Bits: 32, Kind: field.Uint, Ref: "RFC 8335, 2.1"}
	identFamily   = field.Spec{Name: "icmp.int_ident.afi", Label: "Address Family Identifier", Bits: 16, Kind: field.Uint, Values: families, Ref: "RFC 8335, 2.1"}
	identLen      = field.Spec{Name: "icmp.int_ident.addr_length", Label: "Address Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8335, 2.1"}
	identReserved = field.Spec{Name: "icmp.int_ident.reserved", Label: "Reserved", Bits: 8, Kind: field.Reserved, Ref: "RFC 8335, 2.1"}
	identIPv4     = field.Spec{Name: "icmp.int_ident.ipv4", Label: "Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 8335, 2.1"}
	identIPv6     = field.Spec{Name: "icmp.int_ident.ipv6", Label: "Address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 8335, 2.1"}
	identAddr     = field.Spec{Name: "icmp.int_ident.address", Label: "Address", Kind: field.Bytes, Class: field.Address, Ref: "RFC 8335, 2.1"}
)

// families: IANA, "Address Family Numbers"
var families = field.Values{1: "IPv4", 2: "IPv6", 6: "802"}

// What extended echoes have behind their identifier. RFC 8335, 2 and 3
var (
	echoSeq       = field.Spec{Name: "icmp.ext.echo.seq", Label: "Sequence Number", Bits: 8, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 8335, 2"}
	echoReserved  = field.Spec{Name: "icmp.ext.echo.req.res", Label: "Reserved", Bits: 7, Kind: field.Reserved, Ref: "RFC 8335, 2"}
	echoLocal     = field.Spec{Name: "icmp.ext.echo.req.local", Label: "Local bit", Bits: 1, Kind: field.Flag, Ref: "RFC 8335, 2"}
	echoState     = field.Spec{Name: "icmp.ext.echo.rsp.state", Label: "State", Bits: 3, Kind: field.Uint, Values: field.Values{0: "Reserved", 1: "Incomplete", 2: "Reachable", 3: "Stale", 4: "Delay", 5: "Probe", 6: "Failed"}, Ref: "RFC 8335, 3"}
	echoReserved2 = field.Spec{Name: "icmp.ext.echo.rsp.res", Label: "Reserved", Bits: 2, Kind: field.Reserved, Ref: "RFC 8335, 3"}
	echoActive    = field.Spec{Name: "icmp.ext.echo.rsp.active", Label: "Active bit", Bits: 1, Kind: field.Flag, Ref: "RFC 8335, 3"}
	echoIPv4      = field.Spec{Name: "icmp.ext.echo.rsp.ipv4", Label: "IPv4 bit", Bits: 1, Kind: field.Flag, Ref: "RFC 8335, 3"}
	echoIPv6      = field.Spec{Name: "icmp.ext.echo.rsp.ipv6", Label: "IPv6 bit", Bits: 1, Kind: field.Flag, Ref: "RFC 8335, 3"}
)

func moreExtensions() []*field.Spec {
	return []*field.Spec{&extGroup, &extVersion, &extReserved, &extSum, &extObject, &extLength, &extClass, &extType, &extData,
		&mplsEntry, &mplsLabel, &mplsExp, &mplsStack, &mplsTTL,
		&infoType, &infoIndex, &infoFamily, &infoReserved, &infoIPv4, &infoIPv6, &infoNameLen, &infoName, &infoMTU,
		&identType, &identName, &identIndex, &identFamily, &identLen, &identReserved, &identIPv4, &identIPv6, &identAddr}
}

// originalLen returns the length attribute of the message in bytes, 0 when there is none. RFC 4884, 4
func originalLen(c *field.Context) int {
	if c.Start+6 > c.Limit {
		return 0
	}
	return 4 * int(c.Frame[c.Start+5])
}

// unusedAndLength adds the byte that nobody uses and the length, or two unused bytes. It tells
// whether it also added the two bytes behind them, which are unused with these.
func unusedAndLength(c *field.Context) bool {
	switch {
	case originalLen(c) > 0:
		c.Add(&unused8, 8)
		c.Add(&length, 8)
	case c.Frame[c.Start] == TypeUnreachable && c.Frame[c.Start+1] == CodeFragmentationNeeded:
		c.Add(&unused16, 16)
	default:
		c.Add(&unused, 32)
		return true
	}
	return false
}

// minQuote is what a quotation is padded to before an extension. RFC 4884, 5: "the 'original
// datagram' field MUST contain at least 128 octets".
const minQuote = 128

// quoteLen returns how many of the bytes at Pos are the quoted packet, or -1 when all are. In an
// extended echo request nothing is quoted.
func quoteLen(c *field.Context) int {
	rest := c.Rest()
	switch c.Frame[c.Start] {
	case 42:
		return 0
	case TypeUnreachable, TypeTimeExceeded, TypeParameterProblem:
	default:
		return -1
	}
	if n := originalLen(c); n > 0 && n < len(rest) {
		return n
	}
	// RFC 4884, 5.5: what does not say a length may still have an extension, behind 128 bytes;
	// a right checksum tells.
	if originalLen(c) == 0 && len(rest) >= minQuote+8 && isExtension(rest[minQuote:]) && c.Missing() == 0 {
		return minQuote
	}
	return -1
}

func isExtension(b []byte) bool {
	return b[0]>>4 == 2 && (b[2] == 0 && b[3] == 0 || sum.Partial(0).Add(b).Checksum() == 0)
}

// rear adds the extension structure behind the quotation.
func rear(c *field.Context) {
	start := c.Pos()
	group := c.Open(&extGroup)
	defer c.Close(group)
	c.Add(&extVersion, 4)
	c.Add(&extReserved, 12)
	i := c.Add(&extSum, 16)
	if c.Cut() {
		return
	}
	if b := c.Frame[start:c.Limit]; c.Missing() == 0 && !c.Quoted && b[2]|b[3] != 0 {
		if want := sum.Partial(0).Add(b[:2]).Add(b[4:]).Checksum(); want != binary.BigEndian.Uint16(b[2:]) {
			c.Fault(i, field.BadSum, uint32(want))
		}
	}
	for c.Pos() < c.Limit && !c.Cut() {
		extensionObject(c)
	}
}

func extensionObject(c *field.Context) {
	at := c.Pos()
	group := c.Open(&extObject)
	defer c.Close(group)
	length := c.Add(&extLength, 16)
	c.Add(&extClass, 8)
	if c.Cut() {
		return
	}
	class := c.Frame[at+2]
	switch class {
	case 2:
		c.Add(&infoType, 8)
	case 3:
		c.Add(&identType, 8)
	default:
		c.Add(&extType, 8)
	}
	if c.Cut() {
		return
	}
	typ, n := c.Frame[at+3], int(binary.BigEndian.Uint16(c.Frame[at:]))
	if n < 4 {
		c.Fault(length, field.TooShort, 0)
		n = c.Limit - at
	}
	stop := at + n
	if stop > c.Limit {
		if c.Missing() == 0 && !c.Quoted {
			c.Fault(length, field.Overrun, 0)
		}
		stop = c.Limit
	}
	switch class {
	case 1:
		for stop-c.Pos() >= 4 {
			entry := c.Open(&mplsEntry)
			for _, s := range []*field.Spec{&mplsLabel, &mplsExp, &mplsStack, &mplsTTL} {
				c.Add(s, s.Bits)
			}
			c.Close(entry)
		}
	case 2:
		interfaceInfo(c, typ, stop)
	case 3:
		interfaceIdent(c, typ, stop)
	}
	if n := stop - c.Pos(); n > 0 {
		c.AddBytes(&extData, n)
	}
}

// addIf adds a field when it ends before stop.
func addIf(c *field.Context, s *field.Spec, n, stop int) bool {
	if n <= 0 || c.Pos()+n > stop {
		return false
	}
	c.AddBytes(s, n)
	return true
}

// interfaceInfo adds what the C-Type says is there. RFC 5837, 4.1: "in this order".
func interfaceInfo(c *field.Context, typ byte, stop int) {
	if typ&8 != 0 && !addIf(c, &infoIndex, 4, stop) {
		return
	}
	if typ&4 != 0 {
		if stop-c.Pos() < 4 {
			return
		}
		family := c.Frame[c.Pos()+1]
		c.Add(&infoFamily, 16)
		c.Add(&infoReserved, 16)
		if !(family == 1 && addIf(c, &infoIPv4, 4, stop)) && !(family == 2 && addIf(c, &infoIPv6, 16, stop)) {
			return
		}
	}
	if typ&2 != 0 {
		if !addIf(c, &infoNameLen, 1, stop) {
			return
		}
		// RFC 5837, 4.3: the length counts itself.
		if n := int(c.Frame[c.Pos()-1]) - 1; n > 0 && !addIf(c, &infoName, n, stop) {
			return
		}
	}
	if typ&1 != 0 {
		addIf(c, &infoMTU, 4, stop)
	}
}

func interfaceIdent(c *field.Context, typ byte, stop int) {
	switch typ {
	case 1:
		addIf(c, &identName, stop-c.Pos(), stop)
	case 2:
		addIf(c, &identIndex, 4, stop)
	case 3:
		if stop-c.Pos() < 4 {
			return
		}
		family, n := c.Frame[c.Pos()+1], int(c.Frame[c.Pos()+2])
		c.Add(&identFamily, 16)
		c.Add(&identLen, 8)
		c.Add(&identReserved, 8)
		switch {
		case family == 1 && n == 4:
			addIf(c, &identIPv4, 4, stop)
		case family == 2 && n == 16:
			addIf(c, &identIPv6, 16, stop)
		default:
			addIf(c, &identAddr, n, stop)
		}
	}
}

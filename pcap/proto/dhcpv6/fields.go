package dhcpv6

import "httptap/stack/field"

// Ports of UDP. RFC 8415, 7.2
const (
	ClientPort = 546
	ServerPort = 547
)

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "dhcpv6", Label: "Dynamic Host Configuration Protocol for IPv6", Kind: field.Layer, Ref: "RFC 8415, 8"},
	Title: "DHCPv6 [RFC8415]",
	Tail:  func(c *field.Context) { message(c, c.Limit, 0) },
	More:  more,
	Check: func(c *field.Context) { c.Limit = c.Pos() },
}

// The messages of relay agents. RFC 8415, 7.3
const (
	relayForward = 12
	relayReply   = 13
)

var messages = field.Values{1: "Solicit", 2: "Advertise", 3: "Request", 4: "Confirm", 5: "Renew", 6: "Rebind", 7: "Reply", 8: "Release", 9: "Decline", 10: "Reconfigure",
	11: "Information-request", relayForward: "Relay-forw", relayReply: "Relay-reply", 14: "Leasequery", 15: "Leasequery-reply", 16: "Leasequery-done", 17: "Leasequery-data",
	18: "Reconfigure-request", 19: "Reconfigure-reply", 20: "DHCPv4-query", 21: "DHCPv4-response"}

var (
	msgType  = field.Spec{Name: "dhcpv6.msgtype", Label: "Message type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: messages, Ref: "RFC 8415, 8"}
	xid      = field.Spec{Name: "dhcpv6.xid", Label: "Transaction ID", Bits: 24, Kind: field.Hex, Ref: "RFC 8415, 8"}
	hopCount = field.Spec{Name: "dhcpv6.hopcount", Label: "Hopcount", Bits: 8, Kind: field.Uint, Ref: "RFC 8415, 9.1"}
	linkAddr = field.Spec{Name: "dhcpv6.linkaddr", Label: "Link address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 8415, 9.1"}
	peerAddr = field.Spec{Name: "dhcpv6.peeraddr", Label: "Peer address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 8415, 9.1"}
	relayed  = field.Spec{Name: "dhcpv6.relayed", Label: "Relayed message", Kind: field.Group, Ref: "RFC 8415, 21.10"}

	option    = field.Spec{Name: "dhcpv6.option.type_str", Label: "Option", Kind: field.Custom, Ref: "RFC 8415, 21.1", Format: formatName}
	optType   = field.Spec{Name: "dhcpv6.option.type", Label: "Code", Bits: 16, Kind: field.Uint, Values: optionNames, Ref: "RFC 8415, 21.1"}
	optLen    = field.Spec{Name: "dhcpv6.option.length", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8415, 21.1"}
	optData   = field.Spec{Name: "dhcpv6.option.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 8415, 21.1"}
	undecoded = field.Spec{Name: "dhcpv6.undecoded", Label: "Undecoded", Kind: field.Payload, Ref: "RFC 8415, 8"}
)

var (
	unknownType = &field.Fault{Name: "dhcpv6.msgtype.unknown", Label: "no message that the protocol has", Severity: field.Error}
	tooManyHops = &field.Fault{Name: "dhcpv6.hopcount.limit", Label: "over the limit of 8 relay agents", Severity: field.Warn}
	overrun     = &field.Fault{Name: "dhcpv6.option.length.overrun", Label: "this length reaches past the end of what is around it", Severity: field.Error}
	badLength   = &field.Fault{Name: "dhcpv6.option.length.invalid", Label: "this length is not one that the option can have", Severity: field.Error}
	cutOption   = &field.Fault{Name: "dhcpv6.option.cut", Label: "too few bytes for an option", Severity: field.Error}
	badName     = &field.Fault{Name: "dhcpv6.name.invalid", Label: "no domain name: a label reaches past the end, or is compressed", Severity: field.Error}
)

// maxHops: RFC 8415, 7.6: "HOP_COUNT_LIMIT 8".
const maxHops = 8

// maxDepth bounds what lies in each other.
const maxDepth = 12

// message adds a message that ends at byte end.
func message(c *field.Context, end, depth int) {
	start := c.Pos()
	t := c.Add(&msgType, 8)
	if c.Cut() {
		return
	}
	switch typ := c.Frame[start]; {
	case typ == relayForward || typ == relayReply:
		h := c.Add(&hopCount, 8)
		c.Add(&linkAddr, 128)
		c.Add(&peerAddr, 128)
		if !c.Cut() && c.Frame[start+1] > maxHops {
			c.Fault(h, tooManyHops, 0)
		}
	default:
		if messages[uint64(typ)] == "" {
			c.Fault(t, unknownType, 0)
		}
		c.Add(&xid, 24)
	}
	options(c, end, depth, start)
}

// options adds options up to byte end. message is the byte where theirs begins.
func options(c *field.Context, end, depth, message int) {
	for c.Pos() < end && !c.Cut() {
		oneOption(c, end, depth, message)
	}
}

func oneOption(c *field.Context, end, depth, message int) {
	start := c.Pos()
	if depth > maxDepth {
		c.Fault(c.AddBytes(&undecoded, end-start), field.TooDeep, 0)
		return
	}
	lacks := c.Missing() > 0 || c.Quoted
	if end-start < 4 && !(lacks && end == c.Limit) {
		c.Fault(c.AddBytes(&undecoded, end-start), cutOption, 0)
		return
	}
	group := c.Open(&option)
	defer c.Close(group)
	c.Add(&optType, 16)
	l := c.Add(&optLen, 16)
	if c.Cut() {
		return
	}
	h := c.Frame[start:]
	code, n := int(h[0])<<8|int(h[1]), int(h[2])<<8|int(h[3])
	if n > end-c.Pos() {
		if lacks && end == c.Limit {
			c.AddBytes(&optData, n) // which cuts the layer
			return
		}
		c.Fault(l, overrun, 0)
		n = end - c.Pos()
	}
	stop := c.Pos() + n
	if s := shapes[code]; s != nil && !s.add(c, stop, depth, message) {
		c.Fault(l, badLength, 0)
	}
	if rest := stop - c.Pos(); rest > 0 && !c.Cut() {
		c.AddBytes(&optData, rest)
	}
}

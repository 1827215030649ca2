package ntp

import (
	"encoding/binary"

	"httptap/stack/field"
)

// control is what follows the flags in mode 6. RFC 9327, 2
var control = [...]field.Spec{
	{Name: "ntp.ctrl.flags2", Label: "Flags 2", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 9327, 2", Sub: []field.Spec{
		{Name: "ntp.ctrl.flags2.r", Label: "Response bit", Bits: 1, Kind: field.Flag, Class: field.Operation, Ref: "RFC 9327, 2"},
		{Name: "ntp.ctrl.flags2.error", Label: "Error bit", Bits: 1, Kind: field.Flag, Class: field.Operation, Ref: "RFC 9327, 2"},
		{Name: "ntp.ctrl.flags2.more", Label: "More bit", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 9327, 2"},
		{Name: "ntp.ctrl.flags2.opcode", Label: "Opcode", Bits: 5, Kind: field.Uint, Class: field.Operation, Values: Opcodes, Ref: "RFC 9327, 2"},
	}},
	{Name: "ntp.ctrl.sequence", Label: "Sequence", Bits: 16, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 9327, 2"},
	{Name: "ntp.ctrl.status", Label: "Status", Bits: 16, Kind: field.Hex, Ref: "RFC 9327, 3"},
	{Name: "ntp.ctrl.associd", Label: "AssociationID", Bits: 16, Kind: field.Uint, Ref: "RFC 9327, 2"},
	{Name: "ntp.ctrl.offset", Label: "Offset", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 9327, 2"},
	{Name: "ntp.ctrl.count", Label: "Count", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 9327, 2"},
}

// Opcodes names the operations of control messages. RFC 9327, 2
var Opcodes = field.Values{
	0: "reserved", 1: "read status", 2: "read variables", 3: "write variables", 4: "read clock variables", 5: "write clock variables",
	6: "set trap address/port", 7: "trap response", 8: "runtime configuration", 9: "export configuration", 10: "retrieve remote address statistics",
	11: "retrieve ordered list", 12: "request client-specific nonce", 31: "unset trap address/port",
}

var (
	specControlData  = field.Spec{Name: "ntp.ctrl.data", Label: "Data", Kind: field.Group, Ref: "RFC 9327, 2"}
	specControlText  = field.Spec{Name: "ntp.ctrl.text", Label: "Text", Kind: field.Text, Ref: "RFC 9327, 2"}
	specControlItem  = field.Spec{Name: "ntp.ctrl.item", Label: "Association", Kind: field.Group, Ref: "RFC 9327, 4"}
	specVariable     = field.Spec{Name: "ntp.ctrl.variable", Label: "Variable", Kind: field.Text, Ref: "RFC 9327, 4"}
	specControlComma = field.Spec{Name: "ntp.ctrl.separator", Label: "Separator", Kind: field.Padding, Ref: "RFC 9327, 4"}
	specControlPad   = field.Spec{Name: "ntp.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 9327, 2"}
)

// private is the whole header of mode 7, whose first byte has no leap indicator. It was never
// published; ntpd's ntp_request.h defines it.
var private = [...]field.Spec{
	{Name: "ntp.flags", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Sub: []field.Spec{
		{Name: "ntp.priv.flags.r", Label: "Response bit", Bits: 1, Kind: field.Flag, Class: field.Operation},
		{Name: "ntp.priv.flags.more", Label: "More bit", Bits: 1, Kind: field.Flag, Class: field.Flags},
		{Name: "ntp.flags.vn", Label: "Version number", Bits: 3, Kind: field.Uint},
		{Name: "ntp.flags.mode", Label: "Mode", Bits: 3, Kind: field.Uint, Class: field.Operation, Values: Modes},
	}},
	{Name: "ntp.priv.auth_seq", Label: "Auth, sequence", Bits: 8, Kind: field.Hex, Sub: []field.Spec{
		{Name: "ntp.priv.auth", Label: "Auth bit", Bits: 1, Kind: field.Flag},
		{Name: "ntp.priv.seq", Label: "Sequence number", Bits: 7, Kind: field.Uint, Class: field.Sequence},
	}},
	{Name: "ntp.priv.impl", Label: "Implementation", Bits: 8, Kind: field.Uint},
	{Name: "ntp.priv.reqcode", Label: "Request code", Bits: 8, Kind: field.Uint, Class: field.Operation},
	{Name: "ntp.priv.err", Label: "Err", Bits: 4, Kind: field.Hex},
	{Name: "ntp.priv.numitems", Label: "Number of data items", Bits: 12, Kind: field.Uint, Class: field.Length},
	{Name: "ntp.priv.reserved", Label: "Reserved", Bits: 4, Kind: field.Reserved},
	{Name: "ntp.priv.itemsize", Label: "Size of data item", Bits: 12, Kind: field.Uint, Class: field.Length, Unit: "bytes"},
}

var specPrivateData = field.Spec{Name: "ntp.priv.data", Label: "Data", Kind: field.Bytes}

// The status word's meaning depends on who answers what. RFC 9327, 3
const (
	statusSystem = iota
	statusPeer
	statusClock
	statusError
)

func status(parts ...field.Spec) field.Spec {
	for i := range parts {
		parts[i].Ref = "RFC 9327, 3"
	}
	return field.Spec{Name: "ntp.ctrl.status", Label: "Status", Bits: 16, Kind: field.Hex, Ref: "RFC 9327, 3", Sub: parts}
}

var statusWords = [...]field.Spec{
	statusSystem: status(
		field.Spec{Name: "ntp.ctrl.sys_status.li", Label: "Leap Indicator", Bits: 2, Kind: field.Uint, Values: Leaps},
		field.Spec{Name: "ntp.ctrl.sys_status.clksrc", Label: "Clock Source", Bits: 6, Kind: field.Uint, Values: field.Values{0: "unspecified or unknown", 1: "Calibrated atomic clock", 2: "VLF or LF radio", 3: "HF radio", 4: "UHF radio or satellite", 5: "Local net", 6: "NTP", 7: "UDP/TIME", 8: "wristwatch", 9: "telephone modem"}},
		field.Spec{Name: "ntp.ctrl.sys_status.count", Label: "System Event Counter", Bits: 4, Kind: field.Uint},
		field.Spec{Name: "ntp.ctrl.sys_status.code", Label: "System Event Code", Bits: 4, Kind: field.Uint, Values: field.Values{0: "unspecified", 1: "frequency not set", 2: "frequency set", 3: "spike", 4: "frequency mode", 5: "clock sync", 6: "restart", 7: "panic stop", 8: "no system peer", 9: "leap second armed", 10: "leap second disarmed", 11: "leap event", 12: "clock step", 13: "kernel", 14: "leap seconds values updated", 15: "stale leap second values"}},
	),
	statusPeer: status(
		field.Spec{Name: "ntp.ctrl.peer_status.config", Label: "Peer is configured", Bits: 1, Kind: field.Flag},
		field.Spec{Name: "ntp.ctrl.peer_status.authenable", Label: "Peer authentication is enabled", Bits: 1, Kind: field.Flag},
		field.Spec{Name: "ntp.ctrl.peer_status.authentic", Label: "Peer authentication is ok", Bits: 1, Kind: field.Flag},
		field.Spec{Name: "ntp.ctrl.peer_status.reach", Label: "Peer reachability is ok", Bits: 1, Kind: field.Flag},
		field.Spec{Name: "ntp.ctrl.peer_status.bcast", Label: "Broadcast association", Bits: 1, Kind: field.Flag},
		field.Spec{Name: "ntp.ctrl.peer_status.selection", Label: "Peer Selection", Bits: 3, Kind: field.Uint, Values: field.Values{0: "rejected", 1: "false tick", 2: "excess", 3: "outlier", 4: "candidate", 5: "backup", 6: "system peer", 7: "PPS peer"}},
		field.Spec{Name: "ntp.ctrl.peer_status.count", Label: "Peer Event Counter", Bits: 4, Kind: field.Uint},
		field.Spec{Name: "ntp.ctrl.peer_status.code", Label: "Peer Event Code", Bits: 4, Kind: field.Uint},
	),
	statusClock: status(
		field.Spec{Name: "ntp.ctrl.clock_status.status", Label: "Clock Status", Bits: 8, Kind: field.Uint},
		field.Spec{Name: "ntp.ctrl.clock_status.code", Label: "Clock Event Code", Bits: 8, Kind: field.Uint},
	),
	statusError: status(
		field.Spec{Name: "ntp.ctrl.err_status", Label: "Error Code", Bits: 8, Kind: field.Uint, Values: field.Values{0: "unspecified", 1: "authentication failure", 2: "invalid message length or format", 3: "invalid opcode", 4: "unknown association identifier", 5: "unknown variable name", 6: "invalid variable value", 7: "administratively prohibited"}},
		field.Spec{Name: "ntp.ctrl.err_reserved", Label: "Reserved", Bits: 8, Kind: field.Reserved},
	),
}

// statusOf returns how the status word of a response reads, the plain one for a request.
func statusOf(c *field.Context) *field.Spec {
	flags := c.Frame[c.Start+1]
	switch op := flags & 31; {
	case flags&0x80 == 0:
		return &control[2]
	case flags&0x40 != 0:
		return &statusWords[statusError]
	case (op == 1 || op == 2) && binary.BigEndian.Uint16(c.Frame[c.Start+6:]) == 0:
		return &statusWords[statusSystem]
	case op == 1 || op == 2:
		return &statusWords[statusPeer]
	case op == 4 || op == 5:
		return &statusWords[statusClock]
	}
	return &control[2]
}

// controlTail appends the rest of a control message: data, padding to a multiple of 4 bytes,
// authenticator.
func controlTail(c *field.Context) {
	for k := range control {
		s := &control[k]
		if k == 2 && c.Start+8 <= c.Limit {
			s = statusOf(c)
		}
		c.Add(s, s.Bits)
	}
	if c.Cut() {
		return
	}
	count := int(binary.BigEndian.Uint16(c.Frame[c.Pos()-2:]))
	n := left(c)
	if count > n {
		c.Fault(c.Find(&control[len(control)-1]), field.Overrun, 0)
		count = n
	}
	if count > 0 {
		controlData(c, count)
	}
	if pad := min(-count&3, n-count); pad > 0 {
		c.AddBytes(&specControlPad, pad)
	}
	if !c.Cut() {
		authenticator(c)
	}
}

// controlData appends what the operation has: a list of associations, a list of variables, text.
func controlData(c *field.Context, count int) {
	group := c.Open(&specControlData)
	defer c.Close(group)
	rest := c.Rest()
	switch op, system := c.Frame[c.Start+1]&31, binary.BigEndian.Uint16(c.Frame[c.Start+6:]) == 0; {
	case c.Missing() > 0 && count > len(rest):
		c.AddBytes(&specControlText, count) // cut, and marked so
	case op == 1 && system && count%4 == 0 && c.Frame[c.Start+1]&0x80 != 0:
		for ; count > 0; count -= 4 {
			item := c.Open(&specControlItem)
			c.Add(&control[3], 16)
			c.Add(&statusWords[statusPeer], 16)
			c.Close(item)
		}
	case op >= 1 && op <= 5:
		list := rest[:count]
		for len(list) > 0 {
			n := 0
			for n < len(list) && list[n] != ',' && list[n] != '\r' && list[n] != '\n' {
				n++
			}
			if n > 0 {
				c.AddBytes(&specVariable, n)
			}
			gap := n
			for gap < len(list) && (list[gap] == ',' || list[gap] == ' ' || list[gap] == '\r' || list[gap] == '\n') {
				gap++
			}
			if gap > n {
				c.AddBytes(&specControlComma, gap-n)
			}
			list = list[gap:]
		}
	default:
		c.AddBytes(&specControlText, count)
	}
}

// monitor is an item of the list of who asked lately, which ntpd stopped to give. ntp_request.h
var monitor = [...]field.Spec{
	{Name: "ntp.priv.monlist.avgint", Label: "avgint", Bits: 32, Kind: field.Uint, Unit: "s"},
	{Name: "ntp.priv.monlist.lsint", Label: "lsint", Bits: 32, Kind: field.Uint, Unit: "s"},
	{Name: "ntp.priv.monlist.restr", Label: "restr", Bits: 32, Kind: field.Hex},
	{Name: "ntp.priv.monlist.count", Label: "count", Bits: 32, Kind: field.Uint},
	{Name: "ntp.priv.monlist.remote_address", Label: "remote address", Bits: 32, Kind: field.IPv4, Class: field.Address},
	{Name: "ntp.priv.monlist.local_address", Label: "local address", Bits: 32, Kind: field.IPv4, Class: field.Address},
	{Name: "ntp.priv.monlist.flags", Label: "flags", Bits: 32, Kind: field.Hex},
	{Name: "ntp.priv.monlist.port", Label: "port", Bits: 16, Kind: field.Uint, Class: field.Port},
	{Name: "ntp.priv.monlist.mode", Label: "mode", Bits: 8, Kind: field.Uint, Values: Modes},
	{Name: "ntp.priv.monlist.version", Label: "version", Bits: 8, Kind: field.Uint},
	{Name: "ntp.priv.monlist.ipv6", Label: "ipv6", Bits: 32, Kind: field.Hex},
	{Name: "ntp.priv.monlist.unused", Label: "unused", Bits: 32, Kind: field.Reserved},
	{Name: "ntp.priv.monlist.addr6", Label: "address", Bits: 128, Kind: field.IPv6, Class: field.Address},
	{Name: "ntp.priv.monlist.daddr6", Label: "local address", Bits: 128, Kind: field.IPv6, Class: field.Address},
}

var (
	specItem     = field.Spec{Name: "ntp.priv.mode7.item", Label: "Item", Kind: field.Group}
	specItemRest = field.Spec{Name: "ntp.priv.item", Label: "Item's data", Kind: field.Bytes}
)

const (
	requestMonitor = 42
	monitorIPv6    = 12 // where the addresses of IPv6 are in monitor
)

// privateTail appends the header of mode 7 and its items.
func privateTail(c *field.Context) {
	addAll(c, private[:])
	n := left(c)
	if n == 0 {
		return
	}
	h := c.Frame[c.Start:]
	items, each := int(binary.BigEndian.Uint16(h[4:])&0xfff), int(binary.BigEndian.Uint16(h[6:])&0xfff)
	if each > 0 && c.Missing() == 0 {
		for ; items > 0 && each <= n; items-- {
			group := c.Open(&specItem)
			stop := c.Pos() + each
			if h[3] == requestMonitor && h[0]&0x80 != 0 {
				for k := range monitor {
					if k == monitorIPv6 && binary.BigEndian.Uint32(c.Frame[c.Pos()-8:]) == 0 {
						break // the addresses before are IPv4's
					}
					if c.Pos()+monitor[k].Bits/8 <= stop {
						c.Add(&monitor[k], monitor[k].Bits)
					}
				}
			}
			if rest := stop - c.Pos(); rest > 0 {
				c.AddBytes(&specItemRest, rest)
			}
			c.Close(group)
			n -= each
		}
	}
	if n > 0 {
		c.AddBytes(&specPrivateData, n)
	}
}

package stp

import (
	"bytes"

	"httptap/stack/field"
)

const (
	refMSTP = "IEEE 802.1Q, 14.4"
	refSPT  = "IEEE 802.1Q, 28.12"
)

var version3 = field.Spec{Name: "mstp.version_3_length", Label: "Version 3 Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: refMSTP}

// configuration says of which region a bridge is. IEEE 802.1Q, 13.8
var configuration = [...]field.Spec{
	{Name: "mstp.config_format_selector", Label: "MST Config ID format selector", Bits: 8, Kind: field.Uint, Ref: "IEEE 802.1Q, 13.8"},
	{Name: "mstp.config_name", Label: "MST Config name", Bits: 256, Kind: field.Custom, Class: field.Name, Format: name, Ref: "IEEE 802.1Q, 13.8"},
	{Name: "mstp.config_revision_level", Label: "MST Config revision", Bits: 16, Kind: field.Uint, Ref: "IEEE 802.1Q, 13.8"},
	{Name: "mstp.config_digest", Label: "MST Config digest", Bits: 128, Kind: field.Bytes, Ref: "IEEE 802.1Q, 13.8"},
}

// common3 is the common and internal tree's part.
var common3 = [...]field.Spec{
	{Name: "mstp.cist_internal_root_path_cost", Label: "CIST Internal Root Path Cost", Bits: 32, Kind: field.Uint, Ref: refMSTP},
	{Name: "mstp.cist_bridge.prio", Label: "CIST Bridge Priority", Bits: 4, Kind: field.Uint, Scale: 4096, Ref: refMSTP},
	{Name: "mstp.cist_bridge.ext", Label: "CIST Bridge Identifier System ID Extension", Bits: 12, Kind: field.Uint, Ref: refMSTP},
	{Name: "mstp.cist_bridge.hw", Label: "CIST Bridge Identifier System ID", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: refMSTP},
	{Name: "mstp.cist_remaining_hops", Label: "CIST Remaining hops", Bits: 8, Kind: field.Uint, Ref: refMSTP},
}

var instance = field.Spec{Name: "mstp.msti", Label: "MSTI", Kind: field.Group, Ref: refMSTP}

// instanceFields is one tree instance's message.
var instanceFields = [...]field.Spec{
	{Name: "mstp.msti.flags", Label: "MSTI flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: refMSTP, Sub: rapidBits[:]},
	{Name: "mstp.msti.priority", Label: "Priority", Bits: 4, Kind: field.Hex, Ref: refMSTP},
	{Name: "mstp.msti.msti_id", Label: "MSTID", Bits: 12, Kind: field.Uint, Ref: refMSTP},
	{Name: "mstp.msti.root.hw", Label: "Regional Root", Bits: 48, Kind: field.MAC, Class: field.Address, Ref: refMSTP},
	{Name: "mstp.msti.root_cost", Label: "Internal root path cost", Bits: 32, Kind: field.Uint, Ref: refMSTP},
	{Name: "mstp.msti.bridge_priority", Label: "Bridge Identifier Priority", Bits: 4, Kind: field.Uint, Ref: refMSTP},
	{Name: "mstp.msti.reserved", Label: "Reserved", Bits: 4, Kind: field.Reserved, Ref: refMSTP},
	{Name: "mstp.msti.port_priority", Label: "Port identifier priority", Bits: 4, Kind: field.Uint, Ref: refMSTP},
	{Name: "mstp.msti.reserved", Label: "Reserved", Bits: 4, Kind: field.Reserved, Ref: refMSTP},
	{Name: "mstp.msti.remaining_hops", Label: "Remaining hops", Bits: 8, Kind: field.Uint, Ref: refMSTP},
}

var version4 = field.Spec{Name: "mstp.version_4_length", Label: "Version 4 Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: refSPT}

// agreement follows another configuration.
var agreement = [...]field.Spec{
	{Name: "mstp.agree_flags.reserved", Label: "Reserved", Bits: 2, Kind: field.Reserved, Ref: refSPT},
	{Name: "mstp.agree_flags.rest_role", Label: "Restricted Role", Bits: 1, Kind: field.Flag, Ref: refSPT},
	{Name: "mstp.agree_flags.agreement_valid", Label: "Agreement Valid Flag", Bits: 1, Kind: field.Flag, Ref: refSPT},
	{Name: "mstp.agree_flags.dagreement_num", Label: "Disagreement Number", Bits: 2, Kind: field.Uint, Ref: refSPT},
	{Name: "mstp.agree_flags.agreement_num", Label: "Agreement Number", Bits: 2, Kind: field.Uint, Ref: refSPT},
	{Name: "mstp.agree_flags.reserved", Label: "Reserved", Bits: 8, Kind: field.Reserved, Ref: refSPT},
	{Name: "bpdu.agreement_digest_format_id", Label: "Agreement Digest Format Id", Bits: 4, Kind: field.Uint, Ref: refSPT},
	{Name: "bpdu.agreement_digest_format_capabilities", Label: "Agreement Digest Format Capabilities", Bits: 4, Kind: field.Uint, Ref: refSPT},
	{Name: "bpdu.agreement_digest_convention_id", Label: "Agreement Digest Convention Id", Bits: 4, Kind: field.Uint, Ref: refSPT},
	{Name: "bpdu.agreement_digest_convention_capabilities", Label: "Agreement Digest Convention Capabilities", Bits: 4, Kind: field.Uint, Ref: refSPT},
	{Name: "bpdu.agreement_digest_edge_count", Label: "Agreement Digest Edge Count", Bits: 16, Kind: field.Uint, Ref: refSPT},
	{Name: "bpdu.agreement_digest_reserved", Label: "Reserved", Bits: 64, Kind: field.Reserved, Ref: refSPT},
	{Name: "mstp.agreement_digest", Label: "Agreement Digest", Bits: 160, Kind: field.Bytes, Ref: refSPT},
}

var rest = field.Spec{Name: "mstp.undecoded", Label: "Undecoded", Kind: field.Bytes, Ref: refMSTP}

var (
	lengthBad = &field.Fault{Name: "mstp.length.bad", Label: "not 64 bytes and 16 for each tree instance", Severity: field.Warn}
	hopsGone  = &field.Fault{Name: "mstp.hops.exhausted", Label: "no hop is left: the information is to be discarded", Severity: field.Note}
)

// Lengths in bytes. IEEE 802.1Q, 14.4
const (
	commonLen   = 64
	instanceLen = 16
)

func moreTrees() []*field.Spec {
	list := []*field.Spec{&version3, &instance, &version4, &rest}
	for _, table := range [][]field.Spec{configuration[:], common3[:], instanceFields[:], agreement[:]} {
		list = append(list, field.Pointers(table)...)
	}
	return list
}

// trees adds what multiple spanning trees have, and behind it what shortest path trees have.
func trees(c *field.Context, version byte) {
	l := c.Add(&version3, 16)
	if c.Cut() {
		return
	}
	n := int(c.Frame[c.Pos()-2])<<8 | int(c.Frame[c.Pos()-1])
	switch {
	case n == 0:
		return
	case n < commonLen || (n-commonLen)%instanceLen != 0:
		// Such a length says nothing of what follows: as many instances as there is room for.
		c.Fault(l, lengthBad, 0)
		n = commonLen + max(len(c.Rest())-commonLen, 0)/instanceLen*instanceLen
	case n > len(c.Rest()) && c.Missing() == 0:
		c.Fault(l, field.Overrun, 0)
	}
	end := c.Pos() + n
	table(c, configuration[:])
	table(c, common3[:])
	if !c.Cut() && c.Frame[c.Pos()-1] == 0 {
		c.Fault(c.Find(&common3[4]), hopsGone, 0)
	}
	for c.Pos() < end && !c.Cut() && len(c.Rest()) > 0 {
		group := c.Open(&instance)
		table(c, instanceFields[:])
		c.Close(group)
	}
	if version < versionShortest || len(c.Rest()) < 2 || c.Cut() {
		return
	}
	l = c.Add(&version4, 16)
	n = int(c.Frame[c.Pos()-2])<<8 | int(c.Frame[c.Pos()-1])
	switch {
	case n > len(c.Rest()) && c.Missing() == 0:
		c.Fault(l, field.Overrun, 0)
	case n == 0:
		return
	}
	end = c.Pos() + n
	table(c, configuration[:])
	table(c, agreement[:])
	if end = min(end, c.Limit); c.Pos() < end && !c.Cut() {
		c.AddBytes(&rest, end-c.Pos())
	}
}

func table(c *field.Context, t []field.Spec) {
	for i := range t {
		c.Add(&t[i], t[i].Bits)
	}
}

// name prints a name without the zero bytes that fill it up.
func name(dst, msg []byte, off, n int) []byte {
	return field.AppendQuoted(dst, bytes.TrimRight(msg[off:off+n], "\x00"))
}

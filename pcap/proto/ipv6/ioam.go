package ipv6

import "httptap/stack/field"

const refIOAM = "RFC 9197, 4.4.1"

// ioamHead begins every IOAM option. RFC 9486, 3
var ioamHead = [...]field.Spec{
	{Name: "ipv6.opt.ioam.rsv", Label: "Reserved", Bits: 8, Kind: field.Reserved, Ref: "RFC 9486, 3"},
	{Name: "ipv6.opt.ioam.opt_type", Label: "Option-Type", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Pre-allocated Trace", 1: "Incremental Trace", 2: "Proof of Transit", 3: "Edge to Edge"}, Ref: "RFC 9197, 4.1"},
}

// traceHead begins a trace of the nodes on the way.
var traceHead = [...]field.Spec{
	{Name: "ipv6.opt.ioam.trace.ns", Label: "Namespace ID", Bits: 16, Kind: field.Uint, Ref: refIOAM},
	{Name: "ipv6.opt.ioam.trace.nodelen", Label: "Node Length", Bits: 5, Kind: field.Uint, Class: field.Length, Ref: refIOAM},
	{Name: "ipv6.opt.ioam.trace.flags", Label: "Flags", Bits: 4, Kind: field.Hex, Ref: refIOAM, Sub: []field.Spec{
		{Name: "ipv6.opt.ioam.trace.flag.o", Label: "Overflow", Bits: 1, Kind: field.Flag, Ref: refIOAM},
		{Name: "ipv6.opt.ioam.trace.flag.l", Label: "Loopback", Bits: 1, Kind: field.Flag, Ref: refIOAM},
		{Name: "ipv6.opt.ioam.trace.flag.a", Label: "Active", Bits: 1, Kind: field.Flag, Ref: refIOAM},
		{Name: "ipv6.opt.ioam.trace.flag.rsv", Label: "Reserved", Bits: 1, Kind: field.Flag, Ref: refIOAM},
	}},
	{Name: "ipv6.opt.ioam.trace.remlen", Label: "Remaining Length", Bits: 7, Kind: field.Uint, Class: field.Length, Ref: refIOAM},
	{Name: "ipv6.opt.ioam.trace.type", Label: "Trace Type", Bits: 24, Kind: field.Hex, Ref: refIOAM, Sub: []field.Spec{
		traceBit("bit0", "Hop_Lim and Node ID (short)"), traceBit("bit1", "Ingress and Egress IDs (short)"), traceBit("bit2", "Timestamp seconds"),
		traceBit("bit3", "Timestamp fraction"), traceBit("bit4", "Transit delay"), traceBit("bit5", "IOAM-Namespace specific data (short)"),
		traceBit("bit6", "Queue depth"), traceBit("bit7", "Checksum complement"), traceBit("bit8", "Hop_Lim and Node ID (wide)"),
		traceBit("bit9", "Ingress and Egress IDs (wide)"), traceBit("bit10", "IOAM-Namespace specific data (wide)"), traceBit("bit11", "Buffer occupancy"),
		{Name: "ipv6.opt.ioam.trace.type.undef", Label: "Undefined", Bits: 10, Kind: field.Hex, Ref: refIOAM},
		traceBit("bit22", "Opaque State Snapshot"), traceBit("rsv", "Reserved"),
	}},
	{Name: "ipv6.opt.ioam.trace.rsv", Label: "Reserved", Bits: 8, Kind: field.Reserved, Ref: refIOAM},
}

func traceBit(name, label string) field.Spec {
	return field.Spec{Name: "ipv6.opt.ioam.trace.type." + name, Label: label, Bits: 1, Kind: field.Flag, Ref: refIOAM}
}

var (
	freeSpace = field.Spec{Name: "ipv6.opt.ioam.trace.free_space", Label: "Free space", Kind: field.Bytes, Ref: refIOAM}
	traceNode = field.Spec{Name: "ipv6.opt.ioam.trace.node", Label: "Trace Data", Kind: field.Group, Ref: "RFC 9197, 4.4.2"}
	undefined = nodeField("undefined", "Undefined bit", 32)
	ossLen    = field.Spec{Name: "ipv6.opt.ioam.trace.node.oss.len", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 9197, 4.4.2.13"}
	ossSchema = nodeField("oss.scid", "Schema ID", 24)
	ossData   = field.Spec{Name: "ipv6.opt.ioam.trace.node.oss.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 9197, 4.4.2.13"}
)

// nodeFields has what a node writes for each bit of the trace's type, from bit 0 on. RFC 9197, 4.4.2
var nodeFields = [...][]field.Spec{
	{nodeHops, nodeField("id", "ID", 24)},
	{nodeField("iif", "Ingress ID", 16), nodeField("eif", "Egress ID", 16)},
	{nodeField("tss", "Timestamp Seconds", 32)},
	{nodeField("tsf", "Timestamp Fraction", 32)},
	{nodeField("trdelay", "Transit Delay", 32)},
	{nodeField("nsdata", "Namespace Data (short)", 32)},
	{nodeField("qdepth", "Queue Depth", 32)},
	{nodeField("csum", "Checksum Complement", 32)},
	{nodeHops, nodeField("id_wide", "ID", 56)},
	{nodeField("iif_wide", "Ingress ID", 32), nodeField("eif_wide", "Egress ID", 32)},
	{nodeField("nsdata_wide", "Namespace Data (wide)", 64)},
	{nodeField("bufoccup", "Buffer Occupancy", 32)},
}

var nodeHops = field.Spec{Name: "ipv6.opt.ioam.trace.node.hlim", Label: "Hop Limit", Bits: 8, Kind: field.Uint, Ref: "RFC 9197, 4.4.2.1"}

func nodeField(name, label string, bits int) field.Spec {
	return field.Spec{Name: "ipv6.opt.ioam.trace.node." + name, Label: label, Bits: bits, Kind: field.Hex, Ref: "RFC 9197, 4.4.2"}
}

var (
	badNodeLen = &field.Fault{Name: "ipv6.opt.ioam.trace.invalid_type", Label: "the trace type asks for another length", Severity: field.Error}
	badRemLen  = &field.Fault{Name: "ipv6.opt.ioam.trace.invalid_remlen", Label: "more than there is in the option", Severity: field.Error}
)

func moreIOAM() []*field.Spec {
	list := []*field.Spec{&freeSpace, &traceNode, &undefined, &ossLen, &ossSchema, &ossData}
	list = append(append(list, field.Pointers(ioamHead[:])...), field.Pointers(traceHead[:])...)
	for i := range nodeFields {
		list = append(list, field.Pointers(nodeFields[i])...)
	}
	return list
}

// ioam adds in situ measurements: a trace of nodes, field by field; of others the head.
func ioam(c *field.Context, stop int) {
	if stop-c.Pos() < 2 {
		return
	}
	c.Add(&ioamHead[0], 8)
	c.Add(&ioamHead[1], 8)
	if c.Cut() || c.Frame[c.Pos()-1] > 1 || stop-c.Pos() < 8 {
		return
	}
	for i := range traceHead {
		c.Add(&traceHead[i], traceHead[i].Bits)
	}
	if c.Cut() {
		return
	}
	h := c.Frame[c.Pos()-8:]
	nodeLen, remaining := 4*int(h[2]>>3), 4*int(h[3]&0x7f)
	typ := uint32(h[4])<<16 | uint32(h[5])<<8 | uint32(h[6])
	if want := nodeBytes(typ); nodeLen != want {
		c.Fault(c.Find(&traceHead[1]), badNodeLen, 0)
		return
	}
	// RFC 9197, 4.4.1: RemainingLen is space that no node has filled yet; a trace that is not
	// pre-allocated has none in the packet.
	if c.Frame[c.Pos()-9] == 0 && remaining > 0 {
		if remaining > stop-c.Pos() {
			c.Fault(c.Find(&traceHead[3]), badRemLen, 0)
			return
		}
		c.AddBytes(&freeSpace, remaining)
	}
	for !c.Cut() && nodeLen > 0 && stop-c.Pos() >= nodeLen {
		group := c.Open(&traceNode)
		node(c, typ, stop)
		c.Close(group)
	}
}

// nodeBytes returns how many bytes a node writes for a trace type, an opaque state aside.
func nodeBytes(typ uint32) (n int) {
	for bit := range 22 {
		if typ>>(23-bit)&1 != 0 {
			n += 4
			if bit >= 8 && bit <= 10 {
				n += 4
			}
		}
	}
	return n
}

func node(c *field.Context, typ uint32, stop int) {
	for bit := range 22 {
		switch {
		case typ>>(23-bit)&1 == 0:
		case bit >= len(nodeFields):
			c.Add(&undefined, 32)
		default:
			for i := range nodeFields[bit] {
				c.Add(&nodeFields[bit][i], nodeFields[bit][i].Bits)
			}
		}
	}
	if typ&2 == 0 || stop-c.Pos() < 4 {
		return
	}
	l := c.Add(&ossLen, 8)
	c.Add(&ossSchema, 24)
	if c.Cut() {
		return
	}
	// RFC 9197, 4.4.2.13: the length is that of the data "in multiples of 4 octets".
	if n := 4 * int(c.Frame[c.Pos()-4]); n > stop-c.Pos() {
		c.Fault(l, field.Overrun, 0)
	} else if n > 0 {
		c.AddBytes(&ossData, n)
	}
}

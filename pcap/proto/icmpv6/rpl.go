package icmpv6

import "httptap/stack/field"

// rplMessages has the fields of RPL's messages by their code, up to the destination's identifier.
var rplMessages = map[byte][]field.Spec{
	0: {uinteger("rpl.dis.flags", "Flags", 8, "RFC 6550, 6.2.1"), reserved8},
	1: {
		uinteger("rpl.dio.instance", "RPLInstanceID", 8, "RFC 6550, 6.3.1"), uinteger("rpl.dio.version", "Version", 8, "RFC 6550, 6.3.1"), uinteger("rpl.dio.rank", "Rank", 16, "RFC 6550, 6.3.1"),
		{Name: "icmpv6.rpl.dio.flag", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 6550, 6.3.1", Sub: []field.Spec{
			flag("rpl.dio.flag.g", "Grounded (G)", "RFC 6550, 6.3.1"), flag("rpl.dio.flag.0", "Zero", "RFC 6550, 6.3.1"),
			{Name: "icmpv6.rpl.dio.flag.mop", Label: "Mode of Operation (MOP)", Bits: 3, Kind: field.Hex, Values: field.Values{0: "No downward routes maintained by RPL", 1: "Non storing mode", 2: "Storing without multicast support", 3: "Storing with multicast support", 4: "P2P Route Discovery mode"}, Ref: "RFC 6550, 6.3.1"},
			uinteger("rpl.dio.flag.preference", "DODAG Preference", 3, "RFC 6550, 6.3.1"),
		}},
		uinteger("rpl.dio.dtsn", "Destination Advertisement Trigger Sequence Number (DTSN)", 8, "RFC 6550, 6.3.1"),
		hexadecimal("rpl.dio.flag", "Flags", 8, "RFC 6550, 6.3.1"), reserved8, address("rpl.dio.dagid", "DODAGID", "RFC 6550, 6.3.1"),
	},
	2: {
		uinteger("rpl.dao.instance", "RPLInstanceID", 8, "RFC 6550, 6.4.1"),
		{Name: "icmpv6.rpl.dao.flag", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 6550, 6.4.1", Sub: []field.Spec{
			flag("rpl.dao.flag.k", "DAO-ACK Request (K)", "RFC 6550, 6.4.1"), flag("rpl.dao.flag.d", "DODAGID Present (D)", "RFC 6550, 6.4.1"), uinteger("rpl.dao.flag.rsv", "Reserved", 6, "RFC 6550, 6.4.1"),
		}},
		reserved8, uinteger("rpl.dao.sequence", "DAO Sequence", 8, "RFC 6550, 6.4.1"),
	},
	3: {
		uinteger("rpl.daoack.instance", "RPLInstanceID", 8, "RFC 6550, 6.5.1"),
		{Name: "icmpv6.rpl.daoack.flag", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 6550, 6.5.1", Sub: []field.Spec{
			flag("rpl.daoack.flag.d", "DODAGID Present (D)", "RFC 6550, 6.5.1"), uinteger("rpl.daoack.flag.rsv", "Reserved", 7, "RFC 6550, 6.5.1"),
		}},
		uinteger("rpl.daoack.sequence", "DAO Sequence", 8, "RFC 6550, 6.5.1"), uinteger("rpl.daoack.status", "Status", 8, "RFC 6550, 6.5.1"),
	},
}

var (
	rplDAOID    = address("rpl.dao.dodagid", "DODAGID", "RFC 6550, 6.4.1")
	rplDAOAckID = address("rpl.daoack.dodagid", "DODAGID", "RFC 6550, 6.5.1")

	rplOptType = field.Spec{Name: "icmpv6.rpl.opt.type", Label: "Type", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Pad1", 1: "PadN", 2: "Metric container", 3: "Route Information", 4: "DODAG configuration", 5: "RPL Target", 6: "Transit Information", 7: "Solicited Information", 8: "Prefix Information", 9: "RPL Target Descriptor", 10: "P2P Route Discovery"}, Ref: "RFC 6550, 6.7.1"}
	rplOptLen  = field.Spec{Name: "icmpv6.rpl.opt.length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6550, 6.7.1"}
	rplPad     = field.Spec{Name: "icmpv6.rpl.opt.padn", Label: "Paddings", Kind: field.Padding, Ref: "RFC 6550, 6.7.3"}
	rplPrefix  = field.Spec{Name: "icmpv6.rpl.opt.target.prefix", Label: "Target", Kind: field.Custom, Class: field.Address, Format: shortPrefix, Ref: "RFC 6550, 6.7.7"}
	rplParent  = address("rpl.opt.transit.parent", "Parent Address", "RFC 6550, 6.7.8")
)

// rplOptions has the fields of RPL's options by their type.
var rplOptions = map[byte][]field.Spec{
	4: {
		{Name: "icmpv6.rpl.opt.config.flag", Label: "Flag", Bits: 8, Kind: field.Hex, Ref: "RFC 6550, 6.7.6", Sub: []field.Spec{
			uinteger("rpl.opt.config.reserved", "Reserved", 4, "RFC 6550, 6.7.6"), flag("rpl.opt.config.auth", "Authentication Enabled", "RFC 6550, 6.7.6"), uinteger("rpl.opt.config.pcs", "Path Control Size", 3, "RFC 6550, 6.7.6"),
		}},
		uinteger("rpl.opt.config.interval_double", "DIOIntervalDoublings", 8, "RFC 6550, 6.7.6"), uinteger("rpl.opt.config.interval_min", "DIOIntervalMin", 8, "RFC 6550, 6.7.6"),
		uinteger("rpl.opt.config.redundancy", "DIORedundancyConstant", 8, "RFC 6550, 6.7.6"), uinteger("rpl.opt.config.max_rank_inc", "MaxRankInc", 16, "RFC 6550, 6.7.6"),
		uinteger("rpl.opt.config.min_hop_rank_inc", "MinHopRankInc", 16, "RFC 6550, 6.7.6"), uinteger("rpl.opt.config.ocp", "OCP (Objective Code Point)", 16, "RFC 6550, 6.7.6"),
		uinteger("rpl.opt.config.rsv", "Reserved", 8, "RFC 6550, 6.7.6"), uinteger("rpl.opt.config.def_lifetime", "Default Lifetime", 8, "RFC 6550, 6.7.6"),
		uinteger("rpl.opt.config.lifetime_unit", "Lifetime Unit", 16, "RFC 6550, 6.7.6"),
	},
	5: {byteString("rpl.opt.target.flag", "Reserved", 8, "RFC 6550, 6.7.7"), uinteger("rpl.opt.target.prefix_length", "Target Length", 8, "RFC 6550, 6.7.7")},
	6: {
		{Name: "icmpv6.rpl.opt.transit.flag", Label: "Flags", Bits: 8, Kind: field.Hex, Ref: "RFC 6550, 6.7.8", Sub: []field.Spec{
			flag("rpl.opt.transit.flag.e", "External", "RFC 6550, 6.7.8"), uinteger("rpl.opt.transit.flag.rsv", "Reserved", 7, "RFC 6550, 6.7.8"),
		}},
		uinteger("rpl.opt.transit.pathctl", "Path Control", 8, "RFC 6550, 6.7.8"), uinteger("rpl.opt.transit.pathseq", "Path Sequence", 8, "RFC 6550, 6.7.8"),
		uinteger("rpl.opt.transit.pathlifetime", "Path Lifetime", 8, "RFC 6550, 6.7.8"),
	},
}

func moreRPL() []*field.Spec {
	list := []*field.Spec{&rplDAOID, &rplDAOAckID, &rplOptType, &rplOptLen, &rplPad, &rplPrefix, &rplParent}
	for _, t := range rplMessages {
		list = append(list, field.Pointers(t)...)
	}
	for _, t := range rplOptions {
		list = append(list, field.Pointers(t)...)
	}
	return list
}

// rpl adds a message of the routing protocol and its options.
func rpl(c *field.Context) {
	code := c.Frame[c.Start+1]
	t := rplMessages[code]
	if t == nil {
		rest(c, &data, c.Limit)
		return
	}
	for i := range t {
		c.Add(&t[i], t[i].Bits)
	}
	if c.Cut() {
		return
	}
	switch {
	case code == 2 && c.Frame[c.Start+5]&0x40 != 0:
		c.Add(&rplDAOID, 128)
	case code == 3 && c.Frame[c.Start+5]&0x80 != 0:
		c.Add(&rplDAOAckID, 128)
	}
	for len(c.Rest()) > 0 && !c.Cut() {
		i := c.Open(&optionOther)
		rplOption(c)
		c.Close(i)
	}
}

func rplOption(c *field.Context) {
	typ := c.Rest()[0]
	if c.Add(&rplOptType, 8); typ == 0 {
		return
	}
	l := c.Add(&rplOptLen, 8)
	if c.Cut() {
		return
	}
	n := int(c.Frame[c.Pos()-1])
	if n > len(c.Rest()) && c.Missing() == 0 && !c.Quoted {
		c.Fault(l, optLenBad, 0)
		rest(c, &data, c.Limit)
		return
	}
	stop := c.Pos() + n
	t := rplOptions[typ]
	size := 0
	for i := range t {
		size += t[i].Bits / 8
	}
	if n < size {
		c.Fault(l, optLenBad, 0)
		t = nil
	}
	for i := range t {
		c.Add(&t[i], t[i].Bits)
	}
	switch {
	case t != nil && typ == 5:
		rest(c, &rplPrefix, stop)
	case t != nil && typ == 6 && stop-c.Pos() == 16:
		c.Add(&rplParent, 128)
	case typ == 1:
		rest(c, &rplPad, stop)
	}
	rest(c, &data, stop)
}

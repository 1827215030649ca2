package igmp

import "httptap/stack/field"

const refTrace = "draft-ietf-idmr-traceroute-ipm-07"

// traceHead is a query for the way back to a source.
var traceHead = [...]field.Spec{
	{Name: "igmp.mtrace.saddr", Label: "Source Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: refTrace},
	{Name: "igmp.mtrace.raddr", Label: "Receiver Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: refTrace},
	{Name: "igmp.mtrace.rspaddr", Label: "Response Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: refTrace},
	{Name: "igmp.mtrace.resp_ttl", Label: "Response TTL", Bits: 8, Kind: field.Uint, Ref: refTrace},
	{Name: "igmp.mtrace.q_id", Label: "Query ID", Bits: 24, Kind: field.Uint, Class: field.Sequence, Ref: refTrace},
}

var hop = field.Spec{Name: "igmp.mtrace.block", Label: "Response data block", Kind: field.Group, Ref: refTrace}

// hopFields is what each router on the way adds.
var hopFields = [...]field.Spec{
	{Name: "igmp.mtrace.q_arrival", Label: "Query Arrival", Bits: 32, Kind: field.Uint, Ref: refTrace},
	{Name: "igmp.mtrace.q_inaddr", Label: "In itf addr", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: refTrace},
	{Name: "igmp.mtrace.q_outaddr", Label: "Out itf addr", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: refTrace},
	{Name: "igmp.mtrace.q_prevrtr", Label: "Previous rtr addr", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: refTrace},
	{Name: "igmp.mtrace.q_inpkt", Label: "In pkts", Bits: 32, Kind: field.Uint, Ref: refTrace},
	{Name: "igmp.mtrace.q_outpkt", Label: "Out pkts", Bits: 32, Kind: field.Uint, Ref: refTrace},
	{Name: "igmp.mtrace.q_total", Label: "S,G pkt count", Bits: 32, Kind: field.Uint, Ref: refTrace},
	{Name: "igmp.mtrace.q_rtg_proto", Label: "Rtg Protocol", Bits: 8, Kind: field.Uint, Values: field.Values{1: "DVMRP", 2: "MOSPF", 3: "PIM", 4: "CBT", 5: "PIM using special routing table", 6: "PIM using a static route", 7: "DVMRP using a static route", 8: "PIM using MBGP (aka BGP4+) route", 9: "CBT using special routing table", 10: "CBT using a static route", 11: "PIM using state created by Assert processing"}, Ref: refTrace},
	{Name: "igmp.mtrace.q_fwd_ttl", Label: "FwdTTL", Bits: 8, Kind: field.Uint, Ref: refTrace},
	{Name: "igmp.mtrace.q_mbz", Label: "MBZ", Bits: 1, Kind: field.Reserved, Ref: refTrace},
	{Name: "igmp.mtrace.q_s", Label: "S", Bits: 1, Kind: field.Hex, Ref: refTrace},
	{Name: "igmp.mtrace.q_src_mask", Label: "Src Mask", Bits: 6, Kind: field.Hex, Ref: refTrace},
	{Name: "igmp.mtrace.q_fwd_code", Label: "Forwarding Code", Bits: 8, Kind: field.Hex, Values: field.Values{0: "NO_ERROR", 1: "WRONG_IF", 2: "PRUNE_SENT", 3: "PRUNE_RCVD", 4: "SCOPED", 5: "NO_ROUTE", 6: "WRONG_LAST_HOP", 7: "NOT_FORWARDING", 8: "REACHED_RP", 9: "RPF_IF", 10: "NO_MULTICAST", 11: "INFO_HIDDEN", 0x81: "NO_SPACE", 0x82: "OLD_ROUTER", 0x83: "ADMIN_PROHIB"}, Ref: refTrace},
}

func moreTrace() []*field.Spec {
	return append(append(field.Pointers(traceHead[:]), &hop), field.Pointers(hopFields[:])...)
}

func trace(c *field.Context) {
	c.Add(&group, 32)
	for i := range traceHead {
		c.Add(&traceHead[i], traceHead[i].Bits)
	}
	for len(c.Rest()) >= 32 && !c.Cut() {
		one := c.Open(&hop)
		for i := range hopFields {
			c.Add(&hopFields[i], hopFields[i].Bits)
		}
		c.Close(one)
	}
}

package icmpv6

import "httptap/stack/field"

var (
	maxDelay = milliseconds("mld.maximum_response_delay", "Maximum Response Delay", 16, "RFC 2710, 3.4")
	maxCode  = field.Spec{Name: "icmpv6.mld.maximum_response_code", Label: "Maximum Response Code", Bits: 16, Kind: field.Uint, Ref: "RFC 3810, 5.1.3"}
	group    = address("mld.multicast_address", "Multicast Address", "RFC 2710, 3.5")

	queryFlags = field.Spec{Name: "icmpv6.mld.flag", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 3810, 5.1", Sub: []field.Spec{
		uinteger("mld.flag.reserved", "Reserved", 4, "RFC 3810, 5.1.6"), flag("mld.flag.s", "Suppress Router-Side Processing", "RFC 3810, 5.1.7"),
		uinteger("mld.flag.qrv", "QRV (Querier's Robustness Variable)", 3, "RFC 3810, 5.1.8"),
	}}
	queryCode    = field.Spec{Name: "icmpv6.mld.qqi", Label: "QQIC (Querier's Query Interval Code)", Bits: 8, Kind: field.Uint, Ref: "RFC 3810, 5.1.9"}
	querySources = uinteger("mld.nb_sources", "Number of Sources", 16, "RFC 3810, 5.1.10")
	querySource  = address("mld.source_address", "Source Address", "RFC 3810, 5.1.11")

	recordCount   = uinteger("mldr.nb_mcast_records", "Number of Multicast Address Records", 16, "RFC 3810, 5.2.3")
	record        = field.Spec{Name: "icmpv6.mldr.mar", Label: "Multicast Address Record", Kind: field.Group, Ref: "RFC 3810, 5.2.4"}
	recordType    = field.Spec{Name: "icmpv6.mldr.mar.record_type", Label: "Record Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: field.Values{1: "Include", 2: "Exclude", 3: "Changed to include", 4: "Changed to exclude", 5: "Allow new sources", 6: "Block old sources"}, Ref: "RFC 3810, 5.2.12"}
	recordAuxLen  = field.Spec{Name: "icmpv6.mldr.mar.aux_data_len", Label: "Aux Data Len", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 3810, 5.2.6"}
	recordSources = uinteger("mldr.mar.nb_sources", "Number of Sources", 16, "RFC 3810, 5.2.7")
	recordGroup   = address("mldr.mar.multicast_address", "Multicast Address", "RFC 3810, 5.2.8")
	recordSource  = address("mldr.mar.source_address", "Source Address", "RFC 3810, 5.2.9")
	recordAux     = byteString("mldr.mar.auxiliary_data", "Auxiliary Data", 0, "RFC 3810, 5.2.10")

	queryInterval = seconds("mcast_ra.query_interval", "Query Interval", 16, "RFC 4286, 3.2")
	robustness    = uinteger("mcast_ra.robustness_variable", "Robustness Variable", 16, "RFC 4286, 3.2")

	mplHead = [...]field.Spec{
		uinteger("mpl.seed_info.min_sequence", "MinSequence", 8, "RFC 7731, 6.3"),
		uinteger("mpl.seed_info.bm_len", "Buffered Messages Length", 6, "RFC 7731, 6.3"),
		{Name: "icmpv6.mpl.seed_info.s", Label: "Seed ID Length", Bits: 2, Kind: field.Uint, Values: field.Values{0: "0", 1: "16-bit unsigned integer", 2: "64-bit unsigned integer", 3: "128-bit unsigned integer"}, Ref: "RFC 7731, 6.3"},
	}
	mplSeed     = byteString("mpl.seed_info.seed_id", "Seed ID", 0, "RFC 7731, 6.3")
	mplBuffered = byteString("mpl.seed_info.sequence", "Buffered Messages", 0, "RFC 7731, 6.3")
)

// fewRecords is a warning: the records that are there are whole.
var fewRecords = &field.Fault{Name: "icmpv6.mldr.nb_mcast_records.bad", Label: "there are fewer records than this says", Severity: field.Warn}

func moreListeners() []*field.Spec {
	return append([]*field.Spec{&maxDelay, &maxCode, &group, &queryFlags, &queryCode, &querySources, &querySource, &recordCount, &record, &recordType, &recordAuxLen,
		&recordSources, &recordGroup, &recordSource, &recordAux, &mplSeed, &mplBuffered, &homeAgent, &locator, &locatorPref, &locatorValid,
		&fastType, &fastFlags, &fastID, &reserved8, &reserved16, &reserved24, &reserved32, &length}, field.Pointers(mplHead[:])...)
}

// query adds a listener query of either version. RFC 3810, 8.1: a query of version 1 is 24 bytes
// long, one of version 2 at least 28.
func query(c *field.Context) {
	two := len(c.Bytes()) >= 28
	if two {
		c.Add(&maxCode, 16)
	} else {
		c.Add(&maxDelay, 16)
	}
	c.Add(&reserved16, 16)
	if c.Add(&group, 128); !two || c.Cut() {
		return
	}
	c.Add(&queryFlags, 8)
	c.Add(&queryCode, 8)
	count := c.Add(&querySources, 16)
	sources(c, count, &querySource)
}

// sources adds as many addresses as the 16 bits before this place say, and marks count where
// there are not as many.
func sources(c *field.Context, count int, s *field.Spec) {
	if c.Cut() {
		return
	}
	n := int(c.Frame[c.Pos()-2])<<8 | int(c.Frame[c.Pos()-1])
	many(c, count, s, n)
}

func many(c *field.Context, count int, s *field.Spec, n int) {
	if n*s.Bits/8 > len(c.Rest()) && c.Missing() == 0 && !c.Quoted {
		c.Fault(count, field.Overrun, 0)
		n = len(c.Rest()) * 8 / s.Bits
	}
	for ; n > 0 && !c.Cut(); n-- {
		c.Add(s, s.Bits)
	}
}

// report adds the records of a report of version 2.
func report(c *field.Context) {
	c.Add(&reserved16, 16)
	count := c.Add(&recordCount, 16)
	if c.Cut() {
		return
	}
	n := int(c.Frame[c.Pos()-2])<<8 | int(c.Frame[c.Pos()-1])
	for ; n > 0 && !c.Cut(); n-- {
		if len(c.Rest()) == 0 && c.Missing() == 0 && !c.Quoted {
			c.Fault(count, fewRecords, 0)
			return
		}
		one := c.Open(&record)
		c.Add(&recordType, 8)
		aux := c.Add(&recordAuxLen, 8)
		i := c.Add(&recordSources, 16)
		if c.Add(&recordGroup, 128); !c.Cut() {
			h := c.Frame[c.Pos()-20:]
			many(c, i, &recordSource, int(h[2])<<8|int(h[3]))
			// RFC 3810, 5.2.6: the auxiliary data's length is "in units of 32-bit words".
			if words := 4 * int(h[1]); words > len(c.Rest()) && c.Missing() == 0 && !c.Quoted {
				c.Fault(aux, field.Overrun, 0)
				rest(c, &recordAux, c.Limit)
			} else if words > 0 {
				c.AddBytes(&recordAux, words)
			}
		}
		c.Close(one)
	}
}

// mplControl adds what a forwarder of MPL has of each seed.
func mplControl(c *field.Context) {
	for len(c.Rest()) > 0 && !c.Cut() {
		for i := range mplHead {
			c.Add(&mplHead[i], mplHead[i].Bits)
		}
		if c.Cut() {
			return
		}
		b := c.Frame[c.Pos()-1]
		if n := [...]int{0, 2, 8, 16}[b&3]; n > 0 {
			c.AddBytes(&mplSeed, n)
		}
		if n := int(b >> 2); n > 0 {
			c.AddBytes(&mplBuffered, n)
		}
	}
}

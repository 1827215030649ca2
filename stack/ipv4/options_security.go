package ipv4

import "httptap/stack/field"

// The parts of the security options.
var (
	sec791   = field.Spec{Name: "ip.opt.sec_rfc791_sec", Label: "Security", Bits: 16, Kind: field.Hex, Values: field.Values{0: "Unclassified", 0xf135: "Confidential", 0x789a: "EFTO", 0xbc4d: "MMMM", 0x5e26: "PROG", 0xaf13: "Restricted", 0xd788: "Secret", 0x6bc5: "Top secret"}, Ref: "RFC 791, 3.1"}
	sec791C  = field.Spec{Name: "ip.opt.sec_rfc791_comp", Label: "Compartments", Bits: 16, Kind: field.Hex, Ref: "RFC 791, 3.1"}
	sec791H  = field.Spec{Name: "ip.opt.sec_rfc791_hr", Label: "Handling Restrictions", Bits: 16, Kind: field.Text, Ref: "RFC 791, 3.1"}
	sec791T  = field.Spec{Name: "ip.opt.sec_rfc791_tcc", Label: "Transmission Control Code", Bits: 24, Kind: field.Text, Ref: "RFC 791, 3.1"}
	secLevel = field.Spec{Name: "ip.opt.sec_cl", Label: "Classification Level", Bits: 8, Kind: field.Hex, Values: field.Values{0x3d: "Top secret", 0x5a: "Secret", 0x96: "Confidential", 0xab: "Unclassified"}, Ref: "RFC 1108, 2.3"}
	secAuth  = field.Spec{Name: "ip.opt.sec_prot_auth_flags", Label: "Protection Authority Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 1108, 2.4", Sub: []field.Spec{
		{Name: "ip.opt.sec_prot_auth_genser", Label: "GENSER", Bits: 1, Kind: field.Flag, Ref: "RFC 1108, 2.4"},
		{Name: "ip.opt.sec_prot_auth_siop_esi", Label: "SIOP-ESI", Bits: 1, Kind: field.Flag, Ref: "RFC 1108, 2.4"},
		{Name: "ip.opt.sec_prot_auth_sci", Label: "SCI", Bits: 1, Kind: field.Flag, Ref: "RFC 1108, 2.4"},
		{Name: "ip.opt.sec_prot_auth_nsa", Label: "NSA", Bits: 1, Kind: field.Flag, Ref: "RFC 1108, 2.4"},
		{Name: "ip.opt.sec_prot_auth_doe", Label: "DOE", Bits: 1, Kind: field.Flag, Ref: "RFC 1108, 2.4"},
		{Name: "ip.opt.sec_prot_auth_unassigned", Label: "Unassigned", Bits: 2, Kind: field.Reserved, Ref: "RFC 1108, 2.4"},
		{Name: "ip.opt.sec_prot_auth_fti", Label: "Field Termination Indicator", Bits: 1, Kind: field.Flag, Ref: "RFC 1108, 2.4"},
	}}
	// RFC 1108, 2.4.2 names the bits of the first byte only.
	secMore = field.Spec{Name: "ip.opt.sec_prot_auth_flags", Label: "Protection Authority Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 1108, 2.4", Sub: []field.Spec{
		{Name: "ip.opt.sec_prot_auth_unassigned", Label: "Unassigned", Bits: 7, Kind: field.Reserved, Ref: "RFC 1108, 2.4"},
		{Name: "ip.opt.sec_prot_auth_fti", Label: "Field Termination Indicator", Bits: 1, Kind: field.Flag, Ref: "RFC 1108, 2.4"},
	}}
	secCode = field.Spec{Name: "ip.opt.ext_sec_add_sec_info_format_code", Label: "Additional Security Info Format Code", Bits: 8, Kind: field.Uint, Ref: "RFC 1108, 3.3"}
	secInfo = field.Spec{Name: "ip.opt.ext_sec_add_sec_info", Label: "Additional Security Info", Kind: field.Bytes, Ref: "RFC 1108, 3.4"}

	cipsoDOI    = field.Spec{Name: "ip.cipso.doi", Label: "DOI", Bits: 32, Kind: field.Uint, Ref: "FIPS 188, 6"}
	cipsoTag    = field.Spec{Name: "ip.cipso.tag", Label: "Tag", Kind: field.Group, Ref: "FIPS 188, 6"}
	cipsoType   = field.Spec{Name: "ip.cipso.tag_type", Label: "Tag Type", Bits: 8, Kind: field.Uint, Values: field.Values{0: "Padding", 1: "Restrictive Category Bitmap", 2: "Enumerated Categories", 5: "Ranged Categories", 6: "Permissive Category Bitmap", 7: "Free Form"}, Ref: "FIPS 188, 6"}
	cipsoLen    = field.Spec{Name: "ip.cipso.tag_length", Label: "Tag Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "FIPS 188, 6"}
	cipsoAlign  = field.Spec{Name: "ip.cipso.alignment", Label: "Alignment", Bits: 8, Kind: field.Reserved, Ref: "FIPS 188, 6"}
	cipsoLevel  = field.Spec{Name: "ip.cipso.sensitivity_level", Label: "Sensitivity Level", Bits: 8, Kind: field.Uint, Ref: "FIPS 188, 6"}
	cipsoSets   = field.Spec{Name: "ip.cipso.categories", Label: "Categories", Kind: field.Bytes, Ref: "FIPS 188, 6"}
	cipsoData   = field.Spec{Name: "ip.cipso.tag_data", Label: "Tag data", Kind: field.Bytes, Ref: "FIPS 188, 6"}
	cipsoTagBad = &field.Fault{Name: "ip.cipso.malformed", Label: "this length is not one that a tag of its type can have, or reaches past the end of the option", Severity: field.Error}
)

// security adds the option of RFC 1108, or, at its length of 11, that of RFC 791.
func security(c *field.Context, l, stop int) {
	switch n := stop - c.Pos(); {
	case n == 9:
		for _, s := range []*field.Spec{&sec791, &sec791C, &sec791H, &sec791T} {
			c.Add(s, s.Bits)
		}
	case n == 0:
		c.Fault(l, optLenBad, 0)
	default:
		c.Add(&secLevel, 8)
		// RFC 1108, 2.4.1: the last bit of each byte says whether another one follows.
		for s, more := &secAuth, true; more && c.Pos() < stop && !c.Cut(); s = &secMore {
			c.Add(s, 8)
			more = c.Frame[c.Pos()-1]&1 != 0
		}
	}
}

func extendedSecurity(c *field.Context, l, stop int) {
	if c.Pos() >= stop {
		c.Fault(l, optLenBad, 0)
		return
	}
	c.Add(&secCode, 8)
	if n := stop - c.Pos(); n > 0 {
		c.AddBytes(&secInfo, n)
	}
}

// commercialSecurity adds the domain of interpretation and its tags.
func commercialSecurity(c *field.Context, l, stop int) {
	if stop-c.Pos() < 4 {
		c.Fault(l, optLenBad, 0)
		return
	}
	c.Add(&cipsoDOI, 32)
	for c.Pos() < stop && !c.Cut() {
		if c.Pos() >= c.Limit {
			return // cut, which the caller marks
		}
		tag := c.Open(&cipsoTag)
		commercialTag(c, stop)
		c.Close(tag)
	}
}

// commercialTag adds one tag of those that end at stop.
func commercialTag(c *field.Context, stop int) {
	start, typ := c.Pos(), c.Frame[c.Pos()]
	i := c.Add(&cipsoType, 8)
	switch {
	case typ == 0: // a byte between tags, without a length
		return
	case c.Pos() >= stop:
		c.Fault(i, cipsoTagBad, 0) // no room for the length
		return
	}
	i = c.Add(&cipsoLen, 8)
	if c.Cut() {
		return
	}
	n := int(c.Frame[c.Pos()-1])
	leveled := typ == 1 || typ == 2 || typ == 5
	if n < 2 || leveled && n < 4 || start+n > stop {
		c.Fault(i, cipsoTagBad, 0)
		n, leveled = stop-start, false // nothing behind it can be trusted
	}
	rest := &cipsoData
	if leveled {
		c.Add(&cipsoAlign, 8)
		c.Add(&cipsoLevel, 8)
		rest = &cipsoSets
	}
	if n -= c.Pos() - start; n > 0 && !c.Cut() {
		c.AddBytes(rest, n)
	}
}

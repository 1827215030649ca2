package icmpv4

import "httptap/stack/field"

// A router's advertisement and the extensions of Mobile IP behind it.
var (
	raAddrs    = field.Spec{Name: "icmp.num_addrs", Label: "Number of addresses", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 1256, 3"}
	raSize     = field.Spec{Name: "icmp.addr_entry_size", Label: "Address entry size", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "units of 4 bytes", Ref: "RFC 1256, 3"}
	raLifetime = field.Spec{Name: "icmp.lifetime", Label: "Lifetime", Bits: 16, Kind: field.Seconds, Ref: "RFC 1256, 3"}
	raAddr     = field.Spec{Name: "icmp.router_address", Label: "Router address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 1256, 3"}
	raLevel    = field.Spec{Name: "icmp.pref_level", Label: "Preference level", Bits: 32, Kind: field.Int, Ref: "RFC 1256, 3"}
	raExtra    = field.Spec{Name: "icmp.router_entry.rest", Label: "Rest of the entry", Kind: field.Bytes, Ref: "RFC 1256, 3"}

	mipGroup   = field.Spec{Name: "icmp.mip", Label: "Mobile IP extension", Kind: field.Group, Ref: "RFC 5944, 1.10"}
	mipType    = field.Spec{Name: "icmp.mip.type", Label: "Extension Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: field.Values{0: "One byte padding", 16: "Mobility Agent Advertisement", 19: "Prefix Lengths", 24: "Challenge"}, Ref: "RFC 5944, 2.1"}
	mipLength  = field.Spec{Name: "icmp.mip.length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5944, 1.10"}
	mipSeq     = field.Spec{Name: "icmp.mip.seq", Label: "Sequence Number", Bits: 16, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 5944, 2.1.1"}
	mipLife    = field.Spec{Name: "icmp.mip.life", Label: "Registration Lifetime", Bits: 16, Kind: field.Seconds, Ref: "RFC 5944, 2.1.1"}
	mipCOA     = field.Spec{Name: "icmp.mip.coa", Label: "Care-Of-Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 5944, 2.1.1"}
	mipPrefix  = field.Spec{Name: "icmp.mip.prefixlength", Label: "Prefix Length", Bits: 8, Kind: field.Uint, Ref: "RFC 5944, 2.1.2"}
	mipToken   = field.Spec{Name: "icmp.mip.challenge", Label: "Challenge", Kind: field.Bytes, Ref: "RFC 4721, 3"}
	mipPadding = field.Spec{Name: "icmp.mip.padding", Label: "More padding", Kind: field.Padding, Ref: "RFC 5944, 2.1.3"}
	mipContent = field.Spec{Name: "icmp.mip.data", Label: "Content", Kind: field.Bytes, Ref: "RFC 5944, 1.10"}
	mipFlags   = field.Spec{Name: "icmp.mip.flags", Label: "Flags", Bits: 16, Kind: field.Hex, Class: field.Flags, Ref: "RFC 5944, 2.1.1", Sub: []field.Spec{
		{Name: "icmp.mip.r", Label: "Registration Required", Bits: 1, Kind: field.Flag, Ref: "RFC 5944, 2.1.1"},
		{Name: "icmp.mip.b", Label: "Busy", Bits: 1, Kind: field.Flag, Ref: "RFC 5944, 2.1.1"},
		{Name: "icmp.mip.h", Label: "Home Agent", Bits: 1, Kind: field.Flag, Ref: "RFC 5944, 2.1.1"},
		{Name: "icmp.mip.f", Label: "Foreign Agent", Bits: 1, Kind: field.Flag, Ref: "RFC 5944, 2.1.1"},
		{Name: "icmp.mip.m", Label: "Minimal Encapsulation", Bits: 1, Kind: field.Flag, Ref: "RFC 5944, 2.1.1"},
		{Name: "icmp.mip.g", Label: "GRE", Bits: 1, Kind: field.Flag, Ref: "RFC 5944, 2.1.1"},
		{Name: "icmp.mip.v", Label: "Van Jacobson Compression", Bits: 1, Kind: field.Flag, Ref: "RFC 2002, 2.1.1"},
		{Name: "icmp.mip.rt", Label: "Reverse tunneling", Bits: 1, Kind: field.Flag, Ref: "RFC 5944, 2.1.1"},
		{Name: "icmp.mip.u", Label: "UDP tunneling", Bits: 1, Kind: field.Flag, Ref: "RFC 5944, 2.1.1"},
		{Name: "icmp.mip.x", Label: "Revocation support", Bits: 1, Kind: field.Flag, Ref: "RFC 3543, 3.4"},
		{Name: "icmp.mip.reserved", Label: "Reserved", Bits: 6, Kind: field.Reserved, Ref: "RFC 5944, 2.1.1"},
	}}
)

func moreRouter() []*field.Spec {
	return []*field.Spec{&raAddrs, &raSize, &raLifetime, &raAddr, &raLevel, &raExtra, &mipGroup, &mipType, &mipLength, &mipSeq, &mipLife,
		&mipFlags, &mipCOA, &mipPrefix, &mipToken, &mipContent, &mipPadding}
}

// routerAdvertisement adds the entries and the extensions of a type 9.
func routerAdvertisement(c *field.Context) {
	i := c.Add(&raAddrs, 8)
	c.Add(&raSize, 8)
	c.Add(&raLifetime, 16)
	if c.Cut() {
		return
	}
	count, size := int(c.Frame[c.Start+4]), 4*int(c.Frame[c.Start+5])
	if size < 8 {
		c.Fault(i+1, field.TooShort, 0)
		return
	}
	for range count {
		if c.Pos() >= c.Limit {
			c.Fault(i, field.Overrun, 0)
			return
		}
		c.Add(&raAddr, 32)
		c.Add(&raLevel, 32)
		if size > 8 {
			c.AddBytes(&raExtra, size-8)
		}
	}
	for c.Pos() < c.Limit && !c.Cut() {
		mobileExtension(c)
	}
}

func mobileExtension(c *field.Context) {
	typ := c.Frame[c.Pos()]
	group := c.Open(&mipGroup)
	defer c.Close(group)
	c.Add(&mipType, 8)
	if typ == 0 {
		// RFC 5944, 2.1.3: padding "has no Length field and no Data field".
		n := 0
		for c.Pos()+n < c.Limit && c.Frame[c.Pos()+n] == 0 {
			n++
		}
		if n > 0 {
			c.AddBytes(&mipPadding, n)
		}
		return
	}
	length := c.Add(&mipLength, 8)
	if c.Cut() {
		return
	}
	n := int(c.Frame[c.Pos()-1])
	stop := c.Pos() + n
	switch {
	case stop > c.Limit:
		if c.Missing() == 0 && !c.Quoted {
			c.Fault(length, field.Overrun, 0)
		}
		c.AddBytes(&mipContent, n)
	case typ == 16 && n >= 6 && (n-6)%4 == 0:
		c.Add(&mipSeq, 16)
		c.Add(&mipLife, 16)
		c.Add(&mipFlags, 16)
		for c.Pos() < stop {
			c.Add(&mipCOA, 32)
		}
	case typ == 19:
		for range n {
			c.Add(&mipPrefix, 8)
		}
	case typ == 24 && n > 0:
		c.AddBytes(&mipToken, n)
	case n > 0:
		c.AddBytes(&mipContent, n)
	}
}

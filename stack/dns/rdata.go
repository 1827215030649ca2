package dns

import (
	"encoding/binary"

	"httptap/stack/field"
)

// The fields that are names. There are two sets of them, for a message that begins its layer
// and for one behind the length of TCP: pointers count from the message's first byte.
const (
	nameQuery = iota
	nameRecord
	nameNS
	nameCNAME
	nameMName
	nameRName
	namePTR
	nameMX
	nameSRV
	nameDNAME
	nameNSEC
	nameChain
	numNames
)

var (
	names       = nameSpecs(formatName)
	streamNames = nameSpecs(formatStreamName)
)

func nameSpecs(format func(dst, msg []byte, off, n int) []byte) [numNames]field.Spec {
	s := [numNames]field.Spec{
		nameQuery:  {Name: "dns.qry.name", Label: "Name", Ref: "RFC 1035, 4.1.2"},
		nameRecord: {Name: "dns.resp.name", Label: "Name", Ref: "RFC 1035, 4.1.3"},
		nameNS:     {Name: "dns.ns", Label: "Name Server", Ref: "RFC 1035, 3.3.11"},
		nameCNAME:  {Name: "dns.cname", Label: "CNAME", Ref: "RFC 1035, 3.3.1"},
		nameMName:  {Name: "dns.soa.mname", Label: "Primary name server", Ref: "RFC 1035, 3.3.13"},
		nameRName:  {Name: "dns.soa.rname", Label: "Responsible authority's mailbox", Ref: "RFC 1035, 3.3.13"},
		namePTR:    {Name: "dns.ptr.domain_name", Label: "Domain Name", Ref: "RFC 1035, 3.3.12"},
		nameMX:     {Name: "dns.mx.mail_exchange", Label: "Mail Exchange", Ref: "RFC 1035, 3.3.9"},
		nameSRV:    {Name: "dns.srv.target", Label: "Target", Ref: "RFC 2782"},
		nameDNAME:  {Name: "dns.dname", Label: "Dname", Ref: "RFC 6672, 2.1"},
		nameNSEC:   {Name: "dns.nsec.next_domain_name", Label: "Next Domain Name", Ref: "RFC 4034, 4.1.1"},
		nameChain:  {Name: "dns.opt.chain.fqdn", Label: "Closest Trust Point", Ref: "RFC 7901, 4"},
	}
	for i := range s {
		s[i].Kind, s[i].Class, s[i].Format = field.Custom, field.Name, format
	}
	return s
}

// more returns what follows the header, with one of the two sets of names.
func more(names *[numNames]field.Spec) []*field.Spec {
	list := []*field.Spec{&specQuery, &specRecord, &specQryType, &specQryClass, &specType, &specClass, &specTTL, &specLen,
		&specUDPSize, &specExtCode, &specVersion, &specZ,
		&specOption, &specOptCode, &specOptLen, &specOptData, &specFamily, &specNetmask, &specScope, &specSubnet, &specCookie, &specServed,
		&specKeep, &specPadding, &specInfoCode, &specInfoText}
	list = append(append(list, field.Pointers(names[:])...), field.Pointers(sections[:])...)
	for _, parts := range [][]part{partsA, partsAAAA, partsMX, partsSOA, partsSRV, partsHINFO, partsCAA, partsNSEC, partsTXT, partsSPF, partsData} {
		for _, p := range parts {
			if p.spec != nil {
				list = append(list, p.spec)
			}
			if p.text != nil {
				list = append(list, p.text)
			}
		}
	}
	return list
}

// A part is one field, or one group of fields that repeats, of a record's data.
type part struct {
	spec *field.Spec // fixed width, or what fills the data with Bits 0
	name int         // else a name, when spec is nil
	text *field.Spec // spec is the length of this
}

func fixed(specs ...*field.Spec) []part {
	var p []part
	for _, s := range specs {
		p = append(p, part{spec: s})
	}
	return p
}

var (
	specData = field.Spec{Name: "dns.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 1035, 4.1.3"}
	specA    = field.Spec{Name: "dns.a", Label: "Address", Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 1035, 3.4.1"}
	specAAAA = field.Spec{Name: "dns.aaaa", Label: "AAAA Address", Bits: 128, Kind: field.IPv6, Class: field.Address, Ref: "RFC 3596, 2.2"}

	specSerial  = field.Spec{Name: "dns.soa.serial_number", Label: "Serial Number", Bits: 32, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 1035, 3.3.13"}
	specRefresh = field.Spec{Name: "dns.soa.refresh_interval", Label: "Refresh Interval", Bits: 32, Kind: field.Seconds, Ref: "RFC 1035, 3.3.13"}
	specRetry   = field.Spec{Name: "dns.soa.retry_interval", Label: "Retry Interval", Bits: 32, Kind: field.Seconds, Ref: "RFC 1035, 3.3.13"}
	specExpire  = field.Spec{Name: "dns.soa.expire_limit", Label: "Expire limit", Bits: 32, Kind: field.Seconds, Ref: "RFC 1035, 3.3.13"}
	specMinimum = field.Spec{Name: "dns.soa.minimum_ttl", Label: "Minimum TTL", Bits: 32, Kind: field.Seconds, Ref: "RFC 2308, 4"}

	specMXPref   = field.Spec{Name: "dns.mx.preference", Label: "Preference", Bits: 16, Kind: field.Uint, Ref: "RFC 1035, 3.3.9"}
	specPriority = field.Spec{Name: "dns.srv.priority", Label: "Priority", Bits: 16, Kind: field.Uint, Ref: "RFC 2782"}
	specWeight   = field.Spec{Name: "dns.srv.weight", Label: "Weight", Bits: 16, Kind: field.Uint, Ref: "RFC 2782"}
	specPort     = field.Spec{Name: "dns.srv.port", Label: "Port", Bits: 16, Kind: field.Uint, Class: field.Port, Ref: "RFC 2782"}

	specTXTLen = field.Spec{Name: "dns.txt.length", Label: "TXT Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1035, 3.3"}
	specTXT    = field.Spec{Name: "dns.txt", Label: "TXT", Kind: field.Text, Ref: "RFC 1035, 3.3.14"}
	specSPFLen = field.Spec{Name: "dns.spf.length", Label: "SPF Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1035, 3.3"}
	specSPF    = field.Spec{Name: "dns.spf", Label: "SPF", Kind: field.Text, Ref: "RFC 7208, 3.1"}
	specCPULen = field.Spec{Name: "dns.hinfo.cpu_length", Label: "CPU Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1035, 3.3"}
	specCPU    = field.Spec{Name: "dns.hinfo.cpu", Label: "CPU", Kind: field.Text, Ref: "RFC 1035, 3.3.2"}
	specOSLen  = field.Spec{Name: "dns.hinfo.os_length", Label: "OS Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1035, 3.3"}
	specOS     = field.Spec{Name: "dns.hinfo.os", Label: "OS", Kind: field.Text, Ref: "RFC 1035, 3.3.2"}

	specCAAFlags = field.Spec{Name: "dns.caa.flags", Label: "CAA Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 8659, 4.1", Sub: []field.Spec{
		{Name: "dns.caa.flags.issuer_critical", Label: "Issuer Critical", Bits: 1, Kind: field.Flag, Class: field.Flags, Ref: "RFC 8659, 4.1"},
		{Name: "dns.caa.flags.reserved", Label: "Reserved", Bits: 7, Kind: field.Reserved, Ref: "RFC 8659, 4.1"},
	}}
	specTagLen   = field.Spec{Name: "dns.caa.tag_length", Label: "Tag length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8659, 4.1"}
	specTag      = field.Spec{Name: "dns.caa.tag", Label: "Tag", Kind: field.Text, Ref: "RFC 8659, 4.1"}
	specCAAValue = field.Spec{Name: "dns.caa.value", Label: "Value", Kind: field.Text, Ref: "RFC 8659, 4.1"}

	specBitmap = field.Spec{Name: "dns.nsec.types", Label: "Type bit maps", Kind: field.Bytes, Ref: "RFC 4034, 4.1.2"}
)

var (
	partsA     = fixed(&specA)
	partsAAAA  = fixed(&specAAAA)
	partsNS    = []part{{name: nameNS}}
	partsCNAME = []part{{name: nameCNAME}}
	partsPTR   = []part{{name: namePTR}}
	partsDNAME = []part{{name: nameDNAME}}
	partsMX    = []part{{spec: &specMXPref}, {name: nameMX}}
	partsSOA   = append([]part{{name: nameMName}, {name: nameRName}}, fixed(&specSerial, &specRefresh, &specRetry, &specExpire, &specMinimum)...)
	partsSRV   = append(fixed(&specPriority, &specWeight, &specPort), part{name: nameSRV})
	partsHINFO = []part{{spec: &specCPULen, text: &specCPU}, {spec: &specOSLen, text: &specOS}}
	partsCAA   = []part{{spec: &specCAAFlags}, {spec: &specTagLen, text: &specTag}, {spec: &specCAAValue}}
	partsNSEC  = []part{{name: nameNSEC}, {spec: &specBitmap}}
	partsTXT   = []part{{spec: &specTXTLen, text: &specTXT}}
	partsSPF   = []part{{spec: &specSPFLen, text: &specSPF}}
	partsData  = fixed(&specData)
)

// partsOf returns how the data of a type is built; repeat tells that it is a list of that.
// What is not known is Data.
func partsOf(typ, class uint16) (p []part, repeat bool) {
	if opaque(typ, class) {
		return partsData, false
	}
	switch typ {
	case TypeA:
		return partsA, false
	case TypeAAAA:
		return partsAAAA, false
	case TypeSRV:
		return partsSRV, false
	case TypeNS:
		return partsNS, false
	case TypeCNAME:
		return partsCNAME, false
	case TypePTR:
		return partsPTR, false
	case TypeDNAME:
		return partsDNAME, false
	case TypeMX:
		return partsMX, false
	case TypeSOA:
		return partsSOA, false
	case TypeHINFO:
		return partsHINFO, false
	case TypeCAA:
		return partsCAA, false
	case TypeNSEC:
		return partsNSEC, false
	case TypeTXT:
		return partsTXT, true
	case TypeSPF:
		return partsSPF, true
	}
	return partsData, false
}

// data appends a record's data, which ends at byte end. length is the span of its length.
func (d *decoder) data(typ, class uint16, length, end int) {
	c := d.c
	ok := true
	if typ == TypeOPT {
		for ok && c.Pos() < end {
			ok = d.option(length, end)
		}
	} else {
		p, repeat := partsOf(typ, class)
		for ok {
			for i := range p {
				if ok = d.part(&p[i], length, end); !ok {
					break
				}
			}
			if !repeat || c.Pos() >= end {
				break
			}
		}
	}
	if n := end - c.Pos(); n > 0 && !c.Cut() {
		i := c.AddBytes(&field.Undecoded, n)
		if ok {
			c.Fault(i, &faultExtra, 0)
		}
	}
}

// part appends one part of a record's data and tells whether the next one can be read.
func (d *decoder) part(p *part, length, end int) bool {
	if p.spec == nil {
		return d.name(&d.names[p.name], end)
	}
	i, ok := d.fits(p.spec, p.spec.Bits/8, length, end)
	if !ok || p.text == nil {
		return ok
	}
	n := int(d.c.Frame[d.c.Pos()-1])
	if n == 0 {
		return true
	}
	_, ok = d.fits(p.text, n, i, end)
	return ok
}

// fits appends a field of n bytes, with n 0 all that is left of the data. When the data ends
// before, what is left of it is appended and ok is false: the span length is what lies.
func (d *decoder) fits(s *field.Spec, n, length, end int) (i int, ok bool) {
	c := d.c
	left := end - c.Pos()
	switch {
	case n == 0:
		if left <= 0 {
			return -1, true
		}
		i = c.AddBytes(s, left)
		return i, !c.Cut()
	case n <= left || end > c.Limit:
		i = c.AddBytes(s, n)
		return i, !c.Cut()
	}
	if s.Bits > 0 {
		c.Fault(length, field.TooShort, 0) // a field is not whole
	} else {
		c.Fault(length, field.Overrun, 0) // a length reaches too far
	}
	if left > 0 && s.Bits == 0 {
		c.AddBytes(s, left)
	}
	return -1, false
}

var (
	specOption   = field.Spec{Name: "dns.opt", Label: "Option", Kind: field.Group, Ref: "RFC 6891, 6.1.2"}
	specOptCode  = field.Spec{Name: "dns.opt.code", Label: "Option Code", Bits: 16, Kind: field.Uint, Class: field.Operation, Values: OptionCodes, Ref: "RFC 6891, 6.1.2"}
	specOptLen   = field.Spec{Name: "dns.opt.len", Label: "Option Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6891, 6.1.2"}
	specOptData  = field.Spec{Name: "dns.opt.data", Label: "Option Data", Kind: field.Bytes, Ref: "RFC 6891, 6.1.2"}
	specFamily   = field.Spec{Name: "dns.opt.client.family", Label: "Family", Bits: 16, Kind: field.Uint, Values: field.Values{1: "IPv4", 2: "IPv6"}, Ref: "RFC 7871, 6"}
	specNetmask  = field.Spec{Name: "dns.opt.client.netmask", Label: "Source Netmask", Bits: 8, Kind: field.Uint, Ref: "RFC 7871, 6"}
	specScope    = field.Spec{Name: "dns.opt.client.scope", Label: "Scope Netmask", Bits: 8, Kind: field.Uint, Ref: "RFC 7871, 6"}
	specSubnet   = field.Spec{Name: "dns.opt.client.addr", Label: "Client Subnet", Kind: field.Bytes, Class: field.Address, Ref: "RFC 7871, 6"}
	specCookie   = field.Spec{Name: "dns.opt.cookie.client", Label: "Client Cookie", Bits: 64, Kind: field.Bytes, Ref: "RFC 7873, 4"}
	specServed   = field.Spec{Name: "dns.opt.cookie.server", Label: "Server Cookie", Kind: field.Bytes, Ref: "RFC 7873, 4"}
	specKeep     = field.Spec{Name: "dns.opt.edns_tcp_keepalive.timeout", Label: "Timeout", Bits: 16, Kind: field.Uint, Scale: 100, Unit: "ms", Ref: "RFC 7828, 3.1"}
	specPadding  = field.Spec{Name: "dns.opt.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 7830, 3"}
	specInfoCode = field.Spec{Name: "dns.opt.ext_error.info_code", Label: "Info Code", Bits: 16, Kind: field.Uint, Class: field.Operation, Values: InfoCodes, Ref: "RFC 8914, 2"}
	specInfoText = field.Spec{Name: "dns.opt.ext_error.extra_text", Label: "Extra Text", Kind: field.Text, Ref: "RFC 8914, 2"}
)

var (
	partsSubnet  = fixed(&specFamily, &specNetmask, &specScope, &specSubnet)
	partsCookie  = fixed(&specCookie, &specServed)
	partsKeep    = fixed(&specKeep)
	partsPadding = fixed(&specPadding)
	partsInfo    = fixed(&specInfoCode, &specInfoText)
	partsChain   = []part{{name: nameChain}}
	partsOption  = fixed(&specOptData)
)

func partsOfOption(code uint16) []part {
	switch code {
	case 8:
		return partsSubnet
	case 10:
		return partsCookie
	case 11:
		return partsKeep
	case 12:
		return partsPadding
	case 13:
		return partsChain
	case 15:
		return partsInfo
	}
	return partsOption
}

// option appends one option of an OPT record whose data ends at byte end.
// size is the span of that data's length.
func (d *decoder) option(size, end int) bool {
	c := d.c
	if end-c.Pos() < 4 && end <= c.Limit {
		c.Fault(size, field.TooShort, 0)
		return false
	}
	group, at := c.Open(&specOption), c.Pos()
	defer c.Close(group)
	c.Add(&specOptCode, 16)
	length := c.Add(&specOptLen, 16)
	if c.Cut() {
		return false
	}
	code, n := binary.BigEndian.Uint16(c.Frame[at:]), int(binary.BigEndian.Uint16(c.Frame[at+2:]))
	if n == 0 {
		return true
	}
	stop := c.Pos() + n
	if stop > end {
		c.Fault(length, field.Overrun, 0)
		stop = end
	}
	p := partsOfOption(code)
	for i := range p {
		if !d.part(&p[i], length, stop) {
			break
		}
	}
	if n := stop - c.Pos(); n > 0 && !c.Cut() {
		c.Fault(c.AddBytes(&field.Undecoded, n), &faultExtra, 0)
	}
	return !c.Cut()
}

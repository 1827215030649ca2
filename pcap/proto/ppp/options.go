package ppp

import "httptap/stack/field"

// A table is the options of one control protocol.
type table struct {
	typ, length field.Spec
	known       map[byte]option
	other       field.Spec
}

// An option is what the field table knows of one type: its group, and the fields of its value.
type option struct {
	group *field.Spec
	parts []*field.Spec
}

func group(name, label, ref string) *field.Spec {
	return &field.Spec{Name: name, Label: label, Kind: field.Bytes, Ref: ref}
}

func newTable(prefix string, names field.Values, known map[byte]option) table {
	return table{
		typ:    field.Spec{Name: prefix + ".opt.type", Label: "Type", Bits: 8, Kind: field.Uint, Values: names, Ref: "RFC 1661, 6"},
		length: field.Spec{Name: prefix + ".opt.length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1661, 6"},
		known:  known,
		other:  field.Spec{Name: prefix + ".opt", Label: "Option", Kind: field.Group, Ref: "RFC 1661, 6"},
	}
}

// LCPLayout is the field table of the Link Control Protocol.
var LCPLayout = controlLayout("lcp", "PPP Link Control Protocol", "LCP", "RFC 1661, 5", &linkOptions)

// IPCPLayout is the field table of IPv4's control protocol.
var IPCPLayout = controlLayout("ipcp", "PPP IP Control Protocol", "IPCP", "RFC 1332", &internetOptions)

// IPv6CPLayout is the field table of IPv6's control protocol.
var IPv6CPLayout = controlLayout("ipv6cp", "PPP IPv6 Control Protocol", "IPV6CP", "RFC 5072, 4", &internet6Options)

// CCPLayout is the field table of the control protocol of compression.
var CCPLayout = controlLayout("ccp", "PPP Compression Control Protocol", "CCP", "RFC 1962", &compressionOptions)

var linkOptions = newTable("lcp", field.Values{
	0: "Vendor Specific", 1: "Maximum Receive Unit", 2: "Async Control Character Map", 3: "Authentication Protocol", 4: "Quality Protocol", 5: "Magic Number", 7: "Protocol Field Compression", 8: "Address and Control Field Compression",
	9: "FCS Alternatives", 10: "Self-Describing Pad", 11: "Numbered Mode", 13: "Callback", 17: "Multilink MRRU", 18: "Multilink Short Sequence Number Header", 19: "Multilink Endpoint Discriminator",
}, map[byte]option{
	1:  {group("lcp.opt.mtu_bytes", "MRU", "RFC 1661, 6.1"), []*field.Spec{{Name: "lcp.opt.mru", Label: "MRU", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1661, 6.1"}}},
	2:  {group("lcp.opt.asyncmap_bytes", "Async Control Character Map", "RFC 1662, 7.1"), []*field.Spec{{Name: "lcp.opt.asyncmap", Label: "Async Control Character Map", Bits: 32, Kind: field.Hex, Class: field.Flags, Ref: "RFC 1662, 7.1", Sub: characters()}}},
	3:  {group("lcp.opt.auth_protocol_bytes", "Authentication Protocol", "RFC 1661, 6.2"), []*field.Spec{{Name: "lcp.opt.auth_protocol", Label: "Authentication Protocol", Bits: 16, Kind: field.Hex, Values: protocols, Ref: "RFC 1661, 6.2"}}},
	5:  {group("lcp.opt.magic_number_bytes", "Magic Number", "RFC 1661, 6.4"), []*field.Spec{{Name: "lcp.opt.magic_number", Label: "Magic Number", Bits: 32, Kind: field.Hex, Ref: "RFC 1661, 6.4"}}},
	7:  {group("lcp.opt.field_compress", "Protocol Field Compression", "RFC 1661, 6.5"), nil},
	8:  {group("lcp.opt.addr_field_compress", "Address and Control Field Compression", "RFC 1661, 6.6"), nil},
	17: {group("lcp.opt.multilink_mrru", "Multilink MRRU", "RFC 1990, 5.1.1"), []*field.Spec{{Name: "lcp.opt.mrru", Label: "MRRU", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 1990, 5.1.1"}}},
})

// algorithm is what CHAP is to compute, where the protocol of authentication is CHAP.
var algorithm = field.Spec{Name: "lcp.opt.algorithm", Label: "Algorithm", Bits: 8, Kind: field.Uint, Values: field.Values{5: "CHAP with MD5", 6: "SHA-1", 7: "CHAP with SHA-256", 8: "CHAP with SHA3-256", 128: "MS-CHAP", 129: "MS-CHAP-2"}, Ref: "IANA, PPP Authentication Algorithms"}

var internetOptions = newTable("ipcp", field.Values{1: "IP Addresses (deprecated)", 2: "IP Compression", 3: "IP Address", 4: "Mobile Node's Home IP Address", 129: "Primary DNS Server IP Address", 130: "Primary WINS Server IP Address", 131: "Secondary DNS Server IP Address", 132: "Secondary WINS Server IP Address"}, map[byte]option{
	2: {group("ipcp.opt.compress", "IP Compression", "RFC 1332, 3.2"), []*field.Spec{
		{Name: "ipcp.opt.compress_proto", Label: "IP Compression Protocol", Bits: 16, Kind: field.Hex, Values: protocols, Ref: "RFC 1332, 3.2"},
		{Name: "ipcp.opt.max_slot_id", Label: "Max Slot ID", Bits: 8, Kind: field.Uint, Ref: "RFC 1332, 4"},
		{Name: "ipcp.opt.comp_slot_id_rsv", Label: "Reserved", Bits: 7, Kind: field.Reserved, Ref: "RFC 1332, 4"},
		{Name: "ipcp.opt.comp_slot_id", Label: "Slot ID compression flag", Bits: 1, Kind: field.Flag, Ref: "RFC 1332, 4"},
	}},
	3:   {group("ipcp.opt.addr", "IP Address", "RFC 1332, 3.3"), addressOf("ipcp.opt.ip_address", "IP Address")},
	129: {group("ipcp.opt.pri_dns", "Primary DNS Server IP Address", "RFC 1877, 1.1"), addressOf("ipcp.opt.pri_dns_address", "Primary DNS Address")},
	130: {group("ipcp.opt.pri_nbns", "Primary WINS Server IP Address", "RFC 1877, 1.2"), addressOf("ipcp.opt.pri_nbns_address", "Primary WINS Address")},
	131: {group("ipcp.opt.sec_dns", "Secondary DNS Server IP Address", "RFC 1877, 1.3"), addressOf("ipcp.opt.sec_dns_address", "Secondary DNS Address")},
	132: {group("ipcp.opt.sec_nbns", "Secondary WINS Server IP Address", "RFC 1877, 1.4"), addressOf("ipcp.opt.sec_nbns_address", "Secondary WINS Address")},
})

func addressOf(name, label string) []*field.Spec {
	return []*field.Spec{{Name: name, Label: label, Bits: 32, Kind: field.IPv4, Class: field.Address, Ref: "RFC 1332, 3.3"}}
}

var internet6Options = newTable("ipv6cp", field.Values{1: "Interface Identifier", 2: "IPv6 Compression"}, map[byte]option{
	1: {group("ipv6cp.opt.interface_identifier", "Interface Identifier", "RFC 5072, 4.1"), []*field.Spec{{Name: "ipv6cp.interface_identifier", Label: "Interface Identifier", Bits: 64, Kind: field.Bytes, Class: field.Address, Ref: "RFC 5072, 4.1"}}},
})

var compressionOptions = newTable("ccp", field.Values{0: "OUI", 1: "Predictor type 1", 2: "Predictor type 2", 17: "Stac Electronics LZS", 18: "Microsoft PPE/PPC", 21: "BSD Compress", 24: "MVRCA (Magnalink)", 26: "Deflate"}, nil)

// characters are the bits of the map, the highest one's first: ASCII's control characters.
func characters() (list []field.Spec) {
	for _, name := range []string{"us", "rs", "gs", "fs", "esc", "sub", "em", "can", "etb", "syn", "nak", "dc4", "dc3", "dc2", "dc1", "dle", "si", "so", "cr", "ff", "vt", "lf", "ht", "bs", "bel", "ack", "enq", "eot", "etx", "stx", "soh", "nul"} {
		list = append(list, field.Spec{Name: "lcp.opt.asyncmap." + name, Label: name, Bits: 1, Kind: field.Flag, Ref: "RFC 1662, 7.1"})
	}
	return list
}

var badOption = &field.Fault{Name: "ppp.opt.length.invalid", Label: "this length is not one that the option can have, or reaches past the end", Severity: field.Error}

func (t *table) more() []*field.Spec {
	list := []*field.Spec{&t.typ, &t.length, &t.other, &algorithm}
	for _, o := range t.known {
		list = append(append(list, o.group), o.parts...)
	}
	return list
}

// add adds the options up to stop.
func (t *table) add(c *field.Context, stop int) {
	for c.Pos() < stop && !c.Cut() {
		typ := c.Frame[c.Pos()]
		o, ok := t.known[typ]
		if !ok {
			o.group = &t.other
		}
		i := c.Open(o.group)
		good := t.one(c, o.parts, typ, stop)
		c.Close(i)
		if !good {
			return
		}
	}
}

// one adds an option and tells whether the next one can be found.
func (t *table) one(c *field.Context, parts []*field.Spec, typ byte, stop int) bool {
	i := c.Add(&t.typ, 8)
	if c.Pos() >= stop {
		c.Fault(i, badOption, 0)
		return false
	}
	l := c.Add(&t.length, 8)
	if c.Cut() {
		return false
	}
	// RFC 1661, 6: the length is that "of this Configuration Option including the Type, Length and
	// Data fields".
	n := int(c.Frame[c.Pos()-1]) - 2
	if n < 0 || n > stop-c.Pos() {
		c.Fault(l, badOption, 0)
		rest(c, &data, stop)
		return false
	}
	end, bits := c.Pos()+n, 0
	for _, s := range parts {
		bits += s.Bits
	}
	if n < bits/8 {
		c.Fault(l, badOption, 0)
		parts = nil
	}
	for _, s := range parts {
		c.Add(s, s.Bits)
	}
	if t == &linkOptions && typ == 3 && n == 3 {
		c.Add(&algorithm, 8)
	}
	rest(c, &data, end)
	return true
}

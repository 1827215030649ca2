package dns

import (
	"encoding/binary"

	"httptap/stack/field"
)

// The types whose data a list of parts can't describe.
var (
	isdnSub = counted(size("idsn.sa.length", "Length", 8, "RFC 1183, 3.2"), text("idsn.sa.address", "Sub Address", "RFC 1183, 3.2"))

	a6Len    = num("a6.prefix_len", "Prefix len", 8, "RFC 2874, 3.1")
	a6Suffix = &field.Spec{Name: "dns.a6.address_suffix", Label: "Address Suffix", Kind: field.Custom, Class: field.Address, Format: formatSuffixIPv6, Ref: "RFC 2874, 3.1"}

	aplFamily   = valued(num("apl.address_family", "Address Family", 16, "RFC 3123, 4"), field.Values{1: "IPv4", 2: "IPv6"})
	aplPrefix   = num("apl.coded_prefix", "Prefix Length", 8, "RFC 3123, 4")
	aplNegation = &field.Spec{Name: "dns.apl.negation", Label: "Negation Flag", Bits: 1, Kind: field.Flag, Ref: "RFC 3123, 4"}
	aplLen      = size("apl.afdlength", "Address Length", 7, "RFC 3123, 4")
	aplIPv4     = &field.Spec{Name: "dns.apl.afdpart.ipv4", Label: "Address", Kind: field.Custom, Class: field.Address, Format: formatPartIPv4, Ref: "RFC 3123, 4"}
	aplIPv6     = &field.Spec{Name: "dns.apl.afdpart.ipv6", Label: "Address", Kind: field.Custom, Class: field.Address, Format: formatPartIPv6, Ref: "RFC 3123, 4"}
	aplData     = data("apl.afdpart.data", "Address", "RFC 3123, 4")

	gateway4    = ipv4("ipseckey.gateway_ipv4", "IPv4 Gateway", "RFC 4025, 2.5")
	gateway6    = ipv6("ipseckey.gateway_ipv6", "IPv6 Gateway", "RFC 4025, 2.5")
	ipsecPublic = data("ipseckey.public_key", "Public Key", "RFC 4025, 2.6")

	hipHITLen    = size("hip.hit.length", "HIT length", 8, "RFC 8005, 5")
	hipAlgorithm = num("hip.hit.pk.algo", "PK algorithm", 8, "RFC 8005, 5")
	hipKeyLen    = size("hip.pk.length", "PK length", 16, "RFC 8005, 5")
	hipHIT       = data("hip.hit", "Host Identity Tag", "RFC 8005, 5")
	hipKey       = data("hip.pk", "HIP Public Key", "RFC 8005, 5")

	winsServer = ipv4("wins.wins_server", "WINS Server Address", "MS-DNSP, 2.2.2.2.4.7")
)

func isdnSubaddress(d *decoder, length, end int) bool {
	return d.c.Pos() >= end || d.part(&isdnSub, length, end)
}

// a6 appends the rest of an address and the name of who has its prefix. RFC 2874, 3.1
func a6(d *decoder, length, end int) bool {
	bits := int(d.c.Frame[d.c.Pos()-1])
	if bits > 128 {
		return false
	}
	if n := 16 - bits/8; n > 0 {
		if _, ok := d.fits(a6Suffix, n, length, end); !ok {
			return false
		}
	}
	return bits == 0 || d.name(&d.names[namePrefix], end)
}

func addressList(d *decoder, length, end int) bool {
	c := d.c
	for c.Pos() < end {
		if end-c.Pos() < 4 && end <= c.Limit {
			c.Fault(length, field.TooShort, 0)
			return false
		}
		at := c.Pos()
		c.Add(aplFamily, 16)
		c.Add(aplPrefix, 8)
		c.Add(aplNegation, 1)
		i := c.Add(aplLen, 7)
		if c.Cut() {
			return false
		}
		n, s := int(c.Frame[at+3]&0x7f), aplData
		switch binary.BigEndian.Uint16(c.Frame[at:]) {
		case 1:
			if n <= 4 {
				s = aplIPv4
			}
		case 2:
			if n <= 16 {
				s = aplIPv6
			}
		}
		if n == 0 {
			continue
		}
		if _, ok := d.fits(s, n, i, end); !ok {
			return false
		}
	}
	return true
}

func ipsecKey(d *decoder, length, end int) bool {
	ok := true
	switch d.c.Frame[d.c.Pos()-2] {
	case 1:
		_, ok = d.fits(gateway4, 4, length, end)
	case 2:
		_, ok = d.fits(gateway6, 16, length, end)
	case 3:
		ok = d.name(&d.names[nameGateway], end)
	}
	if !ok || d.c.Pos() >= end {
		return ok
	}
	_, ok = d.fits(ipsecPublic, 0, length, end)
	return ok
}

func hip(d *decoder, length, end int) bool {
	c := d.c
	b := c.Frame[c.Pos()-4:]
	hit, key := int(b[0]), int(binary.BigEndian.Uint16(b[2:]))
	if hit > 0 {
		if _, ok := d.fits(hipHIT, hit, length, end); !ok {
			return false
		}
	}
	if key > 0 {
		if _, ok := d.fits(hipKey, key, length, end); !ok {
			return false
		}
	}
	for c.Pos() < end {
		if !d.name(&d.names[nameHIP], end) {
			return false
		}
	}
	return true
}

func winsServers(d *decoder, length, end int) bool {
	for d.c.Pos() < end {
		if _, ok := d.fits(winsServer, 4, length, end); !ok {
			return false
		}
	}
	return true
}

// Services: a priority, a name, and parameters. RFC 9460, 2.2
var (
	// paramKeys: IANA, "Service Parameter Keys (SvcParamKeys)"
	paramKeys = field.Values{0: "mandatory", 1: "alpn", 2: "no-default-alpn", 3: "port", 4: "ipv4hint", 5: "ech", 6: "ipv6hint", 7: "dohpath", 8: "ohttp", 9: "tls-supported-groups", 32769: "odohconfig", 65535: "key65535"}

	svcParam  = &field.Spec{Name: "dns.svcb.svcparam", Label: "SvcParam", Kind: field.Group, Ref: "RFC 9460, 2.2"}
	svcKey    = valued(num("svcb.svcparam.key", "SvcParamKey", 16, "RFC 9460, 2.2"), paramKeys)
	svcLen    = size("svcb.svcparam.value.length", "SvcParamValue length", 16, "RFC 9460, 2.2")
	svcValue  = data("svcb.svcparam.value", "SvcParamValue", "RFC 9460, 2.2")
	svcNeeded = valued(num("svcb.svcparam.mandatory.key", "Mandatory key", 16, "RFC 9460, 8"), paramKeys)
	svcALPN   = counted(size("svcb.svcparam.alpn.length", "ALPN length", 8, "RFC 9460, 7.1.1"), text("svcb.svcparam.alpn", "ALPN", "RFC 9460, 7.1.1"))
	svcPort   = &field.Spec{Name: "dns.svcb.svcparam.port", Label: "Port", Bits: 16, Kind: field.Uint, Class: field.Port, Ref: "RFC 9460, 7.2"}
	svcIPv4   = ipv4("svcb.svcparam.ipv4hint.ip", "IP", "RFC 9460, 7.3")
	svcECH    = data("svcb.svcparam.echconfig", "ECHConfig", "RFC 9848, 3")
	svcIPv6   = ipv6("svcb.svcparam.ipv6hint.ip", "IP", "RFC 9460, 7.3")
	svcPath   = text("svcb.svcparam.dohpath", "DoH path", "RFC 9461, 5")
	svcODoH   = data("svcb.svcparam.odohconfig", "ODoHConfig", "RFC 9230, 7")

	paramForms = map[uint16]*form{
		0: {parts: fixed(svcNeeded), repeat: true}, 1: {parts: []part{svcALPN}, repeat: true}, 3: {parts: fixed(svcPort)}, 4: {parts: fixed(svcIPv4), repeat: true},
		5: {parts: fixed(svcECH)}, 6: {parts: fixed(svcIPv6), repeat: true}, 7: {parts: fixed(svcPath)}, 32769: {parts: fixed(svcODoH)},
	}
	formParam = form{parts: fixed(svcValue)}

	formSVCB = form{parts: append(fixed(num("svcb.svcpriority", "SvcPriority", 16, "RFC 9460, 2.4.1")), named(nameTarget)...), walk: walkService,
		adds: []*field.Spec{svcParam, svcKey, svcLen, svcValue, svcNeeded, svcALPN.spec, svcALPN.text, svcPort, svcIPv4, svcECH, svcIPv6, svcPath, svcODoH}}
)

func serviceParams(d *decoder, length, end int) bool {
	c := d.c
	for c.Pos() < end {
		if end-c.Pos() < 4 && end <= c.Limit {
			c.Fault(length, field.TooShort, 0)
			return false
		}
		at := c.Pos()
		group := c.Open(svcParam)
		c.Add(svcKey, 16)
		i := c.Add(svcLen, 16)
		if c.Cut() {
			c.Close(group)
			return false
		}
		n := int(binary.BigEndian.Uint16(c.Frame[at+2:]))
		stop, ok := c.Pos()+n, true
		if stop > end {
			c.Fault(i, field.Overrun, 0)
			stop, ok = end, false
		}
		f := paramForms[binary.BigEndian.Uint16(c.Frame[at:])]
		if f == nil {
			f = &formParam
		}
		for c.Pos() < stop && d.parts(f.parts, i, stop) && f.repeat {
		}
		if left := stop - c.Pos(); left > 0 && !c.Cut() {
			c.AddBytes(svcValue, left)
		}
		c.Close(group)
		if !ok || c.Cut() {
			return false
		}
	}
	return true
}

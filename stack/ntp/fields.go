package ntp

import (
	"encoding/binary"
	"net/netip"

	"httptap/stack/field"
)

// Layout is the field table. It has no Head: even the first byte tells what it is made of.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "ntp", Label: "Network Time Protocol", Kind: field.Layer, Ref: "RFC 5905, 7.3"},
	Title: "NTP",
	Tail:  tail,
	More:  more,
}

// Modes names the modes. RFC 5905, figure 10
var Modes = field.Values{
	0: "reserved", ModeSymmetricActive: "symmetric active", ModeSymmetricPassive: "symmetric passive", ModeClient: "client",
	ModeServer: "server", ModeBroadcast: "broadcast", ModeControl: "control message", ModePrivate: "reserved for private use",
}

// Leaps names the leap indicators. RFC 5905, figure 9
var Leaps = field.Values{
	LeapNone: "no warning", LeapInsert: "last minute of the day has 61 seconds", LeapDelete: "last minute of the day has 59 seconds",
	LeapUnsynced: "unknown (clock unsynchronized)",
}

var strata = field.Values{0: "unspecified or invalid", 1: "primary reference", StratumUnsynced: "unsynchronized"}

// flags is the first byte, which all modes share.
var flags = field.Spec{Name: "ntp.flags", Label: "Flags", Bits: 8, Kind: field.Hex, Class: field.Flags, Ref: "RFC 5905, 7.3", Sub: []field.Spec{
	{Name: "ntp.flags.li", Label: "Leap Indicator", Bits: 2, Kind: field.Uint, Class: field.Flags, Values: Leaps, Ref: "RFC 5905, figure 9"},
	{Name: "ntp.flags.vn", Label: "Version number", Bits: 3, Kind: field.Uint, Ref: "RFC 5905, 7.3"},
	{Name: "ntp.flags.mode", Label: "Mode", Bits: 3, Kind: field.Uint, Class: field.Operation, Values: Modes, Ref: "RFC 5905, figure 10"},
}}

// header is what follows the flags in modes 0 to 5.
var header = [...]field.Spec{
	{Name: "ntp.stratum", Label: "Peer Clock Stratum", Bits: 8, Kind: field.Uint, Values: strata, Ref: "RFC 5905, figure 11"},
	{Name: "ntp.ppoll", Label: "Peer Polling Interval", Bits: 8, Kind: field.Int, Unit: "log2(s)", Ref: "RFC 5905, 7.3"},
	{Name: "ntp.precision", Label: "Peer Clock Precision", Bits: 8, Kind: field.Int, Unit: "log2(s)", Ref: "RFC 5905, 7.3"},
	{Name: "ntp.rootdelay", Label: "Root Delay", Bits: 32, Kind: field.NTPShort, Ref: "RFC 5905, 7.3"},
	{Name: "ntp.rootdispersion", Label: "Root Dispersion", Bits: 32, Kind: field.NTPShort, Ref: "RFC 5905, 7.3"},
	{Name: "ntp.refid", Label: "Reference ID", Bits: 32, Kind: field.Custom, Class: field.Address, Format: formatRefID, Ref: "RFC 5905, 7.3"},
	{Name: "ntp.reftime", Label: "Reference Timestamp", Bits: 64, Kind: field.NTPTime, Class: field.Timestamp, Ref: "RFC 5905, 7.3"},
	{Name: "ntp.org", Label: "Origin Timestamp", Bits: 64, Kind: field.NTPTime, Class: field.Timestamp, Ref: "RFC 5905, 7.3"},
	{Name: "ntp.rec", Label: "Receive Timestamp", Bits: 64, Kind: field.NTPTime, Class: field.Timestamp, Ref: "RFC 5905, 7.3"},
	{Name: "ntp.xmt", Label: "Transmit Timestamp", Bits: 64, Kind: field.NTPTime, Class: field.Timestamp, Ref: "RFC 5905, 7.3"},
}

var (
	specExt      = field.Spec{Name: "ntp.ext", Label: "Extension", Kind: field.Group, Ref: "RFC 7822, 3"}
	specExtType  = field.Spec{Name: "ntp.ext.type", Label: "Field Type", Bits: 16, Kind: field.Hex, Class: field.Operation, Values: ExtensionTypes, Ref: "RFC 7822, 3"}
	specExtLen   = field.Spec{Name: "ntp.ext.length", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 7822, 3"}
	specExtValue = field.Spec{Name: "ntp.ext.value", Label: "Value", Kind: field.Bytes, Ref: "RFC 7822, 3"}
	specKeyID    = field.Spec{Name: "ntp.keyid", Label: "Key ID", Bits: 32, Kind: field.Bytes, Ref: "RFC 5905, 7.3"}
	specMAC      = field.Spec{Name: "ntp.mac", Label: "Message Authentication Code", Kind: field.Bytes, Class: field.Sum, Ref: "RFC 5905, 7.3"}
)

// ExtensionTypes names the types of extension fields. IANA, "NTP Extension Field Types"
var ExtensionTypes = field.Values{
	0x0002: "No-Operation Request", 0x8002: "No-Operation Response", 0x0102: "Association Message Request", 0x8102: "Association Message Response",
	0x0202: "Certificate Message Request", 0x8202: "Certificate Message Response", 0x0302: "Cookie Message Request", 0x8302: "Cookie Message Response",
	0x0402: "Autokey Message Request", 0x8402: "Autokey Message Response", 0x0104: "Unique Identifier", 0x0204: "NTS Cookie",
	0x0304: "NTS Cookie Placeholder", 0x0404: "NTS Authenticator and Encrypted Extension Fields", 0x2005: "UDP Checksum Complement",
}

// What can be wrong, besides what any layer can have.
var (
	faultVersion = field.Fault{Name: "ntp.version", Label: "there is no such version", Severity: field.Warn}
	faultUnit    = field.Fault{Name: "ntp.ext.unit", Label: "the length is no multiple of 4", Severity: field.Error}
	faultTrail   = field.Fault{Name: "ntp.trailing", Label: "neither an extension field nor an authenticator", Severity: field.Error}
)

func more() []*field.Spec {
	list := []*field.Spec{&flags, &specExt, &specExtType, &specExtLen, &specExtValue, &specKeyID, &specMAC,
		&specControlData, &specControlText, &specControlItem, &specVariable, &specControlComma, &specControlPad, &specPrivateData, &specItem, &specItemRest}
	for i := range statusWords {
		list = append(list, &statusWords[i])
	}
	for _, table := range [][]field.Spec{header[:], control[:], private[:], monitor[:]} {
		list = append(list, field.Pointers(table)...)
	}
	return list
}

func tail(c *field.Context) {
	mode := uint8(0)
	if c.Start < c.Limit {
		mode = c.Frame[c.Start] & 7
	}
	if mode == ModePrivate {
		privateTail(c)
		return
	}
	i := c.Add(&flags, 8)
	if c.Cut() {
		return
	}
	version := c.Frame[c.Start] >> 3 & 7
	if version < 1 || version > 4 {
		c.Fault(i+2, &faultVersion, 0)
	}
	if mode == ModeControl {
		controlTail(c)
		return
	}
	addAll(c, header[:])
	for version >= 4 && !c.Cut() && extension(c) {
	}
	if !c.Cut() {
		authenticator(c)
	}
}

func addAll(c *field.Context, specs []field.Spec) {
	for k := range specs {
		c.Add(&specs[k], specs[k].Bits)
	}
}

// left returns how many bytes the message has behind Pos, those not captured with them.
func left(c *field.Context) int {
	if c.Cut() {
		return 0
	}
	return len(c.Rest()) + c.Missing()
}

// extension appends an extension field and tells whether there was a sound one.
func extension(c *field.Context) bool {
	n := left(c)
	if n == 0 || isAuthenticator(n) || n < 4 {
		return false
	}
	group, at := c.Open(&specExt), c.Pos()
	c.Add(&specExtType, 16)
	length := c.Add(&specExtLen, 16)
	ok := false
	if !c.Cut() {
		size := int(binary.BigEndian.Uint16(c.Frame[at+2:]))
		switch {
		case size < minExtension:
			c.Fault(length, field.TooShort, 0)
		case size > n && !c.Quoted:
			c.Fault(length, field.Overrun, 0)
			c.AddBytes(&specExtValue, len(c.Rest()))
		default:
			if size%4 != 0 {
				c.Fault(length, &faultUnit, 0)
			}
			c.AddBytes(&specExtValue, size-4)
			ok = size%4 == 0 && !c.Cut()
		}
	}
	c.Close(group)
	return ok
}

// authenticator appends what is left: a key and a digest, or bytes that are neither.
func authenticator(c *field.Context) {
	n := left(c)
	version := c.Frame[c.Start] >> 3 & 7
	switch {
	case n == 0:
	case isAuthenticator(n), version < 4 && n >= 4:
		c.AddBytes(&specKeyID, 4)
		if n > 4 {
			c.AddBytes(&specMAC, n-4)
		}
	default:
		c.Fault(c.AddBytes(&field.Undecoded, n), &faultTrail, 0)
	}
}

// formatRefID appends a reference identifier as its stratum means it, zero as NULL.
func formatRefID(dst, msg []byte, off, n int) []byte {
	if n != 4 || len(msg) < 2 {
		return field.AppendHex(dst, msg[off:off+n])
	}
	r := RefID(msg[off : off+4])
	if r == (RefID{}) {
		return append(dst, "NULL"...)
	}
	if msg[1] <= 1 {
		text := msg[off : off+4]
		for len(text) > 0 && text[len(text)-1] == 0 {
			text = text[:len(text)-1]
		}
		return field.AppendQuoted(dst, text)
	}
	return netip.AddrFrom4(r).AppendTo(dst)
}

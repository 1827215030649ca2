package dhcpv4

import (
	"bytes"
	"net/netip"
	"strconv"

	"httptap/stack/field"
)

// An option says how the value of one option code is made.
type option struct {
	name  string // IANA, "BOOTP Vendor Extensions and DHCP Options"
	group field.Spec
	spec  field.Spec
	other field.Spec // the second part of pairs
	parts []*field.Spec

	simple bool // one value of all bytes

	// add adds the n bytes of the value, all of which are there, and returns what is wrong
	// with their number, or nil.
	add func(c *field.Context, o *option, n int) *field.Fault
}

// The specs that all options share.
var (
	specCode    = field.Spec{Name: "dhcp.option.code", Label: "Code", Bits: 8, Kind: field.Uint, Values: optionNames, Ref: "RFC 2132, 2"}
	specPad     = field.Spec{Name: "dhcp.option.type", Label: "Option: (0) Padding", Bits: 8, Kind: field.Uint, Values: optionNames, Ref: "RFC 2132, 3.1"}
	specPads    = field.Spec{Name: "dhcp.option.pads", Label: "More padding", Kind: field.Padding, Ref: "RFC 2132, 3.1"}
	specRest    = field.Spec{Name: "dhcp.option.rest", Label: "Bytes that do not fit the option", Kind: field.Bytes, Ref: "RFC 2132, 2"}
	specLength  = field.Spec{Name: "dhcp.option.length", Label: "Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 2132, 2"}
	specValue   = field.Spec{Name: "dhcp.option.value", Label: "Value", Kind: field.Bytes, Ref: "RFC 2132, 2"}
	specPadding = field.Spec{Name: "dhcp.option.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 2132, 3.1"}
	specEnd     = field.Spec{Name: "dhcp.option.end", Label: "Option End", Bits: 8, Kind: field.Uint, Ref: "RFC 2132, 3.2"}
)

func raw(c *field.Context, n int) {
	if n > 0 {
		c.AddBytes(&specRest, n)
	}
}

// addText is the form of a value of one byte or more.
func addText(c *field.Context, o *option, n int) *field.Fault {
	if n == 0 {
		return &faultEmpty
	}
	c.AddBytes(&o.spec, n)
	return nil
}

// addOne is the form of a value of a fixed width.
func addOne(c *field.Context, o *option, n int) *field.Fault {
	if n != o.spec.Bits/8 {
		raw(c, n)
		return wrong(n)
	}
	c.Add(&o.spec, o.spec.Bits)
	return nil
}

// addParts is the form of fields of fixed widths, the last of which may have none and then has
// what is left.
func addParts(c *field.Context, o *option, n int) *field.Fault {
	return parts(c, o.parts, n)
}

func parts(c *field.Context, specs []*field.Spec, n int) *field.Fault {
	stop := c.Pos() + n
	at, bits := c.Pos(), 0
	for _, s := range specs {
		bits += s.Bits
		if s.Bits == 0 {
			if left := stop - c.Pos(); left > 0 {
				c.AddBytes(s, left)
			}
			break
		}
		if at+(bits+7)/8 > stop {
			raw(c, stop-c.Pos())
			return wrong(n)
		}
		c.Add(s, s.Bits)
	}
	if left := stop - c.Pos(); left > 0 {
		raw(c, left)
		return &faultLength
	}
	return nil
}

// addList is the form of one or more values of a fixed width.
func addList(c *field.Context, o *option, n int) *field.Fault {
	size := o.spec.Bits / 8
	for rest := n; rest >= size; rest -= size {
		c.Add(&o.spec, o.spec.Bits)
	}
	raw(c, n%size)
	if n == 0 || n%size != 0 {
		return wrong(n)
	}
	return nil
}

// addPairs is the form of one or more pairs of values of a fixed width.
func addPairs(c *field.Context, o *option, n int) *field.Fault {
	size := (o.spec.Bits + o.other.Bits) / 8
	for rest := n; rest >= size; rest -= size {
		c.Add(&o.spec, o.spec.Bits)
		c.Add(&o.other, o.other.Bits)
	}
	raw(c, n%size)
	if n == 0 || n%size != 0 {
		return wrong(n)
	}
	return nil
}

// addNothing is the form of an option whose presence says it all.
func addNothing(c *field.Context, o *option, n int) *field.Fault {
	raw(c, n)
	if n != 0 {
		return &faultLength
	}
	return nil
}

func wrong(n int) *field.Fault {
	if n == 0 {
		return &faultEmpty
	}
	return &faultLength
}

// addOverload is addOne with the values that make no sense marked. RFC 2132, 9.3
func addOverload(c *field.Context, o *option, n int) *field.Fault {
	f := addOne(c, o, n)
	if v := c.Frame[c.Pos()-1]; n == 1 && (v == 0 || v > 3) {
		c.Fault(len(c.Spans)-1, &faultOverload, 0)
	}
	return f
}

// The client's full name. RFC 4702, 2
var (
	specFQDNFlags = field.Spec{Name: "dhcp.fqdn.flags", Label: "Flags", Bits: 8, Kind: field.Hex, Ref: "RFC 4702, 2.1", Sub: []field.Spec{
		{Name: "dhcp.fqdn.mbz", Label: "Reserved flags", Bits: 4, Kind: field.Reserved, Ref: "RFC 4702, 2.1"},
		{Name: "dhcp.fqdn.n", Label: "Server DDNS", Bits: 1, Kind: field.Uint, Values: field.Values{0: "Some server updates", 1: "No server updates"}, Ref: "RFC 4702, 2.1"},
		{Name: "dhcp.fqdn.e", Label: "Encoding", Bits: 1, Kind: field.Uint, Values: field.Values{0: "ASCII encoding", 1: "Binary encoding"}, Ref: "RFC 4702, 2.1"},
		{Name: "dhcp.fqdn.o", Label: "Server overrides", Bits: 1, Kind: field.Uint, Values: field.Values{0: "No override", 1: "Override"}, Ref: "RFC 4702, 2.1"},
		{Name: "dhcp.fqdn.s", Label: "Server", Bits: 1, Kind: field.Uint, Values: field.Values{0: "Client", 1: "Server"}, Ref: "RFC 4702, 2.1"},
	}}
	specFQDNCode1 = field.Spec{Name: "dhcp.fqdn.rcode1", Label: "A-RR result", Bits: 8, Kind: field.Uint, Ref: "RFC 4702, 2.2"}
	specFQDNCode2 = field.Spec{Name: "dhcp.fqdn.rcode2", Label: "PTR-RR result", Bits: 8, Kind: field.Uint, Ref: "RFC 4702, 2.2"}
	specFQDNName  = field.Spec{Name: "dhcp.fqdn.name", Label: "Client name", Kind: field.Text, Class: field.Name, Ref: "RFC 4702, 2.3.2"}
	specFQDNWire  = field.Spec{Name: "dhcp.fqdn.name", Label: "Client name", Kind: field.Custom, Class: field.Name, Format: appendLabels, Ref: "RFC 4702, 2.3.1"}
)

func addFQDN(c *field.Context, o *option, n int) *field.Fault {
	if n < 3 {
		raw(c, n)
		return wrong(n)
	}
	wire := c.Frame[c.Pos()]&4 != 0
	c.Add(&specFQDNFlags, 8)
	c.Add(&specFQDNCode1, 8)
	c.Add(&specFQDNCode2, 8)
	switch {
	case n == 3:
	case wire:
		c.AddBytes(&specFQDNWire, n-3)
	default:
		c.AddBytes(&specFQDNName, n-3)
	}
	return nil
}

// appendLabels prints a name in DNS labels, RFC 1035, 3.1; bytes that are not one as they are.
func appendLabels(dst, msg []byte, off, n int) []byte {
	b, start := msg[off:off+n], len(dst)
	for i := 0; i < len(b); {
		l := int(b[i])
		if l > 63 || i+1+l > len(b) || l == 0 && i+1 < len(b) {
			return field.AppendQuoted(dst[:start], b)
		}
		if l > 0 {
			dst = append(appendLabel(dst, b[i+1:i+1+l]), '.')
		}
		i += 1 + l
	}
	if len(dst) == start {
		return append(dst, "<Root>"...)
	}
	return bytes.TrimSuffix(dst, []byte{'.'})
}

// addRoutes adds a span for each classless static route. RFC 3442
func addRoutes(c *field.Context, o *option, n int) *field.Fault {
	if n == 0 {
		return &faultEmpty
	}
	for stop := c.Pos() + n; c.Pos() < stop; {
		bits := int(c.Frame[c.Pos()])
		size := 1 + (bits+7)/8 + 4
		if left := stop - c.Pos(); bits > 32 || size > left {
			raw(c, left)
			if bits > 32 {
				c.Fault(len(c.Spans)-1, &faultRoute, 0)
			}
			return &faultLength
		}
		c.AddBytes(&o.spec, size)
	}
	return nil
}

func appendRoute(dst, msg []byte, off, n int) []byte {
	b := msg[off : off+n]
	var net [4]byte
	copy(net[:], b[1:n-4])
	dst = netip.AddrFrom4(net).AppendTo(dst)
	dst = strconv.AppendUint(append(dst, '/'), uint64(b[0]), 10)
	return netip.AddrFrom4([4]byte(b[n-4:])).AppendTo(append(dst, " via "...))
}

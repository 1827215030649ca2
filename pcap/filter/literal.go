package filter

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"httptap/stack/field"
)

// A value is one value of a field, or a literal. Numbers are in n: signed ones in two's
// complement, a Float's bits, times in nanoseconds. Addresses, text and bytes are in b, an IPv4
// address in both.
type value struct {
	b      []byte
	spec   *field.Spec // whose names a number's value has
	n      uint64
	typ    Type
	prefix uint8 // of a network literal: its bits and one more, 0 for no network
}

// literal returns what the literal n means where a value of type typ is wanted, of the field ref
// where that is not nil.
func (c *checker) literal(n *node, typ Type, ref *fieldRef) (value, error) {
	negative := false
	at := n
	if n.kind == nodeNegated {
		negative, n = true, n.args[0]
	}
	text := n.text
	switch n.kind {
	case nodeString:
		text = n.value
	case nodeChar:
		if typ.family() == famNumber && typ != Float {
			return c.inRange(at, uint64(n.value[0]), negative, ref)
		}
		if typ == String || typ == Bytes || typ == Ether || typ == Protocol {
			return value{typ: Bytes, b: []byte(n.value)}, nil
		}
	case nodeName:
	default:
		return value{}, c.fail(n, "a literal has to stand here")
	}
	quoted := n.kind == nodeString
	if negative && (quoted || typ.family() != famNumber && typ != Duration) {
		return value{}, c.fail(at, "a minus can't stand before %s", typ.article())
	}
	switch typ {
	case Bool, Uint, Int:
		if !quoted {
			if v, ok := parseNumber(text); ok {
				return c.inRange(at, v, negative, ref)
			}
		}
		if !negative {
			return c.named(n, text, typ, ref)
		}
	case Float:
		if v, err := strconv.ParseFloat(text, 64); err == nil && !quoted && isDecimal(text) {
			if negative {
				v = -v
			}
			return value{typ: Float, n: math.Float64bits(v)}, nil
		}
	case Duration:
		if v, ok := parseSeconds(text); ok && !quoted {
			if negative {
				v = -v
			}
			return value{typ: Duration, n: uint64(v)}, nil
		}
	case Time:
		if v, ok := parseTime(text); ok {
			return value{typ: Time, n: uint64(v)}, nil
		}
		return value{}, c.fail(n, `%s is no time; write "2026-01-31 12:34:56.789"`, quote(text))
	case IPv4, IPv6:
		return c.address(n, text, typ, ref)
	case Ether:
		if b, ok := parseBytes(text); ok && !quoted && len(b) == 6 {
			return value{typ: Ether, b: b}, nil
		} else if ok && !quoted {
			return value{}, c.fail(n, "%s has %d bytes, an Ethernet address has 6; compare a slice: %s[0:%d] == %s", text, len(b), refName(ref, "eth.addr"), len(b), text)
		}
	case Bytes, Protocol:
		if quoted {
			return value{typ: Bytes, b: []byte(text)}, nil
		}
		if b, ok := parseBytes(text); ok {
			return value{typ: Bytes, b: b}, nil
		}
		return value{}, c.fail(n, `%s is neither bytes (47:45:54, 0xff) nor text in quotes ("GET")%s`, quote(text), perhaps(text))
	case String:
		if quoted || !strings.ContainsAny(text, ":") {
			return value{typ: String, b: []byte(text)}, nil
		}
		return value{}, c.fail(n, "%s needs quotes to be text; bytes are compared with a field's own bytes: @%s == %s", text, refName(ref, "dns.qry.name"), text)
	}
	return value{}, c.fail(at, "%s is no %s%s", quote(c.text[at.pos:at.end]), typ, perhaps(text))
}

func refName(ref *fieldRef, otherwise string) string {
	if ref != nil {
		return ref.name
	}
	return otherwise
}

// perhaps proposes a field where a literal that is none may have been meant as one.
func perhaps(text string) string {
	if text == "" || !strings.Contains(text, ".") || '0' <= text[0] && text[0] <= '9' {
		return ""
	}
	if near := nearest(text, fieldNames(false)); near != "" {
		return "; did you mean the field " + near + "?"
	}
	return ""
}

func quote(s string) string { return string(appendString(nil, s)) }

// article returns the type with its article.
func (t Type) article() string {
	switch t {
	case Uint, IPv4, IPv6, Ether:
		return "an " + t.String()
	case Bytes, String:
		return t.String()
	}
	return "a " + t.String()
}

// parseNumber reads a number: decimal, 0x, 0b, or octal after a zero.
func parseNumber(s string) (uint64, bool) {
	base := 10
	switch {
	case strings.HasPrefix(s, "0x"), strings.HasPrefix(s, "0X"):
		s, base = s[2:], 16
	case strings.HasPrefix(s, "0b"), strings.HasPrefix(s, "0B"):
		s, base = s[2:], 2
	case len(s) > 1 && s[0] == '0':
		s, base = s[1:], 8
	}
	v, err := strconv.ParseUint(s, base, 64)
	return v, err == nil
}

// inRange returns a number when the field can hold it. The width is taken in whole bytes, as
// Wireshark's types are.
func (c *checker) inRange(n *node, v uint64, negative bool, ref *fieldRef) (value, error) {
	bits := 64
	if ref != nil && ref.bits > 1 && ref.bits < 64 {
		bits = (ref.bits + 7) / 8 * 8
	}
	signed := ref == nil || ref.typ == Int
	switch {
	case negative && !signed && v > 0:
		return value{}, c.fail(n, "%s is unsigned and never below 0", ref.name)
	case negative && v > 1<<63, signed && ref != nil && v > 1<<(bits-1) && negative:
		return value{}, c.fail(n, "-%d is too small for %s", v, refName(ref, "a number"))
	case negative:
		return value{typ: Int, n: -v}, nil
	case ref != nil && ref.typ != Bool && v > 1<<bits-1 && bits < 64, ref != nil && signed && v > 1<<(bits-1)-1:
		return value{}, c.fail(n, "%d is too great for %s, which has %d bits", v, ref.name, ref.bits)
	case ref != nil && ref.typ == Bool:
		v = min(v, 1) // any number but 0 is true
	}
	return value{typ: Uint, n: v}, nil
}

// named returns the number that has the name text. Where a name stands for several numbers, each
// of one kind of message, the value is the name.
func (c *checker) named(n *node, text string, typ Type, ref *fieldRef) (value, error) {
	var values []uint64
	var names []string
	everywhere := true // every table of the field has the name
	if ref != nil {
		for _, s := range ref.specs {
			has := false
			for v, name := range s.Values {
				names = append(names, name)
				if strings.EqualFold(name, text) {
					has = true
					if !slices.Contains(values, v) {
						values = append(values, v)
					}
				}
			}
			everywhere = everywhere && has
		}
	}
	switch {
	case len(values) == 1 && everywhere:
		return value{typ: Uint, n: values[0]}, nil
	case len(values) > 0:
		return value{typ: String, b: []byte(text)}, nil
	case typ == Bool && (strings.EqualFold(text, "true") || strings.EqualFold(text, "set")):
		return value{typ: Bool, n: 1}, nil
	case typ == Bool && (strings.EqualFold(text, "false") || strings.EqualFold(text, "not set")):
		return value{typ: Bool}, nil
	case typ == Bool && names == nil:
		return value{}, c.fail(n, "%s is no flag; write True, False, 1 or 0", quote(text))
	case strings.Trim(text, "0123456789") == "" && n.kind == nodeName:
		return value{}, c.fail(n, "%s is too great a number%s", text, map[bool]string{true: ", or no octal one, as the 0 before it says"}[text[0] == '0'])
	case n.kind == nodeName && strings.Trim(text, "0123456789-") == "" && strings.Count(text, "-") == 1:
		return value{}, c.fail(n, "%s is no number; a range is written: %s in {%s}", quote(text), refName(ref, "tcp.port"), strings.Replace(text, "-", "..", 1))
	case names == nil:
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return value{}, c.fail(n, "%s is no whole number, and %s is one", text, refName(ref, "this"))
		}
		if ref == nil {
			return value{}, c.fail(n, "%s is no number%s", quote(text), perhaps(text))
		}
		return value{}, c.fail(n, "%s is no number, and the values of %s have no names%s", quote(text), ref.name, perhaps(text))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if near := nearest(text, slices.Values(names)); near != "" {
		return value{}, c.fail(n, "%s is no value of %s; did you mean %s?", quote(text), ref.name, quote(near))
	}
	for i := range names {
		names[i] = quote(names[i])
	}
	if len(names) > 6 {
		names = append(names[:6], "...")
	}
	return value{}, c.fail(n, "%s is no value of %s; there are numbers and %s", quote(text), ref.name, strings.Join(names, ", "))
}

// isDecimal tells whether s has no letters but an exponent's, so that no name is a number.
func isDecimal(s string) bool { return strings.Trim(s, "0123456789.eE-") == "" && s[0] <= '9' }

// parseSeconds reads seconds with up to nine decimals, exactly.
func parseSeconds(s string) (int64, bool) {
	whole, fraction, dot := strings.Cut(s, ".")
	sec, err := strconv.ParseUint(whole, 10, 33)
	if err != nil || dot && fraction == "" || len(fraction) > 9 {
		return 0, false
	}
	ns, err := strconv.ParseUint((fraction + "000000000")[:9], 10, 32)
	return int64(sec)*int64(time.Second) + int64(ns), err == nil
}

var timeLayouts = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
	"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "Jan _2, 2006 15:04:05", "Jan _2, 2006 15:04:05 UTC", "Jan _2, 2006"}

// parseTime reads a time between the years 1678 and 2262, which is local where it does not say.
func parseTime(s string) (int64, bool) {
	for _, layout := range timeLayouts {
		in := time.Local
		if strings.HasSuffix(layout, "UTC") {
			in = time.UTC
		}
		if t, err := time.ParseInLocation(layout, s, in); err == nil {
			return t.UnixNano(), 1678 <= t.Year() && t.Year() < 2262
		}
	}
	return 0, false
}

// address returns an address or a network.
func (c *checker) address(n *node, text string, typ Type, ref *fieldRef) (value, error) {
	addr, bits, slash := strings.Cut(text, "/")
	a, err := netip.ParseAddr(addr)
	other := IPv6
	if typ == IPv6 {
		other = IPv4
	}
	switch {
	case n.kind == nodeString:
		return value{}, c.fail(n, "an address has no quotes: write %s", text)
	case err != nil:
		return value{}, c.fail(n, "%s is no %s, and names are not resolved%s", quote(text), typ, perhaps(text))
	case a.Is4() != (typ == IPv4):
		return value{}, c.fail(n, "%s is an %s, and %s holds %ses", text, other, refName(ref, "this"), typ)
	}
	v := value{typ: typ, b: a.AsSlice()}
	if typ == IPv4 {
		v.n = uint64(binary.BigEndian.Uint32(v.b))
	}
	if slash {
		most := 8 * len(v.b)
		p, err := strconv.ParseUint(bits, 10, 8)
		if err != nil || int(p) > most {
			return value{}, c.fail(n, "the prefix of an %s is at most %d bits, this is %s", typ, most, bits)
		}
		v.prefix = uint8(p) + 1
	}
	return v, nil
}

// parseBytes reads bytes in hexadecimal, with colons, hyphens or periods between them or none. A
// colon before them says that they are bytes.
func parseBytes(s string) ([]byte, bool) {
	if h, ok := strings.CutPrefix(s, "0x"); ok {
		// As in Wireshark, one byte only: with more the reader would have to guess their order.
		v, err := strconv.ParseUint(h, 16, 8)
		return []byte{byte(v)}, err == nil
	}
	s = strings.TrimPrefix(s, ":")
	var sep string
	if i := strings.IndexAny(s, ":-."); i >= 0 {
		sep = s[i : i+1]
	} else {
		sep = ":"
	}
	var b []byte
	for group := range strings.SplitSeq(s, sep) {
		if len(group) == 1 {
			group = "0" + group
		}
		d, err := hex.DecodeString(group)
		if err != nil || len(d) == 0 {
			return nil, false
		}
		b = append(b, d...)
	}
	return b, true
}

// masked compares the first bits of two addresses.
func masked(a, b []byte, bits int) int {
	n := bits / 8
	if r := bytes.Compare(a[:n], b[:n]); r != 0 || bits%8 == 0 {
		return r
	}
	shift := 8 - bits%8
	return int(a[n]>>shift) - int(b[n]>>shift)
}

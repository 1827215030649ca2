package filter

import (
	"httptap/stack/field"
)

// A Type is what the values of a field are, and so what they can be compared with.
type Type uint8

// The types.
const (
	None     Type = iota // a literal that takes the type of what it is compared with
	Bool                 // a flag
	Uint                 // an unsigned number
	Int                  // a signed number
	Float                // a number with a fraction
	Duration             // seconds with a fraction
	Time                 // a time on the calendar
	IPv4
	IPv6
	Ether
	String
	Bytes
	Protocol // a layer: its bytes, with its payload's
	Label    // it is there or not
)

var typeNames = [...]string{"literal", "flag", "unsigned number", "signed number", "decimal number", "duration in seconds", "time",
	"IPv4 address", "IPv6 address", "Ethernet address", "text", "bytes", "protocol", "label"}

// String returns the type's name for people.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown type"
}

// A family are the types that can be compared with each other.
type family uint8

const (
	famNone family = iota
	famNumber
	famDuration
	famTime
	famIPv4
	famIPv6
	famBytes
)

func (t Type) family() family {
	switch t {
	case Bool, Uint, Int, Float:
		return famNumber
	case Duration:
		return famDuration
	case Time:
		return famTime
	case IPv4:
		return famIPv4
	case IPv6:
		return famIPv6
	case Ether, String, Bytes, Protocol:
		return famBytes
	}
	return famNone
}

// sliceable tells whether a value of the type is made of bytes that can be taken apart.
func (t Type) sliceable() bool {
	return t == IPv4 || t == IPv6 || t.family() == famBytes
}

// typeOf returns the type of a field.
func typeOf(s *field.Spec) Type {
	switch s.Kind {
	case field.Layer:
		return Protocol
	case field.Uint, field.Hex, field.Reserved, field.Seconds:
		switch {
		case s.Bits == 1:
			return Bool
		case s.Bits > 64:
			return Bytes
		}
		return Uint
	case field.Int:
		return Int
	case field.Flag:
		return Bool
	case field.MAC:
		return Ether
	case field.IPv4:
		return IPv4
	case field.IPv6:
		return IPv6
	case field.Text, field.Custom:
		return String
	case field.NTPTime:
		return Time
	case field.NTPShort:
		return Float
	}
	return Bytes // groups, too: tcp.options contains 02:04
}

// common returns the type of a field whose name two tables use, each for its own type.
func common(a, b Type) Type {
	switch {
	case a == b:
		return a
	case a.family() == famNumber && b.family() == famNumber && a != Float && b != Float:
		if a == Int || b == Int {
			return Int
		}
		return Uint
	}
	return Bytes
}

package fact

import (
	"math"
	"strconv"

	"httptap/stack/field"
)

// A Type says what a fact's value is.
type Type uint8

// The types.
const (
	Present  Type = iota // no value: it is there
	Uint                 // a number
	Int                  // a number with a sign
	Frame                // the number of a frame
	Duration             // nanoseconds, shown in seconds
	Float                // a number with a fraction
	Text                 // characters
	Bytes                // bytes
)

// A Spec describes a field that is a fact. Specs are package variables: two facts are of the same
// field when their Specs' pointers are equal.
type Spec struct {
	Name     string // Wireshark's display-filter name, or one in its manner: "tcp.stream"
	Label    string // for people: "Stream index"
	Layer    string // the protocol that it belongs to, "" for the frame's own
	Type     Type
	Unit     string         // behind the value: "bytes"
	Values   field.Values   // names of single values, nil when they have none
	Severity field.Severity // of what is worth a warning; 0: it is not
	Own      bool           // Wireshark has no such field
}

// A Fact is one value of a field. What its slices point at belongs to who made it.
type Fact struct {
	Spec    *Spec
	N       uint64 // Uint, Frame; an int64 for Int and Duration; math.Float64bits for Float
	B       []byte // Text, Bytes
	Message int32  // the reassembled message whose layer it belongs to; -1: one of the frame's own
	Layer   int32  // the index of that layer's root among the spans; -1: the frame's
	Bit     int32  // the bits that it is another reading of, as tcp.seq is of tcp.seq_raw
	Len     int32  // how many; 0: it is of none
}

// Elapsed returns the value of a Duration in nanoseconds, or of an Int.
func (f *Fact) Elapsed() int64 { return int64(f.N) }

// Float returns the value of a Float.
func (f *Fact) Float() float64 { return math.Float64frombits(f.N) }

// AppendValue appends the value as tshark -T fields writes it: seconds with nine digits, bytes in
// hexadecimal, 1 for what is just there.
func (f *Fact) AppendValue(dst []byte) []byte {
	switch f.Spec.Type {
	case Uint, Frame:
		return strconv.AppendUint(dst, f.N, 10)
	case Int:
		return strconv.AppendInt(dst, int64(f.N), 10)
	case Duration:
		return AppendSeconds(dst, int64(f.N))
	case Float:
		return strconv.AppendFloat(dst, f.Float(), 'g', -1, 64)
	case Text:
		return append(dst, f.B...)
	case Bytes:
		return field.AppendHex(dst, f.B)
	}
	return append(dst, '1')
}

// AppendText appends the value for people: the name that a number has, a unit, and text with
// quotes and escapes.
func (f *Fact) AppendText(dst []byte) []byte {
	switch name := f.Spec.Values[f.N]; {
	case name != "":
		dst = append(append(dst, name...), " ("...)
		return append(f.AppendValue(dst), ')')
	case f.Spec.Type == Text:
		return field.AppendQuoted(dst, f.B)
	case f.Spec.Type == Present:
		return dst
	}
	dst = f.AppendValue(dst)
	if f.Spec.Unit != "" {
		dst = append(append(dst, ' '), f.Spec.Unit...)
	}
	return dst
}

// AppendSeconds appends nanoseconds as seconds with nine digits behind the point.
func AppendSeconds(dst []byte, ns int64) []byte {
	n := uint64(ns)
	if ns < 0 {
		dst, n = append(dst, '-'), -n
	}
	dst = strconv.AppendUint(dst, n/1e9, 10)
	dst = append(dst, '.')
	for div := uint64(1e8); div > 0; div /= 10 {
		dst = append(dst, byte('0'+n/div%10))
	}
	return dst
}

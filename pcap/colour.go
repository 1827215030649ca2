package pcap

import "httptap/stack/field"

// A Palette are the escape sequences that begin the colours of a terminal. A nil Palette has none, and
// nothing that is printed with it has an escape sequence in it.
type Palette struct {
	Layer   string                // of a layer's title
	Quiet   string                // of what is always there: offsets, numbers, lengths
	Fault   string                // of what is wrong
	Classes [field.Sum + 1]string // of the values of a class
}

// DefaultPalette has the eight colours that every terminal has, so that its user's own scheme holds.
var DefaultPalette = &Palette{
	Layer: "\x1b[1m", Quiet: "\x1b[2m", Fault: "\x1b[1;31m",
	Classes: [field.Sum + 1]string{
		field.Address: "\x1b[32m", field.Port: "\x1b[36m", field.Operation: "\x1b[33m", field.Flags: "\x1b[33m",
		field.Name: "\x1b[35m", field.Timestamp: "\x1b[34m",
	},
}

const colourEnd = "\x1b[0m"

// layer, quiet, fault and class begin a colour; end ends the one that began, if one did.
func (p *Palette) layer(dst []byte) []byte {
	if p == nil {
		return dst
	}
	return append(dst, p.Layer...)
}

func (p *Palette) quiet(dst []byte) []byte {
	if p == nil {
		return dst
	}
	return append(dst, p.Quiet...)
}

func (p *Palette) fault(dst []byte) []byte {
	if p == nil {
		return dst
	}
	return append(dst, p.Fault...)
}

func (p *Palette) class(dst []byte, c field.Class) []byte {
	if p == nil || int(c) >= len(p.Classes) {
		return dst
	}
	return append(dst, p.Classes[c]...)
}

func (p *Palette) end(dst []byte) []byte {
	if p == nil {
		return dst
	}
	return append(dst, colourEnd...)
}

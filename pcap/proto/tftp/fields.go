package tftp

import (
	"bytes"
	"encoding/binary"

	"httptap/stack/field"
)

// Port is UDP's, where requests go. RFC 1350, 4
const Port = 69

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "tftp", Label: "Trivial File Transfer Protocol", Kind: field.Layer, Ref: "RFC 1350, 5"},
	Title: "TFTP [RFC1350]",
	Head:  head[:],
	Tail:  tail,
	More:  more,
	Check: func(c *field.Context) {
		if binary.BigEndian.Uint16(c.Frame[c.Start:]) != opData {
			c.Limit = c.Pos()
		}
	},
}

// The operations. RFC 1350, 5; RFC 2347
const (
	opRead   = 1
	opWrite  = 2
	opData   = 3
	opAck    = 4
	opError  = 5
	opOption = 6
)

var head = [...]field.Spec{
	{Name: "tftp.opcode", Label: "Opcode", Bits: 16, Kind: field.Uint, Class: field.Operation, Ref: "RFC 1350, 5",
		Values: field.Values{opRead: "Read Request", opWrite: "Write Request", opData: "Data Packet", opAck: "Acknowledgement", opError: "Error Code", opOption: "Option Acknowledgement"}},
}

// errors: RFC 1350, Appendix; RFC 2347
var errors = field.Values{0: "Not defined", 1: "File not found", 2: "Access violation", 3: "Disk full or allocation exceeded", 4: "Illegal TFTP Operation",
	5: "Unknown transfer ID", 6: "File already exists", 7: "No such user", 8: "Option negotiation failed"}

var (
	source      = text("tftp.source_file", "Source File", "RFC 1350, 5", field.Name)
	destination = text("tftp.destination_file", "Destination File", "RFC 1350, 5", field.Name)
	mode        = text("tftp.type", "Type", "RFC 1350, 5", field.Detail)
	option      = field.Spec{Name: "tftp.option", Label: "Option", Kind: field.Group, Ref: "RFC 2347"}
	optionName  = text("tftp.option.name", "Option name", "RFC 2347", field.Detail)
	optionValue = text("tftp.option.value", "Option value", "RFC 2347", field.Detail)
	block       = field.Spec{Name: "tftp.block", Label: "Block", Bits: 16, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 1350, 5"}
	code        = field.Spec{Name: "tftp.error.code", Label: "Error code", Bits: 16, Kind: field.Uint, Class: field.Operation, Values: errors, Ref: "RFC 1350, 5"}
	message     = text("tftp.error.message", "Error message", "RFC 1350, 5", field.Name)
	data        = field.Spec{Name: "tftp.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 1350, 5"}
)

var (
	unknown   = &field.Fault{Name: "tftp.opcode.unknown", Label: "no operation that the protocol has", Severity: field.Error}
	unended   = &field.Fault{Name: "tftp.string.unended", Label: "the zero byte that ends this text is missing", Severity: field.Error}
	valueless = &field.Fault{Name: "tftp.option.valueless", Label: "this option has no value", Severity: field.Error}
)

func text(name, label, ref string, class field.Class) field.Spec {
	return field.Spec{Name: name, Label: label, Kind: field.Custom, Class: class, Ref: ref, Format: func(dst, msg []byte, off, n int) []byte {
		return field.AppendQuoted(dst, bytes.TrimSuffix(msg[off:off+n], []byte{0}))
	}}
}

func more() []*field.Spec {
	return []*field.Spec{&source, &destination, &mode, &option, &optionName, &optionValue, &block, &code, &message, &data}
}

func tail(c *field.Context) {
	switch binary.BigEndian.Uint16(c.Frame[c.Start:]) {
	case opRead:
		request(c, &source)
	case opWrite:
		request(c, &destination)
	case opData:
		c.Add(&block, 16) // what follows is the file's
	case opAck:
		c.Add(&block, 16)
	case opError:
		if c.Add(&code, 16); !c.Cut() {
			str(c, &message)
		}
	case opOption:
		options(c)
	default:
		c.Fault(c.Find(&head[0]), unknown, 0)
		if n := len(c.Rest()); n > 0 {
			c.AddBytes(&data, n)
		}
	}
}

func request(c *field.Context, name *field.Spec) {
	if str(c, name) && str(c, &mode) {
		options(c)
	}
}

// options adds what there is up to the end: RFC 2347, "opt1 | 0 | value1 | 0 | ... < optN | 0 | valueN | 0 >".
func options(c *field.Context) {
	for len(c.Rest()) > 0 {
		group := c.Open(&option)
		ok := str(c, &optionName)
		if ok && len(c.Rest()) == 0 && c.Missing() == 0 && !c.Quoted {
			c.Fault(group, valueless, 0)
		} else if ok {
			ok = str(c, &optionValue)
		}
		c.Close(group)
		if !ok {
			return
		}
	}
}

// str adds a text with the zero byte that ends it, and tells whether that is there.
func str(c *field.Context, s *field.Spec) bool {
	rest := c.Rest()
	if n := bytes.IndexByte(rest, 0); n >= 0 {
		c.AddBytes(s, n+1)
		return !c.Cut()
	}
	if c.Missing() > 0 || c.Quoted || len(rest) == 0 {
		c.AddBytes(s, len(rest)+1) // which cuts the layer
		return false
	}
	c.Fault(c.AddBytes(s, len(rest)), unended, 0)
	return false
}

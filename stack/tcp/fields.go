package tcp

import (
	"encoding/binary"

	"httptap/stack/field"
	"httptap/stack/sum"
)

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "tcp", Label: "Transmission Control Protocol", Kind: field.Layer, Ref: "RFC 9293, 3.1"},
	Title: "TCP [RFC9293]",
	Head:  head[:],
	Tail:  tail,
	More:  more,
	Check: check,
	Next:  next,
}

var head = [...]field.Spec{
	{Name: "tcp.srcport", Label: "Source Port", Bits: 16, Kind: field.Uint, Class: field.Port, Ref: "RFC 9293, 3.1"},
	{Name: "tcp.dstport", Label: "Destination Port", Bits: 16, Kind: field.Uint, Class: field.Port, Ref: "RFC 9293, 3.1"},
	{Name: "tcp.seq_raw", Label: "Sequence Number (raw)", Bits: 32, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 9293, 3.1"},
	{Name: "tcp.ack_raw", Label: "Acknowledgment number (raw)", Bits: 32, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 9293, 3.1"},
	{Name: "tcp.hdr_len", Label: "Header Length", Bits: 4, Kind: field.Uint, Class: field.Length, Scale: 4, Unit: "bytes", Ref: "RFC 9293, 3.1"},
	{Name: "tcp.flags", Label: "Flags", Bits: 12, Kind: field.Hex, Class: field.Flags, Ref: "RFC 9293, 3.1", Sub: []field.Spec{
		{Name: "tcp.flags.res", Label: "Reserved", Bits: 3, Kind: field.Reserved, Ref: "RFC 9293, 3.1"},
		{Name: "tcp.flags.ae", Label: "Accurate ECN", Short: "AE", Bits: 1, Kind: field.Flag, Ref: "RFC 7560"},
		{Name: "tcp.flags.cwr", Label: "Congestion Window Reduced", Short: "CWR", Bits: 1, Kind: field.Flag, Ref: "RFC 3168, 6.1"},
		{Name: "tcp.flags.ece", Label: "ECN-Echo", Short: "ECE", Bits: 1, Kind: field.Flag, Ref: "RFC 3168, 6.1"},
		{Name: "tcp.flags.urg", Label: "Urgent", Short: "URG", Bits: 1, Kind: field.Flag, Ref: "RFC 9293, 3.1"},
		{Name: "tcp.flags.ack", Label: "Acknowledgment", Short: "ACK", Bits: 1, Kind: field.Flag, Ref: "RFC 9293, 3.1"},
		{Name: "tcp.flags.push", Label: "Push", Short: "PSH", Bits: 1, Kind: field.Flag, Ref: "RFC 9293, 3.1"},
		{Name: "tcp.flags.reset", Label: "Reset", Short: "RST", Bits: 1, Kind: field.Flag, Ref: "RFC 9293, 3.1"},
		{Name: "tcp.flags.syn", Label: "Syn", Short: "SYN", Bits: 1, Kind: field.Flag, Ref: "RFC 9293, 3.1"},
		{Name: "tcp.flags.fin", Label: "Fin", Short: "FIN", Bits: 1, Kind: field.Flag, Ref: "RFC 9293, 3.1"},
	}},
	{Name: "tcp.window_size_value", Label: "Window", Bits: 16, Kind: field.Uint, Ref: "RFC 9293, 3.1"},
	{Name: "tcp.checksum", Label: "Checksum", Bits: 16, Kind: field.Hex, Class: field.Sum, Ref: "RFC 9293, 3.1"},
	{Name: "tcp.urgent_pointer", Label: "Urgent Pointer", Bits: 16, Kind: field.Uint, Ref: "RFC 9293, 3.1"},
}

// Places in head that the checks mark.
const (
	atHdrLen   = 4
	atChecksum = 7
)

// check verifies the checksum where the whole segment and the addresses are there.
func check(c *field.Context) {
	if !c.Pseudo.Valid || c.Quoted || c.Missing() > 0 {
		return
	}
	b := c.Bytes()
	var p sum.Partial
	if c.Pseudo.V6 {
		p = sum.Pseudo6(c.Pseudo.Src, c.Pseudo.Dst, c.Pseudo.Protocol, len(b))
	} else {
		p = sum.Pseudo4([4]byte(c.Pseudo.Src[:4]), [4]byte(c.Pseudo.Dst[:4]), c.Pseudo.Protocol, len(b))
	}
	if p.Add(b).Checksum() != 0 {
		c.Fault(c.Find(&head[atChecksum]), field.BadSum, uint32(p.Add(b[:16]).Add(b[18:]).Checksum()))
	}
}

// next offers both ports, the lower first: a service's port is usually the lower one.
func next(c *field.Context) field.Next {
	h := c.Frame[c.Start:]
	src, dst := uint32(binary.BigEndian.Uint16(h[0:2])), uint32(binary.BigEndian.Uint16(h[2:4]))
	return field.Next{Table: field.TCPPort, Key: min(src, dst), Alt: max(src, dst)}
}

package stun

import (
	"encoding/binary"
	"hash/crc32"

	"httptap/stack/field"
)

// Port is UDP's. RFC 8489, 18.5
const Port = 3478

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "stun", Label: "Session Traversal Utilities for NAT", Kind: field.Layer, Ref: "RFC 8489, 5"},
	Title: "STUN [RFC8489]",
	Tail:  tail,
	More:  more,
	Check: check,
	Guess: guess,

	Trailer: &padding,
}

const (
	headerLen = 20
	cookie    = 0x2112a442 // RFC 8489, 5
)

// methods: RFC 8489, 18.2; RFC 8656, 17; RFC 6062, 6.1
var methods = map[uint16]string{0x001: "Binding", 0x002: "SharedSecret", 0x003: "Allocate", 0x004: "Refresh", 0x006: "Send", 0x007: "Data", 0x008: "CreatePermission",
	0x009: "ChannelBind", 0x00a: "Connect", 0x00b: "ConnectionBind", 0x00c: "ConnectionAttempt", 0x080: "GOOG-PING"}

// classes: RFC 8489, 5
var classes = [...]string{"Request", "Indication", "Success Response", "Error Response"}

// types are the names of all types: a method's number has the class's two bits in it.
var types = func() field.Values {
	v := field.Values{}
	for m, name := range methods {
		for c, class := range classes {
			t := m&0xf | m&0x70<<1 | m&0xf80<<2 | uint16(c)&1<<4 | uint16(c)&2<<7
			v[uint64(t)] = name + " " + class
		}
	}
	return v
}()

var (
	typ = field.Spec{Name: "stun.type", Label: "Message Type", Bits: 16, Kind: field.Hex, Class: field.Operation, Values: types, Ref: "RFC 8489, 5", Sub: []field.Spec{
		{Name: "stun.type.zero", Label: "Zero", Bits: 2, Kind: field.Reserved, Ref: "RFC 8489, 5"},
		{Name: "stun.type.method.high", Label: "Method, bits 11 to 7", Bits: 5, Kind: field.Uint, Ref: "RFC 8489, 5"},
		{Name: "stun.type.class.high", Label: "Class, bit 1", Bits: 1, Kind: field.Uint, Ref: "RFC 8489, 5"},
		{Name: "stun.type.method.middle", Label: "Method, bits 6 to 4", Bits: 3, Kind: field.Uint, Ref: "RFC 8489, 5"},
		{Name: "stun.type.class.low", Label: "Class, bit 0", Bits: 1, Kind: field.Uint, Ref: "RFC 8489, 5"},
		{Name: "stun.type.method.low", Label: "Method, bits 3 to 0", Bits: 4, Kind: field.Uint, Ref: "RFC 8489, 5"},
	}}
	length    = field.Spec{Name: "stun.length", Label: "Message Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8489, 5"}
	magic     = field.Spec{Name: "stun.cookie", Label: "Message Cookie", Bits: 32, Kind: field.Bytes, Ref: "RFC 8489, 5"}
	id        = field.Spec{Name: "stun.id", Label: "Message Transaction ID", Bits: 96, Kind: field.Bytes, Ref: "RFC 8489, 5"}
	oldID     = field.Spec{Name: "stun.id", Label: "Message Transaction ID", Bits: 128, Kind: field.Bytes, Ref: "RFC 3489, 11.1"}
	channel   = field.Spec{Name: "stun.channel", Label: "Channel Number", Bits: 16, Kind: field.Hex, Class: field.Operation, Ref: "RFC 8656, 12.4"}
	padding   = field.Spec{Name: "stun.channel.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 8656, 12.5"}
	notSTUN   = field.Spec{Name: "stun.unknown", Label: "No message of STUN", Kind: field.Payload, Ref: "RFC 8489, 5"}
	noMethod  = &field.Fault{Name: "stun.type.unknown", Label: "no method that a standard has", Severity: field.Warn}
	oldCookie = &field.Fault{Name: "stun.cookie.missing", Label: "not the magic cookie: a message of RFC 3489", Severity: field.Note}
	odd       = &field.Fault{Name: "stun.length.odd", Label: "no multiple of 4, as it has to be", Severity: field.Error}
	firstBits = &field.Fault{Name: "stun.type.bits", Label: "the first two bits are neither 00, a message, nor 01, channel data", Severity: field.Error}
	badPrint  = &field.Fault{Name: "stun.att.crc32.bad", Label: "the fingerprint is wrong", Severity: field.Warn, WithWant: true}
)

func more() []*field.Spec {
	return append([]*field.Spec{&typ, &length, &magic, &id, &oldID, &channel, &padding, &notSTUN}, attributeSpecs()...)
}

func tail(c *field.Context) {
	rest := c.Rest()
	switch {
	case len(rest) > 0 && rest[0]>>6 == 1:
		channelData(c)
	case len(rest) > 0 && rest[0]>>6 > 1:
		c.Fault(c.AddBytes(&notSTUN, len(rest)), firstBits, 0)
	default:
		message(c)
	}
}

// channelData adds the head of data on a channel, which follows it: RFC 8656, 12.4.
func channelData(c *field.Context) {
	c.Add(&channel, 16)
	l := c.Add(&length, 16)
	if !c.Cut() && dataLen(c) > len(c.Rest()) && c.Missing() == 0 && !c.Quoted {
		c.Fault(l, field.Overrun, 0)
	}
}

func dataLen(c *field.Context) int { return int(binary.BigEndian.Uint16(c.Frame[c.Start+2:])) }

// check ends the layer: behind a message, and behind the data of a channel.
func check(c *field.Context) {
	if c.Frame[c.Start]>>6 == 1 {
		c.Limit = min(c.Limit, c.Pos()+dataLen(c))
		return
	}
	c.Limit = c.Pos()
}

func message(c *field.Context) {
	t := c.Add(&typ, 16)
	l := c.Add(&length, 16)
	if c.Cut() {
		return
	}
	h := c.Frame[c.Start:c.Limit]
	if types[uint64(binary.BigEndian.Uint16(h))] == "" {
		c.Fault(t, noMethod, 0)
	}
	n := int(binary.BigEndian.Uint16(h[2:]))
	if n%4 != 0 {
		c.Fault(l, odd, 0)
	}
	fresh := len(h) < 8 || binary.BigEndian.Uint32(h[4:]) == cookie
	if fresh {
		c.Add(&magic, 32)
		c.Add(&id, 96)
	} else {
		c.Fault(c.Add(&oldID, 128), oldCookie, 0)
	}
	if c.Cut() {
		return
	}
	end := c.Pos() + n
	if end > c.Limit && c.Missing() == 0 && !c.Quoted {
		c.Fault(l, field.Overrun, 0)
		end = c.Limit
	}
	if n == 0 {
		return
	}
	group := c.Open(&attributes)
	for c.Pos() < end && !c.Cut() {
		attribute(c, end)
	}
	c.Close(group)
}

// fingerprint is what FINGERPRINT at a byte of the message has to be. RFC 8489, 14.7: "the CRC-32 of the STUN message
// up to (but excluding) the FINGERPRINT attribute itself, XOR'ed with the 32-bit value 0x5354554e".
func fingerprint(msg []byte) uint32 { return crc32.ChecksumIEEE(msg) ^ 0x5354554e }

// guess: RFC 8489, 6.3: "checks that the first two bits are 0, that the Magic Cookie field has the correct value, that
// the message length is sensible".
func guess(b []byte) bool {
	return len(b) >= headerLen && b[0]>>6 == 0 && binary.BigEndian.Uint32(b[4:]) == cookie && b[3]&3 == 0 && int(binary.BigEndian.Uint16(b[2:]))+headerLen == len(b)
}

package wireguard

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"httptap/stack/field"
)

// Port is UDP's, by custom.
const Port = 51820

// Layout is the field table.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "wg", Label: "WireGuard Protocol", Kind: field.Layer, Ref: "WireGuard, 5.4"},
	Title: "WireGuard",
	Head:  head[:],
	Tail:  tail,
	More:  more,
	Check: func(c *field.Context) { c.Limit = c.Pos() },
	Guess: guess,
}

// The messages and their lengths. WireGuard, 5.4
const (
	initiation = 1
	response   = 2
	cookie     = 3
	transport  = 4

	initiationLen = 148
	responseLen   = 92
	cookieLen     = 64
	transportLen  = 32
)

var head = [...]field.Spec{
	{Name: "wg.type", Label: "Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Ref: "WireGuard, 5.4",
		Values: field.Values{initiation: "Handshake Initiation", response: "Handshake Response", cookie: "Cookie Reply", transport: "Transport Data"}},
	{Name: "wg.reserved", Label: "Reserved", Bits: 24, Kind: field.Bytes, Ref: "WireGuard, 5.4.2"},
}

var (
	sender    = field.Spec{Name: "wg.sender", Label: "Sender", Bits: 32, Kind: field.Custom, Class: field.Operation, Format: index, Ref: "WireGuard, 5.4.2"}
	receiver  = field.Spec{Name: "wg.receiver", Label: "Receiver", Bits: 32, Kind: field.Custom, Class: field.Operation, Format: index, Ref: "WireGuard, 5.4.3"}
	ephemeral = field.Spec{Name: "wg.ephemeral", Label: "Ephemeral", Bits: 256, Kind: field.Custom, Format: key, Ref: "WireGuard, 5.4.2"}
	static    = field.Spec{Name: "wg.encrypted_static", Label: "Encrypted Static", Bits: 384, Kind: field.Bytes, Ref: "WireGuard, 5.4.2"}
	timestamp = field.Spec{Name: "wg.encrypted_timestamp", Label: "Encrypted Timestamp", Bits: 224, Kind: field.Bytes, Ref: "WireGuard, 5.4.2"}
	empty     = field.Spec{Name: "wg.encrypted_empty", Label: "Encrypted Empty", Bits: 128, Kind: field.Bytes, Ref: "WireGuard, 5.4.3"}
	mac1      = field.Spec{Name: "wg.mac1", Label: "mac1", Bits: 128, Kind: field.Bytes, Ref: "WireGuard, 5.4.4"}
	mac2      = field.Spec{Name: "wg.mac2", Label: "mac2", Bits: 128, Kind: field.Bytes, Ref: "WireGuard, 5.4.4"}
	nonce     = field.Spec{Name: "wg.nonce", Label: "Nonce", Bits: 192, Kind: field.Bytes, Ref: "WireGuard, 5.4.7"}
	encCookie = field.Spec{Name: "wg.encrypted_cookie", Label: "Encrypted Cookie", Bits: 256, Kind: field.Bytes, Ref: "WireGuard, 5.4.7"}
	counter   = field.Spec{Name: "wg.counter", Label: "Counter", Bits: 64, Kind: field.Custom, Class: field.Sequence, Format: little, Ref: "WireGuard, 5.4.6"}
	packet    = field.Spec{Name: "wg.encrypted_packet", Label: "Encrypted Packet", Kind: field.Payload, Ref: "WireGuard, 5.4.6"}
)

// of is what each message has behind its type.
var of = map[byte][]*field.Spec{
	initiation: {&sender, &ephemeral, &static, &timestamp, &mac1, &mac2},
	response:   {&sender, &receiver, &ephemeral, &empty, &mac1, &mac2},
	cookie:     {&receiver, &nonce, &encCookie},
	transport:  {&receiver, &counter},
}

var (
	unknown   = &field.Fault{Name: "wg.type.unknown", Label: "no message that the protocol has", Severity: field.Error}
	reserved  = &field.Fault{Name: "wg.reserved.set", Label: "these bytes have to be zero", Severity: field.Warn}
	short     = &field.Fault{Name: "wg.encrypted_packet.short", Label: "shorter than the tag of its encryption, 16 bytes", Severity: field.Error}
	keepalive = &field.Fault{Name: "wg.keepalive", Label: "a packet of no bytes: a keepalive", Severity: field.Note}
)

// index prints a peer's number for a session.
func index(dst, msg []byte, off, n int) []byte {
	if n < 4 {
		return field.AppendHex(dst, msg[off:off+n])
	}
	dst = append(dst, "0x"...)
	for k := 3; k >= 0; k-- {
		dst = field.AppendHex(dst, msg[off+k:off+k+1])
	}
	return dst
}

func little(dst, msg []byte, off, n int) []byte {
	if n < 8 {
		return field.AppendHex(dst, msg[off:off+n])
	}
	return strconv.AppendUint(dst, binary.LittleEndian.Uint64(msg[off:]), 10)
}

// key prints a public key as WireGuard's tools do.
func key(dst, msg []byte, off, n int) []byte {
	return base64.StdEncoding.AppendEncode(dst, msg[off:off+n])
}

func more() []*field.Spec {
	return []*field.Spec{&sender, &receiver, &ephemeral, &static, &timestamp, &empty, &mac1, &mac2, &nonce, &encCookie, &counter, &packet}
}

func tail(c *field.Context) {
	h := c.Frame[c.Start:]
	if h[1]|h[2]|h[3] != 0 {
		c.Fault(c.Find(&head[1]), reserved, 0)
	}
	fields, ok := of[h[0]]
	if !ok {
		c.Fault(c.Find(&head[0]), unknown, 0)
		if n := len(c.Rest()); n > 0 {
			c.AddBytes(&field.Undecoded, n)
		}
		return
	}
	for _, s := range fields {
		c.Add(s, s.Bits)
	}
	if h[0] != transport || c.Cut() {
		return
	}
	const tag = 16
	switch n := len(c.Rest()); {
	case n < tag && (c.Missing() > 0 || c.Quoted):
		c.AddBytes(&packet, n+1) // which cuts the layer
	case n < tag:
		c.Fault(c.AddBytes(&packet, n), short, 0)
	case n == tag:
		c.Fault(c.AddBytes(&packet, n), keepalive, 0)
	default:
		c.AddBytes(&packet, n)
	}
}

// guess: the length is the message's own, and data is in whole blocks: WireGuard, 5.4.6, "zero padded to a multiple
// of 16 bytes".
func guess(b []byte) bool {
	if len(b) < transportLen || b[1]|b[2]|b[3] != 0 {
		return false
	}
	switch b[0] {
	case initiation:
		return len(b) == initiationLen
	case response:
		return len(b) == responseLen
	case cookie:
		return len(b) == cookieLen
	}
	return b[0] == transport && len(b)%16 == 0 && binary.LittleEndian.Uint64(b[8:]) < 1<<48
}

package dhcpv4

import (
	"encoding/binary"
	"errors"

	"httptap/stack/link"
)

// The ports. RFC 2131, 4.1
const (
	ServerPort = 67
	ClientPort = 68
)

// The operations of the BOOTP header. RFC 2131, 2, table 1
const (
	OpRequest = 1 // from a client
	OpReply   = 2 // from a server
)

// Offsets into the fixed part. RFC 2131, 2, figure 1
const (
	offHType  = 1
	offHLen   = 2
	offHops   = 3
	offXID    = 4
	offSecs   = 8
	offFlags  = 10
	offCIAddr = 12
	offYIAddr = 16
	offSIAddr = 20
	offGIAddr = 24
	offCHAddr = 28
	offSName  = 44
	offFile   = 108
	offCookie = 236
)

// HeaderLen is the length in bytes of the fixed part with the magic cookie: where the
// options begin.
const HeaderLen = 240

// MinLen is the length in bytes to which messages are padded. RFC 951, 3 made a BOOTP
// message 300 bytes long, and there are relays and servers that drop a shorter one.
const MinLen = 300

// Cookie tells options from what BOOTP had in their place. RFC 2131, 3: "The first four octets
// of the 'options' field of the DHCP message contain the (decimal) values 99, 130, 83 and 99".
const Cookie = 0x63825363

const flagBroadcast = 0x8000

// What Parse refuses a message for.
var (
	ErrTruncated = errors.New("dhcpv4: message shorter than its 240 byte header")
	ErrCookie    = errors.New("dhcpv4: no magic cookie, so no DHCP message")
	ErrOption    = errors.New("dhcpv4: option runs past the end")
	ErrOverload  = errors.New("dhcpv4: option overload is not 1, 2 or 3")
)

// A Message is a checked view of a DHCP message. [Parse] is the only way to get one, and
// after it no method can panic.
type Message struct {
	b        []byte
	overload uint8
}

// Parse checks b, a UDP payload, and returns the message that it is. It fails with
// ErrTruncated, ErrCookie, ErrOption or ErrOverload. A missing end option is forgiven, because
// the end of the message says as much.
func Parse(b []byte) (Message, error) {
	if len(b) < HeaderLen {
		return Message{}, ErrTruncated
	}
	if binary.BigEndian.Uint32(b[offCookie:]) != Cookie {
		return Message{}, ErrCookie
	}
	m := Message{b: b}
	if err := checkOptions(b[HeaderLen:]); err != nil {
		return Message{}, err
	}
	if v, ok := m.first(OptOverload); ok {
		if len(v) != 1 || v[0] < 1 || v[0] > 3 {
			return Message{}, ErrOverload
		}
		m.overload = v[0]
	}
	if m.overload&overloadFile != 0 {
		if err := checkOptions(b[offFile:offCookie]); err != nil {
			return Message{}, err
		}
	}
	if m.overload&overloadSName != 0 {
		if err := checkOptions(b[offSName:offFile]); err != nil {
			return Message{}, err
		}
	}
	return m, nil
}

// The bits of the option overload. RFC 2132, 9.3
const (
	overloadFile  = 1
	overloadSName = 2
)

func checkOptions(area []byte) error {
	for len(area) > 0 {
		_, _, n := nextOption(area)
		if n < 0 {
			return ErrOption
		}
		area = area[n:]
	}
	return nil
}

// nextOption returns the option that area begins with and how many bytes it and the padding
// before it take: all of them with code OptEnd when no option is left, less than 0 when the
// option runs past the end.
func nextOption(area []byte) (code byte, value []byte, n int) {
	for n < len(area) && area[n] == OptPad {
		n++
	}
	switch {
	case n == len(area) || area[n] == OptEnd:
		return OptEnd, nil, len(area)
	case n+1 == len(area):
		return area[n], nil, -1
	}
	end := n + 2 + int(area[n+1])
	if end > len(area) {
		return area[n], nil, -1
	}
	return area[n], area[n+2 : end : end], end
}

// Op returns the operation: OpRequest or OpReply.
func (m Message) Op() byte { return m.b[0] }

// HType returns the type of the hardware address: 1 for Ethernet. IANA, "ARP Parameters"
func (m Message) HType() byte { return m.b[offHType] }

// HLen returns the length of the hardware address in bytes.
func (m Message) HLen() byte { return m.b[offHLen] }

// Hops returns how many relays handed the message on.
func (m Message) Hops() byte { return m.b[offHops] }

// XID returns the transaction's number.
func (m Message) XID() uint32 { return binary.BigEndian.Uint32(m.b[offXID:]) }

// Secs returns how long the client has been at it, in seconds.
func (m Message) Secs() uint16 { return binary.BigEndian.Uint16(m.b[offSecs:]) }

// Broadcast tells whether the client asks for answers by broadcast.
func (m Message) Broadcast() bool {
	return binary.BigEndian.Uint16(m.b[offFlags:])&flagBroadcast != 0
}

// CIAddr returns the address that the client has and can be reached at.
func (m Message) CIAddr() [4]byte { return [4]byte(m.b[offCIAddr:]) }

// YIAddr returns the address that the server gives: "your" address.
func (m Message) YIAddr() [4]byte { return [4]byte(m.b[offYIAddr:]) }

// SIAddr returns the address of the server to boot from next.
func (m Message) SIAddr() [4]byte { return [4]byte(m.b[offSIAddr:]) }

// GIAddr returns the relay's address.
func (m Message) GIAddr() [4]byte { return [4]byte(m.b[offGIAddr:]) }

// HardwareAddr returns the first six bytes of the client's hardware address field.
func (m Message) HardwareAddr() link.Addr { return link.Addr(m.b[offCHAddr:]) }

// Type returns the message type, zero when the message has none: a BOOTP message.
func (m Message) Type() Type {
	if v, ok := m.first(OptType); ok && len(v) == 1 {
		return Type(v[0])
	}
	return 0
}

// Options yields each option in the order in which it is to be read, without pads and ends.
// An option that was split is yielded in its pieces.
//
// RFC 2131, 4.1: "The options in the 'options' field MUST be interpreted first, so that any
// 'option overload' options may be interpreted. The 'file' field MUST be interpreted
// next (if the 'option overload' option indicates that the 'file' field contains DHCP
// options), followed by the 'sname' field."
func (m Message) Options(yield func(code byte, value []byte) bool) {
	if m.b == nil {
		return
	}
	if !yieldOptions(m.b[HeaderLen:], yield) {
		return
	}
	if m.overload&overloadFile != 0 && !yieldOptions(m.b[offFile:offCookie], yield) {
		return
	}
	if m.overload&overloadSName != 0 {
		yieldOptions(m.b[offSName:offFile], yield)
	}
}

func yieldOptions(area []byte, yield func(code byte, value []byte) bool) bool {
	for len(area) > 0 {
		code, value, n := nextOption(area)
		if n < 0 || code == OptEnd {
			break
		}
		if !yield(code, value) {
			return false
		}
		area = area[n:]
	}
	return true
}

// first returns the first piece of an option. Options of a fixed length are read with it: an
// option that is there twice does not become one of twice the length.
func (m Message) first(code byte) ([]byte, bool) {
	for c, v := range m.Options {
		if c == code {
			return v, true
		}
	}
	return nil, false
}

// Option returns an option's value: a view into the message when it is in one piece, else
// its pieces joined in buf[:0].
//
// RFC 2131, 4.1: "The client concatenates the values of multiple instances of the same option
// into a single parameter list for configuration." RFC 3396, 7 says how an option that was
// split because of its length is joined: in the order of Options.
func (m Message) Option(code byte, buf []byte) (value []byte, ok bool) {
	joined := false
	for c, v := range m.Options {
		switch {
		case c != code:
		case !ok:
			value, ok = v, true
		case !joined:
			value, joined = append(append(buf[:0], value...), v...), true
		default:
			value = append(value, v...)
		}
	}
	return value, ok
}

// Uint32 returns the value of an option of four bytes, false when it is absent or has
// another length.
func (m Message) Uint32(code byte) (uint32, bool) {
	if v, ok := m.first(code); ok && len(v) == 4 {
		return binary.BigEndian.Uint32(v), true
	}
	return 0, false
}

// Uint16 returns the value of an option of two bytes, false when it is absent or has another
// length.
func (m Message) Uint16(code byte) (uint16, bool) {
	if v, ok := m.first(code); ok && len(v) == 2 {
		return binary.BigEndian.Uint16(v), true
	}
	return 0, false
}

// Addr returns the value of an option that is one IPv4 address, false when it is absent or
// has another length.
func (m Message) Addr(code byte) ([4]byte, bool) {
	if v, ok := m.first(code); ok && len(v) == 4 {
		return [4]byte(v), true
	}
	return [4]byte{}, false
}

// A Header is the fixed part of a message to be sent, for a client on Ethernet.
type Header struct {
	Op                             byte
	Hops                           byte
	XID                            uint32
	Secs                           uint16 // seconds
	Broadcast                      bool
	CIAddr, YIAddr, SIAddr, GIAddr [4]byte
	HardwareAddr                   link.Addr
}

// AppendHeader appends the fixed part with the magic cookie: HeaderLen bytes. Options follow
// with AppendOption, then AppendEnd.
func AppendHeader(dst []byte, h Header) []byte {
	dst = append(dst, h.Op, 1, 6, h.Hops)
	dst = binary.BigEndian.AppendUint32(dst, h.XID)
	dst = binary.BigEndian.AppendUint16(dst, h.Secs)
	var flags uint16
	if h.Broadcast {
		flags = flagBroadcast
	}
	dst = binary.BigEndian.AppendUint16(dst, flags)
	dst = append(dst, h.CIAddr[:]...)
	dst = append(dst, h.YIAddr[:]...)
	dst = append(dst, h.SIAddr[:]...)
	dst = append(dst, h.GIAddr[:]...)
	dst = append(dst, h.HardwareAddr[:]...)
	var rest [offCookie - offCHAddr - 6]byte
	dst = append(dst, rest[:]...)
	return binary.BigEndian.AppendUint32(dst, Cookie)
}

// AppendOption appends an option; a value over 255 bytes in several of the same code. RFC 3396, 4
func AppendOption(dst []byte, code byte, value ...byte) []byte {
	for len(value) > 255 {
		dst = append(append(dst, code, 255), value[:255]...)
		value = value[255:]
	}
	return append(append(dst, code, byte(len(value))), value...)
}

// AppendUint16 appends an option of two bytes.
func AppendUint16(dst []byte, code byte, v uint16) []byte {
	return binary.BigEndian.AppendUint16(append(dst, code, 2), v)
}

// AppendUint32 appends an option of four bytes.
func AppendUint32(dst []byte, code byte, v uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, code, 4), v)
}

// AppendEnd appends the end option, and pads the message that begins at dst[start] to MinLen.
//
// RFC 2131, 4.1: "The last option must always be the 'end' option."
func AppendEnd(dst []byte, start int) []byte {
	dst = append(dst, OptEnd)
	for len(dst)-start < MinLen {
		dst = append(dst, OptPad)
	}
	return dst
}

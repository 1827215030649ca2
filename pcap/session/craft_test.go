package session

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"httptap/stack/ethernet"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/seq"
	"httptap/stack/sum"
	"httptap/stack/tcp"
)

// start is when the crafted captures begin.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// packet4 returns a frame with an IPv4 packet.
func packet4(src, dst [4]byte, proto uint8, payload []byte) []byte {
	return fragment4(src, dst, proto, 1, 0, payload)
}

// fragment4 is packet4 with an identification and the word of flags and fragment offset.
func fragment4(src, dst [4]byte, proto uint8, id, word uint16, payload []byte) []byte {
	b := ethernet.Append(nil, link.Addr{2, 0, 0, 0, 0, dst[3]}, link.Addr{2, 0, 0, 0, 0, src[3]}, ethernet.TypeIPv4)
	h := make([]byte, ipv4.HeaderLen)
	h[0], h[8], h[9] = 0x45, 64, proto
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(payload)))
	binary.BigEndian.PutUint16(h[4:], id)
	binary.BigEndian.PutUint16(h[6:], word)
	copy(h[12:], src[:])
	copy(h[16:], dst[:])
	binary.BigEndian.PutUint16(h[10:], sum.Partial(0).Add(h).Checksum())
	return append(append(b, h...), payload...)
}

// segment4 returns a frame with a TCP segment.
func segment4(src, dst [4]byte, h tcp.Header, options, data []byte) []byte {
	b := make([]byte, tcp.HeaderLen, tcp.HeaderLen+len(options)+len(data))
	b = append(append(b, options...), data...)
	tcp.Put(b, h, len(options), sum.Pseudo4(src, dst, ipv4.ProtoTCP, len(b)))
	return packet4(src, dst, ipv4.ProtoTCP, b)
}

// datagram4 returns a frame with a UDP datagram.
func datagram4(src, dst [4]byte, srcPort, dstPort uint16, data []byte) []byte {
	b := make([]byte, 8, 8+len(data))
	binary.BigEndian.PutUint16(b[0:], srcPort)
	binary.BigEndian.PutUint16(b[2:], dstPort)
	binary.BigEndian.PutUint16(b[4:], uint16(8+len(data)))
	return packet4(src, dst, ipv4.ProtoUDP, append(b, data...))
}

var (
	alice = [4]byte{10, 0, 0, 1}
	bob   = [4]byte{10, 0, 0, 2}
)

// A conversation crafts the segments of one connection, each by a line of text:
//
//	12.5 > PA 1+100 1 501 ws=7 sack=200..300 "text"
//
// are the milliseconds since the capture began, the direction (> is from who begins), the flags
// (S F R P A U, or a dot), sequence number and length of the data (relative, without length it is
// that of the text), acknowledgement and window.
type conversation struct {
	client, server [4]byte
	cPort, sPort   uint16
	cFirst, sFirst seq.Value // that the relative numbers are added to
	frames         []caught
	name           string
	since          time.Time
	t              testing.TB
}

func (c *conversation) line(text string) {
	c.t.Helper()
	var data []byte
	if i := strings.IndexByte(text, '"'); i >= 0 {
		s, err := strconv.Unquote(strings.TrimSpace(text[i:]))
		if err != nil {
			c.t.Fatalf("%s: %v", text, err)
		}
		text, data = text[:i], []byte(s)
	}
	w := strings.Fields(text)
	if len(w) < 6 {
		c.t.Fatalf("%s: has to be time, direction, flags, seq, ack, window", text)
	}
	ms, err := strconv.ParseFloat(w[0], 64)
	if err != nil {
		c.t.Fatalf("%s: %v", text, err)
	}
	num := func(s string) uint32 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			c.t.Fatalf("%s: %v", text, err)
		}
		return uint32(n)
	}
	first, length, counted := strings.Cut(w[3], "+")
	if counted {
		data = make([]byte, num(length))
		for i := range data {
			data[i] = byte('a' + (int(num(first))+i)%23) // of its place, so that copies are the same
		}
	}
	back := w[1] == "<"
	h := tcp.Header{SrcPort: c.cPort, DstPort: c.sPort, Window: uint16(num(w[5])), Seq: c.cFirst + seq.Value(num(first)), Ack: c.sFirst + seq.Value(num(w[4]))}
	src, dst := c.client, c.server
	if back {
		h.SrcPort, h.DstPort, src, dst = c.sPort, c.cPort, c.server, c.client
		h.Seq, h.Ack = c.sFirst+seq.Value(num(first)), c.cFirst+seq.Value(num(w[4]))
	}
	for _, f := range w[2] {
		h.Flags |= map[rune]tcp.Flags{'S': tcp.SYN, 'F': tcp.FIN, 'R': tcp.RST, 'P': tcp.PSH, 'A': tcp.ACK, 'U': tcp.URG}[f]
	}
	if h.Flags&tcp.ACK == 0 {
		h.Ack = 0
	}
	var options []byte
	for _, o := range w[6:] {
		key, value, _ := strings.Cut(o, "=")
		switch key {
		case "ws":
			options = append(options, 1, 3, 3, byte(num(value)))
		case "sack":
			from, to, _ := strings.Cut(value, "..")
			zero := c.sFirst
			if back {
				zero = c.cFirst
			}
			options = append(options, 1, 1, 5, 10)
			options = binary.BigEndian.AppendUint32(options, uint32(zero)+num(from))
			options = binary.BigEndian.AppendUint32(options, uint32(zero)+num(to))
		default:
			c.t.Fatalf("%s: no option %q", text, o)
		}
	}
	at := c.since.Add(time.Duration(ms * 1e6))
	c.frames = append(c.frames, caught{file: fmt.Sprintf("%s: %s", c.name, text), at: at, data: segment4(src, dst, h, options, data)})
}

// converse returns a conversation of its own ports.
func converse(t testing.TB, name string, n int) *conversation {
	return &conversation{client: alice, server: bob, cPort: uint16(20000 + n), sPort: 40007, cFirst: 1000, sFirst: 5000, name: name, since: start.Add(time.Duration(n) * time.Minute), t: t}
}

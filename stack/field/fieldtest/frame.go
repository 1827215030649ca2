package fieldtest

import (
	"encoding/binary"

	"httptap/stack/sum"
)

// UDPFrame returns an Ethernet frame with payload in a UDP datagram over IPv4, its checksums right.
// The side with the lower port has address 192.0.2.2.
func UDPFrame(src, dst uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return ipv4Frame(src < dst, 17, 6, append(append(b, 0, 0), payload...))
}

// TCPFrame returns an Ethernet frame with payload in a TCP segment over IPv4, its checksums right.
// seq is the first byte's sequence number. The side with the lower port has address 192.0.2.2.
func TCPFrame(src, dst uint16, seq uint32, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = append(b, 0, 0, 0, 1, 0x50, 0x18, 0x20, 0, 0, 0, 0, 0) // 20 bytes; PSH, ACK
	return ipv4Frame(src < dst, 6, 16, append(b, payload...))
}

// ipv4Frame puts a segment, whose checksum is at byte at, into a packet of the server or to it.
func ipv4Frame(server bool, protocol byte, at int, segment []byte) []byte {
	src, dst := [4]byte{192, 0, 2, 1}, [4]byte{192, 0, 2, 2}
	if server {
		src, dst = dst, src
	}
	s := sum.Pseudo4(src, dst, protocol, len(segment)).Add(segment).Checksum()
	if s == 0 && protocol == 17 {
		s = 0xffff
	}
	binary.BigEndian.PutUint16(segment[at:], s)
	h := binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(20+len(segment)))
	h = append(h, 0, 1, 0x40, 0, 64, protocol, 0, 0)
	h = append(append(h, src[:]...), dst[:]...)
	binary.BigEndian.PutUint16(h[10:], sum.Partial(0).Add(h).Checksum())
	f := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0}
	return append(append(f, h...), segment...)
}

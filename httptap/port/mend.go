package port

import (
	"encoding/binary"

	"httptap/stack/ethernet"
	"httptap/stack/ipv4"
	"httptap/stack/sum"
	"httptap/stack/udp"
)

// A sender that leaves checksums and splitting to hardware hands frames on unfinished. Where
// there is no hardware, as on a veth, we see them like that, and finish them here.

// insertTag puts a VLAN tag that was taken off back behind the addresses. IEEE 802.1Q, 9.3
func insertTag(frame []byte, tpid, tci uint16) []byte {
	if len(frame) < ethernet.HeaderLen {
		return frame
	}
	frame = append(frame, 0, 0, 0, 0)
	copy(frame[16:], frame[12:len(frame)-4])
	binary.BigEndian.PutUint16(frame[12:], tpid)
	binary.BigEndian.PutUint16(frame[14:], tci)
	return frame
}

// A transport is a TCP or UDP message inside an IPv4 frame.
type transport struct {
	ip     int // where the IP header begins
	start  int // where the transport header begins
	end    int
	proto  uint8
	pseudo func(n int) sum.Partial
}

// findTransport returns where frame has TCP or UDP over IPv4, behind at most two VLAN tags.
func findTransport(frame []byte) (transport, bool) {
	at := ethernet.HeaderLen - 2
	for range 3 {
		if len(frame) < at+2 {
			return transport{}, false
		}
		switch binary.BigEndian.Uint16(frame[at:]) {
		case ethernet.TypeVLAN, 0x88a8:
			at += 4
			continue
		case ethernet.TypeIPv4:
		default:
			return transport{}, false
		}
		break
	}
	at += 2
	p, err := ipv4.ParseQuote(frame[min(at, len(frame)):])
	if err != nil || p.FragmentOffset() != 0 {
		return transport{}, false
	}
	t := transport{ip: at, start: at + len(p.Header()), end: len(frame), proto: p.Protocol()}
	if n := p.TotalLen(); n >= len(p.Header()) && at+n <= len(frame) {
		t.end = at + n
	}
	src, dst, proto := p.Src(), p.Dst(), p.Protocol()
	t.pseudo = func(n int) sum.Partial { return sum.Pseudo4(src, dst, proto, n) }
	return t, true
}

// fillChecksum computes the TCP or UDP checksum that was left to hardware.
func fillChecksum(frame []byte) {
	t, ok := findTransport(frame)
	if !ok {
		return
	}
	b := frame[t.start:t.end]
	switch {
	case t.proto == ipv4.ProtoTCP && len(b) >= 20:
		putChecksum(b, 16, t.pseudo(len(b)))
	case t.proto == ipv4.ProtoUDP && len(b) >= udp.HeaderLen:
		putChecksum(b, 6, t.pseudo(len(b)))
		if b[6] == 0 && b[7] == 0 {
			b[6], b[7] = 0xff, 0xff
		}
	}
}

func putChecksum(b []byte, at int, pseudo sum.Partial) {
	b[at], b[at+1] = 0, 0
	binary.BigEndian.PutUint16(b[at:], pseudo.Add(b).Checksum())
}

// split cuts a super-frame into segments of at most mtu bytes of IP packet, as a NIC does with
// a TCP segment that was left to it. It returns false for what can't be split.
func split(frame []byte, mtu int) ([][]byte, bool) {
	t, ok := findTransport(frame)
	if !ok || t.proto != ipv4.ProtoTCP || t.end-t.start < 20 {
		return nil, false
	}
	hlen := int(frame[t.start+12]>>4) * 4
	data := t.start + hlen
	room := mtu - (data - t.ip)
	if hlen < 20 || data > t.end || room <= 0 {
		return nil, false
	}
	const fin, psh, cwr = 0x01, 0x08, 0x80
	seq := binary.BigEndian.Uint32(frame[t.start+4:])
	id := binary.BigEndian.Uint16(frame[t.ip+4:])
	flags := frame[t.start+13]
	var out [][]byte
	for off := 0; off < t.end-data; off += room {
		n := min(room, t.end-data-off)
		f := make([]byte, 0, data+n)
		f = append(f, frame[:data]...)
		f = append(f, frame[data+off:data+off+n]...)
		ip, tcp := f[t.ip:], f[t.start:]
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
		binary.BigEndian.PutUint16(ip[4:], id+uint16(len(out)))
		ip[10], ip[11] = 0, 0
		binary.BigEndian.PutUint16(ip[10:], sum.Partial(0).Add(ip[:t.start-t.ip]).Checksum())
		binary.BigEndian.PutUint32(tcp[4:], seq+uint32(off))
		tcp[13] = flags
		if off+n < t.end-data {
			tcp[13] &^= fin | psh // they belong to the last byte
		}
		if off > 0 {
			tcp[13] &^= cwr // RFC 3168, 6.1.2: once
		}
		putChecksum(tcp, 16, t.pseudo(len(tcp)))
		out = append(out, f)
	}
	return out, len(out) > 0
}

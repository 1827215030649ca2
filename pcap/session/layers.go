package session

import (
	"encoding/binary"

	"httptap/pcap/fact"
	"httptap/stack/field"
)

// A scope is bytes and what the decoder found in them: a frame, or a datagram that was reassembled.
type scope struct {
	data    []byte
	wire    int
	spans   []field.Span
	message int32  // its index in the result; -1: it is the frame
	parts   []Part // whose bytes these are; nil: the frame's own
	depth   int    // how many reassembled datagrams it lies in

	one     [1]Part // the memory of origin's answer
	several []Part
}

// A packet is what the layers so far say about those behind them.
type packet struct {
	src, dst [16]byte // an IPv4 address is in the first four bytes
	v6       bool
	valid    bool
	quoted   bool // in an ICMP error
	end      int  // behind the last byte on the wire, which may not have been captured

	srcPort, dstPort uint16 // of UDP
}

// fact notes a fact about a layer of the scope.
func (s *Session) fact(sc *scope, layer int, spec *fact.Spec, n uint64) {
	s.add(fact.Fact{Spec: spec, N: n, Message: sc.message, Layer: int32(layer)})
}

// reading notes a fact that is another reading of n bytes.
func (s *Session) reading(sc *scope, layer int, spec *fact.Spec, v uint64, at, n int) {
	s.add(fact.Fact{Spec: spec, N: v, Message: sc.message, Layer: int32(layer), Bit: int32(8 * at), Len: int32(8 * n)})
}

// scan goes through the layers, from the outermost inwards.
func (s *Session) scan(sc *scope) {
	p := packet{end: sc.wire}
	for i := range sc.spans {
		sp := &sc.spans[i]
		at := int(sp.Bit / 8)
		if sp.Depth != 0 || sp.Spec.Kind != field.Layer || at >= len(sc.data) {
			continue
		}
		b := sc.data[at:]
		switch sp.Spec.Name {
		case "ip":
			if !s.ipv4(sc, &p, i, at) {
				return
			}
		case "ipv6":
			if !s.ipv6(sc, &p, i, at) {
				return
			}
		case "icmp":
			s.icmp(sc, &p, i, b)
			p.quoted = true // whatever follows an ICMP header is a quotation
		case "icmpv6":
			s.icmpv6(sc, &p, i, b)
			p.quoted = true
		case "tcp":
			if p.valid {
				s.segment(sc, &p, i, at)
			}
			return
		case "udp":
			if p.valid {
				s.datagram(sc, &p, i, b)
			}
		case "arp":
			s.arp(sc, i, b)
		case "dns", "mdns", "llmnr":
			if p.srcPort != 0 && !p.quoted {
				s.dns(sc.message, i, b, endpoints{p.src, p.dst, p.srcPort, p.dstPort})
			}
		case "dhcp":
			if !p.quoted {
				s.dhcp(sc, i, b)
			}
		case "ntp":
			if !p.quoted {
				s.ntp(sc, &p, i, b)
			}
		}
	}
}

// ipv4 reads the header at byte at. It returns false where nothing behind it can be looked at: it is
// a fragment, or no header.
func (s *Session) ipv4(sc *scope, p *packet, layer, at int) bool {
	b := sc.data[at:]
	if len(b) < 20 {
		return false
	}
	hlen, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:4]))
	if b[0]>>4 != 4 || hlen < 20 || total != 0 && total < hlen {
		return false
	}
	end := p.end
	if total != 0 { // zero is left to the sender's hardware
		end = min(end, at+total)
	}
	p.src, p.dst, p.v6, p.valid, p.end = [16]byte{}, [16]byte{}, false, true, end
	copy(p.src[:], b[12:16])
	copy(p.dst[:], b[16:20])
	p.srcPort, p.dstPort = 0, 0
	// RFC 791, 3.2: a whole datagram has "both the fragment offset and the more fragments fields zero".
	if word := binary.BigEndian.Uint16(b[6:8]); word&0x3fff != 0 && !p.quoted {
		if len(b) >= hlen {
			s.fragment(sc, layer, &fragment{
				key:    fragmentKey{src: p.src, dst: p.dst, id: uint32(binary.BigEndian.Uint16(b[4:6])), proto: b[9]},
				of:     &fact.IPv4,
				prefix: b[:hlen],
				at:     at + hlen,
				end:    end,
				from:   int(word&0x1fff) * 8,
				more:   word&0x2000 != 0,
			})
		}
		return false
	}
	return true
}

// ipv6 is ipv4 for its header and the extension headers behind it. RFC 8200, 3 and 4
func (s *Session) ipv6(sc *scope, p *packet, layer, at int) bool {
	b := sc.data[at:]
	if len(b) < 40 || b[0]>>4 != 6 {
		return false
	}
	end := p.end
	if n := int(binary.BigEndian.Uint16(b[4:6])); n != 0 { // zero is a jumbogram's
		end = min(end, at+40+n)
	}
	p.src, p.dst, p.v6, p.valid, p.end = [16]byte(b[8:24]), [16]byte(b[24:40]), true, true, end
	p.srcPort, p.dstPort = 0, 0
	if p.quoted {
		return true
	}
	next, pos, nextAt := b[6], 40, 6
	for pos+8 <= len(b) && at+pos+8 <= end {
		switch next {
		case 0, 43, 60: // hop-by-hop options, routing, destination options
			nextAt = pos
			next, pos = b[pos], pos+8+int(b[pos+1])*8
			continue
		case 44:
			word := binary.BigEndian.Uint16(b[pos+2:])
			if word&0xfff9 == 0 { // RFC 6946: an atomic fragment is a whole packet
				nextAt = pos
				next, pos = b[pos], pos+8
				continue
			}
			s.fragment(sc, layer, &fragment{
				key:    fragmentKey{src: p.src, dst: p.dst, id: binary.BigEndian.Uint32(b[pos+4:]), v6: true},
				of:     &fact.IPv6,
				prefix: b[:pos],
				nextAt: nextAt,
				next:   b[pos],
				at:     at + pos + 8,
				end:    end,
				from:   int(word & 0xfff8),
				more:   word&1 != 0,
			})
			return false
		}
		break
	}
	return true
}

package session

import (
	"bytes"
	"encoding/binary"
	"math"

	"httptap/pcap/fact"
)

// match brings a message of a flow together with the one that it answers.
func (s *Session) match(st *stream, dir int, message int32, layer int, data []byte) {
	switch st.protocol {
	case dnsMessages:
		k := &st.key
		e := endpoints{k.a, k.b, k.aPort, k.bPort}
		if dir == 1 {
			e = e.back()
		}
		s.dns(message, layer, data[2:], e)
	case httpMessages:
		s.matchHTTP(st, dir, message, layer)
	}
}

// resendTime is how soon a request of DNS with the same number is the same one, sent again, in
// nanoseconds.
const resendTime = 5e9

// dns matches by the identifier. RFC 1035, 4.1.1: it "is copied [into] the corresponding reply and
// can be used by the requester to match up replies to outstanding queries."
func (s *Session) dns(message int32, layer int, b []byte, e endpoints) {
	if len(b) < 4 {
		return
	}
	note := func(spec *fact.Spec, n uint64) {
		s.add(fact.Fact{Spec: spec, N: n, Message: message, Layer: int32(layer)})
	}
	// As in Wireshark a conversation has the number, whichever side asks: who multicasts both a
	// question and an answer is one that answers.
	k := exchangeKey{kind: kindDNS, endpoints: e.ordered(), id: uint64(binary.BigEndian.Uint16(b))}
	if b[2]&0x80 == 0 {
		if r := s.requests.find(k); r != nil && r.response == 0 && s.now-r.at < resendTime {
			note(&fact.DNSRetransmission, 0)
			note(&fact.DNSRetransmitRequest, r.frame)
			return
		}
		s.ask(k)
		return
	}
	r := s.requests.find(k)
	switch {
	case r == nil:
	case r.response == 0:
		r.response, r.answered = s.number, s.now
		note(&fact.DNS.ResponseTo, r.frame)
		note(&fact.DNS.Time, uint64(s.now-r.at))
		s.earlier(r.frame, &fact.DNS.ResponseIn, s.number)
	default:
		note(&fact.DNSRetransmission, 0)
		note(&fact.DNSRetransmitResponse, r.response)
	}
}

// exchange notes a response to the last request of a key, and on the request that it came.
func (s *Session) exchange(sc *scope, layer int, e *fact.Exchange, k exchangeKey) {
	r := s.requests.find(k)
	if r == nil {
		return
	}
	first := r.response == 0
	if !first && (k.kind == kindICMP || k.kind == kindICMPv6) {
		return // a copy; a second server of DHCP or a second owner of an address is none
	}
	r.response, r.answered = s.number, s.now
	s.fact(sc, layer, &e.ResponseTo, r.frame)
	elapsed := s.now - r.at
	n := uint64(elapsed)
	if e.Time.Type == fact.Float {
		n = math.Float64bits(float64(elapsed) / 1e6)
	}
	s.fact(sc, layer, &e.Time, n)
	if first {
		s.earlier(r.frame, &e.ResponseIn, s.number)
	}
}

// dhcp matches by the transaction and the client's hardware address. RFC 2131, 4.1: xid is "used by
// the client and server to associate messages and responses".
func (s *Session) dhcp(sc *scope, layer int, b []byte) {
	if len(b) < 44 {
		return
	}
	k := exchangeKey{kind: kindDHCP, id: uint64(binary.BigEndian.Uint32(b[4:8]))}
	copy(k.src[:], b[28:44])
	switch b[0] {
	case 1:
		s.ask(k)
	case 2:
		s.exchange(sc, layer, &fact.DHCP, k)
	}
}

// ntp matches by the time that the client put into its request. RFC 5905, 8: the origin timestamp of
// the response is the transmit timestamp of the request.
func (s *Session) ntp(sc *scope, p *packet, layer int, b []byte) {
	if len(b) < 48 {
		return
	}
	e := endpoints{p.src, p.dst, p.srcPort, p.dstPort}
	switch b[0] & 7 {
	case 3: // client
		s.ask(exchangeKey{kind: kindNTP, endpoints: e, id: binary.BigEndian.Uint64(b[40:48])})
	case 4: // server
		s.exchange(sc, layer, &fact.NTP, exchangeKey{kind: kindNTP, endpoints: e.back(), id: binary.BigEndian.Uint64(b[24:32])})
	}
}

// icmp matches echoes. RFC 792: "The identifier and sequence number may be used by the echo sender to
// aid in matching the replies with the echo requests."
func (s *Session) icmp(sc *scope, p *packet, layer int, b []byte) {
	s.echo(sc, p, layer, b, &fact.ICMP, kindICMP, 8, 0)
}

// icmpv6 is icmp for IPv6. RFC 4443, 4
func (s *Session) icmpv6(sc *scope, p *packet, layer int, b []byte) {
	s.echo(sc, p, layer, b, &fact.ICMPv6, kindICMPv6, 128, 129)
}

func (s *Session) echo(sc *scope, p *packet, layer int, b []byte, e *fact.Exchange, kind kind, request, reply uint8) {
	if len(b) < 8 || !p.valid || p.quoted {
		return
	}
	k := exchangeKey{kind: kind, endpoints: endpoints{src: p.src, dst: p.dst}, id: uint64(binary.BigEndian.Uint32(b[4:8]))}
	switch b[0] {
	case request:
		s.ask(k)
	case reply:
		k.endpoints = k.back()
		s.exchange(sc, layer, e, k)
	}
}

// arp matches who asked for an address with who has it. RFC 826
func (s *Session) arp(sc *scope, layer int, b []byte) {
	if len(b) < 28 || !bytes.Equal(b[:6], []byte{0, 1, 8, 0, 6, 4}) {
		return // not of Ethernet and IPv4
	}
	k := exchangeKey{kind: kindARP}
	switch binary.BigEndian.Uint16(b[6:8]) {
	case 1:
		copy(k.src[:], b[8:18]) // both addresses of who asks
		copy(k.dst[:], b[24:28])
		s.ask(k)
	case 2:
		copy(k.src[:], b[18:28])
		copy(k.dst[:], b[14:18])
		s.exchange(sc, layer, &fact.ARP, k)
	}
}

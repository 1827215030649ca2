package dhcpv4

import (
	"encoding/binary"
	"net/netip"
	"time"

	"httptap/stack/link"
)

// serverOptions are the values that every client gets, as the wire has them.
type serverOptions struct {
	mask, broadcast   []byte
	router, dns, ntp  []byte
	domain, mtu       []byte
	withoutParameters []byte // what a client gets that does not say what it wants
}

func newServerOptions(cfg ServerConfig) serverOptions {
	mask := ^uint32(0) << (32 - cfg.Prefix.Bits())
	network := number(cfg.Prefix.Masked().Addr().As4())
	o := serverOptions{
		mask:      binary.BigEndian.AppendUint32(nil, mask),
		broadcast: binary.BigEndian.AppendUint32(nil, network|^mask),
		router:    addrBytes(cfg.Router), dns: addrBytes(cfg.DNS), ntp: addrBytes(cfg.NTP),
		domain:            []byte(cfg.Domain),
		withoutParameters: []byte{OptRouter, OptDNS, OptDomain},
	}
	if cfg.MTU >= 68 {
		o.mtu = binary.BigEndian.AppendUint16(nil, uint16(cfg.MTU))
	}
	return o
}

func addrBytes(list []netip.Addr) (b []byte) {
	for _, a := range list {
		if a.Is4() {
			v := a.As4()
			b = append(b, v[:]...)
		}
	}
	return b
}

// value returns the value that the server has for an option; empty: none.
func (o *serverOptions) value(code byte) []byte {
	switch code {
	case OptRouter:
		return o.router
	case OptDNS:
		return o.dns
	case OptNTP:
		return o.ntp
	case OptDomain:
		return o.domain
	case OptMTU:
		return o.mtu
	case OptBroadcast:
		return o.broadcast
	}
	return nil
}

// Transmit writes the next answer into dst, which should have BufferLen bytes, and says where
// it goes; n is 0 when there is none. Parameters for which there is no room, in dst or in what
// the client takes, are left out.
func (s *Server) Transmit(now time.Time, dst []byte) (n int, to Destination) {
	if s.waiting == 0 {
		return 0, to
	}
	r := &s.answers[s.first]
	s.first, s.waiting = (s.first+1)%maxAnswers, s.waiting-1
	s.oldest = now
	m, err := Parse(r.request)
	if err != nil {
		return 0, to // Receive parsed the same bytes
	}
	return fit(s.build(dst, m, r), dst), destination(m, r)
}

// destination is RFC 2131, 4.1: "If the 'giaddr' field in a DHCP message from a client is
// non-zero, the server sends any return messages to the 'DHCP server' port on the BOOTP relay
// agent [...] If the 'giaddr' field is zero and the 'ciaddr' field is nonzero, then the server
// unicasts DHCPOFFER and DHCPACK messages to the address in 'ciaddr'. If 'giaddr' is zero and
// 'ciaddr' is zero, and the broadcast bit is set, then the server broadcasts DHCPOFFER and
// DHCPACK messages to 0xffffffff. If the broadcast bit is not set and 'giaddr' is zero and
// 'ciaddr' is zero, then the server unicasts DHCPOFFER and DHCPACK messages to the client's
// hardware address and 'yiaddr' address. In all cases, when 'giaddr' is zero, the server
// broadcasts any DHCPNAK messages to 0xffffffff."
func destination(m Message, r *response) Destination {
	switch {
	case m.GIAddr() != [4]byte{}:
		return Destination{Addr: m.GIAddr(), Port: ServerPort}
	case r.typ == NAK:
	case m.CIAddr() != [4]byte{}:
		return Destination{Addr: m.CIAddr(), Port: ClientPort}
	case !m.Broadcast():
		return Destination{Addr: r.addr, HardwareAddr: m.HardwareAddr(), Port: ClientPort}
	}
	return Destination{Addr: broadcast, HardwareAddr: link.Broadcast, Port: ClientPort}
}

// build appends the answer to dst[:0]. RFC 2131, 4.3.1, table 3 says what goes into which.
func (s *Server) build(dst []byte, m Message, r *response) []byte {
	h := Header{Op: OpReply, XID: m.XID(), Broadcast: m.Broadcast(), YIAddr: r.addr, GIAddr: m.GIAddr(), HardwareAddr: m.HardwareAddr()}
	switch {
	case r.typ == ACK:
		h.CIAddr = m.CIAddr()
	case r.typ == NAK && h.GIAddr != [4]byte{}:
		// RFC 2131, 4.3.2: "The server MUST set the broadcast bit in the DHCPNAK, so that the
		// relay agent will broadcast the DHCPNAK to the client"
		h.Broadcast = true
	}
	b := AppendOption(AppendHeader(dst[:0], h), OptType, byte(r.typ))
	b = AppendOption(b, OptServer, s.cfg.Addr[:]...)
	if r.typ == NAK {
		b = append(append(b, OptText, byte(len(r.text))), r.text...)
		return AppendEnd(appendEchoes(b, m), 0)
	}
	if r.seconds > 0 {
		b = AppendUint32(b, OptLeaseTime, r.seconds)
		// RFC 2131, 4.4.5: "The server SHOULD return T1 and T2"
		b = AppendUint32(b, OptRenewal, r.seconds/2)
		b = AppendUint32(b, OptRebinding, uint32(uint64(r.seconds)*7/8))
	}
	// RFC 2132, 3.3: "If both the subnet mask and the router option are specified in a DHCP
	// reply, the subnet mask option MUST be first."
	b = AppendOption(b, OptMask, s.options.mask...)
	b = s.appendParameters(b, m, room(dst, m)-echoesLen(m)-1)
	return AppendEnd(appendEchoes(b, m), 0)
}

// room returns how long the answer may be: RFC 2131, 2 lets every client take BufferLen bytes,
// and more when it says so.
func room(dst []byte, m Message) int {
	n := BufferLen
	if v, ok := m.Uint16(OptMaxMessage); ok && v >= 576 {
		n = int(v) - 28
	}
	return min(n, len(dst))
}

// appendParameters appends what the client asks for, in its order of preference, each once, as
// far as b stays under limit bytes.
func (s *Server) appendParameters(b []byte, m Message, limit int) []byte {
	list, ok := m.first(OptParameters)
	if !ok {
		list = s.options.withoutParameters
	}
	var done [256 / 64]uint64
	for _, code := range list {
		bit := uint64(1) << (code % 64)
		v := s.options.value(code)
		// A value over 255 bytes becomes several options, each with its two bytes.
		if done[code/64]&bit != 0 || len(v) == 0 || len(b)+len(v)+2*((len(v)+254)/255) > limit {
			continue
		}
		done[code/64] |= bit
		b = AppendOption(b, code, v...)
	}
	return b
}

// appendEchoes appends what the server gives back as it came.
//
// RFC 6842, 3: "If the 'client identifier' option is present in a message received from a
// client, the server MUST return the 'client identifier' option, unaltered, in its response
// message." RFC 3046, 2.2: servers "SHALL echo the entire contents of the Relay Agent
// Information option in all replies", last of all.
func appendEchoes(b []byte, m Message) []byte {
	for _, code := range [...]byte{OptClientID, OptRelayAgent} {
		if v, ok := m.first(code); ok {
			b = AppendOption(b, code, v...)
		}
	}
	return b
}

func echoesLen(m Message) (n int) {
	for _, code := range [...]byte{OptClientID, OptRelayAgent} {
		if v, ok := m.first(code); ok {
			n += 2 + len(v)
		}
	}
	return n
}

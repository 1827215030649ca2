package dhcpv4

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"net/netip"
	"time"
)

// A Lease is what a client was given: an address for a time, and what goes with it. Fields
// that the server did not fill are zero.
type Lease struct {
	Addr     netip.Prefix // the address, with its network's length
	Server   netip.Addr   // the server identifier: who to renew with and release to
	Routers  []netip.Addr // in the server's order of preference
	DNS      []netip.Addr
	NTP      []netip.Addr
	Hostname string
	Domain   string
	MTU      int // of the interface, in bytes
	Routes   []Route

	Obtained time.Time // when the request for it was sent
	Renew    time.Time // T1: when the server is asked for more; zero: never, the lease is infinite
	Rebind   time.Time // T2: when any server is asked
	Expires  time.Time // when the address may no longer be used
}

// A Route is a classless static route. RFC 3442
type Route struct {
	Dst netip.Prefix
	Via netip.Addr // 0.0.0.0: the network is on the link itself
}

// Why an offer or an acknowledgement is not usable.
var (
	ErrServerID  = errors.New("dhcpv4: no usable server identifier")
	ErrAddress   = errors.New("dhcpv4: no usable address is given")
	ErrMask      = errors.New("dhcpv4: the subnet mask is not one")
	ErrLeaseTime = errors.New("dhcpv4: no lease time")
)

// usable tells whether a is an address that a host can have: not "this network" (0/8), not
// loopback, not multicast, reserved or broadcast. RFC 1122, 3.2.1.3
func usable(a [4]byte) bool { return a[0] != 0 && a[0] != 127 && a[0] < 224 }

// terms are the parts of an offer that decide whether it is taken.
type terms struct {
	addr, server [4]byte
	bits         int    // network length
	seconds      uint32 // lease time
}

// readTerms checks what an offer or acknowledgement gives. A liar, or a server that is not
// well, is found here, before the address is used.
func readTerms(m Message) (t terms, err error) {
	var ok bool
	if t.server, ok = m.Addr(OptServer); !ok || !usable(t.server) {
		return t, ErrServerID
	}
	t.addr = m.YIAddr()
	if !usable(t.addr) || t.addr == t.server {
		return t, ErrAddress
	}
	if t.bits, ok = readMask(m, t.addr); !ok {
		return t, ErrMask
	}
	// The first and the last address of a network are not a host's, but for networks of one
	// or two addresses. RFC 1122, 3.2.1.3; RFC 3021, 2.1
	host := binary.BigEndian.Uint32(t.addr[:]) << t.bits >> t.bits
	if t.bits < 31 && (host == 0 || host == 1<<(32-t.bits)-1) {
		return t, ErrAddress
	}
	if t.seconds, ok = m.Uint32(OptLeaseTime); !ok || t.seconds == 0 {
		return t, ErrLeaseTime
	}
	return t, nil
}

// readMask returns the network's length. Without a mask it is that of the address's class
// (RFC 791, 3.2), which is what RFC 950, 2.2 has a host assume when nobody tells it.
func readMask(m Message, addr [4]byte) (n int, ok bool) {
	if _, there := m.first(OptMask); !there {
		switch {
		case addr[0] < 128:
			return 8, true
		case addr[0] < 192:
			return 16, true
		}
		return 24, true
	}
	mask, ok := m.Uint32(OptMask)
	n = bits.LeadingZeros32(^mask)
	return n, ok && n > 0 && mask == ^uint32(0)<<(32-n)
}

// lease makes the Lease of an acknowledgement whose request was sent at the time sent.
func (t terms) lease(m Message, sent time.Time) Lease {
	l := Lease{
		Addr:     netip.PrefixFrom(netip.AddrFrom4(t.addr), t.bits),
		Server:   netip.AddrFrom4(t.server),
		Routers:  readAddrs(m, OptRouter),
		DNS:      readAddrs(m, OptDNS),
		NTP:      readAddrs(m, OptNTP),
		Hostname: string(nameOf(m, OptHostname)),
		Domain:   string(nameOf(m, OptDomain)),
		Obtained: sent,
	}
	// RFC 2132, 5.1: "The minimum legal value for the MTU is 68."
	if mtu, ok := m.Uint16(OptMTU); ok && mtu >= 68 {
		l.MTU = int(mtu)
	}
	if routes, ok := readRoutes(m); ok {
		// RFC 3442: "If the DHCP server returns both a Classless Static Routes option and a
		// Router option, the DHCP client MUST ignore the Router option."
		l.Routes, l.Routers = routes, nil
		for _, r := range routes {
			if r.Dst.Bits() == 0 && !r.Via.IsUnspecified() {
				l.Routers = append(l.Routers, r.Via)
			}
		}
	}
	if t.seconds == Infinite {
		return l
	}
	// RFC 2131, 4.4.5: "T1 defaults to (0.5 * duration_of_lease). T2 defaults to (0.875 *
	// duration_of_lease)." They are taken, too, when the server's do not lie in order: "T1 MUST
	// be earlier than T2, which, in turn, MUST be earlier than the time at which the client's
	// lease will expire."
	whole := time.Duration(t.seconds) * time.Second
	t1, t2 := whole/2, whole/8*7
	v1, ok1 := m.Uint32(OptRenewal)
	v2, ok2 := m.Uint32(OptRebinding)
	switch d1, d2 := time.Duration(v1)*time.Second, time.Duration(v2)*time.Second; {
	case ok1 && ok2 && 0 < d1 && d1 < d2 && d2 < whole:
		t1, t2 = d1, d2
	case ok1 && !ok2 && 0 < d1 && d1 < t2:
		t1 = d1
	case ok2 && !ok1 && t1 < d2 && d2 < whole:
		t2 = d2
	}
	l.Renew, l.Rebind, l.Expires = sent.Add(t1), sent.Add(t2), sent.Add(whole)
	return l
}

// readAddrs returns the usable addresses of a list; an incomplete one at the end is left out.
func readAddrs(m Message, code byte) []netip.Addr {
	v, _ := m.Option(code, nil)
	var list []netip.Addr
	for ; len(v) >= 4; v = v[4:] {
		if a := [4]byte(v); usable(a) {
			list = append(list, netip.AddrFrom4(a))
		}
	}
	return list
}

// nameOf returns a host or domain name, nil when it is not made of the characters that names
// are made of: what comes from the network may end up in a file or a terminal.
//
// RFC 2132, 2: "Options containing NVT ASCII data SHOULD NOT include a trailing NULL; however,
// the receiver of such options MUST be prepared to delete trailing nulls if they exist."
func nameOf(m Message, code byte) []byte {
	v, _ := m.Option(code, nil)
	for len(v) > 0 && v[len(v)-1] == 0 {
		v = v[:len(v)-1]
	}
	if !isName(v) {
		return nil
	}
	return v
}

func isName(v []byte) bool {
	if len(v) == 0 || len(v) > 253 {
		return false
	}
	for _, c := range v {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}

// readRoutes returns the classless static routes, false when there are none or the option is
// malformed: half a routing table is worse than the router option. RFC 3442, "Classless Route
// Option Format"
func readRoutes(m Message) (routes []Route, ok bool) {
	v, _ := m.Option(OptRoutes, nil)
	for len(v) > 0 {
		n := int(v[0])
		size := (n + 7) / 8
		if n > 32 || len(v) < 1+size+4 {
			return nil, false
		}
		var dst [4]byte
		copy(dst[:], v[1:1+size])
		via := [4]byte(v[1+size:])
		// "After deriving a subnet number and subnet mask from each destination descriptor, the
		// DHCP client MUST zero any bits in the subnet number where the corresponding bit in
		// the mask is zero."
		p := netip.PrefixFrom(netip.AddrFrom4(dst), n).Masked()
		if usable(via) || via == [4]byte{} {
			routes = append(routes, Route{Dst: p, Via: netip.AddrFrom4(via)})
		}
		v = v[1+size+4:]
	}
	return routes, len(routes) > 0
}

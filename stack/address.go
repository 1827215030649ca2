package stack

import (
	"net/netip"
	"time"

	"httptap/stack/arp"
	"httptap/stack/dhcpv4"
	"httptap/stack/link"
)

// A claim is a lease whose address is being checked for duplicates.
//
// RFC 5227, 2.1.1 would have a host probe for several seconds before it uses an address: three
// probes, a second or two apart. Here they are a round trip apart: a probe goes out, then a
// request for the router, both with the sender address 0.0.0.0 so that no cache is spoilt. When
// the router has answered the next probe goes out. Whoever holds the address saw the first
// probe before the router saw its first request, so that when the router has answered three
// times and nobody has objected, the address is taken. A slower station can object later: its
// objection still gives the lease back.
type claim struct {
	active  bool
	lease   dhcpv4.Lease
	barrier [4]byte   // the neighbour whose answers pace the check; zero: none is known
	rounds  int       // probes that the barrier's answer followed
	giveUp  time.Time // the address is taken at this time though the barrier kept silent
}

// maxClaim bounds the check when no neighbour answers: a second is what RFC 5227, 1.1 gives as
// the least time between probes, PROBE_MIN.
const maxClaim = time.Second

// probeRounds is how many probes are sent. RFC 5227, 1.1: PROBE_NUM.
const probeRounds = 3

// release is the state of a Release call: the DHCPRELEASE that has to be on the wire.
type release struct {
	wanted bool
	frame  uint64 // Stats.FramesOut when it had been sent; 0: not yet
}

// afterDHCP acts on what the DHCP client learned.
func (e *engine) afterDHCP(now time.Time) {
	g := e.dhcp.Generation()
	if g == e.dhcpGen {
		return
	}
	e.dhcpGen = g
	lease, ok := e.dhcp.Lease()
	switch {
	case !ok:
		e.claim = claim{}
		if !e.release.wanted {
			e.loseAddress()
		}
	case e.net.configured() && lease.Addr.Addr() == netip.AddrFrom4(e.net.addr):
		e.apply(lease)
	default:
		if e.net.configured() {
			e.loseAddress()
		}
		e.beginClaim(now, lease)
	}
	e.event()
}

func (e *engine) beginClaim(now time.Time, lease dhcpv4.Lease) {
	e.claim = claim{active: true, lease: lease, giveUp: now.Add(maxClaim)}
	for _, a := range append(lease.Routers[:len(lease.Routers):len(lease.Routers)], lease.Server) {
		if a.Is4() && lease.Addr.Contains(a) && a != lease.Addr.Addr() {
			e.claim.barrier = a.As4()
			break
		}
	}
	e.probeOnce(now)
}

// probeOnce sends a probe for the address, and behind it a request for the barrier.
func (e *engine) probeOnce(now time.Time) {
	e.arp.Probe(now, e.claim.lease.Addr.Addr().As4())
	if e.claim.barrier != [4]byte{} {
		e.arp.Forget(e.claim.barrier) // an old answer would prove nothing
		e.arp.Lookup(now, e.claim.barrier)
		e.arpGen = e.arp.Generation()
	}
}

// checkClaim ends the duplicate check when it has its result, and gives up an address that
// turns out to be used by another station later.
func (e *engine) checkClaim(now time.Time) {
	if with, conflict := e.arp.Conflict(); conflict && e.dhcpOn && (e.claim.active || e.net.configured()) {
		e.conflict(now, with)
		return
	}
	if !e.claim.active {
		return
	}
	if e.claim.barrier != [4]byte{} {
		if _, state := e.arp.Lookup(now, e.claim.barrier); state == arp.Reachable {
			if e.claim.rounds++; e.claim.rounds == probeRounds {
				e.accept(now)
			} else {
				e.probeOnce(now)
			}
			return
		}
	}
	if !now.Before(e.claim.giveUp) {
		e.accept(now)
	}
}

// conflict gives the address back: RFC 2131, 3.1(5): "the client MUST send a DHCPDECLINE
// message to the server and restarts the configuration process".
func (e *engine) conflict(now time.Time, with link.Addr) {
	e.claim = claim{}
	e.conflictWith = with
	e.loseAddress()
	e.dhcp.Decline(now)
	e.dhcpGen = e.dhcp.Generation()
	e.event()
}

func (e *engine) accept(now time.Time) {
	lease := e.claim.lease
	e.claim = claim{}
	e.arp.Accept(now)
	e.apply(lease)
	e.event()
}

// apply makes a lease the host's configuration.
func (e *engine) apply(l dhcpv4.Lease) {
	e.net = network{addr: l.Addr.Addr().As4(), prefix: l.Addr.Masked(), routes: l.Routes, dns: l.DNS}
	if len(l.Routers) > 0 && l.Routers[0].Is4() {
		e.net.router = l.Routers[0].As4()
	}
	// RFC 1122, 3.3.2: 576 is what every host can receive; a smaller MTU helps nobody.
	if e.mtu = e.linkMTU; l.MTU >= 576 {
		e.mtu = min(e.mtu, l.MTU)
	}
}

// setStatic configures an address without asking anybody.
func (e *engine) setStatic(addr netip.Prefix, router netip.Addr, dns []netip.Addr) {
	e.net = network{addr: addr.Addr().As4(), prefix: addr.Masked(), dns: dns}
	if router.Is4() {
		e.net.router = router.As4()
	}
	e.arp.SetAddr(e.net.addr)
}

// loseAddress takes the host's address away and fails every connection that used it.
func (e *engine) loseAddress() {
	dns := e.net.dns
	had := e.net.configured()
	e.net = network{}
	if !e.dhcpOn {
		e.net.dns = dns
	}
	e.arp.SetAddr([4]byte{})
	if !had {
		return
	}
	for _, c := range e.conns {
		c.tcb.Fail(errAddressLost)
		e.settle(time.Time{}, c)
	}
	for _, s := range e.flows {
		s.fail(errAddressLost)
	}
}

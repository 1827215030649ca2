package doctor

import (
	"context"
	"fmt"
	"net/netip"
)

// checkOverlap finds out whether the network of -net is another one of this machine, too.
func (e *exam) checkOverlap(context.Context) {
	if e.isNIC() {
		return
	}
	const what = "-net"
	all, err := e.Interfaces()
	var routes []Route
	if err == nil {
		routes, err = e.Routes()
	}
	if err != nil {
		e.unseen(what, err)
		return
	}
	if e.Device == User {
		e.overlapOfClients(routes)
		return
	}
	for _, i := range all {
		for _, a := range i.Addrs {
			if i.Name != e.Device && a.Addr() == e.Net.Addr() {
				e.fail(what, fmt.Sprintf("%s is the address of %s already", a.Addr(), i.Name), e.freeNet(all, routes))
				return
			}
		}
	}
	for _, r := range routes {
		if r.Interface == e.Device || r.Prefix.Bits() == 0 || !r.Prefix.Overlaps(e.Net) {
			continue
		}
		if r.Prefix.Bits() >= e.Net.Bits() {
			e.fail(what, fmt.Sprintf("%s leads to %s: the kernel would send what is for clients there instead of to %s", r.Prefix, r.Interface, e.Device), e.freeNet(all, routes))
		} else {
			e.warn(what, fmt.Sprintf("%s is part of %s, which is behind %s: this machine does not reach that part while httptap runs", e.Net.Masked(), r.Prefix, r.Interface), e.freeNet(all, routes))
		}
		return
	}
	e.ok(what, "%s is no other network of this machine", e.Net.Masked())
}

// overlapOfClients is about -i user, where only clients meet the network of -net.
func (e *exam) overlapOfClients(routes []Route) {
	for _, r := range routes {
		if r.Prefix.Bits() != 0 && r.Prefix.Overlaps(e.Net) {
			e.warn("-net", fmt.Sprintf("%s is also behind %s of this machine: clients meet the lab there, and not that network", e.Net.Masked(), r.Interface), e.freeNet(nil, routes))
			return
		}
	}
	e.ok("-net", "%s is no network of this machine", e.Net.Masked())
}

// freeNet finds a network that nothing here overlaps with.
func (e *exam) freeNet(all []Interface, routes []Route) string {
	taken := func(p netip.Prefix) bool {
		for _, r := range routes {
			if r.Prefix.Bits() != 0 && r.Prefix.Overlaps(p) {
				return true
			}
		}
		for _, i := range all {
			for _, a := range i.Addrs {
				if a.Overlaps(p) {
					return true
				}
			}
		}
		return false
	}
	for _, base := range [][2]byte{{192, 168}, {172, 31}, {10, 77}} {
		for third := byte(11); third < 255; third++ {
			p := netip.PrefixFrom(netip.AddrFrom4([4]byte{base[0], base[1], third, 1}), 24)
			if !taken(p.Masked()) {
				return "-net " + p.String() + ", which is free"
			}
		}
	}
	return "-net with a network that is free: 'ip route' lists those that are not"
}

// checkLocalDHCP looks for a DHCP server of this machine that listens on every interface: on the TAP it
// would answer beside the lab.
func (e *exam) checkLocalDHCP(context.Context) {
	if !e.isTAP() || !e.Lab {
		return
	}
	all, err := e.sockets("udp")
	if err != nil {
		return // without /proc nothing is known, and httptap does not need to
	}
	var inodes []string
	for _, s := range all {
		if s.local.Port() == 67 && s.local.Addr().IsUnspecified() {
			inodes = append(inodes, s.inode)
		}
	}
	if len(inodes) == 0 {
		e.ok("DHCP", "no server of this machine listens: the lab is the only one on %s", e.Device)
		return
	}
	who := "a process that can't be seen here"
	if found, _ := e.socketHolders(inodes); len(found) > 0 {
		who = holders(found)
	}
	e.warn("DHCP", fmt.Sprintf("%s serves DHCP on port 67 of every interface: on %s it may answer beside the lab", who, e.Device),
		fmt.Sprintf("keep it off %s (dnsmasq: --except-interface=%s), or -lab=false", e.Device, e.Device))
}

package gateway

import (
	"net"
	"net/netip"
	"slices"
)

// denied are the networks that no flow may go to. The gateway has to refuse them itself, because
// its sockets are this machine's own:
//
//   - 0/8: the kernel takes 0.0.0.0 for this machine's loopback. RFC 1122, 3.2.1.3(a): it "MUST NOT
//     be sent, except as a source address"
//   - 127/8: who listens on loopback means to be reached by this machine only, the relay among them.
//     RFC 1122, 3.2.1.3(g): such addresses "MUST NOT appear outside a host"
//   - 169.254/16: link-local, and where clouds have their metadata service, 169.254.169.254, which
//     gives the machine's credentials to whoever asks from the machine. RFC 3927, 7: "A router MUST
//     NOT forward a packet with an IPv4 Link-Local source or destination address"
//   - 224/4 and 240/4: groups, class E and everybody, which are no single host
//
// All else may be reached, as by any program of the user's: other machines of the local network, and
// this machine by its own addresses, where only what listens for others answers.
var denied = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/3"),
}

// mayGo tells whether a flow to a target may be.
func (g *Gateway) mayGo(target netip.AddrPort) bool {
	return !slices.ContainsFunc(denied, func(p netip.Prefix) bool { return p.Contains(target.Addr()) }) &&
		target.Addr().Is4() && !slices.ContainsFunc(g.cfg.Closed, func(c netip.AddrPort) bool {
		return c.Port() == target.Port() && (c.Addr() == target.Addr() || c.Addr().IsUnspecified() && isOwn(target.Addr()))
	})
}

// isOwn tells whether a is an address of this machine.
func isOwn(a netip.Addr) bool {
	own, err := net.InterfaceAddrs()
	return err != nil || slices.ContainsFunc(own, func(o net.Addr) bool {
		p, err := netip.ParsePrefix(o.String())
		return err == nil && p.Addr() == a
	})
}

// admit takes a place for a flow of client's to a target. It returns false, and counts why, when
// there is none or the flow may not be.
func (g *Gateway) admit(kind string, client, target netip.AddrPort) bool {
	refused := &g.counts.denied
	if g.mayGo(target) {
		refused = g.flows.begin(client.Addr(), &g.counts)
	}
	if refused == nil {
		return true
	}
	refused.Add(1)
	g.log.Debug("flow refused", "kind", kind, "client", client, "target", target, "denied", refused == &g.counts.denied)
	return false
}

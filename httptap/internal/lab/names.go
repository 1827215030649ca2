package lab

import (
	"net/netip"
	"strings"
	"time"

	"httptap/stack/dhcpv4"
	"httptap/stack/dns"
)

// The times of the lab's records in seconds. Leases come and go, so nothing is kept long.
const (
	nameTTL     = 60
	negativeTTL = 5
)

// names are the two zones that the lab has authority over: its own names, and the names of the
// network's addresses.
type names struct {
	prefix  netip.Prefix
	forward *dns.Zone
	reverse *dns.Zone
	origin  string // of reverse
	fixed   map[string]bool

	stale  bool              // the leases may have changed
	until  time.Time         // the next end of a lease; zero: none
	leases map[string]string // what the leases added to the zones: address by name
}

func newNames(cfg Config) (names, error) {
	n := names{prefix: cfg.Addr.Masked(), fixed: map[string]bool{}, stale: true}
	soa := func(zone string) dns.Record {
		return dns.Record{Name: zone, Type: dns.TypeSOA, TTL: nameTTL, Target: "dns." + Domain, SOA: dns.SOA{
			Mailbox: "hostmaster." + Domain, Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minimum: negativeTTL}}
	}
	n.origin = reverseZone(n.prefix)
	var err error
	if n.forward, err = dns.NewZone(soa(Domain)); err != nil {
		return n, err
	}
	if n.reverse, err = dns.NewZone(soa(n.origin)); err != nil {
		return n, err
	}
	n.forward.RecursionAvailable, n.reverse.RecursionAvailable = true, true

	self, router := cfg.Addr.Addr(), cfg.Router
	if !router.IsValid() {
		router = self
	}
	about := []string{"httptap " + cfg.Version, "a small network on a userspace stack: DHCP, DNS, NTP and HTTP"}
	add := func(zone *dns.Zone, r dns.Record) {
		if r.TTL = nameTTL; err == nil {
			err = zone.Add(r)
		}
	}
	add(n.forward, dns.Record{Name: Domain, Type: dns.TypeNS, Target: "dns." + Domain})
	add(n.reverse, dns.Record{Name: n.origin, Type: dns.TypeNS, Target: "dns." + Domain})
	add(n.forward, dns.Record{Name: Domain, Type: dns.TypeA, Addr: self})
	for _, name := range []string{"www", "dns", "ntp", "dhcp", "gateway", "about"} {
		addr := self
		if name == "gateway" {
			addr = router
		}
		n.fixed[name] = true
		add(n.forward, dns.Record{Name: name + "." + Domain, Type: dns.TypeA, Addr: addr})
	}
	for _, name := range []string{Domain, "about." + Domain} {
		add(n.forward, dns.Record{Name: name, Type: dns.TypeTXT, Text: about})
	}
	add(n.reverse, dns.Record{Name: dns.ReverseName(self), Type: dns.TypePTR, Target: "www." + Domain})
	if router != self && n.prefix.Contains(router) {
		add(n.reverse, dns.Record{Name: dns.ReverseName(router), Type: dns.TypePTR, Target: "gateway." + Domain})
	}
	return n, err
}

// reverseZone returns the zone of the names of p's addresses: at the last whole byte of its
// length. RFC 1035, 3.5
func reverseZone(p netip.Prefix) string {
	labels := strings.SplitN(dns.ReverseName(p.Addr()), ".", 5)
	return strings.Join(labels[4-p.Bits()/8:], ".")
}

// authority returns the zone that a name is in, nil when it is not for the lab to answer.
func (n *names) authority(name dns.Name) *dns.Zone {
	switch {
	case n.forward.Contains(name):
		return n.forward
	case !n.reverse.Contains(name):
		return nil
	case n.prefix.Bits()%8 == 0:
		return n.reverse
	}
	// The zone holds more addresses than the network: those are others'.
	labels := strings.Split(strings.TrimSuffix(name.String(), "."), ".")
	if len(labels) != 6 {
		return nil
	}
	a, err := netip.ParseAddr(labels[3] + "." + labels[2] + "." + labels[1] + "." + labels[0])
	if err != nil || !n.prefix.Contains(a) {
		return nil
	}
	return n.reverse
}

// refresh makes the zones follow the leases.
func (n *names) refresh(now time.Time, server *dhcpv4.Server) {
	if !n.stale && (n.until.IsZero() || now.Before(n.until)) {
		return
	}
	for name, addr := range n.leases {
		// Removing what was added by the same name can't fail.
		_ = n.forward.Remove(name, dns.TypeANY)
		_ = n.reverse.Remove(addr, dns.TypeANY)
	}
	n.stale, n.until, n.leases = false, time.Time{}, map[string]string{}
	for _, b := range server.Leases(now) {
		if n.until.IsZero() || b.Expires.Before(n.until) {
			n.until = b.Expires
		}
		name := hostLabel(b.Hostname)
		if name == "" || n.fixed[name] {
			continue
		}
		full, reverse := name+"."+Domain, dns.ReverseName(b.Addr)
		if _, taken := n.leases[full]; taken {
			continue // the lower address has the name
		}
		// A label of letters, digits and hyphens makes names that a zone takes.
		_ = n.forward.Add(dns.Record{Name: full, Type: dns.TypeA, TTL: nameTTL, Addr: b.Addr})
		_ = n.reverse.Add(dns.Record{Name: reverse, Type: dns.TypePTR, TTL: nameTTL, Target: full})
		n.leases[full] = reverse
	}
}

// hostLabel returns the first label of a client's name in lower case, "" when it is none that a
// host can have. RFC 1123, 2.1
func hostLabel(name string) string {
	label, _, _ := strings.Cut(strings.ToLower(name), ".")
	if len(label) > dns.MaxLabel || strings.Trim(label, "-") != label || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return ""
	}
	return label
}

package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"httptap/httptap/internal/nat"
)

// checkNAT finds out whether the kernel can forward for a TAP's clients, and who would stop it.
func (e *exam) checkNAT(context.Context) {
	if !e.isTAP() || !e.NAT {
		return
	}
	const what = "-nat"
	var major, minor int
	release := e.setting("proc/sys/kernel/osrelease")
	if n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor); n == 2 && (major < 5 || major == 5 && minor < 12) {
		e.fail(what, fmt.Sprintf("Linux %s can't remove an nftables table with the process that made it", release), nat.FixNoOwner)
		return
	}
	s, err := e.LookNAT(e.Device)
	switch {
	case errors.Is(err, nat.ErrNoTables):
		e.fail(what, "the kernel has no nf_tables", nat.FixNoTables)
		return
	case err != nil:
		e.unseen(what, err)
		return
	case s.Owned != 0:
		e.fail(what, fmt.Sprintf("another httptap does it already: the table ip %s belongs to netlink port %d, mostly its process ID", nat.Table, s.Owned), nat.FixBusy)
		return
	case s.Taken:
		e.fail(what, fmt.Sprintf("there is a table ip %s already that no process owns", nat.Table), nat.FixTaken)
		return
	case len(s.Uplinks) == 0:
		e.fail(what, "no other interface is up and has an IPv4 address: there is no network to give", nat.FixNoUplink)
		return
	}
	for _, c := range s.Blockers {
		e.warn("firewall", fmt.Sprintf("the chain %s drops what is forwarded but for some rules, and none is about %s", c, e.Device), c.Fix(e.Device))
	}
	e.checkLegacyTables()
	e.ok(what, "clients get what this machine has behind %s", strings.Join(s.Uplinks, ", "))
}

// checkLegacyTables is about rules that nf_tables does not know of.
func (e *exam) checkLegacyTables() {
	b, err := fs.ReadFile(e.Root, "proc/self/net/ip_tables_names")
	if err != nil || !slices.Contains(strings.Fields(string(b)), "filter") {
		return
	}
	e.warn("firewall", "there are rules of iptables-legacy, which are not looked at: when 'sudo iptables-legacy -S FORWARD' begins with -P FORWARD DROP, they drop what is forwarded",
		fmt.Sprintf("sudo iptables-legacy -I FORWARD -i %s -j ACCEPT; sudo iptables-legacy -I FORWARD -o %s -j ACCEPT", e.Device, e.Device))
}

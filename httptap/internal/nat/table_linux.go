package nat

import (
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Priorities of chains: linux/netfilter_ipv4.h
const (
	beforeTracking = -300 // NF_IP_PRI_RAW
	filtering      = 0    // NF_IP_PRI_FILTER
	sourceNAT      = 100  // NF_IP_PRI_NAT_SRC
)

// A chain is asked about packets at one hook.
type chain struct {
	name     string
	kind     string
	hook     uint32
	priority int32
	rules    []rule
}

// A rule has its reason beside it, which 'nft list' shows.
type rule struct {
	why   string
	steps []expression
}

// chains are the rules for a TAP whose clients are to reach what is behind the uplinks.
func chains(c Config, uplinks []uplink) []chain {
	on := func(why string, parts ...[]expression) rule { return rule{why, slices.Concat(parts...)} }
	forward := []rule{
		on("clients speak for themselves only", comesIn(c.TAP), address(sourceOffset, unix.NFT_CMP_NEQ, c.Prefix), drop()),
	}
	for _, u := range uplinks {
		forward = append(forward, on("what clients may reach", comesIn(c.TAP), goesOut(u.name), accept()))
	}
	forward = append(forward,
		on("an interface that came up later: its answers would be lost", comesIn(c.TAP), prohibit()),
		on("answers, and errors about what was asked", goesOut(c.TAP), belongs(), accept()),
		on("nobody begins to talk to clients", goesOut(c.TAP), drop()))
	for _, u := range uplinks {
		if !u.forwarding {
			forward = append(forward, on("forwarding is on for clients only", comesIn(u.name), drop()))
		}
	}
	return []chain{
		// The switch mirrors to the TAP what one client sends to another one. The kernel would take what is for the
		// client 'default', which has the TAP's own hardware address, for something to be forwarded to it, and tell the
		// sender of a better way, which it has taken.
		{"prerouting", "filter", unix.NF_INET_PRE_ROUTING, beforeTracking, []rule{
			on("for another client: it is there already", comesIn(c.TAP), forThisMachine(), address(destinationOffset, unix.NFT_CMP_EQ, c.Prefix), notOurs(), drop()),
		}},
		{"forward", "filter", unix.NF_INET_FORWARD, filtering, forward},
		{"postrouting", "nat", unix.NF_INET_POST_ROUTING, sourceNAT, []rule{
			on("clients have the address of the interface", comesIn(c.TAP), masquerade()),
		}},
	}
}

// makeTable adds a table that belongs to the socket, if there is none of its name.
func (b *batch) makeTable() {
	b.add("make the table ip "+Table, unix.NFT_MSG_NEWTABLE, unix.NLM_F_CREATE|unix.NLM_F_EXCL,
		text(unix.NFTA_TABLE_NAME, Table), word(unix.NFTA_TABLE_FLAGS, tableOwnerFlag))
}

func (b *batch) addChain(c chain) {
	what := "make the chain " + c.name + " of type " + c.kind
	b.add(what, unix.NFT_MSG_NEWCHAIN, unix.NLM_F_CREATE|unix.NLM_F_EXCL,
		text(unix.NFTA_CHAIN_TABLE, Table), text(unix.NFTA_CHAIN_NAME, c.name), text(unix.NFTA_CHAIN_TYPE, c.kind),
		nested(unix.NFTA_CHAIN_HOOK, word(unix.NFTA_HOOK_HOOKNUM, c.hook), word(unix.NFTA_HOOK_PRIORITY, uint32(c.priority))),
		word(unix.NFTA_CHAIN_POLICY, verdictAccept))
	for _, r := range c.rules {
		b.add("make the rule \""+r.why+"\" of the chain "+c.name, unix.NFT_MSG_NEWRULE, unix.NLM_F_CREATE|unix.NLM_F_APPEND,
			text(unix.NFTA_RULE_TABLE, Table), text(unix.NFTA_RULE_CHAIN, c.name), nested(unix.NFTA_RULE_EXPRESSIONS, r.steps...),
			nl.NewRtAttr(unix.NFTA_RULE_USERDATA, comment(r.why)))
	}
}

// comment is user data that nft shows: libnftnl/udata.h, NFTNL_UDATA_RULE_COMMENT.
func comment(s string) []byte {
	b := nl.ZeroTerminated(s)
	return append([]byte{0, byte(len(b))}, b...)
}

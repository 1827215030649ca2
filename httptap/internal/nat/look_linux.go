package nat

import (
	"bytes"
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

// Look finds out what stands in the way of a NAT for a TAP, and changes nothing. It fails with ErrPermission without
// CAP_NET_ADMIN, and with ErrNoTables.
func Look(tap string) (State, error) {
	var s State
	uplinks, err := findUplinks(tap)
	if err != nil {
		return s, err
	}
	s.Uplinks = names(uplinks)
	if s.Owned, s.Taken, err = whoseTable(); err != nil {
		return s, explain(err)
	}
	if s.Blockers, err = blockers(tap); err != nil {
		return s, explain(err)
	}
	return s, nil
}

// whoseTable finds the table of our name and the netlink port that owns it.
func whoseTable() (owned uint32, taken bool, err error) {
	err = dump("tables", unix.NFT_MSG_GETTABLE, unix.NFT_MSG_NEWTABLE, func(family byte, a map[uint16][]byte) {
		if family != unix.NFPROTO_IPV4 || unix.ByteSliceToString(a[unix.NFTA_TABLE_NAME]) != Table {
			return
		}
		owned = number(a[tableOwnerAttr])
		taken = number(a[unix.NFTA_TABLE_FLAGS])&tableOwnerFlag == 0
	})
	return owned, taken, err
}

// blockers finds the chains that drop what is forwarded and of whose tables no rule names the TAP. Their policy says so, or
// their last rule, as firewalld's does.
func blockers(tap string) ([]Chain, error) {
	drops := make(map[Chain]bool)
	err := dump("chains", unix.NFT_MSG_GETCHAIN, unix.NFT_MSG_NEWCHAIN, func(family byte, a map[uint16][]byte) {
		hook, isBase := a[unix.NFTA_CHAIN_HOOK]
		if !isBase || number(attributes(hook)[unix.NFTA_HOOK_HOOKNUM]) != unix.NF_INET_FORWARD {
			return
		}
		if c, ok := chainOf(family, a[unix.NFTA_CHAIN_TABLE], a[unix.NFTA_CHAIN_NAME]); ok {
			policy, has := a[unix.NFTA_CHAIN_POLICY]
			drops[c] = has && number(policy) == verdictDrop
		}
	})
	if err != nil {
		return nil, err
	}
	open := make(map[[2]string]bool)
	err = dump("rules", unix.NFT_MSG_GETRULE, unix.NFT_MSG_NEWRULE, func(family byte, a map[uint16][]byte) {
		c, ok := chainOf(family, a[unix.NFTA_RULE_TABLE], a[unix.NFTA_RULE_CHAIN])
		if !ok {
			return
		}
		steps := a[unix.NFTA_RULE_EXPRESSIONS]
		if bytes.Contains(steps, append([]byte(tap), 0)) {
			open[[2]string{c.Family, c.Table}] = true
		}
		if dropping, isBase := drops[c]; isBase && !dropping {
			drops[c] = dropsAll(steps)
		}
	})
	var all []Chain
	for c, dropping := range drops {
		if dropping && !open[[2]string{c.Family, c.Table}] {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b Chain) int { return bytes.Compare([]byte(a.String()), []byte(b.String())) })
	return all, err
}

// chainOf returns a chain that sees IPv4, other than ours.
func chainOf(family byte, table, name []byte) (Chain, bool) {
	c := Chain{Table: unix.ByteSliceToString(table), Name: unix.ByteSliceToString(name)}
	switch family {
	case unix.NFPROTO_IPV4:
		c.Family = "ip"
	case unix.NFPROTO_INET:
		c.Family = "inet"
	default:
		return c, false
	}
	return c, c.Family != "ip" || c.Table != Table
}

// dropsAll tells whether a rule drops or rejects whatever comes to it.
func dropsAll(steps []byte) bool {
	drops := false
	for _, e := range elements(steps) {
		a := attributes(e.Value)
		switch unix.ByteSliceToString(a[unix.NFTA_EXPR_NAME]) {
		case "counter", "log":
		case "reject":
			drops = true
		case "immediate":
			data := attributes(attributes(a[unix.NFTA_EXPR_DATA])[unix.NFTA_IMMEDIATE_DATA])
			code, is := attributes(data[unix.NFTA_DATA_VERDICT])[unix.NFTA_VERDICT_CODE]
			if !is || number(code) != verdictDrop {
				return false
			}
			drops = true
		default:
			return false // a condition
		}
	}
	return drops
}

// explain gives an error of the kernel about nf_tables its name here and the way out.
func explain(err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return wrap(ErrPermission, FixPermission, err)
	case errors.Is(err, unix.EPROTONOSUPPORT), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOENT), errors.Is(err, unix.EINVAL):
		return wrap(ErrNoTables, FixNoTables, err)
	}
	return err
}

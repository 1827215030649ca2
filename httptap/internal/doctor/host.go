package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// wantFiles is how many open files httptap needs when all its 256 clients are there, each with a stream, a
// call and some flows of the gateway.
const wantFiles = 1024

// checkPing finds out whether the host's network can be pinged without privilege, which -i user needs for
// the pings of its clients.
func (e *exam) checkPing(context.Context) {
	if e.Device != User {
		return
	}
	const what, follows = "ping", "no unprivileged ICMP socket can be opened, so pings of clients can't leave this machine: "
	var low, high uint64
	r := e.setting("proc/sys/net/ipv4/ping_group_range")
	if n, _ := fmt.Sscan(r, &low, &high); n != 2 {
		if err := e.EchoSocket(); err != nil {
			e.warn(what, follows+err.Error(), "none: this kernel offers them to root only")
			return
		}
	} else if gid := e.laterGroup(); gid < low || gid > high {
		e.warn(what, fmt.Sprintf("%sgroup %d is not in net.ipv4.ping_group_range, which is \"%d %d\"", follows, gid, low, high),
			`sudo sysctl -w net.ipv4.ping_group_range="0 2147483647"`)
		return
	}
	e.ok(what, "unprivileged ICMP sockets can be opened")
}

func (e *exam) checkFiles(context.Context) {
	n, err := e.MaxFiles()
	switch {
	case err != nil:
		return // a system without such a limit
	case n < wantFiles:
		e.warn("open files", fmt.Sprintf("%d at most, and 256 clients with a stream each may need %d", n, wantFiles), "ulimit -n 4096, or LimitNOFILE= of the service")
	default:
		e.ok("open files", "%d at most", n)
	}
}

// checkProxies is about curl and Python, which send even what is for this machine to a proxy.
func (e *exam) checkProxies(context.Context) {
	i := slices.IndexFunc(e.Listen, func(a string) bool { return !strings.HasPrefix(a, "unix:") && !strings.HasPrefix(a, "/") })
	if i < 0 {
		return // Unix sockets
	}
	host, _, err := net.SplitHostPort(e.Listen[i])
	if err != nil {
		return // said already
	}
	for _, name := range []string{"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"} {
		if e.Env[name] == "" {
			continue
		}
		if bypassed(host, e.Env["no_proxy"]) || bypassed(host, e.Env["NO_PROXY"]) {
			e.ok("proxy", "%s is set, and no_proxy has %s", name, host)
			return
		}
		e.warn("proxy", fmt.Sprintf("%s is set and no_proxy does not have %s: curl and Python send their calls to the proxy (tapclient and xcurl do not)", name, host),
			fmt.Sprintf("export no_proxy=%s,localhost; or curl --noproxy '*'", host))
		return
	}
}

// bypassed tells whether a no_proxy list has a host: by name or address, by a domain that it is in, by a
// network, or all of them.
func bypassed(host, list string) bool {
	addr, _ := netip.ParseAddr(host)
	for entry := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		if p, err := netip.ParsePrefix(entry); err == nil && p.Contains(addr) {
			return true
		}
		name := strings.TrimPrefix(entry, ".")
		if entry == "*" || strings.EqualFold(strings.Trim(name, "[]"), host) || strings.HasSuffix(strings.ToLower(host), "."+strings.ToLower(name)) {
			return true
		}
	}
	return false
}

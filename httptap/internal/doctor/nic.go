package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"

	"httptap/httptap/port"
)

// checkNIC finds out whether the NIC is there and can carry anything.
func (e *exam) checkNIC(context.Context) {
	if !e.isNIC() {
		return
	}
	i, err := e.find(e.Device)
	switch {
	case err != nil:
		e.unseen(e.Device, err)
		return
	case i == nil:
		e.fail(e.Device, "there is no such interface", port.FixAbsent)
		return
	case !i.Ethernet:
		e.fail(e.Device, "it does not carry Ethernet", "one that does ("+port.FixAbsent+")")
		return
	case !i.Up:
		e.fail(e.Device, "it is down", port.FixDown(i.Name))
		return
	}
	e.nic = i
	switch {
	case !i.Carrier:
		e.warn(i.Name, "it is up, but has no carrier: no cable, or the other end is down", "plug the cable in, or see 'ip link show "+i.Name+"'")
	case i.Master != "":
		e.warn(i.Name, fmt.Sprintf("it is part of %s, which takes its frames before the kernel's own stack does", i.Master), "use it: -i "+i.Master)
	default:
		e.ok(i.Name, "it is up and has carrier")
	}
}

// checkWireless is about access points, which know one address a station.
func (e *exam) checkWireless(context.Context) {
	if e.nic == nil {
		return
	}
	for _, sign := range []string{"wireless", "phy80211"} {
		if _, err := fs.Stat(e.Root, "sys/class/net/"+e.nic.Name+"/"+sign); err == nil {
			e.warn("Wi-Fi", fmt.Sprintf("%s is wireless: an access point drops frames from any other address than %s", e.nic.Name, e.nic.HardwareAddr),
				"call without a name, as the client 'default', which has that address; or use a cable, or -i user")
			return
		}
	}
}

// checkNICMTU is about -mtu, which a NIC does not heed.
func (e *exam) checkNICMTU(context.Context) {
	if e.nic == nil {
		return
	}
	if e.MTU == 0 || e.MTU == e.nic.MTU {
		e.ok("MTU", "%s has %d, and so do clients", e.nic.Name, e.nic.MTU)
		return
	}
	e.warn("MTU", fmt.Sprintf("-mtu %d is not heeded: a NIC is taken as it is, and %s has %d", e.MTU, e.nic.Name, e.nic.MTU),
		fmt.Sprintf("sudo ip link set %s mtu %d, as every other station on the link", e.nic.Name, e.MTU))
}

// Offloads by what they do to what is seen.
var (
	// httptap switches these off, and on again at its end.
	switched = []string{"rx-gro", "rx-lro"}
	// These join frames, too, and httptap leaves them.
	joining = []string{"rx-gro-hw", "rx-gro-list", "rx-udp-gro-forwarding", "rx-fcs", "rx-all"}
	// These are about what this machine itself sends; a virtual peer sends its frames like this, unfinished.
	unfinished = []string{"tx-tcp-segmentation", "tx-tcp6-segmentation", "tx-udp-segmentation", "tx-generic-segmentation", "tx-checksum-ip-generic", "tx-checksum-ipv4", "tx-checksum-ipv6"}
)

// checkOffloads is about what the NIC and its driver do to frames before anybody sees them.
func (e *exam) checkOffloads(context.Context) {
	if e.nic == nil {
		return
	}
	on, err := e.Offloads(e.nic.Name)
	if err != nil {
		e.unseen("offloads", err)
		return
	}
	among := func(which []string) (found []string) {
		for _, name := range which {
			if slices.Contains(on, name) {
				found = append(found, name)
			}
		}
		return found
	}
	if found := among(switched); len(found) > 0 {
		e.ok("receive offloads", "%s on: frames would be joined; httptap switches that off, and on again at its end", isAre(found))
	} else {
		e.ok("receive offloads", "neither GRO nor LRO is on: frames are seen as they were on the wire")
	}
	if found := among(joining); len(found) > 0 {
		e.warn("other offloads", fmt.Sprintf("%s on, and httptap leaves that: frames are not seen as they were on the wire", isAre(found)), e.switchOff(found))
	}
	if found := among(unfinished); len(found) > 0 {
		if e.nic.Kind == "veth" {
			e.warn("send offloads", fmt.Sprintf("%s on: what the peer of a veth sends comes without checksums and in pieces of up to 64 KiB; httptap finishes it", isAre(found)),
				"at the peer, to see frames as they would be on a wire: sudo ethtool -K PEER tso off gso off tx off")
		} else {
			e.ok("send offloads", "%s on: that is about what this machine itself sends, which httptap does not see", isAre(found))
		}
	}
}

func isAre(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}

func (e *exam) switchOff(names []string) string {
	return "sudo ethtool -K " + e.nic.Name + " " + strings.Join(names, " off ") + " off"
}

// checkResets is about the kernel's own stack, which shares the NIC with clients.
func (e *exam) checkResets(context.Context) {
	if e.nic == nil || len(e.nic.Addrs) == 0 {
		return
	}
	var own []string
	for _, a := range e.nic.Addrs {
		own = append(own, a.Addr().String())
	}
	e.warn("kernel's own stack", fmt.Sprintf("%s of %s: the kernel answers RST to every TCP segment for it that no socket of its own waits for, and so ends the connections of a client with that address and the hardware address of the NIC, which the client 'default' has",
		isAre(own), e.nic.Name),
		fmt.Sprintf("name the client (?client=NAME), so that it has a hardware address of its own, or give it another IP address, as DHCP does; or hold the kernel's RST back: sudo nft 'table ip httptap_rst { chain out { type filter hook output priority 0; oifname %q ip saddr %s tcp flags & rst == rst drop; }; }', later sudo nft delete table ip httptap_rst; with iptables: sudo iptables -A OUTPUT -o %s -s %s -p tcp --tcp-flags RST RST -j DROP",
			e.nic.Name, own[0], e.nic.Name, own[0]))
}

// checkForwarding is about a kernel that takes a client's packets for ones to be forwarded.
func (e *exam) checkForwarding(context.Context) {
	if e.nic == nil || e.setting("proc/sys/net/ipv4/conf/"+e.nic.Name+"/forwarding") != "1" {
		return
	}
	e.warn("forwarding", fmt.Sprintf("the kernel routes what comes in at %s: what is for the client 'default', which has the NIC's own hardware address, is sent on a second time", e.nic.Name),
		fmt.Sprintf("name clients (?client=NAME), so that they have an address of their own; or sudo sysctl -w net.ipv4.conf.%s.forwarding=0", e.nic.Name))
}

// checkDHCP asks the link whom clients will be served by.
func (e *exam) checkDHCP(ctx context.Context) {
	if e.nic == nil || !e.nic.Carrier {
		return
	}
	const what = "DHCP"
	servers, err := e.Discover(ctx, *e.nic)
	switch {
	case errors.Is(err, fs.ErrPermission):
		e.warn(what, "not looked at: to ask the link for servers needs CAP_NET_RAW", e.asRoot())
	case err != nil:
		e.unseen(what, err)
	case len(servers) == 0 && e.Lab:
		e.ok(what, "no server answers on %s: the lab is the only one", e.nic.Name)
	case len(servers) == 0:
		e.warn(what, fmt.Sprintf("no server answers on %s: clients get no address", e.nic.Name), "-lab, whose DHCP server then serves all of that link; or a server there")
	case e.Lab:
		e.fail(what, fmt.Sprintf("%s on %s already: stations would get addresses from either, the lab's among them", serves(servers), e.nic.Name), "-lab=false, the default for a NIC")
	default:
		e.ok(what, "%s on %s", serves(servers), e.nic.Name)
	}
}

func serves(servers []netip.Addr) string {
	var text []string
	for _, s := range servers {
		text = append(text, s.String())
	}
	if len(text) == 1 {
		return text[0] + " serves"
	}
	return strings.Join(text, " and ") + " serve"
}

package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"httptap/httptap/internal/nat"
)

func local(s *System) {
	s.OpenTUN, s.Interfaces, s.Routes = openTUN, interfaces, routes
	s.Offloads, s.LookNAT, s.EchoSocket, s.MaxFiles, s.Discover = offloadsOn, nat.Look, echoSocket, maxFiles, discover
}

func openTUN() error {
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

func echoSocket() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	return unix.Close(fd)
}

// maxFiles returns the hard limit: Go makes it the soft one at a program's start.
func maxFiles() (uint64, error) {
	var l unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l)
	return l.Max, err
}

func interfaces() ([]Interface, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("the interfaces: %w", err)
	}
	names := make(map[int]string)
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, fmt.Errorf("the addresses: %w", err)
	}
	var all []Interface
	for _, l := range links {
		a := l.Attrs()
		i := Interface{
			Name: a.Name, Index: a.Index, MTU: a.MTU, Kind: l.Type(), Ethernet: a.EncapType == "ether" && len(a.HardwareAddr) == 6,
			Up: a.Flags&net.FlagUp != 0, Carrier: a.RawFlags&unix.IFF_LOWER_UP != 0 && a.Flags&net.FlagUp != 0, Master: names[a.MasterIndex],
		}
		copy(i.HardwareAddr[:], a.HardwareAddr)
		if t, ok := l.(*netlink.Tuntap); ok {
			i.Kind = "tun"
			i.TAP = &TAP{
				IsTUN: t.Mode == netlink.TUNTAP_MODE_TUN, MultiQueue: t.Flags&netlink.TUNTAP_MULTI_QUEUE != 0,
				Persistent: !t.NonPersist, Owner: t.Owner,
			}
		}
		for _, addr := range addrs {
			if ip, ok := netip.AddrFromSlice(addr.IP); ok && addr.LinkIndex == a.Index {
				bits, _ := addr.Mask.Size()
				i.Addrs = append(i.Addrs, netip.PrefixFrom(ip.Unmap(), bits))
			}
		}
		all = append(all, i)
	}
	return all, nil
}

func routes() ([]Route, error) {
	list, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, fmt.Errorf("the routes: %w", err)
	}
	var all []Route
	for _, r := range list {
		p := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
		if r.Dst != nil {
			ip, ok := netip.AddrFromSlice(r.Dst.IP)
			if !ok {
				continue
			}
			bits, _ := r.Dst.Mask.Size()
			p = netip.PrefixFrom(ip.Unmap(), bits)
		}
		name := "nothing" // an unreachable route, a black hole
		if l, err := netlink.LinkByIndex(r.LinkIndex); err == nil {
			name = l.Attrs().Name
		}
		all = append(all, Route{p, name})
	}
	return all, nil
}

// denied makes an error of the kernel about privilege fs.ErrPermission, whichever of its names it has.
func denied(what string, err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("%s: %w", what, fs.ErrPermission)
	}
	return fmt.Errorf("%s: %w", what, err)
}

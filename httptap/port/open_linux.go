package port

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"

	"httptap/stack/link"
)

// Open opens the interface called name: "tap*" is a TAP, which is made when it does not exist;
// any other name is a NIC. See the errors of this package.
func Open(name string, o Options) (Device, error) {
	if name == "" || len(name) >= syscall.IFNAMSIZ || strings.ContainsAny(name, "/ \x00") {
		return nil, fmt.Errorf("%w: %q", ErrName, name)
	}
	if strings.HasPrefix(name, prefixTAP) {
		return openTAP(name, o)
	}
	return openNIC(name)
}

// explain gives an error of the kernel its name here and the way out.
func explain(what, name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s", ErrNoTun, FixNoTun)
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%w to %s %s: %s: %w", ErrPermission, what, name, FixPermission, err)
	case errors.Is(err, syscall.EBUSY):
		return fmt.Errorf("%w: %s: another httptap? %s", ErrBusy, name, FixBusy(name))
	}
	return fmt.Errorf("port: %s %s: %w", what, name, err)
}

// describe returns what the kernel says of an interface.
func describe(l netlink.Link) (link.Info, netip.Prefix, error) {
	attrs := l.Attrs()
	info := link.Info{MTU: attrs.MTU, Name: attrs.Name}
	if len(attrs.HardwareAddr) != len(info.HardwareAddr) || attrs.EncapType != "ether" {
		return info, netip.Prefix{}, fmt.Errorf("%w: %s is %s", ErrNotEthernet, attrs.Name, attrs.EncapType)
	}
	copy(info.HardwareAddr[:], attrs.HardwareAddr)
	addrs, err := netlink.AddrList(l, netlink.FAMILY_V4)
	if err != nil {
		return info, netip.Prefix{}, fmt.Errorf("port: addresses of %s: %w", attrs.Name, err)
	}
	for _, a := range addrs {
		ip, ok := netip.AddrFromSlice(a.IP)
		bits, _ := a.Mask.Size()
		if ok {
			return info, netip.PrefixFrom(ip.Unmap(), bits), nil
		}
	}
	return info, netip.Prefix{}, nil
}

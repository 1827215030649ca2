package nat

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"github.com/vishvananda/netlink"

	"httptap/httptap/internal/undo"
)

// restoreWork names the process that switches forwarding off again. Its arguments are what the setting for all
// interfaces was, and the interfaces.
const restoreWork = "forwarding"

// everywhere is the name of the setting for all interfaces, also known as net.ipv4.ip_forward: who writes it, writes
// that of each interface.
const everywhere = "all"

// Helper is to be called first thing in main by a program that opens a NAT: when it was started to switch
// forwarding off again, it does that and exits.
func Helper() { undo.Main(restoreWork, restore) }

func restore(args []string) error {
	if len(args) == 0 {
		return errors.New("what it was is needed")
	}
	if now, err := forwarding(everywhere); err != nil || now && args[0] == "0" {
		return err // somebody switched it on for the whole machine meanwhile, and still wants it
	}
	var all error
	for _, name := range args[1:] {
		on, err := forwarding(name)
		if on {
			err = setForwarding(name, false)
		}
		if !errors.Is(err, fs.ErrNotExist) { // as that of an interface that has gone
			all = errors.Join(all, err)
		}
	}
	return all
}

func setting(name string) string { return "/proc/sys/net/ipv4/conf/" + name + "/forwarding" }

// forwarding tells whether the kernel sends on what comes in at an interface and is for others.
func forwarding(name string) (bool, error) {
	b, err := os.ReadFile(setting(name))
	return len(b) > 0 && b[0] == '1', err
}

func setForwarding(name string, on bool) error {
	return os.WriteFile(setting(name), []byte(digit(on)), 0)
}

func digit(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// An uplink is an interface behind which are networks for clients.
type uplink struct {
	name       string
	forwarding bool // it was on before
}

// findUplinks returns the interfaces that are up and have an IPv4 address, but the TAP and loopback.
func findUplinks(tap string) ([]uplink, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("nat: list the interfaces: %w", err)
	}
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, fmt.Errorf("nat: list the addresses: %w", err)
	}
	has := make(map[int]bool)
	for _, a := range addrs {
		has[a.LinkIndex] = true
	}
	var all []uplink
	for _, l := range links {
		a := l.Attrs()
		if a.Name == tap || a.Flags&net.FlagUp == 0 || a.Flags&net.FlagLoopback != 0 || !has[a.Index] {
			continue
		}
		on, err := forwarding(a.Name)
		if err != nil {
			return nil, fmt.Errorf("nat: %w", err)
		}
		all = append(all, uplink{a.Name, on})
	}
	return all, nil
}

func names(all []uplink) (names []string) {
	for _, u := range all {
		names = append(names, u.name)
	}
	return names
}

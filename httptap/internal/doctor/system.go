package doctor

import (
	"context"
	"io/fs"
	"net/netip"

	"httptap/httptap/internal/nat"
	"httptap/stack/link"
)

// A System is a machine to look at. Local returns the one that we run on; tests make others.
type System struct {
	OS      string            // runtime.GOOS
	Root    fs.FS             // of the file system: "proc/self/status", "sys/class/net/..."
	Env     map[string]string // the environment
	Program string            // this program's file
	CGO     bool              // it was built with cgo

	// OpenTUN opens /dev/net/tun for reading and writing, and closes it.
	OpenTUN func() error
	// TryListen listens on a TCP address, and stops.
	TryListen func(address string) error
	// Connect connects to a Unix socket, and hangs up.
	Connect func(path string) error
	// Ask does a GET of an httptap that listens on an address or a path, and returns the answer's
	// status and the first bytes of its body.
	Ask func(ctx context.Context, listen, call string) (status int, body []byte, err error)
	// Interfaces returns those of this network namespace.
	Interfaces func() ([]Interface, error)
	// Routes returns the IPv4 routes of the main table.
	Routes func() ([]Route, error)
	// Offloads returns the features of an interface that are on, by ethtool's names.
	Offloads func(name string) ([]string, error)
	// LookNAT returns what stands in the way of forwarding for a TAP. It fails with nat.ErrPermission without
	// privilege, and with nat.ErrNoTables.
	LookNAT func(tap string) (nat.State, error)
	// EchoSocket opens an unprivileged ICMP socket, and closes it.
	EchoSocket func() error
	// MaxFiles returns how many files a process may open at most.
	MaxFiles func() (uint64, error)
	// Discover sends one DHCPDISCOVER out of an interface and returns the servers that answer within
	// two seconds, or, when none does, four. It fails with fs.ErrPermission without privilege.
	Discover func(ctx context.Context, nic Interface) ([]netip.Addr, error)
}

// An Interface is a network interface.
type Interface struct {
	Name         string
	Index        int
	MTU          int
	HardwareAddr link.Addr
	Ethernet     bool
	Kind         string // "tun", "veth", "bridge", "device", ...
	Up           bool
	Carrier      bool   // it is up, and somebody is at the other end
	Master       string // of the bridge or bond that it is part of
	Addrs        []netip.Prefix
	TAP          *TAP // of kind "tun"
}

// A TAP is what is special of an interface of kind "tun".
type TAP struct {
	IsTUN      bool // it carries packets, not frames
	MultiQueue bool
	Persistent bool
	Owner      uint32 // user who may open it; 0: whoever may make one
}

// A Route is a route of the kernel.
type Route struct {
	Prefix    netip.Prefix
	Interface string
}

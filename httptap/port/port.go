package port

import (
	"errors"
	"net/netip"

	"httptap/stack/link"
)

// Errors of Open. Each is wrapped with its cause and the way out.
var (
	ErrUnsupported = errors.New("port: this system has no TAP and no packet sockets that httptap can use")
	ErrNoTun       = errors.New("port: there is no /dev/net/tun")
	ErrPermission  = errors.New("port: not permitted")
	ErrBusy        = errors.New("port: the interface is in use by another process")
	ErrOther       = errors.New("port: an interface of this name is there that is no TAP, or one of several queues")
	ErrAbsent      = errors.New("port: no such interface")
	ErrDown        = errors.New("port: the interface is down")
	ErrNotEthernet = errors.New("port: the interface does not carry Ethernet")
	ErrName        = errors.New("port: not the name of an interface")
)

// Options say how a TAP is set up. A NIC is taken as it is.
type Options struct {
	Prefix netip.Prefix // the kernel's address on the TAP, with its network; none: as it is
	MTU    int          // of the TAP; 0: as it is, and 1500 for a new one
}

// A Device is an opened TAP or NIC.
type Device interface {
	link.Device
	// Prefix returns the kernel's IPv4 address on the interface; not valid when it has none.
	Prefix() netip.Prefix
	// Dropped returns how many frames were lost: on the way in those longer than a buffer, or more
	// than the kernel would queue; on the way out those that it refused in the middle of others.
	Dropped() uint64
}

// The kinds of interface that a name stands for.
const prefixTAP = "tap"

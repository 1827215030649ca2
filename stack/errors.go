package stack

import (
	"errors"
	"net"
	"net/netip"
	"syscall"

	"httptap/stack/tcp"
)

// Errors of the Host itself. Errors about a connection are *net.OpError with the operating
// system's error number inside, so that errors.Is works as with the kernel's connections.
var (
	ErrNoAddress = errors.New("stack: the host has no address: run DHCP or configure one")
	ErrNoDevice  = errors.New("stack: no device")
	ErrNetwork   = errors.New("stack: not a network that the host has: use tcp, tcp4, udp or udp4")
	ErrAddress   = errors.New("stack: not an IPv4 address and port")
	ErrNoLease   = errors.New("stack: no DHCP server gave a lease")
	ErrConflict  = errors.New("stack: another station uses this address")
	ErrNoServer  = errors.New("stack: no DNS server is known")
	ErrTooLong   = errors.New("stack: datagram longer than the 65507 bytes that UDP over IPv4 can carry")
	ErrTOS       = errors.New("stack: a DS field is 0 to 252, and its low two bits, which are ECN's, are 0")
)

// A cause joins a room's error, which says what happened, with the number that the kernel
// would have given for it.
type cause struct {
	err   error
	errno syscall.Errno
}

func (c cause) Error() string   { return c.err.Error() }
func (c cause) Unwrap() []error { return []error{c.err, c.errno} }
func (c cause) Timeout() bool   { return c.errno.Timeout() }
func (c cause) Temporary() bool { return c.errno.Temporary() }

// tcpError translates a room's error to what a net.Conn reports.
func tcpError(err error) error {
	for _, t := range [...]struct {
		from error
		to   syscall.Errno
	}{
		{tcp.ErrRefused, syscall.ECONNREFUSED},
		{tcp.ErrReset, syscall.ECONNRESET},
		{tcp.ErrTimeout, syscall.ETIMEDOUT},
		{tcp.ErrClosing, syscall.EPIPE},
		{tcp.ErrAborted, syscall.ECONNABORTED},
	} {
		if errors.Is(err, t.from) {
			return cause{err, t.to}
		}
	}
	return err
}

// The soft and hard errors that the network layer reports to a connection.
var (
	errHostUnreachable = cause{errors.New("no answer to ARP from the next hop"), syscall.EHOSTUNREACH}
	errNetUnreachable  = cause{errors.New("no route: not on the link and no router is known"), syscall.ENETUNREACH}
	errAddressLost     = cause{errors.New("the host lost its address"), syscall.ENETDOWN}
)

func tcpAddr(ap netip.AddrPort) net.Addr { return net.TCPAddrFromAddrPort(ap) }
func udpAddr(ap netip.AddrPort) net.Addr { return net.UDPAddrFromAddrPort(ap) }

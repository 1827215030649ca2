package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// Open opens an address. Closing the listener removes the Unix socket that was made for it.
func (a Address) Open() (net.Listener, error) {
	if a.Network == "unix" {
		return openUnix(a.Text)
	}
	network := "tcp"
	if ip, err := netip.ParseAddr(a.Host()); err == nil && ip.Is4() {
		network = "tcp4" // else 0.0.0.0 is all addresses of IPv6, too
	}
	l, err := net.Listen(network, a.Text)
	if err == nil {
		return l, nil
	}
	_, port, _ := net.SplitHostPort(a.Text)
	var dns *net.DNSError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%w: %s is taken: see by whom with 'ss -ltnp sport = :%s', or use another port, such as %s: %w", ErrTaken, a, port, strings.TrimSuffix(a.Text, port)+"7071", err)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: ports below 1024 need privilege: use another one, such as %s: %w", a, strings.TrimSuffix(a.Text, port)+"7070", err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%s: this machine has no such address: 'ip addr' lists those that it has: %w", a, err)
	case errors.As(err, &dns):
		return nil, fmt.Errorf("%s: no address has that name: use an address: %w", a, err)
	}
	return nil, fmt.Errorf("%s: %w", a, err)
}

// Private tells whether l is out of reach for other machines: a Unix socket, or one on loopback.
func Private(l net.Listener) bool {
	a, ok := l.Addr().(*net.TCPAddr)
	return !ok || a.IP.IsLoopback()
}

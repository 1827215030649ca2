package listen

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// Errors of Parse and Open. Each is wrapped with the address, its cause and the way out.
var (
	ErrAddress = errors.New("not an address to listen on")
	ErrTaken   = errors.New("somebody listens there already")
	ErrFile    = errors.New("a file is there that is no socket")
)

// An Address is where a server listens.
type Address struct {
	Network string // "tcp" or "unix"
	Text    string // host:port, or the path of a socket
}

// String returns the address as it is written on the command line.
func (a Address) String() string {
	if a.Network == "unix" {
		return "unix:" + a.Text
	}
	return a.Text
}

// Host returns the host of a TCP address, "" for all addresses.
func (a Address) Host() string {
	if a.Network != "tcp" {
		return ""
	}
	host, _, _ := net.SplitHostPort(a.Text)
	return host
}

// Parse reads host:port, unix:PATH or /PATH. An empty host means all addresses.
func Parse(s string) (Address, error) {
	path, isUnix := strings.CutPrefix(s, "unix:")
	if isUnix || strings.HasPrefix(s, "/") {
		if rest, ok := strings.CutPrefix(path, "//"); ok && isUnix {
			path = rest // as in a URL: unix:///run/x is /run/x
		}
		return Address{"unix", path}, checkPath(s, path)
	}
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return Address{}, fmt.Errorf("%w: %s: %w; it is host:port, such as 127.0.0.1:7070, or the path of a Unix socket, such as unix:/run/user/1000/httptap", ErrAddress, s, err)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return Address{}, fmt.Errorf("%w: %s: the port is a number from 0 to 65535", ErrAddress, s)
	} else if port != strconv.FormatUint(n, 10) {
		return Address{}, fmt.Errorf("%w: %s: the port is written %d", ErrAddress, s, n)
	}
	return Address{"tcp", s}, nil
}

func checkPath(s, path string) error {
	most := len(syscall.RawSockaddrUnix{}.Path) - 1
	switch {
	case path == "":
		return fmt.Errorf("%w: %q: the path of the socket is missing", ErrAddress, s)
	case path[0] == '@':
		return fmt.Errorf("%w: %s: a name without a file has no mode that would keep other users out: use a path", ErrAddress, s)
	case strings.ContainsRune(path, 0):
		return fmt.Errorf("%w: %q: a path has no NUL", ErrAddress, s)
	case len(path) > most:
		return fmt.Errorf("%w: %s: the path of a socket has at most %d bytes, not %d: use a shorter one", ErrAddress, s, most, len(path))
	}
	return nil
}

// A List are the addresses of a flag that may be given several times, with commas inside. It
// implements flag.Value: what is given replaces what was there before.
type List struct {
	All   []Address
	given bool
}

// String implements flag.Value.
func (l *List) String() string {
	var all []string
	for _, a := range l.All {
		all = append(all, a.String())
	}
	return strings.Join(all, ",")
}

// Set implements flag.Value.
func (l *List) Set(s string) error {
	if !l.given {
		l.All, l.given = nil, true
	}
	for part := range strings.SplitSeq(s, ",") {
		a, err := Parse(strings.TrimSpace(part))
		if err != nil {
			return err
		}
		for _, other := range l.All {
			if other == a {
				return fmt.Errorf("%w: %s is there twice", ErrAddress, a)
			}
		}
		l.All = append(l.All, a)
	}
	return nil
}

// Given tells whether the flag was set.
func (l *List) Given() bool { return l.given }

package listen

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// firstInherited is the descriptor of the first socket that systemd passes. sd_listen_fds(3)
const firstInherited = 3

// maxInherited is more than anybody needs.
const maxInherited = 64

// An Inherited socket was opened by who started this process, as systemd does for a socket unit.
type Inherited struct {
	net.Listener
	Name string // FileDescriptorName of the unit
}

// Address returns where it listens.
func (i Inherited) Address() Address {
	a := i.Addr()
	if a.Network() == "unix" {
		return Address{"unix", a.String()}
	}
	return Address{"tcp", a.String()}
}

// ErrInherited says that what was passed can't be listened on.
var ErrInherited = errors.New("passed by LISTEN_FDS")

// Inherit returns the sockets that systemd has passed to this process, if any, and takes the
// environment variables away that say so: sd_listen_fds(3). It must be called once.
func Inherit() ([]Inherited, error) {
	pid, fds, names := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS"), os.Getenv("LISTEN_FDNAMES")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name) // they are not for the processes that we start
	}
	if pid != strconv.Itoa(os.Getpid()) {
		return nil, nil // they are for another process, which has started us
	}
	n, err := strconv.Atoi(fds)
	if err != nil || n < 0 || n > maxInherited {
		return nil, fmt.Errorf("%w: %q is no number of sockets up to %d", ErrInherited, fds, maxInherited)
	}
	name := strings.Split(names, ":")
	var all []Inherited
	for i := range n {
		in := Inherited{}
		if i < len(name) {
			in.Name = name[i]
		}
		if err = in.adopt(firstInherited + i); err != nil {
			break
		}
		all = append(all, in)
	}
	if err != nil {
		for _, in := range all {
			in.Close()
		}
		return nil, err
	}
	return all, nil
}

func (i *Inherited) adopt(fd int) (err error) {
	f := os.NewFile(uintptr(fd), i.Name)
	if f == nil {
		return fmt.Errorf("%w: %d is no descriptor", ErrInherited, fd)
	}
	defer f.Close() // the listener has one of its own, which the processes that we start do not get
	i.Listener, err = net.FileListener(f)
	if err != nil {
		return fmt.Errorf("%w: %d (%q) is no socket that listens: a socket unit says ListenStream=: %w", ErrInherited, fd, i.Name, err)
	}
	a := i.Address()
	if a.Network != "unix" || runtime.GOOS == "windows" {
		return nil
	}
	// Where we may not look, the directory keeps others out, too.
	if file, err := os.Stat(a.Text); err == nil && file.Mode()&0o002 != 0 {
		i.Close()
		return fmt.Errorf("%w: %s: every user of this machine may connect: say SocketMode=0660 in the socket unit", ErrInherited, a)
	}
	return nil
}

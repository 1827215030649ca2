package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// replace makes the socket in place of one that nobody listens on any more, as a process leaves
// behind that was killed.
func replace(path string) (*net.UnixListener, error) {
	if err := stale(path); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := bind(path)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w: another process was faster: use another path", ErrTaken)
	}
	return l, err
}

// stale returns nil when nobody listens on the socket at path, or nothing is there.
func stale(path string) error {
	f, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case f.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%w: it is not removed; use another path, or remove it yourself", ErrFile)
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		c.Close()
		return fmt.Errorf("%w: see who with 'ss -lxp src %s', or use another path", ErrTaken, path)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, fs.ErrPermission):
		return err
	}
	return fmt.Errorf("%w, or has another kind of socket there: use another path: %w", ErrTaken, err)
}

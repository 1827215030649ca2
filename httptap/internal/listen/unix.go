package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// openUnix makes a socket at path that only its owner may use: whoever can call can send any frame.
func openUnix(path string) (net.Listener, error) {
	// A path that does not depend on the working directory is the same at the end.
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("unix:%s: %w", path, err)
	}
	var l *net.UnixListener
	// Between bind and listen a socket looks like a stale one: another httptap that starts at the
	// same path would remove it.
	err = exclusively(filepath.Dir(path), func() error {
		l, err = bind(path)
		if errors.Is(err, syscall.EADDRINUSE) {
			l, err = replace(path)
		}
		return err
	})
	if err != nil {
		return nil, explainUnix(path, err)
	}
	made, err := os.Lstat(path)
	if err != nil {
		l.Close()
		return nil, explainUnix(path, err)
	}
	return &unixListener{UnixListener: l, path: abs, made: made}, nil
}

// bind makes the socket. Its mode is right from the first moment on: one that is set afterwards
// leaves a moment in which others may connect.
func bind(path string) (l *net.UnixListener, err error) {
	err = withMask(0o177, func() error {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
		return err
	})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it would remove whatever is at the path by then
	return l, nil
}

func explainUnix(path string, err error) error {
	dir := filepath.Dir(path)
	switch {
	case errors.Is(err, ErrTaken), errors.Is(err, ErrFile):
		return fmt.Errorf("unix:%s: %w", path, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("unix:%s: the user whom it is to belong to may not make files in %s: use a directory of his, such as $XDG_RUNTIME_DIR: %w", path, dir, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("unix:%s: make the directory first: mkdir -p %s: %w", path, dir, err)
	}
	return fmt.Errorf("unix:%s: %w", path, err)
}

// ErrLeft says that a Unix socket could not be removed.
var ErrLeft = errors.New("the socket stays behind; the next start at this path replaces it")

// A unixListener removes its socket when it is closed, and no other's.
type unixListener struct {
	*net.UnixListener
	path string
	made os.FileInfo

	once sync.Once
	err  error
}

// Close implements net.Listener. It wraps ErrLeft when the socket could not be removed.
func (l *unixListener) Close() error {
	l.once.Do(func() {
		// Before the socket is closed: nobody takes it for a stale one meanwhile.
		if now, err := os.Lstat(l.path); err == nil && os.SameFile(l.made, now) {
			if err := os.Remove(l.path); err != nil {
				l.err = fmt.Errorf("unix:%s: %w: %w", l.path, ErrLeft, err)
			}
		}
		l.err = errors.Join(l.err, l.UnixListener.Close())
	})
	return l.err
}

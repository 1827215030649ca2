//go:build !windows

package listen

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// withMask runs f with a mask of the modes of files that it makes. The mask is the process's: f
// should run before there is anything else that makes files.
func withMask(mask int, f func() error) error {
	defer syscall.Umask(syscall.Umask(mask))
	return f()
}

// lockFor is how long another process may do in a directory what we want to do there.
const lockFor = 2 * time.Second

// exclusively runs f while no other process runs its own for the same directory.
func exclusively(dir string, f func() error) error {
	d, err := os.Open(dir)
	if err != nil {
		return f() // what is wrong with the directory, it says itself; one that can't be read can't be locked
	}
	defer d.Close() // ends the lock
	for deadline := time.Now().Add(lockFor); ; time.Sleep(10 * time.Millisecond) {
		err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f()
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			return fmt.Errorf("another process holds a lock on %s: try again, or use another directory: %w", dir, err)
		}
	}
}

//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// readerGone returns when nobody reads the fifo any more, with true. It also says so when no frame
// comes, on which a write would fail.
func readerGone(fifo *os.File) bool {
	for {
		fds := []unix.PollFd{{Fd: int32(fifo.Fd())}}
		_, err := unix.Poll(fds, -1)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return false
		case fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0:
			return true
		}
	}
}

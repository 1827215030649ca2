//go:build unix

package gateway

import "golang.org/x/sys/unix"

// readiness returns a function for syscall.RawConn.Read that tells whether there is something to
// read.
func readiness() func(fd uintptr) bool {
	p := make([]unix.PollFd, 1)
	return func(fd uintptr) bool {
		p[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
		n, err := unix.Poll(p, 0)
		return n > 0 || err != nil && err != unix.EINTR
	}
}

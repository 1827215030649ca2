package e2e

import (
	"errors"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// onSocket runs f on a kernel's socket.
func onSocket(c *net.TCPConn, f func(fd int) error) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) { inner = f(int(fd)) })
	return errors.Join(err, inner)
}

// userTimeout sets how long the kernel waits for an answer.
func userTimeout(c *net.TCPConn, d time.Duration) error {
	return onSocket(c, func(fd int) error {
		return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
}

// kernelInfo returns what the kernel knows of its side; nothing once the socket is closed.
func kernelInfo(c *net.TCPConn) unix.TCPInfo {
	var info unix.TCPInfo
	onSocket(c, func(fd int) error {
		i, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil {
			info = *i
		}
		return err
	})
	return info
}

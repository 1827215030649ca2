package gateway

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"httptap/stack/icmpv4"
)

// reportErrors has the kernel report every ICMP error to a connected socket of datagrams. Without it
// only those that it holds to be final are, and an unreachable host is not. ip(7), IP_RECVERR
func reportErrors(c net.Conn) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := s.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVERR, 1) })
	}
}

// reported empties the socket's queue of errors, so that they don't fill its memory, and returns
// what the last one says; when there was none, what err says.
func reported(c net.Conn, err error) answer {
	said := answerTo(err)
	s, ok := c.(syscall.Conn)
	if !ok {
		return said
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return said
	}
	raw.Control(func(fd uintptr) {
		var data [1]byte
		var control [256]byte
		for {
			_, n, _, _, err := unix.Recvmsg(int(fd), data[:], control[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
			if err != nil {
				return
			}
			messages, err := unix.ParseSocketControlMessage(control[:n])
			if err != nil {
				continue
			}
			for _, m := range messages {
				if m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR && len(m.Data) >= int(unsafe.Sizeof(unix.SockExtendedErr{})) {
					said = answerOf((*unix.SockExtendedErr)(unsafe.Pointer(&m.Data[0])))
				}
			}
		}
	})
	return said
}

// answerOf returns what an extended error says. The number alone does not tell who forbids from who
// can't.
func answerOf(e *unix.SockExtendedErr) answer {
	if e.Origin != unix.SO_EE_ORIGIN_ICMP {
		return answerTo(syscall.Errno(e.Errno))
	}
	switch e.Type {
	case icmpv4.TypeUnreachable:
	case icmpv4.TypeTimeExceeded, icmpv4.TypeParameterProblem:
		return answerHost
	default:
		return answerSilent // a redirect, which is for the kernel
	}
	switch e.Code {
	case icmpv4.CodeNet, 6, 11: // network unknown, network unreachable for this type of service
		return answerNet
	case icmpv4.CodeProtocol:
		return answerProtocol
	case icmpv4.CodePort:
		return answerRefuse
	case icmpv4.CodeFragmentationNeeded:
		return answerSilent // the kernel cuts the next one
	case 9, 10, icmpv4.CodeProhibited: // network or host administratively prohibited
		return answerProhibited
	}
	return answerHost
}

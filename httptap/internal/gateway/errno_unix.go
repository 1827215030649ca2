//go:build unix

package gateway

import "syscall"

// errnos are what this system's sockets say of a target.
var errnos = map[syscall.Errno]answer{
	syscall.ECONNREFUSED: answerRefuse, syscall.ECONNRESET: answerRefuse,
	syscall.ENETUNREACH: answerNet, syscall.ENETDOWN: answerNet,
	syscall.EHOSTUNREACH: answerHost, syscall.EHOSTDOWN: answerHost,
	syscall.ENOPROTOOPT: answerProtocol,
	// A route or a firewall of this machine.
	syscall.EACCES: answerProhibited, syscall.EPERM: answerProhibited,
	syscall.ETIMEDOUT: answerSilent, syscall.EMSGSIZE: answerSilent,
}

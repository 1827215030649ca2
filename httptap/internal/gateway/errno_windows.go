package gateway

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// errnos are what this system's sockets say of a target.
var errnos = map[syscall.Errno]answer{
	// The second is also what a socket of datagrams says of a closed port.
	windows.WSAECONNREFUSED: answerRefuse, windows.WSAECONNRESET: answerRefuse,
	windows.WSAENETUNREACH: answerNet, windows.WSAENETDOWN: answerNet,
	windows.WSAEHOSTUNREACH: answerHost, windows.WSAEHOSTDOWN: answerHost,
	windows.WSAENOPROTOOPT: answerProtocol,
	windows.WSAEACCES:      answerProhibited,
	windows.WSAETIMEDOUT:   answerSilent, windows.WSAEMSGSIZE: answerSilent,
}

package gateway

import (
	"context"
	"errors"
	"os"
	"syscall"

	"httptap/stack/icmpv4"
)

// An answer is what a client is told of what befell a socket of ours.
type answer uint8

const (
	answerUnknown    answer = iota // this machine could not ask: nothing is known of the target
	answerSilent                   // nothing came from the target in time, or nothing that a client is told
	answerRefuse                   // the target has nobody there
	answerNet                      // its network can't be reached
	answerHost                     // it can't
	answerProtocol                 // it does not speak the protocol
	answerProhibited               // somebody on the way forbids it
)

// codes are the codes of ICMP unreachable messages that tell an answer. Of a TCP port a RST tells it.
var codes = map[answer]uint8{
	answerRefuse: icmpv4.CodePort, answerNet: icmpv4.CodeNet, answerHost: icmpv4.CodeHost,
	answerProtocol: icmpv4.CodeProtocol, answerProhibited: icmpv4.CodeProhibited,
}

// answerTo returns what err, of a socket of ours, says of the target.
func answerTo(err error) answer {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return answerSilent
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errnos[errno]
	}
	return answerUnknown
}

// counter returns what counts flows that did not begin because of an answer.
func (c *counters) counter(a answer) *count {
	switch a {
	case answerUnknown:
		return &c.failed
	case answerSilent:
		return &c.silent
	case answerRefuse:
		return &c.refused
	}
	return &c.unreachable
}

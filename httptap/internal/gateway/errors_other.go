//go:build !linux

package gateway

import "net"

// reportErrors does nothing: this system reports what it reports.
func reportErrors(net.Conn) {}

// reported returns what err says: there is no queue that says more.
func reported(_ net.Conn, err error) answer { return answerTo(err) }

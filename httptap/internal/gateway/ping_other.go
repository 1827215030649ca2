//go:build !linux && !darwin

package gateway

import (
	"fmt"
	"net/netip"
	"runtime"
)

// pingSystem fails: there is no socket for it.
func pingSystem(netip.Addr) (Pinger, error) {
	return nil, fmt.Errorf("%w: %s has no ICMP sockets for everybody", ErrNoPing, runtime.GOOS)
}

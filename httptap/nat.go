package main

import (
	"fmt"
	"io"
	"log/slog"

	"httptap/httptap/internal/nat"
)

// checkNAT refuses -nat where there is no kernel between clients and networks.
func (o options) checkNAT() error {
	switch {
	case !o.nat:
		return nil
	case o.device == userDevice:
		return fmt.Errorf("-nat: with -i %s no kernel is behind the clients that could forward for them, and the gateway leads to the same networks: leave -nat out, or use 'sudo httptap -i tap0 -nat'", userDevice)
	case o.isNIC():
		return fmt.Errorf("-nat: the clients of a NIC are on its network already, and use its router: leave -nat out, or use 'sudo httptap -i tap0 -nat'")
	}
	return nil
}

// sayNAT says what was changed on this machine, and what may keep it from being of use.
func sayNAT(n *nat.NAT, tap string, stdout io.Writer, log *slog.Logger) {
	fmt.Fprintf(stdout, "httptap: %s\n", n)
	for _, c := range n.Blockers() {
		log.Warn("a chain of this machine drops what is forwarded", "chain", c.String(), "fix", c.Fix(tap))
	}
}

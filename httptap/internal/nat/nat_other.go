//go:build !linux

package nat

import "fmt"

// A NAT is not to be had on this system.
type NAT struct{}

// Helper does nothing on this system.
func Helper() {}

// Open fails with ErrUnsupported.
func Open(Config) (*NAT, error) {
	return nil, fmt.Errorf("%w: %s", ErrUnsupported, FixUnsupported)
}

// Close does nothing.
func (*NAT) Close() error { return nil }

// String says that there is nothing.
func (*NAT) String() string { return "no NAT" }

// Blockers returns none.
func (*NAT) Blockers() []Chain { return nil }

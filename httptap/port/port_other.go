//go:build !linux

package port

import "fmt"

// Helper does nothing on this system.
func Helper() {}

// Open fails with ErrUnsupported.
func Open(name string, o Options) (Device, error) {
	return nil, fmt.Errorf("%w (%s): %s", ErrUnsupported, name, FixUser)
}

//go:build !linux

package privilege

// Drop has nothing to give up: httptap opens no device on this system.
func Drop() error { return nil }

// AsInvoker runs f.
func AsInvoker(f func() error) error { return f() }

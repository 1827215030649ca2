package gateway

// readiness returns a function for syscall.RawConn.Read, which on Windows waits with a read of
// nothing between two calls of it: behind the first there is something to read.
func readiness() func(fd uintptr) bool {
	asked := false
	return func(uintptr) bool {
		asked = !asked
		return !asked
	}
}

package gateway

import (
	"net"
	"sync"
	"syscall"
)

// A waiter waits until something can be read, an error too, without a buffer to read into: a flow
// that is idle holds no memory for what does not come.
type waiter struct {
	raw   syscall.RawConn
	ready func(fd uintptr) bool
}

// newWaiter returns a waiter for c, nil when c is no socket of this machine.
func newWaiter(c net.Conn) *waiter {
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	return &waiter{raw, readiness()}
}

// wait fails when the socket is closed.
func (w *waiter) wait() error {
	if w == nil {
		return nil // the read waits
	}
	return w.raw.Read(w.ready)
}

// pool lends buffers while something moves.
func pool(size int) *sync.Pool {
	return &sync.Pool{New: func() any {
		b := make([]byte, size)
		return &b
	}}
}

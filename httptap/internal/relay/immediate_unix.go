//go:build unix

package relay

import "syscall"

// immediate returns what writes to a stream's connection as much as it takes without waiting, and returns
// how many bytes that were; nil: the carrier is none whose bytes are the stream's own. Errors come again
// when the connection is written to in the usual way.
func immediate(c carrier) func(b []byte) int {
	p, ok := c.(plain)
	if !ok {
		return nil
	}
	sc, ok := p.Conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	var data []byte
	var n int
	write := func(fd uintptr) { // once: it takes memory
		if n, err = syscall.Write(int(fd), data); err != nil { // Go's sockets do not block
			n = 0
		}
	}
	return func(b []byte) int {
		data, n = b, 0
		raw.Control(write)
		data = nil
		return n
	}
}

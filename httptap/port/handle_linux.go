package port

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"httptap/stack/link"
)

// A handle is an open descriptor that frames go through. It is not in the Go runtime's poller,
// which would hear of every single frame, also while we are reading: it does not block, and who
// has to wait does that in poll(2).
type handle struct {
	fd      int
	stop    int // an eventfd, readable from Close on
	info    link.Info
	closed  atomic.Bool
	dropped atomic.Uint64
	calls   sync.RWMutex // held by every call, for reading, and by Close, which ends fd

	write struct {
		sync.Mutex
		ring *ring // nil: frame by frame
	}
}

// adopt makes fd the handle's.
func (h *handle) adopt(fd int) (err error) {
	h.fd = fd
	if h.stop, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		unix.Close(fd)
	}
	return err
}

// wait returns when fd is ready for events, or with net.ErrClosed.
func (h *handle) wait(events int16) error {
	for {
		fds := [2]unix.PollFd{{Fd: int32(h.fd), Events: events}, {Fd: int32(h.stop), Events: unix.POLLIN}}
		_, err := unix.Poll(fds[:], -1)
		switch {
		case h.closed.Load():
			return net.ErrClosed
		case err == nil:
			return nil
		case err != unix.EINTR:
			return fmt.Errorf("port: poll %s: %w", h.info.Name, err)
		}
	}
}

// WriteFrames implements link.Device.
func (h *handle) WriteFrames(frames [][]byte) (int, error) {
	h.calls.RLock()
	defer h.calls.RUnlock()
	h.write.Lock()
	defer h.write.Unlock()
	fit, bad := h.info.Fit(frames)
	done := 0
	for done < fit {
		if h.closed.Load() {
			return done, net.ErrClosed
		}
		n, errno := h.writeSome(frames[done:min(fit, done+ringEntries)])
		switch done += n; errno {
		case 0:
		case unix.EAGAIN:
			if err := h.wait(unix.POLLOUT); err != nil {
				return done, err
			}
		default:
			return done, fmt.Errorf("port: write %s: %w", h.info.Name, writeError(h.info.Name, errno))
		}
	}
	return done, bad
}

// writeSome writes some frames without waiting. It returns how many, and what is wrong with the
// next one.
func (h *handle) writeSome(frames [][]byte) (int, syscall.Errno) {
	if h.write.ring != nil && len(frames) > 1 {
		if results, err := h.write.ring.transfer(opWrite, h.fd, frames); err == nil && !unsupported(results[0]) {
			n, skipped, errno := written(results)
			h.dropped.Add(uint64(skipped))
			return n, errno
		}
		h.write.ring.close()
		h.write.ring = nil
	}
	for i, f := range frames {
		if errno := rawWrite(h.fd, f); errno != 0 {
			return i, errno
		}
	}
	return len(frames), 0
}

// written returns how many frames are done with, up to the last one that went out, and what is wrong
// with the next. Those that failed before one that went are lost, because writing them again would
// be out of order: so many were skipped.
func written(results []int32) (n, skipped int, errno syscall.Errno) {
	failed := 0
	for i, r := range results {
		switch {
		case r >= 0:
			n, errno = i+1, 0
			skipped, failed = skipped+failed, 0
		default:
			failed++
			if errno == 0 {
				errno = again(r)
			}
		}
	}
	return n, skipped, errno
}

// again returns the error of a result, in which what the ring did not take is to be asked again.
func again(result int32) syscall.Errno {
	if result == -int32(unix.ECANCELED) {
		return unix.EAGAIN
	}
	return syscall.Errno(-result)
}

// unsupported tells whether a result says that the kernel can't do without waiting, or not at
// all, what a ring asked it.
func unsupported(result int32) bool {
	return result == -int32(unix.EOPNOTSUPP) || result == -int32(unix.EINVAL)
}

// rawRead and rawWrite are the system calls without a word to Go's scheduler, which prepares for
// calls that wait: these do not, and there are hundreds of thousands a second.
func rawRead(fd int, b []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		if errno != unix.EINTR {
			return int(n), errno
		}
	}
}

func rawWrite(fd int, b []byte) syscall.Errno {
	for {
		_, _, errno := syscall.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		if errno != unix.EINTR {
			return errno
		}
	}
}

// Info implements link.Device.
func (h *handle) Info() link.Info { return h.info }

// close ends all calls and then the descriptor. It returns false when it has done so already.
func (h *handle) close() bool {
	if h.closed.Swap(true) {
		return false
	}
	var one [8]byte
	one[0] = 1
	unix.Write(h.stop, one[:]) // any number but 0, in any order of bytes
	h.calls.Lock()
	defer h.calls.Unlock()
	if h.write.ring != nil {
		h.write.ring.close()
	}
	unix.Close(h.stop)
	unix.Close(h.fd)
	return true
}

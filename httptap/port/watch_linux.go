package port

import (
	"fmt"
	"net"
	"sync"

	"golang.org/x/sys/unix"
)

// A watch tells one goroutine that frames can be read, unless others look for them anyway: to wake it for
// what is read already costs more than all else that is done to a frame.
//
// The descriptor is in an epoll set of its own, armed for one event only while somebody waits and nobody
// holds the watch. To arm it tells of what is there already, so no frame is missed.
type watch struct {
	epoll, fd int

	mu      sync.Mutex
	held    int
	waiting bool
	closed  bool
}

// open makes a watch of fd that also hears of stop.
func (w *watch) open(fd, stop int) (err error) {
	w.fd = fd
	if w.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if err = w.control(unix.EPOLL_CTL_ADD, fd, 0); err == nil {
		err = w.control(unix.EPOLL_CTL_ADD, stop, unix.EPOLLIN)
	}
	if err != nil {
		unix.Close(w.epoll)
	}
	return err
}

// control changes what the set is told of. The mutex is held, once the watch is open.
func (w *watch) control(op, fd int, events uint32) error {
	if w.closed {
		return net.ErrClosed // its number may be another descriptor's by now
	}
	return unix.EpollCtl(w.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

const armed = unix.EPOLLIN | unix.EPOLLONESHOT

// hold keeps who waits from being told, until release.
func (w *watch) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held++; w.held == 1 && w.waiting {
		w.control(unix.EPOLL_CTL_MOD, w.fd, 0)
	}
}

func (w *watch) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held--; w.held == 0 && w.waiting {
		w.control(unix.EPOLL_CTL_MOD, w.fd, armed)
	}
}

// wait returns when frames can be read, or stop can.
func (w *watch) wait() error {
	w.mu.Lock()
	w.waiting = true
	var err error
	if w.held == 0 {
		err = w.control(unix.EPOLL_CTL_MOD, w.fd, armed)
	}
	w.mu.Unlock()
	var events [2]unix.EpollEvent
	for err == nil {
		if _, err = unix.EpollWait(w.epoll, events[:], -1); err == nil {
			break
		} else if err == unix.EINTR {
			err = nil
		}
	}
	w.mu.Lock()
	w.waiting = false
	w.mu.Unlock()
	return err
}

// close ends the watch, in which nobody waits any more. Who holds it may still release it.
func (w *watch) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	unix.Close(w.epoll)
}

// WaitFrames returns when PollFrames may find a frame, or with net.ErrClosed. One goroutine at a time may
// call it.
func (t *tap) WaitFrames() error {
	t.calls.RLock()
	defer t.calls.RUnlock()
	if t.closed.Load() {
		return net.ErrClosed
	}
	err := t.watch.wait()
	switch {
	case t.closed.Load():
		return net.ErrClosed
	case err != nil:
		return fmt.Errorf("port: wait for %s: %w", t.info.Name, err)
	}
	return nil
}

// Hold keeps WaitFrames from returning for frames, until Release, because the caller will look for them.
func (t *tap) Hold() { t.watch.hold() }

// Release lets WaitFrames return again, also for frames that came meanwhile.
func (t *tap) Release() { t.watch.release() }

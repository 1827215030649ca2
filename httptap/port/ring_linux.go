package port

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A ring is an io_uring(7): it reads or writes many frames in one system call. A TAP has no
// other way, and on it the call is most of what a frame costs. It is used by one goroutine at a
// time, waits for nothing, and is not needed: systems without it, and containers that forbid
// it, read and write frame by frame.
type ring struct {
	fd         int
	rings, mem []byte // mapped: both rings, and the submissions

	sqHead, sqTail, cqHead, cqTail *uint32
	sqMask, cqMask                 uint32
	submissions                    []submission
	completions                    []completion

	results []int32
	used    []unsafe.Pointer // keeps what the kernel is told of where it is
}

// What io_uring(7) and linux/io_uring.h call so.
const (
	ringEntries = 64

	opRead  = 22 // IORING_OP_READ
	opWrite = 23 // IORING_OP_WRITE

	enterGetEvents = 1 // IORING_ENTER_GETEVENTS
	offSubmissions = 0x10000000
	singleMapping  = 1 // IORING_FEAT_SINGLE_MMAP
	noPosition     = ^uint64(0)
)

type ringParams struct {
	sqEntries, cqEntries, flags, sqCPU, sqIdle, features, wqFD uint32
	_                                                          [3]uint32
	sq                                                         struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		_                                                   uint64
	}
	cq struct {
		head, tail, mask, entries, overflow, cqes, flags, _ uint32
		_                                                   uint64
	}
}

type submission struct {
	op, flags  uint8
	priority   uint16
	fd         int32
	off, addr  uint64
	len, flag2 uint32
	data       uint64
	_          [3]uint64
}

type completion struct {
	data   uint64
	result int32
	flags  uint32
}

func newRing() (*ring, error) {
	var p ringParams
	fd, _, errno := syscall.Syscall(unix.SYS_IO_URING_SETUP, ringEntries, uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return nil, fmt.Errorf("io_uring_setup: %w", errno)
	}
	r := &ring{fd: int(fd)}
	if p.features&singleMapping == 0 {
		r.close()
		return nil, fmt.Errorf("io_uring_setup: %w: a kernel before 5.4", unix.ENOSYS)
	}
	size := max(p.sq.array+4*p.sqEntries, p.cq.cqes+p.cqEntries*uint32(unsafe.Sizeof(completion{})))
	var err error
	if r.rings, err = r.mmap(0, size); err == nil {
		r.mem, err = r.mmap(offSubmissions, p.sqEntries*uint32(unsafe.Sizeof(submission{})))
	}
	if err != nil {
		r.close()
		return nil, fmt.Errorf("io_uring: %w", err)
	}
	r.sqHead, r.sqTail, r.sqMask = r.word(p.sq.head), r.word(p.sq.tail), *r.word(p.sq.mask)
	r.cqHead, r.cqTail, r.cqMask = r.word(p.cq.head), r.word(p.cq.tail), *r.word(p.cq.mask)
	r.submissions = unsafe.Slice((*submission)(unsafe.Pointer(&r.mem[0])), p.sqEntries)
	r.completions = unsafe.Slice((*completion)(unsafe.Pointer(&r.rings[p.cq.cqes])), p.cqEntries)
	for i := range p.sqEntries {
		*r.word(p.sq.array + 4*i) = i // the n-th entry is the n-th submission, for good
	}
	r.results = make([]int32, ringEntries)
	r.used = make([]unsafe.Pointer, ringEntries)
	return r, nil
}

func (r *ring) mmap(offset int64, size uint32) ([]byte, error) {
	return unix.Mmap(r.fd, offset, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
}

func (r *ring) word(offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.rings[offset])) }

// transfer does op on fd with up to ringEntries buffers, in their order, none of which may be
// empty. It returns for each what the system call would have: a length, or an error's number
// negated. unix.EAGAIN stands for what could not be done without waiting.
func (r *ring) transfer(op uint8, fd int, bufs [][]byte) ([]int32, error) {
	tail := *r.sqTail
	for i, b := range bufs {
		at := unsafe.Pointer(unsafe.SliceData(b))
		r.used[i] = at
		// RWF_NOWAIT: it is done or has failed when the call returns, and nobody uses the
		// buffers behind it.
		r.submissions[tail&r.sqMask] = submission{op: op, fd: int32(fd), off: noPosition, addr: uint64(uintptr(at)),
			len: uint32(len(b)), flag2: unix.RWF_NOWAIT, data: uint64(i)}
		tail++
	}
	atomic.StoreUint32(r.sqTail, tail)
	taken, errno := r.enter(len(bufs), 0)
	atomic.StoreUint32(r.sqTail, atomic.LoadUint32(r.sqHead)) // what was not taken never will be
	for i := range bufs {
		r.results[i] = -int32(unix.ECANCELED)
	}
	for done := 0; ; {
		head := *r.cqHead
		for ; head != atomic.LoadUint32(r.cqTail); head++ {
			c := r.completions[head&r.cqMask]
			r.results[c.data] = c.result
			done++
		}
		atomic.StoreUint32(r.cqHead, head)
		if done >= taken {
			break
		}
		// The buffers are the kernel's until then.
		if _, errno := r.enter(0, taken-done); errno != 0 && errno != unix.EAGAIN && errno != unix.EBUSY {
			return nil, fmt.Errorf("io_uring_enter: %w", errno)
		}
	}
	clear(r.used[:len(bufs)])
	if taken == 0 && errno != 0 {
		return nil, fmt.Errorf("io_uring_enter: %w", errno)
	}
	return r.results[:len(bufs)], nil
}

// enter has the kernel take submissions, and waits for completions.
func (r *ring) enter(submit, wait int) (taken int, errno syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(submit), uintptr(wait), enterGetEvents, 0, 0)
		switch errno {
		case 0:
			return int(n), 0
		case unix.EINTR:
			continue
		}
		return 0, errno
	}
}

func (r *ring) close() {
	if r.mem != nil {
		unix.Munmap(r.mem)
	}
	if r.rings != nil {
		unix.Munmap(r.rings)
	}
	unix.Close(r.fd)
}

package port

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"github.com/songgao/water"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"httptap/stack/link"
)

// A tap is the user's end of a TAP: what the kernel sends out of tap0 is read here, what is
// written here arrives at tap0. It is gone when it is closed, unless it was there before.
type tap struct {
	handle
	prefix netip.Prefix
	watch  watch

	read struct {
		sync.Mutex
		ring *ring    // nil: frame by frame
		bufs [][]byte // one byte more than a frame: what fills it was longer
		want int      // how many frames to ask for: about what the last read found
	}
}

func openTAP(name string, o Options) (Device, error) {
	_, err := netlink.LinkByName(name)
	existed := err == nil
	cfg := water.Config{DeviceType: water.TAP}
	cfg.Name, cfg.Persist = name, existed
	ifce, err := water.New(cfg)
	if existed && errors.Is(err, unix.EINVAL) {
		// tun_set_iff of the kernel: the name is that of something else.
		return nil, fmt.Errorf("%w: %s: %s: %w", ErrOther, name, FixOther(name), err)
	}
	if err != nil {
		return nil, explain("open", name, err)
	}
	// The file is in the runtime's poller, see handle; a copy of its descriptor is not.
	defer ifce.Close()
	t := new(tap)
	if err := t.copy(ifce.ReadWriteCloser); err != nil {
		return nil, fmt.Errorf("port: open %s: %w", name, err)
	}
	if err := t.setUp(name, o); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// copy makes a copy of a file's descriptor the handle's.
func (t *tap) copy(file any) error {
	f, ok := file.(syscall.Conn)
	if !ok {
		return fmt.Errorf("%T is not a file", file)
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var fd int
	var failed error
	if err := raw.Control(func(old uintptr) { fd, failed = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	if err := t.adopt(fd); err != nil {
		return err
	}
	if err := t.watch.open(t.fd, t.stop); err != nil {
		t.handle.close()
		return err
	}
	return nil
}

// setUp gives the kernel's end its address and brings it up.
func (t *tap) setUp(name string, o Options) error {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return explain("find", name, err)
	}
	if o.MTU != 0 {
		if err := netlink.LinkSetMTU(l, o.MTU); err != nil {
			return explain(fmt.Sprintf("set the MTU %d of", o.MTU), name, err)
		}
	}
	if o.Prefix.IsValid() {
		a := &netlink.Addr{IPNet: &net.IPNet{IP: o.Prefix.Addr().AsSlice(), Mask: net.CIDRMask(o.Prefix.Bits(), o.Prefix.Addr().BitLen())}}
		if err := netlink.AddrReplace(l, a); err != nil {
			return explain(fmt.Sprintf("give the address %s to", o.Prefix), name, err)
		}
	}
	if err := netlink.LinkSetUp(l); err != nil {
		return explain("bring up", name, err)
	}
	if l, err = netlink.LinkByName(name); err != nil {
		return explain("find", name, err)
	}
	if t.info, t.prefix, err = describe(l); err != nil {
		return err
	}
	t.read.bufs = link.Buffers(ringEntries, t.info.FrameLen()+1)
	// Without rings, it is one call a frame.
	t.read.ring, _ = newRing()
	t.write.ring, _ = newRing()
	return nil
}

// ReadFrames implements link.Device: it waits for one frame and takes as many more as are
// there without waiting.
func (t *tap) ReadFrames(bufs [][]byte, sizes []int) (int, error) {
	for {
		n, err := t.PollFrames(bufs, sizes)
		if n > 0 || err != nil || len(bufs) == 0 {
			return n, err
		}
		if err := t.await(); err != nil {
			return 0, err
		}
	}
}

// PollFrames is ReadFrames that does not wait: it returns 0 when no frame is there.
func (t *tap) PollFrames(bufs [][]byte, sizes []int) (int, error) {
	t.calls.RLock()
	defer t.calls.RUnlock()
	t.read.Lock()
	defer t.read.Unlock()
	for len(bufs) > 0 {
		if t.closed.Load() {
			return 0, net.ErrClosed
		}
		n, errno := t.readSome(bufs, sizes)
		switch {
		case n > 0, errno == unix.EAGAIN:
			return n, nil
		case errno != 0:
			return 0, fmt.Errorf("port: read %s: %w", t.info.Name, errno)
		}
		// There was one, and it did not fit.
	}
	return 0, nil
}

func (t *tap) await() error {
	t.calls.RLock()
	defer t.calls.RUnlock()
	return t.wait(unix.POLLIN)
}

// readSome takes frames that are there. It returns how many, and why not more: unix.EAGAIN
// when there are none, and no error when bufs are full or a frame was dropped.
func (t *tap) readSome(bufs [][]byte, sizes []int) (n int, errno syscall.Errno) {
	for t.read.ring != nil && n < len(bufs) {
		// To ask for a frame that is not there costs a tenth of what a call does.
		want := min(max(t.read.want, 2), len(bufs)-n, ringEntries)
		results, err := t.read.ring.transfer(opRead, t.fd, t.read.bufs[:want])
		if err != nil || unsupported(results[0]) {
			t.read.ring.close()
			t.read.ring = nil
			break
		}
		found := 0
		for i, r := range results {
			if r < 0 {
				errno = again(r)
				continue // one that comes meanwhile may be behind it
			}
			found++
			if size, ok := t.fits(t.read.bufs[i], int(r), bufs[n]); ok {
				sizes[n] = size
				n++
			}
		}
		t.read.want = 2 * found
		if found < want {
			return n, errno
		}
	}
	b := t.read.bufs[0]
	for n < len(bufs) && t.read.ring == nil {
		size, errno := rawRead(t.fd, b)
		if errno != 0 {
			return n, errno
		}
		var ok bool
		if sizes[n], ok = t.fits(b, size, bufs[n]); ok {
			n++
		}
	}
	return n, 0
}

// fits copies a frame to where it is to go, unless it is too long.
func (t *tap) fits(frame []byte, size int, dst []byte) (int, bool) {
	if size > len(dst) || size == len(frame) {
		t.dropped.Add(1)
		return 0, false
	}
	return copy(dst, frame[:size]), true
}

func writeError(name string, err error) error {
	if errors.Is(err, unix.EIO) || errors.Is(err, unix.ENETDOWN) {
		return fmt.Errorf("%w: bring it up with 'ip link set %s up': %w", ErrDown, name, err)
	}
	return err
}

func (t *tap) Prefix() netip.Prefix { return t.prefix }
func (t *tap) Dropped() uint64      { return t.dropped.Load() }

// Close implements link.Device.
func (t *tap) Close() error {
	if !t.close() {
		return nil
	}
	t.watch.close()
	if t.read.ring != nil {
		t.read.ring.close()
	}
	return nil
}

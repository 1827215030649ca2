package port

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/songgao/water"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"httptap/stack/link"
)

// A handle is an open descriptor that frames go through.
type handle struct {
	file   *os.File
	raw    syscall.RawConn
	info   link.Info
	closed atomic.Bool
}

// failed is what a call of raw reports when the descriptor was closed, which it has no exported
// error for.
func (h *handle) failed(err error) error {
	if h.closed.Load() {
		return net.ErrClosed
	}
	return fmt.Errorf("port: %s: %w", h.info.Name, err)
}

// A tap is the user's end of a TAP: what the kernel sends out of tap0 is read here, what is
// written here arrives at tap0. It is gone when it is closed, unless it was there before.
type tap struct {
	handle
	prefix  netip.Prefix
	scratch []byte // one byte more than a frame: what fills it was longer
	dropped atomic.Uint64
}

func openTAP(name string, o Options) (Device, error) {
	if o.MTU == 0 {
		o.MTU = 1500
	}
	_, err := netlink.LinkByName(name)
	existed := err == nil
	cfg := water.Config{DeviceType: water.TAP}
	cfg.Name, cfg.Persist = name, existed
	ifce, err := water.New(cfg)
	if err != nil {
		return nil, explain("open", name, err)
	}
	file, ok := ifce.ReadWriteCloser.(*os.File)
	if !ok {
		ifce.Close()
		return nil, fmt.Errorf("port: open %s: %T is not a file", name, ifce.ReadWriteCloser)
	}
	t := &tap{handle: handle{file: file}}
	if err := t.setUp(name, o); err != nil {
		file.Close()
		return nil, err
	}
	return t, nil
}

// setUp gives the kernel's end its address and brings it up.
func (t *tap) setUp(name string, o Options) error {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return explain("find", name, err)
	}
	if err := netlink.LinkSetMTU(l, o.MTU); err != nil {
		return explain(fmt.Sprintf("set the MTU %d of", o.MTU), name, err)
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
	t.scratch = make([]byte, t.info.FrameLen()+1)
	t.raw, err = t.file.SyscallConn()
	return err
}

// ReadFrames implements link.Device: it waits for one frame and takes as many more as are
// there without waiting.
func (t *tap) ReadFrames(bufs [][]byte, sizes []int) (int, error) {
	if len(bufs) == 0 {
		return 0, nil
	}
	n := 0
	var failed error
	err := t.raw.Read(func(fd uintptr) bool {
		for n < len(bufs) {
			size, err := unix.Read(int(fd), t.scratch)
			switch {
			case err == unix.EAGAIN:
				return n > 0
			case err == unix.EINTR:
				continue
			case err != nil:
				failed = err
				return true
			case size > len(bufs[n]) || size == len(t.scratch):
				t.dropped.Add(1)
				continue
			}
			sizes[n] = copy(bufs[n], t.scratch[:size])
			n++
		}
		return true
	})
	if err != nil {
		return n, t.failed(err)
	}
	if n > 0 || failed == nil {
		return n, nil
	}
	return 0, fmt.Errorf("port: read %s: %w", t.info.Name, failed)
}

// WriteFrames implements link.Device. It writes one frame a call, the only way that both kinds of descriptor have.
func (h *handle) WriteFrames(frames [][]byte) (int, error) {
	done, info := 0, h.info
	var failed error
	err := h.raw.Write(func(fd uintptr) bool {
		for done < len(frames) {
			f := frames[done]
			if len(f) < link.HeaderLen || len(f) > info.FrameLen() {
				failed = fmt.Errorf("%w: %d bytes", link.ErrFrameSize, len(f))
				return true
			}
			_, err := unix.Write(int(fd), f)
			switch {
			case err == unix.EINTR:
				continue
			case err == unix.EAGAIN:
				return false
			case err != nil:
				failed = fmt.Errorf("port: write %s: %w", info.Name, writeError(info.Name, err))
				return true
			}
			done++
		}
		return true
	})
	if err != nil {
		return done, h.failed(err)
	}
	return done, failed
}

func writeError(name string, err error) error {
	if errors.Is(err, unix.EIO) || errors.Is(err, unix.ENETDOWN) {
		return fmt.Errorf("%w: bring it up with 'ip link set %s up': %w", ErrDown, name, err)
	}
	return err
}

// Info implements link.Device.
func (h *handle) Info() link.Info { return h.info }

func (t *tap) Prefix() netip.Prefix { return t.prefix }
func (t *tap) Dropped() uint64      { return t.dropped.Load() }

func (h *handle) Close() error {
	if h.closed.Swap(true) {
		return nil
	}
	return h.file.Close()
}

package port

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"httptap/stack/ethernet"
)

// maxSuper is the longest thing that a packet socket delivers: a super-frame that was left for
// hardware to split.
const maxSuper = 65536 + 64

// A nic is an interface of the machine, through a packet socket that sees every frame that
// comes in, and none that goes out.
type nic struct {
	handle
	prefix  netip.Prefix
	undo    *restorer
	scratch []byte
	control []byte
	pending [][]byte // pieces of a super-frame that found no buffer yet
	memory  []byte   // what they are made of
	dropped atomic.Uint64
}

func openNIC(name string) (Device, error) {
	l, err := netlink.LinkByName(name)
	if err != nil {
		var absent netlink.LinkNotFoundError
		if errors.As(err, &absent) {
			return nil, fmt.Errorf("%w: %s: 'ip link' lists those there are; 'tap0' makes one, 'user' needs none", ErrAbsent, name)
		}
		return nil, explain("find", name, err)
	}
	n := &nic{scratch: make([]byte, maxSuper), control: make([]byte, unix.CmsgSpace(int(unsafe.Sizeof(unix.TpacketAuxdata{}))))}
	if n.info, n.prefix, err = describe(l); err != nil {
		return nil, err
	}
	if l.Attrs().Flags&net.FlagUp == 0 {
		return nil, fmt.Errorf("%w: bring it up first: sudo ip link set %s up", ErrDown, name)
	}
	// The socket hears nothing until it is bound, so no frame is read that is not the NIC's.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, explain("open a packet socket on", name, err)
	}
	if err := n.configure(fd, l.Attrs().Index); err != nil {
		unix.Close(fd)
		return nil, explain("set up the packet socket on", name, err)
	}
	n.file = os.NewFile(uintptr(fd), name)
	if n.raw, err = n.file.SyscallConn(); err != nil {
		n.file.Close()
		return nil, err
	}
	if n.undo, err = disableOffloads(name); err != nil {
		n.file.Close()
		return nil, explain("switch off the receive offloads of", name, err)
	}
	return n, nil
}

func (n *nic) configure(fd, index int) error {
	for _, o := range []struct{ option, value int }{
		{unix.PACKET_AUXDATA, 1},         // tells of a VLAN tag taken off, and a checksum not yet there
		{unix.PACKET_IGNORE_OUTGOING, 1}, // what we or the kernel send does not come back
	} {
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, o.option, o.value); err != nil {
			return err
		}
	}
	// Room for a burst; without the privilege for it, what the system allows.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20) != nil {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 8<<20)
	}
	if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP,
		&unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}); err != nil {
		return err
	}
	return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ALL), Ifindex: index})
}

func htons(v uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], v)
	return binary.NativeEndian.Uint16(b[:])
}

// ReadFrames implements link.Device.
func (n *nic) ReadFrames(bufs [][]byte, sizes []int) (int, error) {
	if len(bufs) == 0 {
		return 0, nil
	}
	got := n.drain(bufs, sizes, 0)
	if got > 0 {
		return got, nil
	}
	var failed error
	err := n.raw.Read(func(fd uintptr) bool {
		for got < len(bufs) {
			size, oob, _, _, err := unix.Recvmsg(int(fd), n.scratch, n.control, unix.MSG_TRUNC)
			switch {
			case err == unix.EAGAIN:
				return got > 0
			case err == unix.EINTR:
				continue
			case err != nil:
				failed = err
				return true
			case size > len(n.scratch):
				n.dropped.Add(1)
				continue
			}
			n.take(n.scratch[:size], n.control[:oob])
			got = n.drain(bufs, sizes, got)
		}
		return true
	})
	switch {
	case err != nil:
		return got, n.failed(err)
	case got > 0 || failed == nil:
		return got, nil
	}
	return 0, fmt.Errorf("port: read %s: %w", n.info.Name, writeError(n.info.Name, failed))
}

// take mends a frame as hardware would have done and queues it, in pieces where it must be.
func (n *nic) take(frame, control []byte) {
	aux := auxdata(control)
	n.memory = append(n.memory[:0], frame...)
	if aux.Status&unix.TP_STATUS_VLAN_VALID != 0 {
		tpid := uint16(ethernet.TypeVLAN)
		if aux.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
			tpid = aux.Vlan_tpid
		}
		n.memory = insertTag(n.memory, tpid, aux.Vlan_tci)
	}
	if aux.Status&unix.TP_STATUS_CSUMNOTREADY != 0 {
		fillChecksum(n.memory)
	}
	if len(n.memory) <= n.info.FrameLen() {
		n.pending = append(n.pending, n.memory)
		return
	}
	pieces, ok := split(n.memory, n.info.MTU)
	if !ok {
		n.dropped.Add(1)
		return
	}
	n.pending = append(n.pending, pieces...)
}

// drain moves what is pending into bufs from the one at got on.
func (n *nic) drain(bufs [][]byte, sizes []int, got int) int {
	for len(n.pending) > 0 && got < len(bufs) {
		f := n.pending[0]
		n.pending = n.pending[1:]
		if len(f) > len(bufs[got]) {
			n.dropped.Add(1)
			continue
		}
		sizes[got] = copy(bufs[got], f)
		got++
	}
	if len(n.pending) == 0 {
		n.pending = n.pending[:0:0]
	}
	return got
}

// auxdata finds the packet's auxiliary data among the control messages.
func auxdata(control []byte) unix.TpacketAuxdata {
	var aux unix.TpacketAuxdata
	for len(control) >= unix.SizeofCmsghdr {
		h, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			break
		}
		if h.Level == unix.SOL_PACKET && h.Type == unix.PACKET_AUXDATA && len(data) >= int(unsafe.Sizeof(aux)) {
			aux = *(*unix.TpacketAuxdata)(unsafe.Pointer(&data[0]))
		}
		control = rest
	}
	return aux
}

func (n *nic) Prefix() netip.Prefix { return n.prefix }

// Dropped implements Device; the kernel's count of what it could not queue is part of it.
func (n *nic) Dropped() uint64 {
	n.raw.Control(func(fd uintptr) {
		// Reading the counters resets them.
		if s, err := unix.GetsockoptTpacketStats(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			n.dropped.Add(uint64(s.Drops))
		}
	})
	return n.dropped.Load()
}

// Close implements link.Device and waits until the offloads are as they were.
func (n *nic) Close() error {
	if n.closed.Load() {
		return nil
	}
	return errors.Join(n.handle.Close(), n.undo.restore())
}

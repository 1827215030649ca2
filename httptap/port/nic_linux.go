package port

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"httptap/httptap/internal/undo"
	"httptap/stack/ethernet"
)

// A nic is an interface of the machine, through a packet socket that sees every frame that
// comes in, and none that goes out.
type nic struct {
	handle
	prefix netip.Prefix
	undo   *undo.Process

	read struct {
		sync.Mutex
		packets
		pending [][]byte // a frame, or the pieces of a super-frame
		drained int      // of them, those that found a buffer
		memory  []byte   // what they are made of
	}
}

func openNIC(name string) (Device, error) {
	l, err := netlink.LinkByName(name)
	if err != nil {
		var absent netlink.LinkNotFoundError
		if errors.As(err, &absent) {
			return nil, fmt.Errorf("%w: %s: %s", ErrAbsent, name, FixAbsent)
		}
		return nil, explain("find", name, err)
	}
	n := new(nic)
	if n.info, n.prefix, err = describe(l); err != nil {
		return nil, err
	}
	if l.Attrs().Flags&net.FlagUp == 0 {
		return nil, fmt.Errorf("%w: %s", ErrDown, FixDown(name))
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
	if err := n.adopt(fd); err != nil {
		return nil, err
	}
	n.read.init()
	n.write.ring, _ = newRing() // without one, it is one call a frame
	if n.undo, err = disableOffloads(name); err != nil {
		n.close()
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
	n.calls.RLock()
	defer n.calls.RUnlock()
	n.read.Lock()
	defer n.read.Unlock()
	if len(bufs) == 0 {
		return 0, nil
	}
	for {
		if n.closed.Load() {
			return 0, net.ErrClosed
		}
		got := n.drain(bufs, sizes, 0)
		for got < len(bufs) && n.read.more() {
			n.take(n.read.next())
			got = n.drain(bufs, sizes, got)
		}
		if got > 0 {
			return got, nil
		}
		switch errno := n.read.receive(n.fd); errno {
		case 0:
		case unix.EAGAIN:
			if err := n.wait(unix.POLLIN); err != nil {
				return 0, err
			}
		default:
			return 0, fmt.Errorf("port: read %s: %w", n.info.Name, writeError(n.info.Name, errno))
		}
	}
}

// take mends a frame as hardware would have done and queues it, in pieces where it must be.
func (n *nic) take(frame, control []byte) {
	if frame == nil {
		n.dropped.Add(1) // longer than anything that a packet socket delivers
		return
	}
	aux := auxdata(control)
	n.read.memory = append(n.read.memory[:0], frame...)
	if aux.Status&unix.TP_STATUS_VLAN_VALID != 0 {
		tpid := uint16(ethernet.TypeVLAN)
		if aux.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
			tpid = aux.Vlan_tpid
		}
		n.read.memory = insertTag(n.read.memory, tpid, aux.Vlan_tci)
	}
	if aux.Status&unix.TP_STATUS_CSUMNOTREADY != 0 {
		fillChecksum(n.read.memory)
	}
	if len(n.read.memory) <= n.info.FrameLen() {
		n.read.pending = append(n.read.pending, n.read.memory)
		return
	}
	pieces, ok := split(n.read.memory, n.info.MTU)
	if !ok {
		n.dropped.Add(1)
		return
	}
	n.read.pending = append(n.read.pending, pieces...)
}

// drain moves what is pending into bufs from the one at got on.
func (n *nic) drain(bufs [][]byte, sizes []int, got int) int {
	r := &n.read
	for r.drained < len(r.pending) && got < len(bufs) {
		f := r.pending[r.drained]
		r.drained++
		if len(f) > len(bufs[got]) {
			n.dropped.Add(1)
			continue
		}
		sizes[got] = copy(bufs[got], f)
		got++
	}
	if r.drained == len(r.pending) {
		r.pending, r.drained = r.pending[:0], 0
	}
	return got
}

func (n *nic) Prefix() netip.Prefix { return n.prefix }

// Dropped implements Device; the kernel's count of what it could not queue is part of it.
func (n *nic) Dropped() uint64 {
	n.calls.RLock()
	defer n.calls.RUnlock()
	if !n.closed.Load() {
		// Reading the counters resets them.
		if s, err := unix.GetsockoptTpacketStats(n.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			n.dropped.Add(uint64(s.Drops))
		}
	}
	return n.dropped.Load()
}

// Close implements link.Device and waits until the offloads are as they were.
func (n *nic) Close() error {
	if !n.close() {
		return nil
	}
	return n.undo.Finish()
}

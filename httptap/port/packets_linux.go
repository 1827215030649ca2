package port

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxSuper is the longest thing that a packet socket delivers: a super-frame that was left for
// hardware to split.
const maxSuper = 65536 + 64

// maxPackets is how many packets one call receives at most.
const maxPackets = 64

// packets receive several packets of a socket, and what the kernel says of each, in one call.
type packets struct {
	messages []message
	frames   [][]byte // memory of each; what a short frame does not touch the system never gives
	controls [][]byte
	vectors  []unix.Iovec
	have     int // packets that were received
	used     int // of them, those that were taken
}

// A message is recvmmsg(2)'s struct mmsghdr.
type message struct {
	header unix.Msghdr
	len    uint32
}

func (p *packets) init() {
	space := unix.CmsgSpace(int(unsafe.Sizeof(unix.TpacketAuxdata{})))
	p.messages, p.vectors = make([]message, maxPackets), make([]unix.Iovec, maxPackets)
	for i := range p.messages {
		frame, control := make([]byte, maxSuper), make([]byte, space)
		p.frames, p.controls = append(p.frames, frame), append(p.controls, control)
		p.vectors[i].Base = &frame[0]
		p.vectors[i].SetLen(len(frame))
		p.messages[i].header.Iov, p.messages[i].header.Control = &p.vectors[i], &control[0]
		p.messages[i].header.SetIovlen(1)
	}
}

// receive takes what is there without waiting, which is not more than all packets before.
func (p *packets) receive(fd int) syscall.Errno {
	for i := range p.messages {
		p.messages[i].header.SetControllen(len(p.controls[i]))
	}
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&p.messages[0])),
			uintptr(len(p.messages)), unix.MSG_DONTWAIT|unix.MSG_TRUNC, 0, 0)
		switch errno {
		case 0:
			p.have, p.used = int(n), 0
			return 0
		case unix.EINTR:
			continue
		}
		return errno
	}
}

// more tells whether a packet waits to be taken.
func (p *packets) more() bool { return p.used < p.have }

// next takes a packet: its frame, nil when that was longer than any can be, and its control
// messages. Both are valid until the next call of receive.
func (p *packets) next() (frame, control []byte) {
	m := &p.messages[p.used]
	if int(m.len) <= maxSuper {
		frame = p.frames[p.used][:m.len]
	}
	control = p.controls[p.used][:m.header.Controllen]
	p.used++
	return frame, control
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

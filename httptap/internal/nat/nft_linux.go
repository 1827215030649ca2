package nat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// What golang.org/x/sys does not have yet. linux/netfilter/nf_tables.h, linux/netfilter.h
const (
	tableOwnerFlag = 2 // NFT_TABLE_F_OWNER
	tableOwnerAttr = 7 // NFTA_TABLE_OWNER
	verdictDrop    = 0 // NF_DROP
	verdictAccept  = 1 // NF_ACCEPT
)

// answerTime is how long the kernel may take for an answer, in seconds: it has it before the call that asks
// returns.
const answerTime = 5

// A socket speaks nf_tables with the kernel, and is the owner of tables.
type socket struct{ *nl.NetlinkSocket }

func open() (socket, error) {
	s, err := nl.Subscribe(unix.NETLINK_NETFILTER)
	if err != nil {
		return socket{}, &opError{"open a socket", err}
	}
	s.SetReceiveTimeout(&unix.Timeval{Sec: answerTime})
	return socket{s}, nil
}

// file returns another descriptor of the socket.
func (s socket) file() (*os.File, error) {
	fd, err := unix.FcntlInt(uintptr(s.GetFd()), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, &opError{"copy the socket", err}
	}
	return os.NewFile(uintptr(fd), "netlink"), nil
}

// An opError says what the kernel refused.
type opError struct {
	what string
	err  error // a syscall.Errno, mostly
}

func (e *opError) Error() string { return e.what + ": " + e.err.Error() }
func (e *opError) Unwrap() error { return e.err }

// A batch is a transaction of at least one message: the kernel does all of it or nothing.
type batch struct {
	what  []string // each message does; the index is its sequence number
	bytes []byte
	last  int // where the last message begins
}

// batchBegin is what the first message does; it is refused where there is no nf_tables.
const batchBegin = "begin"

func newBatch() *batch {
	b := new(batch)
	b.append(batchBegin, unix.NFNL_MSG_BATCH_BEGIN, 0, unix.AF_UNSPEC, unix.NFNL_SUBSYS_NFTABLES)
	return b
}

func (b *batch) append(what string, kind, flags int, family uint8, resource uint16, attrs ...*nl.RtAttr) {
	r := nl.NewNetlinkRequest(kind, flags)
	r.Seq = uint32(len(b.what))
	bigEndian := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, resource))
	r.AddData(&nl.Nfgenmsg{NfgenFamily: family, Version: unix.NFNETLINK_V0, ResId: bigEndian})
	for _, a := range attrs {
		r.AddData(a)
	}
	b.what, b.last = append(b.what, what), len(b.bytes)
	b.bytes = append(b.bytes, r.Serialize()...)
}

// add adds a message of nf_tables about an object of family ip.
func (b *batch) add(what string, kind, flags int, attrs ...*nl.RtAttr) {
	b.append(what, unix.NFNL_SUBSYS_NFTABLES<<8|kind, flags, unix.NFPROTO_IPV4, 0, attrs...)
}

// commit sends the batch and waits until it is done. Errors are answered without being asked for, in the order of the
// messages, so that to ask for the last one's answer is enough; many answers would not fit into the socket.
func (s socket) commit(b *batch) error {
	const flagsAt = 6 // in struct nlmsghdr
	flags := b.bytes[b.last+flagsAt:]
	binary.NativeEndian.PutUint16(flags, binary.NativeEndian.Uint16(flags)|unix.NLM_F_ACK)
	b.append("end", unix.NFNL_MSG_BATCH_END, 0, unix.AF_UNSPEC, unix.NFNL_SUBSYS_NFTABLES)
	// A machine with hundreds of interfaces has a long batch; without the privilege to send it, the call says so.
	unix.SetsockoptInt(s.GetFd(), unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 2*len(b.bytes))
	if err := unix.Sendto(s.GetFd(), b.bytes, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return &opError{"send", err}
	}
	for {
		messages, _, err := s.Receive()
		if err != nil {
			return &opError{"receive", err}
		}
		for _, m := range messages {
			if m.Header.Type != unix.NLMSG_ERROR || len(m.Data) < 4 || int(m.Header.Seq) >= len(b.what) {
				continue
			}
			if errno := int32(binary.NativeEndian.Uint32(m.Data)); errno != 0 {
				return &opError{b.what[m.Header.Seq], syscall.Errno(-errno)}
			}
			return nil
		}
	}
}

// attributes returns those that b is made of, by type.
func attributes(b []byte) map[uint16][]byte {
	all := make(map[uint16][]byte)
	for _, a := range elements(b) {
		all[a.Attr.Type&^(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER)] = a.Value
	}
	return all
}

// elements returns the attributes of a list in order; what is malformed has none.
func elements(b []byte) []syscall.NetlinkRouteAttr {
	all, err := nl.ParseRouteAttr(b)
	if err != nil {
		return nil
	}
	return all
}

// number reads an attribute of 32 bits; one that is not there is 0.
func number(b []byte) uint32 {
	if len(b) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

// dump calls f for every object of a kind with its family and attributes. It takes a socket of its own.
func dump(what string, get, object int, f func(family byte, attrs map[uint16][]byte)) error {
	r := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_NFTABLES<<8|get, unix.NLM_F_DUMP)
	r.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_UNSPEC, Version: unix.NFNETLINK_V0})
	messages, err := r.Execute(unix.NETLINK_NETFILTER, uint16(unix.NFNL_SUBSYS_NFTABLES<<8|object))
	if err != nil && !errors.Is(err, nl.ErrDumpInterrupted) {
		return &opError{"list the " + what, err}
	}
	for _, m := range messages {
		if len(m) < nl.SizeofNfgenmsg {
			return fmt.Errorf("list the %s: %d bytes are no object", what, len(m))
		}
		f(m[0], attributes(m[nl.SizeofNfgenmsg:]))
	}
	return nil
}

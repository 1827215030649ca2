//go:build linux || darwin

package gateway

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"runtime"
	"syscall"

	"httptap/stack/icmpv4"
	"httptap/stack/ipv4"
)

// A pinger is a datagram socket for ICMP, which Linux and macOS have without privilege: the kernel
// lets nothing but echo requests out. icmp(7): "It is possible to create datagram sockets ... and the
// identifier is set to the socket's local port", on Linux.
type pinger struct {
	net.Conn
	wait *waiter
	to   netip.Addr
	id   uint16 // macOS leaves it to us, and gives us others' answers, too
	out  []byte
}

// pingSystem opens a socket of this machine.
func pingSystem(to netip.Addr) (Pinger, error) {
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, syscall.IPPROTO_ICMP)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	switch {
	case (errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM)) && runtime.GOOS == "linux":
		return nil, fmt.Errorf("%w: the group of this process is not in net.ipv4.ping_group_range; 'sudo sysctl net.ipv4.ping_group_range=\"0 2147483647\"' lets everybody ping", ErrNoPing)
	case err != nil:
		return nil, fmt.Errorf("%w: no ICMP socket: %w", ErrNoPing, os.NewSyscallError("socket", err))
	}
	f := os.NewFile(uintptr(fd), "ping")
	defer f.Close() // the connection has a copy
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, os.NewSyscallError("setnonblock", err)
	}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Addr: to.As4()}); err != nil {
		return nil, os.NewSyscallError("connect", err)
	}
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	reportErrors(c)
	return &pinger{Conn: c, wait: newWaiter(c), to: to, id: uint16(rand.Uint32())}, nil
}

func (p *pinger) Send(seq uint16, data []byte) error {
	p.out = icmpv4.AppendEcho(p.out[:0], icmpv4.TypeEcho, p.id, seq, data)
	_, err := p.Conn.Write(p.out)
	return err
}

func (p *pinger) Wait() error { return p.wait.wait() }

func (p *pinger) Receive(buf []byte) (seq uint16, data []byte, err error) {
	for {
		n, err := p.Conn.Read(buf)
		if err != nil {
			return 0, nil, err
		}
		b := buf[:n]
		if runtime.GOOS == "darwin" {
			whole, err := ipv4.ParseQuote(b) // its length is in another order, and without the header's
			if err != nil || whole.Src() != p.to.As4() {
				continue
			}
			b = whole.Payload()
		}
		m, err := icmpv4.Parse(b)
		if err != nil || m.Type() != icmpv4.TypeEchoReply || runtime.GOOS == "darwin" && m.ID() != p.id {
			continue
		}
		return m.Seq(), m.Body(), nil
	}
}

func (p *pinger) Said(err error) answer { return reported(p.Conn, err) }

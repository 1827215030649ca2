package doctor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"httptap/stack/dhcpv4"
	"httptap/stack/ethernet"
	"httptap/stack/ipv4"
	"httptap/stack/link"
	"httptap/stack/sum"
	"httptap/stack/udp"
)

// How long servers have for their offers: most answer at once, so that there is no need to wait for
// more of them for long. But dnsmasq pings an address for three seconds before it offers it.
const (
	discoverMore  = 2 * time.Second
	discoverFirst = 4 * time.Second
)

// discover sends one DHCPDISCOVER through a packet socket and returns who answers. Nothing is taken:
// an offer that nobody asks for is forgotten by its server.
func discover(ctx context.Context, nic Interface) ([]netip.Addr, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, denied("a packet socket", err)
	}
	defer unix.Close(fd)
	protocol := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, ethernet.TypeIPv4))
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: nic.Index}); err != nil {
		return nil, denied("a packet socket on "+nic.Name, err)
	}
	xid := rand.Uint32()
	if _, err := unix.Write(fd, discovery(nic.HardwareAddr, xid)); err != nil {
		return nil, denied("send on "+nic.Name, err)
	}
	var servers []netip.Addr
	buf, start := make([]byte, 1<<16), time.Now()
	for ctx.Err() == nil {
		wait := discoverFirst - time.Since(start)
		if len(servers) > 0 {
			wait = discoverMore - time.Since(start)
		}
		if wait <= 0 {
			break
		}
		// In pieces, so that the end of ctx is noticed.
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(poll, int(min(wait, 100*time.Millisecond)/time.Millisecond)+1)
		switch {
		case errors.Is(err, unix.EINTR) || err == nil && n == 0:
			continue
		case err != nil:
			return servers, fmt.Errorf("wait for offers: %w", err)
		}
		if n, err = unix.Read(fd, buf); err != nil {
			return servers, fmt.Errorf("read offers: %w", err)
		}
		if server, ok := offer(buf[:n], xid); ok && !slices.Contains(servers, server) {
			servers = append(servers, server)
		}
	}
	return servers, ctx.Err()
}

// discovery returns the frame of a DHCPDISCOVER.
func discovery(hw link.Addr, xid uint32) []byte {
	// RFC 2131, 4.1: "A client that cannot receive unicast IP datagrams until its protocol software has
	// been configured with an IP address SHOULD set the BROADCAST bit".
	msg := dhcpv4.AppendHeader(nil, dhcpv4.Header{Op: dhcpv4.OpRequest, XID: xid, Broadcast: true, HardwareAddr: hw})
	msg = dhcpv4.AppendOption(msg, dhcpv4.OptType, byte(dhcpv4.Discover))
	msg = dhcpv4.AppendEnd(msg, 0)
	frame := ethernet.Append(nil, link.Broadcast, hw, ethernet.TypeIPv4)
	head := len(frame)
	frame = append(frame, make([]byte, ipv4.HeaderLen+udp.HeaderLen)...)
	frame = append(frame, msg...)
	h := ipv4.Header{TTL: 64, Protocol: ipv4.ProtoUDP, Dst: [4]byte{255, 255, 255, 255}}
	ipv4.Put(frame[head:], h, udp.HeaderLen+len(msg))
	udp.Put(frame[head+ipv4.HeaderLen:], dhcpv4.ClientPort, dhcpv4.ServerPort, len(msg), sum.Pseudo4(h.Src, h.Dst, ipv4.ProtoUDP, udp.HeaderLen+len(msg)))
	return frame
}

// offer reads a frame and returns which server answers our message with it.
func offer(frame []byte, xid uint32) (server netip.Addr, ok bool) {
	f, err := ethernet.Parse(frame)
	if err != nil || f.Type() != ethernet.TypeIPv4 {
		return server, false
	}
	p, err := ipv4.Parse(f.Payload())
	if err != nil || p.Protocol() != ipv4.ProtoUDP {
		return server, false
	}
	d, err := udp.Parse(p.Payload())
	if err != nil || d.SrcPort() != dhcpv4.ServerPort {
		return server, false
	}
	m, err := dhcpv4.Parse(d.Payload())
	if err != nil || m.XID() != xid || m.Op() != dhcpv4.OpReply {
		return server, false
	}
	if id, ok := m.Addr(dhcpv4.OptServer); ok {
		return netip.AddrFrom4(id), true
	}
	return netip.AddrFrom4(p.Src()), true
}

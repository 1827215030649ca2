package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/link/pipe"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	gstack "gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

const nic = 1

// peers are two stacks of gVisor on its pipe link, by which one stack calls the other.
type peers struct{ a, b *gstack.Stack }

var peerA, peerB = tcpip.AddrFrom4(addrA.As4()), tcpip.AddrFrom4(addrB.As4())

// newPeers starts them. Without Ethernet, its headers and ARP, gVisor is a little faster, so
// that is what it is measured with where neither is the subject.
func newPeers(buffer int, withEthernet bool) (*peers, error) {
	hwA, hwB := tcpip.LinkAddress("\x02\x00\x00\x00\x00\x0a"), tcpip.LinkAddress("\x02\x00\x00\x00\x00\x0b")
	pa, pb := pipe.New(hwA, hwB, mtu)
	var la, lb gstack.LinkEndpoint = pa, pb
	if withEthernet {
		la, lb = ethernet.New(la), ethernet.New(lb)
	}
	a, err := newPeer(la, peerA, buffer)
	if err != nil {
		return nil, err
	}
	b, err := newPeer(lb, peerB, buffer)
	if err != nil {
		a.Close()
		return nil, err
	}
	return &peers{a, b}, nil
}

// newPeer starts a stack with what its users switch on, SACK and receive buffers that grow, and
// without RACK, which makes it slower on a link without loss: it is measured at its best.
func newPeer(l gstack.LinkEndpoint, addr tcpip.Address, buffer int) (*gstack.Stack, error) {
	s := gstack.New(gstack.Options{
		NetworkProtocols:   []gstack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []gstack.TransportProtocolFactory{tcp.NewProtocol},
	})
	sack, grow, rack := tcpip.TCPSACKEnabled(true), tcpip.TCPModerateReceiveBufferOption(true), tcpip.TCPRecovery(0)
	errs := []tcpip.Error{
		s.SetTransportProtocolOption(tcp.ProtocolNumber, &sack),
		s.SetTransportProtocolOption(tcp.ProtocolNumber, &grow),
		s.SetTransportProtocolOption(tcp.ProtocolNumber, &rack),
	}
	if buffer > 0 {
		errs = append(errs,
			s.SetTransportProtocolOption(tcp.ProtocolNumber, &tcpip.TCPSendBufferSizeRangeOption{Min: tcp.MinBufferSize, Default: buffer, Max: max(buffer, tcp.MaxBufferSize)}),
			s.SetTransportProtocolOption(tcp.ProtocolNumber, &tcpip.TCPReceiveBufferSizeRangeOption{Min: tcp.MinBufferSize, Default: buffer, Max: max(buffer, tcp.MaxBufferSize)}))
	}
	errs = append(errs, s.CreateNIC(nic, l),
		s.AddProtocolAddress(nic, tcpip.ProtocolAddress{
			Protocol:          ipv4.ProtocolNumber,
			AddressWithPrefix: tcpip.AddressWithPrefix{Address: addr, PrefixLen: 24},
		}, gstack.AddressProperties{}))
	for _, err := range errs {
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("gVisor: %w", errors.New(err.String()))
		}
	}
	s.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
	return s, nil
}

func (p *peers) listen(port uint16) (net.Listener, error) {
	return gonet.ListenTCP(p.b, tcpip.FullAddress{NIC: nic, Port: port}, ipv4.ProtocolNumber)
}

func (p *peers) dial(port uint16) (net.Conn, error) {
	return gonet.DialContextTCP(context.Background(), p.a, tcpip.FullAddress{NIC: nic, Addr: peerB, Port: port}, ipv4.ProtocolNumber)
}

func (p *peers) segments() uint64 {
	return p.a.Stats().TCP.SegmentsSent.Value() + p.b.Stats().TCP.SegmentsSent.Value()
}

func (p *peers) close() {
	p.a.Close()
	p.b.Close()
}

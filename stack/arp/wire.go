package arp

import (
	"encoding/binary"
	"errors"

	"httptap/stack/link"
)

// PacketLen is the length in bytes of a packet for IPv4 over Ethernet.
const PacketLen = 28

// Operations. IANA, "ARP Parameters"
const (
	OpRequest = 1
	OpReply   = 2
)

const (
	hardwareEthernet = 1
	hardwareAX25     = 3
	hardwareIEEE802  = 6 // the same addresses, in token rings and old bridges
	protocolIPv4     = 0x0800
)

// Errors of Parse and Receive.
var (
	ErrTruncated = errors.New("arp: shorter than the 28 bytes of a packet")
	ErrHardware  = errors.New("arp: hardware is not Ethernet with 6 byte addresses")
	ErrProtocol  = errors.New("arp: protocol is not IPv4 with 4 byte addresses")
	ErrSender    = errors.New("arp: the sender's hardware address is zero or a group")
	ErrSenderIP  = errors.New("arp: the sender's IP address is a group or loopback")
	ErrOperation = errors.New("arp: neither a request nor a reply")
	ErrOurs      = errors.New("arp: another station claims our address")
)

// A Packet is a checked view of an ARP packet. [Parse] is the only way to get one, and after
// it no method can panic.
type Packet struct{ b []byte }

// Parse checks b and returns the packet at its start; padding behind it is not part of it. It
// fails with ErrTruncated, ErrHardware or ErrProtocol.
func Parse(b []byte) (Packet, error) {
	switch {
	case len(b) < PacketLen:
		return Packet{}, ErrTruncated
	case binary.BigEndian.Uint16(b[0:2]) != hardwareEthernet || b[4] != 6:
		return Packet{}, ErrHardware
	case binary.BigEndian.Uint16(b[2:4]) != protocolIPv4 || b[5] != 4:
		return Packet{}, ErrProtocol
	}
	return Packet{b[:PacketLen]}, nil
}

// Op returns the operation.
func (p Packet) Op() uint16 { return binary.BigEndian.Uint16(p.b[6:8]) }

// SenderHW returns the sender's hardware address.
func (p Packet) SenderHW() link.Addr { return link.Addr(p.b[8:14]) }

// SenderIP returns the sender's IPv4 address; zero in a probe.
func (p Packet) SenderIP() [4]byte { return [4]byte(p.b[14:18]) }

// TargetHW returns the target's hardware address; without meaning in a request.
func (p Packet) TargetHW() link.Addr { return link.Addr(p.b[18:24]) }

// TargetIP returns the target's IPv4 address.
func (p Packet) TargetIP() [4]byte { return [4]byte(p.b[24:28]) }

// Append appends a packet to dst.
func Append(dst []byte, op uint16, sha link.Addr, spa [4]byte, tha link.Addr, tpa [4]byte) []byte {
	dst = append(dst, 0, hardwareEthernet, protocolIPv4>>8, protocolIPv4&0xff, 6, 4, byte(op>>8), byte(op))
	dst = append(dst, sha[:]...)
	dst = append(dst, spa[:]...)
	dst = append(dst, tha[:]...)
	return append(dst, tpa[:]...)
}

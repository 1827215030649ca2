package pcap

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"httptap/pcap/pcapng"
)

// A madeCase is a capture whose frames this file makes: what no peer sends, or seldom.
type madeCase struct {
	name   string // PROTOCOL/CASE
	what   string
	frames [][]byte
	wire   int // bytes on the wire of each frame; 0: all
}

func ether(typ layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: []byte{2, 0, 0, 0, 0, 1}, DstMAC: []byte{2, 0, 0, 0, 0, 2}, EthernetType: typ}
}

func fromUs(proto layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, Protocol: proto, SrcIP: []byte{192, 0, 2, 1}, DstIP: []byte{192, 0, 2, 2}}
}

// datagram is a UDP datagram of ours.
func datagram(t testing.TB, src, dst layers.UDPPort, payload []byte) []byte {
	ip := fromUs(layers.IPProtocolUDP)
	u := &layers.UDP{SrcPort: src, DstPort: dst}
	u.SetNetworkLayerForChecksum(ip)
	return frame(t, ether(layers.EthernetTypeIPv4), ip, u, gopacket.Payload(payload))
}

// changed returns a copy with other bytes from an offset on.
func changed(b []byte, at int, with ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], with)
	return b
}

func madeCases(t testing.TB) []madeCase {
	syn := synFrame(t)
	echo := frame(t, ether(layers.EthernetTypeIPv4), fromUs(layers.IPProtocolICMPv4),
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: 7, Seq: 1}, gopacket.Payload("abcdefghijklmnopqrstuvwxyz"))
	back := fromUs(layers.IPProtocolICMPv4)
	back.SrcIP, back.DstIP = back.DstIP, back.SrcIP
	unreachable := frame(t, ether(layers.EthernetTypeIPv4), back,
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 3)}, gopacket.Payload(datagram(t, 40000, 53, bytes.Repeat([]byte{0}, 40))[14:42]))
	text := datagram(t, 40000, 40001, []byte("text with \x1b[2J in it, \"quoted\", and a lot of it: more than fits on a line of a dump"))
	return append(slices.Concat(linkCases(), tlsCases(t), quicCases(t), udpCases(t), dhcpv6Cases(t)), []madeCase{
		{"ethernet/unknown-type", "an EtherType that nobody knows", [][]byte{frame(t, ether(0x88b5), gopacket.Payload("local experiment"))}, 0},
		{"ethernet/short", "a frame that ends in its own header", [][]byte{syn[:9]}, 0},
		{"ethernet/empty", "a frame of no bytes", [][]byte{{}}, 0},
		{"ethernet/padding", "a segment, and Ethernet's padding behind it", [][]byte{append(bytes.Clone(syn), 0, 0, 0, 0, 0, 0)}, 0},
		{"ipv4/bad-checksum", "a header checksum that is wrong", [][]byte{changed(syn, 24, syn[24]^1)}, 0},
		{"ipv4/lying-length", "a total length of more bytes than there are", [][]byte{changed(syn, 16, 1, 0)}, 0},
		{"ipv4/short-header", "a header length under the least", [][]byte{changed(syn, 14, 0x44)}, 0},
		{"ipv4/options", "a record-route option, a timestamp option of an impossible length", [][]byte{
			frame(t, ether(layers.EthernetTypeIPv4), &layers.IPv4{Version: 4, TTL: 64, Protocol: 253, SrcIP: []byte{192, 0, 2, 1}, DstIP: []byte{192, 0, 2, 2},
				Options: []layers.IPv4Option{{OptionType: 7, OptionLength: 7, OptionData: []byte{4, 192, 0, 2, 9}}, {OptionType: 0}}}, gopacket.Payload("x")),
			changed(frame(t, ether(layers.EthernetTypeIPv4), &layers.IPv4{Version: 4, TTL: 64, Protocol: 253, SrcIP: []byte{192, 0, 2, 1}, DstIP: []byte{192, 0, 2, 2},
				Options: []layers.IPv4Option{{OptionType: 68, OptionLength: 4, OptionData: []byte{5, 0}}}}), 35, 200),
		}, 0},
		{"tcp/bad-checksum", "a segment whose checksum is wrong", [][]byte{changed(syn, 50, 0xbe, 0xef)}, 0},
		{"tcp/bad-offset", "a data offset of more bytes than there are", [][]byte{changed(syn, 46, 0xf0)}, 0},
		{"tcp/snapped", "a segment of which the capture kept 40 bytes", [][]byte{syn[:40]}, 54},
		{"tcp/cut", "a segment that ends in its header", [][]byte{syn[:40]}, 0},
		{"udp/data", "a datagram that no layer explains, with text that is meant for a terminal", [][]byte{text}, 0},
		{"udp/bad-length", "a length under the least", [][]byte{changed(text, 38, 0, 3)}, 0},
		{"icmpv4/echo", "an echo request", [][]byte{echo}, 0},
		{"icmpv4/unreachable", "a port is unreachable: the quoted datagram is cut, as the RFC has it", [][]byte{unreachable}, 0},
		{"dns/loop", "a name that points at itself", [][]byte{datagram(t, 40000, 53, []byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1})}, 0},
		{"dns/cut", "a question that ends in its name", [][]byte{datagram(t, 40000, 53, []byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w'})}, 0},
		{"arp/hardware", "a reverse request, AX.25, frame relay, an address of eight bytes, IPv6, nothing", [][]byte{
			etherOf("8035 0001 0800 06 04 0003 020000000001 00000000 020000000001 00000000"),
			etherOf("0806 0003 00cc 07 04 0001 01020304050607 c0000201 00000000000000 c0000202"),
			etherOf("0806 000f 0800 02 04 0009 1841 c0000201 1842 c0000202"),
			etherOf("0806 0001 0800 08 04 0001 0200000000010203 c0000201 0000000000000000 c0000202"),
			etherOf("0806 0001 86dd 06 10 0001 020000000001 20010db8000000000000000000000001 000000000000 20010db8000000000000000000000002"),
			etherOf("0806 0001 0800 00 00 0001"),
		}, 0},
		{"arp/short", "a request that ends in its addresses", [][]byte{append(frame(t, ether(layers.EthernetTypeARP)), 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0)}, 0},
		{"ntp/short", "a message of 20 bytes", [][]byte{datagram(t, 40000, 123, append([]byte{0x23}, make([]byte, 19)...))}, 0},
		{"dhcpv4/bad-option", "an option that reaches past the end", [][]byte{datagram(t, 68, 67, append(append(append([]byte{1, 1, 6, 0}, make([]byte, 232)...), 99, 130, 83, 99), 53, 1, 1, 12, 200, 'h'))}, 0},
	}...)
}

// file returns the case as a capture.
func (c *madeCase) file() []byte {
	b := pcapng.AppendSection(nil, &pcapng.Section{Comment: "made by madeCases of pcap/made_test.go: " + c.what})
	b = pcapng.AppendInterface(b, &pcapng.Interface{LinkType: pcapng.LinkEthernet, Name: "made"})
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC).UnixNano()
	for i, f := range c.frames {
		b = pcapng.AppendPacket(b, &pcapng.Packet{Nanos: at + int64(i)*1e6, Data: f, Length: c.wire})
	}
	return b
}

func (c *madeCase) path() string {
	return filepath.Join(captures, filepath.FromSlash(c.name)+".pcapng")
}

func writeMade(t *testing.T) {
	for _, c := range madeCases(t) {
		if err := os.MkdirAll(filepath.Dir(c.path()), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(c.path(), c.file(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMadeCasesAreWhatTheySay: the captures that say that they are made here are.
func TestMadeCasesAreWhatTheySay(t *testing.T) {
	for _, c := range madeCases(t) {
		b, err := os.ReadFile(c.path())
		if err != nil || !bytes.Equal(b, c.file()) {
			t.Errorf("%s is not what this test makes (%v): go test ./pcap -run TestGolden -update", c.name, err)
		}
	}
}

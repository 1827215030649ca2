package filter

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// A caught is one frame of a capture.
type caught struct {
	file string
	data []byte
	wire int
}

// captures returns the Ethernet frames of the repository's captures, of the public ones where they
// are, and some that are made here, so that there always are frames of each protocol.
func captures(t testing.TB) []caught {
	t.Helper()
	dir := os.Getenv("HTTPTAP_CAPTURES")
	if dir == "" {
		dir = "../../../shared/captures/pcapplusplus"
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.*cap*"))
	own, _ := filepath.Glob("../../testdata/captures/*/*.pcap*")
	list := made(t)
	for _, name := range append(files, own...) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, readCapture(filepath.Base(name), b)...)
	}
	return list
}

// readCapture returns the frames of a file when it is one of Ethernet frames.
func readCapture(name string, b []byte) (list []caught) {
	var r interface {
		ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
		LinkType() layers.LinkType
	}
	var err error
	if r, err = pcapgo.NewReader(bytes.NewReader(b)); err != nil {
		if r, err = pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.DefaultNgReaderOptions); err != nil {
			return nil
		}
	}
	for r.LinkType() == layers.LinkTypeEthernet {
		data, info, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) || err != nil {
			break
		}
		list = append(list, caught{name, slices.Clone(data), info.Length})
	}
	return list
}

// made returns frames of every protocol that the rooms explain.
func made(t testing.TB) (list []caught) {
	mac1, mac2 := []byte{2, 0, 0x5e, 0x10, 0, 1}, []byte{2, 0, 0x5e, 0x10, 0, 2}
	broadcast := []byte{255, 255, 255, 255, 255, 255}
	add := func(ls ...gopacket.SerializableLayer) {
		b := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...); err != nil {
			t.Fatal(err)
		}
		list = append(list, caught{"made here", slices.Clone(b.Bytes()), len(b.Bytes())})
	}
	ip := func(proto layers.IPProtocol, back bool, ttl uint8) (*layers.Ethernet, *layers.IPv4) {
		e := &layers.Ethernet{SrcMAC: mac1, DstMAC: mac2, EthernetType: layers.EthernetTypeIPv4}
		p := &layers.IPv4{Version: 4, IHL: 5, TTL: ttl, Id: uint16(1000 + len(list)), Protocol: proto, SrcIP: []byte{10, 0, 0, 1}, DstIP: []byte{192, 0, 2, 80}}
		if back {
			e.SrcMAC, e.DstMAC, p.SrcIP, p.DstIP = mac2, mac1, p.DstIP, p.SrcIP
		} else {
			p.Flags = layers.IPv4DontFragment
		}
		return e, p
	}
	udp := func(src, dst uint16, payload gopacket.SerializableLayer) {
		e, p := ip(layers.IPProtocolUDP, src < dst, 64)
		u := &layers.UDP{SrcPort: layers.UDPPort(src), DstPort: layers.UDPPort(dst)}
		_ = u.SetNetworkLayerForChecksum(p)
		add(e, p, u, payload)
	}
	tcp := func(src, dst uint16, h layers.TCP, payload string) {
		e, p := ip(layers.IPProtocolTCP, src < dst, 57)
		h.SrcPort, h.DstPort = layers.TCPPort(src), layers.TCPPort(dst)
		_ = h.SetNetworkLayerForChecksum(p)
		add(e, p, &h, gopacket.Payload(payload))
	}
	add(&layers.Ethernet{SrcMAC: mac1, DstMAC: broadcast, EthernetType: layers.EthernetTypeARP},
		&layers.ARP{AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1, SourceHwAddress: mac1, SourceProtAddress: []byte{10, 0, 0, 1}, DstHwAddress: make([]byte, 6), DstProtAddress: []byte{10, 0, 0, 254}})
	add(&layers.Ethernet{SrcMAC: mac2, DstMAC: mac1, EthernetType: layers.EthernetTypeARP},
		&layers.ARP{AddrType: 1, Protocol: 0x800, HwAddressSize: 6, ProtAddressSize: 4, Operation: 2, SourceHwAddress: mac2, SourceProtAddress: []byte{10, 0, 0, 254}, DstHwAddress: mac1, DstProtAddress: []byte{10, 0, 0, 1}})
	question := layers.DNSQuestion{Name: []byte("www.example.com"), Type: layers.DNSTypeA, Class: layers.DNSClassIN}
	udp(50001, 53, &layers.DNS{ID: 0x1234, RD: true, Questions: []layers.DNSQuestion{question}})
	udp(53, 50001, &layers.DNS{ID: 0x1234, QR: true, RD: true, RA: true, Questions: []layers.DNSQuestion{question}, Answers: []layers.DNSResourceRecord{
		{Name: question.Name, Type: layers.DNSTypeCNAME, Class: layers.DNSClassIN, TTL: 300, CNAME: []byte("web.example.net")},
		{Name: []byte("web.example.net"), Type: layers.DNSTypeA, Class: layers.DNSClassIN, TTL: 60, IP: []byte{192, 0, 2, 80}},
		{Name: []byte("web.example.net"), Type: layers.DNSTypeA, Class: layers.DNSClassIN, TTL: 60, IP: []byte{198, 51, 100, 7}}}})
	udp(53, 50002, &layers.DNS{ID: 0x1235, QR: true, ResponseCode: layers.DNSResponseCodeNXDomain, Questions: []layers.DNSQuestion{{Name: []byte("nope.example.org"), Type: layers.DNSTypeAAAA, Class: layers.DNSClassIN}}})
	for typ := layers.DHCPMsgTypeDiscover; typ <= layers.DHCPMsgTypeNak; typ++ {
		o := layers.DHCPOptions{layers.NewDHCPOption(layers.DHCPOptMessageType, []byte{byte(typ)}), layers.NewDHCPOption(layers.DHCPOptHostname, []byte("Probe-7")),
			layers.NewDHCPOption(layers.DHCPOptLeaseTime, []byte{0, 0, 14, 16}), layers.NewDHCPOption(layers.DHCPOptDNS, []byte{10, 0, 0, 53, 10, 0, 1, 53}),
			layers.NewDHCPOption(layers.DHCPOptParamsRequest, []byte{1, 3, 6, 15}), layers.NewDHCPOption(layers.DHCPOptEnd, nil)}
		udp(68, 67, &layers.DHCPv4{Operation: layers.DHCPOpRequest, HardwareType: 1, HardwareLen: 6, Xid: 0xfe089c15, ClientIP: make([]byte, 4), YourClientIP: []byte{10, 0, 0, 7}, NextServerIP: make([]byte, 4), RelayAgentIP: make([]byte, 4), ClientHWAddr: mac1, ServerName: append([]byte("boot.example"), make([]byte, 52)...), File: make([]byte, 128), Options: o})
	}
	udp(123, 124, &layers.NTP{Version: 4, Mode: 4, Stratum: 2, Poll: 6, Precision: -20, RootDelay: 0x8000, ReferenceID: 0x0a000001, TransmitTimestamp: 0xe0000000_80000000})
	udp(50003, 123, &layers.NTP{Version: 4, Mode: 3})
	udp(40000, 40001, gopacket.Payload("\x00\x01data that nobody knows \xff\xfe"))
	for i, typ := range []uint8{8, 0, 8, 0} {
		e, p := ip(layers.IPProtocolICMPv4, typ == 0, uint8(1+i))
		add(e, p, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(typ, 0), Id: 77, Seq: uint16(i / 2)}, gopacket.Payload("abcdefgh"))
	}
	quoted := list[2].data[14:]
	for code := range uint8(5) {
		e, p := ip(layers.IPProtocolICMPv4, true, 255)
		add(e, p, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, code), Seq: 1400}, gopacket.Payload(quoted[:28]))
	}
	e, p := ip(layers.IPProtocolICMPv4, true, 255)
	add(e, p, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(11, 0)}, gopacket.Payload(quoted[:28]))
	mss := []layers.TCPOption{{OptionType: 2, OptionLength: 4, OptionData: []byte{5, 180}}, {OptionType: 4, OptionLength: 2}, {OptionType: 3, OptionLength: 3, OptionData: []byte{7}}}
	tcp(50004, 80, layers.TCP{Seq: 100, SYN: true, Window: 64240, Options: mss}, "")
	tcp(80, 50004, layers.TCP{Seq: 900, Ack: 101, SYN: true, ACK: true, Window: 65535, Options: mss[:1]}, "")
	tcp(50004, 80, layers.TCP{Seq: 101, Ack: 901, ACK: true, Window: 502}, "")
	tcp(50004, 80, layers.TCP{Seq: 101, Ack: 901, ACK: true, PSH: true, Window: 502}, "GET /index.html?q=1 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Probe/1.0\r\nAccept: */*\r\n\r\n")
	tcp(80, 50004, layers.TCP{Seq: 901, Ack: 191, ACK: true, PSH: true, Window: 501}, "HTTP/1.1 404 Not Found\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nnone\n")
	tcp(80, 50004, layers.TCP{Seq: 1000, Ack: 191, ACK: true, FIN: true, Window: 501}, "")
	tcp(50004, 80, layers.TCP{Seq: 191, RST: true, Window: 0}, "")
	tcp(50005, 9999, layers.TCP{Seq: 1, Ack: 1, ACK: true, PSH: true, Window: 9}, "\x80\x81binary")
	tcp(80, 80, layers.TCP{Seq: 3000000000, SYN: true}, "")
	tcp(22, 443, layers.TCP{Seq: 5, Ack: 6, ACK: true}, strings.Repeat("long ", 280))
	cut := list[len(list)-1]
	list = append(list, caught{"made here", cut.data[:60], cut.wire}, caught{"made here", list[3].data[:50], list[3].wire})
	return list
}

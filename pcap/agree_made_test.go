package pcap

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// madeFrames returns frames that have each option and each record that our rooms explain, named
// by what they show.
func madeFrames(t testing.TB) (list []caught) {
	for _, m := range []struct {
		name string
		make func(testing.TB) map[string][]byte
	}{
		{"tcp", madeTCP}, {"icmp", madeICMP}, {"dhcp", madeDHCP}, {"dns", madeDNS}, {"ntp", madeNTP}, {"http", madeHTTP},
		{"tls", madeTLS}, {"dtls", madeDTLS}, {"quic", madeQUIC}, {"udp", madeUDP}, {"dhcpv6", madeDHCPv6},
	} {
		frames := m.make(t)
		names := make([]string, 0, len(frames))
		for name := range frames {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			list = append(list, caught{file: m.name + " " + name, number: len(list) + 1, data: frames[name], wire: len(frames[name])})
		}
	}
	return list
}

var (
	madeMAC1, madeMAC2 = []byte{2, 0, 0x5e, 0x10, 0, 1}, []byte{2, 0, 0x5e, 0x10, 0, 2}
	madeIP1, madeIP2   = []byte{192, 0, 2, 1}, []byte{198, 51, 100, 2}
)

// inIPv4 puts a packet's payload into a frame.
func inIPv4(t testing.TB, proto layers.IPProtocol, payload []byte) []byte {
	e := &layers.Ethernet{SrcMAC: madeMAC1, DstMAC: madeMAC2, EthernetType: layers.EthernetTypeIPv4}
	p := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Id: 7, Protocol: proto, SrcIP: madeIP1, DstIP: madeIP2}
	return unpadded(frame(t, e, p, gopacket.Payload(payload)), 34+len(payload))
}

// unpadded takes away what gopacket adds to short frames.
func unpadded(b []byte, n int) []byte { return bytes.Clone(b[:n]) }

// inUDP puts a message into a datagram in a frame.
func inUDP(t testing.TB, src, dst uint16, payload []byte) []byte {
	e := &layers.Ethernet{SrcMAC: madeMAC1, DstMAC: madeMAC2, EthernetType: layers.EthernetTypeIPv4}
	p := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Id: 7, Protocol: layers.IPProtocolUDP, SrcIP: madeIP1, DstIP: madeIP2}
	u := &layers.UDP{SrcPort: layers.UDPPort(src), DstPort: layers.UDPPort(dst)}
	_ = u.SetNetworkLayerForChecksum(p)
	return unpadded(frame(t, e, p, u, gopacket.Payload(payload)), 42+len(payload))
}

// inTCP puts bytes into a segment in a frame, behind options.
func inTCP(t testing.TB, src, dst uint16, flags string, options, payload []byte) []byte {
	for len(options)%4 != 0 {
		options = append(options, 0)
	}
	h := make([]byte, 20, 60)
	h[0], h[1], h[2], h[3] = byte(src>>8), byte(src), byte(dst>>8), byte(dst)
	copy(h[4:], []byte{1, 2, 3, 4, 5, 6, 7, 8})
	h[12] = byte(20+len(options)) << 2
	for _, f := range flags {
		h[13] |= map[rune]byte{'F': 1, 'S': 2, 'R': 4, 'P': 8, 'A': 16, 'U': 32}[f]
	}
	h[14], h[15] = 0x20, 0
	seg := append(append(h, options...), payload...)
	sum := uint32(6 + len(seg))
	for _, b := range [][]byte{madeIP1, madeIP2, seg} {
		for i, v := range b {
			sum += uint32(v) << (8 * (1 - i&1))
		}
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	seg[16], seg[17] = ^byte(sum>>8), ^byte(sum)
	return inIPv4(t, layers.IPProtocolTCP, seg)
}

// madeTCP has a segment for each kind of option. RFC 9293, 3.2 and IANA, "TCP Option Kind Numbers"
func madeTCP(t testing.TB) map[string][]byte {
	frames := map[string][]byte{}
	for name, o := range map[string]string{
		"mss": "020405b4", "wscale": "030307", "sack-perm": "0402", "sack": "A:050a0000000100000002", "sack-2": "A:0512000000010000000200000005 00000009",
		"echo": "060601020304", "echo-reply": "SA:070601020304", "timestamps": "A:080a0000000100000002", "cc": "0b0600000001", "cc-new": "0c0600000001", "cc-echo": "0d0600000001",
		"partial-order": "0902", "partial-profile": "0a0380", "md5": "1312000102030405060708090a0b0c0d0e0f", "scps": "1404e000", "snack": "150600010002", "record": "1602", "corruption": "1702",
		"quick-start": "1b08 0512 00000004", "user-timeout": "1c048005", "user-timeout-seconds": "1c04 0078", "ao": "1d100102 000102030405060708090a0b",
		"mp-capable": "1e0c 0081 0102030405060708", "mp-capable-v1-syn": "1e04 0181", "mp-capable-v1": "SA:1e0c 0181 0102030405060708", "mp-capable-ack": "A:1e14 0181 0102030405060708 1112131415161718", "mp-capable-data": "A:1e16 0181 0102030405060708 1112131415161718 0064",
		"mp-capable-data-sum": "A:1e18 0181 0102030405060708 1112131415161718 0064 abcd", "mp-join-syn": "1e0c 1001 01020304 05060708", "mp-join-synack": "SA:1e10 1102 0102030405060708 11121314", "mp-join-ack": "A:1e18 1000 000102030405060708090a0b0c0d0e0f10111213",
		"dss-ack": "A:1e08 2001 01020304", "dss-ack8": "A:1e0c 2003 0102030405060708", "dss-map": "A:1e10 2004 01020304 05060708 0064 abcd", "dss-map8": "A:1e14 200c 0102030405060708 05060708 0064 abcd", "dss-all": "A:1e1c 201f 0102030405060708 1112131415161718 05060708 0064 abcd",
		"dss-nosum": "A:1e0e 2004 01020304 05060708 0064", "add-addr4": "A:1e10 3002 c0000201 0102030405060708", "add-addr4-v0": "A:1e08 3402 c0000201", "add-addr4-port": "A:1e12 3002 c0000201 1f90 0102030405060708", "add-addr-echo": "A:1e08 3102 c0000201",
		"add-addr6": "A:1e1c 3002 20010db8000000000000000000000001 0102030405060708", "add-addr6-v0": "A:1e14 3602 20010db8000000000000000000000001", "remove-addr": "A:1e05 4001 02", "mp-prio": "A:1e03 51", "mp-prio-addr": "A:1e04 5003", "mp-fail": "A:1e0c 6000 0102030405060708",
		"fastclose": "A:1e0c 7000 0102030405060708", "mp-tcprst": "RA:1e04 8102", "mp-unknown": "A:1e06 9001 0203",
		"tfo-request": "2202", "tfo-cookie": "220a0102030405060708", "acc-ecn0": "ac0b 000001 000002 000003", "acc-ecn1": "ae08 000001 000002", "acc-ecn-short": "ac05 000001",
		"exp-tfo": "fe0c f989 0102030405060708", "exp-tfo-request": "fe04 f989", "exp-acc-ecn": "fe0d acce 000001 000002 000003", "exp-unknown": "fd06 1234 0102", "exp-bare": "fd02", "tarr": "fd05 00ac 10", "unknown": "c8051234ff",
		"trailer-checksum": "1203ff", "encryption": "4504 0102", "bubba": "11031a", "eol": "00", "eol-rest": "0000010101", "nops": "01010101",
		"rvbd-probe": "4c0a01010a0000010000", "too-short": "0201", "too-long": "020805b4", "mss-odd": "020305",
	} {
		flags, hex, ok := strings.Cut(o, ":")
		if !ok {
			flags, hex = "S", o
		}
		frames[name] = inTCP(t, uint16(40000+len(frames)), 9999, flags, hexBytes(t, hex), nil)
	}
	return frames
}

// madeICMP has a message for each type.
func madeICMP(t testing.TB) map[string][]byte {
	frames := map[string][]byte{}
	quote := inUDP(t, 50001, 33434, []byte("probe"))[14:]
	padded := append(bytes.Clone(quote), make([]byte, 128-len(quote))...)
	withSum := func(b []byte, at int) []byte {
		b[at], b[at+1] = 0, 0
		sum := uint32(0)
		for i, v := range b {
			sum += uint32(v) << (8 * (1 - i&1))
		}
		for sum > 0xffff {
			sum = sum&0xffff + sum>>16
		}
		b[at], b[at+1] = ^byte(sum>>8), ^byte(sum)
		return b
	}
	extension := func(objects string) []byte { return withSum(append([]byte{0x20, 0, 0, 0}, hexBytes(t, objects)...), 2) }
	mpls := extension("000c0101 00016001 00017201")
	info := extension("001c020f 00000007 00010000 c0000205 0865746830000000 000005dc")
	info6 := extension("0018 0204 00020000 20010db8000000000000000000000001")
	for name, c := range map[string]struct {
		typ, code byte
		rest      string
		more      []byte
	}{
		"echo-reply": {0, 0, "00010002", []byte("abcdefgh12345678ABC")}, "echo": {8, 0, "00010002", []byte("abc")}, "echo-empty": {8, 0, "00010002", nil},
		"unreachable": {3, 1, "00000000", quote}, "fragmentation": {3, 4, "00000578", quote}, "quench": {4, 0, "00000000", quote}, "redirect": {5, 1, "c0000201", quote},
		"advertisement": {9, 0, "02020708", hexBytes(t, "c0000201 00000001 c0000202 80000000")}, "advertisement-mobile": {9, 16, "01020708", hexBytes(t, "c0000201 00000001 100a 0001 00c8 a000 c0000203 00 13021810 1804 01020304 c7020102")},
		"solicitation": {10, 0, "00000000", nil}, "exceeded": {11, 0, "00000000", quote}, "reassembly": {11, 1, "00000000", quote}, "parameter": {12, 0, "14000000", quote},
		"timestamp": {13, 0, "00010002", hexBytes(t, "000000010000000200000003")}, "timestamp-reply": {14, 0, "00010002", hexBytes(t, "000000010000000200000003")},
		"information": {15, 0, "00010002", nil}, "information-reply": {16, 0, "00010002", nil}, "mask": {17, 0, "00010002", hexBytes(t, "00000000")}, "mask-reply": {18, 0, "00010002", hexBytes(t, "ffffff00")},
		"traceroute": {30, 0, "00010000", hexBytes(t, "00020003 00000400 000005dc")}, "photuris": {40, 0, "00000004", quote},
		"extended-echo-name": {42, 0, "00010201", extension("0008030165746830")}, "extended-echo-index": {42, 0, "00010201", extension("0008030200000007")},
		"extended-echo-address": {42, 0, "00010200", extension("000c0303 00010400 c0000201")}, "extended-echo-address6": {42, 0, "00010200", extension("00180303 00021000 20010db8000000000000000000000001")}, "extended-echo-reply": {43, 0, "00010256", nil}, "unknown": {200, 1, "01020304", []byte("abc")},
		"exceeded-mpls": {11, 0, "00200000", append(bytes.Clone(padded), mpls...)}, "exceeded-mpls-no-length": {11, 0, "00000000", append(bytes.Clone(padded), mpls...)},
		"unreachable-interface": {3, 1, "00200000", append(bytes.Clone(padded), info...)}, "unreachable-interface6": {3, 1, "00200000", append(bytes.Clone(padded), info6...)}, "fragmentation-mpls": {3, 4, "00200578", append(bytes.Clone(padded), mpls...)}, "parameter-mpls": {12, 0, "14200000", append(bytes.Clone(padded), mpls...)},
		"exceeded-unknown-object": {11, 0, "00200000", append(bytes.Clone(padded), extension("0008c801 01020304")...)},
	} {
		frames[name] = inIPv4(t, layers.IPProtocolICMPv4, withSum(append(append([]byte{c.typ, c.code, 0, 0}, hexBytes(t, c.rest)...), c.more...), 2))
	}
	return frames
}

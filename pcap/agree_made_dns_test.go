package pcap

import (
	"encoding/binary"
	"testing"
)

// dnsText is a name in labels, in hexadecimal.
const (
	dnsHost   = "03777777076578616d706c65036f726700" // www.example.org
	dnsRoot   = "00"
	dnsBitmap = "0006400080000003"
)

// madeRecords are data of each type of record, in hexadecimal. IANA, "Resource Record (RR) TYPEs"
var madeRecords = map[string]struct {
	typ  uint16
	data string
}{
	"a": {1, "c0000201"}, "ns": {2, dnsHost}, "md": {3, dnsHost}, "mf": {4, dnsHost}, "cname": {5, dnsHost}, "soa": {6, dnsHost + dnsHost + "0000000100000e10000002580009 3a8000000e10"}, "mb": {7, dnsHost}, "mg": {8, dnsHost}, "mr": {9, dnsHost},
	"null": {10, "01020304"}, "wks": {11, "c0000201 06 40"}, "ptr": {12, dnsHost}, "hinfo": {13, "03414d44054c696e7578"}, "minfo": {14, dnsHost + dnsHost}, "mx": {15, "000a" + dnsHost}, "txt": {16, "03616263 00 02 6465"}, "rp": {17, dnsHost + dnsHost}, "afsdb": {18, "0001" + dnsHost},
	"x25": {19, "03333131"}, "isdn": {20, "03313233 0134"}, "rt": {21, "000a" + dnsHost}, "nsap": {22, "47000580"}, "nsap-ptr": {23, dnsHost}, "key": {25, "0100 03 08 03010001c0de"}, "sig": {24, "0001 08 02 00000e10 60000000 5f000000 1234" + dnsHost + "aabbccdd"},
	"px": {26, "000a" + dnsHost + dnsHost}, "gpos": {27, "0531312e32320533332e3434023530"}, "aaaa": {28, "20010db8000000000000000000000001"}, "loc": {29, "00 12 16 13 89172dd0 70be15f0 00988d20"}, "nxt": {30, dnsHost + "62010000"}, "srv": {33, "000a0014 1f90" + dnsHost},
	"naptr": {35, "0064000a 01 75 07 4532552b736970 05 215e2e2a24" + dnsHost}, "kx": {36, "000a" + dnsHost}, "cert": {37, "0001 1234 08 aabbcc"}, "a6": {38, "40 0000000000000001" + dnsHost}, "dname": {39, dnsHost},
	"apl": {42, "00011803c00002 0001 10 82 c0a8"}, "ds": {43, "1234 08 02 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}, "sshfp": {44, "04 02 0102030405"}, "ipseckey4": {45, "0a 01 02 c0000201 aabbcc"}, "ipseckey-none": {45, "0a 00 02 aabbcc"}, "ipseckey6": {45, "0a 02 02 20010db8000000000000000000000001 aabbcc"}, "ipseckey-name": {45, "0a 03 02" + dnsHost + "aabbcc"},
	"rrsig": {46, "0001 08 03 00000e10 60000000 5f000000 1234" + dnsHost + "aabbccdd"}, "nsec": {47, dnsHost + dnsBitmap}, "dnskey": {48, "0101 03 08 03010001c0dec0de"}, "dhcid": {49, "000201aabb"}, "nsec3": {50, "01 01 000a 02 aabb 14 000102030405060708090a0b0c0d0e0f10111213" + dnsBitmap}, "nsec3param": {51, "01 00 000a 02 aabb"},
	"tlsa": {52, "03 01 01 aabbccdd"}, "smimea": {53, "03 01 01 aabbccdd"}, "hip": {55, "04 02 0003 01020304 aabbcc" + dnsHost}, "cds": {59, "1234 08 02 0001020304"}, "cdnskey": {60, "0101 03 08 03010001c0dec0de"}, "openpgpkey": {61, "99010203"}, "csync": {62, "00000001 0003" + dnsBitmap}, "zonemd": {63, "00000001 01 01 000102030405060708090a0b0c0d0e0f"},
	"svcb": {64, "0001" + dnsHost + "0001 0003 02 6832"}, "https-alias": {65, "0000" + dnsHost}, "https": {65, "0001 00 00000004 00010004 00010006 0268 32 026833 00020000 0003000201bb 00040008c0000201c0000202 000500040002abcd 0006001020010db8000000000000000000000001 00ff0002abcd"},
	"spf": {99, "06763d73706631"}, "nid": {104, "000a 0102030405060708"}, "l32": {105, "000a c0000201"}, "l64": {106, "000a 0102030405060708"}, "lp": {107, "000a" + dnsHost}, "eui48": {108, "02005e100001"}, "eui64": {109, "02005efffe100001"},
	"tkey": {249, dnsHost + "60000000 60000e10 0003 0000 0004 aabbccdd 0000"}, "tsig": {250, "08686d61632d6d643507736967 2d616c670372656703696e7400 000060000000 012c 0010 000102030405060708090a0b0c0d0e0f 1234 0000 0000"}, "uri": {256, "000a 0001 687474703a2f2f61"}, "caa": {257, "80 05 6973737565 63612e74657374"}, "caa-wild": {257, "00 09 697373756577696c64 63612e74657374"}, "caa-iodef": {257, "00 05 696f646566 6d61696c746f3a61"}, "caa-unknown": {257, "00 03 616263 64"},
	"amtrelay": {260, "0a 01 c0000201"}, "dlv": {32769, "1234 08 02 0001020304"}, "unknown": {65280, "010203"}, "doa": {259, "00000001 00000002 01 00 aabb"}, "avc": {258, "03616263"}, "ninfo": {56, "03616263"}, "rkey": {57, "0000 03 08 aabb"}, "talink": {58, dnsHost + dnsHost}, "eid": {31, "0102"}, "nimloc": {32, "0102"}, "atma": {34, "0102"}, "sink": {40, "010203"}, "uinfo": {100, "0102"}, "wins": {65281, "00010000 00000002 00000384 00000001 c0000201"}, "winsr": {65282, "00010000 00000002 00000384 076578616d706c6500"}, "resinfo": {261, "03616263"},
}

// madeOptions are the options of an OPT record. IANA, "DNS EDNS0 Option Codes (OPT)"
var madeOptions = map[string]string{
	"llq": "0001 0012 0001 0001 0000 0102030405060708 00000e10", "ul": "0002 0004 00000e10", "nsid": "0003 0003 6e7331", "dau": "0005 0003 05080d", "dhu": "0006 0002 0102", "n3u": "0007 0001 01",
	"subnet4": "0008 0007 0001 18 00 c00002", "subnet6": "0008 000b 0002 38 00 20010db8000000", "expire": "0009 0004 00000e10", "cookie": "000a 0008 0102030405060708", "cookies": "000a 0010 0102030405060708 1112131415161718", "keepalive": "000b 0002 0064", "padding": "000c 0004 00000000",
	"chain": "000d 0011" + dnsHost, "keytag": "000e 0004 1234 5678", "error": "000f 0008 0012 626c6f636b", "client-tag": "0010 0002 0001", "server-tag": "0011 0002 0001", "report": "0012 0011" + dnsHost, "zoneversion": "0013 0006 02 00 00000001", "unknown": "fde9 0002 abcd",
}

// dnsAnswer is a response with one answer.
func dnsAnswer(t testing.TB, typ uint16, data []byte) []byte {
	b := hexBytes(t, "1234 8180 0001 0001 0000 0000 03777777076578616d706c6503636f6d00")
	b = binary.BigEndian.AppendUint16(b, typ)
	b = append(b, 0, 1, 0xc0, 12)
	b = binary.BigEndian.AppendUint16(b, typ)
	b = append(b, 0, 1, 0, 0, 0x0e, 0x10)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

// madeDNS has a message for each type of record, over UDP, and some of other kinds.
func madeDNS(t testing.TB) map[string][]byte {
	frames := map[string][]byte{}
	for name, r := range madeRecords {
		frames[name] = inUDP(t, 53, 50001, dnsAnswer(t, r.typ, hexBytes(t, r.data)))
	}
	for name, o := range madeOptions {
		option := hexBytes(t, o)
		b := hexBytes(t, "1234 0120 0001 0000 0000 0001 03777777076578616d706c6503636f6d00 0001 0001 00 0029 04d0 00 00 8000")
		b = binary.BigEndian.AppendUint16(b, uint16(len(option)))
		frames["opt-"+name] = inUDP(t, 50001, 53, append(b, option...))
	}
	answer := dnsAnswer(t, 1, hexBytes(t, "c0000201"))
	stream := append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)
	frames["stream"] = inTCP(t, 53, 50002, "PA", nil, stream)
	frames["stream-two"] = inTCP(t, 53, 50003, "PA", nil, append(stream, stream...))
	frames["stream-cut"] = inTCP(t, 53, 50004, "PA", nil, stream[:40])
	frames["mdns"] = inUDP(t, 5353, 5353, hexBytes(t, "0000 8400 0001 0002 0000 0000 05686f737431056c6f63616c00 0001 8001 c00c 0001 8001 00000078 0004 c0000201 c00c 0021 8001 00000078 000e 0000 0000 1f90 05686f737431c012"))
	frames["mdns-opt"] = inUDP(t, 5353, 5353, hexBytes(t, "0000 0000 0001 0000 0000 0001 05686f737431056c6f63616c00 00ff 0001 00 0029 05a0 0000 1194 0000"))
	frames["llmnr"] = inUDP(t, 50001, 5355, hexBytes(t, "0001 0000 0001 0000 0000 0000 04 77706164 00 0001 0001"))
	frames["llmnr-answer"] = inUDP(t, 5355, 50001, hexBytes(t, "0001 8400 0001 0001 0000 0000 04 77706164 00 0001 0001 c00c 0001 0001 0000001e 0004 c0000201"))
	frames["update"] = inUDP(t, 50001, 53, hexBytes(t, "1234 2800 0001 0001 0001 0000 076578616d706c6503636f6d00 0006 0001 c00c 00ff 00ff 00000000 0000 03777777c00c 0001 0001 00000e10 0004 c0000201"))
	frames["notify"] = inUDP(t, 50001, 53, hexBytes(t, "1234 2400 0001 0000 0000 0000 076578616d706c6503636f6d00 0006 0001"))
	frames["nxdomain"] = inUDP(t, 53, 50001, hexBytes(t, "1234 8583 0001 0000 0000 0000 076578616d706c6503636f6d00 0006 0001"))
	frames["dso"] = inTCP(t, 50005, 53, "PA", nil, hexBytes(t, "0018 1234 3000 0000 0000 0000 0000 0001 0008 00003a98 00003a98"))
	return frames
}

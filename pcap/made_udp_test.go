package pcap

import (
	"testing"

	"httptap/stack/field/fieldtest"
)

// Messages of protocols over UDP that nobody here sends.

// madeUDP has a message of each kind, and each attribute and value.
func madeUDP(t testing.TB) map[string][]byte {
	frames := map[string][]byte{}
	for name, m := range map[string]struct {
		src, dst uint16
		text     string
	}{
		"tftp-read": {40069, 69, "\x00\x01boot.img\x00octet\x00blksize\x001428\x00tsize\x000\x00"}, "tftp-write": {40069, 69, "\x00\x02there\x00netascii\x00"},
		"tftp-data": {69, 40069, "\x00\x03\x00\x01some of the file"}, "tftp-ack": {40069, 69, "\x00\x04\x00\x01"}, "tftp-error": {69, 40069, "\x00\x05\x00\x01File not found\x00"},
		"tftp-options": {69, 40069, "\x00\x06blksize\x001428\x00windowsize\x004\x00"},
		"syslog":       {40000, 514, "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - 'su root' failed"},
		"syslog-data":  {40000, 514, `<165>1 2003-10-11T22:14:15.003Z h evntslog 123 ID47 [exampleSDID@32473 iut="3"] An event`},
		"syslog-old":   {40000, 514, "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!"},
		"ssdp-search":  {40000, 1900, "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n"},
		"ssdp-notify":  {1900, 1900, "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\nUSN: uuid:1::upnp:rootdevice\r\n\r\n"},
		"ssdp-answer":  {1900, 40000, "HTTP/1.1 200 OK\r\nST: ssdp:all\r\nUSN: uuid:1\r\nEXT:\r\n\r\n"},
	} {
		frames[name] = inUDP(t, m.src, m.dst, []byte(m.text))
	}
	for name, m := range map[string]struct {
		port   uint16
		digits string
	}{
		"wireguard-initiation": {51820, "01000000 11223344" + bytesOf(140)}, "wireguard-response": {51820, "02000000 11223344 01020304" + bytesOf(80)},
		"wireguard-cookie": {51820, "03000000 11223344" + bytesOf(56)}, "wireguard-data": {51820, "04000000 11223344 0700000000000000" + bytesOf(64)},
		"wireguard-keepalive": {51820, "04000000 11223344 0800000000000000" + bytesOf(16)},
		"stun-request":        {3478, stunOf("0001", "0006 0007 757365723a707700 8022 0004 736f6674 0024 0004 6e0001ff 802a 0008 0102030405060708 0025 0000 0008 0014"+bytesOf(20))},
		"stun-response":       {3478, stunOf("0101", "0020 0008 0001a147e112a643 0001 0008 00010050c0000201 0020 0014 0002a147"+bytesOf(16)+"0009 0010 00000401 556e617574686f72697a6564 0015 0005 6e6f6e6365000000 0014 0005 7265616c6d000000 000a 0004 7fff8000")},
		"stun-allocate":       {3478, stunOf("0003", "0019 0004 11000000 000d 0004 00000258 0018 0001 80000000 000c 0004 40000000 0012 0008 0001a147e112a643 001a 0000 0022 0008 0102030405060708 0017 0004 01000000 8029 0008 0102030405060708")},
		"stun-discovery":      {3478, stunOf("0001", "0003 0004 00000006 802b 0008 00010050c0000201 802c 0008 00010050c0000202 8023 0008 00010050c0000203")},
		"stun-channel":        {3478, "4000 000c" + bytesOf(12)},
		"snmp-get":            {161, "302702010104067075626c6963a01a020204d2020100020100300e300c06082b060102010101000500"},
		"snmp-response":       {161, "3081c902010104067075626c6963a281bb020204d20201000201003081ae301506082b0601020101010004094c696e757820626f78300f06082b060102010103004303010203300f060a2b060102010202010a0141017f3012060a2b0601020104140101014004c0000201301306082b0601020101020006072b06010401bf08300b06072b0601020109098000300d06072b06010201090846020102300a06052b060109090201fb300a06052b0601090a420107300b06052b0601090b44026f70300906052b0601090c8200"},
		"snmp-bulk":           {161, "302402010104067075626c6963a51702010102010002010a300c300a06062b06010201010500"},
		"snmp-trap":           {162, "303702010004067075626c6963a42a06072b06010401bf084004c000020102010602011143020102300f300d06082b06010201010100040178"},
		"snmp-3":              {161, "3046020103300e02014d020300ffe304010402010304193017040580001f8804020101020102040475736572040004003016040580001f88040400a00b0201050201000201003000"},
		"snmp-3-encrypted":    {161, "3064020103300e02014d020300ffe3040107020103042d302b040580001f8804020101020102040475736572040c0000000000000000000000000408000000000000000004200000000000000000000000000000000000000000000000000000000000000000"},
	} {
		frames[name] = inUDP(t, 40000, m.port, fieldtest.Hex(m.digits))
	}
	return frames
}

// bytesOf returns the digits of n bytes, each another one.
func bytesOf(n int) string {
	const digits = "0123456789abcdef"
	var s []byte
	for i := range n {
		v := byte(i*37 + 11)
		s = append(s, digits[v>>4], digits[v&15])
	}
	return string(s)
}

// stunOf returns the digits of a message of STUN.
func stunOf(typ, attributes string) string {
	n := len(fieldtest.Hex(attributes))
	const digits = "0123456789abcdef"
	return typ + string([]byte{digits[n>>12&15], digits[n>>8&15], digits[n>>4&15], digits[n&15]}) + "2112a442 000102030405060708090a0b" + attributes
}

// udpCases are messages as they are and malformed ones.
func udpCases(t testing.TB) []madeCase {
	good := madeUDP(t)
	port := uint16(42000)
	to := func(dst uint16, payload string) []byte { port++; return inUDP(t, port, dst, []byte(payload)) }
	hex := func(dst uint16, digits string) []byte { port++; return inUDP(t, port, dst, fieldtest.Hex(digits)) }
	return []madeCase{
		{"tftp/transfer", "a request with options, their acknowledgement, a block, an acknowledgement, an error", [][]byte{good["tftp-read"], good["tftp-options"], good["tftp-data"], good["tftp-ack"], good["tftp-error"]}, 0},
		{"tftp/odd", "no operation, a name without an end, an option without a value, a block that ends in its number", [][]byte{to(69, "\x00\x09what"), to(69, "\x00\x01boot.img"), to(69, "\x00\x06blksize\x00"), to(69, "\x00\x03\x00")}, 0},
		{"wireguard/messages", "one of each", [][]byte{good["wireguard-initiation"], good["wireguard-response"], good["wireguard-cookie"], good["wireguard-data"]}, 0},
		{"wireguard/odd", "no message, reserved bytes that are set, an initiation cut short, data shorter than its tag", [][]byte{hex(51820, "09000000"+bytesOf(20)), hex(51820, "03000001 11223344"+bytesOf(56)), hex(51820, "01000000 11223344"+bytesOf(50)), hex(51820, "04000000 11223344 0700000000000000"+bytesOf(5))}, 0},
		{"syslog/messages", "of RFC 5424 and of RFC 3164", [][]byte{good["syslog"], good["syslog-data"], good["syslog-old"]}, 0},
		{"syslog/odd", "no priority, one that is too high, one with zeros, a terminal's escape", [][]byte{to(514, "no priority"), to(514, "<999>much"), to(514, "<007>zeros"), to(514, "<13>\x1b[2J\u202ehidden")}, 0},
		{"ssdp/discovery", "a search, an announcement, an answer", [][]byte{good["ssdp-search"], good["ssdp-notify"], good["ssdp-answer"]}, 0},
		{"stun/binding", "a request, a response with addresses behind the cookie, TURN's allocation, channel data", [][]byte{good["stun-request"], good["stun-response"], good["stun-allocate"], good["stun-channel"]}, 0},
		{"stun/odd", "a fingerprint that is wrong, an attribute past the end, one that nobody has, a length that it can't have", [][]byte{hex(3478, stunOf("0001", "8028 0004 00000000")), hex(3478, stunOf("0001", "0006 00ff 757365723a707700")), hex(3478, stunOf("0001", "7777 0001 78000000")), hex(3478, stunOf("0001", "0024 0002 6e000000"))}, 0},
		{"snmp/messages", "a request, a response with each type of value, a trap, version 3", [][]byte{good["snmp-get"], good["snmp-response"], good["snmp-trap"], good["snmp-3"]}, 0},
		{"snmp/odd", "a length without an end, one past the end, a value of another type, an object identifier without an end", [][]byte{hex(161, "3080020101"), hex(161, "3027 020101 04ff 7075626c6963"), hex(161, "3009 020101 0504 7075 626c"),
			hex(161, "3022 020101 0406 7075626c6963 a015 020101 020100 020100 300a 3008 0603 2b0681 0501 00")}, 0},
	}
}

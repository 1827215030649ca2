package pcap

import (
	"encoding/hex"
	"testing"

	"httptap/stack/field/fieldtest"
)

// Messages of DHCPv6 that nobody here sends.

const (
	address6 = "20010db8000000000000000000000001"
	domain6  = "076578616d706c6503636f6d00"
)

// madeDHCPv6 has each option that our room explains, in datagrams over IPv6.
func madeDHCPv6(t testing.TB) map[string][]byte {
	frames := map[string][]byte{}
	for name, digits := range map[string]string{
		"client":      "01000102 0001 000e 0001000129a1b2c3020000000001 0002 000a 00030001020000000002 0006 0004 00170018 0008 0002 0064 000e 0000",
		"association": "07000102 0003 0030 00000007 00000e10 00001518 0005 0020" + address6 + "00000e10 00001c20 000d 0004 00006f6b",
		"temporary":   "01000102 0004 0004 00000009",
		"prefix":      "01000102 0019 0029 00000007 00000e10 00001518 001a 0019 00000001 00000002 38" + address6,
		"numbers":     "01000102 0007 0001 ff 0013 0001 05 0014 0000 0020 0004 00000e10 002e 0004 00000005 0087 0002 0223",
		"auth":        "01000102 000b 000f 010100 0000000000000000 61757468 000c 0010" + address6 + "000d 0004 00026e6f",
		"classes":     "01000102 000f 0004 00026162 0010 0007 00000009 000178 0011 000b 00000009 0001 0003 616263 0012 0004 65746830",
		"servers": "01000102 0016 0010" + address6 + "0017 0020" + address6 + address6 + "001b 0010" + address6 + "001c 0010" + address6 + "001f 0010" + address6 +
			"0022 0010" + address6 + "0028 0010" + address6,
		"names": "01000102 0015 000d" + domain6 + "0018 000d" + domain6 + "001d 000d" + domain6 + "001e 000d" + domain6 + "0021 000d" + domain6 + "0040 000d" + domain6,
		"texts": "01000102 0025 0007 00000009 72656d 0026 0003 737562 0029 0004 45535435 002a 0005 4575726f70 0067 0003 687474",
		"fqdn":  "01000102 0027 0013 01 04686f7374" + domain6,
		"ntp":   "01000102 0038 0039 0001 0010" + address6 + "0002 0010" + address6 + "0003 000d" + domain6,
		"lease": "0e000102 002c 0011 01" + address6 + "0030 0010" + address6,
		"reply": "07000102 0027 0013 03 04686f7374" + domain6,
		"relay": "0c00" + address6 + address6 + "0009 000a 01000102 0008 0002 0000 0012 0001 65",
	} {
		frames[name] = overUDP6(546, 547, digits)
	}
	return frames
}

// overUDP6 returns a datagram over IPv6.
func overUDP6(src, dst uint16, digits string) []byte {
	b := fieldtest.Hex(digits)
	n := 8 + len(b)
	return overIPv6(17, hex.EncodeToString(append([]byte{byte(src >> 8), byte(src), byte(dst >> 8), byte(dst), byte(n >> 8), byte(n), 0, 0}, b...)))
}

// dhcpv6Cases are messages as they are and malformed ones.
func dhcpv6Cases(t testing.TB) []madeCase {
	good := madeDHCPv6(t)
	return []madeCase{
		{"dhcpv6/lease", "a client that asks, and what it gets", [][]byte{good["client"], good["association"], good["prefix"]}, 0},
		{"dhcpv6/relay", "a message in a relay agent's", [][]byte{good["relay"]}, 0},
		{"dhcpv6/odd", "no message, a length past the end, an association too short, addresses that are no whole ones", [][]byte{overUDP6(546, 547, "63000102"), overUDP6(546, 547, "01000102 0017 00ff"+address6),
			overUDP6(546, 547, "01000102 0003 0004 00000007"), overUDP6(546, 547, "01000102 0017 0011"+address6+"00")}, 0},
		{"dhcpv6/odd-names", "a name whose label reaches past the end, half an option, too many relays, no identifier", [][]byte{overUDP6(546, 547, "01000102 0018 0003 3f6162"), overUDP6(546, 547, "01000102 0001"),
			overUDP6(546, 547, "0c09"+address6+address6), overUDP6(546, 547, "01000102 0001 0001 00")}, 0},
	}
}

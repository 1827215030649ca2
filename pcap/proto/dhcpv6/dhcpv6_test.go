package dhcpv6_test

import (
	"strings"
	"testing"

	"httptap/pcap"
	"httptap/pcap/proto/dhcpv6"
	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

const (
	addr   = "20010db8000000000000000000000001"
	domain = "076578616d706c6503636f6d00"
)

func solicit(options string) []byte { return fieldtest.Hex("01000102" + options) }

var (
	samples = map[string][]byte{
		"client":      solicit("0001 000e 0001000129a1b2c3020000000001 0002 000a 00030001020000000002 0006 0004 00170018 0008 0002 0064 000e 0000"),
		"association": solicit("0003 0030 00000007 00000e10 00001518 0005 0020" + addr + "00000e10 00001c20 000d 0004 00006f6b"),
		"temporary":   solicit("0004 0004 00000009"),
		"prefix":      solicit("0019 0029 00000007 00000e10 00001518 001a 0019 00000001 00000002 38" + addr),
		"numbers":     solicit("0007 0001 ff 0013 0001 05 0014 0000 0020 0004 00000e10 002e 0004 00000005 0087 0002 0223"),
		"auth":        solicit("000b 000f 010100 0000000000000000 61757468 000c 0010" + addr + "000d 0004 00026e6f"),
		"classes":     solicit("000f 0004 00026162 0010 0007 00000009 000178 0011 000b 00000009 0001 0003 616263 0012 0004 65746830"),
		"servers":     solicit("0016 0010" + addr + "0017 0020" + addr + addr + "001b 0010" + addr + "001c 0010" + addr + "001f 0010" + addr + "0022 0010" + addr + "0028 0010" + addr),
		"names":       solicit("0015 000d" + domain + "0018 000d" + domain + "001d 000d" + domain + "001e 000d" + domain + "0021 000d" + domain + "0040 000d" + domain),
		"texts":       solicit("0025 0007 00000009 72656d 0026 0003 737562 0029 0004 45535435 002a 0005 4575726f70 0067 0003 687474"),
		"fqdn":        solicit("0027 0013 01 04686f7374" + domain),
		"ntp":         solicit("0038 0039 0001 0010" + addr + "0002 0010" + addr + "0003 000d" + domain),
		"lease":       solicit("002c 0011 01" + addr + "002f 0010" + addr + "0030 0010" + addr),
		"softwire":    solicit("005e 0014 005a 0010" + addr),
		"relay":       fieldtest.Hex("0c01" + addr + addr + "0009 000a 01000102 0008 0002 0000 0012 0001 65"),
		"reply":       fieldtest.Hex("07000102 0027 0006 03 04686f7374"),
		"boot":        solicit("003b 0003 687474 003c 0005 0003616263 003d 0002 0007 004f 0008 0001020000000001 0052 0004 0000003c"),
	}

	unknown   = fieldtest.Hex("63000102")
	lying     = solicit("0017 00ff" + addr)
	short     = solicit("0003 0004 00000007")
	oddServer = solicit("0017 0011" + addr + "00")
	oddName   = solicit("0018 0003 3f6162")
	cutOption = solicit("0001")
	inner     = solicit("0003 0010 00000007 00000e10 00001518 0005 0020")
	hops      = fieldtest.Hex("0c09" + addr + addr)
	noDUID    = solicit("0001 0001 00")
	deep      = solicit(strings.Repeat("002d 0050 ", 20) + strings.Repeat("00", 0x10))
	all       = [][]byte{unknown, lying, short, oddServer, oddName, cutOption, inner, hops, noDUID, deep, {}, {1}}
)

func every() [][]byte {
	list := all
	for _, b := range samples {
		list = append(list, b)
	}
	return list
}

func TestFields(t *testing.T) {
	fieldtest.Run(t, &dhcpv6.Layout, nil, []fieldtest.Case{
		{Name: "the message", Bytes: samples["client"], Field: "dhcpv6.msgtype", Want: "Solicit (1)"},
		{Name: "which option", Bytes: samples["client"], Field: "dhcpv6.option.type_str", Want: "Client Identifier"},
		{Name: "when it was made", Bytes: samples["client"], Field: "dhcpv6.duidllt.time", Want: "2022-02-18T01:28:35Z"},
		{Name: "whose it is", Bytes: samples["client"], Field: "dhcpv6.duidllt.link_layer_addr", Want: "02:00:00:00:00:01"},
		{Name: "what is asked for", Bytes: samples["client"], Field: "dhcpv6.requested_option_code", Want: "DNS recursive name server (23)"},
		{Name: "hundredths of seconds", Bytes: samples["client"], Field: "dhcpv6.elapsed_time", Want: "1000 ms"},
		{Name: "an address in its association", Bytes: samples["association"], Field: "dhcpv6.iaaddr.ip", Want: "2001:db8::1"},
		{Name: "a status in its address", Bytes: samples["association"], Field: "dhcpv6.status_code", Want: "Success (0)"},
		{Name: "a prefix", Bytes: samples["prefix"], Field: "dhcpv6.iaprefix.pref_len", Want: "56"},
		{Name: "a name", Bytes: samples["names"], Field: "dhcpv6.search_list_entry", Want: "example.com."},
		{Name: "a name that is not whole", Bytes: samples["reply"], Field: "dhcpv6.client_domain", Want: "host"},
		{Name: "the server's flags", Bytes: samples["reply"], Field: "dhcpv6.clientfqdn.server.o", Want: "Set"},
		{Name: "a relayed message", Bytes: samples["relay"], Field: "dhcpv6.xid", Want: "0x000102"},
		{Name: "NTP's own options", Bytes: samples["ntp"], Field: "dhcpv6.ntpserver.fqdn", Want: "example.com."},
		{Name: "no message", Bytes: unknown, Field: "dhcpv6.msgtype", Want: "99", Fault: "dhcpv6.msgtype.unknown"},
		{Name: "a length that lies", Bytes: lying, Field: "dhcpv6.option.length", Fault: "dhcpv6.option.length.overrun"},
		{Name: "too short", Bytes: short, Field: "dhcpv6.option.length", Fault: "dhcpv6.option.length.invalid"},
		{Name: "no whole address", Bytes: oddServer, Field: "dhcpv6.option.length", Fault: "dhcpv6.option.length.invalid"},
		{Name: "no name", Bytes: oddName, Field: "dhcpv6.search_list_entry", Fault: "dhcpv6.name.invalid"},
		{Name: "half an option", Bytes: cutOption, Field: "dhcpv6.undecoded", Fault: "dhcpv6.option.cut"},
		{Name: "too many relays", Bytes: hops, Field: "dhcpv6.hopcount", Fault: "dhcpv6.hopcount.limit"},
		{Name: "nested too deep", Bytes: deep, Field: "dhcpv6.undecoded", Fault: "malformed.depth"},
		{Name: "cut", Bytes: samples["client"][:3], Field: "dhcpv6.xid", Fault: "malformed.truncated"},
	})
}

func TestRoom(t *testing.T) { fieldtest.CheckRoom(t, &dhcpv6.Layout, nil, every()...) }

// TestFrames: tshark finds the same fields in the same places.
func TestFrames(t *testing.T) {
	var d pcap.Decoder
	var frames [][]byte
	for name, b := range samples {
		if name != "relay" { // Wireshark has a layer within the layer
			frames = append(frames, fieldtest.UDPFrame(546, 547, b))
		}
	}
	fieldtest.AgreeTshark(t, func(b []byte) []field.Span { return d.Decode(b, len(b)) }, []string{"dhcpv6"},
		[]string{"dhcpv6.relayed", "dhcpv6.option.data", "dhcpv6.class", "dhcpv6.vendorclass.length", "dhcpv6.vendoropts.enterprise.option", "dhcpv6.ntpserver.option", "dhcpv6.clientfqdn.reserved",
			"dhcpv6.clientfqdn.client.o", "dhcpv6.boot_file_url", "dhcpv6.boot_file_parameter.length", "dhcpv6.boot_file_parameter", "dhcpv6.architecture", "dhcpv6.client_link_layer.type",
			"dhcpv6.client_link_layer.addr", "dhcpv6.sol_max_rt", "dhcpv6.lq_relay_data_msg"}, frames...)
}

func FuzzFields(f *testing.F) { fieldtest.FuzzLayout(f, &dhcpv6.Layout, nil, every()...) }

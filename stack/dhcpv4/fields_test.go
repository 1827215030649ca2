package dhcpv4

import (
	"bytes"
	"encoding/hex"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
)

func TestLayout(t *testing.T) {
	fieldtest.CheckLayout(t, &Layout)
	for _, s := range more() {
		fieldtest.CheckSpec(t, s)
		if s.Ref == "" && s.Name != "dhcp.option.value" && s.Name != "dhcp.option.type" {
			t.Errorf("%s has no Ref", s.Name)
		}
	}
	// What the client and the server speak is explained.
	for _, code := range append(parameters[:], OptBroadcast, OptRequested, OptOverload, OptType, OptParameters, OptText, OptMaxMessage,
		OptClientID, OptRelayAgent) {
		if options[code].name == "Unknown" {
			t.Errorf("option %d is not explained", code)
		}
	}
}

func TestHeaderFields(t *testing.T) {
	b := AppendHeader(nil, Header{Op: OpReply, Hops: 1, XID: 0x01020304, Secs: 7, Broadcast: true, CIAddr: [4]byte{10, 0, 0, 1},
		YIAddr: [4]byte{10, 0, 0, 2}, SIAddr: [4]byte{10, 0, 0, 3}, GIAddr: [4]byte{10, 0, 0, 4}, HardwareAddr: mac})
	copy(b[offSName:], "boot host")
	copy(b[offFile:], "a\x00b")
	c := fieldtest.Decode(t, &Layout, append(b, OptEnd, 0, 0), nil)
	for name, want := range map[string]string{
		"dhcp.type": "Boot Reply (2)", "dhcp.hw.type": "Ethernet (0x01)", "dhcp.hw.len": "6 bytes", "dhcp.hops": "1",
		"dhcp.id": "0x01020304", "dhcp.secs": "7 s", "dhcp.flags": "0x8000", "dhcp.flags.bc": "Broadcast (1)",
		"dhcp.ip.client": "10.0.0.1", "dhcp.ip.your": "10.0.0.2", "dhcp.ip.server": "10.0.0.3", "dhcp.ip.relay": "10.0.0.4",
		"dhcp.hw.mac_addr": "02:00:5e:10:00:01", "dhcp.hw.addr_padding": "00000000000000000000", "dhcp.server": `"boot host"`,
		"dhcp.file": `"a\x00b` + string(bytes.Repeat([]byte(`\x00`), 125)) + `"`, "dhcp.cookie": "DHCP (99.130.83.99)",
		"dhcp.option.end": "255", "dhcp.option.padding": "0000",
	} {
		if got := fieldtest.Text(c, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	for _, s := range c.Spans {
		if s.Err != nil {
			t.Errorf("%s: %s", s.Spec.Name, s.Err.Label)
		}
	}
}

func TestOptionFields(t *testing.T) {
	for _, c := range []struct {
		option      []byte
		field, want string
	}{
		{[]byte{1, 4, 255, 255, 255, 0}, "dhcp.option.subnet_mask", "255.255.255.0"},
		{[]byte{1, 4, 255, 255, 255, 0}, "dhcp.option.type", "Subnet Mask (1)"},
		{[]byte{1, 4, 255, 255, 255, 0}, "dhcp.option.length", "4 bytes"},
		{[]byte{2, 4, 255, 255, 255, 254}, "dhcp.option.time_offset", "-2 s"},
		{[]byte{3, 8, 10, 0, 0, 1, 10, 0, 0, 2}, "dhcp.option.router", "10.0.0.1"},
		{[]byte{6, 4, 10, 0, 0, 1}, "dhcp.option.domain_name_server", "10.0.0.1"},
		{[]byte{12, 3, 'b', 'o', 'x'}, "dhcp.option.hostname", `"box"`},
		{[]byte{15, 3, 'a', 0, 27}, "dhcp.option.domain_name", `"a\x00\x1b"`},
		{[]byte{19, 1, 1}, "dhcp.option.ip_forwarding", "Enabled (1)"},
		{[]byte{21, 8, 10, 0, 0, 1, 255, 0, 0, 0}, "dhcp.option.policy_filter.subnet_mask", "255.0.0.0"},
		{[]byte{26, 2, 5, 220}, "dhcp.option.interface_mtu", "1500 bytes"},
		{[]byte{33, 8, 10, 0, 0, 1, 10, 0, 0, 2}, "dhcp.option.static_route.router", "10.0.0.2"},
		{[]byte{42, 4, 10, 0, 0, 1}, "dhcp.option.ntp_server", "10.0.0.1"},
		{[]byte{46, 1, 8}, "dhcp.option.netbios_over_tcpip_node_type", "H-node (8)"},
		{[]byte{50, 4, 10, 0, 0, 1}, "dhcp.option.requested_ip_address", "10.0.0.1"},
		{[]byte{51, 4, 0, 0, 14, 16}, "dhcp.option.ip_address_lease_time", "1h0m0s (3600)"},
		{[]byte{51, 4, 255, 255, 255, 255}, "dhcp.option.ip_address_lease_time", "infinity (1193046h28m15s (4294967295))"},
		{[]byte{53, 1, 5}, "dhcp.option.dhcp", "ACK (5)"},
		{[]byte{53, 1, 99}, "dhcp.option.dhcp", "99"},
		{[]byte{54, 4, 10, 0, 0, 1}, "dhcp.option.dhcp_server_id", "10.0.0.1"},
		{[]byte{55, 2, 121, 3}, "dhcp.option.request_list_item", "Classless Static Route (121)"},
		{[]byte{57, 2, 5, 220}, "dhcp.option.dhcp_max_message_size", "1500 bytes"},
		{[]byte{58, 4, 0, 0, 0, 60}, "dhcp.option.renewal_time_value", "1m0s (60)"},
		{[]byte{60, 3, 'P', 'X', 'E'}, "dhcp.option.vendor_class_id", `"PXE"`},
		{[]byte{61, 7, 1, 2, 0, 0, 0, 0, 9}, "dhcp.hw.mac_addr", "02:00:5e:10:00:01"}, // the header's comes first
		{[]byte{61, 4, 0, 'a', 'b', 'c'}, "dhcp.client_id.undef", `"abc"`},
		{append([]byte{61, 17, 0}, bytes.Repeat([]byte{0xab}, 16)...), "dhcp.client_id.uuid", "abababab-abab-abab-abab-abababababab"},
		{[]byte{61, 15, 255, 1, 2, 3, 4, 0, 3, 0, 1, 2, 0, 0, 0, 0, 9}, "dhcp.client_id.iaid", "0x01020304"},
		{[]byte{61, 15, 255, 1, 2, 3, 4, 0, 3, 0, 1, 2, 0, 0, 0, 0, 9}, "dhcp.client_id.duid_type", "link-layer address (3)"},
		{[]byte{80, 0}, "dhcp.option.length", "0 bytes"},
		{[]byte{81, 6, 1, 0, 0, 'b', 'o', 'x'}, "dhcp.fqdn.name", `"box"`},
		{[]byte{81, 6, 1, 0, 0, 'b', 'o', 'x'}, "dhcp.fqdn.s", "Server (1)"},
		{[]byte{81, 12, 4, 0, 0, 3, 'b', 'o', 'x', 2, 't', '.', 0, 0}[:14], "dhcp.fqdn.name", `"\x03box\x02t.\x00\x00"`},
		{[]byte{81, 11, 4, 0, 0, 3, 'b', 'o', 'x', 2, 't', '"', 0}, "dhcp.fqdn.name", `box.t\"`},
		{[]byte{82, 6, 1, 4, 'p', 'o', 'r', 't'}, "dhcp.option.agent_information_option.agent_circuit_id", "706f7274"},
		{[]byte{82, 6, 5, 4, 10, 0, 0, 1}, "dhcp.option.agent_information_option.link_selection", "10.0.0.1"},
		{[]byte{82, 4, 99, 2, 1, 2}, "dhcp.option.agent_information_option.value", "0102"},
		{[]byte{82, 6, 1, 4, 'p', 'o', 'r', 't'}, "dhcp.option.agent_information_option.suboption", "Agent Circuit ID (1)"},
		{[]byte{93, 2, 0, 7}, "dhcp.option.client_system_architecture", "EFI x64 (7)"},
		{append([]byte{97, 17, 0}, bytes.Repeat([]byte{0xab}, 16)...), "dhcp.client_id.uuid", "abababab-abab-abab-abab-abababababab"},
		{[]byte{121, 6, 8, 10, 192, 168, 10, 1}, "dhcp.option.classless_static_route", "10.0.0.0/8 via 192.168.10.1"},
		{[]byte{121, 5, 0, 192, 168, 10, 1}, "dhcp.option.classless_static_route", "0.0.0.0/0 via 192.168.10.1"},
		{[]byte{121, 9, 32, 1, 2, 3, 4, 192, 168, 10, 1}, "dhcp.option.classless_static_route", "1.2.3.4/32 via 192.168.10.1"},
		{[]byte{119, 9, 3, 'f', 'o', 'o', 0, 1, 'b', 0xc0, 0}, "dhcp.option.dhcp_dns_domain_search_list_fqdn", "foo"},
		{[]byte{77, 3, 2, 'a', 'b'}, "dhcp.option.user_class.data", "6162"},
		{[]byte{90, 31, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 32: 7}, "dhcp.option.dhcp_authentication.secret_id", "0x00000002"},
		{[]byte{120, 5, 1, 10, 0, 0, 1}, "dhcp.option.sip_server.address", "10.0.0.1"},
		{[]byte{120, 6, 0, 1, 'a', 1, 'b', 0}, "dhcp.option.sip_server.name", "a.b"},
		{[]byte{125, 9, 0, 0, 0x0d, 0xe9, 4, 4, 2, 'a', 'b'}, "dhcp.option.vi.tr111.gateway_manufacturer_oui", `"ab"`},
		{[]byte{125, 9, 0, 0, 0, 9, 4, 4, 2, 'a', 'b'}, "dhcp.vendor.data", "6162"},
		{[]byte{61, 14, 255, 1, 2, 3, 4, 0, 2, 0, 0, 0, 9, 1, 2, 3}, "dhcp.client_id.enterprise_num", "9"},
		{[]byte{68, 0}, "dhcp.option.length", "0 bytes"},
		{[]byte{200, 2, 1, 2}, "dhcp.option.value", "0102"},
		{[]byte{200, 0}, "dhcp.option.type", "200"},
	} {
		ctx := fieldtest.Decode(t, &Layout, append(message(c.option...), OptEnd), nil)
		if got := fieldtest.Text(ctx, c.field); got != c.want {
			t.Errorf("option % d: %s is %s, want %s", c.option, c.field, got, c.want)
		}
		for _, s := range ctx.Spans {
			if s.Err != nil {
				t.Errorf("option % d: %s: %s", c.option, s.Spec.Name, s.Err.Label)
			}
		}
	}
}

func TestFaults(t *testing.T) {
	change := func(b []byte, at int, v ...byte) []byte { copy(b[at:], v); return b }
	for _, c := range []struct {
		name, field string
		msg         []byte
		want        *field.Fault
	}{
		{"no end option", "dhcp.option.type", message(OptType, 1, 1), &faultNoEnd},
		{"no option at all", "dhcp.cookie", message(), &faultNoEnd},
		{"pads and no end option", "dhcp.cookie", message(0, 0), &faultNoEnd},
		{"another cookie", "dhcp.vendor_specific_options", change(message(OptType, 1, 1), offCookie, 1), &faultNoCookie},
		{"a message that ends before the cookie", "dhcp.cookie", message()[:offCookie], field.Truncated},
		{"a message that ends in the cookie", "dhcp.cookie", message()[:offCookie+2], field.Truncated},
		{"a message that ends in the file", "dhcp.file", message()[:offFile+2], field.Truncated},
		{"a message that ends in the hardware address", "dhcp.hw.mac_addr", message()[:offCHAddr+2], field.Truncated},
		{"a message that ends in the header", "dhcp.id", message()[:offXID+2], field.Truncated},
		{"a hardware address of 17 bytes", "dhcp.hw.len", change(message(OptEnd), offHLen, 17), &faultHWLen},
		{"a code without a length", "dhcp.option.type", message(OptType), &faultOption},
		{"a length without a value", "dhcp.option.length", message(OptType, 1), &faultOption},
		{"a value cut short", "dhcp.option.length", message(OptHostname, 3, 'a', 'b'), &faultOption},
		{"a type of no bytes", "dhcp.option.length", message(OptType, 0, OptEnd), &faultEmpty},
		{"a type of two bytes", "dhcp.option.length", message(OptType, 2, 1, 1, OptEnd), &faultLength},
		{"a list without an address", "dhcp.option.length", message(OptDNS, 0, OptEnd), &faultEmpty},
		{"half an address in a list", "dhcp.option.length", message(OptDNS, 6, 1, 2, 3, 4, 5, 6, OptEnd), &faultLength},
		{"half a pair", "dhcp.option.length", message(33, 4, 1, 2, 3, 4, OptEnd), &faultLength},
		{"a host name of no bytes", "dhcp.option.length", message(OptHostname, 0, OptEnd), &faultEmpty},
		{"rapid commit with a value", "dhcp.option.length", message(80, 1, 1, OptEnd), &faultLength},
		{"overload 9", "dhcp.option.option_overload", message(OptOverload, 1, 9, OptEnd), &faultOverload},
		{"a client identifier of one byte", "dhcp.option.length", message(OptClientID, 1, 1, OptEnd), &faultLength},
		{"a full name of two bytes", "dhcp.option.length", message(81, 2, 0, 0, OptEnd), &faultLength},
		{"a machine identifier of another kind", "dhcp.option.length", message(97, 3, 1, 1, 1, OptEnd), &faultLength},
		{"a route of 33 bits", "dhcp.option.rest", message(OptRoutes, 9, 33, 1, 2, 3, 4, 192, 168, 10, 1, OptEnd), &faultRoute},
		{"a route cut short", "dhcp.option.length", message(OptRoutes, 3, 24, 1, 2, OptEnd), &faultLength},
		{"no route", "dhcp.option.length", message(OptRoutes, 0, OptEnd), &faultEmpty},
		{"a suboption past the end", "dhcp.option.suboption_length", message(OptRelayAgent, 4, 1, 9, 1, 2, OptEnd), &faultOption},
		{"a suboption without a length", "dhcp.option.length", message(OptRelayAgent, 4, 1, 1, 1, 2, OptEnd), &faultLength},
		{"a relay's option of one byte", "dhcp.option.length", message(OptRelayAgent, 1, 1, OptEnd), &faultLength},
	} {
		ctx := fieldtest.Decode(t, &Layout, c.msg, nil)
		if got := fieldtest.Err(ctx, c.field); got != c.want {
			t.Errorf("%s: the fault of %s is %+v, want %+v", c.name, c.field, got, c.want)
		}
	}
}

func TestOverloadedNames(t *testing.T) {
	b := message(OptOverload, 1, 3, OptEnd)
	copy(b[offSName:], []byte{OptText, 2, 'h', 'i', OptEnd})
	copy(b[offFile:], []byte{OptHostname, 3, 'b', 'o', 'x', 0, OptRouter, 200})
	c := fieldtest.Decode(t, &Layout, b, nil)
	if got := fieldtest.Text(c, "dhcp.option.message"); got != `"hi"` {
		t.Errorf("in sname: %s", got)
	}
	if got := fieldtest.Text(c, "dhcp.option.hostname"); got != `"box"` {
		t.Errorf("in file: %s", got)
	}
	if fieldtest.Text(c, "dhcp.server") != "absent" || fieldtest.Text(c, "dhcp.file") != "absent" {
		t.Error("the names are shown, too")
	}
	overruns := 0
	for _, s := range c.Spans {
		if s.Err == &faultOption {
			overruns++
			if got := s.Uint(c.Frame); got != 200 {
				t.Errorf("the overrun is at %s %d", s.Spec.Name, got)
			}
		}
	}
	if overruns != 1 || fieldtest.Text(c, "dhcp.cookie") != "DHCP (99.130.83.99)" {
		t.Error("an option that runs past the end of file spoils what follows")
	}
}

// A capture that kept only the start of a frame is not a malformed message.
func TestSnapped(t *testing.T) {
	whole := message(OptOverload, 1, 2, OptHostname, 3, 'b', 'o', 'x', OptEnd)
	copy(whole[offSName:], []byte{OptText, 2, 'h', 'i', OptEnd})
	for n := range whole {
		var c field.Context
		c.Reset(whole[:n], len(whole))
		root := c.Begin(&Layout)
		if !c.Cut() {
			tail(&c)
		}
		c.Close(root)
		if rest := len(c.Rest()); rest > 0 {
			t.Fatalf("%d bytes: %d are left", n, rest)
		}
		if err := fieldtest.Tiles(whole[:n], c.Spans); err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		for _, s := range c.Spans {
			if s.Err != nil && s.Err != field.Snapped {
				t.Errorf("%d bytes: %s: %s", n, s.Spec.Name, s.Err.Label)
			}
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	b := everything()
	var c field.Context
	if n := testing.AllocsPerRun(100, func() {
		c.Reset(b, len(b))
		root := c.Begin(&Layout)
		tail(&c)
		c.Close(root)
	}); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}

// everything is a message with many options, one of each form.
func everything() []byte {
	b := message(53, 1, 5, 1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 0, 1, 6, 8, 10, 0, 0, 1, 10, 0, 0, 2, 51, 4, 0, 0, 14, 16,
		58, 4, 0, 0, 7, 8, 59, 4, 0, 0, 12, 78, 54, 4, 10, 0, 0, 1, 12, 3, 'b', 'o', 'x', 15, 4, 't', 'e', 's', 't', 26, 2, 5, 220,
		42, 4, 10, 0, 0, 1, 61, 7, 1, 2, 0, 0, 0, 0, 9, 55, 4, 1, 3, 6, 121, 121, 6, 8, 10, 192, 168, 10, 1,
		82, 12, 1, 4, 'p', 'o', 'r', 't', 5, 4, 10, 0, 0, 1, 81, 6, 1, 0, 0, 'b', 'o', 'x', 0, 200, 2, 1, 2, 255)
	return append(b, 0, 0, 0)
}

func BenchmarkDecode(b *testing.B) {
	msg := everything()
	b.ReportAllocs()
	var c field.Context
	for b.Loop() {
		c.Reset(msg, len(msg))
		root := c.Begin(&Layout)
		tail(&c)
		c.Close(root)
	}
}

func FuzzFields(f *testing.F) {
	f.Add(everything())
	f.Add(message())
	f.Add(message(OptOverload, 1, 3, OptEnd))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := fieldtest.Decode(t, &Layout, b, nil)
		faulty := false
		for _, s := range c.Spans {
			faulty = faulty || s.Err != nil && s.Err.Severity == field.Error
			_ = s.AppendText(nil, b, 0)
		}
		if _, err := Parse(b); err != nil && !faulty && fieldtest.Err(c, "dhcp.cookie") == nil && fieldtest.Err(c, "dhcp.vendor_specific_options") == nil {
			t.Errorf("Parse says %v, the fields are all well: %s", err, hex.EncodeToString(b))
		}
	})
}

package icmpv4

import (
	"encoding/hex"
	"strings"
	"testing"

	"httptap/stack/field"
	"httptap/stack/field/fieldtest"
	"httptap/stack/sum"
)

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// extended is a message of a type and code that quotes 128 bytes and has objects behind them. RFC 4884
func extended(t testing.TB, start, objects string, breakSum byte) []byte {
	ext := append([]byte{0x20, 0, 0, 0}, fromHex(t, objects)...)
	want := sum.Partial(0).Add(ext).Checksum()
	ext[2], ext[3] = byte(want>>8), byte(want)^breakSum
	b := append(fromHex(t, start), make([]byte, minQuote)...)
	return append(b, ext...)
}

func TestExtensions(t *testing.T) {
	for _, c := range []struct {
		name, field, want string
		b                 []byte
		fault             *field.Fault
	}{
		{"a label", "icmp.mpls.label", "22", extended(t, "0b000000 00200000", "00080101 00016101", 0), nil},
		{"with its length", "icmp.length", "32 units of 4 bytes", extended(t, "0b000000 00200000", "00080101 00016101", 0), nil},
		{"one without a length", "icmp.mpls.ttl", "1", extended(t, "0b000000 00000000", "00080101 00016101", 0), nil},
		{"that is none, the checksum says", "icmp.mpls.ttl", "absent", extended(t, "0b000000 00000000", "00080101 00016101", 1), nil},
		{"a wrong checksum", "icmp.ext.checksum", "", extended(t, "0b000000 00200000", "00080101 00016101", 1), field.BadSum},
		{"an interface's name", "icmp.int_info.name", `"eth0\x00\x00\x00"`, extended(t, "03010000 00200000", "000c0202 0865746830000000", 0), nil},
		{"an interface's address", "icmp.int_info.ipv4", "192.0.2.5", extended(t, "03010000 00200000", "000c0204 00010000 c0000205", 0), nil},
		{"an object that is too long", "icmp.ext.length", "12 bytes", extended(t, "03010000 00200000", "000c0204", 0), field.Overrun},
		{"an object that is too short", "icmp.ext.length", "3 bytes", extended(t, "03010000 00200000", "00030204", 0), field.TooShort},
		{"of a class that nobody knows", "icmp.ext.data", "0102", extended(t, "0c000000 14200000", "0006c801 0102", 0), nil},
		{"the MTU stays", "icmp.mtu", "1400 bytes", extended(t, "03040000 00200578", "00080101 00016101", 0), nil},
		{"an interface asked for by name", "icmp.int_ident.name", `"eth0"`, append(fromHex(t, "2a000000 00010201"), fromHex(t, "20000000 0008030165746830")...), nil},
		{"the answer's state", "icmp.ext.echo.rsp.state", "Reachable (2)", fromHex(t, "2b000000 00010246"), nil},
		{"a router", "icmp.router_address", "192.0.2.1", fromHex(t, "09000000 01020708 c0000201 80000000"), nil},
		{"its preference", "icmp.pref_level", "-2147483648", fromHex(t, "09000000 01020708 c0000201 80000000"), nil},
		{"fewer routers than it says", "icmp.num_addrs", "2", fromHex(t, "09000000 02020708 c0000201 80000000"), field.Overrun},
		{"an agent's address", "icmp.mip.coa", "192.0.2.3", fromHex(t, "09000000 00020708 100a0001 00c8a000 c0000203"), nil},
		{"an extension that is too long", "icmp.mip.length", "32 bytes", fromHex(t, "09000000 00020708 1020 00"), field.Overrun},
		{"a trace", "icmp.traceroute.mtu", "1500 bytes", fromHex(t, "1e000000 00010000 00020003 00000400 000005dc"), nil},
	} {
		ctx := fieldtest.Decode(t, &Layout, c.b, nil)
		if got := fieldtest.Text(ctx, c.field); c.want != "" && got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.field, got, c.want)
		}
		if got := fieldtest.Err(ctx, c.field); got != c.fault {
			t.Errorf("%s: fault %v, want %v", c.name, got, c.fault)
		}
	}
	for _, s := range more() {
		fieldtest.CheckSpec(t, s)
	}
}

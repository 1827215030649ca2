package dhcpv4

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"httptap/stack/link"
)

// message is a fixed part with the given options area.
func message(options ...byte) []byte {
	b := AppendHeader(nil, Header{Op: OpRequest, XID: 0x01020304, HardwareAddr: mac})
	return append(b, options...)
}

func TestParse(t *testing.T) {
	ok := message(OptEnd)
	for n := range ok[:HeaderLen] {
		if _, err := Parse(ok[:n]); !errors.Is(err, ErrTruncated) {
			t.Errorf("%d bytes: %v, want ErrTruncated", n, err)
		}
	}
	in := func(at int, b ...byte) func([]byte) {
		return func(msg []byte) { copy(msg[at:], b) }
	}
	for _, c := range []struct {
		name    string
		options []byte
		change  func([]byte)
		want    error
	}{
		{name: "no option at all", options: nil},
		{name: "an end", options: []byte{OptEnd}},
		{name: "pads only", options: []byte{0, 0, 0}},
		{name: "no end option is forgiven", options: []byte{OptType, 1, 1}},
		{name: "bytes behind the end are not options", options: []byte{OptEnd, 12, 200}},
		{name: "a code without a length", options: []byte{OptType}, want: ErrOption},
		{name: "a length without a value", options: []byte{OptType, 1}, want: ErrOption},
		{name: "a value cut short", options: []byte{OptHostname, 3, 'a', 'b'}, want: ErrOption},
		{name: "the length of the longest option, and no value", options: []byte{OptHostname, 255}, want: ErrOption},
		{name: "another cookie", options: []byte{OptEnd}, change: in(offCookie, 99, 130, 83, 98), want: ErrCookie},
		{name: "overload 0", options: []byte{OptOverload, 1, 0, OptEnd}, want: ErrOverload},
		{name: "overload 4", options: []byte{OptOverload, 1, 4, OptEnd}, want: ErrOverload},
		{name: "an overload of two bytes", options: []byte{OptOverload, 2, 1, 1, OptEnd}, want: ErrOverload},
		{name: "an option runs past the end of file", options: []byte{OptOverload, 1, 1, OptEnd},
			change: in(offCookie-2, OptHostname, 1), want: ErrOption},
		{name: "an option runs past the end of sname", options: []byte{OptOverload, 1, 2, OptEnd},
			change: in(offFile-1, OptHostname), want: ErrOption},
		{name: "the same in a name that is not overloaded", options: []byte{OptOverload, 1, 1, OptEnd},
			change: in(offFile-1, OptHostname)},
	} {
		b := message(c.options...)
		if c.change != nil {
			c.change(b)
		}
		if _, err := Parse(b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestOverloadAndLongOptions(t *testing.T) {
	b := message(OptDomain, 2, 'a', 'b', OptOverload, 1, 3, OptEnd, OptDomain, 1, '!')
	copy(b[offFile:], []byte{OptDomain, 2, 'c', 'd', OptHostname, 1, 'h', OptEnd, OptDomain, 1, '!'})
	copy(b[offSName:], []byte{OptDomain, 2, 'e', 'f', OptType, 1, 5, OptEnd})
	m, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := m.Option(OptDomain, nil); !ok || string(v) != "abcdef" {
		t.Errorf("joined in the order options, file, sname: %q", v)
	}
	if v, ok := m.Option(OptHostname, nil); !ok || string(v) != "h" {
		t.Errorf("in file: %q", v)
	}
	if m.Type() != ACK {
		t.Errorf("in sname: %v", m.Type())
	}
	if _, ok := m.Option(OptRouter, nil); ok {
		t.Error("an option that is not there")
	}
	for range m.Options {
		break // a loop that ends early
	}
	var buf [8]byte
	if n := testing.AllocsPerRun(100, func() {
		if v, _ := m.Option(OptDomain, buf[:]); len(v) != 6 {
			t.Fatal(v)
		}
	}); n != 0 {
		t.Errorf("%v allocations with a buffer", n)
	}

	long := bytes.Repeat([]byte("0123456789"), 60)
	m, err = Parse(AppendEnd(AppendOption(message(), OptText, long...), 0))
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := m.Option(OptText, nil); !bytes.Equal(v, long) {
		t.Errorf("an option of 600 bytes comes back with %d", len(v))
	}
	pieces := 0
	for range m.Options {
		pieces++
	}
	if pieces != 3 {
		t.Errorf("600 bytes are in %d options", pieces)
	}
}

func TestFixedLengths(t *testing.T) {
	m, err := Parse(message(OptServer, 3, 1, 2, 3, OptMTU, 1, 9, OptLeaseTime, 4, 0, 0, 1, 0, OptLeaseTime, 4, 0, 0, 2, 0,
		OptType, 2, 1, 1, OptRequested, 4, 192, 0, 2, 1, OptMaxMessage, 2, 2, 64))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := m.Addr(OptServer); ok {
		t.Error("an address of three bytes")
	}
	if _, ok := m.Uint16(OptMTU); ok {
		t.Error("a number of one byte")
	}
	if v, ok := m.Uint32(OptLeaseTime); !ok || v != 256 {
		t.Errorf("a number that is there twice is the first one, not %d", v)
	}
	if m.Type() != 0 {
		t.Error("a type of two bytes")
	}
	if v, _ := m.Addr(OptRequested); v != [4]byte{192, 0, 2, 1} {
		t.Errorf("address %v", v)
	}
	if v, _ := m.Uint16(OptMaxMessage); v != 576 {
		t.Errorf("number %d", v)
	}
}

func TestZeroMessageHasNoOptions(t *testing.T) {
	for range (Message{}).Options {
		t.Error("an option")
	}
}

// TestGolden is a DHCPDISCOVER byte for byte, so that a change of what goes on the wire is seen.
func TestGolden(t *testing.T) {
	s := newScript(t, ClientConfig{Hostname: "box", MaxMessage: 1500, Seed: 1})
	got := s.sends(Discover, "begins").b
	want := "010106002abe98b400000000" + // op, htype, hlen, hops, xid, secs, flags
		"00000000000000000000000000000000" + // ciaddr, yiaddr, siaddr, giaddr
		"02005e10000100000000000000000000" + // chaddr
		hex.EncodeToString(make([]byte, 64+128)) + // sname, file
		"63825363" + "350101" + "3d070102005e100001" + "390205dc" + "0c03626f78" +
		"370c" + "017903060c0f1a2a33363a3b" + "ff"
	for len(want) < 2*MinLen {
		want += "00"
	}
	if g := hex.EncodeToString(got); g != want {
		t.Errorf("got  %s\nwant %s", g, want)
	}
}

// TestOracle holds what the client and the server send against gopacket's decoder.
func TestOracle(t *testing.T) {
	s := newServer(t, nil)
	c := newScript(t, ClientConfig{Hostname: "box", Requested: given, MaxMessage: 1500})
	d := c.sends(Discover, "begins")
	if err := s.Receive(t0, d.b); err != nil {
		t.Fatal(err)
	}
	buf := bytes.Repeat([]byte{0xa5}, BufferLen)
	n, _ := s.Transmit(t0, buf)
	for _, b := range [][]byte{d.b, buf[:n]} {
		p := gopacket.NewPacket(b, layers.LayerTypeDHCPv4, gopacket.Default)
		o, ok := p.Layer(layers.LayerTypeDHCPv4).(*layers.DHCPv4)
		if !ok {
			t.Fatalf("gopacket: %v", p.ErrorLayer().Error())
		}
		m, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if byte(o.Operation) != m.Op() || o.Xid != m.XID() || o.Secs != m.Secs() || o.Flags&flagBroadcast != 0 != m.Broadcast() ||
			!o.ClientIP.Equal(ip(m.CIAddr())) || !o.YourClientIP.Equal(ip(m.YIAddr())) || !o.NextServerIP.Equal(ip(m.SIAddr())) ||
			!o.RelayAgentIP.Equal(ip(m.GIAddr())) || link.Addr(o.ClientHWAddr) != m.HardwareAddr() ||
			byte(o.HardwareType) != m.HType() || o.HardwareLen != m.HLen() || o.HardwareOpts != m.Hops() {
			t.Errorf("the header is %+v", o)
		}
		i := 0
		for code, v := range m.Options {
			if i >= len(o.Options) || byte(o.Options[i].Type) != code || !bytes.Equal(o.Options[i].Data, v) {
				t.Fatalf("option %d: %d % x, gopacket has %v", i, code, v, o.Options)
			}
			i++
		}
		if i != len(o.Options) && o.Options[i].Type != layers.DHCPOptEnd {
			t.Errorf("gopacket has more: %v", o.Options[i:])
		}
	}
}

func ip(a [4]byte) net.IP { return net.IP(a[:]) }

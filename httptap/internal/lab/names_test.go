package lab

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"httptap/stack/dns"
)

func TestHostLabel(t *testing.T) {
	for name, want := range map[string]string{
		"box": "box", "Box.Example.COM": "box", "a-1": "a-1", "": "", "-a": "", "a-": "", "a_b": "", "ä": "", ".": "",
		strings.Repeat("a", 63): strings.Repeat("a", 63), strings.Repeat("a", 64): "",
	} {
		if got := hostLabel(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestReverseZone(t *testing.T) {
	for p, want := range map[string]string{
		"192.168.10.0/24": "10.168.192.in-addr.arpa", "172.16.0.0/12": "172.in-addr.arpa", "10.0.0.0/8": "10.in-addr.arpa",
		"192.168.10.64/26": "10.168.192.in-addr.arpa", "10.1.0.0/16": "1.10.in-addr.arpa", "10.1.2.3/32": "3.2.1.10.in-addr.arpa",
	} {
		if got := reverseZone(netip.MustParsePrefix(p)); got != want {
			t.Errorf("%s: %s, want %s", p, got, want)
		}
	}
}

// A network that is no whole number of bytes: the addresses beside it are others' to name.
func TestAuthorityEndsWithTheNetwork(t *testing.T) {
	n, err := newNames(Config{Addr: netip.MustParsePrefix("192.168.10.65/26")})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]*dns.Zone{
		"65.10.168.192.in-addr.arpa": n.reverse, "127.10.168.192.in-addr.arpa": n.reverse, "128.10.168.192.in-addr.arpa": nil,
		"63.10.168.192.in-addr.arpa": nil, "10.168.192.in-addr.arpa": nil, "1.65.10.168.192.in-addr.arpa": nil,
		"x.10.168.192.in-addr.arpa": nil, "65.11.168.192.in-addr.arpa": nil,
		"httptap.test": n.forward, "a.httptap.test": n.forward, "nothttptap.test": nil, "test": nil, ".": nil,
	} {
		d, err := dns.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := n.authority(d); got != want {
			t.Errorf("%s: wrong zone", name)
		}
	}
}

func TestReadServers(t *testing.T) {
	conf := "# nameserver 1.1.1.1\nsearch example.com\nnameserver 127.0.0.53\n\nnameserver\nnameserver x\n" +
		"nameserver fe80::1%eth0\n nameserver 9.9.9.9 # quad\nnameserver 8.8.8.8\n"
	got := readServers(strings.NewReader(conf))
	want := []netip.Addr{netip.MustParseAddr("127.0.0.53"), netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddr("9.9.9.9")}
	if !slices.Equal(got, want) {
		t.Errorf("servers %v, want %v", got, want)
	}
}

// TestExchange asks a server on loopback, by UDP and by TCP.
func TestExchange(t *testing.T) {
	name, _ := dns.ParseName("www.example.com")
	query := dns.AppendQuery(nil, 0x1234, name, dns.TypeA, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()

	u, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	go func() {
		buf := make([]byte, 512)
		n, from, err := u.ReadFrom(buf)
		if err != nil {
			return
		}
		guess := answerWith(buf[:n], 1)
		guess[1]++
		u.WriteTo([]byte{1}, from) // too short, then a wrong number, then the right one
		u.WriteTo(guess, from)
		u.WriteTo(answerWith(buf[:n], 2), from)
	}()
	reply, err := exchange(ctx, netip.MustParseAddrPort(u.LocalAddr().String()), query, false)
	if m, perr := dns.Parse(reply); err != nil || perr != nil || m.Count(dns.Answers) != 2 {
		t.Errorf("UDP: %v %v", err, perr)
	}

	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		buf := make([]byte, 2+len(query))
		if _, err := io.ReadFull(c, buf); err != nil {
			return
		}
		r := answerWith(buf[2:], 3)
		c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(r))), r...))
	}()
	reply, err = exchange(ctx, netip.MustParseAddrPort(l.Addr().String()), query, true)
	if m, perr := dns.Parse(reply); err != nil || perr != nil || m.Count(dns.Answers) != 3 {
		t.Errorf("TCP: %v %v", err, perr)
	}
}

func TestAsk(t *testing.T) {
	self := netip.MustParseAddr("127.0.0.9")
	if _, err := ask(t.Context(), nil, self, nil, false); !errors.Is(err, errNoServer) {
		t.Errorf("no server: %v", err)
	}
	if _, err := ask(t.Context(), []netip.Addr{self}, self, nil, false); !errors.Is(err, errNoServer) {
		t.Errorf("only the lab itself: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ask(ctx, []netip.Addr{netip.MustParseAddr("127.0.0.8")}, self, []byte("query"), false); err == nil || !strings.Contains(err.Error(), "127.0.0.8") {
		t.Errorf("the error does not name the server: %v", err)
	}
}

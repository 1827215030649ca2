package dns

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// serve answers from a zone on a port of the loopback, over UDP and TCP.
func serve(t *testing.T, z *Zone) netip.AddrPort {
	t.Helper()
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	addr := udp.LocalAddr().(*net.UDPAddr).AddrPort()
	tcp, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { udp.Close(); tcp.Close() })
	go func() {
		buf := make([]byte, 65535)
		for {
			n, from, err := udp.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			if reply, _, err := z.Answer(nil, buf[:n], EDNSSize, false); err == nil {
				_, _ = udp.WriteToUDPAddrPort(reply, from)
			}
		}
	}()
	go func() {
		for {
			c, err := tcp.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for {
					q, err := readStream(c)
					if err != nil {
						return
					}
					if reply, _, err := z.Answer(make([]byte, 2), q, 65535, true); err == nil {
						binary.BigEndian.PutUint16(reply, uint16(len(reply)-2))
						_, _ = c.Write(reply)
					}
				}
			}()
		}
	}()
	return addr
}

func readStream(r io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	b := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(r, b)
	return b, err
}

// Go's own resolver asks our authority.
func TestGoResolverAsksZone(t *testing.T) {
	addr := serve(t, labZone(t))
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, addr.String())
	}}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for name, want := range map[string]int{"www.httptap.test.": 2, "alias.httptap.test.": 2, "many.httptap.test.": 100} {
		if a, err := r.LookupNetIP(ctx, "ip", name); err != nil || len(a) != want {
			t.Errorf("%s: %d addresses, %v", name, len(a), err)
		}
	}
	if c, err := r.LookupCNAME(ctx, "alias.httptap.test."); err != nil || !strings.EqualFold(c, "www.httptap.test.") {
		t.Errorf("alias: %s, %v", c, err)
	}
	if m, err := r.LookupMX(ctx, "httptap.test."); err != nil || len(m) != 1 || m[0].Pref != 10 {
		t.Errorf("MX: %v, %v", m, err)
	}
	if s, err := r.LookupTXT(ctx, "about.httptap.test."); err != nil || !slices.Equal(s, []string{"helloworld"}) {
		t.Errorf("TXT: %q, %v", s, err)
	}
	if _, s, err := r.LookupSRV(ctx, "http", "tcp", "httptap.test."); err != nil || len(s) != 1 || s[0].Port != 80 {
		t.Errorf("SRV: %v, %v", s, err)
	}
	var dnsErr *net.DNSError
	if _, err := r.LookupNetIP(ctx, "ip", "none.httptap.test."); !errors.As(err, &dnsErr) || !dnsErr.IsNotFound {
		t.Errorf("none: %v", err)
	}
}

// lookup runs a client over real sockets.
func lookup(t *testing.T, server netip.AddrPort, name string, typ uint16) ([]Record, bool, error) {
	t.Helper()
	var c Client
	cfg := ClientConfig{Servers: []netip.AddrPort{server}, Seed: uint64(time.Now().UnixNano())}
	if err := c.Start(time.Now(), cfg, name, typ); err != nil {
		return nil, false, err
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	buf, streamed := make([]byte, 65535), false
	for !c.Done() {
		n, to, stream := c.Transmit(time.Now(), buf)
		switch {
		case stream:
			streamed = true
			msg, err := overTCP(to, buf[:n])
			if err == nil {
				err = c.Receive(time.Now(), to, msg, true)
			}
			if err != nil {
				c.StreamFailed(time.Now(), err)
			}
		case n > 0:
			if _, err := conn.WriteToUDPAddrPort(buf[:n], to); err != nil {
				c.ServerFailed(time.Now(), to, err)
			}
		case c.Done():
		default:
			if err := conn.SetReadDeadline(c.Deadline()); err != nil {
				t.Fatal(err)
			}
			if n, from, err := conn.ReadFromUDPAddrPort(buf); err == nil {
				if err := c.Receive(time.Now(), from, buf[:n], false); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	r, err := c.Result()
	return r, streamed, err
}

func overTCP(to netip.AddrPort, query []byte) ([]byte, error) {
	c, err := net.DialTCP("tcp4", nil, net.TCPAddrFromAddrPort(to))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := c.Write(query); err != nil {
		return nil, err
	}
	return readStream(c)
}

// We ask a real dnsmasq.
func TestClientAsksDnsmasq(t *testing.T) {
	path, err := exec.LookPath("dnsmasq")
	if err != nil {
		t.Skip("dnsmasq is not installed")
	}
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	server := free.LocalAddr().(*net.UDPAddr).AddrPort()
	free.Close()
	args := []string{"-d", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file=",
		"--user=", "--local=/lab.test/", fmt.Sprintf("--port=%d", server.Port()), "--host-record=www.lab.test,192.0.2.80,2001:db8::80", "--cname=alias.lab.test,www.lab.test",
		"--txt-record=text.lab.test,hello,world", "--mx-host=lab.test,www.lab.test,10", "--srv-host=_http._tcp.lab.test,www.lab.test,80,1,2"}
	for i := range 100 {
		args = append(args, fmt.Sprintf("--host-record=many.lab.test,192.0.2.%d", i+1))
	}
	cmd := exec.Command(path, args...)
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(log)
	for lines.Scan() && !strings.Contains(lines.Text(), "started") {
		if strings.Contains(lines.Text(), "failed") {
			t.Fatal(lines.Text())
		}
	}
	go func() { _, _ = io.Copy(io.Discard, log) }()

	for _, c := range []struct {
		name    string
		typ     uint16
		want    error
		records int
		last    string
		stream  bool
	}{
		{"www.lab.test", TypeA, nil, 1, "192.0.2.80", false},
		{"www.lab.test", TypeAAAA, nil, 1, "2001:db8::80", false},
		{"alias.lab.test", TypeA, nil, 2, "192.0.2.80", false},
		{"80.2.0.192.in-addr.arpa", TypePTR, nil, 1, "www.lab.test", false},
		{"text.lab.test", TypeTXT, nil, 1, `"hello" "world"`, false},
		{"lab.test", TypeMX, nil, 1, "10 www.lab.test", false},
		{"_http._tcp.lab.test", TypeSRV, nil, 1, "1 2 80 www.lab.test", false},
		{"many.lab.test", TypeA, nil, 100, "", true},
		{"none.lab.test", TypeA, ErrNoName, 0, "", false},
		{"www.lab.test", TypeTXT, ErrNoData, 0, "", false},
		{"www.example.com", TypeA, ErrRefused, 0, "", false},
	} {
		r, streamed, err := lookup(t, server, c.name, c.typ)
		if !errors.Is(err, c.want) || len(r) != c.records || streamed != c.stream {
			t.Errorf("%s %s: %d records, over TCP %v, %v", c.name, TypeName(c.typ), len(r), streamed, err)
			continue
		}
		if len(r) > 0 && !strings.HasSuffix(r[len(r)-1].String(), c.last) {
			t.Errorf("%s %s: %v", c.name, TypeName(c.typ), r)
		}
	}
}

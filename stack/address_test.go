package stack_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"httptap/stack"
	"httptap/stack/arp"
	"httptap/stack/dhcpv4"
	"httptap/stack/dns"
	"httptap/stack/ethernet"
	"httptap/stack/link"
	"httptap/stack/ntp"
	"httptap/stack/stacktest"
)

// bus joins any number of devices: what one sends all others get.
type bus struct {
	mu   sync.Mutex
	ends []*link.PipeEnd
}

// join returns a device on the bus.
func (b *bus) join(t *testing.T, name string) link.Device {
	t.Helper()
	near, far := link.Pipe(link.PipeOptions{AddrA: link.LocalAddr(name)})
	b.mu.Lock()
	b.ends = append(b.ends, far)
	b.mu.Unlock()
	go func() {
		bufs, sizes := [][]byte{make([]byte, 1514)}, make([]int, 1)
		for {
			if _, err := far.ReadFrames(bufs, sizes); err != nil {
				return
			}
			b.mu.Lock()
			for _, e := range b.ends {
				if e != far {
					e.WriteFrames([][]byte{bufs[0][:sizes[0]]})
				}
			}
			b.mu.Unlock()
		}
	}()
	t.Cleanup(func() { far.Close() })
	return near
}

// serveDHCP runs a DHCP server on h until it is closed.
func serveDHCP(t *testing.T, h *stack.Host, cfg dhcpv4.ServerConfig) *dhcpv4.Server {
	t.Helper()
	server := new(dhcpv4.Server)
	if err := server.Reset(cfg); err != nil {
		t.Fatal(err)
	}
	pc, err := h.ListenPacket("udp", ":67")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		buf, out := make([]byte, 2000), make([]byte, 1472)
		for {
			n, _, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			server.Receive(time.Now(), buf[:n])
			for {
				n, to := server.Transmit(time.Now(), out)
				if n == 0 {
					break
				}
				addr := netip.AddrFrom4(to.Addr)
				if !to.HardwareAddr.IsZero() {
					addr = netip.AddrFrom4([4]byte{255, 255, 255, 255})
				}
				pc.WriteTo(out[:n], net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, to.Port)))
			}
		}
	}()
	return server
}

var serverConfig = dhcpv4.ServerConfig{
	Addr: [4]byte{10, 0, 0, 1}, Prefix: stacktest.Net, Router: []netip.Addr{stacktest.AddrA},
	DNS: []netip.Addr{stacktest.AddrA}, NTP: []netip.Addr{stacktest.AddrA}, Domain: "lab.test", Lease: time.Hour,
	First: netip.MustParseAddr("10.0.0.100"), Last: netip.MustParseAddr("10.0.0.110"),
}

func TestDHCP(t *testing.T) {
	in(t, func(t *testing.T) {
		var b bus
		server := stacktest.Host(t, b.join(t, "server"), stacktest.AddrA, stacktest.Options{Seed: 1})
		serveDHCP(t, server, serverConfig)
		client, err := stack.New(stack.Config{Device: b.join(t, "client"), Seed: 2, Hostname: "box"})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if _, err := client.DialContext(within(time.Second), "tcp", "10.0.0.1:80"); !errors.Is(err, stack.ErrNoAddress) {
			t.Errorf("a dial without an address: %v", err)
		}
		start := time.Now()
		lease, err := client.DHCP(within(10*time.Second), netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("with nobody to wait for it took %v", d)
		}
		if lease.Addr.Addr() != netip.MustParseAddr("10.0.0.100") || client.Addr() != lease.Addr || lease.Server != stacktest.AddrA {
			t.Errorf("lease %+v, address %v", lease, client.Addr())
		}
		if dns := client.DNS(); len(dns) != 1 || dns[0] != stacktest.AddrA {
			t.Errorf("DNS servers %v", dns)
		}
		if _, err := client.Ping(within(time.Second), stacktest.AddrA); err != nil {
			t.Error(err)
		}
		// The lease is renewed for as long as the host lives.
		time.Sleep(5 * time.Hour)
		if l, ok := client.Lease(); !ok || l.Addr != lease.Addr || !l.Expires.After(time.Now()) {
			t.Errorf("five hours later: %+v %v", l, ok)
		}
		if err := client.Release(within(time.Second)); err != nil {
			t.Error(err)
		}
		if client.Addr().IsValid() {
			t.Error("a released address is still in use")
		}
		synctest.Wait()
		other, err := stack.New(stack.Config{Device: b.join(t, "other"), Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		want := netip.MustParseAddr("10.0.0.105")
		if l, err := other.DHCP(within(10*time.Second), want); err != nil || l.Addr.Addr() != want {
			t.Errorf("an address that was asked for: %v, %v", l.Addr, err)
		}
	})
}

// An address that another station uses is given back, and another one is taken.
func TestDuplicateAddressIsDeclined(t *testing.T) {
	in(t, func(t *testing.T) {
		var b bus
		server := stacktest.Host(t, b.join(t, "server"), stacktest.AddrA, stacktest.Options{Seed: 1})
		serveDHCP(t, server, serverConfig)
		squatter := netip.MustParseAddr("10.0.0.100")
		stacktest.Host(t, b.join(t, "squatter"), squatter, stacktest.Options{Seed: 1})
		client, err := stack.New(stack.Config{Device: b.join(t, "client"), Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if _, err := client.DHCP(within(time.Minute), netip.Addr{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // were the squatter slow, the address would be given back now
		if a := client.Addr(); !a.IsValid() || a.Addr() == squatter {
			t.Errorf("the address is %v, the squatter's %v", a, squatter)
		}
		if _, err := client.Ping(within(time.Second), squatter); err != nil {
			t.Errorf("the squatter is a neighbour now: %v", err)
		}
	})
}

// A station that claims our address later takes it from us; we find another one.
func TestLaterConflictLosesTheAddress(t *testing.T) {
	in(t, func(t *testing.T) {
		var b bus
		server := stacktest.Host(t, b.join(t, "server"), stacktest.AddrA, stacktest.Options{Seed: 1})
		serveDHCP(t, server, serverConfig)
		client, err := stack.New(stack.Config{Device: b.join(t, "client"), Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		lease, err := client.DHCP(within(time.Minute), netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		l, _ := server.Listen("tcp", ":80")
		defer l.Close()
		conn, err := client.DialContext(within(time.Second), "tcp", "10.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		liar := b.join(t, "liar")
		claim := ethernet.Append(nil, link.Broadcast, liar.Info().HardwareAddr, ethernet.TypeARP)
		claim = arp.Append(claim, arp.OpRequest, liar.Info().HardwareAddr, lease.Addr.Addr().As4(), link.Addr{}, lease.Addr.Addr().As4())
		for range 2 {
			liar.WriteFrames([][]byte{claim})
			synctest.Wait()
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "lost its address") {
			t.Errorf("a connection from the lost address: %v", err)
		}
		time.Sleep(time.Minute)
		if a := client.Addr(); !a.IsValid() || a == lease.Addr {
			t.Errorf("a minute later the address is %v", a)
		}
		liar.Close()
	})
}

func TestNoDHCPServer(t *testing.T) {
	in(t, func(t *testing.T) {
		d, peer := link.Pipe(link.PipeOptions{})
		defer peer.Close()
		client, err := stack.New(stack.Config{Device: d, Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		_, err = client.DHCP(within(10*time.Second), netip.Addr{})
		if !errors.Is(err, stack.ErrNoLease) || !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "not one frame") {
			t.Errorf("got %v", err)
		}
		if err := client.Release(context.Background()); err != nil {
			t.Errorf("releasing nothing: %v", err)
		}
	})
}

// A router that does not answer ARP delays the lease by a second, no more.
func TestSilentRouter(t *testing.T) {
	in(t, func(t *testing.T) {
		var b bus
		server := stacktest.Host(t, b.join(t, "server"), stacktest.AddrA, stacktest.Options{Seed: 1})
		cfg := serverConfig
		cfg.Router = []netip.Addr{netip.MustParseAddr("10.0.0.254")}
		serveDHCP(t, server, cfg)
		client, err := stack.New(stack.Config{Device: b.join(t, "client"), Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		start := time.Now()
		if _, err := client.DHCP(within(10*time.Second), netip.Addr{}); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("the lease took %v", d)
		}
	})
}

// dnsServer answers over UDP and TCP from a zone.
func dnsServer(t *testing.T, h *stack.Host, z *dns.Zone, udpLimit int) {
	t.Helper()
	pc, err := h.ListenPacket("udp", ":53")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply, _, err := z.Answer(nil, buf[:n], udpLimit, false); err == nil {
				pc.WriteTo(reply, from)
			}
		}
	}()
	l, err := h.Listen("tcp", ":53")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				var size [2]byte
				if _, err := io.ReadFull(c, size[:]); err != nil {
					return
				}
				q := make([]byte, int(size[0])<<8|int(size[1]))
				if _, err := io.ReadFull(c, q); err != nil {
					return
				}
				reply, _, err := z.Answer(make([]byte, 2), q, 65535, true)
				if err == nil {
					reply[0], reply[1] = byte((len(reply)-2)>>8), byte(len(reply)-2)
					c.Write(reply)
				}
			}()
		}
	}()
}

func TestLookupHost(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{})
		z, err := dns.NewZone(dns.Record{Name: "lab.test", Type: dns.TypeSOA, TTL: 60, Target: "ns.lab.test", SOA: dns.SOA{Mailbox: "admin.lab.test"}})
		if err != nil {
			t.Fatal(err)
		}
		add := func(r dns.Record) {
			if r.TTL = 60; z.Add(r) != nil {
				t.Fatalf("%v is refused", r)
			}
		}
		add(dns.Record{Name: "www.lab.test", Type: dns.TypeA, Addr: stacktest.AddrB})
		add(dns.Record{Name: "alias.lab.test", Type: dns.TypeCNAME, Target: "www.lab.test"})
		for i := range 100 { // far more than a datagram holds
			add(dns.Record{Name: "big.lab.test", Type: dns.TypeA, Addr: netip.AddrFrom4([4]byte{10, 9, 0, byte(i)})})
		}
		dnsServer(t, b, z, 512)
		a.SetDNS(stacktest.AddrB)
		for name, want := range map[string]int{"www.lab.test": 1, "alias.lab.test": 1, "big.lab.test": 100, "10.1.2.3": 1} {
			addrs, err := a.LookupHost(within(10*time.Second), name)
			if err != nil || len(addrs) != want {
				t.Errorf("%s: %d addresses, want %d: %v", name, len(addrs), want, err)
			}
		}
		_, err = a.LookupHost(within(10*time.Second), "nobody.lab.test")
		var d *net.DNSError
		if !errors.As(err, &d) || !d.IsNotFound || !errors.Is(err, dns.ErrNoName) {
			t.Errorf("a name that does not exist: %v", err)
		}
		// A server where nothing listens is passed over at once.
		a.SetDNS(stacktest.AddrA, stacktest.AddrB)
		start := time.Now()
		if _, err := a.LookupHost(within(10*time.Second), "www.lab.test"); err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("the second server was asked after %v", d)
		}
		a.SetDNS(netip.MustParseAddr("10.0.0.99"))
		if _, err := a.LookupHost(within(time.Minute), "www.lab.test"); !errors.As(err, &d) {
			t.Errorf("no server there: %v", err)
		}
	})
}

func TestOffset(t *testing.T) {
	in(t, func(t *testing.T) {
		a, b := stacktest.Pair(t, stacktest.Options{})
		pc, err := b.ListenPacket("udp", ":123")
		if err != nil {
			t.Fatal(err)
		}
		cfg := ntp.ServerConfig{Stratum: 2}
		go func() {
			buf := make([]byte, 100)
			for {
				n, from, err := pc.ReadFrom(buf)
				if err != nil {
					return
				}
				now := time.Now().Add(3 * time.Second) // the server's clock is ahead
				if reply, err := ntp.AppendReply(nil, buf[:n], cfg, now, now); err == nil {
					pc.WriteTo(bytes.Clone(reply), from)
				}
			}
		}()
		s, err := a.Offset(within(10*time.Second), stacktest.AddrB)
		if err != nil || (s.Offset-3*time.Second).Abs() > time.Millisecond || s.Stratum != 2 {
			t.Errorf("%+v, %v", s, err)
		}
		if _, err := a.Offset(within(20*time.Second), stacktest.AddrA); err == nil {
			t.Error("a host without a server gave its time")
		}
	})
}
